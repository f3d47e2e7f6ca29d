"""Every pair of overall statuses, and what the change from one to the other is told as. Written down, not computed."""

from __future__ import annotations

GROUPS = {
    "absent": ["absent"],
    "not yet": ["NOT_YET_RECRUITING", "WITHHELD"],
    "taking": ["RECRUITING", "ENROLLING_BY_INVITATION", "AVAILABLE"],
    "not taking": [
        "ACTIVE_NOT_RECRUITING",
        "NO_LONGER_AVAILABLE",
        "TEMPORARILY_NOT_AVAILABLE",
        "APPROVED_FOR_MARKETING",
    ],
    "completed": ["COMPLETED"],
    "stopped": ["TERMINATED", "WITHDRAWN", "SUSPENDED"],
    "unknown": ["UNKNOWN"],
    "a new word": ["PAUSED"],
}

# A word that the registry adds tells nothing about patients until they are taken again; so does a missing status.
TABLE = """
from \\ to     absent   not_yet  taking    not_taking  completed  stopped  unknown  a_new_word
absent         -        status   opened    status      completed  stopped  status   status
not yet        status   status   opened    status      completed  stopped  status   status
taking         status   closed   status    closed      completed  stopped  status   status
not taking     status   status   reopened  status      completed  stopped  status   status
completed      status   status   reopened  status      -          stopped  status   status
stopped        status   status   reopened  status      completed  stopped  status   status
unknown        status   status   reopened  status      completed  stopped  -        status
a new word     status   status   reopened  status      completed  stopped  status   -
"""


def _kinds() -> dict[tuple[str, str], str]:
    header, *rows = [line for line in TABLE.splitlines() if line]
    groups = list(GROUPS)
    if [name.replace("_", " ") for name in header.split()[3:]] != groups:
        raise ValueError("the table's columns are not the groups")
    kinds = {}
    for group, row in zip(groups, rows, strict=True):
        for to, kind in zip(groups, row.removeprefix(group).split(), strict=True):
            kinds[group, to] = "closed_to_recruitment" if kind == "closed" else kind
    return kinds


KIND_BETWEEN = _kinds()
"""By the groups of the status before and after."""

GROUP_OF = {status: group for group, statuses in GROUPS.items() for status in statuses}
