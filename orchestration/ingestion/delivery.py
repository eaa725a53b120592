"""How this company's systems deliver their facts: `<landing>/<system>/source.yml`.

What belongs here: the declaration, where a company's exports differ from the contracts: dialects,
sheets, names of columns and files, and the tables of a database; and refusing one that cannot be
meant, with the file and the place named.
What does not: reading the files and tables themselves, and secrets: a database is reached by the
connection string in an environment variable, whose name is all that may stand in the file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import ContractError
from orchestration.ingestion.contract import (
    INTEGER_TYPES,
    TIME_TYPES,
    TableContract,
    YamlReader,
    read_dialect,
    read_layout,
)

SOURCE_FILE = "source.yml"
SOURCE_KEYS = {"csv", "tables", "database"}
TABLE_KEYS = {"file_pattern", "csv", "excel", "columns"}
DATABASE_KEYS = {"type", "dsn_env", "schema", "tables"}
DATABASE_TABLE_KEYS = {"table", "columns", "cursor", "where"}
DATABASE_TYPES = ("postgres",)
DEFAULT_SCHEMA = "public"
CURSOR_TYPES = (*TIME_TYPES, *INTEGER_TYPES)
VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class DatabaseTable:
    """A table of a database that holds a contract's rows.

    Attributes:
        contract: The contract, with the names that the database uses.
        schema: The schema in the database.
        table: The table or view in that schema.
        cursor: The contract's column from whose newest stored value on rows are read; None for
            all rows every time.
        where: A condition in the database's SQL that rows must meet; empty for none.
    """

    contract: TableContract
    schema: str
    table: str
    cursor: str | None
    where: str

    @property
    def name(self) -> str:
        """What ledger and messages call it: ``postgres:zendesk.ticket``."""
        return f"postgres:{self.schema}.{self.table}"


@dataclass(frozen=True)
class Database:
    """A database that holds tables of one system.

    Attributes:
        system: The source system.
        variable: The environment variable that holds the connection string.
        tables: The tables, ordered by contract.
    """

    system: str
    variable: str
    tables: tuple[DatabaseTable, ...]


@dataclass(frozen=True)
class Deliveries:
    """How all systems deliver.

    Attributes:
        contracts: All contracts, as this company's files keep them.
        databases: The databases, ordered by system.
    """

    contracts: tuple[TableContract, ...]
    databases: tuple[Database, ...]


def read_deliveries(
    landing: Path, contracts: Sequence[TableContract], *, systems: Sequence[str] | None = None
) -> Deliveries:
    """Read every system's `source.yml`; a system without one delivers as its contracts say.

    Args:
        landing: The landing area.
        contracts: The contracts.
        systems: Only these systems' databases and files; all by default.

    Raises:
        ContractError: A file cannot be read, or names a key, a table or a column that is not there.
    """
    kept: list[TableContract] = []
    databases: list[Database] = []
    for system in sorted({contract.system for contract in contracts}):
        own = [contract for contract in contracts if contract.system == system]
        path = landing / system / SOURCE_FILE
        document = _read(path) if systems is None or system in systems else None
        if document is None:
            kept.extend(own)
            continue
        reader = YamlReader(path, f"system {system}")
        reader.known_keys(document, SOURCE_KEYS, "the file")
        kept.extend(_file_contracts(own, document, reader))
        if "database" in document:
            databases.append(_database(system, own, document["database"], path))
    return Deliveries(tuple(kept), tuple(databases))


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        # Its own message quotes the line, and somebody may have written a password there.
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ContractError(f"{path} cannot be read as YAML: it breaks off{where}.") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ContractError(
            f"{path}: expected keys with values, found a {type(document).__name__}."
        )
    return document


def _file_contracts(
    contracts: Sequence[TableContract], document: Mapping[str, Any], reader: YamlReader
) -> list[TableContract]:
    """Give the system's contracts as its files keep them."""
    declared = _mapping(document.get("tables", {}), "tables", reader)
    names = [contract.name for contract in contracts]
    _check_names(declared, names, "tables", "table", reader)
    kept = []
    for contract in contracts:
        dialect = read_dialect(document.get("csv", {}), reader, contract.csv)
        contract = replace(contract, csv=dialect)
        place = YamlReader(reader.path, f"tables.{contract.name}")
        kept.append(_file_contract(contract, declared.get(contract.name, {}), place))
    return kept


