"""config.toml as it is meant: what is read from it, and where it is looked for."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tracker.changes import Kind, Weight
from tracker.config import InvalidConfig, find_config, glance_at, load_config
from tracker.config.effective import Config
from tracker.config.glance import KEYS
from tracker.config.models import Section, Settings
from tracker.config.shown import as_toml, settings_in_force
from tracker.errors import ConfigError
from tracker.searches import term_in_words
from tracker.store.files import path_of
from tracker.taxonomy import shipped

ROOT = Path(__file__).parents[2]
DESIGN = Path(__file__).parents[3] / "shared/DESIGN.md"

MINIMAL = """
[[search]]
name = "spine"
  [[search.term]]
  condition = 'chordoma'
"""

EVERYTHING = """
[registry]
base_url = "https://registry.example/api/v2/"
requests_per_second = 2.5
timeout_s = 10
run_deadline_s = 100
user_agent = "someone"
proxy = "http://proxy.example:3128"
ca_bundle = "ca.pem"

[store]
url = "postgresql+psycopg://tracker@db.example/tracker"

[output]
folder = "/srv/reports"

[[search]]
name = "spine"
description = "Tumours of the spine"
include = [{ nct_id = "nct01234567", reason = "asked for" }]
exclude = [{ nct_id = "NCT07654321" }]
  [[search.term]]
  condition = '"spine tumor"'
  title = 'a OR b'
  study_type = "INTERVENTIONAL"
  status = ["RECRUITING", "COMPLETED"]

[[search]]
name = "sacrum"
include = [{ nct_id = "NCT01234567", reason = "" }]

[schedule]
timezone = "Europe/Bucharest"
sync = "30 16 * * mon-fri"
backup = "0 3 * * *"

[[report]]
name = "weekly"
searches = ["spine"]
least_weight = "minor"
formats = ["html", "csv"]
schedule = "0 7 * * mon"
recipients = ["board"]

[[report]]
name = "results"
kinds = ["results_posted", "stopped"]

[[recipient]]
name = "board"
mail = ["board@hospital.example"]

[[recipient]]
name = "chat"
url_env = "TEAMS_URL"

[smtp]
host = "mail.example"
port = 465
security = "tls"
username = "tracker"
password_file = "secret"
sender = "tracker@hospital.example"

[alerts]
recipients = ["board"]
after_failures = 2

[web]
host = "0.0.0.0"
port = 80
access = "token"

[taxonomy.treatment.histotripsy]
label = "Histotripsy"
group = "minimally_invasive"
match = ["histotrips(y|ies)", "tissue-\\\\w+ sound"]

[taxonomy.treatment.vertebroplasty]
unless = ["hip"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, **environ: str) -> Config:
    return load_config(written(folder, text), environ=environ)


def test_every_section_is_read(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)
    assert config.registry.base_url == "https://registry.example/api/v2"
    assert config.ca_bundle == tmp_path / "ca.pem"
    assert config.store_url == "postgresql+psycopg://tracker@db.example/tracker"
    assert config.output_folder == Path("/srv/reports")
    assert config.timezone == "Europe/Bucharest"
    assert config.settings.smtp is not None
    assert config.settings.smtp.password_file == "secret"
    assert config.remarks == ()


def test_searches_come_with_canonical_terms(tmp_path: Path) -> None:
    spine, sacrum = loaded(tmp_path, EVERYTHING).searches
    assert spine.include == (("NCT01234567", "asked for"),)
    assert spine.exclude == (("NCT07654321", ""),)
    [term] = spine.terms
    assert dict(term.params) == {
        "query.cond": '"spine tumor"',
        "query.titles": "a OR b",
        "filter.advanced": "AREA[StudyType]INTERVENTIONAL",
        "filter.overallStatus": "COMPLETED,RECRUITING",
    }
    assert (sacrum.terms, sacrum.included) == ((), {"NCT01234567"})


def test_reports(tmp_path: Path) -> None:
    weekly, results = loaded(tmp_path, EVERYTHING).reports
    assert (weekly.searches, weekly.least_weight, weekly.formats) == (("spine",), Weight.MINOR, ("html", "csv"))
    assert (weekly.schedule, weekly.recipients) == ("0 7 * * mon", ("board",))
    assert (results.searches, results.kinds) == (("spine", "sacrum"), (Kind.RESULTS_POSTED, Kind.STOPPED))


def test_without_a_report_there_is_one_that_tells_everything(tmp_path: Path) -> None:
    [report] = loaded(tmp_path, MINIMAL).reports
    assert (report.name, report.searches, report.formats) == ("changes", ("spine",), ("html", "csv", "json"))
    assert report.tells(Kind.OTHER, Weight.ROUTINE)
    assert report.schedule is None


