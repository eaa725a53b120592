"""Clusters that keep their number and name from review to review.

Belongs here: names in words, and which cluster of a review is which of the review before.
Does not belong here: finding clusters (`ml.segments.clusters`).

A new review finds new centroids in no order. Each old one is paired with at most one new one so
that the pairs lie as near as possible in all (Kuhn 1955), on the scale of the old review. A pair
that lies farther apart than `max_shift` is none: the old cluster ends, and the new one gets a
number never used before and a name of its own; so does a pair whose name would no longer be true.
What is paired keeps number and name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ml.segments.features import FEATURE_DEFINITIONS

Float = npt.NDArray[np.float64]

_AVERAGE = ("average", "一般")


@dataclass(frozen=True)
class Name:
    """What a cluster is called.

    Attributes:
        number: Its number, never used for another cluster.
        words: In English.
        words_zh: In Chinese.
        sides: What the words speak of: the number of the feature, from 1, below 0 for a low one.
    """

    number: int
    words: str
    words_zh: str
    sides: tuple[int, ...] = ()

    def is_true_of(self, deviations: Mapping[int, float], *, telling: float) -> bool:
        """Whether nothing that the words say is turned into its opposite.

        Args:
            deviations: Number of the feature, from 1 -> deviation from the mean.
            telling: Least deviation that counts.
        """
        return not any(
            deviations.get(abs(side), 0.0) * np.sign(side) <= -telling for side in self.sides
        )


def match(old: Float, new: Float, *, max_shift: float) -> dict[int, int]:
    """Pair new centroids with old ones.

    Args:
        old: Centroids of the review before.
        new: Centroids of this one, on the same scale.
        max_shift: Greatest distance of a pair.

    Returns:
        Position of the new centroid -> position of the old one, pairs only.
    """
    if len(old) == 0 or len(new) == 0:
        return {}
    distance = np.sqrt(((new[:, None, :] - old[None, :, :]) ** 2).sum(axis=2))
    rows, columns = linear_sum_assignment(distance)
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if distance[row, column] <= max_shift
    }


def name_clusters(
    centroids: Float,
    columns: npt.NDArray[np.int64],
    kept: Sequence[Name | None],
    *,
    first_free: int,
    telling: float,
) -> list[Name]:
    """Name the clusters that have no name yet, each unlike all others.

    Args:
        centroids: In standard deviations from the mean, one row per cluster.
        columns: Which feature each column is.
        kept: The name that each cluster keeps, or None.
        first_free: Least number never used.
        telling: Least distance from the mean that is worth a word.
    """
    taken = {name.words for name in kept if name is not None}
    names: list[Name] = []
    number = first_free
    for centroid, name in zip(centroids, kept, strict=True):
        if name is None:
            words, words_zh, sides = _words(centroid, columns, taken, telling)
            name = Name(number, words, words_zh, sides)
            taken.add(words)
            number += 1
        names.append(name)
    return names


def _words(
    centroid: Float, columns: npt.NDArray[np.int64], taken: set[str], telling: float
) -> tuple[str, str, tuple[int, ...]]:
    """The two most telling sides; a third and more where another cluster is called so already."""
    order = np.argsort(-np.abs(centroid), kind="stable")
    told: list[tuple[str, str]] = []
    sides: list[int] = []
    for side in order:
        feature = FEATURE_DEFINITIONS[int(columns[side])]
        is_high = centroid[side] > 0
        if abs(centroid[side]) >= telling or not told:
            told.append(
                (feature.high, feature.high_zh) if is_high else (feature.low, feature.low_zh)
            )
            sides.append((int(columns[side]) + 1) * (1 if is_high else -1))
        if len(told) >= 2 and _joined(told)[0] not in taken:
            break
    if abs(float(centroid[order[0]])) < telling:
        told = [_AVERAGE, *told]
    words, words_zh = _joined(told)
    again = 2
    while words in taken:
        words, words_zh = f"{_joined(told)[0]} ({again})", f"{_joined(told)[1]}（{again}）"
        again += 1
    return words, words_zh, tuple(sides)


def _joined(told: list[tuple[str, str]]) -> tuple[str, str]:
    english = ", ".join(words for words, _ in told)
    return english[0].upper() + english[1:], "、".join(words for _, words in told)
