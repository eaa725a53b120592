"""Emptying values that are past the period of their contract, and deleting old landing files.

Belongs here: as of which month periods count, what is overdue, the order of the steps.
Does not belong here: which rows a cut-off is about and what takes the place of a value
 (`ingestion.retention`), which files may go (`old_files`), and copies of values (`copies`).

Age is measured in the data: back from the end of the last month that a run completed, or from a
month that a person names. Nothing expires by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import duckdb

from orchestration import window
from orchestration.erasure.copies import delete_copies
from orchestration.erasure.old_files import OldFile, delete_files, find_old_files
from orchestration.erasure.rewriting import RehearsalError, write_anew
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion import ledger, retention
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.delivery import read_deliveries
from orchestration.ingestion.retention import Cutoff, Expiry
from orchestration.ingestion.sql import identifier, literal
from orchestration.settings import Settings
from orchestration.text import KEPT_SCORES, keep_scores
from orchestration.warehouse import (
    connect,
    prepare_home,
    transaction,
    warehouse_errors,
    writer_lock,
)


@dataclass(frozen=True)
class ExpiryOutcome:
    """What an expiry emptied, or would empty.

    Attributes:
        until: The month end from which the periods count back.
        is_done: Whether it was done; otherwise nothing was changed.
        cutoffs: Table to its cut-off; tables without a period are not among them.
        row_counts: Place to how many of its rows were emptied.
        files: Landing files that are past their period, with why some of them stay.
        expiry: The record; None where nothing was done.
    """

    until: date
    is_done: bool
    cutoffs: Mapping[str, Cutoff]
    row_counts: Mapping[str, int]
    files: Sequence[OldFile]
    expiry: Expiry | None


def expire(
    settings: Settings,
    *,
    until: date | None,
    author: str,
    reason: str,
    now: datetime,
    is_rehearsal: bool,
) -> ExpiryOutcome:
    """Empty what is past its period in raw facts and quarantine, and keep it empty in later loads.

    Keys, amounts, dates and counts stay. The record is written even where no row was old enough,
    since later loads go by it.

    Args:
        settings: The home and the contracts.
        until: The month end from which periods count back; the last completed month by default.
        author: Who orders it.
        reason: Why.
        now: The moment; naive times are UTC.
        is_rehearsal: Whether everything is only counted, and nothing changed.

    Raises:
        UsageError: Author or reason is empty, or the month is not over.
        ScorecardError: There is no warehouse, no period or no completed month.
        ContractError: A contract's period cannot be kept.
        WarehouseLockedError: Another process is writing.
    """
    for name, value in (("author", author), ("reason", reason)):
        if not value.strip():
            raise UsageError(f"An expiry needs its {name}: give --{name} TEXT.")
    moment = now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)
    if until is not None and until >= moment.date():
        raise UsageError(
            f"--until {window.format_month(until)} is not over yet: periods count back from the "
            "end of a month that is."
        )
    if not settings.warehouse.exists():
        raise ScorecardError(f"There is no warehouse at {settings.warehouse}: nothing is in it.")
    contracts = load_contracts(settings.contracts_root)
    retention.check_periods(contracts)
    delivered = _delivered(settings, contracts)
    prepare_home(settings)
    outcome = None
    with writer_lock(settings, purpose="scorecard expire"), warehouse_errors(settings):
        with connect(settings) as con:
            ledger.create_tables(con, contracts)
            retention.check_expiries(con)
            until = until or last_completed_month(con)
            if until is None:
                raise ScorecardError(
                    "No run was completed yet, so that there is no month to count back from: run "
                    "`scorecard run` first, or name a month with --until."
                )
            cutoffs = cutoffs_at(contracts, until)
            if not cutoffs and settings.landing_months is None:
                raise ScorecardError(
                    "No contract names a period, so everything is kept. Declare `retention: "
                    "{months: 36}` under `config.meta` of a table in models/staging, or set "
                    "SCORECARD_LANDING_MONTHS for landing files (docs/privacy.md)."
                )
            try:
                with transaction(con):
                    counts = _empty(con, contracts, cutoffs)
                    files = _old_files(con, settings, delivered, until)
                    expiry = retention.record(
                        con,
                        moment=moment,
                        by=(author, reason),
                        until=until,
                        cutoffs=cutoffs,
                        row_counts=counts,
                        files=[each.file for each in files if not each.why_not],
                    )
                    outcome = ExpiryOutcome(
                        until=until,
                        is_done=not is_rehearsal,
                        cutoffs=cutoffs,
                        row_counts=counts,
                        files=files,
                        expiry=None if is_rehearsal else expiry,
                    )
                    if is_rehearsal:
                        raise RehearsalError
            except RehearsalError:
                pass
        if outcome is None:
            raise RuntimeError("an expiry ended without an outcome")
        if outcome.is_done:
            # After the record, so that no file goes without one.
            outcome = replace(outcome, files=delete_files(outcome.files))
            write_anew(settings)
    return outcome


def cutoffs_at(contracts: Sequence[TableContract], until: date) -> dict[str, Cutoff]:
    """Give each table's cut-off, as of a month end; tables without a period have none.

    Args:
        contracts: All contracts.
        until: The month end from which periods count back.
    """
    return {
        contract.title: Cutoff(
            window.add_months(until, -contract.retention.months),
            contract.retention.since,
            tuple(column.name for column in contract.private_columns),
        )
        for contract in contracts
        if contract.retention is not None
    }


def last_completed_month(con: duckdb.DuckDBPyConnection) -> date | None:
    """Give the last month of the newest completed run, None before the first.

    Args:
        con: A connection to a warehouse that ingestion has prepared.
    """
    done = [run.last_month for run in window.read_runs(con) if run.status in window.COMPLETED]
    return done[-1] if done else None


def _delivered(settings: Settings, contracts: Sequence[TableContract]) -> Sequence[TableContract]:
    """Give the contracts with what the landing area says of its files, where there is one."""
    if not settings.landing.is_dir():
        return contracts
    return read_deliveries(settings.landing, contracts).contracts


def _old_files(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contracts: Sequence[TableContract],
    until: date,
) -> list[OldFile]:
    if settings.landing_months is None:
        return []
    through = window.add_months(until, -settings.landing_months)
    return find_old_files(con, settings, contracts, through)


@dataclass(frozen=True)
class Overdue:
    """What stands past its period, and would go by `scorecard expire`.

    Attributes:
        until: The month end from which periods count back; None before the first completed run.
        row_counts: Place to how many of its rows hold what should be gone.
        files: Landing files that may go.
    """

    until: date | None
    row_counts: Mapping[str, int]
    files: Sequence[str]


def find_overdue(settings: Settings, contracts: Sequence[TableContract]) -> Overdue:
    """Count what is past its period as of the last completed month; change nothing.

    Args:
        settings: The home; its warehouse is there.
        contracts: All contracts.

    Raises:
        ScorecardError: The record of expiries was changed.
        WarehouseLockedError: Another process is writing.
        duckdb.Error: The warehouse is of an older version.
    """
    with connect(settings, read_only=True) as con:
        retention.check_expiries(con)
        until = last_completed_month(con)
        if until is None:
            return Overdue(None, {}, ())
        cutoffs = cutoffs_at(contracts, until)
        counts = {}
        for contract in contracts:
            if contract.title in cutoffs:
                raw, refused = retention.count_overdue(con, contract, cutoffs[contract.title])
                counts[f"raw.{contract.identifier}"] = raw
                counts[f"quarantine.{contract.identifier}"] = refused
        files = _old_files(con, settings, _delivered(settings, contracts), until)
    return Overdue(
        until,
        {place: count for place, count in counts.items() if count},
        [each.file for each in files if not each.why_not],
    )


def _empty(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[TableContract],
    cutoffs: Mapping[str, Cutoff],
) -> dict[str, int]:
    counts = {}
    for contract in contracts:
        cutoff = cutoffs.get(contract.title)
        if cutoff is None:
            continue
        keep_scores(con, {contract.title: retention.is_full(contract, cutoff)})
        con.execute(f"insert into control.erased_text_scores by name from {KEPT_SCORES}")
        counts[f"raw.{contract.identifier}"] = retention.empty_raw(con, contract, cutoff)
        counts[f"quarantine.{contract.identifier}"] = retention.empty_refused(con, contract, cutoff)
        if left := sum(retention.count_overdue(con, contract, cutoff)):
            raise ScorecardError(
                f"{left} rows of {contract.title} would still hold values past their period, so "
                "nothing was emptied. This is a defect: please report it with this message."
            )
        old = f"cast(r.{identifier(cutoff.since)} as date) <= {literal(str(cutoff.through))}::date"
        counts |= delete_copies(con, contract, old)
    return {place: count for place, count in counts.items() if count}
