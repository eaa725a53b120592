"""Rules of the product `customers`: who the customers are and what is measured of each.

Belongs here: the marts customers, customer_indicators, rfm_cutoffs, indicator_catalogue,
indicator_coverage. The company itself and its systems have their rules in `company`, what was true
then in `history`, the health of relationships in `health`.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites import company, health, history
from data_quality.suites.shapes import (
    PENNY,
    TIERS,
    VALUE_BASES,
    key_is_unique,
    keys,
    keys_present,
    money_has_its_rate,
    month_ends,
    months_are_complete,
    no_personal_data,
    scores,
    shares,
    volume,
)

OWNER = "customer analytics"
CUSTOMERS = Table("scorecard", "customers", OWNER, ("customer_id",))
INDICATORS = Table("scorecard", "customer_indicators", OWNER, ("customer_id", "as_of_date"))
CUTOFFS = Table("scorecard", "rfm_cutoffs", OWNER, ("as_of_date", "dimension"))
CATALOGUE = Table("scorecard", "indicator_catalogue", OWNER, ("mart", "indicator_id"))
COVERAGE = Table("scorecard", "indicator_coverage", OWNER, ("as_of_date", "indicator_id"))

# Below this share of its weight an index is not given (handbook C1).
COVERAGE_MIN = 0.6
# Between these the limit of days without a purchase is learnt (handbook C7).
ACTIVE_DAYS_MIN, ACTIVE_DAYS_MAX = 90, 180
# A report of a credit agency counts for two years, as `credit_report_days` says.
CREDIT_REPORT_DAYS = 730
# What staff judge, as the contract of `organisation.judgements` names it.
JUDGED = ("strategic_fit_rating", "market_coverage_rating", "internal_management_rating")
LIFECYCLE_STATES = ("potential", "new", "mature", "lost", "won_back")
# The CRM list should know who buys; a few walk-in customers are usual.
CRM_COVERAGE = 0.95
# Twice or half of the usual month is worth a look; seasons stay below.
REVENUE_SWING_LOW, REVENUE_SWING_HIGH = 0.33, 3.0


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_customers(),
        *_identifiers(),
        *_indicator_rows(),
        *_indicator_values(),
        *_indicator_counts(),
        *_activity(),
        *_lifecycle(),
        *_satisfaction(),
        *_texts(),
        *_margin(),
        *_credit(),
        *_growth(),
        *_judged(),
        *_experience(),
        *_customer_months(),
        *_months_compared(),
        *_cutoffs(),
        *_catalogue(),
        *_coverage(),
        *company.rules(),
        *history.rules(),
        *health.rules(),
    )


def _customers() -> tuple[Rule, ...]:
    return (
        CUSTOMERS.has_rows(
            says="There is at least one customer.",
            because="No customer means that the identifiers were not resolved.",
        ),
        *keys_present(CUSTOMERS),
        key_is_unique(CUSTOMERS),
        CUSTOMERS.no_rows(
            "dates_are_in_order",
            "select customer_id from scorecard.customers "
            "where first_seen_date > first_purchase_date "
            "or first_purchase_date > last_purchase_date",
            says="A customer is seen before he buys, and his first purchase is before his last.",
            because="Tenure and recency are counted from these dates.",
            characteristic="consistency",
            severity="quarantine",
            columns=("first_seen_date", "first_purchase_date", "last_purchase_date"),
        ),
        CUSTOMERS.no_rows(
            "purchase_dates_come_together",
            "select customer_id from scorecard.customers "
            "where (first_purchase_date is null) <> (last_purchase_date is null)",
            says="Who has a first purchase has a last one, and the other way round.",
            because="One without the other means that a join lost half of a customer's history.",
            characteristic="completeness",
            columns=("first_purchase_date", "last_purchase_date"),
        ),
    )


def _identifiers() -> tuple[Rule, ...]:
    return (
        no_personal_data(CUSTOMERS, exempt=("organisation_name",)),
        CUSTOMERS.measure(
            "is_in_crm",
            "select avg(is_in_crm::int) from scorecard.customers",
            low=CRM_COVERAGE,
            says="The CRM knows at least 95 % of the customers.",
            because="Nobody can act on a customer whom the CRM does not know.",
            characteristic="completeness",
            severity="warn",
            columns=("is_in_crm",),
        ),
    )


def _indicator_rows() -> tuple[Rule, ...]:
    return (
        INDICATORS.has_rows(
            says="There is at least one customer month.",
            because="Every score is made of these rows.",
        ),
        *keys_present(INDICATORS),
        key_is_unique(INDICATORS),
        month_ends(INDICATORS),
        months_are_complete(INDICATORS),
    )


def _indicator_values() -> tuple[Rule, ...]:
    return (
        *(
            INDICATORS.in_set(
                column,
                TIERS,
                says=f"{column} is A, B, C or D.",
                because="Targets, limits and reports are kept by tier.",
            )
            for column in ("tier", "raw_tier")
        ),
        INDICATORS.in_set(
            "value_basis",
            VALUE_BASES,
            says="The value basis is revenue or margin.",
            because="Without unit costs value means revenue, and a reader must be told.",
        ),
        *scores(INDICATORS, "loyalty_index", "depth_index"),
        *shares(
            INDICATORS,
            "loyalty_coverage",
            "repeat_rate_12m",
            "purchase_regularity_12m",
            "category_breadth_12m",
            "cross_sell_probability",
        ),
        INDICATORS.no_rows(
            "loyalty_rests_on_enough",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where (loyalty_index is not null)
                <> (coalesce(loyalty_coverage, 0) >= {COVERAGE_MIN})
            """,
            says="A loyalty index is given where enough of it is measured, and only there.",
            because="An index of one part would pass for the whole.",
            characteristic="completeness",
            columns=("loyalty_index", "loyalty_coverage"),
        ),
        INDICATORS.between(
            "purchase_delay_ratio_12m",
            0,
            None,
            says="The delay of the next purchase is not negative.",
            because="Below zero the last purchase would lie after the month end.",
        ),
    )


