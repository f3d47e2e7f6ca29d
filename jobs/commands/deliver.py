"""`tracker deliver`: the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jobs.commands.delivering import tell_attempts
from jobs.commands.opening import open_for_writing
from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.ending import DONE, DONE_WITH_PROBLEMS, FAILED
from jobs.terminal import note, say_json
from tracker.untrusted import plain_line

if TYPE_CHECKING:
    from jobs.recipients import Recipients

SENT_SHOWN = 20
"""Of what was sent before, the list shows the newest."""


@click.command(
    epilog=example(
        "tracker deliver",
        "tracker deliver --retry",
        "tracker deliver --test coordinators",
        after="Exit codes: 0 all that was due is sent; 1 the test message did not arrive; 3 something could not be "
        "sent, or was given up.",
    )
)
@common_options
@click.option("--retry", is_flag=True, help="Try everything that is not sent again, given up or not, now.")
@click.option("--test", "tested", metavar="RECIPIENT", help="Send a test message instead, and say whether it went.")
@json_option
def command(retry: bool, tested: str | None, as_json: bool) -> int:
    """Send what is due, and show the outbox.

    A report is sent to each recipient once. What fails is tried again, after a minute at first, then ever more rarely;
    after the recipient's give_up_days, or where the mail server refuses it for good, it is given up. What a secret is
    missing for waits until it is there.

    Where config.toml no longer has the address, the recipient's new address gets what is not sent ("replaced"; what
    was given up only with --retry), or nobody does ("taken out").

    Only where a process is killed just after a server took a message does it go out twice: a mail with the same
    Message-ID, by which mail programs know it again; a chat message with a word that it may be a repetition.
    """
    import os

    from jobs.recipients import Recipients

    recipients = Recipients(current_config(full=False), os.environ)
    if tested is None:
        return _deliver(recipients, retry=retry, as_json=as_json)
    if retry:
        raise click.UsageError("--test sends a test message only; leave --retry out")
    return _test(recipients, tested, as_json=as_json)


def _deliver(recipients: Recipients, *, retry: bool, as_json: bool) -> int:
    from jobs.deliver import deliver_due
    from jobs.outbox import delivery_data, outbox_lines
    from jobs.syncing import utc_now
    from tracker.store.deliveries import DeliveryState, deliveries

    with open_for_writing(recipients.config, create=False) as store:
        attempts = deliver_due(store, recipients, now=utc_now, retry=retry)
        with store.connect() as connection:
            outbox = deliveries(connection)
    sent = [one for one in outbox if one.state is DeliveryState.SENT]
    older = {one.id for one in sent[:-SENT_SHOWN]}
    tell_attempts(attempts, as_json=as_json)
    if as_json:
        say_json(
            {
                "attempted": [delivery_data(one.delivery) for one in attempts],
                "outbox": [delivery_data(one) for one in outbox],
            }
        )
    else:
        for line in outbox_lines([one for one in outbox if one.id not in older]):
            say_done(line)
        if older:
            say_done(f"and {len(older)} sent before.")
    failed = any(one.error for one in attempts) or any(one.state is DeliveryState.GIVEN_UP for one in outbox)
    return DONE_WITH_PROBLEMS if failed else DONE


def _test(recipients: Recipients, name: str, *, as_json: bool) -> int:
    from jobs.deliver import send_test
    from jobs.syncing import utc_now

    tried = send_test(recipients.reached(name), now=utc_now())
    if as_json:
        say_json(
            [
                {"recipient": name, "address": address, "sent": error is None, "error": error.told if error else None}
                for address, error in tried
            ]
        )
    for address, error in tried:
        if error is not None:
            note(f"tracker: {plain_line(error.told)}")
        elif not as_json:
            say_done(f"A test message went to {name} ({address}).")
    return FAILED if any(error for _, error in tried) else DONE
