"""Whatever goes wrong on the way, the client retries what may pass and never takes a failure for "no studies"."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from tests.registry.fake_time import FakeTime, client
from tests.registry.standin import StandIn, World, a_study, faults
from tests.registry.standin.faults import Fault
from tracker.errors import (
    BadAnswer,
    BadRequest,
    ConfigError,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    RunAborted,
    TrackerError,
)
from tracker.registry.client import RegistryClient
from tracker.registry.query import term_query

_SPINE = term_query([("condition", "Spine tumor")])
_BASE = "https://registry.test/api/v2"


@pytest.fixture
def registry() -> Iterator[StandIn]:
    world = World(a_study(f"NCT9000000{number}") for number in range(1, 6))
    world.matches_everything = True
    with StandIn(world) as standin:
        yield standin


def swept(made: RegistryClient) -> int:
    return sum(len(page.records) for page in made.sweep(_SPINE))


_PASSING = [
    faults.gzip_cut(),
    faults.gzip_cut(0.99),
    faults.gzip_cut(length=False),
    faults.gzip_corrupt(),
    faults.body_cut(),
    faults.truncated_json(),
    faults.connection_reset(),
    faults.connection_reset(after_bytes=100),
    faults.html_instead(),
    faults.empty_body(),
    faults.body("{}"),
    faults.body("null"),
    faults.body('{"totalCount":5}'),
    faults.body("Service temporarily unavailable"),
    faults.too_many_requests(),
    faults.server_error(500),
    faults.server_error(502),
    faults.server_error(503),
    faults.server_error(504),
    faults._instead("no content", faults.Answer(204)),
]


@pytest.mark.parametrize("fault", _PASSING, ids=lambda fault: fault.name)
def test_what_may_pass_is_tried_again(registry: StandIn, fault: Fault) -> None:
    time = FakeTime()
    registry.fail(fault, times=2)
    with client(registry.url, time) as made:
        assert swept(made) == 5
    assert made.traffic.requests == len(registry.requests) == 3
    assert time.slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("fault", "error", "says", "requests_sent"),
    [
        (faults.gzip_cut(), BadAnswer, "JSON is cut or broken", 6),
        (faults.gzip_corrupt(), BadAnswer, "can't be unzipped", 6),
        (faults.body_cut(), BadAnswer, "ends too early", 6),
        (faults.html_instead(), BadAnswer, "a web page", 6),
        (faults.body("{}"), BadAnswer, "an object without studies", 6),
        (faults.connection_reset(), RegistryUnreachable, "no connection", 6),
        (faults.too_many_requests(), RegistryUnreachable, "asked too often", 6),
        (faults.server_error(503), RegistryUnreachable, "HTTP 503", 6),
        (faults.server_error(500), RegistryUnreachable, "HTTP 500", 3),
        (faults.server_error(501), BadRequest, "HTTP 501", 1),
        (faults.blocked(), RegistryRefused, "refuses this address or client", 1),
        (faults.url_too_long(), BadRequest, "too long", 1),
        (faults.redirected("https://login.hospital.example/sso?next=x"), BadRequest, "login.hospital.example/sso", 1),
        (faults.bomb(2), BadAnswer, "larger than 1 MB", 1),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_what_does_not_pass_is_an_error_that_helps(
    registry: StandIn, fault: Fault, error: type[RegistryError], says: str, requests_sent: int
) -> None:
    registry.fail(fault, times=None)
    with client(registry.url, largest_answer=1_000_000) as made, pytest.raises(error, match=says) as caught:
        swept(made)
    assert len(registry.requests) == requests_sent
    assert caught.value.subject.startswith(registry.url + "/studies?query.cond=Spine+tumor&")
    assert "127.0.0.1" in caught.value.message
    assert caught.value.advice


def test_no_data_is_lost_where_only_the_gzip_trailer_is_missing(registry: StandIn) -> None:
    registry.fail(faults.gzip_without_trailer())
    with client(registry.url) as made:
        assert swept(made) == 5
    assert len(registry.requests) == 1


def test_a_bomb_is_cut_early(registry: StandIn) -> None:
    registry.fail(faults.bomb(50))
    with client(registry.url, largest_answer=1_000_000) as made, pytest.raises(BadAnswer):
        swept(made)
    assert made.traffic.bytes < 1_200_000


def test_a_redirect_can_not_hide_a_bomb(registry: StandIn) -> None:
    registry.fail(faults.redirected("/api/v2/version"))
    registry.fail(faults.bomb(50))
    with client(registry.url, largest_answer=1_000_000) as made, pytest.raises(BadAnswer):
        made.version()
    assert made.traffic.bytes < 1_200_000


def test_the_connection_is_good_again_after_a_cut_answer(registry: StandIn) -> None:
    registry.fail(faults.bomb(2))
    with client(registry.url, largest_answer=1_000_000) as made:
        with pytest.raises(BadAnswer):
            swept(made)
        assert swept(made) == 5


def test_a_refusal_says_what_to_do(registry: StandIn) -> None:
    registry.fail(faults.blocked())
    with client(registry.url) as made, pytest.raises(RegistryRefused) as caught:
        made.version()
    assert "user_agent" in caught.value.advice
    assert "proxy" in caught.value.advice


# --- Retry-After --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("7", 7.0),
        ("0", None),
        ("300", 300.0),
        ("Mon, 02 Mar 2026 12:00:42 GMT", 42.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 1.0),  # past: our own back-off
        ("-5", 1.0),
        ("abc", 1.0),
    ],
)
@pytest.mark.parametrize("fault", [faults.too_many_requests, lambda after: faults.server_error(503, after)])
def test_retry_after_is_heeded(registry: StandIn, fault: Callable[[str], Fault], header: str, slept: float) -> None:
    time = FakeTime()
    registry.fail(fault(header))
    with client(registry.url, time) as made:
        assert swept(made) == 5
    assert [wait for wait in time.slept if wait > 1e-6] == ([slept] if slept else [])


def test_each_retry_is_logged_without_what_was_asked(registry: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    registry.fail(faults.server_error(503), times=2)
    with client(registry.url.replace("//", "//ward:secret@"), FakeTime()) as made:
        assert swept(made) == 5
    lines = [(line.levelname, line.getMessage()) for line in caplog.records if line.name == "tracker.registry"]
    assert lines == [
        ("WARNING", f"{registry.url}/studies: not available (HTTP 503); asked again in 1 s (attempt 1 failed)"),
        ("WARNING", f"{registry.url}/studies: not available (HTTP 503); asked again in 2 s (attempt 2 failed)"),
    ]


@pytest.mark.parametrize(
    ("header", "again", "hours"),
    [
        ("86400", "2026-03-03 12:00 UTC", 24),
        ("Mon, 02 Mar 2026 14:30:00 GMT", "2026-03-02 14:30 UTC", 2.5),
        ("9" * 30, "a time past all calendars", 366 * 24),
    ],
)
def test_a_wait_that_is_too_long_is_for_the_next_run(registry: StandIn, header: str, again: str, hours: float) -> None:
    time = FakeTime()
    registry.fail(faults.too_many_requests(header))
    with client(registry.url, time) as made, pytest.raises(RegistryUnreachable, match=again) as caught:
        swept(made)
    assert time.slept == []
    assert again in caught.value.advice
    assert caught.value.retry_at == time.now() + timedelta(hours=hours)


def test_after_a_429_the_run_goes_slower(registry: StandIn) -> None:
    time = FakeTime()
    registry.fail(faults.too_many_requests("5"))
    with client(registry.url, time, requests_per_second=1) as made:
        for _ in range(3):
            made.version()
    assert time.slept == [5.0, 2.0, 2.0]


# --- deadlines ----------------------------------------------------------------------------------------------


def test_a_drip_ends_at_the_answers_deadline(registry: StandIn) -> None:
    time = FakeTime(tick=1.0)
    registry.fail(faults.drip(pause_s=0.001), times=None)
    with (
        client(registry.url, time, answer_deadline_s=20.0) as made,
        pytest.raises(RegistryUnreachable, match="took too long") as caught,
    ):
        swept(made)
    assert "timeout_s" in caught.value.advice


def test_a_drip_of_the_head_ends_as_well() -> None:
    time = FakeTime(tick=1.0)
    endless = (b"x" if sent else b"HTTP/1.1 200 OK\r\nX-Long: " for sent in range(10**9))
    with (
        bytes_server(endless, pause_s=0.001) as url,
        client(url, time, answer_deadline_s=20.0) as made,
        pytest.raises(RegistryUnreachable, match=r"took too long|no answer in time"),
    ):
        made.version()


def test_silence_ends_at_the_timeout() -> None:
    silence = threading.Event()
    with (
        bytes_server(iter(()), hold=silence) as url,
        client(url, timeout_s=0.05) as made,
        pytest.raises(RegistryUnreachable, match="no answer in time"),
    ):
        made.version()
    silence.set()
    assert made.traffic.requests == 6


def test_the_run_has_a_deadline(registry: StandIn) -> None:
    time = FakeTime()
    with client(registry.url, time, run_deadline_s=100.0) as made:
        made.version()
        time.seconds += 99
        made.version()
        time.seconds += 1
        with pytest.raises(RunAborted, match="longer than 100 seconds") as caught:
            made.version()
    assert "run_deadline_s" in caught.value.advice
    assert len(registry.requests) == 2


def test_nobody_waits_past_the_runs_deadline(registry: StandIn) -> None:
    time = FakeTime()
    registry.fail(faults.server_error(503), times=None)
    with client(registry.url, time, run_deadline_s=5.0) as made, pytest.raises(RegistryUnreachable, match="HTTP 503"):
        made.version()
    assert sum(time.slept) < 5


def test_an_answer_that_outlives_the_run_aborts_it(registry: StandIn) -> None:
    time = FakeTime(tick=1.0)
    registry.fail(faults.drip(pause_s=0.001))
    with client(registry.url, time, run_deadline_s=20.0, answer_deadline_s=500.0) as made, pytest.raises(RunAborted):
        made.version()


# --- the network --------------------------------------------------------------------------------------------


@contextmanager
def bytes_server(
    chunks: Iterator[bytes], *, pause_s: float = 0.0, hold: threading.Event | None = None
) -> Iterator[str]:
    """A server that sends these bytes to whoever connects, and then waits for `hold` before it hangs up."""
    stopped = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(65_536)
                for chunk in chunks:
                    self.request.sendall(chunk)
                    if stopped.wait(pause_s):
                        return
                if hold:
                    hold.wait(5)
            except OSError:
                return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v2"
    finally:
        stopped.set()
        if hold:
            hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_nobody_there() -> None:
    time = FakeTime()
    with (
        client(f"http://127.0.0.1:{closed_port()}/api/v2", time) as made,
        pytest.raises(RegistryUnreachable, match=r"127\.0\.0\.1: no connection: Connection refused \(tried 6 times\)"),
    ):
        made.version()
    assert time.slept == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"api',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000,
    ],
)
def test_bytes_that_are_no_answer(bytes_sent: bytes) -> None:
    with bytes_server(iter([bytes_sent])) as url, client(url) as made, pytest.raises(RegistryError):
        made.version()


def test_a_chunked_answer_without_gzip() -> None:
    body = b'{"apiVersion":"2.0.5"}'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with bytes_server(iter([head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)])) as url, client(url) as made:
        assert made.version().api_version == "2.0.5"


def test_a_certificate_that_nobody_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        try:
            raise ssl.SSLCertVerificationError(1, "self-signed certificate")
        except ssl.SSLError as error:
            raise requests.exceptions.SSLError(error) from error

    monkeypatch.setattr(requests.Session, "get", refuse)
    with client(_BASE) as made, pytest.raises(RegistryUnreachable, match="not trusted") as caught:
        made.version()
    assert "ca_bundle" in caught.value.advice
    assert made.traffic.requests == 1


@pytest.mark.parametrize(
    "raised",
    [
        requests.exceptions.ProxyError("to http://nurse:secret@proxy.test:3128"),
        requests.exceptions.InvalidProxyURL("http://nurse:secret@"),
        requests.exceptions.InvalidURL("http://nurse:secret@"),
        requests.exceptions.ConnectTimeout(),
        requests.exceptions.ReadTimeout(),
        requests.exceptions.SSLError("bad record mac"),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
        requests.exceptions.InvalidHeader(),
        requests.exceptions.RetryError(),
        requests.exceptions.RequestException(),
        OSError(101, "Network is unreachable"),
        UnicodeError("label too long"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_other_exception_and_no_secret_gets_out(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise raised

    monkeypatch.setattr(requests.Session, "get", fail)
    with (
        client("https://nurse:secret@registry.test/api/v2", proxy="http://nurse:secret@proxy.test:3128") as made,
        pytest.raises(RegistryError) as caught,
    ):
        made.version()
    error = caught.value
    assert "secret" not in f"{error.message} {error.subject} {error.advice} {made.description}"
    assert error.subject == "https://registry.test/api/v2/version"


def test_through_a_proxy(registry: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in as the proxy: it sees the whole address of the registry in the request line."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with client("http://registry.test/api/v2", proxy=registry.host) as made, pytest.raises(BadRequest):
        made.version()
    assert [request.target for request in registry.requests] == ["http://registry.test/api/v2/version"]


def test_the_environments_proxy(registry: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", registry.host)
    monkeypatch.setenv("http_proxy", registry.host)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with client("http://registry.test/api/v2") as made, pytest.raises(BadRequest):
        made.version()
    assert len(registry.requests) == 1


def test_a_proxy_that_is_not_there() -> None:
    proxy = f"http://nurse:secret@127.0.0.1:{closed_port()}"
    with client("http://registry.test/api/v2", proxy=proxy) as made, pytest.raises(RegistryUnreachable) as caught:
        made.version()
    assert caught.value.message == "registry.test: the proxy does not connect: Connection refused (tried 6 times)"


def test_a_certificate_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        client(_BASE, ca_bundle=tmp_path / "hospital-ca.pem")
    assert caught.value.subject == "registry.ca_bundle"


# --- other statuses, without a network ----------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequest), (401, BadRequest), (405, BadRequest), (407, BadRequest), (410, BadRequest),
     (403, RegistryRefused), (404, BadRequest), (505, BadRequest)],
)  # fmt: skip
def test_a_status_that_stays(status: int, error: type[TrackerError]) -> None:
    responses.get(f"{_BASE}/version", status=status, body="why")
    with client(_BASE) as made, pytest.raises(error) as caught:
        made.version()
    assert made.traffic.requests == 1
    assert caught.value.advice
    if isinstance(caught.value, BadRequest):
        assert (caught.value.status, caught.value.body) == (status, "why")


@responses.activate
@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 520])
def test_a_status_that_passes(status: int) -> None:
    responses.get(f"{_BASE}/version", status=status)
    responses.get(f"{_BASE}/version", body='{"apiVersion":"2.0.5","dataTimestamp":"2026-03-02T09:00:05Z"}')
    with client(_BASE) as made:
        assert str(made.version().data_timestamp) == "2026-03-02 09:00:05+00:00"


@responses.activate
def test_plain_http_where_the_registry_wants_tls() -> None:
    responses.get("http://registry.test/api/v2/version", status=301, headers={"Location": f"{_BASE}/version"})
    with client("http://registry.test/api/v2") as made, pytest.raises(BadRequest) as caught:
        made.version()
    assert caught.value.advice == "Write registry.base_url with https."


@responses.activate
def test_a_long_web_page_is_not_repeated_in_the_message() -> None:
    responses.get(f"{_BASE}/version", status=400, body="<html>" + "x" * 100_000)
    with client(_BASE) as made, pytest.raises(BadRequest) as caught:
        made.version()
    assert caught.value.message == "registry.test rejects the request (HTTP 400)"
    assert len(caught.value.body) <= 200
