"""Rules of the marts that say whose figures these are, and which systems they come from.

Belongs here: the marts company and source_months, of the product `customers`. Not here: what the
systems sent (the suite `source`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    key_is_unique,
    keys_present,
    month_ends,
    months_are_complete,
)

OWNER = "customer analytics"
COMPANY = Table("scorecard", "company", OWNER, ("last_month",))
SOURCE_MONTHS = Table("scorecard", "source_months", OWNER, ("source_system", "as_of_date"))


def rules() -> tuple[Rule, ...]:
    """List the rules of both marts."""
    return (*_company(), *_source_months())


def _company() -> tuple[Rule, ...]:
    return (
        COMPANY.measure(
            "is_one_row",
            "select count(*) from scorecard.company",
            low=1,
            high=1,
            says="The company is told in exactly one row.",
            because="With none, nobody can say whose figures these are; with two, nobody knows.",
            characteristic="completeness",
            columns=("last_month",),
        ),
        COMPANY.not_null(
            "is_simulated",
            says="It is said whether the figures are simulated.",
            because="Simulated figures must never pass for real ones.",
        ),
        COMPANY.no_rows(
            "months_are_those_of_the_run",
            """
            select company.last_month from scorecard.company as company
            cross join control.run_window as run_window
            where company.last_month is distinct from run_window.last_month
                or company.first_month > company.last_month
            """,
            says="The company's last month is the run's, and its first is not after it.",
            because="Every page says from these dates what the figures cover.",
            characteristic="consistency",
            columns=("first_month", "last_month"),
            reads=("control.run_window",),
        ),
    )


def _source_months() -> tuple[Rule, ...]:
    return (
        *keys_present(SOURCE_MONTHS),
        key_is_unique(SOURCE_MONTHS),
        month_ends(SOURCE_MONTHS),
        months_are_complete(SOURCE_MONTHS),
        SOURCE_MONTHS.no_rows(
            "counts_stand_where_it_was_measured",
            """
            select source_system, as_of_date from scorecard.source_months
            where is_measured is distinct from (fact_count is not null)
            """,
            says="A system has a number of facts in the months in which it was measured, and in "
            "no other.",
            because="Missing is not zero: outside its time a system's facts are unknown.",
            characteristic="consistency",
            columns=("is_measured", "fact_count"),
        ),
    )
