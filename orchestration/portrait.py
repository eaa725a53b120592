"""Who a customer is, from what the release says: kind, sources, history, narrative thread.

What belongs here: reading that from the published marts and showing it in a terminal, as a part of
an explanation. What does not: the score (`orchestration.explain`), names of persons, texts, and ids
of source systems other than the CRM's, none of which a release holds or this shows.

Each part needs its own mart; what is not in the release is named and the rest is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.release.reading import read_rows

EVENTS_SHOWN = 20
_HISTORY = (
    "tier",
    "owner_id",
    "region",
    "plan_product_id",
    "subscribed_quantity",
    "plan_unit_price",
    "mrr",
)
_EVENT = ("occurred_at", "event_type", "source_system")
_EVENT_DETAILS = ("touchpoint", "channel", "detail", "amount")
_METHODS = {
    "own_id": "its own id",
    "exact_id": "the same id",
    "email": "e-mail",
    "phone": "phone",
    "manual": "decided by hand",
}


@dataclass(frozen=True)
class SourceRecords:
    """Records of one system that were found to be the customer.

    Attributes:
        system: The source system.
        method: How they were linked.
        count: How many there are.
    """

    system: str
    method: str
    count: int


@dataclass(frozen=True)
class Period:
    """Months in a row in which nothing that is told of the customer changed.

    Attributes:
        first_month: The first of them.
        last_month: The last of them.
        values: What held then, by column of the mart `customer_history`.
    """

    first_month: date
    last_month: date
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One event of the narrative thread; None is not told.

    Attributes:
        occurred_at: When it happened (UTC).
        event_type: What it was.
        system: The system that says so.
        where: Touchpoint and channel.
        detail: What more is known, as a code.
        amount: Its amount in the reporting currency.
    """

    occurred_at: datetime
    event_type: str
    system: str
    where: str
    detail: str
    amount: Decimal | None


@dataclass(frozen=True)
class Portrait:
    """Who a customer is.

    Attributes:
        facts: What the mart `customers` says, by column, with the values of that month where the
            history holds them.
        account: The CRM's id (else the customer_id) of the head of the account; None where the
            customer heads it, or no account is told.
        account_size: Customers in the account, this one included.
        sources: The records that the customer was put together from.
        history: Periods of its past, oldest first.
        events: The newest events up to the month asked for, newest first.
        event_count: How many events there are up to then.
        absent: The marts that the release does not hold.
    """

    facts: Mapping[str, Any]
    account: str | None
    account_size: int
    sources: tuple[SourceRecords, ...]
    history: tuple[Period, ...]
    events: tuple[Event, ...]
    event_count: int
    absent: tuple[str, ...]


def read_portrait(con: duckdb.DuckDBPyConnection, customer_id: str, month: date) -> Portrait:
    """Read who a customer is, as of a month.

    Args:
        con: A connection whose current database is the release's.
        customer_id: A customer of the mart `customers`.
        month: The month end up to which history and events are read.
    """
    columns = _columns(con)
    (known,) = read_rows(
        con, "select * from scorecard.customers where customer_id = ?", [customer_id]
    )
    history = _history(con, columns.get("customer_history", {}), customer_id, month)
    # Whatever the history tells, as it was in that month.
    facts = {**known, **(history[-1].values if history else {})}
    account, account_size = _account(con, facts)
    events, event_count = _events(con, columns.get("customer_events", {}), customer_id, month)
    needed = ("customer_sources", "customer_history", "customer_events")
    return Portrait(
        facts=facts,
        account=account,
        account_size=account_size,
        sources=_sources(con, columns.get("customer_sources", {}), customer_id),
        history=history,
        events=events,
        event_count=event_count,
        absent=tuple(mart for mart in needed if mart not in columns),
    )


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, bool]]:
    """The columns of every mart: an older release has fewer."""
    found: dict[str, dict[str, bool]] = {}
    for row in read_rows(
        con,
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'scorecard'",
    ):
        found.setdefault(row["table_name"], {})[row["column_name"]] = True
    return found


def _account(con: duckdb.DuckDBPyConnection, facts: Mapping[str, Any]) -> tuple[str | None, int]:
    account_id = facts.get("account_id")
    if account_id is None:
        return None, 1
    (row,) = read_rows(
        con,
        """
        select
            count(*) as account_size,
            max(case when customer_id = ? then coalesce(crm_customer_id, customer_id) end) as head
        from scorecard.customers
        where account_id = ?
        """,
        [account_id, account_id],
    )
    is_head = account_id == facts["customer_id"]
    return None if is_head else row["head"] or account_id, max(int(row["account_size"]), 1)


def _sources(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, bool], customer_id: str
) -> tuple[SourceRecords, ...]:
    if not columns:
        return ()
    rows = read_rows(
        con,
        """
        select source_system, link_method, record_count
        from scorecard.customer_sources
        where customer_id = ?
        order by source_system, record_count desc, link_method
        """,
        [customer_id],
    )
    return tuple(
        SourceRecords(row["source_system"], row["link_method"], int(row["record_count"]))
        for row in rows
    )


