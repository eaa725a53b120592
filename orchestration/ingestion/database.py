"""Reading one table of an attached database into the engine, as the database holds it.

What belongs here: attaching a database read-only, its tables' columns and types, one read of a
table into the temporary relation `landed`, and words for what goes wrong that hold neither a secret
nor a row.
What does not: which tables are read (`delivery`), and the contract's types and rules.

The query is written here and sent as it is: the database filters and projects, numbers travel as
text (the engine would read an unbounded numeric as a float and its NaN as zero), and a table is
read once, so that every step sees the same rows.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from orchestration.ingestion.delivery import SOURCE_FILE, Database, DatabaseTable
from orchestration.ingestion.files import RefusedFileError
from orchestration.ingestion.landed import (
    BROKEN_TABLE,
    TEXT_TYPE,
    Landed,
    SourceColumn,
    land,
    match,
    pack,
)
from orchestration.ingestion.sql import identifier, literal
from orchestration.postgres import EXAMPLE, UnreachableError, attach_postgres

ATTACHED = "source_database"
# What the engine takes from the database as it is; all else is asked for as the database's text.
PLAIN_TYPES = {"SMALLINT", "INTEGER", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP"}
ZONED_TYPE = "TIMESTAMP WITH TIME ZONE"
CURSOR_CASTS = {
    "SMALLINT": "bigint",
    "INTEGER": "bigint",
    "BIGINT": "bigint",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    ZONED_TYPE: "timestamptz",
}
SHOWN_TABLES = 20
QUERY_TROUBLE = (
    r"permission denied for [a-z ]+ \S+",
    r'column "[^"]*" does not exist',
    r"column \S+ does not exist",
    r"function \S+ does not exist",
    r"argument of WHERE must be type boolean.*",
    r'syntax error at or near "[^"]*"',
    r"canceling statement due to [a-z ]+",
    r"cannot execute [A-Z ]+ in a read-only transaction",
)


@contextmanager
def open_database(
    con: duckdb.DuckDBPyConnection, database: Database, environment: Mapping[str, str]
) -> Iterator[None]:
    """Attach a system's database, read-only, for the length of the block.

    Args:
        con: The warehouse's connection, outside a transaction.
        database: The database.
        environment: The environment variables, one of which holds the connection string.

    Raises:
        RefusedFileError: The variable is not set, or the database cannot be reached with it.
        ScorecardError: The engine's extension is not installed.
    """
    where = (
        f"the environment variable {database.variable}, named in {database.system}/{SOURCE_FILE}"
    )
    string = environment.get(database.variable, "").strip()
    if not string:
        raise RefusedFileError(
            f"{where}, is not set. Set it to the connection string of the database, as {EXAMPLE}"
        )
    try:
        attach_postgres(con, string, ATTACHED, read_only=True)
    except UnreachableError as said:
        raise RefusedFileError(
            f"the database of {database.system} cannot be reached with the connection string in "
            f"{where}: {said}. Mend it, or the server, then run again"
        ) from None
    try:
        yield
    finally:
        con.execute(f"detach {ATTACHED}")


def read_table(con: duckdb.DuckDBPyConnection, table: DatabaseTable) -> Landed:
    """Read a table of the attached database into `landed`; `broken` stays empty.

    A line is a row in the order of the contract's key.

    Args:
        con: The warehouse's connection, outside a transaction.
        table: The table and its contract.

    Raises:
        RefusedFileError: There is no such table, it lacks a column, or it cannot be read.
        duckdb.Error: The engine failed for another reason (memory, room on the disk).
    """
    con.execute(BROKEN_TABLE)
    names = _column_names(con, table)
    source = [SourceColumn(name, f"l._s{at}", TEXT_TYPE) for at, name in enumerate(names)]
    _refuse_missing_names(table, names)
    matched = match(table.contract, source, "", whole="table", part="row")
    used = {column.name: column for column in matched.columns.values()}
    kinds = _kinds(con, table, [name for name in names if name in used])
    typed = {name: SourceColumn(name, used[name].expression, kind) for name, kind in kinds.items()}
    since = _since(con, table, matched, kinds)
    _fetch(con, table, list(typed.values()), matched, since)
    land(con, "select * from database_rows")
    return Landed(
        columns={name: typed[column.name] for name, column in matched.columns.items()},
        missing=matched.missing,
        extra=matched.extra,
        raw_text=f"to_json(struct_pack({pack(list(typed.values()))}))::varchar",
        note=f"only rows from {table.cursor} {since} on were read" if since else "",
        whole="table",
        part="row",
    )


def content(con: duckdb.DuckDBPyConnection, landed: Landed, *, among: str | None = None) -> str:
    """Give the hash of the rows that were read, whatever their order.

    Args:
        con: The warehouse's connection.
        landed: What `read_table` gave.
        among: A query for the lines to hash; all of them by default.
    """
    names = sorted(landed.columns)
    fields = ", ".join(landed.columns[name].expression for name in names)
    chosen = f"where l._line in ({among})" if among else ""
    row = con.execute(
        f"select count(*), coalesce(sum(hash({fields})::hugeint), 0) "
        f"from database_rows as l {chosen}"
    ).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a group gave no row")
    columns = ",".join(f"{name} {landed.columns[name].data_type}" for name in names)
    return hashlib.sha256(f"{columns}|{row[0]}|{row[1]}".encode()).hexdigest()


def newest_lines(table: DatabaseTable) -> str | None:
    """Give the query of the lines that a read from the newest stored value on would find."""
    if table.cursor is None:
        return None
    cursor = identifier(table.cursor)
    return (
        f"select _line from typed where {cursor} is null or {cursor} >= ({_newest_stored(table)})"
    )


def _newest_stored(table: DatabaseTable) -> str:
    cursor = identifier(str(table.cursor))
    return (
        f"select max({cursor}) from {table.contract.raw_table} where _file = {literal(table.name)}"
    )


def _column_names(con: duckdb.DuckDBPyConnection, table: DatabaseTable) -> list[str]:
    """List the table's columns, in its order."""
    found = _ask(
        con,
        table,
        f"""
        select a.attname::text as name
        from pg_catalog.pg_attribute as a
        inner join pg_catalog.pg_class as c on c.oid = a.attrelid
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = {literal(table.schema)} and c.relname = {literal(table.table)}
            and c.relkind in ('r', 'v', 'm', 'f', 'p') and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        """,
    )
    if found:
        return found
    there = _ask(
        con,
        table,
        f"""
        select c.relname::text as name
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = {literal(table.schema)} and c.relkind in ('r', 'v', 'm', 'f', 'p')
        order by c.relname limit {SHOWN_TABLES + 1}
        """,
    )
    listed = ", ".join(there[:SHOWN_TABLES]) + (", ..." if len(there) > SHOWN_TABLES else "")
    raise RefusedFileError(
        f"the database of {table.contract.system} has no table {table.table} in its schema "
        f"{table.schema}, where {table.contract.title} is declared to be; tables there: "
        f"{listed or 'none'}. Name the right one in {table.contract.system}/{SOURCE_FILE}, or take "
        "it out there"
    )


