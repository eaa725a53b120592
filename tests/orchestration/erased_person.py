"""A warehouse that remembers an erased person, without the person: for tests of what follows."""

from datetime import datetime

import duckdb

from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.ingestion.tombstones import ensure_salt, record

NOBODY = "cus_nobody"


def remember_erased(
    con: duckdb.DuckDBPyConnection,
    identifiers: str,
    *,
    nobody: str = NOBODY,
    on: str = "2012-01-01",
    load_id: int = 9,
) -> None:
    """Write the record of an erasure, with the tables that it needs.

    Args:
        con: The warehouse's connection.
        identifiers: SQL with `kind` and `identifier` of what the person was called by.
        nobody: The customer who is left.
        on: The day.
        load_id: Its number in the ledger of loads.
    """
    con.execute(CONTROL_TABLES)
    ensure_salt(con)
    record(
        con,
        moment=datetime.fromisoformat(on),
        by=("Ada", "request 7"),
        load_id=load_id,
        anonymous_id=nobody,
        row_counts={},
        identifiers=identifiers,
    )
