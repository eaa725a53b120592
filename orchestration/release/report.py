"""The report of a release: self-contained HTML files that link to each other.

Belongs here: the words and the layout around the figures, which pages there are. Not here: queries
(`figures`, `pages`), charts (`charts`), the quality page (`data_quality`).

A page has no script, fetches nothing and opens from disk. It is a function of the release's
database and manifest alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from data_quality.products import load_products
from orchestration.release import search
from orchestration.release.cards import CARDS_FOLDER
from orchestration.release.figures import Figures, read_figures
from orchestration.release.formats import (
    currency_sign,
    format_amount,
    format_day,
    format_integer,
    format_measure,
    format_money,
    format_month,
    format_percent,
    format_score,
    format_share,
)
from orchestration.release.glance import Glance
from orchestration.release.languages import (
    Translate,
    day_in,
    file_in,
    month_in,
    notice_in,
    translator,
)
from orchestration.release.manifest import Manifest, ProductEntry, read_manifest
from orchestration.release.pages import (
    experience,
    measured,
    organisation,
    overview,
    potential,
    proof,
    relationship,
    retention,
    scorecards,
    service,
    stages,
    value,
)
from orchestration.release.pages.model import PageSpec, Reader, tell
from orchestration.release.pages.words import HELD
from orchestration.release.reading import Row, open_database, read_rows
from orchestration.release.small_cells import open_groups
from orchestration.release.store import DATABASE_NAME
from orchestration.release.tiles import company_tiles, scorecard_tiles
from orchestration.release.untold import SMALL_CELL

REPORT_FOLDER = "report"
PAGE_NAME = "index.html"
PAGES: tuple[PageSpec, ...] = (
    scorecards.PAGE,
    proof.PAGE,
    service.PAGE,
    experience.PAGE,
    retention.PAGE,
    value.PAGE,
    potential.PAGE,
    relationship.PAGE,
    organisation.PAGE,
    measured.PAGE,
)
# Pages in Chinese; each is linked from the English one of its name, and all from each other.
CHINESE_PAGES: tuple[PageSpec, ...] = (
    overview.CHINESE_PAGE,
    scorecards.CHINESE_PAGE,
    proof.CHINESE_PAGE,
    stages.CHINESE_PAGE,
    organisation.CHINESE_PAGE,
)

_METHODS = {
    "estimator": "the trained estimator",
    "baseline_rule": "the best simple rule (how long ago the last purchase was)",
    "base_rate": "the observed rate of comparable customers",
    "long_cycle_base_rate": "the rate of their tier, as they buy about once a year",
}


CANDIDATES = {
    "logistic": "Logistic regression",
    "logistic_regression": "Logistic regression",
    "hist_gradient_boosting": "Gradient boosting",
    "gradient_boosting": "Gradient boosting",
    "mbg_nbd_gamma_gamma": "Modified BG/NBD × Gamma-Gamma",
    "bg_nbd_gamma_gamma": "BG/NBD × Gamma-Gamma",
    "pareto_nbd_gamma_gamma": "Pareto/NBD × Gamma-Gamma",
    "two_part_regression": "Two-part regression",
    "contract_survival": "Survival of contracts",
    "contract_and_purchases": "Survival of contracts, and purchases beside them",
}


@dataclass(frozen=True)
class PageLink:
    """A page as the others name it."""

    key: str
    title: str
    file_name: str


_LINKS = (
    PageLink("index", "Overview", PAGE_NAME),
    PageLink(PAGES[0].key, PAGES[0].title, PAGES[0].file_name),
    PageLink(search.KEY, search.TITLE, file_in("en", search.KEY)),
    *(PageLink(page.key, page.title, page.file_name) for page in PAGES[1:]),
)


@dataclass(frozen=True)
class Status:
    """One data product's line in the status table."""

    title: str
    owner: str
    label: str
    kind: str
    entry: ProductEntry


