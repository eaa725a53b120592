"""Purchases and contracts together: what may come of a customer, and how sure an interval is.

Belongs here: draws of both parts added up, intervals between calibrated places, and the places of
outcomes.
Does not belong here: the draws of one part (`ml.clv.futures`, `ml.clv.contract`).

An estimator that is sure of itself names too narrow an interval. Where outcomes lay among what had
been held possible a year ago says how much too narrow: if 5 % of them lay below place 0.02, then
0.02 and not 0.05 is where an interval must begin that 5 % fall below of. So the places between
which an interval of purchases runs are those of an earlier as-of date (quantile recalibration:
Kuleshov, Fenner, Ermon 2018). Contracts and the two-part regression need none: how far outcomes
were from what was expected is part of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from ml.clv import two_part as two_part_regression
from ml.clv.contract import ContractFutures, ContractParameters
from ml.clv.counts import CountParameters
from ml.clv.futures import INTERVAL_SHARE, Draws, Futures, interval, outcome_places
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import RELATIONS, ValuePanel
from ml.clv.summary import WEEKS_PER_MONTH
from ml.clv.two_part import Expected, TwoPartParameters

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Levels = tuple[float, float]

PLAIN: Final[Levels] = ((1 - INTERVAL_SHARE) / 2, (1 + INTERVAL_SHARE) / 2)


@dataclass(frozen=True)
class Parts:
    """What was fitted; None where it was not.

    Attributes:
        purchases: Parameters of the purchase counts.
        spend: Parameters of the amounts.
        two_part: The two-part regression, where it speaks instead of the amounts.
        contract: Parameters of contracts.
    """

    purchases: CountParameters | None = None
    spend: SpendParameters | None = None
    two_part: TwoPartParameters | None = None
    contract: ContractParameters | None = None

    def can_value(self, panel: ValuePanel) -> Bool:
        """Customers of whom each part that they have was fitted."""
        buys = np.full(len(panel), self.purchases is not None and self.spend is not None)
        stays = np.full(len(panel), self.contract is not None)
        found = panel.is_known & (~panel.has_bought | buys) & (~panel.has_contract | stays)
        return np.asarray(found, dtype=np.bool_)


def calibrate(places: Float, *, least: int) -> Levels:
    """The places between which nine of ten outcomes lay.

    Args:
        places: Where outcomes of an earlier as-of date lay among what had been held possible.
        least: Fewest to learn from; with fewer the places are `PLAIN`.
    """
    own = np.sort(places)
    # The rank that a new outcome is beyond with the chance wanted, for places of any law.
    rank = int(np.floor(PLAIN[0] * (len(own) + 1)))
    if len(own) < least or rank < 1:
        return PLAIN
    return float(own[rank - 1]), float(own[len(own) - rank])


def is_inside(places: Float, levels: Levels) -> Bool:
    """Whether outcomes lie inside an interval between these places."""
    return np.asarray((places >= levels[0]) & (places <= levels[1]), dtype=np.bool_)


@dataclass(frozen=True)
class _Sum:
    """Draws of several parts, added up."""

    parts: Sequence[Draws]

    @property
    def draws(self) -> int:
        return self.parts[0].draws

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        for batch in zip(*(part.value(panel) for part in self.parts), strict=True):
            yield batch[0][0], np.sum([draws for _, draws in batch], axis=0)


@dataclass(frozen=True)
class _Times:
    """Draws times a factor of each customer."""

    part: Draws
    factor: Float

    @property
    def draws(self) -> int:
        return self.part.draws

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        for rows, found in self.part.value(panel):
            yield rows, found * self.factor[rows]


@dataclass(frozen=True)
class _Drifting:
    """Draws of a level that is off alike for all customers: by how much, each draw has its own."""

    part: Draws
    drift: float
    seed: int

    @property
    def draws(self) -> int:
        return self.part.draws

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        order = np.random.default_rng(self.seed + 13).permutation(self.draws)
        level = np.exp(self.drift * ndtri((order + 0.5) / self.draws))[:, None]
        for rows, found in self.part.value(panel):
            yield rows, found * level


@dataclass(frozen=True)
class _TwoPartFutures:
    """Draws of the two-part regression, for who has a contract, too."""

    fitted: TwoPartParameters
    draws: int
    seed: int
    rows_at_once: int = 10_000

    def value(self, panel: ValuePanel) -> Iterator[tuple[slice, Float]]:
        expected = two_part_regression.expect(self.fitted, panel)
        order = np.random.default_rng(self.seed + 11).permutation(self.draws)
        place = ((order + 0.5) / self.draws)[:, None]
        for start in range(0, len(panel), self.rows_at_once):
            rows = slice(start, min(start + self.rows_at_once, len(panel)))
            own = Expected(expected.chance[rows], expected.amount[rows])
            yield rows, two_part_regression.quantile(self.fitted, own, place)


@dataclass(frozen=True)
class Possible:
    """What so many months may bring, by what was fitted.

    Attributes:
        parts: What was fitted.
        months: How far ahead; the two-part regression looks twelve months ahead.
        draws: Futures per customer.
        seed: Seed of the random numbers.
        factors: Discount factors of these months, for contracts; None discounts nothing.
        purchases_drift: Standard deviation of the logarithm of what the level of all purchases
            is off by.
        contracts_drift: The same of contracts.
    """

    parts: Parts
    months: int
    draws: int
    seed: int
    factors: Float | None = None
    purchases_drift: float = 0.0
    contracts_drift: float = 0.0

    def places(self, panel: ValuePanel, actual: Float) -> Float:
        """Where each outcome lies among what was held possible, 0 to 1 (randomised PIT)."""
        found = np.full(len(panel), np.nan)
        for rows in _kinds(panel):
            part = panel.take(rows)
            if self._is_plain_two_part(part) and self.parts.two_part is not None:
                expected = two_part_regression.expect(self.parts.two_part, part)
                found[rows] = two_part_regression.outcome_places(
                    self.parts.two_part, expected, actual[rows], seed=self.seed
                )
            else:
                futures = self._futures(part)
                found[rows] = outcome_places(futures, part, actual[rows], seed=self.seed)
        return found

    def interval(self, panel: ValuePanel, factor: Float, levels: Levels) -> tuple[Float, Float]:
        """Least and greatest of what may come.

        Args:
            panel: Customers whom the parts can value.
            factor: Per customer: what discounting leaves of purchases.
            levels: Calibrated places, for who has no contract.
        """
        low, high = np.full(len(panel), np.nan), np.full(len(panel), np.nan)
        for rows in _kinds(panel):
            part, of_purchases = panel.take(rows), factor[rows]
            if self._is_plain_two_part(part) and self.parts.two_part is not None:
                expected = two_part_regression.expect(self.parts.two_part, part)
                sides = [
                    two_part_regression.quantile(self.parts.two_part, expected, place)
                    for place in PLAIN
                ]
                low[rows], high[rows] = sides[0] * of_purchases, sides[1] * of_purchases
            elif part.has_contract[0]:
                futures = self._futures(part, of_purchases)
                low[rows], high[rows] = interval(futures, part, np.ones(len(part)), levels=PLAIN)
            else:
                low[rows], high[rows] = interval(
                    self._futures(part), part, of_purchases, levels=levels
                )
        return low, high

    def _is_plain_two_part(self, part: ValuePanel) -> bool:
        return self.parts.two_part is not None and not part.has_contract.any()

    def _futures(self, part: ValuePanel, factor: Float | None = None) -> Draws:
        """Of customers of one kind: all or none of them bought, all or none have a contract."""
        found: list[Draws] = []
        if part.has_bought.any():
            bought = self._purchases()
            found += [bought if factor is None else _Times(bought, factor)]
        if part.has_contract.any() and self.parts.contract is not None:
            drawn = ContractFutures(
                self.parts.contract, self.months, self.draws, self.seed, self.factors
            )
            found.append(_drifting(drawn, self.contracts_drift, self.seed + 1))
        return found[0] if len(found) == 1 else _Sum(found)

    def _purchases(self) -> Draws:
        """Draws of purchases.

        Raises:
            ValueError: None were fitted.
        """
        counts, spend = self.parts.purchases, self.parts.spend
        if self.parts.two_part is not None:
            return _TwoPartFutures(self.parts.two_part, self.draws, self.seed)
        if counts is None or spend is None:
            raise ValueError("No estimator of purchases was fitted: ask Parts.can_value first.")
        weeks = self.months * WEEKS_PER_MONTH
        drawn = Futures(counts, spend, weeks, self.draws, self.seed)
        return _drifting(drawn, self.purchases_drift, self.seed)


def _drifting(part: Draws, drift: float, seed: int) -> Draws:
    return _Drifting(part, drift, seed) if drift else part


def _kinds(panel: ValuePanel) -> Iterator[Bool]:
    """Masks of the rows of each relation, those with purchases apart; none is empty."""
    for relation in RELATIONS:
        for bought in (False, True):
            rows = (panel.relation == relation) & (panel.has_bought == bought)
            if rows.any():
                yield np.asarray(rows, dtype=np.bool_)
