"""`tracker export feeds`."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from icalendar import Calendar
from lxml import etree

from tests.commands.command_line import CommandLine
from tests.commands.conftest import AFTER

ATOM = "{http://www.w3.org/2005/Atom}"


def links(file: Path) -> list[str]:
    return [link.get("href", "") for link in etree.parse(file).iter(f"{ATOM}link")]


def test_feeds_are_written_beside_the_reports(tracker: CommandLine, synced: Path) -> None:
    assert tracker("report").exit_code == 0
    ended = tracker("export", "feeds", "--json")
    assert ended.exit_code == 0
    folder = synced / "data" / "reports" / "feeds"
    assert json.loads(ended.out)["files"] == [
        str(folder / name) for name in ("changes.atom", "reports.atom", "completions.ics")
    ]
    assert links(folder / "reports.atom") == ["../changes/1/report.html"]
    assert (folder / links(folder / "reports.atom")[0]).resolve().is_file()
    assert len(links(folder / "changes.atom")) >= 3
    calendar = Calendar.from_ical((folder / "completions.ics").read_bytes())
    expected = [event for event in calendar.walk("VEVENT") if "STATUS" not in event]
    assert [str(event["SUMMARY"]).split(" ")[2] for event in expected] == ["NCT00000001"]


def test_the_entry_of_a_trial_that_was_stopped_is_cancelled(tracker: CommandLine, synced: Path) -> None:
    """Its completion was expected in August 2020; then it was terminated."""
    tracker("export", "feeds", "--out", "feeds")
    calendar = Calendar.from_ical((synced / "feeds" / "completions.ics").read_bytes())
    states = {str(event["UID"])[:11]: str(event.get("STATUS", "")) for event in calendar.walk("VEVENT")}
    assert states == {"NCT00000001": "", "NCT00000002": "CANCELLED"}


def test_the_entry_of_a_trial_that_left_is_cancelled_and_one_that_lapsed_long_ago_is_no_more(
    tracker: CommandLine, synced: Path
) -> None:
    (synced / "saved.json").write_text(json.dumps({"studies": AFTER[1:], "totalCount": 1}))
    assert (
        tracker("import", "saved.json", "--search", "spine", "--complete", "--data-date", "2020-08-03").exit_code == 0
    )
    tracker("export", "feeds", "--out", "feeds")
    calendar = Calendar.from_ical((synced / "feeds" / "completions.ics").read_bytes())
    assert [(str(event["UID"])[:11], str(event["STATUS"])) for event in calendar.walk("VEVENT")] == [
        ("NCT00000001", "CANCELLED")
    ]


def test_the_entry_of_results_that_are_no_longer_due_is_cancelled_whatever_the_reason(
    tracker: CommandLine, synced: Path
) -> None:
    """Their drug turned out not to be regulated: a field that no entry shows."""
    for day, regulated in (("2020-08-03", True), ("2020-08-04", False)):
        due = deepcopy(AFTER[0])
        due["protocolSection"]["statusModule"] |= {
            "primaryCompletionDateStruct": {"date": "2020-05-02", "type": "ACTUAL"},
            "lastUpdatePostDateStruct": {"date": day},
        }
        due["protocolSection"]["oversightModule"] = {"isFdaRegulatedDrug": regulated, "isFdaRegulatedDevice": False}
        due["protocolSection"]["contactsLocationsModule"] = {"locations": [{"country": "United States"}]}
        (synced / "saved.json").write_text(json.dumps({"studies": [due], "totalCount": 1}))
        assert tracker("import", "saved.json", "--search", "spine", "--data-date", day).exit_code in (0, 3)
    tracker("export", "feeds", "--out", "feeds")
    calendar = Calendar.from_ical((synced / "feeds" / "completions.ics").read_bytes())
    states = {str(event["UID"])[12:23]: str(event.get("STATUS", "")) for event in calendar.walk("VEVENT")}
    assert states["results-due"] == "CANCELLED"


def test_the_same_store_gives_the_same_files(tracker: CommandLine, synced: Path) -> None:
    contents = []
    for _ in range(2):
        tracker("export", "feeds", "--out", "feeds")
        contents.append({file.name: file.read_bytes() for file in (synced / "feeds").iterdir()})
    assert contents[0] == contents[1]


def test_muted_changes_are_left_out(tracker: CommandLine, synced: Path) -> None:
    tracker("export", "feeds", "--out", "before")
    tracker("mute", "NCT00000001", "--kind", "date_moved", "--why", "noise")
    tracker("export", "feeds", "--out", "after")
    before, after = (links(synced / one / "changes.atom") for one in ("before", "after"))
    assert len(after) == len(before) - 1


def test_elsewhere_links_lead_to_the_page(
    tracker: CommandLine, synced: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tracker("report")
    out = tmp_path_factory.mktemp("www") / "feeds"
    tracker("export", "feeds", "--out", str(out))
    assert links(out / "reports.atom") == [(synced / "data/reports/changes/1/report.html").as_uri()]


def test_before_the_first_sync_there_is_nothing_to_export(tracker: CommandLine, folder: Path) -> None:
    ended = tracker("export", "feeds")
    assert ended.exit_code == 1
    assert "tracker run" in ended.err


def test_tables_are_written_for_analysts(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("export", "tables", "--records", "--json")
    assert ended.exit_code == 0
    rows = {Path(file["path"]).name: file["rows"] for file in json.loads(ended.out)["files"]}
    assert (rows["study.csv"], rows["study_version.csv"], rows["records.jsonl"]) == (2, 4, 4)
    told = tracker("export", "tables", "--out", "analysis")
    assert f"{synced / 'analysis' / 'study.csv'}: 2 rows" in told.out.splitlines()
    assert not (synced / "analysis" / "records.jsonl").exists()
