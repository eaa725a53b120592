"""The page that says why the scores may be believed: back-test, weights, changes.

Belongs here: what is read of the back-test, the weights with their proof and the configuration's
history, and how it is told, in both languages. Not here: how customers stand (`scorecards`).
"""

from collections.abc import Sequence

from orchestration.release.formats import (
    format_integer,
    format_number,
    format_percent,
    format_share,
)
from orchestration.release.pages import charts, configuration
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
from orchestration.release.pages.words import (
    dots,
    names,
    number,
    percent_short,
    rate,
    tile,
)
from orchestration.release.palette import GREEN, RED
from orchestration.release.parts import Part
from orchestration.release.reading import Row

BANDS = ("green", "amber", "red")
_LISTED = 20
_METHODS = {
    "fixed": "set by people",
    "ahp": "judged in pairs (AHP)",
    "entropy": "computed (entropy)",
    "combined": "judged and computed",
}
_BACKTEST = names(
    "profile span as_of_date first_date kind customer_count churned_count churn_auc "
    "green_churn_ratio green_churn_low green_churn_high is_green_churn_low_n "
    "amber_churn_ratio amber_churn_low amber_churn_high is_amber_churn_low_n "
    "red_churn_ratio red_churn_low red_churn_high is_red_churn_low_n is_monotone "
    "red_to_green_ratio recall_ratio recall_low recall_high is_recall_low_n false_alarm_ratio "
    "is_false_alarm_low_n lead_time_count lead_time_days_median expansion_auc churn_auc_same_kind "
    "is_partly_in_sample"
)


