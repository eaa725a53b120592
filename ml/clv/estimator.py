"""The trained lifetime-value estimator and how it scores.

Belongs here: the object that training makes, the registry stores and scoring reads.
Does not belong here: training and judging it.
"""

from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.canonical import content_hash
from ml.clv import two_part as two_part_regression
from ml.clv.counts import CountParameters, from_state
from ml.clv.futures import INTERVAL_SHARE, Futures, interval
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel, read_values
from ml.clv.summary import DAYS_PER_WEEK, WEEKS_PER_MONTH
from ml.clv.two_part import TwoPartParameters
from ml.clv.value import Outlook, outlook
from ml.frames import conform

Float = npt.NDArray[np.float64]

PRIOR: Final = "prior"
TWO_PART: Final = "two_part_regression"
OUTPUTS: Final = (
    "probability_alive",
    "expected_purchases_12m",
    "expected_purchase_value",
    "clv_12m",
    "clv_36m",
    "value_if_kept_12m",
    "discounted_units_12m",
)
PURCHASE: Final = "purchase"
INTERVAL: Final = ("clv_12m_low", "clv_12m_high")


@dataclass(frozen=True)
class TierPrior:
    """Mean expectations per tier, for customers too new to judge.

    Attributes:
        tiers: Tiers, sorted.
        means: One row per tier, one column per name in `OUTPUTS`.
        overall: The same over all customers, for a tier never seen.
    """

    tiers: tuple[str, ...]
    means: Float
    overall: Float

    def of(self, tier: npt.NDArray[np.object_]) -> Float:
        """Expectations of each row's tier."""
        position = {name: number for number, name in enumerate(self.tiers)}
        table = np.vstack([self.means.reshape(-1, len(OUTPUTS)), self.overall])
        return table[[position.get(str(name), len(self.tiers)) for name in tier]]

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {"tiers": list(self.tiers), "means": self.means, "overall": self.overall}


