"""`tracker ack`: say that a trial's news has been seen to."""

from __future__ import annotations

import click

from jobs.commands.marks import mark_options, mark_or_list, trials_argument
from jobs.commands.options import example
from tracker.marks import Mark
from tracker.study import NctId


@click.command(
    epilog=example(
        "tracker ack NCT00508443",
        'tracker ack NCT00508443 NCT00855803 --why "overdue results: the sponsor knows" --by "Ana Pop"',
        "tracker ack --list",
    )
)
@mark_options
@trials_argument
@click.option("--why", metavar="TEXT", help="What was done about it.")
def command(
    nct_ids: tuple[NctId, ...], why: str | None, by: str | None, withdraw: bool, listed: bool, as_json: bool
) -> int:
    """Say that a trial's news has been seen to: reports and "tracker show" tell by whom and when. It hides nothing."""
    text = ("--why", why)
    return mark_or_list(Mark.ACK, nct_ids, text=text, by=by, withdraw=withdraw, listed=listed, as_json=as_json)
