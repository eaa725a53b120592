"""Dirty rows, planted in known numbers.

What belongs here: per table, the rows that are made wrong on purpose, and what the pipeline should
say of them. What does not: dirt that follows from the simulated facts themselves (invoices in a
currency without a rate, tickets before sign-up, overlapping subscriptions): the SQL plants it.

A dirty row is a copy of a good one with something changed, so that the good one stays and the
truth with it. Per file there is one for each thousand customers and rule, and never more than one
for each thousand rows, so that no file comes near the share at which a gate stops it.
"""

from dataclasses import dataclass

import duckdb

from examples.demo_company.writing import quoted

CUSTOMERS_PER_ROW = 1000
FILE_ROWS_PER_ROW = 1000


@dataclass(frozen=True)
class Dirt:
    """One kind of dirty row of a table.

    Attributes:
        table: Title of the table, such as ``billing.payments``.
        case: What is wrong.
        rule: The rule of ingestion that finds it; empty where a model flags it later.
        outcome: ``quarantined``, ``unchanged`` (counted, not stored) or ``flagged``.
        changes: Columns and the SQL of their wrong value.
        condition: Which rows may be copied.
        is_text: Whether the wrong value needs a text file; Parquet columns have types.
    """

    table: str
    case: str
    rule: str
    outcome: str
    changes: tuple[tuple[str, str], ...] = ()
    condition: str = "true"
    is_text: bool = False


DIRT = (
    Dirt(
        "billing.payments",
        "text in a number",
        "type",
        "quarantined",
        (("payment_id", "payment_id || '-X1'"), ("amount", "'n/a'")),
        is_text=True,
    ),
    Dirt(
        "billing.payments",
        "a day that does not exist",
        "type",
        "quarantined",
        (
            ("payment_id", "payment_id || '-X2'"),
            ("paid_at", "left(paid_at, 4) || '-02-30 10:00:00'"),
        ),
        is_text=True,
    ),
    Dirt(
        "billing.payments",
        "a status that nobody knows",
        "accepted_values",
        "quarantined",
        (("payment_id", "payment_id || '-X3'"), ("status", "'unknown'")),
    ),
    Dirt(
        "billing.payments",
        "an empty required field",
        "not_null",
        "quarantined",
        (("payment_id", "payment_id || '-X4'"), ("currency", "null")),
    ),
    Dirt(
        "billing.payments",
        "a payment without invoice",
        "",
        "flagged",
        (
            ("payment_id", "payment_id || '-X5'"),
            ("invoice_id", "'INV-0000-' || right(invoice_id, 7)"),
        ),
        "status = 'succeeded'",
    ),
    Dirt("billing.payments", "an exact duplicate", "", "unchanged"),
    Dirt("billing.invoices", "an exact duplicate", "", "unchanged"),
    Dirt("billing.invoice_lines", "an exact duplicate", "", "unchanged"),
    Dirt(
        "billing.invoice_lines",
        "a negative price",
        "min",
        "quarantined",
        (("line_id", "line_id || '-X1'"), ("unit_price", "-unit_price")),
        "unit_price > 0",
    ),
    Dirt(
        "support.tickets",
        "solved before opened",
        "not_before",
        "quarantined",
        (("ticket_id", "ticket_id || 'X1'"), ("solved_at", "created_at - interval 2 day")),
        "solved_at is not null",
    ),
    Dirt(
        "support.ticket_events",
        "a status that nobody knows",
        "accepted_values",
        "quarantined",
        (("event_id", "event_id || 'X1'"), ("to_status", "'archived'")),
    ),
    Dirt(
        "crm.customers",
        "a customer number used for two people on one day",
        "duplicate_key",
        "quarantined",
        (
            ("customer_name", "'Robin ' || reverse(customer_name)"),
            ("email", "'robin.' || customer_id || '@mail.example'"),
            ("phone", "'+44 7999' || right(customer_id, 6)"),
        ),
        "customer_kind = 'individual'",
    ),
    Dirt("crm.customers", "an exact duplicate", "", "unchanged"),
    Dirt(
        "crm.interactions",
        "a channel that nobody knows",
        "accepted_values",
        "quarantined",
        (("interaction_id", "interaction_id || 'X1'"), ("channel", "'fax'")),
    ),
    Dirt(
        "crm.interactions",
        "a day far in the future",
        "date_in_future",
        "quarantined",
        (("interaction_id", "interaction_id || 'X2'"), ("occurred_at", "timestamp '2099-01-01'")),
    ),
    Dirt("crm.interactions", "an exact duplicate", "", "unchanged"),
    Dirt(
        "survey.responses",
        "an answer off its scale",
        "",
        "flagged",
        (("response_id", "response_id || '-X1'"), ("answer", "11")),
        "question_id <> 'WALLET-SHARE'",
    ),
    Dirt(
        "survey.responses",
        "text in a number",
        "type",
        "quarantined",
        (("response_id", "response_id || '-X2'"), ("answer", "'very good'")),
        "question_id <> 'WALLET-SHARE'",
        is_text=True,
    ),
    Dirt(
        "usage.daily_counts",
        "a count of nothing",
        "min",
        "quarantined",
        (("feature", "'import'"), ("event_count", "0")),
        "event_kind = 'feature'",
    ),
    Dirt("usage.daily_counts", "an exact duplicate", "", "unchanged"),
)

