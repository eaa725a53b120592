"""Loading one file, or one table of a database: read, typed, judged, stored in one transaction.

What belongs here: the order of those steps, the rules that need other rows (duplicate and
conflicting keys), and the proof that no row was lost.
What does not: formats (`readers`, `database`), the rules of single values (`rules`), walking the
landing area.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.errors import ScorecardError
from orchestration.ingestion import ledger
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.database import content, newest_lines, read_table
from orchestration.ingestion.delivery import DatabaseTable
from orchestration.ingestion.files import FileFacts, LandingFile, RefusedFileError
from orchestration.ingestion.landed import Landed, engine_read
from orchestration.ingestion.months import write_months
from orchestration.ingestion.readers import read_file
from orchestration.ingestion.retention import empty_refused, empty_typed, known_cutoffs
from orchestration.ingestion.rules import any_broken, broken_rules, row_rules, value_expression
from orchestration.ingestion.sql import identifier, literal
from orchestration.ingestion.tombstones import leave_erased_out
from orchestration.warehouse import transaction

TEMPORARY_TABLES = (
    "csv_rows",
    "csv_rejects",
    "csv_errors",
    "csv_scans",
    "free_lines",
    "slots",
    "text_lines",
    "json_lines",
    "json_rows",
    "parquet_columns",
    "excel_header",
    "excel_cells",
    "excel_rows",
    "database_rows",
    "broken",
    "typed",
    "judged",
)
# What extract tools add to every table they copy: Fivetran, Airbyte, dlt, Stitch and Meltano.
TOOL_COLUMN = re.compile(r"_(fivetran|airbyte|ab|dlt|sdc)_\w+", re.IGNORECASE)

Source = LandingFile | DatabaseTable


@dataclass(frozen=True)
class QuarantineSummary:
    """How many rows of a file one rule refused.

    Attributes:
        rule: The rule.
        column: The column it is about; empty for rules about the whole row.
        row_count: How many rows.
        first_line: The line of the first of them.
    """

    rule: str
    column: str
    row_count: int
    first_line: int


@dataclass(frozen=True)
class StoredLoad:
    """A load that was committed: its number, its ledger row, and what it refused."""

    load_id: int
    row: ledger.LedgerRow
    quarantined: tuple[QuarantineSummary, ...]


def load_file(
    con: duckdb.DuckDBPyConnection,
    file: LandingFile,
    facts: FileFacts,
    *,
    loaded_at: datetime,
    scratch: Path,
) -> StoredLoad:
    """Load one landing file in one transaction.

    Reading and judging happen in temporary tables before the transaction begins; the ledger row,
    the good rows and the quarantined rows then commit together or not at all.

    Args:
        con: The warehouse's connection.
        file: The file.
        facts: Its hash and size.
        loaded_at: The load's own time, naive UTC.
        scratch: A folder for what lasts as long as the load.

    Raises:
        RefusedFileError: The file as a whole cannot be loaded; nothing was stored.
        ScorecardError: The counts do not add up; nothing was stored.
    """
    try:
        before = file.path.stat()
        landed = read_file(con, file, facts, scratch)
        judge_values(con, file.contract, landed, loaded_at)
        kept_out = _keep_out(con, file.contract)
        after = file.path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise RefusedFileError("it changed while it was read. It is read again in the next run")
        judge_keys(con, file.contract)
        return _store(
            con,
            file,
            landed,
            loaded_at,
            size=facts.size,
            kept_out=kept_out,
            fingerprint=lambda: facts.sha256,
        )
    finally:
        clean_up(con)


def load_table(
    con: duckdb.DuckDBPyConnection, table: DatabaseTable, *, loaded_at: datetime
) -> StoredLoad | None:
    """Load a table of the attached database in one transaction of the warehouse.

    Args:
        con: The warehouse's connection, with the database attached.
        table: The table.
        loaded_at: The load's own time, naive UTC.

    Returns:
        What was stored; None when its rows are those that the newest load of it read.

    Raises:
        RefusedFileError: The table as a whole cannot be loaded; nothing was stored.
        ScorecardError: The counts do not add up; nothing was stored.
    """

    def fingerprint() -> str:
        return content(con, landed, among=newest_lines(table))

    try:
        landed = read_table(con, table)
        if content(con, landed) == ledger.newest_content(con, table.contract, table.name):
            return None
        judge_values(con, table.contract, landed, loaded_at)
        kept_out = _keep_out(con, table.contract)
        judge_keys(con, table.contract)
        return _store(
            con, table, landed, loaded_at, size=None, kept_out=kept_out, fingerprint=fingerprint
        )
    finally:
        clean_up(con)


@dataclass(frozen=True)
class _KeptOut:
    """What a source delivers and nobody may keep: rows of erased persons, values past a period."""

    erased: int
    expired: int


def _keep_out(con: duckdb.DuckDBPyConnection, contract: TableContract) -> _KeptOut:
    return _KeptOut(leave_erased_out(con, contract), empty_typed(con, contract))


def clean_up(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what reading and judging left on the connection."""
    con.execute("drop view if exists landed")
    for table in TEMPORARY_TABLES:
        con.execute(f"drop table if exists temp.{table}")


