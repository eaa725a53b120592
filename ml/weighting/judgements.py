"""Judgements of several people and dates, made into one matrix per question and date of force.

Belongs here: who judged what by when, completing reciprocals, the geometric mean of a group, all
mistakes of all matrices in one message, the rows of `ml.ahp_matrices`.
Does not belong here: the mathematics of one matrix (`ml.weighting.ahp`), which profile uses which
matrix (`ml.weighting.in_force`).

A judgement counts from the end of the month in which it was given until the same person judges the
same pair again. People are combined by the geometric mean of each cell, the only mean that leaves
the group's matrix reciprocal (Aczél and Saaty 1983). The newest state of each matrix must be
usable; an older one that was incomplete or inconsistent never took force, and the weights before
it stayed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from ml.errors import EstimatorError
from ml.frames import conform, require_columns
from ml.weighting.ahp import (
    DEFAULT_RANDOM_INDEX,
    MAX_CONSISTENCY_RATIO,
    MAX_CRITERIA,
    RECIPROCAL_TOLERANCE,
    Float,
    Priorities,
    priorities,
    ratio_words,
)

COLUMNS: Final = (
    "matrix_id",
    "row_criterion",
    "column_criterion",
    "preference",
    "assessor_id",
    "judged_on",
)
_SCALE: Final = 9.0


class JudgementsError(EstimatorError):
    """Judgements that cannot be used; names every matrix, person and pair, and what to do."""


@dataclass(frozen=True)
class JudgedMatrix:
    """One matrix as a group judged it, in force from a month end on.

    Attributes:
        matrix_id: The question that was judged.
        in_force_from: End of the month in which the last of its judgements was given.
        criteria: What was compared, in alphabetical order.
        matrix: The group's judgements, square.
        lowest: The least judgement of each cell among the people.
        highest: The greatest.
        assessor_count: People who judged.
        priorities: Weights and proof.
    """

    matrix_id: str
    in_force_from: date
    criteria: tuple[str, ...]
    matrix: Float
    lowest: Float
    highest: Float
    assessor_count: int
    priorities: Priorities

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each criterion."""
        return {
            name: float(weight)
            for name, weight in zip(self.criteria, self.priorities.weights, strict=True)
        }


@dataclass(frozen=True)
class Judged:
    """What judgements came to.

    Attributes:
        matrices: Each usable state of each matrix, ordered by matrix and month end.
        set_aside: Mistakes of matrices that no scorecard needs.
    """

    matrices: tuple[JudgedMatrix, ...]
    set_aside: tuple[str, ...]


@dataclass(frozen=True)
class _Pair:
    """What one person thinks of one pair, told from the first in the alphabet."""

    preference: float
    judged_on: date


def judge(
    judgements: pd.DataFrame,
    *,
    last_month: date,
    needed: Collection[str] | None = None,
    random_index: str = DEFAULT_RANDOM_INDEX,
) -> Judged:
    """Make the matrices that judgements put in force, oldest first.

    Args:
        judgements: `staging.stg_organisation__ahp_judgements` (`COLUMNS`), in any order; later
            judgements than the last month are not known yet.
        last_month: Month end that the run goes to.
        needed: The matrices that a scorecard uses; None for all. Mistakes of others stop nothing.
        random_index: Table that the consistency ratio divides by.

    Raises:
        FrameError: Columns are missing or empty.
        JudgementsError: The newest state of a needed matrix is incomplete, contradicts itself or
            has too many criteria; all mistakes of all matrices at once.
    """
    require_columns(judgements, COLUMNS, filled=COLUMNS, name="the judgements")
    rows = judgements[list(COLUMNS)].assign(
        judged_on=pd.to_datetime(judgements["judged_on"]).dt.date,
        preference=judgements["preference"].astype("float64"),
    )
    rows = rows[rows["judged_on"] <= last_month].sort_values(list(COLUMNS), kind="stable")
    matrices: list[JudgedMatrix] = []
    mistakes: list[str] = []
    set_aside: list[str] = []
    for matrix_id, of_matrix in rows.groupby("matrix_id", sort=True):
        found, wrong = _states(str(matrix_id), of_matrix, random_index)
        matrices += found
        told = mistakes if needed is None or matrix_id in needed else set_aside
        told += [f"matrix {matrix_id}: {each}" for each in wrong]
    if mistakes:
        raise JudgementsError("\n".join(mistakes))
    return Judged(tuple(matrices), tuple(set_aside))


def _states(
    matrix_id: str, rows: pd.DataFrame, random_index: str
) -> tuple[list[JudgedMatrix], list[str]]:
    """Build each state of a matrix; give the mistakes of the newest."""
    ends = [month_end(day) for day in rows["judged_on"]]
    states: list[JudgedMatrix] = []
    mistakes: list[str] = []
    for end in sorted(set(ends)):
        known = rows[np.array([each <= end for each in ends])]
        state, mistakes = _state(matrix_id, end, known, random_index)
        if state is not None:
            states.append(state)
    return states, mistakes


