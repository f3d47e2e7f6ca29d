"""The classes of a trial: how much it is about tumours of the spine, which tumour, which treatments in which role.

`classify` is pure: the same study and taxonomy give the same classes. The vocabulary and its patterns are data (three
TOML files, see README.md here); `shipped()` has them compiled, `extended` adds an admin's tables. Every label carries
the words that it was read from, so that a page can show why.
"""

from tracker.taxonomy.checks import InvalidTaxonomy
from tracker.taxonomy.labelling import classify
from tracker.taxonomy.model import Classes, Label, Reading, Relevance, Role
from tracker.taxonomy.vocabulary import Rule, Taxonomy, extended, shipped

__all__ = [
    "Classes",
    "InvalidTaxonomy",
    "Label",
    "Reading",
    "Relevance",
    "Role",
    "Rule",
    "Taxonomy",
    "classify",
    "extended",
    "shipped",
]
