"""Puts the parts together: passages in, classes out."""

from __future__ import annotations

from tracker.study import Study
from tracker.taxonomy.model import Classes
from tracker.taxonomy.passages import passages
from tracker.taxonomy.relevance import relevance
from tracker.taxonomy.treatment import treatments
from tracker.taxonomy.tumour import tumour_labels
from tracker.taxonomy.vocabulary import Taxonomy, shipped


def classify(study: Study, taxonomy: Taxonomy | None = None) -> Classes:
    """The classes of a study by `taxonomy`, or by the shipped one."""
    chosen = taxonomy or shipped()
    texts = passages(study)
    given = treatments(study, chosen)
    verdict = relevance(texts, given.labels, chosen)
    return Classes(
        relevance=verdict.relevance,
        relevance_readings=verdict.readings,
        labels=(*tumour_labels(texts, chosen), *given.labels),
        hybrid=given.hybrid,
        version=chosen.version,
    )
