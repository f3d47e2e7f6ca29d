"""What commands that only look into the store need of config.toml, read without pydantic.

A file whose keys are all known and fit together is taken at a glance; any doubt, and it is loaded as a whole, so
that what is wrong is told in the same words. A value that these commands don't use may pass unchecked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.config.checks import contradictions
from tracker.config.crons import crons
from tracker.config.file import read_tables
from tracker.config.store_url import DEFAULT, absolute, url_in_force
from tracker.config.values import store_url, text, time_zone, variable_name
from tracker.errors import InvalidNctId
from tracker.study import NctId, nct_id

if TYPE_CHECKING:
    from tracker.taxonomy import Taxonomy

_TERM = ("condition", "title", "intervention", "other", "sponsor", "location", "study_type", "status")
_LONGEST_JITTER_S = 86_400
_LISTED: Mapping[str, Any] = {"nct_id": None, "reason": None}
KEYS: Mapping[str, Any] = {
    "registry": dict.fromkeys(
        (
            "base_url",
            "allow_http",
            "requests_per_second",
            "timeout_s",
            "run_deadline_s",
            "user_agent",
            "proxy",
            "ca_bundle",
        )
    ),
    "store": dict.fromkeys(("url", "url_env", "backups", "backups_kept")),
    "output": dict.fromkeys(("folder",)),
    "search": {
        "name": None,
        "description": None,
        "include": _LISTED,
        "exclude": _LISTED,
        "term": dict.fromkeys(_TERM),
    },
    "schedule": dict.fromkeys(
        ("timezone", "sync", "sync_jitter_s", "full_sync", "backup", "clean_up", "keep_attempts_days")
    ),
    "report": dict.fromkeys(("name", "searches", "least_weight", "kinds", "formats", "schedule", "recipients")),
    "recipient": dict.fromkeys(("name", "mail", "url_env", "attach", "give_up_days")),
    "smtp": dict.fromkeys(
        (
            "host",
            "port",
            "security",
            "username",
            "password_env",
            "password_file",
            "sender",
            "timeout_s",
            "ca_bundle",
        )
    ),
    "alerts": dict.fromkeys(("recipients", "after_failures", "remind_after_h", "ping_url", "ping_url_env")),
    "log": dict.fromkeys(("format",)),
    "web": dict.fromkeys(("host", "port", "access")),
    "taxonomy": None,
}
"""Every key of the file, by section; None marks one that holds a value. A test holds it against `models`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """`included` and `excluded` are (NCT ID, search, reason). `store_url` may hold a password.

    `crons` are the expressions of [schedule] and of each "report NAME", by their job's name, and `jitter_s` the most
    seconds that a job begins later. An expression is a text, and no more is checked; nor are `taxonomy`, the tables
    added to the shipped classes.
    """

    path: Path
    store_url: str
    timezone: str
    search_names: tuple[str, ...]
    included: tuple[tuple[NctId, str, str], ...]
    excluded: tuple[tuple[NctId, str, str], ...]
    crons: Mapping[str, str] = field(default_factory=dict)
    jitter_s: float = 0
    taxonomy: Mapping[str, Any] = field(default_factory=dict)

    def classes(self) -> Taxonomy:
        """The classes in force. Raises InvalidConfig where the tables added to them can't be used."""
        from tracker.config.classes import taxonomy_in_force

        return taxonomy_in_force(self.path, self.taxonomy)


def glance_at(path: Path, *, environ: Mapping[str, str] | None = None) -> Glance:
    """Raises InvalidConfig or ConfigError as `load_config` does, where something is seen to be wrong."""
    path = absolute(path)
    tables = read_tables(path)
    try:
        _check_keys(tables, KEYS)
        if next(contradictions(tables), None) is None:
            return _glance(tables, path, environ)
    except (ValueError, TypeError, AttributeError, KeyError, InvalidNctId):
        pass  # the whole file's check says what is wrong, and where
    return _loaded(path, environ)


def _check_keys(table: Any, known: Mapping[str, Any]) -> None:
    for key, value in table.items():
        inner = known[key]
        if inner is not None:
            for one in value if isinstance(value, tuple) else (value,):
                _check_keys(one, inner)


def _glance(tables: Mapping[str, Any], path: Path, environ: Mapping[str, str] | None) -> Glance:
    store = tables.get("store", {})
    variable = variable_name(store["url_env"]) if "url_env" in store else None
    url = store_url(store.get("url", DEFAULT))
    searches, schedule = tables["search"], tables.get("schedule", {})
    return Glance(
        path=path,
        store_url=url_in_force(url, variable, path=path, environ=environ),
        timezone=time_zone(schedule.get("timezone", "UTC")),
        search_names=tuple(search["name"] for search in searches),
        included=_listed(searches, "include"),
        excluded=_listed(searches, "exclude"),
        crons={job: text(cron) for job, cron in crons(schedule, tables.get("report", ())).items()},
        jitter_s=_jitter(schedule.get("sync_jitter_s", 0)),
        taxonomy={**tables.get("taxonomy", {})},
    )


def _jitter(seconds: float) -> float:
    if not 0 <= seconds <= _LONGEST_JITTER_S:
        raise ValueError("is no such time")
    return seconds


def _listed(searches: tuple[Mapping[str, Any], ...], key: str) -> tuple[tuple[NctId, str, str], ...]:
    return tuple(
        (nct_id(entry["nct_id"]), search["name"], entry.get("reason", ""))
        for search in searches
        for entry in search.get(key, ())
    )


def _loaded(path: Path, environ: Mapping[str, str] | None) -> Glance:
    from tracker.config.effective import load_config

    config = load_config(path, environ=environ)
    return Glance(
        path=config.path,
        store_url=config.store_url,
        timezone=config.timezone,
        search_names=tuple(search.name for search in config.searches),
        included=tuple((study, search.name, reason) for search in config.searches for study, reason in search.include),
        excluded=tuple((study, search.name, reason) for search in config.searches for study, reason in search.exclude),
        crons=config.crons,
        jitter_s=config.settings.schedule.sync_jitter_s,
        taxonomy=config.settings.taxonomy,
    )
