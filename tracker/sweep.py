"""One round of reading: every term's sweep, and the studies that are asked for by id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from tracker.batch import Batches, Seen
from tracker.errors import BadAnswer, BadRequest, OlderData
from tracker.membership import TermSweep
from tracker.registry.query import TermQuery
from tracker.registry.source import DataVersion, Page, Source
from tracker.searches import term_in_words
from tracker.study import NctId

Progress = Callable[[str, int, int | None], None]
"""Told what is being read, how many records so far, and of how many (None: not known)."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought. `asked` are the ids asked for one by one, `found` those of them that answered.

    `strange`: records stamped with another data date than the registry's.
    """

    sweeps: dict[TermQuery, TermSweep]
    asked: frozenset[NctId]
    found: frozenset[NctId]
    strange: int

    @property
    def seen(self) -> frozenset[NctId]:
        return self.found.union(*(sweep.ids for sweep in self.sweeps.values()))


@dataclass(frozen=True, slots=True)
class Reading:
    """The last round of a run, the data it was of, how many rounds it took, and whether all of it was of one data."""

    round: Round
    data: DataVersion
    rounds: int
    same_data: bool

    @classmethod
    def nothing(cls, data: DataVersion) -> Reading:
        """Where there was nothing to read."""
        return cls(Round({}, frozenset(), frozenset(), 0), data, 0, True)


def read_until_settled(
    source: Source, batches: Batches, data: DataVersion, read: Callable[[], Round], *, most_rounds: int
) -> Reading:
    """Goes round again while the registry's data changes under our hands.

    Raises OlderData where a mirror that lags behind answers in the middle.
    """
    for number in range(1, most_rounds + 1):
        batches.data_date = data.data_date
        round_ = read()
        after = source.version()
        refuse_older(after, than=data.data_timestamp, source=source.description)
        settled = after.data_timestamp == data.data_timestamp and not round_.strange
        data = after
        if settled or number == most_rounds:
            return Reading(round_, data, number, settled)
    raise ValueError("at least one round is needed")


def refuse_older(data: DataVersion, *, than: datetime | None, source: str) -> None:
    if than and data.data_timestamp and data.data_timestamp < than:
        raise OlderData(
            f"{source} offers data of {data.data_timestamp:%Y-%m-%d %H:%M} UTC,"
            f" but the store already holds data of {than:%Y-%m-%d %H:%M} UTC",
            subject=source,
            advice="Nothing was taken from it. A mirror that lags behind catches up; saved files go in by their days.",
        )


def sweep_round(
    source: Source,
    batches: Batches,
    queries: Iterable[TermQuery],
    *,
    skip: Callable[[TermQuery], Collection[NctId]],
    by_id: Collection[NctId],
    partial: bool,
    progress: Progress,
) -> Round:
    """Sweeps each query, then asks for those of `by_id` that no query brought: returned, and not to be skipped."""
    strange = 0
    taken: set[NctId] = set()
    sweeps: dict[TermQuery, TermSweep] = {}
    for query in queries:
        sweeps[query], odd = _sweep(source, batches, query, skip=skip(query), partial=partial, progress=progress)
        strange += odd
        taken |= sweeps[query].ids.difference(skip(query))
    asked = frozenset(by_id) - taken
    seen = Seen()
    for page in source.batches(sorted(asked)):
        batches.take(page, seen)
        progress("studies followed by id", len(seen.ids), len(asked))
    # An alias answers with the record it was merged into: returned and not asked for.
    return Round(sweeps, asked, asked & seen.ids, strange + seen.strange_stamps)


def _sweep(
    source: Source,
    batches: Batches,
    query: TermQuery,
    *,
    skip: Collection[NctId],
    partial: bool,
    progress: Progress,
) -> tuple[TermSweep, int]:
    seen = Seen()
    try:
        total = _walk(source, batches, query, seen, skip=skip, reverse=False, progress=progress)
        if total is not None and len(seen.ids) + seen.anonymous != total:
            # Records shift between pages while one walks: what one direction missed, the other meets.
            seen.anonymous = 0
            total = _walk(source, batches, query, seen, skip=skip, reverse=True, progress=progress)
    except (BadRequest, BadAnswer) as error:
        rejected = isinstance(error, BadRequest) and not seen.ids
        return _swept(query, seen, None, note=error.told, rejected=rejected), seen.strange_stamps
    note = "the files were not said to be complete" if partial else _lack(seen, total)
    return _swept(query, seen, total, note=note), seen.strange_stamps


def _walk(
    source: Source,
    batches: Batches,
    query: TermQuery,
    seen: Seen,
    *,
    skip: Collection[NctId],
    reverse: bool,
    progress: Progress,
) -> int | None:
    """Takes all pages of a term and returns the registry's own count."""
    total: int | None = None
    for page in source.sweep(query, reverse=reverse):
        total = page.total_count if page.total_count is not None else total
        batches.take(page, seen, skip=skip)
        progress(term_in_words(query), len(seen.ids), total)
        del page  # so that one page at a time is held, also while the next one is read
    return total


def _lack(seen: Seen, total: int | None) -> str:
    """What the sweep lacks; empty where it is complete."""
    if seen.anonymous:
        return f"{seen.anonymous} records have no readable NCT ID"
    if total is None:
        return "it is not said how many studies there are"
    if len(seen.ids) < total:
        return f"the registry counts {total} studies, {len(seen.ids)} were returned"
    return ""


def _swept(query: TermQuery, seen: Seen, total: int | None, *, note: str, rejected: bool = False) -> TermSweep:
    return TermSweep(
        query=query,
        ids=frozenset(seen.ids),
        unreadable=tuple(seen.unreadable),
        total=total,
        complete=not note,
        rejected=rejected,
        note=note,
    )


def one_record(record: bytes) -> Page:
    """A record that came alone, as a page."""
    return Page(records=(record,))
