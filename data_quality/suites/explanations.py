"""Rules of what the predictions say to people: who acts, why, and the estimator in outline.

Belongs here: the columns of predictions that decide who acts, the marts churn_reasons and
estimator_surrogates; all of the product `predictions`.
Not here: the probabilities and values themselves (`predictions`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    contacts_have_consent,
    customer_is_known,
    keys,
    month_ends,
    shares,
)

OWNER = "data science"
PREDICTIONS = Table("scorecard", "predictions", OWNER, ("customer_id", "as_of_date"))
REASONS = Table(
    "scorecard",
    "churn_reasons",
    OWNER,
    ("customer_id", "as_of_date", "direction", "reason_rank"),
)
SURROGATES = Table(
    "scorecard", "estimator_surrogates", OWNER, ("estimator", "estimator_version", "node")
)

# Handbook C9: more than .40 acts, .25 to .40 is watched.
WATCH_FROM, ACT_ABOVE = 0.25, 0.40
# Handbook C7: five reasons each way; C9: a tree of three questions.
TOP, DEPTH = 5, 3
METHODS = ("linear_log_odds", "path_dependent_tree_shap")


def rules() -> tuple[Rule, ...]:
    """List the rules."""
    return (*_actions(), *_levels(), *_reasons(), *_sums(), *_surrogates())


def _actions() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.no_rows(
            "fixed_limit_decides",
            f"""
            select customer_id, as_of_date from scorecard.predictions
            where acts_by_rule is distinct from churn_probability > {ACT_ABOVE}
                or is_watched is distinct from (
                    churn_probability between {WATCH_FROM} and {ACT_ABOVE}
                )
            """,
            says="Above .40 somebody acts, from .25 to .40 the customer is watched; exactly .40 "
            "does not act.",
            because="The limit is a decision of the management; a customer on it must not depend "
            "on who counts.",
            characteristic="consistency",
            columns=("acts_by_rule", "is_watched", "churn_probability"),
        ),
        *shares(PREDICTIONS, "value_threshold"),
        PREDICTIONS.no_rows(
            "value_threshold_decides",
            """
            select customer_id, as_of_date from scorecard.predictions
            where (acts_by_value and not coalesce(churn_probability > value_threshold, false))
                or (not acts_by_value and churn_probability > value_threshold)
                or (acts_by_value is not null
                    and (churn_probability is null or value_if_kept_12m is null))
            """,
            says="By value somebody acts exactly where the probability exceeds the threshold of "
            "the customer's value.",
            because="An offer that costs more than it saves must not be recommended.",
            characteristic="consistency",
            columns=("acts_by_value", "value_threshold", "churn_probability"),
        ),
        PREDICTIONS.no_rows(
            "more_value_needs_less_risk",
            """
            select customer_id, as_of_date from (
                select customer_id, as_of_date, value_threshold,
                    min(value_threshold) over (
                        partition by as_of_date, tier order by value_if_kept_12m
                        range between unbounded preceding and current row
                    ) as least_so_far
                from scorecard.predictions
                where value_threshold is not null
            ) as ordered
            where value_threshold > least_so_far
            """,
            says="In a tier the value threshold falls as customers are worth more.",
            because="Otherwise costs of another tier or month were used.",
            characteristic="accuracy",
            columns=("value_threshold", "value_if_kept_12m", "tier"),
        ),
    )


def _levels() -> tuple[Rule, ...]:
    return (
        PREDICTIONS.no_rows(
            "who_acts_has_a_level",
            """
            select customer_id, as_of_date from scorecard.predictions
            where tier is not null
                and (action_level is not null) <> coalesce(acts_by_rule or acts_by_value, false)
                or (action_level is null) <> (owner_role is null)
            """,
            says="Whom one of the two rules picks has a level and a role to act, and nobody else.",
            because="A customer for whom nobody is responsible is lost without anybody noticing.",
            characteristic="completeness",
            columns=("action_level", "owner_role", "acts_by_rule", "acts_by_value"),
        ),
        contacts_have_consent(
            PREDICTIONS,
            acts="listed.action_level is not null",
            needs="listed.tier not in "
            "(select tier from seeds.intervention_levels where not needs_consent)",
            reads=("seeds.intervention_levels",),
        ),
    )


def _reasons() -> tuple[Rule, ...]:
    return (
        *keys(REASONS),
        month_ends(REASONS),
        customer_is_known(REASONS),
        REASONS.in_set(
            "direction",
            ("raises", "lowers"),
            says="A reason raises or lowers the probability.",
            because="A reason without its direction cannot be read.",
        ),
        REASONS.in_set(
            "reason_method",
            METHODS,
            says="The way the reasons were found is one of the known ones.",
            because="Only ways whose contributions sum to the score are let in.",
        ),
        REASONS.no_rows(
            "ranks_are_by_size",
            f"""
            select customer_id, as_of_date, direction, reason_rank from (
                select *,
                    row_number() over (
                        partition by customer_id, as_of_date, direction order by reason_rank
                    ) as place,
                    lag(abs(contribution_log_odds)) over (
                        partition by customer_id, as_of_date, direction order by reason_rank
                    ) as stronger
                from scorecard.churn_reasons
            ) as placed
            where place <> reason_rank or reason_rank > {TOP}
                or abs(contribution_log_odds) > stronger + {TOLERANCE}
            """,
            says="Reasons are numbered from 1, the strongest first, up to five each way.",
            because="Who reads the first reason only must have read the one that weighs most.",
            characteristic="consistency",
            columns=("reason_rank", "contribution_log_odds"),
        ),
        REASONS.no_rows(
            "direction_is_that_of_the_contribution",
            f"""
            select customer_id, as_of_date, direction, reason_rank from scorecard.churn_reasons
            where (direction = 'raises' and contribution_log_odds < -{TOLERANCE})
                or (direction = 'lowers' and contribution_log_odds > {TOLERANCE})
            """,
            says="What raises adds to the score, what lowers takes from it.",
            because="A reason the wrong way round sends people to mend what is well.",
            characteristic="accuracy",
            columns=("direction", "contribution_log_odds"),
        ),
        REASONS.no_rows(
            "reason_is_said",
            """
            select customer_id, as_of_date, direction, reason_rank from scorecard.churn_reasons
            where coalesce(reason, '') = '' or coalesce(reason_zh, '') = ''
            """,
            says="Every reason is said in words.",
            because="A manager cannot read the name of a column.",
            characteristic="completeness",
            columns=("reason", "reason_zh"),
        ),
        PREDICTIONS.no_rows(
            "who_is_at_risk_is_told_why",
            f"""
            select predictions.customer_id, predictions.as_of_date
            from scorecard.predictions as predictions
            anti join scorecard.churn_reasons as reasons
                on predictions.customer_id = reasons.customer_id
                and predictions.as_of_date = reasons.as_of_date
                and predictions.churn_estimator_version = reasons.churn_estimator_version
            where predictions.churn_method = 'estimator'
                and predictions.churn_probability >= {WATCH_FROM}
            """,
            says="Every customer whom the estimator puts on the watch list or above has reasons.",
            because="A probability that nobody can explain is not acted on, or acted on blindly.",
            characteristic="completeness",
            columns=("churn_probability",),
            reads=(REASONS.path,),
        ),
    )


def _sums() -> tuple[Rule, ...]:
    return (
        REASONS.no_rows(
            "reasons_add_up_to_the_score",
            f"""
            select customer_id, as_of_date, min(direction) as direction, 1 as reason_rank
            from scorecard.churn_reasons
            group by customer_id, as_of_date
            having count(distinct score_log_odds) <> 1 or count(distinct base_log_odds) <> 1
                or count(distinct unlisted_log_odds) <> 1
                or abs(
                    max(base_log_odds) + sum(contribution_log_odds) + max(unlisted_log_odds)
                    - max(score_log_odds)
                ) > 20 * {TOLERANCE}
            """,
            says="The base, the reasons listed and what is not listed sum to the score.",
            because="A list of reasons that does not add up explains another number.",
            characteristic="accuracy",
            columns=("contribution_log_odds", "unlisted_log_odds", "score_log_odds"),
        ),
        REASONS.no_rows(
            "score_and_probability_agree",
            f"""
            select customer_id, as_of_date, 'raises' as direction, 1 as reason_rank from (
                select told.customer_id, told.as_of_date, predictions.churn_probability,
                    lag(predictions.churn_probability) over (
                        partition by told.as_of_date, told.churn_estimator_version
                        order by told.score_log_odds, predictions.churn_probability
                    ) as below
                from (
                    select distinct customer_id, as_of_date, churn_estimator_version, score_log_odds
                    from scorecard.churn_reasons
                ) as told
                inner join scorecard.predictions as predictions
                    on told.customer_id = predictions.customer_id
                    and told.as_of_date = predictions.as_of_date
                    and told.churn_estimator_version = predictions.churn_estimator_version
            ) as ordered
            where churn_probability < below - 2 * {TOLERANCE}
            """,
            says="A higher score has no lower probability.",
            because="The reasons explain the published probability only if both rank alike.",
            characteristic="consistency",
            columns=("score_log_odds",),
            reads=(PREDICTIONS.path,),
        ),
    )


def _surrogates() -> tuple[Rule, ...]:
    return (
        *keys(SURROGATES),
        *shares(SURROGATES, "mean_probability"),
        SURROGATES.between(
            "fidelity_r2",
            None,
            1,
            says="The fidelity of the outline is at most 1.",
            because="More than all of the variation cannot be reproduced.",
        ),
        SURROGATES.between(
            "depth",
            0,
            DEPTH,
            says="The outline asks at most three questions.",
            because="With more nobody reads it.",
        ),
        SURROGATES.no_rows(
            "parts_make_the_whole",
            f"""
            select parents.estimator, parents.estimator_version, parents.node
            from scorecard.estimator_surrogates as parents
            left join scorecard.estimator_surrogates as children
                on parents.estimator = children.estimator
                and parents.estimator_version = children.estimator_version
                and parents.node = children.parent_node
            where not parents.is_leaf
            group by parents.estimator, parents.estimator_version, parents.node,
                parents.row_count, parents.mean_probability
            having count(children.node) <> 2 or sum(children.row_count) <> parents.row_count
                or abs(
                    sum(children.row_count * children.mean_probability) / parents.row_count
                    - parents.mean_probability
                ) > 2 * {TOLERANCE}
            """,
            says="The two answers to a question share its rows, and their mean is its mean.",
            because="A picture whose parts do not make the whole is of another estimator.",
            characteristic="consistency",
            columns=("row_count", "mean_probability", "parent_node"),
        ),
    )
