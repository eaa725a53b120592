"""From a frame to a verdict: what is published, what is refused, and nothing by chance."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from ml.churn.candidates import CANDIDATES
from ml.churn.config import ChurnConfig
from ml.churn.evaluation import kind_rows
from ml.churn.features import FEATURE_DEFINITIONS, FEATURES, KNOWN_AT
from ml.churn.panel import Panel, read_panel
from ml.churn.training import ChurnTraining, score_churn, train_churn
from ml.errors import EstimatorError, FrameError
from ml.frames import TABLES


@pytest.fixture(scope="module")
def trained(churn_frame, quick) -> ChurnTraining:
    return train_churn(churn_frame, quick)


def metric(training: ChurnTraining, name: str, candidate: str | None = None) -> float:
    rows = training.metrics
    wanted = (rows["metric"] == name) & (rows["slice"] == "test") & rows["as_of_date"].isna()
    who = rows["candidate"] == (candidate or training.estimator.candidate)
    (value,) = rows.loc[wanted & who, "value"].unique()
    return float(value)


def check(training: ChurnTraining, name: str) -> pd.Series:
    (row,) = [row for _, row in training.checks.iterrows() if row["check_name"] == name]
    return row


def test_a_learnable_frame_is_published(trained):
    estimator = trained.estimator
    assert (estimator.status, estimator.reason) == ("published", "")
    assert metric(trained, "auc") > 0.7
    assert trained.checks["is_passed"].all()


def test_the_frames_have_the_columns_of_the_published_tables(trained, churn_frame):
    assert list(trained.estimators.columns) == list(TABLES["estimators"])
    assert list(trained.metrics.columns) == list(TABLES["estimator_metrics"])
    assert list(trained.checks.columns) == list(TABLES["estimator_checks"])
    scored = score_churn(churn_frame, trained.estimator)
    assert list(scored.columns) == list(TABLES["churn_predictions"])
    version = {trained.estimator.version}
    for frame in (trained.estimators, trained.metrics, trained.checks, scored):
        assert set(frame["estimator_version"]) == version


def test_the_row_of_the_estimator_describes_the_refit_on_all_rows(trained, churn_frame):
    (row,) = trained.estimators.to_dict("records")
    assert row["row_count"] == len(churn_frame)
    assert row["customer_count"] == churn_frame["customer_id"].nunique()
    assert row["trained_to"] == pd.Timestamp("2024-03-31")
    assert row["labels_to"] == pd.Timestamp("2024-09-30")
    assert row["estimator_version"] == f"churn-{row['content_hash'][:12]}"


def test_both_candidates_and_all_rules_are_reported(trained):
    candidates = set(trained.metrics["candidate"])
    assert set(CANDIDATES) < candidates
    assert {"no_purchase_days_91", "no_purchase_days_45", "no_purchase_days_22"} < candidates
    assert "base_rate_tier" in candidates
    origins = trained.metrics.query("metric == 'origin_count'")["value"].tolist()
    assert origins == [2.0]


def test_gains_profit_and_grade_are_reported(trained):
    gains = [metric(trained, f"gains_{share}") for share in range(10, 100, 10)]
    assert gains == sorted(gains)
    assert gains[0] == pytest.approx(metric(trained, "top_decile_lift") / 10)
    assert metric(trained, "empc") > 0
    assert 0 < metric(trained, "empc_share") < 1
    rows = trained.metrics[
        trained.metrics["metric"].eq("empc") & trained.metrics["slice"].eq("test")
    ]
    assert (rows["value_low"] < rows["value"]).all()
    assert (rows["value"] < rows["value_high"]).all()
    (row,) = trained.estimators.to_dict("records")
    assert row["grade"] in ("B", "C")  # two test slices only
    assert "A needs" in row["grade_reason"] or "B needs" in row["grade_reason"]


def test_profit_with_own_values_says_whether_it_is_of_margin(churn_frame, quick):
    config = replace(quick, max_origins=1, bootstrap_draws=2)
    worth = churn_frame.assign(revenue_12m=500.0, gross_margin_12m=200.0)
    of_margin = train_churn(worth, config)
    assert metric(of_margin, "empb_margin") == pytest.approx(metric(of_margin, "empc"))
    unknown = worth["gross_margin_12m"].where(worth["customer_id"] > "c00010")
    of_revenue = train_churn(worth.assign(gross_margin_12m=unknown), config)
    assert "empb_margin" not in set(of_revenue.metrics["metric"])
    assert metric(of_revenue, "empb_revenue") > metric(of_revenue, "empc")


def test_groups_of_customers_are_compared_on_the_test_slice(churn_frame, quick):
    number = churn_frame["customer_id"].str.slice(1).astype(int)
    region = np.select([number < 140, number < 280], ["north", "south"], "tiny")
    config = replace(quick, max_origins=1, bootstrap_draws=2)
    rows = train_churn(churn_frame.assign(group_region=region), config).metrics
    table = rows[rows["slice"].str.startswith("region=")].set_index(["slice", "metric"])["value"]
    assert table["region=north", "customers"] == 140
    assert max(table[f"region={r}", "selection_ratio"] for r in ("north", "south")) == 1.0
    assert abs(table["region=south", "calibration_gap"]) < 0.1
    assert table["region=tiny", "customers"] == 20
    assert ("region=tiny", "selection_rate") not in table.index
    assert {"tier=A", "tier=B", "tier=C"} <= set(rows["slice"])


def test_groups_are_no_feature(trained, churn_frame, quick):
    grouped = train_churn(churn_frame.assign(group_region="north"), quick)
    assert grouped.estimator.content_hash == trained.estimator.content_hash


def test_the_reference_of_drift_is_the_last_year_of_the_training(trained, churn_frame):
    year = churn_frame[churn_frame["as_of_date"] > "2023-03-31"]
    bins = {each.subject: each for each in trained.estimator.reference}
    assert set(bins) == {*FEATURES, "churn_probability"}
    assert all(each.counts.sum() == len(year) for each in bins.values())
    assert bins["gap_cv_12m"].counts[0] == year["gap_cv_12m"].isna().sum()
    assert bins["churn_probability"].kind == "score"
    scored = score_churn(churn_frame, trained.estimator)["churn_probability"].to_numpy()
    edges = bins["churn_probability"].edges
    assert np.searchsorted(edges, scored).std() > 2  # cut where the scores are


def test_features_that_stand_a_month_late_are_noticed(churn_frame, quick):
    """What `purchases_1m` says belongs to the month before: a month earlier it foresees better."""
    order = churn_frame.sort_values(["customer_id", "as_of_date"])
    rng = np.random.default_rng(3)
    known = order["is_churned"] + rng.normal(0, 0.4, len(order))
    late = known.groupby(order["customer_id"]).shift(-1).fillna(0.5)
    config = replace(quick, max_origins=1, bootstrap_draws=2)
    found = check(train_churn(order.assign(purchases_1m=late), config), "warning_shifted_features")
    assert not found["is_passed"]
    assert found["value"] > 0.02


def test_a_metric_stands_once_per_candidate_slice_and_date(trained):
    key = ["estimator_version", "candidate", "slice", "metric", "as_of_date"]
    assert trained.metrics[trained.metrics.duplicated(key)].empty


def test_metrics_carry_intervals_around_their_value(trained):
    rows = trained.metrics[trained.metrics["metric"].isin(["auc", "pr_auc", "calibration_slope"])]
    assert rows["value_low"].le(rows["value"] + 0.02).all()
    assert rows["value_high"].ge(rows["value"] - 0.02).all()
    assert (rows["value_high"] > rows["value_low"]).all()


def test_a_shuffled_frame_gives_the_same_estimator_to_the_last_bit(trained, churn_frame, quick):
    shuffled = churn_frame.sample(frac=1, random_state=11)
    again = train_churn(shuffled, quick)
    assert again.estimator.content_hash == trained.estimator.content_hash
    assert_frame_equal(again.metrics, trained.metrics)
    assert_frame_equal(again.checks, trained.checks)
    assert_frame_equal(
        score_churn(shuffled, again.estimator), score_churn(churn_frame, trained.estimator)
    )


def test_boosting_too_is_the_same_for_a_shuffled_frame(churn_frame, quick):
    from ml.churn.candidates import BOOSTING, fit_candidate
    from ml.churn.panel import read_panel

    found = []
    for frame in (churn_frame, churn_frame.sample(frac=1, random_state=2)):
        panel = read_panel(frame, seed=1, is_labelled=True, name="frame")
        candidate = fit_candidate(BOOSTING, panel, None, quick)
        found.append(
            (candidate.probability(panel.features), candidate.interval(panel.features, level=0.9))
        )
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


def test_probabilities_lie_within_their_interval_and_between_zero_and_one(trained, churn_frame):
    scored = score_churn(churn_frame, trained.estimator)
    low, middle, high = (
        scored[c] for c in ("probability_low", "churn_probability", "probability_high")
    )
    assert low.gt(0).all()
    assert high.lt(1).all()
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (high - low).median() < 0.5


def test_scores_of_a_row_do_not_depend_on_the_other_rows(trained, churn_frame):
    some = churn_frame.iloc[100:140]
    whole = score_churn(churn_frame, trained.estimator)
    part = score_churn(some, trained.estimator)
    joined = part.merge(whole, on=["customer_id", "as_of_date"], suffixes=("", "_whole"))
    assert len(joined) == 40
    assert (joined["churn_probability"] == joined["churn_probability_whole"]).all()


def test_customers_who_are_not_eligible_are_not_scored(trained, churn_frame):
    frame = churn_frame.assign(is_eligible=churn_frame["customer_id"] != "c00003")
    scored = score_churn(frame, trained.estimator)
    unscored = scored["churn_probability"].isna()
    assert set(scored.loc[unscored, "customer_id"]) == {"c00003"}
    assert not scored.loc[unscored, "is_eligible"].any()


def test_higher_risk_is_scored_higher(trained, churn_frame):
    scored = score_churn(churn_frame, trained.estimator)
    churned = churn_frame.sort_values(["customer_id", "as_of_date"])["is_churned"].to_numpy()
    assert scored["churn_probability"][churned].mean() > scored["churn_probability"].mean() + 0.08


def test_who_buys_once_a_year_has_the_base_rate_of_the_tier(churn_frame, quick):
    """Of customers without a contract; under one, another share leaves."""
    number = churn_frame["customer_id"].str.slice(1).astype(int)
    by_contract = number % 2 == 0
    frame = churn_frame.assign(
        is_contractual=by_contract.astype(int),
        is_churned=churn_frame["is_churned"] & ~(by_contract & (number % 4 == 0)),
    )
    estimator = train_churn(frame, replace(quick, max_origins=1, bootstrap_draws=2)).estimator
    judged = frame.tail(4).assign(
        is_eligible=[True, False, False, False],
        ineligible_reason=[None, "long_cycle", "not_active", "long_cycle"],
        tier=["A", "A", "A", "never seen"],
    )
    scored = score_churn(judged.sample(frac=1, random_state=1), estimator)
    assert scored["method"].tolist() == [
        estimator.method,
        "long_cycle_base_rate",
        estimator.method,
        "long_cycle_base_rate",
    ]
    assert scored["churn_probability"].isna().tolist() == [False, False, True, False]
    assert not scored["is_eligible"].tolist()[1]
    own = frame[~by_contract & (frame["tier"] == "A")]
    others = frame[by_contract & (frame["tier"] == "A")]
    rate, low, high = scored.loc[1, ["churn_probability", "probability_low", "probability_high"]]
    assert rate == pytest.approx(own["is_churned"].mean(), abs=0.03)
    assert abs(rate - others["is_churned"].mean()) > 0.06
    assert low < rate < high
    all_tiers = frame.loc[~by_contract, "is_churned"].mean()
    assert scored.loc[3, "churn_probability"] == pytest.approx(all_tiers, abs=0.01)


def test_partial_churn_is_told_and_not_learnt_from(trained, churn_frame, quick):
    known = churn_frame["customer_id"] < "c00100"
    partial = pd.Series(None, index=churn_frame.index, dtype="boolean")
    partial[known] = False
    partial[churn_frame["customer_id"] < "c00010"] = True
    told = train_churn(churn_frame.assign(is_partially_churned=partial), quick)
    (row,) = told.metrics.query("metric == 'partially_churned_rate'").to_dict("records")
    assert (row["value"], row["n"]) == (0.1, known.sum())
    assert told.estimator.content_hash == trained.estimator.content_hash
    assert trained.metrics.query("metric == 'partially_churned_rate'").empty


def test_an_empty_frame_is_scored_to_an_empty_table(trained, churn_frame):
    scored = score_churn(churn_frame.head(0), trained.estimator)
    assert scored.empty
    assert list(scored.columns) == list(TABLES["churn_predictions"])


@pytest.fixture(scope="module")
def by_contract(churn_frame, quick) -> tuple[pd.DataFrame, ChurnTraining]:
    """Every second customer under contract; some left against their will or too soon to act on."""
    number = churn_frame["customer_id"].str[1:].astype(int)
    is_contractual = (number % 2 == 0).astype(int)
    draw = np.random.default_rng(3).random(len(churn_frame))
    left = churn_frame["is_churned"] & (is_contractual == 1)
    reason = np.where(
        left & (draw < 0.05), "involuntary", np.where(left & (draw < 0.15), "lead_time", None)
    )
    frame = churn_frame.assign(is_contractual=is_contractual, exclusion_reason=reason)
    return frame, train_churn(frame, replace(quick, grace_days=30))


def test_who_could_not_be_foreseen_or_kept_is_left_out_and_counted(by_contract):
    frame, training = by_contract
    counts = frame["exclusion_reason"].value_counts()
    assert training.estimator.row_count == len(frame) - counts.sum()
    rows = training.metrics.set_index("metric")
    for reason in ("involuntary", "lead_time"):
        row = rows.loc[f"rows_left_out_{reason}"]
        assert (row["value"], row["n"]) == (counts[reason], len(frame))


def test_measures_stand_apart_for_customers_with_and_without_a_contract(by_contract):
    frame, training = by_contract
    rows = training.metrics[training.metrics["candidate"] == training.estimator.candidate]
    parts = rows[rows["metric"] == "auc"].set_index("slice")
    kinds = ["label_kind=contractual", "label_kind=non_contractual"]
    assert (parts.loc[kinds, "value"] > 0.6).all()
    assert parts.loc[kinds, "n"].sum() == parts.loc["test", "n"]
    alone = frame[frame["is_contractual"] == 1]
    assert kind_rows("any", read_alone(alone), np.full(len(alone), 0.3), ChurnConfig()) == []


def read_alone(frame: pd.DataFrame) -> Panel:
    return read_panel(frame, seed=1, is_labelled=True, name="frame")


def test_a_label_with_grace_is_known_a_month_later(by_contract):
    frame, training = by_contract
    assert training.estimator.trained_to == frame["as_of_date"].max().date()
    assert training.estimator.labels_to == date(2024, 10, 31)


def test_labels_without_meaning_are_refused_and_the_rule_speaks(churn_frame, quick):
    labels = churn_frame["is_churned"].sample(frac=1, random_state=4).to_numpy()
    training = train_churn(churn_frame.assign(is_churned=labels), quick)
    assert metric(training, "auc") == pytest.approx(0.5, abs=0.05)
    assert training.estimator.status == "not_published"
    assert "auc_minimum is" in training.estimator.reason
    assert f"the rule {training.estimator.rates.name} speaks" in training.estimator.reason
    scored = score_churn(churn_frame, training.estimator)
    assert set(scored["method"]) == {"baseline_rule"}
    assert set(scored["status"]) == {"not_published"}
    assert scored["churn_probability"].nunique() <= 3
    assert scored["churn_probability"].mean() == pytest.approx(labels.mean(), abs=0.02)


def test_a_feature_that_knows_the_future_stops_publication(churn_frame, quick):
    leak = churn_frame["is_churned"] + np.random.default_rng(1).normal(0, 0.1, len(churn_frame))
    training = train_churn(churn_frame.assign(revenue_trend_3m=-leak), quick)
    assert training.estimator.status == "not_published"
    assert not check(training, "suspicion_auc")["is_passed"]
    assert not check(training, "suspicion_pr_auc")["is_passed"]
    assert "revenue_trend_3m" in check(training, "warning_single_feature_auc")["explanation"]


def test_a_moved_base_rate_fails_calibration(churn_frame, quick):
    late = churn_frame["as_of_date"] >= "2024-01-01"
    rng = np.random.default_rng(2)
    moved = churn_frame["is_churned"] | (late & (rng.random(len(churn_frame)) < 0.35))
    training = train_churn(churn_frame.assign(is_churned=moved), quick)
    assert not check(training, "calibration_error")["is_passed"]
    assert not check(training, "warning_base_rate_shift")["is_passed"]
    assert training.estimator.method == "baseline_rule"


def test_few_churned_customers_give_base_rates_by_tier_and_tenure(churn_frame, quick):
    churned = churn_frame["is_churned"] & churn_frame["customer_id"].lt("c00060")
    training = train_churn(churn_frame.assign(is_churned=churned), quick)
    assert training.estimator.status == "base_rate"
    assert "churned_customers is" in training.estimator.reason
    scored = score_churn(churn_frame, training.estimator)
    assert set(scored["method"]) == {"base_rate"}
    assert scored["churn_probability"].between(0, 0.5).all()
    assert scored["churn_probability"].nunique() <= 9


def test_a_short_history_cannot_be_judged_and_says_so(churn_frame, quick):
    short = churn_frame[churn_frame["as_of_date"] < "2023-07-01"]
    training = train_churn(short, quick)
    assert training.estimator.status == "base_rate"
    assert "history is too short" in training.estimator.reason
    assert not check(training, "months_for_training_and_test")["is_passed"]


def test_no_labels_at_all_give_no_probability(churn_frame, quick):
    training = train_churn(churn_frame.head(0), quick)
    assert training.estimator.status == "base_rate"
    scored = score_churn(churn_frame.head(20), training.estimator)
    assert scored["churn_probability"].isna().all()
    assert training.estimators["trained_to"].isna().all()


def test_a_feature_without_any_value_is_left_out_not_refused(churn_frame, quick):
    training = train_churn(churn_frame.assign(purchases_12m=np.nan), quick)
    assert training.estimator.status == "published"
    assert not check(training, "warning_features_not_measured")["is_passed"]
    scored = score_churn(churn_frame.assign(purchases_12m=3.0), training.estimator)
    assert scored["churn_probability"].notna().all()


def test_a_feature_measured_only_after_training_is_not_used(churn_frame, quick):
    early = churn_frame["as_of_date"] < "2023-10-01"
    late_only = churn_frame.assign(purchases_12m=churn_frame["purchases_12m"].mask(early))
    training = train_churn(late_only, quick)
    assert training.estimator.status == "published"
    one, other = (
        score_churn(churn_frame.assign(purchases_12m=value), training.estimator)
        for value in (np.nan, 50.0)
    )
    assert_frame_equal(one, other)


def test_a_feature_that_few_training_months_have_is_left_out(churn_frame, quick):
    months = sorted(churn_frame["as_of_date"].unique())
    for missing, is_used in ((2, True), (5, False)):
        begun_late = churn_frame["as_of_date"] < months[missing]
        training = train_churn(
            churn_frame.assign(purchases_12m=churn_frame["purchases_12m"].mask(begun_late)), quick
        )
        fitted = training.estimator.fitted
        assert fitted is not None
        columns = fitted.whole.base.columns
        assert (FEATURES.index("purchases_12m") in columns) is is_used
        told = check(training, "warning_features_not_measured")
        assert told["is_passed"] is is_used or "purchases_12m" in told["explanation"]


def test_a_large_frame_is_sampled_by_customer(churn_frame, quick):
    config = replace(quick, max_training_rows=3000)
    training = train_churn(churn_frame, config)
    assert training.estimator.row_count <= 3000
    assert training.estimator.row_count == training.estimator.customer_count * 15


def test_a_long_history_is_calibrated_on_months_of_its_own(make_churn_frame, quick):
    frame = make_churn_frame(customers=200, months=34)
    training = train_churn(frame, replace(quick, max_origins=1))
    assert training.estimator.status == "published"
    assert abs(metric(training, "ece")) < 0.05


def test_an_estimator_with_other_features_is_refused(trained, churn_frame):
    old = replace(trained.estimator, features=(*FEATURES, "shoe_size"))
    with pytest.raises(EstimatorError, match=r"does not have: shoe_size\. Train it again"):
        score_churn(churn_frame, old)


def test_scoring_needs_to_know_who_is_eligible(trained, churn_frame):
    with pytest.raises(FrameError, match="missing columns is_eligible"):
        score_churn(churn_frame.drop(columns="is_eligible"), trained.estimator)


def test_no_figure_depends_on_the_clock_or_the_run(trained):
    for frame in (trained.estimators, trained.metrics, trained.checks):
        for column in frame.select_dtypes("datetime64"):
            assert (frame[column].dropna() < "2025-01-01").all()


def test_every_feature_is_described_once():
    assert len(set(FEATURES)) == len(FEATURES)
    assert all(len(feature.description) > 10 for feature in FEATURE_DEFINITIONS)
    assert {feature.system for feature in FEATURE_DEFINITIONS} == set(KNOWN_AT)
