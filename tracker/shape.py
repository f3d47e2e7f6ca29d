"""Says where a decoded record has another shape than the registry's data structure (`tracker.structure`) gives it.

The decoder only needs to know that it has; a person is told the path and both shapes, in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args, get_origin

from msgspec import structs

Record = Mapping[str, Any]


class WrongShape(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path)
        self.path = path.removeprefix(".")
        self.reason = reason


_IN_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", NoneType: "null"}


def shape_of(value: object) -> str:
    return _IN_WORDS.get(type(value), "a number")


def check_shape(value: object, expected: Any, at: str = "") -> None:
    """Raises WrongShape at the first place, in the structure's order, where `value` is not as `expected`.

    `expected` is the annotation of a structure's field: `Any`, or a class, `list[...]`, `str` or `bool`, or None.
    """
    if value is None or expected is Any:
        return
    [kind] = set(get_args(expected)) - {NoneType} or {expected}
    if get_origin(kind) is list:
        _check_type(value, list, at)
        [inner] = get_args(kind)
        for number, entry in enumerate(value):  # type: ignore[arg-type, var-annotated] # a list: just checked
            check_shape(entry, inner, f"{at}[{number}]")
    elif kind in (str, bool):
        _check_type(value, kind, at)
    else:
        _check_type(value, dict, at)
        for field in structs.fields(kind):
            check_shape(value.get(field.encode_name), field.type, f"{at}.{field.encode_name}")  # type: ignore[attr-defined]


def _check_type(value: object, expected: type, at: str) -> None:
    if type(value) is not expected:
        raise WrongShape(at, f"{_IN_WORDS[expected]} was expected, not {shape_of(value)}")
