"""What the admins are told: past the outbox, to every address that takes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from jobs.alerts import Alert, Tell, Word, teller
from tests.delivery.mail_server import MailServer
from tests.delivery.outbox import MONDAY, config_text
from tracker.config import load_config
from tracker.errors import TrackerError

LIVING, LEFT, OTHER = "admin@hospital.example", "left@hospital.example", "other@hospital.example"
ALERT = Alert(Word.FAILS, "sync", "sync fails: 3 times in a row", "sync fails.\n")


def telling(folder: Path, port: int, *recipients: Sequence[str], security: str = "none") -> Tell:
    """To alert recipients who have these addresses."""
    names = [f"admin{number}" for number, _ in enumerate(recipients)]
    listed = "".join(
        f'\n[[recipient]]\nname = "{name}"\nmail = {list(mail)}\n' for name, mail in zip(names, recipients, strict=True)
    )
    path = folder / "config.toml"
    path.write_text(config_text(port, security=security) + f"\n[alerts]\nrecipients = {names}\n{listed}")
    return teller(load_config(path), environ={}, now=lambda: MONDAY)


@pytest.mark.parametrize("addresses", [(LIVING, LEFT), (LEFT, LIVING)])
def test_an_address_that_is_dead_keeps_no_other_from_being_told(
    addresses: Sequence[str], server: MailServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refused[LEFT] = "550 5.1.1 no such mailbox"
    telling(tmp_path, server.port, addresses)(ALERT)
    assert server.addressed() == [LIVING]
    [logged] = [line.getMessage() for line in caplog.records if line.levelno == logging.ERROR]
    assert "an admin could not be told" in logged
    assert f"{LEFT}: 550 5.1.1 no such mailbox" in logged


def test_one_recipient_who_is_out_of_reach_keeps_no_other_from_being_told(server: MailServer, tmp_path: Path) -> None:
    server.refused[LEFT] = "451 later"
    telling(tmp_path, server.port, [LEFT], [LIVING, OTHER])(ALERT)
    assert server.addressed() == [LIVING, OTHER]


def test_where_nobody_takes_it_that_is_an_error(server: MailServer, tmp_path: Path) -> None:
    server.refused |= {LEFT: "550 no such mailbox", LIVING: "451 later"}
    with pytest.raises(TrackerError, match="550 no such mailbox"):
        telling(tmp_path, server.port, [LEFT, LIVING])(ALERT)


def test_a_server_that_takes_nothing_is_not_asked_for_each_address(server: MailServer, tmp_path: Path) -> None:
    tell = telling(tmp_path, server.port, [LEFT, LIVING], security="starttls")  # which the server does not offer
    with pytest.raises(TrackerError, match="STARTTLS"):
        tell(ALERT)
    assert server.connections == 1
