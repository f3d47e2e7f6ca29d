"""The scheduler's log: a line each for people, or a JSON object each for programs, and never a secret.

What is being done (job, attempt, run, NCT ID) is bound once and stands in every line that is written meanwhile.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from tracker.untrusted import plain_line

if TYPE_CHECKING:
    from tracker.config import Config

HIDDEN = "***"

_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default={})  # noqa: B039 (never changed in place)


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """These values stand in every line that is logged inside, besides those bound before."""
    token = _bound.set({**_bound.get(), **values})
    try:
        yield
    finally:
        _bound.reset(token)


def bind(**values: object) -> None:
    """As `bound`, from here to the end of the innermost `bound` around it: for what is known only on the way."""
    _bound.set({**_bound.get(), **values})


class _Formatter(logging.Formatter):
    """Knows what is bound and what is secret."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # The longest first: one may be part of another. Very short ones would hide half of every line.
        self._secrets = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


_SHORTEST_SECRET = 4


class ConsoleLines(_Formatter):
    """Time (UTC), level, message, what is bound: one line, whatever the registry's text in it holds."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        values = "".join(f" {name}={value}" for name, value in _bound.get().items())
        line = f"{at:%Y-%m-%dT%H:%M:%SZ} {record.levelname} {record.getMessage()}{values}"
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return self.hidden(plain_line(line) + trace)


class JsonLines(_Formatter):
    """One JSON object a line: at, level, logger, message, what is bound, and a trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.hidden(record.getMessage()),
            **{
                name: value if isinstance(value, int) else self.hidden(str(value))
                for name, value in _bound.get().items()
            },
        }
        if record.exc_info:
            line["trace"] = self.hidden(self.formatException(record.exc_info))
        return json.dumps(line)


def set_up(form: str, *, secrets: Iterable[str], level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Has everything logged to `stream` (standard error), in the form "console" or "json"."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((JsonLines if form == "json" else ConsoleLines)(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tracker").setLevel(level)


def secrets_of(config: Config, environ: Mapping[str, str]) -> set[str]:
    """Every secret that config names: passwords, and addresses that open a door to whoever has them."""
    from urllib.parse import unquote, urlsplit

    settings = config.settings
    named = {one.url_env for one in settings.recipient} | {settings.store.url_env, settings.alerts.ping_url_env}
    found = set()
    if settings.smtp:
        named.add(settings.smtp.password_env)
        if settings.smtp.password_file:
            try:
                text = (config.path.parent / settings.smtp.password_file).read_text(encoding="utf-8")
                found.add(text.rstrip("\r\n"))
            except (OSError, UnicodeDecodeError):
                pass  # told by those who need it
    found |= {environ.get(name, "").strip() for name in named if name}
    for address in (config.store_url, settings.registry.proxy or "", settings.registry.base_url):
        if password := urlsplit(address).password:
            found |= {password, unquote(password)}
    return found - {""}
