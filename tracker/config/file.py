"""Finds config.toml and reads it as plain tables. What they say is checked elsewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.config.problems import ConfigProblem, InvalidConfig
from tracker.errors import ConfigError

FILE_NAME = "config.toml"
VARIABLE = "TRACKER_CONFIG"

_INIT = '"tracker config init" writes one; or name yours with --config PATH or in the variable TRACKER_CONFIG.'


def find_config(named: Path | None, *, folder: Path, environ: Mapping[str, str]) -> Path:
    """The config file to use: the one named, else `folder`'s config.toml, else the one that TRACKER_CONFIG names.

    Raises ConfigError where there is none.
    """
    if named is not None:
        return _existing(named, "--config")
    if (folder / FILE_NAME).is_file():
        return folder / FILE_NAME
    if environ.get(VARIABLE):
        return _existing(Path(environ[VARIABLE]), VARIABLE)
    raise ConfigError(f"there is no {FILE_NAME} in {folder}", subject=str(folder), advice=_INIT)


def _existing(path: Path, origin: str) -> Path:
    if not path.is_file():
        raise ConfigError(f"there is no file {path}, which {origin} names", subject=str(path), advice=_INIT)
    return path


def read_tables(path: Path) -> dict[str, Any]:
    """The file's tables, lists as tuples. Raises ConfigError (can't be read) or InvalidConfig (is no TOML)."""
    tables: dict[str, Any] = _tuples(_parsed(path))
    return tables


def _parsed(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}", subject=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 (byte {error.start + 1})", subject=str(path), advice="Save it as UTF-8."
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(path, [ConfigProblem((), f"no TOML: {_syntax(str(error))}")]) from error
    except RecursionError as error:
        raise InvalidConfig(path, [ConfigProblem((), "is nested too deeply")]) from error


def _syntax(message: str) -> str:
    """The parser's "Expected '=' after a key ... (at line 3, column 7)" with its place first."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message)
    if not found:
        return message
    place = f"line {found[2]}, column {found[3]}" if found[2] else "at its end"
    return f"{place}: {found[1][:1].lower()}{found[1][1:]}"


def _tuples(value: Any) -> Any:
    """Lists as tuples throughout: the settings are values that nobody can change."""
    if isinstance(value, list):
        return tuple(_tuples(one) for one in value)
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return value
