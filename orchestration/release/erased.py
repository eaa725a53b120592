"""Persons who were erased, seen from a release: how many, and which rows of older marts are theirs.

Belongs here: the condition by which rows that are carried over from an older release are left out.
Does not belong here: the marts of the run itself, which no longer know the person.
"""

import duckdb

from orchestration.ingestion.tombstones import CUSTOMER, was_erased

CUSTOMER_COLUMN = "customer_id"


def count_erased(con: duckdb.DuckDBPyConnection) -> int:
    """Count the persons who were erased from a warehouse; an older one knows of none.

    Args:
        con: A connection to the warehouse.
    """
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'control' and table_name = 'erasures'"
    ).fetchone()
    if there is None:
        return 0
    row = con.execute("select count(*) from control.erasures").fetchone()
    return int(row[0]) if row else 0


def rows_of_erased(con: duckdb.DuckDBPyConnection) -> str:
    """Write the condition that a row's `customer_id` is of an erased person; empty if none was."""
    return was_erased(CUSTOMER, CUSTOMER_COLUMN) if count_erased(con) else ""
