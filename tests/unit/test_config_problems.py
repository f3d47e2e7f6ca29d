"""Wrong config files, each with the one line that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.config import InvalidConfig, glance_at, load_config
from tracker.definitions import WRITABLE_FORMATS
from tracker.errors import ConfigError

SEARCH = """
[[search]]
name = "spine"
[[search.term]]
condition = 'chordoma'
"""
MAIL = """
[[recipient]]
name = "board"
mail = ["a@b.example"]
[smtp]
host = "mail.example"
sender = "t@b.example"
"""


def lines(folder: Path, text: str) -> list[str]:
    """The problems of a config file, without the file's name before each."""
    path = folder / "config.toml"
    path.write_bytes(text.encode())
    with pytest.raises(InvalidConfig) as refused:
        load_config(path)
    assert refused.value.exit_code == 2
    assert all(line.startswith(f"{path}: ") for line in refused.value.lines)
    return [line.removeprefix(f"{path}: ") for line in refused.value.lines]


KEYS = [
    ("[[search.term]]\ncondtion = 'x'\n", 'search[1].term[2].condtion: unknown key; did you mean "condition"?'),
    ("[regsitry]\n", 'regsitry: unknown section; did you mean "registry"?'),
    ("[registry]\nuser-agent = 'x'\n", 'registry.user-agent: unknown key; did you mean "user_agent"?'),
    ("[web]\ncolour = 'x'\n", "web.colour: unknown key; known: host, port, access"),
    ("[smtp]\nhost = 'x'\n", "smtp.sender: is missing"),
]
TYPES = [
    ("[registry]\ntimeout_s = '60'\n", "registry.timeout_s: a number is expected, not a text"),
    ("[registry]\ntimeout_s = true\n", "registry.timeout_s: a number is expected, not true or false"),
    ("[registry]\ntimeout_s = 0\n", "registry.timeout_s: must be greater than 0"),
    ("[registry]\nrequests_per_second = -1\n", "registry.requests_per_second: must be greater than or equal to 0.01"),
    ("[registry]\nrequests_per_second = inf\n", "registry.requests_per_second: must be a finite number"),
    ("[alerts]\nafter_failures = 1.5\n", "alerts.after_failures: a whole number is expected, not a number"),
    ("[alerts]\nafter_failures = 0\n", "alerts.after_failures: must be greater than 0"),
    ("[registry]\ntimeout_s = 1e300\n", "registry.timeout_s: must be less than or equal to 3600"),
    ("[registry]\nrun_deadline_s = 1e300\n", "registry.run_deadline_s: must be less than or equal to 604800"),
    (
        "[registry]\nrequests_per_second = 1e-300\n",
        "registry.requests_per_second: must be greater than or equal to 0.01",
    ),
    (
        "[schedule]\nkeep_attempts_days = 9999999999\n",
        "schedule.keep_attempts_days: must be less than or equal to 3650",
    ),
    ("[schedule]\nsync_jitter_s = 1e300\n", "schedule.sync_jitter_s: must be less than or equal to 43200"),
    ("[alerts]\nafter_failures = 9999999999\n", "alerts.after_failures: must be less than or equal to 1000"),
    ("[alerts]\nremind_after_h = 1e300\n", "alerts.remind_after_h: must be less than or equal to 8760"),
    (f"{MAIL}timeout_s = 9999999999\n", "smtp.timeout_s: must be less than or equal to 3600"),
    (
        MAIL.replace("[smtp]", "give_up_days = 9999999999\n[smtp]"),
        "recipient[1].give_up_days: must be less than or equal to 3650",
    ),
    ("[web]\nport = 70000\n", "web.port: must be less than or equal to 65535"),
    ("[output]\nfolder = 2026-11-21\n", "output.folder: a text in quotes is expected, not a date or time"),
    ("[output]\nfolder = ''\n", "output.folder: is empty"),
    ("[report]\nname = 'x'\n", "report: write [[report]] with two brackets: there can be several"),
    ("[[report]]\nname = 'x'\nformats = 'html'\n", "report[1].formats: a list is expected, not a text"),
    (
        "[[report]]\nname = 'x'\nformats = []\n",
        "report[1].formats: is empty; name a format, or leave the key out for the usual ones",
    ),
    ("[[web]]\nport = 1\n", "web: a table is expected, not a list"),
]
WORDS = [
    (
        "[[search.term]]\ntitle = 'x'\nstatus = ['RECRUTING']\n",
        'search[1].term[2].status[1]: "RECRUTING" is no status; did you mean "RECRUITING"?',
    ),
    (
        "[[search.term]]\ntitle = 'x'\nstudy_type = 'interventional'\n",
        'search[1].term[2].study_type: "interventional" is no study type; did you mean "INTERVENTIONAL"?',
    ),
    (
        "[[report]]\nname = 'x'\nkinds = ['result_posted']\n",
        'report[1].kinds[1]: "result_posted" is no kind of change; did you mean "results_posted"?',
    ),
    (
        "[[report]]\nname = 'x'\nleast_weight = 'heavy'\n",
        'report[1].least_weight: "heavy" is no weight; known: major, minor, routine',
    ),
    (
        "[[report]]\nname = 'x'\nformats = ['pdf']\n",
        f'report[1].formats[1]: "pdf" is no format that this version can write; known: {", ".join(WRITABLE_FORMATS)}',
    ),
    (
        "[smtp]\nhost = 'x'\nsender = 'a@b'\nsecurity = 'start-tls'\n",
        'smtp.security: "start-tls" is not possible; did you mean "starttls"?',
    ),
    (
        "[schedule]\ntimezone = 'Europe/Bukarest'\n",
        'schedule.timezone: "Europe/Bukarest" is no time zone; did you mean "Europe/Bucharest"?',
    ),
    (
        "[schedule]\ntimezone = '../etc'\n",
        'schedule.timezone: "../etc" is no time zone; for example Europe/Bucharest',
    ),
]
SCHEDULES = [
    (
        "[schedule]\nsync = 'daily'\n",
        'schedule.sync: "daily" has 1 fields; five are needed: minute, hour, day of month, month, day of week, '
        'as in "30 16 * * mon-fri"',
    ),
    (
        "[schedule]\nbackup = '0 3 * * 0'\n",
        'schedule.backup: "0 3 * * 0" gives the day of week as a number; write mon, tue, wed, thu, fri, sat, sun',
    ),
]
ADDRESSES = [
    (
        "[registry]\nbase_url = 'http://clinicaltrials.gov/api/v2'\n",
        'registry.base_url: "http://clinicaltrials.gov/api/v2" is not encrypted; write https://, or '
        "allow_http = true for a registry of your own",
    ),
    (
        "[registry]\nbase_url = 'http://127.0.0.1.evil.example/'\n",
        'registry.base_url: "http://127.0.0.1.evil.example/" is not encrypted; write https://, or '
        "allow_http = true for a registry of your own",
    ),
    (
        "[registry]\nbase_url = 'clinicaltrials.gov'\n",
        'registry.base_url: "clinicaltrials.gov" is no web address; it begins with https:// and names a host',
    ),
    (
        "[store]\nurl = 'postgresql://me:hush@db/x'\n",
        "store.url: the store is sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, not postgresql://; "
        "write postgresql+psycopg://",
    ),
    (
        "[store]\nurl = 'sqlite://'\n",
        "store.url: a SQLite store is a file: sqlite:///data/tracker.db (relative to this file) or "
        "sqlite:////srv/tracker.db (four slashes: absolute)",
    ),
    (
        "[store]\nurl = 'tracker.db'\n",
        "store.url: no store address; it is sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE",
    ),
    (
        "[store]\nurl = 'postgresql+psycopg://me:hush@db'\n",
        "store.url: the database's name is missing; the address is postgresql+psycopg://USER@HOST/DATABASE",
    ),
    (
        "[store]\nurl_env = 'postgresql+psycopg://me:hush@db/x'\n",
        "store.url_env: names an environment variable (letters, digits, underscores), not the secret itself",
    ),
    (
        "[store]\nurl = 'sqlite:///a.db'\nurl_env = 'STORE'\n",
        "store: has both url and url_env; keep one",
    ),
    (
        "[web]\nhost = '0.0.0.0'\n",
        'web.host: "0.0.0.0" is reachable from other machines, and access is "none"; use 127.0.0.1, or '
        'access = "token"',
    ),
]
SEARCHES = [
    (
        "[[search]]\nname = 'spine'\ninclude = [{ nct_id = 'NCT00000001' }]\n",
        'search[2].name: "spine" is the name of search[1] already',
    ),
    (
        "[[search]]\nname = 'Spine'\ninclude = [{ nct_id = 'NCT00000001' }]\n",
        'search[2].name: "Spine" is the name of search[1] already',
    ),
    ("[[search]]\nname = 'empty'\n", "search[2]: has neither a [[search.term]] nor an include; it would find nothing"),
    (
        "[[search]]\nname = '../up'\ninclude = [{ nct_id = 'NCT00000001' }]\n",
        'search[2].name: "../up" can\'t be a name: up to 60 letters, digits, hyphens, dots and underscores',
    ),
    (
        "[[search]]\nname = 'x'\ninclude = [{ nct_id = 'NCT123' }]\n",
        'search[2].include[1].nct_id: "NCT123" is no NCT ID; an NCT ID is NCT and eight digits, for example '
        "NCT00508443",
    ),
    (
        "[[search]]\nname = 'x'\ninclude = [{ nct_id = 'NCT00000001' }, { nct_id = 'nct00000001' }]\n",
        "search[2].include[2].nct_id: NCT00000001 is listed twice",
    ),
    (
        "[[search]]\nname = 'x'\ninclude = [{ nct_id = 'NCT00000001' }]\nexclude = [{ nct_id = 'NCT00000001' }]\n",
        "search[2].exclude[1].nct_id: NCT00000001 is both included and excluded",
    ),
    (
        "[[search.term]]\nstatus = ['RECRUITING']\n",
        "search[1].term[2]: has no expression; give at least one of condition, title, intervention, other, sponsor, "
        "location",
    ),
    ("[[search.term]]\ncondition = 'chordoma'\n", "search[1].term[2]: asks the same as term[1]; take one out"),
]
REFERENCES = [
    (
        "[[report]]\nname = 'x'\nsearches = ['spin']\n",
        'report[1].searches[1]: "spin" is no search of this file; did you mean "spine"?',
    ),
    ("[[report]]\nname = 'x'\nsearches = ['spine', 'spine']\n", 'report[1].searches[2]: "spine" is named twice'),
    (
        "[[report]]\nname = 'x'\nsearches = []\n",
        "report[1].searches: is empty; name a search, or leave the key out for all",
    ),
    (
        "[[report]]\nname = 'x'\nrecipients = ['board']\n",
        'report[1].recipients[1]: "board" is no recipient of this file; there is no [[recipient]]',
    ),
    ("[[report]]\nname = 'x'\n[[report]]\nname = 'X'\n", 'report[2].name: "X" is the name of report[1] already'),
    (
        "[[report]]\nname = 'x'\nkinds = ['stopped']\nleast_weight = 'major'\n",
        "report[1]: has both kinds and least_weight; keep one",
    ),
    (
        MAIL + "[alerts]\nrecipients = ['bored']\n",
        'alerts.recipients[1]: "bored" is no recipient of this file; did you mean "board"?',
    ),
    ("[[recipient]]\nname = 'board'\n", "recipient[1]: needs either mail or url_env, and not both"),
    (
        "[[recipient]]\nname = 'board'\nmail = ['a@b']\n",
        "recipient[1].mail: mail needs a section [smtp] that says how to send it",
    ),
    (MAIL + "[[recipient]]\nname = 'x'\nmail = ['a b@c']\n", 'recipient[2].mail[1]: "a b@c" is no mail address'),
    (
        "[smtp]\nhost = 'x'\nsender = 'a@b'\npassword_env = 'A'\npassword_file = 'b'\n",
        "smtp: has both password_env and password_file; keep one",
    ),
]

