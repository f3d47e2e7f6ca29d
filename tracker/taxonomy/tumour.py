"""Reads what tumour a study is about: origin, compartment, kind, primary cancer, region and flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.taxonomy.model import Label, Reading
from tracker.taxonomy.passages import Passage
from tracker.taxonomy.vocabulary import TUMOUR_AXES, Rule, Taxonomy

_Found = dict[tuple[str, str], tuple[Reading, ...]]

_UNSPECIFIED = ("origin", "unspecified")


def tumour_labels(texts: Sequence[Passage], taxonomy: Taxonomy) -> tuple[Label, ...]:
    """The tumour labels that the passages give, in the order of the taxonomy; none where no tumour is named."""
    about = _tumour_named(texts, taxonomy)
    if not about:
        return ()
    found: _Found = {}
    candidates = taxonomy.rules_that_may_read("\n".join(text.text for text in texts), *TUMOUR_AXES)
    for rule in candidates:
        if readings := _read(rule, texts):
            found[rule.axis, rule.id] = readings
    _add_implied(found, candidates)
    _add_otherwise(found, candidates, texts)
    if not any(axis == "origin" for axis, _ in found):
        found[_UNSPECIFIED] = about[:1]
    _drop_what_does_not_apply(found, texts, taxonomy)
    return tuple(
        Label(rule.axis, rule.id, rule.words, found[rule.axis, rule.id])
        for rule in taxonomy.rules
        if (rule.axis, rule.id) in found
    )


def _tumour_named(texts: Iterable[Passage], taxonomy: Taxonomy) -> tuple[Reading, ...]:
    named = (taxonomy.words["tumour"], taxonomy.words["spine_tumour"])
    return tuple(
        text.reading(words) for text in texts for pattern in named if (words := pattern.first(text.text)) is not None
    )


def _read(rule: Rule, texts: Iterable[Passage]) -> tuple[Reading, ...]:
    return tuple(
        text.reading(words)
        for text in texts
        if rule.reads(text) and (words := rule.pattern.first(text.text)) is not None
    )


def _add_implied(found: _Found, rules: Iterable[Rule]) -> None:
    """A chordoma is a primary tumour, whether or not the record says so."""
    for rule in rules:
        for implied in rule.implies:
            if readings := found.get((rule.axis, rule.id)):
                found[implied] = (*found.get(implied, ()), *readings)


def _add_otherwise(found: _Found, rules: Iterable[Rule], texts: Sequence[Passage]) -> None:
    read_axes = {axis for axis, _ in found}
    for rule in rules:
        if rule.axis not in read_axes:
            for text in texts:
                words = rule.otherwise.first(text.text)
                if words is not None and rule.reads(text):
                    found[rule.axis, rule.id] = (*found.get((rule.axis, rule.id), ()), text.reading(words))


def _drop_what_does_not_apply(found: _Found, texts: Iterable[Passage], taxonomy: Taxonomy) -> None:
    """A primary cancer belongs to a metastasis, a region or a compartment to the spine."""
    if ("origin", "metastatic") not in found:
        _drop(found, "primary_cancer")
    places = (taxonomy.words["spine"], taxonomy.words["spine_tumour"])
    if not any(place.first(text.text) for text in texts for place in places):
        _drop(found, "compartment")
        _drop(found, "region")


def _drop(found: _Found, axis: str) -> None:
    for key in [key for key in found if key[0] == axis]:
        del found[key]
