"""The engine's SQL gives what the handbook's formulas give, for any tree, weights and gaps.

What belongs here: the macros of `scorecard_engine.sql` rendered for random trees and run by DuckDB,
held against `scorecard_reference`. What does not: the models around them, whose golden values are
dbt unit tests.
"""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.dbt_project.scorecard_reference import (
    Node,
    Reading,
    Scale,
    coverage,
    effective_weights,
    score,
    take_apart,
)

TOLERANCE = 1e-9
PARTS = ("value", "scale", "configuration", "coverage")


class RefusedError(Exception):
    """What the engine refuses to compile."""


def _refuse(message: str) -> None:
    raise RefusedError(message)


def _engine() -> jinja2.Environment:
    """The macros as plain Jinja: they ask dbt for a variable and for refusing, and for no more."""
    macros = ROOT / "dbt_project" / "macros"
    env = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 (SQL)
    env.globals.update(
        var={"min_coverage": 0.60}.__getitem__,
        exceptions=SimpleNamespace(raise_compiler_error=_refuse),
    )
    source = (macros / "scorecard_engine.sql").read_text(encoding="utf-8")
    env.globals["engine"] = env.from_string(source).module
    return env


ENGINE = _engine()
CHANGE = ENGINE.from_string(
    """
    {%- do engine.grow_tree(tree, rows) -%}
    with measures as (select * from readings_now), earlier as (select * from readings_then),
    p_rows as (
        select
            measures.customer_id
            {%- for leaf in tree.measures %}
            {%- set n = leaf.node_id %},
            measures.{{ n }}__{{ leaf.scoring }} as {{ n }}__s1,
            earlier.{{ n }}__{{ leaf.scoring }} as {{ n }}__s0,
            measures.{{ n }}__m as {{ n }}__m1,
            earlier.{{ n }}__m as {{ n }}__m0,
            {{- engine.value_and_scale(leaf, 'measures', 'earlier', 'scales') }}
            {%- endfor %}
            {%- for node in tree.dimensions + tree.measures if node.depth %},
            cast({{ weights[node.node_id][0] }} as double) as {{ node.node_id }}__w1,
            cast({{ weights[node.node_id][1] }} as double) as {{ node.node_id }}__w0
            {%- endfor %}
        from measures
        inner join earlier on measures.customer_id = earlier.customer_id
        cross join scales
    ),
    {{ engine.effective_weights(
        tree, ['11', '00', '10', '01'] if tree.is_weighted_anew else ['11', '00']
    ) }}
    {{ engine.change_parts(tree) }}
    last as (select 1)
    select
        {{ engine.node_coverage(tree.root, '11') }} as coverage_1,
        {{ engine.node_coverage(tree.root, '00') }} as coverage_0,
        score_1, score_0,
        {{ engine.count_of_measured(tree) }} as measured
        {%- for leaf in tree.measures %}
        {%- for part in ['value', 'scale', 'configuration', 'coverage'] %},
        {{ leaf.node_id }}__{{ part }}
        {%- endfor %},
        {{ leaf.node_id }}__e11, {{ leaf.node_id }}__s1
        {%- endfor %}
    from p_parts
    """
)


@dataclass(frozen=True)
class Case:
    """A tree and what is read of its measures at two dates."""

    root: Node
    now: dict[str, Reading]
    then: dict[str, Reading]
    lower: frozenset[str]


@st.composite
def nodes(draw: st.DrawFn, name: str, depth: int, same: bool, share: tuple[float, float]) -> Node:
    """A node with up to four children, down to a depth; siblings weigh 1 at both dates."""
    if depth == 0:
        return Node(name, *share)
    count = draw(st.integers(1, 4))
    now = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    then = now if same else draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    if not sum(then):
        then = now
    children = []
    for index, (one, zero) in enumerate(zip(now, then, strict=True)):
        below = draw(st.integers(0, depth - 1))
        weights = (one / sum(now), zero / sum(then))
        children.append(draw(nodes(f"{name}_{index}", below, same, weights)))
    return Node(name, *share, tuple(children))


