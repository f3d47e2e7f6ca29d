"""What can be wrong with the store's file, and what is said and done about it. The file itself is never touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.store.rows import a_run
from tracker.errors import StoreBusy, StoreDamaged, StoreLost, StoreMissing, StoreUnusable
from tracker.store import sqlite
from tracker.store.engine import Store, open_store
from tracker.store.locking import run_lock
from tracker.store.schema import run


@pytest.fixture
def path(tmp_path: Path, sqlite_template: Path) -> Path:
    """A store's file, with one run in it."""
    path = tmp_path / "tracker.db"
    shutil.copy(sqlite_template, path)
    with opened(path, create=True) as store, store.begin() as connection:
        a_run(connection)
    return path


def opened(path: Path, *, create: bool = False) -> Store:
    return open_store(f"sqlite:///{path}", create=create)


def test_file_and_folder_are_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "tracker.db"
    opened(path, create=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {one.name for one in path.parent.iterdir()} == {"tracker.db", "tracker.db.lock"}


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    path = tmp_path / "Größe #1, 100 % öffentlich" / "tracker.db"
    opened(path, create=True).close()
    opened(path).close()
    assert path.is_file()


def test_settings_that_keep_committed_runs_safe(path: Path) -> None:
    with opened(path) as store, store.connect() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "page_size", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "page_size": sqlite.PAGE_SIZE,
        "busy_timeout": sqlite.BUSY_TIMEOUT_S * 1000,
    }


def test_the_log_is_cut_at_the_close_of_a_run(path: Path) -> None:
    log = Path(f"{path}-wal")
    with opened(path, create=True) as store:
        with store.begin() as connection:
            a_run(connection)
        assert log.stat().st_size > 0
        store.checkpoint()
        assert log.stat().st_size == 0
    assert not log.exists()


def test_a_missing_folder_is_no_place_to_read_from(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="no store yet"):
        opened(tmp_path / "nowhere" / "tracker.db")
    assert not (tmp_path / "nowhere").exists()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        opened(tmp_path / "tracker.db")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_was_lost_is_not_made_anew(path: Path) -> None:
    with opened(path) as store, run_lock(store):
        pass
    path.unlink()
    for create in (False, True):
        with pytest.raises(StoreLost, match="is gone") as caught:
            opened(path, create=create)
        assert "tracker db restore" in caught.value.advice
    assert not path.exists()
    Path(f"{path}.lock").unlink()  # as the advice says
    opened(path, create=True).close()
    assert path.exists()


def test_a_store_whose_making_was_cut_short_is_made(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    Path(f"{path}.lock").touch()
    Path(f"{path}.new").write_bytes(b"the first half of a store")
    opened(path, create=True).close()
    assert {one.name for one in tmp_path.iterdir()} == {"tracker.db", "tracker.db.lock"}


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("content", [b"", b"nct_id,title\nNCT00000001,A trial\n"], ids=["empty", "another file"])
def test_what_is_no_database_is_kept(tmp_path: Path, content: bytes, create: bool) -> None:
    path = tmp_path / "tracker.db"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged) as caught:
        opened(path, create=create)
    assert "Keep the file" in caught.value.advice
    assert path.read_bytes() == content


@pytest.mark.parametrize("create", [False, True])
def test_a_database_of_another_program_is_kept(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "tracker.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE address (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="another program"):
        opened(path, create=create)
    assert path.read_bytes() == before


def test_a_truncated_file_is_damaged(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreDamaged) as caught, opened(path, create=True) as store, store.begin() as connection:
        a_run(connection)
    assert "backup" in caught.value.advice
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_page_of_rubbish_is_damage(path: Path) -> None:
    rubbish = b"\x55" * sqlite.PAGE_SIZE
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // sqlite.PAGE_SIZE):
            file.seek(page * sqlite.PAGE_SIZE)
            file.write(rubbish)
    with pytest.raises(StoreDamaged), opened(path) as store, store.connect() as connection:
        connection.execute(select(run)).all()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="is a folder"):
        opened(tmp_path, create=True)


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands where the folder should")
    with pytest.raises(StoreUnusable, match="can't be made") as caught:
        opened(tmp_path / "data" / "tracker.db", create=True)
    assert "[store] url" in caught.value.advice


def test_a_file_that_can_not_be_written_is_told_before_the_work(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Rights mean nothing to root: what the system would answer anybody else is put in its place.
    monkeypatch.setattr(os, "access", lambda place, mode: not (Path(place) == path and mode == os.W_OK))
    with pytest.raises(StoreUnusable, match="can't be written"):
        opened(path, create=True)
    opened(path).close()


def test_a_network_share_is_no_place_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_file_system", lambda _path: "nfs4")
    with pytest.raises(StoreUnusable, match="network share") as caught:
        opened(tmp_path / "tracker.db", create=True)
    assert "PostgreSQL" in caught.value.advice
    assert not (tmp_path / "tracker.db").exists()


def test_somebody_else_writes_for_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
    with (
        opened(path, create=True) as one,
        opened(path, create=True) as other,
        one.begin(),
        pytest.raises(StoreBusy, match="Another process"),
        other.begin(),
    ):
        pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_and_recovers(small_disk: Path, sqlite_template: Path) -> None:
    path = small_disk / "tracker.db"
    shutil.copy(sqlite_template, path)
    with opened(path, create=True) as store:
        with store.begin() as connection:
            first = a_run(connection)
        filler = small_disk / "filler"
        filler.write_bytes(b"\0" * shutil.disk_usage(small_disk).free)
        with pytest.raises(StoreUnusable, match="disk") as caught, store.begin() as connection:
            a_run(connection, error="x" * 200_000)
        assert "what was committed is safe" in caught.value.advice
        filler.unlink()
        with store.begin() as connection:
            second = a_run(connection)
    with opened(path) as store, store.connect() as connection:
        assert connection.execute(select(run.c.id)).scalars().all() == [first, second]


@pytest.mark.parametrize("room", [100_000, 1_500_000, 1_800_000, 2_100_000, 2_400_000])
def test_a_full_disk_makes_no_half_store(small_disk: Path, room: int) -> None:
    """Whether its WAL does not fit, or only what is to be moved out of it at the end."""
    (small_disk / "filler").write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - room))
    with pytest.raises(StoreUnusable):
        opened(small_disk / "tracker.db", create=True)
    assert {one.name for one in small_disk.iterdir()} <= {"filler", "tracker.db.lock"}
    (small_disk / "filler").unlink()
    with opened(small_disk / "tracker.db", create=True) as store, store.begin() as connection:
        a_run(connection)


def test_a_copy_of_a_store_in_use_is_whole(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with opened(path, create=True) as store, store.begin() as connection:
        a_run(connection)  # not committed yet
        sqlite.copy(path, target)
    assert {one.name for one in tmp_path.glob("copy*")} == {"copy.db"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with opened(target, create=True) as copied:
        with copied.connect() as connection:
            assert len(connection.execute(select(run.c.id)).all()) == 1
        with copied.begin() as connection:
            a_run(connection)
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
