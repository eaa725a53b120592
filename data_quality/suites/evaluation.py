"""Rules of the product `evaluation`: what became of what was foretold, and for whom it is good.

Belongs here: the marts prediction_outcomes, prediction_calibration, estimator_drift,
estimator_fairness.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.predictions import AMBER_FROM, CHURN_METHODS, RED_ABOVE
from data_quality.suites.shapes import (
    PSI_LIMIT,
    PSI_MIN_ROWS,
    keys,
    month_ends,
    nothing_of_the_future,
    rates_flag_few_cases,
    rates_hold,
    shares,
)
from data_quality.suites.value import POTENTIAL_METHODS

OWNER = "data science"
OUTCOMES = Table(
    "scorecard",
    "prediction_outcomes",
    OWNER,
    ("prediction_kind", "subject", "customer_id", "as_of_date"),
)
CALIBRATION = Table(
    "scorecard",
    "prediction_calibration",
    OWNER,
    ("prediction_kind", "subject", "estimator_version", "method", "as_of_date", "risk_band"),
)
DRIFT = Table(
    "scorecard",
    "estimator_drift",
    OWNER,
    ("estimator", "estimator_version", "as_of_date", "subject_kind", "subject"),
)
FAIRNESS = Table(
    "scorecard",
    "estimator_fairness",
    OWNER,
    ("estimator", "estimator_version", "group_kind", "group_name"),
)

STATES = ("pending", "known", "not_judged", "lost")
# Whole months over which each kind is judged (handbook C7, C8, C10, C13).
LABEL_MONTHS = {
    "churn": 6,
    "expansion": 6,
    "bad_payer": 12,
    "new_category": 12,
    "category_uptake": 12,
}
# Bands of a probability that is not of churn: from the first on middle, above the second high.
MIDDLE_FROM, HIGH_ABOVE = 0.10, 0.30
# Where each published probability stands: kind, mart, column, subject.
PUBLISHED = (
    ("churn", "predictions", "churn_probability", "'customer'"),
    ("expansion", "upsell_predictions", "expand_probability", "'customer'"),
    ("bad_payer", "credit_ratings", "bad_probability_12m", "'customer'"),
    ("new_category", "customer_value", "cross_sell_probability", "'customer'"),
    ("category_uptake", "customer_potential", "uptake_probability", "product_category"),
)
OUTCOME_METHODS = (*CHURN_METHODS, "learnt", *POTENTIAL_METHODS)
# Handbook C25.
PSI_WATCH = 0.10
MIN_GROUP, MIN_RATIO, MAX_HIT_GAP = 100, 0.8, 0.10


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_outcomes(), *_states(), *_calibration(), *_drift(), *_fairness())


def _outcomes() -> tuple[Rule, ...]:
    names = ", ".join(OUTCOMES.keys)
    return (
        *keys(OUTCOMES),
        month_ends(OUTCOMES),
        nothing_of_the_future(OUTCOMES, "published_month", "known_month"),
        *shares(OUTCOMES, "probability"),
        OUTCOMES.in_set(
            "method",
            OUTCOME_METHODS,
            says="The way the probability came about is one of the known ones.",
            because="An estimate and a base rate are judged apart.",
        ),
        OUTCOMES.no_rows(
            "risk_band_matches_the_probability",
            f"""
            select {names} from scorecard.prediction_outcomes
            where risk_band is distinct from case
                when prediction_kind = 'churn' and probability < {AMBER_FROM} then 'green'
                when prediction_kind = 'churn' and probability <= {RED_ABOVE} then 'amber'
                when prediction_kind = 'churn' and probability > {RED_ABOVE} then 'red'
                when probability < {MIDDLE_FROM} then 'low'
                when probability <= {HIGH_ABOVE} then 'middle'
                when probability > {HIGH_ABOVE} then 'high'
            end
            """,
            says="The risk band follows from the published probability.",
            because="A boundary value must be in one band only, then as now.",
            characteristic="consistency",
            columns=("risk_band", "probability"),
        ),
        OUTCOMES.no_rows(
            "every_probability_is_kept",
            f"""
            select {names} from ({_published()}) as published
            anti join scorecard.prediction_outcomes using ({names})
            """,
            says="Every probability that is published is kept to be held against its outcome.",
            because="Whoever may forget a prediction can always have been right.",
            characteristic="completeness",
            columns=("customer_id", "as_of_date"),
            reads=tuple(f"scorecard.{mart}" for _, mart, _, _ in PUBLISHED),
        ),
    )


def _published() -> str:
    return " union all ".join(
        f"select '{kind}' as prediction_kind, {subject} as subject, customer_id, as_of_date "
        f"from scorecard.{mart} where {probability} is not null"
        for kind, mart, probability, subject in PUBLISHED
    )


def _states() -> tuple[Rule, ...]:
    names = ", ".join(OUTCOMES.keys)
    months = " ".join(f"when '{kind}' then {months}" for kind, months in LABEL_MONTHS.items())
    return (
        OUTCOMES.in_set(
            "prediction_kind",
            tuple(LABEL_MONTHS),
            says="What is foretold is one of the known kinds.",
            because="A kind without a rule for its outcome would be pending for ever.",
        ),
        OUTCOMES.in_set(
            "outcome_state",
            STATES,
            says="The outcome is pending, known, not judged or lost.",
            because="Only what is known may be counted, and nothing may vanish.",
        ),
        OUTCOMES.no_rows(
            "outcome_stands_where_it_is_known",
            f"""
            select {names} from scorecard.prediction_outcomes
            where (outcome_state = 'known') <> (has_happened is not null)
                or (outcome_state = 'pending') <> (known_month is null)
            """,
            says="An outcome, and the month in which it was known, stand where it is over.",
            because="An outcome that is not known yet is not a customer who stayed.",
            characteristic="consistency",
            columns=("outcome_state", "has_happened", "known_month"),
        ),
        OUTCOMES.no_rows(
            "outcome_waits_for_its_months",
            f"""
            select {names} from scorecard.prediction_outcomes
            where known_month < last_day(as_of_date + to_months(case prediction_kind
                {months} end)) or published_month < as_of_date
            """,
            says="No outcome is known before its six or twelve months are over, no probability "
            "published before its month.",
            because="An early verdict counts only those who left early.",
            characteristic="currentness",
            columns=("known_month", "published_month", "as_of_date"),
        ),
    )


def _calibration() -> tuple[Rule, ...]:
    names = ", ".join(CALIBRATION.keys)
    return (
        *keys(CALIBRATION),
        rates_hold(CALIBRATION, "happened"),
        rates_flag_few_cases(CALIBRATION, happened="known_count"),
        CALIBRATION.no_rows(
            "counts_add_up",
            f"""
            select {names} from scorecard.prediction_calibration
            where published_count <> pending_count + unjudged_count + known_count
                or happened_count > known_count
            """,
            says="Published probabilities are pending, not judged or known; none is lost.",
            because="A case left out silently makes the rest look better.",
            characteristic="consistency",
            columns=("published_count", "pending_count", "unjudged_count", "known_count"),
        ),
        CALIBRATION.no_rows(
            "bands_add_up_to_all",
            f"""
            select {names} from scorecard.prediction_calibration as whole
            where whole.risk_band = 'all' and whole.published_count <> (
                select sum(bands.published_count) from scorecard.prediction_calibration as bands
                where bands.risk_band <> 'all' and bands.prediction_kind = whole.prediction_kind
                    and bands.subject = whole.subject
                    and bands.estimator_version = whole.estimator_version
                    and bands.method = whole.method and bands.as_of_date = whole.as_of_date
            )
            """,
            says="The risk bands together are all published probabilities of the month.",
            because="A probability in two bands or none is counted twice or not at all.",
            characteristic="consistency",
            columns=("published_count", "risk_band"),
        ),
        CALIBRATION.no_rows(
            "what_was_said_comes_true",
            f"""
            select {names} from scorecard.prediction_calibration
            where risk_band = 'all' and is_off and as_of_date = (
                select max(newest.as_of_date) from scorecard.prediction_calibration as newest
                where newest.known_count > 0
                    and newest.prediction_kind = prediction_calibration.prediction_kind
            )
            """,
            says="In the newest month with outcomes as many did it as the probabilities said: "
            "left, bought more, went bad, took up a category.",
            because="Probabilities that have ceased to hold must be learnt anew.",
            characteristic="credibility",
            severity="warn",
            columns=("is_off",),
        ),
    )


def _drift() -> tuple[Rule, ...]:
    names = ", ".join(DRIFT.keys)
    return (
        *keys(DRIFT),
        month_ends(DRIFT),
        DRIFT.no_rows(
            "level_follows_from_the_index",
            f"""
            select {names} from scorecard.estimator_drift
            where drift_level is distinct from case
                when stability_index < {PSI_WATCH} then 'stable'
                when stability_index <= {PSI_LIMIT} then 'watch'
                when stability_index > {PSI_LIMIT} then 'act'
            end
            """,
            says="Below .10 an index is stable, to .25 to be watched, above to be acted on.",
            because="A boundary value must have one level only, the same for everyone.",
            characteristic="consistency",
            columns=("drift_level", "stability_index"),
        ),
        DRIFT.no_rows(
            "index_rests_on_enough",
            f"""
            select {names} from scorecard.estimator_drift
            where stability_index is not null
                and least(case_count, reference_count) < {PSI_MIN_ROWS}
            """,
            says="No stability index is given on fewer than 200 rows.",
            because="On a handful of rows it measures chance.",
            characteristic="credibility",
            columns=("stability_index", "case_count", "reference_count"),
        ),
        DRIFT.no_rows(
            "score_is_that_of_the_training",
            f"""
            select {names} from scorecard.estimator_drift
            where subject_kind = 'score' and drift_level = 'act'
                and as_of_date = (select max(as_of_date) from scorecard.estimator_drift)
            """,
            says="The probabilities of the newest month are spread as those of the training.",
            because="A score that has moved this far speaks of customers it has not learnt from.",
            characteristic="credibility",
            severity="warn",
            columns=("drift_level",),
        ),
    )


def _fairness() -> tuple[Rule, ...]:
    names = ", ".join(FAIRNESS.keys)
    return (
        *keys(FAIRNESS),
        FAIRNESS.no_rows(
            "small_groups_are_not_assessed",
            f"""
            select {names} from scorecard.estimator_fairness
            where is_assessable <> (customer_count >= {MIN_GROUP})
                or (not is_assessable and (selection_rate is not null or is_selection_flagged
                    or is_hit_rate_flagged or is_calibration_flagged))
            """,
            says="Of a group below 100 customers nothing is said, of every other something.",
            because="Of a few customers chance alone makes a difference.",
            characteristic="credibility",
            columns=("is_assessable", "customer_count"),
        ),
        FAIRNESS.no_rows(
            "flags_follow_from_the_limits",
            f"""
            select {names} from scorecard.estimator_fairness
            where is_selection_flagged <> (selection_ratio < {MIN_RATIO})
                or is_hit_rate_flagged <> (hit_rate_gap > {MAX_HIT_GAP})
                or is_calibration_flagged <> (calibration_gap_low > 0 or calibration_gap_high < 0)
            """,
            says="A group is flagged below 0.8 of the highest selection rate, where more than a "
            "tenth fewer of those who left were found, or where its churn is misjudged.",
            because="The limits are those of the handbook (C25), for every group the same.",
            characteristic="consistency",
            columns=("is_selection_flagged", "is_hit_rate_flagged", "is_calibration_flagged"),
        ),
    )
