"""Who left a contract is the truth's: on that day, and by that will.

What belongs here: what a whole simulated company says. The edges of the label, with their golden
values, are dbt unit tests beside the model.
"""

from collections.abc import Iterator

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, with the labels by contract and the true departures of subscribers."""
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        con.execute(
            f"""
            create temp table departures as
            select links.customer_id, departures.left_on::date as left_on,
                departures.is_involuntary, departures.end_reason
            from '{known_company.truth / "departures.parquet"}' as departures
            inner join '{known_company.truth / "customers.parquet"}' as customers
                using (true_customer_id)
            inner join '{known_company.truth / "identity.parquet"}' as identity
                using (true_customer_id)
            inner join core.int_identity_links as links
                on links.source_system = identity.system and links.source_id = identity.source_id
            where identity.system = 'billing' and customers.business = 'contractual';
            create temp table labels as
            select * from features.ftr_churn_labels
            where label_kind = 'contractual' and is_eligible and is_label_complete
            """
        )
        yield con


def test_who_churned_by_contract_left_on_that_day_and_by_that_will(con):
    (found,) = con.execute(
        """
        with churned as (
            select distinct customer_id, churn_date, churn_reason from labels where is_churned
        )
        select
            count(*),
            count(departures.left_on),
            count(*) filter (
                where departures.is_involuntary is distinct from (churn_reason = 'involuntary')
            ),
            count(*) filter (where churn_reason = 'involuntary')
        from churned
        left join departures
            on churned.customer_id = departures.customer_id
            and churned.churn_date = departures.left_on
        """
    ).fetchall()
    churned, departed, other_will, involuntary = found
    assert churned > 50
    assert involuntary > 0
    assert (departed, other_will) == (churned, 0)


def test_who_left_within_the_six_months_churned_but_for_failed_payments_that_were_mended(con):
    """Who is there has churned by the label as soon as the truth says that he left for good."""
    (found,) = con.execute(
        """
        select
            count(*) filter (where departures.end_reason <> 'payment_failure'),
            count(*) filter (
                where departures.end_reason <> 'payment_failure' and not labels.is_churned
            ),
            count(distinct labels.customer_id) filter (
                where departures.end_reason = 'payment_failure' and not labels.is_churned
            )
        from labels
        inner join departures
            on labels.customer_id = departures.customer_id
            and departures.left_on > labels.as_of_date
            and departures.left_on <= last_day(labels.as_of_date + interval 6 month)
        """
    ).fetchall()
    left_for_good, not_found, mended = found
    assert left_for_good > 200
    assert not_found == 0
    assert mended > 0


def test_who_never_left_never_churned_by_contract(con):
    (found,) = con.execute(
        """
        select count(*), count(*) filter (where is_churned) from labels
        where customer_id not in (select customer_id from departures)
        """
    ).fetchall()
    assert found[0] > 1_000
    assert found[1] == 0
