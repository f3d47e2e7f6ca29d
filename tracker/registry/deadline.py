"""A deadline that holds for every read of an answer, its head and its body alike.

The timeout of a socket is per read: a server that sends a byte every few seconds would keep it content for ever. So
the connections of `OneConnection` read through a file object that looks at the clock first.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """When the answer that is being read has to be there; moved on with each request."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.until: float = float("inf")

    def left_s(self) -> float:
        return self.until - self._clock()

    def passed(self) -> bool:
        return self.left_s() <= 0


class _TimedReads(io.RawIOBase):
    """Reads from a socket until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left_s()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        timeout = self._sock.gettimeout()
        if timeout is None or timeout > left:
            self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class OneConnection(HTTPAdapter):
    """Keeps one connection, directly or through a proxy, whose reads heed the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._pool_classes = _pool_classes(deadline)
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):  # whose connections are of another class
            manager.pool_classes_by_scheme = self._pool_classes
        return manager


def _pool_classes(deadline: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_TimedReads(raw, sock, deadline))

    class PlainConnection(HTTPConnection):
        response_class = TimedResponse

    class SecureConnection(HTTPSConnection):
        response_class = TimedResponse

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}
