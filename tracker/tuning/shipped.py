"""The search terms that come with the program, and their version.

The version stands in a comment of the shipped file, so that a config.toml made from it says which terms it began with.
An upgrade brings a new shipped file and never touches an admin's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from tracker.searches import SearchDefinition

_VERSION = re.compile(r"^\s*#.*\bshipped terms, version (\d+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShippedTerms:
    version: int
    search: SearchDefinition


def shipped_terms() -> ShippedTerms:
    """The search of the shipped file. Raises ValueError where that file lacks its version."""
    from tracker.config import load_config

    with resources.as_file(resources.files("tracker") / "shipped_config.toml") as path:
        [search] = load_config(path, full=False).searches
        version = terms_version(path)
    if version is None:
        raise ValueError("the shipped config does not say which version its terms are")
    return ShippedTerms(version, search)


def terms_version(path: Path) -> int | None:
    """The version of the shipped terms that a config file was made from, as its comment says; None if it does not."""
    found = _VERSION.search(path.read_text(encoding="utf-8-sig", errors="replace"))
    return int(found[1]) if found else None
