"""Settings of the learnt credit rating, with the defaults of the project.

Belongs here: the scale of points, every threshold and size that training uses.
Does not belong here: anything computed from rows.
"""

import math
from dataclasses import dataclass, field

from ml.errors import EstimatorError


@dataclass(frozen=True)
class ScaleConfig:
    """Points from the logarithm of the odds of good to bad; the same as the expert rating's.

    Attributes:
        points_to_double_the_odds: So many points more double the odds.
        base_points: Points that stand for
        base_odds: so many good for one bad.
        lowest: Least points that are given.
        highest: Most points that are given.
    """

    points_to_double_the_odds: float = 20.0
    base_points: float = 600.0
    base_odds: float = 50.0
    lowest: int = 300
    highest: int = 850

    @property
    def factor(self) -> float:
        """Points of an odds ratio of e."""
        return self.points_to_double_the_odds / math.log(2)

    @property
    def offset(self) -> float:
        """Points of even odds."""
        return self.base_points - self.factor * math.log(self.base_odds)


@dataclass(frozen=True)
class GateConfig:
    """Thresholds of the publication gate.

    Attributes:
        min_test_bad: Fewest customers who went bad in the test slice.
        slope_range: The 95 % interval of the calibration slope must overlap this.
        max_points_off: The 95 % interval of how many points the level is off must reach as near
            to 0 as this.
        max_auc: Above this the rating is suspected of seeing the future.
        max_psi: Warn when the points shifted more than this from training to test.
        warn_base_rate_ratio: Warn when the bad rates of training and test differ by more.
    """

    min_test_bad: int = 30
    slope_range: tuple[float, float] = (0.8, 1.25)
    max_points_off: float = 10.0
    max_auc: float = 0.95
    max_psi: float = 0.25
    warn_base_rate_ratio: float = 1.25


@dataclass(frozen=True)
class CreditConfig:
    """How the credit rating is learnt.

    Attributes:
        outcome_months: Whole months after the as-of date in which a customer may go bad.
        test_months: As-of dates of the test slice.
        min_train_months: Fewest as-of dates to train on.
        folds: Groups of customers, by hash; each is rated by what was learnt from the others.
        min_bad: Fewest customers who went bad, and
        min_good: fewest who did not, in training.
        fine_bins: Bins of about equal count from which the final ones are joined.
        min_bin_share: Least share of the rows in a bin.
        min_bin_bad: Fewest customers who went bad in a bin.
        smoothing: Added to the good and the bad of every bin before the logarithm.
        logistic_c: Inverse penalty of the logistic regression on the weights of evidence.
        psi_bins: Bins of the population stability index.
        psi_min_rows: Fewest rows on each side of it.
        bootstrap_draws: Resamples of customers for the intervals of the metrics.
        max_training_rows: Rows above which customers are sampled by hash.
        seed: Seed of every random number.
        scale: The scale of points.
        gate: Thresholds of the publication gate.
    """

    outcome_months: int = 12
    test_months: int = 3
    min_train_months: int = 3
    folds: int = 5
    min_bad: int = 200
    min_good: int = 200
    fine_bins: int = 10
    min_bin_share: float = 0.05
    min_bin_bad: int = 10
    smoothing: float = 0.5
    logistic_c: float = 10.0
    psi_bins: int = 10
    psi_min_rows: int = 200
    bootstrap_draws: int = 200
    max_training_rows: int = 400_000
    seed: int = 13
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    gate: GateConfig = field(default_factory=GateConfig)

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could be fitted."""
        for name in ("outcome_months", "test_months", "min_train_months", "fine_bins"):
            if getattr(self, name) < 1:
                raise EstimatorError(f"CreditConfig.{name} must be at least 1.")
        if self.folds < 2:
            raise EstimatorError("CreditConfig.folds must be at least 2.")
