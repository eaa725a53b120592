"""A person's rows in landing files: taken out of the home's own, named in those of others.

Belongs here: finding the rows as ingestion reads them, and writing a file again without them. Does
not belong here: the warehouse.

A file is read by the reader that loads it, which gives the line where each record begins; the file
is then written again without these records, and read once more. Only if that finds
exactly the rows that should be left does it take the place of the old one.
"""

import codecs
import gzip
import io
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import duckdb

from orchestration.erasure.person import WORDS, is_about
from orchestration.erasure.workbook import has_formulas, parts_naming, write_without_rows
from orchestration.ingestion.contract import ENCODINGS, TableContract
from orchestration.ingestion.excel import find_sheet
from orchestration.ingestion.files import (
    COMPRESSIONS,
    LandingFile,
    RefusedFileError,
    discover,
    format_of,
    inspect,
)
from orchestration.ingestion.loader import clean_up
from orchestration.ingestion.readers import read_file
from orchestration.ingestion.rules import value_expression
from orchestration.ingestion.sql import identifier, literal
from orchestration.settings import Settings

# The one encoding in which the byte of a line feed may be part of another character.
_WIDE_ENCODING: Final = "utf-16"
# Gives each byte a character and takes it back: lines of any other encoding, as they are.
_BYTE_CODEC: Final = "latin-1"
_BYTE_ORDER_MARK: Final = "\ufeff"
_LINE_FILES: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_ESCAPED: Final = rb"\u"
_ASIDE: Final = ".erasing-"


@dataclass(frozen=True)
class Cleaned:
    """A landing file that held the person.

    Attributes:
        file: Its path below the landing area.
        rows: How many of its rows are about the person.
        is_clean: Whether they were taken out, and nothing else in it names the person.
        why_not: What is left to do, and why; empty where it is clean.
    """

    file: str
    rows: int
    is_clean: bool
    why_not: str = ""


def clean_landing(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contracts: Sequence[TableContract],
    *,
    is_rehearsal: bool,
) -> list[Cleaned]:
    """Take the person's rows out of the landing files of the home, and name files elsewhere.

    Args:
        con: The warehouse's connection, in a transaction, with the person's identifiers.
        settings: The home and the landing area; one outside the home is only read.
        contracts: The contracts, with the names that the systems' `source.yml` give.
        is_rehearsal: Whether files are only looked into.
    """
    if not settings.landing.is_dir():
        return []
    discovery = discover(settings.landing, contracts, may_be_empty=True)
    words = _words(con, "utf-8")
    found = [
        Cleaned(name, 0, False, "no contract claims it, and it names the person")
        for name in discovery.unmatched
        if _is_named_in(settings.landing / name, words)
    ]
    for file in discovery.files:
        if is_about(file.contract, "t") == "false" or not _may_name(con, file):
            continue
        cleaned = _clean(con, settings, file, is_rehearsal=is_rehearsal)
        if cleaned is not None:
            found.append(cleaned)
    return found


def _clean(
    con: duckdb.DuckDBPyConnection, settings: Settings, file: LandingFile, *, is_rehearsal: bool
) -> Cleaned | None:
    try:
        kind, compression = format_of(file.path)
        before = inspect(file.path, compression)
        lines, all_lines = _lines(con, settings, file)
        if not lines:
            return None
        why_not = _hindrance(settings, file, kind, lines)
        if why_not or is_rehearsal:
            return Cleaned(file.name, len(lines), not why_not, why_not)
        aside = _aside(settings, file)
        if kind == "parquet":
            _write_rows(con, file.path, aside, lines)
        elif kind == "xlsx":
            write_without_rows(file.path, aside, find_sheet(file).name, set(lines))
        else:
            codec = _line_codec(file, kind, compression)
            _write_lines(file.path, aside, lines, all_lines, compression, codec)
        try:
            rest = LandingFile(file.contract, aside, file.name)
            left, all_left = _lines(con, settings, rest)
            if left or len(all_left) != len(all_lines) - len(lines):
                why_not = "its records could not be told apart by lines"
                return Cleaned(file.name, len(lines), False, why_not)
            after = inspect(aside, compression)
            # What is left of it was loaded: its new content is known by the same load.
            con.execute(
                "update control.loads set sha256 = ?, bytes = ? where sha256 = ? "
                "and system = ? and table_name = ?",
                [
                    *(after.sha256, after.size, before.sha256),
                    *(file.contract.system, file.contract.name),
                ],
            )
            aside.replace(file.path)
        finally:
            aside.unlink(missing_ok=True)
    except RefusedFileError as refusal:
        return Cleaned(file.name, 0, False, f"it may name the person and cannot be read: {refusal}")
    left_over = _other_parts(con, file, kind)
    return Cleaned(file.name, len(lines), not left_over, left_over)


