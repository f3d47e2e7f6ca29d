"""Changes that the registry really made in February and March 2026: as facts, and in the recorded series."""

from __future__ import annotations

import gzip
import itertools
from collections import Counter
from functools import cache
from typing import Any, TypeAlias

import pytest

from tests.unit.records import SHARED, a_small_record, changes_between, edited
from tests.unit.second_diff import really_differs, second_diff
from tracker.changes import Change
from tracker.diff import diff, same_content
from tracker.parse import parse
from tracker.study import Study

SERIES = SHARED / "records" / "series"
FACTS = ("kind", "field", "before", "after", "days")

Fact: TypeAlias = tuple[str, str, Any, Any, int | None]

STATUS, POSTED = "statusModule.overallStatus", "statusModule.lastUpdatePostDateStruct.date"
START, PRIMARY, COMPLETION = (f"statusModule.{name}DateStruct" for name in ("start", "primaryCompletion", "completion"))
ENROLLMENT = "designModule.enrollmentInfo"
UNPOSTED = "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents"
SUBMISSIONS = "derivedSection.miscInfoModule.submissionTracking.submissionInfos"
REASON = (
    "This decision was conducted by the sponsor and not driven by safety concerns as no new safety signals have been "
    "observed in the CCR8 program."
)


def _estimated(day: str) -> dict[str, str]:
    return {"date": day, "type": "ESTIMATED"}


def _actual(day: str) -> dict[str, str]:
    return {"date": day, "type": "ACTUAL"}


def _count(count: int, type_: str) -> dict[str, Any]:
    return {"count": count, "type": type_}


def _facts(changes: tuple[Change, ...]) -> list[Fact]:
    return [(change.kind.value, change.field, change.before, change.after, change.days) for change in changes]


