"""The day of the registry's data that a record is stamped with: all that a quiet day changes in it."""

from __future__ import annotations

import re
from datetime import date

STAMP_PATH = "derivedSection.miscInfoModule.versionHolder"

_STAMP = re.compile(rb'"versionHolder"\s*:\s*"(\d{4}-\d\d-\d\d)"')
_KEY = b'"versionHolder"'


def stamp_in(record: bytes) -> tuple[date | None, tuple[int, int]]:
    """The data date that a record is stamped with, and where it stands. Without one, the place is the end."""
    key = record.rfind(_KEY)
    found = _STAMP.match(record, key) if key >= 0 else None
    try:
        if found:
            return date.fromisoformat(found[1].decode()), found.span(1)
    except ValueError:
        pass
    return None, (len(record), len(record))
