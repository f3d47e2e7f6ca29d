"""The searches as configured, beside what the store knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.tuning.layout import counted, hanging
from tracker.registry.query import TermQuery
from tracker.searches import IMPORTED, SearchDefinition, term_in_words
from tracker.study import NctId
from tracker.words import date_in_words

if TYPE_CHECKING:
    from tracker.store.searches import StoredSearch
    from tracker.store.terms import StoredTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A search as config has it (None: no longer) and as the store has it (None: not synced yet).

    `terms` are those that the store knows, by query. `shipped` says how the terms stand to the shipped ones.
    """

    name: str
    defined: SearchDefinition | None
    stored: StoredSearch | None
    terms: Mapping[TermQuery, StoredTerm]
    shipped: str | None = None

    @property
    def gone(self) -> tuple[StoredTerm, ...]:
        """Terms that the last sync still had, and config has no longer."""
        kept = self.defined.terms if self.defined else ()
        return tuple(one for one in self.terms.values() if one.active and one.query not in (*kept, IMPORTED))

    @property
    def imported(self) -> StoredTerm | None:
        return self.terms.get(IMPORTED)


def listed_searches(
    defined: Sequence[SearchDefinition],
    stored: Sequence[StoredSearch],
    terms: Sequence[StoredTerm],
    *,
    shipped: Mapping[str, str],
) -> list[Listed]:
    """Those of config in its order, then those that only the store has and the next sync ends."""
    known = {one.name: one for one in stored if one.active}
    names = [search.name for search in defined]
    by_name = {search.name: search for search in defined}
    return [
        Listed(
            name=name,
            defined=by_name.get(name),
            stored=known.get(name),
            terms={one.query: one for one in terms if one.search == name},
            shipped=shipped.get(name),
        )
        for name in [*names, *(name for name in known if name not in by_name)]
    ]


# --- for people ---------------------------------------------------------------------------------------------


def listing_lines(searches: Sequence[Listed]) -> list[str]:
    lines: list[str] = []
    for search in searches:
        if lines:
            lines.append("")
        lines += _search_lines(search)
    return lines


def _search_lines(search: Listed) -> list[str]:
    title = search.defined.description if search.defined else "no longer in config.toml: the next sync ends it"
    lines = hanging(f"{search.name}  " if title else search.name, title)
    lines += hanging("  ", _state(search))
    if search.shipped:
        lines += hanging("  ", search.shipped)
    defined = search.defined
    if defined and defined.terms:
        lines += ["", "  term  studies  since        as sent"]
        for number, query in enumerate(defined.terms, 1):
            lines += _term_lines(str(number), search.terms.get(query), query)
    if search.imported and search.imported.matches:
        lines += _term_lines("–", search.imported, IMPORTED)
    if defined and search.gone:
        lines += ["", "  Taken out of config.toml since the last sync:"]
        for one in search.gone:
            lines += _term_lines("–", one, one.query)
    for key, studies in (("include", defined.include), ("exclude", defined.exclude)) if defined else ():
        if studies:
            lines += ["", f"  {key}"]
            for study, reason in studies:
                lines += hanging(f"    {study}  ", reason or "no reason given")
    return lines


def _state(search: Listed) -> str:
    stored = search.stored
    if stored is None:
        return "not synced yet"
    said = [counted(stored.members, "member")]
    if stored.data_timestamp:
        said.append(f"as of the registry's data of {_day(stored.data_timestamp)}")
    if stored.baseline_run is None:
        said.append("no complete sweep yet")
    if stored.suspicious:
        said.append(f"not believed: {stored.suspicious}")
    return "; ".join(said)


def _term_lines(number: str, stored: StoredTerm | None, query: TermQuery) -> list[str]:
    synced = stored is not None and stored.since is not None
    studies = f"{stored.matches:,}" if stored and synced else "–"
    since = _day(stored.since) if stored and stored.since else "not synced"
    return hanging(f"  {number:>4}  {studies:>7}  {since:<11}  ", term_in_words(query))


def _day(instant: datetime) -> str:
    return date_in_words(instant.date().isoformat())


# --- for programs -------------------------------------------------------------------------------------------


def listing_data(searches: Sequence[Listed]) -> list[dict[str, Any]]:
    return [_search_data(search) for search in searches]


def _search_data(search: Listed) -> dict[str, Any]:
    defined, stored = search.defined, search.stored
    return {
        "name": search.name,
        "description": defined.description if defined else stored.description if stored else "",
        "in_config": defined is not None,
        "members": stored.members if stored else None,
        "data_timestamp": stored.data_timestamp if stored else None,
        "suspicious": stored.suspicious if stored else None,
        "shipped": search.shipped,
        "terms": [
            _term_data(query, search.terms.get(query), number=number)
            for number, query in enumerate(defined.terms if defined else (), 1)
        ],
        "terms_gone": [_term_data(one.query, one, number=None) for one in search.gone],
        "include": _studies_data(defined.include if defined else ()),
        "exclude": _studies_data(defined.exclude if defined else ()),
    }


def _term_data(query: TermQuery, stored: StoredTerm | None, *, number: int | None) -> dict[str, Any]:
    synced = stored if stored and stored.since else None
    return {
        "number": number,
        "term": term_in_words(query),
        "sent": dict(query.params),
        "studies": synced.matches if synced else None,
        "since": synced.since if synced else None,
    }


def _studies_data(studies: Sequence[tuple[NctId, str]]) -> list[dict[str, str]]:
    return [{"nct_id": study, "reason": reason} for study, reason in studies]
