"""Taking a person out of the warehouse, in one transaction, with the record that proves it.

Belongs here: the order of the steps, what becomes of each column, the proof, and writing the
warehouse file anew so that no old block keeps what was erased. Does not belong here: finding the
person (`person`), files (`landing`), what is remembered (`ingestion.tombstones`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import duckdb

from orchestration import window
from orchestration.erasure.copies import VAULT_TABLES, delete_copies, delete_rows
from orchestration.erasure.landing import Cleaned, clean_landing, named_in_quarantine
from orchestration.erasure.person import (
    EMAIL,
    IDENTIFIERS,
    Person,
    find_person,
    is_about,
    kind_of,
    known_keys,
    names,
)
from orchestration.erasure.rewriting import RehearsalError, write_anew
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion import ledger, retention, tombstones
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.delivery import read_deliveries
from orchestration.ingestion.loader import number
from orchestration.ingestion.retention import ERASED
from orchestration.ingestion.sql import identifier, literal
from orchestration.release.store import release_folders
from orchestration.settings import Settings
from orchestration.text import KEPT_SCORES, RAW_TEXTS, keep_scores
from orchestration.warehouse import (
    connect,
    prepare_home,
    transaction,
    warehouse_errors,
    writer_lock,
)

SEEDS: Final = "dbt_project/seeds"
ERASED_DOMAIN: Final = "erased.invalid"
_HITS: Final = "erased_rows"
_LEFT_ALONE: Final = ("raw", "control", "quarantine", "seeds")


@dataclass(frozen=True)
class ErasureOutcome:
    """What an erasure took out, or would take out.

    Attributes:
        customer_id: The scorecard's key of the customer until now.
        is_done: Whether it was done; otherwise nothing was changed.
        records: Kind of identifier to how many the person had.
        row_counts: Place to how many of its rows named the person.
        files: Landing files that held the person.
        releases: Releases that stand, with the customer's rows under the key of then.
        seeds: Configuration files that name one of the identifiers; for a person to mend.
        erasure: The record; None where nothing was done.
    """

    customer_id: str
    is_done: bool
    records: Mapping[str, int]
    row_counts: Mapping[str, int]
    files: Sequence[Cleaned]
    releases: Sequence[str]
    seeds: Sequence[str]
    erasure: tombstones.Erasure | None


def erase(
    settings: Settings,
    customer: str,
    *,
    author: str,
    reason: str,
    now: datetime,
    is_rehearsal: bool,
) -> ErasureOutcome:
    """Erase a person: every record that was linked to the customer.

    Landing files go first, the warehouse in one transaction after them, so that an erasure that
    was killed is done by calling it again. The next run computes all months anew.

    Args:
        settings: The home, the landing area, the contracts.
        customer: The scorecard's `customer_id`, or the CRM's own number.
        author: Who orders it.
        reason: Why.
        now: The moment; naive times are UTC.
        is_rehearsal: Whether everything is only counted, and nothing changed.

    Raises:
        UsageError: Author or reason is empty.
        ScorecardError: There is no such customer, or something of the person would be left.
        WarehouseLockedError: Another process is writing.
    """
    for name, value in (("author", author), ("reason", reason)):
        if not value.strip():
            raise UsageError(f"An erasure needs its {name}: give --{name} TEXT.")
    if not settings.warehouse.exists():
        raise ScorecardError(f"There is no warehouse at {settings.warehouse}: nobody is in it.")
    contracts = load_contracts(settings.contracts_root)
    delivered = contracts
    if settings.landing.is_dir():
        delivered = read_deliveries(settings.landing, contracts).contracts
    moment = now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)
    prepare_home(settings)
    outcome = None
    with writer_lock(settings, purpose="scorecard erase"), warehouse_errors(settings):
        with connect(settings) as con:
            ledger.create_tables(con, contracts)
            tombstones.check_erasures(con)
            try:
                with transaction(con):
                    person = find_person(con, contracts, customer)
                    files = clean_landing(con, settings, delivered, is_rehearsal=is_rehearsal)
                    counts = _take_out(con, contracts, person)
                    seeds = _seeds_naming(con, settings)
                    erasure = _record(con, contracts, person, (author, reason), moment, counts)
                    outcome = ErasureOutcome(
                        customer_id=person.customer_id,
                        is_done=not is_rehearsal,
                        records=person.records,
                        row_counts=counts,
                        files=files,
                        releases=[folder.name for folder in release_folders(settings)],
                        seeds=seeds,
                        erasure=None if is_rehearsal else erasure,
                    )
                    if is_rehearsal:
                        raise RehearsalError
            except RehearsalError:
                pass
        if outcome is None:
            raise RuntimeError("an erasure ended without an outcome")
        if outcome.is_done:
            write_anew(settings)
    return outcome


def _take_out(
    con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract], person: Person
) -> dict[str, int]:
    """Make the person's rows nobody's, prove it, and count them by place."""
    counts: dict[str, int] = {}
    texts = {each.title: is_about(each, "t") for each in contracts if each.title in RAW_TEXTS}
    keep_scores(con, texts)
    for contract in contracts:
        counts |= delete_copies(con, contract, is_about(contract, "r"))
    for contract in contracts:
        counts[f"raw.{contract.identifier}"] = _empty_rows(con, contract, person)
    for contract in contracts:
        left = number(
            con, f"select count(*) from {contract.raw_table} as t where {_names_still(contract)}"
        )
        if left:
            raise ScorecardError(
                f"{left} rows of {contract.title} would still name the person, so nothing was "
                "erased. This is a defect: please report it with this message."
            )
    counts["quarantine.refused_rows"] = number(
        con,
        f"update quarantine.refused_rows as r set raw_text = null, message = '{ERASED}' "
        f"where {named_in_quarantine()}",
    )
    counts |= _empty_vault(con)
    counts |= _rename_customer(con, person)
    return {place: count for place, count in counts.items() if count}


def _names_still(contract: TableContract) -> str:
    """Write the condition that a row names the person; a ticket keeps its own number."""
    parts = [
        f"coalesce(cast(t.{identifier(column.name)} as varchar) in (select identifier from "
        f"{IDENTIFIERS} where kind = {literal(column.identifies)}), false)"
        for column in contract.columns
        if column.identifies
    ]
    return f"({' or '.join(parts or ['false'])})"


def _empty_rows(con: duckdb.DuckDBPyConnection, contract: TableContract, person: Person) -> int:
    condition = names(contract, "t")
    con.execute(
        f"create or replace temp table {_HITS} as select t._load_id, t._line, "
        f"{is_about(contract, 't')} as is_about from {contract.raw_table} as t where {condition}"
    )
    count = number(con, f"select count(*) from {_HITS}")
    if not count:
        return 0
    table = contract.raw_table
    same = f"t._load_id = {_HITS}._load_id and t._line = {_HITS}._line"
    emptied = ", ".join(
        f"{identifier(column.name)} = {_emptied(contract, column.name, person)}"
        for column in contract.private_columns
    )
    if emptied:
        con.execute(f"update {table} as t set {emptied} from {_HITS} where {same} and is_about")
    for column in contract.columns:
        if column.identifies:
            name = identifier(column.name)
            con.execute(
                f"update {table} as t set {name} = p.token from {IDENTIFIERS} as p "
                f"where p.kind = {literal(column.identifies)} and t.{name} = p.identifier"
            )
    con.execute(
        f"update {table} as t set _row_hash = {ledger.row_hash(contract, alias='t')} "
        f"from {_HITS} where {same}"
    )
    return count


def _emptied(contract: TableContract, name: str, person: Person) -> str:
    """Say what takes the place of a personal value; who had an address or wrote still did."""
    column = contract.column(name)
    if name == EMAIL and contract.is_entity:
        address = literal(f"{person.token}@{ERASED_DOMAIN}")
        # What staging would tidy, it tidies still: the cleaning log counts it.
        email = identifier(name)
        return (
            f"case when {email} <> lower(trim({email})) then upper({address}) "
            f"when {email} is not null then {address} end"
        )
    return retention.emptied(column, ERASED)


def _empty_vault(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Take the person's records out of the core's tables with names and addresses."""
    counts: dict[str, int] = {}
    for table in VAULT_TABLES:
        counts |= delete_rows(
            con,
            table,
            f"exists (select 1 from {IDENTIFIERS} as p where p.identifier = t.source_id "
            f"and p.kind = {kind_of('t.source_system')})",
        )
    return counts


