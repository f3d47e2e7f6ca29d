"""`tracker search preview`: what each term brings, and what an edit would add and drop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from jobs.commands.asking import say_lines, state_cost, stored
from jobs.commands.choosing import searches_named
from jobs.commands.options import common_options, current_config, example, is_quiet, json_option
from jobs.ending import DONE, DONE_WITH_PROBLEMS
from jobs.terminal import say, say_json
from jobs.tuning.watching import steps
from tracker.errors import UsageError
from tracker.study import Study

if TYPE_CHECKING:
    from jobs.tuning.previewing import Asked, Held, Plan
    from tracker.config import Config
    from tracker.registry.query import TermQuery
    from tracker.searches import SearchDefinition
    from tracker.taxonomy import Taxonomy
    from tracker.tuning.edits import Edit

_LONGEST_LABEL = 40
MOST_STUDIES = 50_000
"""What `preview` reads without being told to; a search for a topic has a few thousand."""


@click.command(
    short_help="Show what terms bring, and what an edit would add and drop.",
    epilog=example(
        "tracker search preview",
        "tracker search preview spine-tumour --add-term 'condition=\"bone metastases\"' --drop-term 3",
        'tracker search preview --add-term \'{title = "chordoma", status = ["RECRUITING"]}\'',
        "tracker search preview --shipped",
        after="Quotation marks belong to the expression: they are sent. Exit codes: 0 done; 1 the registry could not "
        "be asked; 2 usage, config.toml or a term that the registry refuses; 3 a term could not be read completely, "
        "or the registry published new data meanwhile.",
    ),
)
@common_options
@click.argument("name", required=False)
@click.option("--add-term", "added", multiple=True, metavar="KEY=EXPRESSION", help="Try this term, too.")
@click.option("--drop-term", "dropped", multiple=True, metavar="N|TEXT", help="Try without this term.")
@click.option("--shipped", is_flag=True, help="Try the terms that come with this version of the program instead.")
@click.option("--all", "everything", is_flag=True, help="List every study that would enter or leave.")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=MOST_STUDIES,
    show_default=True,
    metavar="STUDIES",
    help="Refuse to read more than this.",
)
@json_option
def preview(
    name: str | None,
    added: tuple[str, ...],
    dropped: tuple[str, ...],
    shipped: bool,
    everything: bool,
    most: int,
    as_json: bool,
) -> int:
    """Show what each term brings, alone and with the others, and who would enter and leave.

    All of it is what the registry returns now, held against the members in the store. Nothing is stored, and
    config.toml stays as it is.
    """
    from jobs.tuning.preview_lines import heading_lines, preview_lines
    from jobs.tuning.previewing import previews_data

    config = current_config(full=False)
    edits = _edits(config, name, added=added, dropped=dropped, shipped=shipped)
    version = _shipped_version() if shipped else None
    asked = _asked(config, edits, most)
    if as_json:
        say_json(previews_data(asked, shipped_version=version))
    else:
        say_lines(heading_lines(asked, shipped_version=version))
        for one in asked.previews:
            say_lines(["", *preview_lines(one, everything=everything)])
        say("\nNothing was changed.")
    return DONE_WITH_PROBLEMS if asked.mixed or any(one.incomplete for one in asked.previews) else DONE


def _asked(config: Config, edits: Sequence[Edit], most: int) -> Asked:
    from jobs.syncing import registry_client, shown_progress
    from jobs.tuning.layout import counted
    from jobs.tuning.previewing import Asked, planned, previews, queries_of
    from tracker.tuning.asking import Reader

    held = _held(config, [edit.search.name for edit in edits])
    labels = _labels(queries_of(edits))
    state_cost(config, f"{counted(len(labels), 'term')} to count first", len(labels) + 1)
    with registry_client(config) as client:
        before = client.version().data_timestamp
        with steps("terms counted", total=len(labels)) as advance:
            plan = planned(client, edits, held=held, places=_places(config), told=advance)
        _refuse_too_many(plan, most)
        studies = counted(plan.studies, "study", "studies")
        state_cost(config, f"{studies} to read (those of several terms several times)", plan.requests + 1)
        with shown_progress(quiet=is_quiet()) as told:
            reader = Reader(
                client,
                _relevance_by(config.classes()),
                told=lambda query, done, total: told(labels[query], done, total),
            )
            found = tuple(previews(reader, plan, held=held))
        return Asked(
            previews=found,
            registry=client.description,
            before=before,
            after=client.version().data_timestamp,
            requests=client.traffic.requests,
        )


def _labels(queries: Sequence[TermQuery]) -> dict[TermQuery, str]:
    """Short enough for a progress bar beside them."""
    from jobs.tuning.layout import cut
    from tracker.searches import term_in_words

    return {
        query: cut(f"{number} of {len(queries)}, {term_in_words(query)}", _LONGEST_LABEL)
        for number, query in enumerate(queries, 1)
    }


def _shipped_version() -> int:
    from tracker.tuning.shipped import shipped_terms

    return shipped_terms().version


def _relevance_by(taxonomy: Taxonomy) -> Callable[[Study], str]:
    from tracker.taxonomy import classify

    return lambda study: str(classify(study, taxonomy).relevance)


def _edits(
    config: Config, name: str | None, *, added: Sequence[str], dropped: Sequence[str], shipped: bool
) -> list[Edit]:
    from tracker.tuning.edits import edited, replaced, term_meant, typed_term
    from tracker.tuning.shipped import shipped_terms

    if shipped and (added or dropped):
        raise UsageError("--shipped goes with neither --add-term nor --drop-term")
    chosen = searches_named(config, name)
    if shipped:
        new = shipped_terms().search
        return [replaced(_one(config, name or _like(chosen, new.name)), new.terms)]
    if not (added or dropped):
        return [edited(search) for search in chosen]
    search = _one(config, name)
    return [
        edited(search, add=[typed_term(text) for text in added], drop=[term_meant(search, text) for text in dropped])
    ]


def _like(chosen: Sequence[SearchDefinition], name: str) -> str | None:
    return name if any(search.name == name for search in chosen) else None


def _one(config: Config, name: str | None) -> SearchDefinition:
    """The one search that an edit is about."""
    chosen = searches_named(config, name)
    if len(chosen) != 1:
        names = ", ".join(search.name for search in config.searches)
        raise UsageError(f"{config.path} has several searches", advice=f"Name the one to edit: {names}.")
    return chosen[0]


def _places(config: Config) -> dict[TermQuery, str]:
    """Where each configured term stands."""
    return {
        query: f"{config.path}: search[{number}].term[{position}]"
        for number, search in enumerate(config.searches, 1)
        for position, query in enumerate(search.terms, 1)
    }


def _held(config: Config, names: Sequence[str]) -> Mapping[str, Held]:
    from jobs.tuning.holding import held
    from jobs.tuning.previewing import Held

    with stored(config) as connection:
        return {name: held(connection, name) if connection else Held(members={}) for name in names}


def _refuse_too_many(plan: Plan, most: int) -> None:
    if plan.studies <= most:
        return
    from tracker.searches import term_in_words

    largest, count = max(plan.counts.items(), key=lambda one: one[1])
    raise UsageError(
        f"the terms return {plan.studies:,} studies, {count:,} of them by {term_in_words(largest)}",
        advice=f"Narrow the term, or read them all the same with --most {plan.studies}.",
    )
