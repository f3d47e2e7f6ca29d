"""The one sentence that a report begins with. It counts trials, not events: two results of one trial are one trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reports.parts import Count, SectionKey, State
from reports.trials import TrialNews, entered_why, left_why, stopped_as
from reports.words import clipped, counted
from tracker.changes import EnteredWhy, LeftWhy
from tracker.study import Status
from tracker.words import status_in_words

STOPPED_WORDS = (Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED)

_SIMPLE = (
    (SectionKey.CLOSED, "closed to recruitment"),
    (SectionKey.OPENED, "opened to recruitment"),
    (SectionKey.REOPENED, "reopened to recruitment"),
    (SectionKey.RESULTS_POSTED, "with results"),
    (SectionKey.RESULTS_WITHDRAWN, "with results withdrawn"),
    (SectionKey.COMPLETED, "completed"),
    (SectionKey.DELAYED, "delayed"),
    (SectionKey.NEW, "new"),
)

_ENTERED: Mapping[str, str] = {
    EnteredWhy.NOW_MATCHES: "now matching",
    EnteredWhy.SEARCH_EDITED: "brought in by an edited search",
    EnteredWhy.RETURNED: "returned",
    EnteredWhy.INCLUDE_LIST: "put on the include list",
}

_LEFT: Mapping[str, str] = {
    LeftWhy.REMOVED: "removed from the registry",
    LeftWhy.MERGED: "merged into another record",
    LeftWhy.NO_LONGER_MATCHES: "no longer matching",
    LeftWhy.SEARCH_EDITED: "dropped by an edited search",
    LeftWhy.EXCLUDED: "excluded",
}

QUIET_SECTIONS = frozenset({SectionKey.ROUTINE, SectionKey.BACK, SectionKey.BULK})
"""What stands in these alone is no number of the headline."""


def counts_of(news: Sequence[TrialNews]) -> tuple[Count, ...]:
    """The numbers, in the order of the page; each counts trials."""
    named = Counter(section for trial in news for section in trial.sections)
    simple = [Count(number=named[key], words=words, section=key) for key, words in _SIMPLE if named[key]]
    found = (
        *_by_word(
            (stopped_as(trial) for trial in _in(news, SectionKey.STOPPED)),
            {status: status_in_words(status).lower() for status in STOPPED_WORDS},
            SectionKey.STOPPED,
        ),
        *simple,
        *_by_word(map(entered_why, _in(news, SectionKey.ENTERED)), _ENTERED, SectionKey.ENTERED),
        *_by_word(map(left_why, _in(news, SectionKey.LEFT)), _LEFT, SectionKey.LEFT),
    )
    told = {count.section for count in found}
    rest = [trial for trial in news if not told & set(trial.sections) and not set(trial.sections) <= QUIET_SECTIONS]
    if not rest:
        return found
    first = min(rest, key=lambda trial: list(SectionKey).index(trial.sections[0])).sections[0]
    words = "with other changes" if found else "with smaller changes only"
    return (*found, Count(number=len(rest), words=words, section=first))


def _in(news: Iterable[TrialNews], section: SectionKey) -> Iterable[TrialNews]:
    return (trial for trial in news if section in trial.sections)


def _by_word(values: Iterable[str | None], words: Mapping[str, str], section: SectionKey) -> tuple[Count, ...]:
    numbers = Counter(values)
    known = tuple(
        Count(number=numbers.pop(word), words=said, section=section) for word, said in words.items() if numbers[word]
    )
    rest = sum(numbers.values())
    return (*known, Count(number=rest, words="stopped", section=section)) if rest else known


def headline(
    *,
    title: str,
    number: int | None,
    state: State,
    counts: Sequence[Count],
    tracked: int,
    quiet_trials: int,
    since: str,
    error: str | None,
) -> str:
    """`quiet_trials` changed in nothing that the numbers tell (routine, back again); `since` the last success."""
    subject = f"{title} #{number}" if number is not None else f"{title}, ad-hoc report"
    numbers = ", ".join(f"{count.number} {count.words}" for count in counts)
    if state is State.FAILED:
        told = f"no successful run since {since}" + (f": {clipped(error, 300).rstrip('.')}" if error else "")
        return f"{subject}: {told}" + (f". Read before it failed: {numbers}" if numbers else "")
    if state is State.BASELINE:
        are = "trial is" if tracked == 1 else "trials are"
        return f"{subject}: baseline: {tracked} {are} tracked from now on; nothing to compare with yet"
    if numbers:
        return f"{subject}: {numbers}"
    only = f"; {quiet_trials} with routine or reversed edits only" if quiet_trials else ""
    return f"{subject}: no {'news' if quiet_trials else 'changes'} in {counted(tracked, 'tracked trial')}{only}"
