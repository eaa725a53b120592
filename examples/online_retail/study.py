"""The churn estimators on the real example, judged on one month that lies after a chosen history.

What belongs here: which months are learnt from and judged. What does not: features (dbt), training
(`ml.churn`). The run of the product judges on the last three months instead; this is for figures
that can be compared with those of others on the same months.

Run it with `python -m examples.online_retail.study` after `make run EXAMPLE=online_retail`.
"""

import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from ml.churn.config import ChurnConfig
from ml.churn.training import ChurnTraining, train_churn

LAST_LEARNT: Final = date(2010, 11, 30)
JUDGED: Final = date(2011, 5, 31)

_ROWS: Final = """
    select features.*, labels.is_churned
    from features.ftr_churn as features
    inner join features.ftr_churn_labels as labels using (customer_id, as_of_date)
    where labels.is_eligible and labels.is_label_complete
        and (as_of_date <= $last_learnt or as_of_date = $judged)
    order by customer_id, as_of_date
"""
_REPORTED: Final = [
    *("auc", "pr_auc", "top_decile_lift", "brier", "brier_skill", "ece"),
    *("calibration_slope", "mean_probability"),
]


def judge(
    con: duckdb.DuckDBPyConnection, *, last_learnt: date, judged: date, config: ChurnConfig
) -> ChurnTraining:
    """Train on the months up to one, and judge on a later one.

    Args:
        con: The warehouse of the example, built as far as the features.
        last_learnt: Last as-of date to learn from.
        judged: As-of date to judge on, six months later at least, so that no outcome that is
            learnt from lies after it.
        config: Settings; the test slice is one month here.
    """
    frame = con.execute(_ROWS, {"last_learnt": last_learnt, "judged": judged}).df()
    return train_churn(frame, replace(config, test_months=1))


def describe(training: ChurnTraining) -> str:
    """The verdict, and the measures of candidates and simple rules on the judged month."""
    estimator = training.estimator
    metrics = training.metrics
    test = metrics[(metrics["slice"] == "test") & metrics["metric"].isin(_REPORTED)]
    table = test.pivot_table(index="candidate", columns="metric", values="value")[_REPORTED]
    verdict = f"{estimator.status}: {estimator.candidate}"
    if estimator.reason:
        verdict += f"; {estimator.reason}"
    with pd.option_context("display.width", 200, "display.max_columns", None):
        return f"{verdict}\n{table.round(4).to_string()}\n"


def main() -> None:
    """Judge on the warehouse of the example."""
    home = Path(os.environ.get("SCORECARD_HOME", ".scorecard-online_retail"))
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        found = judge(con, last_learnt=LAST_LEARNT, judged=JUDGED, config=ChurnConfig())
    sys.stdout.write(describe(found))


if __name__ == "__main__":
    main()
