"""Rules of the marts that say whose figures these are, and which systems they come from.

Belongs here: the marts company, source_months and customer_sources, of the product `customers`.
Not here: what the systems sent (the suite `source`).
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
CUSTOMER_SOURCES = Table(
    "scorecard",
    "customer_sources",
    OWNER,
    ("customer_id", "source_system", "link_method"),
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the marts."""
    return (*_company(), *_source_months(), *_customer_sources())


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
        SOURCE_MONTHS.no_rows(
            "what_was_sent_is_measured",
            """
            select months.source_system
            from scorecard.source_months as months
            inner join control.systems as systems on months.source_system = systems.system
            where months.as_of_date between systems.measured_from and systems.complete_to
            group by months.source_system
            having count(*) filter (where months.is_measured) < 0.5 * count(*)
            """,
            says="Of the months between its first and its last fact, at least half count as "
            "measured in each system.",
            because="A month counts when its last facts are no older than the quiet days of the "
            "contract: a system that is used in mid-month needs more of them.",
            characteristic="completeness",
            severity="warn",
            columns=("is_measured",),
            reads=("control.systems",),
        ),
    )


def _customer_sources() -> tuple[Rule, ...]:
    return (
        *keys_present(CUSTOMER_SOURCES),
        key_is_unique(CUSTOMER_SOURCES),
        CUSTOMER_SOURCES.between(
            "record_count",
            1,
            None,
            says="Every row stands for at least one record.",
            because="A customer is put together from records; none is no link.",
        ),
        CUSTOMER_SOURCES.no_rows(
            "customer_is_known",
            """
            select sources.customer_id, sources.source_system, sources.link_method
            from scorecard.customer_sources as sources
            anti join scorecard.customers as customers
                on sources.customer_id = customers.customer_id
            where sources.customer_id is not null
            """,
            says="Every record belongs to a customer of the list.",
            because="A record of an unknown customer cannot be explained to anyone.",
            characteristic="consistency",
            columns=("customer_id",),
            reads=("scorecard.customers",),
        ),
        CUSTOMER_SOURCES.no_rows(
            "records_add_up",
            """
            select customers.customer_id
            from scorecard.customers as customers
            left join (
                select customer_id, sum(record_count) as record_count
                from scorecard.customer_sources
                group by customer_id
            ) as sources on customers.customer_id = sources.customer_id
            where customers.customer_id is not null
                and customers.source_record_count is distinct from sources.record_count
            """,
            says="A customer's records by system are as many as the list of customers says.",
            because="Otherwise a record was counted twice, or lost between two tables.",
            characteristic="accuracy",
            columns=("record_count",),
            reads=("scorecard.customers",),
        ),
    )
