"""The cron expressions of config.toml, by the name of the job that each is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SYNC, FULL_SYNC, BACKUP, CLEAN_UP = "sync", "full sync", "backup", "clean up"
CRON_KEYS: Mapping[str, str] = {SYNC: "sync", FULL_SYNC: "full_sync", BACKUP: "backup", CLEAN_UP: "clean_up"}
"""The key in [schedule] of each job."""


def report_job(name: str) -> str:
    """The job that makes the report `name`."""
    return f"report {name}"


def crons(schedule: Mapping[str, Any], reports: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Of the tables [schedule] and [[report]]; what has no expression is left out, and a full sync where none is."""
    jobs = {job: schedule.get(key) for job, key in CRON_KEYS.items()}
    jobs |= {report_job(report["name"]): report.get("schedule") for report in reports}
    if not jobs[SYNC]:
        del jobs[FULL_SYNC]
    return {job: cron for job, cron in jobs.items() if cron}
