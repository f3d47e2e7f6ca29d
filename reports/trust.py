"""What a reader must know to trust a report: the runs behind it, what they covered, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from reports.parts import Banner, CoverageLine, ProblemLine, RunLine, Tone
from reports.words import counted, field_label, instant, listed, sentence
from tracker.runs import Guard, GuardKind, Outcome, Run, TermCoverage

STALE_AFTER = timedelta(days=4)
"""A sync on working days leaves at most three days and some hours between two successes."""

GAP_AFTER = timedelta(days=8)
"""A sync once a week leaves a week and some hours between two successes."""

RUNS_SHOWN = 30

_OUTCOMES = {
    Outcome.OK: ("Complete", Tone.GOOD),
    Outcome.NOTHING_NEW: ("Nothing new in the registry", Tone.GOOD),
    Outcome.INCOMPLETE: ("Incomplete", Tone.WARNING),
    Outcome.FAILED: ("Failed", Tone.WARNING),
    Outcome.INTERRUPTED: ("Interrupted", Tone.WARNING),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was known before the window: the data date of the last report's state, when a run last succeeded (aware
    UTC), and the coverage of the last sweep. All empty before the first run."""

    data_date: date | None = None
    success_at: datetime | None = None
    coverage: tuple[TermCoverage, ...] = ()


def succeeded(run: Run) -> bool:
    return run.outcome is not None and run.outcome.successful


def went_wrong(run: Run) -> bool:
    return run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED)


def run_line(run: Run) -> RunLine:
    words, tone = _OUTCOMES[run.outcome] if run.outcome else ("Still running", Tone.NOTICE)
    return RunLine(
        number=run.id,
        started_at=run.started_at,
        finished_at=run.finished_at,
        data_date=run.data_date,
        outcome=words,
        requests=run.requests,
        studies_read=run.studies_read,
        changes_written=run.changes_written,
        problems=len(run.problems),
        source=run.source,
        error=run.error,
        tone=tone,
    )


def coverage_lines(runs: Sequence[Run], earlier: Earlier, searches: frozenset[str]) -> tuple[CoverageLine, ...]:
    """Each term as the newest sweep left it. `searches` are those that the report tells of; empty means all."""
    told = [term for _, term in _newest_coverage(runs, earlier) if not searches or term.search in searches]
    return tuple(map(_coverage_line, sorted(told, key=lambda term: (term.search, term.label))))


def _newest_coverage(runs: Sequence[Run], earlier: Earlier) -> list[tuple[Run | None, TermCoverage]]:
    """Of each search, what the last run that swept it covered: all its terms, none that is gone from config."""
    newest: dict[str, list[tuple[Run | None, TermCoverage]]] = {}
    for run, coverage in [(None, earlier.coverage), *((run, run.coverage) for run in runs)]:
        swept: dict[str, list[tuple[Run | None, TermCoverage]]] = {}
        for term in coverage:
            swept.setdefault(term.search, []).append((run, term))
        newest |= swept
    return [covered for terms in newest.values() for covered in terms]


def _coverage_line(term: TermCoverage) -> CoverageLine:
    whole = term.complete and not term.unreadable and (term.total is None or (term.share or 0) >= 1)
    return CoverageLine(
        search=term.search,
        label=term.label,
        held=term.held,
        total=term.total,
        excluded=tuple(term.excluded),
        unreadable=term.unreadable,
        state="Complete" if whole else "Read to its end" if term.complete else "Not complete",
        complete=whole,
        note=term.note,
    )


def problem_lines(runs: Iterable[Run]) -> tuple[ProblemLine, ...]:
    """Every problem of the window's runs, each once."""
    found = dict.fromkeys((problem.nct_id, problem.path, problem.reason) for run in runs for problem in run.problems)
    return tuple(ProblemLine(nct_id=nct_id, path=path, reason=reason) for nct_id, path, reason in found)


def bulk_fields(runs: Iterable[Run]) -> frozenset[tuple[int, str]]:
    """(run, field) of every rewrite of the registry's own."""
    return frozenset(
        (number, guard.field)
        for run in runs
        for guard in run.guards
        if guard.kind is GuardKind.BULK and guard.field
        for number in range(guard.since_run or run.id, run.id + 1)
    )


def banners(
    runs: Sequence[Run], *, now: datetime, earlier: Earlier, baselines: Mapping[str, int], first_ever: bool
) -> tuple[Banner, ...]:
    """What stands above everything else, the gravest first."""
    return (
        *_failures(runs, earlier),
        *_gaps(runs, earlier),
        *_staleness(runs, now=now),
        *_incomplete(runs),
        *_guards(runs),
        *([] if first_ever else _baselines(baselines)),
    )


def last_success(runs: Sequence[Run], earlier: Earlier) -> datetime | None:
    times = [run.finished_at for run in runs if succeeded(run) and run.finished_at]
    return max(times) if times else earlier.success_at


