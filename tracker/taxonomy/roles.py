"""Gives every treatment of a trial its role.

The registry types arms, not treatments; so a role is worked out from the arms that get a treatment, from what else
those arms differ in, and from the way the titles speak of it.

1. What only arms for comparison get is a comparator (`_registered_role`); without typed arms, what a title puts after
   "versus", or an intervention calls "only" or "standard".
2. What all arms get in the same way, while something else differs, is background.
3. What only titles name is tested, unless they put it before, after or around what is tested (`_titled_role`).
4. What is left as tested is background where it goes along with the rest (`_goes_along`): imaging and questionnaires,
   an operation of no named kind, what the title says was done before.
"""

from __future__ import annotations

from tracker.taxonomy.mentions import Manner
from tracker.taxonomy.model import Role
from tracker.taxonomy.trial import Trial

Roles = dict[str, Role]


def roles(trial: Trial) -> Roles:
    """Treatment → role. What a title mentions in passing, and what a narrower treatment says, is left out."""
    found = {one: role for one in trial.rules if (role := _first_role(trial, one)) is not None}
    for ancillary in (False, True):  # what goes along is judged by what is left to go along with
        tested = [one for one, role in found.items() if role is Role.TESTED]
        for one in tested:
            if trial.rules[one].ancillary is ancillary and _goes_along(trial, one, tested):
                found[one] = Role.BACKGROUND
    _name_groups_by_titles(trial, found)
    if Role.TESTED not in found.values():
        _promote(trial, found)
    return {one: role for one, role in found.items() if not _said_narrower(trial, one, found)}


def _first_role(trial: Trial, one: str) -> Role | None:
    if not trial.is_registered(one):
        return _titled_role(trial, one)
    return _registered_role(trial, one)


def _registered_role(trial: Trial, one: str) -> Role:
    if not trial.study.arms:
        compared = _only_as_control(trial, one) or trial.compared_with(one)
        return Role.COMPARATOR if compared else Role.TESTED
    if not trial.arms(one) & trial.tested_arms:
        return Role.COMPARATOR
    experimental = any(arm.type == "EXPERIMENTAL" for arm in trial.study.arms)
    if trial.compared_with(one) and not experimental:  # an experimental arm says it better than a title
        return Role.COMPARATOR
    subject = trial.the_one_in_titles(one) and not trial.unread_differ()
    return Role.BACKGROUND if _shared_by_all(trial, one) and not subject else Role.TESTED


def _only_as_control(trial: Trial, one: str) -> bool:
    """ "SBRT only", in a record without arms that has other interventions; "conventional surgery" is none."""
    control = trial.taxonomy.words["control"]
    own = [mention for mention in trial.mentions(one) if mention.registered]
    others = {mention.intervention for mention in trial.registered} | trial.unread
    alone = len(others) < 2 or trial.is_group(one)
    return not alone and all(control.first(mention.reading.passage) for mention in own)


def _shared_by_all(trial: Trial, one: str) -> bool:
    """All arms get it in the same way, and something else is what they differ in."""
    if len(trial.all_arms) < 2 or trial.arms(one) != trial.all_arms or trial.differs(one):
        return False
    counting = [rule.id for rule in trial.rules.values() if trial.rules[one].ancillary or not rule.ancillary]
    return any(trial.tells_arms_apart(other) for other in counting) or trial.unread_differ()


def _titled_role(trial: Trial, one: str) -> Role | None:
    """Of a treatment that only a title or a keyword mentions; None where it says nothing new."""
    mentions = trial.mentions(one)
    manners = {mention.manner for mention in mentions}
    if Manner.NAMED not in manners:
        return Role.BACKGROUND
    rule, read = trial.rules[one], not trial.unread
    if trial.is_group(one) and trial.study.interventions and read:
        return Role.BACKGROUND if Manner.AROUND in manners else None
    narrow = {mention.rule.id for mention in trial.registered if not trial.is_group(mention.rule.id)}
    if rule.ancillary and read and narrow:
        return None
    control = trial.taxonomy.words["control"]
    usual = any(control.first(mention.reading.words) for mention in mentions)
    if (usual and trial.narrower(rule.group or "", sorted(narrow))) or trial.compared_with(one):
        return Role.COMPARATOR
    return Role.TESTED


def _goes_along(trial: Trial, one: str, tested: list[str]) -> bool:
    """Whether it only goes with the tested treatments, or stands around them."""
    if len(trial.all_arms) > 1 and trial.differs(one):
        return False
    others = [other for other in tested if other != one]
    main = [other for other in others if not trial.rules[other].ancillary]
    if main and trial.rules[one].ancillary:
        return True
    if trial.only_around(one) and any(trial.named_in_title(other) for other in main):
        return True
    if trial.named_in_title(one):
        return False
    unnamed_kind = trial.is_group(one) and bool(trial.registered)
    return (unnamed_kind and any(not trial.is_group(other) for other in others)) or trial.unread_in_title()


def _name_groups_by_titles(trial: Trial, found: Roles) -> None:
    """The radiation of an intervention "Radiotherapy" is the "palliative radiotherapy" of the title."""
    for group in [one for one in found if trial.is_group(one) and trial.is_registered(one)]:
        narrower = trial.narrower(group, list(found))
        if len(narrower) == 1 and not trial.is_registered(narrower[0]):
            found[narrower[0]] = found.pop(group)


def _promote(trial: Trial, found: Roles) -> None:
    """A record that registers nothing tests what its titles name, be it only "in"."""
    if trial.unread or trial.registered:
        return
    for mention in trial.titled:
        if mention.manner is Manner.WITHIN:
            found[mention.rule.id] = Role.TESTED


def _said_narrower(trial: Trial, one: str, found: Roles) -> bool:
    """Whether a group says nothing that a treatment of the group doesn't say.

    In the same role it says nothing; a title's "pre-irradiation" in none, where the kind of irradiation is known.
    """
    if not trial.is_group(one):
        return False
    narrower = trial.narrower(one, list(found))
    return any(found[other] is found[one] for other in narrower) or bool(narrower and not trial.is_registered(one))
