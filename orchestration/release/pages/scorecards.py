"""The page of the scorecards: every profile's bands, months, tiers and changes, and value by risk.

Belongs here: what is read of the scorecard marts for all customers together, in both languages.
Not here: value segments (`segments`), organisations (`accounts`), whether to believe the
scores (`proof`), one customer (`release.search`), chart specifications.
"""

from collections.abc import Callable, Sequence
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_percent,
    format_score,
    format_share,
)
from orchestration.release.pages import accounts, balanced, charts, configuration, segments
from orchestration.release.pages.model import (
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names, number, part_cell, rate, readable, tile
from orchestration.release.palette import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import counted, hidden_too

KEY = "scorecards"
BANDS = {"Green": GREEN, "Amber": ORANGE, "Red": RED, "No score": GREY}
_LINES = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, INK, GREY)
_RISKS = (0.1, 0.25, 0.5, 1.0)
_LISTED = 15
_CHANGES = (
    ("value_change", "Values measured"),
    ("scale_change", "Scale and targets"),
    ("configuration_change", "Configuration"),
    ("coverage_change", "Coverage"),
    ("exception_change", "Exceptions"),
    ("override_change", "Overrides"),
)
# Sums over customers are exact, so that a release says the same on every machine.
_COUNTS = """
    count(*) as customers,
    count(score) as scored,
    cast(avg(cast(score as decimal(18, 6))) as double) as mean_score,
    cast(avg(cast(coverage as decimal(18, 6))) as double) as mean_coverage,
    count(*) filter (band = 'green') as green,
    count(*) filter (band = 'amber') as amber,
    count(*) filter (band = 'red') as red,
    count(*) filter (score is null) as unscored,
    count(*) filter (band = 'green') / nullif(count(score), 0) as green_share,
    count(*) filter (band = 'amber') / nullif(count(score), 0) as amber_share,
    count(*) filter (band = 'red') / nullif(count(score), 0) as red_share
"""
_NEWEST = "as_of_date = (select max(as_of_date) from scorecard.customer_scorecard)"
_SOURCE = "customer_scorecard.score, band, coverage"


