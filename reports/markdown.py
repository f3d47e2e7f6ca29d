"""report.md: the report in Markdown, for a wiki, an issue or a note. Registry text is escaped: none of it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.parts import CheckLine, Fact, Item, Section, TrialLine
from reports.view import ReportView
from reports.words import counted, instant
from tracker.study import study_url
from tracker.untrusted import plain_line

_MARKUP = re.compile(r"[\\`*_\[\]|~$]")
_OPENING = re.compile(r"^(\s*\d*)([#>+=.)-])")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("://", "&#58;//"), ("www.", "www&#46;"), ("@", "&#64;"))
"""Tags, entities, and what some dialects make a link of by itself."""


def report_markdown(view: ReportView) -> bytes:
    """UTF-8, with a final line feed. Trials of folded sections and without news are only counted."""
    return ("\n".join(_lines(view)) + "\n").encode(errors="replace")


def escaped(text: str) -> str:
    """`text` on one line, shown in Markdown as it stands."""
    plain = plain_line(text)
    for mark, entity in _ENTITIES:
        plain = plain.replace(mark, entity)
    return _OPENING.sub(r"\1\\\2", _MARKUP.sub(lambda found: f"\\{found[0]}", plain))


def _lines(view: ReportView) -> Iterator[str]:
    yield from (f"# {escaped(view.headline)}", "", escaped(f"{view.basis} {view.balance}"))
    for banner in view.banners:
        yield from ("", f"> **{escaped(banner.heading)}**")
        for line in banner.lines:
            yield from (">", f"> {escaped(line)}")
    for section in view.sections:
        yield from _section(section)
    if view.checks.new or view.checks.not_assessable:
        yield from ("", "## To check: estimates, not findings", "", *map(_check, view.checks.new))
        if view.checks.not_assessable:
            yield f"- Results may be due: not assessable, because {escaped('; '.join(view.checks.not_assessable))}."
    yield from ("", "## What this report rests on", "")
    yield f"- {counted(view.without_news_count, 'tracked trial')} without news"
    for term in view.coverage:
        held = f"{term.held} of {term.total}" if term.total is not None else str(term.held)
        yield f"- {escaped(term.search)}, {escaped(term.label)}: {held} held. {escaped(term.state)}"
    for run in view.runs:
        yield f"- Run {run.number}, {escaped(instant(run.finished_at or run.started_at))}: {escaped(run.outcome)}"
    for problem in view.problems:
        yield f"- Problem: {problem.subject}, {escaped(problem.path)}: {escaped(problem.reason)}"
    yield from ("", escaped(f"Made on {instant(view.made_at)} by spine-trial-tracker {view.program_version}."))


def _section(section: Section) -> Iterator[str]:
    yield from ("", f"## {section.title} ({counted(section.count, 'trial')})")
    if section.folded:
        return
    for item in section.items:
        yield from ("", *_entry(item))
    if section.above:
        yield from ("", f"Also told in {counted(len(section.above), 'entry', 'entries')} above.")
    if section.cut:
        yield from ("", f"{counted(section.cut, 'more trial')} of this section in changes.csv.")


def _entry(item: Item) -> Iterator[str]:
    trial = item.trial
    link = f"[{trial.nct_id}]({study_url(trial.nct_id)})"
    if item.see is not None:
        yield f"- {link} {escaped(item.gist)} (full entry above)"
        return
    yield f"- **{link} {escaped(trial.title)}**  "
    yield f"  {escaped('; '.join(_standing(trial)))}"
    for fact in item.facts:
        yield from _fact(fact)
    for remark in trial.remarks:
        yield f"  - {escaped(remark)}"


def _standing(trial: TrialLine) -> list[str]:
    return [part for part in (trial.status, trial.phase, trial.sponsor, *trial.labels) if part]


def _fact(fact: Fact) -> Iterator[str]:
    said = (
        "edited"
        if fact.long or fact.edits
        else escaped(f"{fact.before} → {fact.after}" if fact.before else fact.after or "")
    )
    beside = [part for part in (fact.slip, f"“{fact.quote}”" if fact.quote else None, *fact.notes) if part]
    yield f"  - {escaped(fact.label)}: {said}" + (f" ({escaped('; '.join(beside))})" if beside else "")
    if not fact.long:
        yield from (f"    - dropped: {escaped(entry)}" for entry in fact.dropped)
        yield from (f"    - added: {escaped(entry)}" for entry in fact.added)


def _check(line: CheckLine) -> str:
    return f"- [{line.trial.nct_id}]({study_url(line.trial.nct_id)}) {escaped(line.text)}"
