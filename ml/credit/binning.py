"""Bins of a characteristic and the weight of evidence of each.

Belongs here: where one bin ends and the next begins, how many good and bad it holds, what that
weighs.
Does not belong here: points.

The weight of evidence of a bin is ln((good + s) / (all good + s k)) - ln((bad + s) / (all bad
+ s k)) with k bins and smoothing s = 1/2: above 0 it speaks for the customer. Bins begin as about
equal counts; one that holds too few rows, or too few customers who went bad, is joined with its
smaller neighbour; neighbours whose bad rates run against the sense of the characteristic are
joined (pool adjacent violators), so that no customer is rated worse for paying better. Missing
is a bin of its own; where that holds too few, it weighs nothing, and nothing is said.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.credit.config import CreditConfig

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

_DIGITS: Final = 3


@dataclass(frozen=True)
class Bins:
    """The bins of one characteristic: those of known values in order, then that of none.

    Attributes:
        edges: Lower ends of the second and later bins of known values; a value at an edge is in
            the bin that the edge begins.
        rows: Rows per bin.
        bad: Bad rows per bin.
        evidence: Weight of evidence per bin.
    """

    edges: Float
    rows: Int
    bad: Int
    evidence: Float

    def assign(self, values: Float) -> Int:
        """Number of the bin of each value; the last one is that of the missing."""
        found = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, found).astype(np.int64)

    def label(self, number: int) -> str:
        """The span of a bin in words."""
        if number == len(self.edges) + 1:
            return "not known"
        low = f"{self.edges[number - 1]:g}" if number > 0 else None
        high = f"{self.edges[number]:g}" if number < len(self.edges) else None
        if low and high:
            return f"from {low} to below {high}"
        return f"below {high}" if high else f"{low} or more" if low else "any value"

    def span(self, number: int) -> tuple[float, float]:
        """Lower end (inclusive) and upper end (exclusive) of a bin; NaN where open."""
        if number == len(self.edges) + 1:
            return float("nan"), float("nan")
        ends = np.concatenate(([np.nan], self.edges, [np.nan]))
        return float(ends[number]), float(ends[number + 1])

    def to_state(self) -> dict[str, Any]:
        """Plain arrays."""
        return {
            "edges": self.edges,
            "rows": self.rows,
            "bad": self.bad,
            "evidence": self.evidence,
        }


def weights_of_evidence(good: Float, bad: Float, *, smoothing: float) -> Float:
    """Weight of evidence of each bin, from its counts of good and bad."""
    good, bad = good + smoothing, bad + smoothing
    return np.asarray(np.log(good / good.sum()) - np.log(bad / bad.sum()), dtype=np.float64)


def fit_bins(values: Float, bad: Float, customer: Int, sense: int, config: CreditConfig) -> Bins:
    """Find the bins of one characteristic.

    Args:
        values: Its value in each row, NaN where not known.
        bad: 1 bad, 0 good.
        customer: Number of the customer of each row.
        sense: 1 where a higher value must not be worse, -1 where it must not be better.
        config: Settings.
    """
    known = ~np.isnan(values)
    edges = _first_edges(values[known], config)
    edges = _without_small(edges, values[known], bad[known], customer[known], len(values), config)
    edges = _monotone(edges, values[known], bad[known], sense, config)
    number = Bins(edges, *_nothing()).assign(values)
    size = len(edges) + 2
    rows = np.bincount(number, minlength=size).astype(np.int64)
    bads = np.bincount(number, weights=bad, minlength=size).astype(np.int64)
    missing_bad = len(np.unique(customer[~known & (bad == 1)]))
    is_missing_told = (
        rows[-1] >= config.min_bin_share * len(values) and missing_bad >= config.min_bin_bad
    )
    evidence = np.zeros(size)
    told = size if is_missing_told else size - 1
    if told > 1:
        evidence[:told] = weights_of_evidence(
            (rows - bads)[:told].astype(np.float64),
            bads[:told].astype(np.float64),
            smoothing=config.smoothing,
        )
    return Bins(edges, rows, bads, evidence)


def _nothing() -> tuple[Int, Int, Float]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)


def _first_edges(known: Float, config: CreditConfig) -> Float:
    """Lower ends of bins of about equal count, at values that can be read."""
    if len(known) == 0:
        return np.empty(0)
    shares = np.arange(1, config.fine_bins) / config.fine_bins
    found = np.quantile(known, shares, method="higher")
    readable = np.array([float(f"{value:.{_DIGITS}g}") for value in found])
    edges = np.unique(readable)
    return np.asarray(edges[(edges > known.min()) & (edges <= known.max())], dtype=np.float64)


def _without_small(
    edges: Float, known: Float, bad: Float, customer: Int, total: int, config: CreditConfig
) -> Float:
    """Join every bin that is too small with its smaller neighbour, the first one first."""
    while len(edges):
        number = np.searchsorted(edges, known, side="right")
        size = len(edges) + 1
        rows = np.bincount(number, minlength=size)
        gone = bad == 1
        pairs = np.unique(np.column_stack([number[gone], customer[gone]]), axis=0)
        bads = np.bincount(pairs[:, 0], minlength=size)
        small = np.flatnonzero((rows < config.min_bin_share * total) | (bads < config.min_bin_bad))
        if len(small) == 0:
            break
        at = int(small[0])
        is_left = at > 0 and (at == size - 1 or rows[at - 1] <= rows[at + 1])
        edges = np.delete(edges, at - 1 if is_left else at)
    return edges


def _monotone(edges: Float, known: Float, bad: Float, sense: int, config: CreditConfig) -> Float:
    """Join neighbours whose evidence runs against the sense, until none do.

    The evidence is the smoothed one: of two rates that are nearly equal the smoothing may turn
    the order round.
    """
    while len(edges):
        number = np.searchsorted(edges, known, side="right")
        rows = np.bincount(number, minlength=len(edges) + 1)
        count = np.bincount(number, weights=bad, minlength=len(edges) + 1)
        good, bads = (rows - count).astype(np.float64), count.astype(np.float64)
        evidence = weights_of_evidence(good, bads, smoothing=config.smoothing)
        wrong = np.flatnonzero(np.diff(evidence) * sense <= 0)
        if len(wrong) == 0:
            break
        edges = np.delete(edges, int(wrong[0]))
    return edges
