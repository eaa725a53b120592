"""From expected purchases and amounts to a discounted lifetime value.

Belongs here: discounting by month, and the expected purchases of each coming month.
Does not belong here: fitting.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv import contract as contracts
from ml.clv import gamma_gamma
from ml.clv import two_part as two_part_regression
from ml.clv.counts import CountParameters, alive_probability, purchases_if_alive
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel
from ml.clv.possible import Parts
from ml.clv.summary import WEEKS_PER_MONTH
from ml.clv.two_part import TwoPartParameters

Float = npt.NDArray[np.float64]

HORIZON: Final = 36
_PAIRS_AT_ONCE: Final = 100_000


def discount_factors(months: int, discount_rate: float) -> Float:
    """1 / (1 + d)^(t/12) for t = 1..months, d per year."""
    t = np.arange(1, months + 1, dtype=np.float64)
    return np.asarray((1 + discount_rate) ** (-t / 12), dtype=np.float64)


@dataclass(frozen=True)
class Outlook:
    """What is expected of each customer.

    Attributes:
        alive: Probability of buying again, ever; of a contract, 1 while it is paid for and after
            its end the chance of one in 12 months.
        purchases_12m: Expected purchases of 12 months, not discounted; NaN for who has only a
            contract.
        spend: Expected value of one of them: the expected amount, less what is credited, and less
            what it costs where value is margin.
        clv_12m: Discounted value of 12 months.
        clv_36m: Discounted value of 36 months.
        kept_12m: Discounted value of 12 months of who has not left: `clv_12m` without the chance
            that the customer has left already.
        discount_12m: What discounting leaves of 12 months, as a factor.
        purchases_discount_12m: The same of purchases alone; 1 without any.
        purchases_discount_36m: The same of 36 months.
        units_12m: Expected purchases of 12 months, discounted; with a contract, expected months
            of 12 in which one is paid for.
    """

    alive: Float
    purchases_12m: Float
    spend: Float
    clv_12m: Float
    clv_36m: Float
    kept_12m: Float
    discount_12m: Float
    purchases_discount_12m: Float
    purchases_discount_36m: Float
    units_12m: Float

    @property
    def value_12m(self) -> Float:
        """Value of 12 months, not discounted."""
        return self.clv_12m / self.discount_12m


def outlook(parts: Parts, panel: ValuePanel, *, discount_rate: float) -> Outlook:
    """Expectations for customers whom the parts can value: purchases, contract, or both added."""
    size = len(panel)
    nothing, unknown = np.zeros(size), np.full(size, np.nan)
    found = Outlook(
        alive=nothing.copy(),
        purchases_12m=unknown.copy(),
        spend=unknown.copy(),
        clv_12m=nothing.copy(),
        clv_36m=nothing.copy(),
        kept_12m=nothing.copy(),
        discount_12m=np.ones(size),
        purchases_discount_12m=np.ones(size),
        purchases_discount_36m=np.ones(size),
        units_12m=nothing.copy(),
    )
    undiscounted = nothing.copy()
    rows = panel.has_bought
    if rows.any() and parts.purchases is not None and parts.spend is not None:
        bought = purchase_outlook(
            parts.purchases,
            parts.spend,
            panel.take(rows),
            discount_rate=discount_rate,
            two_part=parts.two_part,
        )
        for name, value in vars(bought).items():
            getattr(found, name)[rows] = value
        undiscounted[rows] = bought.value_12m
    rows = panel.has_contract
    if rows.any() and parts.contract is not None:
        part = panel.take(rows)
        stays = contracts.expect(parts.contract, part, discount_factors(HORIZON, discount_rate))
        unit = part.recurring_value
        found.alive[rows] = 1 - (1 - found.alive[rows]) * (1 - stays.alive)
        found.clv_12m[rows] += stays.year * unit
        found.clv_36m[rows] += stays.three_years * unit
        found.kept_12m[rows] += stays.kept * unit
        found.units_12m[rows] = stays.active
        undiscounted[rows] += stays.months * unit
        is_worth = rows & (undiscounted != 0)
        found.discount_12m[is_worth] = found.clv_12m[is_worth] / undiscounted[is_worth]
    return found


def purchase_outlook(
    purchases: CountParameters,
    spend: SpendParameters,
    panel: ValuePanel,
    *,
    discount_rate: float,
    two_part: TwoPartParameters | None = None,
) -> Outlook:
    """Expectations of the purchases of customers with at least one.

    With a two-part regression, value is what it says of twelve months; the counts then say how
    purchases spread over the months, for the discount and for the years after.
    The sums over months depend on (x, T) only and are computed once per distinct pair.
    """
    alive = alive_probability(purchases, panel.repeats, panel.recency, panel.age)
    pairs = pd.DataFrame({"x": panel.repeats, "age": panel.age})
    codes = pairs.groupby(["x", "age"], sort=True).ngroup().to_numpy()
    distinct = pairs.drop_duplicates().sort_values(["x", "age"]).to_numpy(dtype=np.float64)
    batches = range(0, len(distinct), _PAIRS_AT_ONCE)
    parts = [distinct[start : start + _PAIRS_AT_ONCE] for start in batches]
    sums = [_discounted_purchases(purchases, part, discount_rate) for part in parts]
    if_alive = np.vstack(sums or [np.empty((0, 4))])[codes]
    if two_part is not None:
        return _two_part_outlook(two_part, panel, alive, if_alive)
    invoiced = gamma_gamma.expected_spend(spend, panel.amount_count, panel.amount)
    amount = invoiced * panel.value_ratio
    return Outlook(
        alive=alive,
        purchases_12m=alive * if_alive[:, 0],
        spend=amount,
        clv_12m=alive * if_alive[:, 1] * amount,
        clv_36m=alive * if_alive[:, 2] * amount,
        kept_12m=if_alive[:, 1] * amount,
        discount_12m=if_alive[:, 1] / if_alive[:, 0],
        purchases_discount_12m=if_alive[:, 1] / if_alive[:, 0],
        purchases_discount_36m=if_alive[:, 2] / if_alive[:, 3],
        units_12m=alive * if_alive[:, 1],
    )


def _two_part_outlook(
    fitted: TwoPartParameters, panel: ValuePanel, alive: Float, if_alive: Float
) -> Outlook:
    """Kept is who brings value at all; one purchase has no expected amount of its own."""
    expected = two_part_regression.expect(fitted, panel)
    year, three_years = (if_alive[:, place] / if_alive[:, 0] for place in (1, 2))
    return Outlook(
        alive=alive,
        purchases_12m=alive * if_alive[:, 0],
        spend=np.full(len(panel), np.nan),
        clv_12m=expected.value * year,
        clv_36m=expected.value * three_years,
        kept_12m=expected.amount * year,
        discount_12m=year,
        purchases_discount_12m=year,
        purchases_discount_36m=if_alive[:, 2] / if_alive[:, 3],
        units_12m=alive * if_alive[:, 1],
    )


def _discounted_purchases(purchases: CountParameters, pairs: Float, discount_rate: float) -> Float:
    """Of each (x, T): purchases of 12 months; the same discounted; of 36 discounted, and not."""
    weeks = np.arange(1, HORIZON + 1, dtype=np.float64) * WEEKS_PER_MONTH
    until = purchases_if_alive(purchases, pairs[:, :1], pairs[:, 1:], weeks[None, :])
    monthly = np.diff(until, axis=1, prepend=0.0)
    factors = discount_factors(HORIZON, discount_rate)
    return np.column_stack(
        [
            until[:, 11],
            (monthly[:, :12] * factors[:12]).sum(axis=1),
            (monthly * factors).sum(axis=1),
            until[:, -1],
        ]
    )
