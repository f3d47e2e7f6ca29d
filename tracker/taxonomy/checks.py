"""Checks of the taxonomy's tables: every problem by its key, with what is wrong and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from tracker.errors import ConfigError
from tracker.taxonomy.passages import FIELDS
from tracker.taxonomy.patterns import regular

Tables = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Axis → identifier → keys, as the TOML has them."""

_PATTERNS = ("match", "with_spine", "unless", "otherwise")
_KEYS = ("label", *_PATTERNS, "fields", "longest_list", "implies", "group", "ancillary")
_AXES = (
    "relevance",
    "role",
    "words",
    "origin",
    "compartment",
    "kind",
    "primary_cancer",
    "region",
    "flag",
    "group",
    "treatment",
)
_FIXED_AXES = ("relevance", "role", "words", "group")  # the rules know these by name: they take no new entries
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class InvalidTaxonomy(ConfigError):
    """Tables that can't be used; `lines` are all problems, each with its file, key and pattern."""

    def __init__(self, lines: tuple[str, ...], *, subject: str) -> None:
        super().__init__("\n".join(lines), subject=subject)
        self.lines = lines


def problems_in(tables: Mapping[str, Any], *, base: Tables | None = None) -> Iterator[str]:
    """What is wrong with `tables`, one line each. With `base` they are an admin's additions to it."""
    for axis, entries in tables.items():
        if axis not in _AXES:
            yield f"{axis}: is no axis; {_suggestion(axis, _AXES)}"
        elif not isinstance(entries, Mapping):
            yield f"{axis}: a table of classes is expected, not {entries!r}"
        else:
            for identifier, entry in entries.items():
                yield from _entry_problems(axis, identifier, entry, tables=tables, base=base)


def _entry_problems(
    axis: str, identifier: str, entry: Any, *, tables: Mapping[str, Any], base: Tables | None
) -> Iterator[str]:
    key = f"{axis}.{identifier}"
    if not isinstance(entry, Mapping):
        yield f"{key}: a table with match or unless is expected, not {entry!r}"
        return
    known = base.get(axis, {}) if base is not None else {}
    if base is not None and axis in _FIXED_AXES and identifier not in known:
        yield f"{key}: is not there to be extended; {_suggestion(identifier, known)}"
        return
    if not _IDENTIFIER.fullmatch(identifier):
        yield f"{key}: an identifier is of small letters, digits and _, and begins with a letter"
    for name, value in entry.items():
        if name not in _KEYS:
            yield f"{key}.{name}: is no key of a class; {_suggestion(name, _KEYS)}"
        else:
            yield from _value_problems(f"{key}.{name}", name, value)
    if axis != "words" and identifier not in known and "label" not in entry:
        yield f"{key}.label: is missing; a class that is new needs its name in words{_near(identifier, known)}"
    yield from _group_problems(key, axis, entry, tables=tables, base=base, new=identifier not in known)
    yield from _implied_problems(key, entry, tables=tables, base=base)


def _value_problems(key: str, name: str, value: Any) -> Iterator[str]:
    expected, holds = _EXPECTED.get(name, ("a list of texts", _is_list_of_texts))
    if not holds(value):
        yield f"{key}: {expected} is expected, not {value!r}"
    elif name in _PATTERNS:
        for position, pattern in enumerate(value, start=1):
            yield from _pattern_problems(f"{key}[{position}]", pattern)
    elif name == "fields":
        for field in value:
            if field not in FIELDS:
                yield f"{key}: {field!r} is no field; {_suggestion(field, FIELDS)}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "label": ("a text", _is_text),
    "group": ("a text", _is_text),
    "ancillary": ("true or false", _is_flag),
    "longest_list": ("a whole number above 0", _is_length),
}
"""Key → what is expected, and whether a value is that; the other keys hold lists of texts."""


def _pattern_problems(key: str, pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)  # as it was written, so that an error names the position there
        compiled = re.compile(regular(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        yield f"{key}: the pattern {pattern!r} does not compile: {error}"
        return
    if compiled.fullmatch(""):
        yield f"{key}: the pattern {pattern!r} matches the empty text, so it would match everything"


def _group_problems(
    key: str, axis: str, entry: Mapping[str, Any], *, tables: Mapping[str, Any], base: Tables | None, new: bool
) -> Iterator[str]:
    group = entry.get("group")
    if axis != "treatment":
        if group is not None:
            yield f"{key}.group: only a treatment has a group"
        return
    groups = (base if base is not None else tables).get("group", {})
    if group is None:
        if new:
            yield f"{key}.group: is missing; known: {', '.join(groups)}"
    elif isinstance(group, str) and group not in groups:
        yield f"{key}.group: {group!r} is no group; {_suggestion(group, groups)}"


def _implied_problems(
    key: str, entry: Mapping[str, Any], *, tables: Mapping[str, Any], base: Tables | None
) -> Iterator[str]:
    implied = entry.get("implies", ())
    for one in implied if isinstance(implied, list | tuple) else ():
        axis, _, identifier = str(one).partition(".")
        if not any(identifier in held.get(axis, {}) for held in (tables, base or {})):
            yield f"{key}.implies: {one!r} is no class; write it as axis.identifier, for example origin.primary"


def _near(identifier: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(identifier, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _suggestion(word: str, known: Any) -> str:
    near = get_close_matches(str(word), list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}"
