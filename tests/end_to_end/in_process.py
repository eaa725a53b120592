"""Landing files to marts inside the test's own process, and comparing two warehouses.

What belongs here: loading, choosing the months and building every model in a home, as a run does,
without training and gates (whole runs are tested in `test_runs`); and the rows that differ. What
does not: what should be equal.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.dbt import run_dbt
from orchestration.ingestion.ingest import IngestReport, ingest
from orchestration.prediction import ensure_ml_tables
from orchestration.runs import RunMonths, begin, utc_now
from orchestration.settings import Settings
from orchestration.text import TEXT_MODELS, score_items
from orchestration.warehouse import connect, prepare_home
from tests.command import keep_parsed, lend_parsed


def build_in_process(home: Path, landing: Path, *, to_month: date | None = None) -> IngestReport:
    """Load a landing area and build every model over all months; the home is made where missing.

    Raises:
        ScorecardError: A file, a month or a model went wrong.
    """
    settings = Settings.from_environment({}, home=home, landing=landing)
    prepare_home(settings)
    lend_parsed(home)
    report = ingest(settings, loaded_at=utc_now())
    months = RunMonths(run_id="test", to_month=to_month, may_go_back=True)
    begin(settings, months, now=utc_now())
    with connect(settings) as con:
        ensure_ml_tables(con)
    run_dbt(settings, "run", select=[f"+{model}" for model in TEXT_MODELS])
    score_items(settings)
    run_dbt(settings, "build", exclude_types=("test", "unit_test"), full_refresh=True)
    keep_parsed(home)
    return report


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
