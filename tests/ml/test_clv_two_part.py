"""The two-part regression on customers whose chance and amount of revenue are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import kstest

from ml.clv import two_part
from ml.clv.panel import ValuePanel, read_values
from ml.clv.two_part import Expected, TwoPartParameters
from ml.errors import FitError


def simulate(customers: int, *, seed: int = 6) -> tuple[ValuePanel, np.ndarray, np.ndarray]:
    """Customers with the revenue of the year after; chance and mean follow their history."""
    rng = np.random.default_rng(seed)
    age = rng.integers(60, 700, customers)
    repeats = rng.poisson(3, customers)
    recency = np.where(repeats > 0, (age * rng.random(customers)).astype(int), 0)
    revenue = np.round(np.exp(rng.normal(5.0, 1.0, customers)), 2)
    panel = read_values(
        pd.DataFrame(
            {
                "customer_id": [f"c{n:05d}" for n in range(customers)],
                "as_of_date": pd.Timestamp("2023-12-31"),
                "tier": "A",
                "value_basis": "revenue",
                "purchase_count": repeats + 1,
                "repeat_purchase_count": repeats,
                "recency_days": recency,
                "age_days": age,
                "mean_repeat_purchase_amount": np.where(repeats > 0, revenue / 4, np.nan),
                "relation_kind": "purchase",
                "tenure_days": age,
                "days_since_purchase": age - recency,
                "recurring_revenue": np.nan,
                "contract_months": np.nan,
                "ended_months": np.nan,
                "value_12m": revenue,
                "purchase_value_12m": revenue,
                "net_revenue_ratio": 1.0,
                "margin_rate": 1.0,
            }
        )
    )
    months = np.clip(panel.age * 7 / 30.4375, 1, 12)
    chance = expit(2.0 - 0.8 * np.log1p(panel.age - panel.recency) + 0.7 * np.log1p(repeats))
    mean = 12 * revenue / months * np.exp(-0.2 * (repeats == 0))
    actual = np.where(rng.random(customers) < chance, mean * rng.gamma(2.0, 0.5, customers), 0.0)
    return panel, actual, chance


@pytest.fixture(scope="module")
def learnt() -> tuple[ValuePanel, np.ndarray, np.ndarray, TwoPartParameters]:
    panel, actual, chance = simulate(4_000)
    return panel, actual, chance, two_part.fit(panel, actual)


def test_chance_and_amount_are_found_again(learnt):
    panel, _, chance, fitted = learnt
    found = two_part.expect(fitted, panel)
    assert np.abs(found.chance - chance).mean() < 0.03
    assert np.corrcoef(np.log(found.amount), np.log(panel.value_12m))[0, 1] > 0.8
    assert found.value == pytest.approx(found.chance * found.amount)


def test_in_total_it_expects_what_came(learnt):
    panel, actual, _, fitted = learnt
    assert two_part.expect(fitted, panel).value.sum() == pytest.approx(actual.sum())


def test_credits_above_invoices_lower_the_level():
    panel, actual, _ = simulate(500)
    credited = actual.copy()
    credited[:20] = -100.0
    fitted = two_part.fit(panel, credited)
    assert two_part.expect(fitted, panel).value.sum() == pytest.approx(credited.sum())


def test_new_customers_of_the_same_law_lie_evenly_in_their_intervals(learnt):
    fitted = learnt[3]
    panel, actual, _ = simulate(2_000, seed=60)
    expected = two_part.expect(fitted, panel)
    places = two_part.outcome_places(fitted, expected, actual, seed=1)
    assert kstest(places, "uniform").statistic < 0.05
    low, high = two_part.interval(fitted, expected, 0.9)
    assert (low <= high).all()
    inside = (places >= 0.05) & (places <= 0.95)
    assert inside.mean() == pytest.approx(0.9, abs=0.02)
    # Where any revenue came, its place and the limits of the interval say the same.
    came = actual > 0
    assert (((low <= actual) & (actual <= high)) == inside)[came].mean() > 0.999


def test_an_interval_begins_at_nothing_where_nothing_is_likely_enough():
    ratios = np.linspace(0.5, 1.5, 201)
    zeros = np.zeros(7)
    fitted = TwoPartParameters(1.0, zeros, zeros, zeros, zeros, zeros, zeros, 1.0, ratios)
    expected = Expected(np.array([0.04, 0.5, 1.0]), np.full(3, 100.0))
    low, high = two_part.interval(fitted, expected, 0.9)
    assert low == pytest.approx([0.0, 0.0, 55.0])
    assert high == pytest.approx([0.0, 140.0, 145.0])


def test_beyond_what_was_seen_nothing_is_extrapolated(learnt):
    panel, _, _, fitted = learnt
    row = panel.take(np.arange(len(panel)) == 0)
    far = [
        two_part.expect(fitted, ValuePanel(**{**vars(row), "age": row.age * times})).chance[0]
        for times in (50, 5_000)
    ]
    assert far[0] == pytest.approx(far[1], rel=0.2)


@pytest.mark.parametrize("revenue", [0.0, 5.0])
def test_one_class_cannot_be_learnt_from(revenue):
    panel, actual, _ = simulate(50)
    with pytest.raises(FitError, match="with and without later value"):
        two_part.fit(panel, np.full_like(actual, revenue))
    assert not two_part.is_enough(np.full_like(actual, revenue), least=1)
