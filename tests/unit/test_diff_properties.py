"""What holds for every pair of records: nothing missed, nothing invented, each field told once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.edits import a_rich_record, bounded, edited_records, noisy
from tests.unit.records import NCT_ID, Json, encoded, study_of
from tests.unit.second_diff import really_differs, second_diff
from tracker.changes import Change, Kind
from tracker.content import content, normal_text
from tracker.diff import STOPPED, diff, same_content
from tracker.fields import FIELDS, Rule, WatchedField, site_name
from tracker.parse import parse
from tracker.study import Status, Study

SEEDS = st.integers(min_value=0, max_value=10**6)


@bounded
@given(edited_records())
def test_a_study_against_itself_changes_nothing(record: Json) -> None:
    study = study_of(record)
    assert diff(study, study) == ()
    assert diff(study, study_of(record)) == ()
    assert same_content(study, study_of(record))


@bounded
@given(edited_records(), SEEDS)
def test_noise_changes_nothing(record: Json, seed: int) -> None:
    study, noised = study_of(record), study_of(noisy(record, seed))
    assert content(study.record) == content(noised.record)
    assert same_content(study, noised)
    assert diff(study, noised) == ()
    assert diff(noised, study) == ()


@bounded
@given(edited_records(), edited_records(), SEEDS)
def test_noise_beside_a_change_adds_nothing_to_it(before: Json, after: Json, seed: int) -> None:
    old = study_of(before)
    plain, noised = diff(old, study_of(after)), diff(old, study_of(noisy(after, seed)))
    assert [(one.kind, one.field, one.weight, one.days) for one in plain] == [
        (one.kind, one.field, one.weight, one.days) for one in noised
    ]


@bounded
@given(edited_records())
def test_reading_and_writing_a_record_is_stable(record: Json) -> None:
    study = study_of(record)
    again = parse(encoded(study.record))
    assert again == study
    assert content(again.record) == content(study.record)
    assert content(content(study.record)) == content(study.record)


@bounded
@given(edited_records(), edited_records())
def test_each_field_is_told_once_and_no_real_difference_is_missed(before: Json, after: Json) -> None:
    changes = diff(study_of(before), study_of(after))
    fields = [change.field for change in changes]
    assert len(fields) == len(set(fields))
    assert bool(changes) == really_differs(before, after)


@bounded
@given(edited_records(), edited_records())
def test_a_slow_plain_second_diff_agrees(before: Json, after: Json) -> None:
    changes = diff(study_of(before), study_of(after))
    assert {(change.kind.value, change.field) for change in changes} == second_diff(before, after)


@bounded
@given(edited_records(), edited_records())
def test_there_and_back_again_names_the_same_fields(before: Json, after: Json) -> None:
    old, new = study_of(before), study_of(after)
    there, back = diff(old, new), diff(new, old)
    # A review that is hidden by the posting of the results shows again when they are withdrawn.
    hidden = {"results_review", "results_submission_estimated", "other"}
    assert {change.field for change in there} - hidden == {change.field for change in back} - hidden


# Applying the changes to the old gives the new, in every watched field


@bounded
@given(edited_records(), edited_records())
def test_the_changes_make_the_new_study_out_of_the_old(before: Json, after: Json) -> None:
    old, new = study_of(before), study_of(after)
    by_field = {change.field: change for change in diff(old, new)}
    for field in FIELDS:
        if _tells(field, old, new):
            applied = _applied(_state(field, old), by_field.get(field.name), field)
            assert applied == _state(field, new), field.name


def test_the_changes_of_a_record_that_is_emptied_and_filled_again() -> None:
    empty = study_of({"protocolSection": {"identificationModule": {"nctId": NCT_ID}}})
    full = study_of(a_rich_record())
    for old, new in ((empty, full), (full, empty)):
        by_field = {change.field: change for change in diff(old, new)}
        for field in FIELDS:
            if _tells(field, old, new):
                applied = _applied(_state(field, old), by_field.get(field.name), field)
                assert applied == _state(field, new), field.name


def _tells(field: WatchedField, old: Study, new: Study) -> bool:
    """Whether the field is told by changes of its own: some are carried by another, or hidden with it."""
    if field.rule is Rule.WITH_STATUS:
        return old.overall_status == new.overall_status
    if field.rule is Rule.REVIEW:
        return old.results_are_public or not new.results_are_public
    return True


def _state(field: WatchedField, study: Study) -> Any:
    value = field.value(study)
    match field.rule:
        case Rule.DATE:
            return (value.text, value.type) if value else (None, None)
        case Rule.ENROLLMENT:
            return (value.count, value.type) if value else (None, None)
        case Rule.POSTING:
            return value.text if value and study.results_are_public else None
        case Rule.STATUS:
            return _status_state(study)
        case Rule.SITE_STATUS:
            return _site_states(study)
        case _ if isinstance(value, tuple):
            return Counter(filter(None, map(normal_text, value)))
        case _ if isinstance(value, str):
            return _text_state(field, value)
    return value


def _text_state(field: WatchedField, text: str) -> str | None:
    """An allocation that does not apply is the same as none."""
    return normal_text(text) if (field.name, text) != ("allocation", "NA") else None


def _status_state(study: Study) -> tuple[Any, Any, Any]:
    """With what a change of status carries: the reason of a stop, the last status known to the registry."""
    status = study.overall_status
    return (
        status,
        study.why_stopped if status in STOPPED else None,
        study.last_known_status if status is Status.UNKNOWN else None,
    )


def _site_states(study: Study) -> dict[str, Counter[str]]:
    states: dict[str, Counter[str]] = {}
    for site in study.sites:
        states.setdefault(normal_text(site_name(site)), Counter())[site.status or "no status"] += 1
    return states


class _Sites(dict[str, Counter[str]]):
    """Equal where every site of both sides has the told statuses; others were added or dropped."""

    def __init__(self, states: dict[str, Counter[str]], told: dict[str, str]) -> None:
        super().__init__(states)
        self.told = told

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, dict)
        for name in self.keys() & other.keys():
            if name in self.told:
                if Counter(self.told[name].split(", ")) != other[name]:
                    return False
            elif self[name] - other[name] and other[name] - self[name]:
                return False
        return set(self.told) <= self.keys() & other.keys()

    __hash__ = None  # type: ignore[assignment]


def _applied(state: Any, change: Change | None, field: WatchedField) -> Any:
    if field.rule is Rule.SITE_STATUS:
        lines = [] if change is None or not isinstance(change.after, tuple) else change.after
        return _Sites(state, dict(_name_and_status(line) for line in lines))
    if change is None:
        return state
    if field.rule in (Rule.DATE, Rule.ENROLLMENT):
        return change.after, change.detail["after_type"]
    if field.rule is Rule.STATUS:
        why = change.why if change.kind is Kind.STOPPED else None
        known = change.detail["last_known_status"] if change.after == "UNKNOWN" else None
        return change.after, why, known
    if isinstance(state, Counter):
        assert isinstance(change.before, tuple)
        assert isinstance(change.after, tuple)
        dropped, added = (Counter(map(normal_text, entries)) for entries in (change.before, change.after))
        assert dropped <= state
        return state - dropped + added
    return _text_state(field, change.after) if isinstance(change.after, str) else change.after


def _name_and_status(line: str) -> tuple[str, str]:
    name, _, status = line.rpartition(": ")
    return name, status
