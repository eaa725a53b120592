"""What the churn estimator may look at.

Belongs here: the registry of features, each with its family, the system it comes from, when its
facts count as known, and its meaning. A feature is added by a column in `ftr_churn` and a line
here.
Does not belong here: how a feature is computed (dbt, schema `features`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["passive", "active", "value", "service", "survey", "tenure", "contract"]
System = Literal["billing", "crm", "support", "survey", "usage"]

KNOWN_AT: Final[Mapping[System, str]] = {
    "billing": "an invoice line, a payment and a change of contract count from their own day, what "
    "is written about a subscription (its term, its renewal) from the day on which it was written",
    "crm": "a contact counts from the day on which it took place",
    "support": "a ticket counts from the day on which it was opened, in the state that it had at "
    "the month end",
    "survey": "an invitation counts from the day on which it arrived, an answer from the day on "
    "which it was given; an invitation without an answer is a fact of its own",
    "usage": "a day of use counts from that day",
}
"""When the facts behind a feature count, by the system that they come from."""


@dataclass(frozen=True)
class Feature:
    """One column of `features.ftr_churn`.

    Attributes:
        name: Column name.
        family: What kind of signal it is.
        system: The system whose facts it rests on most; without it the feature is empty.
        description: What it says about the customer at the as-of date, with its unit.
    """

    name: str
    family: Family
    system: System
    description: str

    @property
    def known_at(self) -> str:
        """When a fact behind the feature counts as known."""
        return KNOWN_AT[self.system]


FEATURE_DEFINITIONS: Final[tuple[Feature, ...]] = (
    Feature("days_since_purchase", "passive", "billing", "Days since the last purchase."),
    Feature(
        "tenure_days", "tenure", "billing", "Days since the first purchase, where that is known."
    ),
    Feature(
        "is_tenure_censored", "tenure", "billing", "1 where the customer is older than the data."
    ),
    Feature("purchases_1m", "active", "billing", "Purchases in the last month."),
    Feature("purchases_3m", "active", "billing", "Purchases in the last 3 months."),
    Feature("purchases_6m", "active", "billing", "Purchases in the last 6 months."),
    Feature("purchases_12m", "active", "billing", "Purchases in the last 12 months."),
    Feature("revenue_3m", "value", "billing", "Revenue of the last 3 months."),
    Feature("revenue_6m", "value", "billing", "Revenue of the last 6 months."),
    Feature("revenue_12m", "value", "billing", "Revenue of the last 12 months."),
    Feature(
        "revenue_trend_3m", "passive", "billing", "Revenue of 3 months over the 3 before, less 1."
    ),
    Feature("basket_value_12m", "value", "billing", "Mean amount of a purchase, 12 months."),
    Feature(
        "return_ratio_12m", "service", "billing", "Amount returned per amount bought, 12 months."
    ),
    Feature("product_count_12m", "value", "billing", "Different products bought in 12 months."),
    Feature("active_months_12m", "active", "billing", "Months with a purchase among the last 12."),
    Feature("gap_days_mean_12m", "passive", "billing", "Mean days between purchases, 12 months."),
    Feature(
        "gap_cv_12m", "passive", "billing", "Irregularity: deviation of the gaps over their mean."
    ),
    Feature(
        "recency_to_gap_ratio", "passive", "billing", "Days since purchase over the usual gap."
    ),
    Feature(
        "value_trend", "passive", "billing", "Value of 6 months over that of a year before, less 1."
    ),
    Feature("line_count_12m", "value", "billing", "Billing lines of the last 12 months."),
    Feature("gross_margin_12m", "value", "billing", "Gross margin of the last 12 months."),
    Feature(
        "purchase_delay_ratio_12m", "passive", "billing", "Days since purchase over the mean gap."
    ),
    Feature(
        "category_breadth_12m", "value", "billing", "Share of the product categories bought from."
    ),
    Feature(
        "discount_ratio_12m", "value", "billing", "Share of the list price given away, 12 months."
    ),
    Feature("mrr", "contract", "billing", "Monthly recurring revenue at the month end."),
    Feature(
        "mrr_trend_6m",
        "contract",
        "billing",
        "Recurring revenue over that of 6 months ago, less 1.",
    ),
    Feature("is_contractual", "contract", "billing", "1 where a subscription is in force."),
    Feature("contract_term_months", "contract", "billing", "Months for which it is agreed."),
    Feature("contract_age_days", "contract", "billing", "Days since the oldest one began."),
    Feature("contract_days_to_renewal", "contract", "billing", "Days to the next renewal named."),
    Feature("is_renewal_due_6m", "contract", "billing", "1 where it comes within six months."),
    Feature(
        "months_since_plan_change", "contract", "billing", "Months since plan or seats changed."
    ),
    Feature("months_since_price_change", "contract", "billing", "Months since the price changed."),
    Feature("price_change_ratio_12m", "contract", "billing", "By how much, within 12 months."),
    Feature("failed_payments_3m", "passive", "billing", "Failed attempts to pay in 3 months."),
    Feature(
        "renewal_ratio_24m",
        "contract",
        "billing",
        "Share of the terms that ended and were renewed.",
    ),
    Feature(
        "paid_on_time_ratio_12m",
        "passive",
        "billing",
        "Share of the amounts due that were paid in time.",
    ),
    Feature("days_past_due_max_12m", "passive", "billing", "Longest delay of a payment, in days."),
    Feature("stage_months", "tenure", "crm", "Months in the present stage of the relationship."),
    Feature("interactions_3m", "active", "crm", "Contacts, tickets and days of use in 3 months."),
    Feature(
        "usual_interactions_3m",
        "active",
        "crm",
        "The same in a usual 3 months of the customer's own.",
    ),
    Feature("interaction_score", "passive", "crm", "The one against the other; 50 is as usual."),
    Feature("active_days_1m", "passive", "usage", "Days of use in the last month."),
    Feature("active_days_3m", "passive", "usage", "Days of use in 3 months."),
    Feature("logins_3m", "passive", "usage", "Logins in 3 months."),
    Feature("login_trend_3m", "passive", "usage", "Logins of the month over the mean of 3."),
    Feature("feature_events_3m", "active", "usage", "Uses of features in 3 months."),
    Feature("help_centre_visits_6m", "active", "usage", "Visits of the help centre in 6 months."),
    Feature("community_posts_6m", "active", "usage", "Contributions to the community, 6 months."),
    Feature("trainings_6m", "active", "usage", "Trainings begun in 6 months."),
    Feature("relationship_events_12m", "active", "crm", "Referrals and joint doings in 12 months."),
    Feature("new_product_score_12m", "active", "usage", "Share of the launches adopted, 0 to 100."),
    Feature("voice_items_12m", "active", "support", "Tickets and contributions in 12 months."),
    Feature("tickets_created_6m", "service", "support", "Tickets opened in 6 months."),
    Feature("open_tickets", "service", "support", "Tickets open at the month end."),
    Feature("complaints_received_6m", "service", "support", "Complaints in 6 months."),
    Feature(
        "resolution_business_minutes_mean_6m",
        "service",
        "support",
        "Mean working minutes to solve.",
    ),
    Feature(
        "first_contact_ratio_6m", "service", "support", "Share of tickets solved at first contact."
    ),
    Feature("reopen_ratio_6m", "service", "support", "Share of solved tickets opened again."),
    Feature("sla_met_ratio_6m", "service", "support", "Share of tickets solved in time."),
    Feature("anchor_misses_6m", "service", "support", "Standards missed at moments that matter."),
    Feature("cost_to_serve_ratio_12m", "service", "support", "Cost to serve over gross margin."),
    Feature("sentiment", "passive", "support", "Mood of the customer's texts, -1 to 1."),
    Feature("negative_text_ratio_12m", "passive", "support", "Share of the texts in a bad mood."),
    Feature(
        "worst_text_severity_6m", "passive", "support", "Worst severity told in words; 1 is worst."
    ),
    Feature("survey_invitations_12m", "survey", "survey", "Invitations that arrived in 12 months."),
    Feature(
        "survey_response_ratio_12m", "survey", "survey", "Share of them answered; 0 is silence."
    ),
    Feature(
        "nps_answer", "survey", "survey", "Newest answer to 'would you recommend us', 0 to 10."
    ),
    Feature("nps_answer_age_days", "survey", "survey", "Days since that answer."),
    Feature("csat_score", "survey", "survey", "Newest answer to 'how satisfied', 0 to 100."),
    Feature("csat_answer_age_days", "survey", "survey", "Days since that answer."),
)

FEATURES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURE_DEFINITIONS)
"""Feature columns in the order in which the estimator reads them."""

KIND_FEATURE: Final = "is_contractual"
"""Tells customers whose label goes by their contract from those whose label goes by purchases."""
