"""What of a rebuilt release differs for no other reason than that persons were erased since.

Belongs here: comparing marts without the rows of erased persons, on both sides. Does not belong
here: other differences (`rebuild`), and who was erased (`ingestion.tombstones`).
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

from orchestration.erasure.person import TOKEN_PREFIX
from orchestration.release.compare import FIRST, SECOND, attach_both
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.erased import (
    OWNER_COLUMNS,
    RECORD_COLUMNS,
    TICKET_COLUMN,
    count_erased,
    record_name,
    traces,
)
from orchestration.release.marts import PARTITION_COLUMN, WHOLE_MART
from orchestration.release.reading import quoted

_LIVE: Final = "live"
# What stands before an identifier where a customer's key is made of it (macro `customer_key`).
_NO_PREFIX: Final = "''"
_BILLING_PREFIX: Final = "'billing:'"


def equal_but_for_erased(
    con: duckdb.DuckDBPyConnection,
    unlike: Mapping[str, Sequence[str]],
    *,
    published: Path,
    computed: Path,
    warehouse: Path,
) -> dict[str, dict[str, int]]:
    """Find the marts, or months of them, whose other rows are all equal.

    Args:
        con: A connection to a database of its own.
        unlike: Mart to its months (or `all`) that are not the same in both.
        published: The database of the release.
        computed: The warehouse in which it was computed again.
        warehouse: The warehouse that knows who was erased.

    Returns:
        Mart to its months (or `all`) that are equal else, with the published rows that name
        erased persons.
    """
    con.execute(f"attach {quoted(warehouse)} as {_LIVE} (read_only)")
    con.execute(f"use {_LIVE}")
    if not count_erased(con):
        return {}
    attach_both(con, published, computed)
    found: dict[str, dict[str, int]] = {}
    for mart, parts in unlike.items():
        explained = {
            part: rows for part in parts if (rows := _erased_rows(con, mart, part)) is not None
        }
        if explained:
            found[mart] = explained
    return found


def _erased_rows(con: duckdb.DuckDBPyConnection, mart: str, part: str) -> int | None:
    """Count the published rows that name erased persons; None where other rows differ, too."""
    columns = [
        [str(row[0]) for row in con.execute(f"describe {_table(database, mart)}").fetchall()]
        for database in (FIRST, SECOND)
    ]
    found = traces(columns[0])
    if columns[0] != columns[1] or found is None:
        return None
    month = "true" if part == WHOLE_MART else f"{PARTITION_COLUMN} = date {quoted(part)}"
    # A release that was published after an erasure has rows of nobody, too.
    others = f"{month} and ({_is_nobodys(columns[1])}) is not true"
    first = f"{found.rest(_table(FIRST, mart))} and {others}"
    second = f"select * from {_table(SECOND, mart)} where {others}"
    row = con.execute(
        f"select (select count(*) from {_table(FIRST, mart)} "
        f"where {month} and ({found.is_named})), "
        f"(select count(*) from ({first} except all {second})) "
        f"+ (select count(*) from ({second} except all {first}))"
    ).fetchone()
    if row is None:
        raise RuntimeError("a query without a table gave no row")
    return None if row[1] or not row[0] else int(row[0])


def _is_nobodys(columns: Collection[str]) -> str:
    """Write the condition that a computed row is of the customer who is left of an erased person.

    An older state of knowledge may not know that two of its records are one: each has its own key.
    """
    alone = "concat('cus_', substr(md5(concat({}, l.source_id)), 1, 16))"
    nobody = (
        "select anonymous_id from control.erasures "
        f"union all select {alone.format(_NO_PREFIX)} from control.erased_links as l "
        "where l.source_system = 'crm' "
        f"union all select {alone.format(_BILLING_PREFIX)} from control.erased_links as l "
        "where l.source_system = 'billing'"
    )
    records = "select concat(l.source_system, '|', md5(l.source_id)) from control.erased_links as l"
    parts = [f'"{name}" in ({nobody})' for name in OWNER_COLUMNS if name in columns]
    if "source_system" in columns:
        parts += [
            f"{record_name(name)} in ({records})" for name in RECORD_COLUMNS if name in columns
        ]
    if TICKET_COLUMN in columns:
        parts.append(f"starts_with(\"{TICKET_COLUMN}\", '{TOKEN_PREFIX}')")
    return " or ".join(parts) or "false"


def _table(database: str, mart: str) -> str:
    return f'{database}.{MARTS_SCHEMA}."{mart}"'
