"""Slices in time: train, embargo, calibrate, embargo, test.

Belongs here: which as-of dates go where.
Does not belong here: fitting or measuring anything.

The embargo is as long as the label, with the grace of contracts in whole months, so that no label
of an earlier slice looks into a later one: seven months for all customers where any has a contract.
Customers may stand in two slices: a split is of months. That no customer stands on both sides of a
judgement is the matter of the fits: each leaves a group of customers out of all its slices, and
judges only that group (`ml.churn.candidates`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ml.churn.config import ChurnConfig
from ml.training_rows import month_end_after


@dataclass(frozen=True)
class Split:
    """Month numbers of the slices of one origin.

    Attributes:
        train: As-of months to fit on.
        calibrate: As-of months to calibrate on; empty means cross-fitting inside `train`.
        test: As-of months to judge on, later than all labels of the others.
    """

    train: tuple[int, ...]
    calibrate: tuple[int, ...]
    test: tuple[int, ...]


def label_end(as_of_date: date, config: ChurnConfig) -> date:
    """End of the month in which the label of an as-of date is known."""
    outcome = month_end_after(as_of_date, config.label_months)
    return month_end_after(outcome + timedelta(days=config.grace_days), 0)


def set_calibration_aside(
    months: Sequence[int], config: ChurnConfig
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide as-of months into those to fit on and, if there are enough, to calibrate on."""
    ordered = tuple(sorted(set(months)))
    calibrate = ordered[-config.calibration_months :] if config.calibration_months else ()
    if calibrate:
        train = tuple(m for m in ordered if m <= calibrate[0] - config.embargo_months)
        if len(train) >= config.min_train_months_with_calibration:
            return train, calibrate
    return ordered, ()


def plan_splits(months: Sequence[int], config: ChurnConfig) -> list[Split]:
    """Plan the origins that the as-of months allow, the newest first.

    Each origin tests on `test_months` as-of dates (fewer where the history is short) that
    follow its training dates by the embargo; the next origin lies one test slice earlier.

    Returns:
        No split at all where there is no room for training, embargo and one test date.
    """
    ordered = sorted(set(months))
    width = next(
        (
            size
            for size in range(min(config.test_months, len(ordered)), 0, -1)
            if _train_months(ordered, ordered[-size], config) >= config.min_train_months
        ),
        0,
    )
    splits: list[Split] = []
    while width and len(splits) < config.max_origins:
        end = len(ordered) - len(splits) * width
        test = tuple(ordered[max(end - width, 0) : end])
        if not test or _train_months(ordered, test[0], config) < config.min_train_months:
            break
        before = [m for m in ordered if m <= test[0] - config.embargo_months]
        train, calibrate = set_calibration_aside(before, config)
        splits.append(Split(train=train, calibrate=calibrate, test=test))
    return splits


def _train_months(months: Sequence[int], first_test: int, config: ChurnConfig) -> int:
    return sum(1 for month in months if month <= first_test - config.embargo_months)