VERTEBROPLASTY = "[taxonomy.treatment.vertebroplasty]\n"
CLASSES = [
    (
        VERTEBROPLASTY + "match = ['cement', '(']\n",
        "taxonomy.treatment.vertebroplasty.match[2]: the pattern '(' does not compile: "
        "missing ), unterminated subpattern at position 0",
    ),
    (
        VERTEBROPLASTY + "match = ['(?i)cement']\n",
        "taxonomy.treatment.vertebroplasty.match[1]: the pattern '(?i)cement' does not compile beside other patterns: "
        "global flags not at the start of the expression at position 18",
    ),
    (
        VERTEBROPLASTY + "unless = ['x*']\n",
        "taxonomy.treatment.vertebroplasty.unless[1]: the pattern 'x*' matches the empty text, "
        "so it would match everything",
    ),
    (
        VERTEBROPLASTY + "macth = ['x']\n",
        'taxonomy.treatment.vertebroplasty.macth: is no key of a class; did you mean "match"?',
    ),
    (
        "[taxonomy.treatment.vertebroplast]\nmatch = ['x']\ngroup = 'surgery'\n",
        "taxonomy.treatment.vertebroplast.label: is missing; a class that is new needs its name in words "
        '(did you mean "vertebroplasty"?)',
    ),
    ("[taxonomy.tretment.x]\nmatch = ['x']\n", 'taxonomy.tretment: is no axis; did you mean "treatment"?'),
    ("[[taxonomy]]\nmatch = ['x']\n", "taxonomy: a table is expected, not a list"),
]


