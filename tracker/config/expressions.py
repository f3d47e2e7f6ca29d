"""Checks a search expression before the registry is asked it: what the registry would refuse, or silently misread.

The grammar is the registry's own (https://clinicaltrials.gov/find-studies/constructing-complex-search-queries).
Only faults that are certain are found here; everything else is the registry's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.errors import InvalidTerm

_TOKEN = re.compile(r'\\.|"(?:\\.|[^"\\])*"|[()\[\]]|[^\s()\[\]"\\]+|["\\]', re.DOTALL)
_ONLY_NCT_IDS = re.compile(r"[\s,]*NCT0*\d{1,8}(?:[\s,]+NCT0*\d{1,8})*[\s,]*", re.IGNORECASE)
_BINARY = ("AND", "OR")
_CONTEXT = ("AREA", "SEARCH", "COVERAGE", "EXPANSION", "RANGE", "TILT", "DISTANCE")
_BRACKETS = f"Brackets follow {', '.join(_CONTEXT)}, as in AREA[Phase]PHASE2."
_CLOSING = {"(": ")", "[": "]"}


def check_expression(expression: str, *, subject: str = "") -> None:
    """Raises InvalidTerm, with the way out, for an expression that can't be meant; `subject` is its config key."""
    for reason, advice in _faults(expression):
        raise InvalidTerm(reason, subject=subject, advice=advice)


def lower_case_operators(expression: str) -> tuple[str, ...]:
    """The words `and`, `or`, `not` outside quotes: the registry searches for them as words."""
    return tuple(word for word in _TOKEN.findall(expression) if word in ("and", "or", "not"))


def _faults(expression: str) -> Iterator[tuple[str, str]]:
    if not expression.strip():
        yield "the expression is empty", "Write what to search for, or leave the key out."
        return
    if any(not letter.isprintable() for letter in expression):
        yield "the expression holds a line break or control character", "Write it on one line."
    if _ONLY_NCT_IDS.fullmatch(expression):
        yield (
            "the expression holds NCT IDs only, and the registry then ignores all filters and other expressions",
            "List the studies under the search's include instead.",
        )
    yield from _unbalanced(expression)
    yield from _misplaced_brackets(expression)
    yield from _dangling(_TOKEN.findall(expression))


def _unbalanced(expression: str) -> Iterator[tuple[str, str]]:
    open_: list[tuple[str, int]] = []
    for found in _TOKEN.finditer(expression):
        word, column = found.group(), found.start() + 1
        if word == '"':
            yield f'the quote " at character {column} is never closed', 'Close it, or write \\" for a quote as text.'
            return
        if word in _CLOSING:
            open_.append((word, column))
        elif word in _CLOSING.values():
            if not open_ or _CLOSING[open_[-1][0]] != word:
                yield f"the {word} at character {column} closes nothing", "Take it out, or open it before."
                return
            open_.pop()
    if open_:
        word, column = open_[-1]
        yield f"the {word} at character {column} is never closed", f"Add the missing {_CLOSING[word]}."


def _dangling(words: list[str]) -> Iterator[tuple[str, str]]:
    for before, word, after in zip(["(", *words], words, [*words[1:], ")"], strict=False):
        if word in _BINARY and (before == "(" or before in (*_BINARY, "NOT")):
            yield f"{word} has nothing on its left", f"Write something before it, or \\{word} for the word."
            return
        if word in (*_BINARY, "NOT") and after == ")":
            yield f"{word} has nothing on its right", f"Write something after it, or \\{word} for the word."
            return
        if word == "(" and after == ")":
            yield "a pair of parentheses is empty", "Fill it, or take it out."
            return


def _misplaced_brackets(expression: str) -> Iterator[tuple[str, str]]:
    end, before = 0, ""
    for found in _TOKEN.finditer(expression):
        if found.group() == "[":
            if before not in _CONTEXT:
                after = f" after {before}" if before else ""
                yield f"the [ at character {found.start() + 1} stands{after} without an operator", _BRACKETS
                return
            if found.start() > end:
                yield f"a blank stands between {before} and its [", f"Write {before}[...], without the blank."
                return
        end, before = found.end(), found.group()
