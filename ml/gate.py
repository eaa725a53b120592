"""What every gate of an estimator is made of.

Belongs here: a check, the verdict over many, the reason of a refusal, their rows, and how numbers
stand in their explanations.
Does not belong here: the checks of one kind of estimator (`ml.churn.gate`, `ml.clv.checks`,
`ml.credit.gate`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

WARNING_PREFIX: Final = "warning_"


@dataclass(frozen=True)
class Check:
    """One line of a gate.

    Attributes:
        check_name: What was looked at; those beginning with `warning_` do not block.
        value: What was found; NaN where it could not be computed.
        threshold: What was asked, as text.
        is_passed: Whether it was met.
        explanation: What that means, for a manager.
    """

    check_name: str
    value: float
    threshold: str
    is_passed: bool
    explanation: str

    @property
    def is_blocking(self) -> bool:
        """Whether a failure keeps the estimator from being published."""
        return not self.check_name.startswith(WARNING_PREFIX)


def is_publishable(checks: Sequence[Check]) -> bool:
    """Whether every blocking check passed."""
    return all(check.is_passed for check in checks if check.is_blocking)


def refusal_reason(checks: Sequence[Check]) -> str:
    """Name the failed checks with value and threshold; empty where none failed."""
    failed = [check for check in checks if check.is_blocking and not check.is_passed]
    return "; ".join(
        f"{c.check_name} is {number_text(c.value)}, needs {c.threshold}" for c in failed
    )


def check_rows(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Rows of `ml.estimator_checks`, but for estimator and version."""
    return [
        {
            "check_name": check.check_name,
            "value": check.value,
            "threshold": check.threshold,
            "is_passed": bool(check.is_passed),
            "explanation": check.explanation,
        }
        for check in checks
    ]


def number_text(value: float) -> str:
    """A measure in a sentence."""
    return "not computable" if math.isnan(value) else f"{value:.4g}"


def percent_text(share: float) -> str:
    """A share in a sentence."""
    return "an unknown share" if math.isnan(share) else f"{100 * share:.1f} %"
