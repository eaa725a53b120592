"""A small company to run on: a twelfth of the real example's customers, in landing files.

What belongs here: choosing rows of the example and cutting them at a date. What does not: rows that
nobody ever wrote; what is wrong in the example is wrong here too.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from examples.online_retail.prepare import prepare

SHARE = 12


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