def _state(
    matrix_id: str, end: date, rows: pd.DataFrame, random_index: str
) -> tuple[JudgedMatrix | None, list[str]]:
    criteria = tuple(sorted({*rows["row_criterion"], *rows["column_criterion"]}))
    mistakes: list[str] = []
    if len(criteria) > MAX_CRITERIA:
        mistakes.append(
            f"{len(criteria)} criteria are compared; more than {MAX_CRITERIA} cannot be judged "
            "consistently: split the level"
        )
    logs = []
    for assessor, of_assessor in rows.groupby("assessor_id", sort=True):
        given, wrong = _one_person(of_assessor, criteria)
        logs.append(np.log(given))
        mistakes += [f"assessor {assessor}: {each}" for each in wrong]
    if mistakes:
        return None, mistakes
    stack = np.stack(logs)
    matrix = np.exp(stack.mean(axis=0))
    weighed = priorities(matrix, criteria, random_index=random_index)
    if not weighed.is_consistent:
        triad = weighed.worst_triad
        return None, [
            f"the consistency ratio is {weighed.consistency_ratio:.3f} (random index "
            f"{random_index}), not below {MAX_CONSISTENCY_RATIO:.2f}"
            + (f"; what contradicts most: {triad.words()}" if triad else "")
        ]
    lowest, highest = np.exp(stack.min(axis=0)), np.exp(stack.max(axis=0))
    return (
        JudgedMatrix(matrix_id, end, criteria, matrix, lowest, highest, len(logs), weighed),
        [],
    )


def _one_person(rows: pd.DataFrame, criteria: Sequence[str]) -> tuple[Float, list[str]]:
    """Complete the matrix of one person; cells with a mistake stay 1 and are listed."""
    mistakes: list[str] = []
    said: dict[tuple[str, str], _Pair] = {}
    # Pairs of which something was said already are not also missing.
    refused: set[tuple[str, str]] = set()
    for row in rows.to_dict("records"):
        first, second = str(row["row_criterion"]), str(row["column_criterion"])
        preference = float(row["preference"])
        pair = f"{first} against {second}"
        if first == second:
            if abs(preference - 1) > RECIPROCAL_TOLERANCE:
                mistakes.append(f"{first} against itself is {preference:g}, not 1")
            continue
        key = (first, second) if first < second else (second, first)
        # Six decimals of 1/9 are a little less than 1/9.
        if not (1 - 1e-5) / _SCALE <= preference <= _SCALE * (1 + 1e-5):
            mistakes.append(f"{pair} is {preference:g}, not between 1/9 and 9")
            refused.add(key)
            continue
        told = _Pair(preference if key[0] == first else 1 / preference, row["judged_on"])
        before = said.get(key)
        if before is not None and before.judged_on == told.judged_on:
            if abs(told.preference / before.preference - 1) > RECIPROCAL_TOLERANCE:
                mistakes.append(
                    f"{key[0]} against {key[1]} was judged twice on {told.judged_on}: "
                    f"{ratio_words(before.preference)} and {ratio_words(told.preference)} (the two "
                    "directions of a pair must be each other's reciprocal)"
                )
        elif before is None or before.judged_on < told.judged_on:
            said[key] = told
    matrix = np.ones((len(criteria), len(criteria)))
    for (i, first), (j, second) in combinations(enumerate(criteria), 2):
        if (first, second) in said:
            matrix[i, j] = said[first, second].preference
            matrix[j, i] = 1 / matrix[i, j]
        elif (first, second) not in refused:
            mistakes.append(f"{first} against {second} is missing")
    return matrix, mistakes


def describe_matrices(matrices: Sequence[JudgedMatrix]) -> pd.DataFrame:
    """Give the rows of `ml.ahp_matrices`: each pair of each matrix, with the matrix's proof.

    Only counts of people, never who they are.
    """
    rows: list[Mapping[str, Any]] = []
    for each in matrices:
        proof = each.priorities
        triad = proof.worst_triad
        for (i, first), (j, second) in combinations(enumerate(each.criteria), 2):
            rows.append(
                {
                    "matrix_id": each.matrix_id,
                    "in_force_from": each.in_force_from,
                    "row_criterion": first,
                    "column_criterion": second,
                    "preference": float(each.matrix[i, j]),
                    "lowest_preference": float(each.lowest[i, j]),
                    "highest_preference": float(each.highest[i, j]),
                    "assessor_count": each.assessor_count,
                    "criterion_count": len(each.criteria),
                    "lambda_max": proof.lambda_max,
                    "consistency_index": proof.consistency_index,
                    "consistency_ratio": proof.consistency_ratio,
                    "random_index": proof.random_index,
                    "worst_triad": triad.words() if triad is not None else None,
                }
            )
    return conform(rows, "ahp_matrices")


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return (pd.Timestamp(day) + pd.offsets.MonthEnd(0)).date()
