"""The phase that a title claims."""

from __future__ import annotations

import pytest

from tracker.phases import phases_claimed


@pytest.mark.parametrize(
    ("title", "claimed"),
    [
        ("Randomized Phase II Study of Radiation Therapy", ("PHASE2",)),
        ("A Phase 1/2 Study", ("PHASE1", "PHASE2")),
        ("A Phase I-II Trial", ("PHASE1", "PHASE2")),
        ("Phase I and Phase II", ("PHASE1", "PHASE2")),
        ("Phase Ib/IIa Trial", ("PHASE1", "PHASE2")),
        ("Phase 2b dose finding", ("PHASE2",)),
        ("An Early Phase 1 Study", ("EARLY_PHASE1",)),
        ("Kyphoplasty: Phase III.", ("PHASE3",)),
        ("PHASE IV Trial", ("PHASE4",)),
        ("The last phase of life", ()),
        ("Phase 12 of a survey", ()),
        ("Multiphase 2 imaging", ()),
        ("Phase 1.5", ()),
        (None, ()),
    ],
)
def test_the_phase_in_a_title(title: str | None, claimed: tuple[str, ...]) -> None:
    assert phases_claimed(title) == claimed
