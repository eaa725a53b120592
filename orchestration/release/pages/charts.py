"""The charts of the pages, as SVG text that stands inline.

Belongs here: chart specifications over rows that are aggregated already. Not here: the palette and
the drawing itself (`release.charts`), queries and words (the pages).

Rows come with `label` or `month` and plain numbers. A figure that was not measured has no mark; one
that rests on few cases is drawn pale.
"""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from orchestration.release.charts import (
    BAND_COLOURS,
    BLUE,
    INK,
    MUTED,
    SHORT_NUMBER,
    WIDTH,
    draw,
    month_axis,
)
from orchestration.release.reading import Row

GREEN = BAND_COLOURS["green"]
RED = BAND_COLOURS["red"]
GREY = BAND_COLOURS["none"]
TARGET = "#1c2b36"
_ROOM_FOR_VALUES = 0.26
_WHOLE_WIDTH = WIDTH + 30
_LONGEST_NAME = 170
_LINE = 24
_ROUND_STEPS = (1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 10.0)


def intervals(
    rows: Sequence[Row],
    *,
    name: str,
    form: Callable[[Any], str],
    domain: tuple[float, float],
    axis_format: str,
    rule: float | None = None,
    nice: bool = False,
) -> str:
    """A dot with its interval for each row, and its target as a stroke; the value at the end.

    Args:
        rows: Rows with `label`, `value`, `low`, `high`, `target` (None for none), `is_small`.
        name: What its ids begin with.
        form: How a value is written.
        domain: Both ends of the axis.
        axis_format: Format of the axis.
        rule: A place on the axis that is marked over all rows.
        nice: True to round the end of the axis up to a number that can be read.
    """
    left, right = domain if not nice else (domain[0], nice_end(domain[1]))
    domain = (left, right)
    end = right + (right - left) * _ROOM_FOR_VALUES
    bars = [
        {
            "label": _lines(row["label"]),
            "value": _number(row["value"]),
            "low": _held(row.get("low"), domain),
            "high": _held(row.get("high"), domain),
            "target": _held(row.get("target"), domain),
            "state": "small" if row.get("is_small") else "enough",
            "text": form(row["value"]) if row["value"] is not None else "not measured",
            "end": end,
        }
        for row in rows
    ]
    order = [str(row["label"]) for row in bars]
    ticks = [left + (right - left) * step / 4 for step in range(5)]
    scale = alt.Scale(domain=[left, end], nice=False, zero=False)
    axis = alt.Axis(format=axis_format, values=ticks, labelExpr=SHORT_NUMBER)
    y = _names(order)
    colour = alt.Color(
        "state:N",
        scale=alt.Scale(domain=["enough", "small"], range=[BLUE, GREY]),
        legend=None,
    )
    data = alt.Data(values=bars)
    x = alt.X("value:Q", title=None, scale=scale, axis=axis)
    layers = [
        alt.Chart(data)
        .mark_rule(strokeWidth=3, opacity=0.5)
        .transform_filter("datum.low != null && datum.high != null")
        .encode(
            y=y, x=alt.X("low:Q", title=None, scale=scale, axis=axis), x2="high:Q", color=colour
        ),
        alt.Chart(data)
        .mark_tick(color=TARGET, thickness=3, size=20)
        .transform_filter("datum.target != null")
        .encode(y=y, x=alt.X("target:Q", title=None, scale=scale, axis=axis)),
        alt.Chart(data)
        .mark_point(filled=True, size=95, opacity=1)
        .transform_filter("datum.value != null")
        .encode(y=y, x=x, color=colour),
        alt.Chart(data)
        .mark_text(align="right", fontSize=13, color=INK)
        .encode(y=y, x=alt.X("end:Q", title=None, scale=scale, axis=axis), text="text:N"),
    ]
    if rule is not None:
        line = alt.Chart(alt.Data(values=[{"rule": rule}])).mark_rule(
            color=MUTED, strokeDash=[3, 3]
        )
        layers.insert(0, line.encode(x=alt.X("rule:Q", title=None, scale=scale, axis=axis)))
    height = max(34 * len(order), 70)
    return draw(alt.layer(*layers), name=name, height=height, width=_room(order))


