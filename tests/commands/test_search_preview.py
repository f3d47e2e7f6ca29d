"""`tracker search preview`: what each term brings, and who would come and go, without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command_line import CommandLine
from tests.commands.searching import CHORDOMA, SEARCH, SPINE, TITLE, A, B, C, D, E, F, Tuning, ids, tuning
from tests.registry.standin import World, a_study, faults
from tracker.registry.fields import WHAT_IT_IS_ABOUT

NEW = "vertebral tumor"


@pytest.fixture
def search(folder: Path, tracker: CommandLine) -> Iterator[Tuning]:
    with tuning(folder, tracker) as made:
        made.world.returns(NEW, [D, E])
        yield made


def previewed(search: Tuning, *words: str) -> dict[str, Any]:
    """The one search of a preview, as data."""
    [found] = search.data("preview", *words)["searches"]
    return dict(found)


def test_each_term_alone_and_with_the_others(search: Tuning) -> None:
    search.sync()
    spine, chordoma = previewed(search)["terms"]
    assert (spine["studies"], spine["only_this"], spine["shared"], spine["shared_with"]) == (3, 2, 1, {"2": 1})
    assert (chordoma["studies"], chordoma["only_this"], chordoma["shared"]) == (2, 1, 1)
    assert sum(spine["relevance"].values()) == 3
    assert spine["relevance"].keys() <= {"focus", "one_of_several", "listed_only", "none"}
    assert [(one["nct_id"], one["only_this"]) for one in spine["samples"]] == [(A, True), (B, True), (C, False)]
    assert all(one["title"] and one["relevance"] for one in spine["samples"])


def test_the_combinations_are_drawn_and_given(search: Tuning) -> None:
    assert previewed(search)["combinations"] == [
        {"terms": [1], "studies": 2},
        {"terms": [2], "studies": 1},
        {"terms": [1, 2], "studies": 1},
    ]
    told = search("preview").out
    assert "   1  2  studies\n   ●  ·        2  ██████████████████████████████\n" in told
    assert "   ●  ●        1  ███████████████\n" in told


def test_five_samples_are_spread_and_those_of_this_term_alone_come_first(folder: Path, tracker: CommandLine) -> None:
    many = [f"NCT900000{number:02}" for number in range(1, 21)]
    world = World(a_study(one) for one in many)
    world.returns(SPINE, many[:18])
    world.returns(CHORDOMA, many[4:])
    with tuning(folder, tracker, world) as search:
        spine, chordoma = previewed(search)["terms"]
    assert ids(spine["samples"]) == many[:5]
    assert [one["only_this"] for one in chordoma["samples"]] == [True, True, False, False, False]
    assert len(ids(chordoma["samples"])) == len({*ids(chordoma["samples"])}) == 5


def test_new_data_in_the_middle_is_told(search: Tuning) -> None:
    """The counts were of Monday's data, some of the records are of Tuesday's."""
    search.registry.in_the_middle(search.world.refresh, after=4)
    ended = search("preview")
    assert ended.exit_code == 3
    assert "! The registry published new data meanwhile: what follows is of both. Run it again.\n" in ended.out
    search.registry.in_the_middle(search.world.refresh, after=4)
    found = search.data("preview")
    assert (found["mixed"], found["data_timestamp"][:10], found["data_timestamp_after"][:10]) == (
        *(True, "2026-03-03", "2026-03-04"),
    )
    assert search("preview").exit_code == 0


# --- what an edit would do ----------------------------------------------------------------------------------


def test_an_edit_says_who_would_enter_and_leave_and_why(search: Tuning) -> None:
    search.sync()
    found = previewed(search, "--add-term", f"condition={NEW}", "--drop-term", "1")
    assert (found["edited"], found["members"], found["members_after"]) == (True, 4, 3)
    assert [(one["nct_id"], one["why"], one["by_edit"], one["terms"]) for one in found["entering"]] == [
        (E, "only an added term brings it", True, [3])
    ]
    assert [(one["nct_id"], one["why"], one["terms"]) for one in found["leaving"]] == [
        (A, "only a dropped term brings it", [1]),
        (B, "only a dropped term brings it", [1]),
    ]
    assert all(one["title"] for one in (*found["entering"], *found["leaving"]))
    assert [(term["number"], term["fate"]) for term in found["terms"]] == [(1, "dropped"), (2, "kept"), (3, "added")]


def test_what_is_told_of_an_edit(search: Tuning) -> None:
    search.sync()
    told = search("preview", "spine", "--add-term", f"condition={NEW}", "--drop-term", "chordoma").out
    assert told.startswith(
        f"{search.registry.url}: data of 2 Mar 2026, 8 requests made\n"
        "\n"
        "search spine: 2 terms as configured, 1 added, 1 dropped\n"
        "  4 → 5 members: 1 in by the edit\n"
    )
    assert "  −2        2" in told
    assert "  +3        2" in told
    assert "4 members now (data of 2 Mar 2026) → 5 members after the edit and the next sync\n" in told
    assert f"    {E}  term +3  " in told
    assert told.endswith("\nNothing was changed.\n")


def test_what_the_next_sync_does_anyway_is_told_apart(search: Tuning) -> None:
    search.sync()
    search.world.returns(SPINE, [A, B, F])
    found = previewed(search, "--add-term", f"condition={NEW}", "--drop-term", "2")
    assert [(one["nct_id"], one["by_edit"]) for one in found["entering"]] == [(E, True), (F, False)]
    assert [(one["nct_id"], one["by_edit"], one["why"]) for one in found["leaving"]] == [
        (C, True, "only a dropped term brings it"),
    ]
    search.world.returns(CHORDOMA, [D])
    unedited = previewed(search)
    assert [(one["nct_id"], one["why"]) for one in unedited["leaving"]] == [(C, "no term as configured returns it now")]
    assert "would leave at the next sync, edit or not" in search("preview").out


def test_included_and_excluded_studies_count(search: Tuning) -> None:
    search.sync()
    listed = f'include = [{{ nct_id = "{F}" }}]\nexclude = [{{ nct_id = "{A}", reason = "noise" }}]\n'
    search.configure(SEARCH.replace('name = "spine"\n', f'name = "spine"\n{listed}'))
    found = previewed(search)
    assert [(one["nct_id"], one["why"], one["title"]) for one in found["entering"]] == [
        (F, "on the include list", "Knee braces")
    ]
    assert [(one["nct_id"], one["why"]) for one in found["leaving"]] == [(A, "on the exclude list")]
    assert found["terms"][0]["excluded"] == 1
    assert "  term 1 also returns 1 study on the exclude list\n" in search("preview").out


def test_without_a_store_everything_enters(search: Tuning) -> None:
    found = previewed(search, "--add-term", f"condition={NEW}")
    assert ids(found["entering"]) == [A, B, C, D, E]
    assert [one["by_edit"] for one in found["entering"]] == [False, False, False, False, True]
    assert "Nothing synced yet, so that everything would enter: 0 members → 4 members" in search("preview").out


def test_an_edit_that_moves_nobody(search: Tuning) -> None:
    search.sync()
    search.world.returns(NEW, [A])
    told = search("preview", "--add-term", f"condition={NEW}").out
    assert "4 → 4 members: nobody comes or goes\n" in told
    assert "Nobody would enter or leave.\n" in told


@pytest.mark.parametrize("words", [(), ("--add-term", f"condition={NEW}", "--drop-term", "1"), ("--json",)])
def test_nothing_is_changed(search: Tuning, words: tuple[str, ...]) -> None:
    search.sync()
    before = search.digest()
    assert search("preview", *words).exit_code == 0
    assert search.digest() == before


def test_without_a_store_none_is_made(search: Tuning) -> None:
    before = search.digest()
    search("preview")
    assert search.digest() == before


def test_long_lists_are_cut_unless_all_are_asked_for(folder: Path, tracker: CommandLine) -> None:
    many = [f"NCT900000{number:02}" for number in range(1, 21)]
    world = World(a_study(one) for one in many)
    world.returns(SPINE, many)
    world.returns(CHORDOMA, [])
    with tuning(folder, tracker, world) as search:
        assert "    and 10 more: --all lists them" in search("preview").out
        told = search("preview", "--all").out
    assert "more: --all" not in told
    assert all(f"    {one}  term 1" in told for one in many)


def test_several_searches_share_what_is_asked(search: Tuning) -> None:
    search.configure(SEARCH + SEARCH.replace('"spine"', '"again"').replace(CHORDOMA, NEW))
    found = search.data("preview")
    assert [one["name"] for one in found["searches"]] == ["spine", "again"]
    sweeps = [one["query.cond"] for one in search.asked if "sort" in one]
    assert sorted(sweeps) == sorted([SPINE, CHORDOMA, NEW])
    ended = search("preview", "--drop-term", "1")
    assert (ended.exit_code, ended.err) == (
        2,
        f"tracker: {search.folder}/config.toml has several searches. Name the one to edit: spine, again.\n",
    )


# --- the cost -----------------------------------------------------------------------------------------------


def test_the_cost_is_stated_before(search: Tuning) -> None:
    ended = search("preview", "--add-term", f"condition={NEW}")
    assert ended.err.splitlines() == [
        "3 terms to count first: at least 4 requests, about 1 s at 1000 a second",
        "7 studies to read (those of several terms several times): at least 4 requests, about 1 s at 1000 a second",
        f"reading 1 of 3, condition: {SPINE}: 3 studies",
        'reading 2 of 3, condition: "sacral chordoma" OR…: 2 studies',
        f"reading 3 of 3, condition: {NEW}: 2 studies",
    ]
    assert len(search.registry.requests) == 8
    assert search.data("preview", "--add-term", f"condition={NEW}")["requests"] == 8


def test_only_what_is_looked_at_is_asked_for(search: Tuning) -> None:
    search("preview")
    assert {one["fields"] for one in search.asked} == {"NCTId", ",".join(WHAT_IT_IS_ABOUT)}


def test_a_term_of_too_many_studies_is_not_read(search: Tuning) -> None:
    ended = search("preview", "--most", "4")
    assert ended.exit_code == 2
    assert ended.err.splitlines()[-1] == (
        f"tracker: the terms return 5 studies, 3 of them by condition: {SPINE}. "
        "Narrow the term, or read them all the same with --most 5."
    )
    assert all("sort" not in one for one in search.asked)
    assert search("preview", "--most", "5").exit_code == 0


# --- what can go wrong --------------------------------------------------------------------------------------


def test_an_added_term_that_the_registry_refuses(search: Tuning) -> None:
    ended = search("preview", "--add-term", "other=AREA[Nowhere]spine")
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith(
        "tracker: --add-term: other: AREA[Nowhere]spine: the registry has no search area"
    )


def test_a_configured_term_that_the_registry_refuses(search: Tuning) -> None:
    search.configure(SEARCH.replace(CHORDOMA, "AREA[Nowhere]spine"))
    ended = search("preview")
    assert ended.exit_code == 2
    assert ended.err.splitlines()[-1].startswith(
        f"tracker: {search.folder}/config.toml: search[1].term[2].condition: the registry has no search area"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--add-term", "chordoma"), "tracker: 'chordoma' is no term. Write KEY=EXPRESSION"),
        (("--add-term", "condition=(a"), "tracker: --add-term: condition: the ( at character 1 is never closed"),
        (("--drop-term", "7"), "tracker: --drop-term: '7' is no term of spine, which has 2."),
        (("--shipped", "--drop-term", "1"), "tracker: --shipped goes with neither --add-term nor --drop-term"),
        (("nothing",), 'tracker: "nothing" is no search of'),
    ],
)
def test_what_can_not_be_meant_is_told_before_anything_is_asked(
    search: Tuning, words: tuple[str, ...], message: str
) -> None:
    ended = search("preview", *words)
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith(message)
    assert ended.err.count("\n") == 1
    assert search.registry.requests == []


def test_without_the_registry_there_is_no_preview(search: Tuning) -> None:
    search.registry.fail(faults.blocked(), after=2)
    ended = search("preview")
    assert (ended.exit_code, ended.out) == (1, "")
    assert "refuses this address or client" in ended.err


def test_a_term_that_comes_incomplete_is_told(search: Tuning) -> None:
    short = faults.body('{"studies":[],"totalCount":3}')
    search.registry.fail(short, path="/studies", after=2, times=2)
    ended = search("preview")
    assert ended.exit_code == 3
    assert "  ! term 1 is incomplete: the registry counts 3 studies, 0 were returned\n" in ended.out


def test_a_record_that_can_not_be_read_is_shown_by_its_id(search: Tuning) -> None:
    search.world.serve_raw(
        A, b'{"protocolSection":{"identificationModule":{"nctId":"%s"},"conditionsModule":[]}}' % A.encode()
    )
    sample = previewed(search)["terms"][0]["samples"][0]
    assert (sample["nct_id"], sample["title"], sample["relevance"]) == (A, "a record that can't be read", None)


def test_titles_cannot_steer_the_terminal(search: Tuning) -> None:
    search.world.put(a_study(A, title="=1\x1b[2J\u202e title\nsecond line"))
    told = search("preview").out
    assert "=1[2J title second line" in told
    assert "\x1b" not in told


# --- the shipped terms --------------------------------------------------------------------------------------


def test_adopting_the_shipped_terms(search: Tuning) -> None:
    search.configure(SEARCH + f"  [[search.term]]\n  title = '{TITLE}'\n")
    search.sync()
    found = previewed(search, "--shipped")
    fates = {term["term"]: term["fate"] for term in found["terms"]}
    assert fates[f"condition: {SPINE}"] == "kept"
    assert fates[f"condition: {CHORDOMA}"] == "dropped"
    assert fates[f"title: {TITLE}"] == "dropped"
    assert [*fates.values()].count("added") == 8
    assert E in ids(found["entering"])
    told = search("preview", "--shipped").out
    assert "\nThe shipped terms, version 1, are tried in place of those configured.\n" in told
    assert {one["why"] for one in found["entering"]} == {"only an added term brings it"}
    assert found["leaving"] == []


def test_of_several_searches_the_shipped_terms_are_meant_for_the_one_of_their_name(search: Tuning) -> None:
    named = SEARCH.replace('"spine"', '"spine-tumour"')
    search.configure(SEARCH + named)
    assert previewed(search, "--shipped")["name"] == "spine-tumour"
    assert previewed(search, "spine", "--shipped")["name"] == "spine"


# --- how it looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_longer_than_the_terminal(search: Tuning, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    search.world.put(a_study(A, title="A very long title " * 20))
    words = " OR ".join(f'"tumor of vertebra {number}"' for number in range(20))
    told = search("preview", "--add-term", f"condition={words}").out
    assert max(map(len, told.splitlines())) <= columns
    assert max(map(len, search("list").out.splitlines())) <= columns
    checked = [line for line in search("check").out.splitlines() if str(search.folder) not in line]
    assert max(map(len, checked)) <= columns  # a path is not broken