# The last file of a table has a column that no contract knows.
EXTRA_COLUMNS = {"billing.payments": ("batch_no", "'B' || strftime(paid_at, '%y%m%d')")}


def with_dirt(
    con: duckdb.DuckDBPyConnection,
    title: str,
    query: str,
    order: str,
    *,
    is_typed: bool,
    is_last: bool,
    most: int,
) -> str:
    """Return the rows of a file with its dirty ones, and note how many there are.

    Args:
        con: The connection; the table `dirty_rows` takes the counts.
        title: The table, such as ``billing.payments``.
        query: The good rows.
        order: The columns that put them into one order.
        is_typed: Whether the file's columns have types, so that no text can stand in a number.
        is_last: Whether it is the table's last file.
        most: The most dirty rows of a kind.

    Returns:
        A query in the order of the file, whose good rows come before their dirty copies.
    """
    kinds = [kind for kind in DIRT if kind.table == title and not (kind.is_text and is_typed)]
    row = con.execute(f"select count(*) from ({query})").fetchone()
    if is_last and title in EXTRA_COLUMNS:
        name, value = EXTRA_COLUMNS[title]
        query = f"select *, {value} as {name} from ({query})"
        _note(con, title, "a column that no contract knows", "", "reported", "select 1")
    count = min(most, (int(row[0]) if row else 0) // FILE_ROWS_PER_ROW)
    if not kinds or count == 0:
        return f"{query} order by {order}"
    as_text = any(kind.is_text for kind in kinds)
    columns = "cast(columns(*) as varchar)" if as_text else "*"
    parts = [f"select {columns}, 0 as _n from ({query})"]
    for number, kind in enumerate(kinds, start=1):
        chosen = f"chosen_{number}"
        con.execute(
            f"create or replace temp table {chosen} as select {columns} from ({query}) "
            f"where {kind.condition} "
            f"order by hash({quoted(kind.case)}, {order}), {order} limit {count}"
        )
        changes = ", ".join(f"{value} as {column}" for column, value in kind.changes)
        replaced = f"* replace ({changes})" if changes else "*"
        parts.append(f"select {replaced}, {number} as _n from {chosen}")
        _note(con, title, kind.case, kind.rule, kind.outcome, f"from {chosen}")
    return f"select * exclude (_n) from ({' union all by name '.join(parts)}) order by {order}, _n"


def _note(
    con: duckdb.DuckDBPyConnection, title: str, case: str, rule: str, outcome: str, rows: str
) -> None:
    # No parameters: for them, the driver would import a data frame library first.
    noted = ", ".join(quoted(text) for text in (*title.split("."), case, rule, outcome))
    con.execute(f"insert into dirty_rows select {noted}, count(*) from ({rows})")
