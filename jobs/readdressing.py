"""What is not sent, and whose address config.toml no longer has: the recipient's new addresses get it, or nobody does.

Neither is a failure: config's owner decided it. An address that was corrected gets the report that the wrong one could
not; one that was taken out for good is no longer waited for, nor alarmed about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from jobs.outbox import dispatches
from tracker.store.deliveries import (
    Delivery,
    DeliveryState,
    deliveries,
    deliveries_to,
    due_deliveries,
    record_deliveries,
    record_gone,
    store_identity,
    take_up,
)
from tracker.store.reports import recorded_report

if TYPE_CHECKING:
    from jobs.recipients import Addressee, Recipients
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection

_GONE = (DeliveryState.REPLACED, DeliveryState.TAKEN_OUT)


def readdress(store: Store, recipients: Recipients, *, now: Callable[[], datetime], retry: bool) -> None:
    """Settles what is due to addresses that are gone. What was given up moves to a new address only with `retry`.

    Each report of a recipient is settled in a transaction of its own. Raises StoreError.
    """
    with store.connect() as connection:
        unsent = due_deliveries(connection, now=now(), retry=retry)
        if not retry:
            unsent += deliveries(connection, states=(DeliveryState.GIVEN_UP,))
    gone = [one for one in unsent if not recipients.has(one.recipient, one.address)]
    for (name, number, recipient), group in groupby(sorted(gone, key=_report), key=_report):
        with store.begin() as connection:
            there = deliveries_to(connection, recipient, name=name, number=number)
            untouched = set(there).intersection(group)  # by any other process meanwhile
            moved = [one for one in there if one in untouched]
            addressee = recipients.addressee(recipient)
            if addressee is None and (who := recipients.successor([one.address for one in moved], report=name)):
                addressee, there = who, deliveries_to(connection, who.name, name=name, number=number)
            _settle(connection, there, moved, addressee, at=now(), retry=retry)


def _report(delivery: Delivery) -> tuple[str, int, str]:
    return delivery.name, delivery.number, delivery.recipient


def _settle(
    connection: Connection,
    there: Sequence[Delivery],
    gone: Sequence[Delivery],
    addressee: Addressee | None,
    *,
    at: datetime,
    retry: bool,
) -> None:
    """`there`: all that the addressee is to get of the report; `gone`: what has no address now, or another name."""
    taken = {one.address for one in there if one.state not in _GONE}
    new = tuple(address for address in addressee.addresses if address not in taken) if addressee else ()
    moving = [one for one in gone if retry or one.state is not DeliveryState.GIVEN_UP] if new else []
    for one in gone:
        why = f"config.toml no longer has {one.address} as an address of {one.recipient}"
        if one in moving and addressee:
            name = "" if addressee.name == one.recipient else f" as {addressee.name}"
            told = f"{why}: it goes to {', '.join(new)}{name}"
            record_gone(connection, one, state=DeliveryState.REPLACED, why=told)
        elif not new and one.state not in _GONE:
            record_gone(connection, one, state=DeliveryState.TAKEN_OUT, why=why)
    if addressee and moving:
        _queue(connection, replace(addressee, addresses=new), there, moving[0], at=at)


def _queue(
    connection: Connection, addressee: Addressee, there: Sequence[Delivery], instead_of: Delivery, *, at: datetime
) -> None:
    """Due `at`, from when on it is tried for the recipient's give_up_days: nobody asked these addresses before."""
    known = {one.address: one for one in there}
    for address in addressee.addresses:
        if address in known:
            take_up(connection, known[address], at=at)
    report = recorded_report(connection, instead_of.name, instead_of.number)
    if report is None:  # the store's own constraint refuses this
        return
    fresh = dispatches(
        [replace(addressee, addresses=tuple(one for one in addressee.addresses if one not in known))],
        identity=store_identity(connection),
        name=report.name,
        number=report.number,
        created_at=report.created_at,
        subject=instead_of.subject,
    )
    # The files that were recorded with the report, not those that config asks for now.
    queued = [replace(one, attachments=instead_of.attachments) for one in fresh]
    record_deliveries(connection, name=report.name, number=report.number, dispatches=queued, created_at=at)
