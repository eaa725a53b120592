"""The figures of the company at a glance: all systems side by side, month by month.

Belongs here: queries over the marts that speak of the company as a whole, and the reason where a
part of the picture cannot be drawn. Not here: the scorecard's own figures (`figures`), how figures
look (`glance_charts`, `tiles`), formal indicators.

A part is there or it is named as missing: because its mart is not in the release, because the mart
is an older one without the columns, or because the system was not measured. Months in which a
system was not measured have no row here; nothing is ever filled with zeros.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from orchestration.release.manifest import Manifest
from orchestration.release.parts import Missing, Part, absence
from orchestration.release.reading import Row
from orchestration.release.small_cells import read_groups

OVERDUE_STEPS = (30, 60, 90)
FINDINGS_SHOWN = 12


PARTS: Mapping[str, Part] = {
    "customers": Part(
        "Customers by kind and tier",
        {
            "customers": ("customer_id", "customer_kind"),
            "customer_indicators": ("customer_id", "as_of_date", "tier", "is_active"),
        },
        unmeasured="the CRM says of no customer whether it is an organisation or a person",
    ),
    "revenue": Part("Revenue by month", {"customer_indicators": ("as_of_date", "revenue_1m")}),
    "mrr": Part(
        "Recurring revenue",
        {
            "mrr_movements": (
                "customer_id",
                "as_of_date",
                "opening_mrr",
                "new_mrr",
                "expansion_mrr",
                "contraction_mrr",
                "churned_mrr",
                "reactivation_mrr",
                "closing_mrr",
            )
        },
        unmeasured="billing sent no subscriptions",
    ),
    "overdue": Part(
        "Invoices overdue",
        {
            "invoices": (
                "invoice_id",
                "customer_id",
                "payment_status",
                "open_amount",
                "days_late",
            )
        },
        unmeasured="billing sent no payments",
    ),
    "tickets": Part(
        "Tickets",
        {
            "tickets": ("ticket_id", "month_end", "solved_at", "exclusion_reason"),
            "customer_activity": ("as_of_date", "tickets_opened"),
        },
        unmeasured="the service desk sent nothing",
    ),
    "surveys": Part(
        "Survey answers",
        {
            "survey_responses": (
                "measure",
                "score_0_100",
                "month_end",
                "is_latest_in_wave",
                "exclusion_reason",
            ),
            "customer_activity": ("as_of_date", "survey_invitations", "surveys_answered"),
        },
        unmeasured="the survey tool sent nothing",
    ),
    "usage": Part(
        "Active in the product",
        {"customer_activity": ("customer_id", "as_of_date", "active_days")},
        unmeasured="the product sent nothing of its use",
    ),
    "systems": Part(
        "What was measured when",
        {"source_months": ("source_system", "as_of_date", "is_measured", "fact_count")},
    ),
    "identity": Part(
        "From records to customers",
        {"identity_summary": ("as_of_date", "source_system", "link_method", "record_count")},
    ),
    "findings": Part(
        "Findings in the sources",
        {
            "source_findings": (
                "rule_id",
                "source_system",
                "source_table",
                "action",
                "row_count",
                "checked_count",
                "share",
                "explanation",
            )
        },
    ),
}


@dataclass(frozen=True)
class Glance:
    """The company at a glance; a part without rows is named in `missing`.

    Attributes:
        company: The row of the mart `company`; None where the release has none.
        customers: Rows with `tier`, `customer_kind`, `customer_count`, `active_count` of the
            newest month.
        revenue: Rows with `as_of_date`, `revenue`.
        mrr: Rows with `as_of_date`, `opening`, the five movements, `closing`, `customer_count`.
        overdue: Rows with `from_days`, `to_days` (None for the last), `invoice_count`,
            `customer_count`, `amount`, `unpriced_count`.
        tickets: Rows with `as_of_date`, `opened`, `solved`, `backlog`.
        surveys: Rows with `as_of_date`, `invited`, `answered`, and of the answers to the question
            of recommendation `low` (0 to 6 of 10), `middle` (7 and 8), `high` (9 and 10).
        usage: Rows with `as_of_date`, `active_count`, `customer_count`.
        systems: Rows of `source_months`.
        identity: Rows of `identity_summary` by system and method, sums left out.
        customer_count: How many customers the records became; None where that is not told.
        later_customer_count: How many of them were first seen after the newest month.
        findings: Rows of `source_findings` with at least one row, most rows first; the first ones.
        finding_count: How many there are.
        silent_rule_count: Rules that looked and found nothing.
        missing: What cannot be drawn.
    """

    company: Row | None = None
    customers: Sequence[Row] = ()
    revenue: Sequence[Row] = ()
    mrr: Sequence[Row] = ()
    overdue: Sequence[Row] = ()
    tickets: Sequence[Row] = ()
    surveys: Sequence[Row] = ()
    usage: Sequence[Row] = ()
    systems: Sequence[Row] = ()
    identity: Sequence[Row] = ()
    customer_count: int | None = None
    later_customer_count: int = 0
    findings: Sequence[Row] = ()
    finding_count: int = 0
    silent_rule_count: int = 0
    missing: Mapping[str, Missing] = field(default_factory=dict)

    @property
    def last_month(self) -> date | None:
        """The newest month of all parts."""
        return self.months[-1] if self.months else None

    @property
    def months(self) -> Sequence[date]:
        """Every month that any part knows, so that all charts stand over the same ones."""
        parts = (self.revenue, self.mrr, self.tickets, self.surveys, self.usage, self.systems)
        return sorted({row["as_of_date"] for part in parts for row in part})


def read_glance(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> Glance:
    """Read the company at a glance.

    Args:
        con: A connection whose current database is the release's.
        manifest: The release's manifest, which says which marts are there, and why others are not.
    """
    missing = {
        name: Missing(part.title, reason)
        for name, part in PARTS.items()
        if (reason := absence(part, manifest))
    }
    company = (
        read_groups(con, "select * from scorecard.company") if _has(manifest, "company") else []
    )
    found = {name: read(con) for name, read in _READERS.items() if name not in missing}
    for name, rows in found.items():
        if not rows:
            missing[name] = Missing(PARTS[name].title, PARTS[name].unmeasured)
    rules = [] if "findings" in missing else _findings(con)
    findings = [row for row in rules if row["row_count"]]
    resolved = None if "identity" in missing else _resolved_count(con)
    return Glance(
        company=company[0] if company else None,
        findings=findings[:FINDINGS_SHOWN],
        finding_count=len(findings),
        silent_rule_count=sum(1 for row in rules if row["row_count"] == 0),
        customer_count=resolved,
        later_customer_count=_later_count(con, manifest, resolved),
        missing=missing,
        **found,
    )


def _has(manifest: Manifest, mart: str) -> bool:
    return mart in manifest.marts


def _customers(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select
            indicators.tier,
            customers.customer_kind,
            count(*) as customer_count,
            count(*) filter (where indicators.is_active) as active_count
        from scorecard.customer_indicators as indicators
        inner join scorecard.customers as customers
            on indicators.customer_id = customers.customer_id
        where indicators.as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
            and exists (select 1 from scorecard.customers where customer_kind is not null)
        group by indicators.tier, customers.customer_kind
        order by indicators.tier nulls last, customers.customer_kind nulls last
        """,
    )


