"""Saved files as a `Source`: for networks where the registry can't be reached, and for the demo.

An import answers one whole search: `sweep` gives all records of the files, whatever the query. Where the same study is
in them more than once, the record with the newest data date counts (`versionHolder`, or the day that the file gives),
then the newest "last update posted", then the later one. Files are read again for each question instead of being kept
in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import msgspec

from tracker.registry.pages import nct_id_in
from tracker.registry.query import TermQuery
from tracker.registry.saved import Document, documents, no_studies
from tracker.registry.source import DataVersion, Found, Lookup, Page, Traffic, Unconfirmed
from tracker.study import NctId

_PAGE_SIZE = 1000
_BATCH_SIZE = 100


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands: which file, and the how-manieth record of it."""

    file: int
    number: int


@dataclass(frozen=True, slots=True, order=True)
class _Age:
    """What decides between two records of one study; ISO dates, empty where unknown."""

    data_date: str
    last_update: str


@dataclass(slots=True)
class _Contents:
    """What a first reading of the files found."""

    chosen: dict[NctId, tuple[_Age, _Place]]
    total_count: int | None
    newest: date | None


class OfflineSource:
    """Files saved from the registry. They are read once at the start: raises ImportFileError for one that is none."""

    def __init__(
        self,
        files: Sequence[Path],
        data_date: date | None = None,
        *,
        on_page: Callable[[int, int | None], object] | None = None,
    ) -> None:
        """`data_date` is the day of the registry's data; by default the newest that the records name."""
        self.traffic = Traffic()
        self._files = tuple(files)
        self._on_page = on_page
        self._contents = _read_contents(self._files)
        self._data_date = data_date or self._contents.newest

    @property
    def description(self) -> str:
        return ", ".join(file.name for file in self._files)

    def version(self) -> DataVersion:
        """The data date at 00:00 UTC; None where neither the caller nor any record names one."""
        day = self._data_date
        return DataVersion("file", datetime.combine(day, time(), UTC) if day else None)

    def sweep(self, query: TermQuery, *, reverse: bool = False) -> Iterator[Page]:  # noqa: ARG002  (a Source's)
        """All records, in the order of the files (`reverse` too), and at least one page.

        The count is the registry's own where the files are pages of an answer; None where they end before the
        answer did without saying how much is missing.
        """
        done, total = 0, self._contents.total_count
        for page in _paged(self._records(), _PAGE_SIZE):
            count, done = total if not done else None, done + len(page)
            if self._on_page:
                self._on_page(done, total)
            yield Page(page, count)
        if not done:
            yield Page((), total)

    def batches(self, nct_ids: Sequence[NctId]) -> Iterator[Page]:
        """The records of those ids that are in the files."""
        wanted = frozenset(nct_ids) & self._contents.chosen.keys()
        if wanted:
            yield from (Page(page) for page in _paged(self._records(wanted), _BATCH_SIZE))

    def look_up(self, nct_id: NctId) -> Lookup:
        """Found or, because a file does not know what became of others, unconfirmed."""
        if nct_id not in self._contents.chosen:
            return Unconfirmed()
        return Found(next(bytes(record) for record in self._records(frozenset({nct_id}))))

    def _records(self, wanted: Set[NctId] | None = None) -> Iterator[bytes | memoryview]:
        """The chosen records, only of `wanted` if given; those without an NCT ID come with all."""
        for place, record in _each_record(self._files):
            study = nct_id_in(record)
            if study is None and wanted is not None:
                continue
            if study is not None and (
                self._contents.chosen[study][1] != place or (wanted is not None and study not in wanted)
            ):
                continue
            self.traffic.bytes += len(record)
            yield record


# --- the first reading --------------------------------------------------------------------------------------


class _PostDate(msgspec.Struct):
    date: str = ""


class _Status(msgspec.Struct, rename="camel"):
    last_update_post_date_struct: _PostDate = msgspec.field(default_factory=_PostDate)


class _Protocol(msgspec.Struct, rename="camel"):
    status_module: _Status = msgspec.field(default_factory=_Status)


class _Misc(msgspec.Struct, rename="camel"):
    version_holder: str = ""


class _Derived(msgspec.Struct, rename="camel"):
    misc_info_module: _Misc = msgspec.field(default_factory=_Misc)


class _Dates(msgspec.Struct, rename="camel"):
    protocol_section: _Protocol = msgspec.field(default_factory=_Protocol)
    derived_section: _Derived = msgspec.field(default_factory=_Derived)


_DATES = msgspec.json.Decoder(_Dates)


def _age(record: bytes | memoryview, as_of: str | None) -> _Age:
    try:
        dates = _DATES.decode(record)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _Age(as_of or "", "")
    return _Age(
        dates.derived_section.misc_info_module.version_holder or as_of or "",
        dates.protocol_section.status_module.last_update_post_date_struct.date,
    )


def _read_contents(files: Sequence[Path]) -> _Contents:
    """Which record of each study counts, and how many there should be. Raises ImportFileError."""
    chosen: dict[NctId, tuple[_Age, _Place]] = {}
    pages: list[Document] = []
    for index, file in enumerate(files):
        number, named, page_count = 0, 0, len(pages)
        for document in documents(file):
            if document.is_page:
                pages.append(replace(document, records=()))
            for record in document.records:
                number += 1
                study = nct_id_in(record)
                if study is None:
                    continue
                named += 1
                found = _age(record, document.as_of), _Place(index, number)
                if study not in chosen or found[0] >= chosen[study][0]:
                    chosen[study] = found
        if not named and (number or len(pages) == page_count):
            raise no_studies(file)
    days = [day for age, _ in chosen.values() if (day := _day(age.data_date))]
    return _Contents(chosen, _total_count(len(chosen), pages), max(days, default=None))


def _total_count(studies: int, pages: Sequence[Document]) -> int | None:
    """How many studies a search has of which these files are the saved answer.

    A page of an answer that has more pages must not pass for all of it: what is missing would seem to have left.
    """
    counts = [page.total_count for page in pages if page.total_count is not None]
    if counts:
        return max([*counts, studies])
    ends_early = bool(pages) and all(page.next_page_token for page in pages)
    return None if ends_early else studies


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# --- records and pages --------------------------------------------------------------------------------------


def _each_record(files: Sequence[Path]) -> Iterator[tuple[_Place, bytes | memoryview]]:
    for index, file in enumerate(files):
        number = 0
        for document in documents(file):
            for record in document.records:
                number += 1
                yield _Place(index, number), record


def _paged(records: Iterator[bytes | memoryview], size: int) -> Iterator[tuple[bytes | memoryview, ...]]:
    page: list[bytes | memoryview] = []
    for record in records:
        page.append(record)
        if len(page) == size:
            yield tuple(page)
            page = []
    if page:
        yield tuple(page)
