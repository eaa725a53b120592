"""Rules of the product `finance`: the walk from the raw lines to the revenue in the scorecard.

Belongs here: the mart revenue_reconciliation.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import key_is_unique, keys_present

OWNER = "finance"
RECONCILIATION = Table("scorecard", "revenue_reconciliation", OWNER, ("step_number",))


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        RECONCILIATION.has_rows(
            says="The reconciliation has at least one step.",
            because="Without it nobody can say where a pound of revenue went.",
        ),
        *keys_present(RECONCILIATION),
        key_is_unique(RECONCILIATION),
        _running("amount", "amounts"),
        _running("line_count", "line counts"),
        *_explained(),
        *_ends(),
    )


def _running(column: str, words: str) -> Rule:
    return RECONCILIATION.no_rows(
        f"running_{column}_adds_up",
        f"""
        select step_number from (
            select step_number, running_{column}, sum({column}) over (order by step_number) as total
            from scorecard.revenue_reconciliation
        ) as steps
        where running_{column} is distinct from total
        """,
        says=f"The running {words} are the sum of the steps so far.",
        because="An auditor must be able to add the column up by hand.",
        characteristic="accuracy",
        columns=(column, f"running_{column}"),
    )


def _explained() -> tuple[Rule, ...]:
    return (
        RECONCILIATION.measure(
            "nothing_is_unexplained",
            "select max(abs(amount)) from scorecard.revenue_reconciliation "
            "where step = 'unexplained'",
            high=0,
            says="The step `unexplained` is there and is exactly zero.",
            because="Money that no step explains was lost or invented on the way.",
            characteristic="accuracy",
            columns=("amount",),
        ),
        RECONCILIATION.no_rows(
            "steps_are_explained",
            "select step_number from scorecard.revenue_reconciliation "
            "where coalesce(step, '') = '' or coalesce(explanation, '') = ''",
            says="Every step has a name and an explanation.",
            because="A deduction without a reason is not a reconciliation.",
            characteristic="traceability",
            columns=("step", "explanation"),
        ),
    )


def _ends() -> tuple[Rule, ...]:
    return (
        RECONCILIATION.measure(
            "ends_at_the_scorecard",
            """
            select
                (
                    select running_amount from scorecard.revenue_reconciliation
                    order by step_number desc limit 1
                )
                - (select sum(revenue_1m) from scorecard.customer_indicators)
            """,
            low=0,
            high=0,
            says="The last running amount is the revenue of all customer months in the scorecard.",
            because="The walk must end at the very number that is published.",
            characteristic="consistency",
            columns=("running_amount",),
            reads=("scorecard.customer_indicators",),
        ),
    )
