"""A tracker in a hospital's corner: a folder with a config.toml, a registry, a mail server, and a clock of its own.

It can be switched off and on, and killed at any write: in the middle of its work everything that it tries to write
from then on fails, as nothing that a dead process would have done can happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.attempting import Attempted
from jobs.backup import copy_to
from jobs.planning import World as Surroundings
from jobs.planning import plan_of
from jobs.rereading import ConfigFile
from jobs.restoring import restore
from jobs.scheduler import Scheduler
from jobs.stopping import Stop
from jobs.work import Plan
from tests.delivery.mail_server import MailServer
from tests.registry.standin import StandIn
from tests.scheduler.next_version import NextVersion, PowerCut
from tracker.config import Config, load_config
from tracker.errors import StoreTooNew
from tracker.registry.client import RegistryClient
from tracker.store.engine import Store, open_store
from tracker.store.job_log import Attempt, JobState, attempts, job_states
from tracker.store.locking import scheduler_lock

BY_MAIL = """
[[recipient]]
name = "coordinators"
mail = ["board@hospital.example"]
[[recipient]]
name = "admin"
mail = ["admin@hospital.example"]
[smtp]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "tracker@hospital.example"
[alerts]
recipients = ["admin"]
"""
"""Who is told, and the server that a mail goes to."""

CONFIG = (
    """
[registry]
base_url = "{registry}"
[store]
url = "{store}"
backups_kept = 5
[[search]]
name = "spine"
{terms}
[schedule]
timezone = "Europe/Bucharest"
sync = "30 16 * * mon-fri"
backup = "30 3 * * *"
keep_attempts_days = {keep_attempts_days}
[[report]]
name = "weekly"
schedule = "0 7 * * mon"
recipients = ["coordinators"]
{more}
"""
    + BY_MAIL
)
SPINE_TERM = "  [[search.term]]\n  condition = 'Spine tumor'\n"


class Killed(BaseException):
    """The process is gone."""


class Clock:
    """Aware UTC, set by the test; each look is a millisecond later, as instants of one process differ."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def patient_client(config: Config, stop: Stop) -> RegistryClient:
    """A client that asks as often as it wants and waits for nothing."""
    return RegistryClient(
        config.registry.base_url,
        requests_per_second=1000,
        timeout_s=5,
        sleep=lambda _: stop.check(),
        chance=lambda: 0.0,
    )


