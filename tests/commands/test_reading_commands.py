"""`tracker show`, `list`, `status` and `db`: what the store knows, told."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.commands.command_line import CommandLine
from tests.registry.standin import StandIn, World, a_study, situations
from tracker.store.sqlite import lock_path

MOVED = "+365 d; since first seen on 2 Mar 2020"

SHOWN = f"""\
NCT00000001  A Phase II trial of radiosurgery
https://clinicaltrials.gov/study/NCT00000001

Status              Recruiting
Results             none
Start               Jan 2019 (actual)
Primary completion  not given
Study completion    Aug 2021 (estimated)
Enrollment          50 (estimated)
Sponsor             A Hospital
Study type          Interventional
Phase               N/A; the title says Phase 2
Conditions          Spinal Metastases
                    Chordoma
Interventions       Drug: Zoledronic acid
Countries           France
                    Romania
Last update posted  not given
Tracked             in spine since 2 Mar 2020 (baseline)
                    found by condition: Spine tumor
Data of             28 Jul 2020, version 2

To check (estimates, not findings)
  Results may be due: not assessable: the FDA fields are absent from the record; foreign sites only

What changed, newest first
  28 Jul 2020  Date moved: Study completion  Aug 2020 (estimated) → Aug 2021 (estimated) ({MOVED})
