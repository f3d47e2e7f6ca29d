"""How often the registry is asked, and how long to wait after it could not answer.

Clock, sleep and chance are passed in. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SPACING_S = 60.0
"""However often the registry answers 429."""
LONGEST_RETRY_AFTER_S = 300.0
"""What the registry may ask a run to wait; a longer wait is for the next run."""

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 60.0


class Pace:
    """Spaces the starts of requests; `clock` is monotonic."""

    def __init__(
        self, requests_per_second: float, *, clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self.spacing_s = 1.0 / requests_per_second
        self._clock = clock
        self._sleep = sleep
        self._next_start: float | None = None

    def wait_for_turn(self) -> None:
        """Return when the next request may start; it is taken to start at once."""
        now = self._clock()
        if self._next_start is not None and now < self._next_start:
            self._sleep(self._next_start - now)
            now = self._next_start
        self._next_start = now + self.spacing_s

    def slow_down(self) -> None:
        """Double the spacing, for good: the registry has said that it is asked too often."""
        self.spacing_s = max(min(self.spacing_s * 2, LONGEST_SPACING_S), self.spacing_s)


def back_off_s(attempt: int, *, chance: float) -> float:
    """The wait after failed attempt number `attempt` (from 1): doubled each time, of which half is left to chance.

    `chance` is between 0 and 1.
    """
    wait = min(_FIRST_WAIT_S * 2.0 ** (attempt - 1), _LONGEST_WAIT_S)
    return wait * (0.5 + chance / 2)


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or an HTTP date; None for no or a senseless one."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date in the zone "-0000" comes back naive: it means UTC, too.
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return wait if wait > 0 else None
