"""What becomes of published predictions: a company run month after month, as in real time.

The landing files of a home go to a home of their own, which is then run up to one month end after
the other. Each run trains, decides, scores and releases with what was known by its month, so that
the probabilities it publishes meet their outcomes in later runs. Printed: what each run took and
came to, and what the marts that look back then say. All files are loaded by the first run: late
arrivals are no part of this.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.settings import Settings
from orchestration.warehouse import connect
from orchestration.window import add_months

ROOT = Path(__file__).parents[1]
RELEASED = (0, 3)  # with every product, with some held
SUMMARIES = {
    "Runs": """
        select strftime(last_month, '%Y-%m') as up_to, status, date_diff(
            'second', started_at, finished_at
        ) as seconds
        from control.runs order by started_at
    """,
    "Churn as it was published, and what came": """
        select strftime(as_of_date, '%Y-%m') as month,
            count(distinct published_month) as runs, count(*) as published,
            count(*) filter (outcome_state = 'known') as known,
            count(*) filter (outcome_state = 'pending') as pending,
            count(*) filter (outcome_state in ('not_judged', 'lost')) as unjudged,
            round(avg(probability) filter (outcome_state = 'known'), 3) as foretold,
            round(avg(has_happened::integer), 3) as happened
        from scorecard.prediction_outcomes where estimator = 'churn' group by all order by 1
    """,
    "Calibration by risk band, months whose outcomes are known": """
        select risk_band, sum(known_count) as known, sum(happened_count) as happened,
            round(sum(expected_ratio * known_count) / sum(known_count), 3) as foretold,
            round(sum(happened_count) / sum(known_count), 3) as came,
            count(*) filter (is_off) as months_off, count(is_off) as months_judged
        from scorecard.prediction_calibration where estimator = 'churn' and known_count > 0
        group by risk_band order by foretold
    """,
    "Drift": """
        select subject_kind, drift_level, count(*) as verdicts,
            count(distinct as_of_date) as months, round(max(stability_index), 3) as largest
        from scorecard.estimator_drift group by all order by all
    """,
    "Changes of lifetime value": """
        select strftime(as_of_date, '%Y-%m') as month, count(*) as customers,
            count(*) filter (is_estimator_changed) as other_estimator,
            sum(opening_clv_12m) as opening, sum(retention_change) as retention,
            sum(margin_change) as margin, sum(estimator_change) as estimator,
            sum(unexplained_change) as unexplained, sum(joined_change) as joined,
            sum(lost_change) as lost, sum(closing_clv_12m) as closing
        from scorecard.clv_changes group by all order by 1
    """,
}


def run_month(home: Path, month: date) -> float:
    """Run one home up to a month end; a release that holds products is a run, too.

    Returns:
        Seconds it took.

    Raises:
        RuntimeError: The run failed.
    """
    call = [sys.executable, "-m", "orchestration.cli", "run", "--to", f"{month:%Y-%m}"]
    began = time.perf_counter()
    done = subprocess.run(
        call,
        cwd=ROOT,
        env={**os.environ, "SCORECARD_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in RELEASED:
        raise RuntimeError(f"the run to {month:%Y-%m} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - began


def last_month(home: Path) -> date:
    """The last month end that the home was run to."""
    with connect(Settings.from_environment({}, root=ROOT, home=home), read_only=True) as con:
        row = con.execute("select max(last_month) from control.runs").fetchone()
    if row is None or row[0] is None:
        raise RuntimeError(f"{home} was never run")
    found: date = row[0]
    return found


def tell(home: Path, console: Console) -> None:
    """Print the summaries of a home's marts."""
    settings = Settings.from_environment({}, root=ROOT, home=home)
    with connect(settings, read_only=True) as con:
        for title, query in SUMMARIES.items():
            found = con.execute(query)
            table = Table(*(str(column[0]) for column in found.description or ()), title=title)
            for row in found.fetchall():
                table.add_row(*("–" if value is None else str(value) for value in row))
            console.print(table)


def main() -> int:
    """Run the months, print what the marts say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="a finished home; it is read, not changed")
    parser.add_argument("--months", type=int, default=13, help="months to run, the last included")
    parser.add_argument("--told", action="store_true", help="run nothing, print what the home says")
    given = parser.parse_args()
    console = Console(width=140)
    if given.told:
        tell(given.home, console)
        return 0
    newest = last_month(given.home)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(given.home / "landing", home / "landing")
        for months in range(1 - given.months, 1):
            month = add_months(newest, months)
            console.print(f"{month:%Y-%m}: {run_month(home, month):.0f} s")
        tell(home, console)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
