"""Pairs between the warehouse and `ml.association`: joined by lag, set aside, replaced."""

import csv
from dataclasses import replace
from typing import Any

import duckdb
import pytest
import yaml

from ml.association.config import AssociationConfig
from orchestration import window
from orchestration.association import associate_measures
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.orchestration.conftest import ROOT

QUICK = AssociationConfig(draws=200, lags=(0, 1, 2))
# 60 customers, 12 months; y is x of two months before, within noise; z is noise.
COMPANY = """
create schema features; create schema seeds;
create table seeds.kpi_pairs as
select * from (values
    ('planted', 'customer', 'x', 'y', null, 'tier'),
    ('noise', 'customer', 'x', 'z', 'is_active', 'all'),
    ('answers', 'customer', 'answer', 'y', null, 'all'),
    ('gone', 'customer', 'nowhere', 'y', null, 'all'),
    ('teams', 'team', 'used', 'won', null, 'all')
) as pairs (pair_id, panel, x_measure, y_measure, among_measure, segments);
create table features.ftr_association_customers as
select customer::integer as customer_number, 'c' || customer as customer_id,
    (month - 11)::integer as month_number, last_day(date '2024-04-01' + to_months(month::int - 1))
        as as_of_date,
    case when customer <= 35 then 'A' else 'B' end as tier, 100 + 30 * month as tenure_days,
    500 as customer_count
from range(1, 61) as c(customer), range(0, 12) as m(month);
create macro noise(a, b, c) as (hash(a || '-' || b || '-' || c) % 10000) / 10000.0;
create table features.ftr_association_measures as
select customer_number, month_number, 'x' as measure,
    noise('x', customer_number, month_number) as measure_value, null::double as wave_response
from features.ftr_association_customers
union all by name
select customer_number, month_number, 'y' as measure,
    noise('x', customer_number, month_number - 2) + noise('y', customer_number, month_number)
        as measure_value
from features.ftr_association_customers
union all by name
select customer_number, month_number, 'z' as measure,
    noise('z', customer_number, month_number) as measure_value
from features.ftr_association_customers
union all by name
select customer_number, month_number, 'is_active' as measure,
    (month_number > -6)::int::double as measure_value
from features.ftr_association_customers
union all by name
select customer_number, month_number, 'answer' as measure,
    noise('answer', customer_number, month_number) as measure_value,
    case when month_number < -8 then 0.09 else 0.10 end as wave_response
from features.ftr_association_customers;
create table features.ftr_association_teams as
select 't-' || team as team_id, (month - 29)::integer as month_number,
    last_day(date '2022-10-01' + to_months(month::int - 1)) as as_of_date, measure,
    noise(measure, team, month) as measure_value
from range(0, 2) as t(team), range(0, 30) as m(month), (values ('used'), ('won')) as n(measure);
"""


@pytest.fixture
def company(settings: Settings) -> Settings:
    """A home whose run goes to March 2025."""
    with connect(settings) as con:
        con.execute(COMPANY)
        window.ensure_control_tables(con)
        con.execute(
            "insert into control.runs values ('r', '2025-04-01', null, '2024-01-31', "
            "'2025-03-31', 1, 'c', 'c', 'running', null, null)"
        )
    return settings


