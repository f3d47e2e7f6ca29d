"""Pages of studies: tokens, totals and the layout of the answer, kept compressed for quick repeats."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass, replace

from tests.registry.standin import errors
from tests.registry.standin.fields import selection
from tests.registry.standin.query import Query
from tests.registry.standin.search import select
from tests.registry.standin.world import World

_ORDERS = 5
"""How many different orders unsorted lists come in; each is kept, so few."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page before it is written down."""

    nct_ids: tuple[str, ...]
    studies: tuple[bytes, ...]
    total: int | None
    own_token: str | None
    next_token: str | None

    def body(self) -> bytes:
        """The registry's layout: every study on a line of its own, then the total and the token if any."""
        studies = b"\n%s\n" % b",\n".join(self.studies) if self.studies else b"  "
        total = f',"totalCount":{self.total}' if self.total is not None else ""
        token = f',"nextPageToken":"{self.next_token}"' if self.next_token else ""
        return b'{"studies":[%s]%s%s}' % (studies, total.encode(), token.encode())


def compressed(body: bytes) -> bytes:
    """gzip without a time in its header, so that equal bodies give equal bytes."""
    return gzip.compress(body, compresslevel=1, mtime=0)


class Pages:
    """Makes pages of a world, and remembers the compressed ones until the world changes."""

    def __init__(self, world: World, *, tokens_expire_on_refresh: bool = False) -> None:
        self.world = world
        self.tokens_expire_on_refresh = tokens_expire_on_refresh
        self._revision = -1
        self._lists: dict[Query, list[str]] = {}
        self._compressed: dict[tuple[Query, str, int], bytes] = {}

    def page(self, query: Query, *, data_timestamp: str, call: int) -> Page:
        """The page that a query asks for. `call` numbers the request: unsorted order depends on it."""
        offset = self._offset(query.page_token)
        nct_ids = self._list(query, call % _ORDERS)
        shown = nct_ids[offset : offset + query.page_size]
        wanted = selection(query.fields)
        entries = [entry for nct_id in shown if (entry := self.world.entry(nct_id))]
        first = query.page_token is None
        full = len(shown) == query.page_size
        return Page(
            nct_ids=tuple(shown),
            studies=tuple(entry.body(data_timestamp[:10], wanted) for entry in entries),
            total=len(nct_ids) if first and query.count_total else None,
            own_token=query.page_token,
            next_token=self._token(offset + query.page_size) if full else None,
        )

    def compressed_body(self, query: Query, *, data_timestamp: str, call: int) -> bytes:
        """The page's body, gzipped; made once for a state of the world."""
        self._forget_old()
        key = (query, data_timestamp, 0 if query.sort else call % _ORDERS)
        if key not in self._compressed:
            page = self.page(query, data_timestamp=data_timestamp, call=call)
            self._compressed[key] = compressed(page.body())
        return self._compressed[key]

    def _forget_old(self) -> None:
        if self._revision != self.world.revision:
            self._revision = self.world.revision
            self._lists.clear()
            self._compressed.clear()

    def _list(self, query: Query, shuffle: int) -> list[str]:
        self._forget_old()
        asked = replace(query, fields=(), page_size=1, page_token=None, count_total=False)
        if not query.sort:
            return [entry.nct_id for entry in select(self.world, asked, shuffle=shuffle)]
        if asked not in self._lists:
            self._lists[asked] = [entry.nct_id for entry in select(self.world, asked, shuffle=0)]
        return self._lists[asked]

    # A token holds a position and the data it was made for, but not the query: as on the registry, it works
    # with other parameters too, and then gives the wrong rows.

    def _data_mark(self) -> bytes:
        return hashlib.sha256(self.world.data_timestamp.encode()).digest()[:18]

    def _token(self, offset: int) -> str:
        return base64.urlsafe_b64encode(self._data_mark() + offset.to_bytes(6, "big")).decode().rstrip("=")

    def _offset(self, token: str | None) -> int:
        if token is None:
            return 0
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except ValueError:
            raise errors.token_refused() from None
        if len(raw) != 24 or (self.tokens_expire_on_refresh and raw[:18] != self._data_mark()):
            raise errors.token_refused()
        return int.from_bytes(raw[18:], "big")
