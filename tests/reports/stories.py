"""Windows told by hand: small builders for changes, runs and studies, and the situations that the tests read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from reports.parts import Window
from reports.trust import Earlier
from reports.view import ReportView, build_view
from tracker.changes import MEMBERSHIP_FIELD, Change, Kind, RecordedChange, Value, Weight
from tracker.definitions import ReportDefinition
from tracker.runs import Guard, Outcome, Run, RunState, TermCoverage
from tracker.study import NctId, Problem
from tracker.summary import StudySummary, TrackedStudy

SEARCH = "spine-tumour"
BEFORE, DATA = date(2018, 5, 29), date(2020, 7, 28)
NOW = datetime(2020, 7, 28, 17, 0, tzinfo=UTC)
EARLIER = Earlier(data_date=BEFORE, success_at=datetime(2020, 7, 24, 16, 31, tzinfo=UTC))
EVERYTHING = ReportDefinition(name="changes", searches=())


def trial(
    nct_id: str,
    title: str = "Stereotactic radiosurgery of spine metastases",
    status: str | None = "RECRUITING",
    *,
    searches: tuple[str, ...] = (SEARCH,),
    state: str = "tracked",
    sponsor: str | None = "M.D. Anderson Cancer Center",
    merged_into: str | None = None,
    watched_until: date | None = None,
    **facts: object,
) -> TrackedStudy:
    unset = dict.fromkeys(StudySummary.__slots__)
    told = {"study_type": "INTERVENTIONAL", "phases": "PHASE2", "has_results": False, **facts}
    summary = StudySummary(
        **{**unset, "nct_id": nct_id, "brief_title": title, "overall_status": status, "lead_sponsor": sponsor, **told}  # type: ignore[arg-type]
    )
    return TrackedStudy(
        summary=summary,
        state=state,
        searches=searches,
        version=2,
        data_date=DATA,
        merged_into=NctId(merged_into) if merged_into else None,
        watched_until=watched_until,
    )


def studies(*trials: TrackedStudy) -> dict[NctId, TrackedStudy]:
    return {one.summary.nct_id: one for one in trials}


def change(
    nct_id: str,
    kind: Kind,
    field: str,
    before: Value = None,
    after: Value = None,
    *,
    weight: Weight = Weight.MINOR,
    days: int | None = None,
    at_least: bool = False,
    why: str | None = None,
    **detail: str | int | bool | None,
) -> Change:
    return Change(
        nct_id=NctId(nct_id),
        kind=kind,
        field=field,
        weight=weight,
        before=before,
        after=after,
        days=days,
        days_at_least=at_least,
        why=why,
        detail=detail,
    )


def status(nct_id: str, kind: Kind, before: str, after: str, why: str | None = None) -> Change:
    weight = Weight.MINOR if kind is Kind.STATUS else Weight.MAJOR
    return change(nct_id, kind, "overall_status", before, after, weight=weight, why=why)


def to_unknown(nct_id: str, before: str) -> Change:
    return change(nct_id, Kind.STATUS, "overall_status", before, "UNKNOWN", set_by="registry", last_known_status=before)


def results(nct_id: str, posted: str, submitted: str) -> Change:
    return change(
        nct_id, Kind.RESULTS_POSTED, "results_first_post_date", None, posted, weight=Weight.MAJOR, submitted=submitted
    )


def moved(
    nct_id: str, field: str, before: str, after: str, days: int | None, *, at_least: bool = False, **detail: object
) -> Change:
    weight = Weight.MAJOR if days is not None and abs(days) >= 90 else Weight.MINOR
    told = {
        "before_type": "ESTIMATED",
        "after_type": "ESTIMATED",
        "first_plan": before,
        "first_plan_since": BEFORE.isoformat(),
        "total_days": days,
        "total_at_least": at_least,
        **detail,
    }
    return change(nct_id, Kind.DATE_MOVED, field, before, after, weight=weight, days=days, at_least=at_least, **told)  # type: ignore[arg-type]


def reached(nct_id: str, field: str, before: str, after: str, days: int, *, at_least: bool = False) -> Change:
    return change(
        nct_id,
        Kind.DATE_REACHED,
        field,
        before,
        after,
        days=days,
        at_least=at_least,
        before_type="ESTIMATED",
        after_type="ACTUAL",
    )


def refined(nct_id: str, field: str, before: str, after: str, type_: str = "ESTIMATED") -> Change:
    return change(
        nct_id,
        Kind.DATE_REFINED,
        field,
        before,
        after,
        weight=Weight.ROUTINE,
        days=0,
        before_type=type_,
        after_type=type_,
    )


def entered(nct_id: str, why: str, **detail: str | int | bool | None) -> Change:
    weight = Weight.MAJOR if why == "newly registered" else Weight.MINOR
    return change(nct_id, Kind.ENTERED, MEMBERSHIP_FIELD, weight=weight, why=why, **detail)


def left(nct_id: str, why: str, **detail: str | int | bool | None) -> Change:
    weight = Weight.MAJOR if why in ("removed from the registry", "merged into another id") else Weight.MINOR
    return change(nct_id, Kind.LEFT, MEMBERSHIP_FIELD, weight=weight, why=why, **detail)


def recorded(changes: Iterable[Change], *, run: int = 2, start: int = 1, search: str = SEARCH) -> list[RecordedChange]:
    return [
        RecordedChange(
            number=number,
            change_id=f"{number:024x}",
            change=one,
            run=run,
            detected_at=NOW - timedelta(minutes=20),
            data_date=DATA,
            search=search if one.field == MEMBERSHIP_FIELD else None,
        )
        for number, one in enumerate(changes, start)
    ]


def coverage(total: int | None = 19, held: int | None = None, **more: object) -> TermCoverage:
    held = total or 0 if held is None else held
    told = {"search": SEARCH, "term": '{"query.cond":"Spine tumor"}', "label": "condition: Spine tumor", **more}
    return TermCoverage(total=total, held=held, **told)  # type: ignore[arg-type]


def run(
    id_: int = 2,
    outcome: Outcome = Outcome.OK,
    *,
    ended: datetime = NOW - timedelta(minutes=20),
    data_date: date | None = DATA,
    terms: Sequence[TermCoverage] | None = None,
    guards: Sequence[Guard] = (),
    problems: Sequence[Problem] = (),
    error: str | None = None,
    source: str = "https://clinicaltrials.gov/api/v2",
) -> Run:
    swept = outcome in (Outcome.OK, Outcome.INCOMPLETE)
    return Run(
        id=id_,
        source=source,
        state=RunState.FINISHED,
        outcome=outcome,
        started_at=ended - timedelta(seconds=40),
        finished_at=ended,
        data_timestamp=None,
        data_date=data_date,
        searches=(SEARCH,),
        full=False,
        requests=3 if swept else 1,
        bytes=400_000,
        rounds=1,
        studies_read=19 if swept else 0,
        versions_written=17,
        changes_written=60,
        coverage=tuple(terms) if terms is not None else (coverage(),) if swept else (),
        guards=tuple(guards),
        problems=tuple(problems),
        error=error,
        rules_version=1,
        program_version="0.1.0",
    )


def view_of(
    changes: Sequence[RecordedChange],
    trials: Mapping[NctId, TrackedStudy],
    *,
    runs: Sequence[Run] | None = None,
    definition: ReportDefinition = EVERYTHING,
    earlier: Earlier = EARLIER,
    baselines: Mapping[str, int] | None = None,
    now: datetime = NOW,
    number: int | None = 2,
    window: Window | None = None,
    **more: Any,
) -> ReportView:
    """`more` goes to `build_view` as it is: estimates, labels, remarks …"""
    told_runs = [run()] if runs is None else runs
    return build_view(
        definition=definition,
        title="Spine-tumour trials",
        number=number,
        now=now,
        program_version="0.1.0",
        window=window or Window(after_run=1, until_run=max((one.id for one in told_runs), default=1)),
        runs=told_runs,
        changes=changes,
        studies=trials,
        earlier=earlier,
        baselines=baselines or {},
        **more,
    )
