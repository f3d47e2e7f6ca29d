"""One question to the registry, without retries: whether it answers, how it refuses, and what time it says it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from tracker.errors import BadAnswer, RegistryUnreachable
from tracker.registry.answers import data_version, refusal, trouble
from tracker.registry.client import checked_file
from tracker.registry.pages import NotAnAnswer
from tracker.registry.source import DataVersion, Traffic
from tracker.registry.transport import Failure, Transport


@dataclass(frozen=True, slots=True)
class Probe:
    """`said_at` is the registry's own clock (its Date header), aware UTC; None where it sends none."""

    data: DataVersion
    said_at: datetime | None


def probe(
    base_url: str, *, timeout_s: float, user_agent: str | None, proxy: str | None, ca_bundle: Path | None
) -> Probe:
    """Asks which data the registry serves. Raises RegistryError: unreachable, refused, or no answer of the API.

    Raises ConfigError for a certificate file that can't be read.
    """
    url, host = f"{base_url.rstrip('/')}/version", urlsplit(base_url).hostname
    transport = Transport(
        traffic=Traffic(),
        clock=time.monotonic,
        timeout_s=timeout_s,
        largest_answer=1_000_000,
        user_agent=user_agent,
        proxy=proxy,
        ca_bundle=checked_file(ca_bundle),
    )
    try:
        answer = transport.get(url, {}, until=time.monotonic() + timeout_s)
    except Failure as failure:
        raise RegistryUnreachable(f"{host}: {failure.reason}", subject=url, advice=failure.advice) from failure
    finally:
        transport.close()
    if found := trouble(answer):
        raise RegistryUnreachable(f"{host}: {found.reason}", subject=url, advice="Try again later.")
    if error := refusal(answer):
        raise error
    try:
        return Probe(data_version(answer), _date(answer.headers.get("Date")))
    except NotAnAnswer as reason:
        raise BadAnswer(
            f"{host}: not an answer of the API, but {reason}", subject=url, advice="Check registry.base_url."
        ) from reason


def _date(header: str | None) -> datetime | None:
    try:
        said = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return said.replace(tzinfo=said.tzinfo or UTC).astimezone(UTC)