def lines(
    rows: Sequence[Row],
    colours: Mapping[str, str],
    *,
    name: str,
    axis_format: str,
    domain: tuple[float, float] | None = None,
    zero: bool = True,
) -> str:
    """A line by month for each series, over the band of its interval where it has one.

    Args:
        rows: Rows with `month`, `series`, `value`, and perhaps `low` and `high`; every month of
            every series, so that one that was not measured leaves a gap.
        colours: Series to colour, in their order.
        name: What its ids begin with.
        axis_format: Format of the axis.
        domain: Both ends of the axis.
        zero: Whether the axis begins at nothing.
    """
    points = [
        {
            "month": str(row["month"]),
            "series": row["series"],
            "value": _number(row["value"]),
            "low": _number(row.get("low")),
            "high": _number(row.get("high")),
        }
        for row in rows
    ]
    months = len({point["month"] for point in points})
    scale = (
        alt.Scale(domain=list(domain), clamp=True) if domain else alt.Scale(zero=zero, nice=True)
    )
    axis = alt.Axis(format=axis_format, tickCount=5, labelExpr=SHORT_NUMBER)
    colour = alt.Color(
        "series:N",
        title=None,
        sort=list(colours),
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(
            orient="top", symbolType="stroke", symbolStrokeWidth=3, columns=2, labelLimit=230
        )
        if len(colours) > 1
        else None,
    )
    base = alt.Chart(alt.Data(values=points)).encode(x=month_axis(months), color=colour)
    layers = []
    if any(point["low"] is not None for point in points):
        layers.append(
            base.mark_area(opacity=0.16)
            .transform_filter("datum.low != null && datum.high != null")
            .encode(y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q")
        )
    layers.append(
        base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=14)).encode(
            y=alt.Y("value:Q", title=None, scale=scale, axis=axis)
        )
    )
    return draw(alt.layer(*layers), name=name)


def columns(rows: Sequence[Row], *, name: str, axis_format: str = "~s") -> str:
    """A column by month; a month that was not measured keeps its place."""
    bars = [{"month": str(row["month"]), "value": _number(row["value"])} for row in rows]
    chart = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(color=BLUE, binSpacing=2)
        .encode(
            x=month_axis(len(bars)),
            y=alt.Y(
                "value:Q",
                title=None,
                scale=alt.Scale(zero=True, nice=True),
                axis=alt.Axis(format=axis_format, tickCount=5, labelExpr=SHORT_NUMBER),
            ),
        )
    )
    return draw(chart, name=name)


def stacks(rows: Sequence[Row], colours: Mapping[str, str], *, name: str) -> str:
    """A bar for each label, divided into parts, with the sum at its end.

    Args:
        rows: Rows with `label`, `part`, `value`; labels in their order.
        colours: Part to colour, in their order.
        name: What its ids begin with.
    """
    order = list(dict.fromkeys(_lines(row["label"]) for row in rows))
    bars = [
        {
            "label": _lines(row["label"]),
            "part": row["part"],
            "position": list(colours).index(row["part"]),
            "value": _number(row["value"]) or 0,
        }
        for row in rows
    ]
    sums = {label: sum(bar["value"] for bar in bars if bar["label"] == label) for label in order}
    y = _names(order)
    base = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=22)
        .encode(
            y=y,
            x=alt.X("value:Q", axis=None, stack="zero"),
            color=alt.Color(
                "part:N",
                title=None,
                sort=list(colours),
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(orient="top", columns=3, labelLimit=200)
                if len(colours) > 1
                else None,
            ),
            order=alt.Order("position:Q"),
        )
    )
    ends = [
        {"label": label, "end": value, "text": f"{value:,.0f}"} for label, value in sums.items()
    ]
    labels = (
        alt.Chart(alt.Data(values=ends))
        .mark_text(align="left", dx=6, fontSize=13, color=INK)
        .encode(y=alt.Y("label:N", sort=order), x=alt.X("end:Q", axis=None), text="text:N")
    )
    height = max(34 * len(order), 60)
    return draw(alt.layer(base, labels), name=name, height=height, width=_room(order))


def bars(rows: Sequence[Row], *, name: str, form: Callable[[Any], str], colour: str = BLUE) -> str:
    """A bar for each label with its value at the end.

    Args:
        rows: Rows with `label`, `value`, `is_small`.
        name: What its ids begin with.
        form: How a value is written.
        colour: Their colour; few cases are pale.
    """
    drawn = [
        {
            "label": _lines(row["label"]),
            "value": _number(row["value"]),
            "end": _number(row["value"]) or 0,
            "state": "small" if row.get("is_small") else "enough",
            "text": form(row["value"]) if row["value"] is not None else "not measured",
        }
        for row in rows
    ]
    order = [str(row["label"]) for row in drawn]
    y = _names(order)
    data = alt.Data(values=drawn)
    base = (
        alt.Chart(data)
        .mark_bar(height=22, cornerRadiusEnd=3)
        .encode(
            y=y,
            x=alt.X("value:Q", axis=None),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=["enough", "small"], range=[colour, GREY]),
                legend=None,
            ),
        )
    )
    labels = (
        alt.Chart(data)
        .mark_text(align="left", dx=6, fontSize=13, color=INK)
        .encode(y=y, x=alt.X("end:Q", axis=None), text="text:N")
    )
    height = max(34 * len(order), 60)
    return draw(alt.layer(base, labels), name=name, height=height, width=_room(order))


