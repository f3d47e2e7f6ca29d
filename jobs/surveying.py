"""Makes a landscape: reads the members as of a day, has the tables made, and says what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from reports.landscape.counts import counts
from reports.landscape.flow import flow
from reports.landscape.formats import Landscape
from reports.landscape.matrix import matrix
from reports.landscape.methods import methods
from reports.landscape.review import active, completed_with_results
from reports.landscape.studied import Studied
from reports.landscape.table import Table
from tracker import __version__
from tracker.errors import UsageError
from tracker.parse import parse
from tracker.runs import Run
from tracker.searches import SearchDefinition
from tracker.store.as_of import MemberRecord, TermReturn, members_as_of, term_returns_as_of
from tracker.store.runs import runs
from tracker.study import NctId
from tracker.taxonomy import Taxonomy, classify, shipped

if TYPE_CHECKING:
    from tracker.store.engine import Store


CLASSIFIED = frozenset({"counts", "matrix", "flow"})
"""Tables that need the classes of every study, which take longer than all else."""


def survey(
    store: Store,
    searches: Sequence[SearchDefinition],
    *,
    tables: Sequence[str],
    day: date | None,
    taxonomy: Taxonomy | None = None,
) -> Landscape:
    """The tables of the searches' members, now or as of a day of the registry's data.

    Classes are by `taxonomy`, else by the shipped one.
    Raises UsageError for a day before the first data held.
    """
    names = [search.name for search in searches]
    with store.connect() as connection:
        dates = [run.data_date for run in runs(connection) if run.data_date and run.coverage]
        if day is not None and (not dates or day < dates[0]):
            first = f"the first data held are of {dates[0]}" if dates else "no data with a date are held"
            raise UsageError(f"there is nothing to show as of {day}: {first}", subject=str(day))
        members = members_as_of(connection, day=day, searches=names)
        returns = _with_excluded(
            term_returns_as_of(connection, day=day, searches=names),
            [run for run in runs(connection) if day is None or (run.data_date or run.started_at.date()) <= day],
        )
    used = (taxonomy or shipped()) if CLASSIFIED & set(tables) else None
    studies = [_studied(member, used) for member in members]
    data_date = max((one for one in dates if day is None or one <= day), default=None)
    makers: dict[str, Callable[[], Table]] = {
        "completed-with-results": lambda: completed_with_results(studies),
        "active": lambda: active(studies),
        "counts": lambda: counts(studies),
        "matrix": lambda: matrix(studies),
        "flow": lambda: flow(studies, returns, searches),
    }
    return Landscape(
        title=", ".join(search.description or search.name for search in searches),
        tables=tuple(makers[name]() for name in tables),
        methods=methods(
            searches,
            data_date=data_date,
            first_data=dates[0] if dates else None,
            members=len(studies),
            excluded=len({study for search in searches for study in search.excluded}),
            program_version=__version__,
            taxonomy_version=used.version if used else None,
        ),
        data_date=data_date,
    )


def _with_excluded(returns: Sequence[TermReturn], until_then: Sequence[Run]) -> list[TermReturn]:
    """With what a person excluded of each term's newest sweep, which the store does not follow."""
    newest = {(term.search, term.term): frozenset(term.excluded) for run in until_then for term in run.coverage}
    return [
        replace(one, nct_ids=one.nct_ids | newest.get((one.search, one.query), frozenset[NctId]())) for one in returns
    ]


def _studied(member: MemberRecord, taxonomy: Taxonomy | None) -> Studied:
    study = parse(member.body)
    classes = classify(study, taxonomy) if taxonomy else None
    return Studied(study=study, searches=member.searches, classes=classes)
