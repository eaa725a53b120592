"""The checked, ordered form of the lifetime-value frames.

Belongs here: turning frames into arrays in the order of their key.
Does not belong here: likelihoods, metrics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv.summary import DAYS_PER_WEEK, Summary, summarise
from ml.errors import FrameError
from ml.frames import KEY, numeric_matrix, require_columns, sort_by_key

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

NUMBERS = (
    "purchase_count",
    "repeat_purchase_count",
    "recency_days",
    "age_days",
    "mean_repeat_purchase_amount",
    "value_12m",
    "net_revenue_ratio",
    "margin_rate",
    "purchase_value_12m",
    "tenure_days",
    "days_since_purchase",
    "recurring_revenue",
    "contract_months",
    "ended_months",
)
RELATIONS: Final = ("purchase", "contract", "ended_contract")
OUTCOMES = ("outcome_months", "purchase_count_after", "paid_months_after", "value_after")


@dataclass(frozen=True)
class ValuePanel:
    """One row per customer and as-of date, ordered by both.

    Attributes:
        key: `customer_id`, `as_of_date` and `value_basis`, in the order of the arrays.
        date: As-of date.
        tier: Tier; '' where none is known.
        relation: One of `RELATIONS`.
        has_bought: Whether there is a purchase to speak of; invoices of a contract are none.
        repeats: x, repeat purchases.
        recency: t_x in weeks.
        age: T in weeks.
        amount: Mean amount of repeat purchases; NaN without any.
        value_12m: Value of the last 12 months: revenue or margin, as `value_basis` says.
        net_ratio: What of an invoiced amount stays as revenue after credits.
        purchase_value_12m: The part of `value_12m` that is no contract's.
        margin_rate: What of revenue stays as value: 1 where value is revenue, below 0 where costs
            are above prices.
        tenure: Weeks since the first purchase of any kind.
        silence: Weeks since the newest of any kind; as tenure where there is none.
        recurring: Monthly recurring revenue; of an ended contract, the last; 0 without one.
        contract_months: Months since the first subscription; NaN without.
        ended_months: Months since the last one that was paid for; NaN while one is.
    """

    key: pd.DataFrame
    date: npt.NDArray[np.datetime64]
    tier: npt.NDArray[np.object_]
    relation: npt.NDArray[np.object_]
    has_bought: Bool
    repeats: Float
    recency: Float
    age: Float
    amount: Float
    value_12m: Float
    net_ratio: Float
    margin_rate: Float
    purchase_value_12m: Float
    tenure: Float
    silence: Float
    recurring: Float
    contract_months: Float
    ended_months: Float

    def __len__(self) -> int:
        return len(self.date)

    def take(self, rows: Bool) -> "ValuePanel":
        """Keep the rows where the mask is true."""
        arrays = {
            name: value[rows] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, key=self.key[rows].reset_index(drop=True), **arrays)

    def summary(self) -> Summary:
        """Distinct histories of the rows.

        Raises:
            FitError: A history contradicts itself.
        """
        return summarise(self.repeats, self.recency, self.age)

    @property
    def has_amount(self) -> Bool:
        """Whether repeat purchases with a positive mean amount are known."""
        return np.asarray((self.repeats > 0) & (self.amount > 0), dtype=np.bool_)

    @property
    def amount_count(self) -> Float:
        """Purchases behind the mean amount; 0 where there is none."""
        return np.where(self.has_amount, self.repeats, 0.0)

    @property
    def value_ratio(self) -> Float:
        """What of an invoiced amount stays as value."""
        return self.net_ratio * self.margin_rate

    @property
    def is_in_force(self) -> Bool:
        """Whether a contract is paid for."""
        return np.asarray(self.relation == "contract", dtype=np.bool_)

    @property
    def has_contract(self) -> Bool:
        """Whether a contract is, or was, paid for."""
        return np.asarray(self.relation != "purchase", dtype=np.bool_)

    @property
    def is_known(self) -> Bool:
        """Whether there is anything to value: a purchase, or a contract."""
        return self.has_bought | self.has_contract

    @property
    def recurring_value(self) -> Float:
        """What a month of the contract brings, on the basis of value."""
        return self.recurring * self.value_ratio

    @property
    def group(self) -> npt.NDArray[np.object_]:
        """Tier and relation, whose mean stands for who is too new to judge."""
        kind = np.where(self.is_in_force, " contract", " purchase").astype(object)
        return np.asarray(self.tier + kind, dtype=object)


def read_values(frame: pd.DataFrame) -> ValuePanel:
    """Check a frame of `features.ftr_value` and order it by key.

    Raises:
        FrameError: Columns are missing, repeated, empty or not numeric, a key is repeated, or
            a buyer has no history, or a date mixes bases of value.
    """
    name = "value frame"
    require_columns(
        frame,
        [*KEY, "tier", "relation_kind", "value_basis", *NUMBERS],
        filled=[*KEY, "relation_kind", "value_basis"],
        name=name,
    )
    ordered = sort_by_key(frame, name=name)
    values = numeric_matrix(ordered, NUMBERS, name=name)
    bought = np.nan_to_num(values[:, 0]) > 0
    history = values[:, 1:4]
    relation = ordered["relation_kind"].to_numpy(dtype=object)
    unknown = sorted({str(kind) for kind in relation} - set(RELATIONS))
    if unknown:
        raise FrameError(f"{name}: relation_kind {', '.join(unknown)}; known: {RELATIONS}.")
    lacking = np.isnan(values[:, [1, 2, 3, 6, 7]]).any(axis=1) & bought
    if lacking.any():
        raise FrameError(
            f"{name}: {int(lacking.sum())} rows with purchases lack one of "
            f"{', '.join((*NUMBERS[1:4], *NUMBERS[6:8]))}."
        )
    lacking = np.isnan(values[:, [6, 7, 11, 12]]).any(axis=1) & (relation != "purchase")
    if lacking.any():
        raise FrameError(
            f"{name}: {int(lacking.sum())} rows with a contract lack one of "
            f"{', '.join((*NUMBERS[6:8], *NUMBERS[11:13]))}."
        )
    bases = ordered.groupby("as_of_date")["value_basis"].nunique()
    if (bases > 1).any():
        raise FrameError(
            f"{name}: {bases.index[bases > 1][0]:%Y-%m-%d} mixes values of more than one basis; "
            "margin and revenue cannot be compared or added."
        )
    tenure = values[:, 9] / DAYS_PER_WEEK
    silence = values[:, 10] / DAYS_PER_WEEK
    return ValuePanel(
        key=ordered[[*KEY, "value_basis"]],
        date=ordered["as_of_date"].to_numpy(dtype="datetime64[D]"),
        tier=ordered["tier"].astype(object).where(ordered["tier"].notna(), "").to_numpy(object),
        relation=relation,
        has_bought=bought,
        repeats=history[:, 0],
        recency=history[:, 1] / DAYS_PER_WEEK,
        age=history[:, 2] / DAYS_PER_WEEK,
        amount=values[:, 4],
        value_12m=np.nan_to_num(values[:, 5]),
        net_ratio=values[:, 6],
        margin_rate=values[:, 7],
        purchase_value_12m=np.nan_to_num(values[:, 8]),
        tenure=tenure,
        silence=np.where(np.isnan(silence), tenure, silence),
        recurring=np.nan_to_num(values[:, 11]),
        contract_months=values[:, 12],
        ended_months=values[:, 13],
    )


@dataclass(frozen=True)
class Outcomes:
    """What came in the months after each row of a panel; NaN where they are not over.

    Attributes:
        purchases: Purchases.
        paid_months: Month ends at which a contract was paid for.
        value: Value, on the basis of the row's month.
    """

    purchases: Float
    paid_months: Float
    value: Float

    def take(self, rows: Bool) -> "Outcomes":
        """Keep the rows where the mask is true."""
        return Outcomes(self.purchases[rows], self.paid_months[rows], self.value[rows])

    @property
    def is_complete(self) -> Bool:
        """Whether the months of a row are over."""
        return ~np.isnan(self.value)


def read_outcomes(panel: ValuePanel, outcomes: pd.DataFrame, *, months: int) -> Outcomes:
    """What came in so many months after each row.

    Raises:
        FrameError: Columns are missing, repeated or empty, or a key is repeated.
    """
    name = "value outcomes"
    require_columns(outcomes, [*KEY, *OUTCOMES], filled=[*KEY, *OUTCOMES], name=name)
    if outcomes.empty:
        return Outcomes(*np.full((3, len(panel)), np.nan))
    ordered = sort_by_key(outcomes[outcomes["outcome_months"] == months], name=name)
    values = numeric_matrix(ordered, OUTCOMES[1:], name=name)
    known = ordered[list(KEY)].assign(**dict(zip(OUTCOMES[1:], values.T, strict=True)))
    joined = panel.key[list(KEY)].merge(known, on=list(KEY), how="left", validate="one_to_one")
    return Outcomes(*(np.asarray(joined[column], dtype=np.float64) for column in OUTCOMES[1:]))


def value_bases(panel: ValuePanel) -> dict[np.datetime64, str]:
    """What value means in each month of the panel."""
    months = panel.date.astype("datetime64[M]")
    found, first = np.unique(months, return_index=True)
    basis = panel.key["value_basis"].to_numpy(dtype=object)[first]
    return dict(zip(found, basis, strict=True))


def read_years(
    panel: ValuePanel,
    outcomes: pd.DataFrame,
    bases: Mapping[np.datetime64, str],
    *,
    years: int,
) -> Outcomes:
    """What came in so many years after one date: what came in each of them, added up.

    Args:
        panel: Customers at one as-of date.
        outcomes: As for `read_outcomes`, with twelve months after the begin of each year.
        bases: What value means in each month (`value_bases`).
        years: How many.

    Returns:
        NaN where a year is not over, or where value meant something else at its begin: margins
        and revenues cannot be added.

    Raises:
        FrameError: Columns are missing, repeated or empty, or a key is repeated.
    """
    total = np.zeros((len(fields(Outcomes)), len(panel)))
    month = panel.date.astype("datetime64[M]")
    for year in range(years):
        begin = month + 12 * year
        day = pd.to_datetime(pd.Series((begin + 1).astype("datetime64[D]") - 1))
        key = panel.key.assign(as_of_date=day.astype("datetime64[us]"))
        found = read_outcomes(replace(panel, key=key), outcomes, months=12)
        same = [bases.get(one) for one in begin] == panel.key["value_basis"].to_numpy(dtype=object)
        total += np.where(same, list(vars(found).values()), np.nan)
    return Outcomes(*total)
