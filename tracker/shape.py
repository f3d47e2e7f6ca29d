"""Reads one value of a decoded record, or says where it has another shape than the registry's data structure gives it.

What is absent, null or empty reads the same: None, or an empty tuple. `at` is the path of the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

Record = Mapping[str, Any]

_Built = TypeVar("_Built")


class WrongShape(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path)
        self.path = path.removeprefix(".")
        self.reason = reason


def wrong(at: str, key: str, expected: str, value: object) -> NoReturn:
    raise WrongShape(f"{at}.{key}", f"{expected} was expected, not {shape_of(value)}")


def shape_of(value: object) -> str:
    shapes = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return shapes.get(type(value), "a number")


def object_in(parent: Record, key: str, at: str) -> Record:
    value = parent.get(key)
    if value is None:
        return {}
    if type(value) is not dict:
        wrong(at, key, "an object", value)
    return value


def text_in(parent: Record, key: str, at: str) -> str | None:
    value = parent.get(key)
    if value is None:
        return None
    if type(value) is not str:
        wrong(at, key, "a text", value)
    return value or None


def texts_in(parent: Record, key: str, at: str) -> tuple[str, ...]:
    values = parent.get(key)
    if values is None:
        return ()
    if type(values) is not list or any(type(value) is not str for value in values):
        wrong(at, key, "a list of texts", values)
    return tuple(value for value in values if value)


def objects_in(parent: Record, key: str, at: str) -> list[Record]:
    values = parent.get(key)
    if values is None:
        return []
    if type(values) is not list or any(type(value) is not dict for value in values):
        wrong(at, key, "a list of objects", values)
    return values


def listed_in(parent: Record, key: str, at: str, built: Callable[[Record, str], _Built]) -> tuple[_Built, ...]:
    values = objects_in(parent, key, at)
    if not values:
        return ()
    place = f"{at}.{key}"
    return tuple([built(value, place) for value in values])


def flag_in(parent: Record, key: str, at: str) -> bool | None:
    value = parent.get(key)
    if value is not None and type(value) is not bool:
        wrong(at, key, "true or false", value)
    return value
