"""All source systems as a page for people, rendered from the source YAMLs.

What belongs here: turning contracts into Markdown. What does not: any fact about a table; it is in
its YAML, and a test holds the page in step. Render anew with
`python -m orchestration.ingestion.docs`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from orchestration.ingestion.contract import (
    TIME_TYPES,
    Column,
    CsvDialect,
    ExcelLayout,
    TableContract,
    load_contracts,
)
from orchestration.settings import Settings

PAGE = Path("docs") / "sources.md"
INTRODUCTION = """\
# The source systems

What a company puts into the landing area, table by table, and what becomes of it. This page is
rendered from the source YAMLs below `models/staging/` by `python -m orchestration.ingestion.docs`;
change those, not this page. How to point a system at your files or at a database is in
[connect-a-source.md](connect-a-source.md).

## How files are found

The landing area (`.scorecard/landing/`, or the folder named with `--landing`) has one folder per
source system; folders within it are walked too. A file belongs to the table whose pattern its name
matches. Hidden files and names that end in `.part` or `.tmp` are still being written and are left
alone: write aside, then rename.

| Format | Names |
|---|---|
| CSV in UTF-8 with commas, double quotes and a header, unless a table or `source.yml` declares \
otherwise (nothing is guessed); an empty field is no value | `.csv`, `.csv.gz`, `.csv.zst` |
| JSON lines, one object a line, UTF-8 | `.jsonl` or `.ndjson`, also with `.gz`, `.zst` |
| Parquet | `.parquet` |
| Excel, the first sheet with the names in row 1, unless declared otherwise | `.xlsx` |
| a table of a Postgres database | declared in `<system>/source.yml` |

Columns may stand in any order; their names are compared without regard to case. A column that a
contract does not know is reported, and its values stay where they are. Times without an offset are
UTC; times with one are converted.

## What becomes of a file

A file is known by its content: the same bytes are never loaded twice, whatever their name. A load
is one transaction: the ledger row (`control.loads`), the good rows (`raw`) and the refused rows
(`quarantine.refused_rows`) are stored together or not at all, and
*rows read = accepted + unchanged + quarantined* is proved before it is committed. A table of a
database goes the same way; it is known when its rows are those of its last load.

| Mode | A row is stored when | counted as unchanged when | refused when |
|---|---|---|---|
| `append` (events) | its key is new | the key is stored with the same content | the key is stored \
with other content (`conflicting_key`), or stands earlier in the file with other content \
(`duplicate_key`) |
| `upsert` (versions of entities) | key and event time are new, or say something else than the \
newest load said: a correction | they say what is stored | key and event time stand earlier in the \
file with other content (`duplicate_key`) |
| `snapshot` (full dumps) | it differs from the version before it in more than its time | it does \
not; keys that a dump leaves out stay as they were and are counted | as for `upsert` |

A row that breaks a rule is refused alone, with rule, column, line and text:
`unreadable_row`, `type` (also where a value would lose digits), `not_null` (also for blank text),
`accepted_values`, `min`, `max`, `earliest`, `not_before` (a time before the one it must follow),
`date_in_future` (more than a day after the load), `cell_error` (an error of Excel).

A file is refused as a whole, with its reason in the ledger, when it is empty, cut short, damaged,
in another encoding, without a required column, or has a quote that is never closed. It is tried
again in every run until it is mended or removed. All other files go on.

`line` is the line in the file; in a sheet and in Parquet the row; in a table of a database the row
in the order of the key. Where quotes are open in a way that lets no line be told, it counts
records, and the ledger's message says so.

## What the tables below say

- **Optional** systems may be absent: what they would measure is then *not measured*, never zero.
- **Quiet days**: for how many days after its newest fact a system may say nothing and still count
  as complete. Outside the time from its first fact to then, its measures are null.
- A **reference** table holds policies, calendars, rates and the like: its dates bound no system's
  time, and what changes in it is computed anew from the day it holds.
- **Known at**: the column that says when a value became known; a month before that does not see it.
- **Personal data**: `pseudonym` (an identifier of a person or customer), `personal`, `sensitive`;
  none of them leaves the warehouse but the customer's own id. Behind a pseudonym stands the table
  whose key it is: that is how a person's rows are found ([privacy.md](privacy.md)). What is
  *restricted* is besides for entitled persons alone, and in no feature, indicator or score
  ([auditor.md](auditor.md)).
