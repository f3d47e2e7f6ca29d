"""Noise is never news, and what a series of days leads to doesn't depend on which of them were seen (DESIGN §4, §5.3).

The series is the real one of 2026 where it lies beside the repository, otherwise the stand-in's invented one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from tests.registry.standin import World, noise, situations
from tests.registry.standin.faults import Fault
from tests.registry.standin.series import Snapshot, play, series
from tests.runs.tracking import SPINE, A, Tracking, following, news
from tracker.content import content
from tracker.parse import parse
from tracker.store import schema
from tracker.store.engine import Store, open_store
from tracker.store.studies import version_body


class TestNoise:
    def test_a_day_of_noise_writes_neither_versions_nor_changes(self, tracking: Tracking) -> None:
        tracking.sync()
        for seed in range(3):
            noise.only_noise_moves(tracking.world, seed=seed)
            run = tracking.sync_next_day().run
            assert (run.versions_written, run.changes_written) == (0, 0)
        assert tracking.versions(A) == 1

    def test_noise_is_looked_at_once(self, tracking: Tracking) -> None:
        """The bytes last seen are remembered, so that the next day is a comparison of bytes again."""
        tracking.sync()
        digests = raw_digests(tracking)
        noise.only_noise_moves(tracking.world)
        tracking.sync_next_day()
        after = raw_digests(tracking)
        assert all(after[one] != digests[one] for one in digests)
        tracking.sync_next_day()
        assert raw_digests(tracking) == after

    def test_the_registry_reingests_everything(self, tracking: Tracking) -> None:
        tracking.sync()
        noise.the_registry_reingests(tracking.world)
        run = tracking.sync_next_day().run
        assert (run.versions_written, run.changes_written, run.guards) == (0, 0, ())

    def test_noise_around_a_change_does_not_hide_it(self, tracking: Tracking) -> None:
        tracking.sync()
        noise.the_registry_reingests(tracking.world)
        situations.closes_to_recruitment(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} closed_to_recruitment: overall_status"]

    def test_a_record_that_was_only_touched_is_a_version_without_news(self, tracking: Tracking) -> None:
        tracking.sync()
        with situations.an_update_by_the_sponsor(tracking.world, A):
            pass
        run = tracking.sync_next_day().run
        assert (run.versions_written, run.changes_written) == (1, 0)

    def test_there_and_back_by_noise_is_nothing(self, tracking: Tracking) -> None:
        tracking.sync()
        before = tracking.world.study(A)
        noise.only_noise_moves(tracking.world, A)
        tracking.sync_next_day()
        tracking.world.put(before)
        assert tracking.sync_next_day().run.versions_written == 0


def raw_digests(tracking: Tracking) -> dict[str, bytes]:
    with tracking.store.connect() as connection:
        rows = connection.execute(select(schema.study.c.nct_id, schema.study.c.raw_digest))
        return {row.nct_id: row.raw_digest for row in rows}


DAYS: tuple[Snapshot, ...] = tuple(series())


def replay(store: Store, days: Sequence[Snapshot], *, backwards: bool = False) -> tuple[Tracking, list[list[Any]]]:
    """Plays these days, a sync after each (`backwards`: each page from its end); what each sync recorded."""
    world = World(data_timestamp="2026-01-05T09:00:05")
    world.returns(SPINE, {nct_id(study) for day in DAYS for study in day.studies})
    found = []
    with following(store, world) as tracking:
        if backwards:
            turned = Fault(
                "backwards", page=lambda page: replace(page, nct_ids=page.nct_ids[::-1], studies=page.studies[::-1])
            )
            tracking.registry.fail(turned, path="/studies", times=None)
        for day in days:
            play(world, day)
            found.append(list(tracking.sync(accept_shrink=True).changes))
    return tracking, found


def nct_id(study: dict[str, Any]) -> str:
    return str(study["protocolSection"]["identificationModule"]["nctId"])


def final_state(tracking: Tracking) -> dict[str, Any]:
    """Every study as it stands: state, flat columns, and the content of its newest version."""
    told_by_way = {"version", "data_date", "first_seen_run", "last_seen_run", "first_plans", "raw_digest"}
    told_by_way |= {"watched_until"}
    columns = [column for column in schema.study.c if column.name not in told_by_way]
    with tracking.store.connect() as connection:
        rows = connection.execute(select(*columns, schema.study.c.version.label("newest")).order_by("nct_id"))
        return {
            row["nct_id"]: (
                {name: value for name, value in row.items() if name != "newest"},
                content(parse(version_body(connection, row["nct_id"], row["newest"]) or b"").record),
            )
            for row in rows.mappings()
        }


UNTOLD = frozenset(
    {
        "versionHolder",
        "conditionBrowseModule",
        "interventionBrowseModule",
        "geoPoint",
        "resultsSection",
        "statusVerifiedDate",
        "lastUpdateSubmitDate",
        "lastUpdatePostDateStruct",
    }
)
"""What the registry rewrites by itself, and dates that only say that a record was touched."""


def plainly(value: Any) -> Any:
    """A record without noise and touches: a second, slower and shorter account of what they are than the tracker's."""
    if isinstance(value, dict):
        kept = {key: plainly(inner) for key, inner in value.items() if key not in UNTOLD}
        if kept.get("allocation") == "NA":
            del kept["allocation"]
        return {key: inner for key, inner in kept.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((plainly(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return " ".join(value.split()) if isinstance(value, str) else value


def some_days(seed: int) -> tuple[Snapshot, ...]:
    """The first day, the last, and a third of those between."""
    between = DAYS[1:-1]
    chosen = random.Random(seed).sample(range(len(between)), max(1, len(between) // 3))
    return (DAYS[0], *(between[number] for number in sorted(chosen)), DAYS[-1])


@cache
def direct() -> dict[str, Any]:
    """The last day alone: who was there on it, as it was."""
    with open_store("sqlite://", create=True) as store:
        tracking, _ = replay(store, DAYS[-1:])
        return final_state(tracking)


class TestSeries:
    @pytest.mark.parametrize(
        "days",
        [DAYS, (DAYS[0], DAYS[-1]), *map(some_days, range(3))],
        ids=lambda days: "+".join(day.data_date[5:] for day in days),
    )
    def test_any_days_of_it_lead_to_the_same_state_and_no_news_is_noise(
        self, store: Store, days: Sequence[Snapshot]
    ) -> None:
        tracking, found = replay(store, days)
        assert {one: held for one, held in final_state(tracking).items() if one in direct()} == direct()
        assert found[0] == []
        for (before, after), changes in zip(pairwise(days), found[1:], strict=True):
            old, new = ({nct_id(study): plainly(study) for study in day.studies} for day in (before, after))
            really = {one for one in old.keys() & new.keys() if old[one] != new[one]}
            assert {change.change.nct_id for change in changes if change.search is None} == really

    def test_the_order_of_the_records_does_not_matter(self, store: Store) -> None:
        tracking, _ = replay(store, (DAYS[0], DAYS[-1]), backwards=True)
        assert {one: held for one, held in final_state(tracking).items() if one in direct()} == direct()
