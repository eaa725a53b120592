"""Which suite judges which product.

Belongs here: the one list of suites. Not here: the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from data_quality.products import SOURCE
from data_quality.rules import Rule
from data_quality.suites import (
    activity,
    associations,
    backtest,
    balanced,
    billing,
    cmat,
    commercial,
    credit,
    customers,
    efficiency,
    evaluation,
    experience,
    finance,
    findings,
    identity,
    levels,
    people,
    portfolio,
    predictions,
    profiles,
    relationship,
    scorecard,
    segments,
    service,
    source,
    survey,
    upsell,
    value,
    weights,
)

SUITES: dict[str, Callable[[], tuple[Rule, ...]]] = {
    SOURCE: source.rules,
    "identity": identity.rules,
    "customers": customers.rules,
    "billing": billing.rules,
    "service": service.rules,
    "efficiency": efficiency.rules,
    "survey": survey.rules,
    "activity": activity.rules,
    "people": people.rules,
    "credit": credit.rules,
    "commercial": commercial.rules,
    "relationship": relationship.rules,
    "experience": experience.rules,
    "finance": finance.rules,
    "portfolio": portfolio.rules,
    "predictions": predictions.rules,
    "upsell": upsell.rules,
    "segments": segments.rules,
    "evaluation": evaluation.rules,
    "value": value.rules,
    "weights": weights.rules,
    "scorecard": scorecard.rules,
    "associations": associations.rules,
    "profiles": profiles.rules,
    "backtest": backtest.rules,
    "levels": levels.rules,
    "balanced": balanced.rules,
    "cmat": cmat.rules,
    "findings": findings.rules,
}


def suite(product: str) -> tuple[Rule, ...]:
    """List the rules of a product, or of the source gate.

    Raises:
        KeyError: No suite is written for the product; the message lists those that are.
        ValueError: Two rules have the same name.
    """
    if product not in SUITES:
        raise KeyError(
            f"No suite judges the product {product!r}; there are suites for {', '.join(SUITES)}. "
            "Write data_quality/suites/<product>.py and name it in suites/catalogue.py."
        )
    rules = SUITES[product]()
    twice = [name for name, count in Counter(rule.id for rule in rules).items() if count > 1]
    if twice:
        raise ValueError(f"Suite {product}: rules with the same name: {', '.join(twice)}.")
    return rules


def all_rules() -> dict[str, tuple[Rule, ...]]:
    """List the rules of every suite, by product."""
    return {product: suite(product) for product in SUITES}
