"""Whether expected amounts of upsell may be published.

Belongs here: the checks of the amount, beside those of the chance (`ml.churn.gate`).
Does not belong here: computing the measures (`ml.upsell.evaluation`).

A measure that could not be computed fails its check.
"""

from typing import Final

from ml.churn.gate import Words
from ml.gate import Check, number_text, percent_text
from ml.upsell.config import UpsellConfig
from ml.upsell.evaluation import AmountEvaluation

UPSELL_WORDS: Final = Words(
    outcome="buying more",
    came="bought more",
    stayed="did not",
    came_name="expanded",
    stayed_name="other",
    rule="such as the share of the tier",
)
_COVERAGE: Final = (0.70, 0.90)


def amount_checks(
    own: AmountEvaluation, baseline: AmountEvaluation, config: UpsellConfig
) -> list[Check]:
    """Judge what was expected against what came, and against the baseline.

    Args:
        own: Measures of the chosen chance and amount on the test slice.
        baseline: The same of the tier's share times the tier's mean.
        config: Settings.
    """
    mine, naive = own.measures, baseline.measures
    bias, inside = mine["upsell_bias_pct"], mine["amount_interval_coverage"]
    low, high = _COVERAGE
    return [
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
            f"|value| <= {100 * config.max_bias:g}",
            abs(bias) <= 100 * config.max_bias,
            "All that was expected against all that came, in per cent: above 0 too much was "
            f"promised. Of the tenth of customers ranked first "
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
