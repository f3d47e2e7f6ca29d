"""How bodies lie in the store: packed with zstandard.

A record is packed with the help of a dictionary, because alone it is too short to pack well: the names of the
registry's fields are half of it. Real records take a quarter of their JSON with it, a third without. It was trained
(zstandard.train_dictionary, 32 kB) on 278 public records of spine studies, rid of the names of people. The dictionary
is part of the stored data's format: it is never edited, a better one gets a new file and a new id, and a packed body
names the one that it needs.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path

import zstandard

from tracker.errors import StoreDamaged

_DICTIONARIES = ("records_1.zdict",)
"""Every one that was ever used; the last is the one that is packed with."""

_RECORD_LEVEL = 1  # measured on real records: level 3 saves 6 % of the space, and takes a third longer
_FILE_LEVEL = 9


class _PerThread(threading.local):
    """zstandard's packers are quick to use, slow to make, and not to be shared by threads."""

    def __init__(self) -> None:
        self.records = zstandard.ZstdCompressor(
            level=_RECORD_LEVEL, dict_data=_dictionaries()[-1], write_checksum=False
        )
        self.files = zstandard.ZstdCompressor(level=_FILE_LEVEL)
        self.plain = zstandard.ZstdDecompressor()
        self.by_dictionary = {
            dictionary.dict_id(): zstandard.ZstdDecompressor(dict_data=dictionary) for dictionary in _dictionaries()
        }


@cache
def _dictionaries() -> tuple[zstandard.ZstdCompressionDict, ...]:
    folder = Path(__file__).parent
    found = tuple(zstandard.ZstdCompressionDict((folder / name).read_bytes()) for name in _DICTIONARIES)
    found[-1].precompute_compress(level=_RECORD_LEVEL)
    return found


@cache
def _mine() -> _PerThread:
    return _PerThread()


def pack(record: bytes | memoryview) -> bytes:
    """A record's bytes, packed for `study_version.body`."""
    return _mine().records.compress(record)


def pack_file(content: bytes) -> bytes:
    """A report's file or view, packed: any content, less often and harder than a record."""
    return _mine().files.compress(content)


def unpack(packed: bytes) -> bytes:
    """The bytes that `pack` or `pack_file` was given. Raises StoreDamaged where they can't be had back."""
    try:
        needed = zstandard.get_frame_parameters(packed).dict_id
        unpacker = _mine().by_dictionary[needed] if needed else _mine().plain
        return unpacker.decompress(packed)
    except (zstandard.ZstdError, KeyError) as error:
        raise StoreDamaged(
            f"A stored body can't be unpacked ({error})", advice="Run `tracker db check`, and restore a backup."
        ) from error


def digest(content: bytes) -> bytes:
    """16 bytes that tell one body from another: the first half of its SHA-256, which processors have built in."""
    return hashlib.sha256(content).digest()[:16]


def digests(content: bytes, *, without: tuple[int, int]) -> tuple[bytes, bytes]:
    """The digest of `content`, and of what it is without the bytes from the one offset to the other.

    What stands before them, most of a record, is gone through once.
    """
    start, end = without
    view = memoryview(content)
    whole = hashlib.sha256(view[:start])
    rest = whole.copy()
    whole.update(view[start:])
    rest.update(view[end:])
    return whole.digest()[:16], rest.digest()[:16]
