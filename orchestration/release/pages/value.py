"""The page of value: what the customers are worth, of which parts, why that changed, and new ones.

Belongs here: what is read of the marts of the product `value` and how it is told. Not here: what
winning customers cost (`retention`), chart specifications.
"""

from collections.abc import Mapping, Sequence

from orchestration.release.formats import format_integer, format_percent, format_score
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
    count_of,
    label_column,
    names,
    number,
    readable,
    tier_name,
    tile,
)
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import is_told

_CHANGES: Mapping[str, str] = {
    "retention_change": "More or fewer purchases expected",
    "margin_change": "More or less from each",
    "estimator_change": "Another estimator",
    "unexplained_change": "Not to be told apart",
    "joined_change": "New and returned",
    "lost_change": "Lost",
}
_REASONS: Mapping[str, str] = {
    "nobody_won": "nobody won",
    "not_valued": "not valued yet",
    "basis_is_revenue": "only revenue known",
    "no_cost": "cost nothing",
}
_NO_POTENTIAL: Mapping[str, str] = {
    "no_categories": "billing names no categories of products",
    "history_too_short": "24 months of history are needed",
    "nothing_bought_12m": "nobody bought anything in twelve months",
}
_METHODS: Mapping[str, str] = {
    "profile": "The probabilities are those of customers with the same main category, number of "
    "categories and tier; held against the last twelve months they were better than the plain "
    "rate of each category.",
    "profile_untested": "The history is too short to hold these probabilities against what came.",
    "base_rate": "The probabilities are the plain rate of each category: what is known of a "
    "customer did not foretell the last twelve months better.",
}
_BASES: Mapping[str, str] = {
    "margin": "gross margin",
    "revenue": "revenue: unit costs are not known",
    "mixed": "margin for some customers and revenue for others",
}


def _equity(reader: Reader) -> Section | None:
    newest = reader.newest("customer_equity")
    rows = [
        {**row, "label": tier_name(row["tier"])}
        for row in reader.rows(
            """
            select * from scorecard.customer_equity where as_of_date = ?
            order by tier = 'all' desc, tier
            """,
            [newest],
        )
    ]
    if newest is None or not rows:
        return None
    every = rows[0]
    is_walked = is_told(every["opening_equity_12m"]) and is_told(every["equity_12m"])
    new = every["expected_new_equity"]
    return Section(
        as_of=newest,
        intro="Lifetime value is what a customer is expected to bring, less what waiting takes "
        "off, with the chance that the customer leaves. The sum over active customers is the "
        f"customer equity. Value is {_BASES.get(str(every['value_basis']), 'not known')}.",
        said=[
            f"The {count_of(every['customer_count'], 'active customer is', 'active customers are')}"
            f" worth {reader.money(every['equity_12m'])} over the next twelve months and "
            f"{reader.money(every['equity_36m'])} over three years.",
            *_said_of_change(reader, every, is_walked=is_walked),
            *_said_of_losses(every),
        ],
        tiles=[
            tile(
                "Customer equity",
                reader.money(every["equity_12m"]),
                f"{reader.money(every['equity_36m'])} over three years",
                definition="Sum of the lifetime values of twelve months of active customers.",
                as_of=newest,
                source="customer_equity.equity_12m",
            ),
            tile(
                "Customers yet to be won",
                reader.money(new) if new is not None else "not measured",
                "over three years, from "
                f"{count_of(every['expected_new_customer_count'], 'customer', 'customers')} a year"
                if new is not None
                else "needs twelve months of costs, and margin",
                definition="What as many new customers as in the last twelve months would add over "
                "three years, less the cost of winning them. Not part of the equity.",
                as_of=newest,
                source="customer_equity.expected_new_equity",
            ),
        ],
        rows=[
            *([(_walk(reader, every),)] if is_walked else []),
            (_by_tier(reader, rows),),
        ],
    )


def _said_of_change(reader: Reader, every: Row, *, is_walked: bool) -> list[str]:
    if not is_walked:
        return ["The month before was not valued: why it changed can be told from next month on."]
    change = every["equity_12m"] - every["opening_equity_12m"]
    largest = max(_CHANGES, key=lambda part: abs(every[part] or 0))
    return [
        f"That is {reader.money(abs(change))} {'more' if change >= 0 else 'less'} than a month "
        f"ago; the largest part: {_CHANGES[largest].lower()} ({reader.money(every[largest])})."
    ]


