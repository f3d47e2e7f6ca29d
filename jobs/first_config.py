"""A first config.toml from a few answers: the shipped file, with what was answered written into its own examples.

The comments stay, so that the file still explains itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath, PurePosixPath
from zoneinfo import ZoneInfo

from tracker.config.store_url import file_url

REFRESHED = (14, 30)
"""When the registry has surely refreshed its data, on working days; UTC (CONTRACT: by about 14:00)."""
PASSWORD_VARIABLE = "TRACKER_SMTP_PASSWORD"  # noqa: S105 (the name of a variable)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail leaves. `username` None: a relay that wants no login. The password stands in PASSWORD_VARIABLE."""

    host: str
    port: int
    security: str
    username: str | None
    sender: str
    coordinators: tuple[str, ...]
    admin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`report` is the cron expression of the report, None where everything is started by hand.

    `data` is the folder of store, backups and reports; None for the one beside the file.
    """

    timezone: str
    report: str | None
    data: PurePath | None = None
    proxy: str | None = None
    ca_bundle: str | None = None
    mail: Mail | None = None


def filled_in(shipped: str, answers: Answers) -> str:
    """The shipped file with the answers in it. An example that was not asked about stays a comment."""
    scheduled = answers.report is not None
    mail = answers.mail
    text = with_data(shipped, answers.data) if answers.data else shipped
    text = _set(text, "[schedule]", timezone=answers.timezone)
    text = _set(text, "[registry]", proxy=answers.proxy, ca_bundle=answers.ca_bundle)
    if scheduled:
        text = _set(text, "[schedule]", sync=sync_schedule(answers.timezone), backup="0 3 * * *")
    if scheduled or mail:
        to = ["coordinators"] if mail else None
        text = _set(text, "[[report]]", name="weekly", least_weight="minor", schedule=answers.report, recipients=to)
    return _with_mail(text, mail) if mail else text


def with_data(shipped: str, folder: PurePath) -> str:
    """The shipped file with store, backups and reports in `folder`; relative to the file, or absolute."""
    text = _set(shipped, "[store]", url=store_in(folder), backups=(folder / "backups").as_posix())
    return _set(text, "[output]", folder=(folder / "reports").as_posix())


def store_in(folder: PurePath) -> str:
    """The address of the store in `folder`."""
    return file_url(PurePosixPath((folder / "tracker.db").as_posix()))


def _with_mail(text: str, mail: Mail) -> str:
    text = _set(text, "[[recipient]]", name="coordinators", mail=list(mail.coordinators))
    admin = f'[[recipient]]\nname = "admin"\nmail = {_value([mail.admin])}\n\n'
    text = text.replace("# [smtp]\n", f"{admin}# [smtp]\n", 1)
    login = {"username": mail.username, "password_env": PASSWORD_VARIABLE} if mail.username else {}
    server = {"host": mail.host, "port": mail.port, "security": mail.security, "sender": mail.sender}
    text = _set(text, "[smtp]", **server, **login)
    return _set(text, "[alerts]", recipients=["admin"])


def sync_schedule(timezone: str) -> str:
    """The registry's working days, after it has refreshed, on the clocks of `timezone`, summer and winter."""
    zone = ZoneInfo(timezone)
    year = datetime.now(UTC).year
    offsets = (datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))
    minutes = REFRESHED[0] * 60 + REFRESHED[1] + int(max(offsets).total_seconds()) // 60
    later, minutes = divmod(minutes, 24 * 60)
    return f"{minutes % 60} {minutes // 60} * * {_DAYS[(1 + later) % 7]}-{_DAYS[(5 + later) % 7]}"


def _set(text: str, section: str, **values: object) -> str:
    """Takes the comment signs off a section's header and off the keys that get a value. None leaves a key alone."""
    wanted = {key: value for key, value in values.items() if value is not None}
    if not wanted:
        return text
    begin = re.search(rf"^(?:# )?{re.escape(section)}$", text, re.MULTILINE)
    if begin is None:
        raise ValueError(f"the shipped file has no {section}")
    end = text.find("\n\n", begin.end())
    block = text[begin.end() : end]
    for key, value in wanted.items():
        line = re.compile(rf"^(?:# )?{key} = .*$", re.MULTILINE)
        written = f"{key} = {_value(value)}"
        found = line.search(block)
        block = f"{block[: found.start()]}{written}{block[found.end() :]}" if found else f"{block}\n{written}"
    return f"{text[: begin.start()]}{section}{block}{text[end:]}"


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # what is JSON's text, number or list of texts is TOML's too
