"""What the churn estimator may look at.

Belongs here: the list of features, each with its family and meaning. A feature is added by a
column in `ftr_churn` and a line here.
Does not belong here: how a feature is computed (dbt, schema `features`).
"""

from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["passive", "active", "value", "service", "tenure"]


@dataclass(frozen=True)
class Feature:
    """One column of `features.ftr_churn`.

    Attributes:
        name: Column name.
        family: What kind of signal it is.
        description: What it says about the customer at the as-of date, with its unit.
    """

    name: str
    family: Family
    description: str


FEATURE_DEFINITIONS: Final[tuple[Feature, ...]] = (
    Feature("days_since_purchase", "passive", "Days since the last purchase."),
    Feature("tenure_days", "tenure", "Days since the first known purchase."),
    Feature("is_tenure_censored", "tenure", "1 where the customer is older than the data."),
    Feature("purchases_1m", "active", "Purchases in the last month."),
    Feature("purchases_3m", "active", "Purchases in the last 3 months."),
    Feature("purchases_6m", "active", "Purchases in the last 6 months."),
    Feature("purchases_12m", "active", "Purchases in the last 12 months."),
    Feature("revenue_3m", "value", "Revenue of the last 3 months."),
    Feature("revenue_6m", "value", "Revenue of the last 6 months."),
    Feature("revenue_12m", "value", "Revenue of the last 12 months."),
    Feature("revenue_trend_3m", "passive", "Revenue of 3 months over the 3 before, less 1."),
    Feature("basket_value_12m", "value", "Mean amount of a purchase, 12 months."),
    Feature("return_ratio_12m", "service", "Amount returned per amount bought, 12 months."),
    Feature("product_count_12m", "value", "Different products bought in 12 months."),
    Feature("active_months_12m", "active", "Months with a purchase among the last 12."),
    Feature("gap_days_mean_12m", "passive", "Mean days between purchases, 12 months."),
    Feature("gap_cv_12m", "passive", "Irregularity: deviation of the gaps over their mean."),
    Feature("recency_to_gap_ratio", "passive", "Days since purchase over the usual gap."),
)

FEATURES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURE_DEFINITIONS)
"""Feature columns in the order in which the estimator reads them."""
