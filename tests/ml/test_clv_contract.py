"""Contracts: survival, growth, returns, what they are worth, and their place beside purchases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.clv import contract
from ml.clv.config import ClvConfig
from ml.clv.contract import (
    LIFE_TABLE,
    SHIFTED_BETA_GEOMETRIC,
    ContractFutures,
    ContractParameters,
    LifeTable,
    read_changes,
)
from ml.clv.contract_contest import choose_curve
from ml.clv.counts import MBG
from ml.clv.estimator import BOTH, CONTRACT, ClvEstimator
from ml.clv.panel import ValuePanel, read_values
from ml.clv.possible import PLAIN, Parts, Possible, calibrate, is_inside
from ml.clv.training import ClvTraining, score_clv, train_clv
from ml.clv.value import HORIZON, discount_factors, outlook
from ml.errors import FrameError

FACTORS = discount_factors(HORIZON, 0.10)
QUICK = ClvConfig(bootstrap_draws=50)
DAYS = pd.to_datetime(["2023-06-30", "2023-12-31", "2024-12-31"])


def parameters(
    leaving: float = 0.02, *, growth: float = 1.0, returning: float = 0.0
) -> ContractParameters:
    return ContractParameters(
        curve=LIFE_TABLE,
        leaving=np.full(361 + HORIZON, leaving),
        returning=np.full(13, returning),
        tiers=("A", "B"),
        tier_leaving=np.array([1.0, 2.0, 1.0]),
        tier_growth=np.full(3, growth),
        spread=np.ones(201),
        exposure=1000.0,
    )


def rows(**columns: object) -> pd.DataFrame:
    """Customers under contract who bring 100 a month."""
    return pd.DataFrame(
        {
            "customer_id": [f"s{n:05d}" for n in range(4)],
            "as_of_date": pd.Timestamp("2024-12-31"),
            "tier": ["A", "B", "never seen", "A"],
            "relation_kind": "contract",
            "value_basis": "margin",
            "purchase_count": 0,
            "repeat_purchase_count": np.nan,
            "recency_days": np.nan,
            "age_days": np.nan,
            "mean_repeat_purchase_amount": np.nan,
            "value_12m": 1200.0,
            "net_revenue_ratio": 1.0,
            "margin_rate": 0.5,
            "purchase_value_12m": 0.0,
            "tenure_days": 900,
            "days_since_purchase": 10,
            "recurring_revenue": 200.0,
            "contract_months": 30,
            "ended_months": np.nan,
            **columns,
        }
    )


def panel_of(**columns: object) -> ValuePanel:
    return read_values(rows(**columns))


@pytest.mark.parametrize(("leaving", "value"), [(0.0, 1140.05), (0.02, 1004.10)])
def test_a_hundred_a_month_is_worth_what_the_handbook_says(leaving, value):
    found = outlook(Parts(contract=parameters(leaving)), panel_of(), discount_rate=0.10)
    assert found.clv_12m[0] == pytest.approx(value, abs=0.005)
    assert found.alive[0] == 1
    # Lifetime value is expected months times the value of one; the second tier leaves faster.
    assert found.units_12m * 100 == pytest.approx(found.clv_12m)
    assert (found.clv_12m[1] < found.clv_12m[0]) == (leaving > 0)
    assert found.clv_36m[0] > found.clv_12m[0]


def test_who_is_kept_stays_through_the_months_of_the_label():
    found = outlook(Parts(contract=parameters()), panel_of(), discount_rate=0.10)
    stays = np.where(np.arange(12) < 6, 1.0, 0.98 ** (np.arange(12) - 5))
    assert found.kept_12m[0] == pytest.approx(100 * (stays * FACTORS[:12]).sum())
    assert (found.kept_12m > found.clv_12m).all()


def test_growth_is_of_who_stays():
    grown = outlook(Parts(contract=parameters(growth=1.01)), panel_of(), discount_rate=0.0)
    month = np.arange(1, 13)
    assert grown.clv_12m[0] == pytest.approx(100 * (0.98**month * 1.01**month).sum())
    assert grown.units_12m[0] == pytest.approx((0.98**month).sum())


def test_a_negative_margin_makes_a_negative_value_and_an_interval_in_order():
    panel = panel_of(margin_rate=-0.1)
    parts = Parts(contract=parameters(leaving=0.1))
    found = outlook(parts, panel, discount_rate=0.10)
    low, high = Possible(parts, 12, 200, 1).interval(panel, found.discount_12m, PLAIN)
    assert (found.clv_12m < 0).all()
    assert (low < high).all()


def test_an_ended_contract_is_worth_what_a_return_would_bring():
    panel = panel_of(relation_kind="ended_contract", ended_months=3)
    found = outlook(
        Parts(contract=parameters(returning=0.05, growth=1.01)), panel, discount_rate=0.0
    )
    active = np.zeros(12)
    for month in range(12):  # by hand: back in a month, then staying month by month
        chance = 0.95**month * 0.05
        active[month:] += chance * 0.98 ** np.arange(12 - month)
    assert found.alive[0] == pytest.approx(1 - 0.95**12)
    assert found.clv_12m[0] == pytest.approx(100 * active.sum())
    assert outlook(Parts(contract=parameters()), panel, discount_rate=0.0).clv_12m[0] == 0


def life_table(
    chance: np.ndarray, *, customers: float = 5_000.0, state: str = "paying", growth: float = 1.0
) -> LifeTable:
    """As many customers at each tenure as were told, of whom the expected number leaves."""
    months = np.arange(len(chance))
    return read_changes(
        pd.DataFrame(
            {
                "as_of_date": pd.Timestamp("2023-12-31"),
                "state": state,
                "tier": "A",
                "months_in_state": months,
                "customer_count": customers,
                "changed_count": customers * chance,
                "stayer_opening_mrr": 100.0,
                "stayer_closing_mrr": 100.0 * growth,
            }
        )
    )


def test_the_life_table_knows_renewals_and_carries_them_on():
    month = np.arange(48)
    chance = np.where((month + 1) % 12 == 0, 0.20, 0.01)
    fitted = contract.fit(life_table(chance, growth=1.02), LIFE_TABLE)
    assert fitted.leaving[:48] == pytest.approx(chance, rel=0.1)
    assert fitted.leaving[59] > 10 * fitted.leaving[60]  # a renewal that nobody has reached yet
    assert fitted.tier_growth == pytest.approx([1.02, 1.02])
    # Of few customers the rate is drawn to that of the like, neither 0 nor 1.
    few = contract.fit(life_table(np.r_[chance[:47], 1.0], customers=2.0), LIFE_TABLE)
    assert few.leaving[47] < 0.3


def test_the_shifted_beta_geometric_is_found_again():
    alpha, beta = 0.8, 12.0
    chance = alpha / (alpha + beta + np.arange(60))
    fitted = contract.fit(life_table(chance), SHIFTED_BETA_GEOMETRIC)
    assert fitted.leaving[:60] == pytest.approx(chance, rel=0.01)
    assert fitted.leaving[120] == pytest.approx(alpha / (alpha + beta + 120), rel=0.05)


def test_the_curve_is_chosen_by_later_months():
    better = {LIFE_TABLE: 0.10, SHIFTED_BETA_GEOMETRIC: 0.09}
    assert choose_curve(better, QUICK) == SHIFTED_BETA_GEOMETRIC
    assert choose_curve({**better, SHIFTED_BETA_GEOMETRIC: 0.0999}, QUICK) == LIFE_TABLE
    month = np.arange(60)
    renewals = life_table(np.where((month + 1) % 12 == 0, 0.20, 0.01))
    losses = {
        curve: contract.log_loss(contract.fit(renewals, curve), renewals)
        for curve in (LIFE_TABLE, SHIFTED_BETA_GEOMETRIC)
    }
    assert choose_curve(losses, QUICK) == LIFE_TABLE


def test_returns_are_learnt_by_the_months_since_the_end():
    month = np.arange(24)
    chance = np.where(month < 6, 0.06, 0.01)
    table = life_table(chance, customers=20_000.0, state="ended")
    paying = life_table(np.full(24, 0.02))
    both = LifeTable(
        **{name: np.concatenate([value, vars(paying)[name]]) for name, value in vars(table).items()}
    )
    fitted = contract.fit(both, LIFE_TABLE)
    assert fitted.returning[:6] == pytest.approx(0.06, rel=0.05)
    assert fitted.returning[6:] == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("kind", ["contract", "ended_contract"])
def test_the_mean_of_the_draws_is_the_expectation(kind):
    ended = 2 if kind == "ended_contract" else np.nan
    panel = panel_of(relation_kind=kind, ended_months=ended)
    fitted = parameters(0.05, growth=1.005, returning=0.08)
    if kind == "ended_contract":
        fitted = replace(fitted, tier_growth=np.ones(3))
    ((_, draws),) = ContractFutures(fitted, 12, 20_000, 3).value(panel)
    expected = contract.expect(fitted, panel, FACTORS).months * panel.recurring_value
    assert draws.mean(axis=0) == pytest.approx(expected, rel=0.03)


def test_places_of_outcomes_of_its_own_law_are_uniform():
    size = 4_000
    names = [f"s{n:05d}" for n in range(size)]
    base = rows().iloc[[0] * size].assign(customer_id=names)
    panel = read_values(base)
    spread = np.quantile(np.random.default_rng(1).lognormal(0, 0.2, 5_000), np.linspace(0, 1, 201))
    fitted = replace(parameters(0.05, growth=1.01), spread=spread)
    rng = np.random.default_rng(2)
    paid = np.minimum(rng.geometric(0.05, size) - 1, 12)
    grown = np.concatenate([[0], np.cumsum(1.01 ** np.arange(1, 13))])[paid]
    actual = 100 * grown * rng.lognormal(0, 0.2, size)
    places = Possible(Parts(contract=fitted), 12, 400, 5).places(panel, actual)
    assert is_inside(places, PLAIN).mean() == pytest.approx(0.90, abs=0.015)
    assert np.histogram(places, 10, (0, 1))[0] / size == pytest.approx(0.1, abs=0.02)


def test_intervals_run_between_the_places_where_nine_of_ten_outcomes_lay():
    rng = np.random.default_rng(3)
    assert calibrate(rng.random(50), least=100) == PLAIN
    honest = calibrate(rng.random(20_000), least=100)
    assert honest == pytest.approx(PLAIN, abs=0.005)
    # Outcomes further out than was thought: the interval has to begin lower and end higher.
    wide = calibrate(rng.beta(0.5, 0.5, 20_000), least=100)
    assert wide[0] < 0.01
    assert wide[1] > 0.99
    assert is_inside(rng.beta(0.5, 0.5, 20_000), wide).mean() == pytest.approx(0.9, abs=0.01)


def simulate_contracts(
    customers: int = 600, *, seed: int = 4, days: pd.DatetimeIndex = DAYS
) -> tuple[pd.DataFrame, ...]:
    """Contracts from 2020 to 2024 with renewals each year: features, outcomes, life table."""
    rng = np.random.default_rng(seed)
    months = pd.date_range("2020-01-31", "2024-12-31", freq="ME")
    start = rng.integers(0, 44, customers)
    mrr = np.zeros((customers, len(months)))
    for who, first in enumerate(start):
        amount = rng.lognormal(4, 0.8)
        for month in range(first, len(months)):
            mrr[who, month] = amount
            amount *= 1 + rng.normal(0.005, 0.02)
            if rng.random() < (0.15 if (month - first + 1) % 12 == 0 else 0.01):
                break
    place = {day: number for number, day in enumerate(months)}
    features, outcomes, changes = [], [], []
    for day in days:
        now = place[day]
        for who in np.flatnonzero(start <= now):
            paid = np.flatnonzero(mrr[who, : now + 1])
            year = 0.8 * mrr[who, max(now - 11, 0) : now + 1].sum()
            features.append(
                {
                    "customer_id": f"s{who:05d}",
                    "as_of_date": day,
                    "tier": "A" if mrr[who].max() > 60 else "B",
                    "relation_kind": "contract" if paid[-1] == now else "ended_contract",
                    "value_12m": year,
                    "tenure_days": 15 + 30 * int(now - start[who]) + 16,
                    "days_since_purchase": 15 + 30 * int(now - paid[-1]),
                    "recurring_revenue": mrr[who, paid[-1]],
                    "contract_months": int(now - start[who]),
                    "ended_months": int(now - paid[-1]) if paid[-1] < now else np.nan,
                }
            )
            for ahead in (6, 12):
                later = mrr[who, now + 1 : now + 1 + ahead]
                if now + ahead < len(months):
                    outcomes.append(
                        {
                            "customer_id": f"s{who:05d}",
                            "as_of_date": day,
                            "outcome_months": ahead,
                            "purchase_count_after": int((later > 0).sum()),
                            "paid_months_after": int((later > 0).sum()),
                            "value_after": 0.8 * later.sum(),
                        }
                    )
    for now in range(1, len(months)):
        opening, closing = mrr[:, now - 1], mrr[:, now]
        tier = np.where(mrr.max(axis=1) > 60, "A", "B")
        paying = pd.DataFrame(
            {
                "tier": tier,
                "months_in_state": now - 1 - start,
                "changed_count": (closing == 0).astype(int),
                "stayer_opening_mrr": np.where(closing > 0, opening, 0.0),
                "stayer_closing_mrr": closing,
                "customer_count": 1,
            }
        )[opening > 0]
        sums = paying.groupby(["tier", "months_in_state"], as_index=False).sum()
        changes.append(sums.assign(as_of_date=months[now], state="paying"))
    same = rows().iloc[0].drop(list(features[0]))
    whole = pd.DataFrame(features).assign(**{**same.to_dict(), "margin_rate": 0.8})
    return whole, pd.DataFrame(outcomes), pd.concat(changes, ignore_index=True)


@pytest.fixture(scope="module")
def frames(value_frames) -> tuple[pd.DataFrame, ...]:
    """Buyers and contracts of one company, on one basis."""
    features, outcomes, changes = simulate_contracts()
    buyers = value_frames[0].assign(value_basis="margin")
    return (
        pd.concat([features, buyers], ignore_index=True),
        pd.concat([outcomes, value_frames[1]], ignore_index=True),
        changes,
    )


@pytest.fixture(scope="module")
def trained(frames) -> ClvTraining:
    return train_clv(frames[0], frames[1], QUICK, frames[2])


def measure(training: ClvTraining, name: str, candidate: str, part: str) -> float:
    found = training.metrics.set_index(["metric", "candidate", "slice"])["value"]
    return float(found.loc[(name, candidate, part)])


def test_contracts_are_foreseen_better_than_by_carrying_forward(trained):
    for part, name in (("contracts", CONTRACT), ("all_customers", "taken")):
        own = measure(trained, "value_mae", name, part)
        assert own < measure(trained, "value_mae", "naive_spend", part)
        assert 0.86 < measure(trained, "interval_coverage", name, part) < 0.94
        assert abs(measure(trained, "value_bias_pct", name, part)) < 15
    assert trained.estimator.contract is not None
    assert trained.estimator.contract.curve == LIFE_TABLE
    assert "contracts: the life table" in trained.estimator.reason
    assert "smaller than" in trained.estimator.reason


def test_each_customer_is_valued_by_what_he_has(frames, trained):
    features = frames[0]
    latest = features[features["as_of_date"] == "2024-12-31"]
    scored = score_clv(latest, trained.estimator).set_index("customer_id")
    relation = latest.set_index("customer_id")["relation_kind"]
    own = scored["method"] != "prior"
    assert set(scored.loc[own & (relation == "purchase"), "method"]) == {MBG}
    assert set(scored.loc[own & (relation != "purchase"), "method"]) == {CONTRACT}
    assert set(scored.loc[relation == "contract", "unit_kind"]) == {"active_month"}
    assert scored.loc[own & (relation == "contract"), "expected_purchases_12m"].isna().all()
    assert (scored.loc[own, "clv_12m_low"] <= scored.loc[own, "clv_12m_high"]).all()
    product = scored["discounted_units_12m"] * scored["margin_per_unit"]
    assert product[own & (relation == "contract")].to_numpy() == pytest.approx(
        scored.loc[own & (relation == "contract"), "clv_12m"].to_numpy()
    )


def test_purchases_beside_a_contract_are_added_and_not_counted_twice(frames, trained):
    features = frames[0]
    latest = features[features["as_of_date"] == "2024-12-31"]
    stays = latest[latest["relation_kind"] == "contract"].head(5)
    bought = latest[latest["relation_kind"] == "purchase"].nlargest(5, "purchase_count")
    history = [
        "purchase_count",
        "repeat_purchase_count",
        "recency_days",
        "age_days",
        "mean_repeat_purchase_amount",
    ]
    common = {"net_revenue_ratio": 1.0, "margin_rate": 0.7, "tenure_days": 700}
    alone = stays.assign(**common)
    buyers = bought.assign(**common, customer_id=stays["customer_id"].to_numpy())
    mixed = alone.assign(**{name: bought[name].to_numpy() for name in history})
    found = [
        score_clv(frame, trained.estimator).set_index("customer_id")
        for frame in (alone, buyers, mixed)
    ]
    for column in ("clv_12m", "clv_36m"):
        total = found[0][column] + found[1][column]
        assert found[2][column].to_numpy() == pytest.approx(total.to_numpy())
    assert set(found[2]["method"]) == {BOTH}
    assert found[2]["expected_purchases_12m"].equals(found[1]["expected_purchases_12m"])
    wider = found[2]["clv_12m_high"] - found[0]["clv_12m_high"]
    assert (wider > -1e-3).all()
    assert (wider > 100).any()


def test_order_of_rows_does_not_matter_and_the_estimator_is_stored_whole(frames, trained):
    shuffled = [frame.sample(frac=1, random_state=9) for frame in frames]
    again = train_clv(shuffled[0], shuffled[1], QUICK, shuffled[2]).estimator
    assert again.content_hash == trained.estimator.content_hash
    stored = ClvEstimator.from_state(trained.estimator.to_state())
    assert stored.content_hash == trained.estimator.content_hash


def test_contracts_alone_are_valued_and_without_a_life_table_get_the_mean(frames):
    features, outcomes, changes = simulate_contracts(300)
    alone = train_clv(features, outcomes, QUICK, changes).estimator
    assert alone.candidate == CONTRACT
    assert alone.status == "published"
    without = train_clv(frames[0], frames[1], QUICK).estimator
    scored = score_clv(features[features["as_of_date"] == "2024-12-31"], without)
    assert set(scored["method"]) == {"prior"}
    assert scored["clv_12m_low"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relation_kind": "friend"}, "relation_kind friend"),
        ({"recurring_revenue": np.nan}, "with a contract lack one of"),
        ({"contract_months": np.nan}, "with a contract lack one of"),
    ],
)
def test_a_faulty_contract_is_refused(change, message):
    with pytest.raises(FrameError, match=message):
        panel_of(**change)
