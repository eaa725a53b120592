"""Rules about what came in: the raw tables, the ledger of loads and the quarantine.

Belongs here: whether the facts are enough, whole and recent. Not here: columns, types and values of
single rows, which the contract refuses at the door (`models/staging/*/_*__sources.yml`), and what
can only be seen when the systems are joined (`suites/findings.py`).

What must hold of every source table is one rule over all of them, made from the contracts: its
failing rows are the tables that break it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data_quality.contracts import SourceTable, load_source_tables
from data_quality.decisions import DECISIONS as CHAIN_OF_DECISIONS
from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    NEWEST_LOADS,
    REFUSED_LIMIT,
    WAITING_ROWS,
    refused_share_is_small,
)

OWNER = "data engineering"

LINES = Table("raw", "billing__invoice_lines", OWNER, ("line_id",))
INVOICES = Table("raw", "billing__invoices", OWNER, ("invoice_id",))
CREDITS = Table("raw", "billing__credit_notes", OWNER, ("credit_line_id",))
PRODUCTS = Table("raw", "billing__products", OWNER, ("product_id", "updated_at", "_load_id"))
CUSTOMERS = Table("raw", "crm__customers", OWNER, ("customer_id", "updated_at", "_load_id"))
LOADS = Table("control", "loads", OWNER, ("load_id",))
REFUSED = Table("quarantine", "refused_rows", OWNER, ("load_id",))
DECISIONS = Table("quarantine", "decisions", OWNER, ("decision_id",))
DECIDED = Table("quarantine", "decided_rows", OWNER, ("decision_id", "load_id"))
CONTRACTS = Table("control", "contracts", OWNER, ("system", "table_name"))
RATES = Table("raw", "billing__exchange_rates", OWNER, ("currency", "rate_date", "_load_id"))
SYSTEMS = Table("control", "systems", OWNER, ("system",))

# Tables without which there is no scorecard; any other may rightly be empty.
REQUIRED = (CUSTOMERS, PRODUCTS, INVOICES, LINES)
# A month's data ends by its last day, or a few days earlier where it ends in holidays.
LATE_DAYS = 7
# A whole month is missing: every customer would look as if he had stopped buying.
STALE_DAYS = 31
# The share of invoiced money that names no customer; about a seventh in the retail example.
ANONYMOUS_SHARE_LIMIT = 0.30
# Credits above half of what was invoiced are a wrong sign or a double load, not returns.
CREDIT_SHARE_LIMIT = 0.50
UNKNOWN_PRODUCT_LIMIT = 0.01
# A day takes the newest rate before it, however old; rates usually come by the month.
RATE_DAYS = 45


def rules() -> tuple[Rule, ...]:
    """List the rules of the source gate."""
    tables = load_source_tables()
    return (
        *(_volume(table) for table in REQUIRED),
        *_every_table(tables),
        *_ledger(),
        *_files(tuple(dict.fromkeys(t.system for t in tables if not t.is_optional))),
        *_quarantine(),
        *_decisions(),
        *_lines_match(),
        *_invoices_match(),
        *_sums(),
        *_reaches(),
        *_freshness(tables),
        _rates(),
    )


def _volume(table: Table) -> Rule:
    return table.has_rows(
        says=f"The source table {table.name} has at least one row.",
        because="Without it there is nothing to score; an empty table means a lost delivery.",
    )


def _every_table(tables: Sequence[SourceTable]) -> tuple[Rule, ...]:
    paths = tuple(table.path for table in tables)
    return (
        CONTRACTS.no_rows(
            "keys_are_unique",
            _tables_where(tables, _has_repeated_key),
            says="In no source table do two stored rows share the key of the contract.",
            because="A fact stored twice counts twice; ingestion must have kept one of the two.",
            characteristic="consistency",
            columns=("table_name",),
            reads=paths,
        ),
        CONTRACTS.no_rows(
            "rows_match_ledger",
            f"""
with stored as (
{_tables_select(tables, _rows_by_load)}
),
accepted as (
    select system, table_name, load_id, rows_accepted
    from control.loads where status = 'loaded'
)
select
    coalesce(stored.system, accepted.system) as system,
    coalesce(stored.table_name, accepted.table_name) as table_name
from stored
full outer join accepted
    on stored.system = accepted.system
    and stored.table_name = accepted.table_name
    and stored.load_id = accepted.load_id
