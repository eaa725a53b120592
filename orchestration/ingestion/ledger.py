"""The tables that ingestion owns, and the ledger of what was loaded.

What belongs here: creating `raw`, `quarantine` and `control`, keeping `raw` in step with its
contracts, and reading and writing `control.loads`.
What does not: reading landing files, and judging their rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.errors import ContractError
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.months import fill_months
from orchestration.ingestion.sql import identifier, literal
from orchestration.warehouse import transaction

CONTROL_TABLES = """
create schema if not exists raw;
create schema if not exists quarantine;
create schema if not exists control;

create table if not exists quarantine.refused_rows (
    load_id bigint,
    system varchar,
    table_name varchar,
    file varchar,
    line bigint,
    rule varchar,
    column_name varchar,
    message varchar,
    raw_text varchar,
    source_columns varchar
);
-- Rows that an older version refused have no header; theirs is asked for when one is released.
alter table quarantine.refused_rows add column if not exists source_columns varchar;
-- The day that the row's period runs from, where it could be read.
alter table quarantine.refused_rows add column if not exists fact_date date;

create table if not exists quarantine.decisions (
    decision_id bigint,
    decided_at timestamp,
    action varchar,
    author varchar,
    reason varchar,
    system varchar,
    table_name varchar,
    file varchar,
    load_id bigint,
    waived_rule varchar,
    waived_column varchar,
    row_count bigint,
    rows_hash varchar,
    decision_load_id bigint,
    previous_hash varchar,
    decision_hash varchar
);

create table if not exists quarantine.decided_rows (
    decision_id bigint,
    load_id bigint,
    line bigint,
    rule varchar
);

create table if not exists control.loads (
    load_id bigint,
    system varchar,
    table_name varchar,
    file varchar,
    sha256 varchar,
    bytes bigint,
    rows_read bigint,
    rows_accepted bigint,
    rows_unchanged bigint,
    rows_quarantined bigint,
    status varchar,
    message varchar,
    earliest_fact_date date,
    latest_fact_date date,
    extra_columns varchar,
    loaded_at timestamp
);

-- Rows about persons who were erased; ledgers of older versions know of none.
alter table control.loads add column if not exists rows_erased bigint;
-- Rows that came past their period and lost their personal values on the way in.
alter table control.loads add column if not exists rows_expired bigint;

create table if not exists control.erasures (
    erasure_id bigint,
    erased_at timestamp,
    author varchar,
    reason varchar,
    load_id bigint,
    anonymous_id varchar,
    row_counts varchar,
    identifiers_hash varchar,
    previous_hash varchar,
    erasure_hash varchar
);

create table if not exists control.erased_identifiers (
    erasure_id bigint,
    kind varchar,
    identifier_hash varchar
);

-- How records of erased persons were linked; their tokens lead to nobody.
create table if not exists control.erased_links (
    erasure_id bigint,
    source_system varchar,
    source_id varchar,
    customer_id varchar,
    link_method varchar,
    link_score decimal(9, 6),
    evidence_load_id bigint
);

-- What texts said that are gone, in numbers: of erased persons, and (without an erasure) of those
-- whose period is over.
create table if not exists control.erased_text_scores (
    erasure_id bigint,
    source_table varchar,
    item_id varchar,
    load_id bigint,
    language varchar,
    sentiment double,
    topic varchar,
    severity integer,
    model_version varchar
);

create table if not exists control.erasure_salt (
    salt varchar
);

-- What `scorecard expire` emptied, as JSON: `cutoffs` by table, `row_counts` by place.
create table if not exists control.expiries (
    expiry_id bigint,
    expired_at timestamp,
    author varchar,
    reason varchar,
    until_month date,
    load_id bigint,
    cutoffs varchar,
    row_counts varchar,
    files varchar,
    previous_hash varchar,
    expiry_hash varchar
);

-- The months that the rows of a load speak of.
create table if not exists control.load_months (
    load_id bigint,
    month_end date,
    row_count bigint
);

-- Every release that was published, those included that retention has deleted.
create table if not exists control.releases (
    release_id varchar,
    created_at timestamp,
    run_id varchar,
    profile varchar,
    first_month date,
    last_month date,
    known_load_id bigint,
    load_count bigint,
    code_fingerprint varchar,
    config_fingerprint varchar,
    code_commit varchar,
    is_code_modified boolean,
    product_count bigint,
    held_products varchar,
    mart_count bigint,
    checksum varchar
);

