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
from ml.clv.contract import ContractParameters
from ml.clv.counts import CountParameters, from_state
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel, read_values
from ml.clv.possible import Levels, Parts, Possible
from ml.clv.summary import DAYS_PER_WEEK
from ml.clv.three_years import ThreeYears, never_below
from ml.clv.two_part import TwoPartParameters
from ml.clv.value import HORIZON, Outlook, discount_factors, outlook
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
CONTRACT: Final = "contract_survival"
BOTH: Final = "contract_and_purchases"
PURCHASE: Final = "purchase"
ACTIVE_MONTH: Final = "active_month"
INTERVAL: Final = ("clv_12m_low", "clv_12m_high")
LONG_INTERVAL: Final = ("clv_36m_low", "clv_36m_high")


@dataclass(frozen=True)
class TierPrior:
    """Mean expectations per tier, buyers and contracts apart, for customers too new to judge.

    Attributes:
        tiers: Tiers with what they are of, as `ValuePanel.group` names them, sorted.
        means: One row per tier, one column per name in `OUTPUTS`.
        overall: The same over all customers, for a tier never seen.
    """

    tiers: tuple[str, ...]
    means: Float
    overall: Float

    def of(self, group: npt.NDArray[np.object_]) -> Float:
        """Expectations of each row's tier and kind."""
        position = {name: number for number, name in enumerate(self.tiers)}
        table = np.vstack([self.means.reshape(-1, len(OUTPUTS)), self.overall])
        return table[[position.get(str(name), len(self.tiers)) for name in group]]

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
        candidate: Of purchases `mbg_nbd_gamma_gamma`, `bg_nbd_gamma_gamma`,
            `pareto_nbd_gamma_gamma` or `two_part_regression`; `contract_survival` where there are
            contracts alone; `prior`.
        has_warning: Whether a check failed, so that the values need care.
        trained_from: First purchase in the histories it was fitted on.
        trained_to: As-of date of the histories it was fitted on.
        labels_to: End of the facts it has seen: the fit needs no label.
        row_count: Histories it was fitted on.
        customer_count: Customers among them.
        positive_count: Customers among them with a repeat purchase or a contract in force.
        discount_rate: Per year.
        min_tenure_days: Below this a customer gets the prior.
        purchases: Parameters of the purchase counts; None for the prior alone.
        spend: Parameters of the amounts; None for the prior alone.
        two_part: The two-part regression where it is the candidate; the counts then only say who
            is alive, how many purchases come, and how value spreads over the months.
        contract: Parameters of contracts; None where there are too few.
        levels: Places between which intervals of purchases run.
        three_years: Widths of intervals of 36 months.
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
    contract: ContractParameters | None
    levels: Levels
    three_years: ThreeYears
    prior: TierPrior
    interval_draws: int
    seed: int

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that decide a value."""
        return (
            "tier",
            "relation_kind",
            "tenure_days",
            "recurring_revenue",
            "contract_months",
            "ended_months",
            "purchase_count",
            "repeat_purchase_count",
            "recency_days",
            "age_days",
            "mean_repeat_purchase_amount",
            "net_revenue_ratio",
            "margin_rate",
            "purchase_value_12m",
        )

    @property
    def parts(self) -> Parts:
        """What was fitted."""
        return Parts(self.purchases, self.spend, self.two_part, self.contract)

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
            "contract": self.contract.to_state() if self.contract else None,
            "levels": list(self.levels),
            "three_years": self.three_years.to_state(),
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
                "contract": ContractParameters.from_state(state["contract"])
                if state["contract"]
                else None,
                "levels": (float(state["levels"][0]), float(state["levels"][1])),
                "three_years": ThreeYears.from_state(state["three_years"]),
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
    """Customers with a purchase or contract and enough tenure for a value of their own."""
    days = np.nan_to_num(panel.tenure) * DAYS_PER_WEEK
    return np.asarray(panel.is_known & (np.round(days) >= min_tenure_days), dtype=np.bool_)


def score_clv(frame: pd.DataFrame, estimator: ClvEstimator) -> pd.DataFrame:
    """Lifetime value at each as-of date.

    Args:
        frame: `features.ftr_value`; any order, any as-of dates.
        estimator: A trained estimator.

    Returns:
        The columns of `ml.clv_predictions`, one row per row of the frame, ordered by key.
        Without a purchase or contract all values and the method are null; with less than the
        least tenure they are the means of the tier, `method` is `prior`, and there is no interval;
        one of 36 months is there only where `clv_36m_interval_basis` says what it rests on.

    Raises:
        FrameError: The frame lacks columns, repeats a key or lacks a buyer's history.
    """
    panel = read_values(frame)
    values = np.full((len(panel), len(OUTPUTS)), np.nan)
    limits = np.full((len(panel), len(INTERVAL)), np.nan)
    long_limits = np.full((len(panel), len(LONG_INTERVAL)), np.nan)
    basis = np.full(len(panel), None, dtype=object)
    method = np.full(len(panel), None, dtype=object)
    known = panel.is_known
    values[known] = estimator.prior.of(panel.group[known])
    method[known] = PRIOR
    parts = estimator.parts
    own = is_mature(panel, estimator.min_tenure_days) & parts.can_value(panel)
    if own.any():
        judged = panel.take(own)
        found = outlook(parts, judged, discount_rate=estimator.discount_rate)
        values[own] = outlook_matrix(found)
        limits[own] = _year_limits(estimator, judged, found)
        basis[own] = estimator.three_years.basis(judged)
        long_limits[own] = _long_limits(estimator, judged, found, limits[own, 0])
        names = np.where(judged.has_bought, BOTH, CONTRACT)
        method[own] = np.where(judged.has_contract, names, estimator.candidate)
    scored = panel.key.assign(
        **dict(zip(OUTPUTS, values.T, strict=True)),
        **dict(zip(INTERVAL, limits.T, strict=True)),
        **dict(zip(LONG_INTERVAL, long_limits.T, strict=True)),
        clv_36m_interval_basis=basis,
        **per_unit(panel, values[:, OUTPUTS.index("clv_12m")], values[:, -1]),
        margin_rate=panel.margin_rate,
        method=method,
        has_warning=known & estimator.has_warning,
        estimator_version=estimator.version,
    )
    return conform(scored, "clv_predictions")


def _year_limits(estimator: ClvEstimator, judged: ValuePanel, found: Outlook) -> Float:
    """Ends of the intervals of 12 months, discounted."""
    factors = discount_factors(HORIZON, estimator.discount_rate)
    possible = Possible(
        estimator.parts, 12, estimator.interval_draws, estimator.seed, factors=factors
    )
    return np.column_stack(
        possible.interval(judged, found.purchases_discount_12m, estimator.levels)
    )


def _long_limits(
    estimator: ClvEstimator, judged: ValuePanel, found: Outlook, year_low: Float
) -> Float:
    """Ends of the intervals of 36 months, discounted; NaN where they would rest on nothing."""
    widths = estimator.three_years
    limits = np.full((len(judged), len(LONG_INTERVAL)), np.nan)
    told = np.asarray([basis is not None for basis in widths.basis(judged)], dtype=np.bool_)
    if told.any():
        possible = widths.possible(
            estimator.parts,
            estimator.interval_draws,
            estimator.seed,
            discount_factors(HORIZON, estimator.discount_rate),
        )
        factor = found.purchases_discount_36m[told]
        low, high = possible.interval(judged.take(told), factor, widths.levels)
        low = never_below(low, year_low[told])
        limits[told] = np.column_stack((low, np.maximum(low, high)))
    return limits


def per_unit(panel: ValuePanel, clv: Float, units: Float) -> dict[str, Any]:
    """What one expected unit brings, so that lifetime value is units times value of one.

    The unit is a month in which a contract is paid for, or a purchase of who has none; purchases
    beside a contract count as value of its months.
    """
    is_known = units > 0
    value = np.divide(clv, units, out=np.full(len(clv), np.nan), where=is_known)
    kind = np.full(len(clv), None, dtype=object)
    kind[is_known] = np.where(panel.has_contract, ACTIVE_MONTH, PURCHASE)[is_known]
    return {"margin_per_unit": value, "unit_kind": kind}