def judge_values(
    con: duckdb.DuckDBPyConnection,
    contract: TableContract,
    landed: Landed,
    loaded_at: datetime,
    *,
    waived: tuple[str, str] | None = None,
) -> None:
    """Fill `typed`: each row of `landed`, its values typed, its hash, whether it is refused.

    Args:
        con: The warehouse's connection.
        contract: The contract.
        landed: The rows.
        loaded_at: The load's own time, naive UTC.
        waived: Rule and column that a person waived for these rows; None for no waiver.
    """
    values = ", ".join(
        f"{value_expression(column, landed.columns.get(column.name))} as {identifier(column.name)}"
        for column in contract.columns
    )
    sources = "".join(
        f", {column.expression} as _source_{position}"
        for position, column in enumerate(landed.columns.values())
    )
    inner = {
        name: replace(column, expression=f"t._source_{position}")
        for position, (name, column) in enumerate(landed.columns.items())
    }
    condition = any_broken(row_rules(contract, inner, loaded_at, waived=waived))
    names = ", ".join(f"t.{identifier(name)}" for name in contract.column_names)
    engine_read(
        con,
        f"""
        create or replace temp table typed as
        select
            t._line,
            {names},
            {ledger.row_hash(contract, alias="t")} as _row_hash,
            {condition} as _is_refused,
        from (select l._line, {values}{sources} from landed as l) as t
        """,
        "to its end; it is damaged",
    )


def judge_keys(con: duckdb.DuckDBPyConnection, contract: TableContract) -> None:
    """Fill `judged`: the rows that keep the rules of values and yet are not stored, and why."""
    version = contract.key
    if contract.load_mode != "append" and contract.event_time not in contract.key:
        version = (*contract.key, contract.event_time)
    keys = ", ".join(identifier(name) for name in version)
    stored, verdict = _stored_and_verdict(contract, keys)
    con.execute(
        f"""
        create or replace temp table judged as
        with firsts as (
            select
                {keys},
                min(_line) as first_line,
                arg_min(_row_hash, _line) as first_hash,
            from typed
            where not _is_refused
            group by {keys}
        ),
        stored as ({stored})
        select
            candidate._line,
            case {verdict} end as verdict,
            firsts.first_line,
            stored._load_id as stored_load_id,
            stored._file as stored_file,
            stored._line as stored_line,
        from typed as candidate
        inner join firsts using ({keys})
        left join stored using ({keys})
        where not candidate._is_refused and verdict <> 'new'
        """
    )
    if contract.load_mode == "snapshot":
        _judge_snapshot(con, contract)


