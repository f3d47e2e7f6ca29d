"""Which words of a text were edited: a comparison of two texts word by word. Pure; the pieces are plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from reports.parts import Piece

SAME, DROPPED, ADDED, SKIPPED = "same", "dropped", "added", "skipped"

WORDS_COMPARED = 800
"""Comparing takes time by the square of the number of words: a longer passage is shown as dropped and added whole."""

EDITS_SHOWN = 40
"""A text with more edits than this is easier to read before and after than word by word."""

CONTEXT = 12
"""Unchanged words shown on each side of an edit."""

ALIKE = 0.45
"""From this share of words in common on, an entry of a list that was dropped and one that was added are one edited."""

PAIRS_COMPARED = 400

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def word_edits(before: str, after: str) -> tuple[Piece, ...]:
    """The text after with what was dropped and added in place; long unchanged stretches are said to be skipped.

    Nothing where so much was edited that the two texts are better read one after the other.
    """
    pieces = tuple(_merged(_pieces(before, after)))
    if sum(piece.sign != SAME for piece in pieces) > EDITS_SHOWN:
        return ()
    return tuple(_shortened(pieces))


def paired(dropped: Sequence[str], added: Sequence[str]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Entries of a list that were edited rather than replaced, as (before, after), and what is left of both.

    The most alike go together first. Very long lists are left unpaired.
    """
    if not dropped or not added or len(dropped) * len(added) > PAIRS_COMPARED:
        return [], list(dropped), list(added)
    words = {text: re.findall(r"\w+", text.lower()) for text in (*dropped, *added)}
    scored = sorted(
        ((_likeness(words[old], words[new]), -i, -j) for i, old in enumerate(dropped) for j, new in enumerate(added)),
        reverse=True,
    )
    partners: dict[int, int] = {}
    for likeness, i, j in scored:
        if likeness >= ALIKE and -i not in partners and -j not in partners.values():
            partners[-i] = -j
    pairs = [(dropped[i], added[j]) for i, j in sorted(partners.items())]
    rest_old = [old for i, old in enumerate(dropped) if i not in partners]
    taken = set(partners.values())
    return pairs, rest_old, [new for j, new in enumerate(added) if j not in taken]


def _likeness(old: Sequence[str], new: Sequence[str]) -> float:
    """An upper bound is enough to put entries together: the share of words in common, in whatever order."""
    return SequenceMatcher(None, old, new, autojunk=False).quick_ratio()


def _pieces(before: str, after: str) -> Iterator[Piece]:
    """Line by line first, then the words of the lines that differ."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(SAME, "".join(new[b1:b2]))
        elif a2 - a1 == b2 - b1:
            for one, other in zip(old[a1:a2], new[b1:b2], strict=True):
                yield from _words(one, other)
        else:
            yield from _words("".join(old[a1:a2]), "".join(new[b1:b2]))


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > WORDS_COMPARED:
        yield from _edit(before, after)
        return
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(SAME, "".join(new[b1:b2]))
        else:
            yield from _edit("".join(old[a1:a2]), "".join(new[b1:b2]))


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Two edits with nothing but a blank between them are one: a reader sees phrases, not single words. So are two
    unchanged stretches in a row."""
    dropped, added, same = "", "", ""
    for piece in pieces:
        if piece.sign == SAME and not (piece.text.isspace() and dropped and added and "\n" not in piece.text):
            yield from _edit(dropped, added)
            dropped = added = ""
            same += piece.text
            continue
        if same:
            yield Piece(SAME, same)
            same = ""
        dropped += piece.text if piece.sign != ADDED else ""
        added += piece.text if piece.sign != DROPPED else ""
    if same:
        yield Piece(SAME, same)
    yield from _edit(dropped, added)


def _edit(dropped: str, added: str) -> Iterator[Piece]:
    if dropped:
        yield Piece(DROPPED, dropped)
    if added:
        yield Piece(ADDED, added)


def _shortened(told: Sequence[Piece]) -> Iterator[Piece]:
    for place, piece in enumerate(told):
        words = _WORD.findall(piece.text) if piece.sign == SAME else []
        shown = 2 * CONTEXT  # words and the blanks between them
        head, tail = (shown if place else 0), (shown if place < len(told) - 1 else 0)
        hidden = words[head : len(words) - tail] if len(words) > head + tail + shown else []
        if not hidden:
            yield piece
            continue
        if head:
            yield Piece(SAME, "".join(words[:head]))
        yield Piece(SKIPPED, f"{sum(1 for word in hidden if word.strip() and word[0].isalnum())} words unchanged")
        if tail:
            yield Piece(SAME, "".join(words[len(words) - tail :]))
