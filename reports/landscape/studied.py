"""A study as the landscape sees it."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.study import Study
from tracker.taxonomy import Classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A member of the searches that the landscape is of, their names, and its classes if they were asked for."""

    study: Study
    searches: tuple[str, ...]
    classes: Classes | None = None
