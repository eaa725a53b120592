"""The figures of the report page, aggregated in SQL in the release's own database.

Belongs here: queries and the records they fill. Not here: how figures look (`charts`, `report`).

No per-customer rows leave the engine, but for the list of customers at risk, which carries the
CRM's own id and nothing else that names a person. What rests on fewer than five customers is held
back by `small_cells`.

Each section stands at the newest month of its own mart, because a held product may be older than
the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from orchestration.release.glance import Glance, read_glance
from orchestration.release.manifest import Manifest
from orchestration.release.parts import Part, absence
from orchestration.release.reading import Row
from orchestration.release.small_cells import read_groups

REASONS_SHOWN = 3
TOP_CUSTOMERS = 15
SCORE_BIN = 5
BANDS = ("red", "amber", "green")
EVALUATION = frozenset({"prediction_calibration", "estimator_drift", "estimator_fairness"})


@dataclass(frozen=True)
class Portfolio:
    """The portfolio by month, newest last, and its newest months.

    Attributes:
        months: Rows of `tier_scorecard` over all tiers, by month.
        indicators: Rows of `portfolio_indicators` over twelve months (else the longest period
            there is), by month; empty when that product is absent.
    """

    months: Sequence[Row]
    indicators: Sequence[Row]

    @property
    def now(self) -> Row:
        """The newest month."""
        return self.months[-1]

    @property
    def measured_a_year_from(self) -> date | None:
        """The first month whose twelve months are all in the data; None if every month's are."""
        full = [row["as_of_date"] for row in self.indicators if row["is_window_complete"]]
        return full[0] if full and len(full) < len(self.indicators) else None


@dataclass(frozen=True)
class Distribution:
    """How the scores of one month are spread.

    Attributes:
        as_of_date: The month.
        bins: Rows with `low`, `high`, `band`, `customer_count`; every bin, empty ones too.
        bands: Rows with `band` and `customer_count`, red to green, then those not published.
        dimensions: Rows with `dimension`, `mean_score`, `measured_count`.
    """

    as_of_date: date
    bins: Sequence[Row]
    bands: Sequence[Row]
    dimensions: Sequence[Row]


@dataclass(frozen=True)
class Churn:
    """Churn risk of one month and how far it may be trusted.

    Attributes:
        as_of_date: The month.
        estimator: The row of `estimators`, or None when nothing was trained.
        checks: Rows of `estimator_checks`, failed ones first.
        methods: Rows with `churn_method` and `customer_count`, most used first.
        bands: Rows with `risk_band`, `customer_count`, `mean_probability`, `value_at_risk`.
        months: Rows with `as_of_date`, `value_at_risk`, by month.
        top: The customers with the highest value at risk; `reasons` says what raises it most.
        actions: Counts of customers: `judged_count`, `rule_count` picked by the fixed limit,
            `value_count` picked by value, `both_count`, `watched_count`; `valued_count` of which
            the value is known. None where an older release does not say.
        outline: Rows of `estimator_surrogates` of the estimator; none where a rule speaks.
    """

    as_of_date: date
    estimator: Row | None
    checks: Sequence[Row]
    methods: Sequence[Row]
    bands: Sequence[Row]
    months: Sequence[Row]
    top: Sequence[Row]
    actions: Row | None
    outline: Sequence[Row]

    @property
    def judged_count(self) -> int:
        """Number of customers with a probability."""
        return sum(row["customer_count"] for row in self.methods)

    @property
    def is_published(self) -> bool:
        """Whether the churn estimator passed its publication gate."""
        return self.estimator is not None and self.estimator["status"] == "published"

    @property
    def failed_checks(self) -> Sequence[Row]:
        """The checks that the estimator failed."""
        return [check for check in self.checks if not check["is_passed"]]


