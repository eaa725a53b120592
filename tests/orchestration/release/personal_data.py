"""Looking for personal data where none may be: in every file of a release, logs and records.

What belongs here: what counts as personal (read off the contracts), where it is looked for, and
what is found, masked. What does not: what a release holds.

A value is looked for by what it is: an e-mail address as it stands, a telephone number by its
digits, a name or an address by its words in their order, a text by any six words in a row. So it is
found in another case, in another spelling of the number, and in the middle of a sentence.
"""

import base64
import html
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingestion.contract import TableContract

WORDS_IN_A_ROW = 6
PHONE_DIGITS = 8
# Where words are not parted by blanks, each sign is one.
_SIGN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WORD = re.compile(f"[{_SIGN}]|(?:(?![{_SIGN}])[^\\W_])+")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w")
PHONE = re.compile(r"\+?\d[\d ()./-]{6,}\d")
PACKED = re.compile(r'^scorecardData\("[^"]+","([A-Za-z0-9+/=]+)"\);$', re.MULTILINE)
TAG = re.compile(r"<[^>]*>")
PERSONAL = ("personal", "sensitive")
TEXT_FILES = (".html", ".log", ".txt", ".css", ".csv", ".yml", ".yaml", "")
# Logs and records of Dagster (its databases keep text as it is), which may hold other bytes, too.
RECORDS = (".jsonl", ".db", ".err", ".out", ".complete")
# The one column in which the name of an organisation is published; pages may show it.
ORGANISATIONS = ("customers", "organisation_name")


@dataclass(frozen=True)
class Trace:
    """Personal data that was found.

    Attributes:
        place: File, table and column.
        kind: Column of the contract that holds the value.
        value: The value, masked.
    """

    place: str
    kind: str
    value: str


@dataclass
class Vault:
    """All personal data of a warehouse, in the form in which they are looked for.

    Attributes:
        emails: E-mail addresses, in small letters, by their column.
        phones: Digits of telephone numbers, by their column.
        words: Words in a row, by their column.
        lengths: The first word of each row, with the numbers of words that may follow it.
        organisations: Names of organisations, which are not personal, and their parts, as words.
    """

    emails: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    lengths: dict[str, set[int]] = field(default_factory=dict)
    organisations: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, kind: str, value: str, *, is_text: bool) -> None:
        """Keep a value of a column."""
        for email in EMAIL.findall(value):
            self.emails[email.casefold()] = kind
        column = kind.rpartition(".")[2]
        if column == "email":
            return
        if column == "phone":
            digits = _digits(value)
            if len(digits) >= PHONE_DIGITS:
                self.phones[digits] = kind
            return
        words = _words(value)
        rows = _in_a_row(words, WORDS_IN_A_ROW) if is_text else [words[:WORDS_IN_A_ROW]]
        for row in rows:
            # One word alone says nothing of anybody: a city, a family name, a house number.
            if len(row) > 1 and any(not word.isdecimal() for word in row):
                self.words[row] = kind
                self.lengths.setdefault(row[0], set()).add(len(row))

    def traces(self, place: str, text: str, *, may_name_organisations: bool) -> Iterator[Trace]:
        """Find what a text holds of the vault."""
        for email in EMAIL.findall(text):
            if kind := self.emails.get(email.casefold()):
                yield Trace(place, kind, _masked(email))
        for number in PHONE.findall(text):
            if kind := self.phones.get(_digits(number)):
                yield Trace(place, kind, _masked(number))
        words = _words(text)
        for start, word in enumerate(words):
            for length in self.lengths.get(word, ()):
                row = words[start : start + length]
                kind = self.words.get(row)
                if kind and not (may_name_organisations and row in self.organisations):
                    yield Trace(place, kind, _masked(" ".join(row)))


