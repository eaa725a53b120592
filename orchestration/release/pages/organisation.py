"""The page of the organisation: how well the company is set up to manage its customers.

Belongs here: what is read of the marts of the assessment (handbook C2) and how it is told, in both
languages. Not here: other pages, chart specifications, the questionnaire.
"""

from collections.abc import Sequence
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_number,
    format_percent,
    format_signed,
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
    small,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names, number, readable, tile
from orchestration.release.palette import BLUE, GREEN, ORANGE, PURPLE
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.tiles import Tile

SILENT = "no assessment of the organisation was recorded"
_DIMENSIONS = {"intention": ORANGE, "reality": BLUE, "effect": GREEN}
_POSITIONS = {
    "above_best": "above the best that was published",
    "above_mean": "above the published mean",
    "at_mean": "at the published mean",
    "below_mean": "below the published mean",
    "below_worst": "below the worst that was published",
}
_PUBLISHED = {"best": "Published best", "mean": "Published mean", "worst": "Published worst"}
_GOALS = ("retention", "efficiency", "acquisition", "penetration")
# The assessment that stands: the newest closed one, or the open one before any has closed.
_STANDS = """
    select as_of_date, assessment_id from scorecard.cmat_overall
    where as_of_date = (select max(as_of_date) from scorecard.cmat_overall)
    order by is_closed desc, opened_on desc
    limit 1
"""
_OVERALL = names(
    "as_of_date assessment_id opened_on closes_on is_closed assessor_count practice_count "
    "not_applicable_count unanswered_count partly_answered_count capped_count measured_count "
    "overall_percent benchmark_mean_percent benchmark_best_percent benchmark_worst_percent "
    "benchmark_position benchmark_quartile"
)
_SECTIONS = names(
    "as_of_date assessment_id section_id place section_name practice_count counted_count "
    "section_percent intention_percent reality_percent effect_percent"
)
_PRACTICES = names(
    "as_of_date assessment_id practice_id section_id element practice reap evidence_asked "
    "closes_on is_closed dimension_count answer_status intention_level reality_level "
    "stated_reality_level effect_level is_capped practice_percent metric_name metric_unit "
    "metric_value measurable_level measured_level perception_gap"
)
_STANDING = {"cmat_overall": names("as_of_date assessment_id opened_on is_closed")}
_CHINESE_SECTIONS = names("section_name_zh")
_CHINESE_PRACTICES = names("element_zh practice_zh evidence_asked_zh metric_name_zh")