@dataclass(frozen=True)
class Evaluation:
    """Whether the churn estimator still speaks of the customers it learnt from, and was right.

    Attributes:
        drift_month: Newest scored month whose drift was counted; None before the first.
        drift: Rows with `drift_level` and `feature_count` of that month; level None: not computed.
        moved: The features that moved most, not stable ones, with `subject`, `stability_index`.
        score: The row of the score itself, or None.
        kept: One row over all months: `published_count`, `pending_count`, `unjudged_count`,
            `known_count`.
        calibration: Rows of `prediction_calibration` of the newest month with outcomes, by band.
        groups: Groups of customers with a flag.
        assessed_count: Groups that were large enough to assess.
    """

    drift_month: date | None
    drift: Sequence[Row]
    moved: Sequence[Row]
    score: Row | None
    kept: Row
    calibration: Sequence[Row]
    groups: Sequence[Row]
    assessed_count: int


@dataclass(frozen=True)
class LifetimeValue:
    """Expected value of the customers of one month.

    Attributes:
        as_of_date: The month.
        total: One row over all customers.
        tiers: Rows by tier.
        estimator: The row of `estimators`, or None.
        checks: Rows of `estimator_checks`, failed ones first.
    """

    as_of_date: date
    total: Row
    tiers: Sequence[Row]
    estimator: Row | None
    checks: Sequence[Row]

    @property
    def failed_checks(self) -> Sequence[Row]:
        """The checks that the estimator failed."""
        return [check for check in self.checks if not check["is_passed"]]


@dataclass(frozen=True)
class Rfm:
    """Recency by frequency of one month.

    Attributes:
        as_of_date: The month.
        cells: Rows with `recency_score`, `frequency_score`, `customer_count`, `revenue_12m`.
        cutoffs: Rows of `rfm_cutoffs` in force in that month.
    """

    as_of_date: date
    cells: Sequence[Row]
    cutoffs: Sequence[Row]


@dataclass(frozen=True)
class Requirements:
    """What the profiles ask for and what the data cannot say.

    Attributes:
        profiles: Rows with `profile`, `profile_coverage`, `is_profile_applied`, `is_used`.
        missing: Rows with `profile`, `dimension`, `label`, `weight`, `needs`.
        substitutes: Rows with `label`, `substitutes`: measured in the used profile by a stand-in.
    """

    profiles: Sequence[Row]
    missing: Sequence[Row]
    substitutes: Sequence[Row]


# What the scorecard's figures read; a version that was kept from an older release may lack some.
SCORECARD = Part(
    "The scorecard",
    {
        "customer_scorecard": ("current_value_score", "potential_score", "relationship_score"),
        "tier_scorecard": ("active_customer_count", "mean_coverage", "current_value_score"),
        "profile_requirements": ("dimension", "label", "substitutes", "needs"),
    },
)


@dataclass(frozen=True)
class Figures:
    """All figures of the page; a part is None when its product is absent from the release.

    `scorecard_absence` says why the scorecard is: its kept version may be of an older form.
    """

    info: Row
    glance: Glance
    portfolio: Portfolio | None
    scorecard_absence: str
    distribution: Distribution | None
    tiers: Sequence[Row]
    churn: Churn | None
    evaluation: Evaluation | None
    value: LifetimeValue | None
    rfm: Rfm | None
    requirements: Requirements | None
    reconciliation: Sequence[Row]
    catalogue: Mapping[str, Row]


