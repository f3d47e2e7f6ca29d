"""The texts of a study that labels are read from: titles, conditions, MeSH terms, keywords, arms and interventions.

Descriptions and eligibility criteria are left out on purpose: they name what a trial excludes, remembers and compares
itself with, and a label says what it studies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.study import Study
from tracker.taxonomy.model import Reading
from tracker.taxonomy.patterns import plain

TITLES = ("brief_title", "official_title")
LISTS = ("conditions", "condition_mesh_terms", "keywords")
FIELDS = (*TITLES, *LISTS, "arms", "interventions")

LONGEST_KEYWORDS = 40
"""A longer list of keywords is a catalogue of all tumours there are: it says nothing about this trial."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One text; `listed` is the length of the list that it stands in (0 for titles, arms and interventions)."""

    field: str
    text: str
    listed: int = 0

    def reading(self, words: str) -> Reading:
        return Reading(self.field, words, self.text)


def passages(study: Study) -> tuple[Passage, ...]:
    """All of a study's passages, each text once per field, in the order in which people read a record."""
    return tuple(dict.fromkeys(_all(study)))


def _all(study: Study) -> Iterator[Passage]:
    for field in TITLES:
        if title := getattr(study, field):
            yield Passage(field, plain(title))
    for field in LISTS:
        listed = getattr(study, field)
        if field == "keywords" and len(listed) > LONGEST_KEYWORDS:
            continue
        for text in listed:
            yield Passage(field, plain(text), len(listed))
    for arm in study.arms:
        yield Passage("arms", plain(arm.label))
    for intervention in study.interventions:
        yield Passage("interventions", plain(intervention.name))
