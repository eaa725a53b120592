"""One customer's score, from the number down to raw values and counts of source rows.

Belongs here: reading the explanation from a release and showing it in a terminal. Not here:
computing scores (`models/`), who the customer is (`orchestration.portrait`).

Everything shown comes from the published marts, so an explanation says what a reader of the
release sees, and it shows that the contributions sum to the score. Only reasons of a churn
probability that are not published are computed, and only if they are of the published one.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestration.errors import ReleaseError, ScorecardError, UsageError
from orchestration.indicator_values import (
    IndicatorValue,
    read_indicator_values,
    render_indicator_values,
)
from orchestration.ingestion.company import Company
from orchestration.portrait import Portrait, read_portrait, render_past, render_person
from orchestration.release.reading import open_database, read_rows
from orchestration.score_story import Story, read_story, render_story
from orchestration.settings import Settings
from orchestration.terminal import render_notice

TOLERANCE = 1e-4
_NEAR_IDS = 5
# Columns of predictions that the last good version of an older release may lack.
_LATER = (
    "clv_12m_low",
    "clv_12m_high",
    "clv_36m_low",
    "clv_36m_high",
    "acts_by_rule",
    "value_threshold",
    "acts_by_value",
    "owner_role",
    "may_contact",
    "held_reason",
)
_HELD = {
    "consent_refused": "held: consent to marketing was refused",
    "consent_unknown": "held: nobody asked for consent to marketing",
}
INTERVAL_MEANS = (
    "90 % interval: of ten such customers nine are expected to be worth something inside it. It is "
    "wide, because what one customer will do is mostly chance."
)
_DECIMALS = 2
_BAND_STYLES = {"red": "bold red", "amber": "bold yellow", "green": "bold green"}


@dataclass(frozen=True)
class Measure:
    """One measure's part in the score.

    Attributes:
        dimension: The dimension it belongs to.
        measure: Its id.
        name: Its name in the indicator catalogue.
        definition: What it means, from the catalogue.
        unit: Unit of the raw value.
        raw_value: What was measured; None when it was not.
        score: The raw value on the scale 0 to 100.
        weight: Its weight in the profile.
        effective_weight: Its weight among what is measured.
        contribution: What it adds to the score.
        source_row_count: How many source rows the raw value rests on.
    """

    dimension: str
    measure: str
    name: str
    definition: str
    unit: str
    raw_value: float | None
    score: float | None
    weight: float
    effective_weight: float | None
    contribution: float | None
    source_row_count: int | None

    @property
    def is_measured(self) -> bool:
        """Whether there is evidence for it."""
        return self.score is not None


@dataclass(frozen=True)
class Dimension:
    """One dimension's own score.

    Attributes:
        dimension: Its id.
        score: Its score, None where its coverage is too low.
        coverage: Share of its weight that is measured.
    """

    dimension: str
    score: float | None
    coverage: float | None


@dataclass(frozen=True)
class Missing:
    """A measure of the profile that no data can say.

    Attributes:
        measure: Its name.
        weight: Its weight in the profile.
        needs: What data it would need.
    """

    measure: str
    weight: float
    needs: str


@dataclass(frozen=True)
class Outlook:
    """What is expected of the customer, and how it was estimated; None is not measured.

    Attributes:
        churn_probability: Probability of leaving within six months.
        churn_low: Lower end of its interval.
        churn_high: Upper end of its interval.
        churn_method: `estimator`, `baseline_rule`, `base_rate` or `long_cycle_base_rate`.
        churn_status: `published` or `not_published`.
        risk_band: Risk in three steps.
        is_eligible: Whether churn is defined for the customer in that month.
        probability_alive: Probability that the customer still buys at all.
        clv_12m: Expected value of twelve months.
        clv_36m: Expected value of thirty-six months.
        clv_method: How the value was estimated.
        clv_has_warning: An assumption of that method is doubtful here.
        value_basis: `revenue` or `margin`.
        value_at_risk: Churn probability times the value if the customer stays.
        churn_version: The estimator of churn.
        clv_12m_low: Lower end of the 90 % interval of twelve months' value; None where nothing
            honest can be said: the mean of a tier, the two-part regression, no year over yet.
        clv_12m_high: Upper end of it.
        clv_36m_low: Lower end of that of thirty-six months.
        clv_36m_high: Upper end of it.
        acts_by_rule: Whether the probability exceeds the fixed limit.
        value_threshold: Probability above which an offer pays; None where it never does.
        acts_by_value: Whether the probability exceeds that.
        owner_role: Who acts, where one of the two rules says so.
        may_contact: Whether the customer may be contacted for it; None where nobody acts.
        held_reason: Why not: `consent_refused` or `consent_unknown`.
    """

    churn_probability: float | None
    churn_low: float | None
    churn_high: float | None
    churn_method: str | None
    churn_status: str | None
    risk_band: str | None
    is_eligible: bool
    probability_alive: float | None
    clv_12m: Decimal | None
    clv_36m: Decimal | None
    clv_method: str | None
    clv_has_warning: bool | None
    value_basis: str | None
    value_at_risk: Decimal | None
    churn_version: str | None = None
    clv_12m_low: Decimal | None = None
    clv_12m_high: Decimal | None = None
    clv_36m_low: Decimal | None = None
    clv_36m_high: Decimal | None = None
    acts_by_rule: bool | None = None
    value_threshold: float | None = None
    acts_by_value: bool | None = None
    owner_role: str | None = None
    may_contact: bool | None = None
    held_reason: str | None = None

    @property
    def values(self) -> tuple[tuple[int, Decimal | None, Decimal | None, Decimal | None], ...]:
        """Months, expected value of them, and both ends of its 90 % interval."""
        return (
            (12, self.clv_12m, self.clv_12m_low, self.clv_12m_high),
            (36, self.clv_36m, self.clv_36m_low, self.clv_36m_high),
        )


@dataclass(frozen=True)
class Reason:
    """One feature's part in the churn probability.

    Attributes:
        direction: `raises` or `lowers`.
        reason_rank: 1 for the strongest of its direction.
        reason: In words, with the customer's value and what is usual.
        contribution_log_odds: What it adds to the estimator's score.
    """

    direction: str
    reason_rank: int
    reason: str
    contribution_log_odds: float


@dataclass(frozen=True)
class Explanation:
    """All that a release says about one customer's score in one month.

    Attributes:
        customer_id: The resolved customer.
        crm_customer_id: The CRM's own id, None for a customer that the CRM does not know.
        as_of_date: The month.
        profile: The scorecard profile.
        tier: Value tier.
        value_basis: `revenue` or `margin`.
        score: The score that holds, None where there is too little evidence.
        computed_score: The score as computed, before an exception or a person changed it.
        exception_id: The exception that changed it, None where none did.
        is_overridden: Whether a person has set the score.
        band: `red`, `amber` or `green`.
        status: `published` or `insufficient_evidence`.
        coverage: Share of the profile's weight that is measured.
        dimensions: The dimensions.
        measures: The measures, most contributing first; empty for months whose measures are no
            longer published.
        missing: What no data can say.
        outlook: Churn and lifetime value, None where no predictions are published.
        measures_from: First month whose measures are published.
        release_id: The release that says so.
        portrait: Who the customer is, as of that month.
        indicators: Every published indicator of the customer in that month.
        notice: What must be said before any figure is shown; empty for real figures.
        reasons: Why the churn probability is what it is, raising ones first; empty where the
            release lists none of this customer.
        reasons_note: Why they could not be computed either; empty otherwise.
        story: Its tree, its months and its change taken apart.
    """

    customer_id: str
    crm_customer_id: str | None
    as_of_date: date
    profile: str
    tier: str | None
    value_basis: str | None
    score: float | None
    computed_score: float | None
    exception_id: str | None
    is_overridden: bool
    band: str | None
    status: str
    coverage: float | None
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    missing: tuple[Missing, ...]
    outlook: Outlook | None
    measures_from: date | None
    release_id: str
    portrait: Portrait
    indicators: tuple[IndicatorValue, ...] = ()
    notice: str = ""
    reasons: tuple[Reason, ...] = ()
    reasons_note: str = ""
    story: Story = field(default_factory=Story)

    @property
    def wants_reasons(self) -> bool:
        """Whether an estimator spoke, and the release does not say why it said that."""
        return (
            self.outlook is not None
            and self.outlook.churn_probability is not None
            and self.outlook.churn_method == "estimator"
            and not self.reasons
        )

    @property
    def contribution_sum(self) -> float:
        """The sum of all contributions."""
        return sum(item.contribution or 0.0 for item in self.measures)

    @property
    def is_consistent(self) -> bool:
        """Whether the contributions sum to the computed score, where both are there."""
        if self.computed_score is None or not self.measures:
            return True
        return abs(self.contribution_sum - self.computed_score) <= TOLERANCE


def explain_customer(
    database: Path, customer: str, as_of: date | None = None, profile: str | None = None
) -> Explanation:
    """Explain one customer's score in one month.

    Args:
        database: `release.duckdb` of a release.
        customer: The `customer_id`, or the CRM's own id.
        as_of: A month end; by default the newest month published.
        profile: The scorecard; by default the one that the release was made with.

    Raises:
        UsageError: The customer is not known (near ids are named), the customer has no row in
            that month, or the month is not published (those that are are named).
        ReleaseError: The release holds no scorecard.
    """
    with open_database(database) as con:
        _require_scorecard(con)
        found = _find_customer(con, customer)
        info = _one(con, "select * from scorecard.release_info")
        profile = _find_profile(con, profile or info.get("profile"))
        month = _find_month(con, as_of, profile)
        card = _card(con, found, customer, month, profile)
        return Explanation(
            customer_id=str(found["customer_id"]),
            crm_customer_id=found["crm_customer_id"],
            as_of_date=month,
            profile=profile,
            tier=card["tier"],
            value_basis=card["value_basis"],
            score=card["score"],
            # Releases of older versions know neither exceptions nor overrides.
            computed_score=card.get("score_before_exceptions", card["score"]),
            exception_id=card.get("exception_id"),
            is_overridden=bool(card.get("is_overridden")),
            band=card["band"],
            status=str(card["status"]),
            coverage=card["coverage"],
            dimensions=_dimensions(con, card),
            measures=_measures(con, str(found["customer_id"]), month, profile),
            story=read_story(con, card),
            missing=_missing(con, profile),
            outlook=_outlook(con, str(found["customer_id"]), month),
            measures_from=_one(
                con, "select min(as_of_date) as day from scorecard.customer_scorecard_measures"
            )["day"],
            release_id=str(info["release_id"]),
            portrait=read_portrait(con, str(found["customer_id"]), month),
            indicators=read_indicator_values(con, str(found["customer_id"]), month),
            # Releases of older versions do not say whose figures they hold.
            reasons=_reasons(con, str(found["customer_id"]), month),
            notice=Company(info.get("company_name"), bool(info.get("is_simulated"))).notice,
        )


def _require_scorecard(con: duckdb.DuckDBPyConnection) -> None:
    needed = {"customers", "customer_scorecard", "customer_scorecard_measures"}
    present = _tables(con)
    absent = sorted(needed - present)
    if absent:
        raise ReleaseError(
            f"The release has no {', '.join(absent)}: their data product has never passed its gate,"
            " so there is no score to explain. `scorecard status` says what held it"
        )


def _find_customer(con: duckdb.DuckDBPyConnection, customer: str) -> Mapping[str, Any]:
    rows = read_rows(
        con,
        """
        select customer_id, crm_customer_id from scorecard.customers
        where customer_id = ? or crm_customer_id = ?
        order by customer_id = ? desc, customer_id
        """,
        [customer, customer, customer],
    )
    if len(rows) > 1 and rows[0]["customer_id"] != customer:
        ids = ", ".join(str(row["customer_id"]) for row in rows)
        raise UsageError(f"{len(rows)} customers have the CRM id {customer!r}: give one of {ids}.")
    if rows:
        return rows[0]
    near = _near_ids(con, customer)
    hint = f" Near ids: {', '.join(near)}." if near else ""
    raise UsageError(
        f"No customer {customer!r}: neither a customer_id nor an id of the CRM in this release."
        f"{hint}"
    )


def _near_ids(con: duckdb.DuckDBPyConnection, customer: str) -> list[str]:
    known = [
        str(row["id"])
        for row in read_rows(
            con,
            """
            select crm_customer_id as id from scorecard.customers
            where crm_customer_id is not null
            union
            select customer_id as id from scorecard.customers
            order by id
            """,
        )
    ]
    starting = [item for item in known if customer and item.startswith(customer)][:3]
    close = difflib.get_close_matches(customer, known, n=_NEAR_IDS, cutoff=0.6)
    return list(dict.fromkeys([*starting, *close]))[:_NEAR_IDS]


def _find_profile(con: duckdb.DuckDBPyConnection, asked: str | None) -> str:
    known = [
        str(row["profile"])
        for row in read_rows(
            con, "select distinct profile from scorecard.customer_scorecard order by profile"
        )
    ]
    if not known:
        raise ReleaseError("The release's customer_scorecard holds no score.")
    if asked is None:
        return known[0]
    if asked not in known:
        raise UsageError(
            f"This release has no scores of the profile {asked}. It has: {', '.join(known)}."
        )
    return asked


def _find_month(con: duckdb.DuckDBPyConnection, as_of: date | None, profile: str) -> date:
    months: list[date] = [
        row["as_of_date"]
        for row in read_rows(
            con,
            "select distinct as_of_date from scorecard.customer_scorecard where profile = ? "
            "order by as_of_date",
            [profile],
        )
    ]
    if not months:
        raise ReleaseError("The release's customer_scorecard holds no month.")
    if as_of is None:
        return months[-1]
    same_month = [
        month for month in months if (month.year, month.month) == (as_of.year, as_of.month)
    ]
    if same_month:
        return same_month[0]
    names = ", ".join(f"{month:%Y-%m}" for month in months)
    raise UsageError(f"{as_of:%Y-%m} is not published in this release. Published months: {names}.")


def _card(
    con: duckdb.DuckDBPyConnection, found: Mapping[str, Any], asked: str, month: date, profile: str
) -> Mapping[str, Any]:
    rows = read_rows(
        con,
        "select * from scorecard.customer_scorecard where customer_id = ? and profile = ? "
        "order by as_of_date",
        [found["customer_id"], profile],
    )
    for row in rows:
        if row["as_of_date"] == month:
            return row
    months = [row["as_of_date"] for row in rows]
    where = f"from {months[0]:%Y-%m} to {months[-1]:%Y-%m}" if months else "in no month"
    raise UsageError(
        f"Customer {asked!r} has no place in the scorecard of {month:%Y-%m}; it has one {where}."
    )


def _dimensions(con: duckdb.DuckDBPyConnection, card: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """The dimensions right below the whole; for older months those that the card itself names."""
    if "customer_scorecard_nodes" in _tables(con):
        rows = read_rows(
            con,
            """
            select node_id as dimension, score, coverage from scorecard.customer_scorecard_nodes
            where customer_id = ? and as_of_date = ? and profile = ? and depth = 1
            order by weight desc, node_id
            """,
            [card["customer_id"], card["as_of_date"], card["profile"]],
        )
        if rows:
            return tuple(Dimension(**row) for row in rows)
    names = [
        column.removesuffix("_coverage")
        for column in card
        if column.endswith("_coverage")
        and card.get(column) is not None
        and f"{column.removesuffix('_coverage')}_score" in card
    ]
    return tuple(Dimension(name, card[f"{name}_score"], card[f"{name}_coverage"]) for name in names)


def _measures(
    con: duckdb.DuckDBPyConnection, customer_id: str, month: date, profile: str
) -> tuple[Measure, ...]:
    has_catalogue = "indicator_catalogue" in _tables(con)
    catalogue = (
        "scorecard.indicator_catalogue"
        if has_catalogue
        else "(select null as indicator_id, null as mart, null as name, null as description, "
        "null as unit where false)"
    )
    rows = read_rows(
        con,
        f"""
        select
            measures.dimension,
            measures.measure,
            coalesce(catalogue.name, measures.measure) as name,
            coalesce(catalogue.description, '') as definition,
            coalesce(catalogue.unit, '') as unit,
            measures.raw_value,
            measures.score,
            measures.weight,
            measures.effective_weight,
            measures.contribution,
            measures.source_row_count
        from scorecard.customer_scorecard_measures as measures
        left join {catalogue} as catalogue
            on measures.measure = catalogue.indicator_id and catalogue.mart = 'customer_indicators'
        where measures.customer_id = ? and measures.as_of_date = ? and measures.profile = ?
        order by measures.score is null, measures.contribution desc nulls last, measures.measure
        """,
        [customer_id, month, profile],
    )
    return tuple(Measure(**row) for row in rows)


def _missing(con: duckdb.DuckDBPyConnection, profile: str) -> tuple[Missing, ...]:
    if "profile_requirements" not in _tables(con):
        return ()
    rows = read_rows(
        con,
        """
        select coalesce(label, measure) as measure, weight, coalesce(needs, '') as needs
        from scorecard.profile_requirements
        where profile = ? and not is_available
        order by weight desc, measure
        """,
        [profile],
    )
    return tuple(Missing(**row) for row in rows)


def _outlook(con: duckdb.DuckDBPyConnection, customer_id: str, month: date) -> Outlook | None:
    if "predictions" not in _tables(con):
        return None
    columns = {row["column_name"] for row in read_rows(con, "describe scorecard.predictions")}
    later = [name for name in _LATER if name in columns]
    rows = read_rows(
        con,
        f"""
        select
            churn_probability,
            churn_probability_low as churn_low,
            churn_probability_high as churn_high,
            churn_method,
            churn_status,
            risk_band,
            is_eligible,
            probability_alive,
            clv_12m,
            clv_36m,
            clv_method,
            clv_has_warning,
            value_basis,
            value_at_risk,
            churn_estimator_version as churn_version
            {"".join(f", {name}" for name in later)}
        from scorecard.predictions
        where customer_id = ? and as_of_date = ?
        """,
        [customer_id, month],
    )
    return Outlook(**rows[0]) if rows else None


def _reasons(con: duckdb.DuckDBPyConnection, customer_id: str, month: date) -> tuple[Reason, ...]:
    if "churn_reasons" not in _tables(con):
        return ()
    rows = read_rows(
        con,
        """
        select direction, reason_rank, reason, contribution_log_odds
        from scorecard.churn_reasons
        where customer_id = ? and as_of_date = ?
        order by direction desc, reason_rank
        """,
        [customer_id, month],
    )
    return tuple(Reason(**row) for row in rows)


def with_reasons(explanation: Explanation, settings: Settings) -> Explanation:
    """Compute the reasons of a churn probability that the release does not list.

    It lists those of customers at risk and of tier A. Where the warehouse has moved on since the
    release, or the estimator is gone, the explanation says so in their place.
    """
    outlook = explanation.outlook
    if outlook is None or outlook.churn_probability is None or not explanation.wants_reasons:
        return explanation
    # Imported where it is used: the estimators take 2 s.
    from ml.errors import EstimatorError
    from orchestration.prediction import reasons_of

    try:
        rows = reasons_of(
            settings,
            explanation.customer_id,
            explanation.as_of_date,
            version=outlook.churn_version or "",
            probability=outlook.churn_probability,
        ).to_dict(orient="records")
    except (ScorecardError, EstimatorError) as error:
        return replace(explanation, reasons_note=str(error))
    names = [each.name for each in fields(Reason)]
    reasons = tuple(Reason(**{name: row[name] for name in names}) for row in rows)
    return replace(explanation, reasons=reasons)


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = read_rows(
        con,
        "select table_name from information_schema.tables where table_schema = 'scorecard'",
    )
    return {str(row["table_name"]) for row in rows}


def _one(
    con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()
) -> Mapping[str, Any]:
    return read_rows(con, query, values)[0]


def render_explanation(explanation: Explanation, *, with_causes: bool = False) -> RenderableType:
    """Show an explanation in a terminal, for rich.

    Contributions are rounded so that what is shown adds up to the shown score: whoever sums the
    column by hand gets the total.

    Args:
        explanation: What is shown.
        with_causes: Whether the change since the month before is taken apart by measure too.
    """
    parts = render_notice(explanation.notice)
    parts += [_headline(explanation), render_person(explanation.portrait)]
    parts.append(_dimension_table(explanation))
    parts.append(render_story(explanation.story, explanation.score, with_causes=with_causes))
    if any(item.is_measured for item in explanation.measures):
        parts.append(_measure_table(explanation))
    elif not explanation.measures and explanation.measures_from is not None:
        parts.append(
            Text(
                "Measures are published from "
                f"{explanation.measures_from:%Y-%m} on; this month has its score alone.",
                style="dim",
            )
        )
    if not explanation.is_consistent:
        parts.append(
            Text(
                f"The contributions sum to {explanation.contribution_sum:.6f}, the score is "
                f"{explanation.computed_score:.6f}: this release contradicts "
                "itself. Run `scorecard verify`.",
                style="bold red",
            )
        )
    parts.append(_missing_text(explanation))
    parts.append(_outlook_table(explanation.outlook))
    if explanation.reasons:
        parts.append(_reason_table(explanation.reasons))
    elif explanation.reasons_note:
        parts.append(Text(explanation.reasons_note, style="dim"))
    parts.append(render_past(explanation.portrait))
    if explanation.indicators:
        parts.append(Text("\nEvery indicator", style="bold"))
        parts.append(render_indicator_values(explanation.indicators))
    return Group(*parts)


def shown_contributions(
    values: Sequence[float], total: float, *, decimals: int = _DECIMALS
) -> list[Decimal]:
    """Round values so that they still sum to the rounded total (largest remainders go up).

    Args:
        values: What is rounded.
        total: Their sum.
        decimals: Decimal places.
    """
    step = Decimal(1).scaleb(-decimals)
    exact = [Decimal(repr(value)) for value in values]
    floors = [value.quantize(step, rounding=ROUND_FLOOR) for value in exact]
    missing = int((Decimal(repr(total)).quantize(step) - sum(floors, Decimal(0))) / step)
    by_remainder = sorted(
        range(len(exact)), key=lambda index: exact[index] - floors[index], reverse=True
    )
    for index in by_remainder[: max(missing, 0)]:
        floors[index] += step
    return floors


def _headline(explanation: Explanation) -> Panel:
    text = Text()
    if explanation.score is None:
        text.append("No score: too little is measured.", style="bold")
    else:
        text.append(f"{explanation.score:.{_DECIMALS}f}", style="bold")
        text.append(" of 100  ")
        band = explanation.band or "no band"
        text.append(band, style=_BAND_STYLES.get(band, ""))
    if explanation.computed_score != explanation.score:
        why = "" if explanation.exception_id is None else f"by {explanation.exception_id}"
        if explanation.is_overridden:
            why = _override_text(explanation.story)
        text.append(f"\n{why}; computed {_number(explanation.computed_score)}")
    text.append(f"\ncoverage {_percent(explanation.coverage)}")
    text.append(f"   tier {explanation.tier or '–'}")
    text.append(f"   basis {explanation.value_basis or '–'}")
    crm = explanation.crm_customer_id
    name = explanation.customer_id if crm is None else f"{crm} ({explanation.customer_id})"
    title = f"Customer {name}, {explanation.as_of_date:%d %B %Y}"
    subtitle = f"profile {explanation.profile}, release {explanation.release_id}"
    return Panel(text, title=title, subtitle=subtitle, title_align="left", subtitle_align="left")


def _override_text(story: Story) -> str:
    if story.override is None:
        return "set by hand"
    author, team, reason, until = story.override
    return f"set by {author} ({team}) until {until or '–'}: {reason}"


def _dimension_table(explanation: Explanation) -> Table:
    table = Table(title="Dimensions", title_justify="left", box=None, pad_edge=False)
    table.add_column("Dimension")
    table.add_column("Score", justify="right")
    table.add_column("Measured", justify="right")
    for item in explanation.dimensions:
        table.add_row(_readable(item.dimension), _number(item.score), _percent(item.coverage))
    return table


def _measure_table(explanation: Explanation) -> Table:
    measured = [item for item in explanation.measures if item.is_measured]
    computed = explanation.computed_score
    total = computed if explanation.is_consistent else explanation.contribution_sum
    table = Table(
        title="Where the score comes from", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("Measure", overflow="fold", ratio=3)
    for heading in ("Raw value", "Score", "Weight", "Effective", "Adds", "Source rows"):
        table.add_column(heading, justify="right")
    shown = shown_contributions(
        [item.contribution or 0.0 for item in measured], 0.0 if total is None else total
    )
    for item, adds in zip(measured, shown, strict=True):
        table.add_row(
            _measure_label(item),
            _raw(item),
            _number(item.score),
            _percent(item.weight),
            _percent(item.effective_weight),
            "–" if item.contribution is None else f"{adds:.{_DECIMALS}f}",
            _count(item.source_row_count),
        )
    table.add_section()
    if computed is not None:
        table.add_row(
            Text("Score", style="bold"),
            "",
            "",
            "",
            _percent(sum(item.effective_weight or 0.0 for item in measured)),
            Text(f"{sum(shown, Decimal(0)):.{_DECIMALS}f}", style="bold"),
            "",
        )
    return table


def _measure_label(item: Measure) -> Text:
    text = Text(item.name, style="bold")
    text.append(f"  {_readable(item.dimension).lower()}", style="dim not bold")
    if item.definition:
        text.append(f"\n{item.definition}", style="dim not bold")
    return text


def _missing_text(explanation: Explanation) -> Text:
    text = Text("Not measured\n", style="bold")
    unmeasured = [item for item in explanation.measures if not item.is_measured]
    for item in unmeasured:
        text.append(f"  {item.name}", style="not bold")
        text.append(
            f", weight {_percent(item.weight)}: no evidence for this customer\n",
            style="dim not bold",
        )
    for missing in explanation.missing:
        text.append(f"  {missing.measure}", style="not bold")
        needs = f"needs {missing.needs}" if missing.needs else "no data"
        text.append(f", weight {_percent(missing.weight)}: {needs}\n", style="dim not bold")
    if not unmeasured and not explanation.missing:
        text.append("  Every measure of the profile has evidence.\n", style="dim not bold")
    return text


def _outlook_table(outlook: Outlook | None) -> RenderableType:
    if outlook is None:
        return Text("No predictions are published for this month.", style="dim")
    table = Table(title="Outlook", title_justify="left", box=None, pad_edge=False)
    table.add_column("Estimate")
    table.add_column("Value", justify="right")
    table.add_column("How", overflow="fold")
    if outlook.churn_probability is None:
        why = "not eligible in this month" if not outlook.is_eligible else "not estimated"
        table.add_row("Leaves within 6 months", "–", why)
    else:
        low, high = _percent(outlook.churn_low), _percent(outlook.churn_high)
        interval = f", 90 % interval {low} to {high}" if outlook.churn_low is not None else ""
        status = "" if outlook.churn_status == "published" else "; the estimator is not published"
        table.add_row(
            "Leaves within 6 months",
            _percent(outlook.churn_probability),
            f"{_readable(outlook.churn_method).lower()}{status}{interval}; "
            f"risk band {outlook.risk_band or '–'}",
        )
        if outlook.acts_by_rule is not None:
            table.add_row("Who acts", outlook.owner_role or "nobody", _actions(outlook))
    warning = "; an assumption is doubtful here" if outlook.clv_has_warning else ""
    how = f"{outlook.clv_method or '–'}, basis {outlook.value_basis or '–'}{warning}"
    for months, value, lowest, highest in outlook.values:
        told = how + _interval(value, lowest, highest)
        table.add_row(f"Value of {months} months", _money(value), told)
    if any(lowest is not None for _, _, lowest, _ in outlook.values):
        table.caption = INTERVAL_MEANS
        table.caption_justify = "left"
    table.add_row("Still a customer", _percent(outlook.probability_alive), how)
    table.add_row(
        "Value at risk", _money(outlook.value_at_risk), "churn probability × value if kept"
    )
    return table


def _interval(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    """What is said of the interval of a value, after how it was estimated."""
    if value is None:
        return ""
    if low is None or high is None:
        return "; no interval can be given"
    return f"; 90 % interval {_money(low)} to {_money(high)}"


def _actions(outlook: Outlook) -> str:
    """What the two rules of who acts say."""
    fixed = "acts by the fixed limit" if outlook.acts_by_rule else "below the fixed limit"
    if outlook.acts_by_value is None:
        value = "value not known"
    elif outlook.value_threshold is None:
        value = "no offer pays at this value"
    else:
        sign = ">" if outlook.acts_by_value else "not above"
        pays = "an offer pays" if outlook.acts_by_value else "an offer does not pay"
        value = f"{pays}: {sign} {_percent(outlook.value_threshold)}"
    held = f"; {_HELD[outlook.held_reason]}" if outlook.held_reason in _HELD else ""
    return f"{fixed}; {value}{held}"


def _reason_table(reasons: Sequence[Reason]) -> Table:
    table = Table(
        title="Why the churn probability is what it is",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("Direction")
    table.add_column("Reason", overflow="fold")
    table.add_column("Log-odds", justify="right")
    for item in reasons:
        table.add_row(
            item.direction if item.reason_rank == 1 else "",
            item.reason,
            f"{item.contribution_log_odds:+.{_DECIMALS}f}",
        )
    return table


def _readable(name: str | None) -> str:
    text = (name or "–").replace("_", " ")
    return text[:1].upper() + text[1:]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.{_DECIMALS}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _money(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _raw(item: Measure) -> str:
    if item.raw_value is None:
        return "–"
    value = item.raw_value
    text = (
        f"{value:,.0f}"
        if value == int(value)
        else f"{value:,.4g}"
        if abs(value) < 10
        else (f"{value:,.2f}")
    )
    return f"{text} {item.unit}".strip()
