"""What a gate decides, and what its evidence says."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from data_quality.evidence import DbtFailure, GateEvidence, read_evidence
from data_quality.fingerprint import mart_fingerprint
from data_quality.gates import (
    failures_by_product,
    resolve_holds,
    run_gate,
    run_gates,
    run_source_gate,
)
from data_quality.products import SOURCE, Product, load_products

RUN = "run-1"
PRODUCTS = load_products()
ONE_THREAD = {"threads": 1}


@pytest.fixture
def warehouse(good_warehouse: Path, tmp_path: Path) -> Path:
    """A copy of the good warehouse that a test may spoil."""
    return Path(shutil.copy(good_warehouse, tmp_path / "warehouse.duckdb"))


def spoil(warehouse: Path, *statements: str) -> None:
    with duckdb.connect(str(warehouse)) as con:
        for statement in statements:
            con.execute(statement)


def gate(warehouse: Path, product: str, failures: tuple[DbtFailure, ...] = ()) -> GateEvidence:
    return run_gate(
        warehouse,
        PRODUCTS[product],
        run_id=RUN,
        output=warehouse.parent / "evidence",
        dbt_failures=failures,
    )


def evidence_of(product: str, *, holds: bool = False) -> GateEvidence:
    return GateEvidence(
        product=product,
        suite=product,
        run_id=RUN,
        decision="hold" if holds else "pass",
        reason="It was bad." if holds else "All rules hold.",
        fingerprints={},
        results=(),
    )


def product_of(name: str, *parents: str) -> Product:
    return Product(name=name, title=name, owner="o", marts=(f"{name}_mart",), computed_from=parents)


@dataclass(frozen=True)
class Judged:
    """All gates over one good warehouse."""

    warehouse: Path
    output: Path
    source: GateEvidence
    evidence: list[GateEvidence]


@pytest.fixture(scope="module")
def judged(good_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    output = tmp_path_factory.mktemp("gates") / "evidence"
    source = run_source_gate(good_warehouse, run_id=RUN, output=output)
    evidence = run_gates(
        good_warehouse, PRODUCTS, run_id=RUN, output=output, source=source, limits=ONE_THREAD
    )
    return Judged(good_warehouse, output, source, evidence)


def test_good_data_pass_every_gate(judged: Judged) -> None:
    assert [each.decision for each in (judged.source, *judged.evidence)] == ["pass"] * (
        1 + len(PRODUCTS)
    )
    assert judged.evidence[0].reason == f"All {len(judged.evidence[0].results)} rules hold."


def test_evidence_is_written_per_product(judged: Judged) -> None:
    written = {each.product: each for each in read_evidence(judged.output)}

    assert written == {each.product: each for each in (judged.source, *judged.evidence)}


def test_evidence_names_the_very_rows(judged: Judged) -> None:
    with duckdb.connect(str(judged.warehouse), read_only=True) as con:
        for each in judged.evidence:
            marts = PRODUCTS[each.product].marts
            assert each.fingerprints == {
                mart: mart_fingerprint(con, "scorecard", mart) for mart in marts
            }


def test_warehouse_is_released_after_a_gate(judged: Judged) -> None:
    with duckdb.connect(str(judged.warehouse)) as con:
        assert con.execute("select 1").fetchone() == (1,)


def test_blocking_rule_holds_its_product_and_gives_reason_and_masked_keys(warehouse: Path) -> None:
    spoil(
        warehouse,
        "insert into scorecard.customers from scorecard.customers "
        "where customer_id = 'customer-0101'",
    )

    evidence = gate(warehouse, "customers")

    assert evidence.decision == "hold"
    assert "customers.key_is_unique does not hold" in evidence.reason
    failed = next(r for r in evidence.results if not r.is_passed)
    assert failed.sample_keys == ("customer_id=•••01",)
    assert "customer-0101" not in evidence.to_json()


@pytest.mark.parametrize(("rows", "decision"), [(2, "pass"), (3, "hold")])
def test_quarantined_rows_are_reported_up_to_one_per_cent(
    warehouse: Path, rows: int, decision: str
) -> None:
    spoil(
        warehouse,
        "update scorecard.customers set first_seen_date = '2011-01-01' "
        f"where customer_id < 'customer-{rows:04}'",
    )

    evidence = gate(warehouse, "customers")

    assert evidence.decision == decision
    assert "customers.dates_are_in_order" in evidence.reason
    result = next(r for r in evidence.results if r.rule_id == "customers.dates_are_in_order")
    assert result.rows_failed == rows


@pytest.mark.parametrize(
    ("share", "decision"), [("null", "pass"), ("0.02", "pass"), ("0.0201", "hold")]
)
def test_more_than_two_per_cent_of_customers_changed_holds_and_a_first_run_does_not(
    warehouse: Path, share: str, decision: str
) -> None:
    spoil(
        warehouse,
        f"update scorecard.identity_summary set change_share = {share} where source_system = 'all'",
    )

    evidence = gate(warehouse, "identity")

    assert evidence.decision == decision
    assert ("few_customers_changed" in evidence.reason) == (decision == "hold")


def test_system_that_was_never_delivered_holds_nothing(warehouse: Path) -> None:
    spoil(
        warehouse,
        "delete from scorecard.tickets",
        "delete from scorecard.service_by_tier",
        "delete from scorecard.service_level_cases",
        "delete from scorecard.complaints_by_tier",
        "delete from scorecard.complaint_episodes",
        "delete from raw.support__tickets",
        "delete from control.loads where system = 'support'",
        "update scorecard.source_findings set row_count = null, checked_count = null, share = null "
        "where source_system = 'support'",
    )

    assert gate(warehouse, "service").decision == "pass"


def test_mart_that_is_empty_though_its_system_delivered_is_held(warehouse: Path) -> None:
    spoil(warehouse, "delete from scorecard.tickets")

    evidence = gate(warehouse, "service")

    assert evidence.decision == "hold"
    assert "tickets.none_is_lost" in evidence.reason


def test_warning_is_reported_and_holds_nothing(warehouse: Path) -> None:
    spoil(warehouse, "update scorecard.customers set is_in_crm = false")

    evidence = gate(warehouse, "customers")

    assert evidence.decision == "pass"
    assert evidence.reason == "Nothing holds it. Reported: customers.is_in_crm."


def test_missing_mart_holds_with_its_name(warehouse: Path) -> None:
    spoil(warehouse, "drop table scorecard.revenue_reconciliation")

    evidence = gate(warehouse, "finance")

    assert evidence.decision == "hold"
    assert "Missing in the warehouse: scorecard.revenue_reconciliation" in evidence.reason
    assert evidence.fingerprints == {}


def test_missing_table_that_a_rule_reads_holds_with_its_name(warehouse: Path) -> None:
    spoil(warehouse, "drop table control.run_window")

    assert "control.run_window" in gate(warehouse, "portfolio").reason


def test_missing_raw_table_holds_the_source_gate(warehouse: Path, tmp_path: Path) -> None:
    spoil(warehouse, "drop table raw.billing__credit_notes")

    evidence = run_source_gate(warehouse, run_id=RUN, output=tmp_path / "evidence")

    assert evidence.decision == "hold"
    assert "raw.billing__credit_notes" in evidence.reason


def test_sources_are_judged_before_the_first_run_has_chosen_its_months(
    warehouse: Path, tmp_path: Path
) -> None:
    spoil(warehouse, "delete from control.run_window")
    evidence = run_source_gate(warehouse, run_id=RUN, output=tmp_path / "evidence")
    assert evidence.decision == "pass", evidence.reason


def test_missing_column_holds_without_a_crash(warehouse: Path) -> None:
    spoil(warehouse, "alter table scorecard.revenue_reconciliation drop column explanation")

    evidence = gate(warehouse, "finance")

    assert evidence.decision == "hold"
    assert "could not be judged" in evidence.reason
    assert "explanation" in evidence.reason


def test_table_that_cannot_be_fingerprinted_holds(warehouse: Path) -> None:
    spoil(warehouse, "alter table scorecard.predictions alter churn_percentile type float")

    assert "32-bit floats" in gate(warehouse, "predictions").reason


def test_failed_dbt_test_holds_the_product(warehouse: Path) -> None:
    failure = DbtFailure("unique_ftr_churn", "ftr_churn", "error", 7, "Got 7 results")

    evidence = gate(warehouse, "finance", (failure,))

    assert evidence.decision == "hold"
    assert evidence.reason == "dbt test unique_ftr_churn on ftr_churn failed (7 rows)."
    assert evidence.dbt_failures == (failure,)


def test_dbt_warning_holds_nothing(warehouse: Path) -> None:
    failure = DbtFailure("recent", "ftr_churn", "warn", 7, "Got 7 results")

    assert gate(warehouse, "finance", (failure,)).decision == "pass"


def test_raw_text_of_refused_rows_is_in_no_evidence(judged: Judged) -> None:
    assert all("secret raw text" not in p.read_text() for p in judged.output.glob("*.json"))


def test_no_key_of_a_customer_is_in_any_evidence(warehouse: Path, tmp_path: Path) -> None:
    spoil(
        warehouse,
        "update scorecard.customer_scorecard set score = 400, tier = 'Z', band = 'x'",
        "update scorecard.predictions set churn_probability = 7",
        "update scorecard.customers set first_purchase_date = null",
    )
    output = tmp_path / "evidence"

    evidence = run_gates(warehouse, PRODUCTS, run_id=RUN, output=output, limits=ONE_THREAD)

    assert "hold" in {each.decision for each in evidence}
    text = "".join(path.read_text(encoding="utf-8") for path in output.glob("*.json"))
    assert "•••" in text
    assert "customer-0" not in text
    assert "crm-0" not in text


def test_reason_names_three_rules_and_counts_the_rest(warehouse: Path) -> None:
    spoil(
        warehouse,
        "update scorecard.portfolio_indicators set gini = 2, is_low_n = true, "
        "lost_customer_count = 0, top_20_percent_revenue_ratio = 2, customer_retention_low = 2",
    )

    reason = gate(warehouse, "portfolio").reason

    assert reason.count("does not hold") == 3
    assert reason.endswith("more.")


def test_hold_is_carried_to_what_is_computed_from_it() -> None:
    products = {
        "a": product_of("a"),
        "b": product_of("b", "a"),
        "c": product_of("c", "b"),
        "d": product_of("d"),
    }
    evidence = [evidence_of("a", holds=True), *(evidence_of(name) for name in "bcd")]

    resolved = {each.product: each for each in resolve_holds(evidence, products)}

    assert [resolved[name].decision for name in "abcd"] == ["hold", "hold", "hold", "pass"]
    assert resolved["b"].reason == "Held with a, which it is computed from: It was bad."
    assert resolved["c"].reason.startswith("Held with a")


def test_product_without_evidence_upstream_is_held() -> None:
    products = {"a": product_of("a"), "b": product_of("b", "a")}

    resolved = resolve_holds([evidence_of("b")], products)

    assert resolved[0].decision == "hold"
    assert "a, which it is computed from, has no evidence" in resolved[0].reason


def test_held_source_gate_holds_everything() -> None:
    products = {"a": product_of("a"), "b": product_of("b")}
    evidence = [evidence_of(SOURCE, holds=True), evidence_of("a"), evidence_of("b")]

    resolved = resolve_holds(evidence, products)

    assert [each.decision for each in resolved] == ["hold"] * 3
    assert "source gate" in resolved[1].reason


def test_own_reason_is_kept_when_upstream_is_held_too() -> None:
    products = {"a": product_of("a"), "b": product_of("b", "a")}
    evidence = [evidence_of("a", holds=True), evidence_of("b", holds=True)]

    assert resolve_holds(evidence, products) == evidence


def test_dbt_failures_go_to_the_products_downstream() -> None:
    products = {"a": product_of("a"), "b": product_of("b")}
    on_core = DbtFailure("t1", "int_customers", "error", 1, "")
    on_mart = DbtFailure("t2", "b_mart", "error", 1, "")
    unrelated = DbtFailure("t3", "elsewhere", "error", 1, "")

    found = failures_by_product(
        [on_core, on_mart, unrelated],
        products,
        {"a_mart": frozenset({"int_customers"}), "b_mart": frozenset({"int_customers"})},
    )

    assert found == {"a": (on_core,), "b": (on_core, on_mart)}