@dataclass(frozen=True)
class ClvEstimator:
    """A lifetime-value estimator.

    Attributes:
        status: `published`, or `base_rate` where there was too little to fit (then every
            customer gets the prior of the tier).
        reason: Why this candidate, or why none.
        candidate: `mbg_nbd_gamma_gamma`, `bg_nbd_gamma_gamma`, `pareto_nbd_gamma_gamma`,
            `two_part_regression` or `prior`.
        has_warning: Whether a check failed, so that the values need care.
        trained_from: First purchase in the histories it was fitted on.
        trained_to: As-of date of the histories it was fitted on.
        labels_to: End of the facts it has seen: the fit needs no label.
        row_count: Histories it was fitted on.
        customer_count: Customers among them.
        positive_count: Customers among them with a repeat purchase.
        discount_rate: Per year.
        min_tenure_days: Below this a customer gets the prior.
        purchases: Parameters of the purchase counts; None for the prior alone.
        spend: Parameters of the amounts; None for the prior alone.
        two_part: The two-part regression where it is the candidate; the counts then only say who
            is alive, how many purchases come, and how value spreads over the months.
        prior: Expectations per tier.
        interval_draws: Simulated futures per customer behind the interval of a value.
        seed: Seed of their random numbers.
    """

    kind: ClassVar[str] = "clv"

    status: str
    reason: str
    candidate: str
    has_warning: bool
    trained_from: date | None
    trained_to: date | None
    labels_to: date | None
    row_count: int
    customer_count: int
    positive_count: int
    discount_rate: float
    min_tenure_days: int
    purchases: CountParameters | None
    spend: SpendParameters | None
    two_part: TwoPartParameters | None
    prior: TierPrior
    interval_draws: int
    seed: int

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that decide a value."""
        return (
            "tier",
            "purchase_count",
            "repeat_purchase_count",
            "recency_days",
            "age_days",
            "mean_repeat_purchase_amount",
            "net_revenue_ratio",
            "margin_rate",
        )

    @cached_property
    def content_hash(self) -> str:
        """Canonical hash of parameters and arrays."""
        return content_hash(self.to_state())

    @property
    def version(self) -> str:
        """Name of exactly this estimator."""
        return f"{self.kind}-{self.content_hash[:12]}"

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays, for the registry."""
        own = {name: getattr(self, name) for name in (f.name for f in fields(self))}
        for name in ("trained_from", "trained_to", "labels_to"):
            own[name] = own[name].isoformat() if own[name] else None
        return {
            **own,
            "purchases": self.purchases.to_state() if self.purchases else None,
            "spend": self.spend.to_state() if self.spend else None,
            "two_part": self.two_part.to_state() if self.two_part else None,
            "prior": self.prior.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ClvEstimator":
        """The inverse of `to_state`."""
        dates = {
            name: date.fromisoformat(state[name]) if state[name] else None
            for name in ("trained_from", "trained_to", "labels_to")
        }
        prior = state["prior"]
        return cls(
            **{
                **state,
                **dates,
                "purchases": from_state(state["purchases"]) if state["purchases"] else None,
                "spend": SpendParameters(**state["spend"]) if state["spend"] else None,
                "two_part": TwoPartParameters(**state["two_part"]) if state["two_part"] else None,
                "prior": TierPrior(tuple(prior["tiers"]), prior["means"], prior["overall"]),
            }
        )


def outlook_matrix(found: Outlook) -> Float:
    """Expectations as columns in the order of `OUTPUTS`."""
    return np.column_stack(
        [
            found.alive,
            found.purchases_12m,
            found.spend,
            found.clv_12m,
            found.clv_36m,
            found.kept_12m,
            found.units_12m,
        ]
    )


def is_mature(panel: ValuePanel, min_tenure_days: int) -> npt.NDArray[np.bool_]:
    """Customers with a purchase and enough tenure for a value of their own."""
    days = np.nan_to_num(panel.age) * DAYS_PER_WEEK
    return np.asarray(panel.has_bought & (np.round(days) >= min_tenure_days), dtype=np.bool_)


def score_clv(frame: pd.DataFrame, estimator: ClvEstimator) -> pd.DataFrame:
    """Lifetime value at each as-of date.

    Args:
        frame: `features.ftr_value`; any order, any as-of dates.
        estimator: A trained estimator.

    Returns:
        The columns of `ml.clv_predictions`, one row per row of the frame, ordered by key.
        Without a purchase all values and the method are null; with less than the least tenure
        they are the means of the tier, `method` is `prior`, and there is no interval.

    Raises:
        FrameError: The frame lacks columns, repeats a key or lacks a buyer's history.
    """
    panel = read_values(frame)
    values = np.full((len(panel), len(OUTPUTS)), np.nan)
    limits = np.full((len(panel), len(INTERVAL)), np.nan)
    method = np.full(len(panel), None, dtype=object)
    values[panel.has_bought] = estimator.prior.of(panel.tier[panel.has_bought])
    method[panel.has_bought] = PRIOR
    if estimator.purchases is not None and estimator.spend is not None:
        mature = is_mature(panel, estimator.min_tenure_days)
        judged = panel.take(mature)
        found = outlook(
            estimator.purchases,
            estimator.spend,
            judged,
            discount_rate=estimator.discount_rate,
            two_part=estimator.two_part,
        )
        values[mature] = outlook_matrix(found)
        limits[mature] = np.column_stack(
            _interval(estimator, estimator.purchases, estimator.spend, judged, found)
        )
        method[mature] = estimator.candidate
    scored = panel.key.assign(
        **dict(zip(OUTPUTS, values.T, strict=True)),
        **dict(zip(INTERVAL, limits.T, strict=True)),
        **per_unit(values[:, OUTPUTS.index("clv_12m")], values[:, -1]),
        margin_rate=panel.margin_rate,
        method=method,
        has_warning=panel.has_bought & estimator.has_warning,
        estimator_version=estimator.version,
    )
    return conform(scored, "clv_predictions")


def per_unit(clv: Float, units: Float) -> dict[str, Any]:
    """What one expected unit brings, so that lifetime value is units times value of one."""
    is_known = units > 0
    value = np.divide(clv, units, out=np.full(len(clv), np.nan), where=is_known)
    kind = np.full(len(clv), None, dtype=object)
    kind[is_known] = PURCHASE
    return {"margin_per_unit": value, "unit_kind": kind}


def _interval(
    estimator: ClvEstimator,
    counts: CountParameters,
    spend: SpendParameters,
    panel: ValuePanel,
    found: Outlook,
) -> tuple[Float, Float]:
    """Middle 90 % of what twelve months may be worth, discounted."""
    if estimator.two_part is not None:
        expected = two_part_regression.expect(estimator.two_part, panel)
        low, high = two_part_regression.interval(estimator.two_part, expected, INTERVAL_SHARE)
        return low * found.discount_12m, high * found.discount_12m
    futures = Futures(
        counts,
        spend,
        weeks=12 * WEEKS_PER_MONTH,
        draws=estimator.interval_draws,
        seed=estimator.seed,
    )
    return interval(futures, panel, found.discount_12m)
