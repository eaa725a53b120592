"""What the report may say of a group of fewer than five customers: that it is one (handbook C26).

Belongs here: which figures are held back, and the connection and rows by which every page reads, so
that no page has to think of it. Not here: how they are written (`untold`), lists of single
customers.

Two steps, since pages read marts and count customers themselves:

* `open_groups` puts a view before each mart of group measures, in which a measure that rests on one
  to four cases, or on cases of one to four customers where the mart counts them, is empty, with its
  interval. What it rests on is said by `indicator_catalogue`.
* `read_groups` turns each count of one to four in the rows of a query into one that is not told,
  and with it all other figures of a row that speaks of so few customers.

Cases count like customers: four tickets come from four customers at most. A total that stands
beside its parts would give one hidden part away, and totals stand on many pages: of the groups that
rows divide a whole into (`_PARTS`), none is hidden alone. The next smallest is not told either, nor
what rests on it. Cross tables that a page makes of rows ask `untold.hidden_too` themselves. The
marts themselves are whole, for who may read them.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import duckdb

from orchestration.release.reading import Row, open_database, read_rows
from orchestration.release.untold import (
    SMALL_CELL,
    Beside,
    Few,
    UntoldDecimal,
    UntoldFloat,
    hidden_too,
    is_few,
)

# How many customers a row of a query speaks of, where it says so.
_SIZES: Final = (
    "customer_count",
    "customers",
    "active_count",
    "valued_customer_count",
    "affected_customers",
)
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
# What customers or cases are divided by: the groups of one of them make up a whole.
_PARTS: Final = (
    "tier",
    "customer_kind",
    "band",
    "risk_band",
    "churn_method",
    "channel",
    "stage",
    "is_declining",
    "group_name",
    "group_value",
    "cell",
    "cluster_id",
    "quadrant",
    "grade",
    "team_id",
    "scope_id",
    "touchpoint",
    "low",
    "from_days",
)
# What tells one whole from another.
_WHOLES: Final = (
    "as_of_date",
    "month",
    "period_months",
    "lag_months",
    "cohort_kind",
    "cohort_month",
    "profile",
    "programme_id",
    "estimator",
    "estimator_version",
    "group_kind",
    "kind_group",
    "scope",
    "scale",
    "dimension",
    "process",
    "step",
    "metric",
)
# Each row is one of these, or a step of a path through it: no sum of such rows is a whole.
_NO_PARTS: Final = frozenset({"customer_id", "account_id", "known_id", "from_stage", "place"})
_ALL: Final = "all"


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
    measures = _measures(con)
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
    rows = read_rows(con, query, values)
    beside = _beside(rows)
    rests_on = _rests_on(con) if any(beside) else {}
    return [_held_back(row, hidden, rests_on) for row, hidden in zip(rows, beside, strict=True)]


def counts_customers(name: str) -> bool:
    """Whether a column by its name counts customers, or what they did."""
    return name not in _NOT_OF_CUSTOMERS and (name in _SIZES or name.endswith(_COUNTS))


def _measures(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """The measures of each mart of groups, with the count that each rests on."""
    catalogue = {
        column
        for (column,) in con.execute(
            "select column_name from duckdb_columns() "
            "where schema_name = 'scorecard' and table_name = 'indicator_catalogue'"
        ).fetchall()
    }
    if not {"mart", "source_rows_column", "low_column", "high_column"} <= catalogue:
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
    # Many cases of few customers say no more than those customers do.
    sizes = [name for name in _SIZES if name in columns]
    return [
        "case when "
        + " or ".join(
            f"{name} between 1 and {SMALL_CELL - 1}" for name in dict.fromkeys([count, *sizes])
        )
        + f' then null else "{column}" end as "{column}"'
        for column, count in sorted(rests_on.items())
        if column not in rests_on.values() and column not in sizes
    ]


def _beside(rows: Sequence[Row]) -> list[set[str]]:
    """The counts of each row that are not few, and would give one of few away."""
    found: list[set[str]] = [set() for _ in rows]
    if not rows or _NO_PARTS & rows[0].keys():
        return found
    parts = [name for name in _PARTS if name in rows[0]]
    wholes = [name for name in _WHOLES if name in rows[0]]
    for count in (name for name in rows[0] if counts_customers(name)):
        hidden = {place for place, row in enumerate(rows) if _is_few_count(row, count)}
        # A part that is hidden for the sake of one sum may be the only one of another.
        before = -1
        while hidden and len(hidden) != before:
            before = len(hidden)
            for line in _lines(rows, parts, wholes):
                with_it = hidden_too(
                    {
                        # By name, so that no order of rows decides between equal counts.
                        (*(str(rows[place][name]) for name in parts), place): 1
                        if place in hidden
                        else rows[place][count]
                        if _is_count(rows[place], count)
                        else None
                        for place in line
                    }
                )
                hidden |= {place for *_, place in with_it}
        for place in hidden:
            if not _is_few_count(rows[place], count):
                found[place].add(count)
    return found


def _lines(rows: Sequence[Row], parts: Sequence[str], wholes: Sequence[str]) -> Iterator[list[int]]:
    """The places of rows whose sum is a whole: along each way to divide it, and along several."""
    for size in range(1, len(parts) + 1):
        for along in combinations(parts, size):
            rest = [name for name in (*wholes, *parts) if name not in along]
            lines: dict[tuple[Any, ...], list[int]] = {}
            for place, row in enumerate(rows):
                if not any(row[name] == _ALL for name in along):
                    lines.setdefault(tuple(row[name] for name in rest), []).append(place)
            yield from lines.values()


def _rests_on(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The counts that a measure of groups, or an end of its interval, rests on in any mart."""
    found: dict[str, set[str]] = {}
    for measures in _measures(con).values():
        for row in measures:
            for name in ("indicator_id", "low_column", "high_column"):
                found.setdefault(row[name], set()).add(row["source_rows_column"])
    return found


def _held_back(row: Row, beside: set[str], rests_on: Mapping[str, set[str]]) -> Row:
    speaks_of_few = any(
        name in beside or is_few(row[name]) for name in _SIZES if _is_count(row, name)
    )
    return {
        name: _told(
            row,
            name,
            is_beside=name in beside,
            is_untold=speaks_of_few or not beside.isdisjoint(rests_on.get(name, ())),
        )
        for name in row
    }


def _told(row: Row, name: str, *, is_beside: bool, is_untold: bool) -> Any:
    value = row[name]
    if _is_few_count(row, name):
        return Few(value)
    if is_beside:
        return Beside(value)
    if is_untold and isinstance(value, float):
        return UntoldFloat(value)
    if is_untold and isinstance(value, Decimal):
        return UntoldDecimal(value)
    return value


def _is_few_count(row: Row, name: str) -> bool:
    return _is_count(row, name) and counts_customers(name) and is_few(row[name])


def _is_count(row: Row, name: str) -> bool:
    value = row.get(name)
    return isinstance(value, int) and not isinstance(value, bool)
