"""Runs one sync for a command, shows how far it is, and tells how it ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.ending import DONE, DONE_WITH_PROBLEMS, FAILED
from jobs.terminal import note
from tracker.errors import UsageError
from tracker.runs import Outcome, Run, subject_of
from tracker.words import date_in_words, kind_in_words

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.registry.client import RegistryClient
    from tracker.searches import SearchDefinition
    from tracker.store.engine import Store
    from tracker.sweep import Progress
    from tracker.sync import Synced


def utc_now() -> datetime:
    return datetime.now(UTC)


def registry_client(config: Config, *, sleep: Callable[[float], object] = time.sleep) -> RegistryClient:
    """A client for one run, as config.toml describes it. It waits with `sleep`, which may raise to end the run."""
    from tracker.registry.client import RegistryClient

    registry = config.registry
    return RegistryClient(
        registry.base_url,
        requests_per_second=registry.requests_per_second,
        timeout_s=registry.timeout_s,
        run_deadline_s=registry.run_deadline_s,
        user_agent=registry.user_agent,
        proxy=registry.proxy,
        ca_bundle=config.ca_bundle,
        sleep=sleep,
    )


@contextmanager
def shown_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """A bar for each term on a terminal; elsewhere one plain line as each begins, so that a log stays short."""
    if quiet:
        yield lambda *_: None
        return
    if sys.stderr.isatty():
        with _bars() as progress:
            yield progress
        return
    begun: set[str] = set()

    def begin(label: str, _done: int, total: int | None) -> None:
        if label not in begun:
            begun.add(label)
            note(f"reading {label}: {total} studies" if total is not None else f"reading {label}")

    yield begin


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from tracker.untrusted import plain_line

    look = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*look, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(label: str, done: int, total: int | None) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(plain_line(label), total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield advance


def exit_code(run: Run, *, partial: bool = False) -> int:
    """0 done, 1 failed, 3 done with problems. A `partial` import is not expected to be complete."""
    if run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
        return FAILED
    incomplete = run.outcome is Outcome.INCOMPLETE and not partial
    return DONE_WITH_PROBLEMS if incomplete or run.problems or run.guards else DONE


def lines_of(synced: Synced, *, dry_run: bool = False) -> Iterator[str]:
    """What a person is told of a run."""
    run = synced.run
    if run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
        yield f"Run {run.id} {run.outcome}: {run.error}"
        return
    data = f"data of {date_in_words(run.data_date.isoformat())}" if run.data_date else "data without a date"
    if run.outcome is Outcome.NOTHING_NEW:
        yield f"Run {run.id}: nothing new, the registry still has the {data}. {_requests(run)}."
        return
    name = "Dry run, nothing was written" if dry_run else f"Run {run.id}"
    yield f"{name}: {'incomplete, ' if run.outcome is Outcome.INCOMPLETE else ''}{data}. {_requests(run)}."
    yield f"{run.studies_read} records read, {run.versions_written} new versions, {len(synced.changes)} changes."
    yield from _kinds(synced)
    if run.error:
        yield f"  ! {run.error}"
    yield from (f"  ! {term.label}: {term.note}" for term in run.coverage if term.note)
    yield from (f"  ! {guard.reason}" for guard in run.guards)
    for problem in run.problems:
        yield f"  ! {subject_of(problem.nct_id, problem.path)}: {problem.path}: {problem.reason}"


def _requests(run: Run) -> str:
    return f"{run.requests} request{'' if run.requests == 1 else 's'}"


def _kinds(synced: Synced) -> Iterator[str]:
    trials: dict[str, set[str]] = {}
    for recorded in synced.changes:
        trials.setdefault(recorded.change.kind, set()).add(recorded.change.nct_id)
    for kind, ids in trials.items():
        named = f": {', '.join(sorted(ids))}" if len(ids) <= 5 else ""
        yield f"  {kind_in_words(kind)}: {len(ids)} trial{'' if len(ids) == 1 else 's'}{named}"


def run_as_data(synced: Synced) -> dict[str, Any]:
    """A run as JSON has it, with the changes that it recorded."""
    import msgspec

    run = msgspec.to_builtins(synced.run)
    return {"run": run, "changes": [msgspec.to_builtins(change) for change in synced.changes]}


def import_files(
    store: Store, search: SearchDefinition, files: Sequence[Path], *, data_date: date | None, complete: bool
) -> Synced:
    """Takes the files as the answer to one search.

    Raises ImportFileError for a file that is no registry export, UsageError where nobody says of which day they are
    (an older day would rewind the store), or where that is a day to come.
    """
    from tracker.registry.offline import OfflineSource
    from tracker.searches import IMPORTED
    from tracker.settling import is_to_come
    from tracker.sync import Request, sync

    source = OfflineSource(files, data_date)
    of = source.version().data_timestamp
    if of is None or is_to_come(of, now=utc_now()):
        said = f"are of {of:%Y-%m-%d}, which is to come" if of else "do not say of which day they are"
        raise UsageError(
            f"{source.description}: the records {said}",
            subject=source.description,
            advice="Give the day on which they were saved: --data-date 2026-11-20.",
        )
    request = Request(searches=[search], all_searches=False, full=True, instead=IMPORTED, partial=not complete)
    return sync(store, source, request, now=utc_now)
