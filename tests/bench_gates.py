"""`make bench`, a part: what the gates of all data products cost over the marts of many customers.

The marts of a built company, and the tables that rules read beside them, are multiplied: each copy
of a customer has all of its rows, under keys of its own. The gates then judge them as a run does.
Roll-ups stay as they are, so that rules which compare them with the customers' rows fail; they are
counted, and each costs its query a second time (for the keys of failing rows), as in a bad run.

    python -m tests.bench_gates --home .scorecard --customers 1000000 --months 1

`--months` keeps the newest months of what has one row a month, `--profiles` the scorecards named;
`--list 20` names the dearest statements. Without a home a small company is simulated and run first.
`--keep FILE` keeps the multiplied marts (11 GB for a million customers and one month), `--judge
FILE` judges them again.
What was measured stands in docs/performance.md.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from data_quality import dialect
from data_quality.engine import open_judge
from data_quality.gates import run_gates
from data_quality.products import SCHEMA, SOURCE, load_products
from data_quality.suites.catalogue import all_rules
from tests.bench_scale import in_child

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 60
LIMIT_MEGABYTES = 4_096
# The company that is multiplied where no home is given.
BUILT_CUSTOMERS, BUILT_MONTHS = 400, 24
MULTIPLY_MEMORY = "2GB"
MONTH = "as_of_date"
PROFILE = "profile"
# Keys of customers and of what customers do: those of a copy have its number at their end.
COPIED_KEYS = frozenset(
    {
        "account_id",
        "alert_id",
        "card_id",
        "change_id",
        "check_id",
        "comment_id",
        "complaint_id",
        "contact_id",
        "crm_customer_id",
        "customer_id",
        "document_id",
        "event_id",
        "interaction_id",
        "invitation_id",
        "invoice_id",
        "line_id",
        "member_id",
        "occurrence_id",
        "opportunity_id",
        "outcome_id",
        "parent_customer_id",
        "payment_id",
        "record_hash",
        "referred_customer_id",
        "requester_id",
        "respondent_id",
        "response_id",
        "return_id",
        "shipment_id",
        "source_id",
        "subscription_id",
        "ticket_id",
        "touch_id",
        "worst_customer_id",
    }
)


def judged_tables() -> tuple[str, ...]:
    """Name every mart, and every table that a rule of a product reads beside them."""
    marts = [f"{SCHEMA}.{mart}" for product in load_products().values() for mart in product.marts]
    read = [
        table
        for product, rules in all_rules().items()
        if product != SOURCE
        for rule in rules
        for table in (rule.table, *rule.reads)
    ]
    return tuple(dict.fromkeys([*marts, *read]))


def multiply(
    source: Path,
    target: Path,
    *,
    customers: int,
    months: int | None,
    profiles: Sequence[str] = (),
) -> int:
    """Write the tables of one warehouse, with copies of its customers, to another.

    Args:
        source: The warehouse of a built home.
        target: The file to write.
        customers: How many customers are wanted; whole copies are made, at least one.
        months: How many of the newest months are kept; None for all.
        profiles: The scorecards that are kept; all where none is named.

    Returns:
        The number of customers that came out.
    """
    with duckdb.connect(str(target)) as con:
        con.execute("set preserve_insertion_order = false")
        con.execute(f"set memory_limit = '{MULTIPLY_MEMORY}'")
        con.execute(f"attach '{source}' as built (read_only)")
        known = _one(con, f"select count(*) from built.{SCHEMA}.customers")
        last = _one(con, "select last_month from built.control.run_window")
        copies = max(1, round(customers / known))
        there = {
            f"{schema}.{name}"
            for schema, name in con.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'built' "
                "union all select schema_name, view_name from duckdb_views() "
                "where database_name = 'built'"
            ).fetchall()
        }
        missing = [table for table in judged_tables() if table not in there]
        if missing:
            raise SystemExit(
                f"{source} was built by other code: {', '.join(missing)} missing. Run "
                "`scorecard run` in that home, or name none."
            )
        for table in judged_tables():
            columns = [row[0] for row in con.execute(f"describe built.{table}").fetchall()]
            copied = COPIED_KEYS.intersection(columns)
            listed = ", ".join(
                f"{name} || case when number > 0 then '~' || number else '' end as {name}"
                if name in copied
                else name
                for name in columns
            )
            conditions = []
            if months is not None and MONTH in columns and table != "scorecard.estimator_metrics":
                conditions.append(f"{MONTH} > date '{last}' - interval {months} month")
            if profiles and PROFILE in columns:
                conditions.append(f"{PROFILE} in ({', '.join(map(repr, profiles))})")
            kept = f"where {' and '.join(conditions)}" if conditions else ""
            con.execute(f"create schema if not exists {table.partition('.')[0]}")
            con.execute(
                f"create table {table} as select {listed} from built.{table} "
                f"cross join range({copies if copied else 1}) as copies(number) {kept}"
            )
        if months is not None:
            con.execute(
                "update control.run_window set history_start = "
                f"(select min({MONTH}) from {SCHEMA}.customer_scorecard)"
            )
        return known * copies


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0]) if isinstance(row[0], int) else row[0]


def measure(warehouse: Path, customers: int, memory: str, listed: int) -> int:
    """Judge the marts and print what it cost; 1 where it took too long or too much."""
    slowest: list[tuple[float, str]] = []
    _time_statements(slowest)
    limits: dict[str, str | int] = {
        "memory_limit": memory,
        "threads": 2,
        "temp_directory": f"{warehouse}.tmp",
    }
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with open_judge(warehouse, limits=limits) as judge:
            judge.missing(())
        opened = time.perf_counter() - began
        began, used = time.perf_counter(), time.process_time()
        evidence = run_gates(
            warehouse,
            load_products(),
            run_id="bench",
            output=Path(folder) / "evidence",
            docs=Path(folder) / "docs",
            limits=limits,
        )
        seconds, processor = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results = [result for each in evidence for result in each.results]
    failed = [result.rule_id for result in results if not result.is_passed]
    asked = sum(each[0] for each in slowest)
    table = Table(title=f"{customers:,} customers, {len(results):,} rules")
    headings = ("Start", "Gates", "of the processor", "in statements", "Statements", "Peak MB")
    for heading in (*headings, "Rules failed"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{opened:.1f} s",
        f"{seconds:.1f} s",
        f"{processor:.1f} s",
        f"{asked:.1f} s",
        f"{len(slowest):,}",
        f"{peak:,.0f}",
        str(len(failed)),
    )
    out = Console(width=140)
    out.print(table)
    _print_slowest(out, slowest, listed)
    if listed:
        out.print(f"Failed: {', '.join(failed)}")
    return int(seconds > LIMIT_SECONDS or peak > LIMIT_MEGABYTES)


def _time_statements(found: list[tuple[float, str]]) -> None:
    """Let the cursor of the judge tell how long each statement took."""
    plain = dialect.BufferedCursor.execute

    def timed(self, statement, parameters=None, context=None):  # type: ignore[no-untyped-def]
        began = time.perf_counter()
        plain(self, statement, parameters, context)
        found.append((time.perf_counter() - began, str(statement)))

    dialect.BufferedCursor.execute = timed  # type: ignore[method-assign]


def _print_slowest(out: Console, slowest: Iterable[tuple[float, str]], listed: int) -> None:
    for seconds, statement in sorted(slowest, reverse=True)[:listed]:
        out.print(f"{seconds:7.2f} s  {' '.join(statement.split())[:400]}", highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Multiply and measure, each in a process of its own, so that memory is that of the gates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--months", type=int, help="the newest months alone")
    parser.add_argument("--profiles", nargs="+", default=(), help="these scorecards alone")
    parser.add_argument("--home", type=Path, help="a built home whose customers are multiplied")
    parser.add_argument("--memory", default="3GB", help="what the engine may take")
    parser.add_argument("--list", type=int, default=0, help="how many statements to name")
    parser.add_argument("--keep", type=Path, help="where the multiplied marts are kept")
    parser.add_argument("--judge", type=Path, help="judge this warehouse, in this process")
    chosen = parser.parse_args(arguments)
    if chosen.judge is not None:
        return measure(chosen.judge, chosen.customers, chosen.memory, chosen.list)
    with tempfile.TemporaryDirectory() as folder:
        target = chosen.keep or Path(folder) / "warehouse.duckdb"
        source = (chosen.home or _built(Path(folder) / "home")) / "warehouse.duckdb"
        made = multiply(
            source,
            target,
            customers=chosen.customers,
            months=chosen.months,
            profiles=chosen.profiles,
        )
        call = [sys.executable, "-m", "tests.bench_gates", "--judge", str(target)]
        call += ["--customers", str(made), "--memory", chosen.memory, "--list", str(chosen.list)]
        return subprocess.run(call, cwd=ROOT, check=False).returncode


def _built(home: Path) -> Path:
    """Simulate a small company and run it."""
    for kind in ("simulate", "run"):
        in_child(home, kind, BUILT_CUSTOMERS, BUILT_MONTHS, None)
    return home


if __name__ == "__main__":
    sys.exit(main())
