"""Takes apart files saved from the registry's website or API: JSON, one JSON a line, a zip of them, gzip of any.

What a file is, is seen by its content and not by its name. A *document* is one JSON text in it: a page of studies, a
list of studies, one study, or one study with the day it was saved (`{"as_of": …, "study": …}`). A record that can't be
read is handed on as it is; a file that holds something else is an ImportFileError. Unzipped sizes are capped.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import msgspec

from tracker.errors import ImportFileError
from tracker.registry.brackets import BrokenOutline, Text, elements, skip_space
from tracker.registry.pages import BOM, NotAnAnswer, split_page, what_it_is, whole_object

ACCEPTED = (
    "Accepted are the JSON download of the registry's website, answers of its API, one study a line (jsonl), "
    "and zip or gzip of these."
)
LARGEST_DOCUMENT = 2_000_000_000  # bytes: one JSON text has to fit into memory
LARGEST_MEMBER = 256_000_000  # bytes, of a zip, where each is one study or one page

_SMALL, _DENSEST = 64_000_000, 200  # a file may unpack to so many bytes, and so many times its own size

_GZIP, _ZIP, _UTF16 = b"\x1f\x8b", b"PK", (b"\xff\xfe", b"\xfe\xff")
_ZIP_INDEX = "Contents.txt"


@dataclass(frozen=True, slots=True)
class Document:
    """The records of one JSON text. `is_page`: an answer of `/studies`, whose token and count are known."""

    records: tuple[bytes | memoryview, ...]
    as_of: str | None = None
    is_page: bool = False
    next_page_token: str | None = None
    total_count: int | None = None


def documents(path: Path) -> Iterator[Document]:
    """The JSON texts of a file, one by one. Raises ImportFileError."""
    try:
        with path.open("rb") as file:
            yield from _documents(file, most=_SMALL + _DENSEST * path.stat().st_size)
    except NotAnAnswer as error:
        raise _no_export(path, str(error)) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError) as error:
        raise ImportFileError(
            f"{path}: the compressed file is cut or damaged ({error})", subject=str(path), advice="Download it again."
        ) from error
    except OSError as error:
        raise ImportFileError(
            f"{path} can't be read: {error.strerror or error}", subject=str(path), advice="Check the name."
        ) from error


def _no_export(path: Path, found: str) -> ImportFileError:
    return ImportFileError(f"{path} is no registry export: {found}", subject=str(path), advice=ACCEPTED)


def no_studies(path: Path) -> ImportFileError:
    """The error of a file whose JSON is sound, but in which nothing has an NCT ID."""
    return _no_export(path, "JSON in which nothing has an NCT ID")


# --- compressed or not --------------------------------------------------------------------------------------


def _documents(file: io.BufferedIOBase, *, most: int, unzipped: bool = False) -> Iterator[Document]:
    stream = io.BufferedReader(_Capped(file, most))
    head = stream.peek(512)[:512]
    if head.startswith(_GZIP) and not unzipped:
        yield from _documents(gzip.GzipFile(fileobj=stream), most=most, unzipped=True)
    elif head.startswith(_ZIP):
        seekable = io.BytesIO(stream.read()) if unzipped else file
        yield from _zipped(seekable, most=most)
    else:
        yield from _texts(stream, head)


def _zipped(file: io.BufferedIOBase, *, most: int) -> Iterator[Document]:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if _is_study_file(PurePosixPath(member.filename))]
        if not members:
            names = ", ".join(archive.namelist()[:3]) or "nothing"
            raise NotAnAnswer(f"a zip without JSON files (it holds {names})")
        for member in members:
            if member.flag_bits & 1:
                raise NotAnAnswer("a zip with a password")
            with archive.open(member) as packed:
                body = _Capped(packed, min(LARGEST_MEMBER, most)).readall()
            most -= len(body)
            yield from _member(body)


def _is_study_file(name: PurePosixPath) -> bool:
    hidden = name.name.startswith(".") or "__MACOSX" in name.parts
    return name.suffix.lower() in (".json", ".jsonl") and not hidden and name.name != _ZIP_INDEX


def _member(body: bytes) -> Iterator[Document]:
    """One file of a zip. If it can't be read it is one unreadable record: it must not cost the others."""
    try:
        yield from list(_texts(io.BufferedReader(io.BytesIO(body)), body[:512]))
    except NotAnAnswer:
        yield Document((body,))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Capped(io.RawIOBase):
    """Reads on until `most` bytes have come: what unpacks to more is not taken for an export."""

    def __init__(self, source: _Readable, most: int) -> None:
        self._source = source
        self._most = most
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._source.read(len(buffer))
        self._read += len(chunk)
        if self._read > self._most:
            raise NotAnAnswer(f"it unpacks to more than {self._most / 1e6:,.0f} MB")
        buffer[: len(chunk)] = chunk
        return len(chunk)


