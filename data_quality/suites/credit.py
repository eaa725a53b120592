"""Rules of the product `credit`: grades, what they owe and what became of them.

Belongs here: the mart credit_by_grade, and the ratings of single customers in customer_indicators.
Not here: invoices and payments (`billing`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import few_cases_are_flagged, keys, month_ends, rates_hold

OWNER = "finance"
GRADES = Table("scorecard", "credit_by_grade", OWNER, ("as_of_date", "grade"))


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
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
