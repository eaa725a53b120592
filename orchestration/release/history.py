"""What a release says of the releases before it: which there were, and what it restates of them.

Belongs here: the ledger of releases (`control.releases`), the tables `releases` and `restatements`
of a release. Not here: building one (`build`), comparing any two row by row (`compare`).

A published release never changes. What a late fact does to a month that was published is seen in
the next release, and listed there: figure by figure, with what was said before, what is said now,
and the rows that came since. Both tables hold the whole history, so that the newest release answers
for all of them, those included that retention has deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml

from orchestration.fingerprints import combine
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.info import create_info_table
from orchestration.release.manifest import Manifest, ProductEntry, read_manifest
from orchestration.release.marts import PARTITION_COLUMN
from orchestration.release.reading import quoted
from orchestration.release.store import Release, release_folders
from orchestration.settings import Settings

FIGURES: Final = Path(__file__).with_name("key_figures.yml")
# How many files a restatement names; the ledger of loads has them all.
NAMED_FILES: Final = 10


@dataclass(frozen=True)
class KeyFigure:
    """A figure of the company by month whose restatement is listed.

    Attributes:
        title: What people call it.
        mart: The mart that it is read from.
        value: Its SQL over the rows of one month.
        sources: The tables (`system.table`) whose late rows can move it.
        months: How many months up to its own it is of; 0 for all.
        month: The column that holds the month.
        where: Which rows of the mart count.
    """

    title: str
    mart: str
    value: str
    sources: tuple[str, ...]
    months: int
    month: str = PARTITION_COLUMN
    where: str = "true"

    def query(self, database: str) -> str:
        """Give the SQL of its values by month in an attached database."""
        return (
            f"select {self.month} as as_of_date, cast({self.value} as decimal(28, 4)) as value "
            f"from {database}.{MARTS_SCHEMA}.{self.mart} where {self.where} group by {self.month}"
        )


@lru_cache(maxsize=1)
def load_key_figures(path: Path = FIGURES) -> Mapping[str, KeyFigure]:
    """Read the figures that are followed."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: KeyFigure(**{**entry, "sources": tuple(entry["sources"])})
        for name, entry in content.items()
    }


