"""Training of the upsell estimator, from a frame to a verdict.

Belongs here: the order of the steps; what is trained twice as churn is, and what is added.
Does not belong here: the steps themselves (`ml.churn`, the other modules of this folder).

1. The chance of buying more is trained as churn is: origins back in time with an embargo, two
   estimators in competition, calibration, the gate.
2. The amount is learnt from who bought more in the training slice of the newest origin. The
   regression or the mean of the tier: the one with the smaller error on customers of that slice
   that it has not seen.
3. Chance times amount is judged on the newest test slice, of each customer by fits that have not
   seen the customer, subscribers and others apart, beside the kind's share of the tier times its
   mean of the tier.
4. If the chance passes, and chance times amount for at least one kind, both are fitted again on all
   rows with a complete label. Of a kind that failed, and of all if the chance failed, the simple
   rule and the mean of the tier speak instead, and say so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from ml.churn.baseline import TIER, fit_rates
from ml.churn.candidates import customer_groups
from ml.churn.estimator import NOT_PUBLISHED, PUBLISHED
from ml.churn.evaluation import metric_row, slice_rows
from ml.churn.splits import Split, plan_splits
from ml.churn.training import (
    Rows,
    Verdict,
    cold_start,
    describe,
    judge,
    refit,
    usable_origins,
)
from ml.frames import sample_customers
from ml.gate import Check, is_publishable, refusal_reason
from ml.grade import Grade
from ml.metrics import auc
from ml.training_rows import Training, training_of
from ml.upsell.amount import (
    AMOUNTS,
    KINDS,
    REGRESSION,
    TIER_MEAN,
    AmountModel,
    fit_amount,
    fit_amount_by_group,
)
from ml.upsell.checks import UPSELL_WORDS, KindVerdict, kind_checks, kinds_check
from ml.upsell.config import UpsellConfig
from ml.upsell.estimator import StandIn, UpsellEstimator, score_upsell
from ml.upsell.evaluation import amount_rows, evaluate_amount
from ml.upsell.panel import KIND_NAMES, UpsellPanel, read_upsell

__all__ = ["UpsellConfig", "UpsellEstimator", "UpsellTraining", "score_upsell", "train_upsell"]

SCORE: Final = "expand_probability"

UpsellTraining = Training[UpsellEstimator]
"""What a training of this kind yields."""


def train_upsell(frame: pd.DataFrame, config: UpsellConfig) -> UpsellTraining:
    """Train, judge and refit the upsell estimator.

    Args:
        frame: `features.ftr_churn` joined with `features.ftr_upsell` and its labels, eligible
            rows with a complete label only; one row per customer and as-of date, in any order.
        config: Settings. The same frame and settings give the same estimator to the last bit.

    Returns:
        The estimator with the rows that describe it. With too little to learn from it is a
        smoothed base rate times the mean of the tier.

    Raises:
        FrameError: The frame lacks, repeats or leaves empty a column, or repeats a key.
    """
    given = config.chance
    sampled = sample_customers(frame, max_rows=given.max_training_rows, seed=given.seed)
    panel = read_upsell(sampled, seed=given.seed, is_labelled=True, name="upsell training frame")
    months = [int(month) for month in panel.chance.month]
    origins = usable_origins(panel.chance, plan_splits(months, given), given)
    if not origins:
        chance, rows, checks = cold_start(panel.chance, given, UPSELL_WORDS, SCORE)
        amount = fit_amount(TIER_MEAN, panel, config)
        return _training(UpsellEstimator(chance, amount), rows, checks, Grade("F", chance.reason))
    verdict = judge(panel.chance, origins, given, UPSELL_WORDS)
    chosen, kinds, rows = _judge_amount(panel, origins[0], verdict, config)
    checks = [*verdict.checks, kinds_check(kinds)]
    is_published = is_publishable(checks)
    chance = describe(
        panel.chance,
        given,
        status=PUBLISHED if is_published else NOT_PUBLISHED,
        reason=_remark(kinds)
        if is_published
        else f"{refusal_reason(checks)}; the rule {verdict.rule} and the mean of the tier speak "
        "instead",
        candidate=verdict.candidate,
        fitted=refit(verdict.candidate, panel.chance, origins[0], given) if is_published else None,
        rates=fit_rates(verdict.rule, panel.chance, given),
        score=SCORE,
    )
    amount = fit_amount(
        chosen if is_published else TIER_MEAN, _as_judged(panel, origins[0]), config
    )
    stand_ins = _stand_ins(verdict.rule, panel, kinds, config) if is_published else ()
    rows = [*verdict.metrics, *rows, *slice_rows(verdict.candidate, "all", panel.chance)]
    checks += [check for kind in kinds for check in kind.as_warnings]
    grade = _graded(verdict.grade, kinds) if is_published else Grade("F", chance.reason)
    return _training(UpsellEstimator(chance, amount, stand_ins), rows, checks, grade)


def _remark(kinds: Sequence[KindVerdict]) -> str:
    """Of which kind of customer the estimator may not speak, and why; empty where of all."""
    refused = [f"{KIND_NAMES[kind.kind]}: {kind.reason}" for kind in kinds if not kind.is_passed]
    if not refused:
        return ""
    return f"the rule and the mean of the tier speak of one kind of customer ({'; '.join(refused)})"


def _graded(grade: Grade, kinds: Sequence[KindVerdict]) -> Grade:
    """No better than C where the estimator may not speak of one kind of customer."""
    remark = _remark(kinds)
    return Grade("C", f"At most C: {remark}.") if remark else grade


def _stand_ins(
    rule: str, panel: UpsellPanel, kinds: Sequence[KindVerdict], config: UpsellConfig
) -> tuple[StandIn, ...]:
    """The rule and the mean of the tier for each kind that did not pass, or was never seen."""
    verdicts = {verdict.kind: verdict for verdict in kinds}
    found = []
    for kind in KINDS:
        verdict = verdicts.get(kind)
        if verdict is not None and verdict.is_passed:
            continue
        own = panel.take(panel.kind == kind)
        taught = own if len(own) else panel
        found.append(
            StandIn(
                kind,
                verdict.reason if verdict else "no customers of this kind could be judged",
                fit_rates(rule, taught.chance, config.chance),
                fit_amount(TIER_MEAN, taught, config),
            )
        )
    return tuple(found)


def _training(
    estimator: UpsellEstimator, rows: Rows, checks: list[Check], grade: Grade
) -> UpsellTraining:
    """Leave out what an offer to stay would bring: no such offer is made here."""
    kept = [row for row in rows if not str(row["metric"]).startswith(("empc", "empb"))]
    return training_of(estimator, kept, checks, grade=grade)


def _as_judged(panel: UpsellPanel, origin: Split) -> UpsellPanel:
    """Leave out features that were left out of the training slice: they were not judged."""
    seen = panel.months(origin.train).chance.is_measured()
    features = np.where(seen, panel.chance.features, np.nan)
    return replace(panel, chance=replace(panel.chance, features=features))


def _judge_amount(
    panel: UpsellPanel, origin: Split, verdict: Verdict, config: UpsellConfig
) -> tuple[str, list[KindVerdict], Rows]:
    """Choose the way of saying the amount, and judge chance times amount on the test slice.

    Both are of fits that have not seen the customer; the tier's are of all customers (see
    `ml.churn.training`).

    Returns:
        (name of the chosen way, what the gate says of each kind of customer, rows of metrics).
    """
    learnt = panel.months((*origin.train, *origin.calibrate))
    test = panel.months(origin.test)
    error = {name: unseen_error(name, learnt, config) for name in AMOUNTS}
    chosen = REGRESSION if error[REGRESSION] < error[TIER_MEAN] else TIER_MEAN
    amount, chance = fit_amount_by_group(chosen, learnt, config), verdict.probability
    candidate, baseline = f"{verdict.candidate}_{chosen}", f"{TIER}_{TIER_MEAN}"
    rates = fit_rates(TIER, learnt.chance, config.chance)
    naive = evaluate_amount(
        test, rates.probability(test.chance), fit_amount(TIER_MEAN, learnt, config), config
    )
    rows = [
        metric_row(name, "train", "amount_mae_unseen", value, n=len(learnt.expanded))
        for name, value in error.items()
    ]
    rows += [
        *amount_rows(candidate, evaluate_amount(test, chance, amount, config)),
        *amount_rows(baseline, naive),
    ]
    kinds = []
    for kind in np.unique(panel.kind):
        at = test.kind == kind
        part, seen = test.take(at), learnt.take(learnt.kind == kind)
        own = evaluate_amount(part, chance[at], amount, config)
        own_rates = fit_rates(TIER, seen.chance, config.chance)
        simple = evaluate_amount(
            part, own_rates.probability(part.chance), fit_amount(TIER_MEAN, seen, config), config
        )
        kinds.append(
            KindVerdict(
                int(kind),
                kind_checks(
                    own,
                    simple,
                    config,
                    chance_auc=auc(part.chance.churned, chance[at]),
                    customers=part.chance.customer_count(1.0),
                ),
            )
        )
        slice_name = f"label_kind={KIND_NAMES[kind]}"
        rows += [
            *amount_rows(candidate, own, slice_name),
            *amount_rows(baseline, simple, slice_name),
        ]
    return chosen, kinds, rows


def unseen_error(name: str, panel: UpsellPanel, config: UpsellConfig) -> float:
    """Mean error of the amount of customers who bought more, by fits that have not seen them."""
    taught = panel.expanded
    group = customer_groups(taught.chance, config.chance)
    error = np.empty(len(taught))
    for k in np.unique(group):
        part: AmountModel = fit_amount(name, taught.take(group != k), config)
        rows = taught.take(group == k)
        error[group == k] = np.abs(part.expected(rows) - rows.amount)
    return float(error.mean()) if len(error) else float("nan")
