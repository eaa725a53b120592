"""Counting later months over the bins that were fixed at training.

What belongs here: the query that counts, and the rows of `ml.drift_counts`.
What does not: the bins (`ml.drift`), the index and its verdict (the mart `estimator_drift`).

One pass over the scored rows of the range counts every bin of every feature, so that no row leaves
the database.
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
    counted = ", ".join(_counts(each) for each in subjects)
    months = con.execute(
        f"select as_of_date, {counted} from features.ftr_churn as features "
        "inner join ml.churn_predictions as predictions using (customer_id, as_of_date) "
        "where predictions.is_eligible and predictions.estimator_version = ? "
        "and as_of_date between ? and ? group by as_of_date order by as_of_date",
        [estimator.version, first_month, last_month],
    ).fetchall()
    name = {"estimator": estimator.kind, "estimator_version": estimator.version}
    rows: list[dict[str, Any]] = []
    for month, *cumulated in months:
        position = 0
        for each in subjects:
            found = cumulated[position : position + len(each.counts)]
            position += len(each.counts)
            # Missing apart; the others were counted up to each limit.
            bins = [found[0], *(b - a for a, b in zip([0, *found[1:]], found[1:], strict=False))]
            rows += [
                {**name, "as_of_date": month, **bin_row, "row_count": count}
                for bin_row, count in zip(each.rows(), bins, strict=True)
            ]
    return conform(rows, "drift_counts")


def _counts(bins: ReferenceBins) -> str:
    """How many are not measured, then how many lie at or below each limit, then all measured."""
    column = f'{"features" if bins.kind == "feature" else "predictions"}."{bins.subject}"'
    limits = (f"count(*) filter (where {column} <= '{float(e)!r}'::double)" for e in bins.edges)
    return ", ".join([f"count(*) - count({column})", *limits, f"count({column})"])
