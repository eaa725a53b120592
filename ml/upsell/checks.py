"""Whether expected amounts of upsell may be published.

Belongs here: the checks of what is expected, kind of customer by kind, beside those of the chance
of all (`ml.churn.gate`).
Does not belong here: computing the measures (`ml.upsell.evaluation`).

A measure that could not be computed fails its check. Subscribers and others are judged apart: a sum
that is right of both together may be wrong of each. Where one kind fails, the rule and the mean of
the tier speak of that kind only; so the checks of a kind are written down as warnings, and what
blocks is that no kind passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml.churn.gate import Words
from ml.gate import WARNING_PREFIX, Check, is_publishable, number_text, percent_text, refusal_reason
from ml.upsell.config import UpsellConfig
from ml.upsell.evaluation import AmountEvaluation
from ml.upsell.panel import KIND_NAMES

UPSELL_WORDS: Final = Words(
    outcome="buying more",
    came="bought more",
    stayed="did not",
    came_name="expanded",
    stayed_name="other",
    rule="such as the share of the tier",
)
_COVERAGE: Final = (0.70, 0.90)


@dataclass(frozen=True)
class KindVerdict:
    """What the gate says of one kind of customer.

    Attributes:
        kind: 1 subscribers, 0 others.
        checks: Its checks.
    """

    kind: int
    checks: Sequence[Check]

    @property
    def is_passed(self) -> bool:
        """Whether the estimator may speak of this kind."""
        return is_publishable(self.checks)

    @property
    def reason(self) -> str:
        """The failed checks; empty where it may."""
        return refusal_reason(self.checks)

    @property
    def as_warnings(self) -> list[Check]:
        """The checks as they are written down: named after the kind, none of them for all."""
        name = KIND_NAMES[self.kind]
        return [
            replace(
                check,
                check_name=f"{WARNING_PREFIX}{name}_{check.check_name.removeprefix(WARNING_PREFIX)}",
                explanation=f"{'Subscribers' if self.kind else 'Who does not subscribe'}, alone: "
                f"{check.explanation}",
            )
            for check in self.checks
        ]


def kinds_check(verdicts: Sequence[KindVerdict]) -> Check:
    """At least one kind of customer must have passed; says which did not, and why."""
    refused = "; ".join(
        f"{KIND_NAMES[verdict.kind]}: {verdict.reason}"
        for verdict in verdicts
        if not verdict.is_passed
    )
    passed = sum(verdict.is_passed for verdict in verdicts)
    return Check(
        "kinds_passed",
        float(passed),
        ">= 1",
        passed >= 1,
        f"Kinds of customers, of {len(verdicts)}, that may be spoken of. "
        + (
            f"Of these the rule and the mean of the tier speak instead: {refused}."
            if refused
            else "None was refused."
        ),
    )


def kind_checks(
    own: AmountEvaluation,
    baseline: AmountEvaluation,
    config: UpsellConfig,
    *,
    chance_auc: float,
    customers: int,
) -> list[Check]:
    """Judge what was expected of one kind against what came, and against the baseline.

    Args:
        own: Measures of the chosen chance and amount on the kind's rows of the test slice.
        baseline: The same of the kind's share of the tier times its mean of the tier.
        config: Settings.
        chance_auc: How well the chance ranks these rows.
        customers: Customers of the kind who bought more in the test slice.
    """
    mine, naive = own.measures, baseline.measures
    bias, inside = mine["upsell_bias_pct"], mine["amount_interval_coverage"]
    bias_low, bias_high = own.intervals.get("upsell_bias_pct", (float("nan"), float("nan")))
    most = 100 * config.max_bias
    low, high = _COVERAGE
    least = config.chance.gate.min_auc
    return [
        Check(
            "expanded_test_customers",
            float(customers),
            f">= {config.min_judged_customers}",
            customers >= config.min_judged_customers,
            f"{customers} customers of the test months bought more: with few of them the sum of "
            "what came is one of chance.",
        ),
        Check(
            "auc_minimum",
            chance_auc,
            f">= {least:g}",
            chance_auc >= least,
            "How well the chance tells who bought more from who did not (0.5 not at all, 1 "
            "perfectly).",
        ),
        Check(
            "upsell_gini_above_baseline",
            mine["upsell_gini"],
            f"> {naive['upsell_gini']:.4f}",
            mine["upsell_gini"] > naive["upsell_gini"],
            "How well the order of customers by the amount was foreseen (1 perfectly, 0 not at "
            "all); the threshold is that of the tier's share times the tier's mean amount.",
        ),
        Check(
            "upsell_error_below_baseline",
            mine["upsell_mae"],
            f"< {naive['upsell_mae']:.4f}",
            mine["upsell_mae"] < naive["upsell_mae"],
            "Mean error per customer in money; the threshold is that of the same baseline.",
        ),
        Check(
            "upsell_total_bias_pct",
            bias,
            f"95 % interval overlaps -{most:g} to {most:g}",
            bool(bias_low <= most and bias_high >= -most),
            "All that was expected against all that came, in per cent: above 0 too much was "
            f"promised. {_between(bias_low, bias_high)}; the fewer large customers there are, the "
            "wider, for they bring most of the sum. Of the tenth of customers ranked first "
            f"{percent_text(mine['upsell_top10_hit_rate'])} bought more.",
        ),
        Check(
            "warning_amount_interval_coverage",
            inside,
            f"{low:g} to {high:g}",
            low <= inside <= high,
            "Share of those who bought more whose amount lay between P10 and P90 "
            f"({number_text(0.8)} is right): below, the range is too narrow, above, too wide.",
        ),
    ]


def _between(low: float, high: float) -> str:
    return f"95 % interval {number_text(low)} to {number_text(high)}"
