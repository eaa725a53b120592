"""Rules of the product `associations`: which measures go with which others.

Belongs here: the mart kpi_associations. Not here: the measures themselves (`customers`, `service`,
`survey`, `commercial`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    MIN_N,
    TOLERANCE,
    interval_holds,
    keys,
    month_ends,
    no_personal_data,
    not_negative,
)

ASSOCIATIONS = Table(
    "scorecard", "kpi_associations", "data science", ("pair_id", "segment", "lag_months")
)
# Share of chance finds among those called supported (handbook C21).
DISCOVERY_RATE = 0.10
ESTIMATES = ("rho", "partial_rho", "within_rho", "between_rho")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    names = ", ".join(ASSOCIATIONS.keys)
    outside = " or ".join(
        f"abs({name}{end}) > 1" for name in ESTIMATES for end in ("", "_low", "_high")
    )
    return (
        *keys(ASSOCIATIONS),
        month_ends(ASSOCIATIONS),
        no_personal_data(ASSOCIATIONS),
        not_negative(
            ASSOCIATIONS, "lag_months", "unit_count", "row_count", "low_response_row_count"
        ),
        *(interval_holds(ASSOCIATIONS, name, f"{name}_low", f"{name}_high") for name in ESTIMATES),
        ASSOCIATIONS.no_rows(
            "correlations_lie_between_minus_one_and_one",
            f"select {names} from scorecard.kpi_associations where {outside}",
            says="No correlation, and no end of its interval, is beyond -1 or 1.",
            because="A rank correlation beyond that is of other numbers.",
            characteristic="accuracy",
            columns=ESTIMATES,
        ),
        ASSOCIATIONS.no_rows(
            "tested_or_told_why_not",
            f"""
            select {names} from scorecard.kpi_associations
            where is_tested <> (rho is not null) or is_tested <> (p_value is not null)
                or is_tested <> (q_value is not null) or is_tested <> (not_tested_reason is null)
                or (is_supported and not is_tested)
            """,
            says="A row has a correlation, p and q, or says why it has none.",
            because="What is empty without a reason is read as nothing found.",
            characteristic="completeness",
            columns=("is_tested", "rho", "p_value", "q_value", "not_tested_reason"),
        ),
        ASSOCIATIONS.no_rows(
            "few_cases_are_not_tested",
            f"""
            select {names} from scorecard.kpi_associations
            where is_tested and case panel when 'customer' then unit_count else row_count end
                < {MIN_N}
            """,
            says=f"Nothing is tested on fewer than {MIN_N} customers, or months of teams.",
            because="On a handful of cases anything goes with anything.",
            characteristic="credibility",
            columns=("is_tested", "unit_count", "row_count"),
        ),
        ASSOCIATIONS.no_rows(
            "q_counts_all_tests_of_the_run",
            f"""
            select {names} from (
                select *, min(least(1, p_value * tests / place)) over (
                    order by p_value desc, place desc
                    rows between unbounded preceding and current row
                ) as expected, 2 * tests * {TOLERANCE} as rounding
                from (
                    select *, count(*) over () as tests,
                        row_number() over (order by p_value, pair_id, segment, lag_months) as place
                    from scorecard.kpi_associations
                    where is_tested
                ) as placed
            ) as judged
            where abs(q_value - expected) > rounding
            """,
            says="q is that of Benjamini and Hochberg over all tests of the run.",
            because="Tests left out of the count make chance look like a finding.",
            characteristic="credibility",
            columns=("p_value", "q_value"),
        ),
        ASSOCIATIONS.no_rows(
            "supported_is_a_matter_of_q",
            f"""
            select {names} from scorecard.kpi_associations
            where is_tested and abs(q_value - {DISCOVERY_RATE}) > {TOLERANCE}
                and is_supported <> (q_value < {DISCOVERY_RATE})
            """,
            says=f"A row is supported where q is below {DISCOVERY_RATE:.2f}, and nowhere else.",
            because="What is called a finding must not be chosen by hand.",
            characteristic="credibility",
            columns=("is_supported", "q_value"),
        ),
        ASSOCIATIONS.no_rows(
            "the_best_lag_is_the_strongest",
            """
            select pair_id, segment, min(lag_months) as lag_months
            from scorecard.kpi_associations
            where is_tested
            group by pair_id, segment
            having count(*) filter (where is_best_lag) <> 1
                or max(abs(rho)) > max(abs(rho)) filter (where is_best_lag)
            """,
            says="Of each pair and segment one lag is the best: that of the strongest correlation.",
            because="The report shows it first.",
            characteristic="consistency",
            columns=("is_best_lag", "rho"),
        ),
        ASSOCIATIONS.no_rows(
            "a_sign_flip_is_sure_on_both_sides",
            f"""
            select {names} from scorecard.kpi_associations
            where is_sign_flip <> coalesce(
                (within_rho_high < 0 and between_rho_low > 0)
                or (between_rho_high < 0 and within_rho_low > 0), false
            ) and not coalesce(least(
                abs(within_rho_low), abs(within_rho_high),
                abs(between_rho_low), abs(between_rho_high)
            ) <= {TOLERANCE}, false)
            """,
            says="A change of sign is flagged where both intervals leave 0 out on opposite sides.",
            because="An unflagged one misleads; a flag by chance hides what is true.",
            characteristic="consistency",
            columns=("is_sign_flip", "within_rho", "between_rho"),
        ),
        ASSOCIATIONS.no_rows(
            "words_claim_no_cause",
            f"""
            select {names} from scorecard.kpi_associations
            where regexp_matches(
                lower(concat(sentence, ' ', reason, ' ', x_name, ' ', y_name)),
                'drive|cause|lead to|leads to|because|effect'
            ) or regexp_matches(sentence_zh, '导致|驱动|因为|使得')
            """,
            says="No sentence says that one measure moves the other.",
            because="Associations decide budgets once they are read as causes.",
            characteristic="credibility",
            columns=("sentence", "sentence_zh"),
        ),
    )
