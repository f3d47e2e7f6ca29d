"""Several machines on one PostgreSQL: real processes, each a scheduler that looks when it is told the time.

They are forked from a process that has imported everything once, so that killing and replacing one takes no time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.fork_server import ForkServer


class Machine:
    """One of them. `look` tells it the time; `answered` waits for what it did."""

    def __init__(self, pid: int, orders: Path, answers: Path) -> None:
        self._pid = pid
        self._orders = orders.open("w")
        self._answers = answers.open()
        self._owed = 0

    def look(self, now: datetime) -> None:
        with suppress(BrokenPipeError):  # it is dead
            print(now.isoformat(), file=self._orders, flush=True)
            self._owed += 1

    def answered(self) -> list[tuple[str, str]]:
        """What it did since it was last asked: all that it was told to look at, unless it died before."""
        done = []
        while self._owed and (line := self._answers.readline()):
            self._owed -= 1
            done += [(job, outcome) for job, outcome in json.loads(line)]
        return done

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._answers.read()  # until it is gone
        for pipe in (self._answers, self._orders):
            with suppress(BrokenPipeError):
                pipe.close()


class Hall(ForkServer):
    """Where machines are started: a context manager."""

    def __init__(self, config: Path, folder: Path) -> None:
        super().__init__(__name__)
        self._config = config
        self._folder = folder
        self._started = 0

    def machine(self) -> Machine:
        self._started += 1
        pipes = [self._folder / f"machine-{self._started}-{name}" for name in ("orders", "answers")]
        for pipe in pipes:
            os.mkfifo(pipe)
        return Machine(self.ask([str(self._config), *map(str, pipes)]), *pipes)

    def kill_some(self, machines: list[Machine], chance: random.Random) -> int:
        """Kills one of them, or all, within the next moments, and puts new ones in their place. Returns how many."""
        victims = list(machines) if chance.random() < 0.2 else [chance.choice(machines)]
        for victim in victims:
            time.sleep(chance.random() * 0.25)  # the fault itself: it strikes at any moment of the work
            victim.kill()
            machines[machines.index(victim)] = self.machine()
        return len(victims)


# --- in the machines' own processes ---------------------------------------------------------------------------


def _serve() -> None:
    import_module("jobs.reporting")
    import_module("jobs.deliver")
    import_module("tests.scheduler.unattended")

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _work(*json.loads(line))
            os._exit(0)
        print(pid, flush=True)


def _work(config_path: str, orders_path: str, answers_path: str) -> None:
    from jobs.planning import World, plan_of
    from jobs.scheduler import Scheduler
    from tests.scheduler.unattended import Clock, patient_client
    from tracker.config import load_config
    from tracker.store.engine import open_store

    orders, answers = Path(orders_path).open(), Path(answers_path).open("w")  # noqa: SIM115 (until it is killed)
    config = load_config(Path(config_path))
    scheduler: Any = None
    clock: Any = None
    with open_store(config.store_url, create=True) as store:
        for line in orders:
            now = datetime.fromisoformat(line.strip())
            if scheduler is None:
                clock = Clock(now)
                surroundings = World(clock=clock, environ={}, connect=patient_client)
                scheduler = Scheduler(store, plan_of(config, surroundings), clock=clock)
            clock.now = now
            print(json.dumps([(one.job, one.outcome.value) for one in scheduler.step()]), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
