"""Anchors and auditors say what is true of the simulated company.

What belongs here: what a whole simulated company says of its moments that matter. The formulas,
with their golden values and the traps, are dbt unit tests beside the models.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}
OPENS, CLOSES = 8 * 60, 18 * 60
# Six auditors' words in a hundred are wrong, and they know no bank holidays.
AUDITORS_AGREE = 0.88


@pytest.fixture(scope="module")
def con(known_company: KnownCompany) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read only."""
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        yield con


def _opening_minutes(from_moment: datetime, to_moment: datetime) -> float:
    """Minutes between two moments in which the desk is open, told day by day."""
    minutes, day = 0.0, from_moment.date()
    while day <= to_moment.date():
        if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS:
            start = datetime.combine(day, datetime.min.time())
            opened = max(start + timedelta(minutes=OPENS), from_moment)
            closed = min(start + timedelta(minutes=CLOSES), to_moment)
            minutes += max((closed - opened).total_seconds() / 60, 0)
        day += timedelta(days=1)
    return minutes


def test_invoice_queries_are_met_when_they_truly_were_solved_in_a_business_day(
    con: duckdb.DuckDBPyConnection, known_company: KnownCompany
) -> None:
    rows = con.execute(
        f"""
        select truth.tier_applied, truth.created_at, truth.first_solved_at, occurrences.is_met
        from '{known_company.truth / "tickets.parquet"}' as truth
        inner join core.int_anchor_occurrences as occurrences
            on truth.ticket_id = occurrences.occurrence_id
            and occurrences.anchor_id = 'invoice_query'
            and occurrences.metric = 'resolution_time'
        where truth.late_days = 0
            and occurrences.is_met is not null and occurrences.decided_month is not null
        """
    ).fetchall()
    assert len(rows) > 50
    assert {met for *_, met in rows} == {True, False}
    wrong = [
        row
        for row in rows
        if row[3]
        != (
            (row[2] - row[1]).total_seconds() / 60 <= 24 * 60
            if row[0] == "A"
            else _opening_minutes(row[1], row[2]) <= CLOSES - OPENS
        )
    ]
    assert wrong == []


def test_every_invoice_query_and_major_complaint_is_an_occurrence(
    con: duckdb.DuckDBPyConnection, known_company: KnownCompany
) -> None:
    ((queries, found),) = con.execute(
        f"""
        select count(*), count(occurrences.occurrence_id)
        from '{known_company.truth / "tickets.parquet"}' as truth
        inner join core.int_tickets as tickets
            on truth.ticket_id = tickets.ticket_id and tickets.exclusion_reason is null
        left join core.int_anchor_occurrences as occurrences
            on truth.ticket_id = occurrences.ticket_id and occurrences.metric = 'all'
            and occurrences.anchor_id <> 'first_installation'
        where (truth.topic = 'invoice' and truth.ticket_kind <> 'complaint')
            or (truth.ticket_kind = 'complaint' and tickets.severity <= 2)
        """
    ).fetchall()
    assert queries > 80
    assert found >= 0.98 * queries


def test_auditors_agree_with_the_measures(con: duckdb.DuckDBPyConnection) -> None:
    ((compared, agreed),) = con.execute(
        """
        select sum(compared_count), sum(agreed_count) from indicators.ind_anchor_audits
        where as_of_date = (select max(as_of_date) from indicators.ind_anchor_audits)
        """
    ).fetchall()
    assert compared >= 15
    assert agreed >= AUDITORS_AGREE * compared


def test_nobody_is_judged_before_the_waiting_time_is_over(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        """
        select month_end, decided_month from core.int_anchor_occurrences
        where anchor_id = 'major_complaint' and metric = 'satisfaction'
        """
    ).fetchall()
    assert len(rows) > 10
    assert all(decided - month >= timedelta(days=28) for month, decided in rows)
    assert max(month for month, _ in rows) <= date(2025, 12, 31)


def test_projects_that_change_nothing_are_no_effect(con: duckdb.DuckDBPyConnection) -> None:
    """In the simulation both change nothing; the second was picked by the month of the crisis."""
    told = con.execute(
        """
        select project_id, status, is_beyond_chance, evidence, picked_month, rollout_started_on,
            rollout_ended_on, anchor_id, metric, before_count, after_count, before_met_count
        from indicators.ind_anchor_projects
        where as_of_date = date '2025-12-31' order by project_id
        """
    ).fetchall()
    assert [row[:4] for row in told] == [
        (name, "compared", False, "descriptive") for name in ("PRJ-1", "PRJ-2")
    ]
    for *_, picked, started, ended, anchor, metric, before, after, kept in told:
        counted = con.execute(
            """
            select
                count(*) filter (day < $started and strftime(day, '%Y-%m') <> $picked),
                count(*) filter (day > $ended),
                count(*) filter (
                    day < $started and strftime(day, '%Y-%m') <> $picked and is_met
                )
            from (
                select occurred_at::date as day, is_met from core.int_anchor_occurrences
                where anchor_id = $anchor and metric = $metric and is_met is not null
                    and decided_month <= date '2025-12-31' and excluded_month is null
                    and occurred_at::date between $started - 365 and $ended + 365
            )
            """,
            {
                "started": started,
                "ended": ended,
                "picked": picked.strftime("%Y-%m"),
                "anchor": anchor,
                "metric": metric,
            },
        ).fetchone()
        assert counted == (before, after, kept)
        assert before > 0
