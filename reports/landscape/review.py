"""The two tables of the review that the tracker grew from (Int J Mol Sci 2022, 23, 15680): its Tables 3 and 4.

The review's own conditions, as its captions state them: ended trials "with results", and interventional trials that are
recruiting, not yet recruiting or active. Both are in the order of the study completion date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from reports.landscape.printed import printed_date
from reports.landscape.studied import Studied
from reports.landscape.table import Table
from tracker.study import Status, Study, StudyType
from tracker.words import intervention_in_words

COLUMNS = ("NCT ID", "Official title", "Interventions", "Phase", "Study completion date")

ENDED = frozenset({Status.COMPLETED, Status.TERMINATED})
ACTIVE = frozenset({Status.RECRUITING, Status.NOT_YET_RECRUITING, Status.ACTIVE_NOT_RECRUITING})

_PHASES = {
    "NA": "Not Applicable",
    "EARLY_PHASE1": "Early Phase 1",
    "PHASE1": "Phase 1",
    "PHASE2": "Phase 2",
    "PHASE3": "Phase 3",
    "PHASE4": "Phase 4",
}


def completed_with_results(studies: Iterable[Studied]) -> Table:
    return _table(
        "completed-with-results",
        "Completed and terminated trials with results",
        studies,
        lambda study: study.overall_status in ENDED and study.results_first_posted is not None,
        note="Overall status completed or terminated, results public on the registry.",
    )


def active(studies: Iterable[Studied]) -> Table:
    return _table(
        "active",
        "Active interventional trials",
        studies,
        lambda study: study.overall_status in ACTIVE and study.study_type == StudyType.INTERVENTIONAL,
        note="Interventional; overall status recruiting, not yet recruiting, or active but not recruiting.",
    )


def _table(name: str, title: str, studies: Iterable[Studied], belongs: Callable[[Study], bool], *, note: str) -> Table:
    chosen = sorted((one.study for one in studies if belongs(one.study)), key=_by_completion)
    return Table(name=name, title=title, columns=COLUMNS, rows=tuple(map(_row, chosen)), note=note)


def _by_completion(study: Study) -> tuple[date, str]:
    """Earliest first; a trial without a readable date comes last."""
    first = study.completion.date.first if study.completion else None
    return first or date.max, study.nct_id


def _row(study: Study) -> tuple[str, ...]:
    return (
        study.nct_id,
        study.official_title or study.brief_title or "",
        " ".join(
            intervention_in_words(f"{one.type}: {one.name}") if one.type else one.name for one in study.interventions
        ),
        " ".join(_PHASES.get(phase, phase) for phase in study.phases),
        printed_date(study.completion.date) if study.completion else "",
    )
