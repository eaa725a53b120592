"""Training of the lifetime-value estimator, from frames to a verdict.

Belongs here: the order of the steps: judge on later months, choose, refit, describe.
Does not belong here: the steps themselves (the other modules of this folder).

1. The estimators of purchase counts are fitted on the histories of the last as-of date whose
   outcome is complete, and predict the months after it; so does the two-part regression.
2. The modified BG/NBD with Gamma-Gamma is taken, unless later months or the rules speak for
   another (`ml.clv.contest`).
3. The chosen one is fitted again on the histories of the latest as-of date, which needs no label;
   the two-part regression is fitted on the last complete outcomes.
4. Whatever makes its values doubtful becomes a check, and a failed check sets `has_warning`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.clv.checks import Judgement, value_checks
from ml.clv.config import ClvConfig
from ml.clv.contest import (
    NAIVE,
    TEST,
    Choice,
    Contest,
    choose_amounts,
    choose_counts,
    fit_spend,
    hold_contest,
    is_enough_to_fit,
    sample,
)
from ml.clv.counts import FITS, CountParameters, shape_values
from ml.clv.estimator import (
    OUTPUTS,
    PRIOR,
    TWO_PART,
    ClvEstimator,
    TierPrior,
    is_mature,
    outlook_matrix,
    score_clv,
)
from ml.clv.evaluation import naive_value, rank_correlation
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel, read_outcomes, read_values
from ml.clv.summary import DAYS_PER_WEEK
from ml.clv.two_part import TwoPartParameters
from ml.clv.value import HORIZON, discount_factors, outlook
from ml.gate import Check
from ml.training_rows import Training, training_of

__all__ = ["ClvConfig", "ClvEstimator", "ClvTraining", "score_clv", "train_clv"]

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Rows = list[dict[str, Any]]

ClvTraining = Training[ClvEstimator]
"""What a training of this kind yields."""


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
    if not is_enough_to_fit(latest, config):
        return _without_fit(latest, config)
    contest = hold_contest(panel, actual, config)
    counts = choose_counts(latest, contest, config)
    return _refit(sample(latest, config), counts, contest, config)


def _refit(
    latest: ValuePanel,
    counts: Choice,
    contest: Contest | None,
    config: ClvConfig,
) -> ClvTraining:
    """Fit what was chosen on the latest histories, and judge the fit."""
    purchases = FITS[counts.candidate](latest.summary())
    spend = fit_spend(latest)
    known = latest.has_amount
    correlation = rank_correlation(latest.repeats[known], latest.amount[known])
    choice = choose_amounts(counts, contest, correlation, config)
    two_part = contest.two_part if contest and choice.candidate == TWO_PART else None
    judgement = Judgement(
        correlation=correlation,
        purchases=purchases,
        spend=spend,
        is_two_part=two_part is not None,
        is_out_of_time=contest is not None and contest.slices.get(choice.candidate, TEST) == TEST,
        chosen=contest.evaluations[choice.candidate] if contest else None,
        naive=contest.evaluations[NAIVE] if contest else None,
    )
    checks = value_checks(judgement, config)
    mature = latest.take(is_mature(latest, config.min_tenure_days))
    source = mature if len(mature) else latest
    found = outlook(purchases, spend, source, discount_rate=config.discount_rate, two_part=two_part)
    estimator = _describe(
        latest,
        config,
        status="published",
        reason=choice.reason,
        candidate=choice.candidate,
        has_warning=not all(check.is_passed for check in checks),
        purchases=purchases,
        spend=spend,
        two_part=two_part,
        prior=_prior(source.tier, outlook_matrix(found)),
    )
    about = {
        "one_time_buyer_share": float((latest.repeats == 0).mean()),
        "frequency_value_spearman": correlation,
    }
    rows = _contest_rows(contest) + _fit_rows(counts.candidate, purchases, spend, about, latest)
    return training_of(estimator, rows, checks)


def _without_fit(latest: ValuePanel, config: ClvConfig) -> ClvTraining:
    """The naive value per tier, where there are too few customers to fit anything."""
    repeaters = int(latest.has_amount.sum())
    reason = (
        f"{len(latest)} customers with a purchase and {repeaters} with a repeat purchase; "
        f"fitting needs {config.min_customers} and {config.min_repeat_customers}"
    )
    monthly = naive_value(latest, months=1)
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
        two_part=None,
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
    two_part: TwoPartParameters | None,
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
        two_part=two_part,
        prior=prior,
        interval_draws=config.interval_draws,
        seed=config.seed,
    )


def _contest_rows(contest: Contest | None) -> Rows:
    if contest is None:
        return []
    return [
        {
            "candidate": name,
            "slice": contest.slices.get(name, TEST),
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
        **about,
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