def _indicator_counts() -> tuple[Rule, ...]:
    return (
        *(
            INDICATORS.between(
                column,
                0,
                None,
                says=f"{column} is not negative.",
                because="It is a count; below zero a window or a join is wrong.",
            )
            for column in (
                "purchases_12m",
                "own_purchases_12m",
                "product_count_12m",
                "days_since_purchase",
            )
        ),
        *(
            INDICATORS.between(
                column,
                1,
                5,
                says=f"{column} lies between 1 and 5.",
                because="RFM scores have five steps by definition.",
            )
            for column in ("recency_score", "frequency_score", "monetary_score")
        ),
    )


def _activity() -> tuple[Rule, ...]:
    return (
        INDICATORS.between(
            "activity_days",
            ACTIVE_DAYS_MIN,
            ACTIVE_DAYS_MAX,
            says="The limit of activity lies between 90 and 180 days.",
            because="Learnt without these bounds it grows with the length of the history.",
        ),
        INDICATORS.no_rows(
            "active_means_bought_or_under_contract",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where is_active is distinct from (
                is_active_by_contract or coalesce(days_since_purchase <= activity_days, false)
            )
            """,
            says="Active is who bought within the limit of his tier or is under contract.",
            because="Retention and churn count on it.",
            characteristic="consistency",
            columns=("is_active", "is_active_by_contract", "days_since_purchase", "activity_days"),
        ),
        INDICATORS.no_rows(
            "recurring_revenue_means_contract",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where mrr < 0 or (mrr > 0 and not is_active_by_contract)
            """,
            says="Who brings recurring revenue is under contract; it is never negative.",
            because="Revenue that no contract stands behind does not recur.",
            characteristic="consistency",
            columns=("mrr", "is_active_by_contract"),
        ),
        INDICATORS.no_rows(
            "tenure_covers_recency",
            "select customer_id, as_of_date from scorecard.customer_indicators "
            "where tenure_days < days_since_purchase",
            says="A customer's tenure is at least the time since his last purchase.",
            because="Otherwise he would have bought before he was seen.",
            characteristic="consistency",
            severity="quarantine",
            columns=("tenure_days", "days_since_purchase"),
        ),
    )


