"""Judgements between the warehouse and `ml.weighting`: what stops a run, what is kept as proof."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.weighting.in_force import WeightingConfig
from ml.weighting.sensitivity import SensitivityConfig
from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.settings import Settings
from orchestration.warehouse import connect
from orchestration.weighting import NODES_FILE, check_judgements, weigh
from tests.orchestration.conftest import ROOT

JUDGEMENTS = """
create schema raw;
create table raw.organisation__ahp_judgements (
    matrix_id varchar, row_criterion varchar, column_criterion varchar, preference decimal(9, 6),
    assessor_id varchar, judged_on date, _load_id bigint, _line bigint
);
insert into raw.organisation__ahp_judgements
select *, date '2024-01-20', 1, row_number() over () from (values
    ('value', 'current', 'potential', 2, 'E1'), ('value', 'current', 'relationship', 3, 'E1'),
    ('value', ' potential', 'relationship', 2, 'E1')
);
"""
NODES = """profile,node_id,parent_id,weight,weighting,matrix_id,valid_from,valid_until
generic,value,,1.00,combined,value,2009-01-01,
generic,current,value,0.4,fixed,,2009-01-01,
generic,former,value,0.4,ahp,gone,2009-01-01,2024-02-01
"""
# 400 customers at a yearly review and in the run's last month; nobody has an answer to a survey.
SCORES = """
create schema seeds;
create schema scores;
create schema indicators;
create table seeds.scorecards as
select * from (values
    ('generic', 'customer', 0.5::decimal(9, 4), date '2009-01-01'),
    ('empty', 'customer', 0.5, date '2009-01-01'),
    ('balanced', 'portfolio', 0.5, date '2009-01-01')
) as rows(profile, subject, beta, valid_from);
create table seeds.scorecard_nodes as
select rows.*, null::date as valid_until from (values
    ('generic', 'value', null, null, 1.0::decimal(18, 12), 'combined', 'value', null,
        date '2009-01-01'),
    ('generic', 'current', 'value', 'revenue', 0.4, null, null, 'piecewise', date '2009-01-01'),
    ('generic', 'potential', 'value', null, 0.25, 'entropy', null, null, date '2009-01-01'),
    ('generic', 'relationship', 'value', 'tenure', 0.35, null, null, 'piecewise',
        date '2009-01-01'),
    ('generic', 'growth', 'potential', 'growth', 0.7, null, null, 'piecewise', date '2009-01-01'),
    ('generic', 'products', 'potential', 'products', 0.3, null, null, 'piecewise',
        date '2009-01-01'),
    ('empty', 'all', null, null, 1.0, 'fixed', null, null, date '2009-01-01'),
    ('empty', 'answers', 'all', 'answers', 0.5, null, null, 'piecewise', date '2009-01-01'),
    ('empty', 'tenure', 'all', 'tenure', 0.5, null, null, 'piecewise', date '2009-01-01'),
    ('balanced', 'all', null, null, 1.0, 'fixed', null, null, date '2009-01-01')
) as rows(profile, node_id, parent_id, indicator_id, weight, weighting, matrix_id, scoring,
    valid_from);
create table seeds.bands as
select '*' as profile, * from (values
    ('red', 0::decimal(9, 4), 50, date '2009-01-01'), ('amber', 50, 75, date '2009-01-01'),
    ('green', 75, 100, date '2009-01-01')
) as rows(band, lower_bound, upper_bound, valid_from);
create table indicators.ind_activity_reviews as
select date '2023-12-31' as review_date, tier from (values ('A'), ('B')) as tiers(tier);
create table scores.scr_measures as
select
    printf('k%04d', i) as customer_id, as_of_date,
    (hash(i, 1) % 10001 / 100)::double as revenue__piecewise,
    (hash(i, 2) % 10001 / 100)::double as tenure__piecewise,
    (hash(i, 3) % 10001 / 100)::double as growth__piecewise,
    case when i % 4 > 0 then 40 + (hash(i, 4) % 2001 / 100)::double end as products__piecewise,
    null::double as answers__piecewise,
    1.0 as revenue__evidence, 1.0 as tenure__evidence, 1.0 as growth__evidence,
    case when i % 4 > 0 then 1.0 else 0.0 end as products__evidence, 0.0 as answers__evidence
