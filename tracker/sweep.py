"""One round of reading: every term's sweep, and the studies that are asked for by id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.batch import Batches, Seen
from tracker.errors import BadAnswer, BadRequest
from tracker.membership import TermSweep
from tracker.registry.query import TermQuery
from tracker.registry.source import Page, Source
from tracker.searches import term_in_words
from tracker.study import NctId

Progress = Callable[[str, int, int | None], None]
"""Told what is being read, how many records so far, and of how many (None: not known)."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought. `asked` are the ids asked for one by one, `found` those of them that answered.

    `strange`: studies whose record is stamped with another day than that of the registry's data, and that day;
    `up_to_date`: a study whose record has the right one, None where there is none.
    """

    sweeps: dict[TermQuery, TermSweep]
    asked: frozenset[NctId]
    found: frozenset[NctId]
    strange: Mapping[NctId, date]
    up_to_date: NctId | None = None

    @property
    def seen(self) -> frozenset[NctId]:
        return self.found.union(*(sweep.ids for sweep in self.sweeps.values()))


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
    strange: dict[NctId, date] = {}
    up_to_date: NctId | None = None
    taken: set[NctId] = set()
    sweeps: dict[TermQuery, TermSweep] = {}
    for query in queries:
        seen = Seen()
        sweeps[query] = _sweep(source, batches, query, seen, skip=skip(query), partial=partial, progress=progress)
        strange |= seen.strange
        up_to_date = up_to_date or seen.up_to_date
        taken |= sweeps[query].ids.difference(skip(query))
    asked = frozenset(by_id) - taken
    seen = Seen()
    for page in source.batches(sorted(asked)):
        batches.take(page, seen)
        progress("studies followed by id", len(seen.ids), len(asked))
    # An alias answers with the record it was merged into: returned and not asked for.
    return Round(sweeps, asked, asked & seen.ids, strange | seen.strange, up_to_date or seen.up_to_date)


def _sweep(
    source: Source,
    batches: Batches,
    query: TermQuery,
    seen: Seen,
    *,
    skip: Collection[NctId],
    partial: bool,
    progress: Progress,
) -> TermSweep:
    try:
        total = _walk(source, batches, query, seen, skip=skip, reverse=False, progress=progress)
        if total is not None and len(seen.ids) + seen.anonymous != total:
            # Records shift between pages while one walks: what one direction missed, the other meets.
            seen.anonymous = 0
            total = _walk(source, batches, query, seen, skip=skip, reverse=True, progress=progress)
    except (BadRequest, BadAnswer) as error:
        rejected = isinstance(error, BadRequest) and not seen.ids
        return _swept(query, seen, None, note=error.told, rejected=rejected)
    note = "the files were not said to be complete" if partial else _lack(seen, total)
    return _swept(query, seen, total, note=note)


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