CASES: dict[str, list[tuple[dict[str, Any], list[Fact]]]] = {
    # each step: what the record says from then on, and what is told
    "NCT05294952 flips to unknown with no new update date": [
        ({STATUS: "NOT_YET_RECRUITING", POSTED: "2024-02-05"}, []),
        (
            {STATUS: "UNKNOWN", "statusModule.lastKnownStatus": "NOT_YET_RECRUITING"},
            [("status", "overall_status", "NOT_YET_RECRUITING", "UNKNOWN", None)],
        ),
    ],
    "NCT04457778 goes back and forth in review with no new update date": [
        (
            {
                STATUS: "COMPLETED",
                POSTED: "2023-12-08",
                UNPOSTED: [{"type": "RELEASE", "date": "2025-12-11"}, {"type": "RESET", "date": "2025-12-31"}],
                SUBMISSIONS: [
                    {"releaseDate": "2025-12-11", "resetDate": "2025-12-31"},
                    {"releaseDate": "2026-01-23"},
                ],
            },
            [],
        ),
        (
            {
                UNPOSTED: [
                    {"type": "RELEASE", "date": "2025-12-11"},
                    {"type": "RESET", "date": "2025-12-31"},
                    {"type": "RELEASE", "date": "2026-01-23"},
                    {"type": "RESET", "date": "2026-02-09"},
                ],
                SUBMISSIONS: [
                    {"releaseDate": "2025-12-11", "resetDate": "2025-12-31"},
                    {"releaseDate": "2026-01-23", "resetDate": "2026-02-09"},
                ],
            },
            [("results_review", "results_review", (), ("RESET | 2026-02-09",), None)],
        ),
        (
            {
                SUBMISSIONS: [
                    {"releaseDate": "2025-12-11", "resetDate": "2025-12-31"},
                    {"releaseDate": "2026-01-23", "resetDate": "2026-02-09"},
                    {"releaseDate": "2026-03-02"},
                ]
            },
            [("results_review", "results_review", (), ("RELEASE | 2026-03-02",), None)],
        ),
    ],
    "NCT04514484 reaches its primary completion, then corrects it by 356 days": [
        (
            {
                STATUS: "ACTIVE_NOT_RECRUITING",
                PRIMARY: _estimated("2025-11-02"),
                COMPLETION: _estimated("2025-11-02"),
                ENROLLMENT: _count(18, "ESTIMATED"),
                POSTED: "2025-10-28",
            },
            [],
        ),
        (
            {
                PRIMARY: _actual("2025-11-02"),
                COMPLETION: _estimated("2027-02-04"),
                ENROLLMENT: _count(8, "ACTUAL"),
                POSTED: "2026-02-09",
            },
            [
                ("date_reached", "primary_completion_date", "2025-11-02", "2025-11-02", 0),
                ("date_moved", "completion_date", "2025-11-02", "2027-02-04", 459),
                ("enrollment", "enrollment", 18, 8, None),
            ],
        ),
        (
            {PRIMARY: _actual("2024-11-11"), COMPLETION: _estimated("2027-02-06"), POSTED: "2026-02-11"},
            [
                ("date_corrected", "primary_completion_date", "2025-11-02", "2024-11-11", -356),
                ("date_moved", "completion_date", "2027-02-04", "2027-02-06", 2),
            ],
        ),
        ({POSTED: "2026-02-13"}, []),
        ({POSTED: "2026-03-09"}, []),
    ],
    "NCT06754501 closes to recruitment": [
        (
            {STATUS: "RECRUITING", ENROLLMENT: _count(35, "ESTIMATED"), POSTED: "2025-10-07"},
            [],
        ),
        (
            {STATUS: "ACTIVE_NOT_RECRUITING", ENROLLMENT: _count(4, "ACTUAL"), POSTED: "2026-02-18"},
            [
                ("closed_to_recruitment", "overall_status", "RECRUITING", "ACTIVE_NOT_RECRUITING", None),
                ("enrollment", "enrollment", 35, 4, None),
            ],
        ),
    ],
    "NCT06203210 reopens": [
        ({STATUS: "ACTIVE_NOT_RECRUITING", POSTED: "2026-01-20"}, []),
        (
            {STATUS: "RECRUITING", POSTED: "2026-02-09"},
            [("reopened", "overall_status", "ACTIVE_NOT_RECRUITING", "RECRUITING", None)],
        ),
        ({POSTED: "2026-03-02"}, []),
    ],
    "NCT05935098 is terminated": [
        (
            {
                STATUS: "ACTIVE_NOT_RECRUITING",
                PRIMARY: _estimated("2027-03-31"),
                COMPLETION: _estimated("2027-03-31"),
                ENROLLMENT: _count(263, "ESTIMATED"),
                "identificationModule.organization.fullName": "BeiGene",
            },
            [],
        ),
        (
            {
                STATUS: "TERMINATED",
                "statusModule.whyStopped": REASON,
                PRIMARY: _actual("2026-01-27"),
                COMPLETION: _actual("2026-01-27"),
                ENROLLMENT: _count(99, "ACTUAL"),
                "identificationModule.organization.fullName": "BeOne Medicines",
            },
            [
                ("stopped", "overall_status", "ACTIVE_NOT_RECRUITING", "TERMINATED", None),
                ("date_reached", "primary_completion_date", "2027-03-31", "2026-01-27", -428),
                ("date_reached", "completion_date", "2027-03-31", "2026-01-27", -428),
                ("enrollment", "enrollment", 263, 99, None),
                ("sponsor", "organization", "BeiGene", "BeOne Medicines", None),
            ],
        ),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_a_real_case_step_by_step(case: str) -> None:
    (first, _), *steps = CASES[case]
    before = edited(a_small_record(), first)
    for edits, expected in steps:
        after = edited(before, edits)
        assert _facts(changes_between(before, after)) == expected
        before = after


def test_the_flip_is_the_registrys_the_stop_has_its_reason_and_the_halved_enrollment_weighs() -> None:
    def last_step(case: str) -> tuple[Change, ...]:
        before = edited(a_small_record(), CASES[case][0][0])
        return changes_between(before, edited(before, CASES[case][1][0]))

    (flip,) = last_step("NCT05294952 flips to unknown with no new update date")
    assert flip.detail == {"set_by": "registry", "last_known_status": "NOT_YET_RECRUITING"}
    stop, *_, enrollment, _ = last_step("NCT05935098 is terminated")
    assert stop.why == REASON
    assert (enrollment.weight, enrollment.detail["share_percent"]) == ("major", 37)


# The recorded series


@cache
def _series() -> dict[str, list[tuple[str, Study]]]:
    """By NCT ID the recorded states of a study, each with its day."""
    if not SERIES.exists():
        pytest.skip(f"{SERIES} is not on this machine")
    states: dict[str, list[tuple[str, Study]]] = {}
    for path in sorted(SERIES.glob("*.jsonl.gz")):
        with gzip.open(path) as lines:
            for line in lines:
                study = parse(line)
                states.setdefault(study.nct_id, []).append((path.name.removesuffix(".jsonl.gz"), study))
    return states


@cache
def _steps() -> list[tuple[str, str, Study, Study]]:
    return [
        (study, day, before, after)
        for study, states in sorted(_series().items())
        for (_, before), (day, after) in itertools.pairwise(states)
    ]


def _told(study: str) -> dict[str, list[Fact]]:
    """By day what the recorded states of a study are told as."""
    days = {day: _facts(diff(before, after)) for one, day, before, after in _steps() if one == study}
    return {day: facts for day, facts in days.items() if facts}


def test_nearly_all_recorded_versions_differ_only_by_noise() -> None:
    pairs = _steps()
    differing = [(study, day) for study, day, before, after in pairs if not same_content(before, after)]
    assert (len(pairs), len(pairs) - len(differing)) == (548, 520)
    assert len({study for study, _ in differing}) == 17
    silent = [(study, day) for study, day, before, after in pairs if not diff(before, after)]
    assert len(silent) == 523
    assert set(differing) & set(silent) == {  # touched: a later day of update, and nothing else
        ("NCT04514484", "2026-02-16"),
        ("NCT04514484", "2026-03-10"),
        ("NCT06780137", "2026-02-12"),
    }


def test_the_second_diff_agrees_on_recorded_versions() -> None:
    """On all that differ, and on some of those that differ only by noise: it is slow."""
    differing = [step for step in _steps() if not same_content(*step[2:])]
    for study, day, before, after in [*differing, *_steps()[::20]]:
        told = {(change.kind.value, change.field) for change in diff(before, after)}
        assert told == second_diff(before.record, after.record), (study, day)
        assert bool(told) == really_differs(before.record, after.record), (study, day)


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        (
            "NCT05294952",
            {"2026-03-03": CASES["NCT05294952 flips to unknown with no new update date"][1][1]},
        ),
        (
            "NCT04457778",
            {
                "2026-02-12": [("results_review", "results_review", (), ("RESET | 2026-02-09",), None)],
                "2026-03-10": [("results_review", "results_review", (), ("RELEASE | 2026-03-02",), None)],
            },
        ),
        (
            "NCT04514484",
            {
                "2026-02-10": CASES["NCT04514484 reaches its primary completion, then corrects it by 356 days"][1][1],
                "2026-02-12": CASES["NCT04514484 reaches its primary completion, then corrects it by 356 days"][2][1],
            },
        ),
        ("NCT05935098", {"2026-03-14": CASES["NCT05935098 is terminated"][1][1]}),
        (
            "NCT05805501",
            {
                "2026-02-16": [
                    ("date_moved", "primary_completion_date", "2026-07-31", "2026-10-31", 92),
                    ("date_moved", "completion_date", "2026-07-31", "2026-10-31", 92),
                    ("sites", "sites", ("Asan Medical Center, Seoul, 05505, South Korea",), (), None),
                ]
            },
        ),
        (
            "NCT07386002",
            {
                "2026-02-10": [
                    (
                        "title",
                        "brief_title",
                        "A Phase II Study of Intracerebroventricular MT027 in Recurrent or Progressive Glioblastoma",
                        "Study of Intracerebroventricular MT027 in Recurrent or Progressive Glioblastoma",
                        None,
                    )
                ],
                "2026-02-12": [
                    (
                        "title",
                        "brief_title",
                        "Study of Intracerebroventricular MT027 in Recurrent or Progressive Glioblastoma",
                        "The GLIOMAX Study: MT027 Allogeneic CAR-T for Recurrent Glioma",
                        None,
                    ),
                    ("title", "acronym", None, "GLIOMAX-101", None),
                ],
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_recorded_changes_of_a_study(study: str, expected: dict[str, list[Fact]]) -> None:
    assert _told(study) == expected


@pytest.mark.parametrize(
    ("study", "day", "fields"),
    [
        (
            "NCT06754501",
            "2026-02-19",
            [
                ("closed_to_recruitment", "overall_status"),
                ("enrollment", "enrollment"),
                ("sites", "site_status"),
                ("other", "other"),
            ],
        ),
        (
            "NCT06203210",
            "2026-02-10",
            [
                ("reopened", "overall_status"),
                ("sites", "sites"),
                ("sites", "site_status"),
                ("eligibility", "eligibility_criteria"),
                ("other", "other"),
            ],
        ),
        ("NCT06203210", "2026-03-10", [("sites", "sites"), ("sites", "site_status")]),
        ("NCT05665595", "2026-02-19", [("publication", "derived_references")]),
    ],
)
def test_the_recorded_changes_of_a_study_by_field(study: str, day: str, fields: list[tuple[str, str]]) -> None:
    assert [fact[:2] for fact in _told(study)[day]] == fields


def test_the_recorded_statuses() -> None:
    statuses = [
        (fact[0], study, fact[2], fact[3])
        for study in _series()
        for facts in _told(study).values()
        for fact in facts
        if fact[1] == "overall_status"
    ]
    assert sorted(statuses) == [
        ("closed_to_recruitment", "NCT06754501", "RECRUITING", "ACTIVE_NOT_RECRUITING"),
        ("opened", "NCT07227597", "NOT_YET_RECRUITING", "RECRUITING"),
        ("reopened", "NCT06203210", "ACTIVE_NOT_RECRUITING", "RECRUITING"),
        ("status", "NCT05294952", "NOT_YET_RECRUITING", "UNKNOWN"),
        ("stopped", "NCT05935098", "ACTIVE_NOT_RECRUITING", "TERMINATED"),
    ]


def test_masked_sites_that_were_added_are_not_told_as_opened() -> None:
    """NCT06989112 names all its sites "Research Site"; of Ghent there was one, then a second that recruits."""
    (change,) = (
        change
        for study, day, before, after in _steps()
        if (study, day) == ("NCT06989112", "2026-02-12")
        for change in diff(before, after)
        if change.field == "site_status"
    )
    assert isinstance(change.before, tuple)
    assert isinstance(change.after, tuple)
    before, after = (
        Counter(name.partition(":")[0].rpartition(",")[2] for name in lines) for lines in (change.before, change.after)
    )
    assert before == after
    for old, new in zip(change.before, change.after, strict=True):
        assert not Counter(_statuses(old)) <= Counter(_statuses(new))


def _statuses(line: str) -> list[str]:
    return line.rpartition(": ")[2].split(", ")
