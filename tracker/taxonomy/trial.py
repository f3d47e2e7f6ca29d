"""One study's treatments as its record mentions them, and the questions that the rules about roles ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tracker.study import Study
from tracker.taxonomy.arms import tested_arms
from tracker.taxonomy.mentions import Manner, Mention, arms_of, keyed, registered, rules_for, titled
from tracker.taxonomy.passages import TITLES
from tracker.taxonomy.patterns import folded, plain
from tracker.taxonomy.vocabulary import GROUPS, Rule, Taxonomy

_SHORTEST_NAME = 4  # letters: "in", "the" and "AB" stand in any title


class Trial:
    """`rules` are those of the treatments mentioned anywhere, by id, in the order of the taxonomy."""

    def __init__(self, study: Study, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.study = study
        candidates = rules_for(study, taxonomy)
        self.registered = registered(study, candidates, taxonomy)
        self.titled = titled(study, candidates, taxonomy)
        self._keyed = self._telling_keywords(keyed(study, candidates))
        self.tested_arms = tested_arms(study.arms, taxonomy)
        mentioned = {mention.rule.id: mention.rule for mention in self._everywhere}
        self.rules = {rule.id: mentioned[rule.id] for rule in taxonomy.rules if rule.id in mentioned}

    @property
    def _everywhere(self) -> tuple[Mention, ...]:
        return (*self.registered, *self.titled, *self._keyed)

    @cached_property
    def all_arms(self) -> frozenset[int]:
        return frozenset(range(len(self.study.arms)))

    def mentions(self, identifier: str) -> tuple[Mention, ...]:
        return tuple(mention for mention in self._everywhere if mention.rule.id == identifier)

    def is_group(self, identifier: str) -> bool:
        return self.rules[identifier].axis == GROUPS

    def is_registered(self, identifier: str) -> bool:
        """Whether an intervention or an arm gives it; otherwise only titles or keywords name it."""
        return any(mention.registered for mention in self.mentions(identifier))

    @cached_property
    def unread(self) -> frozenset[int]:
        """Interventions that are treatments, but none that the taxonomy knows."""
        read = {mention.intervention for mention in self.registered}
        passed_over = (self.taxonomy.words["placebo"], self.taxonomy.words["support"])
        return frozenset(
            position
            for position, intervention in enumerate(self.study.interventions)
            if position not in read and not any(words.first(plain(intervention.name)) for words in passed_over)
        )

    def _telling_keywords(self, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """Keywords tell of treatments where nothing else does; of new techniques always, as titles often don't."""
        silent = not self.registered and not self.titled and not self.unread
        return tuple(
            mention
            for mention in mentions
            if mention.rule.group == "emerging" or (silent and not mention.rule.ancillary)
        )

    def arms(self, identifier: str) -> frozenset[int]:
        """The arms that get a treatment. One that is linked to none is taken to be in all."""
        own = [mention for mention in self.mentions(identifier) if mention.registered]
        if any(mention.arms is None for mention in own):
            return self.all_arms
        return frozenset[int]().union(*(mention.arms or frozenset() for mention in own))

    def differs(self, identifier: str) -> bool:
        """Not all arms get it by the same interventions."""
        return len(set(self._by_arm(identifier))) > 1

    def tells_arms_apart(self, identifier: str) -> bool:
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
            for arm in sorted(self.all_arms)
        ]

    def unread_differ(self) -> bool:
        """Whether arms differ in an intervention that the taxonomy does not know."""
        linked = [arms_of(self.study.interventions[position], self.study.arms) for position in self.unread]
        return any(arms is not None and arms != self.all_arms for arms in linked)

    def unread_in_title(self) -> bool:
        """Whether a title speaks of an intervention that the taxonomy does not know: a new drug, say."""
        titles = [folded(plain(title)).split() for field in TITLES if (title := getattr(self.study, field))]
        names = [folded(plain(self.study.interventions[position].name)).split() for position in self.unread]
        return any(len(name[0]) >= _SHORTEST_NAME and name[0] in title for name in names for title in titles if name)

    def named_in_title(self, identifier: str) -> bool:
        return any(one.rule.id == identifier and one.manner is Manner.NAMED for one in self.titled)

    def only_around(self, identifier: str) -> bool:
        """Whether titles mention it, and only as done before or after what is tested."""
        manners = {one.manner for one in self.titled if one.rule.id == identifier}
        return Manner.AROUND in manners and Manner.NAMED not in manners

    def the_one_in_titles(self, identifier: str) -> bool:
        """The only treatment that the titles name."""
        named = {one.rule.id for one in self.titled if one.manner is not Manner.AROUND and not one.rule.ancillary}
        narrow = {one for one in named if not self.is_group(one)}
        return (narrow or named) == {identifier}

    def compared_with(self, identifier: str) -> bool:
        """Titles name it only after "versus", and others only before."""
        before = {mention.rule.id for mention in self.titled if mention.side == -1}
        after = {mention.rule.id for mention in self.titled if mention.side == 1}
        return identifier in after - before and bool(before - after)

    def narrower(self, group: str, among: Sequence[str]) -> list[str]:
        """The treatments of a group."""
        return [one for one in among if self.rules[one].group == group and not self.is_group(one)]

    def share_an_arm(self, surgery: Rule, other: str) -> bool:
        """Whether an arm gets both. A record without arms is one arm, and its titles count."""
        if self.study.arms:
            return bool(self.arms(surgery.id) & self.arms(other))
        given = {one.rule.id for one in self._everywhere if one.manner is Manner.NAMED}
        return {surgery.id, other} <= given