def _lifecycle() -> tuple[Rule, ...]:
    return (
        INDICATORS.in_set(
            "lifecycle_state",
            LIFECYCLE_STATES,
            says="The stage of the life cycle is one of the five that are defined.",
            because="Each customer is in exactly one; any other is treated by nobody.",
        ),
        INDICATORS.no_rows(
            "lost_is_lost_since",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (lifecycle_state = 'lost') <> (lost_since is not null)
                or lost_since > as_of_date
                or (lifecycle_state = 'won_back' and won_back_on is null)
            """,
            says="Who is lost has a month since when, who was won back a day on which.",
            because="Win-back is counted by the month of the loss.",
            characteristic="consistency",
            columns=("lifecycle_state", "lost_since", "won_back_on"),
        ),
    )


def _satisfaction() -> tuple[Rule, ...]:
    return (
        *scores(INDICATORS, "csat_score", "satisfaction_index"),
        INDICATORS.between(
            "nps_answer",
            0,
            10,
            says="nps_answer lies between 0 and 10.",
            because="That is the scale of the question; anything else is off it.",
        ),
        INDICATORS.no_rows(
            "answers_are_of_the_asked",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where surveys_answered_12m > survey_invitations_12m
                or is_survey_non_respondent
                    is distinct from case when survey_invitations_12m > 0
                        then surveys_answered_12m = 0 end
            """,
            says="Nobody answers more surveys than he was sent; silent is who answered none.",
            because="A silence that is taken for an answer hides the unhappy.",
            characteristic="consistency",
            columns=("surveys_answered_12m", "survey_invitations_12m", "is_survey_non_respondent"),
        ),
        INDICATORS.no_rows(
            "an_index_rests_on_answers",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where satisfaction_index is not null and coalesce(satisfaction_answers_24m, 0) = 0
            """,
            says="A satisfaction index stands only where the customer answered.",
            because="The mean of the tier alone is not the customer's opinion.",
            characteristic="credibility",
            columns=("satisfaction_index", "satisfaction_answers_24m"),
        ),
    )


def _texts() -> tuple[Rule, ...]:
    return (
        INDICATORS.between(
            "sentiment",
            -1,
            1,
            says="sentiment lies between -1 and 1.",
            because="That is its scale; anything else is a fault of the calculation.",
        ),
        *shares(INDICATORS, "negative_text_ratio_12m"),
        INDICATORS.between(
            "worst_text_severity_6m",
            1,
            4,
            says="worst_text_severity_6m lies between 1 and 4.",
            because="Severity has four levels.",
        ),
        INDICATORS.no_rows(
            "a_mood_rests_on_texts",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (sentiment is not null) <> (coalesce(scored_text_items_12m, 0) > 0)
                or scored_text_items_12m > text_items_12m
            """,
            says="A mood stands where a text was read and nowhere else.",
            because="Who wrote nothing is not in a neutral mood.",
            characteristic="credibility",
            columns=("sentiment", "scored_text_items_12m", "text_items_12m"),
        ),
    )


