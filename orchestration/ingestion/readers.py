"""Reading one landing file into the engine, as the source wrote it.

What belongs here: the choice of the reader, and the formats CSV, JSON lines and Parquet, each read
inside DuckDB into the temporary relations `landed` and `broken`.
What does not: types, rules and keys of a contract; workbooks (`excel`); no row comes to Python.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.ingestion.contract import CsvDialect
from orchestration.ingestion.excel import read_workbook
from orchestration.ingestion.files import (
    FileFacts,
    LandingFile,
    RefusedFileError,
    format_of,
    in_utf8,
    wrong_encoding,
)
from orchestration.ingestion.landed import (
    BROKEN_TABLE,
    TEXT_TYPE,
    Landed,
    SourceColumn,
    count,
    engine_read,
    land,
    match,
    pack,
)
from orchestration.ingestion.sql import identifier, literal

UTF_8 = "utf-8"


def read_file(
    con: duckdb.DuckDBPyConnection, file: LandingFile, facts: FileFacts, scratch: Path
) -> Landed:
    """Read a landing file into `landed` and `broken`.

    Args:
        con: The warehouse's connection, outside a transaction.
        file: The file and its contract.
        facts: What the pass over its bytes told.
        scratch: A folder for a copy in UTF-8 of a file in another encoding.

    Raises:
        RefusedFileError: It is not what its name says, in another encoding, or lacks a column.
        OSError: There is no room for the copy.
        duckdb.Error: The engine failed for another reason (memory, room on the disk).
    """
    kind, compression = format_of(file.path)
    con.execute(BROKEN_TABLE)
    if kind == "csv":
        encoding = file.contract.csv.encoding
        with in_utf8(file.path, compression, encoding, facts, scratch) as (path, content):
            return _read_csv(con, replace(file, path=path), content)
    if kind == "xlsx":
        return read_workbook(con, file)
    if facts.content_size == 0 and kind == "jsonl":
        raise RefusedFileError("its content is empty. Export it again, or remove it")
    if kind == "jsonl":
        return _read_json_lines(con, file)
    return _read_parquet(con, file)


def _read_csv(con: duckdb.DuckDBPyConnection, file: LandingFile, facts: FileFacts) -> Landed:
    dialect = file.contract.csv
    names = _header(con, file) if dialect.header else list(file.contract.column_names)
    source = [
        SourceColumn(name, f"l._s{position}", TEXT_TYPE) for position, name in enumerate(names)
    ]
    landed = match(file.contract, source, _csv_text(source, dialect))
    types = ", ".join(f"'_s{position}': 'VARCHAR'" for position in range(len(source)))
    _drop_rejects(con)
    engine_read(
        con,
        f"""
        create or replace temp table csv_rows as
        select row_number() over () as _record, *
        from read_csv(
            {literal(str(file.path))}, auto_detect = false, columns = {{{types}}},
            header = {str(dialect.header).lower()}, delim = {literal(dialect.delimiter)},
            quote = {literal(dialect.quote)}, escape = {literal(dialect.escape)},
            encoding = 'utf-8', nullstr = {literal(dialect.null_text)},
            strict_mode = true, store_rejects = true, rejects_limit = 0,
            rejects_table = 'csv_errors', rejects_scan = 'csv_scans'
        )
        """,
        "as CSV in the dialect that the contract declares "
        f"(delimiter {dialect.delimiter!r}, quote {dialect.quote!r}, {dialect.encoding}, the same "
        "line ending throughout)",
    )
    _refuse_unreadable_csv(con, dialect)
    is_exact = _number_csv_lines(con, file, facts)
    note = "" if is_exact else "line numbers count records, since a quote is open in some line"
    return replace(landed, note=note, header=tuple(names))


def _header(con: duckdb.DuckDBPyConnection, file: LandingFile) -> list[str]:
    dialect = file.contract.csv
    try:
        line = con.execute(f"select line from {_lines(file.path)} limit 1")
        header = line.fetchone()
    except (duckdb.InvalidInputException, duckdb.IOException):
        # The engine reads ahead: the line it stumbles over may be any of the first thousands, and
        # too long for a row of the table, which is found when the rows are read.
        _read_lines(con, file)
        header = con.execute("select _text from text_lines where _line = 1").fetchone()
    if header is None or not header[0]:
        raise RefusedFileError(
            "its first line is empty, where the contract expects a header of "
            f"{', '.join(file.contract.column_names)}. Export it again with its header"
        )
    escape = None if dialect.escape == dialect.quote else dialect.escape
    reader = csv.reader(
        [str(header[0]).removeprefix("\ufeff").rstrip("\r")],
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=escape,
        doublequote=escape is None,
    )
    return [name.strip() for name in next(reader)]


def _lines(path: Path) -> str:
    """The file's lines as a table function: one column `line`, nothing split, nothing unquoted."""
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, columns = {{'line': 'VARCHAR'}}, "
        "header = false, delim = '', quote = '', escape = '', encoding = 'utf-8', "
        "strict_mode = false)"
    )


