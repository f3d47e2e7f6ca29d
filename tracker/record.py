"""Decodes the JSON bytes of one registry record, whatever odd text it has; what it says is read by `tracker.parse`."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import orjson

from tracker.errors import TrackerError
from tracker.shape import shape_of
from tracker.study import Problem

_TOO_DEEP = "it is nested too deep"


class Unreadable(TrackerError):
    """A record that can't be read: `problem` says which, where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.path}: {problem.reason}", subject=problem.nct_id or "")
        self.problem = problem


def read_record(raw: bytes | memoryview) -> dict[str, Any]:
    """The decoded JSON of one record, with text that every database and page can hold.

    The fast decoder refuses lone surrogates and the like; the standard one then reads the record, and what is no
    character becomes U+FFFD. Numbers that are none in JSON (NaN, Infinity) are refused on both ways. Whatever
    `tracker.parse` reads a study from can be read here, too: an old version must be comparable.
    """
    body = bytes(raw).removeprefix(b"\xef\xbb\xbf")
    try:
        record = orjson.loads(body)
        unclean = may_hold_nul(body)
    except orjson.JSONDecodeError as refused:
        record = _read_leniently(body, refused)
        unclean = True
    if not isinstance(record, dict):
        raise Unreadable(Problem(None, "$", f"an object was expected, not {shape_of(record)}"))
    try:
        return _cleaned(record) if unclean else record
    except RecursionError:
        raise Unreadable(Problem(None, "$", _TOO_DEEP)) from None


def may_hold_nul(body: bytes) -> bool:
    """Whether the JSON may hold U+0000, which is sound JSON but no text that a database takes."""
    return body.rfind(b"\\u0000") >= 0  # from the end: it takes half as long, because a backslash is rarer than 0


def _read_leniently(body: bytes, refused: Exception) -> Any:
    try:
        return json.loads(
            body.decode("utf-8", "replace"),
            strict=False,
            parse_constant=_no_number,
            parse_float=_number,
            parse_int=_whole_number,
        )
    except (ValueError, RecursionError) as cause:
        reason = _TOO_DEEP if isinstance(cause, RecursionError) else f"no JSON: {cause or refused}"
        raise Unreadable(Problem(None, "$", reason)) from cause


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _number(digits: str) -> float | str:
    """What is too large for a number stays a text: nothing that a study is read from is one."""
    number = float(digits)
    return digits if math.isinf(number) else number


def _whole_number(digits: str) -> float | str:
    """As the fast decoder reads it: beyond 64 bits it is no longer exact."""
    if len(digits) > len(str(-(2**64))):
        return _number(digits)
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else float(number)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_cleaned(held) for held in value]
    return value
