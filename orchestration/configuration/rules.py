"""The rules of a configuration: what each refuses, and what to do about it.

Belongs here: every rule that needs the seeds alone, in one list. Does not belong here: what needs a
warehouse (judgements: `orchestration.weighting`; what a company measures: `orchestration.choices`),
telling the mistakes (`lint`).

A rule looks at rows whose cells can be read; a cell that cannot is a mistake of its own, and a tree
with such a row is judged once the row is mended.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Final

from orchestration.configuration.schema import (
    ALL_PROFILES,
    BANDED,
    CATALOGUES,
    PORTFOLIO_TIER,
    SEEDS,
    TIERS,
    Column,
)
from orchestration.configuration.seeds import Configuration, Row, read_date, read_number

TOLERANCE: Final = Decimal("1e-9")
"""How far siblings may be from 1 together (handbook C1)."""
LONGEST_OVERRIDE: Final = timedelta(days=90)
DEEPEST: Final = 9
"""Steps from the root that the model `scr_weights` follows."""
LARGEST_MATRIX: Final = 10
"""Criteria that judgements in pairs can compare (handbook C12)."""
FACT_MART: Final = "customer_indicators"
"""The only mart of customers that is built before any estimator."""
MADE_OF_ESTIMATES: Final = frozenset(
    {"predictions", "upsell_predictions", "customer_value", "customer_equity", "sales_forecasts"}
)
# Tiers are cut by value; in its tier everybody would be held against who earns the same.
TIER_IS_MADE_OF: Final = frozenset(
    {"value_12m", "revenue_12m", "gross_margin_12m", "revenue_per_month_12m", "mrr"}
)
_NO_NUMBER: Final = frozenset({"class", "text", "date"})
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_STAFF_ID: Final = re.compile(r"[^\s@]+")


@dataclass(frozen=True)
class Mistake:
    """One thing that cannot be meant.

    Attributes:
        seed: The seed.
        line: Line of the file; 1, the header, where a row is missing.
        column: Column that is wrong; empty for the row or the file.
        rule: The rule that refuses it.
        found: What was found, as a sentence.
        remedy: What to do, as a sentence.
    """

    seed: str
    line: int
    column: str
    rule: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        name: Its name.
        says: What must hold.
        check: Gives what breaks it.
    """

    name: str
    says: str
    check: Callable[[Configuration], Iterator[Mistake]]


RULES: list[Rule] = []
"""All rules, in the order in which they are tried."""

Found = Iterator[tuple[Row, str, str, str]]
"""Row, column, what was found, what to do."""


def _rule(says: str) -> Callable[[Callable[[Configuration], Found]], None]:
    """Enter a rule, named like its function."""

    def enter(function: Callable[[Configuration], Found]) -> None:
        name = function.__name__.lstrip("_")

        def check(configuration: Configuration) -> Iterator[Mistake]:
            for row, column, found, remedy in function(configuration):
                yield Mistake(row.seed, row.line, column, name, found, remedy)

        RULES.append(Rule(name, says, check))

    return enter


def _head(seed: str) -> Row:
    """The header of a seed, for what is missing."""
    return Row(seed, 1, {})


@_rule("Every seed is there, is UTF-8, and all of its lines have as many cells as its header.")
def _seed_is_readable(configuration: Configuration) -> Found:
    for name in (*SEEDS, *CATALOGUES):
        seed = configuration.seeds.get(name)
        if seed is None:
            yield _head(name), "", "The file is missing.", "Put it back."
            continue
        for line, words in seed.trouble:
            remedy = "Write it as CSV in UTF-8, texts with commas in double quotes."
            yield Row(name, line, {}), "", f"This {words}.", remedy
        if not seed.rows and not seed.trouble and (name not in SEEDS or not SEEDS[name].may_be_empty):
            yield _head(name), "", "The file has no row.", "Write at least one."


