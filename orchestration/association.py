"""Panels between the warehouse and `ml.association`: pairs in, what goes with what out.

What belongs here: reading one pair's rows, joined by lag in the engine; which segments and lags are
tested; writing `ml.kpi_associations`.
What does not: how a test is made (`ml.association`), which customers and measures (dbt), Dagster.

Memory: the rows of one pair and lag at a time, of a sample of customers: 10,000 customers of 36
months are 360,000 rows of eight columns.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb

from orchestration import window
from orchestration.prediction import append_frame, ensure_ml_tables
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction

if TYPE_CHECKING:
    from ml.association.config import AssociationConfig
    from ml.association.resampling import Resampler

LOGGER = logging.getLogger(__name__)

ASSOCIATIONS: Final = "kpi_associations"
ALL: Final = "all"
PANELS: Final = ("customer", "team")
# The customers of the sample in the order of what is known of them, not of their keys: a draw then
# takes the same customers whatever they are called, and a person who was erased is called
# otherwise. Customers of whom the same is known are alike in every draw.
_CUSTOMERS: Final = """
    select
        customer_number,
        row_number() over (order by sum(row_hash), customer_number) - 1 as owner
    from (
        select customer_number,
            md5_number_lower(concat_ws('|', month_number, tier, tenure_days)) as row_hash
        from features.ftr_association_customers
        union all
        select customer_number, md5_number_lower(
            concat_ws('|', month_number, measure, measure_value, wave_response)
        )
        from features.ftr_association_measures
    )
    group by customer_number
