"""The topic of the balanced portfolio scorecard: five perspectives, targets, actuals, trend.

Belongs here: what is read of the scorecard of the company as a whole, and how it is told, in both
languages. Not here: scores of customers (`scorecards`).
"""

from typing import Any

from orchestration.release.formats import format_number, format_score, format_share
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    SMALL,
    Cell,
    Column,
    Figure,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names, number
from orchestration.release.palette import BLUE
from orchestration.release.parts import Part
from orchestration.release.reading import Row

_MEASURES = names(
    "as_of_date profile perspective measure label label_zh unit raw_value target_value "
    "target_source score weight contribution trend is_low_n"
)
# Other units stand in the name of the measure.
_UNITS = {"months": "months", "times": "times"}


def topic(lang: str) -> Topic:
    """The topic in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    return Topic(
        "balanced",
        Part(
            t("The company as a whole"),
            {
                "portfolio_scorecard": names(
                    "as_of_date profile score coverage band score_change trend value_change "
                    "scale_change configuration_change coverage_change best_lever best_lever_gain"
                ),
                "portfolio_scorecard_nodes": names(
                    "as_of_date profile node_id depth label label_zh score coverage weight"
                ),
                "portfolio_scorecard_measures": _MEASURES,
            },
            t("too little of the balanced scorecard is measured"),
        ),
        told.balanced,
    )


class _Told(Teller):
    """The topic in one language."""

    def balanced(self, reader: Reader) -> Section | None:
        t = self.t
        months = reader.rows(
            "select * from scorecard.portfolio_scorecard "
            "where score is not null order by profile, as_of_date"
        )
        if not months:
            return None
        profile, as_of = months[-1]["profile"], months[-1]["as_of_date"]
        months = [row for row in months if row["profile"] == profile]
        newest = months[-1]
        here = [profile, as_of]
        perspectives = reader.rows(
            "select * from scorecard.portfolio_scorecard_nodes "
            "where profile = ? and as_of_date = ? and depth = 1 order by weight desc, node_id",
            here,
        )
        measures = reader.rows(
            """
            select
                measures.*,
                nodes.label as perspective_label,
                nodes.label_zh as perspective_label_zh
            from scorecard.portfolio_scorecard_measures as measures
            inner join scorecard.portfolio_scorecard_nodes as nodes
                on
                    measures.as_of_date = nodes.as_of_date
                    and measures.profile = nodes.profile
                    and measures.perspective = nodes.node_id
            where measures.profile = ? and measures.as_of_date = ?
            order by nodes.weight desc, nodes.node_id, measures.weight desc, measures.measure
            """,
            here,
        )
        return Section(
            as_of=as_of,
            intro=t(
                "The company's customer business in five perspectives, each measure against its "
                "target: 75 is a target just met, 100 is what could be reached at best."
            ),
            said=self._said(newest, measures),
            rows=[
                (
                    Figure(
                        t("Perspectives"),
                        t("Score of each perspective, 0 to 100."),
                        charts.bars(
                            [
                                {"label": self.label(row), "value": row["score"]}
                                for row in perspectives
                            ],
                            form=format_score,
                        ),
                        self._perspectives(perspectives),
                        t(
                            "Weighted mean of the scores of its measures, without those that "
                            "are missing."
                        ),
                    ),
                    Figure(
                        t("Balanced score by month"),
                        t("Score of the company as a whole."),
                        charts.lines(
                            [
                                {
                                    "month": row["as_of_date"],
                                    "series": t("Score"),
                                    "value": row["score"],
                                }
                                for row in months
                            ],
                            {t("Score"): BLUE},
                            tick=lambda value: f"{value:g}",
                            domain=(0, 100),
                            name=self.month_short,
                        ),
                        self._months(months),
                        t("A month without a score had too little measured."),
                    ),
                ),
                (self._measures(measures),),
            ],
        )

    def _said(self, newest: Row, measures: list[Row]) -> list[str]:
        t = self.t
        said = []
        if newest["score_change"] is not None:
            said.append(
                t(
                    "The score is {score}, {change} since the month before: {value} by what is "
                    "measured, {scale} by targets, {weights} by weights, {coverage} by what began "
                    "or ceased to be measured."
                ).format(
                    score=format_score(newest["score"]),
                    change=self._fine(newest["score_change"]),
                    value=self._fine(newest["value_change"]),
                    scale=self._fine(newest["scale_change"]),
                    weights=self._fine(newest["configuration_change"]),
                    coverage=self._fine(newest["coverage_change"]),
                )
            )
        lever = next((row for row in measures if row["measure"] == newest["best_lever"]), None)
        if lever is not None:
            said.append(
                t("Most would be gained by “{measure}”: {gain} points at its target.").format(
                    measure=self.label(lever), gain=format_score(newest["best_lever_gain"])
                )
            )
        return said

    def _fine(self, value: Any) -> str:
        return "–" if value is None else f"{value:+.2f}"

    def _perspectives(self, rows: list[Row]) -> Table:
        t = self.t
        return Table(
            t("Perspectives"),
            [
                self.head("Perspective"),
                number(t("Score"), "score", format_score),
                number(t("Weight"), "weight", format_share),
                number(t("Coverage"), "coverage", format_share, on_phone=False),
            ],
            rows,
            sources="portfolio_scorecard_nodes.score, coverage",
        )

    def _months(self, rows: list[Row]) -> Table:
        t = self.t
        return Table(
            t("Balanced score by month"),
            [
                Column(
                    t("Month"),
                    lambda row: self.month(row["as_of_date"]),
                    is_number=False,
                    is_head=True,
                ),
                number(t("Score"), "score", format_score),
                number(t("Change"), "score_change", self._fine),
                number(t("Coverage"), "coverage", format_share, on_phone=False),
            ],
            rows[::-1],
            sources="portfolio_scorecard.score, score_change",
        )

    def _measures(self, rows: list[Row]) -> Table:
        t = self.t
        return Table(
            t("Targets, actuals and trend"),
            [
                self.head("Measure"),
                self.text("Perspective", "perspective_label", on_phone=False),
                Column(t("Actual"), self._actual),
                Column(t("Target"), lambda row: self._valued(row["target_value"], row["unit"])),
                Column(
                    t("Set by"),
                    lambda row: t(
                        "the company" if row["target_source"] == "company" else "the product"
                    ),
                    is_number=False,
                    is_on_phone=False,
                ),
                Column(
                    t("Score"),
                    lambda row: Cell(
                        format_score(row["score"]),
                        shade=None if row["score"] is None else float(row["score"]) / 100,
                    ),
                ),
                number(t("Weight"), "weight", format_share, on_phone=False),
                number(t("Contribution"), "contribution", format_score, on_phone=False),
                Column(t("Trend"), lambda row: t(row["trend"]), is_number=False, is_on_phone=False),
            ],
            rows,
            note=t(
                "The contributions sum to the score. Up and down are more than what is usual from "
                "month to month. Darker: nearer to what could be reached."
            ),
            sources="portfolio_scorecard_measures.raw_value, target_value, score",
        )

    def _actual(self, row: Row) -> Cell:
        return Cell(
            self._valued(row["raw_value"], row["unit"]), flag=SMALL if row["is_low_n"] else ""
        )

    def _valued(self, value: Any, unit: str) -> str:
        """A value with its unit: shares in per cent."""
        if value is None:
            return "–"
        if unit == "ratio":
            return format_share(value)
        text = format_number(value)
        return f"{text} {self.t(_UNITS[unit])}" if unit in _UNITS else text
