"""What makes lifetime values doubtful.

Belongs here: every warning, with its value, threshold, verdict and an explanation for a manager.
Does not belong here: computing the measures (`ml.clv.evaluation`).

None of them keeps values from being published; each that fails sets `has_warning`. A measure that
could not be computed fails its check.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ml.clv.config import ClvConfig
from ml.clv.counts import CountParameters
from ml.clv.evaluation import ValueEvaluation
from ml.clv.gamma_gamma import SpendParameters
from ml.gate import Check


@dataclass(frozen=True)
class Judgement:
    """What the warnings look at.

    Attributes:
        correlation: Spearman of repeat purchases and their mean amount; None without a fit of
            purchases.
        purchases: Fitted parameters of the counts; None without.
        spend: Fitted parameters of the amounts; None without.
        is_two_part: Whether the two-part regression was chosen.
        is_out_of_time: Whether the chosen candidate was judged on later months than it learnt from.
        chosen: Measures of the chosen candidate on later months; None if there are none.
        naive: The same of the naive baseline.
    """

    correlation: float | None
    purchases: CountParameters | None
    spend: SpendParameters | None
    is_two_part: bool
    is_out_of_time: bool
    chosen: ValueEvaluation | None
    naive: ValueEvaluation | None


def value_checks(given: Judgement, config: ClvConfig) -> list[Check]:
    """All warnings."""
    return [*_purchase_checks(given, config), *_later_checks(given, config)]


def _purchase_checks(given: Judgement, config: ClvConfig) -> list[Check]:
    if given.correlation is None or given.purchases is None or given.spend is None:
        return []
    return [
        _check(
            "warning_frequency_value_correlation",
            given.correlation,
            f"|value| < {config.max_correlation:g}",
            abs(given.correlation) < config.max_correlation,
            "The estimator takes it that who buys often spends neither more nor less each time. "
            "From the threshold on that is not so here, and values are biased for those who buy "
            "often. A two-part regression, which does not need it, is used then if outcomes allow.",
        ),
        *_fit_checks(given.purchases, given.purchases if given.is_two_part else given.spend),
    ]


def _fit_checks(counts: CountParameters, amounts: CountParameters | SpendParameters) -> list[Check]:
    """Of what has a say: with a two-part regression Gamma-Gamma has none."""
    converged = counts.is_converged and amounts.is_converged
    determined = not (counts.is_at_bound or amounts.is_at_bound)
    return [
        _check(
            "warning_fit_converged",
            float(converged),
            "1",
            converged,
            "1 means that the search for the likeliest parameters ended at a summit.",
        ),
        _check(
            "warning_parameters_determined",
            float(determined),
            "1",
            determined,
            "0 means that a parameter ran to the edge of what was searched: the data do not "
            "determine it, for instance because hardly anybody has left yet.",
        ),
    ]


def _later_checks(given: Judgement, config: ClvConfig) -> list[Check]:
    judged = given.chosen is not None and given.naive is not None
    checks = [
        _check(
            "warning_judged_on_later_months",
            float(given.chosen.customers if given.chosen else 0),
            f"customers with {config.outcome_months} months of outcome",
            judged,
            "Customers on whom predictions could be compared with what they did later; 0 means "
            "that the history is too short, and the values are unproven.",
        ),
        _check(
            "warning_judged_out_of_time",
            float(given.is_out_of_time),
            "1",
            given.is_out_of_time,
            "0 means that the history is too short to learn from one year and judge on the next: "
            "each customer was foreseen from the others of the same year, or nobody at all.",
        ),
    ]
    if given.chosen is None or given.naive is None:
        return checks
    return [
        *checks,
        *_outcome_checks(given.chosen.measures, given.naive.measures, config),
        _coverage_check(given.chosen, config),
    ]


def _outcome_checks(
    own: Mapping[str, float], naive: Mapping[str, float], config: ClvConfig
) -> list[Check]:
    bias = own["value_bias_pct"]
    return [
        _check(
            "warning_total_bias_pct",
            bias,
            f"|value| <= {100 * config.max_bias:g}",
            abs(bias) <= 100 * config.max_bias,
            f"Revenue of {config.outcome_months} months as predicted in total, against what came, "
            "in per cent: above 0 too much was promised.",
        ),
        _check(
            "warning_error_against_naive",
            own["value_mae"],
            f"< {naive['value_mae']:.2f}",
            own["value_mae"] < naive["value_mae"],
            "Mean error per customer in money; the threshold is that of carrying last year's "
            "spending forward.",
        ),
        _check(
            "warning_ranking_against_naive",
            own["value_gini"],
            f">= {naive['value_gini']:.4f}",
            own["value_gini"] >= naive["value_gini"],
            "How well the order of customers by value was foreseen (1 perfectly, 0 not at all); "
            "the threshold is that of carrying last year's spending forward.",
        ),
    ]


def _coverage_check(own: ValueEvaluation, config: ClvConfig) -> Check:
    """Fails where the share lies outside the band by more than the chance of these customers."""
    low, high = own.intervals["interval_coverage"]
    return _check(
        "warning_interval_coverage",
        own.measures["interval_coverage"],
        f"95 % interval overlaps {config.min_coverage:g} to {config.max_coverage:g}",
        low <= config.max_coverage and high >= config.min_coverage,
        f"Share of customers whose value of {config.outcome_months} months lay in the middle 90 % "
        f"of what was held possible; by the chance of {own.customers} customers it may be "
        f"{low:.3f} to {high:.3f}. Below the band the intervals are too narrow, above too wide.",
    )


def _check(name: str, value: float, threshold: str, is_passed: bool, explanation: str) -> Check:
    found = bool(is_passed) and not math.isnan(value)
    return Check(name, value, threshold, found, explanation)
