"""Whether the learnt credit rating may take the expert rating's place.

Belongs here: every check with its value, threshold, verdict and an explanation for a manager;
warnings that do not block.
Does not belong here: computing the measures (`ml.credit.evaluation`).

Every threshold needs a number: a measure that could not be computed fails its check.
"""

from ml.churn.calibration import line_interval
from ml.credit.config import CreditConfig
from ml.credit.evaluation import Judgement
from ml.credit.features import FEATURE_DEFINITIONS
from ml.credit.panel import Panel
from ml.credit.points import Scorecard
from ml.gate import Check


def count_checks(train: Panel, test: Panel, config: CreditConfig) -> list[Check]:
    """Enough customers of both kinds to learn from and to test on, counted as customers."""
    bad, good = train.customer_count(1.0), train.customer_count(0.0)
    tested = test.customer_count(1.0)
    return [
        Check(
            "bad_customers",
            float(bad),
            f">= {config.min_bad}",
            bad >= config.min_bad,
            f"{bad} customers who were 90 days past due within twelve months can be learnt from "
            f"when the last months are kept to test on; {config.min_bad} are needed. Until then "
            "the expert rating is used.",
        ),
        Check(
            "good_customers",
            float(good),
            f">= {config.min_good}",
            good >= config.min_good,
            f"{good} customers who were not could be learnt from.",
        ),
        Check(
            "test_bad_customers",
            float(tested),
            f">= {config.gate.min_test_bad}",
            tested >= config.gate.min_test_bad,
            f"{tested} customers went bad after the last months, which nothing was learnt from.",
        ),
    ]


def judgement_checks(
    judgement: Judgement, train: Panel, scorecard: Scorecard, config: CreditConfig
) -> list[Check]:
    """Judge the learnt rating on the test slice, then warn."""
    return [
        *_separation_checks(judgement, config),
        *_calibration_checks(judgement, config),
        *_warnings(judgement, train, scorecard, config),
    ]


def _separation_checks(judgement: Judgement, config: CreditConfig) -> list[Check]:
    gini, expert = judgement.learnt.measures["gini"], judgement.expert.measures["gini"]
    found = judgement.learnt.measures["auc"]
    return [
        Check(
            "gini_not_below_expert",
            gini,
            f">= {expert:.4f}",
            gini >= expert,
            "On the same customers the learnt points must put those who go bad below the others "
            "at least as well as the expert's points do.",
        ),
        Check(
            "suspicion_auc",
            found,
            f"<= {config.gate.max_auc:g}",
            found <= config.gate.max_auc,
            "Nobody foresees this so well. Above the threshold some characteristic probably knows "
            "the future.",
        ),
    ]


def _calibration_checks(judgement: Judgement, config: CreditConfig) -> list[Check]:
    floor, ceiling = config.gate.slope_range
    low, high = line_interval(judgement.slope.slope, judgement.slope.slope_error)
    factor, limit = config.scale.factor, config.gate.max_points_off
    level = judgement.level
    off = factor * level.intercept
    near, far = line_interval(off, factor * level.intercept_error)
    return [
        Check(
            "calibration_slope",
            judgement.slope.slope,
            f"95 % interval overlaps {floor:g} to {ceiling:g}",
            low <= ceiling and high >= floor,
            "1 is right; below 1 the points are too far apart, above 1 too close. "
            f"Interval {low:.4g} to {high:.4g}.",
        ),
        Check(
            "calibration_level",
            off,
            f"95 % interval overlaps -{limit:g} to {limit:g} points",
            near <= limit and far >= -limit,
            f"So many points too high the customers were rated: {100 * judgement.bad_ratio:.1f} % "
            f"went bad, {100 * judgement.mean_probability:.1f} % were expected. Interval "
            f"{near:.3g} to {far:.3g}. Only at the right level does a grade mean the same odds.",
        ),
    ]


def _warnings(
    judgement: Judgement, train: Panel, scorecard: Scorecard, config: CreditConfig
) -> list[Check]:
    rates = sorted((float(train.bad.mean()), judgement.bad_ratio))
    ratio = rates[1] / rates[0] if rates[0] > 0 else float("inf")
    silent = [
        feature.title
        for feature, weight in zip(FEATURE_DEFINITIONS, scorecard.weights, strict=True)
        if weight == 0
    ]
    return [
        Check(
            "warning_stability_index",
            judgement.stability,
            f"<= {config.gate.max_psi:g}",
            judgement.stability <= config.gate.max_psi,
            "How far the points of the test lie elsewhere than those of training: below 0.10 "
            "stable, above 0.25 other customers than those it learnt from.",
        ),
        Check(
            "warning_bad_ratio_shift",
            ratio,
            f"<= {config.gate.warn_base_rate_ratio:g}",
            ratio <= config.gate.warn_base_rate_ratio,
            f"{100 * float(train.bad.mean()):.1f} % went bad in training, "
            f"{100 * judgement.bad_ratio:.1f} % in the test.",
        ),
        Check(
            "warning_characteristics_without_say",
            float(len(silent)),
            "0",
            not silent,
            "Characteristics that add nothing, not known or told by others already: "
            f"{', '.join(silent) or 'none'}.",
        ),
    ]
