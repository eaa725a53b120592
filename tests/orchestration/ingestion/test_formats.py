"""The same facts give the same rows in every format, with the line they stand in."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HEADER = "product_id,description,updated_at"
NASTY = 'a "quoted", word'
ROWS = [
    {"product_id": "P1", "description": NASTY, "updated_at": "2011-01-01 10:00:00"},
    {"product_id": "P2", "description": "Café 你好", "updated_at": "2011-02-01 10:00:00"},
    {"product_id": "P3", "description": None, "updated_at": "2011-03-01 10:00:00"},
]
TYPED = [
    ("P1", NASTY, datetime.fromisoformat("2011-01-01 10:00")),
    ("P2", "Café 你好", datetime.fromisoformat("2011-02-01 10:00")),
    ("P3", None, datetime.fromisoformat("2011-03-01 10:00")),
]


def _csv() -> bytes:
    quoted = NASTY.replace('"', '""')
    return (
        f'{HEADER}\nP1,"{quoted}",2011-01-01 10:00:00\nP2,Café 你好,2011-02-01 10:00:00\n'
        "P3,,2011-03-01 10:00:00\n"
    ).encode()


def _json() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


FILES = {
    "csv": _csv,
    "csv.gz": lambda: gzip.compress(_csv()),
    "csv.zst": lambda: _zstd(_csv()),
    "CSV": lambda: b"\xef\xbb\xbf" + _csv().replace(b"\n", b"\r\n"),
    "jsonl": _json,
    "jsonl.gz": lambda: gzip.compress(_json()) + gzip.compress(b""),
    "ndjson.zst": lambda: _zstd(_json()),
    "parquet": _parquet,
}


@pytest.mark.parametrize("ending", FILES)
def test_every_format_gives_the_same_rows(ground, ending):
    ground.write(f"billing/products.{ending}", FILES[ending]())
    result = ground.result()
    assert (result.status, result.rows_read, result.rows_accepted) == ("loaded", 3, 3)
    assert (
        ground.rows(
            "select product_id, description, updated_at from raw.billing__products order by 1"
        )
        == TYPED
    )
    first = 2 if "csv" in ending.lower() else 1
    lines = ground.rows("select _line from raw.billing__products order by product_id")
    assert lines == [(first,), (first + 1,), (first + 2,)]


def test_the_row_hash_does_not_depend_on_the_format(ground):
    ground.write("billing/products.csv", _csv())
    ground.write("billing/products.jsonl", _json())
    ground.write("billing/products.parquet", _parquet())
    report = ground.ingest()
    assert (report.rows_accepted, report.rows_unchanged) == (3, 6)


def test_columns_may_stand_in_any_order_and_case(ground):
    ground.write("billing/products.csv", "Updated_At, DESCRIPTION ,product_id\n2011-01-01,x,P1\n")
    assert ground.result().rows_accepted == 1
    assert ground.rows("select product_id, description from raw.billing__products") == [("P1", "x")]


def test_an_unknown_column_is_reported_and_its_file_loaded(ground):
    ground.write("billing/products.csv", f"{HEADER},colour\nP1,x,2011-01-01,red\n")
    result = ground.result()
    assert (result.rows_accepted, result.extra_columns) == (1, "colour")
    assert "colour" in result.message
    assert ground.rows("select extra_columns from control.loads") == [("colour",)]


def test_a_column_that_is_not_required_may_be_missing(ground):
    ground.lines("L1,I1,P1,1,2.50,2011-05-04")
    result = ground.result()
    assert (result.rows_accepted, "source_extract" in result.message) == (1, True)
    assert ground.rows("select source_extract from raw.billing__invoice_lines") == [(None,)]


@pytest.mark.parametrize("name", ["products.csv", "products.jsonl"])
def test_a_file_without_rows_is_loaded_and_says_zero(ground, name):
    ground.write(f"billing/{name}", f"{HEADER}\n" if name.endswith("csv") else "\n")
    result = ground.result()
    assert (result.status, result.rows_read, result.earliest_fact_date) == ("loaded", 0, None)
    assert "it holds no row" in result.message


def test_times_with_an_offset_become_utc(ground):
    ground.write(
        "billing/products.csv",
        f"{HEADER}\nP1,x,2011-06-01T10:00:00+02:00\nP2,x,2011-06-01T10:00:00Z\n",
    )
    ground.ingest()
    assert ground.rows("select updated_at from raw.billing__products order by product_id") == [
        (datetime.fromisoformat("2011-06-01 08:00"),),
        (datetime.fromisoformat("2011-06-01 10:00"),),
    ]


def test_parquet_values_keep_their_worth_when_typed(ground):
    path = ground.write("billing/invoice_lines.parquet", b"")
    at = pa.array([datetime(2011, 6, 1, 8, tzinfo=UTC)] * 4, pa.timestamp("us", tz="Europe/Paris"))
    pq.write_table(
        pa.table(
            {
                "line_id": pa.array([1, 2, 3, 4], pa.int64()),
                "invoice_id": ["I"] * 4,
                "product_id": ["P"] * 4,
                "quantity": pa.array([1.0, 2.0, 2.5, 4.0], pa.float64()),
                "unit_price": pa.array([25111.09, 0.1, 1.0, 1.23456], pa.float64()),
                "invoiced_at": at,
            }
        ),
        path,
    )
    ground.ingest()
    assert ground.rows(
        "select line_id, quantity, unit_price, invoiced_at "
        "from raw.billing__invoice_lines order by 1"
    ) == [
        ("1", 1, Decimal("25111.0900"), datetime.fromisoformat("2011-06-01 08:00")),
        ("2", 2, Decimal("0.1000"), datetime.fromisoformat("2011-06-01 08:00")),
    ]
    assert ground.rows(
        "select line, rule, column_name from quarantine.refused_rows order by line"
    ) == [(3, "type", "quantity"), (4, "type", "unit_price")]


def test_lines_are_the_files_own_past_open_quotes_and_blank_lines(ground):
    ground.write(
        "billing/products.csv",
        f'{HEADER}\nP1,"two\nlines",2011-01-01\n\nP2,short\nP3,x,2011-01-01\n'
        'P4,"three\n\nlines",not a day\n\n\nP5,x,y,z\nP6,"a ""b""\n",2011-01-01\nP7,x,2011-01-01\n',
    )
    result = ground.result()
    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (7, 4, 3)
    assert ground.rows("select product_id, _line from raw.billing__products order by 1") == [
        ("P1", 2),
        ("P3", 6),
        ("P6", 13),
        ("P7", 15),
    ]
    assert ground.rows("select line, rule from quarantine.refused_rows order by line") == [
        (5, "unreadable_row"),
        (7, "type"),
        (12, "unreadable_row"),
    ]


def test_lines_are_right_behind_many_refused_rows(ground):
    rows = [f"P{n},x" if n % 7 == 0 else f"P{n},x,2011-01-01" for n in range(30000)]
    ground.write("billing/products.csv", "\n".join([HEADER, *rows]))
    result = ground.result()
    assert result.rows_quarantined == 4286
    assert ground.rows(
        "select count(*) from raw.billing__products where _line <> substr(product_id, 2)::int + 2"
    ) == [(0,)]
    assert ground.rows(
        "select count(*) from quarantine.refused_rows "
        "where line <> regexp_extract(raw_text, 'P([0-9]+),', 1)::int + 2"
    ) == [(0,)]


DIALECTS = {
    "another quote": (
        {"quote": "'", "escape": "'"},
        "product_id,price,dumped_at\n'A,''1',2,2011-01-01\n",
        "A,'1",
    ),
    "backslashes": (
        {"escape": "\\"},
        'product_id,price,dumped_at\n"A\\"1\nb",2,2011-01-01\n',
        'A"1\nb',
    ),
    "no header": ({"header": False}, "A,2,2011-01-01\n", "A"),
    "a word for no value": (
        {"null_text": "NULL"},
        "product_id,price,dumped_at\nA,2,2011-01-01\nB,NULL,2011-01-01\n",
        "A",
    ),
    "latin-1": ({"encoding": "latin-1"}, "product_id,price,dumped_at\nCafé,2,2011-01-01\n", "Café"),
    "utf-16": ({"encoding": "utf-16"}, "product_id,price,dumped_at\n你,2,2011-01-01\n", "你"),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_csv_is_read_in_the_dialect_that_the_contract_declares(shop, case):
    dialect, text, expected = DIALECTS[case]
    ground = shop(csv=dialect)
    ground.write("shop/prices.csv", text.encode(dialect.get("encoding", "utf-8")))
    result = ground.result()
    assert (result.status, result.message) == ("loaded", "")
    line = 1 if case == "no header" else 2
    assert ground.rows("select product_id, price, _line from raw.shop__prices") == [
        (expected, Decimal("2.0000"), line)
    ]
    refused = ground.rows("select line, rule, column_name from quarantine.refused_rows")
    assert refused == ([(3, "not_null", "price")] if case == "a word for no value" else [])


def test_lines_of_utf_16_are_the_files_own(shop):
    ground = shop(csv={"encoding": "utf-16"})
    text = 'product_id,price,dumped_at\n"A\nਊ",1,2011-01-01\nB,short\nC,1,2011-01-01\n'
    ground.write("shop/prices.csv", text.encode("utf-16"))
    assert ground.result().rows_quarantined == 1
    assert ground.rows("select left(product_id, 1), _line from raw.shop__prices order by 1") == [
        ("A", 2),
        ("C", 5),
    ]
    assert ground.rows("select line from quarantine.refused_rows") == [(4,)]


def test_a_file_of_another_dialect_is_refused_for_its_columns(shop):
    ground = shop(csv={"delimiter": ";"})
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nA,2,2011-01-01\n")
    result = ground.result()
    assert result.status == "refused"
    assert "none of the 1 names in the file's header is one of the contract's" in result.message
    assert "separated by another sign" in result.message


def test_semicolons_separate_where_the_contract_says_so(shop):
    ground = shop(csv={"delimiter": ";"})
    ground.write("shop/prices.csv", 'product_id;price;dumped_at\n"A;1";2;2011-01-01\n')
    ground.ingest()
    assert ground.rows("select product_id from raw.shop__prices") == [("A;1",)]
