"""`tracker search why`: which terms return a trial, or why it is not tracked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from jobs.commands.asking import say_lines, state_cost, stored
from jobs.commands.options import NCT_ID, common_options, current_config, example, json_option
from jobs.terminal import say_json
from jobs.tuning.watching import steps
from tracker.study import NctId

if TYPE_CHECKING:
    from jobs.tuning.reasons import LiveAnswer
    from tracker.config import Config


@click.command(
    short_help="Say why a trial is tracked, or why it is not.",
    epilog=example(
        "tracker search why NCT03050203",
        "tracker search why NCT03050203 --live",
        after="Exit codes: 0 answered, whatever the answer is; 1 there is no store yet, and config.toml does not name "
        "the trial either, or the registry could not be asked.",
    ),
)
@common_options
@click.argument("nct_ids", metavar="NCT…", type=NCT_ID, nargs=-1, required=True)
@click.option("--live", is_flag=True, help="Ask the registry, too: one request for each term and each study.")
@json_option
def why(nct_ids: Sequence[NctId], live: bool, as_json: bool) -> None:
    """Say which terms return a trial, since when, and where their words stand in it; or why it is not tracked.

    The store and config.toml answer. --json prints an array with one object per trial.
    """
    from jobs.tuning.holding import reasons
    from jobs.tuning.reasons import reasons_data
    from jobs.tuning.reasons_lines import reasons_lines

    config = current_config(full=False)
    studies = list(dict.fromkeys(nct_ids))
    answers = _ask_live(config, studies) if live else {}
    listed = {study for search in config.searches for study in search.included | search.excluded}
    with stored(config, needed=not live and not listed.issuperset(studies)) as connection:
        told = [reasons(connection, study, defined=config.searches, live=answers.get(study)) for study in studies]
    if as_json:
        say_json([reasons_data(one) for one in told])
        return
    for number, one in enumerate(told):
        say_lines([*([""] if number else []), *reasons_lines(one)])


def _ask_live(config: Config, studies: Sequence[NctId]) -> dict[NctId, LiveAnswer]:
    from jobs.syncing import registry_client
    from jobs.tuning.layout import counted
    from jobs.tuning.reasons import LiveAnswer
    from tracker.tuning.asking import returned_of

    queries = list(dict.fromkeys(query for search in config.searches for query in search.terms))
    questions = len(queries) + len(studies)
    what = f"{counted(len(queries), 'term')} and {counted(len(studies), 'study', 'studies')} to ask for"
    state_cost(config, what, questions)
    with registry_client(config) as client, steps("questions asked", total=questions) as advance:
        fates = {}
        for study in studies:
            fates[study] = client.look_up(study)
            advance(1)
        returned = {}
        for query in queries:
            returned[query] = returned_of(client, query, studies)
            advance(1)
    return {
        study: LiveAnswer(
            fates[study], {query: None if ids is None else study in ids for query, ids in returned.items()}
        )
        for study in studies
    }
