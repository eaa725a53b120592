"""One test: a pair, a segment, a lag.

Belongs here: the four correlations of a test and its verdicts; the verdicts over all tests.
Does not belong here: how each is computed (`.ranks`, `.resampling`, `.discovery`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.association.config import AssociationConfig
from ml.association.discovery import q_values
from ml.association.ranks import Float, Integer, demeaned, owner_means, spearman
from ml.association.resampling import Clustered, Estimate, Resampler
from ml.frames import conform

TABLE = "kpi_associations"
_ESTIMATES = ("rho", "partial_rho", "within_rho", "between_rho")
_ROUNDED = 6


@dataclass(frozen=True)
class Rows:
    """The rows of one test, ordered by owner and month.

    Attributes:
        owner: The customer or team of each row, numbered from 0.
        cluster: What is resampled: the customer, or the block of months.
        x: The first measure.
        y: The second, `lag` months later.
        controls: Tier, tenure, season as columns; see `controls_of`.
    """

    owner: Integer
    cluster: Integer
    x: Float
    y: Float
    controls: Float


@dataclass(frozen=True)
class Limits:
    """What must be there before anything is tested.

    Attributes:
        units: What counts: customers, or months of teams.
        clusters: At least so many customers or blocks.
    """

    units: str
    min_units: int
    min_clusters: int


def controls_of(*, month: Integer, tier: Any = None, tenure_days: Float | None = None) -> Float:
    """Make columns of tier, tenure and season.

    Args:
        month: Month of the year of each row, 1 to 12.
        tier: Array of the tier of each row; None where there is none.
        tenure_days: Days as a customer, NaN where unknown; None where there are none.

    Returns:
        One column per tier and month of the year but the first found, the logarithm of
        tenure, whose effect levels off, and whether it is unknown.
    """
    columns: list[Float] = []
    groups = [np.asarray(month)] + ([] if tier is None else [np.asarray(tier, dtype=str)])
    for group in groups:
        columns += [(group == each).astype(np.float64) for each in np.unique(group)[1:]]
    if tenure_days is not None:
        unknown = np.isnan(tenure_days)
        columns.append(np.log1p(np.maximum(np.where(unknown, 0, tenure_days), 0)))
        columns.append(unknown.astype(np.float64))
    return np.column_stack(columns) if columns else np.empty((len(month), 0))


def limits_of(panel: str, config: AssociationConfig) -> Limits:
    """Say what a panel of customers, or of teams, must have."""
    if panel == "customer":
        return Limits("customers", config.min_n, config.min_n)
    return Limits("rows", config.min_n, config.min_blocks)


def associate(
    rows: Rows, *, resampler: Resampler, limits: Limits, config: AssociationConfig
) -> dict[str, Any]:
    """Test one pair in one segment at one lag.

    Returns:
        The measured columns of `ml.kpi_associations`; where nothing is tested, counts and
        `not_tested_reason` (`not_measured`, `few_customers`, `few_team_months`, `few_blocks`,
        `constant`).
    """
    owners = len(np.unique(rows.owner))
    counts: dict[str, Any] = {"unit_count": owners, "row_count": len(rows.x)}
    reason = _untestable(rows, owners, limits)
    if reason:
        return {**counts, "not_tested_reason": reason}
    many = np.bincount(rows.owner)[rows.owner] > 1
    found = [
        Clustered(spearman(rows.x, rows.y), rows.cluster),
        Clustered(spearman(rows.x, rows.y, rows.controls), rows.cluster),
        _within(rows, many, config, limits),
        _between(rows, owners, config),
    ]
    estimates = dict(
        zip(_ESTIMATES, resampler.estimate(found, confidence=config.confidence), strict=True)
    )
    overall = estimates["rho"]
    if overall is None:
        return {**counts, "not_tested_reason": "constant"}
    measured = {
        f"{name}{end}": value
        for name, each in estimates.items()
        for end, value in _ends(each).items()
    }
    flips = _flips(estimates["within_rho"], estimates["between_rho"])
    return {**counts, **measured, "p_value": overall.p_value, "is_sign_flip": flips}


def conclude(tests: Sequence[Mapping[str, Any]], config: AssociationConfig) -> pd.DataFrame:
    """Judge all tests of a run together.

    Args:
        tests: Their columns, with `pair_id`, `segment` and `lag_months`.
        config: The false discovery rate.

    Returns:
        The columns of `ml.kpi_associations`: with q, whether a test is supported, and which lag of
        a pair and segment is the strongest (the earliest of equals).
    """
    frame = conform(
        [
            {
                "is_tested": not each.get("not_tested_reason"),
                "is_supported": False,
                "is_best_lag": False,
                "is_sign_flip": False,
                **each,
            }
            for each in tests
        ],
        TABLE,
    )
    if frame.empty:
        return frame
    q = q_values(frame["p_value"].to_numpy(dtype=np.float64))
    frame["q_value"] = q
    frame["is_supported"] = q < config.false_discovery_rate
    strength = frame["rho"].abs().round(_ROUNDED)
    ordered = frame.assign(strength=strength)[frame["is_tested"]].sort_values(
        ["pair_id", "segment", "strength", "lag_months"], ascending=[True, True, False, True]
    )
    frame.loc[ordered.drop_duplicates(["pair_id", "segment"]).index, "is_best_lag"] = True
    return frame.sort_values(["pair_id", "segment", "lag_months"], kind="stable").reset_index(
        drop=True
    )


def _untestable(rows: Rows, owners: int, limits: Limits) -> str:
    if len(rows.x) == 0:
        return "not_measured"
    if limits.units == "customers" and owners < limits.min_units:
        return "few_customers"
    if limits.units == "rows" and len(rows.x) < limits.min_units:
        return "few_team_months"
    if len(np.unique(rows.cluster)) < limits.min_clusters:
        return "few_blocks"
    return ""


def _within(
    rows: Rows, many: np.ndarray[Any, Any], config: AssociationConfig, limits: Limits
) -> Clustered | None:
    """Of each owner its months against its own mean; owners with one month say nothing."""
    owner, cluster = rows.owner[many], rows.cluster[many]
    counted = len(np.unique(owner)) if limits.units == "customers" else len(owner)
    if counted < config.min_n:
        return None
    x, y = demeaned(rows.x[many], owner), demeaned(rows.y[many], owner)
    return Clustered(spearman(x, y), cluster)


def _between(rows: Rows, owners: int, config: AssociationConfig) -> Clustered | None:
    """One row per owner: the means of its months."""
    if owners < config.min_n:
        return None
    there = np.unique(rows.owner)
    x = owner_means(rows.x, rows.owner)[there]
    y = owner_means(rows.y, rows.owner)[there]
    return Clustered(spearman(x, y), there)


def _flips(within: Estimate | None, between: Estimate | None) -> bool:
    """Whether both are surely not 0, and point opposite ways (Simpson's paradox)."""
    if within is None or between is None:
        return False
    return (within.high < 0 < between.low) or (between.high < 0 < within.low)


def _ends(each: Estimate | None) -> dict[str, float | None]:
    if each is None:
        return {"": None, "_low": None, "_high": None}
    return {"": each.rho, "_low": each.low, "_high": each.high}
