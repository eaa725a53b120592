"""Writing files so that the same rows give the same bytes.

What belongs here: the formats, and writing aside with a rename at the end.
What does not: what is in the files, and where they go.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb

CSV = "format csv, header, delimiter ',', quote '\"', escape '\"'"
COPY_OPTIONS = {
    "csv": CSV,
    "csv.gz": f"{CSV}, compression gzip",
    "jsonl": "format json",
    "parquet": "format parquet, compression zstd, row_group_size 122880",
}
# A ZIP file stores when its parts were written; the format's first day stands for never.
NO_TIME = (1980, 1, 1, 0, 0, 0)
CHUNK_CHARACTERS = 1 << 20


def quoted(text: object) -> str:
    """Return an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def write_rows(
    con: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    *,
    file_format: str,
    encoding: str = "utf-8",
) -> int:
    """Write the rows of a query into a file.

    Args:
        con: The connection.
        query: The rows, in their order.
        path: The file; its folder is made.
        file_format: One of ``csv``, ``csv.gz``, ``jsonl``, ``parquet``, ``xlsx``.
        encoding: Of a plain CSV file.

    Returns:
        The number of rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if file_format == "xlsx":
        return _write_workbook(con, query, path)
    copied = con.execute(f"copy ({query}) to {quoted(path)} ({COPY_OPTIONS[file_format]})")
    row = copied.fetchone()
    if file_format == "csv" and encoding != "utf-8":
        _encode(path, encoding)
    return int(row[0]) if row else 0


def _encode(path: Path, encoding: str) -> None:
    """Write a UTF-8 file again in another encoding; the engine writes UTF-8 only."""
    aside = path.with_name(f".{path.name}.part")
    with (
        path.open(encoding="utf-8", newline="") as source,
        aside.open("w", encoding=encoding, newline="") as target,
    ):
        while text := source.read(CHUNK_CHARACTERS):
            target.write(text)
    aside.replace(path)


def _write_workbook(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write a small table as a workbook with one sheet: the least that the format asks for.

    Everything stands there as text, as in a list that people keep by hand.
    """
    names = [
        str(row[0]) for row in con.execute(f"select column_name from (describe {query})").fetchall()
    ]
    texts = ", ".join(f'cast("{name}" as varchar)' for name in names)
    rows = con.execute(f"select {texts} from ({query})").fetchall()
    sheet = "".join(_sheet_row(number, row) for number, row in enumerate([names, *rows], start=1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, body in (*WORKBOOK_PARTS, ("xl/worksheets/sheet1.xml", SHEET.format(sheet))):
            part = zipfile.ZipInfo(name, date_time=NO_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(part, body)
    return len(rows)


def _sheet_row(number: int, values: Sequence[str | None]) -> str:
    cells = "".join(
        f'<c r="{chr(ord("A") + position)}{number}" t="inlineStr"><is><t>{escape(value)}</t></is>'
        "</c>"
        for position, value in enumerate(values)
        if value is not None
    )
    return f'<row r="{number}">{cells}</row>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org"
_MAIN = f"{_OFFICE}/spreadsheetml/2006/main"
_RELATION = f"{_OFFICE}/officeDocument/2006/relationships"
_PACKAGE = f"{_OFFICE}/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{{}}</sheetData></worksheet>'
WORKBOOK_PARTS = (
    (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_SHEET_TYPE}.worksheet+xml"/></Types>',
    ),
    (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
    ),
    (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets>'
        '<sheet name="Staff" sheetId="1" r:id="rId1"/></sheets></workbook>',
    ),
    (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
    ),
)
