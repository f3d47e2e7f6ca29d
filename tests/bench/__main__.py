"""Measures and prints the table. Exit code 1 where a sync did the wrong thing; a missed target is only told.

python -m tests.bench --rounds 3 --no-large
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import disk, startup, syncs
from tests.bench.figures import Figure, Skipped, as_data, table
from tests.bench.processes import Wrong, own_peak_bytes

LARGER = 4
"""How many times as many studies the second measure of memory takes."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument(
        "--large", action=argparse.BooleanOptionalAction, default=True, help="memory at four times the studies, too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
            found = measure(Path(folder), studies=chosen.studies, rounds=chosen.rounds, large=chosen.large)
    except Wrong as fault:
        print(f"wrong: {fault}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps(as_data(found), indent=2))
    else:
        print(table(found))
        took = time.monotonic() - began
        print(f"\nCPU time, medians of {chosen.rounds} rounds; all in {took:.0f} s. See tests/bench/README.md.")
    return 0


def measure(folder: Path, *, studies: int, rounds: int, large: bool) -> list[Figure | Skipped]:
    """All figures, in the order of the table; `folder` is empty. Raises Wrong."""
    with syncs.Syncs(folder / "syncs", studies=studies, told=_told) as cases:
        measured = [cases.measure(number) for number in range(1, rounds + 1)]
        _told("starting commands")
        starts = startup.figures(cases.loaded, rounds=2 * rounds + 1)
    if own_peak_bytes() >= min(one.download.peak_bytes for one in measured):
        raise Wrong("the bench itself takes more memory than a download, and hides its peak")
    found: list[Figure | Skipped] = [*syncs.figures(measured, studies=studies)]
    if large:
        found.append(_large(folder / "large", studies=LARGER * studies, small=measured))
    else:
        found.append(Skipped(f"peak memory of a load of {LARGER * studies}", "--no-large"))
    _told("real records on disk")
    found.append(disk.figure(folder))
    return [*found, *starts]


def _large(folder: Path, *, studies: int, small: Sequence[syncs.Round]) -> Figure:
    with syncs.Syncs(folder, studies=studies, told=_told, states=("baseline",)) as cases:
        _told(f"load of {studies} studies")
        return syncs.memory_at(cases.load(), small, studies=studies)


def _told(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
