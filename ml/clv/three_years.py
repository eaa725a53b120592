"""What an interval of 36 months rests on.

Belongs here: the widths of such intervals, and whose rest on what.
Does not belong here: learning them (`ml.clv.long_contest`), the draws (`ml.clv.possible`).

The draws of the fitted laws go on for 36 months; what the laws do not know must be learnt from
outcomes. Where 36 months are over since an as-of date with two years of history, the widths are
those of its outcomes. Elsewhere they are carried on from twelve months, as of a random walk in
logarithms: what one year is off by, three years are off by with the root of three times its
standard deviation. That holds for the level of all customers, of which the places of twelve months
know one year already, and for how far a contract's amounts move away from what was expected.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.clv.contract import HORIZON
from ml.clv.panel import ValuePanel
from ml.clv.possible import PLAIN, Levels, Parts, Possible

Float = npt.NDArray[np.float64]

JUDGED: Final = "judged_36m"
CARRIED: Final = "carried_from_12m"
YEAR: Final = 12


@dataclass(frozen=True)
class PurchaseWidth:
    """How wide intervals of purchases are.

    Attributes:
        basis: `JUDGED` or `CARRIED`.
        levels: Places among the draws between which they run.
        drift: Standard deviation of the logarithm of what the level of all is off by, beyond
            what the places know.
    """

    basis: str
    levels: Levels
    drift: float

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "PurchaseWidth":
        """The inverse of `vars`."""
        low, high = state["levels"]
        return cls(state["basis"], (float(low), float(high)), float(state["drift"]))


@dataclass(frozen=True)
class ContractWidth:
    """How wide intervals of contracts are.

    Attributes:
        basis: `JUDGED` or `CARRIED`.
        spread: Quantiles, at even steps, of what 36 months of those who stayed brought, over what
            was expected of it.
        drift: As that of `PurchaseWidth`.
    """

    basis: str
    spread: Float
    drift: float


@dataclass(frozen=True)
class ThreeYears:
    """Widths of both parts; None where there is nothing to learn one from.

    Attributes:
        purchases: Of purchases.
        contracts: Of contracts.
    """

    purchases: PurchaseWidth | None = None
    contracts: ContractWidth | None = None

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        bought, stays = self.purchases, self.contracts
        return {
            "purchases": {**vars(bought), "levels": list(bought.levels)} if bought else None,
            "contracts": dict(vars(stays)) if stays else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ThreeYears":
        """The inverse of `to_state`."""
        bought, stays = state["purchases"], state["contracts"]
        return cls(
            PurchaseWidth.from_state(bought) if bought else None,
            ContractWidth(**stays) if stays else None,
        )

    def basis(self, panel: ValuePanel) -> npt.NDArray[np.object_]:
        """What each customer's interval rests on: the weaker of his parts; None without one."""
        found = np.full(len(panel), JUDGED, dtype=object)
        found[~panel.is_known] = None
        for width, rows in (
            (self.purchases, panel.has_bought),
            (self.contracts, panel.has_contract),
        ):
            if width is None:
                found[rows] = None
            elif width.basis == CARRIED:
                found[rows & (found == JUDGED)] = CARRIED
        return found

    @property
    def levels(self) -> Levels:
        """Places between which intervals of who has no contract run."""
        return self.purchases.levels if self.purchases else PLAIN

    def possible(self, parts: Parts, draws: int, seed: int, factors: Float | None) -> Possible:
        """What 36 months may bring of who has a basis, by what was fitted."""
        bought, stays = self.purchases, self.contracts
        contract = parts.contract
        if contract is not None and stays is not None:
            contract = replace(contract, spread=stays.spread)
        return Possible(
            replace(parts, contract=contract),
            HORIZON,
            draws,
            seed,
            factors=factors,
            purchases_drift=bought.drift if bought else 0.0,
            contracts_drift=stays.drift if stays else 0.0,
        )


def never_below(low: Float, year_low: Float) -> Float:
    """Lower ends of 36 months, which hold the first twelve.

    What twelve months bring of who brings something is part of what 36 bring. Widths of both come
    from judgements of their own, so that the lower end of 36 alone may lie below.

    Args:
        low: Lower ends of 36 months; NaN without one.
        year_low: Those of twelve. Not above 0 it says nothing of the months after.
    """
    return np.asarray(np.where(year_low > 0, np.maximum(low, year_low), low), dtype=np.float64)


def further_drift(errors: Float) -> float:
    """What 36 months' level is off by beyond that of 12.

    Args:
        errors: Logarithms of what came in total in twelve months over what was expected, of past
            as-of dates.

    Returns:
        A standard deviation: the root of the mean square, for the two years more.
    """
    return float(np.sqrt(np.mean(np.square(errors)) * (HORIZON - YEAR) / YEAR))


def stretched(spread: Float) -> Float:
    """Quantiles of 36 months by those of 12, as of a random walk in logarithms.

    The middle moves with time, the distance from it with the root of time. What is not above 0
    has no logarithm, and goes on in a straight line.

    Args:
        spread: Quantiles, at even steps.
    """
    time = HORIZON / YEAR
    middle = float(np.median(spread))
    if middle <= 0:
        return spread
    is_above = spread > 0
    away = np.where(is_above, spread / middle, 1.0) ** np.sqrt(time)
    return np.asarray(
        np.where(is_above, away, np.sqrt(time) * spread / middle) * middle**time, dtype=np.float64
    )
