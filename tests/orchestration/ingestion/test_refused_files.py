"""A file that cannot be loaded is refused with its reason, and keeps no other file back."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HEADER = "line_id,invoice_id,product_id,quantity,unit_price,invoiced_at\n"
ROW = "L{0},I1,P1,1,2.50,2011-05-04 10:00:00\n"
GOOD = (HEADER + ROW.format(1)).encode()
MANY = (HEADER + "".join(ROW.format(number) for number in range(20000))).encode()
ZSTD = pa.compress(MANY, codec="zstd", asbytes=True)
GZIP = gzip.compress(MANY)

REFUSED = {
    "empty file": ("invoice_lines.csv", b"", ["empty (0 bytes)"]),
    "empty content": ("invoice_lines.csv.gz", gzip.compress(b""), ["first line is empty"]),
    "empty JSON content": ("invoice_lines.jsonl.gz", gzip.compress(b""), ["content is empty"]),
    "empty first line": ("invoice_lines.csv", b"\n" + GOOD, ["first line is empty", "line_id"]),
    "gzip cut short": ("invoice_lines.csv.gz", GZIP[: len(GZIP) // 2], ["cut short after"]),
    "gzip damaged": (
        "invoice_lines.csv.gz",
        GZIP[:5000] + b"\0" * 500 + GZIP[5500:],
        ["damaged near byte"],
    ),
    "no gzip": ("invoice_lines.csv.gz", GOOD, ["gzip stream is damaged near byte 0"]),
    "zstd cut short": ("invoice_lines.csv.zst", ZSTD[: len(ZSTD) // 2], ["Truncated"]),
    "no zstd": ("invoice_lines.csv.zst", GOOD, ["cannot be read"]),
    "no Parquet": ("invoice_lines.parquet", GOOD, ["as Parquet", "cut short, damaged"]),
    "another encoding in a row": (
        "invoice_lines.csv",
        GOOD + "L2,I1,Café,1,2.50,2011-05-04 10:00:00\n".encode("latin-1"),
        ["line 3 (near byte", "not utf-8", "contract"],
    ),
    "another encoding far down": (
        "invoice_lines.csv",
        MANY + "L,I1,Café,1,2.50,2011-05-04 10:00:00\n".encode("latin-1"),
        ["line 20002 (near byte", "not utf-8", "contract"],
    ),
    "another encoding throughout": (
        "invoice_lines.csv",
        GOOD.decode().encode("utf-16"),
        ["line 1 (near byte", "not utf-8"],
    ),
    "another encoding in JSON": (
        "invoice_lines.jsonl",
        '{"line_id": "Café"}\n'.encode("latin-1"),
        ["line 1", "not utf-8"],
    ),
    "missing required columns": (
        "invoice_lines.csv",
        b"line_id,invoice_id,product_id,invoiced_at\nL1,I1,P1,2011-05-04\n",
        [
            "billing.invoice_lines",
            "models/staging/billing/_billing__sources.yml",
            "requires the columns quantity, unit_price",
            "has only: line_id, invoice_id, product_id, invoiced_at",
        ],
    ),
    "missing column in JSON": (
        "invoice_lines.jsonl",
        b'{"line_id": "L1", "quantity": 1}\n',
        ["requires the columns invoice_id"],
    ),
    "column twice": (
        "invoice_lines.csv",
        b"line_id,Line_ID,quantity\n1,2,3\n",
        ["'Line_ID' twice"],
    ),
    "unknown format": ("invoice_lines.xls", b"PK", [".csv or .jsonl", ".parquet or .xlsx"]),
    "compressed workbook": ("invoice_lines.xlsx.gz", gzip.compress(b"PK"), [".parquet or .xlsx"]),
    "compressed Parquet": ("invoice_lines.parquet.gz", gzip.compress(b"PAR1"), [".parquet"]),
    "wildcard in its name": ("invoice_lines[1].csv", GOOD, ["wildcard", "Rename"]),
    "quote never closed": (
        "invoice_lines.csv",
        GOOD + b'L2,I1,"P1,1,2.50,2011-05-04\n' + ROW.format(3).encode(),
        ["quote", "line 3", "never closed"],
    ),
    "line endings mixed": (
        "invoice_lines.csv",
        GOOD + b"L2,I1,P1,1,2.50,2011-05-04\r\n" + ROW.format(3).encode(),
        ["same line ending throughout"],
    ),
    "JSON that is no lines": (
        "invoice_lines.jsonl",
        b'[\n"a",\n"b"\n]\n',
        ["none of its lines is a JSON object", "one object a line"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_with_its_reason_and_the_others_go_on(ground, case):
    name, content, expected = REFUSED[case]
    ground.write(f"billing/{name}", content)
    ground.write(
        "crm/customers.csv",
        "customer_id,country,first_seen_at,updated_at\n1,x,2011-01-01,2011-01-01\n",
    )

    report = ground.ingest()

    (refused,) = report.of_status("refused")
    assert refused.message.startswith(f"billing/{name} was refused: ")
    for part in expected:
        assert part in refused.message
    assert [result.rows_accepted for result in report.of_status("loaded")] == [1]
    assert ground.rows("select count(*) from raw.billing__invoice_lines") == [(0,)]
    assert ground.rows(
        "select file, status, rows_read, message from control.loads where system = 'billing'"
    ) == [(f"billing/{name}", "refused", 0, refused.message)]


def test_a_parquet_file_without_its_end_is_refused(ground, tmp_path):
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"line_id": [str(n) for n in range(1000)]}), whole)
    ground.write("billing/invoice_lines.parquet", whole.read_bytes()[:-20])
    assert "cut short" in ground.result().message


def test_a_parquet_file_damaged_inside_is_refused_and_stores_nothing(ground, tmp_path):
    whole = tmp_path / "whole.parquet"
    columns = {name: [f"{name}{n}" for n in range(50000)] for name in HEADER.strip().split(",")}
    pq.write_table(pa.table(columns), whole)
    content = whole.read_bytes()
    middle = len(content) // 2
    ground.write(
        "billing/invoice_lines.parquet", content[:middle] + b"\0" * 9000 + content[middle + 9000 :]
    )
    result = ground.result()
    assert (result.status, "damaged" in result.message) == ("refused", True)
    assert ground.rows("select count(*) from quarantine.refused_rows") == [(0,)]


def test_a_file_that_cannot_be_opened_is_refused(ground):
    ground.write("billing/x", "").with_name("invoice_lines.csv").symlink_to("nowhere")
    report = ground.ingest()
    assert "cannot be read (No such file or directory)" in report.files[0].message


def test_the_same_refusal_is_told_again_but_written_once(ground):
    ground.write("billing/invoice_lines.csv", b"")
    first, again = ground.result(), ground.result()
    assert first.status == again.status == "refused"
    assert first.message == again.message
    assert ground.rows("select count(*) from control.loads") == [(1,)]


def test_a_refused_file_is_loaded_once_it_is_mended(ground):
    ground.write("billing/invoice_lines.csv", b"")
    ground.ingest()
    ground.write("billing/invoice_lines.csv", GOOD)
    assert (ground.result().status, ground.result().status) == ("loaded", "known")
    assert ground.rows("select status from control.loads order by load_id") == [
        ("refused",),
        ("loaded",),
    ]
