"""Simulated frames for the statistics room: small, seeded, with a known truth."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml.churn.config import ChurnConfig
from ml.churn.features import FEATURES
from ml.credit.config import CreditConfig, ScaleConfig
from ml.credit.training import CreditTraining, train_credit

DATA = Path(__file__).parent / "data"


def month_ends(first: str, count: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="ME")


def simulate_churn(
    *,
    customers: int = 300,
    months: int = 15,
    level: float = -0.9,
    strength: float = 1.4,
    seed: int = 7,
) -> pd.DataFrame:
    """Monthly rows whose churn depends on a lasting risk that some features show."""
    rng = np.random.default_rng(seed)
    risk = np.repeat(rng.normal(size=customers), months)
    rows = customers * months
    # The first features are of purchases; what comes after them is alike in all customers here,
    # as where a system is connected that tells nothing.
    purchases = FEATURES[: FEATURES.index("recency_to_gap_ratio") + 1]
    noise = rng.normal(size=(rows, len(purchases)))
    frame = pd.DataFrame(noise, columns=list(purchases))
    frame[list(FEATURES[len(purchases) :])] = 1.0
    seen = risk + rng.normal(scale=1.5, size=rows)
    buys = rng.poisson(np.exp(0.8 - 0.6 * risk))
    frame = frame.assign(
        customer_id=np.repeat([f"c{n:05d}" for n in range(customers)], months),
        as_of_date=np.tile(month_ends("2023-01-31", months), customers),
        tier=np.where(seen > 0.5, "C", np.where(seen > -0.5, "B", "A")),
        days_since_purchase=np.clip(60 * np.exp(0.6 * risk + 0.4 * noise[:, 0]), 0, 180),
        tenure_days=np.tile(30.0 * np.arange(1, months + 1), customers),
        is_tenure_censored=0,
        is_contractual=0,
        purchases_3m=buys,
        purchases_6m=buys + rng.poisson(2, rows),
        is_eligible=True,
        is_churned=rng.random(rows) < expit(level + strength * risk),
    )
    return frame.assign(gap_cv_12m=frame["gap_cv_12m"].where(buys > 1))


def simulate_purchases(
    *,
    customers: int = 500,
    seed: int = 3,
    p_leave: tuple[float, float] = (0.9, 2.0),
    spend_by_rate: float = 0.0,
    last: str = "2024-12-31",
    first: str = "2022-12-01",
    years: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Histories of the modified BG/NBD at as-of dates a year apart, and the years between."""
    rng = np.random.default_rng(seed)
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    dates = [
        end - pd.DateOffset(years=year) + pd.offsets.MonthEnd(0) for year in range(years, -1, -1)
    ]
    rows: list[dict[str, object]] = []
    outcomes: list[dict[str, object]] = []
    for number in range(customers):
        rate, leave = rng.gamma(0.8) / 60, rng.beta(*p_leave)
        mean = 30 * rng.gamma(4.0) / 4 * (1 + spend_by_rate * rate * 60)
        day = start + pd.Timedelta(days=int(rng.integers(0, 300)))
        days = [day]
        while rng.random() > leave and day < end:
            day = day + pd.Timedelta(days=1 + int(rng.exponential(1 / rate)))
            if day <= end:
                days.append(day)
        amounts = mean * rng.gamma(6.0, size=len(days)) / 6
        for as_of in dates:
            known = [i for i, d in enumerate(days) if d <= as_of]
            year = [i for i in known if days[i] > as_of - pd.DateOffset(years=1)]
            rows.append(
                {
                    "customer_id": f"c{number:05d}",
                    "as_of_date": as_of,
                    "tier": "A" if mean > 30 else "B",
                    "purchase_count": len(known),
                    "repeat_purchase_count": len(known) - 1,
                    "recency_days": (days[known[-1]] - days[0]).days,
                    "age_days": (as_of - days[0]).days,
                    "mean_repeat_purchase_amount": amounts[known[1:]].mean()
                    if len(known) > 1
                    else np.nan,
                    "relation_kind": "purchase",
                    "tenure_days": (as_of - days[0]).days,
                    "days_since_purchase": (as_of - days[known[-1]]).days,
                    "recurring_revenue": np.nan,
                    "contract_months": np.nan,
                    "ended_months": np.nan,
                    "value_12m": amounts[year].sum(),
                    "purchase_value_12m": amounts[year].sum(),
                    "net_revenue_ratio": 1.0,
                    "margin_rate": 1.0,
                    "value_basis": "revenue",
                }
            )
        for as_of, until in pairwise(dates):
            later = [i for i, d in enumerate(days) if as_of < d <= until]
            outcomes.append(
                {
                    "customer_id": f"c{number:05d}",
                    "as_of_date": as_of,
                    "outcome_months": 12,
                    "purchase_count_after": len(later),
                    "paid_months_after": 0,
                    "value_after": amounts[later].sum(),
                }
            )
    return pd.DataFrame(rows), pd.DataFrame(outcomes)


