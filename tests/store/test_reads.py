"""What the readers give back of what lies in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, update

from tests.store.rows import (
    DAY,
    NOON,
    a_change,
    a_match,
    a_member,
    a_run,
    a_search,
    a_study,
    a_term,
    a_version,
)
from tracker.changes import Kind, Weight
from tracker.errors import StoreDamaged
from tracker.registry.query import TermQuery, term_query
from tracker.runs import Guard, GuardKind, Outcome, RunState, TermCoverage
from tracker.store.changes import changes
from tracker.store.encoding import encode_coverage, encode_guards, encode_problems, encode_value
from tracker.store.engine import Store
from tracker.store.memberships import StudyState
from tracker.store.runs import last_finished_run, last_run, last_successful_run, runs
from tracker.store.schema import study_version
from tracker.store.searches import member_counts, memberships, searches, state_counts
from tracker.store.studies import data_dates, tracked_studies, tracked_study, version_body, versions
from tracker.study import NctId, Problem

ONE, TWO, THREE = NctId("NCT00000001"), NctId("NCT00000002"), NctId("NCT00000003")


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.begin() as connection:
        yield connection


def test_an_empty_store_reads_as_empty(connection: Connection) -> None:
    assert runs(connection) == []
    assert (last_run(connection), last_finished_run(connection), last_successful_run(connection)) == (None, None, None)
    assert changes(connection) == []
    assert tracked_studies(connection) == []
    assert tracked_study(connection, ONE) is None
    assert versions(connection, ONE) == []
    assert version_body(connection, ONE, 1) is None
    assert memberships(connection, ONE) == []
    assert searches(connection) == []
    assert data_dates(connection) is None
    assert member_counts(connection) == state_counts(connection) == {}


def test_a_run_comes_back_with_all_that_it_said(connection: Connection) -> None:
    coverage = TermCoverage(
        search="spine", term="{}", label="chordoma", total=3, held=2, excluded=(ONE,), unreadable=("page 1",), note="ok"
    )
    guards = (
        Guard(kind=GuardKind.SHRINK, reason="lost 9 of 12", search="spine", count=9),
        Guard(kind=GuardKind.BULK, reason="re-ingested", field="sites", count=80),
    )
    problems = (Problem(ONE, "statusModule.overallStatus", "no text: 7"), Problem(None, "[3]", "no NCT ID «»"))
    number = a_run(
        connection,
        coverage=encode_coverage([coverage]),
        guards=encode_guards(guards),
        problems=encode_problems(problems),
        requests=4,
        bytes=5_000_000_000,
        data_timestamp=NOON,
    )
    (read,) = runs(connection)
    assert read.id == number
    assert (read.coverage, read.guards, read.problems) == ((coverage,), guards, problems)
    assert (read.state, read.outcome) == (RunState.FINISHED, Outcome.OK)
    assert (read.searches, read.requests, read.bytes, read.full) == (("spine",), 4, 5_000_000_000, False)
    assert (read.started_at, read.data_timestamp, read.data_date) == (NOON, NOON, DAY)


def test_runs_are_narrowed_by_their_window(connection: Connection) -> None:
    first, failed, nothing_new, going_on = (
        a_run(connection),
        a_run(connection, outcome="failed"),
        a_run(connection, outcome="nothing new"),
        a_run(connection, state="running", outcome=None, finished_at=None),
    )
    assert [one.id for one in runs(connection)] == [first, failed, nothing_new]
    assert [one.id for one in runs(connection, finished_only=False)] == [first, failed, nothing_new, going_on]
    assert [one.id for one in runs(connection, after=first, until=failed)] == [failed]
    assert [one.id for one in runs(connection, after=going_on)] == []
    newest = [last_run(connection), last_finished_run(connection), last_successful_run(connection)]
    assert [one.id for one in newest if one] == [going_on, nothing_new, nothing_new]


@pytest.mark.parametrize("outcome", ["failed", "incomplete", "interrupted"])
def test_what_is_no_success(connection: Connection, outcome: str) -> None:
    good = a_run(connection)
    a_run(connection, outcome=outcome)
    found = last_successful_run(connection)
    assert found is not None
    assert found.id == good


@pytest.mark.parametrize("value", [None, "COMPLETED", 12, True, ("France", "Italia"), ()])
def test_a_change_comes_back_with_its_values(connection: Connection, value: object) -> None:
    number = a_run(connection)
    a_study(connection, ONE, at_run=number)
    a_change(
        connection, "c1", ONE, at_run=number, before=encode_value(value), after=None, detail={"set_by": "the registry"}
    )
    (read,) = changes(connection)
    assert (read.change.before, read.change.after) == (value, None)
    assert read.change.detail == {"set_by": "the registry"}
    assert (read.change.kind, read.change.weight) == (Kind.STATUS, Weight.MINOR)
    assert (read.change_id, read.run, read.detected_at, read.data_date) == ("c1", number, NOON, DAY)


def test_changes_are_narrowed_and_stay_in_their_order(connection: Connection) -> None:
    first, second = a_run(connection), a_run(connection)
    for one in (ONE, TWO):
        a_study(connection, one, at_run=first)
    later = NOON + timedelta(days=7)
    a_change(connection, "b", TWO, at_run=first)
    a_change(connection, "a", ONE, at_run=first)
    a_change(connection, "c", ONE, at_run=second, detected_at=later)

    def ids(**window: object) -> list[str]:
        return [one.change_id for one in changes(connection, **window)]  # type: ignore[arg-type]

    assert ids() == ["b", "a", "c"]
    assert ids(after_run=first) == ["c"]
    assert ids(after_run=0, until_run=first) == ["b", "a"]
    assert ids(since=NOON, until=later) == ["b", "a"]
    assert ids(since=later) == ["c"]
    assert ids(nct_id=ONE) == ["a", "c"]


def test_studies_are_narrowed_by_id_search_and_state(connection: Connection) -> None:
    number = a_run(connection)
    for name in ("spine", "bone"):
        a_search(connection, name)
    a_study(connection, TWO, at_run=number, overall_status="RECRUITING", enrollment=99_999_999, has_results=False)
    a_study(connection, ONE, at_run=number, brief_title="Chordoma")
    a_study(connection, THREE, at_run=number, state="merged", merged_into=ONE, watched_until=date(2028, 3, 2))
    for search, one in (("spine", ONE), ("spine", TWO), ("bone", ONE)):
        a_member(connection, search, one, at_run=number)
    a_member(connection, "spine", THREE, at_run=number, until_run=number, until=NOON, left_why="no longer matches")

    everything = tracked_studies(connection)
    assert [one.summary.nct_id for one in everything] == [ONE, TWO, THREE]
    assert [one.searches for one in everything] == [("bone", "spine"), ("spine",), ()]
    assert [one.summary.nct_id for one in tracked_studies(connection, search="bone")] == [ONE]
    assert [one.searches for one in tracked_studies(connection, search="bone")] == [("bone", "spine")]
    assert [one.summary.nct_id for one in tracked_studies(connection, ids=[THREE, TWO])] == [TWO, THREE]
    assert tracked_studies(connection, ids=[]) == []
    assert [one.summary.nct_id for one in tracked_studies(connection, states=[StudyState.MERGED])] == [THREE]
    assert tracked_study(connection, THREE) == everything[2]
    assert (everything[2].merged_into, everything[2].watched_until) == (ONE, date(2028, 3, 2))
    assert (everything[1].summary.enrollment, everything[1].summary.has_results) == (99_999_999, False)
    assert state_counts(connection) == {"tracked": 2, "merged": 1}


def test_many_ids_are_asked_in_parts(connection: Connection) -> None:
    number = a_run(connection)
    a_study(connection, ONE, at_run=number)
    a_study(connection, NctId("NCT00039999"), at_run=number)
    ids = [NctId(f"NCT{one:08}") for one in range(1, 40_000)]
    assert [one.summary.nct_id for one in tracked_studies(connection, ids=ids)] == [ONE, "NCT00039999"]


def test_stays_tell_since_until_why_and_which_terms_match(connection: Connection) -> None:
    first, second = a_run(connection), a_run(connection)
    a_search(connection, "spine")
    a_study(connection, ONE, at_run=first)
    chordoma, sacrum, dropped = (term_query([("condition", words)]) for words in ("chordoma", "sacrum", "old"))
    terms = [a_term(connection, "spine", query.key) for query in (chordoma, sacrum)]
    terms.append(a_term(connection, "spine", dropped.key, active=False))
    for term in terms:
        a_match(connection, term, ONE, at_run=first)
    a_match(connection, terms[1], ONE, at_run=first, until_run=second)
    a_member(connection, "spine", ONE, at_run=first, until_run=first, until=NOON, left_why="no longer matches")
    a_member(connection, "spine", ONE, at_run=second, stay=2, entered_why="returned")
    left, back = memberships(connection, ONE)
    assert (left.stay, left.until, left.left_why) == (1, NOON, "no longer matches")
    assert (back.stay, back.since, back.since_run, back.entered_why) == (2, NOON, second, "returned")
    assert (back.until, back.left_why) == (None, None)
    assert back.terms == (chordoma, sacrum)
    assert left.terms == ()


def test_searches_with_their_terms_and_members(connection: Connection) -> None:
    number = a_run(connection)
    a_search(connection, "spine", description="Tumours of the spine", complete_run=number, data_timestamp=NOON)
    a_search(connection, "retired", active=False, suspicious="lost 9 of 12")
    query = term_query([("title", "spine AND tumor")], status=["RECRUITING"])
    a_term(connection, "spine", query.key)
    a_term(connection, "spine", TermQuery((("query.cond", "old"),)).key, active=False)
    for one in (ONE, TWO):
        a_study(connection, one, at_run=number)
        a_member(connection, "spine", one, at_run=number)
    retired, spine = searches(connection)
    assert (spine.name, spine.description, spine.terms, spine.members) == (
        "spine",
        "Tumours of the spine",
        (query,),
        2,
    )
    assert (spine.data_timestamp, spine.complete_run, spine.baseline_run) == (NOON, number, None)
    assert (retired.active, retired.members, retired.suspicious) == (False, 0, "lost 9 of 12")


def test_versions_and_their_bodies(connection: Connection) -> None:
    number = a_run(connection)
    a_study(connection, ONE, at_run=number)
    bodies = [b'{"a":1}', '{"a":"größer"}'.encode()]
    a_version(connection, ONE, 1, bodies[0], at_run=number, data_date=date(2025, 12, 31))
    a_version(connection, ONE, 2, bodies[1], at_run=number, last_update_post_date="2026-03-01")
    listed = versions(connection, ONE)
    assert [one.number for one in listed] == [1, 2]
    assert [one.size for one in listed] == [len(body) for body in bodies]
    assert (listed[1].seen_at, listed[1].run, listed[1].last_update_post_date) == (NOON, number, "2026-03-01")
    assert [version_body(connection, ONE, one.number) for one in listed] == bodies
    assert version_body(connection, ONE, 3) is None
    assert data_dates(connection) == (date(2025, 12, 31), DAY)


def test_a_body_that_was_exchanged_is_damage(connection: Connection) -> None:
    number = a_run(connection)
    a_study(connection, ONE, at_run=number)
    a_version(connection, ONE, 1, b"{}", at_run=number)
    connection.execute(update(study_version).values(body_digest=b"\0" * 16))
    with pytest.raises(StoreDamaged) as caught:
        version_body(connection, ONE, 1)
    assert caught.value.subject == ONE