def page(lang: str) -> PageSpec:
    """The page in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    is_chinese = lang == "zh"
    sections = {
        **_STANDING,
        "cmat_sections": _SECTIONS + (_CHINESE_SECTIONS if is_chinese else ()),
    }
    practices = {
        **sections,
        "cmat_practices": _PRACTICES + (_CHINESE_PRACTICES if is_chinese else ()),
    }
    silent = t(SILENT)
    return PageSpec(
        "organisation.zh" if is_chinese else "organisation",
        t("Organisation"),
        t("How well is the company set up to manage its customers?"),
        (
            Topic("overall", Part(t("Overall"), {"cmat_overall": _OVERALL}, silent), told.overall),
            Topic("sections", Part(t("Sections"), sections, silent), told.sections),
            Topic("perception", Part(t("Said and measured"), practices, silent), told.perception),
            Topic("open", Part(t("Open and without evidence"), practices, silent), told.open),
            Topic(
                "agreement",
                Part(
                    t("Agreement of assessors"),
                    {
                        **_STANDING,
                        "cmat_agreement": names(
                            "as_of_date assessment_id first_assessor second_assessor dimension "
                            "common_practice_count weighted_kappa mean_difference "
                            "mean_difference_low mean_difference_high is_low_n"
                        ),
                    },
                    t("fewer than two people judged the same practices"),
                ),
                told.agreement,
            ),
            Topic("practices", Part(t("All practices"), practices, silent), told.practices),
        ),
    )


class _Told(Teller):
    """The topics in one language."""

    def overall(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select * from scorecard.cmat_overall
            where overall_percent is not null
            qualify row_number() over (partition by assessment_id order by as_of_date desc) = 1
            order by opened_on
            """
        )
        stands = reader.rows(_STANDS)
        current = (
            next((row for row in rows if row["assessment_id"] == stands[0]["assessment_id"]), None)
            if stands
            else None
        )
        if current is None:
            return None
        so_far = "" if current["is_closed"] else t(", so far")
        position = t(
            _POSITIONS.get(str(current["benchmark_position"]), "not placed before it closes")
        )
        listed = [
            {
                "label": row["assessment_id"] + ("" if row["is_closed"] else t(", so far")),
                "value": row["overall_percent"],
                **row,
            }
            for row in rows
        ]
        published = [
            {"label": t(label), "value": current[f"benchmark_{name}_percent"], "is_small": True}
            for name, label in _PUBLISHED.items()
            if current[f"benchmark_{name}_percent"] is not None
        ]
        table = self._assessments(listed)
        return Section(
            as_of=current["as_of_date"],
            intro=t(
                "People of the company say of each practice whether it is meant (intention), done "
                "(reality) and shows in results (effect), from 0 to 4, with evidence. 100 % is "
                "best practice everywhere; nobody is there."
            ),
            said=[
                t("{id} comes to {percent}{so_far}: {position} ({mean}).").format(
                    id=current["assessment_id"],
                    percent=_percent(current["overall_percent"]),
                    so_far=so_far,
                    position=position,
                    mean=_percent(current["benchmark_mean_percent"], 0),
                ),
                t(
                    "Of the benchmark only mean, best and worst are published, so no quartile is "
                    "told."
                )
                if current["benchmark_quartile"] is None
                else t("It is in quarter {n} of the benchmark (1 is best).").format(
                    n=current["benchmark_quartile"]
                ),
            ],
            headline=t(
                "The organisation comes to {percent} of best practice{so_far}, {position}."
            ).format(
                percent=_percent(current["overall_percent"]), so_far=so_far, position=position
            ),
            tiles=self._tiles(current, so_far),
            rows=[
                (
                    Figure(
                        t("Assessments and the published figures"),
                        t(
                            "Percent of best practice. Pale: published by the authors of the "
                            "method."
                        ),
                        charts.bars([*listed, *published], form=lambda value: _percent(value)),
                        table,
                        t(
                            "Mean of the sections, weighted; a section is the mean of its "
                            "practices that count. What was not answered counts 0 once the "
                            "assessment has closed."
                        ),
                    ),
                    table,
                )
            ],
        )

    def _tiles(self, current: Row, so_far: str) -> list[Tile]:
        t = self.t
        as_of = current["as_of_date"]
        open_count = current["unanswered_count"] + current["partly_answered_count"]
        return [
            tile(
                t("Percent of best practice") + so_far,
                _percent(current["overall_percent"]),
                t("published mean {mean}, best {best}").format(
                    mean=_percent(current["benchmark_mean_percent"], 0),
                    best=_percent(current["benchmark_best_percent"], 0),
                ),
                definition=t("Weighted mean of the sections of the assessment."),
                as_of=as_of,
                source="cmat_overall.overall_percent",
            ),
            tile(
                t("Open practices"),
                format_integer(open_count),
                t("of {all}; {n} do not apply").format(
                    all=format_integer(current["practice_count"]),
                    n=format_integer(current["not_applicable_count"]),
                ),
                definition=t(
                    "Practices that nobody answered or of which a dimension has no level."
                ),
                as_of=as_of,
                source="cmat_overall.unanswered_count, partly_answered_count",
            ),
            tile(
                t("Claims without evidence"),
                format_integer(current["capped_count"]),
                t("practices whose reality counts as level 1"),
                definition=t("Reality above level 1 without evidence counts as 1."),
                as_of=as_of,
                source="cmat_overall.capped_count",
            ),
            tile(
                t("Held against figures"),
                format_integer(current["measured_count"]),
                t("practices whose reality the company’s own figures show"),
                definition=t(
                    "Practices with a rule on a published figure that has a value this month."
                ),
                as_of=as_of,
                source="cmat_overall.measured_count",
            ),
        ]

    def _assessments(self, listed: Sequence[Row]) -> Table:
        t = self.t
        return Table(
            t("Assessments"),
            [
                self.head("Assessment"),
                number(t("Percent"), "overall_percent", _percent),
                number(t("Assessors"), "assessor_count", on_phone=False),
                Column(t("Closes"), lambda row: self.day(row["closes_on"]), is_on_phone=False),
                number(t("Open"), "unanswered_count"),
                number(t("In part"), "partly_answered_count", on_phone=False),
            ],
            listed,
            note=t(
                "Each as it stood last. Open: without any answer. In part: a dimension has no "
                "level."
            ),
            sources="cmat_overall.overall_percent, benchmark_mean_percent",
        )

    def sections(self, reader: Reader) -> Section | None:
        t = self.t
        rows = [
            {**row, "label": self.label(row, "section_name")}
            for row in reader.rows(
                f"""
                select * from scorecard.cmat_sections
                where (as_of_date, assessment_id) in ({_STANDS})
                order by place
                """
            )
        ]
        said = [row for row in rows if row["section_percent"] is not None]
        if not said:
            return None
        best, worst = (
            choose(said, key=lambda row: (row["section_percent"], -row["place"]))
            for choose in (max, min)
        )
        promised = max(
            said, key=lambda row: (row["intention_percent"] - row["reality_percent"], -row["place"])
        )
        gap = promised["intention_percent"] - promised["reality_percent"]
        shown = {
            name: colour
            for name, colour in _DIMENSIONS.items()
            if any(row[f"{name}_percent"] is not None for row in rows)
        }
        table = Table(
            t("Sections"),
            [
                self.head("Section"),
                number(t("Percent"), "section_percent", _percent),
                *(
                    number(
                        t(readable(name)),
                        f"{name}_percent",
                        lambda value: _percent(value, 0),
                        on_phone=False,
                    )
                    for name in shown
                ),
                Column(
                    t("Counted"),
                    lambda row: small(
                        t("{n} of {all}").format(n=row["counted_count"], all=row["practice_count"]),
                        is_small=row["counted_count"] < row["practice_count"] / 2,
                    ),
                ),
            ],
            rows,
            note=t("Practices that do not apply are not counted."),
            sources="cmat_sections.section_percent, intention_percent, reality_percent, "
            "effect_percent",
        )
        sentences = [
            t("Strongest: {best} ({most}). Weakest: {worst} ({least}).").format(
                best=best["label"],
                most=_percent(best["section_percent"], 0),
                worst=worst["label"],
                least=_percent(worst["section_percent"], 0),
            )
        ]
        if gap > 0:
            sentences.append(
                t(
                    "Most is planned and not done in {section}: intention {intention}, reality "
                    "{reality}."
                ).format(
                    section=promised["label"],
                    intention=_percent(promised["intention_percent"], 0),
                    reality=_percent(promised["reality_percent"], 0),
                )
            )
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "Plans that are not carried out stand out where intention lies far outside reality."
            ),
            said=sentences,
            rows=[
                (
                    Figure(
                        t("Intention, reality and effect"),
                        t("Percent of best practice; the outer ring is 100."),
                        charts.radar(
                            [
                                {
                                    "label": row["label"],
                                    **{t(readable(key)): row[f"{key}_percent"] for key in shown},
                                }
                                for row in rows
                            ],
                            {t(readable(key)): colour for key, colour in shown.items()},
                            highest=100,
                        ),
                        table,
                        t(
                            "Mean level of the practices that count, weighted, times 25. Reality "
                            "without evidence counts at most as level 1."
                        ),
                    ),
                    table,
                )
            ],
        )

    def perception(self, reader: Reader) -> Section | None:
        t = self.t
        ruled = [row for row in _practices(reader) if row["measurable_level"] is not None]
        compared = sorted(
            (row for row in ruled if row["perception_gap"] is not None),
            key=lambda row: (-row["perception_gap"], row["practice_id"]),
        )
        if not compared:
            return None
        above = [row for row in compared if row["perception_gap"] > 0]
        below = [row for row in compared if row["perception_gap"] < 0]
        silent = [row for row in ruled if row["measured_level"] is None]
        said = [
            t(
                "Of {practices} that can be compared the company thinks better of itself than its "
                "figures do in {above}, and worse in {below}."
            ).format(
                practices=self._practice_count(len(compared)), above=len(above), below=len(below)
            )
        ]
        if silent:
            said.append(
                t(
                    "{practices} cannot be measured this month: the figure behind has no value."
                ).format(practices=self._practice_count(len(silent)))
            )
        return Section(
            as_of=compared[0]["as_of_date"],
            intro=t(
                "Some practices leave traces in the figures of this release. What the assessors "
                "said of reality stands beside the level that these figures reach, by rules that "
                "are written down. A figure shows whether something is done, not how well it is "
                "meant."
            ),
            said=said,
            rows=[
                (
                    Figure(
                        t("What was said, and what the figures show"),
                        t("Level of reality, 0 to 4. Largest overestimate first."),
                        charts.pairs(
                            [
                                {
                                    "label": self._element(row),
                                    t("Said"): row["stated_reality_level"],
                                    t("Measured"): row["measured_level"],
                                }
                                for row in compared
                            ],
                            {t("Said"): ORANGE, t("Measured"): PURPLE},
                            domain=(0, 4),
                            form=lambda value: f"{value:g}",
                        ),
                        self._gaps(compared),
                        t(
                            "Said: mean of the assessors, before what lacks evidence is capped. "
                            "Measured: the highest level whose rules the figures fulfil."
                        ),
                    ),
                    self._gaps(
                        [*compared, *(row for row in ruled if row["perception_gap"] is None)]
                    ),
                )
            ],
        )

    def _gaps(self, rows: Sequence[Row]) -> Table:
        t = self.t
        return Table(
            t("Gaps of perception"),
            [
                self.head("Practice", "practice", "practice_id"),
                number(t("Said"), "stated_reality_level", _level),
                number(t("Measured"), "measured_level", _level),
                number(t("Gap"), "perception_gap", format_signed),
                Column(
                    t("By the figure"),
                    lambda row: f"{self.label(row, 'metric_name')}: {self._metric(row)}",
                    is_number=False,
                    is_on_phone=False,
                ),
            ],
            rows,
            note=t("Gap: said less measured, as far as the figure can show the practice at all."),
            sources="cmat_practices.perception_gap, measured_level, metric_value",
        )

    def _metric(self, row: Row) -> str:
        if row["metric_value"] is None:
            return self.t("not measured")
        if row["metric_unit"] == "days":
            return self.counted(round(row["metric_value"]), "{n} day", "{n} days")
        return format_percent(row["metric_value"])

    def _element(self, row: Row) -> str:
        return self.label(row, "element") if self.lang == "zh" else readable(row["element"])

    def _practice_count(self, count: int) -> str:
        return self.counted(count, "{n} practice", "{n} practices")

    def practices(self, reader: Reader) -> Section | None:
        t = self.t
        rows = _practices(reader)
        if not rows:
            return None
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t("Every practice of the questionnaire as it was judged."),
            rows=[
                (
                    Table(
                        t("{practices} by section").format(
                            practices=self._practice_count(len(rows))
                        ),
                        [
                            self.head("Practice", "practice", "practice_id"),
                            self.text("Section", "section_name", on_phone=False),
                            Column(
                                t("Serves"),
                                lambda row: t(_goal(row["reap"])),
                                is_number=False,
                                is_on_phone=False,
                            ),
                            number(t("Intention"), "intention_level", _level, on_phone=False),
                            number(t("Reality"), "reality_level", _level),
                            number(t("Effect"), "effect_level", _level, on_phone=False),
                            number(
                                t("Percent"), "practice_percent", lambda value: _percent(value, 0)
                            ),
                        ],
                        rows,
                        note=t(
                            "Levels are means of the assessors, 0 to 4. A dash: nobody gave one, "
                            "or the practice does not apply."
                        ),
                        sources="cmat_practices",
                    ),
                )
            ],
        )

    def open(self, reader: Reader) -> Section | None:
        t = self.t
        rows = _practices(reader)
        if not rows:
            return None
        unanswered = [
            row for row in rows if row["answer_status"] in ("unanswered", "partly_answered")
        ]
        capped = [row for row in rows if row["is_capped"]]
        day = self.day(rows[0]["closes_on"])
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t("The assessment closed on {day}. What was open then counts as nothing.").format(
                day=day
            )
            if rows[0]["is_closed"]
            else t("The assessment closes on {day}. What is open then counts as nothing.").format(
                day=day
            ),
            said=[
                self.counted(
                    len(unanswered),
                    "{n} practice has no answer, or none to a dimension.",
                    "{n} practices have no answer, or none to a dimension.",
                ),
                self.counted(
                    len(capped),
                    "{n} practice claims more than level 1 without evidence.",
                    "{n} practices claim more than level 1 without evidence.",
                ),
            ],
            rows=[
                (
                    Table(
                        t("Open practices"),
                        [
                            self.head("Practice", "practice", "practice_id"),
                            Column(t("Open"), self._open_dimensions, is_number=False),
                        ],
                        unanswered,
                        sources="cmat_practices.answer_status",
                        empty=t("Every practice was answered."),
                    ),
                    Table(
                        t("Claims without evidence"),
                        [
                            self.head("Practice", "practice", "practice_id"),
                            number(t("Said"), "stated_reality_level", _level),
                            number(t("Counts"), "reality_level", _level),
                            self.text("Evidence asked for", "evidence_asked", on_phone=False),
                        ],
                        capped,
                        sources="cmat_practices.stated_reality_level, reality_level",
                        empty=t("Every claim names its evidence."),
                    ),
                )
            ],
        )

    def _open_dimensions(self, row: Row) -> str:
        asked = [name for name in _DIMENSIONS if name != "effect" or row["dimension_count"] == 3]
        lacking = [name for name in asked if row[f"{name}_level"] is None]
        if len(lacking) == len(asked):
            return self.t("all")
        return ", ".join(self.t(name) for name in lacking)

    def agreement(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            f"""
            select * from scorecard.cmat_agreement
            where (as_of_date, assessment_id) in ({_STANDS})
            order by first_assessor, second_assessor, dimension = 'effect', dimension
            """
        )
        if not rows:
            return None
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "Where two people judge the same practices, the level should not depend on who is "
                "asked. Assessors are numbered; their names are in no release."
            ),
            rows=[
                (
                    Table(
                        t("Agreement of assessors"),
                        [
                            Column(
                                t("Assessors"),
                                lambda row: t("{first} and {second}: {dimension}").format(
                                    first=row["first_assessor"],
                                    second=row["second_assessor"],
                                    dimension=t(row["dimension"]),
                                ),
                                is_number=False,
                                is_head=True,
                            ),
                            number(t("Practices"), "common_practice_count", small_key="is_low_n"),
                            number(t("Kappa"), "weighted_kappa", format_number),
                            number(t("Difference"), "mean_difference", format_signed),
                            self.interval(
                                "mean_difference_low", "mean_difference_high", format_signed
                            ),
                        ],
                        rows,
                        note=t(
                            "Kappa with quadratic weights: 1 is full agreement, 0 what chance "
                            "gives. Difference: the first less the second, in levels."
                        ),
                        sources="cmat_agreement",
                    ),
                )
            ],
        )


def _percent(value: Any, decimals: int = 1) -> str:
    return "–" if value is None else f"{float(value):.{decimals}f}\u00a0%"


def _level(value: Any) -> str:
    return "–" if value is None else f"{float(value):.1f}"


def _goal(reap: Any) -> str:
    return readable(reap) if reap in _GOALS else "all"


def _practices(reader: Reader) -> list[Row]:
    sections = {
        row["section_id"]: row
        for row in reader.rows(
            f"""
            select * from scorecard.cmat_sections
            where (as_of_date, assessment_id) in ({_STANDS})
            """
        )
    }
    practices = reader.rows(
        f"""
        select * from scorecard.cmat_practices
        where (as_of_date, assessment_id) in ({_STANDS})
        order by practice_id
        """
    )
    named = [{**sections[row["section_id"]], **row} for row in practices]
    return sorted(named, key=lambda row: (row["place"], row["practice_id"]))


PAGE = page("en")
CHINESE_PAGE = page("zh")
