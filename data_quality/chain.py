"""Records that are chained by hash, so that one that was changed, removed or put in is found.

Belongs here: the SQL of a record's hash, of the next link and of broken links, for who writes such
records (decisions on quarantined rows, erasures, expiries) and who judges them. Not here: what is
recorded, and what a broken chain means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class Chain:
    """A table of chained records: a number, what was done, the hash before, the hash of it all.

    Attributes:
        table: The table, with its schema.
        key: The column of the record's number, which grows by one.
        own_hash: The column of the record's hash; it stands last in the table.
        columns: What is hashed, `previous_hash` last.
        also_broken: A further SQL condition on a record `r` that says that it was changed.
    """

    table: str
    key: str
    own_hash: str
    columns: Sequence[str]
    also_broken: str = "false"

    def record_hash(self, alias: str) -> str:
        """Write the SQL of a record's hash.

        Args:
            alias: What the record's row is called in the query.
        """
        values = ", ".join(f"cast({alias}.{column} as varchar)" for column in self.columns)
        return f"sha256(cast(to_json([{values}]) as varchar))"

    @property
    def next_link(self) -> str:
        """The query of the next record's number and of the hash that goes before it."""
        return (
            f"select coalesce(max({self.key}), 0) + 1, "
            f"coalesce(arg_max({self.own_hash}, {self.key}), '{FIRST_HASH}') from {self.table}"
        )

    def first_broken(self, con: Any) -> int | None:
        """Give the number of the first record that is not as it was written, None if all are.

        Args:
            con: A connection to the warehouse.
        """
        (number,) = con.execute(
            f"select min({self.key}) from ({self.broken_links}) as broken"
        ).fetchone()
        return None if number is None else int(number)

    @property
    def broken_links(self) -> str:
        """The query of the numbers of records that are not as they were written."""
        return f"""
            select {self.key}
            from (
                select
                    r.{self.key},
                    r.{self.own_hash} <> {self.record_hash("r")}
                    or r.previous_hash <> coalesce(
                        lag(r.{self.own_hash}) over (order by r.{self.key}), '{FIRST_HASH}'
                    )
                    or {self.also_broken} as is_broken
                from {self.table} as r
            ) as records
            where is_broken
            """
