"""What is said about a study: labels, each with the words that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Relevance(StrEnum):
    """How much of a trial is about tumours of the spine. It is shown, and never used to hide a trial."""

    FOCUS = "focus"
    ONE_OF_SEVERAL = "one_of_several"
    LISTED_ONLY = "listed_only"
    NONE = "none"


class Role(StrEnum):
    """What a treatment is in its trial: what is tested, what it is compared with, or what all get anyway."""

    TESTED = "tested"
    COMPARATOR = "comparator"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a label was read: the field of the record, the words that gave it, and the text they stand in."""

    field: str
    words: str
    passage: str


@dataclass(frozen=True, slots=True)
class Label:
    """One class of a study. `words` is its name for people; `group` and `role` are a treatment's.

    A label of the axis `treatment` whose id is its group's says that no narrower class could be read.
    """

    axis: str
    id: str
    words: str
    readings: tuple[Reading, ...]
    group: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """All that the taxonomy says about a study; labels in the order of its tables.

    `version` is that of the taxonomy that made them. `hybrid`: surgery and stereotactic radiation in one arm.
    """

    relevance: Relevance
    relevance_readings: tuple[Reading, ...]
    labels: tuple[Label, ...]
    hybrid: bool
    version: str

    def of(self, axis: str) -> tuple[Label, ...]:
        """The labels of one axis: origin, compartment, kind, primary_cancer, region, flag or treatment."""
        return tuple(label for label in self.labels if label.axis == axis)

    def ids(self, axis: str, *, role: Role | None = None) -> tuple[str, ...]:
        """The identifiers of one axis; with `role`, of the treatments that have it."""
        return tuple(label.id for label in self.of(axis) if role is None or label.role is role)

    def has(self, axis: str, identifier: str) -> bool:
        return any(label.id == identifier for label in self.of(axis))
