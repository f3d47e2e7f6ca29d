"""The stand-in against the contract: refusals word for word, single studies, aliases, conditional requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.registry.standin import StandIn, World, a_study, situations

A, B = "NCT90000001", "NCT90000002"


@pytest.fixture
def world() -> World:
    return World([a_study(A, conditions=("Chordoma",)), a_study(B, status="COMPLETED", conditions=("Scoliosis",))])


@pytest.fixture
def registry(world: World) -> Iterator[StandIn]:
    with StandIn(world) as standin:
        yield standin


def get(registry: StandIn, path: str, **headers: str) -> requests.Response:
    return requests.get(registry.url + path, headers=headers, timeout=5, allow_redirects=False)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/studies?filter.phase=2", 400, "`filter.phase` is unknown parameter"),
        ("/version?verbose=1", 400, "`verbose` is unknown parameter"),
        (
            "/studies?filter.overallStatus=NOT_A_STATUS",
            400,
            "Invalid value in parameter `overallStatus`: `NOT_A_STATUS`",
        ),
        ("/studies/ABC123", 400, "Parameter `nctId` has incorrect format"),
        ("/studies/NCT00000000", 400, "Parameter `nctId` has incorrect format"),
        ("/studies?filter.ids=foo,NCT90000001", 400, "Item 1 in parameter `filter.ids` has incorrect format"),
        ("/studies?filter.geo=here", 400, "Parameter `filter.geo` has incorrect format"),
        ("/studies?sort=StartDate:up", 400, "Item 1 in parameter `sort` has incorrect format"),
        ("/studies?sort=BriefTitle", 400, "Unsupported sort field type: text"),
        ("/studies?fields=StudyDesign", 400, "Parameter 'fields' contains invalid field name: 'StudyDesign'"),
        ("/studies?fields=nctid", 400, "Parameter 'fields' contains invalid field name: 'nctid'"),
        ("/studies?query.cond=(a", 400, "Error parsing query in Conditions or disease: missing ')' at '<EOF>'"),
        ("/studies?query.term=AREA[Nope]x", 400, "Error parsing query in Other terms: Unknown area name: `Nope`"),
        (
            "/studies?filter.advanced=AREA[Nope]x",
            400,
            "Error parsing query in advanced filter: Unknown area name: `Nope`",
        ),
        (
            "/studies?query.intr=COVERAGE[FullMatc]x",
            400,
            "Error parsing query in Intervention / treatment: Invalid coverage: FullMatc",
        ),
        ("/studies/NCT99999999", 404, "NCT number NCT99999999 not found"),
        ("/nowhere", 404, ""),
    ],
)
def test_refusals_are_plain_text_and_verbatim(registry: StandIn, path: str, status: int, body: str) -> None:
    answer = get(registry, path)
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"


@pytest.mark.parametrize("name", ["ConditionList", "InterventionList", "LocationList"])
def test_list_style_field_names_break_the_registry(registry: StandIn, name: str) -> None:
    assert get(registry, f"/studies?fields={name}").status_code == 500


@pytest.mark.parametrize("query", ["a AND", "OR b", ")", '"open', "foo bar [", "RANGE[1]"])
def test_expressions_that_cannot_be_read(registry: StandIn, query: str) -> None:
    answer = requests.get(registry.url + "/studies", params={"query.cond": query}, timeout=5)
    assert answer.status_code == 400
    assert answer.text.startswith("Error parsing query in Conditions or disease: ")


@pytest.mark.parametrize("query", ["NCT90000001", "nct90000001, NCT90000002"])
def test_a_query_of_nct_ids_ignores_everything_else(registry: StandIn, query: str) -> None:
    params = {"query.term": query, "query.cond": "asthma", "filter.overallStatus": "WITHDRAWN"}
    found = requests.get(registry.url + "/studies", params=params, timeout=5).json()["studies"]
    assert len(found) == query.upper().count("NCT")


def test_a_merged_study_redirects_and_drops_the_query(world: World, registry: StandIn) -> None:
    situations.a_trial_is_merged(world, A, into=B)
    answer = get(registry, f"/studies/{A}?fields=NCTId")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{registry.url}/studies/{B}"
    assert world.study(B)["protocolSection"]["identificationModule"]["nctIdAliases"] == [A]


def test_a_redirect_can_be_relative(world: World) -> None:
    situations.a_trial_is_merged(world, A, into=B)
    with StandIn(world, absolute_redirects=False) as registry:
        assert get(registry, f"/studies/{A}").headers["Location"] == f"/api/v2/studies/{B}"


def test_filter_ids_rewrites_aliases_and_is_silent_about_the_rest(world: World, registry: StandIn) -> None:
    situations.a_trial_is_merged(world, A, into=B)
    found = get(registry, f"/studies?filter.ids={A}|NCT99999999&fields=NCTId").json()
    assert found == {"studies": [{"protocolSection": {"identificationModule": {"nctId": B}}}]}


def test_a_removed_study_is_not_found(world: World, registry: StandIn) -> None:
    situations.a_trial_is_removed(world, A)
    assert get(registry, f"/studies/{A}").text == f"NCT number {A} not found"


def test_an_etag_stands_for_the_whole_data(world: World, registry: StandIn) -> None:
    tag = get(registry, "/version").headers["ETag"]
    assert get(registry, "/studies").headers["ETag"] == tag
    unchanged = get(registry, "/version", **{"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    world.refresh()
    assert get(registry, "/version", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("param", "expression", "found"),
    [
        ("query.cond", "chordoma", [A]),
        ("query.cond", "Chordoma OR scoliosis", [A, B]),
        ("query.cond", "neoplasm spinal", [A, B]),
        ("query.cond", '"neoplasm spinal"', []),
        ("query.cond", '"spinal neoplasms" AND NOT chordoma', [B]),
        ("query.cond", "chordoma or scoliosis", []),
        ("query.term", "AREA[OverallStatus]COMPLETED", [B]),
        ("query.term", "AREA[LastUpdatePostDate]RANGE[2025-11-01,MAX]", [A, B]),
        ("query.term", "AREA[LastUpdatePostDate]RANGE[MIN,01/01/2015]", []),
        ("query.term", "AREA[StartDate]2023", [A, B]),
        ("query.term", "AREA[ResultsFirstPostDate]MISSING AND AREA[Phase](PHASE2 OR PHASE3)", [A, B]),
        ("filter.advanced", "AREA[OverallStatus](RECRUITING)", [A]),
        ("filter.overallStatus", "COMPLETED|TERMINATED", [B]),
    ],
)
def test_expressions_are_evaluated_simply(registry: StandIn, param: str, expression: str, found: list[str]) -> None:
    params = {param: expression, "fields": "NCTId", "sort": "StudyFirstPostDate"}
    studies = requests.get(registry.url + "/studies", params=params, timeout=5).json()["studies"]
    assert [study["protocolSection"]["identificationModule"]["nctId"] for study in studies] == found


def test_a_fixed_answer_stands_until_a_study_no_longer_matches(world: World, registry: StandIn) -> None:
    world.returns("Spine tumor", [A, B])
    params = {"query.cond": "Spine tumor", "countTotal": "true"}
    counts = []
    steps: list[Callable[[World, str], None]] = [situations.a_trial_no_longer_matches, situations.matches_again]
    counts.append(requests.get(registry.url + "/studies", params=params, timeout=5).json()["totalCount"])
    for happens in steps:
        happens(world, A)
        counts.append(requests.get(registry.url + "/studies", params=params, timeout=5).json()["totalCount"])
    assert counts == [2, 1, 2]
    assert get(registry, f"/studies/{A}").status_code == 200
