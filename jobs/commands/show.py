"""`tracker show`: one trial, or several, from the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import NCT_ID, common_options, config_at_a_glance, current_config, example, json_option
from jobs.ending import DONE, FAILED, told
from jobs.terminal import note, say, say_json
from tracker.errors import StoreDamaged, StoreMissing, TrackerError, UsageError
from tracker.study import NctId, Study, study_url

if TYPE_CHECKING:
    from jobs.dossier import Dossier
    from tracker.config import Config, Glance
    from tracker.store.engine import Store
    from tracker.summary import TrackedStudy
    from tracker.taxonomy import Taxonomy


class NotHeld(TrackerError):
    """A study that the store has never seen."""


@click.command(
    epilog=example(
        "tracker show NCT00508443",
        "tracker show NCT00508443 --history",
        "tracker show NCT00508443 --classes",
        "tracker show NCT00508443 --diff 1 2",
        "tracker show NCT00508443 --live",
        after="Exit code 1 where the store (with --live: the registry) does not know an id that is valid.",
    )
)
@common_options
@click.argument("nct_ids", metavar="NCT…", type=NCT_ID, nargs=-1, required=True)
@click.option("--history", is_flag=True, help="List the versions held.")
@click.option("--classes", is_flag=True, help="Show the tumours and treatments read in the record, and where.")
@click.option("--diff", "compared", type=click.IntRange(min=1), nargs=2, metavar="A B", help="Compare two versions.")
@click.option("--live", is_flag=True, help="Ask the registry how the trial stands now; nothing is stored.")
@json_option
def command(
    nct_ids: Sequence[NctId], history: bool, classes: bool, compared: tuple[int, int] | None, live: bool, as_json: bool
) -> int:
    """Show a trial as it stands, why it is tracked, and what changed when, newest first.

    Everything comes from the store, but for --live. --json prints an array with one object per trial.
    """
    from jobs.dossier import dossier_data, dossier_lines

    if live and (history or compared):
        raise click.UsageError("--live goes with neither --history nor --diff", click.get_current_context())
    if classes and (live or compared):
        raise click.UsageError("--classes goes with neither --live nor --diff", click.get_current_context())
    if live:
        return _show_live(nct_ids, as_json=as_json)
    config = config_at_a_glance()
    taxonomy = config.classes() if classes else None
    shown: list[Any] = []
    missing: list[TrackerError] = []
    with open_for_reading(config) as store:
        for study in dict.fromkeys(nct_ids):
            try:
                if compared:
                    shown.append(_compared(store, config, study, *compared, as_json=as_json))
                else:
                    dossier = _dossier(store, config, study)
                    tell = dossier_data if as_json else dossier_lines
                    shown.append(_with_classes(tell(dossier, history=history), dossier.study, taxonomy))
            except NotHeld as error:
                missing.append(error)
    return _say_all(shown, missing, as_json=as_json)


def _with_classes(
    shown: dict[str, Any] | list[str], study: Study, taxonomy: Taxonomy | None
) -> dict[str, Any] | list[str]:
    if taxonomy is None:
        return shown
    from jobs.classifying import class_facts, classes_data
    from jobs.terminal import facts
    from tracker.taxonomy import classify

    found = classify(study, taxonomy)
    if isinstance(shown, dict):
        return {**shown, "classes": classes_data(found)}
    return [*shown, "", "Classes", *facts(class_facts(found))]


def _show_live(nct_ids: Sequence[NctId], *, as_json: bool) -> int:
    from jobs.live import NotInRegistry, ask, live_data, live_lines
    from jobs.syncing import registry_client

    config = current_config(full=False)
    shown: list[Any] = []
    missing: list[TrackerError] = []
    with registry_client(config) as source:
        for study in dict.fromkeys(nct_ids):
            try:
                found = ask(source, study, held=lambda one: _held(config, one))
            except NotInRegistry as error:
                missing.append(error)
            else:
                shown.append(live_data(found) if as_json else live_lines(found))
    return _say_all(shown, missing, as_json=as_json)


def _held(config: Config, study: NctId) -> tuple[TrackedStudy, Study] | None:
    """The newest version held; None where there is none, or no store yet."""
    from tracker.store.studies import tracked_study, version_body

    try:
        with open_for_reading(config) as store, store.connect() as connection:
            tracked = tracked_study(connection, study)
            if tracked is None:
                return None
            return tracked, _read(version_body(connection, study, tracked.version), study, tracked.version)
    except StoreMissing:
        return None


def _say_all(shown: Sequence[Any], missing: Sequence[TrackerError], *, as_json: bool) -> int:
    _say(shown, as_json=as_json)
    for one in missing:
        note(told(one)[0][0])
    return FAILED if missing else DONE


def _say(shown: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        say_json(shown)
        return
    for number, lines in enumerate(shown):
        if number:
            say()
        for line in lines:
            say(line)


def _dossier(store: Store, config: Glance, study: NctId) -> Dossier:
    from jobs.dossier import Dossier
    from jobs.evidence import day_of_data
    from tracker.due import estimates
    from tracker.store.changes import changes
    from tracker.store.notes import notes
    from tracker.store.searches import memberships
    from tracker.store.studies import tracked_study, version_body, versions

    with store.connect() as connection:
        tracked = tracked_study(connection, study)
        if tracked is None:
            raise _not_held(study, config)
        held = _read(version_body(connection, study, tracked.version), study, tracked.version)
        found = tuple(changes(connection, nct_id=study))
        return Dossier(
            tracked=tracked,
            study=held,
            memberships=tuple(memberships(connection, study)),
            excluded=_excluded(config, study),
            changes=found,
            versions=tuple(versions(connection, study)),
            notes=tuple(notes(connection, nct_id=study)),
            estimates=estimates(held, now=day_of_data(connection), changes=[one.change for one in found]),
        )


def _read(body: bytes | None, study: NctId, number: int) -> Study:
    from tracker.parse import parse

    if body is None:
        raise StoreDamaged(
            f"version {number} of {study} is missing from the store", subject=study, advice="Run `tracker db check`."
        )
    return parse(body)


def _excluded(config: Glance, study: NctId) -> tuple[tuple[str, str], ...]:
    return tuple((search, reason) for listed, search, reason in config.excluded if listed == study)


def _not_held(study: NctId, config: Glance) -> NotHeld:
    excluded = _excluded(config, study)
    if excluded:
        search, reason = excluded[0]
        because = f" ({reason})" if reason else ""
        return NotHeld(
            f"{study} is not in the store: {config.path} excludes it from {search}{because}",
            subject=study,
            advice=f"The registry's page: {study_url(study)}",
        )
    if any(study == listed for listed, _, _ in config.included):
        return NotHeld(
            f"{study} is on an include list, but was not synced yet", subject=study, advice='Run "tracker sync".'
        )
    return NotHeld(
        f"{study} is not in the store: no search has found it",
        subject=study,
        advice=f"The registry's page: {study_url(study)} - to track it, add it to a search's include in "
        f'{config.path}, then run "tracker sync".',
    )


def _compared(store: Store, config: Glance, study: NctId, older: int, newer: int, *, as_json: bool) -> Any:
    from jobs.dossier import change_data, told_change
    from tracker.diff import diff
    from tracker.store.studies import tracked_study, version_body

    with store.connect() as connection:
        tracked = tracked_study(connection, study)
        if tracked is None:
            raise _not_held(study, config)
        for number in (older, newer):
            if number > tracked.version:
                raise UsageError(
                    f"{study} has no version {number}",
                    subject=study,
                    advice=f'The newest is {tracked.version}; see "tracker show {study} --history".',
                )
        before, after = (_read(version_body(connection, study, number), study, number) for number in (older, newer))
    found = diff(before, after)
    if as_json:
        return {"nct_id": study, "before": older, "after": newer, "changes": [change_data(one) for one in found]}
    heading = f"{study}  version {older} → version {newer}"
    if not found:
        return [heading, "", "  The same but for what the registry rewrites by itself."]
    return [heading, "", *(f"  {line}" for change in found for line in told_change(change, tracked))]
