"""Finds where JSON values begin and end, without reading what they say.

For bytes that a JSON parser rejects although their outline is sound: a lone surrogate, NaN, bytes that are no UTF-8,
a thousand levels of brackets. Only strings and brackets are looked at, so a wrong word inside a value goes unseen.
Offsets are exact. Nothing here recurses.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Text = bytes | bytearray
Span = tuple[int, int]
"""Where a value begins, and where it has ended."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_A_STRING = re.compile(_STRING, re.DOTALL)
_MARK = re.compile(_STRING + rb'|["\[\]{}]', re.DOTALL)
_BARE = re.compile(rb'[^\s,:"\[\]{}]++')
_SPACE = re.compile(rb"[ \t\r\n]*+")
_CLOSER = {b"{": b"}", b"[": b"]"}


class BrokenOutline(ValueError):
    """The brackets or quotes don't match, or the text ends too early; `offset` is where it shows."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (byte {offset})")
        self.offset = offset


def skip_space(text: Text, start: int) -> int:
    """The offset of the first byte from `start` on that is no JSON white space."""
    found = _SPACE.match(text, start)
    return found.end() if found else start


def value_end(text: Text, start: int) -> int:
    """Where the value that begins at `start` has ended. Raises BrokenOutline."""
    first = bytes(text[start : start + 1])
    if first in _CLOSER:
        return _container_end(text, start)
    found = (_A_STRING if first == b'"' else _BARE).match(text, start)
    if not found:
        raise BrokenOutline("a value is missing or cut", start)
    return found.end()


def _container_end(text: Text, start: int) -> int:
    expected: list[bytes] = []
    for mark in _MARK.finditer(text, start):
        found = mark[0]
        if found in _CLOSER:
            expected.append(_CLOSER[found])
        elif found == b'"':
            raise BrokenOutline("a string without an end", mark.start())
        elif found in (b"]", b"}"):
            if expected.pop() != found:
                raise BrokenOutline("brackets that don't match", mark.start())
            if not expected:
                return mark.end()
    raise BrokenOutline("the text ends inside a value", len(text))


def elements(text: Text, start: int) -> tuple[list[Span], int]:
    """The elements of the array whose bracket is at `start`, and where the array has ended. Raises BrokenOutline."""
    spans: list[Span] = []

    def element(at: int) -> int:
        end = value_end(text, at)
        spans.append((at, end))
        return end

    return spans, _each(text, start, b"[", element)


def members(text: Text, start: int) -> tuple[dict[str, Span], int]:
    """The values of the object whose bracket is at `start` by key, and where the object has ended.

    Of a key that stands twice the last counts. Raises BrokenOutline.
    """
    spans: dict[str, Span] = {}

    def member(at: int) -> int:
        key = _A_STRING.match(text, at)
        colon = skip_space(text, key.end()) if key else at
        if not key or text[colon : colon + 1] != b":":
            raise BrokenOutline("an object without a key", at)
        value = skip_space(text, colon + 1)
        end = value_end(text, value)
        spans[key[0][1:-1].decode(errors="replace")] = (value, end)
        return end

    return spans, _each(text, start, b"{", member)


def _each(text: Text, start: int, opener: bytes, read: Callable[[int], int]) -> int:
    """Call `read` at each member of a container, which returns where that ended; where the container has ended."""
    if text[start : start + 1] != opener:
        raise BrokenOutline(f"no {opener.decode()}", start)
    closer = _CLOSER[opener]
    at = skip_space(text, start + 1)
    if text[at : at + 1] == closer:
        return at + 1
    while True:
        at = skip_space(text, read(at))
        mark = text[at : at + 1]
        if mark == closer:
            return at + 1
        if mark != b",":
            raise BrokenOutline("a comma or a closing bracket is missing", at)
        at = skip_space(text, at + 1)
