"""The analytic hierarchy process: weights from one complete matrix of pairwise judgements.

Belongs here: the principal eigenvector, the consistency ratio with its named random index, the
triad of judgements that contradicts itself most.
Does not belong here: reading judgements of several people and dates (`ml.weighting.judgements`).

With a reciprocal matrix A of n criteria and its largest eigenvalue lambda: the weights are the
eigenvector of lambda, scaled to 1; CI = (lambda - n) / (n - 1); CR = CI / RI(n). Of one or two
criteria no judgement can contradict another: CR is 0.

Sources: Saaty (1980), The Analytic Hierarchy Process; Saaty (1990), EJOR 48, 9-26; other tables of
the random index: Saaty (2005), Donegan and Dodd (1991), as AHPy names them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import EstimatorError

Float = npt.NDArray[np.float64]

# The last bits of an eigenvector hang on threads and processor of the library that solves for it: a
# score that lies halfway between two sixth decimals would show them in another run.
WEIGHT_DECIMALS: Final = 12
# Mean CI of random reciprocal matrices, by table and number of criteria. They differ, so that a
# consistency ratio means something only together with the name of its table.
RANDOM_INDICES: Final[Mapping[str, Mapping[int, float]]] = MappingProxyType(
    {
        "saaty_1980": {
            3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49,
        },
        "saaty_2005": {
            3: 0.52, 4: 0.89, 5: 1.11, 6: 1.25, 7: 1.35, 8: 1.40, 9: 1.45, 10: 1.49,
        },
        "donegan_dodd_1991": {
            3: 0.4914, 4: 0.8286, 5: 1.0591, 6: 1.1797, 7: 1.2519, 8: 1.3171, 9: 1.3733, 10: 1.4055,
        },
    }
)  # fmt: skip
DEFAULT_RANDOM_INDEX: Final = "saaty_1980"
MAX_CRITERIA: Final = 10
MAX_CONSISTENCY_RATIO: Final = 0.10
# Judgements come with six decimals: 1/3 times 3 is 0.999999, of 1/9 the error is 1e-6 relative.
RECIPROCAL_TOLERANCE: Final = 1e-4


class MatrixError(EstimatorError):
    """Judgements that no weights can be made of; the text lists every mistake."""


@dataclass(frozen=True)
class Triad:
    """Three judgements that contradict each other.

    Attributes:
        first: The criterion that the other two are chained to.
        second: The criterion in the middle.
        third: The criterion at the end.
        first_to_second: How much more the first matters than the second, by the judgements.
        second_to_third: The second against the third.
        first_to_third: The first against the third, as judged.
    """

    first: str
    second: str
    third: str
    first_to_second: float
    second_to_third: float
    first_to_third: float

    @property
    def implied(self) -> float:
        """The first against the third as the other two judgements imply it."""
        return self.first_to_second * self.second_to_third

    def words(self) -> str:
        """Say the contradiction in the words of the criteria."""
        return (
            f"{self.first} against {self.second} is {ratio_words(self.first_to_second)} and "
            f"{self.second} against {self.third} is {ratio_words(self.second_to_third)}, so that "
            f"{self.first} against {self.third} should be {ratio_words(self.implied)}, but it is "
            f"{ratio_words(self.first_to_third)}"
        )


@dataclass(frozen=True)
class Priorities:
    """The weights of a matrix, with their proof.

    Attributes:
        weights: One per criterion; they sum to 1.
        lambda_max: Largest eigenvalue; the number of criteria where nothing contradicts.
        consistency_index: CI, never below 0.
        consistency_ratio: CR, 0 for one or two criteria.
        random_index: Name of the table of RI.
        worst_triad: The three judgements that contradict most; None below three criteria.
    """

    weights: Float
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    random_index: str
    worst_triad: Triad | None

    @property
    def is_consistent(self) -> bool:
        """Whether the judgements may be used."""
        return self.consistency_ratio < MAX_CONSISTENCY_RATIO


def priorities(
    matrix: Float, criteria: Sequence[str], *, random_index: str = DEFAULT_RANDOM_INDEX
) -> Priorities:
    """Weigh the criteria of a complete matrix; the caller decides what a high CR means.

    Args:
        matrix: Square; row i, column j: how many times more criterion i matters than j.
        criteria: What is compared, in the order of the rows.
        random_index: Table of `RANDOM_INDICES` that CR divides by.

    Raises:
        MatrixError: The matrix is not square, complete, positive and reciprocal, has more than ten
            criteria, or the table of the random index is unknown; all mistakes at once.
    """
    given = np.asarray(matrix, dtype=np.float64)
    mistakes = matrix_mistakes(given, criteria)
    if random_index not in RANDOM_INDICES:
        known = ", ".join(RANDOM_INDICES)
        mistakes.append(f"the random index {random_index!r} is unknown; known are {known}")
    if mistakes:
        raise MatrixError("; ".join(mistakes))
    count = len(criteria)
    values, vectors = np.linalg.eig(given)
    principal = int(np.argmax(values.real))
    # The vector of the largest eigenvalue of a positive matrix has one sign (Perron).
    vector = np.abs(vectors[:, principal].real)
    lambda_max = round(float(values[principal].real), WEIGHT_DECIMALS)
    index = max(0.0, (lambda_max - count) / (count - 1)) if count > 1 else 0.0
    ratio = index / RANDOM_INDICES[random_index][count] if count > 2 else 0.0
    return Priorities(
        weights=np.asarray(np.round(vector / vector.sum(), WEIGHT_DECIMALS), dtype=np.float64),
        lambda_max=max(float(count), lambda_max),
        consistency_index=index if count > 2 else 0.0,
        consistency_ratio=ratio,
        random_index=random_index,
        worst_triad=worst_triad(given, criteria),
    )


def matrix_mistakes(matrix: Float, criteria: Sequence[str]) -> list[str]:
    """List everything that makes a matrix unusable, each in the words of its criteria."""
    count = len(criteria)
    if matrix.shape != (count, count):
        return [f"the matrix has {matrix.shape} cells for {count} criteria"]
    mistakes = []
    if count > MAX_CRITERIA:
        mistakes.append(
            f"{count} criteria are compared; more than {MAX_CRITERIA} cannot be judged "
            "consistently: split the level"
        )
    for row, name in enumerate(criteria):
        if not abs(matrix[row, row] - 1) <= RECIPROCAL_TOLERANCE:
            mistakes.append(f"{name} against itself is {matrix[row, row]:g}, not 1")
    for row, column in combinations(range(count), 2):
        there, back = matrix[row, column], matrix[column, row]
        pair = f"{criteria[row]} against {criteria[column]}"
        if np.isnan(there) or np.isnan(back):
            mistakes.append(f"{pair} is missing")
        elif not (0 < there < np.inf and 0 < back < np.inf):
            bad = there if not 0 < there < np.inf else back
            mistakes.append(f"{pair} holds {bad:g}, which is not a positive number")
        elif abs(there * back - 1) > RECIPROCAL_TOLERANCE:
            mistakes.append(
                f"{pair} is {ratio_words(there)}, and the other way round {ratio_words(back)}, "
                f"which is not {ratio_words(1 / there)}"
            )
    return mistakes


def worst_triad(matrix: Float, criteria: Sequence[str]) -> Triad | None:
    """Find the three criteria whose judgements contradict each other most.

    The contradiction of a triad is |ln(a_ij * a_jk * a_ki)|, 0 where nothing contradicts. It is
    told along a chain of judgements that favour the first, so that it reads downwards.

    Args:
        matrix: Complete, positive and reciprocal.
        criteria: What is compared, in the order of the rows.
    """
    logs = np.log(matrix)
    found: tuple[float, tuple[int, int, int]] | None = None
    for i, j, k in combinations(range(len(criteria)), 3):
        size = abs(float(logs[i, j] + logs[j, k] + logs[k, i]))
        # The first of equals, so that the answer does not hang on the last bit.
        if found is None or size > found[0] + 1e-9:
            found = size, (i, j, k)
    if found is None:
        return None
    # Of three pairwise judgements two always form such a chain.
    i, j, k = next(
        order
        for order in permutations(found[1])
        if logs[order[0], order[1]] >= -1e-12 and logs[order[1], order[2]] >= -1e-12
    )
    return Triad(
        criteria[i],
        criteria[j],
        criteria[k],
        float(matrix[i, j]),
        float(matrix[j, k]),
        float(matrix[i, k]),
    )


def ratio_words(ratio: float) -> str:
    """Write a judgement as people give it: 3, 2.5, 1/5."""
    if ratio >= 1 - RECIPROCAL_TOLERANCE:
        return f"{ratio:.3g}"
    return f"1/{1 / ratio:.3g}"
