"""The taxonomy: its classes and words, read from tables, checked, compiled once, and extended by an admin."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from tracker.taxonomy.checks import InvalidTaxonomy, Tables, problems_in
from tracker.taxonomy.passages import Passage
from tracker.taxonomy.patterns import Words, folded, whole_words

RULES = 1
"""The version of the rules that stand in code; raise it where they would label a study otherwise."""

FILES = ("relevance.toml", "tumour.toml", "treatment.toml")

GROUPS = "group"
TREATMENT = "treatment"
TUMOUR_AXES = ("origin", "compartment", "kind", "primary_cancer", "region", "flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One class and how it is read. `group` is a treatment's; `implies` are (axis, id) of labels that come with it.

    `pattern` is for any record, `spine_pattern` for those that name the spine.
    """

    axis: str
    id: str
    words: str
    pattern: Words
    spine_pattern: Words
    otherwise: Words
    fields: frozenset[str] | None
    longest_list: int | None
    implies: tuple[tuple[str, str], ...]
    group: str | None
    ancillary: bool

    def reads(self, passage: Passage) -> bool:
        """Whether the class may be read from this passage at all."""
        if self.fields is not None and passage.field not in self.fields:
            return False
        return self.longest_list is None or passage.listed <= self.longest_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Classes and words, compiled. `version` changes where the tables or the rules do."""

    version: str
    rules: tuple[Rule, ...]
    words: Mapping[str, Words]
    tables: Tables

    def rules_that_may_read(self, text: str, *axes: str) -> tuple[Rule, ...]:
        """The rules of the axes, less those whose words are certainly not in the text: saves asking them of each part.

        Rules that read "otherwise" are always among them.
        """
        small = folded(text)
        asked = (rule for rule in self.rules if rule.axis in axes)
        if any(self.words[name].first(text) for name in ("spine", "spine_tumour")):
            asked = (replace(rule, pattern=rule.spine_pattern) for rule in asked)
        return tuple(rule for rule in asked if rule.pattern.maybe_in(small) or rule.otherwise.match is not None)

    def group(self, identifier: str) -> Rule:
        return next(rule for rule in self.rules if rule.axis == GROUPS and rule.id == identifier)

    def label(self, axis: str, identifier: str) -> str:
        """A class in words; the identifier itself where the taxonomy has no such class."""
        entry = self.tables.get(axis, {}).get(identifier, {})
        return str(entry.get("label", identifier))


@cache
def shipped() -> Taxonomy:
    """The taxonomy that comes with the tracker."""
    folder = resources.files("tracker.taxonomy")
    tables: dict[str, Any] = {}
    for name in FILES:
        tables |= tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
    try:
        return _compiled(tables)
    except (re.error, KeyError, TypeError, ValueError):
        # Checking costs more than compiling, so it is done only to say what is wrong.
        _refuse(problems_in(tables), source="tracker.taxonomy")
        raise


def extended(taxonomy: Taxonomy, extra: Mapping[str, Any], *, source: str = "config.toml: taxonomy") -> Taxonomy:
    """`taxonomy` with an admin's tables added: `{"treatment": {"vertebroplasty": {"match": ["…"]}}}`.

    Lists are added to those that are there, other values replace them; a class that is new needs a `label`, a new
    treatment its `group` too. Raises InvalidTaxonomy with one line for every problem; `source` begins each.
    """
    _refuse(problems_in(extra, base=taxonomy.tables), source=source)
    merged = {axis: dict(entries) for axis, entries in taxonomy.tables.items()}
    for axis, entries in extra.items():
        for identifier, entry in entries.items():
            merged[axis][identifier] = _added(merged[axis].get(identifier, {}), entry)
    return _compiled(merged)


def _added(entry: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: [*entry.get(key, ()), *value] for key, value in more.items() if isinstance(value, list | tuple)}
    return {**entry, **more, **lists}


def _refuse(problems: Iterable[str], *, source: str) -> None:
    lines = tuple(f"{source}: {problem}" for problem in problems)
    if lines:
        raise InvalidTaxonomy(lines, subject=source)


def _compiled(tables: Tables) -> Taxonomy:
    written = json.dumps(tables, sort_keys=True, ensure_ascii=False)
    return Taxonomy(
        version=f"{RULES}-{hashlib.sha256(written.encode()).hexdigest()[:12]}",
        rules=tuple(_rules(tables)),
        words=MappingProxyType({name: _words(entry, "match") for name, entry in tables["words"].items()}),
        tables=tables,
    )


def _rules(tables: Tables) -> Iterator[Rule]:
    for axis in (*TUMOUR_AXES, GROUPS, TREATMENT):
        for identifier, entry in tables[axis].items():
            pattern = _words(entry, "match")
            yield Rule(
                axis=axis,
                id=identifier,
                words=entry["label"],
                pattern=pattern,
                spine_pattern=_words(entry, "match", "with_spine") if "with_spine" in entry else pattern,
                otherwise=Words(whole_words(entry.get("otherwise", ()))),
                fields=frozenset(entry["fields"]) if "fields" in entry else None,
                longest_list=entry.get("longest_list"),
                implies=tuple(_pair(implied) for implied in entry.get("implies", ())),
                group=identifier if axis == GROUPS else entry.get("group"),
                ancillary=bool(entry.get("ancillary", False)),
            )


def _words(entry: Mapping[str, Any], *keys: str) -> Words:
    patterns = [pattern for key in keys for pattern in entry.get(key, ())]
    return Words(whole_words(patterns), whole_words(entry.get("unless", ())))


def _pair(implied: str) -> tuple[str, str]:
    axis, identifier = implied.split(".")
    return axis, identifier
