"""A term of a search as the registry is asked it: which parameters, in which spelling."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

AREAS = {
    "condition": "query.cond",
    "title": "query.titles",
    "intervention": "query.intr",
    "other": "query.term",
    "sponsor": "query.spons",
    "location": "query.locn",
}
"""Keys of `[[search.term]]` → the parameter they are sent as."""


@dataclass(frozen=True, slots=True)
class TermQuery:
    """The canonical parameters of a term, sorted by name: two terms that ask the same are equal.

    Expressions stand as written in config; nothing is quoted, escaped or relaxed here.
    """

    params: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The stable text that identifies the term in the store."""
        return json.dumps(dict(self.params), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_key(cls, key: str) -> TermQuery:
        return cls(tuple(sorted(json.loads(key).items())))

    def __str__(self) -> str:
        return " & ".join(f"{name}={value}" for name, value in self.params)


def term_query(
    expressions: Iterable[tuple[str, str]], *, study_type: str | None = None, status: Iterable[str] = ()
) -> TermQuery:
    """The query of one `[[search.term]]`: `expressions` as (config key, Essie expression), and its filters.

    A study type is an `AREA[StudyType]` filter, because the API has no parameter for it; statuses are sent sorted.
    """
    params = {AREAS[key]: expression for key, expression in expressions}
    statuses = sorted(set(status))
    if study_type:
        params["filter.advanced"] = f"AREA[StudyType]{study_type}"
    if statuses:
        params["filter.overallStatus"] = ",".join(statuses)
    return TermQuery(tuple(sorted(params.items())))
