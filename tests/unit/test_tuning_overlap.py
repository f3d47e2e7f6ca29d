"""What terms bring together and alone, and what follows for the membership."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.study import NctId, nct_id
from tracker.tuning.edits import edited
from tracker.tuning.outlook import EnterWhy, HoldWhy, LeaveWhy, Outlook, outlook
from tracker.tuning.overlap import combinations, only_from, returning

A, B, C, D, E, F, G, H = (nct_id(f"NCT9000000{number}") for number in range(1, 9))
ONE, TWO, NEW = (term_query([("condition", words)]) for words in ("one", "two", "new"))


def of(*studies: NctId) -> frozenset[NctId]:
    return frozenset(studies)


BROUGHT = {1: of(A, B, C), 2: of(B, C, D), 3: of(C)}


def test_each_combination_holds_the_studies_of_exactly_its_terms() -> None:
    assert [(one.terms, one.studies) for one in combinations(BROUGHT)] == [
        ((1,), of(A)),
        ((2,), of(D)),
        ((1, 2), of(B)),
        ((1, 2, 3), of(C)),
    ]


def test_what_only_one_term_brings() -> None:
    assert [only_from(BROUGHT, number) for number in (1, 2, 3)] == [of(A), of(D), of()]
    assert only_from({1: of(A)}, 1) == of(A)


def test_the_largest_combination_comes_first() -> None:
    assert [one.terms for one in combinations({1: of(A), 2: of(B, C)})] == [(2,), (1,)]
    assert combinations({1: of(), 2: of()}) == ()


answers = st.dictionaries(st.integers(1, 6), st.frozensets(st.sampled_from([A, B, C, D, E, F])), min_size=1)


@given(answers)
def test_combinations_part_the_union(brought: dict[int, frozenset[NctId]]) -> None:
    parts = combinations(brought)
    assert sum(len(one.studies) for one in parts) == len(frozenset[NctId]().union(*brought.values()))
    for one in parts:
        for study in one.studies:
            assert {number for number, ids in brought.items() if study in ids} == {*one.terms}
            assert returning(brought)[study] == one.terms
    for number in brought:
        assert only_from(brought, number) == frozenset().union(*(p.studies for p in parts if p.terms == (number,)))


# --- the membership -----------------------------------------------------------------------------------------


def told(found: Outlook) -> list[tuple[NctId, object, tuple[int, ...]]]:
    return [(one.nct_id, one.why, one.terms) for one in (*found.entering, *found.leaving, *found.held)]


def test_the_edit_is_told_apart_from_what_the_next_sync_does_anyway() -> None:
    search = SearchDefinition("spine", terms=(ONE, TWO), include=((F, "asked for"),), exclude=((G, "noise"),))
    edit = edited(search, add=[NEW], drop=[2])
    #  A stays · B: new in the registry · C: only a dropped term · D: only an added one · E: nobody returns it any more
    #  F: included · G: excluded, and a member until now · H: a member that only the added term saves
    brought = {1: of(A, B, G), 2: of(A, C), 3: of(A, D, H, G)}
    found = outlook(edit, brought, members=of(A, C, E, G, H))
    assert told(found) == [
        (B, EnterWhy.NEXT_SYNC, (1,)),
        (D, EnterWhy.EDIT, (3,)),
        (F, EnterWhy.INCLUDED, ()),
        (C, LeaveWhy.EDIT, (2,)),
        (E, LeaveWhy.NEXT_SYNC, ()),
        (G, LeaveWhy.EXCLUDED, (1, 3)),
        (H, HoldWhy.KEPT_IN, (3,)),
    ]
    assert found.after == of(A, B, D, F, H)
    assert [one.nct_id for one in (*found.entering, *found.leaving, *found.held) if one.by_edit] == [D, C, H]


def test_a_study_that_only_a_dropped_term_would_bring_is_kept_out() -> None:
    edit = edited(SearchDefinition("spine", terms=(ONE, TWO)), drop=[2])
    found = outlook(edit, {1: of(A), 2: of(A, B)}, members=of(A))
    assert told(found) == [(B, HoldWhy.KEPT_OUT, (2,))]


def test_without_an_edit_only_the_next_sync_moves_anybody() -> None:
    edit = edited(SearchDefinition("spine", terms=(ONE,)))
    assert told(outlook(edit, {1: of(A, B)}, members=of(B, C))) == [
        (A, EnterWhy.NEXT_SYNC, (1,)),
        (C, LeaveWhy.NEXT_SYNC, ()),
    ]
    assert told(outlook(edit, {1: of(A)}, members=of())) == [(A, EnterWhy.NEXT_SYNC, (1,))]


ids = st.frozensets(st.sampled_from([A, B, C, D, E, F, G, H]))


@given(ids, ids, ids, ids, ids, ids)
def test_entering_and_leaving_turn_the_members_into_those_after(
    one: frozenset[NctId],
    two: frozenset[NctId],
    new: frozenset[NctId],
    members: frozenset[NctId],
    included: frozenset[NctId],
    excluded: frozenset[NctId],
) -> None:
    search = SearchDefinition(
        "spine",
        terms=(ONE, TWO),
        include=tuple((study, "") for study in included - excluded),
        exclude=tuple((study, "") for study in excluded),
    )
    found = outlook(edited(search, add=[NEW], drop=[1]), {1: one, 2: two, 3: new}, members=members)
    assert (members | {study.nct_id for study in found.entering}) - {
        study.nct_id for study in found.leaving
    } == found.after
    assert found.after == ((two | new | included) - excluded)
    assert not {study.nct_id for study in found.held} & (members ^ found.after)