def record_releases(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write every release of the home that the ledger does not know yet, from its manifest.

    A release is written when the next one is built, before retention deletes anything: no kill in
    between loses one.

    Args:
        con: A connection to the warehouse that may write.
        settings: The home.

    Raises:
        ReleaseError: A manifest cannot be read.
    """
    con.execute(CONTROL_TABLES)
    known = {row[0] for row in con.execute("select release_id from control.releases").fetchall()}
    for folder in reversed(release_folders(settings)):
        if folder.name not in known:
            _insert(con, "control.releases", _row(read_manifest(folder)))


def _row(manifest: Manifest) -> dict[str, Any]:
    return {
        "release_id": manifest.release_id,
        # As the table of the release itself says it: UTC, without a zone.
        "created_at": manifest.created_at.removesuffix("+00:00"),
        "run_id": manifest.run_id,
        "profile": manifest.profile,
        "first_month": manifest.first_month,
        "last_month": manifest.last_month,
        "known_load_id": manifest.known_load_id,
        "load_count": len(manifest.loads),
        "code_fingerprint": manifest.code_fingerprint,
        "config_fingerprint": manifest.config_fingerprint,
        "code_commit": manifest.code.get("commit"),
        "is_code_modified": manifest.code.get("is_modified"),
        "product_count": len(manifest.products),
        "held_products": _held(manifest.products),
        "mart_count": len(manifest.marts),
        "checksum": _checksum({name: mart.checksum for name, mart in manifest.marts.items()}),
    }


def _held(products: Mapping[str, ProductEntry]) -> str:
    held = (
        f"{name}: {entry.reason}" for name, entry in products.items() if entry.decision != "pass"
    )
    return "\n".join(held)


def _checksum(marts: Mapping[str, str]) -> str:
    """One hash over the checksums of all marts: equal where two releases say the same."""
    return combine(*(text for name in sorted(marts) for text in (name, marts[name])))


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, Any]) -> None:
    columns = ", ".join(row)
    marks = ", ".join("?" * len(row))
    con.execute(f"insert into {table} ({columns}) values ({marks})", list(row.values()))


def write_releases(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, kept: Sequence[str], *, target: str
) -> None:
    """Write the table `releases`: all that the ledger knows, and the one that is being built.

    Args:
        con: A connection whose current database is the warehouse, with the release attached.
        manifest: What the release that is being built says of itself, with its marts.
        kept: The releases whose folders are there.
        target: Name of the attached database.
    """
    table = create_info_table(con, "releases", target=target)
    con.execute(
        f"insert into {table} by name select *, release_id in (select unnest(?)) as is_kept "
        "from control.releases order by release_id",
        [list(kept)],
    )
    _insert(con, table, {**_row(manifest), "is_kept": True})


def write_restatements(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, previous: Release | None, *, target: str
) -> None:
    """Write the table `restatements`: what the releases before listed, and what this one restates.

    Args:
        con: A connection whose current database is the warehouse, with the release attached.
        manifest: What the release that is being built says of itself.
        previous: The release before; None for the first.
        target: Name of the attached database.
    """
    table = create_info_table(con, "restatements", target=target)
    if previous is None:
        return
    before = "before_this"
    con.execute(f"attach {quoted(previous.database)} as {before} (read_only)")
    try:
        if _columns(con, before, "restatements"):
            con.execute(
                f"insert into {table} by name select * from {before}.{MARTS_SCHEMA}.restatements "
                "order by all"
            )
        for name, figure in load_key_figures().items():
            if all(_has(con, database, figure) for database in (before, target)):
                con.execute(*_restated(name, figure, manifest, previous, (before, target), table))
    finally:
        con.execute(f"detach {before}")


def _columns(con: duckdb.DuckDBPyConnection, database: str, table: str) -> set[str]:
    rows = con.execute(
        "select column_name from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ?",
        [database, MARTS_SCHEMA, table],
    ).fetchall()
    return {str(row[0]) for row in rows}


def _has(con: duckdb.DuckDBPyConnection, database: str, figure: KeyFigure) -> bool:
    """Whether a release holds the figure: a product may be absent, a column newer than it."""
    if not _columns(con, database, figure.mart):
        return False
    try:
        con.execute(f"select * from ({figure.query(database)}) limit 0")
    except duckdb.BinderException:
        return False
    return True


def _restated(
    name: str,
    figure: KeyFigure,
    manifest: Manifest,
    previous: Release,
    databases: tuple[str, str],
    table: str,
) -> tuple[str, list[Any]]:
    """The statement that adds the months in which a figure is another than it was published.

    A month that only one of the two computed is none: it is new, or the run did not go so far.
    """
    before, now = (figure.query(database) for database in databases)
    span = (
        "true"
        if not figure.months
        else (f"late.month_end > last_day(changed.as_of_date - interval {figure.months} month)")
    )
    earlier = previous.manifest
    query = f"""
        insert into {table} by name
        with changed as (
            select
                as_of_date, before.value as value_before, now.value as value_now
            from ({before}) as before
            full join ({now}) as now using (as_of_date)
            where before.value is distinct from now.value
                and as_of_date <= least(?::date, ?::date)
        ),
        late as (
            select load_months.load_id, load_months.month_end, load_months.row_count, loads.file
            from control.load_months as load_months
            inner join control.loads as loads on load_months.load_id = loads.load_id
            where loads.load_id > ? and loads.load_id <= ?
                and loads.system || '.' || loads.table_name in (select unnest(?))
        ),
        came as (
            select
                changed.as_of_date,
                sum(late.row_count) as late_row_count,
                count(distinct late.load_id) as late_load_count,
                list_sort(list_distinct(list(late.file))) as files
            from changed
            inner join late on late.month_end <= changed.as_of_date and {span}
            group by changed.as_of_date
        )
        select
            ? as release_id, ? as previous_release_id, ? as figure, ? as title, ? as mart,
            changed.as_of_date, changed.value_before, changed.value_now,
            changed.value_now - changed.value_before as difference,
            coalesce(came.late_row_count, 0) as late_row_count,
            coalesce(came.late_load_count, 0) as late_load_count,
            array_to_string(came.files[:{NAMED_FILES}], '; ') as late_files,
            ? as is_code_changed, ? as is_configuration_changed
        from changed
        left join came using (as_of_date)
        order by changed.as_of_date
    """
    parameters = [
        earlier.last_month,
        manifest.last_month,
        earlier.known_load_id,
        manifest.known_load_id,
        list(figure.sources),
        manifest.release_id,
        previous.id,
        name,
        figure.title,
        figure.mart,
        earlier.code_fingerprint != manifest.code_fingerprint,
        earlier.config_fingerprint != manifest.config_fingerprint,
    ]
    return query, parameters
