"""A list of trials: which of them are wanted, and the list as a table, CSV, JSON or Markdown."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.terminal import columns
from tracker.study import study_url
from tracker.summary import SEPARATOR, StudySummary, TrackedStudy
from tracker.untrusted import neutralised, plain_line
from tracker.words import NOT_GIVEN, date_in_words, phase_in_words, status_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A filter: within each, any value will do; all that are given must hold. Words are the registry's."""

    statuses: tuple[str, ...] = ()
    with_results: bool = False
    study_types: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()

    def takes(self, study: TrackedStudy) -> bool:
        summary = study.summary
        return (
            (not self.statuses or summary.overall_status in self.statuses)
            and (not self.with_results or summary.results_first_post_date is not None)
            and (not self.study_types or summary.study_type in self.study_types)
            and (not self.phases or bool({*self.phases} & {*(summary.phases or "").split(SEPARATOR)}))
            and (not self.searches or bool({*self.searches} & {*study.searches}))
        )


def as_table(studies: Sequence[TrackedStudy]) -> str:
    counted = f"{len(studies)} {'trial' if len(studies) == 1 else 'trials'}"
    if not studies:
        return counted
    lines = columns(_HEADER, [_cells(study) for study in studies], widest=50)
    return "\n".join([*lines, "", counted])


def as_markdown(studies: Sequence[TrackedStudy]) -> str:
    rows = [[_HEADER[0], *_HEADER[1:]], ["---"] * len(_HEADER)]
    for study in studies:
        first, *rest = (_markdown(cell) for cell in _cells(study))
        rows.append([f"[{first}]({study_url(study.summary.nct_id)})", *rest])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_json(studies: Sequence[TrackedStudy]) -> str:
    """An array; values as the registry writes them, lists as arrays."""
    return json.dumps([_data(study) for study in studies], indent=2)


def as_csv(studies: Sequence[TrackedStudy]) -> str:
    """Values as the registry writes them, lists joined by |; no cell can be a formula."""
    out = io.StringIO()
    names = [*_FIELDS, *_HOLDING]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for study in studies:
        data = _data(study)
        writer.writerow([_cell(data[name]) for name in names])
    return out.getvalue()


LISTINGS: Mapping[str, Callable[[Sequence[TrackedStudy]], str]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "md": as_markdown,
}

_HEADER = ("NCT ID", "Status", "Phase", "Completion", "Results", "Sponsor", "Title")
_LISTS = ("phases", "conditions", "interventions", "countries")
_FIELDS = tuple(field.name for field in dataclasses.fields(StudySummary))
_HOLDING = ("searches", "data_date", "url")


def _cells(study: TrackedStudy) -> tuple[str, ...]:
    summary = study.summary
    return (
        summary.nct_id,
        status_in_words(summary.overall_status, summary.last_known_status),
        phase_in_words(summary.phases),
        date_in_words(summary.completion_date),
        date_in_words(summary.results_first_post_date) if summary.results_first_post_date else "none posted",
        summary.lead_sponsor or NOT_GIVEN,
        summary.brief_title or summary.official_title or NOT_GIVEN,
    )


def _data(study: TrackedStudy) -> dict[str, Any]:
    summary = {name: getattr(study.summary, name) for name in _FIELDS}
    for name in _LISTS:
        summary[name] = summary[name].split(SEPARATOR) if summary[name] else []
    return {
        **summary,
        "searches": list(study.searches),
        "data_date": study.data_date.isoformat() if study.data_date else None,
        "url": study_url(study.summary.nct_id),
    }


def _cell(value: Any) -> str | int | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return neutralised(plain_line(SEPARATOR.join(value)))
    return neutralised(plain_line(value)) if isinstance(value, str) else value


def _markdown(text: str) -> str:
    plain = plain_line(text)
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in plain)
