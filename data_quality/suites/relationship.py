"""Rules of the product `relationship`: alerts of relationship health, and the ways between stages.

Belongs here: the marts rhi_alerts, rhi_alert_performance, stage_transitions, stage_playbooks. Not
here: the health, stage and voice of single customers, which are columns of `customers`.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    customer_is_known,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    no_personal_data,
    not_negative,
    nothing_of_the_future,
    rates_flag_few_cases,
    shares,
)

OWNER = "sales"
ALERTS = Table("scorecard", "rhi_alerts", OWNER, ("alert_id",))
PERFORMANCE = Table("scorecard", "rhi_alert_performance", OWNER, ("as_of_date", "rule", "tier"))
TRANSITIONS = Table(
    "scorecard",
    "stage_transitions",
    OWNER,
    ("as_of_date", "period_months", "tier", "from_stage", "to_stage"),
)
PLAYBOOKS = Table("scorecard", "stage_playbooks", OWNER, ("stage",))
# Each stands as `<rate>_ratio` between `<rate>_low` and `<rate>_high`.
PERFORMANCE_RATES = ("recall", "in_time", "precision")
STAGES = ("explore", "familiar", "trust", "co_create")
RATES_ADD_UP_TO = 0.00001


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_alerts(), *_performance(), *_transitions(), *_playbooks())


def _alerts() -> tuple[Rule, ...]:
    return (
        *keys(ALERTS),
        customer_is_known(ALERTS),
        no_personal_data(ALERTS, exempt=("alert_id",)),
        nothing_of_the_future(ALERTS, "opened_on", "last_alarming_on", "closed_on"),
        not_negative(ALERTS, "months_open"),
        ALERTS.no_rows(
            "days_are_in_order",
            """
            select alert_id from scorecard.rhi_alerts
            where opened_on is null or opened_on > last_alarming_on
                or closed_on <= last_alarming_on
                or (closed_on is null) <> (closed_by is null)
            """,
            says="An alert opens, is last heard and is closed in this order, and a closed one says "
            "by what.",
            because="Lead times and open cases are counted from these days.",
            characteristic="consistency",
            columns=("opened_on", "last_alarming_on", "closed_on", "closed_by"),
        ),
        ALERTS.no_rows(
            "says_whom_it_is_about_and_why",
            """
            select alert_id from scorecard.rhi_alerts
            where (alert_scope = 'customer') is distinct from (customer_id is not null)
                or (alert_scope = 'tier') is distinct from (opened_by = 'common_decline')
                or opened_by is null
            """,
            says="An alert is about one customer or about a tier, and gives its reason.",
            because="Nobody can act on an alert without a name or a reason.",
            characteristic="completeness",
            columns=("alert_scope", "customer_id", "opened_by"),
        ),
        ALERTS.no_rows(
            "one_alert_is_open_per_customer",
            """
            select min(alert_id) as alert_id from scorecard.rhi_alerts
            where customer_id is not null and closed_on is null
            group by customer_id having count(*) > 1
            """,
            says="A customer has one open alert at most.",
            because="Two alerts of one episode are worked on twice.",
            characteristic="consistency",
            columns=("customer_id", "closed_on"),
        ),
        ALERTS.measure(
            "open_alerts_are_those_of_the_customers",
            """
            with newest as (
                select max(as_of_date) as as_of_date from scorecard.customer_indicators
            )
            select
                (
                    select count(*) from scorecard.rhi_alerts
                    where alert_scope = 'customer' and closed_on is null
                ) - (
                    select count(*) filter (where is_relationship_alert)
                    from scorecard.customer_indicators
                    where as_of_date = (select newest.as_of_date from newest)
                )
            """,
            low=0,
            high=0,
            says="As many alerts are open as customers have one in their newest row.",
            because="The list and the customer's page must not tell two stories.",
            characteristic="consistency",
            columns=("closed_on",),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _performance() -> tuple[Rule, ...]:
    columns = [f"{rate}_{part}" for rate in PERFORMANCE_RATES for part in ("ratio", "low", "high")]
    return (
        *keys(PERFORMANCE),
        month_ends(PERFORMANCE),
        *shares(PERFORMANCE, *columns),
        *(
            interval_holds(PERFORMANCE, f"{rate}_ratio", f"{rate}_low", f"{rate}_high")
            for rate in PERFORMANCE_RATES
        ),
        rates_flag_few_cases(
            PERFORMANCE, recall="loss_count", in_time="warned_count", precision="alert_count"
        ),
        PERFORMANCE.no_rows(
            "parts_are_of_their_whole",
            """
            select as_of_date, rule, tier from scorecard.rhi_alert_performance
            where in_time_count > warned_count or warned_count > loss_count
                or right_count > alert_count or pending_count < 0
                or (warned_count = 0) <> (lead_days_median is null)
            """,
            says="Warned in time are of the warned, these of the lost; right alerts are of all.",
            because="A share above one would praise a rule that warns nobody.",
            characteristic="consistency",
            columns=("in_time_count", "warned_count", "loss_count", "right_count", "alert_count"),
        ),
        PERFORMANCE.no_rows(
            "both_rules_see_the_same_losses",
            """
            select min(as_of_date) as as_of_date, min(rule) as rule, min(tier) as tier
            from scorecard.rhi_alert_performance
            where loss_count > 0
            group by as_of_date, tier having min(loss_count) <> max(loss_count)
            """,
            says="Both rules are measured on the same losses.",
            because="On different losses their shares cannot be compared.",
            characteristic="credibility",
            columns=("loss_count",),
        ),
    )


def _transitions() -> tuple[Rule, ...]:
    return (
        *keys(TRANSITIONS),
        month_ends(TRANSITIONS),
        TRANSITIONS.no_rows(
            "stages_are_known",
            f"""
            select {", ".join(TRANSITIONS.keys)} from scorecard.stage_transitions
            where from_stage not in {STAGES} or to_stage not in {(*STAGES, "exit")}
            """,
            says="Stages are of the four that are defined, or exit at the end.",
            because="A stage without rules has no playbook either.",
            characteristic="accuracy",
            columns=("from_stage", "to_stage"),
        ),
        *shares(TRANSITIONS, "move_ratio", "move_low", "move_high"),
        interval_holds(TRANSITIONS, "move_ratio", "move_low", "move_high"),
        few_cases_are_flagged(TRANSITIONS, "is_low_n", "start_count"),
        TRANSITIONS.no_rows(
            "ways_add_up_to_their_start",
            f"""
            select as_of_date, period_months, tier, from_stage, min(to_stage) as to_stage
            from scorecard.stage_transitions
            where from_stage is not null and tier is not null
            group by as_of_date, period_months, tier, from_stage
            having sum(customer_count) <> max(start_count)
                or abs(sum(move_ratio) - 1) > {RATES_ADD_UP_TO}
            """,
            says="The ways that begin in a stage add up to all who began there.",
            because="Who is in no way was lost on it.",
            characteristic="completeness",
            columns=("customer_count", "start_count", "move_ratio"),
        ),
        TRANSITIONS.no_rows(
            "no_stage_is_skipped_in_a_month",
            f"""
            select {", ".join(TRANSITIONS.keys)} from scorecard.stage_transitions
            where period_months = 1 and customer_count > 0 and to_stage <> 'exit'
                and abs(
                    list_position({list(STAGES)}, to_stage)
                    - list_position({list(STAGES)}, from_stage)
                ) > 1
            """,
            says="In one month nobody moves by more than one stage, up or down.",
            because="A relationship grows and wanes step by step; a jump is a fault of the fold.",
            characteristic="credibility",
            columns=("from_stage", "to_stage", "customer_count"),
        ),
    )


def _playbooks() -> tuple[Rule, ...]:
    return (
        *keys(PLAYBOOKS),
        PLAYBOOKS.measure(
            "every_stage_has_its_playbook",
            f"""
            select count(*) filter (where stage in {(*STAGES, "exit")} and strategy is not null
                and needs_consent is not null)
            from scorecard.stage_playbooks
            """,
            low=len(STAGES) + 1,
            high=len(STAGES) + 1,
            says="Each of the four stages, and exit, has its playbook, which says whether it needs "
            "consent to marketing.",
            because="A stage without one is a label.",
            characteristic="completeness",
            columns=("stage", "strategy", "needs_consent"),
        ),
    )
