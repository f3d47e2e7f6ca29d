"""Situations, noise, series and the large worlds: that they change what they say, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.registry.standin import StandIn, World, a_study, noise, results, situations
from tests.registry.standin.bulk import bulk_world, changed_ids
from tests.registry.standin.fields import by_name, fields
from tests.registry.standin.series import SHARED, has_real_series, play, real_series, synthetic_series

A, B = "NCT90000001", "NCT90000002"
TOUCHED = {
    "statusModule.statusVerifiedDate",
    "statusModule.lastUpdateSubmitDate",
    "statusModule.lastUpdatePostDateStruct.date",
}


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of a record by its dotted path."""
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in leaves(below, f"{path}.{key}").items()}
    if isinstance(value, list):
        return {k: v for at, below in enumerate(value) for k, v in leaves(below, f"{path}.{at}").items()}
    return {path.removeprefix(".protocolSection.").removeprefix("."): value}


def moved(happens: Callable[[World], object], *, status: str = "RECRUITING") -> set[str]:
    """The paths of study A that differ after something happened."""
    world = World([a_study(A, status=status), a_study(B)])
    before = leaves(world.study(A))
    happens(world)
    after = leaves(world.study(A))
    return {path for path in before | after if before.get(path) != after.get(path)}


END = {
    f"statusModule.{which}DateStruct.{part}"
    for which in ("primaryCompletion", "completion")
    for part in ("date", "type")
}


@pytest.mark.parametrize(
    ("happens", "paths"),
    [
        (lambda w: situations.closes_to_recruitment(w, A), {"statusModule.overallStatus"}),
        (
            lambda w: situations.a_trial_completes(w, A, on="2026-01-05", enrolled=48),
            END
            | {"statusModule.overallStatus", "designModule.enrollmentInfo.count", "designModule.enrollmentInfo.type"},
        ),
        (
            lambda w: situations.a_trial_is_terminated(w, A, why="Slow accrual", on="2026-01-05"),
            END | {"statusModule.overallStatus", "statusModule.whyStopped"},
        ),
        (lambda w: situations.a_date_slips(w, A, to="2027-01"), {"statusModule.primaryCompletionDateStruct.date"}),
        (
            lambda w: situations.a_date_is_refined(w, A, to="2026-06-30"),
            {"statusModule.primaryCompletionDateStruct.date"},
        ),
        (lambda w: situations.enrollment_changes(w, A, 80), {"designModule.enrollmentInfo.count"}),
        (
            lambda w: situations.a_text_is_edited(w, A, "identificationModule.briefTitle", "Another"),
            {"identificationModule.briefTitle"},
        ),
        (lambda w: situations.a_site_closes(w, A), {"contactsLocationsModule.locations.0.status"}),
    ],
)
def test_an_update_by_the_sponsor(happens: Callable[[World], object], paths: set[str]) -> None:
    assert moved(happens) == paths | TOUCHED


@pytest.mark.parametrize(
    ("happens", "paths"),
    [
        (
            lambda w: situations.status_flips_to_unknown(w, A),
            {"statusModule.overallStatus", "statusModule.lastKnownStatus"},
        ),
        (
            lambda w: situations.a_paper_is_linked(w, A, type="DERIVED"),
            {f"referencesModule.references.1.{part}" for part in ("pmid", "type", "citation")},
        ),
        (lambda w: w.refresh(), {"derivedSection.miscInfoModule.versionHolder"}),
        (lambda w: situations.a_trial_is_removed(w, B), set()),
    ],
)
def test_what_the_registry_does_by_itself(happens: Callable[[World], object], paths: set[str]) -> None:
    assert moved(happens) == paths


def test_results_go_there_and_back() -> None:
    world = World([a_study(A, status="COMPLETED")])
    before = world.study(A)
    results.results_are_submitted(world, A, on="2026-01-05")
    results.results_are_returned(world, A, on="2026-02-10")
    assert world.study(A)["hasResults"] is False
    results.results_are_posted(world, A, on="2026-03-03")
    posted = world.study(A)
    assert posted["hasResults"] is True
    assert posted["protocolSection"]["statusModule"]["resultsFirstPostDateStruct"]["date"] == "2026-03-03"
    results.results_are_withdrawn(world, A)
    assert "resultsSection" not in world.study(A)
    assert world.study(A)["hasResults"] == before["hasResults"]


def test_a_new_trial_is_posted_with_the_next_refresh() -> None:
    world = World([a_study(A)])
    world.returns("Spine tumor", [A])
    situations.a_trial_is_registered(world, B, returned_by="Spine tumor")
    world.refresh()
    status = world.study(B)["protocolSection"]["statusModule"]
    assert status["studyFirstPostDateStruct"]["date"] == world.data_date == "2026-03-03"
    assert world.answer("query.cond", "Spine tumor") == (A, B)


def test_a_refresh_is_on_weekdays_at_nine() -> None:
    world = World(data_timestamp="2026-03-06T09:00:04")
    assert world.refresh() == "2026-03-09T09:00:05"
    assert world.refresh(to="2026-02-01") == "2026-02-01T09:00:05"


