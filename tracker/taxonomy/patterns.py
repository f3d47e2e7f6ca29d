"""Patterns as the taxonomy's tables write them, and texts as they match them.

A blank in a pattern stands for any blanks, hyphens or slashes; a blank before `?` may also be nothing. Patterns match
whole words, whatever their case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ODD_SIGNS = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"'}
    | dict.fromkeys("®™©\u00ad\u200b")
)

_PASSED_OVER = "\0"  # neither a word nor a blank: no pattern reaches across it


def plain(text: str) -> str:
    """`text` with common dashes, quotes and blanks, as patterns expect it and pages can show it."""
    return " ".join(text.translate(_ODD_SIGNS).split())


def folded(text: str) -> str:
    """`text` in small letters, letter for letter: positions stay those of `text`."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


# What the case of a letter means something in: an escape (\W is not \w), a named group.
_CASED = re.compile(r"\\.|\(\?P|[^\W\d_]", re.DOTALL)


def regular(pattern: str) -> str:
    """The regular expression over folded text that a pattern stands for; it need not compile."""
    small = _CASED.sub(lambda found: found[0] if len(found[0]) > 1 else folded(found[0]), pattern)
    return small.replace(" ?", r"[\s/-]*").replace(" ", r"[\s/-]+")


def whole_words(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """Any of the patterns as whole words of a folded text; None where there are none. Raises re.error.

    Folding the text, rather than ignoring case, lets the engine skip alternatives by their first letter.
    """
    if not patterns:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(regular, patterns))})(?!\w)")


@dataclass(frozen=True, slots=True)
class Words:
    """What to look for in a text, and what to pass over."""

    match: re.Pattern[str] | None
    unless: re.Pattern[str] | None = None

    def maybe_in(self, small: str) -> bool:
        """False where a folded text certainly has none of them: quick, for a whole study at once."""
        return self.match is not None and self.match.search(small) is not None

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where they stand in a plain text, as (start, end)."""
        small = folded(text)
        if self.match is None or not self.match.search(small):
            return iter(())
        if self.unless is not None:
            small = self.unless.sub(lambda passed: _PASSED_OVER * len(passed[0]), small)
        return (place.span() for place in self.match.finditer(small))

    def first(self, text: str) -> str | None:
        """The first of the words in a plain text, as written there."""
        place = next(self.found(text), None)
        return text[slice(*place)] if place else None
