"""What the upsell estimator may look at, beside the features of churn.

Belongs here: the registry of the columns of `features.ftr_upsell` that are learnt from.
Does not belong here: how a feature is computed (dbt, schema `features`).
"""

from typing import Final

from ml.churn.features import FEATURES as CHURN_FEATURES
from ml.churn.features import Feature

FEATURE_DEFINITIONS: Final[tuple[Feature, ...]] = (
    Feature(
        "base_amount",
        "value",
        "billing",
        "Six months of recurring value, or the spend of the coming season a year before.",
    ),
    Feature("is_subscriber", "contract", "billing", "1 where the customer subscribes."),
    Feature(
        "recent_to_base_ratio", "value", "billing", "Revenue of the last 6 months over the base."
    ),
    Feature(
        "months_since_raise", "contract", "billing", "Months since recurring revenue last rose."
    ),
    Feature(
        "months_since_anniversary",
        "contract",
        "billing",
        "Months since the last anniversary of the first subscription.",
    ),
    Feature(
        "raise_count_24m",
        "contract",
        "billing",
        "Months of 24 in which recurring revenue rose.",
    ),
    Feature("subscribed_quantity", "contract", "billing", "Units subscribed to."),
    Feature("subscription_count", "contract", "billing", "Subscriptions in force."),
    Feature("plan_unit_price", "contract", "billing", "Price of a unit of the largest one."),
    Feature(
        "open_expansion_amount",
        "active",
        "crm",
        "Open sales opportunities for an expansion, as the CRM then said.",
    ),
)

FEATURES: Final[tuple[str, ...]] = (
    *CHURN_FEATURES,
    *(feature.name for feature in FEATURE_DEFINITIONS),
)
"""Feature columns in the order in which the estimator reads them: those of churn come first."""
