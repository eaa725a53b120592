"""Computed tables that hold personal values of sources: their rows go at once.

Belongs here: which tables these are, and deleting rows of them. Does not belong here: which rows go
(`erase`, `expire`). The next run computes these tables anew; staging is views, and needs nothing.
"""

from typing import Final

import duckdb

from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.loader import number
from orchestration.ingestion.sql import identifier

# Tables of the core with names and addresses of records (tests/dbt_project/test_vault.py).
VAULT_TABLES: Final = ("int_identity_evidence", "int_identity_blocks")
# Tables of the core with values of one source, by the source: with the key of its rows there.
COPIES: Final = {"organisation.credit_checks": ("int_aml_checks", "check_id")}


def delete_rows(con: duckdb.DuckDBPyConnection, table: str, condition: str) -> dict[str, int]:
    """Delete rows of a table of the core, if it is built, and give their number by its place.

    Args:
        con: The warehouse's connection, in a transaction.
        table: The table.
        condition: SQL of which rows `t`.
    """
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'core' and table_name = ?",
        [table],
    ).fetchone()
    if there is None:
        return {}
    place = f"core.{table}"
    return {place: number(con, f"delete from {place} as t where {condition}")}


def delete_copies(
    con: duckdb.DuckDBPyConnection, contract: TableContract, condition: str
) -> dict[str, int]:
    """Delete what a table of the core copied of rows of a source, and give their number.

    Args:
        con: The warehouse's connection, in a transaction.
        contract: The source.
        condition: SQL of which raw rows `r`; all versions of a key go with one of them.
    """
    if contract.title not in COPIES:
        return {}
    table, key = COPIES[contract.title]
    keys = f"select trim(r.{identifier(key)}) from {contract.raw_table} as r where {condition}"
    return delete_rows(con, table, f"t.{identifier(key)} in ({keys})")
