"""Every real record that a machine has can be read, and says nothing odd."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.records import SHARED, encoded
from tracker.content import content
from tracker.diff import diff, same_content
from tracker.parse import odd_facts, parse

BUNDLED = Path(__file__).resolve().parents[2] / "jobs" / "bundled"


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        yield from map(json.loads, lines)


def _studies(path: Path) -> Iterator[Any]:
    return (line["study"] for line in _lines(path))


def _zipped(path: Path) -> Iterator[Any]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield json.loads(archive.read(name))


def _website(path: Path) -> Iterator[Any]:
    with gzip.open(path) as text:
        yield from json.load(text)


def _pages(folder: Path) -> Iterator[Any]:
    for path in sorted(folder.glob("*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        yield from answer.get("studies", [answer])


def _series(folder: Path) -> Iterator[Any]:
    for path in sorted(folder.glob("*.jsonl.gz")):
        yield from _lines(path)


SOURCES: dict[str, tuple[Path, Callable[[Path], Iterator[Any]], int]] = {
    "the bundled history": (BUNDLED, _pages, 34),
    "the recorded series": (SHARED / "records/series", _series, 598),
    "recorded pages": (SHARED / "records/pages", _pages, 36),
    "the website's zip": (SHARED / "records/download_2025.zip", _zipped, 231),
    "the website's JSON": (SHARED / "records/herniated_disc.json.gz", _website, 100),
    "spine, converted": (SHARED / "records/spine.jsonl.gz", _studies, 128),
    "varied, converted": (SHARED / "records/varied_converted.jsonl.gz", _studies, 163),
    "the review's trials": (SHARED / "review/registry_2018_2020.jsonl", _studies, 34),
}


@pytest.fixture(params=SOURCES)
def records(request: pytest.FixtureRequest) -> list[Any]:
    path, read, count = SOURCES[request.param]
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    found = list(read(path))
    assert len(found) == count
    return found


def test_every_real_record_reads_without_a_problem(records: list[Any]) -> None:
    for record in records:
        study = parse(encoded(record))
        assert odd_facts(study) == ()
        assert study.nct_id == record["protocolSection"]["identificationModule"]["nctId"]
        assert diff(study, study) == ()


def test_every_word_of_a_real_record_is_known(records: list[Any]) -> None:
    for study in (parse(encoded(record)) for record in records):
        dates = [milestone for milestone in (study.start, study.primary_completion, study.completion) if milestone]
        words = [study.overall_status, study.last_known_status, study.study_type, *study.phases]
        words += [one.type for one in (*dates, *study.references)]
        assert [word for word in words if word and not word.known] == []


def test_results_are_public_exactly_where_their_day_of_posting_is_given(records: list[Any]) -> None:
    for study in (parse(encoded(record)) for record in records):
        assert study.results_are_public == (study.results_first_posted is not None)


def test_a_real_record_turned_upside_down_is_the_same(records: list[Any]) -> None:
    for record in records[:40]:
        study, turned = parse(encoded(record)), parse(encoded(_turned(record)))
        assert content(study.record) == content(turned.record)
        assert same_content(study, turned)
        assert diff(study, turned) == ()


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(inner) for inner in reversed(value)] if isinstance(value, list) else value
