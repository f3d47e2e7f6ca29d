"""The tracker's next version, as it may come in a year: this one, whose schema has one migration more.

Installed, it is what every store of this process is opened by, until it is taken out again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tracker.store import engine, upgrade, version
from tracker.store.revisions import HEAD, REVISIONS

NEXT = "next"

_MIGRATION = f'''
import sqlalchemy as sa
from alembic import op

from tests.scheduler.next_version import power_cut

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{HEAD}", None, None


def upgrade():
    op.add_column("change", sa.Column("seen_by", sa.Text(), nullable=False, server_default="nobody"))
    op.create_table("reader", sa.Column("id", sa.Integer, primary_key=True))
    power_cut()
    op.execute("INSERT INTO reader SELECT count(*) FROM change")
'''


class PowerCut(BaseException):
    """The machine stood still in the middle of a migration."""


_cuts = 0


def power_cut() -> None:
    """What the migration calls half way. Raises PowerCut, where one is to come."""
    global _cuts
    if _cuts:
        _cuts -= 1
        raise PowerCut


class NextVersion:
    """Its files lie in `folder`. Only one at a time."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._scripts = folder / "migrations"
        shutil.copytree(upgrade.SCRIPTS, self._scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (self._scripts / "versions" / "next.py").write_text(_MIGRATION)

    def install(self, *, power_cuts: int = 0) -> None:
        """So many times its migration is cut short before it passes."""
        global _cuts
        _cuts = power_cuts
        known = (*REVISIONS, NEXT)
        for module in (engine, version):
            self._patch.setattr(module, "REVISIONS", known)
        self._patch.setattr(version, "HEAD", NEXT)
        self._patch.setitem(upgrade.upgrade.__kwdefaults__, "head", NEXT)
        self._patch.setitem(upgrade.migrate.__kwdefaults__, "scripts", self._scripts)

    def take_out(self) -> None:
        self._patch.undo()
