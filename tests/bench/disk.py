"""How much of their JSON real records take on disk."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bench.figures import Figure, Skipped
from tests.bench.processes import PYTHON, ROOT, TRACKER, Wrong, measured
from tests.bench.registry import SEARCH, Place

RECORDS = ROOT.parent / "shared" / "records" / "download_2025.zip"
NAME = "bodies on disk / their JSON"


def figure(folder: Path, *, records: Path = RECORDS) -> Figure | Skipped:
    if not records.is_file():
        return Skipped(NAME, f"{records} is not here")
    place = Place(folder / "records", url="http://127.0.0.1:9")
    measured(TRACKER, "import", records, "--search", SEARCH, "--config", place.config, folder=folder)
    said = measured(PYTHON, Path(__file__).with_name("bodies.py"), place.store, folder=folder).output
    found = json.loads(said)
    if not found["studies"]:
        raise Wrong(f"nothing was imported from {records}")
    note = f"{found['studies']} real records"
    return Figure(name=NAME, note=note, unit="MB", values=[found["packed"]], floors=[found["json"]], most=0.33)
