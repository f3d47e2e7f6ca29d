"""Holds the stored changes and flat columns against what today's rules make of the stored versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from tracker.changes import RULES_VERSION, content_change_id
from tracker.errors import StoreDamaged
from tracker.record import Unreadable
from tracker.rederive import Derived, HeldVersion
from tracker.store.batches import change_columns, study_columns
from tracker.store.schema import change, member, run, study, study_version
from tracker.store.studies import version_body
from tracker.study import NctId

Rederive = Callable[[Sequence[HeldVersion]], Derived]
"""`tracker.rederive.rederive`: parsing and comparing is no business of the store."""

_TOLD = ("change_id", "kind", "field", "weight", "before", "after", "days", "days_at_least", "why", "detail")


def compare(connection: Connection, rederive: Rederive) -> Iterator[str]:
    """A line for whatever differs, of what was written by today's rules version."""
    rules = {row.id: row.rules_version for row in connection.execute(select(run.c.id, run.c.rules_version))}
    for nct_id in connection.execute(select(study.c.nct_id).order_by(study.c.nct_id)).scalars().all():
        yield from _compare_study(connection, nct_id, rules, rederive)


def _compare_study(connection: Connection, nct_id: str, rules: Mapping[int, int], rederive: Rederive) -> Iterator[str]:
    columns = study_version.c
    query = select(columns.version, columns.run, columns.data_date).where(columns.nct_id == nct_id)
    rows = connection.execute(query.order_by(columns.version)).all()
    try:
        bodies = [version_body(connection, NctId(nct_id), row.version) or b"" for row in rows]
    except StoreDamaged:
        return  # told already, version by version
    if not rows or any(row.version != number for number, row in enumerate(rows, 1)):
        yield f"{nct_id}: its versions are {', '.join(str(row.version) for row in rows) or 'none'}: some are missing"
        return
    versions = [HeldVersion(row.version, body, row.data_date) for row, body in zip(rows, bodies, strict=True)]
    try:
        derived = rederive(versions)
    except Unreadable as unreadable:
        yield f"{nct_id}: a stored version can't be read: {unreadable.problem.path}: {unreadable.problem.reason}"
        return
    if derived.ids != {nct_id}:
        yield f"{nct_id}: its versions hold records of {', '.join(sorted(derived.ids))}"
        return
    stored = _stored_changes(connection, nct_id)
    stays = connection.execute(select(member.c.since_run, member.c.until_run).where(member.c.nct_id == nct_id)).all()
    for row in rows[1:]:
        told = stored.pop(row.version, [])
        if any(one["rules_version"] != RULES_VERSION for one in told) or rules[row.run] != RULES_VERSION:
            continue
        if told or any(since < row.run <= (until or row.run) for since, until in stays):
            yield from _differences(nct_id, row.version, told, derived)
    for newer in stored:
        yield f"{nct_id}: a change refers to version {newer}, which is missing"
    if rules[rows[-1].run] == RULES_VERSION:
        yield from _flat_columns(connection, nct_id, rows[-1].version, derived)


def _stored_changes(connection: Connection, nct_id: str) -> dict[int, list[RowMapping]]:
    query = select(change).where(change.c.nct_id == nct_id, change.c.after_version.is_not(None))
    stored: dict[int, list[RowMapping]] = {}
    for row in connection.execute(query.order_by(change.c.number)).mappings():
        stored.setdefault(row["after_version"], []).append(row)
    return stored


def _differences(nct_id: str, newer: int, told: Sequence[RowMapping], derived: Derived) -> Iterator[str]:
    stored = {(row["kind"], row["field"]): row for row in told}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in derived.changes[newer]:
        change_id = content_change_id(one, before_version=newer - 1, after_version=newer)
        found[one.kind.value, one.field] = {**change_columns(one), "change_id": change_id}
    between = f"{nct_id}: versions {newer - 1} and {newer}"
    for kind, field in sorted(stored.keys() - found.keys()):
        yield f"{between} do not give the stored change {kind} of {field}"
    for kind, field in sorted(found.keys() - stored.keys()):
        yield f"{between} give a change that is not stored: {kind} of {field}"
    for key in sorted(stored.keys() & found.keys()):
        if wrong := [column for column in _TOLD if stored[key][column] != found[key][column]]:
            yield f"{between} give another {', '.join(wrong)} than is stored with the change {key[0]} of {key[1]}"


def _flat_columns(connection: Connection, nct_id: str, newest: int, derived: Derived) -> Iterator[str]:
    row = connection.execute(select(study).where(study.c.nct_id == nct_id)).mappings().one()
    if row["version"] != newest:
        yield f"{nct_id}: its newest version is {newest}, and the store takes {row['version']} for it"
        return
    expected = study_columns(derived.summary, derived.first_plans)
    if wrong := [column for column, value in expected.items() if row[column] != value]:
        yield f"{nct_id}: version {newest} gives another {', '.join(wrong)} than its row in the table study"
