"""The topic of the page of retention that asks whether the scores warned before customers left.

Belongs here: what is read of scorecard_backtest and how it is told. Not here: other topics.
"""

from collections.abc import Sequence

from orchestration.release.formats import format_number, format_percent
from orchestration.release.pages import charts
from orchestration.release.pages.model import Figure, Reader, Section, Table, Topic
from orchestration.release.pages.words import (
    count_of,
    dots,
    label_column,
    names,
    number,
    percent_short,
    rate,
    readable,
)
from orchestration.release.parts import Part
from orchestration.release.reading import Row

BANDS = ("green", "amber", "red")


def _backtest(reader: Reader) -> Section | None:
    rows = [
        {**row, "label": readable(row["profile"])}
        for row in reader.rows(
            """
            select * from scorecard.scorecard_backtest
            where span = 'all_months'
            order by kind, profile
            """
        )
    ]
    if not rows:
        return None
    health = [row for row in rows if row["kind"] == "health"] or rows[:1]
    table = Table(
        "Share who left within six months, by band",
        [
            label_column("Scorecard"),
            number("Customer months", "customer_count", on_phone=False),
            rate("Green", "green_churn_ratio", small_key="is_green_churn_low_n"),
            rate("Amber", "amber_churn_ratio", small_key="is_amber_churn_low_n"),
            rate("Red", "red_churn_ratio", small_key="is_red_churn_low_n"),
            rate(
                "Leavers who were red", "recall_ratio", small_key="is_recall_low_n", on_phone=False
            ),
            rate(
                "Stayers who were red",
                "false_alarm_ratio",
                small_key="is_false_alarm_low_n",
                on_phone=False,
            ),
            number("Days of warning", "lead_time_days_median", on_phone=False),
            number("AUC", "churn_auc_same_kind", format_number, on_phone=False),
        ],
        rows,
        note="Of all months whose outcomes are known; a customer counts once in each. Days of "
        "warning: from the first red month end to the end of the contract, in the middle. AUC: of "
        "two customers of one kind, with a contract or without, the chance that the one who left "
        f"had the lower score; 0.5 says nothing.{_in_sample(rows)}",
        sources="scorecard_backtest.red_churn_ratio, recall_ratio, lead_time_days_median",
    )
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="Each score of the past is held against what came of the customer in the six months "
        "after. A score that says nothing about leaving may still say what a customer is worth; a "
        "health score that says nothing is of no use.",
        said=[said_of(row) for row in health],
        rows=[(_by_band_drawn(health[0], table),)],
    )


def _in_sample(rows: Sequence[Row]) -> str:
    """Which scorecards are judged by outcomes that an estimator in them knew."""
    names_told = [str(row["label"]) for row in rows if row["is_partly_in_sample"]]
    if not names_told:
        return ""
    return (
        f" Told better than they would be: {', '.join(names_told)}. An estimator in them was "
        "trained on these outcomes."
    )


def said_of(row: Row) -> str:
    """What the back-test says of a scorecard, in one sentence."""
    name = row["label"]
    if row["red_churn_ratio"] is None or row["green_churn_ratio"] is None:
        return f"{name}: a band is empty, so that green and red cannot be compared."
    rates = (
        f"{format_percent(row['red_churn_ratio'])} of the red left within six months, "
        f"{format_percent(row['green_churn_ratio'])} of the green"
    )
    if row["is_red_churn_low_n"] or row["is_green_churn_low_n"]:
        return f"{name}: {rates}; too few customers to tell."
    if row["red_churn_low"] <= row["green_churn_high"]:
        return f"{name}: {rates}. That cannot be told from chance."
    warned = count_of(row["churned_count"], "case of leaving", "cases of leaving")
    return (
        f"{name}: {rates}, {float(row['red_to_green_ratio']):.1f} times as many. Of "
        f"{warned}, {format_percent(row['recall_ratio'])} were red before."
    )


def _by_band_drawn(row: Row, table: Table) -> Figure:
    bands = dots(
        _by_band(row),
        "ratio",
        low="low",
        high="high",
        small_key="is_small",
        label=lambda band: str(band["label"]),
    )
    return Figure(
        f"{row['label']}: who left, by band",
        "Share who left within six months. Bar: 95\u00a0% interval.",
        charts.intervals(
            bands,
            form=percent_short,
            domain=(0, max((float(band["high"]) for band in bands), default=1.0)),
            nice=True,
        ),
        table,
        "Of the customers in the band at a month end whose outcome is known, the share who left in "
        "the six months after, for whatever reason.",
    )


def _by_band(row: Row) -> list[Row]:
    return [
        {
            "label": band.capitalize(),
            "ratio": row[f"{band}_churn_ratio"],
            "low": row[f"{band}_churn_low"],
            "high": row[f"{band}_churn_high"],
            "is_small": row[f"is_{band}_churn_low_n"],
        }
        for band in BANDS
        if row[f"{band}_churn_ratio"] is not None
    ]


TOPIC = Topic(
    "warned",
    Part(
        "Did the scores warn?",
        {
            "scorecard_backtest": names(
                "profile span as_of_date kind customer_count churned_count green_churn_ratio "
                "green_churn_low green_churn_high is_green_churn_low_n amber_churn_ratio "
                "amber_churn_low amber_churn_high is_amber_churn_low_n red_churn_ratio "
                "red_churn_low red_churn_high is_red_churn_low_n red_to_green_ratio recall_ratio "
                "is_recall_low_n false_alarm_ratio is_false_alarm_low_n lead_time_days_median "
                "churn_auc_same_kind is_partly_in_sample"
            )
        },
        "no month has all of its outcomes yet",
    ),
    _backtest,
)