def walk(steps: Sequence[Row], *, name: str, form: Callable[[Any], str]) -> str:
    """The way from one figure to the next: what it was, what moved it, what it is.

    Args:
        steps: Rows with `label`, `value`, `is_total`; a total stands, the others move on.
        name: What its ids begin with.
        form: How a value is written.
    """
    drawn = walk_steps(steps)
    for bar in drawn:
        bar["text"] = form(bar["value"])
    order = [bar["label"] for bar in drawn]
    y = _names(order)
    highest = max((bar["high"] for bar in drawn), default=0) or 1
    scale = alt.Scale(domain=[min(0, *(bar["low"] for bar in drawn)), highest * 1.02], nice=False)
    data = alt.Data(values=drawn)
    base = (
        alt.Chart(data)
        .mark_bar(height=20, cornerRadius=2)
        .encode(
            y=y,
            x=alt.X("low:Q", axis=None, scale=scale),
            x2="high:Q",
            color=alt.Color(
                "kind:N",
                title=None,
                sort=["Total", "Gained", "Lost"],
                scale=alt.Scale(domain=["Total", "Gained", "Lost"], range=[BLUE, GREEN, RED]),
                legend=alt.Legend(orient="top"),
            ),
        )
    )
    labels = (
        alt.Chart(data)
        .mark_text(align="left", dx=6, fontSize=13, color=INK)
        .encode(y=y, x=alt.X("high:Q", axis=None, scale=scale), text="text:N")
    )
    height = 32 * len(order)
    return draw(alt.layer(base, labels), name=name, height=height, width=_room(order))


def walk_steps(steps: Sequence[Row]) -> list[dict[str, Any]]:
    """Turn totals and movements into bars from `low` to `high`."""
    running, drawn = 0.0, []
    for step in steps:
        value = float(step["value"] or 0)
        before = 0.0 if step["is_total"] else running
        running = value if step["is_total"] else running + value
        kind = "Total" if step["is_total"] else "Lost" if value < 0 else "Gained"
        drawn.append(
            {
                "label": _lines(step["label"]),
                "value": step["value"] or 0,
                "low": min(before, running),
                "high": max(before, running),
                "kind": kind,
            }
        )
    return drawn


def histogram(rows: Sequence[Row], *, name: str, colours: Mapping[str, str] | None = None) -> str:
    """Number of customers in each step of a scale.

    Args:
        rows: Rows with `low`, `high`, `customer_count`, and `band` where steps have colours.
        name: What its ids begin with.
        colours: Band to colour, in their order.
    """
    shown = colours or {"all": BLUE}
    drawn = [
        {
            "low": float(row["low"]),
            "high": float(row["high"]),
            "floor": 0,
            "count": row["customer_count"],
            "band": row.get("band", "all"),
        }
        for row in rows
    ]
    first, last = drawn[0]["low"], drawn[-1]["high"]
    gap = (last - first) / len(drawn) * 0.05
    for bar in drawn:
        bar["low"], bar["high"] = bar["low"] + gap, bar["high"] - gap
    chart = (
        alt.Chart(alt.Data(values=drawn))
        .mark_rect(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X(
                "low:Q",
                title=None,
                scale=alt.Scale(domain=[first, last], nice=False),
                axis=alt.Axis(
                    values=[first + (last - first) * step / 4 for step in range(5)], grid=False
                ),
            ),
            x2="high:Q",
            y=alt.Y(
                "count:Q",
                title=None,
                axis=alt.Axis(format="~s", tickCount=4, labelExpr=SHORT_NUMBER),
            ),
            y2="floor:Q",
            color=alt.Color(
                "band:N",
                title=None,
                sort=list(shown),
                scale=alt.Scale(domain=list(shown), range=list(shown.values())),
                legend=alt.Legend(orient="top") if colours else None,
            ),
        )
    )
    return draw(chart, name=name, height=180)


def nice_end(value: float) -> float:
    """The next number of four round steps: 129 becomes 160, 8.1 becomes 10."""
    step = max(value, 0.001) / 4
    size = float(10 ** math.floor(math.log10(step)))
    return 4 * size * next(steps for steps in _ROUND_STEPS if step <= steps * size)


def _names(order: Sequence[str]) -> alt.Y:
    """The axis of names, in lines where they are long."""
    axis = alt.Axis(
        domain=False,
        ticks=False,
        labelFontSize=13,
        labelLimit=_LONGEST_NAME + 20,
        labelExpr="split(datum.label, '|')",
    )
    return alt.Y("label:N", title=None, sort=list(order), axis=axis)


def _lines(label: Any) -> str:
    """A name with a stroke where a line ends."""
    return "|".join(textwrap.wrap(str(label).replace("|", "/"), _LINE)) or "–"


def _room(labels: Sequence[str]) -> int:
    """Width that is left beside the names, so that all charts come to the same size."""
    longest = max((len(line) for label in labels for line in label.split("|")), default=0)
    return _WHOLE_WIDTH - min(round(7.2 * longest), _LONGEST_NAME)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _held(value: Any, domain: tuple[float, float]) -> float | None:
    return None if value is None else min(max(float(value), domain[0]), domain[1])
