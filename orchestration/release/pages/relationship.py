"""The page of relationships: stages, decline, health and its alerts, silence, value, credit.

Belongs here: what is read of the marts of relationships and credit and how it is told. Not here:
stages and decline (`stages`, in both languages), other pages, chart specifications.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_interval,
    format_percent,
    format_score,
)
from orchestration.release.pages import associations, charts, stages
from orchestration.release.pages.model import (
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.shares import Share, share_by_group
from orchestration.release.pages.words import (
    count_of,
    count_or_few,
    label_column,
    names,
    number,
    percent_interval,
    percent_short,
    rate,
    readable,
    tile,
    total,
)
from orchestration.release.palette import BLUE, RED
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import SMALL_CELL, is_few

SCALE_STEP = 10
HEALTHY_FROM = 40
_RULES = {
    "relationship_health": "Alerts of relationship health",
    "no_purchase": "Simple rule: no purchase for 60 days",
}
_REASONS = {
    "low_health": "Low health",
    "falling_health": "Falling health",
    "silent_before_billing": "Silent while still paying",
}
_QUADRANTS = {
    "star": ("Star", "pays, and gives much else"),
    "quiet_payer": ("Quiet payer", "pays, says and does little else"),
    "hidden_gem": ("Hidden gem", "pays little, gives much else"),
    "low": ("Low", "pays little, gives little"),
}
_HEALTH_COLOURS = {"Low enough for an alert": RED, "Higher": BLUE}
_SILENT = ("is_silent_leaver", "is_silent_loyalist", "frequent_complainer")
_GRADES = {"insufficient_evidence": "Too little known", "unrated": "Not rated", "all": "All"}


def _health(reader: Reader) -> Section | None:
    # By itself: beside the counts of small steps it would be held back as theirs.
    (now,) = reader.rows(
        """
        select
            max(as_of_date) as as_of_date,
            count(*) filter (where is_active) as active_count,
            count(relationship_health) as measured_count,
            count(relationship_health) filter (where is_active) as active_measured_count,
            median(relationship_health) as median_health
        from scorecard.customer_indicators
        where as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
        """
    )
    if not now["measured_count"]:
        return None
    bins = reader.rows(
        f"""
        with steps as (
            select i * {SCALE_STEP} as low from range({100 // SCALE_STEP}) as steps (i)
        ), counted as (
            select
                least(
                    floor(relationship_health / {SCALE_STEP}) * {SCALE_STEP}, {100 - SCALE_STEP}
                ) as low,
                count(*) as customer_count
            from scorecard.customer_indicators
            where
                as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
                and relationship_health is not null
            group by 1
        )
        select
            steps.low,
            steps.low + {SCALE_STEP} as high,
            case
                when steps.low < {HEALTHY_FROM} then 'Low enough for an alert'
                else 'Higher'
            end as band,
            coalesce(counted.customer_count, 0) as customer_count
        from steps
        left join counted on steps.low = counted.low
        order by steps.low
        """
    )
    (open_now,) = reader.rows(
        """
        select count(*) as alert_count, sum(revenue_12m_at_opening) as revenue_12m
        from scorecard.rhi_alerts
        where alert_scope = 'customer' and closed_on is null
        """
    )
    reasons = reader.rows(
        """
        select
            reasons.reason,
            count(*) as alert_count,
            sum(reasons.revenue_12m_at_opening) as revenue_12m,
            median(reasons.months_open) as months_open
        from (
            select
                unnest(string_split(opened_by, ' ')) as reason,
                revenue_12m_at_opening,
                months_open
            from scorecard.rhi_alerts
            where alert_scope = 'customer' and closed_on is null
        ) as reasons
        group by reasons.reason
        order by alert_count desc, reasons.reason
        """
    )
    listed = [
        _held_back({**row, "label": _REASONS.get(row["reason"], readable(row["reason"]))})
        for row in reasons
    ]
    as_of = now["as_of_date"]
    count, worth = open_now["alert_count"], open_now["revenue_12m"] or 0
    return Section(
        as_of=as_of,
        intro="The health of a relationship is made of how often both sides speak, how well "
        "problems are solved, and what the customer feels. Below 40, falling by 15 points in 90 "
        "days, or silent while still paying raises an alert.",
        said=[
            f"Health is measured for {format_integer(now['active_measured_count'])} of "
            f"{format_integer(now['active_count'])} active customers; for the others too little is "
            "known, which is not the same as being well.",
            f"{count_of(count, 'alert is', 'alerts are')} open, of customers who brought "
            f"{reader.money(worth)} in the twelve months before.",
        ],
        headline=f"{count_of(count, 'alert is', 'alerts are')} open.",
        tiles=[
            tile(
                "Open alerts",
                format_integer(count),
                f"their revenue of twelve months: {reader.money(worth)}",
                definition=reader.meaning("is_relationship_alert")
                or "Customers whose relationship raises an alert that is not closed.",
                as_of=as_of,
                source="rhi_alerts.opened_on",
            ),
            tile(
                "Health, median",
                format_score(now["median_health"]),
                f"of 100, measured for {format_integer(now['measured_count'])} customers",
                definition=reader.meaning("relationship_health")
                or "0 to 100, over the parts that are measured.",
                as_of=as_of,
                source="customer_indicators.relationship_health",
            ),
        ],
        rows=[
            (
                _health_spread(reader, bins),
                _open_alerts(reader, listed),
            )
        ],
    )


def _health_spread(reader: Reader, bins: Sequence[Row]) -> Figure:
    return Figure(
        "Health of the relationships",
        "Customers by health, 0 to 100, of those for whom it is measured.",
        charts.histogram(bins, colours=_HEALTH_COLOURS),
        Table(
            "Customers by health",
            [
                Column(
                    "Health",
                    lambda row: f"{row['low']:.0f} to {row['high']:.0f}",
                    is_number=False,
                    is_head=True,
                ),
                number("Customers", "customer_count"),
            ],
            bins,
            sources="customer_indicators.relationship_health",
        ),
        reader.meaning("relationship_health")
        or "Interaction, solving problems and emotion, over those that are measured.",
    )


def _open_alerts(reader: Reader, listed: Sequence[Row]) -> Table:
    return Table(
        "Open alerts, by what raised them",
        [
            label_column("Reason"),
            Column("Alerts", lambda row: count_or_few(row["alert_count"])),
            number("Revenue, 12 m", "revenue_12m", reader.money),
            number("Open for, months", "months_open", on_phone=False),
        ],
        listed,
        note="An alert may have several reasons. Revenue: of the twelve months before "
        "it. Open for: half of the alerts longer, half shorter.",
        sources="rhi_alerts",
        empty="No alert is open.",
    )


def _performance(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.rhi_alert_performance
        where tier = 'all' and as_of_date = (
            select max(as_of_date) from scorecard.rhi_alert_performance where loss_count > 0
        )
        order by rule <> 'relationship_health', rule
        """
    )
    if not rows:
        return None
    listed = [{**row, "label": _RULES.get(row["rule"], readable(row["rule"]))} for row in rows]
    measures = (
        ("Losses foretold", "recall", "is_recall_low_n"),
        ("Alerts that came true", "precision", "is_precision_low_n"),
        ("Foretold 60 days ahead", "in_time", "is_recall_low_n"),
    )
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="What an alert is worth is measured, not promised: were lost customers warned of, "
        "did alerts come true, and how early? A rule that anyone could use stands beside it.",
        said=performance_said({row["rule"]: row for row in rows}),
        rows=[
            (
                _rules_compared(listed, measures),
                _rules_counted(listed),
            )
        ],
    )


