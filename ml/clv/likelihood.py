"""Maximum likelihood over positive parameters.

Belongs here: the search, on the logarithms of the parameters, from several starts.
Does not belong here: any particular likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.clv.summary import Summary
from ml.errors import FitError

Float = npt.NDArray[np.float64]
Objective = Callable[[Float], tuple[float, Float]]

_BOUND: Final = 12.0  # parameters from 6e-6 to 160,000
_NEAR_BOUND: Final = 0.5
_COARSE: Final = 4_000  # distinct histories that show where the summit is


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is greatest.

    Attributes:
        parameters: The parameters themselves, not their logarithms.
        log_likelihood: Its value there.
        is_converged: Whether the best start ended at a flat place.
        is_at_bound: Whether a parameter ran away to the edge of what was searched, which means
            that the data do not determine it.
    """

    parameters: tuple[float, ...]
    log_likelihood: float
    is_converged: bool
    is_at_bound: bool


def maximise(objective: Objective, starts: Sequence[Sequence[float]], *, scale: float) -> Maximum:
    """Climb from every start and keep the highest place.

    Args:
        objective: Parameters -> (log-likelihood, its gradient by the parameters).
        starts: Starting parameters, all positive.
        scale: Number of observations, by which the likelihood is divided in the search.

    Raises:
        FitError: No start led to a finite likelihood.
    """

    def downhill(logs: Float) -> tuple[float, Float]:
        parameters = np.exp(logs)
        value, gradient = objective(parameters)
        return -value / scale, -gradient * parameters / scale

    best = None
    for start in starts:
        logs = np.log(np.asarray(start, dtype=np.float64))
        bounds = [(-_BOUND, _BOUND)] * len(start)
        # One thread: the steps are tiny, and a busy machine makes threads wait for each other.
        with threadpool_limits(limits=1):
            found = minimize(
                downhill,
                logs,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-9},
            )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun - 1e-12):
            best = found
    if best is None:
        raise FitError("The likelihood is not finite from any start: look at the histories given.")
    return _maximum(best.x, float(-best.fun * scale), np.abs(downhill(best.x)[1]))


def _maximum(logs: Float, log_likelihood: float, slope: Float) -> Maximum:
    inside = np.abs(logs) < _BOUND - _NEAR_BOUND
    return Maximum(
        parameters=tuple(float(value) for value in np.exp(logs)),
        log_likelihood=log_likelihood,
        is_converged=bool((slope[inside] < 1e-5).all()),
        is_at_bound=bool(not inside.all()),
    )


def maximise_over_histories(
    objective: Callable[[Float, Summary], tuple[float, Float]],
    starts: Sequence[Sequence[float]],
    histories: Summary,
) -> Maximum:
    """Climb from every start; with many histories, from where a part of them has its summit.

    The part is every so-manieth of the ordered distinct histories, with their weights. It only
    says where to begin: the summit is that of all histories.

    Raises:
        FitError: No start led to a finite likelihood.
    """
    step = len(histories.age) // _COARSE
    if step > 1:
        part = Summary(*(column[::step] for column in histories.columns))
        coarse = maximise(lambda v: objective(v, part), starts, scale=part.customers)
        if not coarse.is_at_bound:
            starts = [coarse.parameters]
    return maximise(lambda v: objective(v, histories), starts, scale=histories.customers)
