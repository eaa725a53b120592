"""The pages of the report: figures are the marts', gaps are named, each page stands alone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.release.formats import (
    format_amount,
    format_duration,
    format_hours,
    format_interval,
    format_money,
    format_number,
    format_percent,
    format_signed,
)
from orchestration.release.manifest import ProductEntry
from orchestration.release.pages import charts, experience, measured, relationship, retention
from orchestration.release.pages.model import PageSpec
from orchestration.release.reading import open_database
from orchestration.release.report import CHINESE_PAGES, PAGES
from orchestration.release.store import Release
from orchestration.release.untold import FEW
from tests.orchestration.release.conftest import CompanyFolder
from tests.orchestration.release.test_report import Page

ROOT = Path(__file__).parents[3]


class Tables(HTMLParser):
    """The tables of a page by caption: rows of cells, as text; marks in square brackets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._caption: list[str] = []
        self._rows: list[list[str]] = []
        self._place = ""
        self._is_mark = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._caption, self._rows = [], []
        elif tag == "caption":
            self._place = "caption"
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("th", "td"):
            self._place = "cell"
            self._rows[-1].append("")
        elif tag == "span":
            self._is_mark = "pill" in (dict(attrs).get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "th", "td"):
            self._place = ""
        elif tag == "span":
            self._is_mark = False
        elif tag == "table":
            self.found["".join(self._caption)] = self._rows

    def handle_data(self, data: str) -> None:
        text = data.replace("\u00a0", " ").replace("\u2060", "")
        if self._place == "caption":
            self._caption.append(text)
        elif self._place == "cell" and text.strip():
            self._rows[-1][-1] += f"[{text.strip()}]" if self._is_mark else text

    def cells(self, caption: str) -> list[list[str]]:
        """Rows of a table without its head."""
        return [[cell.strip() for cell in row] for row in self.found[caption][1:]]


@pytest.fixture(scope="session")
def pages(whole: CompanyFolder) -> Mapping[str, str]:
    return whole.pages(company="Bright Parts", is_simulated=True)


def one(company: CompanyFolder, query: str) -> tuple[Any, ...]:
    with open_database(company.folder / "release.duckdb") as con:
        (row,) = con.execute(query).fetchall()
    return tuple(row)


def few(count: int) -> str:
    return "<5" if 0 < count < 5 else str(count)


def shown(value: str) -> str:
    return value.replace("\u00a0", " ").replace("\u2060", "")


def section(html: str, name: str) -> str:
    """The words of one section."""
    found = re.search(rf'<section id="{name}">(.*?)</section>', html, re.DOTALL)
    assert found, name
    return Page(found[1]).text


def test_a_measure_of_a_group_is_no_indicator_of_a_customer(pages: Mapping[str, str]) -> None:
    text = Page(pages["measured.html"]).text
    assert "Revenue, 12 months" in text
    assert "Revenue of the customer base" not in text


def test_every_page_of_the_whole_company_tells_every_topic(pages: Mapping[str, str]) -> None:
    assert list(pages) == [page.file_name for page in PAGES]
    for html in pages.values():
        assert "Not measured</h3>" not in html


