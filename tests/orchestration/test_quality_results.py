"""The record of what every rule found, run by run."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest

from data_quality.evidence import DbtFailure, GateEvidence, RuleResult
from orchestration import quality_results
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.quality_results import NOT_JUDGED, read_trend, record_results

BEGAN = datetime(2024, 1, 31)  # noqa: DTZ001 - the control tables hold UTC without a zone


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(CONTROL_TABLES)
        yield con


def begin(con: duckdb.DuckDBPyConnection, run_id: str, *, day: int = 0) -> None:
    con.execute(
        "insert into control.runs (run_id, started_at, code_fingerprint, config_fingerprint) "
        "values (?, ?, 'code', 'configuration')",
        [run_id, BEGAN + timedelta(days=day)],
    )


def a_result(rule: str = "invoices.has_rows", *, failed: int = 0) -> RuleResult:
    return RuleResult(
        rule_id=rule,
        characteristic="completeness",
        severity="block",
        mart="scorecard.invoices",
        column="",
        description="There are invoices.",
        rows_checked=100,
        rows_failed=failed,
        observed=f"{failed} of 100 rows",
        is_passed=failed == 0,
        owner="finance",
        reason="Without them there is no revenue.",
        sample_keys=("invoice_id=•••07", "invoice_id=•••08") if failed else (),
    )


def of(run_id: str, *results: RuleResult, failures: tuple[DbtFailure, ...] = ()) -> GateEvidence:
    is_held = not results or any(result.holds_product for result in results) or bool(failures)
    return GateEvidence(
        "billing",
        "billing",
        run_id,
        "hold" if is_held else "pass",
        "What it says.",
        {},
        results,
        failures,
    )


def kept(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[object, ...]]:
    return con.execute(
        f"select {columns} from control.quality_results order by run_id, rule_id"
    ).fetchall()


def test_every_rule_is_kept_with_its_result_and_the_decision(
    con: duckdb.DuckDBPyConnection,
) -> None:
    begin(con, "run-1")
    record_results(con, [of("run-1", a_result(), a_result("invoices.key_is_unique", failed=2))])

    columns = "rule_id, rows_checked, rows_failed, is_holding, sample_keys, owner, decision"
    assert kept(con, columns) == [
        ("invoices.has_rows", 100, 0, False, None, "finance", "hold"),
        (
            "invoices.key_is_unique",
            100,
            2,
            True,
            "invoice_id=•••07; invoice_id=•••08",
            "finance",
            "hold",
        ),
    ]


def test_what_is_judged_twice_in_a_run_is_kept_once(con: duckdb.DuckDBPyConnection) -> None:
    begin(con, "run-1")
    record_results(con, [of("run-1", a_result(failed=5), a_result("invoices.gone"))])
    record_results(con, [of("run-1", a_result())])

    assert kept(con, "rule_id, rows_failed") == [("invoices.has_rows", 0)]


def test_a_failed_test_of_the_models_is_kept_beside_the_rules(
    con: duckdb.DuckDBPyConnection,
) -> None:
    begin(con, "run-1")
    failures = (
        DbtFailure("unique_id", "stg_billing__invoices", "error", 3, "Got 3 results."),
        DbtFailure("is_recent", "stg_billing__invoices", "warn", 1, "Got 1 result."),
    )
    record_results(con, [of("run-1", a_result(), failures=failures)])

    assert kept(con, "rule_id, table_name, severity, rows_failed, is_holding") == [
        ("dbt_test.is_recent", "stg_billing__invoices", "warn", 1, False),
        ("dbt_test.unique_id", "stg_billing__invoices", "block", 3, True),
        ("invoices.has_rows", "scorecard.invoices", "block", 0, False),
    ]


def test_a_gate_that_judged_nothing_is_not_missing(con: duckdb.DuckDBPyConnection) -> None:
    begin(con, "run-1")
    record_results(con, [of("run-1")])

    assert kept(con, "rule_id, is_holding, observed, decision") == [
        (NOT_JUDGED, True, "What it says.", "hold")
    ]


def test_evidence_of_two_runs_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match=r"one run, found \['run-1', 'run-2'\]"):
        record_results(con, [of("run-1", a_result()), of("run-2", a_result())])


def test_the_oldest_runs_go_when_there_are_too_many(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_results, "KEPT_RUNS", 2)
    for day, run_id in enumerate(("run-c", "run-b", "run-a")):
        begin(con, run_id, day=day)
        record_results(con, [of(run_id, a_result())])

    assert kept(con, "run_id") == [("run-a",), ("run-b",)]


def test_the_trend_counts_rules_and_rows_by_run_oldest_first(
    con: duckdb.DuckDBPyConnection,
) -> None:
    begin(con, "run-b", day=0)
    begin(con, "run-a", day=1)
    record_results(con, [of("run-b", a_result(failed=7), a_result("invoices.key_is_unique"))])
    record_results(con, [of("run-a", a_result())])

    found = read_trend(con)

    assert [(t.run_id, t.rules, t.rules_passed, t.rows_failed, t.is_held) for t in found] == [
        ("run-b", 2, 1, 7, True),
        ("run-a", 1, 1, 0, False),
    ]


def test_a_warehouse_of_an_older_version_has_no_trend(con: duckdb.DuckDBPyConnection) -> None:
    assert read_trend(con) == ()
