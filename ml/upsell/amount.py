"""By how much more is bought, if more is bought.

Belongs here: the two ways of saying so, a regression of the logarithm and the mean of the tier;
what the amount may be beside what is expected.
Does not belong here: whether more is bought (`ml.churn.candidates`), the product of the two
(`ml.upsell.estimator`).

Amounts are learnt as multiples of the base, so that a large customer's amount is large without
being an exception; multiples above the 99th percentile of training count as it. A ridge regression
learns the logarithm of the multiple. To come back from the logarithm it is smeared (Duan 1983):
every customer is foreseen by a fit that has not seen that customer, and what really came over what
was foreseen, `ratio`, is kept: its money-weighted mean takes the regression to an expectation
whose total is that of training, its quantiles say what else the amount may be. Subscribers and
others have a distribution of their own: a seat more is another thing than a good season.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.churn.candidates import customer_groups, on_even_features
from ml.upsell.config import UpsellConfig
from ml.upsell.panel import UpsellPanel

Float = npt.NDArray[np.float64]

REGRESSION: Final = "log_regression"
TIER_MEAN: Final = "tier_mean"
AMOUNTS: Final = (REGRESSION, TIER_MEAN)
KINDS: Final = (0, 1)
_GRID: Final = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class AmountModel:
    """What is bought more by who buys more.

    Attributes:
        name: One of `AMOUNTS`.
        columns: Positions of the feature columns that are read; empty for the mean of the tier.
        estimator: A fitted regression of the logarithm of the multiple; None for the mean.
        tiers: Tiers seen in training, sorted.
        centre: Logarithm of the mean multiple of each tier; of all as the last.
        level: Per kind, what the foreseen multiple is multiplied by to be an expectation.
        ratios: Per kind, quantiles at even steps of what came over what was foreseen.
        floor: Per kind, the least multiple that counts as more.
    """

    name: str
    columns: npt.NDArray[np.int64]
    estimator: Any
    tiers: tuple[str, ...]
    centre: Float
    level: Float
    ratios: Float
    floor: Float

    def _multiple(self, panel: UpsellPanel) -> Float:
        """Typical multiple of each row, on the scale of the logarithm."""
        if len(panel) == 0:
            return np.empty(0)
        if self.estimator is None:
            position = {tier: number for number, tier in enumerate(self.tiers)}
            labels, codes = np.unique(panel.chance.tier.astype(str), return_inverse=True)
            at = np.array([position.get(str(label), len(self.tiers)) for label in labels])
            return np.asarray(np.exp(self.centre[at][codes]), dtype=np.float64)
        with threadpool_limits(limits=1):
            found = self.estimator.predict(panel.chance.features[:, self.columns])
        return np.asarray(np.exp(found), dtype=np.float64)

    def expected(self, panel: UpsellPanel) -> Float:
        """Amount expected of each row, if more is bought."""
        return self._held(self._multiple(panel) * self.level[panel.kind], panel)

    def quantile(self, panel: UpsellPanel, place: Float | float) -> Float:
        """Amount that is not exceeded with a probability, if more is bought.

        Args:
            panel: Rows to be scored.
            place: The probability, one for all or one per row.
        """
        places = np.broadcast_to(np.asarray(place, dtype=np.float64), (len(panel),))
        ratio = np.empty(len(panel))
        for kind in KINDS:
            rows = panel.kind == kind
            ratio[rows] = np.interp(places[rows], _GRID, self.ratios[kind])
        return self._held(self._multiple(panel) * ratio, panel)

    def _held(self, multiple: Float, panel: UpsellPanel) -> Float:
        return np.maximum(multiple, self.floor[panel.kind]) * panel.base

    def to_state(self) -> dict[str, Any]:
        """Plain values, arrays and the scikit-learn object."""
        return {**vars(self), "tiers": list(self.tiers)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "AmountModel":
        """The inverse of `to_state`."""
        return cls(**{**state, "tiers": tuple(state["tiers"])})


def fit_amount(name: str, panel: UpsellPanel, config: UpsellConfig) -> AmountModel:
    """Fit one of the two ways to rows with an outcome; only who bought more teaches.

    Returns:
        A model that expects NaN of everybody where nobody bought more.
    """
    taught = panel.expanded
    multiple = winsorised(taught, config)
    whole = _fit(name, taught, multiple, config)
    if len(taught) == 0:
        return whole
    group = customer_groups(taught.chance, config.chance)
    foreseen = np.empty(len(taught))
    for k in np.unique(group):
        others = group != k
        part = _fit(name, taught.take(others), multiple[others], config) if others.any() else whole
        foreseen[~others] = part._multiple(taught.take(~others))
    return _smeared(whole, taught, multiple, foreseen, config)


@dataclass(frozen=True)
class AmountByGroup:
    """The amount of each customer by a model that has not seen that customer; for judging only.

    Attributes:
        without_group: Models that each leave one group of customers out.
        config: Settings, which make the groups.
    """

    without_group: tuple[AmountModel, ...]
    config: UpsellConfig

    def expected(self, panel: UpsellPanel) -> Float:
        """As `AmountModel.expected`."""
        return self._each(panel, lambda model, rows, _: model.expected(rows), 0.0)

    def quantile(self, panel: UpsellPanel, place: Float | float) -> Float:
        """As `AmountModel.quantile`."""
        return self._each(panel, lambda model, rows, at: model.quantile(rows, at), place)

    def _each(
        self,
        panel: UpsellPanel,
        told: Callable[[AmountModel, UpsellPanel, Float], Float],
        place: Float | float,
    ) -> Float:
        group, found = customer_groups(panel.chance, self.config.chance), np.empty(len(panel))
        places = np.broadcast_to(np.asarray(place, dtype=np.float64), (len(panel),))
        for k, model in enumerate(self.without_group):
            own = group == k
            found[own] = told(model, panel.take(own), places[own])
        return found


def fit_amount_by_group(name: str, panel: UpsellPanel, config: UpsellConfig) -> AmountByGroup:
    """Fit one of the two ways without each group of customers in turn."""
    group = customer_groups(panel.chance, config.chance)
    return AmountByGroup(
        tuple(fit_amount(name, panel.take(group != k), config) for k in range(config.chance.folds)),
        config,
    )


def winsorised(panel: UpsellPanel, config: UpsellConfig) -> Float:
    """Amounts as multiples of the base, the greatest cut."""
    if len(panel) == 0:
        return np.empty(0)
    multiple = panel.amount / panel.base
    return np.minimum(multiple, np.quantile(multiple, config.winsorise_quantile))


def _fit(name: str, panel: UpsellPanel, multiple: Float, config: UpsellConfig) -> AmountModel:
    plain = AmountModel(
        name=name,
        columns=np.empty(0, dtype=np.int64),
        estimator=None,
        tiers=(),
        centre=np.array([np.nan]),
        level=np.ones(len(KINDS)),
        ratios=np.ones((len(KINDS), len(_GRID))),
        floor=np.array(config.min_growth),
    )
    if len(panel) == 0:
        return plain
    if name == TIER_MEAN:
        return _tier_means(plain, panel, multiple, config)
    features = panel.chance.features
    columns = np.flatnonzero(panel.chance.is_measured()).astype(np.int64)
    estimator = on_even_features(
        Ridge(alpha=config.amount_penalty, solver="cholesky"), config.chance
    )
    with threadpool_limits(limits=1):
        estimator.fit(features[:, columns], np.log(multiple))
    return replace(plain, columns=columns, estimator=estimator)


def _tier_means(
    plain: AmountModel, panel: UpsellPanel, multiple: Float, config: UpsellConfig
) -> AmountModel:
    """Mean multiple by tier, pulled to that of all; a customer's rows count as one customer."""
    overall = float(multiple.mean())
    tier = panel.chance.tier.astype(str)
    tiers = np.unique(tier)
    means = []
    for each in tiers:
        rows = tier == each
        size = len(np.unique(panel.chance.customer[rows]))
        weight = size / (size + config.tier_prior_customers)
        means.append(weight * float(multiple[rows].mean()) + (1 - weight) * overall)
    return replace(
        plain, tiers=tuple(str(each) for each in tiers), centre=np.log([*means, overall])
    )


def _smeared(
    model: AmountModel, panel: UpsellPanel, multiple: Float, foreseen: Float, config: UpsellConfig
) -> AmountModel:
    """Give a fitted model its level and its distribution, by kind where the kind has enough."""
    level, ratios = np.empty(len(KINDS)), np.empty((len(KINDS), len(_GRID)))
    for kind in KINDS:
        rows = panel.kind == kind
        if len(np.unique(panel.chance.customer[rows])) < config.min_kind_customers:
            rows = np.ones(len(panel), dtype=np.bool_)
        came, base = multiple[rows] * panel.base[rows], panel.base[rows]
        level[kind] = came.sum() / (foreseen[rows] * base).sum()
        ratios[kind] = np.quantile(multiple[rows] / foreseen[rows], _GRID)
    return replace(model, level=level, ratios=ratios)
