"""Which version of the schema a store has, and whether this program can work with it."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from tracker.errors import StoreError, StoreMissing, StoreTooNew, StoreUnusable
from tracker.store.revisions import HEAD, REVISIONS


def stored_version(connection: Connection) -> str | None:
    """The revision that the store is at; None where nobody has made a store there."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


_UNFINISHED = "unfinished "
"""Stands before the version of a store that is being filled from another: nobody else may take it for whole."""


def mark_unfinished(connection: Connection) -> None:
    """From now on nothing but the copying itself opens the store."""
    connection.execute(text("UPDATE alembic_version SET version_num = :mark"), {"mark": f"{_UNFINISHED}{HEAD}"})


def mark_finished(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": HEAD})


def is_unfinished(connection: Connection) -> bool:
    """Whether the store is one that a copy by this version of the program was to fill, and did not."""
    return stored_version(connection) == f"{_UNFINISHED}{HEAD}"


def check_known(version: str, *, subject: str) -> None:
    """Raises StoreTooNew where this program does not know `version`, StoreUnusable where a copy never ended."""
    if version.startswith(_UNFINISHED):
        raise StoreUnusable(
            f"A copy into this store was not finished: {subject}",
            subject=subject,
            advice="Run the command that made it again: it goes on where it stopped.",
        )
    if version not in REVISIONS:
        raise StoreTooNew(
            f"The store is of a newer version ({version}) than this program ({HEAD}): {subject}",
            subject=subject,
            advice="Upgrade spine-trial-tracker; nothing was changed.",
        )


def check_current(version: str | None, *, subject: str, is_file: bool) -> None:
    """Raises where the store is not at this program's version: StoreMissing, StoreTooNew, StoreUnusable (older)."""
    if version is None:
        raise nothing_there(subject=subject, is_file=is_file)
    check_known(version, subject=subject)
    if version != HEAD:
        raise StoreUnusable(
            f"The store is of an older version ({version}) than this program ({HEAD}): {subject}",
            subject=subject,
            advice="Run `tracker db upgrade`: it makes a backup first.",
        )


def nothing_there(*, subject: str, is_file: bool) -> StoreError:
    """The error about a database that opens, but holds no store."""
    if is_file:
        return StoreUnusable(
            f"The file is a database of another program: {subject}",
            subject=subject,
            advice="Name another file in [store] url.",
        )
    return StoreMissing(f"There is no store yet: {subject}", subject=subject, advice="Run `tracker run` first.")
