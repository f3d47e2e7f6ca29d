"""What a run is: one sync, from the first request to the last commit, as the store and the reports know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.study import NctId, Problem

VERSION_PATH = "/version"
"""The path of a problem that is the registry's own, and no record's."""


class RunState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a finished run ended. Only `OK` and `INCOMPLETE` swept the registry."""

    OK = "ok"
    NOTHING_NEW = "nothing new"  # the registry's data is the one already held: one request
    INCOMPLETE = "incomplete"  # some term could not be read to its end: news, but no departures
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # killed; closed by the next holder of the lock

    @property
    def successful(self) -> bool:
        return self in (Outcome.OK, Outcome.NOTHING_NEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermCoverage:
    """What one term's sweep brought, against what the registry says it has.

    `held` counts readable whole records in the store at this data date; `total` is the registry's count.
    """

    search: str
    term: str  # TermQuery.key
    label: str  # the term as a person reads it
    total: int | None
    held: int
    excluded: tuple[NctId, ...] = ()
    unreadable: tuple[str, ...] = ()  # NCT IDs, or where the record stood if it has none
    complete: bool = True
    note: str = ""

    @property
    def share(self) -> float | None:
        """`held` plus the excluded, of `total`; None where the registry gave no count."""
        if self.total is None:
            return None
        return 1.0 if self.total == 0 else (self.held + len(self.excluded)) / self.total


class GuardKind(StrEnum):
    SHRINK = "shrink"  # an unchanged term lost too many members: nobody leaves
    GROWTH = "growth"  # an unchanged term gained too many: newcomers are labelled
    BULK = "bulk"  # the registry rewrote one field of a third of the members
    OLDER_RECORD = "older record"  # a record older than the one held was not taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guard that fired, and why; `search` or `field` is what it fired on.

    `since_run`: the first of the runs that it speaks of, where others were cut short before the one that tells it.
    """

    kind: GuardKind
    reason: str
    search: str | None = None
    field: str | None = None
    count: int = 0
    since_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the run log. Instants are aware UTC. `requests` and `bytes` count what the source was asked."""

    id: int
    source: str
    state: RunState
    outcome: Outcome | None
    started_at: datetime
    finished_at: datetime | None
    data_timestamp: datetime | None
    data_date: date | None
    searches: tuple[str, ...]
    full: bool
    requests: int
    bytes: int
    rounds: int
    studies_read: int
    versions_written: int
    changes_written: int
    coverage: tuple[TermCoverage, ...]
    guards: tuple[Guard, ...]
    problems: tuple[Problem, ...]
    error: str | None
    rules_version: int
    program_version: str


def subject_of(nct_id: NctId | None, path: str) -> str:
    """Whose problem it is, by its `path` where no study can be named."""
    return nct_id or ("the registry" if path == VERSION_PATH else "a record without an id")
