"""One GET over one connection, with a deadline that holds for every read, and a cap on the unzipped answer.

Every exception of requests, urllib3 and the sockets ends here, as a `Failure` without secrets. Retries and what an
answer means are left to `client` and `answers`.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3

from tracker.registry.deadline import Deadline, OneConnection
from tracker.registry.source import Traffic

_READ = 1 << 16  # bytes at a time, unzipped: measured, more takes more time and memory


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: whatever the status, whole as far as HTTP can tell. `body` is unzipped."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytearray

    def text(self) -> str:
        """The beginning of the body for a person: one line, at most 200 characters."""
        return " ".join(self.body[:2000].decode(errors="replace").split())[:200]


class Failure(Exception):
    """No answer, or (`answered`) one that is not whole. `may_pass` is false where another try would fail, too."""

    def __init__(self, reason: str, *, advice: str = "", answered: bool = False, may_pass: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.answered = answered
        self.may_pass = may_pass


class _Session(requests.Session):
    """Sees no redirects: requests would read the body of each at once, without a cap, even if it isn't to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


class Transport:
    """A session of one connection. `proxy` and `ca_bundle` go before what the environment says."""

    def __init__(
        self,
        *,
        traffic: Traffic,
        clock: Callable[[], float],
        timeout_s: float,
        largest_answer: int,
        user_agent: str | None,
        proxy: str | None,
        ca_bundle: Path | None,
    ) -> None:
        self._traffic = traffic
        self._clock = clock
        self._timeout_s = timeout_s
        self._largest_answer = largest_answer
        self._deadline = Deadline(clock)
        # Given with each request: requests puts the environment's settings before its session's.
        self._proxies = {"http": proxy, "https": proxy} if proxy else None
        self._ca_bundle = str(ca_bundle) if ca_bundle else None
        self._session = _Session()
        adapter = OneConnection(self._deadline)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        if user_agent:
            self._session.headers["User-Agent"] = user_agent

    def close(self) -> None:
        self._session.close()

    def full_url(self, url: str, params: Mapping[str, str]) -> str:
        """The address as it is asked, to be shown: without a user name and password."""
        try:
            return public_url(requests.Request("GET", url, params=params).prepare().url or url)
        except requests.RequestException:
            return public_url(url)

    def get(self, url: str, params: Mapping[str, str], *, until: float) -> Answer:
        """The answer, if it is whole before the clock reads `until`. Redirects are answers. Raises Failure."""
        self._deadline.until = until
        self._traffic.requests += 1
        try:
            with self._session.get(
                url,
                params=params,
                stream=True,
                allow_redirects=False,
                timeout=max(min(self._timeout_s, until - self._clock()), 0.001),
                proxies=self._proxies,
                verify=self._ca_bundle,
            ) as response:
                return Answer(
                    public_url(response.url or url), response.status_code, response.headers, self._body(response)
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            raise self._failure(error) from error
        except UnicodeError as error:  # of a host name that can't be written in DNS
            raise Failure("the address can't be used", may_pass=False) from error

    def _body(self, response: requests.Response) -> bytearray:
        body = bytearray()
        while chunk := response.raw.read(_READ, decode_content=True):
            body += chunk
            self._traffic.bytes += len(chunk)
            if len(body) > self._largest_answer:
                raise Failure(
                    f"the answer is larger than {self._largest_answer / 1e6:,.0f} MB", answered=True, may_pass=False
                )
        return body

    def _failure(self, error: Exception) -> Failure:
        if self._deadline.passed():
            return Failure("the answer took too long", advice="The line may be slow: raise registry.timeout_s.")
        return _failure(error)


_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")


def public_url(url: str) -> str:
    """The URL without a user name and password, even if it is no sound URL."""
    return _USER_INFO.sub("", url, count=1)


# --- what went wrong ----------------------------------------------------------------------------------------

_UNUSABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
    urllib3.exceptions.LocationValueError,
)
_TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


def _failure(error: Exception) -> Failure:
    """The failure that an exception means. Its own text is not repeated: it may name a proxy with its password."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Failure(
            "its certificate is not trusted",
            advice="If the network looks into TLS, name its certificates in registry.ca_bundle.",
            may_pass=False,
        )
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL):
        return Failure(
            f"the proxy does not connect{_system_reason(causes)}",
            advice="Check registry.proxy, or HTTPS_PROXY in the environment.",
            may_pass=not isinstance(error, requests.exceptions.InvalidProxyURL),
        )
    if isinstance(error, _UNUSABLE):
        return Failure("the address can't be used", advice="Check [registry] in config.toml.", may_pass=False)
    refused = _system_reason(causes)
    if not refused and any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return Failure("no answer in time", advice="Try again later, or raise registry.timeout_s.")
    if any(isinstance(cause, urllib3.exceptions.DecodeError) for cause in causes):
        return Failure("the answer can't be unzipped", answered=True)
    if any(isinstance(cause, urllib3.exceptions.IncompleteRead | http.client.IncompleteRead) for cause in causes):
        return Failure("the answer ends too early", answered=True)
    return Failure(f"no connection{refused}", advice="Check the network, then try again.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it came from, whether chained or wrapped as an argument."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting.extend(other for other in wrapped if isinstance(other, BaseException))


def _system_reason(causes: tuple[BaseException, ...]) -> str:
    """The operating system's words, such as ": Connection refused"."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno is not None and cause.strerror:
            return f": {cause.strerror}"
    return ""
