"""The columns of the data files: one table that writing, reading back, the workbook and the data dictionary share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a column holds, as the data dictionary says it."""

    TEXT = "text"
    WORD = "coded word"
    VALUE = "text, number or list"
    LIST = "list"
    NUMBER = "whole number"
    FLAG = "true or false"
    DAY = "date"
    PARTIAL_DATE = "partial date"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """`filled`: no cell of it is ever empty."""

    name: str
    type: Type
    meaning: str
    filled: bool = False


CHANGE_COLUMNS = (
    Column("change_id", Type.TEXT, "Digest that names the change, the same wherever it is found again.", True),
    Column("nct_id", Type.TEXT, "The study's NCT ID.", True),
    Column("kind", Type.WORD, "Kind of change; see “Kinds of change”.", True),
    Column("field", Type.WORD, "The watched field that changed; see “Watched fields”.", True),
    Column("before", Type.VALUE, "Value before. Of a list: what was dropped."),
    Column("after", Type.VALUE, "Value after. Of a list: what was added."),
    Column("days", Type.NUMBER, "How far a date moved, positive when later. Empty where that can't be said."),
    Column("days_at_least", Type.FLAG, "Whether a partial date makes `days` the smallest distance possible.", True),
    Column("why", Type.TEXT, "The record's own reason for a stop, or why a study entered or left."),
    Column("weight", Type.WORD, "major, minor or routine.", True),
    Column("search", Type.TEXT, "Only of `entered` and `left`: the search."),
    Column("run", Type.NUMBER, "The run that found it.", True),
    Column("detected_at", Type.INSTANT, "When that run recorded it.", True),
    Column("data_date", Type.DAY, "The registry's data date that it was found in."),
    Column("brief_title", Type.TEXT, "Title of the study as it stands."),
    Column("overall_status", Type.WORD, "Status of the study as it stands."),
    Column("lead_sponsor", Type.TEXT, "Lead sponsor of the study as it stands."),
    Column("url", Type.TEXT, "The registry's page of the study.", True),
    Column("muted", Type.FLAG, "Whether a coordinator's mute keeps it off the page.", True),
)

STUDY_COLUMNS = (
    Column("nct_id", Type.TEXT, "The study's NCT ID.", True),
    Column("brief_title", Type.TEXT, "Brief title."),
    Column("official_title", Type.TEXT, "Official title."),
    Column("acronym", Type.TEXT, "Acronym."),
    Column("study_type", Type.WORD, "INTERVENTIONAL, OBSERVATIONAL or EXPANDED_ACCESS."),
    Column("phases", Type.LIST, "Phases: NA, EARLY_PHASE1, PHASE1 to PHASE4; two for a combined phase."),
    Column("overall_status", Type.WORD, "Overall status."),
    Column("last_known_status", Type.WORD, "Of an UNKNOWN status: the last one known."),
    Column("why_stopped", Type.TEXT, "The record's own reason for a stop."),
    Column("start_date", Type.PARTIAL_DATE, "Start."),
    Column("start_date_type", Type.WORD, "ESTIMATED or ACTUAL; empty where the record does not say."),
    Column("primary_completion_date", Type.PARTIAL_DATE, "Primary completion."),
    Column("primary_completion_date_type", Type.WORD, "ESTIMATED or ACTUAL; empty where the record does not say."),
    Column("completion_date", Type.PARTIAL_DATE, "Study completion."),
    Column("completion_date_type", Type.WORD, "ESTIMATED or ACTUAL; empty where the record does not say."),
    Column("enrollment", Type.NUMBER, "Participants. 99999999 is what sponsors enter for “not known”."),
    Column("enrollment_type", Type.WORD, "ESTIMATED (planned) or ACTUAL."),
    Column("lead_sponsor", Type.TEXT, "Lead sponsor."),
    Column("lead_sponsor_class", Type.WORD, "Class of the lead sponsor (INDUSTRY, NIH, OTHER …)."),
    Column("conditions", Type.LIST, "Conditions."),
    Column("interventions", Type.LIST, "Interventions, each as TYPE: name."),
    Column("countries", Type.LIST, "Countries of its sites."),
    Column("site_count", Type.NUMBER, "How many sites the record names."),
    Column("has_results", Type.FLAG, "Whether results are public; empty where the record does not say."),
    Column("first_post_date", Type.PARTIAL_DATE, "First posted."),
    Column("last_update_post_date", Type.PARTIAL_DATE, "Last update posted."),
    Column("results_first_submit_date", Type.PARTIAL_DATE, "Results first submitted."),
    Column("results_first_post_date", Type.PARTIAL_DATE, "Results first posted."),
    Column("searches", Type.LIST, "The searches that it is a member of.", True),
    Column(
        "labels", Type.LIST, "Its classes: tumour, treatment, relevance; assigned by rules, not by the registry.", True
    ),
    Column("version", Type.NUMBER, "How many versions of it the tracker has seen.", True),
    Column("data_date", Type.DAY, "The newest registry data date that this version was seen in."),
    Column("url", Type.TEXT, "The registry's page of the study.", True),
)

DATED_FIELDS = frozenset(
    {
        *("start_date", "primary_completion_date", "completion_date", "results_first_post_date"),
        *("results_first_submit_date", "results_submission_estimated", "results_delay_certified"),
    }
)
"""Watched fields whose values, before and after a change, are partial dates."""
