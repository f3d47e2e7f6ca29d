"""A report as a mail: a subject, an HTML part made for mail programs, and a plain part. It sends nothing.

Mail programs drop style sheets, SVG and folding, and Gmail cuts a message at about 102 kB: so the HTML part is tables
with inline styles, holds only what changed, and stops before that with a pointer to the attachment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from reports.html import page_environment
from reports.parts import CheckLine, Fact, Item, TrialLine
from reports.passages import ADDED, DROPPED, SAME, SKIPPED
from reports.view import ReportView
from reports.words import clipped, counted
from tracker.study import study_url
from tracker.untrusted import plain_line

LARGEST = 90_000
"""Bytes of each part."""

_TEXT = 300
"""Of a long text the beginning is shown; the attachment has it word by word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSection:
    """A section cut for a mail: `left` of its `count` trials are not in it."""

    title: str
    count: int
    items: tuple[Item, ...]
    left: int


def mail_parts(view: ReportView) -> tuple[str, str, str]:
    """(subject, HTML, plain text), each whole in itself. The subject is one line."""
    subject = clipped(plain_line(view.headline), 500)
    return subject, _largest(view, _html), _largest(view, _text)


class _Renderer(Protocol):
    def __call__(self, view: ReportView, *, limit: int) -> str: ...


def _largest(view: ReportView, rendered: _Renderer) -> str:
    """The part with as many entries as fit, by trying: none, all, and halving in between."""
    whole = rendered(view, limit=sum(len(section.items) for section in view.sections) + len(view.checks.new))
    if _size(whole) <= LARGEST:
        return whole
    low, high, best = 0, sum(len(section.items) for section in view.sections), rendered(view, limit=0)
    while low < high:
        middle = (low + high + 1) // 2
        page = rendered(view, limit=middle)
        if _size(page) <= LARGEST:
            low, best = middle, page
        else:
            high = middle - 1
    return best


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _html(view: ReportView, *, limit: int) -> str:
    sections, checks = _cut(view, limit)
    return (
        page_environment()
        .get_template("mail.html")
        .render(
            view=view, sections=sections, checks=checks, cut=_cut_words(view, sections), said=_said, entries=_entries
        )
    )


def _cut(view: ReportView, limit: int) -> tuple[tuple[MailSection, ...], tuple[CheckLine, ...]]:
    """The first `limit` entries in the order of the page; routine and bulk edits are only counted."""
    cut = []
    for section in view.sections:
        items = () if section.folded else section.items[: max(limit, 0)]
        limit -= len(items)
        cut.append(MailSection(title=section.title, count=section.count, items=items, left=section.count - len(items)))
    return tuple(cut), view.checks.new[: max(limit, 0)]


def _cut_words(view: ReportView, sections: Iterable[MailSection]) -> str | None:
    folded = {section.title for section in view.sections if section.folded}
    left = sum(section.left for section in sections if section.title not in folded)
    return (
        f"{counted(left, 'entry', 'entries')} more in the attached report: a longer mail would be cut."
        if left
        else None
    )


def _said(fact: Fact) -> str:
    """A fact's before → after in one line; a long text is said to be edited."""
    if fact.long:
        return "edited; the attached report shows the words"
    return f"{clipped(fact.before, _TEXT)} → {clipped(fact.after or '', _TEXT)}" if fact.before else fact.after or ""


def _entries(fact: Fact) -> list[str]:
    """Of a list what was dropped, added and reworded, with signs."""
    if fact.long:
        return []
    reworded = ("".join(_MARKS[piece.sign].format(piece.text) for piece in edit) for edit in fact.edits)
    return [
        *(f"− {entry}" for entry in fact.dropped),
        *(f"+ {entry}" for entry in fact.added),
        *(f"± {entry}" for entry in reworded),
    ]


_MARKS = {SAME: "{}", DROPPED: "[dropped: {}] ", ADDED: "[added: {}]", SKIPPED: " … {} … "}


# The plain part


def _text(view: ReportView, *, limit: int) -> str:
    sections, checks = _cut(view, limit)
    return "\n".join(plain_line(line) for line in _lines(view, sections, checks)) + "\n"


def _lines(view: ReportView, sections: tuple[MailSection, ...], checks: tuple[CheckLine, ...]) -> Iterator[str]:
    yield view.headline
    yield f"{view.basis} {view.balance}"
    for banner in view.banners:
        yield from ("", f"! {banner.heading}", *(f"  {line}" for line in banner.lines))
    for section in sections:
        yield from ("", f"{section.title.upper()} ({section.count})")
        for item in section.items:
            yield from _entry(item)
        if section.left:
            yield f"  … {section.left} more in the attached report"
    if checks:
        yield from ("", "TO CHECK (estimates, not findings)")
        for check in checks:
            yield f"  {check.trial.nct_id}  {check.text}"
    yield from ("", f"{view.without_news_count} without news. The attached report has every entry.")
    yield "It says what the registry says, as of the date given. It gives no medical or legal advice."


def _entry(item: Item) -> Iterator[str]:
    trial = item.trial
    if item.see is not None:
        yield f"  {trial.nct_id}  {item.gist} (more above)"
        return
    yield f"  {trial.nct_id}  {trial.title}"
    yield f"    {'; '.join(_standing(trial))}"
    yield f"    {study_url(trial.nct_id)}"
    for fact in item.facts:
        beside = [part for part in (fact.slip, f"“{fact.quote}”" if fact.quote else None, *fact.notes) if part]
        yield f"    - {fact.label}: {_said(fact)}" + (f" ({'; '.join(beside)})" if beside else "")
        yield from (f"      {clipped(entry, _TEXT)}" for entry in _entries(fact))
    for remark in trial.remarks:
        yield f"    * {remark}"


def _standing(trial: TrialLine) -> list[str]:
    return [part for part in (trial.status, trial.phase, trial.sponsor, *trial.labels) if part]