def _credit() -> tuple[Rule, ...]:
    return (
        INDICATORS.no_rows(
            "an_outside_report_has_one_grade_and_its_age",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where external_credit_rating is distinct from case external_credit_grade
                    when 'A' then 4 when 'B' then 3 when 'C' then 2 when 'D' then 1 when 'E' then 0
                end
                or (external_credit_grade is null) <> (external_credit_age_days is null)
                or external_credit_age_days not between 0 and {CREDIT_REPORT_DAYS}
            """,
            says="The outside credit grade as letter and as number say the same, and of a report "
            "not older than two years.",
            because="An old report, or two readings of one, is no view from outside.",
            characteristic="consistency",
            columns=(
                "external_credit_rating",
                "external_credit_grade",
                "external_credit_age_days",
            ),
        ),
    )


def _margin() -> tuple[Rule, ...]:
    return (
        *shares(INDICATORS, "margin_coverage_12m"),
        INDICATORS.no_rows(
            "value_follows_its_basis",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where (value_basis = 'revenue' and abs(value_12m - revenue_12m) >= {PENNY})
                or (
                    value_basis = 'margin' and not is_value_estimated
                    and abs(value_12m - gross_margin_12m) >= {PENNY}
                )
                or value_12m is null
                or is_value_estimated is distinct from
                    (value_basis = 'margin' and gross_margin_12m is null)
            """,
            says="Value is revenue or margin, as its basis says; an estimate is marked.",
            because="Tiers and scores are made of it.",
            characteristic="consistency",
            columns=(
                "value_12m",
                "value_basis",
                "is_value_estimated",
                "revenue_12m",
                "gross_margin_12m",
            ),
        ),
        INDICATORS.no_rows(
            "one_basis_for_all",
            """
            select min(customer_id) as customer_id, as_of_date from scorecard.customer_indicators
            where value_basis in ('revenue', 'margin')
            group by as_of_date having count(distinct value_basis) > 1
            """,
            says="In a month value means the same for every customer.",
            because="A margin and a revenue in one ranking put the wrong customers first.",
            characteristic="consistency",
            columns=("value_basis",),
        ),
        INDICATORS.no_rows(
            "contribution_is_margin_less_service",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where abs(contribution_margin_12m - (gross_margin_12m - cost_to_serve_12m)) >= {PENNY}
                or (contribution_margin_12m is not null and cost_to_serve_months_12m < 12)
                or (cost_to_serve_12m is not null and cost_to_serve_months_12m = 0)
            """,
            says="Contribution is gross margin less cost to serve, both of twelve whole months.",
            because="Service that was not measured would look like service that cost nothing.",
            characteristic="consistency",
            columns=(
                "contribution_margin_12m",
                "gross_margin_12m",
                "cost_to_serve_12m",
                "cost_to_serve_months_12m",
            ),
        ),
    )


def _growth() -> tuple[Rule, ...]:
    return (
        *shares(
            INDICATORS, "product_headroom_12m", "collection_ratio_12m", "judgement_evidence_ratio"
        ),
        *(
            INDICATORS.between(
                column,
                -1,
                None,
                says=f"{column} is not below -1.",
                because="Nothing at all is a loss of the whole; below it a count was negative.",
            )
            for column in ("usage_growth_6m", "product_growth_12m")
        ),
        *(
            INDICATORS.between(
                column,
                0,
                None,
                says=f"{column} is not negative.",
                because="It is a count; below zero a window or a join is wrong.",
            )
            for column in (
                "unused_service_count",
                "channel_count_12m",
                "use_days_3m",
                "shipped_units_12m",
                "units_in_transit",
                "units_return_ratio_12m",
                "referral_count_12m",
                "influence_count_12m",
                "knowledge_count_12m",
            )
        ),
        INDICATORS.no_rows(
            "what_is_not_bought_is_the_rest",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (product_headroom_12m is null) <> (category_breadth_12m is null)
                or abs(product_headroom_12m + category_breadth_12m - 1) > 0.00001
            """,
            says="Categories bought and not bought make all of them.",
            because="What is left to offer would be told wrong.",
            characteristic="consistency",
            columns=("product_headroom_12m", "category_breadth_12m"),
        ),
    )


