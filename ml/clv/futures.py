"""What may come, not only what is expected: simulated years of each customer.

Belongs here: draws of later value from the fitted estimators, the interval they give, and where
an outcome lies among them.
Does not belong here: expectations (`ml.clv.value`), the verdict on coverage (`ml.clv.checks`).

Given the history, who is alive has a purchase rate lambda ~ gamma(r + x, alpha + T), a chance of
leaving p ~ beta(a, b + chances) after each purchase (or a rate mu ~ gamma(s, beta + T)), and
amounts of rate nu ~ gamma(p x + q, v + their sum): all depend on x but for a scale. So the random
numbers are drawn once, spread evenly over each dimension, and shared by all customers: their
quantiles are computed once per distinct x, the purchases are counted along one path per draw. The
cost per customer and draw is a search and a look-up, and the interval of a customer depends on
nobody else, whatever is scored together.

The uncertainty is that of the outcome, for known parameters: that of the parameters, small beside
it, is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaincinv

from ml.clv.counts import CountParameters, alive_probability
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import ValuePanel
from ml.clv.pareto_nbd import ParetoParameters

Float = npt.NDArray[np.float64]

INTERVAL_SHARE: Final = 0.90
_LONGEST: Final = 2048  # purchases along a path; beyond, the last stretch is prolonged
_ROWS_AT_ONCE: Final = 10_000


class Draws(Protocol):
    """Whatever simulates what is to come."""

    @property
    def draws(self) -> int:
        """Futures per customer."""

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        """Batches of rows with their draws: one row per draw, one column per customer."""


@dataclass(frozen=True)
class Futures:
    """Simulated value of the weeks after the as-of date.

    Attributes:
        purchases: Fitted parameters of the counts.
        spend: Fitted parameters of the amounts.
        weeks: How far ahead.
        draws: Futures per customer.
        seed: Seed of the random numbers.
    """

    purchases: CountParameters
    spend: SpendParameters
    weeks: float
    draws: int
    seed: int

    @cached_property
    def _even(self) -> Float:
        """Five rows of evenly spread numbers between 0 and 1, each in an order of its own."""
        rng = np.random.default_rng(self.seed)
        places = [rng.permutation(self.draws) for _ in range(5)]
        return (np.array(places) + 0.5) / self.draws

    @cached_property
    def _arrivals(self) -> Float:
        """Per draw: when the 1st, 2nd, ... purchase comes at a rate of one."""
        rng = np.random.default_rng(self.seed + 1)
        gaps = rng.exponential(size=(self.draws, _LONGEST))
        gaps[:, 0] = -np.log1p(-(rng.permutation(self.draws) + 0.5) / self.draws)
        return np.cumsum(gaps, axis=1)

    @cached_property
    def _spent(self) -> Float:
        """Per draw: what 0, 1, 2, ... purchases amount to, in units of 1 / nu."""
        rng = np.random.default_rng(self.seed + 2)
        amounts = rng.gamma(self.spend.p, size=(self.draws, _LONGEST))
        return np.cumsum(np.column_stack([np.zeros(self.draws), amounts]), axis=1)

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        """Batches of rows with their draws: one row per draw, one column per customer."""
        alive = alive_probability(self.purchases, panel.repeats, panel.recency, panel.age)
        for start in range(0, len(panel), _ROWS_AT_ONCE):
            rows = slice(start, min(start + _ROWS_AT_ONCE, len(panel)))
            yield rows, self._draw(panel, rows, alive[rows])

    def _draw(self, panel: ValuePanel, rows: slice, alive: Float) -> Float:
        even = self._even
        x, place = np.unique(panel.repeats[rows], return_inverse=True)
        age, amount = panel.age[rows], panel.amount[rows]
        rate = gammaincinv(self.purchases.r + x, even[0][:, None])[:, place]
        rate /= self.purchases.alpha + age
        counts, stretch = self._counts(rate, x, place, age)
        count, number = np.unique(panel.amount_count[rows], return_inverse=True)
        inverse_scale = gammaincinv(self.spend.p * count + self.spend.q, even[1][:, None])
        known = panel.amount_count[rows] > 0
        total = np.where(known, panel.amount_count[rows] * np.where(known, amount, 0.0), 0.0)
        spent = np.take_along_axis(self._spent, counts, axis=1)
        spent *= stretch
        spent *= (self.spend.v + total) * panel.value_ratio[rows] / inverse_scale[:, number]
        spent[even[2][:, None] >= alive] = 0.0
        return spent

    def _counts(
        self, rate: Float, x: Float, place: npt.NDArray[np.intp], age: Float
    ) -> tuple[npt.NDArray[np.intp], Float]:
        """Purchases of who is alive, and by how much a path that is too short is prolonged."""
        even, most = self._even, np.full((self.draws, len(x)), np.inf)
        if isinstance(self.purchases, ParetoParameters):
            leaving = gammaincinv(self.purchases.s, even[3]) / -np.log1p(-even[4])
            with np.errstate(divide="ignore", over="ignore"):  # who never leaves stays for ever
                stays = (self.purchases.beta + age) / leaving[:, None]
            expected = rate * np.minimum(stays, self.weeks)
        else:
            chances = self.purchases.b + x + self.purchases.extra
            leave = np.maximum(betaincinv(self.purchases.a, chances, even[3][:, None]), 1e-300)
            with np.errstate(divide="ignore"):  # who leaves for certain does so at the first
                most = np.ceil(np.log(even[4])[:, None] / np.log1p(-leave))
            expected = rate * self.weeks
        counts = np.array(
            [
                np.searchsorted(path, wanted, side="right")
                for path, wanted in zip(self._arrivals, expected, strict=True)
            ]
        )
        stretch = np.ones((1, 1))
        if (is_long := counts == _LONGEST).any():
            is_short = is_long & (most[:, place] > _LONGEST)
            stretch = np.where(is_short, np.maximum(expected / self._arrivals[:, -1:], 1.0), 1.0)
        limit = np.clip(most, 1, _LONGEST).astype(np.intp)
        return np.minimum(counts, limit[:, place], out=counts), stretch


def interval(
    futures: Draws,
    panel: ValuePanel,
    factor: Float,
    *,
    levels: tuple[float, float] = ((1 - INTERVAL_SHARE) / 2, (1 + INTERVAL_SHARE) / 2),
) -> tuple[Float, Float]:
    """Draws of each customer at two places, times a factor of his; by default the middle 90 %."""
    low_place = max(int(np.ceil(levels[0] * futures.draws)) - 1, 0)
    high_place = min(int(np.ceil(levels[1] * futures.draws)) - 1, futures.draws - 1)
    low, high = np.empty(len(panel)), np.empty(len(panel))
    for rows, draws in futures.value(panel):
        found = np.partition(draws, (low_place, high_place), axis=0)
        low[rows], high[rows] = found[low_place], found[high_place]
    return low * factor, high * factor


def outcome_places(futures: Draws, panel: ValuePanel, actual: Float, *, seed: int) -> Float:
    """Where each outcome lies among the customer's draws, from 0 to 1 (randomised PIT).

    Among equal values, above all zeros, the place is drawn at random, so that for a true
    estimator all places are equally likely and 90 % of them lie between 0.05 and 0.95.
    """
    uniform = np.random.default_rng(seed).random(len(panel))
    places = np.empty(len(panel))
    for rows, draws in futures.value(panel):
        below = (draws < actual[rows]).sum(axis=0)
        equal = (draws == actual[rows]).sum(axis=0)
        places[rows] = (below + uniform[rows] * (equal + 1)) / (futures.draws + 1)
    return places


def coverage(places: Float) -> float:
    """Share of outcomes inside the middle 90 %."""
    outside = (1 - INTERVAL_SHARE) / 2
    return float(((places >= outside) & (places <= 1 - outside)).mean())
