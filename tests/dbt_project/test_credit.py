"""Who went bad is who truly did not pay, and the rating knew before.

What belongs here: what a whole simulated company says. The formulas, with their golden values, are
dbt unit tests beside the models.
"""

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from ml.metrics import auc
from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        yield con


def test_bad_are_those_with_an_invoice_ninety_days_unpaid_in_the_year_after(con):
    ((wrong, bad, good),) = con.execute(
        """
        with first_payment as (select min(paid_at)::date as day from core.int_payments),

        -- From the day on which it was ninety days late to the day on which it was settled.
        late as (
            select customer_id, due_date + 90 as bad_from, fully_paid_at::date as bad_until
            from core.int_invoices, first_payment
            where exclusion_reason is null and amount > 0 and invoiced_at::date >= day
                and (fully_paid_at is null or fully_paid_at::date >= due_date + 90)
        ),

        judged as (
            select labels.*, exists (
                select 1 from late
                where late.customer_id = labels.customer_id
                    and bad_from <= last_day(labels.as_of_date + interval 12 month)
                    and (bad_until is null or bad_until > labels.as_of_date)
            ) as truly_bad
            from features.ftr_credit_labels as labels
            where is_eligible and is_label_complete
        )

        select count(*) filter (where is_bad <> truly_bad), count(*) filter (where is_bad),
            count(*) filter (where not is_bad)
        from judged
        """
    ).fetchall()
    assert bad > 30
    assert good > 300
    assert wrong == 0


def test_no_outcome_is_known_before_its_year_is_over(con):
    ((early, newest),) = con.execute(
        """
        select count(*) filter (
                where is_label_complete <> (as_of_date <= date '2024-12-31')
                    or (is_bad is not null) > is_label_complete
            ), max(as_of_date)
        from features.ftr_credit_labels
        """
    ).fetchall()
    assert str(newest) == "2025-12-31"
    assert early == 0


def test_the_expert_rating_told_the_bad_from_the_good_before(con):
    rows = con.execute(
        """
        select is_bad::double as is_bad, expert_points::double as expert_points
        from features.ftr_credit
        inner join features.ftr_credit_labels using (customer_id, as_of_date)
        where is_bad is not null
        """
    ).fetchnumpy()
    assert auc(np.asarray(rows["is_bad"]), -np.asarray(rows["expert_points"])) > 0.6


def test_the_agencies_grade_follows_the_true_price_pressure(con, known_company):
    """Price pressure is what makes bad debtors; the grade knows of it and errs."""
    ((correlation, checks),) = con.execute(
        f"""
        select corr(grades.rating, truth.price_pressure_level), count(*)
        from staging.stg_organisation__credit_checks as checks
        inner join seeds.credit_agency_grades as grades
            on grades.agency = case checks.agency when 'meridian' then 'meridian' else 'any' end
            and checks.agency_grade = grades.agency_grade
        inner join '{known_company.truth}/identity.parquet' as identity
            on identity.system = 'crm' and identity.source_id = checks.crm_customer_id
        inner join '{known_company.truth}/customers.parquet' as truth using (true_customer_id)
        where checks.valid_to is null
        """
    ).fetchall()
    assert checks > 200
    assert -0.9 < correlation < -0.3


def test_every_grade_of_every_agency_is_known_and_the_newest_counts(con):
    ((unknown, known),) = con.execute(
        """
        select count(*) filter (where grades.rating is null), count(*)
        from staging.stg_organisation__credit_checks as checks
        left join seeds.credit_agency_grades as grades
            on grades.agency = case checks.agency when 'meridian' then 'meridian' else 'any' end
            and checks.agency_grade = grades.agency_grade
        """
    ).fetchall()
    assert known > 300
    assert unknown == 0
    ((wrong, rows),) = con.execute(
        """
        with newest as (
            select months.as_of_date, links.customer_id, max(checks.checked_on) as checked_on
            from staging.stg_organisation__credit_checks as checks
            inner join core.int_identity_links as links
                on links.source_system = 'crm' and links.source_id = checks.crm_customer_id
            cross join core.int_months as months
            where checks.valid_from < months.as_of_date + interval 1 day
                and checks.checked_on > months.as_of_date - interval 730 day
            group by all
        )
        select count(*) filter (
                where ind_credit.external_credit_age_days
                    is distinct from date_diff('day', newest.checked_on, ind_credit.as_of_date)
            ), count(newest.customer_id)
        from indicators.ind_credit
        left join newest using (customer_id, as_of_date)
        """
    ).fetchall()
    assert rows > 1000
    assert wrong == 0
