"""Frames between the warehouse and `ml`, on a small invented company with two years of months."""

import hashlib
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
import skops.io
import yaml

from ml.canonical import content_hash
from ml.churn import features as churn_features
from ml.churn.config import ChurnConfig
from ml.churn.panel import read_panel
from ml.clv.config import ClvConfig
from ml.credit.config import CreditConfig
from ml.frames import KEY, TABLES
from ml.registry import TRUSTED_TYPES, read_card
from ml.upsell.features import FEATURE_DEFINITIONS as UPSELL_FEATURES
from orchestration import prediction, window
from orchestration.errors import ScorecardError
from orchestration.ledger import record_published
from orchestration.prediction import append_frame, ensure_ml_tables, reasons_of, score, train
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction
from orchestration.window import Fingerprints, History, SystemSpan, Window
from tests.ml.conftest import simulate_churn, simulate_credit

ROOT = Path(__file__).parents[2]
LAST = date(2011, 11, 30)
FEATURES = """
create schema features;
create table months as
select last_day(date '2010-01-01' + to_months(n::integer))::date as as_of_date
from range(23) as m(n);
create table people as
select 'c' || lpad(i::varchar, 4, '0') as customer_id, i, 'ABCD'[i % 4 + 1] as tier
from range(60) as p(i);
create table features.ftr_churn as
select
    customer_id, as_of_date, tier,
    (hash(i, as_of_date) % 200)::integer as days_since_purchase, 400 as tenure_days,
    0 as is_tenure_censored, 1 as purchases_1m, 2 as purchases_3m, 3 as purchases_6m,
    (hash(i, 2, as_of_date) % 12)::integer as purchases_12m, 10.0::double as revenue_3m,
    20.0::double as revenue_6m, (hash(i, 3) % 900)::double as revenue_12m,
    null::double as revenue_trend_3m, 10.0::double as basket_value_12m,
    0.1::double as return_ratio_12m, 5 as product_count_12m, 4 as active_months_12m,
    30.0::double as gap_days_mean_12m, 0.5::double as gap_cv_12m,
    1.0::double as recency_to_gap_ratio
from people, months;
create table features.ftr_churn_labels as
select
    customer_id, as_of_date, i % 10 <> 0 as is_eligible,
    case when i % 10 = 0 then 'not_active' end as ineligible_reason,
    'non_contractual' as label_kind,
    last_day(as_of_date + interval 6 month) as label_ends_on,
    as_of_date <= date '2011-05-31' as is_label_complete,
    null::varchar as exclusion_reason,
    case when i % 10 <> 0 and as_of_date <= date '2011-05-31'
        then hash(i, as_of_date, 9) % 3 = 0 end as is_churned,
    null::boolean as is_partially_churned
from people, months;
create view features.ftr_customer_groups as
select
    customer_id, as_of_date, case i % 3 when 0 then 'north' when 1 then 'south' end as region,
    case when i % 2 = 0 then 'organisation' else 'individual' end as customer_kind
from people, months;
create table features.ftr_value as
select
    customer_id, as_of_date, tier, 1 + i % 6 as purchase_count, i % 6 as repeat_purchase_count,
    case when i % 6 > 0 then 100 else 0 end as recency_days, 300 as age_days,
    case when i % 6 > 0 then 20.0 + i end as mean_repeat_purchase_amount,
    (20.0 + i)::double as mean_purchase_amount, (i * 10)::double as value_12m,
    (i * 10)::double as purchase_value_12m, 'purchase' as relation_kind, 300 as tenure_days,
    200 as days_since_purchase, null::double as recurring_revenue,
    null::integer as contract_months, null::integer as ended_months,
    3 as purchases_12m, 0.9::double as net_revenue_ratio, 1.0::double as margin_rate,
    0 as is_tenure_censored,
    'revenue' as value_basis
from people, months;
create table features.ftr_value_outcomes as
select
    customer_id, as_of_date, 12 as outcome_months, i % 4 as purchase_count_after,
    0 as paid_months_after,
    ((i % 4) * (20.0 + i))::double as value_after
from people, months where as_of_date <= date '2010-11-30';
create table features.ftr_upsell as
select
    customer_id, as_of_date, 'non_contractual' as upsell_kind, i % 10 <> 0 as is_eligible,
    case when i % 10 = 0 then 'not_active' end as ineligible_reason,
    case when i % 10 <> 0 then (100.0 + i)::double end as base_amount, 0 as is_subscriber
from people, months;
create table features.ftr_upsell_labels as
select
    customer_id, as_of_date, is_label_complete, is_churned as is_expanded,
    case when is_churned then 20.0 + i else 0 end::double as expansion_amount
from features.ftr_churn_labels inner join people using (customer_id);


create table features.ftr_contract_changes (
    as_of_date date, state varchar, tier varchar, months_in_state integer, customer_count integer,
    changed_count integer, stayer_opening_mrr decimal(18, 4), stayer_closing_mrr decimal(18, 4)
);
"""


