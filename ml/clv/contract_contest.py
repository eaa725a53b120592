"""Which curve of survival contracts get, by what later months said, and how good it was.

Belongs here: fitting the curves on a past as-of date and measuring them on the months after.
Does not belong here: the curves (`ml.clv.contract`), purchases (`ml.clv.contest`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.clv.config import ClvConfig
from ml.clv.contest import NAIVE, Foreseen, Slice, origins
from ml.clv.contract import (
    CURVES,
    LIFE_TABLE,
    SHIFTED_BETA_GEOMETRIC,
    ContractParameters,
    LifeTable,
    expect,
    fit,
    log_loss,
    spread_of,
)
from ml.clv.estimator import CONTRACT, is_mature
from ml.clv.evaluation import ValueEvaluation, evaluate_values, naive_value
from ml.clv.panel import Outcomes, ValuePanel
from ml.clv.possible import PLAIN, Parts, Possible, is_inside
from ml.clv.value import HORIZON, discount_factors

Float = npt.NDArray[np.float64]

_NAMES: Final = {LIFE_TABLE: "the life table", SHIFTED_BETA_GEOMETRIC: "shifted beta-geometric"}


@dataclass(frozen=True)
class ContractContest:
    """What the later months said of contracts.

    Attributes:
        day: As-of date that they follow.
        losses: Curve -> mean loss of foretelling who leaves, per customer-month after the day.
        curve: The one taken.
        judged: Customers with a contract that is, or was, paid for, and no purchase beside it.
        foreseen: What was said of them.
        evaluations: `contract_survival` and the naive baseline -> measures, of them.
    """

    day: date
    losses: Mapping[str, float]
    curve: str
    judged: Slice
    foreseen: Foreseen
    evaluations: Mapping[str, ValueEvaluation]

    @property
    def reason(self) -> str:
        """Why this curve, and how it stands against the baseline."""
        losses = ", ".join(f"{self.losses[name]:.4f} with {_NAMES[name]}" for name in CURVES)
        own, naive = (self.evaluations[name].measures["value_mae"] for name in (CONTRACT, NAIVE))
        return (
            f"contracts: {_NAMES[self.curve]}, loss per customer-month later {losses}; "
            f"mean error {own:.2f} against {naive:.2f} of carrying forward"
        )


def is_enough(table: LifeTable, config: ClvConfig) -> bool:
    """Whether there are customer-months enough under contract."""
    return table.exposure >= config.min_contract_months


def known_spread(
    panel: ValuePanel,
    outcomes: Mapping[int, Outcomes],
    table: LifeTable,
    until: np.datetime64,
    config: ClvConfig,
) -> Float | None:
    """How far outcomes known by `until` were from what was expected of who stayed."""
    for day, months in origins(panel.date, until, config):
        rows = panel.date == day
        past = Slice(panel.take(rows), outcomes[months].take(rows))
        found = spread_at(past, table, months=months, config=config)
        if found is not None:
            return found
    return None


def spread_at(past: Slice, table: LifeTable, *, months: int, config: ClvConfig) -> Float | None:
    """How far outcomes were from what was expected of who stayed, at one as-of date.

    Args:
        past: Customers at one as-of date with what came in so many months.
        table: The life table; what is later than the date is not used.
        months: Months of outcome.
        config: Settings.

    Returns:
        Quantiles as `spread_of` gives them; None with too little to learn from.
    """
    if not len(past.panel):
        return None
    before = table.take(table.date <= past.panel.date[0])
    if not is_enough(before, config):
        return None
    stayed = (
        past.panel.is_in_force
        & is_mature(past.panel, config.min_tenure_days)
        & (past.outcomes.paid_months == months)
    )
    return spread_of(
        fit(before, LIFE_TABLE),
        past.panel.take(stayed),
        past.value[stayed],
        months=months,
        least=config.min_repeat_customers,
    )


def hold_contract_contest(
    panel: ValuePanel,
    outcomes: Mapping[int, Outcomes],
    table: LifeTable,
    config: ClvConfig,
) -> ContractContest | None:
    """Fit on the last complete as-of date and compare with what came after it.

    Returns:
        None where no outcome is complete, or there are too few contracts.
    """
    actual = outcomes[config.outcome_months]
    if not actual.is_complete.any():
        return None
    day = panel.date[actual.is_complete].max()
    before, after = table.take(table.date <= day), table.take(table.date > day)
    rows = (panel.date == day) & panel.has_contract & ~panel.has_bought & actual.is_complete
    judged_rows = rows & is_mature(panel, config.min_tenure_days)
    if not is_enough(before, config) or judged_rows.sum() < config.min_repeat_customers:
        return None
    losses = {curve: log_loss(fit(before, curve), after) for curve in CURVES}
    curve = choose_curve(losses, config)
    fitted = fit(before, curve, known_spread(panel, outcomes, table, day, config))
    judged = Slice(panel.take(judged_rows), actual.take(judged_rows))
    foreseen = _foresee(fitted, judged, config)
    past = panel.take(rows)
    naive = naive_value(past, months=config.outcome_months)[judged_rows[rows]]
    evaluations = {
        CONTRACT: evaluate_values(
            purchases=None,
            value=(judged.value, foreseen.expected),
            is_inside=is_inside(foreseen.places, PLAIN),
            config=config,
        ),
        NAIVE: evaluate_values(purchases=None, value=(judged.value, naive), config=config),
    }
    return ContractContest(day.item(), losses, curve, judged, foreseen, evaluations)


def choose_curve(losses: Mapping[str, float], config: ClvConfig) -> str:
    """The life table, unless the other curve foretold later months clearly better."""
    rival = losses[SHIFTED_BETA_GEOMETRIC] < losses[LIFE_TABLE] * (1 - config.min_improvement)
    return SHIFTED_BETA_GEOMETRIC if rival else LIFE_TABLE


def _foresee(fitted: ContractParameters, judged: Slice, config: ClvConfig) -> Foreseen:
    factors = discount_factors(HORIZON, config.discount_rate)
    stays = expect(fitted, judged.panel, factors, months=config.outcome_months)
    possible = Possible(
        Parts(contract=fitted), config.outcome_months, config.interval_draws, config.seed
    )
    places = possible.places(judged.panel, judged.value)
    return Foreseen(stays.months * judged.panel.recurring_value, places)
