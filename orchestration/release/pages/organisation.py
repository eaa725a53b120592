"""The page of the organisation: how well the company is set up to manage its customers.

Belongs here: what is read of the marts of the assessment (handbook C2) and how it is told. Not
here: other pages, chart specifications, the questionnaire.
"""

from collections.abc import Sequence
from typing import Any

from orchestration.release.formats import (
    format_day,
    format_integer,
    format_interval,
    format_number,
    format_percent,
    format_signed,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
    small,
)
from orchestration.release.pages.words import (
    count_of,
    label_column,
    names,
    number,
    readable,
    tile,
)
from orchestration.release.palette import BLUE, GREEN, ORANGE, PURPLE
from orchestration.release.parts import Part
from orchestration.release.reading import Row

SILENT = "no assessment of the organisation was recorded"
_DIMENSIONS = {"intention": ORANGE, "reality": BLUE, "effect": GREEN}
_SAID, _MEASURED = "Said", "Measured"
_POSITIONS = {
    "above_best": "above the best that was published",
    "above_mean": "above the published mean",
    "at_mean": "at the published mean",
    "below_mean": "below the published mean",
    "below_worst": "below the worst that was published",
}
# The assessment that stands: the newest closed one, or the open one before any has closed.
_STANDS = """
    select as_of_date, assessment_id from scorecard.cmat_overall
    where as_of_date = (select max(as_of_date) from scorecard.cmat_overall)
    order by is_closed desc, opened_on desc
    limit 1
"""


def _percent(value: Any, decimals: int = 1) -> str:
    return "–" if value is None else f"{float(value):.{decimals}f}\u00a0%"


def _level(value: Any) -> str:
    return "–" if value is None else f"{float(value):.1f}"


def _metric(row: Row) -> str:
    if row["metric_value"] is None:
        return "not measured"
    if row["metric_unit"] == "days":
        return count_of(row["metric_value"], "day", "days")
    return format_percent(row["metric_value"])


def _overall(reader: Reader) -> Section | None:
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
    so_far = "" if current["is_closed"] else ", so far"
    position = _POSITIONS.get(str(current["benchmark_position"]), "not placed before it closes")
    listed = [
        {
            "label": row["assessment_id"] + ("" if row["is_closed"] else ", so far"),
            "value": row["overall_percent"],
            **row,
        }
        for row in rows
    ]
    published = [
        {
            "label": f"Published {name}",
            "value": current[f"benchmark_{name}_percent"],
            "is_small": True,
        }
        for name in ("best", "mean", "worst")
        if current[f"benchmark_{name}_percent"] is not None
    ]
    return Section(
        as_of=current["as_of_date"],
        intro="People of the company say of each practice whether it is meant (intention), done "
        "(reality) and shows in results (effect), from 0 to 4, with evidence. 100 % is best "
        "practice everywhere; nobody is there.",
        said=[
            f"{current['assessment_id']} comes to {_percent(current['overall_percent'])}{so_far}: "
            f"{position} ({_percent(current['benchmark_mean_percent'], 0)}).",
            "Of the benchmark only mean, best and worst are published, so no quartile is told."
            if current["benchmark_quartile"] is None
            else f"It is in quarter {current['benchmark_quartile']} of the benchmark (1 is best).",
        ],
        headline=f"The organisation comes to {_percent(current['overall_percent'])} of best "
        f"practice{so_far}, {position}.",
        tiles=_tiles(current, so_far),
        rows=[
            (
                Figure(
                    "Assessments and the published figures",
                    "Percent of best practice. Pale: published by the authors of the method.",
                    charts.bars([*listed, *published], form=lambda value: _percent(value)),
                    _assessments(listed),
                    "Mean of the sections, weighted; a section is the mean of its practices that "
                    "count. What was not answered counts 0 once the assessment has closed.",
                ),
                _assessments(listed),
            )
        ],
    )