def _rename_customer(con: duckdb.DuckDBPyConnection, person: Person) -> dict[str, int]:
    """Give the customer's computed rows, training rows and predictions the key of nobody."""
    tables = con.execute(
        """
        select c.schema_name, c.table_name
        from duckdb_columns() as c
        inner join duckdb_tables() as t using (database_name, schema_name, table_name)
        where
            c.database_name = current_database()
            and c.column_name = 'customer_id'
            and not c.internal
            and not list_contains(?, c.schema_name)
        order by 1, 2
        """,
        [list(_LEFT_ALONE)],
    ).fetchall()
    counts: dict[str, int] = {}
    for schema, table in tables:
        row = con.execute(
            f"update {identifier(schema)}.{identifier(table)} set customer_id = ? "
            "where customer_id = ?",
            [person.anonymous_id, person.customer_id],
        ).fetchone()
        counts[f"{schema}.*"] = counts.get(f"{schema}.*", 0) + (int(row[0]) if row else 0)
    return counts


def _seeds_naming(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Name the configuration that names the person: files under version control are not changed."""
    kinds = con.execute(f"select distinct identifier from {IDENTIFIERS}").fetchall()
    words = {str(row[0]) for row in kinds}
    found = []
    for path in sorted((settings.root / SEEDS).rglob("*.csv")):
        cells = path.read_text(encoding="utf-8-sig").replace('"', "").replace("\n", ",").split(",")
        if words & {cell.strip() for cell in cells}:
            found.append(path.relative_to(settings.root).as_posix())
    return found


def _record(
    con: duckdb.DuckDBPyConnection,
    contracts: Sequence[TableContract],
    person: Person,
    by: tuple[str, str],
    moment: datetime,
    counts: Mapping[str, int],
) -> tombstones.Erasure:
    tombstones.ensure_salt(con)
    load_id = ledger.next_load_id(con)
    ledger.write(
        con,
        load_id,
        ledger.LedgerRow(
            system="crm",
            table_name="customers",
            file=f"(erasure at load {load_id})",
            sha256=None,
            size=None,
            status="loaded",
            message="a person was erased: all months are computed anew",
            loaded_at=moment,
            earliest_fact_date=_history_start(con, contracts),
        ),
    )
    erasure = tombstones.record(
        con,
        moment=moment,
        by=by,
        load_id=load_id,
        anonymous_id=person.anonymous_id,
        row_counts=counts,
        identifiers=known_keys(person),
    )
    con.execute(
        "insert into control.erased_links by name "
        "select ? as erasure_id, l.source_system, p.token as source_id, "
        "l.customer_id, l.link_method, l.link_score, l.evidence_load_id "
        f"from core.int_identity_links as l inner join {IDENTIFIERS} as p "
        f"on l.source_id = p.identifier and p.kind = {kind_of('l.source_system')} "
        "where l.customer_id = ?",
        [erasure.erasure_id, person.anonymous_id],
    )
    con.execute(
        "insert into control.erased_text_scores by name "
        f"select ? as erasure_id, * from {KEPT_SCORES}",
        [erasure.erasure_id],
    )
    return erasure


def _history_start(
    con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]
) -> date | None:
    """Give the day from which on the next run computes: the first of all."""
    return window.read_history(con, window.event_columns(contracts)).anchor.measured_from
