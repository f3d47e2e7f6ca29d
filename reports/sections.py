"""The sections of a report: in which order, with which trials, and where each trial's full entry stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from reports.entries import FACTS_SHOWN, about, delay_of, facts_of, gist_of, line_of
from reports.parts import Item, Section, SectionKey
from reports.trials import TrialNews, longest_delay, stopped_as
from tracker.study import NctId, Status

Shown = set[tuple[SectionKey, NctId]]

TRIALS_SHOWN = 200
"""A section with more trials shows the first ones, and points to the data file."""


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    intro: str | None = None
    folded: bool = False


_HEADINGS = {
    SectionKey.STOPPED: _Heading("Stopped", "Terminated, withdrawn or suspended."),
    SectionKey.CLOSED: _Heading("Closed to recruitment", "No longer taking patients; the trial goes on."),
    SectionKey.OPENED: _Heading("Opened to recruitment"),
    SectionKey.REOPENED: _Heading("Reopened to recruitment"),
    SectionKey.RESULTS_POSTED: _Heading("Results posted", "Public on the registry, on the day given."),
    SectionKey.RESULTS_WITHDRAWN: _Heading("Results withdrawn", "They were public, and no longer are."),
    SectionKey.COMPLETED: _Heading("Completed"),
    SectionKey.DELAYED: _Heading(
        "Delayed", "A planned end was put off. “At least” where the registry gives a month or a year only."
    ),
    SectionKey.NEW: _Heading("New", "Registered since the last report."),
    SectionKey.ENTERED: _Heading("Now tracked", "Older records that came into a search; they are not new trials."),
    SectionKey.LEFT: _Heading("Left"),
    SectionKey.TEXTS: _Heading("Texts and design edited", "Primary outcomes first."),
    SectionKey.DATES: _Heading("Other dates", "Brought forward, started, now actual or corrected: no delays."),
    SectionKey.OTHER: _Heading("Other changes"),
    SectionKey.BACK: _Heading("Changed and changed back", "Different in between, now as before. Counted nowhere."),
    SectionKey.BULK: _Heading(
        "Rewritten by the registry", "One field of many records at once; most likely no news about a trial.", True
    ),
    SectionKey.ROUTINE: _Heading("Routine", "Trials with nothing but small edits of the record.", True),
}

SECTION_TITLES = {key: heading.title for key, heading in _HEADINGS.items()}


_TOLD_ONCE = (SectionKey.TEXTS, SectionKey.DATES, SectionKey.OTHER, SectionKey.BACK)
"""Sections for trials to which nothing weightier happened: of the others, the entry above has told it already. Only
edits of primary outcomes are named all the same, because readers look for them."""


def sections_of(news: Sequence[TrialNews]) -> tuple[Section, ...]:
    """Those that tell something. A trial's entry stands in its first section; weighty ones name it and point there."""
    shown: Shown = set()
    sections = []
    for key in SectionKey:
        trials = sorted(_in(news, key), key=_order(key))
        above = {trial.nct_id for trial in trials if _is_told(trial, key, shown)}
        told = [trial for trial in trials if trial.nct_id not in above]
        shown |= {(key, trial.nct_id) for trial in told[:TRIALS_SHOWN]}
        if told:
            sections.append(_section(key, told, above, shown))
    return tuple(sections)


def _in(news: Sequence[TrialNews], key: SectionKey) -> list[TrialNews]:
    return [trial for trial in news if key in trial.sections]


def _is_told(trial: TrialNews, key: SectionKey, shown: Shown) -> bool:
    """Whether the trial's entry, which stands above, is all that there is to say of it here."""
    return key in _TOLD_ONCE and (trial.sections[0], trial.nct_id) in shown and not _has_primary_outcomes(trial, key)


def _section(key: SectionKey, trials: Sequence[TrialNews], above: Collection[NctId], shown: Shown) -> Section:
    heading = _HEADINGS[key]
    return Section(
        key=key,
        title=heading.title,
        intro=heading.intro,
        count=len(trials),
        items=tuple(_item(trial, key, shown) for trial in trials[:TRIALS_SHOWN]),
        folded=heading.folded,
        delays=tuple(map(delay_of, trials[:TRIALS_SHOWN])) if key is SectionKey.DELAYED else (),
        above=tuple(sorted(above)),
    )


def _item(trial: TrialNews, key: SectionKey, shown: Shown) -> Item:
    home = trial.sections[0]
    line, gist = line_of(trial.nct_id, trial.tracked, trial.annotation), gist_of(trial, key)
    if home is not key:
        return Item(trial=line, gist=gist, see=home, shown_there=(home, trial.nct_id) in shown)
    facts = facts_of(trial, key)
    introduced = key in (SectionKey.NEW, SectionKey.ENTERED)
    return Item(
        trial=line,
        gist=gist,
        facts=facts[:FACTS_SHOWN],
        about=about(trial) if introduced else (),
        more_facts=max(0, len(facts) - FACTS_SHOWN),
    )


def _order(key: SectionKey) -> Callable[[TrialNews], tuple[int, str, str]]:
    return _ORDERS.get(key, lambda trial: (0, "", trial.nct_id))


def _by_stop(trial: TrialNews) -> tuple[int, str, str]:
    order = [Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED]
    status = stopped_as(trial)
    return next((place for place, word in enumerate(order) if word == status), len(order)), "", trial.nct_id


def _by_posting(trial: TrialNews) -> tuple[int, str, str]:
    return 0, str(trial.nets_in(SectionKey.RESULTS_POSTED)[0].after), trial.nct_id


def _by_delay(trial: TrialNews) -> tuple[int, str, str]:
    return -longest_delay(trial), "", trial.nct_id


def _by_primary_outcomes(trial: TrialNews) -> tuple[int, str, str]:
    return 0 if _has_primary_outcomes(trial, SectionKey.TEXTS) else 1, "", trial.nct_id


def _has_primary_outcomes(trial: TrialNews, key: SectionKey) -> bool:
    return key is SectionKey.TEXTS and any(net.field == "primary_outcomes" for net in trial.nets_in(key))


_ORDERS: dict[SectionKey, Callable[[TrialNews], tuple[int, str, str]]] = {
    SectionKey.STOPPED: _by_stop,
    SectionKey.RESULTS_POSTED: _by_posting,
    SectionKey.DELAYED: _by_delay,
    SectionKey.TEXTS: _by_primary_outcomes,
}
