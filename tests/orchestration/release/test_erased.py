"""Marts of an older release say nothing of erased persons, and of others all that they said."""

from pathlib import Path

import duckdb
import pytest

from orchestration.release.erased import OWNER_COLUMNS, RECORD_COLUMNS, REFERENCE_COLUMNS
from orchestration.release.marts import copy_tables
from orchestration.release.store import release_folders
from orchestration.settings import Settings
from tests.orchestration.erased_person import remember_erased

ERASED = """
select 'customer' as kind, 'cus_a' as identifier
union all select 'source_key', concat('crm|', md5('C1'))
union all select 'support.tickets', 'T1'
"""
MARTS = {
    "scores": "values ('cus_a', 1), ('cus_b', 2), (null, 3)) as t(customer_id, score",
    "customers": "values ('cus_b', 'cus_a', 'cus_a'), ('cus_c', 'cus_b', null)) "
    "as t(customer_id, account_id, parent_customer_id",
    "account_scorecard": "values ('cus_a', 'cus_b'), ('cus_b', 'cus_a')) "
    "as t(account_id, worst_customer_id",
    "identity_restatements": "values ('crm', 'k', 'cus_a', 'cus_b'), ('crm', 'k', 'cus_b', null), "
    "('crm', md5('C1'), 'cus_x', 'cus_y')) "
    "as t(source_system, source_key, customer_id_before, customer_id_after",
    # The number of a record of billing is another's.
    "cleaning_log": "values ('crm', md5('C1')), ('billing', md5('C1')), ('support', 'T1'), "
    "('support', 'T2'), ('billing', '*')) as t(source_system, row_key",
    "sums": "values (1)) as t(one",
}


_NONE = "''"


@pytest.fixture
def con(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse that erased one person, with the marts of an older release attached."""
    con = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    remember_erased(con, ERASED)
    for name in ("previous", "next"):
        con.execute(f"attach '{tmp_path / name}.duckdb' as {name}")
    con.execute("create schema previous.scorecard")
    for mart, rows in MARTS.items():
        con.execute(f"create table previous.scorecard.{mart} as select * from ({rows})")
    return con


def test_no_column_of_a_kept_mart_names_an_erased_person(con: duckdb.DuckDBPyConnection) -> None:
    left_out = copy_tables(con, MARTS, source="previous", target="next", without_erased=True)
    assert left_out == {
        "scores": 1,
        "customers": 0,
        "account_scorecard": 0,
        "identity_restatements": 2,
        "cleaning_log": 2,
    }

    def rows(mart: str) -> list[tuple[object, ...]]:
        return con.execute(f"select * from next.scorecard.{mart} order by all").fetchall()

    assert rows("scores") == [("cus_b", 2), (None, 3)]
    assert rows("customers") == [
        ("cus_b", "cus_nobody", "cus_nobody"),
        ("cus_c", "cus_b", None),
    ]
    assert rows("account_scorecard") == [("cus_b", "cus_nobody"), ("cus_nobody", "cus_b")]
    assert [row[1:] for row in rows("identity_restatements")] == [("k", "cus_b", None)]
    assert sorted(row[0] for row in rows("cleaning_log")) == ["billing", "billing", "support"]
    assert rows("sums") == [(1,)]


def test_where_nobody_was_erased_marts_are_copied_as_they_are(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert copy_tables(con, MARTS, source="previous", target="next") == {}
    assert con.execute("select count(*) from next.scorecard.scores").fetchone() == (3,)


def test_every_column_with_a_customers_key_is_known(simulated_run: Path) -> None:
    """A new column with the key of a customer must say what becomes of it when one is erased."""
    known = {*OWNER_COLUMNS, *REFERENCE_COLUMNS, *RECORD_COLUMNS}
    newest = release_folders(Settings.from_environment({}, home=simulated_run))[-1]
    with duckdb.connect(str(newest / "release.duckdb"), read_only=True) as con:
        tables = con.execute(
            "select table_name, list(column_name) from duckdb_columns() "
            "where schema_name = 'scorecard' and data_type = 'VARCHAR' group by all order by all"
        ).fetchall()
        found: set[str] = set()
        for table, names in tables:
            # Where the key is that of the row's own customer, the row is left out.
            own = "customer_id" if "customer_id" in names else _NONE
            key = "regexp_extract(\"{}\", 'cus_[0-9a-f]{{16}}')"
            flags = ", ".join(
                f"bool_or({key.format(name)} not in ('', {_NONE if name == own else own}))"
                for name in names
            )
            row = con.execute(f'select {flags} from scorecard."{table}"').fetchone()
            found |= {name for name, flag in zip(names, row or (), strict=True) if flag}
    assert found - known == set()
    assert found >= {"customer_id", "account_id", "worst_customer_id"}
