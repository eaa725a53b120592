"""The report page of a release: one self-contained HTML file.

Belongs here: the words and the layout around the figures. Not here: queries (`figures`), charts
(`charts`), the quality page (`data_quality`).

The page has no script, fetches nothing and opens from disk. It is a function of the release's
database and manifest alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from data_quality.products import load_products
from orchestration.release.figures import SMALL_CELL, Figures, Portfolio, Row, read_figures
from orchestration.release.manifest import Manifest, ProductEntry, read_manifest
from orchestration.release.reading import open_database
from orchestration.release.store import DATABASE_NAME

REPORT_FOLDER = "report"
PAGE_NAME = "index.html"

_CURRENCY_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "CNY": "¥"}
_METHODS = {
    "estimator": "the trained estimator",
    "baseline_rule": "the best simple rule (how long ago the last purchase was)",
    "base_rate": "the observed rate of comparable customers",
}


_CANDIDATES = {
    "logistic": "Logistic regression",
    "logistic_regression": "Logistic regression",
    "hist_gradient_boosting": "Gradient boosting",
    "gradient_boosting": "Gradient boosting",
    "mbg_nbd_gamma_gamma": "Modified BG/NBD × Gamma-Gamma",
    "bg_nbd_gamma_gamma": "BG/NBD × Gamma-Gamma",
}


@dataclass(frozen=True)
class Tile:
    """One headline figure.

    Attributes:
        label: What it is.
        value: The figure, formatted.
        detail: A second line: interval, change, share.
        definition: What the figure means.
        as_of: The month it stands at.
        source: Mart and column it comes from.
        spark: A small line of its months, as SVG.
    """

    label: str
    value: str
    detail: str
    definition: str
    as_of: date
    source: str
    spark: Markup


@dataclass(frozen=True)
class Status:
    """One data product's line in the status table."""

    title: str
    owner: str
    label: str
    kind: str
    entry: ProductEntry


def write_report(release_dir: Path) -> Path:
    """Write `report/index.html` of a release that is being built.

    Args:
        release_dir: The release folder, with `scorecard.duckdb` and `manifest.json`.

    Returns:
        The page.

    Raises:
        ReleaseError: The manifest is missing or unreadable.
    """
    page = release_dir / REPORT_FOLDER / PAGE_NAME
    page.parent.mkdir(exist_ok=True)
    page.write_text(render_report(release_dir), encoding="utf-8")
    return page


def render_report(release_dir: Path) -> str:
    """The report page of a release as HTML text.

    Raises:
        ReleaseError: The manifest is missing or unreadable.
    """
    manifest = read_manifest(release_dir)
    with open_database(release_dir / DATABASE_NAME) as con:
        figures = read_figures(con, manifest)
    environment = _environment(_currency(figures))
    return environment.get_template("report.html.j2").render(
        manifest=manifest,
        notice=manifest.notice,
        figures=figures,
        tiles=_tiles(figures, environment) if figures.portfolio else [],
        summary=_summary(figures, environment),
        charts=_charts(figures, environment),
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
        candidates=_CANDIDATES,
        small_cell=SMALL_CELL,
    )


