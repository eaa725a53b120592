"""The chain of decisions about quarantined rows: one hash that both sides compute in SQL.

Belongs here: the hash of a decision and of its rows, for who writes them (ingestion) and who judges
them (the source gate). Not here: deciding, and the rules themselves (`suites/source.py`).

Each decision has the hash of the one before, so that one that was changed, removed or put in
between is found. The text of a row is not hashed: a person may have to be erased from it.
"""

from __future__ import annotations

from data_quality.chain import Chain


def rows_hash(alias: str) -> str:
    """Write the SQL aggregate of the hash of the rows that a decision is about.

    Args:
        alias: What the rows, with load, line and rule, are called in the query.
    """
    row = f"concat_ws(':', {alias}.load_id, {alias}.line, {alias}.rule)"
    return f"sha256(string_agg({row}, ' ' order by {alias}.line, {alias}.rule))"


_ROWS_OF_DECISION = (
    f"(select {rows_hash('w')} from quarantine.decided_rows as w "
    "where w.decision_id = r.decision_id)"
)
DECISIONS = Chain(
    "quarantine.decisions",
    "decision_id",
    "decision_hash",
    (
        "decision_id",
        "decided_at",
        "action",
        "author",
        "reason",
        "system",
        "table_name",
        "file",
        "load_id",
        "waived_rule",
        "waived_column",
        "row_count",
        "rows_hash",
        "decision_load_id",
        "previous_hash",
    ),
    also_broken=f"r.rows_hash is distinct from {_ROWS_OF_DECISION}",
)