def _judged() -> tuple[Rule, ...]:
    return (
        *(
            INDICATORS.between(
                column,
                0,
                4,
                says=f"{column} lies between 0 and 4.",
                because="Judgements have five levels, and a mean of them no more.",
            )
            for column in JUDGED
        ),
        INDICATORS.no_rows(
            "a_judgement_has_its_age",
            "select customer_id, as_of_date from scorecard.customer_indicators where "
            + " or ".join(
                f"({column} is null) <> ({column.removesuffix('_rating')}_age_days is null)"
                for column in JUDGED
            ),
            says="A judgement stands with the days since it was made.",
            because="What is old weighs less; without its age it would weigh for ever.",
            characteristic="completeness",
            columns=JUDGED,
        ),
        INDICATORS.no_rows(
            "ratings_rest_on_judgements",
            f"""
            select customer_id, as_of_date from scorecard.customer_indicators
            where (coalesce({", ".join(JUDGED)}) is not null) <> (coalesce(judgement_count, 0) > 0)
            """,
            says="Who has a rating was judged, and who was not has none.",
            because="Not judged is not bad; a rating without a judgement is nobody's.",
            characteristic="credibility",
            columns=(*JUDGED, "judgement_count"),
        ),
    )


def _experience() -> tuple[Rule, ...]:
    return (
        *scores(INDICATORS, "anchor_score_6m", "perceived_value_index"),
        INDICATORS.no_rows(
            "a_moment_that_was_tested_has_a_score",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (anchor_score_6m is not null) <> (coalesce(anchor_cases_6m, 0) > 0)
                or anchor_misses_6m > anchor_cases_6m
                or (anchor_score_6m = 100) <> (anchor_misses_6m = 0)
            """,
            says="A score of the moments that matter stands where a standard was put to the test, "
            "and is full where none was missed.",
            because="Who never needed help was not served perfectly.",
            characteristic="credibility",
            columns=("anchor_score_6m", "anchor_cases_6m", "anchor_misses_6m"),
        ),
        INDICATORS.no_rows(
            "effort_rests_on_solved_issues",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (
                    contacts_per_solved_issue_6m is not null
                    or channel_switches_per_solved_issue_6m is not null
                ) and coalesce(solved_issues_6m, 0) = 0
                or contacts_per_solved_issue_6m < 0 or channel_switches_per_solved_issue_6m < 0
            """,
            says="Effort for each solved issue stands only where an issue was solved.",
            because="Nothing divided by nothing is no effort of 0.",
            characteristic="credibility",
            columns=("contacts_per_solved_issue_6m", "solved_issues_6m"),
        ),
        INDICATORS.no_rows(
            "perceived_value_rests_on_answers",
            """
            select customer_id, as_of_date from scorecard.customer_indicators
            where (perceived_value_index is not null)
                <> (coalesce(perceived_value_answers_24m, 0) > 0)
            """,
            says="Perceived value stands where the customer answered, and nowhere else.",
            because="Who was not asked is not halfway content.",
            characteristic="credibility",
            columns=("perceived_value_index", "perceived_value_answers_24m"),
        ),
    )


def _customer_months() -> tuple[Rule, ...]:
    return (
        INDICATORS.no_rows(
            "customer_is_known",
            """
            select indicators.customer_id, indicators.as_of_date
            from scorecard.customer_indicators as indicators
            anti join scorecard.customers as customers
                on indicators.customer_id = customers.customer_id
            where indicators.customer_id is not null
            """,
            says="Every customer month belongs to a customer of the list.",
            because="A row of an unknown customer cannot be explained to anyone.",
            characteristic="consistency",
            columns=("customer_id",),
            reads=(CUSTOMERS.path,),
        ),
        INDICATORS.no_rows(
            "months_have_no_gap",
            """
            select customer_id from scorecard.customer_indicators
            where customer_id is not null
            group by customer_id
            having count(distinct as_of_date)
                <> datediff('month', min(as_of_date), max(as_of_date)) + 1
            """,
            says="No customer has a month missing between his first and his last.",
            because="Windows over months count rows; a gap would stretch them silently.",
            characteristic="completeness",
            columns=("as_of_date",),
        ),
    )


