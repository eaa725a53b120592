"""Whose records are about one customer: all identifiers that were linked to the customer.

Belongs here: resolving what was typed, following the identity links, and the tokens that take the
place of identifiers. Does not belong here: changing anything that lasts.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from orchestration.errors import ScorecardError
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.sql import identifier, literal
from orchestration.ingestion.tombstones import CUSTOMER, SOURCE_KEY

IDENTIFIERS: Final = "person_identifiers"
WORDS: Final = "person_words"
TOKEN_PREFIX: Final = "erased-"  # noqa: S105 (a word, no secret)
TOKEN_BYTES: Final = 8
EMAIL: Final = "email"
# The lists of records that identity resolution links to customers, by system.
LISTS: Final = {
    "crm": "crm.customers",
    "billing": "billing.accounts",
    "support": "support.requesters",
    "survey": "survey.respondents",
    "usage": "usage.accounts",
}


@dataclass(frozen=True)
class Person:
    """A customer who is to be erased; the identifiers stand in the temporary table.

    Attributes:
        customer_id: The scorecard's key of the customer until now.
        anonymous_id: The key that the next run gives to what is left.
        token: What takes the place of the person in made-up addresses.
        records: Kind of identifier to how many there are.
    """

    customer_id: str
    anonymous_id: str
    token: str
    records: dict[str, int]


def find_person(
    con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract], customer: str
) -> Person:
    """Find all identifiers of a customer, and put them with a token each into a temporary table.

    Args:
        con: The warehouse's connection.
        contracts: All contracts.
        customer: The scorecard's `customer_id`, or the CRM's own number.

    Raises:
        ScorecardError: There is no such customer, or more than one.
    """
    customer_id = _resolve(con, customer)
    con.execute(
        f"create or replace temp table {IDENTIFIERS} (kind varchar, identifier varchar, "
        "token varchar)"
    )
    links = con.execute(
        "select source_system, source_id, link_method from core.int_identity_links "
        "where customer_id = ? order by source_system, source_id",
        [customer_id],
    ).fetchall()
    for system, source_id, _ in links:
        if system in LISTS:
            _add(con, LISTS[system], [source_id])
    for contract in contracts:
        if contract.is_entity and contract.title not in LISTS.values():
            _add(con, contract.title, _of_the_customer(con, contract))
    for contract in contracts:
        if contract.subject_via:
            parent = next(
                each
                for each in contracts
                if each.title == f"{contract.system}.{contract.subject_via}"
            )
            _add(con, parent.title, _rows_about(con, parent))
    _collect_words(con, contracts)
    counted = con.execute(
        f"select kind, count(*) from {IDENTIFIERS} group by kind order by kind"
    ).fetchall()
    return Person(
        customer_id,
        _anonymous_id(con, customer_id, links),
        f"{TOKEN_PREFIX}{secrets.token_hex(TOKEN_BYTES)}",
        {str(kind): int(count) for kind, count in counted},
    )


def kind_of(system: str) -> str:
    """Write the SQL of the list of records of a system.

    Args:
        system: SQL of the system's name.
    """
    cases = " ".join(f"when {literal(name)} then {literal(kind)}" for name, kind in LISTS.items())
    return f"case {system} {cases} end"


def known_keys(person: Person) -> str:
    """Write SQL of all keys by which data or releases know the person: `kind`, `identifier`.

    Besides the sources' identifiers: the scorecard's key of the customer, the keys that its records
    would have had alone (an older release may know two customers), and the hashes of records.
    """
    alone = "concat('cus_', substr(md5(concat({}, identifier)), 1, 16))"
    of_kind = f"from {IDENTIFIERS} where kind = {{}}"
    parts = [
        f"select kind, identifier from {IDENTIFIERS}",
        f"select {literal(CUSTOMER)}, {literal(person.customer_id)}",
        *(
            f"select {literal(SOURCE_KEY)}, concat({literal(system)}, '|', md5(identifier)) "
            f"{of_kind.format(literal(kind))}"
            for system, kind in LISTS.items()
        ),
        # A billing record without a prefix may have the number of somebody else in the CRM.
        *(
            f"select {literal(CUSTOMER)}, {alone.format(literal(prefix))} "
            f"{of_kind.format(literal(LISTS[system]))}"
            for system, prefix in (("crm", ""), ("billing", "billing:"))
        ),
    ]
    return " union ".join(parts)


def is_about(contract: TableContract, alias: str) -> str:
    """Write the SQL condition that a row of a table is about the person; `false` where none is."""
    parts = [
        _is_one_of(column.identifies, f"{alias}.{identifier(column.name)}")
        for column in contract.owner_columns
    ]
    if contract.subject_via:
        parent = f"{contract.system}.{contract.subject_via}"
        parts.append(_is_one_of(parent, f"{alias}.{identifier(contract.via_column)}"))
    return f"({' or '.join(parts)})" if parts else "false"


def names(contract: TableContract, alias: str) -> str:
    """Write the SQL condition that a row of a table names the person, as its subject or another."""
    parts = [
        _is_one_of(column.identifies, f"{alias}.{identifier(column.name)}")
        for column in contract.columns
        if column.identifies
    ]
    return f"({' or '.join([*parts, is_about(contract, alias)])})"


def _is_one_of(kind: str, value: str) -> str:
    return (
        f"coalesce(cast({value} as varchar) in "
        f"(select identifier from {IDENTIFIERS} where kind = {literal(kind)}), false)"
    )


def _resolve(con: duckdb.DuckDBPyConnection, customer: str) -> str:
    there = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'core' "
        "and table_name = 'int_identity_links'"
    ).fetchone()
    if there is None:
        raise ScorecardError(
            "Nobody is resolved to a customer yet: run `scorecard run` first, so that all records "
            "of a person are known."
        )
    found = con.execute(
        "select distinct customer_id from core.int_identity_links where customer_id is not null "
        "and (customer_id = ? or (source_system = 'crm' and source_id = ?)) order by 1",
        [customer, customer],
    ).fetchall()
    if len(found) == 1:
        return str(found[0][0])
    raise ScorecardError(
        f"{'No' if not found else 'More than one'} customer is called {customer!r}. Give the "
        "customer_id of the scorecard, or the number in the CRM, as `scorecard explain` takes it. "
        "Somebody who was erased before is not called anything any more."
    )


def _add(con: duckdb.DuckDBPyConnection, kind: str, found: Sequence[str]) -> None:
    rows = [
        [kind, each, f"{TOKEN_PREFIX}{secrets.token_hex(TOKEN_BYTES)}"]
        for each in dict.fromkeys(found)
    ]
    if rows:
        con.executemany(f"insert into {IDENTIFIERS} values (?, ?, ?)", rows)


def _of_the_customer(con: duckdb.DuckDBPyConnection, contract: TableContract) -> list[str]:
    """Find the contacts and leads of the customer: lists that name customers beside their key."""
    parts = [
        _is_one_of(column.identifies, f"t.{identifier(column.name)}")
        for column in contract.columns
        if column.identifies and column.identifies != contract.title
    ]
    if not parts:
        return []
    return _keys(con, contract, " or ".join(parts))


def _rows_about(con: duckdb.DuckDBPyConnection, contract: TableContract) -> list[str]:
    return _keys(con, contract, is_about(contract, "t"))


def _keys(con: duckdb.DuckDBPyConnection, contract: TableContract, condition: str) -> list[str]:
    key = identifier(contract.key[0])
    rows = con.execute(
        f"select distinct cast(t.{key} as varchar) from {contract.raw_table} as t "
        f"where {condition} order by 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _collect_words(con: duckdb.DuckDBPyConnection, contracts: Sequence[TableContract]) -> None:
    """Gather by what a text of quarantine would name the person: identifiers, names, addresses."""
    con.execute(
        f"create or replace temp table {WORDS} as select identifier as word from {IDENTIFIERS}"
    )
    for contract in contracts:
        if not contract.is_entity:
            continue
        for column in contract.columns:
            if column.personal_data == "personal" and column.data_type == "varchar":
                name = identifier(column.name)
                con.execute(
                    f"insert into {WORDS} select distinct trim(t.{name}) "
                    f"from {contract.raw_table} as t where {is_about(contract, 't')} "
                    f"and trim(t.{name}) <> ''"
                )


def _anonymous_id(
    con: duckdb.DuckDBPyConnection, customer_id: str, links: Sequence[tuple[str, str, str]]
) -> str:
    """Give the key of the customer that the anchor's token will have (macro `customer_key`)."""
    anchors = [(system, source_id) for system, source_id, method in links if method == "own_id"]
    for system, source_id in anchors or [(system, source_id) for system, source_id, _ in links]:
        for prefix in ("", f"{system}:"):
            found = con.execute(
                "select concat('cus_', substr(md5(concat(?, token)), 1, 16)) "
                f"from {IDENTIFIERS} where kind = ? and identifier = ? "
                "and concat('cus_', substr(md5(concat(?, identifier)), 1, 16)) = ?",
                [prefix, LISTS[system], source_id, prefix, customer_id],
            ).fetchone()
            if found:
                return str(found[0])
    raise ScorecardError(
        f"The key of customer {customer_id} does not come from any of its records: the warehouse "
        "is of another version. Run `scorecard run`, then erase."
    )
