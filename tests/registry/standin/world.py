"""The registry's state: an editable set of studies, a data timestamp, and what each query returns.

A study is kept as the bytes that are served, less the data date, so that a large world is quick to serve;
`World.editing` hands out a dict and takes it back. Situations ("a trial completes") are in `situations`,
evaluating expressions in `matching`, HTTP in `server`.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.registry.standin.fields import Json, Selection, by_name, project, values

API_VERSION = "2.0.5"
FIRST_DATA = "2026-03-02T09:00:05"
"""A Monday: where a world begins unless told otherwise."""

_UNSTAMPED = "0000-00-00"
_UNSTAMPED_FIELD = f'"versionHolder":"{_UNSTAMPED}"'.encode()
_serials = itertools.count(1)
_KEPT_PIECES = ("StudyFirstPostDate", "LastUpdatePostDate", "OverallStatus")


def encoded(value: object) -> bytes:
    """Compact JSON; escaped where the text can't be written as UTF-8 (a lone surrogate)."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Entry:
    """One study as it is kept: its top-level parts as bytes, and the few values that lists need."""

    nct_id: str
    parts: tuple[tuple[str, bytes], ...]
    kept: dict[str, str]
    raw: bytes | None = None
    """Served instead of the record, if set: for records that can't be read."""

    def body(self, data_date: str, wanted: Selection | None = None) -> bytes:
        """The record as served on `data_date` (`yyyy-MM-dd`), projected to `wanted` if given."""
        if self.raw is not None:
            return self.raw
        if wanted and any(below for below in wanted.values()):
            return _stamped(encoded(project(self.record(), wanted)), data_date)
        parts = (part for part in self.parts if not wanted or part[0] in wanted)
        return _stamped(b"{%s}" % b",".join(b'"%s":%s' % (key.encode(), body) for key, body in parts), data_date)

    def record(self) -> Json:
        """A fresh copy of the record as a dict, without the data date."""
        return {key: json.loads(body) for key, body in self.parts}

    def value(self, piece: str) -> str | float | None:
        """The first value of a piece; None where the record has none."""
        if piece in self.kept:
            return self.kept[piece]
        found = values(self.record(), by_name()[piece].path)
        return found[0] if found else None


def _stamped(body: bytes, data_date: str) -> bytes:
    return body.replace(_UNSTAMPED_FIELD, f'"versionHolder":"{data_date}"'.encode(), 1)


def make_entry(study: Json, *, stamp: str | None = None) -> Entry:
    """Keep a record; `stamp` pins its versionHolder, otherwise it follows the data date."""
    derived = study.get("derivedSection", {})
    if isinstance(derived, dict):
        misc = {**derived.get("miscInfoModule", {}), "versionHolder": stamp or _UNSTAMPED}
        study = {**study, "derivedSection": {**derived, "miscInfoModule": misc}}
    kept = {piece: str(found[0]) for piece in _KEPT_PIECES if (found := values(study, by_name()[piece].path))}
    nct_id = str(values(study, by_name()["NCTId"].path)[0])
    return Entry(nct_id, tuple((key, encoded(part)) for key, part in study.items()), kept)


def next_weekday(day: date) -> date:
    """The first Monday to Friday after `day`."""
    later = day + timedelta(days=1)
    while later.weekday() >= 5:
        later += timedelta(days=1)
    return later


