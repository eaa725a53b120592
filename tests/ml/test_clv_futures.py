"""Simulated futures against expectations, and the intervals they give against what came."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from ml.clv.counts import CountParameters, alive_probability, expected_purchases
from ml.clv.futures import Futures, coverage, interval, outcome_places
from ml.clv.gamma_gamma import SpendParameters, expected_spend
from ml.clv.panel import ValuePanel, read_values
from ml.clv.pareto_nbd import ParetoParameters
from ml.clv.purchases import PurchaseParameters

SPEND = SpendParameters(6.25, 3.74, 15.44)
WEEKS = 52.0
COUNTS = [
    PurchaseParameters(0.6, 8.0, 0.9, 2.5, extra=1),
    PurchaseParameters(0.6, 8.0, 0.9, 2.5, extra=0),
    ParetoParameters(0.6, 8.0, 0.8, 30.0),
]


def panel_of(
    repeats: list[float], recency: list[float], age: list[float], amount: list[float]
) -> ValuePanel:
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{n:04d}" for n in range(len(repeats))],
            "as_of_date": pd.Timestamp("2024-12-31"),
            "tier": "A",
            "value_basis": "revenue",
            "purchase_count": np.array(repeats) + 1,
            "repeat_purchase_count": repeats,
            "recency_days": 7 * np.array(recency),
            "age_days": 7 * np.array(age),
            "mean_repeat_purchase_amount": amount,
            "value_12m": 0.0,
            "relation_kind": "purchase",
            "tenure_days": 7 * np.array(age),
            "days_since_purchase": 7 * (np.array(age) - np.array(recency)),
            "recurring_revenue": np.nan,
            "contract_months": np.nan,
            "ended_months": np.nan,
            "purchase_value_12m": 0.0,
            "net_revenue_ratio": 0.9,
            "margin_rate": 1.0,
        }
    )
    return read_values(frame)


@pytest.fixture(scope="module")
def four() -> ValuePanel:
    return panel_of([0, 3, 12, 90], [0, 40, 50, 69], [60, 60, 52, 70], [np.nan, 20, 50, 35])


def futures_of(counts: CountParameters, *, draws: int = 400) -> Futures:
    return Futures(counts, SPEND, WEEKS, draws, seed=3)


def all_draws(futures: Futures, panel: ValuePanel) -> np.ndarray:
    return np.concatenate([draws for _, draws in futures.value(panel)], axis=1)


@pytest.mark.parametrize("counts", COUNTS)
def test_the_mean_of_the_futures_is_the_expectation(counts, four):
    draws = all_draws(futures_of(counts, draws=3_000), four)
    weeks = np.full(len(four), WEEKS)
    purchases = expected_purchases(counts, four.repeats, four.recency, four.age, weeks)
    expected = purchases * expected_spend(SPEND, four.amount_count, four.amount) * four.value_ratio
    assert draws.mean(axis=0) == pytest.approx(expected, rel=0.1)


def test_nothing_comes_as_often_as_the_formula_says(four):
    """Pareto/NBD, a year without a purchase: left already, or silent while alive and after."""
    counts = COUNTS[2]
    assert isinstance(counts, ParetoParameters)
    draws = all_draws(futures_of(counts, draws=3_000), four)
    rng = np.random.default_rng(1)
    rate = rng.gamma(counts.r + four.repeats[:, None], 1, (4, 40_000))
    rate /= (counts.alpha + four.age)[:, None]
    stays = rng.exponential((counts.beta + four.age)[:, None] / rng.gamma(counts.s, 1, (4, 40_000)))
    silent = np.exp(-rate * np.minimum(stays, WEEKS)).mean(axis=1)
    alive = alive_probability(counts, four.repeats, four.recency, four.age)
    assert (draws == 0).mean(axis=0) == pytest.approx(1 - alive * (1 - silent), abs=0.02)


def test_an_interval_depends_on_nobody_else(four):
    futures = futures_of(COUNTS[0])
    low, high = interval(futures, four, np.ones(4))
    for row in range(4):
        own = four.take(np.arange(4) == row)
        assert [side[0] for side in interval(futures, own, np.ones(1))] == [low[row], high[row]]


@pytest.mark.parametrize("counts", COUNTS)
def test_outcomes_of_the_same_law_lie_evenly_among_the_futures(counts):
    """2,000 customers whose year follows the estimator itself: 90 % lie within."""
    rng = np.random.default_rng(8)
    customers = 2_000
    age = rng.integers(10, 100, customers).astype(float)
    repeats = rng.poisson(2.0, customers).astype(float)
    recency = np.where(repeats > 0, age * rng.random(customers), 0.0)
    amount = np.where(repeats > 0, rng.gamma(4.0, 10.0, customers), np.nan)
    panel = panel_of(*(part.tolist() for part in (repeats, recency, age, amount)))
    other = all_draws(replace(futures_of(counts), seed=99), panel)
    actual = other[rng.integers(0, len(other), customers), np.arange(customers)]
    places = outcome_places(futures_of(counts), panel, actual, seed=1)
    assert kstest(places, "uniform").pvalue > 0.001
    assert coverage(places) == pytest.approx(0.90, abs=0.03)


def test_many_purchases_are_not_cut_off():
    """Five thousand purchases a year: beyond the simulated path the rest is prolonged."""
    busy = panel_of([10_000.0], [103.9], [104.0], [10.0])
    counts = PurchaseParameters(0.6, 8.0, 0.01, 50.0, extra=1)
    draws = all_draws(futures_of(counts), busy)
    weeks = np.array([WEEKS])
    expected = expected_purchases(counts, busy.repeats, busy.recency, busy.age, weeks)
    expected *= expected_spend(SPEND, busy.amount_count, busy.amount) * busy.value_ratio
    assert draws.mean() == pytest.approx(expected[0], rel=0.05)


def test_coverage_counts_the_middle():
    assert coverage(np.array([0.01, 0.05, 0.5, 0.95, 0.951])) == pytest.approx(0.6)
