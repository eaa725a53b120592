"""`make bench`, a part: what it costs to score a million customers by three profiles for one month.

The published marts that measures read are made up for two months, each value between and around the
targets of its measure and a quarter of them missing. The engine then runs by dbt as in a run, first
for the month before (not measured), then for the last one: measures, scores, changes taken apart,
dead bands, `customer_scorecard`. The explained months in long form come after, by themselves.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from data_quality.contracts import load_mart_columns
from orchestration.dbt import run_dbt
from orchestration.prediction import ensure_ml_tables
from orchestration.progress import listen, stage
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from tests.bench import Measured

ROOT = Path(__file__).parents[1]
PROFILES = ("health", "generic", "retail")
MARTS = ("customer_indicators", "predictions", "upsell_predictions", "customer_value")
MONTHS = (date(2025, 11, 30), date(2025, 12, 31))
# The engine up to the mart; what it reads beside these is made up (`MADE`) or a seed.
SCORES = ("+customer_scorecard,path:models/scores", "customer_scorecard")
# Empty, as a run without computed weights has it.
STAGED = "stg_ml__scorecard_weights"
MADE = (*MARTS, "int_months", "int_identity_links", "stg_control__run_window")
EXPLAINED = (
    "scr_measure_change_counts",
    "scr_measure_dead_bands",
    "customer_scorecard_nodes",
    "customer_scorecard_measures",
    "customer_scorecard_changes",
)
LIMIT_SECONDS = 60
MISSING = 0.25
FIXED = {
    "customer_id": "customers.customer_id",
    "as_of_date": "months.as_of_date",
    "tier": "substr('ABBCCCDD', 1 + cast(hash(customers.number, 0) % 8 as integer), 1)",
    "value_basis": "'margin'",
    "is_window_complete": "true",
    "risk_band": "'amber'",
}


def fill(con: duckdb.DuckDBPyConnection, customers: int) -> None:
    """Make up what the engine reads, for two months."""
    con.execute(
        f"""
        create schema if not exists staging; create schema if not exists core;
        create schema if not exists scorecard;
        create table core.int_months as
        select unnest([date '{MONTHS[0]}', date '{MONTHS[1]}']) as as_of_date;
        create table core.int_identity_links (
            customer_id varchar, source_system varchar, source_id varchar
        );
        create temp table customers as
        select number, 'customer-' || number as customer_id
        from range({customers}) as numbers(number);
        delete from seeds.scorecard_nodes where profile not in {PROFILES};
        delete from seeds.scorecards where profile not in {PROFILES}
        """
    )
    targets = {
        str(name): (float(floor), float(stretch))
        for name, floor, stretch in con.execute(
            "select indicator_id, avg(floor_value), avg(stretch_value) "
            "from seeds.targets group by 1"
        ).fetchall()
    }
    columns = load_mart_columns()
    for mart in MARTS:
        listed = ", ".join(
            f"cast({_made_up(name, kind, targets, index)} as {kind}) as {name}"
            for index, (name, kind) in enumerate(columns[mart].items())
        )
        con.execute(
            f"create table scorecard.{mart} as select {listed} "
            "from customers cross join core.int_months as months"
        )


def _made_up(name: str, kind: str, targets: Mapping[str, tuple[float, float]], index: int) -> str:
    """An expression for a column: deterministic, spread, and missing for a quarter of the rows."""
    if name in FIXED:
        return FIXED[name]
    # Half of the values of a month are those of the month before.
    when = "case when hash(customers.number, 1) % 2 = 0 then 0 else month(months.as_of_date) end"
    share = f"(hash(customers.number, {index}, {when}) % 1000003) / 1000003.0"
    if kind == "date" or kind == "varchar":
        return "null"
    if kind == "boolean":
        return f"{share} < 0.02"
    if name in targets:
        floor, stretch = targets[name]
        spread = f"{floor - 0.2 * (stretch - floor)} + {1.4 * (stretch - floor)} * {share}"
        value = spread if "int" not in kind else f"round({spread})"
    else:
        value = f"round(exp(3 + 3 * {share}), 2)"
    if name == "days_since_purchase":
        return f"abs({value})"
    return f"case when hash(customers.number, {index}, 7) % 100 >= {100 * MISSING} then {value} end"


def measure(home: Path, customers: int) -> int:
    """Run the engine and print seconds and memory; 1 where it took too long."""
    settings = Settings.from_environment({}, root=ROOT, home=home)
    prepare_home(settings)
    run_dbt(settings, "seed")
    with connect(settings) as con:
        fill(con, customers)
        ensure_ml_tables(con)
    _months(settings, MONTHS[0], MONTHS[0])
    run_dbt(settings, "run", select=(STAGED, *SCORES), full_refresh=True)
    _months(settings, MONTHS[1], MONTHS[1])
    measured = Measured()
    table = Table(title=f"{customers:,} customers x {len(PROFILES)} profiles x 1 month")
    for heading in ("Part", "Seconds", "of the processor", "Peak MB"):
        table.add_column(heading, justify="right" if heading != "Part" else "left")
    seconds: dict[str, float] = {}
    with listen(measured):
        for part, models in (("scored, changes taken apart", SCORES), ("explained", EXPLAINED)):
            with stage(part) as current:
                began, used = time.perf_counter(), time.process_time()
                outcome = run_dbt(settings, "run", select=models, stage=current)
                seconds[part] = time.perf_counter() - began
                processor = time.process_time() - used
            for node in outcome.nodes:
                table.add_row(f"  {node.name}", f"{node.seconds:.1f}", "", "")
            peak = f"{measured.rows[-1][2]:,.0f}"
            table.add_row(part, f"{seconds[part]:.1f}", f"{processor:.1f}", peak)
    out = Console(width=100)
    out.print(table)
    out.print(_checked(settings))
    return int(seconds["scored, changes taken apart"] > LIMIT_SECONDS)


def _months(settings: Settings, first: date, last: date) -> None:
    with connect(settings) as con:
        con.execute(
            "create or replace table staging.stg_control__run_window as "
            "select ? as first_month, ? as last_month, ? as history_start, 1 as known_load_id",
            [first, last, MONTHS[0]],
        )


def _checked(settings: Settings) -> str:
    """What came out, so that nothing fast and empty passes."""
    with connect(settings, read_only=True) as con:
        row = con.execute(
            """
            select
                count(*), count(score), count(value_change),
                max(abs(score_change - (value_change + scale_change + configuration_change
                    + coverage_change + exception_change + override_change)))
            from scorecard.customer_scorecard where as_of_date = ?
            """,
            [MONTHS[1]],
        ).fetchone()
    assert row is not None
    assert row[2] > row[0] / 2, "too few changes to measure anything by"
    return (
        f"{row[0]:,} rows, {row[1]:,} scores, {row[2]:,} changes; parts miss the change by at most "
        f"{row[3]:.0e}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in a process of its own, so that nothing else is in its memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="do it here, in this process")
    chosen = parser.parse_args(arguments)
    if chosen.home is not None:
        return measure(chosen.home, chosen.customers)
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-m", "tests.bench_scorecard", "--home", f"{folder}/home"]
        return subprocess.run(
            [*call, "--customers", str(chosen.customers)], cwd=ROOT, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
