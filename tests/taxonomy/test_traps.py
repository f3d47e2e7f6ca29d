"""What real records say so that a careless reader labels them wrongly, each as a case of its own."""

from __future__ import annotations

import pytest

from tests.taxonomy.labelled import labelled_records
from tests.taxonomy.trials import ACTIVE, EXPERIMENTAL, treatments, trial, tumour
from tracker.study import Study
from tracker.taxonomy import Classes, Relevance, Role, classify


def of(key: str) -> Classes:
    """The classes of a labelled record; of its latest state where it is held as of two days."""
    records = [record for record in labelled_records() if record.study.nct_id == key]
    return classify(records[-1].study)


def test_a_stereotactic_laser_is_no_radiosurgery() -> None:
    laser = trial("Ablation of Spine Metastases", interventions=["Procedure: Stereotactic Laser Ablation"])
    assert treatments(classify(laser)) == {"laser_interstitial_thermal_therapy": "tested"}
    assert treatments(of("NCT05023772")) == {
        "laser_interstitial_thermal_therapy": "tested",
        "stereotactic": "tested",
    }


def test_an_ablation_typed_as_radiation_is_an_ablation() -> None:
    classes = of("NCT04375891")
    assert treatments(classes) == {
        "radiofrequency_ablation": "tested",
        "cement_augmentation": "tested",
        "radiation": "background",
    }


def test_a_keyword_spinal_cord_metastases_makes_nothing_intramedullary() -> None:
    assert not of("NCT00855803").has("compartment", "intramedullary")
    assert not tumour(classify(trial(keywords=["spinal cord metastases"]))) & {"compartment.intramedullary"}


def test_treatments_that_stand_only_in_the_title() -> None:
    title_only = trial(
        "Phase II Study of Stereotactic Body Radiation Therapy and Vertebroplasty for Localized Spinal Metastasis",
        interventions=["Radiation: radiation"],
    )
    assert treatments(classify(title_only)) == {"stereotactic": "tested", "vertebroplasty": "tested"}
    assert treatments(of("NCT00855803")) == {"stereotactic": "tested", "vertebroplasty": "tested"}


def test_a_condition_that_begins_with_the_eye_hides_no_spine_in_the_title() -> None:
    classes = of("NCT03028337")
    assert classes.relevance is Relevance.FOCUS
    assert classes.has("flag", "reirradiation")


def test_the_surgery_before_postoperative_radiosurgery_is_background() -> None:
    classes = of("NCT01752036")
    assert treatments(classes) == {"stereotactic": "tested", "surgery": "background"}
    assert not classes.hybrid


@pytest.mark.parametrize(
    ("key", "relevance"),
    [("NCT03050203", Relevance.LISTED_ONLY), ("NCT03575949", Relevance.LISTED_ONLY), ("NCT00496119", Relevance.NONE)],
)
def test_a_spine_tumour_that_nothing_tested_concerns(key: str, relevance: Relevance) -> None:
    assert of(key).relevance is relevance


_NO_SPINE_TUMOUR = (
    trial("Spinal Versus General Anaesthesia for Resection of Bladder Tumours", conditions=["Bladder Cancer"]),
    trial("Spinal Anesthesia in Breast Cancer Surgery", conditions=["Breast Cancer", "Anesthesia, Spinal"]),
    trial("Epidural Hydromorphone in Prostate Cancer", conditions=["Prostate Cancer", "Pain"]),
    trial("Epidural Analgesia After Liver Resection for Cancer", conditions=["Liver Cancer"]),
    trial("Paravertebral Block in Breast Cancer Surgery", conditions=["Breast Cancer"]),
    trial("Erector Spinae Plane Block in Lung Cancer Surgery", conditions=["Lung Cancer"]),
    trial("Nusinersen in Spinal Muscular Atrophy", conditions=["Muscular Atrophy, Spinal"]),
    trial("Spinal Cord Stimulation for Chronic Cancer Pain", conditions=["Cancer Pain"]),
    trial("Zoledronic Acid and Lumbar Spine Bone Mineral Density in Breast Cancer", conditions=["Breast Cancer"]),
    trial("Craniospinal Irradiation in Medulloblastoma", conditions=["Medulloblastoma"]),
    trial("Vertebral Marrow Sparing Radiotherapy of Oesophageal Cancer", conditions=["Esophageal Cancer"]),
    trial("Intramedullary Nailing of Metastatic Femur Fractures", conditions=["Bone Metastases"]),
    trial("Radiotherapy of Cervical Cancer", conditions=["Cervical Cancer"]),
    trial("Kyphoplasty of Osteoporotic Vertebral Fractures", conditions=["Osteoporosis"]),
    trial("Radiation for Bone Metastases", conditions=["Bone Metastases"]),
)


@pytest.mark.parametrize("study", _NO_SPINE_TUMOUR, ids=lambda study: str(study.official_title))
def test_what_sounds_like_a_spine_tumour_and_is_none(study: Study) -> None:
    classes = classify(study)
    assert classes.relevance is Relevance.NONE
    assert not classes.of("compartment")
    assert not classes.of("region")


def test_proton_spectroscopy_is_no_proton_therapy() -> None:
    scanned = trial(
        "PET of Head and Neck Tumors",
        interventions=["Procedure: Positron Emission Tomography"],
        other_names={"Positron Emission Tomography": ["PET", "proton magnetic resonance spectroscopic imaging"]},
    )
    assert treatments(classify(scanned)) == {"imaging": "tested"}


def test_ethanol_as_a_solvent_is_no_ablation() -> None:
    assert "ethanol_embolisation" not in treatments(of("NCT00009854"))
    assert treatments(of("NCT00001417")) == {"ethanol_embolisation": "tested"}


def test_what_cannot_be_given_is_not_studied() -> None:
    assert treatments(of("NCT00003856")) == {"photodynamic": "tested"}


def test_kyphoplasty_with_radiation_in_one_name_is_both() -> None:
    assert treatments(of("NCT02987153")) == {"kyphoplasty": "tested", "intraoperative": "tested"}


def test_eligibility_criteria_label_nothing() -> None:
    excluded = trial("Drug A in Migraine", eligibility="No spinal metastases, no vertebroplasty, no cord compression")
    classes = classify(excluded)
    assert classes.relevance is Relevance.NONE
    assert classes.labels == ()


def test_acronyms_mean_the_spine_only_where_the_record_names_it() -> None:
    prostate = trial("PVP for Benign Prostatic Hyperplasia", interventions=["Procedure: PVP"])
    spine = trial("Cement in Vertebral Metastases", interventions=["Procedure: PVP"])
    assert "vertebroplasty" not in treatments(classify(prostate))
    assert treatments(classify(spine)) == {"vertebroplasty": "tested"}


def test_a_hybrid_needs_surgery_and_stereotactic_radiation_in_one_arm() -> None:
    names = ["Procedure: Laminectomy", "Radiation: SBRT"]
    together = trial(
        "Hybrid Therapy of Spinal Metastases",
        interventions=names,
        arms={"Hybrid": (EXPERIMENTAL, names), "SBRT": (ACTIVE, names[1:])},
    )
    apart = trial(
        "Surgery or Radiation for Spinal Metastases",
        interventions=names,
        arms={"Surgery": (ACTIVE, names[:1]), "SBRT": (EXPERIMENTAL, names[1:])},
    )
    assert classify(together).hybrid
    assert not classify(apart).hybrid
    assert classify(together).ids("treatment", role=Role.TESTED) == ("decompression",)
