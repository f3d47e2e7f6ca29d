"""A store copied into another is the same store: row by row, whatever interrupted the copy, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest
from sqlalchemy import select, update

from jobs.backup import copy_to, make_backup
from jobs.restoring import restore
from jobs.syncing import import_files
from tests.scheduler.next_version import NEXT, NextVersion
from tests.store.rows import a_run
from tracker.errors import StoreBusy, StoreDamaged, StoreError, StoreUnusable, UsageError
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.store import copying, schema
from tracker.store.copying import copy_store
from tracker.store.engine import Store, open_store
from tracker.store.locking import run_lock, scheduler_lock
from tracker.store.searches import state_counts
from tracker.store.version import stored_version

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
    for chunks in (1, 5, 11):

        def stop(_table: str, _rows: int, left: list[int] = [chunks]) -> None:  # noqa: B006 (a counter of this round)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy_store(filled, other, progress=stop)
    with filled.begin() as connection:  # what the source learned in between is taken along
        connection.execute(update(schema.study).where(schema.study.c.nct_id == "NCT00508443").values(acronym="SSRS"))
    copy_store(filled, other)
    assert _everything(other) == _everything(filled)


def test_a_store_of_other_data_is_not_written_over(filled: Store, other: Store) -> None:
    with other.begin() as connection:
        a_run(connection, source="another hospital")
    before = _everything(other)
    with pytest.raises(StoreUnusable, match="holds the data of another store"):
        copy_store(filled, other)
    assert _everything(other) == before


def test_a_row_that_the_source_lacks_is_noticed(filled: Store, other: Store) -> None:
    copy_store(filled, other)
    with other.begin() as connection:
        a_run(connection)
    with pytest.raises(StoreError, match="3 rows in table run, the source 2"):
        copy_store(filled, other)


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
        (tmp_path / "tracker.db").unlink()
        assert restore(made.path, store_url, replace=False, now=NOW) is None
        with open_store(store_url) as restored:
            assert _everything(restored) == before

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

    def test_copying_to_another_url_makes_it(self, filled: Store, store_url: str, tmp_path: Path) -> None:
        rows = copy_to(store_url, f"sqlite:///{tmp_path / 'new.db'}", progress=lambda *_: None)
        assert rows == sum(map(len, _everything(filled).values()))
