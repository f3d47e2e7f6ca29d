"""`tracker db`: bring the store up to date, or check it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, config_at_a_glance, example, json_option
from jobs.ending import DONE, FAILED
from jobs.terminal import say, say_json


@click.group(epilog=example("tracker db upgrade", "tracker db check"))
@common_options
def command() -> None:
    """Bring the store up to date, or check it."""


@command.command(epilog=example("tracker db upgrade"))
@common_options
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the store to this program's version; an SQLite file is copied first.

    Commands that write do the same by themselves.
    """
    from tracker.store.upgrade import upgrade_store

    done = upgrade_store(config_at_a_glance().store_url)
    if as_json:
        say_json({"before": done.before, "after": done.after, "backup": str(done.backup) if done.backup else None})
    elif done.before == done.after:
        say(f"The store is up to date (version {done.after}).")
    else:
        backup = f" The file as it was: {done.backup}" if done.backup else ""
        say(f"The store is now at version {done.after} (it was at {done.before}).{backup}")


@command.command(epilog=example("tracker db check", "tracker db check --json"))
@common_options
@json_option
def check(as_json: bool) -> int:
    """Read everything in the store, and hold it against its digests and today's rules.

    Exit code 1 where anything is wrong; each finding is one line.
    """
    from tracker.store.check import check as findings_in

    with open_for_reading(config_at_a_glance()) as store:
        findings = findings_in(store, rederive=_changes_between)
        if as_json:
            say_json({"store": store.url, "findings": findings})
            return FAILED if findings else DONE
        for finding in findings:
            say(finding)
        say(f"{len(findings)} findings in {store.url}" if findings else f"All is well in {store.url}")
    return FAILED if findings else DONE


def _changes_between(older: bytes, newer: bytes) -> Iterable[tuple[str, str]]:
    from tracker.diff import diff
    from tracker.parse import parse

    return [(change.kind.value, change.field) for change in diff(parse(older), parse(newer))]
