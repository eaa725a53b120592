"""`make bench`, second half: how time and memory grow with customers and with months.

For each size the simulated company is written as Parquet and run, each in a process of its own, so
that one's memory is not the other's. Printed: rows a second and peak memory of each stage, and how
much faster than the number of customers its time grew. Then the layer of indicators by itself in
each home, for all months at once and for the last one; and, on the smallest size, what one more
month costs early and late in the history: a run up to a month, the next month's files, a run.

`make bench-large` runs a million customers once, within 8 GB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.dbt import run_dbt
from orchestration.progress import listen, stage
from orchestration.runs import RunMonths, begin, utc_now
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from orchestration.window import add_months, finish_run
from tests.bench import Measured
from tests.company import cut_parquet

ROOT = Path(__file__).parents[1]
EARLY, LATE = 3, 30
LATEST = date(2025, 12, 31)
INDICATORS = ("path:models/indicators", "path:models/scorecard/indicators")


@dataclass(frozen=True)
class StageCost:
    """What one stage of a run cost.

    Attributes:
        name: The stage.
        seconds: Its wall-clock time.
        megabytes: The process's peak memory while it ran.
    """

    name: str
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class SizeCost:
    """What one size cost.

    Attributes:
        customers: How many customers were simulated.
        months: How many months of history.
        rows: Rows that ingestion stored.
        landing_megabytes: Size of the landing files.
        stages: Simulation first, then the run's stages in order.
        indicators: The layer of indicators, all months at once and the last month.
        ended: How the run ended, and with what message.
    """

    customers: int
    months: int
    rows: int
    landing_megabytes: float
    stages: tuple[StageCost, ...]
    indicators: tuple[StageCost, ...]
    ended: str

    @property
    def peak_megabytes(self) -> float:
        """The greatest peak of all stages."""
        return max(cost.megabytes for cost in self.stages)

    @property
    def seconds(self) -> float:
        """Seconds of the run, without the simulation."""
        return sum(cost.seconds for cost in self.stages[1:])


def main() -> int:
    """Measure each size and one more month, and print both."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--customers", type=int, action="append", required=True)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--memory", default=None, help="the engine's limit, for instance 6GB")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; needs room")
    parser.add_argument("--child", choices=("simulate", "run", "indicators"), default=None)
    parser.add_argument("--one-more-month", action="store_true")
    arguments = parser.parse_args()
    if arguments.child:
        return _child(arguments)
    out = Console(width=120)
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        costs = [
            _measure(Path(folder) / str(size), size, arguments.months, arguments.memory)
            for size in sorted(arguments.customers)
        ]
        _print_sizes(out, costs)
        if arguments.one_more_month:
            _print_months(out, _one_more_month(Path(folder), min(arguments.customers)))
    return 0


def _child(arguments: argparse.Namespace) -> int:
    """Do one thing in this process and print what it cost as JSON, on the last line."""
    measured = Measured()
    folder = arguments.folder
    ended = "simulated"
    if arguments.child == "simulate":
        # Only this process needs it.
        from examples.demo_company.simulate import simulate

        with listen(measured), stage("Simulate"):
            simulate(
                folder,
                customers=arguments.customers[0],
                months=arguments.months,
                seed=1,
                file_format="parquet",
            )
    elif arguments.child == "run":
        ended = _run(_settings(folder, arguments.memory), measured)
    else:
        ended = _build_indicators(_settings(folder, arguments.memory), measured)
    rows = [asdict(StageCost(*row)) for row in measured.rows]
    sys.stdout.write("\n" + json.dumps({"stages": rows, "ended": ended}) + "\n")
    return 0


def _settings(folder: Path, memory: str | None) -> Settings:
    if memory:
        os.environ["SCORECARD_MEMORY_LIMIT"] = memory
    os.environ["SCORECARD_HOME"] = str(folder)
    return Settings.from_environment()


def _run(settings: Settings, measured: Measured) -> str:
    prepare_home(settings)
    with listen(measured):
        with stage("Start the engine"):
            from orchestration.launch import load_definitions, run_scorecard

            definitions = load_definitions()
        record = run_scorecard(settings, definitions).record
    return ": ".join(part for part in (record.status, record.message) if part)


def _build_indicators(settings: Settings, measured: Measured) -> str:
    """Build the layer again in a home that ran: the project is parsed before time is taken."""
    with connect(settings, read_only=True) as con:
        months = con.execute("select history_start, last_month from control.run_window").fetchone()
    if months is None:
        raise RuntimeError("the home has no run whose months could be built again")
    first, last = months
    run_dbt(settings, "parse")
    for name, from_month in (("All months at once", first), ("The last month", last)):
        chosen = begin(settings, RunMonths(run_id=name, from_month=from_month), now=utc_now())
        if chosen.first_month != from_month:
            raise RuntimeError(f"{name}: the run starts at {chosen.first_month}: {chosen.reason}")
        with listen(measured), stage(name):
            run_dbt(settings, "run", select=INDICATORS, full_refresh=from_month == first)
        with connect(settings) as con:
            finish_run(con, run_id=name, status="released", now=utc_now())
    return "built"


