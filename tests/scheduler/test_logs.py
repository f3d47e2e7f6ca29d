"""What the scheduler logs, and what it tells a watchdog: never a secret."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jobs.logs import bound, secrets_of, set_up
from jobs.pings import pinger
from tracker.config import Config, load_config

CONFIG = """
[store]
url_env = "STORE"
[registry]
proxy = "http://ward:proxy-secret@proxy.hospital.example:3128"
[[search]]
name = "spine"
  [[search.term]]
  condition = 'Spine tumor'
[[recipient]]
name = "board"
url_env = "CHAT"
[smtp]
host = "mail.hospital.example"
username = "tracker"
password_file = "password"
sender = "tracker@hospital.example"
[alerts]
{alerts}
"""
ENVIRON = {
    "STORE": "postgresql+psycopg://tracker:st%C3%B6re-secret@db.example/tracker",
    "CHAT": "slack://token-a/token-b",
    "PING": "https://watch.example/secret-uuid/{job}",
}
SECRETS = ("st%C3%B6re-secret", "störe-secret", "proxy-secret", "mail-secret", "slack://token-a/token-b", "secret-uuid")


def config(folder: Path, alerts: str = 'ping_url_env = "PING"') -> Config:
    (folder / "password").write_text("mail-secret\n")
    (folder / "config.toml").write_text(CONFIG.format(alerts=alerts))
    return load_config(folder / "config.toml", environ=ENVIRON)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("tracker")
    before = root.handlers, root.level, ours.level
    yield io.StringIO()
    root.handlers, root.level = before[0], before[1]
    ours.setLevel(before[2])


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_secret_is_ever_logged(tmp_path: Path, logged: io.StringIO, form: str) -> None:
    set_up(form, secrets=secrets_of(config(tmp_path), ENVIRON), stream=logged)
    log = logging.getLogger("tracker.schedule")
    try:
        raise OSError(f"no connection with {SECRETS[0]}")
    except OSError:
        log.exception("failed: %s", " ".join(SECRETS[:5]))
    with bound(job=f"sync {ENVIRON['PING']}"):
        log.info("it works")
    assert [secret for secret in SECRETS if secret in logged.getvalue()] == []
    assert logged.getvalue().count("***") >= 6


def test_a_json_line_holds_what_is_bound(logged: io.StringIO) -> None:
    set_up("json", secrets=(), stream=logged)
    with bound(job="sync", run=7), bound(nct_id="NCT00000001"):
        logging.getLogger("tracker.schedule").warning("statusModule: %s", "no\nobject")
    line = json.loads(logged.getvalue())
    assert (line["job"], line["run"], line["nct_id"], line["level"]) == ("sync", 7, "NCT00000001", "warning")
    assert line["message"] == "statusModule: no\nobject"


def test_a_console_line_is_one_line(logged: io.StringIO) -> None:
    set_up("console", secrets=(), stream=logged)
    with bound(job="sync"):
        logging.getLogger("tracker.schedule").warning("%s", "no\nobject\x1b[2J")
    assert logged.getvalue().count("\n") == 1
    assert logged.getvalue().endswith("WARNING no object[2J job=sync\n")


def test_a_watchdog_is_told_which_job_went_well(tmp_path: Path) -> None:
    asked: list[str] = []

    class Watchdog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if "sync" in self.path else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Watchdog) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ping = pinger(config(tmp_path, f'ping_url = "http://127.0.0.1:{server.server_port}/key/{{job}}"'), environ={})
        ping("full sync")
        ping("report weekly")
        server.shutdown()
        thread.join()
    assert asked == ["/key/full-sync", "/key/report-weekly"]


def test_a_watchdog_that_is_away_disturbs_nobody_and_its_address_stays_secret(
    tmp_path: Path, logged: io.StringIO
) -> None:
    set_up("console", secrets=(), stream=logged)
    pinger(config(tmp_path), environ={"PING": "http://127.0.0.1:1/secret-uuid"})("sync")
    assert "the watchdog could not be told that sync went well" in logged.getvalue()
    assert "secret-uuid" not in logged.getvalue()
