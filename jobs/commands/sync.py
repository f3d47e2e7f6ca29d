"""`tracker sync`: one run."""

from __future__ import annotations

import click

from jobs.commands.choosing import searches_named
from jobs.commands.opening import open_for_writing
from jobs.commands.options import common_options, current_config, example, is_quiet, json_option, say_done
from jobs.terminal import say_json


@click.command(
    epilog=example(
        "tracker sync",
        "tracker sync --dry-run --full",
        after="Exit codes: 0 done; 1 the registry could not be read; 3 done, but incomplete or with problems.",
    )
)
@common_options
@click.option("--full", is_flag=True, help="Read everything, even if the registry's data is the one already held.")
@click.option("--search", "name", metavar="NAME", help="Only this search.")
@click.option("--dry-run", is_flag=True, help="Tell what would be recorded, and write nothing.")
@click.option("--accept-shrink", is_flag=True, help="Believe it that a search lost many of its trials at once.")
@json_option
def command(full: bool, name: str | None, dry_run: bool, accept_shrink: bool, as_json: bool) -> int:
    """Ask the registry what every search returns, and remember what changed."""
    from jobs.ending import DONE
    from jobs.syncing import exit_code, lines_of, registry_client, run_as_data, shown_progress, utc_now
    from tracker.sync import Request, sync

    config = current_config(full=False)
    chosen = searches_named(config, name)
    request = Request(searches=chosen, all_searches=name is None, full=full, accept_shrink=accept_shrink)
    with (
        open_for_writing(config) as store,
        registry_client(config) as client,
        shown_progress(quiet=is_quiet()) as progress,
    ):
        synced = sync(store, client, request, now=utc_now, dry_run=dry_run, progress=progress)
    ended = exit_code(synced.run)
    if as_json:
        say_json(run_as_data(synced))
    else:
        for line in lines_of(synced, dry_run=dry_run):
            say_done(line, well=ended == DONE)
    return ended