def _rules_compared(listed: Sequence[Row], measures: Sequence[tuple[str, str, str]]) -> Figure:
    return Figure(
        "Alerts against a simple rule",
        "Dot: share. Bar: 95 % interval. Pale: few cases.",
        charts.intervals(
            [
                {
                    "label": f"{measure}: {_short(row)}",
                    "value": row[f"{key}_ratio"],
                    "low": row[f"{key}_low"],
                    "high": row[f"{key}_high"],
                    "is_small": row[small_key],
                }
                for measure, key, small_key in measures
                for row in listed
            ],
            form=percent_short,
            domain=(0, 1),
        ),
        Table(
            "How well alerts foretell losses",
            [
                label_column("Rule"),
                rate("Losses foretold", "recall_ratio", small_key="is_recall_low_n"),
                rate("Came true", "precision_ratio", small_key="is_precision_low_n"),
                rate("60 days ahead", "in_time_ratio"),
            ],
            listed,
            sources="rhi_alert_performance.recall_ratio, precision_ratio, in_time_ratio",
        ),
        "Losses foretold: lost customers with an open alert before. Came true: alerts "
        "whose customer was lost. 60 days ahead: of the losses foretold, those with at "
        "least 60 days to act.",
    )


def _rules_counted(listed: Sequence[Row]) -> Table:
    return Table(
        "Behind these shares",
        [
            label_column("Rule"),
            number("Losses", "loss_count"),
            number("Foretold", "warned_count"),
            number("Alerts", "alert_count", on_phone=False),
            number("Came true", "right_count", on_phone=False),
            number("Pending", "pending_count", on_phone=False),
            number("Days ahead, median", "lead_days_median"),
        ],
        listed,
        note="Pending: alerts too young to be judged; in no share.",
        sources="rhi_alert_performance",
    )


