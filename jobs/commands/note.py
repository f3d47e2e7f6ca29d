"""`tracker note`: a remark that stands beside a trial."""

from __future__ import annotations

import click

from jobs.commands.marks import mark_options, mark_or_list
from jobs.commands.options import NCT_ID, example
from tracker.marks import Mark


@click.command(
    epilog=example(
        'tracker note NCT00508443 "asked the sponsor on 3 March; an answer is expected in April"',
        'tracker note NCT00508443 NCT00855803 "for the tumour board" --by "Ana Pop"',
        "tracker note --list",
        "tracker note NCT00508443 --withdraw",
    )
)
@mark_options
@click.argument("words", metavar="NCT… TEXT", nargs=-1)
def command(words: tuple[str, ...], by: str | None, withdraw: bool, listed: bool, as_json: bool) -> int:
    """Put a remark beside a trial: in every report that names it, and in "tracker show".

    The text comes last, as one word in quotation marks.
    """
    ctx = click.get_current_context()
    trials, text = (words, None) if withdraw or listed else (words[:-1], words[-1] if words else None)
    if text is not None and not trials:
        raise click.UsageError('Name the trial and then the text: tracker note NCT00508443 "the text"', ctx)
    nct_ids = tuple(NCT_ID.convert(one, None, ctx) for one in trials)
    remark = ("the remark", text)
    return mark_or_list(Mark.NOTE, nct_ids, text=remark, by=by, withdraw=withdraw, listed=listed, as_json=as_json)
