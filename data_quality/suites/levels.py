"""Rules of the product `levels`: scorecards of tiers, of organisations and of value segments.

Belongs here: the marts tier_scorecard_measures, tier_scorecard_changes, override_rates,
account_scorecard, account_scorecard_measures, account_scorecard_changes, customer_value_segments,
value_segments. Not here: the customers' scores, and the counts and means of tiers (`scorecard`),
the company as a whole (`balanced`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    contacts_have_consent,
    customer_is_known,
    keys,
    month_ends,
    rates_flag_few_cases,
    rates_hold,
    scores,
    shares,
)

OWNER = "customer analytics"
MEASURES = Table(
    "scorecard",
    "tier_scorecard_measures",
    OWNER,
    ("as_of_date", "profile", "tier", "cause"),
)
CHANGES = Table("scorecard", "tier_scorecard_changes", OWNER, ("as_of_date", "profile", "tier"))
OVERRIDES = Table("scorecard", "override_rates", OWNER, ("as_of_date", "profile", "team"))
ACCOUNTS = Table("scorecard", "account_scorecard", OWNER, ("account_id", "as_of_date", "profile"))
ACCOUNT_MEASURES = Table(
    "scorecard",
    "account_scorecard_measures",
    OWNER,
    ("account_id", "as_of_date", "profile", "customer_id", "cause"),
)
ACCOUNT_CHANGES = Table(
    "scorecard",
    "account_scorecard_changes",
    OWNER,
    ("account_id", "as_of_date", "profile", "customer_id", "cause"),
)
MEMBERS = Table(
    "scorecard", "customer_value_segments", OWNER, ("customer_id", "as_of_date", "profile")
)
SEGMENTS = Table("scorecard", "value_segments", OWNER, ("as_of_date", "profile", "cell"))

# Parts are rounded to six decimals; a mean has some forty of them.
SUM_TOLERANCE = 1e-4
OF_SCORES = (
    "value_change",
    "scale_change",
    "configuration_change",
    "coverage_change",
    "exception_change",
    "override_change",
)
PARTS = (
    *OF_SCORES,
    "came_change",
    "moved_in_change",
    "evidence_gained_change",
    "left_change",
    "moved_out_change",
    "evidence_lost_change",
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_measures(),
        *_changes(),
        *_overrides(),
        *_accounts(),
        *_account_measures(),
        *_account_changes(),
        *_members(),
        *_segments(),
    )


def _measures() -> tuple[Rule, ...]:
    return (
        *keys(MEASURES),
        month_ends(MEASURES),
        *scores(MEASURES, "mean_measure_score"),
        *shares(MEASURES, "mean_effective_weight"),
        MEASURES.no_rows(
            "contributions_add_up_to_the_mean",
            f"""
            select made.as_of_date, made.profile, made.tier
            from (
                select as_of_date, profile, tier, sum(contribution) as total
                from scorecard.tier_scorecard_measures group by as_of_date, profile, tier
            ) as made
            inner join (
                select as_of_date, profile, tier, avg(score) as mean_score
                from scorecard.customer_scorecard group by as_of_date, profile, tier
                union all
                select as_of_date, profile, 'all' as tier, avg(score) as mean_score
                from scorecard.customer_scorecard group by as_of_date, profile
            ) as means
                on made.as_of_date = means.as_of_date and made.profile = means.profile
                and made.tier = means.tier
            where abs(made.total - means.mean_score) > {SUM_TOLERANCE}
            """,
            says="Measures, exceptions and overrides add up to the mean score of the tier.",
            because="A mean that its parts do not explain cannot be acted on.",
            characteristic="accuracy",
            columns=("contribution",),
            reads=("scorecard.customer_scorecard",),
        ),
    )


def _changes() -> tuple[Rule, ...]:
    return (
        *keys(CHANGES),
        month_ends(CHANGES),
        *scores(CHANGES, "mean_score", "previous_mean_score"),
        CHANGES.no_rows(
            "parts_add_up_to_the_change",
            f"""
            select as_of_date, profile, tier from scorecard.tier_scorecard_changes
            where abs(mean_change - ({" + ".join(PARTS)})) > {SUM_TOLERANCE}
                or abs(mean_change - (mean_score - previous_mean_score)) > {SUM_TOLERANCE}
            """,
            says="The parts of the change of a tier's mean score add up to it.",
            because="A tier gets worse by scores that fell or by other customers: not the same.",
            characteristic="accuracy",
            columns=("mean_change", *PARTS),
        ),
        CHANGES.no_rows(
            "counts_add_up",
            """
            select as_of_date, profile, tier from scorecard.tier_scorecard_changes
            where stayed_count + came_count + moved_in_count + evidence_gained_count
                    <> scored_count
                or stayed_count + left_count + moved_out_count + evidence_lost_count
                    <> previous_scored_count
            """,
            says="Whoever has a score stayed, came, moved in or gained it; who had one, likewise.",
            because="A customer in no movement, or in two, would make the mix wrong.",
            characteristic="consistency",
            columns=("scored_count", "previous_scored_count", "stayed_count"),
        ),
    )


def _overrides() -> tuple[Rule, ...]:
    return (
        *keys(OVERRIDES),
        month_ends(OVERRIDES),
        rates_hold(OVERRIDES, "overridden"),
        rates_flag_few_cases(OVERRIDES, overridden="scored_count"),
        OVERRIDES.no_rows(
            "teams_add_up",
            """
            select whole.as_of_date, whole.profile, whole.team
            from scorecard.override_rates as whole
            left join (
                select as_of_date, profile, sum(overridden_count) as overridden_count
                from scorecard.override_rates where team <> 'all' group by as_of_date, profile
            ) as teams
                on whole.as_of_date = teams.as_of_date and whole.profile = teams.profile
            where whole.team = 'all'
                and whole.overridden_count <> coalesce(teams.overridden_count, 0)
                or whole.raised_count + whole.lowered_count + whole.uncomputed_count
                    > whole.overridden_count
            """,
            says="The scores set by hand are those of the teams, and each was raised or lowered "
            "at most once.",
            because="A rate of overrides that leaves some out protects whoever made them.",
            characteristic="consistency",
            columns=("overridden_count", "raised_count", "lowered_count", "uncomputed_count"),
        ),
    )


def _accounts() -> tuple[Rule, ...]:
    return (
        *keys(ACCOUNTS),
        month_ends(ACCOUNTS),
        customer_is_known(ACCOUNTS, "account_id", "worst_customer_id"),
        *scores(
            ACCOUNTS,
            "score",
            "previous_score",
            "own_score",
            "count_weighted_score",
            "value_weighted_score",
        ),
        *shares(ACCOUNTS, "coverage", "count_weighted_coverage", "value_weighted_coverage"),
        ACCOUNTS.no_rows(
            "score_is_the_chosen_one",
            """
            select account_id, as_of_date, profile from scorecard.account_scorecard
            where score <> case account_rollup
                    when 'own' then own_score when 'count_weighted' then count_weighted_score
                    when 'value_weighted' then value_weighted_score end
                or (status = 'published') <> (score is not null)
            """,
            says="The score of an organisation is the one that its profile chooses.",
            because="Three ways to roll up give three numbers: only one may be called the score.",
            characteristic="consistency",
            columns=("score", "account_rollup", "status"),
        ),
        ACCOUNTS.no_rows(
            "change_is_the_difference",
            f"""
            select account_id, as_of_date, profile from scorecard.account_scorecard
            where abs(score_change - (score - previous_score)) > {SUM_TOLERANCE}
                or (score_change is null) <> (score is null or previous_score is null)
            """,
            says="The change of an organisation's score is the score less the one before.",
            because="A change between other dates than those named misleads.",
            characteristic="consistency",
            columns=("score_change", "previous_score"),
        ),
        ACCOUNTS.no_rows(
            "no_member_is_worse_than_the_worst",
            """
            select account_id, as_of_date, profile from scorecard.account_scorecard
            where worst_score > least(own_score, count_weighted_score) + 0.000001
                or (worst_score is null) <> (scored_count = 0) or member_count < 2
            """,
            says="The worst member is named where anybody has a score, and is not above the mean.",
            because="A mean hides the member that is about to leave.",
            characteristic="consistency",
            columns=("worst_customer_id", "worst_score", "scored_count"),
        ),
    )


def _unexplained(parts: str, part: str, whole: str) -> str:
    """Organisations' figures that their parts do not add up to, or of which one side is missing."""
    return f"""
        select
            coalesce(cards.account_id, made.account_id) as account_id,
            coalesce(cards.as_of_date, made.as_of_date) as as_of_date,
            coalesce(cards.profile, made.profile) as profile
        from (
            select account_id, as_of_date, profile, {whole} as whole
            from {ACCOUNTS.path} where {whole} is not null
        ) as cards
        full outer join (
            select account_id, as_of_date, profile, sum({part}) as total
            from {parts} group by account_id, as_of_date, profile
        ) as made
            on cards.account_id = made.account_id and cards.as_of_date = made.as_of_date
            and cards.profile = made.profile
        where coalesce(abs(cards.whole - made.total) > {SUM_TOLERANCE}, true)
        """


