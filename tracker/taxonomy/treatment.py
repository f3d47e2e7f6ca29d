"""Reads what a study does to its participants: treatments, each with its role, and whether they make a hybrid."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.study import Study
from tracker.taxonomy.model import Label
from tracker.taxonomy.roles import Roles, roles
from tracker.taxonomy.trial import Trial
from tracker.taxonomy.vocabulary import TREATMENT, Taxonomy


@dataclass(frozen=True, slots=True)
class Treatments:
    """The labels, in the order of the taxonomy, and whether surgery and stereotactic radiation share an arm."""

    labels: tuple[Label, ...]
    hybrid: bool


def treatments(study: Study, taxonomy: Taxonomy) -> Treatments:
    """The treatments of a study. Where only the group of one can be read, the label is the group's."""
    trial = Trial(study, taxonomy)
    found = roles(trial)
    labels = tuple(
        Label(
            axis=TREATMENT,
            id=rule.id,
            words=rule.words,
            readings=tuple(dict.fromkeys(mention.reading for mention in trial.mentions(rule.id))),
            group=rule.group,
            role=found[rule.id],
        )
        for rule in trial.rules.values()
        if rule.id in found
    )
    return Treatments(labels, _hybrid(trial, found))


def _hybrid(trial: Trial, found: Roles) -> bool:
    operations = [trial.rules[one] for one in found if trial.rules[one].group == "surgery"]
    return "stereotactic" in found and any(trial.share_an_arm(one, "stereotactic") for one in operations)
