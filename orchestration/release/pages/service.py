"""The page of the service desk: speed, promises, complaints, self-service, teams, cost.

Belongs here: what is read of the service marts and how it is told. Not here: other pages, chart
specifications.
"""

from collections.abc import Callable, Mapping, Sequence

from orchestration.release.formats import (
    format_day,
    format_hours,
    format_integer,
    format_month,
    format_number,
    format_percent,
    format_score,
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
)
from orchestration.release.pages.shares import Share, share_by_group
from orchestration.release.pages.words import (
    MONTHS_SHOWN,
    TREND_COLOURS,
    count_of,
    dots,
    interval,
    label_column,
    month_column,
    number,
    percent_interval,
    percent_short,
    rate,
    readable,
    tier_column,
    tier_name,
    tile,
)
from orchestration.release.parts import Part
from orchestration.release.reading import Row

SILENT_DESK = "the service desk sent nothing"
_STANDINGS = {
    "better": "better than expected",
    "worse": "worse than expected",
    "not separated": "no clear difference",
}


def _tiers(reader: Reader) -> list[Row]:
    """Twelve months of tickets of each tier, with the targets of the tier beside them."""
    return reader.rows(
        """
        select
            service.*,
            targets.resolution_hours_target * 60 as resolution_minutes_target,
            targets.first_contact_ratio_target
        from scorecard.service_by_tier as service
        left join scorecard.efficiency_by_tier as targets
            on service.as_of_date = targets.as_of_date
            and service.period_months = targets.period_months
            and service.tier = targets.tier
        where service.period_months = 12
            and service.kind_group = 'all'
            and service.ticket_count is not null
            and service.as_of_date = (
                select max(as_of_date) from scorecard.service_by_tier
                where period_months = 12 and kind_group = 'all' and tier = 'all'
                    and ticket_count is not null
            )
        order by service.tier = 'none', service.tier = 'all', service.tier
        """
    )


def _months(reader: Reader) -> list[Row]:
    """The newest months of all tickets, oldest first, up to the newest that was measured."""
    rows = reader.rows(
        """
        select *, as_of_date as month
        from scorecard.service_by_tier
        where period_months = 1 and kind_group = 'all' and tier = 'all'
            and as_of_date <= (
                select max(as_of_date) from scorecard.service_by_tier
                where ticket_count is not null
            )
        order by as_of_date desc
        limit ?
        """,
        [MONTHS_SHOWN],
    )
    return rows[::-1]


def _speed(reader: Reader) -> Section | None:
    tiers = _tiers(reader)
    if not any(row["ticket_count"] for row in tiers):
        return None
    (every,) = [row for row in tiers if row["tier"] == "all"]
    months = _months(reader)
    as_of = every["as_of_date"]
    shown = [row for row in tiers if row["tier"] != "none"]
    against = [
        {
            "label": tier_name(row["tier"]),
            "value": row["resolution_minutes_mean"] / 60
            if row["resolution_minutes_mean"] is not None
            else None,
            "target": row["resolution_minutes_target"] / 60
            if row["resolution_minutes_target"] is not None
            else None,
            "low": None,
            "high": None,
            "is_small": row["is_low_n"],
        }
        for row in shown
    ]
    highest = max(
        [row[name] for row in against for name in ("value", "target") if row[name] is not None],
        default=1,
    )
    return Section(
        as_of=as_of,
        intro="Time to solve runs from the first message to the final solution; a reopened ticket "
        "runs on. Hours by the clock are what the customer waits; business hours leave out nights, "
        "weekends and holidays. Spam, tests and merged tickets are left out.",
        said=_speed_said(shown),
        headline=f"In twelve months {format_integer(every['resolved_count'])} tickets were solved, "
        f"half of them within {format_hours(every['resolution_business_minutes_p50'])} of business "
        f"time; {format_integer(every['open_count'])} are open.",
        tiles=[
            tile(
                "Median time to solve",
                format_hours(every["resolution_business_minutes_p50"]),
                "business hours; one in ten takes longer than "
                f"{format_hours(every['resolution_business_minutes_p90'])}",
                definition="Half of the tickets solved in twelve months took less time than this "
                "within opening hours.",
                as_of=as_of,
                source="service_by_tier.resolution_business_minutes_p50",
                trend=[row["resolution_business_minutes_p50"] for row in months],
            ),
            tile(
                "First reply",
                format_hours(every["first_reply_business_minutes_mean"]),
                "business hours on average, replies of the bot left out",
                definition="Mean time within opening hours from the first message to the first "
                "answer by a person, twelve months.",
                as_of=as_of,
                source="service_by_tier.first_reply_business_minutes_mean",
                trend=[row["first_reply_business_minutes_mean"] for row in months],
            ),
            tile(
                "Open tickets",
                format_integer(every["open_count"]),
                f"the oldest for {count_of(every['open_age_days_max'], 'day', 'days')}"
                if every["open_count"]
                else "none waits",
                definition="Tickets that were not solved at the end of the month.",
                as_of=as_of,
                source="service_by_tier.open_count",
                trend=[row["open_count"] for row in months],
            ),
        ],
        rows=[
            (
                _time_against_target(against, shown, highest),
                _time_by_month(months),
            ),
            (_time_by_tier(tiers, every),),
        ],
    )


