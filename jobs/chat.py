"""Chat services, through Apprise (the extra `chat`): a short text to one secret address.

The address is the secret (whoever has it can post), so nothing that Apprise or the HTTP library logs gets out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tracker.errors import DeliveryError

INSTALL = "pip install 'spine-trial-tracker[chat]'"
_LOGGERS = ("apprise", "urllib3", "requests")
_STATUS = re.compile(r"error=(\d{3})\b")


def is_installed() -> bool:
    return find_spec("apprise") is not None


def is_address(url: str) -> bool:
    """Whether Apprise knows the service that `url` names."""
    import apprise

    with _unheard():
        return bool(apprise.Apprise().add(url))


def post(url: str, *, title: str, text: str, named: str) -> None:
    """Posts a message. `named` stands for the address in what is told. Raises DeliveryError."""
    import apprise

    with _unheard() as heard:
        service = apprise.Apprise()
        if not service.add(url):
            raise DeliveryError(f"{named} holds no address of a chat service", permanent=True, subject=named)
        try:
            done = service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:
            # Neither its words nor its origin: they may hold the address.
            raise DeliveryError(
                f"the chat service of {named} did not take the message: {type(error).__name__}", subject=named
            ) from None
    if done:
        return
    status = next((int(found[1]) for line in heard if (found := _STATUS.search(line))), None)
    reason = f"it answers {status}" if status else "it can't be reached, or refuses"
    raise DeliveryError(
        f"the chat service of {named} did not take the message: {reason}",
        permanent=status in (401, 403, 404, 410),
        subject=named,
        advice=f"Check the address in {named}, then `tracker deliver --retry`.",
    )


class _Listener(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())


@contextmanager
def _unheard() -> Iterator[list[str]]:
    """What the libraries log meanwhile, kept from every other handler."""
    heard: list[str] = []
    listener = _Listener(heard)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    # A logger below these hands its lines upwards; none of them may reach the root.
    before = [(one, one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.addHandler(listener)
        one.setLevel(logging.WARNING)
        one.propagate = False
    try:
        yield heard
    finally:
        for one, propagate, level in before:
            one.removeHandler(listener)
            one.setLevel(level)
            one.propagate = propagate