def _environment(currency: str | None) -> Environment:
    environment = Environment(
        loader=PackageLoader("orchestration.release", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sign = _CURRENCY_SIGNS.get(currency or "", f"{currency} " if currency else "")

    def money(value: Any) -> str:
        return format_money(value, sign)

    def amount(value: Any, decimals: int = 0) -> str:
        return format_amount(value, sign, decimals)

    environment.filters.update(
        money=money,
        amount=amount,
        integer=format_integer,
        percent=format_percent,
        score=format_score,
        day=format_day,
        month=format_month,
        readable=_charts_module().readable,
    )
    return environment


def _currency(figures: Figures) -> str | None:
    """The unit of revenue in the catalogue, where that is a currency (ISO 4217)."""
    unit = str(figures.catalogue.get("revenue_12m", {}).get("unit", ""))
    return unit if len(unit) == 3 and unit.isupper() else None


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
    if figures.value and figures.value.tiers:
        drawn["value"] = charts.value_by_tier(
            figures.value.tiers, money=environment.filters["money"]
        )
    if figures.rfm:
        drawn["rfm"] = charts.rfm_grid(figures.rfm.cells, smallest=SMALL_CELL)
    if figures.reconciliation:
        drawn["walk"] = charts.reconciliation_walk(figures.reconciliation)
    # Markup: the SVG is made here from figures; all text in it went through Vega's escaping.
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704


def _tiles(figures: Figures, environment: Environment) -> list[Tile]:
    portfolio = figures.portfolio
    if portfolio is None:
        return []
    indicators = _indicator_tiles(portfolio, figures, environment)
    return [*_scorecard_tiles(portfolio, environment), *indicators]


def _scorecard_tiles(portfolio: Portfolio, environment: Environment) -> list[Tile]:
    now, money = portfolio.now, environment.filters["money"]
    active_share = format_percent(_ratio(now["active_customer_count"], now["customer_count"]))
    return [
        _tile(
            portfolio.months,
            "customer_count",
            label="Customers",
            value=format_integer(now["customer_count"]),
            detail=_change(portfolio.months, "customer_count", format_integer),
            definition="Everyone with a place in the scorecard of this month: known to the CRM or "
            "to billing by then.",
        ),
        _tile(
            portfolio.months,
            "active_customer_count",
            label="Active customers",
            value=format_integer(now["active_customer_count"]),
            detail=f"{active_share} of all",
            definition="Bought recently enough for their tier: the last purchase is no longer ago "
            "than nine in ten gaps between purchases in that tier (90 to 180 days).",
        ),
        _tile(
            portfolio.months,
            "revenue_12m",
            label="Revenue, 12 months",
            value=money(now["revenue_12m"]),
            detail=_change(portfolio.months, "revenue_12m", money),
            definition="Invoiced amounts less credits of the twelve months up to this date, for "
            "customers of the scorecard. Credits count on their own date.",
        ),
        _tile(
            portfolio.months,
            "mean_score",
            label="Mean score",
            value=format_score(now["mean_score"]),
            detail=f"median {format_score(now['median_score'])}, "
            f"{format_integer(now['scored_count'])} scored",
            definition="Mean of the customers' scores, 0 to 100, higher is better. Red is below "
            "50, amber from 50, green from 75.",
        ),
        _tile(
            portfolio.months,
            "mean_coverage",
            label="Coverage",
            value=format_percent(now["mean_coverage"]),
            detail="of the profile's weight is measured",
            definition="Share of the profile's weight for which there is evidence, mean over "
            "customers. Below 60 % a customer's score is not published.",
        ),
    ]


def _indicator_tiles(
    portfolio: Portfolio, figures: Figures, environment: Environment
) -> list[Tile]:
    money = environment.filters["money"]
    if not portfolio.indicators:
        return _risk_tile(figures, money)
    now = portfolio.indicators[-1]
    low_n = ", few customers" if now["is_low_n"] else ""
    interval = (
        f"95 % interval {format_percent(now['customer_retention_low'])} to "
        f"{format_percent(now['customer_retention_high'])}{low_n}"
    )
    return [
        _tile(
            portfolio.indicators,
            "customer_retention_ratio",
            mart="portfolio_indicators",
            label="Retention",
            value=format_percent(now["customer_retention_ratio"]),
            detail=interval if now["customer_retention_ratio"] is not None else "",
            definition=f"Share of the customers active {now['period_months']} months ago who are "
            "active now. The interval is Wilson's.",
        ),
        _tile(
            portfolio.indicators,
            "top_20_percent_revenue_ratio",
            mart="portfolio_indicators",
            label="Top 20 % bring",
            value=format_percent(now["top_20_percent_revenue_ratio"]),
            detail="of revenue; as concentrated as "
            f"{format_integer(now['effective_customer_number'])} equal customers",
            definition="Share of positive twelve-month revenue that comes from the fifth of "
            "customers with the most; the effective number is 1 / Σ share².",
        ),
        *_risk_tile(figures, money),
    ]


def _risk_tile(figures: Figures, money: Any) -> list[Tile]:
    churn = figures.churn
    if churn is None or not churn.bands:
        return []
    at_risk = sum((row["value_at_risk"] or Decimal(0) for row in churn.bands), Decimal(0))
    spark = [row["value_at_risk"] for row in churn.months]
    high = sum(row["customer_count"] for row in churn.bands if row["risk_band"] == "red")
    return [
        Tile(
            label="Value at risk",
            value=money(at_risk),
            detail=f"{format_integer(high)} customers at high risk",
            definition="Sum over customers of churn probability times the value they would bring "
            "if they stayed. The section on churn says how far the probability may be trusted.",
            as_of=churn.as_of_date,
            source="predictions.value_at_risk",
            spark=Markup(_charts_module().sparkline(spark)),  # noqa: S704 - numbers alone
        )
    ]


def _tile(
    months: Sequence[Row],
    column: str,
    *,
    label: str,
    value: str,
    detail: str,
    definition: str,
    mart: str = "portfolio_scorecard",
) -> Tile:
    spark = _charts_module().sparkline([row[column] for row in months])
    return Tile(
        label=label,
        value=value,
        detail=detail,
        definition=definition,
        as_of=months[-1]["as_of_date"],
        source=f"{mart}.{column}",
        spark=Markup(spark),  # noqa: S704 - made of numbers alone
    )


def _change(months: Sequence[Row], column: str, form: Callable[[Any], str]) -> str:
    if len(months) < 2 or months[-1][column] is None or months[-2][column] is None:
        return ""
    difference = months[-1][column] - months[-2][column]
    if not difference:
        return "unchanged in a month"
    return f"{'+' if difference > 0 else '−'}{form(abs(difference))} in a month"


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


def _ratio(part: Any, whole: Any) -> float | None:
    return None if not whole or part is None else float(part) / float(whole)


def format_integer(value: Any) -> str:
    """`12345` as `12,345`; a dash where there is none."""
    return "–" if value is None else f"{round(value):,}".replace("-", "−")


def format_percent(value: Any) -> str:
    """`0.1234` as `12.3 %`; a dash where there is none."""
    return "–" if value is None else f"{100 * float(value):.1f}\u00a0%"


def format_score(value: Any) -> str:
    """A score with one decimal; a dash where there is none."""
    return "–" if value is None else f"{float(value):.1f}"


def format_money(value: Any, sign: str) -> str:
    """An amount in short form: `£19.29 m`, `£302.8 k`, `£512`; a dash where there is none."""
    if value is None:
        return "–"
    amount = float(value)
    minus, size = ("−" if amount < 0 else ""), abs(amount)
    if size >= 999_500:
        return f"{minus}{sign}{size / 1e6:,.2f}\u00a0m"
    if size >= 10_000:
        return f"{minus}{sign}{size / 1e3:,.1f}\u00a0k"
    return f"{minus}{sign}{size:,.0f}"


def format_amount(value: Any, sign: str, decimals: int = 0) -> str:
    """An amount in full, `£19,287,232.568`; a dash where there is none."""
    if value is None:
        return "–"
    amount = Decimal(value)
    return f"{'−' if amount < 0 else ''}{sign}{abs(amount):,.{decimals}f}"


def format_day(value: date | datetime | str | None) -> str:
    """A date as `31 December 2011`; a dash where there is none."""
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.day} {day:%B %Y}"


def format_month(value: date | datetime | str | None) -> str:
    """A date as `Dec 2011`; a dash where there is none."""
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day:%b %Y}"