def _time_against_target(against: Sequence[Row], shown: Sequence[Row], highest: float) -> Figure:
    return Figure(
        "Time to solve against each tier’s target",
        "Dot: mean hours by the clock. Upright stroke: the most that the tier’s target "
        "allows. Left of the stroke is good.",
        charts.intervals(
            against,
            form=lambda value: f"{value:,.0f}\u00a0h",
            domain=(0, highest),
            nice=True,
        ),
        Table(
            "Time to solve against the target, 12 months",
            [
                tier_column(),
                number("Solved", "resolved_count"),
                number(
                    "Mean",
                    "resolution_minutes_mean",
                    format_hours,
                    small_key="is_low_n",
                ),
                number("Target", "resolution_minutes_target", format_hours),
            ],
            shown,
            sources="service_by_tier.resolution_minutes_mean, "
            "efficiency_by_tier.resolution_hours_target",
        ),
        "Mean time by the clock from the first message to the final solution, over the "
        "tickets solved in twelve months. Open tickets are not in it: see the backlog.",
    )


def _time_by_month(months: Sequence[Row]) -> Figure:
    return Figure(
        "Time to solve, month by month",
        "Business hours of the tickets solved in each month, all tiers.",
        charts.lines(
            [
                {
                    "month": row["month"],
                    "series": series,
                    "value": None if row[key] is None else row[key] / 60,
                }
                for series, key in (
                    ("Median", "resolution_business_minutes_p50"),
                    ("One in ten takes longer", "resolution_business_minutes_p90"),
                )
                for row in months
            ],
            dict(zip(("Median", "One in ten takes longer"), TREND_COLOURS, strict=False)),
            tick=charts.short_number,
        ),
        Table(
            "Time to solve and backlog by month, all tiers",
            [
                month_column(),
                number("Opened", "ticket_count", on_phone=False),
                number("Solved", "resolved_count"),
                number("Median", "resolution_business_minutes_p50", format_hours),
                number("90 % within", "resolution_business_minutes_p90", format_hours),
                number("Open", "open_count"),
            ],
            months,
            sources="service_by_tier.resolution_business_minutes_p50, "
            "resolution_business_minutes_p90, open_count (period_months = 1)",
        ),
        "Half of the tickets solved in the month took less than the median; nine in "
        "ten took less than the upper line.",
    )


def _time_by_tier(tiers: Sequence[Row], every: Row) -> Table:
    return Table(
        "By tier, twelve months",
        [
            tier_column(),
            number("Opened", "ticket_count", on_phone=False),
            number("Solved", "resolved_count", small_key="is_low_n"),
            number("Median", "resolution_business_minutes_p50", format_hours),
            number("90 % within", "resolution_business_minutes_p90", format_hours),
            number(
                "First reply",
                "first_reply_business_minutes_mean",
                format_hours,
                on_phone=False,
            ),
            number("Open now", "open_count"),
            Column(
                "Oldest open",
                lambda row: (
                    count_of(row["open_age_days_max"], "day", "days")
                    if row["open_age_days_max"] is not None
                    else "–"
                ),
                is_on_phone=False,
            ),
        ],
        tiers,
        note="Business hours. No tier: the ticket’s writer was no customer yet, or "
        "could not be found among the customers. " + _open_note(every),
        sources="service_by_tier",
    )


