"""Words of the report that are not the registry's own (those are `tracker.words`): labels, counts, instants, slips."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from tracker.fields import BY_NAME, OTHER_FIELD
from tracker.words import NOT_GIVEN, date_in_words

CUT = " … (cut)"

_CAPITAL = re.compile(r"[A-Z](?=[a-z])")
_CODED = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")


def field_label(field: str) -> str:
    """What a watched field is called; a name that this version does not know is shown as it is."""
    if field == OTHER_FIELD:
        return "Other parts of the record"
    watched = BY_NAME.get(field)
    return watched.label if watched else field.replace("_", " ").capitalize()


def coded_in_words(text: str) -> str:
    """NON_RANDOMIZED → "Non randomized", NA → "N/A"; anything that is no coded word as it stands."""
    if text == "NA":
        return "N/A"
    if len(text) > 3 and _CODED.fullmatch(text):
        return text.replace("_", " ").capitalize()
    return text


def module_in_words(module: str) -> str:
    """contactsLocationsModule → "contacts locations": a part of the record as a reader may guess it."""
    return _CAPITAL.sub(lambda found: f" {found[0].lower()}", module.removesuffix("Module")).strip()


def plain_in_words(value: object) -> str:
    """A flag, a number or nothing in words."""
    if value is None or value == "":
        return NOT_GIVEN
    return ("Yes" if value else "No") if isinstance(value, bool) else str(value)


def counted(number: int, one: str, many: str | None = None) -> str:
    """(1, "trial") → "1 trial", (4, "trial") → "4 trials"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(words: Iterable[str]) -> str:
    """("a", "b", "c") → "a, b and c"."""
    *first, last = words or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def slip(days: int | None, *, at_least: bool) -> str | None:
    """(731, False) → "+731 d", (-2, True) → "at least −2 d" with a real minus sign; None for None."""
    if days is None:
        return None
    sign = "+" if days > 0 else "−" if days < 0 else "±"
    return f"{'at least ' if at_least else ''}{sign}{abs(days)} d"


def day(value: date | None) -> str:
    """28 Jul 2020; "an unknown date" for None."""
    return date_in_words(value.isoformat()) if value else "an unknown date"


def instant(value: datetime | None) -> str:
    """28 Jul 2020, 16:30 UTC; an aware instant. "—" for None."""
    if value is None:
        return "—"
    utc = value.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def clipped(text: str, length: int) -> str:
    """`text`, cut to about `length` characters, and said so. At a word, unless one is longer than half of that."""
    if len(text) <= length:
        return text
    end = max(text.rfind(blank, 0, length + 1) for blank in " \n\t")
    return text[: end if end > length // 2 else length].rstrip(" \n\t,;") + CUT


def sentence(text: str) -> str:
    """`text` with a capital first letter and a full stop."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "!", "?")) else f"{start}."