def _tiles(current: Row, so_far: str) -> list[Any]:
    as_of = current["as_of_date"]
    open_count = current["unanswered_count"] + current["partly_answered_count"]
    return [
        tile(
            "Percent of best practice" + so_far,
            _percent(current["overall_percent"]),
            f"published mean {_percent(current['benchmark_mean_percent'], 0)}, best "
            f"{_percent(current['benchmark_best_percent'], 0)}",
            definition="Weighted mean of the sections of the assessment.",
            as_of=as_of,
            source="cmat_overall.overall_percent",
        ),
        tile(
            "Open practices",
            format_integer(open_count),
            f"of {format_integer(current['practice_count'])}; "
            f"{format_integer(current['not_applicable_count'])} do not apply",
            definition="Practices that nobody answered or of which a dimension has no level.",
            as_of=as_of,
            source="cmat_overall.unanswered_count, partly_answered_count",
        ),
        tile(
            "Claims without evidence",
            format_integer(current["capped_count"]),
            "practices whose reality counts as level 1",
            definition="Reality above level 1 without evidence counts as 1.",
            as_of=as_of,
            source="cmat_overall.capped_count",
        ),
        tile(
            "Held against figures",
            format_integer(current["measured_count"]),
            "practices whose reality the company’s own figures show",
            definition="Practices with a rule on a published figure that has a value this month.",
            as_of=as_of,
            source="cmat_overall.measured_count",
        ),
    ]


def _assessments(listed: Sequence[Row]) -> Table:
    return Table(
        "Assessments",
        [
            label_column("Assessment"),
            number("Percent", "overall_percent", _percent),
            number("Assessors", "assessor_count", on_phone=False),
            Column("Closes", lambda row: format_day(row["closes_on"]), is_on_phone=False),
            number("Open", "unanswered_count"),
            number("In part", "partly_answered_count", on_phone=False),
        ],
        listed,
        note="Each as it stood last. Open: without any answer. In part: a dimension has no level.",
        sources="cmat_overall.overall_percent, benchmark_mean_percent",
    )


def _sections(reader: Reader) -> Section | None:
    rows = reader.rows(
        f"""
        select * from scorecard.cmat_sections
        where (as_of_date, assessment_id) in ({_STANDS})
        order by place
        """
    )
    if not any(row["section_percent"] is not None for row in rows):
        return None
    listed = [{**row, "label": row["section_name"]} for row in rows]
    told = [row for row in rows if row["section_percent"] is not None]
    best, worst = (
        choose(told, key=lambda row: (row["section_percent"], -row["place"]))
        for choose in (max, min)
    )
    promised = max(
        told, key=lambda row: (row["intention_percent"] - row["reality_percent"], -row["place"])
    )
    gap = promised["intention_percent"] - promised["reality_percent"]
    shown = {
        readable(name): colour
        for name, colour in _DIMENSIONS.items()
        if any(row[f"{name}_percent"] is not None for row in rows)
    }
    table = Table(
        "Sections",
        [
            label_column("Section"),
            number("Percent", "section_percent", _percent),
            *(
                number(
                    name,
                    f"{name.lower()}_percent",
                    lambda value: _percent(value, 0),
                    on_phone=False,
                )
                for name in shown
            ),
            Column(
                "Counted",
                lambda row: small(
                    f"{row['counted_count']} of {row['practice_count']}",
                    is_small=row["counted_count"] < row["practice_count"] / 2,
                ),
            ),
        ],
        listed,
        note="Practices that do not apply are not counted.",
        sources="cmat_sections.section_percent, intention_percent, reality_percent, effect_percent",
    )
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="Plans that are not carried out stand out where intention lies far outside reality.",
        said=[
            f"Strongest: {best['section_name']} ({_percent(best['section_percent'], 0)}). Weakest: "
            f"{worst['section_name']} ({_percent(worst['section_percent'], 0)}).",
            *(
                [
                    f"Most is planned and not done in {promised['section_name']}: intention "
                    f"{_percent(promised['intention_percent'], 0)}, reality "
                    f"{_percent(promised['reality_percent'], 0)}."
                ]
                if gap > 0
                else []
            ),
        ],
        rows=[
            (
                Figure(
                    "Intention, reality and effect",
                    "Percent of best practice; the outer ring is 100.",
                    charts.radar(
                        [
                            {
                                "label": row["section_name"],
                                **{name: row[f"{name.lower()}_percent"] for name in shown},
                            }
                            for row in rows
                        ],
                        shown,
                        highest=100,
                    ),
                    table,
                    "Mean level of the practices that count, weighted, times 25. Reality without "
                    "evidence counts at most as level 1.",
                ),
                table,
            )
        ],
    )