def _open_note(every: Row) -> str:
    if every["median_method"] == "kaplan_meier":
        return (
            "More than one in five tickets is still open, so half of the tickets are estimated to "
            f"take {format_hours(every['median_resolution_minutes'])} by the clock, the open ones "
            "counted in."
        )
    return (
        f"{format_percent(every['still_open_ratio'])} of the tickets opened in the twelve months "
        "are still open: too few to make the figures look better than they are."
    )


def _speed_said(tiers: Sequence[Row]) -> list[str]:
    late = [
        row
        for row in tiers
        if row["resolution_minutes_target"] is not None
        and row["resolution_minutes_mean"] is not None
        and row["resolution_minutes_mean"] > row["resolution_minutes_target"]
    ]
    judged = [row for row in tiers if row["resolution_minutes_target"] is not None]
    if not judged:
        return ["No target for the time to solve is measured in this month."]
    if not late:
        return ["Every tier is solved within its target on average."]
    return [
        f"{count_of(len(late), 'tier is', 'tiers are')} behind the target for the time to solve: "
        + ", ".join(
            f"{tier_name(row['tier'])} takes {format_hours(row['resolution_minutes_mean'])} "
            f"instead of {format_hours(row['resolution_minutes_target'])}"
            for row in late
        )
        + "."
    ]


def _promises(reader: Reader) -> Section | None:
    tiers = _tiers(reader)
    if not any(row["sla_met_cases"] or row["first_contact_cases"] for row in tiers):
        return None
    (every,) = [row for row in tiers if row["tier"] == "all"]
    shown = [row for row in tiers if row["tier"] != "none"]
    months = _months(reader)
    as_of = every["as_of_date"]
    series = {
        "Solved in time": "sla_met_ratio",
        "Answered in time": "first_reply_sla_met_ratio",
        "Solved at first contact": "first_contact_ratio",
    }
    return Section(
        as_of=as_of,
        intro="A ticket is judged by the service level in force when it was promised, and only "
        "once its time is over. Solved at first contact: one answer by a person, not reopened, "
        "and no new message on the same topic within seven days.",
        said=[
            f"{format_percent(every['sla_met_ratio'])} of the tickets were solved in time "
            f"(95 % interval {percent_interval(every, 'sla_met')}"
            f", {format_integer(every['sla_met_cases'])} judged, "
            f"{format_integer(every['sla_pending_count'])} pending), "
            f"{format_percent(every['first_contact_ratio'])} at first contact "
            f"({format_integer(every['first_contact_cases'])} judged, "
            f"{format_integer(every['first_contact_pending_count'])} pending)."
        ],
        headline=f"{format_percent(every['sla_met_ratio'])} are solved in time, "
        f"{format_percent(every['first_contact_ratio'])} at first contact.",
        tiles=[
            tile(
                "Solved in time",
                format_percent(every["sla_met_ratio"]),
                "95 % interval " + percent_interval(every, "sla_met"),
                definition="Share of the tickets whose service level was met, of those whose time "
                "is over, twelve months. The interval is Wilson’s.",
                as_of=as_of,
                source="service_by_tier.sla_met_ratio",
                trend=[row["sla_met_ratio"] for row in months],
            ),
            tile(
                "Solved at first contact",
                format_percent(every["first_contact_ratio"]),
                "95 % interval " + percent_interval(every, "first_contact"),
                definition="Share of the tickets that one answer by a person solved, without a "
                "reopening and without a new message on the topic within seven days, twelve "
                "months.",
                as_of=as_of,
                source="service_by_tier.first_contact_ratio",
                trend=[row["first_contact_ratio"] for row in months],
            ),
        ],
        rows=[
            (
                _first_contact_by_tier(shown),
                _level_by_tier(shown),
            ),
            (
                _promises_by_month(months, series),
                _pending_by_tier(shown),
            ),
        ],
    )


def _first_contact_by_tier(shown: Sequence[Row]) -> Figure:
    return share_by_group(
        "Solved at first contact, by tier",
        Share.named("first_contact", target="first_contact_ratio_target"),
        shown,
        told="Dot: share. Bar: 95 % interval. Upright stroke: the tier’s target. "
        "Pale: few tickets.",
        caption="Solved at first contact, 12 months",
        head=tier_column(),
        cases="Judged",
        label="Share",
        more=[
            rate(
                "Net",
                "first_contact_net_ratio",
                small_key="is_first_contact_net_low_n",
                on_phone=False,
            ),
            number("Pending", "first_contact_pending_count", on_phone=False),
        ],
        note="Net: of the tickets that the first level can solve at all.",
        definition="Gross share: of all tickets judged. The last seven days before the date are "
        "pending.",
        sources="service_by_tier.first_contact_ratio, "
        "efficiency_by_tier.first_contact_ratio_target",
    )


