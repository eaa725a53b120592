"""Simulated frames for the statistics room: small, seeded, with a known truth."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml.churn.config import ChurnConfig
from ml.churn.features import FEATURES

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
    noise = rng.normal(size=(rows, len(FEATURES)))
    frame = pd.DataFrame(noise, columns=list(FEATURES))
    seen = risk + rng.normal(scale=1.5, size=rows)
    buys = rng.poisson(np.exp(0.8 - 0.6 * risk))
    frame = frame.assign(
        customer_id=np.repeat([f"c{n:05d}" for n in range(customers)], months),
        as_of_date=np.tile(month_ends("2023-01-31", months), customers),
        tier=np.where(seen > 0.5, "C", np.where(seen > -0.5, "B", "A")),
        days_since_purchase=np.clip(60 * np.exp(0.6 * risk + 0.4 * noise[:, 0]), 0, 180),
        tenure_days=np.tile(30.0 * np.arange(1, months + 1), customers),
        is_tenure_censored=0,
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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Histories of the modified BG/NBD at two as-of dates a year apart, and the year between."""
    rng = np.random.default_rng(seed)
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    middle = pd.Timestamp(end) - pd.DateOffset(years=1) + pd.offsets.MonthEnd(0)
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
        for as_of in (middle, end):
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
                    "revenue_12m": amounts[year].sum(),
                    "net_revenue_ratio": 1.0,
                    "value_basis": "revenue",
                }
            )
        later = [i for i, d in enumerate(days) if d > middle]
        outcomes.append(
            {
                "customer_id": f"c{number:05d}",
                "as_of_date": middle,
                "outcome_months": 12,
                "purchase_count_after": len(later),
                "revenue_after": amounts[later].sum(),
            }
        )
    return pd.DataFrame(rows), pd.DataFrame(outcomes)


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
