"""Reads what a study does to its participants, and gives every treatment its role.

The registry types arms, not treatments; so a role is worked out from the arms that get a treatment, from what else
those arms differ in, and from the way the titles speak. `role_of` has the rules, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.study import Study
from tracker.taxonomy.arms import tested_arms
from tracker.taxonomy.mentions import Manner, Mention, arms_of, keyed, registered, rules_for, titled
from tracker.taxonomy.model import Label, Role
from tracker.taxonomy.patterns import plain
from tracker.taxonomy.vocabulary import GROUPS, TREATMENT, Rule, Taxonomy


@dataclass(frozen=True, slots=True)
class Treatments:
    """The labels, in the order of the taxonomy, and whether surgery and stereotactic radiation share an arm."""

    labels: tuple[Label, ...]
    hybrid: bool


def treatments(study: Study, taxonomy: Taxonomy) -> Treatments:
    trial = _Trial(study, taxonomy)
    roles = trial.roles()
    labels = []
    for rule in trial.rules:
        role = roles.get(rule.id)
        if role is not None and not _said_more_narrowly(rule, role, roles, trial.rules):
            readings = tuple(dict.fromkeys(mention.reading for mention in trial.mentions(rule.id)))
            labels.append(Label(TREATMENT, rule.id, rule.words, readings, rule.group, role))
    return Treatments(tuple(labels), trial.hybrid(roles))


def _said_more_narrowly(rule: Rule, role: Role, roles: dict[str, Role], rules: Iterable[Rule]) -> bool:
    """Whether a group says nothing that a treatment of the group, in the same role, doesn't say."""
    narrower = [other for other in rules if other.group == rule.id and other.axis == TREATMENT]
    return rule.axis == GROUPS and any(roles.get(other.id) is role for other in narrower)


