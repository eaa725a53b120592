"""What the report may say of a group of fewer than five customers: that it is one (handbook C26).

Belongs here: which figures are held back, and the connection and rows by which every page reads, so
that no page has to think of it. Not here: how they are written (`untold`), lists of single
customers.

Two steps, since pages read marts and count customers themselves:

* `open_groups` puts a view before each mart of group measures, in which a measure that rests on one
  to four cases is empty, with its interval. What it rests on is said by `indicator_catalogue`.
* `read_groups` turns each count of one to four in the rows of a query into one that is not told,
  and with it all other figures of a row that speaks of so few customers.

Cases count like customers: four tickets come from four customers at most. A total that stands
beside its parts would give one hidden part away: `untold.hidden_too` says which other part of a
cross table must stay away with it. The marts themselves are whole, for who may read them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from orchestration.release.reading import Row, open_database, read_rows
from orchestration.release.untold import SMALL_CELL, Few, UntoldDecimal, UntoldFloat, is_few

# How many customers a row of a query speaks of, where it says so.
_SIZES: Final = ("customer_count", "customers", "active_count", "valued_customer_count")
_COUNTS: Final = ("_count", "_cases", "_customers")
# Counts of other things than customers and what they did.
_NOT_OF_CUSTOMERS: Final = frozenset(
    {
        "active_staff_count",
        "assessor_count",
        "capped_count",
        "common_practice_count",
        "counted_count",
        "fact_count",
        "feature_count",
        "file_count",
        "gap_count",
        "line_count",
        "measure_count",
        "month_count",
        "not_applicable_count",
        "partly_answered_count",
        "practice_count",
        "quality_review_count",
        "record_count",
        "row_count",
        "shift_count",
        "staff_count",
        "trained_count",
        "unanswered_count",
        "weight_count",
    }
)


def open_groups(
    database: Path, *, config: dict[str, str | bool | int | float | list[str]] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a release's DuckDB file for a report on groups; use it in a `with` block.

    `scorecard.<mart>` has everything but what rests on one to four cases.

    Args:
        database: The file.
        config: Limits of the engine.

    Raises:
        ReleaseError: The file is missing, or is no DuckDB database.
    """
    con = open_database(database, config=config)
    (release,) = con.execute("select current_database()").fetchone() or ("",)
    con.execute("create schema memory.scorecard")
    columns: dict[str, dict[str, str]] = {}
    for mart, column, data_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = 'scorecard' order by table_name, column_index",
        [release],
    ).fetchall():
        columns.setdefault(mart, {})[column] = data_type
    measures = _measures(con, columns)
    for mart, present in columns.items():
        replaced = _replaced(present, measures.get(mart, []))
        told = f"* replace ({', '.join(replaced)})" if replaced else "*"
        con.execute(
            f'create view memory.scorecard."{mart}" as '
            f'select {told} from {release}.scorecard."{mart}"'
        )
    con.execute("use memory")
    return con


def read_groups(
    con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()
) -> list[Row]:
    """Run a query on groups and give its rows, with counts of one to four as `Few`.

    Args:
        con: A connection of `open_groups`.
        query: The query, with `?` for each value.
        values: The values.
    """
    return [_held_back(row) for row in read_rows(con, query, values)]


def counts_customers(name: str) -> bool:
    """Whether a column by its name counts customers, or what they did."""
    return name not in _NOT_OF_CUSTOMERS and (name in _SIZES or name.endswith(_COUNTS))


def _measures(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]
) -> dict[str, list[Row]]:
    """The measures of each mart of groups, with the count that each rests on."""
    catalogue = columns.get("indicator_catalogue", {})
    if not {"mart", "source_rows_column", "low_column", "high_column"} <= catalogue.keys():
        return {}
    found: dict[str, list[Row]] = {}
    for row in read_rows(
        con,
        """
        select mart, indicator_id, source_rows_column, low_column, high_column
        from scorecard.indicator_catalogue
        where mart <> 'customer_indicators' and source_rows_column is not null
        order by mart, indicator_id
        """,
    ):
        if counts_customers(row["source_rows_column"]):
            found.setdefault(row["mart"], []).append(row)
    return found


def _replaced(columns: Mapping[str, str], measures: Sequence[Row]) -> list[str]:
    """The columns of a view that say less than the mart's."""
    rests_on = {
        row[name]: row["source_rows_column"]
        for row in measures
        for name in ("indicator_id", "low_column", "high_column")
        if row[name] in columns and row["source_rows_column"] in columns
    }
    return [
        f"case when {count} between 1 and {SMALL_CELL - 1} then null "
        f'else "{column}" end as "{column}"'
        for column, count in sorted(rests_on.items())
        if column not in rests_on.values()
    ]


def _held_back(row: Row) -> Row:
    speaks_of_few = any(is_few(row[name]) for name in _SIZES if _is_count(row, name))
    return {name: _told(row, name, speaks_of_few=speaks_of_few) for name in row}


def _told(row: Row, name: str, *, speaks_of_few: bool) -> Any:
    value = row[name]
    if _is_count(row, name) and counts_customers(name) and is_few(value):
        return Few(value)
    if speaks_of_few and isinstance(value, float):
        return UntoldFloat(value)
    if speaks_of_few and isinstance(value, Decimal):
        return UntoldDecimal(value)
    return value


def _is_count(row: Row, name: str) -> bool:
    value = row.get(name)
    return isinstance(value, int) and not isinstance(value, bool)
