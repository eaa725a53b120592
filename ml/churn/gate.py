"""Whether a churn estimator may be published.

Belongs here: every check of the publication gate, each with its value, threshold, verdict and
an explanation for a manager; warnings that do not block.
Does not belong here: computing the measures (`ml.churn.evaluation`).

Every threshold needs a number: a measure that could not be computed fails its check.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.churn.config import ChurnConfig, GateConfig
from ml.churn.evaluation import Evaluation
from ml.churn.features import FEATURES
from ml.churn.panel import Panel
from ml.metrics import auc

WARNING_PREFIX: Final = "warning_"


@dataclass(frozen=True)
class Check:
    """One line of the gate.

    Attributes:
        check_name: What was looked at; those beginning with `warning_` do not block.
        value: What was found; NaN where it could not be computed.
        threshold: What was asked, as text.
        is_passed: Whether it was met.
        explanation: What that means, for a manager.
    """

    check_name: str
    value: float
    threshold: str
    is_passed: bool
    explanation: str

    @property
    def is_blocking(self) -> bool:
        """Whether a failure keeps the estimator from being published."""
        return not self.check_name.startswith(WARNING_PREFIX)


@dataclass(frozen=True)
class GateInput:
    """What the gate judges.

    Attributes:
        evaluation: Measures of the chosen candidate on the test slice.
        baseline_auc: Highest AUC of any simple rule on the same slice.
        train: Rows the candidate was trained on (with those it was calibrated on).
    """

    evaluation: Evaluation
    baseline_auc: float
    train: Panel


def run_gate(given: GateInput, config: ChurnConfig) -> list[Check]:
    """Judge the chosen candidate: all blocking checks, then the warnings."""
    gate = config.gate
    return [
        *_ranking_checks(given, gate),
        *_calibration_checks(given.evaluation, gate),
        *count_checks(given.train, config),
        *_suspicion_checks(given.evaluation, gate),
        *_warnings(given, gate),
    ]


def is_publishable(checks: Sequence[Check]) -> bool:
    """Whether every blocking check passed."""
    return all(check.is_passed for check in checks if check.is_blocking)


def refusal_reason(checks: Sequence[Check]) -> str:
    """Name the failed checks with value and threshold; empty where none failed."""
    failed = [check for check in checks if check.is_blocking and not check.is_passed]
    return "; ".join(f"{c.check_name} is {_text(c.value)}, needs {c.threshold}" for c in failed)


def _text(value: float) -> str:
    return "not computable" if math.isnan(value) else f"{value:.4g}"


def _ranking_checks(given: GateInput, gate: GateConfig) -> list[Check]:
    values = given.evaluation.measures
    found, rate = values["auc"], values["base_rate"]
    ceiling_share = gate.lift_share_of_ceiling / rate if rate > 0 else float("inf")
    lift_floor = min(gate.min_lift, ceiling_share)
    lift, skill = values["top_decile_lift"], values["brier_skill"]
    return [
        Check(
            "auc_minimum",
            found,
            f">= {gate.min_auc:g}",
            found >= gate.min_auc,
            f"Shown one customer who left and one who stayed, the estimator names the right one "
            f"in {_percent(found)} of cases; a coin names {_percent(0.5)}.",
        ),
        Check(
            "auc_above_baseline",
            found,
            f"> {given.baseline_auc:.4f}",
            found > given.baseline_auc,
            f"The best simple rule, such as 'no purchase for three months', is right in "
            f"{_percent(given.baseline_auc)} of such pairs; an estimator must do better than that.",
        ),
        Check(
            "top_decile_lift",
            lift,
            f">= {lift_floor:.4g}",
            lift >= lift_floor,
            f"Among the tenth of customers at highest risk, churn is {_text(lift)} times as "
            f"frequent as among all ({_percent(rate)}).",
        ),
        Check(
            "brier_skill",
            skill,
            "> 0",
            skill > 0,
            "Above 0, the probabilities come closer to what happened than naming the average "
            "churn rate for everybody would.",
        ),
    ]


def _calibration_checks(evaluation: Evaluation, gate: GateConfig) -> list[Check]:
    values = evaluation.measures
    low, high = evaluation.intervals["calibration_slope"]
    floor, ceiling = gate.slope_range
    error, slope = values["ece"], values["calibration_slope"]
    return [
        Check(
            "calibration_error",
            error,
            f"< {gate.max_ece:g}",
            error < gate.max_ece,
            f"Predicted and observed churn differ by {_percent(values['ece_raw'])} on average, "
            f"of which {_percent(values['ece_noise'])} is chance; predicted "
            f"{_percent(values['mean_probability'])} overall, observed "
            f"{_percent(values['base_rate'])}.",
        ),
        Check(
            "calibration_slope",
            slope,
            f"95 % interval overlaps {floor:g} to {ceiling:g}",
            low <= ceiling and high >= floor,
            f"1 is right; below 1 the probabilities are too extreme, above 1 too timid. "
            f"Interval {_text(low)} to {_text(high)}; intercept "
            f"{_text(values['calibration_intercept'])}, where 0 is right and above 0 means that "
            "more left than was predicted.",
        ),
    ]


def count_checks(train: Panel, config: ChurnConfig) -> list[Check]:
    """Enough customers of both kinds, counted as customers, not as rows."""
    churned, kept = train.customer_count(1.0), train.customer_count(0.0)
    return [
        Check(
            "churned_customers",
            float(churned),
            f">= {config.min_positives}",
            churned >= config.min_positives,
            f"{churned} customers who left could be learnt from.",
        ),
        Check(
            "kept_customers",
            float(kept),
            f">= {config.min_negatives}",
            kept >= config.min_negatives,
            f"{kept} customers who stayed could be learnt from.",
        ),
    ]


def _suspicion_checks(evaluation: Evaluation, gate: GateConfig) -> list[Check]:
    values = evaluation.measures
    found, precision, rate = values["auc"], values["pr_auc"], values["base_rate"]
    return [
        Check(
            "suspicion_auc",
            found,
            f"<= {gate.max_auc:g}",
            found <= gate.max_auc,
            "Nobody foresees churn this well. Above the threshold some feature probably knows "
            "the future: have the features reviewed for leakage.",
        ),
        Check(
            "suspicion_pr_auc",
            precision,
            f"<= {gate.max_pr_auc:g} where the base rate is below 0.5",
            precision <= gate.max_pr_auc or (rate >= 0.5 and not math.isnan(precision)),
            "The same suspicion, judged by how pure the list of customers at risk is.",
        ),
    ]


def _warnings(given: GateInput, gate: GateConfig) -> list[Check]:
    before = float(given.train.churned.mean()) if len(given.train) else float("nan")
    after = given.evaluation.measures["base_rate"]
    rates = sorted((before, after))
    ratio = rates[1] / rates[0] if rates[0] > 0 else float("inf")
    name, best = strongest_feature(given.train)
    empty = [f for i, f in enumerate(FEATURES) if np.isnan(given.train.features[:, i]).all()]
    return [
        Check(
            "warning_base_rate_shift",
            ratio,
            f"<= {gate.warn_base_rate_ratio:g}",
            ratio <= gate.warn_base_rate_ratio,
            f"Churn was {_percent(before)} in training and {_percent(after)} in the test; where "
            "the level moves, probabilities learnt before are off.",
        ),
        Check(
            "warning_single_feature_auc",
            best,
            f"<= {gate.warn_single_feature_auc:g}",
            best <= gate.warn_single_feature_auc,
            f"The strongest single feature is {name}; one that nearly decides alone is worth a "
            "look for leakage.",
        ),
        Check(
            "warning_features_not_measured",
            float(len(empty)),
            "0",
            not empty,
            f"Features without any value in training, and therefore left out: "
            f"{', '.join(empty) or 'none'}.",
        ),
    ]


def strongest_feature(panel: Panel) -> tuple[str, float]:
    """Feature that ranks churn best alone, in either direction, and its AUC.

    Only rows where the feature is measured count; ('none', NaN) where none can be judged.
    """
    best: tuple[str, float] = ("none", float("nan"))
    for name in FEATURES:
        values = panel.feature(name)
        known = ~np.isnan(values)
        found = auc(panel.churned[known], values[known])
        strength = max(found, 1 - found)
        if not math.isnan(strength) and not strength <= best[1]:
            best = (name, strength)
    return best


def check_rows(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Rows of `ml.estimator_checks`, but for estimator and version."""
    return [
        {
            "check_name": check.check_name,
            "value": check.value,
            "threshold": check.threshold,
            "is_passed": bool(check.is_passed),
            "explanation": check.explanation,
        }
        for check in checks
    ]


def _percent(share: float) -> str:
    return "an unknown share" if math.isnan(share) else f"{100 * share:.1f} %"
