"""A fingerprint depends on the rows and columns of a table, and on nothing else."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_quality.fingerprint import (
    Fingerprint,
    FingerprintError,
    mart_fingerprint,
    partition_fingerprints,
)

Row = tuple[str | None, int | None, float | None]
values = st.tuples(
    st.one_of(st.none(), st.text(alphabet="abc", max_size=3)),
    st.one_of(st.none(), st.integers(-5, 5)),
    st.one_of(st.none(), st.integers(-4, 4).map(lambda n: n / 4)),
)
rows_strategy = st.lists(values, max_size=12)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema scorecard")
        yield opened


def fingerprint(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> Fingerprint:
    con.execute("create or replace table scorecard.mart (name varchar, number int, share double)")
    if rows:
        con.executemany("insert into scorecard.mart values (?, ?, ?)", rows)
    return mart_fingerprint(con, "scorecard", "mart")


@settings(max_examples=40, deadline=None)
@given(rows=rows_strategy, data=st.data())
def test_order_of_rows_does_not_matter(
    con: duckdb.DuckDBPyConnection, rows: list[Row], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))

    assert fingerprint(con, rows) == fingerprint(con, shuffled)


@settings(max_examples=40, deadline=None)
@given(rows=rows_strategy, extra=values)
def test_a_row_that_comes_twice_changes_it(
    con: duckdb.DuckDBPyConnection, rows: list[Row], extra: Row
) -> None:
    once = fingerprint(con, [*rows, extra])

    assert fingerprint(con, [*rows, extra, extra]).checksum != once.checksum
    assert fingerprint(con, [*rows, extra, extra, extra]).checksum != once.checksum


@settings(max_examples=40, deadline=None)
@given(rows=rows_strategy, old=values, new=values)
def test_a_changed_value_changes_it(
    con: duckdb.DuckDBPyConnection, rows: list[Row], old: Row, new: Row
) -> None:
    before, after = fingerprint(con, [*rows, old]), fingerprint(con, [*rows, new])

    assert (before == after) == (old == new)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(values, min_size=1, max_size=12))
def test_partitions_add_up_to_the_whole(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    whole = fingerprint(con, rows)
    parts = partition_fingerprints(con, "scorecard", "mart", "number")

    total = sum(int(part.checksum.partition("-")[0], 16) for part in parts.values())
    assert sum(part.rows for part in parts.values()) == whole.rows
    assert f"{total:x}" == whole.checksum.partition("-")[0]


@pytest.mark.parametrize(
    "change",
    [
        "alter table scorecard.mart rename column number to count",
        "alter table scorecard.mart alter number type bigint",
    ],
)
def test_names_and_types_of_columns_are_part_of_it(
    con: duckdb.DuckDBPyConnection, change: str
) -> None:
    before = fingerprint(con, [("a", 1, 0.5)])
    con.execute(change)

    assert mart_fingerprint(con, "scorecard", "mart").checksum != before.checksum


def test_an_empty_table_has_one(con: duckdb.DuckDBPyConnection) -> None:
    assert fingerprint(con, []).rows == 0


def test_null_partition_has_an_empty_name(con: duckdb.DuckDBPyConnection) -> None:
    fingerprint(con, [("a", None, 0.5), ("b", 2, 0.5)])

    parts = partition_fingerprints(con, "scorecard", "mart", "number")

    assert {name: part.rows for name, part in parts.items()} == {"": 1, "2": 1}


def test_doubles_that_differ_in_the_last_bit_differ(con: duckdb.DuckDBPyConnection) -> None:
    exact = fingerprint(con, [("a", 1, 0.3)])

    assert fingerprint(con, [("a", 1, 0.1 + 0.2)]).checksum != exact.checksum


def test_short_floats_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace table scorecard.short as select 0.5::float as share")

    with pytest.raises(FingerprintError, match=r"32-bit floats.*share.*Cast them"):
        mart_fingerprint(con, "scorecard", "short")


def test_missing_table_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(FingerprintError, match=r"scorecard\.nowhere does not exist"):
        mart_fingerprint(con, "scorecard", "nowhere")
