"""What a training of any kind yields.

Belongs here: the estimator with the rows of `ml.estimators`, `ml.estimator_metrics` and
`ml.estimator_checks` that describe it, and how these are made.
Does not belong here: training, judging, storing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pandas as pd

from ml.canonical import code_version
from ml.frames import conform
from ml.gate import Check, check_rows
from ml.grade import NOT_GRADED, Grade


class Described(Protocol):
    """What every trained estimator says of itself."""

    kind: ClassVar[str]

    @property
    def version(self) -> str:
        """Name in the registry."""

    @property
    def content_hash(self) -> str:
        """Hash over parameters and arrays."""

    @property
    def candidate(self) -> str:
        """What was chosen."""

    @property
    def status(self) -> str:
        """Whether it speaks, or what speaks instead."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def trained_from(self) -> date | None:
        """Begin of what it learnt from."""

    @property
    def trained_to(self) -> date | None:
        """End of what it learnt from."""

    @property
    def labels_to(self) -> date | None:
        """End of the outcomes it has seen."""

    @property
    def row_count(self) -> int:
        """Rows it learnt from."""

    @property
    def customer_count(self) -> int:
        """Customers among them."""

    @property
    def positive_count(self) -> int:
        """Customers among them with the outcome."""


E_co = TypeVar("E_co", bound=Described, covariant=True)
E = TypeVar("E", bound=Described)


@dataclass(frozen=True)
class Training(Generic[E_co]):
    """What a training yields.

    Attributes:
        estimator: What scores from now on.
        estimators: One row for `ml.estimators`.
        metrics: Rows for `ml.estimator_metrics`.
        checks: Rows for `ml.estimator_checks`.
    """

    estimator: E_co
    estimators: pd.DataFrame
    metrics: pd.DataFrame
    checks: pd.DataFrame


def training_of(
    estimator: E,
    metrics: Sequence[Mapping[str, Any]],
    checks: Sequence[Check],
    *,
    grade: Grade = Grade(None, NOT_GRADED),  # noqa: B008 - frozen
) -> Training[E]:
    """Put an estimator together with the rows that describe it.

    Args:
        estimator: What was trained.
        metrics: Rows of `ml.estimator_metrics`, but for estimator and version.
        checks: Every check it was put before.
        grade: Its grade; kinds without grades say so.
    """
    name = {"estimator": estimator.kind, "estimator_version": estimator.version}
    about = {
        **name,
        "candidate": estimator.candidate,
        "status": estimator.status,
        "reason": estimator.reason,
        "trained_from": estimator.trained_from,
        "trained_to": estimator.trained_to,
        "labels_to": estimator.labels_to,
        "row_count": estimator.row_count,
        "customer_count": estimator.customer_count,
        "positive_count": estimator.positive_count,
        "content_hash": estimator.content_hash,
        "code_version": code_version(),
        "grade": grade.letter,
        "grade_reason": grade.reason,
    }
    return Training(
        estimator=estimator,
        estimators=conform([about], "estimators"),
        metrics=conform([{**name, **row} for row in metrics], "estimator_metrics"),
        checks=conform([{**name, **row} for row in check_rows(checks)], "estimator_checks"),
    )


def month_end_after(day: date, months: int) -> date:
    """Last day of the month that is so many months after the month of a day."""
    return (pd.Timestamp(day) + pd.offsets.MonthEnd(0) + pd.offsets.MonthEnd(months)).date()
