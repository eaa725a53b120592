"""Searching files for the values that persons have in a warehouse's raw facts.

What belongs here: gathering the values by the classes of the contracts, and finding them in files
of any kind that a run writes. What does not: which files must be free of them.

Left out, since they prove nothing where they are found: places (`city`), names of organisations,
which may be shown, and values that are shorter than `LEAST` characters for their kind. A value of
several words is looked for by its first two words, then whole; so the work grows with the files,
not with the number of values.
"""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import duckdb

from orchestration.ingestion.contract import TableContract

LEAST: Final = {"email": 6, "phone": 7, "postcode": 6}
LEAST_NAME: Final = 8
LEAST_TEXT: Final = 20
LEFT_OUT: Final = ("city",)
ORGANISATIONS: Final = (
    "select trim(customer_name) from raw.crm__customers where customer_kind = 'organisation'"
)
TEXT_ENDINGS: Final = (
    ".html", ".json", ".jsonl", ".md", ".txt", ".log", ".csv", ".svg", ".js", ".css", ".yml", ".db",
)  # fmt: skip
_WORD: Final = re.compile(r"[\w@.+'-]+")


class PersonalValues:
    """Values of persons, with the column that each stands in."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Keep the values: value to the column it stands in."""
        self.values = values
        self._by_words: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for value in values:
            self._by_words[tuple(_WORD.findall(value)[:2])].append(value)

    def found_in(self, text: str) -> set[str]:
        """Give the values that stand in a text."""
        words = _WORD.findall(text)
        seen = {(word,) for word in words} | set(pairwise(words))
        # A full stop at the end of a sentence belongs to no address.
        seen |= {(word.rstrip(".'-"),) for word in words}
        return {
            value
            for start in seen & self._by_words.keys()
            for value in self._by_words[start]
            if value in text
        }


def personal_values(
    con: duckdb.DuckDBPyConnection, contracts: Iterable[TableContract]
) -> PersonalValues:
    """Gather the values of personal and sensitive text columns from the raw tables."""
    values: dict[str, str] = {}
    for contract in contracts:
        for column in contract.columns:
            if column.personal_data not in ("personal", "sensitive") or column.name in LEFT_OUT:
                continue
            if column.data_type != "varchar":
                continue
            least = LEAST_TEXT if column.personal_data == "sensitive" else LEAST_NAME
            least = LEAST.get(column.name, least)
            rows = con.execute(
                f'select distinct trim("{column.name}") from {contract.raw_table} '
                f'where length(trim("{column.name}")) >= {least} except {ORGANISATIONS}'
            ).fetchall()
            values |= {str(row[0]): f"{contract.title}.{column.name}" for row in rows}
    return PersonalValues(values)


def texts_below(folder: Path) -> Iterator[tuple[str, str]]:
    """Give all text of the files below a folder, by the file or the column it stands in."""
    tables: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".duckdb":
            yield from _database_texts(path, name)
        elif path.suffix == ".parquet":
            # The months of a mart are read as one table.
            tables["/".join(name.split("/")[:2])].append(str(path))
        elif path.suffix == ".gz":
            yield name, gzip.decompress(path.read_bytes()).decode("utf-8", errors="replace")
        elif path.suffix in TEXT_ENDINGS or "." not in path.name:
            yield name, path.read_bytes().decode("utf-8", errors="replace")
    with duckdb.connect() as con:
        for name, paths in tables.items():
            listed = ", ".join(f"'{path}'" for path in paths)
            yield from _relation_texts(con, f"read_parquet([{listed}])", name)


def _database_texts(path: Path, name: str) -> Iterator[tuple[str, str]]:
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found (read_only)")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'found'"
        ).fetchall()
        for schema, table in tables:
            yield from _relation_texts(con, f'found."{schema}"."{table}"', f"{name} {table}")


def _relation_texts(
    con: duckdb.DuckDBPyConnection, relation: str, name: str
) -> Iterator[tuple[str, str]]:
    for column, kind, *_ in con.execute(f"describe select * from {relation}").fetchall():
        if "VARCHAR" in str(kind):
            rows = con.execute(
                f'select distinct cast("{column}" as varchar) from {relation} '
                f'where "{column}" is not null'
            ).fetchall()
            yield f"{name}.{column}", "\n".join(str(row[0]) for row in rows)
