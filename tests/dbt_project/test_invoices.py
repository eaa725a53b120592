"""Invoices add up: to the revenue of their lines, and to what was paid for them.

What belongs here: what a whole simulated company says. The formulas, with their golden values, are
dbt unit tests beside the models.
"""

from collections.abc import Iterator

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        yield con


def test_the_invoices_of_a_month_are_its_invoiced_revenue(con):
    by_month = con.execute(
        """
        with invoiced as (
            select month_end as as_of_date, sum(revenue_amount) as revenue
            from scorecard.invoices
            group by month_end
        ),

        counted as (
            select as_of_date, sum(invoiced_amount) as revenue
            from core.int_customer_months
            group by as_of_date
        )

        select as_of_date, invoiced.revenue, counted.revenue
        from invoiced
        full join counted using (as_of_date)
        """
    ).fetchall()
    assert len(by_month) == 24
    assert [row for row in by_month if row[1] != row[2] or not row[1]] == []


def test_every_invoice_and_every_payment_is_there(con):
    ((invoices, sent, payments, paid),) = con.execute(
        """
        select
            (select count(*) from scorecard.invoices),
            (select count(*) from staging.stg_billing__invoices),
            (select count(*) from core.int_payments),
            (select count(*) from staging.stg_billing__payments)
        """
    ).fetchall()
    assert (invoices, payments) == (sent, paid)
    assert invoices > 1000


def test_an_invoice_is_settled_exactly_when_enough_arrived_for_it(con):
    """Added up from the source, invoice by invoice; all of them are in their own currency."""
    wrong = con.execute(
        """
        with arrived as (
            select invoice_id, sum(amount) as amount
            from (
                select invoice_id, amount from staging.stg_billing__payments
                where status = 'succeeded' and amount > 0
                union all
                select invoice_id, -amount from staging.stg_billing__credit_notes
            )
            group by invoice_id
        )

        select invoice_id, invoices.payment_status, invoices.document_amount, arrived.amount
        from scorecard.invoices as invoices
        left join arrived using (invoice_id)
        where (invoices.payment_status = 'paid')
            <> (coalesce(arrived.amount, 0) >= invoices.document_amount)
        """
    ).fetchall()
    assert wrong == []


def test_what_is_late_is_late_against_the_due_date(con):
    statuses = dict(
        con.execute(
            """
            select payment_status, count(*)
            from scorecard.invoices
            where case payment_status
                when 'paid' then days_late is not distinct from case
                    when document_amount > 0 then date_diff('day', due_date, fully_paid_at::date)
                end
                when 'overdue' then days_late > 0 and open_amount > 0 and fully_paid_at is null
                else days_late is null and fully_paid_at is null
            end
            group by payment_status
            """
        ).fetchall()
    )
    ((whole,),) = con.execute("select count(*) from scorecard.invoices").fetchall()
    assert sum(statuses.values()) == whole
    assert {"paid", "overdue", "open"} <= set(statuses)