# --- JSON texts ---------------------------------------------------------------------------------------------


def _texts(stream: io.BufferedReader[Any], head: bytes) -> Iterator[Document]:
    """One document, or one a line where the first line is a whole one and more follow."""
    if other := _other_format(head):
        raise NotAnAnswer(other)
    first = _next_line(stream).removeprefix(BOM)
    following = _next_line(stream) if _is_whole(first) else b""
    if not following:
        body = bytearray(first)
        body += _rest(stream)
        yield split_document(body)
        return
    yield split_document(first)
    while following:
        yield _line(following)
        following = _next_line(stream)


def _next_line(stream: io.BufferedReader[Any]) -> bytes:
    """The next line that is not blank; empty at the end."""
    while line := stream.readline(LARGEST_DOCUMENT):
        if not line.isspace():
            return line
    return b""


def _rest(stream: io.BufferedReader[Any]) -> bytes:
    rest = stream.read(LARGEST_DOCUMENT)
    if stream.peek(1):
        raise NotAnAnswer(f"a JSON text of more than {LARGEST_DOCUMENT / 1e6:,.0f} MB")
    return rest


def _is_whole(line: bytes) -> bool:
    try:
        return whole_object(line) is not None
    except BrokenOutline:
        return False


def _line(line: bytes) -> Document:
    try:
        return split_document(line)
    except NotAnAnswer:
        return Document((line.strip(),))


def _other_format(head: bytes) -> str | None:
    """What the beginning of a file shows it to be, if not JSON; said for a person."""
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(_UTF16):
        return "text in UTF-16; save it as UTF-8"
    if text[:16].strip(b'"').startswith((b"NCT Number", b"Rank,")):
        return "a CSV download, which lacks most of a record; on the registry's website choose Download, then JSON"
    if text.startswith((b"<?xml", b"<clinical_study", b"<search_results")):
        return "XML, the registry's old format; download it again as JSON"
    if text.startswith(b"TY  -"):
        return "a RIS download; on the registry's website choose Download, then JSON"
    return {"an empty body": "an empty file"}.get(found, found) if (found := what_it_is(head)) else None


# --- one JSON text ------------------------------------------------------------------------------------------


class _Outer(msgspec.Struct, rename="camel"):
    """What tells the forms of an object apart; empty where it is not there."""

    studies: msgspec.Raw = msgspec.Raw()
    study: msgspec.Raw = msgspec.Raw()
    protocol_section: msgspec.Raw = msgspec.Raw()
    as_of: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="as_of")


_OUTER = msgspec.json.Decoder(_Outer)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def split_document(body: Text) -> Document:
    """The records of one JSON text, whichever of the accepted forms it has. Raises NotAnAnswer."""
    start = skip_space(body, len(BOM) if body.startswith(BOM) else 0)
    try:
        return _list(body, start) if body[start : start + 1] == b"[" else _object(body)
    except BrokenOutline as error:
        raise NotAnAnswer(what_it_is(body) or f"its JSON is cut or broken: {error}") from error


def _list(body: Text, start: int) -> Document:
    view = memoryview(body)
    try:
        records = tuple([memoryview(raw) for raw in _LIST.decode(view[start:])])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        spans, end = elements(body, start)
        if skip_space(body, end) != len(body):
            raise BrokenOutline("something follows the end", end) from None
        records = tuple(view[slice(*span)] for span in spans)
    if not records:
        raise NotAnAnswer("an empty list")
    return Document(records)


def _object(body: Text) -> Document:
    outer = _outer(body)
    if bytes(outer.studies):
        page = split_page(body)
        return Document(page.records, None, True, page.next_page_token, page.total_count)
    if bytes(outer.study):
        return Document((memoryview(outer.study),), bytes(outer.as_of).decode(errors="replace").strip('"') or None)
    if bytes(outer.protocol_section):
        return Document((memoryview(body),))
    keys = ", ".join(list(whole_object(body) or ())[:3]) or "nothing"
    raise NotAnAnswer(f"JSON, but no study (it holds {keys})")


def _outer(body: Text) -> _Outer:
    try:
        return _OUTER.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        spans = whole_object(body)
        if spans is None:
            raise NotAnAnswer(what_it_is(body) or "JSON, but neither a study nor a list of studies") from None
    parts = {key: msgspec.Raw(bytes(body[slice(*span)])) for key, span in spans.items()}
    nothing = msgspec.Raw()
    return _Outer(
        parts.get("studies", nothing),
        parts.get("study", nothing),
        parts.get("protocolSection", nothing),
        parts.get("as_of", nothing),
    )