def _said_of_losses(every: Row) -> list[str]:
    count = every["negative_customer_count"]
    if not count:
        return []
    return [f"{count_of(count, 'customer is', 'customers are')} expected to cost more than earned."]


def _walk(reader: Reader, every: Row) -> Figure:
    steps = [
        {"label": "A month ago", "value": every["opening_equity_12m"], "is_total": True},
        *(
            {"label": label, "value": every[part], "is_total": False}
            for part, label in _CHANGES.items()
            if every[part]
        ),
        {"label": "Now", "value": every["equity_12m"], "is_total": True},
    ]
    return Figure(
        "Why the worth of the customers changed",
        "From the customer equity of a month ago to that of now.",
        charts.walk(steps, form=reader.money),
        Table(
            "Steps of the change",
            [label_column("Step"), number("Value", "value", reader.money)],
            steps,
            sources="customer_equity.opening_equity_12m, " + ", ".join(_CHANGES) + ", equity_12m",
        ),
        "What the same customers changed, by the estimator of a month ago: half of each change is "
        "weighed with the old and half with the new value of the other. What a new estimator says "
        "beyond that is no change of the customers.",
    )


def _by_tier(reader: Reader, rows: Sequence[Row]) -> Table:
    return Table(
        "Customer equity by tier",
        [
            label_column("Tier"),
            number("Customers", "customer_count"),
            number("12 months", "equity_12m", reader.money),
            number("36 months", "equity_36m", reader.money),
            number("Below 0", "negative_customer_count", on_phone=False),
            number("Lapsed, still to bring", "lapsed_value_12m", reader.money, on_phone=False),
        ],
        rows,
        note="Lapsed customers are not in the equity. There is no interval: the errors of "
        "customers are not independent, so their intervals cannot be added.",
        sources="customer_equity.equity_12m, equity_36m",
    )


def _parts(reader: Reader) -> Section | None:
    newest = reader.newest("customer_value")
    rows = [
        {**row, "label": tier_name(row["tier"])}
        for row in reader.rows(
            """
            select
                case when grouping(tier) = 1 then 'all' else coalesce(tier, 'none') end as tier,
                count(*) as customer_count,
                sum(current_value) as current_value,
                sum(potential_value_12m) as potential_value_12m,
                count(potential_value_12m) as potential_count,
                avg(loyalty_probability::decimal(18, 6)) as loyalty_probability,
                count(loyalty_probability) as loyalty_count,
                min(value_basis) as value_basis,
                min(potential_method) as potential_method,
                min(potential_missing_reason) as missing_reason
            from scorecard.customer_value
            where as_of_date = ? and is_active
            group by rollup (tier)
            order by grouping(tier) desc, tier
            """,
            [newest],
        )
    ]
    if newest is None or not rows or not rows[0]["customer_count"]:
        return None
    every = rows[0]
    return Section(
        as_of=newest,
        intro="Three parts after Hwang, Jung and Suh: what active customers earned so far, what "
        "they may buy of categories they do not use yet, and how likely they are to stay.",
        said=_said_of_parts(reader, every),
        rows=[
            (
                Table(
                    "The three parts by tier",
                    [
                        label_column("Tier"),
                        number("Customers", "customer_count"),
                        number("Current value", "current_value", reader.money),
                        number("Potential, 12 months", "potential_value_12m", reader.money),
                        number("With a potential", "potential_count", on_phone=False),
                        number("Loyalty", "loyalty_probability", format_percent),
                        number("With a loyalty", "loyalty_count", on_phone=False),
                    ],
                    rows,
                    note="Current value is gross margin since the first purchase; loyalty is the "
                    "mean probability of staying six months. The parts are not to be added: "
                    "potential is in part in lifetime value, and holds the chance of leaving.",
                    sources="customer_value.current_value, potential_value_12m, "
                    "loyalty_probability",
                ),
            )
        ],
    )


