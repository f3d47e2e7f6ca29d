"""Files saved from the registry as a source, and what is said of files that are something else."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tracker.errors import ImportFileError
from tracker.registry import saved
from tracker.registry.offline import OfflineSource
from tracker.registry.pages import nct_id_in
from tracker.registry.query import term_query
from tracker.registry.source import DataVersion, Found, Page, Unconfirmed
from tracker.study import NctId

_ANY = term_query([("condition", "Spine tumor")])
_SHARED = Path(__file__).parents[3] / "shared/records"


def study(number: int, *, version: str | None = None, updated: str | None = None, title: str = "A trial") -> Any:
    status = {"lastUpdatePostDateStruct": {"date": updated}} if updated else {}
    derived = {"miscInfoModule": {"versionHolder": version}} if version else {}
    identification = {"nctId": f"NCT{number:08}", "briefTitle": title}
    return {
        "protocolSection": {"identificationModule": identification, "statusModule": status},
        "derivedSection": derived,
        "hasResults": False,
    }


_TWO = [study(1), study(2)]


def as_list(studies: list[Any] = _TWO) -> bytes:
    """As the website's JSON download lays it out."""
    return b"[\n" + b",\n".join(json.dumps(one).encode() for one in studies) + b"\n]\n"


def as_indented_list(studies: list[Any] = _TWO) -> bytes:
    return json.dumps(studies, indent=2).encode()


def as_page(studies: list[Any] = _TWO) -> bytes:
    return json.dumps({"studies": studies, "totalCount": 2}).encode()


def as_indented_page(studies: list[Any] = _TWO) -> bytes:
    return json.dumps({"studies": studies}, indent=4).encode()


def as_lines(studies: list[Any] = _TWO) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in studies)


def as_dated_lines(studies: list[Any] = _TWO) -> bytes:
    return b"\r\n\r\n".join(json.dumps({"as_of": "2025-01-27", "study": one}).encode() for one in studies) + b"\r\n"


def as_pages_in_lines(studies: list[Any] = _TWO) -> bytes:
    return b"\n".join(json.dumps({"studies": [one], "totalCount": 2}).encode() for one in studies)


def as_zip(studies: list[Any] = _TWO) -> bytes:
    return a_zip({f"NCT{number}.json": json.dumps(one).encode() for number, one in enumerate(studies)})


def a_zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
        archive.writestr("Contents.txt", "2 studies, 2025-01-27")
        archive.writestr("__MACOSX/._NCT1.json", "\0\0")
    return packed.getvalue()


def with_bom(studies: list[Any] = _TWO) -> bytes:
    return b"\xef\xbb\xbf" + as_list(studies)


def lines_with_bom(studies: list[Any] = _TWO) -> bytes:
    return b"\xef\xbb\xbf" + as_lines(studies)


_FORMS: list[Callable[..., bytes]] = [
    as_list, as_indented_list, as_page, as_indented_page, as_lines, as_dated_lines, as_pages_in_lines, as_zip, with_bom,
    lines_with_bom,
]  # fmt: skip


def write(folder: Path, body: bytes, name: str = "saved.json") -> Path:
    path = folder / name
    path.write_bytes(body)
    return path


def ids(source: OfflineSource) -> list[NctId | None]:
    return [nct_id_in(record) for page in source.sweep(_ANY) for record in page.records]


# --- what is accepted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_studies(tmp_path: Path, form: Callable[..., bytes], zipped: bool) -> None:
    body = gzip.compress(form()) if zipped else form()
    source = OfflineSource([write(tmp_path, body, "whatever.bin")])
    (page,) = source.sweep(_ANY)
    assert [json.loads(bytes(record)) for record in page.records] == _TWO
    assert page.total_count == 2
    assert source.description == "whatever.bin"
    assert source.traffic.requests == 0
    assert source.traffic.bytes == sum(len(record) for record in page.records)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("dated", [False, True])
def test_a_single_study(tmp_path: Path, indent: int | None, dated: bool) -> None:
    one = {"as_of": "2025-01-27", "study": study(7)} if dated else study(7)
    source = OfflineSource([write(tmp_path, json.dumps(one, indent=indent).encode())])
    assert ids(source) == ["NCT00000007"]


def test_an_answer_without_studies_is_an_answer(tmp_path: Path) -> None:
    source = OfflineSource([write(tmp_path, b'{"studies":[  ]}')])
    assert list(source.sweep(_ANY)) == [Page((), 0)]


@pytest.mark.parametrize("form", _FORMS, ids=lambda form: form.__name__)
def test_a_record_that_a_json_parser_rejects_does_not_cost_the_file(tmp_path: Path, form: Callable[..., bytes]) -> None:
    studies = [study(1, title="\ud800"), study(2)]
    assert ids(OfflineSource([write(tmp_path, form(studies))])) == ["NCT00000001", "NCT00000002"]


