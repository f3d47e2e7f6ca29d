"""A year in some minutes: 370 days with everything that can befall the tracker (`make proof`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scheduler.year import Course, live_through

A_YEAR = Course(
    days=370,
    outages=((11, 15), (203, 212)),
    switched_off=((32, 36), (300, 309)),
    mail_down=(20, 22),
    wrong_config=17,
    special={
        2: "registered",
        5: "removed",
        8: "merged",
        24: "shrunken answer",
        60: "registered",
        100: "removed",
        140: "shrunken answer",
        180: "registered",
        230: "merged",
        260: "registered",
        320: "removed",
    },
    crashes=(9, 28, 50, 77, 105, 140, 168, 189, 219, 245, 273, 294, 336, 357),
    upgrade=150,
    downgrade_tried=152,
    disk_lost=(150, 238),
    move=289,
)


@pytest.mark.parametrize("store_kind", ["postgresql"])  # to which it moves
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_report_and_mail_of_a_year_tells_what_happened_once(
    tmp_path: Path, new_store_url: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    live_through(A_YEAR, tmp_path, seed=seed, postgresql=new_store_url, patch=monkeypatch)
