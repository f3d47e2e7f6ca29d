"""The records labelled by hand (labels.toml) with the facts that they were labelled from (records.jsonl.gz)."""

from __future__ import annotations

import gzip
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tracker.parse import parse
from tracker.study import Study
from tracker.taxonomy import Classes

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Expected:
    """What a person says of a record. `treatments` has the role of each."""

    relevance: str
    tumour: frozenset[str]
    treatments: Mapping[str, str]
    hybrid: bool
    note: str


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """`key` is the NCT ID, with a day where the record is held as of two."""

    key: str
    study: Study
    expected: Expected

    @property
    def held_out(self) -> bool:
        """Whether it was kept from the development of the rules: about a third, by a digest of the NCT ID."""
        return hashlib.sha256(self.study.nct_id.encode()).digest()[0] % 3 == 0


@cache
def labelled_records() -> tuple[LabelledRecord, ...]:
    labels = tomllib.loads((HERE / "labels.toml").read_text(encoding="utf-8"))
    with gzip.open(HERE / "records.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    studies = {record["key"]: parse(json.dumps(record["study"]).encode()) for record in records}
    return tuple(LabelledRecord(key, studies[key], _expected(label)) for key, label in labels.items())


def _expected(label: Mapping[str, object]) -> Expected:
    tumour, treatments = label.get("tumour", []), label.get("treatments", {})
    assert isinstance(tumour, list)
    assert isinstance(treatments, dict)
    return Expected(
        relevance=str(label["relevance"]),
        tumour=frozenset(tumour),
        treatments=treatments,
        hybrid=bool(label.get("hybrid", False)),
        note=str(label.get("note", "")),
    )


def expected_labels(expected: Expected, *, with_roles: bool) -> frozenset[str]:
    """The labels of a person as texts, to be compared with `given_labels`."""
    return _texts(expected.tumour, expected.treatments, expected.hybrid, with_roles=with_roles)


def given_labels(classes: Classes, *, with_roles: bool) -> frozenset[str]:
    tumour = frozenset(label.id for label in classes.labels if label.axis != "treatment")
    treatments = {label.id: str(label.role) for label in classes.of("treatment")}
    return _texts(tumour, treatments, classes.hybrid, with_roles=with_roles)


def _texts(tumour: frozenset[str], treatments: Mapping[str, str], hybrid: bool, *, with_roles: bool) -> frozenset[str]:
    given = frozenset(f"{name}: {role}" if with_roles else name for name, role in treatments.items())
    return tumour | given | (frozenset({"hybrid"}) if hybrid else frozenset())
