"""Records that are chained by hash, so that one that was changed, removed or put in is found.

Belongs here: the SQL of a record's hash, of the next link and of broken links, for who writes such
records (decisions on quarantined rows, erasures, expiries) and who judges them. Not here: what is
recorded, and what a broken chain means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class Chain:
    """A table of chained records: a number, what was done, the hash before, the hash of it all.

    Attributes:
        table: The table, with its schema.
        key: The column of the record's number, which grows by one.
        own_hash: The column of the record's hash; it stands last in the table.
        columns: What is hashed, `previous_hash` last.
    """

    table: str
    key: str
    own_hash: str
    columns: Sequence[str]

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

    def broken_links(self, *, also: str = "false") -> str:
        """Write the query of the numbers of records that are not as they were written.

        Args:
            also: A further condition on the record `r` that breaks it.
        """
        return f"""
            select {self.key}
            from (
                select
                    r.{self.key},
                    r.{self.own_hash} <> {self.record_hash("r")}
                    or r.previous_hash <> coalesce(
                        lag(r.{self.own_hash}) over (order by r.{self.key}), '{FIRST_HASH}'
                    )
                    or {also} as is_broken
                from {self.table} as r
            ) as records
            where is_broken
            """
