"""The section "To check": estimates put in order, those first that came up in this window. Decides none itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from reports.parts import CheckGroup, CheckLine, Checks, TrialLine
from reports.words import counted
from tracker.changes import MEMBERSHIP_FIELD
from tracker.estimates import Answer, Check, Estimate
from tracker.study import NctId

LINES_SHOWN = 100
"""Of each sort; a page with more would be no list to work through."""

REASONS_SHOWN = 5

TITLES: Mapping[Check, str] = {
    Check.RESULTS_DUE: "Results may be due",
    Check.PAST_COMPLETION: "Past its completion date and still open",
    Check.START_PASSED: "Recruiting, with a start still estimated and past",
    Check.NOT_VERIFIED: "Open and not verified for two years",
    Check.RESULTS_VANISHED: "Results vanished",
    Check.ACTUAL_CORRECTED: "An actual date was corrected by over 90 days",
    Check.COMPLETION_BEFORE_START: "Completion before start",
    Check.ENROLLMENT_UNKNOWN: "Enrollment unknown",
    Check.RESULTS_WITHOUT_PAPER: "Results with no paper linked",
    Check.PAPER_WITHOUT_RESULTS: "A result paper with no results",
}


def checks_of(
    estimates: Sequence[Estimate],
    *,
    lines: Mapping[NctId, TrialLine],
    changed: frozenset[tuple[NctId, str]],
    compared_with: date | None,
) -> Checks:
    """`changed` are the (study, watched field) that changed in the window, membership included; `compared_with` the
    data date that it began with, None where nothing can be new."""
    found = [
        _line(one, lines[one.nct_id], new=_is_new(one, changed, compared_with))
        for one in estimates
        if one.answer is Answer.YES
    ]
    ordered = sorted(found, key=lambda line: (list(Check).index(Check(line.check)), line.trial.nct_id))
    new = [line for line in ordered if line.new]
    return Checks(
        trials=len({line.trial.nct_id for line in found}),
        new=tuple(new[:LINES_SHOWN]),
        new_count=len(new),
        groups=tuple(group for check in Check if (group := _group(check, ordered))),
        not_assessable=_not_assessable(estimates),
    )


def _is_new(estimate: Estimate, changed: frozenset[tuple[NctId, str]], compared_with: date | None) -> bool:
    """Whether it came up in the window: by the calendar, or by a change of what it rests on."""
    if compared_with is None:
        return False
    if estimate.since and estimate.since > compared_with:
        return True
    return any((estimate.nct_id, field) in changed for field in (*estimate.reads, MEMBERSHIP_FIELD))


def _line(estimate: Estimate, trial: TrialLine, *, new: bool) -> CheckLine:
    return CheckLine(
        trial=trial,
        check=estimate.check.value,
        text=estimate.text,
        trace=tuple(map(str, estimate.trace)),
        quote=estimate.quote,
        new=new,
    )


def _group(check: Check, lines: Iterable[CheckLine]) -> CheckGroup | None:
    of_check = [line for line in lines if line.check == check]
    if not of_check:
        return None
    return CheckGroup(check=check.value, title=TITLES[check], count=len(of_check), lines=tuple(of_check[:LINES_SHOWN]))


def _not_assessable(estimates: Iterable[Estimate]) -> tuple[str, ...]:
    """Of how many trials, and the first reason of each, the most common first."""
    reasons = Counter(
        next(step.says for step in one.trace if step.answer is Answer.NOT_ASSESSABLE).split(" (")[0]
        for one in estimates
        if one.answer is Answer.NOT_ASSESSABLE
    )
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{reason} ({counted(number, 'trial')})" for reason, number in ordered[:REASONS_SHOWN]]
    rest = sum(number for _, number in ordered[REASONS_SHOWN:])
    return (*told, *([f"other reasons ({counted(rest, 'trial')})"] if rest else []))
