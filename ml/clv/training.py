"""Training of the lifetime-value estimator, from frames to a verdict.

Belongs here: the order of the steps: judge on later months, choose, refit, describe.
Does not belong here: the steps themselves (the other modules of this folder).

1. The three estimators of purchase counts are fitted on the histories of the last as-of date
   whose outcome is complete, and predict the months after it.
2. The modified BG/NBD is taken, unless another predicted the purchases clearly better (mean
   Poisson deviance): Pareto/NBD, or the plain BG/NBD where few customers bought only once.
3. The chosen one is fitted again on the histories of the latest as-of date; it needs no label.
4. Whatever makes its values doubtful becomes a check, and a failed check sets `has_warning`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv import gamma_gamma
from ml.clv.checks import Judgement, value_checks
from ml.clv.config import ClvConfig
from ml.clv.counts import BG, FITS, MBG, PARETO, CountParameters, expected_purchases, shape_values
from ml.clv.estimator import (
    OUTPUTS,
    PRIOR,
    ClvEstimator,
    TierPrior,
    is_mature,
    outlook_matrix,
    score_clv,
)
from ml.clv.evaluation import (
    ValueEvaluation,
    clearness,
    evaluate_values,
    naive_revenue,
    poisson_deviances,
    rank_correlation,
)
from ml.clv.futures import Futures, outcome_places
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel, read_outcomes, read_values
from ml.clv.summary import DAYS_PER_WEEK, WEEKS_PER_MONTH
from ml.clv.value import HORIZON, discount_factors, outlook
from ml.frames import customer_hash
from ml.gate import Check
from ml.training_rows import Training, training_of

__all__ = ["ClvConfig", "ClvEstimator", "ClvTraining", "score_clv", "train_clv"]

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Rows = list[dict[str, Any]]

NAIVE = "naive_spend"
_NAMES = {MBG: "the modified BG/NBD", BG: "the plain BG/NBD", PARETO: "Pareto/NBD"}


ClvTraining = Training[ClvEstimator]
"""What a training of this kind yields."""


@dataclass(frozen=True)
class _Contest:
    """What the later months said.

    Attributes:
        day: As-of date of the histories.
        evaluations: Candidate or baseline -> its measures.
        clearness: Candidate -> how much closer than the modified BG/NBD it came, in standard
            errors.
    """

    day: date
    evaluations: Mapping[str, ValueEvaluation]
    clearness: Mapping[str, float]


def train_clv(frame: pd.DataFrame, outcomes: pd.DataFrame, config: ClvConfig) -> ClvTraining:
    """Judge, choose and fit the lifetime-value estimator.

    Args:
        frame: `features.ftr_value`, one row per customer and as-of date, in any order.
        outcomes: `features.ftr_value_outcomes`, complete ones only; may have no rows.
        config: Settings. The same frames and settings give the same estimator.

    Returns:
        The estimator with the rows that describe it. With too few customers every customer
        gets the prior of the tier.

    Raises:
        FrameError: A frame lacks, repeats or leaves empty a column, or repeats a key.
        FitError: Purchase histories contradict themselves.
    """
    whole = read_values(frame)
    actual = read_outcomes(whole, outcomes, months=config.outcome_months)
    buyers = whole.has_bought
    panel = whole.take(buyers)
    actual = actual[0][buyers], actual[1][buyers]
    latest = panel.take(panel.date == panel.date.max()) if len(panel) else panel
    if not _is_enough(latest, config):
        return _without_fit(latest, config)
    contest = _contest(panel, actual, config)
    candidate, reason, one_time = _choose(latest, contest, config)
    return _refit(_sample(latest, config), candidate, reason, one_time, contest, config)


def _is_enough(panel: ValuePanel, config: ClvConfig) -> bool:
    return (
        len(panel) >= config.min_customers
        and int(panel.has_amount.sum()) >= config.min_repeat_customers
    )


def _sample(panel: ValuePanel, config: ClvConfig) -> ValuePanel:
    """At most so many customers, those of the lowest hash."""
    if len(panel) <= config.max_training_customers:
        return panel
    hashes = customer_hash(panel.key["customer_id"], seed=config.seed)
    return panel.take(hashes <= np.sort(hashes)[config.max_training_customers - 1])


def _contest(panel: ValuePanel, actual: tuple[Float, Float], config: ClvConfig) -> _Contest | None:
    """Fit on the last complete as-of date and compare with what came after it."""
    complete = ~np.isnan(actual[0])
    if not complete.any():
        return None
    day = panel.date[complete].max()
    at_day = panel.date == day
    past = panel.take(at_day)
    if not _is_enough(past, config):
        return None
    judged = complete[at_day] & is_mature(past, config.min_tenure_days)
    if not judged.any():
        return None
    purchases, revenue = actual[0][at_day][judged], actual[1][at_day][judged]
    learnt = _sample(past, config)
    spend = _fit_spend(learnt)
    rows = past.take(judged)
    weeks = np.full(len(rows), config.outcome_months * WEEKS_PER_MONTH)
    amount = gamma_gamma.expected_spend(spend, rows.amount_count, rows.amount) * rows.net_ratio
    histories = learnt.summary()
    evaluations, deviances = {}, {}
    for name, fit in FITS.items():
        fitted = fit(histories)
        count = expected_purchases(fitted, rows.repeats, rows.recency, rows.age, weeks)
        deviances[name] = poisson_deviances(purchases, count)
        futures = Futures(fitted, spend, float(weeks[0]), config.interval_draws, config.seed)
        evaluations[name] = evaluate_values(
            purchases=(purchases, count),
            revenue=(revenue, count * amount),
            places=outcome_places(futures, rows, revenue, seed=config.seed),
            config=config,
        )
    naive = naive_revenue(past, months=config.outcome_months)[judged]
    evaluations[NAIVE] = evaluate_values(purchases=None, revenue=(revenue, naive), config=config)
    gains = {name: clearness(deviances[MBG] - found) for name, found in deviances.items()}
    return _Contest(day.item(), evaluations, gains)


def _fit_spend(panel: ValuePanel) -> SpendParameters:
    known = panel.has_amount
    return gamma_gamma.fit(panel.repeats[known], panel.amount[known])


def _choose(
    latest: ValuePanel, contest: _Contest | None, config: ClvConfig
) -> tuple[str, str, float]:
    """The candidate, why, and the share of one-time buyers."""
    one_time = float((latest.repeats == 0).mean())
    rivals = [PARETO] if one_time > config.max_one_time_share else [PARETO, BG]
    about_plain = (
        ""
        if BG in rivals
        else f"; {100 * one_time:.0f} % bought only once, more than the "
        f"{100 * config.max_one_time_share:.0f} % up to which the plain BG/NBD, for which they "
        "are alive for ever, may be considered"
    )
    if contest is None:
        return MBG, f"no complete outcome to compare estimators on{about_plain}", one_time
    errors = {
        name: contest.evaluations[name].measures["purchases_deviance"] for name in (MBG, *rivals)
    }
    best = min(rivals, key=lambda name: errors[name])
    found = ", ".join(f"{error:.4f} with {_NAMES[name]}" for name, error in errors.items())
    reason = (
        f"mean Poisson deviance of later purchases {found}; another than the modified one must be "
        f"{100 * config.min_improvement:g} % and {config.min_clearness:g} standard errors better"
        f"{about_plain}"
    )
    is_better = (
        errors[best] < errors[MBG] * (1 - config.min_improvement)
        and contest.clearness[best] > config.min_clearness
    )
    return (best if is_better else MBG), reason, one_time


def _refit(
    latest: ValuePanel,
    candidate: str,
    reason: str,
    one_time: float,
    contest: _Contest | None,
    config: ClvConfig,
) -> ClvTraining:
    """Fit the chosen candidate on the latest histories, and judge the fit."""
    purchases = FITS[candidate](latest.summary())
    spend = _fit_spend(latest)
    known = latest.has_amount
    correlation = rank_correlation(latest.repeats[known], latest.amount[known])
    judgement = Judgement(
        correlation=correlation,
        purchases=purchases,
        spend=spend,
        chosen=contest.evaluations[candidate] if contest else None,
        naive=contest.evaluations[NAIVE] if contest else None,
    )
    checks = value_checks(judgement, config)
    mature = latest.take(is_mature(latest, config.min_tenure_days))
    source = mature if len(mature) else latest
    found = outlook(purchases, spend, source, discount_rate=config.discount_rate)
    estimator = _describe(
        latest,
        config,
        status="published",
        reason=reason,
        candidate=candidate,
        has_warning=not all(check.is_passed for check in checks),
        purchases=purchases,
        spend=spend,
        prior=_prior(source.tier, outlook_matrix(found)),
    )
    rows = _contest_rows(contest) + _fit_rows(
        candidate, purchases, spend, {"one_time_share": one_time, "spearman": correlation}, latest
    )
    return training_of(estimator, rows, checks)


def _without_fit(latest: ValuePanel, config: ClvConfig) -> ClvTraining:
    """The naive value per tier, where there are too few customers to fit anything."""
    repeaters = int(latest.has_amount.sum())
    reason = (
        f"{len(latest)} customers with a purchase and {repeaters} with a repeat purchase; "
        f"fitting needs {config.min_customers} and {config.min_repeat_customers}"
    )
    monthly = naive_revenue(latest, months=1)
    factors = discount_factors(HORIZON, config.discount_rate)
    unknown = np.full(len(latest), np.nan)
    values = np.column_stack(
        [
            unknown,
            unknown,
            unknown,
            monthly * factors[:12].sum(),
            monthly * factors.sum(),
            unknown,
        ]
    )
    check = Check(
        "warning_customers_to_fit",
        float(len(latest)),
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
        purchases=None,
        spend=None,
        prior=_prior(latest.tier, values),
    )
    return training_of(estimator, [], [check])


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
    purchases: CountParameters | None,
    spend: SpendParameters | None,
    prior: TierPrior,
) -> ClvEstimator:
    last = latest.date.max().item() if len(latest) else None
    longest = timedelta(days=round(float(latest.age.max()) * DAYS_PER_WEEK)) if last else None
    return ClvEstimator(
        status=status,
        reason=reason,
        candidate=candidate,
        has_warning=has_warning,
        trained_from=last - longest if last and longest is not None else None,
        trained_to=last,
        labels_to=last,
        row_count=len(latest),
        customer_count=len(latest),
        positive_count=int((latest.repeats > 0).sum()),
        discount_rate=config.discount_rate,
        min_tenure_days=config.min_tenure_days,
        purchases=purchases,
        spend=spend,
        prior=prior,
        interval_draws=config.interval_draws,
        seed=config.seed,
    )


def _contest_rows(contest: _Contest | None) -> Rows:
    if contest is None:
        return []
    return [
        {
            "candidate": name,
            "slice": "test",
            "metric": metric,
            "value": value,
            "value_low": found.intervals.get(metric, (None, None))[0],
            "value_high": found.intervals.get(metric, (None, None))[1],
            "n": found.customers,
            "as_of_date": contest.day,
        }
        for name, found in contest.evaluations.items()
        for metric, value in found.measures.items()
    ]


def _fit_rows(
    candidate: str,
    purchases: CountParameters,
    spend: SpendParameters,
    about: Mapping[str, float],
    latest: ValuePanel,
) -> Rows:
    values = {
        "one_time_buyer_share": about["one_time_share"],
        "frequency_value_spearman": about["spearman"],
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
            "n": len(latest),
            "as_of_date": latest.date.max().item(),
        }
        for metric, value in values.items()
    ]
