"""The way back from quarantine: rows that a person releases or dismisses, with name and reason.

What belongs here: listing what lies in quarantine, loading released rows as a load of their own,
and the chained record of who decided what and why.
What does not: the rules by which rows are refused (`rules`, `loader`), and what the terminal shows
(`orchestration.quarantine`).

Nothing is moved and nothing is rewritten. A refused row stays in `quarantine.refused_rows` as it
came, and a decision about it is added beside it; a row without a decision is open. A released row
is read again from its own text, by the contract as it stands now and without the one rule that the
person waived, and then stored by a load with a number of its own, in the same transaction as the
decision. A dismissal has a number in the ledger too, with no row behind it, so that a run which is
repeated as of an earlier load finds the quarantine as it was then.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from data_quality.decisions import DECISIONS, rows_hash
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion import ledger
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.delivery import read_deliveries
from orchestration.ingestion.files import (
    TRANSCODED_PREFIX,
    LandingFile,
    RefusedFileError,
    inspect,
    remove_leftovers,
)
from orchestration.ingestion.landed import Landed
from orchestration.ingestion.loader import (
    check_nothing_is_lost,
    clean_up,
    fact_dates,
    insert_good,
    judge_keys,
    judge_values,
    number,
    rule_breakers,
)
from orchestration.ingestion.months import write_months
from orchestration.ingestion.readers import read_file
from orchestration.ingestion.retention import empty_typed
from orchestration.ingestion.sql import literal
from orchestration.settings import Settings
from orchestration.warehouse import (
    connect,
    prepare_home,
    transaction,
    warehouse_errors,
    writer_lock,
)

OPEN: Final = "open"
RELEASED: Final = "released"
DISMISSED: Final = "dismissed"
STATES: Final = (OPEN, RELEASED, DISMISSED)
RELEASE: Final = "release"
DISMISS: Final = "dismiss"

# What a person may find right although the contract does not. The other rules say that there is no
# value to store (`type`, `cell_error`), no row (`unreadable_row`), or two rows for one fact
# (`duplicate_key`, `conflicting_key`): nobody's word mends that, a corrected file does.
WAIVABLE: Final = (
    "accepted_values",
    "min",
    "max",
    "earliest",
    "date_in_future",
    "not_before",
    "not_null",
)
# The time of a fact says which months there are: one far off would stretch the whole history.
TIME_RULES: Final = ("earliest", "date_in_future", "not_null")
COPIED_AT_ONCE: Final = 10_000
_STATE: Final = f"""
    case when d.action = '{RELEASE}' then '{RELEASED}' when d.action = '{DISMISS}'
        then '{DISMISSED}' else '{OPEN}' end
"""
_ROWS: Final = f"""
    select
        r.load_id, r.line, r.system, r.table_name, r.file, r.rule,
        coalesce(r.column_name, '') as column_name, r.message, r.raw_text, r.source_columns,
        {_STATE} as state, d.decision_id, d.author, d.reason, d.decided_at, d.decision_load_id
    from quarantine.refused_rows as r
    left join quarantine.decided_rows as w
        on w.load_id = r.load_id and w.line = r.line and w.rule = r.rule
    left join quarantine.decisions as d on d.decision_id = w.decision_id
