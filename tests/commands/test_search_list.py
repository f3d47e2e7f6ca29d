"""`tracker search list` and `check`: the searches as stored, and as the registry sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine
from tests.commands.searching import CHORDOMA, SEARCH, SPINE, A, B, C, D, E, Tuning, a_world, tuning
from tests.registry.standin import faults
from tests.registry.standin.answers import refusal
from tests.registry.standin.errors import query_error
from tests.registry.standin.faults import Fault
from tracker.config import load_config

UNKNOWN = "NCT99999999"


@pytest.fixture
def search(folder: Path, tracker: CommandLine) -> Iterator[Tuning]:
    with tuning(folder, tracker) as made:
        yield made


def with_lists(include: str = "", exclude: str = "") -> str:
    lists = f"include = [{include}]\nexclude = [{exclude}]\n"
    return SEARCH.replace('name = "spine"\n', f'name = "spine"\n{lists}')


def listed(study: str, reason: str = "") -> str:
    return f'{{ nct_id = "{study}", reason = "{reason}" }}'


# --- list ---------------------------------------------------------------------------------------------------


def test_before_the_first_sync_the_list_is_that_of_config(search: Tuning) -> None:
    ended = search("list")
    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.out == (
        "spine  Spine-tumour trials\n"
        "  not synced yet\n"
        "\n"
        "  term  studies  since        as sent\n"
        f"     1        –  not synced   condition: {SPINE}\n"
        f"     2        –  not synced   condition: {CHORDOMA}\n"
    )
    assert not (search.folder / "data").exists()


def test_the_list_after_a_sync(search: Tuning) -> None:
    search.configure(with_lists(listed(E, "asked for by the tumour board"), listed(A, "spinal anaesthesia")))
    search.sync()
    told = search("list").out
    assert "  4 members; as of the registry's data of 2 Mar 2026\n" in told
    assert f"     1        2  {search_day(search)}" in told
    assert f"  include\n    {E}  asked for by the tumour board\n" in told
    assert f"  exclude\n    {A}  spinal anaesthesia\n" in told
    [one] = search.data("list")
    assert (one["members"], one["in_config"], one["suspicious"]) == (4, True, None)
    assert [(term["number"], term["studies"], term["sent"]) for term in one["terms"]] == [
        (1, 2, {"query.cond": SPINE}),
        (2, 2, {"query.cond": CHORDOMA}),
    ]
    assert one["include"] == [{"nct_id": E, "reason": "asked for by the tumour board"}]


def search_day(search: Tuning) -> str:
    from datetime import datetime

    from tracker.words import date_in_words

    since = search.data("list")[0]["terms"][0]["since"]
    return date_in_words(datetime.fromisoformat(since).date().isoformat())


def test_the_list_of_an_edited_config(search: Tuning) -> None:
    search.sync()
    search.configure(SEARCH.replace(SPINE, "spinal cord tumor"))
    told = search("list").out
    assert "     1        –  not synced   condition: spinal cord tumor\n" in told
    assert "  Taken out of config.toml since the last sync:\n     –        3  " in told
    [one] = search.data("list")
    assert [term["sent"] for term in one["terms_gone"]] == [{"query.cond": SPINE}]
    assert one["terms"][0]["studies"] is None


def test_a_search_that_config_no_longer_has(search: Tuning) -> None:
    search.sync()
    search.configure(SEARCH.replace('"spine"', '"sacrum"'))
    told = search("list").out
    assert told.index("sacrum") < told.index("spine  no longer in config.toml: the next sync ends it\n")
    assert [one["in_config"] for one in search.data("list")] == [True, False]


def test_the_shipped_search_says_how_it_stands_to_the_shipped_terms(search: Tuning, tracker: CommandLine) -> None:
    shipped = search.folder / "shipped.toml"
    assert tracker("config", "init", str(shipped)).exit_code == 0
    words = ("--config", str(shipped))
    assert "its terms are the shipped ones, version 1" in search("list", *words).out
    shipped.write_text(shipped.read_text().replace("'Spine tumor'", "'Spine tumour'"))
    told = search("list", *words).out
    assert 'made from the shipped terms, version 1; "tracker search preview --shipped" compares' in told


# --- check --------------------------------------------------------------------------------------------------


def test_every_term_is_counted_once(search: Tuning) -> None:
    ended = search("check", "spine")
    assert ended.exit_code == 0
    assert ended.err == "2 terms to count: at least 4 requests, about 1 s at 1000 a second\n"
    assert "data of 2 Mar 2026, 6 studies\n" in ended.out
    assert f"     1        3  query.cond={SPINE}\n" in ended.out
    assert f"     2        2  query.cond={CHORDOMA}\n" in ended.out
    assert ended.out.endswith("Nothing to complain of; 4 requests made.\n")
    assert [one.get("query.cond") for one in search.asked] == [None, SPINE, CHORDOMA]
    assert not (search.folder / "data").exists()


def test_a_term_that_two_searches_share_is_counted_once(search: Tuning) -> None:
    search.configure(SEARCH + SEARCH.replace('"spine"', '"again"'))
    found = search.data("check")
    assert [[term["studies"] for term in one["terms"]] for one in found["searches"]] == [[3, 2], [3, 2]]
    assert found["requests"] == 4


@pytest.mark.parametrize(
    ("key", "expression", "place", "reason"),
    [
        ("condition", "AREA[Conditon]spine", "condition", 'the registry has no search area "Conditon"; did you mean '),
        ("title", "spine AND , tumor", "title", "the expression can't be read at "),
        ("other", "COVERAGE[Full]spine", "other", "there is no COVERAGE[Full]"),
        ("intervention", "AREA[StartDate]RANGE[2020]", "intervention", "the expression can't be read at "),
    ],
)
def test_a_term_that_the_registry_refuses_is_told_with_its_place(
    search: Tuning, key: str, expression: str, place: str, reason: str
) -> None:
    search.configure(SEARCH.replace(f"condition = '{SPINE}'", f"{key} = '{expression}'"))
    ended = search("check")
    assert ended.exit_code == 3
    assert f"{search.folder / 'config.toml'}\n" in ended.out
    assert f"search[1].term[1].{place}: " in ended.out
    found = search.data("check")["searches"][0]["terms"]
    assert (found[0]["studies"], found[0]["flags"]) == (None, ["refused"])
    assert found[0]["remarks"][0]["place"] == f"search[1].term[1].{place}"
    assert found[0]["remarks"][0]["reason"].startswith(reason)
    assert found[0]["remarks"][0]["said"].startswith("Error parsing query in ")
    assert (found[1]["studies"], found[1]["flags"]) == (2, [])


def test_terms_that_return_nothing_or_everything(search: Tuning) -> None:
    search.world.returns(SPINE, [])
    search.world.returns(CHORDOMA, search.world.ids())
    ended = search("check")
    assert ended.exit_code == 3
    assert "search[1].term[1]: returns nothing" in ended.out
    assert "search[1].term[2]: returns every study of the registry" in ended.out
    assert [one["flags"] for one in search.data("check")["searches"][0]["terms"]] == [["nothing"], ["everything"]]


def test_a_term_of_far_too_many_studies(search: Tuning) -> None:
    many = faults.body('{"studies":[],"totalCount":150000}')
    search.registry.fail(many, path="/studies", after=1)
    search.registry.fail(faults.body('{"studies":[],"totalCount":600000}'), path="/studies")
    ended = search("check")
    assert "     1  150,000  query.cond=" in ended.out
    assert "each sync would need 151 requests for it" in " ".join(ended.out.split())
    assert ended.exit_code == 3


@pytest.mark.parametrize("expression", ['"NCT90000001"', "(NCT90000001 OR NCT90000002)"])
def test_a_term_of_nct_ids_only(search: Tuning, expression: str) -> None:
    search.configure(SEARCH.replace(SPINE, expression))
    ended = search("check")
    assert ended.exit_code == 3
    assert "search[1].term[1]: holds NCT IDs only" in ended.out


def test_a_plain_list_of_nct_ids_is_refused_by_config_already(search: Tuning) -> None:
    search.configure(SEARCH.replace(SPINE, f"{A}, {B}"))
    ended = search("check")
    assert ended.exit_code == 2
    assert ended.err.startswith(f"tracker: {search.folder}/config.toml: search[1].term[1].condition: ")
    assert "NCT IDs only" in ended.err
    assert search.registry.requests == []


def test_studies_listed_by_hand_are_asked_for(search: Tuning) -> None:
    search.world.merge(D, into=E)
    search.configure(with_lists(f"{listed(D)}, {listed(UNKNOWN)}, {listed(E)}", listed(C)))
    ended = search("check")
    assert ended.exit_code == 3
    told = " ".join(ended.out.split())
    assert f"search[1].include[1].nct_id: the registry has merged {D} into {E}: include that one" in told
    assert f"search[1].include[2].nct_id: the registry does not know {UNKNOWN}: a typing error" in told
    assert "include[3]" not in told
    assert "exclude[1]" not in told
    assert [one["filter.ids"] for one in search.asked if "filter.ids" in one] == [f"{C},{D},{E},{UNKNOWN}"]
    assert len(search.data("check")["searches"][0]["listed"]) == 2


def test_a_listed_study_that_the_registry_has_but_does_not_list(search: Tuning) -> None:
    search.world.hide([E])
    search.configure(with_lists(listed(E)))
    assert f"the registry has {E}, but does not list it" in " ".join(search("check").out.split())


def test_without_the_registry_there_is_no_answer(search: Tuning) -> None:
    search.registry.fail(faults.blocked(), times=None)
    ended = search("check")
    assert (ended.exit_code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1].startswith("tracker: 127.0.0.1 refuses this address or client (HTTP 403).")


def test_an_unknown_search(search: Tuning) -> None:
    ended = search("check", "spien")
    assert ended.exit_code == 2
    assert 'did you mean "spine"?' in ended.err


def test_what_the_registry_says_cannot_steer_the_terminal(search: Tuning) -> None:
    steering = query_error("Other terms", "\x1b[2J\u202e boom")
    search.registry.fail(Fault("steering", answer=lambda _: refusal(steering)), after=2)
    ended = search("check")
    assert ended.exit_code == 3
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out
    assert "boom" in ended.out


def test_the_world_of_these_tests(search: Tuning) -> None:
    assert a_world().ids() == search.world.ids()
    assert [term.params for term in load_config(search.folder / "config.toml").searches[0].terms] == [
        (("query.cond", SPINE),),
        (("query.cond", CHORDOMA),),
    ]