def _short(row: Row) -> str:
    return "alerts" if row["rule"] == "relationship_health" else "simple rule"


def performance_said(rules: Mapping[str, Row]) -> list[str]:
    """What alerts missed, and whether a rule that anyone could use does better."""
    alerts, simple = rules.get("relationship_health"), rules.get("no_purchase")
    if alerts is None:
        return []
    missed = alerts["loss_count"] - alerts["warned_count"]
    said = [
        f"Alerts missed {format_integer(missed)} of {format_integer(alerts['loss_count'])} losses: "
        f"they foretold {format_percent(alerts['recall_ratio'])} "
        f"({percent_interval(alerts, 'recall')}). "
        f"{format_percent(alerts['precision_ratio'])} of the alerts came true"
        + (
            ", half of the losses foretold were foretold "
            f"{format_integer(alerts['lead_days_median'])} days ahead or more."
            if alerts["lead_days_median"] is not None
            else "."
        )
    ]
    if simple is not None:
        more = (simple["recall_ratio"] or 0) > (alerts["recall_ratio"] or 0)
        earlier = (alerts["lead_days_median"] or 0) > (simple["lead_days_median"] or 0)
        said.append(
            f"The simple rule foretold {format_percent(simple['recall_ratio'])}, "
            f"{format_integer(simple['lead_days_median'])} days ahead: "
            + (
                "far more, but later. Use both: alerts to act early, the rule to miss few."
                if more and earlier
                else "more, and earlier. The alerts add nothing to it."
                if more
                else "fewer. The alerts are better here."
            )
        )
    return said


