"""The interface that a run reads studies through, whether from the registry over HTTP or from saved files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from tracker.registry.query import TermQuery
from tracker.study import NctId


@dataclass(frozen=True, slots=True)
class DataVersion:
    """Which data the registry serves: `/version`. The timestamp is aware UTC; None where it gave none."""

    api_version: str
    data_timestamp: datetime | None

    @property
    def data_date(self) -> date | None:
        """The day that the records' `versionHolder` names."""
        return self.data_timestamp.date() if self.data_timestamp else None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one answer, each as its own JSON bytes, unread.

    The bytes may be views into the answer (`bytes(record)` copies). `total_count` is given by a first page only.
    """

    records: tuple[bytes | memoryview, ...]
    total_count: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    record: bytes


@dataclass(frozen=True, slots=True)
class Removed:
    """The registry's exact "not found": the id was never given, or the record was taken off the registry."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The id is an alias: its record was merged into another."""

    into: NctId


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """This source can't tell what became of the study (a saved file does not know)."""


Lookup = Found | Removed | Merged | Unconfirmed


@dataclass(slots=True)
class Traffic:
    """What was asked of the source so far: requests sent (retries included) and body bytes read, unzipped."""

    requests: int = 0
    bytes: int = 0


class Source(Protocol):
    """Raises RegistryError (or ImportFileError) where it can't answer, and RunAborted at the run's deadline; never
    answers "no studies" for a failure."""

    @property
    def description(self) -> str:
        """What a reader of the report is told the data came from: a URL, or the file names."""

    @property
    def traffic(self) -> Traffic: ...

    def version(self) -> DataVersion: ...

    def sweep(self, query: TermQuery, *, reverse: bool = False) -> Iterator[Page]:
        """All pages of a term, without `resultsSection`, oldest registration first (newest first if `reverse`).

        A record may come twice: de-duplicate by NCT ID. A `total_count` that comes again begins the sweep again.
        """

    def batches(self, nct_ids: Sequence[NctId]) -> Iterator[Page]:
        """The records of these ids, 100 ids a request; an absent id is simply missing, an alias answers
        with the record that it was merged into."""

    def look_up(self, nct_id: NctId) -> Lookup:
        """What became of one study."""
