"""Looks for what keeps the tracker from working, and says the way out of each. Changes nothing, sends nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ending import DONE, DONE_WITH_PROBLEMS, FAILED
from tracker.errors import StoreMissing, TrackerError

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.store.engine import Store

LEAST_FREE_BYTES = 200_000_000
SCARCE_FREE_BYTES = 1_000_000_000
MOST_SKEW = timedelta(minutes=5)
"""A clock that is further off makes TLS and mail servers suspicious, and puts reports on the wrong day."""


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and, unless all is well, the way out."""

    about: str
    level: Level
    said: str
    advice: str = ""


def exit_code(findings: Iterable[Finding]) -> int:
    """1 where something fails, 3 where something is only to be looked at, 0 where all is well."""
    levels = {finding.level for finding in findings}
    return FAILED if Level.FAIL in levels else DONE_WITH_PROBLEMS if Level.WARN in levels else DONE


def examine(config: Config, *, environ: Mapping[str, str], now: Callable[[], datetime]) -> Iterator[Finding]:
    """Everything, in the order in which a person would look; each finding as soon as it is there."""
    yield from _config(config)
    yield from _store(config, now=now)
    yield from _folders(config)
    yield from _registry(config, now=now)
    yield from _recipients(config, environ)


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.level.value.upper():<4}  {finding.about}: {finding.said}"
        if finding.advice:
            yield f"      {finding.advice}"


def _failed(about: str, error: TrackerError) -> Finding:
    return Finding(about, Level.FAIL, error.message, error.advice)


def _config(config: Config) -> Iterator[Finding]:
    yield Finding("config", Level.OK, f"{config.path} is well-formed; zone {config.timezone}")
    for remark in config.remarks:
        yield Finding("config", Level.WARN, remark, "See config.toml.")
    if config.settings.schedule.sync is None:
        yield Finding(
            "config", Level.WARN, "nothing is scheduled", 'Set [schedule] sync, or call "tracker run" from cron.'
        )


def _store(config: Config, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    from tracker.store.check import quick_check
    from tracker.store.engine import open_store
    from tracker.store.probe import check_writable
    from tracker.store.version import stored_version

    try:
        with open_store(config.store_url) as store:
            with store.connect() as connection:
                version = stored_version(connection)
            quick_check(store)
            check_writable(store)
            yield Finding("store", Level.OK, f"{store.url} opens, can be written, and is whole (version {version})")
            yield from _scheduler(config, store, now=now)
    except StoreMissing as missing:
        yield Finding("store", Level.WARN, missing.message, '"tracker run" or "tracker schedule" makes it.')
    except TrackerError as error:
        yield _failed("store", error)


def _scheduler(config: Config, store: Store, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    """That nothing is scheduled was said before."""
    from jobs.lateness import ADVICE, late_jobs
    from tracker.store.job_log import job_states
    from tracker.store.locking import is_run_going_on
    from tracker.store.runs import last_run

    with store.connect() as connection:
        states, newest = job_states(connection), last_run(connection)
    if not states:
        if config.settings.schedule.sync:
            yield Finding("scheduler", Level.WARN, "none has worked on this store yet", ADVICE)
        return
    if newest and newest.outcome is None and is_run_going_on(store):
        yield Finding("scheduler", Level.OK, f"run {newest.id} is going on: other jobs wait for it")
        return
    jitter = timedelta(seconds=config.settings.schedule.sync_jitter_s)
    late = list(late_jobs(states, config.crons, timezone=config.timezone, jitter=jitter, now=now()))
    yield from (Finding("scheduler", Level.FAIL, line, ADVICE) for line in late)
    if not late:
        yield Finding("scheduler", Level.OK, "no job is late")


def _folders(config: Config) -> Iterator[Finding]:
    from tracker.store.files import path_of

    folders = {"output folder": config.output_folder}
    if config.settings.schedule.backup:
        folders["backup folder"] = config.backup_folder
    if path := path_of(config.store_url):
        folders["store's folder"] = path.parent
    for about, folder in folders.items():
        there = _nearest(folder)
        yield _writable(about, folder, there)
        yield _room(about, folder, shutil.disk_usage(there).free)


def _nearest(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    while not folder.exists():
        folder = folder.parent
    return folder


def _writable(about: str, folder: Path, there: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-"):
            pass
    except OSError as error:
        return Finding(
            about,
            Level.FAIL,
            f"{folder} can't be written: {error.strerror}",
            "Give this user the right to write there, or name another folder in config.toml.",
        )
    return Finding(about, Level.OK, f"{folder} can be written")


def _room(about: str, folder: Path, free: int) -> Finding:
    said = f"{free / 1_000_000_000:.1f} GB free at {folder}"
    if free >= SCARCE_FREE_BYTES:
        return Finding(f"disk ({about})", Level.OK, said)
    level = Level.WARN if free >= LEAST_FREE_BYTES else Level.FAIL
    return Finding(f"disk ({about})", level, said, "Free some space: nothing is written on a full disk.")


def _registry(config: Config, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    from tracker.registry.probe import probe

    registry = config.registry
    try:
        found = probe(
            registry.base_url,
            timeout_s=registry.timeout_s,
            user_agent=registry.user_agent,
            proxy=registry.proxy,
            ca_bundle=config.ca_bundle,
        )
    except TrackerError as error:
        yield _failed("registry", error)
        yield Finding("clock", Level.WARN, "not compared: the registry did not answer", "See the line above.")
        return
    stamp = found.data.data_timestamp
    yield Finding("registry", Level.OK, f"answers; its data is of {stamp:%Y-%m-%d %H:%M} UTC" if stamp else "answers")
    yield _clock(found.said_at, now())


def _clock(said_at: datetime | None, now: datetime) -> Finding:
    if said_at is None:
        return Finding("clock", Level.WARN, "not compared: the registry says no time", "Check the clock by hand.")
    skew = now - said_at
    if abs(skew) <= MOST_SKEW:
        return Finding("clock", Level.OK, f"{abs(skew).total_seconds():.0f} s off the registry's")
    direction = "ahead of" if skew > timedelta() else "behind"
    return Finding(
        "clock",
        Level.FAIL,
        f"{timedelta(seconds=round(abs(skew).total_seconds()))} {direction} the registry's",
        "Have the system set it from the network (NTP); the tracker copes with the jump.",
    )


def _recipients(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    from jobs.mailing import MailServer, try_login
    from jobs.recipients import reached

    servers: list[MailServer] = []
    for recipient in config.settings.recipient:
        try:
            found = reached(config, recipient.name, environ=environ)
        except TrackerError as error:
            yield _failed(f"recipient {recipient.name}", error)
            continue
        if found.server and found.server not in servers:
            servers.append(found.server)
        if found.chat:
            said = f"a chat service, whose address is in {found.chat.variable}; nothing was sent"
            yield Finding(f"recipient {recipient.name}", Level.OK, said)
    for server in servers:
        try:
            try_login(server)
        except TrackerError as error:
            yield _failed("mail", error)
        else:
            login = f" as {server.username}" if server.username else ", without a login"
            yield Finding("mail", Level.OK, f"{server.name} takes the connection{login}; nothing was sent")
    if config.settings.schedule.sync and not config.settings.alerts.recipients:
        yield Finding(
            "alerts",
            Level.WARN,
            "nobody is told when a job fails",
            "Name a recipient in [alerts], or watch the exit code of `tracker status`.",
        )