def page(lang: str) -> PageSpec:
    """The page in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    cards = {"customer_scorecard": names("as_of_date profile tier score band coverage")}
    return PageSpec(
        KEY if lang == "en" else f"{KEY}.{lang}",
        t("Scorecards"),
        t("How do our customers stand, by each scorecard, and what moved them?"),
        [
            Topic("profiles", Part(t("Scorecards and bands"), cards), told.profiles),
            balanced.topic(lang),
            Topic("months", Part(t("Months"), cards), told.months),
            Topic("tiers", Part(t("Tiers"), cards), told.tiers),
            Topic(
                "changes",
                Part(
                    t("What moved the scores"),
                    {
                        "customer_scorecard": (
                            *cards["customer_scorecard"],
                            "score_change",
                            "trend",
                            *(column for column, _ in _CHANGES),
                        )
                    },
                    t("no customer has a score in two months in a row"),
                ),
                told.changes,
            ),
            segments.topic(lang),
            Topic(
                "map",
                Part(
                    t("Value and risk"),
                    {
                        **cards,
                        "predictions": names("customer_id as_of_date churn_probability"),
                    },
                    t("no customer has both a score and a churn probability"),
                ),
                told.map,
            ),
            Topic(
                "contradictions",
                Part(
                    t("Health and risk apart"),
                    {
                        "contradictions": names(
                            "customer_id as_of_date profile tier score band contradiction"
                        ),
                        "customers": names("customer_id crm_customer_id organisation_name"),
                    },
                    t("health and risk agree for every customer, or one of both is not measured"),
                ),
                told.contradictions,
            ),
            accounts.topic(lang),
        ],
    )


class _Told(Teller):
    """The topics in one language."""

    def profiles(self, reader: Reader) -> Section | None:
        t = self.t
        rows = self._by(reader, "profile", where=_NEWEST)
        if not rows:
            return None
        rows = [{**row, "label": self.name(row["profile"])} for row in rows]
        main = rows[0]
        as_of = main["as_of_date"]
        parts = [
            {"label": row["label"], "part": t(band), "value": row[key]}
            for row in rows
            for band, key in zip(BANDS, ("green", "amber", "red", "unscored"), strict=True)
        ]
        missing = self._refused(reader)
        tables: list[Sequence[Figure | Table]] = [
            (
                Figure(
                    t("Customers by band"),
                    t("How many customers stand in which band of each scorecard."),
                    charts.stacks(
                        parts,
                        {t(band): colour for band, colour in BANDS.items()},
                        form=format_integer,
                    ),
                    self._table(t("Customers by band"), "Profile", rows),
                    t(
                        "The band comes from the score after exceptions and overrides. No score: "
                        "too little of the scorecard's weight is measured for the customer."
                    ),
                ),
                self._table(t("Scorecards"), "Profile", rows, is_narrow=True),
            )
        ]
        if missing:
            tables.append((missing,))
        return Section(
            as_of=as_of,
            intro=t(
                "A customer has one score for each scorecard that the data can fill. Coverage is "
                "the share of the weight that is measured."
            ),
            headline=t(
                "By “{profile}”, {green} customers are green, {amber} amber and {red} red; the "
                "mean score is {mean}."
            ).format(
                profile=main["label"],
                green=format_integer(main["green"]),
                amber=format_integer(main["amber"]),
                red=format_integer(main["red"]),
                mean=format_score(main["mean_score"]),
            ),
            rows=tables,
            tiles=[
                tile(
                    row["label"],
                    format_score(row["mean_score"]),
                    t("mean of {n} scores, {red} red").format(
                        n=format_integer(row["scored"]), red=format_percent(row["red_share"])
                    ),
                    definition=t("Mean score of all customers that have one."),
                    as_of=as_of,
                    source=_SOURCE,
                    trend=[
                        month["mean_score"]
                        for month in self._by(reader, "as_of_date", profile=row["profile"])
                    ],
                )
                for row in rows[:8]
            ],
        )

    def months(self, reader: Reader) -> Section | None:
        t = self.t
        rows = [
            row for row in self._by(reader, "profile, as_of_date") if row["mean_score"] is not None
        ]
        if not rows:
            return None
        shown = list(dict.fromkeys(row["profile"] for row in rows))[: len(_LINES)]
        colours = {
            self.name(profile): colour for profile, colour in zip(shown, _LINES, strict=False)
        }
        kept = [row for row in rows if row["profile"] in shown]
        months = sorted({row["as_of_date"] for row in kept})
        by_key = {(row["profile"], row["as_of_date"]): row for row in kept}

        def series(key: str) -> list[Row]:
            return [
                {
                    "month": month,
                    "series": self.name(profile),
                    "value": by_key.get((profile, month), {}).get(key),
                }
                for profile in shown
                for month in months
            ]

        listed = [{**row, "label": self.name(row["profile"])} for row in kept[::-1]]
        events = configuration.marks(reader, self, months)
        marks = configuration.numbered(events)
        marked = configuration.listed(
            events,
            self,
            t("Changes of the configuration that are marked"),
            empty=t("Nothing changed within these months."),
            is_marked=True,
        )
        return Section(
            as_of=months[-1],
            intro=t("How the scores moved over the months; not every customer is in every month."),
            rows=[
                (
                    Figure(
                        t("Mean score"),
                        t("Mean of the scores of all customers that have one."),
                        charts.lines(
                            series("mean_score"),
                            colours,
                            tick=lambda value: f"{value:g}",
                            domain=(0, 100),
                            name=self.month_short,
                            marks=marks,
                        ),
                        self._monthly(t("Mean score"), listed),
                        t("Mean score of all customers that have one."),
                    ),
                    Figure(
                        t("Share of red customers"),
                        t("Of the customers that have a score."),
                        charts.lines(
                            series("red_share"),
                            colours,
                            tick=lambda value: f"{100 * value:.0f} %",
                            name=self.month_short,
                            marks=marks,
                        ),
                        self._monthly(t("Share of red customers"), listed),
                        t("Red customers divided by the customers that have a score."),
                    ),
                ),
                (marked,),
            ],
        )

    def tiers(self, reader: Reader) -> Section | None:
        t = self.t
        rows = self._by(reader, "profile, tier", where=_NEWEST)
        if not rows:
            return None
        profiles = list(dict.fromkeys(row["profile"] for row in rows))
        tables = [
            self._table(
                self.name(profile),
                "Tier",
                [
                    {**row, "label": row["tier"] or t("No tier")}
                    for row in rows
                    if row["profile"] == profile
                ],
                is_narrow=True,
            )
            for profile in profiles
        ]
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "The same scorecards by value tier. Targets differ by tier, so a score of tier A "
                "and one of tier D say how each stands against its own target."
            ),
            rows=[tuple(tables[place : place + 2]) for place in range(0, len(tables), 2)],
        )

    def changes(self, reader: Reader) -> Section | None:
        t = self.t
        sums = ", ".join(
            f"cast(avg(cast({column} as decimal(18, 6))) as double) as {column}"
            for column, _ in _CHANGES
        )
        rows = reader.rows(
            f"""
            select
                profile,
                max(as_of_date) as as_of_date,
                count(*) as customers,
                cast(avg(cast(score_change as decimal(18, 6))) as double) as score_change,
                count(*) filter (trend = 'up') as up,
                count(*) filter (trend = 'flat') as flat,
                count(*) filter (trend = 'down') as down,
                {sums}
            from scorecard.customer_scorecard
            where {_NEWEST} and score_change is not null
            group by profile
            order by profile <> ?, profile
            """,
            [reader.manifest.profile],
        )
        if not rows:
            return None
        rows = [{**row, "label": self.name(row["profile"])} for row in rows]
        columns = [
            self.head("Profile"),
            number(t("Compared"), "customers", on_phone=False),
            number(t("Change of the mean"), "score_change", self._fine),
            *(number(t(words), column, self._fine, on_phone=False) for column, words in _CHANGES),
            number(t("Up"), "up"),
            number(t("Flat"), "flat", on_phone=False),
            number(t("Down"), "down"),
        ]
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "The change of each customer's score since the month before is taken apart "
                "exactly; these are the means of the parts, and they sum to the mean change."
            ),
            rows=[
                (
                    Table(
                        t("Mean change since the month before, by cause"),
                        columns,
                        rows,
                        note=t(
                            "Of customers with a score in both months. A change within the dead "
                            "band of the measure's own noise counts as flat."
                        ),
                        sources="customer_scorecard.score_change and its parts, trend",
                    ),
                )
            ],
        )

    def map(self, reader: Reader) -> Section | None:
        t = self.t
        profile = self._value_profile(reader)
        cells = reader.rows(
            f"""
            select
                cards.as_of_date,
                least(floor(cards.score / 20), 4)::integer as step,
                case
                    when chances.churn_probability < {_RISKS[0]} then 0
                    when chances.churn_probability < {_RISKS[1]} then 1
                    when chances.churn_probability < {_RISKS[2]} then 2
                    else 3
                end as risk,
                count(*) as customers
            from scorecard.customer_scorecard as cards
            inner join scorecard.predictions as chances
                on
                    cards.customer_id = chances.customer_id
                    and cards.as_of_date = chances.as_of_date
            where
                cards.profile = ? and cards.score is not null
                and chances.churn_probability is not null and cards.{_NEWEST}
            group by all
            """,
            [profile],
        )
        if not cells:
            return None
        found = {(row["step"], row["risk"]): row["customers"] for row in cells}
        hidden = hidden_too(found)
        most = max(found.values())
        ends = (0.0, *_RISKS)
        risks = [f"{100 * ends[i]:.0f}–{100 * ends[i + 1]:.0f} %" for i in range(len(_RISKS))]

        def cell(risk: int) -> Callable[[Row], Cell]:
            def read(row: Row) -> Cell:
                count = found.get((row["step"], risk), 0)
                place = (row["step"], risk)
                return part_cell(place, count, hidden, shade=float(count) / most)

            return read

        steps = [
            {"step": step, "label": f"{20 * step}–{20 * step + 20}"} for step in range(4, -1, -1)
        ]
        all_of_them = sum(found.values())
        urgent = counted(sum(n for (step, risk), n in found.items() if step >= 3 and risk >= 2))
        return Section(
            as_of=cells[0]["as_of_date"],
            intro=t(
                "Value says whom it is worth to keep, risk says who is about to leave; they are "
                "never mixed into one number."
            ),
            said=[
                t(
                    "{urgent} of {all} customers ({share}) have a score of 60 or more and leave "
                    "within six months with a probability of 25 % or more."
                ).format(
                    urgent=format_integer(urgent),
                    all=format_integer(all_of_them),
                    share=format_share(urgent / all_of_them),
                )
            ],
            rows=[
                (
                    Table(
                        t("Customers by score of “{profile}” and churn probability").format(
                            profile=self.name(profile)
                        ),
                        [
                            self.head("Score"),
                            *(Column(name, cell(place)) for place, name in enumerate(risks)),
                        ],
                        steps,
                        note=t("A step holds its lower end, the highest also its upper one."),
                        sources="customer_scorecard.score, predictions.churn_probability",
                    ),
                )
            ],
        )

    def contradictions(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select
                found.*,
                coalesce(customers.organisation_name, customers.crm_customer_id,
                    found.customer_id) as label,
                coalesce(customers.crm_customer_id, found.customer_id) as known_id
            from scorecard.contradictions as found
            left join scorecard.customers on found.customer_id = customers.customer_id
            where found.as_of_date = (select max(as_of_date) from scorecard.contradictions)
            order by found.tier, found.score, found.customer_id
            """
        )
        if not rows:
            return None
        words = {
            "unhealthy_safe": t("unhealthy, yet risk is low"),
            "healthy_at_risk": t("healthy, yet at risk"),
        }
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "Health is made of what can be acted on, risk of what predicts. Where they stand "
                "two bands apart, one of them misses something: look at the customer."
            ),
            said=[
                t("{n} customers; {listed} are listed, all are in the mart contradictions.").format(
                    n=format_integer(len(rows)), listed=format_integer(min(len(rows), _LISTED))
                )
            ],
            rows=[
                (
                    Table(
                        t("Customers whose health and risk contradict each other"),
                        [
                            Column(
                                t("Customer"),
                                lambda row: Cell(row["label"], detail=row["known_id"]),
                                is_number=False,
                                is_head=True,
                            ),
                            Column(t("Tier"), lambda row: row["tier"] or "–", is_number=False),
                            number(t("Health score"), "score", format_score),
                            rate(t("Leaves within 6 months"), "churn_probability", on_phone=False),
                            Column(
                                t("What disagrees"),
                                lambda row: words.get(
                                    row["contradiction"], readable(row["contradiction"])
                                ),
                                is_number=False,
                            ),
                        ],
                        [{"churn_probability": None, **row} for row in rows[:_LISTED]],
                        sources="contradictions",
                    ),
                )
            ],
        )

    def _by(
        self, reader: Reader, keys: str, *, where: str = "true", profile: str | None = None
    ) -> list[Row]:
        """Counts and means of the scorecard by some of its columns, the main profile first."""
        chosen = "" if profile is None else "and profile = $profile"
        newest = "" if "as_of_date" in keys else "max(as_of_date) as as_of_date,"
        order = "profile <> $main, " if "profile" in keys else ""
        query = f"""
            select {keys}, {newest} {_COUNTS}
            from scorecard.customer_scorecard
            where {where} {chosen}
            group by {keys}
            order by {order}{keys}
        """
        values = {"profile": profile} if profile is not None else {}
        if "profile" in keys:
            values["main"] = reader.manifest.profile
        cursor = reader.con.execute(query, values)
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _value_profile(self, reader: Reader) -> str:
        """The main profile, unless it is one of health: then another that says what is worth."""
        columns = reader.manifest.marts["customer_scorecard"].columns
        if "kind" not in columns:
            return reader.manifest.profile
        rows = reader.rows(
            "select distinct profile from scorecard.customer_scorecard where kind = 'value' "
            "order by profile <> ?, profile",
            [reader.manifest.profile],
        )
        return str(rows[0]["profile"]) if rows else reader.manifest.profile

    def _refused(self, reader: Reader) -> Table | None:
        """Profiles that lack too much of their weight, with what they lack."""
        if "profile_requirements" not in reader.manifest.marts:
            return None
        t = self.t
        columns = reader.manifest.marts["profile_requirements"].columns
        label = "label_zh" if self.lang == "zh" and "label_zh" in columns else "label"
        rows = reader.rows(
            f"""
            select
                profile,
                max(profile_coverage) as coverage,
                string_agg(coalesce({label}, measure), ', ' order by weight desc, measure)
                    filter (not is_available) as lacking
            from scorecard.profile_requirements
            where not is_profile_applied
            group by profile
            order by coverage desc, profile
            """
        )
        if not rows:
            return None
        return Table(
            t("Scorecards that the data cannot fill"),
            [
                self.head("Profile"),
                rate(t("Measurable weight"), "coverage"),
                Column(t("It lacks"), lambda row: str(row["lacking"] or "–"), is_number=False),
            ],
            [{**row, "label": self.name(row["profile"])} for row in rows],
            note=t("At least 60 % of the weight must be measurable; these are refused."),
            sources="profile_requirements",
        )

    def _fine(self, value: Any) -> str:
        """A change of a mean, which is small: two decimals, no sign where it is nothing."""
        if value is None:
            return "–"
        return "0" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")

    def _table(
        self, caption: str, head: str, rows: Sequence[Row], *, is_narrow: bool = False
    ) -> Table:
        t = self.t
        counted = [] if is_narrow else [number(t("Customers"), "customers", on_phone=False)]
        return Table(
            caption,
            [
                self.head(head),
                *counted,
                number(t("Scored"), "scored"),
                number(t("Mean score"), "mean_score", format_score),
                rate(t("Coverage"), "mean_coverage", on_phone=False),
                rate(t("Green"), "green_share", on_phone=False),
                rate(t("Amber"), "amber_share", on_phone=False),
                rate(t("Red"), "red_share"),
            ],
            rows,
            note=t("Shares are of the customers that have a score."),
            sources=_SOURCE,
        )

    def _monthly(self, caption: str, rows: Sequence[Row]) -> Table:
        t = self.t
        return Table(
            caption,
            [
                Column(t("Month"), lambda row: self.month(row["as_of_date"]), is_number=False),
                self.head("Profile"),
                number(t("Scored"), "scored"),
                number(t("Mean score"), "mean_score", format_score),
                rate(t("Red"), "red_share"),
            ],
            rows,
            sources=_SOURCE,
        )


PAGE = page("en")
CHINESE_PAGE = page("zh")
