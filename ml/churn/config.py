"""Settings of the churn estimator, with the defaults of the project.

Belongs here: every threshold and size that training uses.
Does not belong here: anything computed.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from ml.errors import EstimatorError
from ml.profit import ProfitConfig

_DAYS_OF_A_LONG_MONTH: Final = 31


@dataclass(frozen=True)
class GateConfig:
    """Thresholds of the publication gate.

    Attributes:
        min_auc: Least AUC on the test slice.
        min_lift: Least top-decile lift, unless the base rate makes it unreachable.
        lift_share_of_ceiling: The lift cannot exceed 1/base rate; this share of it suffices.
        max_ece: Greatest expected calibration error, sampling noise deducted.
        slope_range: The 95 % interval of the calibration slope must overlap this.
        max_auc: Above this the estimator is suspected of seeing the future.
        max_pr_auc: The same for PR-AUC, where the base rate is below one half.
        warn_single_feature_auc: A feature that alone ranks better than this is listed.
        warn_base_rate_ratio: Warn when the base rates of training and test differ by more.
        warn_shifted_auc_gain: Warn when features of a month earlier rank better by more than this.
        warn_memory_auc_gain: Warn when customers learnt from are ranked better by more than this.
    """

    min_auc: float = 0.65
    min_lift: float = 1.5
    lift_share_of_ceiling: float = 0.6
    max_ece: float = 0.05
    slope_range: tuple[float, float] = (0.8, 1.25)
    max_auc: float = 0.95
    max_pr_auc: float = 0.90
    warn_single_feature_auc: float = 0.90
    warn_base_rate_ratio: float = 1.25
    warn_shifted_auc_gain: float = 0.02
    warn_memory_auc_gain: float = 0.05


@dataclass(frozen=True)
class ChurnConfig:
    """How churn is trained.

    Attributes:
        label_months: Whole months after the as-of date over which churn is judged.
        grace_days: Days after these months until a label is complete: the grace of a contract,
            or 0 where no customer has one.
        test_months: As-of dates in a test slice.
        calibration_months: As-of dates in a calibration slice of its own.
        min_train_months: Fewest as-of dates to train on.
        min_train_months_with_calibration: Fewest as-of dates that must be left to train on
            before months are set aside to calibrate; with fewer, calibration is cross-fitted.
        max_origins: Most test slices, going back in time.
        min_positives: Fewest churned customers, and
        min_negatives: fewest kept customers, in training.
        isotonic_min_positives: Churned customers from which isotonic calibration is used.
        folds: Groups of customers, each judged by a fit that has not seen it; they serve
            cross-fitting and the interval of a probability, too.
        contest_folds: Groups of customers where two ways are only compared: the candidates at
            earlier origins, features of a month earlier.
        interval_level: Level of the interval of a probability.
        bootstrap_draws: Resamples of customers for the intervals of the metrics.
        noise_draws: Draws for the sampling noise of the calibration error.
        calibration_bins: Equal-count bins of the calibration error.
        prior_strength: Pseudo-customers that pull a group's churn rate to that of all.
        logistic_c: Inverse penalty of the logistic regression.
        boosting_iterations: Trees of the gradient boosting.
        boosting_learning_rate: Its step.
        boosting_leaves: Leaves per tree.
        boosting_min_leaf: Rows per leaf, at least.
        max_training_rows: Rows above which customers are sampled by hash.
        reasons_from: Probability from which reasons are kept: the watch list begins there.
        seed: Seed of every random number.
        gate: Thresholds of the publication gate.
        profit: The retention offer that the measures in money are of.
    """

    label_months: int = 6
    grace_days: int = 0
    test_months: int = 3
    calibration_months: int = 3
    min_train_months: int = 3
    min_train_months_with_calibration: int = 12
    max_origins: int = 3
    min_positives: int = 100
    min_negatives: int = 100
    isotonic_min_positives: int = 1000
    folds: int = 5
    contest_folds: int = 3
    interval_level: float = 0.90
    bootstrap_draws: int = 200
    noise_draws: int = 200
    calibration_bins: int = 10
    prior_strength: float = 20.0
    logistic_c: float = 0.1
    boosting_iterations: int = 100
    boosting_learning_rate: float = 0.06
    boosting_leaves: int = 15
    boosting_min_leaf: int = 50
    max_training_rows: int = 200_000
    reasons_from: float = 0.25
    seed: int = 20
    gate: GateConfig = field(default_factory=GateConfig)
    profit: ProfitConfig = field(default_factory=ProfitConfig)

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could be fitted."""
        for name in ("label_months", "test_months", "min_train_months", "max_origins"):
            if getattr(self, name) < 1:
                raise EstimatorError(f"ChurnConfig.{name} must be at least 1.")
        if self.contest_folds < 2:
            raise EstimatorError("ChurnConfig.contest_folds must be at least 2.")
        if self.folds < 3:  # two groups are left out at a time
            raise EstimatorError("ChurnConfig.folds must be at least 3.")
        if not 0 < self.interval_level < 1:
            raise EstimatorError("ChurnConfig.interval_level must lie between 0 and 1.")

    @property
    def embargo_months(self) -> int:
        """Months between as-of dates of two slices: the label and the grace in whole months."""
        return self.label_months + math.ceil(self.grace_days / _DAYS_OF_A_LONG_MONTH)
