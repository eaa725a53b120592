"""Settings of the lifetime-value estimator, with the defaults of the project.

Belongs here: every threshold and size that training uses.
Does not belong here: anything computed.
"""

from dataclasses import dataclass

from ml.errors import EstimatorError


@dataclass(frozen=True)
class ClvConfig:
    """How lifetime value is trained.

    Attributes:
        discount_rate: Per year.
        min_tenure_days: Below this a customer gets the mean of the tier.
        outcome_months: Months over which predictions are judged.
        calibration_months: Months of the shorter outcomes on which intervals are calibrated where
            the history is too short for the long ones.
        long_history_months: Months of history that an as-of date needs, for the 36 months after it
            to say how wide intervals of 36 months are: from less, too much is promised.
        max_one_time_share: Share of one-time buyers up to which plain BG/NBD may be chosen.
        min_improvement: Share by which the error of another estimator of purchases on later
            months must be smaller than that of the modified BG/NBD; less is chance.
        min_clearness: Standard errors by which it must be smaller, too.
        max_correlation: |Spearman| of frequency and value from which there is a warning, and the
            two-part regression replaces Gamma-Gamma.
        max_gini_loss: Normalised Gini that the two-part regression may lose against Gamma-Gamma
            and still replace it elsewhere, where its mean error on later months is smaller by
            `min_improvement` and `min_clearness`, and its total bias within `max_bias`.
        max_bias: |Total bias| on later months, as a share, from which there is a warning.
        min_customers: Fewest customers to fit on.
        min_repeat_customers: Fewest of them with a repeat purchase.
        min_contract_months: Fewest customer-months under contract to learn survival from.
        top_share: Share of customers whose captured value is reported.
        interval_draws: Simulated futures per customer behind the interval of a value.
        min_coverage: Least share of outcomes inside the 90 % intervals: a warning where the 95 %
            interval of the share lies below.
        max_coverage: Greatest one: a warning where it lies above.
        bootstrap_draws: Resamples of customers for the intervals of the metrics.
        max_training_customers: Customers above which they are sampled by hash.
        seed: Seed of every random number.
    """

    discount_rate: float = 0.10
    min_tenure_days: int = 30
    outcome_months: int = 12
    calibration_months: int = 6
    long_history_months: int = 24
    max_one_time_share: float = 0.40
    min_improvement: float = 0.01
    min_clearness: float = 1.96
    max_correlation: float = 0.30
    max_gini_loss: float = 0.02
    max_bias: float = 0.25
    min_customers: int = 100
    min_repeat_customers: int = 30
    min_contract_months: int = 300
    top_share: float = 0.20
    interval_draws: int = 400
    min_coverage: float = 0.87
    max_coverage: float = 0.93
    bootstrap_draws: int = 2000
    max_training_customers: int = 200_000
    seed: int = 20

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        if not self.discount_rate > -1:
            raise EstimatorError("ClvConfig.discount_rate must be above -1 (a share per year).")
        if self.outcome_months < 1:
            raise EstimatorError("ClvConfig.outcome_months must be at least 1.")
        if self.interval_draws < 20:
            raise EstimatorError("ClvConfig.interval_draws must be at least 20.")
        if not 0 < self.top_share < 1:
            raise EstimatorError("ClvConfig.top_share must lie between 0 and 1.")