def write_report(release_dir: Path) -> Path:
    """Write the pages of a release that is being built into its folder `report`.

    Args:
        release_dir: The release folder, with `release.duckdb` and `manifest.json`.

    Returns:
        The first page.

    Raises:
        ReleaseError: The manifest is missing or unreadable.
    """
    folder = release_dir / REPORT_FOLDER
    folder.mkdir(exist_ok=True)
    (folder / PAGE_NAME).write_text(render_report(release_dir), encoding="utf-8")
    pages = render_pages(release_dir) | render_pages(release_dir, CHINESE_PAGES, lang="zh")
    for name, html in pages.items():
        (folder / name).write_text(html, encoding="utf-8")
    manifest = read_manifest(release_dir)
    with open_database(release_dir / DATABASE_NAME) as con:
        search.write_search(folder, con, manifest, page_environment(_read_currency(con, manifest)))
    return folder / PAGE_NAME


def render_pages(
    release_dir: Path, pages: Sequence[PageSpec] = PAGES, *, lang: str = "en"
) -> dict[str, str]:
    """The pages beside the first one as HTML text, by file name.

    Args:
        release_dir: The release folder.
        pages: Which pages.
        lang: The language that they are written in, `en` or `zh`.

    Raises:
        ReleaseError: The manifest is missing or unreadable.
    """
    manifest = read_manifest(release_dir)
    with open_groups(release_dir / DATABASE_NAME) as con:
        environment = page_environment(_read_currency(con, manifest))
        environment.filters.update(day=day_in(lang), month=month_in(lang))
        reader = Reader(con, manifest, environment.filters["money"], _read_catalogue(con, manifest))
        return {page.file_name: _render_page(page, reader, environment, lang) for page in pages}


def _render_page(page: PageSpec, reader: Reader, environment: Environment, lang: str) -> str:
    topics = tell(page, reader, translator(lang))
    shown = [told.section for told in topics if told.section is not None]
    marts = {mart for told in topics for mart in told.marts}
    return environment.get_template("page.html.j2").render(
        manifest=reader.manifest,
        notice=notice_in(lang, reader.manifest),
        lang=lang,
        t=translator(lang),
        pages=_links(page, lang),
        spec=page,
        topics=topics,
        lead=" ".join(section.headline for section in shown if section.headline),
        tiles=[tile for section in shown for tile in section.tiles],
        stale=_stale_by_mart(reader.manifest),
        held=[
            status
            for status in _statuses(reader.manifest)
            if status.entry.decision != "pass" and marts & set(status.entry.marts)
        ],
    )


def _links(page: PageSpec, lang: str) -> tuple[PageLink, ...]:
    """The other pages, and the page itself in the other language where it is made in both."""
    t: Translate = translator(lang)
    if lang != "en":
        whole, first, *others = (
            PageLink(other.key, other.title, other.file_name) for other in CHINESE_PAGES
        )
        return (
            whole,
            first,
            PageLink(search.KEY, t(search.TITLE), file_in(lang, search.KEY)),
            *others,
            PageLink("en", "English", f"{page.key.removesuffix(f'.{lang}')}.html"),
        )
    chinese = f"{page.key}.zh"
    if any(other.key == chinese for other in CHINESE_PAGES):
        return (*_LINKS, PageLink(chinese, "中文", f"{chinese}.html"))
    return _LINKS


