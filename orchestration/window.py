"""Which months a run computes, and the run's own record.

What belongs here: month arithmetic, the rule that finds the first and the last month of a run, and
the three control tables that a run writes before dbt starts (`run_window`, `systems`, `runs`).
What does not: what is computed for those months (dbt), and the ledger of loads (ingestion).

The rule rests on one property of the warehouse: a fact of a month touches that month and later
ones, never earlier ones. What must be computed again is therefore always *every month from some
month on*, and one date, `dirty from`, says it all.
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from orchestration.configuration.ledger import ensure_configuration_tables
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion.contract import TableContract
from orchestration.reach import earliest_reach
from orchestration.warehouse import transaction

# Billing is the one system without which nothing can be said: its facts bound the history.
ANCHOR_SYSTEM = "billing"
COMPLETED = ("released", "held")

_TABLES = """
create schema if not exists control;
create table if not exists control.run_window (
    first_month date, last_month date, history_start date, known_load_id bigint,
    previous_load_id bigint
);
alter table control.run_window add column if not exists previous_load_id bigint;
create table if not exists control.systems (
    system varchar, measured_from date, complete_to date, quiet_days integer
);
-- A warehouse of an older version has the table without it; every run writes the table anew.
alter table control.systems add column if not exists quiet_days integer;
create table if not exists control.runs (
    run_id varchar, started_at timestamp, finished_at timestamp, first_month date,
    last_month date, known_load_id bigint, code_fingerprint varchar, config_fingerprint varchar,
    status varchar, release_id varchar, message varchar
);
-- The decisions by hand on who is who that the last completed run was made with.
create table if not exists control.identity_decisions (
    source_system varchar, source_id varchar, decision varchar, other_system varchar,
    other_id varchar
);
"""


@dataclass(frozen=True)
class EventColumn:
    """Where the event times of one source table stand.

    Attributes:
        system: The source system.
        table: The table within the system.
        column: The column that holds its event times.
        is_reference: Whether its dates say nothing about when the system was measured.
        quiet_days: For how many days the system may say nothing and still count as complete.
    """

    system: str
    table: str
    column: str
    is_reference: bool = False
    quiet_days: int = 0

    @property
    def relation(self) -> str:
        """The table in the schema `raw`."""
        return f"raw.{self.system}__{self.table}"


@dataclass(frozen=True)
class SystemSpan:
    """From when to when one system was measured, in days; null where it sent nothing.

    Attributes:
        system: The source system.
        measured_from: The day of its first fact.
        complete_to: The day of its newest fact.
        quiet_days: For how many days after that it may say nothing and still count as complete.
    """

    system: str
    measured_from: date | None
    complete_to: date | None
    quiet_days: int = 0


@dataclass(frozen=True)
class RunRecord:
    """One row of `control.runs`."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    first_month: date
    last_month: date
    known_load_id: int
    code_fingerprint: str
    config_fingerprint: str
    status: str
    release_id: str | None
    message: str | None

    @property
    def fingerprints(self) -> tuple[str, str]:
        """What the run was computed with."""
        return (self.code_fingerprint, self.config_fingerprint)


@dataclass(frozen=True)
class LoadSpan:
    """The earliest fact of one load, as far as it holds any."""

    load_id: int
    earliest_fact_date: date | None


@dataclass(frozen=True)
class Fingerprints:
    """The code and the configuration of a run."""

    code: str
    config: str


@dataclass(frozen=True)
class Window:
    """The months of a run, as month ends, and why they are these.

    Attributes:
        first_month: First month to compute.
        last_month: Last month to compute.
        history_start: Month end of the first billing fact.
        known_load_id: The newest load that the run reads.
        previous_load_id: The newest load that the completed run before read; 0 for the first.
        is_full_refresh: Whether every table is built anew, since code or configuration changed.
        reason: Why the run starts where it starts, in words.
    """

    first_month: date
    last_month: date
    history_start: date
    known_load_id: int
    previous_load_id: int
    is_full_refresh: bool
    reason: str


@dataclass(frozen=True)
class History:
    """What the control tables and the raw facts say before a run.

    Attributes:
        spans: From when to when each system was measured.
        loads: The loads, oldest first.
        runs: The records of all runs, oldest first.
        reaches_back_to: The earliest day that a row changes which came since the last completed
            run, where it lies before the events of these rows themselves.
    """

    spans: Sequence[SystemSpan]
    loads: Sequence[LoadSpan]
    runs: Sequence[RunRecord]
    reaches_back_to: date | None = None

    @property
    def anchor(self) -> SystemSpan:
        """The span of billing.

        Raises:
            ScorecardError: There is no billing fact.
        """
        for span in self.spans:
            if span.system == ANCHOR_SYSTEM and span.measured_from and span.complete_to:
                return span
        raise ScorecardError(
            f"There is no {ANCHOR_SYSTEM} fact in the warehouse, so there is no month to compute. "
            f"Put files of the {ANCHOR_SYSTEM} contract into the landing folder "
            f"`{ANCHOR_SYSTEM}/` and run `scorecard run` again; `scorecard status` lists what was "
            "loaded and what was refused."
        )

    @property
    def known_load_id(self) -> int:
        """The newest load; 0 when there is none."""
        return max((load.load_id for load in self.loads), default=0)


