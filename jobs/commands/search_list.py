"""`tracker search list`: the searches, beside what the store knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jobs.commands.asking import say_lines, stored
from jobs.commands.options import common_options, current_config, example, json_option
from jobs.terminal import say_json

if TYPE_CHECKING:
    from tracker.config import Config


@click.command(
    "list",
    short_help="List the searches, their terms and how many studies each returns.",
    epilog=example("tracker search list", "tracker search list --json"),
)
@common_options
@json_option
def list_(as_json: bool) -> None:
    """List the searches: their terms as sent, how many studies each returns since when, include and exclude.

    The numbers are those of the last complete sync; "tracker search check" asks the registry.
    """
    from jobs.tuning.holding import listing
    from jobs.tuning.listing import listed_searches, listing_data, listing_lines

    config = current_config(full=False)
    shipped = _beside_shipped(config)
    with stored(config) as connection:
        if connection is None:
            listed = listed_searches(config.searches, (), (), shipped=shipped)
        else:
            listed = listing(connection, config.searches, shipped=shipped)
    if as_json:
        say_json(listing_data(listed))
        return
    say_lines(listing_lines(listed))


def _beside_shipped(config: Config) -> dict[str, str]:
    """How the search that has the shipped one's name stands to it, in words."""
    from tracker.tuning.shipped import shipped_terms, terms_version

    shipped = shipped_terms()
    began = terms_version(config.path)
    told = {}
    for search in config.searches:
        if search.name != shipped.search.name:
            continue
        if {*search.terms} == {*shipped.search.terms}:
            told[search.name] = f"its terms are the shipped ones, version {shipped.version}"
        else:
            origin = f"made from the shipped terms, version {began}" if began else "its terms are not the shipped ones"
            compare = f'"tracker search preview --shipped" compares it with version {shipped.version}'
            told[search.name] = f"{origin}; {compare}"
    return told
