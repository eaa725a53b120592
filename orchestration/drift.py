"""Counting later months over the bins that were fixed at training.

What belongs here: the query that counts, and the rows of `ml.drift_counts`.
What does not: the bins (`ml.drift`), the index and its verdict (the mart `estimator_drift`).

One pass over the scored rows of a month gives every value the number of its bin; these are counted,
so that no row leaves the database.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from ml.frames import conform

if TYPE_CHECKING:
    from ml.churn.estimator import ChurnEstimator
    from ml.drift import ReferenceBins


def count_drift(
    con: duckdb.DuckDBPyConnection,
    estimator: ChurnEstimator,
    first_month: date,
    last_month: date,
) -> Any:
    """Count the rows that an estimator scored, by month, feature or score, and bin.

    Args:
        con: A connection that sees `ml.churn_predictions` as scored.
        estimator: The estimator whose bins count.
        first_month: First month end.
        last_month: Last month end.

    Returns:
        The columns of `ml.drift_counts`; no row for an estimator that learnt from nothing.
    """
    subjects = estimator.reference
    if not subjects:
        return conform([], "drift_counts")
    bins = ", ".join(f"{_bin(each)} as bin_{k}" for k, each in enumerate(subjects))
    counted = " union all ".join(
        f"select {k} as subject, bin_{k} as bin_number, count(*) as row_count "
        f"from drift_bins group by bin_{k}"
        for k in range(len(subjects))
    )
    name = {"estimator": estimator.kind, "estimator_version": estimator.version}
    months = con.execute(
        "select distinct as_of_date from ml.churn_predictions "
        "where is_eligible and estimator_version = ? and as_of_date between ? and ? order by 1",
        [estimator.version, first_month, last_month],
    ).fetchall()
    rows: list[dict[str, Any]] = []
    for (month,) in months:
        # One byte per row and subject, so that a month of a million customers is 50 MB.
        con.execute(
            f"create or replace temp table drift_bins as select {bins} "
            "from features.ftr_churn as features "
            "inner join ml.churn_predictions as predictions using (customer_id, as_of_date) "
            "where predictions.is_eligible and predictions.estimator_version = ? "
            "and as_of_date = ?",
            [estimator.version, month],
        )
        found = {(k, number): count for k, number, count in con.execute(counted).fetchall()}
        rows += [
            {
                **name,
                "as_of_date": month,
                **bin_row,
                "row_count": found.get((k, bin_row["bin_number"]), 0),
            }
            for k, each in enumerate(subjects)
            for bin_row in each.rows()
        ]
    con.execute("drop table if exists drift_bins")
    return conform(rows, "drift_counts")


def _bin(bins: ReferenceBins) -> str:
    """Number of the bin that a value falls into; 0 where it is not measured."""
    column = f'{"features" if bins.kind == "feature" else "predictions"}."{bins.subject}"'
    limits = " ".join(
        f"when {column} <= '{float(edge)!r}'::double then {number}"
        for number, edge in enumerate(bins.edges, start=1)
    )
    return f"(case when {column} is null then 0 {limits} else {len(bins.edges) + 1} end)::utinyint"
