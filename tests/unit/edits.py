"""Random edits of a record, as a sponsor might make them, and the noise that the registry makes by itself."""

from __future__ import annotations

import copy
import os
import random
import unicodedata
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.unit.records import Json, a_full_record
from tests.unit.status_table import GROUP_OF

bounded = settings(
    max_examples=120,
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

DATES = ["2026-05-31", "2026-05", "2026", "2026-06-01", "2025-12-31", "2024-02-29", "2026-02-30"]
WORDS: dict[str, list[str]] = {
    "overallStatus": [status for status in GROUP_OF if status != "absent"],
    "lastKnownStatus": ["RECRUITING", "SUSPENDED"],
    "status": ["RECRUITING", "NOT_YET_RECRUITING", "COMPLETED"],
    "allocation": ["RANDOMIZED", "NON_RANDOMIZED", "NA"],
    "phases": ["NA", "PHASE1", "PHASE3", "PHASE5"],
    "whoMasked": ["PARTICIPANT", "INVESTIGATOR"],
    "country": ["France", "Germany", "Türkiye"],
}
TYPES = {
    "references": ["RESULT", "DERIVED", "BACKGROUND", "PREPRINT"],
    "unpostedEvents": ["RELEASE", "UNRELEASE", "RESET"],
}
UNTOUCHED = {"nctId", "nctIdAliases", "identificationModule", "protocolSection", "versionHolder"}

Place = tuple[Any, ...]


def a_rich_record() -> Json:
    """A full record with text beyond ASCII, so that Unicode forms matter."""
    record = a_full_record()
    protocol = record["protocolSection"]
    protocol["identificationModule"]["briefTitle"] = "Étude of chordoma – São Paulo"
    protocol["contactsLocationsModule"]["locations"][0] |= {"facility": "Hôpital Général", "country": "Türkiye"}
    protocol["contactsLocationsModule"]["locations"][1] |= {"country": "Türkiye"}
    protocol["armsInterventionsModule"]["interventions"][0]["otherNames"] = ["Étoposide", "Eu", "eZ", "É"]
    return record


@st.composite
def edited_records(draw: st.DrawFn) -> Json:
    """A rich record with some edits at random places. It can always be read."""
    record = a_rich_record()
    for _ in range(draw(st.integers(min_value=0, max_value=5))):
        places = list(_places(record))
        _edit(draw, record, draw(st.sampled_from(places)))
    return record


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        if key not in UNTOUCHED:
            yield (*place, key)
        if key != "nctIdAliases":
            yield from _places(held, (*place, key))


def _edit(draw: st.DrawFn, record: Json, place: Place) -> None:
    parent: Any = record
    for key in place[:-1]:
        parent = parent[key]
    key, held = place[-1], parent[place[-1]]
    ways = ["remove", "replace"] if not isinstance(held, dict) else ["remove"]
    if isinstance(held, list) and held:
        ways = ["remove", "repeat", "drop", "reword"]
    way = draw(st.sampled_from(ways))
    if way == "remove":
        if isinstance(parent, dict) and draw(st.booleans()):
            parent[key] = None
        else:
            del parent[key]
    elif way == "replace":
        parent[key] = draw(_another(held, place))
    elif way == "repeat":
        held.append(copy.deepcopy(draw(st.sampled_from(held))))
    elif way == "drop":
        del held[draw(st.integers(min_value=0, max_value=len(held) - 1))]
    else:
        entry = copy.deepcopy(draw(st.sampled_from(held)))
        if isinstance(entry, dict):
            texts = [name for name, text in entry.items() if isinstance(text, str)]
            if texts:
                name = draw(st.sampled_from(texts))
                entry[name] = draw(_another(entry[name], (*place, 0, name)))
        else:
            entry = draw(_another(entry, (*place, 0)))
        held.insert(0, entry)


def _another(held: Any, place: Place) -> st.SearchStrategy[Any]:
    keys = [key for key in place if isinstance(key, str)]
    last = keys[-1]
    if isinstance(held, bool):
        return st.booleans()
    if isinstance(held, int | float):
        return st.sampled_from([0, 29, 30, 60, 99_999_999])
    if isinstance(held, list) or held is None:
        return st.just(held)
    if last == "type" and len(keys) > 1 and keys[-2].endswith(("Struct", "enrollmentInfo")):
        return st.sampled_from(["ESTIMATED", "ACTUAL"])
    if last == "type" and len(keys) > 1 and keys[-2] in TYPES:
        return st.sampled_from(TYPES[keys[-2]])
    if last == "date" or last.endswith("Date"):
        return st.sampled_from(DATES)
    if last in WORDS:
        return st.sampled_from(WORDS[last])
    return st.sampled_from([f"{last} one", f"{last}  two\n", f"{last} twö", ""])


def noisy(record: Json, seed: int) -> Json:
    """The record as the registry might rewrite it by itself; no fact differs."""
    rng = random.Random(seed)
    noised: Json = _noisy(copy.deepcopy(record), rng)
    noised["resultsSection"] = {"participantFlowModule": {"preAssignmentDetails": str(rng.random())}}
    derived = noised["derivedSection"] = noised.get("derivedSection") or {}
    derived["miscInfoModule"] = derived.get("miscInfoModule") or {}
    derived["miscInfoModule"]["versionHolder"] = f"2026-03-{rng.randrange(1, 29):02}"
    derived["conditionBrowseModule"] = {"meshes": [{"id": f"D{rng.randrange(10**6):06}", "term": "Neoplasms"}]}
    info = noised["protocolSection"].get("designModule") or {}
    design = info.get("designInfo")
    if isinstance(design, dict) and design.get("allocation") in (None, "NA"):
        design["allocation"] = rng.choice([None, "NA"])
    for location in (noised["protocolSection"].get("contactsLocationsModule") or {}).get("locations") or ():
        if location is not None:
            location["geoPoint"] = {"lat": rng.random(), "lon": rng.random()}
    return noised


def _noisy(value: Any, rng: random.Random) -> Any:
    if isinstance(value, str):
        form = unicodedata.normalize(rng.choice(["NFC", "NFD"]), value)
        return rng.choice([form, form, f" {form}\n", form.replace(" ", rng.choice(["  ", "\n", "\u00a0"]))])
    if isinstance(value, list):
        entries = [_noisy(inner, rng) for inner in value]
        rng.shuffle(entries)
        if entries and not rng.randrange(6):
            objects = any(isinstance(inner, dict) for inner in entries)
            entries.insert(0, rng.choice([None, {}, {"name": None}] if objects else [None, "", " "]))
        return entries
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        held = {key: _noisy(value[key], rng) for key in keys}
        if not rng.randrange(6):
            held["someNewWord"] = rng.choice([None, "", " ", [], {}, [None], {"a": []}])
        return held
    return value
