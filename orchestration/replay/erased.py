"""What of a rebuilt release differs for no other reason than that persons were erased since.

Belongs here: comparing marts without the rows of erased persons, on both sides. Does not belong
here: other differences (`rebuild`), and who was erased (`ingestion.tombstones`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

from orchestration.ingestion.tombstones import CUSTOMER, was_erased
from orchestration.release.compare import FIRST, SECOND, attach_both
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.erased import CUSTOMER_COLUMN, count_erased
from orchestration.release.marts import PARTITION_COLUMN, WHOLE_MART
from orchestration.release.reading import quoted

_LIVE: Final = "live"


def equal_but_for_erased(
    con: duckdb.DuckDBPyConnection,
    unlike: Mapping[str, Sequence[str]],
    *,
    published: Path,
    computed: Path,
    warehouse: Path,
) -> dict[str, int]:
    """Find the marts whose other rows are all equal.

    Args:
        con: A connection to a database of its own.
        unlike: Mart to its months (or `all`) that are not the same in both.
        published: The database of the release.
        computed: The warehouse in which it was computed again.
        warehouse: The warehouse that knows who was erased.

    Returns:
        Mart to the number of its published rows that are of erased persons.
    """
    con.execute(f"attach {quoted(warehouse)} as {_LIVE} (read_only)")
    con.execute(f"use {_LIVE}")
    if not count_erased(con):
        return {}
    attach_both(con, published, computed)
    found = {}
    for mart, parts in unlike.items():
        if parts:
            erased = _erased_rows(con, mart, parts)
            if erased:
                found[mart] = erased
    return found


def _erased_rows(con: duckdb.DuckDBPyConnection, mart: str, parts: Sequence[str]) -> int:
    """Count the published rows of erased persons; 0 where other rows differ, too."""
    columns = [
        [str(row[0]) for row in con.execute(f"describe {_table(database, mart)}").fetchall()]
        for database in (FIRST, SECOND)
    ]
    if columns[0] != columns[1] or CUSTOMER_COLUMN not in columns[0]:
        return 0
    months = "true"
    if WHOLE_MART not in parts:
        listed = ", ".join(f"date {quoted(part)}" for part in parts)
        months = f"{PARTITION_COLUMN} in ({listed})"
    gone = was_erased(CUSTOMER, CUSTOMER_COLUMN)
    nobody = f"{CUSTOMER_COLUMN} in (select anonymous_id from control.erasures)"
    first, second = (
        f"select * from {_table(database, mart)} where {months} and ({left_out}) is not true"
        for database, left_out in ((FIRST, gone), (SECOND, nobody))
    )
    row = con.execute(
        f"select (select count(*) from {_table(FIRST, mart)} where {months} and {gone}), "
        f"(select count(*) from ({first} except all {second})) "
        f"+ (select count(*) from ({second} except all {first}))"
    ).fetchone()
    if row is None:
        raise RuntimeError("a query without a table gave no row")
    return 0 if row[1] else int(row[0])


def _table(database: str, mart: str) -> str:
    return f'{database}.{MARTS_SCHEMA}."{mart}"'
