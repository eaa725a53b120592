"""Two versions of a mart side by side: which rows only one has, and which columns differ.

Belongs here: set-based comparison of tables that two attached databases hold, month by month. Not
here: which releases are compared and why they differ (`changes`), computing one anew
(`orchestration.replay`).

Nothing is read into Python but counts: a mart of a million customers is joined in the engine, one
month at a time, and only the months whose checksums differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import duckdb
import yaml

from data_quality.fingerprint import Fingerprint
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.marts import PARTITION_COLUMN, WHOLE_MART
from orchestration.release.reading import quoted

CUSTOMER: Final = "customer_id"
EXAMPLES: Final = 3
FIRST, SECOND = "first", "second"


@dataclass(frozen=True)
class PartDifference:
    """How one month of a mart, or the whole of one without months, differs between two versions.

    Attributes:
        mart: The mart.
        part: Month end (`YYYY-MM-DD`), or `all` where the mart has no months.
        rows: Rows that each version has.
        only: Rows whose key only the one or only the other has.
        changed: Rows of both whose other columns differ.
        customers: Customers with a row that differs in any way; None where the mart has none.
        examples: The first of these customers, where to begin to look.
        columns: Column to the number of rows in which it differs, most rows first.
        shape: What differs in the columns themselves, in words; empty when they are the same.
    """

    mart: str
    part: str
    rows: tuple[int, int]
    only: tuple[int, int]
    changed: int
    customers: int | None
    examples: tuple[str, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)
    shape: str = ""


def mart_keys(root: Path) -> Mapping[str, tuple[str, ...]]:
    """Read from the marts' YAML what names a row: mart to its key columns.

    Args:
        root: The repository.
    """
    return _mart_keys(root / "models" / "scorecard")


@lru_cache(maxsize=2)
def _mart_keys(folder: Path) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.rglob("_*models.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for model in document.get("models", []):
            for test in model.get("data_tests", []):
                if isinstance(test, Mapping) and "unique_combination" in test:
                    columns = test["unique_combination"]["arguments"]["columns"]
                    found.setdefault(str(model["name"]), tuple(str(name) for name in columns))
    return found


def differing_parts(
    first: Mapping[str, Fingerprint], second: Mapping[str, Fingerprint]
) -> list[str]:
    """Name the parts of a mart that are not the same in both, in order.

    Args:
        first: Part to fingerprint.
        second: The same of the other version.
    """
    return sorted(
        part for part in first.keys() | second.keys() if first.get(part) != second.get(part)
    )


def compare_mart(
    con: duckdb.DuckDBPyConnection, mart: str, parts: Sequence[str], key: Sequence[str]
) -> Iterator[PartDifference]:
    """Compare parts of a mart that the attached databases `first` and `second` both hold.

    Args:
        con: A connection with both databases attached.
        mart: The table of schema `scorecard`.
        parts: Months, or `all`.
        key: Columns that name a row; where there are none, a row is named by all its columns.
    """
    first, second = (_columns(con, database, mart) for database in (FIRST, SECOND))
    shape = _shape(first, second)
    both = [name for name in first if second.get(name) == first[name]]
    for part in parts:
        named = key if _is_key(con, mart, part, key, both) else both
        yield _compare_part(con, mart, part, named, both, shape)


def _is_key(
    con: duckdb.DuckDBPyConnection, mart: str, part: str, key: Sequence[str], both: Sequence[str]
) -> bool:
    """Whether these columns name a row in both versions, as the contract says."""
    if not key or not set(key) <= set(both):
        return False
    keys = _listed(key)
    twice = " union all ".join(
        f"(select 1 from {_table(database, mart, part)} group by {keys} "
        "having count(*) > 1 limit 1)"
        for database in (FIRST, SECOND)
    )
    return not con.execute(twice).fetchall()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _table(database: str, mart: str, part: str) -> str:
    where = "" if part == WHOLE_MART else f" where {PARTITION_COLUMN} = date {quoted(part)}"
    return f'{database}.{MARTS_SCHEMA}."{mart}"{where}'


def _columns(con: duckdb.DuckDBPyConnection, database: str, mart: str) -> dict[str, str]:
    rows = con.execute(f'describe {database}.{MARTS_SCHEMA}."{mart}"').fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _shape(first: Mapping[str, str], second: Mapping[str, str]) -> str:
    said = []
    gone = [name for name in first if name not in second]
    new = [name for name in second if name not in first]
    typed = [name for name in first if name in second and first[name] != second[name]]
    if new:
        said.append(f"new columns: {', '.join(new)}")
    if gone:
        said.append(f"columns that are gone: {', '.join(gone)}")
    if typed:
        kinds = (f"{name} ({first[name]}, now {second[name]})" for name in typed)
        said.append(f"columns of another type: {', '.join(kinds)}")
    if not said and list(first) != list(second):
        said.append("the columns stand in another order")
    return "; ".join(said)


def _compare_part(
    con: duckdb.DuckDBPyConnection,
    mart: str,
    part: str,
    named: Sequence[str],
    both: Sequence[str],
    shape: str,
) -> PartDifference:
    others = [name for name in both if name not in named]
    measured = con.execute(_query(mart, part, named, others, has_customer=CUSTOMER in both))
    row = measured.fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a group gave no row")
    rows_first, rows_second, only_first, only_second, changed, customers, examples, *counts = row
    columns = {name: int(count) for name, count in zip(others, counts, strict=True) if count}
    return PartDifference(
        mart=mart,
        part=part,
        rows=(int(rows_first), int(rows_second)),
        only=(int(only_first), int(only_second)),
        changed=int(changed),
        customers=None if customers is None else int(customers),
        examples=tuple(examples or ()),
        columns=dict(sorted(columns.items(), key=lambda item: (-item[1], item[0]))),
        shape=shape,
    )


def _query(
    mart: str, part: str, named: Sequence[str], others: Sequence[str], *, has_customer: bool
) -> str:
    """One pass over both versions, joined by key.

    Where no column is left beside the key, the key is the whole row, which may come more than once:
    then the rows are counted first, and joined by their number.
    """
    keys = _listed(named)
    number = "1" if others else f"row_number() over (partition by {keys})"
    listed = _listed([*named, *others])
    one, other = (
        f"(select {listed}, {number} as _number, true as _is_there "
        f"from {_table(database, mart, part)})"
        for database in (FIRST, SECOND)
    )
    on = " and ".join(f'one."{name}" is not distinct from other."{name}"' for name in named)
    marks = [f"_unlike_{place}" for place in range(len(others))]
    tests = "".join(
        f', one."{name}" is distinct from other."{name}" as {mark}'
        for name, mark in zip(others, marks, strict=True)
    )
    customer = "null"
    if has_customer:
        customer = f'coalesce(one."{CUSTOMER}", other."{CUSTOMER}")'
    # Each test stands once: repeated per column, a mart of 150 columns takes the engine minutes.
    joined = (
        "select one._is_there as _in_first, other._is_there as _in_second, "
        f"{customer} as _customer{tests} "
        f"from {one} as one full join {other} as other on {on} and one._number = other._number"
    )
    is_changed = f"_in_first and _in_second and ({' or '.join(marks or ['false'])})"
    judged = f"select *, coalesce({is_changed}, false) as _is_changed from ({joined})"
    is_unlike = "_is_changed or _in_first is null or _in_second is null"
    measured = [
        "count(_in_first)",
        "count(_in_second)",
        "count(*) filter (where _in_second is null)",
        "count(*) filter (where _in_first is null)",
        "count(*) filter (where _is_changed)",
    ]
    if has_customer:
        # Many rows may be of one customer: enough of them are taken for a few to be left.
        some = f"min(_customer, {EXAMPLES * 50}) filter (where {is_unlike})"
        measured += [
            f"count(distinct _customer) filter (where {is_unlike})",
            f"list_sort(list_distinct({some}))[:{EXAMPLES}]",
        ]
    else:
        measured += ["cast(null as bigint)", "null"]
    measured += [f"count(*) filter (where _is_changed and {mark})" for mark in marks]
    return f"select {', '.join(measured)} from ({judged})"


def attach_both(con: duckdb.DuckDBPyConnection, first: Path, second: Path) -> None:
    """Attach two databases, read only, under the names that `compare_mart` knows.

    Args:
        con: A connection to neither of them.
        first: The one file.
        second: The other.
    """
    for name, path in ((FIRST, first), (SECOND, second)):
        con.execute(f"attach {quoted(path)} as {name} (read_only)")
