"""A simulated company with a known truth, written as the landing files of all source systems.

What belongs here: the order of the work: customers, then month after month, then the files of a
period, then the truth. What does not: what is drawn and how (the SQL beside this), what is planted
when (`design`), how files are written (`writing`).

Everything is computed in DuckDB, set after set; Python sees no customer. Memory holds the months of
one period of files and one row per customer.
"""

import csv
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from examples.demo_company.design import (
    LARGEST_WITH_YEARS,
    LAST_MONTH,
    Design,
    SimulationError,
)
from examples.demo_company.dirt import CUSTOMERS_PER_ROW, with_dirt
from examples.demo_company.tables import SQL, TABLES, SourceTable
from examples.demo_company.writing import quoted, write_rows

log = logging.getLogger(__name__)

FILE_LIST = "files.csv"
COMPANY = """\
name: Demo Company
is_simulated: true
note: >-
  Nobody in it exists. Made by `scorecard simulate`; docs/demo-company.md says how, and what is true
  of it.
"""
DELIVERIES = {
    "crm": "tables:\n  contacts:\n    csv: {encoding: gb18030}\n",
    "organisation": "tables:\n  staff:\n    excel: {sheet: Staff}\n",
}
PERIOD = ("step", "invoices", "lines", "tickets", "invitations", "overlaps")
EXPERIMENT = """
select assigned.arm, count(*), count(departure.t)
from (
    select distinct t, replace(case_name, 'experiment_', '') as arm
    from case_month
    where case_name in ('experiment_control', 'experiment_treatment')
    union
    select t, arm from departure where arm is not null and m = getvariable('experiment_from')
) as assigned
left join departure
    on departure.t = assigned.t and not departure.is_involuntary
    and departure.m between getvariable('experiment_from') and getvariable('experiment_to')
group by assigned.arm
order by assigned.arm
"""
TRUTHS = {
    "identity": "parquet",
    "mrr": "parquet",
    "tickets": "parquet",
    "customers": "parquet",
    "departures": "parquet",
    "planted_cases": "csv",
    "dirty_rows": "csv",
}
FORMATS = ("mixed", "parquet")
WORK = ".simulating"
MEMORY_LIMIT = "4GB"
THREADS = 2
FIRST = ("macros", "world", "customers", "state", "phrases")


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote.

    Attributes:
        landing: The landing area.
        truth: The folder of the truth.
        customers: True customers.
        months: Months of history.
        files: Landing files.
        rows: Rows in the landing files.
    """

    landing: Path
    truth: Path
    customers: int
    months: int
    files: int
    rows: int


def simulate(
    out: Path,
    *,
    customers: int,
    months: int,
    seed: int,
    file_format: str = "mixed",
    last_month: date = LAST_MONTH,
) -> SimulationSummary:
    """Simulate a company and write `landing/` and `truth/` into a folder.

    The same arguments give the same bytes in every file. A landing area that this wrote before is
    replaced as a whole; nobody sees half of one.

    Args:
        out: The folder.
        customers: True customers, those who come in the course of the history included.
        months: Length of the history.
        seed: Any whole number.
        file_format: ``mixed`` (CSV, JSON lines, Parquet, Excel, as in real life) or ``parquet``.
        last_month: The last day of the history, the end of a month.

    Raises:
        SimulationError: The arguments cannot be simulated, or the landing area holds other files.
    """
    return write_company(
        out / "landing",
        out / "truth",
        Design(customers, months, seed, last_month),
        file_format=file_format,
    )


def write_company(
    landing: Path, truth: Path, design: Design, *, file_format: str = "mixed"
) -> SimulationSummary:
    """Simulate a company into two folders of any name; see `simulate`."""
    if file_format not in FORMATS:
        raise SimulationError(f"No format is called {file_format!r}; give one of {FORMATS}.")
    _refuse_other_files(landing, truth)
    landing.parent.mkdir(parents=True, exist_ok=True)
    work = landing.parent / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        with _engine(work, design) as con:
            company = _Company(con, design, work, file_format)
            company.run()
        _describe(work / "landing", file_format)
        _list_files(work)
        _replace(work / "landing", landing)
        _replace(work / "truth", truth)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return SimulationSummary(
        landing, truth, design.customers, design.months, company.files, company.rows
    )


@contextmanager
def _engine(work: Path, design: Design) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "temp_directory": str(work / "spill"),
    }
    # On the disk only what may not fit into memory.
    is_small = design.customers <= LARGEST_WITH_YEARS
    con = duckdb.connect(":memory:" if is_small else str(work / "company.duckdb"), config=config)
    con.execute("pragma disable_checkpoint_on_shutdown")
    try:
        yield con
    finally:
        con.close()


def _refuse_other_files(landing: Path, truth: Path) -> None:
    """Refuse a landing area with files that no simulation wrote: two companies would become one."""
    own: set[str] = set()
    listing = truth / FILE_LIST
    if listing.is_file():
        with listing.open(encoding="utf-8", newline="") as stream:
            own = {row["file"] for row in csv.DictReader(stream)}
    found = {path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file()}
    others = sorted(found - own)
    if others:
        raise SimulationError(
            f"{landing} holds {len(others)} file(s) that no simulation wrote, for instance "
            f"{others[0]}. Nothing was written. Give the simulated company a folder and a home of "
            "its own, or move those files away."
        )


def _describe(landing: Path, file_format: str) -> None:
    """Say that the company is simulated, and how its files differ from the contracts."""
    (landing / "company.yml").write_text(COMPANY, encoding="utf-8")
    if file_format == "mixed":
        for system, text in DELIVERIES.items():
            (landing / system / "source.yml").write_text(text, encoding="utf-8")


def _list_files(work: Path) -> None:
    """List the landing files with their hashes, so that they are known as a simulation's own."""
    landing = work / "landing"
    with (work / "truth" / FILE_LIST).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["file", "bytes", "sha256"])
        for path in sorted(landing.rglob("*")):
            if path.is_file():
                with path.open("rb") as content:
                    digest = hashlib.file_digest(content, "sha256").hexdigest()
                writer.writerow([path.relative_to(landing).as_posix(), path.stat().st_size, digest])