def _practices(reader: Reader) -> list[Row]:
    rows = reader.rows(
        f"""
        select practices.*, sections.section_name, sections.place
        from scorecard.cmat_practices as practices
        inner join scorecard.cmat_sections as sections
            using (as_of_date, assessment_id, section_id)
        where (practices.as_of_date, practices.assessment_id) in ({_STANDS})
        order by sections.place, practices.practice_id
        """
    )
    return [{**row, "label": row["practice"]} for row in rows]


def _practice_column() -> Column:
    return Column(
        "Practice",
        lambda row: Cell(str(row["practice"]), detail=str(row["practice_id"])),
        is_number=False,
        is_head=True,
    )


def _perception(reader: Reader) -> Section | None:
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
        f"Of {count_of(len(compared), 'practice', 'practices')} that can be compared the company "
        f"thinks better of itself than its figures do in {len(above)}, and worse in {len(below)}."
    ]
    if silent:
        said.append(
            f"{count_of(len(silent), 'practice', 'practices')} cannot be measured this month: "
            "the figure behind has no value."
        )
    return Section(
        as_of=compared[0]["as_of_date"],
        intro="Some practices leave traces in the figures of this release. What the assessors said "
        "of reality stands beside the level that these figures reach, by rules that are written "
        "down. A figure shows whether something is done, not how well it is meant.",
        said=said,
        rows=[
            (
                Figure(
                    "What was said, and what the figures show",
                    "Level of reality, 0 to 4. Largest overestimate first.",
                    charts.pairs(
                        [
                            {
                                "label": readable(row["element"]),
                                _SAID: row["stated_reality_level"],
                                _MEASURED: row["measured_level"],
                            }
                            for row in compared
                        ],
                        {_SAID: ORANGE, _MEASURED: PURPLE},
                        domain=(0, 4),
                        form=lambda value: f"{value:g}",
                    ),
                    _gaps(compared),
                    "Said: mean of the assessors, before what lacks evidence is capped. Measured: "
                    "the highest level whose rules the figures fulfil.",
                ),
                _gaps([*compared, *(row for row in ruled if row["perception_gap"] is None)]),
            )
        ],
    )


def _gaps(rows: Sequence[Row]) -> Table:
    return Table(
        "Gaps of perception",
        [
            _practice_column(),
            number("Said", "stated_reality_level", _level),
            number("Measured", "measured_level", _level),
            number("Gap", "perception_gap", format_signed),
            Column(
                "By the figure",
                lambda row: f"{row['metric_name']}: {_metric(row)}",
                is_number=False,
                is_on_phone=False,
            ),
        ],
        rows,
        note="Gap: said less measured, as far as the figure can show the practice at all.",
        sources="cmat_practices.perception_gap, measured_level, metric_value",
    )


def _all(reader: Reader) -> Section | None:
    rows = _practices(reader)
    if not rows:
        return None
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="Every practice of the questionnaire as it was judged.",
        rows=[
            (
                Table(
                    f"{count_of(len(rows), 'practice', 'practices')} by section",
                    [
                        _practice_column(),
                        Column(
                            "Section",
                            lambda row: str(row["section_name"]),
                            is_number=False,
                            is_on_phone=False,
                        ),
                        Column(
                            "Serves",
                            lambda row: readable(row["reap"]) or "all",
                            is_number=False,
                            is_on_phone=False,
                        ),
                        number("Intention", "intention_level", _level, on_phone=False),
                        number("Reality", "reality_level", _level),
                        number("Effect", "effect_level", _level, on_phone=False),
                        number("Percent", "practice_percent", lambda value: _percent(value, 0)),
                    ],
                    rows,
                    note="Levels are means of the assessors, 0 to 4. A dash: nobody gave one, or "
                    "the practice does not apply.",
                    sources="cmat_practices",
                ),
            )
        ],
    )


