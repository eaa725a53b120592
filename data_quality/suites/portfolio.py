"""Rules of the product `portfolio`: tiers, retention, growth and concentration.

Belongs here: the marts tier_indicators and portfolio_indicators.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    TIERS,
    few_cases_are_flagged,
    interval_holds,
    key_is_unique,
    keys_present,
    month_ends,
    months_are_complete,
    shares,
)

OWNER = "customer analytics"
TIER = Table("scorecard", "tier_indicators", OWNER, ("as_of_date", "tier"))
PORTFOLIO = Table("scorecard", "portfolio_indicators", OWNER, ("as_of_date", "period_months"))

# The rates of recurring revenue; only gross retention is a share.
GROSS = "gross_revenue_retention"
NET = "net_revenue_retention"


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_tiers(),
        *_tier_counts(),
        *_tier_revenue(),
        *_portfolio(),
        *_retention(),
        *_revenue_retention(),
        *_winback(),
        *_movements(),
        *_concentration(),
    )


def _tiers() -> tuple[Rule, ...]:
    return (
        *keys_present(TIER),
        key_is_unique(TIER),
        month_ends(TIER),
        months_are_complete(TIER),
        TIER.in_set(
            "tier",
            TIERS,
            says="The tier is A, B, C or D.",
            because="Targets, limits and reports are kept by tier.",
        ),
    )


def _tier_counts() -> tuple[Rule, ...]:
    return (
        TIER.no_rows(
            "counts_match_customers",
            """
            select
                coalesce(tiers.as_of_date, customers.as_of_date) as as_of_date,
                coalesce(tiers.tier, customers.tier) as tier
            from scorecard.tier_indicators as tiers
            full outer join (
                select
                    as_of_date, tier, count(*) as customer_count,
                    count(*) filter (where is_active) as active_count
                from scorecard.customer_indicators
                where tier is not null
                group by as_of_date, tier
            ) as customers
                on tiers.as_of_date = customers.as_of_date and tiers.tier = customers.tier
            where tiers.as_of_date >= (select min(as_of_date) from scorecard.tier_indicators)
                and (
                    coalesce(tiers.customer_count, 0) <> coalesce(customers.customer_count, 0)
                    or coalesce(tiers.active_customer_count, 0)
                        <> coalesce(customers.active_count, 0)
                )
            """,
            says="The customers of a tier are those whom the customer list puts there.",
            because="The same question must have the same answer in every report.",
            characteristic="consistency",
            columns=("customer_count", "active_customer_count"),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _tier_revenue() -> tuple[Rule, ...]:
    return (
        TIER.no_rows(
            "revenue_matches_customers",
            f"""
            select tiers.as_of_date, tiers.tier
            from scorecard.tier_indicators as tiers
            left join (
                select as_of_date, tier, sum(revenue_12m) as revenue_12m
                from scorecard.customer_indicators group by as_of_date, tier
            ) as customers
                on tiers.as_of_date = customers.as_of_date and tiers.tier = customers.tier
            where coalesce(abs(tiers.revenue_12m - customers.revenue_12m) >= {PENNY}, true)
            """,
            says="The revenue of a tier is the sum over its customers, to the penny.",
            because="Sums that differ between reports cost trust in all of them.",
            characteristic="consistency",
            columns=("revenue_12m",),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _portfolio() -> tuple[Rule, ...]:
    return (
        *keys_present(PORTFOLIO),
        key_is_unique(PORTFOLIO),
        month_ends(PORTFOLIO),
        months_are_complete(PORTFOLIO, since_its_first=True),
        PORTFOLIO.no_rows(
            "totals_match_customers",
            f"""
            select portfolio.as_of_date, portfolio.period_months
            from scorecard.portfolio_indicators as portfolio
            left join (
                select
                    as_of_date, count(*) as customer_count,
                    count(*) filter (where is_active) as active_count,
                    sum(revenue_1m) as revenue_1m, sum(revenue_12m) as revenue_12m
                from scorecard.customer_indicators group by as_of_date
            ) as customers on portfolio.as_of_date = customers.as_of_date
            where portfolio.customer_count is distinct from customers.customer_count
                or portfolio.active_customer_count is distinct from customers.active_count
                or coalesce(abs(portfolio.revenue_1m - customers.revenue_1m) >= {PENNY}, true)
                or coalesce(abs(portfolio.revenue_12m - customers.revenue_12m) >= {PENNY}, true)
            """,
            says="Customers and revenue of the portfolio are those of its customers.",
            because="Sums that differ between reports cost trust in all of them.",
            characteristic="consistency",
            columns=("customer_count", "active_customer_count", "revenue_1m", "revenue_12m"),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _retention() -> tuple[Rule, ...]:
    return (
        *shares(
            PORTFOLIO,
            "customer_retention_ratio",
            "customer_retention_low",
            "customer_retention_high",
        ),
        interval_holds(
            PORTFOLIO,
            "customer_retention_ratio",
            "customer_retention_low",
            "customer_retention_high",
        ),
        few_cases_are_flagged(PORTFOLIO, "is_low_n", "start_customer_count"),
    )


def _revenue_retention() -> tuple[Rule, ...]:
    return tuple(
        rule
        for table, suffix in ((PORTFOLIO, ""), (TIER, "_12m"))
        for rule in (
            *shares(
                table,
                f"{GROSS}{suffix}",
                f"{GROSS}_low{suffix}",
                f"{GROSS}_high{suffix}",
            ),
            *(
                interval_holds(
                    table, f"{part}{suffix}", f"{part}_low{suffix}", f"{part}_high{suffix}"
                )
                for part in (GROSS, NET)
            ),
            few_cases_are_flagged(table, "is_revenue_retention_low_n", "revenue_retention_count"),
            table.no_rows(
                "expansion_only_adds",
                f"select {', '.join(table.keys)} from {table.path} "
                f"where {NET}{suffix} < {GROSS}{suffix} - 0.000001",
                says="Net revenue retention is at least gross revenue retention.",
                because="Net is gross and expansion; expansion is never below zero.",
                characteristic="consistency",
                columns=(f"{NET}{suffix}", f"{GROSS}{suffix}"),
            ),
        )
    )


def _winback() -> tuple[Rule, ...]:
    return tuple(
        rule
        for table in (PORTFOLIO, TIER)
        for rule in (
            *shares(table, "winback_ratio", "winback_low", "winback_high"),
            interval_holds(table, "winback_ratio", "winback_low", "winback_high"),
            few_cases_are_flagged(table, "is_winback_low_n", "winback_count"),
        )
    )


def _movements() -> tuple[Rule, ...]:
    return (
        PORTFOLIO.no_rows(
            "movements_add_up",
            "select as_of_date, period_months from scorecard.portfolio_indicators "
            "where start_customer_count + new_customer_count + won_back_customer_count "
            "- lost_customer_count <> end_customer_count",
            says="Customers at the start + new + won back - lost = customers at the end.",
            because="A customer who comes or goes without a movement is counted wrongly.",
            characteristic="consistency",
            columns=(
                "start_customer_count",
                "new_customer_count",
                "won_back_customer_count",
                "lost_customer_count",
                "end_customer_count",
            ),
        ),
        PORTFOLIO.no_rows(
            "retention_is_its_formula",
            """
            select as_of_date, period_months from scorecard.portfolio_indicators
            where start_customer_count > 0
                and abs(
                    customer_retention_ratio
                    - (end_customer_count - new_customer_count - won_back_customer_count)::double
                    / start_customer_count
                ) > 0.000001
            """,
            says="Retention is (end - new - won back) / start.",
            because="This is the definition of the handbook (C15); any other is another number.",
            characteristic="accuracy",
            columns=("customer_retention_ratio",),
        ),
    )


def _concentration() -> tuple[Rule, ...]:
    return (
        *shares(PORTFOLIO, "top_20_percent_revenue_ratio", "gini"),
        PORTFOLIO.between(
            "effective_customer_number",
            1,
            None,
            says="The effective number of customers is at least one.",
            because="It is 1 / (sum of squared shares), which is one if one customer buys all.",
        ),
    )
