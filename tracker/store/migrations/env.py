"""Alembic's entry: runs the migrations on the connection that `tracker.store.upgrade` hands in.

All steps share the caller's one transaction, on SQLite too (whose DDL is transactional, whatever Alembic assumes):
a migration that is cut short leaves the old version.
"""

from __future__ import annotations

from alembic import context

from tracker.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
