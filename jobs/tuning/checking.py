"""The config's terms against the registry: how many studies each returns, and what is odd about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs.tuning.layout import counted, hanging
from tracker.registry.source import Found, Lookup, Merged, Removed
from tracker.searches import SearchDefinition, term_in_words
from tracker.study import NctId
from tracker.tuning.asking import TOO_MANY, CountedTerm, Flag, cost_of_reading
from tracker.words import date_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSearch:
    """`number` is the search's place in config.toml, from 1. `fates`: None for a study that is there as expected."""

    number: int
    search: SearchDefinition
    terms: tuple[CountedTerm, ...]
    fates: dict[NctId, Lookup | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`total` is how many studies the registry has, `requests` how many it was asked."""

    file: str
    registry: str
    data_date: date | None
    total: int
    requests: int
    searches: tuple[CheckedSearch, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd. `place` is a config key, as `search[1].term[2].title`; `said` the registry's own words."""

    place: str
    reason: str
    said: str = ""


def remarks(checked: CheckedSearch, term: int, *, total: int) -> list[Remark]:
    """What is odd about a term, by its number from 1."""
    place = f"search[{checked.number}].term[{term}]"
    one = checked.terms[term - 1]
    found = []
    for flag in one.flags(total):
        if one.complaint and flag is Flag.REFUSED:
            key = f".{one.complaint.key}" if one.complaint.key else ""
            found.append(Remark(f"{place}{key}", one.complaint.reason, one.complaint.said))
        else:
            found.append(Remark(place, _reason(flag, one.count or 0)))
    return found


def _reason(flag: Flag, count: int) -> str:
    match flag:
        case Flag.NOTHING:
            return "returns nothing: check its spelling, and whether its quotation marks ask for too exact a phrase"
        case Flag.EVERYTHING:
            return "returns every study of the registry: it selects nothing"
        case Flag.TOO_MANY:
            needed = counted(cost_of_reading([count]), "request")
            return f"returns more than {TOO_MANY:,} studies: each sync would need {needed} for it; narrow it"
        case _:
            return (
                "holds NCT IDs only: the registry may then ignore all filters and other expressions; "
                "list the studies under include instead"
            )


def listed_remarks(checked: CheckedSearch) -> list[Remark]:
    """What is odd about the studies that are listed by hand."""
    found = []
    for key, studies in (("include", checked.search.include), ("exclude", checked.search.exclude)):
        for index, (study, _) in enumerate(studies, 1):
            if reason := _fate(key, study, checked.fates.get(study)):
                found.append(Remark(f"search[{checked.number}].{key}[{index}].nct_id", reason))
    return found


def _fate(key: str, study: NctId, fate: Lookup | None) -> str | None:
    match fate:
        case None:
            return None
        case Removed():
            return f"the registry does not know {study}: a typing error, or a record that was removed"
        case Merged(into=into):
            return f"the registry has merged {study} into {into}: {key} that one"
        case Found():
            return f"the registry has {study}, but does not list it: it may be about to remove it"
        case _:
            return f"the registry does not say what became of {study}"


def is_flagged(check: Check) -> bool:
    return any(_all_remarks(search, total=check.total) for search in check.searches)


def _all_remarks(checked: CheckedSearch, *, total: int) -> list[Remark]:
    of_terms = [remark for term in range(1, len(checked.terms) + 1) for remark in remarks(checked, term, total=total)]
    return of_terms + listed_remarks(checked)


# --- for people ---------------------------------------------------------------------------------------------


def check_lines(check: Check) -> list[str]:
    data = f"data of {date_in_words(check.data_date.isoformat())}" if check.data_date else "data without a date"
    lines = [check.file, f"{check.registry}: {data}, {counted(check.total, 'study', 'studies')}"]
    for search in check.searches:
        lines += ["", f"search {search.search.name}: {counted(len(search.terms), 'term')}"]
        if search.terms:
            lines.append("  term  studies  what is sent")
        for number, term in enumerate(search.terms, 1):
            count = "–" if term.count is None else f"{term.count:,}"
            lines += hanging(f"  {number:>4}  {count:>7}  ", str(term.query))
            lines += _remark_lines(remarks(search, number, total=check.total))
        if search.fates:
            lines.append(f"  {counted(len(search.fates), 'listed study', 'listed studies')} asked for by id")
            lines += _remark_lines(listed_remarks(search))
    return [*lines, "", _verdict(check)]


def _remark_lines(found: Sequence[Remark]) -> list[str]:
    lines = []
    for remark in found:
        lines += hanging("      ! ", f"{remark.place}: {remark.reason}")
        if remark.said and remark.said not in remark.reason:
            lines += hanging("        ", f"The registry's words: {remark.said}")
    return lines


def _verdict(check: Check) -> str:
    odd = sum(len(_all_remarks(search, total=check.total)) for search in check.searches)
    asked = f"{counted(check.requests, 'request')} made"
    return f"{counted(odd, 'thing')} to look at; {asked}." if odd else f"Nothing to complain of; {asked}."


# --- for programs -------------------------------------------------------------------------------------------


def check_data(check: Check) -> dict[str, Any]:
    return {
        "file": check.file,
        "registry": check.registry,
        "data_date": check.data_date,
        "registry_studies": check.total,
        "requests": check.requests,
        "searches": [
            {
                "name": search.search.name,
                "terms": [
                    {
                        "number": number,
                        "term": term_in_words(term.query),
                        "sent": dict(term.query.params),
                        "studies": term.count,
                        "flags": [flag.value for flag in term.flags(check.total)],
                        "remarks": _remark_data(remarks(search, number, total=check.total)),
                    }
                    for number, term in enumerate(search.terms, 1)
                ],
                "listed": _remark_data(listed_remarks(search)),
            }
            for search in check.searches
        ],
    }


def _remark_data(found: Sequence[Remark]) -> list[dict[str, str | None]]:
    return [{"place": one.place, "reason": one.reason, "said": one.said or None} for one in found]
