"""The outbox: everybody is sent each report once, whatever fails for whom, and whoever is killed when."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from jobs.admins import Admins
from jobs.alerts import GIVEN_UP_LISTED, Alert, AlertRules, given_up_alert
from jobs.deliver import CLAIM
from jobs.outbox import MAIL_TEXT, attempt_line, dispatches, outbox_lines
from jobs.recipients import Addressee, Recipients
from jobs.work import Plan
from tests.delivery.mail_server import MailServer
from tests.delivery.outbox import ANA, BEN, EVE, FILES, MONDAY, Outbox, config_text
from tracker.store.deliveries import (
    OutboxCounts,
    claim,
    due_deliveries,
    given_up_untold,
    next_due,
    outbox_counts,
    record_failure,
    record_sent,
    store_identity,
)
from tracker.store.engine import Store
from tracker.store.schema import report_file


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def test_each_recipient_is_sent_each_report_once(outbox: Outbox, server: MailServer) -> None:
    outbox.report("board", "ben")
    assert [one.error for one in outbox.deliver()] == [None, None]
    assert outbox.deliver() == []
    outbox.wait(days=30)
    assert outbox.deliver(retry=True) == []
    assert server.addressed() == [ANA, BEN]
    assert outbox.states() == {ANA: "sent", BEN: "sent"}


def test_one_that_is_refused_holds_up_nobody(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "550 5.1.1 no such mailbox"
    outbox.report("board", "ben", "eve")
    refused, *sent = outbox.deliver()
    assert [one.error for one in sent] == [None, None]
    assert outbox.states() == {ANA: "given up", BEN: "sent", EVE: "sent"}
    assert attempt_line(refused) == (
        "Report 1 of weekly to board (ana@hospital.example): GIVEN UP after 1 attempt: "
        f"127.0.0.1:{server.port} refuses the mail to {ANA}: 550 5.1.1 no such mailbox. "
        "Check the address in config.toml, then `tracker deliver --retry`."
    )


def test_what_may_pass_is_tried_again_ever_more_rarely(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "451 4.7.1 try again later"
    outbox.report()
    waits = []
    for _ in range(10):
        [failed] = outbox.deliver()
        due = failed.delivery.next_attempt_at
        assert due is not None
        waits.append(due - outbox.now)
        assert outbox.deliver() == []  # not before
        outbox.now = due
    minutes = [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]
    assert waits == [timedelta(minutes=one) for one in minutes]
    server.refused.clear()
    [sent] = outbox.deliver()
    assert (sent.error, sent.delivery.attempts) == (None, 11)


def test_it_is_given_up_after_the_set_time_and_taken_up_by_retry(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "451 later"
    outbox.report()
    outbox.deliver()
    outbox.wait(days=3)
    [given_up] = outbox.deliver()
    assert given_up.delivery.state == "given up"
    assert outbox.deliver() == []
    server.refused.clear()
    assert [one.error for one in outbox.deliver(retry=True)] == [None]
    assert server.addressed() == [ANA]


def test_retry_does_not_wait(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "451 later"
    outbox.report()
    outbox.deliver()
    server.refused.clear()
    assert [one.error for one in outbox.deliver(retry=True)] == [None]


def test_a_server_that_is_down_is_asked_once(store: Store, server: MailServer, tmp_path: Path) -> None:
    outbox = Outbox(store, tmp_path, config_text(_closed_port()))
    outbox.report("board", "ben", "eve")
    errors = {one.error for one in outbox.deliver()}
    assert len(errors) == 1
    assert "can't be used: Connection refused" in str(errors)
    assert set(outbox.states().values()) == {"pending"}
    outbox.configure(config_text(server.port))
    outbox.wait(minutes=1)
    assert [one.error for one in outbox.deliver()] == [None, None, None]


def _closed_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_report_whose_bytes_are_damaged_holds_up_nobody(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    outbox.report("ben")
    with outbox.store.begin() as connection:
        damaged = (report_file.c.number == 1) & (report_file.c.filename == MAIL_TEXT)
        connection.execute(update(report_file).where(damaged).values(digest=b"\0" * 32))
    assert [one.error is None for one in outbox.deliver()] == [False, True]
    assert server.addressed() == [BEN]


def test_a_message_that_nobody_foresaw_holds_up_nobody(outbox: Outbox, server: MailServer) -> None:
    outbox.report(files={name: body for name, body in FILES.items() if name != MAIL_TEXT})
    outbox.report("ben")
    poisoned, sent = outbox.deliver()
    assert poisoned.error == "unexpected: KeyError: 'mail.txt'"
    assert poisoned.delivery.state == "pending"
    assert sent.error is None


def test_how_long_it_is_tried_is_known_before_it_is_sent(
    outbox: Outbox, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.report()

    def impossible(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr(Recipients, "patience", impossible)
    with pytest.raises(OverflowError):
        outbox.deliver()
    assert server.received == []
    assert [one.attempts for one in outbox.content()] == [0]


# What config.toml no longer has, or a secret is missing for


CORRECTED = "anna@hospital.example"


def test_a_recipient_who_is_gone_from_config_is_sent_nothing_and_alarms_nobody(
    outbox: Outbox, server: MailServer
) -> None:
    server.refused[EVE] = "550 no such mailbox"
    outbox.report("ben", "eve")
    outbox.report("board", "ben")
    server.refused[BEN] = "451 later"
    outbox.deliver()
    server.received.clear()
    server.refused.clear()
    outbox.configure(config_without(server, "ben", "eve"))
    outbox.wait(minutes=1)
    assert outbox.deliver() == []
    assert outbox.deliver(retry=True) == []
    assert server.received == []
    assert outbox.states() == {ANA: "sent", BEN: "taken out", EVE: "taken out"}
    assert [one.last_error for one in outbox.content() if one.address == EVE] == [
        f"config.toml no longer has {EVE} as an address of eve"
    ]
    with outbox.store.connect() as connection:
        assert given_up_untold(connection) == []
        assert outbox_counts(connection) == OutboxCounts()
    outbox.configure(config_text(server.port))  # it was a mistake
    assert outbox.deliver() == []
    assert {one.error for one in outbox.deliver(retry=True)} == {None}
    assert server.addressed() == [BEN, EVE, BEN]


def config_without(server: MailServer, *names: str) -> str:
    """Config, in which nobody has these names."""
    text = config_text(server.port)
    for name in names:
        text = re.sub(rf'\[\[recipient\]\]\nname = "{name}"\nmail = .*\n', "", text).replace(f', "{name}"', "")
    return text


@pytest.mark.parametrize("answer", ["550 no such mailbox", "451 later"])
def test_a_corrected_address_gets_what_the_wrong_one_could_not(outbox: Outbox, server: MailServer, answer: str) -> None:
    server.refused[ANA] = answer
    outbox.report("board", "ben")
    outbox.report("board")
    outbox.deliver()
    outbox.configure(config_text(server.port).replace(ANA, CORRECTED))
    sent = outbox.deliver(retry=True)
    assert [(one.delivery.address, one.delivery.number, one.error) for one in sent] == [
        (CORRECTED, 1, None),
        (CORRECTED, 2, None),
    ]
    assert server.addressed() == [BEN, CORRECTED, CORRECTED]
    assert outbox.states() == {ANA: "replaced", BEN: "sent", CORRECTED: "sent"}
    assert outbox.content()[0].last_error == (
        f"config.toml no longer has {ANA} as an address of board: it goes to {CORRECTED}"
    )
    assert outbox.deliver(retry=True) == []
    with outbox.store.connect() as connection:
        assert given_up_untold(connection) == []
        assert outbox_counts(connection) == OutboxCounts()


def test_the_mail_to_a_corrected_address_is_the_one_that_it_would_have_been(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "550 no such mailbox"
    outbox.report()
    outbox.deliver()
    right = config_text(server.port).replace(ANA, CORRECTED).replace('["html", "csv"]', '["xlsx"]')
    with_xlsx = 'name = "weekly"\nformats = ["html", "csv", "xlsx"]'  # with which the report was not recorded
    outbox.configure(right.replace('name = "weekly"', with_xlsx))
    outbox.wait(days=5)
    server.refused[CORRECTED] = "451 greylisted"
    [again] = outbox.deliver(retry=True)
    assert again.delivery.state == "pending"  # it was never asked before, however old the report is
    server.refused.clear()
    [sent] = outbox.deliver(retry=True)
    with outbox.store.connect() as connection:
        identity = store_identity(connection)
    [meant] = dispatches(
        [Addressee(name="board", addresses=(CORRECTED,), sender="tracker@hospital.example")],
        identity=identity,
        name="weekly",
        number=1,
        created_at=MONDAY,
        subject="Trial tracker: 2 trials with news",
    )
    assert (sent.delivery.message_id, sent.delivery.subject) == (meant.message_id, meant.subject)
    [received] = server.received
    assert [part.get_filename() for part in received.message.iter_attachments()] == [
        "weekly-1-report.html",
        "weekly-1-changes.csv",
    ]


def test_what_waits_goes_to_the_corrected_address_without_retry_what_was_given_up_does_not(
    outbox: Outbox, server: MailServer
) -> None:
    server.refused[ANA] = "550 no such mailbox"
    outbox.report()
    outbox.deliver()
    server.refused[ANA] = "451 later"
    outbox.report()
    outbox.deliver()
    outbox.configure(config_text(server.port).replace(ANA, CORRECTED))
    outbox.wait(minutes=1)
    [sent] = outbox.deliver()
    assert (sent.delivery.address, sent.delivery.number, sent.error) == (CORRECTED, 2, None)
    assert [one.state for one in outbox.content()] == ["given up", "replaced", "sent"]


def test_a_correction_that_is_taken_back_loses_nothing(outbox: Outbox, server: MailServer) -> None:
    server.refused |= {ANA: "451 later", CORRECTED: "550 no such mailbox"}
    outbox.report()
    outbox.deliver()
    outbox.configure(config_text(server.port).replace(ANA, CORRECTED))
    outbox.deliver(retry=True)
    assert outbox.states() == {ANA: "replaced", CORRECTED: "given up"}
    outbox.configure(config_text(server.port))
    server.refused.clear()
    assert [one.error for one in outbox.deliver(retry=True)] == [None]
    assert outbox.states() == {ANA: "sent", CORRECTED: "replaced"}
    assert server.addressed() == [ANA]


def test_a_recipient_who_has_another_name_now_is_sent_what_waits(outbox: Outbox, server: MailServer) -> None:
    outbox.report("board", "ben")
    outbox.configure(config_text(server.port).replace('"board"', '"committee"'))
    assert [one.error for one in outbox.deliver()] == [None, None]
    assert sorted(server.addressed()) == [ANA, BEN]
    assert [(one.recipient, one.state) for one in outbox.content()] == [
        ("board", "replaced"),
        ("ben", "sent"),
        ("committee", "sent"),
    ]
    assert outbox.content()[0].last_error == (
        f"config.toml no longer has {ANA} as an address of board: it goes to {ANA} as committee"
    )
    assert outbox.deliver(retry=True) == []


def test_one_more_address_gets_no_report_of_before(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    server.refused[ANA] = "451 later"
    outbox.deliver()
    outbox.configure(config_text(server.port).replace(f'"{ANA}"', f'"{ANA}", "{CORRECTED}"'))
    server.refused.clear()
    outbox.deliver(retry=True)
    assert server.addressed() == [ANA]


def test_a_secret_that_is_missing_waits_however_long_and_then_not_for_hours(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    login = 'username = "tracker"\npassword_env = "TRACKER_SMTP_PASSWORD"'
    outbox.configure(config_text(server.port, more=login))
    for _ in range(600):
        [failed] = outbox.deliver()
        assert failed.error is not None
        assert "the environment variable TRACKER_SMTP_PASSWORD is not set" in failed.error
        due = failed.delivery.next_attempt_at
        assert failed.delivery.state == "pending"
        assert due is not None
        assert due - outbox.now <= timedelta(minutes=10)
        outbox.now = due
    assert outbox.now - MONDAY > timedelta(days=4)
    outbox.configure(config_text(server.port))
    assert [one.error for one in outbox.deliver()] == [None]
    assert server.addressed() == [ANA]


# Two processes, and one that is killed


def test_of_two_processes_one_gets_a_delivery(outbox: Outbox) -> None:
    outbox.report()
    with outbox.store.connect() as connection:
        [seen_by_one] = due_deliveries(connection, now=outbox.now)
        [seen_by_other] = due_deliveries(connection, now=outbox.now)
    until = outbox.now + CLAIM
    with outbox.store.begin() as connection:
        assert claim(connection, seen_by_one, until=until) is not None
    with outbox.store.begin() as connection:
        assert claim(connection, seen_by_other, until=until) is None
    assert outbox.deliver(retry=True) == []  # what is being sent is nobody else's


def test_a_claim_lapses_and_the_late_sender_counts_still(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    with outbox.store.begin() as connection:
        [due] = due_deliveries(connection, now=outbox.now)
        first = claim(connection, due, until=outbox.now + CLAIM)
    assert first is not None
    outbox.wait(minutes=11)
    with outbox.store.begin() as connection:
        [due] = due_deliveries(connection, now=outbox.now)
        second = claim(connection, due, until=outbox.now + CLAIM)
    assert second is not None
    with outbox.store.begin() as connection:
        record_failure(connection, first, error="late", next_attempt_at=outbox.now, at=outbox.now)
    assert outbox.states() == {ANA: "sending"}  # the second decides
    with outbox.store.begin() as connection:
        record_sent(connection, first, at=outbox.now)
        refused = record_failure(connection, second, error="refused", next_attempt_at=None, at=outbox.now)
    assert (refused.state, refused.last_error) == ("sent", None)  # who fails now learns that it was sent
    assert outbox.states() == {ANA: "sent"}


# A clock that was ahead


@pytest.mark.parametrize("cut_short", [False, True])
def test_a_clock_that_was_ahead_strands_no_mail(outbox: Outbox, server: MailServer, *, cut_short: bool) -> None:
    server.refused[ANA] = "451 later"
    outbox.wait(days=730)
    outbox.report()
    if cut_short:
        with outbox.store.begin() as connection:
            [due] = due_deliveries(connection, now=outbox.now)
            assert claim(connection, due, until=outbox.now + CLAIM)
    else:
        outbox.deliver()
    outbox.wait(days=-730)  # put right
    server.refused.clear()
    with outbox.store.connect() as connection:
        assert next_due(connection, now=outbox.now) == outbox.now
    assert [one.error for one in outbox.deliver()] == [None]
    assert server.addressed() == [ANA]


def test_within_the_longest_delay_it_waits_for_the_clock(outbox: Outbox, server: MailServer) -> None:
    outbox.wait(hours=4, minutes=59)
    outbox.report()
    due = outbox.now
    outbox.wait(hours=-4, minutes=-59)
    with outbox.store.connect() as connection:
        assert next_due(connection, now=outbox.now) == due
    assert outbox.deliver() == []


# Message-IDs, and what is shown


def test_message_ids_are_stable_and_never_the_same_for_two(outbox: Outbox) -> None:
    outbox.report("board", "ben")
    outbox.report("board", "ben")
    ids = [one.message_id for one in outbox.content()]
    assert len(set(ids)) == 4
    assert all(one.startswith("<") and one.endswith("@hospital.example>") for one in ids)


def test_the_outbox_as_a_table(outbox: Outbox, server: MailServer) -> None:
    assert outbox_lines([]) == ["The outbox is empty."]
    server.refused[BEN] = "451 later\x1b[2J"
    outbox.report("board", "ben")
    outbox.deliver()
    header, sent, failed, error = outbox_lines(outbox.content())
    assert header.split() == ["report", "recipient", "address", "state", "attempts", "when"]
    assert sent.split() == ["weekly", "1", "board", ANA, "sent", "1", "2026-03-02", "07:00", "UTC"]
    assert failed.split() == ["weekly", "1", "ben", BEN, "pending", "1", "2026-03-02", "07:01", "UTC"]
    assert error.endswith("451 later[2J")
    assert outbox.now == MONDAY


# What is given up is told


def test_of_two_machines_one_tells_what_was_given_up(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "550 no such mailbox"
    outbox.report("board", "ben")
    outbox.deliver()
    one, other = Admins(clock=lambda: outbox.now), Admins(clock=lambda: outbox.now)
    told: list[str] = []

    def tell(alert: Alert) -> None:
        told.append(alert.subject)
        if not outbox.store.is_sqlite:  # which has one scheduler
            other.tell_of_given_up(outbox.store, plan)  # in the middle of it

    plan = Plan(jobs=(), reports=(), zone=ZoneInfo("UTC"), rules=AlertRules(), tell=tell)
    one.tell_of_given_up(outbox.store, plan)
    other.tell_of_given_up(outbox.store, plan)
    one.tell_of_given_up(outbox.store, plan)
    assert told == [f"GIVEN UP: report 1 of weekly to {ANA}"]


def test_many_that_were_given_up_are_told_together(outbox: Outbox, server: MailServer) -> None:
    server.refused[ANA] = "550 no such mailbox"
    for _ in range(GIVEN_UP_LISTED + 2):
        outbox.report()
    outbox.deliver()
    with outbox.store.connect() as connection:
        alert = given_up_alert(given_up_untold(connection), host="ward")
    assert alert.subject == f"GIVEN UP: report 1 of weekly to {ANA}, and 21 more"
    assert alert.text.count("GIVEN UP after 1 attempt") == GIVEN_UP_LISTED
    assert "and 2 more: see `tracker deliver`" in alert.text
