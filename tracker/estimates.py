"""What an estimate is: something to check about a trial, told with the rule that led to it. Never a finding.

Making them is `tracker.due`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.study import NctId


class Check(StrEnum):
    """What is looked at, the weightiest first."""

    RESULTS_DUE = "results_due"
    PAST_COMPLETION = "past_completion"
    START_PASSED = "start_passed"
    NOT_VERIFIED = "not_verified"
    RESULTS_VANISHED = "results_vanished"
    ACTUAL_CORRECTED = "actual_corrected"
    COMPLETION_BEFORE_START = "completion_before_start"
    ENROLLMENT_UNKNOWN = "enrollment_unknown"
    RESULTS_WITHOUT_PAPER = "results_without_paper"
    PAPER_WITHOUT_RESULTS = "paper_without_results"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a rule, and what the record answers to it. `says` is the fact, in words."""

    question: str
    answer: Answer
    says: str

    def __str__(self) -> str:
        return f"{self.question} {self.answer}: {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The answer to one check of one trial.

    `text` says it in one or two sentences. `trace` shows the steps that led to it. `since` is the first day on which
    the answer was yes because of the calendar alone; None where it follows from what the record says, whatever the day.
    `reads` names the watched fields that it rests on. `quote` is the record's own notice, where it has one.
    """

    nct_id: NctId
    check: Check
    answer: Answer
    text: str
    trace: tuple[Step, ...] = ()
    since: date | None = None
    reads: tuple[str, ...] = ()
    quote: str | None = None
