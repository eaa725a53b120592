"""What came in, for the quality page: loads, refused rows by file and rule, findings by rule.

Belongs here: counts read from the ledger, the quarantine and the mart of findings. Never the raw
text of a refused row, which may hold personal data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from data_quality.fingerprint import Connection
from data_quality.masking import masked


@dataclass(frozen=True)
class LoadSummary:
    """One file in the ledger of loads.

    Attributes:
        load_id: Number of the load.
        system: Source system.
        table: Source table.
        file: Name of the file.
        status: `loaded` or `refused`.
        rows_read: Rows in the file.
        rows_accepted: Rows stored.
        rows_unchanged: Rows that were known already.
        rows_quarantined: Rows refused.
        message: Why a file was refused; empty for a loaded one.
    """

    load_id: int
    system: str
    table: str
    file: str
    status: str
    rows_read: int
    rows_accepted: int
    rows_unchanged: int
    rows_quarantined: int
    message: str


@dataclass(frozen=True)
class RefusedSummary:
    """Refused rows of one file by one rule, as far as nobody has decided on them.

    Attributes:
        system: Source system.
        table: Source table.
        file: Name of the file.
        rule: The rule of the contract that refused them.
        column: The column, or empty for the whole row.
        rows: How many.
    """

    system: str
    table: str
    file: str
    rule: str
    column: str
    rows: int


@dataclass(frozen=True)
class FindingSummary:
    """What one rule found in one source table.

    Attributes:
        rule: The rule.
        system: Source system.
        table: Source table.
        action: `quarantined`, `excluded` or `flagged`.
        rows: Rows found; None where the table sent nothing.
        checked: Rows looked at; None likewise.
        share: Rows found per row looked at; None likewise.
        explanation: What the rule means.
        first_month: Month end of the first row found; None for none, and for quarantined rows.
        last_month: Month end of the last row found; None likewise.
    """

    rule: str
    system: str
    table: str
    action: str
    rows: int | None
    checked: int | None
    share: float | None
    explanation: str
    first_month: date | None
    last_month: date | None


@dataclass(frozen=True)
class CorrectionSummary:
    """What one rule corrected in one column, as the log of corrections has it.

    Attributes:
        rule: The rule.
        system: Source system.
        table: Source table.
        column: The column; `*` for whole rows that were sent again.
        rows: Rows corrected.
        pairs: Rows of the log: decisions, or pairs of values before and after.
        example_key: Key of a corrected row, masked.
        value_before: What stood there.
        value_after: What it is read as; empty where it is not used.
        explanation: What the rule means.
    """

    rule: str
    system: str
    table: str
    column: str
    rows: int
    pairs: int
    example_key: str
    value_before: str
    value_after: str
    explanation: str


def read_loads(con: Connection) -> tuple[LoadSummary, ...]:
    """Read the ledger of loads, newest first."""
    rows = con.execute(
        """
        select
            load_id, system, table_name, file, status, coalesce(rows_read, 0),
            coalesce(rows_accepted, 0), coalesce(rows_unchanged, 0),
            coalesce(rows_quarantined, 0), coalesce(message, '')
        from control.loads order by load_id desc
        """
    ).fetchall()
    return tuple(LoadSummary(*row) for row in rows)


def read_refused(con: Connection) -> tuple[RefusedSummary, ...]:
    """Count the rows in quarantine that nobody has decided on, by file, rule and column."""
    rows = con.execute(
        """
        select
            system, table_name, file, rule, coalesce(column_name, '') as column_name, count(*)
        from quarantine.refused_rows as refused
        where not exists (
            select 1 from quarantine.decided_rows as decided
            where decided.load_id = refused.load_id and decided.line = refused.line
        )
        group by all order by count(*) desc, system, table_name, file, rule, column_name
        """
    ).fetchall()
    return tuple(RefusedSummary(*row) for row in rows)


def read_findings(con: Connection) -> tuple[FindingSummary, ...]:
    """Read what the rules found in the sources, the most rows first; none where not built yet."""
    if not _is_built(con, "source_findings"):
        return ()
    rows = con.execute(
        """
        select
            rule_id, source_system, source_table, action, row_count, checked_count,
            share::double, coalesce(explanation, ''), first_month, last_month
        from scorecard.source_findings
        order by row_count desc nulls last, source_system, source_table, rule_id
        """
    ).fetchall()
    return tuple(FindingSummary(*row) for row in rows)


def read_corrections(con: Connection) -> tuple[CorrectionSummary, ...]:
    """Read what was corrected, the most rows first; none where the log is not built yet.

    The example is the pair of values with the most rows.
    """
    if not _is_built(con, "cleaning_log"):
        return ()
    rows = con.execute(
        """
        with ranked as (
            select
                log.*, count(*) over columns as pairs, sum(row_count) over columns as total,
                row_number() over (columns order by row_count desc, row_key, value_before) as place
            from scorecard.cleaning_log as log
            window columns as (partition by rule_id, source_system, source_table, column_name)
        )
        select
            rule_id, source_system, source_table, column_name, total::bigint, pairs,
            coalesce(example_key, ''), value_before, coalesce(value_after, ''),
            coalesce(explanation, '')
        from ranked where place = 1
        order by total desc, rule_id, source_system, source_table, column_name
        """
    ).fetchall()
    found = [CorrectionSummary(*row) for row in rows]
    return tuple(replace(each, example_key=masked(each.example_key)) for each in found)


def _is_built(con: Connection, mart: str) -> bool:
    found = con.execute(
        "select 1 from information_schema.tables "
        "where table_schema = 'scorecard' and table_name = ?",
        [mart],
    ).fetchone()
    return found is not None
