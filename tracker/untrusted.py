"""Making text from outside harmless where it is shown: in a spreadsheet's cell, in a terminal or in a log line.

HTML is escaped by the templates, not here.
"""

from __future__ import annotations

import re
import unicodedata

_FORMULA_SIGN = "=+@\\t\\r\\0＝＋－＠\\-"
_FORMULA = re.compile(rf"(?:^[\s;,|'\"\u00a0\u200b\u2060\ufeff]*|\n)[{_FORMULA_SIGN}]")
_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029\t")


def neutralised(text: str) -> str:
    """`text` as a spreadsheet's cell that can't be a formula: a leading apostrophe where it would be one.

    Spreadsheets skip blanks, invisible characters and their own separators before a formula, take its signs in
    full width too, and some begin a new cell at a line break.
    """
    return f"'{text}" if _FORMULA.search(text) or text.startswith(("\t", "\r", "\n")) else text


def plain_line(text: str) -> str:
    """`text` on one line: breaks become blanks; control, bidirectional and other invisible characters go.

    What is left can neither move a terminal's cursor, nor turn a line around, nor begin a second log line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_plain(letter) for letter in text)


def plain_text(text: str) -> str:
    """As `plain_line`, but the line feeds stay."""
    return "\n".join(plain_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def _plain(letter: str) -> str:
    if letter in _BREAKS:
        return " "
    category = unicodedata.category(letter)
    # Cf holds the bidirectional controls and the zero-width characters; Cs a lone half of a surrogate pair, which no
    # encoding can write.
    if category in ("Cc", "Cf"):
        return ""
    return "\N{REPLACEMENT CHARACTER}" if category == "Cs" else letter