def read_vault(warehouse: Path, contracts: Sequence[TableContract]) -> Vault:
    """Read every value of every column that the contracts call personal or sensitive."""
    vault = Vault()
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for contract in contracts:
            for column in contract.columns:
                if column.personal_data in PERSONAL:
                    rows = con.execute(
                        f'select distinct "{column.name}"::varchar from {contract.raw_table} '
                        f'where "{column.name}" is not null'
                    ).fetchall()
                    kind = f"{contract.title}.{column.name}"
                    for (value,) in rows:
                        vault.add(kind, value, is_text=column.personal_data == "sensitive")
        for (raw_text,) in con.execute(
            "select raw_text from quarantine.refused_rows where raw_text is not null"
        ).fetchall():
            vault.emails |= {
                email.casefold(): "quarantine.raw_text" for email in EMAIL.findall(raw_text)
            }
        for (name,) in con.execute(
            "select distinct customer_name from raw.crm__customers "
            "where customer_kind = 'organisation' and customer_name is not null"
        ).fetchall():
            words = _words(name)
            for length in range(2, WORDS_IN_A_ROW + 1):
                vault.organisations |= set(_in_a_row(words, length))
    return vault


def find_traces(vault: Vault, folder: Path) -> list[Trace]:
    """Find the vault's values in every file of a folder.

    Raises:
        ValueError: A file is of a kind that nobody taught this to read.
    """
    found: dict[Trace, None] = {}
    marts = sorted({file.relative_to(folder).parts[:2] for file in folder.rglob("*.parquet")})
    for parts in marts:
        files = folder.joinpath(*parts) / "**" / "*.parquet"
        with duckdb.connect() as con:
            query = f"select * from read_parquet('{files}', hive_partitioning = true)"
            for trace in _table_traces(vault, con, query, parts[-1], "/".join(parts)):
                found[trace] = None
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix != ".parquet":
            found |= dict.fromkeys(_file_traces(vault, file, file.relative_to(folder).as_posix()))
    return list(found)


def _file_traces(vault: Vault, file: Path, place: str) -> Iterator[Trace]:
    if file.suffix == ".duckdb":
        yield from _database_traces(vault, file, place)
        return
    if file.suffix == ".js":
        # The data of a page are packed.
        packed = PACKED.findall(file.read_text(encoding="utf-8"))
        if not packed:
            raise ValueError(f"{place}: a script of a page that holds no data")
        for data in packed:
            for part in _strings(json.loads(zlib.decompress(base64.b64decode(data)))):
                yield from vault.traces(place, part, may_name_organisations=True)
        return
    if file.suffix == ".skops":
        # A zip with the structure as JSON, and arrays of numbers.
        with zipfile.ZipFile(file) as archive:
            for part in _strings(json.loads(archive.read("schema.json"))):
                yield from vault.traces(place, part, may_name_organisations=False)
        return
    if file.suffix not in (*TEXT_FILES, *RECORDS, ".json"):
        raise ValueError(f"{place}: no way is known to look into a {file.suffix} file")
    errors = "replace" if file.suffix in RECORDS else "strict"
    text = file.read_text(encoding="utf-8", errors=errors)
    is_page = file.suffix == ".html"
    # Pages are read with their tags, for what stands in attributes, and without, as people do.
    parts = [html.unescape(text), html.unescape(TAG.sub(" ", text))] if is_page else [text]
    if file.suffix == ".json":
        parts = list(_strings(json.loads(text)))
    for part in parts:
        yield from vault.traces(place, part, may_name_organisations=is_page)


def _database_traces(vault: Vault, file: Path, place: str) -> Iterator[Trace]:
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as looked_at (read_only)")
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'looked_at'"
        ).fetchall()
        for schema, table in tables:
            query = f'select * from looked_at."{schema}"."{table}"'
            yield from _table_traces(vault, con, query, table, f"{place} {schema}.{table}")


def _table_traces(
    vault: Vault, con: duckdb.DuckDBPyConnection, query: str, table: str, place: str
) -> Iterator[Trace]:
    columns = con.execute(f"describe {query}").fetchall()
    for name, data_type, *_ in columns:
        if data_type in ("DATE", "TIMESTAMP", "BOOLEAN") or data_type.startswith("DECIMAL"):
            continue
        cells = con.execute(f'select distinct "{name}"::varchar from ({query})').fetchall()
        for (cell,) in cells:
            if cell:
                yield from vault.traces(
                    f"{place}.{name}",
                    cell,
                    may_name_organisations=(table, name) == ORGANISATIONS,
                )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _in_a_row(words: tuple[str, ...], length: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(length)), strict=False)


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value).lstrip("0")


def _masked(value: str) -> str:
    return f"{value[:2]}… ({len(value)} characters)"
