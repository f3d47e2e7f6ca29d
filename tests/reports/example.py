"""The story of 2018-05-29 → 2020-07-28 in hand-made changes: facts of the review's trials, a few texts shortened."""

from __future__ import annotations

from reports.view import ReportView
from tests.reports.stories import (
    change,
    entered,
    moved,
    reached,
    recorded,
    refined,
    results,
    status,
    studies,
    trial,
    view_of,
)
from tracker.changes import Kind, Weight

PRIMARY, COMPLETION = "primary_completion_date", "completion_date"


def outcomes(nct_id: str, before: str, after: str):
    return change(nct_id, Kind.OUTCOMES, "primary_outcomes", (before,), (after,), weight=Weight.MAJOR)


CHANGES = [
    # NCT00508443: only the primary completion moved
    moved("NCT00508443", PRIMARY, "2019-10", "2020-10-31", 366, at_least=True),
    refined("NCT00508443", COMPLETION, "2020-10", "2020-10-31"),
    refined("NCT00508443", "start_date", "2002-10", "2002-10-25", "ACTUAL"),
    # NCT00855803
    moved("NCT00855803", PRIMARY, "2018-12", "2022-12", 1461),
    moved("NCT00855803", COMPLETION, "2020-12", "2022-12", 730),
    # NCT00922974
    status("NCT00922974", Kind.COMPLETED, "ACTIVE_NOT_RECRUITING", "COMPLETED"),
    reached("NCT00922974", COMPLETION, "2022-01", "2020-04-06", -636, at_least=True),
    results("NCT00922974", "2019-05-16", "2019-02-28"),
    outcomes(
        "NCT00922974",
        "Successful delivery of image-guided radiosurgery or stereotactic body radiotherapy",
        "Percentage of Patients Receiving Radiosurgery/SBRT Per Protocol or With Minor Variation (Phase II)",
    ),
    change(
        "NCT00922974",
        Kind.INTERVENTIONS,
        "interventions",
        ("RADIATION: external beam radiation therapy", "RADIATION: image-guided radiation therapy"),
        ("RADIATION: External beam radiation therapy", "RADIATION: Radiosurgery/SBRT"),
    ),
    # NCT01347307
    status("NCT01347307", Kind.COMPLETED, "ACTIVE_NOT_RECRUITING", "COMPLETED"),
    reached("NCT01347307", PRIMARY, "2017-09", "2017-09", 0),
    reached("NCT01347307", COMPLETION, "2017-09", "2017-09", 0),
    change(
        "NCT01347307",
        Kind.ENROLLMENT,
        "enrollment",
        50,
        38,
        before_type="ESTIMATED",
        after_type="ACTUAL",
        share_percent=76,
    ),
    results("NCT01347307", "2020-06-18", "2019-02-19"),
    outcomes("NCT01347307", "symptom control | time frame: 6 weeks post RT", "Initial Symptom Control"),
    # NCT01654068
    status("NCT01654068", Kind.STOPPED, "ACTIVE_NOT_RECRUITING", "TERMINATED", why="low participant accrual"),
    reached("NCT01654068", PRIMARY, "2020-07", "2016-04-22", -1531, at_least=True),
    reached("NCT01654068", COMPLETION, "2020-07", "2016-09-08", -1392, at_least=True),
    results("NCT01654068", "2019-04-19", "2019-03-26"),
    change("NCT01654068", Kind.ENROLLMENT, "enrollment", 16, 14, before_type="ACTUAL", after_type="ACTUAL"),
    change("NCT01654068", Kind.PHASE, "phase", "PHASE2", "NA"),
    change("NCT01654068", Kind.DESIGN, "allocation", "NON_RANDOMIZED", "NA"),
    change("NCT01654068", Kind.DESIGN, "intervention_model", "PARALLEL", "SINGLE_GROUP"),
    outcomes("NCT01654068", "Time to any skeletal related event", "Time to Any Skeletal Related Event"),
    # NCT01752036
    status("NCT01752036", Kind.COMPLETED, "ACTIVE_NOT_RECRUITING", "COMPLETED"),
    moved(
        "NCT01752036", "start_date", "2013-03", "2013-05-20", 50, at_least=True, before_type=None, after_type="ACTUAL"
    ),
    reached("NCT01752036", PRIMARY, "2019-08", "2018-04-02", -486, at_least=True),
    reached("NCT01752036", COMPLETION, "2020-08", "2018-07-27", -736, at_least=True),
    results("NCT01752036", "2020-06-25", "2020-06-05"),
    outcomes("NCT01752036", "Rate of recurrence at 12 months", "Number of Participants With Radiographic Recurrence"),
    change("NCT01752036", Kind.ELIGIBILITY, "maximum_age", None, "100 Years"),
    # NCT02085941, NCT02387905, NCT02987153
    moved("NCT02085941", PRIMARY, "2019-06", "2021-06", 731),
    moved("NCT02085941", COMPLETION, "2021-02", "2021-12", 303),
    change(
        "NCT02387905",
        Kind.TITLE,
        "brief_title",
        "Prophylactic Cement Augmentation for Patients at High Risk for Developing Vertebral Body Compression Fracture",
        "Cement Augmentation in Preventing Vertebral Body Compression Fracture Following Radiosurgery",
    ),
    change("NCT02387905", Kind.DESIGN, "primary_purpose", "TREATMENT", "SUPPORTIVE_CARE"),
    change(
        "NCT02387905",
        Kind.CONDITIONS,
        "conditions",
        ("Spinal Cord Diseases",),
        ("Metastatic Malignant Neoplasm in the Spine", "Metastatic Malignant Solid Neoplasm"),
    ),
    change(
        "NCT02387905",
        Kind.SPONSOR,
        "collaborators",
        ("High Impact Clinical Research Support Program",),
        ("National Cancer Institute (NCI)",),
    ),
    outcomes("NCT02387905", "Rate of New or Progressive Fracture", "Vertebral compression fracture rate"),
    moved("NCT02387905", PRIMARY, "2020-03", "2022-11-30", 974, at_least=True),
    moved("NCT02387905", COMPLETION, "2021-03", "2022-11-30", 609, at_least=True),
    moved("NCT02987153", PRIMARY, "2019-11", "2020-07", 243),
    moved("NCT02987153", COMPLETION, "2020-11", "2021-11", 365),
    # NCT03050203, NCT03249584
    results("NCT03050203", "2019-01-28", "2018-08-08"),
    outcomes("NCT03050203", "Soft tissue dissecting time", "Soft Tissue Dissecting Time"),
    status("NCT03249584", Kind.CLOSED_TO_RECRUITMENT, "RECRUITING", "ACTIVE_NOT_RECRUITING"),
    reached("NCT03249584", PRIMARY, "2018-06", "2019-04-30", 304, at_least=True),
    moved("NCT03249584", COMPLETION, "2020-11", "2020-10-30", -2, at_least=True),
    change(
        "NCT03249584",
        Kind.ENROLLMENT,
        "enrollment",
        250,
        218,
        before_type="ESTIMATED",
        after_type="ACTUAL",
        share_percent=87,
    ),
    results("NCT03249584", "2020-03-25", "2020-03-10"),
    outcomes(
        "NCT03249584", "Improvement of worst pain score", "Change of Worst Pain Score: Thoracic/Lumbar RF Ablation"
    ),
    # new
    *(entered(nct_id, "newly registered") for nct_id in ("NCT03575949", "NCT04033536", "NCT04218617", "NCT04375891")),
]

