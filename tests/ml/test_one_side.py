"""A customer stands on one side of a judgement: learnt from, or judged, and never both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml.churn.candidates import (
    BOOSTING,
    CANDIDATES,
    LOGISTIC,
    Candidate,
    cross_fitted,
    customer_groups,
    fit_base,
    fit_candidate,
    unseen_score,
)
from ml.churn.config import ChurnConfig
from ml.churn.panel import Panel, read_panel
from ml.churn.training import train_churn
from ml.clv.config import ClvConfig
from ml.clv.contest import Slice, foreseen_unseen
from ml.clv.panel import Outcomes
from ml.metrics import auc
from ml.upsell.amount import AMOUNTS, fit_amount, fit_amount_by_group
from ml.upsell.config import UpsellConfig
from tests.ml.conftest import simulate_churn
from tests.ml.test_clv_two_part import simulate
from tests.ml.test_upsell import panel_of, simulate_upsell

FOLDS = 3


@pytest.fixture(scope="module")
def small() -> ChurnConfig:
    return ChurnConfig(boosting_iterations=5, bootstrap_draws=2, noise_draws=2, folds=FOLDS)


@pytest.fixture(scope="module")
def slices(small: ChurnConfig) -> tuple[Panel, Panel, Panel]:
    """Rows to fit on, to calibrate on and to judge, of the same customers."""
    frame = simulate_churn(customers=150, months=12)
    panel = read_panel(frame, seed=small.seed, is_labelled=True, name="frame")
    cuts = np.digitize(panel.month - panel.month.min(), [6, 9])
    early, middle, late = (panel.take(cuts == part) for part in range(3))
    return early, middle, late


def without_outcomes_of(panel: Panel, group: int, config: ChurnConfig) -> Panel:
    """The same rows, with every outcome of one group of customers turned round."""
    own = customer_groups(panel, config) == group
    return replace(panel, churned=np.where(own, 1 - panel.churned, panel.churned))


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.parametrize("is_calibrated_later", [False, True])
def test_what_came_of_a_customer_has_no_say_in_how_the_customer_is_judged(
    slices, small, name, is_calibrated_later
):
    """Neither in the fit nor in its calibration; the fit on all customers does change."""
    early, middle, late = slices

    def judged(early: Panel, middle: Panel) -> Candidate:
        return fit_candidate(name, early, middle if is_calibrated_later else None, small)

    before = judged(early, middle)
    for group in range(FOLDS):
        other = judged(*(without_outcomes_of(part, group, small) for part in (early, middle)))
        own = customer_groups(late, small) == group
        said = [cross_fitted(each, late, small) for each in (before, other)]
        assert np.array_equal(said[0][own], said[1][own])
        assert not np.array_equal(said[0][~own], said[1][~own])
        seen = [each.probability(late.features)[own] for each in (before, other)]
        assert not np.array_equal(seen[0], seen[1])


def test_candidates_compete_on_customers_they_have_not_seen(slices, small):
    early, _, late = slices
    group = late.fold_hash % np.uint64(small.contest_folds)
    before = unseen_score(LOGISTIC, early, late, small)
    of_learnt = early.fold_hash % np.uint64(small.contest_folds)
    turned = np.where(of_learnt == 0, 1 - early.churned, early.churned)
    after = unseen_score(LOGISTIC, replace(early, churned=turned), late, small)
    assert np.array_equal(before[group == 0], after[group == 0])
    assert not np.array_equal(before[group == 1], after[group == 1])
    everyone = fit_base(LOGISTIC, early, small).score(late.features)
    assert not np.array_equal(before, everyone)


@pytest.fixture(scope="module")
def remembered() -> pd.DataFrame:
    """Customers with a risk of the month, which a feature shows, and a lasting one.

    Who knows the customer knows the lasting one, by a number that is that customer's alone.
    """
    customers, months = 300, 14
    rng = np.random.default_rng(4)
    frame = simulate_churn(customers=customers, months=months)
    lasting = np.repeat(rng.normal(scale=2.5, size=customers), months)
    number = np.repeat(rng.permutation(customers).astype(float), months)
    shown = rng.normal(size=len(frame))
    return frame.assign(
        days_since_purchase=90 + 30 * shown,
        revenue_12m=number,
        is_churned=rng.random(len(frame)) < expit(1.2 * shown + lasting - 0.5),
    )


def test_an_estimator_that_remembers_customers_is_seen_through(remembered, monkeypatch):
    """Those it has learnt from are ranked well; what is published and judged is of the others."""
    monkeypatch.setattr("ml.churn.training.CANDIDATES", (BOOSTING,))
    config = ChurnConfig(
        boosting_iterations=60, boosting_leaves=63, boosting_min_leaf=4, bootstrap_draws=30
    )
    features = ("days_since_purchase", "tenure_days", "revenue_12m")
    training = train_churn(remembered, config, features=features)
    late = remembered["as_of_date"] > remembered["as_of_date"].unique()[-4]
    test = remembered[late]
    truth = auc(test["is_churned"].to_numpy(float), test["days_since_purchase"].to_numpy())
    rows = training.metrics.query("slice == 'test' and candidate == @BOOSTING")
    rows = rows[rows["as_of_date"].isna()].set_index("metric")
    assert 0.55 < rows.loc["auc", "value"] < truth  # nobody can know more of who is not known
    assert rows.loc["known_auc", "value"] > truth + 0.03
    gain = rows.loc["known_auc", "value"] - rows.loc["auc", "value"]
    assert rows.loc["memory_auc", "value"] == pytest.approx(gain)
    assert 0.05 < rows.loc["memory_auc", "value_low"] < gain < rows.loc["memory_auc", "value_high"]
    origins = training.metrics.query("metric == 'origin_auc'")["value"]
    assert len(origins) == 2
    assert (origins < truth).all()
    checks = training.checks.set_index("check_name")
    assert checks.loc["auc_minimum", "value"] == rows.loc["auc", "value"]
    assert not checks.loc["warning_customer_memory", "is_passed"]


@pytest.mark.parametrize("name", AMOUNTS)
def test_an_amount_is_judged_by_what_others_bought(name):
    config = UpsellConfig(chance=ChurnConfig(folds=FOLDS))
    frame = simulate_upsell(customers=200)
    columns = ["expansion_amount", "base_amount", "tier", "is_subscriber"]
    came = frame[frame["is_expanded"]]
    panel = panel_of(*(came[column].tolist() for column in columns))  # a customer per row
    group = customer_groups(panel.chance, config.chance)
    own = group == 1
    dearer = replace(panel, amount=np.where(own, 3 * panel.amount, panel.amount))
    before, after = (fit_amount_by_group(name, each, config) for each in (panel, dearer))
    assert np.array_equal(before.expected(panel)[own], after.expected(panel)[own])
    assert np.array_equal(before.quantile(panel, 0.9)[own], after.quantile(panel, 0.9)[own])
    assert not np.array_equal(before.expected(panel)[~own], after.expected(panel)[~own])
    everyone = [fit_amount(name, each, config).expected(panel)[own] for each in (panel, dearer)]
    assert not np.array_equal(everyone[0], everyone[1])
    places = np.linspace(0.1, 0.9, len(panel))
    of_group = before.without_group[1].quantile(panel.take(own), places[own])
    assert np.array_equal(before.quantile(panel, places)[own], of_group)


def test_a_customers_own_year_has_no_say_in_the_judgement_of_the_two_part_regression():
    config = ClvConfig()
    panel, value, _ = simulate(600)
    judged = Slice(panel, Outcomes(value, value, value))
    for customer in (0, 17):
        own = np.arange(len(panel)) == customer
        other = np.where(own, 50 * value + 1_000, value)
        learnt = [Slice(panel, Outcomes(v, v, v)) for v in (value, other)]
        first, second = (foreseen_unseen(each, judged, config) for each in learnt)
        assert first.expected[own] == second.expected[own]
        assert not np.array_equal(first.expected, second.expected)
