"""What the outbox and the marks need besides: a store's identity, what a mail says and carries, who withdrew a mark.

Revision ID: 0002
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    identity = op.create_table(
        "identity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    op.bulk_insert(identity, [{"id": uuid.uuid4().hex, "made_at": datetime.now(UTC)}])
    # Nothing has ever been delivered at 0001: the defaults only satisfy the database.
    op.add_column("delivery", sa.Column("subject", sa.Text(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("attachments", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("note", sa.Column("withdrawn_by", sa.Text(), nullable=True))
