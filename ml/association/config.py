"""What a run of associations is told.

Belongs here: lags, draws, limits. Does not belong here: the pairs (the seed `kpi_pairs`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class AssociationConfig:
    """Limits and choices of the tests.

    Attributes:
        lags: Months from x to y that are looked at.
        draws: Resamples behind an interval.
        seed: Of the resamples.
        min_n: Below so many customers (of a panel of teams: team months) nothing is tested.
        min_blocks: Below so many blocks of months a panel of teams is not tested: fewer cannot say
            how far chance reaches.
        block_months: Months of a block; what neighbouring months share stays together.
        false_discovery_rate: Expected share of chance finds among those called supported.
        confidence: Of the intervals.
        min_response: Answers of survey waves with a lower response are set aside.
    """

    lags: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    draws: int = 2_000
    seed: int = 20_260_101
    min_n: int = 30
    min_blocks: int = 4
    block_months: int = 6
    false_discovery_rate: float = 0.10
    confidence: float = 0.95
    min_response: float = 0.10
