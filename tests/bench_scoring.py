"""What it costs to score a million customers, from features to table.

A finished home is copied, and the customers of its last month are multiplied in the feature tables;
each estimator then scores that month in a process of its own, as a run does. Printed: seconds,
rows and peak memory. Reasons and intervals are part of scoring; the estimators are those of the
home, whatever they learnt from.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.prediction import KINDS, Kind, score, train
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.bench import Measured

ROOT = Path(__file__).parents[1]
MULTIPLIED = (
    *("ftr_churn", "ftr_churn_labels", "ftr_value", "ftr_credit", "ftr_credit_labels"),
    *("ftr_upsell", "ftr_upsell_labels"),
)
OTHER_ID = "part.customer_id || '-' || copy.number as customer_id"
# Equal histories are reckoned once: copies are given histories of their own.
CHANGED = {
    "ftr_value": (
        "part.age_days + copy.number % 89 as age_days",
        "case when part.repeat_purchase_count > 0 then part.recency_days + copy.number % 89 "
        "else 0 end as recency_days",
    )
}


def multiply(settings: Settings, customers: int) -> int:
    """Fill the last month of the feature tables with copies of its customers, under other ids.

    Returns:
        How many customers that month has then.
    """
    with connect(settings) as con:
        con.execute("update control.runs set first_month = last_month")
        (month,) = con.execute("select max(last_month) from control.runs").fetchone()
        (found,) = con.execute(
            "select count(*) from features.ftr_churn where as_of_date = ?", [month]
        ).fetchone()
        copies = -(-customers // found)
        for table in MULTIPLIED:
            con.execute(
                f"insert into features.{table} "
                f"select part.* replace ({', '.join((OTHER_ID, *CHANGED.get(table, ())))}) "
                f"from features.{table} as part cross join range(1, ?) as copy(number) "
                "where part.as_of_date = ?",
                [copies, month],
            )
    return copies * found


def measure(settings: Settings, kind: Kind) -> dict[str, float]:
    """Train if rows are new to the estimator (not measured), then score the last month."""
    train(settings, kind)
    measured = Measured()
    measured.stage_started(kind)
    began = time.perf_counter()
    scores = score(settings, kind)
    measured.stage_finished(kind, time.perf_counter() - began, "", is_failed=False)
    ((_, seconds, megabytes),) = measured.rows
    return {"rows": sum(part.rows for part in scores), "seconds": seconds, "megabytes": megabytes}


def _in_its_own_process(home: Path, kind: Kind) -> dict[str, float]:
    call = [sys.executable, "-m", "tests.bench_scoring", str(home), "--measure", kind]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"scoring {kind} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Multiply the customers of a home, score them, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="a finished home; it is copied, not changed")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--measure", choices=KINDS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        settings = Settings.from_environment({}, root=ROOT, home=given.home)
        sys.stdout.write(json.dumps(measure(settings, given.measure)) + "\n")
        return 0
    table = Table("Estimator", "Rows", "Seconds", "Peak MB")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        shutil.copy(given.home / "warehouse.duckdb", home)
        shutil.copytree(given.home / "estimators", home / "estimators")
        multiply(Settings.from_environment({}, root=ROOT, home=home), given.customers)
        for kind in KINDS:
            found = _in_its_own_process(home, kind)
            table.add_row(
                kind,
                f"{found['rows']:,.0f}",
                f"{found['seconds']:.1f}",
                f"{found['megabytes']:,.0f}",
            )
    Console(width=80).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
