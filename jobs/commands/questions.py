"""The few questions that `tracker config init` asks on a terminal. Each has an answer that Enter gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from jobs.first_config import PASSWORD_VARIABLE, Answers, Mail, store_in
from tracker.config import values

_WHEN = {"weekly": "0 7 * * mon", "daily": "0 7 * * mon-fri", "by-hand": None}
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def ask(*, data: Path | None = None, environ: Mapping[str, str] = os.environ) -> Answers:
    """Asks, on standard output, and again where an answer can't be meant. Raises click.Abort at Ctrl-C.

    `data` is the folder of the data where the command line has given it.
    """
    click.echo("A few questions; Enter takes what stands in brackets. Everything can be changed in the file later.\n")
    data = data or _asked("Folder of its data: the store, backups and reports", "data", data_folder)
    timezone = _asked("Time zone of schedules and reports", local_zone(environ), values.time_zone)
    when = click.prompt(
        "A report weekly (Mondays at 7:00), daily (working days), or by-hand",
        default="weekly",
        type=click.Choice(tuple(_WHEN)),
        show_choices=False,
    )
    proxy = _asked("Address of the proxy to the internet, or none", environ.get("HTTPS_PROXY", "none"), _proxy)
    ca_bundle = _asked("The hospital's own certificates (a PEM file), or none", "none", _some) if proxy else None
    mail = _mail() if click.confirm("Send reports by mail?", default=False) else None
    return Answers(data=data, timezone=timezone, report=_WHEN[when], proxy=proxy, ca_bundle=ca_bundle, mail=mail)


def _mail() -> Mail:
    host = _asked("Mail server", None, values.text)
    security = click.prompt("Its encryption", default="starttls", type=click.Choice(tuple(_PORTS)))
    port = click.prompt("Its port", default=_PORTS[security], type=click.IntRange(1, 65535))
    username = _asked("User name there, or none where it wants no login", "none", _some)
    if username:
        click.echo(f"Its password is never written into the file: put it into the environment as {PASSWORD_VARIABLE}.")
    sender = _asked("Sender's address", None, values.mail_address)
    coordinators = _asked("Who gets the reports (addresses, separated by commas)", None, _addresses)
    admin = _asked("Who is told when something fails (an address)", coordinators[0], values.mail_address)
    return Mail(
        host=host,
        port=port,
        security=security,
        username=username,
        sender=sender,
        coordinators=coordinators,
        admin=admin,
    )


def _asked(question: str, default: str | None, read: Callable[[str], Any]) -> Any:
    """An answer that `read` takes; what it refuses with a ValueError is told, and asked again."""

    def checked(answer: str) -> Any:
        try:
            return read(answer.strip())
        except ValueError as fault:
            raise click.BadParameter(str(fault)) from None

    return click.prompt(question, default=default, value_proc=checked)


def data_folder(answer: str) -> Path:
    """A folder that a store can lie in. Raises ValueError."""
    folder = Path(values.text(answer)).expanduser()
    values.store_url(store_in(folder))
    return folder


def _some(answer: str) -> str | None:
    return None if answer.lower() in ("", "none", "no") else values.text(answer)


def _proxy(answer: str) -> str | None:
    some = _some(answer)
    return None if some is None else values.web_url(some)


def _addresses(answer: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values.mail_address(one.strip()) for one in answer.split(",")))


def local_zone(environ: Mapping[str, str]) -> str:
    """The IANA name of this machine's zone; UTC where it can't be told."""
    candidates = [environ.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        candidates.append(Path("/etc/localtime").resolve().as_posix().partition("/zoneinfo/")[2])
    for name in filter(None, candidates):
        try:
            return values.time_zone(name)
        except ValueError:
            continue
    return "UTC"
