"""A tree of three questions that imitates the estimator, for people.

Belongs here: fitting it, how faithful it is, its words and its picture.
Does not belong here: scoring. The surrogate never decides anything (handbook C9): it shows in
outline what the estimator does, and its fidelity says how rough that outline is.

It is fitted to the published probabilities, not to who left. Fidelity is the R2 to these
probabilities on customers that the tree has not seen (one group by hash); the tree shown is the one
that was so judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.churn.config import ChurnConfig
from ml.churn.panel import Panel
from ml.churn.words import words_of

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

Float = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DEPTH: Final = 3
MIN_LEAF_SHARE: Final = 0.01
NO_NODE: Final = -1


@dataclass(frozen=True)
class Surrogate:
    """A fitted tree; arrays have one entry per node, the root first.

    Attributes:
        names: Feature columns that the numbers in `feature` point to.
        feature: Which feature a node asks; -1 at a leaf.
        threshold: Up to and with this value a row goes left.
        missing_left: 1 where a row without the value goes left.
        sees_missing: 1 where such rows were among those of the fit.
        left: Left child; -1 at a leaf.
        right: Right child; -1 at a leaf.
        count: Rows of the fit at the node.
        value: Their mean published probability.
        fidelity: R2 to the published probability on customers that the tree has not seen; NaN
            where the estimator says the same of all of them.
        fidelity_rows: Rows on which fidelity was measured.
    """

    names: tuple[str, ...]
    feature: Whole
    threshold: Float
    missing_left: Whole
    sees_missing: Whole
    left: Whole
    right: Whole
    count: Whole
    value: Float
    fidelity: float
    fidelity_rows: int

    def predict(self, features: Float) -> Float:
        """The surrogate's own probability of each row; for judging it, never for scoring."""
        node = np.zeros(len(features), dtype=np.int64)
        for _ in range(DEPTH):
            asked = self.feature[node]
            inner = asked != NO_NODE
            given = features[np.arange(len(features)), np.maximum(asked, 0)]
            missing = self.missing_left[node] == 1
            goes_left = np.where(np.isnan(given), missing, given <= self.threshold[node])
            child = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(inner, child, node)
        return self.value[node]

    def to_state(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {**vars(self), "names": list(self.names)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Surrogate":
        """The inverse of `to_state`."""
        return cls(**{**state, "names": tuple(state["names"])})

    def nodes(self) -> list[dict[str, Any]]:
        """One row per node, for `ml.estimator_surrogates`, but for estimator and version."""
        parent = {int(c): n for n in self._inner() for c in (self.left[n], self.right[n])}
        rows = []
        for node in range(len(self.value)):
            above = parent.get(node)
            is_leaf = self.feature[node] == NO_NODE
            has_limit = not is_leaf and np.isfinite(self.threshold[node])
            rows.append(
                {
                    "node": node,
                    "parent_node": above,
                    "depth": self._depth(node, parent),
                    "condition": "" if above is None else self._condition(above, node),
                    "feature": None if is_leaf else self.names[self.feature[node]],
                    "threshold": float(self.threshold[node]) if has_limit else None,
                    "is_leaf": bool(is_leaf),
                    "row_count": int(self.count[node]),
                    "mean_probability": float(self.value[node]),
                    "fidelity_r2": self.fidelity,
                    "fidelity_row_count": self.fidelity_rows,
                }
            )
        return rows

    def _inner(self) -> list[int]:
        return [int(n) for n in np.flatnonzero(self.feature != NO_NODE)]

    def _depth(self, node: int, parent: dict[int, int]) -> int:
        return 0 if node not in parent else 1 + self._depth(parent[node], parent)

    def _condition(self, node: int, child: int) -> str:
        """The answer that leads from a node to its child, in words."""
        words = words_of(self.names[self.feature[node]])
        is_left = child == self.left[node]
        has_missing = bool(self.sees_missing[node]) and bool(self.missing_left[node]) == is_left
        limit = float(self.threshold[node])
        if not np.isfinite(limit):
            return f"{words.label}: {'not known' if has_missing else 'known'}"
        said = words.side(limit, is_below=bool(is_left))
        return f"{said}, or not known" if has_missing else said


def fit_surrogate(panel: Panel, probability: Float, config: ChurnConfig) -> Surrogate | None:
    """Fit the surrogate to published probabilities, and judge it on other customers.

    Args:
        panel: Rows that were scored.
        probability: Their published probabilities.
        config: Settings; `folds` and `seed` choose the customers it is judged on.

    Returns:
        The surrogate; None where one of the two groups of customers has no rows.
    """
    # Imported where it fits, since a report draws the picture without it.
    from sklearn.tree import DecisionTreeRegressor

    judged = panel.fold_hash % np.uint64(config.folds) == 0
    if judged.all() or not judged.any():
        return None
    seen = panel.features[~judged]
    # A column without any value cannot be asked, and would stop the fit.
    columns = np.flatnonzero(~np.isnan(seen).all(axis=0))
    tree = DecisionTreeRegressor(
        max_depth=DEPTH,
        min_samples_leaf=max(1, int(np.ceil(MIN_LEAF_SHARE * len(seen)))),
        random_state=config.seed,
    )
    with threadpool_limits(limits=1):
        tree.fit(seen[:, columns], probability[~judged])
    fitted = _read(tree, panel.names, columns, seen)
    fitted.update(fidelity=float("nan"), fidelity_rows=int(judged.sum()))
    drawn = Surrogate(**fitted)
    told, meant = drawn.predict(panel.features[judged]), probability[judged]
    spread = float(((meant - meant.mean()) ** 2).sum())
    if np.ptp(meant) > 0:
        fitted["fidelity"] = 1 - float(((meant - told) ** 2).sum()) / spread
    return Surrogate(**fitted)


def _read(
    tree: "DecisionTreeRegressor", names: tuple[str, ...], columns: Whole, seen: Float
) -> dict[str, Any]:
    """The arrays of a fitted tree."""
    inner = tree.tree_
    is_leaf = inner.children_left == NO_NODE
    feature = np.where(is_leaf, NO_NODE, columns[np.maximum(inner.feature, 0)])
    reached = tree.decision_path(seen[:, columns]).toarray().astype(bool)
    lacks = [
        not leaf and bool(np.isnan(seen[reached[:, node], feature[node]]).any())
        for node, leaf in enumerate(is_leaf)
    ]
    return {
        "names": names,
        "feature": feature.astype(np.int64),
        "threshold": np.where(is_leaf, np.nan, inner.threshold).astype(np.float64),
        "missing_left": np.asarray(inner.missing_go_to_left, dtype=np.int64),
        "sees_missing": np.array(lacks, dtype=np.int64),
        "left": inner.children_left.astype(np.int64),
        "right": inner.children_right.astype(np.int64),
        "count": inner.n_node_samples.astype(np.int64),
        "value": inner.value[:, 0, 0].astype(np.float64),
    }


def surrogate_text(nodes: Sequence[Mapping[str, Any]]) -> str:
    """The tree as an indented text of questions and mean probabilities.

    Args:
        nodes: Rows of `ml.estimator_surrogates` of one estimator, in any order.
    """
    rows = {int(row["node"]): row for row in nodes}
    if not rows:
        return ""
    lines = [fidelity_text(rows[0])]
    whole = int(rows[0]["row_count"])

    def tell(node: int, indent: int) -> None:
        row = rows[node]
        name = "all customers" if node == 0 else row["condition"]
        lines.append("  " * indent + f"{name}: {_told(row, whole)}")
        for child in _children(rows, node):
            tell(child, indent + 1)

    tell(0, 0)
    return "\n".join(lines)


def fidelity_text(root: Mapping[str, Any]) -> str:
    """How faithful the tree is, in a sentence."""
    fidelity = root["fidelity_r2"]
    if fidelity is None or np.isnan(fidelity):
        return "An outline in three questions; how faithful it is cannot be measured."
    return (
        f"An outline in three questions: it reproduces {round(100 * fidelity):d} % of the "
        f"variation (R2) of the probabilities of customers it has not seen "
        f"({int(root['fidelity_row_count']):,} rows). It decides nothing."
    )


def _told(row: Mapping[str, Any], whole: int) -> str:
    share = int(row["row_count"]) / whole
    return f"{100 * float(row['mean_probability']):.1f} % leave ({100 * share:.0f} % of rows)"


def _children(rows: Mapping[int, Mapping[str, Any]], node: int) -> list[int]:
    return sorted(n for n, row in rows.items() if n != 0 and int(row["parent_node"]) == node)


_WIDTH: Final = 236
_HEIGHT: Final = 84
_GAP_X: Final = 36
_GAP_Y: Final = 14
_LINE: Final = 30
_LINES: Final = 3
_SHADES: Final = ("#eaf2ea", "#f7f0d8", "#f6ddd3")


def surrogate_svg(
    nodes: Sequence[Mapping[str, Any]], *, amber_from: float = 0.25, red_above: float = 0.40
) -> str:
    """The tree as a picture that reads from left to right; the same rows give the same bytes.

    Args:
        nodes: Rows of `ml.estimator_surrogates` of one estimator, in any order.
        amber_from: Mean probability from which a box has the second shade.
        red_above: Mean probability above which it has the third.

    Returns:
        One `<svg>` element for an HTML page, which needs no namespace and fetches nothing;
        empty without rows.
    """
    rows = {int(row["node"]): row for row in nodes}
    if not rows:
        return ""
    whole, place = int(rows[0]["row_count"]), _places(rows)
    width = (DEPTH + 1) * _WIDTH + DEPTH * _GAP_X
    height = max(y for _, y in place.values()) + _HEIGHT
    drawn = [
        f'<svg viewBox="-1 -1 {width + 2} {height + 2:.0f}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(fidelity_text(rows[0]))}</title>'
    ]
    for node, (x, y) in sorted(place.items()):
        for child in _children(rows, node):
            to_x, to_y = place[child]
            middle, from_y = x + _WIDTH + _GAP_X / 2, y + _HEIGHT / 2
            drawn.append(
                f'<path d="M{x + _WIDTH} {from_y:.0f}H{middle:.0f}V{to_y + _HEIGHT / 2:.0f}'
                f'H{to_x}" fill="none" stroke="#8a8f98"/>'
            )
    for node, (x, y) in sorted(place.items()):
        row = rows[node]
        chance = float(row["mean_probability"])
        shade = _SHADES[(chance >= amber_from) + (chance > red_above)]
        name = "all customers" if node == 0 else str(row["condition"])
        drawn.append(
            f'<rect x="{x}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{shade}" '
            'stroke="#8a8f98"/>'
        )
        lines = [*_wrapped(name), _told(row, whole)]
        for number, line in enumerate(lines):
            weight = ' font-weight="bold"' if number == len(lines) - 1 else ""
            at = y + _HEIGHT / 2 + 5 + 18 * (number - (len(lines) - 1) / 2)
            drawn.append(
                f'<text x="{x + 8}" y="{at:.0f}"{weight} fill="#1c2530">{escape(line)}</text>'
            )
    return "".join([*drawn, "</svg>"])


def _places(rows: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[int, float]]:
    """Upper left corner of each box: leaves below each other, parents beside their children."""
    place: dict[int, tuple[int, float]] = {}
    below = 0.0

    def put(node: int, depth: int) -> float:
        nonlocal below
        children = [put(child, depth + 1) for child in _children(rows, node)]
        if children:
            y = sum(children) / len(children)
        else:
            y, below = below, below + _HEIGHT + _GAP_Y
        place[node] = (depth * (_WIDTH + _GAP_X), y)
        return y

    put(0, 0)
    return place


def _wrapped(text: str) -> list[str]:
    """A few lines; what does not fit ends in three dots."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _LINE:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) <= _LINES:
        return lines
    return [*lines[: _LINES - 1], lines[_LINES - 1][: _LINE - 1] + "…"]
