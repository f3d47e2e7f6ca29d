"""A store copied into another is the same store: row by row, whatever interrupted the copy, on either database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from jobs.backup import copy_to, make_backup
from jobs.restoring import restore
from jobs.syncing import import_files
from tests.postgresql import Server
from tests.scheduler.next_version import NEXT, NextVersion
from tests.store.rows import a_run
from tracker.errors import OutputError, StoreBusy, StoreDamaged, StoreError, StoreUnusable, UsageError
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.store import copying, schema
from tracker.store.copying import copy_store, open_target
from tracker.store.engine import Store, open_store
from tracker.store.job_log import register_jobs, start_attempt
from tracker.store.locking import run_lock, scheduler_lock
from tracker.store.searches import state_counts
from tracker.store.upgrade import upgrade_store
from tracker.store.version import check_current, stored_version

SEARCH = SearchDefinition(name="spine-tumour", terms=(term_query([("condition", "Spine tumor")]),))
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with the bundled history in it."""
    for state in ("2018-05-29", "2020-07-28"):
        with resources.as_file(resources.files("jobs") / "bundled" / f"{state}.json") as file:
            import_files(store, SEARCH, [file], data_date=date.fromisoformat(state), complete=True)
    return store


@pytest.fixture
def other(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of the other kind."""
    if store_kind == "postgresql":
        with open_store(f"sqlite:///{tmp_path / 'other.db'}", create=True) as opened:
            yield opened
        return
    server = request.getfixturevalue("postgresql_server")
    url = server.make_database(f"other_{tmp_path.name.replace('-', '_')[-40:]}", template="template0")
    with open_store(url, create=True) as opened:
        yield opened


@pytest.fixture
def new_target_url(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of the other kind may be made."""
    if store_kind == "postgresql":
        return f"sqlite:///{tmp_path / 'target.db'}"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.make_database(f"target_{os.getpid()}_{tmp_path.name.replace('-', '_')[-30:]}")


def _everything(store: Store) -> dict[str, list[dict[str, object]]]:
    with store.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in schema.metadata.sorted_tables
        }


def test_a_copy_holds_the_same_rows(filled: Store, other: Store) -> None:
    copied = copy_store(filled, other)
    assert _everything(other) == _everything(filled)
    assert copied.rows["study"] == 19
    assert copied.rows["study_version"] == 31


def test_the_copy_goes_on_counting_where_the_source_stopped(filled: Store, other: Store) -> None:
    copy_store(filled, other)
    with other.begin() as connection:
        assert a_run(connection) == 3


def test_a_copy_that_was_interrupted_goes_on(filled: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "CHUNK", 7)
    with filled.begin() as connection:
        register_jobs(connection, ["backup"], now=NOW)
        start_attempt(connection, "backup", due_at=NOW, at=NOW)
    for chunks in (1, 5, 11):

        def stop(_table: str, _rows: int, left: list[int] = [chunks]) -> None:  # noqa: B006 (a counter of this round)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy_store(filled, other, progress=stop)
        with other.connect() as connection, pytest.raises(StoreUnusable, match="was not finished"):
            check_current(stored_version(connection), subject=other.url, is_file=False)
    with filled.begin() as connection:  # what the source learned in between is taken along
        connection.execute(update(schema.study).where(schema.study.c.nct_id == "NCT00508443").values(acronym="SSRS"))
        connection.execute(delete(schema.attempt))
    copy_store(filled, other)
    assert _everything(other) == _everything(filled)


