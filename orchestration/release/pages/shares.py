"""The figure that pages show most: a share of each group, in its interval.

Belongs here: which columns belong to a share, the chart and the table of it. Not here: queries and
words of one page, other charts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.release.pages import charts
from orchestration.release.pages.model import Column, Figure, Table
from orchestration.release.pages.words import dots, interval, number, percent_short, rate
from orchestration.release.reading import Row


@dataclass(frozen=True)
class Share:
    """A share of a mart and the columns that belong to it.

    Attributes:
        value: The share's own column.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
        small: Flag of few cases.
        cases: What it rests on.
        target: Its target; empty where there is none.
    """

    value: str
    low: str
    high: str
    small: str
    cases: str
    target: str = ""

    @classmethod
    def named(cls, name: str, *, cases: str = "", target: str = "") -> "Share":
        """The share whose columns are called after it, as nearly all marts do."""
        return cls(
            f"{name}_ratio",
            f"{name}_low",
            f"{name}_high",
            f"is_{name}_low_n",
            cases or f"{name}_cases",
            target,
        )


def share_by_group(
    title: str,
    share: Share,
    rows: Sequence[Row],
    *,
    told: str,
    caption: str,
    head: Column,
    cases: str,
    label: str,
    definition: str,
    sources: str,
    more: Sequence[Column] = (),
    note: str = "",
    highest: float = 1,
    form: Callable[[Any], str] = percent_short,
    interval_on_phone: bool = False,
) -> Figure:
    """A share of each group as a dot in its interval, with the table behind it.

    Args:
        title: What the chart shows.
        share: The columns.
        rows: Rows of the mart, one a group.
        told: How the chart is to be read.
        caption: Of the table.
        head: The column that names the groups.
        cases: Head of the column of cases.
        label: Head of the column of the share.
        definition: What the share is.
        sources: Mart and columns.
        more: Further columns of the table.
        note: A line under the table.
        highest: Where the axis ends.
        form: How the share is written in the chart.
        interval_on_phone: Whether a narrow screen shows the interval, too.
    """
    return Figure(
        title,
        told,
        charts.intervals(
            dots(
                rows,
                share.value,
                low=share.low,
                high=share.high,
                small_key=share.small,
                target=share.target,
                label=lambda row: str(head.read(row)),
            ),
            form=form,
            tick=percent_short,
            domain=(0, highest),
        ),
        Table(
            caption,
            [
                head,
                number(cases, share.cases),
                rate(label, share.value, small_key=share.small),
                interval(share.low, share.high, on_phone=interval_on_phone),
                *([rate("Target", share.target)] if share.target else []),
                *more,
            ],
            rows,
            note=note,
            sources=sources,
        ),
        definition,
    )