def test_noise_touches_no_date_and_loses_nothing() -> None:
    world = World([a_study(A), a_study(B)])
    before = {nct_id: leaves(world.study(nct_id)) for nct_id in world.ids()}
    noise.the_registry_reingests(world)
    for nct_id in world.ids():
        after = leaves(world.study(nct_id))
        assert after != before[nct_id]
        assert {k: v for k, v in after.items() if "statusModule" in k} == {
            k: v for k, v in before[nct_id].items() if "statusModule" in k
        }
        assert len(after) == len(before[nct_id])


def test_records_that_cannot_be_read_leave_the_others_readable() -> None:
    world = World(a_study(f"NCT9000000{number}") for number in range(1, 7))
    broken = world.ids()
    noise.a_title_has_a_lone_surrogate(world, broken[0])
    noise.a_title_has_a_nul(world, broken[1])
    noise.a_record_is_no_object(world, broken[2])
    noise.a_record_has_no_nct_id(world, broken[3])
    noise.a_module_has_the_wrong_type(world, broken[4])
    with StandIn(world) as registry:
        params = {"sort": "StudyFirstPostDate", "fields": "ProtocolSection"}
        answer = requests.get(registry.url + "/studies", params=params, timeout=5)
    assert rb"\ud800" in answer.content
    assert rb"\u0000" in answer.content
    studies = json.loads(answer.content)["studies"]
    assert studies[2] == ["not a study"]
    assert "nctId" not in studies[3]["protocolSection"]["identificationModule"]
    assert studies[4]["protocolSection"]["statusModule"] == "not a module"
    assert studies[5]["protocolSection"]["identificationModule"]["nctId"] == broken[5]


def test_the_index_shrinks_but_each_study_can_still_be_read() -> None:
    world = World(a_study(f"NCT900000{number:02}") for number in range(1, 21))
    situations.the_index_shrinks(world, to=0.1)
    assert [entry.nct_id for entry in world.entries()] == list(world.ids()[:2])
    assert world.canonical(world.ids()[-1]) == world.ids()[-1]
    situations.the_index_recovers(world)
    assert len(world.entries()) == 20


def test_the_large_world_changes_exactly_what_it_says() -> None:
    baseline, changed, plan = bulk_world(120), bulk_world(120, state="changed"), changed_ids(120)
    assert set(baseline.ids()) - set(changed.ids()) == plan.gone
    assert set(changed.ids()) - set(baseline.ids()) == plan.new
    both = set(baseline.ids()) & set(changed.ids())
    differ = {i for i in both if baseline.entry(i) != changed.entry(i)}
    assert differ == plan.changed


def test_the_large_world_has_the_registry_s_sizes() -> None:
    sizes = sorted(len(entry.body("2026-03-02")) for entry in bulk_world(300).entries())
    assert 10_500 < sizes[0] < sizes[-1] < 62_000
    assert 20_500 < sizes[150] < 23_500


def test_the_invented_series_is_the_same_each_time_and_tells_a_story() -> None:
    first, second = list(synthetic_series()), list(synthetic_series())
    assert first == second
    assert [snapshot.data_date for snapshot in first] == [
        "2026-02-04",
        "2026-02-09",
        "2026-02-18",
        "2026-03-03",
    ]
    assert [len(snapshot.studies) for snapshot in first] == [8, 8, 8, 7]


@pytest.mark.skipif(not has_real_series(), reason="shared/records is not beside the repository")
def test_the_real_series_is_served_as_it_was_recorded() -> None:
    world = World()
    for snapshot in real_series():
        play(world, snapshot)
        assert world.data_date == snapshot.data_date
        for recorded in snapshot.studies:
            served = world.study(recorded["protocolSection"]["identificationModule"]["nctId"])
            recorded["derivedSection"]["miscInfoModule"]["versionHolder"] = snapshot.data_date
            assert served == recorded


@pytest.mark.skipif(not (SHARED / "registry").is_dir(), reason="shared/registry is not beside the repository")
def test_the_field_table_is_the_registry_s() -> None:
    def nodes(tree: list[Any], path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        below = [(node, (*path, node["name"])) for node in tree]
        return [
            pair
            for node, place in below
            for pair in [(".".join(place), node["piece"]), *nodes(node.get("children", []), place)]
        ]

    recorded = nodes(json.loads((SHARED / "registry" / "studies-metadata.json").read_text(encoding="utf-8")))
    assert [(field.dotted, field.piece) for field in fields()] == recorded


@pytest.mark.skipif(not has_real_series(), reason="shared/records is not beside the repository")
def test_recorded_studies_use_only_known_fields() -> None:
    known = {name for name in by_name() if name[0].islower()}
    study = next(real_series()).studies[0]
    plain = {".".join(part for part in path.split(".") if not part.isdigit()) for path in leaves(study)}
    roots = ("derivedSection", "documentSection", "annotationSection", "resultsSection", "hasResults")
    full = {path if path.startswith(roots) else f"protocolSection.{path}" for path in plain}
    points = {name for name in full if name.endswith((".geoPoint.lat", ".geoPoint.lon"))}  # a leaf to the registry
    assert full - points - known == set()


def test_the_server_runs_by_itself_and_ends_when_asked() -> None:
    command = [sys.executable, "-m", "tests.registry.standin.serve", "--studies", "5", "--state", "restamped"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert requests.get(url + "/version", timeout=5).json()["dataTimestamp"] == "2026-03-03T09:00:05"
            params = {"query.cond": "anything", "countTotal": "true"}
            assert requests.get(url + "/studies", params=params, timeout=5).json()["totalCount"] == 5
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0
