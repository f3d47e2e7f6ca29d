"""How long commands take to begin, against the one library that each can't do without."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.processes import PYTHON, TRACKER, measured
from tests.bench.registry import Place
from tests.registry.standin.bulk import nct_id_of


def figures(place: Place, *, rounds: int) -> list[Figure]:
    """`place` has a store that holds study number 0. The first start of each is not counted: it writes .pyc files."""
    config = ("--config", str(place.config))
    commands = {
        "requests": (PYTHON, "-c", "import requests"),
        "sqlalchemy.orm": (PYTHON, "-c", "import sqlalchemy.orm"),
        "tracker --help": (TRACKER, "--help"),
        "tracker show": (TRACKER, "show", nct_id_of(0), *config),
        "tracker status": (TRACKER, "status", *config),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            times[name].append(measured(*command, folder=Path(place.folder)).cpu_s)
    return [
        Figure(
            name=name, note=f"import {library}", unit="s", values=times[name][1:], floors=times[library][1:], most=most
        )
        for name, library, most in (
            ("tracker --help", "requests", 1.5),
            ("tracker show", "sqlalchemy.orm", 1.6),
            ("tracker status", "sqlalchemy.orm", 1.6),
        )
    ]
