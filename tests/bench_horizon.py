"""`make bench`: lifetime value of 36 (or 12) months beside what came, and beside an oracle.

A company of so many customers is simulated over five years and run once. The estimator is trained
on what was known three years before the end: features, outcomes that were over, changes of
contracts. Its `clv_36m`, not discounted, is compared with the value of the 36 months after, which
is that of three complete years one after the other; with `--years 1` its `clv_12m` with the last
year. Beside it stand the naive way (carrying last
year's monthly value forward, times retention) and an oracle of the truth, who

- knows each customer's true chance of leaving in every month, given the latent states at the
  as-of date, drawn back to the customer's own level as the simulation draws them, with renewals;
- takes the contract's recurring revenue of the date with the estimator's own growth of a tier, and
  of who buys at will the yearly value that the simulation planned, at the scale at which those of
  a year's standing kept to it in the year before, with what the states do to it;
- turns revenue into value by the same shares as the estimator.

It knows no return of who left and nobody's single purchases, and stands for what of three years is
foreseeable from the state of a day, not for the least error there is.

Of our own intervals: how many outcomes of 36 (or 12) months lay inside the middle 90 % of what was
held possible, by randomised place, with the 95 % interval of that share by the chance of so many
customers; errors that all customers share are not in it.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.clv.config import ClvConfig
from ml.clv.estimator import is_mature
from ml.clv.evaluation import ValueEvaluation, evaluate_values, naive_value
from ml.clv.long_contest import reaches_the_year
from ml.clv.panel import ValuePanel, read_values
from ml.clv.possible import PLAIN, Possible, is_inside
from ml.clv.summary import WEEKS_PER_MONTH
from ml.clv.training import ClvTraining, score_clv, train_clv
from orchestration.settings import Settings
from tests.bench_churn import STATES, build, flags, monthly_stays
from tests.conftest import ROOT

Float = npt.NDArray[np.float64]

FEATURES = "select * from company.features.ftr_value where as_of_date <= $day"
# Outcomes that were over on the day.
OUTCOMES = """
select * from company.features.ftr_value_outcomes
where last_day(as_of_date + to_months(outcome_months)) <= $day
"""
CHANGES = "select * from company.features.ftr_contract_changes where as_of_date <= $day"
# Of customers of the day: so many years one after the other, on the same basis of value.
LATER = """
select customer_id, sum(value_after) as value_after
from company.features.ftr_value_outcomes
where outcome_months = 12 and as_of_date in (
    select last_day($day + to_months(12 * year)) from range($years) as years (year)
)
group by customer_id
having count(*) = $years and count(distinct value_basis) = 1
"""
TERMS = """
select customer_id, next_renewal_date, term_months as contract_term_months
from company.core.int_contract_months where as_of_date = $day
"""


@dataclass(frozen=True)
class Known:
    """What was known on a day, and what came after it; `seen` are customers of the truth."""

    day: pd.Timestamp
    years: int
    training: ClvTraining
    panel: ValuePanel
    scored: pd.DataFrame
    later: pd.DataFrame
    states: pd.DataFrame
    seen: set[str]


def main() -> int:
    """Simulate, run, judge; 1 where value is foreseen no better than by carrying forward."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--months", type=int, default=60, help="at least 36 and some to learn from")
    parser.add_argument("--home", type=Path, help="judge a demo company that was run there")
    parser.add_argument("--years", type=int, choices=(1, 3), default=3, help="how far ahead")
    arguments = parser.parse_args()
    out = Console(width=130)
    if arguments.home is not None:
        return report(out, arguments.home, arguments.years)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), arguments.customers, arguments.months)
        return report(out, Path(folder), arguments.years)


def learn(home: Path, years: int) -> Known:
    """Train on what was known so many years before the end, and read what came."""
    settings = Settings.from_environment({}, root=ROOT, home=home)
    truth = home / "truth"
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as company (read_only)")
        (day,) = con.execute(
            "select last_day(max(as_of_date) - to_months($months)) from company.features.ftr_value",
            {"months": 12 * years},
        ).fetchall()[0]
        given = {"day": day}
        frame, outcomes, changes, terms = (
            con.execute(query, given).df() for query in (FEATURES, OUTCOMES, CHANGES, TERMS)
        )
        later = con.execute(LATER, {**given, "years": years}).df()
        states = con.execute(
            f"select * from ({STATES}) where as_of_date <= $day",
            {
                **given,
                "identity": str(truth / "identity.parquet"),
                "states": str(truth / "states" / "*.parquet"),
                "customers": str(truth / "customers.parquet"),
            },
        ).df()
    is_today = states["as_of_date"] == pd.Timestamp(day)
    # Value is compared with sums that are not discounted.
    training = train_clv(frame, outcomes, ClvConfig(discount_rate=0.0), changes)
    today = frame[frame["as_of_date"] == pd.Timestamp(day)]
    panel = read_values(today)
    return Known(
        day=pd.Timestamp(day),
        years=years,
        training=training,
        panel=panel,
        scored=score_clv(today, training.estimator),
        later=later,
        states=states[is_today].merge(terms, how="left", on="customer_id", validate="one_to_one"),
        seen=set(states["customer_id"]),
    )


