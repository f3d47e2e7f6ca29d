"""Reads one value of a decoded record, or says where it has another shape than the registry's data structure gives it.

What is absent, null, empty or blank reads the same: None, or left out of a list. Blanks around a text are no part
of it. `at` is the path of the parent.
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
    return value.strip() or None


def texts_in(parent: Record, key: str, at: str) -> tuple[str, ...]:
    return tuple([text for value in _list_in(parent, key, at, str, "a text") if (text := value.strip())])


def listed_in(parent: Record, key: str, at: str, built: Callable[[Record, str], _Built]) -> tuple[_Built, ...]:
    """What `built` makes of each object in a list. It is given the object's path, with its place in the list."""
    values = _list_in(parent, key, at, dict, "an object")
    place = f"{at}.{key}"
    try:
        return tuple([built(value, place) for value in values])
    except WrongShape:
        listed = enumerate(parent[key])
        return tuple([built(value, f"{place}[{number}]") for number, value in listed if value is not None])


def _list_in(parent: Record, key: str, at: str, inner: type, expected: str) -> list[Any]:
    values = parent.get(key)
    if values is None:
        return []
    if type(values) is not list:
        wrong(at, key, "a list", values)
    if set(map(type, values)) <= {inner}:
        return values
    for number, value in enumerate(values):
        if type(value) is not inner and value is not None:
            wrong(at, f"{key}[{number}]", expected, value)
    return [value for value in values if value is not None]


def flag_in(parent: Record, key: str, at: str) -> bool | None:
    value = parent.get(key)
    if value is not None and type(value) is not bool:
        wrong(at, key, "true or false", value)
    return value
