"""What a report is made of: frozen records in words, ready to be shown. Deciding what goes in is `reports.view`.

Every text is plain (never markup): registry text stands as the registry wrote it, and a rendering escapes it.
Instants are aware UTC. `None` means that there is nothing to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.runs import subject_of
from tracker.study import NctId


class SectionKey(StrEnum):
    """The sections of a report, in the order of the page; the value is the section's anchor."""

    STOPPED = "stopped"
    CLOSED = "closed-to-recruitment"
    OPENED = "opened"
    REOPENED = "reopened"
    RESULTS_POSTED = "results-posted"
    RESULTS_WITHDRAWN = "results-withdrawn"
    COMPLETED = "completed"
    DELAYED = "delayed"
    NEW = "new"
    ENTERED = "entered"
    LEFT = "left"
    TEXTS = "texts"
    DATES = "dates"
    OTHER = "other"
    BACK = "changed-back"
    BULK = "bulk"
    ROUTINE = "routine"


class Tone(StrEnum):
    """How serious a banner or tag is. A tone is never the only sign: words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"


class State(StrEnum):
    """What sort of report it is."""

    NEWS = "news"
    QUIET = "quiet"
    BASELINE = "baseline"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an edited text: "same", "dropped", "added", or "skipped" (so many unchanged words, not shown)."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What became of one field of a study within the window: from its first state to its last.

    `before` and `after` are in words. List fields say what was `dropped` and `added` instead.
    `slip` says how far a date moved ("+731 d", "at least +974 d"), `later` whether that was a delay.
    `quote` is the record's own reason. `long` texts are folded away, and `edits` shows each of them word by word.
    `steps` counts the changes behind it.
    """

    kind: str
    field: str
    label: str
    weight: str
    before: str | None = None
    after: str | None = None
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    slip: str | None = None
    later: bool | None = None
    quote: str | None = None
    notes: tuple[str, ...] = ()
    long: bool = False
    edits: tuple[tuple[Piece, ...], ...] = ()
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Annotation:
    """What stands beside a trial's name: its classes, and a person's remarks."""

    labels: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


NO_ANNOTATION = Annotation()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """A trial as a report names it: id, title, and how it stands. `labels` and `remarks` are for a reader's eye."""

    nct_id: NctId
    title: str
    sponsor: str | None
    phase: str | None
    status: str
    status_tone: Tone
    labels: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One trial in one section: its full entry (`facts`), or one line that points to it.

    `see` is the section that holds the full entry, None where it stands here. `shown_there` is false where that
    section was cut short before it. `about` describes a trial that the reader has not met before.
    """

    trial: TrialLine
    gist: str
    facts: tuple[Fact, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    more_facts: int = 0
    see: SectionKey | None = None
    shown_there: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How far one trial's two milestones were put off. `total` is since the first plan known."""

    nct_id: NctId
    title: str
    primary_completion: str
    study_completion: str
    total: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`count` trials are told here, of which `items` shows the first ones. `folded`: closed until it is opened.

    `above` are more trials that belong here, whose entries in earlier sections have told it already.
    """

    key: SectionKey
    title: str
    intro: str | None
    count: int
    items: tuple[Item, ...]
    folded: bool = False
    delays: tuple[Delay, ...] = ()
    above: tuple[NctId, ...] = ()

    @property
    def cut(self) -> int:
        """How many trials are not shown."""
        return self.count - len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One estimate: what to check about a trial, and the rule's steps. `quote` is the record's own notice."""

    trial: TrialLine
    check: str
    text: str
    trace: tuple[str, ...]
    quote: str | None
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckGroup:
    """Estimates of one sort, of `count` trials, of which `lines` shows the first ones."""

    check: str
    title: str
    count: int
    lines: tuple[CheckLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """All estimates: `new` came up in this window, `groups` hold all by their sort. `trials` counts trials.

    `not_assessable` says of how many trials it can't be said whether results are due, and why.
    """

    trials: int = 0
    new: tuple[CheckLine, ...] = ()
    new_count: int = 0
    groups: tuple[CheckGroup, ...] = ()
    not_assessable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One number of the headline: so many trials, in words, and the section that names them."""

    number: int
    words: str
    section: SectionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    tone: Tone
    heading: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The runs that a report covers: after `after_run`, up to `until_run`; for an ad-hoc report the asked days."""

    after_run: int
    until_run: int
    since: date | None = None
    until: date | None = None

    @property
    def ad_hoc(self) -> bool:
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    number: int
    started_at: datetime
    finished_at: datetime | None
    data_date: date | None
    outcome: str
    requests: int
    studies_read: int
    changes_written: int
    problems: int
    source: str
    error: str | None
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLine:
    """One term: how many of the registry's records are held. `state` says in words whether it is complete."""

    search: str
    label: str
    held: int
    total: int | None
    excluded: tuple[str, ...]
    unreadable: tuple[str, ...]
    state: str
    complete: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLine:
    nct_id: NctId | None
    path: str
    reason: str

    @property
    def subject(self) -> str:
        """Whose problem it is."""
        return subject_of(self.nct_id, self.path)
