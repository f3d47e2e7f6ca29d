"""How a report stands: news, quiet, baseline or failed; the data it rests on; and how the tracked trials divide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from reports.parts import State
from reports.trials import TrialNews
from reports.trust import Earlier, last_success, went_wrong
from reports.words import counted, day, instant
from tracker.runs import Outcome, Run
from tracker.study import NctId


def state_of(
    runs: Sequence[Run], news: Sequence[TrialNews], *, baselines: Mapping[str, int], earlier: Earlier
) -> State:
    if not any(run.outcome in (Outcome.OK, Outcome.NOTHING_NEW, Outcome.INCOMPLETE) for run in runs):
        return State.FAILED
    if news:
        return State.NEWS
    return State.BASELINE if baselines and earlier.data_date is None else State.QUIET


def data_date_of(runs: Sequence[Run], earlier: Earlier) -> date | None:
    dates = [run.data_date for run in runs if run.data_date and not went_wrong(run)]
    return dates[-1] if dates else earlier.data_date


def since_words(runs: Sequence[Run], earlier: Earlier) -> str:
    success = last_success(runs, earlier)
    return instant(success) if success else "the tracker was set up"


def basis_words(state: State, data_date: date | None, compared_with: date | None, *, plans_unknown: bool) -> str:
    """`plans_unknown`: some slip counts from the plan that the tracker saw first, not from the sponsor's first."""
    if data_date is None:
        return "No data of the registry is held yet."
    if state is State.FAILED:
        return f"The data held are those of {day(data_date)}."
    compared = f", compared with {day(compared_with)}" if compared_with else ""
    unknown = " (earlier plans unknown)" if plans_unknown else ""
    return f"Data of {day(data_date)}{compared}{unknown}."


def balance_words(state: State, *, members: set[NctId], loud: set[NctId], quiet: set[NctId]) -> str:
    tracked = f"{len(members)} tracked"
    if state in (State.BASELINE, State.FAILED):
        return f"{tracked}."
    shares = [f"{len(members & loud)} with news"]
    if members & quiet:
        shares.append(f"{len(members & quiet)} with routine or reversed edits only")
    shares.append(f"{len(members - loud - quiet)} without")
    gone = len((loud | quiet) - members)
    besides = f" Besides, there is news of {counted(gone, 'trial')} no longer tracked." if gone else ""
    return f"{tracked}: {', '.join(shares)}.{besides}"
