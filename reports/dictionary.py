"""The data dictionary: what each column, watched field and kind of change means, from the tables that code reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reports.columns import CHANGE_COLUMNS, STUDY_COLUMNS, Column
from tracker.changes import Kind
from tracker.fields import FIELDS, OTHER_FIELD, WatchedField
from tracker.words import kind_in_words

_NOTES = """\
# Data dictionary

Written by `python -m reports.dictionary`; a test keeps it in step with the program.

How the data files are written: UTF-8 with a byte order mark, comma, CRLF, quotes as in RFC 4180. An empty cell is a
missing value. Dates and coded words stand as the registry writes them. A *partial date* is `yyyy`, `yyyy-MM` or
`yyyy-MM-dd`: the interval of days that it names. A *list* is a JSON array. An *instant* is ISO 8601 in UTC. In CSV and
XLSX a text that a spreadsheet would run as a formula begins with an apostrophe, control, bidirectional and invisible
characters are left out, and a text of over 32,000 characters is cut; report.json holds every value of
a change as it is.

In report.xlsx a partial date stays text. Beside it stand its earliest day, as a real date (`…_first_day`), and its
precision (`…_precision`: day, month, year or unreadable), so that 2020-12 does not become 1 December.
"""


def data_dictionary() -> str:
    """Markdown, with a final line feed."""
    return "\n".join(_lines()) + "\n"


def dictionary_rows() -> Iterator[tuple[str, str, str, str]]:
    """(table, name, type, meaning): the sheet Dictionary of report.xlsx."""
    for table, columns in (("changes", CHANGE_COLUMNS), ("studies", STUDY_COLUMNS)):
        for column in columns:
            yield table, column.name, column.type.value, column.meaning
    for field in FIELDS:
        yield "watched field", field.name, kind_in_words(field.kind), _described(field)
    for kind in Kind:
        yield "kind of change", kind.value, "coded word", kind_in_words(kind)


def _lines() -> Iterator[str]:
    yield _NOTES
    yield from ("## changes.csv: one change a row", "", *_table(CHANGE_COLUMNS), "")
    yield from ("## studies.csv: one tracked study a row, as it stands", "", *_table(STUDY_COLUMNS), "")
    yield from (
        "## Watched fields",
        "",
        "| field | called | kind of change | where in the record |",
        "|---|---|---|---|",
    )
    for field in FIELDS:
        yield f"| `{field.name}` | {field.label} | {field.kind.value} | {_places(field)} |"
    yield f"| `{OTHER_FIELD}` | Other parts of the record | {Kind.OTHER.value} | every other module |"
    yield from ("", "## Kinds of change", "", "| kind | called |", "|---|---|")
    yield from (f"| `{kind.value}` | {kind_in_words(kind)} |" for kind in Kind)


def _table(columns: Iterable[Column]) -> Iterator[str]:
    yield from ("| column | type | empty? | meaning |", "|---|---|---|---|")
    for column in columns:
        yield f"| `{column.name}` | {column.type.value} | {'never' if column.filled else 'may be'} | {column.meaning} |"


def _places(field: WatchedField) -> str:
    return ", ".join(f"`{'.'.join(path)}`" for path in field.paths)


def _described(field: WatchedField) -> str:
    by = "; written by the registry" if field.machine_made else ""
    return f"{field.label}{by}: {', '.join('.'.join(path) for path in field.paths)}"


if __name__ == "__main__":
    print(data_dictionary(), end="")  # noqa: T201 - what the module is run for
