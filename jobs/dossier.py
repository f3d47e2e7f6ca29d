"""All that the store knows of one trial, told in lines or as data. Reads nothing itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.marking import note_data
from jobs.terminal import columns, facts
from reports.facts import fact_of, membership_fact
from reports.nets import nets_of
from tracker.changes import Change, Kind, RecordedChange
from tracker.estimates import Answer, Estimate
from tracker.phases import phase_claimed_otherwise
from tracker.searches import term_in_words
from tracker.study import NctId, Study, study_url
from tracker.summary import SEPARATOR, TrackedStudy
from tracker.untrusted import plain_line
from tracker.words import (
    NOT_GIVEN,
    date_in_words,
    enrollment_in_words,
    intervention_in_words,
    kind_in_words,
    milestone_in_words,
    phase_in_words,
    results_in_words,
    status_in_words,
    study_type_in_words,
)

if TYPE_CHECKING:
    from reports.parts import Fact
    from tracker.marks import Note
    from tracker.store.searches import Membership
    from tracker.store.studies import Version

_TEXT_SHOWN = 300
_LISTS = ("phases", "conditions", "interventions", "countries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`study` is the version in force. `memberships` are all stays; `excluded` (search, reason) as configured now.

    `changes` and `versions` stand in the order in which they were found.
    """

    tracked: TrackedStudy
    study: Study
    memberships: tuple[Membership, ...]
    excluded: tuple[tuple[str, str], ...]
    changes: tuple[RecordedChange, ...]
    versions: tuple[Version, ...]
    notes: tuple[Note, ...] = ()
    estimates: tuple[Estimate, ...] = ()


def dossier_lines(dossier: Dossier, *, history: bool) -> list[str]:
    """For people, in the order of a report: how the trial stands, why it is tracked, what changed, newest first."""
    study = dossier.study
    title = plain_line(study.brief_title or study.official_title or NOT_GIVEN)
    lines = [f"{study.nct_id}  {title}", study_url(study.nct_id), ""]
    lines += facts([*standing(study), *_tracking(dossier)])
    if dossier.estimates:
        lines += ["", "To check (estimates, not findings)", *_estimates(dossier.estimates)]
    lines += ["", *_changes(dossier)]
    if history:
        lines += ["", "Versions held", *_versions(dossier.versions)]
    return lines


def _estimates(estimates: Iterable[Estimate]) -> list[str]:
    """Each with the steps of its rule; where it can't be assessed, its reasons are all there is to say."""
    lines = []
    for one in estimates:
        unsure = one.answer is Answer.NOT_ASSESSABLE
        lines.append(f"  {'Results may be due: ' if unsure else ''}{one.text}")
        if one.quote:
            lines.append(f'    the record\'s own notice: "{_cut(one.quote)}"')
        lines += [] if unsure else [f"    {step}" for step in one.trace]
    return [plain_line(line) for line in lines]


def standing(study: Study) -> list[tuple[str, str]]:
    """The trial as its record has it: (name, value in words)."""
    rows = [("Status", status_in_words(study.overall_status, study.last_known_status))]
    if study.why_stopped:
        rows.append(("Why stopped", study.why_stopped))
    rows.append(("Results", results_in_words(study)))
    for name, milestone in (
        ("Start", study.start),
        ("Primary completion", study.primary_completion),
        ("Study completion", study.completion),
    ):
        rows.append((name, milestone_in_words(milestone.text, milestone.type) if milestone else NOT_GIVEN))
    enrollment = study.enrollment
    rows += [
        ("Enrollment", enrollment_in_words(enrollment.count, enrollment.type) if enrollment else NOT_GIVEN),
        ("Sponsor", study.lead_sponsor.name if study.lead_sponsor else NOT_GIVEN),
        ("Study type", study_type_in_words(study.study_type)),
        ("Phase", _phase(study)),
        ("Conditions", _listed(study.conditions)),
        ("Interventions", _listed(_interventions(study))),
        ("Countries", _listed(study.countries)),
        ("Last update posted", date_in_words(study.last_update_posted.text if study.last_update_posted else None)),
    ]
    return rows


