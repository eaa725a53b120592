"""How far back new rows of raw reach: the earliest day that any of them can change.

What belongs here: the question to the raw tables, by what the contracts declare. What does not: the
months that rows speak of (`ingestion.months`), the months of a run (`window`), links between
customers (the models).

The months that new rows speak of are not all. Facts that named a record before it was there
(`refers_to`) belong to it from now on: an answer to a ticket in May whose own record is delivered
in July changes May. A later version of a known record changes nothing before its own time.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import duckdb

from orchestration.ingestion.contract import Column, TableContract
from orchestration.ingestion.months import new_records
from orchestration.ingestion.sql import identifier

# As staging reads identifiers, whatever blanks and cases a source writes.
_KEY: Final = "upper(trim(cast({} as varchar)))"


def earliest_reach(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[TableContract],
    *,
    after: int,
    up_to: int,
) -> date | None:
    """Find the earliest day on which a row of new loads changes what is known.

    Args:
        con: An open connection to a warehouse that ingestion has prepared.
        contracts: All contracts.
        after: The newest load that was known before.
        up_to: The newest load that is known now.

    Returns:
        The day, or a later one of its month; None where no new row was stored.
    """
    loads = con.execute(
        "select loads.system, loads.table_name, min(load_months.month_end) "
        "from control.load_months as load_months "
        "inner join control.loads as loads on load_months.load_id = loads.load_id "
        "where loads.load_id > ? and loads.load_id <= ? group by all",
        [after, up_to],
    ).fetchall()
    changed = {(system, table) for system, table, _ in loads}
    days: list[date | None] = [month for _, _, month in loads]
    for contract in contracts:
        if (contract.system, contract.name) in changed:
            records = new_records(contract, after=after, up_to=up_to)
            for facts, column in _referring(contracts, contract):
                days.append(
                    _first_day(con, facts, _naming(facts, column, contract, records, up_to))
                )
    return min((day for day in days if day is not None), default=None)


def _first_day(con: duckdb.DuckDBPyConnection, contract: TableContract, rows: str) -> date | None:
    times = (f"cast(min({identifier(name)}) as date)" for name in contract.placing_times)
    found = con.execute(f"select least({', '.join(times)}, null) from {rows} as found").fetchone()
    day: date | None = found[0] if found else None
    return day


def _referring(
    contracts: Sequence[TableContract], records: TableContract
) -> Iterator[tuple[TableContract, Column]]:
    """The tables that name records of this one, with the column that does."""
    for contract in contracts:
        for column in contract.columns:
            if column.refers_to == records.title:
                yield contract, column


def _naming(
    facts: TableContract, column: Column, contract: TableContract, records: str, up_to: int
) -> str:
    """The rows of a table, old and new, that name one of these records."""
    name, key = _KEY.format(identifier(column.name)), _KEY.format(identifier(contract.key[0]))
    return (
        f"(select * from {facts.raw_table} where _load_id <= {up_to} "
        f"and {name} in (select {key} from {records} as records))"
    )
