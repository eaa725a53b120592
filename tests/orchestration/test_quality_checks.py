"""What Dagster shows of a gate and of a dbt test: passed or not, and how grave."""

import dagster as dg
import pytest

from data_quality.evidence import DbtFailure, GateEvidence, RuleResult
from data_quality.products import load_products
from orchestration.dbt import DbtTestResult
from orchestration.defs.quality import GATE, _check_result, _gate_result, _gate_spec, gate_key

REVENUE = RuleResult(
    rule_id="revenue_reconciliation.nothing_is_unexplained",
    characteristic="accuracy",
    severity="block",
    mart="scorecard.revenue_reconciliation",
    column="amount",
    description="Nothing is unexplained.",
    rows_checked=16,
    rows_failed=1,
    observed="1 (asked: at most 0)",
    is_passed=False,
    owner="finance",
    reason="Money that no step explains was lost.",
)


def test_a_held_product_is_a_failed_check_of_error_severity_that_says_why() -> None:
    evidence = GateEvidence(
        "finance",
        "finance",
        "run-1",
        "hold",
        "It does not add up.",
        {},
        (REVENUE,),
        (DbtFailure("adds_up", "revenue_reconciliation", "error", 1, "Got 1 result."),),
    )

    result = _gate_result(evidence)

    (check,) = result.check_results
    assert (check.asset_key, check.check_name, check.passed) == (gate_key("finance"), GATE, False)
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert check.description == "It does not add up."
    assert "Nothing is unexplained." in str(check.metadata["findings"].value)
    told = {name: getattr(each, "value", each) for name, each in result.metadata.items()}
    assert (told["decision"], told["rules_failed"], told["dbt_tests_failed"]) == ("hold", 1, 1)


def test_a_product_that_passes_is_a_passed_check() -> None:
    evidence = GateEvidence("finance", "finance", "run-1", "pass", "All 1 rules hold.", {}, ())

    (check,) = _gate_result(evidence).check_results

    assert check.passed


@pytest.mark.parametrize(
    ("status", "severity", "passed", "shown"),
    [
        ("pass", "error", True, dg.AssetCheckSeverity.ERROR),
        ("fail", "error", False, dg.AssetCheckSeverity.ERROR),
        ("error", "error", False, dg.AssetCheckSeverity.ERROR),
        ("warn", "error", False, dg.AssetCheckSeverity.WARN),
        ("warn", "warn", False, dg.AssetCheckSeverity.WARN),
    ],
)
def test_a_dbt_test_is_shown_as_grave_as_it_is(
    status: str, severity: str, passed: bool, shown: dg.AssetCheckSeverity
) -> None:
    spec = dg.AssetCheckSpec("adds_up", asset=dg.AssetKey(["scorecard", "invoices"]))
    found = DbtTestResult("adds_up", "test.x.adds_up", severity, status, 2, "", ("invoices",), 0.1)

    result = _check_result(spec, found)

    assert (result.passed, result.severity) == (passed, shown)


@pytest.mark.parametrize("product", load_products().values(), ids=lambda product: product.name)
def test_the_gate_of_a_product_judges_after_its_marts_and_the_tests(product) -> None:
    spec = _gate_spec(product)

    deps = {dep.asset_key.to_user_string() for dep in spec.deps}
    assert deps == {"quality/dbt_tests", *(f"scorecard/{mart}" for mart in product.marts)}
