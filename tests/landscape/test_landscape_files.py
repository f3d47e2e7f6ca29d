"""A landscape's files and figures: registry text stays text, sums hold, and the flow names who was left out and why."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser

from jobs.surveying import survey
from reports.landscape.formats import Landscape, rendered
from tests.browser import assert_anybody_can_read, page_of
from tests.registry.standin import StandIn, World, a_study
from tracker.parse import parse
from tracker.registry.client import RegistryClient
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.store.as_of import members_as_of
from tracker.store.engine import Store
from tracker.study import nct_id
from tracker.sync import Request, sync
from tracker.taxonomy import Role, classify

TERM = "Spine tumor"
RETURNED = [nct_id(f"NCT9100000{number}") for number in range(1, 6)]
HOSTILE, EXCLUDED = RETURNED[0], RETURNED[4]
INCLUDED = nct_id("NCT91000009")
TITLE = '=HYPERLINK("http://x.example","a") <script>alert(1)</script> | [x](http://x.example) `b` \x1b[2J\u202e'
SHOWN = TITLE.replace("\x1b", "").replace("\u202e", "")
TABLES = ("completed-with-results", "active", "counts", "matrix", "flow")
SEARCH = SearchDefinition(
    name="spine-tumour",
    description="Spine-tumour trials",
    terms=(term_query([("condition", TERM)]),),
    include=((INCLUDED, "asked for by the tumour board"),),
    exclude=((EXCLUDED, "spinal anaesthesia"),),
)


def _trial(study_id: str, title: str, condition: str, *names: str) -> dict[str, Any]:
    study = a_study(study_id, title=title, conditions=(condition,), completion=("2024-05", "ESTIMATED"))
    study["protocolSection"]["identificationModule"]["officialTitle"] = title
    study["protocolSection"]["armsInterventionsModule"] = {
        "interventions": [{"type": "PROCEDURE", "name": name} for name in names]
    }
    return study


@pytest.fixture
def made(store: Store) -> tuple[Store, Landscape]:
    world = World(
        [
            _trial(HOSTILE, TITLE, "Spinal Metastases", "=1+1"),
            _trial(RETURNED[1], "Surgery of spinal metastases", "Spinal Metastases", "Vertebroplasty", "SBRT"),
            _trial(RETURNED[2], "Chordoma of the spine", "Chordoma", "Proton therapy"),
            _trial(RETURNED[3], "Back pain", "Sciatica", "Massage"),
            _trial(EXCLUDED, "Spinal anaesthesia in cancer", "Cancer", "Spinal anaesthesia"),
            _trial(INCLUDED, "A trial for the tumour board", "Spinal Metastases", "Kyphoplasty"),
        ]
    )
    world.returns(TERM, RETURNED)
    with StandIn(world) as registry, RegistryClient(registry.url, requests_per_second=1000) as client:
        sync(store, client, Request(searches=[SEARCH]), now=lambda: datetime(2024, 1, 2, 16, tzinfo=UTC))
    return store, survey(store, [SEARCH], tables=TABLES, day=None)


def _table(landscape: Landscape, name: str) -> list[dict[str, Any]]:
    [table] = [one for one in landscape.tables if one.name == name]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_registry_text_stays_text_in_a_csv(made: tuple[Store, Landscape]) -> None:
    files = rendered(made[1], ("csv",))
    assert set(files) == {f"{name}.csv" for name in TABLES}
    rows = list(csv.reader(io.StringIO(files["active.csv"].decode("utf-8-sig"), newline="")))
    [row] = [one for one in rows if one[0] == HOSTILE]
    assert f"'{SHOWN}" in row
    for content in files.values():
        for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in line)


def test_registry_text_stays_text_in_a_workbook(made: tuple[Store, Landscape]) -> None:
    book = load_workbook(io.BytesIO(rendered(made[1], ("xlsx",))["landscape.xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert any("<script>" in str(cell.value) for cell in cells)
    assert not any("\x1b" in str(cell.value) for cell in cells)


def test_registry_text_stays_text_in_markdown(made: tuple[Store, Landscape]) -> None:
    text = rendered(made[1], ("md",))["landscape.md"].decode()
    [line] = [one for one in text.splitlines() if HOSTILE in one and "HYPERLINK" in one]
    assert r"\<script\>alert(1)\</script\> \| \[x\](http://x.example) \`b\`" in line
    [active] = [one for one in made[1].tables if one.name == "active"]
    assert line.replace(r"\|", "").count("|") == len(active.columns) + 1


def test_registry_text_stays_text_in_a_page(made: tuple[Store, Landscape]) -> None:
    page = rendered(made[1], ("html",))["landscape.html"].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_page_says_in_words_what_its_figures_show(made: tuple[Store, Landscape]) -> None:
    page = rendered(made[1], ("html",))["landscape.html"].decode()
    assert page.count("<svg") == 2
    assert page.count("<svg") == page.count('role="img"')
    assert "5 trials in " in page


def test_the_matrix_counts_each_pair_of_tumour_and_tested_treatment(made: tuple[Store, Landscape]) -> None:
    store, landscape = made
    with store.connect() as connection:
        members = [classify(parse(one.body)) for one in members_as_of(connection, day=None, searches=[SEARCH.name])]
    tumours: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for classes in members:
        rows = {label.words for axis in ("origin", "kind") for label in classes.of(axis)} or {"unlabelled"}
        columns = {one.words for one in classes.of("treatment") if one.role is Role.TESTED} or {"unlabelled"}
        tumours.update(rows)
        pairs.update((row, column) for row in rows for column in columns)
    matrix = _table(landscape, "matrix")
    assert {row["Tumour"]: row["Trials"] for row in matrix} == tumours
    shown = {
        (row["Tumour"], column): number
        for row in matrix
        for column, number in row.items()
        if column not in ("Tumour", "Trials") and number
    }
    assert shown == pairs
    assert shown["metastatic", "vertebroplasty"] == 1


def test_the_flow_keeps_people_and_automation_apart(made: tuple[Store, Landscape]) -> None:
    rows = _table(made[1], "flow")
    said = {(row["Stage"], row["By"], row["What"]): row["n"] for row in rows}
    assert said["Excluded", "a person", f"{EXCLUDED}: spinal anaesthesia"] == 1
    assert said["Identified", "a person", "put on the include list, returned by no term"] == 1
    assert said["Included", "", "trials in the landscape"] == 5
    labelled = {row["What"]: row["n"] for row in rows if row["Stage"] == "Labelled"}
    assert sum(labelled.values()) == 5
    assert {row["By"] for row in rows if row["Stage"] == "Labelled"} == {"automation"}


def test_the_flow_adds_up(made: tuple[Store, Landscape]) -> None:
    said = {(row["Stage"], row["What"]): row["n"] for row in _table(made[1], "flow")}
    returned = said["Identified", "returned by any term, each trial once"]
    listed = said["Identified", "put on the include list, returned by no term"]
    excluded = sum(number for (stage, _), number in said.items() if stage == "Excluded")
    assert (returned, listed, excluded) == (5, 1, 1)
    assert said["Included", "trials in the landscape"] == returned + listed - excluded


def test_an_exclusion_of_what_no_term_returned_takes_nobody_away(made: tuple[Store, Landscape]) -> None:
    search = dataclasses.replace(SEARCH, exclude=(*SEARCH.exclude, (nct_id("NCT91000008"), "of the brain")))
    flow = survey(made[0], [search], tables=["flow"], day=None)
    assert {row["What"]: row["n"] for row in _table(flow, "flow") if row["Stage"] == "Excluded"} == {
        f"{EXCLUDED}: spinal anaesthesia": 1,
        "NCT91000008: of the brain": 0,
    }


@pytest.mark.parametrize("store_kind", ["sqlite"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_anybody_can_read_the_page(made: tuple[Store, Landscape], browser: Browser, width: int, scheme: str) -> None:
    page = rendered(made[1], ("html",))["landscape.html"]
    with page_of(browser, page, width=width, scheme=scheme) as (opened, asked):
        assert_anybody_can_read(opened, width=width)
        assert asked == []