create table if not exists control.contracts (
    system varchar,
    table_name varchar,
    hashed_columns varchar
);

create table if not exists control.run_window (
    first_month date,
    last_month date,
    history_start date,
    known_load_id bigint
);

create table if not exists control.systems (
    system varchar,
    measured_from date,
    complete_to date,
    quiet_days integer
);
-- A warehouse of an older version has the table without it; every run writes the table anew.
alter table control.systems add column if not exists quiet_days integer;

create table if not exists control.runs (
    run_id varchar,
    started_at timestamp,
    finished_at timestamp,
    first_month date,
    last_month date,
    known_load_id bigint,
    code_fingerprint varchar,
    config_fingerprint varchar,
    status varchar,
    release_id varchar,
    message varchar
);
"""
LINEAGE_COLUMNS = "_load_id bigint, _file varchar, _line bigint, _row_hash ubigint"


@dataclass(frozen=True)
class LedgerRow:
    """One row of `control.loads`: what became of one file, or of one table of a database.

    Attributes:
        system: The source system.
        table_name: The table within the system.
        file: The file's path below the landing area, or the table's name in its database.
        sha256: The hash of a file's bytes, or of the rows of a table; ``None`` where they could not
            be read.
        size: A file's length in bytes; ``None`` for a table, or where it could not be read.
        status: ``loaded`` or ``refused``.
        message: What a person should know; empty when there is nothing to say.
        loaded_at: The load's own time, naive UTC.
        rows_read: Rows of the file.
        rows_accepted: Rows stored in `raw`.
        rows_unchanged: Rows that say what is stored already.
        rows_quarantined: Rows refused.
        earliest_fact_date: First day with an accepted row.
        latest_fact_date: Last day with an accepted row.
        extra_columns: Columns that the contract does not know, with commas between.
        rows_erased: Rows left out, since they are about a person who was erased.
        rows_expired: Rows that were past their period and lost their personal values on the way in;
            they count as accepted, unchanged or quarantined besides.
    """

    system: str
    table_name: str
    file: str
    sha256: str | None
    size: int | None
    status: str
    message: str
    loaded_at: datetime
    rows_read: int = 0
    rows_accepted: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    earliest_fact_date: date | None = None
    latest_fact_date: date | None = None
    extra_columns: str = ""
    rows_erased: int = 0
    rows_expired: int = 0


def create_tables(con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]) -> None:
    """Create every table of ingestion that is missing, and follow contracts that gained a column.

    Args:
        con: The warehouse's connection, outside a transaction.
        contracts: All contracts; each has its table in `raw`, empty where no file came.

    Raises:
        ContractError: A column of a stored table changed its type.
    """
    with transaction(con):
        con.execute(CONTROL_TABLES)
        _create_raw(con, contracts)
        fill_months(con, contracts)


def row_hash(contract: TableContract, *, alias: str, without: Sequence[str] = ()) -> str:
    """Return the SQL of a row's hash over the contract's columns, whatever their order there."""
    names = sorted(name for name in contract.column_names if name not in without)
    return "hash(" + ", ".join(f"{alias}.{identifier(name)}" for name in names) + ")"


def _create_raw(con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]) -> None:
    # One look at the catalogue and one call for what is new: a statement for each of fifty tables
    # took longer than loading a small file.
    stored: dict[str, dict[str, str]] = {}
    for table, column, data_type in con.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'raw'"
    ).fetchall():
        stored.setdefault(table, {})[column] = str(data_type).lower()
    hashed = {
        (system, table): columns
        for system, table, columns in con.execute(
            "select system, table_name, hashed_columns from control.contracts"
        ).fetchall()
    }
    statements = []
    for contract in contracts:
        if contract.identifier not in stored:
            statements.append(_new_table(contract))
            continue
        _follow_columns(con, contract, stored[contract.identifier])
        if hashed.get((contract.system, contract.name)) != _hashed_columns(contract):
            _hash_anew(con, contract)
    if statements:
        con.execute(";\n".join(statements))


def _new_table(contract: TableContract) -> str:
    columns = ", ".join(
        f"{identifier(column.name)} {column.data_type}" for column in contract.columns
    )
    return (
        f"create table {contract.raw_table} ({columns}, {LINEAGE_COLUMNS});\n"
        f"{_note_hashed_columns(contract)}"
    )


def _note_hashed_columns(contract: TableContract) -> str:
    system, name = literal(contract.system), literal(contract.name)
    return (
        f"delete from control.contracts where system = {system} and table_name = {name};\n"
        "insert into control.contracts values "
        f"({system}, {name}, {literal(_hashed_columns(contract))})"
    )


def _hashed_columns(contract: TableContract) -> str:
    return ", ".join(sorted(contract.column_names))


def _follow_columns(
    con: duckdb.DuckDBPyConnection, contract: TableContract, stored: Mapping[str, str]
) -> None:
    for column in contract.columns:
        found = stored.get(column.name)
        if found is None:
            name = identifier(column.name)
            con.execute(f"alter table {contract.raw_table} add column {name} {column.data_type}")
        elif found != column.data_type:
            raise ContractError(
                f"{contract.path}: column {contract.title}.{column.name} is {column.data_type} in "
                f"the contract and {found} in the warehouse. Undo the change, or move the "
                "warehouse away, so that the landing files are loaded anew with the new type."
            )


def _hash_anew(con: duckdb.DuckDBPyConnection, contract: TableContract) -> None:
    """Hash the stored rows again, since the contract's set of columns changed."""
    new_hash = row_hash(contract, alias="stored")
    con.execute(f"update {contract.raw_table} as stored set _row_hash = {new_hash}")
    con.execute(_note_hashed_columns(contract))


