"""A row of a month does not know what came after it: as-of invariance on three past months."""

from datetime import date

import pytest

from tests.company import cut_landing
from tests.end_to_end.in_process import build_alike, compared

pytestmark = pytest.mark.slow

# Months whose last day was a day of business: a month is complete when its last day has facts.
PAST_MONTHS = (date(2011, 1, 31), date(2011, 3, 31), date(2011, 8, 31))
TABLES = (
    "indicators.ind_value",
    "indicators.ind_retention",
    "indicators.ind_activity",
    "indicators.ind_lifecycle",
    "indicators.ind_rfm_cutoffs",
    "features.ftr_churn",
    "features.ftr_upsell",
    "features.ftr_value",
    "scores.scr_score_changes",
    "scores.scr_dead_bands",
    "scorecard.customer_indicators",
    "scorecard.customer_scorecard",
    "scorecard.portfolio_indicators",
)


@pytest.mark.parametrize("until", PAST_MONTHS, ids=str)
def test_no_row_of_a_month_knows_what_came_after_it(
    first_run, company, simulated_build, tmp_path, until
):
    """As-of invariance: cutting every raw fact after a month changes no row up to it."""
    landing = cut_landing(company, tmp_path / "landing", until=until)
    home = tmp_path / "home"
    build_alike(home, landing, like=simulated_build)
    where = f"as_of_date <= date '{until}'"
    with compared(home, first_run) as both:
        differences = {table: both.rows_that_differ(table, where=where) for table in TABLES}
    assert differences == dict.fromkeys(TABLES, 0)