"""


@dataclass(frozen=True)
class Selection:
    """Which rows are meant; what is not given does not narrow it.

    Attributes:
        rows: Loads (`14`) and rows (`14:1225`, load and line); empty for all.
        file: A file's path below the landing area.
        table: A source table, `billing.payments`.
        rule: The rule that refused the rows.
    """

    rows: tuple[tuple[int, int | None], ...] = ()
    file: str = ""
    table: str = ""
    rule: str = ""

    @classmethod
    def parse(
        cls, rows: Sequence[str] = (), *, file: str = "", table: str = "", rule: str = ""
    ) -> "Selection":
        """Read what a person typed.

        Raises:
            UsageError: A row is neither `LOAD` nor `LOAD:LINE`.
        """
        return cls(tuple(_row_id(text) for text in rows), file, table, rule)

    @property
    def is_narrow(self) -> bool:
        """Whether anything was named at all."""
        return self != Selection()

    def condition(self) -> tuple[str, list[str | int]]:
        """Give the SQL condition over the columns of the rows, and its parameters."""
        parts, values = ["true"], list[str | int]()
        if self.rows:
            each = []
            for load_id, line in self.rows:
                each.append("load_id = ?" if line is None else "(load_id = ? and line = ?)")
                values.extend([load_id] if line is None else [load_id, line])
            parts.append(f"({' or '.join(each)})")
        for column, value in (
            ("file", self.file),
            ("system || '.' || table_name", self.table),
            ("rule", self.rule),
        ):
            if value:
                parts.append(f"{column} = ?")
                values.append(value)
        return " and ".join(parts), values

    def __str__(self) -> str:
        """Say it in words."""
        rows = [f"{load}" if line is None else f"{load}:{line}" for load, line in self.rows]
        named = {"rows": " ".join(rows), "file": self.file, "table": self.table, "rule": self.rule}
        return ", ".join(f"{name} {value}" for name, value in named.items() if value) or "all rows"


@dataclass(frozen=True)
class QuarantineGroup:
    """Rows that one rule refused in one load.

    Attributes:
        load_id: The load.
        system: Its system.
        table_name: Its table.
        file: Its file.
        rule: The rule.
        column: The column that broke it; empty for the whole row.
        open_rows: Rows that nobody has decided on.
        released_rows: Rows that were released.
        dismissed_rows: Rows that were dismissed.
    """

    load_id: int
    system: str
    table_name: str
    file: str
    rule: str
    column: str
    open_rows: int
    released_rows: int
    dismissed_rows: int


@dataclass(frozen=True)
class QuarantinedRow:
    """One row in quarantine.

    Attributes:
        load_id: The load that refused it.
        line: Its line in the file.
        system: Its system.
        table_name: Its table.
        file: Its file.
        rule: The rule it broke first.
        column: The column that broke it; empty for the whole row.
        message: What is wrong with it; names no personal value.
        state: `open`, `released` or `dismissed`.
        author: Who decided; empty while open.
        reason: Why; empty while open.
        decided_at: When, naive UTC; None while open.
        decision_load_id: The ledger's number of the decision; None while open.
        raw_text: The row as it came, which may name persons.
    """

    load_id: int
    line: int
    system: str
    table_name: str
    file: str
    rule: str
    column: str
    message: str
    state: str
    author: str
    reason: str
    decided_at: datetime | None
    decision_load_id: int | None
    raw_text: str


@dataclass(frozen=True)
class Kept:
    """Rows that could not be released, and why.

    Attributes:
        load_id: Their load.
        rule: The rule they break still, or too.
        column: The column that breaks it; empty for the whole row.
        rows: How many.
        first_line: The line of the first.
        message: What is wrong with that one.
    """

    load_id: int
    rule: str
    column: str
    rows: int
    first_line: int
    message: str


@dataclass(frozen=True)
class DecisionOutcome:
    """What became of the rows that a person decided on.

    Attributes:
        selected: Open rows that were meant.
        accepted: Rows stored in `raw`.
        unchanged: Rows that say what was stored already.
        dismissed: Rows that stay out for good.
        kept: Rows that stay open, and why.
        load_ids: The ledger's numbers of the decisions.
        earliest_fact_date: The earliest day of a stored row: the next run begins at its month.
    """

    selected: int
    accepted: int = 0
    unchanged: int = 0
    dismissed: int = 0
    kept: tuple[Kept, ...] = ()
    load_ids: tuple[int, ...] = ()
    earliest_fact_date: object = None


@dataclass(frozen=True)
class _Batch:
    """Open rows of one load: what one decision is about."""

    load_id: int
    system: str
    table_name: str
    file: str
    header: tuple[str, ...]
    waived: tuple[str, str] | None

    @property
    def title(self) -> str:
        return f"{self.system}.{self.table_name}"


def list_quarantine(
    settings: Settings, selection: Selection, *, with_decided: bool = False
) -> tuple[QuarantineGroup, ...]:
    """Count what lies in quarantine by load, rule and column, the newest load first.

    Args:
        settings: The home.
        selection: Which rows are meant.
        with_decided: Whether groups without an open row are listed too.

    Raises:
        ScorecardError: There is no warehouse, or the record of decisions was changed.
    """
    condition, values = selection.condition()
    having = "" if with_decided else f"having count(*) filter (state = '{OPEN}') > 0"
    counts = ", ".join(f"count(*) filter (state = '{state}')" for state in STATES)
    with _reading(settings) as con:
        rows = con.execute(
            f"select load_id, system, table_name, file, rule, column_name, {counts} "
            f"from ({_ROWS}) where {condition} group by all {having} "
            "order by load_id desc, rule, column_name",
            values,
        ).fetchall()
    return tuple(QuarantineGroup(*row) for row in rows)


def show_rows(
    settings: Settings, selection: Selection, *, limit: int
) -> tuple[tuple[QuarantinedRow, ...], int]:
    """Give rows in quarantine one by one, and how many there are in all.

    Raises:
        ScorecardError: There is no such row, no warehouse, or the record of decisions was changed.
    """
    condition, values = selection.condition()
    with _reading(settings) as con:
        found = con.execute(
            "select load_id, line, system, table_name, file, rule, column_name, message, state, "
            "coalesce(author, ''), coalesce(reason, ''), decided_at, decision_load_id, "
            f"coalesce(raw_text, ''), count(*) over () from ({_ROWS}) where {condition} "
            "order by load_id desc, line, rule limit ?",
            [*values, limit],
        ).fetchall()
    if not found:
        raise _nothing_there(selection)
    return tuple(QuarantinedRow(*row[:-1]) for row in found), int(found[0][-1])


def release_rows(
    settings: Settings,
    selection: Selection,
    *,
    author: str,
    reason: str,
    now: datetime,
) -> DecisionOutcome:
    """Load open rows of the quarantine, without the rule that the selection names.

    Where it names none, rows are judged by the contract as it stands now: those that a corrected
    contract allows come in. A row that breaks any other rule stays where it is.

    Args:
        settings: The home, the landing area with the systems' `source.yml`, the contracts.
        selection: Which rows; its rule is the one that is waived, for the column it refused.
        author: Who decides.
        reason: Why.
        now: The moment; naive times are UTC.

    Raises:
        UsageError: Nothing was named, author or reason is empty, or the rule cannot be waived.
        ScorecardError: There is no such open row, its text cannot be read again, or the record of
            decisions was changed.
        WarehouseLockedError: Another process is writing.
    """
    _check_decision(selection, author, reason)
    moment = _naive(now)
    contracts = {
        contract.title: contract
        for contract in read_deliveries(
            settings.landing, load_contracts(settings.contracts_root)
        ).contracts
    }
    accepted = unchanged = selected = 0
    kept: list[Kept] = []
    loads: list[int] = []
    days = []
    with _writing(settings, tuple(contracts.values())) as con:
        for batch in _batches(con, selection, "raw_text is not null"):
            contract = contracts.get(batch.title)
            if contract is None:
                raise ScorecardError(
                    f"There is no contract for {batch.title} any more, so that its rows cannot be "
                    "judged. Dismiss them, or bring the contract back."
                )
            _check_waiver(contract, batch)
            try:
                selected += _take(con, batch)
                stays = _judge(con, contract, batch, moment, settings.temporary)
                kept.extend(stays)
                if number(con, "select count(*) from typed"):
                    row, load_id = _store(con, contract, batch, (author, reason), moment)
                    accepted += row.rows_accepted
                    unchanged += row.rows_unchanged
                    loads.append(load_id)
                    days.extend([row.earliest_fact_date] if row.earliest_fact_date else [])
            except RefusedFileError as error:
                raise ScorecardError(
                    f"Rows of load {batch.load_id} ({batch.file}) cannot be read again: {error}. "
                    "Nothing of that load was released."
                ) from error
            finally:
                _clean_up(con)
    return DecisionOutcome(
        selected, accepted, unchanged, 0, tuple(kept), tuple(loads), min(days, default=None)
    )


def dismiss_rows(
    settings: Settings, selection: Selection, *, author: str, reason: str, now: datetime
) -> DecisionOutcome:
    """Say of open rows that they stay out for good.

    Raises:
        UsageError: Nothing was named, or author or reason is empty.
        ScorecardError: There is no such open row, or the record of decisions was changed.
        WarehouseLockedError: Another process is writing.
    """
    _check_decision(selection, author, reason)
    dismissed, loads = 0, []
    with _writing(settings, load_contracts(settings.contracts_root)) as con:
        for each in _batches(con, selection):
            batch = replace(each, waived=None)
            try:
                count = _take(con, each)
                row = ledger.LedgerRow(
                    system=batch.system,
                    table_name=batch.table_name,
                    file=f"{batch.file} (dismissed from load {batch.load_id})",
                    sha256=None,
                    size=None,
                    status="loaded",
                    message=f"{count:,} of its rows in quarantine were dismissed: {reason}",
                    loaded_at=_naive(now),
                )
                with transaction(con):
                    loads.append(ledger.next_load_id(con))
                    ledger.write(con, loads[-1], row)
                    _decide(con, batch, DISMISS, (author, reason), _naive(now), loads[-1])
                dismissed += count
            finally:
                _clean_up(con)
    return DecisionOutcome(dismissed, dismissed=dismissed, load_ids=tuple(loads))


def check_decisions(con: duckdb.DuckDBPyConnection) -> None:
    """Prove that the record of decisions is as it was written.

    Raises:
        ScorecardError: A decision was changed, removed or put in between.
    """
    if broken := DECISIONS.first_broken(con):
        raise ScorecardError(
            f"The record of decisions about quarantined rows was changed after it was written: the "
            f"hash of decision {broken} (quarantine.decisions) does not match. Restore the "
            "warehouse from a copy; without one, move it away: the next run loads the landing "
            "files anew, and the rows are open again."
        )


def _row_id(text: str) -> tuple[int, int | None]:
    load_id, _, line = text.partition(":")
    if not load_id.isdigit() or (line and not line.isdigit()) or text.endswith(":"):
        raise UsageError(
            f"{text!r} is no row: give a load (14) or a row as LOAD:LINE (14:1225), as "
            "`scorecard quarantine list` and `show` write them."
        )
    return int(load_id), int(line) if line else None


def _check_decision(selection: Selection, author: str, reason: str) -> None:
    if not selection.is_narrow:
        raise UsageError(
            "Which rows? Name loads or rows (14, 14:1225), or narrow with --file, --table or "
            "--rule; `scorecard quarantine list` shows what there is."
        )
    for name, value in (("author", author), ("reason", reason)):
        if not value.strip():
            raise UsageError(f"A decision about facts needs its {name}: give --{name} TEXT.")


def _check_waiver(contract: TableContract, batch: _Batch) -> None:
    if batch.waived is None:
        return
    rule, column = batch.waived
    if rule not in WAIVABLE:
        raise UsageError(
            f"The rule {rule} cannot be waived: it says that there is no value, no row or no "
            f"single fact to store. Send the corrected rows in a new file. Rules that a person "
            f"may waive: {', '.join(WAIVABLE)}. Without --rule, rows are judged by the contract "
            "as it stands now."
        )
    if (rule in TIME_RULES and column == contract.event_time) or (
        rule == "not_null" and column in contract.key
    ):
        what = "the time of the fact" if column == contract.event_time else "its key"
        raise UsageError(
            f"The rule {rule} cannot be waived for {contract.title}.{column}: that is {what}, "
            "without which a row belongs to no month or to no customer. Send the corrected rows "
            "in a new file."
        )


def _nothing_there(selection: Selection) -> ScorecardError:
    return ScorecardError(
        f"No row in quarantine is meant by: {selection}. `scorecard quarantine list --all` shows "
        "what there is, decided rows included."
    )


@contextmanager
def _reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse_errors(settings), connect(settings, read_only=True) as con:
        has_decisions = con.execute(
            "select 1 from information_schema.tables "
            "where table_schema = 'quarantine' and table_name = 'decisions'"
        ).fetchone()
        if has_decisions is None:
            raise ScorecardError(
                "The quarantine was written by an older version. `scorecard run` brings it up to "
                "date; then ask again."
            )
        check_decisions(con)
        yield con


@contextmanager
def _writing(
    settings: Settings, contracts: Sequence[TableContract]
) -> Iterator[duckdb.DuckDBPyConnection]:
    if not settings.warehouse.exists():
        raise ScorecardError(
            f"There is no warehouse yet at {settings.warehouse}, so nothing is in quarantine. "
            "Run `scorecard run` first, or set SCORECARD_HOME to the home that holds it."
        )
    prepare_home(settings)
    with (
        writer_lock(settings, purpose="deciding on quarantined rows"),
        warehouse_errors(settings),
        connect(settings) as con,
    ):
        remove_leftovers(settings.temporary)
        ledger.create_tables(con, contracts)
        check_decisions(con)
        yield con


def _batches(
    con: duckdb.DuckDBPyConnection, selection: Selection, also: str = "true"
) -> tuple[_Batch, ...]:
    """List the open rows that are meant, by load; by column too where a rule is waived.

    Args:
        con: The warehouse's connection.
        selection: Which rows.
        also: A further condition on them; whose text was emptied, nobody can read again.
    """
    condition, values = selection.condition()
    column = "column_name" if selection.rule else "''"
    con.execute(
        f"create or replace temp table selected_rows as select * from ({_ROWS}) "
        f"where state = '{OPEN}' and {also} and {condition}",
        values,
    )
    found = con.execute(
        f"select load_id, system, table_name, file, {column}, max(source_columns) "
        "from selected_rows group by 1, 2, 3, 4, 5 order by 1, 5"
    ).fetchall()
    if not found:
        raise _nothing_there(selection)
    return tuple(
        _Batch(
            load_id,
            system,
            table_name,
            file,
            tuple(json.loads(header)) if header else (),
            (selection.rule, of) if selection.rule else None,
        )
        for load_id, system, table_name, file, of, header in found
    )


def _take(con: duckdb.DuckDBPyConnection, batch: _Batch) -> int:
    """Fill `taken` with the rows of a batch, in the order of their lines; give their number."""
    of_column = "" if batch.waived is None else f"and column_name = {literal(batch.waived[1])}"
    con.execute(
        "create or replace temp table taken as select row_number() over (order by line, rule) as "
        f"position, line, rule, raw_text from selected_rows where load_id = {batch.load_id} "
        f"{of_column}"
    )
    return number(con, "select count(*) from taken")


def _judge(
    con: duckdb.DuckDBPyConnection,
    contract: TableContract,
    batch: _Batch,
    moment: datetime,
    scratch: Path,
) -> list[Kept]:
    """Read the rows again and judge them; `typed` then holds those that may be released."""
    with _as_file(con, contract, batch, scratch) as file:
        landed = read_file(con, file, inspect(file.path, None), scratch)
        _find_lines(con, landed)
        judge_values(con, file.contract, landed, moment, waived=batch.waived)
        empty_typed(con, contract)
        judge_keys(con, contract)
        con.execute(
            f"""
            create or replace temp table kept_rows as
            select _line, rule, coalesce(column_name, '') as column_name, message
            from broken
            union all
            select _line, rule, column_name, message
            from (
                select {rule_breakers(file.contract, landed, moment, waived=batch.waived)}
            ) as refused(_line, rule, column_name, message, raw_text, header)
            union all
            select
                _line, verdict, {literal(", ".join(contract.key))},
                case verdict
                    when 'duplicate_key' then 'another row of this release has the same key'
                    else 'the key was loaded with other content before, by load '
                        || stored_load_id || ' from line ' || stored_line || ' of '
                        || stored_file || '; what was loaded first stands'
                end
            from judged where verdict <> 'unchanged'
            """
        )
    for table in ("typed", "judged"):
        con.execute(f"delete from {table} where _line in (select _line from kept_rows)")
    con.execute(
        "delete from taken where position in "
        "(select position from places semi join kept_rows using (_line))"
    )
    for table in ("typed", "judged", "kept_rows"):
        con.execute(
            f"update {table} set _line = places.line from places where {table}._line = places._line"
        )
    found = con.execute(
        "select rule, column_name, count(*), min(_line), arg_min(message, _line) "
        "from kept_rows group by all order by 3 desc, 1, 2"
    ).fetchall()
    return [Kept(batch.load_id, *row) for row in found]


@contextmanager
def _as_file(
    con: duckdb.DuckDBPyConnection, contract: TableContract, batch: _Batch, scratch: Path
) -> Iterator[LandingFile]:
    """Write the rows' own texts into a file that lasts as long as the block, to be read as any."""
    is_csv = bool(batch.header)
    if not is_csv and ".csv" in Path(batch.file.lower()).suffixes:
        raise RefusedFileError(
            "they were refused by an older version, which did not keep the header of the file. "
            "Send the corrected rows in a new file"
        )
    # A text without a column says nothing against its row: the rule `not_null` judges the value.
    columns = tuple(replace(column, is_required=False) for column in contract.columns)
    like = replace(contract, columns=columns, csv=replace(contract.csv, encoding="utf-8"))
    with tempfile.NamedTemporaryFile(
        dir=scratch, prefix=TRANSCODED_PREFIX, suffix=".csv" if is_csv else ".jsonl"
    ) as target:
        if is_csv and contract.csv.header:
            target.write(_header_line(contract, batch.header).encode())
        texts = con.execute("select raw_text from taken order by position")
        while rows := texts.fetchmany(COPIED_AT_ONCE):
            target.write("".join(f"{text}\n" for (text,) in rows).encode())
        target.flush()
        yield LandingFile(like, Path(target.name), batch.file)


