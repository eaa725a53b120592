"""The headline figures of the report page, as tiles.

Belongs here: which figures stand at the top, their words and definitions. Not here: queries
(`figures`, `glance`), the layout (`report` and its templates).

A tile stands only where its figure was measured: what is missing is named elsewhere on the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from orchestration.release.figures import Figures, Portfolio
from orchestration.release.formats import (
    format_change,
    format_integer,
    format_month,
    format_percent,
    format_score,
)
from orchestration.release.glance import Glance
from orchestration.release.reading import Row

Money = Callable[[Any], str]


@dataclass(frozen=True)
class Tile:
    """One headline figure.

    Attributes:
        label: What it is.
        value: The figure, formatted.
        detail: A second line: interval, change, share.
        definition: What the figure means.
        as_of: The month it stands at.
        source: Mart and column it comes from.
        spark: A small line of its months, as SVG.
    """

    label: str
    value: str
    detail: str
    definition: str
    as_of: date
    source: str
    spark: Markup


def company_tiles(figures: Figures, money: Money) -> list[Tile]:
    """The company in a few figures: customers, revenue, and what its other systems say."""
    glance = figures.glance
    tiles = [] if figures.portfolio is None else _customer_tiles(figures.portfolio, money)
    for rows, make in (
        (glance.mrr, _mrr_tile),
        (glance.tickets, _ticket_tile),
        (glance.surveys, _survey_tile),
        (glance.usage, _usage_tile),
        (glance.overdue, _overdue_tile),
    ):
        if rows:
            tiles.append(make(glance, money))
    return tiles


def scorecard_tiles(figures: Figures, money: Money) -> list[Tile]:
    """What the scorecard says of the customers: score, coverage, retention, risk."""
    if figures.portfolio is None:
        return []
    return [
        *_score_tiles(figures.portfolio),
        *_indicator_tiles(figures.portfolio, figures, money),
    ]


def _mrr_tile(glance: Glance, money: Money) -> Tile:
    now = glance.mrr[-1]
    change = format_change(now["closing"], now["opening"], money)
    return _tile(
        glance.mrr,
        "closing",
        label="Recurring revenue",
        value=money(now["closing"]),
        detail=f"a month, from {format_integer(now['customer_count'])} customers; {change}",
        definition="Monthly recurring revenue (MRR): what all subscriptions in force at the "
        "month's end bring in a month, at today's prices and quantities of each.",
        mart="mrr_movements",
        column="closing_mrr",
    )


def _ticket_tile(glance: Glance, _money: Money) -> Tile:
    now = glance.tickets[-1]
    return _tile(
        glance.tickets,
        "backlog",
        label="Open tickets",
        value=format_integer(now["backlog"]),
        detail=f"{format_integer(now['opened'])} opened and {format_integer(now['solved'])} solved "
        f"in {format_month(now['as_of_date'])}",
        definition="Tickets opened by the month's end and not finally solved by then; a ticket "
        "that was reopened counts as open until its last solution. Spam, tests and merged tickets "
        "are left out.",
        mart="tickets",
        column="solved_at",
    )


def _survey_tile(glance: Glance, _money: Money) -> Tile:
    year = glance.surveys[-12:]
    sums = {
        name: sum(row[name] or 0 for row in year)
        for name in ("invited", "answered", "low", "middle", "high")
    }
    asked = sums["low"] + sums["middle"] + sums["high"]
    parts = []
    if sums["invited"]:
        parts.append(f"{format_percent(sums['answered'] / sums['invited'])} of those invited")
    if asked:
        parts.append(
            f"would recommend: {format_percent(sums['high'] / asked)} say 9 or 10, "
            f"{format_percent(sums['low'] / asked)} say 0 to 6"
        )
    return _tile(
        glance.surveys,
        "answered",
        label="Surveys answered",
        value=format_integer(sums["answered"]),
        detail="; ".join(parts),
        definition=f"Surveys answered in the {len(year)} newest months in which they were "
        "measured, and their share of the invitations that arrived. Of the answers to “would you "
        "recommend us”, the shares at both ends of the scale from 0 to 10.",
        mart="survey_responses",
        column="score_0_100",
    )


def _usage_tile(glance: Glance, _money: Money) -> Tile:
    now = glance.usage[-1]
    share = format_percent(_ratio(now["active_count"], now["customer_count"]))
    return _tile(
        glance.usage,
        "active_count",
        label="Use the product",
        value=format_integer(now["active_count"]),
        detail=f"{share} of all customers, in {format_month(now['as_of_date'])}",
        definition="Customers with at least one day of use in the newest month in which the use of "
        "the product was measured.",
        mart="customer_activity",
        column="active_days",
    )


def _overdue_tile(glance: Glance, money: Money) -> Tile:
    invoices = sum(row["invoice_count"] for row in glance.overdue)
    amount = sum((row["amount"] for row in glance.overdue), Decimal(0))
    oldest = glance.overdue[-1]
    return Tile(
        label="Overdue",
        value=money(amount),
        detail=f"{format_integer(invoices)} invoices, {format_integer(oldest['invoice_count'])} of "
        f"them for over {oldest['from_days'] - 1} days",
        definition="What is still owed on invoices whose due date has passed at the end of the "
        "newest month, in the reporting currency.",
        as_of=glance.last_month or date.min,
        source="invoices.open_amount",
        spark=Markup(),
    )


def _customer_tiles(portfolio: Portfolio, money: Money) -> list[Tile]:
    now = portfolio.now
    active_share = format_percent(_ratio(now["active_customer_count"], now["customer_count"]))
    return [
        _tile(
            portfolio.months,
            "customer_count",
            label="Customers",
            value=format_integer(now["customer_count"]),
            detail=_change(portfolio.months, "customer_count", format_integer),
            definition="Everyone with a place in the scorecard of this month: known to the CRM or "
            "to billing by then.",
        ),
        _tile(
            portfolio.months,
            "active_customer_count",
            label="Active customers",
            value=format_integer(now["active_customer_count"]),
            detail=f"{active_share} of all",
            definition="Bought recently enough for their tier: the last purchase is no longer ago "
            "than nine in ten gaps between purchases in that tier (90 to 180 days).",
        ),
        _tile(
            portfolio.months,
            "revenue_12m",
            label="Revenue, 12 months",
            value=money(now["revenue_12m"]),
            detail=_change(portfolio.months, "revenue_12m", money),
            definition="Invoiced amounts less credits of the twelve months up to this date, for "
            "customers of the scorecard. Credits count on their own date.",
        ),
    ]


def _score_tiles(portfolio: Portfolio) -> list[Tile]:
    now = portfolio.now
    return [
        _tile(
            portfolio.months,
            "mean_score",
            label="Mean score",
            value=format_score(now["mean_score"]),
            detail=f"median {format_score(now['median_score'])}, "
            f"{format_integer(now['scored_count'])} scored",
            definition="Mean of the customers' scores, 0 to 100, higher is better. Red is below "
            "50, amber from 50, green from 75.",
        ),
        _tile(
            portfolio.months,
            "mean_coverage",
            label="Coverage",
            value=format_percent(now["mean_coverage"]),
            detail="of the profile's weight is measured",
            definition="Share of the profile's weight for which there is evidence, mean over "
            "customers. Below 60 % a customer's score is not published.",
        ),
    ]


def _indicator_tiles(portfolio: Portfolio, figures: Figures, money: Money) -> list[Tile]:
    if not portfolio.indicators:
        return _risk_tile(figures, money)
    now = portfolio.indicators[-1]
    low_n = ", few customers" if now["is_low_n"] else ""
    interval = (
        f"95 % interval {format_percent(now['customer_retention_low'])} to "
        f"{format_percent(now['customer_retention_high'])}{low_n}"
    )
    return [
        _tile(
            portfolio.indicators,
            "customer_retention_ratio",
            mart="portfolio_indicators",
            label="Retention",
            value=format_percent(now["customer_retention_ratio"]),
            detail=interval if now["customer_retention_ratio"] is not None else "",
            definition=f"Share of the customers active {now['period_months']} months ago who are "
            "active now. The interval is Wilson's.",
        ),
        _tile(
            portfolio.indicators,
            "top_20_percent_revenue_ratio",
            mart="portfolio_indicators",
            label="Top 20 % bring",
            value=format_percent(now["top_20_percent_revenue_ratio"]),
            detail="of revenue; as concentrated as "
            f"{format_integer(now['effective_customer_number'])} equal customers",
            definition="Share of positive twelve-month revenue that comes from the fifth of "
            "customers with the most; the effective number is 1 / Σ share².",
        ),
        *_risk_tile(figures, money),
    ]


def _risk_tile(figures: Figures, money: Money) -> list[Tile]:
    churn = figures.churn
    if churn is None or not churn.bands:
        return []
    at_risk = churn.months[-1]["value_at_risk"]
    spark = [row["value_at_risk"] for row in churn.months]
    counts = {row["risk_band"]: row["customer_count"] for row in churn.bands}
    high = counts.get("red", 0)
    return [
        Tile(
            label="Value at risk",
            value=money(at_risk),
            detail=f"{format_integer(high)} customers at high risk",
            definition="Sum over customers of churn probability times the value they would bring "
            "if they stayed. The section on churn says how far the probability may be trusted.",
            as_of=churn.as_of_date,
            source="predictions.value_at_risk",
            spark=Markup(_sparkline(spark)),  # noqa: S704 - numbers alone
        )
    ]


def _tile(
    months: Sequence[Row],
    values: str,
    *,
    label: str,
    value: str,
    detail: str,
    definition: str,
    mart: str = "tier_scorecard",
    column: str = "",
) -> Tile:
    spark = _sparkline([row[values] for row in months])
    return Tile(
        label=label,
        value=value,
        detail=detail,
        definition=definition,
        as_of=months[-1]["as_of_date"],
        source=f"{mart}.{column or values}",
        spark=Markup(spark),  # noqa: S704 - made of numbers alone
    )


def _change(months: Sequence[Row], column: str, form: Callable[[Any], str]) -> str:
    return format_change(months[-1][column], months[-2][column], form) if len(months) > 1 else ""


def _ratio(part: Any, whole: Any) -> float | None:
    return None if not whole or part is None else float(part) / float(whole)


def _sparkline(values: Sequence[Any]) -> str:
    # Imported where it is used: altair and vl-convert take about 2 s, and the command line imports
    # this module for commands that draw nothing.
    from orchestration.release.charts import sparkline

    return sparkline(values)
