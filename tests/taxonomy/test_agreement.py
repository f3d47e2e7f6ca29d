"""The taxonomy agrees with a person on real records: at least 95 % of the labels, and of the relevance."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.taxonomy.labelled import expected_labels, given_labels, labelled_records
from tests.taxonomy.measure import micro, relevance_right
from tracker.parse import parse
from tracker.taxonomy import classify, shipped

_RECORDS = Path(__file__).parents[3] / "shared/records/spine.jsonl.gz"


def test_there_are_enough_records_to_measure_with() -> None:
    records = labelled_records()
    assert len(records) >= 120
    assert 0.25 < sum(record.held_out for record in records) / len(records) < 0.42


@pytest.mark.parametrize("held_out", [False, True], ids=["developed on", "held out"])
def test_labels_agree(held_out: bool) -> None:
    records = [record for record in labelled_records() if record.held_out is held_out]
    assert micro(records).f1 >= 0.95
    assert micro(records, with_roles=True).f1 >= 0.95
    assert relevance_right(records) >= 0.95


def test_every_expected_label_is_one_of_the_taxonomy() -> None:
    known = {rule.id for rule in shipped().rules}
    roles = set(shipped().tables["role"])
    for record in labelled_records():
        named = expected_labels(record.expected, with_roles=False) - {"hybrid"}
        assert named <= known, record.key
        assert set(record.expected.treatments.values()) <= roles, record.key
        assert record.expected.relevance in shipped().tables["relevance"], record.key


@pytest.mark.skipif(not _RECORDS.is_file(), reason=f"{_RECORDS} is not on this machine")
def test_the_facts_kept_here_give_the_same_labels_as_the_whole_records() -> None:
    kept = {record.study.nct_id: record for record in labelled_records() if " " not in record.key}
    with gzip.open(_RECORDS, "rt", encoding="utf-8") as lines:
        whole = [parse(json.dumps(json.loads(line)["study"]).encode()) for line in lines]
    compared = [study for study in whole if study.nct_id in kept]
    assert len(compared) > 100
    for study in compared:
        given = given_labels(classify(kept[study.nct_id].study), with_roles=True)
        assert given_labels(classify(study), with_roles=True) == given, study.nct_id
