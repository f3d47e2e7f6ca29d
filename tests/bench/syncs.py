"""The figures of whole syncs: CPU time and memory, in rounds that measure every case and the floor in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench import checks
from tests.bench.figures import Figure
from tests.bench.processes import PYTHON, TRACKER, Usage, Wrong, measured
from tests.bench.registry import Place, served
from tests.registry.standin.bulk import changed_ids

SEED = 1
PER_CHANGED_STUDY_S = 0.002
NOISE_ROUNDS = 1

_SCRIPTS = Path(__file__).parent
STATES = ("baseline", "restamped", "changed", "noise")

Told = Callable[[str], object]
"""Is told what is being done."""


@dataclass(frozen=True, slots=True)
class Round:
    """One of each. `opening` is `tracker --version` and opening the store, `making` the same where there is none."""

    download: Usage
    opening: Usage
    making: Usage
    load: Usage
    restamped: Usage
    changed: Usage
    noise: Usage | None


class Syncs:
    """Measures syncs of a registry of so many studies. A context manager: its servers run until the end."""

    def __init__(self, folder: Path, *, studies: int, told: Told, states: Sequence[str] = STATES) -> None:
        self._folder = folder
        self._studies = studies
        self._told = told
        self._states = states
        self._places: dict[str, Place] = {}
        self._pages: tuple[str, ...] = ()
        self._stack = ExitStack()

    def __enter__(self) -> Syncs:
        with self._stack:
            for state in self._states:
                self._told(f"a registry of {self._studies} studies, {state}")
                url = self._stack.enter_context(served(self._studies, state=state, seed=SEED))
                place = self._places[state] = Place(self._folder / state, url=url)
                # Untimed: the servers make their pages, Python its .pyc files.
                said = measured(PYTHON, _SCRIPTS / "listening.py", place.config, folder=self._folder).output
                if state == "baseline":
                    self._pages = tuple(line for line in said.splitlines() if line.startswith(url))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def loaded(self) -> Place:
        """A place whose store holds the baseline, once it was measured."""
        return self.place("baseline")

    def place(self, state: str) -> Place:
        return self._places[state]

    def measure(self, number: int) -> Round:
        self._told(f"round {number}")
        load = self.load()
        return Round(
            making=self._opening(Place(self._folder / f"made-{number}", url="")),
            load=load,
            download=self._download(),
            opening=self._opening(self.loaded),
            restamped=self._refresh("restamped", self._check_unchanged),
            changed=self._refresh("changed", self._check_changed),
            noise=self._refresh("noise", self._check_unchanged) if number <= NOISE_ROUNDS else None,
        )

    def _download(self) -> Usage:
        if not self._pages:
            raise Wrong("a sync asked for no pages")
        return measured(PYTHON, _SCRIPTS / "download.py", *self._pages, folder=self._folder)

    def _opening(self, place: Place) -> Usage:
        return measured(PYTHON, _SCRIPTS / "opening.py", place.store_url, folder=self._folder)

    def load(self) -> Usage:
        """The first sync into no store."""
        place = self.loaded
        place.remove_store()
        usage = self._sync(place)
        checks.check_load(place.store, studies=self._studies)
        return usage

    def _refresh(self, state: str, check: Callable[[Path], None]) -> Usage:
        place = self.place(state)
        place.remove_store()
        place.take_store_of(self.loaded)
        usage = self._sync(place)
        check(place.store)
        return usage

    def _sync(self, place: Place) -> Usage:
        return measured(TRACKER, "sync", "--config", place.config, folder=self._folder)

    def _check_unchanged(self, store: Path) -> None:
        checks.check_nothing_written(store, before=self.loaded.store)

    def _check_changed(self, store: Path) -> None:
        plan = changed_ids(self._studies, SEED)
        checks.check_changes(
            store,
            changed=plan.changed,
            new=plan.new,
            gone=plan.gone,
            studies=self._studies + len(plan.new) - len(plan.gone),
        )


def figures(rounds: Iterable[Round], *, studies: int) -> list[Figure]:
    rounds = list(rounds)
    with_noise = [one for one in rounds if one.noise]
    changed = len(changed_ids(studies, SEED).changed)

    def beyond(case: str, base: str, of: list[Round] = rounds) -> list[float]:
        return [getattr(one, case).cpu_s - getattr(one, base).cpu_s for one in of]

    floors = [one.download.cpu_s for one in rounds]
    return [
        Figure(
            name=f"initial load of {studies} studies",
            unit="s",
            values=beyond("load", "making"),
            floors=floors,
            most=4.0,
        ),
        Figure(
            name="refresh, only the stamp moved",
            unit="s",
            values=beyond("restamped", "opening"),
            floors=floors,
            most=1.8,
        ),
        Figure(
            name="refresh, 2 % changed",
            note=f"ratio: less 2 ms for each of {changed} changed",
            unit="s",
            values=beyond("changed", "opening"),
            floors=floors,
            most=1.8,
            allowance=PER_CHANGED_STUDY_S * changed,
        ),
        Figure(
            name="refresh, every record rewritten, none changed",
            unit="s",
            values=beyond("noise", "opening", with_noise),
            floors=[one.download.cpu_s for one in with_noise],
        ),
        Figure(
            name="peak memory of a sync / of the download",
            unit="MB",
            values=[max(one.load.peak_bytes, one.restamped.peak_bytes, one.changed.peak_bytes) for one in rounds],
            floors=[one.download.peak_bytes for one in rounds],
            most=1.7,
        ),
    ]


def memory_at(large: Usage, small: Iterable[Round], *, studies: int) -> Figure:
    """How the peak grows with the number of studies."""
    peaks = [one.load.peak_bytes for one in small]
    return Figure(
        name=f"peak memory of a load of {studies} / of a load of the above",
        unit="MB",
        values=[large.peak_bytes] * len(peaks),
        floors=peaks,
        most=1.1,
    )
