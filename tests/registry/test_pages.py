"""An answer of `/studies` is split into its records, whatever is wrong with one of them."""

from __future__ import annotations

import json

import pytest

from tracker.registry.pages import Listing, NotAnAnswer, nct_id_in, split_page

_GOOD = b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000001"}}}'
_ALSO_GOOD = '{"protocolSection":{"identificationModule":{"nctId":"NCT00000002","acronym":"é ,\\n]} \\" "}}}'.encode()
_LINES = b'{"studies":[\n%s\n],"totalCount":7,"nextPageToken":"ZVNj-_o"}\n'
_COMPACT = b'{"studies":[%s],"totalCount":7,"nextPageToken":"ZVNj-_o"}'
_REORDERED = b' {"totalCount" : 7 , "nextPageToken" : "ZVNj-_o" , "studies" : [ %s ] } '

_REJECTED = {
    "lone surrogate": rb'{"title":"\ud800"}',
    "NaN": b'{"count":NaN}',
    "a number that JSON has not": b'{"count":01}',
    "control character": b'{"title":"a\x01b"}',
    "invalid UTF-8": b'{"title":"\xff\xfe"}',
    "half a UTF-8 character": b'{"title":"\xc3"}',
    "too deep": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "infinite": b'{"count":1e400}',
    "a wrong escape": rb'{"title":"\x41"}',
    "NUL": b'{"title":"\x00"}',
    "no object": b"[1, 2]",
    "null": b"null",
    "a word": b"oops",
    "a key without quotes": b"{title:1}",
}
_UNBALANCED = {
    "no closing bracket": b'{"title":{"a":1}',
    "one bracket too many": b'{"a":1}}',
    "no closing quote": b'{"title":"a}',
    "no JSON at all": b"no JSON at all",
    "web page": b'<html class="no-js">',
    "empty": b"",
}


def records(listing: Listing) -> list[bytes]:
    return [bytes(record) for record in listing.records]


@pytest.mark.parametrize("layout", [_LINES, _COMPACT, _REORDERED])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_sound_page(layout: bytes, kind: type[bytes] | type[bytearray]) -> None:
    listing = split_page(kind(layout % b",\n".join([_GOOD, _ALSO_GOOD])))
    assert records(listing) == [_GOOD, _ALSO_GOOD]
    assert (listing.next_page_token, listing.total_count) == ("ZVNj-_o", 7)


@pytest.mark.parametrize("layout", [_LINES, _COMPACT, _REORDERED])
@pytest.mark.parametrize("bad", _REJECTED.values(), ids=_REJECTED.keys())
def test_one_bad_record_does_not_cost_the_page(layout: bytes, bad: bytes) -> None:
    listing = split_page(layout % b",\n".join([_GOOD, bad, _ALSO_GOOD]))
    assert records(listing) == [_GOOD, bad, _ALSO_GOOD]
    assert (listing.next_page_token, listing.total_count) == ("ZVNj-_o", 7)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bad", _UNBALANCED.values(), ids=_UNBALANCED.keys())
def test_in_the_registrys_layout_a_broken_line_does_not_cost_the_page(bad: bytes, place: int) -> None:
    lines = [_GOOD, _ALSO_GOOD]
    lines.insert(place, bad)
    assert records(split_page(_LINES % b",\n".join(lines))) == lines


def test_two_records_whose_brackets_make_up_for_each_other_stay_two() -> None:
    lines = [b'{"a":"\\ud800"', b'{"b":1}}', _GOOD]
    assert records(split_page(_LINES % b",\n".join(lines))) == lines


def test_windows_line_ends() -> None:
    body = (_LINES % b",\n".join([_GOOD, b'{"a":"\\ud800"}'])).replace(b"\n", b"\r\n")
    assert records(split_page(body)) == [_GOOD, b'{"a":"\\ud800"}']


def test_a_bad_record_in_indented_json() -> None:
    text = json.dumps({"studies": [{"a": "\ud800"}, {"b": [1, 2]}], "totalCount": 2}, indent=2).encode()
    assert [json.loads(record) for record in records(split_page(text))] == [{"a": "\ud800"}, {"b": [1, 2]}]


@pytest.mark.parametrize("body", [b'{"studies":[  ]}', b'{"studies":[]}\n', b'\xef\xbb\xbf{"studies":[\n]}'])
def test_a_page_may_be_empty(body: bytes) -> None:
    assert split_page(body) == Listing(())


def test_a_byte_order_mark_is_forgiven() -> None:
    assert records(split_page(b"\xef\xbb\xbf" + _COMPACT % _GOOD)) == [_GOOD]


def test_null_and_empty_tokens_are_none() -> None:
    assert split_page(b'{"studies":[1],"nextPageToken":null,"totalCount":null}').next_page_token is None
    assert split_page(b'{"studies":[1],"nextPageToken":""}').next_page_token is None
    assert split_page(b'{"studies":[NaN],"nextPageToken":""}').next_page_token is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b"{}", "an object without studies"),
        (b"null", "JSON, but no object"),
        (b"[]", "JSON, but no object"),
        (b'"studies"', "JSON, but no object"),
        (b'{"studies":null}', "its studies are no list"),
        (b'{"studies":{}}', "its studies are no list"),
        (b'{"studies":[],"totalCount":"7"}', "its totalCount is no number"),
        (b'{"studies":[],"totalCount":true}', "its totalCount is no number"),
        (b'{"studies":[],"nextPageToken":7}', "its nextPageToken is no text"),
        (b'{"studies":[],"nextPageToken":"\\x"}', "its nextPageToken or totalCount can't be read"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"\n  <html>", "a web page"),
        (b"Service unavailable", "no JSON"),
        (b"nothing here", "no JSON"),
        (b'{"studies":[1]} trailing', "the JSON is cut or broken: something follows the end (byte 15)"),
        (b'{"studies":[{"a":1', "the JSON is cut or broken: the text ends inside a value (byte 18)"),
    ],
)
def test_what_is_no_answer(body: bytes, reason: str) -> None:
    with pytest.raises(NotAnAnswer) as caught:
        split_page(body)
    assert str(caught.value) == reason


@pytest.mark.parametrize("layout", [_LINES, _COMPACT])
@pytest.mark.parametrize("bad", [b'{"a":1}', rb'{"a":"\ud800"}'], ids=["sound", "with a bad record"])
def test_a_cut_page_is_never_taken(layout: bytes, bad: bytes) -> None:
    whole = (layout % b",\n".join([_GOOD, bad, _ALSO_GOOD])).rstrip()
    for length in range(len(whole)):
        with pytest.raises(NotAnAnswer):
            split_page(whole[:length])


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (_GOOD, "NCT00000001"),
        (b'{"has":true,"protocolSection":{"identificationModule":{"a":1,"nctId":"NCT00000001"}}}', "NCT00000001"),
        (_GOOD[:-1], "NCT00000001"),
        (_GOOD.replace(b"{", rb'{"x":"\ud800",', 1), "NCT00000001"),
        (rb'{"protocolSection":{"identificationModule":{"x":"\ud800","nctId":"NCT00000001"}}}', "NCT00000001"),
        (_GOOD.replace(b"NCT00000001", b"NCT0000001"), None),
        (_GOOD.replace(b'"NCT00000001"', b"7"), None),
        (b'{"protocolSection":{"statusModule":{"expandedAccessInfo":{"nctId":"NCT00000001"}}}}', None),
        (b"[]", None),
        (b"null", None),
        (b"", None),
    ],
)
def test_whose_record_it_is(record: bytes, found: str | None) -> None:
    assert nct_id_in(record) == found
    assert nct_id_in(memoryview(record)) == found
