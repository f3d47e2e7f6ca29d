"""A search as its owner defined it: what it asks the registry, and which studies it takes or leaves by hand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from tracker.registry.query import AREAS, TermQuery
from tracker.study import NctId

_STUDY_TYPE_FILTER = "AREA[StudyType]"

IMPORTED = TermQuery((("import", "files"),))
"""What stands for the terms of a search where its answer was saved in files."""


@dataclass(frozen=True)
class SearchDefinition:
    """A named set of terms; a study is a member if any term returns it, or it is included.

    `include` and `exclude` are (NCT ID, the owner's reason, maybe empty); an id stands in one of them at most.
    """

    name: str
    description: str = ""
    terms: tuple[TermQuery, ...] = ()
    include: tuple[tuple[NctId, str], ...] = ()
    exclude: tuple[tuple[NctId, str], ...] = ()

    @property
    def included(self) -> frozenset[NctId]:
        return frozenset(study for study, _ in self.include)

    @property
    def excluded(self) -> frozenset[NctId]:
        return frozenset(study for study, _ in self.exclude)

    @cached_property
    def definition_digest(self) -> str:
        """The same for definitions that select the same studies: order, description and reasons don't count."""
        selecting = [sorted(term.key for term in self.terms), sorted(self.included), sorted(self.excluded)]
        return hashlib.blake2b(json.dumps(selecting).encode(), digest_size=16).hexdigest()


def term_in_words(term: TermQuery) -> str:
    """A term as a person reads it: `condition: chordoma; study type: INTERVENTIONAL`.

    The expressions stand as they are sent, quotes included.
    """
    keys = {parameter: key for key, parameter in AREAS.items()}
    if term == IMPORTED:
        return "files saved from the registry"
    params = dict(term.params)
    said = [f"{keys[parameter]}: {params[parameter]}" for parameter in AREAS.values() if parameter in params]
    study_type = params.get("filter.advanced", "")
    if study_type.startswith(_STUDY_TYPE_FILTER):
        said.append(f"study type: {study_type.removeprefix(_STUDY_TYPE_FILTER)}")
    if "filter.overallStatus" in params:
        said.append(f"status: {params['filter.overallStatus'].replace(',', ' or ')}")
    return "; ".join(said)
