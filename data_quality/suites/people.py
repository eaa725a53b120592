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
