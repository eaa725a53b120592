"""A short value that says whether two tables hold the same rows.

Belongs here: checksums of tables in an open DuckDB connection. Not here: opening the connection.

A checksum has two parts: the sum of the row hashes (a sum, not an xor, which would cancel rows
that come twice) and a hash of the column names and types. It does not depend on the order of the
rows. DuckDB's `hash` may change with its version: compare only fingerprints made by one version.

Floating-point columns are hashed by their exact value, so they must be rounded where they are
published: a sum of doubles that varies in its last bits gives another checksum, and that is meant.
Thirty-two bit floats are refused, because rounding to six decimals does not fix their value.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Protocol

REFUSED_TYPES = ("FLOAT", "REAL")


class Connection(Protocol):
    """What is needed of a DuckDB connection."""

    def execute(self, query: str, parameters: Any = ..., /) -> Any:
        """Run one statement."""


class FingerprintError(Exception):
    """A table has no fingerprint: it is missing, or has a column that cannot be compared."""


@dataclass(frozen=True)
class Fingerprint:
    """What identifies the content of a table.

    Attributes:
        rows: Number of rows.
        checksum: Sum of row hashes and hash of the columns, `<sum>-<columns>`, both hexadecimal.
    """

    rows: int
    checksum: str

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        return {"rows": self.rows, "checksum": self.checksum}


def mart_fingerprint(con: Connection, schema: str, table: str) -> Fingerprint:
    """Compute the fingerprint of one table.

    Args:
        con: An open DuckDB connection.
        schema: Schema of the table.
        table: Name of the table.

    Raises:
        FingerprintError: The table does not exist, or has a column of a refused type.
    """
    columns = _columns_hash(con, schema, table)
    rows, total = con.execute(f"select {_sums()} from {_quoted(schema, table)} as mart").fetchone()
    return _fingerprint(rows, total, columns)


def partition_fingerprints(
    con: Connection, schema: str, table: str, column: str
) -> dict[str, Fingerprint]:
    """Compute the fingerprint of each part of a table, e.g. of each month.

    Args:
        con: An open DuckDB connection.
        schema: Schema of the table.
        table: Name of the table.
        column: The column whose values name the parts.

    Returns:
        The value of the column as text (an empty text for null) to the part's fingerprint, in
        the order of the values.

    Raises:
        FingerprintError: As for `mart_fingerprint`.
    """
    columns = _columns_hash(con, schema, table)
    name = _quote(column)
    rows = con.execute(
        f"select coalesce(mart.{name}::varchar, ''), {_sums()} "
        f"from {_quoted(schema, table)} as mart group by mart.{name} order by mart.{name}"
    ).fetchall()
    return {part: _fingerprint(count, total, columns) for part, count, total in rows}


def _sums() -> str:
    return "count(*), coalesce(sum(hash(mart)::hugeint), 0)"


def _fingerprint(rows: int, total: int, columns: str) -> Fingerprint:
    return Fingerprint(rows=rows, checksum=f"{total:x}-{columns}")


def _columns_hash(con: Connection, schema: str, table: str) -> str:
    columns = con.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ? "
        "order by column_index",
        [schema, table],
    ).fetchall()
    if not columns:
        raise FingerprintError(
            f"Table {schema}.{table} does not exist, so it has no fingerprint. "
            "Run the models that build it."
        )
    refused = [name for name, kind in columns if kind in REFUSED_TYPES]
    if refused:
        raise FingerprintError(
            f"Table {schema}.{table} has 32-bit floats, whose rounded values are not exact: "
            f"{', '.join(refused)}. Cast them to double or decimal in the model."
        )
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


def _quoted(schema: str, table: str) -> str:
    return f"{_quote(schema)}.{_quote(table)}"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
