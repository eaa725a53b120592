"""Associations: golden values, algebra, what is planted is found, what is not is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, rankdata, spearmanr

from ml.association.config import AssociationConfig
from ml.association.discovery import q_values
from ml.association.pairs import Rows, associate, conclude, controls_of, limits_of
from ml.association.ranks import demeaned, spearman
from ml.association.resampling import Clustered, Resampler

CONFIG = AssociationConfig(draws=400)
CUSTOMERS = limits_of("customer", CONFIG)


def panel(customers: int, months: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(customers), months), np.tile(np.arange(months), customers)


def rows_of(owner, x, y, controls=None) -> Rows:
    controls = np.empty((len(x), 0)) if controls is None else controls
    return Rows(owner, owner, np.asarray(x, float), np.asarray(y, float), controls)


def found_in(owner, x, y, controls=None, config=CONFIG):
    sampler = Resampler(int(owner.max()) + 1, draws=config.draws, seed=config.seed)
    return associate(
        rows_of(owner, x, y, controls), resampler=sampler, limits=CUSTOMERS, config=config
    )


def test_golden_ranks_with_ties() -> None:
    # d = 1, -1, 0, 0: 1 - 6 * 2 / (4 * 15) = .8; with a tie the mid-ranks 1, 2.5, 2.5, 4.
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 3, 4])).rho == pytest.approx(0.8)
    x, y = np.array([1.0, 5, 5, 9]), np.array([1.0, 2, 3, 4])
    assert spearman(x, y).rho == pytest.approx(4.5 / np.sqrt(4.5 * 5), abs=1e-12)
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)).rho)


def test_golden_q_values() -> None:
    # Benjamini and Hochberg by hand: .01*4/1, .02*4/2, .03*4/3 -> all .04; .5.
    found = q_values(np.array([0.02, np.nan, 0.5, 0.01, 0.03]))
    np.testing.assert_allclose(found, [0.04, np.nan, 0.5, 0.04, 0.04])
    assert len(q_values(np.array([]))) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_those_of_scipy_and_keep_the_order(p: list[float]) -> None:
    values = np.array(p)
    np.testing.assert_allclose(q_values(values), false_discovery_control(values), atol=1e-12)


PAIRS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=4, max_size=60)


@given(PAIRS)
@settings(max_examples=200)
def test_rho_is_that_of_scipy_symmetric_and_of_ranks_only(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    found = spearman(x, y)
    if min(len(set(x)), len(set(y))) == 1:
        assert np.isnan(found.rho)
        return
    assert found.rho == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    assert spearman(y, x).rho == pytest.approx(found.rho, abs=1e-12)
    assert spearman(np.exp(x), y**3).rho == pytest.approx(found.rho, abs=1e-12)
    assert spearman(-x, y).rho == pytest.approx(-found.rho, abs=1e-12)
    assert found.influence.mean() == pytest.approx(0, abs=1e-9)


@given(PAIRS)
def test_the_influence_of_a_row_is_what_one_more_of_it_changes(pairs) -> None:
    x, y = np.array(pairs, dtype=float).T
    found = spearman(x, y)
    if np.isnan(found.rho):
        return
    # Many copies of all rows, and one more of the first: the share of one row is small.
    copies, more = 4000 // len(x) + 1, 20
    grown_x = np.concatenate([np.tile(x, copies), np.full(more, x[0])])
    grown_y = np.concatenate([np.tile(y, copies), np.full(more, y[0])])
    share = more / len(grown_x)
    change = spearman(grown_x, grown_y).rho - found.rho
    assert change == pytest.approx(found.influence[0] * share, abs=5e-2 * max(1, abs(change)) * 0.1)


def test_a_control_that_explains_it_all_leaves_nothing() -> None:
    random = np.random.default_rng(1)
    group = random.integers(0, 4, 4000)
    x, y = group + random.normal(0, 0.1, (2, 4000))
    alone = spearman(x, y).rho
    given_group = spearman(x, y, controls_of(month=np.ones(4000, int), tier=group)).rho
    assert alone > 0.8
    assert abs(given_group) < 0.05
    # Without controls, the residuals are the ranks.
    assert spearman(x, y, np.empty((4000, 0))).rho == pytest.approx(alone, abs=1e-12)
    ranks = np.column_stack([rankdata(x), rankdata(y)])
    dummies = np.column_stack([group == k for k in range(4)]).astype(float)
    left = ranks - dummies @ np.linalg.lstsq(dummies, ranks, rcond=None)[0]
    assert given_group == pytest.approx(np.corrcoef(left.T)[0, 1], abs=1e-9)


def test_the_interval_is_that_of_new_ranks_in_each_draw() -> None:
    random = np.random.default_rng(2)
    owner, _ = panel(120, 6)
    level = random.normal(size=120)[owner]
    x = np.round(level + random.normal(size=720), 0)
    y = np.round(x + level + random.normal(size=720), 1)
    fast = Resampler(120, draws=2000, seed=3).estimate(
        [Clustered(spearman(x, y), owner)], confidence=0.95
    )[0]
    members = [np.flatnonzero(owner == k) for k in range(120)]
    slow = []
    for _draw in range(600):
        taken = np.concatenate([members[k] for k in random.integers(0, 120, 120)])
        slow.append(np.arctanh(spearmanr(x[taken], y[taken]).statistic))
    half = (np.arctanh(fast.high) - np.arctanh(fast.low)) / 2
    assert half == pytest.approx(1.98 * np.std(slow), rel=0.12)
    # Rows as if they were independent would claim far too much.
    alone = Resampler(720, draws=400, seed=3).estimate(
        [Clustered(spearman(x, y), np.arange(720))], confidence=0.95
    )[0]
    assert fast.high - fast.low > 1.2 * (alone.high - alone.low)


def test_what_is_planted_two_months_later_is_found_there_and_noise_is_not() -> None:
    random = np.random.default_rng(4)
    customers, months = 300, 18
    x = random.normal(size=(customers, months))
    y = random.normal(size=(customers, months))
    y[:, 2:] += 0.6 * x[:, :-2]
    noise = random.normal(size=(customers, months))
    tests = []
    for name, other in (("planted", y), ("noise", noise)):
        for lag in CONFIG.lags:
            owner, month = panel(customers, months - lag)
            tests.append(
                {"pair_id": name, "segment": "all", "lag_months": lag}
                | found_in(
                    owner,
                    x[:, : months - lag].ravel(),
                    other[:, lag:].ravel(),
                    controls_of(month=month % 12 + 1),
                )
            )
    frame = conclude(tests, CONFIG).set_index(["pair_id", "lag_months"])
    planted = frame.loc["planted"]
    assert planted.loc[2, "q_value"] < 1e-9
    assert planted.drop(2)["rho"].abs().max() < 0.06
    assert planted.index[planted["is_best_lag"]].tolist() == [2]
    # 0.6 / sqrt(1 + 0.36) = .514; Spearman of a normal pair: 6/pi asin(r/2).
    assert planted.loc[2, "rho"] == pytest.approx(6 / np.pi * np.arcsin(0.5145 / 2), abs=0.03)
    assert planted.loc[2, "partial_rho"] == pytest.approx(planted.loc[2, "rho"], abs=0.02)
    assert not frame.loc["noise"]["is_supported"].any()


def test_of_noise_no_more_is_called_than_agreed_and_intervals_hold_their_promise() -> None:
    """200 tests of correlated months: at most the rate is called, 95 % of intervals hold 0."""
    random = np.random.default_rng(5)
    owner, _ = panel(80, 6)
    called = held = 0
    for _family in range(10):
        tests = []
        for number in range(20):
            levels = random.normal(size=(2, 80))[:, owner]
            x, y = levels + random.normal(size=(2, 480))
            tests.append(
                {"pair_id": str(number), "segment": "all", "lag_months": 0} | found_in(owner, x, y)
            )
        frame = conclude(tests, CONFIG)
        called += int(frame["is_supported"].any())
        held += int(((frame["rho_low"] <= 0) & (frame["rho_high"] >= 0)).sum())
    # All are false: the chance that a family has any is the rate, .10; 4 of 10 is beyond 1 %.
    assert called <= 4
    assert 0.90 <= held / 200 <= 0.99


def test_who_goes_up_with_it_may_go_down_within_each_customer() -> None:
    random = np.random.default_rng(6)
    owner, _ = panel(100, 12)
    level = 10 * random.normal(size=100)[owner]
    own = random.normal(size=1200)
    found = found_in(owner, level + own, level - own + random.normal(0, 0.2, 1200))
    assert found["rho"] > 0.9
    assert found["within_rho"] < -0.9
    assert found["between_rho"] > 0.9
    assert found["is_sign_flip"]
    assert not found_in(owner, level + own, level + own)["is_sign_flip"]


def test_values_that_never_change_are_equal_after_their_mean_is_taken() -> None:
    owner = np.repeat(np.arange(3), 3)
    values = np.array([0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 1.0, 2.0, 3.0])
    assert len(set(demeaned(values, owner))) == 3
    assert set(demeaned(np.full(9, 0.1), owner)) == {0.0}


@pytest.mark.parametrize(
    ("customers", "y", "reason"),
    [(29, None, "few_customers"), (30, None, None), (30, 1.0, "constant")],
)
def test_what_is_not_tested_says_why(customers: int, y: float | None, reason: str | None) -> None:
    owner, _ = panel(customers, 4)
    x = np.random.default_rng(7).normal(size=len(owner))
    found = found_in(owner, x, x if y is None else np.full(len(owner), y))
    assert found.get("not_tested_reason") == reason
    assert ("rho" in found) == (reason is None)
    frame = conclude([{"pair_id": "p", "segment": "all", "lag_months": 0} | found], CONFIG)
    assert frame["is_tested"].tolist() == [reason is None]
    assert frame["q_value"].isna().tolist() == [reason is not None]


def test_months_of_teams_are_resampled_by_blocks() -> None:
    random = np.random.default_rng(8)
    owner, month = panel(2, 36)
    shared = np.repeat(random.normal(size=6), 6)[month]
    x, y = shared + random.normal(0, 0.5, (2, 72))
    limits, blocks = limits_of("team", CONFIG), month // 6
    rows = Rows(owner, blocks, x, y, controls_of(month=month % 12 + 1))
    by_block = Resampler(6, draws=400, seed=1)
    found = associate(rows, resampler=by_block, limits=limits, config=CONFIG)
    assert found["between_rho"] is None
    assert found["row_count"] == 72
    apart = Resampler(72, draws=400, seed=1)
    lonely = Rows(owner, np.arange(72), x, y, rows.controls)
    row_wise = associate(lonely, resampler=apart, limits=limits, config=CONFIG)
    assert found["rho"] == row_wise["rho"]
    assert found["rho_high"] - found["rho_low"] > row_wise["rho_high"] - row_wise["rho_low"]
    short = month < 18
    few = Rows(owner[short], blocks[short], x[short], y[short], rows.controls[short])
    told = associate(few, resampler=by_block, limits=limits, config=CONFIG)
    assert told["not_tested_reason"] == "few_blocks"


def test_the_strongest_lag_is_the_earliest_of_equals_and_every_pair_has_one() -> None:
    tests = [
        {"pair_id": pair, "segment": "all", "lag_months": lag, "rho": rho, "p_value": 0.5}
        for pair, lag, rho in [("a", 0, 0.2), ("a", 1, -0.3), ("a", 2, 0.3), ("b", 0, 0.0)]
    ]
    best = conclude(tests, CONFIG).query("is_best_lag")
    assert list(zip(best["pair_id"], best["lag_months"], strict=True)) == [("a", 1), ("b", 0)]
    assert conclude([], CONFIG).empty
