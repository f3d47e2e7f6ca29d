"""`tracker report`: the next report, one on days of one's own, or an earlier one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from jobs.commands.choosing import DAY, reports_named
from jobs.commands.delivering import tell_attempts
from jobs.commands.opening import open_for_reading, open_for_writing
from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.terminal import note, say_json
from tracker.definitions import WRITABLE_FORMATS

if TYPE_CHECKING:
    from jobs.outbox import Attempt
    from jobs.recipients import Addressee
    from jobs.replaying import Written
    from tracker.config import Config
    from tracker.definitions import ReportDefinition
    from tracker.store.engine import Store


def _formats(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    asked = tuple(part.strip() for part in value.split(",")) if value else ()
    if unknown := [one for one in asked if one not in WRITABLE_FORMATS]:
        raise click.BadParameter(f"{', '.join(unknown)}: known are {', '.join(WRITABLE_FORMATS)}")
    return asked


@click.command(
    epilog=example(
        "tracker report",
        "tracker report --since 2026-11-01 --until 2026-11-15 --out november",
        "tracker report --replay 12 --out again",
        after="The next report always has report.html, changes.csv and report.json.",
    )
)
@common_options
@click.option("--name", help="The report's name in config.toml; default: every one.")
@click.option("--since", type=DAY, metavar="DAY", help="Ad hoc: changes found from this day on.")
@click.option("--until", type=DAY, metavar="DAY", help="Ad hoc: changes found up to and including this day.")
@click.option("--replay", "number", type=click.IntRange(min=1), metavar="N", help="Report N again, byte for byte.")
@click.option(
    "--format", "formats", metavar="LIST", callback=_formats, help="Of an ad-hoc or replayed report: html,csv."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write here instead.")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@json_option
def command(
    name: str | None,
    since: date | None,
    until: date | None,
    number: int | None,
    formats: tuple[str, ...],
    out: Path | None,
    open_it: bool,
    as_json: bool,
) -> int:
    """Write the next report of every definition (or of one) and send it, an ad-hoc report, or an earlier one again.

    Days are those of the schedule's time zone. An ad-hoc report is recorded nowhere: the next one tells its changes
    all the same.
    """
    import os

    from jobs.deliver import deliver_due
    from jobs.ending import DONE, DONE_WITH_PROBLEMS
    from jobs.recipients import Recipients
    from jobs.replaying import write_missing_copies
    from jobs.syncing import utc_now

    config = current_config(full=False)
    definitions = reports_named(config, name)
    if number is not None and (since or until):
        raise click.UsageError("--replay writes a report again: it has its own days")
    if since and until and since > until:
        raise click.UsageError(f"--since {since} lies after --until {until}")
    failures: list[str] = []
    attempts: list[Attempt] = []
    if since or until:
        written = [_ad_hoc(config, one, since, until, formats, _folder(out, one, definitions)) for one in definitions]
    elif number is not None:
        written = [_replay(config, _only(definitions), number, formats, out)]
    else:
        if formats:
            raise click.UsageError("--format chooses among the files of an ad-hoc or replayed report")
        recipients = Recipients(config, os.environ)
        with open_for_writing(config) as store:
            failures = write_missing_copies(store)
            written = [
                _next(config, store, one, _folder(out, one, definitions), recipients.of_report(one))
                for one in definitions
            ]
            attempts = deliver_due(store, recipients, now=utc_now)
    for failure in failures:
        note(failure)
    _tell(written, as_json=as_json)
    tell_attempts(attempts, as_json=as_json)
    if open_it:
        for one in written:
            click.launch(str(one.files[0]))
    return DONE_WITH_PROBLEMS if failures or any(one.error for one in attempts) else DONE


def _only(definitions: tuple[ReportDefinition, ...]) -> ReportDefinition:
    if len(definitions) > 1:
        raise click.UsageError(f"--replay needs --name: {', '.join(one.name for one in definitions)}")
    return definitions[0]


def _folder(out: Path | None, definition: ReportDefinition, chosen: tuple[ReportDefinition, ...]) -> Path | None:
    return out / definition.name if out and len(chosen) > 1 else out


def _next(
    config: Config, store: Store, definition: ReportDefinition, out: Path | None, recipients: Sequence[Addressee]
) -> Written:
    from jobs.reporting import next_report
    from jobs.syncing import utc_now

    return next_report(
        store,
        definition,
        titles=_titles(config),
        now=utc_now(),
        output=config.output_folder,
        out=out,
        recipients=recipients,
        timezone=config.timezone,
        classes=config.classes,
    )


def _ad_hoc(
    config: Config,
    definition: ReportDefinition,
    since: date | None,
    until: date | None,
    formats: tuple[str, ...],
    out: Path | None,
) -> Written:
    from jobs.reporting import ad_hoc_report
    from jobs.syncing import utc_now

    zone = ZoneInfo(config.timezone)
    named = f"{since or 'start'}_{until or 'today'}"
    with open_for_reading(config) as store:
        return ad_hoc_report(
            store,
            definition,
            titles=_titles(config),
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
            days=(since, until),
            formats=formats,
            now=utc_now(),
            timezone=config.timezone,
            classes=config.classes,
            folder=out or config.output_folder / definition.name / "ad hoc" / named,
        )


def _replay(
    config: Config, definition: ReportDefinition, number: int, formats: tuple[str, ...], out: Path | None
) -> Written:
    from jobs.replaying import replayed

    with open_for_writing(config, create=False) as store:
        return replayed(store, definition.name, number, formats=formats, out=out)


def _titles(config: Config) -> dict[str, str]:
    return {search.name: search.description for search in config.searches}


def _tell(written: list[Written], *, as_json: bool) -> None:
    if as_json:
        say_json(
            [
                {
                    "name": one.name,
                    "number": one.number,
                    "headline": one.headline,
                    "files": [str(file) for file in one.files],
                }
                for one in written
            ]
        )
        return
    for one in written:
        if one.headline:
            say_done(one.headline)
        for file in one.files:
            say_done(f"  {file}")
