"""The stand-in against the contract: lists, pages, totals, order and projection (CONTRACT §1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.registry.standin import StandIn, World, a_study, faults, situations

IDS = [f"NCT900000{number:02}" for number in range(1, 11)]
STEADY = "StudyFirstPostDate:asc,LastUpdatePostDate:asc"


@pytest.fixture
def world() -> World:
    return World(a_study(nct_id, first_posted=f"2023-03-{20 - at:02}") for at, nct_id in enumerate(IDS))


@pytest.fixture
def registry(world: World) -> Iterator[StandIn]:
    with StandIn(world) as standin:
        yield standin


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def nct_ids(page: Any) -> list[str]:
    return [study["protocolSection"]["identificationModule"]["nctId"] for study in page["studies"]]


def walk(http: requests.Session, url: str, **params: str) -> list[Any]:
    pages = []
    while True:
        page = http.get(f"{url}/studies", params=params, timeout=5).json()
        pages.append(page)
        if "nextPageToken" not in page:
            return pages
        params["pageToken"] = page["nextPageToken"]


def test_a_full_last_page_is_followed_by_an_empty_one(registry: StandIn, http: requests.Session) -> None:
    pages = walk(http, registry.url, pageSize="5", sort=STEADY, countTotal="true")
    assert [len(page["studies"]) for page in pages] == [5, 5, 0]
    assert [page.get("totalCount") for page in pages] == [10, None, None]
    assert sorted(nct_ids(pages[0]) + nct_ids(pages[1])) == IDS


def test_an_empty_list_is_laid_out_as_the_registry_does(registry: StandIn, http: requests.Session) -> None:
    answer = http.get(f"{registry.url}/studies", params={"filter.ids": "NCT99999999"}, timeout=5)
    assert (answer.status_code, answer.content) == (200, b'{"studies":[  ]}')


def test_every_study_has_a_line_of_its_own(registry: StandIn, http: requests.Session) -> None:
    lines = http.get(f"{registry.url}/studies", params={"pageSize": "3"}, timeout=5).text.split("\n")
    assert lines[0] == '{"studies":['
    assert len(lines) == 5
    assert lines[4].startswith('],"nextPageToken":"')


@pytest.mark.parametrize(("asked", "given"), [("0", 10), ("3", 3), ("1001", 10)])
def test_page_size(registry: StandIn, http: requests.Session, asked: str, given: int) -> None:
    assert len(http.get(f"{registry.url}/studies", params={"pageSize": asked}, timeout=5).json()["studies"]) == given


def test_dates_sort_descending_unless_told_otherwise(registry: StandIn, http: requests.Session) -> None:
    default, ascending = (
        nct_ids(http.get(f"{registry.url}/studies", params={"sort": sort}, timeout=5).json())
        for sort in ("StudyFirstPostDate", "StudyFirstPostDate:asc")
    )
    assert default == IDS
    assert ascending == IDS[::-1]


def test_missing_values_come_last_in_both_directions(world: World, registry: StandIn, http: requests.Session) -> None:
    with world.editing(IDS[3]) as study:
        del study["protocolSection"]["statusModule"]["startDateStruct"]
    for direction in ("asc", "desc"):
        page = http.get(f"{registry.url}/studies", params={"sort": f"StartDate:{direction}"}, timeout=5).json()
        assert nct_ids(page)[-1] == IDS[3]


def test_without_a_sort_the_order_changes_between_calls(registry: StandIn, http: requests.Session) -> None:
    orders = {tuple(nct_ids(http.get(f"{registry.url}/studies", timeout=5).json())) for _ in range(4)}
    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple(IDS)}


def test_a_token_works_with_other_parameters_and_gives_wrong_rows(registry: StandIn, http: requests.Session) -> None:
    token = walk(http, registry.url, pageSize="4", sort=STEADY)[0]["nextPageToken"]
    other = {"pageToken": token, "sort": "StudyFirstPostDate:desc", "filter.ids": ",".join(IDS[:5])}
    assert nct_ids(http.get(f"{registry.url}/studies", params=other, timeout=5).json()) == [IDS[4]]


def test_tokens_survive_a_refresh_unless_switched(world: World, http: requests.Session) -> None:
    for expire, status in ((False, 200), (True, 400)):
        with StandIn(world, tokens_expire_on_refresh=expire) as registry:
            params = {"pageSize": "4", "sort": STEADY}
            params["pageToken"] = walk(http, registry.url, **params)[0]["nextPageToken"]
            world.refresh()
            assert http.get(f"{registry.url}/studies", params=params, timeout=5).status_code == status


def test_a_refresh_in_the_middle_of_a_walk_shows_in_the_stamps(
    world: World, registry: StandIn, http: requests.Session
) -> None:
    registry.in_the_middle(world.refresh)
    pages = walk(http, registry.url, pageSize="6", sort=STEADY)
    stamps = [
        {study["derivedSection"]["miscInfoModule"]["versionHolder"] for study in page["studies"]} for page in pages
    ]
    assert stamps == [{"2026-03-02"}, {"2026-03-03"}]


def test_an_edit_in_the_middle_of_a_walk_moves_records_between_pages(
    world: World, registry: StandIn, http: requests.Session
) -> None:
    registry.in_the_middle(lambda: situations.a_trial_is_removed(world, IDS[-1]))
    pages = walk(http, registry.url, pageSize="5", sort=STEADY, countTotal="true")
    seen = [nct_id for page in pages for nct_id in nct_ids(page)]
    assert pages[0]["totalCount"] == 10
    assert len(set(seen)) == 9


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("NCTId", {"protocolSection": {"identificationModule": {"nctId": IDS[0]}}}),
        (
            "HasResults|NCTId",
            {"protocolSection": {"identificationModule": {"nctId": IDS[0]}}, "hasResults": False},
        ),
        (
            "protocolSection.statusModule.startDateStruct",
            {"protocolSection": {"statusModule": {"startDateStruct": {"date": "2023-04-03", "type": "ACTUAL"}}}},
        ),
        ("VersionHolder", {"derivedSection": {"miscInfoModule": {"versionHolder": "2026-03-02"}}}),
        ("WhyStopped", {}),
    ],
)
def test_fields(registry: StandIn, http: requests.Session, fields: str, expected: object) -> None:
    params = {"fields": fields}
    assert http.get(f"{registry.url}/studies/{IDS[0]}", params=params, timeout=5).json() == expected
    params["filter.ids"] = IDS[0]
    assert http.get(f"{registry.url}/studies", params=params, timeout=5).json()["studies"] == [expected]


def test_sections_by_name_take_everything_below(world: World, registry: StandIn, http: requests.Session) -> None:
    whole = world.study(IDS[0])
    for names in ("ProtocolSection,DerivedSection,HasResults", "protocolSection,derivedSection,hasResults"):
        served = http.get(f"{registry.url}/studies/{IDS[0]}", params={"fields": names}, timeout=5).json()
        assert served == whole


def test_faulty_pages_differ_from_the_sound_one(registry: StandIn, http: requests.Session) -> None:
    params = {"pageSize": "4", "sort": STEADY, "countTotal": "true"}
    sound = http.get(f"{registry.url}/studies", params=params, timeout=5).json()
    registry.fail(faults.record_dropped(nct_ids(sound)[1]))
    registry.fail(faults.record_twice(), after=1)
    registry.fail(faults.total_count(99), after=2)
    dropped, twice, miscounted = (
        http.get(f"{registry.url}/studies", params=params, timeout=5).json() for _ in range(3)
    )
    assert nct_ids(dropped) == [nct_ids(sound)[0], *nct_ids(sound)[2:]]
    assert nct_ids(twice) == [*nct_ids(sound), nct_ids(sound)[0]]
    assert miscounted["totalCount"] == 99
    assert http.get(f"{registry.url}/studies", params=params, timeout=5).json() == sound


def test_the_same_token_again_makes_a_loop(registry: StandIn, http: requests.Session) -> None:
    registry.fail(faults.same_token_again(), times=None)
    params = {"pageSize": "4", "sort": STEADY}
    params["pageToken"] = http.get(f"{registry.url}/studies", params=params, timeout=5).json()["nextPageToken"]
    for _ in range(3):
        page = http.get(f"{registry.url}/studies", params=params, timeout=5).json()
        assert page["nextPageToken"] == params["pageToken"]
