"""What moves without meaning anything: the registry's own rewriting, and records that can't be read.

None of the noise is a change of the trial (DESIGN §4, Noise); no update date moves.
"""

from __future__ import annotations

import random
from typing import Any

from tests.registry.standin.fields import Json
from tests.registry.standin.situations import a_change_by_the_registry
from tests.registry.standin.world import World, encoded

_BROWSE = ("conditionBrowseModule", "interventionBrowseModule")


def noisy(study: Json, rng: random.Random) -> Json:
    """Shuffle the record's lists, move its geo points a little, add white space; returns the same dict."""
    derived = study.get("derivedSection", {})
    for module in _BROWSE:
        for terms in derived.get(module, {}).values():
            rng.shuffle(terms)
    protocol = study["protocolSection"]
    contacts = protocol.get("contactsLocationsModule", {})
    for site in contacts.get("locations", []):
        if "geoPoint" in site:
            site["geoPoint"]["lat"] = round(site["geoPoint"]["lat"] + rng.choice([-0.00001, 0.00001]), 5)
    rng.shuffle(contacts.get("locations", []))
    rng.shuffle(protocol.get("conditionsModule", {}).get("keywords", []))
    description = protocol.get("descriptionModule", {})
    if "briefSummary" in description:
        description["briefSummary"] = description["briefSummary"].replace(". ", ".  ", 1) + " "
    return study


def only_noise_moves(world: World, *nct_ids: str, seed: int = 1) -> None:
    """Noise in these studies, or in all of them."""
    rng = random.Random(seed)
    for nct_id in nct_ids or world.ids():
        with a_change_by_the_registry(world, nct_id) as study:
            noisy(study, rng)


def the_registry_reingests(world: World, *, seed: int = 1) -> None:
    """All records at once, as on 2025-08-26: noise everywhere, and `allocation` absent → NA."""
    only_noise_moves(world, seed=seed)
    for nct_id in world.ids():
        with a_change_by_the_registry(world, nct_id) as study:
            study["protocolSection"].get("designModule", {}).get("designInfo", {}).setdefault("allocation", "NA")


def every_record_changes(world: World, path: str, text: str) -> None:
    """The same protocol field gets the same text in all studies, without an update by any sponsor."""
    *parents, last = path.split(".")
    for nct_id in world.ids():
        with a_change_by_the_registry(world, nct_id) as study:
            place: Any = study["protocolSection"]
            for key in parents:
                place = place[key]
            place[last] = text


# --- records that can't be read --------------------------------------------------------------------------


def a_title_has_a_lone_surrogate(world: World, nct_id: str) -> None:
    """`\\ud800` in a title: json takes it, stricter parsers refuse the page."""
    _retitled(world, nct_id, "\ud800")


def a_title_has_a_nul(world: World, nct_id: str) -> None:
    _retitled(world, nct_id, "\x00")


def _retitled(world: World, nct_id: str, char: str) -> None:
    with a_change_by_the_registry(world, nct_id) as study:
        study["protocolSection"]["identificationModule"]["briefTitle"] += f" {char} (broken)"


def a_record_is_no_object(world: World, nct_id: str) -> None:
    """A list in the place of the record."""
    world.serve_raw(nct_id, b'["not a study"]')


def a_record_has_no_nct_id(world: World, nct_id: str) -> None:
    study = world.study(nct_id)
    del study["protocolSection"]["identificationModule"]["nctId"]
    world.serve_raw(nct_id, encoded(study))


def a_module_has_the_wrong_type(world: World, nct_id: str, module: str = "statusModule") -> None:
    """Text where the protocol section should have a module."""
    study = world.study(nct_id)
    study["protocolSection"][module] = "not a module"
    world.serve_raw(nct_id, encoded(study))


def a_record_is_whole_again(world: World, nct_id: str) -> None:
    world.serve_raw(nct_id, None)
