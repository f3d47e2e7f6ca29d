"""What a study is: frozen records of one registry record, without any rule about what its changes mean.

Names follow the registry's data structure (https://clinicaltrials.gov/data-api/about-api/study-data-structure).
Reading them from JSON is `tracker.parse`, comparing them `tracker.diff`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, NewType, Self

from msgspec import Struct

from tracker.errors import InvalidNctId

NctId = NewType("NctId", str)

_NCT_ID = re.compile(r"NCT[0-9]{8}")


def nct_id(text: object) -> NctId:
    """The NCT ID that `text` holds, in the registry's own spelling; lower case and outer blanks are forgiven.

    Raises InvalidNctId for anything else, NCT00000000 included: the registry rejects it.
    """
    spelled = text.strip().upper() if isinstance(text, str) else ""
    if not _NCT_ID.fullmatch(spelled) or spelled == "NCT00000000":
        raise InvalidNctId(text)
    return NctId(spelled)


def study_url(study: NctId) -> str:
    """The registry's public page of a study."""
    return f"https://clinicaltrials.gov/study/{study}"


class OpenEnum(StrEnum):
    """An enumeration that keeps a word it does not know, because the registry adds words without notice."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @property
    def known(self) -> bool:
        return self.value in type(self).__members__


class Status(OpenEnum):
    ACTIVE_NOT_RECRUITING = "ACTIVE_NOT_RECRUITING"
    COMPLETED = "COMPLETED"
    ENROLLING_BY_INVITATION = "ENROLLING_BY_INVITATION"
    NOT_YET_RECRUITING = "NOT_YET_RECRUITING"
    RECRUITING = "RECRUITING"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"
    WITHDRAWN = "WITHDRAWN"
    AVAILABLE = "AVAILABLE"
    NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE"
    TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE"
    APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING"
    WITHHELD = "WITHHELD"
    UNKNOWN = "UNKNOWN"


class StudyType(OpenEnum):
    EXPANDED_ACCESS = "EXPANDED_ACCESS"
    INTERVENTIONAL = "INTERVENTIONAL"
    OBSERVATIONAL = "OBSERVATIONAL"


class Phase(OpenEnum):
    NA = "NA"
    EARLY_PHASE1 = "EARLY_PHASE1"
    PHASE1 = "PHASE1"
    PHASE2 = "PHASE2"
    PHASE3 = "PHASE3"
    PHASE4 = "PHASE4"


class DateType(OpenEnum):
    """Of a date or an enrollment: a plan (ESTIMATED) or what happened (ACTUAL)."""

    ACTUAL = "ACTUAL"
    ESTIMATED = "ESTIMATED"


class ReferenceType(OpenEnum):
    BACKGROUND = "BACKGROUND"
    RESULT = "RESULT"
    DERIVED = "DERIVED"


class Precision(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    UNREADABLE = "unreadable"


_PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


class Part(Struct, frozen=True, gc=False):
    """A value within a study. A record has a hundred of them: these are made seven times as fast as dataclasses."""


class PartialDate(Part, frozen=True):
    """A date as the registry writes it, `yyyy`, `yyyy-MM` or `yyyy-MM-dd`: an interval of days.

    A text that names no such interval ("2023-02-30") is kept as it stands, with precision UNREADABLE.
    """

    text: str

    @property
    def _days(self) -> tuple[date, date, Precision] | None:
        return _days_of(self.text)

    @property
    def precision(self) -> Precision:
        return self._days[2] if self._days else Precision.UNREADABLE

    @property
    def first(self) -> date | None:
        """The first day of the interval; None where the text is unreadable."""
        return self._days[0] if self._days else None

    @property
    def last(self) -> date | None:
        """The last day of the interval; None where the text is unreadable."""
        return self._days[1] if self._days else None

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=10_000)
def _days_of(text: str) -> tuple[date, date, Precision] | None:
    """The first and the last day; None where the text names no interval."""
    found = _PARTIAL_DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = found.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return first, first, Precision.DAY
    if month:
        return first, _last_of_month(first), Precision.MONTH
    return first, date(first.year, 12, 31), Precision.YEAR


def _last_of_month(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


class StudyDate(Part, frozen=True):
    """A milestone of a study. `type` None means that the record does not say whether it is a plan."""

    date: PartialDate
    type: DateType | None = None

    @property
    def text(self) -> str:
        return self.date.text


@dataclass(frozen=True, slots=True)
class Enrollment:
    """How many participants are planned (ESTIMATED) or took part (ACTUAL)."""

    count: int | None
    type: DateType | None = None

    UNKNOWN_COUNT = 99_999_999  # what sponsors enter for "not known"


class Sponsor(Part, frozen=True):
    name: str
    agency_class: str | None = None


class Arm(Part, frozen=True):
    label: str
    type: str | None = None
    description: str | None = None
    interventions: tuple[str, ...] = ()  # "Type: Name", as the record links them


class Intervention(Part, frozen=True):
    name: str
    type: str | None = None
    description: str | None = None
    arm_labels: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


class Outcome(Part, frozen=True):
    measure: str
    description: str | None = None
    time_frame: str | None = None


class Site(Part, frozen=True):
    facility: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    status: str | None = None


class Reference(Part, frozen=True):
    citation: str | None = None
    pmid: str | None = None
    type: ReferenceType | None = None
    retractions: tuple[str, ...] = ()  # the notices: PubMed id and source


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One step of the registry's review of results: RELEASE (submitted), RESET (returned to the sponsor),
    UNRELEASE (withdrawn by the sponsor). `date` None: the registry does not know the day."""

    type: str
    date: str | None = None


