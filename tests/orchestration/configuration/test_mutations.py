"""Changes of the product's own configuration are refused exactly where they break it.

What is expected is worked out here again, from the file alone: sums of siblings on days.
"""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.configuration.lint import lint
from orchestration.configuration.schema import SEEDS
from orchestration.configuration.seeds import Configuration, Row, Seed, read_configuration
from orchestration.settings import Settings
from tests.conftest import ROOT

PRODUCT = read_configuration(Settings.from_environment({}, root=ROOT))
FIRST = date(2009, 1, 1)
# The nodes in force today, as if they had always been.
NODES = [
    {**row.values, "valid_from": FIRST.isoformat()}
    for row in PRODUCT.rows("scorecard_nodes")
    if not row["valid_until"]
]
CHILDREN = [number for number, row in enumerate(NODES) if row["parent_id"]]


def with_nodes(rows: list[dict[str, str]]) -> Configuration:
    columns = PRODUCT.seeds["scorecard_nodes"].columns
    made = tuple(Row("scorecard_nodes", line, row) for line, row in enumerate(rows, start=2))
    seed = Seed("scorecard_nodes", columns, made)
    return Configuration({**PRODUCT.seeds, "scorecard_nodes": seed})


def rules_of(rows: list[dict[str, str]]) -> set[str]:
    return {each.rule for each in lint(with_nodes(rows)).mistakes}


def sums(rows: list[dict[str, str]]) -> set[Decimal]:
    """Sums of siblings on every day on which any row of the file begins or ends."""
    days = {row[column] for row in rows for column in ("valid_from", "valid_until") if row[column]}
    found: dict[tuple[str, str, str], Decimal] = {}
    for day in days:
        for row in rows:
            # Dates of this form are ordered like their text.
            if row["valid_from"] <= day and not (row["valid_until"] and row["valid_until"] <= day):
                key = (day, row["profile"], row["parent_id"])
                found[key] = found.get(key, Decimal(0)) + Decimal(row["weight"])
    return set(found.values())


def siblings(number: int) -> list[int]:
    row = NODES[number]
    return [
        other
        for other, each in enumerate(NODES)
        if other != number
        and (each["profile"], each["parent_id"]) == (row["profile"], row["parent_id"])
    ]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHILDREN), st.decimals("-0.5", "0.5", places=4))
def test_a_weight_that_is_moved_alone_is_refused(number: int, moved: Decimal) -> None:
    rows = [dict(row) for row in NODES]
    rows[number]["weight"] = str(Decimal(rows[number]["weight"]) + moved)
    assert ("siblings_weigh_one" in rules_of(rows)) == (sums(rows) != {Decimal(1)})
    assert ("siblings_weigh_one" in rules_of(rows)) == (moved != 0)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_weight_that_is_given_to_a_sibling_is_accepted(data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([each for each in CHILDREN if siblings(each)]))
    other = data.draw(st.sampled_from(siblings(number)))
    room = Decimal(NODES[number]["weight"])
    given_away = data.draw(st.decimals("0", str(min(room, 1 - Decimal(NODES[other]["weight"])))))
    given_away = round(given_away, 9)
    rows = [dict(row) for row in NODES]
    rows[number]["weight"] = f"{room - given_away:f}"
    rows[other]["weight"] = f"{Decimal(NODES[other]['weight']) + given_away:f}"
    expected = set() if given_away <= room else {"number_is_in_range"}
    assert rules_of(rows) == expected


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(range(len(NODES))), st.integers(1, 7000), st.integers(-40, 40))
def test_versions_that_meet_are_accepted_and_others_refused(
    number: int, days: int, apart: int
) -> None:
    """A row is cut in two at a day; the second begins on it, earlier or later."""
    cut = FIRST + timedelta(days=days)
    begins = cut + timedelta(days=apart)
    earlier = {**NODES[number], "valid_until": cut.isoformat()}
    later = {**NODES[number], "valid_from": begins.isoformat()}
    found = rules_of([*NODES[:number], earlier, later, *NODES[number + 1 :]])
    if apart == 0:
        assert found == set()
    elif begins <= FIRST:
        assert found & {"one_row_in_force", "key_is_unique"}
    elif apart < 0:
        assert "one_row_in_force" in found
    else:
        # A root that is gone for some days, or siblings that miss one.
        has_root = {"one_root", "parent_is_in_force"}
        assert found & ({"siblings_weigh_one", "measure_or_dimension"} | has_root)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(NODES))))
def test_a_row_that_is_lost_is_noticed(number: int) -> None:
    rows = [*NODES[:number], *NODES[number + 1 :]]
    assert rules_of(rows), NODES[number]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_text_in_any_cell_is_judged_without_an_accident(data: st.DataObject) -> None:
    """Whatever is written: an answer, and an accepted one keeps what scores rest on."""
    seed = data.draw(st.sampled_from(sorted(name for name in SEEDS if PRODUCT.rows(name))))
    rows = [dict(row.values) for row in PRODUCT.rows(seed)]
    number = data.draw(st.sampled_from(range(len(rows))))
    column = data.draw(st.sampled_from(sorted(rows[number])))
    known = sorted({row[column] for row in rows} | {"", "NaN", "1e3", "-1", "9999-12-31", "²"})
    rows[number][column] = data.draw(st.one_of(st.sampled_from(known), st.text(max_size=12)))
    made = tuple(Row(seed, line, row) for line, row in enumerate(rows, start=2))
    changed = Seed(seed, PRODUCT.seeds[seed].columns, made)
    report = lint(Configuration({**PRODUCT.seeds, seed: changed}))
    if report.mistakes:
        assert all(each.found and each.remedy for each in report.mistakes)
        return
    if seed == "scorecard_nodes":
        assert sums(rows) == {Decimal(1)}
        indicators = {row["indicator_id"] for row in PRODUCT.rows("indicators")}
        indicators |= {
            f"{row['mart']}.{row['indicator_id']}" for row in PRODUCT.rows("group_measures")
        }
        assert {row["indicator_id"] for row in rows} <= indicators | {""}
    if seed == "bands":
        bounds = sorted((Decimal(row["lower_bound"]), Decimal(row["upper_bound"])) for row in rows)
        assert [low for low, _ in bounds] == [0, *(high for _, high in bounds[:-1])]
        assert bounds[-1][1] == 100
