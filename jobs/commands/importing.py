"""`tracker import`: studies saved from the registry's website or API, where the network is closed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from jobs.commands.choosing import DAY, searches_named
from jobs.commands.opening import open_for_writing
from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.terminal import say_json


@click.command(
    epilog=example(
        "tracker import ctg-studies.json --search spine-tumour --complete --data-date 2026-11-20",
        after="Files: JSON as the website's download or the API gives it, JSON lines, ZIP, each also gzipped.",
    )
)
@common_options
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--search", "name", metavar="NAME", required=True, help="The search that the files answer.")
@click.option("--complete", is_flag=True, help="The files hold all that the search returns: who is missing has left.")
@click.option("--data-date", type=DAY, metavar="DAY", help="The day of the data; default: as the records say.")
@json_option
def command(files: tuple[Path, ...], name: str, complete: bool, data_date: date | None, as_json: bool) -> int:
    """Take in studies saved from the registry's website or API.

    Without --complete nobody departs from the search.
    """
    from jobs.ending import DONE
    from jobs.syncing import exit_code, import_files, lines_of, run_as_data

    config = current_config(full=False)
    [search] = searches_named(config, name)
    with open_for_writing(config) as store:
        synced = import_files(store, search, files, data_date=data_date, complete=complete)
    ended = exit_code(synced.run, partial=not complete)
    if as_json:
        say_json(run_as_data(synced))
    else:
        for line in lines_of(synced):
            say_done(line, well=ended == DONE)
    return ended