def _stored_and_verdict(contract: TableContract, keys: str) -> tuple[str, str]:
    """Return the SQL of what is stored for each key, and of the verdict on a candidate."""
    columns = f"{keys}, _row_hash, _load_id, _file, _line"
    if contract.load_mode == "append":
        # What is stored speaks first: an event never changes.
        return (
            f"select {columns} from {contract.raw_table}",
            """
            when stored._row_hash = candidate._row_hash then 'unchanged'
            when stored._row_hash is not null then 'conflicting_key'
            when candidate._line = firsts.first_line then 'new'
            when candidate._row_hash = firsts.first_hash then 'unchanged'
            else 'duplicate_key'
            """,
        )
    # The newest load speaks for a version; a later one that says otherwise corrects it.
    return (
        f"select {columns} from {contract.raw_table} qualify row_number() over "
        f"(partition by {keys} order by _load_id desc, _line desc) = 1",
        """
        when candidate._line <> firsts.first_line
            and candidate._row_hash <> firsts.first_hash then 'duplicate_key'
        when candidate._line <> firsts.first_line then 'unchanged'
        when stored._row_hash = candidate._row_hash then 'unchanged'
        else 'new'
        """,
    )


def _judge_snapshot(con: duckdb.DuckDBPyConnection, contract: TableContract) -> None:
    """Count as unchanged what a full dump repeats of the version before it, but for its time."""
    keys = ", ".join(identifier(name) for name in contract.key)
    at = identifier(contract.event_time)
    same_key = " and ".join(
        f"candidate.{identifier(name)} = stored.{identifier(name)}" for name in contract.key
    )
    without = (contract.event_time,)
    con.execute(
        f"""
        insert into judged
        with stored as (
            select * from {contract.raw_table}
            qualify row_number() over (
                partition by {keys}, {at} order by _load_id desc, _line desc
            ) = 1
        )
        select candidate._line, 'unchanged', null, stored._load_id, stored._file, stored._line,
        from (select * from typed anti join judged using (_line)) as candidate
        asof join stored on {same_key} and candidate.{at} >= stored.{at}
        where
            not candidate._is_refused
            and {ledger.row_hash(contract, alias="candidate", without=without)}
                = {ledger.row_hash(contract, alias="stored", without=without)}
        """
    )


def _store(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    landed: Landed,
    loaded_at: datetime,
    *,
    size: int | None,
    kept_out: _KeptOut,
    fingerprint: Callable[[], str],
) -> StoredLoad:
    """Store what was judged; `fingerprint` names the content, once its rows are stored."""
    with transaction(con):
        load_id = ledger.next_load_id(con)
        absent = _absent_keys(con, source)
        accepted = insert_good(con, source.contract, load_id, file=source.name)
        quarantined = _insert_refused(con, source, landed, load_id, loaded_at)
        rows_read = number(con, "select count(*) from typed")
        rows_read += number(con, "select count(*) from broken") + kept_out.erased
        earliest, latest = fact_dates(con, source.contract, load_id)
        write_months(con, source.contract, load_id)
        row = ledger.LedgerRow(
            system=source.contract.system,
            table_name=source.contract.name,
            file=source.name,
            sha256=fingerprint(),
            size=size,
            status="loaded",
            message=_note(landed, rows_read, absent, kept_out),
            loaded_at=loaded_at,
            rows_read=rows_read,
            rows_accepted=accepted,
            rows_unchanged=number(con, "select count(*) from judged where verdict = 'unchanged'"),
            rows_quarantined=quarantined,
            earliest_fact_date=earliest,
            latest_fact_date=latest,
            extra_columns=", ".join(landed.extra),
            rows_erased=kept_out.erased,
            rows_expired=kept_out.expired,
        )
        check_nothing_is_lost(row, source.contract)
        ledger.write(con, load_id, row)
        row = _empty_refused(con, source.contract, load_id, row)
        summary = _summary(con, load_id)
    return StoredLoad(load_id, row, summary)