def _account_measures() -> tuple[Rule, ...]:
    return (
        *keys(ACCOUNT_MEASURES),
        month_ends(ACCOUNT_MEASURES),
        customer_is_known(ACCOUNT_MEASURES, "account_id", "customer_id"),
        *scores(ACCOUNT_MEASURES, "score"),
        *shares(ACCOUNT_MEASURES, "share", "effective_weight"),
        ACCOUNT_MEASURES.no_rows(
            "contributions_add_up_to_the_score",
            _unexplained(ACCOUNT_MEASURES.path, "contribution", "score"),
            says="What the members' measures, exceptions and overrides bring adds up to the "
            "organisation's score.",
            because="A score that its parts do not explain cannot be defended before the customer.",
            characteristic="accuracy",
            columns=("contribution",),
            reads=(ACCOUNTS.path,),
        ),
    )


def _account_changes() -> tuple[Rule, ...]:
    return (
        *keys(ACCOUNT_CHANGES),
        month_ends(ACCOUNT_CHANGES),
        customer_is_known(ACCOUNT_CHANGES, "account_id", "customer_id"),
        *shares(ACCOUNT_CHANGES, "share", "previous_share"),
        ACCOUNT_CHANGES.no_rows(
            "parts_add_up",
            f"""
            select account_id, as_of_date, profile, customer_id, cause
            from scorecard.account_scorecard_changes
            where abs(total_change - ({" + ".join(OF_SCORES)} + share_change)) > {SUM_TOLERANCE}
            """,
            says="The parts of a cause add up to what it did.",
            because="A total that hides a part names the wrong cause.",
            characteristic="accuracy",
            columns=("total_change", *OF_SCORES, "share_change"),
        ),
        ACCOUNT_CHANGES.no_rows(
            "causes_add_up_to_the_change",
            _unexplained(ACCOUNT_CHANGES.path, "total_change", "score_change"),
            says="What the members' causes and shares did adds up to the change of the "
            "organisation's score.",
            because="A change that its parts do not explain cannot be explained to the customer.",
            characteristic="accuracy",
            columns=("total_change",),
            reads=(ACCOUNTS.path,),
        ),
    )