@_rule("Every column that a seed needs is there.")
def _column_is_there(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        seed = configuration.seeds.get(name)
        if seed is None or not seed.columns:
            continue
        for column in spec.columns:
            if column not in seed.columns:
                yield _head(name), column, "The column is missing.", "Add it to the header and each row."


def _cells(configuration: Configuration) -> Iterator[tuple[Row, str, Column, str]]:
    """Every cell of a column that is there, with what it may hold."""
    for name, spec in SEEDS.items():
        for row in configuration.rows(name):
            for column, allowed in spec.columns.items():
                if column in row.values:
                    yield row, column, allowed, row.values[column]


@_rule("What must be said is said.")
def _value_is_there(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        if allowed.is_required and not text.strip():
            yield row, column, "The cell is empty.", "Fill it."


@_rule("No cell begins or ends with a blank: it would be another name.")
def _no_stray_blanks(configuration: Configuration) -> Found:
    for row, column, _, text in _cells(configuration):
        if text.strip() and text != text.strip():
            yield row, column, f"{text!r} has a blank at its edge.", "Take the blank out."


@_rule("Dates are days of the calendar, written YYYY-MM-DD.")
def _date_is_readable(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        if allowed.kind == "date" and text.strip() and read_date(text.strip()) is None:
            yield row, column, f"{text!r} is no date.", "Write it as YYYY-MM-DD, such as 2026-01-31."


@_rule("Numbers are written with a point and without a thousands separator; flags are true or false.")
def _number_is_readable(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if not text:
            continue
        if allowed.kind in ("number", "whole") and read_number(text) is None:
            yield row, column, f"{text!r} is no number.", "Write it as 0.25, without a percent sign."
        elif allowed.kind == "whole" and not re.fullmatch(r"[+-]?\d+", text):
            yield row, column, f"{text!r} is no whole number.", "Write a whole number."
        elif allowed.kind == "flag" and text.lower() not in ("true", "false"):
            yield row, column, f"{text!r} is neither true nor false.", "Write true or false."


@_rule("Numbers are within their limits: weights from 0 to 1, scores from 0 to 100.")
def _number_is_in_range(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        value = read_number(text.strip())
        if allowed.kind not in ("number", "whole") or value is None:
            continue
        if (allowed.low is not None and value < allowed.low) or (
            allowed.high is not None and value > allowed.high
        ):
            limits = [
                f"{word} {limit}"
                for word, limit in (("at least", allowed.low), ("at most", allowed.high))
                if limit is not None
            ]
            yield row, column, f"{text} is not {' and '.join(limits)}.", "Write a number within that."


@_rule("A word of a fixed list is one of the list: scoring, weighting, operator, effect, tier, ...")
def _word_is_known(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if allowed.kind == "word" and text and text not in allowed.words:
            yield row, column, f"{text!r} is not known.", f"Write one of: {', '.join(allowed.words)}."


@_rule("What becomes part of a column's name is small letters, digits and single underscores.")
def _name_is_usable(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if allowed.kind == "identifier" and text and not _IDENTIFIER.fullmatch(text):
            yield (
                row,
                column,
                f"{text!r} cannot be a name.",
                "Use small letters, digits and single underscores, a letter first.",
            )


@_rule("The columns that name a row name one row.")
def _key_is_unique(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        first: dict[tuple[str, ...], Row] = {}
        for row in configuration.rows(name):
            key = tuple(row[column] for column in spec.key)
            if key in first:
                yield (
                    row,
                    spec.key[-1],
                    f"{_listed(spec.key, key)} is in line {first[key].line} already.",
                    "Remove one of the two, or give it another name or first day.",
                )
            else:
                first[key] = row


@_rule("What is valid ends after it begins.")
def _validity_runs_forward(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        if "valid_until" not in spec.columns:
            continue
        for row in configuration.rows(name):
            start, end = row.day("valid_from"), row.day("valid_until")
            if start and end and end <= start:
                yield (
                    row,
                    "valid_until",
                    f"It ends on {end}, before its first day {start} is over.",
                    "The end is the first day on which the row holds no longer; write a later one.",
                )


@_rule("Of the rows of one name one is in force on a day.")
def _one_row_in_force(configuration: Configuration) -> Found:
    names: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in configuration.rows("scorecard_nodes"):
        if row.day("valid_from") and (row.day("valid_until") or not row["valid_until"]):
            names[row["profile"], row["node_id"]].append(row)
    for (profile, node), rows in names.items():
        ordered = sorted(rows, key=_first_day)
        for earlier, later in pairwise(ordered):
            end = earlier.day("valid_until")
            if _first_day(earlier) < _first_day(later) and (end is None or end > _first_day(later)):
                yield (
                    earlier,
                    "valid_until",
                    f"{profile}: {node} of line {later.line} begins on {later['valid_from']}, "
                    "while this row still holds.",
                    f"End this row there: valid_until {later['valid_from']}.",
                )


@_rule("A profile that is named is defined in the seed scorecards; a star stands for all.")
def _profile_is_defined(configuration: Configuration) -> Found:
    known = {row["profile"] for row in configuration.rows("scorecards")}
    for name in ("scorecard_nodes", "bands", "exceptions", "overrides"):
        stars = {ALL_PROFILES} if name in ("bands", "exceptions") else set()
        reported = set()
        for row in configuration.rows(name):
            profile = row["profile"]
            if profile and profile not in known | stars and profile not in reported:
                reported.add(profile)
                yield (
                    row,
                    "profile",
                    f"There is no profile {profile!r}.",
                    f"Add it to scorecards.csv, or write one of: {', '.join(sorted(known | stars))}.",
                )


@dataclass(frozen=True)
class _State:
    """The nodes of a profile that are in force from a day on."""

    profile: str
    day: date
    rows: tuple[Row, ...]

    @property
    def by_id(self) -> dict[str, Row]:
        return {row["node_id"]: row for row in self.rows}

    def children(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row["parent_id"]:
                found[row["parent_id"]].append(row)
        return found


def _states(configuration: Configuration) -> Iterator[_State]:
    """Every state of every tree whose dates can be read, in order of time."""
    trees: dict[str, list[Row]] = defaultdict(list)
    for row in configuration.rows("scorecard_nodes"):
        trees[row["profile"]].append(row)
    for profile, rows in trees.items():
        if any(_is_undated(row) for row in rows):
            continue
        days = {day for row in rows for day in (row.day("valid_from"), row.day("valid_until")) if day}
        for day in sorted(days):
            in_force = tuple(row for row in rows if row.holds_on(day))
            if in_force:
                yield _State(profile, day, in_force)


def _is_undated(row: Row) -> bool:
    return row.day("valid_from") is None or bool(row["valid_until"] and not row.day("valid_until"))


def _once(found: Iterable[tuple[Row, str, str, str]]) -> Found:
    """A mistake that holds over several states is told once, as of the first."""
    told = set()
    for row, column, words, remedy in found:
        # The day on which it was seen stands at the end, after "from".
        key = (row.seed, row.line, column, words.rpartition(" from ")[0])
        if key not in told:
            told.add(key)
            yield row, column, words, remedy


@_rule("A profile has one root: one node without a parent, of weight 1.")
def _one_root(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
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

    yield from _once(check())
    profiles = {row["profile"] for row in configuration.rows("scorecard_nodes")}
    for row in configuration.rows("scorecards"):
        if row["profile"] and row["profile"] not in profiles:
            yield (
                row,
                "profile",
                f"{row['profile']} has no node, so no root.",
                "Add its tree to scorecard_nodes.csv, or remove the row.",
            )


@_rule("The parent of a node is in force as long as the node is.")
def _parent_is_in_force(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
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

    yield from _once(check())


@_rule("A tree has no cycle.")
def _no_cycle(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
            for circle in _circles(state):
                path = " below ".join([*circle, circle[0]])
                yield (
                    state.by_id[circle[0]],
                    "parent_id",
                    f"{state.profile}: {path} from {state.day}.",
                    "Hang one of them below a node that is none of these.",
                )

    yield from _once(check())


def _circles(state: _State) -> list[list[str]]:
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


@_rule(f"No node is more than {DEEPEST} steps below its root.")
def _tree_is_not_too_deep(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
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

    yield from _once(check())


@_rule("Siblings weigh 1 together, to 1e-9, on every day on which a row begins or ends.")
def _siblings_weigh_one(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
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

    yield from _once(check())


@_rule("A node keeps its place in the tree, its indicator and its scoring over all its versions.")
def _node_keeps_its_place(configuration: Configuration) -> Found:
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(configuration.rows("scorecard_nodes"), key=_first_day):
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


@_rule("A node is a measure (scoring, no children, an indicator or what it needs) or a dimension.")
def _measure_or_dimension(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
            children = state.children()
            for row in state.rows:
                yield from _kind_of_node(row, bool(children.get(row["node_id"])), state.day)

    yield from _once(check())


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


@_rule("An indicator is one of the catalogue that holds a number with a direction.")
def _indicator_is_known(configuration: Configuration) -> Found:
    catalogue = _catalogue(configuration)
    groups = _group_catalogue(configuration)
    subjects = _subjects(configuration)
    for row in configuration.rows("scorecard_nodes"):
        if subjects.get(row["profile"]) == "portfolio":
            yield from _known(row, {**catalogue, **groups}, needs_direction=True)
        else:
            yield from _known(row, catalogue, needs_direction=True)
    for row in configuration.rows("targets"):
        allowed = {**groups, **catalogue} if row["tier"] == PORTFOLIO_TIER else catalogue
        yield from _known(row, allowed, needs_direction=True)
    for row in configuration.rows("exceptions"):
        yield from _known(row, catalogue, needs_direction=False)


def _known(row: Row, catalogue: dict[str, Row], *, needs_direction: bool) -> Found:
    name = row["indicator_id"]
    if not name:
        return
    entry = catalogue.get(name)
    if entry is None:
        near = _nearest(name, catalogue)
        yield (
            row,
            "indicator_id",
            f"The catalogue has no indicator {name!r} of this kind.",
            f"Write one of indicators.csv{f', such as {near}' if near else ''}; what no source "
            "measures stays empty and says what it needs.",
        )
    elif entry["unit"] in _NO_NUMBER:
        yield (
            row,
            "indicator_id",
            f"{name} is a {entry['unit']} and no number.",
            "Choose an indicator that is a number or a flag.",
        )
    elif needs_direction and entry["direction"] not in ("higher_is_better", "lower_is_better"):
        yield (
            row,
            "indicator_id",
            f"{name} has no direction: neither more nor less of it is better.",
            "Choose an indicator with a direction.",
        )


@_rule("A health score holds no prediction and nothing made of one (handbook C1).")
def _health_holds_no_prediction(configuration: Configuration) -> Found:
    catalogue = _catalogue(configuration)
    groups = _group_catalogue(configuration)
    kinds = {row["profile"]: row["kind"] for row in configuration.rows("scorecards")}
    healthy = {profile for profile, kind in kinds.items() if kind == "health"}
    remedy = "Take it out, or use it in a profile of the kind value; risk stands beside health."
    for row in configuration.rows("scorecard_nodes"):
        entry = catalogue.get(row["indicator_id"]) or groups.get(row["indicator_id"])
        if row["profile"] in healthy and entry is not None and _is_estimate(entry):
            words = f"{row['profile']} would hold {row['indicator_id']}, which is estimated"
            yield row, "indicator_id", f"{words} (mart {entry['mart']}).", remedy
    for row in configuration.rows("exceptions"):
        entry = catalogue.get(row["indicator_id"])
        touched = healthy if row["profile"] == ALL_PROFILES else healthy & {row["profile"]}
        if touched and entry is not None and _is_estimate(entry):
            words = f"{', '.join(sorted(touched))} would be decided by {row['indicator_id']}"
            yield row, "indicator_id", f"{words}, which is estimated (mart {entry['mart']}).", remedy


def _is_estimate(entry: Row) -> bool:
    """Whether an indicator is computed from what an estimator said."""
    if entry.seed == "indicators":
        return entry["mart"] != FACT_MART
    return entry["mart"] in MADE_OF_ESTIMATES


@_rule("What tiers are made of is scored among all customers or by targets, not within the tier.")
def _tier_is_not_scored_by_itself(configuration: Configuration) -> Found:
    for row in configuration.rows("scorecard_nodes"):
        if row["scoring"] == "percentile_in_tier" and row["indicator_id"] in TIER_IS_MADE_OF:
            yield (
                row,
                "scoring",
                f"Within a tier everybody has about the same {row['indicator_id']}, so the best B "
                "would score 100 and the last A 0.",
                "Write percentile_portfolio.",
            )


@_rule("A matrix of judgements is named where it is used, and compares the nodes of one list.")
def _matrix_is_used(configuration: Configuration) -> Found:
    def check() -> Found:
        for state in _states(configuration):
            children = state.children()
            for row in state.rows:
                yield from _matrix(row, len(children.get(row["node_id"], [])), state)

    yield from _once(check())
    yield from _once(_shared_matrices(configuration))


def _matrix(row: Row, compared: int, state: _State) -> Found:
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
    for state in _states(configuration):
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


@_rule("Every measure that is scored by targets has them for each tier, from its first day on.")
def _every_tier_has_its_target(configuration: Configuration) -> Found:
    begins: dict[tuple[str, str], date] = {}
    for row in configuration.rows("targets"):
        day = row.day("valid_from")
        if day:
            key = (row["indicator_id"], row["tier"])
            begins[key] = min(begins.get(key, day), day)
    subjects = _subjects(configuration)
    told = set()
    for row in sorted(configuration.rows("scorecard_nodes"), key=_first_day):
        indicator, day = row["indicator_id"], row.day("valid_from")
        if row["scoring"] != "piecewise" or not indicator or day is None:
            continue
        tiers = (PORTFOLIO_TIER,) if subjects.get(row["profile"]) == "portfolio" else TIERS
        for tier in tiers:
            start = begins.get((indicator, tier))
            if (start is None or start > day) and (indicator, tier) not in told:
                told.add((indicator, tier))
                since = "" if start is None else f" before {start}"
                yield (
                    row,
                    "scoring",
                    f"{indicator} is scored by targets from {day}, and tier {tier} has none{since}.",
                    f"Add floor, target and stretch of {indicator} for tier {tier} to targets.csv, "
                    f"valid from {day} or earlier.",
                )


@_rule("Floor, target and stretch rise where higher is better and fall where lower is better.")
def _targets_run_in_one_direction(configuration: Configuration) -> Found:
    known = {**_group_catalogue(configuration), **_catalogue(configuration)}
    for row in configuration.rows("targets"):
        edges = [row.number(f"{edge}_value") for edge in ("floor", "target", "stretch")]
        entry = known.get(row["indicator_id"])
        if entry is None or any(edge is None for edge in edges):
            continue
        numbers = [edge for edge in edges if edge is not None]
        rises = entry["direction"] == "higher_is_better"
        falls = entry["direction"] == "lower_is_better"
        steps = list(pairwise(numbers))
        if (rises and not all(a < b for a, b in steps)) or (
            falls and not all(a > b for a, b in steps)
        ):
            listed = ", ".join(str(number) for number in numbers)
            yield (
                row,
                "target_value",
                f"{row['indicator_id']} for tier {row['tier']}: {listed} do not "
                f"{'rise' if rises else 'fall'}.",
                f"{'Higher' if rises else 'Lower'} is better: floor (0), target (75) and stretch "
                f"(100) must {'rise' if rises else 'fall'}.",
            )


@_rule("Bands that begin together cover 0 to 100, without a gap and without an overlap.")
def _bands_meet(configuration: Configuration) -> Found:
    versions: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in configuration.rows("bands"):
        if row.number("lower_bound") is not None and row.number("upper_bound") is not None:
            versions[row["profile"], row["valid_from"]].append(row)
    lowest, highest = BANDED
    for (profile, start), rows in versions.items():
        ordered = sorted(rows, key=lambda row: (_bound(row, "lower"), _bound(row, "upper")))
        scope = f"{profile} from {start}"
        bottom, top = ordered[0], ordered[-1]
        if _bound(bottom, "lower") != lowest:
            words = f"{scope}: no band below {bottom['lower_bound']}."
            yield bottom, "lower_bound", words, f"The lowest band begins at {lowest}."
        if _bound(top, "upper") != highest:
            words = f"{scope}: no band above {top['upper_bound']}."
            yield top, "upper_bound", words, f"The highest band ends at {highest}."
        for below, above in pairwise(ordered):
            end, begin = _bound(below, "upper"), _bound(above, "lower")
            if end != begin:
                kind = "a gap" if end < begin else "an overlap"
                yield (
                    above,
                    "lower_bound",
                    f"{scope}: {kind} between {below['band']} up to {end} and {above['band']} "
                    f"from {begin}.",
                    "A band begins where the one below it ends.",
                )
        for row in ordered:
            if _bound(row, "lower") >= _bound(row, "upper"):
                words = f"{scope}: {row['band']} ends before it begins."
                yield row, "upper_bound", words, "The upper bound is above the lower one."


def _bound(row: Row, edge: str) -> Decimal:
    return row.number(f"{edge}_bound") or Decimal(0)


@_rule("All profiles have bands from the first day on which they hold.")
def _every_profile_has_bands(configuration: Configuration) -> Found:
    begins: dict[str, date] = {}
    for row in configuration.rows("bands"):
        day = row.day("valid_from")
        if day:
            begins[row["profile"]] = min(begins.get(row["profile"], day), day)
    for row in sorted(configuration.rows("scorecards"), key=_first_day):
        start = row.day("valid_from")
        there = [begins[scope] for scope in (row["profile"], ALL_PROFILES) if scope in begins]
        if start and (not there or min(there) > start):
            yield (
                row,
                "valid_from",
                f"{row['profile']} holds from {start}, and no band does by then.",
                f"Add bands for it, or for all ({ALL_PROFILES}), valid from {start} or earlier.",
            )


@_rule("An exception says what it does in the words of its effect: points, or a band.")
def _exception_has_its_effect(configuration: Configuration) -> Found:
    bands = {row["band"] for row in configuration.rows("bands")}
    for row in configuration.rows("exceptions"):
        value = row.number("value")
        if row["effect"] in ("cap", "floor"):
            if value is None or not BANDED[0] <= value <= BANDED[1]:
                yield (
                    row,
                    "value",
                    f"A {row['effect']} of {row['value']!r} is no score.",
                    "Write points from 0 to 100.",
                )
        elif row["effect"] == "set_band" and row["value"] not in bands:
            yield (
                row,
                "value",
                f"There is no band {row['value']!r}.",
                f"Write one of: {', '.join(sorted(bands))}.",
            )


@_rule("An override ends after 90 days at the latest.")
def _override_ends(configuration: Configuration) -> Found:
    for row in configuration.rows("overrides"):
        start, end = row.day("valid_from"), row.day("valid_until")
        if start and end and end - start > LONGEST_OVERRIDE:
            yield (
                row,
                "valid_until",
                f"It holds for {(end - start).days} days.",
                f"End it by {start + LONGEST_OVERRIDE}; renew it then, if it is still right.",
            )


@_rule("The author of an override is an id of the staff: it is published.")
def _author_is_an_id(configuration: Configuration) -> Found:
    for row in configuration.rows("overrides"):
        if row["author"].strip() and not _STAFF_ID.fullmatch(row["author"].strip()):
            yield (
                row,
                "author",
                "The author looks like a name or a mail address.",
                "Write the id of the staff list, without blanks.",
            )


@_rule("Each of the eight cells of current value, potential and relationship has one strategy.")
def _every_cell_has_its_strategy(configuration: Configuration) -> Found:
    rows = configuration.rows("segment_strategies")
    if not rows:
        return
    cells = {"_".join(levels) for levels in product(("high", "low"), repeat=3)}
    for row in rows:
        named = "_".join(row[column] for column in ("current", "potential", "relationship"))
        if row["cell"] != named and named in cells:
            yield row, "cell", f"The cell of {named} is called {row['cell']!r}.", f"Write {named}."
    for cell in sorted(cells - {row["cell"] for row in rows}):
        yield _head("segment_strategies"), "cell", f"{cell} has no row.", "Add its strategy."


def _catalogue(configuration: Configuration) -> dict[str, Row]:
    """Indicators of customers, by name."""
    return {row["indicator_id"]: row for row in configuration.rows("indicators")}


def _group_catalogue(configuration: Configuration) -> dict[str, Row]:
    """Headline measures of groups and of the portfolio, by name; what facts tell goes first."""
    found: dict[str, Row] = {}
    for row in configuration.rows("group_measures"):
        known = found.get(row["indicator_id"])
        if known is None or (_is_estimate(known) and not _is_estimate(row)):
            found[row["indicator_id"]] = row
    return found


def _subjects(configuration: Configuration) -> dict[str, str]:
    return {row["profile"]: row["subject"] for row in configuration.rows("scorecards")}


def _first_day(row: Row) -> date:
    return row.day("valid_from") or date.max


def _listed(columns: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(columns, values, strict=True))


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty where none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.75)), "")
