"""`tracker import`: files saved from the registry."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine
from tests.commands.conftest import AFTER

WORDS = ("import", "saved.json", "--search", "spine", "--complete")


@pytest.fixture
def saved(folder: Path) -> Path:
    """Two records that do not say of which day they are."""
    file = folder / "saved.json"
    file.write_text(json.dumps({"studies": AFTER, "totalCount": len(AFTER)}))
    return file


def test_files_go_in_by_the_day_that_they_were_saved_on(tracker: CommandLine, saved: Path) -> None:
    ended = tracker(*WORDS, "--data-date", "2020-07-28", "--json")
    run = json.loads(ended.out)["run"]
    assert (run["outcome"], run["data_date"], run["studies_read"]) == ("ok", "2020-07-28", 2)


@pytest.mark.parametrize("days", [None, 400], ids=["no day", "a day to come"])
def test_a_day_that_cannot_be_is_refused_in_one_line(tracker: CommandLine, saved: Path, days: int | None) -> None:
    to_come = f"{datetime.now(UTC) + timedelta(days=days or 0):%Y-%m-%d}"
    ended = tracker(*WORDS, *(["--data-date", to_come] if days else []))
    said = f"are of {to_come}, which is to come" if days else "do not say of which day they are"
    assert (ended.exit_code, ended.out) == (2, "")
    assert f"saved.json: the records {said}. Give the day" in ended.err
    assert ended.err.count("\n") == 1
