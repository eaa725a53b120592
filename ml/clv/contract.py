"""Contracts: how long they last, what a month of one brings, and what a year of one may bring.

Belongs here: the survival of contracts by tenure, growth of those who stay, returns of those who
left, and draws of what comes.
Does not belong here: purchases that come at will (`ml.clv.purchases`), when it is believed.

Survival is learnt from a life table: of so many customers who paid at the end of a month, so many
paid no more at the end of the next, whatever the reason. The chance of leaving after t months is

- `life_table`: the share who left, drawn to that of the same place in the contract year (renewals
  come after 12, 24, ... months) and of the same age in years, or
- `shifted_beta_geometric`: alpha / (alpha + beta + t), the mean over customers who each have an own
  chance, of whom the faithful remain (Fader, Hardie 2007, 'How to Project Customer Retention').

Either is multiplied with the tier's own rate of leaving against that of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from ml.clv.panel import ValuePanel
from ml.frames import numeric_matrix, require_columns

Float = npt.NDArray[np.float64]

LIFE_TABLE: Final = "life_table"
SHIFTED_BETA_GEOMETRIC: Final = "shifted_beta_geometric"
CURVES: Final = (LIFE_TABLE, SHIFTED_BETA_GEOMETRIC)
HORIZON: Final = 36
LABEL_MONTHS: Final = 6
"""Months through which a kept customer stays (handbook C7, C10)."""
_LONGEST: Final = 360  # months of tenure; beyond, a customer counts as this
_YEARS: Final = 5
_SHRINKAGE: Final = 100.0  # customer-months at the rate of the like
_RETURN_MONTHS: Final = 12
_GRID: Final = np.linspace(0, 1, 201)
_ROWS_AT_ONCE: Final = 10_000
_COUNTS: Final = ("months_in_state", "customer_count", "changed_count")
_MONEY: Final = ("stayer_opening_mrr", "stayer_closing_mrr")


@dataclass(frozen=True)
class LifeTable:
    """Customers under contract by month, tier and months in their state, ordered.

    Attributes:
        date: Month end at which it was seen who had changed.
        is_paying: Whether they paid at the month end before; else they had paid once.
        tier: Their tier then.
        months: Months since the first subscription, or since the end.
        customers: How many began the month so.
        changed: How many paid no more at its end, or again.
        opening: Recurring revenue of those who stayed, at the begin of the month.
        closing: The same at its end.
    """

    date: npt.NDArray[np.datetime64]
    is_paying: npt.NDArray[np.bool_]
    tier: npt.NDArray[np.object_]
    months: npt.NDArray[np.intp]
    customers: Float
    changed: Float
    opening: Float
    closing: Float

    def take(self, rows: npt.NDArray[np.bool_]) -> "LifeTable":
        """Keep the rows where the mask is true."""
        return LifeTable(**{name: value[rows] for name, value in vars(self).items()})

    @property
    def exposure(self) -> float:
        """Customer-months of paying."""
        return float(self.customers[self.is_paying].sum())


def read_changes(frame: pd.DataFrame | None) -> LifeTable:
    """Check a frame of `features.ftr_contract_changes` and order it; None is an empty one.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric.
    """
    name = "contract changes"
    columns = ["as_of_date", "state", "tier", *_COUNTS, *_MONEY]
    if frame is None:
        frame = pd.DataFrame(columns=columns)
    require_columns(frame, columns, filled=columns, name=name)
    ordered = frame.sort_values(["as_of_date", "state", "tier", "months_in_state"], kind="stable")
    numbers = numeric_matrix(ordered, (*_COUNTS, *_MONEY), name=name)
    return LifeTable(
        date=pd.to_datetime(ordered["as_of_date"]).to_numpy(dtype="datetime64[D]"),
        is_paying=np.asarray(ordered["state"] == "paying", dtype=np.bool_),
        tier=ordered["tier"].to_numpy(dtype=object),
        months=np.clip(numbers[:, 0], 0, _LONGEST).astype(np.intp),
        customers=numbers[:, 1],
        changed=numbers[:, 2],
        opening=numbers[:, 3],
        closing=numbers[:, 4],
    )


@dataclass(frozen=True)
class ContractParameters:
    """What was learnt of contracts.

    Attributes:
        curve: `life_table` or `shifted_beta_geometric`.
        leaving: Chance of leaving in the month after t months, for t = 0, 1, ...
        returning: Chance of returning in the month after 0, 1, ... months without; the last
            stands for all later ones.
        tiers: Tiers, sorted.
        tier_leaving: Per tier, and last for one never seen: leaving against that of all.
        tier_growth: The same: recurring revenue of a month over that of the month before, of
            those who stay.
        spread: Quantiles, at even steps, of what a year of those who stayed brought, over what was
            expected of it.
        exposure: Customer-months it was learnt from.
    """

    curve: str
    leaving: Float
    returning: Float
    tiers: tuple[str, ...]
    tier_leaving: Float
    tier_growth: Float
    spread: Float
    exposure: float

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {**vars(self), "tiers": list(self.tiers)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ContractParameters":
        """The inverse of `to_state`."""
        return cls(**{**state, "tiers": tuple(state["tiers"])})


def fit(table: LifeTable, curve: str, spread: Float | None = None) -> ContractParameters:
    """Learn survival, growth and returns.

    Args:
        table: The life table up to the as-of date; at least one customer-month of paying.
        curve: One of `CURVES`.
        spread: What `spread_of` found; without, all who stay bring what is expected.
    """
    paying, ended = table.take(table.is_paying), table.take(~table.is_paying)
    size = _LONGEST + 1
    at_risk = _counted(paying.months, paying.customers, size)
    left = _counted(paying.months, paying.changed, size)
    base = _life_table(at_risk, left) if curve == LIFE_TABLE else _geometric(at_risk, left)
    leaving = np.concatenate([base, np.tile(base[-12:], HORIZON // 12)])
    tiers = tuple(sorted({str(tier) for tier in paying.tier}))
    ratios, growth = _by_tier(paying, leaving, tiers)
    return ContractParameters(
        curve=curve,
        leaving=leaving,
        returning=_returns(ended),
        tiers=tiers,
        tier_leaving=ratios,
        tier_growth=growth,
        spread=np.ones_like(_GRID) if spread is None else spread,
        exposure=table.exposure,
    )


def _life_table(at_risk: Float, left: Float) -> Float:
    """Share who left by tenure, drawn to that of the like."""
    overall = float((left.sum() + 0.5) / (at_risk.sum() + 1))
    month = np.arange(len(at_risk))
    place, year = (month + 1) % 12, np.minimum(month // 12, _YEARS - 1)
    by_place = _shrunk(_counted(place, left, 12), _counted(place, at_risk, 12), overall)
    expected = by_place[place]
    of_year = _counted(year, left, _YEARS), _counted(year, at_risk * expected, _YEARS)
    weight = _SHRINKAGE * overall
    by_year = (of_year[0] + weight) / (of_year[1] + weight)
    return np.clip(_shrunk(left, at_risk, expected * by_year[year]), 1e-6, 0.95)


def _counted(place: npt.NDArray[np.intp], weight: Float, size: int) -> Float:
    return np.asarray(np.bincount(place, weight, size), dtype=np.float64)


def _shrunk(changed: Float, customers: Float, to: Float | float) -> Float:
    return np.asarray((changed + _SHRINKAGE * to) / (customers + _SHRINKAGE), dtype=np.float64)


def _geometric(at_risk: Float, left: Float) -> Float:
    """Alpha / (alpha + beta + t) by maximum likelihood."""
    month = np.arange(len(at_risk), dtype=np.float64)

    def chance(values: Float) -> Float:
        alpha, beta = np.exp(np.clip(values, -10, 12))
        return np.asarray(np.clip(alpha / (alpha + beta + month), 1e-9, 1 - 1e-9))

    def loss(values: Float) -> float:
        found = chance(values)
        return -float((left * np.log(found) + (at_risk - left) * np.log1p(-found)).sum())

    overall = (left.sum() + 0.5) / (at_risk.sum() + 1)
    start = np.log([1.0, 1 / overall])
    found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000, "xatol": 1e-6})
    return np.clip(chance(found.x), 1e-6, 0.95)


def _by_tier(paying: LifeTable, leaving: Float, tiers: tuple[str, ...]) -> tuple[Float, Float]:
    """Leaving against that of all, and growth of who stays, per tier and last for all."""
    stayed = float(paying.opening.sum())
    growth_of_all = float(paying.closing.sum()) / stayed if stayed > 0 else 1.0
    expected = paying.customers * leaving[paying.months]
    weight = _SHRINKAGE * float(expected.sum() / max(paying.customers.sum(), 1.0))
    ratios, growth = [], []
    for tier in tiers:
        own = np.asarray(paying.tier == tier)
        ratios.append((paying.changed[own].sum() + weight) / (expected[own].sum() + weight))
        opening, count = float(paying.opening[own].sum()), float(paying.customers[own].sum())
        rate = float(paying.closing[own].sum()) / opening if opening > 0 else growth_of_all
        growth.append((count * rate + _SHRINKAGE * growth_of_all) / (count + _SHRINKAGE))
    return np.array([*ratios, 1.0]), np.array([*growth, growth_of_all])


def _returns(ended: LifeTable) -> Float:
    """Chance of returning per month without a contract."""
    month = np.minimum(ended.months, _RETURN_MONTHS)
    there = _counted(month, ended.customers, _RETURN_MONTHS + 1)
    back = _counted(month, ended.changed, _RETURN_MONTHS + 1)
    overall = float(back.sum() / max(there.sum(), _SHRINKAGE))
    return _shrunk(back, there, overall)


def log_loss(fitted: ContractParameters, table: LifeTable) -> float:
    """Mean loss of foretelling who leaves, per customer-month of paying; lower is better."""
    paying = table.take(table.is_paying)
    position = _position(fitted, paying.tier)
    chance = np.clip(fitted.leaving[paying.months] * fitted.tier_leaving[position], 1e-9, 0.999)
    total = paying.changed * np.log(chance)
    total += (paying.customers - paying.changed) * np.log1p(-chance)
    return -float(total.sum()) / max(float(paying.customers.sum()), 1.0)


def _position(fitted: ContractParameters, tier: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    places = {name: number for number, name in enumerate(fitted.tiers)}
    return np.array([places.get(str(name), len(places)) for name in tier], dtype=np.intp)


@dataclass(frozen=True)
class Prospects:
    """What is expected of the contracts of some customers, in months of their recurring value.

    Attributes:
        alive: 1 while one is paid for; after its end, the chance of one in twelve months.
        active: Expected discounted months of twelve in which one is paid for.
        months: The same with growth, not discounted, of as many months as were asked for.
        year: With growth, discounted.
        three_years: The same of thirty-six months.
        kept: As `year`, of who stays through the months of the churn label.
    """

    alive: Float
    active: Float
    months: Float
    year: Float
    three_years: Float
    kept: Float


@dataclass(frozen=True)
class _Histories:
    """Distinct tiers, tenures and months since the end, and each row's place among them."""

    position: npt.NDArray[np.intp]
    tenure: npt.NDArray[np.intp]
    ended: npt.NDArray[np.intp]
    code: npt.NDArray[np.intp]

    @property
    def is_ended(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.ended >= 0)


