"""`tracker config`: check, show or write config.toml."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.terminal import say, say_json
from tracker.errors import ConfigError

if TYPE_CHECKING:
    from tracker.config import Config

_WEIGHTS = {"routine": "every change", "minor": "major and minor changes", "major": "major changes"}


@click.group(epilog=example("tracker config check", "tracker config init", "tracker config show --json"))
@common_options
def command() -> None:
    """Check, show or write config.toml."""


@command.command(epilog=example("tracker config check", "tracker config check --config /srv/tracker/config.toml"))
@common_options
@json_option
def check(as_json: bool) -> None:
    """Read config.toml, name every mistake in it, or say what it tells the tracker to do.

    Each term is shown as it is sent to the registry, quotation marks included.
    """
    config = current_config()
    if as_json:
        say_json(_summary(config))
        return
    for line in _told(config):
        say_done(line)


@command.command(epilog=example("tracker config show", "tracker config show --json"))
@common_options
@json_option
def show(as_json: bool) -> None:
    """Print the values in force, defaults included, passwords left out."""
    from tracker.config.shown import as_toml, settings_in_force

    config = current_config()
    shown = settings_in_force(config)
    if as_json:
        say_json({"file": str(config.path), **shown})
        return
    say(f"# {config.path}")
    say(as_toml(shown))


@command.command(
    epilog=example(
        "tracker config init", "tracker config init /etc/tracker/config.toml --data /var/lib/tracker --defaults"
    )
)
@common_options
@click.argument("path", type=click.Path(path_type=Path), default=Path("config.toml"))
@click.option("--data", metavar="DIR", help="Where store, backups and reports go; default: data, beside the file.")
@click.option("--force", is_flag=True, help="Replace a file that is already there.")
@click.option("--ask/--defaults", "asks", default=None, help="Ask a few questions; default: on a terminal.")
def init(path: Path, data: str | None, force: bool, asks: bool | None) -> None:
    """Write a config.toml that tracks spine tumours, ready to run and to edit.

    PATH is the file, or the folder for it; default ./config.toml. On a terminal it asks for the folder of the data,
    the time zone, the report's schedule, a proxy and the mail server; --defaults asks nothing.
    """
    target = path / "config.toml" if path.is_dir() else path
    if target.exists() and not force:
        raise _there_already(target)
    body = files("tracker").joinpath("shipped_config.toml").read_bytes()
    folder = _data_folder(data)
    if sys.stdin.isatty() if asks is None else asks:
        from jobs.commands.questions import ask
        from jobs.first_config import filled_in

        body = filled_in(body.decode(), ask(data=folder)).encode()
    elif folder:
        from jobs.first_config import with_data

        body = with_data(body.decode(), folder).encode()
    _write(target, body, force=force)
    say_done(f'{target} written. It tracks spine tumours as it stands; "tracker run" makes the first report.')


def _data_folder(data: str | None) -> Path | None:
    if data is None:
        return None
    from jobs.commands.questions import data_folder

    try:
        return data_folder(data)
    except ValueError as fault:
        raise click.UsageError(f"--data: {fault}") from None


def _write(target: Path, body: bytes, *, force: bool) -> None:
    try:
        if force:
            unfinished = target.with_name(f".{target.name}.{os.getpid()}")
            unfinished.write_bytes(body)
            unfinished.replace(target)
        else:
            with target.open("xb") as file:
                file.write(body)
    except FileExistsError as error:
        raise _there_already(target) from error
    except OSError as error:
        raise ConfigError(f"{target} can't be written: {error.strerror}", subject=str(target)) from error


def _there_already(target: Path) -> ConfigError:
    return ConfigError(
        f"{target} is there already", subject=str(target), advice="Name another PATH, or replace it with --force."
    )


def _told(config: Config) -> list[str]:
    from tracker.config.values import without_password
    from tracker.searches import term_in_words

    lines = [f"{config.path}: no mistakes found", f"store: {without_password(config.store_url)}"]
    lines.append(f"reports go to: {config.output_folder}")
    for search in config.searches:
        lines.append("")
        lines.append(f"search {search.name}: {_counted(len(search.terms), 'term')}")
        lines += [f"  {number}. {term_in_words(term)}" for number, term in enumerate(search.terms, 1)]
        lines += [f"  always: {study}{_because(reason)}" for study, reason in search.include]
        lines += [f"  never: {study}{_because(reason)}" for study, reason in search.exclude]
    lines.append("")
    for report in config.reports:
        tells = ", ".join(report.kinds) or _WEIGHTS[report.least_weight]
        when = f"; at {report.schedule} ({config.timezone})" if report.schedule else ""
        to = f"; to {', '.join(report.recipients)}" if report.recipients else ""
        lines.append(
            f"report {report.name}: {tells}, of {', '.join(report.searches)}; as {', '.join(report.formats)}{when}{to}"
        )
    if config.remarks:
        lines.append("")
        lines += [f"remark: {remark}" for remark in config.remarks]
    return lines


def _summary(config: Config) -> dict[str, object]:
    from tracker.config.values import without_password
    from tracker.searches import term_in_words

    return {
        "file": str(config.path),
        "store": without_password(config.store_url),
        "output_folder": str(config.output_folder),
        "searches": [
            {
                "name": search.name,
                "description": search.description,
                "terms": [{"label": term_in_words(term), "sent": dict(term.params)} for term in search.terms],
                "include": [study for study, _ in search.include],
                "exclude": [study for study, _ in search.exclude],
            }
            for search in config.searches
        ],
        "reports": [
            {
                "name": report.name,
                "searches": report.searches,
                "least_weight": report.least_weight,
                "kinds": report.kinds,
                "formats": report.formats,
                "schedule": report.schedule,
                "recipients": report.recipients,
            }
            for report in config.reports
        ],
        "remarks": config.remarks,
    }


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
