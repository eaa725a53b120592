"""How quality went over the runs, as the quality page draws it.

Belongs here: the shares and counts per run and product, and the coordinates of their small charts.
Not here: where they are kept (a control table that orchestration writes), and the page itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

WIDTH, HEIGHT, MARGIN = 132, 30, 4
# So many of the newest runs are drawn and listed.
RUNS_SHOWN = 30
RUNS_LISTED = 12


@dataclass(frozen=True)
class RunQuality:
    """What the rules of one product gave in one run.

    Attributes:
        run_id: The run.
        started_at: When it began (UTC).
        product: The product, or `source`.
        rules: Rules that were judged.
        rules_passed: Those that held.
        rows_failed: Rows that failed, over all rules.
        is_held: Whether the gate held the product.
    """

    run_id: str
    started_at: datetime
    product: str
    rules: int
    rules_passed: int
    rows_failed: int
    is_held: bool


@dataclass(frozen=True)
class RunTotal:
    """One run, all products together.

    Attributes:
        run_id: The run.
        started_at: When it began (UTC).
        rules: Rules that were judged.
        pass_share: Share of them that held, 0 to 1.
        rows_failed: Rows that failed.
        held: The products that were held.
    """

    run_id: str
    started_at: datetime
    rules: int
    pass_share: float
    rows_failed: int
    held: tuple[str, ...]


@dataclass(frozen=True)
class ProductTrend:
    """One product over the runs, the oldest first.

    Attributes:
        product: The product, or `source`.
        pass_shares: Share of rules that held, 0 to 1, in each run.
        rows_failed: Rows that failed in each run.
        held: Whether it was held in each run.
    """

    product: str
    pass_shares: tuple[float, ...]
    rows_failed: tuple[int, ...]
    held: tuple[bool, ...]

    @property
    def share_points(self) -> tuple[tuple[float, float], ...]:
        """Where the shares stand in the chart, whose foot is the lowest of them."""
        return _points(self.pass_shares, low=min(self.pass_shares), high=1.0)

    @property
    def failed_points(self) -> tuple[tuple[float, float], ...]:
        """Where the counts of failed rows stand in the chart; its foot is none."""
        return _points(self.rows_failed, low=0, high=max(self.rows_failed))


def run_totals(trend: Sequence[RunQuality]) -> list[RunTotal]:
    """Sum the products of each run, the newest run first."""
    totals = []
    for (started_at, run_id), group in groupby(
        sorted(trend, key=lambda each: (each.started_at, each.run_id, each.product)),
        key=lambda each: (each.started_at, each.run_id),
    ):
        products = list(group)
        rules = sum(each.rules for each in products)
        totals.append(
            RunTotal(
                run_id=run_id,
                started_at=started_at,
                rules=rules,
                pass_share=sum(each.rules_passed for each in products) / rules,
                rows_failed=sum(each.rows_failed for each in products),
                held=tuple(each.product for each in products if each.is_held),
            )
        )
    return totals[::-1]


def product_trends(trend: Sequence[RunQuality], products: Sequence[str]) -> list[ProductTrend]:
    """Give each product over the newest runs that judged it, in the order of the names given.

    Args:
        trend: What is known of the runs.
        products: The products of the page; what was never judged is left out.
    """
    found = []
    for product in products:
        runs = sorted(
            (each for each in trend if each.product == product),
            key=lambda each: (each.started_at, each.run_id),
        )[-RUNS_SHOWN:]
        if runs:
            found.append(
                ProductTrend(
                    product=product,
                    pass_shares=tuple(each.rules_passed / each.rules for each in runs),
                    rows_failed=tuple(each.rows_failed for each in runs),
                    held=tuple(each.is_held for each in runs),
                )
            )
    return found


def _points(values: Sequence[float], *, low: float, high: float) -> tuple[tuple[float, float], ...]:
    width, height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    steps = max(1, len(values) - 1)
    spread = high - low
    # One run alone stands at the right, where the newest stands; what never varies, on one line.
    first = WIDTH - MARGIN if len(values) == 1 else MARGIN
    return tuple(
        (
            round(first + width * index / steps, 1),
            round(HEIGHT - MARGIN - height * ((value - low) / spread if spread else value > 0), 1),
        )
        for index, value in enumerate(values)
    )
