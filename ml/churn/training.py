"""Training of the churn estimator, from a frame to a verdict.

Belongs here: the order of the steps: split in time, compete, judge, refit, describe.
Does not belong here: the steps themselves (the other modules of this folder).

1. Origins are planned back in time. Each tests on as-of dates that follow its training dates by
   an embargo as long as the label. Every row of a test slice is judged by a fit, calibration
   included, that has not seen its customer: earlier months of *other* customers.
2. Both estimators compete by PR-AUC, averaged over the *earlier* origins, so that the newest
   test slice, by which publication is decided, had no say in the choice. Where they rank alike
   there, the one that is calibrated better there wins. With one origin only, PR-AUC on that one
   decides both.
3. The chosen one is calibrated and judged by the gate on the newest test slice.
4. If it passes it is fitted again, in the same way, on all rows with a complete label, and
   scores. If not, the best simple rule is counted again on all these rows, and scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.churn.baseline import TIER, TIER_TENURE, RateTable, fit_rates, rule_names
from ml.churn.candidates import (
    CANDIDATES,
    LOGISTIC,
    Candidate,
    cross_fitted,
    cross_scored,
    fit_candidate,
    unseen_score,
)
from ml.churn.config import ChurnConfig, GateConfig
from ml.churn.estimator import BASE_RATE, NOT_PUBLISHED, PUBLISHED, ChurnEstimator, score_churn
from ml.churn.evaluation import (
    Difference,
    Duel,
    brier_skill,
    calibration_error_by,
    difference,
    evaluate,
    evaluation_rows,
    group_results,
    group_rows,
    kind_rows,
    mean_difference,
    metric_row,
    slice_rows,
)
from ml.churn.features import FEATURES, KIND_FEATURE
from ml.churn.gate import CHURN_WORDS, GateInput, Words, count_checks, run_gate
from ml.churn.panel import Panel, read_panel
from ml.churn.splits import Split, label_end, plan_splits, set_calibration_aside
from ml.churn.surrogate import Surrogate, fit_surrogate
from ml.drift import ReferenceBins, reference_bins
from ml.frames import sample_customers
from ml.gate import Check, is_publishable, refusal_reason
from ml.grade import Grade, grade_estimator
from ml.metrics import auc, average_precision
from ml.training_rows import Training, training_of

__all__ = [
    "ChurnConfig",
    "ChurnEstimator",
    "ChurnTraining",
    "GateConfig",
    "NewestSlices",
    "newest_slices",
    "score_churn",
    "train_churn",
]

Float = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]

_REFERENCE_MONTHS: Final = 12


ChurnTraining = Training[ChurnEstimator]
"""What a training of this kind yields."""


@dataclass(frozen=True)
class Verdict:
    """What the competition on past months found.

    Attributes:
        candidate: The candidate that won.
        rule: The simple rule to fall back on.
        probability: What the winner said of each row of the newest test slice, by fits that have
            not seen the customer.
        checks: The gate's checks of the winner.
        metrics: Rows of `ml.estimator_metrics`, but for estimator and version.
        grade: Its grade.
    """

    candidate: str
    rule: str
    probability: Float
    checks: list[Check]
    metrics: Rows
    grade: Grade


def train_churn(
    frame: pd.DataFrame, config: ChurnConfig, *, features: Sequence[str] = FEATURES
) -> ChurnTraining:
    """Train, judge and refit the churn estimator.

    Args:
        frame: `features.ftr_churn` joined with `is_churned`, eligible rows with a complete
            label only; one row per customer and as-of date, in any order. Rows with an
            `exclusion_reason`, where there is such a column, are counted and left out. Of
            `is_partially_churned`, where there is such a column, the rate is told.
        config: Settings. The same frame and settings give the same estimator to the last bit.
        features: The columns to learn from.

    Returns:
        The estimator with the rows that describe it. With too little to learn from (few
        customers of one kind, or no room for an embargo) it is a smoothed base rate.

    Raises:
        FrameError: The frame lacks, repeats or leaves empty a column, or repeats a key.
    """
    panel = _read(frame, config, features)
    left_out = [*_left_out_rows(frame), *_partial_rows(frame)]
    origins = usable_origins(panel, plan_splits([int(m) for m in panel.month], config), config)
    if not origins:
        estimator, rows, checks = cold_start(panel, config)
        estimator = replace(estimator, long_cycle=_long_cycle_rates(panel, config))
        grade = grade_estimator({}, [], refusal=estimator.reason)
        return training_of(estimator, [*rows, *left_out], checks, grade=grade)
    verdict = judge(panel, origins, config)
    is_published = is_publishable(verdict.checks)
    estimator = describe(
        panel,
        config,
        status=PUBLISHED if is_published else NOT_PUBLISHED,
        reason="" if is_published else _refusal(verdict),
        candidate=verdict.candidate,
        fitted=refit(verdict.candidate, panel, origins[0], config) if is_published else None,
        rates=fit_rates(verdict.rule, panel, config),
    )
    estimator = replace(estimator, long_cycle=_long_cycle_rates(panel, config))
    rows = [*verdict.metrics, *slice_rows(verdict.candidate, "all", panel), *left_out]
    return training_of(estimator, rows, verdict.checks, grade=verdict.grade)


def _partial_rows(frame: pd.DataFrame) -> Rows:
    """Share of those under contract who stayed with less than half: `partially_churned_rate`.

    A label of its own (handbook C7), from which nothing is learnt.
    """
    if "is_partially_churned" not in frame or frame["is_partially_churned"].isna().all():
        return []
    known = frame["is_partially_churned"].dropna().astype(bool)
    return [metric_row("all", "all", "partially_churned_rate", float(known.mean()), n=len(known))]


def _left_out_rows(frame: pd.DataFrame) -> Rows:
    """Say how many rows are neither learnt from nor judged by: `rows_left_out_<reason>`."""
    if "exclusion_reason" not in frame:
        return []
    return [
        metric_row("all", "all", f"rows_left_out_{reason}", float(rows), n=len(frame))
        for reason, rows in frame["exclusion_reason"].value_counts().sort_index().items()
    ]


@dataclass(frozen=True)
class NewestSlices:
    """The newest origin of a frame: what an estimator is judged on before it is fitted again.

    Attributes:
        train: Rows to fit on.
        calibrate: Later rows to calibrate on; None means cross-fitting inside `train`.
        learnt: Both together.
        test: Rows later than all labels of the others.
        baseline_auc: Highest AUC of any simple rule on the test slice.
    """

    train: Panel
    calibrate: Panel | None
    learnt: Panel
    test: Panel
    baseline_auc: float


def newest_slices(
    frame: pd.DataFrame, config: ChurnConfig, *, features: Sequence[str] = FEATURES
) -> NewestSlices | None:
    """Cut a training frame as `train_churn` does, for whoever judges something else on it.

    Returns:
        None where the frame is too short, or has too few customers of both kinds, to judge on.

    Raises:
        FrameError: As `train_churn`.
    """
    panel = _read(frame, config, features)
    origins = usable_origins(panel, plan_splits([int(m) for m in panel.month], config), config)
    if not origins:
        return None
    newest = origins[0]
    train, test = _months(panel, newest.train), _months(panel, newest.test)
    return NewestSlices(
        train=train,
        calibrate=_months(panel, newest.calibrate) if newest.calibrate else None,
        learnt=_months(panel, (*newest.train, *newest.calibrate)),
        test=test,
        baseline_auc=_baselines(train, test, config)[1],
    )


def _read(frame: pd.DataFrame, config: ChurnConfig, features: Sequence[str]) -> Panel:
    if "exclusion_reason" in frame:
        frame = frame[frame["exclusion_reason"].isna()]
    sampled = sample_customers(frame, max_rows=config.max_training_rows, seed=config.seed)
    return read_panel(
        sampled,
        seed=config.seed,
        is_labelled=True,
        name="churn training frame",
        features=features,
    )


def _refusal(verdict: Verdict) -> str:
    return f"{refusal_reason(verdict.checks)}; the rule {verdict.rule} speaks instead"


def _months(panel: Panel, months: Sequence[int]) -> Panel:
    return panel.take(np.isin(panel.month, months))


def usable_origins(panel: Panel, splits: list[Split], config: ChurnConfig) -> list[Split]:
    """Origins, newest first, with enough customers of both kinds to train on.

    The newest one must stand: where it has too few, there is nothing to judge.
    """
    usable: list[Split] = []
    for split in splits:
        enough = all(c.is_passed for c in count_checks(_months(panel, split.train), config))
        test = _months(panel, split.test).churned
        if not enough or len(np.unique(test)) < 2:
            break
        usable.append(split)
    return usable


def judge(
    panel: Panel, origins: list[Split], config: ChurnConfig, words: Words = CHURN_WORDS
) -> Verdict:
    """Let the candidates compete, and put the winner before the gate.

    Args:
        panel: All labelled rows.
        origins: Splits in time, the newest first.
        config: Settings.
        words: What the outcome is called in the explanations of the gate.
    """
    newest = origins[0]
    train, test = _months(panel, newest.train), _months(panel, newest.test)
    calibrate = _months(panel, newest.calibrate) if newest.calibrate else None
    fitted = {name: fit_candidate(name, train, calibrate, config) for name in CANDIDATES}
    contest, metrics = _contest(panel, origins, fitted, config)
    chosen, decided = _choice(panel, contest, config)
    metrics += decided
    rule, baseline_auc, rule_metrics = _baselines(train, test, config)
    said = {name: cross_fitted(fitted[name], test, config) for name in CANDIDATES}
    evaluations = {name: evaluate(test, said[name], config) for name in CANDIDATES}
    for name in CANDIDATES:
        metrics += evaluation_rows(name, evaluations[name])
    learnt = _months(panel, (*newest.train, *newest.calibrate))
    memory, memory_rows = _memory(fitted[chosen], learnt, test, said[chosen], config)
    metrics += [
        *kind_rows(chosen, test, said[chosen], config),
        *memory_rows,
        *rule_metrics,
        *slice_rows(chosen, "train", learnt),
        *slice_rows(chosen, "test", test),
        *group_rows(chosen, group_results(test, said[chosen])),
    ]
    shifted = _shifted_gain(panel, train, test, config)
    given = GateInput(evaluations[chosen], baseline_auc, learnt, shifted, memory)
    checks = run_gate(given, config, words)
    grade = grade_estimator(
        evaluations[chosen].measures,
        [
            row["value"]
            for row in metrics
            if row["metric"] == "origin_auc" and row["candidate"] == chosen
        ],
        refusal=refusal_reason(checks),
    )
    return Verdict(chosen, rule, said[chosen], checks, metrics, grade)


def _memory(
    fitted: Candidate, learnt: Panel, test: Panel, unseen: Float, config: ChurnConfig
) -> tuple[float, Rows]:
    """How much better later months of customers are foreseen that were learnt from.

    An estimator may remember customers (whoever left once leaves again) instead of learning what
    holds for all. It is of use only for customers it knows, so no measure of the gate counts it.

    Args:
        fitted: The candidate fitted on all customers of `learnt`.
        learnt: Rows it has seen.
        test: Rows of later months.
        unseen: Their probabilities by fits that have not seen the customer.
        config: Settings.

    Returns:
        (AUC gained, NaN where nothing can be compared; rows of metrics).
    """
    is_known = np.isin(test.customer, learnt.customer)
    same, before = test.take(is_known), unseen[is_known]
    if len(np.unique(same.churned)) < 2:
        return float("nan"), []
    known = fitted.probability(same.features)
    gain = difference(same, before, known, auc, config)
    measures = {
        "known_auc": auc(same.churned, known),
        "known_pr_auc": average_precision(same.churned, known),
        "known_brier_skill": brier_skill(same.churned, known),
    }
    return gain.value, [
        *(metric_row(fitted.name, "test", name, v, n=len(same)) for name, v in measures.items()),
        metric_row(
            fitted.name,
            "test",
            "memory_auc",
            gain.value,
            interval=(gain.low, gain.high),
            n=len(same),
        ),
    ]


def _shifted_gain(panel: Panel, train: Panel, test: Panel, config: ChurnConfig) -> float:
    """AUC on the test slice with features of a month earlier, less that with those of the day.

    Both by the logistic regression, which is quick, on the rows whose month before is known, each
    by a fit that has not seen the customer; NaN where these hold one class only.
    """
    place = {
        key: position for position, key in enumerate(zip(panel.customer, panel.month, strict=True))
    }

    def before(part: Panel) -> tuple[Panel, Panel]:
        keys = zip(part.customer, part.month - 1, strict=True)
        found = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
        now = part.take(found >= 0)
        return now, replace(now, features=panel.features[found[found >= 0]])

    (train_now, train_before), (test_now, test_before) = before(train), before(test)
    if min(len(np.unique(part.churned)) for part in (train_now, test_now)) < 2:
        return float("nan")
    now, earlier = (
        auc(judged.churned, unseen_score(LOGISTIC, learnt, judged, config))
        for learnt, judged in ((train_now, test_now), (train_before, test_before))
    )
    return earlier - now


@dataclass(frozen=True)
class _Heat:
    """What the candidates said at one origin, uncalibrated, of customers they have not seen."""

    split: Split
    test: Panel
    score: dict[str, Float]


def _contest(
    panel: Panel, origins: list[Split], fitted: Mapping[str, Candidate], config: ChurnConfig
) -> tuple[list[_Heat], Rows]:
    """Let each candidate score each origin, uncalibrated, on customers it has not seen.

    Args:
        panel: All labelled rows.
        origins: Splits in time, the newest first.
        fitted: The candidates as they were fitted at the newest origin.
        config: Settings.

    Returns:
        (one heat per origin, the newest first; rows of metrics).
    """
    heats: list[_Heat] = []
    rows: Rows = [metric_row("all", "test", "origin_count", float(len(origins)), n=len(panel))]
    for place, split in enumerate(origins):
        test = _months(panel, split.test)
        scores = {
            name: cross_scored(fitted[name], test, config)
            if place == 0
            else unseen_score(name, _months(panel, split.train), test, config)
            for name in CANDIDATES
        }
        heats.append(_Heat(split, test, scores))
        for name, score in scores.items():
            values = {
                "origin_pr_auc": average_precision(test.churned, score),
                "origin_auc": auc(test.churned, score),
            }
            rows += [
                metric_row(name, "test", metric, value, n=len(test), date=test.date.max())
                for metric, value in values.items()
            ]
    return heats, rows


def _choice(panel: Panel, heats: Sequence[_Heat], config: ChurnConfig) -> tuple[str, Rows]:
    """Choose the candidate that ranks best at the earlier origins.

    Where the difference of PR-AUC may be chance there, the next one is taken if it is calibrated
    better there, by more than chance: the rule by which a challenger beats a champion (handbook
    C25). On one origin alone calibration has no say, since the gate asks for it there.

    Returns:
        (name of the candidate; rows of metrics: what it or the other was ahead by).
    """
    deciding = heats[1:] or heats
    found = {
        name: float(
            np.mean([average_precision(each.test.churned, each.score[name]) for each in deciding])
        )
        for name in CANDIDATES
    }
    ahead, *others = sorted(CANDIDATES, key=lambda name: (-found[name], CANDIDATES.index(name)))
    if len(heats) == 1 or not others:
        return ahead, []
    behind = others[0]
    rows = sum(len(each.test) for each in deciding)
    ranks = mean_difference(
        [Duel(each.test, each.score[behind], each.score[ahead]) for each in deciding],
        average_precision,
        config,
    )
    told = [_contest_row(ahead, "contest_pr_auc_gain", ranks, rows)]
    if ranks.low > 0:
        return ahead, told
    error = mean_difference(
        [
            Duel(each.test, *(_said(name, panel, each, config) for name in (behind, ahead)))
            for each in deciding
        ],
        calibration_error_by(config),
        config,
    )
    told.append(_contest_row(behind, "contest_calibration_gain", error, rows))
    return (behind if error.low > 0 else ahead), told


def _said(name: str, panel: Panel, heat: _Heat, config: ChurnConfig) -> Float:
    """Calibrated probabilities of a candidate at one origin, of customers it has not seen."""
    split, config = heat.split, replace(config, folds=config.contest_folds)
    calibrate = _months(panel, split.calibrate) if split.calibrate else None
    fitted = fit_candidate(name, _months(panel, split.train), calibrate, config)
    return cross_fitted(fitted, heat.test, config)


def _contest_row(name: str, metric: str, gain: Difference, rows: int) -> dict[str, Any]:
    return metric_row(name, "test", metric, gain.value, interval=(gain.low, gain.high), n=rows)


def _baselines(train: Panel, test: Panel, config: ChurnConfig) -> tuple[str, float, Rows]:
    """Judge the simple rules, as counted on all customers of the training slice.

    A rate of hundreds of customers remembers none of them. Counted anew without each group it
    would only rank worse (the rate is lower just where more have left), and be easier to beat.

    Returns:
        (the rule that ranks best in training, which is the one to fall back on; the highest
        AUC of any rule on the test slice, which is the one to beat; rows of metrics).
    """
    rows: Rows = []
    in_training, in_test = {}, {}
    for name in rule_names(config):
        rates = fit_rates(name, train, config)
        in_training[name] = auc(train.churned, rates.probability(train))
        evaluation = evaluate(test, rates.probability(test), config)
        in_test[name] = evaluation.measures["auc"]
        rows += evaluation_rows(name, evaluation)
    best = max(in_training, key=lambda name: in_training[name])
    return best, max(in_test.values()), rows


def refit(name: str, panel: Panel, origin: Split, config: ChurnConfig) -> Candidate:
    """Fit the chosen candidate on all labelled rows, in the way in which it was judged.

    A feature that was left out of the training slice was not part of what was judged, and stays
    out.
    """
    judged = _months(panel, origin.train).is_measured()
    panel = replace(panel, features=np.where(judged, panel.features, np.nan))
    train, calibrate = set_calibration_aside([int(m) for m in panel.month], config)
    later = _months(panel, calibrate) if calibrate else None
    return fit_candidate(name, _months(panel, train), later, config)


def cold_start(
    panel: Panel,
    config: ChurnConfig,
    words: Words = CHURN_WORDS,
    score: str = "churn_probability",
) -> tuple[ChurnEstimator, Rows, list[Check]]:
    """Base rates by tier and tenure, where nothing better could be trained or judged.

    Returns:
        (estimator, rows of metrics, checks).
    """
    counts = count_checks(panel, config, words)
    reason = refusal_reason(counts)
    history = Check(
        "months_for_training_and_test",
        float(len(np.unique(panel.month))),
        f">= {config.min_train_months} months, {config.embargo_months} of embargo and 1 of test",
        bool(plan_splits([int(m) for m in panel.month], config)),
        "An estimator must be judged on months that lie wholly after those it learnt from.",
    )
    short = (
        "the history is too short, or holds too few customers of both kinds, to judge an "
        "estimator on later months"
    )
    estimator = describe(
        panel,
        config,
        status=BASE_RATE,
        reason=reason or short,
        candidate=TIER_TENURE,
        fitted=None,
        rates=fit_rates(TIER_TENURE, panel, config),
        score=score,
    )
    rows = slice_rows(TIER_TENURE, "all", panel) if len(panel) else []
    return estimator, rows, [*counts, history]


def describe(
    panel: Panel,
    config: ChurnConfig,
    *,
    status: str,
    reason: str,
    candidate: str,
    fitted: Candidate | None,
    rates: RateTable,
    score: str = "churn_probability",
) -> ChurnEstimator:
    """Put an estimator together with what it was trained on."""
    usual, surrogate = _explain(panel, fitted, config) if fitted else (None, None)
    first = panel.date.min().item() if len(panel) else None
    last = panel.date.max().item() if len(panel) else None
    return ChurnEstimator(
        status=status,
        reason=reason,
        candidate=candidate,
        trained_from=first,
        trained_to=last,
        labels_to=label_end(last, config) if last else None,
        row_count=len(panel),
        customer_count=panel.customer_count(),
        positive_count=panel.customer_count(1.0),
        interval_level=config.interval_level,
        features=panel.names,
        fitted=fitted,
        rates=rates,
        usual=usual,
        surrogate=surrogate,
        reference=_reference(panel, fitted, rates, score, config),
    )


def _long_cycle_rates(panel: Panel, config: ChurnConfig) -> RateTable:
    """Rates by tier of customers without a contract, where there are any.

    They are given to buyers of a long cycle, of whom the label knows nothing: who buys once a year
    is silent for six months without having left.
    """
    if KIND_FEATURE in panel.names and (panel.feature(KIND_FEATURE) == 0).any():
        panel = panel.take(panel.feature(KIND_FEATURE) == 0)
    return fit_rates(TIER, panel, config)


def _reference(
    panel: Panel, fitted: Candidate | None, rates: RateTable, score: str, config: ChurnConfig
) -> tuple[ReferenceBins, ...]:
    """Bins of every feature and of the probability, as it is given to customers not learnt from.

    On the newest twelve months of the training: a whole year of seasons. In the first year of a
    history nobody has a feature of twelve months, against which every later month would drift.
    """
    if len(panel) == 0:
        return ()
    panel = panel.take(panel.month > panel.month.max() - _REFERENCE_MONTHS)
    probability = cross_fitted(fitted, panel, config) if fitted else rates.probability(panel)
    return (
        *(reference_bins("feature", name, panel.feature(name)) for name in panel.names),
        reference_bins("score", score, probability),
    )


def _explain(
    panel: Panel, fitted: Candidate, config: ChurnConfig
) -> tuple[np.ndarray[Any, Any], Surrogate | None]:
    """Usual values and surrogate, both of the features that the estimator reads."""
    read = np.isin(np.arange(panel.features.shape[1]), fitted.whole.base.columns)
    panel = replace(panel, features=np.where(read, panel.features, np.nan))
    usual = np.full(len(read), np.nan)
    known = ~np.isnan(panel.features)
    read &= known.mean(axis=0) >= 0.5
    usual[read] = np.nanmedian(panel.features[:, read], axis=0)
    return usual, fit_surrogate(panel, fitted.probability(panel.features), config)
