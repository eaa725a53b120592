"""Ingestion as a whole: all that is new in landing files and databases goes into `raw`, once.

What belongs here: the walk over files and tables, and the report of what became of each.
What does not: how one of them is loaded (`loader`), and when ingestion runs (the asset graph).
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb

from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion import ledger
from orchestration.ingestion.company import read_company, store_company
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.database import open_database
from orchestration.ingestion.delivery import Database, DatabaseTable, read_deliveries
from orchestration.ingestion.files import (
    FileFacts,
    LandingFile,
    RefusedFileError,
    discover,
    format_of,
    inspect,
    remove_leftovers,
)
from orchestration.ingestion.loader import (
    QuarantineSummary,
    Source,
    StoredLoad,
    load_file,
    load_table,
)
from orchestration.ingestion.retention import check_expiries, check_periods, has_deleted_files
from orchestration.ingestion.rules import FUTURE_TOLERANCE
from orchestration.ingestion.tombstones import check_erasures
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home, warehouse_errors, writer_lock

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileResult:
    """What became of one landing file, or of one table of a database.

    Attributes:
        system: The source system.
        table_name: The table within the system.
        file: The file's path below the landing area, or the table's name in its database.
        status: ``loaded`` (now), ``known`` (its content was loaded before) or ``refused``.
        message: Why it was refused, or what else a person should know.
        load_id: The number of the load; ``None`` unless loaded now.
        rows_read: Rows of the file or table.
        rows_accepted: Rows stored.
        rows_unchanged: Rows that say what is stored already.
        rows_quarantined: Rows refused.
        earliest_fact_date: First day with an accepted row.
        latest_fact_date: Last day with an accepted row.
        extra_columns: Columns that the contract does not know, with commas between.
        quarantined: What was refused, by rule; without any value of the rows.
    """

    system: str
    table_name: str
    file: str
    status: str
    message: str = ""
    load_id: int | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    earliest_fact_date: date | None = None
    latest_fact_date: date | None = None
    extra_columns: str = ""
    quarantined: tuple[QuarantineSummary, ...] = ()


@dataclass(frozen=True)
class IngestProgress:
    """A step of ingestion: a file or table begins (`result` is ``None``) or is done.

    Attributes:
        done: Files and tables done.
        total: Files and tables found.
        file: The file's path below the landing area, or the table's name in its database.
        result: What became of it.
    """

    done: int
    total: int
    file: str
    result: FileResult | None


@dataclass(frozen=True)
class IngestReport:
    """What became of the landing area.

    Attributes:
        files: One result per file that has a contract, and per table of a database.
        unmatched: Files that no contract, or more than one, claims; they were left alone.
        earliest_fact_date: The earliest day that a newly accepted row speaks of; ``None`` when
            nothing new was stored. Months before it are unchanged.
        latest_load_id: The newest load of the ledger, 0 when there is none.
    """

    files: tuple[FileResult, ...]
    unmatched: tuple[str, ...]
    earliest_fact_date: date | None
    latest_load_id: int

    def of_status(self, status: str) -> tuple[FileResult, ...]:
        """Return the files with that status: ``loaded``, ``known`` or ``refused``."""
        return tuple(result for result in self.files if result.status == status)

    @property
    def rows_read(self) -> int:
        """Rows of the files loaded now."""
        return sum(result.rows_read for result in self.files)

    @property
    def rows_accepted(self) -> int:
        """Rows stored now."""
        return sum(result.rows_accepted for result in self.files)

    @property
    def rows_unchanged(self) -> int:
        """Rows that say what was stored already."""
        return sum(result.rows_unchanged for result in self.files)

    @property
    def rows_quarantined(self) -> int:
        """Rows refused now."""
        return sum(result.rows_quarantined for result in self.files)


def ingest(
    settings: Settings,
    *,
    loaded_at: datetime,
    on_progress: Callable[[IngestProgress], None] | None = None,
    systems: Sequence[str] | None = None,
) -> IngestReport:
    """Load every landing file and every declared table that is new, one transaction each.

    What was loaded before with the same content is skipped. What cannot be loaded is refused in
    the ledger with its reason, is tried again in the next run, and keeps nothing else back.

    Args:
        settings: The home, the landing area, the contracts.
        loaded_at: The load's own time; naive times are UTC. Facts later than a day after it are
            refused.
        on_progress: Called before and after each file.
        systems: Load only these systems; all by default.

    Raises:
        EmptyLandingError: The landing area is missing, cannot be read, or holds no file and names
            no database.
        ContractError: A contract or a `source.yml` cannot be read or contradicts itself.
        UsageError: A system has no contract.
        ScorecardError: The record of erasures or expiries was changed, or the clock is more than a
            day behind the time of an earlier load.
        CompanyFileError: `company.yml` says what nobody understands.
        WarehouseLockedError: Another process is writing.
        HomeNotWritableError: The home cannot be written.
        DiskFullError: There is no room left; files loaded before that stay loaded.
    """
    contracts = load_contracts(settings.contracts_root)
    check_periods(contracts)
    _check_systems(contracts, systems)
    deliveries = read_deliveries(settings.landing, contracts, systems=systems)
    if loaded_at.tzinfo is not None:
        loaded_at = loaded_at.astimezone(UTC).replace(tzinfo=None)
    prepare_home(settings)
    with (
        writer_lock(settings, purpose="loading landing files"),
        warehouse_errors(settings),
        connect(settings) as con,
    ):
        remove_leftovers(settings.temporary)
        ledger.create_tables(con, contracts)
        check_erasures(con)
        check_expiries(con)
        _refuse_clock_set_back(con, loaded_at)
        store_company(con, read_company(settings.landing))
        discovery = discover(
            settings.landing,
            deliveries.contracts,
            systems=systems,
            may_be_empty=bool(deliveries.databases) or has_deleted_files(con),
        )
        results: list[FileResult] = []
        total = len(discovery.files) + sum(len(each.tables) for each in deliveries.databases)

        def take(name: str, load: Callable[[], FileResult]) -> None:
            _tell(on_progress, len(results), total, name, None)
            results.append(load())
            _tell(on_progress, len(results), total, name, results[-1])

        for file in discovery.files:
            take(file.name, partial(_ingest_file, con, file, loaded_at, settings.temporary))
        for database in deliveries.databases:
            with _reached(con, database) as refusal:
                for table in database.tables:
                    take(table.name, partial(_ingest_table, con, table, loaded_at, refusal))
        latest = ledger.latest_load_id(con)
    days = [result.earliest_fact_date for result in results if result.earliest_fact_date]
    return IngestReport(tuple(results), discovery.unmatched, min(days, default=None), latest)


@contextmanager
def _reached(
    con: duckdb.DuckDBPyConnection, database: Database
) -> Iterator[RefusedFileError | None]:
    """Keep a database open for the block; or give the reason why it cannot be."""
    with ExitStack() as stack:
        refusal: RefusedFileError | None = None
        try:
            stack.enter_context(open_database(con, database, os.environ))
        except RefusedFileError as error:
            refusal = error
        yield refusal


def _refuse_clock_set_back(con: duckdb.DuckDBPyConnection, loaded_at: datetime) -> None:
    """Refuse to load by a clock that is days behind: facts of today would lie in its future."""
    latest = ledger.latest_loaded_at(con)
    if latest is not None and loaded_at < latest - FUTURE_TOLERANCE:
        raise ScorecardError(
            f"This machine's clock says {loaded_at:%Y-%m-%d %H:%M} (UTC), and files were loaded at "
            f"{latest:%Y-%m-%d %H:%M} before: it was set back, or was wrong then. By it, facts of "
            "the days between would be refused as of the future. Set the clock, then run again."
        )


def _check_systems(contracts: Sequence[TableContract], systems: Sequence[str] | None) -> None:
    known = sorted({contract.system for contract in contracts})
    for system in systems or ():
        if system not in known:
            raise UsageError(
                f"No system is called {system!r}. Systems with a contract: {', '.join(known)}."
            )


def _tell(
    on_progress: Callable[[IngestProgress], None] | None,
    done: int,
    total: int,
    name: str,
    result: FileResult | None,
) -> None:
    if on_progress is not None:
        on_progress(IngestProgress(done, total, name, result))


def _ingest_file(
    con: duckdb.DuckDBPyConnection, file: LandingFile, loaded_at: datetime, scratch: Path
) -> FileResult:
    contract = file.contract
    facts: FileFacts | None = None
    try:
        facts = inspect(file.path, format_of(file.path)[1])
        known_as = ledger.loaded_as(con, contract, facts.sha256)
        if known_as is not None:
            message = "" if known_as == file.name else f"its content was loaded as {known_as}"
            return FileResult(contract.system, contract.name, file.name, "known", message)
        stored = load_file(con, file, facts, loaded_at=loaded_at, scratch=scratch)
    except RefusedFileError as refusal:
        return _refuse(con, file, refusal, loaded_at, facts=facts)
    return _loaded(stored)


def _ingest_table(
    con: duckdb.DuckDBPyConnection,
    table: DatabaseTable,
    loaded_at: datetime,
    refusal: RefusedFileError | None,
) -> FileResult:
    contract = table.contract
    if refusal is not None:
        return _refuse(con, table, refusal, loaded_at)
    try:
        stored = load_table(con, table, loaded_at=loaded_at)
    except RefusedFileError as error:
        return _refuse(con, table, error, loaded_at)
    if stored is None:
        return FileResult(contract.system, contract.name, table.name, "known")
    return _loaded(stored)


def _refuse(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    refusal: RefusedFileError,
    loaded_at: datetime,
    *,
    facts: FileFacts | None = None,
) -> FileResult:
    """Write a refusal into the ledger, once for the same source, content and reason."""
    message = f"{source.name} was refused: {refusal}."
    log.warning("%s", message)
    row = ledger.LedgerRow(
        system=source.contract.system,
        table_name=source.contract.name,
        file=source.name,
        sha256=None if facts is None else facts.sha256,
        size=None if facts is None else facts.size,
        status="refused",
        message=message,
        loaded_at=loaded_at,
    )
    if not ledger.is_refusal_known(con, row):
        ledger.write(con, ledger.next_load_id(con), row)
    return FileResult(row.system, row.table_name, row.file, "refused", message)


def _loaded(stored: StoredLoad) -> FileResult:
    row = stored.row
    log.info(
        "%s: %d rows read, %d accepted, %d unchanged, %d quarantined",
        row.file,
        row.rows_read,
        row.rows_accepted,
        row.rows_unchanged,
        row.rows_quarantined,
    )
    return FileResult(
        system=row.system,
        table_name=row.table_name,
        file=row.file,
        status="loaded",
        message=row.message,
        load_id=stored.load_id,
        rows_read=row.rows_read,
        rows_accepted=row.rows_accepted,
        rows_unchanged=row.rows_unchanged,
        rows_quarantined=row.rows_quarantined,
        earliest_fact_date=row.earliest_fact_date,
        latest_fact_date=row.latest_fact_date,
        extra_columns=row.extra_columns,
        quarantined=stored.quarantined,
    )
