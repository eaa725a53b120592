"""Intervals of 36 months: what they rest on, how they widen, and whether nine of ten end inside."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.stats import kstest

from ml.clv import contract
from ml.clv.config import ClvConfig
from ml.clv.contract import ContractFutures
from ml.clv.counts import CountParameters
from ml.clv.estimator import ClvEstimator
from ml.clv.futures import Futures, coverage, outcome_places
from ml.clv.long_contest import reaches_the_year
from ml.clv.panel import read_values, read_years, value_bases
from ml.clv.pareto_nbd import ParetoParameters
from ml.clv.possible import PLAIN, Parts, Possible
from ml.clv.three_years import (
    CARRIED,
    JUDGED,
    ContractWidth,
    PurchaseWidth,
    ThreeYears,
    further_drift,
    never_below,
    stretched,
)
from ml.clv.training import ClvTraining, score_clv, train_clv
from ml.clv.value import HORIZON, discount_factors
from tests.ml.test_clv_contract import panel_of as contract_panel
from tests.ml.test_clv_contract import parameters, simulate_contracts
from tests.ml.test_clv_contract import rows as contract_rows
from tests.ml.test_clv_futures import COUNTS, SPEND
from tests.ml.test_clv_futures import panel_of as purchase_panel

QUICK = ClvConfig(bootstrap_draws=50)
WEEKS = 156.0
ENDS = ("clv_36m_low", "clv_36m_high")


def purchases_until(counts: CountParameters, until: float, rng: np.random.Generator) -> list[float]:
    """Weeks after the first purchase at which a new customer of the law buys again."""
    rate = rng.gamma(counts.r) / counts.alpha
    if isinstance(counts, ParetoParameters):
        end = rng.exponential(counts.beta / rng.gamma(counts.s))
        when = np.sort(rng.random(rng.poisson(rate * until)) * until)
        return list(when[when < end])
    leave = rng.beta(counts.a, counts.b)
    found: list[float] = []
    when = 0.0
    has_left = counts.extra == 1 and rng.random() < leave
    while not has_left:
        when += rng.exponential(1 / rate)
        if when > until:
            break
        found.append(when)
        has_left = rng.random() < leave
    return found


@pytest.mark.parametrize("counts", COUNTS)
def test_nine_of_ten_customers_of_the_law_end_inside(counts):
    """Customers of each law from their first purchase on, and the 36 months after a day."""
    rng = np.random.default_rng(8)
    rows, actual = [], []
    for _ in range(2_000):
        age = float(rng.integers(10, 100))
        days = np.array(purchases_until(counts, age + WEEKS, rng))
        amounts = rng.gamma(SPEND.p, size=len(days)) * SPEND.v / rng.gamma(SPEND.q)
        known = days <= age
        mean = amounts[known].mean() if known.any() else np.nan
        rows.append((float(known.sum()), float(days[known].max(initial=0.0)), age, mean))
        actual.append(0.9 * amounts[~known].sum())
    panel = purchase_panel(*(list(column) for column in zip(*rows, strict=True)))
    places = outcome_places(Futures(counts, SPEND, WEEKS, 400, 3), panel, np.array(actual), seed=1)
    assert kstest(places, "uniform").pvalue > 0.001
    assert coverage(places) == pytest.approx(0.90, abs=0.02)


def test_nine_of_ten_contracts_of_the_law_end_inside():
    rng = np.random.default_rng(2)
    spread = np.quantile(rng.lognormal(0, 0.4, 5_000), np.linspace(0, 1, 201))
    fitted = replace(parameters(0.03, growth=1.01), spread=spread)
    size = 4_000
    names = [f"s{n:05d}" for n in range(size)]
    panel = read_values(contract_rows().iloc[[0] * size].assign(customer_id=names))
    paid = np.minimum(rng.geometric(0.03, size) - 1, HORIZON)
    grown = np.concatenate([[0], np.cumsum(1.01 ** np.arange(1, HORIZON + 1))])[paid]
    actual = panel.recurring_value * grown * rng.lognormal(0, 0.4, size)
    places = Possible(Parts(contract=fitted), HORIZON, 400, 5).places(panel, actual)
    assert coverage(places) == pytest.approx(0.90, abs=0.015)


def test_a_contract_that_leaves_early_is_hardly_discounted():
    """Nobody leaves: all factors. Who pays for three months and no more: the first three."""
    factors, panel = discount_factors(HORIZON, 0.10), contract_panel()
    for_ever = ContractFutures(parameters(0.0), HORIZON, 100, 1, factors)
    ((_, draws),) = for_ever.value(panel)
    assert draws == pytest.approx(100 * factors.sum(), rel=1e-4)
    leaving = parameters(0.0).leaving.copy()
    leaving[3:] = 0.95
    brief = ContractFutures(replace(parameters(0.0), leaving=leaving), HORIZON, 100, 1, factors)
    ((_, draws),) = brief.value(contract_panel(contract_months=0))
    assert np.median(draws) == pytest.approx(100 * factors[:3].sum(), rel=1e-4)


def test_the_mean_of_discounted_draws_is_the_discounted_expectation():
    fitted, factors = parameters(0.05, growth=1.005), discount_factors(HORIZON, 0.10)
    ended = {"relation_kind": "ended_contract", "ended_months": 2}
    for about, known in (({}, fitted), (ended, replace(fitted, tier_growth=np.ones(3)))):
        panel = contract_panel(**about)
        known = replace(known, returning=np.full(13, 0.08))
        ((_, draws),) = ContractFutures(known, HORIZON, 20_000, 3, factors).value(panel)
        expected = contract.expect(known, panel, factors).three_years * panel.recurring_value
        assert draws.mean(axis=0) == pytest.approx(expected, rel=0.04)


def test_three_years_are_off_like_three_independent_years():
    """Places of twelve months know one year of it, two more are added."""
    assert further_drift(np.log([1.1, 1 / 1.1])) == pytest.approx(np.log(1.1) * np.sqrt(2))
    assert further_drift(np.zeros(2)) == 0
    rng = np.random.default_rng(1)
    steps = rng.normal(-0.05, 0.2, (200_000, 3))
    grid = np.linspace(0, 1, 201)
    year = np.quantile(np.exp(steps[:, 0]), grid)
    three = np.quantile(np.exp(steps.sum(axis=1)), grid)
    assert stretched(year)[5:-5] == pytest.approx(three[5:-5], rel=0.03)


def test_quantiles_below_zero_are_stretched_in_order():
    found = stretched(np.array([-0.5, -0.1, 0.0, 0.2, 0.9, 1.0, 1.3, 1.5, 2.0]))
    assert (np.diff(found) > 0).all()
    assert found[0] < -0.5
    below = np.array([-1.0, -0.5, 0.0])
    assert stretched(below) is below


def test_a_drift_widens_and_leaves_the_middle_where_it_was():
    panel = contract_panel()
    fitted = replace(parameters(0.0), spread=np.linspace(0.8, 1.2, 201))
    nothing_off = np.ones(len(panel))
    sides = []
    for drift in (0.0, 0.3):
        possible = Possible(Parts(contract=fitted), HORIZON, 400, 1, contracts_drift=drift)
        sides.append([side[0] for side in possible.interval(panel, nothing_off, PLAIN)])
    assert sides[1][0] < sides[0][0] < sides[0][1] < sides[1][1]
    assert np.log(sides[1][1] / sides[1][0]) > 2 * 1.5 * 0.3


def test_three_years_bring_no_less_than_a_first_that_brings_something():
    low, year_low = np.array([1.0, 5.0, -2.0, np.nan]), np.array([3.0, 4.0, -1.0, 7.0])
    assert_array_equal(never_below(low, year_low), [3.0, 5.0, -2.0, np.nan])


def test_an_outcome_below_the_low_end_of_the_first_year_is_outside():
    panel = contract_panel()
    year = Possible(Parts(contract=parameters(0.001)), 12, 200, 1)
    low, _ = year.interval(panel, np.ones(len(panel)), PLAIN)
    assert (low > 0).all()
    assert not reaches_the_year(year, PLAIN, panel, low - 0.01).any()
    assert reaches_the_year(year, PLAIN, panel, low).all()


@pytest.mark.parametrize(
    ("bought", "stays", "expected"),
    [
        (JUDGED, JUDGED, [JUDGED, JUDGED, JUDGED, None]),
        (JUDGED, CARRIED, [JUDGED, CARRIED, CARRIED, None]),
        (CARRIED, JUDGED, [CARRIED, JUDGED, CARRIED, None]),
        (None, JUDGED, [None, JUDGED, None, None]),
        (CARRIED, None, [CARRIED, None, None, None]),
    ],
)
def test_an_interval_rests_on_the_weaker_of_its_parts(bought, stays, expected):
    """Of a buyer, a contract, a contract with purchases beside it, and nobody."""
    panel = contract_panel(
        customer_id=list("abcd"),
        relation_kind=["purchase", "contract", "contract", "purchase"],
        purchase_count=[3, 0, 3, 0],
        repeat_purchase_count=2,
        recency_days=70,
        age_days=100,
    )
    widths = ThreeYears(
        PurchaseWidth(bought, PLAIN, 0.1) if bought else None,
        ContractWidth(stays, np.ones(201), 0.1) if stays else None,
    )
    assert widths.basis(panel).tolist() == expected
    assert ThreeYears.from_state(widths.to_state()).basis(panel).tolist() == expected


def test_years_are_added_where_they_are_over_and_mean_the_same(long_frames):
    features, outcomes, _ = long_frames
    panel = read_values(features)
    past = panel.take(panel.date == np.datetime64("2021-12-31"))
    found = read_years(past, outcomes, value_bases(panel), years=3)
    of_year = outcomes[outcomes["outcome_months"] == 12].set_index(["customer_id", "as_of_date"])
    days = pd.to_datetime(["2021-12-31", "2022-12-31", "2023-12-31"])
    for row in (0, 7, len(past) - 1):
        key = past.key["customer_id"][row]
        came = [of_year.loc[(key, day), "value_after"] for day in days]
        assert found.value[row] == pytest.approx(sum(came))
    later = panel.take(panel.date == np.datetime64("2022-12-31"))
    assert not read_years(later, outcomes, value_bases(panel), years=3).is_complete.any()
    changed = {**value_bases(panel), np.datetime64("2023-12"): "another"}
    assert not read_years(past, outcomes, changed, years=3).is_complete.any()


@pytest.fixture(scope="module")
def long_frames(make_value_frames) -> tuple[pd.DataFrame, ...]:
    """Five years of buyers and contracts, on one basis, with as-of dates a year apart."""
    days = pd.to_datetime([f"{year}-12-31" for year in range(2020, 2025)])
    features, outcomes, changes = simulate_contracts(400, days=days)
    buyers, came = make_value_frames(customers=400, first="2019-12-01", years=4)
    return (
        pd.concat([features, buyers.assign(value_basis="margin")], ignore_index=True),
        pd.concat([outcomes, came], ignore_index=True),
        changes,
    )


@pytest.fixture(scope="module")
def trained(long_frames) -> ClvTraining:
    return train_clv(long_frames[0], long_frames[1], QUICK, long_frames[2])


def known_on(frames: tuple[pd.DataFrame, ...], day: str) -> tuple[pd.DataFrame, ...]:
    """What was known on a day."""
    features, outcomes, changes = frames
    over = outcomes["as_of_date"] + pd.to_timedelta(31 * outcomes["outcome_months"], unit="D")
    return (
        features[features["as_of_date"] <= day],
        outcomes[over <= pd.Timestamp(day) + pd.Timedelta(days=20)],
        changes[changes["as_of_date"] <= day],
    )


def last(frames: tuple[pd.DataFrame, ...], trained: ClvTraining) -> pd.DataFrame:
    features = frames[0]
    return score_clv(
        features[features["as_of_date"] == features["as_of_date"].max()], trained.estimator
    )


def test_with_a_history_of_five_years_it_rests_on_three_that_are_over(long_frames, trained):
    widths = trained.estimator.three_years
    assert widths.purchases is not None
    assert widths.contracts is not None
    assert (widths.purchases.basis, widths.contracts.basis) == (JUDGED, JUDGED)
    assert widths.purchases.drift == widths.contracts.drift == 0
    scored = last(long_frames, trained)
    own = scored["method"].notna() & (scored["method"] != "prior")
    assert set(scored.loc[own, "clv_36m_interval_basis"]) == {JUDGED}
    assert (scored.loc[own, ENDS[0]] <= scored.loc[own, ENDS[1]]).all()
    assert scored.loc[~own, [*ENDS, "clv_36m_interval_basis"]].isna().all(axis=None)
    assert (scored.loc[own, ENDS[0]] >= scored.loc[own, "clv_12m_low"]).all()
    wider = scored["clv_36m_high"] - scored["clv_36m_low"]
    assert (wider >= scored["clv_12m_high"] - scored["clv_12m_low"])[own].mean() > 0.99


def test_with_three_years_it_is_carried_from_one_and_told_so(long_frames):
    short = known_on(long_frames, "2022-12-31")
    training = train_clv(short[0], short[1], QUICK, short[2])
    scored = last(short, training)
    assert set(scored["clv_36m_interval_basis"].dropna()) == {CARRIED}
    widths = training.estimator.three_years
    assert widths.purchases is not None
    assert widths.purchases.drift > 0
    assert not (training.metrics["slice"] == "36_months").any()


def test_before_a_year_is_over_there_is_none(long_frames):
    short = known_on(long_frames, "2020-12-31")
    training = train_clv(short[0], short[1], QUICK, short[2])
    scored = last(short, training)
    assert scored["clv_12m_low"].notna().any()
    assert scored[[*ENDS, "clv_36m_interval_basis"]].isna().all(axis=None)


def test_the_share_inside_is_judged_on_three_years_that_nothing_was_learnt_from(
    long_frames, trained
):
    rows = trained.metrics.set_index(["slice", "metric"])
    judged = rows.loc[("36_months", "interval_coverage")]
    assert judged["as_of_date"] == pd.Timestamp("2021-12-31")
    assert 0.85 < judged["value"] < 0.97
    assert judged["value_low"] < judged["value"] < judged["value_high"]
    # What is judged ends where the three years begin: later facts change nothing of it.
    features, outcomes, changes = long_frames
    wild = outcomes["value_after"].where(outcomes["as_of_date"] < "2021-12-31", 0.0)
    other = train_clv(features, outcomes.assign(value_after=wild), QUICK, changes)
    found = other.metrics.set_index(["slice", "metric"])
    for name in ("value_decile_01_predicted", "value_decile_05_predicted"):
        assert found.loc[("36_months", name), "value"] == rows.loc[("36_months", name), "value"]
    assert found.loc[("36_months", "interval_coverage"), "value"] < 0.85


def test_order_of_rows_does_not_matter_and_widths_are_stored_whole(long_frames, trained):
    shuffled = [frame.sample(frac=1, random_state=9) for frame in long_frames]
    again = train_clv(shuffled[0], shuffled[1], QUICK, shuffled[2])
    assert again.estimator.content_hash == trained.estimator.content_hash
    assert_frame_equal(last(tuple(shuffled), again), last(long_frames, trained))
    stored = ClvEstimator.from_state(trained.estimator.to_state())
    assert stored.content_hash == trained.estimator.content_hash


def test_the_regression_of_one_year_says_nothing_of_three(make_value_frames):
    frame, outcomes = make_value_frames(spend_by_rate=4.0, p_leave=(0.5, 8.0), customers=200)
    training = train_clv(frame, outcomes, QUICK)
    assert training.estimator.candidate == "two_part_regression"
    scored = score_clv(frame, training.estimator)
    assert scored["clv_12m_low"].notna().any()
    assert scored[[*ENDS, "clv_36m_interval_basis"]].isna().all(axis=None)


def test_a_total_that_is_not_above_zero_leaves_nothing_to_carry(make_value_frames):
    frame, outcomes = make_value_frames(customers=200)
    training = train_clv(frame, outcomes.assign(value_after=-1.0), QUICK)
    assert training.estimator.three_years == ThreeYears()
