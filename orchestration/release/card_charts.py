"""The charts of a model card, as SVG text that stands inline in the page.

Belongs here: calibration, gains, means per tenth. Not here: the look all charts share (`charts`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from orchestration.release.charts import SHORT_NUMBER, draw
from orchestration.release.palette import BLUE, GREY, MUTED, SKY

Row = Mapping[str, Any]
_SQUARE = 300


def calibration(bins: Sequence[Row]) -> str:
    """Observed rate against mean probability, one point per bin, beside what would be right."""
    highest = max((max(row["predicted"], row["high"]) for row in bins), default=1.0)
    top = min(1.0, 1.05 * highest) or 1.0
    right = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": top, "y": top}])).mark_line(
        color=GREY, strokeDash=[5, 4]
    )
    points = alt.Chart(
        alt.Data(
            values=[
                {
                    "predicted": float(row["predicted"]),
                    "observed": float(row["observed"]),
                    "low": row["low"],
                    "high": row["high"],
                }
                for row in bins
            ]
        )
    )
    across = alt.X(
        "predicted:Q",
        title="Predicted",
        scale=alt.Scale(domain=[0, top]),
        axis=alt.Axis(format="%", tickCount=5, grid=False),
    )
    return draw(
        alt.layer(
            right.encode(x="x:Q", y="y:Q"),
            points.mark_rule(color=SKY, strokeWidth=2).encode(x=across, y="low:Q", y2="high:Q"),
            points.mark_point(color=BLUE, filled=True, size=70, opacity=1).encode(
                x=across,
                y=alt.Y(
                    "observed:Q",
                    title="Observed",
                    scale=alt.Scale(domain=[0, top], clamp=True),
                    axis=alt.Axis(format="%", tickCount=5),
                ),
            ),
        ),
        name="calibration",
        height=_SQUARE,
    )


def gains(points: Sequence[Row]) -> str:
    """Share found of those with the outcome, by the share approached from the top."""
    rows = [
        {"share": 0.0, "found": 0.0, "low": 0.0, "high": 0.0},
        *(
            {
                "share": float(row["share"]),
                "found": float(row["found"]),
                "low": float(row["low"] if row["low"] is not None else row["found"]),
                "high": float(row["high"] if row["high"] is not None else row["found"]),
            }
            for row in points
        ),
        {"share": 1.0, "found": 1.0, "low": 1.0, "high": 1.0},
    ]
    base = alt.Chart(alt.Data(values=rows))
    chance = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(
        color=GREY, strokeDash=[5, 4]
    )
    across = alt.X(
        "share:Q",
        title="Share of the customers, highest probability first",
        axis=alt.Axis(format="%", tickCount=5, grid=False),
    )
    up = alt.Y("found:Q", title="Share found", axis=alt.Axis(format="%", tickCount=5))
    return draw(
        alt.layer(
            chance.encode(x="x:Q", y="y:Q"),
            base.mark_area(color=SKY, opacity=0.3).encode(x=across, y="low:Q", y2="high:Q"),
            base.mark_line(color=BLUE, strokeWidth=2.5).encode(x=across, y=up),
            base.mark_point(color=BLUE, filled=True, size=40, opacity=1).encode(x=across, y=up),
        ),
        name="gains",
        height=_SQUARE,
    )


def tenths(bins: Sequence[Row]) -> str:
    """Mean value predicted and observed, by tenth of the customers in order of the prediction."""
    rows = [
        {"tenth": str(row["bin"]), "of": name, "amount": float(row[key])}
        for row in bins
        for key, name in (("predicted", "Predicted"), ("observed", "Observed"))
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "tenth:N",
                title="Tenth of the customers, highest prediction first",
                sort=[str(row["bin"]) for row in bins],
                axis=alt.Axis(labelAngle=0, ticks=False, domain=False),
            ),
            xOffset=alt.XOffset("of:N", sort=["Predicted", "Observed"]),
            y=alt.Y(
                "amount:Q",
                title=None,
                axis=alt.Axis(format="~s", tickCount=5, labelExpr=SHORT_NUMBER),
            ),
            color=alt.Color(
                "of:N",
                title=None,
                sort=["Predicted", "Observed"],
                scale=alt.Scale(domain=["Predicted", "Observed"], range=[BLUE, MUTED]),
                legend=alt.Legend(orient="top"),
            ),
        )
    )
    return draw(chart, name="tenths", height=_SQUARE)
