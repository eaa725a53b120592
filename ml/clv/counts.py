"""How many purchases will come, whichever estimator of purchase counts was fitted.

Belongs here: the three estimators under one roof: fit by name, chance of being alive, expected
purchases, and back from stored values.
Does not belong here: their formulas (`purchases`, `pareto_nbd`), the choice between them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.clv import bg_nbd, mbg_nbd, pareto_nbd, purchases
from ml.clv.pareto_nbd import ParetoParameters
from ml.clv.purchases import PurchaseParameters
from ml.clv.summary import Summary

Float = npt.NDArray[np.float64]
CountParameters = PurchaseParameters | ParetoParameters

MBG: Final = "mbg_nbd_gamma_gamma"
BG: Final = "bg_nbd_gamma_gamma"
PARETO: Final = "pareto_nbd_gamma_gamma"

FITS: Final[Mapping[str, Callable[[Summary], CountParameters]]] = MappingProxyType(
    {MBG: mbg_nbd.fit, BG: bg_nbd.fit, PARETO: pareto_nbd.fit}
)
"""Candidate -> how its purchase counts are fitted."""


def from_state(state: Mapping[str, Any]) -> CountParameters:
    """The parameters that `to_state` wrote."""
    return PurchaseParameters(**state) if "extra" in state else ParetoParameters(**state)


def alive_probability(fitted: CountParameters, repeats: Float, recency: Float, age: Float) -> Float:
    """Probability that a customer with x repeats, t_x and T in weeks has not left."""
    if isinstance(fitted, ParetoParameters):
        return pareto_nbd.alive_probability(fitted, repeats, recency, age)
    return purchases.alive_probability(fitted, repeats, recency, age)


def purchases_if_alive(fitted: CountParameters, repeats: Float, age: Float, weeks: Float) -> Float:
    """Expected purchases in (T, T + weeks] of who is alive at T; arrays broadcast."""
    if isinstance(fitted, ParetoParameters):
        return pareto_nbd.purchases_if_alive(fitted, repeats, age, weeks)
    return purchases.purchases_if_alive(fitted, repeats, age, weeks)


def expected_purchases(
    fitted: CountParameters, repeats: Float, recency: Float, age: Float, weeks: Float
) -> Float:
    """Expected purchases in (T, T + weeks], given the history."""
    alive = alive_probability(fitted, repeats, recency, age)
    return alive * purchases_if_alive(fitted, repeats, age, weeks)


def shape_values(fitted: CountParameters) -> dict[str, float]:
    """The four parameters by name."""
    names = (
        ("r", "alpha", "s", "beta")
        if isinstance(fitted, ParetoParameters)
        else ("r", "alpha", "a", "b")
    )
    return {name: float(getattr(fitted, name)) for name in names}
