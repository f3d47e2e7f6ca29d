"""The configuration in force: checked, defaults filled in, paths absolute, definitions as the rest uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.changes import Kind, Weight
from tracker.config.classes import taxonomy_in_force
from tracker.config.crons import crons
from tracker.config.expressions import lower_case_operators
from tracker.config.loading import read_settings
from tracker.config.models import ListedStudy, Registry, Report, Search, Settings, Term
from tracker.config.store_url import absolute, url_in_force
from tracker.config.values import without_password
from tracker.definitions import DEFAULT_REPORT, ReportDefinition
from tracker.registry.query import AREAS, TermQuery, term_query
from tracker.searches import SearchDefinition
from tracker.study import NctId

if TYPE_CHECKING:
    from tracker.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`settings` are the file's sections as written (registry, schedule, recipient, smtp, alerts, web ...).

    `store_url` may hold a password: it is never to be shown. `path` is absolute; `ca_bundle` None is the system's.
    """

    path: Path
    settings: Settings
    searches: tuple[SearchDefinition, ...]
    reports: tuple[ReportDefinition, ...]
    store_url: str
    output_folder: Path
    ca_bundle: Path | None
    backup_folder: Path

    @property
    def backups_kept(self) -> int:
        """How many backups stay; older ones make room."""
        return self.settings.store.backups_kept

    @property
    def registry(self) -> Registry:
        return self.settings.registry

    @property
    def timezone(self) -> str:
        """The zone of schedules and of the days that people type: an IANA name."""
        return self.settings.schedule.timezone

    def classes(self) -> Taxonomy:
        """The shipped classes of trials with those that the file adds. Compiling them takes a tenth of a second."""
        return taxonomy_in_force(self.path, self.settings.taxonomy)

    @property
    def crons(self) -> dict[str, str]:
        """The cron expression of each job that has one, by the job's name."""
        return crons(self.settings.schedule.model_dump(), [one.model_dump() for one in self.settings.report])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is possible, but probably not meant."""
        return (*_remarks(self.settings), *_remarks_on_crons(self.crons))


def load_config(path: Path, *, full: bool = True, environ: Mapping[str, str] | None = None) -> Config:
    """Reads `path`. Raises InvalidConfig with every problem in it, or ConfigError where it can't be read at all.

    Without `full` the schedules are not held against the timer's own parser: for commands that schedule nothing.
    """
    path = absolute(path)
    settings = read_settings(path, full=full)
    searches = tuple(_search(one) for one in settings.search)
    ca_bundle = settings.registry.ca_bundle
    return Config(
        path=path,
        settings=settings,
        searches=searches,
        reports=_reports(settings.report, searches),
        store_url=url_in_force(settings.store.url, settings.store.url_env, path=path, environ=environ),
        output_folder=path.parent / settings.output.folder,
        ca_bundle=path.parent / ca_bundle if ca_bundle else None,
        backup_folder=path.parent / settings.store.backups,
    )


def _search(section: Search) -> SearchDefinition:
    return SearchDefinition(
        name=section.name,
        description=section.description,
        terms=tuple(_term(term) for term in section.term),
        include=tuple(_listed(study) for study in section.include),
        exclude=tuple(_listed(study) for study in section.exclude),
    )


def _term(section: Term) -> TermQuery:
    expressions = [(key, expression) for key in AREAS if (expression := getattr(section, key)) is not None]
    return term_query(expressions, study_type=section.study_type, status=section.status)


def _listed(section: ListedStudy) -> tuple[NctId, str]:
    return NctId(section.nct_id), section.reason


def _reports(sections: tuple[Report, ...], searches: tuple[SearchDefinition, ...]) -> tuple[ReportDefinition, ...]:
    every = tuple(search.name for search in searches)
    if not sections:
        return (ReportDefinition(DEFAULT_REPORT, every),)
    return tuple(
        ReportDefinition(
            name=section.name,
            searches=section.searches or every,
            least_weight=Weight(section.least_weight or Weight.ROUTINE),
            kinds=tuple(Kind(kind) for kind in section.kinds),
            formats=tuple(dict.fromkeys(section.formats)),
            schedule=section.schedule,
            recipients=section.recipients,
        )
        for section in sections
    )


def _remarks(settings: Settings) -> list[str]:
    remarks = []
    if ":***@" in without_password(settings.store.url):
        remarks.append("store.url holds a password; better put the address into a variable and name it in url_env")
    for number, search in enumerate(settings.search, 1):
        for position, term in enumerate(search.term, 1):
            for key in AREAS:
                words = lower_case_operators(getattr(term, key) or "")
                if words:
                    remarks.append(
                        f'search[{number}].term[{position}].{key}: the registry searches for "{words[0]}" as a word; '
                        f"as an operator it is written {words[0].upper()}"
                    )
    return remarks


def _remarks_on_crons(crons: Mapping[str, str]) -> Iterator[str]:
    for job, cron in crons.items():
        _, _, day, _, weekday = cron.split()
        if "*" not in (day, weekday):
            yield (
                f'{job}: "{cron}" is only due on days that are both a {weekday} and day {day} of the month; '
                "cron itself would take either"
            )
