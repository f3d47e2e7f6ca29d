"""How the trials were found, counted in the way of a PRISMA 2020 flow diagram: people and automation apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reports.landscape.studied import Studied
from reports.landscape.table import Cell, Table
from tracker.registry.query import TermQuery
from tracker.searches import SearchDefinition, term_in_words
from tracker.store.as_of import TermReturn
from tracker.taxonomy import Relevance

COLUMNS = ("Stage", "By", "What", "n")

_RELEVANCE = {
    Relevance.FOCUS: "focus",
    Relevance.ONE_OF_SEVERAL: "one of several sites",
    Relevance.LISTED_ONLY: "listed only",
    Relevance.NONE: "none",
}


def flow(
    studies: Iterable[Studied],
    returns: Sequence[TermReturn],
    searches: Sequence[SearchDefinition],
) -> Table:
    """Relevance is labelled automatically; a label is shown, and excludes nobody."""
    held = list(studies)
    union = frozenset[str]().union(*(one.nct_ids for one in returns))
    rows: list[tuple[Cell, ...]] = [
        ("Identified", "registry", f"{one.search}: {term_in_words(TermQuery.from_key(one.query))}", len(one.nct_ids))
        for one in returns
    ]
    rows.append(("Identified", "registry", "returned by any term, each trial once", len(union)))
    included = sorted(one.study.nct_id for one in held if one.study.nct_id not in union)
    rows.append(("Identified", "a person", "put on the include list, returned by no term", len(included)))
    for search in searches:
        rows += [
            ("Excluded", "a person", f"{nct_id}: {reason or 'no reason given'}", int(nct_id in union))
            for nct_id, reason in search.exclude
        ]
    labels = Counter(one.classes.relevance for one in held if one.classes is not None)
    rows += [
        ("Labelled", "automation", f"relevance: {_RELEVANCE[one]}", labels[one]) for one in Relevance if labels[one]
    ]
    rows.append(("Included", "", "trials in the landscape", len(held)))
    return Table(
        name="flow",
        title="How the trials were found",
        columns=COLUMNS,
        rows=tuple(rows),
        note="Terms return trials independently of each other. An exclusion counts 1 where a term returned the trial.",
    )