def _hindrance(settings: Settings, file: LandingFile, kind: str, lines: Sequence[int]) -> str:
    if settings.home not in settings.landing.parents:
        return "the landing area is not in the home"
    if file.path.is_symlink():
        return "it is a link"
    if kind == "xlsx" and has_formulas(file.path, find_sheet(file).name, set(lines)):
        return "its rows hold formulas, on which others may hang"
    return ""


def _other_parts(con: duckdb.DuckDBPyConnection, file: LandingFile, kind: str) -> str:
    """Say which other sheets, links and comments of a workbook name the person."""
    if kind != "xlsx":
        return ""
    words = con.execute(f"select distinct word from {WORDS}").fetchall()
    parts = parts_naming(file.path, find_sheet(file).name, {str(row[0]) for row in words})
    if not parts:
        return ""
    return f"these rows are out, but other parts of it name the person: {', '.join(parts)}"


def _lines(
    con: duckdb.DuckDBPyConnection, settings: Settings, file: LandingFile
) -> tuple[list[int], list[int]]:
    """Give the lines at which records about the person begin, and those of all records."""
    try:
        facts = inspect(file.path, format_of(file.path)[1])
        landed = read_file(con, file, facts, settings.temporary)
        contract = file.contract
        values = ", ".join(
            f"{value_expression(column, landed.columns.get(column.name))} "
            f"as {identifier(column.name)}"
            for column in contract.columns
        )
        named = _named_by_word("b.raw_text")
        # A row that was refused is linked to nobody: there the words tell whom it is about.
        refused = (
            "select r.line from quarantine.refused_rows as r inner join control.loads as s "
            "on r.load_id = s.load_id where s.sha256 = ? and s.system = ? and s.table_name = ? "
            f"and {named_in_quarantine()}"
        )
        mine = con.execute(
            f"select t._line from (select l._line, {values} from landed as l) as t "
            f"where {is_about(contract, 't')} "
            f"union select b._line from broken as b where {named} "
            f"union {refused} order by 1",
            [facts.sha256, contract.system, contract.name],
        ).fetchall()
        everything = con.execute(
            "select _line from landed union select _line from broken order by 1"
        ).fetchall()
    finally:
        clean_up(con)
    return [int(row[0]) for row in mine], [int(row[0]) for row in everything]


def _named_by_word(text: str) -> str:
    """Write the SQL condition that a text holds one of the person's words, as a whole word."""
    edge = "[^[:alnum:]]"
    return (
        f"exists (select 1 from {WORDS} as w where regexp_matches({text}, "
        f"'(^|{edge})' || regexp_escape(w.word) || '({edge}|$)'))"
    )


def named_in_quarantine() -> str:
    """Write the SQL condition that a refused row `r` holds one of the person's words."""
    return f"(r.raw_text is not null and {_named_by_word('r.raw_text')})"


def _may_name(con: duckdb.DuckDBPyConnection, file: LandingFile) -> bool:
    """Look for the person's words in a file's bytes: most files need not be read as tables."""
    kind = _LINE_FILES.get(file.path.suffix.lower())
    encoding = file.contract.csv.encoding if kind == "csv" else "utf-8"
    if kind is None or encoding == _WIDE_ENCODING:
        return True
    try:
        words = _words(con, ENCODINGS[encoding])
    except UnicodeEncodeError:
        return True
    return _holds_word(file.path, [*words, _ESCAPED] if kind == "jsonl" else words)


