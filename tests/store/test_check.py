"""`db check` finds what is not as it was written, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from tests.store.rows import NOON, a_change, a_run, a_study, a_version
from tracker.errors import StoreDamaged
from tracker.store.check import check, quick_check
from tracker.store.engine import Store, open_store
from tracker.store.reports import record_report, register_definitions
from tracker.store.schema import report, report_file, study, study_version

ONE = "NCT00000001"


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    """A store with one study of two versions, a change between them, and a report."""
    with store.begin() as connection:
        number = a_run(connection)
        a_study(connection, ONE, at_run=number, version=2)
        a_version(connection, ONE, 1, b'{"status":"RECRUITING"}', at_run=number)
        a_version(connection, ONE, 2, b'{"status":"COMPLETED"}', at_run=number)
        a_change(connection, "c", ONE, at_run=number, before_version=1, after_version=2)
        register_definitions(connection, ["weekly"])
        record_report(
            connection,
            name="weekly",
            after_run=number,
            until_run=number,
            created_at=NOON,
            folder="out",
            view=b"{}",
            files={"report.html": b"<p>nothing new</p>"},
        )
    return store


def rederive(before: bytes, after: bytes) -> list[tuple[str, str]]:
    """As the tracker's own comparison would find it."""
    return [("status", "overall_status")] if before != after else []


def test_all_is_well(filled: Store) -> None:
    quick_check(filled)
    assert check(filled) == []
    assert check(filled, rederive=rederive) == []


def test_a_body_that_is_not_what_was_stored(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(update(study_version).where(study_version.c.version == 1).values(body_digest=b"\0" * 16))
        connection.execute(update(study_version).where(study_version.c.version == 2).values(body=b"rubbish"))
    first, second = check(filled, rederive=rederive)
    assert first == "NCT00000001: version 1 is not what was stored"
    assert second.startswith("NCT00000001: version 2: A stored body can't be unpacked")


def test_a_study_without_its_newest_version(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(delete(study_version).where(study_version.c.version == 2))
    assert check(filled) == ["NCT00000001: its version 2 is missing"]
    assert check(filled, rederive=rederive)[1:] == ["NCT00000001: a change refers to version 1 or 2, which is missing"]


def test_a_report_that_is_not_what_was_recorded(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(update(report_file).values(digest=b"\0" * 32))
        connection.execute(update(report).values(view=b"rubbish"))
    view, file = check(filled)
    assert view.startswith("report weekly 1: its view:")
    assert file == "report weekly 1: report.html is not what was recorded"


def test_changes_that_the_rules_no_longer_give(filled: Store) -> None:
    assert check(filled, rederive=lambda _before, _after: [("completed", "overall_status")]) == [
        "NCT00000001: versions 1 and 2 do not give the stored change status of overall_status",
        "NCT00000001: versions 1 and 2 give a change that is not stored: completed of overall_status",
    ]


def test_changes_of_older_rules_are_left_alone(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(text("UPDATE change SET rules_version = 0"))
    assert check(filled, rederive=lambda _before, _after: []) == []


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_a_row_that_refers_to_nothing(filled: Store) -> None:
    raw = filled.engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys = OFF")
    raw.cursor().execute("DELETE FROM run")
    raw.close()
    found = check(filled)
    assert "refers to a row of run that is missing" in found[0]


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_a_damaged_index_is_found(filled: Store, store_url: str) -> None:
    with filled.connect() as connection:
        page = connection.execute(
            text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_study_overall_status'")
        ).scalar_one()
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
    filled.close()
    with Path(store_url.removeprefix("sqlite:///")).open("r+b") as file:
        file.seek(page * size - 8)
        file.write(b"\x99" * 8)
    with open_store(store_url) as damaged:
        found = check(damaged)
        with pytest.raises(StoreDamaged):
            quick_check(damaged)
    assert found
    assert all("file is damaged" in line for line in found)


def test_nothing_is_written(filled: Store) -> None:
    def rows() -> object:
        with filled.connect() as connection:
            return [connection.execute(table.select()).all() for table in (study, study_version, report, report_file)]

    before = rows()
    check(filled, rederive=rederive)
    assert rows() == before
