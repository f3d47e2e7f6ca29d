"""The outbox: everybody is sent each report once, whatever fails for whom, and whoever is killed when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from jobs.admins import Admins
from jobs.alerts import GIVEN_UP_LISTED, Alert, AlertRules, given_up_alert
from jobs.deliver import CLAIM
from jobs.outbox import MAIL_TEXT, attempt_line, outbox_lines
from jobs.recipients import Recipients
from jobs.work import Plan
from tests.delivery.mail_server import MailServer
from tests.delivery.outbox import ANA, BEN, EVE, FILES, MONDAY, Outbox, config_text
from tracker.store.deliveries import claim, due_deliveries, given_up_untold, next_due, record_failure, record_sent
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


def test_a_recipient_who_is_gone_from_config_is_sent_nothing(outbox: Outbox, server: MailServer) -> None:
    outbox.report("board", "ben")
    outbox.configure(config_text(server.port).replace(ANA, "other@hospital.example").replace('"ben"', '"benjamin"'))
    moved, gone = outbox.deliver()
    assert moved.error == "config.toml no longer has ana@hospital.example as an address of board"
    assert gone.error == "config.toml no longer has ben@hospital.example as an address of ben"
    assert server.received == []
    assert set(outbox.states().values()) == {"given up"}


def test_a_secret_that_is_missing_now_is_told_and_tried_again(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    login = 'username = "tracker"\npassword_env = "TRACKER_SMTP_PASSWORD"'
    outbox.configure(config_text(server.port, more=login))
    [failed] = outbox.deliver()
    assert failed.error is not None
    assert "the environment variable TRACKER_SMTP_PASSWORD is not set" in failed.error
    assert failed.delivery.state == "pending"


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