"""


def test_show_tells_how_a_trial_stands_and_what_changed(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "nct00000001")
    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.out == SHOWN


def test_show_with_registry_text_that_would_steer_the_terminal(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000002")
    assert ended.out.startswith("NCT00000002  =HYPERLINK(1)[2J trial\n")
    assert "Why stopped         low accrual\n                    of patients\n" in ended.out
    assert 'Stopped: Status  Recruiting → Terminated ("low accrual of patients")' in ended.out
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out


def test_show_lists_the_versions_held(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000001", "--history")
    heading, *rows = ended.out.split("Versions held\n")[1].splitlines()
    assert heading.split() == ["version", "data", "of", "submitted", "posted", "size"]
    assert [row.split()[0] for row in rows] == ["2", "1"]


def test_show_compares_two_versions_in_either_direction(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000001", "--diff", "2", "1")
    assert ended.out.splitlines() == [
        "NCT00000001  version 2 → version 1",
        "",
        "  Date moved: Study completion  Aug 2021 (estimated) → Aug 2020 (estimated) (−365 d)",
    ]
    same = tracker("show", "NCT00000001", "--diff", "1", "1")
    assert same.out.splitlines()[2] == "  The same but for what the registry rewrites by itself."
    [compared] = json.loads(tracker("show", "NCT00000001", "--diff", "1", "2", "--json").out)
    assert [(change["kind"], change["days"]) for change in compared["changes"]] == [("date_moved", 365)]


def test_show_refuses_a_version_that_is_not_held(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000001", "--diff", "1", "3")
    assert ended.exit_code == 2
    assert ended.err == (
        'tracker: NCT00000001 has no version 3. The newest is 2; see "tracker show NCT00000001 --history".\n'
    )


def test_show_as_json_is_an_array_of_trials(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000002", "NCT00000001", "--json", "--history")
    two, one = json.loads(ended.out)
    assert ended.out.isascii()
    assert one["nct_id"] == "NCT00000001"
    assert one["conditions"] == ["Spinal Metastases", "Chordoma"]
    assert one["phase_claimed_in_title"] == "Phase 2"
    assert [stay["search"] for stay in one["memberships"]] == ["spine"]
    assert [version["version"] for version in one["versions"]] == [1, 2]
    [change] = one["changes"]
    assert (change["kind"], change["before"], change["after"], change["days"]) == (
        "date_moved",
        "2020-08",
        "2021-08",
        365,
    )
    assert two["status_in_words"] == "Terminated"
    assert two["results_in_words"] == "posted on 25 Jun 2020"


def test_show_says_what_to_do_about_an_id_that_is_not_held(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000003", "NCT00000001")
    assert ended.exit_code == 1
    assert ended.out == SHOWN
    assert ended.err.startswith("tracker: NCT00000003 is not in the store: no search has found it.")
    assert "https://clinicaltrials.gov/study/NCT00000003" in ended.err
    assert "include" in ended.err
    excluded = tracker("show", "NCT00000009")
    assert excluded.exit_code == 1
    assert "excludes it from spine (spinal anaesthesia)" in excluded.err


@pytest.fixture
def registry(synced: Path) -> Iterator[World]:
    """A registry on this machine that knows NCT00000001, completed, and has merged NCT00000002 into it."""
    world = World([a_study("NCT00000001", status="COMPLETED"), a_study("NCT00000002"), a_study("NCT00000004")])
    situations.a_trial_is_merged(world, "NCT00000002", into="NCT00000001")
    with StandIn(world) as standin:
        with (synced / "config.toml").open("a") as file:
            file.write(f'[registry]\nbase_url = "{standin.url}"\nrequests_per_second = 1000\n')
        yield world


def test_show_live_asks_the_registry(tracker: CommandLine, registry: World) -> None:
    ended = tracker("show", "NCT00000001", "--live")
    assert (ended.exit_code, ended.err) == (0, "")
    assert "Status              Completed" in ended.out
    assert "As the registry has it now. Since version 2, which is held:" in ended.out
    assert "  Completed: Status  Recruiting → Completed" in ended.out
    [live] = json.loads(tracker("show", "NCT00000001", "--live", "--json").out)
    assert live["version"] == 2
    assert live["record"]["protocolSection"]["identificationModule"]["nctId"] == "NCT00000001"


def test_show_live_of_what_is_not_held_merged_or_unknown(tracker: CommandLine, registry: World) -> None:
    ended = tracker("show", "NCT00000002", "NCT00000004", "NCT00000005", "--live")
    assert ended.exit_code == 1
    assert "NCT00000002 was merged into this record." in ended.out
    assert "the store does not hold this study" in ended.out
    assert ended.err == (
        "tracker: the registry does not know NCT00000005: it was never given, or its record was removed\n"
    )


def test_show_live_stands_alone(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("show", "NCT00000001", "--live", "--history")
    assert ended.exit_code == 2
    assert ended.err.startswith("tracker: --live goes with neither --history nor --diff.")


def test_list_as_a_table(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("list")
    assert ended.exit_code == 0
    header, one, two, _, count = ended.out.splitlines()
    assert header.split() == ["NCT", "ID", "Status", "Phase", "Completion", "Results", "Sponsor", "Title"]
    assert one.startswith("NCT00000001  Recruiting  N/A    Aug 2021    none posted  A Hospital")
    assert two.endswith("=HYPERLINK(1)[2J trial")
    assert count == "2 trials"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), ["NCT00000001", "NCT00000002"]),
        (("--status", "recruiting"), ["NCT00000001"]),
        (("--status", "RECRUITING", "--status", "Terminated"), ["NCT00000001", "NCT00000002"]),
        (("--status", "Active, not recruiting"), []),
        (("--with-results",), ["NCT00000002"]),
        (("--with-results", "--status", "recruiting"), []),
        (("--study-type", "interventional"), ["NCT00000001", "NCT00000002"]),
        (("--study-type", "expanded access"), []),
        (("--phase", "n/a"), ["NCT00000001", "NCT00000002"]),
        (("--phase", "II"), []),
        (("--search", "spine"), ["NCT00000001", "NCT00000002"]),
    ],
)
def test_list_filtered(tracker: CommandLine, synced: Path, filters: tuple[str, ...], found: list[str]) -> None:
    for words in (("--format", "json"), ("--json",)):
        listed = json.loads(tracker("list", *filters, *words).out)
        assert [trial["nct_id"] for trial in listed] == found


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (
            ("--status", "recrutting"),
            "tracker: 'recrutting' is no status of the registry. Did you mean \"Recruiting\"?",
        ),
        (("--phase", "9"), "tracker: '9' is no phase of the registry. Known: N/A; Early Phase 1;"),
        (("--search", "spin"), 'tracker: "spin" is no search of '),
        (("--format", "xml"), "tracker: Invalid value for '--format'"),
    ],
)
def test_list_refuses_words_that_mean_nothing(
    tracker: CommandLine, synced: Path, words: tuple[str, ...], start: str
) -> None:
    ended = tracker("list", *words)
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith(start)
    assert ended.err.count("\n") == 1


def test_list_as_csv_can_not_be_a_formula(tracker: CommandLine, synced: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(tracker("list", "--format", "csv").out)))
    assert [row["nct_id"] for row in rows] == ["NCT00000001", "NCT00000002"]
    assert rows[1]["brief_title"] == "'=HYPERLINK(1)[2J trial"
    assert rows[0]["conditions"] == "Spinal Metastases|Chordoma"
    assert rows[0]["enrollment"] == "50"


def test_list_as_markdown(tracker: CommandLine, synced: Path) -> None:
    header, _, one, two = tracker("list", "--format", "md").out.splitlines()
    assert header == "| NCT ID | Status | Phase | Completion | Results | Sponsor | Title |"
    assert one.startswith("| [NCT00000001](https://clinicaltrials.gov/study/NCT00000001) | Recruiting |")
    assert two.endswith(r"| =HYPERLINK(1)\[2J trial |")


def test_before_the_first_run_every_reading_command_says_what_to_do(tracker: CommandLine, folder: Path) -> None:
    for words in (("status",), ("list",), ("show", "NCT00000001"), ("db", "check")):
        ended = tracker(*words)
        assert (ended.exit_code, ended.out) == (1, ""), words
        assert '"tracker run" makes it' in ended.err
    assert not (folder / "data").exists()


def test_status_of_a_healthy_tracker(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("status")
    assert (ended.exit_code, ended.err) == (0, "")
    assert "28 Jul 2020 16:30 UTC" in ended.out
    assert "Data of       28 Jul 2020" in ended.out
    assert "Members       2 in spine" in ended.out
    assert "  spine   100.0%  2 of 2   condition: Spine tumor" in ended.out
    assert "Problems" not in ended.out


def test_status_as_json(tracker: CommandLine, synced: Path) -> None:
    status = json.loads(tracker("status", "--json").out)
    assert status["last_success"]["run"] == 2
    assert status["last_success"]["finished_at"] == "2020-07-28T16:30:00+00:00"
    assert status["last_success_age_s"] > 0
    assert [(search["name"], search["members"]) for search in status["searches"]] == [("spine", 2)]
    assert (status["problems"], status["exit_code"]) == ([], 0)
    assert status["store"]["bytes"] == (synced / "data/tracker.db").stat().st_size
    assert status["outbox"] == {"waiting": 0, "given_up": 0, "oldest_at": None}
    assert status["jobs"] == []


@pytest.mark.parametrize(
    ("change", "exit_code", "said"),
    [
        ("UPDATE run SET outcome = 'failed', error = 'no connection' WHERE id = 2", 1, "run 2: no connection"),
        ("UPDATE run SET outcome = 'interrupted' WHERE id = 2", 1, "interrupted"),
        ("UPDATE run SET outcome = 'failed'", 1, "Last success  none yet"),
        ("UPDATE run SET outcome = 'incomplete' WHERE id = 2", 3, "run 2 was incomplete"),
        ("UPDATE search SET suspicious = 'lost 9 of 10'", 3, "search spine is not believed: lost 9 of 10"),
        ("UPDATE search SET complete_run = NULL", 3, "search spine was never read to its end"),
    ],
)
def test_status_of_a_tracker_in_trouble(
    tracker: CommandLine, synced: Path, change: str, exit_code: int, said: str
) -> None:
    with sqlite3.connect(synced / "data/tracker.db") as connection:
        connection.execute(change)
    connection.close()
    ended = tracker("status")
    assert ended.exit_code == exit_code
    assert said in ended.out


_DELIVERY = """
    INSERT INTO report_definition VALUES ('weekly', 0, 2, 1);
    INSERT INTO report VALUES ('weekly', 1, '{made}', 0, 2, 'x', x'', '0');
    INSERT INTO delivery (name, number, recipient, address, message_id, state, attempts, created_at)
    VALUES ('weekly', 1, 'board', 'a@b.example', '<1>', '{state}', 1, '{made}')