@pytest.fixture
def company(settings: Settings) -> Settings:
    with connect(settings) as con:
        con.execute(FEATURES)
        # What the other systems would tell is not measured.
        there = {row[0] for row in con.execute("describe features.ftr_churn").fetchall()}
        for name in churn_features.FEATURES:
            if name not in there:
                con.execute(f"alter table features.ftr_churn add column {name} double")
        there = {row[0] for row in con.execute("describe features.ftr_upsell").fetchall()}
        for name in (each.name for each in UPSELL_FEATURES if each.name not in there):
            con.execute(f"alter table features.ftr_upsell add column {name} double")
        con.execute(
            "update features.ftr_value set age_days = 300 + (as_of_date - date '2010-01-31'), "
            "tenure_days = 300 + (as_of_date - date '2010-01-31')"
        )
    begin(settings, first=date(2010, 1, 31), last=LAST)
    return settings


def begin(settings: Settings, *, first: date, last: date, run_id: str = "run") -> None:
    with connect(settings) as con:
        window.ensure_control_tables(con)
        window.begin_run(
            con,
            run_id=run_id,
            history=History((SystemSpan("billing", first, last),), (), ()),
            window=Window(first, last, date(2010, 1, 31), 1, 0, False, ""),
            fingerprints=Fingerprints("code", "config"),
            now=datetime(2012, 1, 1),  # noqa: DTZ001 - the control tables hold UTC without a zone
        )


@pytest.fixture
def rows(settings: Settings) -> Any:
    def ask(query: str) -> list[tuple[Any, ...]]:
        with connect(settings, read_only=True) as con:
            return con.execute(query).fetchall()

    return ask


def test_value_is_discounted_alike_in_sql_and_in_the_estimators() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["annual_discount_rate"] == ClvConfig().discount_rate


def test_lifetime_value_learns_from_whole_years_back_to_three_and_the_one_before_them() -> None:
    query = prediction._training_queries("clv", date(2025, 12, 31), ClvConfig()).frame
    assert sorted(re.findall(r"date '([0-9-]+)'", query)) == [
        "2021-12-31",
        "2022-06-30",
        "2022-12-31",
        "2023-12-31",
        "2024-06-30",
        "2024-12-31",
        "2025-06-30",
        "2025-12-31",
    ]


def test_missing_tables_are_created_empty_with_the_columns_of_ml() -> None:
    with duckdb.connect() as con:
        ensure_ml_tables(con)
        ensure_ml_tables(con)
        for table, columns in TABLES.items():
            found = con.execute(f"describe ml.{table}").fetchall()
            assert {row[0]: row[1].lower() for row in found} == dict(columns)


def test_an_estimator_is_trained_once_and_then_taken_from_the_store(company: Settings) -> None:
    first = train(company, "churn")
    again = train(company, "churn")
    assert (first.is_new, again.is_new) == (True, False)
    assert first.version == again.version
    assert (company.estimators / first.version).is_dir()


def test_force_trains_again_and_comes_to_the_same_estimator(company: Settings) -> None:
    first = train(company, "churn")
    forced = train(company, "churn", force=True)
    assert forced.is_new
    assert forced.version == first.version


def test_changed_rows_train_anew(company: Settings) -> None:
    first = train(company, "churn")
    with connect(company) as con:
        con.execute("update features.ftr_churn set days_since_purchase = 7")
    assert train(company, "churn").is_new
    assert first.is_new


def test_training_sees_no_label_that_ended_after_the_runs_last_month(
    company: Settings, rows: Any
) -> None:
    begin(company, first=date(2010, 1, 31), last=date(2011, 3, 31), run_id="earlier")
    summary = train(company, "churn")
    assert summary.labels_to is not None
    assert summary.labels_to <= date(2011, 3, 31)
    assert rows("select trained_to from ml.estimators") == [(date(2010, 9, 30),)]


@pytest.mark.parametrize(
    ("last", "newest"),
    [
        (date(2011, 11, 30), date(2011, 4, 30)),
        # 30 days from the end of January reach into March: July is not known by February.
        (date(2011, 2, 28), date(2010, 6, 30)),
        (date(2011, 3, 31), date(2010, 8, 31)),
    ],
)
def test_where_one_customer_has_a_contract_labels_wait_for_its_grace(
    company: Settings, last: date, newest: date
) -> None:
    with connect(company) as con:
        con.execute(
            "update features.ftr_churn_labels set label_kind = 'contractual', "
            "label_ends_on = label_ends_on + 30, is_label_complete = true "
            "where customer_id = 'c0001'"
        )
        config = prediction._config(con, "churn", last)
        query = prediction._training_queries("churn", last, config).frame
        months = con.execute(
            f"select max(as_of_date), max(label_ends_on) from ({query}) "
            "join features.ftr_churn_labels using (customer_id, as_of_date)"
        ).fetchone()
    assert config.embargo_months == 7
    assert months is not None
    assert months[0] == newest
    assert months[1] <= last