class Unattended:
    """The tracker's owner and its power switch. `look()` is what the timer does every few seconds."""

    def __init__(
        self,
        folder: Path,
        registry: StandIn,
        mail: MailServer,
        *,
        start: datetime,
        store_url: str | None = None,
        environ: Mapping[str, str] | None = None,
        keep_attempts_days: int = 400,
    ) -> None:
        self.folder = folder
        self.registry = registry
        self.mail = mail
        self.clock = Clock(start)
        self.config_path = folder / "config.toml"
        self._store_url = store_url or f"sqlite:///{folder / 'tracker.db'}"
        self._environ = environ or {}
        self._keep_attempts_days = keep_attempts_days
        self._edits = 0
        self.stop = Stop()
        self._switch: Any = None
        self.scheduler: Scheduler | None = None
        self.store: Store | None = None
        self.killed = 0
        self.writes_left: int | None = None
        self.write_config()

    # --- what the owner does ---------------------------------------------------------------------------

    def write_config(self, *, terms: str = SPINE_TERM, more: str = "", replacing: tuple[str, str] = ("", "")) -> None:
        text = CONFIG.format(
            registry=self.registry.url,
            store=self._store_url,
            terms=terms,
            more=more,
            mail=self.mail.port,
            keep_attempts_days=self._keep_attempts_days,
        )
        self._edits += 1  # so that no two versions of the file have the same size
        self.config_path.write_text(text.replace(*replacing) + "#" * self._edits + "\n")

    def switch_on(self) -> None:
        switch = self._power()
        switch.__enter__()
        self._switch = switch

    def switch_off(self) -> None:
        switch, self._switch = self._switch, None
        if switch:
            switch.__exit__(None, None, None)

    @property
    def is_on(self) -> bool:
        return self._switch is not None

    def look(self) -> list[Attempted]:
        """One look. A killed tracker is started again at once, as a service manager does, and looks again."""
        assert self.scheduler
        try:
            return self.scheduler.step()
        except Killed:
            self.killed += 1
            self.writes_left = None
            self.switch_off()
            self.switch_on()
            return self.look()

    def look_at(self, instant: datetime) -> list[Attempted]:
        self.clock.now = instant
        return self.look()

    def kill_at_write(self, number: int) -> None:
        """At that write from now on: in turn just after its commit, and just before."""
        self.writes_left = number

    def upgrade(self, to: NextVersion, *, power_cuts: int) -> None:
        """Puts another version in this one's place; so many times the power fails in the middle of its migration."""
        self.switch_off()
        to.install(power_cuts=power_cuts)
        for _ in range(power_cuts):
            with pytest.raises(PowerCut):
                self.switch_on()
        self.switch_on()

    def try_the_old_version(self, newer: NextVersion) -> None:
        """Somebody takes the upgrade back: the old version must refuse its store, and leave it as it is."""
        self.switch_off()
        newer.take_out()
        with pytest.raises(StoreTooNew):
            self.switch_on()
        newer.install()
        self.switch_on()

    def lose_the_store(self) -> None:
        """The disk dies. The owner puts the newest backup on another one, under the old name."""
        config = load_config(self.config_path)
        self.switch_off()
        for part in self.folder.glob("tracker.db*"):
            part.unlink()
        restore(self.backups()[-1], config.store_url, replace=False, now=self.clock())
        self.switch_on()

    def move_to(self, store_url: str) -> None:
        """Copies everything to another database, and changes one line of config.toml."""
        self.switch_off()
        copy_to(self._store_url, store_url, progress=lambda _table, _rows: None)
        text = self.config_path.read_text()
        self.config_path.write_text(text.replace(self._store_url, store_url))
        self._store_url = store_url
        self.switch_on()

    # --- what can be seen ------------------------------------------------------------------------------

    def states(self) -> dict[str, JobState]:
        assert self.store
        with self.store.connect() as connection:
            return job_states(connection)

    def attempts(self, name: str | None = None) -> list[Attempt]:
        assert self.store
        with self.store.connect() as connection:
            return attempts(connection, name=name)

    def backups(self) -> list[Path]:
        """Oldest first."""
        return sorted(load_config(self.config_path).backup_folder.glob("tracker-*.db"))

    # --- inside ----------------------------------------------------------------------------------------

    @contextmanager
    def _power(self) -> Iterator[None]:
        self.stop = Stop()
        surroundings = Surroundings(clock=self.clock, environ=self._environ, connect=patient_client, stop=self.stop)
        config = load_config(self.config_path)
        file = ConfigFile(config)

        def reread() -> Plan | None:
            changed = file.changed()
            return None if changed is None else plan_of(changed, surroundings)

        with open_store(config.store_url, create=True) as store, scheduler_lock(store):
            self._make_mortal(store)
            self.store = store
            self.scheduler = Scheduler(store, plan_of(config, surroundings), clock=self.clock, reread=reread)
            try:
                yield
            finally:
                self.scheduler = self.store = None

    def _make_mortal(self, store: Store) -> None:
        begin = store.begin
        alive = [True]

        @contextmanager
        def mortal_begin() -> Iterator[Any]:
            if not alive[0]:
                raise Killed
            after = False
            with begin() as connection:
                yield connection
                if self.writes_left is not None:
                    self.writes_left -= 1
                    dies = self.writes_left <= 0
                    after = dies and self.killed % 2 == 0
                    if dies:
                        alive[0] = False
                    if dies and not after:
                        raise Killed
            if after:
                raise Killed

        store.begin = mortal_begin  # type: ignore[method-assign]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
