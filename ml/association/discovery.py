"""Of many tests some are called by chance: how many may be.

Belongs here: q values. Does not belong here: p values (`ml.association.resampling`).

Source: Benjamini and Hochberg (1995): sorted p, q_(k) = min over j >= k of p_(j) m / j. Lags and
tiers of a pair are dependent, positively for the most part, for which it holds as well (Benjamini
and Yekutieli 2001).
"""

import numpy as np

from ml.association.ranks import Float


def q_values(p_values: Float) -> Float:
    """Give the false discovery rate at which each test would just be called.

    Args:
        p_values: One per test; NaN where none was made, which then does not count.

    Returns:
        q, 0 to 1, in the same order; NaN where p is.
    """
    q = np.full(len(p_values), np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    if len(made) == 0:
        return q
    order = made[np.argsort(p_values[made], kind="stable")]
    count = len(order)
    raised = p_values[order] * count / np.arange(1, count + 1)
    q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q
