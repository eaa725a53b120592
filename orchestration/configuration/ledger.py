"""The ledger of the configuration: what each seed held, from which run on.

Belongs here: the two control tables of it, and adding to them what a run finds changed. Does not
belong here: what a change means (mart `config_versions`), whether it may be meant (`rules`).

A revision is made when a run finds other rows than the run before; the first is the configuration
with which the home was begun. What held is never deleted: a row that changed ends there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml

from orchestration.configuration.schema import SEEDS
from orchestration.configuration.seeds import FOLDER, Configuration, Row
from orchestration.warehouse import transaction

NOT_KEPT: Final = frozenset({"identity_decisions"})
"""Records of people's identifiers, with a history of their own (`identity_restatements`)."""
START: Final = "valid_from"
_BETWEEN: Final = " / "
_TABLES: Final = """
create schema if not exists control;
create table if not exists control.config_revisions (
    revision integer, run_id varchar, recorded_at timestamp, known_month date, published_month date
);
-- One row per filled cell of a row of a seed, as long as that row stayed the same.
create table if not exists control.config_cells (
    seed varchar, row_key varchar, entity_key varchar, column_name varchar, value varchar,
    from_revision integer, until_revision integer
);
"""
_CHANGED: Final = """
create or replace temporary table changed_rows as
with held as (
    select seed, row_key, column_name, value from control.config_cells
    where until_revision is null
),
found as (select seed, row_key, column_name, value from incoming)
select distinct seed, row_key from (
    (select * from held except select * from found)
    union all
    (select * from found except select * from held)
)
"""


@dataclass(frozen=True)
class Cell:
    """One filled cell, with the names of its row.

    Attributes:
        seed: The seed.
        row_key: What names the row in the seed.
        entity_key: The same without the day from which the row holds.
        column_name: The column.
        value: The text.
    """

    seed: str
    row_key: str
    entity_key: str
    column_name: str
    value: str


def ensure_configuration_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the ledger where they are missing."""
    con.execute(_TABLES)


def record_configuration(
    con: duckdb.DuckDBPyConnection,
    cells: list[Cell],
    *,
    run_id: str,
    known_month: date,
    now: datetime,
) -> int:
    """Add a revision where the seeds hold other rows than before, all or nothing.

    Args:
        con: An open connection, outside a transaction.
        cells: What `cells_of` gave.
        run_id: The run.
        known_month: The last month of the run.
        now: The moment, UTC without zone.

    Returns:
        The revision that holds now.
    """
    import pyarrow as pa  # 0.1 s

    names = tuple(Cell.__dataclass_fields__)
    incoming = pa.table(  # noqa: F841  (the SQL names it)
        {name: pa.array([getattr(cell, name) for cell in cells], pa.string()) for name in names}
    )
    with transaction(con):
        con.execute(_CHANGED)
        newest = _newest(con)
        if not con.execute("select count(*) from changed_rows").fetchall()[0][0] and newest:
            return newest
        revision = newest + 1
        con.execute(
            "update control.config_cells set until_revision = ? where until_revision is null "
            "and (seed, row_key) in (select (seed, row_key) from changed_rows)",
            [revision],
        )
        con.execute(
            "insert into control.config_cells "
            "select seed, row_key, entity_key, column_name, value, ?, null from incoming "
            "semi join changed_rows using (seed, row_key) order by seed, row_key, column_name",
            [revision],
        )
        con.execute(
            "insert into control.config_revisions select ?, ?, ?, ?, max(last_month) "
            "from control.runs where status in ('released', 'held') and run_id <> ?",
            [revision, run_id, now, known_month, run_id],
        )
    return revision


def _newest(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select max(revision) from control.config_revisions").fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def cells_of(configuration: Configuration, root: Path) -> list[Cell]:
    """List the filled cells of every seed that the ledger keeps.

    Args:
        configuration: The seeds.
        root: The repository, whose `_seeds.yml` says what names a row of the other seeds.
    """
    keys = {**_declared_keys(root), **{name: spec.key for name, spec in SEEDS.items()}}
    return [
        cell
        for name in sorted(configuration.seeds)
        if name not in NOT_KEPT
        for cell in _cells(configuration.rows(name), keys.get(name, ()))
    ]


def _cells(rows: tuple[Row, ...], key: tuple[str, ...]) -> Iterator[Cell]:
    """Give the cells of a seed; a key that does not tell rows apart gives way to the whole row."""
    named = [tuple(row[column] for column in key) for row in rows]
    if not key or len(set(named)) < len(rows):
        key = tuple(rows[0].values) if rows else ()
    told: dict[str, int] = {}
    for row in rows:
        row_key = _joined(row, key)
        told[row_key] = told.get(row_key, 0) + 1
        if told[row_key] > 1:
            row_key = f"{row_key}{_BETWEEN}{told[row_key]}"
        entity = _joined(row, tuple(column for column in key if column != START))
        for column, value in row.values.items():
            if value:
                yield Cell(row.seed, row_key, entity, column, value)


def _joined(row: Row, columns: tuple[str, ...]) -> str:
    return _BETWEEN.join(row[column] for column in columns)


def _declared_keys(root: Path) -> dict[str, tuple[str, ...]]:
    """Read from the seeds' YAML what names a row: a combination that is unique, or a column."""
    path = root / FOLDER / "_seeds.yml"
    if not path.exists():
        return {}
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = {}
    for seed in document["seeds"]:
        combined = [
            test["unique_combination"]["arguments"]["columns"]
            for test in _tests(seed)
            if isinstance(test, Mapping) and "unique_combination" in test
        ]
        single = [
            [column["name"]] for column in seed.get("columns", []) if "unique" in _tests(column)
        ]
        for columns in (combined + single)[:1]:
            found[seed["name"]] = tuple(columns)
    return found


def _tests(node: Mapping[str, Any]) -> list[Any]:
    return list(node.get("data_tests", []))
