"""Words that people use for the same thing: spellings, plurals, hyphens, abbreviations, names of drugs."""

from __future__ import annotations

import pytest

from tests.taxonomy.trials import treatments, trial, tumour
from tracker.taxonomy import Relevance, classify


@pytest.mark.parametrize(
    ("name", "treatment"),
    [
        ("Total en-bloc spondylectomy", "en_bloc_resection"),
        ("Corpectomy", "en_bloc_resection"),
        ("Sacrectomy", "en_bloc_resection"),
        ("Decompressive laminectomy", "decompression"),
        ("Separation surgery", "decompression"),
        ("Minimally invasive separation surgery", "minimal_access"),
        ("Percutaneous pedicle screw fixation", "percutaneous_fixation"),
        ("Video-assisted thoracoscopic surgery (VATS)", "thoracoscopic_endoscopic"),
        ("PVP", "vertebroplasty"),
        ("PKP", "kyphoplasty"),
        ("Balloon kyphoplasty", "kyphoplasty"),
        ("Vertebral augmentation", "cement_augmentation"),
        ("Radio-frequency ablation", "radiofrequency_ablation"),
        ("RFA", "radiofrequency_ablation"),
        ("Cryo-ablation", "cryoablation"),
        ("LITT", "laser_interstitial_thermal_therapy"),
        ("MRgFUS", "focused_ultrasound"),
        ("MR-HIFU", "focused_ultrasound"),
        ("High intensity focussed ultrasound", "focused_ultrasound"),
        ("Photodynamic therapy", "photodynamic"),
        ("Preoperative embolisation", "ethanol_embolisation"),
        ("Transarterial embolization", "ethanol_embolisation"),
        ("EBRT", "conventional_external_beam"),
        ("Conventional radiotherapy", "conventional_external_beam"),
        ("3D-CRT", "conventional_external_beam"),
        ("IMRT", "intensity_modulated"),
        ("Intensity-modulated radiotherapy", "intensity_modulated"),
        ("SBRT", "stereotactic"),
        ("SABR", "stereotactic"),
        ("SRS", "stereotactic"),
        ("CyberKnife", "stereotactic"),
        ("Stereotactic ablative radiotherapy", "stereotactic"),
        ("Stereotaktische Radiochirurgie", "stereotactic"),
        ("IORT", "intraoperative"),
        ("Iodine-125 seed implantation", "brachytherapy"),
        ("HDR brachytherapy", "brachytherapy"),
        ("Craniospinal irradiation", "craniospinal"),
        ("Proton beam therapy", "proton"),
        ("IMPT", "proton"),
        ("Carbon-ion radiotherapy", "carbon_ion"),
        ("Strontium-89 chloride", "radiopharmaceutical"),
        ("Samarium Sm-153 lexidronam", "radiopharmaceutical"),
        ("Ra-223", "radiopharmaceutical"),
        ("177Lu-PSMA-617", "radiopharmaceutical"),
        ("Temozolomide", "chemotherapy"),
        ("Cisplatin", "chemotherapy"),
        ("Intrathecal methotrexate", "intrathecal"),
        ("Depocyt", "intrathecal"),
        ("Enzalutamide", "hormonal"),
        ("Androgen deprivation therapy", "hormonal"),
        ("Pembrolizumab", "immunotherapy"),
        ("CAR-T cells", "immunotherapy"),
        ("Dendritic cell vaccine", "immunotherapy"),
        ("Interleukin-2", "immunotherapy"),
        ("Osimertinib", "targeted_drugs"),
        ("Imatinib mesylate", "targeted_drugs"),
        ("Everolimus", "targeted_drugs"),
        ("Dexamethasone 16 mg", "corticosteroids"),
        ("Zoledronic acid", "bisphosphonates"),
        ("Zoledronate", "bisphosphonates"),
        ("Denosumab (Xgeva®)", "denosumab"),
        ("Doxorubicin-loaded nanoparticles", "nanoformulation"),
        ("3D-printed titanium vertebral body", "custom_implant"),
        ("Patient-specific implant", "custom_implant"),
        ("Robot-assisted screw placement", "navigation_robotics"),
        ("Augmented reality headset", "navigation_robotics"),
        ("Deep-learning segmentation", "artificial_intelligence"),
        ("ERAS protocol", "anaesthesia_recovery"),
        ("General anesthesia", "anaesthesia_recovery"),
        ("General anaesthesia", "anaesthesia_recovery"),
        ("PET/CT", "imaging"),
        ("Diffusion-weighted MRI", "imaging"),
        ("Bone allograft", "bone_graft"),
        ("Quality-of-life assessment", "quality_of_life_observation"),
        ("Surgical drape", "surgical_supplies"),
    ],
)
def test_names_of_treatments(name: str, treatment: str) -> None:
    assert treatment in treatments(classify(trial("Spine Metastases", interventions=[f"Other: {name}"])))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Spinal metastases", "origin.metastatic"),
        ("Primary spine tumours", "origin.primary"),
        ("Vertebral fractures in multiple myeloma", "origin.haematological"),
        ("Plasmacytoma of the spine", "origin.haematological"),
        ("Spinal neoplasms", "origin.unspecified"),
        ("Benign spinal tumors", "flag.benign"),
        ("Vertebral metastases", "compartment.vertebral"),
        ("Metastatic epidural spinal cord compression (MESCC)", "compartment.epidural"),
        ("Metastatic epidural spinal cord compression (MESCC)", "flag.cord_compression"),
        ("Paraspinal sarcoma", "compartment.paraspinal"),
        ("Intradural extramedullary tumours", "compartment.intradural_extramedullary"),
        ("Spinal meningioma", "compartment.intradural_extramedullary"),
        ("Intramedullary spinal cord tumors", "compartment.intramedullary"),
        ("Spinal cord astrocytoma", "compartment.intramedullary"),
        ("Carcinomatous meningitis", "compartment.leptomeningeal"),
        ("Meningeal carcinomatosis", "compartment.leptomeningeal"),
        ("Spinal ependymomas", "kind.ependymoma"),
        ("Spinal cord glioblastoma", "kind.glioma"),
        ("Spinal haemangioblastoma", "kind.hemangioblastoma"),
        ("Vertebral hemangioma", "kind.haemangioma"),
        ("Vertebral haemangioma", "kind.haemangioma"),
        ("Spinal neurilemmoma", "kind.schwannoma"),
        ("Sacral chordomas", "kind.chordoma"),
        ("Ewing's sarcoma of the spine", "kind.ewing_sarcoma"),
        ("Giant cell tumour of bone of the sacrum", "kind.giant_cell_tumour"),
        ("Spinal metastases of renal cell carcinoma", "primary_cancer.kidney"),
        ("Spine metastases of NSCLC", "primary_cancer.lung"),
        ("Spinal metastases of colorectal cancer", "primary_cancer.colon"),
        ("Spinal metastases of oesophageal cancer", "primary_cancer.upper_gastrointestinal"),
        ("Spinal metastases of hepatocellular carcinoma", "primary_cancer.other"),
        ("Cervical spine metastases", "region.cervical"),
        ("Thoracolumbar spine metastases", "region.thoracic"),
        ("Thoracolumbar spine metastases", "region.lumbar"),
        ("Metastases of the sacrum", "region.sacral"),
        ("Pathological vertebral fracture in cancer", "flag.fracture"),
        ("Reirradiation of spinal metastases", "flag.reirradiation"),
        ("SBRT for previously irradiated spine metastases", "flag.reirradiation"),
        ("Wirbelsäulenmetastasen", "origin.metastatic"),
    ],
)
def test_names_of_tumours(text: str, label: str) -> None:
    classes = classify(trial(conditions=[text]))
    assert label in tumour(classes)
    assert classes.relevance is Relevance.FOCUS


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Adult giant cell glioblastoma", "kind.giant_cell_tumour"),
        ("Subependymal giant cell astrocytoma", "kind.giant_cell_tumour"),
        ("Adult meningeal hemangiopericytoma", "kind.haemangioma"),
        ("Childhood central nervous system germ cell tumor", "kind.germinoma"),
        ("Paraganglioma", "kind.glioma"),
        ("Neurofibromatosis 2", "kind.neurofibroma"),
        ("Non-metastatic prostate cancer", "origin.metastatic"),
        ("Radiotherapy prior to surgery", "flag.reirradiation"),
        ("Prostate cancer", "primary_cancer.prostate"),
        ("Cervical cancer", "region.cervical"),
        ("Lumbar disc herniation", "region.lumbar"),
    ],
)
def test_names_that_are_no_such_tumour(text: str, label: str) -> None:
    assert label not in tumour(classify(trial(conditions=[text])))


