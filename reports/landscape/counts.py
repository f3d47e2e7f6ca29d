"""The table of a later review (World Neurosurgery 2022;161:e39–e53): how the trials are spread, n of N in every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from reports.landscape.matrix import origin_words
from reports.landscape.studied import Studied
from reports.landscape.table import Cell, Table
from tracker.study import Enrollment, Study
from tracker.words import INTERVENTION_TYPES, phase_in_words, study_type_in_words

COLUMNS = ("Characteristic", "Group", "n", "N", "%")
UNKNOWN = "not given"

_BANDS = ((0, 0, "0"), (1, 10, "1–10"), (11, 25, "11–25"), (26, 50, "26–50"), (51, 100, "51–100"),
          (101, 200, "101–200"), (201, 500, "201–500"), (501, 1000, "501–1000"))  # fmt: skip

_SPONSORS = {
    "OTHER": "Academic, hospital or other",
    "INDUSTRY": "Industry",
    "NIH": "National Institutes of Health",
    "FED": "Federal",
    "OTHER_GOV": "Other government",
    "NETWORK": "Network",
    "INDIV": "Individual",
    "UNKNOWN": "Unknown",
    "AMBIG": "Ambiguous",
}


def counts(studies: Iterable[Studied]) -> Table:
    """A trial counts once in a group; it may stand in several groups of countries, intervention types and tumours.

    Tumour types are left out where the studies were not classified.
    """
    members = list(studies)
    held = [one.study for one in members]
    classes = {one.study.nct_id: one.classes for one in members if one.classes is not None}
    parts: list[tuple[str, Callable[[Study], Sequence[str]], bool]] = [
        ("Study type", lambda study: [study_type_in_words(study.study_type)], False),
        ("Phase", lambda study: [phase_in_words(study.phases)], False),
        ("Enrollment", lambda study: [enrollment_band(study.enrollment)], False),
        ("Country", lambda study: study.countries or (UNKNOWN,), False),
        ("Lead sponsor", lambda study: [_sponsor_class(study)], False),
        ("Intervention type", _intervention_types, False),
        ("First posted in", lambda study: [_year(study)], True),
    ]
    if classes:
        parts.insert(0, ("Tumour type", lambda study: origin_words(classes[study.nct_id]), False))
    rows = [row for name, groups, by_name in parts for row in _part(name, groups, held, by_name=by_name)]
    return Table(
        name="counts",
        title="Characteristics of the trials",
        columns=COLUMNS,
        rows=tuple(rows),
        note="A trial can stand in several groups of tumour type, country and intervention type.",
    )


def _part(
    name: str, groups: Callable[[Study], Sequence[str]], studies: Sequence[Study], *, by_name: bool
) -> list[tuple[Cell, ...]]:
    """The groups of one characteristic: bands, phases and years in their own order, the others by size."""
    numbers = Counter(group for study in studies for group in dict.fromkeys(groups(study)))
    order = {label: place for place, (_, _, label) in enumerate(_BANDS)}
    if name == "Enrollment":
        ordered = sorted(numbers, key=lambda group: (order.get(group, len(order)), group))
    else:
        ordered = sorted(
            numbers, key=lambda group: (group == UNKNOWN, group if by_name else "", -numbers[group], group)
        )
    return [(name, group, numbers[group], len(studies), percent(numbers[group], len(studies))) for group in ordered]


def percent(count: int, of: int) -> float | None:
    return round(100 * count / of, 1) if of else None


def enrollment_band(enrollment: Enrollment | None) -> str:
    if enrollment is None or enrollment.count is None or enrollment.count == Enrollment.UNKNOWN_COUNT:
        return UNKNOWN
    for first, last, label in _BANDS:
        if first <= enrollment.count <= last:
            return label
    return "over 1000"


def _sponsor_class(study: Study) -> str:
    group = study.lead_sponsor.agency_class if study.lead_sponsor else None
    return _SPONSORS.get(group, group) if group else UNKNOWN


def _intervention_types(study: Study) -> Sequence[str]:
    return [INTERVENTION_TYPES.get(one.type, one.type) for one in study.interventions if one.type] or [UNKNOWN]


def _year(study: Study) -> str:
    return str(study.first_posted.first.year) if study.first_posted and study.first_posted.first else UNKNOWN
