"""The eight steps of a sync (DESIGN §4), as whole runs over HTTP."""

from __future__ import annotations

import pytest

from tests.registry.standin import faults, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, a_search, news, trials
from tracker.runs import Outcome

EVERYTHING_OK = ("/version", "/studies", "/version")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


class TestBaseline:
    def test_the_first_run_of_a_search_is_no_news(self, tracking: Tracking) -> None:
        synced = tracking.sync()
        assert (synced.run.outcome, news(synced)) == (Outcome.OK, [])
        assert tracking.members() == {A, B, C}