def _header_line(contract: TableContract, names: Sequence[str]) -> str:
    dialect = contract.csv
    text = io.StringIO()
    is_doubled = dialect.escape == dialect.quote
    csv.writer(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=None if is_doubled else dialect.escape,
        doublequote=is_doubled,
        lineterminator="\n",
    ).writerow(names)
    return text.getvalue()


def _find_lines(con: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Fill `places`: each line of the file that was just read, and the row's line of old."""
    con.execute(
        "create or replace temp table places as "
        "select found._line, taken.line, taken.position from ("
        "select _line, row_number() over (order by _line) as position "
        "from (select _line from landed union all select _line from broken)) as found "
        "inner join taken using (position)"
    )
    there = number(con, "select count(*) from landed") + number(con, "select count(*) from broken")
    taken = number(con, "select count(*) from taken")
    if there != taken or (landed.note and taken > 1):
        raise RefusedFileError(
            f"{taken} rows were kept, and their texts read as {there}, since a quote is open in "
            "one of them. Release the others by their lines (LOAD:LINE)"
        )


def _store(
    con: duckdb.DuckDBPyConnection,
    contract: TableContract,
    batch: _Batch,
    by: tuple[str, str],
    moment: datetime,
) -> tuple[ledger.LedgerRow, int]:
    """Store what was judged: rows, ledger and decision, all or nothing."""
    author, reason = by
    file = f"{batch.file} (released from load {batch.load_id})"
    with transaction(con):
        load_id = ledger.next_load_id(con)
        accepted = insert_good(con, contract, load_id, file=file)
        earliest, latest = fact_dates(con, contract, load_id)
        write_months(con, contract, load_id)
        waiver = "" if batch.waived is None else f" without the rule {'.'.join(batch.waived)}"
        row = ledger.LedgerRow(
            system=batch.system,
            table_name=batch.table_name,
            file=file,
            sha256=None,
            size=None,
            status="loaded",
            message=f"released from quarantine{waiver}: {reason}",
            loaded_at=moment,
            rows_read=number(con, "select count(*) from taken"),
            rows_accepted=accepted,
            rows_unchanged=number(con, "select count(*) from judged where verdict = 'unchanged'"),
            earliest_fact_date=earliest,
            latest_fact_date=latest,
        )
        check_nothing_is_lost(row, contract)
        ledger.write(con, load_id, row)
        _decide(con, batch, RELEASE, (author, reason), moment, load_id)
    return row, load_id


def _decide(
    con: duckdb.DuckDBPyConnection,
    batch: _Batch,
    action: str,
    by: tuple[str, str],
    moment: datetime,
    decision_load_id: int,
) -> None:
    """Add the decision about the rows in `taken` to the chain; call it inside the transaction."""
    row = con.execute(DECISIONS.next_link).fetchone()
    if row is None:
        raise RuntimeError("an aggregate without a group gave no row")
    decision_id, previous = row
    con.execute(
        "insert into quarantine.decided_rows "
        f"select {decision_id}, {batch.load_id}, line, rule from taken order by line, rule"
    )
    rule, column = batch.waived or ("", "")
    con.execute(
        f"""
        insert into quarantine.decisions
        select d.*, {DECISIONS.record_hash("d")}
        from (
            select
                cast(? as bigint) as decision_id, cast(? as timestamp) as decided_at,
                ? as action, ? as author, ? as reason, ? as system, ? as table_name, ? as file,
                cast(? as bigint) as load_id, ? as waived_rule, ? as waived_column,
                count(*) as row_count, {rows_hash("w")} as rows_hash,
                cast(? as bigint) as decision_load_id, ? as previous_hash
            from quarantine.decided_rows as w
            where w.decision_id = ?
        ) as d
        """,
        [
            *(decision_id, moment, action, *(text.strip() for text in by)),
            *(batch.system, batch.table_name, batch.file, batch.load_id, rule, column),
            *(decision_load_id, previous, decision_id),
        ],
    )


def _clean_up(con: duckdb.DuckDBPyConnection) -> None:
    clean_up(con)
    for table in ("taken", "places", "kept_rows"):
        con.execute(f"drop table if exists temp.{table}")


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
