"""The topic of value segments.

Belongs here: what is read of the eight cells and their strategies, and how it is told, in both
languages. Not here: other topics of the scorecards.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_share,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    Cell,
    Column,
    Figure,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import (
    count_or_few,
    names,
    number,
    percent_short,
    rate,
)
from orchestration.release.palette import BLUE, ORANGE
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import is_told

_UNCLASSIFIED = "unclassified"
_AT_STAKE = "high_high_low"
_LEVELS = ("high", "low")
_DIMENSIONS = ("current", "potential", "relationship")


def topic(lang: str) -> Topic:
    """The topic in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    return Topic(
        "segments",
        Part(
            t("Value segments"),
            {
                "value_segments": names(
                    "as_of_date profile cell name name_zh strategy strategy_zh needs_consent "
                    "review_date customer_count customer_share revenue_12m revenue_share"
                )
            },
            t("no yearly review has set the cuts yet"),
        ),
        told.segments,
    )


class _Told(Teller):
    """The topic in one language."""

    def segments(self, reader: Reader) -> Section | None:
        t = self.t
        everything = reader.rows(
            """
            select * from scorecard.value_segments
            where as_of_date = (select max(as_of_date) from scorecard.value_segments)
            order by profile <> ?, profile, cell = 'unclassified', cell
            """,
            [reader.manifest.profile],
        )
        if not everything:
            return None
        profile = everything[0]["profile"]
        rows = [
            {
                **row,
                "label": self._cell_name(row),
                "levels": self._levels(row["cell"]),
            }
            for row in everything
            if row["profile"] == profile
        ]
        classified = [row for row in rows if row["cell"] != _UNCLASSIFIED]
        name = self.name(profile)
        said = []
        if classified:
            most = max(classified, key=lambda row: (row["revenue_share"] or 0, row["cell"]))
            said.append(
                t(
                    "“{cell}” holds {customers} of the customers and {revenue} of the revenue of "
                    "twelve months."
                ).format(
                    cell=most["label"],
                    customers=format_share(most["customer_share"]),
                    revenue=format_share(most["revenue_share"]),
                )
            )
        stake = next((row for row in rows if row["cell"] == _AT_STAKE), None)
        if stake and is_told(stake["revenue_12m"]):
            said.append(
                t(
                    "“{cell}”: {n} customers of high value and potential, worth {worth} a year, "
                    "whose relationship is weak."
                ).format(
                    cell=stake["label"],
                    n=format_integer(stake["customer_count"]),
                    worth=reader.money(stake["revenue_12m"]),
                )
            )
        blocks: list[Sequence[Figure | Table]] = [
            (
                self._shares_drawn(rows, self._counted(name, rows, reader)),
                self._counted(name, rows, reader),
            ),
            (self._strategies([row for row in rows if row["strategy"] is not None]),),
        ]
        others = self._by_profile(everything)
        if others:
            blocks.append((others,))
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "Current value, potential and relationship, each above or below the median of the "
                "yearly review of {day}: eight cells with a strategy each. Whoever has no score of "
                "one of the three is not classified."
            ).format(day=self.day(max(row["review_date"] for row in rows))),
            said=said,
            rows=blocks,
        )

    def _cell_name(self, row: Row) -> str:
        if row["cell"] == _UNCLASSIFIED:
            return self.t("Not classified")
        return self.label(row, "name")

    def _levels(self, cell: str) -> str:
        """A cell's place in words: `current high, potential low, relationship high`."""
        t = self.t
        levels = cell.split("_")
        if len(levels) != len(_DIMENSIONS) or not set(levels) <= set(_LEVELS):
            return t("a score is missing")
        return t("{current} value, {potential} potential, {relationship} relationship").format(
            **{dimension: t(level) for dimension, level in zip(_DIMENSIONS, levels, strict=True)}
        )

    def _shares_drawn(self, rows: Sequence[Row], table: Table) -> Figure:
        t = self.t
        ends = [
            float(row[key])
            for row in rows
            for key in ("customer_share", "revenue_share")
            if is_told(row[key])
        ]
        return Figure(
            t("Customers and revenue by segment"),
            t("Share of all customers and of their revenue of twelve months."),
            charts.pairs(
                [
                    {
                        "label": row["label"],
                        t("Customers"): row["customer_share"],
                        t("Revenue"): row["revenue_share"],
                    }
                    for row in rows
                ],
                {t("Customers"): ORANGE, t("Revenue"): BLUE},
                domain=(0, charts.nice_end(max(ends))),
                form=percent_short,
            ),
            table,
            t(
                "A segment far to the right in revenue and far to the left in customers is what "
                "the company lives on."
            ),
        )

    def _counted(self, name: str, rows: Sequence[Row], reader: Reader) -> Table:
        t = self.t
        return Table(
            t("Segments of “{name}”").format(name=name),
            [
                self.head("Segment"),
                Column(t("Customers"), lambda row: count_or_few(row["customer_count"])),
                rate(t("Share"), "customer_share", form=format_share, on_phone=False),
                number(t("Revenue, 12 m"), "revenue_12m", reader.money),
                rate(t("Share of revenue"), "revenue_share", form=format_share, on_phone=False),
            ],
            rows,
            sources="value_segments.customer_count, revenue_12m",
        )

    def _strategies(self, rows: Sequence[Row]) -> Table:
        return Table(
            self.t("What to do in each segment"),
            [
                self.head("Segment"),
                self.text("What it is", "levels", on_phone=False),
                self.text("Strategy", "strategy"),
                self.consent(),
            ],
            rows,
            note=self.t("Needs consent: not for a customer who has not agreed to marketing."),
            sources="value_segments.strategy, needs_consent",
        )

    def _by_profile(self, everything: Sequence[Row]) -> Table | None:
        t = self.t
        by_profile: dict[str, dict[str, Row]] = {}
        for row in everything:
            by_profile.setdefault(row["profile"], {})[row["cell"]] = row
        if len(by_profile) < 2:
            return None
        cells = {row["cell"]: self._cell_name(row) for row in everything}

        def read(cell: str) -> Callable[[Row], Cell]:
            def cell_of(row: Mapping[str, Any]) -> Cell:
                found = row["cells"].get(cell)
                if found is None:
                    return Cell("–")
                count, share = found["customer_count"], found["customer_share"]
                shade = float(share) if is_told(share) else None
                return Cell(format_integer(count), shade=shade)

            return cell_of

        return Table(
            t("Customers in each segment, by scorecard"),
            [
                self.head("Scorecard"),
                *(
                    Column(name, read(cell), is_on_phone=cell in (_AT_STAKE, "high_high_high"))
                    for cell, name in cells.items()
                ),
            ],
            [
                {"label": self.name(profile), "cells": found}
                for profile, found in by_profile.items()
            ],
            note=t("Darker: a larger share of the scorecard's customers."),
            sources="value_segments.customer_count, customer_share",
        )