"""
# One row per owner, month and measure, whatever the panel.
_MEASURES: Final[Mapping[str, str]] = {
    "customer": f"""
        select customers.owner, month_number, measure, measure_value, wave_response
        from features.ftr_association_measures
        inner join ({_CUSTOMERS}) as customers using (customer_number)
    """,
    "team": """
        select cast(dense_rank() over (order by team_id) - 1 as integer) as owner, month_number,
            measure, measure_value, cast(null as double) as wave_response
        from features.ftr_association_teams
    """,
}
_CONTROLS: Final[Mapping[str, str]] = {
    "customer": f"""
        select customers.owner, month_number, as_of_date, tier, tenure_days
        from features.ftr_association_customers
        inner join ({_CUSTOMERS}) as customers using (customer_number)
    """,
    "team": """
        select distinct cast(dense_rank() over (order by team_id) - 1 as integer) as owner,
            month_number, as_of_date, cast(null as varchar) as tier,
            cast(null as integer) as tenure_days
        from features.ftr_association_teams
    """,
}


@dataclass(frozen=True)
class AssociationSummary:
    """What a run found.

    Attributes:
        pairs: Pairs looked at.
        tests: Tests made.
        untested: Tests not made, for want of customers, months or differences.
        supported: Tests that are supported at the agreed false discovery rate.
    """

    pairs: int
    tests: int
    untested: int
    supported: int


@dataclass(frozen=True)
class _Pair:
    pair_id: str
    panel: str
    x_measure: str
    y_measure: str
    among_measure: str | None
    segments: str


def associate_measures(
    settings: Settings, config: AssociationConfig | None = None
) -> AssociationSummary:
    """Test all pairs in all segments at all lags, and replace `ml.kpi_associations`.

    Rows speak as of the run's last month; a run that goes back takes later findings out.

    Args:
        settings: The home.
        config: Limits of the tests; the product's own when None.

    Raises:
        ScorecardError: No run was begun.
    """
    from ml.association.config import AssociationConfig
    from ml.association.pairs import conclude

    chosen = config or AssociationConfig()
    with connect(settings) as con:
        ensure_ml_tables(con)
        month = window.current_run(con).last_month
        pairs = _pairs(con)
        tests = [
            {"as_of_date": month, **found}
            for panel in PANELS
            for found in _of_panel(con, panel, [p for p in pairs if p.panel == panel], chosen)
        ]
        frame = conclude(tests, chosen)
        with transaction(con):
            con.execute(f"delete from ml.{ASSOCIATIONS}")
            append_frame(con, f"ml.{ASSOCIATIONS}", frame)
    tested = int(frame["is_tested"].sum())
    return AssociationSummary(
        len(pairs), tested, len(frame) - tested, int(frame["is_supported"].sum())
    )


def _pairs(con: duckdb.DuckDBPyConnection) -> list[_Pair]:
    rows = con.execute(
        "select pair_id, panel, x_measure, y_measure, among_measure, segments "
        "from seeds.kpi_pairs order by pair_id"
    ).fetchall()
    return [_Pair(*row) for row in rows]


def _of_panel(
    con: duckdb.DuckDBPyConnection, panel: str, pairs: list[_Pair], config: AssociationConfig
) -> Iterator[dict[str, Any]]:
    from ml.association.resampling import Resampler

    con.execute(f"create or replace temp table association_measures as {_MEASURES[panel]}")
    con.execute(f"create or replace temp table association_controls as {_CONTROLS[panel]}")
    owners, first_number, first_month = _one(
        con, "select max(owner) + 1, min(month_number), min(as_of_date) from association_controls"
    )
    sizes = {"first_month": first_month} | _sample(con, panel)
    blocks = -(-(1 - (first_number or 0)) // config.block_months)
    resampler = Resampler(
        max(1, (owners or 0) if panel == "customer" else blocks),
        draws=config.draws,
        seed=config.seed,
    )
    segments = [ALL, *_tiers(con)]
    for pair in pairs:
        for lag in config.lags:
            rows = _rows(con, pair, lag, config)
            for segment in segments if pair.segments == "tier" else [ALL]:
                yield {
                    "pair_id": pair.pair_id,
                    "segment": segment,
                    "lag_months": lag,
                    **sizes,
                    **_test(rows, segment, panel, resampler, config),
                }
    con.execute("drop table association_measures")
    con.execute("drop table association_controls")


def _sample(con: duckdb.DuckDBPyConnection, panel: str) -> dict[str, Any]:
    if panel != "customer":
        return {}
    sampled, customers = _one(
        con,
        "select max(customer_number), max(customer_count) from features.ftr_association_customers",
    )
    return {"sampled_customer_count": sampled or 0, "customer_count": customers or 0}


def _tiers(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "select distinct tier from association_controls where tier is not null order by tier"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = con.execute(query).fetchone()
    if row is None:
        raise AssertionError("an aggregate gives a row")
    return row


def _rows(
    con: duckdb.DuckDBPyConnection, pair: _Pair, lag: int, config: AssociationConfig
) -> dict[str, Any]:
    """Read the rows of a pair at a lag, ordered, as arrays.

    An answer of a wave with too low a response is marked, on either side of a pair.
    """
    among = (
        "inner join association_measures as among on among.owner = x.owner "
        "and among.month_number = x.month_number and among.measure = $among "
        "and among.measure_value = 1"
        if pair.among_measure
        else ""
    )
    rows: dict[str, Any] = con.execute(
        f"""
        select x.owner, x.month_number, extract(month from controls.as_of_date) as month,
            coalesce(controls.tier, 'none') as tier, controls.tenure_days,
            x.measure_value as x, y.measure_value as y,
            coalesce(x.wave_response < $least, false) or coalesce(y.wave_response < $least, false)
                as is_low_response
        from association_measures as x
        inner join association_measures as y
            on x.owner = y.owner and y.month_number = x.month_number + $lag
                and y.measure = $y
        inner join association_controls as controls
            on x.owner = controls.owner and x.month_number = controls.month_number
        {among}
        where x.measure = $x
        order by x.owner, x.month_number
        """,
        {
            "least": config.min_response,
            "lag": lag,
            "x": pair.x_measure,
            "y": pair.y_measure,
            **({"among": pair.among_measure} if pair.among_measure else {}),
        },
    ).fetchnumpy()
    return rows


def _test(
    arrays: Mapping[str, Any],
    segment: str,
    panel: str,
    resampler: Resampler,
    config: AssociationConfig,
) -> dict[str, Any]:
    import numpy as np

    from ml.association.pairs import Rows, associate, controls_of, limits_of

    tier = np.asarray(arrays["tier"])
    low = np.asarray(arrays["is_low_response"])
    there = np.ones(len(low), dtype=bool) if segment == ALL else tier == segment
    chosen = np.flatnonzero(there & ~low)

    def column(name: str, kind: Any) -> Any:
        # The engine gives a masked array where something may be missing.
        missing = np.nan if kind is np.float64 else 0
        return np.ma.filled(np.ma.asarray(arrays[name]).astype(kind), missing)[chosen]

    owner = column("owner", np.int64)
    is_customer = panel == "customer"
    rows = Rows(
        owner=owner,
        # Blocks are counted back from the last month, so that the newest is whole.
        cluster=owner if is_customer else -column("month_number", np.int64) // config.block_months,
        x=column("x", np.float64),
        y=column("y", np.float64),
        controls=controls_of(
            month=column("month", np.int64),
            tier=tier[chosen] if is_customer else None,
            tenure_days=column("tenure_days", np.float64) if is_customer else None,
        ),
    )
    found = associate(rows, resampler=resampler, limits=limits_of(panel, config), config=config)
    return {"low_response_row_count": int((there & low).sum()), **found}
