"""Says how much of a study is about tumours of the spine: focus, one of several sites, listed only, none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.taxonomy.model import Label, Reading, Relevance, Role
from tracker.taxonomy.passages import TITLES, Passage
from tracker.taxonomy.vocabulary import Taxonomy

_THERAPEUTIC = frozenset({"surgery", "minimally_invasive", "radiation", "systemic"})
_REBUILDING = frozenset({"custom_implant", "bone_graft"})  # they replace what a tumour took


@dataclass(frozen=True, slots=True)
class Verdict:
    relevance: Relevance
    readings: tuple[Reading, ...]


def relevance(texts: Sequence[Passage], treatments: Iterable[Label], taxonomy: Taxonomy) -> Verdict:
    """The verdict, and what it rests on.

    A tumour and the spine in one title make the focus, unless the title names other sites or diseases beside it. In the
    conditions alone, the spine is one of several sites where the title leaves room for it; where the title is about
    another organ's tumour, or nothing tested treats a tumour, it is listed only.
    """
    titles = [text for text in texts if text.field in TITLES]
    named = _spine_tumours(titles, taxonomy)
    if named:
        several = any(_beside_others(reading.passage, taxonomy) for reading in named)
        return Verdict(Relevance.ONE_OF_SEVERAL if several else Relevance.FOCUS, named)
    listed = _spine_tumours([text for text in texts if text.field not in TITLES], taxonomy)
    if listed:
        return Verdict(_of_listed(texts, treatments, taxonomy), listed)
    implied = _implied(texts, taxonomy)
    if implied and _room_in(titles, treatments, taxonomy):
        return Verdict(Relevance.ONE_OF_SEVERAL, implied)
    return Verdict(Relevance.LISTED_ONLY if implied else Relevance.NONE, implied)


def _spine_tumours(texts: Iterable[Passage], taxonomy: Taxonomy) -> tuple[Reading, ...]:
    return tuple(text.reading(words) for text in texts if (words := spine_tumour_in(text.text, taxonomy)))


def spine_tumour_in(text: str, taxonomy: Taxonomy) -> str | None:
    """The words of a plain text that name a tumour of the spine, or None."""
    by_itself = taxonomy.words["spine_tumour"].first(text)
    if by_itself:
        return by_itself
    spine = taxonomy.words["spine"].first(text)
    if spine is None:
        return None
    tumour = taxonomy.words["tumour"].first(text) or taxonomy.words["tumour_treatment"].first(text)
    return f"{spine} … {tumour}" if tumour else None


def _of_listed(texts: Sequence[Passage], treatments: Iterable[Label], taxonomy: Taxonomy) -> Relevance:
    """Of a spine tumour that no title names."""
    titles = [text for text in texts if text.field in TITLES]
    conditions = [text for text in texts if text.field == "conditions"]
    alone = bool(conditions) and all(spine_tumour_in(text.text, taxonomy) for text in conditions)
    if alone and not _elsewhere(titles, taxonomy):
        return Relevance.FOCUS
    return Relevance.ONE_OF_SEVERAL if _room_in(titles, treatments, taxonomy) else Relevance.LISTED_ONLY


def _room_in(titles: Sequence[Passage], treatments: Iterable[Label], taxonomy: Taxonomy) -> bool:
    """Whether what the titles are about can mean the spine: tumours in general, or something that treats them."""
    if _elsewhere(titles, taxonomy):
        return False
    if any(taxonomy.words["tumour"].first(title.text) for title in titles):
        return True
    tested = [label for label in treatments if label.role is Role.TESTED]
    return any(label.group in _THERAPEUTIC or label.id in _REBUILDING for label in tested)


def _elsewhere(titles: Iterable[Passage], taxonomy: Taxonomy) -> bool:
    return any(taxonomy.words["elsewhere"].first(title.text) for title in titles)


def _implied(texts: Sequence[Passage], taxonomy: Taxonomy) -> tuple[Reading, ...]:
    """The spine in a title or condition, and a tumour in another condition: "Kyphoplasty" for "Multiple Myeloma"."""
    told = [text for text in texts if text.field in (*TITLES, "conditions")]
    spine = next((text.reading(words) for text in told if (words := taxonomy.words["spine"].first(text.text))), None)
    conditions = [text for text in texts if text.field == "conditions"]
    tumour = next(
        (text.reading(words) for text in conditions if (words := taxonomy.words["tumour"].first(text.text))), None
    )
    return (spine, tumour) if spine and tumour else ()


def _beside_others(title: str, taxonomy: Taxonomy) -> bool:
    """Whether a title names another site in one breath with the spine, "head, neck and spine tumors", or other
    diseases of the spine."""
    if taxonomy.words["other_disease"].first(title):
        return True
    spine = [place for name in ("spine", "spine_tumour") for place in taxonomy.words[name].found(title)]
    sites = list(taxonomy.words["other_site"].found(title))
    return any(
        _JOINED.fullmatch(title, min(one[1], other[1]), max(one[0], other[0]))
        for one in spine
        for other in sites
        if one[1] <= other[0] or other[1] <= one[0]
    )


# What may stand between two sites that a title joins: "brain (metastases) and the", ", ", "/".
_JOINED = re.compile(
    r"(?:\s*(?:metasta\w*|tumou?rs?|lesions?|neoplasms?|disease))?\s*(?:,|/|&|\band/or\b|\band\b|\bor\b)"
    r"\s*(?:(?:or|and|the|other|malignant|metastatic|non-?)\s+)*(?:\w+\s+)?",
    re.IGNORECASE,
)
