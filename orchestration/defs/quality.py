"""Dagster definitions of quality: dbt's tests, one gate per data product, the quality page.

What belongs here: the evidence as assets, and asset checks that show it where a person looks.
What does not: rules (`data_quality`), deciding what is published (`orchestration.release`).

Nothing here blocks: a gate that holds a product is a result, and the release acts on it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from data_quality.evidence import GateEvidence
from data_quality.products import Product, load_products
from orchestration import gating
from orchestration.dagster_home import ScorecardHome, reported
from orchestration.dbt import (
    DbtTestResult,
    prepare_manifest,
    read_manifest,
    read_test_results,
    tested_nodes,
)
from orchestration.defs.ingest import findings
from orchestration.defs.transform import ScorecardDbtTranslator
from orchestration.runs import read_current
from orchestration.settings import Settings

GROUP = "quality"
GATE = "gate"
DBT_TESTS = dg.AssetKey(["quality", "dbt_tests"])
PAGE = dg.AssetKey(["quality", "page"])
OWNERS = ["team:data-quality"]


def gate_key(product: str) -> dg.AssetKey:
    """Give the asset key of a product's evidence."""
    return dg.AssetKey(["quality", product])


@dg.definitions
def quality() -> dg.Definitions:
    """Build the definitions from dbt's manifest and the list of data products."""
    manifest = read_manifest(prepare_manifest(Settings.from_environment()))
    products = load_products()
    return dg.Definitions(
        assets=[_tests(manifest), _gates(products), _page(products)],
        asset_checks=[_test_checks(manifest)],
    )


def _table_keys(manifest: Mapping[str, Any]) -> dict[str, dg.AssetKey]:
    """Asset keys by dbt id, of everything that a test can look at."""
    translator = ScorecardDbtTranslator()
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    return {
        name: translator.get_asset_key(node) for name, node in (nodes | manifest["sources"]).items()
    }


def _tests(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    marts = [key for name, key in _table_keys(manifest).items() if name.startswith("model.")]

    @dg.asset(
        key=DBT_TESTS,
        deps=marts,
        group_name=GROUP,
        kinds={"dbt", "duckdb"},
        owners=OWNERS,
        description=(
            "What every data test of dbt found, run once after all tables are built. A failure is "
            "evidence for the products downstream of the tested table; the others go on."
        ),
    )
    def dbt_tests(scorecard_home: ScorecardHome) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            results = gating.run_tests(settings, run_id=read_current(settings).run_id)
        failed = [result for result in results if not result.is_passed]
        return dg.MaterializeResult(
            metadata={
                "tests": len(results),
                "not_passed": len(failed),
                "findings": dg.MetadataValue.md(
                    "\n".join(f"- **{each.status}** {each.test}: {each.message}" for each in failed)
                    or "none"
                ),
            }
        )

    return dbt_tests


def _test_checks(manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition:
    keys = _table_keys(manifest)
    specs = {
        name: _check_spec(manifest, name, keys)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "test"
    }

    @dg.multi_asset_check(name="dbt_test_checks", specs=list(specs.values()), can_subset=True)
    def dbt_test_checks(
        context: dg.AssetCheckExecutionContext, scorecard_home: ScorecardHome
    ) -> Iterator[dg.AssetCheckResult]:
        with reported(scorecard_home) as settings:
            folder = gating.EvidenceFolder.of(settings, read_current(settings).run_id)
            found = {each.unique_id: each for each in read_test_results(folder.dbt_tests)}
        for name, spec in specs.items():
            if spec.key in context.selected_asset_check_keys and name in found:
                yield _check_result(spec, found[name])

    return dbt_test_checks


def _check_spec(
    manifest: Mapping[str, Any], test_id: str, keys: Mapping[str, dg.AssetKey]
) -> dg.AssetCheckSpec:
    node = manifest["nodes"][test_id]
    tested = [keys[name] for name in tested_nodes(manifest, test_id)]
    others = [keys[name] for name in node["depends_on"]["nodes"] if keys[name] != tested[0]]
    return dg.AssetCheckSpec(
        node["name"],
        asset=tested[0],
        additional_deps=[DBT_TESTS, *dict.fromkeys(others)],
        description=node.get("description") or f"dbt test `{node['name']}`",
        blocking=False,
    )


def _check_result(spec: dg.AssetCheckSpec, found: DbtTestResult) -> dg.AssetCheckResult:
    is_warning = found.status == "warn" or found.severity == "warn"
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=found.is_passed,
        severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
        description=found.message or None,
        metadata={
            "status": found.status,
            "failing_rows": found.failures,
            "seconds": found.seconds,
        },
    )


def _gates(products: Mapping[str, Product]) -> dg.AssetsDefinition:
    specs = [_gate_spec(product) for product in products.values()]

    @dg.multi_asset(
        name="judge_products",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                GATE,
                asset=spec.key,
                description="Passes when the product may be released.",
                blocking=False,
            )
            for spec in specs
        ],
    )
    def judge_products(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings:
            evidence = gating.judge_products(settings, run_id=read_current(settings).run_id)
        for each in evidence:
            yield _gate_result(each)

    return judge_products


def _gate_spec(product: Product) -> dg.AssetSpec:
    return dg.AssetSpec(
        gate_key(product.name),
        deps=[DBT_TESTS, *(dg.AssetKey(["scorecard", mart]) for mart in product.marts)],
        description=(
            f"Evidence of the gate of *{product.title}*: what Great Expectations found in "
            f"{', '.join(f'`{mart}`' for mart in product.marts)}, for exactly the rows it judged."
            + (
                f" Held with {', '.join(product.computed_from)}, which it is computed from."
                if product.computed_from
                else ""
            )
        ),
        group_name=GROUP,
        kinds={"great_expectations", "duckdb"},
        owners=OWNERS,
        metadata={"owner": product.owner},
    )


def _gate_result(evidence: GateEvidence) -> dg.MaterializeResult[Any]:
    failed = [result for result in evidence.results if not result.is_passed]
    return dg.MaterializeResult(
        asset_key=gate_key(evidence.product),
        metadata={
            "decision": evidence.decision,
            "reason": evidence.reason,
            "rules": len(evidence.results),
            "rules_failed": len(failed),
            "dbt_tests_failed": len(evidence.dbt_failures),
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=gate_key(evidence.product),
                check_name=GATE,
                passed=evidence.decision == "pass",
                severity=dg.AssetCheckSeverity.ERROR,
                description=evidence.reason,
                metadata={"findings": dg.MetadataValue.md(findings(failed))},
            )
        ],
    )


def _page(products: Mapping[str, Product]) -> dg.AssetsDefinition:
    @dg.asset(
        key=PAGE,
        deps=[gate_key(name) for name in products],
        group_name=GROUP,
        kinds={"python", "html"},
        owners=OWNERS,
        description=(
            "The quality page of the run with its Data Docs: every rule, what it found, who "
            "answers for it. The release takes it along."
        ),
    )
    def quality_page(scorecard_home: ScorecardHome) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            page = gating.write_page(settings, run_id=read_current(settings).run_id)
        return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page)})

    return quality_page
