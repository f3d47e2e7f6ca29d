"""Running the command line in this process, as a user would from a folder of their own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jobs.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    exit_code: int
    out: str
    err: str


class CommandLine:
    """Called with a command line's words, it runs them, and returns what was printed and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Ended:
        self._capsys.readouterr()
        exit_code = main(list(words))
        printed = self._capsys.readouterr()
        return Ended(exit_code, printed.out, printed.err)
