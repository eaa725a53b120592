"""Companies to run on, in landing files: a twelfth of the real example, a small simulated one.

What belongs here: choosing rows of the examples and cutting them at a date. What does not: rows
that nobody ever wrote; what is wrong in an example is wrong here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from examples.demo_company.simulate import simulate
from examples.online_retail.prepare import prepare
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.files import discover

ROOT = Path(__file__).parents[1]
SHARE = 12
# Tables of `deliveries`, by system and name.
WITH_THEIR_INVOICE = frozenset({"billing.invoices", "billing.invoice_lines"})
NEVER_LATE = frozenset(
    {
        "billing.products",
        "billing.unit_costs",
        "organisation.ahp_judgements",
        "organisation.experiments",
    }
)


@dataclass(frozen=True)
class Table:
    """A landing table: its file, how the rows are chosen, and the time of its fact."""

    path: str
    reader: str
    condition: str
    event_time: str
    options: str


_KEPT = f"(try_cast(customer_id as bigint) % {SHARE} = 0)"
_NOBODY = f"(customer_id is null and hash({{key}}) % {SHARE * 4} = 0)"
TABLES = (
    Table("crm/customers", "csv", _KEPT, "updated_at", "format csv, header"),
    Table("billing/products", "json", "true", "updated_at", "format json"),
    Table(
        "billing/invoices",
        "csv",
        f"{_KEPT} or {_NOBODY.format(key='invoice_id')}",
        "invoiced_at",
        "format csv, header, compression gzip",
    ),
    Table(
        "billing/invoice_lines",
        "parquet",
        "invoice_id in (select invoice_id from kept_invoices)",
        "invoiced_at",
        "format parquet, compression zstd",
    ),
    Table(
        "billing/credit_notes",
        "csv",
        f"{_KEPT} or {_NOBODY.format(key='credit_line_id')}",
        "credited_at",
        "format csv, header",
    ),
)
_READERS = {
    "csv": "read_csv('{files}', all_varchar = true, header = true)",
    "json": "read_json_auto('{files}')",
    "parquet": "read_parquet('{files}')",
}
_SUFFIXES = {"billing/invoices": "csv.gz", "billing/invoice_lines": "parquet"}
_SUFFIXES |= {"billing/products": "jsonl"}


def small_landing(out: Path, *, whole: Path) -> Path:
    """Write the small company's landing files; `whole` is where the example is prepared first."""
    if not whole.exists():
        prepare(whole)
    _copy(whole, out, until=date(2100, 1, 1))
    return out


def cut_landing(source: Path, out: Path, *, until: date) -> Path:
    """Write the landing files of `source` without any fact after the day `until`."""
    _copy(source, out, until=until, choose=False)
    return out


def _copy(source: Path, out: Path, *, until: date, choose: bool = True) -> None:
    con = duckdb.connect()
    for table in TABLES:
        files = source / f"{table.path}*"
        rows = _READERS[table.reader].format(files=files)
        condition = table.condition if choose else "true"
        target = out / f"{table.path}.{_SUFFIXES.get(table.path, 'csv')}"
        target.parent.mkdir(parents=True, exist_ok=True)
        query = f"""
            select * from {rows}
            where ({condition}) and cast({table.event_time} as date) <= date '{until}'
            order by all
        """
        if table.path == "billing/invoices":
            con.execute(f"create or replace temp table kept_invoices as {query}")
        con.execute(f"copy ({query}) to '{target}' ({table.options})")
    con.close()


def cut_parquet(source: Path, out: Path, *, until: date, after: date = date.min) -> Path:
    """Write the Parquet landing files of `source` with the facts of (after, until] alone.

    What was filled in later (`known_at` of an event, such as the day of delivery) is emptied. The
    files' names carry the last day, so that a later part lands beside an earlier one.
    """
    contracts = load_contracts(ROOT / "models" / "staging")
    with duckdb.connect() as con:
        for file in discover(source, contracts).files:
            contract = file.contract
            target = out / file.name.replace(".parquet", f"_to_{until:%Y%m%d}.parquet")
            target.parent.mkdir(parents=True, exist_ok=True)
            rows = f"""
                select * {_emptied(contract, until)} from read_parquet('{file.path}')
                where cast({contract.event_time} as date) <= date '{until}'
                    and cast({contract.event_time} as date) > date '{after}'
            """
            if con.sql(f"select 1 from ({rows}) limit 1").fetchone():
                con.execute(f"copy ({rows}) to '{target}' (format parquet)")
    _copy_notes(source, out)
    return out


def deliveries(source: Path, out: Path, *, ends: Sequence[date], late_since: date) -> list[Path]:
    """Write the Parquet landing files of `source` as they would come in several deliveries.

    A fact comes with the first delivery whose end it does not pass; of those since `late_since`
    one in twenty comes a delivery later. Lines come with their invoice, and what facts cannot do
    without (products, costs, experiments, weights) is never late.

    Returns:
        A folder for each end, in order; laid over each other they are the whole company.
    """
    contracts = load_contracts(ROOT / "models" / "staging")
    folders = [out / f"delivery-{number}" for number in range(len(ends))]
    with duckdb.connect() as con:
        for file in discover(source, contracts).files:
            contract = file.contract
            day = f"cast({contract.event_time} as date)"
            cases = [f"when {day} <= date '{end}' then {part}" for part, end in enumerate(ends)]
            key = ("invoice_id",) if contract.title in WITH_THEIR_INVOICE else contract.key
            chosen = f"{day} >= date '{late_since}' and hash({', '.join(key)}) % 20 = 0"
            is_late = "false" if contract.title in NEVER_LATE else chosen
            delivery = f"case {' '.join(cases)} end + case when {is_late} then 1 else 0 end"
            for part, folder in enumerate(folders):
                rows = f"""
                    select * {_emptied(contract, ends[part])} from read_parquet('{file.path}')
                    where least({delivery}, {len(ends) - 1}) = {part}
                """
                target = folder / file.name.replace(".parquet", f"_delivery_{part}.parquet")
                target.parent.mkdir(parents=True, exist_ok=True)
                if con.sql(f"select 1 from ({rows}) limit 1").fetchone():
                    con.execute(f"copy ({rows}) to '{target}' (format parquet)")
    _copy_notes(source, folders[0])
    return folders


def _copy_notes(source: Path, out: Path) -> None:
    """Copy what the company and its systems say of themselves."""
    for name in ("company.yml", *(f"{folder.name}/source.yml" for folder in source.iterdir())):
        if (source / name).is_file():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes((source / name).read_bytes())


def _emptied(contract: TableContract, until: date) -> str:
    """A `replace` clause for the columns of an event that became known after the cut."""
    if contract.load_mode != "append":
        return ""
    later = [column for column in contract.columns if column.known_at]
    cases = [
        f"case when cast({column.known_at} as date) <= date '{until}' then {column.name} end "
        f"as {column.name}"
        for column in later
    ]
    return f"replace ({', '.join(cases)})" if cases else ""


def simulated_landing(out: Path, *, customers: int = 250, months: int = 14) -> Path:
    """Write a small simulated company as Parquet and return its landing area."""
    return simulate(out, customers=customers, months=months, seed=7, file_format="parquet").landing
