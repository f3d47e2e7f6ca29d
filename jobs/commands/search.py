"""`tracker search`: what the terms of the searches bring, before an edit of them is saved."""

from __future__ import annotations

import click

from jobs.commands.options import common_options, example
from jobs.commands.search_check import check
from jobs.commands.search_list import list_
from jobs.commands.search_preview import preview
from jobs.commands.search_why import why


@click.group(
    epilog=example(
        "tracker search list",
        "tracker search check",
        "tracker search preview spine-tumour --add-term 'condition=\"bone metastases\"'",
        "tracker search why NCT03050203",
    )
)
@common_options
def command() -> None:
    """Tune the searches: their terms, what each brings, why a trial is tracked.

    Nothing here changes the store or config.toml.
    """


for part in (list_, check, preview, why):
    command.add_command(part)
