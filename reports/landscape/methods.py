"""A "Methods" paragraph that a paper can use, from what the store knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reports.landscape.printed import printed_day
from tracker.searches import SearchDefinition, term_in_words


def methods(
    searches: Sequence[SearchDefinition],
    *,
    data_date: date | None,
    first_data: date | None,
    members: int,
    excluded: int,
    program_version: str,
    taxonomy_version: str | None,
) -> str:
    """`first_data` is the day of the oldest data held; `members` are the trials in the landscape."""
    terms = [term_in_words(term) for search in searches for term in search.terms]
    found = "; ".join(f"({number}) {term}" for number, term in enumerate(terms, start=1))
    sentences = [
        f"ClinicalTrials.gov was searched through its API (version 2) with {_counted(len(terms), 'term')}: {found}.",
        "A trial was taken if any term returned it; expressions were sent as given, and the registry's own expansion of"
        " terms (synonyms, word forms) was left on.",
    ]
    if excluded:
        sentences.append(f"{_counted(excluded, 'trial')} {'was' if excluded == 1 else 'were'} excluded by hand.")
    if data_date:
        sentences.append(
            f"The figures are of the registry's data of {printed_day(data_date)}, in which {_counted(members, 'trial')}"
            f" {'was' if members == 1 else 'were'} held."
        )
    if first_data and data_date and first_data < data_date:
        sentences.append(f"Records were followed from {printed_day(first_data)} on.")
    if taxonomy_version:
        sentences.append(
            "Tumours, treatments and relevance were labelled automatically from titles, conditions, keywords, MeSH"
            f" terms, arms and interventions (taxonomy {taxonomy_version})."
        )
    sentences.append(f"Tables were made with spine-trial-tracker {program_version}.")
    return " ".join(sentences)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
