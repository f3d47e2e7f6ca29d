"""A folder with a config, a store and reports, as a person has one; and what can be read from it afterwards."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.registry.standin import StandIn, World, results, situations
from tests.runs.tracking import SPINE, A, B, C, D, E
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.engine import Store, open_store
from tracker.store.reports import recorded_reports, report_files
from tracker.store.runs import runs

CONFIG = """
[registry]
base_url = "{registry}"
requests_per_second = 1000

[store]
url = "{store}"

[output]
folder = "reports"

[[search]]
name = "spine"
include = [{{ nct_id = "{included}" }}]

  [[search.term]]
  condition = "{term}"
"""


def a_day_with_news(world: World) -> None:
    """All that can happen: changes, results, one that enters, one that is gone, one that matches no more."""
    situations.a_trial_completes(world, A, on="2026-02-20", enrolled=48)
    results.results_are_posted(world, A)
    situations.a_trial_no_longer_matches(world, B)
    situations.closes_to_recruitment(world, B)
    situations.a_trial_is_removed(world, C)
    situations.a_trial_is_registered(world, D, returned_by=SPINE)
    situations.a_date_slips(world, E, to="2027-01")
    world.refresh()


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a config, a store and reports."""

    folder: Path
    store_url: str

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configured(self, registry: StandIn) -> Place:
        self.folder.mkdir(exist_ok=True)
        self.config.write_text(CONFIG.format(registry=registry.url, store=self.store_url, included=E, term=SPINE))
        return self

    def store(self) -> Store:
        return open_store(self.store_url)


def told(place: Place) -> dict[str, Any]:
    """What the tracker knows and has told, without times, run numbers and what else depends on when it ran."""
    with place.store() as store, store.connect() as connection:
        changes = connection.execute(select(schema.change)).mappings().all()
        members = connection.execute(select(schema.member)).mappings().all()
        studies = connection.execute(select(schema.study)).mappings().all()
        versions = connection.execute(select(schema.study_version)).mappings().all()
        when = {"number", "run", "detected_at", "since", "since_run", "until", "until_run", "seen_at"}
        when |= {"first_seen_run", "last_seen_run"}
        return {
            name: sorted(repr({key: value for key, value in row.items() if key not in when}) for row in rows)
            for name, rows in {"changes": changes, "members": members, "studies": studies, "versions": versions}.items()
        }


def told_by_reports(place: Place) -> Counter[str]:
    """How many reports tell each change, by the files in the reports' folder; each must be the one recorded."""
    counted: Counter[str] = Counter()
    with place.store() as store, store.connect() as connection:
        for report in recorded_reports(connection, "changes"):
            recorded = report_files(connection, "changes", report.number)
            assert set(recorded) == {"report.html", "changes.csv", "report.json"}
            for filename, content in recorded.items():
                assert (Path(report.folder) / filename).read_bytes() == content
            counted.update(change["change_id"] for change in json.loads(recorded["report.json"])["changes"])
    return counted


def all_change_ids(place: Place) -> list[str]:
    with place.store() as store, store.connect() as connection:
        return list(connection.execute(select(schema.change.c.change_id)).scalars())


def departures(place: Place) -> int:
    """How many members have left."""
    with place.store() as store, store.connect() as connection:
        ended = select(schema.member.c.nct_id).where(schema.member.c.left_why.is_not(None))
        return len(connection.execute(ended).all())


def outcomes(place: Place) -> list[Outcome | None]:
    with place.store() as store, store.connect() as connection:
        return [run.outcome for run in runs(connection)]


def sqlite_place(folder: Path) -> Place:
    return Place(folder, f"sqlite:///{folder / 'tracker.db'}")
