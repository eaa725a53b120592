"""As-of invariance over every system, and late evidence: what a month does and does not know.

The links between systems are held fixed: the tables that identify customers are not cut, since a
link may rest on evidence of any load.
"""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.company import cut_parquet
from tests.conftest import ROOT
from tests.end_to_end.in_process import Comparison, build_alike, compared

pytestmark = pytest.mark.slow

# The first window of twelve months has just ended, so that there are scores to compare.
UNTIL = date(2025, 10, 31)
IDENTIFYING = (
    "crm/customers",
    "crm/contacts",
    "billing/accounts",
    "support/requesters",
    "survey/respondents",
    "usage/accounts",
)
# Every model of indicators by month; the yearly reviews have their own key, an alert's row says
# what became of it, and a ticket's is as known at the end.
INDICATORS = {
    f"indicators.{path.stem}": "as_of_date"
    for path in sorted((ROOT / "models" / "indicators").rglob("ind_*.sql"))
    if path.stem not in ("ind_activity_reviews", "ind_relationship_alerts", "ind_ticket_levels")
}
# A company this small may have no crisis; test_service.py of dbt_project compares a greater one.
# Nobody can have been retained for twelve months yet, or be held against the twelve months before,
# and no score has an earlier one; test_as_of.py compares changes of scores over more months.
MAY_BE_EMPTY = {
    "indicators.ind_topic_episodes",
    "indicators.ind_retained_margin",
    "indicators.ind_category_uptake",
    "indicators.ind_category_offers",
    "indicators.ind_potential_tests",
    "scores.scr_score_changes",
    "scores.scr_dead_bands",
}
# A row of a month stays as it is when later months come.
BY_MONTH = {
    **INDICATORS,
    "core.int_customer_months": "as_of_date",
    "core.int_customer_windows": "as_of_date",
    "core.int_customer_attribute_months": "as_of_date",
    "core.int_mrr_months": "as_of_date",
    "core.int_usage_months": "month_end",
    "core.int_billing_lines": "month_end",
    "core.int_payments": "month_end",
    "core.int_customer_events": "month_end",
    "features.ftr_churn": "as_of_date",
    "features.ftr_upsell": "as_of_date",
    "features.ftr_contract_changes": "as_of_date",
    "features.ftr_value": "as_of_date",
    "scores.scr_measures": "as_of_date",
    "scores.scr_scores": "as_of_date",
    "scores.scr_score_changes": "as_of_date",
    "scores.scr_dead_bands": "as_of_date",
    "scorecard.anchor_attainment": "as_of_date",
    "scorecard.anchor_audit_sample": "as_of_date",
    "scorecard.anchor_audits": "as_of_date",
    "scorecard.anchor_projects": "as_of_date",
    "scorecard.cmat_agreement": "as_of_date",
    "scorecard.credit_ratings": "as_of_date",
    "scorecard.customer_activity": "as_of_date",
    "scorecard.customer_history": "as_of_date",
    "scorecard.customer_indicators": "as_of_date",
    "scorecard.customer_scorecard": "as_of_date",
    "scorecard.indicator_coverage": "as_of_date",
    "scorecard.journey_funnel": "as_of_date",
    "scorecard.mrr_movements": "as_of_date",
    "scorecard.nps_by_group": "as_of_date",
    "scorecard.perceived_value_by_group": "as_of_date",
    "scorecard.portfolio_indicators": "as_of_date",
    "scorecard.process_steps": "as_of_date",
    "scorecard.satisfaction_by_group": "as_of_date",
    "scorecard.tier_indicators": "as_of_date",
    "scorecard.touchpoints": "as_of_date",
}
# A row of these says what was known at the end of the run's last month.
AS_KNOWN = (
    "core.int_customers",
    "core.int_subscription_spans",
    "core.int_tickets",
    "core.int_complaints",
    "core.int_survey_answers",
    "core.int_text_items",
    "core.int_survey_invitations",
    "core.int_invoices",
    "core.int_cmat_answers",
    "indicators.ind_relationship_alerts",
    "indicators.ind_ticket_levels",
    "scorecard.customers",
    "scorecard.invoices",
    "scorecard.subscriptions",
    "scorecard.tickets",
    "scorecard.survey_responses",
    "scorecard.customer_events",
)


@pytest.fixture(scope="module")
def then(
    simulated_company: Path, simulated_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """All facts are there; the run stops at a past month."""
    home = tmp_path_factory.mktemp("then") / "home"
    build_alike(home, simulated_company, like=simulated_build, to_month=UNTIL)
    return home


@pytest.fixture(scope="module")
def cut(
    simulated_company: Path, simulated_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """No fact after that month is there."""
    home = tmp_path_factory.mktemp("cut") / "home"
    facts = cut_parquet(simulated_company, home / "landing", until=UNTIL)
    for table in IDENTIFYING:
        for path in facts.glob(f"{table}*"):
            path.unlink()
        for path in simulated_company.glob(f"{table}*"):
            target = facts / path.relative_to(simulated_company)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    build_alike(home, facts, like=simulated_build)
    return home


@pytest.fixture(scope="module")
def then_and_cut(then: Path, cut: Path) -> Iterator[Comparison]:
    with compared(then, cut) as both:
        yield both


@pytest.fixture(scope="module")
def then_and_now(then: Path, simulated_build: Path) -> Iterator[Comparison]:
    with compared(then, simulated_build) as both:
        yield both


@pytest.mark.parametrize("table", [*BY_MONTH, *AS_KNOWN])
def test_facts_of_later_months_change_nothing(table: str, then_and_cut: Comparison) -> None:
    assert then_and_cut.rows_that_differ(table, may_be_empty=table in MAY_BE_EMPTY) == 0


@pytest.mark.parametrize("table", BY_MONTH)
def test_later_months_change_no_row_of_a_month(table: str, then_and_now: Comparison) -> None:
    where = f"{BY_MONTH[table]} <= date '{UNTIL}'"
    empty = table in MAY_BE_EMPTY
    assert then_and_now.rows_that_differ(table, where=where, may_be_empty=empty) == 0


def test_a_system_that_starts_late_is_null_before_and_never_zero(simulated_build: Path) -> None:
    """Usage begins six months after billing; marketing's newest month has not come yet."""
    with duckdb.connect(str(simulated_build / "warehouse.duckdb"), read_only=True) as con:
        months = con.execute(
            """
            select
                activity.as_of_date,
                count(activity.logins) as usage_rows,
                count(activity.marketing_touches) as marketing_rows,
                count(*) as all_rows
            from scorecard.customer_activity as activity
            group by activity.as_of_date
            order by activity.as_of_date
            """
        ).fetchall()
        measured = {
            system: (start, end)
            for system, start, end in con.execute(
                "select source_system, first_measured_month, last_measured_month "
                "from staging.stg_control__systems"
            ).fetchall()
        }
    assert measured["usage"][0] > months[0][0]
    for month, usage_rows, marketing_rows, all_rows in months:
        is_used = measured["usage"][0] <= month <= measured["usage"][1]
        assert usage_rows == (all_rows if is_used else 0)
        is_marketed = measured["marketing"][0] <= month <= measured["marketing"][1]
        assert marketing_rows == (all_rows if is_marketed else 0)
