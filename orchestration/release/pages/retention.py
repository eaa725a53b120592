"""The page of retention: who stays, what recurring revenue does, how loyal, at what cost.

Belongs here: what is read of the marts of retention and value and how it is told. Not here: other
pages, chart specifications.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_month,
    format_percent,
    format_score,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    SMALL,
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.shares import Share, share_by_group
from orchestration.release.pages.words import (
    TREND_COLOURS,
    count_of,
    interval,
    label_column,
    month_column,
    names,
    number,
    percent_interval,
    percent_short,
    rate,
    readable,
    tier_column,
    tier_name,
    tile,
)
from orchestration.release.parts import Part
from orchestration.release.reading import Row

TREND_MONTHS = 24
CAMPAIGNS_SHOWN = 12
SCALE_STEP = 10
_RATES: Mapping[str, tuple[str, str, str]] = {
    "customer_retention": (
        "Customers kept",
        "customer_retention_ratio",
        "Share of the customers active twelve months ago who are active now. Who left and came "
        "back within the year counts as kept.",
    ),
    "gross_revenue_retention": (
        "Recurring revenue kept",
        "gross_revenue_retention",
        "Of the monthly recurring revenue of twelve months ago, the share that the same customers "
        "still bring, growth left out: never above 100 %.",
    ),
    "net_revenue_retention": (
        "Recurring revenue kept, with growth",
        "net_revenue_retention",
        "Monthly recurring revenue of the customers of twelve months ago now, growth counted in, "
        "over theirs then. Above 100 % the customers there are grow faster than they leave.",
    ),
}
_MOVEMENTS = (
    ("new_mrr", "New"),
    ("reactivation_mrr", "Came back"),
    ("expansion_mrr", "Expansion"),
    ("contraction_mrr", "Contraction"),
    ("churned_mrr", "Churned"),
)


def _kept(reader: Reader) -> Section | None:
    months = reader.rows(
        """
        select *, as_of_date as month from (
            select * from scorecard.portfolio_indicators
            where period_months = 12 and start_customer_count > 0
            order by as_of_date desc limit ?
        ) as newest
        order by as_of_date
        """,
        [TREND_MONTHS],
    )
    if not months:
        return None
    now = months[-1]
    as_of = now["as_of_date"]
    tiers = reader.rows(
        """
        select * from scorecard.tier_indicators where as_of_date = ? and tier is not null
        order by tier
        """,
        [as_of],
    )
    has_mrr = any(row["gross_revenue_retention"] is not None for row in months)
    rates = {key: parts for key, parts in _RATES.items() if has_mrr or key == "customer_retention"}
    return Section(
        as_of=as_of,
        intro="Everyone who was a customer a year ago is followed to this day. Customers won since "
        "are not in these shares, so growth cannot hide that others leave.",
        said=[kept_said(now)],
        headline=f"Of the {format_integer(now['start_customer_count'])} customers active a year "
        f"ago {format_percent(now['customer_retention_ratio'])} still are"
        + (
            f"; their recurring revenue stands at {format_percent(now['net_revenue_retention'])} "
            "of what it was."
            if now["net_revenue_retention"] is not None
            else "."
        ),
        tiles=_kept_tiles(months),
        rows=[
            (
                _kept_by_month(months, rates),
                _then_and_now(now),
            ),
            *_by_tier(tiers, has_mrr=has_mrr),
        ],
    )


def _kept_by_month(months: Sequence[Row], rates: Mapping[str, tuple[str, str, str]]) -> Figure:
    return Figure(
        "Kept over twelve months, month by month",
        "Each point looks back twelve months. Bands: 95 % interval.",
        charts.lines(
            [
                {
                    "month": row["month"],
                    "series": label,
                    "value": row[column],
                    "low": row[f"{key}_low"],
                    "high": row[f"{key}_high"],
                }
                for key, (label, column, _) in rates.items()
                for row in months
            ],
            {
                label: colour
                for (label, _, _), colour in zip(rates.values(), TREND_COLOURS, strict=False)
            },
            tick=percent_short,
            domain=_around(
                [row[f"{key}_{end}"] for key in rates for end in ("low", "high") for row in months]
            ),
        ),
        Table(
            "Kept over twelve months",
            [
                month_column(),
                rate("Customers", "customer_retention_ratio", small_key="is_low_n"),
                rate("Revenue", "gross_revenue_retention"),
                rate("With growth", "net_revenue_retention"),
            ],
            months,
            sources="portfolio_indicators.customer_retention_ratio, "
            "gross_revenue_retention, net_revenue_retention (period_months = 12)",
        ),
        " ".join(text for _, _, text in rates.values()),
    )


def _then_and_now(now: Row) -> Figure:
    return Figure(
        "Customers, then and now",
        "From the active customers of a year ago to those of today.",
        charts.walk(
            [
                {
                    "label": "A year ago",
                    "value": now["start_customer_count"],
                    "is_total": True,
                },
                {
                    "label": "Lost",
                    "value": -now["lost_customer_count"],
                    "is_total": False,
                },
                {
                    "label": "Won back",
                    "value": now["won_back_customer_count"],
                    "is_total": False,
                },
                {
                    "label": "New",
                    "value": now["new_customer_count"],
                    "is_total": False,
                },
                {"label": "Now", "value": now["end_customer_count"], "is_total": True},
            ],
            form=format_integer,
        ),
        Table(
            "Active customers over the year",
            [
                month_column(),
                number("A year ago", "start_customer_count"),
                number("Lost", "lost_customer_count"),
                number("Won back", "won_back_customer_count"),
                number("New", "new_customer_count"),
                number("Now", "end_customer_count"),
            ],
            [now],
            sources="portfolio_indicators.start_customer_count, lost_customer_count, "
            "won_back_customer_count, new_customer_count, end_customer_count",
        ),
        "Active: bought recently enough for the tier, or under contract. Won back: was "
        "lost before the year began.",
    )


def kept_said(now: Row) -> str:
    """Who left and came, and whether recurring revenue makes up for it."""
    text = (
        f"{format_integer(now['lost_customer_count'])} of "
        f"{format_integer(now['start_customer_count'])} customers left in twelve months "
        f"({format_percent(now['customer_churn_ratio'])}), "
        f"{format_integer(now['new_customer_count'])} are new and "
        f"{format_integer(now['won_back_customer_count'])} were won back: there are "
        f"{_more_or_fewer(now)} than a year ago."
    )
    if now["net_revenue_retention_low"] is None:
        return text
    if now["net_revenue_retention_high"] < 1:
        return text + " Recurring revenue of those who stay does not make up for those who leave."
    if now["net_revenue_retention_low"] > 1:
        return text + " Recurring revenue of those who stay more than makes up for those who leave."
    return (
        text + " Whether those who stay make up for those who leave in recurring revenue cannot be "
        f"said: the interval runs from {percent_interval(now, 'net_revenue_retention')}."
    )


def _more_or_fewer(now: Row) -> str:
    difference = now["end_customer_count"] - now["start_customer_count"]
    if not difference:
        return "as many"
    return f"{format_integer(abs(difference))} {'more' if difference > 0 else 'fewer'}"


def _kept_tiles(months: Sequence[Row]) -> list[Any]:
    now = months[-1]
    tiles = [
        tile(
            label,
            format_percent(now[column]),
            f"95 % interval {percent_interval(now, key)}",
            definition=text,
            as_of=now["as_of_date"],
            source=f"portfolio_indicators.{column}",
            trend=[row[column] for row in months],
        )
        for key, (label, column, text) in _RATES.items()
        if now[column] is not None
    ]
    if now["winback_ratio"] is not None:
        tiles.append(
            tile(
                "Won back",
                format_percent(now["winback_ratio"]),
                f"of {format_integer(now['winback_count'])} losses, "
                f"95 % interval {percent_interval(now, 'winback')}",
                definition="Of the losses in the twelve months that ended 180 days ago, the share "
                "whose customer came back within 180 days.",
                as_of=now["as_of_date"],
                source="portfolio_indicators.winback_ratio",
                trend=[row["winback_ratio"] for row in months],
            )
        )
    return tiles


def _around(values: Sequence[Any]) -> tuple[float, float]:
    """Tenths around all values: what lies between 70 and 100 % needs no axis from 0."""
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=1)
    return max(math.floor(low * 10), 0) / 10, math.ceil(high * 10) / 10


def _by_tier(tiers: Sequence[Row], *, has_mrr: bool) -> list[Sequence[Figure | Table]]:
    if not tiers:
        return []
    kinds = [
        (
            "Customers kept, by tier",
            "customer_retention_ratio_12m",
            "customer_retention",
            "is_retention_low_n",
            "retention_start_count",
        )
    ]
    if has_mrr:
        kinds.append(
            (
                "Recurring revenue kept with growth, by tier",
                "net_revenue_retention_12m",
                "net_revenue_retention",
                "is_revenue_retention_low_n",
                "revenue_retention_count",
            )
        )
    figures = []
    for title, column, key, small_key, count in kinds:
        low, high = f"{key}_low_12m", f"{key}_high_12m"
        top = max([1.0, *(float(row[high]) for row in tiers if row[high] is not None)])
        figures.append(
            share_by_group(
                title,
                Share(column, low, high, small_key, count),
                tiers,
                told="Tier of a year ago. Dot: share. Bar: 95 % interval. Pale: few customers.",
                caption=f"{title}, 12 months",
                head=tier_column(),
                cases="A year ago",
                label="Share",
                definition=_RATES[key][2],
                sources=f"tier_indicators.{column}",
                highest=1 if top <= 1 else 0.4 * math.ceil(top / 0.4),
                interval_on_phone=True,
            )
        )
    return [tuple(figures)]


def _recurring(reader: Reader) -> Section | None:
    months = reader.rows(
        """
        select * from (
            select
                as_of_date as month,
                sum(opening_mrr) as opening_mrr,
                sum(new_mrr) as new_mrr,
                sum(reactivation_mrr) as reactivation_mrr,
                sum(expansion_mrr) as expansion_mrr,
                sum(contraction_mrr) as contraction_mrr,
                sum(churned_mrr) as churned_mrr,
                sum(closing_mrr) as closing_mrr
            from scorecard.mrr_movements
            group by as_of_date
            order by as_of_date desc
            limit 12
        ) as newest
        order by month
        """
    )
    if not months:
        return None
    first, last = months[0], months[-1]
    sums = {key: sum((row[key] for row in months), Decimal(0)) for key, _ in _MOVEMENTS}
    steps = [
        {
            "label": f"Before {format_month(first['month'])}",
            "value": first["opening_mrr"],
            "is_total": True,
        },
        *(
            {"label": label, "value": sums[key], "is_total": False}
            for key, label in _MOVEMENTS
            if sums[key]
        ),
        {
            "label": f"End of {format_month(last['month'])}",
            "value": last["closing_mrr"],
            "is_total": True,
        },
    ]
    gained = sum((value for value in sums.values() if value > 0), Decimal(0))
    lost = sum((value for value in sums.values() if value < 0), Decimal(0))
    return Section(
        as_of=last["month"],
        intro="Monthly recurring revenue: what all subscriptions in force bring in a month. What "
        "it was plus these movements is what it is, to the cent.",
        said=[
            f"In {count_of(len(months), 'month', 'months')} recurring revenue gained "
            f"{reader.money(gained)} a month and lost {reader.money(-lost)}: from "
            f"{reader.money(first['opening_mrr'])} to {reader.money(last['closing_mrr'])}."
        ],
        rows=[
            (
                _movements_of_year(reader, steps),
                _recurring_by_month(reader, months),
            )
        ],
    )


def _movements_of_year(reader: Reader, steps: Sequence[Row]) -> Figure:
    return Figure(
        "From a year ago to now",
        "Recurring revenue a month, with what moved it in twelve months.",
        charts.walk(steps, form=reader.money),
        Table(
            "Movements of the year",
            [label_column("Step"), number("A month", "value", reader.money)],
            steps,
            sources="mrr_movements.opening_mrr, new_mrr, reactivation_mrr, "
            "expansion_mrr, contraction_mrr, churned_mrr, closing_mrr",
        ),
        "Each customer has one movement in a month. Came back: from nothing, whatever the gap.",
    )


def _recurring_by_month(reader: Reader, months: Sequence[Row]) -> Figure:
    return Figure(
        "Recurring revenue at the end of each month",
        "All subscriptions in force.",
        charts.columns(
            [{"month": row["month"], "value": row["closing_mrr"]} for row in months],
            tick=charts.short_number,
        ),
        Table(
            "Movements of each month",
            [
                month_column(),
                number("New and back", "gained", reader.money, on_phone=False),
                number("Expansion", "expansion_mrr", reader.money),
                number("Contraction", "contraction_mrr", reader.money, on_phone=False),
                number("Churned", "churned_mrr", reader.money),
                number("Closing", "closing_mrr", reader.money),
            ],
            [{**row, "gained": row["new_mrr"] + row["reactivation_mrr"]} for row in months],
            sources="mrr_movements.closing_mrr, expansion_mrr, churned_mrr",
        ),
        "At the price and quantity in force at the month’s end.",
    )


def _winback(reader: Reader) -> Section | None:
    tiers = reader.rows(
        """
        select * from scorecard.tier_indicators
        where tier is not null and as_of_date = (
            select max(as_of_date) from scorecard.tier_indicators where winback_count is not null
        )
        order by tier
        """
    )
    every = reader.rows(
        """
        select *, 'all' as tier from scorecard.portfolio_indicators
        where winback_count is not null and period_months = (
            select max(period_months) from scorecard.portfolio_indicators where period_months <= 12
        )
        order by as_of_date desc limit 1
        """
    )
    listed = [*tiers, *every]
    if not any(row["winback_count"] for row in listed):
        return None
    return Section(
        as_of=listed[-1]["as_of_date"],
        intro="A lost customer has 180 days to come back before the answer counts. The year of "
        "losses that is judged therefore ended 180 days ago; later losses are pending.",
        rows=[
            (
                _winback_by_tier(listed),
                _losses(listed),
            )
        ],
    )


def _winback_by_tier(listed: Sequence[Row]) -> Figure:
    return share_by_group(
        "Lost customers won back within 180 days",
        Share.named("winback", cases="winback_count"),
        listed,
        told="Dot: share. Bar: 95 % interval. Pale: few customers.",
        caption="Won back",
        head=tier_column(),
        cases="Losses",
        label="Won back",
        more=[number("Pending", "winback_pending_count")],
        definition="By the day of the loss, not by the day on which the customer had joined.",
        sources="tier_indicators.winback_ratio, portfolio_indicators.winback_ratio",
    )


def _losses(listed: Sequence[Row]) -> Table:
    return Table(
        "Lost and won back",
        [
            tier_column(),
            number("Losses", "winback_count", small_key="is_winback_low_n"),
            rate("Won back", "winback_ratio"),
            number("Pending", "winback_pending_count"),
        ],
        listed,
        note="Who is lost twice counts twice. Pending: lost less than 180 days ago, in "
        "no share yet.",
        sources="tier_indicators, portfolio_indicators",
    )


_SCALES = (
    ("loyalty_index", "Loyalty index"),
    ("depth_index", "Relationship depth"),
    ("stickiness_1m", "Stickiness"),
)


def _loyalty(reader: Reader) -> Section | None:
    bins = reader.rows(
        f"""
        with newest as (
            select * from scorecard.customer_indicators
            where is_active and as_of_date = (
                select max(as_of_date) from scorecard.customer_indicators
            )
        ), long as (
            select as_of_date, 'loyalty_index' as scale, loyalty_index as value from newest
            union all
            select as_of_date, 'depth_index' as scale, depth_index as value from newest
            union all
            select as_of_date, 'stickiness_1m' as scale, 100 * stickiness_1m as value from newest
        ), steps as (
            select i * {SCALE_STEP} as low from range({100 // SCALE_STEP}) as steps (i)
        ), counted as (
            select
                scale,
                least(floor(value / {SCALE_STEP}) * {SCALE_STEP}, {100 - SCALE_STEP}) as low,
                count(*) as customer_count
            from long
            where value is not null
            group by all
        ), scales as (
            select
                scale,
                max(as_of_date) as as_of_date,
                count(value) as measured_count,
                count(*) as active_count,
                median(value) as median_value
            from long
            group by scale
        )
        select
            scales.*,
            steps.low,
            steps.low + {SCALE_STEP} as high,
            coalesce(counted.customer_count, 0) as customer_count
        from scales
        cross join steps
        left join counted on scales.scale = counted.scale and steps.low = counted.low
        order by scales.scale, steps.low
        """
    )
    figures = []
    for scale, title in _SCALES:
        rows = [row for row in bins if row["scale"] == scale and row["measured_count"]]
        if not rows:
            continue
        named = reader.catalogue.get(scale, {}).get("name") or title
        is_share = scale.startswith("stickiness")
        middle = (
            f"{rows[0]['median_value']:.0f} %"
            if is_share
            else format_score(rows[0]["median_value"])
        )
        figures.append(
            Figure(
                str(named),
                f"Active customers by {'share of days' if is_share else 'score'}; half are below "
                f"{middle}. Measured for {format_integer(rows[0]['measured_count'])} of "
                f"{format_integer(rows[0]['active_count'])}.",
                charts.histogram(rows),
                Table(
                    f"{named}, active customers",
                    [
                        Column(
                            "From",
                            lambda row: f"{row['low']:.0f} to {row['high']:.0f}",
                            is_number=False,
                            is_head=True,
                        ),
                        number("Customers", "customer_count"),
                    ],
                    rows,
                    sources=f"customer_indicators.{scale}",
                ),
                reader.meaning(scale) or title,
            )
        )
    if not figures:
        return None
    pairs = [tuple(figures[place : place + 2]) for place in range(0, len(figures), 2)]
    measured = {row["scale"] for row in bins if row["measured_count"]}
    lacking = [title for scale, title in _SCALES if scale not in measured]
    return Section(
        as_of=bins[0]["as_of_date"],
        intro="How loyal the active customers are, how deep the relationship is, and on how many "
        "days of the month they use the product.",
        said=[f"Not measured: {', '.join(title.lower() for title in lacking)}."] if lacking else [],
        rows=_with_tiers(reader, pairs),
    )


def _with_tiers(reader: Reader, pairs: list[tuple[Figure, ...]]) -> list[Sequence[Figure | Table]]:
    """Put the means of the tiers beside a chart that would stand alone."""
    rows: list[Sequence[Figure | Table]] = list(pairs)
    if len(pairs[-1]) == 2:
        return rows
    tiers = reader.rows(
        """
        select * from scorecard.tier_indicators
        where tier is not null and as_of_date = (
            select max(as_of_date) from scorecard.tier_indicators
        )
        order by tier
        """
    )
    table = Table(
        "By tier, means",
        [
            tier_column(),
            number("Active", "active_customer_count"),
            number("Loyalty", "mean_loyalty_index", format_score),
            number("Depth", "mean_depth_index", format_score),
        ],
        tiers,
        note="0 to 100. Means over the tier’s customers for whom it is measured.",
        sources="tier_indicators.mean_loyalty_index, mean_depth_index",
    )
    rows[-1] = (*pairs[-1], table)
    return rows


def _acquisition(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.acquisition_cost
        where period_months = 12 and acquisition_cost is not null and as_of_date = (
            select max(as_of_date) from scorecard.acquisition_cost
            where period_months = 12 and acquisition_cost is not null
        )
        order by channel = 'all' desc, acquisition_cost_per_customer nulls last, channel, tier
        """
    )
    channels = [
        {**row, "label": "All" if row["channel"] == "all" else _channel(row["channel"])}
        for row in rows
        if row["tier"] == "all"
    ]
    if not channels:
        return None
    tiers = [row for row in rows if row["channel"] == "all"]
    every = channels[0]

    def payback(caption: str, name: str, listed: Sequence[Row], note: str = "") -> Table:
        return Table(
            caption,
            [
                label_column(name),
                number("Won", "new_customer_count", small_key="is_low_n"),
                number("Each", "acquisition_cost_per_customer", reader.money, on_phone=False),
                Column("Pays back in", _months),
            ],
            listed,
            note=note,
            sources="acquisition_cost.payback_months",
        )

    return Section(
        as_of=every["as_of_date"],
        intro="Media, pay, tools and other cost of winning customers, set against the customers "
        f"won {count_of(every['lag_months'], 'month', 'months')} later: that is how long it takes. "
        "Payback: months until a customer’s margin has brought the cost back.",
        said=[
            f"Winning a customer cost {reader.money(every['acquisition_cost_per_customer'])} in "
            f"twelve months ({format_integer(every['new_customer_count'])} won for "
            f"{reader.money(every['acquisition_cost'])}); "
            + (
                f"it pays back in {format_score(every['payback_months'])} months."
                if every["payback_months"] is not None
                else "how soon it pays back is not measured."
            )
        ],
        tiles=[
            tile(
                "Cost of a new customer",
                reader.money(every["acquisition_cost_per_customer"]),
                f"pays back in {format_score(every['payback_months'])} months"
                if every["payback_months"] is not None
                else "payback is not measured",
                definition="All cost of winning customers over the customers won, twelve months"
                + (
                    ""
                    if every["is_fully_loaded"]
                    else "; pay or tools are not known, so the true cost is higher"
                )
                + ".",
                as_of=every["as_of_date"],
                source="acquisition_cost.acquisition_cost_per_customer",
            )
        ],
        rows=[
            (
                _cost_by_channel(reader, channels),
                payback("Payback by channel", "Channel", channels),
            ),
            (
                payback(
                    "Payback by tier",
                    "Tier",
                    sorted(
                        (
                            {**row, "label": tier_name(row["tier"])}
                            for row in tiers
                            if row["tier"] != "all"
                        ),
                        key=lambda row: str(row["label"]),
                    ),
                    note="Tier: the one at the end of the month in which the customer was won."
                    + (
                        ""
                        if every["is_fully_loaded"]
                        else " Pay or tools are not known: the true cost is higher."
                    ),
                ),
            ),
        ],
    )


def _cost_by_channel(reader: Reader, channels: Sequence[Row]) -> Figure:
    return Figure(
        "Cost of a new customer, by channel",
        "Twelve months. Pale: few customers won.",
        charts.bars(
            [
                {
                    "label": row["label"],
                    "value": row["acquisition_cost_per_customer"],
                    "is_small": row["is_low_n"],
                }
                for row in channels
            ],
            form=reader.money,
        ),
        Table(
            "Cost by channel, 12 months",
            [
                label_column("Channel"),
                number("Cost", "acquisition_cost", reader.money),
                number("Won", "new_customer_count", small_key="is_low_n"),
                number("Each", "acquisition_cost_per_customer", reader.money),
                number("Shared cost in it", "shared_cost", reader.money),
            ],
            channels,
            sources="acquisition_cost.acquisition_cost_per_customer",
        ),
        "Shared cost is divided among the channels by their part in the contacts that "
        "led to customers.",
    )


def _sent_without_consent(rows: Sequence[Row]) -> list[str]:
    """What the campaigns shown sent to customers and leads who had not agreed, where they did."""
    sums = {
        "customers": sum(row["sent_without_consent_count"] for row in rows),
        # A release may hold campaigns of a version that did not judge messages to leads.
        "leads": sum(row.get("sent_to_lead_without_consent_count") or 0 for row in rows),
    }
    return [
        f"{count_of(sent, 'message', 'messages')} of these campaigns went to {whom} who had not "
        "agreed to marketing at that moment."
        for whom, sent in sums.items()
        if sent
    ]


def _campaigns(reader: Reader) -> Section | None:
    rows = [
        {**row, "label": row["campaign_id"]}
        for row in reader.rows(
            f"""
            select * from scorecard.campaign_performance
            where cost_amount is not null and as_of_date = (
                select max(as_of_date) from scorecard.campaign_performance
                where cost_amount is not null
            )
            order by starts_on desc nulls last, campaign_id desc
            limit {CAMPAIGNS_SHOWN}
            """
        )
    ]
    if not rows:
        return None
    effects = [
        {**row, "label": row["campaign_id"]}
        for row in reader.rows(
            """
            select * from scorecard.campaign_effects
            where as_of_date = (select max(as_of_date) from scorecard.campaign_effects)
            order by campaign_id desc
            """
        )
    ]
    value = "revenue" if rows[0]["value_basis"] == "revenue" else "margin"
    returned = [row for row in rows if row["linear_return_ratio"] is not None]
    costs = Table(
        "Cost and return of campaigns",
        [
            label_column("Campaign"),
            number("Cost", "cost_amount", reader.money),
            number("Leads", "lead_count", on_phone=False),
            number("Per lead", "cost_per_lead", reader.money),
            rate("By first message", "first_touch_return_ratio", on_phone=False),
            rate("By last", "last_touch_return_ratio", on_phone=False),
            rate("Equal shares", "linear_return_ratio"),
        ],
        rows,
        note="A return is empty while messages are younger than 30 days. This cost is not added to "
        "the cost of new customers: the same invoice may stand in both.",
        sources="campaign_performance.cost_per_lead, linear_return_ratio",
    )
    return Section(
        as_of=rows[0]["as_of_date"],
        intro=f"What campaigns cost, and the {value} of purchases in the 30 days after their "
        "messages. Credited is not caused: most of it would have been bought anyway, so these "
        "returns compare campaigns with each other and prove none. Only a control group, chosen "
        "by lot, shows what a campaign itself brought.",
        said=[
            *(
                [_effect_of(reader, row) for row in effects]
                or [
                    "No campaign had a control group, so what they themselves brought is not known."
                ]
            ),
            *_sent_without_consent(rows),
        ],
        rows=[
            (
                Figure(
                    f"Return on cost, {value} credited in equal shares",
                    f"The newest campaigns. 100\u00a0% means twice the cost came back as {value}.",
                    charts.bars(
                        [
                            {"label": row["label"], "value": row["linear_return_ratio"]}
                            for row in returned
                        ],
                        form=percent_short,
                    ),
                    costs,
                    f"Return: {value} credited less cost, divided by cost. Each purchase is shared "
                    "once among all messages of the 30 days before it; a large one can carry a "
                    "campaign.",
                ),
            ),
            *([(_effects_table(reader, effects, value),)] if effects else []),
        ],
    )


def _points(value: Any) -> str:
    """`-0.05` as `−5.0`."""
    return "–" if value is None else f"{100 * float(value):+.1f}".replace("-", "−")


def _effects_table(reader: Reader, effects: Sequence[Row], value: str) -> Table:
    return Table(
        "Campaigns with a control group",
        [
            label_column("Campaign"),
            number("Treated", "treated_count", small_key="is_low_n"),
            number("Control", "control_count", small_key="is_low_n", on_phone=False),
            number("More buyers", "incremental_conversion", _points, on_phone=False),
            interval("incremental_conversion_low", "incremental_conversion_high", _points),
            number(f"More {value}", "incremental_value", reader.money),
            interval(
                "incremental_value_low", "incremental_value_high", reader.money, on_phone=True
            ),
        ],
        effects,
        note="Treated: customers who were to get it, reached or not. More: in 90 days, above the "
        "control group; buyers in points of a hundred customers.",
        sources="campaign_effects.incremental_conversion, incremental_value",
    )


def _effect_of(reader: Reader, row: Row) -> str:
    """What is said of a campaign with a control group."""
    name, status = str(row["campaign_id"]), str(row["status"])
    if status != "compared":
        return f"{name} has a control group, but nothing is compared: {status}."
    low, high = row["incremental_value_low"], row["incremental_value_high"]
    if low is None or high is None or low <= 0 <= high:
        plan = " Its groups are smaller than planned." if row["is_below_plan"] else ""
        return f"{name} brought nothing that can be told from chance.{plan}"
    way = "more" if low > 0 else "less"
    amount = reader.money(abs(row["incremental_value"]))
    return f"{name} itself brought {amount} {way} than its control group."


def _channel(channel: Any) -> str:
    return "Unknown channel" if channel in (None, "none") else readable(channel)


def _months(row: Row) -> Cell:
    if row["payback_months"] is None or not row["acquisition_cost"]:
        return Cell("–")
    return Cell(f"{float(row['payback_months']):.1f}\u00a0months", SMALL if row["is_low_n"] else "")


_PORTFOLIO = (
    "as_of_date period_months start_customer_count end_customer_count lost_customer_count "
    "new_customer_count won_back_customer_count customer_retention_ratio customer_retention_low "
    "customer_retention_high customer_churn_ratio is_low_n gross_revenue_retention "
    "gross_revenue_retention_low gross_revenue_retention_high net_revenue_retention "
    "net_revenue_retention_low net_revenue_retention_high winback_count winback_pending_count "
    "winback_ratio winback_low winback_high is_winback_low_n"
)
_TIER = (
    "as_of_date tier active_customer_count mean_loyalty_index mean_depth_index "
    "retention_start_count customer_retention_ratio_12m customer_retention_low_12m "
    "customer_retention_high_12m is_retention_low_n revenue_retention_count "
    "net_revenue_retention_12m net_revenue_retention_low_12m net_revenue_retention_high_12m "
    "is_revenue_retention_low_n winback_count winback_pending_count winback_ratio winback_low "
    "winback_high is_winback_low_n"
)

PAGE = PageSpec(
    "retention",
    "Retention",
    "Who stays, who leaves, and what does it cost to win others?",
    (
        Topic(
            "kept",
            Part(
                "Who stays",
                {"portfolio_indicators": names(_PORTFOLIO), "tier_indicators": names(_TIER)},
                "the data do not reach back twelve months",
            ),
            _kept,
        ),
        Topic(
            "recurring",
            Part(
                "Recurring revenue",
                {
                    "mrr_movements": names(
                        "as_of_date opening_mrr new_mrr expansion_mrr contraction_mrr churned_mrr "
                        "reactivation_mrr closing_mrr"
                    )
                },
                "billing sent no subscriptions",
            ),
            _recurring,
        ),
        Topic(
            "won-back",
            Part(
                "Won back",
                {"portfolio_indicators": names(_PORTFOLIO), "tier_indicators": names(_TIER)},
                "nobody was lost more than 180 days ago in the months of the data",
            ),
            _winback,
        ),
        Topic(
            "loyalty",
            Part(
                "Loyalty, depth, stickiness",
                {
                    "customer_indicators": names(
                        "as_of_date is_active loyalty_index depth_index stickiness_1m"
                    ),
                    "tier_indicators": names(_TIER),
                },
                "there are no active customers",
            ),
            _loyalty,
        ),
        Topic(
            "acquisition",
            Part(
                "What new customers cost",
                {
                    "acquisition_cost": names(
                        "as_of_date period_months channel tier lag_months is_fully_loaded "
                        "acquisition_cost shared_cost new_customer_count "
                        "acquisition_cost_per_customer payback_months is_low_n"
                    )
                },
                "nobody sent the cost of marketing and sales",
            ),
            _acquisition,
        ),
        Topic(
            "campaigns",
            Part(
                "What campaigns cost and give back",
                {
                    "campaign_performance": names(
                        "as_of_date campaign_id starts_on sent_without_consent_count cost_amount "
                        "lead_count cost_per_lead value_basis first_touch_return_ratio "
                        "last_touch_return_ratio linear_return_ratio"
                    ),
                    "campaign_effects": names(
                        "as_of_date campaign_id status treated_count control_count is_below_plan "
                        "is_low_n incremental_conversion incremental_conversion_low "
                        "incremental_conversion_high incremental_value incremental_value_low "
                        "incremental_value_high"
                    ),
                },
                "nobody sent the cost of campaigns",
            ),
            _campaigns,
        ),
    ),
)