def _level_by_tier(shown: Sequence[Row]) -> Figure:
    return share_by_group(
        "Solved in time, by tier",
        Share.named("sla_met"),
        shown,
        told="Dot: share of the service level kept. Bar: 95 % interval. Pale: few tickets.",
        caption="Service level, 12 months",
        head=tier_column(),
        cases="Judged",
        label="Solved in time",
        more=[
            rate(
                "Answered in time",
                "first_reply_sla_met_ratio",
                small_key="is_first_reply_sla_met_low_n",
            ),
            number("Pending", "sla_pending_count", on_phone=False),
        ],
        definition="The service level is the one in force when it was promised, not today’s.",
        sources="service_by_tier.sla_met_ratio, first_reply_sla_met_ratio",
    )


def _promises_by_month(months: Sequence[Row], series: Mapping[str, str]) -> Figure:
    return Figure(
        "Promises kept, month by month",
        "Share of the tickets of each month, all tiers. The newest months still have "
        "pending tickets.",
        charts.lines(
            [
                {"month": row["month"], "series": label, "value": row[key]}
                for label, key in series.items()
                for row in months
            ],
            dict(zip(series, TREND_COLOURS, strict=False)),
            tick=percent_short,
            domain=(0, 1),
        ),
        Table(
            "Promises kept by month, all tiers",
            [
                month_column(),
                rate("Solved in time", "sla_met_ratio", small_key="is_sla_met_low_n"),
                rate("Answered in time", "first_reply_sla_met_ratio"),
                rate(
                    "First contact",
                    "first_contact_ratio",
                    small_key="is_first_contact_low_n",
                ),
            ],
            months,
            sources="service_by_tier.sla_met_ratio, first_reply_sla_met_ratio, "
            "first_contact_ratio (period_months = 1)",
        ),
        "Tickets whose time is not over are in none of these shares.",
    )


def _pending_by_tier(shown: Sequence[Row]) -> Table:
    return Table(
        "What the month’s tickets still leave open",
        [
            tier_column(),
            number("Level pending", "sla_pending_count"),
            number("Contact pending", "first_contact_pending_count"),
            rate("Reopened", "reopen_ratio"),
            interval("reopen_low", "reopen_high"),
        ],
        shown,
        note="Twelve months. Pending tickets are in no share until they are decided.",
        sources="service_by_tier.sla_pending_count, first_contact_pending_count, reopen_ratio",
    )


def _complaints(reader: Reader) -> Section | None:
    tiers = reader.rows(
        """
        select * from scorecard.complaints_by_tier
        where period_months = 12 and complaint_count is not null and as_of_date = (
            select max(as_of_date) from scorecard.complaints_by_tier
            where complaint_count is not null
        )
        order by tier = 'none', tier = 'all', tier
        """
    )
    found = [row for row in tiers if row["tier"] == "all"]
    if not found:
        return None
    every = found[0]
    as_of = every["as_of_date"]
    months = reader.rows(
        """
        select *, as_of_date as month, complaints_per_1000_customers as value
        from scorecard.complaints_by_tier
        where period_months = 1 and tier = 'all' and as_of_date <= ?
        order by as_of_date desc limit ?
        """,
        [as_of, MONTHS_SHOWN],
    )[::-1]
    shown = [row for row in tiers if row["tier"] != "none"]
    return Section(
        as_of=as_of,
        intro="Complaints are tickets of that kind. Their number is set against the active "
        "customers, so that a growing company is not blamed for growing.",
        said=[
            f"{count_of(every['complaint_count'], 'complaint', 'complaints')} in twelve months: "
            f"{format_number(every['complaints_per_1000_customers'])} for each 1,000 active "
            f"customers. {format_percent(every['repeat_ratio'])} came again within 30 days, "
            f"{format_percent(every['upheld_ratio'])} were found to be right; of the customers who "
            f"complained at least 180 days ago, {format_percent(every['retained_ratio'])} stayed."
        ],
        tiles=[
            tile(
                "Complaints",
                format_number(every["complaints_per_1000_customers"]),
                f"for each 1,000 active customers in twelve months; "
                f"{format_integer(every['complaint_count'])} in all",
                definition="Complaints received in twelve months for each 1,000 active customers.",
                as_of=as_of,
                source="complaints_by_tier.complaints_per_1000_customers",
                trend=[row["value"] for row in months],
            )
        ],
        rows=[
            (
                _complaints_by_month(months),
                _complaints_by_tier(shown),
            ),
        ],
    )


