"""Reads and writes the outbox: which report goes to whom, and how far that is.

A delivery is recorded in the transaction that records its report. Whoever sends it claims it first, by compare and
set: of two processes one gets it. A claim lapses, so that a delivery whose sender was killed is taken up again; its
Message-ID is then the same, by which mail systems recognise a mail they have already.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from tracker.store.schema import delivery, identity

LONGEST_DELAY = timedelta(hours=4)
"""Between two attempts, and more than a claim lasts."""
_FURTHEST = LONGEST_DELAY + timedelta(hours=1)
"""What is due later than so long from now was put off while the clock was ahead: it is due now."""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given up"
    REPLACED = "replaced"  # its address is gone from config.toml; the recipient's new one gets the report instead
    TAKEN_OUT = "taken out"  # its address is gone from config.toml, and nobody is in its place


_UNSENT = (DeliveryState.PENDING, DeliveryState.GIVEN_UP, DeliveryState.TAKEN_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What is to go to one address. `attachments` name files of the report; `address` is never a secret."""

    recipient: str
    address: str
    message_id: str
    subject: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One report to one address of a recipient. Instants are aware UTC.

    `attempts` counts those begun. `next_attempt_at` is when it is due; while it is being sent, when the claim lapses.
    """

    id: int
    name: str
    number: int
    recipient: str
    address: str
    message_id: str
    subject: str
    attachments: tuple[str, ...]
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    last_error: str | None


def store_identity(connection: Connection) -> str:
    """A word that no other store has; copies and backups of this one share it."""
    query = select(identity.c.id).order_by(identity.c.made_at, identity.c.id).limit(1)
    return str(connection.execute(query).scalar_one())


def record_deliveries(
    connection: Connection, *, name: str, number: int, dispatches: Iterable[Dispatch], created_at: datetime
) -> None:
    """Puts a report into the outbox, due at once. `created_at` is aware."""
    rows = [
        {
            **dataclasses.asdict(one),
            "attachments": list(one.attachments),
            "name": name,
            "number": number,
            "state": DeliveryState.PENDING,
            "attempts": 0,
            "created_at": created_at,
            "next_attempt_at": created_at,
        }
        for one in dispatches
    ]
    if rows:
        connection.execute(insert(delivery), rows)


def due_deliveries(connection: Connection, *, now: datetime, retry: bool = False) -> list[Delivery]:
    """Those to be sent now, the longest due first. With `retry` all that are not sent, whatever was decided before;
    but what another process is sending stays with it until its claim lapses."""
    at, state = delivery.c.next_attempt_at, delivery.c.state
    is_due = or_(at <= now, at > now + _FURTHEST)
    lapsed = (state == DeliveryState.SENDING) & is_due
    waiting = state.in_(_UNSENT) if retry else (state == DeliveryState.PENDING) & is_due
    query = select(delivery).where(or_(lapsed, waiting)).order_by(at, delivery.c.id)
    return [_delivery(row) for row in connection.execute(query).mappings()]


def next_due(connection: Connection, *, now: datetime) -> datetime | None:
    """When the first of what waits is to be sent: `now` (aware) or earlier if it is due; None where nothing waits."""
    waiting = deliveries(connection, states=(DeliveryState.PENDING, DeliveryState.SENDING))
    instants = [one.next_attempt_at for one in waiting if one.next_attempt_at]
    return min((at if at <= now + _FURTHEST else now for at in instants), default=None)


def claim(connection: Connection, due: Delivery, *, until: datetime) -> Delivery | None:
    """The delivery, now being sent by the caller until `until` (aware); None where another process was quicker."""
    unchanged = (delivery.c.state == due.state) & (delivery.c.attempts == due.attempts)
    claimed = {"state": DeliveryState.SENDING, "attempts": due.attempts + 1, "next_attempt_at": until}
    done = connection.execute(update(delivery).where(delivery.c.id == due.id, unchanged).values(claimed))
    if done.rowcount != 1:
        return None
    return dataclasses.replace(due, state=DeliveryState.SENDING, attempts=due.attempts + 1, next_attempt_at=until)


def record_sent(connection: Connection, claimed: Delivery, *, at: datetime) -> Delivery:
    """Remembers that it was sent, even where the claim has lapsed meanwhile: nobody needs to try again."""
    settled = {"state": DeliveryState.SENT, "sent_at": at, "next_attempt_at": None, "last_error": None}
    unsent = delivery.c.state != DeliveryState.SENT
    connection.execute(update(delivery).where(delivery.c.id == claimed.id, unsent).values(settled))
    return dataclasses.replace(claimed, state=DeliveryState.SENT, sent_at=at, next_attempt_at=None, last_error=None)


def record_failure(
    connection: Connection, claimed: Delivery, *, error: str, next_attempt_at: datetime | None, at: datetime
) -> Delivery:
    """Remembers why it failed, and when to try again; without a time it is given up. Where the claim has lapsed and
    another process has taken over, that one decides: the delivery is returned as it stands. Instants are aware."""
    state = DeliveryState.PENDING if next_attempt_at else DeliveryState.GIVEN_UP
    # The count of attempts tells one claim from the next.
    mine = (delivery.c.state == DeliveryState.SENDING) & (delivery.c.attempts == claimed.attempts)
    # Of what is given up the column says when, until the admins know (`given_up_untold`).
    settled = {"state": state, "last_error": error, "next_attempt_at": next_attempt_at or at}
    same = delivery.c.id == claimed.id
    if connection.execute(update(delivery).where(same, mine).values(settled)).rowcount != 1:
        return _delivery(connection.execute(select(delivery).where(same)).mappings().one())
    return dataclasses.replace(claimed, state=state, last_error=error, next_attempt_at=next_attempt_at)


def deliveries(connection: Connection, *, states: Collection[DeliveryState] | None = None) -> list[Delivery]:
    """The outbox in the order in which it was filled, narrowed to `states` where they are given."""
    query = select(delivery).order_by(delivery.c.id)
    if states is not None:
        query = query.where(delivery.c.state.in_(list(states)))
    return [_delivery(row) for row in connection.execute(query).mappings()]


def deliveries_to(connection: Connection, recipient: str, *, name: str, number: int) -> list[Delivery]:
    """A recipient's deliveries of one report, kept from every other process until the transaction ends."""
    of_report = (delivery.c.name == name) & (delivery.c.number == number)
    query = select(delivery).where(of_report, delivery.c.recipient == recipient).order_by(delivery.c.id)
    connection.execute(query.with_for_update()).all()
    # Read once they are kept: what another process has added meanwhile is not among those that were waited for.
    return [_delivery(row) for row in connection.execute(query).mappings()]


