"""Why a trial is tracked, or not, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.tuning.layout import hanging
from jobs.tuning.reasons import LiveAnswer, Reasons
from tracker.changes import EnteredWhy
from tracker.registry.source import Found, Lookup, Merged, Removed
from tracker.searches import IMPORTED, SearchDefinition, term_in_words
from tracker.study import NctId, study_url
from tracker.tuning.reading import PLACES, Standing, excerpt
from tracker.words import date_in_words

if TYPE_CHECKING:
    from tracker.store.searches import Membership
    from tracker.store.terms import TermMatch

OUR_READING = (
    "Where the words stand is our reading of the record. The registry also finds synonyms and other word forms, "
    "which can't be reproduced here."
)
_EXCERPT = 70
_MOST_TEXTS = 4


def reasons_lines(reasons: Reasons) -> list[str]:
    lines = [*hanging(f"{reasons.nct_id}  ", reasons.title), study_url(reasons.nct_id), ""]
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
    if any("” has " in line for line in lines):
        lines += ["", *hanging("", OUR_READING)]
    return lines


def _tracked(reasons: Reasons, stay: Membership) -> list[str]:
    why = "in its first complete sync" if stay.entered_why == EnteredWhy.BASELINE else stay.entered_why
    lines = hanging("", f"Tracked in {stay.search} since {_day(stay.since)}: {why}.")
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
        why = _why_ended(reasons, match)
        lines += hanging("  before:  ", term_in_words(match.query))
        until = _day(match.until) if match.until else ""
        lines.append(f"    returned it from {_since(match)} to {until}: {why}")
    return lines


def _why_ended(reasons: Reasons, match: TermMatch) -> str:
    """What is excluded is no term's any more, whatever the registry returns."""
    if not match.active:
        return "the term was taken out of the search"
    if any(search == match.search for search, _ in reasons.excluded):
        return "excluded since"
    return "the registry no longer returns it"


def _words(found: Sequence[Standing]) -> list[str]:
    """The texts that hold words of the term, each with those words, the telling ones first."""
    texts: dict[tuple[str, str], list[str]] = {}
    for place in PLACES:
        for one in found:
            for where in one.found:
                if where[0] == place:
                    texts.setdefault(where, []).append(one.word)
    if found and not texts:
        return ["    none of its words stands in the record as written: the registry found it by other words"]
    lines = []
    for (place, text), words in [*texts.items()][:_MOST_TEXTS]:
        quoted = excerpt(text, words[0], longest=_EXCERPT)
        lines += hanging(f"    {place}: ", f"“{quoted}” has {', '.join(words)}")
    if len(texts) > _MOST_TEXTS:
        others = dict.fromkeys(place for place, _ in [*texts][_MOST_TEXTS:])
        lines += hanging("    ", f"and {len(texts) - _MOST_TEXTS} more: {', '.join(others)}")
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
            said += _included(reasons)
        case _:
            said.append(_never_found(reasons))
    watched = reasons.tracked.watched_until if reasons.tracked else None
    if watched:
        said.append(f"It is still followed by its id until {date_in_words(watched.isoformat())}.")
    return " ".join(said)


def _included(reasons: Reasons) -> list[str]:
    """Why a trial that its owner put on an include list is no member: not asked for yet, or what came of it."""
    said = [
        f"Not tracked yet: on the include list of {search}{_because(reason)}." for search, reason in reasons.included
    ]
    if reasons.read_by and reasons.problems:
        day = _day(reasons.read_by.finished_at or reasons.read_by.started_at)
        return [*said, *(f"The sync of {day} could not take it in: {one.reason}." for one in reasons.problems)]
    if not reasons.asked and not reasons.read_by:
        return [*said, 'Nothing has been synced so far: run "tracker sync".']
    if reasons.unsynced:
        searches = " and ".join(reasons.unsynced)
        return [*said, f'{searches} has not been read to its end since that was written: run "tracker sync".']
    return said


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
        lines += _live_search(reasons, search, live)
    return lines


def _live_search(reasons: Reasons, search: SearchDefinition, live: LiveAnswer) -> list[str]:
    returning = [number for number, term in enumerate(search.terms, 1) if live.returned.get(term)]
    unclear = [number for number, term in enumerate(search.terms, 1) if live.returned.get(term, False) is None]
    told = {match.query for match in reasons.matching(search.name)}
    lines = [f"  {search.name}: {_which(returning, len(search.terms))}"]
    for number in returning:
        query = search.terms[number - 1]
        if query not in told:
            lines += hanging(f"  term {number}  ", term_in_words(query))
            lines += _words(reasons.reading(query))
    lines += [f"  term {number}: the registry did not look at it, so that nothing is known" for number in unclear]
    member = any(stay.search == search.name for stay in reasons.current)
    if returning and not member and reasons.nct_id not in search.excluded:
        lines.append("  The next sync takes it in.")
    return lines


def _which(numbers: Sequence[int], of: int) -> str:
    if not numbers:
        return f"none of its {of} terms returns it"
    listed = ", ".join(map(str, numbers))
    return f"term {listed} returns it" if len(numbers) == 1 else f"terms {listed} return it"


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
