"""What customers are grouped by.

Belongs here: the columns of `features.ftr_churn` that span the space, and the words for a centroid
that is high or low in one of them, in English and Chinese.
Does not belong here: how a feature is computed (dbt), how a name is put together
(`ml.segments.naming`).

Six, and no more: how long ago, how often, how much (RFM), how long a customer, how broad, how much
service. Every further one that says nearly the same would weigh that side double. Outcomes that
are foreseen, such as the chance of churn, are left out: a group must not be made of a forecast.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class SegmentFeature:
    """One side of the space in which customers are grouped.

    Attributes:
        name: Column of `features.ftr_churn`.
        high: What is said of a group far above the mean.
        low: What is said of a group far below it.
        high_zh: The first in Chinese.
        low_zh: The second in Chinese.
    """

    name: str
    high: str
    low: str
    high_zh: str
    low_zh: str


FEATURE_DEFINITIONS: Final[tuple[SegmentFeature, ...]] = (
    SegmentFeature("days_since_purchase", "long silent", "bought recently", "久未购买", "近期购买"),
    SegmentFeature("purchases_12m", "buys often", "buys rarely", "购买频繁", "购买较少"),
    SegmentFeature("revenue_12m", "spends much", "spends little", "消费高", "消费低"),
    SegmentFeature("tenure_days", "long-standing", "new", "老客户", "新客户"),
    SegmentFeature("product_count_12m", "wide range", "few products", "品类多", "品类少"),
    SegmentFeature("tickets_created_6m", "much service", "little service", "服务多", "服务少"),
)
FEATURES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURE_DEFINITIONS)
