"""Rules of the product `predictions`: churn, lifetime value, and the estimators behind them.

Belongs here: the marts predictions, estimators, estimator_metrics, estimator_checks.
Not here: who acts on a prediction and why it is as it is (`explanations`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites import explanations
from data_quality.suites.shapes import (
    NOT_SCORED,
    VALUE_BASES,
    drift,
    is_left_unscored,
    key_is_unique,
    keys_present,
    month_ends,
    shares,
    unpublished_estimators_are_not_used,
    volume,
)

OWNER = "data science"
PREDICTIONS = Table("scorecard", "predictions", OWNER, ("customer_id", "as_of_date"))
ESTIMATORS = Table("scorecard", "estimators", OWNER, ("estimator", "estimator_version"))
METRICS = Table(
    "scorecard",
    "estimator_metrics",
    OWNER,
    ("estimator", "estimator_version", "candidate", "slice", "metric", "as_of_date"),
)
CHECKS = Table(
    "scorecard", "estimator_checks", OWNER, ("estimator", "estimator_version", "check_name")
)

METHODS = ("estimator", "baseline_rule", "base_rate", NOT_SCORED)
LONG_CYCLE = "long_cycle_base_rate"
CHURN_METHODS = (*METHODS, LONG_CYCLE)
INTERVAL_BASES = ("judged_36m", "carried_from_12m")
CLV_METHODS = (
    "mbg_nbd_gamma_gamma",
    "bg_nbd_gamma_gamma",
    "pareto_nbd_gamma_gamma",
    "two_part_regression",
    "contract_survival",
    "contract_and_purchases",
    "prior",
    NOT_SCORED,
)
STATUSES = ("published", "not_published", "base_rate")
RISK_BANDS = ("green", "amber", "red")
# Handbook C9: below .25 green, up to .40 amber, above red.
AMBER_FROM, RED_ABOVE = 0.25, 0.40
# A better separation than this on unseen months is more likely leakage than skill (handbook C7).
SUSPICIOUS_AUC = 0.95


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_keys(),
        *_churn_probabilities(),
        *_churn_eligibility(),
        *_risk_bands(),
        *_churn_methods(),
        *_value(),
        *_value_figures(),
        *_estimators(),
        *_estimator_claims(),
        *_metrics(),
        *_checks(),
        *explanations.rules(),
    )


def _keys() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.has_rows(
            says="There is at least one prediction.",
            because="An empty table means that scoring did not run.",
        ),
        *keys_present(PREDICTIONS),
        key_is_unique(PREDICTIONS),
        month_ends(PREDICTIONS),
        PREDICTIONS.measure(
            "reaches_the_last_month",
            "select datediff('month', max(predictions.as_of_date), max(run_window.last_month)) "
            "from scorecard.predictions as predictions cross join control.run_window as run_window",
            high=0,
            says="There are predictions for the last month of the run.",
            because="Yesterday's risk must not be acted on as if it were today's.",
            characteristic="currentness",
            columns=("as_of_date",),
            reads=("control.run_window",),
        ),
        volume(PREDICTIONS),
    )


def _churn_probabilities() -> tuple[Rule, ...]:
    return (
        *shares(
            PREDICTIONS,
            "churn_probability",
            "churn_probability_low",
            "churn_probability_high",
        ),
        PREDICTIONS.between(
            "churn_percentile",
            0,
            100,
            says="The churn percentile lies between 0 and 100.",
            because="It ranks customers; it is no probability.",
        ),
    )


def _churn_eligibility() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.no_rows(
            "eligible_have_a_probability",
            f"""
            select customer_id, as_of_date from scorecard.predictions
            where is_eligible and churn_probability is null
                and not {is_left_unscored("churn_method")}
            """,
            says="Every eligible customer has a churn probability, but in months before the last "
            "that say that they were not scored.",
            because="A customer without one would silently drop out of every list of risks.",
            characteristic="completeness",
            columns=("churn_probability", "is_eligible"),
            reads=("control.run_window",),
        ),
        PREDICTIONS.no_rows(
            "ineligible_have_none",
            "select customer_id, as_of_date from scorecard.predictions "
            "where (churn_probability is not null and not is_eligible "
            f"and churn_method is distinct from '{LONG_CYCLE}') "
            f"or (churn_method = '{LONG_CYCLE}' and is_eligible) "
            "or (churn_percentile is not null and not is_eligible)",
            says="No customer who is not eligible has a churn probability or a rank, but for the "
            "base rate of who buys about once a year.",
            because="Who has already left cannot leave again, and six silent months say nothing of "
            "who buys once a year (handbook C7).",
            characteristic="consistency",
            columns=("churn_probability", "is_eligible", "churn_method", "churn_percentile"),
        ),
        PREDICTIONS.no_rows(
            "interval_holds_the_probability",
            "select customer_id, as_of_date from scorecard.predictions "
            "where churn_probability_low > churn_probability "
            "or churn_probability > churn_probability_high",
            says="The churn probability lies inside its own interval.",
            because="An interval that leaves its estimate out was computed from other numbers.",
            characteristic="consistency",
            columns=("churn_probability", "churn_probability_low", "churn_probability_high"),
        ),
    )


def _risk_bands() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.in_set(
            "risk_band",
            RISK_BANDS,
            says="The risk band is green, amber or red.",
            because="Rules and colours are kept by band.",
        ),
        PREDICTIONS.no_rows(
            "risk_band_matches_the_probability",
            f"""
            select customer_id, as_of_date from scorecard.predictions
            where risk_band in ('green', 'amber', 'red')
                and risk_band is distinct from case
                    when churn_probability < {AMBER_FROM} then 'green'
                    when churn_probability <= {RED_ABOVE} then 'amber'
                    when churn_probability > {RED_ABOVE} then 'red'
                end
            """,
            says="The risk band follows from the probability: under .25 green, over .40 red.",
            because="A boundary value must be in one band only, the same for everyone.",
            characteristic="consistency",
            columns=("risk_band", "churn_probability"),
        ),
    )


def _churn_methods() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.in_set(
            "churn_method",
            CHURN_METHODS,
            says="The way the churn probability was found is one of the known ones.",
            because="A reader must know whether it is an estimate or a base rate.",
        ),
        unpublished_estimators_are_not_used(PREDICTIONS, "churn", what="probability"),
        drift(PREDICTIONS, "churn_probability", width=0.1),
    )


def _value() -> tuple[Rule, ...]:
    return (
        *shares(PREDICTIONS, "probability_alive"),
        PREDICTIONS.in_set(
            "clv_method",
            CLV_METHODS,
            says="The way the lifetime value was found is one of the known ones.",
            because="A reader must know whether it is an estimate or a prior.",
        ),
        PREDICTIONS.in_set(
            "value_basis",
            VALUE_BASES,
            says="The value basis is revenue or margin.",
            because="Without unit costs value means revenue, and a reader must be told.",
        ),
    )


def _value_figures() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.no_rows(
            "longer_horizon_is_worth_more",
            "select customer_id, as_of_date from scorecard.predictions "
            "where clv_12m > 0 and clv_36m < clv_12m",
            says="Three years of a customer are worth at least as much as one.",
            because="Otherwise the discounting or the horizon is wrong.",
            characteristic="consistency",
            severity="quarantine",
            columns=("clv_12m", "clv_36m"),
        ),
        PREDICTIONS.no_rows(
            "revenue_is_not_negative",
            "select customer_id, as_of_date from scorecard.predictions "
            "where value_basis = 'revenue' and clv_12m < 0",
            says="A lifetime value made of revenue is not negative.",
            because="Only margins can be negative; expected purchases cannot.",
            characteristic="accuracy",
            columns=("clv_12m",),
        ),
        PREDICTIONS.no_rows(
            "one_basis_for_all",
            """
            select min(customer_id) as customer_id, as_of_date from scorecard.predictions
            where value_basis in ('revenue', 'margin')
            group by as_of_date having count(distinct value_basis) > 1
            """,
            says="In a month lifetime value means the same for every customer.",
            because="A sum of margins and revenues means nothing.",
            characteristic="consistency",
            columns=("value_basis",),
        ),
        PREDICTIONS.no_rows(
            "negative_value_is_flagged",
            "select customer_id, as_of_date from scorecard.predictions "
            "where (clv_12m < 0) is distinct from is_clv_negative and abs(clv_12m) > 0",
            says="A lifetime value below 0 is flagged, and no other.",
            because="Who costs more than he brings must be seen, not found by chance.",
            characteristic="consistency",
            columns=("clv_12m", "is_clv_negative"),
        ),
        PREDICTIONS.no_rows(
            "value_interval_is_one",
            "select customer_id, as_of_date from scorecard.predictions "
            "where clv_12m_low > clv_12m_high "
            "or (clv_12m_low is null) <> (clv_12m_high is null) "
            "or (clv_12m_low is not null and clv_method = 'prior')",
            says="The interval of a value has both ends in order, and only a value of the "
            "customer's own has one.",
            because="The mean of a tier says nothing of how far one customer may be from it.",
            characteristic="consistency",
            columns=("clv_12m_low", "clv_12m_high"),
        ),
        PREDICTIONS.no_rows(
            "long_value_interval_is_one",
            "select customer_id, as_of_date from scorecard.predictions "
            "where clv_36m_low > clv_36m_high "
            "or (clv_36m_low is null) <> (clv_36m_high is null) "
            "or (clv_36m_low is null) <> (clv_36m_interval_basis is null) "
            "or (clv_36m_low is not null and clv_12m_low is null) "
            "or (clv_12m_low > 0 and clv_36m_low < clv_12m_low)",
            says="The interval of three years has both ends in order, begins no lower than that of "
            "the first, and says what it rests on; who has none of one year has none of three.",
            because="A width without a ground would be taken for one that was seen to hold.",
            characteristic="consistency",
            columns=("clv_36m_low", "clv_36m_high", "clv_36m_interval_basis", "clv_12m_low"),
        ),
        PREDICTIONS.no_rows(
            "regression_foresees_one_year",
            "select customer_id, as_of_date from scorecard.predictions "
            "where clv_36m_low is not null and clv_method = 'two_part_regression'",
            says="The two-part regression gives no interval of three years.",
            because="It learns from outcomes of twelve months, and no law leads beyond them.",
            characteristic="consistency",
            columns=("clv_36m_low", "clv_method"),
        ),
        PREDICTIONS.in_set(
            "clv_36m_interval_basis",
            INTERVAL_BASES,
            says="What an interval of three years rests on is one of the known grounds.",
            because="A reader must know whether its width was seen over three years or one.",
        ),
        PREDICTIONS.no_rows(
            "kept_is_worth_more",
            "select customer_id, as_of_date from scorecard.predictions "
            "where clv_12m > 0 and value_if_kept_12m < clv_12m",
            says="A customer who is kept is worth at least the lifetime value.",
            because="Lifetime value is the same sum times a probability.",
            characteristic="consistency",
            columns=("clv_12m", "value_if_kept_12m"),
        ),
        PREDICTIONS.no_rows(
            "risk_needs_a_probability",
            "select customer_id, as_of_date from scorecard.predictions "
            "where value_at_risk is not null and churn_probability is null",
            says="Value at risk is given only where there is a churn probability.",
            because="It is value times probability; without one of them it is invented.",
            characteristic="consistency",
            columns=("value_at_risk", "churn_probability"),
        ),
    )


def _estimators() -> tuple[Rule, ...]:
    return (
        *keys_present(ESTIMATORS),
        key_is_unique(ESTIMATORS),
        ESTIMATORS.in_set(
            "status",
            STATUSES,
            says="The status is published, not published or base rate.",
            because="It decides which numbers may be shown.",
        ),
        ESTIMATORS.no_rows(
            "refusal_has_a_reason",
            "select estimator, estimator_version from scorecard.estimators "
            "where status <> 'published' and coalesce(reason, '') = ''",
            says="An estimator that is not published says why.",
            because="A refusal is a valid result, but only with its reason.",
            characteristic="traceability",
            columns=("status", "reason"),
        ),
    )


def _estimator_claims() -> tuple[Rule, ...]:
    return (
        ESTIMATORS.no_rows(
            "published_passed_its_checks",
            """
            select estimators.estimator, estimators.estimator_version
            from scorecard.estimators as estimators
            inner join scorecard.estimator_checks as checks
                on estimators.estimator = checks.estimator
                and estimators.estimator_version = checks.estimator_version
            where estimators.estimator in ('churn', 'credit', 'segments', 'upsell')
                and estimators.status = 'published'
                and not checks.is_passed and checks.check_name not like 'warning%'
            """,
            says="A published estimator of churn, credit, groups of customers or upsell passed all "
            "of its checks (warnings apart).",
            because="The checks are the gate of the handbook (C7, C8, C11, C13): no way around it.",
            characteristic="credibility",
            columns=("status",),
            reads=(CHECKS.path,),
        ),
        ESTIMATORS.no_rows(
            "learnt_from_the_past",
            """
            select estimator, estimator_version from scorecard.estimators
            where trained_from > trained_to or trained_to > labels_to
                or labels_to > (select max(last_month) from control.run_window)
            """,
            says="An estimator was trained on months, and labels, that lie in the past of the run.",
            because="What was learnt from the future cannot be trusted in the present.",
            characteristic="currentness",
            columns=("trained_from", "trained_to", "labels_to"),
            reads=("control.run_window",),
        ),
        ESTIMATORS.no_rows(
            "somebody_approved_it",
            "select estimator, estimator_version from scorecard.estimators "
            "where approved_by is null or approved_by not in ('gate', 'person') "
            "or approved_as_of is null or coalesce(approval_reason, '') = ''",
            says="Every estimator was approved, by the gate or by a person, for a month and with "
            "a reason.",
            because="Its model card says who let it speak, and why; without that nobody did.",
            characteristic="traceability",
            columns=("approved_by", "approved_as_of", "approval_reason"),
        ),
        ESTIMATORS.no_rows(
            "one_champion_of_a_kind",
            "select estimator, min(estimator_version) as estimator_version "
            "from scorecard.estimators group by estimator "
            "having count(case when role = 'champion' then 1 end) <> 1",
            says="Of each kind exactly one estimator speaks for the newest month.",
            because="Two would contradict each other; without one nobody knows whose the newest "
            "predictions are.",
            characteristic="consistency",
            columns=("role",),
        ),
        ESTIMATORS.not_null(
            "content_hash",
            says="Every estimator has the hash of its content.",
            because="With it a release can be rebuilt with the same estimator.",
        ),
    )


def _metrics() -> tuple[Rule, ...]:
    return (
        METRICS.no_rows(
            "key_is_unique",
            f"select {', '.join(METRICS.keys)} from scorecard.estimator_metrics "
            f"group by {', '.join(METRICS.keys)} having count(*) > 1",
            says=f"There is one row per {', '.join(METRICS.keys)}.",
            because="Two values of one metric leave the reader to choose.",
            characteristic="consistency",
            columns=METRICS.keys,
        ),
        METRICS.no_rows(
            "interval_holds_the_value",
            f"select {', '.join(METRICS.keys)} "
            "from scorecard.estimator_metrics where value_low > value or value > value_high",
            says="Every metric lies inside its own interval.",
            because="An interval that leaves its estimate out was computed from other numbers.",
            characteristic="consistency",
            columns=("value", "value_low", "value_high"),
        ),
        METRICS.no_rows(
            "separation_is_believable",
            f"select {', '.join(METRICS.keys)} "
            "from scorecard.estimator_metrics "
            "where metric = 'auc' and slice = 'test' and candidate <> 'expert' "
            f"and value > {SUSPICIOUS_AUC}",
            says="No estimator separates unseen customers better than an AUC of .95.",
            because="That good is more likely a leak of the answer than skill.",
            characteristic="credibility",
            severity="warn",
            columns=("value",),
        ),
    )


def _checks() -> tuple[Rule, ...]:
    return (
        key_is_unique(CHECKS),
        CHECKS.no_rows(
            "outcome_is_explained",
            "select estimator, estimator_version, check_name from scorecard.estimator_checks "
            "where is_passed is null or coalesce(explanation, '') = ''",
            says="Every check of an estimator has an outcome and an explanation.",
            because="A manager must be able to read why an estimator was refused.",
            characteristic="traceability",
            columns=("is_passed", "explanation"),
        ),
    )
