"""Trials by tumour and treatment: `tracker list --tumor --treatment`, `show --classes`, and classes of one's own."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command_line import CommandLine, Ended
from tests.commands.searching import CHORDOMA, SEARCH, SPINE, A, B, C, D, Tuning, tuning
from tests.registry.standin import World, a_study

OWN_CLASS = """
[taxonomy.treatment.histotripsy]
label = "Histotripsy"
group = "minimally_invasive"
match = ["histotrips(y|ies)"]
"""


def a_trial(nct_id: str, title: str, condition: str, *interventions: tuple[str, str]) -> dict[str, Any]:
    study = a_study(nct_id, title=title, conditions=(condition,))
    study["protocolSection"]["armsInterventionsModule"] = {
        "interventions": [{"type": type_, "name": name} for type_, name in interventions]
    }
    return study


@pytest.fixture
def world() -> World:
    world = World(
        [
            a_trial(A, "Radiosurgery of spinal metastases", "Spinal Metastases", ("RADIATION", "SBRT")),
            a_trial(B, "Vertebroplasty of chordoma of the spine", "Chordoma", ("PROCEDURE", "Vertebroplasty")),
            a_trial(C, "Histotripsy of spinal metastases", "Spinal Metastases", ("DEVICE", "Histotripsy")),
        ]
    )
    world.returns(SPINE, [A, B, C])
    return world


@pytest.fixture
def admin(folder: Path, tracker: CommandLine, world: World) -> Any:
    with tuning(folder, tracker, world) as made:
        made.sync()
        yield made


def listed(tracker: CommandLine, *words: str) -> list[str]:
    ended = tracker("list", *words, "--json")
    assert ended.exit_code == 0, ended.err
    return [trial["nct_id"] for trial in json.loads(ended.out)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--tumor", "metastatic"), [A, C]),
        (("--tumour", "METASTATIC"), [A, C]),
        (("--tumor", "chordoma"), [B]),
        (("--tumor", "chordoma", "--tumor", "metastatic"), [A, B, C]),
        (("--treatment", "SBRT"), [A]),
        (("--treatment", "SABR"), [A]),
        (("--treatment", "stereotactic"), [A]),
        (("--treatment", "Stereotactic radiosurgery, SBRT"), [A]),
        (("--treatment", "radiation"), [A]),
        (("--treatment", "minimally-invasive"), [B]),
        (("--tumor", "metastatic", "--treatment", "vertebroplasty"), []),
        (("--treatment", "vertebroplasty", "--status", "withdrawn"), []),
    ],
)
def test_list_by_class(tracker: CommandLine, admin: Tuning, filters: tuple[str, ...], found: list[str]) -> None:
    assert listed(tracker, *filters) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tumor", "metastatik"), "'metastatik' is no tumour of the taxonomy. Did you mean \"metastatic\"? Known: "),
        (("--treatment", "vertebroplsty"), 'is no treatment of the taxonomy. Did you mean "vertebroplasty"?'),
        (("--treatment", "chordoma"), "'chordoma' is no treatment of the taxonomy. "),
        (("--treatment", ""), "'' is no treatment of the taxonomy. Known: "),
    ],
)
def test_list_refuses_words_that_name_no_class(
    tracker: CommandLine, admin: Tuning, words: tuple[str, ...], said: str
) -> None:
    ended = tracker("list", *words)
    assert (ended.exit_code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_show_says_where_each_class_was_read(tracker: CommandLine, admin: Tuning) -> None:
    shown = tracker("show", A, "--classes").out.split("\nClasses\n")[1]
    rows = {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in shown.splitlines()}
    assert rows["Tumour"].startswith("metastatic (")
    assert rows["Treatment"] == 'stereotactic radiosurgery, SBRT, tested (interventions: "SBRT")'
    [data] = json.loads(tracker("show", A, "--classes", "--json").out)
    [treatment] = [one for one in data["classes"]["labels"] if one["axis"] == "treatment"]
    assert (treatment["id"], treatment["role"]) == ("stereotactic", "tested")
    assert {"field": "interventions", "words": "SBRT", "passage": "SBRT"} in treatment["readings"]
    assert "Classes" not in tracker("show", A).out
    assert tracker("show", A, "--classes", "--diff", "1", "1").exit_code == 2


def test_a_class_of_ones_own_is_used_everywhere(tracker: CommandLine, admin: Tuning) -> None:
    assert tracker("list", "--treatment", "histotripsy").exit_code == 2
    changes = json.loads(tracker("show", C, "--json").out)[0]["changes"]
    admin.configure(SEARCH + OWN_CLASS + "[[report]]\nname = 'all'\nformats = ['studies']\n")
    assert listed(tracker, "--treatment", "histotripsy") == [C]
    assert listed(tracker, "--treatment", "minimally invasive") == [B, C]
    assert "Histotripsy, tested" in tracker("show", C, "--classes").out
    matrix = json.loads(tracker("landscape", "--table", "matrix", "--json").out)
    assert {row["Tumour"]: row["Histotripsy"] for row in matrix["tables"]["matrix"]["rows"]} == {
        "metastatic": 1,
        **{row["Tumour"]: 0 for row in matrix["tables"]["matrix"]["rows"] if row["Tumour"] != "metastatic"},
    }
    assert tracker("report", "--name", "all", "--out", "made").exit_code == 0
    assert b"Histotripsy" in b"".join(file.read_bytes() for file in Path("made").iterdir())
    # Labels are made anew; no change of a trial is told for it.
    assert json.loads(tracker("show", C, "--json").out)[0]["changes"] == changes


def test_a_preview_labels_relevance_by_the_admins_words(admin: Tuning) -> None:
    admin.world.put(a_trial(D, "Rachioma of adults", "Rachioma"))
    admin.world.returns(CHORDOMA, [D])
    assert "focus" not in relevance_of_the_second_term(admin)
    admin.configure(SEARCH + '[taxonomy.words.spine_tumour]\nmatch = ["rachioma"]\n')
    assert relevance_of_the_second_term(admin) == {"focus": 1}


def relevance_of_the_second_term(admin: Tuning) -> Any:
    return admin.data("preview")["searches"][0]["terms"][1]["relevance"]


@pytest.mark.parametrize(
    "words",
    [("list", "--tumor", "chordoma"), ("show", A, "--classes"), ("landscape",), ("report",), ("config", "check")],
)
def test_a_pattern_that_does_not_compile_is_named_with_file_and_key(
    tracker: CommandLine, admin: Tuning, words: tuple[str, ...]
) -> None:
    admin.configure(SEARCH + '[taxonomy.treatment.vertebroplasty]\nmatch = ["cement", "("]\n')
    ended = tracker(*words)
    assert ended.exit_code == 2
    assert f"{admin.folder / 'config.toml'}: taxonomy.treatment.vertebroplasty.match[2]: the pattern '('" in said(ended)
    assert tracker("show", A).exit_code == 0


def said(ended: Ended) -> str:
    return ended.out + ended.err


def test_the_studies_of_a_landscape_stay_text(tracker: CommandLine, admin: Tuning) -> None:
    with admin.world.editing(A) as study:
        study["protocolSection"]["identificationModule"]["officialTitle"] = "=HYPERLINK(1)"
    admin.sync(next_day=True)
    assert tracker("landscape", "--table", "active", "--format", "csv", "--out", "made").exit_code == 0
    rows = list(csv.reader(Path("made/active.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert "'=HYPERLINK(1)" in rows[1]
