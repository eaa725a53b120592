"""No model compares rows one by one where it could look them up.

What belongs here: what the engine plans for each model's statement. What does not: how long it
takes (`make bench`).

An outer join whose condition has an `or`, or a test of one side alone, is planned row by row even
where keys are equal: nothing on small data, hours for a million customers.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.slow

ROW_BY_ROW = {"BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN"}
EQUAL_COLUMNS = re.compile(
    r"\((?:CAST\()?[a-z_][a-z0-9_]*(?: AS \w+\))? = (?:CAST\()?[a-z_][a-z0-9_]*(?: AS \w+\))?\)"
)
# Months by channels or tiers, or bins, on both sides, however many customers there are.
SMALL_ON_BOTH_SIDES = {"int_costs", "ind_acquisition", "sales_performance", "credit_points"}


def test_rows_with_equal_keys_are_looked_up(simulated_build: Path) -> None:
    compiled = simulated_build / "dbt_target" / "compiled" / "scorecard" / "models"
    statements = {path.stem: path for path in compiled.rglob("*.sql")}
    assert len(statements) > 200
    with duckdb.connect(str(simulated_build / "warehouse.duckdb"), read_only=True) as con:
        found = {
            name: slow
            for name, path in statements.items()
            if name not in SMALL_ON_BOTH_SIDES
            and (slow := list(_row_by_row(con, path.read_text(encoding="utf-8"))))
        }
    assert found == {}


def test_a_lookup_with_an_or_is_found() -> None:
    """The condition that took 80 of 82 seconds in the life cycle of 24,000 complaints."""
    with duckdb.connect() as con:
        con.execute("create table facts as select 1 as id, 2 as month_number")
        con.execute("create table spans as select 1 as id, 1 as valid_from, null::int as valid_to")
        query = "select * from facts left join spans on facts.id = spans.id and {}"
        slow = query.format("(valid_to is null or valid_to > month_number)")
        assert list(_row_by_row(con, slow))
        quick = query.format("month_number < coalesce(valid_to, 9999)")
        assert not list(_row_by_row(con, quick))


def _row_by_row(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    row = con.execute(f"explain (format json) {query}").fetchone()
    assert row is not None
    for root in json.loads(row[1]):
        for operator in _operators(root):
            said = operator.get("extra_info", {})
            condition = str(said.get("Condition") or said.get("Conditions"))
            if operator["name"].strip() in ROW_BY_ROW and EQUAL_COLUMNS.search(condition):
                yield condition


def _operators(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield root
    for child in root["children"]:
        yield from _operators(child)
