"""`make bench`: the upsell estimator beside an oracle that knows the demo company's truth.

The newest test slice of the estimator is judged: ours, as the run that trained it measured it, and
the oracles' chance and amount, against the same label. The oracle of subscribers plays the six
months of the label many times by the laws of the simulation (docs/demo-company.md), from the latent
satisfaction, engagement and price pressure of the day, the plan, the units and the add-on: who
leaves, who takes a larger plan, more or fewer units, an add-on, whose price rises. One version
knows the launches of add-ons of the day; the other those to come, too, which nobody could. What it
leaves out: who comes back after leaving, exchange rates, planted cases, tickets. The oracle of
others only ranks: what they are expected to spend, by their planned value, the season and the
states, over the base.

Thresholds: at least 75 % of the first oracle's distance from 0.5 for subscribers, and a sum of what
is expected whose 95 % interval overlaps 25 % above and below what came, for subscribers and others.
With fewer than 20,000 customers a few large ones decide the sum: of 2,000, the oracle itself
promises subscribers two thirds too much.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from examples.demo_company.design import HAZARDS
from ml.clv.evaluation import rank_correlation
from ml.frames import sample_customers
from ml.metrics import auc, captured, normalised_gini
from ml.upsell.config import UpsellConfig
from ml.upsell.features import FEATURE_DEFINITIONS
from orchestration.settings import Settings
from tests.bench_churn import KEPT, LEAST_SHARE, SATISFACTION_IN_ENGAGEMENT, STATES, build
from tests.conftest import ROOT

Float = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MONTHS = 6
DRAWS = 200
GREATEST_BIAS = 25.0
GROWTH = 1.05
NOISE = {"satisfaction": 0.22, "engagement": 0.20, "price_pressure": 0.22}
# Place of a plan in its ladder, list price; add-ons by the order of their launch.
PLANS = {
    "PLAN-BASIC": (1, 9.99),
    "PLAN-PLUS": (2, 19.99),
    "PLAN-FAMILY": (3, 34.99),
    "PLAN-STARTER": (11, 12.0),
    "PLAN-TEAM": (12, 19.0),
    "PLAN-BUSINESS": (13, 29.0),
    "PLAN-ENTERPRISE": (14, 45.0),
}
ADDON_PRICES = (4.0, 6.0, 8.0)
LIST = dict(PLANS.values())
# The same by place; 0 where there is none, the place before the first included.
LISTED = np.array([LIST.get(place, 0.0) for place in range(max(LIST) + 2)] + [0.0])
PERSON_SEASON = (0.80, 0.80, 0.90, 0.90, 0.95, 0.95, 0.90, 0.90, 1.00, 1.15, 1.60, 1.80)
ORGANISATION_SEASON = (0.95, 1.00, 1.15, 1.00, 1.10, 1.15, 0.85, 0.70, 1.00, 1.05, 1.10, 0.95)
FRAME = f"""
select
    features.*, {", ".join(f"upsell.{feature.name}" for feature in FEATURE_DEFINITIONS)},
    labels.is_expanded, labels.expansion_amount
from features.ftr_churn as features
inner join features.ftr_upsell as upsell using (customer_id, as_of_date)
inner join features.ftr_upsell_labels as labels using (customer_id, as_of_date)
where upsell.is_eligible and labels.is_label_complete
order by customer_id, as_of_date
"""
HELD = """
with spans as (
    select *, starts_with(product_id, 'PLAN-') as is_plan
    from company.core.int_subscription_spans
    where exclusion_reason is null and quantity > 0
)

select
    rows.customer_id, rows.as_of_date,
    arg_max(spans.product_id, spans.mrr) filter (spans.is_plan) as plan,
    arg_max(spans.quantity, spans.mrr) filter (spans.is_plan) as quantity,
    arg_max(cast(spans.reporting_unit_price as double), spans.mrr) filter (spans.is_plan) as price,
    coalesce(
        sum(cast(spans.mrr as double)) filter (not spans.is_plan), 0
    ) as addon
