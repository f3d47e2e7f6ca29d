"""`tracker db`: what programs are told."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.command_line import CommandLine


def test_a_restore_says_what_the_store_is_now_and_where_the_old_one_went(tracker: CommandLine, synced: Path) -> None:
    made = json.loads(tracker("db", "backup", "--json").out)["path"]
    ended = tracker("db", "restore", made, "--replace", "--json")
    assert ended.exit_code == 0
    told = json.loads(ended.out)
    assert (told["restored"], told["ends_with"]["run"]) == (made, 2)
    assert Path(told["kept"]).is_file()
    (synced / "data" / "tracker.db").unlink()
    nothing_kept = tracker("db", "restore", made, "--replace", "--json")
    assert json.loads(nothing_kept.out)["kept"] is None


def test_a_copy_says_how_many_rows_are_in_both(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("db", "copy", "--to", f"sqlite:///{synced / 'other.db'}", "--json")
    assert ended.exit_code == 0
    assert json.loads(ended.out)["rows"] > 10
    assert "rows are in both stores" in tracker("db", "copy", "--to", f"sqlite:///{synced / 'third.db'}").out
