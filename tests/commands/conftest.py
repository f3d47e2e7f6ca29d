"""A folder with a configuration and, where asked for, a store that two small runs have filled."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command_line import CommandLine
from tracker.config import load_config
from tracker.registry.offline import OfflineSource
from tracker.store.engine import open_store
from tracker.sync import Request, sync

CONFIG = """
[[search]]
name = "spine"
exclude = [{ nct_id = "NCT00000009", reason = "spinal anaesthesia" }]
  [[search.term]]
  condition = 'Spine tumor'
"""


def _record(nct_id: str, title: str, **status: Any) -> dict[str, Any]:
    return {
        "protocolSection": {
            "identificationModule": {"nctId": nct_id, "briefTitle": title},
            "statusModule": {
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": "2019-01", "type": "ACTUAL"},
                "completionDateStruct": {"date": "2020-08", "type": "ESTIMATED"},
                "studyFirstPostDateStruct": {"date": "2019-01-10"},
                **status,
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A Hospital", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Spinal Metastases", "Chordoma"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["NA"],
                "enrollmentInfo": {"count": 50, "type": "ESTIMATED"},
            },
            "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "Zoledronic acid"}]},
            "contactsLocationsModule": {"locations": [{"country": "Romania"}, {"country": "France"}]},
        }
    }


BEFORE = [
    _record("NCT00000001", "A Phase II trial of radiosurgery"),
    _record("NCT00000002", "=HYPERLINK(1)\x1b[2J\u202e trial"),
]
AFTER = [
    _record(
        "NCT00000001",
        "A Phase II trial of radiosurgery",
        completionDateStruct={"date": "2021-08", "type": "ESTIMATED"},
    ),
    _record(
        "NCT00000002",
        "=HYPERLINK(1)\x1b[2J\u202e trial",
        overallStatus="TERMINATED",
        whyStopped="low accrual\nof patients",
        resultsFirstPostDateStruct={"date": "2020-06-25"},
    ),
]


@pytest.fixture
def tracker(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capsys)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a config.toml and nothing else."""
    (tmp_path / "config.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACKER_CONFIG", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def _synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synced")
    (folder / "config.toml").write_text(CONFIG)
    config = load_config(folder / "config.toml")
    with open_store(config.store_url, create=True) as store:
        for day, records in ((date(2020, 3, 2), BEFORE), (date(2020, 7, 28), AFTER)):
            file = folder / f"{day}.json"
            file.write_text(json.dumps({"studies": records, "totalCount": len(records)}))
            now = datetime(day.year, day.month, day.day, 16, 30, tzinfo=UTC)
            sync(store, OfflineSource([file], day), Request(searches=config.searches), now=lambda now=now: now)
    return folder


@pytest.fixture
def synced(_synced: Path, folder: Path) -> Path:
    """The current folder, with a store of two studies in two versions."""
    shutil.copytree(_synced / "data", folder / "data")
    return folder


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a terminal of any width: they have none."""
    monkeypatch.delenv("COLUMNS", raising=False)
