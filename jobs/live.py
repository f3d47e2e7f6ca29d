"""One trial as the registry has it at this moment, beside the version held. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.dossier import change_data, standing, told_change
from tracker.changes import Change
from tracker.diff import diff
from tracker.errors import TrackerError
from tracker.parse import parse
from tracker.registry.source import Found, Merged, Source
from tracker.study import NctId, Study, study_url
from tracker.summary import TrackedStudy
from tracker.words import NOT_GIVEN


class NotInRegistry(TrackerError):
    """The registry does not know the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """`asked` differs from the study's own id where its record was merged into another. `held` is the version held,
    with how the store has the study; None where it holds none. `changes` lead from there to the registry's."""

    asked: NctId
    study: Study
    held: TrackedStudy | None
    changes: tuple[Change, ...]


def ask(source: Source, asked: NctId, *, held: Callable[[NctId], tuple[TrackedStudy, Study] | None]) -> Live:
    """Asks the registry about one id; `held` gives what the store has. Raises NotInRegistry, RegistryError."""
    found = source.look_up(asked)
    if isinstance(found, Merged):
        found = source.look_up(found.into)
    if not isinstance(found, Found):
        raise NotInRegistry(
            f"the registry does not know {asked}: it was never given, or its record was removed", subject=asked
        )
    study = parse(found.record)
    stored = held(study.nct_id)
    return Live(
        asked=asked,
        study=study,
        held=stored[0] if stored else None,
        changes=diff(stored[1], study) if stored else (),
    )


def live_lines(live: Live) -> list[str]:
    from jobs.terminal import facts
    from tracker.untrusted import plain_line

    study = live.study
    title = plain_line(study.brief_title or study.official_title or NOT_GIVEN)
    lines = [f"{study.nct_id}  {title}", study_url(study.nct_id)]
    if live.asked != study.nct_id:
        lines.append(f"{live.asked} was merged into this record.")
    lines += ["", *facts(standing(study)), ""]
    if live.held is None:
        return [*lines, "As the registry has it now; the store does not hold this study."]
    if not live.changes:
        return [*lines, f"As the registry has it now; nothing differs from version {live.held.version}, which is held."]
    lines.append(f"As the registry has it now. Since version {live.held.version}, which is held:")
    return [*lines, *(f"  {line}" for change in live.changes for line in told_change(change, live.held))]


def live_data(live: Live) -> dict[str, Any]:
    """For programs: the record itself, and how it differs from the version held."""
    return {
        "nct_id": live.study.nct_id,
        "asked": live.asked,
        "url": study_url(live.study.nct_id),
        "version": live.held.version if live.held else None,
        "changes": [change_data(change) for change in live.changes],
        "record": live.study.record,
    }
