"""The record of what every rule found, run by run.

What belongs here: the control table of it, adding to it what the gates of a run said, reading how
quality went over the runs. What does not: judging (`data_quality`), the evidence itself, which
stays with its run and its release.

The table is written after the gates and before the release, so that a release tells of its own run,
too. It has no value of a customer: counts, and masked keys.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb

from data_quality.evidence import GateEvidence
from data_quality.trend import RunQuality
from orchestration.warehouse import transaction

KEPT_RUNS: Final = 200
"""Of older runs the rows go; the evidence in their releases is not touched."""

COLUMNS: Final = {
    "run_id": "varchar",
    "product": "varchar",
    "rule_id": "varchar",
    "table_name": "varchar",
    "column_name": "varchar",
    "iso_characteristic": "varchar",
    "severity": "varchar",
    "owner": "varchar",
    "description": "varchar",
    "reason": "varchar",
    "rows_checked": "bigint",
    "rows_failed": "bigint",
    "is_passed": "boolean",
    "is_holding": "boolean",
    "observed": "varchar",
    "sample_keys": "varchar",
    "decision": "varchar",
}

NOT_JUDGED: Final = "gate.could_not_judge"
"""Stands where a gate ran no rule at all, so that its product is not simply missing."""


def ensure_results_table(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table where it is missing."""
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    con.execute("create schema if not exists control")
    con.execute(f"create table if not exists control.quality_results ({listed})")


def is_kept(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether the warehouse has the table: an older one gets it with its next run."""
    found = con.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'control' and table_name = 'quality_results'"
    ).fetchone()
    return found != (0,)


def record_results(con: duckdb.DuckDBPyConnection, evidence: Sequence[GateEvidence]) -> int:
    """Put down what the gates of one run said, in place of what was put down for it before.

    Args:
        con: An open connection, outside a transaction.
        evidence: All evidence of one run, that of the source gate among it.

    Returns:
        The number of rows written.

    Raises:
        ValueError: The evidence is of more than one run.
    """
    import pyarrow as pa  # 0.1 s

    runs = {each.run_id for each in evidence}
    if len(runs) != 1:
        raise ValueError(f"Expected the evidence of one run, found {sorted(runs)}.")
    rows = [row for each in evidence for row in _rows(each)]
    found = pa.table(  # noqa: F841  (the SQL names it)
        {name: [row[name] for row in rows] for name in COLUMNS}
    )
    listed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in COLUMNS.items())
    ensure_results_table(con)
    with transaction(con):
        con.execute("delete from control.quality_results where run_id = ?", [runs.pop()])
        con.execute(f"insert into control.quality_results by name select {listed} from found")
        con.execute(
            "delete from control.quality_results where run_id not in ("
            "select run_id from (select distinct run_id from control.quality_results) as kept "
            "left join control.runs as runs using (run_id) "
            "order by runs.started_at desc nulls first, run_id limit ?)",
            [KEPT_RUNS],
        )
    return len(rows)


def read_trend(con: duckdb.DuckDBPyConnection) -> tuple[RunQuality, ...]:
    """Count rules and failed rows by run and product, the oldest run first; none if none is kept.

    Args:
        con: An open connection; one that cannot write is enough.
    """
    if not is_kept(con):
        return ()
    rows = con.execute(
        """
        select
            results.run_id, runs.started_at, results.product, count(*) as rules,
            count(*) filter (where results.is_passed) as rules_passed,
            coalesce(sum(results.rows_failed), 0)::bigint as rows_failed,
            bool_or(results.decision = 'hold') as is_held
        from control.quality_results as results
        inner join control.runs as runs on results.run_id = runs.run_id
        group by all
        order by runs.started_at, results.run_id, results.product
        """
    ).fetchall()
    return tuple(RunQuality(*row) for row in rows)


def _rows(evidence: GateEvidence) -> Iterator[dict[str, Any]]:
    shared = {
        "run_id": evidence.run_id,
        "product": evidence.product,
        "decision": evidence.decision,
    }
    for result in evidence.results:
        yield shared | {
            "rule_id": result.rule_id,
            "table_name": result.mart,
            "column_name": result.column or None,
            "iso_characteristic": result.characteristic,
            "severity": result.severity,
            "owner": result.owner,
            "description": result.description,
            "reason": result.reason,
            "rows_checked": result.rows_checked,
            "rows_failed": result.rows_failed,
            "is_passed": result.is_passed,
            "is_holding": result.holds_product,
            "observed": result.observed,
            "sample_keys": "; ".join(result.sample_keys) or None,
        }
    for failure in evidence.dbt_failures:
        is_error = failure.severity == "error"
        yield _beside(
            shared,
            rule_id=f"dbt_test.{failure.test}",
            table_name=failure.model,
            severity="block" if is_error else "warn",
            rows_failed=failure.failures,
            is_holding=is_error,
            observed=failure.message,
            description="A test of the models that the product is built from holds.",
        )
    if not evidence.results:
        yield _beside(
            shared,
            rule_id=NOT_JUDGED,
            table_name=None,
            severity="block",
            rows_failed=0,
            is_holding=True,
            observed=evidence.reason,
            description="The gate could judge the product at all.",
        )


def _beside(shared: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Give a row for what is no rule of a suite, and yet held or failed."""
    nothing = dict.fromkeys(COLUMNS)
    return nothing | shared | {"iso_characteristic": "consistency", "is_passed": False} | given
