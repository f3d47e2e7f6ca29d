"""What `tracker mute`, `note` and `ack` share: their options, and listing or taking back instead of marking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from jobs.commands.opening import open_for_reading, open_for_writing
from jobs.commands.options import NCT_ID, common_options, current_config, json_option, say_done
from jobs.ending import DONE, FAILED
from jobs.terminal import note, say, say_json

if TYPE_CHECKING:
    from datetime import date

    from tracker.changes import Kind
    from tracker.marks import Mark
    from tracker.study import NctId

_Command = TypeVar("_Command", bound=Callable[..., Any])


def mark_options(command: _Command) -> _Command:
    """Adds --by, --withdraw, --list and what every command takes."""
    for option in (
        json_option,
        click.option("--list", "listed", is_flag=True, help="List these marks (of the trials named, or of all)."),
        click.option("--withdraw", is_flag=True, help="Take it back; that it was there is kept."),
        click.option("--by", metavar="NAME", help="Who says so; default: the user of this system."),
        common_options,
    ):
        command = option(command)
    return command


def trials_argument(command: _Command) -> _Command:
    """Adds the trials to be marked, as `nct_ids`."""
    return click.argument("nct_ids", metavar="NCT…", type=NCT_ID, nargs=-1)(command)


def mark_or_list(
    mark: Mark,
    nct_ids: tuple[NctId, ...],
    *,
    text: tuple[str, str | None],
    by: str | None,
    withdraw: bool,
    listed: bool,
    as_json: bool,
    until: date | None = None,
    kinds: tuple[Kind, ...] = (),
) -> int:
    """Does what the command line asks for. `text`: what it is called there, and the text itself, if it was given."""
    from jobs import marking

    what_text, given = text
    written = marking.worded(given, what=what_text) if given is not None else ""
    if listed:
        return _list(mark, nct_ids, as_json=as_json)
    if not nct_ids:
        raise click.UsageError("Name at least one trial, or --list.", click.get_current_context())
    config = current_config(full=False)
    what = marking.Marking(
        mark=mark,
        nct_ids=tuple(dict.fromkeys(nct_ids)),
        by=marking.author(by),
        at=datetime.now(UTC),
        kinds=tuple(dict.fromkeys(kinds)),
    )
    today = what.at.astimezone(ZoneInfo(config.timezone)).date()
    if until is not None and until < today:
        raise click.UsageError(f"--until {until} has passed", click.get_current_context())
    with open_for_writing(config, create=False) as store:
        if withdraw:
            return _tell_withdrawn(mark, marking.withdraw(store, what), as_json=as_json)
        marking.make(store, what, text=written, until=until)
    if as_json:
        return _list(mark, what.nct_ids, as_json=True)
    for nct_id in what.nct_ids:
        say_done(f"{nct_id}  {_DONE[mark]} by {what.by}.")
    return DONE


_DONE = {"mute": "muted", "note": "noted", "ack": "acknowledged"}


def _tell_withdrawn(mark: Mark, withdrawn: list[tuple[NctId, int]], *, as_json: bool) -> int:
    if as_json:
        say_json([{"nct_id": nct_id, "withdrawn": count} for nct_id, count in withdrawn])
    for nct_id, count in withdrawn:
        if not count:
            note(f"tracker: {nct_id} had no {mark} to withdraw.")
        elif not as_json:
            say_done(f"{nct_id}  {count} {mark}{'' if count == 1 else 's'} withdrawn.")
    return DONE if all(count for _, count in withdrawn) else FAILED


def _list(mark: Mark, nct_ids: tuple[NctId, ...], *, as_json: bool) -> int:
    from jobs.marking import note_data, note_lines
    from tracker.store.notes import notes

    config = current_config(full=False)
    with open_for_reading(config) as store, store.connect() as connection:
        found = [one for one in notes(connection, mark=mark, withdrawn=True) if not nct_ids or one.nct_id in nct_ids]
    if as_json:
        say_json([note_data(one) for one in found])
        return DONE
    for line in note_lines(found, today=datetime.now(ZoneInfo(config.timezone)).date()):
        say(line)
    if not found:
        say(f"There is no {mark}.")
    return DONE
