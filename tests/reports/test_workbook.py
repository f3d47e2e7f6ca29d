"""report.xlsx, report.md, studies.csv, the dictionary: right types, text that stays text, the same bytes."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from reports.columns import CHANGE_COLUMNS, DATED_FIELDS, STUDY_COLUMNS
from reports.dictionary import data_dictionary
from reports.markdown import escaped
from reports.render import FILENAMES, render
from reports.rows import ChangeRow
from reports.tables import read_studies
from reports.view import ReportView
from tests.reports.example import example_view
from tests.reports.stories import change, recorded, run, studies, trial, view_of
from tracker.changes import Kind
from tracker.definitions import WRITABLE_FORMATS
from tracker.fields import BY_NAME
from tracker.study import NctId, Problem
from tracker.summary import StudySummary

A = "NCT00000001"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", '=HYPERLINK("http://x","y")', "＝1", "a\n=1"]


def sheet(view: ReportView, name: str) -> Worksheet:
    found = load_workbook(io.BytesIO(render(view, ["xlsx"])["report.xlsx"]))[name]
    assert isinstance(found, Worksheet)
    return found


def column(opened: Worksheet, name: str) -> list[object]:
    place = next(cell.column for cell in opened[1] if cell.value == name)
    return [opened.cell(row=row, column=place).value for row in range(2, opened.max_row + 1)]


def hostile(text: str) -> ReportView:
    return view_of(
        recorded([change(A, Kind.TITLE, "brief_title", text, text)]),
        studies(trial(A, text, sponsor=text, conditions=text)),
        runs=[run(2, problems=[Problem(NctId(A), text, text)])],
    )


# The workbook


def test_the_workbook_has_its_sheets_filters_and_a_header_that_stays() -> None:
    book = load_workbook(io.BytesIO(render(example_view(), ["xlsx"])["report.xlsx"]))
    assert book.sheetnames == ["Summary", "Changes", "Studies", "Coverage", "Dictionary"]
    changes = book["Changes"]
    assert isinstance(changes, Worksheet)
    assert changes.freeze_panes == "C2"
    assert changes.auto_filter.ref == changes.dimensions
    assert changes.max_row == len(example_view().changes) + 1


def test_it_prints_across_with_its_header_on_each_page() -> None:
    for name in ("Summary", "Changes", "Studies", "Coverage", "Dictionary"):
        opened = sheet(example_view(), name)
        assert opened.page_setup.orientation == "landscape"
        assert opened.print_title_rows == "$1:$1"
    summary, changes = (sheet(example_view(), name) for name in ("Summary", "Changes"))
    assert summary.sheet_properties.pageSetUpPr.fitToPage
    assert all(cell.alignment.horizontal == "left" and cell.alignment.wrap_text for cell in summary["B"][1:])
    assert changes.print_title_cols == "$A:$B"


def test_a_partial_date_stays_text_beside_its_first_day_and_precision() -> None:
    opened = sheet(example_view(), "Changes")
    slips = dict(
        zip(
            zip(column(opened, "nct_id"), column(opened, "field"), strict=True),
            zip(
                column(opened, "before"),
                column(opened, "before_first_day"),
                column(opened, "before_precision"),
                strict=True,
            ),
            strict=True,
        )
    )
    assert slips["NCT00855803", "primary_completion_date"] == ("2018-12", datetime(2018, 12, 1), "month")  # noqa: DTZ001
    assert slips["NCT02387905", "brief_title"][1:] == (None, None)
    assert set(column(opened, "data_date")) == {datetime(2020, 7, 28)}  # noqa: DTZ001
    assert isinstance(column(opened, "detected_at")[0], datetime)
    assert all(isinstance(days, int | None) for days in column(opened, "days"))


def test_links_lead_to_the_registry() -> None:
    opened = sheet(example_view(), "Studies")
    place = next(cell.column for cell in opened[1] if cell.value == "url")
    link = opened.cell(row=2, column=place).hyperlink
    assert link is not None
    assert link.target == "https://clinicaltrials.gov/study/NCT00508443"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_the_workbook_is_a_formula_or_an_error(text: str) -> None:
    book = load_workbook(io.BytesIO(render(hostile(text), ["xlsx"])["report.xlsx"]))
    cells = [cell for opened in book for row in opened.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    assert not any(str(cell.value).startswith(("=", "+", "-", "@")) for cell in cells if cell.data_type == "s")


def test_nothing_in_the_archive_is_stamped_with_the_clock() -> None:
    content = render(example_view(), ["xlsx"])["report.xlsx"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 7, 28, 17, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2020-07-28T17:00:00Z") == 2
    assert content == render(example_view(), ["xlsx"])["report.xlsx"]


# studies.csv


def test_studies_read_back_with_the_right_types() -> None:
    view = view_of(
        [],
        studies(
            trial(A, enrollment=44, conditions="Chordoma|Sarcoma", completion_date="2020-12", phases="NA"),
            trial("NCT00000002", has_results=None, enrollment=None),
        ),
        labels={NctId(A): ("Tumour: chordoma",)},
    )
    frame = read_studies(render(view, ["studies"])["studies.csv"])
    assert list(frame.columns) == [one.name for one in STUDY_COLUMNS]
    first, second = frame.iloc[0], frame.iloc[1]
    assert (first["enrollment"], first["completion_date"], bool(first["has_results"])) == (44, "2020-12", False)
    assert orjson.loads(first["conditions"]) == ["Chordoma", "Sarcoma"]
    assert orjson.loads(first["phases"]) == ["NA"]
    assert orjson.loads(first["labels"]) == ["Tumour: chordoma"]
    assert frame["has_results"].isna().tolist() == [False, True]
    assert frame["enrollment"].isna().tolist() == [False, True]
    assert str(frame["enrollment"].dtype) == "Int64"
    assert second["nct_id"] == "NCT00000002"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_studies_is_a_formula(text: str) -> None:
    frame = read_studies(render(hostile(text), ["studies"])["studies.csv"])
    assert not frame["lead_sponsor"].iloc[0].startswith(("=", "+", "-", "@", "\t", "＝"))


def test_a_spreadsheet_program_finds_no_formula(tmp_path: Path) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed here")
    (tmp_path / "changes.csv").write_bytes(render(hostile("=1+1"), ["csv"])["changes.csv"])
    command = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fods"]
    subprocess.run([*command, "changes.csv"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert "table:formula" not in (tmp_path / "changes.fods").read_text(encoding="utf-8")


# Markdown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("[a](javascript:b)", "\\[a\\](javascript:b)"),
        ("a\n- b | `c` *d* _e_", "a - b \\| \\`c\\` \\*d\\* \\_e\\_"),
        ("https://x.example", "https&#58;//x.example"),
        ("18 to 65, 30 mg", "18 to 65, 30 mg"),
    ],
)
def test_registry_text_is_no_markup(text: str, told: str) -> None:
    assert escaped(text) == told


def test_the_markdown_tells_the_story() -> None:
    text = render(example_view(), ["md"])["report.md"].decode()
    assert text.startswith("# Spine-tumour trials #2: 1 terminated")
    assert "## Stopped (1 trial)" in text
    assert "(“low participant accrual”)" in text
    assert "[NCT01654068](https://clinicaltrials.gov/study/NCT01654068)" in text


# The dictionary


def test_the_dictionary_is_that_of_the_files() -> None:
    assert [one.name for one in CHANGE_COLUMNS] == [field.name for field in fields(ChangeRow)]
    summary, beside = [field.name for field in fields(StudySummary)], ["searches", "labels", "version", "data_date"]
    assert [one.name for one in STUDY_COLUMNS] == [*summary, *beside, "url"]
    assert set(BY_NAME) >= DATED_FIELDS


def test_the_dictionary_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
    assert written.read_text(encoding="utf-8") == data_dictionary(), "run python -m reports.dictionary"


def test_a_column_that_is_never_empty_is_filled() -> None:
    view = example_view()
    for rows, columns in ((view.changes, CHANGE_COLUMNS), (view.studies, STUDY_COLUMNS)):
        for one in (column for column in columns if column.filled):
            assert all(row.value(one.name) is not None for row in rows)


def test_every_format_has_a_file() -> None:
    assert set(WRITABLE_FORMATS) == set(FILENAMES)
