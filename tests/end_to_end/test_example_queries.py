"""The queries of docs/example-queries.md run on a release, and each mart of indicators has one."""

import re
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "example-queries.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^### `(\w+)`[^\n]*\n\n```sql\n(.*?)```", PAGE, flags=re.M | re.S)
# A small company need not have a change beyond chance, nor a crisis, nor enough customers who left
# to judge an estimator by, nor one who is green and at risk; a first run values one month. Fourteen
# months hold no second year to learn uptake by, no score with its outcome and no review of scores.
# A first release restates nothing.
MAY_BE_EMPTY = {
    "nps_by_group",
    "complaint_episodes",
    "estimator_fairness",
    "churn_reasons",
    "estimator_surrogates",
    "clv_changes",
    "contradictions",
    "scorecard_missed_greens",
    "account_scorecard",
    "account_scorecard_measures",
    "account_scorecard_changes",
    "portfolio_scorecard_changes",
    "customer_potential",
    "scorecard_backtest",
    "customer_value_segments",
    "value_segments",
    "restatements",
}


def test_every_heading_has_its_query() -> None:
    assert len(QUERIES) == PAGE.count("\n### ")


@pytest.mark.parametrize(("mart", "query"), QUERIES, ids=[mart for mart, _ in QUERIES])
def test_the_query_runs_and_finds_something(mart: str, query: str, simulated_run: Path) -> None:
    assert mart in query
    release = (simulated_run / "current").resolve() / "release.duckdb"
    with duckdb.connect() as con:
        con.execute(f"attach '{release}' as release (read_only)")
        con.execute("use release.scorecard")
        rows = con.execute(query).fetchall()
    assert rows or mart in MAY_BE_EMPTY
