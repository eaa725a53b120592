"""Rules of the product `activity`: what customer and company did with each other.

Belongs here: the marts customer_activity and customer_events.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    keys,
    month_ends,
    no_personal_data,
    not_negative,
    refused_share_is_small,
    shares,
    volume_of_the_season,
)

OWNER = "customer analytics"
ACTIVITY = Table("scorecard", "customer_activity", OWNER, ("customer_id", "as_of_date"))
EVENTS = Table("scorecard", "customer_events", OWNER, ("event_id",))

OPTIONAL_SYSTEMS = ("support", "survey", "usage", "marketing", "organisation")
STAGES = ("awareness", "consideration", "purchase", "use", "after_sales", "advocacy")
# What a count is made of: outside the time in which that was measured the count is null.
MEASURED = {
    "interactions": (
        "interactions",
        "interactions_two_way",
        "interactions_inbound",
        "mass_mails",
    ),
    "relationship_events": (
        "relationship_events",
        "referrals",
        "referrals_won",
        "joint_developments",
        "customer_references",
        "community_contributions",
        "joint_plans",
    ),
    "opportunities": ("opportunities_opened", "opportunities_won", "opportunities_lost"),
    "tickets": ("tickets_opened",),
    "ticket_changes": ("tickets_solved", "tickets_reopened"),
    "complaints": ("complaints_received",),
    "survey_invitations": ("survey_invitations",),
    "survey_answers": ("surveys_answered", "survey_answers"),
    "usage": (
        "active_days",
        "logins",
        "feature_events",
        "help_centre_visits",
        "community_posts",
        "trainings",
    ),
    "marketing_touches": ("marketing_touches",),
    "marketing_responses": (
        "marketing_clicks",
        "marketing_conversions",
        "marketing_unsubscribes",
    ),
    "action_outcomes": ("actions_taken",),
}
COUNTS = tuple(column for columns in MEASURED.values() for column in columns)
# Columns of the activity and the events that must tell the same.
TOLD_TWICE = {
    "interactions": (
        "count(*) filter (where event_type = 'interaction' "
        "and (is_two_way or is_customer_initiated))"
    ),
    "tickets_opened": "count(*) filter (where event_type = 'ticket_opened')",
    "complaints_received": "count(*) filter (where event_type = 'complaint_received')",
    "survey_invitations": (
        "count(*) filter (where event_type = 'survey_invited' and detail = 'delivered')"
    ),
    "active_days": "coalesce(sum(value) filter (where event_type = 'usage_month'), 0)",
    "marketing_touches": (
        "count(*) filter (where event_type = 'marketing_touch' and detail = 'delivered')"
    ),
}


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_activity(), *_measured(), *_coverage(), *_events(), *_told_twice())


def _activity() -> tuple[Rule, ...]:
    return (
        ACTIVITY.has_rows(
            says="There is at least one customer month.",
            because="Every customer has one, whatever was measured.",
        ),
        *keys(ACTIVITY),
        month_ends(ACTIVITY),
        no_personal_data(ACTIVITY),
        not_negative(ACTIVITY, *COUNTS, "interaction_minutes", "handling_minutes"),
        refused_share_is_small(ACTIVITY, ["usage", "marketing", "organisation"]),
        volume_of_the_season(EVENTS, "occurred_at"),
        ACTIVITY.no_rows(
            "has_every_customer_month",
            """
            select customer_id, as_of_date
            from scorecard.customer_activity as activity
            full outer join (
                select customer_id, as_of_date from scorecard.customer_history
            ) as history using (customer_id, as_of_date)
            where customer_id is not null and as_of_date is not null
                and (history.customer_id is null or activity.customer_id is null)
            """,
            says="Every customer has a row for every month since being first seen, and no other.",
            because="A month without a row is neither silence nor activity.",
            characteristic="completeness",
            columns=("customer_id", "as_of_date"),
            reads=("scorecard.customer_history",),
        ),
    )


def _measured() -> tuple[Rule, ...]:
    facts = ",\n                ".join(
        f"coalesce(bool_or(is_measured) filter (where fact = '{fact}'), false) as {fact}"
        for fact in MEASURED
    )
    wrong = "\n                or ".join(
        f"(activity.{column} is not null) <> facts.{fact}"
        for fact, columns in MEASURED.items()
        for column in columns
    )
    systems = ", ".join(f"'{system}'" for system in OPTIONAL_SYSTEMS)
    return (
        ACTIVITY.no_rows(
            "is_told_where_it_was_measured",
            f"""
            with facts as (
                select as_of_date,
                {facts}
                from core.int_measured_facts group by as_of_date
            )
            select activity.customer_id, activity.as_of_date
            from scorecard.customer_activity as activity
            inner join facts on activity.as_of_date = facts.as_of_date
            where {wrong}
            """,
            says="A count is told for every customer in the months in which it was measured, and "
            "for none in the others.",
            because="Missing is not zero: silence outside the measured time says nothing.",
            characteristic="consistency",
            columns=COUNTS,
            reads=("core.int_measured_facts",),
        ),
        ACTIVITY.no_rows(
            "measured_systems_are_those_of_the_sources",
            f"""
            select activity.as_of_date
            from (
                select as_of_date, max(measured_systems) as measured_systems
                from scorecard.customer_activity group by as_of_date
            ) as activity
            inner join (
                select as_of_date, count(*) filter (where is_measured) as measured_systems
                from scorecard.source_months where source_system in ({systems})
                group by as_of_date
            ) as sources on activity.as_of_date = sources.as_of_date
            where activity.measured_systems <> sources.measured_systems
            """,
            says="In each month as many optional systems were measured as the sources say.",
            because="What a customer's month can tell rests on it.",
            characteristic="consistency",
            columns=("measured_systems",),
            reads=("scorecard.source_months",),
        ),
    )


def _coverage() -> tuple[Rule, ...]:
    return (
        *shares(ACTIVITY, "source_coverage"),
        ACTIVITY.no_rows(
            "coverage_counts_the_systems",
            f"""
            select customer_id, as_of_date from scorecard.customer_activity
            where measured_systems is null
                or abs(source_coverage - measured_systems / {len(OPTIONAL_SYSTEMS)}) > 0.000001
                or source_coverage is null
            """,
            says="Coverage is the share of the optional systems that were measured.",
            because="It says how much of a customer a month can tell.",
            characteristic="accuracy",
            columns=("measured_systems", "source_coverage"),
        ),
    )


def _events() -> tuple[Rule, ...]:
    return (
        EVENTS.has_rows(
            says="There is at least one event.",
            because="Every invoice is one.",
        ),
        *keys(EVENTS),
        EVENTS.no_rows(
            "customer_is_known",
            """
            select events.event_id
            from scorecard.customer_events as events
            anti join scorecard.customers as customers
                on events.customer_id = customers.customer_id
            anti join (
                select links.customer_id
                from core.int_identity_links as links
                inner join core.int_identity_records as records
                    on links.source_system = records.source_system
                    and links.source_id = records.source_id
                where links.source_system in ('crm', 'billing')
                group by links.customer_id
                having min(records.first_recorded_at)::date
                    > (select max(last_month) from control.run_window)
            ) as later_customers on events.customer_id = later_customers.customer_id
            where events.customer_id is not null
            """,
            says="Every customer who is named stands in the list of customers, or in that of a "
            "later month.",
            because="A row of an unknown customer cannot be explained to anyone; an offer to one "
            "who signed up later can, where a run goes back.",
            characteristic="consistency",
            columns=("customer_id",),
            reads=(
                "scorecard.customers",
                "core.int_identity_links",
                "core.int_identity_records",
                "control.run_window",
            ),
        ),
        # Of a table this long, what comes from elsewhere; the rest is checked value by value.
        no_personal_data(
            EVENTS,
            exempt=("customer_id", "event_type", "journey_stage", "source_system", "value_unit"),
        ),
        EVENTS.no_rows(
            "happened_by_the_month_it_is_told_in",
            """
            select event_id from scorecard.customer_events
            cross join control.run_window as run_window
            where occurred_at::date > as_of_date or as_of_date <> last_day(as_of_date)
                or as_of_date > run_window.last_month or customer_id is null
                or as_of_date is null or occurred_at is null
            """,
            says="Every event has its customer, its time, and the month end by which it was known.",
            because="The thread must tell a past month as it was known then.",
            characteristic="currentness",
            columns=("occurred_at", "as_of_date", "customer_id"),
            reads=("control.run_window",),
        ),
        EVENTS.no_rows(
            "values_are_known",
            f"""
            select events.event_id
            from scorecard.customer_events as events
            left join seeds.event_types as types on events.event_type = types.event_type
            where types.event_type is null
                or events.journey_stage is distinct from types.journey_stage
                or events.journey_stage not in {STAGES}
                or events.source_system not in {("billing", "crm", *OPTIONAL_SYSTEMS)}
                or events.sentiment not between -1 and 1
                or (events.value is not null) and (events.value_unit is null)
            """,
            says="Type, journey stage and system are of those that are defined; mood lies between "
            "-1 and 1, and every number has its unit.",
            because="What nobody defined, nobody reads.",
            characteristic="accuracy",
            columns=("event_type", "journey_stage", "source_system", "sentiment", "value_unit"),
            reads=("seeds.event_types",),
        ),
    )


def _told_twice() -> tuple[Rule, ...]:
    sums = ", ".join(f"sum({column}) as {column}" for column in TOLD_TWICE)
    events = ",\n                    ".join(f"{sql} as {name}" for name, sql in TOLD_TWICE.items())
    differs = " or ".join(
        f"activity.{column} <> coalesce(events.{column}, 0)" for column in TOLD_TWICE
    )
    return (
        EVENTS.no_rows(
            "events_and_activity_agree",
            f"""
            select activity.as_of_date
            from (
                select as_of_date, {sums} from scorecard.customer_activity group by as_of_date
            ) as activity
            left join (
                select
                    as_of_date,
                    {events}
                from scorecard.customer_events
                inner join scorecard.customers using (customer_id)
                -- Before the sign-up, where single facts may lie, there is no month to count in.
                where as_of_date >= last_day(first_seen_date)
                group by as_of_date
            ) as events on activity.as_of_date = events.as_of_date
            where {differs}
            """,
            says="Where it was measured, the thread of events has as many interactions, tickets, "
            "complaints, invitations, days of use and messages in each month as the counts say.",
            because="Two tellings of one month make people believe neither.",
            characteristic="consistency",
            columns=("event_type", "value"),
            reads=(ACTIVITY.path, "scorecard.customers"),
        ),
        EVENTS.no_rows(
            "revenue_is_that_of_the_indicators",
            """
            select as_of_date
            from (
                select as_of_date, sum(amount) as amount from scorecard.customer_events
                where event_type in ('invoice', 'credit') group by as_of_date
            ) as events
            full outer join (
                select as_of_date, sum(revenue_1m) as revenue
                from scorecard.customer_indicators group by as_of_date
            ) as indicators using (as_of_date)
            where as_of_date is not null and coalesce(amount, 0) <> coalesce(revenue, 0)
            """,
            says="Invoices and credits of the thread add up, month by month, to the revenue of the "
            "indicators.",
            because="The story of a customer and his value must be about the same money.",
            characteristic="accuracy",
            columns=("amount",),
            reads=("scorecard.customer_indicators",),
        ),
    )