def claimed_phase(study: Study) -> str | None:
    """The phase that a title claims, in words, where it is not the record's."""
    return phase_claimed_otherwise(study.brief_title, study.official_title, phases=study.phases)


def _phase(study: Study) -> str:
    claimed = claimed_phase(study)
    return f"{phase_in_words(study.phases)}; the title says {claimed}" if claimed else phase_in_words(study.phases)


def _interventions(study: Study) -> list[str]:
    return [intervention_in_words(f"{one.type}: {one.name}" if one.type else one.name) for one in study.interventions]


def _listed(values: Iterable[str]) -> str:
    return "\n".join(values) or NOT_GIVEN


def _tracking(dossier: Dossier) -> list[tuple[str, str]]:
    tracked = dossier.tracked
    rows = [("Tracked", _membership(stay)) for stay in dossier.memberships if stay.until is None]
    if not rows:
        rows = [("Tracked", "no")]
        rows += [("Was tracked", _past_membership(stay)) for stay in dossier.memberships]
    rows += [("Excluded", f"from {search}{f': {reason}' if reason else ''}") for search, reason in dossier.excluded]
    if tracked.merged_into:
        rows.append(("Merged into", tracked.merged_into))
    elif tracked.state == "removed":
        rows.append(("Registry", "the record was removed from the registry"))
    elif tracked.watched_until:
        rows.append(("Watched", f"by its id until {date_in_words(tracked.watched_until.isoformat())}"))
    rows += [("Marked", one.told) for one in dossier.notes]
    held = f"version {tracked.version}"
    rows.append(("Data of", f"{_day(tracked)}, {held}"))
    return rows


def _day(tracked: TrackedStudy) -> str:
    return date_in_words(tracked.data_date.isoformat()) if tracked.data_date else "an unknown day"


def _membership(stay: Membership) -> str:
    since = date_in_words(stay.since.date().isoformat())
    terms = [f"found by {term_in_words(term)}" for term in stay.terms] or ["no term finds it now"]
    return "\n".join([f"in {stay.search} since {since} ({stay.entered_why})", *terms])


def _past_membership(stay: Membership) -> str:
    since, until = (date_in_words(day.date().isoformat()) if day else "" for day in (stay.since, stay.until))
    return f"in {stay.search} from {since} to {until} ({stay.left_why or 'no reason kept'})"


def _changes(dossier: Dossier) -> list[str]:
    if not dossier.changes:
        first = dossier.versions[0].data_date if dossier.versions else None
        since = f" since {date_in_words(first.isoformat())}" if first else ""
        return [f"No change was recorded{since}."]
    lines = ["What changed, newest first"]
    for recorded in _newest_first(dossier.changes):
        lines += [f"  {line}" for line in _change(recorded, dossier.tracked)]
    return lines


def _newest_first(changes: Iterable[RecordedChange]) -> list[RecordedChange]:
    """The newest run first; what one run found stays in its order, which is that of importance."""
    return sorted(changes, key=lambda one: (-one.run, one.number))


def _change(recorded: RecordedChange, tracked: TrackedStudy) -> list[str]:
    day = date_in_words((recorded.data_date or recorded.detected_at.date()).isoformat())
    net = nets_of([recorded], bulk_fields=frozenset())[0]
    member = recorded.change.kind in (Kind.ENTERED, Kind.LEFT)
    fact = membership_fact([net], tracked) if member else fact_of(net, tracked)
    return change_lines(fact, recorded.change, day=day)


def told_change(change: Change, tracked: TrackedStudy) -> list[str]:
    """A change that no run has recorded, in the words of one that was."""
    recorded = RecordedChange(
        number=0, change_id="", change=change, run=0, detected_at=datetime.now(UTC), data_date=None
    )
    return change_lines(fact_of(nets_of([recorded], bulk_fields=frozenset())[0], tracked), change)


