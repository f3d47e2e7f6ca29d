"""What is in the outbox, and when it is tried again: the rules and the words. Sending is `jobs.deliver`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from jobs.health import problems_of_outbox
from jobs.mailing import subject_line
from jobs.terminal import columns
from reports.render import FILENAMES
from tracker.store.deliveries import LONGEST_DELAY, Delivery, DeliveryState, Dispatch, outbox_counts, sent_since

if TYPE_CHECKING:
    from jobs.recipients import Addressee
    from reports.view import ReportView
    from tracker.store.job_log import JobState
    from tracker.store.transactions import Connection

MAIL_HTML, MAIL_TEXT = "mail.html", "mail.txt"
"""The recorded files of a report that are a mail's body."""

FIRST_DELAY = timedelta(minutes=1)
SECRET_DELAY = timedelta(minutes=10)
"""At most, between two attempts at what a secret is missing for: put right, it is not to wait for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of one delivery, as it stands in the store now. `error` None: it was sent."""

    delivery: Delivery
    error: str | None = None


def mail_files(view: ReportView) -> tuple[str, dict[str, bytes]]:
    """A report's subject, and the recorded files that its mails are made of."""
    from reports.mail import mail_parts

    subject, html, text = mail_parts(view)
    return subject, {MAIL_HTML: html.encode(errors="replace"), MAIL_TEXT: text.encode(errors="replace")}


def dispatches(
    recipients: Iterable[Addressee], *, identity: str, name: str, number: int, created_at: datetime, subject: str
) -> tuple[Dispatch, ...]:
    """One for each address of each recipient of report `number`. `identity` is the store's."""
    return tuple(
        Dispatch(
            recipient=one.name,
            address=address,
            message_id=message_id(one, address, identity, name, str(number), created_at.isoformat()),
            subject=subject_line(subject),
            attachments=tuple(FILENAMES[format_] for format_ in one.attach),
        )
        for one in recipients
        for address in one.addresses
    )


def message_id(recipient: Addressee, address: str, *report: str) -> str:
    """The same for the same report, recipient and address, and for nothing else.

    A report's instant tells it from one of the same number that was made after an older backup was restored.
    """
    digest = blake2b("\x1f".join((*report, recipient.name, address)).encode(), digest_size=16).hexdigest()
    domain = recipient.sender.rpartition("@")[2] if recipient.sender else "tracker.invalid"
    return f"<{digest}@{domain}>"


def next_attempt(failed: Delivery, *, now: datetime, patience: timedelta) -> datetime | None:
    """When to try again after so many attempts; None once the delivery is older than `patience`."""
    return None if now - failed.created_at >= patience else now + _delay(failed, longest=LONGEST_DELAY)


def next_attempt_unconfigured(failed: Delivery, *, now: datetime) -> datetime:
    """The same where a secret is missing: nobody was asked to take it, so that no time makes it be given up."""
    return now + _delay(failed, longest=SECRET_DELAY)


def _delay(failed: Delivery, *, longest: timedelta) -> timedelta:
    doublings = min(failed.attempts - 1, 16)
    return min(FIRST_DELAY * (1 << doublings), longest)


def is_well_again(connection: Connection, job: JobState, *, now: datetime) -> bool:
    """Whether the job that failed to send has nothing left to fail for, where nothing waits. `now` is aware.

    Somebody sent it by hand since, or took its address out of config.toml. What was given up while the server is down
    says nothing of the kind.
    """
    if not job.failures or job.started_at is None:
        return False
    return sent_since(connection, job.started_at) or not problems_of_outbox(outbox_counts(connection), now=now)


def attempt_line(attempt: Attempt) -> str:
    """What became of it in one line: sent, to be tried again, or given up."""
    delivery = attempt.delivery
    what = f"Report {delivery.number} of {delivery.name} to {delivery.recipient} ({delivery.address})"
    if attempt.error is None:
        return f"{what}: sent."
    if delivery.state is DeliveryState.GIVEN_UP:
        return f"{what}: GIVEN UP after {_times(delivery.attempts)}: {attempt.error}"
    due = delivery.next_attempt_at
    again = f"; the next attempt is due at {due:%Y-%m-%d %H:%M} UTC" if due else ""
    return f"{what}: not sent{again}: {attempt.error}"


def _times(attempts: int) -> str:
    return f"{attempts} attempt{'' if attempts == 1 else 's'}"


def delivery_data(delivery: Delivery) -> dict[str, Any]:
    """For programs; instants ISO 8601 in UTC."""
    return {
        "report": delivery.name,
        "number": delivery.number,
        "recipient": delivery.recipient,
        "address": delivery.address,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "sent_at": delivery.sent_at,
        "message_id": delivery.message_id,
        "last_error": delivery.last_error,
    }


def outbox_lines(outbox: Sequence[Delivery]) -> list[str]:
    """The outbox as a table, and why each delivery that is not sent is not."""
    if not outbox:
        return ["The outbox is empty."]
    rows = [
        (f"{one.name} {one.number}", one.recipient, one.address, one.state.value, str(one.attempts), _when(one))
        for one in outbox
    ]
    errors = [f"  {one.name} {one.number} to {one.address}: {one.last_error}" for one in outbox if one.last_error]
    return [*columns(("report", "recipient", "address", "state", "attempts", "when"), rows), *errors]


def _when(delivery: Delivery) -> str:
    moment = delivery.sent_at or delivery.next_attempt_at
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