def _said_of_parts(reader: Reader, every: Row) -> list[str]:
    if every["potential_value_12m"] is None:
        reason = _NO_POTENTIAL.get(str(every["missing_reason"]), "not known why")
        return [f"Potential is not measured: {reason}."]
    basis = "revenue" if every["value_basis"] == "revenue" else "gross margin"
    return [
        f"{count_of(every['potential_count'], 'customer is', 'customers are')} expected to bring "
        f"{reader.money(every['potential_value_12m'])} ({basis}) in twelve months from categories "
        "they do not use yet; customer_potential names the best three of each customer.",
        _METHODS.get(str(every["potential_method"]), "How it was learnt is not known."),
    ]


def _new_customers(reader: Reader) -> Section | None:
    newest = reader.newest("new_customer_value")
    rows = reader.rows(
        """
        select * from scorecard.new_customer_value
        where as_of_date = ? and period_months = 12 and new_customer_count > 0
        order by channel = 'all' desc, ltv_to_cac desc nulls last, channel, tier
        """,
        [newest],
    )
    channels = [
        {**row, "label": "All" if row["channel"] == "all" else readable(row["channel"])}
        for row in rows
        if row["tier"] == "all"
    ]
    every = [row for row in channels if row["channel"] == "all"]
    if newest is None or not every:
        return None
    ratio = every[0]["ltv_to_cac"]
    tiers = sorted(
        (
            {**row, "label": tier_name(row["tier"])}
            for row in rows
            if row["channel"] == "all" and row["tier"] != "all"
        ),
        key=lambda row: str(row["label"]),
    )
    return Section(
        as_of=newest,
        intro="Customers won in twelve months: what they brought since, with what they are "
        "expected to bring in three years, against the cost of winning one.",
        said=[
            f"A new customer is worth {format_score(ratio)} times the cost of winning one."
            if ratio is not None
            else "Value cannot be held against cost: "
            f"{_REASONS.get(str(every[0]['ltv_to_cac_missing_reason']), 'not known')}."
        ],
        rows=[
            (
                _against_cost(reader, "Value against cost by channel", "Channel", channels),
                _against_cost(reader, "Value against cost by tier", "Tier", tiers),
            )
        ],
    )


def _against_cost(reader: Reader, caption: str, name: str, rows: Sequence[Row]) -> Table:
    return Table(
        caption,
        [
            label_column(name),
            number("Valued", "valued_customer_count", format_integer, small_key="is_low_n"),
            number("Worth each", "lifetime_value_per_customer", reader.money),
            number("Cost each", "acquisition_cost_per_customer", reader.money, on_phone=False),
            Column("Value to cost", _times),
        ],
        rows,
        note="By gross margin only: revenue does not pay a cost back.",
        sources="new_customer_value.ltv_to_cac",
    )


def _times(row: Row) -> Cell:
    if row["ltv_to_cac"] is None:
        return Cell(_REASONS.get(str(row["ltv_to_cac_missing_reason"]), "–"))
    return Cell(f"{float(row['ltv_to_cac']):.1f}\u00a0times", SMALL if row["is_low_n"] else "")


PAGE = PageSpec(
    "value",
    "Value",
    "What are the customers worth, and why did it change?",
    (
        Topic(
            "equity",
            Part(
                "What the customers are worth",
                {
                    "customer_equity": names(
                        "as_of_date tier value_basis customer_count negative_customer_count "
                        "equity_12m equity_36m lapsed_value_12m opening_equity_12m "
                        "retention_change margin_change estimator_change unexplained_change "
                        "joined_change lost_change expected_new_customer_count expected_new_equity"
                    )
                },
                "no month was valued yet",
            ),
            _equity,
        ),
        Topic(
            "parts",
            Part(
                "Current value, potential and loyalty",
                {
                    "customer_value": names(
                        "as_of_date tier is_active value_basis current_value potential_value_12m "
                        "loyalty_probability potential_method potential_missing_reason"
                    )
                },
                "no month was valued yet",
            ),
            _parts,
        ),
        Topic(
            "new-customers",
            Part(
                "What new customers are worth",
                {
                    "new_customer_value": names(
                        "as_of_date period_months channel tier new_customer_count "
                        "valued_customer_count lifetime_value_per_customer "
                        "acquisition_cost_per_customer ltv_to_cac ltv_to_cac_missing_reason "
                        "is_low_n"
                    )
                },
                "nobody sent the cost of marketing and sales",
            ),
            _new_customers,
        ),
    ),
)
