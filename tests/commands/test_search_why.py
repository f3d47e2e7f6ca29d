"""`tracker search why`: which terms return a trial, since when, where their words stand; or why it is not tracked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command_line import CommandLine
from tests.commands.searching import CHORDOMA, SEARCH, SPINE, A, B, C, D, E, F, Tuning, tuning
from tests.registry.standin import a_study, faults

UNKNOWN = "NCT99999999"


@pytest.fixture
def search(folder: Path, tracker: CommandLine) -> Iterator[Tuning]:
    with tuning(folder, tracker) as made:
        made.world.put(a_study(C, title="Proton therapy of the spine", conditions=("Sacral Chordoma", "Spine Tumors")))
        yield made


def why(search: Tuning, study: str, *words: str) -> dict[str, Any]:
    [found] = search.data("why", study, *words)
    return dict(found)


def excluding(study: str, reason: str = "noise") -> str:
    return SEARCH.replace(
        'name = "spine"\n', f'name = "spine"\nexclude = [{{ nct_id = "{study}", reason = "{reason}" }}]\n'
    )


def including(study: str) -> str:
    return SEARCH.replace(
        'name = "spine"\n', f'name = "spine"\ninclude = [{{ nct_id = "{study}", reason = "board" }}]\n'
    )


# --- tracked ------------------------------------------------------------------------------------------------


def test_a_tracked_trial_has_its_terms_and_their_words(search: Tuning) -> None:
    search.sync()
    search.registry.forget_requests()
    ended = search("why", C)
    assert (ended.exit_code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:3] == [f"{C}  Proton therapy of the spine", f"https://clinicaltrials.gov/study/{C}", ""]
    assert lines[3].startswith("Tracked in spine since ")
    assert lines[3].endswith(": in its first complete sync.")
    assert lines[4] == f"  term 1  condition: {SPINE}"
    assert lines[5].startswith("    returns it since ")
    assert lines[5].endswith(" (data of 2 Mar 2026)")
    assert lines[6] == "    title: “Proton therapy of the spine” has Spine"
    assert lines[7] == "    condition: “Spine Tumors” has Spine, tumor"
    assert f"  term 2  condition: {CHORDOMA}" in lines
    assert '    condition: “Sacral Chordoma” has "sacral chordoma", chordoma' in lines
    assert "our reading of the record" in ended.out
    assert search.registry.requests == []


def test_the_same_as_data(search: Tuning) -> None:
    search.sync()
    found = why(search, C)
    assert (found["verdict"], found["state"]) == ("tracked", "tracked")
    assert {(term["number"], term["in_config"], term["until"]) for term in found["terms"]} == {
        (1, True, None),
        (2, True, None),
    }
    chordoma = next(term for term in found["terms"] if term["number"] == 2)
    assert chordoma["our_reading"][0] == {
        "word": '"sacral chordoma"',
        "found": [{"place": "condition", "text": "Sacral Chordoma"}],
    }
    assert found["memberships"][0]["entered_why"] == "baseline"
    assert found["live"] is None


def test_a_term_whose_words_do_not_stand_in_the_record(search: Tuning) -> None:
    search.world.put(a_study(B, title="Irradiation of vertebrae", conditions=("Vertebral Metastases",)))
    search.world.returns("backbone cancer", [B])
    search.configure(SEARCH.replace(SPINE, "backbone cancer"))
    search.sync()
    assert "none of its words stands in the record as written: the registry found it by other words" in (
        search("why", B).out
    )


def test_an_included_trial(search: Tuning) -> None:
    search.configure(including(F))
    search.sync()
    told = search("why", F).out
    assert "  on the include list: board\n  No term returns it now.\n" in told


def test_a_term_that_was_taken_out_stays_in_its_past(search: Tuning) -> None:
    search.sync()
    search.configure(SEARCH.replace(CHORDOMA, "sacrum"))
    search.world.returns("sacrum", [])
    search.sync(next_day=True)
    told = search("why", C).out
    assert f"  before:  condition: {CHORDOMA}\n    returned it from " in told
    assert "(data of 2 Mar 2026) to " in told
    assert ": the term was taken out of the search\n" in told
    gone = next(term for term in why(search, C)["terms"] if term["until"])
    assert (gone["number"], gone["in_config"]) == (None, False)


# --- not tracked --------------------------------------------------------------------------------------------


def test_an_excluded_trial_says_why_and_what_returns_it_all_the_same(search: Tuning) -> None:
    search.configure(excluding(A, "spinal anaesthesia"))
    search.sync()
    told = search("why", A).out
    assert "Not tracked: excluded from spine: spinal anaesthesia.\n" in told
    assert f"Returned all the same by:\n  spine: condition: {SPINE}\n" in told
    found = why(search, A)
    assert found["verdict"] == "excluded"
    assert found["excluded_returned_by"] == [{"search": "spine", "term": f"condition: {SPINE}"}]


def test_a_member_that_is_excluded_later(search: Tuning) -> None:
    search.sync()
    search.configure(excluding(A))
    search.sync(next_day=True)
    told = search("why", A).out
    assert "Not tracked: excluded from spine: noise.\n" in told
    assert ": excluded.\n" in told[told.index("Was in spine from ") :]


def test_a_trial_that_left(search: Tuning) -> None:
    search.sync()
    search.world.stop_matching(A)
    search.sync(next_day=True)
    told = search("why", A).out
    assert "Not tracked any more. It is still followed by its id until " in " ".join(told.split())
    assert ": no longer matches.\n" in told[told.index("Was in spine from ") :]
    assert ": the registry no longer returns it\n" in told
    assert why(search, A)["verdict"] == "left"


def test_a_trial_that_left_and_came_back(search: Tuning) -> None:
    search.sync()
    search.world.stop_matching(A)
    search.sync(next_day=True)
    search.world.match_again(A)
    search.sync(next_day=True)
    told = search("why", A).out
    assert "Tracked in spine since " in told
    assert ": returned.\n" in told
    assert told.count("Was in spine from ") == 1
    assert told.count("  before:  ") == 1


def test_removed_and_merged_trials(search: Tuning) -> None:
    search.sync()
    search.world.remove(A)
    search.world.merge(B, into=E)
    search.sync(next_day=True)
    assert "Not tracked: the registry has removed it." in search("why", A).out
    assert f"Not tracked: the registry has merged it into {E}." in search("why", B).out
    assert [why(search, one)["verdict"] for one in (A, B)] == ["removed", "merged"]


def test_a_trial_that_no_term_returns(search: Tuning) -> None:
    search.sync()
    told = search("why", F).out
    assert "Not tracked: no term of any search has returned it, as of the data of 2 Mar 2026. --live asks" in told
    assert why(search, F)["verdict"] == "not found"


def test_a_trial_on_the_include_list_before_the_sync(search: Tuning) -> None:
    search.sync()
    search.configure(including(F))
    assert " ".join(search("why", F).out.split()).endswith(
        "Not tracked yet: on the include list of spine: board. spine has not been read to its end since that was "
        'written: run "tracker sync".'
    )
    assert why(search, F)["unsynced"] == ["spine"]
    search.sync()
    assert why(search, F)["unsynced"] == []


def test_what_the_last_sync_said_of_a_trial_on_the_include_list(search: Tuning) -> None:
    """It was asked for, and the registry does not know it, or knows it by another id: syncing again helps nobody."""
    search.world.merge(E, into=D)
    for one, said in (
        (UNKNOWN, "the registry does not know this id"),
        (E, f"the registry has merged this id into {D}"),
    ):
        search.configure(including(one))
        search.sync()
        told = " ".join(search("why", one).out.split())
        assert "Not tracked yet: on the include list of spine: board. The sync of " in told
        assert f"could not take it in: {said}" in told
        assert "tracker sync" not in told
        assert [problem["path"] for problem in why(search, one)["problems"]] == ["search spine: include"]


def test_a_later_sync_that_finds_nothing_new_takes_nothing_back(search: Tuning) -> None:
    search.configure(including(UNKNOWN))
    search.sync()
    search.sync()
    assert "the registry does not know this id" in " ".join(search("why", UNKNOWN).out.split())


@pytest.mark.parametrize("listed", [including, excluding], ids=["included", "excluded"])
def test_what_config_says_is_told_without_a_store(search: Tuning, listed: Callable[[str], str]) -> None:
    search.configure(listed(F))
    ended = search("why", F)
    assert (ended.exit_code, ended.err) == (0, "")
    told = " ".join(ended.out.split())
    assert ("Nothing has been synced so far" in told) is (listed is including)
    assert ("Not tracked: excluded from spine: noise." in told) is (listed is excluding)
    assert search("why", F, A).exit_code == 1


def test_several_trials(search: Tuning) -> None:
    search.sync()
    told = search("why", F, A, F).out
    assert told.count("https://clinicaltrials.gov/study/") == 2
    assert told.index(F) < told.index(A)


def test_without_a_store(search: Tuning) -> None:
    ended = search("why", A)
    assert (ended.exit_code, ended.out) == (1, "")
    assert '"tracker run" makes it' in ended.err


def test_what_is_no_nct_id(search: Tuning) -> None:
    ended = search("why", "NCT12")
    assert ended.exit_code == 2
    assert ended.err.startswith("tracker: 'NCT12' is no NCT ID.")


# --- live ---------------------------------------------------------------------------------------------------


def test_live_asks_each_term_and_each_trial_once(search: Tuning) -> None:
    search.sync()
    search.registry.forget_requests()
    ended = search("why", D, F, "--live")
    assert ended.exit_code == 0
    assert ended.err == "2 terms and 2 studies to ask for: at least 4 requests, about 1 s at 1000 a second\n"
    assert [(one["query.cond"], one["filter.ids"]) for one in search.asked] == [
        (SPINE, f"{D},{F}"),
        (CHORDOMA, f"{D},{F}"),
    ]
    assert [one.path for one in search.registry.requests[:2]] == [f"/studies/{D}", f"/studies/{F}"]
    assert f"The registry now: it has {D}.\n  spine: term 2 returns it\n" in ended.out
    assert f"The registry now: it has {F}.\n  spine: none of its 2 terms returns it\n" in ended.out


def test_live_finds_what_the_next_sync_takes_in(search: Tuning) -> None:
    search.sync()
    search.world.also_returns(SPINE, F)
    told = search("why", F, "--live").out
    assert told.startswith(f"{F}  Knee braces\n")
    assert f"  spine: term 1 returns it\n  term 1  condition: {SPINE}\n" in told
    assert "  The next sync takes it in.\n" in told
    assert why(search, F, "--live")["verdict"] == "returned now"


def test_live_without_a_store(search: Tuning) -> None:
    told = search("why", C, "--live").out
    assert told.startswith(f"{C}  Proton therapy of the spine\n")
    assert "  spine: terms 1, 2 return it\n" in told
    assert '    condition: “Sacral Chordoma” has "sacral chordoma", chordoma\n' in told
    assert not (search.folder / "data").exists()


def test_live_on_an_id_that_the_registry_does_not_know(search: Tuning) -> None:
    search.sync()
    told = search("why", UNKNOWN, "--live").out
    assert f"Not tracked: the registry does not know {UNKNOWN}. Check the number." in told
    found = why(search, UNKNOWN, "--live")
    assert (found["verdict"], found["live"]["known"]) == ("unknown", False)


def test_live_on_an_alias(search: Tuning) -> None:
    search.world.merge(D, into=C)
    found = why(search, D, "--live")
    assert (found["verdict"], found["live"]["merged_into"]) == ("merged", C)
    # The ids that came back are not those asked for: nothing is known of the terms.
    assert [term["returns_it"] for term in found["live"]["terms"]] == [None, None]
    assert f"The registry now: {D} was merged into {C}." in search("why", D, "--live").out


def test_live_where_the_registry_ignores_what_was_asked(search: Tuning) -> None:
    """A term of NCT IDs only makes the registry ignore every filter; config refuses the plain ones."""
    ignored = json.dumps({"studies": [{"protocolSection": {"identificationModule": {"nctId": B}}}]})
    search.registry.fail(faults.body(ignored), path="/studies")
    told = search("why", A, "--live").out
    assert "  term 1: the registry did not look at it, so that nothing is known\n" in told


def test_live_without_the_registry(search: Tuning) -> None:
    search.registry.fail(faults.blocked(), times=None)
    ended = search("why", A, "--live")
    assert (ended.exit_code, ended.out) == (1, "")


# --- how it looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_longer_than_the_terminal(search: Tuning, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    search.world.put(a_study(C, title="Spine and tumor " * 30, conditions=("chordoma " * 30,)))
    search.sync()
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, search("why", C, F, "--live").out.splitlines())) <= columns


def test_a_record_cannot_steer_the_terminal(search: Tuning) -> None:
    search.world.put(a_study(A, title="Spine\x1b[2J\u202e", conditions=("tumor\x1b[2J",)))
    search.sync()
    told = search("why", A).out
    assert "\x1b" not in told
    assert "\u202e" not in told
