"""Rules of the product `credit`: grades, what they owe and what became of them.

Belongs here: the marts credit_by_grade, credit_ratings, credit_points, credit_model_performance,
and the ratings of single customers in customer_indicators. Not here: invoices and payments
(`billing`), the estimators as such (`predictions`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    TOLERANCE,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    rates_hold,
    refused_share_is_small,
    shares,
)

OWNER = "finance"
GRADES = Table("scorecard", "credit_by_grade", OWNER, ("as_of_date", "grade"))
RATINGS = Table("scorecard", "credit_ratings", OWNER, ("customer_id", "as_of_date"))
POINTS = Table(
    "scorecard",
    "credit_points",
    OWNER,
    ("rating", "estimator_version", "characteristic", "bin_number"),
)
PERFORMANCE = Table(
    "scorecard", "credit_model_performance", OWNER, ("estimator_version", "rating", "slice")
)
# Handbook C13: 600 points are fifty good to one bad, 20 more double that; 200 bad to learn from.
BASE_POINTS, BASE_ODDS, DOUBLING_POINTS = 600, 50, 20
MIN_BAD = 200


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_grades(), *_ratings(), *_points(), *_performance())


def _grades() -> tuple[Rule, ...]:
    names = ", ".join(GRADES.keys)
    return (
        *keys(GRADES),
        month_ends(GRADES),
        rates_hold(GRADES, "bad"),
        few_cases_are_flagged(GRADES, "is_bad_low_n", "bad_cases"),
        GRADES.no_rows(
            "overdue_is_part_of_what_is_owed",
            f"""
            select {names} from scorecard.credit_by_grade
            where overdue_amount > receivable_amount or overdue_amount < 0
            """,
            says="No more is overdue than is owed.",
            because="Money counted as overdue twice would be asked for twice.",
            characteristic="consistency",
            columns=("overdue_amount", "receivable_amount"),
        ),
        GRADES.no_rows(
            "grades_count_every_customer_once",
            f"""
            select {names} from (
                select *, sum(customer_count) filter (where grade <> 'all') over (
                    partition by as_of_date
                ) as graded
                from scorecard.credit_by_grade
            ) as grades
            where grade = 'all' and customer_count <> graded
            """,
            says="The grades, with those unrated, add up to all customers.",
            because="A customer in two grades or in none has no terms of payment.",
            characteristic="consistency",
            columns=("customer_count",),
        ),
        GRADES.no_rows(
            "rated_customers_have_points_and_grade",
            """
            select grades.as_of_date, grades.grade from scorecard.credit_by_grade as grades
            inner join scorecard.customer_indicators as indicators
                on grades.as_of_date = indicators.as_of_date
                and grades.grade = coalesce(indicators.credit_grade, indicators.credit_status)
            where (indicators.credit_status = 'rated') <> (indicators.credit_points is not null)
                or (indicators.credit_points is null) <> (indicators.credit_grade is null)
                or indicators.credit_points not between 300 and 850
            """,
            says="Who is rated has 300 to 850 points and a grade; nobody else has.",
            because="A new customer is unrated, not worst.",
            characteristic="consistency",
            columns=("grade",),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _ratings() -> tuple[Rule, ...]:
    return (*_rating_claims(), *_learnt_claims())


def _rating_claims() -> tuple[Rule, ...]:
    return (
        *keys(RATINGS),
        refused_share_is_small(RATINGS, ["organisation"]),
        month_ends(RATINGS),
        RATINGS.in_set(
            "method",
            ("learnt", "expert", "unrated"),
            says="It is said whose points count: learnt, expert, or of nobody.",
            because="An opinion must not be read as an estimate.",
        ),
        RATINGS.no_rows(
            "unrated_have_no_points",
            """
            select customer_id, as_of_date from scorecard.credit_ratings
            where method in ('learnt', 'expert', 'unrated') and (
                    (method = 'unrated') <> (points is null)
                    or (credit_status = 'rated') = (method = 'unrated')
                )
                or points not between 300 and 850
            """,
            says="Who is rated has 300 to 850 points; who is new or unknown has none.",
            because="A new customer is unrated, not worst.",
            characteristic="consistency",
            columns=("credit_status", "method", "points"),
        ),
        RATINGS.no_rows(
            "grade_follows_from_the_points",
            """
            select ratings.customer_id, ratings.as_of_date
            from scorecard.credit_ratings as ratings
            left join seeds.credit_grades as grades
                on ratings.points >= grades.from_points and ratings.points < grades.to_points
            where ratings.grade is distinct from grades.grade
            """,
            says="The grade follows from the points, by the same limits for both ratings.",
            because="A grade must mean the same odds whoever gave the points.",
            characteristic="consistency",
            columns=("grade", "points"),
            reads=("seeds.credit_grades",),
        ),
        RATINGS.no_rows(
            "expert_points_are_those_of_the_indicator",
            """
            select ratings.customer_id, ratings.as_of_date
            from scorecard.credit_ratings as ratings
            inner join scorecard.customer_indicators as indicators
                on ratings.customer_id = indicators.customer_id
                and ratings.as_of_date = indicators.as_of_date
            where ratings.expert_points is distinct from indicators.credit_points
                or (ratings.method = 'expert' and ratings.points <> ratings.expert_points)
            """,
            says="The expert's points are those among the customer's indicators.",
            because="Two different opinions of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("expert_points", "points"),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _learnt_claims() -> tuple[Rule, ...]:
    return (
        RATINGS.no_rows(
            "probability_is_that_of_the_points",
            f"""
            select customer_id, as_of_date from scorecard.credit_ratings
            where (method = 'learnt') <> (bad_probability_12m is not null)
                or abs(
                    bad_probability_12m
                    - 1 / (1 + {BASE_ODDS} * 2 ** ((points - {BASE_POINTS}) / {DOUBLING_POINTS}.0))
                ) > {TOLERANCE}
            """,
            says="Learnt points, and only these, have a probability: that of their odds.",
            because="Equal points with different odds would make the scale a decoration.",
            characteristic="accuracy",
            columns=("bad_probability_12m", "points"),
        ),
        RATINGS.no_rows(
            "learnt_points_come_from_a_published_rating",
            """
            select ratings.customer_id, ratings.as_of_date
            from scorecard.credit_ratings as ratings
            left join scorecard.estimators as estimators
                on ratings.estimator_version = estimators.estimator_version
                and estimators.estimator = 'credit'
            where ratings.method = 'learnt' and estimators.status is distinct from 'published'
            """,
            says="No points come from a learnt rating that failed its own checks.",
            because="The expert rating must be used then, and must say so.",
            characteristic="credibility",
            columns=("method", "estimator_version"),
            reads=("scorecard.estimators",),
        ),
    )


def _points() -> tuple[Rule, ...]:
    names = ", ".join(POINTS.keys)
    return (
        *keys(POINTS),
        *shares(POINTS, "bad_ratio"),
        few_cases_are_flagged(POINTS, "is_low_n", "case_count"),
        POINTS.no_rows(
            "bad_are_part_of_the_cases",
            f"""
            select {names} from scorecard.credit_points
            where bad_count > case_count or bad_count < 0
            """,
            says="No more went bad in a bin than were in it.",
            because="A bad customer counted in another bin weighs on the wrong ones.",
            characteristic="consistency",
            columns=("bad_count", "case_count"),
        ),
        POINTS.no_rows(
            "bins_follow_one_another",
            f"""
            select {names} from (
                select *, lag(to_value) over (
                    partition by rating, estimator_version, characteristic order by bin_number
                ) as end_before
                from scorecard.credit_points
            ) as bins
            where from_value <> end_before or from_value >= to_value
            """,
            says="Each bin begins where the one before ends.",
            because="A value in two bins or in none has two ratings or none.",
            characteristic="consistency",
            columns=("from_value", "to_value"),
        ),
        POINTS.no_rows(
            "learnt_points_follow_the_evidence",
            f"""
            select {names} from (
                select *, lag(points) over (
                    partition by estimator_version, characteristic
                    order by evidence, points, bin_number
                ) as points_before
                from scorecard.credit_points
                where rating = 'learnt' and evidence is not null
            ) as bins
            where points < points_before
            """,
            says="In a learnt rating a bin of which fewer went bad has no fewer points.",
            because="Who pays better must not be rated worse.",
            characteristic="credibility",
            columns=("points", "evidence"),
        ),
    )


def _performance() -> tuple[Rule, ...]:
    names = ", ".join(PERFORMANCE.keys)
    return (
        *keys(PERFORMANCE),
        few_cases_are_flagged(PERFORMANCE, "is_low_n", "bad_customer_count"),
        interval_holds(PERFORMANCE, "gini", "gini_low", "gini_high"),
        PERFORMANCE.no_rows(
            "gini_is_that_of_the_auc",
            f"""
            select {names} from scorecard.credit_model_performance
            where abs(gini - (2 * auc - 1)) > 3 * {TOLERANCE} or (gini is null) <> (auc is null)
            """,
            says="Gini is twice the AUC less one.",
            because="Two measures of one thing that disagree are of different rows.",
            characteristic="consistency",
            columns=("gini", "auc"),
        ),
        PERFORMANCE.no_rows(
            "one_rating_is_used",
            """
            select estimator_version, min(rating) as rating, slice
            from scorecard.credit_model_performance
            where slice = 'test'
            group by estimator_version, slice
            having count(*) filter (where is_used) <> 1
            """,
            says="Of the learnt and the expert rating exactly one is used.",
            because="With two, or none, nobody knows what the grades rest on.",
            characteristic="consistency",
            columns=("is_used",),
        ),
        PERFORMANCE.no_rows(
            "refusal_has_a_reason",
            f"""
            select {names} from scorecard.credit_model_performance
            where status <> 'published' and coalesce(reason, '') = ''
            """,
            says="Where the expert rating stays it is said why.",
            because="A refusal is a valid result, but only with its reason.",
            characteristic="traceability",
            columns=("status", "reason"),
        ),
        PERFORMANCE.no_rows(
            "learnt_from_enough_and_no_worse_than_the_expert",
            f"""
            select learnt.estimator_version, learnt.rating, learnt.slice
            from scorecard.credit_model_performance as learnt
            left join scorecard.credit_model_performance as expert
                on learnt.estimator_version = expert.estimator_version
                and expert.rating = 'expert' and learnt.slice = expert.slice
            where learnt.rating = 'learnt' and learnt.is_used and (
                (learnt.slice = 'train' and learnt.bad_customer_count < {MIN_BAD})
                or (learnt.slice = 'test' and not coalesce(learnt.gini >= expert.gini, false))
            )
            """,
            says="A learnt rating is used only if it learnt from 200 customers who went bad and "
            "tells them no worse than the expert's.",
            because="Weights from a handful of cases are luck.",
            characteristic="credibility",
            columns=("is_used", "bad_customer_count", "gini"),
        ),
    )
