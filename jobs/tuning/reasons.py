"""Why a trial is tracked, or why it is not: what config, the store and (where asked) the registry say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tracker.registry.query import TermQuery
from tracker.registry.source import Found, Lookup, Merged, Removed
from tracker.searches import IMPORTED, SearchDefinition, term_in_words
from tracker.study import NctId, Problem, study_url
from tracker.tuning.reading import Standing, standings, title_of

if TYPE_CHECKING:
    from tracker.runs import Run
    from tracker.store.searches import Membership
    from tracker.store.terms import TermMatch
    from tracker.summary import TrackedStudy


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """What the registry says now: what became of the study, and which terms return it.

    `returned`: None for a term where the answer shows that the registry did not look at the term.
    """

    fate: Lookup
    returned: Mapping[TermQuery, bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """All there is to say of one study.

    `included` and `excluded` are (search, reason) as configured, `searches` those of config. `excluded_by` are (search,
    label) of the terms that return a study on the exclude list. `record` is the newest version held, decoded, or the
    registry's where that was asked; None where there is neither. `asked` is the newest data that the store's searches
    were swept in; None without a store. `problems` is what the run `read_by`, the last one that read the registry, has
    told of the study. `unsynced` are the searches that include it and were not read as they are defined now.
    """

    nct_id: NctId
    searches: tuple[SearchDefinition, ...]
    included: tuple[tuple[str, str], ...]
    excluded: tuple[tuple[str, str], ...]
    tracked: TrackedStudy | None
    memberships: tuple[Membership, ...]
    matches: tuple[TermMatch, ...]
    excluded_by: tuple[tuple[str, str], ...]
    record: Mapping[str, Any] | None
    asked: date | None
    problems: tuple[Problem, ...] = ()
    read_by: Run | None = None
    unsynced: tuple[str, ...] = ()
    live: LiveAnswer | None = None

    @property
    def current(self) -> tuple[Membership, ...]:
        return tuple(stay for stay in self.memberships if stay.until is None)

    @property
    def past(self) -> tuple[Membership, ...]:
        return tuple(stay for stay in self.memberships if stay.until is not None)

    def matching(self, search: str) -> tuple[TermMatch, ...]:
        """The terms of a search that return the study now, in the order of config."""
        found = [one for one in self.matches if one.search == search and one.until is None]
        return tuple(sorted(found, key=lambda one: self.number(search, one.query) or len(self.matches)))

    def ended(self, search: str) -> tuple[TermMatch, ...]:
        return tuple(one for one in self.matches if one.search == search and one.until is not None)

    def number(self, search: str, query: TermQuery) -> int | None:
        """The place of a term in its search, from 1; None where config no longer has it."""
        for one in self.searches:
            if one.name == search and query in one.terms:
                return one.terms.index(query) + 1
        return None

    def reading(self, query: TermQuery) -> tuple[Standing, ...]:
        return standings(query, self.record) if self.record is not None and query != IMPORTED else ()

    @property
    def title(self) -> str:
        return title_of(self.record or {})

    @property
    def verdict(self) -> str:
        """In a word: tracked, unknown, removed, merged, excluded, left, included, returned now, not found."""
        if self.current:
            return "tracked"
        if self.live and isinstance(self.live.fate, Removed):
            return "removed" if self.tracked else "unknown"
        if (self.tracked and self.tracked.merged_into) or (self.live and isinstance(self.live.fate, Merged)):
            return "merged"
        if self.excluded:
            return "excluded"
        if self.tracked and self.tracked.state == "removed":
            return "removed"
        if self.past:
            return "left"
        if self.included:
            return "included"
        return "returned now" if self.live and any(self.live.returned.values()) else "not found"


def reasons_data(reasons: Reasons) -> dict[str, Any]:
    tracked = reasons.tracked
    return {
        "nct_id": reasons.nct_id,
        "url": study_url(reasons.nct_id),
        "title": reasons.title or None,
        "verdict": reasons.verdict,
        "state": tracked.state if tracked else None,
        "merged_into": tracked.merged_into if tracked else None,
        "watched_until": tracked.watched_until if tracked else None,
        "store_data_date": reasons.asked,
        "memberships": [_stay_data(stay) for stay in reasons.memberships],
        "included": _listed_data(reasons.included),
        "excluded": _listed_data(reasons.excluded),
        "unsynced": list(reasons.unsynced),
        "problems": [{"path": one.path, "reason": one.reason} for one in reasons.problems],
        "excluded_returned_by": [{"search": search, "term": label} for search, label in reasons.excluded_by],
        "terms": [_match_data(reasons, match) for match in reasons.matches],
        "live": _live_data(reasons, reasons.live) if reasons.live else None,
    }


def _stay_data(stay: Membership) -> dict[str, Any]:
    return {
        "search": stay.search,
        "stay": stay.stay,
        "since": stay.since,
        "entered_why": stay.entered_why,
        "until": stay.until,
        "left_why": stay.left_why,
    }


def _listed_data(listed: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"search": search, "reason": reason} for search, reason in listed]


def _match_data(reasons: Reasons, match: TermMatch) -> dict[str, Any]:
    return {
        "search": match.search,
        "number": reasons.number(match.search, match.query),
        "term": term_in_words(match.query),
        "sent": dict(match.query.params),
        "in_config": reasons.number(match.search, match.query) is not None,
        "since": match.since,
        "since_data_date": match.since_data,
        "until": match.until,
        "our_reading": _reading_data(reasons.reading(match.query)),
    }


def _reading_data(found: Sequence[Standing]) -> list[dict[str, Any]]:
    return [{"word": one.word, "found": [{"place": place, "text": text} for place, text in one.found]} for one in found]


def _live_data(reasons: Reasons, live: LiveAnswer) -> dict[str, Any]:
    return {
        "known": isinstance(live.fate, (Found, Merged)),
        "merged_into": live.fate.into if isinstance(live.fate, Merged) else None,
        "terms": [
            {
                "search": search.name,
                "number": number,
                "term": term_in_words(term),
                "returns_it": live.returned.get(term),
                "our_reading": _reading_data(reasons.reading(term)) if live.returned.get(term) else [],
            }
            for search in reasons.searches
            for number, term in enumerate(search.terms, 1)
        ],
    }
