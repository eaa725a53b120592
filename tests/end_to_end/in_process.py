"""Whole runs inside the test's own process: the imports, which cost most, are paid once.

What belongs here: starting a run in a home, and comparing the tables of two warehouses. What does
not: what should be equal.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.launch import RunOutcome, load_definitions, run_scorecard
from orchestration.settings import Settings
from orchestration.warehouse import prepare_home


def run_in_process(home: Path, landing: Path, *, to_month: date | None = None) -> RunOutcome:
    """Run the whole pipeline over a landing area; the home is made where it is missing."""
    with _environment(SCORECARD_HOME=str(home)):
        settings = Settings.from_environment(landing=landing)
        prepare_home(settings)
        return run_scorecard(settings, load_definitions(), to_month=to_month)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Dagster reads the home from the environment, and a run points Dagster there."""
    before = {name: os.environ.get(name) for name in (*values, "DAGSTER_HOME")}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def columns_of(home: Path, table: str) -> list[str]:
    """The columns of a table (`schema.name`), in order."""
    schema, _, name = table.partition(".")
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ? order by ordinal_position",
            [schema, name],
        ).fetchall()
    assert rows, f"{table} is not there"
    return [row[0] for row in rows]


def rows_that_differ(
    one: Path,
    other: Path,
    table: str,
    *,
    without: Sequence[str] = (),
    where: str = "true",
    may_be_empty: bool = False,
) -> int:
    """Count the rows of a table that only one of two homes has."""
    columns = [name for name in columns_of(one, table) if name not in without]
    query = f"select {', '.join(columns)} from {{}}.{table} where {where}"
    with duckdb.connect() as con:
        con.execute(f"attach '{one / 'warehouse.duckdb'}' as one (read_only)")
        con.execute(f"attach '{other / 'warehouse.duckdb'}' as other (read_only)")
        if not may_be_empty:
            counted = con.execute(f"select count(*) from ({query.format('one')})").fetchone()
            assert counted is not None
            assert counted[0] > 0, f"{table} has no row to compare"
        row = con.execute(
            f"""
            select count(*) from (
                ({query.format("one")} except all {query.format("other")})
                union all
                ({query.format("other")} except all {query.format("one")})
            )
            """
        ).fetchone()
    assert row is not None
    return int(row[0])
