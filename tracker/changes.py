"""What a change is: the closed vocabulary of kinds, weights and reasons, and the record of one change.

What makes a change is decided in `tracker.diff`; how it is told, in `reports`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.study import NctId

RULES_VERSION = 1
"""Raised whenever the same two versions would give other changes than before."""

Value = str | int | bool | tuple[str, ...] | None
"""A value as the registry writes it. In a list field: what was dropped (before) and added (after)."""


class Kind(StrEnum):
    ENTERED = "entered"
    LEFT = "left"
    OPENED = "opened"
    CLOSED_TO_RECRUITMENT = "closed_to_recruitment"
    REOPENED = "reopened"
    COMPLETED = "completed"
    STOPPED = "stopped"
    STATUS = "status"
    RESULTS_POSTED = "results_posted"
    RESULTS_WITHDRAWN = "results_withdrawn"
    RESULTS_REVIEW = "results_review"
    DATE_MOVED = "date_moved"
    DATE_REACHED = "date_reached"
    DATE_CORRECTED = "date_corrected"
    DATE_REFINED = "date_refined"
    ENROLLMENT = "enrollment"
    SITES = "sites"
    OUTCOMES = "outcomes"
    ELIGIBILITY = "eligibility"
    INTERVENTIONS = "interventions"
    DESIGN = "design"
    PHASE = "phase"
    TITLE = "title"
    SPONSOR = "sponsor"
    CONDITIONS = "conditions"
    PUBLICATION = "publication"
    OTHER = "other"


class Weight(StrEnum):
    MAJOR = "major"
    MINOR = "minor"
    ROUTINE = "routine"

    def at_least(self, least: Weight) -> bool:
        order = list(Weight)
        return order.index(self) <= order.index(least)


class EnteredWhy(StrEnum):
    NEWLY_REGISTERED = "newly registered"
    NOW_MATCHES = "an existing record now matches"
    SEARCH_EDITED = "the search was edited"
    RETURNED = "returned"
    INCLUDE_LIST = "put on the include list"
    BASELINE = "baseline"
    """Only on a membership, never on a change: members of a search's first complete run are no news."""


class LeftWhy(StrEnum):
    NO_LONGER_MATCHES = "no longer matches"
    REMOVED = "removed from the registry"
    MERGED = "merged into another id"
    SEARCH_EDITED = "the search was edited"
    EXCLUDED = "excluded"


MEMBERSHIP_FIELD = "membership"
"""The `field` of `entered` and `left`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that differs between two versions of a study, or a member that entered or left a search.

    `days` is positive when later; `days_at_least` where a partial date allows only a lower bound.
    `why` is the record's own reason for a stop, or why a member entered or left.
    `detail` says what else a reader needs (types of the dates, the total slip, the last known status ...).
    """

    nct_id: NctId
    kind: Kind
    field: str
    weight: Weight
    before: Value = None
    after: Value = None
    days: int | None = None
    days_at_least: bool = False
    why: str | None = None
    detail: Mapping[str, str | int | bool | None] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChange:
    """A change as the store keeps it: which run found it, when, and in which data.

    `change_id` is the same wherever the same change is found again. `search` stands only on `entered` and `left`.
    `detected_at` is aware UTC; `data_date` is the registry's data date (None where the source gave none).
    `number` orders changes as they were recorded.
    """

    number: int
    change_id: str
    change: Change
    run: int
    detected_at: datetime
    data_date: date | None
    search: str | None = None
    before_version: int | None = None
    after_version: int | None = None


def content_change_id(change: Change, *, before_version: int, after_version: int) -> str:
    """The id of a content change: NCT ID, the numbers of both versions, kind and field."""
    return _digest(change.nct_id, str(before_version), str(after_version), change.kind, change.field)


def membership_change_id(change: Change, *, search: str, stay: int) -> str:
    """The id of a membership change: NCT ID, search, the ordinal of the stay (from 1), kind."""
    return _digest(change.nct_id, search, str(stay), change.kind)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
