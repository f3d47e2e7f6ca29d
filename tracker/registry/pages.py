"""Splits an answer of `/studies` into its records, each as its own bytes, without building any of them.

One record that can't be read must not cost the page: fast parsers reject all thousand records for a lone surrogate in
one. So there are three ways, each for what the one before rejects: msgspec; the registry's layout, in which every
study is one line; the outline of brackets. What a record says is judged later, one by one (`tracker.parse`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import msgspec

from tracker.registry.brackets import BrokenOutline, Span, Text, elements, members, skip_space
from tracker.study import NctId

BOM = b"\xef\xbb\xbf"


class NotAnAnswer(ValueError):
    """Bytes that the API would not have sent whole: cut JSON, a web page, an object without studies. Worth a retry."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer of `/studies`. The records are views into the answer, which they keep in memory."""

    records: tuple[memoryview, ...]
    next_page_token: str | None = None
    total_count: int | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    studies: list[msgspec.Raw]
    next_page_token: str | None = None
    total_count: int | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def split_page(body: Text) -> Listing:
    """The records of an answer in their order, its token and its count. Raises NotAnAnswer.

    A record can be any bytes where the outline of the rest is sound; whether it is a study is not looked at.
    """
    try:
        page = _ENVELOPE.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _split_rejected(body)
    records = tuple([memoryview(raw) for raw in page.studies])
    return Listing(records, page.next_page_token or None, page.total_count)


def _split_rejected(body: Text) -> Listing:
    try:
        return _split_lines(body) or _split_outline(body)
    except BrokenOutline as error:
        raise NotAnAnswer(what_it_is(body) or f"the JSON is cut or broken: {error}") from error


# --- by lines: the registry's own layout --------------------------------------------------------------------

_LINES_BEGIN = re.compile(rb'\s*\{\s*"studies"\s*:\s*\[[ \t\r]*\n')
_LINES_END = re.compile(rb'\n[ \t\r]*\]((?:\s*,\s*"\w+"\s*:\s*(?:\d+|null|"[^"\\\n]*"))*)\s*\}\s*\Z')
_LONGEST_END = 4096  # bytes: tokens grow, but not to that


def _split_lines(body: Text) -> Listing | None:
    """By line ends, which JSON strings can't contain; None where the layout is another.

    Only this way finds the next record after one whose brackets or quotes don't match.
    """
    begin = _LINES_BEGIN.match(body)
    end = _LINES_END.search(body, max(len(body) - _LONGEST_END, 0))
    if not begin or not end or end.start() < begin.end():
        return None
    view = memoryview(body)
    lines = [view[start:stop] for start, stop in _lines(body, begin.end(), end.start())]
    # A line without its comma is part of a record that is spread over several lines.
    if [line[-1:].tobytes() == b"," for line in lines] != [True] * (len(lines) - 1) + [False]:
        return None
    rest = b"{" + end[1].lstrip().removeprefix(b",") + b"}"
    return Listing((*(line[:-1] for line in lines[:-1]), lines[-1]), *_token_and_count(rest, members(rest, 0)[0]))


def _lines(body: Text, start: int, stop: int) -> list[Span]:
    """Where each line between the two offsets begins and ends, without a carriage return."""
    spans: list[Span] = []
    while start <= stop:
        found = body.find(b"\n", start, stop)
        end = stop if found < 0 else found
        spans.append((start, end - 1 if body[end - 1 : end] == b"\r" else end))
        start = end + 1
    return spans


# --- by brackets --------------------------------------------------------------------------------------------


def _split_outline(body: Text) -> Listing:
    found = whole_object(body)
    if found is None:
        raise NotAnAnswer(what_it_is(body) or "JSON, but no object")
    if "studies" not in found:
        raise NotAnAnswer("an object without studies")
    start = found["studies"][0]
    if body[start : start + 1] != b"[":
        raise NotAnAnswer("its studies are no list")
    view = memoryview(body)
    records = tuple(view[slice(*span)] for span in elements(body, start)[0])
    return Listing(records, *_token_and_count(body, found))


def whole_object(body: Text) -> dict[str, Span] | None:
    """The members of the one object that `body` holds; None where it holds something else. Raises BrokenOutline."""
    start = skip_space(body, len(BOM) if body.startswith(BOM) else 0)
    if body[start : start + 1] != b"{":
        return None
    found, end = members(body, start)
    if skip_space(body, end) != len(body):
        raise BrokenOutline("something follows the end", end)
    return found


def _token_and_count(body: Text, found: dict[str, Span]) -> tuple[str | None, int | None]:
    token = _read_scalar(body, found.get("nextPageToken"))
    total = _read_scalar(body, found.get("totalCount"))
    if not isinstance(token, str | None):
        raise NotAnAnswer("its nextPageToken is no text")
    if isinstance(total, bool) or not isinstance(total, int | None):
        raise NotAnAnswer("its totalCount is no number")
    return token or None, total


def _read_scalar(body: Text, span: Span | None) -> object:
    if span is None:
        return None
    try:
        value: object = json.loads(bytes(body[slice(*span)]))
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer("its nextPageToken or totalCount can't be read") from error
    return value


_JSON_BEGINS = re.compile(rb'[{\["]|-?\d|(true|false|null)\b')


def what_it_is(body: Text) -> str | None:
    """What bytes that are no JSON seem to be, said for a person; None if they could be JSON."""
    beginning = bytes(body[:512]).removeprefix(BOM).lstrip()
    if not beginning:
        return "an empty body"
    if beginning.startswith(b"<"):
        return "a web page"
    return None if _JSON_BEGINS.match(beginning) else "no JSON"


# --- whose record it is -------------------------------------------------------------------------------------


class _Identification(msgspec.Struct, rename="camel"):
    nct_id: str


class _Protocol(msgspec.Struct, rename="camel"):
    identification_module: _Identification


class _Record(msgspec.Struct, rename="camel"):
    protocol_section: _Protocol


_RECORD = msgspec.json.Decoder(_Record)
_NCT_ID = re.compile(r"NCT\d{8}", re.ASCII)
_NCT_ID_IN_PLACE = re.compile(rb'"identificationModule"\s*:\s*\{[^{}]*?"nctId"\s*:\s*"(NCT\d{8})"')


def nct_id_in(record: bytes | bytearray | memoryview) -> NctId | None:
    """The NCT ID of a record by its bytes, also of one that a JSON parser rejects; None where it has none."""
    try:
        found = _RECORD.decode(record).protocol_section.identification_module.nct_id
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        match = _NCT_ID_IN_PLACE.search(record)
        found = match[1].decode() if match else ""
    return NctId(found) if _NCT_ID.fullmatch(found) else None
