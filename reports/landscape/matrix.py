"""Tumours by treatments: how many trials test a treatment in a tumour. The labels come from rules, not from people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reports.landscape.studied import Studied
from reports.landscape.table import Table
from tracker.taxonomy import Classes, Role

UNLABELLED = "unlabelled"
ORIGINS_AND_KINDS = ("origin", "kind")


def matrix(studies: Iterable[Studied]) -> Table:
    """Rows are origins and kinds of tumour, columns the treatments that are tested, each by how many trials have it."""
    held = [one.classes for one in studies if one.classes is not None]
    tumours = Counter(word for classes in held for word in tumour_words(classes))
    treatments = Counter(word for classes in held for word in treatment_words(classes))
    pairs = Counter(
        (tumour, treatment)
        for classes in held
        for tumour in tumour_words(classes)
        for treatment in treatment_words(classes)
    )
    columns = [word for word, _ in sorted(treatments.items(), key=_by_size)]
    return Table(
        name="matrix",
        title="Tumours by treatments tested",
        columns=("Tumour", "Trials", *columns),
        rows=tuple(
            (tumour, number, *(pairs[tumour, treatment] for treatment in columns))
            for tumour, number in sorted(tumours.items(), key=_by_size)
        ),
        note="A trial can stand in several rows and columns. Tumours and treatments are labelled automatically.",
    )


def tumour_words(classes: Classes) -> Sequence[str]:
    """The origins and kinds of tumour, each once."""
    words = [label.words for axis in ORIGINS_AND_KINDS for label in classes.of(axis)]
    return tuple(dict.fromkeys(words)) or (UNLABELLED,)


def origin_words(classes: Classes) -> Sequence[str]:
    """Where the tumour comes from: metastatic, primary, haematological; each once."""
    return tuple(dict.fromkeys(label.words for label in classes.of("origin"))) or (UNLABELLED,)


def treatment_words(classes: Classes) -> Sequence[str]:
    words = [label.words for label in classes.of("treatment") if label.role is Role.TESTED]
    return tuple(dict.fromkeys(words)) or (UNLABELLED,)


def _by_size(counted: tuple[str, int]) -> tuple[bool, int, str]:
    word, number = counted
    return word == UNLABELLED, -number, word
