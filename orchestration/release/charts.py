"""The charts of the report page, as SVG text that stands inline in the page.

Belongs here: chart specifications, the palette, the clean-up of the SVG. Not here: queries
(`figures`), layout and words (`report`, its templates).

Every chart takes rows that are aggregated already and gives one `<svg>` with no script, no link
and no font to fetch. Bands and risks are never told by colour alone: each carries its name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from orchestration.release.formats import format_integer
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
from orchestration.release.untold import FEW, HIDDEN, Untold, hidden_too, is_few, is_told

Row = Mapping[str, Any]

BAND_COLOURS = {"red": RED, "amber": ORANGE, "green": GREEN, "none": GREY}
BAND_LABELS = {"red": "Red", "amber": "Amber", "green": "Green", "none": "Not scored"}
RISK_LABELS = {"green": "Low", "amber": "Medium", "red": "High"}
DIMENSION_LABELS = {
    "current_value": "Current value",
    "potential": "Potential",
    "relationship": "Relationship",
}
DIMENSION_COLOURS = {"current_value": BLUE, "potential": PURPLE, "relationship": GREEN}

_ACRONYMS = {"auc", "clv", "csat", "ece", "nps", "pr", "rfm"}
# Large numbers on an axis as elsewhere on the page: 0, 500 k, 2 m.
SHORT_NUMBER = "datum.value == 0 ? '0' : replace(datum.label, 'M', 'm')"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH = 350
HEIGHT = 200
_BAND_MIDDLES = {"red": 25.0, "amber": 62.5, "green": 87.5}


def customers_over_time(months: Sequence[Row]) -> str:
    """All and active customers by month, each line named at its end."""
    rows = [
        {"month": str(row["as_of_date"]), "series": label, "value": row[column]}
        for row in months
        for column, label in (("customer_count", "All"), ("active_customer_count", "Active"))
    ]
    return _named_lines(rows, {"All": SKY, "Active": BLUE}, name="customers", axis_format="~s")


def revenue_over_time(months: Sequence[Row]) -> str:
    """Trailing twelve-month revenue by month."""
    rows = [
        {"month": str(row["as_of_date"]), "value": float(row["revenue_12m"] or 0)} for row in months
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=month_axis(len(rows)), y=_amount_axis("value", axis_format="~s")
    )
    area = base.mark_area(color=BLUE, opacity=0.14)
    line = base.mark_line(color=BLUE, strokeWidth=2.5)
    return draw(alt.layer(area, line), name="revenue")


def scores_over_time(months: Sequence[Row]) -> str:
    """Mean score and the three dimensions by month, over the bands."""
    columns = {"mean_score": "Score"} | {
        f"{key}_score": label for key, label in DIMENSION_LABELS.items()
    }
    rows = [
        {"month": str(row["as_of_date"]), "series": label, "value": row[column]}
        for row in months
        for column, label in columns.items()
        if row[column] is not None
    ]
    colours = {"Score": INK} | {
        label: DIMENSION_COLOURS[key] for key, label in DIMENSION_LABELS.items()
    }
    return _named_lines(rows, colours, name="scores", axis_format="d", domain=(0, 100))


def bands_over_time(months: Sequence[Row]) -> str:
    """Share of the scored customers in each band, by month."""
    rows = [
        {
            "month": str(row["as_of_date"]),
            "band": BAND_LABELS[band],
            "position": position,
            "share": float(row[f"{band}_count"]) / float(row["scored_count"]),
        }
        for row in months
        if row["scored_count"]
        for position, band in enumerate(("red", "amber", "green"))
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(binSpacing=1)
        .encode(
            x=month_axis(len(months)),
            y=alt.Y(
                "share:Q", stack="normalize", title=None, axis=alt.Axis(format="%", tickCount=4)
            ),
            color=_band_scale(("red", "amber", "green")),
            order=alt.Order("position:Q"),
        )
    )
    return draw(chart, name="bands")


def score_histogram(bins: Sequence[Row]) -> str:
    """Number of customers by score, in steps, coloured and named by band."""
    rows = [
        dict(row)
        | {
            "low": float(row["low"]) + 0.25,
            "high": float(row["high"]) - 0.25,
            "floor": 0,
            "customer_count": float(row["customer_count"]),
        }
        for row in bins
    ]
    highest = max((float(row["customer_count"]) for row in bins), default=0) or 1
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_rect(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X(
                "low:Q",
                title="Score",
                scale=alt.Scale(domain=[0, 100], nice=False),
                axis=alt.Axis(values=[0, 25, 50, 75, 100], grid=False),
            ),
            x2="high:Q",
            y=alt.Y(
                "customer_count:Q",
                title=None,
                scale=alt.Scale(domain=[0, highest * 1.15]),
                axis=alt.Axis(format="~s", tickCount=4, labelExpr=SHORT_NUMBER),
            ),
            y2="floor:Q",
            color=alt.Color(
                "band:N",
                scale=alt.Scale(domain=list(BAND_COLOURS), range=list(BAND_COLOURS.values())),
                legend=None,
            ),
        )
    )
    names = [
        {"x": middle, "y": highest * 1.1, "name": BAND_LABELS[band]}
        for band, middle in _BAND_MIDDLES.items()
    ]
    labels = (
        alt.Chart(alt.Data(values=names))
        .mark_text(color=MUTED, fontSize=12, fontWeight=600)
        .encode(x="x:Q", y="y:Q", text="name:N")
    )
    limits = (
        alt.Chart(alt.Data(values=[{"x": 50}, {"x": 75}]))
        .mark_rule(color=MUTED, strokeDash=[3, 3])
        .encode(x="x:Q")
    )
    return draw(alt.layer(bars, limits, labels), name="histogram", height=270)


def tier_shares(tiers: Sequence[Row]) -> str:
    """Each tier's share of the customers beside its share of the revenue."""
    total = sum(row["customer_count"] for row in tiers) or 1
    rows = [
        part
        for row in tiers
        for part in (
            {"tier": row["tier"], "of": "Customers", "share": float(row["customer_count"]) / total},
            {"tier": row["tier"], "of": "Revenue", "share": float(row["revenue_share"] or 0)},
        )
        # A tier of very few customers has no bars, since a length can be read.
        if is_told(row["revenue_share"]) and not isinstance(row["customer_count"], Untold)
    ]
    return _pairs(
        rows, key="tier", measure="share", series=("Customers", "Revenue"), label=_percent
    )