@pytest.mark.parametrize("kind", ["churn", "clv", "upsell"])
def test_only_months_after_the_labels_are_scored(
    company: Settings, rows: Any, kind: prediction.Kind
) -> None:
    summary = train(company, kind)
    scores = score(company, kind)
    assert summary.labels_to == LAST
    assert [(s.first_month, s.last_month, s.rows) for s in scores] == [(LAST, LAST, 60)]
    assert rows(f"select distinct as_of_date from ml.{kind}_predictions") == [(LAST,)]


def test_a_month_computed_again_is_scored_by_the_estimator_of_its_time(
    company: Settings, rows: Any
) -> None:
    early, late = date(2011, 8, 31), LAST
    begin(company, first=early, last=early, run_id="august")
    of_august = train(company, "churn").version
    score(company, "churn")
    begin(company, first=date(2011, 9, 30), last=late, run_id="november")
    of_november = train(company, "churn").version
    score(company, "churn")
    begin(company, first=date(2011, 7, 31), last=late, run_id="again")
    train(company, "churn")
    score(company, "churn")
    found = dict(
        rows("select as_of_date, any_value(estimator_version) from ml.churn_predictions group by 1")
    )
    assert found == {
        early: of_august,
        date(2011, 9, 30): of_august,
        date(2011, 10, 31): of_august,
        late: of_november,
    }


def test_going_back_leaves_no_prediction_and_no_estimator_of_later_months(
    company: Settings, rows: Any
) -> None:
    train(company, "churn")
    score(company, "churn")
    begin(company, first=date(2010, 1, 31), last=date(2011, 8, 31), run_id="back")
    version = train(company, "churn").version
    score(company, "churn")
    assert rows("select distinct as_of_date from ml.churn_predictions") == [(date(2011, 8, 31),)]
    assert rows("select estimator_version from ml.estimators") == [(version,)]


def test_scoring_again_replaces_and_adds_nothing(company: Settings, rows: Any) -> None:
    train(company, "churn")
    score(company, "churn")
    before = rows("select sum(hash(p)::hugeint), count(*) from ml.churn_predictions p")
    score(company, "churn")
    assert rows("select sum(hash(p)::hugeint), count(*) from ml.churn_predictions p") == before


