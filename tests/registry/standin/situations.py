"""What happens on a registry, as a clinician would say it.

Each function edits one study of a world; a date is the day it happened, as the record will give it. An update
by the sponsor also moves the record's update dates; what the registry does by itself does not. Edits show at
once; `world.refresh()` makes new data of them, as a client that looks at `/version` will expect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from tests.registry.standin.fields import Json
from tests.registry.standin.sample import a_site, a_study
from tests.registry.standin.words import SITES
from tests.registry.standin.world import World

_DATE_FIELDS = {
    "start": "startDateStruct",
    "primary_completion": "primaryCompletionDateStruct",
    "completion": "completionDateStruct",
}


@contextmanager
def an_update_by_the_sponsor(world: World, nct_id: str) -> Iterator[Json]:
    """Edit the protocol section; the update dates become those of the next refresh."""
    posted = world.next_data_date
    submitted = (date.fromisoformat(posted) - timedelta(days=3)).isoformat()
    with world.editing(nct_id) as study:
        protocol: Json = study["protocolSection"]
        yield protocol
        status = protocol["statusModule"]
        status["statusVerifiedDate"] = submitted[:7]
        status["lastUpdateSubmitDate"] = submitted
        status["lastUpdatePostDateStruct"] = {"date": posted, "type": "ACTUAL"}


@contextmanager
def a_change_by_the_registry(world: World, nct_id: str) -> Iterator[Json]:
    """Edit the whole record and leave its update dates as they are."""
    with world.editing(nct_id) as study:
        yield study


# --- status ----------------------------------------------------------------------------------------------


def a_trial_opens(world: World, nct_id: str, on: str | None = None) -> None:
    """Not yet recruiting → recruiting; the start is actual from now on."""
    _becomes(world, nct_id, "RECRUITING", start=on or world.data_date)


def closes_to_recruitment(world: World, nct_id: str) -> None:
    _becomes(world, nct_id, "ACTIVE_NOT_RECRUITING")


def reopens(world: World, nct_id: str) -> None:
    """Recruiting again, whatever it was: closed, suspended or unknown."""
    _becomes(world, nct_id, "RECRUITING")


def a_trial_completes(world: World, nct_id: str, on: str | None = None, *, enrolled: int | None = None) -> None:
    """Completed on a day; both completion dates are actual, and so is the enrollment if given."""
    _becomes(world, nct_id, "COMPLETED", end=on or world.data_date, enrolled=enrolled)


def a_trial_is_terminated(
    world: World, nct_id: str, *, why: str, on: str | None = None, enrolled: int | None = None
) -> None:
    _becomes(world, nct_id, "TERMINATED", end=on or world.data_date, why=why, enrolled=enrolled)


def a_trial_is_withdrawn(world: World, nct_id: str, *, why: str) -> None:
    """Stopped before the first patient: enrollment 0, actual."""
    _becomes(world, nct_id, "WITHDRAWN", why=why, enrolled=0)


def a_trial_is_suspended(world: World, nct_id: str, *, why: str) -> None:
    _becomes(world, nct_id, "SUSPENDED", why=why)


def status_flips_to_unknown(world: World, nct_id: str) -> None:
    """The registry's own rule, two years after the last verification: no update date moves."""
    with a_change_by_the_registry(world, nct_id) as study:
        status = study["protocolSection"]["statusModule"]
        status["lastKnownStatus"] = status["overallStatus"]
        status["overallStatus"] = "UNKNOWN"


def _becomes(
    world: World,
    nct_id: str,
    status: str,
    *,
    start: str | None = None,
    end: str | None = None,
    why: str | None = None,
    enrolled: int | None = None,
) -> None:
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        module = protocol["statusModule"]
        module["overallStatus"] = status
        module.pop("lastKnownStatus", None)
        module.pop("whyStopped", None)
        if why:
            module["whyStopped"] = why
        if start:
            module["startDateStruct"] = {"date": start, "type": "ACTUAL"}
        if end:
            module["primaryCompletionDateStruct"] = {"date": end, "type": "ACTUAL"}
            module["completionDateStruct"] = {"date": end, "type": "ACTUAL"}
        if enrolled is not None:
            protocol["designModule"]["enrollmentInfo"] = {"count": enrolled, "type": "ACTUAL"}


# --- dates and numbers -----------------------------------------------------------------------------------


def a_date_slips(world: World, nct_id: str, which: str = "primary_completion", *, to: str) -> None:
    """A plan becomes another plan; `which`: start, primary_completion or completion."""
    _date_becomes(world, nct_id, which, to, "ESTIMATED")


def a_date_is_refined(world: World, nct_id: str, which: str = "primary_completion", *, to: str) -> None:
    """A finer date within the same month or year, of the same type."""
    _date_becomes(world, nct_id, which, to, None)


def a_date_is_reached(world: World, nct_id: str, which: str = "primary_completion", *, on: str) -> None:
    """Estimated → actual."""
    _date_becomes(world, nct_id, which, on, "ACTUAL")


