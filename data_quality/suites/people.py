"""Rules of the product `people`: the teams and agents of the service desk.

Belongs here: the marts team_indicators and training_effects. Not here: the tickets themselves (`service`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    no_personal_data,
    not_negative,
    rates_hold,
)

OWNER = "customer service"
TEAMS = Table(
    "scorecard", "team_indicators", OWNER, ("as_of_date", "period_months", "scope", "scope_id")
)
TRAININGS = Table(
    "scorecard",
    "training_effects",
    OWNER,
    ("as_of_date", "training_id", "cohort_month", "measure"),
)
# Fewer agents on a side say more of these persons than of the training (handbook C20).
MIN_AGENTS = 10


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_teams(), *_trainings())


def _teams() -> tuple[Rule, ...]:
    names = ", ".join(TEAMS.keys)
    return (
        *keys(TEAMS),
        month_ends(TEAMS),
        no_personal_data(TEAMS),
        rates_hold(TEAMS, "first_contact", "csat"),
        few_cases_are_flagged(TEAMS, "is_resolution_time_low_n", "resolved_count"),
        few_cases_are_flagged(TEAMS, "is_first_contact_low_n", "first_contact_cases"),
        TEAMS.no_rows(
            "teams_add_up_to_the_desk",
            f"""
            select {names} from (
                select *, sum(resolved_count) filter (where scope = 'agent') over (
                    partition by as_of_date, period_months
                ) as of_agents
                from scorecard.team_indicators
            ) as teams
            where scope = 'all' and of_agents > resolved_count
            """,
            says="The agents together resolved no more tickets than the whole desk.",
            because="A ticket counted for two agents makes both look better than they are.",
            characteristic="consistency",
            columns=("resolved_count",),
        ),
        TEAMS.no_rows(
            "occupancy_is_the_share_of_the_minutes",
            f"""
            select {names} from scorecard.team_indicators
            where handling_minutes < 0 or available_minutes < 0
                or (occupancy_ratio is not null)
                    <> (handling_minutes is not null and coalesce(available_minutes, 0) > 0)
                or abs(occupancy_ratio - handling_minutes / available_minutes) > 0.000001
                or is_over_occupied is distinct from (occupancy_ratio > 1)
            """,
            says="Occupancy is the minutes noted by the minutes available, where both are known, "
            "and above 1 it is flagged.",
            because="Shifts are planned by it, and one that is cut at 1 hides who works overtime.",
            characteristic="consistency",
            columns=(
                "occupancy_ratio",
                "handling_minutes",
                "available_minutes",
                "is_over_occupied",
            ),
        ),
        few_cases_are_flagged(TEAMS, "is_occupancy_low_n", "shift_count"),
        TEAMS.no_rows(
            "standing_follows_from_the_interval",
            f"""
            select {names} from scorecard.team_indicators
            where (resolution_time_standing = 'better') <> (resolution_time_high < 1)
                or (resolution_time_standing = 'worse') <> (resolution_time_low > 1)
            """,
            says="Who is better or worse than the desk at solving has an interval that says so.",
            because="People must not be ranked by chance.",
            characteristic="credibility",
            columns=("resolution_time_standing", "resolution_time_low", "resolution_time_high"),
        ),
    )


def _trainings() -> tuple[Rule, ...]:
    names = ", ".join(TRAININGS.keys)
    return (
        *keys(TRAININGS),
        month_ends(TRAININGS),
        no_personal_data(TRAININGS),
        not_negative(
            TRAININGS,
            "completed_count",
            "trained_count",
            "peer_count",
            "trained_left_out_count",
            "peer_left_out_count",
        ),
        interval_holds(
            TRAININGS, "training_effect", "training_effect_low", "training_effect_high"
        ),
        TRAININGS.no_rows(
            "an_effect_needs_enough_agents_on_both_sides",
            f"""
            select {names} from scorecard.training_effects
            where (status = 'compared') <> (training_effect is not null)
                or (status in ('compared', 'too few'))
                    <> (trained_count is not null and peer_count is not null)
                or is_low_n is distinct from (least(trained_count, peer_count) < {MIN_AGENTS})
                or (status = 'too few') <> coalesce(is_low_n, false)
            """,
            says="A change is told where ten agents or more on both sides had their months, and "
            "nowhere else.",
            because="Of a few agents it tells who they are, not what went with the training.",
            characteristic="credibility",
            columns=("status", "training_effect", "trained_count", "peer_count", "is_low_n"),
        ),
        TRAININGS.no_rows(
            "an_effect_is_a_difference_of_changes",
            f"""
            select {names} from scorecard.training_effects
            where abs(
                training_effect - (trained_after_ratio - trained_before_ratio)
                + (peer_after_ratio - peer_before_ratio)
            ) > 5 * {TOLERANCE}
            """,
            says="The difference is the change of the trained less the change of the others.",
            because="Without the others a good season would be credited to the training.",
            characteristic="consistency",
            columns=("training_effect", "trained_after_ratio", "peer_after_ratio"),
        ),
        TRAININGS.no_rows(
            "every_trained_agent_is_compared_or_left_out",
            f"""
            select {names} from scorecard.training_effects
            where trained_count + trained_left_out_count <> completed_count
            """,
            says="Who completed the training is compared or counted as left out.",
            because="Agents who vanish from a comparison make it look better than it is.",
            characteristic="completeness",
            columns=("completed_count", "trained_count", "trained_left_out_count"),
        ),
        TRAININGS.no_rows(
            "verdict_follows_from_the_interval",
            f"""
            select {names} from scorecard.training_effects
            where (verdict is null) <> (training_effect_low is null)
                or (verdict = 'not separated')
                    <> (training_effect_low <= 0 and training_effect_high >= 0)
                or (verdict = 'better') <> case
                    when measure = 'resolution_time_ratio' then training_effect_high < 0
                    else training_effect_low > 0
                end
            """,
            says="Better or worse is said only where the interval lies on that side of 0.",
            because="A training must not be praised or stopped by chance.",
            characteristic="credibility",
            columns=("verdict", "training_effect_low", "training_effect_high"),
        ),
    )