def true_log_odds(frame: pd.DataFrame) -> np.ndarray:
    """Log-odds of bad, a sum over the characteristics; the credit report says nothing."""
    delay = np.select(
        [frame["days_past_due_max_12m"] < 15, frame["days_past_due_max_12m"] < 45], [-0.7, 0.2], 1.3
    )
    late = np.where(frame["paid_on_time_ratio_12m"] < 0.8, 0.9, -0.3)
    used = np.where(frame["credit_utilisation_ratio"] >= 0.7, 0.8, 0.0)
    young = np.where(frame["tenure_days"] < 365, 0.4, -0.2)
    return np.asarray(-3.0 + delay + late + used + young)


def simulate_credit(*, customers: int = 4_000, months: int = 18, seed: int = 5) -> pd.DataFrame:
    """Monthly rows of customers who may go bad, with odds that are a known sum."""
    rng, scale = np.random.default_rng(seed), ScaleConfig()
    rows = customers * months
    utilisation = rng.beta(1.5, 2.0, rows) * 1.2
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat([f"c{n:05d}" for n in range(customers)], months),
            "as_of_date": np.tile(month_ends("2023-01-31", months), customers),
            "paid_on_time_ratio_12m": rng.beta(4, 1, rows),
            "days_past_due_max_12m": rng.choice([0, 5, 20, 50, 80], rows).astype(float),
            "credit_utilisation_ratio": np.where(rng.random(rows) < 0.5, np.nan, utilisation),
            "return_ratio_12m": rng.beta(1, 20, rows),
            "disputes_12m": rng.poisson(0.2, rows).astype(float),
            "tenure_days": rng.uniform(90, 2000, rows),
            "external_credit_rating": rng.integers(0, 5, rows).astype(float),
        }
    )
    odds = true_log_odds(frame)
    return frame.assign(
        true_log_odds=odds,
        is_bad=rng.random(rows) < expit(odds),
        is_already_bad=False,
        # Half of what decides, and noise: an opinion, right in its direction.
        expert_points=np.rint(scale.offset - scale.factor * (0.5 * odds + rng.normal(0, 1, rows))),
    )


@dataclass(frozen=True)
class Cdnow:
    repeats: np.ndarray
    recency: np.ndarray
    age: np.ndarray


@pytest.fixture(scope="session")
def cdnow() -> Cdnow:
    """The 2,357 customers of the papers, in weeks, to the end of calibration."""
    table = pd.read_csv(DATA / "cdnow_customers_summary.csv").astype(float)
    return Cdnow(table["frequency"].to_numpy(), table["recency"].to_numpy(), table["T"].to_numpy())


@pytest.fixture(scope="session")
def churn_frame() -> pd.DataFrame:
    return simulate_churn()


@pytest.fixture(scope="session")
def make_churn_frame() -> Callable[..., pd.DataFrame]:
    return simulate_churn


@pytest.fixture(scope="session")
def value_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulate_purchases()


@pytest.fixture(scope="session")
def make_value_frames() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    return simulate_purchases


@pytest.fixture(scope="session")
def quick() -> ChurnConfig:
    """Default rules, fewer trees and draws."""
    return ChurnConfig(boosting_iterations=15, bootstrap_draws=20, noise_draws=50, folds=4)


@pytest.fixture(scope="session")
def credit_frame() -> pd.DataFrame:
    return simulate_credit()


@pytest.fixture(scope="session")
def credit_training(credit_frame: pd.DataFrame) -> CreditTraining:
    return train_credit(credit_frame, CreditConfig(bootstrap_draws=20))