def _histories(fitted: ContractParameters, panel: ValuePanel) -> _Histories:
    rows = np.column_stack(
        [
            _position(fitted, panel.tier),
            np.clip(np.nan_to_num(panel.contract_months), 0, _LONGEST),
            np.where(panel.is_in_force, -1, np.nan_to_num(panel.ended_months)),
        ]
    ).astype(np.intp)
    distinct, code = np.unique(rows, axis=0, return_inverse=True)
    return _Histories(distinct[:, 0], distinct[:, 1], distinct[:, 2], code.reshape(-1))


def _survival(fitted: ContractParameters, found: _Histories) -> Float:
    """Chance that who pays now pays after 1, 2, ... months, per distinct history."""
    month = found.tenure[:, None] + np.arange(HORIZON)
    chance = fitted.leaving[month] * fitted.tier_leaving[found.position][:, None]
    return np.asarray(np.cumprod(1 - np.clip(chance, 0, 0.95), axis=1))


def _return_chance(fitted: ContractParameters, found: _Histories) -> Float:
    """Chance that who left comes back in month 1, 2, ..., per distinct history."""
    month = np.maximum(found.ended, 0)[:, None] + np.arange(HORIZON)
    chance = fitted.returning[np.minimum(month, len(fitted.returning) - 1)]
    away = np.cumprod(1 - chance, axis=1)
    before = np.column_stack([np.ones(len(away)), away[:, :-1]])
    return np.asarray(before * chance)