def _months_compared() -> tuple[Rule, ...]:
    return (
        volume(INDICATORS),
        money_has_its_rate(INDICATORS),
        INDICATORS.measure(
            "monthly_revenue_is_usual",
            """
            with by_month as (
                select as_of_date, sum(revenue_1m) as revenue
                from scorecard.customer_indicators group by as_of_date
            ),
            newest as (select max(as_of_date) as as_of_date from by_month)
            select sum(by_month.revenue) filter (where by_month.as_of_date = newest.as_of_date)
                / nullif(median(by_month.revenue) filter (
                    where by_month.as_of_date < newest.as_of_date
                        and by_month.as_of_date >= newest.as_of_date - interval 13 month
                ), 0)
            from by_month cross join newest
            """,
            low=REVENUE_SWING_LOW,
            high=REVENUE_SWING_HIGH,
            may_be_missing=True,
            says="Revenue of the last month is a third to three times that of a usual month.",
            because="More than a season: a file is missing, or came twice.",
            characteristic="credibility",
            severity="warn",
            columns=("revenue_1m",),
        ),
    )


def _cutoffs() -> tuple[Rule, ...]:
    return (
        *keys_present(CUTOFFS),
        key_is_unique(CUTOFFS),
        CUTOFFS.in_set(
            "dimension",
            ("recency", "frequency", "monetary"),
            says="The dimension is recency, frequency or monetary.",
            because="RFM has these three.",
        ),
        CUTOFFS.no_rows(
            "cutoffs_ascend",
            "select as_of_date, dimension from scorecard.rfm_cutoffs "
            "where cut_1 > cut_2 or cut_2 > cut_3 or cut_3 > cut_4",
            says="The four cut-offs of a dimension ascend.",
            because="Otherwise a better customer could get a lower score.",
            characteristic="consistency",
            columns=("cut_1", "cut_2", "cut_3", "cut_4"),
        ),
        CUTOFFS.no_rows(
            "learnt_on_what_was_known",
            "select as_of_date, dimension from scorecard.rfm_cutoffs where learnt_on > as_of_date",
            says="Cut-offs were learnt on or before the month they are used in.",
            because="A cut-off of the future changes the past each time it is learnt.",
            characteristic="currentness",
            columns=("learnt_on",),
        ),
    )


def _catalogue() -> tuple[Rule, ...]:
    return (
        *keys_present(CATALOGUE),
        key_is_unique(CATALOGUE),
        CATALOGUE.no_rows(
            "describes_every_indicator",
            """
            select columns.column_name as indicator_id
            from duckdb_columns() as columns
            anti join scorecard.indicator_catalogue as catalogue
                on columns.column_name = catalogue.indicator_id
                and columns.table_name = catalogue.mart
            where columns.database_name = current_database()
                and columns.schema_name = 'scorecard'
                and columns.table_name = 'customer_indicators'
                and columns.column_name not in ('customer_id', 'as_of_date')
            """,
            says="The catalogue describes every indicator that is published.",
            because="A figure without a definition means something else to everyone.",
            characteristic="traceability",
            columns=("indicator_id",),
            reads=(INDICATORS.path,),
        ),
        CATALOGUE.no_rows(
            "names_published_columns",
            """
            select named.mart, named.indicator_id
            from (
                select
                    mart,
                    indicator_id,
                    unnest([
                        indicator_id, source_rows_column, presence_column, low_column,
                        high_column, low_n_column, target_column
                    ]) as column_name
                from scorecard.indicator_catalogue
            ) as named
            anti join duckdb_columns() as columns
                on columns.database_name = current_database()
                and columns.schema_name = 'scorecard'
                and named.mart = columns.table_name
                and named.column_name = columns.column_name
            where named.column_name is not null
                and named.mart in (
                    select tables.table_name
                    from duckdb_tables() as tables
                    where tables.database_name = current_database()
                        and tables.schema_name = 'scorecard'
                )
            """,
            says="What the catalogue names is a column of the mart it names, where that is built.",
            because="Who follows a definition to its column, cases or interval must find them.",
            characteristic="traceability",
            columns=("indicator_id", "source_rows_column", "low_column", "high_column"),
        ),
    )