@pytest.mark.parametrize(
    ("title", "relevance"),
    [
        ("Radiosurgery of Spinal Metastases", Relevance.FOCUS),
        ("Proton Therapy of Leptomeningeal Metastases", Relevance.FOCUS),
        ("Stereotactic Spine Radiotherapy System", Relevance.FOCUS),
        ("Dexamethasone After Stereotactic Body Radiotherapy to the Spine", Relevance.FOCUS),
        ("Head, Neck and Spine Tumors", Relevance.ONE_OF_SEVERAL),
        ("Tumors of the Brain or Spinal Cord", Relevance.ONE_OF_SEVERAL),
        ("SABR for Lung, Liver, Spine and Other Metastases", Relevance.ONE_OF_SEVERAL),
        ("Spine Surgery for Trauma, Deformity and Tumor", Relevance.ONE_OF_SEVERAL),
        ("Bone Metastases", Relevance.NONE),
    ],
)
def test_relevance_of_titles(title: str, relevance: Relevance) -> None:
    assert classify(trial(title)).relevance is relevance


@pytest.mark.parametrize(
    ("title", "conditions", "interventions", "relevance"),
    [
        ("Drug A in Solid Tumors", ["Spinal Cord Neoplasm", "Glioma"], ["Drug: A"], Relevance.ONE_OF_SEVERAL),
        ("Drug A in Solid Tumors", ["Spinal Cord Neoplasm"], ["Drug: A"], Relevance.FOCUS),
        ("PET of Head and Neck Cancer", ["Spine Metastases", "Neck Cancer"], ["Other: PET"], Relevance.LISTED_ONLY),
        ("Packs in Spine Surgery", ["Spine Cancer", "Scoliosis"], ["Other: custom pack"], Relevance.LISTED_ONLY),
        ("3D-Printed Cage", ["Spine Tumor", "Spondylosis"], ["Device: 3D-printed cage"], Relevance.ONE_OF_SEVERAL),
        ("Navigated Screws", ["Spine Tumor", "Scoliosis"], ["Device: navigation"], Relevance.LISTED_ONLY),
        ("Kyphoplasty", ["Vertebral Fracture", "Myeloma"], ["Device: Kyphoplasty"], Relevance.ONE_OF_SEVERAL),
    ],
)
def test_relevance_of_conditions(
    title: str, conditions: list[str], interventions: list[str], relevance: Relevance
) -> None:
    assert classify(trial(title, conditions=conditions, interventions=interventions)).relevance is relevance
