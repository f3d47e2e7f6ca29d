"""What can go wrong between the registry and a client, by name (FAULTS, network section).

`StandIn.fail(fault, path=…, after=…, times=…)` says when. What is wrong with the data itself is elsewhere: a
record that can't be read in `noise`, a registry that shrinks in `situations`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.registry.standin.answers import HTML, Answer, Delivery, refusal
from tests.registry.standin.errors import token_refused
from tests.registry.standin.pages import Page, compressed

_GZIP_TRAILER = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """A named fault: it changes the page, the answer or its delivery, or shows older data."""

    name: str
    page: Callable[[Page], Page] | None = None
    answer: Callable[[Answer], Answer] | None = None
    delivery: Callable[[Delivery], Delivery] | None = None
    data_timestamp: str | None = None


def _instead(name: str, answer: Answer) -> Fault:
    return Fault(name, answer=lambda _: answer)


def _html(status: int, title: str) -> Answer:
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, page.encode(), HTML)


# --- refused ---------------------------------------------------------------------------------------------


def blocked() -> Fault:
    """403 with HTML, as a firewall answers an address or a client that it doesn't like."""
    return _instead("blocked", _html(403, "403 Forbidden"))


def url_too_long() -> Fault:
    return _instead("url too long", _html(414, "414 Request-URI Too Large"))


def too_many_requests(retry_after: str | None = None) -> Fault:
    """429. `retry_after` is sent as it is: seconds, an HTTP date, or nonsense such as `-5` and `abc`."""
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    return _instead("too many requests", replace(_html(429, "429 Too Many Requests"), headers=headers))


def server_error(status: int = 500, retry_after: str | None = None) -> Fault:
    """500, 502, 503 or 504."""
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    return _instead(f"server error {status}", replace(_html(status, f"{status} Server Error"), headers=headers))


def token_expired() -> Fault:
    """400 as for a page token of older data (the text is assumed)."""
    return _instead("token expired", refusal(token_refused()))


def redirected(to: str, status: int = 302) -> Fault:
    """To another host, or from https to http."""
    return _instead("redirected", Answer(status, b"", HTML, (("Location", to),)))


# --- 200, but not an answer ------------------------------------------------------------------------------


def html_instead() -> Fault:
    """200 with a web page, as during maintenance."""
    return _instead("HTML instead of JSON", _html(200, "ClinicalTrials.gov is temporarily unavailable"))


def body(content: bytes | str) -> Fault:
    """200 and JSON by its header, with this body: empty, `{}`, `null`, or anything."""
    return _instead("another body", Answer(body=content if isinstance(content, bytes) else content.encode()))


def empty_body() -> Fault:
    return body(b"")


def truncated_json(keep: float = 0.5) -> Fault:
    """The first part of the JSON, with the Content-Length of that part."""

    def cut(answer: Answer) -> Answer:
        whole = answer.plain()
        return replace(answer, body=whole[: int(len(whole) * keep)], gzipped=None)

    return Fault("truncated JSON", answer=cut)


def bomb(megabytes: int = 300) -> Fault:
    """A small gzip that unpacks to this many megabytes of JSON white space."""

    def inflate(delivery: Delivery) -> Delivery:
        block = compressed(b" " * 1_000_000)
        return _gzip_payload(delivery, block * megabytes)

    return Fault("decompression bomb", delivery=inflate)


# --- on the wire -----------------------------------------------------------------------------------------


def connection_reset(after_bytes: int = 0) -> Fault:
    """The connection is reset before the answer, or after some bytes of its body."""

    def cut(delivery: Delivery) -> Delivery:
        return replace(delivery, payload=delivery.payload[:after_bytes], reset=True)

    return Fault("connection reset", delivery=cut)


def body_cut(keep: float = 0.5) -> Fault:
    """The connection ends before the Content-Length that was announced."""

    def cut(delivery: Delivery) -> Delivery:
        return replace(delivery, payload=delivery.payload[: int(len(delivery.payload) * keep)], hang_up=True)

    return Fault("body cut", delivery=cut)


