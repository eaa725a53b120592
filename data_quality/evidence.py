"""The evidence of a gate: what was judged, by which rules, with what result.

Belongs here: the records and their JSON. Not here: how they come about (`gates.py`).

Evidence carries no clock and no value of a customer, so judging the same rows twice gives the
same file, and the file can be shown to anyone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from data_quality.fingerprint import Fingerprint
from data_quality.rules import QUARANTINE_LIMIT, Characteristic, Severity

Decision = Literal["pass", "hold"]


@dataclass(frozen=True)
class DbtFailure:
    """A dbt test that did not pass.

    Attributes:
        test: Name of the test.
        model: The dbt model it tests.
        severity: dbt's severity, `error` or `warn`.
        failures: Number of failing rows.
        message: dbt's message; it holds no data.
    """

    test: str
    model: str
    severity: Literal["error", "warn"]
    failures: int
    message: str


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule.

    Attributes:
        rule_id: The rule.
        characteristic: Its characteristic of ISO/IEC 25012.
        severity: What its failure does.
        mart: The judged table.
        column: The columns it is about, joined by commas; empty for the whole table.
        description: What it expects.
        rows_checked: Rows of the table.
        rows_failed: Rows that failed; for a rule about one value 0 or 1.
        observed: What was found, in words.
        is_passed: Whether it held.
        owner: Who answers for it.
        reason: Why it is asked.
        sample_keys: Up to five masked keys of failing rows.
    """

    rule_id: str
    characteristic: Characteristic
    severity: Severity
    mart: str
    column: str
    description: str
    rows_checked: int
    rows_failed: int
    observed: str
    is_passed: bool
    owner: str
    reason: str
    sample_keys: tuple[str, ...] = ()

    @property
    def holds_product(self) -> bool:
        """Whether this result holds its product back."""
        if self.is_passed or self.severity == "warn":
            return False
        if self.severity == "block" or self.rows_checked == 0:
            return True
        return self.rows_failed > QUARANTINE_LIMIT * self.rows_checked


@dataclass(frozen=True)
class GateEvidence:
    """What a gate judged and decided.

    Attributes:
        product: The data product, or `source`.
        suite: The suite that judged it.
        run_id: The run.
        decision: `pass` or `hold`.
        reason: Why, in words; for a pass too.
        fingerprints: Each judged mart to the fingerprint of its rows.
        results: One result per rule.
        dbt_failures: Failed dbt tests upstream of the product.
    """

    product: str
    suite: str
    run_id: str
    decision: Decision
    reason: str
    fingerprints: Mapping[str, Fingerprint]
    results: tuple[RuleResult, ...]
    dbt_failures: tuple[DbtFailure, ...] = ()

    def to_json(self) -> str:
        """Write the evidence as JSON with sorted keys."""
        content = {
            "product": self.product,
            "suite": self.suite,
            "run_id": self.run_id,
            "decision": self.decision,
            "reason": self.reason,
            "fingerprints": {name: fp.to_dict() for name, fp in self.fingerprints.items()},
            "results": [asdict(result) for result in self.results],
            "dbt_failures": [asdict(failure) for failure in self.dbt_failures],
        }
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str) -> GateEvidence:
        """Read evidence that `to_json` wrote.

        Raises:
            KeyError, TypeError, json.JSONDecodeError: The text is not such evidence.
        """
        content: dict[str, Any] = json.loads(text)
        return GateEvidence(
            product=content["product"],
            suite=content["suite"],
            run_id=content["run_id"],
            decision=content["decision"],
            reason=content["reason"],
            fingerprints={
                name: Fingerprint(**values) for name, values in content["fingerprints"].items()
            },
            results=tuple(
                RuleResult(**{**values, "sample_keys": tuple(values["sample_keys"])})
                for values in content["results"]
            ),
            dbt_failures=tuple(DbtFailure(**values) for values in content["dbt_failures"]),
        )


def write_evidence(evidence: GateEvidence, output: Path) -> Path:
    """Write one product's evidence to `<output>/<product>.json` and give the path."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{evidence.product}.json"
    path.write_text(evidence.to_json(), encoding="utf-8")
    return path


def read_evidence(output: Path) -> list[GateEvidence]:
    """Read all evidence in a folder, in the order of the products' names."""
    return [
        GateEvidence.from_json(path.read_text(encoding="utf-8"))
        for path in sorted(output.glob("*.json"))
    ]
