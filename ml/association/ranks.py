"""Spearman's rank correlation, and how much each row of a panel moves it.

Belongs here: mid-ranks, the correlation of ranks or of what controls leave of them, its influence
function. Does not belong here: resampling (`ml.association.resampling`).

Of N rows, u and v are the mid-ranks of x and y as shares of N (mean 1/2, ties share their rank).
rho = C / sqrt(V_x V_y) with C the covariance of u and v. Its influence function says how rho moves,
to first order, when a row counts for more. That row also moves the ranks of all others:
IF_C(s) = e_x(s) e_y(s) - C + [A_y(x_s) - mean(u e_y)] + [A_x(y_s) - mean(v e_x)], where A_y(t) is
the mean of e_y over rows with x > t, those with x = t by half. Without these two terms the ranks
would count as if they had been known beforehand.

Source: Spearman (1904); Hampel (1974); Croux and Dehon (2010), "Influence functions of the Spearman
and Kendall correlation measures". Checked against resampling with new ranks in each draw.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.metrics import tie_starts

Float = npt.NDArray[np.float64]
Integer = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Correlation:
    """A rank correlation.

    Attributes:
        rho: -1 to 1; NaN where x or y is the same in all rows.
        influence: One per row, with mean 0: the change of rho per unit of the row's share.
    """

    rho: float
    influence: Float


@dataclass(frozen=True)
class _Ordered:
    """Rows in the order of their values, with the runs of equal ones."""

    order: Integer
    starts: Integer
    sizes: Integer

    @classmethod
    def of(cls, values: Float) -> "_Ordered":
        order = np.argsort(values, kind="stable").astype(np.int64)
        starts = tie_starts(values[order])
        return cls(order, starts, np.diff(np.append(starts, len(values))))

    def ranks(self) -> Float:
        """Mid-ranks as shares of the rows: 0 < u < 1, mean 1/2."""
        count = len(self.order)
        return self._spread((self.starts + self.sizes / 2) / count)

    def mean_above(self, values: Float) -> Float:
        """For each row: the mean over all rows of `values` where it is below, equals by half."""
        sums = np.add.reduceat(values[self.order], self.starts)
        above = np.cumsum(sums[::-1])[::-1] - sums / 2
        return self._spread(above / len(self.order))

    def _spread(self, of_runs: Float) -> Float:
        rows = np.empty(len(self.order))
        rows[self.order] = np.repeat(of_runs, self.sizes)
        return rows


def spearman(x: Float, y: Float, controls: Float | None = None) -> Correlation:
    """Correlate ranks, or what controls leave of them.

    Args:
        x: One value per row, none missing.
        y: The same rows' other value.
        controls: One row per row and one column per control, without a constant. The ranks of x
            and y are each taken less what a least-squares fit of the controls tells of them; the
            controls themselves count as given.

    Returns:
        The correlation, with the influence of each row.
    """
    of_x, of_y = _Ordered.of(x), _Ordered.of(y)
    u, v = of_x.ranks(), of_y.ranks()
    if controls is None:
        left_x, left_y = u - 0.5, v - 0.5
    else:
        left_x, left_y = _residuals(np.column_stack([u, v]), controls).T
    spread_x, spread_y = float(np.mean(left_x**2)), float(np.mean(left_y**2))
    # Ranks have a variance of 1/12 without ties; what is left of 1e-10 of that is rounding.
    if min(spread_x, spread_y) < 1e-11:
        return Correlation(float("nan"), np.zeros(len(x)))
    shared = float(np.mean(left_x * left_y))
    rho = shared / np.sqrt(spread_x * spread_y)
    moved = (
        (left_x * left_y - shared)
        + _centred(of_x.mean_above(left_y))
        + _centred(of_y.mean_above(left_x))
    )
    moved_x = left_x**2 - spread_x + 2 * _centred(of_x.mean_above(left_x))
    moved_y = left_y**2 - spread_y + 2 * _centred(of_y.mean_above(left_y))
    influence = moved / np.sqrt(spread_x * spread_y) - rho / 2 * (
        moved_x / spread_x + moved_y / spread_y
    )
    return Correlation(float(np.clip(rho, -1.0, 1.0)), influence)


def demeaned(values: Float, owner: Integer) -> Float:
    """Give each value less its owner's mean.

    What differs by rounding only is made equal: an owner whose value never changes is 0 in all
    months, and equal to all others of that kind.
    """
    means = owner_means(values, owner)[owner]
    scale = float(np.ptp(values)) if len(values) else 0.0
    if scale == 0:
        return np.zeros(len(values))
    # The + 0.0 makes one zero of two.
    left: Float = np.round((values - means) / scale, 9) + 0.0
    return left


def owner_means(values: Float, owner: Integer) -> Float:
    """Give the mean of each owner 0, 1, ...; NaN for one without rows."""
    counts = np.bincount(owner)
    with np.errstate(invalid="ignore"):
        means: Float = np.bincount(owner, weights=values) / counts
    return means


def _centred(values: Float) -> Float:
    return values - float(np.mean(values))


def _residuals(values: Float, controls: Float) -> Float:
    own: Float = values - values.mean(axis=0)
    if controls.shape[1] == 0:
        return own
    kept = controls - controls.mean(axis=0)
    # The matrix of a dozen controls is small; a pseudo-inverse lets those stand that say
    # the same as others, or nothing.
    fit = np.linalg.pinv(kept.T @ kept, rcond=1e-10, hermitian=True) @ (kept.T @ own)
    left: Float = own - kept @ fit
    return left