def oracle_value(known: Known, rows: pd.DataFrame, effects: dict[str, Any]) -> Float:
    """What the truth's states let expect of the months; NaN for who is not in the truth.

    Args:
        known: What was known.
        rows: The states of the customers of `known.panel`, in their order.
        effects: Coefficients of the simulation.
    """
    panel, parts, months = known.panel, known.training.estimator.parts, 12 * known.years
    stays, level = monthly_stays(rows, effects, months=months)
    growth = np.ones_like(stays)
    if parts.contract is not None:
        place = {name: number for number, name in enumerate(parts.contract.tiers)}
        position = [place.get(str(tier), len(place)) for tier in panel.tier]
        growth = parts.contract.tier_growth[position][:, None] ** np.arange(1, months + 1)
    contract = (stays * growth).sum(axis=1) * np.where(panel.is_in_force, panel.recurring_value, 0)
    planned = rows["planned_value"].to_numpy(dtype=float) / 12 * panel.value_ratio
    is_subscriber = flags(rows["is_subscriber"])
    whole_year = flags(rows["is_active"]) & ~is_subscriber & (panel.tenure >= 12 * WEEKS_PER_MONTH)
    brought = panel.purchase_value_12m[whole_year].sum() / (12 * planned[whole_year]).sum()
    bought = (stays * level).sum(axis=1) * planned * brought
    found = np.where(is_subscriber, contract, bought)
    # Without a state on the day a customer has left: of no value to who knows of no return.
    has_left = np.where(rows["customer_id"].isin(known.seen), 0.0, np.nan)
    return np.where(rows["is_active"].isna(), has_left, found)


def outcomes_inside(known: Known, value: Float) -> Float:
    """1 where an outcome lay inside the interval published, 0 outside; NaN without one of both.

    Args:
        known: What was known.
        value: What came of the customers of `known.panel`, in their order.
    """
    estimator, panel = known.training.estimator, known.panel
    found = np.full(len(panel), np.nan)
    has_one = known.scored[f"clv_{12 * known.years}m_low"].notna().to_numpy()
    rows = has_one & np.isfinite(value)
    if not rows.any():
        return found
    draws, seed, levels = estimator.interval_draws, estimator.seed, estimator.levels
    possible = year = Possible(estimator.parts, 12, draws, seed)
    if known.years > 1:
        possible = estimator.three_years.possible(estimator.parts, draws, seed, None)
        levels = estimator.three_years.levels
    own = panel.take(rows)
    places = possible.places(own, value[rows])
    inside = np.where(own.has_contract, is_inside(places, PLAIN), is_inside(places, levels))
    if known.years > 1:
        inside &= reaches_the_year(year, estimator.levels, own, value[rows])
    found[rows] = inside
    return found


def _rests_on(known: Known) -> str:
    """What the widths of the intervals were learnt from."""
    if known.years == 1:
        return "intervals of 12 months"
    bases = known.scored["clv_36m_interval_basis"].dropna().unique()
    return f"intervals {' and '.join(sorted(bases)) or 'of nothing'}"


def _covered(one: ValueEvaluation) -> str:
    if "interval_coverage" not in one.measures:
        return ""
    low, high = one.intervals["interval_coverage"]
    return f"{100 * one.measures['interval_coverage']:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def report(out: Console, home: Path, years: int) -> int:
    """Print ours, the oracle and the naive way, for all, contracts and buyers."""
    known, months = learn(home, years), 12 * years
    key = known.panel.key[["customer_id"]]
    effects = json.loads((home / "truth" / "effects.json").read_text())
    rows = key.merge(known.states, how="left", on="customer_id", validate="one_to_one")
    oracle = oracle_value(known, rows, effects)
    value = key.merge(known.later, how="left", on="customer_id")["value_after"].to_numpy(float)
    ours = known.scored[f"clv_{months}m"].to_numpy(dtype=float)
    naive = naive_value(known.panel, months=months)
    mature = is_mature(known.panel, known.training.estimator.min_tenure_days)
    is_judged = mature & np.isfinite(value) & np.isfinite(ours) & np.isfinite(oracle)
    inside = outcomes_inside(known, value)
    out.print(
        f"as of {known.day:%Y-%m-%d}, {known.training.estimator.candidate}, "
        f"{_rests_on(known)}: "
        f"{int(is_judged.sum()):,} customers judged; of {len(mature):,} "
        f"{int((~mature).sum()):,} are too new, {int((mature & ~np.isfinite(value)).sum()):,} have "
        f"no value of {months} months, {int((mature & ~np.isfinite(oracle)).sum()):,} no truth"
    )
    table = Table(title=f"{months} months, not discounted")
    for name in ("customers", "by", "mean error", "total bias, %", "Spearman", "Gini", "inside, %"):
        table.add_column(name, justify="left" if name in ("customers", "by") else "right")
    config = ClvConfig()
    found: dict[str, ValueEvaluation] = {}
    has_contract = known.panel.has_contract
    for part, group in (("all", mature), ("contracts", has_contract), ("buyers", ~has_contract)):
        chosen = is_judged & group
        for who, foreseen in (("this project", ours), ("oracle", oracle), ("naive", naive)):
            told = chosen & np.isfinite(inside)
            one = evaluate_values(
                purchases=None,
                value=(value[chosen], foreseen[chosen]),
                is_inside=inside[told] > 0 if foreseen is ours else None,
                config=config,
            )
            found[f"{part} {who}"] = one
            low, high = one.intervals["value_bias_pct"]
            table.add_row(
                f"{part} ({one.customers:,})",
                who,
                f"{one.measures['value_mae']:,.0f}",
                f"{one.measures['value_bias_pct']:+.1f} ({low:+.0f} to {high:+.0f})",
                f"{one.measures['value_spearman']:.3f}",
                f"{one.measures['value_gini']:.3f}",
                _covered(one),
            )
    out.print(table)
    own, carried = (found[f"all {who}"].measures["value_mae"] for who in ("this project", "naive"))
    out.print(f"{'met   ' if own < carried else 'MISSED'} a smaller error than carrying forward")
    return 0 if own < carried else 1


if __name__ == "__main__":
    sys.exit(main())
