"""What every reader gives: the rows of one source as it wrote them, and their columns by contract.

What belongs here: the temporary relations `landed` (rows, with their line) and `broken` (rows that
the format itself cannot read, with their text), pairing a source's columns with the contract's, and
the refusal of a source that the engine cannot read.
What does not: any one format or database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.ingestion.contract import Column, TableContract
from orchestration.ingestion.files import RefusedFileError
from orchestration.ingestion.sql import identifier

TEXT_TYPE = "VARCHAR"
# The engine makes room for each column; an export of a table has some dozens.
MOST_COLUMNS = 1_000
BROKEN_TABLE = """
create or replace temp table broken (
    _line bigint, rule varchar, column_name varchar, message varchar, raw_text varchar
)
"""


@dataclass(frozen=True)
class SourceColumn:
    """A column as its source has it.

    Attributes:
        name: What the source calls it.
        expression: SQL for its value in `landed`, which goes by the name `l`.
        data_type: Its type in `landed`, in the engine's spelling.
    """

    name: str
    expression: str
    data_type: str


@dataclass(frozen=True)
class Landed:
    """A source that was read: a file, or a table of a database.

    Attributes:
        columns: The contract's columns that the source has, by contract name.
        missing: Names of contract columns that it lacks, none of them required.
        extra: Names of columns that the contract does not know.
        raw_text: SQL for a row's text in `landed`, which goes by the name `l`.
        note: What a reader of the ledger should know about how it was read; mostly empty.
        whole: What messages call the source: a file, a sheet, a table.
        part: What messages call one of its rows by: a line, a row.
        header: The names of all its columns in their order, where a row's text is CSV; empty where
            the text names them itself.
    """

    columns: dict[str, SourceColumn]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    raw_text: str
    note: str = ""
    whole: str = "file"
    part: str = "line"
    header: tuple[str, ...] = ()


def match(
    contract: TableContract,
    source: Sequence[SourceColumn],
    raw_text: str,
    *,
    whole: str = "file",
    part: str = "line",
) -> Landed:
    """Pair a source's columns with the contract's, whatever their order and case.

    Args:
        contract: The contract, with the names that the company's own source uses.
        source: The source's columns.
        raw_text: SQL for a row's text in `landed`.
        whole: What messages call the source.
        part: What messages call one of its rows by.

    Raises:
        RefusedFileError: A column stands in it twice, a required one is missing, or it has more
            columns than any table.
    """
    if len(source) > MOST_COLUMNS:
        raise RefusedFileError(
            f"it has {len(source):,} columns; at most {MOST_COLUMNS:,} are read. Export those that "
            f"the contract {contract.title} names"
        )
    wanted = {
        name: contract.source_names.get(name, name).strip().casefold()
        for name in contract.column_names
    }
    by_name: dict[str, SourceColumn] = {}
    twice = None
    for column in source:
        folded = column.name.strip().casefold()
        twice = column.name.strip() if folded in by_name else twice
        by_name[folded] = column
    if twice is not None and not by_name.keys().isdisjoint(wanted.values()):
        raise RefusedFileError(f"it has the column {twice!r} twice. Remove or rename one")
    columns = {name: by_name[folded] for name, folded in wanted.items() if folded in by_name}
    missing = [column for column in contract.columns if column.name not in columns]
    required = [column for column in missing if column.is_required]
    if required:
        plural = "s" if len(required) > 1 else ""
        raise RefusedFileError(
            f"the contract {contract.title} ({contract.path}) requires the column{plural} "
            f"{', '.join(_wanted(contract, column) for column in required)}, and "
            f"{_found(source, columns, whole)}. Add the column{plural} to the {whole}, say in "
            f"{contract.system}/source.yml what the source calls them, or change the contract"
        )
    known = set(wanted.values())
    extra = tuple(column.name.strip() for name, column in by_name.items() if name not in known)
    return Landed(
        columns,
        tuple(_wanted(contract, column) for column in missing),
        extra,
        raw_text,
        whole=whole,
        part=part,
    )


def _found(source: Sequence[SourceColumn], columns: Mapping[str, SourceColumn], whole: str) -> str:
    """Say which columns a source has; where it knows none, its first line may be somebody's row."""
    if not columns:
        return (
            f"none of the {len(source)} names in the {whole}'s header is one of the contract's (is "
            "the header missing, or is it separated by another sign?)"
        )
    return f"the {whole} has only: {', '.join(column.name.strip() for column in source)}"


def _wanted(contract: TableContract, column: Column) -> str:
    name = contract.source_names.get(column.name)
    return f"{column.name} (there {name!r})" if name else column.name


def engine_read(con: duckdb.DuckDBPyConnection, query: str, what: str) -> None:
    """Run a query that reads a landing file; a failure that the file caused refuses the file.

    Args:
        con: The warehouse's connection.
        query: The query.
        what: How the file was to be read, for the message.

    Raises:
        RefusedFileError: The file cannot be read that way.
        duckdb.Error: The engine failed for another reason.
    """
    try:
        con.execute(query)
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException) as error:
        text = str(error)
        if "no space left" in text.lower() or "max_temp_directory" in text:
            raise
        first = text.strip().splitlines()[0]
        raise RefusedFileError(f"it cannot be read {what}: {first}. Export it again") from error


def land(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Make a query's rows the relation `landed`."""
    con.execute(f"create or replace temp view landed as {query}")


def pack(source: Sequence[SourceColumn]) -> str:
    """Give the fields of a struct that holds a row as its source has it."""
    return ", ".join(f"{identifier(column.name)} := {column.expression}" for column in source)


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Count the rows of a table."""
    row = con.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