def _words(con: duckdb.DuckDBPyConnection, codec: str) -> list[bytes]:
    rows = con.execute(f"select distinct word from {WORDS}").fetchall()
    return [str(row[0]).encode(codec) for row in rows]


def _holds_word(path: Path, words: Sequence[bytes]) -> bool:
    with path.open("rb") as stream:
        return any(word in line for line in stream for word in words)


def _is_named_in(path: Path, words: Sequence[bytes]) -> bool:
    """Look for the words, as whole words, in a file that no contract describes."""
    listed = b"|".join(re.escape(word) for word in words)
    pattern = re.compile(rb"(?<![0-9A-Za-z])(?:" + listed + rb")(?![0-9A-Za-z])")
    with _opened(path, COMPRESSIONS.get(path.suffix.lower()), "rb") as stream:
        try:
            return any(pattern.search(line) for line in stream)
        except (OSError, EOFError, zlib.error):
            return True  # it is damaged: nobody can say that it does not


def _aside(settings: Settings, file: LandingFile) -> Path:
    """Make an empty file in the home, with the rights and the end of the name of another."""
    handle, name = tempfile.mkstemp(
        dir=settings.temporary, prefix=_ASIDE, suffix="".join(file.path.suffixes)
    )
    os.close(handle)
    shutil.copymode(file.path, name)
    return Path(name)


def _write_rows(
    con: duckdb.DuckDBPyConnection, source: Path, target: Path, rows: Sequence[int]
) -> None:
    """Write a Parquet file again without the rows of these numbers, counted from 1."""
    listed = ", ".join(str(row) for row in rows)
    con.execute(
        "copy (select * exclude (file_row_number) "
        f"from read_parquet({literal(str(source))}, file_row_number = true) "
        f"where file_row_number + 1 not in ({listed}) order by file_row_number) "
        f"to {literal(str(target))} (format parquet)"
    )


def _write_lines(
    source: Path,
    target: Path,
    lines: Sequence[int],
    all_lines: Sequence[int],
    compression: str | None,
    codec: str,
) -> None:
    """Write a text file again without the records that begin at these lines."""
    starts, doomed = set(all_lines), set(lines)
    is_kept = True
    with _opened(source, compression, "rb") as old, _opened(target, compression, "wb") as new:
        reader = io.TextIOWrapper(old, encoding=codec, newline="\n")
        writer = io.TextIOWrapper(new, encoding=codec, newline="\n")
        for place, line in enumerate(reader, start=1):
            if place in starts:
                is_kept = place not in doomed
            if is_kept:
                writer.write(line)
            elif line.startswith(_BYTE_ORDER_MARK):
                writer.write(_BYTE_ORDER_MARK)
        writer.detach()
        reader.detach()


def _line_codec(file: LandingFile, kind: str, compression: str | None) -> str:
    """Give the codec that takes a file into lines and back without a byte that differs."""
    if kind != "csv" or file.contract.csv.encoding != _WIDE_ENCODING:
        return _BYTE_CODEC
    with _opened(file.path, compression, "rb") as stream:
        is_big = stream.read(2) == codecs.BOM_UTF16_BE
    return "utf-16-be" if is_big else "utf-16-le"


@contextmanager
def _opened(path: Path, compression: str | None, mode: str) -> Iterator[BinaryIO]:
    if compression == "zstd":
        import pyarrow as pa  # 0.2 s, for this kind only

        opened = pa.input_stream if mode == "rb" else pa.output_stream
        with opened(str(path), compression="zstd") as stream:
            yield stream
        return
    with path.open(mode) as stream:
        if compression == "gzip":
            # No name and no time in it: the same rows give the same bytes.
            with gzip.GzipFile("", mode, fileobj=stream, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield stream  # type: ignore[misc]
