"""One trial's news in a window: which sections it belongs to, and its entry in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.facts import PLANNED_ENDS, fact_of, has_ended, membership_fact
from reports.nets import DATE_KINDS, STATUS_FIELD, Net
from reports.parts import Delay, Fact, SectionKey, Tone, TrialLine
from reports.words import clipped, listed, slip
from tracker.changes import EnteredWhy, Kind, LeftWhy, Weight
from tracker.diff import ENDED, STOPPED, TAKING_PATIENTS
from tracker.study import DateType, NctId
from tracker.summary import SEPARATOR, StudySummary, TrackedStudy
from tracker.words import (
    date_in_words,
    enrollment_in_words,
    intervention_in_words,
    milestone_in_words,
    phase_in_words,
    status_in_words,
)

FACTS_SHOWN = 40
"""A trial with more facts shows the first ones."""

_MEMBERSHIP_KINDS = (Kind.ENTERED, Kind.LEFT)

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

_FIELD_ORDER = (STATUS_FIELD, "completion_date", "primary_completion_date", "results_first_post_date", "enrollment")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialNews:
    """A trial and what a window's changes of it come to. `nets` are those that the report tells."""

    nct_id: NctId
    tracked: TrackedStudy | None
    nets: tuple[Net, ...]

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
            and not self._stopped
            and not has_ended(self.tracked)
        )

    @property
    def _stopped(self) -> bool:
        return self._has(Kind.STOPPED)

    def _has(self, kind: Kind) -> bool:
        return any(net.kind is kind and not net.back for net in self.nets)


def news_of(nets: Iterable[Net], studies: dict[NctId, TrackedStudy]) -> tuple[TrialNews, ...]:
    """The nets by trial, ordered by NCT ID."""
    by_trial = groupby(sorted(nets, key=lambda net: net.nct_id), key=lambda net: net.nct_id)
    return tuple(
        TrialNews(nct_id=nct_id, tracked=studies.get(nct_id), nets=_without_submission(tuple(told)))
        for nct_id, told in by_trial
    )


def _without_submission(nets: tuple[Net, ...]) -> tuple[Net, ...]:
    """Where results were posted, that line says when they were first submitted: no second news."""
    posted = any(net.kind is Kind.RESULTS_POSTED and not net.back for net in nets)
    return tuple(net for net in nets if not (posted and net.field == "results_first_submit_date"))


# In words


def line_of(nct_id: NctId, tracked: TrackedStudy | None) -> TrialLine:
    if tracked is None:
        return TrialLine(
            nct_id=nct_id,
            title="(not in the store)",
            sponsor=None,
            phase=None,
            status="not known",
            status_tone=Tone.PLAIN,
        )
    summary = tracked.summary
    status = status_in_words(summary.overall_status, summary.last_known_status)
    gone = tracked.state in ("removed", "merged")
    return TrialLine(
        nct_id=nct_id,
        title=clipped(summary.brief_title or summary.official_title or "(no title given)", 400),
        sponsor=clipped(summary.lead_sponsor, 200) if summary.lead_sponsor else None,
        phase=_phase(summary.phases),
        status=f"Last held: {status}" if gone else status,
        status_tone=Tone.PLAIN if gone else _tone(summary.overall_status),
        remarks=_remarks(tracked),
    )


def _phase(phases: str | None) -> str | None:
    if not phases:
        return None
    words = phase_in_words(phases)
    return words if "phase" in words.lower() else f"Phase {words}"


def _tone(status: str | None) -> Tone:
    if status in STOPPED:
        return Tone.WARNING
    if status in TAKING_PATIENTS:
        return Tone.GOOD
    return Tone.PLAIN


def _remarks(tracked: TrackedStudy) -> tuple[str, ...]:
    return ("no longer in any search; watched for later news",) if tracked.state == "watched" else ()


def facts_of(news: TrialNews, home: SectionKey) -> tuple[Fact, ...]:
    """All facts of a trial: those of the section that its entry stands in first, then by weight."""
    membership = [net for net in news.nets if net.kind in _MEMBERSHIP_KINDS]
    told = [net for net in news.nets if net.kind not in _MEMBERSHIP_KINDS and not (net.bulk and len(news.sections) > 1)]
    at_home = set(map(id, news.nets_in(home)))
    ordered = sorted(told, key=lambda net: (id(net) not in at_home, *_importance(net)))
    return (*_membership_facts(membership, news.tracked), *(fact_of(net, news.tracked) for net in ordered))


def _importance(net: Net) -> tuple[bool, int, int]:
    place = _FIELD_ORDER.index(net.field) if net.field in _FIELD_ORDER else len(_FIELD_ORDER)
    return net.back, list(Weight).index(net.weight), place


def _membership_facts(nets: Sequence[Net], tracked: TrackedStudy | None) -> tuple[Fact, ...]:
    def why(net: Net) -> tuple[bool, str, str]:
        return net.back, net.kind.value, net.why or ""

    return tuple(membership_fact(tuple(same), tracked) for _, same in groupby(sorted(nets, key=why), key=why))


