"""What is remembered of persons who were erased: enough to keep them out, too little to find them.

What belongs here: the salted hashes of their identifiers, leaving their rows out of a load, the
chained record of erasures, and the proof that the record is as it was written.
What does not: finding a person's rows and erasing them (`orchestration.erasure`).

A hash is of the salt, the kind of identifier (the table whose key it is) and the identifier. Who
has the warehouse has the salt and can ask whether one identifier was erased; nobody can list them.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from data_quality.chain import Chain
from orchestration.errors import ScorecardError
from orchestration.ingestion import ledger
from orchestration.ingestion.contract import Column, TableContract
from orchestration.ingestion.sql import identifier, literal

CUSTOMER: Final = "customer"
# A record as releases name it: `<system>|<md5 of its identifier>`.
SOURCE_KEY: Final = "source_key"


def _identifiers_hash(erasure_id: str) -> str:
    return (
        "(select sha256(string_agg(concat_ws(':', w.kind, w.identifier_hash), ' ' "
        "order by w.kind, w.identifier_hash)) from control.erased_identifiers as w "
        f"where w.erasure_id = {erasure_id})"
    )


ERASURES: Final = Chain(
    "control.erasures",
    "erasure_id",
    "erasure_hash",
    (
        "erasure_id",
        "erased_at",
        "author",
        "reason",
        "load_id",
        "anonymous_id",
        "row_counts",
        "identifiers_hash",
        "previous_hash",
    ),
    also_broken=f"r.identifiers_hash is distinct from {_identifiers_hash('r.erasure_id')}",
)


@dataclass(frozen=True)
class Erasure:
    """One erasure, as it is recorded.

    Attributes:
        erasure_id: Its number.
        erased_at: When, naive UTC.
        author: Who ordered it.
        reason: Why.
        row_counts: What was erased: place to number of rows.
        load_id: Its number in the ledger of loads.
        anonymous_id: The `customer_id` of what is left, which is nobody's.
    """

    erasure_id: int
    erased_at: datetime
    author: str
    reason: str
    row_counts: Mapping[str, int]
    load_id: int
    anonymous_id: str


def identifier_hash(kind: str, value: str) -> str:
    """Write the SQL of the salted hash of an identifier.

    Args:
        kind: The table whose key it is, `customer` for the scorecard's own key, or `source_key`.
        value: SQL of the identifier.
    """
    salt = "(select any_value(salt) from control.erasure_salt)"
    return f"sha256(concat_ws('|', {salt}, {literal(kind)}, cast({value} as varchar)))"


def was_erased(kind: str, value: str, *, schema: str = "control") -> str:
    """Write the SQL condition that an identifier is of a person who was erased.

    Args:
        kind: The table whose key it is.
        value: SQL of the identifier; must not be a column of the record of erasures.
        schema: Where the record stands.
    """
    hashed = identifier_hash(kind, value).replace("control.", f"{schema}.")
    return (
        f"{hashed} in (select identifier_hash from {schema}.erased_identifiers "
        f"where kind = {literal(kind)})"
    )


def leave_erased_out(con: duckdb.DuckDBPyConnection, contract: TableContract) -> int:
    """Take the rows about erased persons out of `typed`, and what refers to them out of others.

    Args:
        con: The warehouse's connection, with the judged values of a source in `typed`.
        contract: The source's contract.

    Returns:
        How many rows were taken out; they are stored nowhere.
    """
    if not _is_anybody_erased(con):
        return 0
    owners = contract.owner_columns
    conditions = [_erased(column) for column in owners]
    if contract.subject_via:
        parent = f"{contract.system}.{contract.subject_via}"
        conditions.append(was_erased(parent, f"typed.{identifier(contract.via_column)}"))
    left_out = 0
    if conditions:
        row = con.execute(f"delete from typed where {' or '.join(conditions)}").fetchone()
        left_out = int(row[0]) if row else 0
    references = [
        column for column in contract.columns if column.identifies and column not in owners
    ]
    for column in references:
        name = identifier(column.name)
        con.execute(f"update typed set {name} = null where {_erased(column)}")
    if references:
        con.execute(f"update typed set _row_hash = {ledger.row_hash(contract, alias='typed')}")
    return left_out


def _erased(column: Column) -> str:
    return was_erased(column.identifies, f"typed.{identifier(column.name)}")


def _is_anybody_erased(con: duckdb.DuckDBPyConnection) -> bool:
    return con.execute("select 1 from control.erased_identifiers limit 1").fetchone() is not None


def ensure_salt(con: duckdb.DuckDBPyConnection) -> None:
    """Make the salt of the warehouse, once and for all."""
    con.execute(
        "insert into control.erasure_salt select ? "
        "where not exists (select 1 from control.erasure_salt)",
        [secrets.token_hex(32)],
    )


def record(
    con: duckdb.DuckDBPyConnection,
    *,
    moment: datetime,
    by: tuple[str, str],
    load_id: int,
    anonymous_id: str,
    row_counts: Mapping[str, int],
    identifiers: str,
) -> Erasure:
    """Add an erasure to the chain; call it inside the transaction that erases.

    Args:
        con: The warehouse's connection.
        moment: When, naive UTC.
        by: Author and reason.
        load_id: Its number in the ledger of loads.
        anonymous_id: The `customer_id` of what is left.
        row_counts: Place to number of rows.
        identifiers: SQL with the columns `kind` and `identifier` of the person.
    """
    found = con.execute(ERASURES.next_link).fetchone()
    if found is None:
        raise RuntimeError("an aggregate without a group gave no row")
    erasure_id, previous = found
    author, reason = (text.strip() for text in by)
    kinds = con.execute(f"select distinct kind from ({identifiers}) order by kind").fetchall()
    for (kind,) in kinds:
        con.execute(
            "insert into control.erased_identifiers "
            f"select {erasure_id}, kind, {identifier_hash(kind, 'identifier')} "
            f"from ({identifiers}) where kind = {literal(kind)} order by 3"
        )
    con.execute(
        f"""
        insert into control.erasures
        select e.*, {ERASURES.record_hash("e")}
        from (
            select
                cast(? as bigint) as erasure_id, cast(? as timestamp) as erased_at,
                ? as author, ? as reason, cast(? as bigint) as load_id, ? as anonymous_id,
                ? as row_counts,
                {_identifiers_hash("?")} as identifiers_hash, ? as previous_hash
        ) as e
        """,
        [
            *(erasure_id, moment, author, reason, load_id, anonymous_id),
            *(json.dumps(dict(sorted(row_counts.items()))), erasure_id, previous),
        ],
    )
    return Erasure(erasure_id, moment, author, reason, dict(row_counts), load_id, anonymous_id)


def check_erasures(con: duckdb.DuckDBPyConnection) -> None:
    """Prove that the record of erasures is as it was written.

    Raises:
        ScorecardError: An erasure was changed, removed or put in between.
    """
    if broken := ERASURES.first_broken(con):
        raise ScorecardError(
            "The record of erasures was changed after it was written: the hash of erasure "
            f"{broken} (control.erasures) does not match. Restore the warehouse from a copy "
            "that was made after the newest erasure."
        )
