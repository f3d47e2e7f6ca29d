"""A sender killed between the server's taking a mail and recording it: the same mail again, nobody forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.delivery.mail_server import MailServer
from tests.delivery.outbox import ANA, BEN, Outbox

_DELIVER = """
import sys
from datetime import datetime
from pathlib import Path
from jobs.deliver import deliver_due
from jobs.recipients import Recipients
from tracker.config import load_config
from tracker.store.engine import open_store

now = datetime.fromisoformat(sys.argv[2])
with open_store(sys.argv[1]) as store:
    deliver_due(store, Recipients(load_config(Path(sys.argv[3])), {}), now=lambda: now)
"""


def start(outbox: Outbox, store_url: str) -> subprocess.Popen[bytes]:
    words = [store_url, outbox.now.isoformat(), str(outbox.folder / "config.toml")]
    return subprocess.Popen([sys.executable, "-c", _DELIVER, *words], cwd=Path.cwd())


def test_killed_after_the_server_took_the_mail(outbox: Outbox, server: MailServer, store_url: str) -> None:
    outbox.report("board", "ben")
    victims: list[subprocess.Popen[bytes]] = []
    started = _when_known(victims)
    server.on_data = lambda: os.kill(started().pid, signal.SIGKILL)
    victims.append(start(outbox, store_url))
    assert victims[0].wait() == -signal.SIGKILL
    assert server.addressed() == [ANA]
    assert outbox.states() == {ANA: "sending", BEN: "pending"}

    server.on_data = lambda: None
    assert [one.delivery.address for one in outbox.deliver()] == [BEN]  # the claim of the killed one still holds
    outbox.wait(minutes=11)
    [again] = outbox.deliver()
    assert again.error is None
    first, _, second = server.received
    assert first.content == second.content
    assert first.message["Message-ID"] == second.message["Message-ID"]
    outbox.wait(days=1)
    assert outbox.deliver() == []


def _when_known(victims: list[subprocess.Popen[bytes]]):  # type: ignore[no-untyped-def]
    # The process connects long after it was started; still, the list is filled by another thread.
    def victim() -> subprocess.Popen[bytes]:
        while not victims:
            pass
        return victims[0]

    return victim


def test_killed_before_anything_was_sent(outbox: Outbox, server: MailServer, store_url: str) -> None:
    outbox.report()
    server.silent = True
    victim = start(outbox, store_url)
    while not server.connections:
        assert victim.poll() is None
    victim.kill()
    victim.wait()
    assert outbox.states() == {ANA: "sending"}
    server.silent = False
    outbox.wait(minutes=11)
    assert [one.error for one in outbox.deliver()] == [None]
    assert server.addressed() == [ANA]


def test_two_processes_send_each_mail_once(outbox: Outbox, server: MailServer, store_url: str) -> None:
    for _ in range(5):
        outbox.report("board", "ben")
    both = [start(outbox, store_url) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert sorted(server.addressed()) == [ANA] * 5 + [BEN] * 5
    assert len(set(server.message_ids())) == 10
    assert set(outbox.states().values()) == {"sent"}
