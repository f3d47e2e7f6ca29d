"""Reads search expressions: enough for tests, no rival of the registry's engine. `matching` evaluates them.

Modelled: words, "phrases", AND, OR, NOT, `,`, parentheses, AREA, RANGE, MISSING, ALL, SEARCH[Location],
escapes. COVERAGE, EXPANSION and TILT are read and ignored. Not modelled: synonyms, word forms beyond a
plural s, ranking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from tests.registry.standin import errors
from tests.registry.standin.fields import areas, by_name


@dataclass(frozen=True, slots=True)
class Words:
    """All of these words, anywhere in the area (the registry's relaxation)."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Missing:
    pass


@dataclass(frozen=True, slots=True)
class Everything:
    pass


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class In:
    """The part, looked for in other pieces."""

    pieces: tuple[str, ...]
    part: Expression


@dataclass(frozen=True, slots=True)
class PerLocation:
    """The part, to hold within one location."""

    part: Expression


Source: TypeAlias = Words | Phrase | Range | Missing | Everything
Expression: TypeAlias = Source | Not | And | Or | In | PerLocation

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<context>AREA|SEARCH|COVERAGE|EXPANSION|TILT|RANGE|DISTANCE)\[(?P<argument>[^\]]*)\]
      | "(?P<phrase>(?:[^"\\]|\\.)*)"
      | (?P<mark>[(),\[\]"])
      | (?P<word>(?:\\.|[^\s()\[\],"\\])+)
    )""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"AND", "OR", "NOT", "MISSING", "ALL"})
_EXPECTED = (
    "{<EOF>, '(', ',', 'NOT', 'AND', 'OR', 'SEARCH', 'AREA', 'RANGE', 'DISTANCE', Coverage, Expansion, "
    "'TILT', 'ALL', 'MISSING', 'MIN', 'MAX', EscapedKeyword, BooleanLiteral, DecimalLiteral, DateLiteral, "
    "TimeLiteral, RadiusLiteral, StringLiteral, Term}"
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    argument: str = ""


def parse(expression: str, place: str) -> Expression:
    """Read an expression; `place` names the form field in an error. Raises ApiError 400."""
    return _Parser(_tokens(expression, place), place).whole()


def _tokens(expression: str, place: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while expression[at:].strip():
        found = _TOKEN.match(expression, at)
        if found is None:
            raise errors.query_error(place, f"token recognition error at: '{expression[at:].strip()}'")
        at = found.end()
        kind = found.lastgroup or ""
        if kind == "argument":
            tokens.append(_Token("context", found["context"], found["argument"]))
        elif kind == "mark" and found["mark"] == '"':
            raise errors.query_error(place, f"token recognition error at: '{expression[at - 1 :]}'")
        else:
            operator = kind == "word" and found[kind] in _OPERATORS
            tokens.append(_Token("operator" if operator else kind, found[kind]))
    return tokens


class _Parser:
    """Precedence as the registry documents it: sources, then NOT and contexts, then AND, then OR."""

    def __init__(self, tokens: list[_Token], place: str) -> None:
        self.tokens = tokens
        self.place = place
        self.at = 0

    def whole(self) -> Expression:
        if not self.tokens:
            return Everything()
        expression = self.either()
        if self.at < len(self.tokens):
            text = self.tokens[self.at].text
            known = "extraneous" if text == ")" else "mismatched"
            raise self.error(f"{known} input '{text}' expecting {_EXPECTED}")
        return expression

    def error(self, detail: str) -> errors.ApiError:
        return errors.query_error(self.place, detail)

    def next_is(self, kind: str, *texts: str) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind == kind and (not texts or token.text in texts)

    def took(self, kind: str, *texts: str) -> bool:
        if self.next_is(kind, *texts):
            self.at += 1
            return True
        return False

    def either(self) -> Expression:
        parts = [self.both()]
        while self.took("operator", "OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Expression:
        parts = [self.narrowed()]
        while self.took("operator", "AND") or self.took("mark", ","):
            parts.append(self.narrowed())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def narrowed(self) -> Expression:
        if self.took("operator", "NOT"):
            return Not(self.narrowed())
        if self.next_is("context") and not self.next_is("context", "RANGE", "DISTANCE"):
            context = self.tokens[self.at]
            self.at += 1
            return self.in_context(context.text, context.argument.strip())
        return self.source()

    def in_context(self, context: str, argument: str) -> Expression:
        if context == "AREA":
            return In(self.pieces(argument), self.narrowed())
        if context == "SEARCH":
            part = self.narrowed()
            return PerLocation(part) if argument == "Location" else part
        if context == "COVERAGE" and argument not in ("Contains", "FullMatch", "StartsWith", "EndsWith"):
            raise self.error(f"Invalid coverage: {argument}")
        return self.narrowed()

    def pieces(self, name: str) -> tuple[str, ...]:
        if name in areas():
            return areas()[name].pieces
        if name in by_name():
            return (by_name()[name].piece,)
        raise self.error(f"Unknown area name: `{name}`")

    def source(self) -> Expression:
        if self.took("mark", "("):
            inside = self.either()
            if not self.took("mark", ")"):
                found = self.tokens[self.at].text if self.at < len(self.tokens) else "<EOF>"
                raise self.error(f"missing ')' at '{found}'")
            return inside
        if self.took("operator", "MISSING"):
            return Missing()
        if self.took("operator", "ALL"):
            return Everything()
        if self.next_is("context", "RANGE"):
            return self.range()
        if self.next_is("context", "DISTANCE"):
            raise errors.not_modelled("DISTANCE")
        return self.text()

    def range(self) -> Expression:
        low, comma, high = self.tokens[self.at].argument.partition(",")
        if not comma:
            raise self.error("mismatched input ']' expecting ','")
        self.at += 1
        return Range(low.strip(), high.strip())

    def text(self) -> Expression:
        parts: list[Expression] = []
        plain: list[str] = []
        while self.next_is("word") or self.next_is("phrase"):
            token = self.tokens[self.at]
            words = words_of(re.sub(r"\\(.)", r"\1", token.text))
            if token.kind == "phrase":
                parts.append(Phrase(words))
            else:
                plain.extend(words)
            self.at += 1
        if plain:
            parts.append(Words(tuple(plain)))
        if not parts:
            found = self.tokens[self.at].text if self.at < len(self.tokens) else "<EOF>"
            raise self.error(f"no viable alternative at input '{found}'")
        return parts[0] if len(parts) == 1 else And(tuple(parts))


def words_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[\w-]+", text.casefold()))
