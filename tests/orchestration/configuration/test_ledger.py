"""The ledger keeps what each run found, and makes a revision only where something differs."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.configuration.ledger import Cell, cells_of, record_configuration
from orchestration.configuration.seeds import read_configuration
from orchestration.settings import Settings
from orchestration.window import ensure_control_tables
from tests.conftest import ROOT

NOW = datetime(2026, 1, 1)  # noqa: DTZ001  (the pipeline's times are UTC without a zone)
JUNE = date(2022, 6, 30)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        ensure_control_tables(opened)
        yield opened


def cell(key: str, value: str, column: str = "weight") -> Cell:
    return Cell("nodes", key, key.partition(" / ")[0], column, value)


FIRST = [cell("late / 2020", "0.7"), cell("late / 2020", "start", "reason"), cell("mood", "0.3")]


def record(con: duckdb.DuckDBPyConnection, cells: list[Cell], run: str) -> int:
    return record_configuration(con, cells, run_id=run, known_month=JUNE, now=NOW)


def held(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "select row_key, column_name, value, from_revision, until_revision "
        "from control.config_cells order by all"
    ).fetchall()


def test_the_first_run_begins_with_revision_1(con: duckdb.DuckDBPyConnection) -> None:
    assert record(con, FIRST, "a") == 1
    assert held(con) == [
        ("late / 2020", "reason", "start", 1, None),
        ("late / 2020", "weight", "0.7", 1, None),
        ("mood", "weight", "0.3", 1, None),
    ]
    assert con.execute("select * from control.config_revisions").fetchall() == [
        (1, "a", NOW, JUNE, None)
    ]


def test_the_same_rows_make_no_revision_in_any_order(con: duckdb.DuckDBPyConnection) -> None:
    record(con, FIRST, "a")
    assert record(con, FIRST[::-1], "b") == 1
    assert len(held(con)) == len(FIRST)


def test_an_edit_ends_the_whole_row_and_no_other(con: duckdb.DuckDBPyConnection) -> None:
    record(con, FIRST, "a")
    con.execute(
        "insert into control.runs (run_id, last_month, status) "
        "values ('a', date '2022-06-30', 'released'), ('x', date '2022-09-30', 'failed')"
    )
    assert record(con, [cell("late / 2020", "0.6"), *FIRST[1:]], "b") == 2
    assert held(con) == [
        ("late / 2020", "reason", "start", 1, 2),
        ("late / 2020", "reason", "start", 2, None),
        ("late / 2020", "weight", "0.6", 2, None),
        ("late / 2020", "weight", "0.7", 1, 2),
        ("mood", "weight", "0.3", 1, None),
    ]
    # What failed was never published.
    assert con.execute(
        "select published_month from control.config_revisions order by revision"
    ).fetchall() == [(None,), (JUNE,)]


def test_what_is_taken_out_ends_and_may_come_back(con: duckdb.DuckDBPyConnection) -> None:
    record(con, FIRST, "a")
    assert record(con, FIRST[:2], "b") == 2
    assert ("mood", "weight", "0.3", 1, 2) in held(con)
    assert record(con, FIRST, "c") == 3
    assert [row[3:] for row in held(con) if row[0] == "mood"] == [(1, 2), (3, None)]


def test_an_empty_configuration_is_a_revision_too(con: duckdb.DuckDBPyConnection) -> None:
    assert record(con, [], "a") == 1
    assert record(con, [], "b") == 1


def test_every_row_of_the_product_has_a_name_of_its_own() -> None:
    configuration = read_configuration(Settings.from_environment({}, root=ROOT))
    cells = cells_of(configuration, ROOT)
    names = Counter((each.seed, each.row_key, each.column_name) for each in cells)
    assert max(names.values()) == 1
    rows = Counter(seed for seed, _ in {(each.seed, each.row_key) for each in cells})
    expected = {
        name: len(seed.rows)
        for name, seed in configuration.seeds.items()
        if seed.rows and name != "identity_decisions"
    }
    assert dict(rows) == expected
    # Versions of one thing share its name.
    assert all(each.row_key.startswith(each.entity_key) for each in cells if each.seed == "targets")


def test_rows_that_a_key_does_not_tell_apart_are_named_whole(tmp_path: Path) -> None:
    folder = tmp_path / "dbt_project" / "seeds"
    folder.mkdir(parents=True)
    (folder / "_seeds.yml").write_text(
        "seeds:\n  - name: codes\n    columns:\n      - name: code\n        data_tests: [unique]\n"
    )
    (folder / "codes.csv").write_text("code,meaning\nA,one\nA,two\nB,one\nB,one\n")
    (folder / "identity_decisions.csv").write_text("source_id\nC7\n")
    settings = Settings(root=tmp_path, home=tmp_path, landing=tmp_path)
    cells = cells_of(read_configuration(settings), tmp_path)
    assert {each.row_key for each in cells} == {
        "A / one",
        "A / two",
        "B / one",
        "B / one / 2",
    }
    (folder / "codes.csv").write_text("code,meaning\nA,one\nB,two\n")
    cells = cells_of(read_configuration(settings), tmp_path)
    assert {each.row_key for each in cells} == {"A", "B"}
