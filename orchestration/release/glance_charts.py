"""The charts of the company at a glance, as SVG text that stands inline in the page.

Belongs here: chart specifications over the figures of `glance`. Not here: queries (`glance`), the
palette and the drawing itself (`charts`), words and layout (`report`).

All charts by month stand over the same months; a month in which nothing was measured is left empty,
so that a gap is seen and no zero is drawn that nobody counted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from orchestration.release.charts import SHORT_NUMBER, draw, month_axis
from orchestration.release.formats import SYSTEMS, system_name
from orchestration.release.palette import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    SKY,
)
from orchestration.release.reading import Row
from orchestration.release.untold import NOT_TOLD, drawn_parts, told_parts

KINDS = {"organisation": "Organisations", "individual": "Individuals", None: "Not known"}
KIND_COLOURS = {"Organisations": BLUE, "Individuals": SKY, "Not known": GREY, NOT_TOLD: GRID}
MOVEMENTS = {
    "new": ("New", GREEN),
    "expansion": ("Expansion", "#7fcdb0"),
    "reactivation": ("Came back", SKY),
    "contraction": ("Contraction", ORANGE),
    "churned": ("Churned", RED),
}
ANSWERS = {
    "low": ("0 to 6", RED),
    "middle": ("7 and 8", ORANGE),
    "high": ("9 and 10", GREEN),
}
METHODS = {
    "own_id": ("Its own id", BLUE),
    "exact_id": ("The same id", SKY),
    "email": ("E-mail", GREEN),
    "phone": ("Phone", "#7fcdb0"),
    "manual": ("By hand", PURPLE),
    "unresolved": ("Not linked", RED),
}
NO_TIER = "No tier"


def customers_by_tier(rows: Sequence[Row]) -> str:
    """Number of customers in each tier, divided by kind, with the sum at the end."""
    parts: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = KINDS.get(row["customer_kind"], KINDS[None])
        parts.setdefault(row["tier"] or NO_TIER, {})[kind] = row["customer_count"]
    sums = told_parts({name: sum(found.values()) for name, found in parts.items()})
    bars = [
        {"tier": name, "kind": kind, "position": list(KIND_COLOURS).index(kind), "count": length}
        for name, found in parts.items()
        for kind, length in drawn_parts(found, sums[name]).items()
    ]
    present = [name for name in KIND_COLOURS if any(bar["kind"] == name for bar in bars)]
    base = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=26)
        .encode(
            y=_names_axis("tier", list(sums)),
            x=alt.X("count:Q", axis=None, stack="zero"),
            color=_colours("kind", {name: KIND_COLOURS[name] for name in present}),
            order=alt.Order("position:Q"),
        )
    )
    labels = _end_labels("tier", sums, lambda value: f"{value:,}")
    return draw(alt.layer(base, labels), name="kinds", height=40 * len(sums) + 10)


def revenue_by_month(rows: Sequence[Row], months: Sequence[date]) -> str:
    """Revenue of each month as a column."""
    bars = _by_month(rows, months, "revenue")
    chart = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(color=BLUE, binSpacing=1)
        .encode(x=_months_axis(months), y=_value_axis())
    )
    return draw(chart, name="revenue-months")


def recurring_revenue(rows: Sequence[Row], months: Sequence[date]) -> str:
    """Monthly recurring revenue at the end of each month."""
    return _area(_by_month(rows, months, "closing"), months, name="mrr")


def mrr_movements(rows: Sequence[Row], months: Sequence[date]) -> str:
    """What recurring revenue gained and lost in each month, by kind of movement."""
    known = {row["as_of_date"] for row in rows}
    bars = [
        {
            "month": str(row["as_of_date"]),
            "movement": label,
            "position": position,
            "value": float(row[column]),
        }
        for row in rows
        for position, (column, (label, _)) in enumerate(MOVEMENTS.items())
    ]
    bars += [
        {"month": str(month), "movement": "New", "position": 0, "value": None}
        for month in months
        if month not in known
    ]
    base = (
        alt.Chart(alt.Data(values=sorted(bars, key=lambda bar: str(bar["month"]))))
        .mark_bar(binSpacing=1)
        .encode(
            x=_months_axis(months),
            y=_value_axis(),
            color=_colours("movement", dict(MOVEMENTS.values())),
            order=alt.Order("position:Q"),
        )
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=MUTED).encode(y="zero:Q")
    return draw(alt.layer(base, zero), name="movements")


def tickets_by_month(rows: Sequence[Row], months: Sequence[date]) -> str:
    """Tickets opened and solved in each month, and those still open at its end."""
    series = {
        "opened": ("Opened", BLUE),
        "solved": ("Solved", GREEN),
        "backlog": ("Open at the month's end", ORANGE),
    }
    found = {row["as_of_date"]: row for row in rows}
    points = [
        {
            "month": str(month),
            "series": label,
            "value": found[month][column] if month in found else None,
        }
        for column, (label, _) in series.items()
        for month in months
    ]
    chart = (
        alt.Chart(alt.Data(values=points))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=12))
        .encode(
            x=_months_axis(months),
            y=_value_axis(),
            color=_colours("series", dict(series.values()), symbol="stroke"),
        )
    )
    return draw(chart, name="tickets")


def recommendation_by_month(rows: Sequence[Row], months: Sequence[date]) -> str:
    """Answers to the question of recommendation in each month, in three groups."""
    found = {row["as_of_date"]: row for row in rows}
    bars = [
        {
            "month": str(month),
            "answer": label,
            "position": position,
            "value": found[month][column] if month in found else None,
        }
        for position, (column, (label, _)) in enumerate(ANSWERS.items())
        for month in months
    ]
    chart = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(binSpacing=1)
        .encode(
            x=_months_axis(months),
            y=_value_axis(),
            color=_colours("answer", dict(ANSWERS.values())),
            order=alt.Order("position:Q"),
        )
    )
    return draw(chart, name="answers")


def active_in_product(rows: Sequence[Row], months: Sequence[date]) -> str:
    """Number of customers who used the product in each month."""
    return _area(_by_month(rows, months, "active_count"), months, name="usage")


def overdue_by_age(rows: Sequence[Row], *, money: Callable[[Any], str]) -> str:
    """Amounts overdue by how many days they are late."""
    sums = {age_name(row): float(row["amount"]) for row in rows}
    bars = [{"age": age, "amount": amount} for age, amount in sums.items()]
    base = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=22, cornerRadiusEnd=3, color=ORANGE)
        .encode(y=_names_axis("age", list(sums)), x=alt.X("amount:Q", axis=None))
    )
    labels = _end_labels("age", sums, money)
    return draw(alt.layer(base, labels), name="overdue", height=36 * len(bars))


def age_name(row: Row) -> str:
    """The step of lateness that a row of overdue invoices is about."""
    if row["to_days"] is None:
        return f"over {row['from_days'] - 1} days"
    return f"{row['from_days']} to {row['to_days']} days"


def measured_time(rows: Sequence[Row], months: Sequence[date]) -> str:
    """A band per system over the months in which it was measured; months without facts are pale."""
    order = [name for name in SYSTEMS if any(row["source_system"] == name for row in rows)]
    order += sorted({row["source_system"] for row in rows} - set(order))
    states = {"Measured": BLUE, "Measured, no fact came": "#cfe3f1", "Not measured": GRID}
    bands = [
        {
            "system": system_name(row["source_system"]),
            "month": str(row["as_of_date"]),
            "state": (
                "Not measured"
                if not row["is_measured"]
                else "Measured"
                if row["fact_count"]
                else "Measured, no fact came"
            ),
        }
        for row in rows
    ]
    present = {band["state"] for band in bands}
    chart = (
        alt.Chart(alt.Data(values=bands))
        .mark_rect(height=16)
        .encode(
            x=_months_axis(months),
            y=_names_axis("system", [system_name(name) for name in order]),
            color=_colours("state", {k: v for k, v in states.items() if k in present}),
        )
    )
    return draw(chart, name="measured", height=28 * len(order))


def linked_records(rows: Sequence[Row]) -> str:
    """Of the records of each system, the share linked by each method, with their number."""
    order = [name for name in SYSTEMS if any(row["source_system"] == name for row in rows)]
    order += sorted({row["source_system"] for row in rows} - set(order))
    names = {key: label for key, (label, _) in METHODS.items()}
    bars = [
        {
            "system": system_name(row["source_system"]),
            "method": names.get(row["link_method"], row["link_method"].replace("_", " ")),
            "position": list(names).index(row["link_method"])
            if row["link_method"] in names
            else len(names),
            "count": row["record_count"],
        }
        for row in rows
    ]
    colours = dict(METHODS.values())
    colours |= {bar["method"]: GREY for bar in bars if bar["method"] not in colours}
    present = {bar["method"] for bar in bars}
    base = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=22)
        .encode(
            y=_names_axis("system", [system_name(name) for name in order]),
            x=alt.X(
                "count:Q",
                stack="normalize",
                title=None,
                axis=alt.Axis(format="%", tickCount=4, grid=False, domain=False),
            ),
            color=_colours("method", {k: v for k, v in colours.items() if k in present}),
            order=alt.Order("position:Q"),
        )
    )
    return draw(base, name="links", height=34 * len(order))


def _by_month(rows: Sequence[Row], months: Sequence[date], column: str) -> list[dict[str, Any]]:
    found = {row["as_of_date"]: row[column] for row in rows}
    return [
        {
            "month": str(month),
            "value": None if found.get(month) is None else float(found[month]),
        }
        for month in months
    ]


def _area(points: Sequence[Row], months: Sequence[date], *, name: str) -> str:
    base = alt.Chart(alt.Data(values=list(points))).encode(x=_months_axis(months), y=_value_axis())
    area = base.mark_area(color=BLUE, opacity=0.14)
    line = base.mark_line(color=BLUE, strokeWidth=2.5)
    return draw(alt.layer(area, line), name=name)


def _months_axis(months: Sequence[date]) -> alt.X:
    """The axis of all months, those without a value too."""
    return month_axis(len(months)).scale(domain=[str(month) for month in months])


def _value_axis() -> alt.Y:
    return alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(zero=True, nice=True),
        axis=alt.Axis(format="~s", tickCount=5, labelExpr=SHORT_NUMBER),
    )


def _names_axis(field: str, order: Sequence[str]) -> alt.Y:
    return alt.Y(
        f"{field}:N",
        title=None,
        sort=list(order),
        axis=alt.Axis(domain=False, ticks=False, labelFontSize=13, labelLimit=130),
    )


def _colours(field: str, colours: Mapping[str, str], *, symbol: str = "square") -> alt.Color:
    return alt.Color(
        f"{field}:N",
        title=None,
        sort=list(colours),
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(
            orient="top", symbolType=symbol, symbolStrokeWidth=3, columns=3, labelLimit=200
        ),
    )


def _sums(bars: Sequence[Row], key: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for bar in bars:
        sums[bar[key]] = sums.get(bar[key], 0) + bar["count"]
    return sums


def _end_labels(key: str, sums: Mapping[str, Any], form: Callable[[Any], str]) -> alt.Chart:
    rows = [{key: name, "end": float(value), "label": form(value)} for name, value in sums.items()]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_text(align="left", dx=6, fontSize=13, color=INK)
        .encode(y=alt.Y(f"{key}:N", sort=list(sums)), x=alt.X("end:Q", axis=None), text="label:N")
    )
