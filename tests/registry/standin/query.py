"""Reads the parameters of `/studies` and refuses what the registry refuses (CONTRACT §1.1, §3).

What a query returns is decided in `search`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.registry.standin import errors
from tests.registry.standin.fields import area_of_param, by_name, resolve

STATUSES = frozenset(
    {
        "ACTIVE_NOT_RECRUITING",
        "COMPLETED",
        "ENROLLING_BY_INVITATION",
        "NOT_YET_RECRUITING",
        "RECRUITING",
        "SUSPENDED",
        "TERMINATED",
        "WITHDRAWN",
        "AVAILABLE",
        "NO_LONGER_AVAILABLE",
        "TEMPORARILY_NOT_AVAILABLE",
        "APPROVED_FOR_MARKETING",
        "WITHHELD",
        "UNKNOWN",
    }
)
DEFAULT_PAGE = 10
LARGEST_PAGE = 1000
MOST_SORTS = 2
ADVANCED_LABEL = "advanced filter"

_FILTERS = frozenset({"overallStatus", "geo", "ids", "advanced", "synonyms"})
_FAMILIES = ("filter", "postFilter")
_PLAIN = frozenset(
    {
        "format",
        "markupFormat",
        "aggFilters",
        "geoDecay",
        "fields",
        "sort",
        "countTotal",
        "pageSize",
        "pageToken",
    }
)
_KNOWN = _PLAIN | {f"{family}.{name}" for family in _FAMILIES for name in _FILTERS} | set(area_of_param())
_KNOWN_ALONE = frozenset({"format", "markupFormat", "fields"})

_NCT_ID = re.compile(r"[Nn][Cc][Tt]0*([1-9]\d{0,7})")
_FIELD_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-. ]*|@query")
_SORT = re.compile(r"([a-zA-Z][a-zA-Z0-9\-. ]*|@relevance)(?::(asc|desc))?")
_GEO = re.compile(r"distance\(-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?(km|mi)?\)")


@dataclass(frozen=True, slots=True)
class Sort:
    piece: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One request for a page of studies."""

    expressions: tuple[tuple[str, str], ...] = ()
    """Parameter (`query.cond`, or `filter.advanced`) and expression; all have to hold."""
    nct_ids: tuple[str, ...] | None = None
    statuses: frozenset[str] | None = None
    sort: tuple[Sort, ...] = ()
    fields: tuple[str, ...] = ()
    page_size: int = DEFAULT_PAGE
    page_token: str | None = None
    count_total: bool = False


def normal_nct_id(text: str) -> str | None:
    """`nct12` as `NCT00000012`; None for what is no NCT ID."""
    found = _NCT_ID.fullmatch(text)
    return f"NCT{int(found[1]):08}" if found else None


def read_list(params: Mapping[str, str]) -> Query:
    """The query of `/studies`. Raises ApiError."""
    _refuse_unknown(params, _KNOWN)
    _check_format(params)
    page_size = _whole_number(params, "pageSize")
    return Query(
        expressions=_expressions(params),
        nct_ids=_nct_ids(params),
        statuses=_statuses(params),
        sort=tuple(_sort(item) for item in _sort_items(params)),
        fields=_fields(params),
        page_size=min(page_size or DEFAULT_PAGE, LARGEST_PAGE),
        page_token=params.get("pageToken"),
        count_total=_flag(params, "countTotal"),
    )


def read_single(params: Mapping[str, str], nct_id: str) -> tuple[str, tuple[str, ...]]:
    """The normal id and the fields of `/studies/{nctId}`. Raises ApiError."""
    _refuse_unknown(params, _KNOWN_ALONE)
    _check_format(params)
    normal = normal_nct_id(nct_id)
    if normal is None:
        raise errors.incorrect_format("nctId")
    return normal, _fields(params)


def _refuse_unknown(params: Mapping[str, str], known: frozenset[str]) -> None:
    for name in params:
        if name not in known:
            raise errors.unknown_parameter(name)


def _check_format(params: Mapping[str, str]) -> None:
    allowed = {"format": ("json", "csv"), "markupFormat": ("markdown", "legacy")}
    for name, choices in allowed.items():
        value = params.get(name, choices[0])
        if value not in choices:
            raise errors.invalid_enum(name, value)
        if value != choices[0]:
            raise errors.not_modelled(f"{name}={value}")
    for name in ("aggFilters", "geoDecay"):
        if name in params:
            raise errors.not_modelled(name)


def _items(text: str) -> list[str]:
    return [item.strip() for item in re.split(r"[,|]", text)]


def _each_filter(params: Mapping[str, str], name: str) -> list[tuple[str, str]]:
    names = (f"{family}.{name}" for family in _FAMILIES)
    return [(full, params[full]) for full in names if full in params]


def _expressions(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    for name, value in _each_filter(params, "geo"):
        if not _GEO.fullmatch(value):
            raise errors.incorrect_format(name)
        raise errors.not_modelled(name)
    for name, _ in _each_filter(params, "synonyms"):
        raise errors.not_modelled(name)
    asked = [(name, value) for name, value in params.items() if name in area_of_param() and value.strip()]
    return tuple(asked + _each_filter(params, "advanced"))


def _checked_items(name: str, text: str, read: Callable[[str], str | None]) -> list[str]:
    found = []
    for number, item in enumerate(_items(text), start=1):
        value = read(item)
        if value is None:
            raise errors.incorrect_item(name, number)
        found.append(value)
    return found


def _nct_ids(params: Mapping[str, str]) -> tuple[str, ...] | None:
    lists = [_checked_items(name, value, normal_nct_id) for name, value in _each_filter(params, "ids")]
    if not lists:
        return None
    return tuple(nct_id for nct_id in lists[0] if all(nct_id in other for other in lists[1:]))


def _statuses(params: Mapping[str, str]) -> frozenset[str] | None:
    wanted: frozenset[str] | None = None
    for _, value in _each_filter(params, "overallStatus"):
        items = _items(value)
        for item in items:
            if item not in STATUSES:
                raise errors.invalid_enum("overallStatus", item)
        wanted = frozenset(items) if wanted is None else wanted & frozenset(items)
    return wanted


def _fields(params: Mapping[str, str]) -> tuple[str, ...]:
    if "fields" not in params:
        return ()
    names = _checked_items("fields", params["fields"], lambda item: item if _FIELD_NAME.fullmatch(item) else None)
    for name in names:
        if name == "@query":
            raise errors.not_modelled("fields=@query")
        resolve(name)
    return tuple(names)


def _sort_items(params: Mapping[str, str]) -> list[str]:
    if "sort" not in params:
        return []
    items = _checked_items("sort", params["sort"], lambda item: item if _SORT.fullmatch(item) else None)
    if len(items) > MOST_SORTS:
        raise errors.too_many_items("sort")
    return [item for item in items if not item.startswith("@relevance")]


def _sort(item: str) -> Sort:
    name, _, direction = item.partition(":")
    field = by_name().get(name)
    if field is None:  # what the registry says then is not recorded
        raise errors.incorrect_item("sort", 1)
    if not (field.is_date or field.is_numeric):
        raise errors.unsortable()
    return Sort(field.piece, direction == "desc" if direction else field.is_date)


def _whole_number(params: Mapping[str, str], name: str) -> int:
    text = params.get(name, "0")
    if not text.isascii() or not text.isdigit():
        raise errors.incorrect_format(name)
    return int(text)


def _flag(params: Mapping[str, str], name: str) -> bool:
    text = params.get(name, "false")
    if text not in ("true", "false"):
        raise errors.incorrect_format(name)
    return text == "true"