@dataclass(frozen=True, slots=True)
class ViolationEvent:
    """A notice about FDAAA 801 compliance that the registry shows on the record."""

    type: str
    description: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One registry record at one moment. Absent values are None or empty, never a guess.

    `whole` reads the record anew: what no field here covers is compared there. `came_with_results`: the record has a
    resultsSection, which is not kept. Neither takes part in equality.
    """

    nct_id: NctId
    aliases: tuple[NctId, ...] = ()
    brief_title: str | None = None
    official_title: str | None = None
    acronym: str | None = None
    organization: str | None = None

    overall_status: Status | None = None
    last_known_status: Status | None = None
    why_stopped: str | None = None
    status_verified: PartialDate | None = None
    start: StudyDate | None = None
    primary_completion: StudyDate | None = None
    completion: StudyDate | None = None
    first_posted: PartialDate | None = None
    last_update_submitted: PartialDate | None = None
    last_update_posted: PartialDate | None = None

    has_results: bool | None = None
    results_first_submitted: PartialDate | None = None
    results_first_posted: PartialDate | None = None
    results_submission_estimated: PartialDate | None = None
    results_waived: bool | None = None
    results_delay_certified: PartialDate | None = None  # dispFirstSubmitDate
    review_events: tuple[ReviewEvent, ...] = ()
    violations: tuple[ViolationEvent, ...] = ()

    lead_sponsor: Sponsor | None = None
    collaborators: tuple[Sponsor, ...] = ()
    responsible_party: tuple[str, ...] = ()  # type, name, title, affiliation
    is_fda_regulated_drug: bool | None = None
    is_fda_regulated_device: bool | None = None
    is_unapproved_device: bool | None = None
    is_us_export: bool | None = None

    conditions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    condition_mesh_terms: tuple[str, ...] = ()
    intervention_mesh_terms: tuple[str, ...] = ()

    study_type: StudyType | None = None
    phases: tuple[Phase, ...] = ()
    allocation: str | None = None
    intervention_model: str | None = None
    intervention_model_description: str | None = None
    primary_purpose: str | None = None
    masking: str | None = None
    masking_description: str | None = None
    who_masked: tuple[str, ...] = ()
    observational_model: str | None = None
    time_perspective: str | None = None
    target_duration: str | None = None
    enrollment: Enrollment | None = None

    arms: tuple[Arm, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    primary_outcomes: tuple[Outcome, ...] = ()
    secondary_outcomes: tuple[Outcome, ...] = ()
    other_outcomes: tuple[Outcome, ...] = ()

    eligibility_criteria: str | None = None
    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    healthy_volunteers: bool | None = None
    study_population: str | None = None
    sampling_method: str | None = None

    sites: tuple[Site, ...] = ()
    references: tuple[Reference, ...] = ()

    version_holder: date | None = None
    came_with_results: bool = field(default=False, compare=False, repr=False)
    whole: Callable[[], Mapping[str, Any]] = field(default=dict, compare=False, repr=False)

    @property
    def record(self) -> Mapping[str, Any]:
        """The decoded JSON that the study was read from. Decoded at each call: most studies never need it."""
        return self.whole()

    @property
    def results_are_public(self) -> bool:
        """Whether the record gives the day of their posting. `hasResults` would not do: the registry computes it from
        the day of their first submission, which may lie long before."""
        return self.results_first_posted is not None

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries of its sites, each once, in alphabetical order."""
        return tuple(sorted({site.country for site in self.sites if site.country}))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one study that could not be read or confirmed; shown in the report, never an exception.

    `path` is the JSON path or config key, `nct_id` None where not even that could be read.
    """

    nct_id: NctId | None
    path: str
    reason: str
