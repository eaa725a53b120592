"""How wide intervals of 36 months must be, and whether they were, by months that are over.

Belongs here: learning the widths from past as-of dates, and the share of outcomes inside on the
last as-of date with 36 months after it.
Does not belong here: what a width is (`ml.clv.three_years`), intervals of twelve months
(`ml.clv.contest`, `ml.clv.contract_contest`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv import contract as contracts
from ml.clv.config import ClvConfig
from ml.clv.contest import Slice, earlier_levels, fit_spend, is_enough_to_fit, sample
from ml.clv.contract import HORIZON, LIFE_TABLE, LifeTable
from ml.clv.contract_contest import is_enough, known_spread, spread_at
from ml.clv.counts import FITS
from ml.clv.estimator import is_mature
from ml.clv.evaluation import ValueEvaluation, evaluate_values
from ml.clv.panel import Outcomes, ValuePanel, read_years, value_bases
from ml.clv.possible import PLAIN, Levels, Parts, Possible, calibrate, is_inside
from ml.clv.summary import WEEKS_PER_MONTH
from ml.clv.three_years import (
    CARRIED,
    JUDGED,
    YEAR,
    ContractWidth,
    PurchaseWidth,
    ThreeYears,
    further_drift,
    never_below,
    stretched,
)
from ml.clv.value import outlook

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

EVERYBODY: Final = "36_months"
BUYERS: Final = "36_months_test"
OF_CONTRACTS: Final = "36_months_contracts"


@dataclass(frozen=True)
class Past:
    """What was known on a day.

    Attributes:
        panel: Customers at that and earlier as-of dates.
        outcomes: Months -> what came after each row; of the day's own later months nothing is
            used.
        table: The life table.
        day: The day.
    """

    panel: ValuePanel
    outcomes: Mapping[int, Outcomes]
    table: LifeTable
    day: np.datetime64

    def at(self, day: np.datetime64) -> "Past":
        """The same as it was on an earlier day."""
        rows = np.asarray(self.panel.date <= day)
        known = {months: found.take(rows) for months, found in self.outcomes.items()}
        return Past(self.panel.take(rows), known, self.table.take(self.table.date <= day), day)

    @property
    def today(self) -> ValuePanel:
        """Customers on the day itself."""
        return self.panel.take(self.panel.date == self.day)

    def years_over(self) -> list[Slice]:
        """As-of dates whole years before the day with what came in the next, the newest first."""
        year = self.outcomes.get(YEAR)
        if year is None:
            return []
        months_ago = (
            self.day.astype("datetime64[M]") - self.panel.date.astype("datetime64[M]")
        ).astype(np.int64)
        over = year.is_complete & (months_ago >= YEAR) & (months_ago % YEAR == 0)
        return [
            Slice(self.panel.take(rows), year.take(rows))
            for day in np.unique(self.panel.date[over])[::-1]
            for rows in [over & (self.panel.date == day)]
        ]


def reaches_the_year(year: Possible, levels: Levels, panel: ValuePanel, value: Float) -> Bool:
    """Whether what 36 months brought is not below the lower end of twelve (`never_below`).

    Args:
        year: What twelve months may bring, not discounted.
        levels: Places between which its intervals run, for who has no contract.
        panel: Customers whom its parts can value.
        value: What 36 months brought, not discounted.
    """
    year_low, _ = year.interval(panel, np.ones(len(panel)), levels)
    return np.asarray(value >= never_below(np.full(len(panel), -np.inf), year_low), dtype=np.bool_)


def three_years_ago(panel: ValuePanel, outcomes: pd.DataFrame) -> Slice | None:
    """Customers of 36 months before the last as-of date with what came since; None without.

    Raises:
        FrameError: Columns of the outcomes are missing, repeated or empty, or a key is repeated.
    """
    if not len(panel):
        return None
    month = panel.date.astype("datetime64[M]")
    past = panel.take(np.asarray(month == month.max() - HORIZON))
    found = Slice(past, read_years(past, outcomes, value_bases(panel), years=HORIZON // YEAR))
    return found if found.outcomes.is_complete.any() else None


def learn_widths(
    past: Past, ago: Slice | None, candidate: str | None, levels: Levels, config: ClvConfig
) -> ThreeYears:
    """Widths of 36 months by what was known on a day.

    Args:
        past: What was known.
        ago: Customers of 36 months before with what came since; None without.
        candidate: Estimator of purchase counts with Gamma-Gamma that speaks; None where none does.
        levels: Places of twelve months between which its intervals run.
        config: Settings.

    Returns:
        Widths of the 36 months themselves, where they are over and two years of history preceded
        them; else those of twelve months, carried on. None where no year is over, or where it
        brought nothing that a logarithm could tell of.
    """
    is_long = ago is not None and _is_long(ago.panel, config)
    judged = ago if is_long else None
    return ThreeYears(
        _purchase_width(past, judged, candidate, levels, config) if candidate else None,
        _contract_width(past, judged, config),
    )


def _is_long(panel: ValuePanel, config: ClvConfig) -> bool:
    longest = float(panel.tenure.max()) / WEEKS_PER_MONTH if len(panel) else 0.0
    return longest >= config.long_history_months - 1


def _purchase_width(
    past: Past, ago: Slice | None, candidate: str, levels: Levels, config: ClvConfig
) -> PurchaseWidth | None:
    if ago is not None:
        own = _buyers(ago, config)
        parts = _fit_purchases(ago.panel.take(ago.panel.has_bought), candidate, config)
        if parts is not None and len(own.panel) >= config.min_customers:
            possible = Possible(parts, HORIZON, config.interval_draws, config.seed)
            places = possible.places(own.panel, own.value)
            return PurchaseWidth(JUDGED, calibrate(places, least=config.min_customers), 0.0)
    errors = []
    for year in past.years_over():
        parts = _fit_purchases(year.panel.take(year.panel.has_bought), candidate, config)
        if parts is not None:
            own = _buyers(year, config)
            errors.append(_error(own.value, _year_expected(parts, own.panel)))
    drift = _drift(errors)
    return PurchaseWidth(CARRIED, levels, drift) if drift is not None else None


def _contract_width(past: Past, ago: Slice | None, config: ClvConfig) -> ContractWidth | None:
    if ago is not None:
        spread = spread_at(ago, past.table, months=HORIZON, config=config)
        if spread is not None:
            return ContractWidth(JUDGED, spread, 0.0)
    years = past.years_over()
    spread = spread_at(years[0], past.table, months=YEAR, config=config) if years else None
    errors = []
    for year in years:
        before = past.table.take(past.table.date <= year.panel.date[0])
        own = _under_contract(year, config)
        if is_enough(before, config) and len(own.panel):
            parts = Parts(contract=contracts.fit(before, LIFE_TABLE))
            errors.append(_error(own.value, _year_expected(parts, own.panel)))
    drift = _drift(errors)
    if spread is None or drift is None:
        return None
    return ContractWidth(CARRIED, stretched(spread), drift)


def _buyers(past: Slice, config: ClvConfig) -> Slice:
    panel = past.panel
    own = panel.has_bought & ~panel.has_contract & is_mature(panel, config.min_tenure_days)
    return past.take(own & past.outcomes.is_complete)


def _under_contract(past: Slice, config: ClvConfig) -> Slice:
    panel = past.panel
    own = panel.has_contract & ~panel.has_bought & is_mature(panel, config.min_tenure_days)
    return past.take(own & past.outcomes.is_complete)


def _fit_purchases(buyers: ValuePanel, candidate: str, config: ClvConfig) -> Parts | None:
    if not is_enough_to_fit(buyers, config):
        return None
    learnt = sample(buyers, config)
    return Parts(purchases=FITS[candidate](learnt.summary()), spend=fit_spend(learnt))


def _year_expected(parts: Parts, panel: ValuePanel) -> Float:
    """Expected value of twelve months, not discounted."""
    return outlook(parts, panel, discount_rate=0.0).clv_12m


def _error(actual: Float, expected: Float) -> float:
    """Logarithm of what came in total over what was expected; NaN where one is not above 0."""
    came, said = float(actual.sum()), float(expected.sum())
    return float(np.log(came / said)) if came > 0 and said > 0 else float("nan")


def _drift(errors: list[float]) -> float | None:
    """None without a year, or where one of them cannot be told."""
    found = further_drift(np.array(errors)) if errors else float("nan")
    return found if np.isfinite(found) else None


@dataclass(frozen=True)
class LongJudgement:
    """How 36 months were foreseen.

    Attributes:
        day: As-of date that they follow.
        evaluations: Slice -> measures: of all, of buyers, of contracts.
    """

    day: date
    evaluations: Mapping[str, ValueEvaluation]


def judge_three_years(
    past: Past, ago: Slice, candidate: str | None, curve: str, config: ClvConfig
) -> LongJudgement | None:
    """How intervals of 36 months that were carried on from twelve did, on 36 months that are over.

    All is fitted and learnt as it would have been 36 months ago.

    Args:
        past: What is known now.
        ago: Customers of 36 months before with what came since.
        candidate: Estimator of purchase counts that speaks; None where none does.
        curve: Curve of contracts.
        config: Settings.

    Returns:
        None where nobody had an interval then.
    """
    then = past.at(ago.panel.date[0])
    parts, levels = Parts(), PLAIN
    if candidate is not None:
        buyers = then.panel.has_bought
        found = _fit_purchases(then.today.take(then.today.has_bought), candidate, config)
        if found is not None:
            parts = found
            known = {months: came.take(buyers) for months, came in then.outcomes.items()}
            levels = earlier_levels(then.panel.take(buyers), known, then.day, config, [candidate])[
                candidate
            ]
    if is_enough(then.table, config):
        spread = known_spread(then.panel, then.outcomes, then.table, then.day, config)
        parts = Parts(parts.purchases, parts.spend, None, contracts.fit(then.table, curve, spread))
    bought = candidate if parts.purchases is not None else None
    widths = learn_widths(then, None, bought, levels, config)
    has_basis = np.asarray([basis is not None for basis in widths.basis(ago.panel)], dtype=np.bool_)
    rows = (
        has_basis
        & ago.outcomes.is_complete
        & is_mature(ago.panel, config.min_tenure_days)
        & parts.can_value(ago.panel)
    )
    if not rows.any():
        return None
    own = ago.take(rows)
    possible = widths.possible(parts, config.interval_draws, config.seed, None)
    places = possible.places(own.panel, own.value)
    limits = widths.levels
    inside = np.where(own.panel.has_contract, is_inside(places, PLAIN), is_inside(places, limits))
    year = Possible(parts, YEAR, config.interval_draws, config.seed)
    inside &= reaches_the_year(year, levels, own.panel, own.value)
    expected = outlook(parts, own.panel, discount_rate=0.0).clv_36m
    groups = {
        EVERYBODY: np.ones(len(own.panel), dtype=np.bool_),
        BUYERS: ~own.panel.has_contract,
        OF_CONTRACTS: own.panel.has_contract,
    }
    evaluations = {
        name: evaluate_values(
            purchases=None,
            value=(own.value[group], expected[group]),
            is_inside=inside[group],
            config=config,
        )
        for name, group in groups.items()
        if group.any()
    }
    return LongJudgement(pd.Timestamp(then.day).date(), evaluations)
