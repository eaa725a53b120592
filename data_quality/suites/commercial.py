"""Rules of the product `commercial`: leads, sales, campaigns, use of the CRM, self service.

Belongs here: the marts lead_conversion, sales_performance, sales_forecasts, campaign_performance,
campaign_effects, loyalty_programme,
crm_adoption and self_service. Not here: what customers bought (`billing`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    MIN_N,
    PENNY,
    TOLERANCE,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    no_personal_data,
    not_negative,
    rates_flag_few_cases,
    rates_hold,
    refused_share_is_small,
)

OWNER = "sales"
LEADS = Table("scorecard", "lead_conversion", OWNER, ("as_of_date", "period_months", "channel"))
SALES = Table(
    "scorecard", "sales_performance", OWNER, ("as_of_date", "period_months", "opportunity_kind")
)
FORECASTS = Table("scorecard", "sales_forecasts", OWNER, ("as_of_date", "horizon_months"))
CAMPAIGNS = Table("scorecard", "campaign_performance", "marketing", ("as_of_date", "campaign_id"))
EFFECTS = Table("scorecard", "campaign_effects", "marketing", ("as_of_date", "campaign_id"))
LOYALTY = Table(
    "scorecard", "loyalty_programme", "marketing", ("as_of_date", "period_months", "tier")
)
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
        *_effects(),
        refused_share_is_small(CAMPAIGNS, ["marketing"]),
        *_loyalty(),
        few_cases_are_flagged(ADOPTION, "is_adoption_low_n", "staff_count"),
        few_cases_are_flagged(ADOPTION, "is_card_on_time_low_n", "due_card_count"),
        few_cases_are_flagged(SELF_SERVICE, "is_help_centre_low_n", "help_centre_cases"),
    )


def _of_every_table() -> tuple[Rule, ...]:
    tables = (LEADS, SALES, FORECASTS, CAMPAIGNS, EFFECTS, LOYALTY, ADOPTION, SELF_SERVICE)
    return (
        *(rule for table in tables for rule in keys(table)),
        *(month_ends(table) for table in tables),
        *(no_personal_data(table) for table in (LEADS, CAMPAIGNS, EFFECTS, ADOPTION)),
        rates_hold(LEADS, "conversion", "opportunity"),
        rates_hold(SALES, "win", "slipped", "key_account_coverage"),
        rates_hold(CAMPAIGNS, "conversion", "clicked", "unsubscribed"),
        rates_hold(EFFECTS, "treated_conversion", "control_conversion"),
        rates_hold(LOYALTY, "enrolment"),
        rates_hold(ADOPTION, "adoption", "card_on_time"),
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
                or sent_without_consent_count > sent_count
                or sent_to_lead_without_consent_count > sent_count - sent_without_consent_count
                or opened_count > delivered_count or unsubscribed_count > delivered_count
                or delivered_count <> conversion_cases + conversion_pending_count
            """,
            says="No more messages arrive than are sent, and no more are answered than arrive.",
            because="Reactions counted twice make a campaign look better than it is.",
            characteristic="consistency",
            columns=("sent_count", "delivered_count", "clicked_count"),
        ),
        _who_agreed("messages_go_to_who_agreed", "sent_without_consent_count", "a customer"),
        _who_agreed(
            "messages_go_to_leads_who_agreed", "sent_to_lead_without_consent_count", "a lead"
        ),
        _credited_once(
            "money",
            "amount",
            "Money that is attributed twice is the oldest trick of campaign reports.",
        ),
        _credited_once(
            "margin",
            "margin",
            "Margin that is attributed twice pays for campaigns that bring nothing.",
        ),
        CAMPAIGNS.no_rows(
            "a_return_follows_from_value_and_cost",
            f"""
            select {names} from (
                select *,
                    case when value_basis = 'margin' then linear_margin else linear_amount end
                        as linear_value
                from scorecard.campaign_performance
            ) as campaigns
            where linear_return_ratio is not null and (
                coalesce(cost_amount, 0) <= 0 or conversion_pending_count > 0
                or coalesce(
                    abs((1 + linear_return_ratio) * cost_amount - linear_value)
                    > {PENNY} * (2 + abs(linear_return_ratio)), true
                )
            )
            """,
            says="A return is what is credited less the cost, divided by the cost, where there is "
            "a cost and all messages had their time.",
            because="A return without a cost or before its time is no ground to spend again.",
            characteristic="consistency",
            columns=("linear_return_ratio", "cost_amount", "linear_margin"),
        ),
        CAMPAIGNS.no_rows(
            "cost_per_lead_is_cost_over_leads",
            f"""
            select {names} from scorecard.campaign_performance
            where coalesce(abs(cost_per_lead * lead_count - cost_amount) > {PENNY} * 2, false)
                or (cost_per_lead is null) <> (
                    cost_amount is null or coalesce(lead_count, 0) = 0
                )
            """,
            says="Cost per lead times leads is the cost, and stands wherever both are known.",
            because="A cost per lead of other leads compares nothing.",
            characteristic="consistency",
            columns=("cost_per_lead", "cost_amount", "lead_count"),
        ),
    )


