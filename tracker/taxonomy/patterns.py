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


def regular(pattern: str) -> str:
    """The regular expression that a pattern stands for. Raises re.error where it is none."""
    loose = pattern.replace(" ?", r"[\s/-]*").replace(" ", r"[\s/-]+")
    re.compile(loose)  # by itself, so that an error names the position in this pattern
    return loose


def whole_words(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """Any of the patterns as whole words; None where there are none. Raises re.error."""
    if not patterns:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(regular, patterns))})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """What to look for in a text, and what to pass over."""

    match: re.Pattern[str] | None
    unless: re.Pattern[str] | None = None

    def maybe_in(self, text: str) -> bool:
        """False where `text` certainly has none of them: quick, for a whole study at once."""
        return self.match is not None and self.match.search(text) is not None

    def found(self, text: str) -> Iterator[re.Match[str]]:
        """The places in a plain text. What is passed over is blanked, so positions are those of `text`."""
        if self.match is None or not self.match.search(text):
            return iter(())
        if self.unless is not None:
            text = self.unless.sub(lambda passed: _PASSED_OVER * len(passed[0]), text)
        return self.match.finditer(text)

    def first(self, text: str) -> str | None:
        """The first of the words in a plain text, as written there."""
        place = next(self.found(text), None)
        return place[0] if place else None