def test_every_column_a_page_reads_is_published() -> None:
    """A column that a contract renames would show as a product of an older release."""
    contracts: dict[str, set[str]] = {}
    for path in (ROOT / "models" / "scorecard").rglob("_*models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            contracts[model["name"]] = {column["name"] for column in model.get("columns", [])}

    for page in PAGES:
        for topic in page.topics:
            for mart, columns in topic.part.marts.items():
                assert set(columns) <= contracts[mart], (page.key, topic.id, mart)


def test_the_table_of_tiers_is_the_marts(pages: Mapping[str, str], whole: CompanyFolder) -> None:
    cells = Tables(pages["service.html"]).cells("By tier, twelve months")

    with open_database(whole.folder / "release.duckdb") as con:
        expected = con.execute(
            """
            select tier, ticket_count, resolved_count, is_low_n, resolution_business_minutes_p50,
                resolution_business_minutes_p90, first_reply_business_minutes_mean, open_count,
                open_age_days_max
            from scorecard.service_by_tier
            where period_months = 12 and as_of_date = '2011-12-31'
            """
        ).fetchall()
    found = {row[0]: row[1:] for row in cells}
    names = {"all": "All", "none": "No tier"}
    assert len(found) == len(expected) == 5
    for tier, opened, solved, is_low_n, median, ninety, reply, waiting, oldest in expected:
        assert found[names.get(tier, f"Tier {tier}")] == [
            few(opened),
            f"{few(solved)} [small n]" if is_low_n else few(solved),
            shown(format_hours(median)),
            shown(format_hours(ninety)),
            shown(format_hours(reply)),
            few(waiting),
            "–" if oldest is None else f"{oldest} days",
        ]


@pytest.mark.parametrize(
    ("page", "caption", "row"),
    [
        (
            "service",
            "Solved at first contact, 12 months",
            ["Tier B", "200", "50.0 %", "45.0 % to 55.0 %", "55.0 %", "55.0 %", "5"],
        ),
        (
            "service",
            "What became of complaints, twelve months",
            ["Tier C", "<5 [small n]", "25.5", "80.0 %", "10.0 %", "40.0 %", "70.0 %"],
        ),
        (
            "service",
            "Time to solve against the target, 12 months",
            ["Tier A", "120", "10.2 h", "11.0 h"],
        ),
        (
            "service",
            "Settled without a person, twelve months",
            ["Help centre", "–", "–", "–", "–", "–"],
        ),
        ("service", "By team, twelve months", ["t-2", "18", "42.0 %", "61.0 % [small n]", "76.5"]),
        (
            "service",
            "What service costs, twelve months",
            ["Tier C", "£3,000", "£20", "£300", "£9,000", "4.50"],
        ),
        (
            "experience",
            "Net promoter score by group, 12 months",
            ["Tier B", "20", "45.0 [small n]", "30.5 to 59.5", "+20.5 [real]", "14.5"],
        ),
        (
            "experience",
            "Where it hurts, twelve months",
            [
                "–",
                "Major complaint: satisfied: 4 or 5 of 5",
                "<5 [small n]",
                "×1.00",
                "–",
                "<5",
            ],
        ),
        (
            "experience",
            "Do auditors agree with the system?",
            [
                "Invoice query",
                "40",
                "85.0 %",
                "71.0 % to 93.0 %",
                "70.0 %",
                "60.0 %",
                "in doubt",
            ],
        ),
        (
            "experience",
            "Did improvement projects help?",
            ["A new page", "Invoice query", "50.0 %", "65.0 %", "+10.0", "+6.0 to +14.0", "better"],
        ),
        (
            "experience",
            "Did improvement projects help?",
            ["A new form", "Invoice query", "–", "–", "–", "–", "rolling out"],
        ),
        (
            "experience",
            "The journey, 12 months",
            ["Purchase", "240", "180", "75.0 %", "68.0 % to 81.0 %", "60"],
        ),
        ("experience", "Who owns it", ["Executive call", "no owner [finding]", "–", "40.0 %"]),
        (
            "experience",
            "Ticket, twelve months",
            ["Open", "290", "10.0 h", "5.0 d", "5.0 %", "9"],
        ),
        (
            "experience",
            "What to do about it",
            ["Money (cost)", "70.0 [small n]", "20.0 %", "keep it up"],
        ),
        (
            "retention",
            "Active customers over the year",
            ["Dec 2011", "180", "52", "6", "40", None],
        ),
        ("retention", "Lost and won back", ["All", "72", "25.0 %", "9"]),
        (
            "retention",
            "Payback by channel",
            ["Social", "6 [small n]", "£250", "5.0 months [small n]"],
        ),
        ("retention", "Cost by channel, 12 months", ["Search", "£7,500", "30", "£250", "£100"]),
        (
            "relationship",
            "Moves of the month",
            ["Familiar", "100", "…", "80", "12", "·", "<5"],
        ),
        (
            "relationship",
            "Behind these shares",
            ["Alerts of relationship health", "40", "8", "50", "20", "7", "70"],
        ),
        ("relationship", "Open alerts, by what raised them", ["Falling health", "<5", "–", "2"]),
        (
            "relationship",
            "What became of the grades of a year ago",
            ["Grade E", "20", "50.0 % [small n]", "0.0 % to 90.0 %", "10"],
        ),
        (
            "measured",
            "2 indicators measured for some",
            [
                "Value trendvalue_trend",
                "75.0 %",
                "150",
                "0",
                "Data begin within its window: billing (month to 2011-01-31)",
                "Revenue of 6 months against the same months a year before",
            ],
        ),
        (
            "measured",
            "2 indicators measured for some",
            [
                "tickets_resolved_6mtickets_resolved_6m",
                "25.0 %",
                "50",
                "150",
                "150 had no case in its window",
                "–",
            ],
        ),
        (
            "measured",
            "1 indicator measured for nobody",
            [
                "satisfaction_indexsatisfaction_index",
                "Support or surveys",
                "Not connected: survey",
                "–",
            ],
        ),
    ],
)
def test_tables_show_the_marts_figures(
    pages: Mapping[str, str], page: str, caption: str, row: list[str | None]
) -> None:
    cells = Tables(pages[f"{page}.html"]).cells(caption)

    assert any(
        len(found) == len(row)
        and all(want in (None, have) for want, have in zip(row, found, strict=True))
        for found in cells
    ), cells


def test_stages_and_decline_are_the_customers(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    declining, staying, worth, left = one(
        whole,
        """
        select
            count(*) filter (is_stage_declining),
            count(*) filter (relationship_stage <> 'exit'),
            sum(revenue_12m) filter (is_stage_declining),
            count(*) filter (relationship_stage = 'exit')
        from scorecard.customer_indicators where as_of_date = '2011-12-31'
        """,
    )
    page = Page(pages["relationship.html"])

    assert f"{declining} of {staying} relationships are declining" in page.text
    assert f"{left} customers have left" in page.text
    assert page.tiles["Declining"] == str(declining)
    assert page.tiles["Value at stake there"].endswith(f"{float(worth) / 1e3:.1f}\u00a0k")


def test_movements_of_the_year_lead_to_the_closing_figure(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    (closing,) = one(
        whole,
        "select sum(closing_mrr) from scorecard.mrr_movements where as_of_date = '2011-12-31'",
    )
    steps = Tables(pages["retention.html"]).cells("Movements of the year")

    amounts = [Decimal(re.sub(r"[£,]", "", text).replace("−", "-")) for _, text in steps]
    assert sum(amounts[:-1]) == amounts[-1] == closing
    assert shown(format_amount(closing, "£")) == steps[-1][1]


def test_every_customer_with_a_score_is_in_the_histogram(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    (scored,) = one(
        whole,
        "select count(relationship_health) from scorecard.customer_indicators "
        "where as_of_date = '2011-12-31'",
    )
    cells = Tables(pages["relationship.html"]).cells("Customers by health")

    assert len(cells) == 10
    assert sum(int(count) for _, count in cells) == scored


def test_the_newest_closed_assessment_stands(pages: Mapping[str, str]) -> None:
    """One that is still open is shown beside it, as so far."""
    html = pages["organisation.html"]
    text = shown(section(html, "overall"))
    assert "Y-2011 comes to 40.5 %: above the published mean (35 %)" in text
    assert "no quartile is told" in text
    assert [row[:2] for row in Tables(html).cells("Assessments")] == [
        ["Y-2010", "36.0 %"],
        ["Y-2011", "40.5 %"],
        ["Y-2012, so far", "80.0 %"],
    ]
    assert "Weakest: Measurement" in shown(section(html, "sections"))


def test_a_gap_of_perception_stands_with_the_figure_behind_it(pages: Mapping[str, str]) -> None:
    cells = Tables(pages["organisation.html"]).cells("Gaps of perception")
    assert [[*row[1:4], shown(row[4])] for row in cells] == [
        ["3.5", "1.0", "+2.5", "Share of customers: 40.0 %"],
        ["2.0", "4.0", "−2.0", "Share of customers: 97.0 %"],
        ["–", "–", "–", "Share of customers: not measured"],
    ]
    text = shown(section(pages["organisation.html"], "perception"))
    assert "thinks better of itself than its figures do in 1, and worse in 1" in text
    assert "1 practice cannot be measured this month" in text


def test_open_practices_and_claims_without_evidence_are_listed(pages: Mapping[str, str]) -> None:
    tables = Tables(pages["organisation.html"])
    assert tables.cells("Open practices") == [["Campaigns are measuredP07.1", "all"]]
    assert tables.cells("Claims without evidence") == [
        ["Customers are rankedP01.1", "3.5", "1.0", "The figures"]
    ]


def test_without_an_assessment_the_organisation_is_not_measured(
    changed: Callable[..., CompanyFolder],
) -> None:
    marts = ("overall", "sections", "practices", "agreement")
    html = changed(*(f"delete from scorecard.cmat_{mart}" for mart in marts)).pages("organisation")
    text = html["organisation.html"]
    assert text.count("Not measured</h3>") == 6
    assert "no assessment of the organisation was recorded" in Page(text).text.lower()


def test_a_system_that_fell_silent_shows_its_newest_month(pages: Mapping[str, str]) -> None:
    """The surveys ended in October; the service desk still sends."""
    experience_page = pages["experience.html"]

    recommend = section(experience_page, "recommend")
    assert "as of 31 October 2011" in recommend
    assert "not measured since" in recommend
    assert "not measured since" not in section(pages["service.html"], "speed")


def test_cohorts_that_are_not_decided_are_marked(pages: Mapping[str, str]) -> None:
    cells = Tables(pages["experience.html"]).cells("Went on to the next stage, by month of entry")
    by_month = {row[0]: row[1:] for row in cells}

    assert by_month["Dec 2011"] == ["too early", "too early"]
    assert by_month["Jan 2011"] == ["75 %", "75 %"]


def test_a_crisis_is_listed_once_as_known_last(pages: Mapping[str, str]) -> None:
    cells = Tables(pages["service.html"]).cells("Crises, newest first")
    ends = {row[0]: row[4] for row in cells}

    assert ends == {"Login": "4 October 2011", "Delivery": "not yet"}
    assert "2 crises in the months measured" in section(pages["service.html"], "crises")
    assert "1 not over yet" in section(pages["service.html"], "crises")


def test_no_crisis_is_a_finding_and_no_gap(changed: Callable[..., CompanyFolder]) -> None:
    html = changed("delete from scorecard.complaint_episodes").pages("service")["service.html"]

    text = section(html, "crises")
    assert "None was found in the months measured (Mar 2011 to Dec 2011)" in text
    assert "Not measured" not in text


def test_a_region_served_below_its_tier_is_said(changed: Callable[..., CompanyFolder]) -> None:
    html = changed("select 1").pages("service")["service.html"]

    text = section(html, "below-tier")
    assert "Tier A in North is served below its tier since Jul 2011." in text
    assert "30 of 40" in text
    assert f"{FEW} of 80" in text


def test_no_region_below_its_tier_is_a_finding(changed: Callable[..., CompanyFolder]) -> None:
    html = changed(
        "update scorecard.service_level_cases set is_case = false, case_since = null"
    ).pages("service")["service.html"]

    text = section(html, "below-tier")
    assert "No region stands out" in text
    assert "Not measured" not in text


def test_a_campaign_is_said_to_work_only_where_its_control_group_shows_it(
    pages: Mapping[str, str], changed: Callable[..., CompanyFolder]
) -> None:
    cells = Tables(pages["retention.html"]).cells("Cost and return of campaigns")
    assert [row[0] for row in cells] == ["c-2", "c-1"]
    assert [row[-1] for row in cells] == ["–", "200.0 %"]
    text = section(pages["retention.html"], "campaigns")
    assert "c-1 brought nothing that can be told from chance" in text
    assert "Its groups are smaller than planned" in text
    works = changed("update scorecard.campaign_effects set incremental_value_low = 10").pages()
    assert "c-1 itself brought £40" in section(works["retention.html"], "campaigns")
    alone = changed("delete from scorecard.campaign_effects").pages()
    assert "No campaign had a control group" in section(alone["retention.html"], "campaigns")


def test_scores_are_said_to_warn_only_where_red_is_beyond_chance(
    pages: Mapping[str, str], changed: Callable[..., CompanyFolder]
) -> None:
    text = section(pages["proof.html"], "warned")
    assert "40.0 % of the red left within six months, 5.0 % of the green, 8.0 times as many" in text
    assert "Of 90 cases of leaving, 44.4 % were red before" in text
    tables = Tables(pages["proof.html"])
    (cells,) = tables.cells("Share who left within six months, by band")
    assert cells[1:] == [
        "600",
        *("5.0 %", "3.0 % to 9.0 %"),
        *("15.0 %", "11.0 % to 21.0 %"),
        *("40.0 %", "31.0 % to 50.0 %"),
        "warns: 8.0 times as many",
    ]
    (cells,) = tables.cells("How well each score warns")
    assert cells[:6] == ["Retail value from billing", "0.71", "0.72", "44.4 %", "11.8 %", "77"]
    assert "in 1 of 1 months more of the red than of the green left" in text
    assert "Of 1 scorecards, 1 tell those who leave from those who stay" in text

    def told(change: str) -> str:
        spoilt = changed(f"update scorecard.scorecard_backtest set {change}").pages("proof")
        return section(spoilt["proof.html"], "warned")

    assert "cannot be told from chance" in told("red_churn_low = 0.08")
    assert "the wrong way round" in told("red_churn_low = 0.01, red_churn_high = 0.02")
    assert "amber is out of order" in told("is_monotone = false")
    assert "Of 1 scorecards, 0 tell" in told("is_monotone = false")
    assert "flatter it" not in text
    assert "Retail value from billing *" in told("is_partly_in_sample = true")
    assert "too few customers to tell" in told("is_red_churn_low_n = true")
    assert "a band is empty" in told(
        "red_churn_ratio = null, red_churn_low = null, red_churn_high = null"
    )


def test_the_worth_of_the_customers_is_walked_from_month_to_month(pages: Mapping[str, str]) -> None:
    tables = Tables(pages["value.html"])
    assert tables.cells("Steps of the change") == [
        ["A month ago", "£48.0 k"],
        ["More or fewer purchases expected", "−£1,500"],
        ["More or less from each", "£2,500"],
        ["Another estimator", "£300"],
        ["New and returned", "£1,200"],
        ["Lost", "−£500"],
        ["Now", "£50.0 k"],
    ]
    text = section(pages["value.html"], "equity")
    assert "£2,000 more than a month ago" in text
    assert f"{FEW} customers are expected to cost more than earned" in text
    assert tables.cells("Value against cost by channel") == [
        ["All", "36", "£750", "£250", "3.0 times"]
    ]


def test_a_first_month_has_no_change_and_revenue_no_ratio(
    changed: Callable[..., CompanyFolder],
) -> None:
    html = changed(
        "update scorecard.customer_equity set opening_equity_12m = null, "
        "expected_new_equity = null",
        "update scorecard.new_customer_value set ltv_to_cac = null, "
        "ltv_to_cac_missing_reason = 'basis_is_revenue'",
    ).pages("value")["value.html"]
    assert "Steps of the change" not in html
    assert "from next month on" in section(html, "equity")
    assert "Value cannot be held against cost: only revenue known" in section(html, "new-customers")


def test_the_parts_of_value_are_told_by_tier_with_how_they_were_learnt(
    pages: Mapping[str, str],
) -> None:
    rows = Tables(pages["value.html"]).cells("The three parts by tier")
    assert [row[0] for row in rows] == ["All", "Tier A", "Tier B"]
    assert rows[1] == ["Tier A", "<5", "–", "–", "<5", "–", "<5"]
    said = section(pages["value.html"], "parts")
    assert "(gross margin) in twelve months from categories" in said
    assert "better than the plain rate" in said


def test_a_potential_that_is_not_measured_says_why(changed: Callable[..., CompanyFolder]) -> None:
    html = changed(
        "update scorecard.customer_value set potential_value_12m = null, potential_method = null, "
        "potential_missing_reason = 'no_categories'"
    ).pages("value")["value.html"]
    said = section(html, "parts")
    assert "Potential is not measured: billing names no categories of products." in said
    assert Tables(html).cells("The three parts by tier")[1][3] == "–"


UNMEASURED = {
    "service_by_tier": ("service", "speed", "the service desk sent nothing"),
    "service_level_cases": ("service", "below-tier", "which service level was applied"),
    "complaints_by_tier": ("service", "complaints", "the service desk sent nothing"),
    "self_service": ("service", "self-service", "neither the service desk nor the help centre"),
    "team_indicators": ("service", "teams", "does not say which team solved what"),
    "efficiency_by_tier": ("service", "efficiency", "times, costs or targets are not measured"),
    "nps_by_group": ("experience", "recommend", "the survey tool sent nothing"),
    "satisfaction_by_group": ("experience", "satisfaction", "the survey tool sent nothing"),
    "anchor_attainment": ("experience", "moments", "none of these moments was seen"),
    "journey_funnel": ("experience", "journey", "there are no rows for it"),
    "touchpoints": ("experience", "touchpoints", "no system sent contacts"),
    "process_steps": ("experience", "processes", "sent no steps of its cases"),
    "perceived_value_by_group": ("experience", "perceived-value", "no survey asks for it"),
    "portfolio_indicators": ("retention", "kept", "do not reach back twelve months"),
    "scorecard_backtest": ("proof", "warned", "no month has all of its outcomes yet"),
    "weight_sensitivity": ("proof", "sensitivity", "too few customers have a score"),
    "value_segments": ("scorecards", "segments", "no yearly review has set the cuts yet"),
    "portfolio_scorecard": ("scorecards", "balanced", "too little of the balanced scorecard"),
    "account_scorecard": ("scorecards", "organisations", "no organisation has several customers"),
    "mrr_movements": ("retention", "recurring", "billing sent no subscriptions"),
    "acquisition_cost": ("retention", "acquisition", "nobody sent the cost of marketing"),
    "customer_equity": ("value", "equity", "no month was valued yet"),
    "customer_value": ("value", "parts", "no month was valued yet"),
    "new_customer_value": ("value", "new-customers", "nobody sent the cost of marketing"),
    "upsell_predictions": ("potential", "upsell", "no year to compare with"),
    "customer_clusters": ("potential", "groups", "no yearly review has found stable groups"),
    "campaign_performance": ("retention", "campaigns", "nobody sent the cost of campaigns"),
    "stage_transitions": ("relationship", "moves", "no stage could be judged"),
    "rhi_alert_performance": ("relationship", "alerts", "no customer was lost yet"),
    "credit_by_grade": ("relationship", "credit", "billing sent no payments"),
    "kpi_associations": ("relationship", "together", "no pair of measures has enough customers"),
    "indicator_coverage": ("measured", "coverage", "there are no rows for it"),
}


def test_a_system_that_is_not_there_is_named_and_draws_nothing(
    changed: Callable[..., CompanyFolder],
) -> None:
    emptied = changed(
        *(f"delete from scorecard.{mart}" for mart in UNMEASURED),
        "update scorecard.customer_indicators set relationship_stage = null, "
        "relationship_health = null, is_silent_loyalist = null, is_silent_leaver = null, "
        "frequent_complainer = null, iceberg_quadrant = null",
    ).pages()

    for name, topic, reason in UNMEASURED.values():
        text = section(emptied[f"{name}.html"], topic)
        assert "Not measured" in text
        assert reason.lower() in text.lower(), topic
    for topic in ("stages", "health", "silence", "iceberg"):
        assert "Not measured" in section(emptied["relationship.html"], topic)
    assert "<svg viewBox" not in emptied["relationship.html"]
    assert "<svg viewBox" not in emptied["service.html"]


def test_the_signs_of_silence_are_told_with_what_became_of_them(
    changed: Callable[..., CompanyFolder],
) -> None:
    """Of ten who showed them four are lost, of twenty others one."""

    def first(number: int) -> str:
        return (
            "customer_id in (select customer_id from scorecard.customer_indicators where "
            f"as_of_date = date '2011-06-30' order by customer_id limit {number})"
        )

    html = changed(
        f"delete from scorecard.customer_indicators where not {first(30)}",
        "update scorecard.customer_indicators set is_active = true, "
        f"is_silent_leaver = {first(10)}",
        "update scorecard.customer_indicators set lifecycle_state = case when "
        f"as_of_date = '2011-12-31' and ({first(4)} or {first(11)} and not {first(10)}) "
        "then 'lost' else 'mature' end",
    ).pages("relationship")["relationship.html"]

    text = shown(section(html, "silence"))
    assert "10 customers show the signs of leaving in silence" in text
    assert "of the 10 who showed them half a year ago 40.0 % are lost now" in text
    assert "of the other active customers 5.0 %" in text


def test_months_without_a_figure_are_dashes_and_no_zeros(
    changed: Callable[..., CompanyFolder],
) -> None:
    html = changed(
        "update scorecard.service_by_tier set resolved_count = null, "
        "resolution_business_minutes_p50 = null, resolution_business_minutes_p90 = null "
        "where as_of_date = '2011-08-31'"
    ).pages("service")["service.html"]

    rows = {
        row[0]: row for row in Tables(html).cells("Time to solve and backlog by month, all tiers")
    }
    assert rows["Aug 2011"][2:5] == ["–", "–", "–"]
    assert rows["Jul 2011"][3] == "16.0 h"


def test_no_mart_at_all_leaves_pages_that_say_so(changed: Callable[..., CompanyFolder]) -> None:
    marts = {mart for page in PAGES for topic in page.topics for mart in topic.part.marts}
    pages = changed(*(f"drop table scorecard.{mart}" for mart in marts)).pages()

    for page in PAGES:
        html = pages[page.file_name]
        assert html.count("<h3>Not measured</h3>") == len(page.topics)
        assert "<svg viewBox" not in html
        assert "Nothing of this page is measured as one figure" in html


def test_an_older_version_without_a_column_says_which(
    changed: Callable[..., CompanyFolder],
) -> None:
    html = changed("alter table scorecard.nps_by_group drop column weighted_nps").pages(
        "experience"
    )

    text = section(html["experience.html"], "responses")
    reason = "The last good version of nps_by_group is of an older release, without weighted_nps."
    assert reason in text


def test_a_held_product_is_marked_on_its_page_and_on_no_other(whole: CompanyFolder) -> None:
    everything = whole.manifest().products["customers"]
    held = ProductEntry(
        "hold", True, "too few rows", "r-0", "2011-11-30", "run-0", 3, (), ("service_by_tier",)
    )
    others = replace(everything, marts=tuple(set(everything.marts) - {"service_by_tier"}))
    pages = whole.pages("service", "retention", products={"customers": others, "service": held})

    page = Page(pages["service.html"]).text
    assert "Part of this page is older than the release" in page
    assert "you see the last good version, of 30 November 2011 (release r-0 )" in page
    assert "Reason: too few rows" in page
    assert "Held: last good version" in section(pages["service.html"], "speed")
    assert "Held: last good version" not in section(pages["service.html"], "complaints")
    assert "older than the release" not in Page(pages["retention.html"]).text


def test_pages_stand_alone_and_link_to_each_other(
    pages: Mapping[str, str], real_page: Release
) -> None:
    first = (real_page.path / "report" / "index.html").read_text(encoding="utf-8")
    first_page, *others = pages
    names = ["index.html", first_page, "customers.html", *others]
    for html in (first, *pages.values()):
        assert re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe|url\((?!#)", html) is None
        assert re.findall(r'<a href="([a-z]+\.html)"', html) == names
        assert html.count('aria-current="page"') == 1
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    for html in pages.values():
        assert "<strong>Simulated figures: Bright Parts does not exist.</strong>" in html


def test_every_chart_has_its_figures_in_words(pages: Mapping[str, str]) -> None:
    for html in pages.values():
        figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
        for figure in figures:
            assert re.search(r'role="img" aria-label="[^"]+"', figure)
            assert "<table>" in figure
            assert re.search(r"<code>[a-z_]+\.[a-z_0-9]+", figure), figure[:200]
    assert sum(html.count("<figure") for html in pages.values()) > 20


def test_text_from_the_data_is_escaped(changed: Callable[..., CompanyFolder]) -> None:
    evil = "<script>alert(1)</script>"
    pages = changed(
        f"update scorecard.team_indicators set scope_id = '{evil}' where scope_id = 't-1'",
        f"update scorecard.touchpoints set touchpoint_name = '{evil}'",
        f"update scorecard.nps_by_group set programme_id = '{evil}'",
        f"update scorecard.acquisition_cost set channel = '{evil}' where channel = 'search'",
        f"update scorecard.stage_playbooks set name = '{evil}'",
        f"update scorecard.indicator_coverage set why_not = '{evil}'",
    ).pages()

    for html in pages.values():
        assert "<script" not in html
    assert sum(html.count("&lt;script&gt;") for html in pages.values()) > 8


def test_the_same_release_gives_the_same_pages(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    assert whole.pages(company="Bright Parts", is_simulated=True) == pages


def test_a_release_holds_every_page_and_knows_its_hash(real_page: Release) -> None:
    folder = real_page.path / "report"

    names = {"index.html", "customers.html", "customers.zh.html"}
    names |= {page.file_name for page in (*PAGES, *CHINESE_PAGES)}
    assert {path.name for path in folder.iterdir()} == {*names, "customers"}
    data = {f"customers/{path.name}" for path in (folder / "customers").iterdir()}
    assert "customers/index.js" in data
    assert {f"report/{name}" for name in names | data} <= set(real_page.manifest.files)


def test_no_page_asks_for_a_personal_column() -> None:
    folder = Path(charts.__file__).parent
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert (
            re.search(r"\b(email|phone_number|address|first_name|last_name|raw_text)\b", source)
            is None
        ), path.name


@pytest.mark.parametrize("is_real", [True, False])
def test_a_change_of_the_score_is_said_in_words(
    changed: Callable[..., CompanyFolder], is_real: bool
) -> None:
    html = changed(f"update scorecard.nps_by_group set is_nps_change_real = {is_real}").pages(
        "experience"
    )

    text = section(html["experience.html"], "recommend")
    assert ("so the change is real" in text) is is_real
    assert ("so it may be chance" in text) is not is_real


RULE = {
    "loss_count": 40,
    "warned_count": 8,
    "recall_ratio": 0.2,
    "recall_low": 0.1,
    "recall_high": 0.3,
    "precision_ratio": 0.4,
    "lead_days_median": 70.0,
}


@pytest.mark.parametrize(
    ("simple", "verdict"),
    [
        ({"recall_ratio": 0.75, "lead_days_median": 20.0}, "far more, but later"),
        ({"recall_ratio": 0.75, "lead_days_median": 90.0}, "The alerts add nothing to it"),
        ({"recall_ratio": 0.1, "lead_days_median": 20.0}, "The alerts are better here"),
    ],
)
def test_alerts_are_judged_beside_the_simple_rule(simple: dict[str, float], verdict: str) -> None:
    said = relationship.performance_said(
        {"relationship_health": RULE, "no_purchase": RULE | simple}
    )

    assert "Alerts missed 32 of 40 losses" in said[0]
    assert verdict in said[1]


def test_alerts_that_foretold_nothing_have_no_lead() -> None:
    blind = RULE | {"warned_count": 0, "recall_ratio": 0.0, "lead_days_median": None}

    (said,) = relationship.performance_said({"relationship_health": blind})

    assert said.endswith("40.0\u00a0% of the alerts came true.")
    assert "Alerts missed 40 of 40 losses" in said


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (None, "Billing and CRM"),
        ("usage", "Product use"),
        ("organisation, support", "Organisation and support"),
        ("support or survey", "Support or surveys"),
    ],
)
def test_needed_systems_are_named(needs: str | None, words: str) -> None:
    assert measured.needed_systems(needs) == words


def test_retention_below_and_above_all_of_it_is_told_apart() -> None:
    now = {
        "lost_customer_count": 5,
        "start_customer_count": 100,
        "end_customer_count": 97,
        "new_customer_count": 1,
        "won_back_customer_count": 1,
        "customer_churn_ratio": 0.05,
        "net_revenue_retention_low": 0.9,
        "net_revenue_retention_high": 0.99,
    }

    assert "does not make up" in retention.kept_said(now)
    assert "3 fewer than a year ago" in retention.kept_said(now)
    above = now | {"net_revenue_retention_low": 1.01, "net_revenue_retention_high": 1.1}
    assert "more than makes up" in retention.kept_said(above)
    open_end = now | {"net_revenue_retention_high": 1.1}
    assert "cannot be said" in retention.kept_said(open_end)
    unmeasured = now | {"net_revenue_retention_low": None, "net_revenue_retention_high": None}
    assert "Recurring" not in retention.kept_said(unmeasured)


def test_the_last_stage_of_the_journey_did_not_fail() -> None:
    row = {
        "conversion_cases": None,
        "entered_count": 10,
        "pending_count": 4,
        "converted_count": None,
    }

    assert experience.outcomes(row) == [("Last stage", 6), ("Too early to say", 4)]


# --- charts ---------------------------------------------------------------------------------------


def dot(label: str, value: float | None, **more: Any) -> dict[str, Any]:
    return {"label": label, "value": value, "low": None, "high": None} | more


def test_an_interval_is_drawn_to_scale_with_its_target() -> None:
    svg = charts.intervals(
        [dot("A", 0.5, low=0.25, high=0.75, target=1.0)],
        form=lambda value: f"{value:g}",
        domain=(0, 1),
    )

    grid = [float(x) for x in re.findall(r'<line x1="([\d.]+)" y1="0.0"', svg)]
    (low, high) = re.findall(r'x1="([\d.]+)" y1="15.0" x2="([\d.]+)" y2="15.0"', svg)[0]
    (middle,) = re.findall(r'<circle cx="([\d.]+)"', svg)
    (target,) = re.findall(r'x1="([\d.]+)" y1="5.0"', svg)
    assert len(grid) == 5
    assert [float(low), float(middle), float(high), float(target)] == grid[1:]


def test_what_is_not_measured_has_no_mark_and_few_cases_are_pale() -> None:
    svg = charts.intervals([dot("A", None), dot("B", 0.5, is_small=True)], form=str, domain=(0, 1))

    assert svg.count("<circle") == 1
    assert 'fill="#b8c2ca"' in svg
    assert "not measured" in svg
    assert charts.bars([dot("A", None)], form=str).count("not measured") == 1


def test_a_gap_breaks_line_and_band() -> None:
    months = [date(2011, month, 28) for month in range(1, 8)]
    rows = [
        {
            "month": month,
            "series": "NPS",
            "value": None if month.month == 4 else 10.0 * month.month,
            "low": None if month.month == 4 else 5.0,
            "high": None if month.month == 4 else 80.0,
        }
        for month in months
    ]

    svg = charts.lines(rows, {"NPS": "#0072b2"}, tick=charts.short_number)

    assert svg.count("<polyline") == 2
    assert svg.count("<polygon") == 2
    assert svg.count("<circle") == 6
    assert "Jul 11" in svg


def test_a_month_without_a_column_keeps_its_place() -> None:
    rows = [
        {"month": date(2011, month, 28), "value": None if month == 2 else 1.0}
        for month in (1, 2, 3)
    ]

    svg = charts.columns(rows, tick=charts.short_number)

    left = [float(x) for x in re.findall(r'<rect x="([\d.]+)"', svg)]
    assert len(left) == 2
    assert left[1] - left[0] == pytest.approx(2 * (charts.WIDTH - 29.9) / 3, rel=0.05)


def test_parts_of_a_bar_add_up_to_its_sum() -> None:
    svg = charts.stacks(
        [
            {"label": "Use", "part": "On", "value": 30},
            {"label": "Use", "part": "Off", "value": 10},
            {"label": "Buy", "part": "On", "value": 20},
        ],
        {"On": "#009e73", "Off": "#d55e00", "Never": "#b8c2ca"},
        form=lambda value: f"{value:.0f}",
    )

    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="20.0"', svg)]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.01)
    assert ">40</text>" in svg
    assert ">20</text>" in svg
    assert "Never" not in svg


def test_a_radar_breaks_its_line_where_nothing_was_measured() -> None:
    rows = [
        {"label": name, "A": value} for name, value in zip("NESW", (100, 50, None, 0), strict=True)
    ]
    svg = charts.radar(rows, {"A": "#0072b2"}, highest=100)
    points = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)
    middle = charts.WIDTH / 2
    assert len(points) == 3
    (north_x, north_y), (east_x, east_y), (west_x, west_y) = [
        (float(x) - middle, float(y)) for x, y in points
    ]
    # From the top clockwise; 0 stands in the centre, 50 half way out, 100 at the end.
    assert north_x == pytest.approx(0, abs=0.1)
    assert east_y == west_y > north_y
    assert west_x == pytest.approx(0, abs=0.1)
    assert east_x == pytest.approx((east_y - north_y) / 2, abs=0.1)
    assert svg.count("<polyline") == 2


def test_dots_of_a_pair_are_joined_and_a_missing_one_is_left_out() -> None:
    rows = [{"label": "both", "A": 1, "B": 3}, {"label": "one", "A": 2, "B": None}]
    svg = charts.pairs(rows, {"A": "#111111", "B": "#222222"}, domain=(0, 4), form=str)
    places = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)]
    assert len(places) == 3
    assert places[2] == pytest.approx((places[0] + places[1]) / 2, abs=0.1)
    assert svg.count('stroke-width="3"') == 1


def test_a_walk_ends_where_its_movements_lead() -> None:
    steps = [
        {"label": "Before", "value": Decimal(100), "is_total": True},
        {"label": "New", "value": Decimal(30), "is_total": False},
        {"label": "Churned", "value": Decimal(-50), "is_total": False},
        {"label": "After", "value": Decimal(80), "is_total": True},
    ]

    drawn = charts.walk_steps(steps)

    assert [(bar["low"], bar["high"], bar["kind"]) for bar in drawn] == [
        (0.0, 100.0, "Total"),
        (100.0, 130.0, "Gained"),
        (80.0, 130.0, "Lost"),
        (0.0, 80.0, "Total"),
    ]
    assert charts.walk(steps, form=str).count("<text") == 3 + 2 * 4


def test_a_histogram_is_as_high_as_its_counts() -> None:
    rows = [
        {"low": 0, "high": 50, "customer_count": 10, "band": "Low"},
        {"low": 50, "high": 100, "customer_count": 40, "band": "High"},
    ]

    svg = charts.histogram(rows, colours={"Low": "#d55e00", "High": "#0072b2"})

    heights = [float(h) for h in re.findall(r'width="[\d.]{5,}" height="([\d.]+)"', svg)]
    assert heights[1] == pytest.approx(4 * heights[0])


@pytest.mark.parametrize(
    ("value", "end"), [(129, 200), (8.1, 10), (1.4, 2), (0.7, 0.8), (100, 100)]
)
def test_an_axis_ends_at_a_number_that_can_be_read(value: float, end: float) -> None:
    assert charts.nice_end(value) == pytest.approx(end)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 80, [0, 20, 40, 60, 80]),
        (-11.4, 24.8, [-20, -10, 0, 10, 20, 30]),
        (0, 0, [0, 0.25]),
    ],
)
def test_places_on_an_axis_are_round(low: float, high: float, ticks: list[float]) -> None:
    found = charts.nice_ticks(low, high)

    assert found[0] <= low
    assert found[-1] >= high
    assert found == pytest.approx(ticks)


