"""report.html: one self-contained page, without script, that fetches nothing.

Everything is escaped always (`select_autoescape` would go by the template's name). Links lead to the registry's page
of a checked NCT ID or to a place on the page itself. Control, bidirectional and other invisible characters of
registry text are shown as what they are.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.charts import charts_of
from reports.parts import SectionKey, State
from reports.sections import SECTION_TITLES
from reports.view import ReportView
from reports.words import counted, day, instant
from tracker.study import nct_id, study_url

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
"""Characters that show nothing, or turn the text around; line feed and tab are not among them."""


def visible(value: object) -> object:
    """Text with its invisible characters named, as ⟨U+202E⟩. What is no text, or is already markup, stays."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", value)
    return value


def study_link(text: str) -> str:
    """The registry's page of a study. Raises InvalidNctId rather than build a link from anything else."""
    return study_url(nct_id(text))


def report_html(view: ReportView) -> bytes:
    nothing_title, nothing_words = _nothing(view)
    page = (
        page_environment()
        .get_template("report.html")
        .render(
            view=view,
            charts=charts_of(view.figures),
            style_hash=style_hash(),
            section_titles={key.value: SECTION_TITLES[key] for key in SectionKey},
            without_news_title="Without news" if view.state in (State.NEWS, State.QUIET) else "Tracked",
            nothing_title=nothing_title,
            nothing_words=nothing_words,
            covers=_covers(view),
            sources=sorted({run.source for run in view.runs}),
        )
    )
    return page.encode("utf-8", errors="replace")


@cache
def page_environment() -> Environment:
    """The templates of pages and mails: all escape, and name the invisible characters of registry text."""
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    environment.globals |= {"study_link": study_link, "counted": counted, "day": day, "instant": instant}
    return environment


@cache
def style_hash() -> str:
    """The one style sheet that the page's content security policy lets pass."""
    style = page_environment().get_template("style.css").render()
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _nothing(view: ReportView) -> tuple[str, str]:
    if view.state is State.FAILED:
        return "Nothing to tell", "No run succeeded, so nothing is known of what changed in the registry."
    if view.state is State.BASELINE:
        return (
            "A baseline",
            "This is the first complete reading. From now on each report says what changed since the one before.",
        )
    return "No changes", f"All {counted(view.tracked, 'tracked trial')} are as they were."


def _covers(view: ReportView) -> str:
    window = view.window
    if window.ad_hoc:
        since = f"from {day(window.since)} " if window.since else ""
        until = f"to {day(window.until)}" if window.until else "to now"
        return f"what was found {since}{until}; this report is recorded nowhere"
    first, last = window.after_run + 1, window.until_run
    return f"run {last}" if first >= last else f"runs {first} to {last}"
