"""`tracker search check`: the config's terms against the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from jobs.commands.asking import say_lines, state_cost
from jobs.commands.choosing import searches_named
from jobs.commands.options import common_options, current_config, example, json_option
from jobs.ending import DONE, DONE_WITH_PROBLEMS
from jobs.terminal import say_json
from jobs.tuning.watching import steps

if TYPE_CHECKING:
    from jobs.tuning.checking import CheckedSearch
    from tracker.config import Config
    from tracker.registry.client import RegistryClient
    from tracker.registry.query import TermQuery
    from tracker.searches import SearchDefinition


@click.command(
    short_help="Ask the registry for the count of every term.",
    epilog=example(
        "tracker search check",
        "tracker search check spine-tumour --json",
        after="Exit codes: 0 all is well; 1 the registry could not be asked; 2 config.toml; 3 something is odd.",
    ),
)
@common_options
@click.argument("name", required=False)
@json_option
def check(name: str | None, as_json: bool) -> int:
    """Ask the registry for the count of every term, and of the studies listed by hand.

    Told are terms that it can't read, that return nothing, everything or far too much, or that hold NCT IDs only,
    and ids in include and exclude that it does not know or has merged into others.
    """
    from jobs.syncing import registry_client
    from jobs.tuning.checking import Check, check_data, check_lines, is_flagged
    from jobs.tuning.layout import counted
    from tracker.tuning.asking import cost_of_listed

    config = current_config(full=False)
    chosen = searches_named(config, name)
    queries = {query for search in chosen for query in search.terms}
    listed = sum(cost_of_listed(len(search.included | search.excluded)) for search in chosen)
    state_cost(config, f"{counted(len(queries), 'term')} to count", 2 + len(queries) + listed)
    with registry_client(config) as client, steps("terms asked", total=len(queries)) as advance:
        data = client.version()
        total = client.count()
        searches = _checked(client, config, chosen, told=advance)
        found = Check(
            file=str(config.path),
            registry=client.description,
            data_date=data.data_date,
            total=total,
            requests=client.traffic.requests,
            searches=searches,
        )
    if as_json:
        say_json(check_data(found))
    else:
        say_lines(check_lines(found))
    return DONE_WITH_PROBLEMS if is_flagged(found) else DONE


def _checked(
    client: RegistryClient, config: Config, chosen: Sequence[SearchDefinition], *, told: Callable[[int], object]
) -> tuple[CheckedSearch, ...]:
    from jobs.tuning.checking import CheckedSearch
    from tracker.tuning.asking import CountedTerm, became_of, counted

    known: dict[TermQuery, CountedTerm] = {}
    for query in (query for search in chosen for query in search.terms):
        if query not in known:
            known[query] = counted(client, query)
            told(1)
    return tuple(
        CheckedSearch(
            number=config.searches.index(search) + 1,
            search=search,
            terms=tuple(known[query] for query in search.terms),
            fates=became_of(client, sorted(search.included | search.excluded)),
        )
        for search in chosen
    )
