"""Rules of the product `people`: the teams and agents of the service desk.

Belongs here: the mart team_indicators. Not here: the tickets themselves (`service`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    few_cases_are_flagged,
    keys,
    month_ends,
    no_personal_data,
    rates_hold,
)

OWNER = "customer service"
TEAMS = Table(
    "scorecard", "team_indicators", OWNER, ("as_of_date", "period_months", "scope", "scope_id")
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
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