def _complaints_by_month(months: Sequence[Row]) -> Figure:
    return Figure(
        "Complaints for each 1,000 active customers",
        "Received in each month, all tiers.",
        charts.columns(months, tick=charts.short_number),
        Table(
            "Complaints by month, all tiers",
            [
                month_column(),
                number("Complaints", "complaint_count"),
                number("Per 1,000", "complaints_per_1000_customers", format_number),
            ],
            months,
            sources="complaints_by_tier.complaints_per_1000_customers (period_months = 1)",
        ),
        "Complaints of the month over the customers active in it, times 1,000.",
    )


def _complaints_by_tier(shown: Sequence[Row]) -> Table:
    return Table(
        "What became of complaints, twelve months",
        [
            tier_column(),
            number("Complaints", "complaint_count", small_key="is_low_n"),
            number("Per 1,000", "complaints_per_1000_customers", format_number),
            rate("In time", "sla_met_ratio"),
            rate("Repeated", "repeat_ratio", on_phone=False),
            rate("Found right", "upheld_ratio", on_phone=False),
            rate("Stayed", "retained_ratio", on_phone=False),
        ],
        shown,
        note="Stayed: still active 180 days after the complaint, of those for whom "
        "180 days have passed. Tier D has few active customers, so its number for each "
        "1,000 runs high."
        if any(row["tier"] == "D" for row in shown)
        else "Stayed: still active 180 days after the complaint, of those for whom 180 "
        "days have passed.",
        sources="complaints_by_tier",
    )


def _episodes(reader: Reader) -> Section | None:
    measured = reader.rows(
        """
        select min(as_of_date) as first_month, max(as_of_date) as last_month
        from scorecard.complaints_by_tier
        where complaint_count is not null
        """
    )[0]
    if measured["last_month"] is None:
        return None
    episodes = reader.rows(
        """
        select * from scorecard.complaint_episodes
        where (topic, started_on, as_of_date) in (
            select (topic, started_on, max(as_of_date))
            from scorecard.complaint_episodes
            group by topic, started_on
        )
        order by started_on desc, topic
        limit 12
        """
    )
    last = measured["last_month"]
    current = [row for row in episodes if row["recovered_on"] is None]
    span = f"{format_month(measured['first_month'])} to {format_month(last)}"
    if not episodes:
        said = f"None was found in the months measured ({span}). No news is a finding here: "
        said += "every day was looked at."
    else:
        said = f"{count_of(len(episodes), 'crisis', 'crises')} in the months measured ({span}); "
        said += f"{len(current)} not over yet." if current else "all are over."
    return Section(
        as_of=last,
        intro="Each day’s tickets of a topic are compared with the same weekday of the eight weeks "
        "before. A day far above is an alarm; three alarms in five days, or ten severe tickets, "
        "are a crisis.",
        said=[said],
        rows=[
            (_crises(reader, episodes),),
        ]
        if episodes
        else [],
    )


def _crises(reader: Reader, episodes: Sequence[Row]) -> Table:
    return Table(
        "Crises, newest first",
        [
            Column(
                "Topic",
                lambda row: readable(row["topic"]),
                is_number=False,
                is_head=True,
            ),
            Column("Began", lambda row: format_day(row["started_on"])),
            Column("Seen on", lambda row: format_day(row["detected_on"]), is_on_phone=False),
            Column(
                "Peak",
                lambda row: (
                    f"{format_integer(row['peak_count'])} a day on "
                    f"{format_day(row['peak_on'])} "
                    f"(usual {format_number(row['usual_count'])})"
                ),
                is_on_phone=False,
            ),
            Column(
                "Over",
                lambda row: format_day(row["recovered_on"]) if row["recovered_on"] else "not yet",
            ),
            number("Tickets", "ticket_count", on_phone=False),
            number("Customers", "affected_customers", on_phone=False),
            number("Their revenue, 12 m", "affected_revenue_12m", reader.money),
        ],
        episodes,
        sources="complaint_episodes",
        empty="No crisis in the months measured.",
    )