def _coverage() -> tuple[Rule, ...]:
    return (
        *keys(COVERAGE),
        month_ends(COVERAGE),
        COVERAGE.no_rows(
            "speaks_of_every_indicator_and_month",
            """
            select months.as_of_date, catalogue.indicator_id
            from (select distinct as_of_date from scorecard.customer_indicators) as months
            cross join (
                select indicator_id from scorecard.indicator_catalogue
                where mart = 'customer_indicators'
            ) as catalogue
            anti join scorecard.indicator_coverage as coverage
                on months.as_of_date = coverage.as_of_date
                and catalogue.indicator_id = coverage.indicator_id
            """,
            says="Every indicator of the catalogue has its row in every month.",
            because="What is not measured must be said, not left out.",
            characteristic="completeness",
            columns=("indicator_id",),
            reads=(INDICATORS.path, CATALOGUE.path),
        ),
        COVERAGE.no_rows(
            "counts_are_of_the_active",
            """
            select coverage.as_of_date, coverage.indicator_id
            from scorecard.indicator_coverage as coverage
            left join (
                select as_of_date, count(*) as customers, count(tier) as with_tier
                from scorecard.customer_indicators where is_active group by as_of_date
            ) as counted on coverage.as_of_date = counted.as_of_date
            where coverage.customers is distinct from coalesce(counted.customers, 0)
                or coverage.measured_customers not between 0 and coverage.customers
                or coverage.customers_without_cases
                    not between 0 and coverage.customers - coverage.measured_customers
                or coverage.measured_customers is null
                or coverage.customers_without_cases is null
                or (
                    coverage.indicator_id = 'tier'
                    and coverage.measured_customers <> coalesce(counted.with_tier, 0)
                )
            """,
            says="Customers are the active ones; measured and without a case are parts of them.",
            because="A share of another whole says nothing of how far to trust an indicator.",
            characteristic="consistency",
            columns=("customers", "measured_customers", "customers_without_cases"),
            reads=(INDICATORS.path,),
        ),
        COVERAGE.no_rows(
            "status_follows_from_the_counts",
            """
            select as_of_date, indicator_id from scorecard.indicator_coverage
            where status is distinct from case
                    when measured_customers = 0 then 'not measured'
                    when measured_customers < customers then 'partly measured'
                    else 'measured'
                end
                or (status = 'measured' and why_not is not null)
                or measured_share is distinct from measured_customers::double / nullif(customers, 0)
            """,
            says="Status and share say what the counts say; what is measured needs no reason.",
            because="Readers filter by the status.",
            characteristic="consistency",
            columns=("status", "measured_share", "why_not"),
        ),
        COVERAGE.no_rows(
            "what_is_not_connected_is_not_measured",
            """
            select coverage.as_of_date, coverage.indicator_id
            from scorecard.indicator_coverage as coverage
            inner join scorecard.source_months as months
                on coverage.needs_system = months.source_system
                and coverage.as_of_date >= months.as_of_date
            where coverage.measured_customers > 0
            group by coverage.as_of_date, coverage.indicator_id
            having not bool_or(months.is_measured)
            """,
            says="No indicator is measured without the system that it needs.",
            because="Then the catalogue names a wrong system, or the figure is made of nothing.",
            characteristic="traceability",
            columns=("needs_system", "measured_customers"),
            reads=(company.SOURCE_MONTHS.path,),
        ),
    )
