"""The two estimators that compete, and how each is fitted and calibrated.

Belongs here: logistic regression (the reference) and histogram gradient boosting, their
calibration and the interval of a probability.
Does not belong here: which one wins, and whether it may be published.

**Interval of a probability.** The customers are divided by hash into groups; everything, the
estimator and its calibration, is fitted again without each group in turn, and the spread of
the log-odds of these fits gives the delete-a-group jackknife variance (Kott 2001), with
Student's t for the few groups. It resamples by customer, as a bootstrap would, and the same fits
judge each customer without having seen the customer. For trees, whose fits are unstable, it is too
wide rather than too narrow. It is an interval of the estimate, not of what one customer will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import t as student_t
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.churn.calibration import Calibrator, fit_calibrator, log_odds
from ml.churn.config import ChurnConfig
from ml.churn.panel import Panel

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

LOGISTIC: Final = "logistic_regression"
BOOSTING: Final = "hist_gradient_boosting"
CANDIDATES: Final = (LOGISTIC, BOOSTING)


@dataclass(frozen=True)
class Base:
    """A fitted scikit-learn estimator and the feature columns it reads.

    Attributes:
        columns: Positions of the columns that were measured in training.
        estimator: A classifier with `decision_function` in log-odds.
    """

    columns: npt.NDArray[np.int64]
    estimator: Any

    def score(self, features: Float) -> Float:
        """Log-odds before calibration."""
        if len(features) == 0:
            return np.empty(0)
        chosen = features[:, self.columns]
        with threadpool_limits(limits=1):
            return np.asarray(self.estimator.decision_function(chosen), dtype=np.float64)


@dataclass(frozen=True)
class Member:
    """One fit with its calibration."""

    base: Base
    calibrator: Calibrator

    def probability(self, features: Float) -> Float:
        """Calibrated probability of each row."""
        return self.calibrator.apply(self.base.score(features))

    def to_state(self) -> dict[str, Any]:
        """Plain values, arrays and the scikit-learn object."""
        return {
            "columns": self.base.columns,
            "estimator": self.base.estimator,
            "calibrator": self.calibrator.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Member":
        """The inverse of `to_state`."""
        return cls(Base(state["columns"], state["estimator"]), Calibrator(**state["calibrator"]))


@dataclass(frozen=True)
class Candidate:
    """An estimator fitted on all rows, and again without each group of customers.

    Attributes:
        name: One of `CANDIDATES`.
        whole: Fit on all customers.
        without_group: Fits that each leave one group of customers out.
    """

    name: str
    whole: Member
    without_group: tuple[Member, ...]

    def probability(self, features: Float) -> Float:
        """Calibrated probability of each row."""
        return self.whole.probability(features)

    def interval(self, features: Float, *, level: float) -> tuple[Float, Float]:
        """Interval of the estimate by the delete-a-group jackknife, on the log-odds scale."""
        groups = len(self.without_group)
        centre = log_odds(self.probability(features))
        fits = np.stack([log_odds(m.probability(features)) for m in self.without_group])
        spread = ((fits - fits.mean(axis=0)) ** 2).sum(axis=0) * (groups - 1) / groups
        reach = float(student_t.ppf(0.5 + level / 2, groups - 1)) * np.sqrt(spread)
        return np.asarray(expit(centre - reach)), np.asarray(expit(centre + reach))

    def to_state(self) -> dict[str, Any]:
        """Plain values, arrays and the scikit-learn objects."""
        return {
            "name": self.name,
            "whole": self.whole.to_state(),
            "without_group": [member.to_state() for member in self.without_group],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Candidate":
        """The inverse of `to_state`."""
        members = tuple(Member.from_state(member) for member in state["without_group"])
        return cls(state["name"], Member.from_state(state["whole"]), members)


def fit_base(name: str, panel: Panel, config: ChurnConfig) -> Base:
    """Fit one estimator, uncalibrated, on labelled rows.

    Columns that were not measured are left out (`Panel.is_measured`).
    """
    columns = np.flatnonzero(panel.is_measured()).astype(np.int64)
    estimator = _logistic(config) if name == LOGISTIC else _boosting(config)
    # One thread: a sum split over threads would depend on their number, and on a busy machine
    # the threads of small fits wait for each other (8 s became 50 s on two shared cores).
    with threadpool_limits(limits=1):
        estimator.fit(panel.features[:, columns], panel.churned.astype(np.int64))
    return Base(columns, estimator)


def on_even_features(estimator: Any, config: ChurnConfig) -> Any:
    """Let a linear estimator read quantile-normal features.

    They tame the long tails of amounts; what is missing gets an indicator.
    """
    return Pipeline(
        [
            (
                "spread",
                QuantileTransformer(
                    n_quantiles=200,
                    output_distribution="normal",
                    subsample=1_000_000,
                    random_state=config.seed,
                ),
            ),
            (
                "impute",
                SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            ),
            ("scale", StandardScaler()),
            ("regress", estimator),
        ]
    )


def _logistic(config: ChurnConfig) -> Any:
    return on_even_features(
        LogisticRegression(C=config.logistic_c, solver="newton-cholesky", max_iter=200), config
    )


def _boosting(config: ChurnConfig) -> Any:
    return HistGradientBoostingClassifier(
        max_iter=config.boosting_iterations,
        learning_rate=config.boosting_learning_rate,
        max_leaf_nodes=config.boosting_leaves,
        min_samples_leaf=config.boosting_min_leaf,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=config.seed,
    )


def cross_fitted(candidate: Candidate, panel: Panel, config: ChurnConfig) -> Float:
    """Probability of each row by the fit that has not seen its customer.

    Neither the estimator nor its calibration has seen any row of that customer, at any date. What
    an estimator says of customers it was fitted on is too sure of itself, and no measure of what it
    will say of new ones.
    """
    group, found = customer_groups(panel, config), np.empty(len(panel))
    for k, member in enumerate(candidate.without_group):
        found[group == k] = member.probability(panel.features[group == k])
    return found


def cross_scored(candidate: Candidate, panel: Panel, config: ChurnConfig) -> Float:
    """Log-odds of each row, uncalibrated, by the fit that has not seen its customer."""
    group, found = customer_groups(panel, config), np.empty(len(panel))
    for k, member in enumerate(candidate.without_group):
        found[group == k] = member.base.score(panel.features[group == k])
    return found


def unseen_score(name: str, panel: Panel, judged: Panel, config: ChurnConfig) -> Float:
    """Log-odds of each judged row, uncalibrated, by a fit that has not seen its customer.

    Args:
        name: One of `CANDIDATES`.
        panel: Rows to fit on.
        judged: Rows to be scored, of the same customers or of others.
        config: Settings; `contest_folds` says how often it is fitted.
    """
    learnt, group = (
        (each.fold_hash % np.uint64(config.contest_folds)).astype(np.int64)
        for each in (panel, judged)
    )
    found = np.empty(len(judged))
    for k in np.unique(group):
        base = fit_base(name, panel.take(learnt != k), config)
        found[group == k] = base.score(judged.features[group == k])
    return found


def fit_candidate(
    name: str, panel: Panel, calibrate: Panel | None, config: ChurnConfig
) -> Candidate:
    """Fit, calibrate, and fit again without each group of customers.

    Args:
        name: One of `CANDIDATES`.
        panel: Rows to fit on.
        calibrate: Later rows to calibrate on, or None: then each customer is scored by a fit
            that has not seen that customer, and the calibration is fitted on these scores.
        config: Settings.
    """
    group = customer_groups(panel, config)
    whole = fit_base(name, panel, config)
    parts = [fit_base(name, panel.take(group != k), config) for k in range(config.folds)]
    if calibrate is None:
        judged, judged_group = panel, group
        cross, scores = _cross_scores(name, panel, group, parts, config)
    else:
        judged, judged_group = calibrate, customer_groups(calibrate, config)
        cross = whole.score(calibrate.features)
        scores = [part.score(calibrate.features) for part in parts]
    everyone = np.ones(len(judged), dtype=np.bool_)
    return Candidate(
        name,
        Member(whole, _calibrate(cross, judged, everyone, config)),
        tuple(
            Member(part, _calibrate(scores[k], judged, judged_group != k, config))
            for k, part in enumerate(parts)
        ),
    )


def fit_member(name: str, panel: Panel, config: ChurnConfig) -> Member:
    """Fit once, calibrated by cross-fitting: a candidate of which no interval is asked."""
    group, cross = customer_groups(panel, config), np.empty(len(panel))
    for k in range(config.folds):
        part = fit_base(name, panel.take(group != k), config)
        cross[group == k] = part.score(panel.features[group == k])
    everyone = np.ones(len(panel), dtype=np.bool_)
    return Member(fit_base(name, panel, config), _calibrate(cross, panel, everyone, config))


def _cross_scores(
    name: str, panel: Panel, group: Int, parts: Sequence[Base], config: ChurnConfig
) -> tuple[Float, list[Float]]:
    """Scores to calibrate on, by fits that have not seen the customer scored.

    What is fitted without a group must not be calibrated by fits that have seen the group, so each
    pair of groups is left out once, too.

    Returns:
        (scores for the fit on all customers; per group, the scores for the fit without it, 0 for
        its own customers, who do not count there).
    """
    whole = np.zeros(len(panel))
    without = [np.zeros(len(panel)) for _ in parts]
    rows = [group == k for k in range(len(parts))]
    for k, part in enumerate(parts):
        whole[rows[k]] = part.score(panel.features[rows[k]])
    for k, other in combinations(range(len(parts)), 2):
        pair = fit_base(name, panel.take(~rows[k] & ~rows[other]), config)
        without[k][rows[other]] = pair.score(panel.features[rows[other]])
        without[other][rows[k]] = pair.score(panel.features[rows[k]])
    return whole, without


def customer_groups(panel: Panel, config: ChurnConfig) -> Int:
    """Group of each row, 0 to `folds` - 1, by hash of its customer: the same at all dates."""
    return (panel.fold_hash % np.uint64(config.folds)).astype(np.int64)


def _calibrate(
    score: Float, panel: Panel, rows: npt.NDArray[np.bool_], config: ChurnConfig
) -> Calibrator:
    return fit_calibrator(
        score[rows],
        panel.churned[rows],
        panel.customer[rows],
        isotonic_min_positives=config.isotonic_min_positives,
    )
