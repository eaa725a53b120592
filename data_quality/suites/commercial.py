"""Rules of the product `commercial`: leads, sales, campaigns, use of the CRM, self service.

Belongs here: the marts lead_conversion, sales_performance, sales_forecasts, campaign_performance,
crm_adoption and self_service. Not here: what customers bought (`billing`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    few_cases_are_flagged,
    keys,
    month_ends,
    no_personal_data,
    not_negative,
    rates_flag_few_cases,
    rates_hold,
)

OWNER = "sales"
LEADS = Table("scorecard", "lead_conversion", OWNER, ("as_of_date", "period_months", "channel"))
SALES = Table(
    "scorecard", "sales_performance", OWNER, ("as_of_date", "period_months", "opportunity_kind")
)
FORECASTS = Table("scorecard", "sales_forecasts", OWNER, ("as_of_date", "horizon_months"))
CAMPAIGNS = Table("scorecard", "campaign_performance", "marketing", ("as_of_date", "campaign_id"))
ADOPTION = Table("scorecard", "crm_adoption", OWNER, ("as_of_date", "team_id"))
SELF_SERVICE = Table(
    "scorecard", "self_service", "customer service", ("as_of_date", "period_months")
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_of_every_table(),
        *_leads(),
        *_sales(),
        *_campaigns(),
        few_cases_are_flagged(ADOPTION, "is_adoption_low_n", "staff_count"),
        few_cases_are_flagged(SELF_SERVICE, "is_help_centre_low_n", "help_centre_cases"),
    )


def _of_every_table() -> tuple[Rule, ...]:
    tables = (LEADS, SALES, FORECASTS, CAMPAIGNS, ADOPTION, SELF_SERVICE)
    return (
        *(rule for table in tables for rule in keys(table)),
        *(month_ends(table) for table in tables),
        *(no_personal_data(table) for table in (LEADS, CAMPAIGNS, ADOPTION)),
        rates_hold(LEADS, "conversion", "opportunity"),
        rates_hold(SALES, "win", "slipped", "key_account_coverage"),
        rates_hold(CAMPAIGNS, "conversion", "clicked", "unsubscribed"),
        rates_hold(ADOPTION, "adoption"),
        rates_hold(SELF_SERVICE, "bot_containment", "help_centre"),
    )


def _leads() -> tuple[Rule, ...]:
    names = ", ".join(LEADS.keys)
    return (
        few_cases_are_flagged(LEADS, "is_conversion_low_n", "conversion_cases"),
        LEADS.no_rows(
            "a_lead_is_final_or_pending",
            f"""
            select {names} from scorecard.lead_conversion
            where lead_count <> conversion_cases + conversion_pending_count
                or converted_count > conversion_cases or responded_count > lead_count
            """,
            says="Every lead either had its time or is pending, and no more convert than had it.",
            because="A lead that is counted before its time makes the newest months look worst.",
            characteristic="consistency",
            columns=("lead_count", "conversion_cases", "conversion_pending_count"),
        ),
    )


def _sales() -> tuple[Rule, ...]:
    names = ", ".join(SALES.keys)
    return (
        rates_flag_few_cases(
            SALES,
            win="decided_count",
            slipped="slipped_cases",
            key_account_coverage="key_account_count",
        ),
        not_negative(SALES, "open_count", "overdue_count", "without_amount_count"),
        SALES.no_rows(
            "kinds_add_up",
            f"""
            select {names} from (
                select *,
                    sum(decided_count) filter (where opportunity_kind <> 'all') over months
                        as kinds_decided,
                    sum(won_amount) filter (where opportunity_kind <> 'all') over months
                        as kinds_won
                from scorecard.sales_performance
                window months as (partition by as_of_date, period_months)
            ) as sales
            where opportunity_kind = 'all'
                and (decided_count <> kinds_decided or abs(won_amount - kinds_won) > 4 * {PENNY})
            """,
            says="The kinds of opportunity add up to all of them.",
            because="A sum that differs from its parts makes people believe neither.",
            characteristic="consistency",
            columns=("decided_count", "won_amount"),
        ),
    )


def _campaigns() -> tuple[Rule, ...]:
    names = ", ".join(CAMPAIGNS.keys)
    return (
        rates_flag_few_cases(
            CAMPAIGNS,
            conversion="conversion_cases",
            clicked="delivered_count",
            unsubscribed="delivered_count",
        ),
        CAMPAIGNS.no_rows(
            "reactions_are_of_delivered_messages",
            f"""
            select {names} from scorecard.campaign_performance
            where delivered_count > sent_count or clicked_count > delivered_count
                or opened_count > delivered_count or unsubscribed_count > delivered_count
                or delivered_count <> conversion_cases + conversion_pending_count
            """,
            says="No more messages arrive than are sent, and no more are answered than arrive.",
            because="Reactions counted twice make a campaign look better than it is.",
            characteristic="consistency",
            columns=("sent_count", "delivered_count", "clicked_count"),
        ),
        CAMPAIGNS.measure(
            "attributed_money_adds_up",
            f"""
            select count(*) from (
                select
                    sum(first_touch_amount) as first_touch,
                    sum(last_touch_amount) as last_touch,
                    sum(linear_amount) as linear,
                    count(*) * {PENNY} as rounding
                from scorecard.campaign_performance group by as_of_date
            ) as months
            where abs(first_touch - last_touch) > rounding or abs(first_touch - linear) > rounding
            """,
            low=0,
            high=0,
            says="The three ways of attribution share the same money, once.",
            because="Money that is attributed twice is the oldest trick of campaign reports.",
            characteristic="consistency",
            columns=("first_touch_amount", "last_touch_amount", "linear_amount"),
        ),
    )
