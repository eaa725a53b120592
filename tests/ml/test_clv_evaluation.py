"""Intervals of the errors of lifetime value, where customers are few and where they are many."""

import numpy as np
import pytest

from ml.clv.checks import Judgement, value_checks
from ml.clv.config import ClvConfig
from ml.clv.evaluation import RESAMPLED_CELLS, ValueEvaluation, evaluate_values, share_interval


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


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872: 81 of 263, 15 of 148, 0 of 20."""
    for inside, of, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
    ):
        found = share_interval(np.arange(of) < inside)
        assert found == pytest.approx((low, high), abs=5e-5)
    assert np.isnan(share_interval(np.zeros(0, dtype=bool))).all()


def judged_coverage(inside: int, customers: int) -> tuple[bool, str]:
    """Verdict and words on so many outcomes inside."""
    ones = np.linspace(1.0, 2.0, customers)
    own = evaluate_values(
        purchases=None,
        value=(ones, ones),
        is_inside=np.arange(customers) < inside,
        config=ClvConfig(bootstrap_draws=2),
    )
    return verdict(own)


def verdict(own: ValueEvaluation) -> tuple[bool, str]:
    """Of the check on the share of outcomes inside."""
    checks = value_checks(
        Judgement(None, None, None, False, True, chosen=own, naive=own), ClvConfig()
    )
    (found,) = (check for check in checks if check.check_name == "warning_interval_coverage")
    return found.is_passed, found.explanation


@pytest.mark.parametrize(
    ("inside", "customers", "is_passed"),
    [
        (900, 1_000, True),
        (1_515, 1_625, True),  # 93.2 %, 91.9 to 94.3 %: chance
        (18_800, 20_000, False),
        (850, 1_000, True),
        (17_000, 20_000, False),
        (29, 29, True),  # nothing can be said of so few
        (200, 200, False),
    ],
)
def test_a_share_outside_the_band_by_chance_alone_is_no_warning(
    inside: int, customers: int, is_passed: bool
) -> None:
    """The 95 % interval of the share decides, and the explanation names it."""
    found, words = judged_coverage(inside, customers)
    assert found is is_passed
    low, high = share_interval(np.arange(customers) < inside)
    assert f"{low:.3f} to {high:.3f}" in words


def test_a_share_of_nobody_fails() -> None:
    """What could not be computed is no success."""
    own = ValueEvaluation(
        {
            "value_bias_pct": 0.0,
            "value_mae": 1.0,
            "value_gini": 0.5,
            "interval_coverage": float("nan"),
        },
        {"interval_coverage": (float("nan"), float("nan"))},
        0,
    )
    assert not verdict(own)[0]