def _replace(new: Path, old: Path) -> None:
    if old.exists():
        shutil.rmtree(old)
    new.rename(old)


class _Company:
    """One simulation under way."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, design: Design, work: Path, file_format: str
    ) -> None:
        self.con = con
        self.design = design
        self.work = work
        self.file_format = file_format
        self.files = 0
        self.rows = 0

    def run(self) -> None:
        self._set("seed_key", f"hash({quoted(self.design.seed_text)})")
        for name, value in self.design.variables().items():
            self._set(name, _literal(value))
        for name in FIRST:
            self._script(name)
        self._after_first()
        self._script("views")
        dump_from = date.min
        for label, first, last in self.design.periods:
            self._set("first_month", str(first))
            self._set("last_month", str(last))
            is_dump = self.design.has_customer_dump(last)
            self._set("is_dump", str(is_dump))
            self._set("dump_from", _literal(dump_from))
            if is_dump:
                dump_from = self.design.month_start(last + 1)
            self._period(label, last)
        for table in TABLES:
            if table.cadence == "once":
                self._write(table, table.name, f"select * from ({table.query})")
        for name, file_format in TRUTHS.items():
            self._write_truth(name, f"{name}.{file_format}", file_format)
        self._write_effects()

    def _period(self, label: str, last: int) -> None:
        for name in PERIOD:
            self._script(name)
        end = self.design.month_start(last + 1)
        for table in TABLES:
            if table.cadence == "period":
                self._write_period(table, label, quoted(end))
        self._script("after")
        self._write_truth("states", f"states/{label}.parquet", "parquet")
        self.con.execute("delete from panel where m < getvariable('last_month')")

    def _write_period(self, table: SourceTable, label: str, end: str) -> None:
        """Write what reaches the files of this period; keep what comes later for the next."""
        kept = f"kept_{table.system}_{table.name}"
        # No parameters: for them, the driver would import a data frame library first.
        known = self.con.execute(
            f"select count(*) from duckdb_tables() where table_name = {quoted(kept)}"
        ).fetchone()
        earlier = f" union all by name select * from {kept}" if known and known[0] else ""
        self.con.execute(f"create or replace temp table batch as {table.query} {earlier}")
        self._write(
            table,
            f"{table.name}_{label}",
            f"select * exclude (_arrives) from batch where _arrives < timestamp {end}",
        )
        self.con.execute(
            f"create or replace temp table {kept} as select * from batch "
            f"where _arrives >= timestamp {end}"
        )

    def _write(self, table: SourceTable, name: str, query: str) -> None:
        file_format = "parquet" if self.file_format == "parquet" else table.mixed_format
        path = self.work / "landing" / table.system / f"{name}.{file_format}"
        ordered = with_dirt(
            self.con,
            table.title,
            query,
            table.order,
            is_typed=file_format == "parquet",
            is_last=name.endswith(f"_{self.design.periods[-1][0]}"),
            most=-(-self.design.customers // CUSTOMERS_PER_ROW),
        )
        rows = write_rows(self.con, ordered, path, file_format=file_format, encoding=table.encoding)
        if rows == 0:
            path.unlink()
            return
        self.files += 1
        self.rows += rows

    def _write_truth(self, name: str, file: str, file_format: str) -> None:
        query = (SQL / "truth" / f"{name}.sql").read_text(encoding="utf-8")
        write_rows(self.con, query, self.work / "truth" / file, file_format=file_format)

    def _write_effects(self) -> None:
        """Write what the design does and what came of it: the answer to what an analyst finds."""
        arms = self.con.execute(EXPERIMENT).fetchall()
        realised = {
            arm: {"customers": customers, "left_while_it_ran": left}
            for arm, customers, left in arms
        }
        effects = self.design.effects(realised)
        path = self.work / "truth" / "effects.json"
        path.write_text(json.dumps(effects, indent=2, default=str) + "\n", encoding="utf-8")

    def _after_first(self) -> None:
        questions = next(table for table in TABLES if table.title == "survey.questions").query
        self.con.execute(f"create table survey_questions as {questions}")
        columns = ", ".join(f"getvariable('{name}') as {name}" for name in self.design.variables())
        self.con.execute(f"create table setting as select {columns}")

    def _script(self, name: str) -> None:
        self.con.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))

    def _set(self, name: str, value: str) -> None:
        self.con.execute(f"set variable {name} = {value}")


def _literal(value: object) -> str:
    if isinstance(value, date):
        return f"date {quoted(value)}"
    return quoted(value) if isinstance(value, str) else str(value)