def _silence(reader: Reader) -> Section | None:
    (row,) = reader.rows(
        """
        select
            max(as_of_date) as as_of_date,
            count(is_silent_loyalist) as loyalist_known,
            count(is_silent_leaver) as leaver_known,
            count(frequent_complainer) as complainer_known,
            count(*) filter (where is_silent_loyalist) as loyalist_count,
            sum(cast(revenue_12m as decimal(18, 4))) filter (where is_silent_loyalist)
                as loyalist_revenue,
            count(*) filter (where is_silent_leaver) as leaver_count,
            sum(cast(revenue_12m as decimal(18, 4))) filter (where is_silent_leaver)
                as leaver_revenue,
            count(*) filter (where is_silent_leaver and is_silent_loyalist) as both_count,
            count(*) filter (where frequent_complainer = 'constructive') as constructive_count,
            sum(cast(revenue_12m as decimal(18, 4))) filter (
                where frequent_complainer = 'constructive'
            ) as constructive_revenue,
            count(*) filter (where frequent_complainer = 'at_risk') as risky_count,
            sum(cast(revenue_12m as decimal(18, 4))) filter (where frequent_complainer = 'at_risk')
                as risky_revenue
        from scorecard.customer_indicators
        where as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
        """
    )
    if not (row["loyalist_known"] or row["leaver_known"] or row["complainer_known"]):
        return None
    groups = [
        {
            "label": label,
            "known": row[known],
            "customer_count": row[f"{key}_count"],
            "words": words,
            "revenue_12m": row[f"{key}_revenue"] or 0,
        }
        for label, key, known, words in (
            (
                "Silent leavers",
                "leaver",
                "leaver_known",
                "Never come to us and interact far less than usual. No ticket is no health: call.",
            ),
            (
                "Silent loyalists",
                "loyalist",
                "loyalist_known",
                "Never come to us, and buy on as ever. Thank them, do not disturb them.",
            ),
            (
                "Frequent complainers, constructive",
                "constructive",
                "complainer_known",
                "Complain often, are helped in time, keep their value. Listen: they teach us.",
            ),
            (
                "Frequent complainers, at risk",
                "risky",
                "complainer_known",
                "Complain often and are not helped in time, or buy less. Solve, then talk.",
            ),
        )
        if row[known]
    ]
    said = (
        [
            f"{count_of(row['leaver_count'], 'customer shows', 'customers show')} the signs of "
            "leaving in silence; they brought "
            f"{reader.money(row['leaver_revenue'] or 0)} in twelve months."
            + _what_silence_foretold(reader)
        ]
        if row["leaver_known"]
        else []
    )
    if row["both_count"]:
        said.append(
            f"{count_of(row['both_count'], 'is', 'are')} silent loyalists at the same time: they "
            "still buy as ever, but interact less than they used to. Look at them first."
        )
    return Section(
        as_of=row["as_of_date"],
        intro="Who says nothing is easily taken for content. Some of them are, others are leaving.",
        said=said,
        rows=[
            (
                _silent_groups(reader, groups),
                _silent_advice(reader, groups),
            )
        ],
    )


def _what_silence_foretold(reader: Reader) -> str:
    """What became of those who showed the signs half a year ago, and of those who did not."""
    (row,) = reader.rows(
        """
        select
            count(*) filter (where before.is_silent_leaver) as silent_count,
            count(*) filter (where before.is_silent_leaver and newest.lifecycle_state = 'lost')
                as silent_lost,
            count(*) filter (where not before.is_silent_leaver) as other_count,
            count(*) filter (where not before.is_silent_leaver and newest.lifecycle_state = 'lost')
                as other_lost
        from scorecard.customer_indicators as before
        inner join scorecard.customer_indicators as newest
            on before.customer_id = newest.customer_id
            and newest.as_of_date = last_day(before.as_of_date + interval 6 month)
        where newest.as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
            and before.is_active
        """
    )
    if row["silent_count"] < SMALL_CELL or not row["other_count"]:
        return ""
    return (
        f" Signs are no proof: of the {format_integer(row['silent_count'])} who showed them half a "
        f"year ago {format_percent(row['silent_lost'] / row['silent_count'])} are lost now, of the "
        f"other active customers {format_percent(row['other_lost'] / row['other_count'])}."
    )


def _silent_groups(reader: Reader, groups: Sequence[Row]) -> Figure:
    return Figure(
        "Customers whom tickets do not show",
        "Newest month.",
        charts.bars(
            [{"label": group["label"], "value": group["customer_count"]} for group in groups],
            form=count_or_few,
        ),
        Table(
            "Silent and loud customers",
            [
                label_column("Group"),
                Column("Customers", lambda group: count_or_few(group["customer_count"])),
                number("Of those judged", "known"),
            ],
            groups,
            sources="customer_indicators.is_silent_leaver, is_silent_loyalist, frequent_complainer",
        ),
        " ".join(
            reader.meaning(name)
            for name in (
                "is_silent_leaver",
                "is_silent_loyalist",
                "frequent_complainer",
            )
        ),
    )


