"""Reads a study from the JSON bytes of one registry record.

A record of a wrong shape raises `Unreadable`, which carries the Problem to show; a readable record with an odd
fact in it (a date like 2023-02-30) is read, and `odd_facts` names what is odd. What is absent, null, empty or blank
reads the same, and blanks around a text are no part of it. Comparing is left to `tracker.diff`.
"""

from __future__ import annotations

from functools import cache, partial

import msgspec

from tracker.errors import InvalidNctId
from tracker.mapping import study_in
from tracker.record import Unreadable, may_hold_nul, read_record
from tracker.shape import Record, WrongShape, check_shape
from tracker.structure import Structure
from tracker.study import NctId, Problem, Status, Study, nct_id

_STATUS = "protocolSection.statusModule"
_TRACKING = "derivedSection.miscInfoModule.submissionTracking"


@cache
def _decoder() -> msgspec.json.Decoder[Structure]:
    """Made when it is needed: on most days nothing has changed, and no record is read."""
    return msgspec.json.Decoder(Structure)


def parse(raw: bytes | memoryview) -> Study:
    """The study in one record's JSON bytes. Raises Unreadable.

    Most records are decoded straight into what is read of them. One that the decoder refuses is looked at closely:
    it holds odd text, which is put right, or has another shape, which is told.
    """
    body = bytes(raw)
    if not may_hold_nul(body):
        try:
            return study_in(_decoder().decode(body), partial(read_record, body))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    return study_from(read_record(body))


def study_from(record: Record) -> Study:
    """The study that a decoded record describes. Raises Unreadable, naming the study where it can."""
    try:
        decoded = msgspec.convert(record, Structure)
    except msgspec.ValidationError as refused:
        raise Unreadable(_wrong_shape(record, refused)) from None
    return study_in(decoded, lambda: record)


def odd_facts(study: Study) -> tuple[Problem, ...]:
    """What a readable record says that can't be so: dates that name no day. Their text is kept as it stands."""
    days = (
        (f"{_STATUS}.startDateStruct.date", study.start and study.start.date),
        (f"{_STATUS}.primaryCompletionDateStruct.date", study.primary_completion and study.primary_completion.date),
        (f"{_STATUS}.completionDateStruct.date", study.completion and study.completion.date),
        (f"{_STATUS}.studyFirstPostDateStruct.date", study.first_posted),
        (f"{_STATUS}.resultsFirstSubmitDate", study.results_first_submitted),
        (f"{_STATUS}.resultsFirstPostDateStruct.date", study.results_first_posted),
        (f"{_STATUS}.dispFirstSubmitDate", study.results_delay_certified),
        (f"{_TRACKING}.estimatedResultsFirstSubmitDate", study.results_submission_estimated),
    )
    return tuple(
        [
            Problem(study.nct_id, path, f"{day.text!r} is no date; its text is kept")
            for path, day in days
            if day and day.first is None
        ]
    )


def refuse_excerpt(study: Study) -> None:
    """Raises Unreadable for a record that was saved with some of its fields only: the rest would look deleted.

    Every record that the registry shows has a type, a sponsor and a day of its last update, but for withheld ones.
    """
    always = {
        f"{_STATUS}.lastUpdatePostDateStruct": study.last_update_posted,
        "protocolSection.sponsorCollaboratorsModule.leadSponsor": study.lead_sponsor,
        "protocolSection.designModule.studyType": study.study_type,
    }
    lacking = [path for path, held in always.items() if held is None]
    if lacking and study.overall_status != Status.WITHHELD:
        reason = "absent: the file holds only some of the record's fields; save it with all of them"
        raise Unreadable(Problem(study.nct_id, lacking[0], reason))


def _wrong_shape(record: Record, refused: msgspec.ValidationError) -> Problem:
    try:
        identified: NctId | None = nct_id(record["protocolSection"]["identificationModule"]["nctId"])
    except (InvalidNctId, KeyError, TypeError):
        identified = None
    try:
        check_shape(record, Structure)
    except WrongShape as wrong:
        return Problem(identified, wrong.path, wrong.reason)
    return Problem(identified, "$", str(refused))
