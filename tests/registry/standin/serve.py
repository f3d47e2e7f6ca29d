"""Serve a large synthetic world by itself, for the benchmark and for looking at by hand.

    python -m tests.registry.standin.serve --studies 10000 --seed 1 --state changed

prints the base URL on a line of its own and serves until it is interrupted.
What `changed` changes is what `bulk.changed_ids(studies, seed)` says.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import get_args

from tests.registry.standin.bulk import State, bulk_world
from tests.registry.standin.server import StandIn


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 after an interrupt or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", choices=get_args(State), default="baseline")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (default: any that is free)")
    chosen = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    world = bulk_world(chosen.studies, chosen.seed, chosen.state)
    with StandIn(world, port=chosen.port) as registry:
        print(registry.url, flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
