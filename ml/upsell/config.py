"""Settings of the upsell estimator, with the defaults of the project.

Belongs here: every threshold and size that training uses.
Does not belong here: anything computed.
"""

from dataclasses import dataclass, field

from ml.churn.config import ChurnConfig
from ml.errors import EstimatorError


@dataclass(frozen=True)
class UpsellConfig:
    """How upsell is trained.

    Attributes:
        chance: How the probability of buying more is trained, calibrated and judged: as churn is,
            over six whole months without grace. A season is compared with that of a year before,
            so the first year has no rows of who does not subscribe: months are set aside to
            calibrate only if two years are left to train on.
        winsorise_quantile: Amounts above this quantile of training count as it, as multiples of
            the base.
        amount_penalty: Penalty of the regression of the amount.
        min_kind_customers: Customers who bought more, from which a kind (subscribers or not) has a
            distribution of amounts of its own.
        tier_prior_customers: Pseudo-customers that pull a tier's multiple to that of all.
        min_growth: Least growth that counts as more, by kind; no amount below it is held possible.
        max_bias: Greatest total bias of the expected amount of a kind on the test slice; its
            interval must reach it.
        min_judged_customers: Fewest customers of a kind who bought more in the test slice for it
            to be judged.
        decile_share: Share of customers ranked first that the hit rate is of.
    """

    chance: ChurnConfig = field(
        default_factory=lambda: ChurnConfig(
            label_months=6, grace_days=0, min_train_months_with_calibration=24
        )
    )
    winsorise_quantile: float = 0.99
    amount_penalty: float = 100.0
    min_kind_customers: int = 50
    tier_prior_customers: float = 20.0
    min_growth: tuple[float, float] = (0.10, 0.05)
    max_bias: float = 0.25
    min_judged_customers: int = 30
    decile_share: float = 0.10

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could be fitted."""
        if not 0.5 < self.winsorise_quantile <= 1:
            raise EstimatorError("UpsellConfig.winsorise_quantile must lie between 0.5 and 1.")
        if len(self.min_growth) != 2 or min(self.min_growth) < 0:
            raise EstimatorError(
                "UpsellConfig.min_growth must name two shares: of others, of subscribers."
            )

    @property
    def embargo_months(self) -> int:
        """Months between as-of dates of two slices, so that no label overlaps the next."""
        return self.chance.embargo_months
