"""Whether a churn estimator may be published.

Belongs here: every check of the publication gate, each with its value, threshold, verdict and
an explanation for a manager; warnings that do not block.
Does not belong here: computing the measures (`ml.churn.evaluation`).

Every threshold needs a number: a measure that could not be computed fails its check.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.churn.config import ChurnConfig, GateConfig
from ml.churn.evaluation import Evaluation
from ml.churn.panel import Panel
from ml.gate import Check, number_text, percent_text
from ml.metrics import auc


@dataclass(frozen=True)
class GateInput:
    """What the gate judges.

    Attributes:
        evaluation: Measures of the chosen candidate on the test slice.
        baseline_auc: Highest AUC of any simple rule on the same slice.
        train: Rows the candidate was trained on (with those it was calibrated on).
        shifted_gain: AUC with the features of a month earlier, less that with those of the day;
            NaN where too few rows have a month before.
        memory_gain: AUC on later months of customers it has learnt from, less that by fits that
            have not seen the customer; NaN where nobody was to be compared.
    """

    evaluation: Evaluation
    baseline_auc: float
    train: Panel
    shifted_gain: float = float("nan")
    memory_gain: float = float("nan")


@dataclass(frozen=True)
class Words:
    """What an outcome is called, so that other outcomes can be judged by the same gate.

    Attributes:
        outcome: The outcome as a noun.
        came: What the customer did with whom it came.
        stayed: What the others did.
        came_name: Name of those with the outcome, in the names of checks.
        stayed_name: Name of the others.
        rule: A simple rule to beat.
    """

    outcome: str
    came: str
    stayed: str
    came_name: str
    stayed_name: str
    rule: str


CHURN_WORDS: Final = Words(
    "churn", "left", "stayed", "churned", "kept", "such as 'no purchase for three months'"
)


def run_gate(given: GateInput, config: ChurnConfig, words: Words = CHURN_WORDS) -> list[Check]:
    """Judge the chosen candidate: all blocking checks, then the warnings."""
    gate = config.gate
    return [
        *_ranking_checks(given, gate, words),
        *_calibration_checks(given.evaluation, gate, words),
        *count_checks(given.train, config, words),
        *_suspicion_checks(given.evaluation, gate, words),
        *_warnings(given, gate, words),
    ]


def _ranking_checks(given: GateInput, gate: GateConfig, words: Words) -> list[Check]:
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
            f"Shown one customer who {words.came} and one who {words.stayed}, the estimator names "
            f"the right one in {percent_text(found)} of cases; a coin names {percent_text(0.5)}.",
        ),
        Check(
            "auc_above_baseline",
            found,
            f"> {given.baseline_auc:.4f}",
            found > given.baseline_auc,
            f"The best simple rule, {words.rule}, is right in "
            f"{percent_text(given.baseline_auc)} of such pairs; an "
            "estimator must do better than that.",
        ),
        Check(
            "top_decile_lift",
            lift,
            f">= {lift_floor:.4g}",
            lift >= lift_floor,
            f"Among the tenth of customers ranked first, {words.outcome} is {number_text(lift)} "
            f"times as frequent as among all ({percent_text(rate)}).",
        ),
        Check(
            "brier_skill",
            skill,
            "> 0",
            skill > 0,
            "Above 0, the probabilities come closer to what happened than naming the average rate "
            f"of {words.outcome} for everybody would.",
        ),
    ]


def _calibration_checks(evaluation: Evaluation, gate: GateConfig, words: Words) -> list[Check]:
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
            f"Predicted and observed {words.outcome} differ by "
            f"{percent_text(values['ece_raw'])} on average, of which "
            f"{percent_text(values['ece_noise'])} is chance; predicted "
            f"{percent_text(values['mean_probability'])} overall, observed "
            f"{percent_text(values['base_rate'])}.",
        ),
        Check(
            "calibration_slope",
            slope,
            f"95 % interval overlaps {floor:g} to {ceiling:g}",
            low <= ceiling and high >= floor,
            f"1 is right; below 1 the probabilities are too extreme, above 1 too timid. "
            f"Interval {number_text(low)} to {number_text(high)}; intercept "
            f"{number_text(values['calibration_intercept'])}, where 0 is right and above 0 "
            f"means that more {words.came} than was predicted.",
        ),
    ]


def count_checks(train: Panel, config: ChurnConfig, words: Words = CHURN_WORDS) -> list[Check]:
    """Enough customers of both kinds, counted as customers, not as rows."""
    churned, kept = train.customer_count(1.0), train.customer_count(0.0)
    return [
        Check(
            f"{words.came_name}_customers",
            float(churned),
            f">= {config.min_positives}",
            churned >= config.min_positives,
            f"{churned} customers who {words.came} could be learnt from.",
        ),
        Check(
            f"{words.stayed_name}_customers",
            float(kept),
            f">= {config.min_negatives}",
            kept >= config.min_negatives,
            f"{kept} customers who {words.stayed} could be learnt from.",
        ),
    ]


def _suspicion_checks(evaluation: Evaluation, gate: GateConfig, words: Words) -> list[Check]:
    values = evaluation.measures
    found, precision, rate = values["auc"], values["pr_auc"], values["base_rate"]
    return [
        Check(
            "suspicion_auc",
            found,
            f"<= {gate.max_auc:g}",
            found <= gate.max_auc,
            f"Nobody foresees {words.outcome} this well. Above the threshold some feature probably "
            "knows the future: have the features reviewed for leakage.",
        ),
        Check(
            "suspicion_pr_auc",
            precision,
            f"<= {gate.max_pr_auc:g} where the base rate is below 0.5",
            precision <= gate.max_pr_auc or (rate >= 0.5 and not math.isnan(precision)),
            "The same suspicion, judged by how pure the list of customers ranked first is.",
        ),
    ]


def _warnings(given: GateInput, gate: GateConfig, words: Words) -> list[Check]:
    before = float(given.train.churned.mean()) if len(given.train) else float("nan")
    after = given.evaluation.measures["base_rate"]
    rates = sorted((before, after))
    ratio = rates[1] / rates[0] if rates[0] > 0 else float("inf")
    name, best = strongest_feature(given.train)
    empty = [
        n
        for n, known in zip(given.train.names, given.train.is_measured(), strict=True)
        if not known
    ]
    return [
        Check(
            "warning_base_rate_shift",
            ratio,
            f"<= {gate.warn_base_rate_ratio:g}",
            ratio <= gate.warn_base_rate_ratio,
            f"{words.outcome.capitalize()} was {percent_text(before)} in training and "
            f"{percent_text(after)} in the test; where the level moves, probabilities learnt "
            "before are off.",
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
            f"Features without a value in most of the training months, and therefore left out: "
            f"{', '.join(empty) or 'none'}.",
        ),
        *_shift_warning(given.shifted_gain, gate, words),
        *_memory_warning(given.memory_gain, gate, words),
    ]


def _shift_warning(gain: float, gate: GateConfig, words: Words) -> list[Check]:
    if math.isnan(gain):
        return []
    return [
        Check(
            "warning_shifted_features",
            gain,
            f"<= {gate.warn_shifted_auc_gain:g}",
            gain <= gate.warn_shifted_auc_gain,
            f"What was known a month earlier must not foresee {words.outcome} better than what was "
            f"known on the day; here the AUC changes by {gain:+.4f}. A gain means that some "
            "feature stands at the wrong time: have the features reviewed for leakage.",
        )
    ]


def _memory_warning(gain: float, gate: GateConfig, words: Words) -> list[Check]:
    if math.isnan(gain):
        return []
    return [
        Check(
            "warning_customer_memory",
            gain,
            f"<= {gate.warn_memory_auc_gain:g}",
            gain <= gate.warn_memory_auc_gain,
            f"All measures are of customers the estimator has not learnt from. {words.outcome} of "
            f"those it has learnt from is ranked {gain:+.4f} better (AUC) in later months; much "
            "more means that it remembers customers instead of learning what holds for all.",
        )
    ]


def strongest_feature(panel: Panel) -> tuple[str, float]:
    """Feature that ranks churn best alone, in either direction, and its AUC.

    Only rows where the feature is measured count; ('none', NaN) where none can be judged.
    """
    best: tuple[str, float] = ("none", float("nan"))
    for name in panel.names:
        values = panel.feature(name)
        known = ~np.isnan(values)
        found = auc(panel.churned[known], values[known])
        strength = max(found, 1 - found)
        if not math.isnan(strength) and not strength <= best[1]:
            best = (name, strength)
    return best
