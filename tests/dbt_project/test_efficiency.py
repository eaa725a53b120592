"""What a customer costs to win and what he earns are the truth's: who was won by which channel, the
ledger spread over them by hand, and the cost of each line as its product's was on that day.

What belongs here: what a whole simulated company says. The formulas, with their golden values and
the traps, are dbt unit tests beside the models.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

# The end of the history; a lead of this company needs about three weeks to be won.
AS_OF = date(2025, 12, 31)
LAG_MONTHS = 1
# First purchases whose invoice comes after the last file, and customers that identity takes apart
# or together, are not told as they are.
FOUND_AT_LEAST = 0.97

Cell = tuple[str, str]


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, and who was truly won in the last twelve months: month, channel, tier then."""
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        con.execute(
            f"""
            create temp table truly_won as
            select
                links.customer_id,
                last_day(customers.joined_on) as won_month,
                customers.acquisition_channel as channel,
                ind_value.tier
            from '{known_company.truth / "customers.parquet"}' as customers
            inner join '{known_company.truth / "identity.parquet"}' as identity
                on customers.true_customer_id = identity.true_customer_id
                and identity.system = 'billing'
            inner join core.int_identity_links as links
                on identity.source_id = links.source_id and links.source_system = 'billing'
            left join indicators.ind_value
                on links.customer_id = ind_value.customer_id
                and last_day(customers.joined_on) = ind_value.as_of_date
            where customers.joined_on > date '{AS_OF}' - interval 12 month
            """
        )
        yield con


@pytest.fixture(scope="module")
def told(con: duckdb.DuckDBPyConnection) -> dict[Cell, tuple[int, float, float | None]]:
    """New customers, cost, cost of one, by channel and tier."""
    rows = con.execute(
        """
        select channel, tier, new_customer_count, acquisition_cost, acquisition_cost_per_customer
        from indicators.ind_acquisition
        where as_of_date = ? and period_months = 12
        """,
        [AS_OF],
    ).fetchall()
    return {(row[0], row[1]): (row[2], float(row[3]), row[4]) for row in rows}


def _won(con: duckdb.DuckDBPyConnection) -> dict[Cell, int]:
    rows = con.execute("select channel, tier, count(*) from truly_won group by all").fetchall()
    return {(channel, tier): count for channel, tier, count in rows}


def test_who_was_won_is_the_truth(con, told):
    true = _won(con)
    cells = {cell: n for cell, (n, _, _) in told.items() if "all" not in cell and n}
    right = sum(min(count, cells.get(cell, 0)) for cell, count in true.items())
    assert right >= FOUND_AT_LEAST * sum(true.values())
    assert right >= FOUND_AT_LEAST * sum(cells.values())


def test_cost_of_winning_is_the_ledger_spread_by_hand(con, told):
    """Spread with the true customers; where one of them is told otherwise, so is the cost."""
    true = _won(con)
    expected: dict[Cell, float] = defaultdict(float)
    for (channel, tier), amount in _costs_by_channel(con).items():
        of_channel = {cell: n for cell, n in true.items() if cell[0] == channel}
        if tier != "none" or not of_channel:
            expected[channel, tier] += amount
            continue
        for cell, count in of_channel.items():
            expected[cell] += amount * count / sum(of_channel.values())
    told_costs = {cell: cost for cell, (_, cost, _) in told.items() if "all" not in cell}
    assert sum(told_costs.values()) == pytest.approx(sum(expected.values()), abs=0.01)
    assert told["all", "all"][1] == pytest.approx(sum(expected.values()), abs=0.01)

    agreeing = {
        channel
        for channel, _ in true
        if {cell: n for cell, n in true.items() if cell[0] == channel}
        == {
            cell: n
            for cell, (n, _, _) in told.items()
            if cell[0] == channel and "all" not in cell and n
        }
    }
    assert len(agreeing) >= 3
    compared = {cell for cell in expected if cell[0] in agreeing}
    assert {cell: told_costs[cell] for cell in compared} == {
        cell: pytest.approx(expected[cell], abs=0.01) for cell in compared
    }
    for cell in compared & set(true):
        assert told[cell][2] == pytest.approx(expected[cell] / true[cell], abs=0.01)


def test_cost_of_a_tier_is_the_truth(con, told):
    true = _won(con)
    for tier in {"A", "B", "C"}:
        count = sum(n for cell, n in true.items() if cell[1] == tier)
        new, cost, of_one = told["all", tier]
        assert abs(new - count) <= (1 - FOUND_AT_LEAST) * sum(true.values())
        assert of_one == pytest.approx(cost / new)


def test_every_line_costs_what_its_product_cost_that_day(con):
    """Costs found by another join over billing's rows; money back of goodwill costs nothing."""
    ((differing, compared, uncosted),) = con.execute(
        """
        with lines as (
            select line_id, product_id, cast(occurred_at as date) as day, quantity, cost
            from core.int_billing_lines where exclusion_reason is null
        )
        select
            count(*) filter (
                lines.cost is distinct from case
                    when lines.product_id = 'GOODWILL' then 0
                    else round(lines.quantity * costs.unit_cost, 4)
                end
            ),
            count(*),
            count(*) filter (lines.cost is null)
        from lines
        asof left join raw.billing__unit_costs as costs
            on lines.product_id = costs.product_id and lines.day >= costs.valid_from
        """
    ).fetchall()
    assert compared > 1000
    assert differing == 0
    assert uncosted == 0


def test_margins_of_months_are_revenue_less_cost(con):
    ((months, differing),) = con.execute(
        """
        with lines as (
            select customer_id, month_end as as_of_date, sum(amount - cost) as margin
            from core.int_billing_lines where exclusion_reason is null group by all
        )
        select count(*), count(*) filter (months.gross_margin <> coalesce(lines.margin, 0))
        from core.int_customer_months as months
        left join lines using (customer_id, as_of_date)
        """
    ).fetchall()
    assert months > 1000
    assert differing == 0
    ((bases,),) = con.execute(
        "select string_agg(distinct value_basis) from indicators.ind_value"
    ).fetchall()
    assert bases == "margin"


def _costs_by_channel(con: duckdb.DuckDBPyConnection) -> dict[Cell, float]:
    """Cost of winning by channel and tier, of the twelve months a month before, as delivered."""
    window = (
        f"cost_day > date '{AS_OF}' - interval {12 + LAG_MONTHS} month "
        f"and cost_day <= last_day(date '{AS_OF}' - interval {LAG_MONTHS} month)"
    )
    costs = con.execute(
        f"""
        select cost_day, channel, coalesce(tier, 'none'), cast(sum(amount) as double) from (
            select cost_month as cost_day, channel, tier, amount
            from raw.organisation__cost_entries
            where cost_kind in ('sales_pay', 'marketing_pay', 'onboarding')
                or (cost_kind = 'tools' and department = 'marketing')
            union all
            select spend_month, channel, null, amount from raw.marketing__channel_spend
        ) where {window} group by all
        """
    ).fetchall()
    touches = con.execute(
        """
        select date_trunc('month', created_at)::date, channel, count(distinct lead_id)
        from raw.crm__leads group by all
        """
    ).fetchall()
    spread: dict[Cell, float] = defaultdict(float)
    for day, channel, tier, amount in costs:
        if channel is not None:
            spread[channel, tier] += amount
            continue
        of_month = {each: count for month, each, count in touches if month == day}
        for each, count in of_month.items():
            spread[each, tier] += amount * count / sum(of_month.values())
    return spread
