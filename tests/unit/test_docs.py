"""The documents keep step: every key of config.toml with its default, and every command."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from jobs import planning
from jobs.cli import COMMANDS
from jobs.rereading import CONFIG_JOB
from tracker.config.models import Settings

DOCS = Path(__file__).parents[2] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
HEADINGS = {"include": "[[search.include]], [[search.exclude]]", "exclude": "[[search.include]], [[search.exclude]]"}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _sections(model: type[BaseModel], path: tuple[str, ...] = ()) -> dict[str, type[BaseModel]]:
    """Every section of the file by its heading in the document."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            continue
        dotted = ".".join((*path, name))
        listed = "tuple" in str(field.annotation)
        found[HEADINGS.get(name, f"[[{dotted}]]" if listed else f"[{dotted}]")] = inner
        found |= _sections(inner, (*path, name))
    return found


def _default(field: FieldInfo) -> str:
    """As the document says it."""
    if field.is_required():
        return "required"
    if field.default is None or field.default == ():
        return "–"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{json.dumps(value)}`"


def _documented() -> dict[str, dict[str, str]]:
    """Heading → key → default."""
    parts = re.split(r"^##+ (\[.*\])$", CONFIGURATION, flags=re.MULTILINE)
    return {
        heading: {key: default for key, default, _ in _ROW.findall(text)}
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_key_of_the_configuration_is_documented_with_its_default() -> None:
    documented = _documented()
    tables = {heading for heading in documented if documented[heading]}
    sections = _sections(Settings)
    assert tables == set(sections)
    for heading, model in sections.items():
        assert documented[heading] == {name: _default(field) for name, field in model.model_fields.items()}, heading


def test_a_section_without_keys_of_its_own_is_mentioned() -> None:
    assert {f"[{name}]" for name in Settings.model_fields} | {f"[[{name}]]" for name in Settings.model_fields} >= {
        heading for heading in _documented() if "." not in heading
    }
    for name in Settings.model_fields:
        assert f"[{name}]" in CONFIGURATION, name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """With its own commands, where it has some."""
    command = import_module(f"jobs.commands.{COMMANDS[name].module}").command
    assert f"tracker {name}" in OPERATIONS
    for inner in command.commands if isinstance(command, click.Group) else ():
        assert f"tracker {name} {inner}" in OPERATIONS, inner


def test_no_command_is_documented_that_is_not_there() -> None:
    named = re.findall(r"tracker ([a-z]+)\b(?: ([a-z]+)\b)?", " ".join(re.findall(r"`(tracker [^`]*)`", OPERATIONS)))
    assert named
    for name, inner in named:
        assert name in COMMANDS, name
        command = import_module(f"jobs.commands.{COMMANDS[name].module}").command
        if inner and isinstance(command, click.Group):
            assert inner in command.commands, (name, inner)


def test_files_that_the_documents_name_exist() -> None:
    root = DOCS.parent
    for name in re.findall(r"`((?:deploy|docs|tracker)/[\w./-]+)`", OPERATIONS + CONFIGURATION):
        if name not in ("deploy/db-password.txt", "deploy/config.toml"):  # the reader's own
            assert (root / name).exists(), name


def _first_column(heading: str) -> list[str]:
    section = OPERATIONS.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[1:]


def test_every_job_that_can_fail_has_its_line_in_the_table_of_alerts() -> None:
    jobs = {planning.SYNC, planning.FULL_SYNC, planning.DELIVER, planning.BACKUP, planning.CLEAN_UP}
    jobs |= {"report NAME", planning.REPORT_FILES}
    named = re.findall(r"`([^`]+)`", " ".join(_first_column("What an alert means")))
    assert set(named) == jobs | {CONFIG_JOB, "store", "scheduler"}


def test_the_errors_that_are_explained_are_errors_of_the_program() -> None:
    sources = [file for package in ("tracker", "jobs") for file in (DOCS.parent / package).rglob("*.py")]
    said = "\n".join(file.read_text(encoding="utf-8") for file in sources).lower()
    explained = _first_column("What an error means")
    assert len(explained) > 15
    pieces = [piece.strip().lower() for line in explained for piece in re.split(r" · |…", line)]
    assert [piece for piece in pieces if len(piece) > 3 and piece not in said] == []
