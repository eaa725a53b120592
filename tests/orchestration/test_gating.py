from datetime import date

import pytest

from data_quality.evidence import GateEvidence, write_evidence
from orchestration import gating, window
from orchestration.dbt import DbtTestResult, write_test_results
from orchestration.errors import ScorecardError
from orchestration.gating import EvidenceFolder, dbt_failures, find_source_evidence
from orchestration.ingestion.company import Company, store_company
from orchestration.settings import Settings
from orchestration.warehouse import connect


def a_test(
    status: str, *, severity: str = "error", models: tuple[str, ...] = ("a",)
) -> DbtTestResult:
    return DbtTestResult("t", "test.x.t", severity, status, 2, "2 rows", models, 0.1)


@pytest.mark.parametrize(
    ("status", "severity", "expected"),
    [
        ("pass", "error", []),
        ("fail", "error", ["error"]),
        ("warn", "warn", ["warn"]),
        ("error", "warn", ["error"]),
        ("skipped", "error", ["error"]),
    ],
)
def test_what_did_not_pass_is_evidence(status: str, severity: str, expected: list[str]) -> None:
    found = dbt_failures([a_test(status, severity=severity)])
    assert [failure.severity for failure in found] == expected


def test_a_test_of_two_models_is_evidence_for_both() -> None:
    found = dbt_failures([a_test("fail", models=("a", "b"))])
    assert [failure.model for failure in found] == ["a", "b"]


def test_each_run_has_a_folder_of_its_own(settings: Settings) -> None:
    evidence = GateEvidence("source", "source", "run-1", "pass", "All 3 rules hold.", {}, ())
    write_evidence(evidence, EvidenceFolder.of(settings, "run-1").gates)
    assert find_source_evidence(settings, "run-1") == evidence
    assert find_source_evidence(settings, "run-2") is None
    assert gating.run_evidence(settings, "run-1") == [evidence]
    assert gating.run_evidence(settings, "run-2") == []


def test_products_are_not_judged_before_the_tests_have_run(settings: Settings) -> None:
    with pytest.raises(ScorecardError, match="quality/dbt_tests"):
        gating.judge_products(settings, run_id="run-1")


def test_there_is_no_page_without_evidence(settings: Settings) -> None:
    with pytest.raises(ScorecardError, match="No gate has left evidence"):
        gating.write_page(settings, run_id="run-1")


def test_the_page_counts_the_tests_and_names_the_months(settings: Settings) -> None:
    folder = EvidenceFolder.of(settings, "run-1")
    evidence = GateEvidence("finance", "finance", "run-1", "hold", "It does not add up.", {}, ())
    write_evidence(evidence, folder.gates)
    write_test_results([a_test("pass"), a_test("fail"), a_test("warn")], folder.dbt_tests)
    with connect(settings) as con:
        from orchestration.ingestion.ledger import CONTROL_TABLES

        con.execute(CONTROL_TABLES)
        con.execute(
            "insert into control.runs values ('run-1', '2012-01-01', null, ?, ?, 1, 'c', 'c', "
            "'running', null, null)",
            [date(2011, 10, 31), date(2011, 11, 30)],
        )
        store_company(con, Company("Bright Parts", is_simulated=True))
        assert window.current_run(con).run_id == "run-1"
    page = gating.write_page(settings, run_id="run-1")
    text = page.read_text(encoding="utf-8")
    assert page == folder.quality / "index.html"
    assert "2011-10 to 2011-11" in text
    assert "It does not add up." in text
    assert "Simulated figures: Bright Parts does not exist." in text
