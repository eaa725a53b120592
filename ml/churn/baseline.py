"""Simple rules that an estimator must beat, and that speak when none may be published.

Belongs here: 'no purchase for so many days' rules, the churn rate per tier, the rate per tier
and tenure for a cold start; all as smoothed rates of groups.
Does not belong here: anything that is fitted to more than a count.

A group's rate is the mean of a Beta posterior: its churn rate, with as many observations as it
has customers (rows of one customer are not independent), and `prior_strength` pseudo-customers
at the rate of all rows. Its interval is that of the posterior.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import beta as beta_distribution

from ml.churn.config import ChurnConfig
from ml.churn.features import KIND_FEATURE
from ml.churn.panel import Panel

Float = npt.NDArray[np.float64]

TIER: Final = "base_rate_tier"
TIER_TENURE: Final = "base_rate_tier_tenure"
_RULE: Final = "no_purchase_days_"
_TENURE_EDGES: Final = (0.0, 180.0, 365.0)
_DAYS_PER_MONTH: Final = 365.25 / 12


@dataclass(frozen=True)
class RateTable:
    """Smoothed churn rates per group.

    Attributes:
        name: The rule that makes the groups.
        groups: Group labels, sorted.
        churned: Beta parameter: churned customers and pseudo-customers per group.
        kept: Beta parameter: kept customers and pseudo-customers per group.
        overall: Rate for a group never seen in training; NaN where nothing was.
        overall_customers: Customers behind it.
    """

    name: str
    groups: tuple[str, ...]
    churned: Float
    kept: Float
    overall: float
    overall_customers: int

    def probability(self, panel: Panel) -> Float:
        """Smoothed rate of the group of each row."""
        churned, kept = self._posterior(panel)
        return np.asarray(churned / (churned + kept), dtype=np.float64)

    def interval(self, panel: Panel, *, level: float) -> tuple[Float, Float]:
        """Beta interval of the group of each row."""
        churned, kept = self._posterior(panel)
        tail = (1 - level) / 2
        low = beta_distribution.ppf(tail, churned, kept)
        high = beta_distribution.ppf(1 - tail, churned, kept)
        return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)

    def _posterior(self, panel: Panel) -> tuple[Float, Float]:
        position = {group: number for number, group in enumerate(self.groups)}
        labels, codes = np.unique(group_labels(self.name, panel), return_inverse=True)
        at = np.array([position.get(label, len(self.groups)) for label in labels], dtype=np.int64)
        weight = float(max(self.overall_customers, 1))
        churned = np.append(self.churned, self.overall * weight)
        kept = np.append(self.kept, (1 - self.overall) * weight)
        return churned[at][codes], kept[at][codes]

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            "name": self.name,
            "groups": list(self.groups),
            "churned": self.churned,
            "kept": self.kept,
            "overall": self.overall,
            "overall_customers": self.overall_customers,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "RateTable":
        """The inverse of `to_state`."""
        return cls(**{**state, "groups": tuple(state["groups"])})


def rule_names(config: ChurnConfig) -> tuple[str, ...]:
    """Rules to beat: no purchase in w/2, w/4 and w/8 of the label's w days; rate per tier."""
    days = int(config.label_months * _DAYS_PER_MONTH)
    return (*(f"{_RULE}{days // part}" for part in (2, 4, 8)), TIER)


def group_labels(name: str, panel: Panel) -> npt.NDArray[np.str_]:
    """Group of each row under a rule.

    An unknown time since the last purchase is the worse group; an unknown tenure is that of a
    customer older than the data, and the longest.

    Days without a purchase say nothing of who pays by contract, once a year perhaps: a group apart.
    """
    if name.startswith(_RULE):
        days = float(name.removeprefix(_RULE))
        recent = np.where(panel.feature("days_since_purchase") <= days, "recent", "lapsing")
        if KIND_FEATURE not in panel.names:
            return recent
        return np.where(panel.feature(KIND_FEATURE) == 1, "under_contract", recent)
    tier = panel.tier.astype(str)
    if name == TIER:
        return tier
    band = np.searchsorted(np.array(_TENURE_EDGES), panel.feature("tenure_days"), side="right")
    return np.char.add(np.char.add(tier, "|"), band.astype(str))


def fit_rates(name: str, panel: Panel, config: ChurnConfig) -> RateTable:
    """Count and smooth the churn rate of each group of a rule.

    For tier and tenure, the rate that a group is pulled to is that of its tier, itself pulled
    to that of all.
    """
    if len(panel) == 0:
        return RateTable(name, (), np.empty(0), np.empty(0), float("nan"), 0)
    count = panel.customer_count()
    overall = (float(panel.churned.mean()) * count + 0.5) / (count + 1)  # Jeffreys: never 0 or 1
    labels = group_labels(name, panel)
    parents = None
    if name == TIER_TENURE:
        tiers = fit_rates(TIER, panel, config)
        parents = tiers.probability(panel)
    groups = np.unique(labels)
    churned, kept = [], []
    for group in groups:
        rows = labels == group
        size = len(np.unique(panel.customer[rows]))
        rate = float(panel.churned[rows].mean())
        towards = overall if parents is None else float(parents[rows][0])
        churned.append(size * rate + config.prior_strength * towards)
        kept.append(size * (1 - rate) + config.prior_strength * (1 - towards))
    return RateTable(
        name=name,
        groups=tuple(str(group) for group in groups),
        churned=np.array(churned),
        kept=np.array(kept),
        overall=overall,
        overall_customers=count,
    )
