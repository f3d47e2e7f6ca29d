"""Sends what is in the outbox: each delivery by itself, from the bytes that were recorded with its report.

A delivery is claimed, sent and settled in transactions of its own, so that one that fails holds up no other. A process
that is killed after the server took a mail and before that was recorded leaves a claim; when that lapses the mail is
sent once more, with the same Message-ID. Chat services have no such id for what is posted to a webhook: the message
says that it may be a repetition.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jobs import chat, mailing
from jobs.outbox import MAIL_HTML, MAIL_TEXT, Attempt, message_id, next_attempt, next_attempt_unconfigured
from jobs.readdressing import readdress
from tracker.errors import ConfigError, DeliveryError, StoreDamaged, StoreError
from tracker.store.deliveries import Delivery, DeliveryState, claim, due_deliveries, record_failure, record_sent
from tracker.store.reports import recorded_report, report_files

if TYPE_CHECKING:
    from email.message import EmailMessage

    from jobs.recipients import Reached, Recipients
    from tracker.store.engine import Store

CLAIM = timedelta(minutes=10)
"""After so long a sender is taken for dead; sending one message is given less (`mailing.DEADLINE_S`)."""

PERHAPS_AGAIN = "This may stand here twice: the attempt to post it before was cut short."


def deliver_due(
    store: Store,
    recipients: Recipients,
    *,
    now: Callable[[], datetime],
    retry: bool = False,
    go_on: Callable[[], None] = lambda: None,
) -> list[Attempt]:
    """Sends what is due (with `retry`: all that is not sent), and returns what became of each.

    Where the mail server takes nothing from anybody, the rest of its mails fail without asking it again. `go_on` is
    called before each, and may raise to leave it and the rest as they are. What goes to an address that config.toml no
    longer has is settled before (`jobs.readdressing`), and no attempt.
    """
    readdress(store, recipients, now=now, retry=retry)
    with store.connect() as connection:
        unsent = due_deliveries(connection, now=now(), retry=retry)
    due = [one for one in unsent if recipients.has(one.recipient, one.address)]
    attempts: list[Attempt] = []
    down: DeliveryError | None = None
    for one in due:
        go_on()
        patience = recipients.patience(one.recipient)
        with store.begin() as connection:
            claimed = claim(connection, one, until=now() + CLAIM)
        if claimed is None:
            continue
        failure = _failure(store, claimed, recipients, down, cut_short=one.state is DeliveryState.SENDING)
        if isinstance(failure, DeliveryError) and failure.everyone:
            down = failure
        attempts.append(_settled(store, claimed, failure, at=now(), patience=patience))
    return attempts


def _failure(
    store: Store, claimed: Delivery, recipients: Recipients, down: DeliveryError | None, *, cut_short: bool
) -> DeliveryError | ConfigError | None:
    """Sends it; returns why it could not be sent. `cut_short`: nobody knows how the attempt before this one ended."""
    try:
        recipient = recipients.reached(claimed.recipient)
        if recipient.server and down:
            return down
        _send(store, claimed, recipient, cut_short=cut_short)
    except (DeliveryError, ConfigError) as error:  # ConfigError: a secret that is missing now
        return error
    except StoreDamaged as error:  # this report's bytes; the others' may be sound
        return DeliveryError(error.message, subject=claimed.address, advice=error.advice)
    except StoreError:
        raise
    except Exception as error:
        # A message that nobody foresaw must not keep the others from being sent: it is told, and tried again.
        return DeliveryError(f"unexpected: {type(error).__name__}: {error}", subject=claimed.address)
    return None


def _settled(
    store: Store, claimed: Delivery, failure: DeliveryError | ConfigError | None, *, at: datetime, patience: timedelta
) -> Attempt:
    with store.begin() as connection:
        if failure is None:
            return Attempt(delivery=record_sent(connection, claimed, at=at))
        again = _again(claimed, failure, at=at, patience=patience)
        failed = record_failure(connection, claimed, error=failure.told, next_attempt_at=again, at=at)
    # Another process may have sent it meanwhile.
    return Attempt(delivery=failed, error=None if failed.state is DeliveryState.SENT else failure.told)


def _again(
    claimed: Delivery, failure: DeliveryError | ConfigError, *, at: datetime, patience: timedelta
) -> datetime | None:
    if isinstance(failure, ConfigError):
        return next_attempt_unconfigured(claimed, now=at)
    return None if failure.permanent else next_attempt(claimed, now=at, patience=patience)


def _send(store: Store, claimed: Delivery, recipient: Reached, *, cut_short: bool) -> None:
    if recipient.chat:
        with store.connect() as connection:
            report = recorded_report(connection, claimed.name, claimed.number)
        where = f"The report: {report.folder}" if report else ""
        text = f"{where}\n{PERHAPS_AGAIN}".strip() if cut_short else where
        chat.post(recipient.chat.url, title=claimed.subject, text=text, named=recipient.chat.variable)
    elif recipient.server:
        mailing.send(recipient.server, _letter(store, claimed, recipient.server.sender), address=claimed.address)


def _letter(store: Store, claimed: Delivery, sender: str) -> EmailMessage:
    with store.connect() as connection:
        files = report_files(connection, claimed.name, claimed.number)
    return mailing.letter(
        sender=sender,
        address=claimed.address,
        subject=claimed.subject,
        text=files[MAIL_TEXT].decode(),
        html=files[MAIL_HTML].decode(),
        attachments={f"{claimed.name}-{claimed.number}-{name}": files[name] for name in claimed.attachments},
        message_id=claimed.message_id,
        date=claimed.created_at,
        list_name=claimed.name,
    )


def send_test(recipient: Reached, *, now: datetime) -> list[tuple[str, DeliveryError | None]]:
    """Really sends a test message to each address; returns each with what went wrong, or None. `now` is aware."""
    return [(address, _test_failure(recipient, address, now=now)) for address in recipient.addresses]


def _test_failure(recipient: Reached, address: str, *, now: datetime) -> DeliveryError | None:
    subject = "Test message of the trial tracker"
    text = f"The recipient {recipient.name} can be reached: reports will arrive here.\n"
    try:
        if recipient.chat:
            chat.post(recipient.chat.url, title=subject, text=text, named=recipient.chat.variable)
        elif recipient.server:
            sender = recipient.server.sender
            identifier = message_id(recipient, address, "test", now.isoformat())
            message = mailing.letter(
                sender=sender,
                address=address,
                subject=subject,
                text=text,
                message_id=identifier,
                date=now,
                list_name="test",
            )
            mailing.send(recipient.server, message, address=address)
    except DeliveryError as error:
        return error
    return None
