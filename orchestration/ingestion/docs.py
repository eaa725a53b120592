"""The landing contract as a page for people, rendered from the source YAMLs.

What belongs here: turning contracts into Markdown. What does not: any fact about a table; it is in
its YAML, and a test holds the page in step. Render anew with
`python -m orchestration.ingestion.docs`.
"""

from collections.abc import Sequence
from pathlib import Path

from orchestration.ingestion.contract import Column, TableContract, load_contracts
from orchestration.settings import Settings

PAGE = Path("docs") / "landing-contract.md"
INTRODUCTION = """\
# The landing contract

What a company puts into the landing area, and what becomes of it. This page is rendered from the
source YAMLs below `models/staging/` by `python -m orchestration.ingestion.docs`; change those, not
this page.

## How files are found

The landing area (`.scorecard/landing/`, or the folder named with `--landing`) has one folder per
source system; folders within it are walked too. A file belongs to the table whose pattern its name
matches. Hidden files and names that end in `.part` or `.tmp` are still being written and are left
alone: write aside, then rename.

| Format | Names |
|---|---|
| CSV, in the dialect declared below (nothing is guessed) | `.csv`, `.csv.gz`, `.csv.zst` |
| JSON lines, one object a line, UTF-8 | `.jsonl` or `.ndjson`, also with `.gz`, `.zst` |
| Parquet | `.parquet` |

Columns may stand in any order; their names are compared without regard to case. A column that a
contract does not know is reported, and its values stay in the file. Times without an offset are
UTC; times with one are converted.

## What becomes of a file

A file is known by its content: the same bytes are never loaded twice, whatever their name. A load
is one transaction: the ledger row (`control.loads`), the good rows (`raw`) and the refused rows
(`quarantine.refused_rows`) are stored together or not at all, and
*rows read = accepted + unchanged + quarantined* is proved before it is committed.

| Mode | A row is stored when | counted as unchanged when | refused when |
|---|---|---|---|
| `append` (events) | its key is new | the key is stored with the same content | the key is stored \
with other content (`conflicting_key`), or stands earlier in the file with other content \
(`duplicate_key`) |
| `upsert` (versions of entities) | key and event time are new, or say something else than the \
newest load said: a correction | they say what is stored | key and event time stand earlier in the \
file with other content (`duplicate_key`) |
| `snapshot` (full dumps) | it differs from the version before it in more than its time | it does \
not | as for `upsert` |

A row that breaks a rule is refused alone, with rule, column, line and text:
`unreadable_row`, `type` (also where a value would lose digits), `not_null` (also for blank text),
`accepted_values`, `min`, `max`, `earliest`, `date_in_future` (more than a day after the load).

A file is refused as a whole, with its reason in the ledger, when it is empty, cut short, damaged,
in another encoding, without a required column, or has a quote that is never closed. It is tried
again in every run until it is mended or removed. All other files go on.

`line` is the line in the file; for Parquet the row. Where quotes are open in a way that lets no
line be told, it counts records, and the ledger's message says so.
"""


def render_landing_contract(contracts: Sequence[TableContract]) -> str:
    """Return the page as Markdown: the rules of the landing area, then every table.

    Args:
        contracts: The contracts, in the order in which they shall stand.
    """
    parts = [INTRODUCTION]
    system = ""
    for contract in contracts:
        if contract.system != system:
            system = contract.system
            presence = "optional" if contract.is_optional else "required"
            parts.append(f"## System `{system}` ({presence})\n")
        parts.append(_render_table(contract))
    return "\n".join(parts)


def _render_table(contract: TableContract) -> str:
    csv = contract.csv
    header = "with a header" if csv.header else "without a header, in the order below"
    freshness = (
        f"stale after {contract.freshness_days} days without a new fact"
        if contract.freshness_days
        else "not watched"
    )
    keys = ", ".join(f"`{name}`" for name in contract.key)
    lines = [
        f"### `{contract.title}`",
        "",
        contract.description,
        "",
        f"- Files: `{contract.system}/{contract.file_pattern}`",
        f"- Mode: `{contract.load_mode}`; key: {keys}; event time: `{contract.event_time}`",
        f"- CSV: delimiter `{csv.delimiter}`, quote `{csv.quote}`, escape `{csv.escape}`, "
        f"{csv.encoding}, {header}; no value is "
        + (f"written `{csv.null_text}`" if csv.null_text else "an empty field"),
        f"- Freshness: {freshness}",
        f"- Contract: `{contract.path.as_posix()}`",
        "",
        "| Column | Type | Required | Rules | Known at | Personal data | What it says |",
        "|---|---|---|---|---|---|---|",
        *(_render_column(column) for column in contract.columns),
        "",
    ]
    return "\n".join(lines)


def _render_column(column: Column) -> str:
    known = f"`{column.known_at}`" if column.known_at else "with the row"
    cells = [
        f"`{column.name}`",
        f"`{column.data_type}`",
        "yes" if column.is_required else "no",
        _rules(column),
        known,
        column.personal_data,
        column.description,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _rules(column: Column) -> str:
    rules = ["has a value"] if column.is_not_null else []
    if column.accepted_values:
        rules.append("one of " + ", ".join(column.accepted_values))
    if column.minimum is not None:
        rules.append(f"at least {column.minimum:,f}")
    if column.maximum is not None:
        rules.append(f"at most {column.maximum:,f}")
    if column.earliest is not None:
        rules.append(f"from {column.earliest} on")
    return "; ".join(rules) or "–"


def write_landing_contract(settings: Settings) -> Path:
    """Render the page of a repository's contracts into its `docs/` and return its path.

    Args:
        settings: The root of the repository.

    Raises:
        ContractError: A contract cannot be read or contradicts itself.
    """
    path = settings.root / PAGE
    text = render_landing_contract(load_contracts(settings.contracts_root))
    path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    write_landing_contract(Settings.from_environment())
