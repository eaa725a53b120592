"""A second opinion on the scores of a whole run, and the weights that are published with them."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ml.weighting.in_force import profiles_at, tree_at
from ml.weighting.sensitivity import SensitivityConfig, is_published
from ml.weighting.tree import roll_up
from orchestration import window
from orchestration.weighting import read_nodes, read_scores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def con(simulated_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(simulated_run / "warehouse.duckdb"), read_only=True) as opened:
        yield opened


def test_the_published_scores_are_those_of_another_implementation(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """SQL scores by a tree of expressions, `ml.weighting` by arrays: they share no line."""
    month = window.current_run(con).last_month
    nodes = read_nodes(con, month)
    compared = 0
    for profile in profiles_at(nodes, month):
        weights = con.execute(
            "select node_id, weight from scorecard.scorecard_weights "
            "where profile = ? and as_of_date = ?",
            [profile, month],
        ).fetchall()
        tree = tree_at(nodes, profile, month).weighted(dict(weights))
        customers = read_scores(con, month, tree.measures)
        root = roll_up(tree, customers.scores, customers.evidence)[tree.root.node_id]
        score = np.where(is_published(root, SensitivityConfig()), root.score, np.nan)
        expected = dict(
            zip(customers.customer_id, zip(score, root.coverage, strict=True), strict=True)
        )
        rows = con.execute(
            "select customer_id, score_before_exceptions, coverage "
            "from scorecard.customer_scorecard where profile = ? and as_of_date = ?",
            [profile, month],
        ).fetchall()
        for customer, found, coverage in rows:
            wanted = expected[customer]
            assert (found is None) == np.isnan(wanted[0]), (profile, customer)
            assert found is None or found == pytest.approx(wanted[0], abs=2e-6)
            assert coverage == pytest.approx(wanted[1], abs=2e-6)
            compared += found is not None
    assert compared > 100


def test_judgements_weigh_and_every_applied_profile_is_tried(
    con: duckdb.DuckDBPyConnection,
) -> None:
    methods = dict(
        con.execute(
            "select node_id, method from scorecard.scorecard_weights where profile = 'generic' "
            "and as_of_date = (select max(as_of_date) from scorecard.scorecard_weights)"
        ).fetchall()
    )
    assert methods["current"] in ("ahp", "combined")
    assert methods["loyalty"] == "ahp"
    assert con.execute(
        "select count(*) from scorecard.judgement_matrices where consistency_ratio < 0.1"
    ).fetchone() == (9,)
    applied = {
        row[0]
        for row in con.execute(
            "select distinct profile from scorecard.customer_scorecard where as_of_date = "
            "(select max(as_of_date) from scorecard.customer_scorecard)"
        ).fetchall()
    }
    for mart in ("weight_sensitivity", "topsis_ranks"):
        tried = con.execute(f"select distinct profile from scorecard.{mart}").fetchall()
        assert {row[0] for row in tried} == applied
