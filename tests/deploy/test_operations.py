"""Every command line of the documents is one that the program takes, with these options, and names what is there."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from jobs.cli import COMMANDS
from tests.deploy.unit_file import DEPLOY, ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "docs" / "operations.md", ROOT / "docs" / "configuration.md"]
DOCUMENTS += [DEPLOY / "compose.yaml", DEPLOY / "nginx.conf", DEPLOY / "tracker", *DEPLOY.glob("*.service")]
_PROGRAM = re.compile(r"(?:^|[\s`/\\(\"])(?:tracker(?:\.exe)?|run --rm scheduler)(?= )")


def _lines(file: Path) -> list[str]:
    """What follows the program's name, in code: a fenced line, or a span of a paragraph."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".md":
        return list(re.findall(r"tracker ((?:schedule|status|doctor|db)[^\n\"#;']*)", text))
    fenced = "\n".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
    paragraphs = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", paragraphs)]
    codes = [line.partition("  #")[0] for line in (*fenced.splitlines(), *spans)]
    return [code[match.end() :] for code in codes for match in _PROGRAM.finditer(code)]


def _parsed(line: str) -> list[str]:
    words = shlex.split(line.replace("…", "").replace("\\", "/"), comments=True)
    return words[: next((at for at, word in enumerate(words) if word in ("&&", "|", ";", "||")), len(words))]


def _complaint(words: list[str]) -> str | None:
    """What the command line has against `words`; None where it takes them."""
    if not words or words[0] not in COMMANDS:
        return None if not words or not words[0].isalpha() else f"no command {words[0]}"
    command: click.Command = import_module(f"jobs.commands.{COMMANDS[words[0]].module}").command
    rest = words[1:]
    if isinstance(command, click.Group):
        inner = next((word for word in rest if not word.startswith("-")), None)
        if inner is None:
            return None
        if inner not in command.commands:
            return f"{words[0]} has no {inner}"
        command = command.commands[inner]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{' '.join(words)}: {unknown}" if unknown else None


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_command_line_is_taken(file: Path) -> None:
    found = [words for line in _lines(file) if (words := _parsed(line)) and words[0] in COMMANDS]
    assert found or file.name in ("nginx.conf", "configuration.md", "tracker")
    assert list(filter(None, map(_complaint, found))) == []


def test_the_documents_show_what_this_reads() -> None:
    lines = _lines(ROOT / "docs" / "operations.md")
    assert sum(_parsed(line)[:1] == ["db"] for line in lines) > 8
    assert any(_parsed(line)[:2] == ["config", "init"] and "--data" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["db", "restore", "x", "--replace"], None),
        (["db", "restore", "x", "--overwrite"], "db restore x --overwrite: ['--overwrite']"),
        (["db", "mend"], "db has no mend"),
        (["schedule", "--once", "--quiet"], None),
        (["shcedule"], "no command shcedule"),
    ],
)
def test_what_is_not_there_is_seen(words: list[str], complaint: str | None) -> None:
    assert _complaint(words) == complaint
