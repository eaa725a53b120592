"""A row of a month does not know what came after it: as-of invariance on three past months."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.company import cut_landing
from tests.conftest import scorecard

pytestmark = pytest.mark.slow

# Months whose last day was a day of business: a month is complete when its last day has facts.
PAST_MONTHS = (date(2011, 1, 31), date(2011, 3, 31), date(2011, 8, 31))
INVARIANT = {
    "indicators": ("ind_value", "ind_retention", "ind_activity", "ind_rfm_cutoffs"),
    "features": ("ftr_churn", "ftr_value"),
    "scorecard": ("customer_indicators", "customer_scorecard", "portfolio_indicators"),
}


@pytest.mark.parametrize("until", PAST_MONTHS, ids=str)
def test_no_row_of_a_month_knows_what_came_after_it(first_run, company, tmp_path, until):
    """As-of invariance: cutting every raw fact after a month changes no row up to it."""
    landing = cut_landing(company, tmp_path / "landing", until=until)
    result = scorecard(tmp_path / "home", "run", "--landing", str(landing))
    assert result.code in (0, 3), result.output
    differences = {
        f"{schema}.{table}": _rows_that_differ(first_run, tmp_path / "home", schema, table, until)
        for schema, tables in INVARIANT.items()
        for table in tables
    }
    assert differences == dict.fromkeys(differences, 0)


def _rows_that_differ(whole: Path, cut: Path, schema: str, table: str, until: date) -> int:
    with duckdb.connect() as con:
        con.execute(f"attach '{whole / 'warehouse.duckdb'}' as whole (read_only)")
        con.execute(f"attach '{cut / 'warehouse.duckdb'}' as cut (read_only)")
        counted = con.execute(
            f"select count(*) from cut.{schema}.{table} where as_of_date <= date '{until}'"
        ).fetchone()
        assert counted is not None
        assert counted[0] > 0, f"{schema}.{table} has no row up to {until}"
        one = f"select * from {{}}.{schema}.{table} where as_of_date <= date '{until}'"
        query = f"""
            select count(*) from (
                ({one.format("whole")} except all {one.format("cut")})
                union all
                ({one.format("cut")} except all {one.format("whole")})
            )
        """
        row = con.execute(query).fetchone()
        assert row is not None
        return row[0]
