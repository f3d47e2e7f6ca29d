"""Time and chance for tests of the registry client: nothing waits, and every wait is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.registry.client import RegistryClient

START = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


class FakeTime:
    """A clock that moves when somebody sleeps, and by `tick` seconds whenever it is read."""

    def __init__(self, *, tick: float = 0.0) -> None:
        self.seconds = 0.0
        self.tick = tick
        self.slept: list[float] = []

    def clock(self) -> float:
        self.seconds += self.tick
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


def client(url: str, time: FakeTime | None = None, **options: Any) -> RegistryClient:
    """A client that does not wait between requests; a failed attempt "waits" 1, 2, 4 … seconds of fake time."""
    time = time or FakeTime()
    defaults: dict[str, Any] = {"requests_per_second": 1e9, "timeout_s": 10.0, "answer_deadline_s": 50.0}
    return RegistryClient(
        url, clock=time.clock, sleep=time.sleep, now=time.now, chance=lambda: 0.0, **{**defaults, **options}
    )
