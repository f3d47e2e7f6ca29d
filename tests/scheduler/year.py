"""Drives the real scheduler through simulated days, and compares what it told with the plain account."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import main
from jobs.ending import DONE
from tests.delivery.mail_server import MailServer, mail_server
from tests.registry.standin import StandIn, a_study, faults
from tests.scheduler.account import (
    Story,
    Stretch,
    Told,
    Trials,
    a_world,
    firsts_of_month,
    mondays,
    tell_of_days,
)
from tests.scheduler.next_version import NEXT, NextVersion
from tests.scheduler.unattended import SPINE_TERM, Unattended, utc
from tracker.store.job_log import Ended
from tracker.store.reports import recorded_reports, report_files
from tracker.store.version import stored_version

START = utc("2026-03-02T06:00")  # a Monday, after the report would have been due
LOOK = timedelta(hours=1)
IDS = [f"NCT9{number:07}" for number in range(1, 41)]
FOUND_BY_EDIT = [f"NCT9{number:07}" for number in (901, 902)]
EDITED_TERMS = SPINE_TERM + "  [[search.term]]\n  condition = 'chordoma'\n"
KEEP_ATTEMPTS_DAYS = 45
MONTHLY = '[[report]]\nname = "monthly"\nschedule = "0 8 1 * *"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What befalls the tracker, by the number of the day."""

    days: int
    outages: tuple[tuple[int, int], ...]  # of the registry, from 10:00 UTC of a day until 09:00 of another
    switched_off: tuple[tuple[int, int], ...]
    mail_down: tuple[int, int]
    wrong_config: int  # at noon; put right, with another term and another report, a day later
    special: dict[int, str]  # what the registry has to offer from that day on
    crashes: tuple[int, ...]
    upgrade: int  # at noon, to a version whose migration the power cuts short once
    downgrade_tried: int
    disk_lost: tuple[int, ...]  # an hour after noon
    move: int  # at noon, to PostgreSQL


def at(day: int, hours: float) -> datetime:
    midnight = START.replace(hour=0)
    return midnight + timedelta(days=day, hours=hours)


def live_through(course: Course, folder: Path, *, seed: int, postgresql: str, patch: pytest.MonkeyPatch) -> None:
    """Raises AssertionError where a report or mail tells anything but what happened.

    `postgresql` is the URL of the empty database to move to; `patch` installs the upgrade.
    """
    chance = random.Random(seed)
    world = a_world(IDS)
    for one in FOUND_BY_EDIT:
        world.put(a_study(one))
    world.returns("chordoma", FOUND_BY_EDIT)
    story = Story(
        outages=[Stretch(at(begin, 10), at(end, 9)) for begin, end in course.outages],
        switched_off=[Stretch(at(begin, 10), at(end, 9)) for begin, end in course.switched_off],
    )
    trials = Trials(world, chance, IDS)
    tell_of_days(story, trials, world, chance, first=START.date(), days=course.days, special=dict(course.special))
    with StandIn(world) as registry, mail_server() as mail:
        tracker = Unattended(folder, registry, mail, start=START, keep_attempts_days=KEEP_ATTEMPTS_DAYS)
        _befall(story, course, tracker, chance)
        _maintain(story, course, tracker, NextVersion(folder / "next version", patch))
        story.happenings.append((at(course.move, 12), lambda: tracker.move_to(postgresql)))
        story.happenings.sort(key=lambda one: one[0])
        tracker.switch_on()
        _pass_time(story, tracker, until=at(course.days, 12))
        _compare(story, course, tracker, mail)
        tracker.switch_off()


def _befall(story: Story, course: Course, tracker: Unattended, chance: random.Random) -> None:
    """Adds to the story what befalls the tracker itself."""
    registry, mail = tracker.registry, tracker.mail
    for outage in story.outages:
        story.happenings.append((outage.begin, lambda: registry.fail(faults.server_error(503), times=None)))
        story.happenings.append((outage.end, registry.heal))
    for off in story.switched_off:
        story.happenings.append((off.begin, tracker.switch_off))
        story.happenings.append((off.end, tracker.switch_on))
    begin, end = (at(day, 10) for day in course.mail_down)
    story.happenings.append((begin, lambda: setattr(mail, "sender_answer", "451 come back later")))
    story.happenings.append((end, lambda: setattr(mail, "sender_answer", "250 OK")))
    wrong = ('sync = "30 16', 'sync = "61 16')
    story.happenings.append((at(course.wrong_config, 12), lambda: tracker.write_config(replacing=wrong)))
    edit = at(course.wrong_config + 1, 12)
    story.happenings.append((edit, lambda: tracker.write_config(terms=EDITED_TERMS, more=MONTHLY)))
    story.told += [Told(edit, f"{one} entered the search was edited") for one in FOUND_BY_EDIT]
    for day in course.crashes:
        write = chance.randint(1, 14)
        hours = chance.choice((3.5, 12.5))  # before the Monday's report, or before the sync
        story.happenings.append((at(day, hours), lambda write=write: tracker.kill_at_write(write)))  # type: ignore[misc]