def _members() -> tuple[Rule, ...]:
    return (
        *keys(MEMBERS),
        month_ends(MEMBERS),
        customer_is_known(MEMBERS, "customer_id"),
        contacts_have_consent(
            MEMBERS,
            acts="listed.cell <> 'unclassified'",
            needs="listed.cell in (select cell from scorecard.value_segments where needs_consent)",
            reads=(SEGMENTS.path,),
        ),
        MEMBERS.no_rows(
            "cell_follows_from_the_levels",
            """
            select customer_id, as_of_date, profile from scorecard.customer_value_segments
            where cell <> coalesce(
                current_value_level || '_' || potential_level || '_' || relationship_level,
                'unclassified'
            )
                or (current_value_level = 'high') <> (current_value_score >= current_value_cut)
                or (potential_level = 'high') <> (potential_score >= potential_cut)
                or (relationship_level = 'high') <> (relationship_score >= relationship_cut)
            """,
            says="The cell of a customer follows from its three levels, these from the medians of "
            "the review; whoever lacks one is unclassified.",
            because="A strategy for the wrong cell costs money or a customer.",
            characteristic="consistency",
            columns=("cell", "current_value_level", "potential_level", "relationship_level"),
        ),
        MEMBERS.no_rows(
            "review_is_before_the_month",
            "select customer_id, as_of_date, profile from scorecard.customer_value_segments "
            "where review_date >= as_of_date",
            says="The medians are those of a review before the month.",
            because="A limit that moves with each month makes nobody comparable with himself.",
            characteristic="currentness",
            columns=("review_date",),
        ),
    )


def _segments() -> tuple[Rule, ...]:
    return (
        *keys(SEGMENTS),
        month_ends(SEGMENTS),
        *shares(SEGMENTS, "customer_share"),
        SEGMENTS.no_rows(
            "counts_match_members",
            """
            select
                coalesce(segments.as_of_date, members.as_of_date) as as_of_date,
                coalesce(segments.profile, members.profile) as profile,
                coalesce(segments.cell, members.cell) as cell
            from (
                select as_of_date, profile, cell, max(customer_count) as customer_count
                from scorecard.value_segments
                where as_of_date is not null and profile is not null and cell is not null
                group by as_of_date, profile, cell
            ) as segments
            full outer join (
                select as_of_date, profile, cell, count(*) as member_count
                from scorecard.customer_value_segments
                where as_of_date is not null and profile is not null
                group by as_of_date, profile, cell
            ) as members
                on segments.as_of_date = members.as_of_date
                and segments.profile = members.profile and segments.cell = members.cell
            where segments.customer_count is distinct from members.member_count
            """,
            says="A cell counts its members.",
            because="The same question must have the same answer in every report.",
            characteristic="consistency",
            columns=("customer_count",),
            reads=(MEMBERS.path,),
        ),
        SEGMENTS.no_rows(
            "cells_have_a_strategy",
            "select as_of_date, profile, cell from scorecard.value_segments "
            "where cell <> 'unclassified' and (strategy is null or needs_consent is null)",
            says="Every cell but unclassified says what to do with its customers, and whether that "
            "needs their consent to marketing.",
            because="A segment without a strategy is only a colour.",
            characteristic="completeness",
            columns=("strategy", "needs_consent"),
        ),
    )