def _read_lines(con: duckdb.DuckDBPyConnection, file: LandingFile) -> None:
    """Read a file's lines into `text_lines`; refuse it when one cannot be decoded or is endless."""
    _drop_rejects(con)
    scan = _lines(file.path).removesuffix(")")
    engine_read(
        con,
        "create or replace temp table text_lines as "
        f"select row_number() over () as _line, line as _text from {scan}, "
        "max_line_size = 16777216, buffer_size = 33554432, store_rejects = true, "
        "rejects_limit = 0, rejects_table = 'csv_errors', rejects_scan = 'csv_scans')",
        "as lines of utf-8",
    )
    _refuse_encoding(con)
    other = con.execute("select line, error_message from csv_errors order by line").fetchone()
    if other:
        raise RefusedFileError(
            f"line {other[0]} cannot be read as text ({other[1]}). Export it again"
        )


def _drop_rejects(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table if exists csv_errors")
    con.execute("drop table if exists csv_scans")


def _refuse_unreadable_csv(con: duckdb.DuckDBPyConnection, dialect: CsvDialect) -> None:
    """Refuse a file of another encoding, or whose open quote swallows the lines behind it."""
    _refuse_encoding(con)
    swallowed = con.execute(
        """
        select line from csv_errors
        where error_type = 'LINE SIZE OVER MAXIMUM'
            or (
                error_type = 'UNQUOTED VALUE'
                and contains(trim(csv_line, chr(13) || chr(10)), chr(10))
            )
        order by line limit 1
        """
    ).fetchone()
    if swallowed:
        raise RefusedFileError(
            f"a quote ({dialect.quote}) opened in line {swallowed[0]} is never closed as the "
            "contract declares (or the line is longer than 2 MB), so that the lines behind it "
            "cannot be told apart. The file is cut short, or a quote inside a field is not "
            "escaped; export it again"
        )


def _refuse_encoding(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a file of which the engine could not decode some line."""
    wrong = con.execute(
        "select line, byte_position from csv_errors where error_type = 'INVALID ENCODING' "
        "order by line limit 1"
    ).fetchone()
    if wrong:
        raise wrong_encoding(wrong[0], wrong[1], UTF_8)


def _number_csv_lines(con: duckdb.DuckDBPyConnection, file: LandingFile, facts: FileFacts) -> bool:
    """Give every row its line in the file; say whether that could be done exactly.

    The engine's reader counts records. Where each record is one line, the lines are the records
    with those it rejected set aside. Where fields hold new lines, or lines are blank, the lines
    are read once more, and a record begins where the count of quotes before is even.
    """
    con.execute(
        """
        create or replace temp table csv_rejects as
        select
            line as duck_line,
            arg_min(error_type, coalesce(column_idx, 0)) as error_type,
            arg_min(error_message, coalesce(column_idx, 0)) as error_message,
            ltrim(any_value(csv_line), chr(13) || chr(10)) as raw_text,
        from csv_errors
        group by line
        """
    )
    header = int(file.contract.csv.header)
    good, rejected = count(con, "csv_rows"), count(con, "csv_rejects")
    is_line_a_record = facts.line_count == good + rejected + header
    if not is_line_a_record:
        _scan_csv_slots(con, file)
    elif rejected:
        con.execute(
            "create or replace temp table slots as "
            "select slot as duck_line, slot as line "
            f"from range({1 + header}, {good + rejected + header + 1}) as slots(slot)"
        )
    is_exact = is_line_a_record or _has_slot_for_each(con, good, rejected)
    if is_line_a_record and not rejected:
        land(con, f"select * exclude (_record), _record + {header} as _line from csv_rows")
    elif is_exact:
        con.execute(
            "create or replace temp table free_lines as "
            "select line as _line, row_number() over () as _record "
            "from (select line from slots anti join csv_rejects using (duck_line) order by line)"
        )
        land(con, "select * exclude (_record) from csv_rows inner join free_lines using (_record)")
    else:
        land(con, f"select * exclude (_record), _record + {header} as _line from csv_rows")
    _keep_broken_csv(con, is_exact=is_exact)
    return is_exact


def _scan_csv_slots(con: duckdb.DuckDBPyConnection, file: LandingFile) -> None:
    """List where records begin: their line in the file, and the number the engine gives them."""
    dialect = file.contract.csv
    quote, escape = literal(dialect.quote), literal(dialect.escape)
    unescaped = "text"
    if dialect.escape != dialect.quote:
        unescaped = f"replace({unescaped}, {escape} || {quote}, '')"
    con.execute(
        f"""
        create or replace temp table slots as
        with lines as (
            select row_number() over () as line, line as text
            from {_lines(file.path)}
        ),
        counted as (
            select
                line,
                text,
                case when contains(text, {quote})
                    then length({unescaped}) - length(replace({unescaped}, {quote}, ''))
                    else 0
                end as quotes,
            from lines
        ),
        -- No order is named, since the lines come in theirs: naming it would sort them all.
        quoted as (
            select
                line,
                text,
                sum(quotes) over (rows between unbounded preceding and current row) - quotes
                    as quotes_before,
            from counted
        ),
        starts as (
            select *, row_number() over () as duck_line from quoted where quotes_before % 2 = 0
        )
        select duck_line, line
        from starts
        where trim(coalesce(text, ''), chr(13)) <> '' and duck_line > {int(dialect.header)}
        """
    )


def _has_slot_for_each(con: duckdb.DuckDBPyConnection, good: int, rejected: int) -> bool:
    matched = con.execute("select count(*) from csv_rejects semi join slots using (duck_line)")
    row = matched.fetchone()
    return count(con, "slots") == good + rejected and row is not None and row[0] == rejected


def _keep_broken_csv(con: duckdb.DuckDBPyConnection, *, is_exact: bool) -> None:
    if count(con, "csv_rejects") == 0:
        return
    line = "slots.line" if is_exact else "csv_rejects.duck_line"
    join = "inner join slots using (duck_line)" if is_exact else ""
    con.execute(
        f"""
        insert into broken
        select
            {line},
            'unreadable_row',
            null,
            'the line cannot be split into the header''s columns: '
                || lower(error_type) || ', ' || error_message,
            raw_text,
        from csv_rejects
        {join}
        """
    )


def _csv_text(source: Sequence[SourceColumn], dialect: CsvDialect) -> str:
    """An expression that writes a row again as the dialect would."""
    quote, escape = literal(dialect.quote), literal(dialect.escape)
    special = f"[{_class(dialect.delimiter)}{_class(dialect.quote)}\\r\\n]"
    fields = [
        f"case when regexp_matches({column.expression}, {literal(special)}) "
        f"then {quote} || replace({column.expression}, {quote}, {escape} || {quote}) || {quote} "
        f"else coalesce({column.expression}, {literal(dialect.null_text)}) end"
        for column in source
    ]
    return f" || {literal(dialect.delimiter)} || ".join(fields)


def _class(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"


def _read_json_lines(con: duckdb.DuckDBPyConnection, file: LandingFile) -> Landed:
    _read_lines(con, file)
    con.execute(
        """
        insert into broken
        select
            _line,
            'unreadable_row',
            null,
            'the line is no JSON object; a line holds one object, from { to }',
            _text,
        from text_lines
        where trim(coalesce(_text, '')) <> '' and not coalesce(
            json_valid(_text) and json_type(case when json_valid(_text) then _text end) = 'OBJECT',
            false
        )
        """
    )
    con.execute(
        "create or replace temp table json_lines as select _line, _text from text_lines "
        "anti join broken using (_line) where trim(coalesce(_text, '')) <> ''"
    )
    return _land_json(con, file)


def _land_json(con: duckdb.DuckDBPyConnection, file: LandingFile) -> Landed:
    found = con.execute(
        "select field from (select distinct unnest(json_keys(_text)) as field from json_lines) "
        "order by field"
    ).fetchall()
    if not found and count(con, "broken"):
        raise RefusedFileError(
            "none of its lines is a JSON object. Export it as JSON lines: one object a line, no "
            "brackets around them"
        )
    names = [str(row[0]) for row in found] or [
        file.contract.source_names.get(name, name) for name in file.contract.column_names
    ]
    source = [SourceColumn(name, f"l._fields.{identifier(name)}", TEXT_TYPE) for name in names]
    landed = match(file.contract, source, "l._text")
    known = [column.name for column in landed.columns.values()]
    structure = json.dumps(dict.fromkeys(known, TEXT_TYPE))
    con.execute(
        "create or replace temp table json_rows as select _line, _text, "
        f"json_transform(_text, {literal(structure)}) as _fields from json_lines"
    )
    land(con, "select * from json_rows")
    return landed


def _read_parquet(con: duckdb.DuckDBPyConnection, file: LandingFile) -> Landed:
    scan = f"read_parquet({literal(str(file.path))}, hive_partitioning = false"
    what = "as Parquet; it is cut short, damaged, or no Parquet file"
    engine_read(
        con,
        f"create or replace temp table parquet_columns as select column_name, column_type "
        f"from (describe select * from {scan}))",
        what,
    )
    described = con.execute("select column_name, column_type from parquet_columns").fetchall()
    source = [
        SourceColumn(str(name), f"l.{identifier(str(name))}", str(data_type).upper())
        for name, data_type in described
    ]
    if any(column.name.casefold() in ("_line", "file_row_number") for column in source):
        raise RefusedFileError("it has a column named _line or file_row_number. Rename that column")
    columns = ", ".join(identifier(column.name) for column in source)
    landed = match(file.contract, source, f"to_json(struct_pack({pack(source)}))::varchar")
    # A view: Parquet keeps its rows' order and types, so nothing need be copied first.
    engine_read(
        con,
        f"create or replace temp view landed as select file_row_number + 1 as _line, {columns} "
        f"from {scan}, file_row_number = true)",
        what,
    )
    return landed
