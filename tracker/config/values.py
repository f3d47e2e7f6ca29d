"""Single values of config.toml: each function takes one, returns it as it is used, or raises ValueError with what is
wrong and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tracker.changes import Kind, Weight
from tracker.config.expressions import check_expression
from tracker.config.problems import suggestion
from tracker.definitions import WRITABLE_FORMATS
from tracker.errors import InvalidNctId, InvalidTerm
from tracker.study import Status, StudyType, nct_id

_NAME = re.compile(r"[^\W_][\w.-]{0,59}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_CRON_FIELD_COUNT = 5
_POSTGRESQL = "postgresql+psycopg"
_STORE_FORMS = f"sqlite:///FILE or {_POSTGRESQL}://USER@HOST/DATABASE"


def text(value: str) -> str:
    """Any text but an empty one."""
    if not value.strip():
        raise ValueError("is empty")
    if not value.isprintable():
        raise ValueError("holds a line break or control character")
    return value


def name(value: str) -> str:
    """A name that can stand in a command line and be a folder's name."""
    if not _NAME.fullmatch(value) or value.endswith("."):
        raise ValueError(f"{_quoted(value)} can't be a name: up to 60 letters, digits, hyphens, dots and underscores")
    return value


def nct_id_text(value: str) -> str:
    try:
        return nct_id(value)
    except InvalidNctId as invalid:
        raise ValueError(f"{_quoted(value)} is no NCT ID; {_lowered(invalid.advice)}") from None


def expression(value: str) -> str:
    try:
        check_expression(value)
    except InvalidTerm as invalid:
        raise ValueError(f"{invalid.message}; {_lowered(invalid.advice)}") from None
    return value


def status_word(value: str) -> str:
    return _one_of(value, [status.value for status in Status], "status")


def study_type_word(value: str) -> str:
    return _one_of(value, [study_type.value for study_type in StudyType], "study type")


def kind_word(value: str) -> str:
    return _one_of(value, [kind.value for kind in Kind], "kind of change")


def weight_word(value: str) -> str:
    return _one_of(value, [weight.value for weight in Weight], "weight")


def format_word(value: str) -> str:
    return _one_of(value, WRITABLE_FORMATS, "format that this version can write")


def cron(value: str) -> str:
    """A cron expression of five fields. Whether their numbers are possible is checked with the timer's own parser."""
    fields = value.split()
    if len(fields) != _CRON_FIELD_COUNT:
        raise ValueError(
            f"{_quoted(value)} has {len(fields)} fields; five are needed: minute, hour, day of month, month, "
            'day of week, as in "30 16 * * mon-fri"'
        )
    # The timer counts weekdays from Monday = 0, crontab from Sunday = 0: a digit would run on the wrong day.
    if any(letter.isdigit() for letter in fields[4]):
        raise ValueError(f"{_quoted(value)} gives the day of week as a number; write mon, tue, wed, thu, fri, sat, sun")
    return " ".join(fields)


def time_zone(value: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = suggestion(value, sorted(available_timezones()))
        way_out = near if near.startswith("did") else "for example Europe/Bucharest"
        raise ValueError(f"{_quoted(value)} is no time zone; {way_out}") from None
    return value


def web_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isprintable() or " " in value:
        shown = _quoted(without_password(value))
        raise ValueError(f"{shown} is no web address; it begins with https:// and names a host")
    return value.rstrip("/")


def store_url(value: str) -> str:
    """`sqlite:///path` or `postgresql+psycopg://host/database`. The messages never repeat a password."""
    scheme, separator, rest = value.partition("://")
    if not separator:
        raise ValueError(f"no store address; it is {_STORE_FORMS}")
    if scheme == "sqlite":
        if not rest.startswith("/") or not rest.strip("/") or rest == "/:memory:" or "?" in rest:
            raise ValueError(
                "a SQLite store is a file: sqlite:///data/tracker.db (relative to this file) or "
                "sqlite:////srv/tracker.db (four slashes: absolute)"
            )
    elif scheme != _POSTGRESQL:
        hint = f"; write {_POSTGRESQL}://" if scheme.startswith("postgres") else ""
        raise ValueError(f"the store is {_STORE_FORMS}, not {scheme}://{hint}")
    elif not urlsplit(value).path.strip("/"):
        raise ValueError(f"the database's name is missing; the address is {_POSTGRESQL}://USER@HOST/DATABASE")
    return value


def mail_address(value: str) -> str:
    if not _MAIL.fullmatch(value) or not value.isprintable():
        raise ValueError(f"{_quoted(value)} is no mail address")
    return value


def variable_name(value: str) -> str:
    """The name of an environment variable. What else was written may be the secret itself, so it isn't repeated."""
    if not _VARIABLE.fullmatch(value):
        raise ValueError("names an environment variable (letters, digits, underscores), not the secret itself")
    return value


def without_password(url: str) -> str:
    """`url` with the password of its user part, and of its query, replaced by ***."""
    # The query first: a password may hold an @, and the last one left then ends the user's part.
    hidden = re.sub(r"((?:password|passwd|pwd|token|secret)=)[^&\s]*", r"\1***", url, flags=re.IGNORECASE)
    return re.sub(r"://([^:/@\s]*):.*@", r"://\1:***@", hidden)


def _one_of(value: str, known: Iterable[str], what: str) -> str:
    words = list(known)
    if value not in words:
        raise ValueError(f"{_quoted(value)} is no {what}; {suggestion(value, words)}")
    return value


def _quoted(value: str) -> str:
    return f'"{value}"'


def _lowered(advice: str) -> str:
    """Advice as the second half of a sentence."""
    first, rest = advice[:1], advice[1:].rstrip(".")
    return f"{first.lower()}{rest}"
