"""The gates: from rule outcomes to a decision about each data product, with its evidence.

Belongs here: decisions. Not here: running rules (`engine.py`), the rules (`suites/`), publishing
(`orchestration.release`, which takes nothing without this evidence).

No connection to the warehouse may be open in the process while a gate runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_quality.engine import Judge, Outcome, open_judge
from data_quality.evidence import (
    DbtFailure,
    Decision,
    GateEvidence,
    RuleResult,
    write_evidence,
)
from data_quality.fingerprint import Fingerprint, FingerprintError, mart_fingerprint
from data_quality.products import SCHEMA, SOURCE, Product, upstream_of
from data_quality.rules import Rule
from data_quality.suites.catalogue import suite

__all__ = [
    "DbtFailure",
    "GateEvidence",
    "RuleResult",
    "failures_by_product",
    "resolve_holds",
    "run_gate",
    "run_gates",
    "run_source_gate",
]

LOGGER = logging.getLogger(__name__)

# A reason names this many rules; the evidence has all of them.
REASONS_SHOWN = 3


def run_source_gate(
    warehouse: Path,
    *,
    run_id: str,
    output: Path,
    docs: Path | None = None,
    limits: Mapping[str, str | int] | None = None,
) -> GateEvidence:
    """Judge what ingestion stored, and write `<output>/source.json`.

    Args:
        warehouse: The DuckDB file.
        run_id: The run.
        output: Folder for the evidence.
        docs: Folder for the Data Docs site; None for no site.
        limits: Settings of DuckDB (`open_judge`).

    Raises:
        JudgeError: The warehouse cannot be opened.
    """
    rules = suite(SOURCE)
    with open_judge(warehouse, docs=docs, limits=limits) as judge:
        missing = judge.missing(_tables(rules))
        if missing:
            reason = f"Missing in the warehouse: {', '.join(missing)}. Run the ingestion first."
            evidence = _held(SOURCE, run_id, reason)
        else:
            outcomes = judge.judge(SOURCE, rules, run_id=run_id)
            evidence = _evidence(SOURCE, run_id, outcomes, {}, ())
            if docs is not None:
                judge.build_docs()
    write_evidence(evidence, output)
    return evidence


def run_gate(
    warehouse: Path,
    product: Product,
    *,
    run_id: str,
    output: Path,
    dbt_failures: Sequence[DbtFailure] = (),
    context: Mapping[str, Any] | None = None,
) -> GateEvidence:
    """Judge one data product by itself, and write `<output>/<product>.json`.

    Holds of the products it is computed from are not looked at: see `resolve_holds`.

    Args:
        warehouse: The DuckDB file.
        product: The data product.
        run_id: The run.
        output: Folder for the evidence.
        dbt_failures: dbt tests that failed upstream of the product.
        context: `docs`: folder for the Data Docs site (a Path), if one is wanted.

    Raises:
        JudgeError: The warehouse cannot be opened.
    """
    docs = (context or {}).get("docs")
    with open_judge(warehouse, docs=docs) as judge:
        evidence = _judge_product(judge, product, run_id, dbt_failures)
        if docs is not None:
            judge.build_docs()
    write_evidence(evidence, output)
    return evidence


def run_gates(
    warehouse: Path,
    products: Mapping[str, Product],
    *,
    run_id: str,
    output: Path,
    dbt_failures: Mapping[str, Sequence[DbtFailure]] | None = None,
    source: GateEvidence | None = None,
    docs: Path | None = None,
    limits: Mapping[str, str | int] | None = None,
) -> list[GateEvidence]:
    """Judge all data products with one start of Great Expectations, and write their evidence.

    Args:
        warehouse: The DuckDB file.
        products: The data products by name.
        run_id: The run.
        output: Folder for the evidence, one file per product.
        dbt_failures: Failed dbt tests by product (`failures_by_product`).
        source: Evidence of the source gate of this run; if it holds, every product is held.
        docs: Folder for the Data Docs site; None for no site.
        limits: Settings of DuckDB (`open_judge`).

    Returns:
        One evidence per product, in the order of `products`, with holds carried to what is
        computed from a held product.

    Raises:
        JudgeError: The warehouse cannot be opened.
    """
    failures = dbt_failures or {}
    with open_judge(warehouse, docs=docs, limits=limits) as judge:
        judged = [
            _judge_product(judge, product, run_id, failures.get(name, ()))
            for name, product in products.items()
        ]
        if docs is not None:
            judge.build_docs()
    known = judged if source is None else [source, *judged]
    resolved = [each for each in resolve_holds(known, products) if each.product != SOURCE]
    for evidence in resolved:
        write_evidence(evidence, output)
        LOGGER.info("Gate %s: %s. %s", evidence.product, evidence.decision, evidence.reason)
    return resolved


def resolve_holds(
    evidence: Sequence[GateEvidence], products: Mapping[str, Product]
) -> list[GateEvidence]:
    """Hold every product that is computed from a held one, directly or not.

    Args:
        evidence: What the gates said; that of the source gate may be among it.
        products: The data products by name.

    Returns:
        The evidence in the same order. A product held for the sake of another says for which.
        A product whose upstream has no evidence at all is held too.
    """
    by_name = {each.product: each for each in evidence}
    return [_resolved(each, by_name, products) for each in evidence]


def failures_by_product(
    failures: Iterable[DbtFailure],
    products: Mapping[str, Product],
    upstream: Mapping[str, frozenset[str]],
) -> dict[str, tuple[DbtFailure, ...]]:
    """Sort failed dbt tests to the products whose marts depend on the tested models.

    Args:
        failures: The failed tests.
        products: The data products by name.
        upstream: Each mart to the names of all models it is built from (itself may be left out).
    """
    listed = tuple(failures)
    sorted_out: dict[str, tuple[DbtFailure, ...]] = {}
    for name, product in products.items():
        models = set(product.marts).union(*(upstream.get(mart, ()) for mart in product.marts))
        sorted_out[name] = tuple(failure for failure in listed if failure.model in models)
    return sorted_out


def _judge_product(
    judge: Judge, product: Product, run_id: str, failures: Sequence[DbtFailure]
) -> GateEvidence:
    rules = suite(product.name)
    marts = [f"{SCHEMA}.{mart}" for mart in product.marts]
    missing = judge.missing([*marts, *(table for table in _tables(rules) if table not in marts)])
    if missing:
        reason = f"Missing in the warehouse: {', '.join(missing)}. Run the models that build it."
        return _held(product.name, run_id, reason, failures)
    try:
        fingerprints = {
            mart: mart_fingerprint(judge.connection, SCHEMA, mart) for mart in product.marts
        }
    except FingerprintError as error:
        return _held(product.name, run_id, str(error), failures)
    outcomes = judge.judge(product.name, rules, run_id=run_id)
    return _evidence(product.name, run_id, outcomes, fingerprints, tuple(failures))


def _tables(rules: Iterable[Rule]) -> list[str]:
    return list(dict.fromkeys(table for rule in rules for table in (rule.table, *rule.reads)))


def _held(
    product: str, run_id: str, reason: str, failures: Sequence[DbtFailure] = ()
) -> GateEvidence:
    return GateEvidence(
        product=product,
        suite=product,
        run_id=run_id,
        decision="hold",
        reason=reason,
        fingerprints={},
        results=(),
        dbt_failures=tuple(failures),
    )


def _evidence(
    product: str,
    run_id: str,
    outcomes: Sequence[Outcome],
    fingerprints: Mapping[str, Fingerprint],
    failures: tuple[DbtFailure, ...],
) -> GateEvidence:
    results = tuple(_result(outcome) for outcome in outcomes)
    decision, reason = _decide(results, failures)
    return GateEvidence(
        product=product,
        suite=product,
        run_id=run_id,
        decision=decision,
        reason=reason,
        fingerprints=fingerprints,
        results=results,
        dbt_failures=failures,
    )


def _result(outcome: Outcome) -> RuleResult:
    rule = outcome.rule
    observed = f"{outcome.observed}: {outcome.error}" if outcome.error else outcome.observed
    return RuleResult(
        rule_id=rule.id,
        characteristic=rule.characteristic,
        severity=rule.severity,
        mart=rule.table,
        column=", ".join(rule.columns),
        description=rule.description,
        rows_checked=outcome.rows_checked,
        rows_failed=outcome.rows_failed,
        observed=observed,
        is_passed=outcome.is_passed,
        owner=rule.owner,
        reason=rule.reason,
        sample_keys=outcome.sample_keys,
    )


def _decide(results: Sequence[RuleResult], failures: Sequence[DbtFailure]) -> tuple[Decision, str]:
    holding = [result for result in results if result.holds_product]
    errors = [failure for failure in failures if failure.severity == "error"]
    reasons = [_says(result) for result in holding] + [
        f"dbt test {failure.test} on {failure.model} failed ({failure.failures} rows)"
        for failure in errors
    ]
    if reasons:
        more = len(reasons) - REASONS_SHOWN
        shown = "; ".join(reasons[:REASONS_SHOWN])
        return "hold", f"{shown}; and {more} more." if more > 0 else f"{shown}."
    reported = [r for r in results if not r.is_passed]
    if reported:
        names = ", ".join(result.rule_id for result in reported)
        return "pass", f"Nothing holds it. Reported: {names}."
    return "pass", f"All {len(results)} rules hold."


def _says(result: RuleResult) -> str:
    return f"{result.rule_id} does not hold: {result.description} Found: {result.observed}"


def _resolved(
    evidence: GateEvidence,
    by_name: Mapping[str, GateEvidence],
    products: Mapping[str, Product],
) -> GateEvidence:
    if evidence.product == SOURCE or evidence.decision == "hold":
        return evidence
    source = by_name.get(SOURCE)
    if source is not None and source.decision == "hold":
        reason = f"Held with the source gate, whose facts it is computed from: {source.reason}"
        return replace(evidence, decision="hold", reason=reason)
    for name in upstream_of(evidence.product, products):
        parent = by_name.get(name)
        if parent is None:
            reason = f"Held: {name}, which it is computed from, has no evidence in this run."
            return replace(evidence, decision="hold", reason=reason)
        if parent.decision == "hold":
            reason = f"Held with {name}, which it is computed from: {parent.reason}"
            return replace(evidence, decision="hold", reason=reason)
    return evidence
