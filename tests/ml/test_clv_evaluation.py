"""Intervals of the errors of lifetime value, where customers are few and where they are many."""

import numpy as np
import pytest

from ml.clv.config import ClvConfig
from ml.clv.evaluation import RESAMPLED_CELLS, evaluate_values


def simulated(customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Revenue that came, and a prediction that is 10 % too high on average."""
    rng = np.random.default_rng(7)
    actual = rng.gamma(2.0, 50.0, customers)
    return actual, 1.1 * actual + rng.normal(0.0, 20.0, customers)


@pytest.mark.parametrize("customers", [2_000, RESAMPLED_CELLS, 3 * RESAMPLED_CELLS + 7])
def test_an_interval_is_as_wide_as_the_standard_error_says(customers: int) -> None:
    """Cells drawn at random resample customers: 1.96 standard errors to each side."""
    actual, predicted = simulated(customers)
    judged = evaluate_values(
        purchases=None, value=(actual, predicted), config=ClvConfig(bootstrap_draws=1000)
    )
    error = predicted - actual
    standard_error = np.abs(error).std() / np.sqrt(customers)
    low, high = judged.intervals["value_mae"]
    assert low < judged.measures["value_mae"] < high
    assert (high - low) / (2 * 1.96) == pytest.approx(standard_error, rel=0.1)

    # The bias is a ratio of sums; the delta method gives its standard error.
    share = error.sum() / actual.sum()
    ratio_error = 100 * (error - share * actual).std() / np.sqrt(customers) / actual.mean()
    low, high = judged.intervals["value_bias_pct"]
    assert low < judged.measures["value_bias_pct"] < high
    assert (high - low) / (2 * 1.96) == pytest.approx(ratio_error, rel=0.1)


def test_nobody_is_lost_between_the_cells() -> None:
    """The measures are of all customers, whatever is resampled."""
    actual, predicted = simulated(RESAMPLED_CELLS + 1)
    judged = evaluate_values(
        purchases=None, value=(actual, predicted), config=ClvConfig(bootstrap_draws=50)
    )
    assert judged.customers == RESAMPLED_CELLS + 1
    assert judged.measures["value_mae"] == pytest.approx(float(np.abs(predicted - actual).mean()))