def test_long_names_stand_in_lines_and_are_escaped() -> None:
    svg = charts.bars(
        [{"label": "Major complaint & first reply within four business hours", "value": 3}],
        form=str,
    )

    assert "Major complaint &amp;" in svg
    assert svg.count("<text") == 4


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (format_hours, None, "–"),
        (format_hours, 45, "45 min"),
        (format_hours, 551, "9.2 h"),
        (format_hours, 22191.5, "370 h"),
        (format_duration, 600, "10.0 h"),
        (format_duration, 63360, "44.0 d"),
        (format_number, 0.4467, "0.45"),
        (format_number, 2105.26, "2,105"),
        (format_signed, -17.5, "−17.5"),
        (format_signed, 4.8, "+4.8"),
        (format_signed, None, "–"),
    ],
)
def test_figures_as_words(form: Callable[[Any], str], value: Any, text: str) -> None:
    assert shown(form(value)) == text


def test_half_an_interval_is_none() -> None:
    assert format_interval(0.1, None, format_percent) == "–"
    assert shown(format_interval(0.1, 0.2, format_percent)) == "10.0 % to 20.0 %"


def test_pages_are_told_apart() -> None:
    keys = [page.key for page in PAGES]

    assert all(isinstance(page, PageSpec) for page in PAGES)
    assert keys == [
        "scorecards",
        "proof",
        "service",
        "experience",
        "retention",
        "value",
        "potential",
        "relationship",
        "organisation",
        "measured",
    ]