def test_scoring_in_small_batches_gives_the_same_rows(
    company: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(company, "clv")
    score(company, "clv")
    before = rows("select sum(hash(p)::hugeint), count(*) from ml.clv_predictions p")
    monkeypatch.setattr(prediction, "BATCH_ROWS", 7)
    score(company, "clv")
    assert rows("select sum(hash(p)::hugeint), count(*) from ml.clv_predictions p") == before


def _score_october_then_november(company: Settings) -> tuple[str, str]:
    october = date(2011, 10, 31)
    begin(company, first=october, last=october, run_id="october")
    first = train(company, "clv").version
    score(company, "clv")
    begin(company, first=LAST, last=LAST, run_id="november")
    return first, train(company, "clv").version


def test_a_new_estimator_of_value_has_its_first_month_scored_by_the_one_before_too(
    company: Settings, rows: Any
) -> None:
    first, second = _score_october_then_november(company)
    assert first != second
    score(company, "clv")
    for table, version in (("clv_rescored", first), ("clv_predictions", second)):
        scored = rows(
            f"select as_of_date, estimator_version, count(*) from ml.{table} "
            f"where as_of_date = '{LAST}' group by all"
        )
        assert scored == [(LAST, version, 60)]
    assert rows("select count(*) from ml.clv_rescored") == [(60,)]
    # A month that is scored again by the same estimator is not another estimator's first.
    begin(company, first=LAST, last=LAST, run_id="again")
    score(company, "clv")
    assert rows("select count(*) from ml.clv_rescored") == [(60,)]


def test_no_change_of_the_estimator_is_nothing_to_score_again(
    company: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = train(company, "clv").version
    october = date(2011, 10, 31)
    monkeypatch.setattr(
        prediction,
        "_plan",
        lambda *_: [
            prediction._Range(version, october, october),
            prediction._Range(version, LAST, LAST),
        ],
    )
    score(company, "clv")
    assert rows("select count(*) from ml.clv_predictions") == [(120,)]
    assert rows("select count(*) from ml.clv_rescored") == [(0,)]


def test_an_earlier_estimator_that_is_gone_leaves_its_month_out_and_is_named(
    company: Settings, rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = _score_october_then_november(company)
    (company.estimators / first).rename(company.home / "moved")
    score(company, "clv")
    assert rows("select count(*) from ml.clv_rescored") == [(0,)]
    assert f"{first} is not stored" in caplog.text


def test_who_is_not_eligible_gets_no_probability(company: Settings, rows: Any) -> None:
    train(company, "churn")
    score(company, "churn")
    found = dict(
        rows("select is_eligible, count(churn_probability) from ml.churn_predictions group by 1")
    )
    assert found == {True: 54, False: 0}


def test_of_who_has_left_nothing_more_is_expected(company: Settings, rows: Any) -> None:
    train(company, "upsell")
    score(company, "upsell")
    assert rows(
        "select is_eligible, count(expand_probability), count(*) filter (expected_upsell_6m = 0), "
        "count(*) filter (expected_upsell_6m > 0) from ml.upsell_predictions group by 1 order by 1"
    ) == [(False, 0, 6, 0), (True, 54, 0, 54)]


def test_rows_for_training_and_rows_for_scoring_have_the_same_features(company: Settings) -> None:
    """Parity of training and scoring: one hash over keys and features of the same rows."""
    config = ChurnConfig()
    with connect(company, read_only=True) as con:
        learnt = con.execute(prediction._training_queries("churn", LAST, config).frame).df()
        scored = con.execute(prediction._scoring_query("churn", "where true")).df()
    panels = [
        read_panel(frame, seed=0, is_labelled=False, name="frame") for frame in (learnt, scored)
    ]
    ids = [frame.sort_values(list(KEY))["customer_id"].to_numpy() for frame in (learnt, scored)]
    keys = [list(zip(i, p.month, strict=True)) for i, p in zip(ids, panels, strict=True)]
    wanted = set(keys[0])
    same = panels[1].take(np.array([key in wanted for key in keys[1]]))
    assert len(same) == len(panels[0]) > 500
    assert (
        len({content_hash([p.names, p.features, p.tier.astype(str)]) for p in (panels[0], same)})
        == 1
    )
    moved = same.features.copy()
    moved[0, 0] += 1e-9
    assert content_hash(moved) != content_hash(same.features)


def test_drift_is_counted_over_the_bins_of_the_training(company: Settings, rows: Any) -> None:
    version = train(company, "churn").version
    score(company, "churn")
    assert rows("select distinct as_of_date, estimator_version from ml.drift_counts") == [
        (LAST, version)
    ]
    found = rows(
        "select subject_kind, subject, sum(row_count), sum(reference_count) "
        "from ml.drift_counts group by all"
    )
    assert len(found) == len(churn_features.FEATURES) + 1
    assert {(kind, count) for kind, _, count, _ in found} == {("feature", 54), ("score", 54)}
    (eligible,) = rows(
        "select count(*) from features.ftr_churn_labels "
        "where is_eligible and as_of_date between date '2010-06-30' and date '2011-05-31'"
    )
    assert {count for *_, count in found} == set(eligible)
    # Counted again, value by value.
    assert rows(
        "select sum(abs(counts.row_count - coalesce(direct.n, 0))) from ml.drift_counts as counts "
        "left join (select bins.bin_number, count(*) as n from features.ftr_churn as features "
        "inner join ml.churn_predictions as predictions using (customer_id, as_of_date) "
        "inner join ml.drift_counts as bins on bins.subject = 'revenue_12m' "
        "and bins.bin_number > 0 and features.revenue_12m > coalesce(bins.from_value, -1e9) "
        "and features.revenue_12m <= coalesce(bins.to_value, 1e9) "
        "where predictions.is_eligible group by 1) as direct using (bin_number) "
        "where counts.subject = 'revenue_12m'"
    ) == [(0,)]
    assert rows(
        "select bin_number, row_count, reference_count from ml.drift_counts "
        "where subject = 'revenue_trend_3m' order by bin_number"
    ) == [(0, 54, eligible[0]), (1, 0, 0)]
    before = rows("select count(*), sum(hash(d)::hugeint) from ml.drift_counts as d")
    score(company, "churn")
    assert rows("select count(*), sum(hash(d)::hugeint) from ml.drift_counts as d") == before


OUTCOMES = """
create schema if not exists scorecard;
create or replace table scorecard.prediction_outcomes as
select * from (values
    ('churn', 'c1', date '2011-05-31', 0.3, 'churn-1', date '2011-05-31', 'known', {first},
        date '2011-11-30'),
    ('churn', 'c1', date '2011-11-30', {probability}, 'churn-2', date '2011-11-30', '{state}',
        {later}, {month})
) as outcomes(estimator, customer_id, as_of_date, probability, estimator_version, published_month,
    outcome_state, has_happened, known_month),
(select 0.1 as probability_low, 0.9 as probability_high, 'estimator' as method,
    'published' as status) as rest,
(values ('churn', 'customer'), ('category_uptake', 'lamps'), ('category_uptake', 'plans'))
    as kinds(prediction_kind, subject);
"""


def test_the_ledger_keeps_what_was_published_first_and_only_adds(
    company: Settings, rows: Any
) -> None:
    def publish(release: str, **values: str) -> None:
        with connect(company) as con:
            ensure_ml_tables(con)
            con.execute(OUTCOMES.format(**values))
            record_published(con, release_id=release)

    pending = {"state": "pending", "later": "null::boolean", "month": "null::date"}
    publish("one", first="true", probability="0.2", **pending)
    publish("two", first="false", probability="0.9", **pending)
    known = {"state": "known", "later": "false", "month": "date '2012-05-31'"}
    publish("three", first="false", probability="0.9", **known)
    for kind, subject in (("churn", "customer"), ("category_uptake", "lamps")):
        of_kind = f"where prediction_kind = '{kind}' and subject = '{subject}' order by 1"
        assert rows(
            "select as_of_date, probability::double, release_id from ml.published_predictions "
            + of_kind
        ) == [(date(2011, 5, 31), 0.3, "one"), (LAST, 0.2, "one")]
        assert rows(
            "select as_of_date, has_happened, release_id from ml.recorded_outcomes " + of_kind
        ) == [(date(2011, 5, 31), True, "one"), (LAST, False, "three")]
    assert rows("select count(*) from ml.published_predictions") == [(6,)]


def test_a_ledger_from_before_the_kinds_keeps_its_rows_as_those_of_churn(
    company: Settings, rows: Any
) -> None:
    told = {"first": "true", "probability": "0.2", "later": "null::boolean"}
    with connect(company) as con:
        ensure_ml_tables(con)
        con.execute(OUTCOMES.format(**told, state="pending", month="null::date"))
        con.execute("delete from scorecard.prediction_outcomes where prediction_kind <> 'churn'")
        record_published(con, release_id="old")
        for table in ("published_predictions", "recorded_outcomes"):
            for column in ("prediction_kind", "subject"):
                con.execute(f"alter table ml.{table} drop column {column}")
        ensure_ml_tables(con)
        con.execute(OUTCOMES.format(**told, state="pending", month="null::date"))
        record_published(con, release_id="new")
        ensure_ml_tables(con)
    count = (
        "select prediction_kind, subject, release_id, count(*) from ml.{} group by all order by 2"
    )
    assert rows(count.format("published_predictions")) == [
        ("churn", "customer", "old", 2),
        ("category_uptake", "lamps", "new", 2),
        ("category_uptake", "plans", "new", 2),
    ]
    assert rows(count.format("recorded_outcomes")) == [
        ("churn", "customer", "old", 1),
        ("category_uptake", "lamps", "new", 1),
        ("category_uptake", "plans", "new", 1),
    ]


def test_a_home_without_the_mart_has_nothing_to_record(company: Settings, rows: Any) -> None:
    with connect(company) as con:
        ensure_ml_tables(con)
        record_published(con, release_id="one")
    assert rows("select count(*) from ml.published_predictions") == [(0,)]


def test_an_estimator_that_spoke_stays_described_though_its_month_was_scored_anew(
    company: Settings, rows: Any
) -> None:
    first = train(company, "churn").version
    score(company, "churn")
    with connect(company) as con:
        con.execute(
            "insert into ml.published_predictions by name select 'churn' as estimator, "
            "customer_id, as_of_date, estimator_version, as_of_date as published_month "
            "from ml.churn_predictions limit 1"
        )
        con.execute("update features.ftr_churn_labels set is_churned = not is_churned")
    second = train(company, "churn").version
    score(company, "churn")
    assert rows("select distinct estimator_version from ml.churn_predictions") == [(second,)]
    described = rows("select * from ml.estimators order by estimator_version")
    assert {row[1] for row in described} == {first, second}
    # A rebuild describes both again, though the first was replaced within the month.
    with connect(company) as con:
        con.execute("delete from ml.estimators")
    prediction.recall(company, "churn")
    score(company, "churn", is_replay=True)
    assert rows("select * from ml.estimators order by estimator_version") == described


def test_too_few_customers_are_in_no_group_and_are_told_so(company: Settings, rows: Any) -> None:
    with connect(company) as con:
        con.execute("create schema indicators")
        con.execute(
            "create table indicators.ind_activity_reviews as "
            "select unnest([date '2010-12-31', date '2011-12-31']) as review_date"
        )
    summary = train(company, "segments")
    assert (summary.status, summary.labels_to) == ("not_published", date(2010, 12, 31))
    assert "customers is 60" in summary.reason
    score(company, "segments")
    assert rows(
        "select segment_status, min(as_of_date), count(distinct as_of_date), count(cluster_id) "
        "from ml.customer_clusters group by 1 order by 1"
    ) == [("no_clusters", date(2011, 1, 31), 11, 0), ("no_review_yet", date(2010, 12, 31), 1, 0)]
    assert rows("select count(*) from ml.cluster_profiles") == [(0,)]


def test_an_estimator_that_nothing_comes_from_any_more_is_no_longer_described(
    company: Settings, rows: Any
) -> None:
    first = train(company, "churn").version
    score(company, "churn")
    with connect(company) as con:
        con.execute("update features.ftr_churn_labels set is_churned = not is_churned")
    second = train(company, "churn").version
    score(company, "churn")
    assert second != first
    for table in ("estimators", "estimator_metrics", "estimator_checks"):
        versions = {row[0] for row in rows(f"select distinct estimator_version from ml.{table}")}
        assert versions <= {second}
    assert rows("select estimator_version from ml.estimators") == [(second,)]


def test_a_failure_while_scoring_leaves_the_predictions_as_they_were(
    company: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(company, "churn")
    score(company, "churn")
    before = rows("select count(*) from ml.churn_predictions")

    def broken(*_: Any) -> Any:
        raise RuntimeError("no score")

    monkeypatch.setattr(prediction, "_score", broken)
    with pytest.raises(RuntimeError, match="no score"):
        score(company, "churn")
    assert rows("select count(*) from ml.churn_predictions") == before == [(60,)]


def test_scoring_without_training_says_what_to_do(company: Settings) -> None:
    with pytest.raises(ScorecardError, match="ml/churn_estimator"):
        score(company, "churn")


def test_missing_features_say_what_to_do(settings: Settings) -> None:
    begin(settings, first=LAST, last=LAST)
    with pytest.raises(ScorecardError, match="group `features`"):
        train(settings, "churn")


def test_a_described_estimator_that_is_gone_is_named(company: Settings) -> None:
    begin(company, first=date(2011, 8, 31), last=date(2011, 8, 31), run_id="august")
    version = train(company, "churn").version
    score(company, "churn")
    (company.estimators / version).rename(company.home / "moved")
    begin(company, first=date(2011, 8, 31), last=LAST, run_id="november")
    train(company, "churn")
    with pytest.raises(ScorecardError, match=version):
        score(company, "churn")


def _make_older(settings: Settings, version: str, change: Any) -> None:
    """Store an estimator as other code would have: its state changed, its hashes right."""
    folder = settings.estimators / version
    stored = skops.io.load(folder / "estimator.skops", trusted=list(TRUSTED_TYPES))
    change(stored["state"])
    skops.io.dump(stored, folder / "estimator.skops")
    card = read_card(folder) | {
        "code_version": "0123456789ab",
        "file_sha256": hashlib.sha256((folder / "estimator.skops").read_bytes()).hexdigest(),
    }
    content = {key: value for key, value in card.items() if key != "card_hash"}
    text = json.dumps(content | {"card_hash": content_hash(content)})
    (folder / "card.json").write_text(text, encoding="utf-8")


def _august_then_again(company: Settings, kind: prediction.Kind) -> str:
    """Score with the estimator of August, train that of November; return the first."""
    august = date(2011, 8, 31)
    begin(company, first=august, last=august, run_id="august")
    version = train(company, kind).version
    score(company, kind)
    begin(company, first=date(2011, 9, 30), last=LAST, run_id="november")
    train(company, kind)
    return version


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("churn", lambda state: state.pop("surrogate")),
        ("churn", lambda state: state["features"].__setitem__(3, "basket_colour")),
        ("clv", lambda state: state["prior"].pop("overall")),
        ("clv", lambda state: state.__setitem__("levels", [])),
        ("upsell", lambda state: state.pop("stand_ins")),
    ],
)
def test_months_of_an_estimator_of_older_code_are_told_as_not_scored(
    company: Settings,
    rows: Any,
    caplog: pytest.LogCaptureFixture,
    kind: prediction.Kind,
    change: Any,
) -> None:
    of_august = _august_then_again(company, kind)
    _make_older(company, of_august, change)
    scores = score(company, kind)
    assert [(each.version, each.rows) for each in scores] == [(of_august, 120), (ANY, 60)]
    assert f"{kind} 2011-09-30 to 2011-10-31 is not scored" in caplog.text
    table, number = prediction._PREDICTIONS[kind], prediction._MEASURES[kind]
    found = rows(
        f"select as_of_date, method, count(*), count(*) filter ({number} <> 0) > 0 "
        f"from ml.{table} where as_of_date > '2011-08-31' group by all order by all"
    )
    assert found[:2] == [
        (date(2011, 9, 30), "not_scored", 60, False),
        (date(2011, 10, 31), "not_scored", 60, False),
    ]
    newest = found[2:]
    assert {month for month, *_ in newest} == {LAST}
    assert "not_scored" not in {method for _, method, *_ in newest}


def test_an_estimator_that_this_code_trained_and_cannot_use_is_a_fault_and_stops(
    company: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_august = _august_then_again(company, "churn")
    honest = prediction._score

    def broken(kind: prediction.Kind, frame: Any, estimator: Any) -> Any:
        return {}["feature"] if estimator.version == of_august else honest(kind, frame, estimator)

    monkeypatch.setattr(prediction, "_score", broken)
    with pytest.raises(KeyError, match="feature"):
        score(company, "churn")
    _make_older(company, of_august, lambda _: None)
    score(company, "churn")
    assert rows("select count(*) from ml.churn_predictions where method = 'not_scored'") == [(120,)]


def test_one_that_must_score_the_last_month_and_cannot_is_named(
    company: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = train(company, "churn").version
    _make_older(company, version, lambda state: state.pop("surrogate"))
    with pytest.raises(ScorecardError, match="does not hold an estimator as this code knows it"):
        score(company, "churn")


CREDIT = """
create or replace table features.ftr_credit as
select * exclude (is_bad, true_log_odds, is_already_bad) from simulated;
create or replace table features.ftr_credit_labels as
select
    customer_id, as_of_date, is_eligible,
    case when not is_eligible then 'already_bad' end as ineligible_reason,
    last_day(as_of_date + interval 12 month) <= last_month
        as is_label_complete,
    case when is_label_complete and is_eligible then is_bad end as is_bad
from (
    select *, hash(customer_id, 4) % 20 > 0 as is_eligible, date '2025-06-30' as last_month
    from simulated
);
"""


def with_credit(settings: Settings, *, customers: int) -> None:
    frame = simulate_credit(customers=customers, months=30)
    with connect(settings) as con:
        con.execute("create schema if not exists features")
        con.register("simulated", frame)
        con.execute(CREDIT)
    begin(settings, first=date(2025, 5, 31), last=date(2025, 6, 30))


def test_a_written_frame_is_let_go_before_the_transaction_ends(settings: Settings) -> None:
    # A registered frame was kept until the commit: a million rows took 1 GB more than they do now.
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"text": [f"reason number {number}" for number in range(50_000)]})

    with connect(settings) as con, transaction(con):
        con.execute("create table written (text varchar)")
        before = pa.total_allocated_bytes()
        append_frame(con, "written", frame())
        append_frame(con, "written", frame())
        assert pa.total_allocated_bytes() <= before
        assert con.execute("select count(*) from written").fetchone() == (100_000,)


def test_a_learnt_credit_rating_gives_points_whose_bins_are_told(
    settings: Settings, rows: Any
) -> None:
    with_credit(settings, customers=1_500)
    summary = train(settings, "credit")
    assert (summary.status, summary.reason) == ("published", "")
    assert summary.labels_to == date(2025, 6, 30)
    scores = score(settings, "credit")
    assert [(s.first_month, s.rows) for s in scores] == [(date(2025, 6, 30), 1_500)]
    assert rows(
        "select distinct method, ineligible_reason from ml.credit_predictions "
        "inner join features.ftr_credit_labels using (customer_id, as_of_date) order by method"
    ) == [("expert", "already_bad"), ("learnt", None)]
    assert rows(
        "select count(*) from ml.credit_predictions "
        "where credit_points not between 300 and 850 "
        "or abs(bad_probability - 1 / (1 + 50 * 2 ** ((credit_points - 600) / 20))) > 1e-9"
    ) == [(0,)]
    assert rows("select count(distinct feature), min(estimator_version) from ml.credit_bins") == [
        (7, summary.version)
    ]


def test_too_few_bad_customers_leave_the_expert_rating(settings: Settings, rows: Any) -> None:
    with_credit(settings, customers=150)
    summary = train(settings, "credit")
    score(settings, "credit")
    assert summary.status == "not_published"
    assert "bad_customers is " in summary.reason
    assert rows(
        "select distinct method, credit_points is null, status from ml.credit_predictions"
    ) == [("expert", True, "not_published")]
    assert rows("select count(*) from ml.credit_bins") == [(0,)]


LEARNABLE = """
create table features.ftr_churn as select * exclude (is_churned, is_eligible) from simulated;
create table features.ftr_churn_labels as
select
    customer_id, as_of_date::date as as_of_date, is_eligible,
    null::varchar as ineligible_reason, 'non_contractual' as label_kind,
    null::varchar as exclusion_reason,
    last_day(as_of_date + interval 6 month)::date as label_ends_on,
    as_of_date <= date '2023-09-30' as is_label_complete,
    case when as_of_date <= date '2023-09-30' then is_churned end as is_churned,
    null::boolean as is_partially_churned
from simulated;
create table features.ftr_customer_groups as
select
    customer_id, as_of_date::date as as_of_date, 'north' as region, 'organisation' as customer_kind
from simulated;
"""


def test_reasons_are_kept_of_who_is_watched_and_of_key_accounts_and_had_for_others(
    settings: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ChurnConfig(boosting_iterations=5, bootstrap_draws=5, noise_draws=20, folds=3)
    monkeypatch.setattr(prediction, "_config", lambda *_: config)
    with connect(settings) as con:
        con.execute("create schema features")
        con.register("simulated", simulate_churn())
        con.execute(LEARNABLE)
        con.execute("alter table features.ftr_churn alter as_of_date type date")
    begin(settings, first=date(2024, 3, 31), last=date(2024, 3, 31))
    summary = train(settings, "churn")
    assert summary.status == "published"
    score(settings, "churn")
    first = rows("select sum(hash(r)::hugeint), count(*) from ml.churn_reasons r")
    score(settings, "churn")
    assert rows("select sum(hash(r)::hugeint), count(*) from ml.churn_reasons r") == first

    wanted = (
        "select customer_id from ml.churn_predictions "
        "inner join features.ftr_churn using (customer_id, as_of_date) "
        "where churn_probability >= 0.25 or tier = 'A' order by 1"
    )
    told = rows("select distinct customer_id from ml.churn_reasons order by 1")
    assert told == rows(wanted)
    assert 0 < len(told) < 300
    assert rows("select count(*), max(depth) from ml.estimator_surrogates")[0][0] > 1

    customer, chance = rows(
        "select customer_id, churn_probability from ml.churn_predictions "
        "where customer_id not in (select customer_id from ml.churn_reasons) order by 1 limit 1"
    )[0]
    month = date(2024, 3, 31)
    asked = reasons_of(settings, customer, month, version=summary.version, probability=chance)
    assert set(asked["customer_id"]) == {customer}
    with pytest.raises(ScorecardError, match="no longer those that the release"):
        reasons_of(settings, customer, month, version=summary.version, probability=chance + 0.01)


def test_a_company_without_invoices_on_credit_keeps_the_expert_rating(settings: Settings) -> None:
    with_credit(settings, customers=20)
    with connect(settings) as con:
        con.execute("delete from features.ftr_credit")
        con.execute("delete from features.ftr_credit_labels")
    assert train(settings, "credit").status == "not_published"
    assert [s.rows for s in score(settings, "credit")] == [0]


def test_the_scale_and_the_outcome_are_those_of_the_expert_rating() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    config, scale = CreditConfig(), project["credit_scale"]
    assert config.outcome_months == project["credit_outcome_months"]
    assert config.scale.points_to_double_the_odds == scale["points_to_double_the_odds"]
    assert config.scale.base_points == scale["base_points"]
    assert config.scale.base_odds == scale["base_odds"]
    assert (config.scale.lowest, config.scale.highest) == (scale["lowest"], scale["highest"])


def test_a_home_of_before_gets_the_newer_columns(tmp_path):
    with duckdb.connect(tmp_path / "w.duckdb") as con:
        con.execute("create schema ml")
        con.execute("create table ml.clv_predictions (customer_id varchar, clv_12m double)")
        con.execute("insert into ml.clv_predictions values ('c1', 5)")
        ensure_ml_tables(con)
        described = con.execute("describe ml.clv_predictions").fetchall()
        assert {row[0]: row[1].lower() for row in described} == TABLES["clv_predictions"]
        kept = con.execute("select customer_id, clv_12m, clv_12m_low from ml.clv_predictions")
        assert kept.fetchall() == [("c1", 5.0, None)]


def test_limits_of_drift_and_of_groups_are_the_same_everywhere() -> None:
    from data_quality.suites import evaluation, shapes
    from ml import fairness

    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert project["fairness_min_ratio"] == fairness.MIN_RATIO == evaluation.MIN_RATIO
    assert project["fairness_max_hit_gap"] == fairness.MAX_HIT_GAP == evaluation.MAX_HIT_GAP
    assert fairness.MIN_CUSTOMERS == evaluation.MIN_GROUP
    assert project["risk_red_above"] == fairness.THRESHOLD
    assert project["drift_watch_from"] == evaluation.PSI_WATCH
    assert project["drift_act_above"] == shapes.PSI_LIMIT
    assert project["drift_min_n"] == shapes.PSI_MIN_ROWS
