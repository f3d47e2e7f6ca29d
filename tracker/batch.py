"""Takes the records of a page into the store: new ones, new versions with their changes, or nothing to do.

One page is one transaction. Whether a record says anything new is decided in steps, cheapest first: its raw bytes
less the daily stamp; its content without noise; its watched fields. The old side is the stored bytes, read by
today's code, so that a change of the code makes no change of a study.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
import orjson

from tracker.changes import Change, content_change_id
from tracker.comparison import FirstPlans
from tracker.diff import diff, same_content
from tracker.errors import InvalidNctId
from tracker.milestones import plans_of
from tracker.parse import odd_facts, parse, refuse_excerpt
from tracker.record import Unreadable
from tracker.registry.source import Page, Source
from tracker.shape import Record
from tracker.stamps import STAMP_PATH, stamp_in
from tracker.store.batches import (
    FoundChange,
    HeldStudy,
    NewVersion,
    first_plans,
    held_studies,
    newest_body,
    note_digests,
    write_changes,
    write_versions,
)
from tracker.store.codec import digest, digests, pack
from tracker.store.memberships import StudyState
from tracker.store.run_log import keep_running
from tracker.store.transactions import Connection, Transaction
from tracker.study import NctId, Problem, Study, nct_id
from tracker.summary import summary_of
from tracker.words import date_in_words

_USUAL_START = re.compile(rb'\{"protocolSection":\{"identificationModule":\{"nctId":"(NCT\d{8})"')


class _Identification(msgspec.Struct):
    nctId: str  # noqa: N815 - the registry's spelling


class _Protocol(msgspec.Struct):
    identificationModule: _Identification  # noqa: N815


class _Identified(msgspec.Struct):
    protocolSection: _Protocol  # noqa: N815


_identified = msgspec.json.Decoder(_Identified)


@dataclass(slots=True)
class Seen:
    """What some pages held: every id, those that could not be read, and records that have no id at all.

    `strange`: records stamped with another day than that of the run's data, and that day; `up_to_date`: one with it.
    """

    ids: set[NctId] = field(default_factory=set)
    unreadable: dict[str, None] = field(default_factory=dict)
    anonymous: int = 0
    strange: dict[NctId, date] = field(default_factory=dict)
    up_to_date: NctId | None = None


@dataclass(slots=True)
class Tally:
    studies_read: int = 0
    versions_written: int = 0
    changes_written: int = 0
    older_records: set[NctId] = field(default_factory=set)
    changed_fields: dict[str, set[NctId]] = field(default_factory=dict)


class Batches:
    """The batches of one run. `data_date` is the day that its records should be stamped with, None if it isn't known.

    `held_since`: data older than that is never taken. `latest_day`: a stamp after it is of a day to come, and none.
    """

    def __init__(
        self,
        transaction: Transaction,
        source: Source,
        *,
        run: int,
        now: Callable[[], datetime],
        held_since: date | None,
        latest_day: date,
        stamped: bool = True,
    ) -> None:
        self._transaction = transaction
        self._source = source
        self._run = run
        self._now = now
        self._held_since = held_since
        self._latest_day = latest_day
        self._stamped = stamped  # whether the records' stamps say which data they are of (not in an import)
        self.data_date: date | None = None
        self.tally = Tally()
        self.problems: dict[Problem, None] = {}

    def take(
        self,
        page: Page,
        seen: Seen,
        *,
        skip: Collection[NctId] = frozenset(),
        left_behind: Collection[NctId] = frozenset(),
    ) -> None:
        """Writes what a page brings and notes in `seen` what it held. Records of `skip` are counted, not kept.

        An old record of a study of `left_behind` is the newest that there is: taken where none is held.
        """
        records: dict[NctId, bytes | memoryview] = {}
        for place, record in enumerate(page.records):
            study = self._identify(record, place, seen)
            if study is not None:
                seen.ids.add(study)
                if study not in skip:
                    records[study] = record
        self.tally.studies_read += len(records)
        with self._transaction() as connection:
            self._take(connection, records, seen, left_behind)
            self.note_progress(connection)

    def note_progress(self, connection: Connection) -> None:
        """Brings the run's row up to date. Raises RunAborted if another process has closed it."""
        keep_running(
            connection,
            self._run,
            requests=self._source.traffic.requests,
            bytes_read=self._source.traffic.bytes,
            studies_read=self.tally.studies_read,
            versions_written=self.tally.versions_written,
            changes_written=self.tally.changes_written,
        )

    def _identify(self, record: bytes | memoryview, place: int, seen: Seen) -> NctId | None:
        if usual := _USUAL_START.match(record):
            return NctId(usual[1].decode())
        try:
            return nct_id(_identified.decode(record).protocolSection.identificationModule.nctId)
        except (msgspec.MsgspecError, InvalidNctId, UnicodeDecodeError):
            pass
        try:
            return parse(record).nct_id
        except Unreadable as unreadable:
            problem = unreadable.problem
        if problem.nct_id is None:
            seen.anonymous += 1
            seen.unreadable[f"record {place + 1} of a page"] = None
            self.problems[problem] = None
        return problem.nct_id

    def stamps(self, page: Page) -> dict[NctId, date | None]:
        """The day that each record of a page is stamped with. Nothing is written."""
        identified = ((self._identify(record, place, Seen()), record) for place, record in enumerate(page.records))
        return {study: stamp_in(bytes(record))[0] for study, record in identified if study is not None}

    def is_outdated(self, stamp: date) -> bool:
        """Whether a record is older than data that the store already holds."""
        return self._held_since is not None and stamp < self._held_since

    def _take(
        self,
        connection: Connection,
        records: dict[NctId, bytes | memoryview],
        seen: Seen,
        left_behind: Collection[NctId],
    ) -> None:
        held = held_studies(connection, records)
        noise: dict[NctId, bytes] = {}
        versions: list[NewVersion] = []
        changes: list[FoundChange] = []
        for study, raw in records.items():
            record = bytes(raw)  # one at a time: a page of copies would double what a sync takes
            stamp, place = stamp_in(record)
            stamp = self._noted(study, stamp, seen) if self._stamped else stamp or self.data_date
            body_digest, raw_digest = digests(record, without=place)
            known = held.get(study)
            if known and known.raw_digest == raw_digest:
                continue
            if self._is_older(stamp, known) and not (known is None and study in left_behind):
                self.tally.older_records.add(study)
                continue
            self.tally.older_records.discard(study)  # an earlier round may have had it from an old mirror
            try:
                version, found = self._compared(connection, known, _Fresh(record, body_digest, raw_digest, stamp))
            except Unreadable as unreadable:
                seen.unreadable[study] = None
                self.problems[unreadable.problem] = None
                continue
            if version is None:
                noise[study] = raw_digest
                continue
            versions.append(version)
            changes += found
        self._write(connection, versions, changes, noise)

    def _noted(self, study: NctId, stamp: date | None, seen: Seen) -> date | None:
        """The stamp, once `seen` tells whether it is that of the run's data; None for one of a day to come."""
        if stamp is None or self.data_date is None:
            return None if stamp and stamp > self._latest_day else stamp
        if stamp == self.data_date:
            seen.up_to_date = study
        elif stamp <= self._latest_day:
            seen.strange[study] = stamp
        else:
            reason = f"it is stamped with {date_in_words(stamp.isoformat())}, a day to come: taken as of the other data"
            self.problems[Problem(study, STAMP_PATH, reason)] = None
            return None
        return stamp

    def _is_older(self, stamp: date | None, known: HeldStudy | None) -> bool:
        """Whether a mirror that lags behind sent this record: older data never overwrites newer."""
        if stamp is None:
            return False
        held = [day for day in (self._held_since, known.data_date if known else None) if day]
        return any(stamp < day <= self._latest_day for day in held)

    def _compared(
        self, connection: Connection, known: HeldStudy | None, fresh: _Fresh
    ) -> tuple[NewVersion | None, list[FoundChange]]:
        study = parse(fresh.body)
        if not self._stamped:
            refuse_excerpt(study)
        for odd in odd_facts(study):
            self.problems[odd] = None
        if known is None:
            return self._version(1, study, fresh, plans_of(study, known={}, since=fresh.stamp or self.data_date)), []
        before = parse(newest_body(connection, known.nct_id))
        if same_content(before, study):
            return None, []
        plans = first_plans(connection, known.nct_id)
        number = known.version + 1
        version = self._version(number, study, fresh, plans_of(study, known=plans, since=fresh.stamp or self.data_date))
        if not StudyState(known.state).followed:
            return version, []  # what happened while nobody watched is not told as if it had just happened
        changes = diff(before, study, first_plans=plans)
        return version, [_found(change, number) for change in changes]

    def _version(self, number: int, study: Study, fresh: _Fresh, plans: FirstPlans) -> NewVersion:
        submitted = study.last_update_submitted
        kept = without_results(study.record) if study.came_with_results else fresh.body
        return NewVersion(
            number=number,
            packed=pack(kept),
            body_size=len(kept),
            body_digest=fresh.body_digest if kept is fresh.body else digest(kept),
            raw_digest=fresh.raw_digest,
            summary=summary_of(study),
            first_plans=plans,
            data_date=fresh.stamp or self.data_date,
            last_update_submitted=submitted.text if submitted else None,
        )

    def _write(
        self,
        connection: Connection,
        versions: list[NewVersion],
        changes: list[FoundChange],
        noise: dict[NctId, bytes],
    ) -> None:
        now = self._now()
        write_versions(connection, versions, run=self._run, seen_at=now, new_state=StudyState.NEW)
        write_changes(connection, changes, run=self._run, detected_at=now, data_date=self.data_date)
        note_digests(connection, noise)
        self.tally.versions_written += len(versions)
        self.tally.changes_written += len(changes)
        for found in changes:
            self.tally.changed_fields.setdefault(found.change.field, set()).add(found.change.nct_id)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A record as it just came: its bytes, their digests with and without the stamp, and the day it is stamped with."""

    body: bytes
    body_digest: bytes
    raw_digest: bytes
    stamp: date | None


def _found(change: Change, number: int) -> FoundChange:
    return FoundChange(
        change_id=content_change_id(change, before_version=number - 1, after_version=number),
        change=change,
        before_version=number - 1,
        after_version=number,
    )


def without_results(record: Record) -> bytes:
    """A record's bytes less its `resultsSection`, which is never kept: it is large, and its dates stand elsewhere."""
    return orjson.dumps({section: held for section, held in record.items() if section != "resultsSection"})
