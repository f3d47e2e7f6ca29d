"""`tracker mute`: keep a trial's routine lines off the reports."""

from __future__ import annotations

from datetime import date

import click

from jobs.commands.choosing import DAY
from jobs.commands.marks import mark_options, mark_or_list, trials_argument
from jobs.commands.options import example
from tracker.changes import Kind
from tracker.marks import Mark
from tracker.study import NctId


@click.command(
    epilog=example(
        'tracker mute NCT00508443 --until 2027-01-31 --why "dates are being cleaned up"',
        'tracker mute NCT00508443 --kind sites --kind enrollment --why "reported elsewhere"',
        "tracker mute --list",
        "tracker mute NCT00508443 --withdraw",
        after="A muted change is counted in the report, stands in changes.csv as muted, and does not return.",
    )
)
@mark_options
@trials_argument
@click.option("--why", metavar="TEXT", help="The reason, for whoever reads the report.")
@click.option("--until", type=DAY, metavar="DAY", help="The last day of it; default: until it is withdrawn.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    metavar="KIND",
    help="Hide this kind of change, whatever its weight, instead of routine ones; several times for several.",
)
def command(
    nct_ids: tuple[NctId, ...],
    why: str | None,
    until: date | None,
    kinds: tuple[str, ...],
    by: str | None,
    withdraw: bool,
    listed: bool,
    as_json: bool,
) -> int:
    """Keep a trial's routine lines off the page of the reports.

    Results, stops, departures and everything else that is not routine are told all the same, unless --kind names them.
    """
    if why is None and not (withdraw or listed):
        raise click.UsageError("--why is missing: say why, for whoever reads the report", click.get_current_context())
    return mark_or_list(
        Mark.MUTE,
        nct_ids,
        text=("--why", why),
        by=by,
        withdraw=withdraw,
        listed=listed,
        as_json=as_json,
        until=until,
        kinds=tuple(Kind(kind) for kind in kinds),
    )