def in_child(folder: Path, kind: str, customers: int, months: int, memory: str | None) -> dict:
    """Do one thing in a process of its own and give what it cost; the log is beside the folder."""
    command = [sys.executable, "-m", "tests.bench_scale", "--child", kind]
    command += ["--folder", str(folder), "--customers", str(customers), "--months", str(months)]
    if memory:
        command += ["--memory", memory]
    log = folder.with_name(f"{folder.name}-{kind}.log")
    # A file, so that a run of an hour can be watched.
    with log.open("w", encoding="utf-8") as said:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True, check=False
        )
    if done.returncode != 0:
        told = log.read_text(encoding="utf-8")
        raise RuntimeError(f"{kind} failed:\n{done.stdout[-3000:]}\n{told[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _measure(folder: Path, customers: int, months: int, memory: str | None) -> SizeCost:
    simulated = in_child(folder, "simulate", customers, months, memory)
    landing = sum(path.stat().st_size for path in (folder / "landing").rglob("*") if path.is_file())
    ran = in_child(folder, "run", customers, months, memory)
    built = in_child(folder, "indicators", customers, months, memory)
    return SizeCost(
        customers=customers,
        months=months,
        rows=_rows_stored(folder),
        landing_megabytes=landing / 1e6,
        stages=tuple(StageCost(**row) for row in [*simulated["stages"], *ran["stages"]]),
        indicators=tuple(StageCost(**row) for row in built["stages"]),
        ended=ran["ended"],
    )


def _rows_stored(home: Path) -> int:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute("select sum(rows_accepted) from control.loads").fetchone()
    return int(row[0]) if row and row[0] else 0


def _one_more_month(folder: Path, customers: int) -> dict[int, tuple[StageCost, ...]]:
    """What the run of one more month costs, early and late: by month, its stages."""
    whole = folder / "months"
    in_child(whole, "simulate", customers, LATE + 1, None)
    found: dict[int, tuple[StageCost, ...]] = {}
    for month in (EARLY, LATE):
        home = folder / f"month_{month}"
        last = add_months(LATEST, month - LATE - 1)
        cut_parquet(whole / "landing", home / "landing", until=last)
        in_child(home, "run", customers, month, None)
        next_one = add_months(last, 1)
        cut_parquet(whole / "landing", home / "landing", until=next_one, after=last)
        again = in_child(home, "run", customers, month + 1, None)
        found[month] = tuple(StageCost(**row) for row in again["stages"])
    return found


def _print_sizes(out: Console, costs: Sequence[SizeCost]) -> None:
    for cost in costs:
        out.print(
            f"{cost.customers:,} customers x {cost.months} months: {cost.rows:,} rows stored from "
            f"{cost.landing_megabytes:,.0f} MB of Parquet, run {cost.seconds:,.0f} s "
            f"({cost.rows / cost.seconds:,.0f} rows/s), peak {cost.peak_megabytes:,.0f} MB; "
            f"{cost.ended}"
        )
    out.print(
        _by_size(
            "Seconds (peak MB) by size",
            [cost.customers for cost in costs],
            [cost.stages for cost in costs],
        )
    )
    out.print(
        _by_size(
            "The layer of indicators, seconds (peak MB)",
            [cost.customers for cost in costs],
            [cost.indicators for cost in costs],
        )
    )
    if len(costs) > 1:
        ratio = (costs[-1].seconds / costs[0].seconds) / (costs[-1].customers / costs[0].customers)
        out.print(f"[bold]Growth of the whole run over growth of customers: {ratio:.2f}[/bold]")


def _by_size(title: str, sizes: Sequence[int], costs: Sequence[tuple[StageCost, ...]]) -> Table:
    table = Table("Stage", title=title)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    if len(sizes) > 1:
        table.add_column("growth / customers", justify="right")
    for same in zip(*costs, strict=True):
        row = [same[0].name, *(f"{part.seconds:,.1f} ({part.megabytes:,.0f})" for part in same)]
        if len(sizes) > 1:
            growth = same[-1].seconds / max(same[0].seconds, 0.1)
            row.append(f"{growth / (sizes[-1] / sizes[0]):.2f}")
        table.add_row(*row)
    return table


def _print_months(out: Console, found: dict[int, tuple[StageCost, ...]]) -> None:
    table = Table("Stage", title="One more month, seconds")
    for month in found:
        table.add_column(f"after {month} months", justify="right")
    early, late = found[EARLY], found[LATE]
    for first, second in zip(early, late, strict=True):
        table.add_row(first.name, f"{first.seconds:,.1f}", f"{second.seconds:,.1f}")
    out.print(table)
    sums = [sum(cost.seconds for cost in costs[1:]) for costs in (early, late)]
    out.print(
        f"[bold]Ratio of one more month after {LATE} months to one after {EARLY}, without "
        f"start-up: {sums[1] / sums[0]:.2f}[/bold]"
    )


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    sys.stderr.write(f"{time.perf_counter() - started:,.0f} s in all\n")
    sys.exit(code)
