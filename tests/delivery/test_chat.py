"""A chat service: a short text through Apprise, to an address that nobody else gets to see."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jobs import chat, recipients
from jobs.deliver import CLAIM, PERHAPS_AGAIN
from tests.delivery.outbox import Outbox, config_text
from tracker.errors import ConfigError, DeliveryError
from tracker.store.deliveries import claim, due_deliveries
from tracker.store.engine import Store

SECRET = "Zx81-secret-token"


@dataclass(slots=True)
class Service:
    """A chat service on the loopback: what was posted, and the status that it answers."""

    port: int = 0
    status: int = 200
    posted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}"


@contextmanager
def chat_service() -> Iterator[Service]:
    service = Service()

    class Posted(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Posted)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    with chat_service() as running:
        yield running


def outbox_on(store: Store, folder: Path, service: Service) -> Outbox:
    text = config_text(25).replace('mail = ["ana@hospital.example"]\nattach = ["html", "csv"]', 'url_env = "TEAMS_URL"')
    return Outbox(store, folder, text, {"TEAMS_URL": service.url})


def test_a_report_is_announced(store: Store, tmp_path: Path, service: Service) -> None:
    outbox = outbox_on(store, tmp_path, service)
    outbox.report(subject="2 trials with news\r\n@everyone \u202e")
    assert [one.error for one in outbox.deliver()] == [None]
    assert outbox.deliver() == []
    [posted] = service.posted
    assert posted["title"] == "2 trials with news @everyone"
    assert posted["message"] == "The report: /srv/reports/weekly/1"
    [recorded] = outbox.content()
    assert recorded.address == "TEAMS_URL"
    assert recorded.message_id.endswith("@tracker.invalid>")


def test_what_a_killed_process_may_have_posted_says_so_when_it_is_posted_again(
    store: Store, tmp_path: Path, service: Service
) -> None:
    outbox = outbox_on(store, tmp_path, service)
    outbox.report()
    service.status = 500
    outbox.deliver()
    service.status = 200
    outbox.wait(minutes=11)
    with store.begin() as connection:
        [due] = due_deliveries(connection, now=outbox.now)
        assert claim(connection, due, until=outbox.now + CLAIM)  # and here the process is killed
    outbox.wait(minutes=11)
    assert [one.error for one in outbox.deliver()] == [None]
    first, again = service.posted
    assert PERHAPS_AGAIN not in first["message"]
    assert again["message"].splitlines() == ["The report: /srv/reports/weekly/1", PERHAPS_AGAIN]


@pytest.mark.parametrize(
    ("status", "state"), [(500, "pending"), (429, "pending"), (401, "given up"), (404, "given up")]
)
def test_a_service_that_refuses(
    store: Store, tmp_path: Path, service: Service, caplog: pytest.LogCaptureFixture, status: int, state: str
) -> None:
    caplog.set_level(logging.DEBUG)
    outbox = outbox_on(store, tmp_path, service)
    outbox.report()
    service.status = status
    [failed] = outbox.deliver()
    assert failed.delivery.state == state
    assert failed.error is not None
    assert f"the chat service of TEAMS_URL did not take the message: it answers {status}" in failed.error
    service.status = 200
    assert [one.error for one in outbox.deliver(retry=True)] == [None]
    assert SECRET not in caplog.text + failed.error


def test_a_service_that_is_down_does_not_hold_up_the_mail(
    store: Store, tmp_path: Path, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outbox = outbox_on(store, tmp_path, Service(port=1))
    outbox.report()
    [failed] = outbox.deliver()
    assert failed.error is not None
    assert "can't be reached" in failed.error
    assert failed.delivery.state == "pending"
    assert SECRET not in caplog.text + failed.error


def test_loggers_are_as_they_were(service: Service) -> None:
    before = [(one.level, one.propagate, list(one.handlers)) for one in map(logging.getLogger, chat._LOGGERS)]
    chat.post(service.url, title="a", text="b", named="TEAMS_URL")
    assert before == [(one.level, one.propagate, list(one.handlers)) for one in map(logging.getLogger, chat._LOGGERS)]


def test_an_address_that_names_no_service() -> None:
    assert not chat.is_address("nonsense")
    with pytest.raises(DeliveryError, match="TEAMS_URL holds no address"):
        chat.post("nonsense", title="a", text="b", named="TEAMS_URL")


def test_an_unknown_service_is_refused_without_showing_the_secret(
    store: Store, tmp_path: Path, service: Service
) -> None:
    outbox = outbox_on(store, tmp_path, service)
    outbox.environ["TEAMS_URL"] = f"nowhere://{SECRET}"
    with pytest.raises(ConfigError) as refused:
        outbox.recipients.reached("board")
    assert "TEAMS_URL does not hold the address of a chat service" in refused.value.message
    assert SECRET not in refused.value.told
    outbox.environ["TEAMS_URL"] = service.url
    assert SECRET not in repr(outbox.recipients.reached("board"))


def test_without_the_extra_it_is_said_how_to_get_it(
    store: Store, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = outbox_on(store, tmp_path, service)
    monkeypatch.setattr(recipients.chat, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as refused:
        outbox.recipients.reached("board")
    assert "pip install 'spine-trial-tracker[chat]'" in refused.value.advice
