"""The report page: its figures are SQL's, it stands alone, and it says what it does not know."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data_quality.products import load_products
from orchestration.release import charts
from orchestration.release.formats import format_amount, format_money, format_percent
from orchestration.release.reading import open_database
from orchestration.release.report import PAGES, render_report
from orchestration.release.store import Release
from orchestration.release.untold import FEW
from orchestration.settings import Settings
from tests.orchestration.release.conftest import CompanyFolder, new_home


class Page(HTMLParser):
    """The words of a page, and the figures of its tiles by label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tiles: dict[str, str] = {}
        self.references: list[str] = []
        self._place = ""
        self._label = ""
        self.feed(html)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._place = values.get("class") or ""
        self.references += [
            str(values[name]) for name in ("src", "href", "srcset") if values.get(name)
        ]

    def handle_data(self, data: str) -> None:
        text = data.strip()
        if not text:
            return
        self.words.append(text)
        if self._place == "label":
            self._label = text
        elif self._place == "value":
            self.tiles[self._label] = text

    @property
    def text(self) -> str:
        return " ".join(self.words).replace("\u00a0", " ")


@pytest.fixture(scope="module")
def html(real_page: Release) -> str:
    return (real_page.path / "report" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def one(release: Release, query: str) -> tuple[object, ...]:
    with open_database(release.database) as con:
        row = con.execute(query).fetchone()
    assert row is not None
    return tuple(row)


def test_the_tiles_are_what_sql_says(real_page: Release, page: Page) -> None:
    count, active, revenue, score, coverage = one(
        real_page,
        """
        select count(*), count(*) filter (indicators.is_active), sum(indicators.revenue_12m),
            avg(cards.score), avg(cards.coverage)
        from scorecard.customer_scorecard as cards
        inner join scorecard.customer_indicators as indicators using (customer_id, as_of_date)
        where cards.as_of_date = date '2011-12-31'
        """,
    )
    (at_risk,) = one(
        real_page,
        "select sum(value_at_risk) from scorecard.predictions where as_of_date = '2011-12-31'",
    )

    assert page.tiles["Customers"] == str(count)
    assert page.tiles["Active customers"] == str(active)
    assert page.tiles["Revenue, 12 months"] == format_money(revenue, "£")
    assert page.tiles["Mean score"] == f"{score:.1f}"
    assert page.tiles["Coverage"] == format_percent(coverage)
    assert page.tiles["Retention"] == "71.1\u00a0%"
    assert page.tiles["Value at risk"] == format_money(at_risk, "£")


def test_retention_is_that_of_twelve_months(page: Page) -> None:
    assert "95 % interval 64.1 % to 77.2 %" in page.text
    assert "active 12 months ago" in page.text


def test_customers_at_risk_are_the_top_of_sqls_order(real_page: Release, html: str) -> None:
    with open_database(real_page.database) as con:
        expected = con.execute(
            """
            select crm_customer_id from scorecard.predictions
            inner join scorecard.customers using (customer_id)
            where as_of_date = '2011-12-31' and value_at_risk is not null
            order by value_at_risk desc, customer_id limit 15
            """
        ).fetchall()
    table = html.split("Highest value at risk", 1)[1].split("</table>", 1)[0]

    assert re.findall(r'<th scope="row">(\d+)</th>', table) == [row[0] for row in expected]


def test_customers_at_risk_are_told_why_in_the_order_of_the_reasons(html: str) -> None:
    table = html.split("Highest value at risk", 1)[1].split("</table>", 1)[0]
    told = (
        "Raised most by no purchase for 94 days (usual: 31 days); fewer &lt;purchases&gt; in 3 "
        "months than usual: 0 (usual: 3)"
    )

    assert told in table
    assert "answers surveys" not in table


def test_both_rules_are_counted_beside_each_other(real_page: Release, page: Page) -> None:
    by_rule, by_value, both = one(
        real_page,
        """
        select count(*) filter (where acts_by_rule), count(*) filter (where acts_by_value),
            count(*) filter (where acts_by_rule and acts_by_value)
        from scorecard.predictions where as_of_date = '2011-12-31'
        """,
    )

    assert 0 < both < by_rule < by_value
    assert re.search(rf"above 40\s% *{by_rule:,}\b", page.text)
    assert re.search(rf"threshold of the customer's value *{by_value:,}\b", page.text)
    assert re.search(rf"Both *{both:,}\b", page.text)


def test_who_has_not_agreed_is_counted_as_held_and_not_as_work(
    real_page: Release, page: Page
) -> None:
    open_count, held_count = one(
        real_page,
        """
        select count(*) filter (where may_contact), count(*) filter (where not may_contact)
        from scorecard.predictions where as_of_date = '2011-12-31'
        """,
    )

    assert 5 <= held_count < open_count
    assert re.search(rf"where the act needs it *{open_count:,}\b", page.text)
    assert re.search(rf"Held: no consent to marketing *{held_count:,}\b", page.text)


def test_the_outline_of_the_estimator_is_drawn_with_its_fidelity(html: str, page: Page) -> None:
    figure = html.split("What the estimator goes by, in outline", 1)[1].split("</figure>", 1)[0]

    assert figure.count("<rect") == 3
    assert "60.0 % leave" in figure
    assert "reproduces 80 % of the variation" in page.text


def test_the_reconciliation_is_printed_to_the_last_digit(page: Page) -> None:
    assert "£19,287,232.568" in page.text
    assert "£15,923,794.478" in page.text
    assert "does not add up" not in page.text


def test_the_page_fetches_nothing(html: str, page: Page) -> None:
    assert re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe|url\((?!#)", html) is None
    beside = {"index.html", "index.zh.html", "customers.html"}
    beside |= {page.file_name for page in PAGES}
    assert all(item.startswith(("#", "../")) or item in beside for item in page.references)


def test_links_to_quality_page_manifest_and_model_cards_lead_somewhere(
    real_page: Release, page: Page
) -> None:
    outside = {item for item in page.references if item.startswith("../")}

    cards = {f"../cards/{name}.html" for name in ("index", "churn-1a2b3c4d", "clv-9f8e7d6c")}
    assert outside == {"../quality/index.html", "../manifest.json", *cards}
    assert all((real_page.path / "report" / item).resolve().is_file() for item in outside)


def test_a_chart_has_the_same_ids_whatever_was_drawn_before() -> None:
    clip = '<svg xmlns="http://a" width="1" height="2"><g id="c{0}"/><g clip="url(#c{0})"/></svg>'

    first, later = (charts.inline_svg(clip.format(number), name="tiers") for number in (0, 17))

    assert first == later
    assert first == '<svg><g id="tiers-0"/><g clip="url(#tiers-0)"/></svg>'


def test_ids_in_the_page_are_unique(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)

    assert len(ids) == len(set(ids))


def test_internal_links_have_their_target(html: str, page: Page) -> None:
    ids = set(re.findall(r'\sid="([^"]+)"', html))

    assert {item[1:] for item in page.references if item.startswith("#")} <= ids


def test_no_personal_column_is_asked_for() -> None:
    source = Path(charts.__file__).with_name("figures.py").read_text(encoding="utf-8")

    assert (
        re.search(r"\b(email|e_mail|phone|address|first_name|last_name|raw_text)\b", source) is None
    )


def test_small_groups_are_not_counted_out(real_page: Release) -> None:
    with open_database(real_page.database) as con:
        cells = con.execute(
            """
            select recency_score, frequency_score, count(*) as customer_count,
                sum(revenue_12m) as revenue_12m
            from scorecard.customer_indicators where as_of_date = '2011-12-31' group by all
            """
        ).fetchall()
    names = ("recency_score", "frequency_score", "customer_count", "revenue_12m")
    rows = [dict(zip(names, cell, strict=True)) for cell in cells]
    small = [row for row in rows if row["customer_count"] < 5]

    svg = charts.rfm_grid(rows)

    assert small
    assert svg.count(escape(FEW)) >= len(small)
    assert not re.search(r"count: [1-4](\D|$)", svg)


def test_an_estimator_that_is_not_published_is_announced(page: Page) -> None:
    assert "The churn estimator is not published" in page.text
    assert "the best simple rule" in page.text
    assert "found 0.61, needed [0.80, 1.25]" in page.text


@pytest.fixture(scope="module")
def changed_html(
    tmp_path_factory: pytest.TempPathFactory,
    synthetic_warehouse: Path,
    publish: Callable[..., Release],
    change_marts: Callable[..., None],
) -> str:
    """The page of other marts: a warning, markup in texts, and a walk that does not add up."""
    home = new_home(tmp_path_factory.mktemp("changed"), synthetic_warehouse)
    change_marts(
        home,
        "update scorecard.estimators set status = 'published', reason = null",
        "update scorecard.estimator_checks set check_name = 'warning_total_bias_pct', "
        "is_passed = false where estimator = 'clv'",
        "update scorecard.revenue_reconciliation set explanation = '<script>alert(1)</script>', "
        "step = 'a</text><script>' where step_number = 3",
        "update scorecard.revenue_reconciliation set amount = 12.5, line_count = 3, "
        "running_amount = running_amount + 12.5 where step = 'unexplained'",
    )
    release = publish(home, "run1")
    return (release.path / "report" / "index.html").read_text(encoding="utf-8")


def test_warnings_about_published_values_are_shown(changed_html: str) -> None:
    text = Page(changed_html).text
    assert "The churn estimator is published, with 2 warnings" in text
    assert "Read these values with 1 warning in mind" in text
    assert "Total bias %" in text


def test_the_page_says_whether_the_probabilities_can_be_trusted(page: Page) -> None:
    for words in (
        "Grade: F",
        "Of 2 groups of customers large enough to assess, 1 differs from the others",
        "region South",
        "1 features to be acted on, 1 features to be watched, 1 features stable",
        "Moved most: days since purchase (0.31), revenue 12m (0.12)",
        "Published for May 2011",
        f"90 published probabilities are kept: 87 have their outcome, 0 wait for it, {FEW} cannot",
    ):
        assert words in page.text, words


def test_what_is_not_measured_is_named(page: Page) -> None:
    assert "survey answers" in page.text
    assert "unit costs" in page.text


def test_rendering_twice_gives_the_same_page(real_page: Release, html: str) -> None:
    assert render_report(real_page.path) == html


def test_a_held_product_is_announced_with_date_and_reason(
    settings: Settings, publish: Callable[..., Release]
) -> None:
    first = publish(settings, "run1", hold=["finance"])
    second = publish(settings, "run2", hold=["predictions"])

    early = Page((first.path / "report" / "index.html").read_text(encoding="utf-8")).text
    late = Page((second.path / "report" / "index.html").read_text(encoding="utf-8")).text

    assert f"1 of {len(load_products())} data products did not pass" in early
    assert "The reconciliation of revenue is not in this release" in early
    assert "you see the last good version, of 31 December 2011" in late
    assert first.id in late
    assert "predictions has too few rows" in late


def test_text_from_the_data_is_escaped(changed_html: str) -> None:
    assert "<script" not in changed_html
    assert "&lt;script&gt;alert(1)" in changed_html


def test_a_walk_that_does_not_add_up_is_announced(changed_html: str) -> None:
    text = Page(changed_html).text
    assert "does not add up" in text
    assert "£12.500 in 3 lines" in text


def test_the_walk_ends_at_the_revenue_that_is_left() -> None:
    steps = [
        {"step": "raw_lines", "amount": Decimal(100), "running_amount": Decimal(100)},
        {"step": "fee", "amount": Decimal(-30), "running_amount": Decimal(70)},
        {"step": "voucher", "amount": Decimal(0), "running_amount": Decimal(70)},
        {"step": "zero_price", "amount": Decimal(5), "running_amount": Decimal(75)},
    ]

    bars = charts.walk_bars(steps)

    assert [(bar["low"], bar["high"], bar["kind"]) for bar in bars] == [
        (0.0, 100.0, "Total"),
        (70.0, 100.0, "Taken out"),
        (70.0, 75.0, "Added"),
        (0.0, 75.0, "Total"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (Decimal("512.4"), "£512"),
        (9_999, "£9,999"),
        (302_810, "£302.8\u00a0k"),
        (-23_200, "−£23.2\u00a0k"),
        (999_600, "£1.00\u00a0m"),
        (19_287_232.568, "£19.29\u00a0m"),
    ],
)
def test_money_is_short(value: object, shown: str) -> None:
    assert format_money(value, "£") == shown


def test_amounts_keep_their_decimals() -> None:
    assert format_amount(Decimal("-2534567.8900"), "£", 3) == "−£2,534,567.890"


def test_a_scorecard_kept_in_an_older_form_is_left_out_with_its_reason(
    changed: Callable[..., CompanyFolder],
) -> None:
    html = changed("alter table scorecard.customer_scorecard drop column relationship_score").page()

    assert "The scorecard is not in this release" in html
    assert (
        "The last good version of customer_scorecard is of an older release, without "
        "relationship_score." in html
    )
