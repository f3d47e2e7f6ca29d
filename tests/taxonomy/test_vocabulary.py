"""The taxonomy as data: its vocabulary, its version, its errors, and what an admin adds to it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.taxonomy.labelled import labelled_records
from tests.taxonomy.trials import treatments, trial, tumour
from tracker.errors import ConfigError
from tracker.taxonomy import InvalidTaxonomy, Relevance, Role, classify, extended, shipped
from tracker.taxonomy.checks import problems_in

_VOCABULARY = {
    "relevance": "focus one_of_several listed_only none",
    "role": "tested comparator background",
    "origin": "metastatic primary haematological unspecified",
    "compartment": "vertebral epidural paraspinal intradural_extramedullary intramedullary leptomeningeal",
    "kind": "ependymoma astrocytoma glioma hemangioblastoma ganglioglioma germinoma meningioma schwannoma neurofibroma "
    "paraganglioma chordoma chondrosarcoma ewing_sarcoma osteosarcoma giant_cell_tumour haemangioma",
    "primary_cancer": "breast lung prostate kidney colon upper_gastrointestinal thyroid melanoma other",
    "region": "cervical thoracic lumbar sacral",
    "flag": "benign cord_compression fracture reirradiation",
    "group": "surgery minimally_invasive radiation systemic emerging supportive_diagnostic",
    "treatment": "en_bloc_resection decompression minimal_access percutaneous_fixation thoracoscopic_endoscopic "
    "vertebroplasty kyphoplasty cement_augmentation radiofrequency_ablation cryoablation "
    "laser_interstitial_thermal_therapy focused_ultrasound photodynamic ethanol_embolisation "
    "conventional_external_beam intensity_modulated stereotactic intraoperative brachytherapy craniospinal proton "
    "carbon_ion radiopharmaceutical chemotherapy intrathecal hormonal immunotherapy targeted_drugs corticosteroids "
    "bisphosphonates denosumab nanoformulation custom_implant navigation_robotics artificial_intelligence "
    "anaesthesia_recovery imaging bone_graft quality_of_life_observation surgical_supplies",
}


@pytest.mark.parametrize("axis", _VOCABULARY)
def test_the_vocabulary_is_that_of_the_reviews(axis: str) -> None:
    assert list(shipped().tables[axis]) == _VOCABULARY[axis].split()
    assert all(shipped().label(axis, one) for one in _VOCABULARY[axis].split())


def test_the_shipped_tables_have_no_problem() -> None:
    assert list(problems_in(shipped().tables)) == []


def test_no_label_has_two_meanings() -> None:
    named = [
        one
        for axis in ("origin", "compartment", "kind", "primary_cancer", "region", "flag", "group", "treatment")
        for one in shipped().tables[axis]
    ]
    assert len(named) == len(set(named))


def test_relevance_and_roles_in_code_are_those_of_the_tables() -> None:
    assert [one.value for one in Relevance] == list(shipped().tables["relevance"])
    assert [one.value for one in Role] == list(shipped().tables["role"])


def test_every_label_says_where_it_was_read() -> None:
    for record in labelled_records():
        classes = classify(record.study)
        assert classes.relevance is Relevance.NONE or classes.relevance_readings
        for label in classes.labels:
            assert label.readings, (record.key, label.id)
            for reading in label.readings:
                assert reading.words in reading.passage or reading.words == "RADIATION", (record.key, label)


def test_a_reading_shows_field_words_and_passage() -> None:
    classes = classify(trial("Radiosurgery", conditions=["Pain", "Vertebral Metastases"]))
    (metastatic,) = classes.of("origin")
    assert (metastatic.words, metastatic.readings[0].field) == ("metastatic", "conditions")
    assert (metastatic.readings[0].words, metastatic.readings[0].passage) == ("Metastases", "Vertebral Metastases")
    assert classes.relevance_readings[0].words == "Vertebral … Metastases"


def test_the_same_study_gives_the_same_classes_in_every_process() -> None:
    program = (
        "from tests.taxonomy.labelled import labelled_records\n"
        "from tracker.taxonomy import classify\n"
        "for one in labelled_records()[::7]: print(classify(one.study))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0]
    assert runs[0] == runs[1]


def test_a_pattern_of_ones_own_is_added_to_a_class() -> None:
    mine = extended(shipped(), {"treatment": {"radiofrequency_ablation": {"match": ["spinery"]}}})
    study = trial("SPINERY in Spine Metastases", interventions=["Device: SPINERY™"])
    assert treatments(classify(study)) == {}
    assert treatments(classify(study, mine)) == {"radiofrequency_ablation": "tested"}
    assert "radiofrequency_ablation" in treatments(classify(trial("RFA of Spine Tumors"), mine))


def test_a_class_of_ones_own() -> None:
    extra = {
        "treatment": {"sonodynamic": {"label": "sonodynamic therapy", "group": "minimally_invasive", "match": ["SDT"]}},
        "kind": {"teratoma": {"label": "teratoma", "match": ["teratomas?"], "implies": ["origin.primary"]}},
    }
    mine = extended(shipped(), extra)
    classes = classify(trial("SDT of Sacrococcygeal Teratoma", conditions=["Tumor of the Sacrum"]), mine)
    assert treatments(classes) == {"sonodynamic": "tested"}
    assert {"kind.teratoma", "origin.primary"} <= tumour(classes)
    assert classes.of("kind")[0].words == "teratoma"


def test_words_of_ones_own_are_passed_over() -> None:
    mine = extended(shipped(), {"words": {"spine": {"unless": ["spine hospital"]}}})
    study = trial("Cancer Care at the Spine Hospital")
    assert classify(study).relevance is Relevance.FOCUS
    assert classify(study, mine).relevance is Relevance.NONE


def test_the_version_changes_with_the_tables_only() -> None:
    mine = extended(shipped(), {"kind": {"chordoma": {"match": ["notochordal"]}}})
    again = extended(shipped(), {"kind": {"chordoma": {"match": ["notochordal"]}}})
    assert mine.version == again.version != shipped().version
    assert extended(shipped(), {}).version == shipped().version
    assert classify(trial("Chordoma"), mine).version == mine.version


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        (
            {"treatment": {"vertebroplasty": {"match": ["cement", "verte(bro"]}}},
            "config.toml: taxonomy: treatment.vertebroplasty.match[2]: the pattern 'verte(bro' does not compile: "
            "missing ), unterminated subpattern at position 5",
        ),
        (
            {"treatment": {"vertebroplasty": {"unless": ["x*"]}}},
            "treatment.vertebroplasty.unless[1]: the pattern 'x*' matches the empty text",
        ),
        ({"treatments": {}}, 'treatments: is no axis; did you mean "treatment"?'),
        ({"treatment": []}, "treatment: a table of classes is expected, not []"),
        ({"kind": {"chordoma": "x"}}, "kind.chordoma: a table with match or unless is expected, not 'x'"),
        ({"kind": {"chordoma": {"mach": []}}}, 'kind.chordoma.mach: is no key of a class; did you mean "match"?'),
        ({"kind": {"chordoma": {"match": "x"}}}, "kind.chordoma.match: a list of texts is expected, not 'x'"),
        (
            {"kind": {"chordma": {"match": ["x"]}}},
            'kind.chordma.label: is missing; a class that is new needs its name in words (did you mean "chordoma"?)',
        ),
        ({"kind": {"Chordoma": {"label": "x"}}}, "kind.Chordoma: an identifier is of small letters"),
        ({"kind": {"x": {"label": "x", "group": "surgery"}}}, "kind.x.group: only a treatment has a group"),
        ({"kind": {"x": {"label": "x", "implies": ["origin"]}}}, "kind.x.implies: 'origin' is no class"),
        ({"kind": {"x": {"label": "x", "fields": ["title"]}}}, "kind.x.fields: 'title' is no field"),
        ({"kind": {"x": {"label": "x", "longest_list": 0}}}, "kind.x.longest_list: a whole number above 0 is expected"),
        ({"treatment": {"x": {"label": "x"}}}, "treatment.x.group: is missing; known: surgery, "),
        ({"treatment": {"x": {"label": "x", "group": "surgry"}}}, "'surgry' is no group; did you mean \"surgery\"?"),
        ({"words": {"spin": {"match": ["x"]}}}, 'words.spin: is not there to be extended; did you mean "spine"?'),
    ],
)
def test_impossible_tables_are_named_by_key_and_pattern(extra: dict[str, object], line: str) -> None:
    with pytest.raises(InvalidTaxonomy) as caught:
        extended(shipped(), extra)
    assert isinstance(caught.value, ConfigError)
    assert caught.value.exit_code == 2
    assert [one for one in caught.value.lines if line in one], caught.value.lines


def test_all_problems_are_told_at_once() -> None:
    extra = {"kind": {"chordoma": {"match": ["("]}, "glioma": {"match": ["["]}}, "region": {"sacral": {"x": 1}}}
    with pytest.raises(InvalidTaxonomy) as caught:
        extended(shipped(), extra, source="my.toml")
    assert len(caught.value.lines) == 3
    assert all(line.startswith("my.toml: ") for line in caught.value.lines)


def test_blanks_hyphens_and_signs_in_patterns_and_texts() -> None:
    mine = extended(shipped(), {"kind": {"chordoma": {"match": ["noto ?chordal tumou?r"]}}})
    for text in ("Notochordal tumour", "Noto-chordal\u2011Tumor®", "noto chordal  tumor"):
        assert "kind.chordoma" in tumour(classify(trial(text), mine)), text
    assert "kind.chordoma" not in tumour(classify(trial("Notochordal tumours"), mine))


def test_text_in_letters_that_change_their_length_is_read_where_it_stands() -> None:
    classes = classify(trial("İİİ Vertebroplasty for spinal metastases"))
    assert classes.of("treatment")[0].readings[0].words == "Vertebroplasty"
