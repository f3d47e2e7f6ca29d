"""Where JSON values begin and end, against what `json` says of the same text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.registry.brackets import BrokenOutline, elements, members, value_end

_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(_ANY_JSON, st.booleans(), st.sampled_from([None, 2]))
def test_a_value_ends_where_its_text_ends(value: object, escaped: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
    assert value_end(text + b" , ]", 0) == len(text)


@settings(deadline=None)
@given(st.lists(_ANY_JSON), st.sampled_from([None, 1]))
def test_each_element_is_sliced_exactly(values: list[object], indent: int | None) -> None:
    text = json.dumps(values, indent=indent).encode()
    spans, end = elements(text, 0)
    assert end == len(text)
    assert [json.loads(text[start:stop]) for start, stop in spans] == values


@settings(deadline=None)
@given(st.dictionaries(st.text("abc"), _ANY_JSON))
def test_each_member_is_sliced_exactly(value: dict[str, object]) -> None:
    text = json.dumps(value).encode()
    spans, end = members(text, 0)
    assert end == len(text)
    assert {key: json.loads(text[slice(*span)]) for key, span in spans.items()} == value


@settings(deadline=None)
@given(_ANY_JSON.filter(lambda value: isinstance(value, list | dict)), st.data())
def test_a_cut_value_has_no_end(value: object, data: st.DataObject) -> None:
    text = json.dumps(value).encode()
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(BrokenOutline):
        value_end(cut, 0)


@pytest.mark.parametrize("text", [b"[1,]", b"[,1]", b"[1 2]", b"[1}", b'["a]', b"[", b"{}"])
def test_no_array(text: bytes) -> None:
    with pytest.raises(BrokenOutline):
        elements(text, 0)


@pytest.mark.parametrize("text", [b'{"a"}', b"{1:2}", b'{"a":}', b'{"a":1,}', b'{"a":[}', b"[]"])
def test_no_object(text: bytes) -> None:
    with pytest.raises(BrokenOutline):
        members(text, 0)


def test_brackets_and_quotes_in_strings_are_text() -> None:
    text = rb'["]", "\"[", "\\", {"}": "{"}]'
    assert [text[slice(*span)] for span in elements(text, 0)[0]] == [b'"]"', rb'"\"["', rb'"\\"', b'{"}": "{"}']


def test_depth_does_not_matter() -> None:
    text = b"[" * 200_000 + b"]" * 200_000
    assert value_end(text, 0) == len(text)


def test_the_last_of_equal_keys_counts() -> None:
    text = b'{"a": 1, "a": 2}'
    assert text[slice(*members(text, 0)[0]["a"])] == b"2"
