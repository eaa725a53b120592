"""A rebuilt release may differ in rows of erased persons, and in nothing else."""

from pathlib import Path

import duckdb
import pytest

from orchestration.replay.erased import equal_but_for_erased
from tests.orchestration.erased_person import remember_erased

PARTS = {
    "scores": ["2011-01-31", "2011-02-28"],
    "customers": ["all"],
    "accounts": ["all"],
    "log": ["all"],
    "sums": ["2011-01-31"],
    "equal": [],
}
RECORDS = {"cus_a": "C1", "cus_nobody": "erased-1"}
ROWS = {
    "scores": "select '{c}' as customer_id, date '2011-01-31' as as_of_date, 50 as score "
    "union all select 'cus_b', date '2011-01-31', 60 union all select null, '2011-01-31', 70 "
    "union all select '{c}', '2011-02-28', 50",
    "customers": "select '{c}' as customer_id, 'GB' as country union all select 'cus_b', 'GB'",
    "accounts": "select '{c}' as account_id, 'cus_b' as worst_customer_id "
    "union all select 'cus_b', '{c}'",
    "log": "select 'crm' as source_system, md5('{r}') as row_key union all select 'crm', '*'",
    "sums": "select date '2011-01-31' as as_of_date, 110 as score",
    "equal": "select 1 as one",
}


def marts(path: Path, customer: str, *changes: str) -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute("create schema scorecard")
        for mart, rows in ROWS.items():
            filled = rows.format(c=customer, r=RECORDS.get(customer))
            con.execute(f"create table scorecard.{mart} as {filled}")
        for change in changes:
            con.execute(change)
    return path


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "live.duckdb"
    with duckdb.connect(str(path)) as con:
        remember_erased(
            con,
            "select 'customer' as kind, 'cus_a' as identifier "
            "union all select 'source_key', concat('crm|', md5('C1'))",
        )
        con.execute(
            "insert into control.erased_links values "
            "(1, 'crm', 'erased-1', 'cus_nobody', 'own_id', 1, 1)"
        )
    return path


def explained(
    folder: Path, warehouse: Path, customer: str, *changes: str
) -> dict[str, dict[str, int]]:
    published = marts(folder / "published.duckdb", "cus_a")
    computed = marts(folder / "computed.duckdb", customer, *changes)
    with duckdb.connect() as con:
        return equal_but_for_erased(
            con, PARTS, published=published, computed=computed, warehouse=warehouse
        )


def test_rows_of_the_person_alone_are_explained(tmp_path: Path, warehouse: Path) -> None:
    assert explained(tmp_path, warehouse, "cus_nobody") == {
        "scores": {"2011-01-31": 1, "2011-02-28": 1},
        "customers": {"all": 1},
        "accounts": {"all": 2},
        "log": {"all": 1},
    }


def test_another_difference_in_the_same_month_is_not(tmp_path: Path, warehouse: Path) -> None:
    change = "update scorecard.scores set score = 61 where customer_id = 'cus_b'"
    assert explained(tmp_path, warehouse, "cus_nobody", change) == {
        "scores": {"2011-02-28": 1},
        "customers": {"all": 1},
        "accounts": {"all": 2},
        "log": {"all": 1},
    }


def test_a_record_that_an_older_state_knew_alone_is_explained(
    tmp_path: Path, warehouse: Path
) -> None:
    alone = "'cus_' || substr(md5('erased-1'), 1, 16)"
    change = f"update scorecard.scores set customer_id = {alone} where customer_id = 'cus_nobody'"
    assert "scores" in explained(tmp_path, warehouse, "cus_nobody", change)


def test_rows_of_somebody_who_was_erased_before_the_release_are_no_difference(
    tmp_path: Path, warehouse: Path
) -> None:
    with duckdb.connect(str(warehouse)) as con:
        remember_erased(
            con,
            "select 'customer' as kind, 'cus_z' as identifier",
            nobody="cus_nobody_else",
            on="2011-12-01",
            load_id=8,
        )
    row = "insert into scorecard.scores values ('cus_nobody_else', date '2011-01-31', 1)"
    published = marts(tmp_path / "published.duckdb", "cus_a", row)
    computed = marts(tmp_path / "computed.duckdb", "cus_nobody", row)
    with duckdb.connect() as con:
        found = equal_but_for_erased(
            con, PARTS, published=published, computed=computed, warehouse=warehouse
        )
    assert found["scores"] == {"2011-01-31": 1, "2011-02-28": 1}


def test_a_customer_that_nobody_erased_is_not(tmp_path: Path, warehouse: Path) -> None:
    assert explained(tmp_path, warehouse, "cus_c") == {}


def test_where_nobody_was_erased_nothing_is_explained(tmp_path: Path) -> None:
    empty = tmp_path / "live.duckdb"
    with duckdb.connect(str(empty)) as con:
        con.execute("create table x as select 1")
    assert explained(tmp_path, empty, "cus_nobody") == {}
