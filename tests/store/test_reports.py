"""A report is recorded whole and once, and its files come back byte for byte."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from tests.store.rows import NOON, a_run
from tracker.errors import StoreBusy, StoreDamaged
from tracker.store.engine import Store
from tracker.store.reports import (
    confirm_file,
    definition,
    record_report,
    recorded_report,
    recorded_reports,
    register_definitions,
    report_files,
    unconfirmed_files,
)
from tracker.store.schema import report, report_file

FILES = {"report.html": b"<p>3 completed</p>", "changes.csv": "größe\r\n".encode(), "report.json": b""}


def a_report(connection: Connection, *, after: int, until: int, name: str = "weekly", number: int | None = None) -> int:
    return record_report(
        connection,
        name=name,
        after_run=after,
        until_run=until,
        created_at=NOON,
        folder="data/reports/weekly/1",
        view=b'{"headline":"3 completed"}',
        files=FILES,
        number=number,
    )


def test_a_definition_in_an_empty_store_will_tell_everything(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        found = definition(connection, "weekly")
    assert found is not None
    assert (found.since_run, found.covered_run, found.reports) == (0, 0, 0)


def test_a_new_definition_starts_after_the_finished_runs(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        finished = a_run(connection, outcome="failed")
        a_run(connection, state="running", outcome=None)
        register_definitions(connection, ["weekly", "monthly", "monthly"])
        weekly, monthly = definition(connection, "weekly"), definition(connection, "monthly")
        assert definition(connection, "never heard of") is None
    assert weekly is not None
    assert monthly is not None
    assert weekly.covered_run == 0
    assert (monthly.since_run, monthly.covered_run) == (finished, finished)


def test_a_report_and_the_step_of_its_definition_are_one(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly", "monthly"])
        assert a_report(connection, after=0, until=4) == 1
        assert a_report(connection, after=4, until=4, number=2) == 2
        assert a_report(connection, after=0, until=4, name="monthly") == 1
    with store.connect() as connection:
        found = definition(connection, "weekly")
        first = recorded_report(connection, "weekly", 1)
        assert [one.number for one in recorded_reports(connection, "weekly")] == [1, 2]
        assert recorded_report(connection, "weekly", 3) is None
    assert found is not None
    assert first is not None
    assert (found.covered_run, found.reports) == (4, 2)
    assert (first.after_run, first.until_run, first.created_at) == (0, 4, NOON)
    assert (first.view, first.folder) == (b'{"headline":"3 completed"}', "data/reports/weekly/1")


@pytest.mark.parametrize(("after", "number"), [(0, None), (0, 2), (4, 1), (4, 3)])
def test_a_window_that_somebody_else_has_told_is_not_told_again(store: Store, after: int, number: int | None) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        a_report(connection, after=0, until=4)
    with pytest.raises(StoreBusy, match="weekly"), store.begin() as connection:
        a_report(connection, after=after, until=5, number=number)
    with store.connect() as connection:
        assert connection.execute(select(report.c.number)).scalars().all() == [1]
        assert len(unconfirmed_files(connection)) == len(FILES)


def test_an_unregistered_definition_has_no_reports(store: Store) -> None:
    with pytest.raises(StoreBusy), store.begin() as connection:
        a_report(connection, after=0, until=1)


def test_files_come_back_byte_for_byte(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        a_report(connection, after=0, until=1)
    with store.connect() as connection:
        assert report_files(connection, "weekly", 1) == FILES
        assert report_files(connection, "weekly", 2) == {}


def test_a_file_that_was_exchanged_is_damage(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        a_report(connection, after=0, until=1)
        connection.execute(update(report_file).where(report_file.c.filename == "report.html").values(digest=b"\0" * 32))
        with pytest.raises(StoreDamaged, match=r"report\.html"):
            report_files(connection, "weekly", 1)


def test_a_file_is_due_until_it_is_known_to_be_on_disk(store: Store) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
        a_report(connection, after=0, until=1)
        due = unconfirmed_files(connection)
        assert [one.filename for one in due] == sorted(FILES)
        assert {one.folder for one in due} == {"data/reports/weekly/1"}
        for one in due[:2]:
            confirm_file(connection, name=one.name, number=one.number, filename=one.filename)
        assert unconfirmed_files(connection) == due[2:]


def test_a_definition_that_two_processes_meet_at_once_is_registered_once(
    store: Store,
) -> None:
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
    with store.begin() as connection:
        a_run(connection)

    class Empty:
        def scalars(self) -> tuple[str, ...]:
            return ()

    class Late:
        """A connection whose first look came before the other process had committed."""

        def __init__(self, connection: Connection) -> None:
            self._connection = connection
            self._looked = False
            self.dialect = connection.dialect

        def execute(self, *asked: object) -> object:
            if self._looked:
                return self._connection.execute(*asked)  # type: ignore[call-overload]
            self._looked = True
            return Empty()

    with store.begin() as connection:
        register_definitions(Late(connection), ["weekly", "monthly"])  # type: ignore[arg-type]
        weekly, monthly = definition(connection, "weekly"), definition(connection, "monthly")
    assert weekly is not None
    assert monthly is not None
    assert (weekly.since_run, monthly.since_run) == (0, 1)
