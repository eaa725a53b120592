"""What rests on fewer than five customers is in no page of the report."""

import csv
import random
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.release import report, small_cells
from orchestration.release.formats import (
    format_change,
    format_integer,
    format_interval,
    format_money,
    format_percent,
)
from orchestration.release.pages import charts
from orchestration.release.pages.words import count_of
from orchestration.release.reading import Row, open_database
from orchestration.release.small_cells import counts_customers, open_groups, read_groups
from orchestration.release.untold import (
    FEW,
    HIDDEN,
    NOT_TOLD,
    Beside,
    Few,
    Untold,
    UntoldDecimal,
    UntoldFloat,
    counted,
    drawn_parts,
    hidden_too,
    is_told,
    told_parts,
)
from tests.orchestration.release.conftest import ROOT, CompanyFolder

SEED = ROOT / "dbt_project" / "seeds" / "group_measures.csv"
with SEED.open(encoding="utf-8", newline="") as stream:
    MEASURES = [row for row in csv.DictReader(stream) if counts_customers(row["n_column"])]
RESTS_ON = {
    row["indicator_id"]: row["n_column"] for row in MEASURES if row["mart"] == "service_by_tier"
}
# Rates of 63.731 % and scores of 63.731: nothing else in the synthetic release is that.
SMALL_VALUES = {"ratio": "0.63731", "score": "63.731"}
CANARY = re.compile(r"63\.7")
GROUPS = (
    "group_name",
    "anchor_id",
    "from_stage",
    "stage",
    "channel",
    "team_id",
    "process_step",
    "touchpoint",
    "grade",
    "tier",
)
CATALOGUE = f"""
    create or replace table scorecard.indicator_catalogue as
    select * from scorecard.indicator_catalogue
    union all by name
    select mart, indicator_id, name, description, unit, n_column as source_rows_column, low_column,
        high_column
    from read_csv('{SEED}', all_varchar = true)
"""


def make_small(con: duckdb.DuckDBPyConnection, which: str) -> set[str]:
    """Let the measures of one group of each mart rest on three; give the marts.

    Args:
        con: A release that may be written to.
        which: `min` or `max`: the first or the last group by its name; `every`: all of them.
    """
    columns: dict[str, dict[str, str]] = {}
    for mart, column, data_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'scorecard' and database_name = 'release'"
    ).fetchall():
        columns.setdefault(mart, {})[column] = data_type
    reached = set()
    for mart in sorted({row["mart"] for row in MEASURES} & columns.keys()):
        changes = _changes(mart, columns[mart])
        keys = [name for name in GROUPS if columns[mart].get(name) == "VARCHAR"]
        if len(changes) < 2 or not (keys or which == "every"):
            continue
        told = ", ".join(f"{name} = {value}" for name, value in changes.items())
        where = ""
        if which != "every":
            chosen = f"select {which}({keys[0]}) from scorecard.{mart} where {keys[0]} <> 'all'"
            where = f"where {keys[0]} = ({chosen})"
        con.execute(f"update scorecard.{mart} set {told} {where}")
        reached.add(mart)
    return reached


def _changes(mart: str, present: dict[str, str]) -> dict[str, str]:
    """Three for each count of a mart, and values that are recognised for what rests on it."""
    rows = [
        row
        for row in MEASURES
        if row["mart"] == mart and {row["n_column"], row["indicator_id"]} <= present.keys()
    ]
    values = {
        column: SMALL_VALUES[row["unit"]]
        for row in rows
        if row["unit"] in SMALL_VALUES
        for column in (row["indicator_id"], row["low_column"], row["high_column"])
        if column in present
    }
    return values | {row["n_column"]: "3" for row in rows}


@pytest.fixture(params=["min", "max", "every"])
def small(changed: Callable[..., CompanyFolder], request: pytest.FixtureRequest) -> CompanyFolder:
    company = changed(CATALOGUE)
    with duckdb.connect() as con:
        con.execute(f"attach '{company.folder / 'release.duckdb'}' as release; use release")
        reached = make_small(con, request.param)
    assert len(reached) >= 10, reached
    return company


