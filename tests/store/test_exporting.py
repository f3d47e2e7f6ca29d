"""The store's tables as CSV and its records as JSON lines, from either database."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import pytest

from jobs.exporting import RECORDS, export_tables
from tests.store.rows import a_run, a_study
from tracker.errors import OutputError
from tracker.store.codec import digest, pack
from tracker.store.engine import Store
from tracker.store.exporting import AT_ONCE
from tracker.store.schema import metadata, search, study_version


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def a_version(store: Store, number: int, body: bytes, *, nct_id: str = "NCT00000001") -> None:
    from tests.store.rows import NOON

    with store.begin() as connection:
        connection.execute(
            study_version.insert().values(
                nct_id=nct_id,
                version=number,
                run=1,
                seen_at=NOON,
                body_digest=digest(body),
                body_size=len(body),
                body=pack(body),
            )
        )


@pytest.fixture
def filled(store: Store) -> Store:
    with store.begin() as connection:
        first = a_run(connection, problems=[{"path": "größe"}])
        a_study(connection, "NCT00000001", at_run=first, brief_title="=HYPERLINK(1)", conditions='a,"b"\nc')
    return store


def test_every_table_is_a_file_with_every_row(filled: Store, tmp_path: Path) -> None:
    written = {one.path.name: one.rows for one in export_tables(filled, tmp_path / "out")}
    assert set(written) == {f"{table.name}.csv" for table in metadata.sorted_tables}
    assert (written["run.csv"], written["study.csv"], written["change.csv"]) == (1, 1, 0)
    assert rows_of(tmp_path / "out" / "change.csv") == []


def test_values_are_plain_and_no_cell_is_a_formula(filled: Store, tmp_path: Path) -> None:
    list(export_tables(filled, tmp_path))
    [run], [study] = rows_of(tmp_path / "run.csv"), rows_of(tmp_path / "study.csv")
    assert (run["started_at"], run["data_date"], run["full"]) == ("2026-03-02T12:00:00Z", "2026-03-02", "false")
    assert json.loads(run["problems"]) == [{"path": "größe"}]
    assert study["brief_title"] == "'=HYPERLINK(1)"
    assert study["conditions"] == 'a,"b"\nc'
    assert study["raw_digest"] == digest(b"NCT00000001").hex()
    assert study["enrollment"] == ""


def test_records_are_a_line_each_and_bodies_stand_in_no_table(filled: Store, tmp_path: Path) -> None:
    a_version(filled, 2, b'{\r\n  "a": "x\\ny",\n  "b": "\xc3\xa9"\n}')
    list(export_tables(filled, tmp_path))
    assert not (tmp_path / RECORDS).exists()
    list(export_tables(filled, tmp_path, with_records=True))
    lines = [json.loads(line) for line in (tmp_path / RECORDS).read_text(encoding="utf-8").splitlines()]
    [of_second] = [line for line in lines if line["version"] == 2]
    assert of_second == {"nct_id": "NCT00000001", "version": 2, "run": 1, "record": {"a": "x\ny", "b": "é"}}
    assert len(lines) == len(rows_of(tmp_path / "study_version.csv"))
    assert "body" not in rows_of(tmp_path / "study_version.csv")[0]


def test_what_is_in_memory_does_not_grow_with_the_store(store: Store, tmp_path: Path) -> None:
    def peak() -> int:
        tracemalloc.start()
        list(export_tables(store, tmp_path))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def fill(begin: int, end: int) -> None:
        with store.begin() as connection:
            rows = [{"name": f"s{number}", "description": "x" * 2000} for number in range(begin, end)]
            connection.execute(search.insert(), rows)

    fill(0, 2 * AT_ONCE)
    peak()  # what is loaded once
    small = peak()
    fill(2 * AT_ONCE, 12 * AT_ONCE)
    assert peak() < 2 * small
    assert len(rows_of(tmp_path / "search.csv")) == 12 * AT_ONCE


def test_a_folder_that_can_not_be_made_is_told(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        list(export_tables(filled, tmp_path / "file"))


def test_a_file_that_fails_half_way_leaves_the_one_before(filled: Store, tmp_path: Path) -> None:
    a_version(filled, 2, b"{}")
    list(export_tables(filled, tmp_path, with_records=True))
    before = (tmp_path / RECORDS).read_bytes()
    with filled.begin() as connection:
        connection.execute(study_version.update().where(study_version.c.version == 2).values(body=b"damaged"))
    with pytest.raises(Exception, match="unpacked"):
        list(export_tables(filled, tmp_path, with_records=True))
    assert (tmp_path / RECORDS).read_bytes() == before
    assert not list(tmp_path.glob(".*"))