def _silent_advice(reader: Reader, groups: Sequence[Row]) -> Table:
    return Table(
        "What it means",
        [
            label_column("Group"),
            Column("Customers", lambda group: count_or_few(group["customer_count"])),
            number("Revenue, 12 m", "revenue_12m", reader.money),
            Column(
                "So",
                lambda group: str(group["words"]),
                is_number=False,
                is_on_phone=False,
            ),
        ],
        [_held_back(group) for group in groups],
        sources="customer_indicators.revenue_12m",
    )


def _held_back(row: Row) -> dict[str, Any]:
    """A group of very few customers without their money: it would be that of one of them."""
    count = row.get("customer_count", row.get("alert_count"))
    if is_few(count):
        return {**row, "revenue_12m": None}
    return dict(row)


def _iceberg(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select
            max(as_of_date) as as_of_date,
            iceberg_quadrant as quadrant,
            count(*) as customer_count,
            sum(cast(revenue_12m as decimal(18, 4))) as revenue_12m
        from scorecard.customer_indicators
        where as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
        group by iceberg_quadrant
        """
    )
    known = {row["quadrant"]: row for row in rows if row["quadrant"] is not None}
    if not known:
        return None
    listed = [
        _held_back(
            {
                "label": name,
                "words": words,
                "customer_count": known[quadrant]["customer_count"] if quadrant in known else 0,
                "revenue_12m": known[quadrant]["revenue_12m"] if quadrant in known else 0,
            }
        )
        for quadrant, (name, words) in _QUADRANTS.items()
    ]
    unknown = total([row for row in rows if row["quadrant"] is None], "customer_count")
    return Section(
        as_of=next(iter(known.values()))["as_of_date"],
        intro="Revenue and margin are the part of a customer’s value that shows. Feedback, "
        "recommendation, openness to what is new and loyalty lie under the surface.",
        said=[
            f"{format_integer(unknown)} customers cannot be placed: one of the two sides is not "
            "measured."
        ]
        if unknown
        else [],
        rows=[
            (
                _quadrants_drawn(reader, listed),
                _quadrants_listed(reader, listed),
            )
        ],
    )


def _quadrants_drawn(reader: Reader, listed: Sequence[Row]) -> Figure:
    return Figure(
        "Value that shows and value below",
        "Customers by quadrant, newest month.",
        charts.bars(
            [{"label": row["label"], "value": row["customer_count"]} for row in listed],
            form=count_or_few,
        ),
        Table(
            "Customers by quadrant",
            [label_column("Quadrant"), number("Customers", "customer_count")],
            listed,
            sources="customer_indicators.iceberg_quadrant",
        ),
        reader.meaning("iceberg_quadrant")
        or "Both sides are percentiles; from 50 on a side counts as high.",
    )


def _quadrants_listed(reader: Reader, listed: Sequence[Row]) -> Table:
    return Table(
        "The four quadrants",
        [
            label_column("Quadrant"),
            Column("Who", lambda row: str(row["words"]), is_number=False),
            Column("Customers", lambda row: count_or_few(row["customer_count"])),
            number("Revenue, 12 m", "revenue_12m", reader.money),
        ],
        listed,
        sources="customer_indicators.iceberg_quadrant, revenue_12m",
    )


def _credit(reader: Reader) -> Section | None:
    rows = reader.rows(
        """
        select * from scorecard.credit_by_grade
        where as_of_date = (select max(as_of_date) from scorecard.credit_by_grade)
        order by length(grade) > 1, grade = 'all', grade
        """
    )
    grades = [row for row in rows if len(str(row["grade"])) == 1]
    if not grades:
        return None
    listed = [{**row, "label": _grade(row["grade"])} for row in rows]
    return Section(
        as_of=rows[0]["as_of_date"],
        intro="The grade says how likely a customer pays as agreed, A best. Whether it can be "
        "trusted is seen in what became of those who had it a year ago.",
        said=[_credit_said(reader, grades)],
        rows=[
            (
                _grades_proved(listed),
                _grades_owing(reader, listed),
            )
        ],
    )


def _grades_proved(listed: Sequence[Row]) -> Figure:
    return share_by_group(
        "Customers who did not pay, by their grade of a year ago",
        Share.named("bad"),
        listed,
        told="Dot: share. Bar: 95 % interval. Pale: few customers.",
        caption="What became of the grades of a year ago",
        head=label_column("Grade"),
        cases="Customers",
        label="Share",
        more=[number("Did not pay", "bad_count")],
        definition="Did not pay: was 90 days past due at any time in the twelve months after "
        "the grade was given.",
        sources="credit_by_grade.bad_ratio",
        form=lambda value: f"{100 * float(value):.1f}\u00a0%",
    )


def _grades_owing(reader: Reader, listed: Sequence[Row]) -> Table:
    return Table(
        "What they owe now",
        [
            label_column("Grade"),
            number("Customers", "customer_count"),
            number("Owed", "receivable_amount", reader.money, on_phone=False),
            number("Overdue", "overdue_amount", reader.money),
            rate("Share", "overdue_ratio", on_phone=False),
            number("Over the line", "over_limit_count", on_phone=False),
        ],
        listed,
        note="Over the line: customers who owe more than their credit line. A grade is "
        "advice with a reason, never a refusal by itself.",
        sources="credit_by_grade",
    )


def _grade(grade: Any) -> str:
    return _GRADES.get(str(grade), f"Grade {grade}")


def _credit_said(reader: Reader, grades: Sequence[Row]) -> str:
    worst = grades[-1]
    text = (
        f"{count_of(worst['customer_count'], 'customer has', 'customers have')} grade "
        f"{worst['grade']} and {'owes' if worst['customer_count'] == 1 else 'owe'} "
        f"{reader.money(worst['receivable_amount'])}, "
        f"{reader.money(worst['overdue_amount'])} of it overdue."
    )
    if worst["bad_ratio"] is None:
        return text
    return (
        f"{text} Of those who had it a year ago {format_percent(worst['bad_ratio'])} did not pay "
        f"({format_interval(worst['bad_low'], worst['bad_high'], format_percent)})."
    )


PAGE = PageSpec(
    "relationship",
    "Relationship",
    "Which relationships grow, which decline, and who leaves without a word?",
    (
        *stages.topics("en"),
        Topic(
            "health",
            Part(
                "Health and alerts",
                {
                    "customer_indicators": names(
                        "as_of_date is_active revenue_12m relationship_health is_relationship_alert"
                    ),
                    "rhi_alerts": names(
                        "alert_scope opened_by closed_on months_open revenue_12m_at_opening"
                    ),
                },
                "neither interactions nor tickets nor answers are measured",
            ),
            _health,
        ),
        Topic(
            "alerts",
            Part(
                "What alerts are worth",
                {
                    "rhi_alert_performance": names(
                        "as_of_date rule tier loss_count warned_count recall_ratio recall_low "
                        "recall_high lead_days_median in_time_ratio in_time_low in_time_high "
                        "alert_count right_count precision_ratio precision_low precision_high "
                        "pending_count is_recall_low_n is_precision_low_n"
                    )
                },
                "no customer was lost yet whose relationship was watched before",
            ),
            _performance,
        ),
        Topic(
            "silence",
            Part(
                "The silent and the loud",
                {
                    "customer_indicators": names(
                        "customer_id as_of_date revenue_12m is_active lifecycle_state "
                        "is_silent_loyalist is_silent_leaver frequent_complainer"
                    )
                },
                "neither tickets nor feedback are measured",
            ),
            _silence,
        ),
        Topic(
            "iceberg",
            Part(
                "Value under the surface",
                {
                    "customer_indicators": names("as_of_date revenue_12m iceberg_quadrant"),
                },
                "feedback, recommendation and loyalty are not measured",
            ),
            _iceberg,
        ),
        Topic(
            "credit",
            Part(
                "Credit",
                {
                    "credit_by_grade": names(
                        "as_of_date grade customer_count receivable_amount overdue_amount "
                        "overdue_ratio over_limit_count bad_cases bad_count bad_ratio bad_low "
                        "bad_high is_bad_low_n"
                    )
                },
                "billing sent no payments, so nobody is rated",
            ),
            _credit,
        ),
        associations.TOPIC,
    ),
)
