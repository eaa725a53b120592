"""What a list of customers at risk is worth in money: the expected maximum profit.

Belongs here: the profit model of a retention offer, its expected maximum over an uncertain
acceptance, the share of customers that it pays to approach.
Does not belong here: which customer is approached (a rule on `predictions`), ranking measures that
know no money (`ml.metrics`).

**Profit model.** Approaching a customer costs `contact_cost`. Who would have left accepts the offer
with chance g, stays, and brings the value V less the offer; who would have stayed takes the offer
anyway. So approaching the k customers of highest score brings, per customer of the portfolio,
g * gain(k) - cost(k): a line in g. Where g is uncertain, the best k is another for each g; the
expected maximum is the integral of the upper envelope of these lines over the distribution of g.
It is computed exactly, piece by piece, with the incomplete beta function; no grid is involved. With
one value for all customers this is the integral over the convex hull of the ROC curve.

Sources: Verbraken, Verbeke, Baesens (2013), IEEE TKDE 25(5), 961-973 (EMPC, its defaults);
Janssens, Bogaert, Bagué, Van den Poel (2024), Annals of OR 340, 605-631 (individual values, EMPB).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from ml.errors import EstimatorError
from ml.metrics import tie_starts

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProfitConfig:
    """The retention offer: the defaults of the literature, which suit a consumer business.

    Attributes:
        acceptance_alpha: Beta parameter of the chance that an offer is accepted, and
        acceptance_beta: the other; their mean is 6/20 = 0.3.
        customer_value: Value of a customer who is kept, where all are taken as equal.
        offer_cost: What the offer costs where it is taken.
        contact_cost: What it costs to approach a customer.
    """

    acceptance_alpha: float = 6.0
    acceptance_beta: float = 14.0
    customer_value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no distribution and no cost."""
        if min(self.acceptance_alpha, self.acceptance_beta) <= 0:
            raise EstimatorError("The acceptance needs two positive Beta parameters.")
        if min(self.offer_cost, self.contact_cost) < 0:
            raise EstimatorError("The costs of an offer and of a contact cannot be negative.")


@dataclass(frozen=True)
class ExpectedProfit:
    """The expected maximum profit of a ranked list.

    Attributes:
        profit: Per customer of the portfolio, in money; never below 0, which is to approach nobody.
        share: Expected share of the customers that it pays to approach.
        contribution: What each customer adds, in the order given; `profit` is their mean. Small
            changes of who is in the portfolio change the profit by these alone, since where the
            list is cut is best already (envelope theorem): resample them for an interval.
    """

    profit: float
    share: float
    contribution: Array = field(compare=False)


@dataclass(frozen=True)
class _Lines:
    """Profit of approaching the first groups of a ranked list, per customer: g * gain - cost."""

    gain: Array
    cost: Array
    share: Array


def expected_maximum_profit(
    churned: Array, score: Array, config: ProfitConfig, *, value: Array | None = None
) -> ExpectedProfit:
    """Integrate the best profit of a ranking over the uncertain acceptance.

    Args:
        churned: 0/1 per customer.
        score: Higher means approached earlier; equal scores are approached together.
        config: Offer and acceptance.
        value: Value of each customer if kept; the same for all where none is given.

    Returns:
        NaN throughout where there is no row or a value is not known.
    """
    worth = np.full(len(score), config.customer_value) if value is None else value
    if len(score) == 0 or not np.isfinite(worth).all():
        return ExpectedProfit(float("nan"), float("nan"), np.full(len(score), np.nan))
    order = np.lexsort((worth, churned, -score))
    starts = tie_starts(score[order])
    gain = churned * (worth - config.offer_cost)
    cost = config.contact_cost + (1 - churned) * config.offer_cost
    lines = _lines(gain[order], cost[order], starts)
    best, limits = _envelope(lines)
    alpha, beta = config.acceptance_alpha, config.acceptance_beta
    weight = np.diff(betainc(alpha, beta, limits))
    mean = alpha / (alpha + beta) * np.diff(betainc(alpha + 1, beta, limits))
    profit = (lines.gain[best] * mean - lines.cost[best] * weight).sum()
    # Whoever is in the group of a line is approached by it and by all that go further down.
    approached, accepted = np.zeros(len(lines.share)), np.zeros(len(lines.share))
    approached[best], accepted[best] = weight, mean
    approached, accepted = (np.cumsum(found[::-1])[::-1] for found in (approached, accepted))
    group = np.repeat(np.arange(1, len(starts) + 1), np.diff(np.append(starts, len(order))))
    contribution = np.empty(len(order))
    contribution[order] = gain[order] * accepted[group] - cost[order] * approached[group]
    share = float((lines.share[best] * weight).sum())
    return ExpectedProfit(float(profit), share, contribution)


def _lines(gain: Array, cost: Array, starts: npt.NDArray[np.intp]) -> _Lines:
    """One line per group of equal scores from the top, after that of approaching nobody.

    Args:
        gain: Per customer in the order of approach, times the acceptance.
        cost: The same, whatever the acceptance.
        starts: Where the groups start.
    """
    rows = len(gain)
    ends = np.append(starts[1:], rows)
    return _Lines(
        gain=np.append(0.0, np.cumsum(np.add.reduceat(gain, starts))) / rows,
        cost=np.append(0.0, np.cumsum(np.add.reduceat(cost, starts))) / rows,
        share=np.append(0.0, ends) / rows,
    )


def _envelope(lines: _Lines) -> tuple[npt.NDArray[np.int64], Array]:
    """The lines that are highest somewhere between acceptance 0 and 1, with the limits between.

    Returns:
        (numbers of the lines by rising slope; one limit more than lines, from 0 to 1).
    """
    kept: list[int] = []
    limits: list[float] = []
    for line in np.lexsort((lines.share, lines.cost, lines.gain)):
        if kept and lines.gain[line] == lines.gain[kept[-1]]:
            continue  # the same slope at no lower cost
        while kept:
            last = kept[-1]
            meets = (lines.cost[line] - lines.cost[last]) / (lines.gain[line] - lines.gain[last])
            if limits and meets <= limits[-1]:
                kept.pop()
                limits.pop()
                continue
            limits.append(float(meets))
            break
        kept.append(int(line))
    edges = np.clip(np.concatenate(([0.0], limits, [1.0])), 0.0, 1.0)
    return np.array(kept, dtype=np.int64), edges
