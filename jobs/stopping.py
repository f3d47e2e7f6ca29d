"""How the work in hand learns that the process is to end."""

from __future__ import annotations

import threading


class Stopped(BaseException):
    """The scheduler was told to stop. No Exception: nothing on the way may take it for a failure of its own."""


class Stop:
    """Asked for once, by a signal; looked at between two steps of the work, and in every wait."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()

    def check(self) -> None:
        """Raises Stopped once the process is to end."""
        if self.asked:
            raise Stopped("the scheduler was told to stop")

    def sleep(self, seconds: float) -> None:
        """Waits, but not beyond the moment at which the process is to end: then it raises Stopped."""
        self._asked.wait(seconds)
        self.check()
