"""Registry text is untrusted: whatever stands in it, it is only ever shown."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import orjson
import pytest

from reports.parts import Window
from reports.render import render
from reports.view import ReportView
from tests.reports.stories import (
    change,
    coverage,
    entered,
    left,
    moved,
    recorded,
    results,
    run,
    status,
    studies,
    trial,
    view_of,
)
from tracker.changes import Kind, Weight
from tracker.runs import Guard, GuardKind, Outcome
from tracker.study import Problem

HOSTILE = [
    "<script>alert(1)</script>",
    '"onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "</style><style>body{display:none}</style>",
    "</title><h1>owned",
    "<!-- ",
    "{{ 7*7 }}{% raw %}",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "\r\n=1",
    "line\n=1+1",
    "evil\u202etxt.exe",
    "zero\u200bwidth\ufeff",
    "nul\x00byte",
    "bell\x07\x1b[31mred",
    "a,b;c\"d'e\r\nf",
]


def hostile_view(text: str) -> ReportView:
    """The text wherever the registry, a run or the configuration could put it."""
    a, b, c = "NCT00000001", "NCT00000002", "NCT00000003"
    changes = [
        status(a, Kind.STOPPED, text, "TERMINATED", why=text),
        change(a, Kind.TITLE, "brief_title", text, text + text),
        change(a, Kind.ELIGIBILITY, "eligibility_criteria", text * 40, "x" + text * 40),
        change(a, Kind.CONDITIONS, "conditions", (text,), (text + "!", text * 30)),
        change(a, Kind.PHASE, "phase", text, None),
        change(a, Kind.OTHER, text, text, text, weight=Weight.ROUTINE),
        change(a, Kind.ENROLLMENT, "enrollment", 5, 6, before_type=text, after_type=text, share_percent=None),
        moved(b, "completion_date", text, text + "2", 9, before_type=text, first_plan=text, first_plan_since=text),
        results(b, text, text),
        entered(c, text, last_seen=text),
        left(b, text),
        left(c, "merged into another id", merged_into=text),
    ]
    told = {"sponsor": text, "searches": (text,), "conditions": text, "interventions": text, "phases": text}
    trials = studies(
        trial(a, text, text, **told),  # type: ignore[arg-type]
        trial(b, text, "UNKNOWN", last_known_status=text, **told),  # type: ignore[arg-type]
        trial(c, text, text, countries=text, first_post_date=text, **told),  # type: ignore[arg-type]
    )
    runs = [
        run(2, Outcome.FAILED, error=text, source=text),
        run(
            3,
            Outcome.INCOMPLETE,
            source=text,
            terms=[coverage(5, 4, complete=False, label=text, note=text, unreadable=(text,))],
            guards=[Guard(kind=kind, reason=text, search=text, field="sites" + text, count=3) for kind in GuardKind],
            problems=[Problem(None, text, text)],
        ),
    ]
    return view_of(recorded(changes, search=text), trials, runs=runs, window=Window(after_run=1, until_run=3))


class Page(HTMLParser):
    """What a browser would make of the page: its elements, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def parsed(view: ReportView) -> Page:
    return Page(render(view, ("html",))["report.html"].decode())


CLEAN = parsed(hostile_view("harmless"))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_has_no_element_or_attribute_of_the_texts_making(text: str) -> None:
    page = parsed(hostile_view(text))
    assert page.tags <= CLEAN.tags
    assert page.attributes <= CLEAN.attributes
    assert page.comments == []
    assert all(re.fullmatch(r"https://clinicaltrials\.gov/study/NCT\d{8}|#[\w-]+", link) for link in page.links)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_shows_no_invisible_character(text: str) -> None:
    page = render(hostile_view(text), ("html",))["report.html"].decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", page)


def test_a_reversed_text_shows_the_character_that_would_reverse_it() -> None:
    assert "evil⟨U+202E⟩txt.exe" in render(hostile_view("evil\u202etxt.exe"), ("html",))["report.html"].decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_the_csv_is_a_formula(text: str) -> None:
    view = hostile_view(text)
    content = render(view, ("csv",))["changes.csv"].decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    assert len(rows) == len(view.changes) + 1
    assert {len(row) for row in rows} == {19}
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u200b-\u200f\u202a-\u202e\ufeff]", content)
    for row in rows[1:]:
        for cell in row:
            number = re.fullmatch(r"-?\d+", cell)
            assert number or not re.match(r"[\s;,|]*[=+\-@＝＋－＠]", cell), cell


def test_numbers_stay_numbers_in_the_csv() -> None:
    view = view_of(
        recorded([moved("NCT00000001", "completion_date", "2020-11", "2020-10-30", -2, at_least=True)]),
        studies(trial("NCT00000001")),
    )
    content = render(view, ("csv",))["changes.csv"].decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(content, newline="")))["days"] == "-2"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_json_holds_the_text_untouched(text: str) -> None:
    held = orjson.loads(render(hostile_view(text), ("json",))["report.json"])
    assert text in {one["why"] for one in held["changes"]}
    assert held["changes"][0]["brief_title"] == text
