"""Who is silent, who leaves without a word and who complains is found where it is true; stages are
the fold of their rules; alerts are what the months say.

What belongs here: what a whole simulated company says. The formulas, with their golden values and
the traps, are dbt unit tests beside the models.
"""

from collections.abc import Iterator
from itertools import groupby

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

RECALL = 0.9
# What the models must find of each planted case while it lasts, and when they can: use is compared
# with two windows of three months before, value with the same months a year before.
FOUND_BY = {
    "silent_leaver": ("is_silent_leaver", 9, "usage"),
    "silent_loyalist": ("is_silent_loyalist", 18, "interactions"),
    "frequent_complainer%": ("frequent_complainer <> 'none'", 6, "complaints"),
}


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, with the true customer of each customer and the planted cases beside it."""
    truth = known_company.truth
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        con.execute(
            f"""
            create temp table people as
            select distinct identity.true_customer_id, links.customer_id
            from '{truth / "identity.parquet"}' as identity
            inner join core.int_identity_links as links
                on identity.system = links.source_system and identity.source_id = links.source_id
            where identity.system = 'crm' and links.customer_id is not null;

            create temp table cases as
            select planted.case_name, people.customer_id, planted.from_on, planted.to_on
            from read_csv('{truth / "planted_cases.csv"}') as planted
            inner join people on planted.true_customer_id = people.true_customer_id;

            create temp table left_on as
            select people.customer_id, departures.left_on
            from '{truth / "departures.parquet"}' as departures
            inner join people on departures.true_customer_id = people.true_customer_id;
            """
        )
        yield con


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


@pytest.mark.parametrize("case", FOUND_BY)
def test_planted_customers_are_found_while_the_case_lasts(con, case):
    condition, months, fact = FOUND_BY[case]
    ((planted, found),) = _rows(
        con,
        f"""
        with measured as (
            select last_day(min(as_of_date) + interval {months - 1} month) as from_month
            from core.int_measured_facts where fact = '{fact}' and is_measured
        )
        select count(*), count(*) filter (is_found)
        from (
            select cases.customer_id, bool_or({condition}) as is_found
            from cases
            inner join indicators.ind_iceberg as iceberg
                on cases.customer_id = iceberg.customer_id
                and iceberg.as_of_date between cases.from_on and last_day(cases.to_on)
            cross join measured
            where cases.case_name like '{case}' and cases.to_on >= measured.from_month
            group by cases.customer_id
        )
        """,
    )
    assert planted >= 2
    assert found >= RECALL * planted


def test_nobody_else_is_called_a_frequent_complainer(con):
    """Precision: a few complain often though nobody planted it."""
    ((flagged, planted),) = _rows(
        con,
        """
        select count(*), count(*) filter (customer_id in (
            select customer_id from cases where case_name like 'frequent_complainer%'
        ))
        from (
            select distinct customer_id from indicators.ind_iceberg
            where frequent_complainer <> 'none'
        )
        """,
    )
    assert planted >= 0.8 * flagged


def test_silent_leavers_are_planted_far_more_often_than_others(con):
    """Precision is low, since days of use are few and vary by chance; the planted stand out."""
    rates = dict(
        _rows(
            con,
            """
            select iceberg.is_silent_leaver, avg(cast(cases.customer_id is not null as integer))
            from indicators.ind_iceberg as iceberg
            inner join indicators.ind_relationship as relationship
                on iceberg.customer_id = relationship.customer_id
                and iceberg.as_of_date = relationship.as_of_date
            left join cases
                on iceberg.customer_id = cases.customer_id
                and cases.case_name = 'silent_leaver'
                and iceberg.as_of_date between cases.from_on and last_day(cases.to_on)
            where relationship.interaction_basis = 'own_baseline'
                and iceberg.is_silent_leaver is not null
            group by iceberg.is_silent_leaver
            """,
        )
    )
    assert rates[True] > 5 * rates[False]


def test_stages_are_the_fold_of_their_rules(con):
    """Folded again here, customer by customer, from the rules alone."""
    rows = _rows(
        con,
        """
        select rules.customer_id, rules.as_of_date, rules.is_lost, rules.familiar_met,
            rules.trust_met, rules.co_create_met, stages.stage_number, stages.stage_months
        from indicators.ind_stage_rules as rules
        inner join indicators.ind_stages as stages
            on rules.customer_id = stages.customer_id and rules.as_of_date = stages.as_of_date
        order by rules.customer_id, rules.as_of_date
        """,
    )
    assert len(rows) > 5000
    reached = set()
    for _, months in groupby(rows, key=lambda row: row[0]):
        stage = held = misses = 0
        for _, _, is_lost, familiar, trust, co_create, told, told_months in months:
            own = {2: familiar, 3: trust, 4: _all(trust, co_create)}.get(stage, 1)
            after = {1: familiar == 1, 2: trust == 1, 3: trust == co_create == 1 and held >= 3}
            if is_lost:
                before, stage = stage, 0
            elif stage == 0:
                before, stage = 0, 1
            elif after.get(stage):
                before, stage = stage, stage + 1
            elif own == 0 and misses == 1:
                before, stage = stage, stage - 1
            else:
                before = stage
            moved = before != stage
            misses = 0 if moved or own == 1 else misses + (own == 0)
            held = 0 if stage == 0 else 1 if moved else held + 1
            assert (told, told_months) == (stage, held)
            reached.add(stage)
    assert reached == {0, 1, 2, 3, 4}


def _all(first: int | None, second: int | None) -> int | None:
    if first == 0 or second == 0:
        return 0
    return None if first is None or second is None else 1


def test_true_stages_rise_with_the_told_ones(con, known_company):
    """The latent stage is made of satisfaction and joint doings, which nobody measures whole."""
    means = _rows(
        con,
        f"""
        select stages.stage_number, avg(states.stage), count(*)
        from indicators.ind_stages as stages
        inner join people on stages.customer_id = people.customer_id
        inner join '{known_company.truth}/states/*.parquet' as states
            on people.true_customer_id = states.true_customer_id
            and stages.as_of_date = states.month_end
        where states.is_active and stages.stage_number > 0
        group by stages.stage_number
        having count(*) >= 30
        order by stages.stage_number
        """,
    )
    assert len(means) >= 3
    assert [row[1] for row in means] == sorted(row[1] for row in means)


def test_alerts_are_open_in_the_months_that_say_so(con):
    """The list of alerts and the months of the customers tell one story."""
    differing = _rows(
        con,
        """
        with months as (
            select customer_id, as_of_date from indicators.ind_relationship
            where is_relationship_alert
        ),
        listed as (
            select alerts.customer_id, months.as_of_date
            from indicators.ind_relationship_alerts as alerts
            inner join core.int_months as months
                on months.as_of_date >= alerts.opened_on
                and (alerts.closed_on is null or months.as_of_date < alerts.closed_on)
            where alerts.alert_scope = 'customer'
        )
        (from months except all from listed) union all (from listed except all from months)
        """,
    )
    assert differing == []
    ((closed,),) = _rows(
        con, "select count(distinct closed_by) from indicators.ind_relationship_alerts"
    )
    assert closed == 2


def test_lead_times_are_those_of_the_alerts_and_losses(con):
    """Of all losses of twelve months: computed again from alerts, losses and their days."""
    ((told, again),) = _rows(
        con,
        """
        with newest as (select max(as_of_date) as as_of_date from indicators.ind_alert_lead),
        losses as (
            select lifecycle.customer_id,
                case
                    when activity.subscribed_until is not null
                        and coalesce(activity.last_purchase_date <= activity.subscribed_until, true)
                        then activity.subscribed_until
                    else activity.last_purchase_date + activity.activity_days
                end as churned_on
            from indicators.ind_lifecycle as lifecycle
            inner join indicators.ind_activity as activity
                on lifecycle.customer_id = activity.customer_id
                and lifecycle.as_of_date = activity.as_of_date
            cross join newest
            where lifecycle.lost_since = lifecycle.as_of_date
                and lifecycle.as_of_date > newest.as_of_date - interval 1 year
        ),
        warned as (
            select count(distinct (losses.customer_id, losses.churned_on)) as warned_count
            from losses
            inner join indicators.ind_relationship_alerts as alerts
                on losses.customer_id = alerts.customer_id
                and alerts.opened_on < date_trunc('month', losses.churned_on)
                and coalesce(alerts.closed_on >= date_trunc('month', losses.churned_on), true)
        )
        select lead.warned_count, warned.warned_count
        from indicators.ind_alert_lead as lead, newest, warned
        where lead.as_of_date = newest.as_of_date and lead.tier = 'all'
            and lead.rule = 'relationship_health'
        """,
    )
    assert told == again
    assert told > 0
