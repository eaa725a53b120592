"""Recurring revenue is the truth's, to the cent: by customer, by tier, by month; and it adds up.

What belongs here: what a whole simulated company says. The formulas, with their golden values, are
dbt unit tests beside the models.
"""

from collections.abc import Iterator

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

MOVEMENTS = ("new", "expansion", "contraction", "churned", "reactivation")


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, with the truth beside it.

    `true_mrr` is the truth summed by the customers that the pipeline made out: a subscription is
    billed to a number of billing, and `identity` says whose that number is. So a wrong link moves
    money from one customer to another on both sides alike; whether links are right is
    test_identity's.
    """
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        con.execute(
            f"""
            create temp table true_mrr as
            select links.customer_id, mrr.month_end as as_of_date, sum(mrr.mrr) as mrr
            from '{known_company.truth / "mrr.parquet"}' as mrr
            inner join '{known_company.truth / "identity.parquet"}' as identity
                on mrr.true_customer_id = identity.true_customer_id
                and identity.system = 'billing'
            left join core.int_identity_links as links
                on identity.source_id = links.source_id and links.source_system = 'billing'
            group by links.customer_id, mrr.month_end
            """
        )
        yield con


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_the_truth_is_one_number_of_billing_for_each_customer(con):
    """Else the truth would be counted twice above."""
    ((whole,),) = _rows(con, "select sum(mrr) from true_mrr")
    assert whole > 0
    assert _rows(con, "select count(*) from true_mrr where customer_id is null") == [(0,)]


def test_every_customer_month_is_the_truth_to_the_cent(con):
    differences = _rows(
        con,
        """
        select customer_id, as_of_date, movements.closing_mrr, true_mrr.mrr
        from scorecard.mrr_movements as movements
        full join true_mrr using (customer_id, as_of_date)
        where coalesce(movements.closing_mrr, 0) <> coalesce(true_mrr.mrr, 0)
        order by all
        """,
    )
    assert differences == []


def test_every_month_of_the_history_is_there(con):
    by_month = _rows(
        con,
        """
        select as_of_date, sum(true_mrr.mrr), sum(movements.closing_mrr)
        from core.int_months
        left join scorecard.mrr_movements as movements using (as_of_date)
        left join true_mrr using (customer_id, as_of_date)
        group by as_of_date
        order by as_of_date
        """,
    )
    assert len(by_month) == 24
    assert [month for month in by_month if month[1] != month[2] or not month[1]] == []


def test_every_tier_and_month_is_the_truth(con):
    """The tier is the pipeline's of that month, the money is not."""
    by_tier = _rows(
        con,
        """
        with tiers as (
            select customer_id, as_of_date, coalesce(ind_value.tier, 'none') as tier
            from core.int_customer_months
            left join indicators.ind_value using (customer_id, as_of_date)
        )
        select
            tiers.tier,
            tiers.as_of_date,
            coalesce(sum(movements.closing_mrr), 0) as mrr,
            coalesce(sum(true_mrr.mrr), 0) as true_mrr
        from tiers
        left join scorecard.mrr_movements as movements using (customer_id, as_of_date)
        left join true_mrr using (customer_id, as_of_date)
        group by tiers.tier, tiers.as_of_date
        """,
    )
    assert {"A", "B", "C"} <= {tier for tier, *_ in by_tier}
    assert [row for row in by_tier if row[2] != row[3]] == []
    # Nobody has a subscription and no tier of the month to stand under.
    ((whole,),) = _rows(con, "select sum(mrr) from true_mrr")
    assert sum(row[2] for row in by_tier) == whole


def test_revenue_retention_of_every_tier_is_the_truth(con):
    """What those who paid at the start pay at the end, in every month, period and tier."""
    told = _rows(
        con,
        """
        select
            as_of_date, period_months, tier, starter_count, retained_starter_count, start_mrr,
            net_revenue_retention, gross_revenue_retention
        from indicators.ind_revenue_retention
        """,
    )
    true = _rows(
        con,
        """
        with starters as (
            select
                last_day(at_start.as_of_date + to_months(period_months)) as as_of_date,
                period_months,
                coalesce(ind_value.tier, 'unknown') as tier,
                at_start.mrr as start_mrr,
                coalesce(at_end.mrr, 0) as end_mrr
            from true_mrr as at_start
            cross join (values (1), (12)) as periods (period_months)
            left join true_mrr as at_end
                on at_start.customer_id = at_end.customer_id
                and last_day(at_start.as_of_date + to_months(period_months)) = at_end.as_of_date
            left join indicators.ind_value
                on at_start.customer_id = ind_value.customer_id
                and at_start.as_of_date = ind_value.as_of_date
            where at_start.mrr > 0
        )
        select
            as_of_date, period_months, coalesce(tier, 'all'), count(*),
            count(*) filter (end_mrr > 0), sum(start_mrr),
            sum(end_mrr)::double / sum(start_mrr)::double,
            sum(least(start_mrr, end_mrr))::double / sum(start_mrr)::double
        from starters
        where as_of_date <= (select max(as_of_date) from true_mrr)
        group by grouping sets ((as_of_date, period_months, tier), (as_of_date, period_months))
        """,
    )
    assert {"A", "B", "C", "all"} <= {row[2] for row in true if row[1] == 12}
    assert {row[:3]: row[3:6] for row in told} == {row[:3]: row[3:6] for row in true}
    rates = {row[:3]: row[6:] for row in told}
    for *cell, _, _, _, net, gross in true:
        assert rates[tuple(cell)] == pytest.approx((net, gross), abs=1e-9)
    # Something grew and something was lost, else the two would say nothing.
    assert any(row[6] > 1 for row in true)
    assert any(row[7] < 1 for row in true)


