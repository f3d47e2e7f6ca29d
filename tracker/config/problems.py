"""What is wrong with a config file: one line per problem, each with its place, its fault and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tracker.errors import ConfigError
from tracker.untrusted import plain_line

Place = tuple[str | int, ...]
"""Where in the file: keys, and positions in lists counted from 0 as the parser counts them."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """`place` () is the file as a whole."""

    place: Place
    reason: str

    def line(self, path: Path) -> str:
        where = f"{path}: {place_in_words(self.place)}: " if self.place else f"{path}: "
        return plain_line(f"{where}{self.reason}")


class InvalidConfig(ConfigError):
    """A config file that can't be used; `problems` are all that was found, in the order of the file's sections."""

    def __init__(self, path: Path, problems: Iterable[ConfigProblem]) -> None:
        self.problems = tuple(problems)
        self.lines = tuple(problem.line(path) for problem in self.problems)
        super().__init__("\n".join(self.lines), subject=str(path))


def place_in_words(place: Place) -> str:
    """("search", 0, "term", 1, "condition") → `search[1].term[2].condition`: people count from one."""
    words = ""
    for part in place:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if words else str(part)
    return words


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean "condition"?)`, or the known words where none is near."""
    words = list(known)
    near = get_close_matches(word, words, n=1) or [one for one in words if one.lower() == word.lower()]
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(words)}"