def _failures(runs: Sequence[Run], earlier: Earlier) -> list[Banner]:
    failed = [run for run in runs if went_wrong(run)]
    if not runs:
        return [_no_run(earlier)]
    if not failed:
        return []
    errors = tuple(f"Run {run.id}, {instant(run.started_at)}: {sentence(_error(run))}" for run in failed[-5:])
    more = (f"{counted(len(failed) - 5, 'earlier run')} failed too.",) if len(failed) > 5 else ()
    before = f"since {instant(earlier.success_at)}" if earlier.success_at else "so far"
    if any(run.outcome in _USABLE for run in runs):
        return [
            Banner(
                tone=Tone.NOTICE,
                heading=f"{len(failed)} of {counted(len(runs), 'run')} failed; this report covers the gap",
                lines=(
                    *([f"The last success before was on {instant(earlier.success_at)}."] if earlier.success_at else []),
                    *errors,
                    *more,
                    _SEEN_OF_A_GAP,
                ),
            )
        ]
    return [
        Banner(
            tone=Tone.WARNING,
            heading=f"No successful run {before}",
            lines=(
                *errors,
                *more,
                "This report can't tell what changed in the registry. The next successful run covers the gap; "
                "nothing is lost.",
            ),
        )
    ]


_SEEN_OF_A_GAP = (
    "What changed in between is told here, as far as it still shows: a state that came and went between two successful "
    "runs was not seen."
)


def _gaps(runs: Sequence[Run], earlier: Earlier) -> list[Banner]:
    """Of times in which nobody asked the registry: a run that failed is told by `_failures`."""
    known = [earlier.success_at, *(run.finished_at for run in runs if run.outcome in _USABLE)]
    ended = sorted(moment for moment in known if moment)
    failed = [run.started_at for run in runs if went_wrong(run)]
    return [
        Banner(
            tone=Tone.NOTICE,
            heading=f"No run for {counted((end - begin).days, 'day')}; this report covers the gap",
            lines=(f"Nobody asked the registry between {instant(begin)} and {instant(end)}.", _SEEN_OF_A_GAP),
        )
        for begin, end in pairwise(ended)
        if end - begin > GAP_AFTER and not any(begin < moment < end for moment in failed)
    ]


def _no_run(earlier: Earlier) -> Banner:
    since = (
        f"The last success was on {instant(earlier.success_at)}." if earlier.success_at else "There was none so far."
    )
    return Banner(
        tone=Tone.WARNING,
        heading="No run in this report's window",
        lines=(f"{since} Nobody asked the registry since the report before: `tracker run` does.",),
    )


_USABLE = (Outcome.OK, Outcome.NOTHING_NEW, Outcome.INCOMPLETE)


def _error(run: Run) -> str:
    return run.error or ("it was interrupted" if run.outcome is Outcome.INTERRUPTED else "no reason was recorded")


def _staleness(runs: Sequence[Run], *, now: datetime) -> list[Banner]:
    usable = [run.finished_at for run in runs if run.outcome in _USABLE and run.finished_at]
    if not usable or now - max(usable) <= STALE_AFTER:
        return []
    return [
        Banner(
            tone=Tone.WARNING,
            heading=f"The last sync is {counted((now - max(usable)).days, 'day')} old",
            lines=(
                f"It ended on {instant(max(usable))}. What the registry changed since is not told here. "
                "Check the schedule: `tracker status`.",
            ),
        )
    ]


def _incomplete(runs: Sequence[Run]) -> list[Banner]:
    """Only of terms that no later run read to their end."""
    cut = [(run, term) for run, term in _newest_coverage(runs, Earlier()) if run and not term.complete]
    if not cut and (not runs or runs[-1].outcome is not Outcome.INCOMPLETE):
        return []
    searches = listed(sorted({term.search for _, term in cut}))
    why = tuple(
        f"{term.search}, “{term.label}” (run {run.id}): {_held(term)}{'; ' + term.note if term.note else ''}."
        for run, term in cut
    )
    error = () if cut or not runs[-1].error else (sentence(runs[-1].error),)
    return [
        Banner(
            tone=Tone.WARNING,
            heading="Incomplete: departures are not told" + (f" of {searches}" if searches else ""),
            lines=(
                "What was read is reported. A trial that was not seen may simply not have been read, so none is "
                "said to have left because of that.",
                *why,
                *error,
            ),
        )
    ]


def _held(term: TermCoverage) -> str:
    return f"{term.held} of {term.total} records read" if term.total is not None else f"{term.held} records read"


def _guards(runs: Sequence[Run]) -> list[Banner]:
    return [_guard_banner(run, guard) for run in runs for guard in run.guards]


def _guard_banner(run: Run, guard: Guard) -> Banner:
    heading = {
        GuardKind.SHRINK: f"Search {guard.search} lost unusually many trials: none leaves before newer data confirm it",
        GuardKind.GROWTH: f"Search {guard.search} gained unusually many trials: the newcomers are labelled",
        GuardKind.BULK: f"The registry rewrote one field of many records: {_bulk_label(guard)}",
        GuardKind.OLDER_RECORD: "Older records than those held were not taken",
    }[guard.kind]
    folded = "These lines are folded together at the end. Statuses, results and departures never are."
    lines = (sentence(f"run {run.id}: {guard.reason}"), folded if guard.kind is GuardKind.BULK else "")
    return Banner(tone=Tone.NOTICE, heading=heading, lines=tuple(filter(None, lines)))


def _bulk_label(guard: Guard) -> str:
    label = field_label(guard.field) if guard.field else "one field"
    return f"{label} ({counted(guard.count, 'trial')})" if guard.count else label


def _baselines(baselines: Mapping[str, int]) -> list[Banner]:
    return [
        Banner(
            tone=Tone.PLAIN,
            heading=f"Search {search} was read completely for the first time",
            lines=(f"Its {counted(number, 'trial')} are a baseline: they are tracked from now on, and are no news.",),
        )
        for search, number in sorted(baselines.items())
    ]
