"""The stand-in registry over real HTTP: a loopback server, its request log, and when faults strike.

What is answered comes from `routes`, and `wire` sends it.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.registry.standin import faults
from tests.registry.standin.answers import Answer, Delivery
from tests.registry.standin.faults import Fault
from tests.registry.standin.pages import Pages
from tests.registry.standin.routes import BASE, Request, Routes
from tests.registry.standin.wire import LoopbackServer
from tests.registry.standin.world import World


@dataclass(slots=True)
class _Plan:
    """When a fault strikes: requests to `path`, past the first `after`, `times` times (None: for ever)."""

    fault: Fault
    path: str | None
    after: int
    times: int | None
    seen: int = 0

    def strikes(self, path: str) -> bool:
        if self.path is not None and path != self.path:
            return False
        self.seen += 1
        return self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)


class StandIn:
    """A registry on loopback, for the length of a `with` block.

    with StandIn(world) as registry:
        requests.get(registry.url + "/studies", timeout=5)
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        tokens_expire_on_refresh: bool = False,
        absolute_redirects: bool = True,
        longest_url: int = 16_384,
        port: int = 0,
    ) -> None:
        self.world = world if world is not None else World()
        self.requests: list[Request] = []
        self.crashes: list[str] = []
        """Tracebacks of the stand-in itself; leaving the `with` block raises if there are any."""
        self._longest_url = longest_url
        self._plans: list[_Plan] = []
        self._after: dict[int, list[Callable[[], object]]] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server = LoopbackServer(port, self)
        self.host = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = self.host + BASE
        pages = Pages(self.world, tokens_expire_on_refresh=tokens_expire_on_refresh)
        self._routes = Routes(self.world, pages, self.host if absolute_redirects else None)
        self._thread = threading.Thread(target=self._server.serve, name="stand-in registry", daemon=True)

    # --- life ------------------------------------------------------------------------------------------

    def start(self) -> Self:
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and end every connection; returns when all threads are done."""
        self._stopping.set()
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.crashes and error is None:
            raise RuntimeError("the stand-in registry crashed:\n" + self.crashes[0])

    # --- control ---------------------------------------------------------------------------------------

    def fail(self, fault: Fault, *, path: str | None = None, after: int = 0, times: int | None = 1) -> None:
        """Let a fault strike requests to `path` (any), past the first `after`, `times` times (None: always).

        Requests are counted from this call on.
        """
        with self._lock:
            self._plans.append(_Plan(fault, path, after, times))

    def heal(self) -> None:
        """No more faults."""
        with self._lock:
            self._plans.clear()

    def after_request(self, number: int, action: Callable[[], object]) -> None:
        """Call `action` once request `number` (from 1) has its answer, before that answer is sent."""
        with self._lock:
            self._after.setdefault(number, []).append(action)

    def in_the_middle(self, action: Callable[[], object], *, after: int = 1) -> None:
        """Call `action` after `after` more requests: an edit or a refresh during a client's walk."""
        with self._lock:
            self.after_request(len(self.requests) + after, action)

    def requests_to(self, path: str) -> list[Request]:
        """The requests to one path, such as `/studies` or `/version`."""
        with self._lock:
            return [request for request in self.requests if request.path == path]

    def forget_requests(self) -> None:
        """Empty the request log; the numbers for `after_request` begin again at 1."""
        with self._lock:
            self.requests.clear()

    # --- answering -------------------------------------------------------------------------------------

    def deliver(self, method: str, target: str, headers: Mapping[str, str], client: tuple[str, int]) -> Delivery:
        """Log a request and make its answer, faults included."""
        with self._lock, self.world.lock:
            request = self._logged(method, target, headers, client)
            striking = [plan.fault for plan in self._plans if plan.strikes(request.path)]
            answer = self._answer(request, striking)
            for fault in striking:
                answer = fault.answer(answer) if fault.answer else answer
            delivery = answer.delivery(accepts_gzip=request.accepts_gzip)
            for fault in striking:
                delivery = fault.delivery(delivery) if fault.delivery else delivery
            for action in self._after.pop(len(self.requests), []):
                action()
            return delivery

    def _logged(self, method: str, target: str, headers: Mapping[str, str], client: tuple[str, int]) -> Request:
        parts = urlsplit(target)
        path = unquote(parts.path).removeprefix(BASE) if parts.path.startswith(BASE + "/") else parts.path
        request = Request(
            number=len(self.requests) + 1,
            method=method,
            path=path,
            params=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            client=client,
            target=target,
        )
        self.requests.append(request)
        return request

    def _answer(self, request: Request, striking: list[Fault]) -> Answer:
        if request.method == "OPTIONS":
            return Answer(403)
        if request.method != "GET":
            return Answer(405, headers=(("Allow", "GET"),))
        too_long = faults.url_too_long().answer
        if len(request.target) > self._longest_url and too_long is not None:
            return too_long(Answer())
        if not request.target.startswith(BASE + "/"):
            return Answer(404)
        return self._routes.answer(
            request,
            data_timestamp=next((fault.data_timestamp for fault in striking if fault.data_timestamp), None),
            page_changes=tuple(fault.page for fault in striking if fault.page),
        )

    def wait(self, seconds: float) -> bool:
        """Wait, but not past the end of the stand-in; whether it goes on."""
        return not self._stopping.wait(seconds)

    def crashed(self) -> None:
        """Keep the traceback of the exception at hand."""
        with self._lock:
            self.crashes.append(traceback.format_exc())
