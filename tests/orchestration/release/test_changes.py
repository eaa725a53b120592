"""`scorecard diff`: which marts, months, customers and columns changed, and what is behind it."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.errors import UsageError
from orchestration.release import changes
from orchestration.release.changes import (
    CHANGED,
    CODE,
    CONFIGURATION,
    LATE_FACTS,
    MODEL,
    NEW,
    NEW_FACTS,
    UNKNOWN,
    diff_json,
    diff_releases,
    name_release,
)
from orchestration.release.compare import attach_both, compare_mart
from orchestration.release.diff_words import render_diff
from orchestration.release.store import Release

MART = "customer_scorecard"


def load(load_id: int, table: str, *, first: str, last: str) -> dict:
    return {
        "load_id": load_id,
        "system": "billing",
        "table_name": table,
        "file": f"billing/{table}_{load_id}.csv",
        "sha256": f"{load_id}",
        "rows_accepted": 5,
        "earliest_fact_date": first,
        "latest_fact_date": last,
    }


FIRST_LOAD = load(1, "invoices", first="2011-01-01", last="2011-11-30")


CAUSES = (
    (
        {"loads": (FIRST_LOAD, load(2, "invoices", first="2011-03-02", last="2011-03-09"))},
        LATE_FACTS,
    ),
    (
        {"loads": (FIRST_LOAD, load(2, "invoices", first="2012-01-02", last="2012-01-09"))},
        NEW_FACTS,
    ),
    # A ticket, say, that was opened in an earlier month than that of its newest version.
    (
        {
            "loads": (
                FIRST_LOAD,
                {
                    **load(2, "invoices", first="2012-01-02", last="2012-01-09"),
                    "earliest_month": "2011-03-31",
                },
            )
        },
        LATE_FACTS,
    ),
    # A late file of a table that the mart does not read is no cause.
    ({"loads": (FIRST_LOAD, load(2, "payments", first="2011-03-02", last="2011-03-09"))}, UNKNOWN),
    ({"config_fingerprint": "another"}, CONFIGURATION),
    ({"code_fingerprint": "another"}, CODE),
    ({"estimators": ({"estimator_version": "churn-2"},)}, MODEL),
    ({}, UNKNOWN),
)
BEHIND = frozenset({"raw.billing__invoices", "bands", "ml.churn_predictions"})


def with_manifest(release: Release, **changes: object) -> Release:
    common = {"loads": (FIRST_LOAD,), "last_month": "2011-12-31"}
    return replace(release, manifest=replace(release.manifest, **{**common, **changes}))


def test_what_changed_is_told_with_months_customers_columns_and_causes(
    publish, settings, change_marts, plain_build, monkeypatch
):
    """One pair of releases for all of it: publishing one takes seconds."""
    monkeypatch.setattr(changes, "_behind", lambda _: {MART: BEHIND})
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        month, customer = con.execute(
            f"select as_of_date, min(customer_id) from scorecard.{MART} where score is not null "
            "group by all order by as_of_date desc limit 1"
        ).fetchone()
    first = publish(settings, "run1")
    here = f"where as_of_date = date '{month}'"
    change_marts(
        settings,
        f"update scorecard.{MART} set score = score + 1 {here} and customer_id = '{customer}'",
        f"insert into scorecard.{MART} select * replace (date '2012-01-31' as as_of_date) "
        f"from scorecard.{MART} {here}",
    )
    second = publish(settings, "run2")
    assert name_release(settings, "current").id == second.id
    assert name_release(settings, "previous").id == first.id
    assert name_release(settings, first.id).id == first.id

    with pytest.raises(UsageError, match="with itself"):
        diff_releases(settings, first, first)

    one = with_manifest(first)
    for after, cause in CAUSES:
        diff = diff_releases(settings, one, with_manifest(second, **after))
        (change,) = diff.changes
        assert {*diff.equal, MART} == set(second.manifest.marts)
        old, new = change.parts
        assert (change.mart, old.kind, old.difference.part) == (MART, CHANGED, str(month))
        assert set(old.difference.columns) == {"score"}
        assert (old.difference.customers, old.difference.examples) == (1, (customer,))
        assert old.difference.changed == old.difference.columns["score"] > 0
        assert old.causes == (cause,), after
        assert (new.kind, new.difference.part, new.causes) == (NEW, "2012-01-31", (NEW_FACTS,))
        assert new.difference.only[1] == new.difference.rows[1] > 0

    late = with_manifest(second, **CAUSES[0][0])
    diff = diff_releases(settings, one, late)
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(width=160, record=True, file=nowhere)
        console.print(render_diff(diff))
    said = console.export_text()
    assert "billing/invoices_2.csv" in said
    assert LATE_FACTS in said
    assert json.loads(diff_json(diff))["changes"][0]["mart"] == MART


def test_there_is_no_release_before_the_first(settings):
    with pytest.raises(UsageError, match="no release before"):
        name_release(settings, "previous")


@pytest.fixture
def tables(tmp_path):
    def make(first: str, second: str) -> duckdb.DuckDBPyConnection:
        paths = []
        for name, rows in (("a", first), ("b", second)):
            paths.append(tmp_path / f"{name}.duckdb")
            with duckdb.connect() as con:
                con.execute(f"attach '{paths[-1]}' as made; create schema made.scorecard")
                con.execute(f"create table made.scorecard.t as {rows}")
        con = duckdb.connect()
        attach_both(con, *paths)
        return con

    return make


def test_rows_are_joined_by_key_and_empty_values_count_as_equal(tables):
    con = tables(
        "from (values ('c1', 1, null), ('c2', 2, 5), ('c3', 3, 6)) as t (customer_id, a, b)",
        "from (values ('c1', 1, null), ('c2', 2, null), ('c4', 3, 6)) as t (customer_id, a, b)",
    )
    (found,) = compare_mart(con, "t", ["all"], ["customer_id"])
    assert (found.rows, found.only, found.changed) == ((3, 3), (1, 1), 1)
    assert (found.customers, found.examples) == (3, ("c2", "c3", "c4"))
    assert found.columns == {"b": 1}


@pytest.mark.parametrize("key", [(), ("a",)])
def test_rows_without_a_key_are_counted_not_multiplied(tables, key):
    """A key that comes twice would join each row with each: the whole row names it then."""
    con = tables("select * from (values (1), (1), (2)) as t (a)", "select 1 as a")
    (found,) = compare_mart(con, "t", ["all"], key)
    assert (found.rows, found.only, found.changed) == ((3, 1), (2, 0), 0)


def test_columns_that_came_or_went_are_told(tables):
    con = tables("select 'c' as customer_id, 1 as a", "select 'c' as customer_id, 2 as b")
    (found,) = compare_mart(con, "t", ["all"], ["customer_id"])
    assert found.shape == "new columns: b; columns that are gone: a"
