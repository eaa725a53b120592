"""The intervals of drawn rates, as the macro computes them, against scipy's Beta distribution."""

import re

import duckdb
import jinja2
import pandas as pd
from scipy.stats import beta

from tests.conftest import ROOT

MACROS = ROOT / "dbt_project" / "macros"
WEIGHT = 30
# Successes in trials, with what is usual.
CASES = pd.DataFrame(
    [
        (successes, trials, usual)
        for trials in (1, 2, 7, 30, 100, 499)
        for successes in sorted({0, 1, trials // 3, trials // 2, trials})
        for usual in (0.0005, 0.1, 0.2, 0.4, 0.5, 0.75, 0.9, 0.9995)
    ],
    columns=["successes", "trials", "usual"],
)


def bounds(cases: pd.DataFrame) -> pd.DataFrame:
    """Both bounds of each case, by the macro, in the engine."""
    text = "".join((MACROS / name).read_text("utf-8") for name in ("numbers.sql", "posterior.sql"))
    macros = re.sub(r"{% macro (standing|mean|clamp)\(.*?endmacro %}", "", text, flags=re.S)
    columns = ", ".join(
        f"{{{{ shrunk_rate_bound('successes', 'trials', 'usual', {WEIGHT}, '{sign}') }}}} as {name}"
        for sign, name in (("-", "low"), ("+", "high"))
    )
    query = jinja2.Template(f"{macros} select *, {columns} from cases").render()
    with duckdb.connect() as con:
        return con.register("cases", cases).sql(query).df()


def test_bounds_are_those_of_the_beta_posterior() -> None:
    found = bounds(CASES)
    a = found.successes + WEIGHT * found.usual
    b = found.trials - found.successes + WEIGHT * (1 - found.usual)
    is_usual = (a > 3) & (b > 3)
    assert is_usual.sum() > 100
    for name, point in (("low", 0.025), ("high", 0.975)):
        exact = pd.Series(beta.ppf(point, a, b))
        assert (found[name] - exact).abs()[is_usual].max() < 0.003
    assert ((found.low <= a / (a + b)) & (a / (a + b) <= found.high)).all()


def test_an_interval_of_hardly_any_case_is_wider_not_empty() -> None:
    found = bounds(CASES)
    a = found.successes + WEIGHT * found.usual
    b = found.trials - found.successes + WEIGHT * (1 - found.usual)
    few = (a < 1) | (b < 1)
    assert few.any()
    assert (found.low <= beta.ppf(0.025, a, b))[few].all()
    assert (found.high >= beta.ppf(0.975, a, b))[few].all()


def test_nothing_counted_has_no_interval() -> None:
    found = bounds(pd.DataFrame([(0, 0, 0.4)], columns=CASES.columns))
    assert found[["low", "high"]].isna().all(axis=None)
