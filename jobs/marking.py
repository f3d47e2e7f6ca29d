"""A coordinator's marks from the command line: made, taken back, listed. All three commands are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Any

from tracker.errors import TrackerError, UsageError
from tracker.marks import Mark, Note
from tracker.untrusted import plain_text

if TYPE_CHECKING:
    from tracker.changes import Kind
    from tracker.store.engine import Store
    from tracker.study import NctId

LONGEST = 2000
"""Letters of a remark: it stands beside a trial's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """Who marks which trials how, and when (aware)."""

    mark: Mark
    nct_ids: tuple[NctId, ...]
    by: str
    at: datetime
    kinds: tuple[Kind, ...] = ()


def author(named: str | None) -> str:
    """Who makes a mark: `named`, or the user of this system. Raises UsageError where nobody can be told."""
    if named is None:
        try:
            named = getuser()
        except (KeyError, OSError, ImportError):
            raise UsageError("this system does not say who you are", subject="--by", advice="Add --by NAME.") from None
    return worded(named, what="--by")


def worded(text: str, *, what: str) -> str:
    """A person's text as it is kept: trimmed, without what could steer a terminal. Raises UsageError for none."""
    kept = plain_text(text).strip()
    if not kept:
        raise UsageError(f"{what} is empty", subject=what, advice="Write what the next reader should know.")
    if len(kept) > LONGEST:
        raise UsageError(f"{what} has {len(kept)} letters; {LONGEST} are the most", subject=what)
    return kept


def make(store: Store, marking: Marking, *, text: str, until: date | None = None) -> None:
    """Puts the mark on every trial, or on none. Raises TrackerError for a trial that the store does not hold."""
    from tracker.store.notes import record_note
    from tracker.store.studies import tracked_studies

    with store.begin() as connection:
        held = {one.summary.nct_id for one in tracked_studies(connection, ids=marking.nct_ids)}
        if unknown := [one for one in marking.nct_ids if one not in held]:
            raise TrackerError(
                f"{', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the store: nothing was marked",
                subject=unknown[0],
                advice="`tracker show` says what to do about an id that is not held.",
            )
        for nct_id in marking.nct_ids:
            record_note(
                connection,
                nct_id,
                marking.mark,
                text=text,
                author=marking.by,
                made_at=marking.at,
                kinds=marking.kinds,
                until=until,
            )


def withdraw(store: Store, marking: Marking) -> list[tuple[NctId, int]]:
    """Takes the trials' marks of this sort back; returns how many each had."""
    from tracker.store.notes import withdraw_notes

    with store.begin() as connection:
        return [
            (
                nct_id,
                withdraw_notes(connection, nct_id, marking.mark, at=marking.at, by=marking.by, kinds=marking.kinds),
            )
            for nct_id in marking.nct_ids
        ]


def note_lines(notes: Sequence[Note], *, today: date) -> list[str]:
    """One line for each mark, with what became of it."""
    return [f"{one.nct_id}  {one.told}{_ended(one, today)}" for one in notes]


def _ended(note: Note, today: date) -> str:
    if note.withdrawn_at is not None:
        return f" (withdrawn by {note.withdrawn_by or 'nobody known'}, {note.withdrawn_at:%Y-%m-%d})"
    return "" if note.in_force(today) else " (over)"


def note_data(note: Note) -> dict[str, Any]:
    """For programs; instants ISO 8601 in UTC."""
    return {
        "nct_id": note.nct_id,
        "mark": note.mark.value,
        "text": note.text,
        "kind": note.kind.value if note.kind else None,
        "until": note.until,
        "by": note.author,
        "made_at": note.made_at,
        "withdrawn_at": note.withdrawn_at,
        "withdrawn_by": note.withdrawn_by,
    }
