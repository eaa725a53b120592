"""Evidence survives being written, and says whether a result holds its product."""

import json
from pathlib import Path

import pytest

from data_quality.evidence import (
    DbtFailure,
    GateEvidence,
    RuleResult,
    read_evidence,
    write_evidence,
)
from data_quality.fingerprint import Fingerprint
from data_quality.rules import Severity


def result(
    severity: Severity = "block", *, failed: int = 0, checked: int = 1000, passed: bool = False
) -> RuleResult:
    return RuleResult(
        rule_id="customers.key_is_unique",
        characteristic="consistency",
        severity=severity,
        mart="scorecard.customers",
        column="customer_id",
        description="There is one row per customer.",
        rows_checked=checked,
        rows_failed=failed,
        observed=f"{failed} of {checked} rows",
        is_passed=passed,
        owner="customer analytics",
        reason="A second row would count twice.",
        sample_keys=("customer_id=•••01",) if failed else (),
    )


def evidence(name: str = "customers") -> GateEvidence:
    return GateEvidence(
        product=name,
        suite=name,
        run_id="run-1",
        decision="hold",
        reason="Because – of “this”.",
        fingerprints={"customers": Fingerprint(rows=3, checksum="ff-00")},
        results=(result(failed=2), result(passed=True)),
        dbt_failures=(DbtFailure("unique", "int_customers", "error", 2, "Got 2 results"),),
    )


def test_json_round_trip() -> None:
    assert GateEvidence.from_json(evidence().to_json()) == evidence()


def test_json_is_sorted_and_carries_no_clock() -> None:
    text = evidence().to_json()
    content = json.loads(text)

    assert text == json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert not [key for key in content if key.endswith("_at") or "time" in key]


def test_written_evidence_is_read_back(tmp_path: Path) -> None:
    write_evidence(evidence("b"), tmp_path / "evidence")
    write_evidence(evidence("a"), tmp_path / "evidence")

    assert read_evidence(tmp_path / "evidence") == [evidence("a"), evidence("b")]


@pytest.mark.parametrize(
    ("severity", "failed", "checked", "holds"),
    [
        ("block", 1, 1000, True),
        ("quarantine", 10, 1000, False),
        ("quarantine", 11, 1000, True),
        ("quarantine", 1, 0, True),
        ("warn", 1000, 1000, False),
    ],
)
def test_severity_decides_what_a_failure_does(
    severity: Severity, failed: int, checked: int, holds: bool
) -> None:
    assert result(severity, failed=failed, checked=checked).holds_product is holds


def test_a_rule_that_holds_never_holds_its_product() -> None:
    assert not result("block", passed=True).holds_product
