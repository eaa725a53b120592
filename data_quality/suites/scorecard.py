"""Rules of the product `scorecard`: the scores, what they are made of, and their roll-ups.

Belongs here: the marts customer_scorecard, customer_scorecard_measures, tier_scorecard,
profile_requirements. How changes come about, and what is done to a computed score, is in
`suites.scorecard_changes`.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites import scorecard_changes
from data_quality.suites.shapes import (
    BANDS,
    PENNY,
    TIERS,
    VALUE_BASES,
    drift,
    key_is_unique,
    keys_present,
    month_ends,
    months_are_complete,
    rates_flag_few_cases,
    rates_hold,
    scores,
    shares,
    volume,
)

OWNER = "customer analytics"
SCORECARD = Table(
    "scorecard", "customer_scorecard", OWNER, ("customer_id", "as_of_date", "profile")
)
MEASURES = Table(
    "scorecard",
    "customer_scorecard_measures",
    OWNER,
    ("customer_id", "as_of_date", "profile", "measure"),
)
TIER = Table("scorecard", "tier_scorecard", OWNER, ("as_of_date", "profile", "tier"))
REQUIREMENTS = Table("scorecard", "profile_requirements", OWNER, ("profile", "measure"))

STATUSES = ("published", "insufficient_evidence")
MIN_COVERAGE = 0.60
# Contributions are rounded to six decimals; a score has about ten of them.
CONTRIBUTION_TOLERANCE = 1e-4
# What the measures of a score add up to, beside the score: grouped once for all rules about it.
SCORES_WITH_SUMS = """
    select
        coalesce(card.customer_id, sums.customer_id) as customer_id,
        coalesce(card.as_of_date, sums.as_of_date) as as_of_date,
        coalesce(card.profile, sums.profile) as profile,
        card.customer_id is not null as has_card,
        sums.customer_id is not null as has_measures,
        card.score_before_exceptions is not null as is_scored,
        card.score_before_exceptions, sums.contribution, sums.effective_weight, explained.first_date
    from scorecard.customer_scorecard as card
    full join (
        select
            customer_id, as_of_date, profile,
            sum(contribution) as contribution, sum(effective_weight) as effective_weight
        from scorecard.customer_scorecard_measures group by customer_id, as_of_date, profile
    ) as sums
        on card.customer_id = sums.customer_id
        and card.as_of_date = sums.as_of_date
        and card.profile = sums.profile
    cross join (
        select min(as_of_date) as first_date from scorecard.customer_scorecard_measures
    ) as explained