def _maintain(story: Story, course: Course, tracker: Unattended, newer: NextVersion) -> None:
    """Adds to the story what its owner does to the tracker; none of it may be seen in what it tells."""
    story.happenings.append((at(course.upgrade, 12), lambda: tracker.upgrade(newer, power_cuts=1)))
    story.happenings.append((at(course.downgrade_tried, 12), lambda: tracker.try_the_old_version(newer)))
    story.happenings += [(at(day, 13), tracker.lose_the_store) for day in course.disk_lost]


def _pass_time(story: Story, tracker: Unattended, *, until: datetime) -> None:
    now, next_one = START, 0
    while now < until:
        while next_one < len(story.happenings) and story.happenings[next_one][0] <= now:
            tracker.clock.now = now
            story.happenings[next_one][1]()
            next_one += 1
        if tracker.is_on:
            tracker.look_at(now)
        now += LOOK


def _compare(story: Story, course: Course, tracker: Unattended, mail: MailServer) -> None:
    last = tracker.clock.now
    edit = at(course.wrong_config + 1, 12)
    firings = mondays(START, last)
    expected = story.expected(firings, first=START, last=last, since=START)
    told = _told(tracker, "weekly")
    assert len(told) == len(expected) > 0
    for number, (was, should) in enumerate(zip(told, expected, strict=True), 1):
        assert was == should, f"weekly {number}: too much {was - should}, missing {should - was}"
    monthly = story.expected(firsts_of_month(edit, last), first=START, last=last, since=edit)
    assert _told(tracker, "monthly") == monthly
    _compare_mails(tracker, mail, reports=len(expected))
    _compare_alerts(story, mail)
    assert tracker.killed == len(course.crashes)
    done = [one for one in tracker.attempts("report weekly") if one.outcome in (Ended.DONE, Ended.TROUBLED)]
    # A report and its being done are one write: only what follows it can be lost, and then the attempt looks killed.
    kept = [at for at in firings if last - at < timedelta(days=KEEP_ATTEMPTS_DAYS)]
    assert len(kept) - tracker.killed <= len(done) <= len(kept) + 1
    _compare_store(tracker, last)


def _compare_store(tracker: Unattended, last: datetime) -> None:
    """What the year left behind is sound, and no more than config.toml lets it be."""
    assert tracker.store
    assert main(["db", "check", "--config", str(tracker.config_path)]) == DONE
    with tracker.store.connect() as connection:
        assert stored_version(connection) == NEXT
    backups = tracker.backups()
    assert len(backups) == 5
    assert f"tracker-{last:%Y%m%d}" in backups[-1].name
    assert all(one.started_at > last - timedelta(days=KEEP_ATTEMPTS_DAYS + 1) for one in tracker.attempts())


def _told(tracker: Unattended, name: str) -> list[Counter[str]]:
    assert tracker.store
    lines = []
    with tracker.store.connect() as connection:
        for report in recorded_reports(connection, name):
            files = report_files(connection, name, report.number)
            lines.append(Counter(_line(change) for change in json.loads(files["report.json"])["changes"]))
            folder = Path(report.folder)
            on_disk = {one.name: one.read_bytes() for one in folder.iterdir()}
            assert on_disk == {filename: files[filename] for filename in on_disk}, f"{name} {report.number}"
            assert "report.html" in on_disk, f"{name} {report.number}"
    return lines


def _line(change: dict[str, Any]) -> str:
    what = change["why"] if change["kind"] in ("entered", "left") else change["field"]
    return f"{change['nct_id']} {change['kind']} {what}"


def _compare_mails(tracker: Unattended, mail: MailServer, *, reports: int) -> None:
    """Each report once to the coordinators; a second copy only after a crash, and then by the same name."""
    board = [one for one in mail.received if one.addresses == ("board@hospital.example",)]
    sent = [str(one.message["Message-ID"]) for one in board]
    assert len(set(sent)) == reports
    assert len(sent) - len(set(sent)) <= tracker.killed
    assert tracker.store
    with tracker.store.connect() as connection:
        pages = {report_files(connection, "weekly", number)["report.html"] for number in range(1, reports + 1)}
    attached = {part.get_payload(decode=True) for one in board for part in one.message.iter_attachments()}
    assert attached == pages


def _compare_alerts(story: Story, mail: MailServer) -> None:
    """Every outage is told once, then once a day, then its end; the wrong config.toml likewise; nothing else."""
    subjects = [
        str(one.message["Subject"]).removeprefix("Trial tracker: ")
        for one in mail.received
        if one.addresses == ("admin@hospital.example",)
    ]
    syncs = [one for one in subjects if one.startswith("sync")]
    begun = sum(one.startswith("sync fails:") for one in syncs)
    assert begun == sum(one.endswith("is well again") for one in syncs) == len(story.outages), subjects
    longest = sum((outage.end - outage.begin) / timedelta(days=1) for outage in story.outages)
    assert sum("still fails" in one for one in syncs) <= longest
    config = [one for one in subjects if one.startswith("config")]
    assert [one.split(":")[0] for one in config] in (
        ["config fails", "config is well again"],
        ["config fails", "config still fails", "config is well again"],
    )
    rest = {one.split(" fails")[0].split(" still")[0].split(" is well")[0] for one in subjects}
    assert rest <= {"sync", "full sync", "config", "deliver"}