def month_end(day: date) -> date:
    """Give the last day of the month of a day."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """Give the month end that lies a number of months after (before, if negative) a day's month."""
    count = day.year * 12 + day.month - 1 + months
    return month_end(date(count // 12, count % 12 + 1, 1))


def last_complete_month(complete_to: date) -> date:
    """Give the newest month end on or before the day of the newest fact."""
    end = month_end(complete_to)
    return end if end == complete_to else add_months(complete_to, -1)


def parse_month(text: str) -> date:
    """Read `YYYY-MM` as a month end.

    Raises:
        UsageError: The text is not a month.
    """
    year, dash, month = text.partition("-")
    digits = year.isdecimal() and month.isdecimal() and len(year) == 4 and len(month) == 2
    if not (dash and digits and 1 <= int(month) <= 12 and int(year) >= 1):
        raise UsageError(f"{text!r} is not a month. Write it as YYYY-MM, for instance 2011-11.")
    return month_end(date(int(year), int(month), 1))


def format_month(day: date) -> str:
    """Write the month of a day as `YYYY-MM`, the key of its Dagster partition."""
    return f"{day.year:04d}-{day.month:02d}"


def choose_window(
    history: History,
    fingerprints: Fingerprints,
    *,
    from_month: date | None = None,
    to_month: date | None = None,
    may_go_back: bool = True,
) -> Window:
    """Find the months that a run must compute.

    Args:
        history: What is known before the run.
        fingerprints: The code and configuration that will compute.
        from_month: A month end to start at; it only widens what is needed.
        to_month: A month end to stop at; the last complete month by default.
        may_go_back: Whether stopping before months that were computed takes these out. If not,
            the run goes on to the newest of them.

    Raises:
        UsageError: The months asked for are not there.
        ScorecardError: There is no billing fact, or no complete month.
    """
    anchor = history.anchor
    start = month_end(_known(anchor.measured_from))
    complete = last_complete_month(_known(anchor.complete_to))
    last = _last_month(start, complete, anchor, to_month)
    if not may_go_back:
        last = max([last, *(run.last_month for run in _since_completed(history.runs))])
    if from_month is not None and from_month > last:
        raise UsageError(
            f"--from {format_month(from_month)} lies after the last month to compute, "
            f"{format_month(last)}. Choose an earlier month, or leave --from out."
        )
    rebuilt = _rebuild_reason(history.runs, fingerprints, last)
    dirty, reason = (start, rebuilt) if rebuilt else _dirty_from(history, start)
    first = max(start, min(month for month in (dirty, last, from_month) if month))
    if from_month is not None and first < min(dirty, last):
        reason = "asked for with --from"
    return Window(
        first_month=first,
        last_month=last,
        history_start=start,
        known_load_id=history.known_load_id,
        previous_load_id=_previous_load_id(history.runs),
        is_full_refresh=bool(rebuilt),
        reason=reason,
    )


def _known(day: date | None) -> date:
    if day is None:  # the anchor has both days, or there is no anchor
        raise ValueError("the billing system has no span")
    return day


def _last_month(start: date, complete: date, anchor: SystemSpan, asked: date | None) -> date:
    if complete < start:
        raise ScorecardError(
            f"No month is complete yet: the newest billing fact is of {anchor.complete_to}, and a "
            f"month counts when facts reach its last day ({start}). Load the rest of the month, "
            "then run again."
        )
    if asked is None:
        return complete
    if not start <= asked <= complete:
        raise UsageError(
            f"--to {format_month(asked)} is not there: billing has complete months from "
            f"{format_month(start)} to {format_month(complete)} (its newest fact is of "
            f"{anchor.complete_to}). Choose one of those."
        )
    return asked


def _rebuild_reason(runs: Sequence[RunRecord], fingerprints: Fingerprints, last: date) -> str:
    """Say why every table must be built anew, or nothing when none must.

    A run that failed may have written some tables before it died, so every run since the last
    completed one counts. A run that goes less far than one before it takes the later months out:
    the warehouse then stands as of its own last month, in all tables alike.
    """
    since = _since_completed(runs)
    if not since or since[0].status not in COMPLETED:
        return "nothing was completed before"
    if any(run.fingerprints != (fingerprints.code, fingerprints.config) for run in since):
        return "code or configuration changed"
    months = [run.last_month for run in since]
    if sorted([*months, last]) != [*months, last]:
        return f"months after {format_month(min(*months, last))} were taken out"
    return ""


def _since_completed(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Give the last completed run and all after it; all runs when none was completed."""
    since: list[RunRecord] = []
    for run in runs:
        since = [run] if run.status in COMPLETED else [*since, run]
    return since


def _dirty_from(history: History, start: date) -> tuple[date, str]:
    """Fold the completed runs into the first month that is not up to date, and say why."""
    dirty, known = start, 0
    for run in history.runs:
        if run.status in COMPLETED:
            dirty, known = add_months(run.last_month, 1), run.known_load_id
    touched = _earliest_fact(history.loads, after=known, up_to=history.known_load_id)
    if history.reaches_back_to is not None:
        reached = month_end(history.reaches_back_to)
        touched = reached if touched is None else min(touched, reached)
    if touched is not None and touched < dirty:
        first = max(start, touched)
        return first, f"new loads reach back to {format_month(first)}"
    return dirty, "no month before the last changed"


def _previous_load_id(runs: Sequence[RunRecord]) -> int:
    completed = [run.known_load_id for run in runs if run.status in COMPLETED]
    return completed[-1] if completed else 0


def _earliest_fact(loads: Iterable[LoadSpan], *, after: int, up_to: int) -> date | None:
    days = [
        load.earliest_fact_date
        for load in loads
        if after < load.load_id <= up_to and load.earliest_fact_date is not None
    ]
    return month_end(min(days)) if days else None


def ensure_control_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the control tables that a run writes, where they are missing."""
    con.execute(_TABLES)
    ensure_configuration_tables(con)


def event_columns(contracts: Iterable[TableContract]) -> tuple[EventColumn, ...]:
    """List the event time column of every source table, as the contracts name it.

    Args:
        contracts: The contracts.

    Returns:
        One entry per contract table, ordered by system and table.
    """
    return tuple(
        EventColumn(
            contract.system,
            contract.name,
            contract.event_time,
            is_reference=contract.is_reference,
            quiet_days=contract.quiet_days,
        )
        for contract in contracts
    )


def read_history(
    con: duckdb.DuckDBPyConnection,
    events: Sequence[EventColumn],
    *,
    contracts: Sequence[TableContract] = (),
) -> History:
    """Read what the raw facts, the ledger and earlier runs say.

    Args:
        con: An open connection to a warehouse that ingestion has prepared.
        events: The event columns of the contracts.
        contracts: The contracts, by which new rows reach further back than their own events.
    """
    ensure_control_tables(con)
    loads = con.execute(
        "select load_id, earliest_fact_date from control.loads where status = 'loaded' "
        "order by load_id"
    ).fetchall()
    spans = tuple(LoadSpan(load_id, day) for load_id, day in loads)
    runs = read_runs(con)
    known, newest = _previous_load_id(runs), max((load.load_id for load in spans), default=0)
    return History(
        spans=_system_spans(con, events),
        loads=spans,
        runs=runs,
        # A first run computes every month anyway.
        reaches_back_to=(
            earliest_reach(con, contracts, after=known, up_to=newest)
            if known and contracts
            else None
        ),
    )


def _system_spans(
    con: duckdb.DuckDBPyConnection, events: Sequence[EventColumn]
) -> tuple[SystemSpan, ...]:
    """Find each system's first and newest fact; policies, calendars and the like are no facts."""
    if not events:
        return ()
    parts = " union all ".join(_event_times(event) for event in events)
    rows = con.execute(
        "select system, min(earliest)::date, max(latest)::date, max(quiet_days) "
        f"from ({parts}) as spans group by system order by system"
    ).fetchall()
    return tuple(SystemSpan(*row) for row in rows)


def _event_times(event: EventColumn) -> str:
    named = f"select '{event.system}' as system, {event.quiet_days} as quiet_days, "
    if event.is_reference:  # its system stays in the list, as one without facts
        return f"{named} cast(null as timestamp) as earliest, cast(null as timestamp) as latest"
    return (
        f"{named} min({event.column}) as earliest, max({event.column}) as latest "
        f"from {event.relation}"
    )


def read_runs(con: duckdb.DuckDBPyConnection) -> tuple[RunRecord, ...]:
    """Read the records of all runs, oldest first."""
    rows = con.execute(
        "select run_id, started_at, finished_at, first_month, last_month, known_load_id, "
        "code_fingerprint, config_fingerprint, status, release_id, message "
        "from control.runs order by started_at, run_id"
    ).fetchall()
    return tuple(RunRecord(*row) for row in rows)


def begin_run(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    history: History,
    window: Window,
    fingerprints: Fingerprints,
    now: datetime,
) -> None:
    """Write the run's window, the systems' spans and the run's record, all or nothing.

    A record that still says `running` is of a process that died, since the writer lock is ours:
    it becomes `failed`.

    Args:
        con: An open connection, outside a transaction.
        run_id: The run; running the same run again replaces its record.
        history: What `read_history` gave.
        window: What `choose_window` gave.
        fingerprints: The code and configuration of the run.
        now: The moment the run starts, UTC without zone.
    """
    with transaction(con):
        con.execute("delete from control.run_window")
        con.execute(
            "insert into control.run_window values (?, ?, ?, ?, ?)",
            [
                window.first_month,
                window.last_month,
                window.history_start,
                window.known_load_id,
                window.previous_load_id,
            ],
        )
        con.execute("delete from control.systems")
        for span in history.spans:
            con.execute(
                "insert into control.systems values (?, ?, ?, ?)",
                [span.system, span.measured_from, span.complete_to, span.quiet_days],
            )
        con.execute("delete from control.runs where run_id = ?", [run_id])
        con.execute(
            "update control.runs set status = 'failed', message = 'the process ended early' "
            "where status = 'running'"
        )
        con.execute(
            "insert into control.runs values (?, ?, null, ?, ?, ?, ?, ?, 'running', null, null)",
            [
                run_id,
                _later_than_all(con, now),
                window.first_month,
                window.last_month,
                window.known_load_id,
                fingerprints.code,
                fingerprints.config,
            ],
        )


def widen_run(con: duckdb.DuckDBPyConnection, first_month: date) -> bool:
    """Let the run that is under way begin at an earlier month; a later one changes nothing.

    Args:
        con: An open connection, outside a transaction.
        first_month: Month end to begin at; no earlier than the history does.

    Returns:
        Whether the run begins earlier than before.
    """
    row = con.execute("select first_month, history_start from control.run_window").fetchone()
    if row is None or max(first_month, row[1]) >= row[0]:
        return False
    first = max(first_month, row[1])
    with transaction(con):
        con.execute("update control.run_window set first_month = ?", [first])
        con.execute("update control.runs set first_month = ? where status = 'running'", [first])
    return True


def _later_than_all(con: duckdb.DuckDBPyConnection, now: datetime) -> datetime:
    """Keep the records in order even when the clock was set back."""
    row = con.execute("select max(started_at) from control.runs").fetchone()
    newest = row[0] if row else None
    return now if newest is None or now > newest else newest + timedelta(microseconds=1)


def finish_run(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    status: str,
    now: datetime,
    release_id: str | None = None,
    message: str | None = None,
) -> None:
    """Close a run's record; a completed run leaves the decisions by hand that it was made with.

    The next run compares its links with those of the run before. What was loaded by then is told
    by the number of a load; of a decision only this says whether the run knew it.

    Args:
        con: An open connection, outside a transaction.
        run_id: The run.
        status: `released`, `held` or `failed`.
        now: The moment the run ended, UTC without zone.
        release_id: The release it made, if it made one.
        message: Why it was held or failed.
    """
    with transaction(con):
        con.execute(
            "update control.runs set status = ?, finished_at = ?, release_id = ?, message = ? "
            "where run_id = ?",
            [status, now, release_id, message, run_id],
        )
        if status in COMPLETED and _has_table(con, "seeds", "identity_decisions"):
            con.execute("delete from control.identity_decisions")
            con.execute(
                "insert into control.identity_decisions select source_system, source_id, decision, "
                "other_system, other_id from seeds.identity_decisions"
            )


def fail_running(con: duckdb.DuckDBPyConnection, *, message: str, now: datetime) -> None:
    """Close the record of the run that is under way, if one is, as failed."""
    if _has_table(con, "control", "runs"):
        con.execute(
            "update control.runs set status = 'failed', finished_at = ?, message = ? "
            "where status = 'running'",
            [now, message],
        )


def _has_table(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    row = con.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchone()
    return bool(row and row[0])


def is_full_refresh(runs: Sequence[RunRecord]) -> bool:
    """Tell whether the newest of these runs must build every table anew.

    Args:
        runs: The records of all runs, oldest first; the last one is asked about.
    """
    newest = runs[-1]
    fingerprints = Fingerprints(newest.code_fingerprint, newest.config_fingerprint)
    return bool(_rebuild_reason(runs[:-1], fingerprints, newest.last_month))


def current_run(con: duckdb.DuckDBPyConnection) -> RunRecord:
    """Give the newest run: the one whose months the warehouse is being built for.

    Raises:
        ScorecardError: No run was ever begun.
    """
    runs = read_runs(con)
    if not runs:
        raise ScorecardError(
            "No run has chosen its months yet. Materialise `control/run_window` first, or start "
            "the whole way with `scorecard run`."
        )
    return runs[-1]