def _open(reader: Reader) -> Section | None:
    rows = _practices(reader)
    if not rows:
        return None
    unanswered = [row for row in rows if row["answer_status"] in ("unanswered", "partly_answered")]
    capped = [row for row in rows if row["is_capped"]]
    is_closed = rows[0]["is_closed"]
    return Section(
        as_of=rows[0]["as_of_date"],
        intro=f"The assessment {'closed' if is_closed else 'closes'} on "
        f"{format_day(rows[0]['closes_on'])}. What is open then counts as nothing.",
        said=[
            f"{count_of(len(unanswered), 'practice has', 'practices have')} no answer, or none to "
            f"a dimension; {count_of(len(capped), 'practice claims', 'practices claim')} more than "
            "level 1 without evidence.",
        ],
        rows=[
            (
                Table(
                    "Open practices",
                    [
                        _practice_column(),
                        Column("Open", _open_dimensions, is_number=False),
                    ],
                    unanswered,
                    sources="cmat_practices.answer_status",
                    empty="Every practice was answered.",
                ),
                Table(
                    "Claims without evidence",
                    [
                        _practice_column(),
                        number("Said", "stated_reality_level", _level),
                        number("Counts", "reality_level", _level),
                        Column(
                            "Evidence asked for",
                            lambda row: str(row["evidence_asked"] or "–"),
                            is_number=False,
                            is_on_phone=False,
                        ),
                    ],
                    capped,
                    sources="cmat_practices.stated_reality_level, reality_level",
                    empty="Every claim names its evidence.",
                ),
            )
        ],
    )


def _open_dimensions(row: Row) -> str:
    asked = [name for name in _DIMENSIONS if name != "effect" or row["dimension_count"] == 3]
    lacking = [name for name in asked if row[f"{name}_level"] is None]
    return "all" if len(lacking) == len(asked) else ", ".join(lacking)


def _agreement(reader: Reader) -> Section | None:
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
        intro="Where two people judge the same practices, the level should not depend on who is "
        "asked. Assessors are numbered; their names are in no release.",
        rows=[
            (
                Table(
                    "Agreement of assessors",
                    [
                        Column(
                            "Assessors",
                            lambda row: (
                                f"{row['first_assessor']} and {row['second_assessor']}: "
                                f"{row['dimension']}"
                            ),
                            is_number=False,
                            is_head=True,
                        ),
                        number("Practices", "common_practice_count", small_key="is_low_n"),
                        number("Kappa", "weighted_kappa", format_number),
                        number("Difference", "mean_difference", format_signed),
                        Column(
                            "95 % interval",
                            lambda row: format_interval(
                                row["mean_difference_low"],
                                row["mean_difference_high"],
                                format_signed,
                            ),
                            is_on_phone=False,
                        ),
                    ],
                    rows,
                    note="Kappa with quadratic weights: 1 is full agreement, 0 what chance gives. "
                    "Difference: the first less the second, in levels.",
                    sources="cmat_agreement",
                ),
            )
        ],
    )


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
_OF_PRACTICES = {**_STANDING, "cmat_sections": _SECTIONS, "cmat_practices": _PRACTICES}

PAGE = PageSpec(
    "organisation",
    "Organisation",
    "How well is the company set up to manage its customers?",
    (
        Topic("overall", Part("Overall", {"cmat_overall": _OVERALL}, SILENT), _overall),
        Topic(
            "sections",
            Part("Sections", {**_STANDING, "cmat_sections": _SECTIONS}, SILENT),
            _sections,
        ),
        Topic("perception", Part("Said and measured", _OF_PRACTICES, SILENT), _perception),
        Topic("open", Part("Open and without evidence", _OF_PRACTICES, SILENT), _open),
        Topic(
            "agreement",
            Part(
                "Agreement of assessors",
                {
                    **_STANDING,
                    "cmat_agreement": names(
                        "as_of_date assessment_id first_assessor second_assessor dimension "
                        "common_practice_count weighted_kappa mean_difference mean_difference_low "
                        "mean_difference_high is_low_n"
                    ),
                },
                "fewer than two people judged the same practices",
            ),
            _agreement,
        ),
        Topic("practices", Part("All practices", _OF_PRACTICES, SILENT), _all),
    ),
)
