"""`tracker demo`: the review's trials as they really changed from 2018 to 2020, without a network."""

from __future__ import annotations

import shutil
from datetime import date
from importlib import resources
from pathlib import Path

import click

from jobs.commands.opening import open_for_writing
from jobs.commands.options import common_options, example, say_done
from tracker.errors import OutputError

STATES = ("2018-05-29", "2020-07-28")

_CONFIG = """\
# Written by `tracker demo`: the trials of a review paper, as the registry had them on two days.
# Try `tracker --config {path} show NCT01654068`, or `list`, `status`, `report --replay 2`.

[store]
url = "sqlite:///tracker.db"

[output]
folder = "reports"

[[search]]
name = "spine-tumour"
description = "Spine-tumour trials"

  [[search.term]]
  condition = 'Spine tumor'

[[report]]
name = "changes"
formats = ["html", "csv", "json", "xlsx", "md", "studies"]
"""


@click.command(epilog=example("tracker demo", "tracker demo --out /tmp/demo"))
@common_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="A folder for the demo's own store and reports.",
)
def command(out: Path) -> None:
    """Play the bundled history of the review's trials: two states, a report after each.

    The first report is a baseline, which announces no news; the second tells what changed in between.
    """
    from jobs.reporting import next_report
    from jobs.syncing import import_files, utc_now
    from tracker.config import load_config

    config = load_config(_fresh(out), full=False)
    [search] = config.searches
    [definition] = config.reports
    pages = []
    with open_for_writing(config) as store:
        for state in STATES:
            with resources.as_file(resources.files("jobs") / "bundled" / f"{state}.json") as file:
                import_files(store, search, [file], data_date=date.fromisoformat(state), complete=True)
            written = next_report(
                store,
                definition,
                titles={search.name: search.description},
                now=utc_now(),
                output=config.output_folder,
            )
            pages.append(written.files[0])
            say_done(written.headline)
    say_done(f"\nThe report: {pages[-1]}\nThe baseline before it: {pages[0]}")
    say_done(f"Look further: tracker show NCT01654068 --config {config.path}")


def _fresh(folder: Path) -> Path:
    """The demo's config in an empty folder. What an earlier demo left there goes; anything else is refused."""
    config = folder / "config.toml"
    text = _CONFIG.format(path=config)
    try:
        if folder.exists() and any(folder.iterdir()):
            if not config.is_file() or config.read_text(encoding="utf-8").partition("\n")[0] != text.partition("\n")[0]:
                raise OutputError(
                    f"{folder} holds other things than an earlier demo",
                    subject=str(folder),
                    advice="Name another folder with --out.",
                )
            _remove_earlier(folder)
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} can't be written: {error.strerror}",
            subject=str(folder),
            advice="Name another folder with --out.",
        ) from error
    return config


def _remove_earlier(folder: Path) -> None:
    for left in folder.glob("tracker.db*"):
        left.unlink()
    shutil.rmtree(folder / "reports", ignore_errors=True)
