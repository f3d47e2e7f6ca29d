"""What several keys of config.toml say together: names that refer to each other, things said twice or not at all.

Works on the file's plain tables, so that these problems show at once with those of single values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tracker.config.crons import CRON_KEYS
from tracker.config.problems import ConfigProblem, Place, suggestion
from tracker.definitions import DEFAULT_FORMATS
from tracker.registry.query import AREAS

Tables = Mapping[str, Any]
_FILTERS = {"study_type", "status"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def contradictions(tables: Tables) -> Iterator[ConfigProblem]:
    """Every problem between keys, in the order of the file's sections."""
    yield from _registry(_table(tables, "registry"))
    yield from _store(_table(tables, "store"))
    yield from _searches(tables)
    yield from _reports(tables)
    yield from _recipients(tables)
    yield from _smtp(_table(tables, "smtp"))
    yield from _references(tables, "alerts", (), "recipients", "recipient")
    yield from _alerts(_table(tables, "alerts"))
    yield from _web(_table(tables, "web"))


def impossible_schedules(tables: Tables) -> Iterator[ConfigProblem]:
    """Cron expressions that the timer would refuse. Loads the timer's parser, and only where there is a schedule."""
    schedule = _table(tables, "schedule")
    places: list[tuple[Place, Any]] = [(("schedule", key), schedule.get(key)) for key in CRON_KEYS.values()]
    places += [(("report", index, "schedule"), one.get("schedule")) for index, one in _listed(tables, "report")]
    for place, expression in places:
        if isinstance(expression, str) and (fault := _cron_fault(expression)):
            yield ConfigProblem(place, fault)


_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def _cron_fault(expression: str) -> str | None:
    if len(expression.split()) != 5:
        return None  # said already, by the value's own check
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it ships no types

    try:
        trigger = CronTrigger.from_crontab(expression, timezone="UTC")
    except ValueError as fault:
        return f'"{expression}" is no schedule: {str(fault).rstrip(".")}; fields: minute hour day month day-of-week'
    if trigger.get_next_fire_time(None, _ANY_DAY) is None:
        return f'"{expression}" names a day that no month has; fields: minute hour day month day-of-week'
    return None


def _registry(registry: Tables) -> Iterator[ConfigProblem]:
    url = registry.get("base_url")
    if not isinstance(url, str) or not url.startswith("http://") or registry.get("allow_http") is True:
        return
    if _host(url) not in _LOOPBACK:
        yield ConfigProblem(
            ("registry", "base_url"),
            f'"{url}" is not encrypted; write https://, or allow_http = true for a registry of your own',
        )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _store(store: Tables) -> Iterator[ConfigProblem]:
    if "url" in store and "url_env" in store:
        yield ConfigProblem(("store",), "has both url and url_env; keep one")


def _searches(tables: Tables) -> Iterator[ConfigProblem]:
    searches = _listed(tables, "search")
    if not searches and not isinstance(tables.get("search"), (dict, list)):
        yield ConfigProblem((), 'no [[search]]: there is nothing to track; "tracker config init" writes an example')
    yield from _said_twice(tables, "search")
    for index, search in searches:
        place: Place = ("search", index)
        if not search.get("term") and not search.get("include"):
            yield ConfigProblem(place, "has neither a [[search.term]] nor an include; it would find nothing")
        yield from _listed_studies(place, search)
        yield from _terms(place, search)


def _listed_studies(place: Place, search: Tables) -> Iterator[ConfigProblem]:
    seen: dict[str, str] = {}
    for key in ("include", "exclude"):
        for index, entry in _listed(search, key):
            study = entry.get("nct_id")
            if not isinstance(study, str):
                continue
            study = study.strip().upper()
            if seen.get(study) == key:
                yield ConfigProblem((*place, key, index, "nct_id"), f"{study} is listed twice")
            elif study in seen:
                yield ConfigProblem((*place, key, index, "nct_id"), f"{study} is both included and excluded")
            seen.setdefault(study, key)


def _terms(place: Place, search: Tables) -> Iterator[ConfigProblem]:
    seen: dict[str, int] = {}
    for index, term in _listed(search, "term"):
        term_place = (*place, "term", index)
        if not any(key in term for key in AREAS):
            if not term.keys() <= _FILTERS:
                continue  # what was meant as one has a misspelt key, and is told as that
            yield ConfigProblem(term_place, f"has no expression; give at least one of {', '.join(AREAS)}")
            continue
        same = repr(sorted((key, sorted(value) if key == "status" else value) for key, value in term.items()))
        if same in seen:
            yield ConfigProblem(term_place, f"asks the same as term[{seen[same] + 1}]; take one out")
        seen.setdefault(same, index)


