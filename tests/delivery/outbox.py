"""An outbox with recorded reports in it, and the clock and the configuration that deliver them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.deliver import deliver_due
from jobs.outbox import MAIL_HTML, MAIL_TEXT, Attempt, dispatches
from jobs.recipients import Recipients
from tracker.config import load_config
from tracker.store.deliveries import Delivery, deliveries, record_deliveries, store_identity
from tracker.store.engine import Store
from tracker.store.reports import definition, record_report, register_definitions

MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)
ANA, BEN, EVE = "ana@hospital.example", "ben@hospital.example", "eve@other.example"

FILES = {
    "report.html": b"<p>the page</p>",
    "changes.csv": b"\xef\xbb\xbfchange_id\r\n",
    MAIL_HTML: "<p>2 trials → news</p>".encode(),
    MAIL_TEXT: "2 trials → news\n".encode(),
}

_CONFIG = """
[[search]]
name = "spine"
  [[search.term]]
  condition = 'Spine tumor'

[[report]]
name = "weekly"
recipients = ["board", "ben", "eve"]

[[recipient]]
name = "board"
mail = ["ana@hospital.example"]
attach = ["html", "csv"]

[[recipient]]
name = "ben"
mail = ["ben@hospital.example"]

[[recipient]]
name = "eve"
mail = ["eve@other.example"]

[smtp]
host = "127.0.0.1"
port = {port}
security = "{security}"
sender = "tracker@hospital.example"
timeout_s = {timeout_s}
{more}
"""


def config_text(port: int, *, security: str = "none", timeout_s: float = 5, more: str = "") -> str:
    return _CONFIG.format(port=port, security=security, timeout_s=timeout_s, more=more)


class Outbox:
    """A store's outbox: reports go in with `report`, and out with `deliver`. The clock stands until `wait`."""

    def __init__(self, store: Store, folder: Path, text: str, environ: Mapping[str, str] | None = None) -> None:
        self.store = store
        self.now = MONDAY
        self.folder = folder
        self.environ = dict(environ or {})
        self.configure(text)

    def configure(self, text: str) -> None:
        (self.folder / "config.toml").write_text(text)
        self.recipients = Recipients(load_config(self.folder / "config.toml"), self.environ)

    def report(
        self,
        *names: str,
        subject: str = "Trial tracker: 2 trials with news",
        files: Mapping[str, bytes] = FILES,
        name: str = "weekly",
    ) -> None:
        """Records the next report, for these recipients (without any: for the board)."""
        with self.store.begin() as connection:
            register_definitions(connection, [name])
            progress = definition(connection, name)
            assert progress is not None
            number = record_report(
                connection,
                name=name,
                after_run=progress.covered_run,
                until_run=progress.covered_run,
                created_at=self.now,
                folder="/srv/reports/weekly/1",
                view=b"{}",
                files=files,
            )
            told = [self.recipients.reached(one) for one in names or ("board",)]
            identity = store_identity(connection)
            to_send = dispatches(
                told, identity=identity, name=name, number=number, created_at=self.now, subject=subject
            )
            record_deliveries(connection, name=name, number=number, dispatches=to_send, created_at=self.now)

    def deliver(self, *, retry: bool = False) -> list[Attempt]:
        return deliver_due(self.store, self.recipients, now=lambda: self.now, retry=retry)

    def wait(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)

    def content(self) -> Sequence[Delivery]:
        with self.store.connect() as connection:
            return deliveries(connection)

    def states(self) -> dict[str, str]:
        return {one.address: one.state.value for one in self.content()}
