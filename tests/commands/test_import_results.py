"""`tracker import` of records that carry their results, as the registry's website saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands.command_line import CommandLine
from tests.unit.records import NCT_ID, a_small_record
from tracker.store.engine import open_store
from tracker.store.studies import version_body
from tracker.study import NctId

WORDS = ("import", "saved.json", "--search", "spine", "--complete", "--json", "--data-date")


def _save(folder: Path, record: dict[str, Any]) -> None:
    (folder / "saved.json").write_text(json.dumps({"studies": [record], "totalCount": 1}))


def _held(folder: Path) -> Any:
    with open_store(f"sqlite:///{folder / 'data' / 'tracker.db'}") as store, store.connect() as connection:
        return json.loads(version_body(connection, NctId(NCT_ID), 1) or b"")


def test_results_are_not_kept_and_the_rest_is_what_came(tracker: CommandLine, folder: Path) -> None:
    results = {"resultsSection": {"moreInfoModule": {"limitationsAndCaveats": "Only nine took part"}}}
    _save(folder, a_small_record() | results)
    assert json.loads(tracker(*WORDS, "2026-02-05").out)["run"]["versions_written"] == 1
    assert tracker("db", "check").exit_code == 0
    assert _held(folder) == a_small_record()
    _save(folder, a_small_record())
    assert json.loads(tracker(*WORDS, "2026-02-06").out)["run"]["versions_written"] == 0
