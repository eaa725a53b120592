"""The rows of a release: tables in its DuckDB file and Parquet files beside it.

Belongs here: copying marts in a fixed order, writing one Parquet file per month, sharing the files
of months that did not change. Not here: which marts are copied (`decisions`, `build`).

Rows are ordered by month, then by all other columns from left to right (keys come first in every
mart), which is a total order: the same rows stand in the same order in every release, and a reader
of one month finds it in one place. Checksums do not depend on the order, nor on anything but the
rows.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from data_quality.contracts import load_mart_words
from data_quality.fingerprint import Fingerprint, mart_fingerprint, partition_fingerprints
from orchestration.errors import ReleaseError
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.erased import traces
from orchestration.release.manifest import MartEntry, PartitionEntry
from orchestration.release.reading import quoted
from orchestration.release.store import Release, hash_file

logger = logging.getLogger(__name__)

PARTITION_COLUMN = "as_of_date"
WHOLE_MART = "all"
# Here the date is that of an evaluation, not a month of the mart, and may be empty.
WITHOUT_MONTHS = frozenset({"estimator_metrics"})
PARQUET_FOLDER = "parquet"


def copy_tables(
    con: duckdb.DuckDBPyConnection,
    marts: Iterable[str],
    *,
    source: str,
    target: str,
    without_erased: bool = False,
) -> dict[str, int]:
    """Copy marts from one attached database to another, each with comments that say what it means.

    Args:
        con: A connection to which both databases are attached.
        marts: The tables of schema `scorecard` to copy.
        source: Name of the attached database to read.
        target: Name of the attached database to write.
        without_erased: Whether rows of erased persons are left out, and other rows name nobody
            instead of them; the connection's own database knows who was erased.

    Returns:
        Mart to the number of rows that were left out, where any row named such a person.
    """
    con.execute(f'create schema if not exists "{target}"."{MARTS_SCHEMA}"')
    left_out = {}
    for mart in marts:
        table = f'"{source}"."{MARTS_SCHEMA}"."{mart}"'
        columns = [str(row[0]) for row in con.execute(f"describe {table}").fetchall()]
        found = traces(columns) if without_erased else None
        rows = found.rest(table) if found else f"select * from {table}"
        con.execute(
            f'create table "{target}"."{MARTS_SCHEMA}"."{mart}" as '
            f"{rows} order by {_order(columns)}"
        )
        _comment(con, mart, target)
        if found:
            row = con.execute(
                f"select count(*) filter ({found.is_theirs}), count(*) "
                f"from {table} where {found.is_named}"
            ).fetchone()
            if row and row[1]:
                left_out[mart] = int(row[0])
    return left_out


def _order(columns: Iterable[str]) -> str:
    by_month_first = sorted(columns, key=lambda name: name != PARTITION_COLUMN)
    return ", ".join(f'"{name}"' for name in by_month_first)


def _comment(con: duckdb.DuckDBPyConnection, mart: str, target: str) -> None:
    """Say in the database what the mart and its columns mean.

    dbt could do it in the warehouse (`persist_docs`), by a statement per column and run.
    """
    words = load_mart_words().get(mart)
    if words is None:
        return
    table = f'"{target}"."{MARTS_SCHEMA}"."{mart}"'
    con.execute(f"comment on table {table} is {quoted(words.description)}")
    for (column,) in con.execute(
        "select column_name from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ?",
        [target, MARTS_SCHEMA, mart],
    ).fetchall():
        if column in words.columns:
            con.execute(f'comment on column {table}."{column}" is {quoted(words.columns[column])}')


def describe_mart(con: duckdb.DuckDBPyConnection, mart: str, *, product: str) -> MartEntry:
    """Fingerprint a mart of the opened release, whole and by month.

    Args:
        con: A connection whose current database is the release's, with no other attached.
        mart: The table.
        product: The product it belongs to.
    """
    columns = mart_columns(con, mart)
    whole = mart_fingerprint(con, MARTS_SCHEMA, mart)
    if PARTITION_COLUMN not in columns or mart in WITHOUT_MONTHS:
        path = f"{PARQUET_FOLDER}/{mart}/part-0.parquet"
        partitions = {WHOLE_MART: PartitionEntry(path, whole.rows, whole.checksum)}
    else:
        partitions = {
            str(month): PartitionEntry(
                f"{PARQUET_FOLDER}/{mart}/{PARTITION_COLUMN}={month}/part-0.parquet",
                part.rows,
                part.checksum,
            )
            for month, part in _months(con, mart).items()
        }
    return MartEntry(product, whole.rows, columns, whole.checksum, partitions)


def _months(con: duckdb.DuckDBPyConnection, mart: str) -> dict[str, Fingerprint]:
    parts = partition_fingerprints(con, MARTS_SCHEMA, mart, PARTITION_COLUMN)
    if "" in parts:
        msg = f"{MARTS_SCHEMA}.{mart} has rows without {PARTITION_COLUMN}; expected a month end"
        raise ReleaseError(msg)
    return dict(sorted(parts.items()))


def mart_columns(con: duckdb.DuckDBPyConnection, mart: str) -> dict[str, str]:
    """Names and types of a mart's columns, in the order of the table."""
    rows = con.execute(f'describe "{MARTS_SCHEMA}"."{mart}"').fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    entries: Mapping[str, MartEntry],
    *,
    folder: Path,
    previous: Release | None,
) -> int:
    """Write the Parquet files of all marts, sharing those that the previous release has.

    A month whose rows did not change is a hard link to the previous release's file, provided that
    the file still has the bytes which that release's manifest names.

    Args:
        con: A connection whose current database is the release's.
        entries: The marts, as `describe_mart` gives them.
        folder: The release folder.
        previous: The release to share files with.

    Returns:
        How many files are shared.
    """
    shared = 0
    for mart, entry in entries.items():
        for key, part in entry.partitions.items():
            target = folder / part.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if previous is not None and _share(previous, mart, entry, key, target):
                shared += 1
            else:
                _write_part(con, mart, key, target)
    return shared


def _share(previous: Release, mart: str, entry: MartEntry, key: str, target: Path) -> bool:
    earlier = previous.manifest.marts.get(mart)
    if earlier is None or dict(earlier.columns) != dict(entry.columns):
        return False
    part = earlier.partitions.get(key)
    if part is None or part != entry.partitions[key]:
        return False
    source = previous.path / part.path
    listed = previous.manifest.files.get(part.path)
    if listed is None or not source.is_file() or hash_file(source) != listed:
        logger.warning("%s of release %s is damaged: written anew", part.path, previous.id)
        return False
    try:
        os.link(source, target)
    except OSError as error:
        # Some file systems have no hard links, or a limit on their number: a copy says the same.
        logger.info("no hard link for %s (%s): copied", part.path, error.strerror)
        shutil.copyfile(source, target)
    return True


def _write_part(con: duckdb.DuckDBPyConnection, mart: str, key: str, target: Path) -> None:
    query = f'select * from "{MARTS_SCHEMA}"."{mart}"'
    if key != WHOLE_MART:
        # The path names the month, as in every partitioned folder that BI tools read.
        query = (
            f'select * exclude ("{PARTITION_COLUMN}") from "{MARTS_SCHEMA}"."{mart}" '
            f'where "{PARTITION_COLUMN}" = {quoted(key)}'
        )
    # The table is in order already, and DuckDB keeps it (`preserve_insertion_order`).
    con.execute(f"copy ({query}) to {quoted(target)} (format parquet, compression zstd)")
