"""How well the amount of upsell was foreseen.

Belongs here: errors, bias, ranking, hits among those ranked first and coverage against what came;
their rows.
Does not belong here: the measures of the chance (`ml.churn.evaluation`), verdicts
(`ml.upsell.checks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.churn.evaluation import metric_row
from ml.clv.evaluation import rank_correlation
from ml.metrics import captured, normalised_gini, top_capture
from ml.upsell.amount import AmountByGroup, AmountModel
from ml.upsell.config import UpsellConfig
from ml.upsell.panel import UpsellPanel

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AmountEvaluation:
    """Measures of what was expected on rows not trained on.

    Attributes:
        measures: Measure -> value. `upsell_*` compares what was expected of each row with what
            came, 0 for most; `amount_*` compares, for those who bought more, the amount that was
            expected of them if they did.
        intervals: Measure -> 95 % interval by resampling customers, where there is one.
        rows: Rows judged.
    """

    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    rows: int


def evaluate_amount(
    panel: UpsellPanel,
    chance: Float,
    amount: AmountModel | AmountByGroup,
    config: UpsellConfig,
) -> AmountEvaluation:
    """Compare expectations with outcomes on one slice.

    Args:
        panel: Labelled rows, not trained on.
        chance: Probability that was foreseen of each row.
        amount: Amounts that were foreseen.
        config: Settings.
    """
    expected = chance * amount.expected(panel)
    measures, intervals = _errors(panel, expected, config)
    found = {f"upsell_{name}": value for name, value in measures.items()}
    bands = {f"upsell_{name}": band for name, band in intervals.items()}
    hits, flagged = captured(panel.chance.churned, expected, share=config.decile_share)
    found |= {
        "upsell_spearman": rank_correlation(panel.amount, expected),
        "upsell_gini": normalised_gini(panel.amount, expected),
        "upsell_top10_hit_rate": hits / flagged if flagged else float("nan"),
        "upsell_top20_capture": top_capture(panel.amount, expected, share=0.2),
        **_deciles(panel.amount, expected),
    }
    came = panel.expanded
    errors, error_bands = _errors(came, amount.expected(came), config)
    found |= {f"amount_{name}": value for name, value in errors.items()}
    bands |= {f"amount_{name}": band for name, band in error_bands.items()}
    inside = (came.amount >= amount.quantile(came, 0.1)) & (
        came.amount <= amount.quantile(came, 0.9)
    )
    found["amount_interval_coverage"] = float(inside.mean()) if len(came) else float("nan")
    return AmountEvaluation(found, bands, len(panel))


def _errors(
    panel: UpsellPanel, expected: Float, config: UpsellConfig
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """MAE, RMSE and total bias in per cent, with intervals by resampling customers."""
    if len(panel) == 0:
        return dict.fromkeys(("mae", "rmse", "bias_pct"), float("nan")), {}
    error = expected - panel.amount
    total = float(panel.amount.sum())
    measures = {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias_pct": 100 * float(error.sum()) / total if total > 0 else float("nan"),
    }
    codes = np.unique(panel.chance.customer, return_inverse=True)[1]
    sums = np.column_stack(
        [
            np.bincount(codes, weights=column)
            for column in (np.ones_like(error), panel.amount, error, np.abs(error))
        ]
    )
    rng = np.random.default_rng(config.chance.seed)
    draws = np.array(
        [
            sums[rng.integers(0, len(sums), len(sums))].sum(axis=0)
            for _ in range(config.chance.bootstrap_draws)
        ]
    )
    low, high = np.percentile(draws[:, 3] / draws[:, 0], [2.5, 97.5])
    intervals = {"mae": (float(low), float(high))}
    known = draws[:, 1] > 0
    if total > 0 and known.any():
        low, high = np.percentile(100 * draws[known, 2] / draws[known, 1], [2.5, 97.5])
        intervals["bias_pct"] = (float(low), float(high))
    return measures, intervals


def _deciles(actual: Float, expected: Float) -> dict[str, float]:
    """Mean expected and actual amount per tenth of rows, the best tenth first."""
    order = np.lexsort((actual, -expected))
    rows: dict[str, float] = {}
    for number, part in enumerate(np.array_split(order, 10)):
        if len(part):
            rows[f"upsell_decile_{number + 1:02d}_predicted"] = float(expected[part].mean())
            rows[f"upsell_decile_{number + 1:02d}_observed"] = float(actual[part].mean())
    return rows


def amount_rows(
    candidate: str, evaluation: AmountEvaluation, slice_name: str = "test"
) -> list[dict[str, Any]]:
    """Rows of one slice for `ml.estimator_metrics`."""
    return [
        metric_row(
            candidate,
            slice_name,
            name,
            value,
            interval=evaluation.intervals.get(name),
            n=evaluation.rows,
        )
        for name, value in evaluation.measures.items()
    ]