def _ask(con: duckdb.DuckDBPyConnection, table: DatabaseTable, query: str) -> list[str]:
    with _query_trouble(table):
        rows = con.execute(f"select name from {_scan(query)}").fetchall()
    return [str(row[0]) for row in rows]


def _scan(query: str) -> str:
    return f"postgres_query('{ATTACHED}', {literal(query)})"


def _refuse_missing_names(table: DatabaseTable, names: list[str]) -> None:
    """Refuse a table without a column that source.yml names: it is declared to be there."""
    there = {name.strip().casefold() for name in names}
    lost = sorted(
        f"{theirs} (for {ours})"
        for ours, theirs in table.contract.source_names.items()
        if theirs.strip().casefold() not in there
    )
    if lost:
        plural = "s" if len(lost) > 1 else ""
        raise RefusedFileError(
            f"{table.contract.system}/{SOURCE_FILE} names the column{plural} {', '.join(lost)}, "
            f"and the table {table.schema}.{table.table} has only: {', '.join(names)}. Mend the "
            "names there"
        )


def _kinds(
    con: duckdb.DuckDBPyConnection, table: DatabaseTable, names: list[str]
) -> dict[str, str]:
    """Give the type in which each column is read."""
    query = f"select {', '.join(identifier(name) for name in names)} from {_relation(table)}"
    with _query_trouble(table):
        found = con.execute(f"describe select * from {_scan(query)}").fetchall()
    types = {str(row[0]): str(row[1]).upper() for row in found}
    return {
        name: types[name] if types[name] in (*PLAIN_TYPES, ZONED_TYPE) else TEXT_TYPE
        for name in names
    }