def _self_service(reader: Reader) -> Section | None:
    found = reader.rows(
        """
        select * from scorecard.self_service
        where period_months = 12
            and (bot_containment_cases is not null or help_centre_cases is not null)
        order by as_of_date desc limit 1
        """
    )
    if not found:
        return None
    (now,) = found
    ways = [
        {
            "label": "Chat bot",
            "count": now["bot_ticket_count"],
            "cases": now["bot_containment_cases"],
            "pending": now["bot_containment_pending_count"],
            "value": now["bot_containment_ratio"],
            "low": now["bot_containment_low"],
            "high": now["bot_containment_high"],
            "is_small": now["is_bot_containment_low_n"],
        },
        {
            "label": "Help centre",
            "count": now["help_centre_visit_count"],
            "cases": now["help_centre_cases"],
            "pending": now["help_centre_pending_count"],
            "value": now["help_centre_ratio"],
            "low": now["help_centre_low"],
            "high": now["help_centre_high"],
            "is_small": now["is_help_centre_low_n"],
        },
    ]
    if all(way["value"] is None for way in ways):
        return None
    table = Table(
        "Settled without a person, twelve months",
        [
            label_column("Way"),
            number("Used", "count", on_phone=False),
            number("Judged", "cases"),
            rate("Settled", "value", small_key="is_small"),
            interval("low", "high", on_phone=True),
            number("Pending", "pending", on_phone=False),
        ],
        ways,
        note="A way that shows a dash was not measured.",
        sources="self_service.bot_containment_ratio, help_centre_ratio",
    )
    return Section(
        as_of=now["as_of_date"],
        intro="Settled means: no person was needed, and the customer did not come back within "
        "seven days.",
        rows=[
            (
                _settled(table, ways),
                table,
            )
        ],
    )


def _settled(table: Table, ways: Sequence[Row]) -> Figure:
    return Figure(
        "Settled without a person",
        "Dot: share. Bar: 95 % interval. Twelve months.",
        charts.intervals(
            ways,
            form=percent_short,
            domain=(0, 1),
        ),
        table,
        "Ended without a person, and without a new message within seven days; the last "
        "seven days are pending.",
    )


def _teams(reader: Reader) -> Section | None:
    teams = reader.rows(
        """
        select *, scope_id as label
        from scorecard.team_indicators
        where scope = 'team' and period_months = 12 and resolution_time_ratio is not null
            and as_of_date = (
                select max(as_of_date) from scorecard.team_indicators
                where scope = 'team' and resolution_time_ratio is not null
            )
        order by scope_id
        """
    )
    if not teams:
        return None
    highest = max(row["resolution_time_high"] or row["resolution_time_ratio"] for row in teams)

    def standing(key: str) -> Column:
        return Column(
            "Against the expected",
            lambda row: _STANDINGS.get(row[key], readable(row[key]) or "–"),
            is_number=False,
            is_on_phone=False,
        )

    return Section(
        as_of=teams[0]["as_of_date"],
        intro="Each team is compared with what its own mix of tickets usually takes, so that the "
        "team with the hard ones is not the slow one. Figures of few tickets are drawn towards the "
        "usual. Where the interval holds 1, no difference is shown: do not rank by it.",
        rows=[
            (
                _time_by_team(teams, standing, highest),
                _figures_by_team(teams),
            )
        ],
    )


def _time_by_team(
    teams: Sequence[Row], standing: Callable[[str], Column], highest: float
) -> Figure:
    return Figure(
        "Time to solve against the expected",
        "1 is what the mix of tickets takes; lower is faster. Bar: 95 % interval.",
        charts.intervals(
            dots(
                teams,
                "resolution_time_ratio",
                low="resolution_time_low",
                high="resolution_time_high",
                small_key="is_resolution_time_low_n",
                label=lambda row: str(row["label"]),
            ),
            form=lambda value: f"{value:.2f}",
            domain=(0, max(highest, 1.5)),
            nice=True,
            rule=1.0,
        ),
        Table(
            "Time to solve by team, 12 months",
            [
                label_column("Team"),
                number("Solved", "resolved_count"),
                rate(
                    "Ratio",
                    "resolution_time_ratio",
                    form=format_number,
                    small_key="is_resolution_time_low_n",
                ),
                interval(
                    "resolution_time_low",
                    "resolution_time_high",
                    format_number,
                    on_phone=True,
                ),
                standing("resolution_time_standing"),
            ],
            teams,
            sources="team_indicators.resolution_time_ratio",
        ),
        "Mean time over the time that tickets of the same tier, kind and priority "
        "take, drawn towards 1 where tickets are few.",
    )