def _loyalty() -> tuple[Rule, ...]:
    names = ", ".join(LOYALTY.keys)
    return (
        # What was not measured rests on no case.
        rates_flag_few_cases(
            LOYALTY,
            enrolment="case when active_member_count is null then 0 else active_customer_count end",
        ),
        not_negative(LOYALTY, "member_count", "unlinked_member_count"),
        LOYALTY.no_rows(
            "points_add_up",
            f"""
            select {names} from scorecard.loyalty_programme
            where opening_balance + points_earned - points_burned - points_expired
                + points_adjusted <> closing_balance
            """,
            says="Opening + gained - redeemed - expired + put right = closing, to the point.",
            because="Points are owed; one that comes or goes without an entry is a wrong debt.",
            characteristic="consistency",
            columns=("opening_balance", "closing_balance"),
        ),
        LOYALTY.no_rows(
            "a_month_opens_with_what_the_last_one_closed_with",
            f"""
            select {names} from (
                select
                    *,
                    lag(closing_balance) over (order by as_of_date) as closing_before
                from scorecard.loyalty_programme
                where tier = 'all' and period_months = 1
            ) as months
            where opening_balance <> closing_before
            """,
            says="The balance of all members goes over from month to month.",
            because="Points that are in no entry would be in no month, and still be owed.",
            characteristic="consistency",
            columns=("opening_balance", "closing_balance"),
        ),
        LOYALTY.no_rows(
            "no_member_owes_points",
            f"select {names} from scorecard.loyalty_programme where negative_balance_count > 0",
            severity="warn",
            says="No member has fewer than no points.",
            because="More was taken than there was: entries are missing in the source.",
            characteristic="accuracy",
            columns=("negative_balance_count",),
        ),
    )


def _who_agreed(what: str, count: str, whom: str) -> Rule:
    return CAMPAIGNS.no_rows(
        what,
        f"""
        select {", ".join(CAMPAIGNS.keys)} from scorecard.campaign_performance
        where {count} > 0
            and as_of_date = (select max(as_of_date) from scorecard.campaign_performance)
        """,
        severity="warn",
        says=f"No campaign wrote to {whom} who had not agreed to marketing at that moment.",
        because="They were sent already; whoever sent them must know, and stop.",
        characteristic="confidentiality",
        columns=(count,),
    )


def _credited_once(what: str, column: str, because: str) -> Rule:
    """Each way of crediting shares the same sum."""
    return CAMPAIGNS.measure(
        f"attributed_{what}_adds_up",
        f"""
            select count(*) from (
                select
                    sum(first_touch_{column}) as first_touch,
                    sum(last_touch_{column}) as last_touch,
                    sum(linear_{column}) as linear,
                    count(*) * {PENNY} as rounding
                from scorecard.campaign_performance group by as_of_date
            ) as months
            where abs(first_touch - last_touch) > rounding or abs(first_touch - linear) > rounding
            """,
        low=0,
        high=0,
        says=f"The three ways of attribution share the same {what}, once.",
        because=because,
        characteristic="consistency",
        columns=(f"first_touch_{column}", f"last_touch_{column}", f"linear_{column}"),
    )


def _effects() -> tuple[Rule, ...]:
    names = ", ".join(EFFECTS.keys)
    figures = ("incremental_conversion", "incremental_value", "incremental_return_ratio")
    return (
        not_negative(EFFECTS, "treated_count", "control_count", "pending_count"),
        *(interval_holds(EFFECTS, figure, f"{figure}_low", f"{figure}_high") for figure in figures),
        EFFECTS.no_rows(
            "an_effect_needs_a_control_group_that_had_its_time",
            f"""
            select {names} from scorecard.campaign_effects
            where (status = 'compared') <> (incremental_conversion is not null)
                or (status = 'compared' and (
                    treated_count = 0 or control_count = 0 or pending_count > 0
                ))
                or is_low_n <> (least(treated_count, control_count) < {MIN_N})
            """,
            says="An effect is told where both groups have customers who all had their time, and "
            "nowhere else; small groups are flagged.",
            because="Without customers who were left out by lot nobody knows what a campaign did.",
            characteristic="credibility",
            columns=("status", "incremental_conversion", "control_count"),
        ),
        EFFECTS.no_rows(
            "lots_are_drawn_among_who_agreed",
            f"""
            select {names} from scorecard.campaign_effects
            where treated_without_consent_count + control_without_consent_count > 0
                and as_of_date = (select max(as_of_date) from scorecard.campaign_effects)
            """,
            severity="warn",
            says="The experiment of a campaign is assigned to customers who had agreed to "
            "marketing.",
            because="Who may not be written to is left out before the lot is drawn, or the arms "
            "differ by more than the message.",
            characteristic="confidentiality",
            columns=("treated_without_consent_count", "control_without_consent_count"),
        ),
        EFFECTS.no_rows(
            "an_effect_is_a_difference_of_shares",
            f"""
            select {names} from scorecard.campaign_effects
            where abs(
                incremental_conversion - treated_conversion_ratio + control_conversion_ratio
            ) > 3 * {TOLERANCE}
            """,
            says="The conversion that a campaign brought is the treated share less the control's.",
            because="A difference of other shares is the effect of something else.",
            characteristic="consistency",
            columns=("incremental_conversion", "treated_conversion_ratio"),
        ),
    )