def value_by_tier(tiers: Sequence[Row], *, money: Callable[[Any], str]) -> str:
    """Revenue of the last twelve months beside the expected value of the next twelve, by tier."""
    names = ("Last 12 months", "Next 12 months, expected")
    rows = [
        part
        for row in tiers
        for part in (
            {"tier": row["tier"], "of": names[0], "amount": float(row["revenue_12m"] or 0)},
            {"tier": row["tier"], "of": names[1], "amount": float(row["clv_12m"] or 0)},
        )
        if is_told(row["revenue_12m"]) and is_told(row["clv_12m"])
    ]
    return _pairs(rows, key="tier", measure="amount", series=names, label=money)


def risk_bands(bands: Sequence[Row]) -> str:
    """Number of customers in each churn risk band."""
    rows = [
        {
            "risk": RISK_LABELS[row["risk_band"]],
            "band": row["risk_band"],
            "customer_count": float(row["customer_count"]),
            "text": format_integer(row["customer_count"]),
        }
        for row in bands
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "risk:N",
            title=None,
            sort=list(RISK_LABELS.values()),
            axis=alt.Axis(labelFontSize=14, domain=False),
        ),
        x=alt.X("customer_count:Q", axis=None),
    )
    bars = base.mark_bar(height=26, cornerRadiusEnd=3).encode(
        color=alt.Color(
            "band:N",
            scale=alt.Scale(domain=list(BAND_COLOURS), range=list(BAND_COLOURS.values())),
            legend=None,
        )
    )
    labels = base.mark_text(align="left", dx=6, fontSize=13, color=INK).encode(text="text:N")
    return draw(alt.layer(bars, labels), name="risk", height=130)


