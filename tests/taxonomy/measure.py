"""Measures the taxonomy on the records labelled by hand: `python -m tests.taxonomy.measure [--wrong]`.

Prints precision, recall and F1 of every class, micro-F1, the share of right relevance and of right roles, each for
the records that the rules were made with and for those held out; `--wrong` lists what is labelled otherwise.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.taxonomy.labelled import LabelledRecord, expected_labels, given_labels, labelled_records
from tracker.taxonomy import classify, shipped


@dataclass(frozen=True, slots=True)
class Score:
    """Labels given rightly, given wrongly and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self != Score() else 1.0


def micro(records: Iterable[LabelledRecord], *, with_roles: bool = False) -> Score:
    """All labels of all records together."""
    scores = per_class(records, with_roles=with_roles).values()
    return Score(sum(s.right for s in scores), sum(s.wrong for s in scores), sum(s.missed for s in scores))


def per_class(records: Iterable[LabelledRecord], *, with_roles: bool = False) -> dict[str, Score]:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for record in records:
        expected = expected_labels(record.expected, with_roles=with_roles)
        given = given_labels(classify(record.study), with_roles=with_roles)
        right.update(expected & given)
        wrong.update(given - expected)
        missed.update(expected - given)
    return {name: Score(right[name], wrong[name], missed[name]) for name in sorted(right | wrong | missed)}


def relevance_right(records: Sequence[LabelledRecord]) -> float:
    """The share of records whose relevance is the person's."""
    return sum(classify(one.study).relevance == one.expected.relevance for one in records) / len(records)


def main(arguments: Sequence[str]) -> None:
    everything = labelled_records()
    parts = {
        "developed on": [record for record in everything if not record.held_out],
        "held out": [record for record in everything if record.held_out],
        "all": list(everything),
    }
    print(f"taxonomy {shipped().version}, {len(everything)} records labelled by hand\n")
    print(f"{'':14}{'records':>8}{'micro-F1':>10}{'with roles':>12}{'relevance':>11}")
    for name, records in parts.items():
        print(
            f"{name:14}{len(records):8}{micro(records).f1:10.3f}{micro(records, with_roles=True).f1:12.3f}"
            f"{relevance_right(records):11.1%}"
        )
    print(f"\n{'class':40}{'right':>6}{'wrong':>6}{'missed':>7}{'precision':>10}{'recall':>8}{'F1':>7}")
    for name, score in per_class(everything).items():
        figures = f"{score.precision:10.2f}{score.recall:8.2f}{score.f1:7.2f}"
        print(f"{name:40}{score.right:6}{score.wrong:6}{score.missed:7}{figures}")
    start = time.perf_counter()
    labels = sum(len(classify(record.study).labels) for record in everything)
    seconds = time.perf_counter() - start
    print(f"\n{labels / seconds:.0f} labels, {len(everything) / seconds:.0f} studies a second")
    if "--wrong" in arguments:
        _print_wrong(parts["developed on" if "--developed" in arguments else "all"])


def _print_wrong(records: Iterable[LabelledRecord]) -> None:
    for record in records:
        classes = classify(record.study)
        expected = expected_labels(record.expected, with_roles=True)
        given = given_labels(classes, with_roles=True)
        off = [f"+ {one}" for one in sorted(given - expected)] + [f"- {one}" for one in sorted(expected - given)]
        if classes.relevance != record.expected.relevance:
            off.insert(0, f"relevance {classes.relevance}, not {record.expected.relevance}")
        if off:
            print(f"{record.key}: {'; '.join(off)}")


if __name__ == "__main__":
    main(sys.argv[1:])
