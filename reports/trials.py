"""One trial's news in a window: what its changes come to, and which sections it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from reports.facts import PLANNED_ENDS, has_ended
from reports.nets import DATE_KINDS, Net
from reports.parts import NO_ANNOTATION, Annotation, SectionKey
from tracker.changes import EnteredWhy, Kind, LeftWhy, Weight
from tracker.study import DateType, NctId
from tracker.summary import StudySummary, TrackedStudy

_SECTION_OF_KIND = {
    Kind.STOPPED: SectionKey.STOPPED,
    Kind.CLOSED_TO_RECRUITMENT: SectionKey.CLOSED,
    Kind.OPENED: SectionKey.OPENED,
    Kind.REOPENED: SectionKey.REOPENED,
    Kind.COMPLETED: SectionKey.COMPLETED,
    Kind.RESULTS_POSTED: SectionKey.RESULTS_POSTED,
    Kind.RESULTS_WITHDRAWN: SectionKey.RESULTS_WITHDRAWN,
    Kind.OUTCOMES: SectionKey.TEXTS,
    Kind.ELIGIBILITY: SectionKey.TEXTS,
    Kind.INTERVENTIONS: SectionKey.TEXTS,
    Kind.DESIGN: SectionKey.TEXTS,
    Kind.PHASE: SectionKey.TEXTS,
    Kind.TITLE: SectionKey.TEXTS,
    Kind.CONDITIONS: SectionKey.TEXTS,
    Kind.SPONSOR: SectionKey.TEXTS,
}
"""Kinds that stand in neither this table nor `_section_of` are "other changes"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialNews:
    """A trial and what a window's changes of it come to. `nets` are those that the report tells."""

    nct_id: NctId
    tracked: TrackedStudy | None
    nets: tuple[Net, ...]
    annotation: Annotation

    @property
    def summary(self) -> StudySummary | None:
        return self.tracked.summary if self.tracked else None

    def nets_in(self, section: SectionKey) -> tuple[Net, ...]:
        return tuple(net for net in self.nets if self._section_of(net) is section)

    @property
    def sections(self) -> tuple[SectionKey, ...]:
        """Where the trial is named, the weightiest news first. Routine edits name it only if there is nothing else."""
        named = {self._section_of(net) for net in self.nets}
        if SectionKey.NEW in named:
            named.discard(SectionKey.ENTERED)  # newly registered, whatever else brought it into another search
        telling = named - {SectionKey.ROUTINE}
        return tuple(key for key in SectionKey if key in (telling or named))

    def _section_of(self, net: Net) -> SectionKey:
        if net.back:
            return SectionKey.BACK
        if net.bulk:
            return SectionKey.BULK
        if net.kind is Kind.ENTERED:
            return SectionKey.NEW if net.why == EnteredWhy.NEWLY_REGISTERED else SectionKey.ENTERED
        if net.kind is Kind.LEFT:
            return SectionKey.LEFT
        if net.weight is Weight.ROUTINE:
            return SectionKey.ROUTINE
        if net.kind in DATE_KINDS:
            return self._date_section(net)
        return _SECTION_OF_KIND.get(net.kind, SectionKey.OTHER)

    def _date_section(self, net: Net) -> SectionKey:
        if self.is_delay(net):
            return SectionKey.DELAYED
        end = SectionKey.COMPLETED if self._has(Kind.COMPLETED) else SectionKey.STOPPED if self._stopped else None
        # The end that was reached is a part of that news, not news of its own.
        return end if end and net.kind is Kind.DATE_REACHED and net.field in PLANNED_ENDS else SectionKey.DATES

    def is_delay(self, net: Net) -> bool:
        """A planned end that was put off, of a trial that neither ended nor was stopped in this window."""
        return (
            net.kind is Kind.DATE_MOVED
            and net.field in PLANNED_ENDS
            and net.days is not None
            and net.days > 0
            and net.detail.get("after_type") != DateType.ACTUAL
            and not net.back
            and not net.bulk
            and not self.is_over
        )

    @property
    def is_over(self) -> bool:
        """Ended, or stopped in this window: its plans are no plans any more."""
        return self._stopped or has_ended(self.tracked)

    @property
    def _stopped(self) -> bool:
        return self._has(Kind.STOPPED)

    def _has(self, kind: Kind) -> bool:
        return any(net.kind is kind and not net.back for net in self.nets)


def news_of(
    nets: Iterable[Net], studies: Mapping[NctId, TrackedStudy], annotations: Mapping[NctId, Annotation]
) -> tuple[TrialNews, ...]:
    """The nets by trial, ordered by NCT ID."""
    by_trial = groupby(sorted(nets, key=lambda net: net.nct_id), key=lambda net: net.nct_id)
    return tuple(
        TrialNews(
            nct_id=nct_id,
            tracked=studies.get(nct_id),
            nets=_without_submission(tuple(told)),
            annotation=annotations.get(nct_id, NO_ANNOTATION),
        )
        for nct_id, told in by_trial
    )


def _without_submission(nets: tuple[Net, ...]) -> tuple[Net, ...]:
    """Where results were posted, that line says when they were first submitted: no second news."""
    posted = any(net.kind is Kind.RESULTS_POSTED and not net.back for net in nets)
    return tuple(net for net in nets if not (posted and net.field == "results_first_submit_date"))


def longest_delay(news: TrialNews) -> int:
    """Days; for sorting."""
    return max((net.days or 0 for net in news.nets_in(SectionKey.DELAYED)), default=0)


def stopped_as(news: TrialNews) -> str | None:
    """TERMINATED, WITHDRAWN or SUSPENDED, as the change says it."""
    return next((str(net.after) for net in news.nets_in(SectionKey.STOPPED) if net.kind is Kind.STOPPED), None)


def left_why(news: TrialNews) -> str | None:
    """The weightiest reason why a trial left; None where it did not."""
    whys = {net.why for net in news.nets_in(SectionKey.LEFT)}
    return next((why.value for why in (LeftWhy.REMOVED, LeftWhy.MERGED, *LeftWhy) if why.value in whys), None)


def entered_why(news: TrialNews) -> str | None:
    whys = {net.why for net in news.nets_in(SectionKey.ENTERED)}
    return next((why.value for why in EnteredWhy if why.value in whys), None)
