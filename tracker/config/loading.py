"""Checks a config file as a whole: its settings as written, or every problem in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tracker.config.checks import contradictions, impossible_schedules
from tracker.config.classes import taxonomy_problems
from tracker.config.file import read_tables
from tracker.config.models import Settings
from tracker.config.problems import ConfigProblem, InvalidConfig, Place, suggestion

_TOML_KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    tuple: "a list",
    dict: "a table",
}
_EXPECTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def read_settings(path: Path, *, full: bool = True) -> Settings:
    """The file's settings as written, defaults filled in. Raises InvalidConfig with all problems, or ConfigError.

    Without `full` cron expressions are checked in their form only, which spares importing the timer.
    """
    tables = read_tables(path)
    problems: list[ConfigProblem] = []
    settings = None
    try:
        settings = Settings.model_validate(tables)
    except ValidationError as invalid:
        problems += [_problem(error) for error in invalid.errors(include_url=False)]
    problems += contradictions(tables)
    if isinstance(added := tables.get("taxonomy"), dict):
        problems += taxonomy_problems(added)
    if full:
        problems += impossible_schedules(tables)
    if problems or settings is None:
        raise InvalidConfig(path, sorted(set(problems), key=_order))
    return settings


def _problem(error: ErrorDetails) -> ConfigProblem:
    return ConfigProblem(error["loc"], _reason(error, error["loc"]))


def _reason(error: ErrorDetails, place: Place) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        what = "section" if len(place) == 1 and isinstance(error["input"], (dict, tuple)) else "key"
        return f"unknown {what}; {suggestion(str(place[-1]), _keys_at(place[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind == "tuple_type" and isinstance(error["input"], dict):
        name = ".".join(str(part) for part in place if isinstance(part, str))
        return f"write [[{name}]] with two brackets: there can be several"
    if kind in _EXPECTED:
        return f"{_EXPECTED[kind]} is expected, not {_TOML_KINDS.get(type(error['input']), 'a date or time')}"
    if kind == "literal_error":
        known = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f'"{error["input"]}" is not possible; {suggestion(str(error["input"]), known)}'
    return str(error["msg"]).replace("Input should", "must")


def _keys_at(place: Place) -> list[str]:
    """The keys that the section at `place` has."""
    model: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, str):
            model = _section_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _section_in(one))), None)


def _order(problem: ConfigProblem) -> tuple[int, str]:
    section = problem.place[0] if problem.place else ""
    sections = list(Settings.model_fields)
    return (sections.index(str(section)) if section in sections else -1, repr(problem.place))
