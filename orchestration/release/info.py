"""The tables in which a release tells of itself: `release_info`, `release_products` and the like.

Belongs here: their columns and words (`info_tables.yml`), making them, filling those that come from
the warehouse's control tables. Not here: marts, which are judged and have checksums (`marts`).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import yaml

from data_quality.contracts import MartWords
from orchestration.quality_results import is_kept
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.reading import quoted

DEFINITIONS = Path(__file__).with_name("info_tables.yml")


@dataclass(frozen=True)
class InfoColumn:
    """One column: its type in DuckDB, and what it means."""

    kind: str
    description: str


@dataclass(frozen=True)
class InfoTable:
    """One table: what its rows are, and its columns in their order."""

    description: str
    columns: dict[str, InfoColumn]


@lru_cache(maxsize=1)
def load_info_tables(path: Path = DEFINITIONS) -> dict[str, InfoTable]:
    """Read the tables that a release tells of itself in."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: InfoTable(
            entry["description"],
            {column: InfoColumn(kind, words) for column, (kind, words) in entry["columns"].items()},
        )
        for name, entry in content.items()
    }


def load_info_words() -> dict[str, MartWords]:
    """What these tables and their columns mean, as `load_mart_words` says it of marts."""
    return {
        name: MartWords(
            table.description,
            {column: each.description for column, each in table.columns.items()},
        )
        for name, table in load_info_tables().items()
    }


def create_info_table(con: duckdb.DuckDBPyConnection, name: str, *, target: str) -> str:
    """Create an empty table with comments that say what it means, and give its full name.

    Args:
        con: A connection to which the release's database is attached, with the schema in it.
        name: The table.
        target: Name of the attached database.
    """
    definition = load_info_tables()[name]
    table = f"{target}.{MARTS_SCHEMA}.{name}"
    listed = ", ".join(f"{column} {each.kind}" for column, each in definition.columns.items())
    con.execute(f"create table {table} ({listed})")
    con.execute(f"comment on table {table} is {quoted(definition.description)}")
    for column, each in definition.columns.items():
        con.execute(f"comment on column {table}.{column} is {quoted(each.description)}")
    return table


def write_quality_results(con: duckdb.DuckDBPyConnection, *, target: str) -> None:
    """Copy what the rules found in every run that is still known; nothing where none is kept.

    Args:
        con: A connection whose current database is the warehouse, with the release attached.
        target: Name of the attached database.
    """
    table = create_info_table(con, "quality_results", target=target)
    if not is_kept(con):
        return
    con.execute(
        f"insert into {table} by name select results.*, runs.started_at as run_started_at, "
        "runs.code_fingerprint, runs.config_fingerprint from control.quality_results as results "
        "inner join control.runs as runs on results.run_id = runs.run_id "
        "order by runs.started_at, results.run_id, results.product, results.rule_id, "
        "results.table_name"
    )
