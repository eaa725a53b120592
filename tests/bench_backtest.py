"""Whether red health came before leaving, on companies that nobody looked at.

What belongs here: the figures of `scorecard_backtest` of several homes beside each other, as a
table for docs/scorecard.md, and the companies that they are of. What does not: choosing weights or
targets, which must never see these companies.

    python -m tests.bench_backtest simulate --seed 4 --customers 2000 HOME   # then `scorecard run`
    python -m tests.bench_backtest read HOME ...
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from examples.demo_company.design import LAST_MONTH, Design
from examples.demo_company.simulate import write_company

HEADINGS = (
    "Company", "Red", "Amber", "Green", "Red to green", "Monotone", "AUC", "Same kind", "Recall",
    "No score",
)  # fmt: skip


def simulate(home: Path, *, customers: int, months: int, seed: int) -> None:
    """Write a company of another seed into a home."""
    design = Design(customers, months, seed, LAST_MONTH)
    write_company(home / "landing", home / "truth", design)


def read(home: Path, profile: str) -> dict[str, Any]:
    """Read the row of all months of the current release.

    Raises:
        LookupError: The release has no back-test of the profile.
    """
    with duckdb.connect() as con:
        con.execute(f"attach '{home}/current/release.duckdb' as release (read_only)")
        found = con.execute(
            "select * from release.scorecard.scorecard_backtest "
            "where span = 'all_months' and profile = ?",
            [profile],
        )
        names = [column[0] for column in found.description]
        row = found.fetchone()
    if row is None:
        raise LookupError(f"{home} has no back-test of {profile}: run it first.")
    return dict(zip(names, row, strict=True))


def line(name: str, row: dict[str, Any]) -> str:
    """Write a company's row: rates with their 95 % intervals, and what they rest on."""
    rates = [
        f"{_percent(row[f'{band}_churn_ratio'])} ({_percent(row[f'{band}_churn_low'])} to "
        f"{_percent(row[f'{band}_churn_high'])}), n {row[f'{band}_count']:,}"
        for band in ("red", "amber", "green")
    ]
    known = row["customer_count"] + row["unscored_count"]
    cells = (
        name,
        *rates,
        f"{row['red_to_green_ratio']:.1f}",
        {True: "yes", False: "no", None: "a band is empty"}[row["is_monotone"]],
        f"{row['churn_auc']:.3f}",
        f"{row['churn_auc_same_kind']:.3f}",
        f"{_percent(row['recall_ratio'])} %",
        f"{_percent(row['unscored_count'] / known)} %",
    )
    return f"| {' | '.join(cells)} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate a company, or print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("simulate")
    one.add_argument("home", type=Path)
    one.add_argument("--seed", type=int, required=True)
    one.add_argument("--customers", type=int, default=2_000)
    one.add_argument("--months", type=int, default=36)
    many = commands.add_parser("read")
    many.add_argument("homes", type=Path, nargs="+")
    many.add_argument("--profile", default="health")
    chosen = parser.parse_args(arguments)
    if chosen.command == "simulate":
        simulate(chosen.home, customers=chosen.customers, months=chosen.months, seed=chosen.seed)
        return 0
    out = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    out += [line(home.name, read(home, chosen.profile)) for home in chosen.homes]
    sys.stdout.write("\n".join(out) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
