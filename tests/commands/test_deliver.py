"""`tracker deliver`, and what `tracker report` and `tracker run` send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from jobs.commands.opening import open_for_writing
from jobs.recipients import Recipients
from jobs.reporting import next_report
from tests.commands.command_line import CommandLine
from tests.commands.conftest import CONFIG
from tests.delivery.mail_server import MailServer, mail_server
from tests.delivery.test_upgrade import make_first_version
from tests.registry.standin import StandIn
from tests.runs.tracking import a_registry
from tracker.config import load_config
from tracker.store.deliveries import deliveries
from tracker.store.engine import open_store
from tracker.store.reports import definition

SECRET = "open=sesame-4711"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server(passwords={"tracker": SECRET}) as served:
        yield served


def configured(server: MailServer, *, board: str = 'mail = ["ana@hospital.example"]', login: bool = True) -> str:
    credentials = 'username = "tracker"\npassword_env = "TRACKER_SMTP_PASSWORD"' if login else ""
    return f"""{CONFIG}
[[report]]
name = "weekly"
recipients = ["board"]

[[recipient]]
name = "board"
{board}

[smtp]
host = "127.0.0.1"
port = {server.port}
security = "none"
sender = "tracker@hospital.example"
{credentials}
"""


@pytest.fixture
def mailing(synced: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The synced folder with a recipient, a mail server, and its password in the environment."""
    (synced / "config.toml").write_text(configured(server))
    monkeypatch.setenv("TRACKER_SMTP_PASSWORD", SECRET)
    return synced


def reports_made(folder: Path) -> int:
    with open_store(f"sqlite:///{folder / 'data' / 'tracker.db'}") as store, store.connect() as connection:
        progress = definition(connection, "weekly")
    return progress.reports if progress else 0


def states(folder: Path) -> list[str]:
    with open_store(f"sqlite:///{folder / 'data' / 'tracker.db'}") as store, store.connect() as connection:
        return [one.state.value for one in deliveries(connection)]


