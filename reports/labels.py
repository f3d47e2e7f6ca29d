"""A trial's classes in a few words, to stand beside its name. They come from rules, not from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.words import clipped
from tracker.taxonomy import Classes, Label, Relevance, Role

LENGTH = 120

RELEVANCE: Mapping[Relevance, str] = {
    Relevance.ONE_OF_SEVERAL: "Relevance: spine tumours are one of several subjects",
    Relevance.LISTED_ONLY: "Relevance: a spine tumour is only listed",
    Relevance.NONE: "Relevance: no spine tumour was read in the record",
}
"""Of a trial that is not about spine tumours first of all; of one that is, nothing needs to be said."""

_UNSAID = frozenset({"unspecified", "unclear", "unknown"})


def labels_of(classes: Classes) -> tuple[str, ...]:
    """The tumour, the treatments tested, and the relevance where it isn't focus."""
    tumour = _words((*classes.of("kind"), *classes.of("origin"), *classes.of("compartment")))
    tested = _words(label for label in classes.of("treatment") if label.role is Role.TESTED)
    said = (
        f"Tumour: {tumour}" if tumour else None,
        f"Tests: {tested}" if tested else None,
        RELEVANCE.get(classes.relevance),
    )
    return tuple(clipped(words, LENGTH) for words in said if words)


def _words(labels: Iterable[Label]) -> str:
    return ", ".join(dict.fromkeys(label.words for label in labels if label.id not in _UNSAID))
