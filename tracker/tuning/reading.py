"""Where the words of a term stand in a record: our reading, for people who wonder why a trial is here. Pure.

The registry finds more than that: synonyms, other word forms, parent terms. None of it can be reproduced here, so what
is read here never decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.registry.query import AREAS, TermQuery

_TOKEN = re.compile(
    r"""(?P<context>[A-Z]+)\[(?P<argument>[^\]]*)\]
      | "(?P<phrase>(?:[^"\\]|\\.)*)"
      | (?P<sign>[()])
      | (?P<word>(?:\\.|[^\s()\[\],"\\])+)""",
    re.VERBOSE,
)
_OPERATORS = ("AND", "OR", "NOT")
_NO_WORDS = (*_OPERATORS, "ALL", "MISSING")

_PROTOCOL = "protocolSection"
_DERIVED = "derivedSection"
_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("title", (_PROTOCOL, "identificationModule", "briefTitle")),
    ("title", (_PROTOCOL, "identificationModule", "officialTitle")),
    ("title", (_PROTOCOL, "identificationModule", "acronym")),
    ("condition", (_PROTOCOL, "conditionsModule", "conditions")),
    ("keyword", (_PROTOCOL, "conditionsModule", "keywords")),
    ("MeSH term", (_DERIVED, "conditionBrowseModule", "meshes", "term")),
    ("MeSH term", (_DERIVED, "conditionBrowseModule", "ancestors", "term")),
    ("intervention MeSH term", (_DERIVED, "interventionBrowseModule", "meshes", "term")),
    ("intervention MeSH term", (_DERIVED, "interventionBrowseModule", "ancestors", "term")),
    ("intervention", (_PROTOCOL, "armsInterventionsModule", "interventions", "name")),
    ("intervention", (_PROTOCOL, "armsInterventionsModule", "interventions", "otherNames")),
    ("arm", (_PROTOCOL, "armsInterventionsModule")),
    ("sponsor", (_PROTOCOL, "sponsorCollaboratorsModule", "leadSponsor", "name")),
    ("sponsor", (_PROTOCOL, "sponsorCollaboratorsModule", "collaborators", "name")),
    ("sponsor", (_PROTOCOL, "identificationModule", "organization", "fullName")),
    ("location", (_PROTOCOL, "contactsLocationsModule", "locations")),
    ("elsewhere", (_PROTOCOL, "descriptionModule", "briefSummary")),
    ("elsewhere", (_PROTOCOL, "outcomesModule")),
)
"""Parts of a record, the telling ones first: what people call them, and their path."""

_SEARCHED: Mapping[str, tuple[str, ...]] = {
    "condition": ("title", "condition", "keyword", "MeSH term"),
    "title": ("title",),
    "intervention": ("title", "keyword", "intervention MeSH term", "intervention", "arm"),
    "other": tuple(dict.fromkeys(name for name, _ in _PLACES)),
    "sponsor": ("sponsor",),
    "location": ("location",),
}
"""Where the registry looks for the words of each key, roughly (its page "Search Areas"); not in detailed descriptions,
nor in eligibility criteria."""

PLACES = tuple(dict.fromkeys(name for name, _ in _PLACES))


@dataclass(frozen=True, slots=True)
class Standing:
    """A word or phrase of a term, and where in the record it stands: (place, the text there), places in their order.

    Of each place the first text; none where the word does not stand in the record as it is written.
    """

    word: str
    found: tuple[tuple[str, str], ...]


def standings(query: TermQuery, record: Mapping[str, Any]) -> tuple[Standing, ...]:
    """For each word of the term, in its order, where it stands in the decoded record."""
    texts = [(name, text) for name, path in _PLACES for text in _texts(record, path)]
    return tuple(
        Standing(word, _where(word, [one for one in texts if one[0] in _SEARCHED[key]]))
        for key, word in words_sought(query)
    )


def title_of(record: Mapping[str, Any]) -> str:
    """The brief title of a decoded record, or the official one; empty where it has neither."""
    return next((text for _, path in _PLACES[:2] for text in _texts(record, path)), "")


def words_sought(query: TermQuery) -> tuple[tuple[str, str], ...]:
    """The words and "phrases" of a term's expressions, each with its key and once; none that stands behind a NOT."""
    params = dict(query.params)
    expressions = [(key, params[parameter]) for key, parameter in AREAS.items() if parameter in params]
    return tuple(dict.fromkeys((key, word) for key, expression in expressions for word in _words(expression)))


def _words(expression: str) -> Iterator[str]:
    tokens = list(_TOKEN.finditer(expression))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token["word"] == "NOT":
            at = _behind_operand(tokens, at)
        elif token["phrase"]:
            yield f'"{_unescaped(token["phrase"])}"'
        elif token["word"] and token["word"] not in _NO_WORDS:
            yield _unescaped(token["word"])


def _behind_operand(tokens: list[re.Match[str]], at: int) -> int:
    """Where the expression goes on behind what a NOT takes: a parenthesis, or words up to the next operator."""
    while at < len(tokens) and tokens[at]["context"]:
        at += 1
    depth = 0
    while at < len(tokens):
        token = tokens[at]
        if token["sign"]:
            depth += 1 if token["sign"] == "(" else -1
            if depth < 0:
                return at
        elif depth == 0 and token["word"] in _OPERATORS:
            return at
        at += 1
        if depth == 0 and token["sign"] == ")":
            return at
    return at


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _where(word: str, texts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pattern = _pattern(word)
    found: dict[str, str] = {}
    for name, text in texts:
        if name not in found and pattern.search(text):
            found[name] = text
    return tuple((name, found[name]) for name in PLACES if name in found)


def _pattern(word: str) -> re.Pattern[str]:
    parts = [_form(part) for part in re.findall(r"\w+", word.casefold())]
    if not parts:
        return re.compile(r"(?!)")
    return re.compile(r"\b" + r"\W+".join(parts) + r"\b", re.IGNORECASE)


def _form(word: str) -> str:
    """A word and its plain plural, in either spelling of tumour."""
    if word.endswith("is"):
        stem, ends = word[:-2], "(?:is|es)"
    elif word.endswith("es") and len(word) > 5:
        stem, ends = word[:-2], "(?:is|es|e)?"
    else:
        stem, ends = word.removesuffix("s") if len(word) > 3 else word, "s?"
    return re.escape(stem).replace("tumour", "tumou?r").replace("tumor", "tumou?r") + ends


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Every text at or below `path`; lists on the way are walked through."""
    if isinstance(value, str):
        if not path:
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, path)
    elif isinstance(value, Mapping):
        if path:
            yield from _texts(value.get(path[0]), path[1:])
        else:
            for one in value.values():
                yield from _texts(one, ())


def excerpt(text: str, word: str, *, longest: int) -> str:
    """`text`, cut to about `longest` letters around the word."""
    if len(text) <= longest:
        return text
    found = _pattern(word).search(text)
    middle = found.start() if found else 0
    start = max(0, min(middle - longest // 3, len(text) - longest))
    cut = text[start : start + longest].strip()
    return f"{'…' if start else ''}{cut}{'…' if start + longest < len(text) else ''}"
