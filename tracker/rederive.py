"""What today's rules make of the versions that the store holds of a study: pure; `tracker db check` compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.changes import Change
from tracker.comparison import FirstPlans
from tracker.diff import diff
from tracker.milestones import plans_of
from tracker.parse import parse
from tracker.study import NctId
from tracker.summary import StudySummary, summary_of


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version as the store holds it: its number, the record's own bytes, and the registry's data date."""

    number: int
    body: bytes
    data_date: date | None


@dataclass(frozen=True, slots=True)
class Derived:
    """`changes` by the number of the newer version; the study as its newest version has it, whatever its id."""

    changes: Mapping[int, tuple[Change, ...]]
    summary: StudySummary
    first_plans: FirstPlans
    ids: frozenset[NctId]


def rederive(versions: Iterable[HeldVersion]) -> Derived:
    """All versions of one study, oldest first; at least one. Raises Unreadable."""
    changes: dict[int, tuple[Change, ...]] = {}
    plans: FirstPlans = {}
    before = None
    ids = set()
    for version in versions:
        study = parse(version.body)
        ids.add(study.nct_id)
        changes[version.number] = diff(before, study, first_plans=plans) if before else ()
        plans = plans_of(study, known=plans, since=version.data_date)
        before = study
    if before is None:
        raise ValueError("at least one version is needed")
    return Derived(changes, summary_of(before), plans, frozenset(ids))