def page(lang: str) -> PageSpec:
    """The page in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    backtest = {"scorecard_backtest": _BACKTEST}
    undecided = t("no month has all of its outcomes yet")
    return PageSpec(
        "proof" if lang == "en" else f"proof.{lang}",
        t("Proof"),
        t("Why may the scores be believed?"),
        (
            Topic(
                "warned",
                Part(
                    t("Did the scores warn?"),
                    {
                        **backtest,
                        "scorecard_missed_greens": names("customer_id as_of_date profile"),
                    },
                    undecided,
                ),
                told.warned,
            ),
            Topic(
                "weights",
                Part(
                    t("Weights in force"),
                    {
                        "scorecard_weights": names(
                            "profile as_of_date node_id parent_node_id node_kind depth label "
                            "label_zh weight global_weight method configured_weight judged_weight "
                            "entropy_weight consistency_ratio random_index assessor_count "
                            "review_date review_customer_count"
                        )
                    },
                ),
                told.weights,
            ),
            Topic(
                "sensitivity",
                Part(
                    t("If a weight were another"),
                    {
                        "weight_sensitivity": names(
                            "profile as_of_date node_id direction label label_zh weight "
                            "changed_weight customer_count band_changed_count band_changed_ratio "
                            "band_changed_low band_changed_high is_band_changed_low_n "
                            "largest_change decile_changed_ratio rank_correlation"
                        ),
                        "topsis_ranks": names(
                            "profile as_of_date customer_count decile_changed_ratio "
                            "decile_changed_low decile_changed_high is_decile_changed_low_n "
                            "rank_correlation"
                        ),
                    },
                    t("too few customers have a score"),
                ),
                told.sensitivity,
            ),
            Topic(
                "configuration",
                Part(
                    t("Changes of the configuration"),
                    {
                        "config_versions": configuration.CONFIG_COLUMNS,
                        "scorecard_weights": configuration.WEIGHT_COLUMNS,
                    },
                ),
                told.configuration,
            ),
        ),
    )


class _Told(Teller):
    """The topics in one language."""

    def warned(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            with missed as (
                select
                    tests.profile,
                    count(*) as missed_count,
                    count(distinct greens.customer_id) as missed_customer_count
                from scorecard.scorecard_backtest as tests
                inner join scorecard.scorecard_missed_greens as greens
                    on
                        tests.profile = greens.profile
                        and greens.as_of_date between tests.first_date and tests.as_of_date
                where tests.span = 'all_months'
                group by tests.profile
            )

            select
                tests.*,
                coalesce(missed.missed_count, 0) as missed_count,
                coalesce(missed.missed_customer_count, 0) as missed_customer_count
            from scorecard.scorecard_backtest as tests
            left join missed on tests.profile = missed.profile
            where tests.span = 'all_months'
            order by tests.kind <> 'health', tests.profile <> ?, tests.profile
            """,
            [reader.manifest.profile],
        )
        if not rows:
            return None
        rows = [{**row, "label": self.name(row["profile"])} for row in rows]
        first = rows[0]
        said = [
            row
            for row in rows
            if row["kind"] == "health" or row["profile"] == reader.manifest.profile
        ] or rows[:1]
        tells = [row for row in rows if tells_apart(row)]
        table = self._by_band_table(rows)
        monthly = self._months_drawn(reader, first["profile"])
        return Section(
            as_of=first["as_of_date"],
            intro=t(
                "Each score of the past is held against what came of the customer in the six "
                "months after. A score that says nothing about leaving may still say what a "
                "customer is worth; a health score that says nothing is of no use."
            ),
            said=[
                *(self.said_of(row) for row in said),
                *([monthly[1]] if monthly else []),
                t(
                    "Of {all} scorecards, {n} tell those who leave from those who stay beyond "
                    "chance, in the right order."
                ).format(n=len(tells), all=len(rows)),
            ],
            headline=self.said_of(first),
            tiles=[
                tile(
                    t("Red against green"),
                    self._times(first),
                    t("times as many left ({name})").format(name=first["label"]),
                    definition=t(
                        "Share of the red who left within six months, divided by that of the green."
                    ),
                    as_of=first["as_of_date"],
                    source="scorecard_backtest.red_to_green_ratio",
                ),
                tile(
                    t("AUC"),
                    _auc(first["churn_auc"]),
                    t("0.5 is a coin, 1 never errs"),
                    definition=t(
                        "Probability that of one who left and one who stayed, the one who left had "
                        "the lower score."
                    ),
                    as_of=first["as_of_date"],
                    source="scorecard_backtest.churn_auc",
                ),
                tile(
                    t("Leavers who were red"),
                    format_percent(first["recall_ratio"]),
                    self.span(first["recall_low"], first["recall_high"], format_percent),
                    definition=t("Of all who left within six months, the share that was red."),
                    as_of=first["as_of_date"],
                    source="scorecard_backtest.recall_ratio",
                ),
                tile(
                    t("Missed greens"),
                    format_integer(first["missed_customer_count"]),
                    t("customers left within six months of being green"),
                    definition=t(
                        "Customers who were green at a month end and left in the six months after. "
                        "The mart scorecard_missed_greens lists them."
                    ),
                    as_of=first["as_of_date"],
                    source="scorecard_missed_greens",
                ),
            ],
            rows=[
                (self._by_band_drawn(first, table), *([monthly[0]] if monthly else [])),
                (table,),
                (self._warning_table(rows),),
            ],
            is_waiting=True,
        )

    def said_of(self, row: Row) -> str:
        """What the back-test says of a scorecard, in one sentence."""
        t = self.t
        name = self.name(row["profile"])
        if row["red_churn_ratio"] is None or row["green_churn_ratio"] is None:
            return t("{name}: a band is empty, so that green and red cannot be compared.").format(
                name=name
            )
        rates = t("{red} of the red left within six months, {green} of the green").format(
            red=format_percent(row["red_churn_ratio"]),
            green=format_percent(row["green_churn_ratio"]),
        )
        if row["is_red_churn_low_n"] or row["is_green_churn_low_n"]:
            return t("{name}: {rates}; too few customers to tell.").format(name=name, rates=rates)
        if row["red_churn_low"] <= row["green_churn_high"]:
            return t("{name}: {rates}. That cannot be told from chance.").format(
                name=name, rates=rates
            )
        return t(
            "{name}: {rates}, {times} times as many. Of {cases}, {recall} were red before."
        ).format(
            name=name,
            rates=rates,
            times=self._times(row),
            cases=self.counted(row["churned_count"], "{n} case of leaving", "{n} cases of leaving"),
            recall=format_percent(row["recall_ratio"]),
        )

    def _times(self, row: Row) -> str:
        ratio = row["red_to_green_ratio"]
        return "–" if ratio is None else f"{float(ratio):.1f}"

    def _verdict(self, row: Row) -> str:
        """What a scorecard is worth as a warning, in a few words."""
        t = self.t
        if row["red_churn_ratio"] is None or row["green_churn_ratio"] is None:
            return t("a band is empty")
        if row["is_red_churn_low_n"] or row["is_green_churn_low_n"]:
            return t("too few to tell")
        if row["red_churn_high"] < row["green_churn_low"]:
            return t("the wrong way round")
        if row["red_churn_low"] <= row["green_churn_high"]:
            return t("not told from chance")
        if not row["is_monotone"]:
            return t("red warns, amber is out of order")
        return t("warns: {times} times as many").format(times=self._times(row))

    def _by_band_table(self, rows: Sequence[Row]) -> Table:
        t = self.t
        columns = []
        for band, head in zip(BANDS, ("Green", "Amber", "Red"), strict=True):
            columns += [
                rate(
                    t(head),
                    f"{band}_churn_ratio",
                    small_key=f"is_{band}_churn_low_n",
                    on_phone=band != "amber",
                ),
                self.interval(f"{band}_churn_low", f"{band}_churn_high", format_percent),
            ]
        return Table(
            t("Share who left within six months, by band"),
            [
                self.head("Scorecard"),
                number(t("Customer months"), "customer_count", on_phone=False),
                *columns,
                Column(t("Verdict"), self._verdict, is_number=False),
            ],
            rows,
            note=t(
                "Of all months whose outcomes are known. A customer counts once in each month, so "
                "that the intervals are narrower than those of as many customers would be."
            ),
            sources="scorecard_backtest.green_churn_ratio, red_churn_ratio, is_monotone",
        )

    def _warning_table(self, rows: Sequence[Row]) -> Table:
        t = self.t
        notes = [
            t(
                "AUC: 0.5 is a coin. Days of warning: from the first red month end to the end of "
                "the contract, in the middle. Missed greens: customer months that were green "
                "before the customer left. Expansion: who buys more in the six months after."
            ),
            t(
                "Same kind: over pairs of customers who leave alike, by the end of a contract or "
                "by buying no more; the other also tells the two kinds apart, which is no warning."
            ),
        ]
        if any(row["is_partly_in_sample"] for row in rows):
            notes.append(
                t(
                    "Of a score marked with *, some months hold what an estimator says that was "
                    "trained on later outcomes: it knew part of the answer, so its figures flatter "
                    "it."
                )
            )
        return Table(
            t("How well each score warns"),
            [
                Column(
                    t("Scorecard"),
                    lambda row: self.label(row) + (" *" if row["is_partly_in_sample"] else ""),
                    is_number=False,
                    is_head=True,
                ),
                number(t("AUC"), "churn_auc", _auc),
                number(t("AUC, same kind"), "churn_auc_same_kind", _auc),
                rate(t("Leavers who were red"), "recall_ratio", small_key="is_recall_low_n"),
                rate(
                    t("Stayers who were red"),
                    "false_alarm_ratio",
                    small_key="is_false_alarm_low_n",
                    on_phone=False,
                ),
                number(t("Days of warning"), "lead_time_days_median", on_phone=False),
                number(t("Missed greens"), "missed_count", on_phone=False),
                number(t("AUC of expansion"), "expansion_auc", _auc, on_phone=False),
            ],
            rows,
            note=" ".join(notes) if self.lang == "en" else "".join(notes),
            sources="scorecard_backtest.churn_auc, churn_auc_same_kind, recall_ratio, "
            "lead_time_days_median, expansion_auc, is_partly_in_sample",
        )

    def _by_band_drawn(self, row: Row, table: Table) -> Figure:
        t = self.t
        bands = dots(
            [
                {
                    "label": t(band.capitalize()),
                    "ratio": row[f"{band}_churn_ratio"],
                    "low": row[f"{band}_churn_low"],
                    "high": row[f"{band}_churn_high"],
                    "is_small": row[f"is_{band}_churn_low_n"],
                }
                for band in BANDS
                if row[f"{band}_churn_ratio"] is not None
            ],
            "ratio",
            low="low",
            high="high",
            small_key="is_small",
            label=lambda band: str(band["label"]),
        )
        return Figure(
            t("{name}: who left, by band").format(name=row["label"]),
            t("Share who left within six months. Bar: 95 % interval."),
            charts.intervals(
                bands,
                form=percent_short,
                domain=(0, max((float(band["high"]) for band in bands), default=1.0)),
                nice=True,
            ),
            table,
            t(
                "Of the customers in the band at a month end whose outcome is known, the share who "
                "left in the six months after, for whatever reason."
            ),
        )

    def _months_drawn(self, reader: Reader, profile: str) -> tuple[Figure, str] | None:
        """Red and green by month, and in how many months red was above."""
        t = self.t
        rows = reader.rows(
            """
            select * from scorecard.scorecard_backtest
            where span = 'month' and profile = ?
            order by as_of_date
            """,
            [profile],
        )
        if not rows:
            return None
        name = self.name(profile)
        drawn = [
            {
                "month": row["as_of_date"],
                "series": t(band.capitalize()),
                "value": row[f"{band}_churn_ratio"],
                "low": row[f"{band}_churn_low"],
                "high": row[f"{band}_churn_high"],
            }
            for row in rows
            for band in ("green", "red")
        ]
        table = Table(
            t("{name}: share who left within six months, by month").format(name=name),
            [
                Column(
                    t("Month"),
                    lambda row: self.month(row["as_of_date"]),
                    is_number=False,
                    is_head=True,
                ),
                number(t("Customers"), "customer_count"),
                rate(t("Green"), "green_churn_ratio", small_key="is_green_churn_low_n"),
                rate(t("Red"), "red_churn_ratio", small_key="is_red_churn_low_n"),
                number(t("AUC"), "churn_auc", _auc),
            ],
            rows[::-1],
            sources="scorecard_backtest.green_churn_ratio, red_churn_ratio (span = month)",
        )
        compared = [
            row
            for row in rows
            if row["red_churn_ratio"] is not None and row["green_churn_ratio"] is not None
        ]
        above = [row for row in compared if row["red_churn_ratio"] > row["green_churn_ratio"]]
        figure = Figure(
            t("{name}: red and green, month by month").format(name=name),
            t("Share who left within six months of the month. Band: 95 % interval."),
            charts.lines(
                drawn,
                {t("Green"): GREEN, t("Red"): RED},
                tick=percent_short,
                name=self.month_short,
            ),
            table,
            t(
                "Of the customers in the band at a month end whose outcome is known, the share who "
                "left in the six months after, for whatever reason."
            ),
        )
        said = t("{name}: in {n} of {all} months more of the red than of the green left.").format(
            name=name, n=len(above), all=len(compared)
        )
        return figure, said

    def weights(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select * from scorecard.scorecard_weights
            where
                as_of_date = (select max(as_of_date) from scorecard.scorecard_weights)
                and parent_node_id is not null
            order by profile <> ?, profile, depth, global_weight desc, node_id
            """,
            [reader.manifest.profile],
        )
        if not rows:
            return None
        judged = {row["profile"] for row in rows if row["method"] != "fixed"}
        shown = list(
            dict.fromkeys(
                row["profile"]
                for row in rows
                if row["profile"] in judged or row["profile"] == reader.manifest.profile
            )
        ) or [rows[0]["profile"]]
        proven = [row for row in rows if row["consistency_ratio"] is not None]
        said = [
            t(
                "{n} of {all} weights rest on judgements in pairs or on the spread of the data; "
                "the others were set by people, with a reason each (docs/profiles.md)."
            ).format(
                n=format_integer(sum(row["method"] != "fixed" for row in rows)),
                all=format_integer(len(rows)),
            )
        ]
        if proven:
            worst = max(proven, key=lambda row: row["consistency_ratio"])
            said.append(
                t(
                    "The judgements hold together: the largest consistency ratio is {ratio} "
                    "(random index {index}); from 0.1 on they would be refused."
                ).format(ratio=_fine(worst["consistency_ratio"]), index=worst["random_index"])
            )
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "What counts how much, and how it came to that. Within a group the weights sum to "
                "100 %; the last but one column is the share of the whole score."
            ),
            said=said,
            rows=[(self._weights_table(profile, rows),) for profile in shown],
        )

    def _weights_table(self, profile: str, rows: Sequence[Row]) -> Table:
        t = self.t
        mine = [row for row in rows if row["profile"] == profile]
        of_parent: dict[str, list[Row]] = {}
        for row in mine:
            of_parent.setdefault(row["parent_node_id"], []).append(row)

        def below(node: str) -> list[Row]:
            return [
                found for row in of_parent.get(node, []) for found in (row, *below(row["node_id"]))
            ]

        ids = {row["node_id"] for row in mine}
        roots = [parent for parent in of_parent if parent not in ids]
        ordered = [row for root in roots for row in below(root)]
        is_judged = any(row["method"] != "fixed" for row in mine)
        proof = [
            number(t("Judged"), "judged_weight", format_percent, on_phone=False),
            number(t("Computed"), "entropy_weight", format_percent, on_phone=False),
            number(t("Consistency ratio"), "consistency_ratio", _fine, on_phone=False),
        ]
        return Table(
            t("Weights of {name}").format(name=self.name(profile)),
            [
                Column(
                    t("Measure"),
                    lambda row: "\u2003" * (row["depth"] - 1) + self.label(row),
                    is_number=False,
                    is_head=True,
                ),
                number(t("In its group"), "weight", format_percent),
                *(
                    [
                        number(
                            t("As configured"), "configured_weight", format_percent, on_phone=False
                        )
                    ]
                    if is_judged
                    else []
                ),
                *(proof if is_judged else []),
                number(t("Of the score"), "global_weight", format_percent),
                Column(
                    t("Method"),
                    lambda row: t(_METHODS.get(row["method"], "set by people")),
                    is_number=False,
                ),
            ],
            ordered,
            note=t(
                "As configured: what would count without judgements and data. The entropy of the "
                "yearly review gives weight to what tells customers apart."
            )
            if is_judged
            else "",
            sources="scorecard_weights.weight, method, consistency_ratio, entropy_weight",
        )

    def sensitivity(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select
                changes.profile,
                max(changes.as_of_date) as as_of_date,
                changes.node_id,
                max(changes.label) as label,
                max(changes.label_zh) as label_zh,
                max(changes.weight) as weight,
                max(changes.customer_count) as customer_count,
                arg_max(changes.band_changed_ratio, changes.band_changed_count)
                    as band_changed_ratio,
                arg_max(changes.band_changed_low, changes.band_changed_count) as band_changed_low,
                arg_max(changes.band_changed_high, changes.band_changed_count)
                    as band_changed_high,
                bool_or(changes.is_band_changed_low_n) as is_band_changed_low_n,
                max(changes.largest_change) as largest_change,
                min(changes.rank_correlation) as rank_correlation
            from scorecard.weight_sensitivity as changes
            where changes.as_of_date = (
                select max(as_of_date) from scorecard.weight_sensitivity
            )
            group by changes.profile, changes.node_id
            order by
                changes.profile <> ?, changes.profile, band_changed_ratio desc, changes.node_id
            """,
            [reader.manifest.profile],
        )
        rows = [row for row in rows if row["band_changed_ratio"] is not None]
        if not rows:
            return None
        main = [
            {**row, "label": self.label(row)}
            for row in rows
            if row["profile"] == rows[0]["profile"]
        ]
        ranks = {
            row["profile"]: row
            for row in reader.rows(
                "select * from scorecard.topsis_ranks "
                "where as_of_date = (select max(as_of_date) from scorecard.topsis_ranks)"
            )
        }
        worst: dict[str, Row] = {}
        for row in rows:
            worst.setdefault(row["profile"], row)
        empty = {"decile_changed_ratio": None, "rank_correlation": None}
        summary = [
            {
                **row,
                "node": self.label(row),
                "label": self.name(profile),
                "topsis_ratio": (ranks.get(profile) or empty)["decile_changed_ratio"],
                "topsis_correlation": (ranks.get(profile) or empty)["rank_correlation"],
            }
            for profile, row in worst.items()
        ]
        name = self.name(main[0]["profile"])
        most = main[0]
        table = Table(
            t("{name}: each weight a fifth larger or smaller").format(name=name),
            [
                self.head("Measure", "label", "node_id"),
                number(t("In its group"), "weight", format_percent, on_phone=False),
                rate(
                    t("Change their band"),
                    "band_changed_ratio",
                    small_key="is_band_changed_low_n",
                    form=format_share,
                ),
                self.interval("band_changed_low", "band_changed_high", format_share),
                number(t("Largest change"), "largest_change", format_number, on_phone=False),
            ],
            main,
            note=t("Of both directions the one that moves more. Largest change: in points."),
            sources="weight_sensitivity.band_changed_ratio, largest_change",
        )
        return Section(
            as_of=main[0]["as_of_date"],
            intro=t(
                "Nobody knows a weight to the last percent. If each alone were a fifth larger or "
                "smaller, the others of its group giving way, how many customers would change "
                "their band?"
            ),
            said=[
                t(
                    "{name}: no weight matters more than {measure}; a fifth more or less of it "
                    "moves {share} of the customers into another band."
                ).format(
                    name=name,
                    measure=most["label"],
                    share=format_share(most["band_changed_ratio"]),
                )
            ],
            rows=[
                (
                    Figure(
                        t("{name}: customers who would change their band").format(name=name),
                        t("Share of the customers with a score. Bar: 95 % interval."),
                        charts.intervals(
                            dots(
                                main[:12],
                                "band_changed_ratio",
                                low="band_changed_low",
                                high="band_changed_high",
                                small_key="is_band_changed_low_n",
                                label=lambda row: str(row["label"]),
                            ),
                            form=format_share,
                            domain=(0, max(float(row["band_changed_high"]) for row in main)),
                            tick=percent_short,
                            nice=True,
                        ),
                        table,
                        t(
                            "Share of the customers whose band is another one if this weight alone "
                            "is multiplied by 1.2 or 0.8 and its siblings make up for it."
                        ),
                    ),
                    Table(
                        t("Every scorecard by its most sensitive weight"),
                        [
                            self.head("Scorecard"),
                            Column(
                                t("Most sensitive"), lambda row: str(row["node"]), is_number=False
                            ),
                            rate(
                                t("Change their band"),
                                "band_changed_ratio",
                                small_key="is_band_changed_low_n",
                                form=format_share,
                            ),
                            rate(
                                t("Another tenth by TOPSIS"),
                                "topsis_ratio",
                                form=format_share,
                                on_phone=False,
                            ),
                            number(
                                t("Rank correlation"),
                                "topsis_correlation",
                                _auc,
                                on_phone=False,
                            ),
                        ],
                        summary,
                        note=t(
                            "TOPSIS ranks the customers by their distance to the best and the "
                            "worst, from the same scores and weights: how many stand in another "
                            "tenth then, and how alike both rankings are (1: the same)."
                        ),
                        sources="weight_sensitivity, topsis_ranks",
                    ),
                )
            ],
        )

    def configuration(self, reader: Reader) -> Section | None:
        t = self.t
        (start,) = reader.rows(
            """
            select
                count(*) as row_count,
                count(distinct seed) as file_count,
                max(known_month) as as_of_date,
                min(in_force_month) as first_month
            from scorecard.config_versions
            """
        )
        if not start["row_count"]:
            return None
        found = configuration.events(reader, self)
        return Section(
            as_of=start["as_of_date"],
            intro=t(
                "Targets, weights, bands and rules are data with a date, an author and a reason. "
                "Each change is kept, and it counts from its day on: the past is not rewritten."
            ),
            said=[
                t(
                    "{n} rows of {files} files are known. After {month}, the first month, {changes}"
                    " changes are listed here."
                ).format(
                    n=format_integer(start["row_count"]),
                    files=format_integer(start["file_count"]),
                    month=self.month(start["first_month"]),
                    changes=format_integer(len(found)),
                )
            ],
            rows=[
                (
                    configuration.listed(
                        found[:_LISTED],
                        self,
                        t("Changes, newest first"),
                        empty=t("Nothing changed after the first month."),
                    ),
                )
            ],
        )


def tells_apart(row: Row) -> bool:
    """Whether more of the red left than of the green, beyond chance and with amber between."""
    if row["red_churn_ratio"] is None or row["green_churn_ratio"] is None:
        return False
    return bool(
        row["is_monotone"]
        and not row["is_red_churn_low_n"]
        and not row["is_green_churn_low_n"]
        and row["red_churn_low"] > row["green_churn_high"]
    )


def _auc(value: object) -> str:
    return "–" if value is None else f"{float(str(value)):.2f}".replace("-", "−")


def _fine(value: object) -> str:
    return "–" if value is None else f"{float(str(value)):.4f}"


PAGE = page("en")
CHINESE_PAGE = page("zh")
