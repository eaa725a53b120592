"""A SQLAlchemy dialect for DuckDB whose cursors keep their rows.

Great Expectations reads a result after it has given its connection back, and the cursor of
duckdb-engine is empty by then ("list index out of range", great_expectations #11579). A cursor
that fetches when it executes cures that, so every expectation runs as SQL inside DuckDB.

No statement may bring more than `MAX_ROWS` rows into Python: rules ask for aggregates, and the
rows of customers stay in the engine. Great Expectations runs `select *` to learn the columns of a
table, but reads none of its rows; so the rows above the limit are left out, and reading that far
is an error.

Belongs here: the dialect and nothing else. SQLAlchemy loads this module by name when an engine of
that dialect is made, so importing the gates does not import duckdb-engine (0.5 s).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duckdb_engine import ConnectionWrapper, CursorWrapper, Dialect

DIALECT_NAME = "scorecard_duckdb"
MAX_ROWS = 1_000


class TooManyRowsError(Exception):
    """A statement's rows were to be read beyond the limit."""


class BufferedCursor(CursorWrapper):  # type: ignore[misc]  # duckdb-engine has no types
    """A cursor that holds the rows of its last statement, so they outlive the connection."""

    def __init__(self, connection: Any, wrapper: ConnectionWrapper) -> None:
        super().__init__(connection, wrapper)
        self._connection = connection
        self._description: Sequence[Any] | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._is_cut = False

    def execute(
        self, statement: str, parameters: Sequence[Any] | None = None, context: Any = None
    ) -> None:
        """Run one statement and fetch its rows at once, up to the limit."""
        super().execute(statement, parameters, context)
        self._description = self._connection.description
        rows = self._connection.fetchmany(MAX_ROWS + 1) if self._description else []
        self._is_cut = len(rows) > MAX_ROWS
        self._rows = rows[:MAX_ROWS]

    @property
    def description(self) -> Sequence[Any] | None:
        """The columns of the last statement."""
        return self._description

    def fetchone(self) -> tuple[Any, ...] | None:
        """Give the next row, or None."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Give up to `size` rows (one if not given)."""
        count = 1 if size is None else size
        if self._is_cut and count > len(self._rows):
            raise TooManyRowsError(
                f"A rule's statement gives more than {MAX_ROWS} rows. Ask for an aggregate instead."
            )
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give all rows that are left."""
        return self.fetchmany(len(self._rows) + self._is_cut)


class BufferedConnection(ConnectionWrapper):  # type: ignore[misc]  # duckdb-engine has no types
    """A connection whose cursors buffer."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._connection = connection

    def cursor(self) -> BufferedCursor:
        """Open a buffering cursor on this connection."""
        return BufferedCursor(self._connection, self)


class BufferedDialect(Dialect):  # type: ignore[misc]  # duckdb-engine has no types
    """duckdb-engine's dialect with buffering cursors."""

    # SQLAlchemy asks every dialect class for this by itself; duckdb-engine says False.
    supports_statement_cache = False

    def connect(self, *arguments: Any, **parameters: Any) -> BufferedConnection:
        """Open DuckDB as duckdb-engine does, and wrap the connection so that it buffers."""
        wrapped = super().connect(*arguments, **parameters)
        # The wrapper keeps its connection in a private, name-mangled field.
        return BufferedConnection(wrapped._ConnectionWrapper__c)