class _Trial:
    """One study's mentions, and the rules about them."""

    def __init__(self, study: Study, taxonomy: Taxonomy) -> None:
        self._study = study
        self._taxonomy = taxonomy
        candidates = rules_for(study, taxonomy)
        self._registered = registered(study, candidates, taxonomy)
        self._titled = titled(study, candidates, taxonomy)
        self._tested_arms = tested_arms(study.arms, taxonomy)
        self._unread = self._unread_interventions()
        self._keyed = self._telling_keywords(keyed(study, candidates))
        self._rules = {
            mention.rule.id: mention.rule for mention in (*self._registered, *self._titled, *self._keyed)
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Of the treatments that are mentioned, in the order of the taxonomy."""
        order = {(rule.axis, rule.id): position for position, rule in enumerate(self._taxonomy.rules)}
        return tuple(sorted(self._rules.values(), key=lambda rule: order[rule.axis, rule.id]))

    def mentions(self, identifier: str) -> tuple[Mention, ...]:
        everywhere = (*self._registered, *self._titled, *self._keyed)
        return tuple(mention for mention in everywhere if mention.rule.id == identifier)

    def roles(self) -> dict[str, Role]:
        """The role of every treatment that has one; what a title mentions in passing has none."""
        found = {rule.id: role for rule in self._rules.values() if (role := self._main_role(rule)) is not None}
        for ancillary in (False, True):  # what goes along is judged by what is left to go along with
            tested = {identifier for identifier, role in found.items() if role is Role.TESTED}
            for identifier in tested:
                if self._rules[identifier].ancillary is ancillary and self._goes_along(identifier, tested):
                    found[identifier] = Role.BACKGROUND
        self._give_names(found)
        roles = {one: role for one, role in found.items() if not self._title_says_it_narrower(one, found)}
        if Role.TESTED not in roles.values():
            self._promote(roles)
        return roles

    def hybrid(self, roles: dict[str, Role]) -> bool:
        """Surgery and stereotactic radiation in one arm; in one record, where it has no arms."""
        surgery = [self._given(rule.id) for rule in self._rules.values() if rule.group == "surgery" and rule.id in roles]
        stereotactic = self._given("stereotactic") if "stereotactic" in roles else frozenset()
        return any(one & stereotactic for one in surgery)

    def _given(self, identifier: str) -> frozenset[int]:
        """The arms that get a treatment; a record without arms is one arm."""
        named = [one for one in self.mentions(identifier) if one.manner is Manner.NAMED]
        if not self._study.arms:
            return frozenset({0}) if named else frozenset()
        return frozenset[int]().union(*(one.arms or frozenset() for one in named))

    def _unread_interventions(self) -> frozenset[int]:
        """Interventions that are treatments, but none that the taxonomy knows."""
        read = {mention.intervention for mention in self._registered}
        passed_over = (self._taxonomy.words["placebo"], self._taxonomy.words["support"])
        return frozenset(
            position
            for position, intervention in enumerate(self._study.interventions)
            if position not in read and not any(words.first(plain(intervention.name)) for words in passed_over)
        )

    def _telling_keywords(self, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """Keywords tell of treatments where nothing else does; of new techniques always, as titles often don't."""
        silent = not self._registered and not self._titled and not self._unread
        return tuple(
            mention
            for mention in mentions
            if mention.rule.group == "emerging" or (silent and not mention.rule.ancillary)
        )

    def _main_role(self, rule: Rule) -> Role | None:
        mentions = self.mentions(rule.id)
        arms = self._arms(mentions)
        if not any(mention.registered for mention in mentions):
            return self._title_role(rule, mentions)
        if arms is None:
            return Role.COMPARATOR if self._only_as_control(rule, mentions) else Role.TESTED
        if not arms & self._tested_arms:
            return Role.COMPARATOR
        if self._compared_with(rule.id):
            return Role.COMPARATOR
        if self._shared_by_all(rule, arms) and not self._the_one_in_titles(rule):
            return Role.BACKGROUND
        return Role.TESTED

    def _arms(self, mentions: Iterable[Mention]) -> frozenset[int] | None:
        """The arms that get a treatment. One that is linked to none is taken to be in all."""
        own = [mention for mention in mentions if mention.registered]
        if not self._study.arms or not own:
            return None
        if any(mention.arms is None for mention in own):
            return frozenset(range(len(self._study.arms)))
        return frozenset[int]().union(*(mention.arms or frozenset() for mention in own))

    def _title_role(self, rule: Rule, mentions: Sequence[Mention]) -> Role | None:
        """Of a treatment that only a title or a keyword mentions."""
        manners = {mention.manner for mention in mentions}
        if Manner.NAMED not in manners:
            return Role.BACKGROUND
        if self._is_group(rule) and self._study.interventions and not self._unread:
            return Role.BACKGROUND if Manner.AROUND in manners else None
        if rule.ancillary and not self._unread and any(not self._is_group(one.rule) for one in self._registered):
            return None
        control = self._taxonomy.words["control"]
        others = {one.rule.id for one in self._registered if one.rule.group == rule.group} - {rule.id, rule.group}
        if others and any(control.first(mention.reading.words) for mention in mentions):
            return Role.COMPARATOR
        return Role.COMPARATOR if self._compared_with(rule.id) else Role.TESTED

    def _only_as_control(self, rule: Rule, mentions: Iterable[Mention]) -> bool:
        """ "SBRT only", in a record without arms that has other interventions."""
        if self._is_group(rule):  # "conventional surgery" is what goes with everything
            return False
        control = self._taxonomy.words["control"]
        own = [mention for mention in mentions if mention.registered]
        others = {one.intervention for one in self._registered} | self._unread
        return len(others) > 1 and all(control.first(mention.reading.passage) for mention in own)

    def _compared_with(self, identifier: str) -> bool:
        """A title names it only after "versus", and others only before; an experimental arm says it better."""
        registered = any(mention.registered for mention in self.mentions(identifier))
        if registered and any(arm.type == "EXPERIMENTAL" for arm in self._study.arms):
            return False
        before = {mention.rule.id for mention in self._titled if mention.side == -1}
        after = {mention.rule.id for mention in self._titled if mention.side == 1}
        return identifier in after - before and bool(before - after)

    def _shared_by_all(self, rule: Rule, arms: frozenset[int]) -> bool:
        """All arms get it in the same way, and something else is what they differ in."""
        everywhere = frozenset(range(len(self._study.arms)))
        if len(everywhere) < 2 or arms != everywhere or self._differs(rule.id):
            return False
        others = [one.id for one in self._rules.values() if rule.ancillary or not one.ancillary]
        return any(self._tells_arms_apart(other) for other in others) or self._unread_differ()

    def _differs(self, identifier: str) -> bool:
        """Not all arms get it by the same interventions."""
        return len(set(self._by_arm(identifier))) > 1

    def _tells_arms_apart(self, identifier: str) -> bool:
        """An arm goes without it, or the arms get different ones. One drug less of a regimen is no difference."""
        by_arm = self._by_arm(identifier)
        whole = frozenset[str]().union(*by_arm)
        return len(set(by_arm)) > 1 and (frozenset() in by_arm or whole not in by_arm)

    def _by_arm(self, identifier: str) -> list[frozenset[str]]:
        """For each arm the names under which it gets a treatment."""
        own = [one for one in self.mentions(identifier) if one.registered]
        interventions = [one for one in own if one.intervention is not None]
        return [
            frozenset(one.reading.passage for one in interventions or own if one.arms is None or arm in one.arms)
            for arm in range(len(self._study.arms))
        ]

    def _unread_differ(self) -> bool:
        everywhere = frozenset(range(len(self._study.arms)))
        linked = [arms_of(self._study.interventions[position], self._study.arms) for position in self._unread]
        return any(arms is not None and arms != everywhere for arms in linked)

    def _the_one_in_titles(self, rule: Rule) -> bool:
        """The only treatment that the titles name, where all that differs is read."""
        named = {
            one.rule.id for one in self._titled if one.manner is not Manner.AROUND and not one.rule.ancillary
        }
        narrow = {one for one in named if not self._is_group(self._rules[one])}
        return (narrow or named) == {rule.id} and not self._unread_differ()

    def _give_names(self, found: dict[str, Role]) -> None:
        """The radiation of an intervention "Radiotherapy" is the "palliative radiotherapy" of the title."""
        for group in [one for one in found if self._is_group(self._rules[one])]:
            narrower = [one for one in found if self._rules[one].group == group and one != group]
            titled_only = not any(one.registered for name in narrower for one in self.mentions(name))
            if len(narrower) == 1 and titled_only and any(one.registered for one in self.mentions(group)):
                found[narrower[0]] = found.pop(group)

    def _goes_along(self, identifier: str, tested: set[str]) -> bool:
        """Whether it only goes with the tested treatment, or stands around it."""
        rule = self._rules[identifier]
        if self._in_some_arms_only(identifier):
            return False
        others = [self._rules[one] for one in tested if one != identifier]
        main = [other for other in others if not other.ancillary]
        if main and rule.ancillary:
            return True
        if self._only_around(identifier) and any(self._named_in_title(other.id) for other in main):
            return True
        if self._named_in_title(identifier):
            return False
        narrow = self._registered and any(not self._is_group(other) for other in others)
        return bool(narrow and self._is_group(rule)) or self._unread_in_title()

    def _title_says_it_narrower(self, identifier: str, found: Iterable[str]) -> bool:
        """A title's "pre-irradiation", where the irradiation is known to be stereotactic."""
        rule = self._rules[identifier]
        if not self._is_group(rule) or any(one.registered for one in self.mentions(identifier)):
            return False
        return any(self._rules[other].group == rule.id for other in found if other != identifier)

    def _unread_in_title(self) -> bool:
        """An intervention that no class covers is what a title speaks of: a new drug, say."""
        titles = [plain(title).casefold() for title in (self._study.brief_title, self._study.official_title) if title]
        names = [plain(self._study.interventions[position].name).casefold() for position in self._unread]
        return any(name.split()[0] in title.split() for name in names for title in titles if name)

    def _in_some_arms_only(self, identifier: str) -> bool:
        return len(self._study.arms) > 1 and self._differs(identifier)

    def _named_in_title(self, identifier: str) -> bool:
        return any(one.rule.id == identifier and one.manner is Manner.NAMED for one in self._titled)

    def _only_around(self, identifier: str) -> bool:
        manners = {one.manner for one in self._titled if one.rule.id == identifier}
        return Manner.AROUND in manners and Manner.NAMED not in manners

    def _promote(self, roles: dict[str, Role]) -> None:
        """A record that tests nothing else tests what its titles name, be it only "in"."""
        if self._unread or self._registered:
            return
        for mention in self._titled:
            if mention.manner is Manner.WITHIN:
                roles[mention.rule.id] = Role.TESTED

    @staticmethod
    def _is_group(rule: Rule) -> bool:
        return rule.axis == GROUPS
