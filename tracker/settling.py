"""Whether all that a run read is of one data: by the registry's `/version`, and by the day each record is stamped with.

A refresh under our hands means another round. A few single records that stay behind while everything else goes on are
the registry's own oddity: they are told, and hold up nobody else. A day to come is told, too, and believed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tracker.batch import Batches, Seen
from tracker.errors import OlderData
from tracker.registry.source import DataVersion, Source
from tracker.runs import VERSION_PATH
from tracker.stamps import STAMP_PATH
from tracker.study import NctId, Problem
from tracker.sweep import Round
from tracker.words import date_in_words

MOST_ROUNDS = 3
"""How often a run goes round when the registry's data changes under its hands."""

LEFT_BEHIND_AT_MOST = 20
"""More old records than this at once are an old answer, not single records that were left behind."""

CLOCK_MAY_LAG = timedelta(days=1)
"""A timestamp further ahead of this machine's clock than that is of a day to come."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last round of a run, the data it was of, how many rounds it took, and whether all of it was of one data.

    `left_behind` are studies that the registry itself still serves as of an older day; what else was read is whole.
    """

    round: Round
    data: DataVersion
    rounds: int
    same_data: bool
    left_behind: Mapping[NctId, date] = field(default_factory=dict)

    @classmethod
    def nothing(cls, data: DataVersion) -> Reading:
        """Where there was nothing to read."""
        return cls(Round({}, frozenset(), frozenset(), {}), data, 0, True)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            Problem(
                study,
                STAMP_PATH,
                f"the registry still serves it as of {date_in_words(stamp.isoformat())}, unlike the other records: "
                "what changed since then is told once it catches up",
            )
            for study, stamp in sorted(self.left_behind.items())
        )


def read_until_settled(
    source: Source, batches: Batches, offered: DataVersion, read: Callable[[], Round], *, now: Callable[[], datetime]
) -> Reading:
    """Goes round again while the registry's data changes under our hands. `offered` is what `/version` said last.

    Raises OlderData where a mirror that lags behind answers in the middle.
    """
    for number in range(1, MOST_ROUNDS + 1):
        data = believed(offered, now=now())
        batches.data_date = data.data_date
        round_ = read()
        after = source.version()
        refuse_older(after, than=data.data_timestamp, source=source.description)
        unmoved = after.data_timestamp == offered.data_timestamp
        behind = _left_behind(source, batches, round_) if unmoved else {}
        settled = unmoved and round_.strange.keys() <= behind.keys()
        offered = after
        if settled or number == MOST_ROUNDS:
            return Reading(round_, believed(offered, now=now()), number, settled, behind)
    raise ValueError("at least one round is needed")


def _left_behind(source: Source, batches: Batches, round_: Round) -> Mapping[NctId, date]:
    """Which of the strange records are single ones that the registry has left behind, and their days.

    None of them may be of data that a refresh under way could still show: only what is older than data already held
    is asked for once more, beside a record of today's. Where that one answer holds both days, no old mirror gave it.
    """
    old = round_.strange
    if not old or len(old) > LEFT_BEHIND_AT_MOST or round_.up_to_date is None:
        return {}
    if not all(map(batches.is_outdated, old.values())):
        return {}
    answer = list(source.batches(sorted({*old, round_.up_to_date})))  # one request
    stamps = {study: stamp for page in answer for study, stamp in batches.stamps(page).items()}
    if stamps.get(round_.up_to_date) != batches.data_date:
        return {}
    behind = {study: stamp for study, stamp in old.items() if stamps.get(study) == stamp}
    for page in answer:
        batches.take(page, Seen(), left_behind=behind.keys())
    return behind


def refuse_older(data: DataVersion, *, than: datetime | None, source: str) -> None:
    if than and data.data_timestamp and data.data_timestamp < than:
        raise OlderData(
            f"{source} offers data of {data.data_timestamp:%Y-%m-%d %H:%M} UTC,"
            f" but the store already holds data of {than:%Y-%m-%d %H:%M} UTC",
            subject=source,
            advice="Nothing was taken from it. A mirror that lags behind catches up; saved files go in by their days.",
        )


def is_to_come(moment: datetime, *, now: datetime) -> bool:
    return moment > now + CLOCK_MAY_LAG


def believed(data: DataVersion, *, now: datetime) -> DataVersion:
    """The data, without its timestamp where that is of a day to come: taken as it stands, it would refuse all real
    data until then."""
    stamp = data.data_timestamp
    return DataVersion(data.api_version, None) if stamp and is_to_come(stamp, now=now) else data


def doubts(data: DataVersion, *, now: datetime) -> tuple[Problem, ...]:
    """What to tell of a timestamp that is not believed."""
    stamp = data.data_timestamp
    if stamp is None or not is_to_come(stamp, now=now):
        return ()
    return (
        Problem(
            None,
            VERSION_PATH,
            f"the registry says that its data are of {date_in_words(stamp.date().isoformat())}, a day to come by this "
            "machine's clock (`tracker doctor` compares the clocks). That is not believed: all was read anew",
        ),
    )
