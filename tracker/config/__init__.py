"""config.toml: what is tracked, how, and who is told.

`load_config` gives the checked whole as plain values (`Config`, in `effective`). Sections and keys are in `models`,
checks of single values in `values` and `expressions`, those between keys in `checks`; `file` finds and reads the
file, `loading` checks it as a whole, `shown` writes settings for people, without secrets. `glance` reads only what
commands need that look into the store, because pydantic takes longer to import than they have to answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.config.effective import Config, load_config
    from tracker.config.file import FILE_NAME, VARIABLE, find_config
    from tracker.config.glance import Glance, glance_at
    from tracker.config.problems import ConfigProblem, InvalidConfig

__all__ = [
    "FILE_NAME",
    "VARIABLE",
    "Config",
    "ConfigProblem",
    "Glance",
    "InvalidConfig",
    "find_config",
    "glance_at",
    "load_config",
]

_HOMES = {
    "Config": "effective",
    "load_config": "effective",
    "FILE_NAME": "file",
    "VARIABLE": "file",
    "find_config": "file",
    "Glance": "glance",
    "glance_at": "glance",
    "ConfigProblem": "problems",
    "InvalidConfig": "problems",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
