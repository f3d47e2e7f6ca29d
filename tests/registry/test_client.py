"""What the client asks for and what it makes of the answers, against the stand-in registry over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.registry.fake_time import FakeTime, client
from tests.registry.standin import StandIn, World, a_study, faults
from tracker.errors import BadAnswer, BadRequest, ConfigError, InvalidNctId, InvalidTerm, UsageError
from tracker.registry.client import RegistryClient
from tracker.registry.fields import WHOLE_RECORD, fields_param
from tracker.registry.pages import nct_id_in
from tracker.registry.query import TermQuery, term_query
from tracker.registry.source import DataVersion, Found, Merged, Page, Removed
from tracker.study import NctId

_SPINE = term_query([("condition", "Spine tumor")])


def nct(number: int) -> NctId:
    return NctId(f"NCT9000{number:04}")


def world(studies: int) -> World:
    made = World(a_study(nct(number)) for number in range(1, studies + 1))
    made.matches_everything = True
    return made


@pytest.fixture(scope="module")
def large_world() -> World:
    return world(2001)


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn(world(5)) as standin:
        yield standin


@pytest.fixture
def registry_client(registry: StandIn) -> Iterator[RegistryClient]:
    with client(registry.url) as made:
        yield made


def ids(pages: list[Page]) -> list[NctId | None]:
    return [nct_id_in(record) for page in pages for record in page.records]


# --- version and count --------------------------------------------------------------------------------------


def test_version(registry_client: RegistryClient) -> None:
    version = registry_client.version()
    assert version == DataVersion("2.0.5", datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC))
    assert str(version.data_date) == "2026-03-02"


def test_version_without_a_timestamp(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body('{"apiVersion":"2.0.5"}'))
    assert registry_client.version() == DataVersion("2.0.5", None)


@pytest.mark.parametrize("body", ["{}", "null", "", '{"apiVersion":"2","dataTimestamp":"yesterday"}', "<html>"])
def test_a_version_that_is_none_is_asked_for_again(
    registry: StandIn, registry_client: RegistryClient, body: str
) -> None:
    registry.fail(faults.body(body))
    assert registry_client.version().api_version == "2.0.5"
    assert registry_client.traffic.requests == 2


def test_count(registry: StandIn, registry_client: RegistryClient) -> None:
    assert registry_client.count(_SPINE) == 5
    assert registry.requests[-1].params == {
        "query.cond": "Spine tumor", "fields": "NCTId", "countTotal": "true", "pageSize": "1",
    }  # fmt: skip


def test_a_count_that_is_not_given_is_no_zero(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body('{"studies":[  ]}'), times=None)
    with pytest.raises(BadAnswer, match="without the count"):
        registry_client.count(_SPINE)


# --- sweeps -------------------------------------------------------------------------------------------------


def test_a_sweep_asks_for_whole_records_in_a_steady_order(registry: StandIn, registry_client: RegistryClient) -> None:
    term = term_query([("title", "(spine OR spinal) AND tumor")], study_type="INTERVENTIONAL", status=["RECRUITING"])
    list(registry_client.sweep(term))
    assert registry.requests[0].params == {
        "query.titles": "(spine OR spinal) AND tumor",
        "filter.advanced": "AREA[StudyType]INTERVENTIONAL",
        "filter.overallStatus": "RECRUITING",
        "fields": "ProtocolSection,AnnotationSection,DocumentSection,DerivedSection,HasResults",
        "sort": "StudyFirstPostDate:asc,LastUpdatePostDate:asc",
        "countTotal": "true",
        "pageSize": "1000",
    }


def test_all_pages_over_one_connection(large_world: World) -> None:
    shown: list[tuple[int, int | None]] = []
    with (
        StandIn(large_world) as registry,
        client(registry.url, on_page=lambda done, total: shown.append((done, total))) as made,
    ):
        pages = list(made.sweep(_SPINE))
    assert sorted(ids(pages), key=str) == sorted(large_world.ids())
    assert [(len(page.records), page.total_count) for page in pages] == [(1000, 2001), (1000, None), (1, None)]
    assert shown == [(1000, 2001), (2000, 2001), (2001, 2001)]
    first, *later = [request.params for request in registry.requests]
    assert "pageToken" not in first
    for params in later:
        assert {name for name in params if name != "pageToken"} == first.keys() - {"countTotal"}
        assert all(params[name] == first[name] for name in params if name != "pageToken")
    assert len({request.client for request in registry.requests}) == 1
    assert made.traffic.requests == 3
    assert made.traffic.bytes > sum(len(record) for page in pages for record in page.records)


def test_the_other_way_round(registry: StandIn, registry_client: RegistryClient) -> None:
    there = ids(list(registry_client.sweep(_SPINE)))
    back = ids(list(registry_client.sweep(_SPINE, reverse=True)))
    assert registry.requests[-1].params["sort"] == "StudyFirstPostDate:desc,LastUpdatePostDate:desc"
    assert set(there) == set(back)


def test_nothing_found_is_one_empty_page(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.world.replace_all([])
    assert list(registry_client.sweep(_SPINE)) == [Page((), 0)]


def test_a_full_last_page_is_followed_by_an_empty_one() -> None:
    with StandIn(world(1000)) as registry, client(registry.url) as made:
        assert [len(page.records) for page in made.sweep(_SPINE)] == [1000, 0]


def test_results_are_not_asked_for(registry: StandIn, registry_client: RegistryClient) -> None:
    with registry.world.editing(nct(1)) as study:
        study["resultsSection"] = {"moreInfoModule": {}}
    records = [bytes(record) for page in registry_client.sweep(_SPINE) for record in page.records]
    assert len(records) == 5
    assert not any(b"resultsSection" in record for record in records)


def page_body(*records: str, token: str | None = None, total: int | None = None) -> str:
    end = "" if total is None else f',"totalCount":{total}'
    end += "" if token is None else f',"nextPageToken":"{token}"'
    return f'{{"studies":[{",".join(records)}]{end}}}'


def test_an_empty_page_with_a_new_token_is_followed(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body(page_body('{"a":1}', token="one", total=2)))
    registry.fail(faults.body(page_body(token="two")), after=1)
    registry.fail(faults.body(page_body('{"b":2}')), after=2)
    pages = [[bytes(record) for record in page.records] for page in registry_client.sweep(_SPINE)]
    assert pages == [[b'{"a":1}'], [], [b'{"b":2}']]
    assert [request.params.get("pageToken") for request in registry.requests] == [None, "one", "two"]


def test_a_token_that_comes_again_ends_the_walk(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body(page_body('{"a":1}', token="one", total=9)))
    registry.fail(faults.body(page_body('{"b":2}', token="two")), after=1)
    registry.fail(faults.body(page_body('{"c":3}', token="one")), after=2)
    with pytest.raises(BadAnswer, match="round in a circle"):
        list(registry_client.sweep(_SPINE))
    assert len(registry.requests) == 3


def test_empty_pages_without_end(registry: StandIn, registry_client: RegistryClient) -> None:
    for number in range(50):
        registry.fail(faults.body(page_body(token=f"token{number}")), after=number)
    with pytest.raises(BadAnswer, match="round in a circle"):
        list(registry_client.sweep(_SPINE))


def test_far_more_records_than_there_should_be(registry: StandIn, registry_client: RegistryClient) -> None:
    records = ['{"a":1}'] * 400
    for number in range(50):
        registry.fail(faults.body(page_body(*records, token=f"token{number}", total=3)), after=number)
    with pytest.raises(BadAnswer, match="round in a circle"):
        list(registry_client.sweep(_SPINE))
    assert len(registry.requests) == 3


def test_a_dropped_token_begins_the_walk_again(large_world: World) -> None:
    with StandIn(large_world) as registry, client(registry.url) as made:
        registry.fail(faults.token_expired(), after=2)
        pages = list(made.sweep(_SPINE))
    assert [len(page.records) for page in pages] == [1000, 1000, 1000, 1000, 1]
    assert [page.total_count for page in pages] == [2001, None, 2001, None, None]
    assert len(set(ids(pages))) == 2001


def test_a_walk_is_begun_again_twice_at_most(large_world: World) -> None:
    with StandIn(large_world) as registry, client(registry.url) as made:
        for walk in range(3):
            registry.fail(faults.token_expired(), after=2 * walk + 1)
        with pytest.raises(BadAnswer, match="its own page token was refused in 3 walks") as caught:
            list(made.sweep(_SPINE))
    assert len(registry.requests) == 6
    assert "try again" in caught.value.advice


def test_the_registrys_words_about_a_bad_term_are_repeated(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.world.matches_everything = False
    with pytest.raises(BadRequest, match="Error parsing query in Conditions or disease") as caught:
        list(registry_client.sweep(term_query([("condition", "AREA[NotARealField]x")])))
    assert caught.value.status == 400
    assert len(registry.requests) == 1
    assert "NotARealField" in caught.value.subject


def test_one_record_that_is_no_json_does_not_cost_the_others(
    registry: StandIn, registry_client: RegistryClient
) -> None:
    bad = rb'{"protocolSection":{"identificationModule":{"nctId":"NCT90000003","briefTitle":"\ud800"}}}'
    registry.world.serve_raw(nct(3), bad)
    (page,) = registry_client.sweep(_SPINE)
    assert sorted(ids([page]), key=str) == [nct(number) for number in range(1, 6)]
    assert bad in [bytes(record) for record in page.records]
    registry.world.serve_raw(nct(3), b"not JSON")
    (page,) = registry_client.sweep(_SPINE)
    assert b"not JSON" in [bytes(record) for record in page.records]
    assert len(page.records) == 5
    assert registry_client.traffic.requests == 2


# --- lists of ids -------------------------------------------------------------------------------------------


def test_ids_are_asked_for_in_hundreds() -> None:
    with StandIn(world(250)) as registry, client(registry.url) as made:
        pages = list(made.batches([nct(number) for number in range(1, 251)]))
    assert [len(page.records) for page in pages] == [100, 100, 50]
    assert len(registry.requests) == 3
    assert registry.requests[2].params == {
        "filter.ids": ",".join(nct(number) for number in range(201, 251)),
        "pageSize": "100",
        "fields": "ProtocolSection,AnnotationSection,DocumentSection,DerivedSection,HasResults",
    }


def test_absent_ids_are_missing_and_an_alias_answers_with_the_other_record(
    registry: StandIn, registry_client: RegistryClient
) -> None:
    registry.world.merge(nct(1), into=nct(2))
    pages = list(registry_client.batches([nct(1), nct(3), NctId("NCT00000077")]))
    assert sorted(ids(pages), key=str) == [nct(2), nct(3)]


def test_a_short_page_of_a_batch_with_a_token_is_followed(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body(page_body('{"a":1}', token="one")))
    registry.fail(faults.body(page_body('{"b":2}', token="two")), after=1)
    assert len(list(registry_client.batches([nct(1), nct(2)]))) == 2
    assert [request.params.get("pageToken") for request in registry.requests] == [None, "one"]


def test_a_batch_can_not_go_round_in_a_circle(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body(page_body(token="one")), times=None)
    with pytest.raises(BadAnswer, match="round in a circle"):
        list(registry_client.batches([nct(1)]))


def test_no_ids_no_request(registry: StandIn, registry_client: RegistryClient) -> None:
    assert list(registry_client.batches([])) == []
    assert registry.requests == []


@pytest.mark.parametrize("bad", ["NCT123", "NCT00000000", "", "NCT00000001,NCT00000002", "ABC12345678"])
def test_what_is_no_id_is_never_sent(registry: StandIn, registry_client: RegistryClient, bad: str) -> None:
    with pytest.raises(InvalidNctId):
        registry_client.batches([nct(1), NctId(bad)])
    with pytest.raises(InvalidNctId):
        registry_client.look_up(NctId(bad))
    assert registry.requests == []


# --- one study ----------------------------------------------------------------------------------------------


def test_a_study_that_is_there(registry: StandIn, registry_client: RegistryClient) -> None:
    found = registry_client.look_up(nct(1))
    assert isinstance(found, Found)
    assert nct_id_in(found.record) == nct(1)
    assert registry.requests[0].params == {"fields": ",".join(WHOLE_RECORD)}
    (page,) = registry_client.batches([nct(1)])
    assert bytes(page.records[0]) == found.record


def test_a_study_that_was_removed(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.world.remove(nct(1))
    assert registry_client.look_up(nct(1)) == Removed()


@pytest.mark.parametrize("absolute", [True, False])
def test_a_study_that_was_merged(absolute: bool) -> None:
    with StandIn(world(2), absolute_redirects=absolute) as registry, client(registry.url) as made:
        registry.world.merge(nct(1), into=nct(2))
        assert made.look_up(nct(1)) == Merged(nct(2))
        assert len(registry.requests) == 1


@pytest.mark.parametrize(
    "location",
    ["NCT90000002", "/api/v2/studies/NCT90000002?x=1", "https://clinicaltrials.gov/api/v2/studies/NCT90000002"],
)
def test_other_ways_to_name_the_study_that_it_was_merged_into(
    registry: StandIn, registry_client: RegistryClient, location: str
) -> None:
    registry.fail(faults.redirected(location, status=301))
    assert registry_client.look_up(nct(1)) == Merged(nct(2))


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("https://login.example/studies/NCT90000002", 301),  # another host
        ("https://login.example/?from=/studies/NCT90000001", 302),
        ("/api/v2/studies/NCT90000001", 301),  # the same study
        ("/api/v3/", 301),
        ("/api/v2/studies/NCT90000002", 302),  # not for good
        ("", 301),
        ("http://[", 301),
    ],
)
def test_other_redirects_are_errors_and_not_followed(
    registry: StandIn, registry_client: RegistryClient, location: str, status: int
) -> None:
    registry.fail(faults.redirected(location, status=status))
    with pytest.raises(BadRequest, match="redirects") as caught:
        registry_client.look_up(nct(1))
    assert caught.value.status == status
    assert len(registry.requests) == 1


def test_a_record_of_another_id_means_merged(registry: StandIn, registry_client: RegistryClient) -> None:
    registry.fail(faults.body('{"protocolSection":{"identificationModule":{"nctId":"NCT90000002"}}}'))
    assert registry_client.look_up(nct(1)) == Merged(nct(2))


@pytest.mark.parametrize("body", ["", "{}", "null", "<html>", '{"protocolSection":', "[]", '{"studies":[]}'])
def test_a_single_study_that_is_none_is_asked_for_again(
    registry: StandIn, registry_client: RegistryClient, body: str
) -> None:
    registry.fail(faults.body(body))
    assert isinstance(registry_client.look_up(nct(1)), Found)
    assert len(registry.requests) == 2


def test_a_single_study_with_a_lone_surrogate_is_found(registry: StandIn, registry_client: RegistryClient) -> None:
    bad = rb'{"protocolSection":{"identificationModule":{"nctId":"NCT90000001","briefTitle":"\ud800"}}}'
    registry.world.serve_raw(nct(1), bad)
    assert registry_client.look_up(nct(1)) == Found(bad)


def test_a_wrong_path_is_no_removal(registry: StandIn) -> None:
    with client(registry.url.replace("/v2", "/v1")) as made, pytest.raises(BadRequest, match="no such path") as caught:
        made.look_up(nct(1))
    assert caught.value.status == 404
    assert "base_url" in caught.value.advice


@pytest.mark.parametrize(
    "text",
    [
        "NCT number NCT90000002 not found",
        "NCT number NCT90000001 not found, try later",
        "Not Found",
        "<html>NCT number NCT90000001 not found</html>",
    ],
)
def test_other_words_are_no_removal(registry: StandIn, registry_client: RegistryClient, text: str) -> None:
    registry.fail(faults._instead("other words", faults.Answer(404, text.encode(), "text/plain")))
    with pytest.raises(BadRequest) as caught:
        registry_client.look_up(nct(1))
    assert "does not mean that NCT90000001 was removed" in caught.value.advice
    assert len(registry.requests) == 1


# --- checked before anything is sent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params", [(("pageSize", "5"),), (("query.cond", " "),), (), (("filter.phase", "PHASE2"),)], ids=str
)
def test_a_term_that_can_not_be_meant(
    registry: StandIn, registry_client: RegistryClient, params: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(InvalidTerm):
        list(registry_client.sweep(TermQuery(params)))
    with pytest.raises(InvalidTerm):
        registry_client.count(TermQuery(params))
    assert registry.requests == []


def test_field_names_are_checked_here() -> None:
    assert fields_param(["NCTId", "OverallStatus"]) == "NCTId,OverallStatus"
    with pytest.raises(UsageError, match="'ConditionList' is no field"):
        fields_param(["NCTId", "ConditionList"])


@pytest.mark.parametrize(
    "url", ["", "clinicaltrials.gov/api/v2", "ftp://host/", "https://", "http://[::1", "http://a:b/", "http://a/?q=1"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        client(url)
    assert caught.value.subject == "registry.base_url"


def test_a_slash_at_the_end_does_not_matter(registry: StandIn) -> None:
    with client(registry.url + "/") as made:
        assert made.version().api_version == "2.0.5"
        assert made.description == registry.url


def test_the_librarys_own_user_agent_unless_told_otherwise(registry: StandIn) -> None:
    with client(registry.url) as made:
        made.version()
    with client(registry.url, user_agent="tumour-board/1 (board@hospital.example)") as made:
        made.version()
    own, told = (request.headers["user-agent"] for request in registry.requests)
    assert own.startswith("python-requests/")
    assert told == "tumour-board/1 (board@hospital.example)"


def test_requests_are_spaced() -> None:
    time = FakeTime()
    with StandIn(world(1)) as registry, client(registry.url, time, requests_per_second=2) as made:
        for _ in range(3):
            made.version()
    assert time.slept == [0.5, 0.5]