def _history(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, bool], customer_id: str, month: date
) -> tuple[Period, ...]:
    told = [name for name in _HISTORY if name in columns]
    if not told:
        return ()
    rows = read_rows(
        con,
        f"""
        select as_of_date, {", ".join(told)} from scorecard.customer_history
        where customer_id = ? and as_of_date <= ?
        order by as_of_date
        """,
        [customer_id, month],
    )
    periods: list[Period] = []
    for row in rows:
        values = {name: row[name] for name in told}
        if periods and periods[-1].values == values:
            periods[-1] = Period(periods[-1].first_month, row["as_of_date"], values)
        else:
            periods.append(Period(row["as_of_date"], row["as_of_date"], values))
    return tuple(periods)


def _events(
    con: duckdb.DuckDBPyConnection, columns: Mapping[str, bool], customer_id: str, month: date
) -> tuple[tuple[Event, ...], int]:
    if not all(name in columns for name in _EVENT):
        return (), 0
    told = ", ".join(
        name if name in columns else f"null as {name}" for name in (*_EVENT, *_EVENT_DETAILS)
    )
    rows = read_rows(
        con,
        f"""
        select {told}, count(*) over () as event_count
        from scorecard.customer_events
        where customer_id = ? and cast(occurred_at as date) <= ?
        order by occurred_at desc, event_type, source_system, amount
        limit {EVENTS_SHOWN}
        """,
        [customer_id, month],
    )
    events = tuple(
        Event(
            occurred_at=row["occurred_at"],
            event_type=row["event_type"],
            system=row["source_system"],
            where=", ".join(str(row[name]) for name in ("touchpoint", "channel") if row[name]),
            detail=str(row["detail"] or ""),
            amount=row["amount"],
        )
        for row in rows
    )
    return events, int(rows[0]["event_count"]) if rows else 0


def render_person(portrait: Portrait) -> RenderableType:
    """Show who the customer is and which records it was put together from, for rich."""
    facts = portrait.facts
    text = Text()
    kind = facts.get("customer_kind")
    name = facts.get("organisation_name") if kind == "organisation" else None
    text.append((kind or "kind not known").capitalize(), style="bold")
    if name:
        text.append(f" {name}", style="bold")
    for words, column in (
        ("", "industry"),
        ("", "region"),
        ("", "country"),
        ("owner ", "owner_id"),
        ("came by ", "acquisition_channel"),
        ("relationship ", "relationship_type"),
        ("first seen ", "first_seen_date"),
    ):
        if facts.get(column) is not None:
            text.append(f", {words}{facts[column]}")
    if portrait.account is not None:
        text.append(f"\nPart of the account of {portrait.account}")
        text.append(f", {portrait.account_size:,} customers")
    elif portrait.account_size > 1:
        text.append(f"\nHead of an account of {portrait.account_size:,} customers")
    if not portrait.sources:
        return text
    table = _table("Put together from", ("System", "Records", "Linked by"), right=("Records",))
    for source in portrait.sources:
        method = _METHODS.get(source.method, source.method.replace("_", " "))
        table.add_row(source.system, f"{source.count:,}", method)
    return Group(text, table)


def render_past(portrait: Portrait) -> RenderableType:
    """Show the customer's history and the newest events, for rich."""
    parts: list[RenderableType] = []
    if portrait.history:
        parts.append(_history_table(portrait.history))
    if portrait.events:
        parts.append(_event_table(portrait))
    if portrait.absent:
        parts.append(Text(f"Not in this release: {', '.join(portrait.absent)}.", style="dim"))
    return Group(*parts)


def _history_table(history: Sequence[Period]) -> Table:
    table = _table(
        "What held when",
        ("Months", "Tier", "Owner", "Region", "Plan", "Units", "Price", "A month"),
        right=("Units", "Price", "A month"),
    )
    for period in history:
        first, last = f"{period.first_month:%Y-%m}", f"{period.last_month:%Y-%m}"
        table.add_row(
            first if first == last else f"{first} to {last}",
            *(_shown(period.values.get(name)) for name in _HISTORY),
        )
    return table


def _event_table(portrait: Portrait) -> Table:
    shown = len(portrait.events)
    title = f"What happened, newest first ({shown:,} of {portrait.event_count:,})"
    table = _table(title, ("When", "What", "System", "Where", "More", "Amount"), right=("Amount",))
    for event in portrait.events:
        table.add_row(
            f"{event.occurred_at:%Y-%m-%d}",
            event.event_type.replace("_", " "),
            event.system,
            event.where,
            event.detail.replace("_", " "),
            "" if event.amount is None else _shown(event.amount),
        )
    return table


def _table(title: str, columns: Sequence[str], *, right: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)
