"""Sixty days in half a minute, with everything that can befall the tracker; the whole year is in `make proof`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scheduler.year import Course, live_through

SIXTY_DAYS = Course(
    days=60,
    outages=((11, 15), (43, 45)),
    switched_off=((32, 36),),
    mail_down=(20, 22),
    wrong_config=17,
    special={2: "registered", 5: "removed", 8: "merged", 17: "registered", 24: "shrunken answer", 30: "merged"},
    crashes=(9, 28, 38, 50),
    upgrade=29,
    downgrade_tried=31,
    disk_lost=(29, 42),
    move=46,
)


@pytest.mark.parametrize("store_kind", ["postgresql"])  # to which it moves
def test_every_report_and_mail_tells_what_happened_once(
    tmp_path: Path, new_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(SIXTY_DAYS, tmp_path, seed=1, postgresql=new_store_url, patch=monkeypatch)