def a_date_is_corrected(world: World, nct_id: str, which: str = "primary_completion", *, to: str) -> None:
    """An actual date becomes another actual date."""
    _date_becomes(world, nct_id, which, to, "ACTUAL")


def _date_becomes(world: World, nct_id: str, which: str, day: str, kind: str | None) -> None:
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        name = _DATE_FIELDS[which]
        before = protocol["statusModule"].get(name, {})
        protocol["statusModule"][name] = {**before, "date": day, **({"type": kind} if kind else {})}


def enrollment_changes(world: World, nct_id: str, to: int, *, actual: bool = False) -> None:
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        kind = "ACTUAL" if actual else "ESTIMATED"
        protocol["designModule"]["enrollmentInfo"] = {"count": to, "type": kind}


# --- sites and texts -------------------------------------------------------------------------------------


def a_site_is_added(
    world: World, nct_id: str, *, city: str = "Vienna", country: str = "Austria", status: str = "RECRUITING"
) -> None:
    """A hospital in a city that the trial may or may not have had before."""
    known = next((site for site in SITES if site[1:3] == (city, country)), None)
    site = known or (f"{city} University Hospital (invented)", city, country, 48.21, 16.37)
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        protocol["contactsLocationsModule"].setdefault("locations", []).append(a_site(site, status))


def a_site_is_dropped(world: World, nct_id: str, which: int = 0) -> None:
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        del protocol["contactsLocationsModule"]["locations"][which]


def a_site_opens(world: World, nct_id: str, which: int = 0) -> None:
    _site_becomes(world, nct_id, which, "RECRUITING")


def a_site_closes(world: World, nct_id: str, which: int = 0) -> None:
    _site_becomes(world, nct_id, which, "COMPLETED")


def _site_becomes(world: World, nct_id: str, which: int, status: str) -> None:
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        protocol["contactsLocationsModule"]["locations"][which]["status"] = status


def a_text_is_edited(world: World, nct_id: str, path: str, text: str) -> None:
    """`path` within the protocol section: `eligibilityModule.eligibilityCriteria`,
    `outcomesModule.primaryOutcomes.0.measure`, `identificationModule.briefTitle`."""
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))
    with an_update_by_the_sponsor(world, nct_id) as protocol:
        place = protocol
        for key in parents:
            place = place[key]  # type: ignore[index]
        place[last] = text  # type: ignore[index]


def a_paper_is_linked(world: World, nct_id: str, *, pmid: str = "90000002", type: str = "RESULT") -> None:  # noqa: A002
    """A RESULT paper is the sponsor's doing, a DERIVED one the registry's, from PubMed."""
    edit = an_update_by_the_sponsor if type != "DERIVED" else _protocol_by_the_registry
    paper = {"pmid": pmid, "type": type, "citation": f"Nobody B. An invented paper, number {pmid}."}
    with edit(world, nct_id) as protocol:
        protocol.setdefault("referencesModule", {}).setdefault("references", []).append(paper)


@contextmanager
def _protocol_by_the_registry(world: World, nct_id: str) -> Iterator[Json]:
    with a_change_by_the_registry(world, nct_id) as study:
        yield study["protocolSection"]


# --- coming and going ------------------------------------------------------------------------------------


def a_trial_is_registered(
    world: World, study: Json | str, *, returned_by: str | tuple[str, ...] = (), posted: str | None = None
) -> str:
    """A new record (or a sample of that NCT ID), first posted with the next refresh; its NCT ID.

    `returned_by`: the expressions with a fixed answer that bring it in; evaluated ones find it themselves.
    """
    day = posted or world.next_data_date
    record = a_study(study) if isinstance(study, str) else study
    status = record["protocolSection"]["statusModule"]
    status.update(studyFirstSubmitDate=day, studyFirstSubmitQcDate=day, lastUpdateSubmitDate=day)
    status["studyFirstPostDateStruct"] = {"date": day, "type": "ACTUAL"}
    status["lastUpdatePostDateStruct"] = {"date": day, "type": "ACTUAL"}
    nct_id = world.put(record)
    for expression in (returned_by,) if isinstance(returned_by, str) else returned_by:
        world.also_returns(expression, nct_id)
    return nct_id


def a_trial_is_removed(world: World, nct_id: str) -> None:
    """Off the registry: its own page answers 404, and lists leave it out without a word."""
    world.remove(nct_id)


def a_trial_is_merged(world: World, old: str, *, into: str) -> None:
    """The old id redirects to the other record, which lists it as an alias."""
    world.merge(old, into)


def a_trial_no_longer_matches(world: World, nct_id: str, expression: str | None = None) -> None:
    """Still on the registry, but an expression (or, without one, any) returns it no more."""
    world.stop_matching(nct_id, expression)


def matches_again(world: World, nct_id: str, expression: str | None = None) -> None:
    world.match_again(nct_id, expression)


def the_index_shrinks(world: World, to: float = 0.1) -> None:
    """Lists hold only the first part of the studies, as if the registry's index were half built."""
    everything = world.ids()
    world.hide(everything[int(len(everything) * to) :])


def the_index_recovers(world: World) -> None:
    world.hide(())
