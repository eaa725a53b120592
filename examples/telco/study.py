"""The churn estimators on IBM's Telco table, to be held against published figures.

What belongs here: reading the table, and what is known about it. What does not: training
(`ml.churn.cross_section`). The table has one row per customer and no dates, so it cannot be run as
a company: nothing can be foreseen in it, only compared.

Run it with `python -m examples.telco.study`.
"""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from ml.churn.config import ChurnConfig, GateConfig
from ml.churn.cross_section import CrossSection, judge_cross_section
from ml.gate import is_publishable, refusal_reason

DATA: Final = Path(__file__).parent / "data" / "telco_customer_churn.csv"

CONFIG: Final = replace(ChurnConfig(), gate=GateConfig(max_auc=0.865))
"""The settings of the product, but for the alarm: above this AUC a published figure on this table
has always come from test rows that leaked into training."""

_NUMBERS: Final = ("SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges")
_KEY: Final = ("customerID", "Contract", "Churn")
_REPORTED: Final = (
    *("auc", "pr_auc", "top_decile_lift", "brier", "brier_skill", "ece"),
    *("calibration_slope", "calibration_intercept"),
)


def read_customers(path: Path = DATA) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read the table as a churn frame.

    Words become one column per word. Total charges are blank for the eleven customers of tenure 0:
    nothing was billed to them yet, which is not the same as nothing known, and stays missing. The
    contract is the tier, whose rate is the baseline. All nineteen classic features are used, sex
    and age among them, since the published figures use them; the product would not.

    Returns:
        (one row per customer, names of the features).
    """
    raw = pd.read_csv(path, na_values={"TotalCharges": " "}, keep_default_na=False)
    words = [name for name in raw.columns if name not in (*_NUMBERS, *_KEY)]
    features = pd.concat(
        [raw[list(_NUMBERS)], pd.get_dummies(raw[[*words, "Contract"]], dtype=float)], axis=1
    )
    frame = features.assign(
        customer_id=raw["customerID"],
        as_of_date=pd.Timestamp(date(2018, 1, 31)),  # the table has none; one for all
        tier=raw["Contract"],
        is_churned=raw["Churn"] == "Yes",
    )
    return frame, tuple(str(name) for name in features.columns)


def describe(found: list[CrossSection]) -> str:
    """The measures of each candidate with their intervals, and what the gate says of them."""
    lines = []
    for each in found:
        lines.append(each.candidate)
        for name in _REPORTED:
            low, high = each.evaluation.intervals.get(name, (None, None))
            reach = "" if low is None else f"  ({low:.4f} to {high:.4f})"
            lines.append(f"  {name:<22}{each.evaluation.measures[name]:8.4f}{reach}")
        verdict = (
            "every check passed" if is_publishable(each.checks) else refusal_reason(each.checks)
        )
        lines.append(f"  {'checks':<22}{verdict}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge both candidates on the whole table, and print what was found."""
    frame, features = read_customers()
    sys.stdout.write(describe(judge_cross_section(frame, CONFIG, features=features)))


if __name__ == "__main__":
    main()
