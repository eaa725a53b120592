"""Turn the two Online Retail II extracts into landing files of the `crm` and `billing` contracts.

What belongs here: giving each source line a number, and sorting lines into invoices and credits.
What does not: cleaning. Lines without a customer, exact duplicates, the nine days that both
extracts hold, codes that are no products, zero prices and cancellations all arrive as they are.

Run it with `python -m examples.online_retail.prepare FOLDER`.
"""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

log = logging.getLogger(__name__)

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Extract:
    """One extract of the source system: a file and what it calls its columns."""

    name: str
    file: str
    invoice: str
    price: str
    customer: str


EXTRACTS = (
    Extract("2009-2010", "online_retail_II_2009_2010.parquet", "Invoice", "Price", "Customer ID"),
    Extract("2010-2011", "online_retail_2010_2011.parquet", "InvoiceNo", "UnitPrice", "CustomerID"),
)

# A credit is what the source marks as one: no invoice number, a number that starts with C
# (cancellation) or A (adjustment of bad debt), or a negative quantity or price.
LINES = """
create or replace temp table source_lines as
with extracts as (
    {extracts}
)
select
    extract,
    extract || '-' || lpad((file_row_number + 1)::varchar, 6, '0') as line_id,
    invoice_id,
    product_id,
    description,
    quantity,
    sold_at,
    unit_price,
    customer_id,
    country,
    invoice_id is null
        or left(invoice_id, 1) in ('C', 'A')
        or quantity < 0
        or unit_price < 0 as is_credit,
from extracts
order by extract, file_row_number
"""

EXTRACT_LINES = """
    select
        '{name}' as extract,
        file_row_number,
        "{invoice}" as invoice_id,
        "StockCode" as product_id,
        "Description" as description,
        "Quantity"::bigint as quantity,
        "InvoiceDate"::timestamp as sold_at,
        "{price}"::decimal(18, 4) as unit_price,
        "{customer}"::varchar as customer_id,
        "Country" as country,
    from read_parquet('{path}', file_row_number = true)
"""

INVOICES = """
select
    invoice_id,
    min(customer_id) as customer_id,
    min(country) as country,
    min(sold_at) as invoiced_at,
    'GBP' as currency,
from source_lines
where extract = '{name}' and not is_credit
group by invoice_id
order by invoice_id
"""

INVOICE_LINES = """
select
    line_id,
    invoice_id,
    product_id,
    quantity,
    unit_price,
    sold_at as invoiced_at,
    extract as source_extract,
    description,
from source_lines
where extract = '{name}' and not is_credit
order by line_id
"""

CREDIT_NOTES = """
select
    line_id as credit_line_id,
    invoice_id as credit_note_id,
    customer_id,
    product_id,
    description,
    quantity,
    unit_price,
    sold_at as credited_at,
    extract as source_extract,
from source_lines
where extract = '{name}' and is_credit
order by line_id
"""

# Each line retypes the description by hand, so a version per change would be noise: a product has
# one version per extract, with the description that most lines give it.
PRODUCTS = """
with descriptions as (
    select product_id, description, count(*) as line_count,
    from source_lines
    where extract = '{name}' and product_id is not null and description is not null
    group by product_id, description
),
most_frequent as (
    select product_id, description,
    from descriptions
    qualify row_number() over (
        partition by product_id order by line_count desc, description
    ) = 1
)
select
    source_lines.product_id,
    any_value(most_frequent.description) as description,
    min(source_lines.sold_at) as updated_at,
from source_lines
left join most_frequent on most_frequent.product_id = source_lines.product_id
where source_lines.extract = '{name}' and source_lines.product_id is not null
group by source_lines.product_id
order by source_lines.product_id
"""

# A version per change of country, over both extracts; a file holds the versions that begin in
# its extract. Where a customer has two countries in one minute, the smaller name stands.
CUSTOMERS = """
with moments as (
    select customer_id, sold_at, min(country) as country, min(extract) as extract,
    from source_lines
    where customer_id is not null
    group by customer_id, sold_at
),
changes as (
    select
        *,
        min(sold_at) over (partition by customer_id) as first_seen_at,
        lag(country) over (partition by customer_id order by sold_at) as country_before,
    from moments
)
select customer_id, country, first_seen_at, sold_at as updated_at,
from changes
where extract = '{name}' and country is distinct from country_before
order by customer_id, updated_at
"""

CSV = "format csv, header, delimiter ',', quote '\"', escape '\"'"
LANDING_FILES = (
    ("crm/customers_{name}.csv", CUSTOMERS, CSV),
    ("billing/products_{name}.jsonl", PRODUCTS, "format json"),
    ("billing/invoices_{name}.csv.gz", INVOICES, f"{CSV}, compression gzip"),
    ("billing/invoice_lines_{name}.parquet", INVOICE_LINES, "format parquet, compression zstd"),
    ("billing/credit_notes_{name}.csv", CREDIT_NOTES, CSV),
)


def prepare(out: Path, *, data: Path = DATA) -> list[Path]:
    """Write the landing files of both extracts and return their paths.

    The same input gives the same bytes, so that ingestion knows a file it has loaded already.
    A file is written aside and renamed when it is whole: nobody ever sees half of one.

    Args:
        out: The landing area; folders `crm` and `billing` are made in it.
        data: The folder that holds the two extracts.

    Raises:
        FileExistsError: The landing area holds files of another company.
        FileNotFoundError: An extract is missing.
    """
    _refuse_other_files(out)
    for extract in EXTRACTS:
        if not (data / extract.file).is_file():
            raise FileNotFoundError(f"The extract {extract.file} is not in {data}.")
    written: list[Path] = []
    with duckdb.connect() as con:
        con.execute(
            LINES.format(
                extracts="union all by name".join(
                    EXTRACT_LINES.format(**vars(extract), path=_quoted(data / extract.file))
                    for extract in EXTRACTS
                )
            )
        )
        for extract in EXTRACTS:
            for pattern, query, options in LANDING_FILES:
                path = out / pattern.format(name=extract.name)
                _write(con, query.format(name=extract.name), path, options)
                written.append(path)
    return written


def _refuse_other_files(out: Path) -> None:
    """Refuse a landing area that holds files of anybody else: two companies would become one."""
    own = {
        pattern.format(name=extract.name) for extract in EXTRACTS for pattern, _, _ in LANDING_FILES
    }
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    others = sorted(name for name in found - own if not name.rpartition("/")[2].startswith("."))
    if others:
        raise FileExistsError(
            f"{out} holds {len(others)} file(s) of another company, for instance {others[0]}. "
            "Nothing was written. Give this one a landing area and a home of its own, or move "
            "those files away."
        )


def _write(con: duckdb.DuckDBPyConnection, query: str, path: Path, options: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    con.execute(f"copy ({query}) to '{_quoted(aside)}' ({options})")
    aside.replace(path)
    log.info("wrote %s", path.name)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        prepare(Path(sys.argv[1]))
    except FileExistsError as refusal:
        sys.exit(str(refusal))
