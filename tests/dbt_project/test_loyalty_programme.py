"""The loyalty programme against the ledger as it was delivered.

What belongs here: what a whole simulated company says. The formulas, with their golden values, are
dbt unit tests beside the models.
"""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

# The newest month whose ledger was delivered.
AS_OF = date(2025, 11, 30)
SIGNS = {"earn": 1, "adjust": 1, "burn": -1, "expire": -1}


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        yield con


def test_points_of_a_year_and_the_balance_are_those_of_the_ledger(con):
    ledger = con.execute("select posted_on, kind, points from raw.marketing__loyalty_points")
    entries = ledger.fetchall()
    year = dict.fromkeys(SIGNS, 0)
    balance = 0
    for posted_on, kind, points in entries:
        if posted_on <= AS_OF:
            balance += SIGNS[kind] * points
        if date(2024, 11, 30) < posted_on <= AS_OF:
            year[kind] += points
    told = con.execute(
        """
        select points_earned, points_adjusted, points_burned, points_expired, closing_balance
        from indicators.ind_loyalty_programme
        where as_of_date = ? and period_months = 12 and tier = 'all'
        """,
        [AS_OF],
    ).fetchone()
    assert told == (*year.values(), balance)
    assert min(year["earn"], year["burn"], year["expire"]) > 0


def test_tiers_add_up_to_all_of_the_programme(con):
    different = con.execute(
        """
        select as_of_date, period_months from indicators.ind_loyalty_programme
        group by as_of_date, period_months
        having sum(closing_balance) filter (where tier <> 'all')
                <> max(closing_balance) filter (where tier = 'all')
            or sum(member_count) filter (where tier <> 'all')
                <> max(member_count) filter (where tier = 'all')
        """
    ).fetchall()
    assert different == []


def test_members_are_those_who_joined_and_did_not_leave(con):
    (listed,) = con.execute(
        """
        select count(*) from (
            select * from raw.marketing__loyalty_members
            qualify row_number() over (partition by member_id order by updated_at desc) = 1
        ) where enrolled_on <= ? and (left_on is null or left_on > ?)
        """,
        [AS_OF, AS_OF],
    ).fetchone()
    (told,) = con.execute(
        """
        select member_count from indicators.ind_loyalty_programme
        where as_of_date = ? and period_months = 1 and tier = 'all'
        """,
        [AS_OF],
    ).fetchone()
    assert told == listed > 0