def _relation(table: DatabaseTable) -> str:
    return f"{identifier(table.schema)}.{identifier(table.table)}"


def _since(
    con: duckdb.DuckDBPyConnection, table: DatabaseTable, matched: Landed, kinds: Mapping[str, str]
) -> str | None:
    """Give the newest stored value of the cursor as text, or None where all rows are read."""
    if table.cursor is None:
        return None
    column = matched.columns.get(table.cursor)
    if column is None:
        raise RefusedFileError(
            f"its cursor {table.cursor} is no column of the table {table.schema}.{table.table}. "
            f"Say in {table.contract.system}/{SOURCE_FILE} what the table calls it, or leave the "
            "cursor out there"
        )
    if kinds[column.name] not in CURSOR_CASTS:
        raise RefusedFileError(
            f"its cursor {column.name} is neither a date, a time nor a whole number in the "
            f"database. Leave the cursor out in {table.contract.system}/{SOURCE_FILE}"
        )
    row = con.execute(f"select cast(({_newest_stored(table)}) as varchar)").fetchone()
    return None if row is None or row[0] is None else str(row[0])


def _fetch(
    con: duckdb.DuckDBPyConnection,
    table: DatabaseTable,
    columns: list[SourceColumn],
    matched: Landed,
    since: str | None,
) -> None:
    """Read the rows once, number them in the order of the key, and keep them for the load."""
    asked = ", ".join(
        f"{identifier(column.name)}{'::text' if column.data_type == TEXT_TYPE else ''} "
        f"as {column.expression.removeprefix('l.')}"
        for column in columns
    )
    conditions = [f"(\n{table.where}\n)"] if table.where else []
    if since is not None:
        name = matched.columns[str(table.cursor)].name
        kind = next(column.data_type for column in columns if column.name == name)
        bound = literal(since + ("+00" if kind == ZONED_TYPE else ""))
        conditions.append(
            f"({identifier(name)} is null or {identifier(name)} >= {bound}::{CURSOR_CASTS[kind]})"
        )
    kept = f" where {' and '.join(conditions)}" if conditions else ""
    query = f"select {asked} from {_relation(table)}{kept}"
    key = [matched.columns[name].expression for name in table.contract.key]
    everything = [column.expression for column in columns]
    with _query_trouble(table):
        con.execute(
            f"""
            create or replace temp table database_rows as
            select
                row_number() over (order by {", ".join(key)}, hash({", ".join(everything)}))
                    as _line,
                *
            from {_scan(query)} as l
            """
        )


@contextmanager
def _query_trouble(table: DatabaseTable) -> Iterator[None]:
    """Turn what the database says into a refusal; what it says of rows stays out of it."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        text = str(error)
        if "no space left" in text.lower() or "max_temp_directory" in text:
            raise
        found = next(
            (match[0] for match in (re.search(said, text) for said in QUERY_TROUBLE) if match), ""
        )
        raise RefusedFileError(
            f"the database of {table.contract.system} gave no rows of "
            f"{table.schema}.{table.table} for {table.contract.title}: "
            f"{found or 'it broke off for a reason that the log of the server tells'}. Mend "
            f"{table.contract.system}/{SOURCE_FILE}, or the rights of the user there"
        ) from None