def gzip_cut(keep: float = 0.5, *, length: bool = True) -> Fault:
    """Part of a gzip stream; `length`: with a Content-Length that fits the part, or with none at all."""

    def cut(delivery: Delivery) -> Delivery:
        whole = _as_gzip(delivery).payload
        part = _gzip_payload(delivery, whole[: int(len(whole) * keep)])
        return part if length else replace(part, length=None, hang_up=True)

    return Fault("gzip cut", delivery=cut)


def gzip_without_trailer() -> Fault:
    """All of the data, without the eight bytes of checksum and length."""

    def cut(delivery: Delivery) -> Delivery:
        return _gzip_payload(delivery, _as_gzip(delivery).payload[:-_GZIP_TRAILER])

    return Fault("gzip without trailer", delivery=cut)


def gzip_corrupt() -> Fault:
    """The checksum doesn't fit the data."""

    def spoil(delivery: Delivery) -> Delivery:
        whole = _as_gzip(delivery).payload
        wrong = bytes(byte ^ 0xFF for byte in whole[-_GZIP_TRAILER:-4])
        return _gzip_payload(delivery, whole[:-_GZIP_TRAILER] + wrong + whole[-4:])

    return Fault("gzip corrupt", delivery=spoil)


def drip(pause_s: float = 0.05, chunk: int = 1) -> Fault:
    """The body in small pieces with a pause after each, so that no single read is slow."""
    return Fault("slow drip", delivery=lambda delivery: replace(delivery, chunk=chunk, pause_s=pause_s))


def _is_gzip(delivery: Delivery) -> bool:
    return ("Content-Encoding", "gzip") in delivery.headers


def _as_gzip(delivery: Delivery) -> Delivery:
    return delivery if _is_gzip(delivery) else _gzip_payload(delivery, compressed(delivery.payload))


def _gzip_payload(delivery: Delivery, payload: bytes) -> Delivery:
    encoding = () if _is_gzip(delivery) else (("Content-Encoding", "gzip"),)
    return replace(delivery, headers=(*delivery.headers, *encoding), payload=payload, length=len(payload))


def unpacked(delivery: Delivery) -> bytes:
    """The body that a delivery carries, for looking at it in a test."""
    return gzip.decompress(delivery.payload) if _is_gzip(delivery) else delivery.payload


# --- pages that don't add up -----------------------------------------------------------------------------


def record_dropped(nct_id: str | None = None) -> Fault:
    """A page lacks a record (the last one unless named), though totalCount counts it."""

    def drop(page: Page) -> Page:
        at = page.nct_ids.index(nct_id) if nct_id in page.nct_ids else len(page.nct_ids) - 1
        if not page.nct_ids or (nct_id is not None and nct_id not in page.nct_ids):
            return page
        kept = tuple(i for i in range(len(page.nct_ids)) if i != at)
        return replace(
            page,
            nct_ids=tuple(page.nct_ids[i] for i in kept),
            studies=tuple(page.studies[i] for i in kept),
        )

    return Fault("record dropped", page=drop)


def record_twice() -> Fault:
    """A page holds its first record a second time, at its end."""
    return Fault(
        "record twice",
        page=lambda page: replace(
            page, nct_ids=page.nct_ids + page.nct_ids[:1], studies=page.studies + page.studies[:1]
        ),
    )


def total_count(total: int) -> Fault:
    """The first page counts so many studies, whatever there are."""
    return Fault("wrong totalCount", page=lambda page: page if page.total is None else replace(page, total=total))


def same_token_again() -> Fault:
    """A later page gives the token that it was asked with, so that a walk never ends."""
    return Fault("same token again", page=lambda page: replace(page, next_token=page.own_token or page.next_token))


def no_more_pages() -> Fault:
    """A page lacks its token, so that the walk ends early."""
    return Fault("no more pages", page=lambda page: replace(page, next_token=None))


def empty_page() -> Fault:
    """A page without studies or token, though it should have some."""
    return Fault("empty page", page=lambda page: replace(page, nct_ids=(), studies=(), next_token=None))


def older_mirror(data_timestamp: str) -> Fault:
    """The answer comes from a server with older data: `/version` and every versionHolder say so."""
    return Fault("older mirror", data_timestamp=data_timestamp)
