"""Rules on the trees of nodes, on every day on which a row begins or ends.

Belongs here: roots, parents, cycles, weights, matrices of judgements. Does not belong here: what a
measure measures (`measures`). A tree with a row that cannot be dated is judged once that is mended.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from orchestration.configuration.rule import Found, Rule, entering, first_day, once
from orchestration.configuration.seeds import Configuration, Row

RULES: list[Rule] = []
rule = entering(RULES)

TOLERANCE: Final = Decimal("1e-9")
"""How far siblings may be from 1 together (handbook C1)."""
DEEPEST: Final = 9
"""Steps from the root that the model `scr_weights` follows."""
LARGEST_MATRIX: Final = 10
"""Criteria that judgements in pairs can compare (handbook C12)."""


@dataclass(frozen=True)
class State:
    """The nodes of a profile that are in force from a day on."""

    profile: str
    day: date
    rows: tuple[Row, ...]

    @property
    def by_id(self) -> dict[str, Row]:
        """The nodes by name."""
        return {row["node_id"]: row for row in self.rows}

    def children(self) -> dict[str, list[Row]]:
        """Give the nodes below each node that has any."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row["parent_id"]:
                found[row["parent_id"]].append(row)
        return found


def states(configuration: Configuration) -> Iterator[State]:
    """Every state of every tree whose dates can be read, in order of time."""
    trees: dict[str, list[Row]] = defaultdict(list)
    for row in configuration.rows("scorecard_nodes"):
        trees[row["profile"]].append(row)
    for profile, rows in trees.items():
        if any(_is_undated(row) for row in rows):
            continue
        days = {
            day for row in rows for day in (row.day("valid_from"), row.day("valid_until")) if day
        }
        for day in sorted(days):
            in_force = tuple(row for row in rows if row.holds_on(day))
            if in_force:
                yield State(profile, day, in_force)


def _is_undated(row: Row) -> bool:
    return row.day("valid_from") is None or bool(row["valid_until"] and not row.day("valid_until"))


