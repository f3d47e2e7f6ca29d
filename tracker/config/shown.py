"""The settings in force as people see them: defaults filled in, paths absolute, no password."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tracker.config.effective import Config
from tracker.config.values import without_password


def settings_in_force(config: Config) -> dict[str, Any]:
    """The file's sections and keys; what is not set and has no default is left out."""
    shown = config.settings.model_dump(mode="json", exclude_none=True)
    shown["store"]["url"] = without_password(config.store_url)
    shown["output"]["folder"] = str(config.output_folder)
    if config.ca_bundle:
        shown["registry"]["ca_bundle"] = str(config.ca_bundle)
    for key in ("base_url", "proxy"):
        if key in shown["registry"]:
            shown["registry"][key] = without_password(shown["registry"][key])
    for report, definition in zip(shown["report"], config.reports, strict=False):
        report["searches"] = list(definition.searches)
        if not definition.kinds:
            report["least_weight"] = definition.least_weight.value
    return {section: content for section, content in shown.items() if content not in ([], {})}


def as_toml(settings: Mapping[str, Any]) -> str:
    """`settings` as TOML that reads back as the same."""
    return "\n\n".join("\n".join(lines) for lines in _tables(settings, ()))


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[list[str]]:
    for key, content in table.items():
        here = (*path, key)
        if isinstance(content, Mapping) and content and all(isinstance(one, Mapping) for one in content.values()):
            yield from _tables(content, here)
        elif isinstance(content, Mapping):
            yield [f"[{'.'.join(here)}]", *_pairs(content)]
        elif _is_array_of_tables(key, content):
            for one in content:
                yield [f"[[{'.'.join(here)}]]", *_pairs(one)]
                yield from _tables({name: sub for name, sub in one.items() if _is_array_of_tables(name, sub)}, here)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} = {_value(content)}"
        for key, content in table.items()
        if not _is_array_of_tables(key, content) and content != []
    ]


def _is_array_of_tables(key: str, content: Any) -> bool:
    # include and exclude are lists of tables too, but a person writes them in one line each.
    return isinstance(content, list) and key in ("search", "term", "report", "recipient")


def _value(content: Any) -> str:
    if isinstance(content, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(one)}' for key, one in content.items())} }}"
    if isinstance(content, list):
        return f"[{', '.join(_value(one) for one in content)}]"
    if isinstance(content, str) and '"' in content and "'" not in content and content.isprintable():
        return f"'{content}'"
    # A JSON text, number or truth value is one in TOML as well.
    return json.dumps(content, ensure_ascii=not (isinstance(content, str) and content.isprintable()))
