"""`db check` finds what is not as it was written, and nothing where all is well."""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from jobs.syncing import import_files
from tests.store.rows import NOON
from tracker.errors import StoreDamaged
from tracker.rederive import rederive
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.store.check import check, findings, quick_check
from tracker.store.engine import Store, open_store
from tracker.store.reports import record_report, register_definitions
from tracker.store.schema import delivery, metadata, report, report_file, study_version

SEARCH = SearchDefinition(name="spine-tumour", terms=(term_query([("condition", "Spine tumor")]),))
MOVED = "NCT00508443"  # of the bundled history, with two versions


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with the bundled history in it, and two reports, one of which was sent."""
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
    for number, state in enumerate(("2018-05-29", "2020-07-28"), 1):
        with resources.as_file(resources.files("jobs") / "bundled" / f"{state}.json") as file:
            import_files(store, SEARCH, [file], data_date=date.fromisoformat(state), complete=True)
        with store.begin() as connection:
            files = {"report.html": f"<p>{state}</p>".encode()}
            record_report(
                connection,
                name="weekly",
                after_run=number - 1,
                until_run=number,
                created_at=NOON,
                folder="out",
                view=b"{}",
                files=files,
            )
    with store.begin() as connection:
        connection.execute(
            insert(delivery).values(
                name="weekly",
                number=2,
                recipient="board",
                address="board@hospital.example",
                message_id="<1@hospital.example>",
                attachments=["report.html"],
                state="sent",
                attempts=1,
                created_at=NOON,
                sent_at=NOON,
            )
        )
    return store


def test_all_is_well(filled: Store) -> None:
    quick_check(filled)
    assert check(filled) == []
    assert check(filled, rederive=rederive) == []


EDITS = {
    "DELETE FROM change WHERE nct_id = 'NCT00508443' AND after_version = 2": "give a change that is not stored",
    "DELETE FROM change WHERE number = (SELECT min(number) FROM change)": "run 2 wrote 73 changes, and 72 of it",
    "UPDATE change SET days = 1 WHERE days > 1": "give another days than is stored",
    "UPDATE change SET weight = 'routine' WHERE weight = 'major' AND search IS NULL": "give another weight than",
    "UPDATE change SET after = '\"COMPLETED\"' WHERE kind = 'stopped'": "give another after than is stored",
    "UPDATE change SET detail = '{}' WHERE kind = 'date_moved'": "give another detail than is stored",
    "UPDATE change SET kind = 'status' WHERE kind = 'stopped'": "do not give the stored change status",
    "UPDATE change SET change_id = 'x' WHERE kind = 'stopped'": "give another change_id than is stored",
    "UPDATE change SET change_id = 'x' WHERE number = (SELECT max(number) FROM change)": "no such stay",
    "UPDATE study SET overall_status = 'UNKNOWN' WHERE nct_id = 'NCT00508443'": "gives another overall_status than",
    "UPDATE study SET first_plans = '{}' WHERE nct_id = 'NCT00508443'": "gives another first_plans than its row",
    "UPDATE study SET version = 1 WHERE nct_id = 'NCT00508443'": "its newest version is 2, and the store takes 1",
    "UPDATE study SET version = 3 WHERE nct_id = 'NCT00508443'": "its version 3 is missing",
    "UPDATE study SET state = 'left' WHERE nct_id = 'NCT00508443'": "is a member of a search, and held as left",
    "UPDATE member SET until_run = 2 WHERE nct_id = 'NCT00508443'": "left spine-tumour in run 2, and no such change",
    "DELETE FROM member WHERE nct_id = 'NCT00508443'": "is tracked, and a member of no search",
    "UPDATE member SET since_run = 1 WHERE since_run = 2": "in run 1, and the change says",
    "DELETE FROM study_version WHERE nct_id = 'NCT00508443' AND version = 2": "its version 2 is missing",
    "DELETE FROM study_version WHERE nct_id = 'NCT00508443' AND version = 1": "some are missing",
    "UPDATE report SET after_run = 0 WHERE number = 2": "report weekly 2 begins after run 0",
    "UPDATE report_definition SET covered_run = 1": "weekly 2 is the newest and ends with run 2",
    "UPDATE report_definition SET reports = 3": "the store takes 3 for it",
    "DELETE FROM report_file WHERE number = 2": "its report.html is missing",
    "UPDATE delivery SET state = 'pending'": "is pending, and was sent at",
    "DELETE FROM identity": "the table identity is empty",
    "UPDATE delivery SET sent_at = NULL": "is sent, and was sent never",
}
"""What somebody may do to the store by hand, and what is found then."""


class _Undo(Exception):
    pass


def found_after(store: Store, edit: str, **values: Any) -> list[str]:
    """The findings after an edit, which is undone."""
    found: list[str] = []

    def examine(connection: Connection) -> None:
        assert connection.execute(text(edit), values).rowcount >= 1
        found.extend(findings(connection, rederive=rederive))
        raise _Undo

    with pytest.raises(_Undo), store.begin() as connection:
        examine(connection)
    return found


def test_what_was_done_by_hand_is_found(filled: Store, subtests: pytest.Subtests) -> None:
    for edit, expected in EDITS.items():
        with subtests.test(edit):
            found = found_after(filled, edit)
            assert any(expected in line for line in found), found
    assert check(filled, rederive=rederive) == []


def test_a_table_or_a_column_that_is_gone(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(text("DROP TABLE note"))
        connection.execute(text("ALTER TABLE delivery DROP COLUMN subject"))
    assert sorted(check(filled)) == [
        "the column subject of the table delivery is missing",
        "the table note is missing",
    ]


def test_another_studys_record(filled: Store) -> None:
    edit = (
        "UPDATE study_version SET (body, body_digest, body_size) = ("
        "SELECT body, body_digest, body_size FROM study_version WHERE nct_id = 'NCT00855803' AND version = 1)"
        " WHERE nct_id = 'NCT00508443' AND version = 1"
    )
    assert "NCT00508443: its versions hold records of NCT00508443, NCT00855803" in found_after(filled, edit)


def test_a_body_that_is_not_what_was_stored(filled: Store) -> None:
    of_study = study_version.c.nct_id == MOVED
    with filled.begin() as connection:
        first, second = (update(study_version).where(of_study, study_version.c.version == one) for one in (1, 2))
        connection.execute(first.values(body_digest=b"\0" * 16))
        connection.execute(second.values(body=b"rubbish"))
    one, other = check(filled, rederive=rederive)
    assert one == "NCT00508443: version 1 is not what was stored"
    assert other.startswith("NCT00508443: version 2: A stored body can't be unpacked")


def test_a_report_that_is_not_what_was_recorded(filled: Store) -> None:
    with filled.begin() as connection:
        connection.execute(update(report_file).where(report_file.c.number == 1).values(digest=b"\0" * 32))
        connection.execute(update(report).where(report.c.number == 1).values(view=b"rubbish"))
    view, file = check(filled)
    assert view.startswith("report weekly 1: its view:")
    assert file == "report weekly 1: report.html is not what was recorded"


def test_what_older_rules_wrote_is_left_alone(filled: Store) -> None:
    edit = "UPDATE change SET days = 1 WHERE days > 1"
    with filled.begin() as connection:
        connection.execute(text("UPDATE change SET rules_version = 0"))
        connection.execute(text("UPDATE run SET rules_version = 0"))
    assert found_after(filled, edit) == []


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
        file.seek((page - 1) * size)
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
            return [connection.execute(table.select()).all() for table in metadata.sorted_tables]

    before = rows()
    check(filled, rederive=rederive)
    assert rows() == before
