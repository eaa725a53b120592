"""What campaigns cost, what is credited to them and what they brought, against what was delivered.

What belongs here: what a whole simulated company says. The formulas, with their golden values, are
dbt unit tests beside the models.
"""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

# The newest month in which campaigns were measured.
AS_OF = date(2025, 11, 30)
WITHOUT_EFFECT = "EXP-2"


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        yield con


def _one(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple:
    row = con.execute(query, values).fetchone()
    assert row is not None
    return row


def test_every_campaign_costs_what_was_booked_on_it(con):
    booked = con.execute(
        """
        select campaign_id, cast(sum(amount * coalesce(rate, 1)) as double)
        from raw.marketing__campaign_costs as costs
        left join raw.billing__exchange_rates as rates
            on costs.currency = rates.currency and costs.currency <> 'GBP'
            and date_trunc('month', costs.booked_on) = rates.rate_date
        where booked_on <= ? group by all
        """,
        [AS_OF],
    ).fetchall()
    told = dict(
        con.execute(
            "select campaign_id, cost_amount from indicators.ind_campaigns where as_of_date = ?",
            [AS_OF],
        ).fetchall()
    )
    assert len(booked) > 20
    for campaign, amount in booked:
        assert float(told[campaign]) == pytest.approx(amount, abs=0.01), campaign


def test_leads_are_those_that_named_the_campaign_when_they_came_in(con):
    came = con.execute(
        """
        select campaign_id, count(distinct lead_id) from raw.crm__leads
        where campaign_id is not null and status = 'new' and updated_at < ? + interval 1 day
        group by all
        """,
        [AS_OF],
    ).fetchall()
    told = dict(
        con.execute(
            "select campaign_id, lead_count from indicators.ind_campaigns where as_of_date = ?",
            [AS_OF],
        ).fetchall()
    )
    listed = {campaign: count for campaign, count in came if campaign in told}
    assert {campaign: told[campaign] for campaign in listed} == listed
    # A campaign that has sent and cost nothing yet is not listed.
    assert len(listed) >= 0.9 * len(came) > 0


def test_each_way_shares_the_money_of_touched_purchases_once(con):
    money = _one(
        con,
        """
        select sum(amount), sum(gross_margin), sum(costed_amount)
        from core.int_purchases as purchases
        where exists (
            select 1
            from raw.marketing__touches as touches
            inner join core.int_identity_links as links
                on links.source_system = 'crm' and links.source_id = touches.customer_id
            where links.customer_id = purchases.customer_id and touches.is_delivered
                and touches.touched_at::date between purchase_date - 30 and purchase_date
        )
        """,
    )
    for way in ("first_touch", "last_touch", "linear"):
        told = _one(
            con,
            f"""
            select sum({way}_amount), sum({way}_margin), sum({way}_costed_amount)
            from core.int_attributed_purchases
            """,
        )
        assert told == money
    assert money[1] > 0


def test_a_campaign_without_effect_is_found_to_have_none(con):
    row = _one(
        con,
        """
        select status, treated_count, control_count, incremental_conversion_low,
            incremental_conversion_high, incremental_value_low, incremental_value_high
        from indicators.ind_campaign_effects
        where experiment_id = ? and as_of_date = ?
        """,
        WITHOUT_EFFECT,
        AS_OF,
    )
    assigned = _one(
        con,
        """
        select count(distinct customer_id) from raw.organisation__experiment_assignments
        where experiment_id = ?
        """,
        WITHOUT_EFFECT,
    )[0]
    status, treated, control, low, high, money_low, money_high = row
    assert status == "compared"
    assert 0.95 * assigned <= treated + control <= assigned
    assert low < 0 < high
    assert money_low < 0 < money_high


def test_its_months_wait_until_everybody_had_the_days(con):
    seen = con.execute(
        """
        select status, min(as_of_date), max(as_of_date), count(incremental_value)
        from indicators.ind_campaign_effects where experiment_id = ? group by all order by 2
        """,
        [WITHOUT_EFFECT],
    ).fetchall()
    assert [status for status, *_ in seen] == ["too early", "compared"]
    assert seen[0][3] == 0
    assert seen[1][3] > 0
