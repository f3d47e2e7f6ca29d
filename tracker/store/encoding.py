"""Records as JSON columns hold them, and back: the one place that knows how.

What is encoded here comes back equal. Unknown keys, as a newer program may write, are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tracker.changes import Value
from tracker.runs import Guard, TermCoverage
from tracker.study import Problem

Json = Any
"""What a JSON column takes and gives: decoded JSON."""


def encode_coverage(coverage: Iterable[TermCoverage]) -> Json:
    return _encoded(coverage)


def decode_coverage(stored: Json) -> tuple[TermCoverage, ...]:
    return msgspec.convert(stored, tuple[TermCoverage, ...])


def encode_guards(guards: Iterable[Guard]) -> Json:
    return _encoded(guards)


def decode_guards(stored: Json) -> tuple[Guard, ...]:
    return msgspec.convert(stored, tuple[Guard, ...])


def encode_problems(problems: Iterable[Problem]) -> Json:
    return _encoded(problems)


def decode_problems(stored: Json) -> tuple[Problem, ...]:
    return msgspec.convert(stored, tuple[Problem, ...])


def encode_value(value: Value) -> Json:
    """A change's `before` or `after`: None is SQL's NULL, a tuple an array."""
    return list(value) if isinstance(value, tuple) else value


def decode_value(stored: Json) -> Value:
    if isinstance(stored, list):
        return tuple(stored)
    value: Value = stored
    return value


def _encoded(records: Iterable[Problem | Guard | TermCoverage]) -> Json:
    return msgspec.to_builtins(tuple(records))