from rows
inner join spans
    on rows.customer_id = spans.customer_id and rows.as_of_date >= spans.valid_from
    and (spans.valid_to is null or rows.as_of_date < spans.valid_to)
group by all
order by all
"""
# What the customer's price was over the list when the plan began: discount and currency.
LEVEL = """
select
    customer_id, product_id as plan,
    arg_min(cast(reporting_unit_price as double), valid_from) as first_price
from company.core.int_subscription_spans
where exclusion_reason is null and quantity > 0 and starts_with(product_id, 'PLAN-')
group by all
order by all
"""
LAUNCHES = """
select launched_at
from staging.stg_crm__product_launches
where starts_with(product_id, 'ADDON-')
order by launched_at
"""


@dataclass(frozen=True)
class Played:
    """What the oracle says of each row: chance that more is bought, amount expected."""

    chance: Float
    expected: Float


def main() -> int:
    """Simulate, run, judge; 1 where a threshold is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--home", type=Path, help="judge a demo company that was run there")
    arguments = parser.parse_args()
    out = Console(width=130)
    if arguments.home is not None:
        return report(out, arguments.home)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), arguments.customers, arguments.months)
        return report(out, Path(folder))


def report(out: Console, home: Path) -> int:
    """Print what the run's estimator and the oracles reach on its newest test slice."""
    estimator, found = read_measures(home)
    test, launches = read_company(home, UpsellConfig())
    started = time.perf_counter()
    checks: dict[str, bool] = {}
    table = Table(title="Test slice")
    for name in ("", "rows", "more", "AUC", "sum", "Spearman", "Gini", "hits", "P10-P90"):
        table.add_column(name, justify="right" if name else "left")
    for kind, name in ((1, "contractual"), (0, "non_contractual")):
        rows = test[test["is_subscriber"] == kind].reset_index(drop=True)
        own = found[(found["slice"] == f"label_kind={name}")]
        own = own[own["candidate"].str.startswith(estimator["candidate"])].set_index("metric")
        value = own["value"]
        came = rows["expansion_amount"].to_numpy(dtype=float)
        more = rows["is_expanded"].to_numpy(dtype=float)
        if len(rows) != own["n"]["auc"] or not np.isclose(more.mean(), value["base_rate"]):
            raise SystemExit(f"The {name} rows are not those that the run judged.")
        low, high = (float(own[side]["upsell_bias_pct"]) for side in ("value_low", "value_high"))
        table.add_row(
            f"{name}, ours",
            f"{len(rows):,}",
            f"{more.mean():.1%}",
            f"{value['auc']:.3f}",
            f"{value['upsell_bias_pct']:+.0f} % ({low:+.0f} to {high:+.0f})",
            f"{value['upsell_spearman']:.3f}",
            f"{value['upsell_gini']:.3f}",
            f"{value['upsell_top10_hit_rate']:.1%}",
            f"{value['amount_interval_coverage']:.1%}",
        )
        checks[f"interval of the sum of {name} overlaps {GREATEST_BIAS:g} % either way"] = (
            low <= GREATEST_BIAS and high >= -GREATEST_BIAS
        )
        if kind == 0:
            ranked = spend_over_base(rows)
            table.add_row("  oracle, rank only", "", "", f"{auc(more, ranked):.3f}")
            continue
        for label, sees_ahead in (("of the day", False), ("with launches to come", True)):
            played = play(rows, launches, sees_ahead=sees_ahead, draws=DRAWS)
            table.add_row(f"  oracle {label}", "", "", *_judged(played, came, more))
            if not sees_ahead:
                share = (value["auc"] - 0.5) / (auc(more, played.chance) - 0.5)
                checks[f"{LEAST_SHARE:.0%} of the oracle's distance from 0.5: {share:.0%}"] = (
                    share >= LEAST_SHARE
                )
    out.print(table)
    seconds = time.perf_counter() - started
    out.print(f"{estimator['candidate']}, {estimator['status']}, {seconds:,.0f} s to play")
    if estimator["reason"]:
        out.print(estimator["reason"])
    for name, is_met in checks.items():
        out.print(f"{'met   ' if is_met else 'MISSED'} {name}")
    return 0 if all(checks.values()) else 1