@rule("A profile has one root: one node without a parent, of weight 1.")
def _one_root(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            roots = [row for row in state.rows if not row["parent_id"]]
            if not roots:
                yield (
                    state.rows[0],
                    "parent_id",
                    f"{state.profile} has no root from {state.day}.",
                    "Leave parent_id empty for the node at the top.",
                )
            for extra in roots[1:]:
                yield (
                    extra,
                    "parent_id",
                    f"{state.profile} has the root {roots[0]['node_id']} and a second one, "
                    f"{extra['node_id']}, from {state.day}.",
                    "Give one of them a parent, or end it.",
                )
            for root in roots[:1]:
                weight = root.number("weight")
                if weight is not None and weight != 1:
                    yield root, "weight", f"The root weighs {weight} from {state.day}.", "Write 1."

    yield from once(check())
    profiles = {row["profile"] for row in configuration.rows("scorecard_nodes")}
    for row in configuration.rows("scorecards"):
        if row["profile"] and row["profile"] not in profiles:
            yield (
                row,
                "profile",
                f"{row['profile']} has no node, so no root.",
                "Add its tree to scorecard_nodes.csv, or remove the row.",
            )


@rule("The parent of a node is in force as long as the node is.")
def _parent_is_in_force(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            known = state.by_id
            for row in state.rows:
                if row["parent_id"] and row["parent_id"] not in known:
                    yield (
                        row,
                        "parent_id",
                        f"{state.profile}: {row['node_id']} has no parent: there is no "
                        f"{row['parent_id']!r} in force from {state.day}.",
                        "Write the parent's node_id, or end the node together with its parent.",
                    )

    yield from once(check())


@rule("A tree has no cycle.")
def _no_cycle(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            for circle in _circles(state):
                path = " below ".join([*circle, circle[0]])
                yield (
                    state.by_id[circle[0]],
                    "parent_id",
                    f"{state.profile}: {path} from {state.day}.",
                    "Hang one of them below a node that is none of these.",
                )

    yield from once(check())


def _circles(state: State) -> list[list[str]]:
    """Each cycle once, beginning with its first name."""
    known, found, done = state.by_id, [], set()
    for start in sorted(known):
        path: list[str] = []
        at = start
        while at in known and at not in done and at not in path:
            path.append(at)
            at = known[at]["parent_id"]
        if at in path:
            circle = path[path.index(at) :]
            first = circle.index(min(circle))
            found.append(circle[first:] + circle[:first])
        done.update(path)
    return found


@rule(f"No node is more than {DEEPEST} steps below its root.")
def _tree_is_not_too_deep(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            known = state.by_id
            for row in state.rows:
                steps, at, seen = 0, row, {row["node_id"]}
                while at["parent_id"] in known and at["parent_id"] not in seen:
                    seen.add(at["parent_id"])
                    at = known[at["parent_id"]]
                    steps += 1
                if steps > DEEPEST and not at["parent_id"]:
                    yield (
                        row,
                        "parent_id",
                        f"{state.profile}: {row['node_id']} is {steps} steps below the root "
                        f"from {state.day}.",
                        "Leave a level out.",
                    )

    yield from once(check())


@rule("Siblings weigh 1 together, to 1e-9, on every day on which a row begins or ends.")
def _siblings_weigh_one(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            for parent, children in state.children().items():
                weights = [child.number("weight") for child in children]
                known = [weight for weight in weights if weight is not None]
                total = sum(known, Decimal(0))
                if len(known) == len(weights) and abs(total - 1) > TOLERANCE:
                    listed = ", ".join(
                        f"{child['node_id']} {child['weight']}" for child in children
                    )
                    yield (
                        children[0],
                        "weight",
                        f"{state.profile}: the nodes below {parent} weigh {total} together "
                        f"({listed}) from {state.day}.",
                        "Change the weights so that they are 1 together on that day, too.",
                    )

    yield from once(check())


@rule("A node keeps its place in the tree, its indicator and its scoring over all its versions.")
def _node_keeps_its_place(configuration: Configuration) -> Found:
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(configuration.rows("scorecard_nodes"), key=first_day):
        earlier = first.setdefault((row["profile"], row["node_id"]), row)
        for column in ("parent_id", "indicator_id", "scoring"):
            if row[column] != earlier[column]:
                yield (
                    row,
                    column,
                    f"{row['node_id']} has {row[column] or 'nothing'!r} here and "
                    f"{earlier[column] or 'nothing'!r} in line {earlier.line}.",
                    "End the old node and give the new one another node_id: scores of two dates "
                    "are compared node by node.",
                )


@rule("A node is a measure (scoring, no children, an indicator or what it needs) or a dimension.")
def _measure_or_dimension(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            children = state.children()
            for row in state.rows:
                yield from _kind_of_node(row, bool(children.get(row["node_id"])), state.day)

    yield from once(check())


def _kind_of_node(row: Row, is_parent: bool, day: date) -> Found:
    name = row["node_id"]
    if is_parent:
        for column in ("scoring", "indicator_id"):
            if row[column]:
                yield (
                    row,
                    column,
                    f"{name} has nodes below it and is measured as well from {day}.",
                    "Leave the cell empty, or move the nodes elsewhere.",
                )
        return
    if not row["scoring"]:
        yield (
            row,
            "scoring",
            f"{name} has no nodes below it and no scoring from {day}.",
            "Say how the measure is scored, or add nodes below it.",
        )
    elif not row["indicator_id"] and not row["needs"]:
        yield (
            row,
            "indicator_id",
            f"{name} has neither an indicator nor what it needs from {day}.",
            "Name the indicator, or say in `needs` what the sources would have to deliver.",
        )
    if row["scoring"] and not row["is_lever"]:
        yield (
            row,
            "is_lever",
            f"It is not said whether somebody can act on {name} from {day}.",
            "Write true or false.",
        )


@rule("A matrix of judgements is named where it is used, and compares the nodes of one list.")
def _matrix_is_used(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in states(configuration):
            children = state.children()
            for row in state.rows:
                yield from _matrix(row, len(children.get(row["node_id"], [])), state)

    yield from once(check())
    yield from once(_shared_matrices(configuration))


def _matrix(row: Row, compared: int, state: State) -> Found:
    judged = row["weighting"] in ("ahp", "combined")
    if row["weighting"] and not compared:
        yield (
            row,
            "weighting",
            f"{row['node_id']} has no nodes below it whose weights could be {row['weighting']} "
            f"from {state.day}.",
            "Leave the cell empty.",
        )
    if judged and not row["matrix_id"]:
        yield (
            row,
            "matrix_id",
            f"{row['node_id']} is weighted by judgements, but of no matrix from {state.day}.",
            "Name the matrix_id of the file organisation/ahp_judgements*.",
        )
    if row["matrix_id"] and not judged:
        yield (
            row,
            "matrix_id",
            f"{row['node_id']} names a matrix and does not use it from {state.day}.",
            "Leave it empty, or write weighting ahp or combined.",
        )
    if judged and compared > LARGEST_MATRIX:
        yield (
            row,
            "weighting",
            f"{compared} nodes below {row['node_id']} cannot be judged in pairs from {state.day}.",
            f"People stay consistent up to {LARGEST_MATRIX}; put a level between.",
        )


def _shared_matrices(configuration: Configuration) -> Found:
    first: dict[str, tuple[Row, frozenset[str]]] = {}
    for state in states(configuration):
        children = state.children()
        for row in state.rows:
            if row["matrix_id"] and row["weighting"] in ("ahp", "combined"):
                names = frozenset(child["node_id"] for child in children.get(row["node_id"], []))
                other, compared = first.setdefault(row["matrix_id"], (row, names))
                if names != compared:
                    yield (
                        row,
                        "matrix_id",
                        f"The matrix {row['matrix_id']} compares {', '.join(sorted(compared))} in "
                        f"line {other.line} and {', '.join(sorted(names))} here from {state.day}.",
                        "Give each list of nodes a matrix of its own.",
                    )
