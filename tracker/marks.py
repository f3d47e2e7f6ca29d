"""A coordinator's marks on a trial: mutes, remarks and acknowledgements, each with who made it and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.changes import Change, Kind, Weight
from tracker.study import NctId
from tracker.words import date_in_words, kind_in_words


class Mark(StrEnum):
    MUTE = "mute"
    NOTE = "note"
    ACK = "ack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One mark. `text` is the remark, or why it was muted. `kind` and `until` (its last day) are a mute's only.

    Instants are aware UTC; a mark that was taken back keeps who did so and when.
    """

    id: int
    nct_id: NctId
    mark: Mark
    text: str
    author: str
    made_at: datetime
    kind: Kind | None = None
    until: date | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    def in_force(self, today: date) -> bool:
        return self.withdrawn_at is None and (self.until is None or today <= self.until)

    def hides(self, change: Change, *, day: date) -> bool:
        """Whether this mute hides a change that was found on `day`.

        Without a kind it hides routine changes; a kind that it names it hides whatever the weight.
        """
        if self.mark is not Mark.MUTE or self.nct_id != change.nct_id or not self.in_force(day):
            return False
        return change.weight is Weight.ROUTINE if self.kind is None else change.kind is self.kind

    @property
    def told(self) -> str:
        """The mark in one sentence, as reports and lists show it."""
        who = f"by {self.author}, {date_in_words(self.made_at.date().isoformat())}"
        if self.mark is Mark.NOTE:
            return f"Note {who}: {self.text}"
        if self.mark is Mark.ACK:
            return f"Acknowledged {who}{f': {self.text}' if self.text else ''}"
        what = f"“{kind_in_words(self.kind)}”" if self.kind else "routine changes"
        end = f" until {date_in_words(self.until.isoformat())}" if self.until else ""
        return f"Muted, {what}{end}, {who}: {self.text}"


def hidden_by(notes: Iterable[Note], change: Change, *, day: date) -> bool:
    """Whether any mute among `notes` hides the change."""
    return any(note.hides(change, day=day) for note in notes)
