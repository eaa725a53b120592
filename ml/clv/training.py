"""Training of the lifetime-value estimator, from frames to a verdict.

Belongs here: the order of the steps: judge on later months, choose, refit, describe.
Does not belong here: the steps themselves (the other modules of this folder).

1. The estimators of purchase counts are fitted on the histories of the last as-of date whose
   outcome is complete, and predict the months after it; so do the two-part regression and the
   survival of contracts.
2. The modified BG/NBD with Gamma-Gamma is taken, unless later months or the rules speak for
   another (`ml.clv.contest`); the curve of contracts is chosen likewise
   (`ml.clv.contract_contest`).
3. The chosen ones are fitted again on what is known at the latest as-of date, which needs no label;
   the two-part regression is fitted on the last complete outcomes. Intervals are calibrated on
   outcomes that are complete by then; how wide those of 36 months are, `ml.clv.long_contest` says.
4. All customers together are judged against carrying forward what they brought.
5. Whatever makes its values doubtful becomes a check, and a failed check sets `has_warning`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv import contract as contracts
from ml.clv.checks import Judgement, value_checks
from ml.clv.config import ClvConfig
from ml.clv.contest import (
    NAIVE,
    TEST,
    Contest,
    Foreseen,
    Slice,
    choose_amounts,
    choose_counts,
    earlier_levels,
    fit_spend,
    hold_contest,
    is_enough_to_fit,
    sample,
)
from ml.clv.contract import LifeTable, read_changes
from ml.clv.contract_contest import (
    ContractContest,
    hold_contract_contest,
    is_enough,
    known_spread,
)
from ml.clv.counts import FITS, CountParameters, shape_values
from ml.clv.estimator import (
    CONTRACT,
    OUTPUTS,
    PRIOR,
    TWO_PART,
    ClvEstimator,
    TierPrior,
    is_mature,
    outlook_matrix,
    score_clv,
)
from ml.clv.evaluation import ValueEvaluation, evaluate_values, naive_value, rank_correlation
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.long_contest import (
    LongJudgement,
    Past,
    judge_three_years,
    learn_widths,
    three_years_ago,
)
from ml.clv.panel import Outcomes, ValuePanel, read_outcomes, read_values
from ml.clv.possible import PLAIN, Levels, Parts, is_inside
from ml.clv.summary import DAYS_PER_WEEK
from ml.clv.three_years import JUDGED, ThreeYears
from ml.clv.value import HORIZON, discount_factors, outlook
from ml.gate import Check
from ml.training_rows import Training, training_of

__all__ = ["ClvConfig", "ClvEstimator", "ClvTraining", "score_clv", "train_clv"]

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Rows = list[dict[str, Any]]

ClvTraining = Training[ClvEstimator]
"""What a training of this kind yields."""


TAKEN: Final = "taken"
"""Candidate of the metrics of all customers together, each by the part taken for him."""
ALL_CUSTOMERS: Final = "all_customers"
CONTRACTS: Final = "contracts"


@dataclass(frozen=True)
class _Fitted:
    """What is fitted on the latest facts, with what says how good it is."""

    parts: Parts
    levels: Levels
    three_years: ThreeYears
    candidate: str
    reason: str
    is_out_of_time: bool
    correlation: float | None
    contest: Contest | None
    contracts: ContractContest | None
    long_judged: LongJudgement | None
    rows: Rows


def train_clv(
    frame: pd.DataFrame,
    outcomes: pd.DataFrame,
    config: ClvConfig,
    changes: pd.DataFrame | None = None,
) -> ClvTraining:
    """Judge, choose and fit the lifetime-value estimator.

    Args:
        frame: `features.ftr_value`, one row per customer and as-of date, in any order.
        outcomes: `features.ftr_value_outcomes`, complete ones only; may have no rows.
        config: Settings. The same frames and settings give the same estimator.
        changes: `features.ftr_contract_changes`; without, contracts get the prior of the tier.

    Returns:
        The estimator with the rows that describe it. Where there are too few customers or
        contracts to fit, they get the prior of the tier.

    Raises:
        FrameError: A frame lacks, repeats or leaves empty a column, or repeats a key.
        FitError: Purchase histories contradict themselves.
    """
    whole = read_values(frame)
    table = read_changes(changes)
    actual = {
        months: read_outcomes(whole, outcomes, months=months)
        for months in {config.outcome_months, config.calibration_months}
    }
    known = whole.is_known
    panel = whole.take(known)
    actual = {months: found.take(known) for months, found in actual.items()}
    latest = panel.take(panel.date == panel.date.max()) if len(panel) else panel
    ago = three_years_ago(panel, outcomes)
    fitted = _fit(panel, actual, latest, table, ago, config)
    if fitted is None:
        return _without_fit(latest, config)
    return _judged(panel, latest, fitted, config)


def _fit(
    panel: ValuePanel,
    actual: Mapping[int, Outcomes],
    latest: ValuePanel,
    table: LifeTable,
    ago: Slice | None,
    config: ClvConfig,
) -> _Fitted | None:
    """Each part on its own rows; None where there is enough of neither."""
    contest = None
    contract_contest = hold_contract_contest(panel, actual, table, config)
    buyers = latest.take(latest.has_bought)
    parts, levels, candidate, reasons, correlation = Parts(), PLAIN, CONTRACT, [], None
    is_out_of_time, rows, counted = True, Rows(), None
    if is_enough_to_fit(buyers, config):
        bought = panel.has_bought
        purchases = {months: found.take(bought) for months, found in actual.items()}
        contest = hold_contest(panel.take(bought), purchases, config)
        counts = choose_counts(buyers, contest, config)
        learnt = sample(buyers, config)
        fit, spend = FITS[counts.candidate](learnt.summary()), fit_spend(learnt)
        amounts = learnt.has_amount
        correlation = rank_correlation(learnt.repeats[amounts], learnt.amount[amounts])
        choice = choose_amounts(counts, contest, correlation, config)
        two_part = contest.two_part if contest and choice.candidate == TWO_PART else None
        parts = Parts(fit, spend, two_part)
        name = counts.candidate
        until = latest.date.max()
        levels = earlier_levels(panel.take(bought), purchases, until, config, [name])[name]
        candidate, reasons = choice.candidate, [choice.reason]
        # Of the two-part regression no law leads beyond the year it learnt from.
        counted = None if two_part else name
        is_out_of_time = contest is not None and contest.slices.get(candidate, TEST) == TEST
        rows = _fit_rows(counts.candidate, fit, spend, learnt, correlation, levels)
    if is_enough(table, config):
        parts, described = _with_contracts(parts, panel, actual, table, contract_contest, config)
        rows += described
        reasons += (
            [contract_contest.reason]
            if contract_contest
            else ["contracts: no complete outcome to compare curves on"]
        )
    if parts.purchases is None and parts.contract is None:
        return None
    past = Past(panel, actual, table, latest.date.max())
    widths = learn_widths(past, ago, counted, levels, config)
    curve = contract_contest.curve if contract_contest else contracts.LIFE_TABLE
    return _Fitted(
        parts=parts,
        levels=levels,
        three_years=widths,
        candidate=candidate,
        reason="; ".join(reasons),
        is_out_of_time=is_out_of_time,
        correlation=correlation,
        contest=contest,
        contracts=contract_contest,
        long_judged=judge_three_years(past, ago, counted, curve, config) if ago else None,
        rows=[*rows, *_width_rows(widths, latest)],
    )


def _with_contracts(
    parts: Parts,
    panel: ValuePanel,
    actual: Mapping[int, Outcomes],
    table: LifeTable,
    contest: ContractContest | None,
    config: ClvConfig,
) -> tuple[Parts, Rows]:
    """The parts with contracts, fitted on the whole life table, and rows that describe them."""
    curve = contest.curve if contest else contracts.LIFE_TABLE
    until = panel.date.max()
    spread = known_spread(panel, actual, table, until, config)
    fitted = contracts.fit(table.take(table.date <= until), curve, spread)
    about: dict[str, float] = {
        "contract_customer_months": fitted.exposure,
        "contract_retention_12m": float(np.prod(1 - fitted.leaving[:12])),
        "contract_growth_12m": float(fitted.tier_growth[-1] ** 12 - 1),
        **{
            f"contract_loss_{name}": loss
            for name, loss in (contest.losses if contest else {}).items()
        },
    }
    rows = [
        {
            "candidate": CONTRACT,
            "slice": "all",
            "metric": metric,
            "value": value,
            "n": int(fitted.exposure),
            "as_of_date": until.item(),
        }
        for metric, value in about.items()
    ]
    return Parts(parts.purchases, parts.spend, parts.two_part, fitted), rows


def _judged(
    panel: ValuePanel,
    latest: ValuePanel,
    fitted: _Fitted,
    config: ClvConfig,
) -> ClvTraining:
    """Judge the whole, and describe it."""
    everybody = _everybody(panel, fitted, config)
    judgement = Judgement(
        correlation=fitted.correlation,
        purchases=fitted.parts.purchases,
        spend=fitted.parts.spend,
        is_two_part=fitted.parts.two_part is not None,
        is_out_of_time=fitted.is_out_of_time and everybody is not None,
        chosen=everybody[TAKEN] if everybody else None,
        naive=everybody[NAIVE] if everybody else None,
    )
    checks = value_checks(judgement, config)
    own = is_mature(latest, config.min_tenure_days) & fitted.parts.can_value(latest)
    source = latest.take(own) if own.any() else latest.take(fitted.parts.can_value(latest))
    found = outlook(fitted.parts, source, discount_rate=config.discount_rate)
    estimator = _describe(
        latest,
        config,
        status="published",
        reason=_verdict(everybody) + fitted.reason,
        candidate=fitted.candidate,
        has_warning=not all(check.is_passed for check in checks),
        parts=fitted.parts,
        levels=fitted.levels,
        three_years=fitted.three_years,
        prior=_prior(source.group, outlook_matrix(found)),
    )
    return training_of(estimator, [*_contest_rows(fitted, everybody), *fitted.rows], checks)


def _verdict(everybody: Mapping[str, ValueEvaluation] | None) -> str:
    if everybody is None:
        return ""
    own, naive = (everybody[name].measures["value_mae"] for name in (TAKEN, NAIVE))
    word = "smaller than" if own < naive else "not smaller than"
    return (
        f"mean error of all customers {own:.2f}, {word} the {naive:.2f} of carrying forward what "
        "they brought; "
    )


def _everybody(
    panel: ValuePanel, fitted: _Fitted, config: ClvConfig
) -> dict[str, ValueEvaluation] | None:
    """Buyers and contracts together, each by the part taken, and the naive baseline."""
    told: list[tuple[Slice, Foreseen]] = []
    days: list[date] = []
    if fitted.contest is not None:
        told.append((fitted.contest.judged, fitted.contest.foreseen[fitted.candidate]))
        days.append(fitted.contest.day)
    if fitted.contracts is not None:
        told.append((fitted.contracts.judged, fitted.contracts.foreseen))
        days.append(fitted.contracts.day)
    if not days or min(days) < max(days):
        return None
    day = days[0]
    past = panel.take(panel.date == np.datetime64(day))
    baseline = past.key[["customer_id"]].assign(
        naive=naive_value(past, months=config.outcome_months)
    )
    key = pd.concat([judged.panel.key[["customer_id"]] for judged, _ in told])
    naive = key.merge(baseline, on="customer_id", validate="one_to_one")["naive"].to_numpy(float)
    value = np.concatenate([judged.value for judged, _ in told])
    expected = np.concatenate([found.expected for _, found in told])
    inside = np.concatenate([is_inside(found.places, found.levels) for _, found in told])
    return {
        TAKEN: evaluate_values(
            purchases=None, value=(value, expected), is_inside=inside, config=config
        ),
        NAIVE: evaluate_values(purchases=None, value=(value, naive), config=config),
    }


def _without_fit(latest: ValuePanel, config: ClvConfig) -> ClvTraining:
    """The naive value per tier, where there are too few customers to fit anything."""
    repeaters = int(latest.has_amount.sum())
    reason = (
        f"{int(latest.has_bought.sum())} customers with a purchase and {repeaters} with a repeat "
        f"purchase; fitting needs {config.min_customers} and {config.min_repeat_customers}, or "
        f"{config.min_contract_months} customer-months under contract"
    )
    check = Check(
        "warning_customers_to_fit",
        float(latest.has_bought.sum()),
        f">= {config.min_customers}, {config.min_repeat_customers} of them repeat",
        False,
        "Too few customers to learn how they buy: all get the mean of their tier.",
    )
    estimator = _describe(
        latest,
        config,
        status="base_rate",
        reason=reason,
        candidate=PRIOR,
        has_warning=True,
        parts=Parts(),
        levels=PLAIN,
        three_years=ThreeYears(),
        prior=_prior(latest.group, _naive_matrix(latest, config)),
    )
    return training_of(estimator, [], [check])


def _naive_matrix(panel: ValuePanel, config: ClvConfig) -> Float:
    """Carrying forward as columns in the order of `OUTPUTS`."""
    monthly = naive_value(panel, months=1)
    factors = discount_factors(HORIZON, config.discount_rate)
    known = {"clv_12m": monthly * factors[:12].sum(), "clv_36m": monthly * factors.sum()}
    unknown = np.full(len(panel), np.nan)
    return np.column_stack([known.get(name, unknown) for name in OUTPUTS])


def _prior(tier: npt.NDArray[np.object_], values: Float) -> TierPrior:
    names = tier.astype(str)
    tiers = tuple(str(name) for name in np.unique(names))
    means = [values[names == name].mean(axis=0) for name in tiers]
    overall = values.mean(axis=0) if len(values) else np.full(len(OUTPUTS), np.nan)
    return TierPrior(tiers, np.array(means).reshape(-1, len(OUTPUTS)), overall)


def _describe(
    latest: ValuePanel,
    config: ClvConfig,
    *,
    status: str,
    reason: str,
    candidate: str,
    has_warning: bool,
    parts: Parts,
    levels: Levels,
    three_years: ThreeYears,
    prior: TierPrior,
) -> ClvEstimator:
    buyers = sample(latest.take(~latest.has_contract), config)
    count = len(buyers) + int(latest.has_contract.sum())
    last = latest.date.max().item() if len(latest) else None
    longest = timedelta(days=round(float(latest.tenure.max()) * DAYS_PER_WEEK)) if last else None
    return ClvEstimator(
        status=status,
        reason=reason,
        candidate=candidate,
        has_warning=has_warning,
        trained_from=last - longest if last and longest is not None else None,
        trained_to=last,
        labels_to=last,
        row_count=count,
        customer_count=count,
        positive_count=int((buyers.repeats > 0).sum() + latest.is_in_force.sum()),
        discount_rate=config.discount_rate,
        min_tenure_days=config.min_tenure_days,
        purchases=parts.purchases,
        spend=parts.spend,
        two_part=parts.two_part,
        contract=parts.contract,
        levels=levels,
        three_years=three_years,
        prior=prior,
        interval_draws=config.interval_draws,
        seed=config.seed,
    )


def _contest_rows(fitted: _Fitted, everybody: Mapping[str, ValueEvaluation] | None) -> Rows:
    """Measures of buyers by candidate, of contracts, and of all; each next to the baseline.

    Those of 36 months are in slices of their own, as of the day that they follow.
    """
    found: list[tuple[str, str, ValueEvaluation]] = []
    contest, rival = fitted.contest, fitted.contracts
    if contest is not None:
        found += [
            (name, contest.slices.get(name, TEST), one) for name, one in contest.evaluations.items()
        ]
    if rival is not None:
        found += [(name, CONTRACTS, one) for name, one in rival.evaluations.items()]
    if everybody is not None:
        found += [(name, ALL_CUSTOMERS, one) for name, one in everybody.items()]
    day = next((held.day for held in (contest, rival) if held is not None), None)
    told = [(*each, day) for each in found]
    if fitted.long_judged is not None:
        of_long = fitted.long_judged
        told += [(TAKEN, part, one, of_long.day) for part, one in of_long.evaluations.items()]
    return [
        {
            "candidate": name,
            "slice": part,
            "metric": metric,
            "value": value,
            "value_low": one.intervals.get(metric, (None, None))[0],
            "value_high": one.intervals.get(metric, (None, None))[1],
            "n": one.customers,
            "as_of_date": day,
        }
        for name, part, one, day in told
        for metric, value in one.measures.items()
    ]


def _width_rows(widths: ThreeYears, latest: ValuePanel) -> Rows:
    """What intervals of 36 months rest on; `interval_36m_is_judged` is 1 where on 36 months."""
    found: dict[str, dict[str, float]] = {}
    bought, stays = widths.purchases, widths.contracts
    if bought is not None:
        found["purchases"] = {
            "interval_36m_is_judged": float(bought.basis == JUDGED),
            "interval_36m_drift": bought.drift,
            "interval_36m_from_place": bought.levels[0],
            "interval_36m_to_place": bought.levels[1],
        }
    if stays is not None:
        found[CONTRACTS] = {
            "interval_36m_is_judged": float(stays.basis == JUDGED),
            "interval_36m_drift": stays.drift,
        }
    return [
        {
            "candidate": TAKEN,
            "slice": part,
            "metric": metric,
            "value": value,
            "n": len(latest),
            "as_of_date": latest.date.max().item(),
        }
        for part, values in found.items()
        for metric, value in values.items()
    ]


def _fit_rows(
    candidate: str,
    purchases: CountParameters,
    spend: SpendParameters,
    learnt: ValuePanel,
    correlation: float,
    levels: Levels,
) -> Rows:
    values = {
        "one_time_buyer_share": float((learnt.repeats == 0).mean()),
        "frequency_value_spearman": correlation,
        "interval_from_place": levels[0],
        "interval_to_place": levels[1],
        "purchase_log_likelihood": purchases.log_likelihood,
        **{f"purchase_{name}": value for name, value in shape_values(purchases).items()},
        "spend_log_likelihood": spend.log_likelihood,
        "spend_p": spend.p,
        "spend_q": spend.q,
        "spend_v": spend.v,
        "spend_population_mean": spend.population_mean,
    }
    return [
        {
            "candidate": candidate,
            "slice": "all",
            "metric": metric,
            "value": value,
            "n": len(learnt),
            "as_of_date": learnt.date.max().item(),
        }
        for metric, value in values.items()
    ]