- **Personal values**: for how long the personal and sensitive columns are kept. What is past its
  period goes by `scorecard expire`, never by itself
  ([privacy.md](privacy.md#how-long-things-are-kept)).
"""


def render_sources(contracts: Sequence[TableContract]) -> str:
    """Return the page as Markdown: the rules of the landing area, all systems, every table.

    Args:
        contracts: The contracts, ordered by system.
    """
    parts = [INTRODUCTION, _render_systems(contracts)]
    for _, tables in groupby(contracts, lambda contract: contract.system):
        of_system = list(tables)
        parts.append(_render_system(of_system[0]))
        parts.extend(_render_table(contract) for contract in of_system)
    return "\n".join(parts)


def _render_systems(contracts: Sequence[TableContract]) -> str:
    lines = ["## The systems", "", "| System | | Quiet days | Tables |", "|---|---|---|---|"]
    for system, tables in groupby(contracts, lambda contract: contract.system):
        of_system = list(tables)
        first = of_system[0]
        named = ", ".join(
            f"[`{contract.name}`](#{contract.title.replace('.', '')})" for contract in of_system
        )
        link = f"[`{system}`](#system-{system})"
        lines.append(f"| {link} | {_presence(first)} | {first.quiet_days} | {named} |")
    return "\n".join([*lines, ""])


def _presence(contract: TableContract) -> str:
    return "optional" if contract.is_optional else "required"


def _render_system(contract: TableContract) -> str:
    quiet = (
        f"it may say nothing for {contract.quiet_days} days and still counts as complete"
        if contract.quiet_days
        else "it counts as complete to the day of its newest fact"
    )
    presence = _presence(contract).capitalize()
    return (
        f"## System `{contract.system}`\n\n{contract.system_description}\n\n{presence}; {quiet}.\n"
    )


def _render_table(contract: TableContract) -> str:
    keys = ", ".join(f"`{name}`" for name in contract.key)
    freshness = (
        f"stale after {contract.freshness_days} days without a new fact"
        if contract.freshness_days
        else "not watched"
    )
    kind = "; a reference table" if contract.is_reference else ""
    lines = [
        f"### `{contract.title}`",
        "",
        contract.description,
        "",
        f"- Files: `{contract.system}/{contract.file_pattern}`{_dialect(contract)}",
        f"- Mode: `{contract.load_mode}`; key: {keys}; event time: `{contract.event_time}`{kind}",
        f"- Freshness: {freshness}",
        f"- Personal values: {_period(contract)}",
        f"- Contract: `{contract.path.as_posix()}`",
        "",
        "| Column | Type | Required | Rules | Known at | Personal data | What it says |",
        "|---|---|---|---|---|---|---|",
        *(_render_column(column) for column in contract.columns),
        "",
    ]
    return "\n".join(lines)


def _period(contract: TableContract) -> str:
    """Say for how long a table's personal and sensitive columns are kept."""
    if not contract.private_columns:
        return "none"
    named = ", ".join(f"`{column.name}`" for column in contract.private_columns)
    if contract.retention is None:
        return f"{named}; kept for good"
    period = contract.retention
    return f"{named}; kept for {period.months} months after `{period.since}`"


def _dialect(contract: TableContract) -> str:
    """Say how a table's files differ from what holds where nothing is declared."""
    said = []
    csv, excel = contract.csv, contract.excel
    if csv != CsvDialect():
        header = "with a header" if csv.header else "without a header, in the order below"
        said.append(
            f"CSV: delimiter `{csv.delimiter}`, quote `{csv.quote}`, escape `{csv.escape}`, "
            f"{csv.encoding}, {header}; no value is "
            + (f"written `{csv.null_text}`" if csv.null_text else "an empty field")
        )
    if excel != ExcelLayout():
        sheet = f"sheet `{excel.sheet}`" if excel.sheet else "the first sheet"
        said.append(f"Excel: {sheet}, names in row {excel.header_row}")
    return "".join(f"; {part}" for part in said)


def _render_column(column: Column) -> str:
    known = f"`{column.known_at}`" if column.known_at else "with the row"
    cells = [
        f"`{column.name}`",
        f"`{column.data_type}`",
        "yes" if column.is_required else "no",
        "; ".join(_rules(column)) or "–",
        known,
        _privacy(column),
        column.description,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _privacy(column: Column) -> str:
    """Say how personal a column is, whose identifier it is, and who may read it."""
    of_whom = f" of `{column.identifies}`" if column.identifies else ""
    return f"{column.personal_data}{of_whom}" + (", restricted" if column.is_restricted else "")


def _rules(column: Column) -> Iterator[str]:
    if column.is_not_null:
        yield "has a value"
    if column.accepted_values:
        yield "one of " + ", ".join(column.accepted_values)
    if column.minimum is not None:
        yield f"at least {column.minimum:,f}"
    if column.maximum is not None:
        yield f"at most {column.maximum:,f}"
    if column.earliest is not None:
        yield f"from {column.earliest} on"
    if column.not_before is not None:
        yield f"not before `{column.not_before}`"
    if column.refers_to is not None:
        yield f"names a row of `{column.refers_to}`"
    if column.data_type in TIME_TYPES and column.may_be_future:
        yield "may lie in the future"


def write_sources(settings: Settings) -> Path:
    """Render the page of a repository's contracts into its `docs/` and return its path.

    Args:
        settings: The root of the repository.

    Raises:
        ContractError: A contract cannot be read or contradicts itself.
    """
    path = settings.root / PAGE
    text = render_sources(load_contracts(settings.contracts_root))
    path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    write_sources(Settings.from_environment())
