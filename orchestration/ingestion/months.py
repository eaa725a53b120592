"""The months that the rows of a load speak of: what makes a fact late, and how far back it reaches.

What belongs here: which rows of a load are new records, the months that hold them, and the ledger
of these months (`control.load_months`). What does not: storing rows (`loader`), and the months of a
run (`orchestration.window`).

An event speaks of the month of its event time. So does a later version of a record that is known. A
record that comes for the first time, or says otherwise of what never changes, also says since when
it holds (the `static` times of its contract), and speaks of the earliest of these.
"""

from collections.abc import Sequence

import duckdb

from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.sql import identifier


def new_records(contract: TableContract, *, after: int, up_to: int) -> str:
    """Give the SQL of new events and new records: rows that say what no row before them said.

    Args:
        contract: The contract of the table.
        after: The newest load that was known before.
        up_to: The newest load that is known now.

    Returns:
        A relation with the table's columns, in parentheses.
    """
    new = f"(select * from {contract.raw_table} where _load_id > {after} and _load_id <= {up_to})"
    if contract.load_mode == "append":
        return new
    said = [*contract.key, *(column.name for column in contract.static_columns)]
    same = " and ".join(
        f"found.{identifier(name)} is not distinct from known.{identifier(name)}" for name in said
    )
    known = f"(select * from {contract.raw_table} where _load_id <= {after})"
    return f"(select found.* from {new} as found anti join {known} as known on {same})"


def write_months(con: duckdb.DuckDBPyConnection, contract: TableContract, load_id: int) -> None:
    """Write the months that the stored rows of a load speak of; call it inside its transaction."""
    con.execute(f"insert into control.load_months {_months(contract, load_id)}")


def fill_months(con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]) -> None:
    """Write the months of loads that an older version stored without them, in order of loads."""
    tables = {(contract.system, contract.name): contract for contract in contracts}
    missing = con.execute(
        "select load_id, system, table_name from control.loads "
        "where status = 'loaded' and rows_accepted > 0 "
        "and load_id not in (select load_id from control.load_months) order by load_id"
    ).fetchall()
    for load_id, system, table in missing:
        if (system, table) in tables:
            write_months(con, tables[system, table], load_id)


def _months(contract: TableContract, load_id: int) -> str:
    event = f"cast({identifier(contract.event_time)} as date)"
    placed = ", ".join(f"cast({identifier(name)} as date)" for name in contract.placing_times)
    rows = f"(select * from {contract.raw_table} where _load_id = {load_id})"
    day = f"select {event} as day from {rows} as rows_of_load"
    if contract.load_mode != "append" and len(contract.placing_times) > 1:
        records = new_records(contract, after=load_id - 1, up_to=load_id)
        lines = f"select _line from {records} as records"
        day = (
            f"select case when _line in ({lines}) then least({placed}) else {event} end as day "
            f"from {rows} as rows_of_load"
        )
    return (
        f"select {load_id}, last_day(day), count(*) from ({day}) as days "
        "group by last_day(day) order by last_day(day)"
    )
