"""A slow, plain model of what must be told, held against the tracker in random histories.

The registry changes, publishes, breaks and heals; the tracker syncs, fails, dies and reports, in any order. The model
knows only two things of each trial, its status and whether the search returns it, and what each report has told.
Whatever happened, after a run that came through

- the changes told of a trial's status, one after the other, lead from what was first seen to what is now true;
- entered and left take turns, and lead to the members that the registry now returns;
- if nothing went wrong since the last good run, the run found exactly the differences between then and now;
- no change is told by two reports, and none that a run recorded is missing from them.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.reporting import next_report
from tests.registry.standin import StandIn, faults, situations
from tests.runs.tracking import SPINE, Tracking, a_registry, trials
from tracker.changes import Kind
from tracker.definitions import ReportDefinition
from tracker.runs import Outcome
from tracker.store.changes import changes
from tracker.store.engine import Store, open_store
from tracker.store.reports import register_definitions
from tracker.store.studies import tracked_studies

FIRST = trials(7)
LATER = trials(5, first=101)
REPORT = ReportDefinition(name="changes", searches=("spine",))
STATUSES = ("RECRUITING", "ACTIVE_NOT_RECRUITING", "COMPLETED", "UNKNOWN")


class _Killed(BaseException):
    """As by kill -9: nothing more is written, not even that the run has failed."""


@contextmanager
def killed_at(store: Store, transaction: int) -> Iterator[None]:
    """The process dies in its n-th transaction, before the commit, and no other begins."""
    begin, begun = store.begin, 0

    @contextmanager
    def mortal() -> Iterator[Any]:
        nonlocal begun
        begun += 1
        if begun > transaction:
            raise _Killed
        with begin() as connection:
            yield connection
            if begun == transaction:
                raise _Killed

    store.begin = mortal  # type: ignore[method-assign]
    try:
        yield
    finally:
        del store.begin


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.context = ExitStack()
        self.folder = Path(self.context.enter_context(tempfile.TemporaryDirectory()))
        self.context.enter_context(patch("os.fsync"))  # nothing of this has to survive the machine
        self.store = self.context.enter_context(open_store("sqlite://", create=True))
        self.registry = self.context.enter_context(StandIn(a_registry(FIRST)))
        self.world = self.registry.world
        self.tracking = Tracking(self.store, self.registry)
        with self.store.begin() as connection:
            register_definitions(connection, [REPORT.name])
        self.unmatched: set[str] = set()
        self.registered: set[str] = set(FIRST)
        self.known: dict[str, str] = {}  # as of the last good run: member → status
        self.disturbed = False  # whether something went wrong since then
        self.told: Counter[str] = Counter()

    def teardown(self) -> None:
        self.context.close()

    @initialize()
    def baseline(self) -> None:
        assert self.tracking.sync().changes == ()
        self.known = self.truth()
        self.first_seen = dict(self.known)

    # --- the registry ----------------------------------------------------------------------------------

    @rule(trial=st.sampled_from(FIRST + LATER), status=st.sampled_from(STATUSES))
    def a_status_changes(self, trial: str, status: str) -> None:
        if trial in self.registered:
            with situations.an_update_by_the_sponsor(self.world, trial) as protocol:
                protocol["statusModule"]["overallStatus"] = status

    @rule(trial=st.sampled_from(LATER))
    def a_trial_is_registered(self, trial: str) -> None:
        if trial not in self.registered:
            situations.a_trial_is_registered(self.world, trial, returned_by=SPINE)
            self.registered.add(trial)

    @rule(trial=st.sampled_from(FIRST + LATER))
    def a_trial_is_removed(self, trial: str) -> None:
        if trial in self.registered and len(self.registered) > 4:
            situations.a_trial_is_removed(self.world, trial)
            self.registered.discard(trial)

    @rule(trial=st.sampled_from(FIRST))
    def the_search_loses_or_finds_a_trial(self, trial: str) -> None:
        if trial in self.unmatched:
            situations.matches_again(self.world, trial)
            self.unmatched.discard(trial)
        else:
            situations.a_trial_no_longer_matches(self.world, trial)
            self.unmatched.add(trial)

    def truth(self) -> dict[str, str]:
        """Whom the search returns, and with which status."""
        returned = sorted(self.registered - self.unmatched)
        return {one: self.world.study(one)["protocolSection"]["statusModule"]["overallStatus"] for one in returned}

    # --- the tracker -----------------------------------------------------------------------------------

    @rule(dry=st.booleans())
    def a_good_run(self, dry: bool) -> None:
        self.world.refresh()
        if dry:
            self.tracking.sync(dry_run=True)
        synced = self.tracking.sync()
        assert synced.run.outcome is Outcome.OK
        now = self.truth()
        if not self.disturbed:
            assert Counter(map(told_by, synced.changes)) == Counter(self.differences(now)), synced.changes
        self.known, self.disturbed = now, False
        self.everything_leads_to(now)

    def differences(self, now: dict[str, str]) -> Iterator[tuple[str, str]]:
        """What an undisturbed run must find, given what was known before and what is true now."""
        for trial in now.keys() - self.known.keys():
            yield trial, "entered"
        for trial in self.known.keys() - now.keys():
            yield trial, "left"
        watched = {trial for trial, state in self.states.items() if state == "watched"} & self.registered
        for trial in (self.known.keys() | watched) & self.registered:
            before = self.statuses.get(trial)
            after = self.world.study(trial)["protocolSection"]["statusModule"]["overallStatus"]
            if before is not None and before != after:
                yield trial, "overall_status"

    @rule(request=st.integers(0, 4), fault=st.sampled_from([faults.blocked(), faults.connection_reset()]))
    def a_run_that_fails(self, request: int, fault: faults.Fault) -> None:
        self.world.refresh()
        self.registry.fail(fault, after=request, times=None)
        self.tracking.sync()
        self.registry.heal()
        self.disturbed = True

    @rule(short=st.integers(1, 3))
    def a_run_that_is_incomplete(self, short: int) -> None:
        self.world.refresh()
        self.registry.fail(faults.total_count(len(self.truth()) + short), path="/studies", times=2)
        synced = self.tracking.sync()
        self.registry.heal()
        assert all(found.change.kind is not Kind.LEFT for found in synced.changes)
        self.disturbed = True

    @rule(transaction=st.integers(1, 7))
    def a_run_that_is_killed(self, transaction: int) -> None:
        self.world.refresh()
        with killed_at(self.store, transaction), suppress(_Killed):
            self.tracking.sync()
        self.disturbed = True

    @rule()
    def a_report(self) -> None:
        written = next_report(self.store, REPORT, titles={}, now=self.tracking.clock(), output=self.folder)
        report = json.loads((written.folder / "report.json").read_bytes())
        self.told.update(change["change_id"] for change in report["changes"])

    # --- what must hold --------------------------------------------------------------------------------

    @invariant()
    def no_change_is_told_twice(self) -> None:
        assert not [one for one, times in self.told.items() if times > 1]

    @precondition(lambda self: hasattr(self, "first_seen"))
    @invariant()
    def remember_what_the_store_holds(self) -> None:
        with self.store.connect() as connection:
            held = tracked_studies(connection)
        self.states = {one.summary.nct_id: one.state for one in held}
        self.statuses = {one.summary.nct_id: one.summary.overall_status for one in held}

    def everything_leads_to(self, now: dict[str, str]) -> None:
        self.a_report()
        with self.store.connect() as connection:
            recorded = changes(connection)
        assert self.told == Counter(found.change_id for found in recorded)
        assert self.tracking.members() == set(now)
        members = set(self.first_seen)
        for found in recorded:
            change = found.change
            if change.kind is Kind.ENTERED:
                assert change.nct_id not in members
                members.add(change.nct_id)
            elif change.kind is Kind.LEFT:
                members.remove(change.nct_id)
        assert members == set(now)
        for trial in now:
            steps = [
                (found.change.before, found.change.after)
                for found in recorded
                if found.change.nct_id == trial and found.change.field == "overall_status"
            ]
            assert all(earlier[1] == later[0] for earlier, later in pairwise(steps))
            if steps:
                assert steps[-1][1] == now[trial]
            elif trial in self.first_seen and trial not in self.ever_left(recorded):
                assert self.first_seen[trial] == now[trial]

    def ever_left(self, recorded: list[Any]) -> set[str]:
        return {found.change.nct_id for found in recorded if found.change.kind is Kind.LEFT}


def told_by(found: Any) -> tuple[str, str]:
    kind = found.change.kind
    return found.change.nct_id, kind.value if kind in (Kind.ENTERED, Kind.LEFT) else found.change.field


Histories.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestHistories = Histories.TestCase
