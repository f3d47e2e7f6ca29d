"""What a record says once everything that the registry rewrites by itself is taken away.

Two records with the same content are the same version of a study. Noise, and what it is measured by: the real
series of 2026, in which nearly all versions differ only by `versionHolder` and the order of the MeSH modules, and
the review's trials, six of which gained "allocation: NA" without having been touched.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson

from tracker.shape import Record

Path = tuple[str, ...]

NOISE_KEYS = frozenset(
    {
        "versionHolder",  # the data date, stamped on every record at every refresh
        "conditionBrowseModule",  # MeSH terms derived by the registry, in unstable order
        "interventionBrowseModule",
        "geoPoint",  # looked up from the address
        "resultsSection",  # never fetched; a website download may carry it
    }
)
"""Keys of the registry's data structure, each used in one place only."""

TOUCH_KEYS = frozenset({"statusVerifiedDate", "lastUpdateSubmitDate", "lastUpdatePostDateStruct"})
"""Dates that only say that the record was touched: they make a version, but no change."""

_SITE_KEYS = ("facility", "city", "state", "zip", "country")


class TooDeep(Exception):
    pass


def normal_text(text: str) -> str:
    """`text` in composed Unicode with single blanks: what differs only in these is the same."""
    single = " ".join(text.split())
    return single if single.isascii() else unicodedata.normalize("NFC", single)


def contents(before: Record, after: Record) -> tuple[Any, Any]:
    """Of each record what the other does not hold as well, as `content` gives it: equal where their contents are."""
    try:
        old, new = _apart(before, after)
        return _content(old) or {}, _content(new) or {}
    except (RecursionError, orjson.JSONEncodeError):
        raise TooDeep from None


def content(record: Record) -> Any:
    """The record without noise, in a form that compares equal whatever the order of its keys and lists.

    Raises TooDeep where the decoder read deeper than Python and orjson can follow.
    """
    return contents(record, {})[0]


def _apart(before: Record, after: Record) -> tuple[Record, Record]:
    """The two less what is plainly the same in both: most of them, and far quicker to see than their contents."""
    old, new = dict(before), dict(after)
    for key in before.keys() & after.keys():
        if before[key] == after[key]:
            del old[key], new[key]
        elif isinstance(before[key], dict) and isinstance(after[key], dict):
            old[key], new[key] = _apart(before[key], after[key])
    return old, new


def _content(value: Any) -> Any:
    """The value without noise; None where nothing is left of it, because null, empty and absent are one."""
    if isinstance(value, str):
        return normal_text(value) or None
    if isinstance(value, dict):
        held = {
            key: kept for key, inner in value.items() if key not in NOISE_KEYS and (kept := _content(inner)) is not None
        }
        if held.get("allocation") == "NA":  # the registry fills in an absent design choice as "not applicable"
            del held["allocation"]
        return held or None
    if isinstance(value, list):
        return sorted([inner for inner in map(_content, value) if inner is not None], key=_sort_key) or None
    return value


def _sort_key(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def changed_modules(before: Record, after: Record, *, watched: Iterable[Path]) -> tuple[str, ...]:
    """The modules that differ in something that is neither noise, nor a touch, nor below a watched path.

    Takes the two results of `contents`. The contacts of a site, below a watched path, are compared only where the site
    stands in both: those of an added or dropped one came or went with it.
    """
    skipped = frozenset(watched)
    old, new = (_unwatched(record, skipped) for record in (before, after))
    modules = {
        module
        for section in old.keys() | new.keys()
        for module in _keys(old, section) | _keys(new, section)
        if _held(old, section, module) != _held(new, section, module)
    }
    if _contacts_differ(before, after):
        modules.add("contactsLocationsModule")
    return tuple(sorted(modules))


def _unwatched(value: Record, skipped: frozenset[Path], path: Path = ()) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for key, inner in value.items():
        place = (*path, key)
        if key in TOUCH_KEYS or place in skipped:
            continue
        kept = _unwatched(inner, skipped, place) if isinstance(inner, dict) else inner
        if kept != {}:
            left[key] = kept
    return left


def _keys(record: Record, section: str) -> set[str]:
    modules = record.get(section)
    return set(modules) if isinstance(modules, dict) else {section} & record.keys()


def _held(record: Record, section: str, module: str) -> Any:
    modules = record.get(section)
    return modules.get(module) if isinstance(modules, dict) else modules


def _contacts_differ(before: Record, after: Record) -> bool:
    old, new = _contacts(before), _contacts(after)
    return any(old[site] - new[site] and new[site] - old[site] for site in old.keys() & new.keys())


def _contacts(record: Record) -> dict[Path, Counter[bytes]]:
    """By site what else its entry says; several sites may share a masked name."""
    contacts: dict[Path, Counter[bytes]] = {}
    locations = record.get("protocolSection", {}).get("contactsLocationsModule", {}).get("locations", [])
    for location in locations:
        site = tuple(str(location.get(key)) for key in _SITE_KEYS)
        rest = {key: held for key, held in location.items() if key not in _SITE_KEYS and key != "status"}
        contacts.setdefault(site, Counter())[_sort_key(rest)] += 1
    return contacts
