"""The scorecard formulas of handbook C0 and C1 in plain Python: one customer, one tree, two dates.

What belongs here: an independent second way to the numbers, written from the handbook and by
recursion. What does not: anything of the product; the tests hold the engine's SQL against this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    """A node of a tree; a measure has no children.

    Attributes:
        name: Its id.
        now: Its weight among its siblings at the later date; 0 where it is not in force.
        then: Its weight at the earlier date.
        children: The nodes below it.
    """

    name: str
    now: float
    then: float
    children: tuple["Node", ...] = ()

    def leaves(self) -> Iterator["Node"]:
        """The measures below it, or itself."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def weight(self, at: str) -> float:
        """Its weight at a date, `1` now or `0` then."""
        return self.now if at == "1" else self.then


@dataclass(frozen=True)
class Scale:
    """The targets of a measure; None for a score that is a percentile."""

    floor: float
    target: float
    stretch: float

    def score(self, value: float) -> float:
        """Piecewise linear and clamped, also where lower is better (floor above stretch)."""
        sign = 1 if self.stretch > self.floor else -1
        x, low, middle, high = (
            sign * each for each in (value, self.floor, self.target, self.stretch)
        )
        if x <= low:
            return 0.0
        if x >= high:
            return 100.0
        if x < middle:
            return 75 * (x - low) / (middle - low)
        return 75 + 25 * (x - middle) / (high - middle)


@dataclass(frozen=True)
class Reading:
    """A measure at one date.

    Attributes:
        value: Raw value, or the percentile itself; None is not measured.
        evidence: 1, or less for an old value.
        scale: Its targets, None for a percentile.
    """

    value: float | None
    evidence: float = 1.0
    scale: Scale | None = None

    @property
    def score(self) -> float | None:
        """The score, None where it is not measured."""
        if self.value is None:
            return None
        return self.value if self.scale is None else self.scale.score(self.value)


@dataclass
class Parts:
    """A change taken apart."""

    value: dict[str, float] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    configuration: dict[str, float] = field(default_factory=dict)
    coverage: dict[str, float] = field(default_factory=dict)


def effective_weights(
    root: Node, readings: Mapping[str, Reading], config: str
) -> dict[str, float] | None:
    """Each measure's share of the whole, with the weights of one date and given evidence.

    None where no measure with a weight has any evidence.
    """

    def evidence(node: Node) -> float:
        if not node.children:
            found = readings[node.name]
            return found.evidence if found.score is not None else 0.0
        return 1.0 if any(c.weight(config) * evidence(c) > 0 for c in node.children) else 0.0

    shares: dict[str, float] = {leaf.name: 0.0 for leaf in root.leaves()}

    def hand_down(node: Node, share: float) -> None:
        if not node.children:
            shares[node.name] = share
            return
        counted = {c.name: c.weight(config) * evidence(c) for c in node.children}
        total = sum(counted.values())
        for child in node.children:
            if counted[child.name] > 0:
                hand_down(child, share * counted[child.name] / total)

    if evidence(root) == 0:
        return None
    hand_down(root, 1.0)
    return shares


def coverage(root: Node, readings: Mapping[str, Reading], config: str) -> float:
    """Share of the weight that is measured: the product down the tree, an old value for less."""
    if not root.children:
        found = readings[root.name]
        return found.evidence if found.score is not None else 0.0
    return sum(c.weight(config) * coverage(c, readings, config) for c in root.children)


def score(root: Node, readings: Mapping[str, Reading], config: str) -> float | None:
    """The weighted mean of what is measured, whatever its coverage; None where nothing is."""
    weights = effective_weights(root, readings, config)
    if weights is None:
        return None
    return sum(
        weight * (readings[name].score or 0.0) for name, weight in weights.items() if weight > 0
    )


def take_apart(root: Node, now: Mapping[str, Reading], then: Mapping[str, Reading]) -> Parts | None:
    """The change of the score by value, scale, configuration and coverage (handbook C1)."""
    later, earlier = score(root, now, "1"), score(root, then, "0")
    if later is None or earlier is None:
        return None
    w11, w00 = effective_weights(root, now, "1"), effective_weights(root, then, "0")
    w10, w01 = effective_weights(root, then, "1"), effective_weights(root, now, "0")
    assert w11 is not None
    assert w00 is not None
    centre = (later + earlier) / 2
    parts = Parts()
    for name in w11:
        one, zero = now[name], then[name]
        if one.score is None:
            one = zero
        if zero.score is None:
            zero = one
        mean_weight = (w11[name] + w00[name]) / 2
        by_value = by_scale = mean_score = 0.0
        if one.value is not None and zero.value is not None:
            assert one.score is not None
            assert zero.score is not None
            mean_score = (one.score + zero.score) / 2
            if one.scale is None or zero.scale is None:
                by_value = one.score - zero.score
            else:
                one_on_old = zero.scale.score(one.value)
                zero_on_new = one.scale.score(zero.value)
                by_value = ((one.score - zero_on_new) + (one_on_old - zero.score)) / 2
                by_scale = ((one.score - one_on_old) + (zero_on_new - zero.score)) / 2
        parts.value[name] = mean_weight * by_value
        parts.scale[name] = mean_weight * by_scale
        if w10 is None or w01 is None:
            moved, seen = w11[name] - w00[name], 0.0
        else:
            moved = (w11[name] - w01[name] + w10[name] - w00[name]) / 2
            seen = (w11[name] - w10[name] + w01[name] - w00[name]) / 2
        parts.configuration[name] = (mean_score - centre) * moved
        parts.coverage[name] = (mean_score - centre) * seen
    return parts
