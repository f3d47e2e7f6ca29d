"""What the registry says of a term that it can't read, told as where in the term and what to do. No I/O.

Its texts are plain English of its parser's making (CONTRACT §3 in the project's notes); one that is not known here is
quoted as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from tracker.errors import BadRequest
from tracker.registry.fields import KNOWN

_LABELS = {
    "Conditions or disease": "condition",
    "Title / acronym": "title",
    "Intervention / treatment": "intervention",
    "Other terms": "other",
    "Sponsor / collaborator": "sponsor",
    "Location terms": "location",
    "advanced filter": "study_type",
}
"""What the registry calls its search fields → the key of `[[search.term]]`."""

_AREAS = (
    "BasicSearch",
    "ConditionSearch",
    "EligibilitySearch",
    "InterventionSearch",
    "LocationSearch",
    "OutcomeSearch",
    "SponsorSearch",
    "TitleSearch",
)
_AREA_PAGE = "https://clinicaltrials.gov/data-api/about-api/search-areas"
_PLACE = re.compile(r"Error parsing query in (?P<place>[^:]+): (?P<detail>.*)", re.DOTALL)
_STATUS = re.compile(r"Invalid value in parameter `overallStatus`: `(?P<value>[^`]*)`")
_LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Complaint:
    """`key` is the term's key that it is about, None where the registry does not say; `reason` ends in what to do.

    `said` are the registry's own words, on one line, cut where they are very long.
    """

    key: str | None
    reason: str
    said: str


def complaint(refusal: BadRequest) -> Complaint:
    """What is wrong with the term that the registry refused."""
    said = " ".join(refusal.body.split()) or refusal.message
    quoted = said if len(said) <= _LONGEST_QUOTE else f"{said[:_LONGEST_QUOTE]}…"
    if parsed := _PLACE.fullmatch(said):
        place = parsed["place"].strip()
        where = "" if place in _LABELS else f"in {place}: "
        return Complaint(_LABELS.get(place), where + _meaning(parsed["detail"]), quoted)
    if status := _STATUS.search(said):
        return Complaint("status", f'the registry has no status "{status["value"]}"', quoted)
    if refusal.status == 414:
        return Complaint(None, "the term is too long for one request: split it in two", quoted)
    return Complaint(None, f"the registry refuses the term (HTTP {refusal.status}): {quoted}", quoted)


def _meaning(detail: str) -> str:
    for pattern, meaning in _MEANINGS:
        if found := pattern.search(detail):
            return meaning(found)
    return f"the registry can't read the expression: {detail}"


def _unknown_area(found: re.Match[str]) -> str:
    name = found["name"]
    near = get_close_matches(name, sorted({*KNOWN, *_AREAS}), n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"the names stand at {_AREA_PAGE}"
    return f'the registry has no search area "{name}"; {hint}'


def _missing(found: re.Match[str]) -> str:
    at = "at the end" if found["at"] == "<EOF>" else f"before {_shown(found['at'])}"
    return f"a closing {found['sign']} is missing {at}"


def _unexpected(found: re.Match[str]) -> str:
    text = found["text"]
    if found["wanted"]:
        return f"the expression can't be read at {_shown(text)}: {found['wanted']} is expected there"
    if text in ("<EOF>", ""):
        return "the expression ends too early: after AND, OR, NOT or ( something must follow"
    if text in (")", "]"):
        return f"a {text} too many, or one that closes nothing"
    near = f"the expression can't be read at {_shown(text)}"
    if text.rstrip().endswith("["):
        return f"{near}: a [ may only stand right after AREA, SEARCH, RANGE, COVERAGE or EXPANSION"
    if re.search(r"(?:^|\s)(?:AND|OR)$", text.strip()):
        return f"{near}: AND and OR need something on both sides"
    return f"{near}: check its brackets and quotation marks"


def _stray_sign(found: re.Match[str]) -> str:
    text = found["text"]
    if text.startswith('"'):
        return f"the quotation mark before {_shown(text[1:])} is never closed"
    return f"{_shown(text)} can't stand in an expression; write it in quotation marks, or with a backslash before it"


def _choices(found: re.Match[str]) -> str:
    words = ", ".join(re.findall(r"`([^`,]+)`", found["words"]))
    more = "" if found["words"].rstrip(" .").endswith("`") else " …"  # the registry's text was cut
    return f"{found['path'].rpartition('.')[2]} takes only {words}{more}"


def _shown(text: str) -> str:
    text = text.strip()
    return f'"{text}"' if len(text) <= 60 else f'"{text[:59]}…"'


_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Unknown area name: `(?P<name>[^`]*)`"), _unknown_area),
    (re.compile(r"Allowed values for enum field `(?P<path>[^`]*)` are (?P<words>.*)"), _choices),
    (
        re.compile(r"Invalid coverage: (?P<name>\S+)"),
        lambda found: f"there is no COVERAGE[{found['name']}]: it is Contains, StartsWith, EndsWith or FullMatch",
    ),
    (re.compile(r"missing '(?P<sign>[)\]])' at '(?P<at>.*?)'"), _missing),
    (re.compile(r"token recognition error at: '(?P<text>.*)'"), _stray_sign),
    (
        re.compile(
            r"(?:no viable alternative at|extraneous|mismatched) input '(?P<text>.*?)'"
            r"(?: expecting '(?P<wanted>[^']+)'$| expecting|$)"
        ),
        _unexpected,
    ),
)
