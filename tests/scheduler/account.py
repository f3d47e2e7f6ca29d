"""A plain account of a year on a registry, and of what each report must therefore tell.

It shares nothing with the tracker but the words of its answer: days, holidays, what happens to which trial, when the
tracker could see it, and which Monday's report that belongs to. Times are aware UTC.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.registry.standin import World, a_study, noise, situations

HOME = ZoneInfo("Europe/Bucharest")
SPINE = "Spine tumor"
PUBLISHED = time(14, 10, tzinfo=UTC)
HOLIDAYS = {
    date(2026, 4, 10),
    date(2026, 5, 25),
    date(2026, 7, 3),
    date(2026, 9, 7),
    date(2026, 11, 26),
    date(2026, 12, 25),
    date(2027, 1, 1),
}
REST = 15
"""Days for which a trial is left alone after something happened to it, so that no two events fall between two syncs."""

Happening = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Told:
    """A line that some report must tell, once: `at` is when the registry published what it says."""

    at: datetime
    line: str


@dataclass(slots=True)
class Stretch:
    """From `begin` until `end` something was wrong."""

    begin: datetime
    end: datetime

    def holds(self, instant: datetime) -> bool:
        return self.begin <= instant < self.end


@dataclass(slots=True)
class Story:
    """What happens, in the order of time, and the lines that follow from it."""

    happenings: list[tuple[datetime, Happening]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    outages: list[Stretch] = field(default_factory=list)
    switched_off: list[Stretch] = field(default_factory=list)

    def syncs(self, first: datetime, last: datetime) -> list[datetime]:
        """When the tracker read the registry with success."""
        planned = [at for day in _days(first, last) if day.weekday() < 5 for at in [_home(day, time(16, 40))]]
        planned += [_home(day, time(4, 40)) for day in _days(first, last) if day.weekday() == 6]
        done = {first} | {at for at in planned if not any(bad.holds(at) for bad in (*self.outages, *self.switched_off))}
        for off in self.switched_off:
            done |= {off.end for at in planned if off.holds(at)}
        for outage in self.outages:
            done |= {outage.end + timedelta(minutes=90) for at in planned if outage.holds(at)}
        return sorted(at for at in done if first <= at < last)

    def reports(self, firings: list[datetime]) -> list[datetime]:
        """When the reports of these firings were made: at their time, or once for all when the tracker was back."""
        made = set()
        for at in firings:
            off = next((one for one in self.switched_off if one.holds(at)), None)
            made.add(off.end + timedelta(seconds=1) if off else at)
        return sorted(made)

    def expected(
        self, firings: list[datetime], *, first: datetime, last: datetime, since: datetime
    ) -> list[Counter[str]]:
        """The lines of each report, for a definition that is known `since` then."""
        syncs = self.syncs(first, last)
        seen = [(next((sync for sync in syncs if sync > told.at), None), told.line) for told in self.told]
        made = self.reports(firings)
        lines = [Counter[str]() for _ in made]
        for sync, line in seen:
            if sync is None or sync <= since:
                continue
            number = next((number for number, at in enumerate(made) if at > sync), None)
            if number is not None:
                lines[number][line] += 1
        return lines


def _home(day: date, at: time) -> datetime:
    return datetime.combine(day, at, HOME).astimezone(UTC)


def _days(first: datetime, last: datetime) -> list[date]:
    return [first.date() + timedelta(days=number) for number in range((last - first).days + 2)]


def mondays(first: datetime, last: datetime) -> list[datetime]:
    fired = [_home(day, time(7)) for day in _days(first, last) if day.weekday() == 0]
    return [at for at in fired if first < at < last]


def firsts_of_month(first: datetime, last: datetime) -> list[datetime]:
    fired = [_home(day, time(8)) for day in _days(first, last) if day.day == 1]
    return [at for at in fired if first < at < last]


class Trials:
    """What happens to whom: picks a rested trial, has it happen, and says which lines tell of it."""

    def __init__(self, world: World, chance: random.Random, ids: list[str]) -> None:
        self._world = world
        self._chance = chance
        self._touched = dict.fromkeys(ids, date.min)
        self._status = dict.fromkeys(ids, "RECRUITING")
        self._plan = dict.fromkeys(ids, date(2027, 1, 1))
        self._size = dict.fromkeys(ids, 100)
        self._papers = 0
        self._next = 500

    def rested(self, day: date) -> list[str]:
        return sorted(
            one
            for one, touched in self._touched.items()
            if touched <= day - timedelta(days=REST) or touched == date.min
        )

    def something(self, day: date) -> tuple[Happening, list[str]]:
        one = self._chance.choice(self.rested(day))
        self._touched[one] = day
        kinds = [self._slips, self._grows, self._paper]
        kinds += [self._stops, self._closes, self._unknown] if self._status[one] == "RECRUITING" else [self._reopens]
        return self._chance.choice(kinds)(one)

    def registered(self, day: date) -> tuple[Happening, list[str]]:
        one = f"NCT9{self._next:07}"
        self._next += 1
        self._touched[one], self._status[one], self._plan[one], self._size[one] = (
            day,
            "RECRUITING",
            date(2027, 1, 1),
            100,
        )
        return (
            lambda: situations.a_trial_is_registered(self._world, one, returned_by=SPINE),
            [f"{one} entered newly registered"],
        )

    def removed(self, day: date) -> tuple[Happening, list[str]]:
        one = self._taken(day)
        return lambda: situations.a_trial_is_removed(self._world, one), [f"{one} left removed from the registry"]

    def merged(self, day: date) -> tuple[Happening, list[str]]:
        one = self._taken(day)
        into = self._chance.choice(self.rested(day))
        self._touched[into] = day
        return (
            lambda: situations.a_trial_is_merged(self._world, one, into=into),
            [f"{one} left merged into another id", f"{into} other other"],
        )

    def _taken(self, day: date) -> str:
        one = self._chance.choice(self.rested(day))
        del self._touched[one]
        return one

    def _slips(self, one: str) -> tuple[Happening, list[str]]:
        self._plan[one] += timedelta(days=40)
        to = self._plan[one].isoformat()
        return (
            lambda: situations.a_date_slips(self._world, one, to=to),
            [f"{one} date_moved primary_completion_date"],
        )

    def _grows(self, one: str) -> tuple[Happening, list[str]]:
        self._size[one] += 7
        size = self._size[one]
        return lambda: situations.enrollment_changes(self._world, one, size), [f"{one} enrollment enrollment"]

    def _paper(self, one: str) -> tuple[Happening, list[str]]:
        self._papers += 1
        pmid = f"{91000000 + self._papers}"
        return (
            lambda: situations.a_paper_is_linked(self._world, one, pmid=pmid),
            [f"{one} publication result_references"],
        )

    def _stops(self, one: str) -> tuple[Happening, list[str]]:
        self._status[one] = "SUSPENDED"
        return (
            lambda: situations.a_trial_is_suspended(self._world, one, why="Funding"),
            [f"{one} stopped overall_status"],
        )

    def _closes(self, one: str) -> tuple[Happening, list[str]]:
        self._status[one] = "ACTIVE_NOT_RECRUITING"
        return (
            lambda: situations.closes_to_recruitment(self._world, one),
            [f"{one} closed_to_recruitment overall_status"],
        )

    def _unknown(self, one: str) -> tuple[Happening, list[str]]:
        self._status[one] = "UNKNOWN"
        return lambda: situations.status_flips_to_unknown(self._world, one), [f"{one} status overall_status"]

    def _reopens(self, one: str) -> tuple[Happening, list[str]]:
        self._status[one] = "RECRUITING"
        return lambda: situations.reopens(self._world, one), [f"{one} reopened overall_status"]


def a_world(ids: list[str]) -> World:
    world = World(
        a_study(one, primary_completion=("2027-01-01", "ESTIMATED"), enrolled=(100, "ESTIMATED")) for one in ids
    )
    world.returns(SPINE, ids)
    return world


def tell_of_days(
    story: Story,
    trials: Trials,
    world: World,
    chance: random.Random,
    *,
    first: date,
    days: int,
    special: dict[int, str],
) -> None:
    """Each working day at 14:10 UTC the registry publishes none to three events; `special` days are for one thing."""
    shrunk = False
    for number in range(1, days):
        day = first + timedelta(days=number)
        if day.weekday() >= 5 or day in HOLIDAYS:
            continue
        at = datetime.combine(day, PUBLISHED)
        kind = special.pop(min(special), "") if special and min(special) <= number else ""
        if shrunk:
            story.happenings.append((at, lambda: situations.the_index_recovers(world)))
            shrunk = False
        elif kind == "shrunken answer":
            story.happenings.append((at, lambda: situations.the_index_shrinks(world)))
            shrunk = True
        else:
            pick = {"registered": trials.registered, "removed": trials.removed, "merged": trials.merged}.get(kind)
            picked = [pick(day)] if pick else [trials.something(day) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
            for happening, lines in picked:
                story.happenings.append((at, happening))
                story.told += [Told(at, line) for line in lines]
            if chance.random() < 0.3:
                story.happenings.append((at, lambda: noise.only_noise_moves(world, seed=chance.randrange(1000))))
        to = f"{day}T14:10:00"
        story.happenings.append((at, lambda to=to: world.refresh(to)))  # type: ignore[misc]