def test_a_broken_line_is_one_unreadable_record(tmp_path: Path) -> None:
    body = as_lines() + b'\n{"protocolSection":{"identificationModule":{"nctId":"NCT00000003"\nnonsense\n'
    (page,) = OfflineSource([write(tmp_path, body)]).sweep(_ANY)
    assert [nct_id_in(record) for record in page.records] == ["NCT00000001", "NCT00000002", "NCT00000003", None]
    assert bytes(page.records[3]) == b"nonsense"
    assert page.total_count == 3


def test_a_broken_file_of_a_zip_is_one_unreadable_record(tmp_path: Path) -> None:
    body = a_zip({"good.json": json.dumps(study(1)).encode(), "bad.json": b'{"protocolSection"', "other.txt": b"?"})
    assert ids(OfflineSource([write(tmp_path, body)])) == ["NCT00000001", None]


# --- what is in them ----------------------------------------------------------------------------------------


def test_the_data_date_is_the_newest_that_the_records_name(tmp_path: Path) -> None:
    lines = [study(1, version="2026-02-04"), study(2, version="2026-02-05"), study(3, version="not a date")]
    file = write(tmp_path, json.dumps(lines).encode())
    assert OfflineSource([file]).version() == DataVersion("file", datetime(2026, 2, 5, tzinfo=UTC))
    assert OfflineSource([file], date(2026, 3, 1)).version().data_timestamp == datetime(2026, 3, 1, tzinfo=UTC)


def test_the_day_that_a_line_gives_stands_in_for_a_missing_version(tmp_path: Path) -> None:
    assert OfflineSource([write(tmp_path, as_dated_lines())]).version().data_date == date(2025, 1, 27)
    assert OfflineSource([write(tmp_path, as_lines())]).version() == DataVersion("file", None)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (study(1, version="2026-02-04", updated="2026-02-01"), study(1, version="2026-02-05", updated="2026-01-01")),
        (study(1, updated="2026-01-01"), study(1, updated="2026-01-02")),
        (study(1), study(1, version="2026-02-05")),
    ],
)
@pytest.mark.parametrize("newer_first", [False, True])
def test_of_two_records_of_one_study_the_newer_counts(
    tmp_path: Path, older: Any, newer: Any, newer_first: bool
) -> None:
    files = [
        write(tmp_path, json.dumps([older, study(2)]).encode(), "older.json"),
        write(tmp_path, json.dumps([newer, study(3)]).encode(), "newer.json"),
    ]
    (page,) = OfflineSource(files[::-1] if newer_first else files).sweep(_ANY)
    found = {nct_id_in(record): json.loads(bytes(record)) for record in page.records}
    assert len(page.records) == page.total_count == 3
    assert found[NctId("NCT00000001")] == newer


def test_of_two_equally_old_records_the_later_counts(tmp_path: Path) -> None:
    file = write(tmp_path, json.dumps([study(1, title="first"), study(1, title="second")]).encode())
    (page,) = OfflineSource([file]).sweep(_ANY)
    assert [json.loads(bytes(record)) for record in page.records] == [study(1, title="second")]


def test_pages_of_a_thousand(tmp_path: Path) -> None:
    shown: list[tuple[int, int | None]] = []
    body = b"\n".join(json.dumps(study(number)).encode() for number in range(1, 2502))
    source = OfflineSource([write(tmp_path, body)], on_page=lambda done, total: shown.append((done, total)))
    pages = list(source.sweep(_ANY, reverse=True))
    assert [(len(page.records), page.total_count) for page in pages] == [(1000, 2501), (1000, None), (501, None)]
    assert shown == [(1000, 2501), (2000, 2501), (2501, 2501)]


def test_some_pages_of_an_answer_do_not_pass_for_all_of_it(tmp_path: Path) -> None:
    first = write(tmp_path, json.dumps({"studies": _TWO, "totalCount": 5, "nextPageToken": "x"}).encode(), "1.json")
    second = write(tmp_path, json.dumps({"studies": [study(3)], "nextPageToken": "y"}).encode(), "2.json")
    last = write(tmp_path, json.dumps({"studies": [study(4), study(5)]}).encode(), "3.json")
    totals = {
        name: next(iter(OfflineSource(files).sweep(_ANY))).total_count
        for name, files in {"first": [first], "all": [first, second, last], "middle": [second], "last": [last]}.items()
    }
    assert totals == {"first": 5, "all": 5, "middle": None, "last": 2}


def test_batches_and_look_ups(tmp_path: Path) -> None:
    body = b"\n".join(json.dumps(study(number)).encode() for number in range(1, 302)) + b"\nnonsense"
    source = OfflineSource([write(tmp_path, body)])
    asked = [NctId(f"NCT{number:08}") for number in range(200, 400)]
    pages = list(source.batches(asked))
    assert [(len(page.records), page.total_count) for page in pages] == [(100, None), (2, None)]
    assert {nct_id_in(record) for page in pages for record in page.records} == set(asked[:102])
    assert list(source.batches([NctId("NCT00000999")])) == []
    found = source.look_up(NctId("NCT00000200"))
    assert isinstance(found, Found)
    assert json.loads(found.record) == study(200)
    assert source.look_up(NctId("NCT00000999")) == Unconfirmed()


