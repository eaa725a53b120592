"""The overview in Chinese: customers, scores and revenue by tier, and who may leave.

Belongs here: what the Chinese reader sees first. Not here: the overview in English, which tells
more (`release.report`), other pages.
"""

from collections.abc import Sequence

from orchestration.release.formats import (
    format_integer,
    format_percent,
    format_score,
    format_share,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names, number, tile
from orchestration.release.palette import BLUE, RED
from orchestration.release.parts import Part
from orchestration.release.reading import Row

KEY = "index"
_RISKS = {"red": "High", "amber": "Medium", "green": "Low"}


def page(lang: str) -> PageSpec:
    """The page in a language.

    Args:
        lang: `zh`; in English the overview is a page of another kind.
    """
    told = _Told(lang)
    t = told.t
    return PageSpec(
        f"{KEY}.{lang}",
        t("Overview"),
        t("How do our customers stand?"),
        [
            Topic(
                "tiers",
                Part(
                    t("Customers, revenue and scores"),
                    {
                        "tier_scorecard": names(
                            "as_of_date profile tier customer_count active_customer_count "
                            "scored_count mean_score green_count amber_count red_count revenue_12m"
                        )
                    },
                    t("no customer has a score"),
                ),
                told.tiers,
            ),
            Topic(
                "risk",
                Part(
                    t("Who may leave"),
                    {"predictions": names("as_of_date churn_probability risk_band")},
                    t("no customer has a churn probability"),
                ),
                told.risk,
            ),
        ],
        t("Sources, reconciliation, model cards and data quality are told on the English page."),
    )


class _Told(Teller):
    """The topics in one language."""

    def tiers(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            "select * from scorecard.tier_scorecard where profile = ? order by as_of_date, tier",
            [reader.manifest.profile],
        )
        months = [{**row, "red_share": _share(row)} for row in rows if row["tier"] == "all"]
        if not months:
            return None
        now = months[-1]
        as_of = now["as_of_date"]
        here = [
            {**row, "label": self.tier(row["tier"]), "red_share": _share(row)}
            for row in rows
            if row["as_of_date"] == as_of
        ]
        name = self.name(reader.manifest.profile)
        return Section(
            as_of=as_of,
            intro=t("The score is that of “{name}”; the page of the scorecards has all.").format(
                name=name
            ),
            headline=t(
                "{active} of {all} customers are active; revenue of twelve months {revenue}; the "
                "mean score is {mean}."
            ).format(
                active=format_integer(now["active_customer_count"]),
                all=format_integer(now["customer_count"]),
                revenue=reader.money(now["revenue_12m"]),
                mean=format_score(now["mean_score"]),
            ),
            tiles=[
                tile(
                    t("Customers"),
                    format_integer(now["customer_count"]),
                    t("{n} of them active").format(n=format_integer(now["active_customer_count"])),
                    definition=t("All customers, and those who bought recently for their kind."),
                    as_of=as_of,
                    source="tier_scorecard.customer_count, active_customer_count",
                    trend=[row["customer_count"] for row in months],
                ),
                tile(
                    t("Revenue, 12 m"),
                    reader.money(now["revenue_12m"]),
                    t("of all customers"),
                    definition=t("Invoices less credits of the twelve months up to the day."),
                    as_of=as_of,
                    source="tier_scorecard.revenue_12m",
                    trend=[row["revenue_12m"] for row in months],
                ),
                tile(
                    t("Mean score"),
                    format_score(now["mean_score"]),
                    name,
                    definition=t("Mean score of all customers that have one."),
                    as_of=as_of,
                    source="tier_scorecard.mean_score",
                    trend=[row["mean_score"] for row in months],
                ),
                tile(
                    t("Share of red customers"),
                    format_percent(now["red_share"]),
                    t("{n} customers").format(n=format_integer(now["red_count"])),
                    definition=t("Red customers divided by the customers that have a score."),
                    as_of=as_of,
                    source="tier_scorecard.red_count, scored_count",
                    trend=[row["red_share"] for row in months],
                ),
            ],
            rows=[
                (
                    self._drawn(months, "mean_score", "Mean score", BLUE),
                    self._drawn(months, "red_share", "Share of red customers", RED),
                ),
                (self._by_tier(reader, here),),
            ],
        )

    def _drawn(self, months: Sequence[Row], key: str, title: str, colour: str) -> Figure:
        t = self.t
        is_share = key.endswith("share")
        return Figure(
            t(title),
            t("Month by month, all customers."),
            charts.lines(
                [
                    {"month": row["as_of_date"], "series": t(title), "value": row[key]}
                    for row in months
                ],
                {t(title): colour},
                tick=lambda value: f"{100 * value:.0f} %" if is_share else f"{value:g}",
                domain=None if is_share else (0, 100),
                name=self.month_short,
            ),
            Table(
                t(title),
                [
                    Column(
                        t("Month"),
                        lambda row: self.month(row["as_of_date"]),
                        is_number=False,
                        is_head=True,
                    ),
                    number(t("Customers"), "customer_count"),
                    number(t(title), key, format_percent if is_share else format_score),
                ],
                months[::-1],
                sources="tier_scorecard.mean_score, red_count, scored_count",
            ),
            t("Red customers divided by the customers that have a score.")
            if is_share
            else t("Mean score of all customers that have one."),
        )

    def _by_tier(self, reader: Reader, rows: Sequence[Row]) -> Table:
        t = self.t
        return Table(
            t("By value tier"),
            [
                self.head("Tier"),
                number(t("Customers"), "customer_count"),
                number(t("Active"), "active_customer_count", on_phone=False),
                number(t("Revenue, 12 m"), "revenue_12m", reader.money, on_phone=False),
                number(t("Mean score"), "mean_score", format_score),
                number(t("Red"), "red_share", format_percent),
            ],
            rows,
            note=t("Shares are of the customers that have a score."),
            sources="tier_scorecard.customer_count, revenue_12m, mean_score, red_count",
        )

    def risk(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select
                max(as_of_date) as as_of_date,
                risk_band,
                count(*) as customers,
                cast(sum(cast(churn_probability as decimal(18, 6))) as double) as expected
            from scorecard.predictions
            where churn_probability is not null and risk_band is not null
                and as_of_date = (select max(as_of_date) from scorecard.predictions)
            group by risk_band
            """
        )
        if not rows:
            return None
        listed = [
            {**row, "label": t(word), "share": row["expected"] / row["customers"]}
            for band, word in _RISKS.items()
            for row in rows
            if row["risk_band"] == band
        ]
        expected = sum(row["expected"] for row in listed)
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "The probability of leaving within six months: low below 25 %, high above 40 %."
            ),
            said=[
                t("Of {n} customers about {expected} are expected to leave.").format(
                    n=format_integer(sum(row["customers"] for row in listed)),
                    expected=format_integer(round(expected)),
                )
            ],
            rows=[
                (
                    Table(
                        t("Customers by risk"),
                        [
                            self.head("Risk band"),
                            number(t("Customers"), "customers"),
                            Column(t("Mean probability"), lambda row: format_share(row["share"])),
                        ],
                        listed,
                        sources="predictions.churn_probability, risk_band",
                    ),
                )
            ],
        )


def _share(row: Row) -> float | None:
    return row["red_count"] / row["scored_count"] if row["scored_count"] else None


CHINESE_PAGE = page("zh")