def expect(
    fitted: ContractParameters, panel: ValuePanel, discount: Float, *, months: int = 12
) -> Prospects:
    """Expectations for customers with a contract, or with one that ended.

    Args:
        fitted: What was learnt.
        panel: The customers.
        discount: Discount factors of 36 months.
        months: Months that `Prospects.months` counts.
    """
    found = _histories(fitted, panel)
    stay = _survival(fitted, found)
    back = _return_chance(fitted, found)
    active = stay.copy()
    if found.is_ended.any():
        again = np.zeros_like(stay)
        for month in range(HORIZON):
            again[:, month] = back[:, month]
            again[:, month] += (back[:, :month] * stay[:, :month][:, ::-1]).sum(axis=1)
        active[found.is_ended] = again[found.is_ended]
    growth = _growth(fitted, found)
    grown = active * growth
    kept = np.where(np.arange(HORIZON) < LABEL_MONTHS, 1.0, stay / stay[:, [LABEL_MONTHS - 1]])
    kept = np.where(found.is_ended[:, None], active, kept) * growth
    alive = np.where(found.is_ended, back[:, :12].sum(axis=1), 1.0)
    columns = (
        alive,
        (active * discount)[:, :12].sum(axis=1),
        grown[:, :months].sum(axis=1),
        (grown * discount)[:, :12].sum(axis=1),
        (grown * discount).sum(axis=1),
        (kept * discount)[:, :12].sum(axis=1),
    )
    return Prospects(*(column[found.code] for column in columns))


