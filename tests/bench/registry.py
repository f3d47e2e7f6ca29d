"""A large synthetic registry in a process of its own, and a folder with a configuration that asks it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.processes import PYTHON, ROOT, Wrong

SEARCH = "everything"

_CONFIG = """\
[registry]
base_url = "{url}"
requests_per_second = 1000

[store]
url = "{store}"

[[search]]
name = "{search}"

  [[search.term]]
  condition = "anything"
"""


@contextmanager
def served(studies: int, *, state: str, seed: int) -> Iterator[str]:
    """The base URL of a stand-in that serves a world of `tests.registry.standin.bulk`. Raises Wrong if it can't."""
    options = ("--studies", str(studies), "--seed", str(seed), "--state", state)
    command = (PYTHON, "-m", "tests.registry.standin.serve", *options)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise Wrong(f"no stand-in registry: {' '.join(command)} ended")
            yield url
        finally:
            process.terminate()


class Place:
    """A folder with a config.toml and, after a sync, a store."""

    def __init__(self, folder: Path, *, url: str) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.store = folder / "tracker.db"
        self.store_url = f"sqlite:///{self.store}"
        folder.mkdir(parents=True)
        self.config.write_text(_CONFIG.format(url=url, store=self.store_url, search=SEARCH))

    def remove_store(self) -> None:
        for file in self._store_files():
            file.unlink()

    def take_store_of(self, other: Place) -> None:
        """A copy of a store that nobody has open."""
        for file in other._store_files():
            shutil.copy(file, self.folder)

    def _store_files(self) -> list[Path]:
        return list(self.folder.glob(f"{self.store.name}*"))
