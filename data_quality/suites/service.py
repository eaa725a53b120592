"""Rules of the product `service`: the tickets of the service desk.

Belongs here: the marts tickets, service_by_tier, service_level_cases, complaints_by_tier,
complaint_episodes. Not here:
faults of single tickets that are marked and counted (`findings`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    CHANNELS,
    customer_is_known,
    every_one_is_there,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    month_is_that_of,
    no_personal_data,
    not_negative,
    nothing_of_the_future,
    rates_flag_few_cases,
    refused_share_is_small,
    shares,
    volume_of_the_season,
)

OWNER = "customer service"
TICKETS = Table("scorecard", "tickets", OWNER, ("ticket_id",))
SERVICE = Table(
    "scorecard", "service_by_tier", OWNER, ("as_of_date", "period_months", "tier", "kind_group")
)
CASES = Table(
    "scorecard",
    "service_level_cases",
    OWNER,
    ("as_of_date", "tier", "region", "tiers_below_from"),
)
COMPLAINTS = Table(
    "scorecard", "complaints_by_tier", OWNER, ("as_of_date", "period_months", "tier")
)
EPISODES = Table("scorecard", "complaint_episodes", OWNER, ("topic", "started_on", "as_of_date"))
# Each stands as `<rate>_ratio` between `<rate>_low` and `<rate>_high`.
SERVICE_RATES = (
    "sla_met",
    "first_reply_sla_met",
    "first_contact",
    "first_contact_net",
    "reopen",
    "answered",
)
COMPLAINT_RATES = ("sla_met", "repeat", "upheld", "retained")

KINDS = ("incident", "service_request", "question", "complaint", "feedback")
PRIORITIES = ("low", "normal", "high", "urgent")
STATES = ("new", "open", "pending", "solved", "closed", "merged", "spam", "test")
EXCLUDED = ("merged", "spam", "test")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_tickets(),
        *_values(),
        _tiers(),
        *_times(),
        *_findings(),
        *_by_tier(SERVICE, SERVICE_RATES),
        *_service(),
        *_by_tier(CASES, ("below_customer",)),
        *_cases(),
        *_by_tier(COMPLAINTS, COMPLAINT_RATES),
        few_cases_are_flagged(COMPLAINTS, "is_low_n", "complaint_count"),
        rates_flag_few_cases(COMPLAINTS, **{rate: f"{rate}_cases" for rate in COMPLAINT_RATES}),
        *_episodes(),
    )


def _tickets() -> tuple[Rule, ...]:
    return (
        *keys(TICKETS),
        customer_is_known(TICKETS),
        no_personal_data(TICKETS),
        nothing_of_the_future(
            TICKETS,
            "created_at",
            "first_public_reply_at",
            "first_agent_reply_at",
            "sla_applied_at",
            "solved_at",
        ),
        every_one_is_there(
            TICKETS,
            "raw.support__tickets",
            "ticket_id",
            ("updated_at", "created_at"),
            says="Every ticket that was known by then is listed, and no other.",
        ),
        refused_share_is_small(TICKETS, ["support"]),
        month_is_that_of(TICKETS, "created_at"),
        volume_of_the_season(TICKETS, "created_at"),
    )


def _values() -> tuple[Rule, ...]:
    return (
        TICKETS.no_rows(
            "values_are_known",
            f"""
            select ticket_id from scorecard.tickets
            where kind not in {KINDS} or priority not in {PRIORITIES} or status not in {STATES}
                or channel not in {CHANNELS} or severity not between 1 and 4
                or kind is null or priority is null or status is null or channel is null
            """,
            says="Kind, channel, priority, severity and status are of those that are defined.",
            because="Any other is counted by nobody.",
            characteristic="accuracy",
            columns=("kind", "channel", "priority", "severity", "status"),
        ),
        not_negative(
            TICKETS,
            "first_reply_minutes",
            "resolution_minutes",
            "reopen_count",
            "public_agent_reply_count",
            "customer_comment_count",
            "bot_comment_count",
            "handling_minutes",
        ),
        TICKETS.no_rows(
            "exclusion_follows_from_the_status",
            f"""
            select ticket_id from scorecard.tickets
            where exclusion_reason is distinct from case when status in {EXCLUDED} then status end
            """,
            says="Merged, spam and test tickets count nowhere, and all others count.",
            because="They are no work for a customer; one too many left out hides some that was.",
            characteristic="consistency",
            columns=("exclusion_reason", "status"),
        ),
    )


def _tiers() -> Rule:
    return TICKETS.no_rows(
        "served_below_tier_follows_from_both_tiers",
        """
        select ticket_id from scorecard.tickets
        where is_served_below_tier is distinct from (sla_tier > customer_tier)
        """,
        says="A ticket is served below the tier where its service level is for a lower one, and "
        "nobody says so where one of the two is not known.",
        because="Not known is neither well served nor badly.",
        characteristic="consistency",
        columns=("is_served_below_tier", "sla_tier", "customer_tier"),
    )


def _times() -> tuple[Rule, ...]:
    return (
        TICKETS.no_rows(
            "solution_is_timed_from_opening",
            """
            select ticket_id from scorecard.tickets
            where (resolution_minutes is not null) <> coalesce(solved_at >= created_at, false)
                or abs(resolution_minutes - datediff('second', created_at, solved_at) / 60) > 1
            """,
            says="A ticket solved after it was opened has the minutes between, any other none.",
            because="A negative or missing time would make the mean look better than it is.",
            characteristic="accuracy",
            columns=("resolution_minutes", "created_at", "solved_at"),
        ),
        TICKETS.no_rows(
            "replies_are_in_order",
            """
            select ticket_id from scorecard.tickets
            where first_agent_reply_at < created_at or first_public_reply_at < created_at
                or first_public_reply_at > first_agent_reply_at
                or (first_reply_minutes is not null) <> (first_agent_reply_at is not null)
            """,
            says="Nobody answers before the ticket is opened; the first public reply is not after "
            "an agent's first.",
            because="Service levels are judged by these times.",
            characteristic="consistency",
            severity="quarantine",
            columns=("first_public_reply_at", "first_agent_reply_at", "first_reply_minutes"),
        ),
        TICKETS.no_rows(
            "reopening_is_told_where_the_history_is",
            """
            select ticket_id from scorecard.tickets
            where has_history is null or (reopen_count is not null) <> has_history
            """,
            says="How often a ticket was opened again is told where its history is known, and "
            "nowhere else.",
            because="Without a history nobody knows; zero would be praise.",
            characteristic="consistency",
            columns=("reopen_count", "has_history"),
        ),
    )


def _findings() -> tuple[Rule, ...]:
    return (
        TICKETS.no_rows(
            "faults_are_marked",
            """
            select tickets.ticket_id
            from scorecard.tickets as tickets
            left join scorecard.customers as customers
                on tickets.customer_id = customers.customer_id
            where tickets.is_solved_before_opened
                    is distinct from coalesce(tickets.solved_at < tickets.created_at, false)
                or tickets.is_opened_before_sign_up is distinct from coalesce(
                    tickets.created_at::date < customers.first_seen_date, false
                )
            """,
            says="What was solved before it was opened, or opened before its customer was seen, "
            "is marked, and nothing else is.",
            because="A fault that is not marked is not counted, and stays.",
            characteristic="traceability",
            columns=("is_solved_before_opened", "is_opened_before_sign_up"),
            reads=("scorecard.customers",),
        ),
        TICKETS.measure(
            "findings_count_the_marks",
            """
            select count(*) from (
                select rule_id, coalesce(sum(row_count), 0) as row_count
                from scorecard.source_findings
                where source_table = 'tickets' and action <> 'quarantined' group by rule_id
            ) as findings
            inner join (
                unpivot (
                    select
                        count(*) filter (where is_opened_before_sign_up) as opened_before_sign_up,
                        count(*) filter (where is_solved_before_opened) as solved_before_opened,
                        count(*) filter (where is_status_in_conflict) as status_in_conflict,
                        count(*) filter (where exclusion_reason = 'merged') as merged,
                        count(*) filter (where exclusion_reason = 'spam') as spam
                    from scorecard.tickets
                ) on columns(*) into name rule_id value ticket_count
            ) as marks on findings.rule_id = marks.rule_id
            where findings.row_count <> marks.ticket_count
            """,
            low=0,
            high=0,
            says="The findings count as many tickets by each rule as are marked.",
            because="Two counts of the same tickets make people believe neither.",
            characteristic="consistency",
            columns=("exclusion_reason",),
            reads=("scorecard.source_findings",),
        ),
    )


def _by_tier(table: Table, rates: tuple[str, ...]) -> tuple[Rule, ...]:
    columns = [f"{rate}_{part}" for rate in rates for part in ("ratio", "low", "high")]
    return (
        *keys(table),
        month_ends(table),
        *shares(table, *columns),
        *(interval_holds(table, f"{rate}_ratio", f"{rate}_low", f"{rate}_high") for rate in rates),
    )


def _service() -> tuple[Rule, ...]:
    names = ", ".join(SERVICE.keys)
    return (
        few_cases_are_flagged(SERVICE, "is_low_n", "resolved_count"),
        *shares(SERVICE, "still_open_ratio", "still_open_low", "still_open_high"),
        interval_holds(SERVICE, "still_open_ratio", "still_open_low", "still_open_high"),
        rates_flag_few_cases(
            SERVICE,
            still_open="ticket_count",
            **{rate: f"{rate}_cases" for rate in SERVICE_RATES},
        ),
        SERVICE.no_rows(
            "no_resolved_ticket_no_time",
            f"""
            select {names} from scorecard.service_by_tier
            where (coalesce(resolved_count, 0) = 0) <> (resolution_minutes_mean is null)
                or resolution_minutes_mean < 0
            """,
            says="A time to resolve stands where a ticket was resolved, and nowhere else.",
            because="Who had no ticket was not served perfectly.",
            characteristic="credibility",
            columns=("resolution_minutes_mean", "resolved_count"),
        ),
        SERVICE.no_rows(
            "no_reply_no_time_to_it",
            f"""
            select {names} from scorecard.service_by_tier
            where (coalesce(replied_count, 0) = 0) <> (first_reply_minutes_mean is null)
                or replied_count > ticket_count or business_replied_count > replied_count
            """,
            says="A time to the first reply stands where one was given, and nowhere else.",
            because="A mean without its number of replies may rest on one.",
            characteristic="credibility",
            columns=("first_reply_minutes_mean", "replied_count", "business_replied_count"),
        ),
        SERVICE.no_rows(
            "nobody_looks_fast_by_closing_nothing",
            f"""
            select {names} from scorecard.service_by_tier
            where still_open_ratio > 0.2 and median_method = 'resolved'
            """,
            says="With more than a fifth of the tickets open the median counts these, too.",
            because="The resolved alone are the easy ones.",
            characteristic="credibility",
            columns=("still_open_ratio", "median_method"),
        ),
        SERVICE.no_rows(
            "tickets_are_those_of_the_list",
            f"""
            with newest as (select max(as_of_date) as as_of_date from scorecard.service_by_tier),
            listed as (
                select count(*) as ticket_count
                from scorecard.tickets cross join newest
                where exclusion_reason is null and month_end <= newest.as_of_date
                    and month_end > last_day(newest.as_of_date - interval 12 month)
            )
            select {names} from scorecard.service_by_tier
            cross join listed
            where as_of_date = (select as_of_date from newest)
                and period_months = 12 and tier = 'all' and kind_group = 'all'
                and measured_months = 12
                and service_by_tier.ticket_count <> listed.ticket_count
            """,
            says="The tickets of twelve measured months are those of the list of tickets.",
            because="The same question must have the same answer in every report.",
            characteristic="consistency",
            columns=("ticket_count", "measured_months"),
            reads=(TICKETS.path,),
        ),
    )


def _cases() -> tuple[Rule, ...]:
    names = ", ".join(CASES.keys)
    return (
        few_cases_are_flagged(CASES, "is_low_n", "customer_count"),
        CASES.no_rows(
            "a_case_is_above_the_rest_and_has_its_month",
            f"""
            select {names} from scorecard.service_level_cases
            where coalesce(is_case, false) <> (case_since is not null)
                or case_since > as_of_date
                or (is_case and coalesce(difference_low, 0) <= 0)
                or (is_case is null) <> (rest_customer_count = 0)
            """,
            says="A case is clearly above the other regions and has the month since which it is "
            "one; where there is no other region, nobody says whether it is one.",
            because="Somebody acts on it: a case without evidence or without its month is noise.",
            characteristic="credibility",
            columns=("is_case", "case_since", "difference_low", "rest_customer_count"),
        ),
        CASES.no_rows(
            "regions_add_up_to_their_tier",
            f"""
            select {names} from (
                select
                    *,
                    sum(customer_count) over tiers as tier_count,
                    sum(below_customer_count) over tiers as tier_below_count
                from scorecard.service_level_cases
                window tiers as (partition by as_of_date, tier, tiers_below_from)
            )
            where below_customer_count > customer_count or below_ticket_count > ticket_count
                or customer_count > ticket_count
                or customer_count + rest_customer_count <> tier_count
                or below_customer_count + rest_below_customer_count <> tier_below_count
            """,
            says="What a region is compared with are all other regions of the tier, and no part is "
            "more than its whole.",
            because="A comparison with too few or too many would find cases that are none.",
            characteristic="consistency",
            columns=("customer_count", "rest_customer_count", "below_customer_count"),
        ),
    )


def _episodes() -> tuple[Rule, ...]:
    return (
        *keys(EPISODES),
        month_ends(EPISODES),
        EPISODES.no_rows(
            "days_are_in_order",
            """
            select topic, started_on, as_of_date from scorecard.complaint_episodes
            where detected_on < started_on or detected_on > as_of_date or recovered_on > as_of_date
                or recovered_on < detected_on or peak_on < started_on
            """,
            says="A crisis begins, is detected and is over in this order, and by the month end.",
            because="What is not yet known at a month end must not stand in its row.",
            characteristic="currentness",
            columns=("started_on", "detected_on", "peak_on", "recovered_on"),
        ),
    )
