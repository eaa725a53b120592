"""Dagster definition of the release.

What belongs here: the asset around `orchestration.publishing`. What does not: building and
swapping a release (`orchestration.release`).
"""

from typing import Any

import dagster as dg

from data_quality.products import load_products
from orchestration.dagster_home import ScorecardHome, month_partitions, reported
from orchestration.defs.quality import PAGE, gate_key
from orchestration.publishing import publish

RELEASE = dg.AssetKey(["release", "current"])


@dg.definitions
def release() -> dg.Definitions:
    """Build the definition from the list of data products."""

    @dg.asset(
        key=RELEASE,
        deps=[PAGE, *(gate_key(product) for product in load_products())],
        group_name="release",
        kinds={"duckdb", "parquet", "html"},
        owners=["team:data-engineering"],
        partitions_def=month_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=(
            "The published scorecard: DuckDB file, Parquet, report and manifest, swapped in by "
            "one rename. Takes each product whose evidence holds for exactly the rows that stand "
            "there; a held product keeps its last good version. BI reads only this."
        ),
    )
    def current_release(scorecard_home: ScorecardHome) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            outcome = publish(settings)
        return dg.MaterializeResult(
            metadata={
                "release": outcome.release_id,
                "status": outcome.status,
                "held_products": ", ".join(outcome.held_products) or "none",
                "report": dg.MetadataValue.path(outcome.report),
            }
        )

    return dg.Definitions(assets=[current_release])
