"""The phase that a title claims, which is not always the one that the record has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracker.study import Phase
from tracker.words import phase_in_words

_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}
_NUMBER = r"(?:IV|I{1,3}|[1-4])[ab]?"
_CLAIM = re.compile(
    rf"\b(?P<early>early[\s-]+)?phase[\s-]*(?P<first>{_NUMBER})"
    rf"(?:\s*(?:/|-|–|and|to)\s*(?:phase[\s-]*)?(?P<second>{_NUMBER}))?(?!\w|\.\d)",
    re.IGNORECASE,
)


def phases_claimed(title: str | None) -> tuple[Phase, ...]:
    """The phases that a title names: "A Phase I/II Trial ..." → (PHASE1, PHASE2); none where it names none."""
    found = _CLAIM.search(title or "")
    if not found:
        return ()
    first = Phase.EARLY_PHASE1 if found["early"] and _digit(found["first"]) == "1" else _phase(found["first"])
    phases = (first, _phase(found["second"])) if found["second"] else (first,)
    return tuple(dict.fromkeys(phases))


def phase_claimed_otherwise(*titles: str | None, phases: Iterable[str]) -> str | None:
    """The phase that the first of the titles to name one claims, in words; None where it is the record's own."""
    claimed = next((named for named in map(phases_claimed, titles) if named), ())
    return phase_in_words(claimed) if claimed and set(claimed) != set(phases) else None


def _phase(number: str) -> Phase:
    return Phase(f"PHASE{_digit(number)}")


def _digit(number: str) -> str:
    bare = number.upper().rstrip("AB")
    return _ROMAN.get(bare, bare)
