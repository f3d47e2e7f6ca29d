"""The words that synthetic records are made of: all invented, none from a real record."""

from __future__ import annotations

import random

CONDITIONS = (
    "Spinal Metastases",
    "Metastatic Epidural Spinal Cord Compression",
    "Chordoma",
    "Spinal Cord Ependymoma",
    "Intradural Meningioma",
    "Vertebral Hemangioma",
    "Leptomeningeal Metastases",
    "Primary Bone Tumor of the Spine",
    "Spinal Cord Astrocytoma",
    "Sacral Giant Cell Tumor",
)

TREATMENTS = (
    ("RADIATION", "Stereotactic Body Radiotherapy"),
    ("PROCEDURE", "Separation Surgery"),
    ("PROCEDURE", "Kyphoplasty"),
    ("DRUG", "Dexamethasone"),
    ("DEVICE", "Carbon Fiber Pedicle Screws"),
    ("DRUG", "Denosumab"),
    ("RADIATION", "Carbon Ion Radiotherapy"),
    ("BEHAVIORAL", "Early Rehabilitation"),
)

SPONSORS = (
    "Invented University Hospital",
    "Imaginary Institute of Spine Oncology",
    "Fictional Cancer Center",
    "Made-up Radiotherapy Group",
    "Nowhere Medical School",
)

MESH = (
    {"id": "D013125", "term": "Spinal Neoplasms"},
    {"id": "D009362", "term": "Neoplasm Metastasis"},
    {"id": "D001859", "term": "Bone Neoplasms"},
    {"id": "D009369", "term": "Neoplasms"},
    {"id": "D013122", "term": "Spinal Diseases"},
)

_CITIES = (
    ("Bucharest", "Romania", 44.43, 26.1),
    ("Boston", "United States", 42.36, -71.06),
    ("Houston", "United States", 29.76, -95.36),
    ("Toronto", "Canada", 43.7, -79.42),
    ("Utrecht", "Netherlands", 52.09, 5.12),
    ("Heidelberg", "Germany", 49.41, 8.69),
    ("Milan", "Italy", 45.46, 9.19),
    ("Lyon", "France", 45.75, 4.85),
    ("Seoul", "South Korea", 37.57, 126.98),
    ("Beijing", "China", 39.91, 116.4),
    ("Mumbai", "India", 19.07, 72.88),
    ("Sao Paulo", "Brazil", -23.55, -46.64),
)
_FACILITIES = (
    "University Hospital",
    "General Hospital",
    "Cancer Institute",
    "Spine Center",
    "Clinic of Oncology",
)

SITES = tuple(
    (f"{city} {facility} (invented)", city, country, lat, lon)
    for facility in _FACILITIES
    for city, country, lat, lon in _CITIES
)

_SUBJECTS = (
    "Patients with a painful vertebral metastasis",
    "Participants in the experimental arm",
    "Adults with an unstable spine",
    "All enrolled patients",
    "Patients with cord compression on imaging",
    "Participants who decline surgery",
    "Patients with a primary tumor of the sacrum",
    "Candidates for palliative radiotherapy",
    "Patients with a life expectancy of more than three months",
    "Patients with at least one intradural lesion",
)
_VERBS = (
    "receive",
    "will be offered",
    "are assessed before",
    "are randomly assigned to",
    "may continue with",
    "are excluded after",
    "complete",
    "are observed during",
)
_OBJECTS = (
    "a single fraction of stereotactic radiotherapy",
    "surgical decompression and stabilization",
    "the standard course of external beam treatment",
    "a questionnaire about pain and quality of life",
    "percutaneous cement augmentation",
    "magnetic resonance imaging of the whole spine",
    "systemic treatment at the discretion of the oncologist",
    "corticosteroids in a tapering dose",
    "rehabilitation under supervision",
    "follow-up at the outpatient clinic",
)
_TIMES = (
    "within two weeks of enrollment",
    "at three, six and twelve months",
    "until progression or unacceptable toxicity",
    "every twelve weeks for two years",
    "on the day before discharge",
    "as soon as neurological function allows",
    "over a period of six weeks",
    "unless the treating team decides otherwise",
    "in accordance with the local protocol",
    "after written informed consent",
)
_ENDINGS = (
    "and local control is judged by two readers",
    "so that ambulation can be compared between the groups",
    "while adverse events are graded throughout",
    "and the dose to the spinal cord is recorded",
    "with pain scored from zero to ten",
    "and vertebral fractures are counted at each visit",
    "although imaging may be brought forward",
    "and the need for a second operation is noted",
    "with the answers kept at the coordinating center",
    "because stability decides on the further course",
)


def sentence(rng: random.Random) -> str:
    """One English sentence of some 130 letters."""
    subject, verb, thing = rng.choice(_SUBJECTS), rng.choice(_VERBS), rng.choice(_OBJECTS)
    return f"{subject} {verb} {thing} {rng.choice(_TIMES)}, {rng.choice(_ENDINGS)}."
