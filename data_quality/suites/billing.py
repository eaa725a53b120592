"""Rules of the product `billing`: invoices, subscriptions, recurring revenue.

Belongs here: the marts invoices, subscriptions, mrr_movements. Not here: the walk from raw lines to
revenue (`finance`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    customer_is_known,
    every_one_is_there,
    keys,
    money_has_its_rate,
    month_ends,
    no_personal_data,
    nothing_of_the_future,
    refused_share_is_small,
    volume_of_the_season,
)

OWNER = "finance"
INVOICES = Table("scorecard", "invoices", OWNER, ("invoice_id",))
SUBSCRIPTIONS = Table("scorecard", "subscriptions", OWNER, ("subscription_id",))
MOVEMENTS = Table("scorecard", "mrr_movements", OWNER, ("customer_id", "as_of_date"))

PAYMENT_STATES = ("paid", "part_paid", "open", "overdue", "not_measured")
SUBSCRIPTION_STATES = ("active", "ended", "in_future")
KINDS = ("new", "expansion", "contraction", "churned", "reactivation", "unchanged")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_invoices(),
        *_payments(),
        *_subscriptions(),
        *_subscription_states(),
        *_movements(),
        *_conservation(),
        *_totals(),
    )


def _invoices() -> tuple[Rule, ...]:
    return (
        INVOICES.has_rows(
            says="There is at least one invoice.",
            because="Billing is a required system; without an invoice nothing was delivered.",
        ),
        *keys(INVOICES),
        customer_is_known(INVOICES),
        money_has_its_rate(INVOICES),
        no_personal_data(INVOICES),
        nothing_of_the_future(INVOICES, "invoiced_at", "first_paid_at", "fully_paid_at"),
        volume_of_the_season(INVOICES, "invoiced_at"),
        every_one_is_there(
            INVOICES,
            "raw.billing__invoices",
            "invoice_id",
            ("invoiced_at",),
            says="Every invoice of the months is listed, and no other.",
        ),
        INVOICES.measure(
            "revenue_is_that_of_the_lines",
            """
            select
                coalesce((select sum(revenue_amount) from scorecard.invoices), 0)
                - coalesce(sum(lines.amount), 0)
            from core.int_billing_lines as lines
            inner join scorecard.invoices as invoices on lines.invoice_id = invoices.invoice_id
            cross join control.run_window as run_window
            where lines.line_kind = 'invoice_line' and lines.exclusion_reason is null
                and lines.month_end <= run_window.last_month and invoices.amount is not null
            """,
            low=0,
            high=0,
            says="The revenue of all invoices is the sum of their lines that count as revenue.",
            because="Two figures for the same money make people believe neither.",
            characteristic="accuracy",
            columns=("revenue_amount",),
            reads=("core.int_billing_lines", "control.run_window"),
        ),
    )


def _payments() -> tuple[Rule, ...]:
    return (
        INVOICES.in_set(
            "payment_status",
            PAYMENT_STATES,
            says="The payment status is one of the five that are defined.",
            because="Any other is counted by nobody.",
        ),
        INVOICES.no_rows(
            "payments_are_told_where_measured",
            """
            select invoice_id from scorecard.invoices
            where (payment_status = 'not_measured' and coalesce(
                    paid_amount, refunded_amount, open_amount
                ) is not null)
                or (payment_status <> 'not_measured' and amount is not null
                    and (paid_amount is null or open_amount is null))
                or ((payment_status = 'paid') <> (fully_paid_at is not null))
            """,
            says="What was paid and what is open is told where payments were measured, and "
            "nowhere else; who paid has a day of payment.",
            because="Missing is not zero: an unmeasured payment is not an unpaid invoice.",
            characteristic="consistency",
            columns=("payment_status", "paid_amount", "open_amount", "fully_paid_at"),
        ),
        INVOICES.no_rows(
            "open_is_what_is_left",
            f"""
            select invoice_id from scorecard.invoices
            where (payment_status in ('part_paid', 'open', 'overdue')
                    and abs(open_amount - (amount - credited_amount - paid_amount)) > {PENNY})
                or (payment_status = 'paid' and open_amount <> 0)
            """,
            says="What is open is what was invoiced less credits and payments; nothing once paid.",
            because="Dunning and the credit rating go by it.",
            characteristic="consistency",
            columns=("open_amount", "amount", "credited_amount", "paid_amount"),
        ),
        INVOICES.no_rows(
            "overdue_means_past_due",
            """
            select invoice_id from scorecard.invoices cross join control.run_window as run_window
            where (payment_status = 'overdue')
                    <> (payment_status in ('overdue', 'open', 'part_paid')
                        and coalesce(due_date < run_window.last_month, false))
                or (payment_status = 'overdue' and coalesce(days_late, 0) <= 0)
            """,
            says="Overdue is exactly what is owed past its due date, by the days it is late.",
            because="A customer must not be called late before the day.",
            characteristic="accuracy",
            columns=("payment_status", "due_date", "days_late"),
            reads=("control.run_window",),
        ),
    )


def _subscriptions() -> tuple[Rule, ...]:
    return (
        *keys(SUBSCRIPTIONS),
        customer_is_known(SUBSCRIPTIONS),
        no_personal_data(SUBSCRIPTIONS),
        every_one_is_there(
            SUBSCRIPTIONS,
            "raw.billing__subscriptions",
            "subscription_id",
            ("updated_at",),
            says="Every subscription that was written down by then is listed, and no other.",
        ),
        refused_share_is_small(SUBSCRIPTIONS, ["billing"]),
        SUBSCRIPTIONS.in_set(
            "status",
            SUBSCRIPTION_STATES,
            says="The status is active, ended or in_future.",
            because="Any other is counted by nobody.",
        ),
        SUBSCRIPTIONS.no_rows(
            "dates_are_in_order",
            "select subscription_id from scorecard.subscriptions where ended_at < started_at",
            says="No subscription ends before it starts.",
            because="Its time, and with it retention, would be negative.",
            characteristic="consistency",
            severity="quarantine",
            columns=("started_at", "ended_at"),
        ),
    )


def _subscription_states() -> tuple[Rule, ...]:
    return (
        SUBSCRIPTIONS.no_rows(
            "status_follows_from_the_dates",
            """
            select subscription_id
            from scorecard.subscriptions cross join control.run_window as run_window
            where (status = 'in_future') <> coalesce(started_at > run_window.last_month, false)
                or (status = 'ended' and coalesce(ended_at > run_window.last_month, true))
                or (status = 'active' and ended_at <= run_window.last_month)
            """,
            says="Ended is what ended by the last month, in the future what starts after it.",
            because="What is known only later must not decide how a month looks.",
            characteristic="currentness",
            columns=("status", "started_at", "ended_at"),
            reads=("control.run_window",),
        ),
        SUBSCRIPTIONS.no_rows(
            "revenue_stands_where_it_counts",
            """
            select subscription_id from scorecard.subscriptions
            where mrr < 0
                or (status = 'ended' and mrr <> 0)
                or (status = 'active' and (mrr is null) <> (exclusion_reason is not null))
            """,
            says="An active subscription has recurring revenue, or the reason why it has none; an "
            "ended one has none.",
            because="Revenue that is neither counted nor explained is lost.",
            characteristic="consistency",
            columns=("mrr", "status", "exclusion_reason"),
        ),
    )


def _movements() -> tuple[Rule, ...]:
    return (
        *keys(MOVEMENTS),
        month_ends(MOVEMENTS),
        customer_is_known(MOVEMENTS),
        no_personal_data(MOVEMENTS),
        MOVEMENTS.no_rows(
            "has_every_month_of_the_customer",
            """
            select movements.customer_id
            from scorecard.mrr_movements as movements
            cross join control.run_window as run_window
            where movements.customer_id is not null
            group by movements.customer_id
            having count(*) <> datediff(
                'month', min(movements.as_of_date), max(run_window.last_month)
            ) + 1
            """,
            says="From a customer's first subscribed month on, no month is missing.",
            because="A month that is missing is neither kept nor lost.",
            characteristic="completeness",
            columns=("as_of_date",),
            reads=("control.run_window",),
        ),
        MOVEMENTS.in_set(
            "movement",
            KINDS,
            says="The movement is one of the six that are defined.",
            because="Any other is counted by nobody.",
        ),
    )


def _conservation() -> tuple[Rule, ...]:
    return (
        MOVEMENTS.no_rows(
            "opening_and_movements_make_closing",
            """
            select customer_id, as_of_date from scorecard.mrr_movements
            where opening_mrr + new_mrr + expansion_mrr + contraction_mrr + churned_mrr
                + reactivation_mrr is distinct from closing_mrr
            """,
            says="Opening and movements add up to closing, to the last digit, in every row.",
            because="Recurring revenue neither appears nor vanishes without a movement.",
            characteristic="accuracy",
            columns=("opening_mrr", "closing_mrr"),
        ),
        MOVEMENTS.no_rows(
            "closing_is_the_next_opening",
            """
            select customer_id, as_of_date from (
                select
                    customer_id, as_of_date, opening_mrr,
                    lag(closing_mrr) over (
                        partition by customer_id order by as_of_date
                    ) as closing_before
                from scorecard.mrr_movements
            ) as months
            where opening_mrr <> closing_before
                or (closing_before is null and opening_mrr <> 0 and as_of_date <> (
                    select min(as_of_date) from scorecard.mrr_movements
                ))
            """,
            says="Each month opens with what the month before closed with, and a customer's first "
            "with zero, unless it is the first month of all.",
            because="A month between two that do not meet has lost or invented revenue.",
            characteristic="consistency",
            columns=("opening_mrr", "closing_mrr"),
        ),
        MOVEMENTS.no_rows(
            "movement_says_what_moved",
            """
            select customer_id, as_of_date from scorecard.mrr_movements
            where closing_mrr < 0
                or (new_mrr <> 0) <> (movement = 'new')
                or (expansion_mrr <> 0) <> (movement = 'expansion')
                or (contraction_mrr <> 0) <> (movement = 'contraction')
                or (churned_mrr <> 0) <> (movement = 'churned')
                or (reactivation_mrr <> 0) <> (movement = 'reactivation')
                or least(new_mrr, expansion_mrr, reactivation_mrr) < 0
                or greatest(contraction_mrr, churned_mrr) > 0
                or (movement = 'churned' and closing_mrr <> 0)
                or (movement in ('new', 'reactivation') and opening_mrr <> 0)
                or (gap_months is not null) <> (movement = 'reactivation')
            """,
            says="Each row has the one movement that its figures show, with the right sign.",
            because="Churn and expansion are reported by these names.",
            characteristic="consistency",
            columns=("movement", "gap_months"),
        ),
    )


def _totals() -> tuple[Rule, ...]:
    return (
        MOVEMENTS.no_rows(
            "months_add_up_to_what_is_in_force",
            """
            with months as (
                select as_of_date, sum(closing_mrr) as closing_mrr
                from scorecard.mrr_movements group by as_of_date
                union all
                select last_day(as_of_date - interval 1 month), sum(opening_mrr)
                from scorecard.mrr_movements
                where as_of_date = (select min(as_of_date) from scorecard.mrr_movements)
                group by as_of_date
            ),
            in_force as (
                select months.as_of_date, sum(spans.mrr) as mrr
                from months
                inner join core.int_subscription_spans as spans
                    on spans.valid_from <= months.as_of_date
                    and (spans.valid_to is null or spans.valid_to > months.as_of_date)
                where spans.exclusion_reason is null
                group by months.as_of_date
            )
            select months.as_of_date
            from months left join in_force on months.as_of_date = in_force.as_of_date
            where months.closing_mrr <> coalesce(in_force.mrr, 0)
            """,
            says="Each month's recurring revenue, and what the first month opened with, is the "
            "sum of the subscriptions in force on that day.",
            because="It is the figure that everybody quotes; it must be the contracts' own.",
            characteristic="accuracy",
            columns=("closing_mrr",),
            reads=("core.int_subscription_spans",),
        ),
        SUBSCRIPTIONS.measure(
            "active_add_up_to_the_last_month",
            """
            select
                coalesce((
                    select sum(closing_mrr) from scorecard.mrr_movements
                    where as_of_date = (select max(last_month) from control.run_window)
                ), 0)
                - coalesce(sum(mrr), 0)
            from scorecard.subscriptions
            """,
            low=0,
            high=0,
            says="The active subscriptions add up to the last month's recurring revenue.",
            because="The list that people act on and the figure that they report are one.",
            characteristic="consistency",
            columns=("mrr",),
            reads=(MOVEMENTS.path, "control.run_window"),
        ),
    )
