"""`tracker export`: the store's content for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.terminal import say_json


@click.group(epilog=example("tracker export feeds", "tracker export tables --out analysis"))
@common_options
def command() -> None:
    """Write what other programs read: feeds and a calendar, or the store's tables."""


@command.command(
    epilog=example(
        "tracker export feeds",
        "tracker export feeds --out /srv/www/trials",
        after="A program that subscribes to the files shows each change once, and moves an entry whose date moved. "
        "An entry of the calendar that lapses is cancelled, and left out three months later.",
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
            say_done(path)


@command.command(
    epilog=example(
        "tracker export tables",
        "tracker export tables --out analysis --records",
        after="Instants are UTC, lists and nested values JSON, digests hexadecimal. A text that a spreadsheet would "
        "run as a formula begins with an apostrophe. All files show the same state of the store.",
    )
)
@common_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where to write; default: tables in the output folder.",
)
@click.option("--records", is_flag=True, help="Also write every version's record, a line of JSON each.")
@json_option
def tables(out: Path | None, records: bool, as_json: bool) -> None:
    """Write every table of the store as CSV: for R, pandas or a spreadsheet.

    The tables hold no records and no rendered reports; --records adds the records as the registry sent them.
    """
    from jobs.exporting import export_tables

    config = current_config(full=False)
    folder = (out or config.output_folder / "tables").absolute()
    with open_for_reading(config) as store:
        written = []
        for file in export_tables(store, folder, with_records=records):
            written.append({"path": str(file.path), "rows": file.rows})
            if not as_json:
                say_done(f"{file.path}: {file.rows} {'row' if file.rows == 1 else 'rows'}")
    if as_json:
        say_json({"files": written})