def _judged(played: Played, came: Float, more: Float) -> list[str]:
    hits, flagged = captured(more, played.expected, share=UpsellConfig.decile_share)
    return [
        f"{auc(more, played.chance):.3f}",
        f"{100 * (played.expected.sum() / came.sum() - 1):+.0f} %",
        f"{rank_correlation(came, played.expected):.3f}",
        f"{normalised_gini(came, played.expected):.3f}",
        f"{hits / flagged:.1%}",
    ]


def read_measures(home: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """The estimator that speaks, and what the run measured of it and of its baselines."""
    settings = Settings.from_environment({}, root=ROOT, home=home)
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        found = con.execute(
            "select * from ml.estimators where estimator = 'upsell' and role = 'champion'"
        ).df()
        estimator = found.iloc[0].to_dict()
        metrics = con.execute(
            "select * from ml.estimator_metrics where estimator_version = ?",
            [estimator["estimator_version"]],
        ).df()
    return estimator, metrics


def read_company(home: Path, config: UpsellConfig) -> tuple[pd.DataFrame, list[pd.Timestamp]]:
    """The test slice with truth and what was held; launches of add-ons."""
    settings = Settings.from_environment({}, root=ROOT, home=home)
    truth = {
        "identity": str(home / "truth" / "identity.parquet"),
        "customers": str(home / "truth" / "customers.parquet"),
    }
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        frame = con.execute(FRAME).df()
        launches = [pd.Timestamp(row[0]) for row in con.execute(LAUNCHES).fetchall()]
    sampled = sample_customers(
        frame, max_rows=config.chance.max_training_rows, seed=config.chance.seed
    )
    months = sorted(sampled["as_of_date"].unique())[-config.chance.test_months :]
    test = sampled[sampled["as_of_date"].isin(months)].reset_index(drop=True)
    key = ["customer_id", "as_of_date"]
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as company (read_only)")
        con.register("rows", test[key])
        states = con.execute(
            STATES, {**truth, "states": str(home / "truth" / "states" / "*.parquet")}
        ).df()
        held, level = con.execute(HELD).df(), con.execute(LEVEL).df()
    states = states.drop(columns="is_subscriber")
    test = test.merge(states, how="left", on=key, validate="one_to_one")
    test = test.merge(held, how="left", on=key, validate="one_to_one")
    test = test.merge(level, how="left", on=["customer_id", "plan"], validate="many_to_one")
    return test, launches


def play(
    rows: pd.DataFrame, launches: list[pd.Timestamp], *, sees_ahead: bool, draws: int
) -> Played:
    """Play the six months of the label for each subscriber, many times, by the truth's laws."""
    rng = np.random.default_rng(1)
    number = rows["plan"].map(lambda name: PLANS[name][0] if name in PLANS else 0).to_numpy()
    price = rows["price"].fillna(0).to_numpy(dtype=float)
    listed = np.array([LIST.get(each, 1.0) for each in number])
    factor = np.nan_to_num(rows["first_price"].to_numpy(dtype=float) / listed, nan=1.0)
    month = (rows["as_of_date"].dt.year * 12 + rows["as_of_date"].dt.month).to_numpy()
    known = [12 * day.year + day.month for day in launches]
    chance, expected = np.zeros(len(rows)), np.zeros(len(rows))
    start = price * rows["quantity"].fillna(0).to_numpy(dtype=float) + rows["addon"].fillna(
        0
    ).to_numpy(dtype=float)
    for _ in range(draws):
        came = _once(rows, rng, number, price, factor, month, known, sees_ahead=sees_ahead)
        is_more = came > GROWTH * start
        chance += is_more
        expected += np.where(is_more, MONTHS * (came - start), 0.0)
    return Played(chance / draws, expected / draws)


def _once(
    rows: pd.DataFrame,
    rng: np.random.Generator,
    number: npt.NDArray[np.int64],
    price: Float,
    factor: Float,
    month: npt.NDArray[np.int64],
    known: list[int],
    *,
    sees_ahead: bool,
) -> Float:
    """Recurring value of each row after six months of one play; 0 of who left."""
    number, price = number.copy(), price.copy()
    quantity = rows["quantity"].fillna(0).to_numpy(dtype=float).copy()
    addon = rows["addon"].fillna(0).to_numpy(dtype=float).copy()
    is_there = rows["is_active"].astype("boolean").fillna(False).to_numpy(dtype=bool)
    state = {name: rows[name].fillna(0).to_numpy(dtype=float) for name in KEPT}
    level = {name: rows[f"{name}_level"].fillna(0).to_numpy(dtype=float) for name in KEPT}
    joined = (rows["joined_on"].dt.year * 12 + rows["joined_on"].dt.month).to_numpy(dtype=float)
    since = rows["months_since_anniversary"].fillna(-1).to_numpy(dtype=float)
    for ahead in range(1, MONTHS + 1):
        s, e, p = (state[name] for name in ("satisfaction", "engagement", "price_pressure"))
        now = month + ahead
        is_renewed = (since >= 0) & ((since + ahead) % 12 == 0)
        draw = rng.random((8, len(rows)))
        is_there = is_there & (draw[0] >= _leaving(rows, s, e, p, now - joined, is_renewed))
        rise = np.where(is_renewed & (draw[1] < 0.8), 0.02 + 0.06 * draw[2], 0.0)
        up = ~is_renewed & ~np.isin(number, (0, 3, 14))
        up &= draw[1] < 0.010 * np.exp(0.6 * s + 0.6 * e - 0.5 * p)
        down = ~is_renewed & ~up & ~np.isin(number, (0, 1, 11))
        down &= draw[2] < 0.006 * np.exp(-0.4 * s - 0.3 * e + 0.7 * p)
        seats = ~is_renewed & ~up & ~down & (number > 10) & (draw[3] < 0.045)
        grows = draw[4] < expit(0.6 + 0.8 * s + 0.8 * e - 0.6 * p)
        step = quantity * (0.05 + 0.25 * draw[5])
        quantity = np.where(seats & grows, quantity + np.maximum(1, np.round(step)), quantity)
        quantity = np.where(
            seats & ~grows & (quantity > 1), quantity - np.maximum(1, np.floor(step)), quantity
        )
        larger, smaller = factor * LISTED[number + 1], factor * LISTED[number - 1]
        price = np.where(up, np.maximum(larger, 1.15 * price), price * (1 + rise))
        price = np.where(down, np.minimum(smaller, 0.85 * price), price)
        number = number + up - down
        out, sold = _launched(now, month, known, sees_ahead=sees_ahead)
        odds = 0.015 * np.exp(0.5 * s + 0.5 * e - 0.4 * p) * np.where(sold, 3, 1)
        kind = np.where(
            (draw[7] < 0.4) | np.isin(number, (1, 11)),
            0,
            np.where((out >= 2) & (draw[7] < 0.75), 2, np.where(out >= 1, 1, 0)),
        )
        begins = (addon == 0) & (draw[6] < odds)
        ends = (addon > 0) & (draw[6] < 0.012 * np.exp(-0.4 * s))
        addon = np.where(begins, quantity * factor * np.array(ADDON_PRICES)[kind], addon)
        addon = np.where(ends, 0.0, addon)
        for name, kept in KEPT.items():
            noise = NOISE[name] * rng.standard_normal(len(rows))
            state[name] = level[name] + kept * (state[name] - level[name]) + noise
        state["engagement"] = state["engagement"] + SATISFACTION_IN_ENGAGEMENT * s
        state["satisfaction"] = state["satisfaction"] - 2.5 * rise
        state["price_pressure"] = state["price_pressure"] + 8 * rise
    return np.where(is_there, quantity * price + addon, 0.0)


def _launched(
    now: npt.NDArray[np.int64],
    month: npt.NDArray[np.int64],
    known: list[int],
    *,
    sees_ahead: bool,
) -> tuple[npt.NDArray[np.int64], Bools]:
    """Add-ons launched by a month, and whether one is younger than six months; as known."""
    seen = [(launch <= now) & (sees_ahead | (launch <= month)) for launch in known]
    fresh = [each & (now < launch + 6) for each, launch in zip(seen, known, strict=True)]
    none = np.zeros(len(now), dtype=bool)
    return np.sum([none, *seen], axis=0), np.any([none, *fresh], axis=0)


def _leaving(
    rows: pd.DataFrame, s: Float, e: Float, p: Float, tenure: Float, is_renewed: Bools
) -> Float:
    """Chance of a subscriber to leave in a month."""
    given = HAZARDS["contractual"]
    is_yearly = (rows["contract_term_months"] == 12).fillna(False).to_numpy(dtype=bool)
    term = np.where(
        is_renewed, given["yearly_term_in_renewal_month"], given["yearly_term_in_other_months"]
    )
    own_will = expit(
        given["intercept"]
        + given["satisfaction"] * s
        + given["engagement"] * e
        + given["price_pressure"] * p
        + given["ln_1_plus_tenure_months"] * np.log1p(np.nan_to_num(np.maximum(tenure, 0)))
        + given["is_organisation"]
        * rows["is_organisation"].astype("boolean").fillna(False).to_numpy(dtype=bool)
        + np.where(is_yearly, term, 0.0)
    )
    return np.asarray(own_will + 0.0016 * np.exp(np.clip(0.8 * p, -2, 2)) + 0.0004)


def spend_over_base(rows: pd.DataFrame) -> Float:
    """What each is expected to spend in the six months, over the base, as a rank."""
    state = {name: rows[name].fillna(0).to_numpy(dtype=float) for name in KEPT}
    level = {name: rows[f"{name}_level"].fillna(0).to_numpy(dtype=float) for name in KEPT}
    month = rows["as_of_date"].dt.month.to_numpy()
    joined = rows["joined_on"]
    tenure = (
        12 * (rows["as_of_date"].dt.year - joined.dt.year) + month - joined.dt.month
    ).to_numpy(dtype=float)
    is_organisation = rows["is_organisation"].astype("boolean").fillna(False).to_numpy(dtype=bool)
    stays = rows["is_active"].astype("boolean").fillna(False).to_numpy(dtype=float)
    given: dict[str, Any] = HAZARDS["repeat"]
    spend = np.zeros(len(rows))
    for ahead in range(1, MONTHS + 1):
        leaving = given["intercept"] + sum(given[name] * state[name] for name in KEPT)
        leaving = leaving + given["ln_1_plus_tenure_months"] * np.log1p(
            np.nan_to_num(np.maximum(tenure + ahead, 0))
        )
        stays = stays * (1 - expit(leaving))
        place = (month + ahead - 1) % 12
        season = np.where(
            is_organisation, np.array(ORGANISATION_SEASON)[place], np.array(PERSON_SEASON)[place]
        )
        wish = (
            0.3 * state["engagement"] + 0.15 * state["satisfaction"] - 0.2 * state["price_pressure"]
        )
        spend += stays * season * np.exp(np.clip(wish, -1.5, 1.5))
        satisfaction = state["satisfaction"]
        for name, kept in KEPT.items():
            state[name] = level[name] + kept * (state[name] - level[name])
        state["engagement"] = state["engagement"] + SATISFACTION_IN_ENGAGEMENT * satisfaction
    planned = rows["planned_value"].fillna(0).to_numpy(dtype=float) / 12
    return np.asarray(planned * spend / rows["base_amount"].to_numpy(dtype=float))


if __name__ == "__main__":
    sys.exit(main())
