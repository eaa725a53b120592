"""Explaining one customer: every part is there, and the parts sum to the score."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from orchestration.errors import ReleaseError, UsageError
from orchestration.explain import (
    Explanation,
    explain_customer,
    render_explanation,
    shown_contributions,
    with_reasons,
)
from orchestration.release.reading import open_database
from orchestration.settings import Settings

SCRIPTS = tuple(
    Path(__file__).parent / "release" / name
    for name in ("synthetic_marts.sql", "synthetic_company.sql")
)
DECEMBER = date(2011, 12, 31)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explain") / "release.duckdb"
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as release")
        con.execute("use release")
        for script in SCRIPTS:
            con.execute(script.read_text(encoding="utf-8"))
        con.execute("create table scorecard.release_info as select 'r-1' as release_id")
    return path


@pytest.fixture
def edited(database: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    def edit(statement: str) -> Path:
        copy = tmp_path / "release.duckdb"
        copy.write_bytes(database.read_bytes())
        with duckdb.connect() as con:
            con.execute(f"attach '{copy}' as release")
            con.execute("use release")
            con.execute(statement)
        return copy

    return edit


def shown(explanation: Explanation, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(render_explanation(explanation))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def scored_customers(database: Path) -> list[str]:
    with duckdb.connect() as con:
        con.execute(f"attach '{database}' as release (read_only)")
        rows = con.execute(
            "select customer_id from release.scorecard.customer_scorecard "
            "where as_of_date = ? and score is not null order by customer_id limit 25",
            [DECEMBER],
        ).fetchall()
    return [row[0] for row in rows]


def test_contributions_sum_to_the_score(database: Path) -> None:
    for customer in scored_customers(database):
        explanation = explain_customer(database, customer)

        assert explanation.score is not None
        assert explanation.contribution_sum == pytest.approx(explanation.score, abs=1e-4)
        assert explanation.is_consistent


def test_the_shown_column_sums_to_the_shown_score(database: Path) -> None:
    for customer in scored_customers(database):
        explanation = explain_customer(database, customer)
        measured = [item.contribution for item in explanation.measures if item.is_measured]

        parts = shown_contributions([value or 0.0 for value in measured], explanation.score or 0.0)

        assert sum(parts) == Decimal(repr(explanation.score)).quantize(Decimal("0.01"))


@given(st.lists(st.decimals(0, 40, places=6), min_size=1, max_size=12))
def test_rounded_parts_always_sum_and_never_move_a_whole_step(parts: list[Decimal]) -> None:
    values = [float(part) for part in parts]

    rounded = shown_contributions(values, sum(values))

    assert sum(rounded) == Decimal(repr(sum(values))).quantize(Decimal("0.01"))
    assert all(
        abs(Decimal(repr(value)) - part) <= Decimal("0.01")
        for value, part in zip(values, rounded, strict=True)
    )


def test_the_crms_own_id_finds_the_same_customer(database: Path) -> None:
    assert explain_customer(database, "12017") == explain_customer(database, "c-0017")


def test_an_earlier_month_is_explained_as_of_then(database: Path) -> None:
    explanation = explain_customer(database, "c-0017", date(2011, 10, 1))

    assert explanation.as_of_date == date(2011, 10, 31)
    assert explanation.measures


def test_measures_carry_definition_unit_and_source_rows(database: Path) -> None:
    measures = {item.measure: item for item in explain_customer(database, "c-0017").measures}

    revenue = measures["revenue_12m"]
    assert (revenue.name, revenue.unit) == ("Revenue, 12 months", "GBP")
    assert revenue.definition.startswith("Invoices less credits")
    assert revenue.source_row_count is not None
    assert revenue.source_row_count > 0


def test_what_is_not_measured_is_named_with_what_it_needs(database: Path) -> None:
    explanation = explain_customer(database, "c-0017")

    assert [(item.measure, item.needs) for item in explanation.missing] == [
        ("Satisfaction", "survey answers")
    ]
    text = shown(explanation)
    assert "Satisfaction, weight 10.0 %: needs survey answers" in text
    assert "no evidence for this customer" in text


def test_the_outlook_names_method_status_and_interval(database: Path) -> None:
    text = " ".join(shown(explain_customer(database, "c-0017")).split())

    assert "baseline rule; the estimator is not published, 90 % interval" in text
    assert "mbg_nbd_gamma_gamma, basis revenue" in text


def test_values_are_told_with_their_intervals_and_what_these_are(
    edited: Callable[[str], Path],
) -> None:
    database = edited(
        "update scorecard.predictions set clv_12m = 120, clv_12m_low = 0, clv_12m_high = 1234.5, "
        "clv_36m = 300, clv_36m_low = null, clv_36m_high = null where customer_id = 'c-0017'"
    )
    text = " ".join(shown(explain_customer(database, "c-0017")).split())

    assert "Value of 12 months 120.00" in text
    assert "90 % interval 0.00 to 1,234.50" in text
    assert "no interval can be given" in text
    assert text.count("of ten such customers nine") == 1


def test_without_any_interval_nothing_is_said_of_what_one_is(edited: Callable[[str], Path]) -> None:
    database = edited(
        "alter table scorecard.predictions drop column clv_36m_low; "
        "update scorecard.predictions set clv_12m = 120, clv_12m_low = null, clv_12m_high = null "
        "where customer_id = 'c-0017'"
    )
    text = " ".join(shown(explain_customer(database, "c-0017")).split())

    assert text.count("no interval can be given") == 2
    assert "of ten such customers nine" not in text


def test_a_month_without_published_measures_says_from_when_they_are(database: Path) -> None:
    explanation = explain_customer(database, "c-0017", date(2011, 9, 30))

    assert explanation.measures == ()
    assert explanation.is_consistent
    assert "Measures are published from 2011-10 on" in shown(explanation)


def test_a_customer_with_too_little_evidence_has_no_score(
    edited: Callable[[str], Path],
) -> None:
    database = edited(
        "update scorecard.customer_scorecard set score = null, band = null, "
        "status = 'insufficient_evidence' where customer_id = 'c-0017'"
    )

    text = shown(explain_customer(database, "c-0017"))

    assert "No score: too little is measured." in text


def test_contributions_that_do_not_sum_are_shown_as_a_contradiction(
    edited: Callable[[str], Path],
) -> None:
    database = edited(
        "update scorecard.customer_scorecard_measures set contribution = contribution + 1 "
        "where customer_id = 'c-0017' and measure = 'revenue_12m'"
    )

    explanation = explain_customer(database, "c-0017")

    assert not explanation.is_consistent
    assert "contradicts itself" in " ".join(shown(explanation).split())


def test_a_consistent_explanation_shows_no_contradiction(database: Path) -> None:
    explanation = explain_customer(database, "c-0017")

    assert "contradicts itself" not in shown(explanation)
    assert not replace(explanation, computed_score=0.0).is_consistent


def test_it_fits_a_narrow_terminal(database: Path) -> None:
    text = shown(explain_customer(database, "c-0017"), width=80)

    assert max(len(line) for line in text.splitlines()) <= 80


def test_an_unknown_customer_gets_near_ids(database: Path) -> None:
    with pytest.raises(UsageError, match=r"Near ids: .*12010"):
        explain_customer(database, "1201")


def test_a_month_that_is_not_published_lists_those_that_are(database: Path) -> None:
    with pytest.raises(UsageError, match=r"2012-03 is not published.*2011-01, .*2011-12"):
        explain_customer(database, "c-0017", date(2012, 3, 31))


def test_a_customer_who_came_later_is_told_from_when(edited: Callable[[str], Path]) -> None:
    database = edited(
        "delete from scorecard.customer_scorecard "
        "where customer_id = 'c-0017' and as_of_date < '2011-11-30'"
    )

    with pytest.raises(UsageError, match="it has one from 2011-11 to 2011-12"):
        explain_customer(database, "c-0017", date(2011, 2, 28))


def test_two_customers_with_one_crm_id_are_told_apart(edited: Callable[[str], Path]) -> None:
    database = edited(
        "update scorecard.customers set crm_customer_id = '12017' where customer_id = 'c-0018'"
    )

    with pytest.raises(UsageError, match="give one of c-0017, c-0018"):
        explain_customer(database, "12017")


@pytest.mark.parametrize(
    "mart",
    [
        "churn_reasons",
        "predictions",
        "profile_requirements",
        "indicator_catalogue",
        "customer_sources",
        "customer_history",
        "customer_events",
    ],
)
def test_it_does_without_marts_of_other_products(edited: Callable[[str], Path], mart: str) -> None:
    explanation = explain_customer(edited(f"drop table scorecard.{mart}"), "c-0017")

    assert explanation.is_consistent
    assert shown(explanation)


def test_a_release_without_a_scorecard_says_so(edited: Callable[[str], Path]) -> None:
    with pytest.raises(ReleaseError, match="customer_scorecard"):
        explain_customer(edited("drop table scorecard.customer_scorecard"), "c-0017")


def test_a_missing_release_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="is missing"):
        explain_customer(tmp_path / "release.duckdb", "c-0017")


class TestEveryIndicator:
    def test_each_has_value_definition_and_what_it_rests_on(self, database: Path) -> None:
        found = {
            each.indicator_id: each for each in explain_customer(database, "c-0001").indicators
        }
        with open_database(database) as con:
            row = con.execute(
                "select revenue_12m, product_count_12m from scorecard.customer_indicators "
                "where customer_id = 'c-0001' and as_of_date = ?",
                [DECEMBER],
            ).fetchone()
        assert row is not None
        assert found["revenue_12m"].value == row[0]
        assert found["revenue_12m"].source_row_count == row[1]
        assert found["revenue_12m"].source_rows == "products bought"
        assert found["revenue_12m"].definition == "Invoices less credits of the trailing 12 months"
        assert found["revenue_12m"].family == "Value"

    def test_shares_are_per_cent_and_money_has_two_decimals(self, database: Path) -> None:
        text = shown(explain_customer(database, "c-0001"))
        assert "Every indicator" in text
        assert re.search(r"Return ratio\s+return_ratio_12m\s+[\d.]+ %", text)
        assert re.search(r"Revenue, 12 months\s+revenue_12m\s+[\d,]+\.\d\d GBP", text)

    def test_a_measure_of_a_group_is_no_indicator_of_a_customer(self, database: Path) -> None:
        explained = explain_customer(database, "c-0001").indicators
        (revenue,) = (each for each in explained if each.indicator_id == "revenue_12m")
        assert (revenue.name, revenue.unit) == ("Revenue, 12 months", "GBP")

    def test_what_is_not_measured_is_named_and_not_zero(
        self, edited: Callable[[str], Path]
    ) -> None:
        emptied = edited("update scorecard.customer_indicators set value_trend = null")
        text = " ".join(shown(explain_customer(emptied, "c-0001")).split())
        assert re.search(r"Not measured, or none yet: [^.]*Value trend", text)

    def test_a_release_whose_catalogue_names_no_models_shows_none(
        self, edited: Callable[[str], Path]
    ) -> None:
        older = edited("alter table scorecard.indicator_catalogue drop column model")
        assert explain_customer(older, "c-0001").indicators == ()


class TestWhyACustomerMayLeave:
    def test_published_reasons_are_shown_raising_ones_first(
        self, edited: Callable[[str], Path]
    ) -> None:
        database = edited(
            "update scorecard.churn_reasons set customer_id = 'c-0017' where customer_id = "
            "(select min(customer_id) from scorecard.churn_reasons "
            "where as_of_date = '2011-12-31' and customer_id <> 'c-0017')"
        )
        told = explain_customer(database, "c-0017")

        assert {(r.direction, r.reason_rank) for r in told.reasons} == {
            ("raises", 1),
            ("raises", 2),
            ("lowers", 1),
        }
        assert told.reasons[0].direction == "raises"
        assert "no purchase for 94 days (usual: 31 days)" in shown(told)
        assert "+1.50" in shown(told)
        assert not told.wants_reasons

    def test_it_says_who_acts_by_which_rule(self, edited: Callable[[str], Path]) -> None:
        database = edited(
            "update scorecard.predictions set churn_probability = 0.45, acts_by_rule = true, "
            "acts_by_value = false, value_threshold = 0.5, owner_role = 'account manager' "
            "where customer_id = 'c-0017'"
        )
        text = " ".join(shown(explain_customer(database, "c-0017")).split())

        assert "account manager acts by the fixed limit; an offer does not pay: not above" in text

    def test_it_says_that_nobody_may_be_contacted_without_consent(
        self, edited: Callable[[str], Path]
    ) -> None:
        database = edited(
            "update scorecard.predictions set acts_by_rule = true, acts_by_value = false, "
            "value_threshold = 0.5, owner_role = 'account manager', may_contact = false, "
            "held_reason = 'consent_unknown' where customer_id = 'c-0017'"
        )
        text = " ".join(shown(explain_customer(database, "c-0017")).split())

        assert "held: nobody asked for consent to marketing" in text

    def test_the_last_good_version_of_an_older_release_says_no_action(
        self, edited: Callable[[str], Path]
    ) -> None:
        database = edited("alter table scorecard.predictions drop column acts_by_rule")
        told = explain_customer(database, "c-0017")

        assert told.outlook is not None
        assert told.outlook.acts_by_rule is None
        assert "nobody" not in shown(told)

    def test_reasons_that_cannot_be_computed_are_left_out_with_a_word(
        self, edited: Callable[[str], Path], settings: Settings
    ) -> None:
        database = edited(
            "update scorecard.predictions set churn_probability = 0.2, churn_method = 'estimator' "
            "where customer_id = 'c-0017'; "
            "delete from scorecard.churn_reasons where customer_id = 'c-0017'"
        )
        asked = explain_customer(database, "c-0017")
        told = with_reasons(asked, settings)

        assert asked.wants_reasons
        assert told.reasons == ()
        assert "churn-1a2b3c4d" in told.reasons_note
        assert "churn-1a2b3c4d is described" in " ".join(shown(told).split())

    def test_a_rule_has_no_reasons_and_none_are_looked_for(
        self, database: Path, settings: Settings
    ) -> None:
        asked = replace(explain_customer(database, "c-0017"), reasons=())

        assert not asked.wants_reasons
        assert with_reasons(asked, settings) is asked