@pytest.mark.parametrize(("text", "line"), CLASSES)
def test_a_glance_hands_classes_on_and_they_are_refused_where_they_are_used(
    tmp_path: Path, text: str, line: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SEARCH + text, encoding="utf-8")
    with pytest.raises(InvalidConfig) as refused:
        glance_at(path).classes()
    assert refused.value.lines == (f"{path}: {line}",)


@pytest.mark.parametrize(
    ("text", "line"), KEYS + TYPES + WORDS + SCHEDULES + ADDRESSES + SEARCHES + REFERENCES + CLASSES
)
def test_each_mistake_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert lines(tmp_path, SEARCH + text) == [line]


def test_an_impossible_cron_field_is_told_in_the_words_of_the_timer(tmp_path: Path) -> None:
    [line] = lines(tmp_path, SEARCH + "[schedule]\nsync = '61 * * * *'\n")
    assert line.startswith('schedule.sync: "61 * * * *" is no schedule: ')
    assert line.endswith("fields: minute hour day month day-of-week")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("http://localhost:8080/api/v2", True), ("http://127.0.0.1/", True), ("http://[::1]:80/x", True)],
)
def test_this_machine_needs_no_encryption(tmp_path: Path, url: str, loopback: bool) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SEARCH + f"[registry]\nbase_url = '{url}'\n")
    assert load_config(path).registry.base_url.startswith("http://") is loopback


