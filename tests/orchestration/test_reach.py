"""How far back new rows reach: before their own time, where months hold what belongs to them."""

import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ledger import create_tables
from orchestration.ingestion.months import fill_months
from orchestration.reach import earliest_reach
from orchestration.window import month_end
from tests.conftest import ROOT

CONTRACTS = load_contracts(ROOT / "models" / "staging")
KNOWN, NEW = 1, 2
LINES = itertools.count(1)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection, CONTRACTS)
        yield connection


def load(con: duckdb.DuckDBPyConnection, title: str, load_id: int, **values: Any) -> None:
    """Store one row of a table, as a load of its own number would."""
    system, table = title.split(".")
    con.execute(
        "insert into control.loads by name select * from (select ? as load_id, ? as system, "
        "? as table_name, 'loaded' as status, 1 as rows_accepted) anti join control.loads "
        "using (load_id, system, table_name)",
        [load_id, system, table],
    )
    columns = {**values, "_load_id": load_id, "_line": next(LINES)}
    con.execute(
        f"insert into raw.{system}__{table} ({', '.join(columns)}) "
        f"values ({', '.join('?' * len(columns))})",
        list(columns.values()),
    )


def reached(con: duckdb.DuckDBPyConnection) -> date | None:
    """The month end that the rows of the new load reach."""
    fill_months(con, CONTRACTS)
    found = earliest_reach(con, CONTRACTS, after=KNOWN, up_to=NEW)
    return found and month_end(found)


def ticket(con: duckdb.DuckDBPyConnection, load_id: int, updated: str, **values: Any) -> None:
    created = {"created_at": "2025-05-20", "channel": "mail", "requester_id": "r1"}
    load(con, "support.tickets", load_id, ticket_id="t1", updated_at=updated, **(created | values))


def test_every_table_that_a_contract_refers_to_is_there():
    titles = {contract.title for contract in CONTRACTS}
    named = {column.refers_to for contract in CONTRACTS for column in contract.columns}
    assert named - {None}
    assert named - {None} <= titles


def test_an_event_reaches_its_own_time(con):
    load(con, "billing.invoices", KNOWN, invoice_id="i1", invoiced_at="2025-01-05")
    load(con, "billing.invoices", NEW, invoice_id="i2", invoiced_at="2025-06-05")
    assert reached(con) == date(2025, 6, 30)


def test_a_record_that_comes_first_now_reaches_the_day_since_when_it_holds(con):
    ticket(con, NEW, "2025-07-02")
    assert reached(con) == date(2025, 5, 31)


def test_a_later_version_of_a_known_record_reaches_nothing_before_itself(con):
    ticket(con, KNOWN, "2025-05-20")
    load(
        con, "support.ticket_events", KNOWN, event_id="e1", ticket_id="t1", occurred_at="2025-04-01"
    )
    ticket(con, NEW, "2025-07-02", status="solved")
    assert reached(con) == date(2025, 7, 31)


def test_a_record_reaches_the_facts_that_named_it_before_it_came(con):
    """An answer of April belongs to a ticket that is delivered in July: April changes."""
    load(
        con,
        "support.ticket_events",
        KNOWN,
        event_id="e1",
        ticket_id="T1 ",
        occurred_at="2025-04-01",
    )
    load(
        con, "support.ticket_events", KNOWN, event_id="e2", ticket_id="t2", occurred_at="2025-02-01"
    )
    ticket(con, NEW, "2025-07-02")
    assert reached(con) == date(2025, 4, 30)


def test_a_version_that_says_otherwise_of_what_never_changes_counts_as_new(con):
    ticket(con, KNOWN, "2025-05-20")
    ticket(con, NEW, "2025-07-02", created_at="2025-03-20")
    assert reached(con) == date(2025, 3, 31)


def test_rows_of_loads_that_are_not_known_yet_reach_nothing(con):
    ticket(con, NEW + 1, "2025-07-02")
    assert reached(con) is None


def test_the_ledger_counts_the_rows_of_a_load_by_the_months_they_speak_of(con):
    load(con, "billing.invoices", KNOWN, invoice_id="i1", invoiced_at="2025-01-05")
    load(con, "billing.invoices", KNOWN, invoice_id="i2", invoiced_at="2025-01-06")
    load(con, "billing.invoices", KNOWN, invoice_id="i3", invoiced_at="2025-02-06")
    fill_months(con, CONTRACTS)
    fill_months(con, CONTRACTS)
    assert con.execute("from control.load_months order by all").fetchall() == [
        (KNOWN, date(2025, 1, 31), 2),
        (KNOWN, date(2025, 2, 28), 1),
    ]


def test_nothing_is_reached_where_nothing_came(con):
    ticket(con, KNOWN, "2025-05-20")
    assert reached(con) is None
