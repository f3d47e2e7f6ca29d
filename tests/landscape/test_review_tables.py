"""The review's two tables come out of the store as they were printed.

`review_tables.csv` holds their facts: 32 trials. What the tables leave open is test data, and says nothing of the
trials: each ended one is taken as completed, each active one as recruiting, and results as posted in 2022.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.surveying import survey
from reports.landscape.formats import Landscape
from tests.registry.standin import StandIn, World, a_study
from tracker.registry.client import RegistryClient
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition
from tracker.store.engine import Store
from tracker.sync import Request, sync

ROWS = list(csv.DictReader((Path(__file__).parent / "review_tables.csv").read_text(encoding="utf-8").splitlines()))
TYPES = ("Radiation", "Device", "Procedure", "Drug", "Other", "Behavioral", "Diagnostic Test")
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip
SEARCH = SearchDefinition(
    name="spine-tumour", description="Spine-tumour trials", terms=(term_query([("condition", "Spine tumor")]),)
)


def _registry_date(printed: str) -> str:
    """ "27 July 2018" → "2018-07-27", "March 2010" → "2010-03"."""
    *day, month, year = printed.split()
    return "-".join([year, f"{MONTHS.index(month) + 1:02}", *(f"{int(one):02}" for one in day)])


def _interventions(printed: str) -> list[dict[str, str]]:
    parts = re.split(rf"(?:^|\s)({'|'.join(TYPES)}): ", printed)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [{"type": type_.upper().replace(" ", "_"), "name": name.strip()} for type_, name in pairs]


def _phases(printed: str) -> tuple[str, ...]:
    if printed == "Not Applicable":
        return ("NA",)
    early = ("EARLY_PHASE1",) if printed.startswith("Early") else ()
    return early or tuple(f"PHASE{number}" for number in re.findall(r"\d", printed))


def _record(row: dict[str, str]) -> dict[str, Any]:
    ended = row["table"] == "3"
    study = a_study(
        row["nct_id"],
        status="COMPLETED" if ended else "RECRUITING",
        phases=_phases(row["phase"]),
        completion=(_registry_date(row["study_completion_date"]), "ACTUAL" if ended else "ESTIMATED"),
    )
    protocol = study["protocolSection"]
    protocol["identificationModule"]["officialTitle"] = row["official_title"]
    protocol["armsInterventionsModule"]["interventions"] = _interventions(row["interventions"])
    if ended:
        protocol["statusModule"]["resultsFirstPostDateStruct"] = {"date": "2022-01-10", "type": "ACTUAL"}
        study["hasResults"] = True
    return study


@pytest.fixture
def world() -> World:
    world = World([_record(row) for row in ROWS], data_timestamp="2022-11-14T09:00:05")
    world.returns("Spine tumor", [row["nct_id"] for row in ROWS])
    return world


@pytest.fixture
def synced(store: Store, world: World) -> Store:
    with StandIn(world) as registry, RegistryClient(registry.url, requests_per_second=1000) as client:
        sync(store, client, Request(searches=[SEARCH]), now=lambda: datetime(2022, 11, 14, 16, tzinfo=UTC))
    return store


def _survey(store: Store, *tables: str, day: date | None = None) -> Landscape:
    return survey(store, [SEARCH], tables=tables, day=day)


@pytest.mark.parametrize(("number", "name", "trials"), [("3", "completed-with-results", 11), ("4", "active", 21)])
def test_the_reviews_table_comes_out_as_printed(synced: Store, number: str, name: str, trials: int) -> None:
    [table] = _survey(synced, name).tables
    printed = {
        (row["nct_id"], row["official_title"], row["interventions"], row["phase"], row["study_completion_date"])
        for row in ROWS
        if row["table"] == number
    }
    assert len(table.rows) == len(printed) == trials
    assert set(table.rows) == printed


def test_trials_stand_in_the_order_of_their_completion(synced: Store) -> None:
    [table] = _survey(synced, "completed-with-results").tables
    assert [row[0] for row in table.rows] == [row["nct_id"] for row in ROWS if row["table"] == "3"]


def test_every_row_of_the_counts_is_of_all_trials(synced: Store) -> None:
    [table] = _survey(synced, "counts").tables
    assert {row[3] for row in table.rows} == {len(ROWS)}
    phases = {row[1]: row[2] for row in table.rows if row[0] == "Phase"}
    assert phases["N/A"] == sum(row["phase"] == "Not Applicable" for row in ROWS)
    assert sum(phases.values()) == len(ROWS)
    assert all(row[4] == round(100 * row[2] / row[3], 1) for row in table.rows)  # type: ignore[operator]


def test_the_flow_says_what_each_term_returned_and_what_was_left(synced: Store) -> None:
    [table] = _survey(synced, "flow").tables
    assert ("Identified", "registry", "spine-tumour: condition: Spine tumor", 32) in table.rows
    assert table.rows[-1] == ("Included", "", "trials in the landscape", 32)


def test_a_day_before_the_first_data_is_refused(synced: Store) -> None:
    from tracker.errors import UsageError

    with pytest.raises(UsageError, match="the first data held are of 2022-11-14"):
        _survey(synced, "active", day=date(2022, 11, 13))


def test_as_of_a_day_shows_the_trials_as_they_were_then(store: Store, world: World) -> None:
    ended = next(row["nct_id"] for row in ROWS if row["table"] == "4")
    with StandIn(world) as registry:
        for day in (14, 15):
            with RegistryClient(registry.url, requests_per_second=1000) as client:
                now = datetime(2022, 11, day, 16, tzinfo=UTC)
                sync(store, client, Request(searches=[SEARCH]), now=lambda now=now: now)  # type: ignore[misc]
            with world.editing(ended) as study:
                study["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
            world.refresh()
    then, now_active = (_survey(store, "active", day=day).tables[0] for day in (date(2022, 11, 14), None))
    assert ended in {row[0] for row in then.rows}
    assert ended not in {row[0] for row in now_active.rows}


def test_the_methods_paragraph_names_terms_data_and_counts(synced: Store) -> None:
    said = _survey(synced, "active").methods
    assert "(1) condition: Spine tumor" in said
    assert "14 November 2022, in which 32 trials were held" in said
