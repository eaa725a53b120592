"""A row of a month does not know what came after it: as-of invariance on real data.

All systems, and every model of indicators, are compared in `test_as_of_all_systems`.
"""

from datetime import date

import pytest

from tests.company import cut_landing
from tests.end_to_end.in_process import build_in_process, rows_that_differ

pytestmark = pytest.mark.slow

# Its last day was a day of business: a month is complete when its last day has facts.
PAST_MONTH = date(2011, 3, 31)
TABLES = (
    "indicators.ind_value",
    "indicators.ind_retention",
    "indicators.ind_activity",
    "indicators.ind_lifecycle",
    "indicators.ind_rfm_cutoffs",
    "features.ftr_churn",
    "features.ftr_value",
    "scorecard.customer_indicators",
    "scorecard.customer_scorecard",
    "scorecard.portfolio_indicators",
)


def test_no_row_of_a_month_knows_what_came_after_it(first_run, company, tmp_path):
    """As-of invariance: cutting every raw fact after a month changes no row up to it."""
    landing = cut_landing(company, tmp_path / "landing", until=PAST_MONTH)
    home = tmp_path / "home"
    build_in_process(home, landing)
    where = f"as_of_date <= date '{PAST_MONTH}'"
    differences = {table: rows_that_differ(home, first_run, table, where=where) for table in TABLES}
    assert differences == dict.fromkeys(TABLES, 0)
