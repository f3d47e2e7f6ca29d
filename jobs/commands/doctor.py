"""`tracker doctor`: looks for what is wrong, and says what to do."""

from __future__ import annotations

import os

import click

from jobs.commands.options import common_options, current_config, example, is_quiet, json_option
from jobs.terminal import say, say_json


@click.command(
    epilog=example(
        "tracker doctor",
        "tracker doctor --json",
        after="Exit codes: 0 all is well; 1 something fails; 2 config.toml is wrong; 3 something is to be looked at.",
    )
)
@common_options
@json_option
def command(as_json: bool) -> int:
    """Look at the configuration, the store, disks, the registry, the clock and the mail server.

    One question goes to the registry, and the mail server is connected to; nothing is sent or changed.
    """
    from jobs.doctor import Level, examine, exit_code, lines
    from jobs.syncing import utc_now

    config = current_config()
    findings = []
    for finding in examine(config, environ=os.environ, now=utc_now):
        findings.append(finding)
        if not as_json and not (is_quiet() and finding.level is Level.OK):
            for line in lines([finding]):
                say(line)
    if as_json:
        say_json(
            [{"about": one.about, "level": one.level.value, "said": one.said, "advice": one.advice} for one in findings]
        )
    return exit_code(findings)
