"""Rules of the product `backtest`: whether scores were followed by what they said.

Belongs here: the marts scorecard_backtest, scorecard_missed_greens. Not here: the scores
(`scorecard`), and whether the estimators' probabilities came true (`evaluation`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    customer_is_known,
    keys,
    month_ends,
    rates_flag_few_cases,
    rates_hold,
    shares,
)

OWNER = "customer analytics"
BACKTEST = Table("scorecard", "scorecard_backtest", OWNER, ("profile", "span", "as_of_date"))
MISSED = Table(
    "scorecard", "scorecard_missed_greens", OWNER, ("customer_id", "as_of_date", "profile")
)

# How many times as often as green customers red ones leave, at least.
RED_TO_GREEN_MIN = 2.0
RATES = {
    "churn": "customer_count",
    "green_churn": "green_count",
    "amber_churn": "amber_count",
    "red_churn": "red_count",
    "recall": "churned_count",
    "false_alarm": "stayed_count",
    "expansion": "expansion_known_count",
    "green_expansion": "green_expansion_known_count",
    "amber_expansion": "amber_expansion_known_count",
    "red_expansion": "red_expansion_known_count",
}


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_spans(), *_counts(), *_says_something(), *_missed())


def _spans() -> tuple[Rule, ...]:
    return (
        *keys(BACKTEST),
        month_ends(BACKTEST),
        *shares(BACKTEST, "churn_auc", "churn_auc_same_kind", "expansion_auc"),
        rates_hold(BACKTEST, *RATES),
        rates_flag_few_cases(BACKTEST, **RATES),
    )


def _counts() -> tuple[Rule, ...]:
    return (
        BACKTEST.no_rows(
            "counts_add_up",
            """
            select profile, span, as_of_date from scorecard.scorecard_backtest
            where green_count + amber_count + red_count <> customer_count
                or green_churned_count + amber_churned_count + red_churned_count <> churned_count
                or churned_count + stayed_count <> customer_count
                or green_expansion_known_count + amber_expansion_known_count
                    + red_expansion_known_count <> expansion_known_count
                or green_expanded_count + amber_expanded_count + red_expanded_count
                    <> expanded_count
            """,
            says="The bands add up to all customers with a score, and so do leavers and stayers.",
            because="A customer in no band, or in two, would make every rate wrong.",
            characteristic="consistency",
            columns=("customer_count", "churned_count", "stayed_count", "expansion_known_count"),
        ),
        BACKTEST.no_rows(
            "months_add_up_to_all_months",
            """
            select months.profile, 'all_months' as span, max(months.as_of_date) as as_of_date
            from scorecard.scorecard_backtest as months
            left join (
                select
                    profile, max(customer_count) as customer_count,
                    max(red_churned_count) as red_churned_count,
                    max(expanded_count) as expanded_count
                from scorecard.scorecard_backtest where span = 'all_months' group by profile
            ) as pooled on months.profile = pooled.profile
            where months.span = 'month'
            group by months.profile
            having sum(months.customer_count) is distinct from max(pooled.customer_count)
                or sum(months.red_churned_count) is distinct from max(pooled.red_churned_count)
                or sum(months.expanded_count) is distinct from max(pooled.expanded_count)
            """,
            says="The months of a profile add up to all months together.",
            because="Two ways to the same number must meet.",
            characteristic="consistency",
            columns=("customer_count", "red_churned_count", "expanded_count"),
        ),
    )


def _says_something() -> tuple[Rule, ...]:
    return (
        BACKTEST.measure(
            "red_health_leaves_more_often_than_green",
            """
            select min(red_to_green_ratio) from scorecard.scorecard_backtest
            where kind = 'health' and span = 'all_months'
                and not is_red_churn_low_n and not is_green_churn_low_n
            """,
            low=RED_TO_GREEN_MIN,
            may_be_missing=True,
            says="Customers in red health left at least twice as often as those in green.",
            because="A health score that does not come before leaving misleads whoever acts on it.",
            characteristic="credibility",
            severity="warn",
            columns=("red_to_green_ratio",),
        ),
        BACKTEST.no_rows(
            "health_is_judged_on_what_it_did_not_know",
            "select profile, span, as_of_date from scorecard.scorecard_backtest "
            "where kind = 'health' and is_partly_in_sample is distinct from false",
            says="No row of a health score rests on an estimator that knew the outcome.",
            because="A health score holds no estimate; judged on what it was trained on, it would "
            "only seem to warn.",
            characteristic="credibility",
            columns=("is_partly_in_sample",),
        ),
    )


def _missed() -> tuple[Rule, ...]:
    return (
        *keys(MISSED),
        month_ends(MISSED),
        customer_is_known(MISSED, "customer_id"),
        MISSED.no_rows(
            "were_green",
            """
            select missed.customer_id, missed.as_of_date, missed.profile
            from scorecard.scorecard_missed_greens as missed
            left join scorecard.customer_scorecard as card
                on missed.customer_id = card.customer_id
                and missed.as_of_date = card.as_of_date
                and missed.profile = card.profile
            where missed.customer_id is not null and missed.as_of_date is not null
                and missed.profile is not null and card.band is distinct from 'green'
            """,
            says="Whoever is listed was green in the scorecard of that month.",
            because="The list is of what was published, not of what would be computed today.",
            characteristic="consistency",
            columns=("customer_id", "score"),
            reads=("scorecard.customer_scorecard",),
        ),
        MISSED.no_rows(
            "left_after_the_month_end",
            "select customer_id, as_of_date, profile from scorecard.scorecard_missed_greens "
            "where churn_date <= as_of_date",
            says="Whoever is listed left after the month end.",
            because="Who had left before is no outcome of the score.",
            characteristic="accuracy",
            columns=("churn_date",),
        ),
        MISSED.no_rows(
            "are_all_listed",
            """
            select backtest.profile, backtest.as_of_date, 'all' as customer_id
            from scorecard.scorecard_backtest as backtest
            left join (
                select profile, as_of_date, count(*) as missed_count
                from scorecard.scorecard_missed_greens
                where customer_id is not null
                group by profile, as_of_date
            ) as missed
                on backtest.profile = missed.profile and backtest.as_of_date = missed.as_of_date
            where backtest.span = 'month'
                and backtest.green_churned_count > coalesce(missed.missed_count, 0)
            """,
            says="Every green customer who left is listed.",
            because="A list of misses with gaps makes the scorecard look better than it is.",
            characteristic="completeness",
            columns=("customer_id",),
            reads=(BACKTEST.path,),
        ),
    )
