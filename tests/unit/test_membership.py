"""Who enters and leaves a search, and why; what is too much to be believed at once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracker.changes import Change, EnteredWhy, LeftWhy, Weight
from tracker.membership import (
    SearchState,
    Stay,
    TermSweep,
    entering,
    excluded_members,
    left,
    may_leave,
    missing_members,
    present_ids,
    suspicion,
    was_returned_unchanged,
)
from tracker.registry.query import TermQuery, term_query
from tracker.runs import GuardKind
from tracker.searches import SearchDefinition
from tracker.study import NctId, PartialDate

CHORDOMA = term_query([("condition", "chordoma")])
SPINE = term_query([("title", "spine tumor")])
NEW_TERM = term_query([("condition", "vertebral metastasis")])

A, B, C, D = (NctId(f"NCT9000000{number}") for number in range(1, 5))
NOBODY: frozenset[NctId] = frozenset()
LONG_AGO, COMPLETE, SINCE = PartialDate("2019-05-01"), date(2026, 2, 4), PartialDate("2026-02-05")


def many(count: int, start: int = 1) -> frozenset[NctId]:
    return frozenset(NctId(f"NCT8{number:07}") for number in range(start, start + count))


def search(*terms: TermQuery, include: tuple[NctId, ...] = (), exclude: tuple[NctId, ...] = ()) -> SearchDefinition:
    by_hand = [tuple((study, "by hand") for study in studies) for studies in (include, exclude)]
    return SearchDefinition("spine", "", terms or (CHORDOMA, SPINE), *by_hand)


def state(
    matches: dict[TermQuery, frozenset[NctId]] | None = None,
    *,
    members: frozenset[NctId] = NOBODY,
    gone: dict[NctId, Stay] | None = None,
    baseline: bool = True,
    missing_once: frozenset[NctId] = NOBODY,
) -> SearchState:
    return SearchState(
        name="spine",
        complete_date=COMPLETE if baseline else None,
        has_baseline=baseline,
        matches=matches if matches is not None else {CHORDOMA: members, SPINE: NOBODY},
        stays={study: Stay(number=1) for study in members} | (gone or {}),
        missing_once=missing_once,
    )


def sweep(query: TermQuery, *ids: NctId, complete: bool = True) -> TermSweep:
    return TermSweep(query=query, ids=frozenset(ids), complete=complete)


def gone(on: datetime | None = None, why: str = LeftWhy.NO_LONGER_MATCHES) -> Stay:
    return Stay(number=1, until=on or datetime(2025, 12, 24, 9, tzinfo=UTC), left_why=why)


# Entering


def entered(
    *sweeps: TermSweep,
    before: SearchState,
    posted: dict[NctId, PartialDate | None] | None = None,
    definition: SearchDefinition | None = None,
    found_by_id: frozenset[NctId] = NOBODY,
    grown: frozenset[TermQuery] = frozenset(),
) -> tuple[Change, ...]:
    held = posted if posted is not None else dict.fromkeys((A, B, C, D), LONG_AGO)
    return tuple(entering(definition or search(), before, sweeps, found_by_id=found_by_id, held=held, grown=grown))


@pytest.mark.parametrize(
    ("posted", "bringing", "was_member", "why"),
    [
        (SINCE, [CHORDOMA], False, "newly registered"),
        (SINCE, [NEW_TERM], False, "newly registered"),
        (SINCE, [CHORDOMA], True, "newly registered"),
        (PartialDate("2026-02-04"), [CHORDOMA], False, "an existing record now matches"),
        (PartialDate("2026-02"), [CHORDOMA], False, "an existing record now matches"),
        (PartialDate("2026-02-30"), [CHORDOMA], False, "an existing record now matches"),
        (None, [CHORDOMA], False, "an existing record now matches"),
        (LONG_AGO, [CHORDOMA], False, "an existing record now matches"),
        (LONG_AGO, [NEW_TERM], False, "the search was edited"),
        (LONG_AGO, [NEW_TERM], True, "the search was edited"),
        (LONG_AGO, [CHORDOMA, NEW_TERM], False, "an existing record now matches"),
        (LONG_AGO, [CHORDOMA], True, "returned"),
        (LONG_AGO, [CHORDOMA, NEW_TERM], True, "returned"),
    ],
    ids=[
        "posted since",
        "posted since, though a new term brings it",
        "posted since, though it had been a member",
        "posted on the day of the last complete data",
        "posted in a month that began before",
        "posted on a day that never was",
        "the day of posting is unknown",
        "posted long ago",
        "only a new term brings it",
        "only a new term brings it, and it had been a member",
        "an old and a new term bring it",
        "it had been a member",
        "it had been a member, and a new term brings it too",
    ],
)
def test_why_a_study_entered(
    posted: PartialDate | None, bringing: list[TermQuery], was_member: bool, why: EnteredWhy
) -> None:
    before = state(gone={A: gone()} if was_member else {})
    (change,) = entered(*(sweep(query, A) for query in bringing), before=before, posted={A: posted})
    assert (change.nct_id, change.kind, change.field, change.why) == (A, "entered", "membership", why)
    assert (change.before, change.after) == (None, "spine")
    assert change.weight == (Weight.MAJOR if why == "newly registered" else Weight.MINOR)
    assert change.detail == ({"last_seen": "2025-12-24"} if was_member else {})


def test_on_a_baseline_nothing_is_news() -> None:
    changes = entered(
        sweep(CHORDOMA, A),
        before=state({}, baseline=False),
        posted={A: SINCE, B: LONG_AGO},
        definition=search(include=(B,)),
        found_by_id=frozenset({B}),
    )
    assert [(change.nct_id, change.why) for change in changes] == [(A, "baseline"), (B, "baseline")]


def test_a_study_on_the_include_list() -> None:
    (change,) = entered(before=state(), definition=search(include=(A,)), found_by_id=frozenset({A}))
    assert (change.nct_id, change.why, change.weight) == (A, "put on the include list", Weight.MINOR)


def test_a_study_followed_by_id_is_no_member_unless_it_is_included() -> None:
    assert entered(before=state(), found_by_id=frozenset({A})) == ()


def test_members_excluded_and_unreadable_studies_do_not_enter() -> None:
    changes = entered(
        sweep(CHORDOMA, A, B, C, D),
        before=state(members=frozenset({A})),
        definition=search(exclude=(B,)),
        posted={A: LONG_AGO, B: LONG_AGO, D: LONG_AGO},
    )
    assert [change.nct_id for change in changes] == [D]


def test_a_study_excluded_and_then_included_again_says_when_it_was_last_seen() -> None:
    left_on = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
    before = state(gone={A: gone(left_on, LeftWhy.EXCLUDED)})
    (change,) = entered(sweep(CHORDOMA, A), before=before)
    assert (change.why, change.detail) == ("returned", {"last_seen": "2026-01-02"})


def test_newcomers_of_a_term_that_grew_too_much_are_labelled() -> None:
    changes = entered(sweep(CHORDOMA, A, B), sweep(SPINE, B), before=state(), grown=frozenset({CHORDOMA}))
    assert [(change.nct_id, change.detail) for change in changes] == [(A, {"unusual_growth": True}), (B, {})]


def test_they_enter_in_the_order_of_their_ids() -> None:
    assert [change.nct_id for change in entered(sweep(SPINE, C, A), sweep(CHORDOMA, B), before=state())] == [A, B, C]


# Leaving


def test_who_is_missing() -> None:
    before = state(members=frozenset({A, B, C, D}))
    definition = search(include=(C,), exclude=(D,))
    missing = missing_members(definition, before, [sweep(CHORDOMA, A)], found_by_id=frozenset({B, C}))
    assert missing == {B}  # A a term brought, C the include list; D is excluded, which is told for itself
    assert excluded_members(definition, before) == (D,)


def test_what_a_round_brought() -> None:
    assert present_ids([sweep(CHORDOMA, A), sweep(SPINE, B)], [C]) == {A, B, C}
    assert present_ids([], []) == frozenset()


@pytest.mark.parametrize(
    ("definition", "matches", "unchanged"),
    [
        (search(CHORDOMA), {CHORDOMA: {A}}, True),
        (search(SPINE), {CHORDOMA: {A}}, False),
        (search(CHORDOMA, SPINE), {CHORDOMA: {A}, SPINE: set()}, True),
        (search(SPINE), {CHORDOMA: {A}, SPINE: {A}}, True),
        (search(CHORDOMA), {CHORDOMA: set()}, False),
        (search(CHORDOMA, include=(A,)), {CHORDOMA: set()}, True),
        (search(NEW_TERM), {}, False),
    ],
    ids=[
        "its term stands",
        "its term was dropped",
        "one of two terms had brought it, both stand",
        "one of the two terms that had brought it stands",
        "it had been on the include list, no longer",
        "it is on the include list",
        "all terms are new",
    ],
)
def test_whether_the_absence_of_a_study_says_something(
    definition: SearchDefinition, matches: dict[TermQuery, set[NctId]], unchanged: bool
) -> None:
    before = state({query: frozenset(ids) for query, ids in matches.items()}, members=frozenset({A}))
    assert was_returned_unchanged(A, definition, before) is unchanged


@pytest.mark.parametrize(
    ("why", "weight"),
    [
        (LeftWhy.NO_LONGER_MATCHES, Weight.MINOR),
        (LeftWhy.REMOVED, Weight.MAJOR),
        (LeftWhy.MERGED, Weight.MAJOR),
        (LeftWhy.SEARCH_EDITED, Weight.MINOR),
        (LeftWhy.EXCLUDED, Weight.MINOR),
    ],
)
def test_leaving(why: LeftWhy, weight: Weight) -> None:
    change = left(A, "spine", why, merged_into=B if why is LeftWhy.MERGED else None)
    assert (change.nct_id, change.kind, change.field, change.weight, change.why) == (
        A,
        "left",
        "membership",
        weight,
        why.value,
    )
    assert (change.before, change.after) == ("spine", None)
    assert change.detail == ({"merged_into": B} if why is LeftWhy.MERGED else {})


@pytest.mark.parametrize(
    ("shrunk", "accepted", "newer", "leaving"),
    [
        (False, False, False, {A, B}),
        (False, False, True, {A, B}),
        (True, True, False, {A, B}),
        (True, False, False, set()),
        (True, False, True, {A}),
    ],
    ids=[
        "an ordinary sweep",
        "an ordinary sweep of newer data",
        "it shrank, and the shrink is accepted",
        "it shrank, and the data is the same",
        "it shrank again in newer data: those missing in both",
    ],
)
def test_who_may_leave(shrunk: bool, accepted: bool, newer: bool, leaving: set[NctId]) -> None:
    before = state(missing_once=frozenset({A, C}))
    assert may_leave(frozenset({A, B}), before, shrunk=shrunk, accept_shrink=accepted, newer_data=newer) == leaving


# Guards


@pytest.mark.parametrize(
    ("held", "lost", "gained", "fires"),
    [
        (20, 5, 0, []),
        (20, 6, 0, ["shrink"]),
        (20, 0, 5, []),
        (20, 0, 6, ["growth"]),
        (20, 6, 6, ["shrink", "growth"]),
        (60, 6, 0, []),
        (60, 7, 0, ["shrink"]),
        (60, 0, 6, []),
        (60, 0, 7, ["growth"]),
        (200, 20, 20, []),
        (200, 21, 0, ["shrink"]),
        (5, 5, 0, []),
        (6, 6, 0, ["shrink"]),
        (0, 0, 5, []),
        (0, 0, 6, ["growth"]),
    ],
)
def test_more_than_five_and_more_than_a_tenth_is_not_believed(
    held: int, lost: int, gained: int, fires: list[str]
) -> None:
    before = many(held)
    after = frozenset(sorted(before)[lost:]) | many(gained, start=5000)
    doubt = suspicion(search(CHORDOMA), state({CHORDOMA: before}, members=before), [sweep(CHORDOMA, *after)])
    assert [guard.kind.value for guard in doubt.guards] == fires
    assert doubt.shrunk == ("shrink" in fires)
    assert doubt.grown == (frozenset({CHORDOMA}) if "growth" in fires else frozenset())


def test_a_guard_says_which_term_lost_how_many_of_how_many() -> None:
    before = many(20)
    doubt = suspicion(search(CHORDOMA), state({CHORDOMA: before}), [sweep(CHORDOMA)])
    (guard,) = doubt.guards
    assert (guard.kind, guard.search, guard.count) == (GuardKind.SHRINK, "spine", 20)
    assert guard.reason.startswith("the term query.cond=chordoma lost 20 of its 20 members at once: ")


def test_each_term_is_judged_for_itself() -> None:
    chordoma, spine = many(20), many(100, start=1000)
    before = state({CHORDOMA: chordoma, SPINE: spine})
    doubt = suspicion(search(), before, [sweep(CHORDOMA), sweep(SPINE, *spine)])
    assert [guard.reason.split(" lost")[0] for guard in doubt.guards] == ["the term query.cond=chordoma"]


def test_a_term_that_is_new_or_was_not_swept_to_its_end_is_not_judged() -> None:
    before = state({CHORDOMA: many(20)})
    assert suspicion(search(), before, [sweep(CHORDOMA, complete=False), sweep(NEW_TERM, *many(50))]).guards == ()


def test_excluded_studies_are_neither_lost_nor_gained() -> None:
    noise = many(20)
    now_excluded = search(CHORDOMA, exclude=tuple(noise))
    assert suspicion(now_excluded, state({CHORDOMA: noise}), [sweep(CHORDOMA)]).guards == ()
    assert suspicion(now_excluded, state({CHORDOMA: NOBODY}), [sweep(CHORDOMA, *noise)]).guards == ()
    were_excluded = state({CHORDOMA: NOBODY}, gone={study: gone(why=LeftWhy.EXCLUDED) for study in noise})
    assert suspicion(search(CHORDOMA), were_excluded, [sweep(CHORDOMA, *noise)]).guards == ()


def test_members_are_those_whose_stay_has_no_end() -> None:
    assert state(members=frozenset({A}), gone={B: gone()}).members == {A}
