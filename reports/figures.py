"""What a report's figures show: numbers only, pure. Drawing them is `reports.charts`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reports.facts import PLANNED_ENDS
from reports.nets import Net
from reports.trials import TrialNews
from tracker.changes import Kind
from tracker.results_due import years_later
from tracker.study import DateType, NctId, PartialDate, Status
from tracker.summary import TrackedStudy

SLIPS_SHOWN = 24
YEARS_SHOWN = 20

STATUS_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Not yet recruiting": (Status.NOT_YET_RECRUITING,),
    "Recruiting": (Status.RECRUITING, Status.ENROLLING_BY_INVITATION, Status.AVAILABLE),
    "Active, not recruiting": (Status.ACTIVE_NOT_RECRUITING,),
    "Completed": (Status.COMPLETED,),
    "Stopped": (Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED),
    "Unknown status": (Status.UNKNOWN,),
}
"""Few enough to be told apart; any other status is counted as "Other"."""

OTHER_GROUP = "Other"


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How many tracked trials had which overall status (the registry's word; "" for none) on a data date."""

    day: date
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """Trials by group of status on one day, in the order of `Figures.status_groups`."""

    day: date
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class YearBar:
    year: int
    number: int


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One planned end of one trial: the first plan known, and the plan of now, as the registry writes them."""

    nct_id: NctId
    field: str
    first_plan: str
    plan: str
    days: int


@dataclass(frozen=True, slots=True)
class MonthBar:
    """Studies whose completion is planned for a month, by NCT ID. `month` is its first day."""

    month: date
    trials: tuple[NctId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Each figure's numbers; an empty one is not drawn."""

    status_groups: tuple[str, ...] = ()
    statuses: tuple[StatusColumn, ...] = ()
    new_trials: tuple[YearBar, ...] = ()
    earlier_trials: int = 0
    slips: tuple[SlipLine, ...] = ()
    slip_count: int = 0
    completions: tuple[MonthBar, ...] = ()


def figures_of(
    news: Sequence[TrialNews],
    members: Sequence[TrackedStudy],
    *,
    history: Sequence[StatusCounts],
    data_date: date | None,
) -> Figures:
    """`members` are the tracked trials; `history` counts them on earlier days and on this one, oldest first."""
    groups, columns = _statuses(history)
    bars, earlier = _new_trials(members)
    slips = _longest_first([tuple(_slips(trial)) for trial in news])
    return Figures(
        status_groups=groups,
        statuses=columns,
        new_trials=bars,
        earlier_trials=earlier,
        slips=tuple(slips[:SLIPS_SHOWN]),
        slip_count=len(slips),
        completions=_completions(members, data_date) if data_date else (),
    )


def _statuses(history: Sequence[StatusCounts]) -> tuple[tuple[str, ...], tuple[StatusColumn, ...]]:
    told = {status for words in STATUS_GROUPS.values() for status in words}
    seen = {status for point in history for status, number in point.counts.items() if number}
    groups = [name for name, words in STATUS_GROUPS.items() if seen & set(words)]
    if seen - told:
        groups.append(OTHER_GROUP)
    return tuple(groups), tuple(
        StatusColumn(point.day, tuple(_in_group(point.counts, group, told) for group in groups)) for point in history
    )


def _in_group(counts: Mapping[str, int], group: str, told: set[str]) -> int:
    if group == OTHER_GROUP:
        return sum(number for status, number in counts.items() if status not in told)
    return sum(counts.get(status, 0) for status in STATUS_GROUPS[group])


def _new_trials(members: Iterable[TrackedStudy]) -> tuple[tuple[YearBar, ...], int]:
    """By the year of first posting, without a gap; how many were posted before the years shown."""
    posted = (PartialDate(one.summary.first_post_date).first for one in members if one.summary.first_post_date)
    numbers = Counter(day.year for day in posted if day)
    if not numbers:
        return (), 0
    first = max(min(numbers), max(numbers) - YEARS_SHOWN + 1)
    bars = tuple(YearBar(year, numbers[year]) for year in range(first, max(numbers) + 1))
    return bars, sum(number for year, number in numbers.items() if year < first)


def _longest_first(by_trial: Iterable[tuple[SlipLine, ...]]) -> list[SlipLine]:
    """A trial's lines together, the trial with the longest slip first."""
    moved = sorted(filter(None, by_trial), key=lambda lines: (-max(line.days for line in lines), lines[0].nct_id))
    return [line for lines in moved for line in sorted(lines, key=lambda line: PLANNED_ENDS.index(line.field))]


def _slips(trial: TrialNews) -> Iterable[SlipLine]:
    for net in trial.nets:
        if net.field in PLANNED_ENDS and _is_told(trial, net):
            total = net.detail.get("total_days")
            yield SlipLine(
                nct_id=net.nct_id,
                field=net.field,
                first_plan=str(net.detail.get("first_plan") or net.before),
                plan=str(net.after),
                days=total if isinstance(total, int) else net.days or 0,
            )


def _is_told(trial: TrialNews, net: Net) -> bool:
    """A plan of a trial that goes on, moved either way."""
    return (
        net.kind is Kind.DATE_MOVED
        and net.detail.get("after_type") != DateType.ACTUAL
        and bool(net.days)
        and not net.back
        and not net.bulk
        and not trial.is_over
    )


def _completions(members: Iterable[TrackedStudy], data_date: date) -> tuple[MonthBar, ...]:
    """Studies that plan to complete within twelve months from the data date, by month; months without one too."""
    until = years_later(data_date, 1)
    planned: dict[date, list[NctId]] = {month: [] for month in _months(data_date)}
    for one in members:
        summary = one.summary
        if summary.completion_date is None or summary.completion_date_type != DateType.ESTIMATED:
            continue
        completion = PartialDate(summary.completion_date)
        if completion.first and completion.last and completion.last >= data_date and completion.first < until:
            month = completion.last.replace(day=1)
            planned.setdefault(month, []).append(summary.nct_id)
    months = tuple(MonthBar(month, tuple(planned[month])) for month in sorted(planned))
    return months if any(month.trials for month in months) else ()


def _months(day: date) -> list[date]:
    """The first days of this month and the eleven after it."""
    count = day.year * 12 + day.month - 1
    return [date((count + step) // 12, (count + step) % 12 + 1, 1) for step in range(12)]