def _file_contract(contract: TableContract, value: object, reader: YamlReader) -> TableContract:
    declared = _mapping(value, contract.name, reader)
    reader.known_keys(declared, TABLE_KEYS, "it")
    dialect = read_dialect(declared.get("csv", {}), reader, contract.csv)
    names = _source_names(contract, declared, reader)
    if names and not dialect.header:
        raise reader.error(
            "`columns` renames what a header says, and csv.header is false: such files hold the "
            "columns of the contract, in its order"
        )
    return replace(
        contract,
        file_pattern=_text(declared, "file_pattern", contract.file_pattern, reader),
        csv=dialect,
        excel=read_layout(declared.get("excel", {}), reader, contract.excel),
        source_names=names,
    )


def _database(
    system: str, contracts: Sequence[TableContract], value: object, path: Path
) -> Database:
    reader = YamlReader(path, "database")
    declared = _mapping(value, "database", reader)
    reader.known_keys(declared, DATABASE_KEYS, "it")
    reader.one_of(declared.get("type"), "type", DATABASE_TYPES)
    variable = declared.get("dsn_env")
    if not isinstance(variable, str) or not VARIABLE_NAME.fullmatch(variable):
        # What was found may be the connection string itself, with its password.
        raise reader.error(
            "`dsn_env` must be the name of an environment variable, capital letters, digits and _, "
            "for instance SCORECARD_SUPPORT_DSN; the connection string stands in that variable"
        )
    schema = _text(declared, "schema", DEFAULT_SCHEMA, reader)
    tables = _mapping(declared.get("tables", {}), "tables", reader)
    if not tables:
        raise reader.error("`tables` names no table")
    names = [contract.name for contract in contracts]
    _check_names(tables, names, "tables", "table", reader)
    return Database(
        system,
        variable,
        tuple(
            _database_table(contract, schema, tables[contract.name], path)
            for contract in contracts
            if contract.name in tables
        ),
    )


def _database_table(
    contract: TableContract, schema: str, value: object, path: Path
) -> DatabaseTable:
    reader = YamlReader(path, f"database.tables.{contract.name}")
    declared = _mapping({} if value is None else value, contract.name, reader)
    reader.known_keys(declared, DATABASE_TABLE_KEYS, "it")
    cursor = declared.get("cursor")
    if cursor is not None:
        _check_cursor(contract, cursor, reader)
    return DatabaseTable(
        contract=replace(contract, source_names=_source_names(contract, declared, reader)),
        schema=schema,
        table=_text(declared, "table", contract.name, reader),
        cursor=cursor,
        where=_text(declared, "where", "", reader),
    )


def _check_cursor(contract: TableContract, cursor: object, reader: YamlReader) -> None:
    _check_names([cursor], contract.column_names, "cursor", "column", reader)
    data_type = contract.column(str(cursor)).data_type
    if data_type not in CURSOR_TYPES:
        raise reader.error(
            f"`cursor` names {cursor}, a {data_type}; it must be a date, a timestamp or a whole "
            "number that grows with every change of a row"
        )


def _source_names(
    contract: TableContract, declared: Mapping[str, Any], reader: YamlReader
) -> Mapping[str, str]:
    names = _mapping(declared.get("columns", {}), "columns", reader)
    _check_names(names, contract.column_names, "columns", "column", reader)
    for column, name in names.items():
        if not isinstance(name, str) or not name.strip():
            raise reader.error(
                f"`columns` must say what the source calls {column}, found {name!r}; put quotes "
                "around a name that YAML takes for something else"
            )
    return names


def _check_names(
    found: Sequence[object] | Mapping[str, Any],
    known: Sequence[str],
    key: str,
    kind: str,
    reader: YamlReader,
) -> None:
    unknown = sorted(str(name) for name in found if name not in known)
    if unknown:
        raise reader.error(
            f"`{key}` names {unknown[0]!r}, which is no {kind} of the contract; "
            f"{kind}s of the contract: {', '.join(known)}"
        )


def _mapping(value: object, key: str, reader: YamlReader) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise reader.error(f"`{key}` must be a mapping, found a {type(value).__name__}")
    return value


def _text(declared: Mapping[str, Any], key: str, default: str, reader: YamlReader) -> str:
    value = declared.get(key, default)
    if not isinstance(value, str) or (key in declared and not value.strip()):
        raise reader.error(f"`{key}` must be text, found {value!r}")
    return value
