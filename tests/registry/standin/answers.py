"""What goes back to a client: the answer as decided, and its delivery as bytes on the wire.

Both are values, so that a fault is a function from one to another; `server` writes the delivery out.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from tests.registry.standin.errors import PLAIN_TEXT, ApiError
from tests.registry.standin.pages import compressed

JSON = "application/json"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is compressed or cut. A page may be there only in its compressed form."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    gzipped: bytes | None = None

    def plain(self) -> bytes:
        """The body uncompressed."""
        return gzip.decompress(self.gzipped) if self.gzipped is not None else self.body

    def delivery(self, *, accepts_gzip: bool) -> Delivery:
        """As it is sent to a client that does or does not take gzip."""
        headers = (("Content-Type", self.content_type), *self.headers, ("Vary", "Accept-Encoding"))
        if accepts_gzip and (self.body or self.gzipped):
            payload = self.gzipped if self.gzipped is not None else compressed(self.body)
            return Delivery(self.status, (*headers, ("Content-Encoding", "gzip")), payload, len(payload))
        payload = self.plain()
        return Delivery(self.status, headers, payload, len(payload))


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes of an answer and how they are sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    length: int | None
    """The Content-Length that is claimed; None: no such header, the end of the connection is the end."""
    chunk: int | None = None
    """Send so many bytes at a time,"""
    pause_s: float = 0.0
    """and wait so long between them."""
    hang_up: bool = False
    """Close the connection after the payload."""
    reset: bool = False
    """Reset the connection after the payload, which may be nothing at all."""


def refusal(error: ApiError) -> Answer:
    """The answer to a request that raised."""
    return Answer(error.status, error.body.encode(), PLAIN_TEXT)
