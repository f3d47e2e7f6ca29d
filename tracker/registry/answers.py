"""What an answer of the registry means: a refusal, something to try again, or the thing that was asked for.

No I/O. The texts and quirks are the registry's (CONTRACT §3 in the project's notes): its errors are plain text, a web
page with status 200 is a failure, and only its exact words mean that a study does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from tracker.errors import BadRequest, RegistryError, RegistryRefused, RegistryUnreachable
from tracker.registry.brackets import BrokenOutline
from tracker.registry.pages import NotAnAnswer, nct_id_in, what_it_is, whole_object
from tracker.registry.source import DataVersion, Found, Lookup, Merged, Removed
from tracker.registry.transport import Answer
from tracker.study import NctId

REGISTRY_HOST = "clinicaltrials.gov"

_MOVED = (301, 308)
_NOT_IMPLEMENTED = (501, 505)
_FEW_RETRIES = 2
"""Of a 500: the registry also answers so, every time, to a request that it can't digest."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A status that may pass by itself. `most_retries` None: as many as of anything else."""

    reason: str
    too_often: bool = False
    most_retries: int | None = None


def trouble(answer: Answer) -> Trouble | None:
    """Whether to ask again later; None where that would not help."""
    status = answer.status
    if status == 429:
        return Trouble("asked too often (HTTP 429)", too_often=True)
    if status == 500:
        return Trouble("it fails on this request (HTTP 500)", most_retries=_FEW_RETRIES)
    if status == 408 or (status > 500 and status not in _NOT_IMPLEMENTED):
        return Trouble(f"not available (HTTP {status})")
    if 200 < status < 300:
        return Trouble(f"an answer without content (HTTP {status})")
    return None


def refusal(answer: Answer) -> RegistryError | None:
    """The error that a status means for good; None for 200."""
    status = answer.status
    host = urlsplit(answer.url).hostname or answer.url
    if status == 200:
        return None
    if status == 403:
        return RegistryRefused(
            f"{host} refuses this address or client (HTTP 403)",
            subject=answer.url,
            advice="This says nothing about the studies. Some networks and hosting providers are blocked whatever is "
            "asked: try from another one, or through [registry] proxy. If user_agent is set, remove it: the HTTP "
            "library's own is the one that passes most often.",
        )
    if status == 407:
        return _bad_request(answer, "the proxy wants a user name and password", "Name them in the proxy's URL.")
    if 300 <= status < 400:
        return _redirected(answer)
    if status == 404:
        return _bad_request(
            answer,
            f"{host} has no such path (HTTP 404)",
            "Check registry.base_url: the registry's own is https://clinicaltrials.gov/api/v2.",
        )
    if status == 414:
        return _bad_request(answer, f"the request is too long for {host} (HTTP 414)", "Split the search term in two.")
    return _bad_request(
        answer, f"{host} rejects the request (HTTP {status}){_quoted(answer)}", "Check the search term in config.toml."
    )


def _redirected(answer: Answer) -> BadRequest:
    asked, other = urlsplit(answer.url), _target(answer)
    advice = "Redirects are not followed. Check registry.base_url, and whether the network wants a log-in first."
    if asked.hostname == other.hostname and (asked.scheme, other.scheme) == ("http", "https"):
        advice = "Write registry.base_url with https."
    to = f"{other.scheme}://{other.hostname}{other.path}"[:200] if other.hostname else "nowhere"
    return _bad_request(answer, f"{asked.hostname} redirects to {to} (HTTP {answer.status})", advice)


def _target(answer: Answer) -> SplitResult:
    """Where a redirect leads, all of it empty if that is no URL."""
    try:
        return urlsplit(urljoin(answer.url, answer.headers.get("Location", "")))
    except ValueError:
        return urlsplit("")


def _bad_request(answer: Answer, message: str, advice: str) -> BadRequest:
    return BadRequest(message, status=answer.status, body=answer.text(), subject=answer.url, advice=advice)


def _quoted(answer: Answer) -> str:
    """The registry's own words, unless they are a web page."""
    text = answer.text()
    return "" if not text or text.startswith("<") else f": {text}"


_A_YEAR_S = 366 * 86_400.0


def wait_too_long(answer: Answer, *, wait_s: float, now: datetime) -> RegistryUnreachable:
    """The registry asks for more patience than a run has; it is told when to try again."""
    try:
        again = datetime.fromtimestamp(now.timestamp() + wait_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        again = "a time past all calendars"
    error = RegistryUnreachable(
        f"{urlsplit(answer.url).hostname} asks to be left alone until {again} (HTTP {answer.status})",
        subject=answer.url,
        advice=f"Try again after {again}; the next run catches up.",
    )
    error.retry_at = now + timedelta(seconds=min(wait_s, _A_YEAR_S))
    return error


# --- what was asked for -------------------------------------------------------------------------------------


class _Version(msgspec.Struct, rename="camel"):
    api_version: str
    data_timestamp: str | None = None


def data_version(answer: Answer) -> DataVersion:
    """`/version`. Its timestamp is UTC without saying so. Raises NotAnAnswer."""
    try:
        version = msgspec.json.decode(answer.body, type=_Version)
        written = datetime.fromisoformat(version.data_timestamp) if version.data_timestamp else None
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer(what_it_is(answer.body) or "no version of the API and its data") from error
    if written is None:
        return DataVersion(version.api_version, None)
    return DataVersion(version.api_version, written.astimezone(UTC) if written.tzinfo else written.replace(tzinfo=UTC))


def lookup(answer: Answer, asked: NctId) -> Lookup:
    """What became of one study. Raises NotAnAnswer, or the RegistryError that the status means."""
    if answer.status == 404 and answer.body.strip() == f"NCT number {asked} not found".encode():
        return Removed()
    if answer.status in _MOVED and (into := _moved_to(answer, asked)):
        return Merged(into)
    if error := refusal(answer):
        if answer.status == 404 and answer.body.strip():
            error.advice = f"This does not mean that {asked} was removed: the registry says that in other words."
        raise error
    return _found(answer, asked)


def _found(answer: Answer, asked: NctId) -> Lookup:
    """The record, if it is whole and the one that was asked for: a followed alias gives the record of another id."""
    try:
        whole = whole_object(answer.body) is not None
    except BrokenOutline as error:
        raise NotAnAnswer(what_it_is(answer.body) or f"the JSON is cut or broken: {error}") from error
    found = nct_id_in(answer.body) if whole else None
    if found is None:
        raise NotAnAnswer(what_it_is(answer.body) or "no study")
    return Found(bytes(answer.body)) if found == asked else Merged(found)


_STUDY_PATH = re.compile(r"/studies/(NCT\d{8})/?", re.ASCII)


def _moved_to(answer: Answer, asked: NctId) -> NctId | None:
    """The other id that a redirect names, if it stays on the registry."""
    target = _target(answer)
    named = _STUDY_PATH.search(target.path)
    at_home = target.hostname in (urlsplit(answer.url).hostname, REGISTRY_HOST)
    return NctId(named[1]) if named and at_home and named[1] != asked else None
