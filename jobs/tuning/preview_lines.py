"""A preview as a terminal shows it: the terms, some of their studies, what they have in common, who comes and goes."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.tuning.layout import counted, cut, hanging, percent, table, width
from jobs.tuning.previewing import Asked, Preview
from tracker.registry.query import TermQuery
from tracker.searches import term_in_words
from tracker.taxonomy.model import Relevance
from tracker.tuning.edits import EditedTerm, Fate
from tracker.tuning.outlook import EnterWhy, HoldWhy, LeaveWhy, Prospect, Why
from tracker.tuning.overlap import Combination
from tracker.words import date_in_words

RELEVANCES: dict[str, tuple[str, str]] = {
    Relevance.FOCUS: ("focus", "focus"),
    Relevance.ONE_OF_SEVERAL: ("several", "one of several sites"),
    Relevance.LISTED_ONLY: ("listed", "listed only"),
    Relevance.NONE: ("none", "none"),
}
"""Labels of relevance: how they head a narrow column, and in words."""

_LEGEND = (
    "only it: no other term brings them; then the shares by relevance (several: the spine is one of several sites; "
    "listed: among the conditions only)"
)
_MOST_COMBINATIONS = 15
_MOST_STUDIES = 12
_LONGEST_BAR = 30
_SIGNS = {Fate.KEPT: "", Fate.ADDED: "+", Fate.DROPPED: "−"}


def heading_lines(asked: Asked, *, shipped_version: int | None) -> list[str]:
    """Where it all comes from; `shipped_version` where the shipped terms are tried."""
    data = f"data of {date_in_words(asked.data_date.isoformat())}" if asked.data_date else "data without a date"
    lines = hanging("", f"{asked.registry}: {data}, {counted(asked.requests, 'request')} made")
    if asked.mixed:
        lines += hanging("! ", "The registry published new data meanwhile: what follows is of both. Run it again.")
    if shipped_version is not None:
        changed = any(preview.edit.changes_something for preview in asked.previews)
        tried = "are tried in place of those configured" if changed else "are those configured"
        lines += hanging("", f"The shipped terms, version {shipped_version}, {tried}.")
    return lines


def preview_lines(preview: Preview, *, everything: bool) -> list[str]:
    """For people. `everything`: every study that would enter or leave, however many."""
    return [
        *hanging(f"search {preview.edit.search.name}: ", _edit_in_words(preview)),
        *_in_short(preview),
        "",
        *_terms(preview),
        "",
        *_common(preview),
        "",
        *_samples(preview),
        "",
        *_outlook(preview, everything=everything),
    ]


def _edit_in_words(preview: Preview) -> str:
    numbers = {fate: len(preview.edit.numbers(fate)) for fate in Fate}
    said = [counted(numbers[Fate.KEPT] + numbers[Fate.DROPPED], "term") + " as configured"]
    said += [f"{numbers[fate]} {fate}" for fate in (Fate.ADDED, Fate.DROPPED) if numbers[fate]]
    return ", ".join(said)


# --- each term ----------------------------------------------------------------------------------------------


def _terms(preview: Preview) -> list[str]:
    rows = []
    for term in preview.edit.terms:
        read, only = preview.read[term.number], len(preview.only(term.number))
        shares = preview.relevances(read.ids)
        rows.append(
            (
                _number(term),
                f"{len(read.ids):,}",
                f"{only:,}",
                f"{len(read.ids) - only:,}",
                *(percent(shares[label], shares.total()) for label in RELEVANCES),
                term_in_words(term.query),
            )
        )
    header = ("term", "studies", "only it", "shared", *(head for head, _ in RELEVANCES.values()), "")
    lines = table(header, rows, right=range(len(header) - 1))
    lines += hanging("", _LEGEND)
    for number, read in preview.read.items():
        if read.note:
            lines += hanging("  ! ", f"term {number} is incomplete: {read.note}")
        if excluded := read.ids & preview.edit.search.excluded:
            studies = counted(len(excluded), "study", "studies")
            lines.append(f"  term {number} also returns {studies} on the exclude list")
    return lines


def _number(term: EditedTerm) -> str:
    return f"{_SIGNS[term.fate]}{term.number}"


def _samples(preview: Preview) -> list[str]:
    lines = hanging("", "Some studies of each term (* no other term brings it); relevance as the tracker classifies it")
    for term in preview.edit.terms:
        lines += ["", *hanging(f"  {_number(term):>4}  ", _told(term.query, term.fate))]
        only = preview.only(term.number)
        for study in preview.samples(term.number):
            shown = preview.shown(study)
            relevance, _ = RELEVANCES.get(shown.relevance or "", ("?", ""))
            head = f"      {'*' if study in only else ' '} {study}  {relevance:<7}  "
            lines.append(head + cut(shown.title, width() - len(head)))
    return lines


def _told(query: TermQuery, fate: Fate) -> str:
    return term_in_words(query) + ("" if fate is Fate.KEPT else f"  ({fate})")


# --- what they have in common -------------------------------------------------------------------------------


def _common(preview: Preview) -> list[str]:
    """A small upset plot: a column for each term, a row for each combination that some study has."""
    found = preview.combinations
    if not found:
        return ["No term returns anything."]
    shown, rest = found[:_MOST_COMBINATIONS], found[_MOST_COMBINATIONS:]
    numbers = list(preview.read)
    lines = ["What the terms have in common (● returned by the term)"]
    if 3 * len(numbers) + 12 > width():
        lines += [f"  {len(one.studies):>7,}  terms {', '.join(map(str, one.terms))}" for one in shown]
    else:
        lines += _upset(numbers, shown)
    if rest:
        studies = sum(len(one.studies) for one in rest)
        lines.append(f"  and {counted(len(rest), 'more combination')} of {counted(studies, 'study', 'studies')}")
    return lines


def _upset(numbers: Sequence[int], shown: Sequence[Combination]) -> list[str]:
    lines = [f"  {' '.join(f'{number:>2}' for number in numbers)}  studies"]
    longest = max(len(one.studies) for one in shown)
    room = min(_LONGEST_BAR, max(width() - 3 * len(numbers) - 14, 0))
    for one in shown:
        marks = " ".join(" ●" if number in one.terms else " ·" for number in numbers)
        bar = "█" * max(round(len(one.studies) * room / longest), 1) if room else ""
        lines.append(f"  {marks}  {len(one.studies):>7,}  {bar}".rstrip())
    return lines


# --- who would come and go ----------------------------------------------------------------------------------

_HEADINGS: dict[Why, str] = {
    EnterWhy.EDIT: "would enter by the edit",
    HoldWhy.KEPT_OUT: "would be kept out by the edit: only a dropped term brings it, and it is no member yet",
    LeaveWhy.EDIT: "would leave by the edit: only a dropped term brings it",
    HoldWhy.KEPT_IN: "would be kept by the edit: no term as configured returns it now, but an added one does",
    EnterWhy.NEXT_SYNC: "would enter at the next sync, edit or not: a term as configured returns it",
    EnterWhy.INCLUDED: "would enter at the next sync, edit or not: on the include list",
    LeaveWhy.NEXT_SYNC: "would leave at the next sync, edit or not: no term as configured returns it now",
    LeaveWhy.EXCLUDED: "would leave at the next sync, edit or not: on the exclude list",
}


def _outlook(preview: Preview, *, everything: bool) -> list[str]:
    outlook = preview.outlook
    lines = hanging("", f"{_members(preview)} → {counted(len(outlook.after), 'member')} after{_saved(preview)}")
    prospects: Sequence[Prospect] = (*outlook.entering, *outlook.leaving, *outlook.held)
    for why, heading in _HEADINGS.items():
        if group := [one for one in prospects if one.why is why]:
            lines += ["", *_group(preview, heading, group, everything=everything)]
    if not prospects:
        lines.append("Nobody would enter or leave.")
    elif preview.edit.changes_something and not any(one.by_edit for one in prospects):
        lines += ["", "The edit itself would change nothing."]
    return lines


def _in_short(preview: Preview) -> list[str]:
    """What matters most, ahead of everything: how many come and go."""
    outlook = preview.outlook
    moves = [
        ("in by the edit", sum(one.by_edit for one in outlook.entering)),
        ("out by the edit", sum(one.by_edit for one in outlook.leaving)),
        ("kept as they are by it", len(outlook.held)),
        ("in at the next sync in any case", sum(not one.by_edit for one in outlook.entering)),
        ("out at the next sync in any case", sum(not one.by_edit for one in outlook.leaving)),
    ]
    said = ", ".join(f"{count:,} {move}" for move, count in moves if count) or "nobody comes or goes"
    return hanging("  ", f"{len(outlook.members):,} → {counted(len(outlook.after), 'member')}: {said}")


def _members(preview: Preview) -> str:
    stamp = preview.held.data_timestamp
    if not preview.held.members and stamp is None:
        return "Nothing synced yet, so that everything would enter: 0 members"
    held = counted(len(preview.outlook.members), "member")
    return f"{held} now (data of {date_in_words(stamp.date().isoformat())})" if stamp else f"{held} now"


def _saved(preview: Preview) -> str:
    return " the edit and the next sync" if preview.edit.changes_something else " the next sync"


def _group(preview: Preview, heading: str, group: Sequence[Prospect], *, everything: bool) -> list[str]:
    relevances = preview.relevances(one.nct_id for one in group)
    shares = [f"{relevances[label]} {words}" for label, (_, words) in RELEVANCES.items() if relevances[label]]
    beside = f" ({', '.join(shares)})" if shares else ""
    lines = hanging("  ", f"{len(group):,} {heading}{beside}")
    shown = group if everything or len(group) <= _MOST_STUDIES else group[: _MOST_STUDIES - 2]
    signs = {term.number: _number(term) for term in preview.edit.terms}
    terms = [", ".join(signs[number] for number in one.terms) for one in shown]
    widest = max(len(text) for text in terms)
    for one, brought in zip(shown, terms, strict=True):
        by = f"term {brought:<{widest}}  " if widest else ""
        head = f"    {one.nct_id}  {by}"
        lines.append((head + cut(preview.shown(one.nct_id).title, max(width() - len(head), 20))).rstrip())
    if len(shown) < len(group):
        lines.append(f"    and {len(group) - len(shown):,} more: --all lists them, --json with everything")
    return lines
