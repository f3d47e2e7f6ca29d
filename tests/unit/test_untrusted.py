"""Text from outside does nothing in a spreadsheet, a terminal or a log."""

from __future__ import annotations

import pytest

from tracker.untrusted import neutralised, plain_line, plain_text

FORMULAS = [
    "=cmd|'/c calc'!A1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "\0=1",
    " =1",
    "\u00a0=1",
    "\u200b=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    ";=1",
    ",=1",
    '"=1',
    "a\n=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "NCT00508443", "a = b", "2-fold", "x\ny", "Phase 1/2", "2020-07-28", "é=1"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("Björk’s – trial", "Björk’s – trial"),
        ("a\nb\r\nc\u2028d\te", "a b  c d e"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred[0m"),
        ("\x9b31mC1", "31mC1"),
        ("left\u202eright\u2066x\u200by", "leftrightxy"),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_a_line_stays_one_line(text: str, line: str) -> None:
    assert plain_line(text) == line
    assert plain_line(text).isprintable()


def test_text_keeps_its_line_feeds() -> None:
    assert plain_text("one\r\ntwo\x1b\nthree") == "one\ntwo\nthree"
