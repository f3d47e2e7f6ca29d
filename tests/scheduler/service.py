"""A real `tracker schedule`: a process of its own that a test watches by its log, and ends by signals.

It is the command line itself, on a machine whose clock is the test's (`clocked`).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.delivery.mail_server import MailServer
from tests.registry.standin import StandIn
from tests.runs.tracking import SPINE
from tests.scheduler.unattended import BY_MAIL, utc
from tracker.store.engine import open_store
from tracker.store.reports import recorded_reports, report_files

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0
"""So long a test waits for what must come at once."""

SYNC_TIME = utc("2026-03-02T15:00:01")
TUESDAY = utc("2026-03-03T07:00:01")
"""A moment after the sync is due, and after the report is."""

CONFIG = (
    """
[registry]
base_url = "{registry}"
requests_per_second = 1000
[store]
url = "{store}"
backups = "{backups}"
[output]
folder = "{output}"
[[search]]
name = "spine"
  [[search.term]]
  condition = "{term}"
[schedule]
timezone = "UTC"
sync = "0 15 * * mon-fri"
sync_jitter_s = 0
full_sync = "0 4 * * sun"
clean_up = "0 5 * * sun"
{backup}
[[report]]
name = "weekly"
schedule = "0 7 * * tue"
recipients = ["coordinators"]
"""
    + BY_MAIL
)


def write_config(
    folder: Path,
    registry: StandIn,
    mail: MailServer,
    *,
    store: str | None = None,
    output: Path | None = None,
    backups: Path | None = None,
    backup: str = "",
) -> Path:
    """A config.toml in `folder`: a sync on weekdays at 15:00, a report on Tuesdays at 07:00, all UTC."""
    path = folder / "config.toml"
    path.write_text(
        CONFIG.format(
            registry=registry.url,
            store=store or f"sqlite:///{folder / 'tracker.db'}",
            output=output or folder / "reports",
            backups=backups or folder / "backups",
            backup=f'backup = "{backup}"' if backup else "",
            term=SPINE,
            mail=mail.port,
        )
    )
    return path


def alerts(mail: MailServer) -> list[str]:
    """The subjects of what the admin got, without how often and since when."""
    told = [one.message for one in mail.received if one.addresses == ("admin@hospital.example",)]
    return [str(one["Subject"]).removeprefix("Trial tracker: ").partition(":")[0] for one in told]


def texts_of_alerts(mail: MailServer) -> list[str]:
    told = [one.message for one in mail.received if one.addresses == ("admin@hospital.example",)]
    return [str(one.get_content()) for one in told]


def missing_files(store_url: str) -> list[str]:
    """Of every report that was ever made: the files that are not on disk, byte for byte."""
    missing = []
    with open_store(store_url) as store, store.connect() as connection:
        for report in recorded_reports(connection, "weekly"):
            for filename, content in report_files(connection, "weekly", report.number).items():
                path = Path(report.folder) / filename
                if not path.exists() or path.read_bytes() != content:
                    missing.append(f"{report.number}/{filename}")
    return missing


def told_by_reports(store_url: str) -> list[list[str]]:
    """What the reports told, oldest first: the fields or kinds of their changes, as their recorded JSON has them."""
    with open_store(store_url) as store, store.connect() as connection:
        recorded = [
            json.loads(report_files(connection, one.name, one.number)["report.json"])
            for one in recorded_reports(connection, "weekly")
        ]
    return [[change["field"] or change["kind"] for change in one["changes"]] for one in recorded]


class Service:
    """The process. What it logs is looked at in order: `logged` waits for the next line that holds something."""

    def __init__(self, config: Path, *, now: datetime, patience_s: float = 0.5) -> None:
        words = [now.isoformat(), str(patience_s), "schedule", "--config", str(config), "--log-format", "json", "-vv"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.scheduler.clocked", *words],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self._looked_at = 0
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def set_clock(self, instant: datetime) -> None:
        """The clock of its machine shows `instant` (aware), and goes on from there."""
        assert self._process.stdin
        before = len(self.lines)
        print(instant.isoformat(), file=self._process.stdin, flush=True)
        self._wait_for("the clock shows", after=before)

    def looks(self) -> None:
        """Waits until it has looked at what is due, from begin to end."""
        self._wait_for("looked", after=len(self.lines), times=2)  # the first may have begun before

    def _wait_for(self, text: str, *, after: int, times: int = 1) -> None:
        def found() -> bool:
            return sum(line["message"].startswith(text) for line in self.lines[after:]) >= times or self._ended

        with self._changed:
            assert self._changed.wait_for(found, DEADLINE_S), f"{text}: never"

    def logged(self, *texts: str, job: str | None = None) -> dict[str, Any]:
        """The next line that holds all of these texts, about this job: everything before it is passed over."""

        def found() -> bool:
            return any(map(holds, self.lines[self._looked_at :])) or self._ended

        def holds(line: dict[str, Any]) -> bool:
            return all(text in line["message"] for text in texts) and job in (None, line.get("job"))

        with self._changed:
            self._changed.wait_for(found, DEADLINE_S)
            for number, line in enumerate(self.lines[self._looked_at :], self._looked_at):
                if holds(line):
                    self._looked_at = number + 1
                    return line
        passed = "\n".join(str(line) for line in self.lines)
        raise AssertionError(f"never logged: {texts} {job or ''}; ended: {self._ended}\n{passed}")

    def done(self, job: str) -> str:
        """Waits until that job was done; what it had to say."""
        said: str = self.logged("done", job=job)["message"]
        return said

    def logs(self, text: str, *, level: str | None = None) -> list[str]:
        """All lines so far that hold it."""
        with self._changed:
            found = [line for line in self.lines if text in line["message"]]
        return [line["message"] for line in found if level in (None, line.get("level"))]

    def tell(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Waits until it has ended by itself, or by a signal that it was told; its exit code."""
        code = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert self._process.stdin
        assert self._process.stderr
        self._process.stdin.close()
        self._process.stderr.close()
        return code

    def stop(self) -> int:
        self.tell(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.ended()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            with self._changed:
                self.lines.append(json.loads(line) if line.startswith("{") else {"message": line.rstrip("\n")})
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


@contextmanager
def running(config: Path, *, now: datetime, patience_s: float = 0.5) -> Iterator[Service]:
    """Started, and gone at the end of the block, whatever happens; `patience_s` is for hanging work at its end."""
    service = Service(config, now=now, patience_s=patience_s)
    try:
        yield service
    finally:
        service.kill()


def eventually(condition: Callable[[], bool], *, what: str) -> None:
    """Waits for something that happens in another process."""
    waiting = threading.Event()
    for _ in range(int(DEADLINE_S / 0.02)):
        if condition():
            return
        waiting.wait(0.02)
    raise AssertionError(f"never: {what}")
