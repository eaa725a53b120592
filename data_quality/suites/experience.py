"""Rules of the product `experience`: anchors, journey, touchpoints, process steps, perceived value.

Belongs here: the marts anchor_attainment, anchor_audits, anchor_audit_sample, anchor_projects,
journey_funnel, touchpoints, process_steps, perceived_value_by_group. Not here: the same figures of
single customers (`customers`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    customer_is_known,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    not_negative,
    rates_flag_few_cases,
    scores,
    shares,
)

OWNER = "customer experience"
ATTAINMENT = Table(
    "scorecard",
    "anchor_attainment",
    OWNER,
    ("as_of_date", "period_months", "anchor_id", "metric", "tier"),
)
AUDITS = Table("scorecard", "anchor_audits", OWNER, ("as_of_date", "anchor_id"))
SAMPLE = Table(
    "scorecard", "anchor_audit_sample", OWNER, ("as_of_date", "anchor_id", "sample_number")
)
PROJECTS = Table("scorecard", "anchor_projects", OWNER, ("as_of_date", "project_id"))
FUNNEL = Table(
    "scorecard", "journey_funnel", OWNER, ("as_of_date", "cohort_kind", "cohort_month", "stage")
)
TOUCHPOINTS = Table(
    "scorecard", "touchpoints", OWNER, ("as_of_date", "period_months", "touchpoint")
)
STEPS = Table(
    "scorecard", "process_steps", OWNER, ("as_of_date", "period_months", "process", "step")
)
VALUE = Table(
    "scorecard",
    "perceived_value_by_group",
    OWNER,
    ("as_of_date", "group_kind", "group_value", "dimension"),
)
# The limits between which an impact is clamped.
IMPACT_MIN = 0.5
IMPACT_MAX = 5
# Fewer days than this on either side of a roll-out are not compared (handbook C17).
PROJECT_DAYS_MIN = 28
# An anchor of which more audits than this disagree is flagged.
DISAGREEMENT_MAX = 0.10


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_attainment(),
        *_audits(),
        *_sample(),
        *_projects(),
        *_funnel(),
        *_touchpoints(),
        *_steps(),
        *_value(),
    )


def _rate(table: Table, value: str, name: str) -> tuple[Rule, ...]:
    low, high = f"{name}_low", f"{name}_high"
    return (*shares(table, value, low, high), interval_holds(table, value, low, high))


def _attainment() -> tuple[Rule, ...]:
    names = ", ".join(ATTAINMENT.keys)
    return (
        *keys(ATTAINMENT),
        month_ends(ATTAINMENT),
        *_rate(ATTAINMENT, "attainment", "attainment"),
        few_cases_are_flagged(ATTAINMENT, "is_low_n", "occurrence_count"),
        ATTAINMENT.no_rows(
            "no_occurrence_no_attainment",
            f"""
            select {names} from scorecard.anchor_attainment
            where (occurrence_count = 0) <> (attainment is null) or met_count > occurrence_count
            """,
            says="A share stands where something happened and was decided, and nowhere else.",
            because="Nothing was kept where nothing was put to the test.",
            characteristic="credibility",
            columns=("occurrence_count", "met_count", "attainment"),
        ),
        ATTAINMENT.no_rows(
            "few_cases_are_not_ranked",
            f"""
            select {names} from scorecard.anchor_attainment
            where (friction_rank is null) <> (is_low_n or metric = 'all')
            """,
            says="Every standard with enough cases has its rank, and no other row has one.",
            because="The first place leads to action; chance must not take it.",
            characteristic="credibility",
            columns=("friction_rank", "is_low_n", "metric"),
        ),
        ATTAINMENT.no_rows(
            "impact_is_within_its_limits",
            f"""
            select {names} from scorecard.anchor_attainment
            where impact not between {IMPACT_MIN} and {IMPACT_MAX}
            """,
            says=f"An impact lies between {IMPACT_MIN} and {IMPACT_MAX}.",
            because="A few losses must not make one standard outweigh all the others.",
            characteristic="accuracy",
            columns=("impact",),
        ),
        ATTAINMENT.no_rows(
            "tiers_add_up",
            f"""
            select {names} from (
                select *, sum(case when tier <> 'all' then occurrence_count end) over (
                    partition by as_of_date, period_months, anchor_id, metric
                ) as tier_sum
                from scorecard.anchor_attainment
            ) where tier = 'all' and occurrence_count <> tier_sum
            """,
            says="The occurrences of the tiers add up to those of all.",
            because="Otherwise some customers are counted twice or in no tier.",
            characteristic="consistency",
            columns=("occurrence_count", "tier"),
        ),
    )


def _audits() -> tuple[Rule, ...]:
    return (
        *keys(AUDITS),
        month_ends(AUDITS),
        *_rate(AUDITS, "agreement_ratio", "agreement"),
        few_cases_are_flagged(AUDITS, "is_low_n", "compared_count"),
        AUDITS.no_rows(
            "disagreement_flags_the_measure",
            f"""
            select as_of_date, anchor_id from scorecard.anchor_audits
            where is_measure_in_doubt is distinct from case when compared_count > 0
                then compared_count - agreed_count > {DISAGREEMENT_MAX} * compared_count end
            """,
            says="A measure is flagged where auditors disagree with it in more than a tenth of the "
            "cases, and nowhere else.",
            because="A measure that auditors do not believe must not lead to action.",
            characteristic="credibility",
            columns=("is_measure_in_doubt", "compared_count", "agreed_count"),
        ),
    )


def _sample() -> tuple[Rule, ...]:
    return (
        *keys(SAMPLE),
        month_ends(SAMPLE),
        customer_is_known(SAMPLE),
        SAMPLE.no_rows(
            "sample_is_whole",
            """
            select as_of_date, anchor_id from scorecard.anchor_audit_sample
            group by as_of_date, anchor_id
            having count(*) <> max(sample_size) or min(sample_size) <> max(sample_size)
                or max(sample_number) > max(sample_size) or max(sample_size) > max(population_count)
            """,
            says="As many occurrences are listed as have to be looked at, never more than there "
            "are.",
            because="A sample that is cut short says less than it promises.",
            characteristic="completeness",
            columns=("sample_number", "sample_size", "population_count"),
        ),
    )


def _projects() -> tuple[Rule, ...]:
    names = ", ".join(PROJECTS.keys)
    return (
        *keys(PROJECTS),
        month_ends(PROJECTS),
        *shares(PROJECTS, "before_attainment", "after_attainment"),
        interval_holds(PROJECTS, "difference", "difference_low", "difference_high"),
        interval_holds(PROJECTS, "net_difference", "net_difference_low", "net_difference_high"),
        few_cases_are_flagged(PROJECTS, "is_low_n", "least(before_count, after_count)"),
        PROJECTS.no_rows(
            "differences_are_after_less_before",
            f"""
            select {names} from scorecard.anchor_projects
            where abs(difference - (after_attainment - before_attainment)) > 2 * {TOLERANCE}
                or abs(net_difference - (difference - comparison_difference)) > 2 * {TOLERANCE}
            """,
            says="A difference is after less before, the net one less that of the comparison.",
            because="Turned round, a project that did harm would look like a success.",
            characteristic="accuracy",
            columns=("difference", "net_difference", "comparison_difference"),
        ),
        PROJECTS.no_rows(
            "compared_where_there_is_time",
            f"""
            select {names} from scorecard.anchor_projects
            where status not in ('rolling out', 'too early', 'too little before', 'not measured',
                    'no occurrence', 'compared')
                or (status = 'compared') <> (difference is not null)
                or (
                    status = 'compared'
                    and coalesce(least(before_days, after_days), 0) < {PROJECT_DAYS_MIN}
                )
                or (after_days is not null and coalesce(rollout_ended_on >= as_of_date, true))
            """,
            says="A project is compared from 28 days on each side of its roll-out on, not before.",
            because="A few days say nothing; those of the roll-out are neither before nor after.",
            characteristic="credibility",
            columns=("status", "before_days", "after_days", "difference"),
        ),
        PROJECTS.no_rows(
            "beyond_chance_follows_from_the_interval",
            f"""
            select {names} from scorecard.anchor_projects
            where is_beyond_chance is distinct from case
                    when status <> 'compared' then null
                    when net_difference is not null
                        then net_difference_low > 0 or net_difference_high < 0
                    else difference_low > 0 or difference_high < 0
                end
                or evidence not in ('descriptive', 'randomised') or evidence is null
            """,
            says="An effect is called one where the interval leaves out zero, and nowhere else.",
            because="Managers act on this flag.",
            characteristic="consistency",
            columns=("is_beyond_chance", "evidence"),
        ),
    )


def _funnel() -> tuple[Rule, ...]:
    names = ", ".join(FUNNEL.keys)
    return (
        *keys(FUNNEL),
        month_ends(FUNNEL),
        *_rate(FUNNEL, "conversion_ratio", "conversion"),
        *_rate(FUNNEL, "drop_off_ratio", "drop_off"),
        rates_flag_few_cases(
            FUNNEL,
            conversion="coalesce(conversion_cases, 0)",
            drop_off="coalesce(drop_off_cases, 0)",
        ),
        FUNNEL.no_rows(
            "unobserved_is_empty",
            f"""
            select {names} from scorecard.journey_funnel
            where (coalesce(conversion_cases, 0) = 0) <> (converted_count is null)
                or converted_count > conversion_cases
            """,
            says="Who goes on is counted where the time for it is over; until then it is empty, "
            "not 0.",
            because="A cohort that is young would look like one that nobody leaves.",
            characteristic="credibility",
            columns=("conversion_cases", "converted_count"),
        ),
        FUNNEL.no_rows(
            "everybody_is_decided_or_pending",
            f"""
            select {names} from scorecard.journey_funnel
            where entered_count - pending_count <> coalesce(
                    conversion_cases, entered_count - pending_count
                )
                or is_final <> (pending_count = 0)
                or drop_off_cases > conversion_cases
            """,
            says="Whoever reached a stage is decided or pending, and nobody dropped off who is "
            "not decided.",
            because="Whoever is in neither is lost from the figures.",
            characteristic="completeness",
            columns=(
                "entered_count",
                "pending_count",
                "conversion_cases",
                "drop_off_cases",
                "is_final",
            ),
        ),
    )


def _touchpoints() -> tuple[Rule, ...]:
    return (
        *keys(TOUCHPOINTS),
        month_ends(TOUCHPOINTS),
        *shares(TOUCHPOINTS, "customer_initiated_ratio", "two_way_ratio"),
        not_negative(TOUCHPOINTS, "contact_count", "customer_month_count"),
        TOUCHPOINTS.no_rows(
            "unowned_is_marked",
            """
            select as_of_date, period_months, touchpoint from scorecard.touchpoints
            where is_unowned is distinct from (owner is null)
                or (not is_registered and owner is not null)
            """,
            says="A touchpoint without an owner is marked, and no other.",
            because="Nobody repairs what nobody answers for.",
            characteristic="traceability",
            columns=("is_unowned", "owner", "is_registered"),
        ),
    )


def _steps() -> tuple[Rule, ...]:
    names = ", ".join(STEPS.keys)
    return (
        *keys(STEPS),
        month_ends(STEPS),
        *_rate(STEPS, "rework_ratio", "rework"),
        few_cases_are_flagged(STEPS, "is_low_n", "finished_count"),
        few_cases_are_flagged(STEPS, "is_rework_low_n", "entry_count"),
        STEPS.no_rows(
            "times_are_of_stays_that_ended",
            f"""
            select {names} from scorecard.process_steps
            where (finished_count = 0) <> (minutes_p50 is null) or minutes_p50 > minutes_p90
                or minutes_p50 < 0 or business_minutes_p50 > business_minutes_p90
                or (business_finished_count = 0) <> (business_minutes_p50 is null)
            """,
            says="A time stands where a stay ended; the median is not above the time of nine in "
            "ten.",
            because="A step in which nothing ended has no time, neither short nor long.",
            characteristic="credibility",
            columns=("finished_count", "minutes_p50", "minutes_p90"),
        ),
    )


def _value() -> tuple[Rule, ...]:
    names = ", ".join(VALUE.keys)
    return (
        *keys(VALUE),
        month_ends(VALUE),
        *scores(VALUE, "performance", "performance_low", "performance_high"),
        interval_holds(VALUE, "performance", "performance_low", "performance_high"),
        few_cases_are_flagged(VALUE, "is_low_n", "answer_count"),
        VALUE.no_rows(
            "importance_adds_up",
            f"""
            select {names} from (
                select *, sum(derived_importance) over (
                    partition by as_of_date, group_kind, group_value, side
                ) as importance_sum
                from scorecard.perceived_value_by_group
            ) where abs(importance_sum - 1) > 10 * {TOLERANCE} or derived_importance < 0
            """,
            says="The importance of the parts of a side adds up to one.",
            because="A share of nothing in particular cannot be compared.",
            characteristic="consistency",
            columns=("derived_importance", "side"),
        ),
        VALUE.no_rows(
            "few_answers_have_no_quadrant",
            f"""
            select {names} from scorecard.perceived_value_by_group
            where quadrant is not null and (is_low_n or dimension = 'index')
            """,
            says="A part is put in a quadrant only where enough customers answered.",
            because="A quadrant says what to do; a handful of answers must not.",
            characteristic="credibility",
            columns=("quadrant", "is_low_n"),
        ),
    )
