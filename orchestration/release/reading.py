"""Opening a release's database for reading, in the one way in which its names are plain.

Belongs here: the connection, and rows as values by name. Not here: queries.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import ReleaseError

Row = Mapping[str, Any]

_ALIAS = "release"


def open_database(
    database: Path, *, config: dict[str, str | bool | int | float | list[str]] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a release's DuckDB file, read only; use it in a `with` block.

    The file is attached under the name `release`: opened by its own name, `scorecard` would be
    the name of the database and of the schema, and DuckDB refuses `scorecard.customers` as
    ambiguous. Here `scorecard.customers` and `release.scorecard.customers` both work.

    Args:
        database: The file; resolve `current` before, so that one release is read to the end.
        config: Limits of the engine.

    Raises:
        ReleaseError: The file is missing, or is no DuckDB database.
    """
    if not database.is_file():
        msg = f"{database} is missing. `scorecard verify {database.parent.name}` says what else is"
        raise ReleaseError(msg)
    con = duckdb.connect(config=config or {})
    try:
        con.execute(f"attach {quoted(database)} as {_ALIAS} (read_only)")
        con.execute(f"use {_ALIAS}")
    except duckdb.Error as error:
        con.close()
        msg = f"{database} cannot be read as a DuckDB database: {str(error).splitlines()[0]}"
        raise ReleaseError(msg) from error
    return con


def read_rows(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> list[Row]:
    """Run a query and give its rows, each as a mapping from column to value.

    Args:
        con: An open connection.
        query: The query, with `?` for each value.
        values: The values.
    """
    cursor = con.execute(query, list(values))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def quoted(value: object) -> str:
    """A value as a SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"