def _revenue(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select as_of_date, sum(revenue_1m) as revenue
        from scorecard.customer_indicators
        group by as_of_date
        order by as_of_date
        """,
    )


def _mrr(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select
            as_of_date,
            sum(opening_mrr) as opening,
            sum(new_mrr) as new,
            sum(expansion_mrr) as expansion,
            sum(reactivation_mrr) as reactivation,
            sum(contraction_mrr) as contraction,
            sum(churned_mrr) as churned,
            sum(closing_mrr) as closing,
            count(*) filter (where closing_mrr > 0) as customer_count
        from scorecard.mrr_movements
        group by as_of_date
        order by as_of_date
        """,
    )


def _overdue(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Count overdue invoices by how late they are; all steps are there once payments are known."""
    steps = ", ".join(
        f"({low}, {high if high is not None else 'null'})"
        for low, high in zip(
            (1, *(step + 1 for step in OVERDUE_STEPS)), (*OVERDUE_STEPS, None), strict=True
        )
    )
    return read_groups(
        con,
        f"""
        select
            steps.from_days,
            steps.to_days,
            count(invoices.invoice_id) as invoice_count,
            count(distinct invoices.customer_id) as customer_count,
            coalesce(sum(invoices.open_amount), 0) as amount,
            count(*) filter (
                where invoices.invoice_id is not null and invoices.open_amount is null
            ) as unpriced_count
        from (values {steps}) as steps (from_days, to_days)
        left join scorecard.invoices as invoices
            on invoices.payment_status = 'overdue'
            and invoices.days_late >= steps.from_days
            and (steps.to_days is null or invoices.days_late <= steps.to_days)
        where exists (
            select 1 from scorecard.invoices where payment_status <> 'not_measured'
        )
        group by steps.from_days, steps.to_days
        order by steps.from_days
        """,
    )


def _tickets(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Count tickets by month; a ticket is open until its final solution."""
    return read_groups(
        con,
        """
        with changes as (
            select month_end as as_of_date, 1 as opened, 0 as solved
            from scorecard.tickets
            where exclusion_reason is null
            union all
            select last_day(solved_at) as as_of_date, 0 as opened, 1 as solved
            from scorecard.tickets
            where exclusion_reason is null and solved_at is not null
        ), measured as (
            select as_of_date
            from scorecard.customer_activity
            where tickets_opened is not null
            group by as_of_date
        ), counted as (
            select
                coalesce(measured.as_of_date, changes.as_of_date) as as_of_date,
                measured.as_of_date is not null as is_measured,
                coalesce(sum(changes.opened), 0) as opened,
                coalesce(sum(changes.solved), 0) as solved
            from measured
            full join changes on measured.as_of_date = changes.as_of_date
            group by 1, 2
        ), running as (
            select *, sum(opened - solved) over (order by as_of_date) as backlog
            from counted
        )
        select
            as_of_date,
            cast(opened as bigint) as opened,
            cast(solved as bigint) as solved,
            cast(backlog as bigint) as backlog
        from running
        where is_measured
        order by as_of_date
        """,
    )


def _surveys(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        with asked as (
            select
                as_of_date,
                cast(sum(survey_invitations) as bigint) as invited,
                cast(sum(surveys_answered) as bigint) as answered
            from scorecard.customer_activity
            group by as_of_date
        ), recommended as (
            select
                month_end as as_of_date,
                count(*) filter (where score_0_100 < 70) as low,
                count(*) filter (where score_0_100 >= 70 and score_0_100 < 90) as middle,
                count(*) filter (where score_0_100 >= 90) as high
            from scorecard.survey_responses
            where measure = 'nps' and is_latest_in_wave and exclusion_reason is null
            group by month_end
        )
        select
            asked.as_of_date,
            asked.invited,
            asked.answered,
            coalesce(recommended.low, 0) as low,
            coalesce(recommended.middle, 0) as middle,
            coalesce(recommended.high, 0) as high
        from asked
        left join recommended on asked.as_of_date = recommended.as_of_date
        where asked.answered is not null
        order by asked.as_of_date
        """,
    )


def _usage(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select
            as_of_date,
            count(*) filter (where active_days > 0) as active_count,
            count(*) as customer_count
        from scorecard.customer_activity
        where active_days is not null
        group by as_of_date
        order by as_of_date
        """,
    )


def _systems(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con, "select * from scorecard.source_months order by source_system, as_of_date"
    )


def _identity(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select source_system, link_method, record_count
        from scorecard.identity_summary
        where source_system <> 'all' and link_method <> 'all'
            and as_of_date = (select max(as_of_date) from scorecard.identity_summary)
        order by source_system, record_count desc, link_method
        """,
    )


def _resolved_count(con: duckdb.DuckDBPyConnection) -> int | None:
    found = read_groups(
        con,
        """
        select customer_count from scorecard.identity_summary
        where source_system = 'all'
            and as_of_date = (select max(as_of_date) from scorecard.identity_summary)
        """,
    )
    return int(found[0]["customer_count"]) if found else None


def _later_count(con: duckdb.DuckDBPyConnection, manifest: Manifest, resolved: int | None) -> int:
    """Links are as known now, the list of customers ends with the newest month."""
    if resolved is None or not _has(manifest, "customers"):
        return 0
    (row,) = read_groups(con, "select count(*) as customer_count from scorecard.customers")
    return max(resolved - int(row["customer_count"]), 0)


def _findings(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(
        con,
        """
        select
            rule_id, source_system, source_table, action, row_count, checked_count, share,
            explanation
        from scorecard.source_findings
        order by row_count desc nulls last, source_system, source_table, rule_id
        """,
    )


_READERS: Mapping[str, Callable[[duckdb.DuckDBPyConnection], list[Row]]] = {
    "systems": _systems,
    "customers": _customers,
    "revenue": _revenue,
    "mrr": _mrr,
    "overdue": _overdue,
    "tickets": _tickets,
    "surveys": _surveys,
    "usage": _usage,
    "identity": _identity,
}