group by all
having max(coalesce(stored.stored_count, 0) <> coalesce(accepted.rows_accepted, 0))
            """,
            says="Each source table holds exactly the rows that the ledger says were accepted.",
            because="More or fewer rows than the ledger counts came in another way, or were lost.",
            characteristic="traceability",
            columns=("table_name",),
            reads=(LOADS.path, *paths),
        ),
    )


def _tables_where(tables: Sequence[SourceTable], condition: Callable[[SourceTable], str]) -> str:
    """Write the query that names the source tables for which a query gives a row."""
    return "\nunion all\n".join(
        f"select '{table.system}' as system, '{table.name}' as table_name "
        f"where exists ({condition(table)})"
        for table in tables
    )


def _tables_select(tables: Sequence[SourceTable], select: Callable[[SourceTable], str]) -> str:
    return "\n    union all\n".join(f"    {select(table)}" for table in tables)


def _has_repeated_key(table: SourceTable) -> str:
    keys = ", ".join(table.key)
    return f"select 1 from {table.path} group by {keys} having count(*) > 1"


def _rows_by_load(table: SourceTable) -> str:
    return (
        f"select '{table.system}' as system, '{table.name}' as table_name, "
        f"_load_id as load_id, count(*) as stored_count from {table.path} group by _load_id"
    )


def _ledger() -> tuple[Rule, ...]:
    return (
        LOADS.has_rows(
            says="The ledger of loads knows at least one file.",
            because="Facts without a load cannot be traced to a file.",
        ),
        LOADS.no_rows(
            "rows_add_up",
            "select load_id from control.loads where status = 'loaded' and "
            "rows_read <> rows_accepted + rows_unchanged + rows_quarantined "
            "+ coalesce(rows_erased, 0)",
            says="For every file: rows read = accepted + unchanged + quarantined + erased.",
            because="A row that is in none of the four was lost on the way.",
            characteristic="traceability",
            columns=(
                "rows_read",
                "rows_accepted",
                "rows_unchanged",
                "rows_quarantined",
                "rows_erased",
            ),
        ),
    )


def _files(required: Sequence[str]) -> tuple[Rule, ...]:
    return (
        refused_share_is_small(LOADS, required),
        LOADS.no_rows(
            "refused_rows_are_few",
            f"select load_id, system, table_name from {WAITING_ROWS} as newest "
            "where status = 'loaded' and "
            f"rows_waiting > {REFUSED_LIMIT} * rows_read",
            says="No file, of any system, has more than 1 % of its rows in quarantine without a "
            "person's decision.",
            because="Most files have none; ask the source what changed, and send the file again.",
            characteristic="credibility",
            severity="warn",
            columns=("rows_quarantined",),
            reads=(DECIDED.path,),
        ),
        LOADS.no_rows(
            "no_file_is_refused",
            f"select load_id, system, table_name from {NEWEST_LOADS} as newest "
            "where status = 'refused'",
            says="No file was refused whole.",
            because="A refused file's facts are missing until it is corrected and sent again.",
            characteristic="completeness",
            severity="warn",
            columns=("status",),
        ),
    )


def _quarantine() -> tuple[Rule, ...]:
    return (
        LOADS.no_rows(
            "quarantine_is_complete",
            """
            select loads.load_id
            from control.loads as loads
            left join (
                select load_id, count(*) as refused_count
                from quarantine.refused_rows group by load_id
            ) as refused on loads.load_id = refused.load_id
            where loads.status = 'loaded'
                and loads.rows_quarantined <> coalesce(refused.refused_count, 0)
            """,
            says="Every refused row that the ledger counts lies in quarantine.",
            because="Nothing is dropped silently: a refused row must be found with its reason.",
            characteristic="traceability",
            columns=("rows_quarantined",),
            reads=(REFUSED.path,),
        ),
        REFUSED.no_rows(
            "reason_is_given",
            "select load_id, system, table_name from quarantine.refused_rows "
            "where coalesce(rule, '') = '' or coalesce(message, '') = '' or file is null",
            says="Every refused row names its file, its rule and its reason.",
            because="Without them nobody can correct it.",
            characteristic="traceability",
            columns=("rule", "message", "file"),
        ),
    )


def _decisions() -> tuple[Rule, ...]:
    return (
        DECISIONS.no_rows(
            "chain_is_whole",
            CHAIN_OF_DECISIONS.broken_links,
            says="Every decision about quarantined rows is as it was written, and none is missing.",
            because="Who let a row in, or left it out, must be found as it was said.",
            characteristic="traceability",
            columns=("decision_hash", "previous_hash", "rows_hash"),
            reads=(DECIDED.path,),
        ),
        DECISIONS.no_rows(
            "is_signed",
            "select decision_id from quarantine.decisions where trim(author) = '' "
            "or trim(reason) = '' or action not in ('release', 'dismiss')",
            says="Every decision about quarantined rows has an author and a reason.",
            because="A row that nobody answers for must not be in the figures, nor out of them.",
            characteristic="traceability",
            columns=("author", "reason", "action"),
        ),
        DECISIONS.no_rows(
            "rows_match_ledger",
            """
            select decisions.decision_id
            from quarantine.decisions as decisions
            left join control.loads as loads on decisions.decision_load_id = loads.load_id
            where loads.load_id is null
                or case decisions.action when 'release' then decisions.row_count else 0 end
                    <> loads.rows_accepted + loads.rows_unchanged
            """,
            says="Each release stored, by its own load, exactly the rows that it names; a "
            "dismissal stored none.",
            because="A row that left the quarantine and came nowhere is lost.",
            characteristic="traceability",
            columns=("row_count", "decision_load_id"),
            reads=(LOADS.path,),
        ),
        DECIDED.no_rows(
            "rows_are_decided_on_once",
            """
            select decided.load_id
            from quarantine.decided_rows as decided
            left join (
                select distinct load_id, line, rule from quarantine.refused_rows
            ) as refused
                on decided.load_id = refused.load_id
                and decided.line = refused.line
                and decided.rule = refused.rule
            group by decided.load_id, decided.line, decided.rule
            having count(*) > 1 or count(refused.load_id) = 0
            """,
            says="Every decision is about rows in quarantine, and no row was decided on twice.",
            because="A row released twice counts twice.",
            characteristic="consistency",
            columns=("load_id", "line", "rule"),
            reads=(REFUSED.path,),
        ),
    )


def _lines_match() -> tuple[Rule, ...]:
    return (
        LINES.no_rows(
            "invoice_exists",
            """
            select lines.line_id
            from raw.billing__invoice_lines as lines
            anti join raw.billing__invoices as invoices
                on lines.invoice_id = invoices.invoice_id
            """,
            says="Every invoice line stands on an invoice that was delivered.",
            because="A line without its invoice has no customer, so its revenue is lost.",
            characteristic="consistency",
            severity="quarantine",
            columns=("invoice_id",),
            reads=(INVOICES.path,),
        ),
        LINES.measure(
            "product_is_known",
            """
            select count(*) filter (where products.product_id is null) / nullif(count(*), 0)
            from raw.billing__invoice_lines as lines
            left join (select distinct product_id from raw.billing__products) as products
                on lines.product_id = products.product_id
            """,
            high=UNKNOWN_PRODUCT_LIMIT,
            says="At most 1 % of the invoice lines name a product that was not delivered.",
            because="The breadth of what a customer buys counts products.",
            characteristic="consistency",
            severity="warn",
            columns=("product_id",),
            reads=(PRODUCTS.path,),
        ),
    )


def _invoices_match() -> tuple[Rule, ...]:
    return (
        INVOICES.no_rows(
            "has_lines",
            """
            select invoices.invoice_id
            from raw.billing__invoices as invoices
            anti join raw.billing__invoice_lines as lines
                on invoices.invoice_id = lines.invoice_id
            """,
            says="Every invoice has at least one line.",
            because="An invoice without lines has no amount; its lines may still be on their way.",
            characteristic="completeness",
            severity="warn",
            columns=("invoice_id",),
            reads=(LINES.path,),
        ),
        INVOICES.measure(
            "customer_is_named",
            """
            select
                coalesce(
                    sum(lines.quantity * lines.unit_price)
                        filter (where invoices.customer_id is null), 0
                ) / nullif(sum(lines.quantity * lines.unit_price), 0)
            from raw.billing__invoice_lines as lines
            inner join raw.billing__invoices as invoices
                on lines.invoice_id = invoices.invoice_id
            """,
            high=ANONYMOUS_SHARE_LIMIT,
            says="At most 30 % of the invoiced money names no customer.",
            because="What names no customer is in no scorecard; more than usual hides customers.",
            characteristic="completeness",
            severity="warn",
            columns=("customer_id",),
            reads=(LINES.path,),
        ),
    )


def _sums() -> tuple[Rule, ...]:
    return (
        LINES.measure(
            "sum_is_positive",
            "select sum(quantity * unit_price) from raw.billing__invoice_lines",
            low=0.01,
            says="The invoiced amounts add up to more than nothing.",
            because="A sum of zero means that prices or quantities were not delivered.",
            characteristic="credibility",
            columns=("quantity", "unit_price"),
        ),
        CREDITS.measure(
            "credits_are_a_part_of_sales",
            """
            select
                -coalesce((select sum(quantity * unit_price) from raw.billing__credit_notes), 0)
                / nullif((select sum(quantity * unit_price) from raw.billing__invoice_lines), 0)
            """,
            low=-CREDIT_SHARE_LIMIT,
            high=CREDIT_SHARE_LIMIT,
            may_be_missing=True,
            says="Credits are at most half of what was invoiced.",
            because="More is a wrong sign or a file loaded twice, not returns.",
            characteristic="credibility",
            severity="warn",
            columns=("quantity", "unit_price"),
            reads=(LINES.path,),
        ),
    )


def _reaches() -> tuple[Rule, ...]:
    age = """
        select datediff('day', max(lines.invoiced_at)::date, max(run_window.last_month))
        from raw.billing__invoice_lines as lines cross join control.run_window as run_window
    """
    return (
        LINES.measure(
            "reaches_the_last_month",
            age,
            high=STALE_DAYS - 1,
            # Files may be loaded and judged before the first run has chosen its months.
            may_be_missing=True,
            says="The newest invoice line lies in the last month that is scored, or after it.",
            because="If the whole month is missing, every customer looks as if he had stopped.",
            characteristic="currentness",
            columns=("invoiced_at",),
            reads=("control.run_window",),
        ),
        LINES.measure(
            "is_recent",
            age,
            high=LATE_DAYS,
            may_be_missing=True,
            says="The newest invoice line is at most 7 days older than the last scored month end.",
            because="A month that ends early is likely not complete.",
            characteristic="currentness",
            severity="warn",
            columns=("invoiced_at",),
            reads=("control.run_window",),
        ),
    )


def _freshness(tables: Sequence[SourceTable]) -> tuple[Rule, ...]:
    watched = [table for table in tables if table.freshness_days and not table.is_reference]
    return (
        SYSTEMS.no_rows(
            "reaches_the_last_month",
            """
            select systems.system
            from control.systems as systems cross join control.run_window as run_window
            where systems.complete_to + systems.quiet_days < run_window.last_month
            """,
            says="Every system that sends facts sent its newest at most its quiet days before the "
            "last scored month end.",
            because="A system that ends earlier is not measured in that month, and coverage falls.",
            characteristic="currentness",
            severity="warn",
            columns=("complete_to", "quiet_days"),
            reads=("control.run_window",),
        ),
        CONTRACTS.no_rows(
            "facts_are_recent",
            _tables_where(watched, _is_stale),
            says="Every table of facts that has rows has one that is younger, at the last scored "
            "month end, than the days its contract allows.",
            because="A table that stopped coming looks like customers who stopped doing things.",
            characteristic="currentness",
            severity="warn",
            columns=("table_name",),
            reads=("control.run_window", *(table.path for table in watched)),
        ),
    )


def _rates() -> Rule:
    return RATES.no_rows(
        "rates_are_recent",
        f"""
        select rates.currency
        from raw.billing__exchange_rates as rates cross join control.run_window as run_window
        where rates.currency in (
            select invoices.currency from raw.billing__invoices as invoices
            where last_day(invoices.invoiced_at) = run_window.last_month
        )
        group by rates.currency
        having max(rates.rate_date) + {RATE_DAYS} < max(run_window.last_month)
        """,
        says="Every currency invoiced in the last month has an exchange rate that is at most "
        f"{RATE_DAYS} days older than the month's end.",
        because="An old rate is used in silence, and the revenue of that currency stands still.",
        characteristic="currentness",
        severity="warn",
        columns=("rate_date",),
        reads=(INVOICES.path, "control.run_window"),
    )


def _is_stale(table: SourceTable) -> str:
    return (
        f"select 1 from {table.path} as facts cross join control.run_window as run_window "
        f"having max(facts.{table.event_time})::date + {table.freshness_days} "
        "< max(run_window.last_month)"
    )
