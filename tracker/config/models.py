"""The sections of config.toml, their keys, types and defaults. What concerns several keys is checked in `checks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tracker.config import store_url, values
from tracker.definitions import DEFAULT_FORMATS

Text = Annotated[str, AfterValidator(values.text)]
Name = Annotated[str, AfterValidator(values.name)]
NctIdText = Annotated[str, AfterValidator(values.nct_id_text)]
Expression = Annotated[str, AfterValidator(values.expression)]
StatusWord = Annotated[str, AfterValidator(values.status_word)]
StudyTypeWord = Annotated[str, AfterValidator(values.study_type_word)]
KindWord = Annotated[str, AfterValidator(values.kind_word)]
WeightWord = Annotated[str, AfterValidator(values.weight_word)]
FormatWord = Annotated[str, AfterValidator(values.format_word)]
Cron = Annotated[str, AfterValidator(values.cron)]
TimeZone = Annotated[str, AfterValidator(values.time_zone)]
WebUrl = Annotated[str, AfterValidator(values.web_url)]
StoreUrl = Annotated[str, AfterValidator(values.store_url)]
MailAddress = Annotated[str, AfterValidator(values.mail_address)]
VariableName = Annotated[str, AfterValidator(values.variable_name)]
# Numbers have a bound where more would be a slip, and could be too much for a clock or a socket to count.
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Registry(Section):
    base_url: WebUrl = "https://clinicaltrials.gov/api/v2"
    allow_http: bool = False  # an unencrypted registry of one's own, other than on this machine
    requests_per_second: Annotated[float, Field(ge=0.01, le=10_000, allow_inf_nan=False)] = 1
    timeout_s: Seconds = 60
    run_deadline_s: Annotated[float, Field(gt=0, le=604_800, allow_inf_nan=False)] = 3600
    user_agent: Text | None = None
    proxy: WebUrl | None = None
    ca_bundle: Text | None = None


class Store(Section):
    url: StoreUrl = store_url.DEFAULT
    url_env: VariableName | None = None  # instead of `url`, where the URL holds a password
    backups: Text = "data/backups"  # the folder that backups go to
    backups_kept: Annotated[int, Field(ge=1, le=10_000)] = 14


class Output(Section):
    folder: Text = "data/reports"


class ListedStudy(Section):
    nct_id: NctIdText
    reason: str = ""


class Term(Section):
    condition: Expression | None = None
    title: Expression | None = None
    intervention: Expression | None = None
    other: Expression | None = None
    sponsor: Expression | None = None
    location: Expression | None = None
    study_type: StudyTypeWord | None = None
    status: tuple[StatusWord, ...] = ()


class Search(Section):
    name: Name
    description: str = ""
    include: tuple[ListedStudy, ...] = ()
    exclude: tuple[ListedStudy, ...] = ()
    term: tuple[Term, ...] = ()


class Schedule(Section):
    timezone: TimeZone = "UTC"
    sync: Cron | None = None
    sync_jitter_s: Annotated[float, Field(ge=0, le=43_200, allow_inf_nan=False)] = 600  # not all at the same second
    full_sync: Cron = "30 4 * * sun"  # reads everything, whatever the registry's version says; only where sync is set
    backup: Cron | None = None
    clean_up: Cron = "45 3 * * *"
    keep_attempts_days: Annotated[int, Field(gt=0, le=3650)] = 400  # what clean_up leaves of the log of attempts


class Report(Section):
    name: Name
    searches: tuple[str, ...] | None = None  # None: all
    least_weight: WeightWord | None = None
    kinds: tuple[KindWord, ...] = ()
    formats: tuple[FormatWord, ...] = DEFAULT_FORMATS
    schedule: Cron | None = None
    recipients: tuple[str, ...] = ()


class Recipient(Section):
    name: Name
    mail: tuple[MailAddress, ...] = ()
    url_env: VariableName | None = None
    attach: tuple[FormatWord, ...] | None = None  # of a mail; None: the page
    give_up_days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 3


class Smtp(Section):
    host: Text
    port: Port = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    username: Text | None = None
    password_env: VariableName | None = None
    password_file: Text | None = None
    sender: MailAddress
    timeout_s: Seconds = 30
    ca_bundle: Text | None = None


class Alerts(Section):
    recipients: tuple[str, ...] = ()
    after_failures: Annotated[int, Field(gt=0, le=1000)] = 3
    remind_after_h: Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False)] = 24
    ping_url: WebUrl | None = None  # asked after each job that went well; {job} in it is the job's name
    ping_url_env: VariableName | None = None  # instead of `ping_url`, where the address is a secret


class Log(Section):
    format: Literal["console", "json"] = "console"


class Web(Section):
    host: Text = "127.0.0.1"
    port: Port = 8000
    access: Literal["none", "token", "proxy-header"] = "none"


class Settings(Section):
    """The whole file, keys as they are written there."""

    registry: Registry = Registry()
    store: Store = Store()
    output: Output = Output()
    search: tuple[Search, ...] = ()
    schedule: Schedule = Schedule()
    report: tuple[Report, ...] = ()
    recipient: tuple[Recipient, ...] = ()
    smtp: Smtp | None = None
    alerts: Alerts = Alerts()
    log: Log = Log()
    web: Web = Web()
    taxonomy: dict[str, Any] = {}  # added to the shipped classes; what is in it is checked in `classes`