ACTIVE = "ACTIVE_NOT_RECRUITING"
ENDED = {"completion_date_type": "ACTUAL", "primary_completion_date_type": "ACTUAL", "has_results": True}

TRIALS = studies(
    trial(
        "NCT00508443",
        "Evaluation of a Novel CT-On-Rails or Trilogy Stereotactic Spine Radiotherapy System (SSRS)",
        ACTIVE,
    ),
    trial("NCT00593320", "Stereotactic Radiosurgery (SRS) for Spine Metastases"),
    trial(
        "NCT00855803",
        "Stereotactic Body Radiation Therapy and Vertebroplasty in Treating Patients With Localized Spinal Metastasis",
        sponsor="University Hospital, Cleveland",
    ),
    trial(
        "NCT00922974",
        "Image-Guided Radiosurgery or Stereotactic Body Radiation Therapy in Treating Patients With Localized Spine "
        "Metastasis",
        "COMPLETED",
        phases="PHASE2|PHASE3",
        sponsor="Radiation Therapy Oncology Group",
        completion_date="2020-04-06",
        results_first_submit_date="2019-02-28",
        **ENDED,
    ),
    trial(
        "NCT01347307",
        "Stereotactic Body Radiotherapy for Spine Tumors",
        "COMPLETED",
        phases="NA",
        completion_date="2017-09",
        **ENDED,
    ),
    trial("NCT01525745", "Randomized Study of Stereotactic Body Radiotherapy vs. Conventional Radiation", "TERMINATED"),
    trial(
        "NCT01654068",
        "Conformal High Dose Intensity Modulated Radiation Therapy for Disease to Thoracic and Lumbar Spine",
        "TERMINATED",
        phases="NA",
        sponsor="Maimonides Medical Center",
        why_stopped="low participant accrual",
        completion_date="2016-09-08",
        **ENDED,
    ),
    trial(
        "NCT01752036",
        "Radiotherapy for Solid Tumor Spine Metastases",
        "COMPLETED",
        completion_date="2018-07-27",
        **ENDED,
    ),
    trial("NCT01757717", "Image-Guided Navigation for High Dose Rate Temporary Interstitial Brachytherapy"),
    trial("NCT02085941", "Image-guided Cryoablation of Head, Neck and Spine Tumors", phases="NA"),
    trial(
        "NCT02387905",
        "Cement Augmentation in Preventing Vertebral Body Compression Fracture Following Radiosurgery",
    ),
    trial(
        "NCT02987153", "Kypho-Intra Operative Radiation Therapy (IORT) for Localized Spine Metastasis, Phase I/II Study"
    ),
    trial("NCT03028337", "Single Versus Multifraction Salvage Spine Stereotactic Radiosurgery"),
    trial("NCT03050203", "Custom Pack in Spine Surgery", "COMPLETED", **ENDED),
    trial("NCT03249584", "OsteoCool Tumor Ablation Post-Market Study", ACTIVE, sponsor="Medtronic", phases=None),
    trial(
        "NCT03575949",
        "Dual-time Point (DTP) FDG PET CT for the Post-treatment Assessment of Head and Neck Tumors",
        first_post_date="2018-07-03",
        conditions="Head and Neck Carcinoma|Metastatic Malignant Neoplasm in the Spine",
    ),
    trial("NCT04033536", "Involved Versus Elective Target SSRS for Spinal Metastases", first_post_date="2019-07-26"),
    trial("NCT04218617", "Single- vs. Two-Fraction Spine Stereotactic Radiosurgery", first_post_date="2020-01-06"),
    trial(
        "NCT04375891",
        "Radiation Therapy Alone Versus Radiation Therapy Plus Radiofrequency Ablation (RFA)/Vertebral Augmentation",
        "NOT_YET_RECRUITING",
        phases="NA",
        first_post_date="2020-05-05",
        conditions="Spinal Metastases|Vertebral Metastasis",
        interventions="RADIATION: Radiation: RFA|RADIATION: External Beam Radiation Therapy",
        enrollment=44,
        enrollment_type="ESTIMATED",
        start_date="2020-09",
        start_date_type="ESTIMATED",
    ),
)

HEADLINE = (
    "Spine-tumour trials #2: 1 terminated, 1 closed to recruitment, 6 with results, 3 completed, 5 delayed, 4 new"
)


def example_view() -> ReportView:
    return view_of(recorded(CHANGES), TRIALS)
