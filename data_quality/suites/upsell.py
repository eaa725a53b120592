"""Rules of the product `upsell`: who will buy more, and how much.

Belongs here: the mart upsell_predictions. Not here: churn, lifetime value and the estimators
(`predictions`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.predictions import METHODS
from data_quality.suites.shapes import (
    contacts_have_consent,
    drift,
    is_left_unscored,
    keys,
    month_ends,
    shares,
    unpublished_estimators_are_not_used,
    volume,
)

OWNER = "data science"
UPSELL = Table("scorecard", "upsell_predictions", OWNER, ("customer_id", "as_of_date"))
# The bases on which a headroom is known, and why it is not.
MEASURED = ("tier", "portfolio")
UNMEASURED = (
    "no_answer",
    "spend_not_measured",
    "contradiction",
    "no_wallet",
    "too_few_answers",
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_rows(), *_probabilities(), *_amounts(), *_headroom())


def _rows() -> tuple[Rule, ...]:
    return (
        *keys(UPSELL),
        month_ends(UPSELL),
        volume(UPSELL),
        contacts_have_consent(UPSELL),
        UPSELL.in_set(
            "upsell_method",
            METHODS,  # the same ways of coming to a probability as for churn
            says="The way the figures were found is one of the known ones.",
            because="A reader must know whether it is an estimate or a base rate.",
        ),
        UPSELL.no_rows(
            "refused_have_a_reason",
            "select customer_id, as_of_date from scorecard.upsell_predictions "
            "where is_eligible = (ineligible_reason is not null)",
            says="Who is not eligible has a reason, and nobody else.",
            because="A customer without a figure must be explained, not forgotten.",
            characteristic="traceability",
            columns=("is_eligible", "ineligible_reason"),
        ),
        unpublished_estimators_are_not_used(UPSELL, "upsell", what="figure"),
    )


def _probabilities() -> tuple[Rule, ...]:
    return (
        *shares(UPSELL, "expand_probability", "expand_probability_low", "expand_probability_high"),
        UPSELL.no_rows(
            "eligible_have_a_probability_and_no_others",
            f"""
            select customer_id, as_of_date from scorecard.upsell_predictions
            where is_eligible = (expand_probability is null)
                and not (
                    expand_probability is null and {is_left_unscored("upsell_method")}
                )
            """,
            says="Whoever is eligible has a probability of buying more, and nobody else, but in "
            "months before the last that say that they were not scored.",
            because="Who has left buys nothing, and without a base nothing is more.",
            characteristic="consistency",
            columns=("is_eligible", "expand_probability"),
            reads=("control.run_window",),
        ),
        UPSELL.no_rows(
            "interval_holds_the_probability",
            "select customer_id, as_of_date from scorecard.upsell_predictions "
            "where expand_probability_low > expand_probability "
            "or expand_probability > expand_probability_high",
            says="The probability lies inside its own interval.",
            because="An interval that leaves its estimate out was computed from other numbers.",
            characteristic="consistency",
            columns=("expand_probability", "expand_probability_low", "expand_probability_high"),
        ),
        drift(UPSELL, "expand_probability", width=0.1),
    )


def _amounts() -> tuple[Rule, ...]:
    return (
        UPSELL.no_rows(
            "expected_is_chance_times_amount",
            """
            select customer_id, as_of_date from scorecard.upsell_predictions
            where is_eligible and amount_if_expands is not null
                and not coalesce(
                    abs(expected_upsell_6m - expand_probability * amount_if_expands)
                    <= 0.01 + 0.000002 * amount_if_expands, false
                )
            """,
            says="What is expected is the probability times the amount.",
            because="Handbook C8; another figure would promise what nobody computed.",
            characteristic="accuracy",
            columns=("expected_upsell_6m", "expand_probability", "amount_if_expands"),
        ),
        UPSELL.no_rows(
            "who_has_left_brings_nothing_more",
            "select customer_id, as_of_date from scorecard.upsell_predictions "
            "where not is_eligible and expected_upsell_6m is distinct from "
            "case when ineligible_reason = 'not_active' then 0 end",
            says="Of who has left nothing more is expected; of others without a base it is not "
            "known.",
            because="Not known is not nothing, and a customer who has gone buys nothing more.",
            characteristic="consistency",
            columns=("expected_upsell_6m", "ineligible_reason"),
        ),
        UPSELL.no_rows(
            "quantiles_are_in_order",
            """
            select customer_id, as_of_date from scorecard.upsell_predictions
            where amount_if_expands_p10 > amount_if_expands_p50
                or amount_if_expands_p50 > amount_if_expands_p90
                or upsell_p10 > upsell_p50 or upsell_p50 > upsell_p90
                or upsell_p90 > amount_if_expands_p90 or upsell_p10 < 0
                or amount_if_expands_p10 < 0
            """,
            says="P10, P50 and P90 rise, none is below 0, and what comes at all is no more than "
            "what comes if more is bought.",
            because="A range in the wrong order was put together from other numbers.",
            characteristic="consistency",
            columns=("amount_if_expands_p10", "amount_if_expands_p90", "upsell_p10", "upsell_p90"),
        ),
    )


def _headroom() -> tuple[Rule, ...]:
    return (
        UPSELL.in_set(
            "headroom_basis",
            (*MEASURED, *UNMEASURED),
            says="Whose shares of wallet the headroom is measured against, or why it is not known, "
            "is one of the known words.",
            because="An empty ceiling without a reason would read as none.",
        ),
        *shares(UPSELL, "share_of_wallet_ratio", "share_of_wallet_p90_ratio"),
        UPSELL.no_rows(
            "headroom_is_the_gap_to_the_share_of_the_best",
            f"""
            select customer_id, as_of_date from scorecard.upsell_predictions
            where (headroom_basis in {MEASURED}) is distinct from (headroom_6m is not null)
                or (
                    headroom_basis in {MEASURED} and not coalesce(
                        abs(
                            headroom_6m - greatest(
                                share_of_wallet_p90_ratio - share_of_wallet_ratio, 0
                            ) * wallet_12m / 2
                        ) <= 0.02 + 0.000002 * wallet_12m
                        and headroom_answer_count >= 30, false
                    )
                )
            """,
            says="Headroom is half of the year's wallet times what the share lacks to that which "
            "one in ten exceeds, from at least 30 answers, and stands only where all is known.",
            because="Handbook C8; a ceiling of other numbers would cap what can be won.",
            characteristic="accuracy",
            columns=("headroom_6m", "wallet_12m", "share_of_wallet_ratio", "headroom_basis"),
        ),
        UPSELL.no_rows(
            "cap_is_the_smaller_of_estimate_and_headroom",
            """
            select customer_id, as_of_date from scorecard.upsell_predictions
            where expected_upsell_capped_6m is distinct from case
                when headroom_6m is not null and expected_upsell_6m is not null
                    then least(expected_upsell_6m, headroom_6m)
            end
            """,
            says="The capped amount is the smaller of estimate and headroom; it is empty where "
            "one of them is not known.",
            because="Nobody wins more than the rest of the wallet, and a cap that was not measured "
            "is none.",
            characteristic="consistency",
            columns=("expected_upsell_capped_6m", "expected_upsell_6m", "headroom_6m"),
        ),
    )
