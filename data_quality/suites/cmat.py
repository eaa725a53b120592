"""Rules of the product `cmat`: the assessment of the organisation.

Belongs here: the marts cmat_practices, cmat_sections, cmat_overall, cmat_agreement, cmat_metrics,
cmat_findings. Not here: what customers and systems say of the same practices (their own products).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    interval_holds,
    keys,
    month_ends,
    no_personal_data,
    nothing_of_the_future,
    refused_share_is_small,
    scores,
)

OWNER = "management"
PRACTICES = Table(
    "scorecard", "cmat_practices", OWNER, ("as_of_date", "assessment_id", "practice_id")
)
SECTIONS = Table("scorecard", "cmat_sections", OWNER, ("as_of_date", "assessment_id", "section_id"))
OVERALL = Table("scorecard", "cmat_overall", OWNER, ("as_of_date", "assessment_id"))
AGREEMENT = Table(
    "scorecard",
    "cmat_agreement",
    OWNER,
    ("as_of_date", "assessment_id", "first_assessor", "second_assessor", "dimension"),
)
METRICS = Table("scorecard", "cmat_metrics", OWNER, ("as_of_date", "metric_id"))
FINDINGS = Table(
    "scorecard",
    "cmat_findings",
    OWNER,
    ("assessment_id", "practice_id", "dimension", "assessor_number", "finding"),
)
# Practices that two assessors must both have judged (handbook C2).
MIN_COMMON = 20
# Levels and percents are rounded to six decimals before they are added up.
ROUNDED = 0.0001
EXCLUDED = ("unknown_practice", "answer_after_closing")
FLAGGED = ("level_without_evidence", "level_beside_not_applicable")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_practices(),
        *_sections(),
        *_overall(),
        *_agreement(),
        *_metrics(),
        *_findings(),
    )


def _practices() -> tuple[Rule, ...]:
    names = ", ".join(PRACTICES.keys)
    levels = ("intention_level", "reality_level", "stated_reality_level", "effect_level")
    outside = " or ".join(f"{level} not between 0 and 4" for level in levels)
    return (
        *keys(PRACTICES),
        refused_share_is_small(PRACTICES, ["organisation"]),
        month_ends(PRACTICES),
        no_personal_data(PRACTICES),
        *scores(PRACTICES, "practice_percent"),
        PRACTICES.no_rows(
            "levels_lie_on_their_scale",
            f"""
            select {names} from scorecard.cmat_practices
            where {outside} or measured_level not between 0 and measurable_level
            """,
            says="Every level lies between 0 and 4, a measured one at most at what is measurable.",
            because="A level off the scale would count for more than best practice.",
            characteristic="accuracy",
            columns=(*levels, "measured_level", "measurable_level"),
        ),
        PRACTICES.no_rows(
            "only_reality_without_evidence_is_capped",
            f"""
            select {names} from scorecard.cmat_practices
            where (stated_reality_level > reality_level) <> is_capped
                or stated_reality_level < reality_level
            """,
            says="The level that counts for reality is below the stated one where answers without "
            "evidence were capped, and nowhere else.",
            because="A claim without evidence must not count, and evidence must not be ignored.",
            characteristic="credibility",
            columns=("reality_level", "stated_reality_level", "is_capped"),
        ),
        PRACTICES.no_rows(
            "a_percent_stands_where_it_may",
            f"""
            select {names} from scorecard.cmat_practices
            where (practice_percent is not null) <> (
                answer_status = 'answered'
                or is_closed and answer_status in ('unanswered', 'partly_answered')
            )
            """,
            says="What is open counts once the assessment is closed and not before; what does not "
            "apply never counts.",
            because="Open counted too early, or never, is a wrong figure either way.",
            characteristic="credibility",
            columns=("practice_percent", "answer_status", "is_closed"),
        ),
        PRACTICES.no_rows(
            "an_unanswered_practice_counts_nothing",
            f"""
            select {names} from scorecard.cmat_practices
            where practice_percent > 0 and answer_status = 'unanswered'
            """,
            says="A practice without an answer counts 0.",
            because="Silence is no practice.",
            characteristic="credibility",
            columns=("practice_percent", "answer_status"),
        ),
        PRACTICES.no_rows(
            "a_gap_is_what_was_said_less_what_is_measured",
            f"""
            select {names} from scorecard.cmat_practices
            where abs(
                coalesce(perception_gap, 9) - coalesce(
                    case
                        when stated_reality_level is not null
                            then least(stated_reality_level, measurable_level) - measured_level
                    end, 9
                )
            ) > {ROUNDED}
            """,
            says="A gap of perception is the stated level, as far as it can be measured, less the "
            "measured one.",
            because="A gap that nobody can recompute convinces nobody.",
            characteristic="consistency",
            columns=("perception_gap", "stated_reality_level", "measured_level"),
        ),
    )


def _sections() -> tuple[Rule, ...]:
    names = ", ".join(SECTIONS.keys)
    return (
        *keys(SECTIONS),
        month_ends(SECTIONS),
        *scores(
            SECTIONS, "section_percent", "intention_percent", "reality_percent", "effect_percent"
        ),
        SECTIONS.no_rows(
            "practices_add_up",
            f"""
            select {names} from scorecard.cmat_sections as sections
            left join (
                select {names},
                    count(*) as practices,
                    count(practice_percent) as counted,
                    sum(practice_percent * weight)
                        / sum(weight) filter (where practice_percent is not null) as percent
                from scorecard.cmat_practices
                group by {names}
            ) as parts using ({names})
            where sections.practice_count is distinct from parts.practices
                or sections.counted_count is distinct from parts.counted
                or (sections.section_percent is null) <> (parts.percent is null)
                or abs(sections.section_percent - parts.percent) > {ROUNDED}
            """,
            says="A section is the weighted mean of its practices that count.",
            because="A section that differs from its practices makes people believe neither.",
            characteristic="consistency",
            columns=("section_percent", "practice_count", "counted_count"),
            reads=("scorecard.cmat_practices",),
        ),
    )


def _overall() -> tuple[Rule, ...]:
    names = ", ".join(OVERALL.keys)
    return (
        *keys(OVERALL),
        month_ends(OVERALL),
        *scores(OVERALL, "overall_percent"),
        OVERALL.no_rows(
            "sections_add_up",
            f"""
            select {names} from scorecard.cmat_overall as overall
            left join (
                select {names},
                    sum(section_percent * weight)
                        / sum(weight) filter (where section_percent is not null) as percent
                from scorecard.cmat_sections
                group by {names}
            ) as parts using ({names})
            where (overall.overall_percent is null) <> (parts.percent is null)
                or abs(overall.overall_percent - parts.percent) > {ROUNDED}
            """,
            says="The overall figure is the weighted mean of the sections that have one.",
            because="A total that differs from its parts makes people believe neither.",
            characteristic="consistency",
            columns=("overall_percent",),
            reads=("scorecard.cmat_sections",),
        ),
        OVERALL.no_rows(
            "a_position_is_that_of_the_figure",
            f"""
            select {names} from scorecard.cmat_overall
            where coalesce(benchmark_position, '') <> coalesce(
                case
                    when not is_closed or overall_percent is null then null
                    when overall_percent > benchmark_best_percent then 'above_best'
                    when overall_percent > benchmark_mean_percent then 'above_mean'
                    when overall_percent = benchmark_mean_percent then 'at_mean'
                    when overall_percent < benchmark_worst_percent then 'below_worst'
                    else 'below_mean'
                end, ''
            )
            """,
            says="A closed assessment is placed by its figure against the published ones, an open "
            "one is not.",
            because="A place before the end would change without anything having changed.",
            characteristic="consistency",
            columns=("benchmark_position", "overall_percent", "is_closed"),
        ),
    )


def _agreement() -> tuple[Rule, ...]:
    names = ", ".join(AGREEMENT.keys)
    return (
        *keys(AGREEMENT),
        month_ends(AGREEMENT),
        interval_holds(AGREEMENT, "mean_difference", "mean_difference_low", "mean_difference_high"),
        AGREEMENT.between(
            "weighted_kappa",
            -1,
            1,
            says="weighted_kappa lies between -1 and 1.",
            because="It cannot leave this scale; anything else is a fault of the calculation.",
        ),
        AGREEMENT.no_rows(
            "agreement_needs_enough_practices",
            f"""
            select {names} from scorecard.cmat_agreement
            where is_low_n <> (common_practice_count < {MIN_COMMON})
                or is_low_n <> (mean_difference is null)
                or is_low_n and weighted_kappa is not null
            """,
            says=f"Agreement is told from {MIN_COMMON} common practices on, and flagged below.",
            because="Two people agree by chance on a handful of practices.",
            characteristic="credibility",
            columns=("is_low_n", "common_practice_count", "weighted_kappa", "mean_difference"),
        ),
        AGREEMENT.no_rows(
            "a_pair_is_counted_once",
            f"""
            select {names} from scorecard.cmat_agreement where first_assessor >= second_assessor
            """,
            says="The first assessor has the smaller number.",
            because="A pair that stands twice, or with itself, is no agreement.",
            characteristic="consistency",
            columns=("first_assessor", "second_assessor"),
        ),
    )


def _metrics() -> tuple[Rule, ...]:
    names = ", ".join(METRICS.keys)
    return (
        *keys(METRICS),
        month_ends(METRICS),
        METRICS.no_rows(
            "values_fit_their_unit",
            f"""
            select {names} from scorecard.cmat_metrics
            where value < 0 or unit = 'ratio' and value > 1 + {TOLERANCE}
                or (value is null) <> (case_count is null)
            """,
            says="A share lies between 0 and 1, no value is negative, and each stands with its "
            "cases.",
            because="A share above 1 would pass every threshold.",
            characteristic="accuracy",
            columns=("value", "unit", "case_count"),
        ),
    )


def _findings() -> tuple[Rule, ...]:
    names = ", ".join(FINDINGS.keys)
    excluded, flagged = (", ".join(f"'{name}'" for name in group) for group in (EXCLUDED, FLAGGED))
    return (
        *keys(FINDINGS),
        no_personal_data(FINDINGS),
        nothing_of_the_future(FINDINGS, "answered_on"),
        FINDINGS.no_rows(
            "every_finding_is_explained",
            f"""
            select {names} from scorecard.cmat_findings
            where explanation is null or not (
                action = 'excluded' and finding in ({excluded})
                or action = 'flagged' and finding in ({flagged})
            )
            """,
            says="Every finding is a known one, does what it is meant to do, and is explained.",
            because="An answer that does not count without a reason looks like a whim.",
            characteristic="traceability",
            columns=("finding", "action", "explanation"),
        ),
    )
