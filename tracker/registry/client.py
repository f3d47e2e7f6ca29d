"""Reads studies from the registry over HTTP: what to ask, and in which order.

One client is for one run: it counts the run's traffic, keeps its deadline and, once told that it asks too often, is
slower for the rest of it. How an answer is got is `exchange` and `transport`, what it means `answers`, how a page is
split `pages`.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tracker.errors import BadAnswer, BadRequest, ConfigError, InvalidTerm
from tracker.registry.answers import data_version, lookup
from tracker.registry.exchange import Exchange
from tracker.registry.fields import WHOLE_RECORD, fields_param, sort_param
from tracker.registry.pages import Listing, NotAnAnswer, split_page
from tracker.registry.politeness import Pace
from tracker.registry.query import AREAS, TermQuery
from tracker.registry.source import DataVersion, Lookup, Page, Traffic
from tracker.registry.transport import Answer, Transport, public_url
from tracker.study import NctId
from tracker.study import nct_id as checked_nct_id

BASE_URL = "https://clinicaltrials.gov/api/v2"
LARGEST_ANSWER = 256_000_000  # bytes, unzipped; a page of a thousand studies has some 20 MB
ANSWER_TIMEOUTS = 5  # a whole answer may take as long as so many time-outs

PAGE_SIZE = 1000  # studies an answer; the registry gives no more
BATCH_SIZE = 100  # NCT IDs a request; many more and the address gets too long
_MOST_RESTARTS = 2
_MOST_EMPTY_PAGES = 20  # in a row, each with another token
_SORT = ("StudyFirstPostDate", "LastUpdatePostDate")  # an order that a refresh hardly shifts
_TERM_PARAMS = frozenset({*AREAS.values(), "filter.advanced", "filter.overallStatus"})


class RegistryClient:
    """The registry as a `Source`. Close it, or use it in a `with` block.

    All that asks raises RegistryError, or RunAborted at the run's deadline.
    """

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        requests_per_second: float = 1.0,
        timeout_s: float = 60.0,
        run_deadline_s: float = 3600.0,
        answer_deadline_s: float | None = None,
        largest_answer: int = LARGEST_ANSWER,
        user_agent: str | None = None,
        proxy: str | None = None,
        ca_bundle: Path | None = None,
        on_page: Callable[[int, int | None], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`timeout_s` bounds connecting and each read, `answer_deadline_s` (by default five of them) a whole answer,
        `run_deadline_s` all from the first request on. `on_page` is told how many records of a sweep have come, and
        the registry's count. Raises ConfigError for an address or certificate file that can't be used.
        """
        self.traffic = Traffic()
        self._base_url = _checked_base_url(base_url)
        self._on_page = on_page
        self._transport = Transport(
            traffic=self.traffic,
            clock=clock,
            timeout_s=timeout_s,
            largest_answer=largest_answer,
            user_agent=user_agent,
            proxy=proxy,
            ca_bundle=checked_file(ca_bundle),
        )
        self._exchange = Exchange(
            self._transport,
            Pace(requests_per_second, clock=clock, sleep=sleep),
            answer_deadline_s=answer_deadline_s or timeout_s * ANSWER_TIMEOUTS,
            run_deadline_s=run_deadline_s,
            clock=clock,
            sleep=sleep,
            now=now,
            chance=chance,
        )

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def description(self) -> str:
        return public_url(self._base_url)

    # --- what can be asked ----------------------------------------------------------------------------------

    def version(self) -> DataVersion:
        """Which data the registry serves just now."""
        return self._exchange.ask(self._url("/version"), {}, data_version)

    def count(self, query: TermQuery | None = None) -> int:
        """How many studies a term has at the registry; without one, how many the registry has."""
        asked = _term_params(query) if query else {}
        params = asked | {"fields": fields_param(["NCTId"]), "countTotal": "true", "pageSize": "1"}
        return self._exchange.ask(self._url("/studies"), params, _total)

    def sweep(self, query: TermQuery, *, reverse: bool = False, fields: Sequence[str] = WHOLE_RECORD) -> Iterator[Page]:
        """All pages of a term. Where the registry drops the walk's page token, they come again from the first.

        Records hold only those of `fields` (names of `registry.fields`).
        """
        params = _term_params(query) | _only(fields) | {"sort": sort_param(_SORT, descending=reverse)}
        for restarts in range(_MOST_RESTARTS + 1):
            try:
                yield from self._walk(params)
            except _TokenRefused as error:
                if restarts == _MOST_RESTARTS:
                    raise _walk_lost(error.refusal, restarts + 1) from error
            else:
                return

    def batches(
        self, nct_ids: Sequence[NctId], *, within: TermQuery | None = None, fields: Sequence[str] = WHOLE_RECORD
    ) -> Iterator[Page]:
        """The records of these ids, of those that the term `within` returns where one is given.

        Raises InvalidNctId at once: for one bad id the registry rejects the list.
        """
        asked = [checked_nct_id(one) for one in nct_ids]
        params = (_term_params(within) if within else {}) | _only(fields)
        starts = range(0, len(asked), BATCH_SIZE)
        return (page for start in starts for page in self._batch(asked[start : start + BATCH_SIZE], params))

    def look_up(self, nct_id: NctId) -> Lookup:
        """What became of one study: found, removed or merged; everything else is an error."""
        asked = checked_nct_id(nct_id)
        url = self._url(f"/studies/{asked}")
        return self._exchange.ask(url, _only(WHOLE_RECORD), lambda answer: lookup(answer, asked), any_status=True)

    def _url(self, path: str) -> str:
        return self._base_url + path

    # --- pages ----------------------------------------------------------------------------------------------

    def _walk(self, params: Mapping[str, str]) -> Iterator[Page]:
        """From the first page to the one without a token."""
        sized = {**params, "pageSize": str(PAGE_SIZE)}
        listing = self._exchange.ask(self._url("/studies"), {**sized, "countTotal": "true"}, _listing)
        total = listing.total_count
        done, empty, tokens = 0, 0, set[str]()
        while True:
            done += len(listing.records)
            empty = 0 if listing.records else empty + 1
            if self._on_page:
                self._on_page(done, total)
            page, token = Page(listing.records, None if tokens else total), listing.next_page_token
            del listing  # so that only the caller holds a page while the next one is read
            yield page
            del page
            if token is None:
                return
            too_many = total is not None and done > 2 * total + PAGE_SIZE
            if token in tokens or empty > _MOST_EMPTY_PAGES or too_many:
                raise self._endless(done)
            tokens.add(token)
            listing = self._next_page({**sized, "pageToken": token})

    def _next_page(self, params: Mapping[str, str]) -> Listing:
        try:
            return self._exchange.ask(self._url("/studies"), params, _listing)
        except BadRequest as error:
            # The same request without a token was answered, so it is the token that the registry refuses.
            if error.status == 400:
                raise _TokenRefused(error) from error
            raise

    def _batch(self, asked: list[NctId], params: Mapping[str, str]) -> Iterator[Page]:
        params = {**params, "filter.ids": ",".join(asked), "pageSize": str(BATCH_SIZE)}
        answered, tokens = 0, set[str]()
        while True:
            listing = self._exchange.ask(self._url("/studies"), params, _listing)
            answered += len(listing.records)
            yield Page(listing.records)
            # A full page has a token even if it is the last one; but no more than was asked for can come.
            token = listing.next_page_token
            if token is None or answered >= len(asked):
                return
            if token in tokens:
                raise self._endless(answered)
            tokens.add(token)
            params["pageToken"] = token

    def _endless(self, done: int) -> BadAnswer:
        return BadAnswer(
            f"{urlsplit(self._base_url).hostname}: the pages go round in a circle (after {done:,} records)",
            subject=public_url(self._url("/studies")),
            advice="Try again later; nothing is taken as gone from the registry because of this.",
        )