def read_figures(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> Figures:
    """Read every figure of the page.

    Args:
        con: A connection whose current database is the release's.
        manifest: The release's manifest, which says which marts are there.
    """
    present = set(manifest.marts)
    scorecard_absence = absence(SCORECARD, manifest)
    has_scorecard = not scorecard_absence
    return Figures(
        info=_one(con, "select * from scorecard.release_info"),
        glance=read_glance(con, manifest),
        portfolio=_portfolio(con, present, manifest.profile) if has_scorecard else None,
        scorecard_absence=scorecard_absence,
        distribution=_distribution(con, manifest.profile) if has_scorecard else None,
        tiers=_tiers(con, manifest.profile) if has_scorecard else (),
        churn=_churn(con, present) if "predictions" in present else None,
        evaluation=_evaluation(con) if present >= EVALUATION else None,
        value=_lifetime_value(con) if "predictions" in present else None,
        rfm=_rfm(con) if "rfm_cutoffs" in present else None,
        requirements=_requirements(con, manifest.profile) if has_scorecard else None,
        reconciliation=_reconciliation(con) if "revenue_reconciliation" in present else (),
        catalogue=_catalogue(con) if "indicator_catalogue" in present else {},
    )


def _portfolio(con: duckdb.DuckDBPyConnection, present: set[str], profile: str) -> Portfolio | None:
    months = read_groups(
        con,
        "select * from scorecard.tier_scorecard "
        "where profile = ? and tier = 'all' order by as_of_date",
        [profile],
    )
    indicators: list[Row] = []
    if "portfolio_indicators" in present:
        indicators = read_groups(
            con,
            """
            select * from scorecard.portfolio_indicators
            where period_months = (
                select max(period_months) from scorecard.portfolio_indicators
                where period_months <= 12
            )
            order by as_of_date
            """,
        )
    return Portfolio(months, indicators) if months else None


def _distribution(con: duckdb.DuckDBPyConnection, profile: str) -> Distribution | None:
    month = _newest(con, "customer_scorecard", "profile = ?", [profile])
    if month is None:
        return None
    bins = read_groups(
        con,
        f"""
        with bins as (
            select i * {SCORE_BIN} as low, (i + 1) * {SCORE_BIN} as high
            from range({100 // SCORE_BIN}) as bins (i)
        ), counted as (
            select
                least(floor(score / {SCORE_BIN}) * {SCORE_BIN}, {100 - SCORE_BIN}) as low,
                count(*) as customer_count
            from scorecard.customer_scorecard
            where as_of_date = ? and profile = ? and score is not null
            group by 1
        )
        select
            bins.low,
            bins.high,
            case when bins.low < 50 then 'red' when bins.low < 75 then 'amber' else 'green' end
                as band,
            coalesce(counted.customer_count, 0) as customer_count
        from bins
        left join counted on bins.low = counted.low
        order by bins.low
        """,
        [month, profile],
    )
    bands = read_groups(
        con,
        """
        with banded as (
            select coalesce(band, 'none') as band
            from scorecard.customer_scorecard
            where as_of_date = ? and profile = ?
        )
        select band, count(*) as customer_count
        from banded
        group by band
        order by list_position(['red', 'amber', 'green', 'none'], band)
        """,
        [month, profile],
    )
    dimensions = read_groups(
        con,
        """
        with long as (
            unpivot (
                select current_value_score, potential_score, relationship_score
                from scorecard.customer_scorecard
                where as_of_date = ? and profile = ?
            ) on * into name dimension value dimension_score
        )
        select
            replace(long.dimension, '_score', '') as dimension,
            avg(cast(long.dimension_score as decimal(18, 6))) as mean_score,
            count(*) as measured_count
        from long
        group by long.dimension
        order by list_position(
            ['current_value_score', 'potential_score', 'relationship_score'], long.dimension
        )
        """,
        [month, profile],
    )
    return Distribution(month, bins, bands, dimensions)


def _tiers(con: duckdb.DuckDBPyConnection, profile: str) -> list[Row]:
    return read_groups(
        con,
        """
        select *, revenue_12m / nullif(sum(revenue_12m) over (), 0) as revenue_share
        from scorecard.tier_scorecard
        where profile = ? and tier <> 'all' and as_of_date = (
            select max(as_of_date) from scorecard.tier_scorecard where profile = ?
        )
        order by tier
        """,
        [profile, profile],
    )


def _churn(con: duckdb.DuckDBPyConnection, present: set[str]) -> Churn | None:
    month = _newest(con, "predictions")
    if month is None:
        return None
    estimator = _estimator(con, "churn")
    # The last good version of an older release says neither why nor whom to act on.
    is_explained = {"churn_reasons", "estimator_surrogates"} <= present
    columns = {row["column_name"] for row in read_groups(con, "describe scorecard.predictions")}
    tells_consent = "may_contact" in columns
    return Churn(
        as_of_date=month,
        estimator=estimator,
        checks=_checks(con, estimator),
        methods=read_groups(
            con,
            """
            select churn_method, count(*) as customer_count
            from scorecard.predictions
            where as_of_date = ? and churn_probability is not null
            group by churn_method
            order by customer_count desc, churn_method
            """,
            [month],
        ),
        bands=read_groups(
            con,
            """
            select
                risk_band,
                count(*) as customer_count,
                avg(cast(churn_probability as decimal(18, 6))) as mean_probability,
                sum(cast(value_at_risk as decimal(18, 4))) as value_at_risk
            from scorecard.predictions
            where as_of_date = ? and risk_band is not null
            group by risk_band
            order by list_position(['green', 'amber', 'red'], risk_band)
            """,
            [month],
        ),
        months=read_groups(
            con,
            """
            select as_of_date, sum(cast(value_at_risk as decimal(18, 4))) as value_at_risk
            from scorecard.predictions
            group by as_of_date
            order by as_of_date
            """,
        ),
        top=_top_customers(
            con, month, _REASONS if is_explained else _NO_REASONS, tells_consent=tells_consent
        ),
        actions=_actions(con, month, tells_consent=tells_consent) if is_explained else None,
        outline=_outline(con, estimator) if is_explained else [],
    )


def _evaluation(con: duckdb.DuckDBPyConnection) -> Evaluation:
    month = _newest(con, "estimator_drift", "subject_kind <> 'base_rate'")
    judged = _newest(con, "prediction_calibration", "known_count > 0 and prediction_kind = 'churn'")
    score = read_groups(
        con,
        """
        select stability_index, drift_level, case_count from scorecard.estimator_drift
        where as_of_date = ? and subject_kind = 'score' order by estimator_version limit 1
        """,
        [month],
    )
    return Evaluation(
        drift_month=month,
        drift=read_groups(
            con,
            """
            select drift_level, count(*) as feature_count from scorecard.estimator_drift
            where as_of_date = ? and subject_kind = 'feature'
            group by drift_level
            order by list_position(['act', 'watch', 'stable'], drift_level) nulls last
            """,
            [month],
        ),
        moved=read_groups(
            con,
            """
            select subject, stability_index, drift_level from scorecard.estimator_drift
            where as_of_date = ? and subject_kind = 'feature' and drift_level <> 'stable'
            order by stability_index desc, subject limit 5
            """,
            [month],
        ),
        score=score[0] if score else None,
        kept=_one(
            con,
            """
            select
                coalesce(sum(published_count), 0) as published_count,
                coalesce(sum(pending_count), 0) as pending_count,
                coalesce(sum(unjudged_count), 0) as unjudged_count,
                coalesce(sum(known_count), 0) as known_count
            from scorecard.prediction_calibration
            where risk_band = 'all' and prediction_kind = 'churn'
            """,
        ),
        calibration=read_groups(
            con,
            """
            select * from scorecard.prediction_calibration
            where as_of_date = ? and known_count > 0 and prediction_kind = 'churn'
            order by method, list_position(['red', 'amber', 'green', 'all'], risk_band)
            """,
            [judged],
        ),
        groups=read_groups(
            con,
            """
            select * from scorecard.estimator_fairness
            where is_selection_flagged or is_hit_rate_flagged or is_calibration_flagged
            order by group_kind, group_name
            """,
        ),
        assessed_count=_one(
            con,
            "select count(*) as groups from scorecard.estimator_fairness where is_assessable",
        )["groups"],
    )


def _actions(con: duckdb.DuckDBPyConnection, month: date, *, tells_consent: bool) -> Row:
    may_contact = "may_contact" if tells_consent else "null::boolean"
    return _one(
        con,
        f"""
        select
            count(acts_by_rule) as judged_count,
            count(acts_by_value) as valued_count,
            count(*) filter (where acts_by_rule) as rule_count,
            count(*) filter (where acts_by_value) as value_count,
            count(*) filter (where acts_by_rule and acts_by_value) as both_count,
            count(*) filter (where is_watched) as watched_count,
            count(*) filter (where {may_contact}) as contact_count,
            count(*) filter (where not {may_contact}) as held_count
        from scorecard.predictions
        where as_of_date = ?
        """,
        [month],
    )


def _outline(con: duckdb.DuckDBPyConnection, estimator: Row | None) -> list[Row]:
    if estimator is None:
        return []
    return read_groups(
        con,
        """
        select * from scorecard.estimator_surrogates
        where estimator = ? and estimator_version = ?
        order by node
        """,
        [estimator["estimator"], estimator["estimator_version"]],
    )


_REASONS = f"""
    select customer_id, as_of_date, string_agg(reason, '; ' order by reason_rank) as reasons
    from scorecard.churn_reasons
    where direction = 'raises' and reason_rank <= {REASONS_SHOWN}
    group by customer_id, as_of_date
"""
_NO_REASONS = """
    select null::varchar as customer_id, null::date as as_of_date, null::varchar as reasons
    where false
"""


def _top_customers(
    con: duckdb.DuckDBPyConnection, month: date, reasons: str, *, tells_consent: bool
) -> list[Row]:
    held_reason = "predictions.held_reason" if tells_consent else "null::varchar as held_reason"
    return read_groups(
        con,
        f"""
        select
            coalesce(customers.crm_customer_id, predictions.customer_id) as customer,
            indicators.tier,
            indicators.revenue_12m,
            indicators.days_since_purchase,
            predictions.churn_probability,
            predictions.churn_probability_low,
            predictions.churn_probability_high,
            predictions.risk_band,
            predictions.value_at_risk,
            {held_reason},
            reasons.reasons
        from scorecard.predictions as predictions
        left join ({reasons}) as reasons
            on predictions.customer_id = reasons.customer_id
            and predictions.as_of_date = reasons.as_of_date
        left join scorecard.customer_indicators as indicators
            on predictions.customer_id = indicators.customer_id
            and predictions.as_of_date = indicators.as_of_date
        left join scorecard.customers as customers
            on predictions.customer_id = customers.customer_id
        where predictions.as_of_date = ? and predictions.value_at_risk > 0
        order by predictions.value_at_risk desc, predictions.customer_id
        limit ?
        """,
        [month, TOP_CUSTOMERS],
    )


def _lifetime_value(con: duckdb.DuckDBPyConnection) -> LifetimeValue | None:
    month = _newest(con, "predictions")
    if month is None:
        return None
    measures = """
        count(predictions.clv_12m) as customer_count,
        sum(cast(predictions.clv_12m as decimal(18, 4))) as clv_12m,
        sum(cast(predictions.clv_36m as decimal(18, 4))) as clv_36m,
        median(cast(predictions.clv_12m as decimal(18, 4))) as median_clv_12m,
        avg(cast(predictions.probability_alive as decimal(18, 6))) as mean_probability_alive,
        count(*) filter (where predictions.clv_has_warning) as warning_count,
        count(*) filter (where predictions.clv_method = 'prior') as prior_count
    """
    total = _one(
        con,
        f"""
        select {measures}, max(predictions.value_basis) as value_basis
        from scorecard.predictions as predictions
        where predictions.as_of_date = ?
        """,
        [month],
    )
    tiers = read_groups(
        con,
        f"""
        select indicators.tier, {measures},
            sum(cast(indicators.revenue_12m as decimal(18, 4))) as revenue_12m
        from scorecard.predictions as predictions
        inner join scorecard.customer_indicators as indicators
            on predictions.customer_id = indicators.customer_id
            and predictions.as_of_date = indicators.as_of_date
        where predictions.as_of_date = ? and indicators.tier is not null
        group by indicators.tier
        order by indicators.tier
        """,
        [month],
    )
    estimator = _estimator(con, "clv")
    return LifetimeValue(month, total, tiers, estimator, _checks(con, estimator))


def _estimator(con: duckdb.DuckDBPyConnection, kind: str) -> Row | None:
    found = read_groups(
        con,
        """
        select * from scorecard.estimators where estimator = ?
        order by trained_to desc, estimator_version
        """,
        [kind],
    )
    # The last good version of an older release has no roles.
    speaking = [row for row in found if row.get("role") == "champion"]
    chosen = speaking or found
    return chosen[0] if chosen else None


def _checks(con: duckdb.DuckDBPyConnection, estimator: Row | None) -> list[Row]:
    if estimator is None:
        return []
    return read_groups(
        con,
        """
        select check_name, value, threshold, is_passed, explanation
        from scorecard.estimator_checks
        where estimator = ? and estimator_version = ?
        order by is_passed, check_name
        """,
        [estimator["estimator"], estimator["estimator_version"]],
    )


def _rfm(con: duckdb.DuckDBPyConnection) -> Rfm | None:
    month = _newest(con, "customer_indicators", "recency_score is not null")
    if month is None:
        return None
    cells = read_groups(
        con,
        """
        select
            recency_score,
            frequency_score,
            count(*) as customer_count,
            sum(cast(revenue_12m as decimal(18, 4))) as revenue_12m
        from scorecard.customer_indicators
        where as_of_date = ? and recency_score is not null and frequency_score is not null
        group by recency_score, frequency_score
        order by recency_score, frequency_score
        """,
        [month],
    )
    cutoffs = read_groups(
        con,
        """
        select * from scorecard.rfm_cutoffs where as_of_date = ?
        order by list_position(['recency', 'frequency', 'monetary'], dimension)
        """,
        [month],
    )
    return Rfm(month, cells, cutoffs)


def _requirements(con: duckdb.DuckDBPyConnection, profile: str) -> Requirements:
    profiles = read_groups(
        con,
        """
        select
            profile,
            max(profile_coverage) as profile_coverage,
            bool_or(is_profile_applied) as is_profile_applied,
            profile = ? as is_used
        from scorecard.profile_requirements
        group by profile
        order by is_used desc, profile
        """,
        [profile],
    )
    missing = read_groups(
        con,
        """
        select profile, dimension, label, weight, needs
        from scorecard.profile_requirements
        where not is_available
        order by profile = ? desc, profile, weight desc, dimension, measure
        """,
        [profile],
    )
    substitutes = read_groups(
        con,
        """
        select label, substitutes
        from scorecard.profile_requirements
        where profile = ? and is_available and coalesce(substitutes, '') <> ''
        order by weight desc, measure
        """,
        [profile],
    )
    return Requirements(profiles, missing, substitutes)


def _reconciliation(con: duckdb.DuckDBPyConnection) -> list[Row]:
    return read_groups(con, "select * from scorecard.revenue_reconciliation order by step_number")


def _catalogue(con: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    rows = read_groups(
        con,
        "select * from scorecard.indicator_catalogue where mart = 'customer_indicators' "
        "order by indicator_id",
    )
    return {str(row["indicator_id"]): row for row in rows}


def _newest(
    con: duckdb.DuckDBPyConnection,
    mart: str,
    condition: str = "true",
    values: Sequence[Any] = (),
) -> date | None:
    query = f"select max(as_of_date) as as_of_date from scorecard.{mart} where {condition}"
    found: date | None = _one(con, query, values)["as_of_date"]
    return found


def _one(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> Row:
    return read_groups(con, query, values)[0]
