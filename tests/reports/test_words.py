"""The report's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.words import CUT, clipped


@pytest.mark.parametrize(
    ("length", "kept"),
    [
        (15, "spread to bone"),  # the semicolon goes with what it led to
        (19, "spread to bone"),
        (26, "spread to bone; paraspinal"),
        (33, "spread to bone; paraspinal"),
    ],
)
def test_a_text_is_cut_between_words(length: int, kept: str) -> None:
    assert clipped("spread to bone; paraspinal muscles", length) == kept + CUT


def test_a_text_that_fits_stays() -> None:
    assert clipped("spread to bone", 14) == "spread to bone"


def test_a_word_without_end_is_cut_all_the_same() -> None:
    assert clipped("ab " + "x" * 50, 10) == "ab xxxxxxx" + CUT


@given(st.text(), st.integers(1, 30))
def test_what_is_kept_is_the_beginning_and_no_longer_than_allowed(text: str, length: int) -> None:
    kept = clipped(text, length).removesuffix(CUT)
    assert text.startswith(kept)
    assert len(kept) <= length