def test_another_machine_may_be_unencrypted_where_its_owner_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SEARCH + "[registry]\nbase_url = 'http://registry.lan/v2'\nallow_http = true\n")
    assert load_config(path).registry.base_url == "http://registry.lan/v2"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """
[registry]
timeout_s = -1
[store]
uri = "x"
[[search]]
name = "spine"
include = [{ nct_id = "NCT1" }]
[[search]]
name = "spine"
[[search.term]]
condition = 'a AND'
[schedule]
sync = "0 99 * * *"
"""
    told = lines(tmp_path, text)
    assert [line.split(":")[0] for line in told] == [
        "registry.timeout_s",
        "store.uri",
        "search[1].include[1].nct_id",
        "search[2].name",
        "search[2].term[1].condition",
        "schedule.sync",
    ]


def test_a_file_without_searches_says_where_to_get_one(tmp_path: Path) -> None:
    assert lines(tmp_path, "") == ['no [[search]]: there is nothing to track; "tracker config init" writes an example']


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[store]\nurl = sqlite\n", "no TOML: line 2, column 7: invalid value"),
        ("[store\n", "no TOML: line 1, column 7: expected ']' at the end of a table declaration"),
        ("a = 1\na = 2\n", "no TOML: line 2, column 6: cannot overwrite a value"),
        ("a = ", "no TOML: at its end: invalid value"),
        ("a = " + "[" * 5000, "is nested too deeply"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(tmp_path: Path, text: str, line: str) -> None:
    assert lines(tmp_path, text) == [line]


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(path)
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path)


def test_a_name_can_not_break_the_line(tmp_path: Path) -> None:
    [line] = lines(tmp_path, SEARCH + '"evil\\nkey\\u001b[2J" = 1\n')
    assert line.isprintable()
