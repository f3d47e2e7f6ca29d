"""Roles: what is tested, what it is compared with, what all get anyway."""

from __future__ import annotations

from tests.taxonomy.trials import ACTIVE, EXPERIMENTAL, PLACEBO, treatments, trial
from tracker.taxonomy import classify


def test_the_active_comparator_is_the_comparator() -> None:
    study = trial(
        "SBRT for Spinal Metastases",
        interventions=["Radiation: SBRT", "Radiation: EBRT"],
        arms={"A": (EXPERIMENTAL, ["Radiation: SBRT"]), "B": (ACTIVE, ["Radiation: EBRT"])},
    )
    assert treatments(classify(study)) == {"stereotactic": "tested", "conventional_external_beam": "comparator"}


def test_without_an_experimental_arm_the_title_says_what_is_compared() -> None:
    study = trial(
        "SBRT Versus Conventional Radiation for Spinal Metastases",
        interventions=["Radiation: SBRT", "Radiation: EBRT"],
        arms={"A": (ACTIVE, ["Radiation: SBRT"]), "B": (ACTIVE, ["Radiation: EBRT"])},
    )
    assert treatments(classify(study)) == {"stereotactic": "tested", "conventional_external_beam": "comparator"}


def test_doses_of_one_treatment_are_tested() -> None:
    study = trial(
        "Single Versus Two Fraction Spine Radiosurgery",
        interventions=["Radiation: SRS in 1 fraction", "Radiation: SRS in 2 fractions", "Other: Questionnaire"],
        arms={
            "One": (EXPERIMENTAL, ["Radiation: SRS in 1 fraction", "Other: Questionnaire"]),
            "Two": (ACTIVE, ["Radiation: SRS in 2 fractions", "Other: Questionnaire"]),
        },
    )
    assert treatments(classify(study)) == {"stereotactic": "tested", "quality_of_life_observation": "background"}


def test_what_all_arms_get_is_background() -> None:
    study = trial(
        "Radiotherapy With or Without Vertebroplasty for Spinal Metastases",
        interventions=["Radiation: Radiotherapy", "Procedure: Vertebroplasty"],
        arms={
            "Both": (EXPERIMENTAL, ["Radiation: Radiotherapy", "Procedure: Vertebroplasty"]),
            "Alone": (ACTIVE, ["Radiation: Radiotherapy"]),
        },
    )
    assert treatments(classify(study)) == {"vertebroplasty": "tested", "radiation": "background"}


def test_what_a_placebo_is_added_to_is_background() -> None:
    study = trial(
        "AB-123 in Leptomeningeal Metastases",
        interventions=["Drug: AB-123", "Drug: Placebo", "Radiation: Craniospinal irradiation"],
        arms={
            "A": (EXPERIMENTAL, ["Drug: AB-123", "Radiation: Craniospinal irradiation"]),
            "B": (PLACEBO, ["Drug: Placebo", "Radiation: Craniospinal irradiation"]),
        },
    )
    assert treatments(classify(study)) == {"craniospinal": "background"}


def test_what_only_a_placebo_arm_gets_is_a_comparator() -> None:
    study = trial(
        "Pain After Spine Radiosurgery",
        interventions=["Drug: AB-123", "Drug: Dexamethasone"],
        arms={"A": (EXPERIMENTAL, ["Drug: AB-123"]), "B": (PLACEBO, ["Drug: Dexamethasone"])},
    )
    assert treatments(classify(study))["corticosteroids"] == "comparator"


def test_an_anaesthetic_in_surgery_tests_the_anaesthetic() -> None:
    study = trial("Dexmedetomidine in Spine Surgery for Cancer", interventions=["Drug: Dexmedetomidine"])
    assert treatments(classify(study)) == {"anaesthesia_recovery": "tested", "surgery": "background"}


def test_imaging_goes_along_with_a_treatment_but_can_be_what_is_tested() -> None:
    along = trial("SBRT of Spinal Metastases", interventions=["Radiation: SBRT", "Procedure: MRI"])
    tested = trial("PET-MRI in Spine Radiosurgery", interventions=["Procedure: PET-MRI"])
    assert treatments(classify(along)) == {"stereotactic": "tested", "imaging": "background"}
    assert treatments(classify(tested)) == {"imaging": "tested", "stereotactic": "background"}


def test_a_new_drug_in_the_title_is_tested_and_its_regimen_is_not() -> None:
    study = trial("Xyzotoxin in Chordoma of the Spine", interventions=["Drug: Xyzotoxin", "Drug: Cisplatin"])
    assert treatments(classify(study)) == {"chemotherapy": "background"}


def test_an_intervention_of_unnamed_kind_takes_its_kind_from_the_title() -> None:
    study = trial("Palliative Radiotherapy of Spinal Metastases", interventions=["Radiation: Radiotherapy"])
    assert treatments(classify(study)) == {"conventional_external_beam": "tested"}


def test_arm_labels_name_what_interventions_do_not() -> None:
    study = trial(
        "Preventing Fractures After Spine Radiosurgery",
        interventions=["Procedure: Management of Therapy Complications", "Radiation: Radiosurgery"],
        arms={
            "Arm I": (ACTIVE, ["Radiation: Radiosurgery"]),
            "Arm II (bone cement augmentation)": (
                EXPERIMENTAL,
                ["Procedure: Management of Therapy Complications", "Radiation: Radiosurgery"],
            ),
        },
    )
    assert treatments(classify(study)) == {"cement_augmentation": "tested", "stereotactic": "background"}


def test_the_order_of_a_record_does_not_matter() -> None:
    names = ["Radiation: Radiotherapy", "Procedure: Vertebroplasty"]
    arms = {"Both": (EXPERIMENTAL, names), "Alone": (ACTIVE, names[:1])}
    one = trial("RT With Vertebroplasty", interventions=names, arms=arms)
    other = trial("RT With Vertebroplasty", interventions=names[::-1], arms=dict(reversed(arms.items())))
    assert treatments(classify(one)) == treatments(classify(other))
