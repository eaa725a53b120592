"""The company at a glance: figures are SQL's, gaps stay gaps, what is missing is named."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from orchestration.release import glance_charts
from orchestration.release.glance import PARTS, read_glance
from orchestration.release.manifest import ProductEntry
from orchestration.release.reading import open_database
from tests.orchestration.release.conftest import CompanyFolder
from tests.orchestration.release.test_report import Page

YEAR = [
    date(2011, month, day)
    for month, day in zip(
        range(1, 13), (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True
    )
]


def rows(company: CompanyFolder, query: str) -> list[tuple[object, ...]]:
    with open_database(company.folder / "release.duckdb") as con:
        return con.execute(query).fetchall()


def test_nothing_is_missing_where_all_is_measured(whole: CompanyFolder) -> None:
    glance = whole.glance()

    assert glance.missing == {}
    assert glance.months == YEAR


def test_customers_are_counted_by_tier_and_kind(whole: CompanyFolder) -> None:
    found = {
        (row["tier"], row["customer_kind"]): row["customer_count"]
        for row in whole.glance().customers
    }

    expected = rows(
        whole,
        """
        select tier, customer_kind, count(*) from scorecard.customer_indicators
        inner join scorecard.customers using (customer_id)
        where as_of_date = '2011-12-31' group by all
        """,
    )
    assert found == {(tier, kind): count for tier, kind, count in expected}
    assert sum(found.values()) == 240


def test_movements_lead_from_opening_to_closing_in_every_month(whole: CompanyFolder) -> None:
    before = Decimal(0)
    for row in whole.glance().mrr:
        moved = sum(
            row[name] for name in ("new", "expansion", "reactivation", "contraction", "churned")
        )
        assert row["opening"] == before
        assert row["opening"] + moved == row["closing"]
        before = row["closing"]
    assert before > 0


def test_tickets_are_counted_only_where_support_was_measured(whole: CompanyFolder) -> None:
    tickets = whole.glance().tickets

    assert [row["as_of_date"] for row in tickets] == YEAR[2:]
    opened, solved = rows(
        whole,
        """
        select count(*), count(solved_at) filter (where last_day(solved_at) <= '2011-12-31')
        from scorecard.tickets
        where exclusion_reason is null and month_end <= '2011-12-31'
        """,
    )[0]
    assert sum(row["opened"] for row in tickets) == opened
    assert tickets[-1]["backlog"] == opened - solved  # type: ignore[operator]


def test_a_measured_month_without_tickets_keeps_the_backlog(
    changed: Callable[..., CompanyFolder],
) -> None:
    tickets = (
        changed(
            "delete from scorecard.tickets where month_end = '2011-08-31'",
            "update scorecard.tickets set solved_at = '2011-09-02' "
            "where last_day(solved_at) = '2011-08-31'",
        )
        .glance()
        .tickets
    )
    by_month = {row["as_of_date"]: row for row in tickets}

    august, july = by_month[date(2011, 8, 31)], by_month[date(2011, 7, 31)]
    assert (august["opened"], august["solved"]) == (0, 0)
    assert august["backlog"] == july["backlog"]


def test_a_silent_survey_month_is_zero_and_an_unmeasured_one_is_no_row(
    whole: CompanyFolder,
) -> None:
    surveys = {row["as_of_date"]: row for row in whole.glance().surveys}

    assert sorted(surveys) == YEAR[3:10]
    assert surveys[date(2011, 7, 31)]["answered"] == 0
    expected = rows(
        whole,
        """
        select count(*) filter (where answer >= 9), count(*) filter (where answer between 7 and 8),
            count(*) filter (where answer <= 6)
        from scorecard.survey_responses
        where measure = 'nps' and month_end <= '2011-10-31'
        """,
    )[0]
    assert expected == tuple(
        sum(row[name] for row in surveys.values()) for name in ("high", "middle", "low")
    )


def test_overdue_steps_add_up_to_what_is_overdue(whole: CompanyFolder) -> None:
    overdue = whole.glance().overdue

    count, amount = rows(
        whole,
        "select count(*), sum(open_amount) from scorecard.invoices "
        "where payment_status = 'overdue'",
    )[0]
    assert [(row["from_days"], row["to_days"]) for row in overdue] == [
        (1, 30),
        (31, 60),
        (61, 90),
        (91, None),
    ]
    assert sum(row["invoice_count"] for row in overdue) == count
    assert sum(row["amount"] for row in overdue) == amount


def test_nothing_overdue_is_a_zero_where_payments_are_measured(
    changed: Callable[..., CompanyFolder],
) -> None:
    glance = changed("update scorecard.invoices set payment_status = 'paid'").glance()

    assert [row["invoice_count"] for row in glance.overdue] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("part", "statement", "reason"),
    [
        ("mrr", "delete from scorecard.mrr_movements", "billing sent no subscriptions"),
        (
            "overdue",
            "update scorecard.invoices set payment_status = 'not_measured'",
            "billing sent no payments",
        ),
        (
            "tickets",
            "update scorecard.customer_activity set tickets_opened = null",
            "the service desk sent nothing",
        ),
        (
            "surveys",
            "update scorecard.customer_activity set surveys_answered = null",
            "the survey tool sent nothing",
        ),
        (
            "usage",
            "update scorecard.customer_activity set active_days = null",
            "the product sent nothing of its use",
        ),
        (
            "customers",
            "update scorecard.customers set customer_kind = null",
            "the CRM says of no customer whether it is an organisation or a person",
        ),
        (
            "customers",
            "alter table scorecard.customers drop column customer_kind",
            "the last good version of customers is of an older release, without customer_kind",
        ),
        ("identity", "drop table scorecard.identity_summary", "is not in this release"),
        ("findings", "drop table scorecard.source_findings", "is not in this release"),
        ("systems", "drop table scorecard.source_months", "is not in this release"),
    ],
)
def test_what_cannot_be_drawn_is_named_and_the_rest_stays(
    whole: CompanyFolder,
    changed: Callable[..., CompanyFolder],
    part: str,
    statement: str,
    reason: str,
) -> None:
    glance = changed(statement).glance()

    assert list(glance.missing) == [part]
    assert reason in glance.missing[part].reason
    assert not getattr(glance, part)
    before = whole.glance()
    for other in set(PARTS) - {part}:
        assert getattr(glance, other) == getattr(before, other), other


def test_a_held_product_gives_its_reason(changed: Callable[..., CompanyFolder]) -> None:
    company = changed("drop table scorecard.tickets")
    manifest = company.manifest(
        {
            "service": ProductEntry(
                "hold", False, "too few rows", None, None, None, 0, (), ("tickets",)
            )
        }
    )

    with open_database(company.folder / "release.duckdb") as con:
        glance = read_glance(con, manifest)

    assert glance.missing["tickets"].reason == "tickets did not pass its gate: too few rows"


def test_findings_that_are_not_listed_are_counted(changed: Callable[..., CompanyFolder]) -> None:
    company = changed(
        "insert into scorecard.source_findings by name select concat('rule_', i) as rule_id, "
        "'crm' as source_system, 'leads' as source_table, 'flagged' as action, 1 as row_count, "
        "9000 as checked_count, 0.000111 as share from range(20) as numbers (i)"
    )
    glance = company.glance()
    text = Page(company.page()).text

    assert (len(glance.findings), glance.finding_count, glance.silent_rule_count) == (12, 24, 1)
    assert "12 more with fewer rows. 1 more rule looked and found nothing." in text
    assert "< 0.1 %" in text


def test_customers_who_came_later_are_told_apart(changed: Callable[..., CompanyFolder]) -> None:
    company = changed(
        "delete from scorecard.customers where customer_id <= 'c-0007'",
        "delete from scorecard.identity_summary where link_method = 'unresolved'",
    )

    assert company.glance().later_customer_count == 7
    text = Page(company.page()).text
    assert "none was left over. 7 of the customers were first seen after the newest month." in text


def test_the_page_shows_every_part_and_fetches_nothing(whole: CompanyFolder) -> None:
    html = whole.page(company="Bright Parts", is_simulated=True)
    page = Page(html)

    for title in (
        "Customers by tier and kind",
        "Recurring revenue",
        "What recurring revenue gained and lost",
        "Tickets",
        "Would you recommend us?",
        "Customers who use the product",
        "Invoices overdue",
        "Measured time",
        "became 240 customers",
        "Payment without invoice",
    ):
        assert title in page.text, title
    assert page.tiles["Open tickets"] == str(whole.glance().tickets[-1]["backlog"])
    assert page.tiles["Use the product"] == str(whole.glance().usage[-1]["active_count"])
    assert "Not shown" not in page.text
    assert re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe|url\((?!#)", html) is None
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_the_page_of_billing_alone_draws_no_empty_chart(
    changed: Callable[..., CompanyFolder],
) -> None:
    marts = {mart for part in PARTS.values() for mart in part.marts}
    only_billing = {"customers", "customer_indicators"}
    html = changed(*(f"drop table scorecard.{mart}" for mart in marts - only_billing)).page()
    text = Page(html).text

    for title in ("Tickets", "Recurring revenue", "Active in the product"):
        assert f"{title} :" in text
    assert "Open tickets" not in text
    assert 'id="mrr' not in html
    assert "Revenue of each month" in text


def test_months_that_nobody_measured_keep_their_place_on_the_axis(whole: CompanyFolder) -> None:
    glance = whole.glance()

    svg = glance_charts.recommendation_by_month(glance.surveys, glance.months)

    assert "Dec 11" in svg
    bars = re.findall(r'aria-roledescription="bar"', svg)
    assert len(bars) == 3 * len([row for row in glance.surveys if row["answered"] is not None])


def test_a_gap_breaks_the_line(whole: CompanyFolder) -> None:
    glance = whole.glance()
    shown = [row for row in glance.usage if row["as_of_date"].month not in (5, 6)]

    svg = glance_charts.active_in_product(shown, glance.months)

    (line,) = re.findall(r'aria-roledescription="line mark container"><path[^>]*d="([^"]+)"', svg)
    assert line.count("M") == 2


def test_an_unknown_kind_or_method_is_drawn_too() -> None:
    kinds = [{"tier": None, "customer_kind": "household", "customer_count": 3, "active_count": 1}]
    links = [{"source_system": "till", "link_method": "loyalty_card", "record_count": 4}]

    assert "No tier" in glance_charts.customers_by_tier(kinds)
    assert "loyalty card" in glance_charts.linked_records(links)
