"""Notices that config.toml has changed, or that somebody asked to read it again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.errors import ConfigError

if TYPE_CHECKING:
    from tracker.config import Config


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
