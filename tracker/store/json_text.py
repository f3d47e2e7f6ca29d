"""How JSON columns are written: compact, and readable in Datasette (text stays text instead of escapes)."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_text(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # A registry text may hold half of a surrogate pair, which only an escape can carry.
        return json.dumps(value, separators=(",", ":"))
