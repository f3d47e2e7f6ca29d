"""The registry's field tree and search areas: resolves names, projects records, reads values.

The facts are in `fields.txt` and `areas.txt`. What to do with a name that isn't known is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from tests.registry.standin import errors

Json: TypeAlias = dict[str, Any]
Selection: TypeAlias = dict[str, Any]
"""A tree of the wanted keys; an empty dict below a key means everything below it."""

_HERE = Path(__file__).parent
_NUMERIC_TYPES = frozenset({"integer", "number", "long"})


@dataclass(frozen=True, slots=True)
class Field:
    """One node of the registry's study structure."""

    path: tuple[str, ...]
    piece: str
    type: str
    source: str

    @property
    def dotted(self) -> str:
        return ".".join(self.path)

    @property
    def is_date(self) -> bool:
        return self.source == "DATE"

    @property
    def is_numeric(self) -> bool:
        return self.source == "NUMERIC" or self.type in _NUMERIC_TYPES


@dataclass(frozen=True, slots=True)
class Area:
    """A search area: the pieces that a query parameter looks into, and its name in error texts."""

    name: str
    param: str
    label: str
    pieces: tuple[str, ...]


def _facts(name: str) -> Iterator[str]:
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


@cache
def fields() -> tuple[Field, ...]:
    """All fields, parents before children, in the registry's order."""
    found: list[Field] = []
    path: list[str] = []
    for line in _facts("fields.txt"):
        depth = len(line) - len(line.lstrip(" "))
        name, piece, type_, source = line.split(maxsplit=3)
        path[depth:] = [name]
        found.append(Field(tuple(path), piece, type_, source))
    return tuple(found)


@cache
def by_name() -> dict[str, Field]:
    """Fields by piece name and by dotted path; both are case-sensitive."""
    named = {field.dotted: field for field in fields()}
    named.update({field.piece: field for field in fields()})
    return named


@cache
def areas() -> dict[str, Area]:
    """Search areas by name."""
    found = {}
    for line in _facts("areas.txt"):
        name, param, label, pieces = (part.strip() for part in line.split("|"))
        found[name] = Area(name, param, label, tuple(pieces.split()))
    return found


@cache
def area_of_param() -> dict[str, Area]:
    """Search areas by request parameter, such as `query.cond`."""
    return {area.param: area for area in areas().values() if area.param != "-"}


def resolve(name: str) -> tuple[Field, ...]:
    """The fields that an item of `fields` asks for. Raises ApiError 400 (or 500, as the registry does)."""
    if name in by_name():
        return (by_name()[name],)
    if name in areas():
        return tuple(by_name()[piece] for piece in areas()[name].pieces)
    raise errors.broken_field(name) if name.endswith("List") else errors.invalid_field(name)


def selection(names: Iterable[str]) -> Selection:
    """The tree of keys for a list of names; a branch takes all below it."""
    tree: Selection = {}
    for field in sorted((f for name in names for f in resolve(name)), key=lambda f: len(f.path)):
        _graft(tree, field.path)
    return tree


def _graft(tree: Selection, path: tuple[str, ...]) -> None:
    for key in path[:-1]:
        if key in tree and not tree[key]:
            return
        tree = tree.setdefault(key, {})
    tree.setdefault(path[-1], {})


def project(value: Any, wanted: Selection) -> Any:
    """What `wanted` selects of a record, in the record's own order; empty branches are left out."""
    if not wanted:
        return value
    if isinstance(value, list):
        return [part for part in (project(item, wanted) for item in value) if part]
    if not isinstance(value, dict):
        return value
    kept = ((key, project(below, wanted[key])) for key, below in value.items() if key in wanted)
    return {key: below for key, below in kept if below not in ({}, [])}


def values(record: Any, path: tuple[str, ...]) -> list[Any]:
    """Every leaf at `path`, lists on the way flattened; a record of the wrong shape has none."""
    found = [record]
    for key in path:
        found = [item[key] for item in found if isinstance(item, dict) and key in item]
        found = [inner for item in found for inner in (item if isinstance(item, list) else [item])]
    return found
