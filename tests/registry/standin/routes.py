"""The endpoints: from a request to an answer (CONTRACT §1). HTTP is in `server`, faults in `faults`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from tests.registry.standin import errors
from tests.registry.standin.answers import Answer, refusal
from tests.registry.standin.errors import ApiError
from tests.registry.standin.fields import Json, fields, selection
from tests.registry.standin.pages import Page, Pages
from tests.registry.standin.query import STATUSES, read_list, read_single
from tests.registry.standin.world import World, encoded

BASE = "/api/v2"
PageChange = Callable[[Page], Page]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in. `path` is without `/api/v2`; `at` is a monotonic time in seconds."""

    number: int
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    client: tuple[str, int]
    target: str
    """Path and query as they stood in the request line."""
    at: float = field(default_factory=time.monotonic)

    @property
    def accepts_gzip(self) -> bool:
        return "gzip" in self.headers.get("accept-encoding", "")


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests about one world."""

    world: World
    pages: Pages
    absolute_base: str | None = None
    """Where redirects are to be absolute: the address of the server."""

    def answer(
        self,
        request: Request,
        *,
        data_timestamp: str | None = None,
        page_changes: tuple[PageChange, ...] = (),
    ) -> Answer:
        """The answer; `data_timestamp` other than the world's plays an older server."""
        timestamp = data_timestamp or self.world.data_timestamp
        tag = self._etag(timestamp)
        if request.headers.get("if-none-match") == tag:
            return Answer(304, headers=(("ETag", tag),))
        try:
            answer = self._endpoint(request, timestamp, page_changes)
        except ApiError as error:
            return refusal(error)
        return Answer(answer.status, answer.body, answer.content_type, (*answer.headers, ("ETag", tag)), answer.gzipped)

    def _etag(self, timestamp: str) -> str:
        """One tag for the whole data, whatever is asked, in the form of a recorded one."""
        state = f"{timestamp}/{self.world.revision}/{self.world.serial}"
        return f'"883b003/0.34.1/{hashlib.sha256(state.encode()).hexdigest()[:8]}"'

    def _endpoint(self, request: Request, timestamp: str, page_changes: tuple[PageChange, ...]) -> Answer:
        path = request.path
        if path == "/studies":
            return self._list(request, timestamp, page_changes)
        if path == "/version":
            errors_if_any(request.params)
            version = {"apiVersion": self.world.api_version, "dataTimestamp": timestamp}
            return Answer(body=encoded(version))
        if path == "/studies/metadata":
            errors_if_any(request.params, "includeIndexedOnly", "includeHistoricOnly")
            return Answer(body=encoded(metadata()))
        if path == "/studies/enums":
            errors_if_any(request.params)
            return Answer(body=encoded(enums()))
        if path == "/stats/size":
            errors_if_any(request.params)
            return Answer(body=encoded(self._size()))
        parent, _, last = path.rpartition("/")
        if parent == "/studies" and last:
            return self._single(request.params, last, timestamp)
        raise errors.no_such_path()

    def _list(self, request: Request, timestamp: str, page_changes: tuple[PageChange, ...]) -> Answer:
        query = read_list(request.params)
        if request.accepts_gzip and not page_changes:
            packed = self.pages.compressed_body(query, data_timestamp=timestamp, call=request.number)
            return Answer(gzipped=packed)
        page = self.pages.page(query, data_timestamp=timestamp, call=request.number)
        for change in page_changes:
            page = change(page)
        return Answer(body=page.body())

    def _single(self, params: Mapping[str, str], asked: str, timestamp: str) -> Answer:
        nct_id, names = read_single(params, asked)
        canonical = self.world.canonical(nct_id)
        entry = self.world.entry(canonical) if canonical else None
        if entry is None:
            raise errors.study_not_found(nct_id)
        if canonical != nct_id:
            # The query string is dropped: whoever follows gets the whole record of another id.
            location = f"{self.absolute_base or ''}{BASE}/studies/{canonical}"
            return Answer(301, b"", headers=(("Location", location),))
        return Answer(body=entry.body(timestamp[:10], selection(names)))

    def _size(self) -> Json:
        sizes = sorted(len(entry.body(self.world.data_date)) for entry in self.world.entries())
        average = sum(sizes) // len(sizes) if sizes else 0
        return {
            "averageSizeBytes": average,
            "largestStudies": [],
            "percentiles": {},
            "ranges": [],
            "totalStudies": len(sizes),
        }


def errors_if_any(params: Mapping[str, str], *known: str) -> None:
    """Refuse parameters that an endpoint doesn't know. Raises ApiError."""
    for name in params:
        if name not in known:
            raise errors.unknown_parameter(name)


@cache
def metadata() -> list[Json]:
    """The field tree in the layout of `/studies/metadata`, without its descriptions."""
    roots: list[Json] = []
    nodes: dict[tuple[str, ...], Json] = {}
    for one in fields():
        node: Json = {"name": one.path[-1], "piece": one.piece, "type": one.type, "sourceType": one.source}
        nodes[one.path] = node
        siblings = roots if len(one.path) == 1 else nodes[one.path[:-1]].setdefault("children", [])
        siblings.append(node)
    return roots


@cache
def enums() -> list[Json]:
    """`/studies/enums`, cut down to the statuses."""
    values = [{"value": status, "legacyValue": status.replace("_", " ").capitalize()} for status in sorted(STATUSES)]
    return [{"type": "Status", "pieces": ["OverallStatus", "LastKnownStatus"], "values": values}]
