"""When the admins are told that a job fails, and what: once, again while it lasts, and when it is well again.

What was told stands in the store (`JobState.alerted_at`), so that neither a restart nor a second machine repeats it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.store.job_log import JobState

if TYPE_CHECKING:
    from tracker.config import Config


class Word(StrEnum):
    FAILS = "fails"
    STILL_FAILS = "still fails"
    RECOVERED = "recovered"


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
"""Reaches every admin, or raises TrackerError."""


def word_due(state: JobState, rules: AlertRules, *, now: datetime) -> Word | None:
    """What is to be told about a job now; None where nothing is, as for every failure that may pass by itself."""
    if state.alerted_at is None:
        return Word.FAILS if state.failures >= rules.after_failures else None
    if state.failures == 0:
        return Word.RECOVERED
    # A clock that was set back must not silence the reminders until it is where it was.
    since = abs(now - state.alerted_at)
    return Word.STILL_FAILS if since >= rules.remind_after else None


def alert_of(word: Word, state: JobState, *, zone: ZoneInfo, now: datetime, host: str) -> Alert:
    """The message: what, since when, why, and what happens next."""
    if word is Word.RECOVERED:
        return Alert(
            word,
            state.name,
            f"{state.name} is well again",
            f"{state.name} is well again since {_moment(state.succeeded_at or now, zone)}.\n"
            "What was missed meanwhile is caught up with; the next report covers it.\n"
            f"\n(the trial tracker on {host})\n",
        )
    times = f"{state.failures} time{'' if state.failures == 1 else 's'} in a row"
    lines = [
        f"{state.name} {word} ({times}, since {_moment(state.failing_since or now, zone)}).",
        f"Last error: {state.error or 'unknown'}",
        f"Last success: {_moment(state.succeeded_at, zone) if state.succeeded_at else 'none yet'}.",
        "",
        f"It is tried again at {_moment(state.retry_at, zone)}."
        if state.retry_at
        else "It is tried again when it is next due.",
        'Nothing is lost meanwhile. "tracker doctor" looks for the cause, "tracker status" says how things stand.',
        "",
        f"(the trial tracker on {host})",
    ]
    return Alert(word, state.name, f"{state.name} {word}: {times}", "\n".join(lines) + "\n")


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def teller(config: Config, *, environ: Mapping[str, str], now: Callable[[], datetime]) -> Tell:
    """Sends to the recipients of [alerts], at once and past the outbox: the store may be what fails.

    One who can't be reached doesn't keep the others from being told. Raises the first TrackerError then.
    """

    def tell(alert: Alert) -> None:
        from tracker.errors import TrackerError

        failures: list[TrackerError] = []
        for name in config.settings.alerts.recipients:
            try:
                _send(config, name, alert, environ=environ, now=now())
            except TrackerError as error:
                failures.append(error)
        if failures and len(failures) == len(config.settings.alerts.recipients):
            raise failures[0]

    return tell


def _send(config: Config, name: str, alert: Alert, *, environ: Mapping[str, str], now: datetime) -> None:
    from jobs import chat, mailing
    from jobs.recipients import reached

    recipient = reached(config, name, environ=environ)
    subject = f"Trial tracker: {alert.subject}"
    if recipient.chat:
        chat.post(recipient.chat.url, title=subject, text=alert.text, named=recipient.chat.variable)
    elif server := recipient.server:
        for address in recipient.addresses:
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
