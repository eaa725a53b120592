"""Values that are past their period: emptied once, and again whenever they are delivered again.

Belongs here: what takes the place of a value, which rows a cut-off is about, emptying them in raw
facts, in quarantine and on the way in, and the chained record of expiries. Does not belong here:
when a period is over, and landing files (`orchestration.erasure.expire`).

A cut-off is a day of the data: what was emptied up to it stays empty, whatever a contract says
later, since the next delivery of the same rows must not bring the values back. No clock is asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import duckdb

from data_quality.chain import Chain
from orchestration.errors import ContractError, ScorecardError
from orchestration.ingestion.contract import Column, TableContract
from orchestration.ingestion.ledger import row_hash
from orchestration.ingestion.sql import identifier, literal

# What stands where a text stood, of a person who was erased and of one whose period is over: that
# there was a text still counts.
ERASED: Final = "erased"
EMPTIED: Final = "[emptied: past its period]"
# Identity resolution compares names and addresses of every version of these, however old: without
# them, records that are one customer would fall apart (tests/dbt_project/test_vault.py).
RESOLVED: Final = frozenset(
    {
        "billing.accounts",
        "crm.contacts",
        "crm.customers",
        "support.requesters",
        "survey.respondents",
        "usage.accounts",
    }
)
EXPIRIES: Final = Chain(
    "control.expiries",
    "expiry_id",
    "expiry_hash",
    (
        "expiry_id",
        "expired_at",
        "author",
        "reason",
        "until_month",
        "load_id",
        "cutoffs",
        "row_counts",
        "files",
        "previous_hash",
    ),
)
_ROWS: Final = "rows_to_empty"
_REFUSED_NOTE: Final = "; its text was emptied, since its period is over"


@dataclass(frozen=True)
class Cutoff:
    """Up to which day a table's values are emptied.

    Attributes:
        through: The last day that is past the period.
        since: The column with the day of a row.
        columns: The columns that are emptied.
    """

    through: date
    since: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Expiry:
    """One expiry, as it is recorded.

    Attributes:
        expiry_id: Its number.
        expired_at: When, naive UTC.
        author: Who ordered it.
        reason: Why.
        until_month: The month end from which the periods count back.
        row_counts: Place to how many rows were emptied.
        files: Landing files that were to be deleted; the next expiry finds one that could not be.
    """

    expiry_id: int
    expired_at: datetime
    author: str
    reason: str
    until_month: date
    row_counts: Mapping[str, int]
    files: Sequence[str]


def check_periods(contracts: Sequence[TableContract]) -> None:
    """Refuse a period on a table whose old values identity resolution needs.

    Raises:
        ContractError: A contract declares one.
    """
    for contract in contracts:
        if contract.retention is not None and contract.title in RESOLVED:
            raise ContractError(
                f"{contract.path}, table {contract.title}: `retention` may not stand here. "
                "Identity resolution links records by names and addresses of all their versions, "
                "so that emptied ones would take customers apart; `scorecard erase` takes out a "
                "person and keeps the links. Take the period out."
            )


def emptied(column: Column, mark: str = EMPTIED) -> str:
    """Write the SQL of what takes the place of a column's value.

    Of a text it stays known that there was one, so that no count of texts changes; a blank one says
    nothing and stays, and so does one that was emptied before. Anything else becomes empty.

    Args:
        column: The column, of class personal or sensitive.
        mark: What stands where a text stood.
    """
    name = identifier(column.name)
    is_text = column.data_type == "varchar" and not column.accepted_values
    if not is_text or not (column.personal_data == "sensitive" or column.is_not_null):
        return "null"
    marks = ", ".join(literal(each) for each in (ERASED, EMPTIED))
    is_written = f"trim({name}) <> '' and {name} not in ({marks})"
    return f"case when {is_written} then {literal(mark)} else {name} end"


def empty_raw(con: duckdb.DuckDBPyConnection, contract: TableContract, cutoff: Cutoff) -> int:
    """Empty the stored rows of a table that are past its period, and give their number.

    Args:
        con: The warehouse's connection, in a transaction.
        contract: The table.
        cutoff: Which rows and columns.
    """
    return _empty(con, contract, contract.raw_table, cutoff, key="_load_id, _line")


def empty_typed(con: duckdb.DuckDBPyConnection, contract: TableContract) -> int:
    """Empty what a source delivers that is past a period, before it is compared with what is known.

    So a row that was emptied and comes again says what is stored, and a row that comes late is
    stored without its personal values.

    Args:
        con: The warehouse's connection, with the judged values of a source in `typed`.
        contract: The source's contract.

    Returns:
        How many rows lost a value; rows that are refused are not among them.
    """
    return sum(
        _empty(con, contract, "typed", cutoff, key="_line", also="not _is_refused")
        for cutoff in known_cutoffs(con, contract)
    )


def count_overdue(
    con: duckdb.DuckDBPyConnection, contract: TableContract, cutoff: Cutoff
) -> tuple[int, int]:
    """Count the stored rows and the texts of refused rows that are past a period and stand still.

    Args:
        con: The warehouse's connection; nothing is written.
        contract: The table.
        cutoff: Which rows and columns.
    """
    raw = con.execute(
        f"select count(*) from {contract.raw_table} where {is_full(contract, cutoff)}"
    ).fetchone()
    refused = con.execute(
        f"select count(*) from quarantine.refused_rows as r where {_refused_past(contract, cutoff)}"
    ).fetchone()
    return (int(raw[0]) if raw else 0, int(refused[0]) if refused else 0)


def _values(contract: TableContract, cutoff: Cutoff) -> dict[str, str]:
    return {
        each.name: emptied(each) for each in contract.private_columns if each.name in cutoff.columns
    }


def is_full(contract: TableContract, cutoff: Cutoff) -> str:
    """Write the SQL condition that a row is past a period and holds a value that should be gone.

    Args:
        contract: The table.
        cutoff: Which rows and columns.
    """
    differs = [
        f"{identifier(name)} is distinct from {value}"
        for name, value in _values(contract, cutoff).items()
    ]
    since, through = identifier(cutoff.since), literal(str(cutoff.through))
    return f"cast({since} as date) <= date {through} and ({' or '.join(differs) or 'false'})"


def _empty(
    con: duckdb.DuckDBPyConnection,
    contract: TableContract,
    table: str,
    cutoff: Cutoff,
    *,
    key: str,
    also: str = "true",
) -> int:
    values = _values(contract, cutoff)
    con.execute(
        f"create or replace temp table {_ROWS} as select {key} from {table} "
        f"where {also} and {is_full(contract, cutoff)}"
    )
    row = con.execute(f"select count(*) from {_ROWS}").fetchone()
    count = int(row[0]) if row else 0
    if count:
        chosen = f"({key}) in (select ({key}) from {_ROWS})"
        listed = ", ".join(f"{identifier(name)} = {value}" for name, value in values.items())
        con.execute(f"update {table} set {listed} where {chosen}")
        con.execute(
            f"update {table} as t set _row_hash = {row_hash(contract, alias='t')} where {chosen}"
        )
    con.execute(f"drop table {_ROWS}")
    return count


def empty_refused(
    con: duckdb.DuckDBPyConnection,
    contract: TableContract,
    cutoff: Cutoff,
    *,
    load_id: int | None = None,
) -> int:
    """Empty the texts of refused rows that are past a period, and give their number.

    A row whose own day could not be read is as old as the newest accepted fact of its load, or as
    the load itself where it brought none.

    Args:
        con: The warehouse's connection, in a transaction.
        contract: The table.
        cutoff: Up to which day.
        load_id: One load alone; all by default.
    """
    row = con.execute(
        "update quarantine.refused_rows as r set raw_text = null, "
        f"message = concat(r.message, {literal(_REFUSED_NOTE)}) "
        f"where {_refused_past(contract, cutoff)} and {_of_load(load_id)}"
    ).fetchone()
    return int(row[0]) if row else 0


def _refused_past(contract: TableContract, cutoff: Cutoff) -> str:
    """Write the SQL condition that a refused row `r` of a table is past a period and has a text."""
    of_load = (
        "(select max(coalesce(s.latest_fact_date, cast(s.loaded_at as date))) "
        "from control.loads as s where s.load_id = r.load_id)"
    )
    return (
        f"(r.raw_text is not null and r.system = {literal(contract.system)} "
        f"and r.table_name = {literal(contract.name)} "
        f"and coalesce(r.fact_date, {of_load}) <= date {literal(str(cutoff.through))})"
    )


def _of_load(load_id: int | None) -> str:
    return "true" if load_id is None else f"r.load_id = {load_id}"


def known_cutoffs(con: duckdb.DuckDBPyConnection, contract: TableContract) -> list[Cutoff]:
    """Give up to which days a table's values were emptied, the newest day of each set of columns.

    Args:
        con: The warehouse's connection.
        contract: The table.
    """
    newest: dict[tuple[str, tuple[str, ...]], date] = {}
    for (text,) in con.execute("select cutoffs from control.expiries").fetchall():
        found = json.loads(text).get(contract.title)
        if found and found["since"] in contract.column_names:
            kind = str(found["since"]), tuple(str(name) for name in found["columns"])
            through = date.fromisoformat(found["through"])
            newest[kind] = max(through, newest.get(kind, through))
    return [Cutoff(through, since, columns) for (since, columns), through in sorted(newest.items())]


def record(
    con: duckdb.DuckDBPyConnection,
    *,
    moment: datetime,
    by: tuple[str, str],
    until: date,
    cutoffs: Mapping[str, Cutoff],
    row_counts: Mapping[str, int],
    files: Sequence[str],
) -> Expiry:
    """Add an expiry to the chain; call it inside the transaction that empties.

    Args:
        con: The warehouse's connection.
        moment: When, naive UTC.
        by: Author and reason.
        until: The month end from which the periods count back.
        cutoffs: Table to what is emptied of it.
        row_counts: Place to number of rows.
        files: Landing files that are to go.
    """
    found = con.execute(EXPIRIES.next_link).fetchone()
    if found is None:
        raise RuntimeError("an aggregate without a group gave no row")
    expiry_id, previous = found
    author, reason = (text.strip() for text in by)
    listed = {
        title: {
            "through": str(cutoff.through),
            "since": cutoff.since,
            "columns": list(cutoff.columns),
        }
        for title, cutoff in sorted(cutoffs.items())
    }
    con.execute(
        f"""
        insert into control.expiries
        select e.*, {EXPIRIES.record_hash("e")}
        from (
            select
                cast(? as bigint) as expiry_id, cast(? as timestamp) as expired_at,
                ? as author, ? as reason, cast(? as date) as until_month,
                (select coalesce(max(load_id), 0) from control.loads) as load_id,
                ? as cutoffs, ? as row_counts, ? as files, ? as previous_hash
        ) as e
        """,
        [
            *(expiry_id, moment, author, reason, until, json.dumps(listed)),
            *(json.dumps(dict(sorted(row_counts.items()))), json.dumps(sorted(files)), previous),
        ],
    )
    return Expiry(expiry_id, moment, author, reason, until, dict(row_counts), list(files))


def has_deleted_files(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether landing files went since they were loaded: an empty landing area is then none.

    Args:
        con: The warehouse's connection.
    """
    found = con.execute("select 1 from control.expiries where files <> '[]' limit 1").fetchone()
    return found is not None


def check_expiries(con: duckdb.DuckDBPyConnection) -> None:
    """Prove that the record of expiries is as it was written.

    Raises:
        ScorecardError: An expiry was changed, removed or put in between.
    """
    if broken := EXPIRIES.first_broken(con):
        raise ScorecardError(
            "The record of expiries was changed after it was written: the hash of expiry "
            f"{broken} (control.expiries) does not match. Restore the warehouse from a copy "
            "that was made after the newest expiry."
        )