def change_lines(fact: Fact, change: Change, *, day: str = "") -> list[str]:
    """One change: the day, its kind, the field, before → after; what was dropped and added on lines of their own."""
    head = f"{day}  {kind_in_words(change.kind)}".lstrip()
    if fact.label != kind_in_words(change.kind):
        head += f": {fact.label}"
    said = " → ".join(_cut(part) for part in (fact.before, fact.after) if part)
    beside = [part for part in (fact.slip, f'"{_cut(fact.quote)}"' if fact.quote else None, *fact.notes) if part]
    lines = [f"{head}  {said}".rstrip() + (f" ({'; '.join(beside)})" if beside else "")]
    lines += [f"    − {_cut(entry)}" for entry in fact.dropped]
    lines += [f"    + {_cut(entry)}" for entry in fact.added]
    return [plain_line(line) for line in lines]


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]} … (--json has all of it)"


def _versions(versions: Sequence[Version]) -> list[str]:
    rows = [
        (
            f"  {one.number}",
            date_in_words(one.data_date.isoformat() if one.data_date else None),
            date_in_words(one.last_update_submit_date),
            date_in_words(one.last_update_post_date),
            f"{one.size / 1000:.1f} kB",
        )
        for one in reversed(versions)
    ]
    return columns(("  version", "data of", "submitted", "posted", "size"), rows)


def dossier_data(dossier: Dossier, *, history: bool) -> dict[str, Any]:
    """For programs: values as the registry writes them, lists as arrays, instants ISO 8601 in UTC."""
    tracked, summary = dossier.tracked, dataclasses.asdict(dossier.tracked.summary)
    for name in _LISTS:
        summary[name] = summary[name].split(SEPARATOR) if summary[name] else []
    return {
        **summary,
        "url": study_url(tracked.summary.nct_id),
        "status_in_words": status_in_words(tracked.summary.overall_status, tracked.summary.last_known_status),
        "results_in_words": results_in_words(dossier.study),
        "phase_claimed_in_title": claimed_phase(dossier.study),
        "state": tracked.state,
        "version": tracked.version,
        "data_date": tracked.data_date,
        "merged_into": tracked.merged_into,
        "watched_until": tracked.watched_until,
        "memberships": [_membership_data(stay) for stay in dossier.memberships],
        "excluded": [{"search": search, "reason": reason} for search, reason in dossier.excluded],
        "marks": [note_data(one) for one in dossier.notes],
        "estimates": [_estimate_data(one) for one in dossier.estimates],
        "changes": [_change_data(recorded, tracked) for recorded in _newest_first(dossier.changes)],
        **({"versions": [_version_data(one) for one in dossier.versions]} if history else {}),
    }


def _estimate_data(estimate: Estimate) -> dict[str, Any]:
    return {
        "check": estimate.check,
        "answer": estimate.answer,
        "text": estimate.text,
        "trace": [dataclasses.asdict(step) for step in estimate.trace],
        "since": estimate.since,
        "quote": estimate.quote,
    }


def _membership_data(stay: Membership) -> dict[str, Any]:
    data = {field.name: getattr(stay, field.name) for field in dataclasses.fields(stay)}
    return {**data, "terms": [dict(term.params) for term in stay.terms]}


def _change_data(recorded: RecordedChange, tracked: TrackedStudy) -> dict[str, Any]:
    change = recorded.change
    return {
        "change_id": recorded.change_id,
        **change_data(change),
        "search": recorded.search,
        "run": recorded.run,
        "detected_at": recorded.detected_at,
        "data_date": recorded.data_date,
        "brief_title": tracked.summary.brief_title,
        "overall_status": tracked.summary.overall_status,
        "lead_sponsor": tracked.summary.lead_sponsor,
        "url": study_url(NctId(change.nct_id)),
    }


def change_data(change: Change) -> dict[str, Any]:
    """What a change is by itself, without the run that found it."""
    return {
        "nct_id": change.nct_id,
        "kind": change.kind,
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "days": change.days,
        "days_at_least": change.days_at_least,
        "why": change.why,
        "weight": change.weight,
        "detail": dict(change.detail),
    }


def _version_data(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "run": version.run,
        "seen_at": version.seen_at,
        "data_date": version.data_date,
        "last_update_submit_date": version.last_update_submit_date,
        "last_update_post_date": version.last_update_post_date,
        "size": version.size,
    }
