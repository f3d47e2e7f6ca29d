"""The names that the client may send in `fields` and `sort`, checked here and not by the registry.

The registry answers some wrong names with 500 (`ConditionList`), which looks like a failure of its own; names are
case-sensitive. The whole list of names is `/studies/metadata`; these are the ones that the tracker has a use for.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.errors import UsageError

WHOLE_RECORD = ("ProtocolSection", "AnnotationSection", "DocumentSection", "DerivedSection", "HasResults")
"""A record as the tracker keeps it: everything but `resultsSection`."""

WHAT_IT_IS_ABOUT = (
    "IdentificationModule",
    "ConditionsModule",
    "DesignModule",
    "ArmsInterventionsModule",
    "ConditionBrowseModule",
    "InterventionBrowseModule",
)
"""What a record is classified by, at a fraction of its size: titles, conditions, keywords, MeSH, interventions."""

KNOWN = frozenset(
    {
        *WHOLE_RECORD,
        *WHAT_IT_IS_ABOUT,
        "NCTId",
        "NCTIdAlias",
        "BriefTitle",
        "OfficialTitle",
        "Acronym",
        "OverallStatus",
        "StudyType",
        "Phase",
        "Condition",
        "InterventionName",
        "LeadSponsorName",
        "StartDate",
        "PrimaryCompletionDate",
        "CompletionDate",
        "StudyFirstPostDate",
        "LastUpdatePostDate",
        "ResultsFirstPostDate",
        "VersionHolder",
    }
)


def fields_param(names: Iterable[str]) -> str:
    """The value of `fields` that asks for these names. Raises UsageError for one that is not known."""
    wanted = tuple(names)
    for name in wanted:
        if name not in KNOWN:
            raise UsageError(
                f"{name!r} is no field that the tracker asks the registry for",
                subject=name,
                advice="Names are case-sensitive; the known ones stand in tracker/registry/fields.py.",
            )
    return ",".join(wanted)


def sort_param(names: Iterable[str], *, descending: bool = False) -> str:
    """The value of `sort` for these names, at most two. Raises UsageError for one that is not known."""
    direction = "desc" if descending else "asc"
    return ",".join(f"{name}:{direction}" for name in fields_param(names).split(","))
