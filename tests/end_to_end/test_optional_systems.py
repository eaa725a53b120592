"""Every system but billing and the customer list is optional: without it nothing fails, what it
would have measured is null, and every other number stays as it was."""

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.catalogue import read_catalogue
from tests.conftest import ROOT
from tests.end_to_end.in_process import build_alike, compared

pytestmark = pytest.mark.slow

# The columns of `customer_activity` that each optional system measures.
MEASURED_BY = {
    "support": (
        "tickets_opened",
        "tickets_solved",
        "tickets_reopened",
        "complaints_received",
        "handling_minutes",
    ),
    "survey": ("survey_invitations", "surveys_answered", "survey_answers"),
    "usage": (
        "active_days",
        "logins",
        "feature_events",
        "help_centre_visits",
        "community_posts",
        "trainings",
    ),
    "marketing": (
        "marketing_touches",
        "marketing_clicks",
        "marketing_conversions",
        "marketing_unsubscribes",
    ),
    "organisation": ("actions_taken",),
}
# The others are left out by `make test-faults`: each costs a build.
OF_EVERY_TEST_RUN = frozenset({"support", "survey"})
COVERAGE = ("measured_systems", "source_coverage")
# Marts that rest on billing and the customer list alone.
OF_THE_REQUIRED = (
    "customer_history",
    "invoices",
    "subscriptions",
    "mrr_movements",
    "portfolio_indicators",
    "revenue_reconciliation",
)
# The loyalty that it averages has an attitude part.
TIERS_OF = {"mean_loyalty_index": {"survey"}, "loyalty_index_count": {"survey"}}
# Other marts, and the systems that they rest on besides: without one of those they differ.
MARTS_OF: dict[str, set[str]] = {
    "tickets": {"support"},
    "service_by_tier": {"support"},
    "service_level_cases": {"support"},
    "complaints_by_tier": {"support"},
    "complaint_episodes": {"support"},
    "survey_responses": {"survey"},
    "nps_by_group": {"survey"},
    "satisfaction_by_group": {"survey"},
    "team_indicators": {"support", "survey"},
    "training_effects": {"support", "survey", "organisation"},
    "lead_conversion": {"marketing"},
    "sales_performance": {"organisation"},
    "sales_forecasts": set(),
    "campaign_performance": {"marketing"},
    "campaign_effects": {"marketing", "organisation"},
    "loyalty_programme": {"marketing"},
    "crm_adoption": {"organisation"},
    "self_service": {"support", "usage"},
    "cmat_agreement": {"organisation"},
    "cmat_findings": {"organisation"},
    "credit_by_grade": {"support", "organisation"},
    "credit_ratings": {"support", "organisation"},
    "credit_points": {"support", "organisation"},
    "acquisition_cost": {"marketing", "organisation"},
    "new_customer_value": {"marketing", "organisation"},
    "efficiency_by_tier": {"marketing", "organisation", "support"},
    "process_steps": {"support"},
    "perceived_value_by_group": {"survey"},
}
# A company this small may have no crisis.
MAY_BE_EMPTY = {"scorecard.complaint_episodes"}
# Predictions stand in the catalogue, too, but in marts of their own.
INDICATORS = [each for each in read_catalogue(ROOT) if each.mart == "customer_indicators"]


@pytest.mark.parametrize(
    "system",
    [
        name if name in OF_EVERY_TEST_RUN else pytest.param(name, marks=pytest.mark.faults)
        for name in MEASURED_BY
    ],
)
def test_without_a_system_its_measures_are_null_and_all_else_is_unchanged(
    system: str, simulated_company: Path, simulated_build: Path, tmp_path: Path
) -> None:
    without = tmp_path / "landing"
    shutil.copytree(
        simulated_company,
        without,
        ignore=lambda folder, names: _left_out(folder, names, system),
    )
    home = tmp_path / "home"
    assert not build_alike(home, without, like=simulated_build).of_status("refused")
    assert _values_of(home, MEASURED_BY[system]) == 0
    assert _values_of(simulated_build, MEASURED_BY[system]) > 0
    assert _mean_coverage(home) < _mean_coverage(simulated_build)
    assert _systems_with_texts(home) == _systems_with_texts(simulated_build) - {system}
    unchanged = [f"scorecard.{mart}" for mart in OF_THE_REQUIRED]
    unchanged += [
        f"scorecard.{mart}" for mart, systems in MARTS_OF.items() if system not in systems
    ]
    with compared(simulated_build, home) as both:
        differences = {
            table: both.rows_that_differ(table, may_be_empty=table in MAY_BE_EMPTY)
            for table in unchanged
        }
        differences["scorecard.customer_activity"] = both.rows_that_differ(
            "scorecard.customer_activity", without=(*MEASURED_BY[system], *COVERAGE)
        )
        # A profile of measures of billing alone; others have lost what the system measured.
        differences["scorecard.customer_scorecard"] = both.rows_that_differ(
            "scorecard.customer_scorecard", where="profile = 'retail_billing'"
        )
        differences["scorecard.tier_indicators"] = both.rows_that_differ(
            "scorecard.tier_indicators",
            without=tuple(name for name, systems in TIERS_OF.items() if system in systems),
        )
        differences["scorecard.customer_indicators"] = both.rows_that_differ(
            "scorecard.customer_indicators",
            without=tuple(
                each.indicator_id for each in INDICATORS if system in each.touching_systems
            ),
        )
    assert differences == dict.fromkeys(differences, 0)
    assert _emptied(simulated_build, home) == {
        each.indicator_id
        for each in INDICATORS
        if system in each.needed_systems and " or " not in each.needs_system
    } - _empty(simulated_build)
    is_needed = any(each.needs_system == system for each in INDICATORS)
    reason = ("not measured", f"not connected: {system}")
    assert _said_of_coverage(home, system) == ({reason} if is_needed else set())


def _empty(home: Path) -> set[str]:
    """The indicators that were measured of no active customer."""
    counted = ", ".join(f"count({each.presence_column})" for each in INDICATORS)
    query = f"select {counted} from scorecard.customer_indicators where is_active"
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute(query).fetchone()
    assert row is not None
    return {each.indicator_id for each, count in zip(INDICATORS, row, strict=True) if not count}


def _emptied(before: Path, after: Path) -> set[str]:
    return _empty(after) - _empty(before)


def _said_of_coverage(home: Path, system: str) -> set[tuple[str, str]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        return set(
            con.execute(
                "select status, why_not from scorecard.indicator_coverage where needs_system = ?",
                [system],
            ).fetchall()
        )


def test_every_measure_of_an_optional_system_is_looked_at(simulated_build: Path) -> None:
    listed = {column for columns in MEASURED_BY.values() for column in columns}
    with duckdb.connect(str(simulated_build / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute("describe scorecard.customer_activity").fetchall()
    assert listed <= {row[0] for row in found}


def _left_out(folder: str, names: list[str], system: str) -> set[str]:
    return {system} & set(names) if Path(folder).name == "landing" else set()


def _values_of(home: Path, columns: tuple[str, ...]) -> int:
    counted = " + ".join(f"count({column})" for column in columns)
    return int(_number(home, f"select {counted} from scorecard.customer_activity"))


def _systems_with_texts(home: Path) -> set[str]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute("select distinct source_system from core.int_text_items").fetchall()
    return {system for (system,) in rows}


def _mean_coverage(home: Path) -> float:
    return float(_number(home, "select avg(source_coverage) from scorecard.customer_activity"))


def _number(home: Path, query: str) -> float:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute(query).fetchone()
    assert row is not None
    return row[0]
