"""HTTP/1.1 on loopback with the standard library: threads, keep-alive, and deliveries that go wrong on purpose.

What is sent comes from a source; this module decides nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.registry.standin.answers import Delivery

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing then resets the connection."""


class Source(Protocol):
    """Who answers."""

    def deliver(self, method: str, target: str, headers: Mapping[str, str], client: tuple[str, int]) -> Delivery:
        """What goes back to a request."""

    def wait(self, seconds: float) -> bool:
        """Wait between two pieces of a delivery; False if the rest isn't wanted any more."""

    def crashed(self) -> None:
        """Called while an exception is handled that no client caused."""


class LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, source: Source) -> None:
        self.source = source
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._closing = False
        super().__init__(("127.0.0.1", port), _Handler)

    def serve(self) -> None:
        while not self._closing:
            self.handle_request()

    def stop(self) -> None:
        """End the loop by a connection of our own, and every connection that is still open."""
        self._closing = True
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.server_port), timeout=5),
        ):
            pass
        with self._guard:
            still_open = list(self._open)
            workers = list(self._workers)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for worker in workers:
            worker.join(timeout=5)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 (http.server's signature)
        return not self._closing

    def process_request(self, request: Any, client_address: Any) -> None:
        worker = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._open.add(request)
            self._workers = [other for other in self._workers if other.is_alive()] + [worker]
            worker.start()

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (http.server's signature)
        """Clients may hang up as they like; anything else is the stand-in's own fault."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.source.crashed()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer
    connection: socket.socket

    def do_GET(self) -> None:  # the base class looks for these names
        if self.command != "GET":
            self.close_connection = True  # a body that nobody reads would be taken for the next request
        with contextlib.suppress(ConnectionError):
            client = (str(self.client_address[0]), int(self.client_address[1]))
            source = self.server.source
            self._send(source.deliver(self.command, self.path, dict(self.headers.items()), client))

    do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = do_GET  # noqa: N815

    def _send(self, delivery: Delivery) -> None:
        if delivery.reset and not delivery.payload:
            self._reset()
            return
        self.send_response(delivery.status)
        for name, value in delivery.headers:
            self.send_header(name, value)
        if delivery.length is not None and delivery.status != 304:
            self.send_header("Content-Length", str(delivery.length))
        if delivery.hang_up:
            self.send_header("Connection", "close")
        self.end_headers()
        self._send_payload(delivery)
        if delivery.reset:
            self._reset()

    def _send_payload(self, delivery: Delivery) -> None:
        step = delivery.chunk or max(len(delivery.payload), 1)
        for start in range(0, len(delivery.payload), step):
            self.wfile.write(delivery.payload[start : start + step])
            if delivery.pause_s and not self.server.source.wait(delivery.pause_s):
                break

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        os.close(self.connection.detach())
        self.close_connection = True

    def version_string(self) -> str:
        return "istio-envoy"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing on the terminal: requests are in `StandIn.requests`."""
