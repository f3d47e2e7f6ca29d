"""What several terms bring together, and each alone. Pure: it compares answers, whoever gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.study import NctId

Brought = Mapping[int, frozenset[NctId]]
"""What each term returned, by the term's number."""


@dataclass(frozen=True, slots=True)
class Combination:
    """Studies that exactly these terms return, numbers ascending."""

    terms: tuple[int, ...]
    studies: frozenset[NctId]


def combinations(brought: Brought) -> tuple[Combination, ...]:
    """Every combination that some study has; the largest first, then those of fewer terms."""
    found: dict[tuple[int, ...], set[NctId]] = {}
    for study, terms in returning(brought).items():
        found.setdefault(terms, set()).add(study)
    listed = [Combination(terms, frozenset(studies)) for terms, studies in found.items()]
    return tuple(sorted(listed, key=lambda one: (-len(one.studies), len(one.terms), one.terms)))


def returning(brought: Brought) -> dict[NctId, tuple[int, ...]]:
    """The numbers of the terms that return each study, ascending."""
    terms: dict[NctId, tuple[int, ...]] = {}
    for number in sorted(brought):
        for study in brought[number]:
            terms[study] = (*terms.get(study, ()), number)
    return terms


def only_from(brought: Brought, number: int) -> frozenset[NctId]:
    """What no other of the terms returns."""
    others = frozenset[NctId]().union(*(ids for one, ids in brought.items() if one != number))
    return brought[number] - others
