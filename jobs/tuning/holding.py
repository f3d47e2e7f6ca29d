"""Reads from the store what `tracker search` sets beside the config and the registry's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from jobs.tuning.listing import Listed, listed_searches
from jobs.tuning.previewing import Held
from jobs.tuning.reasons import LiveAnswer, Reasons
from tracker.record import Unreadable, read_record
from tracker.registry.source import Found
from tracker.runs import Run
from tracker.searches import SearchDefinition
from tracker.store.memberships import LastSweep, last_sweeps, search_state
from tracker.store.runs import runs
from tracker.store.searches import StoredSearch, memberships, searches
from tracker.store.studies import tracked_studies, tracked_study, version_body
from tracker.store.terms import stored_terms, term_matches
from tracker.store.transactions import Connection
from tracker.study import NctId


def listing(connection: Connection, defined: Sequence[SearchDefinition], *, shipped: Mapping[str, str]) -> list[Listed]:
    return listed_searches(defined, searches(connection), stored_terms(connection), shipped=shipped)


def held(connection: Connection, name: str) -> Held:
    """The members of a search; none where the store has never seen it."""
    members = {
        study.summary.nct_id: study.summary.brief_title or study.summary.official_title or ""
        for study in tracked_studies(connection, search=name)
    }
    return Held(members=members, data_timestamp=search_state(connection, name).data_timestamp)


def reasons(
    connection: Connection | None,
    study: NctId,
    *,
    defined: Sequence[SearchDefinition],
    live: LiveAnswer | None = None,
) -> Reasons:
    """All there is to say of a study; without a store, what config and the registry say."""
    included = tuple((search.name, dict(search.include)[study]) for search in defined if study in search.included)
    excluded = tuple((search.name, dict(search.exclude)[study]) for search in defined if study in search.excluded)
    if connection is None:
        return Reasons(
            nct_id=study,
            searches=tuple(defined),
            included=included,
            excluded=excluded,
            tracked=None,
            memberships=(),
            matches=(),
            excluded_by=(),
            record=_live_record(live),
            asked=None,
            unsynced=tuple(name for name, _ in included),
            live=live,
        )
    tracked = tracked_study(connection, study)
    known = [search for search in searches(connection) if search.active]
    swept = last_sweeps(connection)
    reading = _last_reading(connection, known)
    return Reasons(
        nct_id=study,
        searches=tuple(defined),
        included=included,
        excluded=excluded,
        tracked=tracked,
        memberships=tuple(memberships(connection, study)),
        matches=tuple(term_matches(connection, study)),
        excluded_by=_excluded_by(connection, study, known) if excluded else (),
        record=_record(version_body(connection, study, tracked.version)) if tracked else _live_record(live),
        asked=_newest(known),
        problems=tuple(one for one in reading.problems if one.nct_id == study) if reading else (),
        read_by=reading,
        unsynced=tuple(
            search.name
            for search in defined
            if study in search.included and not _is_synced(search, swept.get(search.name))
        ),
        live=live,
    )


def _is_synced(search: SearchDefinition, last: LastSweep | None) -> bool:
    return last is not None and last.definition == search.definition_digest


def _last_reading(connection: Connection, known: Sequence[StoredSearch]) -> Run | None:
    """The newest run that read the registry, or a part of it; one that found nothing new has nothing to tell."""
    complete = [search.complete_run for search in known if search.complete_run]
    since = runs(connection, after=max(complete) - 1 if complete else 0)
    return next((run for run in reversed(since) if run.coverage), None)


def _record(body: bytes | None) -> dict[str, object] | None:
    if body is None:
        return None
    try:
        return read_record(body)
    except Unreadable:
        return None


def _live_record(live: LiveAnswer | None) -> dict[str, object] | None:
    return _record(live.fate.record) if live and isinstance(live.fate, Found) else None


def _newest(known: Sequence[StoredSearch]) -> date | None:
    return max((search.data_timestamp.date() for search in known if search.data_timestamp), default=None)


def _excluded_by(connection: Connection, study: NctId, known: Sequence[StoredSearch]) -> tuple[tuple[str, str], ...]:
    """The terms that returned an excluded study at the last complete sweep: (search, label)."""
    found: list[tuple[str, str]] = []
    for search in known:
        number = search.complete_run
        for run in runs(connection, after=number - 1, until=number) if number else ():
            found += [
                (term.search, term.label)
                for term in run.coverage
                if term.search == search.name and study in term.excluded
            ]
    return tuple(found)
