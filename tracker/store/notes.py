"""Reads and writes a coordinator's marks. Nothing is deleted: what is taken back stays, with who did so and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from tracker.changes import Kind
from tracker.marks import Mark, Note
from tracker.store.schema import note
from tracker.study import NctId


def record_note(
    connection: Connection,
    nct_id: NctId,
    mark: Mark,
    *,
    text: str,
    author: str,
    made_at: datetime,
    kinds: Sequence[Kind] = (),
    until: date | None = None,
) -> None:
    """Puts a mark on a study; a mute of several kinds is one mark for each. `made_at` is aware."""
    connection.execute(
        insert(note),
        [
            {
                "nct_id": nct_id,
                "mark": mark.value,
                "text": text,
                "kind": kind.value if kind else None,
                "author": author,
                "made_at": made_at,
                "until": until,
            }
            for kind in (kinds or (None,))
        ],
    )


def withdraw_notes(
    connection: Connection, nct_id: NctId, mark: Mark, *, at: datetime, by: str, kinds: Collection[Kind] = ()
) -> int:
    """Takes a study's marks of this sort back (with `kinds`: the mutes of those); returns how many there were."""
    conditions = [note.c.nct_id == nct_id, note.c.mark == mark.value, note.c.withdrawn_at.is_(None)]
    if kinds:
        conditions.append(note.c.kind.in_([kind.value for kind in kinds]))
    done = connection.execute(update(note).where(*conditions).values(withdrawn_at=at, withdrawn_by=by))
    return int(done.rowcount)


def notes(
    connection: Connection, *, nct_id: NctId | None = None, mark: Mark | None = None, withdrawn: bool = False
) -> list[Note]:
    """Marks in the order in which they were made, narrowed by whatever is given; `withdrawn` adds those taken back."""
    query = select(note).order_by(note.c.id)
    if nct_id is not None:
        query = query.where(note.c.nct_id == nct_id)
    if mark is not None:
        query = query.where(note.c.mark == mark.value)
    if not withdrawn:
        query = query.where(note.c.withdrawn_at.is_(None))
    return [_note(row) for row in connection.execute(query).mappings()]


def _note(row: RowMapping) -> Note:
    return Note(
        id=row["id"],
        nct_id=NctId(row["nct_id"]),
        mark=Mark(row["mark"]),
        text=row["text"],
        author=row["author"],
        made_at=row["made_at"],
        kind=Kind(row["kind"]) if row["kind"] else None,
        until=row["until"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_by=row["withdrawn_by"],
    )
