"""A person's rows in landing files: taken out of the home's own, named in those of others.

Belongs here: finding the rows as ingestion reads them, and writing a file again without them. Does
not belong here: the warehouse.

A file is read by the reader that loads it, which gives the line where each record begins; the file
is then written again without these records, and read once more. Only if that finds
exactly the rows that should be left does it take the place of the old one.
"""

import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import duckdb

from orchestration.erasure.person import WORDS, is_about
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.files import (
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

REWRITTEN: Final = ("csv", "jsonl", "parquet")
# Encodings in which the byte of a line feed is nothing else.
LINE_ENCODINGS: Final = ("utf-8", "gb18030", "iso-8859-1", "windows-1252", "us-ascii")
_ASIDE: Final = ".erasing-"


@dataclass(frozen=True)
class Cleaned:
    """A landing file that held the person.

    Attributes:
        file: Its path below the landing area.
        rows: How many of its rows are about the person.
        is_clean: Whether they were taken out.
        why_not: Why not; empty where they were.
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
    found = []
    for file in discover(settings.landing, contracts, may_be_empty=True).files:
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
        why_not = _hindrance(settings, file, kind, compression)
        if why_not or is_rehearsal:
            return Cleaned(file.name, len(lines), not why_not, why_not)
        aside = _aside(settings, file)
        if kind == "parquet":
            _write_rows(con, file.path, aside, lines)
        else:
            _write_lines(file.path, aside, lines, all_lines, compression)
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
    return Cleaned(file.name, len(lines), True)


def _hindrance(settings: Settings, file: LandingFile, kind: str, compression: str | None) -> str:
    if settings.home not in settings.landing.parents:
        return "the landing area is not in the home"
    if file.path.is_symlink():
        return "it is a link"
    if kind not in REWRITTEN or compression not in (None, "gzip"):
        return "files of this format are not written again"
    if kind == "csv" and file.contract.csv.encoding.lower() not in LINE_ENCODINGS:
        return "files in this encoding are not written again"
    return ""


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
    if file.path.suffix.lower() not in (".csv", ".jsonl", ".ndjson"):
        return True
    encoding = file.contract.csv.encoding
    rows = con.execute(f"select distinct word from {WORDS}").fetchall()
    try:
        words = [str(row[0]).encode(encoding) for row in rows]
    except (LookupError, UnicodeEncodeError):
        return True
    with file.path.open("rb") as stream:
        return any(word in line for line in stream for word in words)


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
) -> None:
    """Write a text file again without the records that begin at these lines."""
    starts, doomed = set(all_lines), set(lines)
    is_kept = True
    with _opened(source, compression, "rb") as old, _opened(target, compression, "wb") as new:
        for place, line in enumerate(old, start=1):
            if place in starts:
                is_kept = place not in doomed
            if is_kept:
                new.write(line)


@contextmanager
def _opened(path: Path, compression: str | None, mode: str) -> Iterator[BinaryIO]:
    with path.open(mode) as stream:
        if compression == "gzip":
            # No name and no time in it: the same rows give the same bytes.
            with gzip.GzipFile("", mode, fileobj=stream, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield stream  # type: ignore[misc]
