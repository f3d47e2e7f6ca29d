"""Which words of a text were edited."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.html import report_html
from reports.parts import Piece
from reports.passages import paired, word_edits
from tests.reports.stories import change, recorded, studies, trial, view_of
from tracker.changes import Kind


def said(before: str, after: str) -> str:
    marks = {"same": "{}", "dropped": "[-{}-]", "added": "[+{}+]", "skipped": "…{}…"}
    return "".join(marks[piece.sign].format(piece.text) for piece in word_edits(before, after))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Age 18 or older", "Age 21 or older", "Age [-18-][+21+] or older"),
        ("Pain at 6 weeks", "Pain at 6 weeks and 3 months", "Pain at 6 weeks[+ and 3 months+]"),
        ("Rate of new fracture", "Vertebral fracture rate", "[-Rate of new-][+Vertebral+] fracture[+ rate+]"),
        ("One\nTwo\nThree", "One\n2\nThree", "One\n[-Two-][+2+]\nThree"),
        ("same", "same", "same"),
    ],
)
def test_an_edit_in_place(before: str, after: str, told: str) -> None:
    assert said(before, after) == told


def test_long_unchanged_stretches_are_skipped_and_counted() -> None:
    text = " ".join(f"w{number}" for number in range(100))
    told = said(f"{text} old", f"{text} new")
    assert re.fullmatch(r"…88 words unchanged….* w99 \[-old-\]\[\+new\+\]", told)


@given(st.lists(st.sampled_from(["a", "b", "c", "d "]), max_size=30), st.lists(st.sampled_from("abc "), max_size=30))
def test_the_pieces_give_both_texts_back(old: list[str], new: list[str]) -> None:
    before, after = " ".join(old), "".join(new)
    pieces = word_edits(before, after)
    if any(piece.sign == "skipped" for piece in pieces):
        return
    assert "".join(piece.text for piece in pieces if piece.sign != "added") == before or not pieces
    assert "".join(piece.text for piece in pieces if piece.sign != "dropped") == after or not pieces


def test_a_text_edited_all_over_is_shown_before_and_after() -> None:
    assert word_edits("Inclusion: age 18\n" * 60, "Inclusion: age 21\n" * 60) == ()


def test_entries_of_a_list_that_were_reworded_are_told_from_replaced_ones() -> None:
    pairs, dropped, added = paired(
        ("Soft tissue dissecting time", "Blood loss"), ("Soft Tissue Dissecting Time, in minutes", "Overall survival")
    )
    assert pairs == [("Soft tissue dissecting time", "Soft Tissue Dissecting Time, in minutes")]
    assert (dropped, added) == (["Blood loss"], ["Overall survival"])


def test_the_page_shows_the_words_and_escapes_them() -> None:
    text = "Patients with metastases of the spine and a life expectancy of more than {} months, <b>as judged</b>. " * 2
    view = view_of(
        recorded(
            [change("NCT00000001", Kind.ELIGIBILITY, "eligibility_criteria", text.format(3, 3), text.format(6, 3))]
        ),
        studies(trial("NCT00000001")),
    )
    page = report_html(view).decode()
    assert "<del>3</del><ins>6</ins> months, &lt;b&gt;as judged&lt;/b&gt;" in page
    assert view.sections[0].items[0].facts[0].edits[0][1:3] == (Piece("dropped", "3"), Piece("added", "6"))
