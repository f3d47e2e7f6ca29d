"""`tracker run`: what a schedule calls: a sync, then the next report of every definition, and its deliveries."""

from __future__ import annotations

import click

from jobs.commands.delivering import tell_attempts
from jobs.commands.opening import open_for_writing
from jobs.commands.options import common_options, current_config, example, is_quiet, json_option, say_done
from jobs.terminal import note, say_json


@click.command(
    epilog=example(
        "tracker run",
        after="Exit codes: 0 done; 1 the sync failed (the reports say so); 3 done, but incomplete, with problems, or "
        "not delivered to everybody.",
    )
)
@common_options
@json_option
def command(as_json: bool) -> int:
    """Sync, then write the next report of every definition, and send it to its recipients.

    If the registry can't be read, the reports are written all the same, and say so. What could not be sent stays in
    the outbox: `tracker deliver` and every later run try again.
    """
    import os

    from jobs.deliver import deliver_due
    from jobs.ending import DONE, DONE_WITH_PROBLEMS
    from jobs.outbox import delivery_data
    from jobs.recipients import Recipients
    from jobs.replaying import write_missing_copies
    from jobs.reporting import next_report
    from jobs.syncing import exit_code, lines_of, registry_client, run_as_data, shown_progress, utc_now
    from tracker.sync import Request, sync

    config = current_config(full=False)
    titles = {search.name: search.description for search in config.searches}
    recipients = Recipients(config, os.environ)
    with open_for_writing(config) as store:
        failures = write_missing_copies(store)
        with registry_client(config) as client, shown_progress(quiet=is_quiet()) as progress:
            synced = sync(store, client, Request(searches=config.searches), now=utc_now, progress=progress)
        written = [
            next_report(
                store,
                definition,
                titles=titles,
                now=utc_now(),
                output=config.output_folder,
                recipients=recipients.of_report(definition),
                timezone=config.timezone,
                classes=config.classes,
            )
            for definition in config.reports
        ]
        attempts = deliver_due(store, recipients, now=utc_now)
    for failure in failures:
        note(failure)
    ended = exit_code(synced.run)
    if as_json:
        reports = [
            {"name": one.name, "number": one.number, "headline": one.headline, "folder": str(one.folder)}
            for one in written
        ]
        say_json(
            {**run_as_data(synced), "reports": reports, "deliveries": [delivery_data(one.delivery) for one in attempts]}
        )
    else:
        for line in (*lines_of(synced), *(f"{one.headline}\n{one.files[0]}" for one in written)):
            say_done(line, well=ended == DONE)
    tell_attempts(attempts, as_json=as_json)
    return DONE_WITH_PROBLEMS if ended == DONE and (failures or any(one.error for one in attempts)) else ended