class Tables(HTMLParser):
    """The tables of a page, as rows of the texts of their cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[list[list[str]]] = []
        self._is_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, _: Sequence[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.found.append([])
        elif tag == "tr":
            self.found[-1].append([])
        elif tag in ("td", "th"):
            self._is_cell = True
            self.found[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.found[-1][-1][-1] += data


# Tables whose rows are the parts of a whole that stands in them, or elsewhere in the report.
DIVIDED = {"Tier", "Grade", "Band", "Segment", "等级", "客户等级"}
ALL = {"All", "全部"}


def alone(pages: dict[str, str]) -> list[str]:
    """Columns of counts in which one part alone is hidden: the total less the others is it."""
    found = []
    for page, html in pages.items():
        for head, *rows in (table for table in Tables(html).found if table):
            if head[0].strip() not in DIVIDED:
                continue
            for place, name in enumerate(head):
                cells = [
                    row[place].strip()
                    for row in rows
                    if len(row) == len(head) and row[0].strip() not in ALL
                ]
                hidden = [text for text in cells if text.startswith((FEW, HIDDEN))]
                told = [text for text in cells if re.match(r"[1-9][\d,]*\b(?!\.)", text)]
                if len(hidden) == 1 and hidden[0].startswith(FEW) and told:
                    found.append(f"{page}: {head[0]}, {name}: {cells}")
    return found


def rendered(company: CompanyFolder) -> dict[str, str]:
    return {**company.pages(), "index.html": company.page()}


def leaks(pages: dict[str, str]) -> dict[str, list[str]]:
    """Where a figure of three stands, by page, with what stands around it."""
    found = {}
    for name, html in pages.items():
        words = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
        # Places in drawings are no figures; what is read out of them is.
        words = re.sub(r"<(?!\w+[^>]*(?:aria-label|title)=)[^>]+>", " ", words)
        places = [
            words[max(0, hit.start() - 160) : hit.end() + 20] for hit in CANARY.finditer(words)
        ]
        if places:
            found[name] = places
    return found


def test_no_page_tells_what_rests_on_three_or_lets_it_be_worked_out(small: CompanyFolder) -> None:
    pages = rendered(small)

    assert not leaks(pages)
    assert not alone(pages)


def test_no_other_figure_looks_like_it(whole: CompanyFolder) -> None:
    assert not leaks(rendered(whole))


def test_the_same_pages_without_the_guard_would_tell_it(
    small: CompanyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "open_groups", open_database)

    assert leaks(rendered(small))


def test_without_the_next_smallest_one_part_could_be_worked_out(
    changed: Callable[..., CompanyFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    company = changed(CATALOGUE)
    with duckdb.connect() as con:
        con.execute(f"attach '{company.folder / 'release.duckdb'}' as release; use release")
        make_small(con, "min")
    monkeypatch.setattr(small_cells, "_beside", lambda rows: [set() for _ in rows])

    assert len(alone(company.pages("service", "relationship"))) > 5


COUNTS = (0, 1, 2, 3, 4, 5, 5, 9, 40, 300)


@pytest.mark.parametrize("seed", range(5))
def test_no_part_of_a_whole_is_the_whole_less_the_others(
    changed: Callable[..., CompanyFolder], seed: int
) -> None:
    """Tiers by channel in two months, with the sums of both beside them."""
    draw = random.Random(seed)  # noqa: S311  a seeded draw, no secret
    tiers, channels, months = ("A", "B", "C"), ("web", "shop", None), ("2026-01-31", "2026-02-28")
    cells = {key: draw.choice(COUNTS) for key in product(months, tiers, channels)}
    told = {
        (month, tier, channel): sum(
            count
            for (in_month, of_tier, by), count in cells.items()
            if in_month == month and tier in (of_tier, "all") and channel in (by, "all")
        )
        for month, tier, channel in product(months, (*tiers, "all"), (*channels, "all"))
    }
    rows = [(*key, count, count / 7) for key, count in told.items()]
    draw.shuffle(rows)
    with open_groups(changed("select 1").folder / "release.duckdb") as con:
        con.execute(
            "create table seen (as_of_date date, tier varchar, channel varchar, "
            "customer_count int, mean double)"
        )
        con.executemany("insert into seen values (?, ?, ?, ?, ?)", rows)
        seen = read_groups(con, "select * from seen")
        con.execute("create or replace table seen as select * from seen order by all")
        again = read_groups(con, "select * from seen")

    def key(row: Row) -> tuple[str, str, str]:
        return f"{row['as_of_date']}", row["tier"], row["channel"]

    counts = {key(row): row["customer_count"] for row in seen}
    assert {where for where, count in counts.items() if isinstance(count, Few)} == {
        where for where, count in told.items() if 0 < count < 5
    }
    assert {key(row): str(row["customer_count"]) for row in again} == {
        where: str(count) for where, count in counts.items()
    }
    assert all(
        isinstance(row["mean"], UntoldFloat) is isinstance(row["customer_count"], Untold)
        for row in seen
    )
    tested = 0
    for month, tier, channel in told:
        # What the parts of each told sum leave unsaid.
        for parts in (
            [(month, part, channel) for part in tiers] if tier == "all" else [],
            [(month, tier, part) for part in channels] if channel == "all" else [],
        ):
            if parts and not isinstance(counts[(month, tier, channel)], Untold):
                hidden = [part for part in parts if isinstance(counts[part], Untold)]
                unsaid = told[(month, tier, channel)] - sum(
                    counts[part] for part in parts if part not in hidden
                )
                assert unsaid == sum(told[part] for part in hidden)
                others = [part for part in parts if told[part]]
                assert len(hidden) != 1 or len(others) == 1 or unsaid >= 5
                tested += bool(hidden)
    assert tested


def test_the_next_smallest_takes_what_rests_on_it_with_it(
    changed: Callable[..., CompanyFolder],
) -> None:
    seen = """
        select tier, ticket_count, measure as still_open_ratio, measure as other
        from (values ('A', 3, 0.5::double), ('B', 9, 0.6), ('C', 7, 0.7)) as v (
            tier, ticket_count, measure
        )
    """
    with open_groups(changed(CATALOGUE).folder / "release.duckdb") as con:
        few, enough, beside = read_groups(con, f"{seen} order by tier")

    assert f"{few['ticket_count']} {enough['ticket_count']}" == f"{FEW} 9"
    assert f"{beside['ticket_count']:,} {format_percent(beside['still_open_ratio'])}" == "… –"
    assert enough["still_open_ratio"] == 0.6
    # What does not rest on it is told.
    assert beside["other"] == 0.7
    assert sum(row["ticket_count"] for row in (few, enough, beside)) == 19


def test_many_cases_of_few_customers_tell_nothing(changed: Callable[..., CompanyFolder]) -> None:
    company = changed(
        CATALOGUE,
        "create or replace table scorecard.complaint_episodes as select * from (values "
        "('few', 60, 4, 2), ('enough', 60, 5, 2)) "
        "as v (topic, ticket_count, affected_customers, days_to_recovery)",
    )
    with open_groups(company.folder / "release.duckdb") as con:
        enough, few = read_groups(con, "select * from scorecard.complaint_episodes order by topic")

    assert (enough["days_to_recovery"], few["days_to_recovery"]) == (2, None)
    assert (few["ticket_count"], str(few["affected_customers"])) == (60, FEW)


def test_rows_of_single_customers_are_no_parts(changed: Callable[..., CompanyFolder]) -> None:
    with open_groups(changed("select 1").folder / "release.duckdb") as con:
        rows = read_groups(
            con,
            "select * from (values ('a', 'A', 3), ('b', 'A', 9)) as v (customer_id, tier, "
            "ticket_count) order by 1",
        )

    assert str(rows[1]["ticket_count"]) == "9"


def test_parts_that_a_page_adds_up_itself() -> None:
    told = told_parts({"A": 3, "B": 40, "C": 7})

    assert {part: str(count) for part, count in told.items()} == {"A": FEW, "B": "40", "C": HIDDEN}
    assert sum(told.values()) == 50


def test_a_measure_is_empty_where_it_rests_on_few_and_only_there(small: CompanyFolder) -> None:
    with open_groups(small.folder / "release.duckdb") as con:
        seen = read_groups(
            con,
            "select * from scorecard.service_by_tier where period_months = 12 order by tier",
        )

    pairs = [
        (row[measure], row[count])
        for row in seen
        for measure, count in RESTS_ON.items()
        if measure in row and count in row and row[count] is not None
    ]
    few = [measure for measure, count in pairs if isinstance(count, Few)]
    assert None in few
    # A count may be a measure, too.
    assert all(measure is None or isinstance(measure, Few) for measure in few)
    assert all(str(row["ticket_count"]) == FEW for row in seen if row["ticket_count"] in (3, 4))
    assert any(measure is not None for measure, count in pairs) or len(few) == len(pairs)


def test_a_row_that_speaks_of_few_customers_tells_no_figure(
    changed: Callable[..., CompanyFolder],
) -> None:
    with open_groups(changed("select 1").folder / "release.duckdb") as con:
        few, enough = read_groups(
            con,
            "select * from (values (3, 12.5, 0.25::double, 'A', 12), (5, 13.5, 0.75, 'B', 12)) "
            "as groups (customer_count, money, share, tier, period_months) order by 1",
        )

    assert enough == {
        "customer_count": 5,
        "money": Decimal("13.5"),
        "share": 0.75,
        "tier": "B",
        "period_months": 12,
    }
    assert (few["tier"], few["period_months"]) == ("A", 12)
    assert format_integer(few["customer_count"]) == FEW
    assert format_money(few["money"], "£") == format_percent(few["share"]) == "–"
    # A total still holds it.
    assert few["money"] + enough["money"] == Decimal(26)
    assert few["customer_count"] + enough["customer_count"] == 8


@pytest.mark.parametrize(
    "value",
    [
        Few(3) / 1000,
        1000 / Few(3),
        Beside(7) / 1000,
        1000 / Beside(7),
        UntoldDecimal("9.75") / 3,
        UntoldFloat(0.5) * 100,
        Few(3) / 7,
    ],
)
def test_a_quotient_of_what_is_not_told_is_not_told(value: Any) -> None:
    assert not is_told(value)
    assert f"{value:.1f}" == str(value) == "–"


def test_few_stay_few_in_every_format() -> None:
    few = counted(3)

    assert f"{few}" == f"{few:,}" == f"{round(few):,d}" == str(few) == repr(few) == FEW
    assert count_of(counted(1), "customer", "customers") == f"{FEW} customers"
    assert float(few) == 2.5
    assert (counted(0), counted(5)) == (0, 5)
    assert format_change(few, 9, format_integer) == ""
    assert format_interval(UntoldFloat(0.1), UntoldFloat(0.2), format_percent) == "–"


def test_the_length_of_a_bar_does_not_tell_how_few() -> None:
    drawn = {
        charts.bars(
            [{"label": "A", "value": Few(n)}, {"label": "B", "value": 40}], form=format_integer
        )
        for n in (1, 2, 3, 4)
    }

    assert len(drawn) == 1
    assert "5" in drawn.pop()
    assert len({charts.bars([{"label": "A", "value": Beside(n)}], form=str) for n in (6, 9)}) == 1


def test_the_sum_of_a_stack_is_told_unless_it_is_of_few_customers() -> None:
    def drawn(*values: int) -> str:
        rows = [{"label": "A", "part": str(n), "value": v} for n, v in enumerate(values)]
        return charts.stacks(rows, {str(n): "red" for n in range(len(values))}, form=format_integer)

    assert ">43<" in drawn(Few(3), 40)
    assert ">3<" not in drawn(Few(1), Few(2))
    assert ">3<" in drawn(1, 2)


@pytest.mark.parametrize(
    ("values", "whole", "lengths"),
    [
        ({"a": 30, "b": 10, "c": None}, 40, {"a": 30, "b": 10, "c": 0}),
        ({"a": 385, "b": Beside(91), "c": Few(1)}, 477, {"a": 385, NOT_TOLD: 92}),
        ({"a": 385, "b": Few(1)}, 386, {"a": 385, "b": 2.5}),
        ({"a": Few(2), "b": Few(1)}, Few(3), {"a": 2.5, "b": 2.5}),
        ({"a": Beside(9), "b": Few(1)}, Beside(10), {"a": 5, "b": 2.5}),
    ],
)
def test_a_bar_is_as_long_as_its_sum_where_that_is_told(
    values: dict[str, Any], whole: int, lengths: dict[str, float]
) -> None:
    assert drawn_parts(values, whole) == lengths


def test_the_label_of_a_divided_bar_stands_at_its_end() -> None:
    rows = [
        {"label": "A", "part": part, "value": value}
        for part, value in (("x", 385), ("y", Beside(91)), ("z", Few(1)))
    ]
    svg = charts.stacks(rows, {"x": "red", "y": "blue", "z": "green"}, form=format_integer)
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="20.0"', svg)]
    assert widths[0] / sum(widths) == pytest.approx(385 / 477, rel=0.01)
    assert NOT_TOLD in unescape(svg)


def test_the_median_of_all_is_told_where_one_step_has_few(
    changed: Callable[..., CompanyFolder],
) -> None:
    company = changed(
        "update scorecard.customer_indicators set relationship_health = "
        "case when customer_id = (select min(customer_id) from scorecard.customer_indicators) "
        "then 3 else 63.4 end"
    )
    page = company.pages()["relationship.html"]
    tiles = re.sub(r"<[^>]+>", " ", page[page.index("Health, median") :][:400])
    assert "63.4" in tiles or "63" in tiles.split()


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 3, "b": 40, "c": 7}, {"a", "c"}),
        ({"a": 3, "b": 2, "c": 7}, {"a", "b"}),
        ({"a": 3, "b": 0, "c": None}, {"a"}),
        ({"a": 5, "b": 40}, set()),
        ({}, set()),
    ],
)
def test_one_hidden_part_takes_the_next_smallest_with_it(
    counts: dict[str, int | None], hidden: set[str]
) -> None:
    assert hidden_too(counts) == hidden


def test_the_release_itself_stays_whole(small: CompanyFolder, tmp_path: Path) -> None:
    small.pages()

    with open_database(small.folder / "release.duckdb") as con:
        (few,) = con.execute(
            "select count(*) from scorecard.service_by_tier where ticket_count = 3"
        ).fetchone() or (0,)
    assert few
