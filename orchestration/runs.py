"""The life of a run in the warehouse: choosing its months, closing its record, saying what it was.

What belongs here: the steps that open the warehouse for `orchestration.window`, and the summary
that a release keeps of its run. What does not: the rule for the months (`window`), and Dagster.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration import window
from orchestration.configuration.ledger import cells_of, record_configuration
from orchestration.configuration.seeds import read_configuration
from orchestration.configuration.store import keep_configuration
from orchestration.errors import ScorecardError
from orchestration.fingerprints import code_fingerprint, config_fingerprint
from orchestration.ingestion.company import stored_company
from orchestration.ingestion.contract import load_contracts
from orchestration.settings import Settings
from orchestration.warehouse import connect

if TYPE_CHECKING:
    from orchestration.release.build import RunSummary

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunMonths:
    """A run and the months it was asked for.

    Attributes:
        run_id: The run.
        from_month: Month end to start at, at the latest; None for what is needed.
        to_month: Month end to stop at; None for the last complete month.
        may_go_back: Whether stopping before months that were computed takes these out.
    """

    run_id: str
    from_month: date | None = None
    to_month: date | None = None
    may_go_back: bool = False


def utc_now() -> datetime:
    """Give the present moment as UTC without a zone, as the control tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def fingerprints(settings: Settings) -> window.Fingerprints:
    """Give the fingerprints of the code and the configuration as they stand now."""
    return window.Fingerprints(
        code=code_fingerprint(settings.root),
        config=config_fingerprint(settings.root, settings.profile),
    )


def preview(
    settings: Settings, *, from_month: date | None = None, to_month: date | None = None
) -> window.Window:
    """Say which months a run would compute, without writing anything but missing tables.

    Raises:
        UsageError: The months asked for are not there.
        ScorecardError: There is nothing to compute, or the warehouse cannot be opened.
    """
    with connect(settings) as con:
        history = _read_history(settings, con)
    return window.choose_window(
        history, fingerprints(settings), from_month=from_month, to_month=to_month
    )


def begin(
    settings: Settings, months: RunMonths, *, now: datetime, is_whole: bool = False
) -> window.Window:
    """Choose the run's months and write window, systems and record in one transaction.

    What changed in the configuration since the run before goes to its ledger, and the seeds
    themselves are kept, so that the run can be computed again.

    Args:
        settings: The home.
        months: The run, and what it was asked for.
        now: The moment, UTC without zone.
        is_whole: Whether it computes every month from the beginning of the history on.

    Raises:
        UsageError: The months asked for are not there.
        ScorecardError: There is nothing to compute, or the warehouse cannot be opened.
    """
    made_with = fingerprints(settings)
    keep_configuration(settings, made_with.config)
    with connect(settings) as con:
        history = _read_history(settings, con)
        chosen = window.choose_window(
            history,
            made_with,
            from_month=_start(history) if is_whole else months.from_month,
            to_month=months.to_month,
            may_go_back=months.may_go_back,
        )
        window.begin_run(
            con,
            run_id=months.run_id,
            history=history,
            window=chosen,
            fingerprints=made_with,
            now=now,
        )
        record_configuration(
            con,
            cells_of(read_configuration(settings), settings.root),
            run_id=months.run_id,
            known_month=chosen.last_month,
            now=now,
        )
    return chosen


def _read_history(settings: Settings, con: duckdb.DuckDBPyConnection) -> window.History:
    contracts = load_contracts(settings.contracts_root)
    return window.read_history(con, window.event_columns(contracts), contracts=contracts)


def _start(history: window.History) -> date | None:
    first = history.anchor.measured_from
    return window.month_end(first) if first else None


def brings_evidence_of_identity(settings: Settings) -> bool:
    """Tell whether loads since the completed run before may change whose a source record is.

    A first run, and one that builds every month anyway, has nothing to restate.
    """
    with connect(settings, read_only=True) as con:
        row = con.execute(
            "select previous_load_id > 0 and known_load_id > previous_load_id "
            "and first_month > history_start from control.run_window"
        ).fetchone()
    return bool(row and row[0])


def widen_to_restated_links(settings: Settings) -> date | None:
    """Let the run begin where customers changed hands, once the links are built.

    A record that belongs to another customer now changes months that were computed long ago; the
    months from the first fact of either customer on must be computed again.

    Returns:
        The month end at which the run begins now; None when its months are enough.
    """
    with connect(settings) as con:
        row = con.execute(
            "select min(affected_from_month) from core.int_identity_restatements"
        ).fetchone()
        first: date | None = row[0] if row else None
        if first is None or not window.widen_run(con, first):
            return None
        return window.current_run(con).first_month


def close_failed(settings: Settings, message: str) -> None:
    """Close the record of the run that is under way as failed.

    Nothing is raised: this is called while another problem is being told, which may be that the
    warehouse cannot be written.
    """
    if not settings.warehouse.exists():
        return
    try:
        with connect(settings) as con:
            window.fail_running(con, message=message, now=utc_now())
    except (ScorecardError, duckdb.Error) as error:
        LOGGER.warning("the run's record could not be closed: %s", error)


def read_current(settings: Settings) -> window.RunRecord:
    """Read the record of the run that the warehouse is being built for.

    Raises:
        ScorecardError: No run was ever begun.
    """
    with connect(settings, read_only=True) as con:
        return window.current_run(con)


def read_row_counts(settings: Settings) -> dict[tuple[str, str], int]:
    """Count the rows of every table (not view) of the warehouse, by schema and name."""
    with connect(settings, read_only=True) as con:
        rows = con.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    return {(schema, table): size for schema, table, size in rows}


def summarise(settings: Settings, record: window.RunRecord) -> "RunSummary":
    """Say what a release keeps of its run: months, loads, fingerprints, estimators."""
    # Its charts cost 1 s to import.
    from ml.approvals import seal_of
    from orchestration.release.build import RunSummary

    with connect(settings, read_only=True) as con:
        loads = _records(
            con.execute(
                "select load_id, system, table_name, file, sha256, rows_read, rows_accepted, "
                "rows_unchanged, rows_quarantined, earliest_fact_date, latest_fact_date, "
                "months.earliest_month from control.loads left join (select load_id, "
                "min(month_end) as earliest_month from control.load_months group by load_id"
                ") as months using (load_id) "
                "where status = 'loaded' and load_id <= ? order by load_id",
                [record.known_load_id],
            )
        )
        estimators = _records(
            con.execute(
                "select estimator, estimator_version, candidate, status, reason, "
                "trained_from::varchar as trained_from, trained_to::varchar as trained_to, "
                "labels_to::varchar as labels_to, content_hash, code_version "
                "from ml.estimators order by estimator, estimator_version"
            )
        )
        company = stored_company(con)
    return RunSummary(
        run_id=record.run_id,
        first_month=record.first_month,
        last_month=record.last_month,
        known_load_id=record.known_load_id,
        loads=loads,
        code_fingerprint=record.code_fingerprint,
        config_fingerprint=record.config_fingerprint,
        estimators=estimators,
        profile=settings.profile,
        company=company,
        approvals=seal_of(settings.estimators),
    )


def _records(cursor: Any) -> tuple[dict[str, Any], ...]:
    names = [column[0] for column in cursor.description]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
