"""Reading one sheet of an Excel workbook into the engine.

What belongs here: which sheet, its header, and what a stored cell means: a workbook keeps days and
times as counted days and numbers in binary, and only a cell's style tells them apart.
What does not: the contract's types and rules. No row comes to Python.
"""

import html
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingestion.contract import TIME_TYPES, Column
from orchestration.ingestion.extensions import load_extension
from orchestration.ingestion.files import LandingFile, RefusedFileError, refuse_bomb
from orchestration.ingestion.landed import (
    TEXT_TYPE,
    Landed,
    SourceColumn,
    engine_read,
    land,
    match,
    pack,
)
from orchestration.ingestion.sql import identifier, literal

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
HEADER_BLOCK = 256
LAST_DAY = "2958465.99999999"  # the end of 9999-12-31, the last that Excel can show
WORKBOOK_PART = "xl/workbook.xml"
SHEET_NAME = re.compile(rb'<(?:\w+:)?sheet\s[^>]*?\bname="([^"]*)"')
DATE_1904 = re.compile(rb'<(?:\w+:)?workbookPr\s[^>]*?\bdate1904="(?:1|true)"')
NUMBER_CELL = r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?"
ERROR_CELLS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!")
# Days and times that a text column holds, by the type that the engine reads from the cell's style.
TIME_FORMATS = {"DATE": "%Y-%m-%d", "TIMESTAMP": "%Y-%m-%d %H:%M:%S", "TIME": "%H:%M:%S"}
SHOWN_SHEETS = 20


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, as far as it can be told without its rows."""

    path: Path
    name: str
    header_row: int
    is_1904: bool

    def scan(self, cells: str, *, options: str = "all_varchar = true") -> str:
        """The table function that reads a range of cells, empty rows and all."""
        return (
            f"read_xlsx({literal(str(self.path))}, sheet = {literal(self.name)}, header = false, "
            f"stop_at_empty = false, range = {literal(cells)}, {options})"
        )


def read_workbook(con: duckdb.DuckDBPyConnection, file: LandingFile) -> Landed:
    """Read the contract's sheet of a workbook into `landed` and `broken`.

    A line is a row of the sheet, counted as Excel counts it; rows without any value are left out.

    Args:
        con: The warehouse's connection, outside a transaction.
        file: The workbook and its contract.

    Raises:
        RefusedFileError: It is no workbook, is damaged, unpacks to a bomb, has not that sheet, or
            lacks a column.
        ScorecardError: The engine's extension for workbooks is not installed.
    """
    load_extension(con, "excel")
    sheet = find_sheet(file)
    letters = _header(con, sheet)
    source = [
        SourceColumn(name, f"l.{identifier(letter)}", TEXT_TYPE) for letter, name in letters.items()
    ]
    raw_text = f"to_json(struct_pack({pack(source)}))::varchar"
    landed = match(file.contract, source, raw_text, whole="sheet", part="row")
    _read_cells(con, sheet, list(letters))
    _mend_cells(con, sheet, file, landed)
    _keep_broken(con, landed)
    return landed


def find_sheet(file: LandingFile) -> Sheet:
    """Look into the workbook: is it one, is it whole, and has it the declared sheet.

    Args:
        file: The workbook and its contract.

    Raises:
        RefusedFileError: It is no workbook, is damaged, unpacks to a bomb, or has not that sheet.
    """
    try:
        with zipfile.ZipFile(file.path) as archive:
            content_size = sum(part.file_size for part in archive.infolist())
            refuse_bomb(file.path.stat().st_size, content_size)
            damaged = archive.testzip()
            workbook = archive.read(WORKBOOK_PART)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError) as error:
        raise RefusedFileError(
            "it is no .xlsx workbook: it is damaged, protected by a password, or of another format "
            "under this name. Open it in Excel and save it as .xlsx without a password"
        ) from error
    if damaged:
        raise RefusedFileError(f"its part {damaged} is damaged. Copy it here again")
    names = [html.unescape(name.decode()) for name in SHEET_NAME.findall(workbook)]
    layout = file.contract.excel
    wanted = layout.sheet if layout.sheet is not None else next(iter(names), None)
    if wanted is None or wanted not in names:
        listed = ", ".join(repr(name) for name in names[:SHOWN_SHEETS]) or "none"
        raise RefusedFileError(
            f"it has no sheet {wanted!r}, the one that is declared for {file.contract.title}; its "
            f"sheets are: {listed}. Rename the sheet, or declare its name (excel.sheet) in "
            f"{file.contract.system}/source.yml"
        )
    is_1904 = DATE_1904.search(workbook) is not None
    return Sheet(file.path, wanted, layout.header_row, is_1904)


def _header(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> dict[str, str]:
    """Give the columns that the header row names, by their letters.

    It is read a block of columns at a time, since the engine makes room for each; a header ends
    where the last cell of a block is empty.
    """
    row = sheet.header_row
    named: dict[str, str] = {}
    for first in range(1, LAST_COLUMN + 1, HEADER_BLOCK):
        last = min(first + HEADER_BLOCK - 1, LAST_COLUMN)
        engine_read(
            con,
            "create or replace temp table excel_header as select * from "
            + sheet.scan(f"{_letters(first)}{row}:{_letters(last)}{row}"),
            "as a workbook; it is damaged",
        )
        result = con.execute("select * from excel_header")
        letters = [str(column[0]) for column in result.description or []]
        texts = [str(value or "").strip() for value in result.fetchone() or ()]
        named |= {letter: text for letter, text in zip(letters, texts, strict=True) if text}
        if not texts[-1]:
            break
    if not named:
        raise RefusedFileError(
            f"row {row} of its sheet {sheet.name!r} is empty, where the columns' names are "
            "expected. Put them there, or declare the row (excel.header_row) in the system's "
            "source.yml"
        )
    return named


def _letters(column: int) -> str:
    """What Excel calls a column: 1 is A, 27 is AA."""
    before, last = divmod(column - 1, 26)
    return (_letters(before) if before else "") + chr(ord("A") + last)


def _read_cells(con: duckdb.DuckDBPyConnection, sheet: Sheet, letters: list[str]) -> None:
    """Read every row below the header that holds a value, as text, with its number."""
    # From the header on: the engine names columns otherwise in a range without any value.
    cells = f"A{sheet.header_row}:{letters[-1]}{LAST_ROW}"
    names = [identifier(letter) for letter in letters]  # AS, IN and OR are columns too
    some_value = " or ".join(f"{name} <> ''" for name in names)
    engine_read(
        con,
        f"""
        create or replace temp table excel_cells as
        select *
        from (
            select row_number() over () + {sheet.header_row - 1} as _line, {", ".join(names)}
            from {sheet.scan(cells)}
        )
        where _line > {sheet.header_row} and ({some_value})
        """,
        "as a workbook; it is damaged",
    )


def _mend_cells(
    con: duckdb.DuckDBPyConnection, sheet: Sheet, file: LandingFile, landed: Landed
) -> None:
    """Make `landed` of the cells: numbers as Excel shows them, counted days as days."""
    mended = {
        column.expression.removeprefix("l."): _mended(
            con, sheet, file.contract.column(name), column.expression.removeprefix("l.")
        )
        for name, column in landed.columns.items()
    }
    replaced = ", ".join(f"{value} as {cell}" for cell, value in mended.items())
    con.execute(
        "create or replace temp table excel_rows as "
        f"select * {f'replace ({replaced})' if replaced else ''} from excel_cells"
    )
    land(con, "select * from excel_rows anti join broken using (_line)")


def _mended(con: duckdb.DuckDBPyConnection, sheet: Sheet, column: Column, cell: str) -> str:
    """Give the SQL of what a column's stored cells mean; text that is no number stays as it is."""
    is_number = f"regexp_full_match({cell}, {literal(NUMBER_CELL)})"
    is_day = f"{is_number} and try_cast({cell} as double) between 0 and {LAST_DAY}"
    moment = _moment(cell, is_1904=sheet.is_1904)
    if column.data_type in TIME_TYPES:
        return f"case when {is_day} then cast({moment} as varchar) else {cell} end"
    if column.data_type != TEXT_TYPE.lower():
        return f"case when {is_number} then {_fifteen_digits(cell)} else {cell} end"
    kind = _kind_of_first_number(con, sheet, cell, is_number)
    if kind in TIME_FORMATS:
        shown = f"strftime({moment}, {literal(TIME_FORMATS[kind])})"
        return f"case when {is_day} then {shown} else {cell} end"
    if kind == "BOOLEAN":
        return f"case {cell} when '1' then 'true' when '0' then 'false' else {cell} end"
    if kind == "DOUBLE":
        shown = f"regexp_replace({_fifteen_digits(cell)}, '[.]0+$', '')"
        return f"case when {is_number} then {shown} else {cell} end"
    return cell


