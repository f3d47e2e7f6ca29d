"""Two versions of a study side by side: what each rule of `tracker.diff` compares, and makes a change of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.changes import Change, Kind, Value, Weight
from tracker.fields import WatchedField
from tracker.study import Study, StudyDate

Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """The first plan known for a milestone, and the data date that it is known since."""

    plan: StudyDate
    since: date | None


FirstPlans = Mapping[str, FirstPlan]
"""By the name of the date field."""


@dataclass(frozen=True, slots=True)
class Comparison:
    before: Study
    after: Study
    first_plans: FirstPlans

    @property
    def status_changed(self) -> bool:
        return self.before.overall_status != self.after.overall_status

    @property
    def newly_posted(self) -> bool:
        return self.after.results_are_public and not self.before.results_are_public

    def change(
        self, field: WatchedField, kind: Kind, weight: Weight, before: Value, after: Value, **more: Any
    ) -> Change:
        return Change(
            nct_id=self.after.nct_id,
            kind=kind,
            field=field.name,
            weight=weight,
            before=before,
            after=after,
            **more,
        )
