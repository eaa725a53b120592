"""What the credit rating may look at: the characteristics of the expert rating, and no other.

Belongs here: the list of characteristics, each with its sense and the words of its reasons. One
is added by a column in `ftr_credit` and a line here.
Does not belong here: how one is computed (dbt, schema `features`). A report of money laundering
is evidence for a person, and never stands here.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Feature:
    """One column of `features.ftr_credit`.

    Attributes:
        name: Column name.
        sense: 1 where a higher value must never rate worse, -1 where it must never rate better.
        title: What it is called in a reason.
        description: What it says about the customer at the as-of date, with its unit.
    """

    name: str
    sense: Literal[1, -1]
    title: str
    description: str


FEATURE_DEFINITIONS: Final[tuple[Feature, ...]] = (
    Feature(
        "paid_on_time_ratio_12m",
        1,
        "share of money paid on time",
        "Share of the money due in 12 months that was paid by its due date.",
    ),
    Feature(
        "days_past_due_max_12m",
        -1,
        "longest delay in days",
        "Longest delay past a due date seen in 12 months, in days.",
    ),
    Feature(
        "credit_utilisation_ratio",
        -1,
        "use of the credit line",
        "Receivables over the credit line.",
    ),
    Feature(
        "return_ratio_12m",
        -1,
        "share returned",
        "Amount returned per amount bought, 12 months.",
    ),
    Feature("disputes_12m", -1, "disputed invoices", "Complaints about invoices, 12 months."),
    Feature("tenure_days", 1, "days known", "Days since the first known purchase."),
    Feature(
        "external_credit_rating",
        1,
        "grade of the credit report",
        "Newest grade of a credit agency, 0 worst to 4 best.",
    ),
)

FEATURES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURE_DEFINITIONS)
"""Feature columns in the order in which the rating reads them."""