def render_report(release_dir: Path) -> str:
    """The report page of a release as HTML text.

    Raises:
        ReleaseError: The manifest is missing or unreadable.
    """
    manifest = read_manifest(release_dir)
    with open_groups(release_dir / DATABASE_NAME) as con:
        figures = read_figures(con, manifest)
    folder = release_dir / CARDS_FOLDER
    cards = sorted(path.stem for path in folder.glob("*-*.html")) if folder.is_dir() else []
    environment = page_environment(_currency(figures))
    money = environment.filters["money"]
    return environment.get_template("report.html.j2").render(
        manifest=manifest,
        notice=manifest.notice,
        pages=(*_LINKS, PageLink(overview.CHINESE_PAGE.key, "中文", CHINESE_PAGES[0].file_name)),
        figures=figures,
        glance=figures.glance,
        company_tiles=company_tiles(figures, money),
        scorecard_tiles=scorecard_tiles(figures, money),
        summary=_summary(figures, environment),
        charts=_charts(figures, environment) | _glance_charts(figures.glance, environment),
        statuses=_statuses(manifest),
        stale=_stale_by_mart(manifest),
        measure_names={key: row["name"] for key, row in figures.catalogue.items()},
        steps=[
            row
            for row in figures.reconciliation
            if row["line_count"] or row["amount"] or row["step"] == "unexplained"
        ],
        empty_steps=[
            row
            for row in figures.reconciliation
            if not row["line_count"] and not row["amount"] and row["step"] != "unexplained"
        ],
        methods=_METHODS,
        candidates=CANDIDATES,
        cards=cards,
        small_cell=SMALL_CELL,
        held=HELD,
        outline_fidelity=_fidelity(figures),
    )


def _fidelity(figures: Figures) -> str:
    if not (figures.churn and figures.churn.outline):
        return ""
    from ml.churn.surrogate import fidelity_text

    return fidelity_text(figures.churn.outline[0])


