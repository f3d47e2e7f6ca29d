"""Which arms of a study test something, and which stand beside for comparison."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.study import Arm
from tracker.taxonomy.patterns import plain
from tracker.taxonomy.vocabulary import Taxonomy

_NEVER_TESTED = frozenset({"PLACEBO_COMPARATOR", "SHAM_COMPARATOR", "NO_INTERVENTION"})


def tested_arms(arms: Sequence[Arm], taxonomy: Taxonomy) -> frozenset[int]:
    """Positions of the arms that test something.

    The experimental ones; where none is typed so, all but those for placebo, sham or no intervention, and but those
    that their label calls control or standard, as long as one is left.
    """
    experimental = frozenset(position for position, arm in enumerate(arms) if arm.type == "EXPERIMENTAL")
    if experimental:
        return experimental
    treated = frozenset(position for position, arm in enumerate(arms) if arm.type not in _NEVER_TESTED)
    control = taxonomy.words["control"]
    not_control = frozenset(position for position in treated if not control.first(plain(arms[position].label)))
    return not_control or treated