def _moment(cell: str, *, is_1904: bool) -> str:
    """A counted day as a timestamp, to the millisecond, as Excel reckons.

    Excel's calendar has a 29 February 1900, so that days before March 1900 are off by one.
    """
    days = f"try_cast({cell} as double)"
    origin = f"case when {days} < 60 then timestamp '1899-12-31' else timestamp '1899-12-30' end"
    if is_1904:
        origin = "timestamp '1904-01-01'"
    return f"({origin} + to_milliseconds(cast(round({days} * 86400000) as bigint)))"


def _fifteen_digits(cell: str) -> str:
    """A number with the 15 digits that Excel shows; it stores 1.1 as 1.1000000000000001."""
    digits = f"length(regexp_replace({cell}, '[eE].*|[^0-9]', '', 'g'))"
    return (
        f"case when {digits} > 15 and contains({cell}, '.') "
        f"then format('{{:.15g}}', try_cast({cell} as double)) else {cell} end"
    )


def _kind_of_first_number(
    con: duckdb.DuckDBPyConnection, sheet: Sheet, cell: str, is_number: str
) -> str | None:
    """Ask the engine for the style of the first cell of a column that looks like a number."""
    row = con.execute(f"select min(_line) from excel_cells where {is_number}").fetchone()
    if row is None or row[0] is None:
        return None
    address = cell.strip('"') + str(row[0])
    found = con.execute(
        f"select column_type from (describe select * from "
        f"{sheet.scan(f'{address}:{address}', options='all_varchar = false')})"
    ).fetchone()
    return str(found[0]) if found else None


def _keep_broken(con: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Keep aside the rows that hold an error of Excel where the contract expects a value."""
    listed = ", ".join(literal(error) for error in ERROR_CELLS)
    for name, column in landed.columns.items():
        con.execute(
            f"""
            insert into broken
            select l._line, 'cell_error', {literal(name)},
                {literal(f"{name} = ")} || {column.expression}
                    || ' is an error of Excel, no value; mend the formula',
                {landed.raw_text},
            from excel_rows as l
            anti join broken using (_line)
            where {column.expression} in ({listed})
            """
        )