class World:
    """What the stand-in serves. Every edit is visible to the next request; `refresh` moves the data date."""

    def __init__(
        self,
        studies: Iterable[Json] = (),
        *,
        data_timestamp: str = FIRST_DATA,
        api_version: str = API_VERSION,
    ) -> None:
        self.lock = threading.RLock()
        self.serial = next(_serials)
        """Tells worlds of the same revision apart."""
        self.api_version = api_version
        self.revision = 0
        self.matches_everything = False
        """Every query of every parameter returns every study: for large worlds."""
        self._data_timestamp = data_timestamp
        self._entries: dict[str, Entry] = {}
        self._merged: dict[str, str] = {}
        self._answers: dict[tuple[str | None, str], tuple[str, ...]] = {}
        self._unmatched: set[tuple[str, str | None]] = set()
        self._hidden: frozenset[str] = frozenset()
        self.replace_all(studies)

    # --- dates -----------------------------------------------------------------------------------------

    @property
    def data_timestamp(self) -> str:
        """UTC without a zone, as `/version` says it: `2026-03-02T09:00:05`."""
        return self._data_timestamp

    @property
    def data_date(self) -> str:
        """The day of the data timestamp, which every record carries as versionHolder."""
        return self._data_timestamp[:10]

    @property
    def next_data_date(self) -> str:
        """The day that `refresh()` would move to."""
        return next_weekday(date.fromisoformat(self.data_date)).isoformat()

    def refresh(self, to: str | None = None) -> str:
        """New data: the next weekday at 09:00:05 UTC, or `to` (a date or a timestamp, also an older one)."""
        with self.lock:
            wanted = to or self.next_data_date
            self._data_timestamp = wanted if "T" in wanted else f"{wanted}T09:00:05"
            datetime.fromisoformat(self._data_timestamp)
            self.revision += 1
            return self._data_timestamp

    # --- studies ---------------------------------------------------------------------------------------

    def ids(self) -> tuple[str, ...]:
        """All NCT IDs, in ascending order."""
        with self.lock:
            return tuple(sorted(self._entries))

    def entries(self) -> list[Entry]:
        """All studies that the registry's index has, in ascending order of NCT ID."""
        with self.lock:
            return [self._entries[nct_id] for nct_id in sorted(self._entries) if nct_id not in self._hidden]

    def entry(self, nct_id: str) -> Entry | None:
        with self.lock:
            return self._entries.get(nct_id)

    def study(self, nct_id: str) -> Json:
        """A copy of the record as it is served today. Raises KeyError for an unknown id."""
        with self.lock:
            study: Json = json.loads(replace(self._entries[nct_id], raw=None).body(self.data_date))
            return study

    def put(self, study: Json, *, stamp: str | None = None) -> str:
        """Add a record or replace it; `stamp` pins its versionHolder (a half-refreshed registry)."""
        with self.lock:
            entry = make_entry(study, stamp=stamp)
            self._entries[entry.nct_id] = entry
            for alias in values(study, by_name()["NCTIdAlias"].path):
                self._merged[str(alias)] = entry.nct_id
            self.revision += 1
            return entry.nct_id

    def replace_all(self, studies: Iterable[Json]) -> None:
        """Forget all records and take these instead; answers to queries stay."""
        with self.lock:
            self._entries.clear()
            self._merged.clear()
            for study in studies:
                self.put(study)
            self.revision += 1

    @contextmanager
    def editing(self, nct_id: str) -> Iterator[Json]:
        """`with world.editing(nct_id) as study:` change the dict; it is kept at the end of the block."""
        with self.lock:
            study = self._entries[nct_id].record()
            yield study
            self.put(study)

    def serve_raw(self, nct_id: str, body: bytes | None) -> None:
        """Serve these bytes in place of the record (JSON or not); None: the record again."""
        with self.lock:
            self._entries[nct_id] = replace(self._entries[nct_id], raw=body)
            self.revision += 1

    def remove(self, nct_id: str) -> Json:
        """Take a record off the registry, and return it. Raises KeyError for an unknown id."""
        with self.lock:
            study = self.study(nct_id)
            del self._entries[nct_id]
            self.revision += 1
            return study

    def merge(self, old: str, into: str) -> None:
        """`old` becomes an alias of `into`, which lists it in nctIdAliases."""
        with self.lock:
            self.remove(old)
            with self.editing(into) as study:
                identification = study["protocolSection"]["identificationModule"]
                identification["nctIdAliases"] = [*identification.get("nctIdAliases", []), old]

    def canonical(self, nct_id: str) -> str | None:
        """The id under which a study is kept: itself, the one it was merged into, or None."""
        with self.lock:
            while nct_id not in self._entries and nct_id in self._merged:
                nct_id = self._merged[nct_id]
            return nct_id if nct_id in self._entries else None

    # --- what queries return ---------------------------------------------------------------------------

    def returns(self, expression: str, nct_ids: Iterable[str], *, param: str | None = None) -> None:
        """Fix the answer to an expression, for one parameter (`query.cond`) or for all of them."""
        with self.lock:
            self._answers[param, expression] = tuple(nct_ids)
            self.revision += 1

    def also_returns(self, expression: str, *nct_ids: str, param: str | None = None) -> None:
        """Add studies to a fixed answer, so that the expression brings them in as well."""
        with self.lock:
            self.returns(expression, (*self._answers.get((param, expression), ()), *nct_ids), param=param)

    def answer(self, param: str, expression: str) -> tuple[str, ...] | None:
        """The fixed answer to an expression; None where there is none and it has to be evaluated."""
        with self.lock:
            return self._answers.get((param, expression), self._answers.get((None, expression)))

    def is_unmatched(self, nct_id: str, expression: str) -> bool:
        return (nct_id, None) in self._unmatched or (nct_id, expression) in self._unmatched

    def stop_matching(self, nct_id: str, expression: str | None = None) -> None:
        """The study stays on the registry, but an expression (or any) returns it no more."""
        with self.lock:
            self._unmatched.add((nct_id, expression))
            self.revision += 1

    def match_again(self, nct_id: str, expression: str | None = None) -> None:
        with self.lock:
            self._unmatched.discard((nct_id, expression))
            self.revision += 1

    def hide(self, nct_ids: Iterable[str]) -> None:
        """Lists (queries and `filter.ids`) leave these out, though each can still be read alone."""
        with self.lock:
            self._hidden = frozenset(nct_ids)
            self.revision += 1
