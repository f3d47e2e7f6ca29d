"""What each term of a search brings, alone and together, and what an edit of them would change. Stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.errors import ConfigError, TrackerError, UsageError
from tracker.registry.client import RegistryClient
from tracker.registry.query import TermQuery
from tracker.searches import term_in_words
from tracker.study import NctId, study_url
from tracker.tuning.asking import CountedTerm, Reader, ReadTerm, SeenStudy, cost_of_listed, cost_of_reading, counted
from tracker.tuning.edits import Edit, Fate
from tracker.tuning.outlook import Outlook, Prospect, outlook
from tracker.tuning.overlap import Brought, Combination, combinations, only_from

SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the store has of a search: its members with their titles, and the data of its last complete sweep."""

    members: Mapping[NctId, str]
    data_timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Several edits, one search each, and how many studies each of their terms has at the registry."""

    edits: tuple[Edit, ...]
    counts: Mapping[TermQuery, int]
    listed: tuple[NctId, ...]

    @property
    def studies(self) -> int:
        """As the registry counts them, those of several terms several times."""
        return sum(self.counts.values())

    @property
    def requests(self) -> int:
        """How many requests reading all of it takes, at least."""
        return cost_of_reading(self.counts.values()) + cost_of_listed(len(self.listed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One search's edit, what its terms returned, and what follows. `studies` holds all that were met, by NCT ID."""

    edit: Edit
    read: Mapping[int, ReadTerm]
    studies: Mapping[NctId, SeenStudy]
    outlook: Outlook
    held: Held

    @property
    def brought(self) -> Brought:
        return {number: term.ids for number, term in self.read.items()}

    @property
    def combinations(self) -> tuple[Combination, ...]:
        return combinations(self.brought)

    def only(self, number: int) -> frozenset[NctId]:
        """What only this term brings, among all that are shown."""
        return only_from(self.brought, number)

    def samples(self, number: int) -> tuple[NctId, ...]:
        """Some studies of a term, those that only it brings first, spread over the years of registration."""
        only = _spread(sorted(self.only(number)), SAMPLES)
        others = _spread(sorted(self.read[number].ids.difference(only)), SAMPLES - len(only))
        return (*only, *others)

    @property
    def incomplete(self) -> bool:
        return any(term.note for term in self.read.values())

    def shown(self, study: NctId) -> SeenStudy:
        return self.studies.get(study) or SeenStudy(study, self.held.members.get(study, ""))

    def relevances(self, studies: Iterable[NctId]) -> Counter[str]:
        """How many of the studies have which relevance; those that could not be read are left out."""
        labels = (self.shown(study).relevance for study in studies)
        return Counter(label for label in labels if label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All that was asked for at once: from where, of which data, in how many requests.

    `before` is the data's timestamp (aware UTC) when the first question was asked, `after` once all was answered.
    """

    previews: tuple[Preview, ...]
    registry: str
    before: datetime | None
    after: datetime | None
    requests: int

    @property
    def data_date(self) -> date | None:
        return self.before.date() if self.before else None

    @property
    def mixed(self) -> bool:
        """Whether the registry published new data meanwhile: some answers are of the old, some of the new."""
        return self.before != self.after


def _spread(ids: Sequence[NctId], count: int) -> list[NctId]:
    if len(ids) <= count:
        return list(ids)
    return [ids[round(place * (len(ids) - 1) / max(count - 1, 1))] for place in range(count)]


def queries_of(edits: Iterable[Edit]) -> tuple[TermQuery, ...]:
    """The terms of several searches, each once: two searches that share one ask it once."""
    return tuple(dict.fromkeys(term.query for edit in edits for term in edit.terms))


def planned(
    registry: RegistryClient,
    edits: Sequence[Edit],
    *,
    held: Mapping[str, Held],
    places: Mapping[TermQuery, str],
    told: Callable[[int], object],
) -> Plan:
    """Asks for the counts. `places` says where each configured term stands, `told` hears of each answer.

    Raises ConfigError or UsageError for a term that the registry refuses, RegistryError otherwise.
    """
    counts: dict[TermQuery, int] = {}
    for query in queries_of(edits):
        one = counted(registry, query)
        if one.count is None:
            raise _refused(one, places.get(query))
        counts[query] = one.count
        told(1)
    listed = {study for edit in edits for study in edit.search.included if study not in held[edit.search.name].members}
    return Plan(edits=tuple(edits), counts=counts, listed=tuple(sorted(listed)))


def _refused(term: CountedTerm, place: str | None) -> TrackerError:
    key, reason = "", "the registry refuses it"
    if term.complaint:
        key, reason = f".{term.complaint.key}" if term.complaint.key else "", term.complaint.reason
    if place:
        return ConfigError(f"{place}{key}: {reason}", subject=place, advice='"tracker search check" checks every term.')
    return UsageError(f"--add-term: {term_in_words(term.query)}: {reason}", subject=str(term.query))


def previews(reader: Reader, plan: Plan, *, held: Mapping[str, Held]) -> list[Preview]:
    """Reads every term of the plan, and says what follows for each search."""
    read = {query: reader.read(query) for query in plan.counts}
    reader.read_listed([study for study in plan.listed if study not in reader.studies])
    return [_preview(edit, read, reader.studies, held[edit.search.name]) for edit in plan.edits]


def _preview(edit: Edit, read: Mapping[TermQuery, ReadTerm], studies: Mapping[NctId, SeenStudy], held: Held) -> Preview:
    of_terms = {term.number: read[term.query] for term in edit.terms}
    brought = {number: term.ids for number, term in of_terms.items()}
    return Preview(
        edit=edit,
        read=of_terms,
        studies=studies,
        outlook=outlook(edit, brought, members=frozenset(held.members)),
        held=held,
    )


# --- for programs -------------------------------------------------------------------------------------------


def previews_data(asked: Asked, *, shipped_version: int | None) -> dict[str, Any]:
    return {
        "registry": asked.registry,
        "data_date": asked.data_date,
        "data_timestamp": asked.before,
        "data_timestamp_after": asked.after,
        "mixed": asked.mixed,
        "requests": asked.requests,
        "shipped_version": shipped_version,
        "searches": [_preview_data(preview) for preview in asked.previews],
    }


def _preview_data(preview: Preview) -> dict[str, Any]:
    outlook = preview.outlook
    return {
        "name": preview.edit.search.name,
        "edited": preview.edit.changes_something,
        "store_data_timestamp": preview.held.data_timestamp,
        "members": len(outlook.members),
        "members_after": len(outlook.after),
        "terms": [_term_data(preview, term.number, term.query, term.fate) for term in preview.edit.terms],
        "combinations": [{"terms": one.terms, "studies": len(one.studies)} for one in preview.combinations],
        "entering": [_prospect_data(preview, one) for one in outlook.entering],
        "leaving": [_prospect_data(preview, one) for one in outlook.leaving],
        "held": [_prospect_data(preview, one) for one in outlook.held],
    }


def _term_data(preview: Preview, number: int, query: TermQuery, fate: Fate) -> dict[str, Any]:
    term = preview.read[number]
    only = preview.only(number)
    excluded = term.ids & preview.edit.search.excluded
    return {
        "number": number,
        "fate": fate.value,
        "term": term_in_words(query),
        "sent": dict(query.params),
        "studies": len(term.ids),
        "only_this": len(only),
        "shared": len(term.ids) - len(only),
        "shared_with": {str(other): len(term.ids & one.ids) for other, one in preview.read.items() if other != number},
        "excluded": len(excluded),
        "relevance": dict(preview.relevances(term.ids)),
        "note": term.note or None,
        "samples": [{**_study_data(preview, study), "only_this": study in only} for study in preview.samples(number)],
    }


def _prospect_data(preview: Preview, one: Prospect) -> dict[str, Any]:
    return {**_study_data(preview, one.nct_id), "why": one.why.value, "by_edit": one.by_edit, "terms": one.terms}


def _study_data(preview: Preview, study: NctId) -> dict[str, Any]:
    shown = preview.shown(study)
    return {"nct_id": study, "title": shown.title or None, "relevance": shown.relevance, "url": study_url(study)}
