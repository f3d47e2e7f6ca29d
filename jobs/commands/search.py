"""`tracker search`: what the terms of the searches bring, before an edit of them is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from jobs.commands.choosing import searches_named
from jobs.commands.opening import open_for_reading
from jobs.commands.options import NCT_ID, common_options, current_config, example, json_option
from jobs.ending import DONE, DONE_WITH_PROBLEMS
from jobs.terminal import note, say, say_json
from jobs.tuning.watching import steps
from tracker.errors import StoreMissing, UsageError
from tracker.study import NctId, Study

if TYPE_CHECKING:
    from jobs.tuning.checking import CheckedSearch
    from jobs.tuning.previewing import Held, Plan
    from jobs.tuning.reasons import LiveAnswer
    from tracker.config import Config
    from tracker.registry.client import RegistryClient
    from tracker.registry.query import TermQuery
    from tracker.searches import SearchDefinition
    from tracker.store.transactions import Connection
    from tracker.tuning.edits import Edit

MOST_STUDIES = 50_000
"""What `preview` reads without being told to; a search for a topic has a few thousand."""


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


# --- list ---------------------------------------------------------------------------------------------------


@command.command("list", epilog=example("tracker search list", "tracker search list --json"))
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
    with _stored(config) as connection:
        if connection is None:
            listed = listed_searches(config.searches, (), (), shipped=shipped)
        else:
            listed = listing(connection, config.searches, shipped=shipped)
    if as_json:
        say_json(listing_data(listed))
        return
    _say_lines(listing_lines(listed))


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


# --- check --------------------------------------------------------------------------------------------------


@command.command(
    epilog=example(
        "tracker search check",
        "tracker search check spine-tumour --json",
        after="Exit codes: 0 all is well; 1 the registry could not be asked; 2 config.toml; 3 something is odd.",
    )
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
    from tracker.tuning.asking import cost_of_listed

    config = current_config(full=False)
    chosen = searches_named(config, name)
    queries = {query for search in chosen for query in search.terms}
    listed = sum(cost_of_listed(len(search.included | search.excluded)) for search in chosen)
    _state_cost(config, f"{len(queries)} terms to count", 2 + len(queries) + listed)
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
        _say_lines(check_lines(found))
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


# --- preview ------------------------------------------------------------------------------------------------


@command.command(
    epilog=example(
        "tracker search preview",
        "tracker search preview spine-tumour --add-term 'condition=\"bone metastases\"' --drop-term 3",
        'tracker search preview --add-term \'{title = "chordoma", status = ["RECRUITING"]}\'',
        "tracker search preview --shipped",
        after="Quotation marks belong to the expression: they are sent. Exit codes: 0 done; 1 the registry could not "
        "be asked; 2 usage, config.toml or a term that the registry refuses; 3 a term could not be read completely.",
    )
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
    from jobs.syncing import registry_client, shown_progress
    from jobs.tuning.preview_lines import preview_lines
    from jobs.tuning.previewing import planned, previews, previews_data, queries_of
    from tracker.searches import term_in_words
    from tracker.tuning.asking import Reader

    config = current_config(full=False)
    edits = _edits(config, name, added=added, dropped=dropped, shipped=shipped)
    held = _held(config, [edit.search.name for edit in edits])
    terms = len(queries_of(edits))
    _state_cost(config, f"{terms} terms to count first", terms + 1)
    with registry_client(config) as client:
        data = client.version()
        with steps("terms counted", total=terms) as advance:
            plan = planned(client, edits, held=held, places=_places(config), told=advance)
        _refuse_too_many(plan, most)
        _state_cost(config, f"{plan.studies:,} studies to read (those of several terms several times)", plan.requests)
        with shown_progress() as told:
            reader = Reader(client, _relevance, told=lambda query, done, total: told(term_in_words(query), done, total))
            shown = previews(reader, plan, held=held)
        requests, registry = client.traffic.requests, client.description
    if as_json:
        say_json(previews_data(shown, registry=registry, data_date=data.data_date, requests=requests))
    else:
        for number, one in enumerate(shown):
            _say_lines([*([""] if number else []), *preview_lines(one, everything=everything)])
        say("\nNothing was changed.")
    return DONE_WITH_PROBLEMS if any(one.incomplete for one in shown) else DONE


def _relevance(study: Study) -> str:
    from tracker.taxonomy import classify

    return str(classify(study).relevance)


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

    with _stored(config) as connection:
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


# --- why ----------------------------------------------------------------------------------------------------


@command.command(
    epilog=example(
        "tracker search why NCT03050203",
        "tracker search why NCT03050203 --live",
        after="Exit codes: 0 answered, whatever the answer is; 1 there is no store yet, or the registry could not be "
        "asked.",
    )
)
@common_options
@click.argument("nct_ids", metavar="NCT…", type=NCT_ID, nargs=-1, required=True)
@click.option("--live", is_flag=True, help="Ask the registry, too: one request for each term and each study.")
@json_option
def why(nct_ids: Sequence[NctId], live: bool, as_json: bool) -> None:
    """Say which terms return a trial, since when, and where their words stand in it; or why it is not tracked.

    The store answers. --json prints an array with one object per trial.
    """
    from jobs.tuning.holding import reasons
    from jobs.tuning.reasons import reasons_data, reasons_lines

    config = current_config(full=False)
    studies = list(dict.fromkeys(nct_ids))
    answers = _ask_live(config, studies) if live else {}
    with _stored(config, needed=not live) as connection:
        told = [reasons(connection, study, defined=config.searches, live=answers.get(study)) for study in studies]
    if as_json:
        say_json([reasons_data(one) for one in told])
        return
    for number, one in enumerate(told):
        _say_lines([*([""] if number else []), *reasons_lines(one)])


def _ask_live(config: Config, studies: Sequence[NctId]) -> dict[NctId, LiveAnswer]:
    from jobs.syncing import registry_client
    from jobs.tuning.reasons import LiveAnswer
    from tracker.tuning.asking import returned_of

    queries = list(dict.fromkeys(query for search in config.searches for query in search.terms))
    _state_cost(config, f"{len(queries)} terms and {len(studies)} studies to ask for", len(queries) + len(studies))
    with registry_client(config) as client, steps("questions asked", total=len(queries) + len(studies)) as advance:
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


# --- shared -------------------------------------------------------------------------------------------------


@contextmanager
def _stored(config: Config, *, needed: bool = False) -> Iterator[Connection | None]:
    """A look into the store; None where there is none yet. Raises StoreMissing there if it is `needed`."""
    try:
        store = open_for_reading(config)
    except StoreMissing:
        if needed:
            raise
        yield None
        return
    with store, store.connect() as connection:
        yield connection


def _state_cost(config: Config, what: str, requests: int) -> None:
    rate = config.registry.requests_per_second
    seconds = max(round(requests / rate), 1)
    took = f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
    note(f"{what}: at least {requests:,} requests, about {took} at {rate:g} a second")


def _say_lines(lines: Sequence[str]) -> None:
    for line in lines:
        say(line)
