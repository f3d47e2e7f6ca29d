"""Small trials for the taxonomy's tests, written as a person would describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracker.study import Arm, Intervention, Study, nct_id
from tracker.taxonomy import Classes

EXPERIMENTAL, ACTIVE, PLACEBO = "EXPERIMENTAL", "ACTIVE_COMPARATOR", "PLACEBO_COMPARATOR"


def trial(
    title: str = "",
    *,
    brief: str = "",
    conditions: Sequence[str] = (),
    mesh: Sequence[str] = (),
    keywords: Sequence[str] = (),
    interventions: Sequence[str] = (),
    other_names: Mapping[str, Sequence[str]] | None = None,
    arms: Mapping[str, tuple[str | None, Sequence[str]]] | None = None,
    eligibility: str = "",
) -> Study:
    """A study; interventions are "Type: Name", arms map a label to its type and the interventions that it gets."""
    return Study(
        nct_id=nct_id("NCT09999999"),
        brief_title=brief or None,
        official_title=title or None,
        conditions=tuple(conditions),
        condition_mesh_terms=tuple(mesh),
        keywords=tuple(keywords),
        interventions=tuple(_intervention(one, other_names or {}) for one in interventions),
        arms=tuple(Arm(label, type_, None, tuple(given)) for label, (type_, given) in (arms or {}).items()),
        eligibility_criteria=eligibility or None,
    )


def _intervention(described: str, other_names: Mapping[str, Sequence[str]]) -> Intervention:
    type_, _, name = described.partition(": ")
    return Intervention(name, type_.upper().replace(" ", "_"), None, (), tuple(other_names.get(name, ())))


def tumour(classes: Classes) -> set[str]:
    """The tumour labels, as axis.id."""
    return {f"{label.axis}.{label.id}" for label in classes.labels if label.axis != "treatment"}


def treatments(classes: Classes) -> dict[str, str]:
    """Treatment → role."""
    return {label.id: str(label.role) for label in classes.of("treatment")}
