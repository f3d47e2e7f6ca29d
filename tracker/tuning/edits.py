"""An edit of a search that somebody wants to try: which terms it adds and drops. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tracker.config import values
from tracker.config.problems import suggestion
from tracker.errors import UsageError
from tracker.registry.query import AREAS, TermQuery, term_query
from tracker.searches import SearchDefinition, term_in_words

_KEYS = (*AREAS, "study_type", "status")
_FORM = "Write KEY=EXPRESSION, as in 'condition=\"bone metastases\"', or {...} as a term stands in config.toml."


class Fate(StrEnum):
    """What an edit does to a term."""

    KEPT = "kept"
    ADDED = "added"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class EditedTerm:
    """A term under edit. `number` counts from 1: first the terms as configured, then those added."""

    number: int
    query: TermQuery
    fate: Fate


@dataclass(frozen=True, slots=True)
class Edit:
    """A search as configured, and its terms with what the edit does to each."""

    search: SearchDefinition
    terms: tuple[EditedTerm, ...]

    @property
    def changes_something(self) -> bool:
        return any(term.fate is not Fate.KEPT for term in self.terms)

    def numbers(self, *fates: Fate) -> frozenset[int]:
        return frozenset(term.number for term in self.terms if term.fate in fates)

    @property
    def after(self) -> SearchDefinition:
        """The search as the edit would leave it."""
        return replace(self.search, terms=tuple(term.query for term in self.terms if term.fate is not Fate.DROPPED))


def edited(search: SearchDefinition, *, add: Sequence[TermQuery] = (), drop: Iterable[int] = ()) -> Edit:
    """Terms that are there already are not added; `drop` are numbers of the search's terms, from 1."""
    gone = frozenset(drop)
    terms = [
        EditedTerm(number, query, Fate.DROPPED if number in gone else Fate.KEPT)
        for number, query in enumerate(search.terms, 1)
    ]
    new = [query for query in dict.fromkeys(add) if query not in search.terms]
    terms += [EditedTerm(number, query, Fate.ADDED) for number, query in enumerate(new, len(terms) + 1)]
    return Edit(search, tuple(terms))


def replaced(search: SearchDefinition, terms: Sequence[TermQuery]) -> Edit:
    """The edit that gives the search these terms and no others."""
    drop = [number for number, query in enumerate(search.terms, 1) if query not in terms]
    return edited(search, add=terms, drop=drop)


# --- as typed -----------------------------------------------------------------------------------------------


def typed_term(text: str) -> TermQuery:
    """The term that `condition=chordoma` means, or `{condition = 'chordoma', status = ["RECRUITING"]}`.

    The expression is everything after the first =, as it is sent. Raises UsageError.
    """
    table = _inline_table(text) if text.lstrip().startswith("{") else _pair(text)
    checked = {key: _checked(key, value) for key, value in table.items()}
    status, study_type = checked.pop("status", ()), checked.pop("study_type", None)
    if not checked:
        advice = f"Give one of {', '.join(AREAS)}."
        raise UsageError(f"the term {text!r} has no expression", subject=text, advice=advice)
    return term_query(checked.items(), study_type=study_type, status=status)


def _pair(text: str) -> dict[str, Any]:
    key, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"{text!r} is no term", subject=text, advice=_FORM)
    key, value = key.strip(), value.strip()
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1]  # copied from config.toml, where they are TOML's and not part of the expression
    return {key: value.split(",") if key == "status" else value}


def _inline_table(text: str) -> Mapping[str, Any]:
    try:
        table: Mapping[str, Any] = tomllib.loads(f"term = {text}")["term"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{text!r} is no TOML table: {error}", subject=text, advice=_FORM) from error
    return table


def _checked(key: str, value: Any) -> Any:
    if key not in _KEYS:
        raise UsageError(f'"{key}" is no key of a term', subject=key, advice=f"{suggestion(key, _KEYS)}")
    try:
        if key == "status" and isinstance(value, list):
            return [values.status_word(str(word).strip()) for word in value]
        if key != "status" and isinstance(value, str):
            return values.study_type_word(value) if key == "study_type" else values.expression(value)
    except ValueError as fault:
        raise UsageError(f"--add-term: {key}: {fault}", subject=key) from None
    raise UsageError(f"{key} takes {'a list' if key == 'status' else 'a text'}", subject=key, advice=_FORM)


def term_meant(search: SearchDefinition, text: str) -> int:
    """The number of the term that a person means by its number, or by a part of its text. Raises UsageError."""
    wanted = text.strip().casefold()
    listed = {number: term_in_words(query).casefold() for number, query in enumerate(search.terms, 1)}
    if wanted.isdecimal():
        found = [number for number in listed if number == int(wanted)]
    else:
        found = [number for number, words in listed.items() if words == wanted]
        found = found or [number for number, words in listed.items() if wanted in words]
    if len(found) == 1:
        return found[0]
    if found:
        fault = f"stands in several terms of {search.name} ({', '.join(map(str, found))})"
    else:
        fault = f"is no term of {search.name}, which has {len(listed)}"
    raise UsageError(f"--drop-term: {text!r} {fault}", subject=text, advice='"tracker search list" numbers them.')