def test_databases_that_sort_differently_are_compared_all_the_same(
    filled: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Weekly" comes before "board" in SQLite, and after it where a database sorts as English does."""
    in_order = copying._chunks
    monkeypatch.setattr(copying, "_chunks", lambda *given: ([*reversed(rows)] for rows in in_order(*given)))
    copy_store(filled, other)
    copy_store(filled, other)
    assert _everything(other) == _everything(filled)


def test_a_whole_copy_is_compared_and_left_alone(filled: Store, other: Store) -> None:
    assert copy_store(filled, other) == copy_store(filled, other)
    with other.connect() as connection:
        check_current(stored_version(connection), subject=other.url, is_file=False)


def test_a_store_whose_copy_never_ended_opens_for_nobody_but_the_copy(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    target_url = f"sqlite:///{tmp_path / 'new.db'}"

    def stop(table: str, _rows: int) -> None:
        if table == "study_version":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_to(store_url, target_url, progress=stop)
    for create in (False, True):
        with pytest.raises(StoreUnusable, match="was not finished"):
            open_store(target_url, create=create)
    with pytest.raises(StoreUnusable, match="was not finished"):
        upgrade_store(target_url)
    copy_to(store_url, target_url, progress=lambda *_: None)
    with open_store(target_url) as copy:
        assert _everything(copy) == _everything(filled)


def test_a_target_is_marked_at_its_birth(filled: Store, store_url: str, new_target_url: str) -> None:
    """A copy that is killed before its first row."""
    open_target(new_target_url).close()
    with pytest.raises(StoreUnusable, match="was not finished"):
        open_store(new_target_url, create=True)
    copy_to(store_url, new_target_url, progress=lambda *_: None)
    with open_store(new_target_url) as copy:
        assert _everything(copy) == _everything(filled)


def test_a_store_is_not_copied_onto_itself(store_url: str, store: Store) -> None:
    with pytest.raises(UsageError, match="onto itself"):
        copy_to(store_url, store_url, progress=lambda *_: None)


def test_nothing_is_copied_into_a_file_that_a_scheduler_works_on(filled: Store, store_url: str, tmp_path: Path) -> None:
    target_url = f"sqlite:///{tmp_path / 'new.db'}"
    with open_store(target_url, create=True) as target, scheduler_lock(target), pytest.raises(StoreBusy):
        copy_to(store_url, target_url, progress=lambda *_: None)


def test_a_store_of_other_data_is_not_written_over(filled: Store, other: Store) -> None:
    with other.begin() as connection:
        a_run(connection, source="another hospital")
    before = _everything(other)
    with pytest.raises(StoreUnusable, match="A store is there already"):
        copy_store(filled, other)
    assert _everything(other) == before


def test_a_store_that_has_gone_on_is_not_set_back(filled: Store, other: Store) -> None:
    copy_store(filled, other)
    with other.begin() as connection:
        a_run(connection)
        connection.execute(update(schema.study).where(schema.study.c.nct_id == "NCT00508443").values(acronym="SSRS"))
    with filled.begin() as connection:
        a_run(connection, source="another machine")
    before = _everything(other)
    with pytest.raises(StoreError, match="A store is there already"):
        copy_store(filled, other)
    assert _everything(other) == before


def test_a_backup_is_the_whole_store_and_comes_back(filled: Store, store_url: str, tmp_path: Path) -> None:
    before = _everything(filled)
    made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
    assert made.studies == 19
    with open_store(f"sqlite:///{made.path}") as backup:
        assert _everything(backup) == before
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["tracker-20260302T030000Z.db"]


def test_only_so_many_backups_stay(filled: Store, store_url: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    dropped = [
        make_backup(store_url, folder=tmp_path, keep=2, now=NOW.replace(day=day)).dropped for day in (1, 2, 3, 4)
    ]
    assert [len(paths) for paths in dropped] == [0, 0, 1, 1]
    assert sorted(path.name for path in tmp_path.glob("tracker-*.db")) == [
        "tracker-20260303T030000Z.db",
        "tracker-20260304T030000Z.db",
    ]
    assert (tmp_path / "notes.txt").exists()


def test_a_backup_never_makes_room_for_itself(filled: Store, store_url: str, tmp_path: Path) -> None:
    """After the clock was ahead for some nights."""
    for day in (1, 2, 3):
        make_backup(store_url, folder=tmp_path, keep=3, now=NOW.replace(year=2031, day=day))
    made = [make_backup(store_url, folder=tmp_path, keep=3, now=NOW.replace(day=day)).path for day in (1, 2, 3)]
    assert sorted(tmp_path.glob("tracker-*.db")) == made


def test_an_old_backup_that_stays_where_it_is_is_told_and_the_new_one_is_made(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    immovable = tmp_path / "tracker-20200101T030000Z.db"
    immovable.mkdir()
    with pytest.raises(OutputError, match=r"is made, but the old .*20200101T030000Z\.db can't be removed"):
        make_backup(store_url, folder=tmp_path, keep=1, now=NOW)
    assert (tmp_path / "tracker-20260302T030000Z.db").is_file()


def test_a_backup_that_is_not_sound_is_not_kept_and_costs_no_other(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    first = make_backup(store_url, folder=folder, keep=1, now=NOW)
    with filled.begin() as connection:
        connection.execute(
            update(schema.study_version).where(schema.study_version.c.version == 2).values(body_digest=b"x" * 16)
        )
    with pytest.raises(StoreDamaged, match="was not sound, and is not kept"):
        make_backup(store_url, folder=folder, keep=1, now=NOW.replace(day=3))
    assert list(folder.iterdir()) == [first.path]


def test_what_a_killed_backup_left_goes_but_not_what_another_is_making(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    for name, age in ((".unfinished-killed", timedelta(days=2)), (".unfinished-at-work", timedelta(hours=1))):
        (tmp_path / "backups" / name).mkdir(parents=True)
        since = (datetime.now(UTC) - age).timestamp()
        os.utime(tmp_path / "backups" / name, (since, since))
    made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {".unfinished-at-work", made.path.name}


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_a_backup_goes_into_an_empty_database_only(
    filled: Store, store_url: str, tmp_path: Path, postgresql_server: Server
) -> None:
    made = make_backup(store_url, folder=tmp_path, keep=3, now=NOW)
    with filled.begin() as connection:
        connection.execute(update(schema.study).where(schema.study.c.nct_id == "NCT00508443").values(acronym="SSRS"))
    before = _everything(filled)
    with pytest.raises(StoreUnusable, match="A store is there already"):
        restore(made.path, store_url, replace=True, now=NOW)
    assert _everything(filled) == before
    empty = postgresql_server.make_database(f"empty_{tmp_path.name.replace('-', '_')[-40:]}")
    assert restore(made.path, empty, replace=False, now=NOW) is None
    with open_store(empty) as restored, open_store(f"sqlite:///{made.path}") as backup:
        assert _everything(restored) == _everything(backup)


@pytest.mark.parametrize("store_kind", ["sqlite"])
class TestRestore:
    def test_a_store_is_replaced_only_when_told_so_and_is_kept(
        self, filled: Store, store_url: str, tmp_path: Path
    ) -> None:
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        before = _everything(filled)
        with filled.begin() as connection:
            a_run(connection)
        later = _everything(filled)
        filled.close()
        with pytest.raises(UsageError, match="a store is there"):
            restore(made.path, store_url, replace=False, now=NOW)
        kept = restore(made.path, store_url, replace=True, now=NOW)
        with open_store(store_url, create=True) as restored, open_store(f"sqlite:///{kept}") as old:
            assert _everything(restored) == before
            assert _everything(old) == later
            with restored.begin() as connection:
                assert a_run(connection) == 3

    def test_a_lost_store_comes_back(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        before = _everything(filled)
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        filled.close()
        path = tmp_path / "tracker.db"
        Path(f"{path}-wal").write_bytes(path.read_bytes()[:40_000])  # as a killed process leaves one
        path.unlink()
        assert restore(made.path, store_url, replace=False, now=NOW) is None
        with open_store(store_url) as restored:
            assert _everything(restored) == before

    def test_what_a_killed_restore_has_left_goes(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        filled.close()
        left = tmp_path / "restoring-killed"
        left.mkdir()
        (left / "tracker.db").write_bytes(b"half")
        since = (datetime.now(UTC) - timedelta(days=2)).timestamp()
        os.utime(left, (since, since))
        restore(made.path, store_url, replace=True, now=NOW)
        assert not left.exists()

    def test_a_damaged_backup_is_refused(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        before = _everything(filled)
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        damaged = bytearray(made.path.read_bytes())
        for place in range(len(damaged) // 2, len(damaged) // 2 + 60_000):
            damaged[place] ^= 0xFF
        made.path.write_bytes(damaged)
        with pytest.raises(StoreDamaged):
            restore(made.path, store_url, replace=True, now=NOW)
        assert _everything(filled) == before

    @pytest.mark.parametrize(
        ("content", "said"), [(b"", "holds no store"), (b"PK\x03\x04 a zip file", "not a database")]
    )
    def test_a_file_that_is_no_backup_is_refused(
        self, filled: Store, store_url: str, tmp_path: Path, content: bytes, said: str
    ) -> None:
        before = _everything(filled)
        other = tmp_path / "other"
        other.write_bytes(content)
        with pytest.raises(StoreDamaged, match=said):
            restore(other, store_url, replace=True, now=NOW)
        assert _everything(filled) == before

    def test_a_damaged_store_is_replaced_and_kept_as_it_was(
        self, filled: Store, store_url: str, tmp_path: Path
    ) -> None:
        before = _everything(filled)
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        filled.close()
        path = tmp_path / "tracker.db"
        damaged = b"SQLite format 3\0" + b"\xff" * 60_000
        path.write_bytes(damaged)
        kept = restore(made.path, store_url, replace=True, now=NOW)
        assert kept is not None
        assert kept.read_bytes() == damaged
        assert {one.name for one in tmp_path.iterdir() if one.suffix != ".lock"} == {path.name, kept.name, "backups"}
        with open_store(store_url) as restored:
            assert _everything(restored) == before

    def test_a_backup_of_an_older_version_is_brought_up_to_date(
        self, filled: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        filled.close()
        content = made.path.read_bytes()
        (tmp_path / "tracker.db").unlink()
        NextVersion(tmp_path / "next version", monkeypatch).install()
        restore(made.path, store_url, replace=False, now=NOW)
        with open_store(store_url) as restored, restored.connect() as connection:
            assert stored_version(connection) == NEXT
            assert state_counts(connection) == {"tracked": 19}
        assert made.path.read_bytes() == content
        assert not list(tmp_path.glob("restoring-*"))

    def test_nobody_may_be_using_the_store(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        made = make_backup(store_url, folder=tmp_path / "backups", keep=3, now=NOW)
        for lock in (run_lock, scheduler_lock):
            with lock(filled), pytest.raises(StoreBusy):
                restore(made.path, store_url, replace=True, now=NOW)
        assert not list(tmp_path.glob("*before-restore*"))

    def test_a_store_is_not_copied_while_it_is_worked_on(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        for lock in (run_lock, scheduler_lock):
            with lock(filled), pytest.raises(StoreBusy):
                copy_to(store_url, f"sqlite:///{tmp_path / 'new.db'}", progress=lambda *_: None)
        assert not (tmp_path / "new.db").exists()

    def test_copying_to_another_url_makes_it(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        rows = copy_to(store_url, f"sqlite:///{tmp_path / 'new.db'}", progress=lambda *_: None)
        assert rows == sum(map(len, _everything(filled).values()))
