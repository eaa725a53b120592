"""Rules of the product `weights`: which weights are in force, why, and how much hangs on them.

Belongs here: the marts scorecard_weights, judgement_matrices, weight_sensitivity, topsis_ranks. Not
here: the scores that are made with them (`scorecard`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    keys,
    month_ends,
    not_negative,
    rates_flag_few_cases,
    rates_hold,
    refused_share_is_small,
    shares,
)

OWNER = "customer analytics"
WEIGHTS = Table("scorecard", "scorecard_weights", OWNER, ("profile", "node_id", "as_of_date"))
MATRICES = Table(
    "scorecard",
    "judgement_matrices",
    OWNER,
    ("matrix_id", "in_force_from", "row_criterion", "column_criterion"),
)
TRIALS = Table("scorecard", "weight_sensitivity", OWNER, ("profile", "node_id", "direction"))
RANKS = Table("scorecard", "topsis_ranks", OWNER, ("profile",))
METHODS = ("fixed", "ahp", "entropy", "combined", "fallback_fixed")
# Handbook C12: from this consistency ratio on judgements contradict each other too much.
MAX_CONSISTENCY_RATIO = 0.10
# Weights are published with nine decimals, of up to ten siblings.
SUM_TOLERANCE = 0.0000001


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_weights(), *_methods(), *_matrices(), *_trials(), *_ranks())


def _weights() -> tuple[Rule, ...]:
    names = ", ".join(WEIGHTS.keys)
    return (
        *keys(WEIGHTS),
        WEIGHTS.has_rows(
            says="There are weights.", because="A score without its weights cannot be explained."
        ),
        refused_share_is_small(WEIGHTS, ["organisation"]),
        month_ends(WEIGHTS),
        *shares(WEIGHTS, "weight", "global_weight"),
        WEIGHTS.no_rows(
            "siblings_sum_to_one",
            f"""
            select {names} from {WEIGHTS.path}
            where (profile, parent_node_id, as_of_date) in (
                select (profile, parent_node_id, as_of_date) from {WEIGHTS.path}
                group by profile, parent_node_id, as_of_date
                having abs(sum(weight) - 1) > {SUM_TOLERANCE}
            )
            """,
            says="The weights of the children of a node sum to 1.",
            because="Otherwise a score of 100 everywhere would not be 100.",
            characteristic="consistency",
            columns=("weight",),
        ),
        WEIGHTS.no_rows(
            "measures_make_the_whole",
            f"""
            select {names} from {WEIGHTS.path}
            where (profile, as_of_date) in (
                select (profile, as_of_date) from {WEIGHTS.path}
                where node_kind = 'measure'
                group by profile, as_of_date
                having abs(sum(global_weight) - 1) > {10 * SUM_TOLERANCE}
            )
            """,
            says="The weights of all measures in the whole score sum to 1.",
            because="They are the products of the weights down the tree.",
            characteristic="consistency",
            columns=("global_weight",),
        ),
    )


def _methods() -> tuple[Rule, ...]:
    names = ", ".join(WEIGHTS.keys)
    return (
        WEIGHTS.in_set(
            "method",
            METHODS,
            says="The method is one of those that there are.",
            because="A weight must say where it comes from.",
        ),
        WEIGHTS.no_rows(
            "weight_follows_from_its_method",
            f"""
            select {names} from {WEIGHTS.path}
            where abs(
                weight - case method
                    when 'ahp' then judged_weight
                    when 'entropy' then entropy_weight
                    when 'combined' then
                        judged_share * coalesce(judged_weight, configured_weight)
                        + (1 - judged_share) * entropy_weight
                    when 'fixed' then configured_weight
                    when 'fallback_fixed' then configured_weight
                    else weight
                end
            ) > {TOLERANCE}
            or (method = 'ahp' and judged_weight is null)
            or (method in ('entropy', 'combined') and entropy_weight is null)
            or (method = 'combined' and judged_share is null)
            """,
            says="The weight is what its method makes of the parts beside it.",
            because="The proof of a weight is that anybody can compute it again.",
            characteristic="consistency",
            columns=("weight", "method"),
        ),
        WEIGHTS.no_rows(
            "judged_weights_have_their_proof",
            f"""
            select {names} from {WEIGHTS.path}
            where (judged_weight is not null) <> (matrix_id is not null)
                or (matrix_id is not null and (
                    random_index is null or lambda_max is null or assessor_count is null
                    or consistency_ratio is null or judged_from is null
                ))
            """,
            says="A judged weight names its matrix, people, ratio and table of random judgements.",
            because="A consistency ratio without its table says nothing.",
            characteristic="completeness",
            columns=("matrix_id", "random_index", "consistency_ratio"),
        ),
        WEIGHTS.no_rows(
            "no_contradiction_is_used",
            f"select {names} from {WEIGHTS.path} "
            f"where consistency_ratio >= {MAX_CONSISTENCY_RATIO} or consistency_ratio < 0",
            says="No weight rests on judgements with a consistency ratio of 0.10 or more.",
            because="Such judgements contradict each other too much to be used (handbook C12).",
            characteristic="credibility",
            columns=("consistency_ratio",),
        ),
        WEIGHTS.no_rows(
            "nothing_later_is_used",
            f"select {names} from {WEIGHTS.path} "
            "where judged_from > as_of_date or review_date >= as_of_date",
            says="Judgements were given by the month, and the review lies before it.",
            because="A weight that knows the future would make an old score look clever.",
            characteristic="currentness",
            columns=("judged_from", "review_date"),
        ),
    )


def _matrices() -> tuple[Rule, ...]:
    names = ", ".join(MATRICES.keys)
    return (
        *keys(MATRICES),
        MATRICES.no_rows(
            "in_force_from_is_a_month_end",
            f"""
            select {names} from {MATRICES.path}
            where in_force_from <> last_day(in_force_from)
                or in_force_from > (select max(last_month) from control.run_window)
            """,
            says="A matrix takes force at a month end, none after the last month of the run.",
            because="Judgements that are not given yet cannot weigh.",
            characteristic="currentness",
            columns=("in_force_from",),
            reads=("control.run_window",),
        ),
        MATRICES.no_rows(
            "every_pair_is_there",
            f"""
            select {names} from {MATRICES.path}
            where (matrix_id, in_force_from) in (
                select (matrix_id, in_force_from) from {MATRICES.path}
                group by matrix_id, in_force_from
                having count(*) <> max(criterion_count) * (max(criterion_count) - 1) / 2
            )
            """,
            says="Of n criteria all n (n - 1) / 2 pairs are there.",
            because="An incomplete matrix has no eigenvector.",
            characteristic="completeness",
            columns=("criterion_count",),
        ),
        MATRICES.no_rows(
            "the_group_lies_between_its_people",
            f"""
            select {names} from {MATRICES.path}
            where preference not between lowest_preference - {TOLERANCE}
                    and highest_preference + {TOLERANCE}
                or lowest_preference < 1.0 / 9 - 0.00001 or highest_preference > 9 + 0.0001
            """,
            says="What the group says lies between its lowest and highest judgement, 1/9 to 9.",
            because="A mean outside its parts was computed from other numbers.",
            characteristic="consistency",
            columns=("preference", "lowest_preference", "highest_preference"),
        ),
        MATRICES.no_rows(
            "consistency_follows_from_the_eigenvalue",
            f"""
            select {names} from {MATRICES.path}
            where consistency_ratio >= {MAX_CONSISTENCY_RATIO} or consistency_ratio < 0
                or (criterion_count > 2 and abs(
                    consistency_index - (lambda_max - criterion_count) / (criterion_count - 1)
                ) > {10 * TOLERANCE})
                or (criterion_count > 2) <> (worst_triad is not null)
            """,
            says="The index follows from the eigenvalue, the ratio is below 0.10, and the worst "
            "three judgements are named.",
            because="The proof must be computable by anybody.",
            characteristic="consistency",
            columns=("consistency_ratio", "consistency_index", "lambda_max", "worst_triad"),
        ),
    )


def _trials() -> tuple[Rule, ...]:
    names = ", ".join(TRIALS.keys)
    return (
        *keys(TRIALS),
        month_ends(TRIALS),
        TRIALS.in_set(
            "direction",
            ("raised", "lowered"),
            says="A weight is raised or lowered.",
            because="There is no third way.",
        ),
        *shares(TRIALS, "weight", "changed_weight"),
        TRIALS.no_rows(
            "the_weight_moves_as_it_says",
            f"""
            select {names} from {TRIALS.path}
            where abs(
                changed_weight
                - weight * (1 + relative_change) / (1 + relative_change * weight)
            ) > {TOLERANCE}
                or (relative_change > 0 and direction = 'lowered')
                or (relative_change < 0 and direction = 'raised')
            """,
            says="The changed weight is the weight times the change, siblings renormalised.",
            because="Otherwise another question was answered than the one that is told.",
            characteristic="consistency",
            columns=("weight", "changed_weight", "relative_change"),
        ),
        not_negative(TRIALS, "customer_count", "band_changed_count", "mean_change"),
        TRIALS.no_rows(
            "the_mean_is_below_the_largest",
            f"select {names} from {TRIALS.path} where mean_change > largest_change + {TOLERANCE} "
            "or ranked_count > customer_count",
            says="No mean change is above the largest, and no more are ranked than there are.",
            because="They are of the same customers.",
            characteristic="consistency",
            columns=("mean_change", "largest_change", "ranked_count"),
        ),
        TRIALS.between(
            "rank_correlation",
            -1,
            1,
            says="The rank correlation lies between -1 and 1.",
            because="It is a correlation.",
        ),
        rates_hold(TRIALS, "band_changed", "decile_changed"),
        rates_flag_few_cases(TRIALS, band_changed="customer_count", decile_changed="ranked_count"),
    )


def _ranks() -> tuple[Rule, ...]:
    return (
        *keys(RANKS),
        month_ends(RANKS),
        *(
            RANKS.between(
                column,
                -1,
                1,
                says=f"{column} lies between -1 and 1.",
                because="It compares two rankings: the same is 1, the reverse -1.",
            )
            for column in ("rank_correlation", "rank_concordance")
        ),
        rates_hold(RANKS, "decile_changed"),
        rates_flag_few_cases(RANKS, decile_changed="customer_count"),
    )
