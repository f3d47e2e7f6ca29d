"""Finds the treatments that a study's interventions, arms, titles and keywords mention, and how they mention them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tracker.study import Arm, Intervention, Study
from tracker.taxonomy.model import Reading
from tracker.taxonomy.passages import LONGEST_KEYWORDS, TITLES
from tracker.taxonomy.patterns import plain
from tracker.taxonomy.vocabulary import GROUPS, TREATMENT, Rule, Taxonomy

Rules = Sequence[Rule]


class Manner(Enum):
    """How a text mentions a treatment."""

    NAMED = auto()
    AROUND = auto()  # "following surgery": done around what is tested
    WITHIN = auto()  # "an anaesthetic in spine surgery"


@dataclass(frozen=True, slots=True)
class Mention:
    """A treatment in one text. `arms` are positions in the study's arms; None: the record does not link it to any.

    `registered`: it stands in an intervention or an arm, not only in a title or keyword. `side` is its place in a
    title that compares: -1 before "versus", 1 after it, 0 elsewhere.
    """

    rule: Rule
    reading: Reading
    manner: Manner = Manner.NAMED
    registered: bool = False
    arms: frozenset[int] | None = None
    intervention: int | None = None
    side: int = 0


def rules_for(study: Study, taxonomy: Taxonomy) -> tuple[Rule, ...]:
    """The rules of treatments and their groups that any text of the study can satisfy."""
    texts = [study.brief_title or "", study.official_title or "", *study.conditions, *study.keywords]
    texts += [arm.label for arm in study.arms]
    for intervention in study.interventions:
        texts += [intervention.name, *intervention.other_names]
    return taxonomy.rules_that_may_read(plain("\n".join(texts)), TREATMENT, GROUPS)


def registered(study: Study, rules: Rules, taxonomy: Taxonomy) -> tuple[Mention, ...]:
    """What the interventions and the labels of the arms mention."""
    return (*_of_interventions(study, rules, taxonomy), *_of_arms(study, rules, taxonomy))


def _of_interventions(study: Study, rules: Rules, taxonomy: Taxonomy) -> Iterator[Mention]:
    for position, intervention in enumerate(study.interventions):
        arms = arms_of(intervention, study.arms)
        for rule, reading in _read_intervention(intervention, rules, taxonomy):
            manner = _manner_of_name(rule, reading, taxonomy)
            named = manner is Manner.NAMED
            yield Mention(rule, reading, manner, registered=named, arms=arms if named else None, intervention=position)
        if words := taxonomy.words["around_surgery"].first(plain(intervention.name)):
            reading = Reading("interventions", words, plain(intervention.name))
            yield Mention(taxonomy.group("surgery"), reading, manner=Manner.AROUND)


def _manner_of_name(rule: Rule, reading: Reading, taxonomy: Taxonomy) -> Manner:
    """A biopsy "during minimally invasive surgery" does not give the surgery."""
    manners = {_manner(reading.passage[:start], taxonomy) for start, _ in rule.pattern.found(reading.passage)}
    return Manner.AROUND if manners == {Manner.AROUND} else Manner.NAMED


def _read_intervention(intervention: Intervention, rules: Rules, taxonomy: Taxonomy) -> list[tuple[Rule, Reading]]:
    """By its name; by its other names where the name says no more than the group; by its type where nothing does."""
    name = plain(intervention.name)
    found = list(_rules_in(name, "interventions", rules))
    narrow = {rule.group for rule, _ in found if rule.axis == TREATMENT}
    if narrow:
        return [(rule, reading) for rule, reading in found if rule.axis == TREATMENT or rule.group not in narrow]
    if not taxonomy.words["placebo"].first(name):
        others = [
            (rule, reading)
            for other in intervention.other_names
            for rule, reading in _rules_in(plain(other), "interventions", rules)
            if rule.axis == TREATMENT
        ]
        found += list({rule.id: (rule, reading) for rule, reading in reversed(others)}.values())[::-1]
    if not found and intervention.type == "RADIATION":
        found.append((taxonomy.group("radiation"), Reading("interventions", "RADIATION", name)))
    return found


def _of_arms(study: Study, rules: Rules, taxonomy: Taxonomy) -> Iterator[Mention]:
    """Arm labels name treatments that the interventions leave out: "Arm II (vertebral body cement augmentation)"."""
    linked = [bool(arm.interventions) or _links(arm, study.interventions) for arm in study.arms]
    for position, arm in enumerate(study.arms):
        for mention in _in_title(plain(arm.label), "arms", rules, taxonomy):
            narrow = mention.rule.axis == TREATMENT or not linked[position]
            if narrow and mention.manner is Manner.NAMED:
                yield Mention(mention.rule, mention.reading, registered=True, arms=frozenset({position}))


def _links(arm: Arm, interventions: Iterable[Intervention]) -> bool:
    return any(arm.label in intervention.arm_labels for intervention in interventions)


def arms_of(intervention: Intervention, arms: Sequence[Arm]) -> frozenset[int] | None:
    """The arms that get an intervention; None where there are no arms or no links."""
    linked = frozenset(
        position
        for position, arm in enumerate(arms)
        if arm.label in intervention.arm_labels
        or any(name.partition(": ")[2] == intervention.name for name in arm.interventions)
    )
    return linked or None


def titled(study: Study, rules: Rules, taxonomy: Taxonomy) -> tuple[Mention, ...]:
    """What the titles mention, with the manner and the side of "versus" of each place."""
    return tuple(
        mention
        for field in TITLES
        if (title := getattr(study, field))
        for mention in _in_title(plain(title), field, rules, taxonomy)
    )


def keyed(study: Study, rules: Rules) -> tuple[Mention, ...]:
    """What the keywords mention; a catalogue of them is not read."""
    if len(study.keywords) > LONGEST_KEYWORDS:
        return ()
    return tuple(
        Mention(rule, reading)
        for keyword in study.keywords
        for rule, reading in _rules_in(plain(keyword), "keywords", rules)
    )


def _rules_in(text: str, field: str, rules: Rules) -> Iterator[tuple[Rule, Reading]]:
    for rule in rules:
        if rule.fields is not None and field not in rule.fields:
            continue
        if (words := rule.pattern.first(text)) is not None:
            yield rule, Reading(field, words, text)


def _in_title(title: str, field: str, rules: Rules, taxonomy: Taxonomy) -> Iterator[Mention]:
    versus = next(taxonomy.words["versus"].found(title), None)
    for rule in rules:
        if rule.fields is not None and field not in rule.fields:
            continue
        for start, end in rule.pattern.found(title):
            manner = _manner(title[:start], taxonomy)
            if manner is not None:
                side = 0 if versus is None else -1 if start < versus[0] else 1
                yield Mention(rule, Reading(field, title[start:end], title), manner=manner, side=side)
    for start, end in taxonomy.words["around_surgery"].found(title):
        yield Mention(taxonomy.group("surgery"), Reading(field, title[start:end], title), manner=Manner.AROUND)


_UP_TO_FIVE_WORDS = re.compile(r"\s+(?:[\w,/&+()'-]+\s+){0,5}(?:\w+[/-])*\(?")
_UP_TO_THREE_WORDS = re.compile(
    r"\s+(?:(?!(?:with|patients|treating|subjects|versus|vs|plus|using|by)\b)[\w,/'-]+\s+){0,3}(?:\w+[/-])*\(?",
    re.IGNORECASE,
)
_NO_WORD = re.compile(r"[\s-]+")
_REACH = 200  # characters: more than five words and a bracket take; keeps endless titles cheap
_IN_BRACKETS = re.compile(r"\([^()]*\)\s*")


def _manner(before: str, taxonomy: Taxonomy) -> Manner | None:
    """How the words before a treatment make it stand; None where they say that it is not given."""
    if _leads_up(before, "never", _UP_TO_FIVE_WORDS, taxonomy):
        return None
    if _leads_up(before, "after", _UP_TO_FIVE_WORDS, taxonomy) or _leads_up(before, "next_to", _NO_WORD, taxonomy):
        return Manner.AROUND
    return Manner.WITHIN if _leads_up(before, "within", _UP_TO_THREE_WORDS, taxonomy) else Manner.NAMED


def _leads_up(before: str, words: str, gap: re.Pattern[str], taxonomy: Taxonomy) -> bool:
    """Whether one of the words stands before the end of the text, with only the gap between; brackets don't count."""
    before = _IN_BRACKETS.sub("", before[-_REACH:])
    return any(gap.fullmatch(before, end) for _, end in taxonomy.words[words].found(before))
