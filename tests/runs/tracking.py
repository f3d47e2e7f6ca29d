"""A tracker that follows a stand-in registry: what every test of whole runs is written with.

A test says what happens on the registry, has the tracker sync, and reads the news as lines:
`NCT90000001 completed: overall_status`, `NCT90000002 left spine: removed from the registry`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from tests.registry.standin import StandIn, World, a_study
from tracker.changes import Kind, RecordedChange
from tracker.registry.client import RegistryClient
from tracker.registry.query import TermQuery, term_query
from tracker.runs import Run
from tracker.searches import SearchDefinition
from tracker.store import schema
from tracker.store.changes import changes
from tracker.store.engine import Store
from tracker.store.runs import runs
from tracker.study import NctId, nct_id
from tracker.sync import Request, Synced, sync

SPINE = "Spine tumor"
"""The expression of the search that nearly every test follows."""

A, B, C, D, E, F = (nct_id(f"NCT9000000{number}") for number in range(1, 7))


def trials(count: int, *, first: int = 1) -> list[NctId]:
    """So many invented NCT IDs; the first are A, B, C."""
    return [nct_id(f"NCT9{number:07}") for number in range(first, first + count)]


def a_registry(ids: Iterable[str] = (A, B, C)) -> World:
    """A registry whose answer to SPINE is all of these trials, in the order in which they were registered."""
    listed = list(ids)
    world = World(a_study(one) for one in listed)
    world.returns(SPINE, listed)
    return world


def a_term(expression: str) -> TermQuery:
    return term_query([("condition", expression)])


def a_search(
    *expressions: str, name: str = "spine", include: Iterable[str] = (), exclude: Iterable[str] = ()
) -> SearchDefinition:
    """A search of these expressions (SPINE, unless others are named)."""
    return SearchDefinition(
        name,
        terms=tuple(map(a_term, expressions or (SPINE,))),
        include=tuple((nct_id(one), "asked for by the tumour board") for one in include),
        exclude=tuple((nct_id(one), "spinal anaesthesia") for one in exclude),
    )


class Clock:
    """Aware UTC, a minute later at each look; `days` sets it forward."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now

    def forward(self, *, days: int) -> None:
        self._now += timedelta(days=days)


class Tracking:
    """The tracker's store, the registry it follows, and the searches that its owner configured."""

    def __init__(self, store: Store, registry: StandIn) -> None:
        self.store = store
        self.registry = registry
        self.world = registry.world
        self.clock = Clock()
        self.searches: Sequence[SearchDefinition] = (a_search(),)
        self._already_asked = 0

    # --- what the owner does ---------------------------------------------------------------------------

    def sync(self, *, only: str | None = None, dry_run: bool = False, **how: Any) -> Synced:
        """One run over HTTP; `only` is `--search NAME`, `how` is `full` or `accept_shrink`."""
        chosen = [search for search in self.searches if only in (None, search.name)]
        request = Request(searches=chosen, all_searches=only is None, **how)
        self._already_asked = len(self.registry.requests)
        with self.client() as client:
            return sync(self.store, client, request, now=self.clock, dry_run=dry_run)

    def client(self, **options: Any) -> RegistryClient:
        """A client that is in no hurry to be polite: nothing in a test waits."""
        patience = {"requests_per_second": 1000, "timeout_s": 5, "sleep": lambda _: None, "chance": lambda: 0.0}
        return RegistryClient(self.registry.url, **{**patience, **options})

    def next_day(self) -> None:
        """The registry publishes what has happened, on the next working day."""
        before = date.fromisoformat(self.world.data_date)
        self.world.refresh()
        self.clock.forward(days=(date.fromisoformat(self.world.data_date) - before).days)

    def sync_next_day(self, **how: Any) -> Synced:
        self.next_day()
        return self.sync(**how)

    # --- what can be seen ------------------------------------------------------------------------------

    @property
    def asked(self) -> list[str]:
        """The paths that the last sync asked the registry for, in order."""
        return [request.path for request in self.registry.requests[self._already_asked :]]

    def members(self, search: str = "spine") -> set[str]:
        query = select(schema.member.c.nct_id).where(
            schema.member.c.search == search, schema.member.c.until_run.is_(None)
        )
        return set(self._column(query))

    def state(self, study: str) -> str | None:
        """How the study is held: tracked, watched, left, removed, merged; None if the store doesn't know it."""
        return next(iter(self._column(select(schema.study.c.state).where(schema.study.c.nct_id == study))), None)

    def versions(self, study: str) -> int:
        """How many versions of the study the store holds."""
        return len(self._column(select(schema.study_version.c.version).where(schema.study_version.c.nct_id == study)))

    def status(self, study: str) -> str | None:
        """The study's overall status, as the store has it."""
        query = select(schema.study.c.overall_status).where(schema.study.c.nct_id == study)
        return next(iter(self._column(query)), None)

    def all_news(self) -> list[str]:
        """Everything that was ever recorded, in order."""
        with self.store.connect() as connection:
            return [line_of(change) for change in changes(connection)]

    def runs(self) -> list[Run]:
        """The finished runs, oldest first."""
        with self.store.connect() as connection:
            return runs(connection)

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return all_rows(self.store)

    def _column(self, query: Any) -> list[Any]:
        with self.store.connect() as connection:
            return list(connection.execute(query).scalars())


def all_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in schema.metadata.sorted_tables
        }


@contextmanager
def following(store: Store, world: World) -> Iterator[Tracking]:
    """A tracker with this store, and this world behind a registry of its own."""
    with StandIn(world) as registry:
        yield Tracking(store, registry)


def line_of(recorded: RecordedChange) -> str:
    """A change as one line: what happened to which trial, and why or in which field."""
    change = recorded.change
    if change.kind in (Kind.ENTERED, Kind.LEFT):
        return f"{change.nct_id} {change.kind} {recorded.search}: {change.why}"
    return f"{change.nct_id} {change.kind}: {change.field}"


def news(synced: Synced) -> list[str]:
    """What a run found, sorted; so that a change told twice shows twice."""
    return sorted(map(line_of, synced.changes))
