"""The stand-in's faults as a plain HTTP client meets them, and that it leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from tests.registry.standin import StandIn, World, a_study, faults
from tests.registry.standin.faults import Fault


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn(World(a_study(f"NCT9000000{number}") for number in range(1, 6))) as standin:
        yield standin


def get(registry: StandIn, path: str = "/studies") -> requests.Response:
    return requests.get(registry.url + path, timeout=5, allow_redirects=False)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (faults.blocked(), 403, "text/html"),
        (faults.url_too_long(), 414, "text/html"),
        (faults.too_many_requests(), 429, "text/html"),
        (faults.server_error(503), 503, "text/html"),
        (faults.html_instead(), 200, "text/html"),
        (faults.empty_body(), 200, "application/json"),
        (faults.body("null"), 200, "application/json"),
        (faults.token_expired(), 400, "text/plain; charset=UTF-8"),
        (faults.redirected("http://other.example/"), 302, "text/html"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
def test_other_answers(registry: StandIn, fault: Fault, status: int, kind: str) -> None:
    registry.fail(fault)
    answer = get(registry)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert get(registry).status_code == 200


@pytest.mark.parametrize("value", ["120", "Fri, 31 Dec 2027 23:59:59 GMT", "-5", "abc", "86400"])
def test_retry_after_is_sent_as_it_is(registry: StandIn, value: str) -> None:
    registry.fail(faults.too_many_requests(value))
    assert get(registry).headers["Retry-After"] == value


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.connection_reset(), requests.ConnectionError),
        (faults.connection_reset(after_bytes=20), requests.exceptions.ChunkedEncodingError),
        (faults.body_cut(), requests.exceptions.ChunkedEncodingError),
        (faults.gzip_corrupt(), requests.exceptions.ContentDecodingError),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
def test_faults_that_a_client_notices(registry: StandIn, fault: Fault, error: type[Exception]) -> None:
    registry.fail(fault)
    with pytest.raises(error):
        get(registry)
    assert get(registry).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [faults.truncated_json(), faults.gzip_cut(), faults.gzip_cut(length=False)],
    ids=["truncated", "gzip cut", "gzip cut, no length"],
)
def test_faults_that_only_the_json_reader_notices(registry: StandIn, fault: Fault) -> None:
    registry.fail(fault)
    answer = get(registry)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_reset_is_a_reset_and_no_quiet_end(registry: StandIn) -> None:
    for after_bytes in (0, 20):
        registry.fail(faults.connection_reset(after_bytes))
        with pytest.raises(requests.RequestException, match="ConnectionResetError"):
            get(registry)


def test_a_gzip_without_its_trailer_is_still_whole(registry: StandIn) -> None:
    registry.fail(faults.gzip_without_trailer())
    assert len(get(registry).json()["studies"]) == 5


def test_a_bomb_is_small_on_the_wire(registry: StandIn) -> None:
    registry.fail(faults.bomb(megabytes=3))
    answer = get(registry)
    assert int(answer.headers["Content-Length"]) < 20_000
    assert len(answer.content) == 3_000_000


def test_a_drip_sends_every_byte_and_does_not_hold_up_the_end() -> None:
    with StandIn() as registry:
        registry.fail(faults.drip(pause_s=0.001))
        assert get(registry, "/version").json()["apiVersion"] == "2.0.5"
        registry.fail(faults.drip(pause_s=3600))
        slow = requests.get(registry.url + "/version", timeout=5, stream=True)
    slow.close()


def test_a_fault_strikes_where_and_when_it_is_told(registry: StandIn) -> None:
    registry.fail(faults.server_error(), path="/studies", after=1, times=2)
    statuses = [
        get(registry, path).status_code for path in ("/studies", "/version", "/studies", "/studies", "/studies")
    ]
    assert statuses == [200, 200, 500, 500, 200]


def test_an_older_mirror_says_so_everywhere(registry: StandIn) -> None:
    registry.fail(faults.older_mirror("2026-02-27T09:00:05"), times=2)
    assert get(registry, "/version").json()["dataTimestamp"] == "2026-02-27T09:00:05"
    misc = get(registry).json()["studies"][0]["derivedSection"]["miscInfoModule"]
    assert misc["versionHolder"] == "2026-02-27"
    assert get(registry, "/version").json()["dataTimestamp"] == "2026-03-02T09:00:05"


def test_requests_are_logged_as_they_came(registry: StandIn) -> None:
    requests.get(registry.url + "/studies", params={"query.cond": "a b", "sort": ""}, timeout=5)
    [request] = registry.requests_to("/studies")
    assert request.params == {"query.cond": "a b", "sort": ""}
    assert "python-requests" in request.headers["user-agent"]


def test_one_session_is_one_connection(registry: StandIn) -> None:
    with requests.Session() as session:
        for _ in range(3):
            session.get(registry.url + "/version", timeout=5)
    assert len({request.client for request in registry.requests}) == 1


def test_an_address_that_is_too_long_gets_a_page_not_json(registry: StandIn) -> None:
    answer = requests.get(registry.url + "/studies", params={"query.cond": "x" * 20_000}, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (414, "text/html")


def test_nothing_is_left_running_though_a_client_keeps_its_connection() -> None:
    before = threading.active_count()
    with requests.Session() as session:
        with StandIn() as registry:
            session.get(registry.url + "/version", timeout=5)
        assert threading.active_count() == before
        with pytest.raises(requests.ConnectionError):
            session.get(registry.url + "/version", timeout=5)
