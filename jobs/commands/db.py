"""`tracker db`: look after the store."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import (
    common_options,
    config_at_a_glance,
    current_config,
    example,
    is_quiet,
    json_option,
    say_done,
)
from jobs.ending import DONE, FAILED
from jobs.terminal import note, say, say_json


@click.group(epilog=example("tracker db check", "tracker db backup"))
@common_options
def command() -> None:
    """Look after the store: upgrade, check, back up, restore, move."""


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
        say_done(f"The store is up to date (version {done.after}).")
    else:
        backup = f" The file as it was: {done.backup}" if done.backup else ""
        say_done(f"The store is now at version {done.after} (it was at {done.before}).{backup}")


@command.command(epilog=example("tracker db check", "tracker db check --json"))
@common_options
@json_option
def check(as_json: bool) -> int:
    """Read everything in the store, and hold it against its digests and today's rules.

    Exit code 1 where anything is wrong; each finding is one line.
    """
    from tracker.rederive import rederive
    from tracker.store.check import check as findings_in

    with open_for_reading(config_at_a_glance()) as store:
        findings = findings_in(store, rederive=rederive)
        if as_json:
            say_json({"store": store.url, "findings": findings})
            return FAILED if findings else DONE
        for finding in findings:
            say(finding)
        count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        say_done(f"{count} in {store.url}" if findings else f"All is well in {store.url}", well=not findings)
    return FAILED if findings else DONE


@command.command(epilog=example("tracker db backup", "tracker db backup --out /mnt/backups --keep 30"))
@common_options
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Default: store.backups.")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="How many stay; default: store.backups_kept.")
@json_option
def backup(out: Path | None, keep: int | None, as_json: bool) -> None:
    """Back the store up while it is in use: one SQLite file, opened and read before it counts."""
    from jobs.backup import make_backup
    from jobs.syncing import utc_now

    config = current_config(full=False)
    made = make_backup(
        config.store_url, folder=out or config.backup_folder, keep=keep or config.backups_kept, now=utc_now()
    )
    if as_json:
        say_json({"path": made.path, "bytes": made.bytes, "studies": made.studies, "dropped": made.dropped})
        return
    say_done(f"{made.path}: {made.bytes / 1e6:.1f} MB, {made.studies} studies, read and found sound")
    for dropped in made.dropped:
        say_done(f"  made room: {dropped}")


@command.command(epilog=example("tracker db restore data/backups/tracker-20261121T030000Z.db --replace"))
@common_options
@click.argument("backup_file", metavar="BACKUP", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--replace", is_flag=True, help="Put it in the place of the store that is there, which is kept beside it."
)
@json_option
def restore(backup_file: Path, replace: bool, as_json: bool) -> None:
    """Put a backup in the store's place. A PostgreSQL store must be empty.

    What was learnt since the backup is learnt again by the next run. Reports made since are made, and mailed, again.
    """
    from jobs.restoring import restore as put_back
    from jobs.syncing import utc_now
    from tracker.store.runs import last_finished_run

    config = current_config(full=False)
    kept = put_back(backup_file, config.store_url, replace=replace, now=utc_now())
    with open_for_reading(config) as store, store.connect() as connection:
        last = last_finished_run(connection)
    if as_json:
        ends = {"run": last.id, "finished_at": last.finished_at} if last else None
        say_json({"restored": str(backup_file), "kept": str(kept) if kept else None, "ends_with": ends})
        return
    say_done(f"{backup_file} is the store now.")
    if kept:
        say_done(f"The store as it was: {kept}")
    if last and last.finished_at:
        ended = f"run {last.id}, of {last.finished_at:%Y-%m-%d %H:%M} UTC"
        say_done(f"It ends with {ended}: reports made since are made again.")


@command.command(epilog=example("tracker db copy --to postgresql+psycopg://tracker@db.hospital.example/tracker"))
@common_options
@click.option("--to", "target", required=True, metavar="URL", help="The other store; made if need be.")
@json_option
def copy(target: str, as_json: bool) -> None:
    """Copy the store into another, verified row by row. One that was interrupted goes on where it stopped.

    Then name the other in [store] url, and keep this one until the first run there has succeeded.
    """
    from jobs.backup import copy_to

    told: set[str] = set()

    def progress(table: str, _rows: int) -> None:
        if table not in told:
            told.add(table)
            if not is_quiet():
                note(f"copying {table}")

    rows = copy_to(current_config(full=False).store_url, target, progress=progress)
    if as_json:
        say_json({"rows": rows})
    else:
        say_done(f"{rows} rows are in both stores, and the same.")