def _figures_by_team(teams: Sequence[Row]) -> Table:
    return Table(
        "By team, twelve months",
        [
            label_column("Team"),
            number("Solved", "resolved_count"),
            rate(
                "First contact",
                "first_contact_ratio",
                small_key="is_first_contact_low_n",
            ),
            rate("Satisfied", "csat_ratio", small_key="is_csat_low_n", on_phone=False),
            number(
                "Quality",
                "quality_score",
                format_score,
                small_key="is_quality_low_n",
                on_phone=False,
            ),
        ],
        teams,
        note="Quality: score of 0 to 100 of reviewed conversations. All figures are "
        "drawn towards the usual where cases are few. Single persons are not shown.",
        sources="team_indicators",
    )


def _efficiency(reader: Reader) -> Section | None:
    tiers = reader.rows(
        """
        select * from scorecard.efficiency_by_tier
        where period_months = 12 and efficiency_score is not null and as_of_date = (
            select max(as_of_date) from scorecard.efficiency_by_tier
            where period_months = 12 and efficiency_score is not null
        )
        order by tier
        """
    )
    if not tiers:
        return None
    bars = [
        {
            "label": tier_name(row["tier"]),
            "value": row["efficiency_score"],
            "low": None,
            "high": None,
            "is_small": row["is_low_n"],
        }
        for row in tiers
    ]
    return Section(
        as_of=tiers[0]["as_of_date"],
        intro="Time to solve, cost of winning a customer, and first contact, each against the "
        "tier’s own target, become one score: 75 is on target, 100 the most.",
        rows=[
            (
                _scores_by_tier(bars, tiers),
                _costs_by_tier(reader, tiers),
            )
        ],
    )


def _scores_by_tier(bars: Sequence[Row], tiers: Sequence[Row]) -> Figure:
    return Figure(
        "Efficiency score by tier",
        "0 to 100; the dashed line at 75 is on target. Pale: few cases.",
        charts.intervals(
            bars,
            form=lambda value: f"{value:.0f}",
            domain=(0, 100),
            rule=75,
        ),
        Table(
            "Efficiency by tier, 12 months",
            [
                tier_column(),
                number("Score", "efficiency_score", format_score, small_key="is_low_n"),
                number("Time", "resolution_hours_score", format_score),
                number("Winning", "acquisition_cost_score", format_score),
                number("First contact", "first_contact_ratio_score", format_score),
            ],
            tiers,
            sources="efficiency_by_tier.efficiency_score",
        ),
        "Weighted mean of target over actual (lower is better) or actual over target, "
        "times 75, at most 100.",
    )


def _costs_by_tier(reader: Reader, tiers: Sequence[Row]) -> Table:
    return Table(
        "What service costs, twelve months",
        [
            tier_column(),
            number("Cost to serve", "cost_to_serve", reader.money),
            number("Per ticket", "cost_per_ticket", reader.money),
            number("Retention cost", "retention_cost", reader.money, on_phone=False),
            number("Margin kept", "retained_gross_margin", reader.money, on_phone=False),
            Column("Ratio", lambda row: Cell(format_number(row["efficiency_ratio"]))),
        ],
        tiers,
        note="Ratio: margin kept over the cost to serve, to keep and to win. Below 1 "
        "the tier costs more than it brings.",
        sources="efficiency_by_tier",
    )


_TIER_COLUMNS = (
    "as_of_date",
    "period_months",
    "tier",
    "kind_group",
    "ticket_count",
    "still_open_ratio",
    "resolved_count",
    "resolution_minutes_mean",
    "resolution_business_minutes_p50",
    "resolution_business_minutes_p90",
    "median_resolution_minutes",
    "median_method",
    "first_reply_business_minutes_mean",
    "open_count",
    "open_age_days_max",
    "is_low_n",
)
_TARGET_COLUMNS = (
    "as_of_date",
    "period_months",
    "tier",
    "resolution_hours_target",
    "first_contact_ratio_target",
)

