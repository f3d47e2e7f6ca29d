"""When the admins are told that a job fails, and what: once, again while it lasts, and when it is well again.

What was told stands in the store (`JobState.alerted_at`), so that neither a restart nor a second machine repeats it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.errors import DeliveryError, TrackerError
from tracker.store.job_log import JobState

if TYPE_CHECKING:
    from jobs.recipients import Reached
    from tracker.config import Config
    from tracker.store.deliveries import Delivery

_log = logging.getLogger("tracker.schedule")


class Word(StrEnum):
    FAILS = "fails"
    STILL_FAILS = "still fails"
    RECOVERED = "recovered"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    after_failures: int = 3
    remind_after: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to the admins: plain text."""

    word: Word
    job: str
    subject: str
    text: str


Tell = Callable[[Alert], None]
"""Reaches at least one admin, or raises TrackerError."""


def word_due(state: JobState, rules: AlertRules, *, now: datetime) -> Word | None:
    """What is to be told about a job now; None where nothing is, as for every failure that may pass by itself."""
    if state.alerted_at is None:
        return Word.FAILS if state.failures >= rules.after_failures else None
    if state.failures == 0:
        return Word.RECOVERED
    # A clock that was set back must not silence the reminders until it is where it was.
    since = abs(now - state.alerted_at)
    return Word.STILL_FAILS if since >= rules.remind_after else None


_CAUGHT_UP = {"deliver": "What waited is sent. What was given up meanwhile is not: that was told by itself."}
"""What became of what was missed, where that is no run."""


def alert_of(word: Word, state: JobState, *, zone: ZoneInfo, now: datetime, host: str, again: str) -> Alert:
    """The message: what, since when, why, and what happens next: it is tried again at `retry_at`, otherwise `again`."""
    if word is Word.RECOVERED:
        return Alert(
            word,
            state.name,
            f"{state.name} is well again",
            f"{state.name} is well again since {_moment(state.succeeded_at or now, zone)}.\n"
            f"{_CAUGHT_UP.get(state.name, 'What was missed meanwhile is caught up with; the next report covers it.')}\n"
            f"\n(the trial tracker on {host})\n",
        )
    times = f"{state.failures} time{'' if state.failures == 1 else 's'} in a row"
    lines = [
        f"{state.name} {word} ({times}, since {_moment(state.failing_since or now, zone)}).",
        f"Last error: {state.error or 'unknown'}",
        f"Last success: {_moment(state.succeeded_at, zone) if state.succeeded_at else 'none yet'}.",
        "",
        f"It is tried again {f'at {_moment(state.retry_at, zone)}' if state.retry_at else again}.",
        'Nothing is lost meanwhile. "tracker doctor" looks for the cause, "tracker status" says how things stand.',
        "",
        f"(the trial tracker on {host})",
    ]
    return Alert(word, state.name, f"{state.name} {word}: {times}", "\n".join(lines) + "\n")


GIVEN_UP_LISTED = 20


def given_up_alert(given_up: Sequence[Delivery], *, host: str) -> Alert:
    """The message about deliveries that nobody tries any more."""
    from jobs.outbox import Attempt, attempt_line

    first, *others = given_up
    lines = [
        attempt_line(Attempt(delivery=one, error=one.last_error or "unknown")) for one in given_up[:GIVEN_UP_LISTED]
    ]
    if len(given_up) > GIVEN_UP_LISTED:
        lines.append(f"and {len(given_up) - GIVEN_UP_LISTED} more: see `tracker deliver`")
    text = [
        "Nobody tries any more to send this:",
        "",
        *lines,
        "",
        "Put right what the error names, then `tracker deliver --retry` sends it after all. Until then whoever was to",
        "get it does not know of it: it lies in the output folder. This is told once.",
        "",
        f"(the trial tracker on {host})",
    ]
    more = f", and {len(others)} more" if others else ""
    subject = f"GIVEN UP: report {first.number} of {first.name} to {first.address}{more}"
    return Alert(Word.GIVEN_UP, "deliver", subject, "\n".join(text) + "\n")


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def teller(config: Config, *, environ: Mapping[str, str], now: Callable[[], datetime]) -> Tell:
    """Sends to the recipients of [alerts], at once and past the outbox: the store may be what fails.

    Whoever can't be reached is logged, and keeps nobody else from being told.
    """

    def tell(alert: Alert) -> None:
        failures = [error for name in config.settings.alerts.recipients for error in send(name, alert)]
        errors = [error for error in failures if error is not None]
        if errors and len(errors) == len(failures):
            raise errors[0]
        for error in errors:
            _log.error("an admin could not be told: %s", error.told)

    def send(name: str, alert: Alert) -> Iterator[TrackerError | None]:
        """What went wrong with each address of a recipient; None where nothing did."""
        from jobs.recipients import reached

        try:
            recipient = reached(config, name, environ=environ)
        except TrackerError as error:  # a secret that is missing now
            yield error
            return
        for address in recipient.addresses:
            try:
                _send(recipient, address, alert, now=now())
            except DeliveryError as error:
                yield error
                if error.everyone:
                    return
            else:
                yield None

    return tell


def _send(recipient: Reached, address: str, alert: Alert, *, now: datetime) -> None:
    from jobs import chat, mailing

    subject = f"Trial tracker: {alert.subject}"
    if recipient.chat:
        chat.post(recipient.chat.url, title=subject, text=alert.text, named=recipient.chat.variable)
    elif server := recipient.server:
        message = mailing.letter(
            sender=server.sender,
            address=address,
            subject=subject,
            text=alert.text,
            message_id=f"<{uuid.uuid4().hex}@{server.sender.rpartition('@')[2]}>",
            date=now,
            list_name="alerts",
        )
        mailing.send(server, message, address=address)