def test_what_more_is_expected_is_the_marts_sum_by_tier(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    cells = Tables(pages["potential.html"]).cells("Expansion expected by tier")

    with open_database(whole.folder / "release.duckdb") as con:
        expected = con.execute(
            """
            select coalesce(indicators.tier, 'none'), count(*), sum(upsell.expected_upsell_6m)
            from scorecard.upsell_predictions as upsell
            left join scorecard.customer_indicators as indicators
                using (customer_id, as_of_date)
            where as_of_date = '2011-12-31' and upsell.is_eligible
            group by 1
            order by 1
            """
        ).fetchall()
    assert [(row[0], row[1]) for row in cells] == [
        (f"Tier {tier}" if tier != "none" else "No tier", str(count)) for tier, count, _ in expected
    ]
    assert [row[2] for row in cells] == [shown(format_money(row[2], "£")) for row in expected]
    assert [row[3].removesuffix("[small n]").strip() for row in cells] == ["20.0 %"] * len(cells)
    largest = Tables(pages["potential.html"]).cells("Customers of whom most is expected")
    assert {(row[1] == "Tier A", row[-2]) for row in largest} == {(True, "£15"), (False, "–")}
    assert {row[-1] for row in largest} == {"Open", "Held: never asked"}


def test_promised_and_come_are_those_of_the_estimator_that_speaks(
    pages: Mapping[str, str],
) -> None:
    tables = Tables(pages["potential.html"])
    assert tables.cells("Expected and come per customer, by tenth") == [
        ["First tenth", "£60", "£48"]
    ]
    (row,) = tables.cells("Expected against come, by kind of customer")
    assert row[0] == "Others"
    assert row[1:6] == ["+12.0 %", "−5.0 % to +30.0 %", "40.0 %", "0.7", "0.6"]
    assert row[-1] == "estimator"
    assert "may not speak" not in section(pages["potential.html"], "upsell")


def test_a_kind_that_the_estimator_may_not_speak_of_is_named(
    changed: Callable[..., CompanyFolder],
) -> None:
    text = section(
        changed("update scorecard.upsell_predictions set upsell_method = 'baseline_rule'").pages(
            "potential"
        )["potential.html"],
        "upsell",
    )
    assert "Of others the estimator may not speak" in text


def test_groups_have_sizes_a_profile_and_moves(pages: Mapping[str, str]) -> None:
    tables = Tables(pages["potential.html"])
    sizes = {row[0]: row[1] for row in tables.cells("Customers by group")}
    profile = tables.cells("The typical customer of each group")
    assert set(sizes) == {"recent purchases", "long since a purchase"}
    assert {row[0]: row[1] for row in profile} == {
        "recent purchases": "20.0 ▼",
        "long since a purchase": "200 ▲",
    }
    (moves,) = [caption for caption in tables.found if caption.startswith("Moves since")]
    assert moves == "Moves since Nov 2011"
    assert all(len(row) == 4 for row in tables.cells(moves))
    assert "stability 0.90" in Page(pages["potential.html"]).text


def test_bands_of_a_scorecard_are_counted_from_its_customers(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    (row,) = Tables(pages["scorecards.html"]).cells("Scorecards")
    expected = one(
        whole,
        "select count(score), round(avg(score), 1), "
        "count(*) filter (band = 'red') / count(score) "
        "from scorecard.customer_scorecard where as_of_date = date '2011-12-31'",
    )
    assert row[1] == format_number(expected[0])
    assert row[2] == f"{expected[1]:.1f}"
    assert row[-1] == shown(format_percent(expected[2]))


def test_the_map_holds_every_customer_with_score_and_risk(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    (caption,) = (
        name for name in Tables(pages["scorecards.html"]).found if "churn probability" in name
    )
    cells = Tables(pages["scorecards.html"]).cells(caption)
    (expected,) = one(
        whole,
        "select count(*) from scorecard.customer_scorecard inner join scorecard.predictions "
        "using (customer_id, as_of_date) where as_of_date = date '2011-12-31' "
        "and score is not null and churn_probability is not null",
    )
    assert [row[0] for row in cells] == ["80–100", "60–80", "40–60", "20–40", "0–20"]
    told = [cell for row in cells for cell in row[1:]]
    assert sum(int(cell) for cell in told if cell.isdigit()) <= expected
    assert "<5" in told
    assert set(told) <= {"<5", "…"} | {
        cell for cell in told if cell.isdigit() and int(cell) not in range(1, 5)
    }


def test_the_mean_change_is_the_sum_of_its_parts(pages: Mapping[str, str]) -> None:
    (row,) = Tables(pages["scorecards.html"]).cells("Mean change since the month before, by cause")
    figures = [float(cell.replace("−", "-")) for cell in row[2:9]]
    assert figures[0] != 0
    assert sum(figures[1:]) == pytest.approx(figures[0], abs=0.015)


def test_what_goes_together_is_told_without_a_cause(
    pages: Mapping[str, str], changed: Callable[..., CompanyFolder]
) -> None:
    tables = Tables(pages["relationship.html"])
    cells = tables.cells("What goes with what, at the strongest lag")
    assert [(row[0], row[1], row[2], row[-2], row[-1]) for row in cells] == [
        ("Higher satisfaction and revenue", "0", "+0.30", "100", "beyond chance [two ways]"),
        ("More service in time and revenue", "0", "+0.10", "90", "not told from chance"),
        ("More use of the CRM and revenue", "–", "–", "<5", "no differences"),
    ]
    assert len(tables.cells("Higher satisfaction and revenue, by months later")) == 7
    text = section(pages["relationship.html"], "together")
    assert "Beyond chance: 1 of 2 pairs at the strongest lag, 7 of all 14 tests" in text
    assert "A sample of 2,000 of 5,000 customers" in text
    assert "Caution with higher satisfaction and revenue" in text
    assert not re.search("drive|cause", text)
    none = changed("update scorecard.kpi_associations set is_tested = false").pages()
    assert "No pair of measures has enough customers yet" in none["relationship.html"]


def test_the_balanced_scorecard_tells_targets_actuals_and_who_set_them(
    pages: Mapping[str, str],
) -> None:
    html = pages["scorecards.html"]
    assert Tables(html).cells("Targets, actuals and trend") == [
        [
            "Customers kept",
            "Relationship",
            "80.0 %",
            "75.0 %",
            "the company",
            "83.3",
            "50.0 %",
            "41.7",
            "flat",
        ],
        [
            "Gross margin",
            "Value",
            "50.0 % [small n]",
            "60.0 %",
            "the product",
            "56.2",
            "50.0 %",
            "28.1",
            "flat",
        ],
    ]
    text = section(html, "balanced")
    assert "Most would be gained by “Gross margin”: 9.4 points at its target." in text


def test_segments_hold_every_customer_and_their_revenue(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    cells = Tables(pages["scorecards.html"]).cells("Segments of “Retail value from billing”")
    (expected,) = one(
        whole,
        "select count(*) from scorecard.customer_scorecard where as_of_date = date '2011-12-31'",
    )
    assert [row[0] for row in cells] == ["At stake", "Cornerstone", "Not classified"]
    assert sum(int(row[1]) for row in cells) == expected
    strategies = Tables(pages["scorecards.html"]).cells("What to do in each segment")
    levels = "high value, high potential, low relationship"
    assert strategies[0] == ["At stake", levels, "Mend it", "No"]
    assert strategies[1][-1] == "Yes"
    assert "whose relationship is weak" in section(pages["scorecards.html"], "segments")


def test_revenue_of_very_few_customers_is_held_back(changed: Callable[..., CompanyFolder]) -> None:
    html = changed(
        "update scorecard.value_segments set customer_count = 3 where cell = 'high_high_low'"
    ).pages("scorecards")["scorecards.html"]
    (row, *_) = Tables(html).cells("Segments of “Retail value from billing”")
    assert row[1] == "<5"
    assert row[3] == "–"
    assert "whose relationship is weak" not in section(html, "segments")


def test_an_organisation_stands_beside_its_worst_customer(
    pages: Mapping[str, str], whole: CompanyFolder
) -> None:
    cells = Tables(pages["scorecards.html"]).cells(
        "Organisations whose worst customer stands furthest below them"
    )
    score, worst = one(
        whole,
        "select score, worst_score from scorecard.account_scorecard "
        "where as_of_date = date '2011-12-31' and score is not null "
        "order by score - worst_score desc, account_id limit 1",
    )
    assert cells[0][2:6] == [
        "£1,200",
        *(f"{value:.1f}" for value in (score, score, score + 1)),
    ]
    assert cells[0][-1] == f"{worst:.1f}"


def test_an_organisation_is_taken_apart(pages: Mapping[str, str], whole: CompanyFolder) -> None:
    (cells, *_) = Tables(pages["scorecards.html"]).cells(
        "What costs them most points, and what moved them"
    )
    label, points = one(
        whole,
        "select label, contribution - 100 * effective_weight as points "
        "from scorecard.account_scorecard_measures where as_of_date = date '2011-12-31' "
        "and account_id = (select account_id from scorecard.account_scorecard "
        "where as_of_date = date '2011-12-31' and score is not null "
        "order by score - worst_score desc, account_id limit 1) order by points, cause limit 1",
    )
    assert cells[1].startswith(f"{label} (")
    assert cells[1].endswith(format_signed(points))
    assert cells[2] == "−1.5"
    assert cells[3].startswith("Share in the organisation (")
    assert cells[3].endswith(") −2.0")


def test_weights_stand_in_their_tree_with_their_proof(
    pages: Mapping[str, str], changed: Callable[..., CompanyFolder]
) -> None:
    cells = Tables(pages["proof.html"]).cells("Weights of Retail value from billing")
    assert [(row[0].strip(), row[1], row[-2]) for row in cells] == [
        ("Value now", "60.0 %", "60.0 %"),
        ("Revenue", "100.0 %", "60.0 %"),
        ("Value to come", "40.0 %", "40.0 %"),
        ("Trend", "100.0 %", "40.0 %"),
    ]
    assert cells[0][2:6] == ["50.0 %", "60.0 %", "60.0 %", "0.0123"]
    text = section(pages["proof.html"], "weights")
    assert "2 of 4 weights rest on judgements" in text
    assert "the largest consistency ratio is 0.0123 (random index saaty_1980)" in text
    plain = changed(
        "update scorecard.scorecard_weights set method = 'fixed', consistency_ratio = null"
    ).pages("proof")["proof.html"]
    assert "hold together" not in plain
    assert len(Tables(plain).cells("Weights of Retail value from billing")[0]) == 4


def test_a_weight_is_as_sensitive_as_in_its_worse_direction(pages: Mapping[str, str]) -> None:
    cells = Tables(pages["proof.html"]).cells(
        "Retail value from billing: each weight a fifth larger or smaller"
    )
    assert [(row[0], row[2]) for row in cells] == [
        ("Value nown1", "10.0 %"),
        ("Value to comen2", "2.5 %"),
    ]
    assert "no weight matters more than Value now" in section(pages["proof.html"], "sensitivity")


def test_changes_are_marked_on_the_history_with_who_and_what(
    pages: Mapping[str, str], changed: Callable[..., CompanyFolder]
) -> None:
    caption = "Changes of the configuration that are marked"
    html = pages["scorecards.html"]
    assert Tables(html).cells(caption) == [
        [
            "1",
            "1 October 2011",
            "Targets: nps_answer/A/2011, target_value: 8 → 9",
            "Ann",
            "The market moved",
        ],
        [
            "2",
            "1 November 2011",
            "2 weights of Retail value from billing computed anew",
            "computed",
            "Yearly review of 31 October 2011",
        ],
    ]
    assert section(html, "months").count("Nothing changed") == 0
    months = re.search(r'<section id="months">.*?</section>', html, re.DOTALL)
    assert months
    assert months[0].count('stroke-dasharray="3 3"') == 4
    every = Tables(pages["proof.html"]).cells("Changes, newest first")
    assert [row[2] for row in every] == ["computed", "Bob", "Ann"]
    quiet = changed(
        "delete from scorecard.config_versions where revision = 2",
        "delete from scorecard.scorecard_weights where as_of_date < date '2011-12-31'",
    ).pages("scorecards", "proof")
    assert "Nothing changed within these months" in quiet["scorecards.html"]
    assert "stroke-dasharray" not in section(quiet["scorecards.html"], "months")
    assert "Nothing changed after the first month" in quiet["proof.html"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Customer management activity", 13, ["Customer", "management", "activity"]),
        ("客户管理活动", 6, ["客户管", "理活动"]),
        ("分析，规划", 4, ["分析，", "规划"]),
        ("", 10, []),
    ],
)
def test_names_are_folded_in_both_languages(text: str, width: int, lines: list[str]) -> None:
    assert charts.wrapped_lines(text, width) == lines
