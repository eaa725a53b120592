"""From tests and rules to evidence: what is judged, in which order, and where the evidence lies.

What belongs here: running dbt's tests, the source gate and the gates of the products for the run
that is under way, and the folder of each run's evidence.
What does not: rules and decisions (`data_quality`), the release (`orchestration.release`).

The manifest is the one that dbt wrote in this run: the one that Dagster's definitions were made
from is older when models were edited since.

Layout below the home: `evidence/<run>/dbt_tests.json`, `evidence/<run>/gates/<product>.json`,
`evidence/<run>/data_docs/`, `evidence/<run>/quality/` (the page, with its copy of the Data Docs).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_quality.evidence import DbtFailure, GateEvidence, read_evidence
from data_quality.products import SOURCE, load_products
from data_quality.source_summary import (
    read_corrections,
    read_findings,
    read_loads,
    read_refused,
)
from orchestration import window
from orchestration.dbt import (
    MANIFEST_NAME,
    DbtTestResult,
    models_behind,
    read_manifest,
    read_test_results,
    run_dbt,
    test_results,
    write_test_results,
)
from orchestration.errors import ScorecardError
from orchestration.ingestion.company import stored_company
from orchestration.progress import stage
from orchestration.quality_results import read_trend, record_results
from orchestration.settings import Settings
from orchestration.warehouse import connect

if TYPE_CHECKING:
    from data_quality.report import DbtSummary


@dataclass(frozen=True)
class EvidenceFolder:
    """Where the evidence of one run lies."""

    path: Path

    @classmethod
    def of(cls, settings: Settings, run_id: str) -> "EvidenceFolder":
        """Give the folder of a run."""
        return cls(settings.evidence / run_id)

    @property
    def dbt_tests(self) -> Path:
        """What dbt's tests found."""
        return self.path / "dbt_tests.json"

    @property
    def gates(self) -> Path:
        """One file per judged product, and one for the sources."""
        return self.path / "gates"

    @property
    def quality(self) -> Path:
        """The quality page with its Data Docs."""
        return self.path / "quality"

    @property
    def docs(self) -> Path:
        """The Data Docs, one site for the sources and one for the products."""
        return self.path / "data_docs"


def judge_sources(settings: Settings, *, run_id: str) -> GateEvidence:
    """Judge what ingestion stored.

    Raises:
        ScorecardError: The warehouse cannot be opened.
    """
    from data_quality.engine import JudgeError
    from data_quality.gates import run_source_gate

    folder = EvidenceFolder.of(settings, run_id)
    with stage("Run the source gate") as current:
        try:
            evidence = run_source_gate(
                settings.warehouse,
                run_id=run_id,
                output=folder.gates,
                docs=folder.docs / SOURCE,
                limits=_limits(settings),
            )
        except JudgeError as error:
            raise ScorecardError(str(error)) from error
        current.describe(_describe([evidence]))
    return evidence


def run_tests(settings: Settings, *, run_id: str) -> tuple[DbtTestResult, ...]:
    """Run all data tests of dbt once, and keep what they found as evidence.

    Unit tests judge code, not data: they belong to `make test`.

    Raises:
        ScorecardError: dbt cannot run.
    """
    with stage("Test the models") as current:
        outcome = run_dbt(settings, "test", exclude_types=("unit_test",), stage=current)
        results = test_results(outcome, read_manifest(settings.dbt_target / MANIFEST_NAME))
        failed = sum(not result.is_passed for result in results)
        current.describe(f"{len(results)} tests, {failed} not passed")
    write_test_results(results, EvidenceFolder.of(settings, run_id).dbt_tests)
    return results