def rfm_grid(cells: Sequence[Row]) -> str:
    """Customers by recency and frequency score; very small groups are not counted out."""
    places = {(cell["recency_score"], cell["frequency_score"]): cell for cell in cells}
    # The sum of all cells stands on the page, so that one hidden cell alone would be known.
    hidden = hidden_too({place: cell["customer_count"] for place, cell in places.items()})
    rows = [
        {
            "recency": cell["recency_score"],
            "frequency": cell["frequency_score"],
            # A suppressed count must not show in the shade either.
            "count": 0 if place in hidden else cell["customer_count"],
            "label": (
                f"{cell['customer_count']:,}"
                if place not in hidden
                else FEW
                if is_few(cell["customer_count"])
                else HIDDEN
            ),
        }
        for place, cell in places.items()
    ]
    darkest = max((row["count"] for row in rows), default=1)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "recency:O",
            title="Recency score (5 = bought most recently)",
            scale=alt.Scale(domain=[1, 2, 3, 4, 5]),
            axis=alt.Axis(labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y(
            "frequency:O",
            title="Frequency score",
            scale=alt.Scale(domain=[5, 4, 3, 2, 1]),
            axis=alt.Axis(domain=False, ticks=False, titlePadding=8),
        ),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=3, cornerRadius=4).encode(
        color=alt.Color(
            "count:Q",
            # By the square root: a few full cells would leave all others in one shade.
            scale=alt.Scale(
                type="sqrt",
                domain=[0, darkest],
                range=["#f2f7fb", "#cfe3f1", "#8cc0e0", BLUE, "#014a75"],
            ),
            legend=None,
        )
    )
    text = base.mark_text(fontSize=13).encode(
        text="label:N",
        color=alt.condition(f"datum.count > {darkest * 0.36}", alt.value("white"), alt.value(INK)),
    )
    return draw(alt.layer(squares, text), name="rfm", height=250)


def reconciliation_walk(steps: Sequence[Row]) -> str:
    """The walk from all raw lines to the revenue of the scorecard, one bar per step."""
    rows = walk_bars(steps)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelLimit=190, labelFontSize=12),
        )
    )
    bars = base.mark_bar(height=16, cornerRadius=2).encode(
        x=alt.X(
            "low:Q",
            title=None,
            scale=alt.Scale(nice=True),
            axis=alt.Axis(format=".3~s", tickCount=5, labelExpr=SHORT_NUMBER),
        ),
        x2="high:Q",
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(
                domain=["Total", "Taken out", "Added"], range=[BLUE, BAND_COLOURS["red"], "#009e73"]
            ),
            legend=alt.Legend(orient="top"),
        ),
    )
    return draw(bars, name="walk", height=30 * len(rows), width=220)


def walk_bars(steps: Sequence[Row]) -> list[dict[str, Any]]:
    """Turn reconciliation steps into bars from `low` to `high`.

    The first step is a total; steps that move nothing have no bar; the last bar is the total that
    is left.
    """
    bars: list[dict[str, Any]] = []
    for position, step in enumerate(steps):
        amount, running = float(step["amount"]), float(step["running_amount"])
        if position and not amount:
            continue
        before = running - amount if position else 0.0
        kind = "Total" if not position else "Taken out" if amount < 0 else "Added"
        bars.append(
            {
                "label": readable(step["step"]),
                "low": min(before, running),
                "high": max(before, running),
                "kind": kind,
            }
        )
    last = float(steps[-1]["running_amount"]) if steps else 0.0
    label = "Revenue in the scorecard"
    return [*bars, {"label": label, "low": min(0.0, last), "high": max(0.0, last), "kind": "Total"}]


def sparkline(values: Sequence[float | None]) -> str:
    """A small line without axes; empty where there are fewer than two points."""
    points = [float(value) for value in values if value is not None]
    if len(points) < 2:
        return ""
    low, high = min(points), max(points)
    step = 100 / (len(points) - 1)
    heights = [(value - low) / (high - low) if high > low else 0.5 for value in points]
    path = " ".join(
        f"{index * step:.1f},{26 - 22 * height:.1f}" for index, height in enumerate(heights)
    )
    return (
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="1.8" '
        'vector-effect="non-scaling-stroke" stroke-linejoin="round"/></svg>'
    )


def readable(name: str) -> str:
    """A column's or step's name as words: `file_overlap` becomes `File overlap`."""
    words = [
        word.upper() if word in _ACRONYMS else word.replace("pct", "%")
        for word in str(name).replace("_", " ").split()
    ]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _named_lines(
    rows: Sequence[Row],
    colours: Mapping[str, str],
    *,
    name: str,
    axis_format: str,
    domain: tuple[float, float] | None = None,
) -> str:
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=True, nice=True)
    months = len({row["month"] for row in rows})
    chart = (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=month_axis(months),
            y=alt.Y(
                "value:Q",
                title=None,
                scale=scale,
                axis=alt.Axis(format=axis_format, tickCount=5, labelExpr=SHORT_NUMBER),
            ),
            color=alt.Color(
                "series:N",
                title=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=3),
            ),
        )
    )
    return draw(chart, name=name)


