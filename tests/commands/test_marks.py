"""`tracker mute`, `note`, `ack`: who said what about a trial, and what reports make of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine

ONE, TWO = "NCT00000001", "NCT00000002"
"""The completion date of ONE moved; TWO was terminated, and its results were posted."""


@pytest.fixture
def news(synced: Path) -> Path:
    """The synced folder; `report_of` tells the second run's changes there."""
    return synced


def report_of(tracker: CommandLine, folder: Path) -> tuple[str, dict[str, list[str]]]:
    """An ad-hoc report over everything: its page, and each trial's kinds of change that are muted."""
    ended = tracker("report", "--since", "2020-07-01", "--until", "2020-08-01", "--out", "out")
    assert ended.exit_code == 0, ended.err
    rows = csv.DictReader(io.StringIO((folder / "out" / "changes.csv").read_text("utf-8-sig"), newline=""))
    muted: dict[str, list[str]] = {}
    for row in rows:
        if row["muted"] == "True":
            muted.setdefault(row["nct_id"], []).append(row["kind"])
    return (folder / "out" / "report.html").read_text(), muted


# What is kept


def test_a_remark_is_kept_with_who_and_when(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("note", ONE, TWO, "asked the sponsor", "--by", "Ana Pop")
    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.out == f"{ONE}  noted by Ana Pop.\n{TWO}  noted by Ana Pop.\n"
    [first, _] = json.loads(tracker("note", "--list", "--json").out)
    assert {key: first[key] for key in ("nct_id", "mark", "text", "by", "withdrawn_at")} == {
        "nct_id": ONE,
        "mark": "note",
        "text": "asked the sponsor",
        "by": "Ana Pop",
        "withdrawn_at": None,
    }


def test_the_user_of_the_system_says_so_by_default(
    tracker: CommandLine, synced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.marking.getuser", lambda: "apop")
    assert tracker("ack", ONE).out == f"{ONE}  acknowledged by apop.\n"

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("jobs.marking.getuser", nobody)
    ended = tracker("ack", ONE)
    assert ended.exit_code == 2
    assert ended.err == "tracker: this system does not say who you are. Add --by NAME.\n"


def test_what_is_withdrawn_stays_on_record(tracker: CommandLine, synced: Path) -> None:
    tracker("note", ONE, "wrong trial", "--by", "Ana")
    assert tracker("note", ONE, "--withdraw", "--by", "Ben").out == f"{ONE}  1 note withdrawn.\n"
    [told] = tracker("note", "--list").out.splitlines()
    assert "Note by Ana" in told
    assert "(withdrawn by Ben, " in told
    again = tracker("note", ONE, "--withdraw")
    assert again.exit_code == 1
    assert again.err == f"tracker: {ONE} had no note to withdraw.\n"


def test_a_mute_of_one_kind_is_withdrawn_alone(tracker: CommandLine, synced: Path) -> None:
    tracker("mute", ONE, "--kind", "sites", "--kind", "enrollment", "--why", "noise")
    tracker("mute", ONE, "--kind", "sites", "--withdraw")
    kept = json.loads(tracker("mute", "--list", "--json").out)
    assert [(one["kind"], one["withdrawn_at"] is None) for one in kept] == [("sites", False), ("enrollment", True)]


def test_the_list_of_one_trial_and_of_none(tracker: CommandLine, synced: Path) -> None:
    tracker("ack", ONE, "--by", "Ana")
    assert ONE in tracker("ack", "--list", ONE).out
    assert tracker("ack", "--list", TWO).out == "There is no ack.\n"


@pytest.mark.parametrize(
    ("words", "exit_code", "line"),
    [
        (("mute", ONE), 2, "--why is missing"),
        (("mute", ONE, "--why", " \u200b"), 2, "--why is empty"),
        (("mute", "--why", "x"), 2, "Name at least one trial, or --list."),
        (("mute", ONE, "--why", "x", "--until", "2020-01-01"), 2, "--until 2020-01-01 has passed"),
        (("mute", ONE, "--why", "x", "--kind", "sitse"), 2, "sitse"),
        (("note", ONE), 2, "Name the trial and then the text"),
        (("note", "NCT12", "text"), 2, "'NCT12' is no NCT ID"),
        (("note", ONE, "x" * 2001), 2, "the remark has 2001 letters"),
        (("note", ONE, "NCT09999999", "text"), 1, "NCT09999999 is not in the store: nothing was marked"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused(
    tracker: CommandLine, synced: Path, words: tuple[str, ...], exit_code: int, line: str
) -> None:
    ended = tracker(*words)
    assert ended.exit_code == exit_code
    assert line in ended.err
    for mark in ("mute", "note", "ack"):
        assert json.loads(tracker(mark, "--list", "--json").out) == []


# What is shown


def test_marks_stand_beside_the_trial(tracker: CommandLine, news: Path) -> None:
    tracker("note", ONE, "<script>alert(1)</script> \x1b[2Jseen\u202e", "--by", "Ana")
    tracker("ack", TWO, "--why", "the sponsor knows", "--by", "Ben")
    page, _ = report_of(tracker, news)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [2Jseen" in page
    assert "<script>" not in page
    assert "Acknowledged by Ben" in page
    shown = tracker("show", ONE).out
    assert "Note by Ana" in shown
    assert "\x1b" not in shown
    [data] = json.loads(tracker("show", TWO, "--json").out)
    assert data["marks"][0]["text"] == "the sponsor knows"
    tracker("ack", TWO, "--withdraw")
    assert "Acknowledged" not in report_of(tracker, news)[0]


def test_a_mute_hides_routine_lines_only(tracker: CommandLine, news: Path) -> None:
    tracker("mute", ONE, TWO, "--why", "noise", "--by", "Ana")
    page, muted = report_of(tracker, news)
    assert muted == {}  # a delay, a stop and results are not routine
    assert "1 terminated" in page
    assert "Muted, routine changes, by Ana" in page


def test_a_mute_of_a_kind_hides_it_whatever_its_weight(tracker: CommandLine, news: Path) -> None:
    tracker("mute", ONE, "--kind", "date_moved", "--why", "plans change daily", "--by", "Ana")
    page, muted = report_of(tracker, news)
    assert muted == {ONE: ["date_moved"]}
    assert "1 change of 1 trial, muted by a coordinator" in page
    assert "delayed" not in page.split("</h1>")[0]
    tracker("mute", ONE, "--withdraw")
    assert report_of(tracker, news)[1] == {}


def test_a_stop_is_hidden_only_where_it_is_named(tracker: CommandLine, news: Path) -> None:
    tracker("mute", TWO, "--kind", "stopped", "--why", "known long since", "--by", "Ana")
    page, muted = report_of(tracker, news)
    assert muted == {TWO: ["stopped"]}
    assert "1 with results" in page


def test_a_muted_change_does_not_return(tracker: CommandLine, synced: Path) -> None:
    """It counts as told: the report after the mute's end begins where this one ended."""
    tracker("mute", ONE, "--kind", "date_moved", "--why", "noise")
    tracker("report")
    tracker("mute", ONE, "--withdraw")
    tracker("report")
    later = json.loads((synced / "data" / "reports" / "changes" / "2" / "report.json").read_text())
    assert later["changes"] == []