@st.composite
def scales(draw: st.DrawFn, lower: bool) -> Scale:
    """Floor, target and stretch in the direction of the measure."""
    floor = draw(st.integers(-50, 50))
    target = floor + draw(st.integers(1, 40))
    stretch = target + draw(st.integers(1, 40))
    return Scale(-floor, -target, -stretch) if lower else Scale(floor, target, stretch)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A tree of depth 1 to 4 with readings; any of them may be missing or old."""
    same = draw(st.booleans())
    root = draw(nodes("n", draw(st.integers(1, 4)), same, (1.0, 1.0)))
    now, then, lower = {}, {}, set()
    is_missing = st.sampled_from([False, False, False, True])
    values = st.floats(-120, 120, allow_subnormal=False)
    for leaf in root.leaves():
        is_piecewise = draw(st.booleans())
        is_lower = draw(st.booleans())
        if is_lower:
            lower.add(leaf.name)
        for readings in (now, then):
            value = None if draw(is_missing) else draw(values)
            evidence = draw(st.sampled_from([1.0, 1.0, 0.5, 0.125]))
            if is_piecewise:
                found = then if readings is now else now
                keeps = leaf.name in found and draw(st.booleans())
                scale = found[leaf.name].scale if keeps else draw(scales(is_lower))
                readings[leaf.name] = Reading(value, evidence, scale)
            else:
                percentile = None if value is None else min(abs(value), 100.0)
                readings[leaf.name] = Reading(percentile, evidence)
    return Case(root, now, then, frozenset(lower))


def _rows(root: Node, case: Case) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []

    def visit(node: Node, parent: str | None) -> None:
        is_leaf = not node.children
        is_piecewise = is_leaf and case.now[node.name].scale is not None
        scoring = ("piecewise" if is_piecewise else "percentile_portfolio") if is_leaf else None
        rows.append(
            {
                "node_id": node.name,
                "parent_id": parent,
                "scoring": scoring,
                "indicator_id": node.name if is_leaf else None,
                "direction": "lower_is_better" if node.name in case.lower else "higher_is_better",
                "is_lever": 1,
            }
        )
        for child in node.children:
            visit(child, node.name)

    visit(root, None)
    return rows


def _sql(value: float | None) -> str:
    return "cast(null as double)" if value is None else f"cast({value!r} as double)"


def _readings(table: str, readings: dict[str, Reading]) -> str:
    columns = ["'x' as customer_id"]
    for name, reading in readings.items():
        scoring = "percentile_portfolio" if reading.scale is None else "piecewise"
        evidence = reading.evidence if reading.score is not None else 0.0
        columns += [
            f"{_sql(reading.value)} as {name}__raw",
            f"{_sql(reading.score)} as {name}__{scoring}",
            f"{_sql(evidence)} as {name}__m",
        ]
    return f"create or replace temp table {table} as select {', '.join(columns)}"


def _scales(case: Case) -> str:
    columns, is_same = [], True
    for name, reading in case.now.items():
        earlier = case.then[name].scale
        if reading.scale is not None and earlier is not None:
            is_same = is_same and reading.scale == earlier
            for edge in ("floor", "target", "stretch"):
                columns.append(f"{_sql(getattr(reading.scale, edge))} as {name}__{edge}")
                columns.append(f"{_sql(getattr(earlier, edge))} as {name}__{edge}_then")
    columns.append(f"{is_same} as is_same")
    return f"create or replace temp table scales as select {', '.join(columns)}"


def _weights(root: Node) -> dict[str, tuple[float, float]]:
    found = {root.name: (root.now, root.then)}
    for child in root.children:
        found.update(_weights(child))
    return found


def _computed(con: duckdb.DuckDBPyConnection, case: Case) -> dict[str, float | None]:
    weights = _weights(case.root)
    tree = {"profile": "p", "is_weighted_anew": any(one != zero for one, zero in weights.values())}
    con.execute(_readings("readings_now", case.now))
    con.execute(_readings("readings_then", case.then))
    con.execute(_scales(case))
    sql = CHANGE.render(
        tree=tree,
        rows=_rows(case.root, case),
        weights={name: (_sql(one), _sql(zero)) for name, (one, zero) in weights.items()},
    )
    result = con.execute(sql)
    names = [column[0] for column in result.description]
    row = result.fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_engine_and_handbook_agree(con: duckdb.DuckDBPyConnection, case: Case) -> None:
    found = _computed(con, case)
    assert found["coverage_1"] == pytest.approx(coverage(case.root, case.now, "1"), abs=TOLERANCE)
    assert found["coverage_0"] == pytest.approx(coverage(case.root, case.then, "0"), abs=TOLERANCE)
    weights = effective_weights(case.root, case.now, "1")
    expected = score(case.root, case.now, "1")
    assert found["score_1"] == (
        None if expected is None else pytest.approx(expected, abs=TOLERANCE)
    )
    for leaf in case.root.leaves():
        share = 0.0 if weights is None else weights[leaf.name]
        assert found[f"{leaf.name}__e11"] == pytest.approx(share, abs=TOLERANCE)
    parts = take_apart(case.root, case.now, case.then)
    if parts is not None:
        for leaf in case.root.leaves():
            for part in PARTS:
                told = getattr(parts, part)[leaf.name]
                assert found[f"{leaf.name}__{part}"] == pytest.approx(told, abs=TOLERANCE)


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_contributions_and_parts_add_up(con: duckdb.DuckDBPyConnection, case: Case) -> None:
    found = _computed(con, case)
    leaves = [leaf.name for leaf in case.root.leaves()]
    measured = [name for name in leaves if found[f"{name}__s1"] is not None]
    if found["score_1"] is None:
        # Nothing measured is no score, and never a zero.
        assert not any(found[f"{name}__e11"] for name in leaves)
        return
    assert math.fsum(found[f"{name}__e11"] for name in measured) == pytest.approx(1, abs=TOLERANCE)
    adds = math.fsum(found[f"{name}__e11"] * found[f"{name}__s1"] for name in measured)
    assert adds == pytest.approx(found["score_1"], abs=TOLERANCE)
    low, high = (pick(found[f"{name}__s1"] for name in measured) for pick in (min, max))
    assert low - TOLERANCE <= found["score_1"] <= high + TOLERANCE
    if found["score_0"] is not None:
        told = math.fsum(found[f"{name}__{part}"] for name in leaves for part in PARTS)
        assert told == pytest.approx(found["score_1"] - found["score_0"], abs=TOLERANCE)


@settings(max_examples=20, deadline=None)
@given(case=cases(), data=st.data())
def test_what_is_not_measured_is_never_zero(
    con: duckdb.DuckDBPyConnection, case: Case, data: st.DataObject
) -> None:
    """Without a measure the score is that of the tree without it, not that of a zero."""
    gone = data.draw(st.sampled_from([leaf.name for leaf in case.root.leaves()]))
    reading = case.now[gone]
    blank = Case(
        case.root,
        {**case.now, gone: Reading(None, reading.evidence, reading.scale)},
        case.then,
        case.lower,
    )
    found = _computed(con, blank)
    assert found[f"{gone}__s1"] is None
    assert found[f"{gone}__e11"] == 0
    others = [leaf.name for leaf in case.root.leaves() if leaf.name != gone]
    scores = [found[f"{name}__s1"] for name in others if found[f"{name}__e11"]]
    if found["score_1"] is not None:
        assert min(scores) - TOLERANCE <= found["score_1"] <= max(scores) + TOLERANCE


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [("a", "b", "piecewise"), ("b", "a", None)],
            "a does not lead to the root: a below b",
        ),
        ([("a", "lost", "piecewise")], "a does not lead to the root: a"),
    ],
    ids=["cycle", "orphan"],
)
def test_a_tree_that_is_none_is_refused(
    rows: list[tuple[str, str, str | None]], words: str
) -> None:
    nodes_of_it = [
        {"node_id": node, "parent_id": parent, "scoring": scoring, "indicator_id": scoring and "i"}
        for node, parent, scoring in rows
    ]
    with pytest.raises(RefusedError, match=words):
        ENGINE.globals["engine"].grow_tree({"profile": "p"}, nodes_of_it)


def test_the_check_of_the_handbook(con: duckdb.DuckDBPyConnection) -> None:
    """C1: weights (.5, .5) to (.7, .3), scores (80, 60) to (60, 70): 70 to 63."""
    root = Node("n", 1, 1, (Node("n_a", 0.7, 0.5), Node("n_b", 0.3, 0.5)))
    case = Case(
        root,
        {"n_a": Reading(60.0), "n_b": Reading(70.0)},
        {"n_a": Reading(80.0), "n_b": Reading(60.0)},
        frozenset(),
    )
    found = _computed(con, case)
    assert (found["score_0"], found["score_1"]) == pytest.approx((70, 63), abs=TOLERANCE)
    expected = {
        "n_a": {"value": -12.0, "scale": 0.0, "configuration": 0.7, "coverage": 0.0},
        "n_b": {"value": 4.0, "scale": 0.0, "configuration": 0.3, "coverage": 0.0},
    }
    for leaf, parts in expected.items():
        for part, points in parts.items():
            assert found[f"{leaf}__{part}"] == pytest.approx(points, abs=TOLERANCE)