def _growth(fitted: ContractParameters, found: _Histories) -> Float:
    """Recurring revenue of month 1, 2, ... over that of now, of who stays."""
    rate = np.where(found.is_ended, 1.0, fitted.tier_growth[found.position])
    return np.asarray(rate[:, None] ** np.arange(1, HORIZON + 1))


@dataclass(frozen=True)
class ContractFutures:
    """Simulated value of the months after the as-of date, of contracts.

    Attributes:
        fitted: What was learnt.
        months: How far ahead, at most 36.
        draws: Futures per customer.
        seed: Seed of the random numbers, which all customers share.
        factors: Discount factors of at least these months; None discounts nothing.
    """

    fitted: ContractParameters
    months: int
    draws: int
    seed: int
    factors: Float | None = None

    @cached_property
    def _even(self) -> Float:
        rng = np.random.default_rng(self.seed + 7)
        return (np.array([rng.permutation(self.draws) for _ in range(3)]) + 0.5) / self.draws

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        """Batches of rows with their draws: one row per draw, one column per customer."""
        found = _histories(self.fitted, panel)
        shapes = self._shapes(found)
        unit = panel.recurring_value
        for start in range(0, len(panel), _ROWS_AT_ONCE):
            rows = slice(start, min(start + _ROWS_AT_ONCE, len(panel)))
            yield rows, shapes[:, found.code[rows]] * unit[rows]

    def _shapes(self, found: _Histories) -> Float:
        """Per draw and distinct history: what comes, in months of the recurring value."""
        leave, spread, back = self._even
        stay = _survival(self.fitted, found)[:, : self.months]
        monthly = _growth(self.fitted, found)[:, : self.months]
        if self.factors is not None:
            monthly = monthly * self.factors[: self.months]
        grown = np.column_stack([np.zeros(len(monthly)), np.cumsum(monthly, axis=1)])
        away = 1 - np.cumsum(_return_chance(self.fitted, found)[:, : self.months], axis=1)
        shapes = np.empty((self.draws, len(stay)))
        for row in range(len(stay)):
            # Survival falls month by month: so many months are paid for in each draw.
            paid = self.months - np.searchsorted(stay[row][::-1], leave, side="right")
            missed = np.zeros_like(paid)
            if found.is_ended[row]:
                missed = self.months - np.searchsorted(away[row][::-1], back, side="right")
                # The month of the return is paid for.
                paid = np.where(missed < self.months, np.minimum(paid + 1, self.months - missed), 0)
            shapes[:, row] = grown[row, missed + paid] - grown[row, missed]
        return np.asarray(shapes * np.interp(spread, _GRID, self.fitted.spread)[:, None])


def spread_of(
    fitted: ContractParameters, panel: ValuePanel, actual: Float, *, months: int, least: int
) -> Float | None:
    """Quantiles of what those who stayed all months brought, over what was expected of them.

    Args:
        fitted: What was known at the as-of date.
        panel: Customers with a contract in force who paid at each month end after it.
        actual: What they brought.
        months: Months after it.
        least: Fewest customers to learn from; with fewer, None.
    """
    if len(panel) < least:
        return None
    growth = fitted.tier_growth[_position(fitted, panel.tier)]
    whole = (growth[:, None] ** np.arange(1, months + 1)).sum(axis=1)
    unit = panel.recurring_value
    known = unit > 0
    return np.asarray(np.quantile(actual[known] / (unit * whole)[known], _GRID))