def test_a_report_is_sent_to_its_recipients(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    ended = tracker("report")
    assert (ended.exit_code, ended.err) == (0, "")
    assert "Report 1 of weekly to board (ana@hospital.example): sent." in ended.out
    [received] = server.received
    page = next(received.message.iter_attachments())
    assert page.get_filename() == "weekly-1-report.html"
    folder = mailing / "data" / "reports" / "weekly" / "1"
    assert page.get_payload(decode=True) == (folder / "report.html").read_bytes()
    body = received.message.get_body(("html",))
    assert body is not None
    assert body.get_content().split() == (folder / "mail.html").read_text().split()
    assert tracker("deliver").exit_code == 0
    assert len(server.received) == 1


def test_a_report_and_its_deliveries_are_recorded_together_or_not_at_all(mailing: Path) -> None:
    config = load_config(mailing / "config.toml")
    [report] = config.reports
    told = Recipients(config, {}).of_report(report)

    def cut_short(_: object) -> None:
        raise InterruptedError

    with open_for_writing(config) as store, pytest.raises(InterruptedError):
        next_report(
            store,
            report,
            titles={},
            now=datetime(2026, 3, 2, 7, tzinfo=UTC),
            output=config.output_folder,
            recipients=told,
            also=cut_short,
        )
    assert (reports_made(mailing), states(mailing)) == (0, [])


def test_a_failure_is_told_and_made_up_for(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    server.refused["ana@hospital.example"] = "550 no such mailbox"
    ended = tracker("report")
    assert ended.exit_code == 3
    assert "GIVEN UP after 1 attempt" in ended.err
    assert "550 no such mailbox" in ended.err
    assert reports_made(mailing) == 1
    still = tracker("deliver")
    assert still.exit_code == 3
    assert "given up" in still.out
    server.refused.clear()
    again = tracker("deliver", "--retry", "--json")
    assert again.exit_code == 0
    told = json.loads(again.out)
    assert [one["state"] for one in told["outbox"]] == ["sent"]
    assert told["attempted"][0]["attempts"] == 2
    assert states(mailing) == ["sent"]


def test_a_corrected_address_gets_the_report_and_status_is_content(
    tracker: CommandLine, mailing: Path, server: MailServer
) -> None:
    server.refused["ana@hospital.example"] = "550 no such mailbox"
    assert tracker("report").exit_code == 3
    assert "1 delivery was given up" in tracker("status").out
    (mailing / "config.toml").write_text(configured(server, board='mail = ["anna@hospital.example"]'))
    ended = tracker("deliver", "--retry")
    assert (ended.exit_code, ended.err) == (0, "")
    assert "Report 1 of weekly to board (anna@hospital.example): sent." in ended.out
    assert "an address of board: it goes to anna@hospital.example" in ended.out
    assert states(mailing) == ["replaced", "sent"]
    assert "given up" not in tracker("status").out
    assert tracker("db", "check").exit_code == 0


def test_an_address_that_is_taken_out_is_settled_without_retry(
    tracker: CommandLine, mailing: Path, server: MailServer
) -> None:
    both = configured(server, board='mail = ["ana@hospital.example", "ben@hospital.example"]')
    (mailing / "config.toml").write_text(both)
    server.refused["ana@hospital.example"] = "550 no such mailbox"
    assert tracker("report").exit_code == 3
    (mailing / "config.toml").write_text(configured(server, board='mail = ["ben@hospital.example"]'))
    assert tracker("deliver").exit_code == 0
    assert states(mailing) == ["taken out", "sent"]
    assert "given up" not in tracker("status").out


@pytest.mark.parametrize("words", [("report",), ("run",)], ids=" ".join)
def test_a_missing_secret_keeps_no_report_from_being_made(
    tracker: CommandLine, mailing: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with StandIn(a_registry()) as registry:
        (mailing / "config.toml").write_text(f'[registry]\nbase_url = "{registry.url}"\n{configured(server)}')
        monkeypatch.delenv("TRACKER_SMTP_PASSWORD")
        ended = tracker(*words)
        assert ended.exit_code == 3
        assert "smtp.password_env: the environment variable TRACKER_SMTP_PASSWORD is not set. " in ended.err
        assert (reports_made(mailing), states(mailing), server.connections) == (1, ["pending"], 0)
        assert (mailing / "data" / "reports" / "weekly" / "1" / "report.html").exists()
        monkeypatch.setenv("TRACKER_SMTP_PASSWORD", SECRET)
        assert tracker("deliver", "--retry").exit_code == 0
    assert server.addressed() == ["ana@hospital.example"]


def test_a_missing_chat_address_keeps_no_report_from_being_made(
    tracker: CommandLine, mailing: Path, server: MailServer
) -> None:
    (mailing / "config.toml").write_text(configured(server, board='url_env = "TEAMS_URL"'))
    ended = tracker("report")
    assert ended.exit_code == 3
    assert 'recipient "board": the environment variable TEAMS_URL is not set. ' in ended.err
    assert (reports_made(mailing), states(mailing)) == (1, ["pending"])


@pytest.mark.parametrize(
    ("board", "line"),
    [
        ('mail = ["a@b.example"]\nattach = ["pdf"]', 'recipient[1].attach[1]: "pdf" is no format'),
        ('mail = ["a@b.example"]\ngive_up_days = 0', "recipient[1].give_up_days: "),
        ('url_env = "TEAMS_URL"\nattach = ["csv"]', "recipient[1].attach: goes with mail"),
    ],
)
def test_a_recipient_that_makes_no_sense_is_refused(
    tracker: CommandLine, mailing: Path, server: MailServer, board: str, line: str
) -> None:
    (mailing / "config.toml").write_text(configured(server, board=board))
    ended = tracker("report")
    assert ended.exit_code == 2
    assert line in ended.err
    assert states(mailing) == []


def test_a_login_without_a_password_is_refused(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    text = configured(server, login=False) + 'username = "tracker"\n'
    (mailing / "config.toml").write_text(text)
    assert "smtp: password_env or password_file is missing" in tracker("report").err


@pytest.mark.parametrize(
    ("content", "line"), [("\n", "is empty"), (None, "can't be read: No such file"), ("é\n", "ASCII")]
)
def test_a_password_file(
    tracker: CommandLine, mailing: Path, server: MailServer, content: str | None, line: str
) -> None:
    text = configured(server).replace('password_env = "TRACKER_SMTP_PASSWORD"', 'password_file = "smtp-password"')
    (mailing / "config.toml").write_text(text)
    secret = mailing / "smtp-password"
    if content is not None:
        secret.write_text(content)
    ended = tracker("report")
    assert ended.exit_code == 3
    assert line in ended.err
    secret.write_text(f"{SECRET}\n")
    assert tracker("deliver", "--retry").exit_code == 0
    assert [one.login for one in server.received] == ["tracker"]


def test_no_secret_is_ever_printed_or_stored(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    server.passwords["tracker"] = "changed"
    for words in (
        ("-vv", "report"),
        ("deliver", "--retry", "--debug", "-vv"),
        ("deliver", "--test", "board", "--debug"),
    ):
        ended = tracker(*words)
        assert ended.exit_code in (1, 3)
        assert "refuses the login of tracker" in ended.err
        assert SECRET not in ended.out + ended.err
    assert SECRET not in tracker("config", "show").out
    for file in (mailing / "data").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


# --test


def test_the_test_message_really_arrives(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    ended = tracker("deliver", "--test", "board")
    assert ended.exit_code == 0
    assert ended.out == "A test message went to board (ana@hospital.example).\n"
    [received] = server.received
    assert "board can be reached" in received.message.get_content()
    assert reports_made(mailing) == 0


def test_the_test_message_really_fails(tracker: CommandLine, mailing: Path, server: MailServer) -> None:
    server.refused["ana@hospital.example"] = "550 no such mailbox"
    ended = tracker("deliver", "--test", "board")
    assert ended.exit_code == 1
    assert "550 no such mailbox. Check the address in config.toml" in ended.err
    told = tracker("deliver", "--test", "board", "--json")
    assert told.exit_code == 1
    [one] = json.loads(told.out)
    assert one["sent"] is False


def test_the_test_of_nobody(tracker: CommandLine, mailing: Path) -> None:
    ended = tracker("deliver", "--test", "bord")
    assert ended.exit_code == 2
    assert '"bord" is no recipient of' in ended.err
    assert "board" in ended.err
    assert tracker("deliver", "--test", "board", "--retry").exit_code == 2


def test_an_empty_outbox(tracker: CommandLine, synced: Path) -> None:
    ended = tracker("deliver")
    assert (ended.exit_code, ended.out) == (0, "The outbox is empty.\n")


@pytest.mark.parametrize("words", [("deliver",), ("deliver", "--retry"), ("mute", "NCT00000001", "--why", "noise")])
def test_without_a_store_there_is_none_afterwards(tracker: CommandLine, folder: Path, words: tuple[str, ...]) -> None:
    ended = tracker(*words)
    assert (ended.exit_code, ended.out) == (1, "")
    assert "There is no store yet" in ended.err
    assert '"tracker run" makes it' in ended.err
    assert {path.name for path in folder.iterdir()} == {"config.toml"}


def test_an_older_store_is_brought_up_to_date(tracker: CommandLine, folder: Path) -> None:
    """It holds one delivery, to a recipient that config.toml doesn't have."""
    (folder / "data").mkdir()
    engine = create_engine(f"sqlite:///{folder / 'data' / 'tracker.db'}")
    with engine.begin() as connection:
        make_first_version(connection)
    engine.dispose()
    ended = tracker("deliver")
    assert (ended.exit_code, ended.err) == (0, "")
    assert "weekly 1  board      a@b.example  pending" in ended.out