"""


@pytest.mark.parametrize(
    ("state", "days_ago", "exit_code", "said"),
    [
        ("pending", 2, 0, "Outbox        1 waiting, made 2 days ago"),
        ("sending", 0, 0, "Outbox        1 waiting, made just now"),
        ("sent", 2, 0, "Outbox        empty"),
        ("given up", 2, 3, '1 delivery was given up: "tracker deliver" says why'),
        ("given up", 50, 0, "Outbox        0 waiting; 1 given up"),
    ],
)
def test_status_tells_how_full_the_outbox_is(
    tracker: CommandLine, synced: Path, state: str, days_ago: int, exit_code: int, said: str
) -> None:
    made = (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(synced / "data/tracker.db") as connection:
        connection.executescript(_DELIVERY.format(state=state, made=made))
    connection.close()
    ended = tracker("status")
    assert said in ended.out
    assert ended.exit_code == exit_code


def test_status_tells_a_job_that_fails(tracker: CommandLine, synced: Path) -> None:
    with sqlite3.connect(synced / "data/tracker.db") as connection:
        connection.execute(
            "INSERT INTO job (name, covered, failures, retry_at, error)"
            " VALUES ('backup', '2020-07-28 03:00:00', 2, '2020-07-28 03:10:00', 'disk full')"
        )
    connection.close()
    ended = tracker("status")
    assert "Job           backup fails; not done yet; tried again at 03:10 UTC" in ended.out
    assert "backup has failed 2 times in a row: disk full" in ended.out
    assert ended.exit_code == 3


def test_a_success_to_come_is_no_fresh_one(tracker: CommandLine, synced: Path) -> None:
    """The clock was ahead when it was recorded."""
    with sqlite3.connect(synced / "data/tracker.db") as connection:
        connection.execute("UPDATE run SET finished_at = '2099-01-01 00:00:00.000000' WHERE id = 2")
    connection.close()
    assert "1 Jan 2099 00:00 UTC, in the future, by this machine's clock (run 2)" in tracker("status").out


@pytest.fixture
def begun(synced: Path) -> Path:
    """The store of a tracker whose third run has begun."""
    path = synced / "data/tracker.db"
    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(run)")]
        kept = ", ".join(column for column in columns if column not in ("id", "state", "outcome", "finished_at"))
        connection.execute(f"INSERT INTO run (id, state, {kept}) SELECT 3, 'running', {kept} FROM run WHERE id = 2")
    connection.close()
    return path


def test_status_names_a_run_that_goes_on(tracker: CommandLine, begun: Path) -> None:
    with FileLock(lock_path(begun)):
        ended = tracker("status")
    assert "Running now   run 3" in ended.out
    assert ended.exit_code == 0


def test_status_does_not_take_a_killed_run_for_one_that_goes_on(tracker: CommandLine, begun: Path) -> None:
    ended = tracker("status")
    assert "Running now" not in ended.out
    assert "run 3 was interrupted, its process is gone" in ended.out
    assert ended.exit_code == 3


def test_db_upgrade_of_a_store_that_is_up_to_date(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("db", "upgrade")
    assert ended.exit_code == 0
    assert ended.out.startswith("The store is up to date (version ")
    upgraded = json.loads(tracker("db", "upgrade", "--json").out)
    assert upgraded["before"] == upgraded["after"]


def test_db_check_finds_nothing_or_says_what(tracker: CommandLine, synced: Path) -> None:
    sound = tracker("db", "check")
    assert (sound.exit_code, sound.out) == (0, f"All is well in sqlite:///{synced}/data/tracker.db\n")
    with sqlite3.connect(synced / "data/tracker.db") as connection:
        connection.execute("UPDATE change SET kind = 'status' WHERE nct_id = 'NCT00000001'")
    connection.close()
    broken = tracker("db", "check")
    assert broken.exit_code == 1
    assert "NCT00000001: versions 1 and 2" in broken.out
    findings = json.loads(tracker("db", "check", "--json").out)["findings"]
    assert len(findings) == 2


def test_list_overdue_names_the_trials_of_which_something_is_expected(tracker: CommandLine, folder: Path) -> None:
    assert tracker("demo").exit_code == 0
    listed = tracker("list", "--overdue", "--json", "--config", "demo/config.toml")
    assert [one["nct_id"] for one in json.loads(listed.out)] == ["NCT04033536"]
    shown = tracker("show", "NCT04033536", "--config", "demo/config.toml").out
    assert "  Recruiting, but its start is still Aug 2019 (estimated).\n    Taking patients? yes" in shown


def test_list_overdue_of_trials_in_good_order_is_empty(tracker: CommandLine, synced: Path) -> None:
    assert tracker("list", "--overdue").out == "0 trials\n"