def page_environment(currency: str | None) -> Environment:
    """Templates and filters of every page; a currency where amounts are shown."""
    environment = Environment(
        loader=PackageLoader("orchestration.release", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sign = currency_sign(currency)

    def money(value: Any) -> str:
        return format_money(value, sign)

    def amount(value: Any, decimals: int = 0) -> str:
        return format_amount(value, sign, decimals)

    environment.filters.update(
        money=money,
        amount=amount,
        integer=format_integer,
        percent=format_percent,
        share=format_share,
        score=format_score,
        number4=format_measure,
        day=format_day,
        month=format_month,
        readable=_charts_module().readable,
    )
    return environment


def _currency(figures: Figures) -> str | None:
    """The reporting currency; else the unit of revenue in the catalogue, where it is ISO 4217."""
    if figures.glance.company:
        return str(figures.glance.company["reporting_currency"])
    unit = str(figures.catalogue.get("revenue_12m", {}).get("unit", ""))
    return unit if len(unit) == 3 and unit.isupper() else None


def _read_currency(con: DuckDBPyConnection, manifest: Manifest) -> str | None:
    if "company" not in manifest.marts:
        return None
    rows = read_rows(con, "select reporting_currency from scorecard.company")
    return str(rows[0]["reporting_currency"]) if rows else None


def _read_catalogue(con: DuckDBPyConnection, manifest: Manifest) -> dict[str, Row]:
    if "indicator_catalogue" not in manifest.marts:
        return {}
    rows = read_rows(
        con,
        "select * from scorecard.indicator_catalogue where mart = 'customer_indicators' "
        "order by indicator_id",
    )
    return {str(row["indicator_id"]): row for row in rows}


def _charts_module() -> Any:
    # Imported where it is used: altair and vl-convert take about 2 s, and the command line imports
    # this module for commands that draw nothing.
    from orchestration.release import charts

    return charts


def _charts(figures: Figures, environment: Environment) -> dict[str, Markup]:
    charts = _charts_module()
    drawn: dict[str, str] = {}
    if figures.portfolio:
        months = figures.portfolio.months
        drawn["customers"] = charts.customers_over_time(months)
        drawn["revenue"] = charts.revenue_over_time(months)
        drawn["scores"] = charts.scores_over_time(months)
        drawn["bands"] = charts.bands_over_time(months)
    if figures.distribution:
        drawn["histogram"] = charts.score_histogram(figures.distribution.bins)
    if figures.tiers:
        drawn["tiers"] = charts.tier_shares(figures.tiers)
    if figures.churn and figures.churn.bands:
        drawn["risk"] = charts.risk_bands(figures.churn.bands)
    if figures.churn and figures.churn.outline:
        # Imported where it is used: pandas takes half a second. It escapes its texts itself.
        from ml.churn.surrogate import surrogate_svg

        drawn["outline"] = surrogate_svg(figures.churn.outline)
    if figures.value and figures.value.tiers:
        drawn["value"] = charts.value_by_tier(
            figures.value.tiers, money=environment.filters["money"]
        )
    if figures.rfm:
        drawn["rfm"] = charts.rfm_grid(figures.rfm.cells)
    if figures.reconciliation:
        drawn["walk"] = charts.reconciliation_walk(figures.reconciliation)
    # Markup: the SVG is made here from figures; all text in it went through Vega's escaping.
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704


def _glance_charts(glance: Glance, environment: Environment) -> dict[str, Markup]:
    # Imported where it is used, as the other charts.
    from orchestration.release import glance_charts as charts

    months = glance.months
    drawn: dict[str, str] = {}
    if glance.customers:
        drawn["kinds"] = charts.customers_by_tier(glance.customers)
    if glance.revenue:
        drawn["revenue_months"] = charts.revenue_by_month(glance.revenue, months)
    if glance.mrr:
        drawn["mrr"] = charts.recurring_revenue(glance.mrr, months)
        drawn["movements"] = charts.mrr_movements(glance.mrr, months)
    if glance.overdue:
        drawn["overdue"] = charts.overdue_by_age(glance.overdue, money=environment.filters["money"])
    if glance.tickets:
        drawn["tickets"] = charts.tickets_by_month(glance.tickets, months)
    if any(row["low"] + row["middle"] + row["high"] for row in glance.surveys):
        drawn["answers"] = charts.recommendation_by_month(glance.surveys, months)
    if glance.usage:
        drawn["usage"] = charts.active_in_product(glance.usage, months)
    if glance.systems:
        drawn["measured"] = charts.measured_time(glance.systems, months)
    if glance.identity:
        drawn["links"] = charts.linked_records(glance.identity)
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 - as above


def _summary(figures: Figures, environment: Environment) -> str:
    if figures.portfolio is None:
        return ""
    now, money = figures.portfolio.now, environment.filters["money"]
    text = (
        f"{format_integer(now['active_customer_count'])} of "
        f"{format_integer(now['customer_count'])} customers are active. "
        f"All together brought {money(now['revenue_12m'])} in the twelve months to "
        f"{format_day(now['as_of_date'])}. "
    )
    if figures.glance.mrr:
        text += f"Subscriptions bring {money(figures.glance.mrr[-1]['closing'])} a month. "
    if now["mean_score"] is not None:
        text += (
            f"The mean score is {format_score(now['mean_score'])} of 100: "
            f"{format_integer(now['green_count'])} customers are green, "
            f"{format_integer(now['amber_count'])} amber and "
            f"{format_integer(now['red_count'])} red. "
        )
    unscored = now["customer_count"] - now["scored_count"]
    if unscored:
        text += f"{format_integer(unscored)} have too little evidence for a score."
    return text.strip()


def _statuses(manifest: Manifest) -> list[Status]:
    products = load_products()
    statuses = []
    for name, entry in manifest.products.items():
        if entry.is_absent:
            label, kind = "Absent", "red"
        elif entry.stale:
            label, kind = "Held: last good version", "amber"
        else:
            label, kind = "Passed", "green"
        product = products.get(name)
        title = product.title if product else name
        owner = product.owner if product else ""
        statuses.append(Status(title, owner, label, kind, entry))
    return statuses


def _stale_by_mart(manifest: Manifest) -> Mapping[str, ProductEntry]:
    return {
        mart: entry
        for entry in manifest.products.values()
        if entry.decision != "pass"
        for mart in entry.marts
    }
