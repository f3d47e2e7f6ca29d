"""Dated series of records, to be played one date after the other.

The real series lies in `shared/records/series` beside the repository and is public registry data; where it is
absent, a small invented one of the same kind takes its place.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.registry.standin import noise, results, situations
from tests.registry.standin.fields import Json, by_name, values
from tests.registry.standin.sample import a_study
from tests.registry.standin.world import World

SHARED = Path(__file__).resolve().parents[4] / "shared"
"""What is handed to the project beside its repository; may be absent."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The records as they were on one date."""

    data_date: str
    studies: tuple[Json, ...]


def series() -> Iterator[Snapshot]:
    """The real series where present, otherwise the invented one; ascending dates."""
    return real_series() if has_real_series() else synthetic_series()


def has_real_series() -> bool:
    return any((SHARED / "records" / "series").glob("*.jsonl.gz"))


def real_series() -> Iterator[Snapshot]:
    """Fifty studies on twelve dates; the data date is the newest that any record carries."""
    for path in sorted((SHARED / "records" / "series").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            studies = tuple(json.loads(line) for line in lines)
        stamps = (values(study, by_name()["VersionHolder"].path) for study in studies)
        yield Snapshot(max(str(stamp[0]) for stamp in stamps if stamp), studies)


def play(world: World, snapshot: Snapshot) -> None:
    """Make a world what it was on that date; every record then carries the snapshot's data date."""
    world.replace_all(snapshot.studies)
    world.refresh(to=snapshot.data_date)


def synthetic_series() -> Iterator[Snapshot]:
    """Eight invented studies on four dates: a day of noise, then flips, slips, results and a removal."""
    ids = [f"NCT9100000{number}" for number in range(1, 9)]
    world = World((a_study(nct_id) for nct_id in ids), data_timestamp="2026-02-04T09:00:05")
    yield _snapshot(world)
    noise.only_noise_moves(world)
    world.refresh(to="2026-02-09")
    yield _snapshot(world)
    situations.status_flips_to_unknown(world, ids[0])
    situations.a_trial_is_terminated(world, ids[1], why="Slow accrual", on="2026-01-30", enrolled=11)
    situations.a_date_slips(world, ids[2], to="2027-03")
    situations.a_date_is_refined(world, ids[3], to="2026-06-30")
    world.refresh(to="2026-02-18")
    yield _snapshot(world)
    situations.a_trial_completes(world, ids[4], on="2026-01-31", enrolled=58)
    results.results_are_posted(world, ids[5])
    situations.a_paper_is_linked(world, ids[6], type="DERIVED")
    situations.a_trial_is_removed(world, ids[7])
    world.refresh(to="2026-03-03")
    yield _snapshot(world)


def _snapshot(world: World) -> Snapshot:
    return Snapshot(world.data_date, tuple(world.study(nct_id) for nct_id in world.ids()))
