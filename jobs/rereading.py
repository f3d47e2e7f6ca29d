"""config.toml while a scheduler runs: notices that it has changed, and has the store say how it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.errors import ConfigError, TrackerError
from tracker.store.job_log import job_states, note_failure, note_success

if TYPE_CHECKING:
    from jobs.work import Plan
    from tracker.config import Config
    from tracker.store.engine import Store

CONFIG_JOB = "config"
"""Under this name the store keeps how config.toml is: a wrong edit is told like a job that fails, but at once."""

Reread = Callable[[], "Plan | None"]
"""The plan of a config.toml that has changed; None where it has not. Raises TrackerError where it is wrong now."""

_log = logging.getLogger("tracker.schedule")


class ConfigFile:
    """The file behind a configuration in force."""

    def __init__(self, config: Config) -> None:
        self._path = config.path
        self._store_url = config.store_url
        self._seen = _look_of(config.path)
        self._asked = threading.Event()

    def ask(self) -> None:
        """Has it read again, changed or not (SIGHUP)."""
        self._asked.set()

    def changed(self) -> Config | None:
        """The new configuration; None while the file is the one that was read. Each state is read once.

        Raises ConfigError where it is wrong, or names another store: that takes a restart.
        """
        from tracker.config import load_config

        look = _look_of(self._path)
        if look == self._seen and not self._asked.is_set():
            return None
        self._asked.clear()
        self._seen = look
        config = load_config(self._path)
        if config.store_url != self._store_url:
            raise ConfigError(
                f"{self._path}: [store] names another store than the one that is open",
                subject="store.url",
                advice="Restart the scheduler to move to it.",
            )
        return config


def _look_of(path: Path) -> tuple[int, int, int] | None:
    """What shows that a file was written or replaced; None where there is none (an editor may be saving it)."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Rereading:
    """Has config.toml read again, and the one read before stay in force where the new one is wrong, loudly."""

    def __init__(self, reread: Reread) -> None:
        self._reread = reread
        self._error: str | None = None
        self._well_since_start = False

    def new_plan(self) -> Plan | None:
        """The plan that is in force from now on; None where that is the one before."""
        try:
            plan = self._reread()
        except Exception as error:  # what nobody foresaw must not pass in silence either: the file is read only once
            self._error = error.told if isinstance(error, TrackerError) else f"unexpected: {error!r}"
            _log.error("config.toml is wrong, the one read before stays in force: %s", self._error)
            return None
        if plan is not None:
            self._error, self._well_since_start = None, False
            _log.warning("config.toml was read anew: %s", ", ".join(job.name for job in plan.jobs))
        return plan

    def note(self, store: Store, *, now: datetime) -> None:
        """Has the store say how config.toml is, where that changed. Raises StoreError."""
        if self._error is None and self._well_since_start:
            return
        with store.begin() as connection:
            known = job_states(connection)[CONFIG_JOB]
            if self._error is None:
                note_success(connection, CONFIG_JOB, at=now)
            elif known.error != self._error:
                note_failure(connection, CONFIG_JOB, at=now, error=self._error, retry_at=None)
        self._well_since_start = self._error is None