def judge_products(settings: Settings, *, run_id: str) -> list[GateEvidence]:
    """Judge every data product, with the run's failed dbt tests as evidence.

    The sources are judged first where the run has not judged them yet.

    Raises:
        ScorecardError: The tests have not run, or the warehouse cannot be opened.
    """
    from data_quality.engine import JudgeError
    from data_quality.gates import failures_by_product, run_gates

    folder = EvidenceFolder.of(settings, run_id)
    tests = read_test_results(folder.dbt_tests)
    source = find_source_evidence(settings, run_id) or judge_sources(settings, run_id=run_id)
    products = load_products()
    behind = models_behind(read_manifest(settings.dbt_target / MANIFEST_NAME))
    failures = failures_by_product(dbt_failures(tests), products, behind)
    with stage("Run the gates of the data products") as current:
        try:
            evidence = run_gates(
                settings.warehouse,
                products,
                run_id=run_id,
                output=folder.gates,
                dbt_failures=failures,
                source=source,
                docs=folder.docs / "products",
                limits=_limits(settings),
            )
        except JudgeError as error:
            raise ScorecardError(str(error)) from error
        with connect(settings) as con:
            record_results(con, [source, *evidence])
        current.describe(_describe(evidence))
    return evidence


def write_page(settings: Settings, *, run_id: str) -> Path:
    """Write the quality page of a run beside its Data Docs, and give its path.

    Raises:
        ScorecardError: No gate has spoken in this run, or the warehouse cannot be opened.
    """
    from data_quality.report import PageContext, write_quality_page

    folder = EvidenceFolder.of(settings, run_id)
    evidence = run_evidence(settings, run_id)
    if not evidence:
        raise ScorecardError(
            f"No gate has left evidence at {folder.gates}. Materialise the group `quality` "
            "first, or start the whole way with `scorecard run`."
        )
    with stage("Write the quality page"):
        with connect(settings, read_only=True) as con:
            record = window.current_run(con)
            loads, refused, found = read_loads(con), read_refused(con), read_findings(con)
            notice = stored_company(con).notice
            trend = read_trend(con)
            corrections = read_corrections(con)
        first, last = map(window.format_month, (record.first_month, record.last_month))
        context = PageContext(
            run_id=run_id,
            months=first if first == last else f"{first} to {last}",
            loads=loads,
            refused=refused,
            findings=found,
            corrections=corrections,
            dbt=_dbt_summary(read_test_results(folder.dbt_tests)),
            data_docs=folder.docs if folder.docs.is_dir() else None,
            notice=notice,
            code_fingerprint=record.code_fingerprint,
            config_fingerprint=record.config_fingerprint,
            trend=trend,
        )
        return write_quality_page(evidence, folder.quality, context=context)


def _limits(settings: Settings) -> dict[str, str | int]:
    """Give what judging may take of the machine."""
    return {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.temporary),
        "threads": settings.threads,
    }


def _dbt_summary(tests: Sequence[DbtTestResult]) -> "DbtSummary":
    from data_quality.report import DbtSummary

    counts = Counter(test.status for test in tests)
    return DbtSummary(
        passed=counts["pass"],
        warned=counts["warn"],
        failed=counts["fail"] + counts["error"] + counts["runtime error"],
        skipped=counts["skipped"],
    )


def dbt_failures(tests: Sequence[DbtTestResult]) -> tuple[DbtFailure, ...]:
    """Turn the tests that did not pass into evidence, one entry per model they look at.

    A test that could not run counts as an error, whatever its severity: it says nothing good.
    """
    return tuple(
        DbtFailure(
            test=test.test,
            model=model,
            severity="warn" if test.status == "warn" else "error",
            failures=test.failures,
            message=test.message,
        )
        for test in tests
        if not test.is_passed
        for model in test.models
    )


def find_source_evidence(settings: Settings, run_id: str) -> GateEvidence | None:
    """Give what the source gate said in a run, if it has spoken."""
    path = EvidenceFolder.of(settings, run_id).gates / f"{SOURCE}.json"
    return GateEvidence.from_json(path.read_text(encoding="utf-8")) if path.exists() else None


def run_evidence(settings: Settings, run_id: str) -> list[GateEvidence]:
    """Read all evidence of a run: products and sources."""
    return read_evidence(EvidenceFolder.of(settings, run_id).gates)


def _describe(evidence: Sequence[GateEvidence]) -> str:
    held = [each.product for each in evidence if each.decision != "pass"]
    rules = sum(len(each.results) for each in evidence)
    return f"{rules} rules; " + (f"held: {', '.join(held)}" if held else "all pass")