def asked(company: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(company, read_only=True) as con:
        return con.execute(query).fetchall()


def found(company: Settings) -> list[tuple[Any, ...]]:
    return asked(company, "select * from ml.kpi_associations order by pair_id, segment, lag_months")


def test_what_is_planted_is_found_at_its_lag_in_every_segment(company: Settings) -> None:
    summary = associate_measures(company, QUICK)
    assert (summary.pairs, summary.tests + summary.untested) == (5, 3 * (3 + 4))
    rows = asked(
        company,
        "select segment, lag_months, row_count, unit_count, sampled_customer_count, "
        "customer_count, as_of_date::varchar, first_month::varchar "
        "from ml.kpi_associations where pair_id = 'planted' and is_best_lag order by segment",
    )
    # x of a month and y two months later: of 12 months 10 have both. Tier B has 25 customers.
    assert rows == [
        ("A", 2, 350, 35, 60, 500, "2025-03-31", "2024-03-31"),
        ("all", 2, 600, 60, 60, 500, "2025-03-31", "2024-03-31"),
    ]
    ((reason, q),) = asked(
        company,
        "select min(not_tested_reason), max(q_value) from ml.kpi_associations "
        "where pair_id = 'planted' and segment = 'B'",
    )
    assert (reason, q) == ("few_customers", None)
    ((rho, planted, others),) = asked(
        company,
        "select max(rho), max(q_value) filter (where lag_months = 2), "
        "min(q_value) filter (where lag_months <> 2) from ml.kpi_associations "
        "where pair_id = 'planted' and segment = 'all'",
    )
    # x and x + y of two like uniforms correlate by the root of one half.
    assert rho == pytest.approx(0.69, abs=0.04)
    assert planted < 1e-6
    assert others > 0.10


def test_months_that_are_not_meant_are_left_out_and_told(company: Settings) -> None:
    associate_measures(company, QUICK)
    counts = asked(
        company,
        "select pair_id, row_count, low_response_row_count, not_tested_reason "
        "from ml.kpi_associations where lag_months = 0 and segment = 'all' order by pair_id",
    )
    assert counts == [
        ("answers", 540, 180, None),
        ("gone", 0, 0, "not_measured"),
        ("noise", 360, 0, None),
        ("planted", 720, 0, None),
        ("teams", 60, 0, None),
    ]
    assert asked(
        company,
        "select between_rho, sampled_customer_count, unit_count from ml.kpi_associations "
        "where pair_id = 'teams' and lag_months = 0",
    ) == [(None, None, 2)]


def test_order_and_threads_change_nothing_and_a_run_replaces(company: Settings) -> None:
    associate_measures(company, QUICK)
    first = found(company)
    with connect(company) as con:
        for table in ("measures", "customers", "teams"):
            con.execute(
                f"create or replace table features.ftr_association_{table} as "
                f"select * from features.ftr_association_{table} order by random()"
            )
    associate_measures(replace(company, threads=1), QUICK)
    assert found(company) == first


def test_intervals_do_not_hang_on_what_customers_are_called(company: Settings) -> None:
    """A person who was erased has another key: the sample is numbered otherwise."""
    associate_measures(company, QUICK)
    first = found(company)
    with connect(company) as con:
        for table in ("measures", "customers"):
            con.execute(
                f"update features.ftr_association_{table} "
                "set customer_number = (customer_number * 7) % 61"
            )
    associate_measures(company, QUICK)
    assert found(company) == first


def test_an_empty_company_gives_rows_that_say_so(company: Settings) -> None:
    with connect(company) as con:
        for table in ("measures", "customers", "teams"):
            con.execute(f"delete from features.ftr_association_{table}")
    summary = associate_measures(company, QUICK)
    assert (summary.tests, summary.untested) == (0, 3 * 5)


def test_every_pair_names_measures_that_are_read() -> None:
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    read = {
        "customer": {each["column"]: each for each in variables["association_measures"]},
        "team": duckdb.sql(
            "select unnest(regexp_extract_all(content, '''(\\w+)''', 1)) from read_text("
            f"'{ROOT}/models/features/association/ftr_association_teams.sql')"
        ).fetchall(),
    }
    known = {"customer": set(read["customer"]), "team": {row[0] for row in read["team"]}}
    pairs = ROOT / "dbt_project" / "seeds" / "kpi_pairs.csv"
    with pairs.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        named = {row["x_measure"], row["y_measure"], row["among_measure"]} - {""}
        assert named <= known[row["panel"]], row["pair_id"]
        if row["panel"] == "customer":
            is_survey = any(read["customer"][name].get("answer_age") for name in named)
            assert row["is_survey"] == str(is_survey).lower(), row["pair_id"]
    with (ROOT / "dbt_project" / "seeds" / "indicators.csv").open(encoding="utf-8") as file:
        models = {row["indicator_id"]: row["model"] for row in csv.DictReader(file)}
    assert all(models[name] == each["model"] for name, each in read["customer"].items())
