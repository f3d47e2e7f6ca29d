"""`tracker list`: the members, filtered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, config_at_a_glance, example
from jobs.listing import LISTINGS, Wanted
from jobs.terminal import say_whole
from tracker.errors import UsageError
from tracker.words import phase_named, status_named, study_type_named

if TYPE_CHECKING:
    from tracker.config import Glance
    from tracker.store.transactions import Connection
    from tracker.study import NctId
    from tracker.summary import TrackedStudy

    Narrowing = Callable[[Connection, Sequence[TrackedStudy]], Collection[NctId]]
    """Of these studies, those to keep; reads their records, so it comes last."""


def _words(named: Callable[[str], str]) -> Callable[[click.Context, click.Parameter, Sequence[str]], tuple[str, ...]]:
    """An option's callback: each value in any spelling becomes the registry's word, or ends in exit code 2."""

    def converted(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
        return tuple(str(named(value)) for value in values)

    return converted


@click.command(
    epilog=example(
        "tracker list --status recruiting --status 'not yet recruiting'",
        "tracker list --with-results --study-type interventional --phase 2 --format csv > with-results.csv",
        "tracker list --tumor metastatic --treatment SBRT",
        after="A filter given several times takes any of its values; different filters must all hold.",
    )
)
@common_options
@click.option("--status", "statuses", multiple=True, callback=_words(status_named), help="Overall status, in words.")
@click.option("--with-results", is_flag=True, help="Only trials whose results are posted.")
@click.option("--overdue", is_flag=True, help="Only trials of which something is expected by now (estimates).")
@click.option("--study-type", "study_types", multiple=True, callback=_words(study_type_named), help="Type of study.")
@click.option("--phase", "phases", multiple=True, callback=_words(phase_named), help="Phase: 2, II or phase2.")
@click.option("--tumor", "--tumour", "tumours", multiple=True, help="A kind, origin or place of tumour, in words.")
@click.option("--treatment", "treatments", multiple=True, help="A treatment that is tested or compared, or its group.")
@click.option("--search", "searches", multiple=True, help="Members of this search; default: of any.")
@click.option("--format", "format_", type=click.Choice(list(LISTINGS)), default="table", show_default=True)
@click.option("--json", "format_", flag_value="json", help="The same as --format json.")
def command(
    statuses: tuple[str, ...],
    with_results: bool,
    overdue: bool,
    study_types: tuple[str, ...],
    phases: tuple[str, ...],
    tumours: tuple[str, ...],
    treatments: tuple[str, ...],
    searches: tuple[str, ...],
    format_: str,
) -> None:
    """List the trials that are members of a search now, in the order of their NCT IDs."""
    config = config_at_a_glance()
    _check_searches(config, searches)
    wanted = Wanted(
        statuses=statuses, with_results=with_results, study_types=study_types, phases=phases, searches=searches
    )
    taken = _of_classes(config, tumours, treatments) if tumours or treatments else None
    say_whole(LISTINGS[format_](_members(config, wanted, taken, overdue=overdue)))


def _of_classes(config: Glance, tumours: Sequence[str], treatments: Sequence[str]) -> Narrowing:
    """Labels the studies given, and keeps those of the classes. Raises UsageError for words that name no class."""
    from jobs.classifying import classes_named, of_classes

    taxonomy = config.classes()
    wanted = classes_named(taxonomy, tumours=tumours, treatments=treatments)
    return lambda connection, studies: frozenset(
        of_classes(connection, [one.summary.nct_id for one in studies], wanted, taxonomy)
    )


def _members(config: Glance, wanted: Wanted, taken: Narrowing | None, *, overdue: bool) -> list[TrackedStudy]:
    from tracker.store.studies import tracked_studies

    with open_for_reading(config) as store, store.connect() as connection:
        members = [study for study in tracked_studies(connection) if study.searches and wanted.takes(study)]
        for narrowing in (_overdue if overdue else None, taken):
            if narrowing:
                kept = narrowing(connection, members)
                members = [study for study in members if study.summary.nct_id in kept]
        return members


def _overdue(connection: Connection, studies: Sequence[TrackedStudy]) -> Collection[NctId]:
    from jobs.evidence import overdue_trials

    return overdue_trials(connection, studies)


def _check_searches(config: Glance, named: Iterable[str]) -> None:
    from tracker.config.problems import suggestion

    known = config.search_names
    for name in named:
        if name not in known:
            raise UsageError(f'"{name}" is no search of {config.path}; {suggestion(name, known)}', subject=name)
