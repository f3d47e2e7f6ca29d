"""`tracker landscape`: the tables that reviews make by hand, from the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jobs.commands.choosing import DAY, searches_named
from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, current_config, example, json_option, say_done
from jobs.terminal import columns, say, say_json, say_whole
from tracker.errors import UsageError

if TYPE_CHECKING:
    from reports.landscape.formats import Landscape
    from tracker.config import Config
    from tracker.searches import SearchDefinition

TABLES = ("completed-with-results", "active", "counts", "matrix", "flow")
FORMATS = ("table", "csv", "xlsx", "md", "html")


class ListedWords(click.ParamType[tuple[str, ...]]):
    """An option that is one or several of some words, separated by commas."""

    name = "list"

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = known

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        asked = value if isinstance(value, tuple) else tuple(part.strip() for part in str(value).split(","))
        for word in asked:
            if word not in self._known:
                self.fail(f"{word!r} is none of {', '.join(self._known)}", param, ctx)
        return asked


@click.command(
    epilog=example(
        "tracker landscape --table completed-with-results",
        "tracker landscape --as-of 2020-07-28 --format csv,md --out landscape",
        after="Formats that make files need --out; csv and md of one table are printed without it.",
    )
)
@common_options
@click.option("--table", "tables", type=ListedWords(TABLES), default=TABLES, show_default="all", metavar="LIST")
@click.option("--search", "name", metavar="NAME", help="Members of this search; default: of all.")
@click.option("--as-of", "day", type=DAY, metavar="DAY", help="As of this day of the registry's data; default: now.")
@click.option(
    "--format", "formats", type=ListedWords(FORMATS), default=("table",), show_default="table", metavar="LIST"
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write files here.")
@json_option
def command(
    tables: tuple[str, ...],
    name: str | None,
    day: date | None,
    formats: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Regenerate the reviews' tables: trials with results, active trials, counts, tumour by treatment, how found."""
    config = current_config(full=False)
    landscape = _landscape(config, searches_named(config, name), tables, day)
    if as_json:
        say_json(_as_data(landscape))
        return
    if "table" in formats:
        _print(landscape)
    files = tuple(one for one in formats if one != "table")
    if not files:
        return
    from reports.landscape.formats import rendered

    made = rendered(landscape, files)
    if out is not None:
        from reports.copies import write_copies

        for path in write_copies(out, made):
            say_done(str(path))
    elif len(made) == 1 and files[0] in ("csv", "md"):
        say_whole(next(iter(made.values())).decode("utf-8-sig"))
    else:
        raise UsageError("these formats make several files, or no text", advice="Say where to write them with --out.")


def _landscape(
    config: Config, searches: tuple[SearchDefinition, ...], tables: tuple[str, ...], day: date | None
) -> Landscape:
    from jobs.surveying import survey

    with open_for_reading(config) as store:
        return survey(store, searches, tables=tables, day=day, taxonomy=config.classes())


def _print(landscape: Landscape) -> None:
    from reports.landscape.table import cell_text

    for table in landscape.tables:
        say(f"{table.title} ({len(table.rows)})" if table.name in TABLES[:2] else table.title)
        rows = [[cell_text(value) for value in row] for row in table.rows]
        for line in columns(table.columns, rows, widest=70):
            say(line)
        if table.note:
            say(f"{table.note}")
        say()
    say(landscape.methods)


def _as_data(landscape: Landscape) -> dict[str, object]:
    return {
        "title": landscape.title,
        "data_date": landscape.data_date,
        "methods": landscape.methods,
        "tables": {
            table.name: {
                "title": table.title,
                "note": table.note,
                "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
            }
            for table in landscape.tables
        },
    }