from range(400) as customers(i)
cross join (values (date '2023-12-31'), (date '2024-03-31')) as months(as_of_date);
"""


@pytest.fixture
def company(settings: Settings, tmp_path: Path) -> Settings:
    """A home whose run goes to March 2024 and knows load 1, and a project that uses `value`."""
    root = tmp_path / "project"
    (root / NODES_FILE).parent.mkdir(parents=True)
    (root / NODES_FILE).write_text(NODES, encoding="utf-8")
    with connect(settings) as con:
        con.execute(JUDGEMENTS)
        window.ensure_control_tables(con)
        con.execute(
            "insert into control.runs values ('r', '2024-04-01', null, '2024-01-31', "
            "'2024-03-31', 1, 'c', 'c', 'running', null, null)"
        )
    return replace(settings, root=root)


def add(company: Settings, *rows: str, load_id: int = 1) -> None:
    with connect(company) as con:
        for line, row in enumerate(rows):
            con.execute(
                f"insert into raw.organisation__ahp_judgements values ({row}, {load_id}, {line})"
            )


def asked(company: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(company, read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_matrix_is_kept_with_its_proof_and_without_names(company: Settings) -> None:
    summary = check_judgements(company)
    assert (summary.matrices, summary.states, summary.set_aside) == (1, 1, ())
    assert summary.worst_ratio == pytest.approx(0.0079, abs=5e-5)
    rows = asked(
        company,
        "select row_criterion, column_criterion, round(preference, 9), in_force_from::varchar, "
        "random_index, assessor_count, lambda_max from ml.ahp_matrices order by all",
    )
    assert [row[:6] for row in rows] == [
        ("current", "potential", 2.0, "2024-01-31", "saaty_1980", 1),
        ("current", "relationship", 3.0, "2024-01-31", "saaty_1980", 1),
        ("potential", "relationship", 2.0, "2024-01-31", "saaty_1980", 1),
    ]
    assert rows[0][6] == pytest.approx(3.0092, abs=5e-5)
    # Again: the same rows, not twice.
    check_judgements(company)
    assert asked(company, "select count(*) from ml.ahp_matrices") == [(3,)]


def test_a_contradiction_stops_the_run_with_file_matrix_and_triad(company: Settings) -> None:
    add(
        company,
        "'value', 'current', 'relationship', 0.2, 'E1', '2024-02-10'",
        "'value', 'current', 'potential', 3, 'E1', '2024-02-10'",
    )
    with pytest.raises(ScorecardError) as stopped:
        check_judgements(company)
    text = str(stopped.value)
    assert stopped.value.exit_code == 1
    for words in (
        "`organisation/ahp_judgements*`",
        "matrix value: the consistency ratio is",
        "(random index saaty_1980), not below 0.10",
        "current against potential is 3 and potential against relationship is 2, so that current "
        "against relationship should be 6, but it is 1/5",
        NODES_FILE,
    ):
        assert words in text


def test_a_newer_load_corrects_the_same_day(company: Settings) -> None:
    add(company, "'value', 'current', 'potential', 1, 'E1', '2024-01-20'", load_id=2)
    check_judgements(company)
    wanted = "select preference from ml.ahp_matrices where column_criterion = 'potential'"
    assert asked(company, wanted) == [(2.0,)]  # the run does not know load 2
    with connect(company) as con:
        con.execute("update control.runs set known_load_id = 2")
    check_judgements(company)
    assert asked(company, wanted) == [(1.0,)]


def test_a_matrix_that_no_scorecard_uses_stops_nothing(
    company: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    add(
        company,
        "'gone', 'a', 'b', 2, 'E1', '2024-01-20'",
        "'gone', 'b', 'c', 2, 'E1', '2024-01-20'",
    )
    summary = check_judgements(company)
    assert summary.set_aside == ("matrix gone: assessor E1: a against c is missing",)
    assert "a against c is missing" in caplog.text
    # In the months in which a scorecard used it, it did.
    with connect(company) as con:
        con.execute("update control.runs set last_month = '2024-01-31'")
    with pytest.raises(ScorecardError, match="a against c is missing"):
        check_judgements(company)


def test_without_judgements_the_configuration_holds(company: Settings) -> None:
    with connect(company) as con:
        con.execute("delete from raw.organisation__ahp_judgements")
    assert check_judgements(company).matrices == 0
    assert asked(company, "select count(*) from ml.ahp_matrices") == [(0,)]


@pytest.fixture
def scored(company: Settings) -> Settings:
    with connect(company) as con:
        con.execute(SCORES)
    return company


def test_weights_take_force_with_the_review_and_with_the_judgements(scored: Settings) -> None:
    summary = weigh(scored)
    assert summary.profiles == ("generic",)
    rows = asked(
        scored,
        "select node_id, in_force_from::varchar, in_force_until::varchar, method, "
        "round(ahp_weight, 4), n_customers from ml.scorecard_weights "
        "where node_id in ('current', 'growth') order by all",
    )
    # The review speaks from the month after it on; the judgements are of that month, too.
    assert rows == [
        ("current", "2009-01-31", "2024-01-31", "fallback_fixed", None, None),
        ("current", "2024-01-31", None, "combined", 0.5396, 400),
        ("growth", "2009-01-31", "2024-01-31", "fallback_fixed", None, None),
        ("growth", "2024-01-31", None, "entropy", None, 300),
    ]
    sums = "select sum(weight) from ml.scorecard_weights group by parent_node_id, in_force_from"
    assert [row[0] for row in asked(scored, sums)] == pytest.approx([1.0] * 4)
    # What tells the customers apart weighs more.
    (growth,) = asked(
        scored,
        "select weight from ml.scorecard_weights where node_id = 'growth' and method = 'entropy'",
    )
    assert growth[0] > 0.5


def test_each_weight_is_tried_and_the_ranking_compared(scored: Settings) -> None:
    summary = weigh(scored)
    assert summary.trials == 10
    assert 0 < summary.most_moved < 1
    rows = asked(
        scored,
        "select distinct profile, as_of_date::varchar, n_customers from ml.weight_sensitivity",
    )
    assert rows == [("generic", "2024-03-31", 400)]
    (row,) = asked(
        scored, "select n_customers, criterion_count, rank_correlation from ml.topsis_comparison"
    )
    assert row[:2] == (400, 3)
    assert 0.8 < row[2] < 1


def test_the_bands_of_a_trial_are_those_in_force(scored: Settings) -> None:
    weigh(scored)
    moved = "select max(n_band_changed) from ml.weight_sensitivity"
    ((by_three,),) = asked(scored, moved)
    assert by_three > 0
    # Bands of the profile's own that begin later do not count yet.
    with connect(scored) as con:
        con.execute("insert into seeds.bands values ('generic', 'red', 0, 100, '2025-01-01')")
    weigh(scored)
    assert asked(scored, moved) == [(by_three,)]
    # One band from 0 to 100 in force: nobody can change it, whatever held before.
    with connect(scored) as con:
        con.execute("update seeds.bands set valid_from = '2024-01-01' where profile = 'generic'")
    weigh(scored)
    assert asked(scored, moved) == [(0,)]


def test_the_order_of_the_rows_does_not_matter(scored: Settings) -> None:
    kept = ("scorecard_weights", "weight_sensitivity", "topsis_comparison")
    weigh(scored)
    before = {table: asked(scored, f"select * from ml.{table} order by all") for table in kept}
    with connect(scored) as con:
        con.execute(
            "create or replace table scores.scr_measures as "
            "select * from scores.scr_measures order by hash(customer_id)"
        )
    weigh(scored)
    after = {table: asked(scored, f"select * from ml.{table} order by all") for table in kept}
    assert after == before


def test_a_matrix_of_other_criteria_stops_the_run(scored: Settings) -> None:
    with connect(scored) as con:
        con.execute("update seeds.scorecard_nodes set node_id = 'future' where node_id = 'current'")
    with pytest.raises(ScorecardError) as stopped:
        weigh(scored)
    assert (
        "profile generic, node value: matrix value compares current, potential, relationship, but "
        "the node's children are future, potential, relationship"
    ) in str(stopped.value)


def test_without_scores_it_says_what_to_do(company: Settings) -> None:
    with connect(company) as con:
        con.execute(SCORES)
        con.execute("drop table scores.scr_measures")
    with pytest.raises(ScorecardError, match="Materialise the group `scores` first"):
        weigh(company)


def test_the_limits_are_those_of_the_project() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert SensitivityConfig().min_coverage == project["vars"]["min_coverage"]
    assert WeightingConfig().min_customers == project["vars"]["min_n"]
