"""The page of the customer's experience: surveys, moments that matter, journey, touchpoints.

Belongs here: what is read of the survey and experience marts and how it is told. Not here: other
pages, chart specifications.
"""

from collections.abc import Callable, Sequence
from typing import Any

from orchestration.release.formats import (
    format_duration,
    format_integer,
    format_interval,
    format_month,
    format_number,
    format_percent,
    format_score,
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
from orchestration.release.pages.shares import Share, share_by_group
from orchestration.release.pages.words import (
    TREND_COLOURS,
    count_of,
    count_or_few,
    dots,
    interval,
    label_column,
    names,
    number,
    percent_interval,
    percent_short,
    rate,
    readable,
    tier_name,
    tile,
)
from orchestration.release.palette import GREEN, GREY, RED, SKY
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import is_few, is_told

SILENT_SURVEYS = "the survey tool sent nothing"
TREND_MONTHS = 24
COHORTS = 12
_QUADRANTS = {
    "keep_up": "keep it up",
    "improve_first": "improve first",
    "low_priority": "can wait",
    "more_than_needed": "more than needed",
}


def _group_name(row: Row) -> str:
    if row["group_kind"] == "all":
        return "All"
    value = row["group_value"]
    return tier_name(value) if row["group_kind"] == "tier" else f"Wave {value}"


def _nps(reader: Reader) -> Section | None:
    groups = reader.rows(
        """
        select * from scorecard.nps_by_group
        where period_months = 12 and nps_count > 0 and as_of_date = (
            select max(as_of_date) from scorecard.nps_by_group
            where period_months = 12 and nps_count > 0
        )
        order by programme_id, group_kind = 'wave', group_kind = 'tier', group_value
        """
    )
    if not groups:
        return None
    as_of = groups[0]["as_of_date"]
    everyone = [row for row in groups if row["group_kind"] == "all"]
    programmes = [row["programme_id"] for row in everyone]
    many = len(programmes) > 1

    def label(row: Row) -> str:
        return f"{row['programme_id']}: {_group_name(row)}" if many else _group_name(row)

    months = reader.rows(
        """
        select as_of_date as month, programme_id, nps_count, nps, nps_low, nps_high, is_low_n
        from scorecard.nps_by_group
        where period_months = 12 and group_kind = 'all' and as_of_date <= ?
            and programme_id in (select unnest(?))
        order by programme_id, as_of_date
        """,
        [as_of, programmes],
    )
    shown = sorted({row["month"] for row in months})[-TREND_MONTHS:]
    found = {(row["programme_id"], row["month"]): row for row in months}
    trend = [
        {
            "month": month,
            "series": programme,
            "value": row["nps"] if row else None,
            "low": row["nps_low"] if row else None,
            "high": row["nps_high"] if row else None,
        }
        for programme in programmes
        for month in shown
        for row in (found.get((programme, month)),)
    ]
    listed = [{**row, "label": label(row)} for row in groups]
    return Section(
        as_of=as_of,
        intro="Net promoter score: the share who answer 9 or 10 to “would you recommend us” less "
        "the share who answer 0 to 6; from −100 to 100. It rests on those who answered, so it "
        "stands with its interval, and a change counts only where it is larger than its margin.",
        said=[_nps_said(row, many=many) for row in everyone],
        headline=" ".join(
            f"The net promoter score{' of ' + row['programme_id'] if many else ''} is "
            f"{_points(row['nps'])} "
            f"({_points(row['nps_low'])} to {_points(row['nps_high'])})."
            for row in everyone
        ),
        tiles=[
            tile(
                "Net promoter score" + (f", {row['programme_id']}" if many else ""),
                _points(row["nps"]),
                f"95 % interval {_points(row['nps_low'])} to {_points(row['nps_high'])}, "
                f"{format_integer(row['nps_count'])} answers",
                definition="Share of answers 9 and 10 less share of answers 0 to 6, in points, "
                "twelve months; one answer of a customer in each wave.",
                as_of=as_of,
                source="nps_by_group.nps",
                trend=[point["value"] for point in trend if point["series"] == row["programme_id"]],
            )
            for row in everyone
        ],
        rows=[
            (
                _nps_over_time(trend, programmes, months, shown),
                _nps_by_group(listed, label),
            )
        ],
    )


def _nps_over_time(
    trend: Sequence[Row], programmes: Sequence[str], months: Sequence[Row], shown: Sequence[Row]
) -> Figure:
    return Figure(
        "Net promoter score over time",
        "Each point holds the twelve months before it. Band: 95 % interval.",
        charts.lines(
            trend,
            dict(zip(programmes, TREND_COLOURS, strict=False)),
            tick=charts.short_number,
        ),
        Table(
            "Net promoter score by month, 12 months each",
            [
                Column(
                    "Month",
                    lambda row: format_month(row["month"]),
                    is_number=False,
                    is_head=True,
                ),
                number("Answers", "nps_count"),
                number("NPS", "nps", _points, small_key="is_low_n"),
                interval("nps_low", "nps_high", _points, on_phone=True),
            ],
            [row for row in months if row["month"] in shown],
            sources="nps_by_group.nps, nps_low, nps_high (group_kind = 'all')",
        ),
        "Promoters less detractors over all answers; the interval follows from the counts.",
    )


def _nps_by_group(listed: Sequence[Row], label: Callable[[Row], str]) -> Figure:
    return Figure(
        "Net promoter score by tier and wave",
        "Dot: score. Bar: 95 % interval. Pale: fewer answers than a comparison needs.",
        charts.intervals(
            dots(
                listed,
                "nps",
                low="nps_low",
                high="nps_high",
                small_key="is_low_n",
                label=label,
            ),
            form=lambda value: _points(value, decimals=0),
            domain=(-100, 100),
            rule=0,
        ),
        Table(
            "Net promoter score by group, 12 months",
            [
                label_column("Group"),
                number("Answers", "nps_count"),
                number("NPS", "nps", _points, small_key="is_low_n"),
                interval("nps_low", "nps_high", _points),
                Column("Change", _change),
                number(
                    "Margin of change",
                    "nps_change_margin",
                    format_score,
                    on_phone=False,
                ),
            ],
            listed,
            note="Change against the twelve months before; it is real only where it is "
            "larger than its margin.",
            sources="nps_by_group.nps, nps_change, nps_change_margin, is_nps_change_real",
        ),
        "Tiers are those that the customers had when they were asked.",
    )


def _points(value: Any, *, decimals: int = 1) -> str:
    return "–" if value is None else f"{float(value):.{decimals}f}".replace("-", "−")


def _change(row: Row) -> Cell:
    if row["nps_change"] is None:
        return Cell("–")
    return Cell(format_signed(row["nps_change"]), "real" if row["is_nps_change_real"] else "")


def _nps_said(row: Row, *, many: bool) -> str:
    text = (
        f"{row['programme_id'] + ': ' if many else ''}{format_integer(row['promoter_count'])} of "
        f"{format_integer(row['nps_count'])} who answered would recommend us, "
        f"{format_integer(row['detractor_count'])} would not. "
    )
    if row["nps_change"] is None:
        return text + "There are no answers of the twelve months before to compare with."
    moved = (
        f"Against the twelve months before it moved by {format_signed(row['nps_change'])} points"
    )
    margin = f"{_points(row['nps_change_margin'])} points"
    if row["is_nps_change_real"]:
        return f"{text}{moved}: more than its margin of {margin}, so the change is real."
    return f"{text}{moved}: within its margin of {margin}, so it may be chance."


def _responses(reader: Reader) -> Section | None:
    groups = reader.rows(
        """
        select * from scorecard.nps_by_group
        where period_months = 12 and group_kind in ('all', 'tier') and delivered_count > 0
            and group_value <> 'unknown'
            and as_of_date = (
                select max(as_of_date) from scorecard.nps_by_group where delivered_count > 0
            )
        order by programme_id, group_kind = 'tier', group_value
        """
    )
    if not groups:
        return None
    many = len({row["programme_id"] for row in groups}) > 1
    listed = [
        {
            **row,
            "label": f"{row['programme_id']}: {_group_name(row)}" if many else _group_name(row),
        }
        for row in groups
    ]
    return Section(
        as_of=groups[0]["as_of_date"],
        intro="Who does not answer is not counted as content. Where some groups answer less than "
        "others, the weighted score gives each group of tier and length of relationship its share "
        "among those asked.",
        said=[
            f"{row['programme_id']}: {format_integer(row['answered_count'])} of "
            f"{format_integer(row['delivered_count'])} invitations that arrived were answered."
            + (
                f" Weighted, its score is {_points(row['weighted_nps'])} instead of "
                f"{_points(row['nps'])}."
                if row["weighted_nps"] is not None
                else ""
            )
            for row in groups
            if row["group_kind"] == "all"
        ],
        tiles=[
            tile(
                "Answered" + (f", {row['programme_id']}" if many else ""),
                format_percent(row["response_ratio"]),
                f"{format_integer(row['answered_count'])} of "
                f"{format_integer(row['delivered_count'])} invitations that arrived",
                definition="Valid answers over invitations that arrived, twelve months; one answer "
                "of a customer in each wave counts.",
                as_of=row["as_of_date"],
                source="nps_by_group.response_ratio",
            )
            for row in groups
            if row["group_kind"] == "all"
        ],
        rows=[
            (
                _response_by_group(listed),
                _weighted_scores(listed),
            )
        ],
    )


def _response_by_group(listed: Sequence[Row]) -> Figure:
    return share_by_group(
        "Share of the invitations answered",
        Share.named("response", cases="delivered_count"),
        listed,
        told="Twelve months. Dot: share. Bar: 95 % interval. Pale: few invitations.",
        caption="Response, 12 months",
        head=label_column("Survey"),
        cases="Arrived",
        label="Share",
        more=[number("Answered", "answered_count")],
        definition="Valid answers over invitations that arrived; one answer of a customer in each "
        "wave counts.",
        sources="nps_by_group.response_ratio",
    )


def _weighted_scores(listed: Sequence[Row]) -> Table:
    return Table(
        "Score with and without weights",
        [
            label_column("Survey"),
            number("Answers", "nps_count"),
            number("As answered", "nps", _points, small_key="is_low_n"),
            number("Weighted", "weighted_nps", _points),
        ],
        [row for row in listed if row["nps_count"]],
        note="A large difference says that those who answered are not like those who were asked.",
        sources="nps_by_group.nps, weighted_nps",
        empty="No survey asks whether the customer would recommend us.",
    )


def _satisfaction(reader: Reader) -> Section | None:
    groups = reader.rows(
        """
        select * from scorecard.satisfaction_by_group
        where period_months = 12 and group_kind in ('all', 'tier') and group_value <> 'unknown'
            and (csat_count > 0 or ces_count > 0)
            and as_of_date = (
                select max(as_of_date) from scorecard.satisfaction_by_group
                where csat_count > 0 or ces_count > 0
            )
        order by programme_id, group_kind = 'tier', group_value
        """
    )
    if not groups:
        return None
    many = len({row["programme_id"] for row in groups}) > 1
    listed = [
        {
            **row,
            "label": f"{row['programme_id']}: {_group_name(row)}" if many else _group_name(row),
        }
        for row in groups
    ]
    kinds = (
        (
            "csat",
            "csat_top_two",
            "Satisfied",
            "Answers 4 and 5 of 5.",
            "Share of the two best answers of five, over all answers.",
        ),
        (
            "ces",
            "ces_easy",
            "Found it easy",
            "Answers 5 to 7 of 7 to “made it easy”.",
            "Share of answers 5 to 7 of 7 to “the company made it easy for me”.",
        ),
    )
    figures = [
        share_by_group(
            title,
            Share(f"{key}_ratio", f"{key}_low", f"{key}_high", f"is_{kind}_low_n", f"{kind}_count"),
            asked,
            told=f"{words} Twelve months. Bar: 95 % interval. Pale: few answers.",
            caption=f"{title}, 12 months",
            head=label_column("Survey"),
            cases="Answers",
            label="Share",
            more=[
                number(
                    "Mean",
                    "csat_mean_score" if kind == "csat" else "ces_mean",
                    format_score,
                    on_phone=False,
                ),
            ],
            definition=definition,
            sources=f"satisfaction_by_group.{key}_ratio",
        )
        for kind, key, title, words, definition in kinds
        if (asked := [row for row in listed if row[f"{kind}_count"]])
    ]
    return Section(
        as_of=groups[0]["as_of_date"],
        tiles=[
            tile(
                title + (f", {row['programme_id']}" if many else ""),
                format_percent(row[f"{key}_ratio"]),
                f"95 % interval {percent_interval(row, key)}, "
                f"{count_of(row[f'{kind}_count'], 'answer', 'answers')}",
                definition=definition,
                as_of=row["as_of_date"],
                source=f"satisfaction_by_group.{key}_ratio",
            )
            for kind, key, title, _, definition in kinds
            for row in listed
            if row["group_kind"] == "all" and row[f"{kind}_count"]
        ],
        intro="Satisfaction is asked on a scale of five, effort on a scale of seven. Both stand as "
        "the share of good answers.",
        rows=[tuple(figures)],
    )


def _anchors(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.anchor_attainment
        where period_months = 12 and tier = 'all' and metric <> 'all'
            and occurrence_count is not null
            and as_of_date = (
                select max(as_of_date) from scorecard.anchor_attainment
                where occurrence_count is not null
            )
        order by friction_rank nulls last, anchor_id, metric
        """
    )
    if not any(row["occurrence_count"] for row in rows):
        return None
    audits = reader.rows(
        """
            select * from scorecard.anchor_audits
            where as_of_date = (select max(as_of_date) from scorecard.anchor_audits)
            order by anchor_id
            """
    )
    projects = reader.rows(
        """
        select
            *,
            coalesce(net_difference, difference) as gain,
            case when net_difference is null then difference_low else net_difference_low end
                as gain_low,
            case when net_difference is null then difference_high else net_difference_high end
                as gain_high
        from scorecard.anchor_projects
        where as_of_date = (select max(as_of_date) from scorecard.anchor_projects)
        order by project_id
        """
    )
    listed = [
        {
            **row,
            "moment": readable(row["anchor_id"]),
            "label": f"{readable(row['anchor_id'])}: {_lower(row['standard_name'])}",
        }
        for row in rows
    ]
    missed = [row for row in rows if (row["gap_to_target"] or 0) > 0 and not row["is_low_n"]]
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="At some moments customers make up their mind. For each there is a standard, and a "
        "share of the cases in which it should be kept.",
        said=[
            f"{len(missed)} of {len(rows)} standards are kept less often than their target says. "
            + (
                "Most friction: " + _lower(listed[0]["label"]) + "."
                if rows[0]["friction_rank"] == 1
                else ""
            )
        ],
        headline=f"{len(missed)} of {len(rows)} standards of the moments that matter are missed.",
        rows=[
            (
                _standards_kept(listed),
                _friction(listed),
            ),
            (_agreement(audits),),
            (_projects(projects),),
        ],
    )


def _standards_kept(listed: Sequence[Row]) -> Figure:
    return share_by_group(
        "Standards kept, against their targets",
        Share(
            "attainment",
            "attainment_low",
            "attainment_high",
            "is_low_n",
            "occurrence_count",
            "target_attainment",
        ),
        listed,
        told="Most friction first. Dot: share. Bar: 95 % interval. Upright stroke: target. "
        "Pale: few cases.",
        caption="Standards kept, 12 months",
        head=label_column("Moment and standard"),
        cases="Cases",
        label="Kept",
        definition="Cases in which the standard was kept over all cases that are decided.",
        sources="anchor_attainment.attainment, target_attainment",
    )


def _missed(row: Row) -> int:
    """How often a standard was not kept."""
    return int(row["occurrence_count"] - row["met_count"])


def _friction(listed: Sequence[Row]) -> Table:
    return Table(
        "Where it hurts, twelve months",
        [
            Column(
                "#",
                lambda row: format_integer(row["friction_rank"]),
                is_on_phone=False,
            ),
            Column(
                "Standard",
                lambda row: f"{row['moment']}: {_lower(row['standard_name'])}",
                is_number=False,
                is_head=True,
            ),
            Column(
                "Missed",
                lambda row: small(count_or_few(_missed(row)), is_small=row["is_low_n"]),
            ),
            Column(
                "Impact",
                lambda row: f"×\u2060{format_number(row['impact'])}",
                is_on_phone=False,
            ),
            # Friction is missed cases times impact: it would tell the few.
            Column(
                "Friction",
                lambda row: "–" if is_few(_missed(row)) else format_number(row["friction_index"]),
            ),
            number("Pending", "pending_count", on_phone=False),
        ],
        listed,
        note="Impact: how many times the odds of leaving rise where the standard was "
        "missed (1 where too few cases tell). Friction: missed cases times impact. A "
        "dash: not ranked, too few cases.",
        sources="anchor_attainment.friction_index, impact",
    )


def _agreement(audits: Sequence[Row]) -> Table:
    return Table(
        "Do auditors agree with the system?",
        [
            Column(
                "Moment",
                lambda row: readable(row["anchor_id"]),
                is_number=False,
                is_head=True,
            ),
            number("Audited", "compared_count", small_key="is_low_n"),
            rate("Agree", "agreement_ratio"),
            interval("agreement_low", "agreement_high"),
            rate("Kept: system", "system_met_ratio", on_phone=False),
            rate("Kept: auditors", "auditor_met_ratio", on_phone=False),
            Column(
                "Measure",
                lambda row: "in doubt" if row["is_measure_in_doubt"] else "holds",
            ),
        ],
        audits,
        note="A random sample of each quarter’s cases, judged by a person. More than "
        "10 % of disagreement puts the measure in doubt.",
        sources="anchor_audits",
        empty="No audit was recorded.",
    )


def _projects(projects: Sequence[Row]) -> Table:
    def gain(value: Any) -> str:
        return format_signed(None if value is None else 100 * value)

    def verdict(row: Row) -> str:
        if row["status"] != "compared":
            return str(row["status"])
        if not row["is_beyond_chance"]:
            return "no clear change"
        return "better" if row["gain"] > 0 else "worse"

    return Table(
        "Did improvement projects help?",
        [
            Column("Project", lambda row: str(row["title"]), is_number=False, is_head=True),
            Column("Moment", lambda row: readable(row["anchor_id"]), is_number=False),
            rate("Kept before", "before_attainment", small_key="is_low_n", on_phone=False),
            rate("Kept after", "after_attainment", small_key="is_low_n", on_phone=False),
            number("Gain, points", "gain", gain),
            interval("gain_low", "gain_high", gain),
            Column("What it says", verdict, is_number=False),
        ],
        projects,
        note="Gain: share kept after the roll-out less the share before; where another moment "
        "that the project does not touch is compared with, less that moment’s own change. Other "
        "things may have changed, too, unless chance decided who got the change.",
        sources="anchor_projects.net_difference, difference",
        empty="No project was recorded.",
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _journey(reader: Reader) -> Section | None:
    stages = reader.rows(
        """
        select * from scorecard.journey_funnel
        where cohort_kind = 'last_12_months' and as_of_date = (
            select max(as_of_date) from scorecard.journey_funnel
            where cohort_kind = 'last_12_months'
        )
        order by place
        """
    )
    if not any(row["entered_count"] for row in stages):
        return None
    listed = [{**row, "label": readable(row["stage"])} for row in stages]
    going = [row for row in listed if row["conversion_cases"] is not None]
    worst = max(
        (
            row
            for row in going
            if not row["is_conversion_low_n"] and row["conversion_ratio"] is not None
        ),
        key=lambda row: 1 - row["conversion_ratio"],
        default=None,
    )
    return Section(
        as_of=stages[0]["as_of_date"],
        intro="Customers who entered a stage in the last twelve months, and whether they went on "
        "to the next. Who entered lately may still do so: they are shown apart and in no share.",
        said=[
            f"Fewest go on from {_lower(worst['label'])}: "
            f"{format_percent(worst['conversion_ratio'])} "
            f"({percent_interval(worst, 'conversion')}) "
            f"of the {format_integer(worst['conversion_cases'])} who are decided; "
            f"{format_integer(worst['pending_count'])} are not yet."
        ]
        if worst
        else [],
        rows=[
            (
                _funnel(listed),
                _stage_by_stage(listed),
            ),
            (_cohorts(reader),),
        ],
    )


def _funnel(listed: Sequence[Row]) -> Figure:
    return Figure(
        "How far customers come",
        "Entered each stage in twelve months, by what came of it.",
        charts.stacks(
            [
                {"label": row["label"], "part": part, "value": value}
                for row in listed
                for part, value in outcomes(row)
            ],
            {
                "Went on": GREEN,
                "Did not": RED,
                "Last stage": SKY,
                "Too early to say": GREY,
            },
            form=format_integer,
        ),
        Table(
            "The journey, 12 months",
            [
                label_column("Stage"),
                number("Entered", "entered_count"),
                number("Decided", "conversion_cases"),
                rate("Went on", "conversion_ratio", small_key="is_conversion_low_n"),
                interval("conversion_low", "conversion_high"),
                number("Too early", "pending_count", on_phone=False),
            ],
            listed,
            sources="journey_funnel.entered_count, conversion_ratio, pending_count "
            "(cohort_kind = 'last_12_months')",
        ),
        "Went on to the next stage within the time that the stage has; decided are "
        "those for whom that time is over.",
    )


def _stage_by_stage(listed: Sequence[Row]) -> Table:
    return Table(
        "Stage by stage, twelve months",
        [
            label_column("Stage"),
            rate("Went on", "conversion_ratio", small_key="is_conversion_low_n"),
            Column(
                "Half within",
                lambda row: _days(row["dwell_days_p50"]),
            ),
            Column(
                "90 % within",
                lambda row: _days(row["dwell_days_p90"]),
                is_on_phone=False,
            ),
            rate("Dropped off", "drop_off_ratio"),
            number("Out of order", "out_of_order_count", on_phone=False),
        ],
        listed,
        note="Dropped off: no next stage in the time in which nine in ten take it. Out "
        "of order: came to the stage without the one before; counted, not left out.",
        sources="journey_funnel",
    )


def _days(value: Any) -> str:
    return "–" if value is None else f"{float(value):,.0f}\u00a0d"


def outcomes(row: Row) -> list[tuple[str, int]]:
    """What came of the customers who entered a stage."""
    if row["conversion_cases"] is None:
        return [
            ("Last stage", row["entered_count"] - row["pending_count"]),
            ("Too early to say", row["pending_count"]),
        ]
    return [
        ("Went on", row["converted_count"] or 0),
        ("Did not", row["conversion_cases"] - (row["converted_count"] or 0)),
        ("Too early to say", row["pending_count"]),
    ]


def _cohorts(reader: Reader) -> Table:
    """Each month's customers by stage, as known now; what is not decided is marked."""
    rows = reader.rows(
        """
        with newest as (
            select *, row_number() over (
                partition by cohort_month, stage order by as_of_date desc
            ) as age
            from scorecard.journey_funnel
            where cohort_kind = 'month'
        )
        select * exclude (age) from newest
        where age = 1 and cohort_month in (
            select distinct cohort_month from newest order by cohort_month desc limit ?
        )
        order by cohort_month desc, place
        """,
        [COHORTS],
    )
    stages = [
        stage
        for stage in dict.fromkeys(
            row["stage"] for row in sorted(rows, key=lambda row: int(row["place"]))
        )
        if any(row["conversion_cases"] is not None for row in rows if row["stage"] == stage)
    ]
    by_month: dict[Any, dict[str, Any]] = {}
    for row in rows:
        by_month.setdefault(row["cohort_month"], {"month": row["cohort_month"]})[row["stage"]] = row

    def read(stage: str) -> Any:
        def cell(cohort: Row) -> Cell:
            row = cohort.get(stage)
            if row is None or not row["entered_count"]:
                return Cell("–")
            if not row["conversion_cases"]:
                return Cell("too early")
            ratio = row["conversion_ratio"]
            flag = "" if row["is_final"] else "partial"
            shade = float(ratio) if row["is_final"] and is_told(ratio) else None
            return Cell(percent_short(ratio), flag, shade)

        return cell

    return Table(
        "Went on to the next stage, by month of entry",
        [
            Column(
                "Entered in",
                lambda row: format_month(row["month"]),
                is_number=False,
                is_head=True,
            ),
            *(
                Column(
                    f"After {_lower(readable(stage))}",
                    read(stage),
                    is_on_phone=place in (1, 3),
                )
                for place, stage in enumerate(stages)
            ),
        ],
        list(by_month.values()),
        note="Darker: more went on. Partial: some of the month’s customers still have time. A "
        "month has few customers: look for a pattern, not at a single cell.",
        sources="journey_funnel.conversion_ratio, is_final (cohort_kind = 'month')",
    )


def _touchpoints(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.touchpoints
        where period_months = 12 and contact_count is not null and as_of_date = (
            select max(as_of_date) from scorecard.touchpoints where contact_count is not null
        )
        order by is_unowned desc, contact_count desc, touchpoint
        """
    )
    if not rows:
        return None
    listed = [
        {**row, "label": row["touchpoint_name"] or readable(row["touchpoint"])} for row in rows
    ]
    orphans = [row for row in listed if row["is_unowned"]]
    said = (
        f"{count_of(len(orphans), 'touchpoint has', 'touchpoints have')} no owner: "
        + ", ".join(
            f"{_lower(row['label'])} ({count_of(row['contact_count'], 'contact', 'contacts')})"
            for row in orphans
        )
        + "."
        if orphans
        else "Every touchpoint has an owner."
    )
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="Where customer and company meet. A touchpoint without an owner is one that nobody "
        "improves.",
        said=[said],
        rows=[
            (
                _contacts(listed),
                _owners(listed),
            )
        ],
    )


def _contacts(listed: Sequence[Row]) -> Figure:
    return Figure(
        "Contacts by touchpoint",
        "Twelve months.",
        charts.bars(
            [
                {"label": row["label"], "value": row["contact_count"]}
                for row in sorted(listed, key=lambda row: -int(row["contact_count"]))
            ],
            form=format_integer,
        ),
        Table(
            "Contacts by touchpoint, 12 months",
            [
                label_column("Touchpoint"),
                number("Contacts", "contact_count"),
                number(
                    "Per customer and month",
                    "contacts_per_customer_month",
                    format_number,
                ),
            ],
            listed,
            sources="touchpoints.contact_count",
        ),
        "Contacts of customers at the touchpoint, in both directions.",
    )


def _owners(listed: Sequence[Row]) -> Table:
    return Table(
        "Who owns it",
        [
            label_column("Touchpoint"),
            Column(
                "Owner",
                lambda row: (
                    Cell("no owner", "finding")
                    if row["is_unowned"]
                    else Cell(readable(row["owner"]))
                ),
                is_number=False,
            ),
            Column(
                "Stage",
                lambda row: readable(row["journey_stage"]) or "–",
                is_number=False,
                is_on_phone=False,
            ),
            rate("By the customer", "customer_initiated_ratio", on_phone=False),
        ],
        listed,
        note="By the customer: share of the contacts that the customer began.",
        sources="touchpoints.owner, is_unowned, customer_initiated_ratio",
    )


def _processes(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.process_steps
        where period_months = 12 and entry_count > 0 and as_of_date = (
            select max(as_of_date) from scorecard.process_steps where entry_count > 0
        )
        order by process, place, step
        """
    )
    if not rows:
        return None
    processes = list(dict.fromkeys(row["process"] for row in rows))
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="How long a case stays in each step, and how often it comes back to one.",
        rows=[
            tuple(
                Table(
                    f"{readable(process)}, twelve months",
                    [
                        Column(
                            "Step",
                            lambda row: readable(row["step"]),
                            is_number=False,
                            is_head=True,
                        ),
                        number("Cases", "entry_count", on_phone=False),
                        number("Half within", "minutes_p50", format_duration, small_key="is_low_n"),
                        number("90 % within", "minutes_p90", format_duration),
                        rate("Came back", "rework_ratio"),
                        Column(
                            "Waiting",
                            lambda row: format_integer(row["ongoing_count"]),
                            is_on_phone=False,
                        ),
                    ],
                    [row for row in rows if row["process"] == process],
                    note="Time by the clock until the next step. Came back: entered the step a "
                    "second time. A dash: the last step, or none left it.",
                    sources="process_steps",
                )
                for process in pair
            )
            for pair in (processes[place : place + 2] for place in range(0, len(processes), 2))
        ],
    )


def _value(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.perceived_value_by_group
        where group_kind = 'all' and performance is not null and as_of_date = (
            select max(as_of_date) from scorecard.perceived_value_by_group
            where group_kind = 'all' and performance is not null
        )
        order by dimension = 'index', side, performance, dimension
        """
    )
    if not rows:
        return None
    parts = [{**row, "label": _part_name(row)} for row in rows if row["dimension"] != "index"]
    index: Sequence[Row] = [row for row in rows if row["dimension"] == "index"]
    first = [row["label"] for row in parts if row["quadrant"] == "improve_first"]
    said = [
        f"Perceived value is {format_score(row['performance'])} of 100 "
        f"({format_interval(row['performance_low'], row['performance_high'], format_score)}), from "
        f"{count_of(row['answer_count'], 'answer', 'answers')}."
        for row in index
    ]
    tiles = [
        tile(
            "Perceived value",
            format_score(row["performance"]),
            "of 100, 95 % interval "
            + format_interval(row["performance_low"], row["performance_high"], format_score),
            definition="What customers say they get, less what it costs them, each part weighed by "
            "its importance; 0 to 100.",
            as_of=row["as_of_date"],
            source="perceived_value_by_group.performance",
        )
        for row in index
    ]
    if first:
        said.append("Improve first: " + ", ".join(_lower(name) for name in first) + ".")
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="What customers say they get and what it costs them, 0 to 100; for costs, too, more "
        "is better. What matters more to them and is worse than the rest comes first.",
        said=said,
        tiles=tiles,
        rows=[
            (
                _parts_of_value(parts),
                _what_to_do(parts),
            )
        ]
        if parts
        else [],
    )


def _parts_of_value(parts: Sequence[Row]) -> Figure:
    return Figure(
        "How customers judge each part",
        "Dot: mean of the answers, 0 to 100. Bar: 95 % interval. Pale: few answers.",
        charts.intervals(
            dots(
                parts,
                "performance",
                low="performance_low",
                high="performance_high",
                small_key="is_low_n",
                label=lambda row: str(row["label"]),
            ),
            form=format_score,
            domain=(0, 100),
            tick=charts.short_number,
        ),
        Table(
            "Parts of perceived value",
            [
                label_column("Part"),
                number("Answers", "answer_count", small_key="is_low_n"),
                number("Score", "performance", format_score),
                interval("performance_low", "performance_high", format_score),
            ],
            parts,
            sources="perceived_value_by_group.performance",
        ),
        "Answers on the scale of each question, brought to 0 to 100, higher is better; "
        "newest answers of 24 months.",
    )


def _what_to_do(parts: Sequence[Row]) -> Table:
    return Table(
        "What to do about it",
        [
            label_column("Part"),
            number("Score", "performance", format_score, small_key="is_low_n"),
            rate("Importance", "derived_importance", on_phone=False),
            Column(
                "So",
                lambda row: _QUADRANTS.get(row["quadrant"], "–"),
                is_number=False,
            ),
        ],
        parts,
        note="Importance: how closely the part goes with satisfaction as a whole, each "
        "side adding up to 100 %.",
        sources="perceived_value_by_group.derived_importance, quadrant",
    )


def _part_name(row: Row) -> str:
    suffix = "cost" if row["side"] == "cost" else "benefit"
    return f"{readable(row['dimension'])} ({suffix})"


_GROUP = (
    "as_of_date period_months programme_id group_kind group_value delivered_count answered_count "
    "response_ratio response_low response_high nps_count promoter_count detractor_count nps "
    "nps_low nps_high weighted_nps nps_change nps_change_margin is_nps_change_real is_low_n "
    "is_response_low_n"
)

PAGE = PageSpec(
    "experience",
    "Experience",
    "What do customers live through with us, and what do they say about it?",
    (
        Topic(
            "recommend",
            Part("Would they recommend us?", {"nps_by_group": names(_GROUP)}, SILENT_SURVEYS),
            _nps,
        ),
        Topic(
            "responses",
            Part("Who answers", {"nps_by_group": names(_GROUP)}, SILENT_SURVEYS),
            _responses,
        ),
        Topic(
            "satisfaction",
            Part(
                "Satisfaction and effort",
                {
                    "satisfaction_by_group": names(
                        "as_of_date period_months programme_id group_kind group_value csat_count "
                        "csat_top_two_ratio csat_top_two_low csat_top_two_high csat_mean_score "
                        "is_csat_low_n ces_count ces_easy_ratio ces_easy_low ces_easy_high "
                        "ces_mean is_ces_low_n"
                    )
                },
                SILENT_SURVEYS,
            ),
            _satisfaction,
        ),
        Topic(
            "moments",
            Part(
                "Moments that matter",
                {
                    "anchor_attainment": names(
                        "as_of_date period_months anchor_id metric standard_name tier "
                        "occurrence_count met_count pending_count attainment attainment_low "
                        "attainment_high is_low_n target_attainment gap_to_target impact "
                        "friction_index friction_rank"
                    ),
                    "anchor_audits": names(
                        "as_of_date anchor_id compared_count agreement_ratio agreement_low "
                        "agreement_high system_met_ratio auditor_met_ratio is_low_n "
                        "is_measure_in_doubt"
                    ),
                    "anchor_projects": names(
                        "as_of_date project_id title anchor_id status before_attainment "
                        "after_attainment difference difference_low difference_high "
                        "net_difference net_difference_low net_difference_high "
                        "is_beyond_chance is_low_n"
                    ),
                },
                "none of these moments was seen by the service desk or the product",
            ),
            _anchors,
        ),
        Topic(
            "journey",
            Part(
                "The journey",
                {
                    "journey_funnel": names(
                        "as_of_date cohort_kind cohort_month stage place entered_count "
                        "out_of_order_count pending_count is_final conversion_cases "
                        "converted_count conversion_ratio conversion_low conversion_high "
                        "dwell_days_p50 dwell_days_p90 drop_off_ratio is_conversion_low_n"
                    )
                },
            ),
            _journey,
        ),
        Topic(
            "touchpoints",
            Part(
                "Touchpoints",
                {
                    "touchpoints": names(
                        "as_of_date period_months touchpoint touchpoint_name journey_stage owner "
                        "is_unowned contact_count contacts_per_customer_month "
                        "customer_initiated_ratio"
                    )
                },
                "no system sent contacts with customers",
            ),
            _touchpoints,
        ),
        Topic(
            "processes",
            Part(
                "Where cases wait",
                {
                    "process_steps": names(
                        "as_of_date period_months process step place entry_count rework_ratio "
                        "minutes_p50 minutes_p90 ongoing_count is_low_n"
                    )
                },
                "the service desk sent no steps of its cases",
            ),
            _processes,
        ),
        Topic(
            "perceived-value",
            Part(
                "Perceived value",
                {
                    "perceived_value_by_group": names(
                        "as_of_date group_kind group_value dimension side answer_count performance "
                        "performance_low performance_high is_low_n derived_importance quadrant"
                    )
                },
                "no survey asks for it",
            ),
            _value,
        ),
    ),
)
