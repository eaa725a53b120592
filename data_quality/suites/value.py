"""Rules of the product `value`: what customers are worth, and why it changed.

Belongs here: the mart new_customer_value. Not here: the predictions that value is made of
(`predictions`) and what winning customers cost (`efficiency`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    VALUE_BASES,
    few_cases_are_flagged,
    keys,
    month_ends,
    not_negative,
)

OWNER = "finance"
NEW_CUSTOMERS = Table(
    "scorecard", "new_customer_value", OWNER, ("as_of_date", "period_months", "channel", "tier")
)
MISSING_REASONS = ("nobody_won", "not_valued", "basis_is_revenue", "no_cost")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return _new_customers()


def _new_customers() -> tuple[Rule, ...]:
    names = ", ".join(NEW_CUSTOMERS.keys)
    return (
        *keys(NEW_CUSTOMERS),
        month_ends(NEW_CUSTOMERS),
        not_negative(NEW_CUSTOMERS, "new_customer_count", "valued_customer_count"),
        few_cases_are_flagged(NEW_CUSTOMERS, "is_low_n", "valued_customer_count"),
        NEW_CUSTOMERS.in_set(
            "value_basis",
            (*VALUE_BASES, "mixed"),
            says="The value basis is revenue, margin or mixed.",
            because="A reader must be told whether value is what was sold or what was earned.",
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_there_or_the_reason_why_not",
            f"""
            select {names} from scorecard.new_customer_value
            where (ltv_to_cac is null) <> (ltv_to_cac_missing_reason is not null)
                or ltv_to_cac_missing_reason
                not in ({", ".join(f"'{reason}'" for reason in MISSING_REASONS)})
            """,
            says="A row has LTV:CAC, or the reason why it has none.",
            because="An empty figure without a reason is taken for a fault, or for 0.",
            characteristic="traceability",
            columns=("ltv_to_cac", "ltv_to_cac_missing_reason"),
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_by_margin",
            f"""
            select {names} from scorecard.new_customer_value
            where ltv_to_cac is not null and value_basis is distinct from 'margin'
            """,
            says="LTV:CAC is of margin, never of revenue.",
            because="Revenue does not pay a cost back; only what is left of it does.",
            characteristic="credibility",
            columns=("ltv_to_cac", "value_basis"),
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_value_over_cost",
            f"""
            select {names} from scorecard.new_customer_value
            where abs(earned_per_customer + clv_36m_per_customer - lifetime_value_per_customer)
                > 2 * {PENNY}
                or abs(
                    ltv_to_cac * acquisition_cost_per_customer - lifetime_value_per_customer
                ) > {PENNY} * (2 + abs(ltv_to_cac))
            """,
            says="Lifetime value is what was brought and what is expected; LTV:CAC divides it by "
            "the cost.",
            because="A ratio that its own columns do not give cannot be explained.",
            characteristic="accuracy",
            columns=(
                "earned_per_customer",
                "clv_36m_per_customer",
                "lifetime_value_per_customer",
                "acquisition_cost_per_customer",
                "ltv_to_cac",
            ),
        ),
        NEW_CUSTOMERS.no_rows(
            "cost_is_that_of_winning",
            f"""
            select {", ".join(f"costs.{key}" for key in NEW_CUSTOMERS.keys)}
            from scorecard.acquisition_cost as costs
            left join scorecard.new_customer_value as facts using ({names})
            where facts.acquisition_cost_per_customer
                is distinct from costs.acquisition_cost_per_customer
                or facts.new_customer_count is distinct from costs.new_customer_count
            """,
            says="Cost and number of new customers are those of acquisition_cost, row by row.",
            because="Two costs of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("acquisition_cost_per_customer", "new_customer_count"),
            reads=("scorecard.acquisition_cost",),
        ),
    )
