"""Who buys more and how much: golden values, what is refused, what an amount may be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ml.churn.config import ChurnConfig
from ml.churn.features import FEATURES as CHURN_FEATURES
from ml.errors import EstimatorError, FrameError
from ml.frames import TABLES
from ml.registry import load_training, save_estimator
from ml.upsell.amount import REGRESSION, TIER_MEAN, fit_amount, winsorised
from ml.upsell.checks import KindVerdict, kind_checks
from ml.upsell.config import UpsellConfig
from ml.upsell.estimator import UpsellEstimator, outlook
from ml.upsell.evaluation import AmountEvaluation
from ml.upsell.features import FEATURES
from ml.upsell.panel import UpsellPanel, read_upsell
from ml.upsell.training import UpsellTraining, score_upsell, train_upsell
from tests.ml.conftest import simulate_churn


def simulate_upsell(*, customers: int = 300, seed: int = 7) -> pd.DataFrame:
    """Rows whose chance of buying more follows a lasting trait, whose amount follows a price."""
    frame = simulate_churn(customers=customers, seed=seed)
    rng = np.random.default_rng(seed)
    rows = len(frame)
    base = np.repeat(np.exp(rng.normal(5, 1, customers)), rows // customers)
    price = np.repeat(rng.normal(size=customers), rows // customers)
    expanded = frame["is_churned"].to_numpy()
    multiple = 0.12 + 0.3 * np.exp(0.8 * price + rng.normal(scale=0.5, size=rows))
    own = dict.fromkeys(FEATURES[len(CHURN_FEATURES) :], 1.0)
    return frame.drop(columns="is_churned").assign(
        **own
        | {
            "base_amount": base,
            "is_subscriber": np.repeat(np.arange(customers) % 2, rows // customers),
            "plan_unit_price": price,
        },
        upsell_kind="contractual",
        ineligible_reason=None,
        is_expanded=expanded,
        expansion_amount=np.where(expanded, base * multiple, 0.0),
    )


@pytest.fixture(scope="module")
def upsell_frame() -> pd.DataFrame:
    return simulate_upsell()


@pytest.fixture(scope="module")
def quick_upsell(quick: ChurnConfig) -> UpsellConfig:
    return UpsellConfig(chance=quick)


@pytest.fixture(scope="module")
def trained(upsell_frame: pd.DataFrame, quick_upsell: UpsellConfig) -> UpsellTraining:
    return train_upsell(upsell_frame, quick_upsell)


def panel_of(
    amount: list[float], base: list[float], tier: list[str], kind: list[int]
) -> UpsellPanel:
    """One customer per row, with the columns that the mean of the tier reads."""
    count = len(amount)
    frame = pd.DataFrame({name: np.ones(count) for name in FEATURES}).assign(
        customer_id=[f"c{number:03d}" for number in range(count)],
        as_of_date=pd.Timestamp("2024-01-31"),
        tier=tier,
        base_amount=base,
        is_subscriber=kind,
        is_expanded=np.array(amount) > 0,
        expansion_amount=amount,
    )
    return read_upsell(frame, seed=1, is_labelled=True, name="panel")


def value(training: UpsellTraining, metric: str, candidate: str) -> float:
    rows = training.metrics
    chosen = (rows["metric"] == metric) & (rows["candidate"] == candidate)
    (found,) = rows.loc[chosen & (rows["slice"] == "test"), "value"]
    return float(found)


def test_what_can_be_learnt_is_published_and_beats_the_tier(trained):
    estimator = trained.estimator
    assert (estimator.status, estimator.reason) == ("published", "")
    assert estimator.amount.name == REGRESSION
    assert trained.checks["is_passed"].all()
    own, naive = f"{estimator.candidate}_{REGRESSION}", f"base_rate_tier_{TIER_MEAN}"
    assert value(trained, "upsell_gini", own) > value(trained, "upsell_gini", naive) + 0.02
    assert value(trained, "amount_mae", own) < 0.9 * value(trained, "amount_mae", naive)
    assert 0.7 < value(trained, "amount_interval_coverage", own) < 0.9
    assert abs(value(trained, "upsell_bias_pct", own)) < 25
    assert value(trained, "upsell_top10_hit_rate", own) > 0.4  # of all, a third bought more
    names = set(trained.metrics["metric"])
    assert not any(name.startswith(("empc", "empb")) for name in names)
    assert "upsell_decile_01_observed" in names
    judged = trained.metrics[trained.metrics["candidate"] == own]
    assert {"test", "label_kind=contractual", "label_kind=non_contractual"} <= set(judged["slice"])
    assert estimator.stand_ins == ()


def test_scores_are_chance_times_amount_with_the_columns_of_the_table(trained, upsell_frame):
    scored = score_upsell(upsell_frame.sample(frac=1, random_state=1), trained.estimator)
    assert list(scored.columns) == list(TABLES["upsell_predictions"])
    assert_frame_equal(scored, score_upsell(upsell_frame, trained.estimator))
    product = scored["expand_probability"] * scored["amount_if_expands"]
    assert np.allclose(scored["expected_upsell_6m"], product)
    assert (scored["probability_low"] <= scored["expand_probability"]).all()
    for name in ("amount_if_expands", "upsell"):
        spread = scored[[f"{name}_p10", f"{name}_p50", f"{name}_p90"]].to_numpy()
        assert (np.diff(spread, axis=1) >= 0).all()
    low = scored["expand_probability"] < 0.5
    assert (scored.loc[low, "upsell_p50"] == 0).all()
    assert (scored.loc[~low, "upsell_p50"] >= 0).all()
    floor = np.where(upsell_frame["is_subscriber"] == 1, 0.05, 0.10) * upsell_frame["base_amount"]
    assert (scored["amount_if_expands_p10"].to_numpy() >= floor.to_numpy() - 1e-9).all()


def test_who_left_brings_0_and_who_has_no_base_is_not_known(trained, upsell_frame):
    frame = upsell_frame.head(3).assign(
        is_eligible=[True, False, False], ineligible_reason=[None, "not_active", "no_base"]
    )
    frame.loc[frame.index[1:], "base_amount"] = np.nan
    scored = score_upsell(frame, trained.estimator)
    assert scored["expand_probability"].isna().tolist() == [False, True, True]
    assert scored["expected_upsell_6m"].tolist()[1] == 0
    assert np.isnan(scored["expected_upsell_6m"].tolist()[2])
    assert scored["upsell_p90"].isna().tolist() == [False, True, True]
    none = score_upsell(frame.head(0), trained.estimator)
    assert (len(none), list(none.columns)) == (0, list(TABLES["upsell_predictions"]))


def test_equal_rows_and_settings_give_the_same_estimator_which_the_registry_keeps(
    trained, upsell_frame, quick_upsell, tmp_path
):
    again = train_upsell(upsell_frame.sample(frac=1, random_state=3), quick_upsell)
    assert again.estimator.content_hash == trained.estimator.content_hash
    stored = load_training(save_estimator(trained, tmp_path))
    assert stored.estimator.version == trained.estimator.version
    assert_frame_equal(
        score_upsell(upsell_frame, stored.estimator), score_upsell(upsell_frame, trained.estimator)
    )


def test_shuffled_outcomes_are_refused_and_the_tier_speaks(upsell_frame, quick_upsell):
    order = np.random.default_rng(5).permutation(len(upsell_frame))
    outcome = upsell_frame[["is_expanded", "base_amount", "expansion_amount"]].iloc[order]
    multiple = (outcome["expansion_amount"] / outcome["base_amount"]).to_numpy()
    frame = upsell_frame.assign(
        is_expanded=outcome["is_expanded"].to_numpy(),
        expansion_amount=multiple * upsell_frame["base_amount"],
    )
    refused = train_upsell(frame, quick_upsell).estimator
    assert (refused.status, refused.method) == ("not_published", "baseline_rule")
    assert refused.amount.name == TIER_MEAN
    assert "the mean of the tier speak instead" in refused.reason
    scored = score_upsell(frame, refused)
    assert set(scored["method"]) == {"baseline_rule"}
    assert set(scored["status"]) == {"not_published"}
    assert scored["expected_upsell_6m"].gt(0).all()


def test_a_kind_whose_sum_is_wrong_falls_back_and_the_other_does_not(upsell_frame, quick_upsell):
    # In the test months subscribers who buy more buy a tenth of what they bought before.
    late = upsell_frame["as_of_date"] >= sorted(upsell_frame["as_of_date"].unique())[-3]
    is_cut = late & (upsell_frame["is_subscriber"] == 1)
    frame = upsell_frame.assign(
        expansion_amount=upsell_frame["expansion_amount"].where(
            ~is_cut, upsell_frame["expansion_amount"] / 10
        ),
        upsell_kind=np.where(upsell_frame["is_subscriber"] == 1, "contractual", "non_contractual"),
        is_eligible=True,
    )
    found = train_upsell(frame, quick_upsell)
    checks = found.checks.set_index("check_name")
    assert (found.estimator.status, found.estimators["grade"].tolist()) == ("published", ["C"])
    assert not checks.loc["warning_contractual_upsell_total_bias_pct", "is_passed"]
    assert checks.loc["warning_non_contractual_upsell_total_bias_pct", "is_passed"]
    assert checks.loc["kinds_passed", "value"] == 1
    assert "contractual: upsell_" in checks.loc["kinds_passed", "explanation"]
    (stand_in,) = found.estimator.stand_ins
    assert (stand_in.kind, stand_in.amount.name) == (1, TIER_MEAN)
    scored = score_upsell(frame, found.estimator)
    said = scored.groupby("upsell_kind")[["method", "status"]].agg(lambda kept: set(kept).pop())
    assert said.loc["contractual"].tolist() == ["baseline_rule", "not_published"]
    assert said.loc["non_contractual"].tolist() == ["estimator", "published"]
    product = scored["expand_probability"] * scored["amount_if_expands"]
    assert np.allclose(scored["expected_upsell_6m"], product)
    whole = replace(found.estimator, stand_ins=())
    same = scored["upsell_kind"] == "non_contractual"
    figures = ["expand_probability", "probability_low", "expected_upsell_6m", "upsell_p90"]
    other = score_upsell(frame, whole)
    assert_frame_equal(scored.loc[same, figures], other.loc[same, figures])
    assert not np.allclose(scored.loc[~same, figures], other.loc[~same, figures])
    again = UpsellEstimator.from_state(found.estimator.to_state())
    assert again.content_hash == found.estimator.content_hash
    assert_frame_equal(score_upsell(frame, again), scored)


@pytest.mark.parametrize(
    ("interval", "is_passed"),
    [
        ((19.0, 114.0), True),  # 25 lies inside: chance alone may have made it
        ((26.0, 60.0), False),
        ((-60.0, -25.0), True),
        ((-60.0, -26.0), False),
        ((float("nan"), float("nan")), False),
    ],
)
def test_a_sum_is_wrong_where_its_whole_interval_is(interval, is_passed):
    measures = {
        "upsell_bias_pct": sum(interval) / 2,
        "upsell_gini": 0.6,
        "upsell_mae": 90.0,
        "upsell_top10_hit_rate": 0.3,
        "amount_interval_coverage": 0.8,
    }
    own = AmountEvaluation(measures, {"upsell_bias_pct": interval}, 500)
    naive = AmountEvaluation(measures | {"upsell_gini": 0.5, "upsell_mae": 100.0}, {}, 500)
    checks = kind_checks(own, naive, UpsellConfig(), chance_auc=0.7, customers=40)
    failed = [check.check_name for check in checks if not check.is_passed]
    assert failed == ([] if is_passed else ["upsell_total_bias_pct"])
    assert KindVerdict(1, checks).is_passed is is_passed
    few = kind_checks(own, naive, UpsellConfig(), chance_auc=0.64, customers=29)
    assert [check.is_passed for check in few[:2]] == [False, False]


def test_a_kind_that_nobody_could_judge_is_spoken_for_by_the_rule(trained, quick_upsell):
    frame = simulate_upsell(customers=300).assign(is_subscriber=1)
    found = train_upsell(frame, quick_upsell)
    assert found.estimator.status == "published"
    assert [each.kind for each in found.estimator.stand_ins] == [0]
    assert "could be judged" in found.estimator.stand_ins[0].reason


def test_too_few_who_bought_more_give_a_base_rate(upsell_frame, quick_upsell):
    few = upsell_frame[upsell_frame["customer_id"] < "c00020"]
    cold = train_upsell(few, quick_upsell)
    assert (cold.estimator.status, cold.estimator.method) == ("base_rate", "base_rate")
    assert "expanded_customers is " in cold.estimator.reason
    assert cold.estimators["grade"].tolist() == ["F"]
    scored = score_upsell(few, cold.estimator)
    assert scored["expected_upsell_6m"].between(0, np.inf, inclusive="neither").all()


def test_nobody_who_bought_more_leaves_the_amount_unknown(upsell_frame, quick_upsell):
    nobody = upsell_frame.head(30).assign(is_expanded=False, expansion_amount=0.0)
    cold = train_upsell(nobody, quick_upsell).estimator
    scored = score_upsell(nobody, cold)
    assert scored["expand_probability"].between(0, 0.5).all()
    assert scored["expected_upsell_6m"].isna().all()


def test_the_mean_of_a_tier_is_pulled_to_that_of_all():
    # A: 20 customers at 2.0 times the base; B: 20 at 1.0; all: 1.5. With 20 pseudo-customers at
    # 1.5 the means are (20 x 2 + 20 x 1.5) / 40 = 1.75 and 1.25.
    panel = panel_of([20.0] * 20 + [10.0] * 20, [10.0] * 40, ["A"] * 20 + ["B"] * 20, [1] * 40)
    fitted = fit_amount(TIER_MEAN, panel, UpsellConfig())
    assert np.exp(fitted.centre) == pytest.approx([1.75, 1.25, 1.5])
    assert fitted.tiers == ("A", "B")


def test_expected_amounts_of_training_add_up_to_those_that_came():
    rng = np.random.default_rng(2)
    base = np.exp(rng.normal(4, 1, 400))
    amount = base * np.exp(rng.normal(-1, 0.7, 400))
    kind = (np.arange(400) % 2).tolist()
    panel = panel_of(amount.tolist(), base.tolist(), ["A"] * 400, kind)
    config = UpsellConfig(winsorise_quantile=1.0, min_growth=(0.0, 0.0))
    for name in (REGRESSION, TIER_MEAN):
        fitted = fit_amount(name, panel, config)
        for each in (0, 1):
            own = panel.take(panel.kind == each)
            assert fitted.expected(own).sum() == pytest.approx(own.amount.sum(), rel=0.02)
            inside = own.amount <= fitted.quantile(own, 0.9)
            assert inside.mean() == pytest.approx(0.9, abs=0.03)


def test_one_wild_amount_is_cut_at_the_99th_percentile():
    panel = panel_of([1.0] * 199 + [1e6], [10.0] * 200, ["A"] * 200, [0] * 200)
    assert winsorised(panel, UpsellConfig()).max() == pytest.approx(0.1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8))
def test_what_comes_at_all_lies_below_what_comes_if_more_is_bought(chances):
    count = len(chances)
    panel = panel_of([3.0] * count, [10.0] * count, ["A"] * count, [0] * count)
    model = replace(
        fit_amount(TIER_MEAN, panel, UpsellConfig()),
        ratios=np.tile(np.linspace(0.5, 2, 201), (2, 1)),
    )
    found = outlook(panel, np.array(chances), model)
    for name in ("p10", "p50", "p90"):
        assert (found[f"upsell_{name}"] <= found[f"amount_if_expands_{name}"] + 1e-9).all()
    assert ((found["upsell_p50"] == 0) == (np.array(chances) <= 0.5)).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"base_amount": 0.0}, "base_amount of 0 or less"),
        ({"is_subscriber": 2}, "must be 0 or 1"),
        ({"expansion_amount": 0.0}, "above 0 where is_expanded"),
    ],
)
def test_a_frame_at_odds_with_itself_is_refused(upsell_frame, quick_upsell, change, says):
    frame = upsell_frame[upsell_frame["is_expanded"]].head(5).assign(**change)
    with pytest.raises(FrameError, match=says):
        train_upsell(frame, quick_upsell)


def test_an_estimator_of_other_features_says_so(trained, upsell_frame):
    with pytest.raises(EstimatorError, match="open_expansion_amount"):
        score_upsell(upsell_frame.drop(columns="open_expansion_amount"), trained.estimator)


@pytest.mark.parametrize("wrong", [{"winsorise_quantile": 0.2}, {"min_growth": (0.1,)}])
def test_settings_under_which_nothing_fits_are_refused(wrong):
    with pytest.raises(EstimatorError, match="UpsellConfig"):
        UpsellConfig(**wrong)
