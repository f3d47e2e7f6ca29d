"""Tells a watchdog on the web that a job went well: whoever hears nothing for too long raises the alarm there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.request import Request, urlopen

from tracker.config.values import web_url

if TYPE_CHECKING:
    from jobs.work import Ping
    from tracker.config import Config

_TIMEOUT_S = 5.0
_log = logging.getLogger("tracker.schedule")


def pinger(config: Config, *, environ: Mapping[str, str]) -> Ping:
    """Asks the configured address, in which `{job}` becomes the job's name with hyphens for its blanks.

    That nobody answers is logged, and changes nothing else: the watchdog notices by itself.
    """
    alerts = config.settings.alerts
    address = environ.get(alerts.ping_url_env, "").strip() if alerts.ping_url_env else alerts.ping_url
    if not address:
        if alerts.ping_url_env:
            _log.warning("alerts.ping_url_env: the environment variable %s is not set", alerts.ping_url_env)
        return lambda _: None
    try:
        checked = web_url(address)
    except ValueError:
        _log.warning("alerts.ping_url_env: %s holds no web address", alerts.ping_url_env)
        return lambda _: None

    def ping(job: str) -> None:
        url = checked.replace("{job}", quote(job.replace(" ", "-"), safe=""))
        try:
            with urlopen(Request(url, headers={"User-Agent": "spine-trial-tracker"}), timeout=_TIMEOUT_S) as answer:  # noqa: S310 (web_url takes http and https only)
                answer.read(1)
        except (OSError, HTTPException, ValueError) as error:
            # Without the address: it may be a secret, and so may be what the error repeats of it.
            _log.warning("the watchdog could not be told that %s went well (%s)", job, type(error).__name__)

    return ping