PAGE = PageSpec(
    "service",
    "Service",
    "How fast and how well are customers helped, and what does it cost?",
    (
        Topic(
            "speed",
            Part(
                "How fast customers are helped",
                {"service_by_tier": _TIER_COLUMNS, "efficiency_by_tier": _TARGET_COLUMNS},
                SILENT_DESK,
            ),
            _speed,
        ),
        Topic(
            "promises",
            Part(
                "Promises kept",
                {
                    "service_by_tier": (
                        *_TIER_COLUMNS,
                        "sla_met_cases",
                        "sla_met_ratio",
                        "sla_met_low",
                        "sla_met_high",
                        "first_reply_sla_met_ratio",
                        "first_contact_cases",
                        "first_contact_ratio",
                        "first_contact_low",
                        "first_contact_high",
                        "first_contact_net_ratio",
                        "reopen_ratio",
                        "reopen_low",
                        "reopen_high",
                        "sla_pending_count",
                        "first_contact_pending_count",
                        "is_first_contact_low_n",
                        "is_first_contact_net_low_n",
                        "is_first_reply_sla_met_low_n",
                        "is_sla_met_low_n",
                    ),
                    "efficiency_by_tier": _TARGET_COLUMNS,
                },
                SILENT_DESK,
            ),
            _promises,
        ),
        Topic(
            "complaints",
            Part(
                "Complaints",
                {
                    "complaints_by_tier": (
                        "as_of_date",
                        "period_months",
                        "tier",
                        "complaint_count",
                        "complaints_per_1000_customers",
                        "sla_met_ratio",
                        "repeat_ratio",
                        "upheld_ratio",
                        "retained_ratio",
                        "is_low_n",
                    )
                },
                SILENT_DESK,
            ),
            _complaints,
        ),
        Topic(
            "crises",
            Part(
                "Crises",
                {
                    "complaint_episodes": (
                        "topic",
                        "started_on",
                        "as_of_date",
                        "detected_on",
                        "peak_on",
                        "peak_count",
                        "usual_count",
                        "recovered_on",
                        "ticket_count",
                        "affected_customers",
                        "affected_revenue_12m",
                    ),
                    "complaints_by_tier": ("as_of_date", "complaint_count"),
                },
                SILENT_DESK,
            ),
            _episodes,
        ),
        Topic(
            "self-service",
            Part(
                "Helping oneself",
                {
                    "self_service": (
                        "as_of_date",
                        "period_months",
                        "bot_ticket_count",
                        "bot_containment_cases",
                        "bot_containment_pending_count",
                        "bot_containment_ratio",
                        "bot_containment_low",
                        "bot_containment_high",
                        "is_bot_containment_low_n",
                        "help_centre_visit_count",
                        "help_centre_cases",
                        "help_centre_pending_count",
                        "help_centre_ratio",
                        "help_centre_low",
                        "help_centre_high",
                        "is_help_centre_low_n",
                    )
                },
                "neither the service desk nor the help centre sent anything",
            ),
            _self_service,
        ),
        Topic(
            "teams",
            Part(
                "Teams",
                {
                    "team_indicators": (
                        "as_of_date",
                        "period_months",
                        "scope",
                        "scope_id",
                        "resolved_count",
                        "resolution_time_ratio",
                        "resolution_time_low",
                        "resolution_time_high",
                        "resolution_time_standing",
                        "is_resolution_time_low_n",
                        "first_contact_ratio",
                        "is_first_contact_low_n",
                        "csat_ratio",
                        "is_csat_low_n",
                        "quality_score",
                        "is_quality_low_n",
                    )
                },
                "the service desk sent nothing, or does not say which team solved what",
            ),
            _teams,
        ),
        Topic(
            "efficiency",
            Part(
                "What service costs and yields",
                {
                    "efficiency_by_tier": (
                        *_TARGET_COLUMNS,
                        "efficiency_score",
                        "resolution_hours_score",
                        "acquisition_cost_score",
                        "first_contact_ratio_score",
                        "cost_to_serve",
                        "cost_per_ticket",
                        "retention_cost",
                        "retained_gross_margin",
                        "efficiency_ratio",
                        "is_low_n",
                    )
                },
                "times, costs or targets are not measured",
            ),
            _efficiency,
        ),
    ),
)
