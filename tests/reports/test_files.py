"""report.html, changes.csv and report.json as files: self-contained, the same each time, readable back, in place."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from reports.copies import check_folder, replacing, report_folder, write_copies
from reports.html import report_html, study_link
from reports.render import render
from reports.tables import COLUMNS, changes_csv, read_changes
from tests.reports.example import example_view
from tests.reports.stories import change, entered, moved, recorded, studies, trial, view_of
from tracker.changes import Kind
from tracker.errors import InvalidNctId, OutputError, UsageError

DESIGN_COLUMNS = [
    *("change_id", "nct_id", "kind", "field", "before", "after", "days", "days_at_least", "why", "weight", "search"),
    *("run", "detected_at", "data_date", "brief_title", "overall_status", "lead_sponsor", "url", "muted"),
]


def test_the_same_view_gives_the_same_bytes() -> None:
    formats = ("html", "csv", "json")
    assert render(example_view(), formats) == render(example_view(), formats)
    assert list(render(example_view(), formats)) == ["report.html", "changes.csv", "report.json"]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="'docx' is no format of a report"):
        render(example_view(), ("html", "docx"))


# The page


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page = report_html(example_view()).decode()
    assert not re.search(r"<(script|link|img|iframe|object|embed|form|base)\b", page)
    assert not re.search(r"\s(src|srcset|style|on\w+)=", page)
    assert "url(" not in page
    assert "@import" not in page
    targets = set(re.findall(r'href="([^"]*)"', page))
    assert all(re.fullmatch(r"https://clinicaltrials\.gov/study/NCT\d{8}|#[\w-]+", target) for target in targets)


def test_the_policy_lets_exactly_the_pages_own_style_pass() -> None:
    page = report_html(example_view()).decode()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page


def test_every_anchor_leads_somewhere_and_ids_are_unique() -> None:
    page = report_html(example_view()).decode()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_headings_step_down_by_one() -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", report_html(example_view()).decode())]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_links_are_made_of_checked_ids_only() -> None:
    with pytest.raises(InvalidNctId):
        study_link("javascript:alert(1)")


def big_view(trials: int, changes_each: int):
    ids = [f"NCT{number:08d}" for number in range(1, trials + 1)]
    found = [
        edit
        for nct_id in ids
        for edit in (
            moved(nct_id, "completion_date", "2020-12", "2022-12", 730),
            change(nct_id, Kind.TITLE, "brief_title", "An old title of usual length " * 4, "A new title " * 8),
            change(
                nct_id, Kind.ELIGIBILITY, "eligibility_criteria", "Inclusion: age 18\n" * 60, "Inclusion: 21\n" * 60
            ),
        )[:changes_each]
    ]
    return view_of(recorded(found), studies(*(trial(nct_id, "A title of usual length " * 4) for nct_id in ids)))


def test_three_hundred_changes_stay_under_a_megabyte() -> None:
    assert len(report_html(big_view(100, 3))) < 1_000_000


def test_ten_thousand_changes_are_cut_with_a_pointer_to_the_data() -> None:
    view = big_view(5000, 2)
    page = report_html(view).decode()
    assert len(page) < 2_000_000
    assert "5000 delayed" in view.headline
    assert "4800 more trials</strong> of this section in changes.csv" in page
    assert len(view.changes) == 10_000
    assert len(view.without_news) == 0


# The data


def test_the_columns_are_those_of_the_design() -> None:
    assert list(COLUMNS) == DESIGN_COLUMNS
    header = changes_csv(example_view().changes).decode("utf-8-sig").split("\r\n")[0]
    assert header.split(",") == DESIGN_COLUMNS


def test_the_csv_reads_back_with_the_right_types() -> None:
    view = example_view()
    frame = read_changes(changes_csv(view.changes))
    assert len(frame) == len(view.changes)
    assert str(frame["days"].dtype) == "Int64"
    assert str(frame["days_at_least"].dtype) == "bool"
    slip = frame[(frame["nct_id"] == "NCT00855803") & (frame["field"] == "primary_completion_date")].iloc[0]
    assert (slip["before"], slip["after"], slip["days"], bool(slip["days_at_least"])) == (
        "2018-12",
        "2022-12",
        1461,
        False,
    )
    assert slip["detected_at"] == "2020-07-28T16:40:00Z"
    assert slip["data_date"] == "2020-07-28"
    phase = frame[(frame["nct_id"] == "NCT01654068") & (frame["field"] == "phase")].iloc[0]
    assert (phase["before"], phase["after"]) == ("PHASE2", "NA")
    listed = frame[(frame["nct_id"] == "NCT02387905") & (frame["field"] == "conditions")].iloc[0]
    assert orjson.loads(listed["before"]) == ["Spinal Cord Diseases"]
    assert frame["before"].isna().sum() == sum(row.before is None for row in view.changes)


def test_an_empty_report_has_a_csv_with_a_header() -> None:
    content = changes_csv(())
    assert content.startswith(b"\xef\xbb\xbfchange_id,")
    assert read_changes(content).empty


def test_a_very_long_text_is_cut_for_excel_and_whole_in_json() -> None:
    text = "inclusion " * 5000
    view = view_of(
        recorded([change("NCT00000001", Kind.ELIGIBILITY, "eligibility_criteria", "short", text)]),
        studies(trial("NCT00000001")),
    )
    frame = read_changes(changes_csv(view.changes))
    assert len(frame["after"][0]) < 32_767
    assert orjson.loads(render(view, ("json",))["report.json"])["changes"][0]["after"] == text
    assert len(report_html(view)) < 100_000


def test_the_json_holds_report_window_runs_and_changes() -> None:
    held = orjson.loads(render(example_view(), ("json",))["report.json"])
    assert held["report"]["headline"].endswith("4 new")
    assert held["report"]["made_at"] == "2020-07-28T17:00:00Z"
    assert held["window"]["until_run"] == 2
    assert held["runs"][0]["outcome"] == "Complete"
    assert list(held["changes"][0]) == DESIGN_COLUMNS
    conditions = next(one for one in held["changes"] if one["field"] == "conditions")
    assert conditions["before"] == ["Spinal Cord Diseases"]


def test_pandas_is_loaded_for_the_table_only() -> None:
    code = (
        "import sys; from tests.reports.example import example_view; from reports.render import render;"
        "render(example_view(), ('html', 'json')); print('pandas' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Copies


def test_copies_are_written_and_replaced(tmp_path: Path) -> None:
    folder = report_folder(tmp_path / "reports", name="weekly", number=3)
    assert folder == tmp_path / "reports" / "weekly" / "3"
    assert write_copies(folder, {"report.html": b"one", "changes.csv": b"two"}) == (
        folder / "report.html",
        folder / "changes.csv",
    )
    write_copies(folder, {"report.html": b"three"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "report.html": b"three",
        "changes.csv": b"two",
    }


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(OutputError) as refused:
        write_copies(tmp_path / "reports" / "weekly" / "1", {"report.html": b"one"})
    assert str(tmp_path / "reports") in refused.value.message
    assert refused.value.advice
    assert "\n" not in refused.value.message


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_copies(tmp_path, {"report.html": b"old"})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_copies(tmp_path, {"report.html": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.html": b"old"}


def test_what_a_killed_write_has_left_goes_with_the_next_write_of_the_same_file(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from reports.copies import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    for name in ("report.html", "changes.csv"):
        assert subprocess.run([sys.executable, "-c", code, tmp_path / name], cwd=root).returncode == -signal.SIGKILL
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"half", b"half"]
    made_a_while_ago(tmp_path)
    write_copies(tmp_path, {"report.html": b"whole"})
    assert {path.read_bytes() for path in tmp_path.glob("*report.html*")} == {b"whole"}
    assert len(list(tmp_path.iterdir())) == 2  # the other file's is its own next writer's
    write_copies(tmp_path, {"changes.csv": b"whole"})
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "changes.csv"}


def made_a_while_ago(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - 120, time.time() - 120))


def test_what_another_process_has_just_made_stays(tmp_path: Path) -> None:
    """Between making a file and locking it, its writer can't be told from a dead one."""
    just_made = tmp_path / ".report.html.1-00000000.part"
    just_made.write_bytes(b"")
    write_copies(tmp_path, {"report.html": b"whole"})
    assert just_made.exists()


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    with replacing(tmp_path / "report.html") as file:
        file.write(b"the slower one")
        made_a_while_ago(tmp_path)
        write_copies(tmp_path, {"report.html": b"the quicker one"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.html": b"the slower one"}


def test_the_folder_is_tried_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / ".probe.1-00000000.part").write_bytes(b"")  # of a process that was killed while it tried
    made_a_while_ago(tmp_path)
    check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        report_folder(tmp_path, name=name, number=1)


def test_new_trials_are_described() -> None:
    view = view_of(recorded([entered("NCT00000001", "newly registered")]), studies(
        trial("NCT00000001", conditions="Chordoma|Sarcoma", enrollment=44, enrollment_type="ESTIMATED")))  # fmt: skip
    assert dict(view.sections[0].items[0].about) == {"Conditions": "Chordoma; Sarcoma", "Enrollment": "44 (estimated)"}
    assert replace(view) == view
