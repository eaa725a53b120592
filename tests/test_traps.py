"""The twenty traps that other products fell into: each has a test that is named after it.

What belongs here: the list, and that no test of it was lost. The tests stand beside what they test.
"""

import re

import pytest
import yaml

from tests.conftest import ROOT

TRAPS = (
    "current_price_or_quantity_applied_to_past_months",
    "future_months_generated_by_an_open_end_date",
    "sla_judged_by_todays_priority",
    "churn_grouped_by_join_date",
    "already_churned_customers_scored",
    "percentile_called_probability",
    "fixed_0_5_cut",
    "boundary_value_in_two_bands_or_none",
    "direction_of_the_score_ambiguous",
    "rolled_up_average_of_averages",
    "mean_of_ratios_instead_of_ratio_of_sums",
    "no_tickets_scored_as_perfect_service",
    "non_response_treated_as_neutral",
    "fcr_without_re_contact_check",
    "mttr_improved_by_not_closing_tickets",
    "monthly_quintiles_forcing_20_percent_into_worst",
    "one_time_buyers_alive_for_ever",
    "unobserved_cohort_cells_as_zero",
    "customer_counted_twice_after_a_merge",
    "wall_clock_columns_that_make_yesterdays_mart_unreproducible",
)


@pytest.fixture(scope="module")
def named() -> set[str]:
    """What the tests of dbt and pytest are called."""
    in_dbt = {
        test["name"]
        for path in (ROOT / "models").rglob("*unit_tests.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
    }
    in_python = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def test_(trap_\w+)\(", path.read_text("utf-8"), flags=re.M)
    }
    return in_dbt | in_python


@pytest.mark.parametrize("trap", TRAPS)
def test_the_trap_has_its_test(trap: str, named: set[str]) -> None:
    assert f"trap_{trap}" in named
