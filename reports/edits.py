"""An edited number, choice, list or text in words. Coded words are read out, a person's own words left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reports.nets import Net
from reports.parts import Fact
from reports.passages import paired, word_edits
from reports.words import clipped, coded_in_words, field_label, listed, module_in_words, plain_in_words
from tracker.changes import Value
from tracker.fields import OTHER_FIELD
from tracker.study import DateType, PartialDate
from tracker.words import (
    INTERVENTION_TYPES,
    NOT_GIVEN,
    date_in_words,
    enrollment_in_words,
    phase_in_words,
    status_in_words,
)

LONG_TEXT = 160
"""From this many characters on, a text before and after is folded away."""

TEXT_SHOWN = 4000
"""A longer text is cut on the page; the data files hold it whole."""

ENTRIES_SHOWN = 25
"""Of a list that gained or lost more, the first ones are shown."""

PASSAGE_FIELDS = frozenset(
    {"primary_outcomes", "secondary_outcomes", "other_outcomes", "interventions", "arms", "result_references"}
)
"""Lists whose entries are passages: of one that was edited, the words that changed are shown."""

CODED_FIELDS = frozenset(
    {
        *("sex", "sampling_method", "study_type", "allocation", "intervention_model", "primary_purpose", "masking"),
        *("who_masked", "observational_model", "time_perspective", "lead_sponsor_class"),
    }
)
"""Fields whose values are words of the registry's code. In any other, capitals are somebody's spelling ("SSRS")."""

_ARM_TYPES = (
    *("EXPERIMENTAL", "ACTIVE_COMPARATOR", "PLACEBO_COMPARATOR", "SHAM_COMPARATOR"),
    *("NO_INTERVENTION", "OTHER"),
)

_FIRST_WORDS: Mapping[str, Mapping[str, str]] = {
    "interventions": INTERVENTION_TYPES,
    "arms": {type_: coded_in_words(type_) for type_ in _ARM_TYPES},
    "results_review": {
        "RELEASE": "Submitted",
        "RESET": "Returned to the sponsor",
        "UNRELEASE": "Withdrawn from review by the sponsor",
    },
}
"""Of list entries that begin with a coded word: what it says."""


def new_fact(net: Net, **words: object) -> Fact:
    """A fact with what every one has; `words` are the rest of its fields."""
    named = {"kind": net.kind.value, "field": net.field, "label": field_label(net.field), "weight": net.weight.value}
    return Fact(**{**named, **words})  # type: ignore[arg-type]


def text_of(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def value_of(field: str, value: Value) -> str:
    """One value in words; a list's entries joined."""
    if isinstance(value, tuple):
        return listed(_entries(field, value)) if value else NOT_GIVEN
    if isinstance(value, str):
        return _said(field, value)
    return plain_in_words(value)


def _said(field: str, value: str) -> str:
    if field in CODED_FIELDS:
        return coded_in_words(value)
    return date_in_words(value) if PartialDate(value).first else value or NOT_GIVEN


def edit_fact(net: Net) -> Fact:
    return _FIELD_FACTS.get(net.field, _edit)(net)


def _enrollment(net: Net) -> Fact:
    before_type, after_type = (text_of(net.detail.get(key)) for key in ("before_type", "after_type"))
    share = net.detail.get("share_percent")
    notes: tuple[str, ...] = ()
    if isinstance(share, int):
        notes = (f"{share} % of the plan",)
    elif before_type == after_type == DateType.ACTUAL:
        notes = ("a correction of the record",)
    return new_fact(
        net,
        before=enrollment_in_words(_number(net.before), before_type),
        after=enrollment_in_words(_number(net.after), after_type),
        notes=notes,
    )


def _phase(net: Net) -> Fact:
    return new_fact(net, before=phase_in_words(text_of(net.before)), after=phase_in_words(text_of(net.after)))


def _site_status(net: Net) -> Fact:
    opened, closed = net.detail.get("opened"), net.detail.get("closed")
    notes = [f"{number} {verb}" for number, verb in ((opened, "opened"), (closed, "closed")) if number]
    return replace(
        _list(net),
        dropped=_shown(_site_statuses(net.before)),
        added=_shown(_site_statuses(net.after)),
        notes=tuple(notes),
    )


def _other(net: Net) -> Fact:
    modules = net.after if isinstance(net.after, tuple) else (plain_in_words(net.after),)
    return new_fact(net, after=f"edited: {listed(map(module_in_words, modules))}")


def _edit(net: Net) -> Fact:
    return _list(net) if isinstance(net.before, tuple) or isinstance(net.after, tuple) else _plain(net)


def _list(net: Net) -> Fact:
    before, after = (_entries(net.field, value) for value in (net.before, net.after))
    edited, dropped, added = paired(before, after) if net.field in PASSAGE_FIELDS else ([], before, after)
    return new_fact(
        net,
        dropped=_shown(dropped),
        added=_shown(added),
        edits=tuple(
            word_edits(clipped(old, TEXT_SHOWN), clipped(new, TEXT_SHOWN)) for old, new in edited[:ENTRIES_SHOWN]
        ),
        long=sum(map(len, before + after)) > LONG_TEXT,
    )


def _site_statuses(value: Value) -> tuple[str, ...]:
    """ "Houston: RECRUITING" → "Houston: Recruiting"."""
    return tuple(
        f"{site}{colon}{', '.join(status_in_words(one) for one in statuses.split(', '))}"
        for site, colon, statuses in (entry.rpartition(": ") for entry in _entries("site_status", value))
    )


def _plain(net: Net) -> Fact:
    before, after = (clipped(value_of(net.field, value), TEXT_SHOWN) for value in (net.before, net.after))
    long = len(before) + len(after) > 2 * LONG_TEXT
    compared = long and bool(net.before) and bool(net.after)
    return new_fact(
        net,
        before=before,
        after=after,
        long=long,
        edits=tuple(filter(None, [word_edits(before, after)])) if compared else (),
    )


def _entries(field: str, value: Value) -> tuple[str, ...]:
    held = value if isinstance(value, tuple) else () if value is None else (str(value),)
    if field in CODED_FIELDS:
        return tuple(map(coded_in_words, held))
    first_words = _FIRST_WORDS.get(field)
    return tuple(_opened(entry, first_words) for entry in held) if first_words else held


def _opened(entry: str, first_words: Mapping[str, str]) -> str:
    """ "RADIATION: SBRT" → "Radiation: SBRT", where the first word is one of the code."""
    word = next((word for word in first_words if entry.startswith((f"{word}: ", f"{word} | "))), None)
    return first_words[word] + entry.removeprefix(word) if word else entry


def _shown(entries: Sequence[str]) -> tuple[str, ...]:
    cut = len(entries) - ENTRIES_SHOWN
    shown = tuple(clipped(entry, TEXT_SHOWN // 4) for entry in entries[:ENTRIES_SHOWN])
    return (*shown, f"… and {cut} more; changes.csv holds them") if cut > 0 else shown


_FIELD_FACTS: dict[str, Callable[[Net], Fact]] = {
    "enrollment": _enrollment,
    "phase": _phase,
    "site_status": _site_status,
    OTHER_FIELD: _other,
}


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