def _reports(tables: Tables) -> Iterator[ConfigProblem]:
    yield from _said_twice(tables, "report")
    for index, report in _listed(tables, "report"):
        place: Place = ("report", index)
        if "kinds" in report and "least_weight" in report:
            yield ConfigProblem(place, "has both kinds and least_weight; keep one")
        if report.get("searches") == ():
            yield ConfigProblem((*place, "searches"), "is empty; name a search, or leave the key out for all")
        if report.get("formats") == ():
            yield ConfigProblem((*place, "formats"), "is empty; name a format, or leave the key out for the usual ones")
        yield from _references(report, None, place, "searches", "search", known_in=tables)
        yield from _references(report, None, place, "recipients", "recipient", known_in=tables)


def _recipients(tables: Tables) -> Iterator[ConfigProblem]:
    yield from _said_twice(tables, "recipient")
    for index, recipient in _listed(tables, "recipient"):
        place: Place = ("recipient", index)
        if bool(recipient.get("mail")) == ("url_env" in recipient):
            yield ConfigProblem(place, "needs either mail or url_env, and not both")
        if recipient.get("mail") and "smtp" not in tables:
            yield ConfigProblem((*place, "mail"), "mail needs a section [smtp] that says how to send it")
        yield from _attachments(tables, place, recipient)


def _attachments(tables: Tables, place: Place, recipient: Tables) -> Iterator[ConfigProblem]:
    attached = recipient.get("attach", ())
    if "attach" in recipient and "url_env" in recipient:
        yield ConfigProblem((*place, "attach"), "goes with mail; a chat service is told where the report is")
    for _, report in _listed(tables, "report"):
        written = (*DEFAULT_FORMATS, *_texts(report, "formats"))
        for index, one in enumerate(attached if isinstance(attached, tuple) else ()):
            if recipient.get("name") in _texts(report, "recipients") and one not in written:
                way_out = f'the report "{report.get("name")}" is not written as {one}; add it to its formats'
                yield ConfigProblem((*place, "attach", index), way_out)


def _texts(table: Tables, key: str) -> tuple[str, ...]:
    found = table.get(key)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, tuple) else ()


def _smtp(smtp: Tables) -> Iterator[ConfigProblem]:
    if "password_env" in smtp and "password_file" in smtp:
        yield ConfigProblem(("smtp",), "has both password_env and password_file; keep one")
    elif ("username" in smtp) != ("password_env" in smtp or "password_file" in smtp):
        missing = "password_env or password_file" if "username" in smtp else "username"
        yield ConfigProblem(("smtp",), f"{missing} is missing: a login needs both; without a login, leave both out")


def _alerts(alerts: Tables) -> Iterator[ConfigProblem]:
    if "ping_url" in alerts and "ping_url_env" in alerts:
        yield ConfigProblem(("alerts",), "has both ping_url and ping_url_env; keep one")


def _web(web: Tables) -> Iterator[ConfigProblem]:
    host = web.get("host")
    if isinstance(host, str) and host not in _LOOPBACK and web.get("access", "none") == "none":
        yield ConfigProblem(
            ("web", "host"),
            f'"{host}" is reachable from other machines, and access is "none"; use 127.0.0.1, or access = "token"',
        )


def _said_twice(tables: Tables, section: str) -> Iterator[ConfigProblem]:
    # Names become folders, and some file systems don't tell "Weekly" from "weekly".
    seen: dict[str, int] = {}
    for index, one in _listed(tables, section):
        name = one.get("name")
        if isinstance(name, str):
            if name.casefold() in seen:
                first = seen[name.casefold()] + 1
                yield ConfigProblem((section, index, "name"), f'"{name}" is the name of {section}[{first}] already')
            seen.setdefault(name.casefold(), index)


def _references(
    tables: Tables, section: str | None, place: Place, key: str, to: str, *, known_in: Tables | None = None
) -> Iterator[ConfigProblem]:
    holder = _table(tables, section) if section else tables
    named = holder.get(key)
    names: tuple[Any, ...] = named if isinstance(named, tuple) else ()
    known = [str(one["name"]) for _, one in _listed(known_in or tables, to) if "name" in one]
    for index, name in enumerate(names):
        where = (*place, section, key, index) if section else (*place, key, index)
        if isinstance(name, str) and name not in known:
            hint = suggestion(name, known) if known else f"there is no [[{to}]]"
            yield ConfigProblem(where, f'"{name}" is no {to} of this file; {hint}')
        elif isinstance(name, str) and name in names[:index]:
            yield ConfigProblem(where, f'"{name}" is named twice')


def _table(tables: Tables, key: str) -> Tables:
    found = tables.get(key)
    return found if isinstance(found, Mapping) else {}


def _listed(tables: Tables, key: str) -> list[tuple[int, Tables]]:
    found = tables.get(key)
    entries = found if isinstance(found, tuple) else ()
    return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, Mapping)]
