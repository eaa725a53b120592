"""Landing files that were loaded whole and whose facts are past the period for landing files.

Belongs here: telling which files may go, and deleting them. Does not belong here: rows of the
warehouse (`ingestion.retention`), and taking one person out of a file (`landing`).

A file may go when its content is known to have been loaded, its newest fact is old enough, and no
row of it waits in quarantine for somebody's decision: then the warehouse holds all that it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.files import (
    LandingFile,
    RefusedFileError,
    discover,
    format_of,
    inspect,
)
from orchestration.settings import Settings


@dataclass(frozen=True)
class OldFile:
    """A landing file that is past its period.

    Attributes:
        file: Its path below the landing area.
        path: Where it is.
        newest: The day of its newest fact; of its load where a row was known before or refused,
            since nobody noted the day of such a row.
        why_not: Why it stays all the same; empty where it goes.
    """

    file: str
    path: Path
    newest: date
    why_not: str = ""


def find_old_files(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contracts: Sequence[TableContract],
    through: date,
) -> list[OldFile]:
    """List the loaded landing files with no fact after a day, with why some must stay.

    Args:
        con: The warehouse's connection; nothing is written.
        settings: The home and the landing area; one outside the home is only read.
        contracts: The contracts, with the names that the systems' `source.yml` give.
        through: The last day that is past the period.
    """
    if not settings.landing.is_dir():
        return []
    found = []
    for file in discover(settings.landing, contracts, may_be_empty=True).files:
        old = _old(con, file, through)
        if old is not None:
            found.append(replace(old, why_not=old.why_not or _hindrance(settings, file)))
    return found


def _old(con: duckdb.DuckDBPyConnection, file: LandingFile, through: date) -> OldFile | None:
    loads = (
        "select load_id, sha256, case when rows_accepted = rows_read and rows_read > 0 "
        "then latest_fact_date else cast(loaded_at as date) end as newest "
        "from control.loads where status = 'loaded' and system = ? and table_name = ? "
    )
    of_table = [file.contract.system, file.contract.name]
    try:
        # Most files are too new: only what has the length of an old one is read for its hash.
        alike = con.execute(
            f"select 1 from ({loads} and bytes = ?) where newest <= ? limit 1",
            [*of_table, file.path.stat().st_size, through],
        ).fetchone()
        if alike is None:
            return None
        sha256 = inspect(file.path, format_of(file.path)[1]).sha256
    except (RefusedFileError, OSError):
        return None  # what cannot be read was not loaded as it stands
    row = con.execute(
        f"""
        select max(loads.newest), count(refused.line)
        from ({loads}) as loads
        left join (
            select r.load_id, r.line from quarantine.refused_rows as r
            anti join quarantine.decided_rows as w
                on w.load_id = r.load_id and w.line = r.line and w.rule = r.rule
        ) as refused on loads.load_id = refused.load_id
        where loads.sha256 = ?
        """,
        [*of_table, sha256],
    ).fetchone()
    if row is None or row[0] is None or row[0] > through:
        return None
    waits = f"{row[1]} of its rows wait in quarantine for a decision" if row[1] else ""
    return OldFile(file.name, file.path, row[0], waits)


def _hindrance(settings: Settings, file: LandingFile) -> str:
    if settings.home not in settings.landing.parents:
        return "the landing area is not in the home"
    return "it is a link" if file.path.is_symlink() else ""


def delete_files(files: Sequence[OldFile]) -> list[OldFile]:
    """Delete the files that may go; give all of them, with why one could not be deleted.

    Args:
        files: What `find_old_files` gave.
    """
    left = []
    for each in files:
        stays = each
        if not each.why_not:
            try:
                each.path.unlink()
            except OSError as error:
                stays = replace(each, why_not=f"it cannot be deleted: {error.strerror}")
        left.append(stays)
    return left
