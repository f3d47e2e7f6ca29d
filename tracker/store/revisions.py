"""Which versions of the schema this program knows, without importing Alembic: opening a store must be quick."""

from __future__ import annotations

REVISIONS = ("0001", "0002", "0003")
"""Oldest first; the last is the one that this program reads and writes. A test holds it against `migrations/`."""

HEAD = REVISIONS[-1]
