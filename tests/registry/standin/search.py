"""Which studies a query returns, and in which order (CONTRACT §1.1, §1.2)."""

from __future__ import annotations

import random
import re

from tests.registry.standin import essie
from tests.registry.standin.fields import area_of_param, areas
from tests.registry.standin.matching import matches
from tests.registry.standin.query import ADVANCED_LABEL, Query, Sort, normal_nct_id
from tests.registry.standin.world import Entry, World

_ONLY_IDS = re.compile(r"\s*[Nn][Cc][Tt]\d+(?:[\s,]+[Nn][Cc][Tt]\d+)*\s*")


def select(world: World, query: Query, *, shuffle: int) -> list[Entry]:
    """The studies in order; without a sort it depends on `shuffle`, so that it differs between calls."""
    found = sorted_by(_matching(world, query), query.sort)
    if not query.sort:
        random.Random(shuffle).shuffle(found)
    return found


def _matching(world: World, query: Query) -> list[Entry]:
    for _, expression in query.expressions:
        if _ONLY_IDS.fullmatch(expression):
            return _by_id(world, tuple(re.split(r"[\s,]+", expression.strip())))
    found = world.entries() if query.nct_ids is None else _by_id(world, query.nct_ids)
    if query.statuses is not None:
        found = [entry for entry in found if entry.kept.get("OverallStatus") in query.statuses]
    for param, expression in query.expressions:
        found = _holding(world, found, param, expression)
    return found


def _by_id(world: World, nct_ids: tuple[str, ...]) -> list[Entry]:
    """Aliases give the study that they were merged into; what doesn't exist is missing without a word."""
    wanted = {world.canonical(normal_nct_id(nct_id) or nct_id) for nct_id in nct_ids}
    return [entry for entry in world.entries() if entry.nct_id in wanted]


def _holding(world: World, entries: list[Entry], param: str, expression: str) -> list[Entry]:
    fixed = world.answer(param, expression)
    if fixed is not None:
        wanted = {world.canonical(nct_id) for nct_id in fixed}
        found = [entry for entry in entries if entry.nct_id in wanted]
    elif world.matches_everything:
        found = list(entries)
    else:
        area = area_of_param().get(param, areas()["BasicSearch"])
        label = area.label if param in area_of_param() else ADVANCED_LABEL
        parsed = essie.parse(expression, label)
        found = [entry for entry in entries if matches(parsed, entry.record(), area.pieces)]
    return [entry for entry in found if not world.is_unmatched(entry.nct_id, expression)]


def sorted_by(entries: list[Entry], sorts: tuple[Sort, ...]) -> list[Entry]:
    """Sorted by up to two pieces, ties by NCT ID, missing values last whatever the direction."""
    ordered = sorted(entries, key=lambda entry: entry.nct_id)
    for sort in reversed(sorts):
        keyed = [(entry.value(sort.piece), entry) for entry in ordered]
        present = [pair for pair in keyed if pair[0] is not None]
        present.sort(key=lambda pair: pair[0], reverse=sort.descending)  # type: ignore[arg-type,return-value]
        ordered = [entry for _, entry in present] + [entry for value, entry in keyed if value is None]
    return ordered
