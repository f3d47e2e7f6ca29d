"""Asks the registry what terms return: how many, which, and what became of studies listed by hand.

Nothing is stored. What is asked is what a sync would ask, but for the parts of a record that nobody looks at here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from tracker.errors import BadRequest
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.registry.client import BATCH_SIZE, PAGE_SIZE, RegistryClient
from tracker.registry.fields import WHAT_IT_IS_ABOUT
from tracker.registry.pages import nct_id_in
from tracker.registry.query import AREAS, TermQuery
from tracker.registry.source import Lookup, Page
from tracker.study import NctId, Study
from tracker.tuning.complaints import Complaint, complaint

TOO_MANY = 20_000
"""A term of more studies is no search for a topic: every sync would read them all."""

_ID = re.compile(r"NCT0*\d{1,8}", re.IGNORECASE)
_SIGNS = re.compile(r'[\s,()"]+|\b(?:AND|OR|NOT)\b')

_T = TypeVar("_T")


def cost_of_reading(counts: Iterable[int]) -> int:
    """How many requests it takes to read terms of so many studies: after a full page there is always another."""
    return sum(count // PAGE_SIZE + 1 for count in counts)


def cost_of_listed(ids: int) -> int:
    """How many requests it takes to ask for so many ids, where the registry knows them all."""
    return -(-ids // BATCH_SIZE)


# --- how many -----------------------------------------------------------------------------------------------


class Flag(StrEnum):
    """What is odd about a term."""

    REFUSED = "refused"
    NOTHING = "nothing"
    EVERYTHING = "everything"
    TOO_MANY = "too many"
    ONLY_IDS = "only NCT IDs"


@dataclass(frozen=True, slots=True)
class CountedTerm:
    """How many studies a term returns; None where the registry refused it, and `complaint` says why."""

    query: TermQuery
    count: int | None
    complaint: Complaint | None = None

    def flags(self, registry_total: int) -> tuple[Flag, ...]:
        """What is odd, given how many studies the registry has."""
        found = []
        if self.complaint:
            found.append(Flag.REFUSED)
        elif self.count == 0:
            found.append(Flag.NOTHING)
        elif self.count is not None and self.count >= registry_total:
            found.append(Flag.EVERYTHING)
        elif self.count is not None and self.count > TOO_MANY:
            found.append(Flag.TOO_MANY)
        if holds_only_ids(self.query):
            found.append(Flag.ONLY_IDS)
        return tuple(found)


def counted(registry: RegistryClient, query: TermQuery) -> CountedTerm:
    """Asks for a count; a refusal of the term itself is an answer. Raises RegistryError for everything else."""
    try:
        return CountedTerm(query, registry.count(query))
    except BadRequest as refusal:
        if refusal.status not in (400, 414):
            raise
        return CountedTerm(query, None, complaint(refusal))


def holds_only_ids(query: TermQuery) -> bool:
    """Whether an expression is made of NCT IDs alone, in whatever signs: the registry may then ignore all the rest."""
    areas = frozenset(AREAS.values())
    return any(_only_ids(expression) for parameter, expression in query.params if parameter in areas)


def _only_ids(expression: str) -> bool:
    words = [word for word in _SIGNS.split(expression) if word]
    return bool(words) and all(_ID.fullmatch(word) for word in words)


# --- listed by hand -----------------------------------------------------------------------------------------


def became_of(registry: RegistryClient, ids: Sequence[NctId]) -> dict[NctId, Lookup | None]:
    """What became of each study; None for one that the registry lists under its id, as it should."""
    listed = frozenset(_ids_of(registry.batches(ids, fields=("NCTId",))))
    return {study: None if study in listed else registry.look_up(study) for study in ids}


def returned_of(registry: RegistryClient, query: TermQuery, ids: Sequence[NctId]) -> frozenset[NctId] | None:
    """Which of these studies the term returns; None where the answer shows that the registry ignored the ids."""
    found = frozenset(_ids_of(registry.batches(ids, within=query, fields=("NCTId", "NCTIdAlias"))))
    return found if found <= frozenset(ids) else None


def _ids_of(pages: Iterable[Page]) -> list[NctId]:
    return [study for page in pages for record in page.records if (study := nct_id_in(record))]


# --- which --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeenStudy:
    """What is shown of a study. `relevance` None: it could not be read."""

    nct_id: NctId
    title: str
    relevance: str | None = None


@dataclass(frozen=True, slots=True)
class ReadTerm:
    """What a term returned. `note` says what is missing of it; empty where nothing is."""

    query: TermQuery
    ids: frozenset[NctId]
    total: int | None
    note: str = ""


@dataclass(slots=True)
class Reader:
    """Reads terms one after another; each study is looked at once, whichever terms return it.

    `relevance` classifies a study read by `WHAT_IT_IS_ABOUT`; `told` hears of every page how many records have come.
    """

    registry: RegistryClient
    relevance: Callable[[Study], str]
    told: Callable[[TermQuery, int, int | None], object] = lambda *_: None
    studies: dict[NctId, SeenStudy] = field(default_factory=dict)

    def read(self, query: TermQuery) -> ReadTerm:
        """All that the term returns now. Raises RegistryError."""
        ids: set[NctId] = set()
        total: int | None = None
        anonymous = 0
        for reverse in (False, True):
            anonymous, total = 0, None
            for page in self.registry.sweep(query, reverse=reverse, fields=WHAT_IT_IS_ABOUT):
                total = page.total_count if page.total_count is not None else total
                anonymous += self._take(page, ids)
                self.told(query, len(ids), total)
            if total is None or len(ids) + anonymous >= total:
                break  # else records shifted between pages: what one direction missed, the other meets
        return ReadTerm(query, frozenset(ids), total, _lack(len(ids), anonymous, total))

    def read_listed(self, ids: Sequence[NctId]) -> None:
        """Looks at studies by their ids."""
        for page in self.registry.batches(ids, fields=WHAT_IT_IS_ABOUT):
            self._take(page, set())

    def _take(self, page: Page, ids: set[NctId]) -> int:
        """Notes the studies of a page, and returns how many records have no id."""
        anonymous = 0
        for record in page.records:
            study = nct_id_in(record)
            if study is None:
                anonymous += 1
                continue
            ids.add(study)
            if study not in self.studies:
                self.studies[study] = self._seen(study, record)
        return anonymous

    def _seen(self, study: NctId, record: bytes | memoryview) -> SeenStudy:
        try:
            read = parse(record)
        except Unreadable:
            return SeenStudy(study, "a record that can't be read")
        return SeenStudy(study, read.brief_title or read.official_title or "no title", self.relevance(read))


def _lack(found: int, anonymous: int, total: int | None) -> str:
    if anonymous:
        return f"{anonymous} records have no readable NCT ID"
    if total is not None and found < total:
        return f"the registry counts {total} studies, {found} were returned"
    return ""
