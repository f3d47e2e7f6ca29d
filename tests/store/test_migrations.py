"""The migrations make the schema that the code expects, all or nothing, after a backup."""

from __future__ import annotations

import functools
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from tests.store.rows import a_run
from tracker.errors import StoreBusy, StoreMissing, StoreTooNew
from tracker.store.connections import open_any_version
from tracker.store.engine import Store, open_store
from tracker.store.locking import run_lock
from tracker.store.revisions import HEAD, REVISIONS
from tracker.store.schema import metadata, run
from tracker.store.upgrade import SCRIPTS, Upgrade, migrate, upgrade, upgrade_store
from tracker.store.version import stored_version

_NEXT = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{HEAD}", None, None


def upgrade():
    op.add_column("run", sa.Column("weather", sa.Text()))
    op.create_table("forecast", sa.Column("id", sa.Integer, primary_key=True))
    {{then}}
"""

_UPGRADE = """
import functools, sys
from pathlib import Path
from sqlalchemy.engine import make_url
from tracker.store.connections import open_any_version
from tracker.store.upgrade import migrate, upgrade

with open_any_version(make_url(sys.argv[1])) as store:
    upgrade(store, migrate=functools.partial(migrate, scripts=Path(sys.argv[2])), head="next")
"""


def scripts_with_next(folder: Path, *, then: str = "") -> Path:
    """The migrations and one more, which does `then` when it has changed the schema."""
    scripts = folder / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "next.py").write_text(_NEXT.format(then=then))
    return scripts


def test_schema_and_migrations_agree(store: Store) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_nothing_to_upgrade(store_url: str) -> None:
    assert upgrade_store(store_url) == Upgrade(before=HEAD, after=HEAD)


def test_no_store_to_upgrade(new_store_url: str) -> None:
    with pytest.raises(StoreMissing):
        upgrade_store(new_store_url)


def test_an_older_store_is_upgraded(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url, create=True) as store, store.begin() as connection:
        first = a_run(connection)
    to_next = functools.partial(migrate, scripts=scripts_with_next(tmp_path))
    with open_any_version(make_url(store_url)) as store:
        done = upgrade(store, migrate=to_next, head="next")
        with store.connect() as connection:
            assert stored_version(connection) == "next"
            assert connection.execute(text("SELECT id, weather FROM run")).all() == [(first, None)]
    assert (done.before, done.after) == (HEAD, "next")
    with pytest.raises(StoreTooNew):
        upgrade_store(store_url)


def test_the_old_file_is_kept_and_opens(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "tracker.db"
    shutil.copy(sqlite_template, path)
    with open_store(f"sqlite:///{path}", create=True) as store:
        with store.begin() as connection:
            first = a_run(connection)
        done = upgrade(store, migrate=functools.partial(migrate, scripts=scripts_with_next(tmp_path)), head="next")
    assert done.backup is not None
    assert done.backup.parent == path.parent
    with open_store(f"sqlite:///{done.backup}") as old, old.connect() as connection:
        assert connection.execute(select(run.c.id)).scalars().all() == [first]


def test_nothing_is_upgraded_during_a_run(store_url: str, tmp_path: Path) -> None:
    to_next = functools.partial(migrate, scripts=scripts_with_next(tmp_path))
    with open_store(store_url) as running, run_lock(running):
        with open_any_version(make_url(store_url)) as store, pytest.raises(StoreBusy):
            upgrade(store, migrate=to_next, head="next")
        with running.connect() as connection:
            assert stored_version(connection) == HEAD


@pytest.mark.parametrize(
    "then", ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "raise RuntimeError('half way')"]
)
def test_a_migration_that_is_cut_short_leaves_the_old_version(store_url: str, tmp_path: Path, then: str) -> None:
    with open_store(store_url, create=True) as store, store.begin() as connection:
        first = a_run(connection)
    scripts = scripts_with_next(tmp_path, then=then)
    done = subprocess.run([sys.executable, "-c", _UPGRADE, store_url, str(scripts)], capture_output=True)
    assert done.returncode == (-signal.SIGKILL if "SIGKILL" in then else 1)
    with open_store(store_url, create=True) as store:
        with store.connect() as connection:
            assert not inspect(connection).has_table("forecast")
            assert "weather" not in {column["name"] for column in inspect(connection).get_columns("run")}
        with store.begin() as connection:
            assert a_run(connection) > first


def test_a_store_whose_making_is_killed_is_made_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    program = (
        "import os, signal, sys\n"
        "from tracker.store import upgrade\n"
        "made = upgrade.migrate\n"
        "def cut_short(connection):\n"
        "    made(connection)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "upgrade.migrate = cut_short\n"
        "upgrade.make_file(__import__('pathlib').Path(sys.argv[1]), subject='')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    open_store(f"sqlite:///{path}", create=True).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