def record_gone(connection: Connection, gone: Delivery, *, state: DeliveryState, why: str) -> None:
    """Nobody tries it any more, and nobody is alarmed: `state` is REPLACED or TAKEN_OUT."""
    settled = {"state": state, "last_error": why, "next_attempt_at": None}
    connection.execute(update(delivery).where(delivery.c.id == gone.id).values(settled))


def take_up(connection: Connection, gone: Delivery, *, at: datetime) -> None:
    """Its address is in config.toml again: it is due `at` (aware)."""
    waiting = {"state": DeliveryState.PENDING, "last_error": None, "next_attempt_at": at}
    connection.execute(update(delivery).where(delivery.c.id == gone.id).values(waiting))


def sent_since(connection: Connection, instant: datetime) -> bool:
    """Whether anything was sent after `instant` (aware)."""
    query = select(delivery.c.id).where(delivery.c.state == DeliveryState.SENT, delivery.c.sent_at > instant)
    return connection.execute(query.limit(1)).first() is not None


def given_up_untold(connection: Connection) -> list[Delivery]:
    """What was given up, and the admins were not yet told of."""
    untold = (delivery.c.state == DeliveryState.GIVEN_UP) & delivery.c.next_attempt_at.is_not(None)
    query = select(delivery).where(untold).order_by(delivery.c.id)
    return [_delivery(row) for row in connection.execute(query).mappings()]


def note_told(connection: Connection, given_up: Iterable[Delivery]) -> None:
    """The admins know that these were given up; not of one that was tried, and given up, again meanwhile."""
    for one in given_up:
        same = (delivery.c.id == one.id) & (delivery.c.attempts == one.attempts)
        still = delivery.c.state == DeliveryState.GIVEN_UP
        connection.execute(update(delivery).where(same, still).values(next_attempt_at=None))


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How much waits, being sent included, and how much was given up.

    `oldest` is when the longest waiting was made, `newest_given_up` when the last of those given up was. Aware UTC.
    """

    waiting: int = 0
    given_up: int = 0
    oldest: datetime | None = None
    newest_given_up: datetime | None = None


def outbox_counts(connection: Connection) -> OutboxCounts:
    """The outbox in numbers."""
    made = delivery.c.created_at
    query = select(delivery.c.state, func.count(), func.min(made), func.max(made)).group_by(delivery.c.state)
    found = {DeliveryState(state): numbers for state, *numbers in connection.execute(query)}
    waiting = [found[state] for state in (DeliveryState.PENDING, DeliveryState.SENDING) if state in found]
    given_up, _, newest = found.get(DeliveryState.GIVEN_UP, (0, None, None))
    oldest = min((first for _, first, _ in waiting), default=None)
    return OutboxCounts(sum(count for count, _, _ in waiting), given_up, oldest, newest)


def _delivery(row: RowMapping) -> Delivery:
    values = {**row, "attachments": tuple(row["attachments"]), "state": DeliveryState(row["state"])}
    if values["state"] is DeliveryState.GIVEN_UP:
        values["next_attempt_at"] = None
    return Delivery(**values)
