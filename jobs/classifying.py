"""Classes of trials for the command line: named in any spelling, asked of the trials held, told with their places."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tracker.errors import UsageError
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.store.studies import newest_bodies
from tracker.taxonomy import Classes, Label, Reading, Role, Rule, Taxonomy, classify
from tracker.taxonomy.patterns import plain
from tracker.taxonomy.vocabulary import GROUPS, TREATMENT, TUMOUR_AXES
from tracker.untrusted import plain_line

if TYPE_CHECKING:
    from tracker.store.transactions import Connection
    from tracker.study import NctId

_AXIS_WORDS = {
    "origin": "Tumour",
    "compartment": "Compartment",
    "kind": "Kind of tumour",
    "primary_cancer": "Primary cancer",
    "region": "Region",
    "flag": "Also",
    "treatment": "Treatment",
}
_SPELLINGS = (("tumour", "tumor"), ("haem", "hem"), ("anaes", "anes"), ("isation", "ization"), ("fibre", "fiber"))
_SHOWN = 60
_MISSPELT = 0.85
"""A word so much like one of a class is a slip of the hand: it is asked back, though a pattern might take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedClasses:
    """Classes as (axis, id): a trial has to have any of the tumours, and any of the treatments; empty is no filter."""

    tumours: frozenset[tuple[str, str]] = frozenset()
    treatments: frozenset[tuple[str, str]] = frozenset()

    def takes(self, classes: Classes) -> bool:
        """A treatment counts where it is tested or compared, not where everybody gets it anyway."""
        tumours = {(label.axis, label.id) for label in classes.labels if label.axis != TREATMENT}
        given = [label for label in classes.of(TREATMENT) if label.role is not Role.BACKGROUND]
        treatments = {(TREATMENT, label.id) for label in given} | {(GROUPS, label.group or "") for label in given}
        return (not self.tumours or bool(self.tumours & tumours)) and (
            not self.treatments or bool(self.treatments & treatments)
        )


def classes_named(taxonomy: Taxonomy, *, tumours: Iterable[str], treatments: Iterable[str]) -> WantedClasses:
    """What was typed, as classes. Raises UsageError with the nearest word for one that names none."""
    return WantedClasses(
        tumours=frozenset(found for word in tumours for found in _named(taxonomy, word, TUMOUR_AXES, "tumour")),
        treatments=frozenset(
            found for word in treatments for found in _named(taxonomy, word, (TREATMENT, GROUPS), "treatment")
        ),
    )


def of_classes(
    connection: Connection, studies: Collection[NctId], wanted: WantedClasses, taxonomy: Taxonomy
) -> Iterator[NctId]:
    """Those of the studies that have the classes. Takes some milliseconds for each; unreadable records have none."""
    for study, body in newest_bodies(connection, studies):
        try:
            classes = classify(parse(body), taxonomy)
        except Unreadable:
            continue
        if wanted.takes(classes):
            yield study


def class_facts(classes: Classes) -> list[tuple[str, str]]:
    """(name, value) rows: relevance, then each class with where it was read and the words there."""
    rows = [("Relevance", _with_place(classes.relevance.replace("_", " "), classes.relevance_readings))]
    for axis, name in _AXIS_WORDS.items():
        labels = classes.of(axis)
        if labels:
            rows.append((name, "\n".join(_with_place(_label_words(label), label.readings) for label in labels)))
    if classes.hybrid:
        rows.append(("Hybrid", "surgery and stereotactic radiation in one arm"))
    return [*rows, ("Read by", f"rules, not by a person (taxonomy {classes.version})")]


def classes_data(classes: Classes) -> dict[str, Any]:
    """For programs: the same, with every place."""
    return {
        "relevance": classes.relevance,
        "relevance_readings": [_reading_data(one) for one in classes.relevance_readings],
        "labels": [
            {
                "axis": label.axis,
                "id": label.id,
                "words": label.words,
                "group": label.group,
                "role": label.role,
                "readings": [_reading_data(one) for one in label.readings],
            }
            for label in classes.labels
        ],
        "hybrid": classes.hybrid,
        "taxonomy": classes.version,
    }


def _reading_data(reading: Reading) -> dict[str, str]:
    return {"field": reading.field, "words": reading.words, "passage": reading.passage}


def _label_words(label: Label) -> str:
    return f"{label.words}, {label.role}" if label.role else label.words


def _with_place(words: str, readings: Iterable[Reading]) -> str:
    first = next(iter(readings), None)
    if first is None:
        return words
    shown = first.words if len(first.words) <= _SHOWN else f"{first.words[:_SHOWN]}…"
    return plain_line(f'{words} ({first.field.replace("_", " ")}: "{shown}")')


def _named(taxonomy: Taxonomy, typed: str, axes: Collection[str], what: str) -> list[tuple[str, str]]:
    """By its id or words; else by a part of its words; else by a pattern that reads all that was typed, as SBRT is."""
    rules = [rule for rule in taxonomy.rules if rule.axis in axes]
    asked = _bare(typed)
    for spellings in (_whole, _parts):
        found = [(rule.axis, rule.id) for rule in rules if asked and asked in map(_bare, spellings(rule))]
        if found:
            return found
    spelled = {_bare(one): rule.words for rule in reversed(rules) for one in (*_parts(rule), *_whole(rule))}
    text = plain(typed)
    if not get_close_matches(asked, spelled, cutoff=_MISSPELT):
        read = [(rule.axis, rule.id) for rule in rules if text and (0, len(text)) in rule.spine_pattern.found(text)]
        if read:
            return read
    near = get_close_matches(asked, spelled, n=1)
    meant = spelled[near[0]] if near else None
    raise UsageError(
        f"{plain_line(typed)!r} is no {what} of the taxonomy",
        subject=typed,
        advice=(f'Did you mean "{meant}"? ' if meant else "") + f"Known: {'; '.join(rule.words for rule in rules)}.",
    )


def _whole(rule: Rule) -> tuple[str, ...]:
    return (rule.id, rule.words)


def _parts(rule: Rule) -> list[str]:
    """Of "glioma and glioblastoma" each; never a word of one name alone."""
    return re.split(r", | and | or ", rule.words)


def _bare(text: str) -> str:
    small = "".join(letter for letter in text.lower() if letter.isalnum())
    for british, american in _SPELLINGS:
        small = small.replace(british, american)
    return small
