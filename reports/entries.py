"""A trial in words: how it stands, its full entry, and what a section says of it in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from reports.facts import PLANNED_ENDS, fact_of, membership_fact, total_in_words
from reports.nets import STATUS_FIELD, Net
from reports.parts import NO_ANNOTATION, Annotation, Delay, Fact, SectionKey, Tone, TrialLine
from reports.trials import TrialNews
from reports.words import clipped, listed
from tracker.changes import Kind, Weight
from tracker.diff import ENDED, STOPPED, TAKING_PATIENTS
from tracker.phases import phase_claimed_otherwise
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

_FIELD_ORDER = (STATUS_FIELD, *PLANNED_ENDS, "results_first_post_date", "enrollment")


def line_of(nct_id: NctId, tracked: TrackedStudy | None, annotation: Annotation = NO_ANNOTATION) -> TrialLine:
    if tracked is None:
        return TrialLine(
            nct_id=nct_id,
            title="(not in the store)",
            sponsor=None,
            phase=None,
            status="not known",
            status_tone=Tone.PLAIN,
            labels=annotation.labels,
            remarks=annotation.remarks,
        )
    summary = tracked.summary
    status = status_in_words(summary.overall_status, summary.last_known_status)
    gone = tracked.state in ("removed", "merged")
    return TrialLine(
        nct_id=nct_id,
        title=clipped(summary.brief_title or summary.official_title or "(no title given)", 400),
        sponsor=clipped(summary.lead_sponsor, 200) if summary.lead_sponsor else None,
        phase=_phase(summary),
        status=f"Last held: {status}" if gone else status,
        status_tone=Tone.PLAIN if gone else _tone(summary.overall_status),
        labels=annotation.labels,
        remarks=(*_remarks(tracked), *annotation.remarks),
    )


def _phase(summary: StudySummary) -> str | None:
    """The record's phase, and beside it the one that a title claims, where they differ."""
    phases = (summary.phases or "").split(SEPARATOR) if summary.phases else []
    claimed = phase_claimed_otherwise(summary.brief_title, summary.official_title, phases=phases)
    words = phase_in_words(phases) if phases else None
    if words and "phase" not in words.lower():
        words = f"Phase {words}"
    return f"{words or 'No phase'}; the title says {claimed}" if claimed else words


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
    """Of each end that was put off, the days since the first plan known, where those are not the days just told."""
    totals = [
        f"{fact_of(net, news.tracked).label} {total_in_words(net)}"
        for net in news.nets_in(SectionKey.DELAYED)
        if net.detail.get("first_plan") != net.before and total_in_words(net)
    ]
    return "; ".join(totals) or None
