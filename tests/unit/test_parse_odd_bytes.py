"""Bytes that are not quite JSON, or text that not every database holds: read or refused, the same on both decoders.

The fast decoder reads most records; what it refuses goes to the standard one. A lone surrogate in the title forces
the second way, so that each case can be tried on both.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.edits import bounded
from tests.unit.records import NCT_ID, a_full_record, a_small_record, edited, encoded
from tracker.content import content
from tracker.diff import diff, same_content
from tracker.parse import parse, study_from
from tracker.record import Unreadable, read_record
from tracker.study import Problem, Study

FAST = '{"protocolSection":{"identificationModule":{"nctId":"NCT90000001","briefTitle":"T"}},"x":%s}'
SLOW = FAST.replace('"T"', '"T\\ud800"')


def _read(text: str, value: str) -> object:
    """What the value of `x` is read as, or the reason why the record is not."""
    try:
        return read_record((text % value).encode())["x"]
    except Unreadable as unreadable:
        return unreadable.problem


def _both(value: str) -> tuple[object, object]:
    return _read(FAST, value), _read(SLOW, value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2**63),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("1180591620717411303424", 2.0**70),
        ("1" + "0" * 300, 1e300),
        ("1e308", 1e308),
        ("1e-400", 0.0),
        ("-0", 0),
        ("60.0", 60.0),
        ("1e400", "1e400"),
        ("-1e400", "-1e400"),
        ("1" + "0" * 400, "1" + "0" * 400),
        ("9" * 5000, "9" * 5000),
        ('{"a":1,"a":2}', {"a": 2}),
        ('"a\\u0000b"', "a\ufffdb"),
        ('"\\ud83e\\uddb4"', "\U0001f9b4"),
        ('"\\u202e"', "\u202e"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_both_decoders_read_the_same(value: str, read: object) -> None:
    assert _both(value) == (read, read)
    assert [type(one) for one in _both(value)] == [type(read)] * 2


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "01", "'x'", "[1,]", ""])
def test_both_decoders_refuse_the_same(value: str) -> None:
    for problem in _both(value):
        assert isinstance(problem, Problem)
        assert problem.path == "$"
        assert problem.reason.startswith("no JSON: ")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\\ud800", "\ufffd"),
        ("\\udc00", "\ufffd"),
        ("a\\ud800b", "a\ufffdb"),
        ("\\udc00\\ud800", "\ufffd\ufffd"),
        ("\\ud83e\\uddb4 \\ud800", "\U0001f9b4 \ufffd"),
        ("\\u0000", "\ufffd"),
        ("\x00", "\ufffd"),
        ("a\x01b", "a\x01b"),
        ("\\ufeffx", "\ufeffx"),
        ("\\\\u0000", "\\u0000"),
    ],
)
def test_what_is_no_character_is_replaced_and_the_rest_kept(text: str, kept: str) -> None:
    raw = FAST.replace('"T"', f'"{text}"') % "null"
    title = parse(raw.encode()).brief_title
    assert title == kept
    assert title.encode()


def test_odd_text_is_replaced_wherever_it_stands() -> None:
    raw = SLOW % '{"k\\ud800":["\\ud800",{"z":"\\u0000"}]}'
    assert read_record(raw.encode())["x"] == {"k\ufffd": ["\ufffd", {"z": "\ufffd"}]}


def test_invalid_utf_8_is_replaced() -> None:
    raw = json.dumps(a_small_record()).encode().replace(b"Radiosurgery", b"Radio\xffsurgery \xc3")
    assert parse(raw).brief_title == "Radio\ufffdsurgery \ufffd of Spinal Metastases"


def test_a_byte_order_mark_is_no_text() -> None:
    raw = json.dumps(a_small_record()).encode()
    assert parse(b"\xef\xbb\xbf" + raw) == parse(raw)
    with pytest.raises(Unreadable):
        parse(b"\xef\xbb\xbf\xef\xbb\xbf" + raw)


@pytest.mark.parametrize("raw", [b"", b" ", b"{", b"<html></html>", json.dumps(a_small_record()).encode()[:-1]])
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(Unreadable) as unreadable:
        parse(raw)
    assert unreadable.value.problem.reason.startswith("no JSON: ")


@pytest.mark.parametrize("depth", [1025, 5000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deep_is_refused(opened: str, closed: str, depth: int) -> None:
    inner = '"x"' if "a" in opened else ""
    raw = FAST % (opened * depth + inner + closed * depth)
    with pytest.raises(Unreadable) as unreadable:
        parse(raw.encode())
    assert unreadable.value.problem.reason == "it is nested too deep"


@pytest.mark.parametrize("odd", [r'"\u0000"', r'"\ud800"'])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deep_to_be_put_right_is_refused(opened: str, closed: str, odd: str) -> None:
    raw = FAST % (opened * 900 + odd + closed * 900)
    with pytest.raises(Unreadable) as unreadable:
        parse(raw.encode())
    assert unreadable.value.problem.reason == "it is nested too deep"


@pytest.mark.parametrize("depth", [250, 400, 900])
@pytest.mark.parametrize(
    "nested",
    [
        lambda depth: "[" * depth + "]" * depth,
        lambda depth: '{"a":' * depth + "1" + "}" * depth,
        lambda depth: '[{"a":' * (depth // 2) + "1" + "}]" * (depth // 2),
        lambda depth: "[2," * depth + "1" + "]" * depth,
    ],
    ids=["empty lists", "objects", "lists of objects", "lists"],
)
def test_what_is_nested_deep_is_compared_or_refused_but_never_worse(nested, depth: int) -> None:  # type: ignore[no-untyped-def]
    deep, flat = parse((FAST % nested(depth)).encode()), parse((FAST % "1").encode())
    for compare in (same_content, diff):
        try:
            compare(flat, deep)
        except Unreadable as unreadable:
            refused = unreadable.problem
        else:
            continue
        assert refused == Problem(deep.nct_id, "$", "it is nested too deep")


def test_large_numbers_beside_odd_text_can_be_compared() -> None:
    study = parse((SLOW % "[1180591620717411303424,2]").encode())
    assert content(study.record)["x"] == [1180591620717411303424.0, 2]
    assert same_content(study, parse((SLOW % "[2,1180591620717411303424]").encode()))


def test_a_record_with_odd_text_is_the_same_each_time_it_is_read() -> None:
    record = edited(a_small_record(), {"identificationModule.acronym": "A\ud800\0"})
    raw = json.dumps(record).encode()
    once = parse(raw)
    again = parse(orjson.dumps(once.record))
    assert once == again
    assert once.nct_id == NCT_ID
    assert diff(once, again) == ()


_FULL = encoded(a_full_record())
_ODD_BYTES = (
    *(b"\\u0000", b"\\ud800", b"\\", b"\xff", b"\xc3", b"\x00", b"\n", b"\xef\xbb\xbf"),
    *(b"1e400", b"9" * 400, b"-", b"NaN", b"0", b"7", b"null", b"true", b" "),
    *(b'"', b",", b":", b"{", b"}", b"[", b"]", b'"x"', b'"nctId":7,', b"[[]]", b"{}"),
)
_edits = st.lists(
    st.tuples(st.integers(0, len(_FULL)), st.sampled_from((0, 0, 1, 2, 9)), st.sampled_from(_ODD_BYTES)),
    min_size=1,
    max_size=3,
)


@bounded
@given(_edits)
@example([(_FULL.index(b'"hasResults"'), 0, b'"x":1e400,')])
@example([(_FULL.index(b'"hasResults"'), 0, b'"x":"\xff",')])
@example([(_FULL.index(b'"hasResults"'), 0, b'"hasResults":7,')])
def test_what_is_read_fast_is_read_the_same_from_the_whole_record(edits: list[tuple[int, int, bytes]]) -> None:
    raw = _FULL
    for place, left_out, put_in in edits:
        raw = raw[:place] + put_in + raw[place + left_out :]
    assert _outcome(lambda: parse(raw)) == _outcome(lambda: study_from(read_record(raw)))


def _outcome(read: Callable[[], Study]) -> Study | Problem:
    try:
        return read()
    except Unreadable as unreadable:
        return unreadable.problem
