"""Faults are tried on SQLite, unless a module asks for both databases."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["sqlite"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind
