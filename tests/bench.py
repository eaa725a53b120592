"""`make bench`: time and memory of one whole run, and what it costs over a bare DuckDB script.

One run over the real example in a scratch home, measured stage by stage; then, in the same process
and so on the same machine at the same time, a bare script: the same landing files read, the same
SQL (as dbt compiled it) run in the same order, the same marts written as Parquet, without ledger,
quarantine, Dagster, dbt, Great Expectations or a release. The ratios are the figures to keep; the
seconds depend on the machine. `docs/performance.md` keeps one recorded run.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from examples.online_retail.prepare import prepare
from orchestration.progress import listen, stage
from orchestration.settings import Settings
from orchestration.warehouse import prepare_home

ROOT = Path(__file__).parents[1]
# Start-up costs, each in a process of its own, so that nothing is warm.
IMPORTS = {
    "Python alone": "pass",
    "DuckDB": "import duckdb",
    "Dagster": "import dagster",
    "Dagster with dagster-dbt": "import dagster, dagster_dbt",
    "dbt": "import dbt.cli.main",
    "Great Expectations": "import great_expectations",
    "scikit-learn and skops": "import sklearn.ensemble, sklearn.linear_model, skops.io",
    "the report's charts": "import altair, vl_convert",
}


@dataclass
class Measured:
    """Seconds and peak memory of each stage, in order."""

    rows: list[tuple[str, float, float]] = field(default_factory=list)

    def stage_started(self, name: str) -> None:  # noqa: ARG002 (the listener's protocol)
        """Set the process's peak memory back."""
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")

    def stage_advanced(self, name: str, done: int, total: int, detail: str) -> None:
        """Nothing is measured inside a stage."""

    def stage_finished(self, name: str, seconds: float, detail: str, *, is_failed: bool) -> None:  # noqa: ARG002
        """Keep the stage's seconds and peak."""
        self.rows.append((name, seconds, _peak_megabytes()))


def _peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError("the kernel does not tell this process's peak memory")
    return int(found[1]) / 1024


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Dagster reads the home from the environment."""
    os.environ["SCORECARD_HOME"] = str(settings.home)
    yield


def main() -> int:
    """Measure, print, and say what the figures mean."""
    out = Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        settings = Settings.from_environment({}, root=ROOT, home=home)
        started = time.perf_counter()
        prepare(settings.landing)
        preparing = time.perf_counter() - started
        imports = {name: _seconds_of(code) for name, code in IMPORTS.items()}
        with _environment(settings):
            first, whole = _whole_run(settings)
            engine = _engine_seconds(first)
            # The next run compiles incremental models anew, for one month.
            compiled = settings.dbt_target / "compiled" / "scorecard"
            shutil.copytree(compiled, settings.dbt_target / "first")
            second, again = _whole_run(settings)
        bare = _bare_script(settings, Path(folder) / "bare")
        _print_stages(out, "First run, 24 months, 1,067,370 lines", first, whole)
        _print_stages(out, "Second run, nothing new", second, again)
        _print_imports(out, imports)
        out.print(f"Preparing the landing files: {preparing:.1f} s (not part of a run)")
        out.print(f"Engine time of the first run: {engine:.1f} s; bare DuckDB script: {bare:.1f} s")
        out.print(f"[bold]Ratio of the whole run to its engine time: {whole / engine:.2f}[/bold]")
        out.print(f"[bold]Ratio of the whole run to the bare script: {whole / bare:.2f}[/bold]")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        out.print(f"Peak memory of this process: {peak:,.0f} MB")
    return 0


def _seconds_of(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - started


def _whole_run(settings: Settings) -> tuple[Measured, float]:
    measured = Measured()
    started = time.perf_counter()
    prepare_home(settings)
    with listen(measured):
        with stage("Start the engine"):
            # Part of what is measured: Dagster and dagster-dbt are imported here.
            from orchestration.launch import load_definitions, run_scorecard

            definitions = load_definitions()
        run_scorecard(settings, definitions)
    return measured, time.perf_counter() - started


def _engine_seconds(measured: Measured) -> float:
    """Seconds of the stages in which the engine does the work: loading, building, testing."""
    return sum(
        seconds for name, seconds, _ in measured.rows if name.startswith(("Load", "Build", "Test"))
    )


def _bare_script(settings: Settings, out: Path) -> float:
    """Seconds of the same SQL without anything around it."""
    manifest = json.loads((settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect() as con:
        con.execute(f"set memory_limit = '{settings.memory_limit}'; set threads = 2")
        con.execute(f"attach '{settings.warehouse}' as warehouse (read_only)")
        started = time.perf_counter()
        _read_landing(con, settings, manifest)
        _run_models(con, settings, manifest)
        out.mkdir()
        for (mart,) in con.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'memory' and table_schema = 'scorecard'"
        ).fetchall():
            con.execute(f"copy memory.scorecard.{mart} to '{out / mart}.parquet'")
        return time.perf_counter() - started


def _read_landing(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: dict) -> None:
    """Read the landing files plainly; what a run writes for itself is taken from the warehouse."""
    for schema in ("raw", "control", "ml", "seeds"):
        con.execute(f"create schema {schema}")
    for source in manifest["sources"].values():
        schema, table = source["schema"], source["identifier"]
        if schema != "raw":
            con.execute(f"create table {schema}.{table} as from warehouse.{schema}.{table}")
            continue
        pattern = settings.landing / source["source_name"] / f"{source['name']}_2*"
        names = [path.name for path in pattern.parent.glob(pattern.name)]
        reader = "read_parquet" if names[0].endswith("parquet") else "read_csv"
        reader = "read_json" if names[0].endswith("jsonl") else reader
        columns = ", ".join(
            f"cast({name} as {column['data_type']}) as {name}"
            for name, column in source["columns"].items()
        )
        # Invoices stand in both extracts; a bare reader must leave the second one out too.
        con.execute(
            f"create table raw.{table} as select distinct {columns}, "
            "1 as _load_id, '' as _file, 1 as _line, 1 as _row_hash "
            f"from {reader}('{pattern}')"
        )
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            con.execute(f"create table seeds.{node['name']} as from warehouse.seeds.{node['name']}")


def _run_models(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: dict) -> None:
    """Run the models' own SQL, as dbt compiled it for the first run, in its order."""
    models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    for schema in {node["schema"] for node in models.values()}:
        con.execute(f"create schema if not exists {schema}")
    done: set[str] = set()
    while len(done) < len(models):
        ready = [
            key
            for key, node in models.items()
            if key not in done
            and all(p in done for p in node["depends_on"]["nodes"] if p in models)
        ]
        for key in sorted(ready):
            node = models[key]
            compiled = settings.dbt_target / "first" / node["original_file_path"]
            sql = compiled.read_text(encoding="utf-8").replace('"warehouse".', "memory.")
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            con.execute(f"create {kind} {node['schema']}.{node['name']} as {sql}")
            done.add(key)


def _print_stages(out: Console, title: str, measured: Measured, whole: float) -> None:
    table = Table("Stage", "Seconds", "Peak MB", title=title)
    for name, seconds, peak in measured.rows:
        table.add_row(name, f"{seconds:.1f}", f"{peak:,.0f}")
    table.add_row("The whole run", f"{whole:.1f}", "", style="bold")
    out.print(table)


def _print_imports(out: Console, imports: dict[str, float]) -> None:
    table = Table("Start-up, each in a process of its own", "Seconds")
    for name, seconds in imports.items():
        table.add_row(name, f"{seconds:.1f}")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
