"""What a mute hides: routine changes, or the kinds that it names, up to its last day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracker.changes import Change, Kind, Weight
from tracker.marks import Mark, Note, hidden_by
from tracker.study import nct_id

ONE, TWO = nct_id("NCT00000001"), nct_id("NCT00000002")
DAY = date(2026, 3, 2)


def mute(**values: object) -> Note:
    made = datetime(2026, 3, 1, tzinfo=UTC)
    given = {"id": 1, "nct_id": ONE, "mark": Mark.MUTE, "text": "noise", "author": "Ana", "made_at": made}
    return Note(**(given | values))  # type: ignore[arg-type]


def change(kind: Kind = Kind.OTHER, weight: Weight = Weight.ROUTINE) -> Change:
    return Change(nct_id=ONE, kind=kind, field="a_field", weight=weight)


@pytest.mark.parametrize(
    ("note", "told", "hidden"),
    [
        # note                                          change                                      hidden
        (mute(), change(), True),
        (mute(), change(Kind.DATE_MOVED, Weight.MINOR), False),
        (mute(), change(Kind.RESULTS_POSTED, Weight.MAJOR), False),
        (mute(), change(Kind.STOPPED, Weight.MAJOR), False),
        (mute(), change(Kind.LEFT, Weight.MAJOR), False),
        (mute(kind=Kind.STOPPED), change(Kind.STOPPED, Weight.MAJOR), True),
        (mute(kind=Kind.STOPPED), change(), False),
        (mute(until=DAY), change(), True),
        (mute(until=date(2026, 3, 1)), change(), False),
        (mute(withdrawn_at=datetime(2026, 3, 1, tzinfo=UTC)), change(), False),
        (mute(nct_id=TWO), change(), False),
        (mute(mark=Mark.NOTE), change(), False),
        (mute(mark=Mark.ACK), change(), False),
    ],
)
def test_what_a_mute_hides(note: Note, told: Change, hidden: bool) -> None:
    assert note.hides(told, day=DAY) is hidden
    assert hidden_by([note], told, day=DAY) is hidden


def test_marks_in_words() -> None:
    assert mute(until=DAY).told == "Muted, routine changes until 2 Mar 2026, by Ana, 1 Mar 2026: noise"
    assert mute(kind=Kind.SITES).told == "Muted, “Sites”, by Ana, 1 Mar 2026: noise"
    assert mute(mark=Mark.NOTE, text="asked the sponsor").told == "Note by Ana, 1 Mar 2026: asked the sponsor"
    assert mute(mark=Mark.ACK, text="").told == "Acknowledged by Ana, 1 Mar 2026"
