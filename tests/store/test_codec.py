"""Packed bodies come back as they were, or with an error."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import StoreDamaged
from tracker.store.codec import digest, digests, pack, pack_file, unpack

REAL_RECORDS = Path(__file__).parents[3] / "shared/records/download_2025.zip"
MOST = 0.33
"""Of the bytes of a record's JSON."""


@given(st.binary(max_size=5_000))
def test_any_bytes_come_back(body: bytes) -> None:
    assert unpack(pack(body)) == body
    assert unpack(pack(memoryview(body))) == body
    assert unpack(pack_file(body)) == body


def test_a_short_record_packs_well() -> None:
    record = orjson.dumps(
        {
            "protocolSection": {
                "identificationModule": {"nctId": "NCT00508443", "briefTitle": "Radiosurgery of the spine"},
                "statusModule": {
                    "statusVerifiedDate": "2026-01",
                    "overallStatus": "RECRUITING",
                    "expandedAccessInfo": {"hasExpandedAccess": False},
                    "startDateStruct": {"date": "2025-03", "type": "ACTUAL"},
                    "primaryCompletionDateStruct": {"date": "2027-03", "type": "ESTIMATED"},
                },
            },
            "hasResults": False,
        }
    )
    assert len(pack(record)) < MOST * len(record) < len(zstandard.compress(record, 19))


@pytest.mark.skipif(not REAL_RECORDS.exists(), reason=f"{REAL_RECORDS} is not on this machine")
def test_real_records_pack_to_a_third() -> None:
    json_size = packed_size = 0
    with zipfile.ZipFile(REAL_RECORDS) as records:
        for name in records.namelist():
            record = orjson.loads(records.read(name))
            record.pop("resultsSection", None)
            body = orjson.dumps(record)
            packed = pack(body)
            assert unpack(packed) == body
            json_size += len(body)
            packed_size += len(packed)
    assert packed_size <= MOST * json_size


def test_what_was_packed_by_the_first_release_still_unpacks() -> None:
    first = bytes.fromhex("28b52ffd23f748eb0a449500005830353038343433227d7d7d010076f6cc40")
    assert unpack(first) == b'{"protocolSection":{"identificationModule":{"nctId":"NCT00508443"}}}'


@pytest.mark.parametrize("damage", [b"", b"not packed at all", pack(b"x" * 1000)[:-3], b"\x28\xb5\x2f\xfd\x03\xff\xff"])
def test_damage_is_told(damage: bytes) -> None:
    with pytest.raises(StoreDamaged) as caught:
        unpack(damage)
    assert caught.value.advice


def test_a_body_that_needs_an_unknown_dictionary_is_told() -> None:
    samples = [bytes([number]) * 40 + str(number).encode() * 30 for number in range(200)]
    unknown = zstandard.train_dictionary(1024, samples)
    packed = zstandard.ZstdCompressor(dict_data=unknown).compress(samples[0])
    with pytest.raises(StoreDamaged):
        unpack(packed)


def test_threads_pack_side_by_side() -> None:
    def work(letter: bytes) -> None:
        whole.append(all(unpack(pack(letter * size)) == letter * size for size in range(500)))

    whole: list[bool] = []
    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert whole == [True] * 4


def test_a_digest_tells_bodies_apart() -> None:
    assert len(digest(b"one")) == 16
    assert digest(b"one") == digest(memoryview(b"one"))
    assert digest(b"one") != digest(b"another")


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_two_digests_at_once_are_those_of_the_whole_and_of_the_rest(content: bytes, one: int, other: int) -> None:
    start, end = sorted((min(one, len(content)), min(other, len(content))))
    rest = content[:start] + content[end:]
    assert digests(content, without=(start, end)) == (digest(content), digest(rest))