def about(news: TrialNews) -> tuple[tuple[str, str], ...]:
    """What a trial is that the reader meets for the first time."""
    if news.summary is None:
        return ()
    summary = news.summary
    told = (
        ("Conditions", _separated(summary.conditions)),
        ("Interventions", _separated(summary.interventions, intervention_in_words)),
        ("Enrollment", enrollment_in_words(summary.enrollment, summary.enrollment_type) if summary.enrollment else ""),
        ("Start", _milestone(summary.start_date, summary.start_date_type)),
        ("Primary completion", _milestone(summary.primary_completion_date, summary.primary_completion_date_type)),
        ("Study completion", _milestone(summary.completion_date, summary.completion_date_type)),
        ("Countries", _separated(summary.countries)),
    )
    return tuple((label, clipped(words, 600)) for label, words in told if words)


def _milestone(text: str | None, type_: str | None) -> str:
    return milestone_in_words(text, type_) if text else ""


def _separated(joined: str | None, said: Callable[[str], str] = str) -> str:
    return "; ".join(map(said, joined.split(SEPARATOR))) if joined else ""


def gist_of(news: TrialNews, section: SectionKey) -> str:
    """What the section says of the trial, in a few words."""
    nets = news.nets_in(section)
    if section in (SectionKey.STOPPED, SectionKey.COMPLETED):
        return _end(news, nets)
    if section is SectionKey.DELAYED:
        return "; ".join(_slip_words(news, net) for net in nets)
    membership = _membership_facts([net for net in nets if net.kind in _MEMBERSHIP_KINDS], news.tracked)
    facts = (*membership, *(fact_of(net, news.tracked) for net in nets if net.kind not in _MEMBERSHIP_KINDS))
    if section in (SectionKey.TEXTS, SectionKey.BACK, SectionKey.BULK, SectionKey.ROUTINE, SectionKey.OTHER):
        return listed(dict.fromkeys(_named(fact, section) for fact in facts))
    return "; ".join(_in_short(fact) for fact in facts)


def _end(news: TrialNews, nets: Sequence[Net]) -> str:
    status = next((fact_of(net, news.tracked) for net in nets if net.field == STATUS_FIELD), None)
    said = [f"{status.before} → {status.after}"] if status else []
    if status and status.quote:
        said[0] += f": “{clipped(status.quote, 300)}”"
    end = next((net for net in nets if net.field == "completion_date"), None)
    summary = news.summary
    if end is not None:
        plan = "as planned" if end.days == 0 else f"last plan {date_in_words(str(end.last_before))}"
        said.append(f"ended {date_in_words(str(end.after))} ({plan})")
    elif summary and summary.overall_status in ENDED and summary.completion_date_type == DateType.ACTUAL:
        said.append(f"ended {date_in_words(summary.completion_date)}")
    return "; ".join(said)


def _slip_words(news: TrialNews, net: Net) -> str:
    fact = fact_of(net, news.tracked)
    return f"{fact.label} {fact.slip}"


def _named(fact: Fact, section: SectionKey) -> str:
    if section is SectionKey.OTHER and fact.before and fact.after and not fact.long:
        return f"{fact.label} {fact.before} → {fact.after}"
    return fact.label


def _in_short(fact: Fact) -> str:
    if fact.kind in (Kind.ENTERED, Kind.LEFT, Kind.RESULTS_POSTED):
        return "; ".join((fact.after or "", *fact.notes))
    move = f" ({fact.slip})" if fact.slip else ""
    return f"{fact.label} {fact.before} → {fact.after}{move}"


def delay_of(news: TrialNews) -> Delay:
    return Delay(
        nct_id=news.nct_id,
        title=line_of(news.nct_id, news.tracked).title,
        primary_completion=_milestone_slip(news, "primary_completion_date"),
        study_completion=_milestone_slip(news, "completion_date"),
        total=_total(news),
    )


def _milestone_slip(news: TrialNews, field: str) -> str:
    net = next((net for net in news.nets if net.field == field), None)
    if net is None or net.back:
        return "unchanged"
    if net.kind is Kind.DATE_REFINED:
        return "only refined"
    fact = fact_of(net, news.tracked)
    return fact.slip or f"{fact.before} → {fact.after}"


def _total(news: TrialNews) -> str | None:
    totals = []
    for net in news.nets_in(SectionKey.DELAYED):
        total, first_plan = net.detail.get("total_days"), net.detail.get("first_plan")
        if isinstance(total, int) and first_plan != net.before:
            in_all = slip(total, at_least=bool(net.detail.get("total_at_least")))
            totals.append(f"{fact_of(net, news.tracked).label} {in_all} since {date_in_words(str(first_plan))}")
    return "; ".join(totals) or None


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