def next_load_id(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number after the ledger's last; call it inside the load's transaction."""
    row = con.execute("select coalesce(max(load_id), 0) + 1 from control.loads").fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a group gave no row")
    return int(row[0])


def latest_load_id(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the newest load, 0 before the first."""
    return next_load_id(con) - 1


def latest_loaded_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return the latest time of a load; None before the first."""
    row = con.execute("select max(loaded_at) from control.loads").fetchone()
    return row[0] if row else None


def loaded_as(con: duckdb.DuckDBPyConnection, contract: TableContract, sha256: str) -> str | None:
    """Return the name under which a content was loaded into a table before, or ``None``."""
    row = con.execute(
        "select file from control.loads where system = ? and table_name = ? and sha256 = ? "
        "and status = 'loaded' order by load_id limit 1",
        [contract.system, contract.name, sha256],
    ).fetchone()
    return None if row is None else str(row[0])


def newest_content(
    con: duckdb.DuckDBPyConnection, contract: TableContract, file: str
) -> str | None:
    """Return the hash of what a source held when it was loaded last, or ``None``.

    A table of a database goes back to what it held before by a change: only its newest load counts.
    """
    row = con.execute(
        "select sha256 from control.loads where system = ? and table_name = ? and file = ? "
        "and status = 'loaded' order by load_id desc limit 1",
        [contract.system, contract.name, file],
    ).fetchone()
    return None if row is None else str(row[0])


def is_refusal_known(con: duckdb.DuckDBPyConnection, row: LedgerRow) -> bool:
    """Say whether the newest ledger row of a file is this same refusal of this same content."""
    newest = con.execute(
        "select status, sha256, message from control.loads "
        "where system = ? and table_name = ? and file = ? order by load_id desc limit 1",
        [row.system, row.table_name, row.file],
    ).fetchone()
    return newest == ("refused", row.sha256, row.message)


def write(con: duckdb.DuckDBPyConnection, load_id: int, row: LedgerRow) -> None:
    """Write one row of the ledger."""
    con.execute(
        "insert into control.loads (load_id, system, table_name, file, sha256, bytes, rows_read, "
        "rows_accepted, rows_unchanged, rows_quarantined, status, message, earliest_fact_date, "
        "latest_fact_date, extra_columns, loaded_at, rows_erased, rows_expired) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load_id,
            row.system,
            row.table_name,
            row.file,
            row.sha256,
            row.size,
            row.rows_read,
            row.rows_accepted,
            row.rows_unchanged,
            row.rows_quarantined,
            row.status,
            row.message,
            row.earliest_fact_date,
            row.latest_fact_date,
            row.extra_columns,
            row.loaded_at,
            row.rows_erased,
            row.rows_expired,
        ],
    )
