"""How good the links are, measured against what is true of the simulated company."""

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany

pytestmark = pytest.mark.slow

MIN_PRECISION = 0.995
MIN_RECALL = 0.97
# Pairs are counted by the sizes of groups; a record that is resolved to nobody stands alone.
PAIRS = """
    with linked as (
        select
            truth.true_customer_id,
            coalesce(links.customer_id, truth.system || ':' || truth.source_id) as customer_id
        from read_parquet('{truth}') as truth
        inner join warehouse.core.int_identity_links as links
            on truth.system = links.source_system and truth.source_id = links.source_id
    ),
    agreed as (
        select sum(n * (n - 1)) as pairs
        from (select count(*) as n from linked group by customer_id, true_customer_id)
    ),
    said as (
        select sum(n * (n - 1)) as pairs
        from (select count(*) as n from linked group by customer_id)
    ),
    true_pairs as (
        select sum(n * (n - 1)) as pairs
        from (select count(*) as n from linked group by true_customer_id)
    )
    select
        (select count(*) from read_parquet('{truth}')) - (select count(*) from linked),
        agreed.pairs / said.pairs,
        agreed.pairs / true_pairs.pairs
    from agreed cross join said cross join true_pairs
"""


def test_links_are_precise_and_complete(known_company: KnownCompany) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{known_company.warehouse}' as warehouse (read_only)")
        row = con.execute(PAIRS.format(truth=known_company.truth / "identity.parquet")).fetchone()
    assert row is not None
    missing, precision, recall = row
    print(f"pairwise precision {precision:.4f}, recall {recall:.4f}")  # noqa: T201 (the figures)
    assert missing == 0
    assert precision >= MIN_PRECISION
    assert recall >= MIN_RECALL


def test_no_link_rests_on_a_name_alone(known_company: KnownCompany) -> None:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        methods = con.execute("select distinct link_method from core.int_identity_links").fetchall()
    found = {method for (method,) in methods}
    assert found >= {"own_id", "exact_id", "email", "phone"}
    assert found <= {
        "own_id",
        "exact_id",
        "email",
        "phone",
        "manual",
        "unresolved",
    }
