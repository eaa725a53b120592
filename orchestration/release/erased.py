"""Persons who were erased, seen from a release: how many, and what older marts still say of them.

Belongs here: which columns of a mart name a customer, and what becomes of rows that are carried
over from an older release: the person's own are left out, those of others that refer to the person
name nobody instead. Does not belong here: the marts of the run itself, which no longer know the
person.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from orchestration.ingestion.tombstones import (
    CUSTOMER,
    SOURCE_KEY,
    identifier_hash,
    was_erased,
)

CUSTOMER_COLUMN: Final = "customer_id"
# Columns that say whose a row is.
OWNER_COLUMNS: Final = (CUSTOMER_COLUMN, "customer_id_before", "customer_id_after")
# Columns that name a source record by the hash of its identifier, beside its `source_system`.
RECORD_COLUMNS: Final = ("source_key", "row_key")
# Columns in which a row of somebody else, or of a group, names a customer.
REFERENCE_COLUMNS: Final = ("account_id", "parent_customer_id", "worst_customer_id")
TICKET_COLUMN: Final = "row_key"
_TICKETS: Final = "support.tickets"
_SYSTEM_COLUMN: Final = "source_system"


@dataclass(frozen=True)
class Traces:
    """SQL of what a mart says of erased persons.

    Attributes:
        is_theirs: Condition that a row is an erased person's.
        is_named: Condition that a row is, or names one.
        replaced: Column to the SQL of its value, with nobody's key for an erased person's.
    """

    is_theirs: str
    is_named: str
    replaced: Mapping[str, str]

    def rest(self, table: str) -> str:
        """Write the query of a table without erased persons.

        Args:
            table: The table, as SQL names it.
        """
        listed = ", ".join(f'{value} as "{column}"' for column, value in self.replaced.items())
        columns = f"* replace ({listed})" if listed else "*"
        return f"select {columns} from {table} where ({self.is_theirs}) is not true"


def traces(columns: Collection[str]) -> Traces | None:
    """Tell what a mart with these columns may say of erased persons; None where nothing.

    Args:
        columns: The mart's columns.
    """
    theirs = [was_erased(CUSTOMER, f'"{name}"') for name in OWNER_COLUMNS if name in columns]
    if _SYSTEM_COLUMN in columns:
        theirs += [
            was_erased(SOURCE_KEY, record_name(name)) for name in RECORD_COLUMNS if name in columns
        ]
    if TICKET_COLUMN in columns:
        theirs.append(was_erased(_TICKETS, f'"{TICKET_COLUMN}"'))
    references = [name for name in REFERENCE_COLUMNS if name in columns]
    if not theirs and not references:
        return None
    named = [*theirs, *(was_erased(CUSTOMER, f'"{name}"') for name in references)]
    return Traces(
        " or ".join(theirs) or "false",
        " or ".join(named),
        {name: _nobody_for(f'"{name}"') for name in references},
    )


def record_name(column: str) -> str:
    """Write the SQL of a source record's name, as the record of erasures hashes it.

    Args:
        column: The column with the hash of the record's identifier.
    """
    return f'concat("{_SYSTEM_COLUMN}", \'|\', "{column}")'


def _nobody_for(column: str) -> str:
    return (
        "coalesce((select any_value(e.anonymous_id) from control.erasures as e "
        "inner join control.erased_identifiers as w on e.erasure_id = w.erasure_id "
        f"where w.kind = '{CUSTOMER}' and w.identifier_hash = {identifier_hash(CUSTOMER, column)}"
        f"), {column})"
    )


def count_erased(con: duckdb.DuckDBPyConnection) -> int:
    """Count the persons who were erased from a warehouse; an older one knows of none.

    Args:
        con: A connection to the warehouse.
    """
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'control' and table_name = 'erasures'"
    ).fetchone()
    if there is None:
        return 0
    row = con.execute("select count(*) from control.erasures").fetchone()
    return int(row[0]) if row else 0
