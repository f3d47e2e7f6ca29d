"""The table of watched fields covers the registry's data structure: nothing is watched twice or by nobody."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.records import NCT_ID, SHARED, study_of
from tracker.changes import Kind, Weight
from tracker.content import NOISE_KEYS, TOUCH_KEYS
from tracker.diff import diff
from tracker.fields import BY_NAME, FIELDS, OTHER_FIELD, WATCHED_PATHS, Rule

METADATA = SHARED / "registry" / "studies-metadata.json"
Path = tuple[str, ...]


def test_names_are_unique_plain_words() -> None:
    names = [field.name for field in FIELDS]
    assert len(names) == len(set(names)) == len(BY_NAME)
    assert OTHER_FIELD not in names
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_labels_are_unique_and_for_people() -> None:
    labels = [field.label for field in FIELDS]
    assert len(labels) == len(set(labels))
    assert all(label == label.strip() and label[0].isupper() and "_" not in label for label in labels)


def test_every_field_has_a_kind_that_an_edit_can_have() -> None:
    never = {Kind.ENTERED, Kind.LEFT, Kind.OPENED, Kind.REOPENED, Kind.CLOSED_TO_RECRUITMENT, Kind.DATE_REACHED}
    assert not never & {field.kind for field in FIELDS}


def test_only_primary_outcomes_are_major_in_themselves_and_only_background_papers_routine() -> None:
    weights = {field.name: field.weight for field in FIELDS if field.weight is not Weight.MINOR}
    assert weights == {"primary_outcomes": Weight.MAJOR, "background_references": Weight.ROUTINE}


def test_what_the_registry_writes_is_labelled() -> None:
    assert {field.name for field in FIELDS if field.machine_made} == {
        "results_submission_estimated",
        "results_review",
        "derived_references",
    }


def test_fields_that_share_a_place_look_at_different_parts_of_it() -> None:
    shared = {path for path, count in Counter(path for field in FIELDS for path in field.paths).items() if count > 1}
    assert {path[-1] for path in shared} == {"locations", "references"}


def test_no_watched_path_lies_below_another_or_is_noise() -> None:
    for path in WATCHED_PATHS:
        assert not any(path[:end] in WATCHED_PATHS for end in range(1, len(path)))
        assert not (NOISE_KEYS | TOUCH_KEYS) & set(path)


# Against the registry's own description of its data


def _nodes(nodes: list[Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for node in nodes:
        place = (*path, node["name"])
        yield place, node
        yield from _nodes(node.get("children", []), place)


@pytest.fixture(scope="module")
def structure() -> dict[Path, Any]:
    if not METADATA.exists():
        pytest.skip(f"{METADATA} is not on this machine")
    return dict(_nodes(json.loads(METADATA.read_text(encoding="utf-8"))))


def test_every_watched_path_exists_in_the_registrys_data(structure: dict[Path, Any]) -> None:
    assert [path for path in WATCHED_PATHS if path not in structure] == []


def test_noise_and_touch_keys_stand_in_one_place_each(structure: dict[Path, Any]) -> None:
    places = Counter(path[-1] for path in structure if "resultsSection" not in path[:-1])
    assert {key: places[key] for key in NOISE_KEYS | TOUCH_KEYS} == dict.fromkeys(NOISE_KEYS | TOUCH_KEYS, 1)


def _leaves(structure: dict[Path, Any]) -> list[Path]:
    return [path for path, node in structure.items() if not node.get("children")]


def _is_quiet(path: Path) -> bool:
    return bool((NOISE_KEYS | TOUCH_KEYS) & set(path))


def _a_value(node: Any, *, other: bool) -> Any:
    """A value of the node's type; `other` for a second one."""
    kind = node["type"].removesuffix("[]")
    value: Any = "2026-05-02" if other else "2026-05-01"
    if kind == "boolean":
        value = other
    elif kind in ("integer", "number", "long"):
        value = 2 if other else 1
    elif node["name"] == "allocation":
        value = "RANDOMIZED" if other else "NON_RANDOMIZED"
    return [value] if node["type"].endswith("[]") else value


def _record_with(structure: dict[Path, Any], leaf: Path, *, other: bool) -> Any:
    """A record that says nothing else but, at the leaf, one thing or another."""
    value = _a_value(structure[leaf], other=other)
    for end in range(len(leaf), 0, -1):
        value = {leaf[end - 1]: value}
        if end > 1 and structure[leaf[: end - 1]]["type"].endswith("[]"):
            value = [value]
    record = {"protocolSection": {"identificationModule": {"nctId": NCT_ID}}}
    _merge(record, value)
    return record


def _merge(record: Any, value: Any) -> None:
    for key, held in value.items():
        if isinstance(held, dict) and isinstance(record.get(key), dict):
            _merge(record[key], held)
        else:
            record[key] = held


def test_every_place_of_a_record_is_watched_or_noise_or_a_touch_or_told_as_other(structure: dict[Path, Any]) -> None:
    nct_ids = {("protocolSection", "identificationModule", name) for name in ("nctId", "nctIdAliases")}
    told: dict[str, set[Path]] = {}
    for leaf in _leaves(structure):
        if leaf in nct_ids:
            continue
        before, after = (study_of(_record_with(structure, leaf, other=other)) for other in (False, True))
        changes = diff(before, after)
        if _is_quiet(leaf):
            assert changes == (), leaf
            continue
        assert len({change.field for change in changes}) == len(changes) >= 1, leaf
        for change in changes:
            told.setdefault(change.field, set()).add(leaf)
        if not any(leaf[:end] in WATCHED_PATHS for end in range(1, len(leaf) + 1)):
            assert [change.field for change in changes] == [OTHER_FIELD], leaf
    assert BY_NAME.keys() - told.keys() == {"result_references", "derived_references"}  # by the type of a paper


def test_a_rule_reads_a_value_of_its_own_shape(structure: dict[Path, Any]) -> None:
    """Fields told as lists are lists in the record; fields told as one value are none, but for the phases."""
    for field in FIELDS:
        nodes = [structure[path] for path in field.paths]
        lists = any(node["type"].endswith("[]") or node["name"] == "violationAnnotation" for node in nodes)
        if field.rule is Rule.LIST:
            assert lists, field.name
        if field.rule is Rule.PLAIN:
            assert not lists or field.name == "phase", field.name