class _TokenRefused(Exception):
    """The walk can't go on from where it is."""

    def __init__(self, refusal: BadRequest) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _walk_lost(refusal: BadRequest, walks: int) -> BadAnswer:
    return BadAnswer(
        f"{urlsplit(refusal.subject).hostname}: its own page token was refused in {walks} walks: {refusal.body}",
        subject=refusal.subject,
        advice="Its data may be changing just now: try again in an hour.",
    )


def _listing(answer: Answer) -> Listing:
    return split_page(answer.body)


def _total(answer: Answer) -> int:
    total = split_page(answer.body).total_count
    if total is None:
        raise NotAnAnswer("an answer without the count that was asked for")
    return total


# --- checked before anything is sent ------------------------------------------------------------------------


def _term_params(query: TermQuery) -> dict[str, str]:
    """The term's parameters as they stand. Raises InvalidTerm for one that is none of a term's."""
    for name, value in query.params:
        if name not in _TERM_PARAMS:
            raise InvalidTerm(
                f"{name!r} is no parameter of a search term",
                subject=name,
                advice=f"A term is made of {', '.join(sorted(_TERM_PARAMS))}.",
            )
        if not value.strip():
            raise InvalidTerm(f"{name} is empty: that would match every study", subject=name, advice="Leave it out.")
    if not query.params:
        raise InvalidTerm("a search term without any condition matches every study", advice="Name a condition.")
    return dict(query.params)


def _only(fields: Sequence[str]) -> dict[str, str]:
    return {"fields": fields_param(fields)}


def _checked_base_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ConfigError(
            f"{public_url(base_url)!r} is no address of a registry",
            subject="registry.base_url",
            advice=f"The registry's own is {BASE_URL}.",
        )
    return base_url.rstrip("/")


def checked_file(ca_bundle: Path | None) -> Path | None:
    """The file (or folder) of certificates as given. Raises ConfigError where it can't be read as one."""
    if ca_bundle is None or ca_bundle.is_dir():
        return ca_bundle
    try:
        ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:  # of which ssl.SSLError is one
        raise ConfigError(
            f"{ca_bundle} can't be read as a file of certificates",
            subject="registry.ca_bundle",
            advice="Name a file of PEM certificates, or leave the key out.",
        ) from error
    return ca_bundle