def test_opening_and_movements_are_closing_for_every_customer_month(con):
    total = " + ".join(f"{movement}_mrr" for movement in MOVEMENTS)
    assert (
        _rows(
            con,
            f"""
            select customer_id, as_of_date
            from scorecard.mrr_movements
            where opening_mrr + {total} <> closing_mrr
            """,
        )
        == []
    )
    ((rest,),) = _rows(
        con, f"select sum(opening_mrr + {total} - closing_mrr) from scorecard.mrr_movements"
    )
    assert rest == 0


def test_a_month_opens_with_what_the_month_before_closed_with(con):
    assert (
        _rows(
            con,
            """
            select months.customer_id, months.as_of_date
            from scorecard.mrr_movements as months
            left join scorecard.mrr_movements as before
                on months.customer_id = before.customer_id
                and before.as_of_date = last_day(months.as_of_date - interval 1 month)
            inner join control.run_window on months.as_of_date > run_window.history_start
            where months.opening_mrr <> coalesce(before.closing_mrr, 0)
            """,
        )
        == []
    )


def test_every_customer_month_is_one_movement_of_the_sign_it_says(con):
    found = _rows(
        con,
        """
        select
            movement,
            count(*),
            min(closing_mrr - opening_mrr),
            max(closing_mrr - opening_mrr),
            count(*) filter (opening_mrr = 0),
            count(*) filter (closing_mrr = 0),
            count(gap_months)
        from scorecard.mrr_movements
        group by movement
        """,
    )
    by_movement = {row[0]: row[1:] for row in found}
    assert set(by_movement) == {*MOVEMENTS, "unchanged"}
    for movement, (rows, low, high, from_zero, to_zero, gaps) in by_movement.items():
        assert (low > 0) == (movement in ("new", "expansion", "reactivation"))
        assert (high < 0) == (movement in ("contraction", "churned"))
        assert gaps == (rows if movement == "reactivation" else 0)
        if movement in ("new", "reactivation"):
            assert (from_zero, to_zero) == (rows, 0)
        elif movement == "churned":
            assert (from_zero, to_zero) == (0, rows)
        elif movement != "unchanged":
            assert (from_zero, to_zero) == (0, 0)
    assert by_movement["unchanged"][1:3] == (0, 0)


def test_new_is_once_and_a_reactivation_says_how_long_nothing_came(con):
    assert (
        _rows(
            con,
            """
            select customer_id from scorecard.mrr_movements
            where movement = 'new' group by customer_id having count(*) > 1
            """,
        )
        == []
    )
    wrong = _rows(
        con,
        """
        select back.customer_id, back.as_of_date, back.gap_months, count(idle.as_of_date)
        from scorecard.mrr_movements as back
        left join scorecard.mrr_movements as idle
            on back.customer_id = idle.customer_id
            and idle.as_of_date < back.as_of_date
            and idle.as_of_date > last_day(
                back.as_of_date - to_months(back.gap_months + 1)
            )
            and idle.closing_mrr = 0
        inner join scorecard.mrr_movements as paid
            on back.customer_id = paid.customer_id
            and paid.as_of_date = last_day(back.as_of_date - to_months(back.gap_months + 1))
            and paid.closing_mrr > 0
        where back.movement = 'reactivation'
        group by back.customer_id, back.as_of_date, back.gap_months
        having count(idle.as_of_date) <> back.gap_months
        """,
    )
    assert wrong == []


def test_no_month_is_generated_after_the_last_one(con):
    ((newest, last),) = _rows(
        con,
        """
        select max(movements.as_of_date), max(run_window.last_month)
        from scorecard.mrr_movements as movements
        cross join control.run_window
        """,
    )
    assert newest == last


def test_what_runs_at_the_end_is_what_the_last_month_closed_with(con):
    ((subscriptions, movements),) = _rows(
        con,
        """
        select
            (select sum(mrr) from scorecard.subscriptions where status = 'active'),
            (
                select sum(closing_mrr) from scorecard.mrr_movements
                inner join control.run_window on as_of_date = last_month
            )
        """,
    )
    assert subscriptions == movements
