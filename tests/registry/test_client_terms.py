"""What the tuning of search terms asks of the client: all studies' count, fewer fields, ids within a term."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.registry.fake_time import client
from tests.registry.standin import StandIn, World, a_study
from tracker.errors import InvalidNctId, InvalidTerm, UsageError
from tracker.parse import parse
from tracker.registry.client import RegistryClient
from tracker.registry.fields import WHAT_IT_IS_ABOUT
from tracker.registry.pages import nct_id_in
from tracker.registry.query import TermQuery, term_query
from tracker.study import NctId, nct_id
from tracker.taxonomy import classify

A, B, C, D = (nct_id(f"NCT9000000{number}") for number in range(1, 5))
CHORDOMA = term_query([("condition", "chordoma")])


@pytest.fixture
def registry() -> Iterator[StandIn]:
    world = World(a_study(one) for one in (A, B, C))
    world.returns("chordoma", [A, B])
    with StandIn(world) as standin:
        yield standin


@pytest.fixture
def asking(registry: StandIn) -> Iterator[RegistryClient]:
    with client(registry.url) as made:
        yield made


def test_without_a_term_all_studies_are_counted(registry: StandIn, asking: RegistryClient) -> None:
    assert asking.count() == 3
    assert registry.requests[-1].params == {"fields": "NCTId", "countTotal": "true", "pageSize": "1"}


def test_a_term_that_asks_nothing_is_not_taken_for_all_studies(registry: StandIn, asking: RegistryClient) -> None:
    with pytest.raises(InvalidTerm):
        asking.count(TermQuery(()))
    assert registry.requests == []


def test_a_sweep_of_some_fields_is_classified_as_one_of_whole_records(
    registry: StandIn, asking: RegistryClient
) -> None:
    [part] = asking.sweep(CHORDOMA, fields=WHAT_IT_IS_ABOUT)
    [whole] = asking.sweep(CHORDOMA)
    assert registry.requests[0].params["fields"] == ",".join(WHAT_IT_IS_ABOUT)
    assert sum(map(len, part.records)) < sum(map(len, whole.records)) / 2
    assert [classify(parse(record)) for record in part.records] == [classify(parse(one)) for one in whole.records]


def test_an_unknown_field_is_refused_here(registry: StandIn, asking: RegistryClient) -> None:
    with pytest.raises(UsageError, match="'ConditionList' is no field"):
        list(asking.sweep(CHORDOMA, fields=("ConditionList",)))
    assert registry.requests == []


def ids(asking: RegistryClient, *asked: NctId, within: TermQuery | None = None) -> list[NctId | None]:
    pages = asking.batches(asked, within=within, fields=("NCTId",))
    return sorted(nct_id_in(record) or "" for page in pages for record in page.records)  # type: ignore[arg-type]


def test_ids_within_a_term_are_those_that_it_returns(registry: StandIn, asking: RegistryClient) -> None:
    assert ids(asking, A, C, D, within=CHORDOMA) == [A]
    assert ids(asking, A, C, D) == [A, C]
    first, second = registry.requests
    assert first.params == {
        "query.cond": "chordoma", "filter.ids": f"{A},{C},{D}", "fields": "NCTId", "pageSize": "100",
    }  # fmt: skip
    assert "query.cond" not in second.params


def test_no_ids_ask_nothing(registry: StandIn, asking: RegistryClient) -> None:
    assert ids(asking, within=CHORDOMA) == []
    with pytest.raises(InvalidNctId):
        asking.batches([NctId("NCT1")], within=CHORDOMA)
    assert registry.requests == []
