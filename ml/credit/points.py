"""The scorecard: a logistic regression on weights of evidence, written as points per bin.

Belongs here: fitting it, adding up a customer's points, the probability and the reasons that
follow from them.
Does not belong here: bins (`ml.credit.binning`), judging it.

A customer's points are the base points and the points of one bin of each characteristic, all
whole numbers, so the sum is exact and every point has its reason. The points of a bin are
relative to the average customer of training: below 0 they cost, above 0 they help. The
probability is that of the points that are shown: equal points, equal probability.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.credit.binning import Bins, fit_bins
from ml.credit.config import CreditConfig, ScaleConfig
from ml.credit.features import FEATURE_DEFINITIONS, FEATURES
from ml.credit.panel import Panel

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

REASONS: Final = 3


def probability_of_points(points: Float, scale: ScaleConfig) -> Float:
    """Probability of going bad that points stand for."""
    return np.asarray(expit(-(points - scale.offset) / scale.factor), dtype=np.float64)


@dataclass(frozen=True)
class Scorecard:
    """Points per bin.

    Attributes:
        scale: What points mean.
        base: Points of the average customer of training.
        bins: Bins of each feature, in the order of `FEATURES`.
        points: Points of each bin of each feature.
        weights: Coefficient of each feature in the regression; 0 where it has no say.
    """

    scale: ScaleConfig
    base: int
    bins: tuple[Bins, ...]
    points: tuple[Int, ...]
    weights: Float

    def parts(self, features: Float) -> Int:
        """Points of each feature (column) for each row."""
        columns = [
            points[bins.assign(features[:, at])]
            for at, (bins, points) in enumerate(zip(self.bins, self.points, strict=True))
        ]
        return np.column_stack(columns).astype(np.int64)

    def total(self, features: Float) -> Int:
        """Points of each row, held between the ends of the scale."""
        found = self.base + self.parts(features).sum(axis=1)
        held = np.clip(found, self.scale.lowest, self.scale.highest)
        return np.asarray(held, dtype=np.int64)

    def probability(self, features: Float) -> Float:
        """Probability of going bad of each row."""
        return probability_of_points(self.total(features).astype(np.float64), self.scale)

    def reasons(self, features: Float) -> list[npt.NDArray[np.object_]]:
        """What costs each row most points, the worst first; None where nothing more costs any.

        Returns:
            One array of texts per reason.
        """
        parts = self.parts(features)
        numbers = np.column_stack(
            [bins.assign(features[:, at]) for at, bins in enumerate(self.bins)]
        )
        texts = np.array([text for feature in self._texts() for text in feature], dtype=object)
        starts = np.cumsum([0, *(len(points) for points in self.points)])[:-1]
        order = np.argsort(parts, axis=1, kind="stable")[:, :REASONS]
        rows = np.arange(len(parts))
        found = []
        for rank in range(REASONS):
            at = order[:, rank]
            said = texts[starts[at] + numbers[rows, at]]
            said[parts[rows, at] >= 0] = None
            found.append(said)
        return found

    def _texts(self) -> list[list[str]]:
        return [
            [
                f"{feature.title}: {bins.label(number)} ({points[number]:+d} points)"
                for number in range(len(points))
            ]
            for feature, bins, points in zip(
                FEATURE_DEFINITIONS, self.bins, self.points, strict=True
            )
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The scorecard as rows of `ml.credit_bins`, but for the version."""
        found: list[dict[str, Any]] = []
        for feature, bins, points in zip(FEATURES, self.bins, self.points, strict=True):
            for number in range(len(points)):
                low, high = bins.span(number)
                found.append(
                    {
                        "feature": feature,
                        "bin_number": number + 1,
                        "bin_label": bins.label(number),
                        "from_value": low,
                        "to_value": high,
                        "row_count": int(bins.rows[number]),
                        "bad_count": int(bins.bad[number]),
                        "evidence": float(bins.evidence[number]),
                        "points": int(points[number]),
                    }
                )
        return found

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            "scale": [
                self.scale.points_to_double_the_odds,
                self.scale.base_points,
                self.scale.base_odds,
                self.scale.lowest,
                self.scale.highest,
            ],
            "base": self.base,
            "bins": [bins.to_state() for bins in self.bins],
            "points": list(self.points),
            "weights": self.weights,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Scorecard":
        """The inverse of `to_state`."""
        return cls(
            scale=ScaleConfig(*state["scale"]),
            base=state["base"],
            bins=tuple(Bins(**bins) for bins in state["bins"]),
            points=tuple(state["points"]),
            weights=state["weights"],
        )


def fit_scorecard(panel: Panel, config: CreditConfig) -> Scorecard:
    """Bin every characteristic, weigh them by regression, and write the result as points.

    A characteristic whose coefficient would turn its own evidence round is left out, the
    furthest first: what it adds is told by others already.
    """
    bins = tuple(
        fit_bins(panel.features[:, at], panel.bad, panel.customer, feature.sense, config)
        for at, feature in enumerate(FEATURE_DEFINITIONS)
    )
    evidence = np.column_stack(
        [each.evidence[each.assign(panel.features[:, at])] for at, each in enumerate(bins)]
    )
    intercept, weights = _regress(evidence, 1 - panel.bad, config)
    scale, mean = config.scale, evidence.mean(axis=0)
    points = tuple(
        np.rint(scale.factor * weights[at] * (each.evidence - mean[at])).astype(np.int64)
        for at, each in enumerate(bins)
    )
    base = round(scale.offset + scale.factor * (intercept + float(weights @ mean)))
    return Scorecard(scale=scale, base=base, bins=bins, points=points, weights=weights)


def _regress(evidence: Float, good: Float, config: CreditConfig) -> tuple[float, Float]:
    """Intercept and coefficients, none below 0."""
    used = [at for at in range(evidence.shape[1]) if np.ptp(evidence[:, at]) > 0]
    weights = np.zeros(evidence.shape[1])
    while used:
        found = _fit(evidence[:, used], good, config)
        slopes = found.coef_[0]
        if slopes.min() > 0:
            weights[used] = slopes
            return float(found.intercept_[0]), weights
        used.pop(int(np.argmin(slopes)))
    rate = float(good.mean())
    return float(np.log(rate / (1 - rate))), weights


def _fit(columns: Float, good: Float, config: CreditConfig) -> Any:
    estimator = LogisticRegression(
        C=config.logistic_c, solver="newton-cholesky", tol=1e-8, max_iter=200
    )
    # One thread: a sum split over threads would depend on their number.
    with threadpool_limits(limits=1):
        return estimator.fit(columns, good.astype(np.int64))
