"""`tracker export`: the store's content for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, current_config, example, json_option
from jobs.terminal import say, say_json


@click.group(epilog=example("tracker export feeds"))
@common_options
def command() -> None:
    """Write what other programs read: feeds and a calendar."""


@command.command(
    epilog=example(
        "tracker export feeds",
        "tracker export feeds --out /srv/www/trials",
        after="A program that subscribes to the files shows each change once, and moves an entry whose date moved.",
    )
)
@common_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where to write; default: feeds in the output folder.",
)
@json_option
def feeds(out: Path | None, as_json: bool) -> None:
    """Write Atom feeds of changes and of reports, and a calendar of expected completions.

    The calendar also has the days on which results may be due (estimates).
    """
    from jobs.feeding import feed_files
    from reports.copies import write_copies

    config = current_config(full=False)
    folder = (out or config.output_folder / "feeds").absolute()
    with open_for_reading(config) as store:
        files = feed_files(
            store,
            report_names=[one.name for one in config.reports],
            folder=folder,
            now=datetime.now(UTC),
            timezone=config.timezone,
        )
    written = [str(path) for path in write_copies(folder, files)]
    if as_json:
        say_json({"files": written})
    else:
        for path in written:
            say(path)