def _absent_keys(con: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Count the keys that were there by the time of a full dump, and are not in it."""
    is_full = not isinstance(source, DatabaseTable) or source.cursor is None
    if source.contract.load_mode != "snapshot" or not is_full:
        return 0
    keys = ", ".join(identifier(name) for name in source.contract.key)
    at = identifier(source.contract.event_time)
    return number(
        con,
        f"""
        select count(*)
        from (
            select distinct {keys} from {source.contract.raw_table}
            where {at} <= (select max({at}) from typed)
        )
        anti join typed using ({keys})
        """,
    )


def check_nothing_is_lost(row: ledger.LedgerRow, contract: TableContract) -> None:
    """Hold a load's counts against each other, inside its transaction.

    Raises:
        ScorecardError: Some row is neither accepted, unchanged, quarantined nor left out as erased.
    """
    stored = row.rows_accepted + row.rows_unchanged + row.rows_quarantined
    if row.rows_read != stored + row.rows_erased:
        raise ScorecardError(
            f"{row.file}: {row.rows_read} rows were read, but {row.rows_accepted} accepted, "
            f"{row.rows_unchanged} unchanged, {row.rows_quarantined} quarantined and "
            f"{row.rows_erased} of erased persons do not add up to that. Nothing of the file was "
            f"stored. This is a defect of ingestion or a key stored twice in {contract.raw_table}: "
            "please report it with this message."
        )


def insert_good(
    con: duckdb.DuckDBPyConnection, contract: TableContract, load_id: int, *, file: str
) -> int:
    """Store the rows of `typed` that nothing speaks against; give their number."""
    names = ", ".join(identifier(name) for name in contract.column_names)
    return number(
        con,
        f"""
        insert into {contract.raw_table} ({names}, _load_id, _file, _line, _row_hash)
        select {names}, {load_id}, {literal(file)}, _line, _row_hash,
        from typed
        anti join judged using (_line)
        where not _is_refused
        """,
    )


def _insert_refused(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    landed: Landed,
    load_id: int,
    loaded_at: datetime,
) -> int:
    contract = source.contract
    header = literal(json.dumps(landed.header)) if landed.header else "null"
    insert = (
        "insert into quarantine.refused_rows (load_id, system, table_name, file, line, rule, "
        "column_name, message, raw_text, source_columns) "
        f"select {load_id}, {literal(contract.system)}, "
        f"{literal(contract.name)}, {literal(source.name)}, "
    )
    inserted = number(
        con, f"{insert} _line, rule, column_name, message, raw_text, {header} from broken"
    )
    # Reading the source again for the text costs as much as a load: only where there is a need.
    if number(con, "select count(*) from typed where _is_refused"):
        inserted += number(con, f"{insert}{rule_breakers(contract, landed, loaded_at, header)}")
    if number(con, "select count(*) from judged where verdict <> 'unchanged'"):
        inserted += number(con, f"{insert}{_key_breakers(contract, landed, header)}")
    since = contract.event_time if contract.retention is None else contract.retention.since
    con.execute(
        f"update quarantine.refused_rows as r set fact_date = cast(t.{identifier(since)} as date) "
        f"from typed as t where r.load_id = {load_id} and r.line = t._line"
    )
    return inserted


def _empty_refused(
    con: duckdb.DuckDBPyConnection, contract: TableContract, load_id: int, row: ledger.LedgerRow
) -> ledger.LedgerRow:
    """Empty what a load refused that is past a period, and count it in the load's ledger row."""
    emptied = sum(
        empty_refused(con, contract, cutoff, load_id=load_id)
        for cutoff in known_cutoffs(con, contract)
    )
    if not emptied:
        return row
    con.execute(
        "update control.loads set rows_expired = rows_expired + ? where load_id = ?",
        [emptied, load_id],
    )
    return replace(row, rows_expired=row.rows_expired + emptied)


def rule_breakers(
    contract: TableContract,
    landed: Landed,
    loaded_at: datetime,
    header: str = "null",
    *,
    waived: tuple[str, str] | None = None,
) -> str:
    """Return the select list of the refused rows: line, rule, column, message, text, header.

    Args:
        contract: The contract.
        landed: The rows.
        loaded_at: The load's own time.
        header: SQL of the names of the source's columns.
        waived: Rule and column that a person waived for these rows.
    """
    rules = row_rules(contract, landed.columns, loaded_at, waived=waived)
    return f"""
        _line, failures[1].rule, failures[1].column_name,
        list_aggregate(
            list_transform(failures, lambda item: item.message), 'string_agg', '; '
        ),
        raw_text, {header},
        from (
            select t._line, {broken_rules(rules)} as failures, {landed.raw_text} as raw_text,
            from (select * from typed where _is_refused) as t
            inner join landed as l on l._line = t._line
        )
    """


def _key_breakers(contract: TableContract, landed: Landed, header: str) -> str:
    return f"""
        judged._line, judged.verdict, {literal(", ".join(contract.key))},
        {_key_message(contract, landed)}, {landed.raw_text}, {header},
        from judged
        inner join landed as l on l._line = judged._line
        inner join typed as t on t._line = judged._line
        where judged.verdict <> 'unchanged'
    """


def _key_message(contract: TableContract, landed: Landed) -> str:
    shown = literal("the key")
    if not contract.has_personal_key:
        values = " || ', ' || ".join(
            f"{literal(name)} || ' = ' || cast(t.{identifier(name)} as varchar)"
            for name in contract.key
        )
        shown = f"left({values}, 200)"
    return f"""
        {shown} || case judged.verdict
            when 'duplicate_key' then ' stands with other content in {landed.part} '
                || judged.first_line || ' of this {landed.whole}; the first was taken'
            else ' was loaded with other content before, by load ' || judged.stored_load_id
                || ' from line ' || judged.stored_line || ' of ' || judged.stored_file
                || '; what was loaded first stands'
        end
    """


def _note(landed: Landed, rows_read: int, absent_keys: int, kept_out: _KeptOut) -> str:
    notes = [landed.note] if landed.note else []
    if kept_out.erased:
        notes.append(f"{kept_out.erased:,} of its rows are about erased persons and were left out")
    if kept_out.expired:
        notes.append(f"{kept_out.expired:,} of its rows are past their period and lost their texts")
    if rows_read == 0:
        notes.append("it holds no row")
    if absent_keys == 1:
        notes.append("1 key of the stored state is not in this dump; it stays as it was")
    elif absent_keys:
        notes.append(
            f"{absent_keys:,} keys of the stored state are not in this dump; they stay as they were"
        )
    unknown = [name for name in landed.extra if not TOOL_COLUMN.fullmatch(name)]
    if unknown:
        notes.append(
            f"columns the contract does not know stay in the {landed.whole}: {', '.join(unknown)}"
        )
    if landed.missing:
        notes.append(
            f"columns the {landed.whole} does not have are null: {', '.join(landed.missing)}"
        )
    return "; ".join(notes)


def fact_dates(
    con: duckdb.DuckDBPyConnection, contract: TableContract, load_id: int
) -> tuple[date | None, date | None]:
    """Return the first and the last day with a row of a load."""
    at = identifier(contract.event_time)
    row = con.execute(
        f"select min({at})::date, max({at})::date from {contract.raw_table} where _load_id = ?",
        [load_id],
    ).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def _summary(con: duckdb.DuckDBPyConnection, load_id: int) -> tuple[QuarantineSummary, ...]:
    rows = con.execute(
        "select rule, coalesce(column_name, ''), count(*), min(line) "
        "from quarantine.refused_rows where load_id = ? group by all order by 3 desc, 1, 2",
        [load_id],
    ).fetchall()
    return tuple(QuarantineSummary(*row) for row in rows)


def number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """Return the one number that a query gives, or that a statement counts."""
    row = con.execute(query).fetchone()
    if row is None:
        raise RuntimeError(f"expected one number from: {query}")
    return int(row[0])