def _pairs(
    rows: Sequence[Row],
    *,
    key: str,
    measure: str,
    series: tuple[str, str],
    label: Callable[[Any], str],
) -> str:
    placed = [
        dict(row) | {"label_at": max(row[measure], 0), "label": label(row[measure])} for row in rows
    ]
    base = alt.Chart(alt.Data(values=placed)).encode(
        y=alt.Y(f"{key}:N", title=None, axis=alt.Axis(domain=False, labelFontSize=14)),
        yOffset=alt.YOffset("of:N", sort=list(series)),
    )
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X(f"{measure}:Q", axis=None),
        color=alt.Color(
            "of:N",
            title=None,
            sort=list(series),
            scale=alt.Scale(domain=list(series), range=[SKY, BLUE]),
            legend=alt.Legend(orient="top"),
        ),
    )
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(
        x=alt.X("label_at:Q", axis=None), text="label:N"
    )
    count = len({row[key] for row in rows})
    return draw(alt.layer(bars, labels), name=f"pairs-{measure}", height=max(52 * count, 60))


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def month_axis(months: int) -> alt.X:
    """A place per month, some named: always the last, and no text at an angle.

    Months are places, not times: on an axis of time a month end would stand at the next month's
    tick, and where it stood would depend on the machine's time zone.
    """
    every = max(1, round(months / 5))
    label = (
        f"({months - 1} - indexof(domain('x'), datum.value)) % {every} == 0 ? "
        "utcFormat(toDate(datum.value), '%b %y') : ''"
    )
    axis = alt.Axis(
        labelExpr=label, labelAngle=0, labelOverlap=False, ticks=False, grid=False, domain=False
    )
    return alt.X("month:O", title=None, axis=axis)


def _amount_axis(field: str, *, axis_format: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title=None,
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=axis_format, tickCount=5, labelExpr=SHORT_NUMBER),
    )


def _band_scale(bands: Sequence[str]) -> alt.Color:
    return alt.Color(
        "band:N",
        title=None,
        sort=[BAND_LABELS[band] for band in bands],
        scale=alt.Scale(
            domain=[BAND_LABELS[band] for band in bands],
            range=[BAND_COLOURS[band] for band in bands],
        ),
        legend=alt.Legend(orient="top"),
    )


def draw(chart: Any, *, name: str, height: int = HEIGHT, width: int = WIDTH) -> str:
    """Give a chart the look of the page and draw it as inline SVG.

    Args:
        chart: The chart.
        name: What its ids begin with; unique in the page.
        height: Height of its drawing in pixels; the width follows the page's.
        width: Width of its drawing in pixels.
    """
    sized = (
        chart.properties(width=width, height=height, background="transparent", padding=4)
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED,
            titleColor=MUTED,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            gridColor=GRID,
            domainColor="#c5ced6",
            tickColor="#c5ced6",
            labelPadding=6,
        )
        .configure_axisY(domain=False, ticks=False)
        .configure_legend(labelColor=INK, labelFontSize=13, symbolSize=110, padding=0, offset=12)
    )
    # Without validation against the schema of Vega-Lite, which costs as much as the drawing: the
    # specifications do not change from run to run.
    return inline_svg(vl_convert.vegalite_to_svg(sized.to_dict(validate=False)), name=name)


def inline_svg(svg: str, *, name: str) -> str:
    """Make an SVG file fit to stand in an HTML page.

    Namespaces go (inline SVG needs none, and the page names no address). Ids are numbered anew
    behind the chart's name: two charts would share their clip paths, and Vega counts on from
    chart to chart, so that the same page would differ from run to run. The size comes from the
    page.
    """
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = svg.replace("xlink:href", "href")
    for number, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))):
        svg = svg.replace(f'id="{old}"', f'id="{name}-{number}"')
        svg = svg.replace(f"url(#{old})", f"url(#{name}-{number})")
    return re.sub(r'(<svg[^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", svg, count=1)
