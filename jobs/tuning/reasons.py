"""Why a trial is tracked, or why it is not: what config, the store and (where asked) the registry say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jobs.tuning.layout import hanging, width
from tracker.registry.query import TermQuery
from tracker.registry.source import Found, Lookup, Merged, Removed
from tracker.searches import IMPORTED, SearchDefinition, term_in_words
from tracker.study import NctId, study_url
from tracker.tuning.reading import Standing, excerpt, standings
from tracker.words import date_in_words

if TYPE_CHECKING:
    from tracker.store.searches import Membership
    from tracker.store.terms import TermMatch
    from tracker.summary import TrackedStudy

OUR_READING = (
    "Where the words stand is our reading of the record. The registry also finds synonyms and other word forms, "
    "which can't be reproduced here."
)
_EXCERPT = 70
_MOST_WORDS = 8


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

    `included` and `excluded` are (search, reason) as configured; `searches` those of config. `excluded_by` are the
    labels of the terms that return a study on the exclude list, `record` the decoded newest version, None where the
    store has none. `asked` is the newest data that the store's searches were swept in; None without a store.
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
    live: LiveAnswer | None = None

    @property
    def current(self) -> tuple[Membership, ...]:
        return tuple(stay for stay in self.memberships if stay.until is None)

    @property
    def past(self) -> tuple[Membership, ...]:
        return tuple(stay for stay in self.memberships if stay.until is not None)

    def matching(self, search: str) -> tuple[TermMatch, ...]:
        """The terms of a search that return the study now."""
        return tuple(one for one in self.matches if one.search == search and one.until is None)

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
    def verdict(self) -> str:
        """One word: tracked, excluded, left, removed, merged, included, not found, unknown."""
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
        return "included" if self.included else "not found"


# --- for people ---------------------------------------------------------------------------------------------


def reasons_lines(reasons: Reasons) -> list[str]:
    title = (reasons.tracked.summary.brief_title or reasons.tracked.summary.official_title) if reasons.tracked else None
    lines = [*hanging(f"{reasons.nct_id}  ", title or ""), study_url(reasons.nct_id), ""]
    for stay in reasons.current:
        lines += _tracked(reasons, stay)
    if not reasons.current:
        lines += hanging("", _not_tracked(reasons))
    lines += [line for stay in reasons.past for line in _was_tracked(reasons, stay)]
    if reasons.excluded_by:
        lines.append("Returned all the same by:")
        lines += [line for search, label in reasons.excluded_by for line in hanging("  ", f"{search}: {label}")]
    if reasons.live:
        lines += _live(reasons, reasons.live)
    if any(one.found for match in reasons.matches for one in reasons.reading(match.query)):
        lines += ["", *hanging("", OUR_READING)]
    return lines


def _tracked(reasons: Reasons, stay: Membership) -> list[str]:
    lines = hanging("", f"Tracked in {stay.search} since {_day(stay.since)}: {stay.entered_why}.")
    for search, reason in reasons.included:
        if search == stay.search:
            lines += hanging("  ", f"on the include list{_because(reason)}")
    matching = reasons.matching(stay.search)
    for match in matching:
        lines += hanging(f"  {_label(reasons, match)}  ", term_in_words(match.query))
        lines.append(f"    returns it since {_since(match)}")
        lines += _words(reasons.reading(match.query))
    if not matching:
        lines.append("  No term returns it now.")
    return [*lines, *_ended(reasons, stay.search)]


def _label(reasons: Reasons, match: TermMatch) -> str:
    number = reasons.number(match.search, match.query)
    if number is not None:
        return f"term {number}"
    return "import" if match.query == IMPORTED else "a term no longer in config.toml"


def _ended(reasons: Reasons, search: str) -> list[str]:
    lines = []
    for match in reasons.ended(search):
        why = "the registry no longer returns it" if match.active else "the term was taken out of the search"
        lines += hanging("  before:  ", term_in_words(match.query))
        until = _day(match.until) if match.until else ""
        lines.append(f"    returned it from {_since(match)} to {until}: {why}")
    return lines


def _words(found: Sequence[Standing]) -> list[str]:
    """Words that stand in the record; of the others one line, because most of them are alternatives."""
    standing = [one for one in found if one.found]
    if found and not standing:
        return ["    none of its words stands in the record as written: the registry found it by other words"]
    lines = []
    for one in standing[:_MOST_WORDS]:
        places = [name for name, _ in one.found]
        place, text = one.found[0]
        room = max(width() - len(one.word) - len(place) - 14, 30)
        quoted = excerpt(text, one.word, longest=min(_EXCERPT, room))
        lines += hanging(f"    {one.word}  ", f"{place}: “{quoted}”")
        if places[1:]:
            lines += hanging(f"    {'':<{len(one.word)}}  ", f"also {', '.join(places[1:])}")
    if len(standing) > _MOST_WORDS:
        lines.append(f"    and {len(standing) - _MOST_WORDS} more of its words")
    return lines


def _not_tracked(reasons: Reasons) -> str:
    nct_id = reasons.nct_id
    said = []
    match reasons.verdict:
        case "excluded":
            said += [f"Not tracked: excluded from {search}{_because(reason)}." for search, reason in reasons.excluded]
        case "merged":
            said.append(f"Not tracked: the registry has merged it into {_merged_into(reasons)}.")
        case "removed":
            said.append("Not tracked: the registry has removed it.")
        case "unknown":
            said.append(f"Not tracked: the registry does not know {nct_id}. Check the number.")
        case "left":
            said.append("Not tracked any more.")
        case "included":
            searches = ", ".join(search for search, _ in reasons.included)
            said.append(f'Not tracked yet: on the include list of {searches}, but not synced. Run "tracker sync".')
        case _:
            said.append(_never_found(reasons))
    watched = reasons.tracked.watched_until if reasons.tracked else None
    if watched:
        said.append(f"It is still followed by its id until {date_in_words(watched.isoformat())}.")
    return " ".join(said)


def _merged_into(reasons: Reasons) -> str:
    if reasons.live and isinstance(reasons.live.fate, Merged):
        return reasons.live.fate.into
    return (reasons.tracked and reasons.tracked.merged_into) or "another id"


def _never_found(reasons: Reasons) -> str:
    if reasons.live:
        return "Not tracked: the store does not have it."
    asked = f"as of the data of {date_in_words(reasons.asked.isoformat())}" if reasons.asked else "so far"
    return f"Not tracked: no term of any search has returned it, {asked}. --live asks the registry now."


def _was_tracked(reasons: Reasons, stay: Membership) -> list[str]:
    until = _day(stay.until) if stay.until else ""
    span = f"Was in {stay.search} from {_day(stay.since)} to {until}"
    lines = hanging("", f"{span}: {stay.left_why or 'no reason kept'}.")
    last = stay == max((one for one in reasons.past if one.search == stay.search), key=lambda one: one.stay)
    still = any(one.search == stay.search for one in reasons.current)
    return [*lines, *_ended(reasons, stay.search)] if last and not still else lines


def _live(reasons: Reasons, live: LiveAnswer) -> list[str]:
    lines = ["", *hanging("", f"The registry now: {_fate_in_words(reasons.nct_id, live.fate)}.")]
    if isinstance(live.fate, Removed):
        return lines
    for search in reasons.searches:
        returning = [number for number, term in enumerate(search.terms, 1) if live.returned.get(term)]
        unclear = [number for number, term in enumerate(search.terms, 1) if live.returned.get(term, False) is None]
        for number in returning:
            lines += hanging(f"  {search.name}, term {number} returns it  ", term_in_words(search.terms[number - 1]))
        if not returning:
            lines.append(f"  {search.name}: none of its {len(search.terms)} terms returns it")
        lines += [f"  {search.name}, term {number}: the registry did not look at the term" for number in unclear]
    return lines


def _fate_in_words(study: NctId, fate: Lookup) -> str:
    match fate:
        case Found():
            return f"it has {study}"
        case Removed():
            return f"it does not know {study}"
        case Merged(into=into):
            return f"{study} was merged into {into}"
        case _:
            return "it does not say"


def _since(match: TermMatch) -> str:
    data = f" (data of {date_in_words(match.since_data.isoformat())})" if match.since_data else ""
    return f"{_day(match.since)}{data}"


def _day(instant: datetime) -> str:
    return date_in_words(instant.date().isoformat())


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


# --- for programs -------------------------------------------------------------------------------------------


def reasons_data(reasons: Reasons) -> dict[str, Any]:
    tracked = reasons.tracked
    return {
        "nct_id": reasons.nct_id,
        "url": study_url(reasons.nct_id),
        "title": tracked.summary.brief_title if tracked else None,
        "verdict": reasons.verdict,
        "state": tracked.state if tracked else None,
        "merged_into": tracked.merged_into if tracked else None,
        "watched_until": tracked.watched_until if tracked else None,
        "store_data_date": reasons.asked,
        "memberships": [_stay_data(stay) for stay in reasons.memberships],
        "included": _listed_data(reasons.included),
        "excluded": _listed_data(reasons.excluded),
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
        "our_reading": [
            {"word": one.word, "found": [{"place": place, "text": text} for place, text in one.found]}
            for one in reasons.reading(match.query)
        ],
    }


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
            }
            for search in reasons.searches
            for number, term in enumerate(search.terms, 1)
        ],
    }
