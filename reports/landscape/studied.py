"""A study as the landscape sees it."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A member of the searches that the landscape is of, and the names of those searches."""

    study: Study
    searches: tuple[str, ...]