def test_defaults_and_paths_beside_the_file(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL)
    assert config.store_url == f"sqlite:///{tmp_path}/data/tracker.db"
    assert config.output_folder == tmp_path / "data/reports"
    assert config.registry.base_url == "https://clinicaltrials.gov/api/v2"
    assert (config.registry.requests_per_second, config.timezone) == (1, "UTC")


def test_an_absolute_store_stays_where_it_is(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL + '[store]\nurl = "sqlite:////srv/tracker.db"\n')
    assert config.store_url == "sqlite:////srv/tracker.db"


@pytest.mark.parametrize("name", ["My%20Trials", "100 % spine", "why?", "Ünï côdé"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    config = loaded(tmp_path / name, MINIMAL)
    assert path_of(config.store_url) == tmp_path / name / "data/tracker.db"


def test_the_store_can_be_named_by_the_environment(tmp_path: Path) -> None:
    text = MINIMAL + '[store]\nurl_env = "STORE"\n'
    assert loaded(tmp_path, text, STORE="sqlite:///here.db").store_url == f"sqlite:///{tmp_path}/here.db"
    with pytest.raises(ConfigError, match=r"store\.url_env: the environment variable STORE is not set"):
        loaded(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, text, STORE="mysql://me:hush@db/x")
    assert "STORE: the store is sqlite:///FILE or" in refused.value.message
    assert "hush" not in refused.value.message


@pytest.mark.parametrize("full", [True, False])
def test_an_impossible_schedule_is_seen_where_schedules_matter(tmp_path: Path, full: bool) -> None:
    path = written(tmp_path, MINIMAL + '[schedule]\nsync = "61 * * * *"\n')
    if full:
        with pytest.raises(InvalidConfig, match=r"schedule\.sync"):
            load_config(path)
    else:
        assert load_config(path, full=False).settings.schedule.sync == "61 * * * *"


def test_settings_can_not_be_changed(tmp_path: Path) -> None:
    config = loaded(tmp_path, MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        config.registry.timeout_s = 1
    with pytest.raises(AttributeError):
        config.store_url = ""  # type: ignore[misc]


def test_remarks_name_what_is_probably_not_meant(tmp_path: Path) -> None:
    text = MINIMAL.replace("'chordoma'", "'chordoma or sarcoma'")
    config = loaded(tmp_path, text + '[store]\nurl = "postgresql+psycopg://me:hush@db/tracker"\n')
    password, operator = config.remarks
    assert password.startswith("store.url holds a password")
    assert operator.startswith('search[1].term[1].condition: the registry searches for "or" as a word')


def test_a_schedule_on_a_day_of_the_month_and_of_the_week_is_remarked_upon(tmp_path: Path) -> None:
    [remark] = loaded(tmp_path, MINIMAL + '[schedule]\nsync = "0 7 1 * mon"\n').remarks
    assert remark.startswith('sync: "0 7 1 * mon" is only due on days that are both a mon and day 1 of the month')
    assert loaded(tmp_path, MINIMAL + '[schedule]\nsync = "0 7 1 * *"\n').remarks == ()


# Where the file is


def test_the_file_named_wins_then_the_folder_then_the_environment(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    named, other = written(elsewhere, MINIMAL), written(tmp_path, MINIMAL)
    environ = {"TRACKER_CONFIG": str(other)}
    assert find_config(None, folder=here, environ=environ) == other
    local = written(here, MINIMAL)
    assert find_config(None, folder=here, environ=environ) == local
    assert find_config(named, folder=here, environ=environ) == named


@pytest.mark.parametrize(
    ("named", "environ", "message"),
    [
        (None, {}, "there is no config.toml in "),
        (Path("nowhere.toml"), {}, "there is no file nowhere.toml, which --config names"),
        (None, {"TRACKER_CONFIG": "gone.toml"}, "there is no file gone.toml, which TRACKER_CONFIG names"),
    ],
)
def test_without_a_file_the_way_out_is_told(
    tmp_path: Path, named: Path | None, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        find_config(named, folder=tmp_path, environ=environ)
    assert refused.value.message.startswith(message)
    assert "tracker config init" in refused.value.advice


# The shipped file, and the design's


def test_the_shipped_file_is_the_one_in_the_repository() -> None:
    assert (ROOT / "config.toml").read_bytes() == files("tracker").joinpath("shipped_config.toml").read_bytes()


def test_the_shipped_file_tracks_spine_tumours() -> None:
    config = load_config(ROOT / "config.toml")
    [search] = config.searches
    assert search.name == "spine-tumour"
    assert len(search.terms) == 9
    assert term_in_words(search.terms[0]) == "condition: Spine tumor"
    assert all("bone metastases" not in term.key for term in search.terms)
    assert config.remarks == ()
    assert [report.name for report in config.reports] == ["changes"]


def test_every_key_that_the_shipped_file_mentions_is_one(tmp_path: Path) -> None:
    text = files("tracker").joinpath("shipped_config.toml").read_text()
    awake = re.sub(r"(?m)^(\s*)# (\[{1,2}[\w.]+\]{1,2}$|\w+ = )", r"\1\2", text)
    awake = re.sub(r"(?m)^url_env = \"TRACKER_STORE_URL\"\n|^url = \"postgresql.*\n", "", awake)
    config = loaded(tmp_path, awake)
    assert config.settings.smtp is not None
    assert len(config.searches[0].terms) == 10
    mentioned = tomllib.loads(awake)
    assert set(mentioned) == set(Settings.model_fields)


@pytest.mark.skipif(not DESIGN.exists(), reason="the design is not on this machine")
def test_the_example_of_the_design_loads_but_for_what_it_leaves_out(tmp_path: Path) -> None:
    example = re.search(r"## 8\..*?```toml\n(.*?)```", DESIGN.read_text(), re.DOTALL)
    assert example
    path = written(tmp_path, example[1])
    with pytest.raises(InvalidConfig) as refused:
        load_config(path)
    # The example's alerts go to a recipient that it does not define.
    assert [line.removeprefix(f"{path}: ") for line in refused.value.lines] == [
        'alerts.recipients[1]: "admin" is no recipient of this file; known: coordinators',
    ]
    config = loaded(tmp_path, example[1].replace('["admin"]', '["coordinators"]'))
    assert [search.name for search in config.searches] == ["spine-tumour"]


# What is shown


def test_shown_settings_read_back_as_the_same(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING.replace("'a OR b'", """'a "b" OR c'"""))
    shown = tmp_path / "shown"
    shown.mkdir()
    again = loaded(shown, as_toml(settings_in_force(config)))
    assert again.searches == config.searches
    assert again.reports == config.reports
    assert (again.store_url, again.output_folder, again.ca_bundle) == (
        config.store_url,
        config.output_folder,
        config.ca_bundle,
    )
    assert again.settings.smtp == config.settings.smtp
    assert again.settings.recipient == config.settings.recipient
    assert again.classes().version == config.classes().version != shipped().version


@pytest.mark.parametrize("password", ["hush", "hu@sh", "hu/sh", "hu:sh"], ids=["plain", "at", "slash", "colon"])
def test_no_password_is_shown(tmp_path: Path, password: str) -> None:
    text = MINIMAL + f'[registry]\nproxy = "http://me:{password}@proxy.example"\n[store]\nurl_env = "STORE"\n'
    url = f"postgresql+psycopg://me:{password}@db.example/tracker?password={password}"
    if "/" in password:
        text = text.replace(f"me:{password}@", "me:hush@")
    shown = as_toml(settings_in_force(loaded(tmp_path, text, STORE=url)))
    assert password not in shown
    assert "sh@" not in shown
    assert 'url = "postgresql+psycopg://me:***@db.example/tracker?password=***"' in shown


# What is read at a glance


def test_the_keys_known_at_a_glance_are_those_of_the_models() -> None:
    assert _keys(Settings) == KEYS


def _keys(section: type[Section]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, field in section.model_fields.items():
        inner = re.findall(r"tracker\.config\.models\.(\w+)", str(field.annotation))
        classes = [one for one in Section.__subclasses__() if one.__name__ in inner]
        keys[name] = _keys(classes[0]) if classes else None
    return keys


def test_a_glance_sees_what_loading_sees(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    config, glance = load_config(path), glance_at(path)
    assert (glance.path, glance.store_url, glance.timezone) == (config.path, config.store_url, config.timezone)
    assert glance.search_names == ("spine", "sacrum")
    assert glance.included == (("NCT01234567", "spine", "asked for"), ("NCT01234567", "sacrum", ""))
    assert glance.excluded == (("NCT07654321", "spine", ""),)
    assert glance.classes().version == config.classes().version


@pytest.mark.parametrize(
    "wrong",
    [
        "serach = 1\n" + MINIMAL,
        MINIMAL + "[store]\nurl = 5\n",
        MINIMAL + '[store]\nurl = "mysql://x/y"\n',
        MINIMAL + "[schedule]\ntimezone = 'Mars'\n",
        MINIMAL + "[schedule]\nsync = 5\n",
        MINIMAL + "[schedule]\nsync_jitter_s = 'ten'\n",
        MINIMAL + "[schedule]\nsync_jitter_s = inf\n",
        MINIMAL + "colour = 'red'\n",
        MINIMAL + "[[search]]\nname = 'spine'\ninclude = [{ nct_id = 'NCT1' }]\n",
        MINIMAL.replace("[[search]]", "[search]"),
        "",
        "[store",
    ],
)
def test_a_glance_at_a_wrong_file_tells_what_loading_tells(tmp_path: Path, wrong: str) -> None:
    path = written(tmp_path, wrong)
    with pytest.raises(InvalidConfig) as by_loading:
        load_config(path)
    with pytest.raises(InvalidConfig) as at_a_glance:
        glance_at(path)
    assert at_a_glance.value.lines == by_loading.value.lines
