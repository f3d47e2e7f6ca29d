"""Asks until there is a usable answer: pace, retries, and the deadline of the run.

Retried is what may pass by itself: no connection, a time-out, 429, 5xx, and answers that are none (a web page, JSON
that was cut). A cut gzip body arrives as a 200 without any error, so that only reading the JSON notices; that is why
`read` is part of an attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from tracker.errors import BadAnswer, RegistryError, RegistryUnreachable, RunAborted
from tracker.registry.answers import refusal, trouble, wait_too_long
from tracker.registry.pages import NotAnAnswer
from tracker.registry.politeness import LONGEST_RETRY_AFTER_S, Pace, back_off_s, retry_after_s
from tracker.registry.transport import Answer, Failure, Transport, public_url

MOST_RETRIES = 5

_LATER = "Try again later; the next run catches up."

T = TypeVar("T")

_log = logging.getLogger("tracker.registry")


class _TryAgain(Exception):
    """An attempt that failed, maybe not for good; `wait_s` is what the registry asked for."""

    def __init__(
        self,
        error: type[RegistryError],
        reason: str,
        *,
        advice: str = "",
        most_retries: int | None = None,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.advice = advice or _LATER
        self.most_retries = MOST_RETRIES if most_retries is None else most_retries
        self.wait_s = wait_s


class Exchange:
    """The conversation of one run with one registry."""

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        *,
        answer_deadline_s: float,
        run_deadline_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        now: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._answer_deadline_s = answer_deadline_s
        self._run_deadline_s = run_deadline_s
        self._run_until = float("inf")  # until the first request
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._chance = chance

    def ask(self, url: str, params: Mapping[str, str], read: Callable[[Answer], T], *, any_status: bool = False) -> T:
        """What `read` makes of the answer; it raises NotAnAnswer for one that it can't use.

        With `any_status` it is also given what would be refused otherwise (400, 403, 404, redirects).
        Raises RegistryError, or RunAborted at the run's deadline, which counts from the first request.
        """
        attempt = 0
        while True:
            attempt += 1
            until = self._turn(url)
            try:
                return self._attempt(url, params, read, any_status=any_status, until=until)
            except _TryAgain as failed:
                self._check_run_deadline(url)
                wait_s = failed.wait_s
                if wait_s is None:
                    wait_s = back_off_s(attempt, chance=self._chance())
                if attempt > failed.most_retries or not self._time_for(wait_s):
                    raise _given_up(failed, self._transport.full_url(url, params), attempt) from failed.__cause__
                _log.warning(
                    "%s: %s; asked again in %.0f s (attempt %d failed)", public_url(url), failed.reason, wait_s, attempt
                )
                self._sleep(wait_s)

    def _turn(self, url: str) -> float:
        """Wait for the turn of a request, and return when its answer has to be there. Raises RunAborted."""
        self._pace.wait_for_turn()
        self._check_run_deadline(url)
        return min(self._clock() + self._answer_deadline_s, self._run_until)

    def _check_run_deadline(self, url: str) -> None:
        now = self._clock()
        self._run_until = min(self._run_until, now + self._run_deadline_s)
        if now >= self._run_until:
            raise RunAborted(
                f"the run has taken longer than {self._run_deadline_s:g} seconds",
                subject=public_url(url),
                advice="The next run catches up. Raise registry.run_deadline_s if this happens often.",
            )

    def _time_for(self, wait_s: float) -> bool:
        return self._clock() + wait_s < self._run_until

    def _attempt(
        self, url: str, params: Mapping[str, str], read: Callable[[Answer], T], *, any_status: bool, until: float
    ) -> T:
        try:
            answer = self._transport.get(url, params, until=until)
        except Failure as failure:
            kind = BadAnswer if failure.answered else RegistryUnreachable
            retries = None if failure.may_pass else 0
            raise _TryAgain(kind, failure.reason, advice=failure.advice, most_retries=retries) from failure
        self._raise_trouble(answer)
        if not any_status and (error := refusal(answer)):
            raise error
        try:
            return read(answer)
        except NotAnAnswer as reason:
            raise _TryAgain(BadAnswer, f"not an answer of the API, but {reason}") from reason

    def _raise_trouble(self, answer: Answer) -> None:
        found = trouble(answer)
        if not found:
            return
        if found.too_often:
            self._pace.slow_down()
        now = self._now()
        wait_s = retry_after_s(answer.headers.get("Retry-After"), now=now)
        if wait_s is not None and wait_s > LONGEST_RETRY_AFTER_S:
            raise wait_too_long(answer, wait_s=wait_s, now=now)
        raise _TryAgain(RegistryUnreachable, found.reason, most_retries=found.most_retries, wait_s=wait_s)


def _given_up(failed: _TryAgain, url: str, attempts: int) -> RegistryError:
    tried = "" if attempts == 1 else f" (tried {attempts} times)"
    message = f"{urlsplit(url).hostname}: {failed.reason}{tried}"
    return failed.error(message, subject=url, advice=failed.advice)