"""
WEIGHT_TOLERANCE = 1e-6
# Rounding of the published mean.
MEAN_TOLERANCE = 1e-4
# Fewer scored customers than this share means that a system stopped delivering.
SCORED_SHARE_MIN = 0.25
# Scores move by a few points a month; this much in the mean is a change of data or configuration.
MEAN_SHIFT_LIMIT = 10.0


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_rows(),
        *_rows_match_indicators(),
        *_values(),
        *_status(),
        *_bands(),
        *_change(),
        *_measures(),
        *_sums(),
        *_weights(),
        *_tiers(),
        *_tier_counts(),
        *_tier_money_and_mean(),
        *_requirements(),
        *scorecard_changes.rules(),
    )


def _rows() -> tuple[Rule, ...]:
    return (
        SCORECARD.has_rows(
            says="There is at least one score.",
            because="An empty scorecard means that the engine did not run.",
        ),
        *keys_present(SCORECARD),
        key_is_unique(SCORECARD),
        month_ends(SCORECARD),
        months_are_complete(SCORECARD, since_its_first=True),
    )


def _rows_match_indicators() -> tuple[Rule, ...]:
    return (
        SCORECARD.no_rows(
            "tier_is_the_customers_tier",
            """
            select card.customer_id, card.as_of_date
            from scorecard.customer_scorecard as card
            inner join scorecard.customer_indicators as indicators
                on card.customer_id = indicators.customer_id
                and card.as_of_date = indicators.as_of_date
            where card.tier is distinct from indicators.tier
            """,
            says="A customer has the same tier in the scorecard as in the indicators.",
            because="A customer with two tiers in one month would be compared with two groups.",
            characteristic="consistency",
            columns=("tier",),
            reads=("scorecard.customer_indicators",),
        ),
        SCORECARD.no_rows(
            "every_customer_month_is_scored",
            """
            select indicators.customer_id, indicators.as_of_date
            from scorecard.customer_indicators as indicators
            inner join (
                select min(as_of_date) as first_date, max(as_of_date) as last_date
                from scorecard.customer_scorecard
            ) as months on indicators.as_of_date between months.first_date and months.last_date
            anti join scorecard.customer_scorecard as card
                on indicators.customer_id = card.customer_id
                and indicators.as_of_date = card.as_of_date
            """,
            says="Every customer month has a row in the scorecard, if only to say why no score.",
            because="Who is left out without a word is forgotten.",
            characteristic="completeness",
            columns=("customer_id",),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _values() -> tuple[Rule, ...]:
    return (
        SCORECARD.in_set(
            "tier",
            TIERS,
            says="The tier is A, B, C or D.",
            because="Targets, limits and reports are kept by tier.",
        ),
        SCORECARD.in_set(
            "band",
            BANDS,
            says="The band is red, amber or green.",
            because="Rules and colours are kept by band.",
        ),
        SCORECARD.in_set(
            "status",
            STATUSES,
            says="The status is published or insufficient evidence.",
            because="It says whether there is a score to read.",
        ),
        SCORECARD.in_set(
            "value_basis",
            VALUE_BASES,
            says="The value basis is revenue or margin.",
            because="Without unit costs value means revenue, and a reader must be told.",
        ),
        *scores(SCORECARD, "score", "current_value_score", "potential_score", "relationship_score"),
        *shares(
            SCORECARD,
            "coverage",
            "current_value_coverage",
            "potential_coverage",
            "relationship_coverage",
        ),
    )


def _status() -> tuple[Rule, ...]:
    return (
        SCORECARD.no_rows(
            "status_says_whether_there_is_a_score",
            """
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where (status = 'published' and score is null)
                or (status = 'insufficient_evidence' and score is not null)
            """,
            says="A published row has a score, a row without enough evidence has none.",
            because="No score is an honest answer; a hidden guess is not.",
            characteristic="consistency",
            columns=("status", "score"),
        ),
        SCORECARD.no_rows(
            "published_rows_have_enough_evidence",
            f"""
            select customer_id, as_of_date, profile from scorecard.customer_scorecard
            where status = 'published' and not is_overridden
                and (coverage is null or coverage < {MIN_COVERAGE} - {WEIGHT_TOLERANCE})
            """,
            says="A published score rests on at least 60 % of the weight, unless a person set it.",
            because="Below that the score says more about the gaps than about the customer.",
            characteristic="credibility",
            columns=("status", "coverage"),
        ),
    )


def _bands() -> tuple[Rule, ...]:
    return (
        SCORECARD.no_rows(
            "bands_follow_from_the_score",
            """
            with scores as (
                select
                    customer_id, as_of_date, profile, score, band,
                    case band when 'red' then 0 when 'amber' then 1 when 'green' then 2 end as step
                from scorecard.customer_scorecard where exception_id is null
            )
            select customer_id, as_of_date, profile from scores
            where (score is null) <> (band is null)
            union all
            select lower.customer_id, lower.as_of_date, lower.profile from scores as lower
            inner join (
                select as_of_date, profile, step, min(score) as lowest from scores
                where step > 0 group by as_of_date, profile, step
            ) as higher
                on lower.as_of_date = higher.as_of_date and lower.profile = higher.profile
                and lower.step < higher.step and lower.score >= higher.lowest
            """,
            says="Whoever has a score has one band, and no score of a lower band reaches a higher "
            "one.",
            because="A value on the boundary must be in one band only, the same for everyone.",
            characteristic="consistency",
            columns=("band", "score"),
        ),
    )


def _change() -> tuple[Rule, ...]:
    return (
        volume(SCORECARD),
        drift(SCORECARD, "score", width=10),
        SCORECARD.measure(
            "mean_score_is_stable",
            """
            select arg_max(profiles.shift, abs(profiles.shift))
            from (
                select avg(score) filter (where as_of_date = months.newest)
                    - avg(score) filter (
                        where as_of_date = last_day(months.newest - interval 1 month)
                    ) as shift
                from scorecard.customer_scorecard
                cross join (
                    select max(as_of_date) as newest from scorecard.customer_scorecard
                ) as months
                group by profile
            ) as profiles
            """,
            low=-MEAN_SHIFT_LIMIT,
            high=MEAN_SHIFT_LIMIT,
            may_be_missing=True,
            says="The mean score of a profile moved by at most ten points since the month before.",
            because="More is a change of data or of configuration, and must be explained.",
            characteristic="credibility",
            severity="warn",
            columns=("score",),
        ),
        SCORECARD.measure(
            "enough_customers_are_scored",
            """
            select avg((status = 'published')::int) from scorecard.customer_scorecard
            where as_of_date = (select max(as_of_date) from scorecard.customer_scorecard)
            """,
            low=SCORED_SHARE_MIN,
            says="At least a quarter of the customers have a score in the last month.",
            because="Fewer means that a system stopped delivering.",
            characteristic="completeness",
            severity="warn",
            columns=("status",),
        ),
    )


def _measures() -> tuple[Rule, ...]:
    return (
        *keys_present(MEASURES),
        key_is_unique(MEASURES),
        *scores(MEASURES, "score"),
        *shares(MEASURES, "weight", "effective_weight"),
    )


def _sums() -> tuple[Rule, ...]:
    reads = (SCORECARD.path,)
    return (
        MEASURES.none_where(
            "contributions_add_up_to_the_score",
            SCORES_WITH_SUMS,
            f"""
            is_scored and has_measures
            and abs(score_before_exceptions - coalesce(contribution, 0)) > {CONTRIBUTION_TOLERANCE}
            """,
            says="The contributions of the measures add up to the computed score.",
            because="A score that its parts do not explain cannot be defended.",
            characteristic="accuracy",
            columns=("contribution",),
            reads=reads,
        ),
        MEASURES.none_where(
            "published_scores_are_explained",
            SCORES_WITH_SUMS,
            "is_scored and not has_measures and as_of_date >= first_date",
            says="Every score of the explained months has its measures.",
            because="Whoever asks why must get an answer.",
            characteristic="traceability",
            columns=("measure",),
            reads=reads,
        ),
        MEASURES.none_where(
            "effective_weights_add_up_to_one",
            SCORES_WITH_SUMS,
            f"abs(effective_weight - 1) > {CONTRIBUTION_TOLERANCE} and contribution is not null",
            says="The effective weights of a score add up to one.",
            because="What is not measured must give its weight to what is.",
            characteristic="accuracy",
            columns=("effective_weight",),
            reads=reads,
        ),
        MEASURES.none_where(
            "measures_are_of_a_score",
            SCORES_WITH_SUMS,
            """
            not has_card
            and customer_id is not null and as_of_date is not null and profile is not null
            """,
            says="Every measure belongs to a row of the scorecard.",
            because="An explanation of nothing is a row that was lost, or of a former customer.",
            characteristic="consistency",
            columns=("customer_id", "as_of_date", "profile"),
            reads=reads,
        ),
    )


def _weights() -> tuple[Rule, ...]:
    return (
        MEASURES.no_rows(
            "measure_is_in_the_profile",
            """
            select measures.customer_id, measures.as_of_date, measures.profile, measures.measure
            from scorecard.customer_scorecard_measures as measures
            anti join scorecard.profile_requirements as requirements
                on measures.profile = requirements.profile
                and measures.measure = requirements.measure
            where measures.measure is not null and measures.profile is not null
            """,
            says="Every measure of a score is part of its profile.",
            because="A measure that the profile does not name was weighed by nobody.",
            characteristic="consistency",
            columns=("measure", "profile"),
            reads=(REQUIREMENTS.path,),
        ),
    )


def _tiers() -> tuple[Rule, ...]:
    return (
        *keys_present(TIER),
        key_is_unique(TIER),
        months_are_complete(TIER, since_its_first=True),
        TIER.no_rows(
            "bands_add_up",
            "select as_of_date, profile, tier from scorecard.tier_scorecard "
            "where green_count + amber_count + red_count <> scored_count "
            "or scored_count > customer_count or overridden_count > scored_count",
            says="Green, amber and red add up to the scored customers of a tier.",
            because="A customer in no band, or in two, is a fault of the bands.",
            characteristic="consistency",
            columns=("green_count", "amber_count", "red_count", "scored_count", "overridden_count"),
        ),
        *scores(TIER, "mean_score", "median_score"),
        *shares(TIER, "mean_coverage"),
        rates_hold(TIER, "green", "overridden"),
        rates_flag_few_cases(TIER, green="scored_count", overridden="scored_count"),
    )


def _tier_counts() -> tuple[Rule, ...]:
    return (
        TIER.no_rows(
            "counts_match_customers",
            """
            select tiers.as_of_date, tiers.profile, tiers.tier
            from scorecard.tier_scorecard as tiers
            left join (
                select
                    as_of_date, profile, tier, count(*) as customer_count,
                    count(score) as scored_count
                from scorecard.customer_scorecard group by as_of_date, profile, tier
            ) as customers
                on tiers.as_of_date = customers.as_of_date and tiers.profile = customers.profile
                and tiers.tier = customers.tier
            where tiers.tier <> 'all' and (
                tiers.customer_count <> coalesce(customers.customer_count, 0)
                or tiers.scored_count <> coalesce(customers.scored_count, 0)
            )
            """,
            says="The counts of a tier are those of its customers.",
            because="The same question must have the same answer in every report.",
            characteristic="consistency",
            columns=("customer_count", "scored_count"),
            reads=(SCORECARD.path,),
        ),
        TIER.no_rows(
            "counts_of_all_match_tiers",
            """
            select whole.as_of_date, whole.profile, whole.tier
            from scorecard.tier_scorecard as whole
            left join (
                select
                    as_of_date, profile,
                    sum(customer_count) as customer_count, sum(scored_count) as scored_count,
                    sum(green_count) as green_count, sum(amber_count) as amber_count,
                    sum(red_count) as red_count, sum(overridden_count) as overridden_count
                from scorecard.tier_scorecard where tier <> 'all' group by as_of_date, profile
            ) as tiers
                on whole.as_of_date = tiers.as_of_date and whole.profile = tiers.profile
            where whole.tier = 'all' and (
                whole.customer_count is distinct from tiers.customer_count
                or whole.scored_count is distinct from tiers.scored_count
                or whole.green_count is distinct from tiers.green_count
                or whole.amber_count is distinct from tiers.amber_count
                or whole.red_count is distinct from tiers.red_count
                or whole.overridden_count is distinct from tiers.overridden_count
            )
            """,
            says="The counts of all customers are the sums over the tiers.",
            because="The same question must have the same answer in every report.",
            characteristic="consistency",
            columns=("customer_count", "scored_count", "green_count", "amber_count", "red_count"),
        ),
    )


def _tier_money_and_mean() -> tuple[Rule, ...]:
    return (
        TIER.no_rows(
            "revenue_of_all_matches_customers",
            f"""
            select whole.as_of_date, whole.profile, whole.tier
            from scorecard.tier_scorecard as whole
            left join (
                select as_of_date, sum(revenue_12m) as revenue_12m
                from scorecard.customer_indicators group by as_of_date
            ) as customers on whole.as_of_date = customers.as_of_date
            where whole.tier = 'all'
                and coalesce(abs(whole.revenue_12m - customers.revenue_12m) >= {PENNY}, true)
            """,
            says="The revenue of all is the sum over the customers, to the penny.",
            because="Sums that differ between reports cost trust in all of them.",
            characteristic="consistency",
            columns=("revenue_12m",),
            reads=("scorecard.customer_indicators",),
        ),
        TIER.no_rows(
            "mean_of_all_is_the_mean_of_the_scores",
            f"""
            select whole.as_of_date, whole.profile, whole.tier
            from scorecard.tier_scorecard as whole
            left join (
                select as_of_date, profile, avg(score) as mean_score
                from scorecard.customer_scorecard group by as_of_date, profile
            ) as customers
                on whole.as_of_date = customers.as_of_date
                and whole.profile = customers.profile
            where whole.tier = 'all' and (
                abs(whole.mean_score - customers.mean_score) > {MEAN_TOLERANCE}
                or (whole.mean_score is null) <> (customers.mean_score is null)
            )
            """,
            says="The mean score of all is the mean of the customers' scores.",
            because="An average of averages is another number (handbook, traps).",
            characteristic="accuracy",
            columns=("mean_score",),
            reads=(SCORECARD.path,),
        ),
    )


def _requirements() -> tuple[Rule, ...]:
    return (
        *keys_present(REQUIREMENTS),
        key_is_unique(REQUIREMENTS),
        *shares(REQUIREMENTS, "weight"),
        REQUIREMENTS.no_rows(
            "what_is_missing_says_what_it_needs",
            "select profile, measure from scorecard.profile_requirements "
            "where not is_available and coalesce(needs, '') = ''",
            says="A measure that is not available says what it would need.",
            because="What is not measured is a decision to be taken, not a secret.",
            characteristic="traceability",
            columns=("is_available", "needs"),
        ),
    )
