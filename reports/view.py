"""What a report tells: changes, runs and studies in, one `ReportView` out. Pure: no I/O, and `now` is a parameter.

Every rendering shows this view and nothing else. What changes come to is `reports.nets` and
`reports.trials`; the words are `reports.facts` (one field), `reports.entries` (one trial) and `reports.headline`; what
the report rests on is `reports.trust`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

import orjson

from reports.checks import checks_of
from reports.entries import line_of
from reports.facts import reads_history
from reports.figures import Figures, StatusCounts, figures_of
from reports.headline import QUIET_SECTIONS, counts_of, headline
from reports.nets import Net, nets_of
from reports.parts import (
    NO_ANNOTATION,
    Annotation,
    Banner,
    Checks,
    Count,
    CoverageLine,
    ProblemLine,
    RunLine,
    Section,
    SectionKey,
    State,
    TrialLine,
    Window,
)
from reports.rows import ChangeRow, StudyRow, change_row
from reports.sections import sections_of
from reports.standing import balance_words, basis_words, data_date_of, since_words, state_of
from reports.trials import TrialNews, news_of
from reports.trust import (
    RUNS_SHOWN,
    Earlier,
    banners,
    bulk_fields,
    coverage_lines,
    problem_lines,
    run_line,
    went_wrong,
)
from reports.words import counted
from tracker.changes import Kind, RecordedChange
from tracker.definitions import ReportDefinition
from tracker.estimates import Estimate
from tracker.runs import Run
from tracker.study import NctId
from tracker.summary import TrackedStudy
from tracker.words import kind_in_words

NOTHING: Mapping[NctId, tuple[str, ...]] = MappingProxyType({})

LISTED = 500
"""Trials without news, and problems: the page lists the first ones and counts the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report. Instants are aware UTC. `number` is None for an ad-hoc report, which is recorded nowhere.

    `tracked` trials are in the report's searches now; `with_news` of them are told of, `unremarkable` changed only in
    routine or reversed edits, and `without_news` (the first ones listed) in nothing.
    `not_shown` counts, by kind, what the definition leaves out; `muted` says how much a coordinator's mutes hide, None
    where nothing. `changes` are the rows of the data files.
    """

    name: str
    number: int | None
    title: str
    made_at: datetime
    program_version: str
    state: State
    headline: str
    basis: str
    balance: str
    counts: tuple[Count, ...]
    banners: tuple[Banner, ...]
    window: Window
    data_date: date | None
    compared_with: date | None
    searches: tuple[str, ...]
    tracked: int
    with_news: int
    unremarkable: int
    without_news_count: int
    without_news: tuple[TrialLine, ...]
    checks: Checks
    figures: Figures
    sections: tuple[Section, ...]
    not_shown: tuple[str, ...]
    muted: str | None
    problems: tuple[ProblemLine, ...]
    problem_count: int
    runs: tuple[RunLine, ...]
    run_count: int
    coverage: tuple[CoverageLine, ...]
    changes: tuple[ChangeRow, ...]
    studies: tuple[StudyRow, ...]


def build_view(
    *,
    definition: ReportDefinition,
    title: str,
    number: int | None,
    now: datetime,
    program_version: str,
    window: Window,
    runs: Sequence[Run],
    changes: Sequence[RecordedChange],
    studies: Mapping[NctId, TrackedStudy],
    earlier: Earlier,
    baselines: Mapping[str, int],
    estimates: Sequence[Estimate] = (),
    status_history: Sequence[StatusCounts] = (),
    labels: Mapping[NctId, tuple[str, ...]] = NOTHING,
    remarks: Mapping[NctId, tuple[str, ...]] = NOTHING,
    muted: Collection[str] = (),
) -> ReportView:
    """The report of `definition` on `window`.

    `runs` and `changes` are those of the window, in any order; `studies` holds every tracked study and every one that
    a change is about, as they stand at the end of the window. `baselines` gives, for each search whose first complete
    sweep lies in the window, how many members it found. `now` is aware.

    `estimates` are of tracked studies, on the data date; `status_history` counts them by status on earlier days, oldest
    first. `labels` and `remarks` stand beside a trial's name. `muted` are the ids of changes that a coordinator's
    mutes hide: they are counted, and stand in the data files.
    """
    ordered = sorted(runs, key=lambda run: run.id)
    told, left_out = _selected(changes, definition, studies)
    bulk = bulk_fields(ordered)
    annotations = _annotations(labels, remarks)
    shown = [one for one in told if one.change_id not in muted]
    news = news_of(_told_nets(changes, shown, bulk), studies, annotations)
    members = {nct_id for nct_id, study in studies.items() if _is_member(study, definition)}
    counts = counts_of(news)
    state = state_of(ordered, news, baselines=baselines, earlier=earlier)
    data_date = data_date_of(ordered, earlier)
    quiet = {trial.nct_id for trial in news if set(trial.sections) <= QUIET_SECTIONS}
    loud = {trial.nct_id for trial in news} - quiet
    unchanged = sorted(members - loud - quiet)
    problems = problem_lines(ordered)
    return ReportView(
        name=definition.name,
        number=number,
        title=title,
        made_at=now,
        program_version=program_version,
        state=state,
        headline=headline(
            title=title,
            number=number,
            state=state,
            counts=counts,
            tracked=len(members),
            quiet_trials=len(quiet),
            since=since_words(ordered, earlier),
            error=next((run.error for run in reversed(ordered) if went_wrong(run) and run.error), None),
        ),
        basis=basis_words(state, data_date, earlier.data_date, plans_unknown=_plans_unknown(news)),
        balance=balance_words(state, members=members, loud=loud, quiet=quiet),
        counts=counts,
        banners=banners(ordered, now=now, earlier=earlier, baselines=baselines, first_ever=state is State.BASELINE),
        window=window,
        data_date=data_date,
        compared_with=earlier.data_date,
        searches=definition.searches,
        tracked=len(members),
        with_news=len(members & loud),
        unremarkable=len(members & quiet),
        without_news_count=len(unchanged),
        without_news=tuple(
            line_of(nct_id, studies[nct_id], annotations.get(nct_id, NO_ANNOTATION)) for nct_id in unchanged[:LISTED]
        ),
        checks=checks_of(
            [one for one in estimates if one.nct_id in members],
            lines={
                nct_id: line_of(nct_id, studies[nct_id], annotations.get(nct_id, NO_ANNOTATION)) for nct_id in members
            },
            changed=frozenset((one.change.nct_id, one.change.field) for one in told + left_out),
            compared_with=earlier.data_date,
        ),
        figures=figures_of(
            news, [studies[nct_id] for nct_id in sorted(members)], history=status_history, data_date=data_date
        ),
        sections=sections_of(news),
        not_shown=_not_shown(left_out),
        muted=_muted_words(told, muted),
        problems=problems[:LISTED],
        problem_count=len(problems),
        runs=tuple(map(run_line, ordered[-RUNS_SHOWN:])),
        run_count=len(ordered),
        coverage=coverage_lines(ordered, earlier, frozenset(definition.searches)),
        changes=tuple(change_row(one, studies.get(one.change.nct_id), muted=one.change_id in muted) for one in told),
        studies=tuple(StudyRow(studies[nct_id], labels.get(nct_id, ())) for nct_id in sorted(members)),
    )


def to_json_bytes(view: ReportView) -> bytes:
    """The view as JSON, for the store: what a report was made of, readable by any later version.

    All but the rows of studies.csv: the recorded file holds them, and they are the same for most of the trials.
    """
    return orjson.dumps(replace(view, studies=()))


def _annotations(
    labels: Mapping[NctId, tuple[str, ...]], remarks: Mapping[NctId, tuple[str, ...]]
) -> dict[NctId, Annotation]:
    return {nct_id: Annotation(labels.get(nct_id, ()), remarks.get(nct_id, ())) for nct_id in (*labels, *remarks)}


def _plans_unknown(news: Sequence[TrialNews]) -> bool:
    return any(not reads_history(net) for trial in news for net in trial.nets_in(SectionKey.DELAYED))


# What belongs into the report


def _is_member(study: TrackedStudy, definition: ReportDefinition) -> bool:
    return bool(set(study.searches) & set(definition.searches)) if definition.searches else bool(study.searches)


def _selected(
    changes: Sequence[RecordedChange], definition: ReportDefinition, studies: Mapping[NctId, TrackedStudy]
) -> tuple[list[RecordedChange], list[RecordedChange]]:
    """The changes that the definition tells, in the order they were recorded, and those that it leaves out.

    Changes of other searches than the definition's belong to neither. A study that is in no search any more is
    watched for everybody.
    """
    concerned = sorted((one for one in changes if _concerns(one, definition, studies)), key=lambda one: one.number)
    told = [one for one in concerned if definition.tells(one.change.kind, one.change.weight)]
    return told, [one for one in concerned if not definition.tells(one.change.kind, one.change.weight)]


def _concerns(recorded: RecordedChange, definition: ReportDefinition, studies: Mapping[NctId, TrackedStudy]) -> bool:
    if not definition.searches:
        return True
    if recorded.search is not None:
        return recorded.search in definition.searches
    study = studies.get(recorded.change.nct_id)
    return study is None or not study.searches or bool(set(study.searches) & set(definition.searches))


def _told_nets(
    changes: Sequence[RecordedChange], told: Sequence[RecordedChange], bulk: frozenset[tuple[int, str]]
) -> list[Net]:
    """The nets of all changes of a field of which at least one is told: a reversal of which the definition tells only
    one half is still a reversal."""
    ids = {one.change_id for one in told}
    subjects = {(one.change.nct_id, one.change.field, one.search) for one in told}
    concerned = [one for one in changes if (one.change.nct_id, one.change.field, one.search) in subjects]
    nets = nets_of(concerned, bulk_fields=bulk)
    return [net for net in nets if any(one.change_id in ids for one in net.changes)]


def _muted_words(told: Sequence[RecordedChange], muted: Collection[str]) -> str | None:
    hidden = [one for one in told if one.change_id in muted]
    trials = counted(len({one.change.nct_id for one in hidden}), "trial")
    return f"{counted(len(hidden), 'change')} of {trials}" if hidden else None


def _not_shown(left_out: Sequence[RecordedChange]) -> tuple[str, ...]:
    numbers = Counter((one.change.weight.value, one.change.kind) for one in left_out)
    return tuple(
        f"{counted(number, f'{weight} change')}: {kind_in_words(Kind(kind)).lower()}"
        for (weight, kind), number in sorted(numbers.items())
    )