# --- what is not accepted -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "an empty file"),
        (b"  \n", "an empty file"),
        (b"NCT Number,Study Title\r\nNCT00000001,A trial\r\n", "a CSV download"),
        (b'\xef\xbb\xbf"NCT Number","Study Title"\n', "a CSV download"),
        (b'<?xml version="1.0"?><clinical_study/>', "XML, the registry's old format"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"TY  - DBASE\nID  - NCT00000001\n", "a RIS download"),
        ("[]".encode("utf-16"), "text in UTF-16"),
        (b"\x89PNG\r\n", "no JSON"),
        (b"[]", "an empty list"),
        (b"null", "JSON, but neither a study nor a list of studies"),
        (b"{}", "JSON, but no study (it holds nothing)"),
        (b'{"name":1,"version":2}', "JSON, but no study (it holds name, version)"),
        (b'{"name":1}\n{"name":2}\n', "JSON, but no study (it holds name)"),
        (b'[{"name":1}]', "JSON in which nothing has an NCT ID"),
        (b'{"studies":[{"name":1}]}', "JSON in which nothing has an NCT ID"),
        (b'{"studies":7}', "its studies are no list"),
        (b'[{"protocolSection":{"identificationModule"', "its JSON is cut or broken"),
        (b"[1] 2", "its JSON is cut or broken: something follows the end"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_what_is_no_export_is_named(tmp_path: Path, body: bytes, says: str, zipped: bool) -> None:
    path = write(tmp_path, gzip.compress(body) if zipped else body)
    with pytest.raises(ImportFileError) as caught:
        OfflineSource([path])
    assert caught.value.message.startswith(f"{path} is no registry export: {says}")
    assert caught.value.subject == str(path)
    assert "zip or gzip" in caught.value.advice


def test_csv_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="choose Download, then JSON"):
        OfflineSource([write(tmp_path, b"NCT Number,Study Title\r\n")])


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(ImportFileError, match=r"a zip without JSON files \(it holds xl/workbook.xml\)"):
        OfflineSource([write(tmp_path, packed.getvalue())])


@pytest.mark.parametrize(
    "body", [as_zip()[:-40], gzip.compress(as_list())[:-20], gzip.compress(as_list())[:20] + b"x" * 99]
)
def test_a_cut_download(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(ImportFileError, match="cut or damaged") as caught:
        OfflineSource([write(tmp_path, body)])
    assert caught.value.advice == "Download it again."


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="can't be read: No such file"):
        OfflineSource([tmp_path / "missing.json"])
    with pytest.raises(ImportFileError, match="can't be read: Is a directory"):
        OfflineSource([tmp_path])


def test_one_bad_file_among_good_ones_is_an_error(tmp_path: Path) -> None:
    good, bad = write(tmp_path, as_list(), "good.json"), write(tmp_path, b"{}", "bad.json")
    with pytest.raises(ImportFileError, match=r"bad\.json is no registry export"):
        OfflineSource([good, bad])


@pytest.mark.parametrize("pack", [gzip.compress, lambda body: a_zip({"a.json": body})], ids=["gzip", "zip"])
def test_a_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(saved, "_SMALL", 100_000)
    path = write(tmp_path, pack(as_list() + b" " * 5_000_000))
    with pytest.raises(ImportFileError, match="it unpacks to more than"):
        OfflineSource([path])


def test_all_members_of_a_zip_together_have_a_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "_SMALL", 100_000)
    body = a_zip({f"{number}.json": as_list() + b" " * 200_000 for number in range(50)})
    with pytest.raises(ImportFileError, match="it unpacks to more than"):
        OfflineSource([write(tmp_path, body)])


def test_a_zip_with_a_password(tmp_path: Path) -> None:
    body = bytearray(as_zip())
    entry = body.index(b"PK\x01\x02")  # of its directory; the lowest bit of the flags says "encrypted"
    body[entry + 8] |= 1
    with pytest.raises(ImportFileError, match="a zip with a password"):
        OfflineSource([write(tmp_path, bytes(body))])


# --- real files ---------------------------------------------------------------------------------------------

_REAL = sorted(_SHARED.rglob("*.json*")) + sorted(_SHARED.glob("*.zip")) if _SHARED.is_dir() else []


@pytest.mark.skipif(not _REAL, reason="../shared/records is not on this machine")
def test_every_real_record_is_read() -> None:
    for file in _REAL:
        source = OfflineSource([file])
        found = ids(source)
        assert found, file
        assert None not in found, file
        assert len(set(found)) == len(found), file
        for page in source.sweep(_ANY):
            for record in page.records:
                assert json.loads(bytes(record))["protocolSection"], file


@pytest.mark.skipif(not _REAL, reason="../shared/records is not on this machine")
def test_the_real_series_has_its_data_dates() -> None:
    days = [OfflineSource([file]).version().data_date for file in sorted((_SHARED / "series").glob("*.gz"))]
    assert len(days) == 12
    assert days[0] == date(2026, 2, 4)
    assert days == sorted(days, key=str)
