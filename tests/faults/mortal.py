"""Runs `tracker` commands in processes that die on demand.

`Commands` starts one helper process, which imports the whole program once and then forks a child for every command:
the child is the real command line, and kills itself (SIGKILL, nothing is cleaned up) when it comes to its n-th point
of no return: a commit, an answer of the registry, a file moved into place. So a test can let a command die at its
first point, its second, and so on until it comes through.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fork_server import ForkServer


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `code` is its exit code, None if it was killed; `points` are those that it came to."""

    code: int | None
    points: tuple[str, ...]
    output: str


class Commands(ForkServer):
    """The helper process; a context manager that ends it."""

    def __init__(self) -> None:
        super().__init__(__name__)

    def run(self, *arguments: str | Path, die_at: int = 0, largest_file: int | None = None) -> Ended:
        """Runs `tracker` with these arguments. `die_at`: at which point (from 1); `largest_file`: in bytes, for all
        that it writes, as if the disk were full then."""
        order = {"arguments": list(map(str, arguments)), "die_at": die_at, "largest_file": largest_file}
        answer = self.ask(order)
        return Ended(answer["code"], tuple(answer["points"]), answer["output"])


# --- in the helper process ------------------------------------------------------------------------------------


def _serve() -> None:
    import_everything()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_forked(**order)), flush=True)


def import_everything() -> None:
    """What a command would import by itself, so that no child has to."""
    import alembic.command
    import psycopg

    import jobs.cli
    import jobs.commands.report
    import jobs.commands.run
    import jobs.commands.sync
    import jobs.reporting
    import jobs.syncing
    import reports.html
    import reports.tables
    import tracker.config.effective
    import tracker.registry.client
    import tracker.store.upgrade
    import tracker.sync

    del alembic, psycopg, jobs, reports, tracker


def _forked(*, arguments: Sequence[str], die_at: int, largest_file: int | None) -> dict[str, Any]:
    # Pipes, not files: what the child says must not count among the files that it can't write.
    (from_points, points), (from_output, output) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(from_points)
        os.close(from_output)
        os._exit(_in_the_child(arguments, die_at, largest_file, output, points))
    os.close(points)
    os.close(output)
    with os.fdopen(from_output) as words, os.fdopen(from_points) as passing:
        said, passed = words.read(), passing.read().splitlines()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    if killed and os.WTERMSIG(status) != signal.SIGKILL:
        raise RuntimeError(f"the command died of signal {os.WTERMSIG(status)}: {said}")
    return {"code": None if killed else os.waitstatus_to_exitcode(status), "points": passed, "output": said}


def _in_the_child(arguments: Sequence[str], die_at: int, largest_file: int | None, output: int, points: int) -> int:
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    passed = 0

    def point(name: str) -> None:
        nonlocal passed
        passed += 1
        os.write(points, f"{name}\n".encode())
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    make_mortal(point)
    if largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    from jobs.cli import main

    try:
        return main(arguments)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def make_mortal(point: Callable[[str], None]) -> None:
    """Calls `point` before and after each commit, after each answer, before and after each file is moved."""
    from tracker.registry.transport import Answer, Transport
    from tracker.store.connections import Store

    begin, get, replace = Store.begin, Transport.get, os.replace

    @contextmanager
    def mortal_begin(self: Store) -> Iterator[Any]:
        with begin(self) as connection:
            yield connection
            point("before a commit")
        point("after a commit")

    def mortal_get(self: Transport, *arguments: Any, **named: Any) -> Answer:
        answer = get(self, *arguments, **named)
        point("after an answer")
        return answer

    def mortal_replace(*arguments: Any, **named: Any) -> None:
        point("before a file is moved into place")
        replace(*arguments, **named)
        point("after a file was moved into place")

    Store.begin = mortal_begin  # type: ignore[method-assign]
    Transport.get = mortal_get  # type: ignore[method-assign]
    os.replace = mortal_replace


if __name__ == "__main__":
    _serve()
