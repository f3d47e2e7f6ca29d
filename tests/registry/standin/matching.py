"""Whether a record holds a search expression: plain words and dates, without synonyms or ranking."""

from __future__ import annotations

import re

from tests.registry.standin.essie import (
    And,
    Everything,
    Expression,
    In,
    Missing,
    Not,
    Or,
    PerLocation,
    Phrase,
    Range,
    Source,
    Words,
)
from tests.registry.standin.fields import Json, by_name, values


def matches(expression: Expression, record: Json, pieces: tuple[str, ...]) -> bool:
    """Whether a record holds the expression in these pieces."""
    match expression:
        case And(parts):
            return all(matches(part, record, pieces) for part in parts)
        case Or(parts):
            return any(matches(part, record, pieces) for part in parts)
        case Not(part):
            return not matches(part, record, pieces)
        case In(others, part):
            return matches(part, record, others)
        case PerLocation(part):
            return any(matches(part, alone, pieces) for alone in _one_location_each(record))
        case _:
            return _found(expression, record, pieces)


def _found(source: Source, record: Json, pieces: tuple[str, ...]) -> bool:
    """Whether the pieces of a record hold what a source asks for."""
    match source:
        case Everything():
            return True
        case Missing():
            return not any(values(record, by_name()[piece].path) for piece in pieces)
        case Range(low, high):
            return any(_within(v, low, high) for piece in pieces for v in values(record, by_name()[piece].path))
        case Words(words):
            texts = [text for piece in pieces for text in _texts(record, piece)]
            return all(any(_holds(text, (word,)) for text in texts) for word in words)
        case Phrase(words):
            return any(_holds(text, words) for piece in pieces for text in _texts(record, piece))


def _texts(record: Json, piece: str) -> list[str]:
    return [str(value) for value in values(record, by_name()[piece].path)]


def _holds(text: str, words: tuple[str, ...]) -> bool:
    """The words one after another; a plural s doesn't count. `2022-03` finds `2022-03-15` as well."""
    wanted = " ".join(_singular(part) for word in words for part in word.split("-"))
    there = " ".join(_singular(word) for word in re.findall(r"\w+", text.casefold()))
    return f" {wanted} " in f" {there} "


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _within(value: object, low: str, high: str) -> bool:
    if isinstance(value, int | float):
        return (low == "MIN" or float(low) <= value) and (high == "MAX" or value <= float(high))
    day = _first_day(str(value))
    return (low == "MIN" or _first_day(low) <= day) and (high == "MAX" or day <= _first_day(high))


def _first_day(text: str) -> str:
    """An ISO date, or month/day/year; a partial date counts as its first day."""
    american = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    if american:
        return f"{american[3]}-{american[1]}-{american[2]}"
    return text + "-01" * (2 - text.count("-")) if re.fullmatch(r"\d{4}(-\d\d){0,2}", text) else text


def _one_location_each(record: Json) -> list[Json]:
    protocol = record.get("protocolSection", {})
    module = protocol.get("contactsLocationsModule", {})
    alone = ({**module, "locations": [location]} for location in module.get("locations", []))
    return [{**record, "protocolSection": {**protocol, "contactsLocationsModule": one}} for one in alone]
