"""A folder whose config.toml asks a stand-in registry, for tests of `tracker search`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.commands.command_line import CommandLine, Ended
from tests.registry.standin import StandIn, World, a_study
from tracker.study import NctId, nct_id

A, B, C, D, E, F = (nct_id(f"NCT9000000{number}") for number in range(1, 7))

SPINE = "Spine tumor"
CHORDOMA = '"sacral chordoma" OR chordoma'
TITLE = "(spine OR spinal) AND tumor"

SEARCH = f"""
[[search]]
name = "spine"
description = "Spine-tumour trials"
  [[search.term]]
  condition = '{SPINE}'
  [[search.term]]
  condition = '{CHORDOMA}'
"""


def a_world() -> World:
    """Six trials: A, B and C by the first term, C and D by the second; E and F by none."""
    world = World(a_study(one, conditions=("Spinal Metastases",)) for one in (A, B, C, D, E))
    world.put(a_study(F, title="Knee braces", conditions=("Sprain",)))
    world.returns(SPINE, [A, B, C])
    world.returns(CHORDOMA, [C, D])
    return world


@contextmanager
def tuning(folder: Path, tracker: CommandLine, world: World | None = None) -> Iterator[Tuning]:
    with StandIn(world or a_world()) as registry:
        made = Tuning(folder, tracker, registry)
        made.configure(SEARCH)
        yield made


class Tuning:
    """An admin in a folder with a config.toml, and the registry that it asks."""

    def __init__(self, folder: Path, tracker: CommandLine, registry: StandIn) -> None:
        self.folder = folder
        self.registry = registry
        self.world = registry.world
        self._tracker = tracker

    def configure(self, searches: str) -> None:
        text = f'[registry]\nbase_url = "{self.registry.url}"\nrequests_per_second = 1000\n{searches}'
        (self.folder / "config.toml").write_text(text)

    def __call__(self, *words: str) -> Ended:
        return self._tracker("search", *words)

    def data(self, *words: str) -> Any:
        """What `--json` prints."""
        return json.loads(self(*words, "--json").out)

    def sync(self, *, next_day: bool = False) -> None:
        if next_day:
            self.world.refresh()
        ended = self._tracker("sync")
        assert ended.exit_code in (0, 3), ended.err

    @property
    def asked(self) -> list[dict[str, str]]:
        """The parameters of every request for studies so far."""
        return [dict(request.params) for request in self.registry.requests_to("/studies")]

    def digest(self) -> str:
        """Of the whole folder: config.toml and whatever the store consists of."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".db-shm")
        return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


def ids(studies: list[dict[str, Any]]) -> list[NctId]:
    return [NctId(one["nct_id"]) for one in studies]
