"""The page of potential: who may buy more, and which groups of customers there are.

Belongs here: what is read of the marts of the products `upsell` and `segments`, and how it is told.
Not here: what customers are worth (`value`), who may leave (the first page), chart specifications.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_interval,
    format_measure,
    format_month,
    format_number,
    format_percent,
    format_signed,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    SMALL,
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.words import (
    contact_column,
    count_of,
    count_or_few,
    label_column,
    names,
    number,
    part_cell,
    rate,
    readable,
    tier_column,
    tier_name,
    tile,
)
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.tiles import Tile
from orchestration.release.untold import SMALL_CELL, hidden_too

TOP_SHOWN = 10
LOW_N = 30
_KINDS: Mapping[str, str] = {"contractual": "Subscribers", "non_contractual": "Others"}
_METHODS: Mapping[str, str] = {
    "estimator": "estimator",
    "baseline_rule": "simple rule",
    "base_rate": "base rate",
}
_BASELINE = "base_rate_tier_tier_mean"
# How far a feature must lie from that of all customers, in standard deviations, to stand dark.
_FAR = 1.5


def _upsell(reader: Reader) -> Section | None:
    newest = reader.newest("upsell_predictions")
    customers = reader.rows(
        """
        select
            upsell.*,
            coalesce(customers.crm_customer_id, upsell.customer_id) as customer,
            coalesce(indicators.tier, 'none') as tier
        from scorecard.upsell_predictions as upsell
        left join scorecard.customers as customers on upsell.customer_id = customers.customer_id
        left join scorecard.customer_indicators as indicators
            on upsell.customer_id = indicators.customer_id
            and upsell.as_of_date = indicators.as_of_date
        where upsell.as_of_date = ? and upsell.is_eligible
            and upsell.expected_upsell_6m is not null
        order by upsell.expected_upsell_6m desc, upsell.customer_id
        limit ?
        """,
        [newest, TOP_SHOWN],
    )
    if newest is None or not customers:
        return None
    sums = {
        (row["kind"], row["tier"]): row
        for row in reader.rows(
            """
            select
                coalesce(upsell.upsell_kind, 'all') as kind,
                case
                    when grouping(indicators.tier) = 1 then 'all'
                    else coalesce(indicators.tier, 'none')
                end as tier,
                count(*) as customer_count,
                sum(upsell.expected_upsell_6m) as expected,
                sum(upsell.expand_probability) as expanding_count,
                avg(upsell.expand_probability) as mean_probability,
                cast(median(upsell.amount_if_expands_p10) as decimal(18, 2)) as amount_p10,
                cast(median(upsell.amount_if_expands_p50) as decimal(18, 2)) as amount_p50,
                cast(median(upsell.amount_if_expands_p90) as decimal(18, 2)) as amount_p90,
                min(upsell.upsell_method) as method
            from scorecard.upsell_predictions as upsell
            left join scorecard.customer_indicators as indicators
                on upsell.customer_id = indicators.customer_id
                and upsell.as_of_date = indicators.as_of_date
            where upsell.as_of_date = ? and upsell.is_eligible
                and upsell.expected_upsell_6m is not null
            group by grouping sets ((), (indicators.tier), (upsell.upsell_kind))
            """,
            [newest],
        )
    }
    every = sums["all", "all"]
    tiers = [row for key, row in sorted(sums.items()) if key[0] == "all" and key[1] != "all"]
    kinds = [row for key, row in sorted(sums.items()) if key[0] != "all"]
    judged = _judged(reader, newest)
    return Section(
        as_of=newest,
        intro="More is a recurring value above 105 % of the present one in six months "
        "(subscribers), or a spend of six months above 110 % of that of the same season a year "
        "before (all others). What is expected of a customer is the chance of that times the "
        "amount; who leaves buys nothing more, and that is in the chance.",
        said=[
            f"Of {count_of(every['customer_count'], 'customer', 'customers')} about "
            f"{format_integer(every['expanding_count'])} are expected to buy more, for "
            f"{reader.money(every['expected'])} in six months.",
            *_said_of_kinds(kinds),
        ],
        tiles=[
            tile(
                "Expansion expected",
                reader.money(every["expected"]),
                f"six months, {format_integer(every['expanding_count'])} customers",
                definition="Sum over customers of the chance to buy more times the amount, in the "
                "six months to come.",
                as_of=newest,
                source="upsell_predictions.expected_upsell_6m",
            ),
            *_bias_tile(judged, newest),
        ],
        rows=[
            (_expected_by_tier(reader, tiers), _amount_by_tier(reader, tiers)),
            *([(_deciles(reader, judged), _by_kind(judged, kinds))] if judged else []),
            (_top(reader, customers),),
        ],
    )


def _bias_tile(judged: Mapping[tuple[str, str, str], Row], newest: date) -> list[Tile]:
    found = judged.get(("test", "own", "upsell_bias_pct"))
    if found is None or found["value"] is None:
        return []
    return [
        tile(
            "Promised against come",
            _signed_percent(found["value"]),
            f"95 % interval {_percent_between(found)}",
            definition="All that the estimator expected of months it had not seen, against all "
            "that came: above 0 too much was promised. Large customers weigh most, so with few of "
            "them the interval is wide.",
            as_of=newest,
            source="estimator_metrics.value (upsell_bias_pct)",
        )
    ]


def _signed_percent(value: Any) -> str:
    """A difference in per cent: `+12.0 %`; a dash where there is none."""
    return "–" if value is None else f"{format_signed(value)}\u00a0%"


def _percent_between(row: Row) -> str:
    return format_interval(row["value_low"], row["value_high"], _signed_percent)


def _said_of_kinds(kinds: Sequence[Row]) -> list[str]:
    stood_in = [row for row in kinds if row["method"] != "estimator"]
    if not stood_in:
        return []
    who = " and ".join(_KINDS.get(str(row["kind"]), str(row["kind"])).lower() for row in stood_in)
    return [
        f"Of {who} the estimator may not speak: it did not pass its checks. What stands here is "
        "the share of the tier times its mean amount, which tells the customers of a tier hardly "
        "apart."
    ]


def _expected_by_tier(reader: Reader, rows: Sequence[Row]) -> Figure:
    labelled = [
        {**row, "label": tier_name(row["tier"]), "is_small": row["customer_count"] < LOW_N}
        for row in rows
    ]
    return Figure(
        "Expansion expected by tier",
        "What the customers of a tier are expected to buy more in six months, together.",
        charts.bars([{**row, "value": row["expected"]} for row in labelled], form=reader.money),
        Table(
            "Expansion expected by tier",
            [
                tier_column(),
                number("Customers", "customer_count"),
                number("Expected", "expected", reader.money),
                rate("Mean chance", "mean_probability", small_key="is_small"),
            ],
            labelled,
            sources="upsell_predictions.expected_upsell_6m, expand_probability",
        ),
        "The sum of the expected values. It has no interval: what customers do depends on what "
        "all of them meet with, so their ranges cannot be added.",
    )


def _amount_by_tier(reader: Reader, rows: Sequence[Row]) -> Figure:
    labelled = [
        {
            "label": tier_name(row["tier"]),
            "tier": row["tier"],
            "value": row["amount_p50"],
            "low": row["amount_p10"],
            "high": row["amount_p90"],
            "is_small": row["customer_count"] < LOW_N,
        }
        for row in rows
    ]
    highest = max((float(row["high"]) for row in labelled if row["high"] is not None), default=1)
    return Figure(
        "How much, if more is bought",
        "Dot: the middle amount of a typical customer of the tier. Bar: eight of ten such "
        "customers who buy more do so by an amount in it (P10 to P90).",
        charts.intervals(
            labelled,
            form=reader.money,
            domain=(0.0, highest),
            tick=charts.short_number,
            nice=True,
        ),
        Table(
            "Amount if more is bought, by tier",
            [
                tier_column(),
                number("P10", "low", reader.money, small_key="is_small"),
                number("P50", "value", reader.money, small_key="is_small"),
                number("P90", "high", reader.money, small_key="is_small"),
            ],
            labelled,
            sources="upsell_predictions.amount_if_expands_p10, _p50, _p90",
        ),
        "The median over the tier's customers of their own P10, P50 and P90 of the amount, if "
        "they buy more.",
    )


def _judged(reader: Reader, newest: date) -> Mapping[tuple[str, str, str], Row]:
    """Measures of the estimator of the month by (slice, `own` or `baseline`, measure)."""
    rows = reader.rows(
        """
        select metrics.*
        from scorecard.estimator_metrics as metrics
        where metrics.estimator = 'upsell'
            and metrics.estimator_version in (
                select upsell_estimator_version
                from scorecard.upsell_predictions
                where as_of_date = ?
            )
            and (metrics.metric like 'upsell%' or metrics.metric like 'amount%')
        """,
        [newest],
    )
    return {
        (
            str(row["slice"]),
            "baseline" if row["candidate"] == _BASELINE else "own",
            str(row["metric"]),
        ): row
        for row in rows
    }


def _deciles(reader: Reader, judged: Mapping[tuple[str, str, str], Row]) -> Figure:
    rows = []
    for tenth in range(1, 11):
        came = judged.get(("test", "own", f"upsell_decile_{tenth:02d}_observed"))
        promised = judged.get(("test", "own", f"upsell_decile_{tenth:02d}_predicted"))
        if came is not None and promised is not None:
            rows.append(
                {
                    "label": "First tenth" if tenth == 1 else f"Tenth {tenth}",
                    "value": came["value"],
                    "target": promised["value"],
                }
            )
    highest = max((float(max(row["value"], row["target"])) for row in rows), default=1)
    return Figure(
        "Promised and come, tenth by tenth",
        "Customers of later months, which the estimator had not seen, ranked by what was expected "
        "of them. Stroke: expected of each on average; dot: what came.",
        charts.intervals(
            rows,
            form=reader.money,
            domain=(0.0, highest),
            tick=charts.short_number,
            nice=True,
        ),
        Table(
            "Expected and come per customer, by tenth",
            [
                label_column("Ranked"),
                number("Expected", "target", reader.money),
                number("Came", "value", reader.money),
            ],
            rows,
            sources="estimator_metrics.value (upsell_decile_01_predicted, ...)",
        ),
        "Mean amount per customer and as-of date of the test months, customers who bought nothing "
        "more counted with 0.",
    )


def _by_kind(judged: Mapping[tuple[str, str, str], Row], kinds: Sequence[Row]) -> Table:
    methods = {str(row["kind"]): str(row["method"]) for row in kinds}

    def measure(metric: str, form: Any, who: str = "own") -> Any:
        def read(row: Row) -> str:
            found = judged.get((row["slice"], who, metric))
            text: str = form(found["value"] if found else None)
            return text

        return read

    def between(row: Row) -> str:
        found = judged.get((row["slice"], "own", "upsell_bias_pct"))
        return _percent_between(found) if found else "–"

    return Table(
        "Expected against come, by kind of customer",
        [
            label_column("Customers"),
            Column("Sum against what came", measure("upsell_bias_pct", _signed_percent)),
            Column("95 % interval", between, is_on_phone=False),
            Column("Hits, first tenth", measure("upsell_top10_hit_rate", format_percent)),
            Column("Gini", measure("upsell_gini", format_measure), is_on_phone=False),
            Column(
                "of the simple rule",
                measure("upsell_gini", format_measure, "baseline"),
                is_on_phone=False,
            ),
            Column(
                "Rank correlation", measure("upsell_spearman", format_measure), is_on_phone=False
            ),
            Column(
                "Within P10 to P90",
                measure("amount_interval_coverage", format_percent),
                is_on_phone=False,
            ),
            Column("Speaks", lambda row: _METHODS.get(str(row["method"]), "–"), is_number=False),
        ],
        [
            {"label": label, "slice": f"label_kind={kind}", "method": methods.get(kind)}
            for kind, label in _KINDS.items()
            if (f"label_kind={kind}", "own", "upsell_bias_pct") in judged
        ],
        note="On months after those learnt from. Sum: above 0 too much was promised. Within P10 "
        "to P90: 80 % is right. A kind that fails its checks is left to the simple rule.",
        sources="estimator_metrics.value (slice label_kind=...), upsell_predictions.upsell_method",
        empty="The newest estimator was not judged by kind of customer.",
    )


def _top(reader: Reader, rows: Sequence[Row]) -> Table:
    def between(row: Row) -> str:
        return format_interval(
            row["amount_if_expands_p10"], row["amount_if_expands_p90"], reader.money
        )

    return Table(
        "Customers of whom most is expected",
        [
            Column("Customer", lambda row: str(row["customer"]), is_number=False, is_head=True),
            Column("Tier", lambda row: tier_name(row["tier"]), is_number=False, is_on_phone=False),
            Column(
                "Kind",
                lambda row: _KINDS.get(str(row["upsell_kind"]), "–"),
                is_number=False,
                is_on_phone=False,
            ),
            rate("Chance", "expand_probability"),
            number("If so, by", "amount_if_expands", reader.money, on_phone=False),
            Column("P10 to P90", between, is_on_phone=False),
            number("Expected", "expected_upsell_6m", reader.money),
            number("Headroom", "headroom_6m", reader.money, on_phone=False),
            contact_column(),
        ],
        rows,
        note="Expected: chance times amount. Most single customers buy nothing more or much more; "
        "only the sum of many comes near what is expected. Headroom: what six months would bring "
        "more at the share of wallet that one in ten of the tier exceeds, where the customer was "
        "asked; expected above it is more than can be won. Held: no offer without consent to "
        "marketing.",
        sources="upsell_predictions.expected_upsell_6m, amount_if_expands, expand_probability, "
        "headroom_6m, may_contact, held_reason",
    )


def _segments(reader: Reader) -> Section | None:
    newest = reader.newest("customer_clusters")
    groups = reader.rows(
        """
        select
            segment_status, cluster_id, max(cluster_name) as cluster_name,
            max(review_date) as review_date, max(estimator_version) as estimator_version,
            count(*) as customer_count, avg(distance) as mean_distance
        from scorecard.customer_clusters
        where as_of_date = ?
        group by segment_status, cluster_id
        order by segment_status = 'clustered' desc, customer_count desc, cluster_id
        """,
        [newest],
    )
    found = [row for row in groups if row["segment_status"] == "clustered"]
    if newest is None or not found:
        return None
    profiles = reader.rows(
        """
        select * from scorecard.cluster_profiles
        where review_date = ? and estimator_version = ?
        order by cluster_id, feature
        """,
        [found[0]["review_date"], found[0]["estimator_version"]],
    )
    total = sum(row["customer_count"] for row in groups)
    others = [row for row in groups if row["segment_status"] != "clustered"]
    quality = profiles[0] if profiles else None
    return Section(
        as_of=newest,
        intro="Groups that were found, not defined: customers alike in how long ago, how often, "
        "how much, how broadly and with how much service they buy. A group describes; it foretells "
        "nothing.",
        said=[
            f"{len(found)} groups hold {format_integer(sum(r['customer_count'] for r in found))} "
            f"of {count_of(total, 'customer', 'customers')}; the largest, "
            f"{found[0]['cluster_name']}, {format_integer(found[0]['customer_count'])}.",
            *(
                f"{readable(row['segment_status'])}: {count_or_few(row['customer_count'])}."
                for row in others
            ),
            *_said_of_quality(quality, found[0]["review_date"]),
        ],
        tiles=[_stability_tile(quality, newest, len(found))] if quality else [],
        rows=[
            (_sizes(found), _profile(reader, found, profiles)),
            *_moves(reader, newest, found),
        ],
    )


def _said_of_quality(quality: Row | None, review: date) -> list[str]:
    if quality is None:
        return []
    apart = float(quality["silhouette"])
    how = "lie well apart" if apart >= 0.5 else "touch" if apart >= 0.25 else "overlap"
    return [
        f"They were found in {format_month(review)}. Distinctness {format_number(apart)} (1: far "
        f"apart, 0: touching): the groups {how}."
    ]


def _stability_tile(quality: Row, newest: date, count: int) -> Tile:
    return tile(
        "Groups of customers",
        format_integer(count),
        f"stability {format_number(quality['stability'])}",
        definition="Groups in force. Stability: whether the same groups come out of resampled "
        "customers (mean adjusted Rand index), 1 the same, 0 no more than chance. Below 0.7 none "
        "are published.",
        as_of=newest,
        source="cluster_profiles.stability",
    )


def _sizes(groups: Sequence[Row]) -> Figure:
    rows = [
        {
            **row,
            "label": row["cluster_name"],
            "value": row["customer_count"],
            "is_small": row["customer_count"] < LOW_N,
        }
        for row in groups
    ]
    return Figure(
        "How large the groups are",
        "Customers in each group.",
        charts.bars(rows, form=count_or_few),
        Table(
            "Customers by group",
            [
                label_column("Group"),
                Column("Customers", lambda row: count_or_few(row["customer_count"])),
                number("Mean distance", "mean_distance", format_number, small_key="is_small"),
            ],
            rows,
            note="Distance: from the typical customer of the group, in standard deviations of all "
            "customers. Far means that the name fits less.",
            sources="customer_clusters.cluster_id, distance",
        ),
        "Customers of the month whose nearest group this is.",
    )


def _profile(reader: Reader, groups: Sequence[Row], profiles: Sequence[Row]) -> Table:
    features = sorted({str(row["feature"]) for row in profiles})
    cells = {(row["cluster_id"], str(row["feature"])): row for row in profiles}

    def read(feature: str) -> Any:
        def cell(group: Row) -> Cell:
            found = cells.get((group["cluster_id"], feature))
            if found is None:
                return Cell("–")
            value = round(float(found["typical_value"]), 2) + 0.0
            value = 0.0 if abs(value) < 0.5 and feature.startswith("revenue") else value
            text = reader.money(value) if feature.startswith("revenue") else format_number(value)
            away = float(found["deviation"])
            sign = "▲" if away > 0.25 else "▼" if away < -0.25 else ""
            return Cell(f"{text}\u00a0{sign}".strip(), shade=min(abs(away) / _FAR, 1.0))

        return cell

    return Table(
        "The typical customer of each group",
        [
            Column("Group", lambda row: str(row["cluster_name"]), is_number=False, is_head=True),
            *(
                Column(_FEATURES.get(feature, readable(feature)), read(feature))
                for feature in features
            ),
        ],
        groups,
        note="▲ more, ▼ less than the typical customer of all; the darker, the further.",
        sources="cluster_profiles.typical_value, deviation",
        empty="The review that found the groups has no profiles.",
    )


_FEATURES: Mapping[str, str] = {
    "days_since_purchase": "Days since purchase",
    "purchases_12m": "Purchases a year",
    "revenue_12m": "Revenue a year",
    "tenure_days": "Days a customer",
    "product_count_12m": "Products a year",
    "tickets_created_6m": "Tickets in 6 months",
}


def _moves(reader: Reader, newest: date, groups: Sequence[Row]) -> list[tuple[Table]]:
    """From which group to which, since the month scored before; none where there is no such."""
    rows = reader.rows(
        """
        with earlier as (
            select max(as_of_date) as as_of_date
            from scorecard.customer_clusters
            where as_of_date < ? and segment_status = 'clustered'
        )

        select
            earlier.as_of_date as since, before.cluster_id as from_id,
            max(before.cluster_name) as from_name, now.cluster_id as to_id,
            count(*) as customer_count
        from scorecard.customer_clusters as before
        inner join earlier on before.as_of_date = earlier.as_of_date
        inner join scorecard.customer_clusters as now
            on before.customer_id = now.customer_id and now.as_of_date = ?
        where before.segment_status = 'clustered' and now.segment_status = 'clustered'
        group by earlier.as_of_date, before.cluster_id, now.cluster_id
        order by before.cluster_id, now.cluster_id
        """,
        [newest, newest],
    )
    if not rows:
        return []
    starts: dict[Any, dict[str, Any]] = {}
    for row in rows:
        start = starts.setdefault(row["from_id"], {"label": row["from_name"], "count": 0})
        start[str(row["to_id"])] = row["customer_count"]
        start["count"] += row["customer_count"]
    for start in starts.values():
        start["hidden"] = hidden_too(
            {name: count for name, count in start.items() if name not in ("label", "count")}
        )

    def read(group: Any) -> Any:
        def cell(row: Row) -> Cell:
            count = row.get(str(group), 0)
            if not count:
                return Cell("·")
            return part_cell(str(group), count, row["hidden"], shade=float(count) / row["count"])

        return cell

    table = Table(
        f"Moves since {format_month(rows[0]['since'])}",
        [
            label_column("From"),
            Column(
                "Customers",
                lambda row: Cell(
                    count_or_few(row["count"]), SMALL if SMALL_CELL <= row["count"] < LOW_N else ""
                ),
                is_on_phone=False,
            ),
            *(Column(f"to {group['cluster_name']}", read(group["cluster_id"])) for group in groups),
        ],
        list(starts.values()),
        note="Customers in a group in both months. Darker: a larger share of the group. A dot: "
        f"nobody. Fewer than {SMALL_CELL} are not counted out.",
        sources="customer_clusters.cluster_id",
    )
    return [(table,)]


PAGE = PageSpec(
    "potential",
    "Potential",
    "Who may buy more, and which groups of customers are there?",
    (
        Topic(
            "upsell",
            Part(
                "Who may buy more",
                {
                    "upsell_predictions": names(
                        "customer_id as_of_date upsell_kind is_eligible expand_probability "
                        "expected_upsell_6m amount_if_expands amount_if_expands_p10 "
                        "amount_if_expands_p50 amount_if_expands_p90 headroom_6m upsell_method "
                        "upsell_estimator_version may_contact held_reason"
                    ),
                    "customers": names("customer_id crm_customer_id"),
                    "customer_indicators": names("customer_id as_of_date tier"),
                    "estimator_metrics": names(
                        "estimator estimator_version candidate slice metric value value_low "
                        "value_high"
                    ),
                },
                "nobody could be spoken of: there is no year to compare with yet",
            ),
            _upsell,
        ),
        Topic(
            "groups",
            Part(
                "Groups of customers",
                {
                    "customer_clusters": names(
                        "customer_id as_of_date segment_status cluster_id cluster_name distance "
                        "review_date estimator_version"
                    ),
                    "cluster_profiles": names(
                        "estimator_version review_date cluster_id feature typical_value deviation "
                        "silhouette stability"
                    ),
                },
                "no yearly review has found stable groups",
            ),
            _segments,
        ),
    ),
)
