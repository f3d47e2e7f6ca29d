"""Worlds of the registry's real size: thousands of invented records of 11 to 60 kB, median about 22 kB.

Everything follows from the number of studies and the seed, so that a benchmark in one process knows what a
server in another serves: `bulk_world` builds a state, `changed_ids` says how it differs from the baseline.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias

from tests.registry.standin import situations
from tests.registry.standin.fields import Json
from tests.registry.standin.noise import noisy
from tests.registry.standin.results import results_section
from tests.registry.standin.sample import a_site, a_study
from tests.registry.standin.words import SITES, sentence
from tests.registry.standin.world import World

State: TypeAlias = Literal["baseline", "restamped", "noise", "changed"]
"""restamped: a refresh and nothing else; noise: every record rewritten as well; changed: see Changed."""

FIRST_NUMBER = 90_000_000
"""NCT numbers from here on belong to no real study."""

_MEDIAN_SIZE, _SMALLEST, _LARGEST = 23_800, 12_700, 66_000
_SPREAD = 0.38
_CORE_SIZE = 6_600
_SITE_SIZE, _SENTENCE_SIZE, _OUTCOME_SIZE, _REFERENCE_SIZE = 360, 190, 500, 230
_STATUSES = ("COMPLETED",) * 5 + ("RECRUITING",) * 3 + ("TERMINATED", "ACTIVE_NOT_RECRUITING", "NOT_YET_RECRUITING")
_SHARE_WITH_RESULTS = 0.12
_FIRST_DAY = date(2005, 1, 3)


@dataclass(frozen=True, slots=True)
class Changed:
    """How the state `changed` differs from the baseline: NCT IDs, each in one of the three."""

    changed: frozenset[str]
    new: frozenset[str]
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Pools:
    """Ready-made parts that records are composed of."""

    sentences: list[str]
    sites: list[Json]
    outcomes: list[Json]
    references: list[Json]


@lru_cache(maxsize=2)
def _pools(seed: int) -> _Pools:
    rng = random.Random(seed)
    sentences = [sentence(rng) for _ in range(3000)]
    contact = {
        "name": "Synthetic Contact",
        "role": "CONTACT",
        "phone": "+1 555 0100",
        "email": "nobody@example.org",
    }
    return _Pools(
        sentences=sentences,
        sites=[
            {**a_site(rng.choice(SITES), "RECRUITING"), "zip": f"{i:05}", "contacts": [contact]} for i in range(500)
        ],
        outcomes=[
            {
                "measure": sentence(rng)[:100],
                "description": " ".join(rng.choices(sentences, k=2)),
                "timeFrame": f"{rng.choice([3, 6, 12, 24])} months",
            }
            for _ in range(1000)
        ],
        references=[
            {"pmid": f"9{i:07}", "type": "BACKGROUND", "citation": f"Nobody {i}. {rng.choice(sentences)}"}
            for i in range(500)
        ],
    )


def nct_id_of(number: int) -> str:
    """The NCT ID of the synthetic study with this number, from 0."""
    return f"NCT{FIRST_NUMBER + number}"


def synthetic_study(number: int, seed: int) -> Json:
    """One record of real size; the same for the same number and seed."""
    rng = random.Random(seed * 1_000_003 + number)
    pools = _pools(seed)
    posted = _FIRST_DAY + timedelta(days=rng.randrange(7500))
    updated = posted + timedelta(days=rng.randrange(30, 200))
    status = rng.choice(_STATUSES)
    kind = "ACTUAL" if status in ("COMPLETED", "TERMINATED") else "ESTIMATED"
    study = a_study(
        nct_id_of(number),
        status=status,
        start=((posted + timedelta(days=30)).isoformat(), "ACTUAL"),
        primary_completion=((posted + timedelta(days=900)).isoformat()[:7], kind),
        completion=((posted + timedelta(days=1100)).isoformat()[:7], kind),
        enrolled=(rng.randrange(10, 400), kind),
        first_posted=posted.isoformat(),
        last_updated=updated.isoformat(),
        why_stopped="Slow accrual (synthetic)" if status == "TERMINATED" else None,
        seed=rng.randrange(2**31),
    )
    _fill(study, rng, pools)
    if status == "COMPLETED" and rng.random() < _SHARE_WITH_RESULTS * len(_STATUSES) / 5:
        study["resultsSection"] = results_section()
        study["hasResults"] = True
        module = study["protocolSection"]["statusModule"]
        module["resultsFirstSubmitDate"] = updated.isoformat()
        module["resultsFirstPostDateStruct"] = {"date": updated.isoformat(), "type": "ACTUAL"}
    return study


def _fill(study: Json, rng: random.Random, pools: _Pools) -> None:
    """Bring a sample record to the size of a real one, most of it sites and criteria."""
    size = min(max(rng.lognormvariate(0, _SPREAD) * _MEDIAN_SIZE, _SMALLEST), _LARGEST)
    room = size - _CORE_SIZE
    protocol = study["protocolSection"]
    sites = rng.choices(pools.sites, k=int(room * 0.35 / _SITE_SIZE))
    protocol["contactsLocationsModule"]["locations"] += [{**site, "geoPoint": dict(site["geoPoint"])} for site in sites]
    criteria = rng.choices(pools.sentences, k=int(room * 0.25 / _SENTENCE_SIZE))
    protocol["eligibilityModule"]["eligibilityCriteria"] += "".join(f"\n* {line}" for line in criteria)
    description = rng.choices(pools.sentences, k=int(room * 0.15 / _SENTENCE_SIZE))
    protocol["descriptionModule"]["detailedDescription"] += "\n\n" + " ".join(description)
    outcomes = rng.choices(pools.outcomes, k=int(room * 0.17 / _OUTCOME_SIZE))
    protocol["outcomesModule"]["secondaryOutcomes"] += [dict(outcome) for outcome in outcomes]
    references = rng.choices(pools.references, k=int(room * 0.08 / _REFERENCE_SIZE))
    protocol["referencesModule"]["references"] += [dict(reference) for reference in references]


def synthetic_studies(n: int, seed: int = 1) -> Iterator[Json]:
    """`n` records, in ascending order of NCT ID."""
    return (synthetic_study(number, seed) for number in range(n))


def changed_ids(n: int, seed: int = 1) -> Changed:
    """2 % changed, 0.2 % new, 0.1 % gone, at least one of each; the new ones are numbered on from `n`."""
    rng = random.Random(seed)
    changed, gone = max(1, n // 50), max(1, n // 1000)
    picked = [nct_id_of(number) for number in rng.sample(range(n), changed + gone)]
    new = (nct_id_of(number) for number in range(n, n + max(1, n // 500)))
    return Changed(frozenset(picked[:changed]), frozenset(new), frozenset(picked[changed:]))


def bulk_world(n: int, seed: int = 1, state: State = "baseline") -> World:
    """A world in which every query returns every study; all states but the baseline are a refresh later."""
    studies = synthetic_studies(n, seed)
    if state == "noise":
        rng = random.Random(seed)
        studies = (noisy(study, rng) for study in studies)
    world = World(studies)
    world.matches_everything = True
    if state == "changed":
        _change(world, changed_ids(n, seed), seed)
    if state != "baseline":
        world.refresh()
    return world


def _change(world: World, plan: Changed, seed: int) -> None:
    changes = _changes()
    for number, nct_id in enumerate(sorted(plan.changed)):
        changes[number % len(changes)](world, nct_id)
    for nct_id in sorted(plan.new):
        situations.a_trial_is_registered(world, synthetic_study(int(nct_id[3:]) - FIRST_NUMBER, seed))
    for nct_id in plan.gone:
        situations.a_trial_is_removed(world, nct_id)


def _changes() -> tuple[Callable[[World, str], None], ...]:
    """Edits that change any study, whatever its state."""
    return (
        lambda world, nct_id: situations.a_trial_is_suspended(world, nct_id, why="Funding (synthetic)"),
        lambda world, nct_id: situations.a_date_slips(world, nct_id, "completion", to="2029-11"),
        lambda world, nct_id: situations.enrollment_changes(world, nct_id, 477),
        lambda world, nct_id: situations.a_site_is_added(world, nct_id),
        lambda world, nct_id: situations.a_text_is_edited(
            world, nct_id, "outcomesModule.primaryOutcomes.0.measure", "Another measure (synthetic)"
        ),
    )
