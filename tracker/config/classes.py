"""What [taxonomy] of config.toml adds to the shipped classes: checked, and compiled together with them.

Only what needs the classes asks for it, because compiling them takes longer than a command that shows one trial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.config.problems import ConfigProblem, InvalidConfig

if TYPE_CHECKING:
    from tracker.taxonomy import Taxonomy

SECTION = "taxonomy"
_PATTERNS = ("match", "with_spine", "unless", "otherwise")


def taxonomy_problems(added: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Every problem of the section's tables, by its key, such as `taxonomy.treatment.vertebroplasty.match[1]`."""
    if not added:
        return
    from tracker.taxonomy import shipped
    from tracker.taxonomy.checks import problems_in

    found = [line.partition(": ") for line in problems_in(added, base=shipped().tables)]
    yield from (ConfigProblem((SECTION, key), reason) for key, _, reason in found)
    if not found:
        yield from _patterns_that_clash(added)


def taxonomy_in_force(path: Path, added: Mapping[str, Any]) -> Taxonomy:
    """The shipped classes with those of the file at `path`. Raises InvalidConfig with every problem of its tables."""
    from tracker.taxonomy import extended, shipped

    if not added:
        return shipped()
    problems = list(taxonomy_problems(added))
    if problems:
        raise InvalidConfig(path, problems)
    return extended(shipped(), added)


def _patterns_that_clash(added: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Patterns that compile alone, but not beside others: flags such as (?i), groups with names, references to groups.

    All patterns of a class become one, so that a text is read once.
    """
    from tracker.taxonomy.patterns import whole_words

    for axis, entries in added.items():
        for identifier, entry in entries.items():
            for key in _PATTERNS:
                for position, pattern in enumerate(entry.get(key, ()), start=1):
                    try:
                        whole_words(["another", pattern, pattern])
                    except re.error as error:
                        yield ConfigProblem(
                            (SECTION, f"{axis}.{identifier}.{key}[{position}]"),
                            f"the pattern {pattern!r} does not compile beside other patterns: {error}",
                        )
